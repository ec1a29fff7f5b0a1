"""Kelvin probe force microscopy (KPFM) of a cross-section: contact potential difference."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.instruments.blur import Shape
from pyscl.instruments.extent import located
from pyscl.instruments.raster import FloatArray, raster_for
from pyscl.instruments.references import reference_potential, region_potentials
from pyscl.instruments.results import Compact, Picture, write_columns
from pyscl.postprocess.cut import locate

if TYPE_CHECKING:
    from pyscl.solution import Solution

SHAPES = ("gaussian", "lorentzian")


@dataclass(frozen=True, eq=False, repr=False)
class SurfacePotential(Compact):
    """What a Kelvin probe sees along a line, see `kelvin_probe`.

    Attributes:
        distance: along the line [m], (n,).
        points: places on the section [m], (n, 2).
        region: region under the tip, "" outside the mesh, (n,).
        potential: of the surface, as it is [V], (n,).
        measured: its mean under the tip [V], (n,).
        difference: contact potential difference against the reference [V], (n,).
        resolution: full width at half maximum of the tip's response to a line [m].
    """

    distance: FloatArray
    points: FloatArray
    region: NDArray[np.str_]
    potential: FloatArray
    measured: FloatArray
    difference: FloatArray
    resolution: float

    units: ClassVar[dict[str, str]] = {"potential": "V", "measured": "V", "difference": "V"}

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per sample: distance, place, region and potentials with their units."""
        columns: dict[str, ArrayLike] = {
            "distance [m]": self.distance,
            "x [m]": self.points[:, 0],
            "y [m]": self.points[:, 1],
            "region": self.region,
        }
        write_columns(
            path,
            columns
            | {f"{name} [{unit}]": getattr(self, name) for name, unit in self.units.items()},
        )


@dataclass(frozen=True, eq=False, repr=False)
class _Surface(Picture):
    measured: FloatArray

    units: ClassVar[dict[str, str]] = {"measured": "V"}


def kelvin_probe(
    solution: "Solution",
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    resolution: float | str = "30 nm",
    tip: Shape = "gaussian",
    reference: str | tuple[float, float] | None = None,
    surface_step: Mapping[str, float | str] | None = None,
    points: int = 200,
    pixel: float | str | None = None,
) -> SurfacePotential:
    """Return the contact potential difference along a line on a cross-section.

        V(r) = integral T(r - r') (phi + V_s) d2r',    CPD = V - V(reference),

    phi the potential on the section, V_s a step of the surface potential of the region that is
    not in the model (differences of work functions), T the transfer function of the tip in the
    plane: Gaussian, or h / (2 pi (r^2 + h^2)^(3/2)), what a point at the height h = resolution / 2
    above a plane of given potential sees (Poisson's integral; its response to a line is a
    Lorentzian). A positive difference is a more positive surface; the sign conventions of
    instruments differ.

    The section is taken to have the potential of the bulk: no charge of its own surface, no fields
    of the cantilever. A body of revolution is cut through its axis. Source: A. Axt et al.,
    Beilstein Journal of Nanotechnology 9, 1809 (2018) (resolution, conventions); H. O. Jacobs et
    al., Journal of Applied Physics 84, 1168 (1998) (transfer function).

    Args:
        solution: the state.
        start: first point of the line [m].
        end: last point [m].
        resolution: full width at half maximum of the response to a line [m, or text with a unit];
            0: none.
        tip: "gaussian" or "lorentzian".
        reference: a region (its mean potential), a potential as text with a unit, a point on the
            section [m], or None: zero of the potential.
        surface_step: V_s of regions [V, or text with a unit]; others have 0.
        points: number of samples.
        pixel: size of the pixels of the section [m, or text with a unit]; default: a fifth of the
            resolution.

    Raises:
        InputError: an unknown tip, region or reference, a line off the mesh, pixels coarser than a
            third of the resolution, or too many of them.
    """
    if tip not in SHAPES:
        raise unknown_name("tip", tip, SHAPES)
    raster, width, _ = raster_for(solution, resolution, pixel, None)
    line, triangle = locate(solution.model.mesh, start, end, points)
    values = solution["potential"].values
    values = values + region_potentials(solution, surface_step or {})[solution.site_region]
    means = raster.mean(values)
    seen = raster.blur(width, tip).of(means - raster.ramp, raster.share) + raster.ramp
    surface = _Surface(
        x=raster.x, y=raster.y, region=raster.region, resolution=width, measured=seen
    )
    profile = surface.profile(start, end, points=points)
    own, weight = located(solution, line)
    exact = (weight * values[solution.site_triangles[own]]).sum(axis=1)
    names = np.array([*solution.model.mesh.region_names, ""])
    return SurfacePotential(
        distance=profile.distance,
        points=line,
        region=names[np.where(triangle >= 0, solution.model.mesh.region[triangle], -1)],
        potential=np.where(own >= 0, exact, np.nan),
        measured=profile.fields["measured"],
        difference=profile.fields["measured"] - _zero(solution, reference, values, surface),
        resolution=width,
    )


def _zero(
    solution: "Solution",
    reference: str | tuple[float, float] | None,
    values: FloatArray,
    surface: _Surface,
) -> float:
    """Return the potential of the reference [V]."""
    if reference is None:
        return 0.0
    if isinstance(reference, str):
        return reference_potential(solution, reference, values)
    place = np.asarray(reference, dtype=float)
    if place.shape != (2,) or not np.isfinite(place).all():
        raise InputError(f"a reference is a region, a point (x, y) in m or None, not {reference!r}")
    triangle, _ = located(solution, place[None, :])
    row = np.abs(surface.y - place[1]).argmin()
    column = np.abs(surface.x - place[0]).argmin()
    found = float(surface.measured[row, column])
    if triangle[0] < 0 or np.isnan(found):
        raise InputError(f"the reference ({place[0]:.4g}, {place[1]:.4g}) m is outside the mesh")
    return found
