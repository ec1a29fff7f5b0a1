"""Error of the charge of a space charge layer that a mesh causes, before anything is solved.

For linear screening over the Debye length L the layer beside a plane interface decays as
exp(-x/L). Lumped first-order elements of height h give its charge times sqrt(1 + (h/2L)^2), an
error of h^2/(8 L^2). Where heights differ every element counts by its part of the energy of the
layer, 2/L exp(-2x/L) per length.
"""

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh.mesh import Mesh

REACH = 12.0  # Debye lengths from the interface beyond which nothing counts
CANDIDATES = 8  # nearest facets among which the distance of a node is looked up


def charge_error(
    mesh: Mesh, facets: NDArray[np.int32], region: NDArray[np.bool_], debye_length: float
) -> float:
    """Return the expected relative error of the charge on one side of an interface.

    It is that of a weak layer; a layer that is depleted by more than the thermal voltage is wider
    and its error smaller, one that is saturated thinner.

    Args:
        mesh: the mesh.
        facets: (k, 2) facets of the interface.
        region: (m,) mask of the triangles of the side.
        debye_length: of the side [m].
    """
    inside = np.flatnonzero(region)
    nodes = np.unique(mesh.triangles[inside])
    away = np.full(mesh.n_points, np.inf)
    away[nodes] = _distances(mesh, nodes, facets, REACH * debye_length)
    corner = away[mesh.triangles[inside]] / debye_length
    near = corner.min(axis=1) < REACH
    inside, corner = inside[near], corner[near]
    first = corner.min(axis=1)
    last = np.where(np.isfinite(corner), corner, -np.inf).max(axis=1)
    beyond = ~np.isfinite(corner).all(axis=1)
    height = last - first
    height[beyond] = np.maximum(height[beyond], REACH - first[beyond])
    height = np.maximum(height, 1e-12)
    energy = np.exp(-2.0 * first) * -np.expm1(-2.0 * height)
    growth = np.sqrt(1.0 + height**2 / 4.0) - 1.0
    length = np.linalg.norm(np.diff(mesh.points[facets], axis=1)[:, 0], axis=1).sum()
    width = mesh.areas[inside] / (height * debye_length)
    return float((growth * energy * width).sum() / length)


def _distances(
    mesh: Mesh, nodes: NDArray[np.int32], facets: NDArray[np.int32], reach: float
) -> NDArray[np.float64]:
    """Return the distances (k,) [m] of nodes from facets; inf where they exceed the reach."""
    from scipy.spatial import cKDTree

    start, end = mesh.points[facets[:, 0]], mesh.points[facets[:, 1]]
    step = end - start
    length2 = np.einsum("ij,ij->i", step, step)
    tree = cKDTree(0.5 * (start + end))
    point = mesh.points[nodes]
    found = np.full(len(nodes), np.inf)
    longest = 0.5 * float(np.sqrt(length2.max()))
    near = np.flatnonzero(tree.query(point, distance_upper_bound=reach + longest)[0] < np.inf)
    _, which = tree.query(point[near], k=min(CANDIDATES, len(facets)))
    which = which.reshape(len(near), -1)
    off = point[near, None] - start[which]
    along = np.clip(np.einsum("ijk,ijk->ij", off, step[which]) / length2[which], 0.0, 1.0)
    gap = np.linalg.norm(off - along[..., None] * step[which], axis=-1).min(axis=1)
    found[near] = np.where(gap <= reach, gap, np.inf)
    return found
