"""Splits of fixed edges opposite to obtuse angles: the weights that flips cannot make positive.

An obtuse angle opposite to an interface or an outer side gives this edge a negative weight in its
region. A new node at the foot of the height cuts the triangle into two right-angled ones (as in
nonobtuse triangulation: M. Bern, D. Eppstein, Int. J. Comput. Geom. Appl. 2 (1992) 241).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from pyscl.mesh import Mesh
from pyscl.mesh.flips import apart, flipped
from pyscl.mesh.quality import smallest_angles, squared_lengths
from pyscl.mesh.topology import edge_keys

Array = NDArray[np.float64]
Ids = NDArray[np.int32]
Numbers = NDArray[np.intp]

NEGATIVE = -1e-7  # weight below which an edge is repaired
THIN = 20.0  # degrees; triangles with a smaller angle are those of layers and stay
MIDDLE = 0.15  # of an edge, the least distance of a foot from its ends


@dataclass(frozen=True)
class NegativeEdges:
    """Edges with a negative weight in a region, once for each such region.

    Attributes:
        ends: (k, 2) their nodes.
        sides: (k,) numbers of all triangle sides on such an edge, seen from such a region.
    """

    ends: Ids
    sides: Numbers

    @classmethod
    def of(cls, mesh: Mesh) -> "NegativeEdges":
        """Find them in a mesh."""
        squared = squared_lengths(mesh)
        others = squared.sum(axis=1, keepdims=True) - 2.0 * squared
        half_cotangent = others / (8.0 * np.abs(mesh.areas)[:, None])
        n_regions = len(mesh.region_names)
        key = mesh.edges.of_side * n_regions + np.repeat(mesh.region, 3)
        weight = np.bincount(
            key, weights=half_cotangent.ravel(), minlength=len(mesh.edges.keys) * n_regions
        )
        sides = np.flatnonzero(weight[key] < NEGATIVE)
        first = np.unique(key[sides], return_index=True)[1]
        return cls(mesh.edges.sides[sides[first]], sides)

    def __len__(self) -> int:
        return len(self.ends)


def split(mesh: Mesh, most: int, keep: Sequence[str] = ()) -> Mesh:
    """Return a mesh with feet of heights on fixed edges, where this leaves fewer negative edges.

    Args:
        mesh: a mesh without negative edges that flips can mend.
        most: largest number of new nodes.
        keep: facet groups whose edges are not split, such as periodic sides.

    Returns:
        the mesh with edges flipped; the given one if no split helps.
    """
    before = NegativeEdges.of(mesh)
    if not len(before) or most <= 0:
        return mesh
    sides = _candidates(mesh, before, keep)[:most]
    for last in (False, True):
        if not len(sides):
            break
        found = _cut(mesh, sides)
        new = np.arange(mesh.n_points, found.n_points)
        found = flipped(found, np.flatnonzero(np.isin(found.triangles, new).any(axis=1)))
        after = NegativeEdges.of(found)
        better = _better(mesh, sides, before, after)
        if len(after) < len(before) and (last or better.all()):
            return found
        sides = sides[better]
    return mesh


def _candidates(mesh: Mesh, negative: NegativeEdges, keep: Sequence[str]) -> Numbers:
    """Return sides to be split, the most obtuse first, no triangle and its neighbour in two."""
    sides = negative.sides
    a, b, c = _turned(mesh.triangles, sides)
    edge = mesh.points[b] - mesh.points[a]
    off = mesh.points[c] - mesh.points[a]
    length = np.einsum("ij,ij->i", edge, edge)
    foot = np.einsum("ij,ij->i", edge, off) / length
    to_a, to_b = -off, mesh.points[b] - mesh.points[c]
    cosine = np.einsum("ij,ij->i", to_a, to_b)
    cosine /= np.linalg.norm(to_a, axis=1) * np.linalg.norm(to_b, axis=1)
    good = (cosine < 0.0) & (foot > MIDDLE) & (foot < 1.0 - MIDDLE)
    kept = [k for k, name in enumerate(mesh.facet_names) if name in keep]
    fixed = mesh.facets[np.isin(mesh.facet_group, kept)]
    keys = edge_keys(np.column_stack([a, b]), mesh.n_points)
    good &= ~np.isin(keys, edge_keys(fixed, mesh.n_points))
    other = _opposite(mesh)[sides]
    thin = smallest_angles(mesh, squared_lengths(mesh)) < THIN
    good &= (other < 0) | ~thin[other // 3]
    sides, other = sides[good], other[good]
    order = np.argsort(cosine[good], kind="stable")
    sides, other = sides[order], other[order]
    pairs = np.column_stack([sides // 3, np.where(other < 0, sides, other) // 3])
    return sides[apart(pairs, mesh.n_triangles)]


def _turned(triangles: Ids, sides: Numbers) -> tuple[Ids, Ids, Ids]:
    """Return the ends of sides and the nodes opposite to them."""
    triangle, first = np.divmod(sides, 3)
    a, b, c = (triangles[triangle, (first + k) % 3] for k in range(3))
    return a, b, c


def _opposite(mesh: Mesh) -> Numbers:
    """Return the side (3 m,) of the neighbour on every side, -1 outside."""
    other = np.full(3 * mesh.n_triangles, -1)
    first, second = mesh.edges.pairs.T
    other[first], other[second] = second, first
    return other


def _cut(mesh: Mesh, sides: Numbers) -> Mesh:
    """Return the mesh with a node at the foot of the height on every side, with all names."""
    other = _opposite(mesh)[sides]
    a, b, c = _turned(mesh.triangles, sides)
    edge = mesh.points[b] - mesh.points[a]
    off = mesh.points[c] - mesh.points[a]
    part = np.einsum("ij,ij->i", edge, off) / np.einsum("ij,ij->i", edge, edge)
    foot = np.arange(mesh.n_points, mesh.n_points + len(sides), dtype=np.int32)
    triangles = np.array(mesh.triangles)
    triangles[sides // 3] = np.column_stack([a, foot, c])
    inner = other >= 0
    d = _turned(mesh.triangles, other[inner])[2]
    triangles[other[inner] // 3] = np.column_stack([foot[inner], a[inner], d])
    more = [np.column_stack([foot, b, c]), np.column_stack([b[inner], foot[inner], d])]
    keys = edge_keys(np.column_stack([a, b]), mesh.n_points)
    order = np.argsort(keys)
    of_facet = edge_keys(mesh.facets, mesh.n_points)
    at = order[np.minimum(np.searchsorted(keys[order], of_facet), len(keys) - 1)]
    halved = keys[at] == of_facet
    facets = np.array(mesh.facets)
    facets[halved, 1] = foot[at[halved]]
    rest = np.column_stack([foot[at[halved]], mesh.facets[halved, 1]])
    return replace(
        mesh,
        points=np.concatenate([mesh.points, mesh.points[a] + part[:, None] * edge]),
        triangles=np.concatenate([triangles, *more]),
        region=np.concatenate(
            [mesh.region, mesh.region[sides // 3], mesh.region[other[inner] // 3]]
        ),
        facets=np.concatenate([facets, rest]),
        facet_group=np.concatenate([mesh.facet_group, mesh.facet_group[halved]]),
    )


def _better(
    mesh: Mesh, sides: Numbers, before: NegativeEdges, after: NegativeEdges
) -> NDArray[np.bool_]:
    """Whether fewer negative edges touch the surroundings of each split than before it, (k,)."""
    count = mesh.n_points + len(sides)
    row = np.arange(len(sides))
    a, b, c = _turned(mesh.triangles, sides)
    near = np.stack([a, b, c, mesh.n_points + row])
    ends = mesh.edges.sides
    links = _incidence(ends[:, 0], ends[:, 1], (count, count))
    around = _incidence(np.tile(row, 4), near.ravel(), (len(sides), count))
    around = around + around @ links + around @ links.T
    touched = [
        (
            (around @ _incidence(k.ends.ravel(), np.repeat(np.arange(len(k)), 2), (count, len(k))))
            > 0
        ).sum(axis=1)
        for k in (before, after)
    ]
    return np.asarray(touched[1] < touched[0])


def _incidence(
    row: NDArray[np.integer], column: NDArray[np.integer], shape: tuple[int, int]
) -> csr_array:
    return coo_array((np.ones(len(row)), (row, column)), shape=shape).tocsr()
