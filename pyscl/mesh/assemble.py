"""From what a file holds (any node order, z, groups by name) to a `Mesh`."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import MeshError, unknown_name
from pyscl.mesh.mesh import Mesh

METRES = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "angstrom": 1e-10}

HOW_TO_NAME = (
    'Name every surface in gmsh, e.g. `Physical Surface("electrolyte") = {1, 2};` in a .geo file '
    'or gmsh.model.addPhysicalGroup(2, [1, 2], name="electrolyte") in Python.'
)


def metres_per(unit: str) -> float:
    """Return the length of a unit of mesh coordinates [m].

    Raises:
        InputError: the unit is not one of m, mm, um, nm, angstrom.
    """
    if unit not in METRES:
        raise unknown_name("length unit", unit, METRES, "for mesh coordinates")
    return METRES[unit]


@dataclass
class FileContent:
    """Triangles, lines and named groups as they stand in a mesh file.

    Attributes:
        points: (n, 2) or (n, 3) coordinates in the unit of the file.
        triangles: (m, 3) rows of `points`.
        surface: (m,) number of the geometric surface of each triangle.
        regions: region name -> indices of its triangles.
        lines: (k, 2) rows of `points`.
        groups: facet group name -> indices of its lines.
    """

    points: NDArray[np.float64]
    triangles: NDArray[np.int64]
    surface: NDArray[np.int64]
    regions: dict[str, NDArray[np.intp]] = field(default_factory=dict)
    lines: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    groups: dict[str, NDArray[np.intp]] = field(default_factory=dict)


def assemble(content: FileContent, unit: str, source: str) -> Mesh:
    """Build the mesh: plane, counter-clockwise, without unused nodes.

    Args:
        content: what the file holds.
        unit: its length unit.
        source: name of the file, for messages.

    Raises:
        MeshError: no triangles, not plane, or a triangle without exactly one region.
    """
    if len(content.triangles) == 0:
        raise MeshError(
            f"{source} holds no triangles. Mesh the surfaces (2D) before saving, and give them "
            f"physical groups: gmsh saves only elements in physical groups."
        )
    factor = metres_per(unit)
    region = _one_region_each(content, source)
    used = np.unique(content.triangles)
    xyz = content.points[used]
    if xyz.shape[1] == 3 and np.ptp(xyz[:, 2]) > 1e-9 * np.ptp(xyz[:, :2], axis=0).max():
        raise MeshError(
            f"{source} is not plane: z runs from {xyz[:, 2].min():g} to {xyz[:, 2].max():g} {unit}."
            " pyscl computes in the x-y plane (r-z if axisymmetric); save a mesh with constant z."
        )
    number = np.full(len(content.points), -1, dtype=np.int64)
    number[used] = np.arange(len(used))
    facets, facet_group = _facets(content, number)
    mesh = Mesh(
        points=xyz[:, :2] * factor,
        triangles=number[content.triangles].astype(np.int32),
        region=region,
        region_names=tuple(content.regions),
        facets=facets,
        facet_group=facet_group,
        facet_names=tuple(content.groups),
    )
    return _turn_clockwise_surfaces(mesh, content.surface)


def _one_region_each(content: FileContent, source: str) -> NDArray[np.int32]:
    region = np.full(len(content.triangles), -1, dtype=np.int32)
    names = list(content.regions)
    for index, name in enumerate(names):
        members = content.regions[name]
        taken = region[members]
        if np.any(taken >= 0):
            other = names[taken[taken >= 0][0]]
            raise MeshError(
                f"{source}: {np.count_nonzero(taken >= 0)} triangles are in two regions, "
                f"'{other}' and '{name}'. Each surface must be in exactly one named group."
            )
        region[members] = index
    missing = np.count_nonzero(region < 0)
    if missing:
        centre = content.points[content.triangles[region < 0][0], :2].mean(axis=0)
        which = "no triangle has" if missing == len(region) else f"{missing} triangles are not in"
        raise MeshError(
            f"{source}: {which} a named region "
            f"(one at x = {centre[0]:g}, y = {centre[1]:g}). {HOW_TO_NAME}"
        )
    return region


def _facets(
    content: FileContent, number: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return facets and their group; an edge listed twice in one group is kept once."""
    facets, owner = [np.empty((0, 2), dtype=np.int64)], [np.empty(0, dtype=np.int32)]
    for index, members in enumerate(content.groups.values()):
        lines = number[content.lines[members]]
        lines = lines[np.all(lines >= 0, axis=1)]
        _, first = np.unique(np.sort(lines, axis=1), axis=0, return_index=True)
        facets.append(lines[np.sort(first)])
        owner.append(np.full(len(first), index, dtype=np.int32))
    return np.concatenate(facets).astype(np.int32), np.concatenate(owner)


def _turn_clockwise_surfaces(mesh: Mesh, surface: NDArray[np.int64]) -> Mesh:
    """Reverse the triangles of surfaces that are clockwise throughout.

    gmsh meshes a surface clockwise when its curve loop runs clockwise. A surface with triangles
    of both senses is left alone: it is folded, and `check` says where.
    """
    _, index = np.unique(surface, return_inverse=True)
    largest = np.full(index.max() + 1, -np.inf)
    np.maximum.at(largest, index, mesh.areas)
    turn = (largest < 0)[index]
    if not turn.any():
        return mesh
    triangles = np.where(turn[:, None], mesh.triangles[:, [0, 2, 1]], mesh.triangles)
    return replace(mesh, triangles=triangles)
