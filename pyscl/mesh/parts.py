"""Connected parts of regions, such as single particles: their labels, and naming one of them."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError

if TYPE_CHECKING:
    from pyscl.mesh.mesh import Mesh

FloatArray = NDArray[np.float64]

_SAME_PLACE = 1e-6  # of the extent of the mesh


def connected_parts(mesh: "Mesh") -> NDArray[np.int32]:
    """Return the number of the connected part every triangle belongs to, (n_triangles,).

    Triangles of the same region that share an edge are connected, those that only touch in a node
    are not. The numbers have no meaning; they depend on the numbering of the triangles.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = (mesh.edges.pairs // 3).T
    same = mesh.region[first] == mesh.region[second]
    ones = np.ones(int(same.sum()), dtype=np.int8)
    graph = coo_array((ones, (first[same], second[same])), shape=(mesh.n_triangles,) * 2)
    _, label = connected_components(graph, directed=False)
    return np.asarray(label, dtype=np.int32)


def joined_nodes(mesh: "Mesh", sides: tuple[str, str]) -> tuple[NDArray[np.int32], FloatArray]:
    """Return nodes of two sides that lie on each other after a shift, (k, 2), and the shift (2,).

    Args:
        mesh: the mesh.
        sides: names of two facet groups, the second a translated copy of the first. Nodes without
            a partner are left out.

    Returns:
        Nodes of the first and of the second side, and the way from one to the other [m].
    """
    from scipy.spatial import cKDTree

    first, second = (np.unique(mesh.facets_of(side)) for side in sides)
    shift = mesh.points[second].min(axis=0) - mesh.points[first].min(axis=0)
    near = _SAME_PLACE * float(np.ptp(mesh.points, axis=0).max())
    distance, at = cKDTree(mesh.points[second]).query(mesh.points[first] + shift)
    found = distance <= near
    return np.column_stack([first[found], second[at[found]]]).astype(np.int32), shift


def with_part(mesh: "Mesh", name: str, point: tuple[float, float]) -> "Mesh":
    """Return the mesh with the part around a point as a region; see `Mesh.with_part`."""
    if name in mesh.region_names:
        raise InputError(f"there is already a region '{name}'; give the part another name")
    inside = _triangle_at(mesh, point)
    label = connected_parts(mesh)
    region = mesh.region.copy()
    region[label == label[inside]] = len(mesh.region_names)
    names = (*mesh.region_names, name)
    kept = np.unique(region)  # a region that is all one part disappears
    return replace(
        mesh,
        region=np.searchsorted(kept, region).astype(np.int32),
        region_names=tuple(names[k] for k in kept),
    )


def _triangle_at(mesh: "Mesh", point: tuple[float, float]) -> int:
    """Return the triangle that contains a point, to rounding."""
    rounding = 1e-12 * np.ptp(mesh.points, axis=0).max()
    corners: NDArray[np.float64] = mesh.points[mesh.triangles]
    low, high = corners.min(axis=1) - rounding, corners.max(axis=1) + rounding
    near = np.flatnonzero(((low <= point) & (point <= high)).all(axis=1))
    a, b, c = (corners[near, k] for k in range(3))
    inside = [
        ((q[:, 0] - p[:, 0]) * (point[1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (point[0] - p[:, 0]))
        / np.hypot(*(q - p).T)
        for p, q in ((a, b), (b, c), (c, a))
    ]
    found = near[np.min(inside, axis=0) >= -rounding]
    if not len(found):
        low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
        raise InputError(
            f"the point ({point[0]:.4g}, {point[1]:.4g}) m lies outside the mesh, which spans x "
            f"{low[0]:.4g} ... {high[0]:.4g} m, y {low[1]:.4g} ... {high[1]:.4g} m"
        )
    return int(found[0])
