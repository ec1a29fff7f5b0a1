"""Fields along a straight line."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError

if TYPE_CHECKING:
    from pyscl.solution import Solution


@dataclass(frozen=True, eq=False)
class Cut:
    """Fields sampled along a line.

    Attributes:
        distance: from the start of the line [m], (n,).
        points: sampled positions [m], (n, 2).
        region: name of the region at each sample, (n,); "" outside the mesh.
        fields: field name -> values, (n,) or (n, 2); NaN outside the mesh or where the field does
            not exist. Site fields are linear in each triangle, triangle fields constant.
        units: field name -> unit.
    """

    distance: NDArray[np.float64]
    points: NDArray[np.float64]
    region: NDArray[np.str_]
    fields: dict[str, NDArray[np.float64]]
    units: dict[str, str]


def cut(
    solution: "Solution", start: tuple[float, float], end: tuple[float, float], points: int
) -> Cut:
    """Sample all fields of a solution; see `Solution.cut`."""
    from matplotlib.tri import Triangulation

    first, last = np.asarray(start, float), np.asarray(end, float)
    if points < 2 or not np.isfinite([first, last]).all() or np.array_equal(first, last):
        raise InputError(f"a cut needs two different points and >= 2 samples: {start}, {end}")
    line = first + np.linspace(0.0, 1.0, points)[:, None] * (last - first)
    mesh = solution.model.mesh
    finder = Triangulation(mesh.points[:, 0], mesh.points[:, 1], mesh.triangles).get_trifinder()
    triangle = np.asarray(finder(*line.T))
    inside = triangle >= 0
    if not inside.any():
        raise InputError(f"the cut from {start} to {end} m misses the mesh")

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
        distance=np.linalg.norm(line - first, axis=1),
        points=line,
        region=names[np.where(inside, mesh.region[triangle], -1)],
        fields=sampled,
        units=units,
    )
