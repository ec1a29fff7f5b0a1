"""Simple closed curves as polylines, much finer than any mesh.

Curves are drawn with the area of the true shape, not with corners on it: a disc of radius r
encloses exactly pi r^2.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

POINTS = 360
"""Points around a closed curve; the line is within 3e-5 of its size of the true curve."""


def disc(centre: ArrayLike, radius: float, points: int = POINTS) -> FloatArray:
    """Return a circle, counter-clockwise.

    Args:
        centre: (2,) [m].
        radius: [m].
        points: number of points.

    Returns:
        (points, 2) outline [m] with the area pi radius^2.
    """
    return ellipse(centre, radius, radius, 0.0, points)


def ellipse(
    centre: ArrayLike, a: float, b: float, angle: float = 0.0, points: int = POINTS
) -> FloatArray:
    """Return an ellipse, counter-clockwise.

    Args:
        centre: (2,) [m].
        a: half axis along `angle` [m].
        b: half axis across [m].
        angle: from the x axis to the axis a [rad].
        points: number of points.

    Returns:
        (points, 2) outline [m] with the area pi a b.
    """
    step = 2.0 * math.pi / points
    t = step * np.arange(points)
    swell = math.sqrt(step / math.sin(step))  # gives the inscribed polygon the full area
    return placed(swell * np.column_stack([a * np.cos(t), b * np.sin(t)]), centre, angle)


def polygon(centre: ArrayLike, radius: float, corners: int, angle: float = 0.0) -> FloatArray:
    """Return a regular polygon, counter-clockwise.

    Args:
        centre: (2,) [m].
        radius: of the disc of the same area [m].
        corners: number of corners.
        angle: of the first corner [rad].
    """
    step = 2.0 * math.pi / corners
    t = step * np.arange(corners)
    around = radius * math.sqrt(step / math.sin(step))
    return placed(around * np.column_stack([np.cos(t), np.sin(t)]), centre, angle)


def stadium(
    centre: ArrayLike, length: float, width: float, angle: float = 0.0, points: int = POINTS // 2
) -> FloatArray:
    """Return a rectangle with round ends, counter-clockwise: a wire seen from the side.

    Args:
        centre: (2,) [m].
        length: from end to end, more than `width` [m].
        width: [m].
        angle: of the length [rad].
        points: on the round ends together.

    Returns:
        (n, 2) outline [m] with the area width (length - width) + pi width^2/4.
    """
    half, radius = points // 2, width / 2.0
    step = math.pi / half
    t = np.linspace(-math.pi / 2.0, math.pi / 2.0, half + 1)
    end = radius * np.column_stack([np.cos(t), np.sin(t)])
    end[:, 0] *= step / math.sin(step)  # full area of the half discs, true width of the sides
    end[:, 0] += (length - width) / 2.0
    return placed(np.concatenate([end, -end]), centre, angle)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> FloatArray:
    """Return the outline of a rectangle between two corners [m], counter-clockwise."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def placed(points: FloatArray, centre: ArrayLike, angle: float) -> FloatArray:
    """Return points (n, 2) turned by an angle [rad] and moved to a centre [m]."""
    cos, sin = math.cos(angle), math.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(centre, dtype=np.float64)
