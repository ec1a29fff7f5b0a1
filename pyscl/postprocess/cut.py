"""Fields along a straight line."""

import csv
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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
            does not exist. Site fields are linear in each triangle, triangle fields constant.
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
            f"the cut from {start} to {end} m misses the mesh, which spans x {low[0]:.4g} ... "
            f"{high[0]:.4g} m, y {low[1]:.4g} ... {high[1]:.4g} m"
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

    sampled, units = {}, {}
    for name in solution.field_names:
        field = solution[name]
        units[name] = field.unit
        if field.location == "site":
            values = (weight * field.values[solution.site_triangles[triangle]]).sum(axis=1)
        else:
            values = field.values[triangle]
        sampled[name] = np.where(inside.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)
    names = np.array([*mesh.region_names, ""])
    return Cut(
        distance=np.linalg.norm(line - line[0], axis=1),
        points=line,
        region=names[np.where(inside, mesh.region[triangle], -1)],
        fields=sampled,
        units=units,
    )
