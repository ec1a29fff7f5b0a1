"""Repair of negative edge weights: flips of inner edges, small moves of free nodes, splits.

Names and regions stay: no edge of an interface or of a facet group is flipped, none of their
nodes is moved; a new node on such an edge lies on its chord.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh import Mesh
from pyscl.mesh.flips import flipped
from pyscl.mesh.quality import smallest_angles, squared_lengths
from pyscl.meshing.splits import THIN, NegativeEdges, split

MOVES = 3  # rounds of moved nodes
SPLITS = 8  # rounds of split edges
MORE = 0.2  # of the nodes, that splits may add
STEP = 0.3  # part of the way to the mean of its neighbours that a node is moved at once


def negative_edges(mesh: Mesh) -> int:
    """Return the number of edges with a negative weight in a region."""
    return len(NegativeEdges.of(mesh))


def repaired(
    mesh: Mesh, keep: Sequence[str] = (), each_round: Callable[[], object] | None = None
) -> Mesh:
    """Return a mesh with as few negative edge weights as flips, moves and splits can reach.

    Flipping every inner edge whose opposite angles are above 180 degrees together ends at the
    constrained Delaunay triangulation of the nodes (Lawson 1977), whose inner weights are not
    negative. What remains are obtuse angles opposite to interfaces and outer sides; their nodes
    are moved, then these edges are split, as long as the number of negative edges falls. Layers
    stay as they are.

    Args:
        mesh: any valid mesh.
        keep: facet groups whose edges are not split, such as periodic sides.
        each_round: called between the rounds; may raise an error to end the work.

    Returns:
        the mesh; its names, interfaces and sides are those of the given one. Splits add nodes on
        interfaces, sides and named curves, at most 20 % more (or 100).
    """
    mesh = _smoothed(flipped(mesh))
    most = mesh.n_points + max(100, int(MORE * mesh.n_points))
    for _ in range(SPLITS):
        if each_round is not None:
            each_round()
        found = split(mesh, most - mesh.n_points, keep)
        if found is mesh:
            break
        mesh = _smoothed(found)
    return mesh


def _smoothed(mesh: Mesh) -> Mesh:
    """Return a mesh with moved nodes, while this leaves fewer negative edges."""
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


def _moved(mesh: Mesh) -> tuple[Mesh, NDArray[np.intp]] | None:
    """Move the free nodes opposite to negative edges towards the mean of their neighbours.

    Returns:
        the mesh and the triangles around the moved nodes; None if there is no such node.
    """
    sides = NegativeEdges.of(mesh).sides
    fixed = np.zeros(mesh.n_points, dtype=bool)
    fixed[mesh.boundary] = True
    fixed[mesh.facets] = True
    for facets in mesh.interfaces.values():
        fixed[facets] = True
    fixed[mesh.triangles[smallest_angles(mesh, squared_lengths(mesh)) < THIN]] = True
    bad = np.unique(mesh.triangles[sides // 3, (sides + 2) % 3])
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
