"""The `Mesh`: points, triangles, named regions and named facet groups."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import MeshError, unknown_name
from pyscl.mesh.topology import Edges

if TYPE_CHECKING:
    from skfem import MeshTri


@dataclass(frozen=True, eq=False)
class Mesh:
    """A plane triangle mesh with named regions and facet groups, in metres.

    The arrays are private read-only copies. Construction checks shapes and index ranges only;
    `pyscl.mesh.check` judges the geometry (inverted triangles, unmerged nodes, ...).

    Attributes:
        points: (n, 2) float64, node coordinates [m].
        triangles: (m, 3) int32, node numbers, counter-clockwise.
        region: (m,) int32, index into `region_names`.
        region_names: names of the regions, unique.
        facets: (k, 2) int32, mesh edges that belong to a group; an edge in several groups
            appears once per group.
        facet_group: (k,) int32, index into `facet_names`.
        facet_names: names of the facet groups, unique.

    Raises:
        MeshError: an array has a wrong shape or refers to something that does not exist.
    """

    points: NDArray[np.float64]
    triangles: NDArray[np.int32]
    region: NDArray[np.int32]
    region_names: tuple[str, ...]
    facets: NDArray[np.int32]
    facet_group: NDArray[np.int32]
    facet_names: tuple[str, ...]

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=np.float64, order="C")
        triangles = _indices("triangles", self.triangles, 3)
        region = _indices("region", self.region)
        facets = _indices("facets", self.facets, 2)
        facet_group = _indices("facet_group", self.facet_group)
        region_names, facet_names = tuple(self.region_names), tuple(self.facet_names)
        if points.ndim != 2 or points.shape[1] != 2:
            raise MeshError(f"points must have shape (n, 2), not {points.shape}.")
        _same_length("triangles", triangles, "region", region)
        _same_length("facets", facets, "facet_group", facet_group)
        _in_range("triangles", triangles, len(points), "points")
        _in_range("facets", facets, len(points), "points")
        _in_range("region", region, len(region_names), "region_names")
        _in_range("facet_group", facet_group, len(facet_names), "facet_names")
        _unique("region_names", region_names)
        _unique("facet_names", facet_names)
        arrays: dict[str, NDArray[np.float64] | NDArray[np.int32]] = {
            "points": points,
            "triangles": triangles,
            "region": region,
            "facets": facets,
            "facet_group": facet_group,
        }
        for name, array in arrays.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        object.__setattr__(self, "region_names", region_names)
        object.__setattr__(self, "facet_names", facet_names)

    def __repr__(self) -> str:
        return (
            f"Mesh({self.n_points} points, {self.n_triangles} triangles, "
            f"regions: {', '.join(self.region_names)}; "
            f"facets: {', '.join(self.facet_names) or 'none'})"
        )

    @property
    def n_points(self) -> int:
        """Number of nodes."""
        return len(self.points)

    @property
    def n_triangles(self) -> int:
        """Number of triangles."""
        return len(self.triangles)

    @cached_property
    def edges(self) -> Edges:
        """The unique edges of the mesh."""
        return Edges.of(self.triangles, self.n_points)

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Signed triangle areas [m2], (m,); negative where a triangle is clockwise."""
        corner = self.points[self.triangles]
        u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
        return 0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])

    def regions_of(self, name: str) -> NDArray[np.bool_]:
        """Return the mask (m,) of the triangles of a region.

        Raises:
            InputError: there is no such region.
        """
        if name not in self.region_names:
            raise unknown_name("region", name, self.region_names)
        return self.region == self.region_names.index(name)

    def facets_of(self, name: str) -> NDArray[np.int32]:
        """Return the facets (k, 2) of a named facet group.

        Raises:
            InputError: there is no such facet group.
        """
        if name not in self.facet_names:
            raise unknown_name("facet group", name, self.facet_names)
        return self.facets[self.facet_group == self.facet_names.index(name)]

    @cached_property
    def interfaces(self) -> dict[str, NDArray[np.int32]]:
        """Facets (k, 2) between two regions, by "a|b" with the names in sorted order.

        Found from the triangles. Every facet runs with region a on its left, so that its right
        normal points from a to b.
        """
        rank = np.argsort(np.argsort(self.region_names))
        side_rank = np.repeat(rank[self.region], 3)
        pairs = self.edges.pairs
        low, high = np.sort(side_rank[pairs], axis=1).T
        left = np.where(side_rank[pairs[:, 0]] == low, pairs[:, 0], pairs[:, 1])
        names = sorted(self.region_names)
        code = np.where(low != high, low * len(names) + high, -1)
        found = {}
        for value in np.unique(code[code >= 0]):
            name = f"{names[value // len(names)]}|{names[value % len(names)]}"
            found[name] = self.edges.sides[left[code == value]]
        return found

    @cached_property
    def boundary(self) -> NDArray[np.int32]:
        """All outer facets (k, 2); every facet runs with the mesh on its left."""
        return self.edges.sides[self.edges.outer_sides]

    def with_regions(self, new_names: Mapping[str, str]) -> "Mesh":
        """Return a mesh with regions renamed; regions given the same name are merged.

        Args:
            new_names: old name -> new name; regions not mentioned keep theirs.

        Raises:
            InputError: an old name does not exist.
        """
        for old in new_names:
            if old not in self.region_names:
                raise unknown_name("region", old, self.region_names)
        renamed = [new_names.get(name, name) for name in self.region_names]
        names = tuple(dict.fromkeys(renamed))
        index = np.array([names.index(name) for name in renamed], dtype=np.int32)
        return replace(self, region=index[self.region], region_names=names)

    def with_part(self, name: str, point: tuple[float, float]) -> "Mesh":
        """Return a mesh in which one connected part of a region has a name of its own.

        Args:
            name: the new region, e.g. one particle of many.
            point: a place (x, y) inside the part [m].

        Raises:
            InputError: a name that exists, or a point outside the mesh.
        """
        from pyscl.mesh.parts import with_part

        return with_part(self, name, point)

    def scaled(self, factor: float) -> "Mesh":
        """Return a mesh with all coordinates multiplied by a positive factor."""
        if not factor > 0:
            raise MeshError(f"a mesh is scaled by a positive factor, not {factor}.")
        return replace(self, points=self.points * factor)

    def renumbered(self) -> "Mesh":
        """Return the same mesh with a small bandwidth.

        Nodes in reverse Cuthill-McKee order, triangles by their smallest node.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import reverse_cuthill_mckee

        i, j = self.edges.sides.T
        ones = np.ones(2 * len(i), dtype=np.int8)
        graph = coo_array(
            (ones, (np.concatenate([i, j]), np.concatenate([j, i]))),
            shape=(self.n_points, self.n_points),
        )
        order = reverse_cuthill_mckee(graph.tocsr(), symmetric_mode=True)
        new_number = np.empty(self.n_points, dtype=np.int32)
        new_number[order] = np.arange(self.n_points, dtype=np.int32)
        triangles = new_number[self.triangles]
        by_node = np.argsort(triangles.min(axis=1), kind="stable")
        return replace(
            self,
            points=self.points[order],
            triangles=triangles[by_node],
            region=self.region[by_node],
            facets=new_number[self.facets],
        )

    def to_skfem(self, unit: str = "m") -> "MeshTri":
        """Return a scikit-fem `MeshTri` with the regions as subdomains and the facet groups.

        Args:
            unit: length unit of the coordinates of the result.
        """
        from pyscl.mesh.skfem_bridge import to_skfem

        return to_skfem(self, unit)

    @classmethod
    def from_skfem(cls, mesh: "MeshTri", unit: str = "m") -> "Mesh":
        """Build from a scikit-fem `MeshTri` whose subdomains name every triangle.

        scikit-fem sorts the nodes of a triangle, so its orientation says nothing; every triangle
        is made counter-clockwise here.

        Args:
            mesh: the scikit-fem mesh.
            unit: length unit of its coordinates.

        Raises:
            MeshError: a triangle is in no subdomain or in several.
        """
        from pyscl.mesh.skfem_bridge import from_skfem

        return from_skfem(mesh, unit)

    @classmethod
    def read(cls, path: str | PathLike[str], unit: str = "m") -> "Mesh":
        """Read a mesh file: gmsh 2.2 or 4.1, or whatever meshio reads.

        Args:
            path: the file.
            unit: length unit of the coordinates in the file.

        Raises:
            MeshError: the file cannot be read or is not a plane mesh of named triangles.
        """
        from pyscl.mesh.io import read

        return read(path, unit)

    def write(self, path: str | PathLike[str], unit: str = "m", digits: int | None = None) -> None:
        """Write a gmsh 4.1 file (ASCII).

        Args:
            path: the file, ending in .msh.
            unit: length unit of the coordinates in the file.
            digits: significant digits of the coordinates; None keeps every bit.
        """
        from pyscl.mesh.io import write

        write(self, path, unit, digits)


def _indices(name: str, values: NDArray[np.int32], columns: int = 0) -> NDArray[np.int32]:
    """Return a C-ordered int32 copy of shape (k, columns), or (k,) for columns = 0."""
    array = np.asarray(values)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise MeshError(f"{name} must hold integers, not {array.dtype}.")
    if array.size == 0:
        array = array.reshape((0, columns) if columns else (0,))
    wanted = f"(k, {columns})" if columns else "(k,)"
    if array.ndim != (2 if columns else 1) or (columns and array.shape[1] != columns):
        raise MeshError(f"{name} must have shape {wanted}, not {array.shape}.")
    if array.size and (array.min() < 0 or array.max() > np.iinfo(np.int32).max):
        raise MeshError(f"{name} holds a number outside 0 ... 2^31-1.")
    return np.array(array, dtype=np.int32, order="C")


def _same_length(
    name: str, array: NDArray[np.int32], other_name: str, other: NDArray[np.int32]
) -> None:
    if len(array) != len(other):
        raise MeshError(f"{len(array)} {name} but {len(other)} entries in {other_name}.")


def _in_range(name: str, array: NDArray[np.int32], limit: int, what: str) -> None:
    if array.size and array.max() >= limit:
        raise MeshError(f"{name} refers to entry {array.max()} of {what}, which has {limit}.")


def _unique(name: str, names: tuple[str, ...]) -> None:
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise MeshError(f"{name} must be unique; given twice: {', '.join(twice)}.")
