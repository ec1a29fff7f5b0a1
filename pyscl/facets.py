"""Facets of a model: their measure, and the sites and regions behind them."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh.topology import edge_keys

if TYPE_CHECKING:
    from pyscl.mesh import Mesh
    from pyscl.model import Model

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]


def facet_measure(model: "Model", facets: IntArray) -> FloatArray:
    """Return the share (k, 2) of each facet's measure that belongs to either end.

    Lengths [m] in planar, areas over the full turn [m2] in axisymmetric coordinates.
    """
    ends = model.mesh.points[facets]
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    if model.coordinates == "planar":
        return np.repeat(0.5 * length[:, None], 2, axis=1)
    r = ends[:, :, 0]
    return 2.0 * np.pi * length[:, None] * (2.0 * r + r[:, ::-1]) / 6.0


def sides_at(mesh: "Mesh", facets: IntArray, region: str | None = None) -> NDArray[np.intp]:
    """Return the triangle side on each facet (k,): that in a region, or the first one."""
    of_side = np.repeat(mesh.region, 3)
    sides = np.arange(len(of_side))
    if region is not None:
        sides = sides[of_side == mesh.region_names.index(region)]
    keys = edge_keys(mesh.edges.sides[sides], mesh.n_points)
    order = np.argsort(keys, kind="stable")
    return sides[order[np.searchsorted(keys[order], edge_keys(facets, mesh.n_points))]]


def facet_sites(
    mesh: "Mesh", triangle_sites: IntArray, facets: IntArray, region: str | None = None
) -> IntArray:
    """Return the sites at both ends of facets (k, 2), on the side of one region."""
    side = sides_at(mesh, facets, region)
    triangle, start = side // 3, side % 3
    ends = np.column_stack(
        [triangle_sites[triangle, start], triangle_sites[triangle, (start + 1) % 3]]
    )
    swapped = mesh.edges.sides[side, 0] != facets[:, 0]
    ends[swapped] = ends[swapped][:, ::-1]
    return np.ascontiguousarray(ends, dtype=np.int32)


def facet_regions(mesh: "Mesh", facets: IntArray) -> IntArray:
    """Return the region behind each outer facet (k,), an index into `mesh.region_names`."""
    return mesh.region[sides_at(mesh, facets) // 3]
