"""Labels beside points of a figure, where they cover neither curves nor each other."""

from collections.abc import Sequence

import numpy as np

from pyscl.plot.scales import FloatArray
from pyscl.plot.style import STYLE, text_width

_STEP = 0.02  # of points that stand for a line [inch]
_GAP = 0.06  # from the point to the text [inch]
_CLEAR = 0.06  # by which other points are farther from a text than its own [inch]
_DIAGONAL = 0.7
_DIRECTIONS = (
    (0.0, 1.0),
    (_DIAGONAL, _DIAGONAL),
    (-_DIAGONAL, _DIAGONAL),
    (1.0, 0.0),
    (-1.0, 0.0),
    (_DIAGONAL, -_DIAGONAL),
    (-_DIAGONAL, -_DIAGONAL),
    (0.0, -1.0),
)

Box = tuple[float, float, float, float]
"""Left, bottom, right, top [inch]."""


class Room:
    """What of a figure is still free."""

    def __init__(self, lines: Sequence[FloatArray], frame: Box) -> None:
        """Start with lines (n, 2) [inch] that must stay visible, inside a frame."""
        self._taken = np.concatenate([_along(line, frame) for line in lines])
        self._frame = frame
        self._texts: list[Box] = []

    def place(
        self, point: FloatArray, text: str, others: FloatArray | None = None
    ) -> tuple[float, float] | None:
        """Return where the middle of a text beside a point goes [inch], or None.

        Places above the point are preferred.

        Args:
            point: (2,) [inch].
            text: to be written.
            others: points (n, 2) [inch] that must not lie as near to the text as its own.
        """
        width = text_width(text) + 0.05
        height = STYLE["xtick.labelsize"] / 72.0
        for x, y in _DIRECTIONS:
            middle = point + np.array([x * (_GAP + 0.5 * width), y * (_GAP + 0.5 * height)])
            box = (
                float(middle[0] - 0.5 * width),
                float(middle[1] - 0.5 * height),
                float(middle[0] + 0.5 * width),
                float(middle[1] + 0.5 * height),
            )
            if self._is_free(box) and not _is_beside(box, point, others):
                self._texts.append(box)
                return float(middle[0]), float(middle[1])
        return None

    def _is_free(self, box: Box) -> bool:
        left, bottom, right, top = box
        frame = self._frame
        if left < frame[0] or bottom < frame[1] or right > frame[2] or top > frame[3]:
            return False
        x, y = self._taken.T
        if ((x > left) & (x < right) & (y > bottom) & (y < top)).any():
            return False
        return not any(
            left < other[2] and right > other[0] and bottom < other[3] and top > other[1]
            for other in self._texts
        )


def _is_beside(box: Box, point: FloatArray, others: FloatArray | None) -> bool:
    """Return whether one of the others is about as near to a box as the point, or nearer."""
    if others is None or not len(others):
        return False
    low, high = np.array(box[:2]), np.array(box[2:])
    away = np.vstack([point, others])
    distance = np.hypot(*(away - np.clip(away, low, high)).T)
    return bool(distance[1:].min() < distance[0] + _CLEAR)


def lonely_first(points: FloatArray) -> list[int]:
    """Return the order of points (n, 2) along a curve, those far from their neighbours first."""
    if not len(points):
        return []
    steps = np.hypot(*np.diff(points, axis=0).T)
    apart = np.concatenate([[0.0], steps]) + np.concatenate([steps, [0.0]])
    return [int(k) for k in np.argsort(-apart, kind="stable")]


def _along(line: FloatArray, frame: Box) -> FloatArray:
    """Return closely spaced points on a line, which far outside of the frame is cut."""
    low, high = np.array(frame[:2]) - 1.0, np.array(frame[2:]) + 1.0
    line = np.clip(line, low, high)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    places = np.linspace(0.0, length[-1], int(length[-1] / _STEP) + 2)
    return np.column_stack([np.interp(places, length, column) for column in line.T])
