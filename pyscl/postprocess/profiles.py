"""Profiles along the normals of an interface: straight lines through the triangles beside it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyscl.mesh import Mesh

FloatArray = NDArray[np.float64]


def decay_depths(
    mesh: "Mesh",
    triangle_sites: NDArray[np.int32],
    start: NDArray[np.intp],
    values: FloatArray,
    inside: NDArray[np.bool_],
    remaining: Sequence[float],
) -> FloatArray:
    """Return where a field has fallen to shares of its value on an interface, along the normals.

    One normal starts in the middle of every facet. It is followed from triangle to triangle; on
    their sides and between them ln |value| is taken as linear where the sign stays, which is exact
    for an exponential decay and of second order otherwise.

    A field that changes sign has not decayed: where it does so within depth/ln(1/share) behind the
    depth of a share, which is one decay length of an exponential, that share is not reached. (Of
    sinh, the field between two opposite layers, the depth is 10 % too small at this limit.)

    Args:
        mesh: the mesh.
        triangle_sites: sites at the corners of the triangles (m, 3).
        start: triangle side on every facet (k,), within the region to go through.
        values: of the field on the sites (n_sites,).
        inside: sites among which a share may be reached (n_sites,), in one region.
        remaining: shares of the value on the interface, between 0 and 1.

    Returns:
        Distances from the interface [m], (len(remaining), k); NaN where a share is not reached.
    """
    opposite = np.full(len(mesh.edges.sides), -1)
    pairs = mesh.edges.pairs
    opposite[pairs[:, 0]], opposite[pairs[:, 1]] = pairs[:, 1], pairs[:, 0]
    ends = mesh.points[mesh.edges.sides[start]]
    origin, along = ends.mean(axis=1), ends[:, 1] - ends[:, 0]
    normal = np.column_stack([-along[:, 1], along[:, 0]])  # to the left of a side is its triangle
    normal /= np.hypot(*normal.T)[:, None]

    def corner(side: NDArray[np.intp], which: int, ray: NDArray[np.intp]) -> FloatArray:
        """Return offset to the left of the ray, distance along it and value of a corner (3, k)."""
        triangle, place = side // 3, (side + which - side // 3 * 3) % 3
        away = mesh.points[mesh.triangles[triangle, place]] - origin[ray]
        n = normal[ray]
        return np.array(
            [
                n[:, 0] * away[:, 1] - n[:, 1] * away[:, 0],
                (n * away).sum(axis=1),
                values[triangle_sites[triangle, place]],
            ]
        )

    ray, side = np.arange(len(start)), np.asarray(start)
    left, right = corner(side, 0, ray), corner(side, 1, ray)  # a side runs from left to right
    first = _between(left[2], right[2], np.full(len(ray), 0.5))
    depth, ratio = np.zeros(len(ray)), np.ones(len(ray))
    found = np.full((len(remaining), len(start)), np.nan)
    margin = 1.0 - 1.0 / np.log(np.asarray(remaining, dtype=float))[:, None]
    near = np.ones(len(start), dtype=bool)  # still among the sites inside
    while len(ray):
        apex = corner(side, 2, ray)
        to_left = apex[0] >= 0.0
        left, right = np.where(to_left, apex, left), np.where(to_left, right, apex)
        share = left[0] / (left[0] - right[0])
        here = (1.0 - share) * left[1] + share * right[1]
        with np.errstate(divide="ignore", invalid="ignore"):
            now = _between(left[2], right[2], share) / first[ray]
        for number, level in enumerate(remaining):
            crossed = np.isnan(found[number, ray]) & (now <= level) & near[ray]
            part = _crossing(ratio[crossed], now[crossed], level)
            found[number, ray[crossed]] = (1.0 - part) * depth[crossed] + part * here[crossed]
        turned = now < 0.0
        part = ratio[turned] / (ratio[turned] - now[turned])
        zero = (1.0 - part) * depth[turned] + part * here[turned]
        of_turned = found[:, ray[turned]]
        found[:, ray[turned]] = np.where(zero < margin * of_turned, np.nan, of_turned)
        triangle = side // 3
        following = opposite[3 * triangle + (side - 3 * triangle + np.where(to_left, 1, 2)) % 3]
        near[ray] &= inside[triangle_sites[triangle, (side + 2 - 3 * triangle) % 3]]
        with np.errstate(invalid="ignore"):
            open_ = np.where(np.isnan(found[:, ray]), near[ray], here < margin * found[:, ray])
        on = (following >= 0) & open_.any(axis=0) & np.isfinite(now) & ~turned
        on &= mesh.region[following // 3] == mesh.region[triangle]
        ray, side, depth, ratio = ray[on], following[on], here[on], now[on]
        left, right = left[:, on], right[:, on]
    return found


def _between(first: FloatArray, second: FloatArray, share: FloatArray) -> FloatArray:
    """Return the value between two, linear in its logarithm where the signs agree, (k,)."""
    same = first * second > 0.0
    a, b = np.where(same, first, 1.0), np.where(same, second, 1.0)
    power = np.sign(a) * np.exp((1.0 - share) * np.log(np.abs(a)) + share * np.log(np.abs(b)))
    return np.where(same, power, (1.0 - share) * first + share * second)


def _crossing(before: FloatArray, after: FloatArray, level: float) -> FloatArray:
    """Return at which share of the way from `before` to `after` <= `level` a level is met, (k,)."""
    positive = after > 0.0
    a, b = np.where(positive, after, level), np.maximum(before, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.log(b / level) / np.log(b / a)
        linear = (before - level) / (before - after)
    return np.clip(np.where(positive, power, linear), 0.0, 1.0)
