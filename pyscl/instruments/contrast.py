"""Differential phase contrast (DPC-STEM): projected electric field and the charge it implies."""

from dataclasses import dataclass
from functools import partial
from math import pi
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.constants import epsilon_0

from pyscl.errors import InputError
from pyscl.instruments.extent import Window, length
from pyscl.instruments.holography import electron_wavelength, interaction_constant
from pyscl.instruments.overlap import IntArray
from pyscl.instruments.raster import FloatArray, raster_for
from pyscl.instruments.results import Picture

if TYPE_CHECKING:
    from pyscl.solution import Solution


@dataclass(frozen=True, eq=False, repr=False)
class ChargeMap(Picture):
    """What differential phase contrast sees, see `differential_phase_contrast`.

    Attributes:
        field: mean electric field along the beam [V/m], (n_rows, n_columns, 2).
        charge: eps0 div E [C/m3], shape of the raster: all charge, also that bound in dielectrics.
        free: charge of carriers, background and interfaces alone [C/m3], like `charge`.
        charge_of: region -> free charge in the picture [C/m], as much as before the blur.
    """

    field: FloatArray
    charge: FloatArray
    free: FloatArray
    charge_of: dict[str, float]

    units: ClassVar[dict[str, str]] = {"field": "V/m", "charge": "C/m^3", "free": "C/m^3"}

    def deflection(
        self, thickness: float | str, accelerating_voltage: float | str = "300 kV"
    ) -> FloatArray:
        """Return the angles by which the beam is deflected [rad], (n_rows, n_columns, 2).

        (wavelength / 2 pi) grad(phase) = -(wavelength / 2 pi) C_E t E: electrons are drawn against
        the field.

        Args:
            thickness: of the specimen along the beam [m, or text with a unit].
            accelerating_voltage: of the microscope [V, or text with a unit].
        """
        phase = interaction_constant(accelerating_voltage) * length("thickness", thickness)
        return -electron_wavelength(accelerating_voltage) / (2.0 * pi) * phase * self.field


def differential_phase_contrast(
    solution: "Solution",
    *,
    resolution: float | str = "1 nm",
    pixel: float | str | None = None,
    window: Window | None = None,
) -> ChargeMap:
    """Return field and charge maps as differential phase contrast in a STEM makes them.

        rho = eps0 div E

    is all charge, free and bound: in a dielectric the free charge divided by its permittivity,
    and the bound charge of its surfaces. The charge follows from Gauss's law of the mesh nodes,
    eps0 times the flux of E out of the surroundings of a node, and not from differences of
    pixels, so that none is lost; on a contact it is that of its surface, the field ending there.
    The charge of each region is blurred by itself with its amount conserved.

    Not in it: atomic columns, mean inner potential, diffraction contrast, noise. Source: N.
    Shibata et al., Nature Physics 8, 611 (2012); K. Müller et al., Nature Communications 5, 5653
    (2014).

    Args:
        solution: the state, in planar coordinates.
        resolution: full width at half maximum of the Gaussian probe [m, or text with a unit]; 0:
            none.
        pixel: size of the pixels [m, or text with a unit]; default: a fifth of the resolution.
        window: (x first, x last, y first, y last) [m] to show, default: the mesh.

    Raises:
        InputError: axisymmetric coordinates, pixels coarser than a third of the resolution, too
            many of them, or a window off the mesh.
    """
    model = solution.model
    if model.coordinates == "axisymmetric":
        raise InputError(
            "differential phase contrast needs a field that does not vary along the beam, a plane "
            "model; of a body of revolution electron_holography gives the phase, and its gradient "
            "is the projected field"
        )
    raster, width, part = raster_for(solution, resolution, pixel, window)
    blur = raster.blur(width)
    amounts = partial(raster.amounts, centred=width > 0.0)
    area = raster.pixel[0] * raster.pixel[1]
    means = raster.mean(solution["electric_field"].values, by_triangle=True)
    held = _held_axes(solution)
    field = np.stack(
        [
            blur.of(
                means[:, :, k], raster.share, odd=(k == 1 and not held[1], k == 0 and not held[0])
            )
            for k in (0, 1)
        ],
        axis=2,
    )
    total = blur.spread(amounts(_all_charge(solution), by_node=True), raster.share)
    free = np.zeros(raster.shape)
    charge_of = {}
    for number, region in enumerate(model.mesh.region_names):
        own = np.where(
            solution.site_region == number,
            solution["charge_density"].values * solution.site_volume,
            0.0,
        )
        seen = blur.spread(amounts(own), raster.share)
        charge_of[region] = float(seen[part].sum())
        free += seen
    d = model.discretized
    lines = d.node_charge * d.scaling.charge
    if lines.any():
        free += blur.spread(amounts(lines, by_node=True), raster.share)
    there = raster.share[part] > 0.0
    volume = area * np.maximum(raster.share[part], 1e-300)
    return ChargeMap(
        x=raster.x[part[1]],
        y=raster.y[part[0]],
        region=raster.region[part],
        resolution=width,
        field=field[part],
        charge=np.where(there, total[part] / volume, np.nan),
        free=np.where(there, free[part] / volume, np.nan),
        charge_of=charge_of,
    )


def _all_charge(solution: "Solution") -> FloatArray:
    """Return eps0 times the flux of E out of every mesh node [C/m], (n_points,).

    Nodes of periodic sides share theirs, which is zero at the seam without charge there.
    """
    mesh, field = solution.model.mesh, solution["electric_field"].values
    corner = mesh.points[mesh.triangles]
    charge = np.zeros(mesh.n_points)
    for a in range(3):
        side = corner[:, (a + 2) % 3] - corner[:, (a + 1) % 3]
        gradient = 0.5 * np.column_stack([-side[:, 1], side[:, 0]])  # times the area
        np.add.at(charge, mesh.triangles[:, a], -epsilon_0 * (field * gradient).sum(axis=1))
    for first, second in _periodic_nodes(solution):
        both = 0.5 * (charge[first] + charge[second])
        charge[first] = charge[second] = both
    return charge


def _periodic_nodes(solution: "Solution") -> list[tuple[IntArray, IntArray]]:
    """Return the nodes (k,) that are the same on both sides of each periodic pair."""
    mesh = solution.model.mesh
    found: list[tuple[IntArray, IntArray]] = []
    for pair in solution.model.periodic:
        nodes = [np.unique(mesh.facets_of(side)) for side in pair.sides]
        span = np.ptp(mesh.points[nodes[0]], axis=0)
        first, second = (
            np.asarray(n[np.argsort(mesh.points[n, int(span.argmax())])], dtype=np.intp)
            for n in nodes
        )
        found.append((first, second))
    return found


def _held_axes(solution: "Solution") -> tuple[bool, bool]:
    """Return whether contacts lie on the sides normal to x, and to y.

    On the others the field is tangential and the mirror image of its normal component negative.
    """
    model = solution.model
    points = model.mesh.points
    found = []
    for axis in (0, 1):
        ends = points[:, axis].min(), points[:, axis].max()
        tolerance = 1e-9 * (ends[1] - ends[0])
        found.append(
            any(
                (np.abs(points[model.mesh.facets_of(name), axis] - end) <= tolerance)
                .all(axis=1)
                .any()
                for name in model.contacts
                for end in ends
            )
        )
    return found[0], found[1]
