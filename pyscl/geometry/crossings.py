"""Finding where polylines cross that may only meet at their ends."""

from collections.abc import Sequence

import numpy as np

from pyscl.geometry.outlines import Outline
from pyscl.geometry.pixel_edges import IntArray


def crossing_points(curves: Sequence[Outline], n_junctions: int) -> IntArray:
    """Return the numbers of the network points beside which an outline crosses or touches one.

    Args:
        curves: all outlines and sides, in pixels.
        n_junctions: number of junctions; the points of the network below it.
    """
    segments, first, last, near = _segments(curves, n_junctions)
    one, two = _overlapping(segments)
    share = (first[one] == first[two]) | (first[one] == last[two])
    share |= (last[one] == first[two]) | (last[one] == last[two])
    one, two = one[~share], two[~share]
    meet = _meet(segments[one], segments[two])
    found = np.concatenate([near[one[meet]].ravel(), near[two[meet]].ravel()])
    return np.unique(found[found >= 0])


def _segments(
    curves: Sequence[Outline], n_junctions: int
) -> tuple[np.ndarray, IntArray, IntArray, IntArray]:
    """Return all segments (n, 2, 2), the identities of their two ends, and the nearest points.

    Ends of the same identity are the same point: neighbours in a polyline, or the same junction.
    """
    segments, first, last, near = [], [], [], []
    next_name = n_junctions
    for curve in curves:
        n = len(curve.points)
        names = np.arange(next_name, next_name + n)
        next_name += n
        for end in (0, -1):
            if curve.vertices[end] < n_junctions:
                names[end] = curve.vertices[end]
        if curve.loop:
            names[-1] = names[0]
        segments.append(np.stack([curve.points[:-1], curve.points[1:]], axis=1))
        first.append(names[:-1])
        last.append(names[1:])
        near.append(np.stack([curve.vertices[:-1], curve.vertices[1:]], axis=1))
    return tuple(np.concatenate(part) for part in (segments, first, last, near))  # type: ignore[return-value]


def _overlapping(segments: np.ndarray) -> tuple[IntArray, IntArray]:
    """Return the pairs of segments whose bounding boxes meet."""
    import shapely

    boxes = shapely.box(
        segments[:, :, 0].min(axis=1),
        segments[:, :, 1].min(axis=1),
        segments[:, :, 0].max(axis=1),
        segments[:, :, 1].max(axis=1),
    )
    one, two = shapely.STRtree(boxes).query(boxes)
    keep = one < two
    return one[keep], two[keep]


def _meet(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Tell which pairs of segments (n, 2, 2) have a point in common; their boxes do meet."""

    def side(a: np.ndarray, b: np.ndarray, p: np.ndarray) -> np.ndarray:
        u, v = b - a, p - a
        return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]

    apart = side(one[:, 0], one[:, 1], two[:, 0]) * side(one[:, 0], one[:, 1], two[:, 1]) > 0
    apart |= side(two[:, 0], two[:, 1], one[:, 0]) * side(two[:, 0], two[:, 1], one[:, 1]) > 0
    return ~apart
