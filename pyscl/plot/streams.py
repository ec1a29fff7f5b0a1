"""Lines of a current: level lines of its stream function, which carry equal currents between them.

A current without sources in the plane is j = (d psi/dy, -d psi/dx), and its lines are those of
constant psi (Batchelor, An Introduction to Fluid Dynamics, section 2.2).
"""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from pyscl.plot.scales import FloatArray

if TYPE_CHECKING:
    from pyscl.solution import Solution

_SOURCES = 0.1  # share of a current that no stream function explains, above which it has sources


def stream_function(solution: "Solution", name: str) -> FloatArray | None:
    """Return psi [A/m], in axisymmetric models [A], of a current density on the nodes.

    The least squares fit of its derivatives to the current, (n_points,), NaN on nodes without the
    carrier; None if the current has sources, such as a layer that is being charged.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve

    model = solution.model
    mesh = model.mesh
    current = solution[name].values
    carrier = name.removeprefix("current_density_")
    living = [region in model.regions_with(carrier) for region in mesh.region_names]
    there = np.array(living)[mesh.region]
    corner, area, current = mesh.points[mesh.triangles[there]], mesh.areas[there], current[there]
    if model.coordinates == "axisymmetric":
        current = current * corner[:, :, 0].mean(axis=1)[:, None]
    nodes, triangles = np.unique(mesh.triangles[there], return_inverse=True)
    triangles = triangles.reshape(-1, 3)
    # The gradient of the linear function that is 1 in one corner and 0 in the others [1/m].
    ahead, behind = np.roll(corner, -1, axis=1), np.roll(corner, 1, axis=1)
    side = behind - ahead
    slope = np.stack([-side[..., 1], side[..., 0]], axis=2) / (2.0 * area[:, None, None])
    wanted = np.column_stack([-current[:, 1], current[:, 0]])  # the gradient of psi
    blocks = np.einsum("tik,tjk,t->tij", slope, slope, area)
    right = np.einsum("tik,tk,t->ti", slope, wanted, area)
    rows, columns = np.repeat(triangles, 3, axis=1), np.tile(triangles, 3)
    size = len(nodes)
    matrix = coo_matrix((blocks.ravel(), (rows.ravel(), columns.ravel())), (size, size)).tocsr()
    matrix = matrix + 1e-12 * matrix.diagonal().mean() * coo_matrix(
        (np.ones(size), (np.arange(size), np.arange(size))), (size, size)
    )  # psi has no zero of its own
    psi = spsolve(matrix.tocsc(), np.bincount(triangles.ravel(), right.ravel(), size))
    found = np.einsum("tik,ti->tk", slope, psi[triangles])
    missed = float((area * ((found - wanted) ** 2).sum(axis=1)).sum())
    if not missed <= _SOURCES**2 * float((area * (wanted**2).sum(axis=1)).sum()):
        return None
    result = np.full(mesh.n_points, np.nan)
    result[nodes] = psi
    return result


def level_lines(psi: FloatArray, triangles: Triangulation, count: int) -> list[FloatArray]:
    """Return about `count` lines (k, 2) [m] of equal steps of psi (n_points,)."""
    there = np.isfinite(psi)
    low, high = float(psi[there].min()), float(psi[there].max())
    step = (high - low) / count
    inside = there[triangles.triangles].all(axis=1)
    seen = Triangulation(triangles.x, triangles.y, triangles.triangles[inside])
    levels = low + step * (np.arange(count) + 0.5)
    drawn = Figure().add_subplot().tricontour(seen, np.nan_to_num(psi), levels=levels)
    lines = []
    for path in drawn.get_paths():
        path.should_simplify = False  # which is meant for pixels
        lines += [np.asarray(line) for line in path.to_polygons(closed_only=False)]
    return [line for line in lines if len(line) > 2]
