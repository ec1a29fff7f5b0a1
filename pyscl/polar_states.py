"""Polarizations to start from: uniform, random, domains, or any function of the position."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field as PydanticField

from pyscl.errors import InputError, unknown_name
from pyscl.materials.polarization import Landau
from pyscl.materials.schema import InputModel
from pyscl.units import Angle, Extent, Length, Number

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]


class PolarState(Protocol):
    """A polarization of ferroelectric sites along their crystal axes."""

    def along_axes(self, points: FloatArray, spontaneous: float) -> FloatArray:
        """Return P along the two crystal axes [C/m2], (k, 2).

        Args:
            points: the sites [m], (k, 2).
            spontaneous: the largest spontaneous polarization of the crystal, in whichever
                direction of the plane it lies, or its scale above the transition [C/m2].
        """
        ...


class _State(InputModel):
    """Base of the states, whose values may be given in order."""

    def __init__(self, *values: Any, **data: Any) -> None:
        """Build the state from values in the order of the attributes, or from keywords."""
        names = [name for name in type(self).model_fields if name != "kind"]
        if len(values) > len(names):
            raise InputError(
                f"{type(self).__name__} has {len(names)} values ({', '.join(names)}), not "
                f"{len(values)}; {values[len(names)]!r} is one too many"
            )
        super().__init__(**dict(zip(names, values, strict=False)), **data)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


class UniformPolarization(_State):
    """One polarization along the axes of every grain.

    Attributes:
        share: of the spontaneous polarization.
        angle: against the first crystal axis [deg], whichever axis is easy; 180 is the opposite
            domain, 90 that of a film under compression, which is polarized along axis 2.
    """

    kind: Literal["uniform"] = "uniform"
    share: Number = 1.0
    angle: Angle = 0.0

    def along_axes(self, points: FloatArray, spontaneous: float) -> FloatArray:
        """Return P along the two crystal axes [C/m2], (k, 2)."""
        turned = np.radians(self.angle)
        p = self.share * spontaneous * np.array([np.cos(turned), np.sin(turned)])
        return np.broadcast_to(p, (len(points), 2))


class RandomPolarization(_State):
    """Independent normally distributed components on every site: a seed for domains to form.

    Attributes:
        share: standard deviation over the spontaneous polarization.
        seed: of the random numbers.
    """

    kind: Literal["random"] = "random"
    share: Number = 0.01
    seed: Annotated[int, PydanticField(ge=0)] = 0

    def along_axes(self, points: FloatArray, spontaneous: float) -> FloatArray:
        """Return P along the two crystal axes [C/m2], (k, 2)."""
        order = np.lexsort(np.round(points.T, 15))  # independent of the numbering of the mesh
        values = np.empty((len(points), 2))
        drawn = np.random.default_rng(self.seed).standard_normal((len(points), 2))
        values[order] = self.share * spontaneous * drawn
        return values


class StripeDomains(_State):
    """Stripes of the polarization +P_s and -P_s along the first crystal axis.

    Attributes:
        period: of a pair of stripes [m].
        angle: of the normal of the stripes against x [deg].
        offset: of the first wall from the origin along the normal [m].
        share: of the spontaneous polarization.
    """

    kind: Literal["stripes"] = "stripes"
    period: Extent
    angle: Angle = 0.0
    offset: Length = 0.0
    share: Number = 1.0

    def along_axes(self, points: FloatArray, spontaneous: float) -> FloatArray:
        """Return P along the two crystal axes [C/m2], (k, 2)."""
        turned = np.radians(self.angle)
        along = points @ [np.cos(turned), np.sin(turned)] - self.offset
        sign = np.where(np.sin(2.0 * np.pi * along / self.period) >= 0.0, 1.0, -1.0)
        return np.column_stack([self.share * spontaneous * sign, np.zeros(len(points))])


AnyPolarState = Annotated[
    UniformPolarization | RandomPolarization | StripeDomains, PydanticField(discriminator="kind")
]
"""A polar state as a run file writes it, with its kind."""

Field = Callable[[FloatArray, FloatArray], object]
PolarStart = PolarState | Field | Sequence[float | str] | FloatArray
"""A polar state, a vector (x, y) [C/m2 or texts with units], or a function of x and y [m] that
returns both components of P [C/m2]."""


def usual_start(
    model: "Model",
    start: "Solution | None",
    polarization: "Mapping[str, PolarStart] | PolarStart | None",
) -> "Mapping[str, PolarStart] | PolarStart | None":
    """Return the polarization to start from: a seeded noise where neither it nor a start says."""
    from pyscl.polarization import has_polar_unknowns  # loads the core; run files need not

    said = polarization is not None or (start is not None and has_polar_unknowns(start.model))
    return polarization if said or not has_polar_unknowns(model) else RandomPolarization()


def start_polarization(
    model: "Model", u: FloatArray, start: "Mapping[str, PolarStart] | PolarStart | None"
) -> FloatArray:
    """Return a copy of the unknowns [scaled] with the polarization put in.

    Args:
        model: the model.
        u: unknowns (n_dofs,).
        start: of every ferroelectric region, or by region; None leaves P as it is.

    Raises:
        InputError: a region that does not exist or is no ferroelectric; what is no polarization;
            a pattern of domains in a crystal without gradient energy.
    """
    from pyscl.model_checks import two_components
    from pyscl.polarization import site_axes

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
        name = f"the polarization of region '{region}' to start from"
        if hasattr(state, "along_axes") and not isinstance(state, type):
            polynomial = law.polynomial(model.temperature)
            own = state.along_axes(points, polynomial.scale())
            inside = mesh.region == number
            axis = site_axes(inside, d.axes, d.triangle_sites, len(d.site_node))[sites]
            p = own[:, :1] * axis + own[:, 1:] * np.column_stack([-axis[:, 1], axis[:, 0]])
        elif callable(state) and not isinstance(state, type):
            p = two_components(state(*points.T), len(points), name)
        else:
            p = np.broadcast_to(_vector(state, name), (len(points), 2))
        for component in range(2):
            u[d.site_polar[sites] + component] = p[:, component] / d.scaling.surface_charge
    return u


def _vector(given: object, name: str) -> FloatArray:
    """Return a constant polarization [C/m2], (2,); InputError says what else is allowed."""
    from pyscl.model_checks import constant_vector

    vector = constant_vector(given, name)
    if vector is None:
        raise InputError(
            f"{name} cannot be {given!r}; give a state (UniformPolarization(), "
            "RandomPolarization(), StripeDomains(period)), a vector (x, y) in C/m2 or texts with "
            "units such as ('20 uC/cm^2', '0 uC/cm^2'), or a function of x and y that returns both "
            "components"
        )
    return vector
