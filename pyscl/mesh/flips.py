"""Edge flips to the Delaunay triangulation that keeps regions and named facets.

C. L. Lawson, in Mathematical Software III (1977) 161: the diagonal of two triangles is exchanged
where its opposite angles exceed 180 degrees together. After that every weight of an edge inside a
region is positive, and the smallest angle is as large as these nodes allow.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh.mesh import Mesh
from pyscl.mesh.topology import Edges, edge_keys

Array = NDArray[np.float64]
Ids = NDArray[np.int32]
Numbers = NDArray[np.intp]

ROUNDING = 1e-8  # of the sum of cotangents; rectangles are left as they are
FLAT = 1e-9  # doubled area over the squared diagonal, below which a triangle is flat


@dataclass(frozen=True)
class Diagonals:
    """Edges a-b between triangles (a, b, c) and (b, a, d), all of shape (k,).

    Attributes:
        one: triangles on the left of the edges, (k,).
        other: triangles on their right, (k,).
        a: first ends, (k,).
        b: last ends, (k,).
        c: nodes opposite on the left, (k,).
        d: nodes opposite on the right, (k,).
    """

    one: Numbers
    other: Numbers
    a: Ids
    b: Ids
    c: Ids
    d: Ids

    def __getitem__(self, which: Numbers) -> "Diagonals":
        a, b, c, d = (nodes[which] for nodes in (self.a, self.b, self.c, self.d))
        return Diagonals(self.one[which], self.other[which], a, b, c, d)


def flipped(mesh: Mesh, active: Numbers | None = None, max_rounds: int = 200) -> Mesh:
    """Return the mesh with edges flipped until none inside a region has a negative weight.

    Args:
        mesh: the mesh.
        active: triangles that were changed, None for all.
        max_rounds: largest number of sweeps, each of which flips all edges that share no triangle;
            enough unless the mesh is very large or bad.
    """
    triangles = np.array(mesh.triangles)
    fixed = np.unique(edge_keys(mesh.facets, mesh.n_points))
    if active is None:
        active = np.arange(len(triangles))
    else:
        active = _around(triangles, active, mesh.n_points)
    for _ in range(max_rounds):
        wrong = _wrong(mesh, triangles, active, fixed)
        if not len(wrong.one):
            break
        exchange(triangles, wrong)
        active = _around(triangles, np.concatenate([wrong.one, wrong.other]), mesh.n_points)
    return replace(mesh, triangles=triangles)


def _around(triangles: Ids, some: Numbers, n_points: int) -> Numbers:
    """Return the triangles that share a node with some of them, these included."""
    near = np.zeros(n_points, dtype=bool)
    near[triangles[some]] = True
    return np.flatnonzero(near[triangles].any(axis=1))


def diagonals(triangles: Ids, pairs: Numbers) -> Diagonals:
    """Return what is around edges.

    Args:
        triangles: (m, 3) nodes.
        pairs: (k, 2) numbers of the two sides of each edge, see `Edges.pairs`.
    """
    (one, i), (other, j) = (np.divmod(side, 3) for side in pairs.T)
    a, b, c = (triangles[one, (i + k) % 3] for k in range(3))
    return Diagonals(one, other, a, b, c, triangles[other, (j + 2) % 3])


def exchange(triangles: Ids, edges: Diagonals) -> None:
    """Exchange the diagonals of pairs of triangles (m, 3) in place; none may be in two pairs."""
    triangles[edges.one] = np.column_stack([edges.c, edges.d, edges.b])
    triangles[edges.other] = np.column_stack([edges.d, edges.c, edges.a])


def convex(points: Array, edges: Diagonals) -> NDArray[np.bool_]:
    """Whether both triangles after an exchange are counter-clockwise and not flat, (k,)."""
    across = points[edges.c] - points[edges.d]
    small = FLAT * np.einsum("ij,ij->i", across, across)
    return (cross(points, edges.c, edges.d, edges.b) > small) & (
        cross(points, edges.d, edges.c, edges.a) > small
    )


def cross(points: Array, corner: Ids, first: Ids, last: Ids) -> Array:
    """Return the doubled signed areas (k,) of triangles of three nodes each [m2]."""
    u, v = points[first] - points[corner], points[last] - points[corner]
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]


def cotangent(points: Array, corner: Ids, first: Ids, last: Ids) -> Array:
    """Return the cotangents (k,) [1] of the angles at `corner` between the other two nodes."""
    u, v = points[first] - points[corner], points[last] - points[corner]
    doubled = np.abs(cross(points, corner, first, last))
    return np.einsum("ij,ij->i", u, v) / np.maximum(doubled, 1e-300)


def _wrong(mesh: Mesh, triangles: Ids, active: Numbers, fixed: NDArray[np.int64]) -> Diagonals:
    """Return edges to be flipped, the worst of those that share a triangle."""
    edges = Edges.of(triangles[active], mesh.n_points)
    found = diagonals(triangles, 3 * active[edges.pairs // 3] + edges.pairs % 3)
    free = mesh.region[found.one] == mesh.region[found.other]
    free &= ~np.isin(edge_keys(np.column_stack([found.a, found.b]), mesh.n_points), fixed)
    found = found[np.flatnonzero(free)]
    p, (a, b, c, d) = mesh.points, (found.a, found.b, found.c, found.d)
    weight = cotangent(p, c, a, b) + cotangent(p, d, b, a)
    after = cotangent(p, a, d, c) + cotangent(p, b, c, d)
    wrong = np.flatnonzero((weight < -ROUNDING) & (after > weight))
    wrong = wrong[convex(p, found[wrong])]
    wrong = wrong[np.argsort(weight[wrong], kind="stable")]
    found = found[wrong]
    return found[apart(np.column_stack([found.one, found.other]), len(triangles))]


def apart(groups: Numbers, count: int) -> Numbers:
    """Return which rows of groups (k, n) of numbers below `count` share none, the first preferred.

    Not all that could be: a row that meets an earlier one is left out, even if that is, too.
    """
    order = np.arange(len(groups))
    rank = np.full(count, len(groups))
    for column in groups.T:
        np.minimum.at(rank, column, order)
    return np.flatnonzero((rank[groups] == order[:, None]).all(axis=1))
