"""Fields along a straight line."""

import csv
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Avogadro, elementary_charge

from pyscl.errors import InputError
from pyscl.mesh.places import triangulation

if TYPE_CHECKING:
    from pyscl.mesh import Mesh
    from pyscl.solution import Solution


@dataclass(frozen=True, eq=False)
class Cut:
    """Fields sampled along a line.

    Attributes:
        distance: from the start of the line [m], (n,).
        points: sampled positions [m], (n, 2).
        region: name of the region at each sample, (n,); "" outside the mesh.
        fields: field name -> values [SI], (n,) or (n, 2); NaN outside the mesh or where the field
            does not exist. In each triangle potentials are linear, and with them site fractions
            follow their law: log(y / (1 - y)) is linear, or log(y) where sites are not limited;
            concentrations and the charge density belong to these. Triangle fields are constant.
        units: field name -> unit.
    """

    distance: NDArray[np.float64]
    points: NDArray[np.float64]
    region: NDArray[np.str_]
    fields: dict[str, NDArray[np.float64]]
    units: dict[str, str]

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write the samples as CSV: one row per point, units in the column heads."""
        columns: dict[str, NDArray[Any]] = {
            "distance [m]": self.distance,
            "x [m]": self.points[:, 0],
            "y [m]": self.points[:, 1],
            "region": self.region,
        }
        for name, values in self.fields.items():
            for axis, part in zip(("x", "y"), np.atleast_2d(values.T), strict=False):
                label = name if values.ndim == 1 else f"{name}_{axis}"
                columns[f"{label} [{self.units[name]}]"] = part
        with open(path, "w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(columns)
            rows.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))


def span_text(first: float, last: float) -> str:
    """Return two lengths [m] as they read well: "5 ... 20 nm", "5 nm" if they are the same."""
    largest = max(abs(first), abs(last))
    metre, unit = (1e-9, "nm") if largest < 5e-6 else (1e-6, "um") if largest < 5e-3 else (1.0, "m")
    ends = dict.fromkeys(f"{length / metre:.6g}" for length in (first, last))
    return f"{' ... '.join(ends)} {unit}"


def locate(
    mesh: "Mesh", start: tuple[float, float], end: tuple[float, float], points: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return points along a line [m], (n, 2), and the triangle of each, -1 outside the mesh.

    Raises:
        InputError: the line has no length, fewer than two points, or none inside the mesh.
    """
    first, last = np.asarray(start, float), np.asarray(end, float)
    if points < 2 or not np.isfinite([first, last]).all() or np.array_equal(first, last):
        raise InputError(f"a cut needs two different points and >= 2 samples: {start}, {end}")
    line = first + np.linspace(0.0, 1.0, points)[:, None] * (last - first)
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    clipped = np.clip(line, low, high)  # an end on the border stays inside in spite of rounding
    line = np.where(np.abs(line - clipped) <= 1e-9 * (high - low), clipped, line)
    triangle = np.asarray(triangulation(mesh).get_trifinder()(*line.T))
    if (triangle < 0).all():
        raise InputError(
            f"the cut along x = {span_text(first[0], last[0])}, y = {span_text(first[1], last[1])} "
            f"misses the mesh, which covers x = {span_text(low[0], high[0])}, y = "
            f"{span_text(low[1], high[1])}"
        )
    return line, triangle


def cut(
    solution: "Solution", start: tuple[float, float], end: tuple[float, float], points: int
) -> Cut:
    """Sample all fields of a solution; see `Solution.cut`."""
    mesh = solution.model.mesh
    line, triangle = locate(mesh, start, end, points)
    inside = triangle >= 0
    corner = mesh.points[mesh.triangles[triangle]]
    edges = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=2)
    local = np.linalg.solve(edges, (line - corner[:, 0])[:, :, None])[:, :, 0]
    weight = np.column_stack([1.0 - local.sum(axis=1), local])

    corners = solution.site_triangles[triangle]
    sampled, units, found = {}, {}, {}
    for name in solution.field_names:
        field = solution[name]
        units[name] = field.unit
        linear = field.location == "site"
        found[name] = (
            (weight * field.values[corners]).sum(axis=1) if linear else field.values[triangle]
        )
    _follow_laws(solution, corners, weight, found)
    for name, values in found.items():
        sampled[name] = np.where(inside.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)
    names = np.array([*mesh.region_names, ""])
    return Cut(
        distance=np.linalg.norm(line - line[0], axis=1),
        points=line,
        region=names[np.where(inside, mesh.region[triangle], -1)],
        fields=sampled,
        units=units,
    )


def _follow_laws(
    solution: "Solution",
    corners: NDArray[np.int32],
    weight: NDArray[np.float64],
    found: dict[str, NDArray[np.float64]],
) -> None:
    """Let densities that are linear in triangles follow the law of their site fractions.

    The electrochemical and the electric potential are linear, so is their difference, the
    logarithm of y / (1 - y) of a lattice gas and of y of a dilute carrier.

    Args:
        solution: the solution.
        corners: sites at the corners of the triangle of each sample, (n, 3).
        weight: of these, (n, 3).
        found: name of a field -> values [SI], (n,); changed.
    """
    for number, carrier in enumerate(solution.model.carriers):
        y, vacant = (
            share[corners]
            for share in (solution.site_fraction(carrier), solution.vacant_fraction(carrier))
        )
        limited = np.abs(y + vacant - 1.0).max(axis=1) < 1e-9
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            filled = (weight * np.log(y)).sum(axis=1)
            empty = np.where(limited, (weight * np.log(vacant)).sum(axis=1), 0.0)
            ratio = np.exp(filled - empty)
            own = np.where(limited, ratio / (1.0 + ratio), ratio)
            linear = (weight * y).sum(axis=1)
            more = np.where(np.isfinite(own) & (linear > 0.0), own / linear, 1.0)
        concentration = found[f"concentration_{carrier}"]
        charge = solution.charge_number[number] * elementary_charge * Avogadro
        change = np.nan_to_num(concentration * (more - 1.0))
        found["charge_density"] = found["charge_density"] + charge * change
        found[f"concentration_{carrier}"] = concentration * more
        found[f"site_fraction_{carrier}"] = found[f"site_fraction_{carrier}"] * more
