"""Writer of gmsh 4.1 ASCII files with named groups.

Written here rather than with meshio, whose 4.1 writer gives an entity one physical tag at most:
a mesh edge in two groups would lose one.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh.mesh import Mesh

Curves = dict[tuple[int, ...], NDArray[np.int32]]


def gmsh_text(mesh: Mesh, metres_per_unit: float, digits: int | None) -> str:
    """Return the file content.

    Every region is one surface entity, every distinct set of facet groups one curve entity.
    Node and element tags count from 1 in mesh order, so that reading restores the order.

    Args:
        mesh: the mesh.
        metres_per_unit: length unit of the file [m].
        digits: significant digits of the coordinates, None for all.
    """
    points = mesh.points / metres_per_unit
    curves = _curves(mesh)
    lines = ["$MeshFormat", "4.1 0 8", "$EndMeshFormat"]
    lines += _physical_names(mesh)
    lines += _entities(mesh, points, curves)
    lines += _nodes(mesh, points, curves, digits)
    lines += _elements(mesh, curves)
    return "\n".join(lines) + "\n"


def _curves(mesh: Mesh) -> Curves:
    """Return the facets by the set of groups they are in (facet group numbers, ascending)."""
    if len(mesh.facets) == 0:
        return {}
    _, first, edge = np.unique(
        np.sort(mesh.facets, axis=1), axis=0, return_index=True, return_inverse=True
    )
    member = np.zeros((len(first), len(mesh.facet_names)), dtype=bool)
    member[edge.reshape(-1), mesh.facet_group] = True
    in_order = np.argsort(first, kind="stable")
    sets, which = np.unique(member[in_order], axis=0, return_inverse=True)
    facets = mesh.facets[first[in_order]]
    return {
        tuple(np.flatnonzero(groups).tolist()): facets[which.reshape(-1) == index]
        for index, groups in enumerate(sets)
    }


def _physical_names(mesh: Mesh) -> list[str]:
    named = [(1, tag, name) for tag, name in enumerate(mesh.facet_names, 1)]
    named += [(2, tag, name) for tag, name in enumerate(mesh.region_names, 1)]
    rows = [f'{dimension} {tag} "{name}"' for dimension, tag, name in named]
    return ["$PhysicalNames", str(len(rows)), *rows, "$EndPhysicalNames"]


def _entities(mesh: Mesh, points: NDArray[np.float64], curves: Curves) -> list[str]:
    rows = []
    for tag, (groups, facets) in enumerate(curves.items(), 1):
        physical = " ".join(str(group + 1) for group in groups)
        rows.append(f"{tag} {_box(points[facets])} {len(groups)} {physical} 0")
    surfaces = np.unique(mesh.region)
    for index in surfaces:
        box = _box(points[mesh.triangles[mesh.region == index]])
        rows.append(f"{index + 1} {box} 1 {index + 1} 0")
    return ["$Entities", f"0 {len(curves)} {len(surfaces)} 0", *rows, "$EndEntities"]


def _box(points: NDArray[np.float64]) -> str:
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    return f"{low[0]:.9g} {low[1]:.9g} 0 {high[0]:.9g} {high[1]:.9g} 0"


def _nodes(
    mesh: Mesh, points: NDArray[np.float64], curves: Curves, digits: int | None
) -> list[str]:
    """Give every node to a curve it is on, else to a surface of its triangles."""
    owner = np.full((mesh.n_points, 2), -1)
    owner[mesh.triangles, 0] = 2
    owner[mesh.triangles, 1] = mesh.region[:, None] + 1
    for tag, facets in enumerate(curves.values(), 1):
        owner[facets] = (1, tag)
    rows = []
    owners = np.unique(owner, axis=0)
    for dimension, tag in owners:
        members = np.flatnonzero(np.all(owner == (dimension, tag), axis=1))
        rows.append(f"{dimension} {tag} 0 {len(members)}")
        rows += [str(node + 1) for node in members]
        rows += [_coordinates(points[node].tolist(), digits) for node in members]
    n = mesh.n_points
    return ["$Nodes", f"{len(owners)} {n} 1 {n}", *rows, "$EndNodes"]


def _coordinates(xy: Iterable[float], digits: int | None) -> str:
    words = [repr(value) if digits is None else f"{value:.{digits}g}" for value in xy]
    return " ".join([*words, "0"])


def _elements(mesh: Mesh, curves: Curves) -> list[str]:
    rows, tag = [], 0
    for entity, facets in enumerate(curves.values(), 1):
        rows.append(f"1 {entity} 1 {len(facets)}")
        rows += [f"{tag + i} {a + 1} {b + 1}" for i, (a, b) in enumerate(facets.tolist(), 1)]
        tag += len(facets)
    surfaces = np.unique(mesh.region)
    for index in surfaces:
        members = np.flatnonzero(mesh.region == index)
        rows.append(f"2 {index + 1} 2 {len(members)}")
        rows += [
            f"{tag + t + 1} {a + 1} {b + 1} {c + 1}"
            for t, (a, b, c) in zip(members.tolist(), mesh.triangles[members].tolist(), strict=True)
        ]
    total = tag + mesh.n_triangles
    return ["$Elements", f"{len(curves) + len(surfaces)} {total} 1 {total}", *rows, "$EndElements"]
