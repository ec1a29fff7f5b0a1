"""Defects that make a mesh unfit for any computation, each as one sentence with its place."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh.mesh import Mesh
from pyscl.mesh.quality import corner_angles, squared_lengths

FLAT = 1e-8  # doubled area / longest side squared, below which a triangle has no area
NEAR = 1e-9  # distance / size of the mesh, below which two nodes are the same place
TURN = 1e-6  # rad; rounding of the sum of the angles around a node


def find_problems(mesh: Mesh) -> list[str]:
    """Return every reason why the mesh cannot be computed on; an empty list if there is none."""
    if mesh.n_triangles == 0:
        return ["the mesh has no triangles."]
    broken = _not_finite(mesh)
    if broken:
        return broken
    tests: tuple[Callable[[Mesh], list[str]], ...] = (
        _badly_named,
        _empty_groups,
        _flat_or_inverted,
        _duplicated_triangles,
        _crowded_edges,
        _stray_facets,
        _unused_nodes,
        _coincident_nodes,
        _hanging_nodes,
        _disconnected,
    )
    problems = [problem for test in tests for problem in test(mesh)]
    return problems or _overlapping(mesh)


def _place(mesh: Mesh, triangle: int) -> str:
    x, y = mesh.points[mesh.triangles[triangle]].mean(axis=0) * 1e9
    name = mesh.region_names[mesh.region[triangle]]
    return f"triangle {triangle} of region '{name}' at ({x:.6g}, {y:.6g}) nm"


def _node(mesh: Mesh, node: int) -> str:
    x, y = mesh.points[node] * 1e9
    return f"node {node} at ({x:.6g}, {y:.6g}) nm"


def _not_finite(mesh: Mesh) -> list[str]:
    bad = np.flatnonzero(~np.isfinite(mesh.points).all(axis=1))
    if not len(bad):
        return []
    return [f"{len(bad)} nodes have coordinates that are not finite numbers (first: {bad[0]})."]


def _badly_named(mesh: Mesh) -> list[str]:
    problems = []
    for i, name in enumerate(mesh.region_names):
        if not name.strip():
            count = np.count_nonzero(mesh.region == i)
            problems.append(f"region number {i} ({count} triangles) has no name.")
        elif "|" in name:
            problems.append(f"region '{name}' has a '|' in its name; it separates interface names.")
    return problems


def _empty_groups(mesh: Mesh) -> list[str]:
    triangles = np.bincount(mesh.region, minlength=len(mesh.region_names))
    facets = np.bincount(mesh.facet_group, minlength=len(mesh.facet_names))
    empty = [f"region '{mesh.region_names[i]}'" for i in np.flatnonzero(triangles == 0)]
    empty += [f"facet group '{mesh.facet_names[i]}'" for i in np.flatnonzero(facets == 0)]
    return [f"{what} is empty." for what in empty]


def _flat_or_inverted(mesh: Mesh) -> list[str]:
    relative = 2 * mesh.areas / squared_lengths(mesh).max(axis=1).clip(min=np.finfo(float).tiny)
    flat = np.flatnonzero(np.abs(relative) <= FLAT)
    inverted = np.flatnonzero(relative < -FLAT)
    problems = []
    if len(flat):
        problems.append(f"{len(flat)} triangles have no area; first: {_place(mesh, flat[0])}.")
    if len(inverted):
        problems.append(
            f"{len(inverted)} triangles are inverted (clockwise); first: "
            f"{_place(mesh, inverted[0])}."
        )
    return problems


def _duplicated_triangles(mesh: Mesh) -> list[str]:
    corners = np.sort(mesh.triangles, axis=1)
    order = np.lexsort(corners.T)
    same = np.all(corners[order[1:]] == corners[order[:-1]], axis=1)
    if not same.any():
        return []
    at = int(np.argmax(same))
    first, second = sorted((int(order[at]), int(order[at + 1])))
    return [
        f"{np.count_nonzero(same)} triangles are given twice; first: {_place(mesh, second)} "
        f"repeats triangle {first}."
    ]


def _crowded_edges(mesh: Mesh) -> list[str]:
    crowded = np.flatnonzero(mesh.edges.count > 2)
    if not len(crowded):
        return []
    side = int(np.flatnonzero(mesh.edges.of_side == crowded[0])[0])
    return [
        f"{len(crowded)} edges have more than two triangles (overlapping parts); first: an edge "
        f"of {_place(mesh, side // 3)}."
    ]


def _stray_facets(mesh: Mesh) -> list[str]:
    stray = np.flatnonzero(mesh.edges.find(mesh.facets) < 0)
    if not len(stray):
        return []
    group = mesh.facet_names[mesh.facet_group[stray[0]]]
    return [
        f"{len(stray)} facets are not edges of the mesh; first: in group '{group}', from "
        f"{_node(mesh, mesh.facets[stray[0], 0])}."
    ]


def _unused_nodes(mesh: Mesh) -> list[str]:
    unused = np.flatnonzero(np.bincount(mesh.triangles.ravel(), minlength=mesh.n_points) == 0)
    if not len(unused):
        return []
    return [f"{len(unused)} nodes belong to no triangle; first: {_node(mesh, unused[0])}."]


def _coincident_nodes(mesh: Mesh) -> list[str]:
    from scipy.spatial import cKDTree

    pairs = cKDTree(mesh.points).query_pairs(NEAR * _size(mesh), output_type="ndarray")
    if not len(pairs):
        return []
    return [
        f"{len(pairs)} pairs of nodes are at the same place; first: {_node(mesh, pairs[0, 0])} "
        f"and node {pairs[0, 1]}. Merge the parts (in gmsh: `Coherence;`, or fragment with "
        "OpenCASCADE) before meshing."
    ]


def _hanging_nodes(mesh: Mesh) -> list[str]:
    """Find outer nodes that lie inside an outer edge: parts that touch without sharing nodes."""
    from scipy.spatial import cKDTree

    facets = mesh.boundary
    nodes = np.unique(facets)
    start, end = mesh.points[facets[:, 0]], mesh.points[facets[:, 1]]
    half = 0.5 * np.linalg.norm(end - start, axis=1)
    near = cKDTree(mesh.points[nodes]).query_ball_point((start + end) / 2, half)
    edge = np.repeat(np.arange(len(facets)), [len(found) for found in near])
    node = nodes[np.concatenate([np.asarray(found, dtype=np.intp) for found in near])]
    apart = np.all(node[:, None] != facets[edge], axis=1)
    edge, node = edge[apart], node[apart]
    along, off = end[edge] - start[edge], mesh.points[node] - start[edge]
    distance = np.abs(along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0]) / (2 * half[edge])
    tolerance = NEAR * _size(mesh)
    ends = np.minimum(np.linalg.norm(off, axis=1), np.linalg.norm(off - along, axis=1))
    hanging = np.unique(node[(distance <= tolerance) & (ends > tolerance)])
    if not len(hanging):
        return []
    return [
        f"{len(hanging)} nodes lie inside an edge of another triangle without being one of its "
        f"ends; first: {_node(mesh, hanging[0])}. The parts touch but are not joined: mesh them "
        "together."
    ]


def _overlapping(mesh: Mesh) -> list[str]:
    """Find triangles on top of each other in a mesh without other problems.

    Triangles of one orientation cover nothing twice where the angles around every inner node
    make one turn and the outline does not cross itself.
    """
    import shapely

    angle = np.bincount(mesh.triangles.ravel(), corner_angles(mesh).ravel(), mesh.n_points)
    outer = np.zeros(mesh.n_points, dtype=np.bool_)
    outer[mesh.boundary] = True
    excess = angle - 2 * np.pi
    wrong = np.flatnonzero(np.where(outer, excess, np.abs(excess)) > TURN)
    problems = []
    if len(wrong):
        problems.append(
            f"the triangles around {len(wrong)} nodes overlap; first: those around "
            f"{_node(mesh, wrong[0])} make {np.degrees(angle[wrong[0]]):.4g} degrees."
        )
    outline = shapely.linestrings(mesh.points[mesh.boundary] / _size(mesh))
    crossing = shapely.STRtree(outline).query(outline, predicate="crosses")
    crossing = crossing[:, crossing[0] < crossing[1]]
    if crossing.size:
        first, second = (mesh.boundary[edge, 0] for edge in crossing[:, 0])
        problems.append(
            f"the outer boundary crosses itself {crossing.shape[1]} times, so triangles overlap; "
            f"first: the edges from {_node(mesh, first)} and from {_node(mesh, second)}."
        )
    return problems


def _disconnected(mesh: Mesh) -> list[str]:
    part = _parts(mesh)
    sizes = np.bincount(part)
    if len(sizes) == 1:
        return []
    largest = int(sizes.argmax())
    first = int(np.flatnonzero(part != largest)[0])
    return [
        f"the mesh falls into {len(sizes)} parts that share no node; beside the largest, one with "
        f"{sizes[part[first]]} triangles around {_place(mesh, first)}."
    ]


def _parts(mesh: Mesh) -> NDArray[np.intp]:
    """Return the number of the connected part of each triangle, (m,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    a, b = mesh.edges.sides.T
    ones = np.ones(len(a), dtype=np.int8)
    graph = coo_array((ones, (a, b)), shape=(mesh.n_points, mesh.n_points))
    of_node = connected_components(graph, directed=False)[1][mesh.triangles[:, 0]]
    return np.unique(of_node, return_inverse=True)[1].reshape(-1)


def _size(mesh: Mesh) -> float:
    return float(np.ptp(mesh.points, axis=0).max())
