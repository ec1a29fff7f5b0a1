"""How much of every triangle lies in every pixel, exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_CHUNK = 40_000  # pairs clipped at a time, which bounds the memory
_NOTHING = 1e-13  # share of a triangle or pixel below which an overlap is rounding


@dataclass(frozen=True, eq=False)
class Overlap:
    """The pieces into which a grid cuts triangles.

    Attributes:
        triangle: number of the triangle of each piece, (k,).
        pixel: number of its pixel, row * n_columns + column, (k,).
        area: of each piece [m2], (k,).
        weight: barycentric coordinates of the centroids of the pieces, (k, 3): the mean over the
            piece of a field that is linear in the triangle is that of its corners with them.
    """

    triangle: IntArray
    pixel: IntArray
    area: FloatArray
    weight: FloatArray


def overlap(
    points: FloatArray, triangles: NDArray[np.integer], x: FloatArray, y: FloatArray
) -> Overlap:
    """Cut triangles by a grid of equal pixels.

    Winding numbers of points inside a convex set stay the same when everything outside is
    projected onto its border. So a triangle whose sides are divided where they cross the lines of
    the pixel, and whose corners are then clamped to the pixel, has the area and the centroid of
    the clipped triangle.

    Args:
        points: (n, 2) [m].
        triangles: (m, 3), counter-clockwise.
        x: equidistant edges of the columns [m], (n_columns + 1,).
        y: equidistant edges of the rows [m], (n_rows + 1,).
    """
    corner = points[triangles]
    low, high = corner.min(axis=1), corner.max(axis=1)
    first, last = [], []
    for axis, edges in enumerate((x, y)):
        step, n = (edges[-1] - edges[0]) / (len(edges) - 1), len(edges) - 1
        start = np.floor((low[:, axis] - edges[0]) / step)
        end = np.floor((high[:, axis] - edges[0]) / step)
        first.append(np.clip(start, 0, n).astype(np.intp))
        last.append(np.where(end < 0, -1, np.minimum(end, n - 1)).astype(np.intp))
    wide, tall = (np.maximum(b - a + 1, 0) for a, b in zip(first, last, strict=True))
    count = wide * tall
    triangle = np.repeat(np.arange(len(triangles)), count)
    within = np.arange(len(triangle)) - np.repeat(np.cumsum(count) - count, count)
    column = first[0][triangle] + within % wide[triangle]
    row = first[1][triangle] + within // wide[triangle]

    contained = (
        (low[triangle, 0] >= x[column])
        & (high[triangle, 0] <= x[column + 1])
        & (low[triangle, 1] >= y[row])
        & (high[triangle, 1] <= y[row + 1])
    )
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    whole = 0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    area, weight = whole[triangle], np.full((len(triangle), 3), 1.0 / 3.0)
    pixel_area = abs((x[1] - x[0]) * (y[1] - y[0]))
    middle = np.column_stack([0.5 * (x[column] + x[column + 1]), 0.5 * (y[row] + y[row + 1])])
    bary, reach = _barycentric(corner, triangle, middle, (x[1] - x[0], y[1] - y[0]))
    filled = ~contained & (bary > reach).all(axis=1)  # the pixel lies in the triangle
    area[filled], weight[filled] = pixel_area, bary[filled]
    apart = ~contained & (bary < -reach).any(axis=1)
    area[apart] = 0.0
    cut = np.flatnonzero(~(contained | filled | apart))
    for some in np.array_split(cut, len(cut) // _CHUNK + 1):
        t, i, j = triangle[some], column[some], row[some]
        origin = np.column_stack([x[i], y[j]])
        size = np.column_stack([x[i + 1], y[j + 1]]) - origin
        area[some], centre = _clipped((corner[t] - origin[:, None]) / size[:, None])
        area[some] *= size.prod(axis=1)
        local = np.linalg.solve(
            np.stack([u[t], v[t]], axis=2), (origin + centre * size - corner[t, 0])[:, :, None]
        )[:, :, 0]
        shares = np.clip(np.column_stack([1.0 - local.sum(axis=1), local]), 0.0, 1.0)
        weight[some] = shares / shares.sum(axis=1, keepdims=True)
    real = area > _NOTHING * np.minimum(whole[triangle], pixel_area)
    return Overlap(triangle[real], (row * (len(x) - 1) + column)[real], area[real], weight[real])


def _barycentric(
    corner: FloatArray, triangle: IntArray, places: FloatArray, size: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Return barycentric coordinates (k, 3) of places, and by how much they change over a pixel.

    The second (k, 3) is the largest change from the middle of a pixel of a size to its corners.
    """
    opposite = np.roll(corner, -2, axis=1) - np.roll(corner, -1, axis=1)
    twice = opposite[:, 0, 0] * opposite[:, 1, 1] - opposite[:, 0, 1] * opposite[:, 1, 0]
    gradient = np.stack([-opposite[:, :, 1], opposite[:, :, 0]], axis=2) / twice[:, None, None]
    start = 1.0 - (gradient * corner).sum(axis=2)
    bary = start[triangle]
    bary += gradient[triangle, :, 0] * places[:, :1]
    bary += gradient[triangle, :, 1] * places[:, 1:]
    change = 0.5 * (np.abs(gradient) * np.array(size)).sum(axis=2)
    return bary, change[triangle]


def _clipped(corner: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return area (k,) and centroid (k, 2) of triangles (k, 3, 2) within the unit square."""
    outline = []
    for a in range(3):
        start, along = corner[:, a], corner[:, (a + 1) % 3] - corner[:, a]
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = np.concatenate([-start / along, (1.0 - start) / along], axis=1)
        t = np.sort(np.clip(np.nan_to_num(crossing, nan=0.0), 0.0, 1.0), axis=1)
        t = np.concatenate([np.zeros((len(t), 1)), t], axis=1)
        outline.append(np.clip(start[:, None] + t[:, :, None] * along[:, None], 0.0, 1.0))
    p = np.concatenate(outline, axis=1)
    q = np.roll(p, -1, axis=1)
    twice = p[:, :, 0] * q[:, :, 1] - p[:, :, 1] * q[:, :, 0]
    area = 0.5 * twice.sum(axis=1)
    moment = (twice[:, :, None] * (p + q)).sum(axis=1) / 6.0
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.nan_to_num(moment / area[:, None], nan=0.5, posinf=0.5, neginf=0.5)
    return area, centre
