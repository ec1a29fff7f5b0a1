"""Edge flips to the Delaunay triangulation that keeps regions and named facets.

C. L. Lawson, in Mathematical Software III (1977) 161: the diagonal of two triangles is exchanged
where its opposite angles exceed 180 degrees together. After that every weight of an edge inside a
region is positive, and the smallest angle is as large as these nodes allow.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh import Mesh
from pyscl.mesh.quality import squared_lengths

_ROUNDING = 1e-9  # of the sum of cotangents; rectangles are left as they are


def flipped(mesh: Mesh, max_rounds: int = 100) -> Mesh:
    """Return the mesh with edges flipped until none inside a region has a negative weight.

    Args:
        mesh: the mesh.
        max_rounds: largest number of sweeps; enough unless the mesh is very large or bad.
    """
    for _ in range(max_rounds):
        sides = _independent(mesh, _bad_pairs(mesh))
        if not len(sides):
            break
        mesh = _exchanged(mesh, sides)
    return mesh


def _bad_pairs(mesh: Mesh) -> NDArray[np.intp]:
    """Return the side numbers (k, 2) of edges to flip, the worst first."""
    squared = squared_lengths(mesh)
    others = squared.sum(axis=1, keepdims=True) - 2.0 * squared
    cotangent = (others / (4.0 * np.abs(mesh.areas)[:, None])).ravel()
    pairs = mesh.edges.pairs
    edge = mesh.edges.of_side[pairs[:, 0]]
    named = np.zeros(len(mesh.edges.keys), dtype=bool)
    at = mesh.edges.find(mesh.facets)
    named[at[at >= 0]] = True
    inside = mesh.region[pairs[:, 0] // 3] == mesh.region[pairs[:, 1] // 3]
    weight = cotangent[pairs].sum(axis=1)
    bad = np.flatnonzero(inside & ~named[edge] & (weight < -_ROUNDING))
    return pairs[bad[np.argsort(weight[bad], kind="stable")]]


def _independent(mesh: Mesh, pairs: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return pairs of which every triangle has only one, the first ones preferred."""
    rank = np.full(mesh.n_triangles, len(pairs))
    order = np.arange(len(pairs))
    triangles = pairs // 3
    for column in triangles.T:
        np.minimum.at(rank, column, order)
    return pairs[(rank[triangles] == order[:, None]).all(axis=1)]


def _exchanged(mesh: Mesh, pairs: NDArray[np.intp]) -> Mesh:
    """Return the mesh with the diagonals of some pairs of triangles exchanged."""
    (first, i), (second, j) = (np.divmod(side, 3) for side in pairs.T)
    a, b = mesh.triangles[first, i], mesh.triangles[first, (i + 1) % 3]
    c, d = mesh.triangles[first, (i + 2) % 3], mesh.triangles[second, (j + 2) % 3]
    triangles = np.array(mesh.triangles)
    triangles[first] = np.column_stack([a, d, c])
    triangles[second] = np.column_stack([d, b, c])
    return replace(mesh, triangles=triangles)
