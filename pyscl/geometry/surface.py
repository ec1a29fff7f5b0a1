"""A closed curve by its arc length, and arcs on chords."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed curve, counter-clockwise, as a function of the arc length from its first point.

    Attributes:
        points: (n + 1, 2), the last one equals the first [m].
        s: (n + 1,) arc length at the points [m].
    """

    points: FloatArray
    s: FloatArray

    @classmethod
    def of(cls, outline: FloatArray) -> "Surface":
        """Return the surface of an outline (n, 2) [m] whose last point is not the first."""
        points = np.concatenate([outline, outline[:1]])
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        return cls(points, np.concatenate([[0.0], np.cumsum(steps)]))

    @property
    def length(self) -> float:
        """Length around [m]."""
        return float(self.s[-1])

    def at(self, s: float) -> FloatArray:
        """Return the point (2,) at arc length s [m], any number of turns."""
        s = s % self.length
        return np.array([np.interp(s, self.s, self.points[:, k]) for k in (0, 1)])

    def tangent(self, s: float) -> FloatArray:
        """Return the direction (2,) at s [m], interpolated between the middles of the segments."""
        middle = (self.s[1:] + self.s[:-1]) / 2.0
        step = np.diff(self.points, axis=0)
        angle = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
        middle = np.concatenate([[middle[-1] - self.length], middle, [middle[0] + self.length]])
        angle = np.concatenate([[angle[-1] - 2 * np.pi], angle, [angle[0] + 2 * np.pi]])
        here = np.interp(s % self.length, middle, angle)
        return np.array([math.cos(here), math.sin(here)])

    def normal(self, s: float) -> FloatArray:
        """Return the outward normal (2,) at s [m]."""
        tx, ty = self.tangent(s)
        return np.array([ty, -tx])

    def between(self, a: float, b: float) -> FloatArray:
        """Return the curve (m, 2) [m] from arc length a to b > a, with all its points between."""
        turns = [
            self.s[:-1] + k * self.length
            for k in range(math.floor(a / self.length), math.floor(b / self.length) + 1)
        ]
        s = np.concatenate(turns)
        index = np.tile(np.arange(len(self.s) - 1), len(turns))
        inner = (s > a + 1e-9 * self.length) & (s < b - 1e-9 * self.length)
        return np.concatenate([[self.at(a)], self.points[index[inner]], [self.at(b)]])


def arc_between(start: FloatArray, end: FloatArray, half: float, points: int) -> FloatArray:
    """Return an arc (points, 2) that bulges to the right of the chord from start to end.

    Args:
        start: (2,) [m].
        end: (2,) [m].
        half: angle between chord and arc at either end, half of the arc's angle [rad].
        points: number of points, ends included.
    """
    centre_line, chord = (start + end) / 2.0, end - start
    size = float(np.linalg.norm(chord))
    along = chord / size
    right = np.array([along[1], -along[0]])
    radius = size / 2.0 / math.sin(half)
    t = np.linspace(-half, half, points)[:, None]
    arc = centre_line + radius * (np.sin(t) * along + (np.cos(t) - math.cos(half)) * right)
    arc[0], arc[-1] = start, end
    return np.asarray(arc)
