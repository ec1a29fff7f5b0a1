"""Error of the charge of a space charge layer that a mesh causes, before anything is solved.

For linear screening over the Debye length L the layer beside a plane interface decays as
exp(-x/L). Lumped first-order elements of height h give its charge times sqrt(1 + (h/2L)^2), an
error of h^2/(8 L^2). Where heights differ every element counts by its part of the energy of the
layer, 2/L exp(-2x/L) per length.

Every triangle of a region belongs to the interface facet of the region that is nearest to its
centroid, and its height is measured normal to that facet. So the long thin triangles of another
layer, and what lies beyond the ends of an interface, do not count.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh.mesh import Mesh

REACH = 12.0  # Debye lengths from the interface beyond which nothing counts
ON_END = 1e-6  # of a facet; a foot point nearer to the end of the interface is beyond it


def charge_errors(
    mesh: Mesh, interfaces: Mapping[str, NDArray[np.int32]], region: str, debye_length: float
) -> dict[str, float]:
    """Return the expected relative error of the charge in a region at each of its interfaces.

    It is that of a weak layer; a layer that is depleted by more than the thermal voltage is wider
    and its error smaller, one that is saturated thinner.

    Args:
        mesh: the mesh.
        interfaces: all interfaces of the region, name -> (k, 2) facets.
        region: the region of the layers.
        debye_length: of the region [m].
    """
    facets = np.concatenate(list(interfaces.values()))
    owner = np.repeat(np.arange(len(interfaces)), [len(f) for f in interfaces.values()])
    inside = _within_reach(mesh, facets, np.flatnonzero(mesh.regions_of(region)), debye_length)
    error, energy, nearest, beyond = _shares(mesh, facets, owner, inside, debye_length)
    found = {}
    for i, (name, own) in enumerate(interfaces.items()):
        mine = (owner[nearest] == i) & ~beyond
        total = energy[mine].sum()
        if total > 0.0:
            found[name] = float((error * energy)[mine].sum() / total)
        else:  # its triangles are nearer to other interfaces: their height at this one
            alone = np.zeros(len(own), dtype=np.intp)
            near = inside[np.isin(mesh.triangles[inside], own).sum(axis=1) >= 2]
            least, weight, _, _ = _shares(mesh, own, alone, near, debye_length)
            found[name] = float((least * weight).sum() / weight.sum())
    return found


def _within_reach(
    mesh: Mesh, facets: NDArray[np.int32], triangles: NDArray[np.intp], debye_length: float
) -> NDArray[np.intp]:
    """Return those of the triangles that may come near enough to the facets to count."""
    from scipy.spatial import cKDTree

    corner = mesh.points[mesh.triangles[triangles]]
    centre = corner.mean(axis=1)
    radius = np.linalg.norm(corner - centre[:, None], axis=-1).max(axis=1)
    ends = mesh.points[facets]
    longest = 0.5 * np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).max()
    gap = cKDTree(ends.mean(axis=1)).query(centre)[0]
    return triangles[gap < REACH * debye_length + radius + longest]


def _shares(
    mesh: Mesh,
    facets: NDArray[np.int32],
    owner: NDArray[np.intp],
    triangles: NDArray[np.intp],
    debye_length: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp], NDArray[np.bool_]]:
    """Return what each triangle (k,) adds to the layer of its nearest facet.

    Args:
        mesh: the mesh.
        facets: (f, 2) facets.
        owner: (f,) number of the interface of each facet.
        triangles: (k,) numbers of triangles.
        debye_length: [m].

    Returns:
        the relative error for its height, its part of the energy, the facet nearest to its
        centroid, and whether it lies beyond an end of the interface of that facet.
    """
    import shapely

    corner = mesh.points[mesh.triangles[triangles]] / debye_length
    centre = corner.mean(axis=1)
    ends = mesh.points[facets] / debye_length
    tree = shapely.STRtree(shapely.linestrings(ends))
    nearest = np.empty(len(triangles), dtype=np.intp)
    which, found = tree.query_nearest(shapely.points(centre), all_matches=False)
    nearest[which] = found
    start, step = ends[nearest, 0], ends[nearest, 1] - ends[nearest, 0]
    along = np.einsum("ij,ij->i", centre - start, step) / np.einsum("ij,ij->i", step, step)
    foot = start + np.clip(along, 0.0, 1.0)[:, None] * step
    normal = centre - foot
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    offset = np.einsum("ijk,ik->ij", corner - foot[:, None], normal)
    first = np.maximum(offset.min(axis=1), 0.0)
    height = offset.max(axis=1) - offset.min(axis=1)
    energy = np.exp(-2.0 * first) * -np.expm1(-2.0 * height)
    width = mesh.areas[triangles] / (height * debye_length**2)
    at_end = _ends(mesh, facets, owner)[nearest]
    beyond = (at_end[:, 0] & (along < ON_END)) | (at_end[:, 1] & (along > 1.0 - ON_END))
    return np.sqrt(1.0 + height**2 / 4.0) - 1.0, energy * width, nearest, beyond


def _ends(mesh: Mesh, facets: NDArray[np.int32], owner: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which nodes (f, 2) of the facets are in no other facet of the same interface."""
    key = facets.astype(np.int64) + mesh.n_points * owner[:, None].astype(np.int64)
    _, at, count = np.unique(key, return_inverse=True, return_counts=True)
    return (count == 1)[at.reshape(key.shape)]
