"""Smooth curves between corners: what is measured and placed along them.

The chains of a partition are joined where they run on smoothly, cut at their corners, and
interpolated by cubic Hermite pieces with tangents of second order.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import MeshError
from pyscl.geometry.partition import Chain

Array = NDArray[np.float64]

CORNER = np.radians(30.0)  # a larger turn at a vertex is a corner
FINE = np.radians(7.5)  # a smaller turn is that of a finely sampled curve: 48 points on a circle
BULGE = 5e5  # tolerances that a curve may leave its polyline by, unless it is an arc
UNEQUAL = 1.5  # ratio of neighbouring turns and segments up to which they are those of an arc
GRADUAL = np.radians(20.0)  # turns of a smooth curve grow by less from vertex to vertex
BENT = 1e-6  # a smaller turn [rad] is that of a straight side
STRAIGHT = 1e-9  # a smaller turn [rad] is none
UNEVEN = 3.0  # a segment so many times longer than its neighbour is straight


@dataclass(eq=False)
class Curve:
    """A smooth curve between two junctions, or a smooth closed one.

    Attributes:
        points: (n, 2) vertices [m].
        left: region on the left, None outside.
        right: region on the right, None outside.
        name: facet group, or None.
        start: number of the first junction.
        end: number of the last junction; of a closed curve the first again.
        closed: whether it runs smoothly through its start.
        twin: number of the curve on the opposite periodic side, -1 without.
    """

    points: Array
    left: str | None
    right: str | None
    name: str | None
    start: int
    end: int
    closed: bool
    twin: int = -1
    nodes: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    @cached_property
    def s(self) -> Array:
        """(n,) length along the chords up to each vertex [m]."""
        steps = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])

    @property
    def length(self) -> float:
        """Length [m]."""
        return float(self.s[-1])

    @cached_property
    def straight(self) -> bool:
        """Whether it does not bend."""
        return bool(np.abs(self._turn).max() <= 1e-6)

    @property
    def outer(self) -> bool:
        """Whether one side is outside the domain."""
        return self.left is None or self.right is None

    def region(self, side: int) -> str | None:
        """Return the region on the left (side +1) or on the right (side -1)."""
        return self.left if side > 0 else self.right

    @cached_property
    def _turn(self) -> Array:
        """(n,) turn of the direction at each vertex [rad]."""
        return turns(self.points, self.closed)

    @cached_property
    def curvature(self) -> Array:
        """(n,) curvature at each vertex [1/m], positive where the curve turns left."""
        steps = np.diff(self.s)
        before, after = np.append(steps[-1], steps), np.append(steps, steps[0])
        width = 0.5 * (before + after)
        if not self.closed:
            width[0], width[-1] = steps[0], steps[-1]
        curvature = self._turn / width
        if not self.closed and len(curvature) > 2:
            curvature[0], curvature[-1] = curvature[1], curvature[-2]
        return curvature

    @cached_property
    def _tangents(self) -> tuple[Array, Array]:
        """(n-1, 2) unit tangents at the start and at the end of every segment."""
        step = np.diff(self.points, axis=0)
        length = np.linalg.norm(step, axis=1)
        direction = step / length[:, None]
        before = np.roll(np.arange(len(step)), 1)
        mean = direction * length[before, None] + direction[before] * length[:, None]
        if not self.closed:
            mean[0] = direction[0]
        mean /= np.linalg.norm(mean, axis=1, keepdims=True)
        ratio = length / length[before]
        begins = np.where((ratio > UNEVEN)[:, None], direction, mean)
        ends = np.where((ratio < 1.0 / UNEVEN)[:, None], direction[before], mean)
        ends = np.roll(ends, -1, axis=0)
        if not self.closed:
            begins[0], ends[-1] = direction[0], direction[-1]
            if len(step) > 1:  # as at the ends of an arc
                begins[0] = _mirrored(ends[0], direction[0], length[0] <= UNEVEN * length[1])
                ends[-1] = _mirrored(begins[-1], direction[-1], length[-1] <= UNEVEN * length[-2])
        return begins, ends

    def _segment(self, s: Array) -> tuple[NDArray[np.intp], Array, Array]:
        at = np.clip(np.searchsorted(self.s, s, side="right") - 1, 0, len(self.s) - 2)
        length = np.diff(self.s)[at]
        return at, length, ((s - self.s[at]) / length)[:, None]

    def at(self, s: Array) -> Array:
        """Return the points (k, 2) [m] at the lengths `s` (k,) [m]."""
        at, length, u = self._segment(s)
        first, last = self.points[at], self.points[at + 1]
        straight = first + u * (last - first)
        begins, ends = (t[at] * length[:, None] for t in self._tangents)
        bend = (begins - (last - first)) * u * (1 - u) ** 2 - (ends - (last - first)) * u**2 * (
            1 - u
        )
        small = np.abs(bend).max(axis=1) <= STRAIGHT * length
        bend[small] = 0.0
        found = straight + bend
        found[s >= self.s[-1]] = self.points[-1]
        return found

    def tangent(self, s: Array) -> Array:
        """Return the unit tangents (k, 2) at the lengths `s` (k,) [m]."""
        at, length, u = self._segment(s)
        step = (self.points[at + 1] - self.points[at]) / length[:, None]
        begins, ends = (t[at] for t in self._tangents)
        slope = step + (begins - step) * (1 - u) * (1 - 3 * u) - (ends - step) * u * (2 - 3 * u)
        return slope / np.linalg.norm(slope, axis=1, keepdims=True)

    def curvature_at(self, s: Array) -> Array:
        """Return the curvature (k,) [1/m] at the lengths `s` [m], positive for left turns."""
        return np.interp(s, self.s, self.curvature)


def _mirrored(tangent: Array, chord: Array, bent: bool) -> Array:
    """Return the tangent at the other end of an arc over a chord."""
    return 2.0 * (tangent @ chord) * chord - tangent if bent else chord


def turns(points: Array, closed: bool) -> Array:
    """Return the turn (n,) of the direction at each vertex of a polyline [rad]; 0 at the ends."""
    step = np.diff(points, axis=0)
    if closed:
        before, after = np.concatenate([step[-1:], step]), np.concatenate([step, step[:1]])
    else:
        before, after = np.concatenate([step[:1], step]), np.concatenate([step, step[-1:]])
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return np.arctan2(cross, np.einsum("ij,ij->i", before, after))


class Junctions:
    """Numbers of the places where curves end."""

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._number: dict[tuple[int, int], int] = {}
        self.points: list[Array] = []

    def number(self, point: Array) -> int:
        """Return the number of the junction at a point [m], a new one if there is none."""
        x, y = np.floor(point / self._tolerance).astype(int).tolist()
        for key in ((x + i, y + j) for i in (0, -1, 1) for j in (0, -1, 1)):
            if key in self._number:
                return self._number[key]
        self._number[x, y] = len(self.points)
        self.points.append(np.array(point))
        return len(self.points) - 1


def smooth_curves(chains: Sequence[Chain], tolerance: float) -> tuple[list[Curve], Array]:
    """Return the smooth curves of the chains of a partition, and the junctions (k, 2) [m].

    Args:
        chains: the chains.
        tolerance: distance below which two ends are the same place [m].

    Raises:
        MeshError: a chain without length.
    """
    polylines = [_cleaned(chain, tolerance) for chain in chains]
    polylines = _joined(polylines, tolerance)
    junctions = Junctions(tolerance)
    curves = []
    for points, labels in polylines:
        closed = bool(np.linalg.norm(points[0] - points[-1]) <= tolerance)
        for piece, smooth in _cut(points, closed, BULGE * tolerance):
            start, end = junctions.number(piece[0]), junctions.number(piece[-1])
            piece[0], piece[-1] = junctions.points[start], junctions.points[end]
            curves.append(Curve(piece, *labels, start, end, smooth))
    return curves, np.array(junctions.points)


Labels = tuple[str | None, str | None, str | None]
Polyline = tuple[Array, Labels]


def _cleaned(chain: Chain, tolerance: float) -> Polyline:
    points = np.array(chain.points, dtype=float)
    if points.ndim != 2 or points.shape[1:] != (2,) or len(points) < 2:
        raise MeshError(f"a chain must have points of shape (n >= 2, 2), not {points.shape}.")
    if not np.isfinite(points).all():
        raise MeshError("a chain has coordinates that are not finite numbers.")
    far = np.linalg.norm(np.diff(points, axis=0), axis=1) > tolerance
    keep = np.append(True, far)
    if not keep[-1]:  # the end stays, its neighbour goes
        keep[np.flatnonzero(keep)[-1]], keep[-1] = False, True
        keep[0] = True
    points = points[keep]
    if len(points) < 2 or (len(points) == 2 and not far.any()):
        x, y = chain.points[0] * 1e9
        raise MeshError(f"the chain at ({x:.6g}, {y:.6g}) nm has no length.")
    return points, (chain.left, chain.right, chain.name)


def _joined(polylines: list[Polyline], tolerance: float) -> list[Polyline]:
    """Join polylines with equal labels where just two ends meet."""
    junctions = Junctions(tolerance)
    ends = [[junctions.number(points[i]) for i in (0, -1)] for points, _ in polylines]
    at: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for index, pair in enumerate(ends):
        for which in (0, 1):
            at[pair[which]].append((index, which))
    follower: dict[int, int] = {}
    for meeting in at.values():
        if len(meeting) != 2:
            continue
        (a, a_end), (b, b_end) = sorted(meeting, key=lambda m: -m[1])
        if a != b and (a_end, b_end) == (1, 0) and polylines[a][1] == polylines[b][1]:
            follower[a] = b
    followed = set(follower.values())
    done: set[int] = set()
    result = []
    order = [i for i in range(len(polylines)) if i not in followed] + list(range(len(polylines)))
    for first in order:
        if first in done:
            continue
        parts, at_curve = [polylines[first][0]], first
        done.add(first)
        while at_curve in follower and follower[at_curve] not in done:
            at_curve = follower[at_curve]
            done.add(at_curve)
            parts.append(polylines[at_curve][0][1:])
        result.append((np.concatenate(parts), polylines[first][1]))
    return result


def _corners(points: Array, closed: bool, bulge: float) -> NDArray[np.bool_]:
    """Whether vertices (n,) are corners: of large turns, or of blunt ones between long segments.

    Turns above `FINE` belong to a smooth curve only if the curve leads to them from finer ones,
    as to the tip of an ellipse; without, as on a regular polygon, they are corners.

    Args:
        points: (n, 2) vertices [m].
        closed: whether the last is the first.
        bulge: what a smooth curve may leave the segments by, unless they approximate an arc [m].
    """
    turn = np.abs(turns(points, closed))
    step = np.linalg.norm(np.diff(points, axis=0), axis=1)
    ends = (step[-1:], step[:1]) if closed else (step[:1], step[-1:])
    before, after = np.concatenate([ends[0], step]), np.concatenate([step, ends[1]])
    width = np.minimum(0.5 * (before + after), UNEVEN * np.minimum(before, after))
    last = len(points) - 1
    follower = np.minimum(np.arange(1, last + 2) % last if closed else np.arange(1, last + 2), last)
    leader = np.maximum(np.append(last - 1 if closed else 0, np.arange(last)), 0)
    arc = np.ones(len(points), dtype=bool)
    for values in (turn, width):
        for other in (values[follower], values[leader]):
            arc &= (other < UNEQUAL * values) & (values < UNEQUAL * other)
    corner = (turn > CORNER) | ((turn * width / 8.0 > bulge) & ~arc)
    return np.asarray(corner | ~_led_to(turn, corner, follower, leader))


def _led_to(
    turn: Array, corner: NDArray[np.bool_], follower: NDArray[np.intp], leader: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Whether vertices (n,) have fine turns, or growing ones between them and a fine one.

    Vertices without a turn, as on the sides of a polygon, lead nowhere.
    """
    fine = turn <= FINE
    reached = fine & (turn > BENT) & ~corner
    while True:
        more = reached.copy()
        for other in (follower, leader):
            more |= reached[other] & ~corner & (turn - turn[other] < GRADUAL)
        if np.array_equal(more, reached):
            return reached | fine
        reached = more


def _cut(points: Array, closed: bool, bulge: float) -> list[tuple[Array, bool]]:
    """Return the pieces of a polyline between corners, and whether one is smooth and closed."""
    if closed:
        points[-1] = points[0]
    corners = np.flatnonzero(_corners(points, closed, bulge)[:-1])
    if closed:
        if len(corners) == 0:
            return [(points, True)]
        points = np.concatenate([points[corners[0] : -1], points[: corners[0] + 1]])
        corners = corners - corners[0]
    inner = [c for c in corners.tolist() if c > 0]
    breaks = [0, *inner, len(points) - 1]
    return [(points[i : j + 1].copy(), False) for i, j in pairwise(breaks)]
