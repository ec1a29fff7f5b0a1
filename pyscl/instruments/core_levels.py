"""Core-level shifts of (hard X-ray) photoelectron spectroscopy, weighted by the escape depth."""

from dataclasses import dataclass
from math import cos, radians, sqrt
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pyscl.errors import InputError
from pyscl.instruments.blur import FWHM
from pyscl.instruments.extent import length
from pyscl.instruments.overlap import overlap
from pyscl.instruments.raster import FloatArray
from pyscl.instruments.references import reference_potential
from pyscl.instruments.results import Compact, write_columns
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.solution import Solution

_SLICES = 60  # per escape depth
_DEEP = 30.0  # escape depths, beyond which nothing counts
_FLAT = 1e-6  # of the extent of the mesh, by which a surface may deviate from a plane


@dataclass(frozen=True, eq=False, repr=False)
class CoreLevels(Compact):
    """Core levels below a surface, see `core_level_shift`.

    Attributes:
        regions: that are seen, (n,).
        shift: mean shift of the energy of a core level, -e (phi - reference) [eV], (n,).
        binding_energy_shift: minus that, on the axis of binding energies against a grounded
            spectrometer [eV], (n,).
        broadening: standard deviation of the shifts in the depth that is seen [eV], (n,).
        share: share of the intensity of a level with the same density everywhere, (n,).
        energy: axis of the spectra, binding energy against that of the reference [eV], (m,).
        spectrum: intensity of every region [1/eV], (n, m); the area of a region is its `share`.
        escape_depth: lambda cos(theta) [m].
        resolution: full width at half maximum of the spectrometer [eV].
        reference: potential without shift [V].
    """

    regions: tuple[str, ...]
    shift: FloatArray
    binding_energy_shift: FloatArray
    broadening: FloatArray
    share: FloatArray
    energy: FloatArray
    spectrum: FloatArray
    escape_depth: float
    resolution: float
    reference: float

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write the spectra: one row per energy, one column per region."""
        columns: dict[str, ArrayLike] = {"binding energy shift [eV]": self.energy}
        for region, values in zip(self.regions, self.spectrum, strict=True):
            columns[f"{region} [1/eV]"] = values
        write_columns(path, columns)


def core_level_shift(
    solution: "Solution",
    surface: str,
    *,
    attenuation_length: float | str = "2 nm",
    emission_angle: float | str = 0.0,
    resolution: float | str = "0.4 eV",
    reference: float | str = 0.0,
) -> CoreLevels:
    """Return the core-level shifts below a plane surface, region by region.

        shift = integral -e (phi - reference) w dV / integral w dV,
        w = exp(-d / (lambda cos theta)),

    with the depth d below the surface, the attenuation length lambda of the photoelectrons and
    their angle theta from the normal of the surface. The spectrum is the distribution of the shifts
    with the Gaussian of the spectrometer. Levels go down, and binding energies up, where the
    potential is positive. An overlayer outside of the model (a thin metal electrode) weakens all
    of the intensity alike and changes no shift.

    One attenuation length serves all regions, every region emits alike, chemical shifts are not in
    it. Source: A. Jablonski, C. J. Powell, Surface Science Reports 47, 33 (2002) (attenuation of
    photoelectrons).

    Args:
        solution: the state.
        surface: a facet group on a straight outer side: a contact or a side such as "top"; of a
            body of revolution one normal to the axis.
        attenuation_length: [m, or text with a unit]; 1 to 3 nm with soft, 5 to 20 nm with hard
            X-rays.
        emission_angle: from the normal [degrees, or text with a unit].
        resolution: full width at half maximum of source and analyser [eV, or text with a unit].
        reference: potential without shift [V, or text with a unit], or a region (its mean).

    Raises:
        InputError: an unknown surface, region or reference, a surface that is not plane, or a
            value that is not allowed.
    """
    mesh = solution.model.mesh
    ends, inward = _plane(solution, surface)
    escape = length("attenuation_length", attenuation_length) * _cosine(emission_angle)
    sharp = parse(resolution, "eV")
    if not (np.isfinite(sharp) and sharp > 0.0):
        raise InputError(f"the resolution must be positive, e.g. '0.4 eV', not {resolution!r}")
    zero = reference_potential(solution, reference)

    points = np.column_stack([(mesh.points - ends) @ inward, mesh.points @ [-inward[1], inward[0]]])
    low, high = points.min(axis=0), points.max(axis=0)
    deep = min(float(high[0]), _DEEP * escape)
    slices = np.linspace(0.0, deep, max(1, int(np.ceil(deep / escape * _SLICES))) + 1)
    margin = 1e-9 * (high[1] - low[1])
    piece = overlap(points, mesh.triangles, slices, np.array([low[1] - margin, high[1] + margin]))
    depth = (piece.weight * points[mesh.triangles[piece.triangle], 0]).sum(axis=1)
    weight = piece.area * np.exp(-depth / escape)
    if solution.model.coordinates == "axisymmetric":
        weight *= (piece.weight * mesh.points[mesh.triangles[piece.triangle], 0]).sum(axis=1)
    potential = solution["potential"].values[solution.site_triangles[piece.triangle]]
    binding = (piece.weight * potential).sum(axis=1) - zero

    region = mesh.region[piece.triangle]
    numbers = np.flatnonzero(np.bincount(region, weight, len(mesh.region_names)) > 0.0)
    sigma = sharp / FWHM
    margin = 6.0 * sigma
    energy = np.linspace(
        binding.min() - margin,
        binding.max() + margin,
        int(np.clip((np.ptp(binding) + 2.0 * margin) / sigma * 10.0, 200, 4000)),
    )
    found = [
        _levels(binding[here], weight[here], energy, sigma)
        for here in (region == r for r in numbers)
    ]
    mean, spread, amount, lines = zip(*found, strict=True)
    share = np.array(amount) / sum(amount)
    return CoreLevels(
        regions=tuple(mesh.region_names[r] for r in numbers),
        shift=-np.array(mean),
        binding_energy_shift=np.array(mean),
        broadening=np.array(spread),
        share=share,
        energy=energy,
        spectrum=share[:, None] * np.array(lines),
        escape_depth=escape,
        resolution=sharp,
        reference=zero,
    )


def _levels(
    binding: FloatArray, weight: FloatArray, energy: FloatArray, sigma: float
) -> tuple[float, float, float, FloatArray]:
    """Return mean [eV], standard deviation [eV], weight, and the line of unit area [1/eV].

    Shifts are put on a fine grid with their mean kept, then each point gets its Gaussian.
    """
    amount = float(weight.sum())
    mean = float(weight @ binding) / amount
    spread = sqrt(max(float(weight @ (binding - mean) ** 2) / amount, 0.0))
    first, step = float(binding.min()), max(float(np.ptp(binding)) / 2000.0, 1e-3 * sigma)
    place = (binding - first) / step
    low = np.floor(place).astype(np.intp)
    n = int(low.max()) + 2
    parts = np.bincount(low, weight * (1.0 + low - place), n)
    parts += np.bincount(low + 1, weight * (place - low), n)
    at = first + step * np.arange(n)
    used = parts > 0.0
    lines = np.exp(-0.5 * ((energy[:, None] - at[used]) / sigma) ** 2)
    line = lines @ parts[used] / (amount * sigma * sqrt(2.0 * np.pi))
    return mean, spread, amount, line


def _plane(solution: "Solution", surface: str) -> tuple[FloatArray, FloatArray]:
    """Return a point of a plane surface [m] and the unit vector into the model.

    Raises:
        InputError: there is no such facet group, it is not an outer side, or not plane.
    """
    mesh = solution.model.mesh
    facets = mesh.facets_of(surface)
    outer = {tuple(sorted(pair)) for pair in mesh.boundary.tolist()}
    if not all(tuple(sorted(pair)) in outer for pair in facets.tolist()):
        raise InputError(
            f"'{surface}' lies inside the mesh; photoelectrons leave through an outer side, one of "
            f"{', '.join(_outer_groups(solution, outer))}"
        )
    points = mesh.points[np.unique(facets)]
    middle = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - middle)
    normal = axes[1]
    if np.abs((points - middle) @ normal).max() > _FLAT * np.ptp(mesh.points, axis=0).max():
        raise InputError(
            f"'{surface}' is not a plane; the depth below a curved surface depends on the "
            "direction of emission: take a straight side"
        )
    behind = mesh.points - middle
    if (behind @ normal).sum() < 0.0:
        normal = -normal
    if (behind @ normal).min() < -_FLAT * np.ptp(mesh.points, axis=0).max():
        raise InputError(
            f"parts of the mesh lie above the plane of '{surface}', through which photoelectrons "
            "would leave; take a side that is on the outside of everything"
        )
    if solution.model.coordinates == "axisymmetric" and abs(normal[0]) > 1e-9:
        raise InputError(
            f"'{surface}' is not normal to the axis; the surface of a body of revolution is a "
            "plane only there"
        )
    return middle, normal


def _outer_groups(solution: "Solution", outer: set[tuple[int, ...]]) -> list[str]:
    mesh = solution.model.mesh
    return [
        name
        for name in mesh.facet_names
        if all(tuple(sorted(pair)) in outer for pair in mesh.facets_of(name).tolist())
    ]


def _cosine(emission_angle: float | str) -> float:
    degrees = parse(emission_angle, "deg")
    if not (np.isfinite(degrees) and 0.0 <= degrees < 85.0):
        raise InputError(
            f"the emission angle must be at least 0 and below 85 degrees, not {emission_angle!r}; "
            "nearer to grazing emission elastic scattering invalidates the formula"
        )
    return cos(radians(degrees))
