"""Repair of negative edge weights: flips of inner edges, then small moves of free nodes.

Names and regions stay: no edge of an interface or of a facet group is flipped, none of their
nodes is moved.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh import Mesh
from pyscl.mesh.quality import edge_weights, smallest_angles, squared_lengths
from pyscl.mesh.topology import Edges, edge_keys

Array = NDArray[np.float64]
Ids = NDArray[np.int32]

NEGATIVE = -1e-7  # weight below which an edge is repaired
ROUNDS = 200  # of flips; every round flips all edges that do not touch each other
MOVES = 3  # rounds of moved nodes
THIN = 20.0  # degrees; nodes of triangles with a smaller angle, those of layers, are not moved
STEP = 0.3  # part of the way to the mean of its neighbours that a node is moved at once


def negative_edges(mesh: Mesh) -> int:
    """Return the number of edges with a negative weight in a region."""
    _, weight = edge_weights(mesh, squared_lengths(mesh))
    return int(np.count_nonzero(weight < NEGATIVE))


def repaired(mesh: Mesh) -> Mesh:
    """Return a mesh with as few negative edge weights as flips and moved nodes can reach.

    Flipping every inner edge whose opposite angles are above 180 degrees together ends at the
    constrained Delaunay triangulation of the nodes (Lawson 1977), whose inner weights are not
    negative. What remains are obtuse angles opposite to interfaces and outer sides; their nodes
    are moved as long as the number of negative edges falls.

    Args:
        mesh: any valid mesh.

    Returns:
        the mesh; its number of nodes, names, interfaces and sides are those of the given one.
    """
    mesh = flipped(mesh)
    best = negative_edges(mesh)
    for _ in range(MOVES):
        if best == 0:
            break
        step = _moved(mesh)
        if step is None:
            break
        moved = flipped(*step)
        count = negative_edges(moved)
        if count >= best:
            break
        mesh, best = moved, count
    return mesh


def flipped(mesh: Mesh, active: NDArray[np.intp] | None = None) -> Mesh:
    """Return the constrained Delaunay triangulation of the nodes of a mesh.

    Args:
        mesh: the mesh.
        active: triangles to begin with, None for all.
    """
    triangles = mesh.triangles.copy()
    fixed = np.unique(edge_keys(mesh.facets, mesh.n_points))
    active = np.arange(len(triangles)) if active is None else active
    for _ in range(ROUNDS):
        one, other, quads = _flips(mesh, triangles, active, fixed)
        if not len(one):
            break
        a, b, c, d = quads
        triangles[one] = np.stack([c, d, b], axis=1)
        triangles[other] = np.stack([d, c, a], axis=1)
        changed = np.zeros(mesh.n_points, dtype=bool)
        changed[triangles[one]] = changed[triangles[other]] = True
        active = np.flatnonzero(changed[triangles].any(axis=1))
    return replace(mesh, triangles=triangles)


def _flips(
    mesh: Mesh, triangles: Ids, active: NDArray[np.intp], fixed: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], tuple[Ids, Ids, Ids, Ids]]:
    """Return pairs of triangles to be exchanged, no triangle in two of them, and their nodes."""
    part = triangles[active]
    edges = Edges.of(part, mesh.n_points)
    first, second = edges.pairs.T
    region = mesh.region[active]
    free = region[first // 3] == region[second // 3]
    free &= ~np.isin(edge_keys(edges.sides[first], mesh.n_points), fixed)
    first, second = first[free], second[free]
    a, b, c, d = _around(part, first, second)
    points = mesh.points
    weight = _cotangent(points, c, a, b) + _cotangent(points, d, b, a)
    after = _cotangent(points, a, d, c) + _cotangent(points, b, c, d)
    wrong = np.flatnonzero((weight < 2.0 * NEGATIVE) & (after > weight))
    wrong = wrong[_convex(points, a[wrong], b[wrong], c[wrong], d[wrong])]
    if len(wrong):
        wrong = _apart(first[wrong] // 3, second[wrong] // 3, wrong, weight[wrong])
    quads = (a[wrong], b[wrong], c[wrong], d[wrong])
    return active[first[wrong] // 3], active[second[wrong] // 3], quads


def _around(
    triangles: Ids, first: NDArray[np.intp], second: NDArray[np.intp]
) -> tuple[Ids, Ids, Ids, Ids]:
    """Return the ends a, b of edges and the nodes c, d opposite: triangles (a, b, c), (b, a, d)."""
    t, j = first // 3, first % 3
    a, b, c = triangles[t, j], triangles[t, (j + 1) % 3], triangles[t, (j + 2) % 3]
    return a, b, c, triangles[second // 3, (second % 3 + 2) % 3]


def _cross(points: Array, corner: Ids, first: Ids, last: Ids) -> Array:
    u, v = points[first] - points[corner], points[last] - points[corner]
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]


def _cotangent(points: Array, corner: Ids, first: Ids, last: Ids) -> Array:
    u, v = points[first] - points[corner], points[last] - points[corner]
    cross = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    return np.einsum("ij,ij->i", u, v) / np.maximum(cross, 1e-300)


def _convex(points: Array, a: Ids, b: Ids, c: Ids, d: Ids) -> NDArray[np.bool_]:
    """Whether both new triangles (c, d, b) and (d, c, a) are counter-clockwise, not flat."""
    length = np.einsum("ij,ij->i", points[c] - points[d], points[c] - points[d])
    small = 1e-9 * length
    return (_cross(points, c, d, b) > small) & (_cross(points, d, c, a) > small)


def _apart(
    one: NDArray[np.intp], other: NDArray[np.intp], edges: NDArray[np.intp], weight: Array
) -> NDArray[np.intp]:
    """Return edges of which no two share a triangle: those that are the worst of both theirs."""
    rank = np.empty(len(edges), dtype=np.intp)
    rank[np.argsort(weight, kind="stable")] = np.arange(len(edges))
    lowest = np.full(int(max(one.max(), other.max())) + 1, len(edges))
    np.minimum.at(lowest, one, rank)
    np.minimum.at(lowest, other, rank)
    return edges[(lowest[one] == rank) & (lowest[other] == rank)]


def _moved(mesh: Mesh) -> tuple[Mesh, NDArray[np.intp]] | None:
    """Move the free nodes opposite to negative edges towards the mean of their neighbours.

    Returns:
        the mesh and the triangles around the moved nodes; None if there is no such node.
    """
    squared = squared_lengths(mesh)
    others = squared.sum(axis=1, keepdims=True) - 2.0 * squared
    key = mesh.edges.of_side * len(mesh.region_names) + np.repeat(mesh.region, 3)
    size = len(mesh.edges.keys) * len(mesh.region_names)
    weight = np.bincount(
        key, weights=(others / (4.0 * np.abs(mesh.areas)[:, None])).ravel(), minlength=size
    )
    opposite = np.roll(mesh.triangles, -2, axis=1).ravel()
    fixed = np.zeros(mesh.n_points, dtype=bool)
    fixed[mesh.boundary] = True
    fixed[mesh.facets] = True
    for facets in mesh.interfaces.values():
        fixed[facets] = True
    fixed[mesh.triangles[smallest_angles(mesh, squared) < THIN]] = True
    bad = np.unique(opposite[weight[key] < NEGATIVE])
    bad = bad[~fixed[bad]]
    if not len(bad):
        return None
    ends = np.concatenate([mesh.edges.sides, mesh.edges.sides[:, ::-1]])
    count = np.maximum(np.bincount(ends[:, 0], minlength=mesh.n_points), 1)
    mean = (
        np.stack(
            [
                np.bincount(ends[:, 0], weights=mesh.points[ends[:, 1], k], minlength=mesh.n_points)
                for k in (0, 1)
            ],
            axis=1,
        )
        / count[:, None]
    )
    points = mesh.points.copy()
    points[bad] += STEP * (mean[bad] - points[bad])
    moved = replace(mesh, points=points)
    around = np.isin(mesh.triangles, bad).any(axis=1)
    spoilt = around & (moved.areas < 0.3 * mesh.areas)
    back = np.unique(mesh.triangles[spoilt])
    points[back] = mesh.points[back]
    return replace(mesh, points=points), np.flatnonzero(around)
