"""Polarizations to start from: uniform, random, domains, or any function of the position."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.materials.polarization import Landau
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model

FloatArray = NDArray[np.float64]


class PolarState(Protocol):
    """A polarization of ferroelectric sites along their crystal axes."""

    def along_axes(self, points: FloatArray, spontaneous: float) -> FloatArray:
        """Return P along the two crystal axes [C/m2], (k, 2).

        Args:
            points: the sites [m], (k, 2).
            spontaneous: spontaneous polarization of the crystal, or its scale above the
                transition [C/m2].
        """
        ...


@dataclass(frozen=True)
class UniformPolarization:
    """One polarization along the axes of every grain.

    Attributes:
        share: of the spontaneous polarization.
        angle: against the first crystal axis [deg]; 180 is the opposite domain.
    """

    share: float = 1.0
    angle: float = 0.0

    def along_axes(self, points: FloatArray, spontaneous: float) -> FloatArray:
        """Return P along the two crystal axes [C/m2], (k, 2)."""
        turned = np.radians(self.angle)
        p = self.share * spontaneous * np.array([np.cos(turned), np.sin(turned)])
        return np.broadcast_to(p, (len(points), 2))


@dataclass(frozen=True)
class RandomPolarization:
    """Independent normally distributed components on every site: a seed for domains to form.

    Attributes:
        share: standard deviation over the spontaneous polarization.
        seed: of the random numbers.
    """

    share: float = 0.01
    seed: int = 0

    def along_axes(self, points: FloatArray, spontaneous: float) -> FloatArray:
        """Return P along the two crystal axes [C/m2], (k, 2)."""
        order = np.lexsort(np.round(points.T, 15))  # independent of the numbering of the mesh
        values = np.empty((len(points), 2))
        drawn = np.random.default_rng(self.seed).standard_normal((len(points), 2))
        values[order] = self.share * spontaneous * drawn
        return values


@dataclass(frozen=True)
class StripeDomains:
    """Stripes of the polarization +P_s and -P_s along the first crystal axis.

    Attributes:
        period: of a pair of stripes [m, or text with a unit].
        angle: of the normal of the stripes against x [deg].
        offset: of the first wall from the origin along the normal [m, or text with a unit].
        share: of the spontaneous polarization.
    """

    period: float | str
    angle: float = 0.0
    offset: float | str = 0.0
    share: float = 1.0

    def along_axes(self, points: FloatArray, spontaneous: float) -> FloatArray:
        """Return P along the two crystal axes [C/m2], (k, 2)."""
        period = parse(self.period, "m")
        if not period > 0.0:
            raise InputError(f"the period of stripe domains must be above 0, not {self.period}")
        turned = np.radians(self.angle)
        along = points @ [np.cos(turned), np.sin(turned)] - parse(self.offset, "m")
        sign = np.where(np.sin(2.0 * np.pi * along / period) >= 0.0, 1.0, -1.0)
        return np.column_stack([self.share * spontaneous * sign, np.zeros(len(points))])


Field = Callable[[FloatArray, FloatArray], object]
PolarStart = PolarState | Field
"""A polar state, or a function of x and y [m] that returns both components of P [C/m2]."""


def start_polarization(
    model: "Model", u: FloatArray, start: "Mapping[str, PolarStart] | PolarStart | None"
) -> FloatArray:
    """Return a copy of the unknowns with the polarization put in.

    Args:
        model: the model.
        u: unknowns (n_dofs,).
        start: of every ferroelectric region, or by region; None leaves P as it is.

    Raises:
        InputError: a region that does not exist or is no ferroelectric; a pattern of domains in a
            crystal without gradient energy.
    """
    if start is None:
        return u
    d, mesh = model.discretized, model.mesh
    polar = [r for r, m in model.materials.items() if isinstance(m.polarization, Landau)]
    by_region = dict(start) if isinstance(start, Mapping) else dict.fromkeys(polar, start)
    if not polar:
        raise InputError(
            "no region has a polarization to start from; give one a material with the law landau"
        )
    u = u.copy()
    for region, state in by_region.items():
        if region not in polar:
            raise unknown_name("ferroelectric region", region, polar)
        law = model.materials[region].polarization
        assert isinstance(law, Landau)
        if isinstance(state, StripeDomains) and not any(law.gradient):
            raise InputError(
                f"region '{region}' has no gradient energy, so that its domain walls would be as "
                "thin as the mesh; give its law a gradient_energy, or start uniformly"
            )
        number = mesh.region_names.index(region)
        sites = np.flatnonzero(d.site_region == number)
        points = mesh.points[d.site_node[sites]]
        if callable(state):
            components: Any = state(*points.T)
            p = np.column_stack([np.broadcast_to(c, len(points)) for c in components])
        else:
            polynomial = law.polynomial(model.temperature)
            own = state.along_axes(points, polynomial.scale())
            axis = _site_axes(model, number)[sites]
            p = own[:, :1] * axis + own[:, 1:] * np.column_stack([-axis[:, 1], axis[:, 0]])
        for component in range(2):
            u[d.site_polar[sites] + component] = p[:, component] / d.scaling.surface_charge
    return u


def _site_axes(model: "Model", region: int) -> FloatArray:
    """Return the first crystal axis on the sites of a region, a mean where grains touch."""
    d = model.discretized
    inside = model.mesh.region == region
    total = np.zeros((len(d.site_node), 2))
    for corner in range(3):
        np.add.at(total, d.triangle_sites[inside, corner], d.axes[inside])
    length = np.hypot(*total.T)
    length[length == 0.0] = 1.0
    return total / length[:, None]
