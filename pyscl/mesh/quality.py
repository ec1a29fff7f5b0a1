"""Shape numbers of triangles and edges: angles, heights, cotangent weights."""

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh.mesh import Mesh


def squared_lengths(mesh: Mesh) -> NDArray[np.float64]:
    """Return the squared length [m2] of side j (vertex j to j+1) of each triangle, (m, 3)."""
    corner = mesh.points[mesh.triangles]
    side = np.roll(corner, -1, axis=1) - corner
    return np.einsum("tjx,tjx->tj", side, side)


def smallest_angles(mesh: Mesh, squared: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smallest angle of each triangle [degrees], (m,); it faces the shortest side."""
    doubled = 2 * np.abs(mesh.areas)
    shortest = squared.argmin(axis=1)
    others = squared.sum(axis=1) - 2 * squared[np.arange(len(squared)), shortest]
    return np.degrees(np.arctan2(2 * doubled, others))


def largest_angles(mesh: Mesh) -> NDArray[np.float64]:
    """Return the largest angle of each triangle [degrees], (m,); it faces the longest side.

    First-order elements interpolate well, however thin, as long as it stays below 180 degrees
    (Babuska and Aziz, SIAM J. Numer. Anal. 13 (1976) 214).
    """
    squared = squared_lengths(mesh)
    longest = squared.argmax(axis=1)
    others = squared.sum(axis=1) - 2 * squared[np.arange(len(squared)), longest]
    return np.degrees(np.arctan2(4 * np.abs(mesh.areas), others))


def corner_angles(mesh: Mesh) -> NDArray[np.float64]:
    """Return the angle at each corner of each triangle [rad], (m, 3)."""
    squared = squared_lengths(mesh)
    facing = np.roll(squared, -1, axis=1)  # of corner j: from vertex j+1 to j+2
    others = squared.sum(axis=1, keepdims=True) - 2 * facing
    return np.arctan2(4 * np.abs(mesh.areas)[:, None], others)


def edge_weights(
    mesh: Mesh, squared: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return region and P1 stiffness weight of every edge, once per region it touches.

    The weight is half the sum of the cotangents of the opposite angles inside the region; where
    it is negative the discrete maximum principle is not guaranteed.

    Returns:
        region (e,) and weight (e,), dimensionless.
    """
    others = squared.sum(axis=1, keepdims=True) - 2 * squared
    with np.errstate(divide="ignore", invalid="ignore"):
        cotangent = others / (4 * np.abs(mesh.areas)[:, None])
    n_regions = max(len(mesh.region_names), 1)
    key = mesh.edges.of_side * n_regions + np.repeat(mesh.region, 3)
    size = len(mesh.edges.keys) * n_regions
    touched = np.flatnonzero(np.bincount(key, minlength=size))
    weight = np.bincount(key, weights=0.5 * cotangent.ravel(), minlength=size)
    return touched % n_regions, weight[touched].astype(np.float64)
