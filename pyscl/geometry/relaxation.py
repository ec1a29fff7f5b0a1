"""Dense random packings: bodies at random places push each other apart until none overlap.

Every pair of overlapping discs moves apart, the smaller body more than the larger one; discs off a
body's centre also turn it. In the spirit of the force-biased algorithms of Jodrey and Tory (Phys.
Rev. A 32 (1985) 2347) and Moscinski and Bargiel, with rigid clusters of discs for other shapes.
The number of steps is bounded, so that nothing depends on the speed of the machine: what runs into
the deadline is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.geometry import curves
from pyscl.geometry.bodies import Body
from pyscl.geometry.deadline import Deadline

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

STEPS = 3000
"""Most steps of one relaxation."""

WORK = 1.5e7
"""Most pairs of discs that are looked at in one relaxation."""

TRIES = 50
"""Random places tried for a body before the relaxation; twenty times more for a long one."""

_PATIENCE = 200  # steps in which the overlaps must become a tenth smaller

_FIRST = 8  # of the discs of a long body, one of so many is tried before the others

_OVERRELAXATION = 1.2
_SLACK = 0.02  # part of a gap by which it is first made too wide


@dataclass(frozen=True, eq=False)
class Room:
    """Where the bodies may be.

    Attributes:
        size: (2,) width and height [m].
        wraps: (2,) whether bodies that leave through a side come back through the opposite one.
        low: (2,) least coordinates of walls, for directions that do not wrap [m].
        high: (2,) largest ones [m].
        gap: least distance between bodies, and to walls [m].
        graze: bodies that cross a side do so by at least this depth, and end at least this far
            from a side they do not cross [m].
    """

    size: FloatArray
    wraps: NDArray[np.bool_]
    low: FloatArray
    high: FloatArray
    gap: float
    graze: float


@dataclass(eq=False)
class Packing:
    """Places of bodies: centres (n, 2) [m] and angles (n,) [rad]."""

    bodies: Sequence[Body]
    centre: FloatArray
    angle: FloatArray
    turns: NDArray[np.bool_]


class _Discs:
    """All discs: owner (m,), place on its body (m, 2), radius with half a gap (m,)."""

    def __init__(self, packing: Packing, room: Room, extra: FloatArray) -> None:
        self.owner = np.repeat(
            np.arange(len(packing.bodies)), [len(b.discs) for b in packing.bodies]
        )
        every = np.concatenate([body.discs for body in packing.bodies])
        self.local = every[:, :2]
        self.radius = every[:, 2] + 0.5 * room.gap * (1.0 + _SLACK) + extra[self.owner]
        weight = np.array([body.radius**2 for body in packing.bodies])
        self.weight = weight[self.owner]
        self.rim = np.concatenate([body.rim for body in packing.bodies])
        counts = [len(body.rim) for body in packing.bodies]
        self.rim_owner = np.repeat(np.arange(len(packing.bodies)), counts)
        self.rim_start = np.concatenate([[0], np.cumsum(counts)[:-1]])
        self.inertia = np.array([body.length**2 / 12.0 for body in packing.bodies])

    def arms(self, angle: FloatArray) -> FloatArray:
        """Return the discs' places relative to the centres (m, 2) [m]."""
        cos, sin = np.cos(angle[self.owner]), np.sin(angle[self.owner])
        x, y = self.local.T
        return np.column_stack([cos * x - sin * y, sin * x + cos * y])


class _Placed:
    """Discs that have their places: which others keep clear of all of them.

    A tree holds the first ones; the last ones are compared one by one until it is built anew.
    """

    def __init__(self, count: int, room: Room) -> None:
        self.place, self.radius = np.empty((count, 2)), np.empty(count)
        self.room, self.count, self._in_tree, self._largest = room, 0, 0, 0.0
        self._tree: Any = None

    def add(self, place: FloatArray, radius: FloatArray) -> None:
        """Remember discs at places (m, 2) with radii (m,) [m]."""
        from scipy.spatial import cKDTree

        new = slice(self.count, self.count + len(radius))
        self.place[new], self.radius[new] = place, radius
        self.count = new.stop
        if self.count - self._in_tree > 32 + self._in_tree // 64:
            self._in_tree = self.count
            self._largest = float(self.radius[: self.count].max())
            inside, period = _wrapped(self.place[: self.count], self.room)
            self._tree = cKDTree(inside, boxsize=period)

    def clear(self, place: FloatArray, radius: FloatArray) -> bool:
        """Whether discs at places (m, 2) with radii (m,) [m] overlap none of the others."""
        if len(place) > _FIRST and not self.clear(place[::_FIRST], radius[::_FIRST]):
            return False
        last = np.arange(self._in_tree, self.count)
        other, own = np.tile(last, len(place)), np.repeat(np.arange(len(place)), len(last))
        if not self._clear(other, own, place, radius):
            return False
        if self._tree is None:
            return True
        inside, _ = _wrapped(place, self.room)
        near = self._tree.query_ball_point(inside, (radius + self._largest) * (1.0 + 1e-9))
        own = np.repeat(np.arange(len(place)), [len(n) for n in near])
        other = np.concatenate([np.asarray(n, dtype=np.intp) for n in near])
        return self._clear(other, own, place, radius)

    def _clear(self, other: IntArray, own: IntArray, place: FloatArray, radius: FloatArray) -> bool:
        away = _shortest(self.place[other] - place[own], self.room)
        return bool(np.all(np.hypot(*away.T) >= self.radius[other] + radius[own]))


def relax(
    packing: Packing, room: Room, extra: FloatArray, deadline: Deadline, steps: int = STEPS
) -> float:
    """Move the bodies until none overlap; return the largest overlap that remains [m].

    Args:
        packing: is changed.
        room: the walls and gaps.
        extra: (n,) added to the radius of every disc of a body [m].
        deadline: the bodies stay where they are when it has passed.
        steps: at most so many.
    """
    discs = _Discs(packing, room, extra)
    tolerance = 0.25 * _SLACK * room.gap
    pairs, skin = np.empty((0, 2), dtype=np.intp), 0.3 * float(np.median(discs.radius))
    moved, worst, done, before = np.inf, np.inf, 0, np.inf
    for step in range(steps):
        arms = discs.arms(packing.angle)
        place = packing.centre[discs.owner] + arms
        if moved > 0.5 * skin:
            pairs, moved = _near(discs, place, room, skin), 0.0
        push, turn, worst, total = _pushes(packing, discs, pairs, place, arms, room)
        done += len(pairs)
        if done > WORK or deadline.passed:
            break
        if step % _PATIENCE == 0:
            if total > 0.9 * before:
                break
            before = total
        graze = _grazing(packing, discs, room)
        worst = max(worst, float(np.abs(graze).max(initial=0.0)))
        if worst <= tolerance:
            return 0.0
        push = np.clip(push + graze, -room.size, room.size)
        packing.centre = packing.centre + push
        packing.angle = packing.angle + np.where(packing.turns, turn, 0.0)
        for k in (0, 1):
            if room.wraps[k]:
                packing.centre[:, k] %= room.size[k]
        reach = np.array([body.length for body in packing.bodies])
        moved += float((np.linalg.norm(push, axis=1) + np.abs(turn) * reach / 2.0).max())
    return worst


def scatter(
    packing: Packing, room: Room, extra: FloatArray, rng: np.random.Generator, deadline: Deadline
) -> None:
    """Put the bodies at random places, the longest first, that touch no earlier one if possible.

    Random sequential addition: wires that cross each other, and small bodies inside large ones,
    could hardly come free later on.

    Args:
        packing: is changed; angles only of bodies that may turn.
        room: the walls and gaps.
        extra: (n,) added to the radius of every disc of a body [m].
        rng: source of the places.
        deadline: when it has passed, the other bodies stay where they are.
    """
    discs = _Discs(packing, room, extra)
    order = np.argsort([-body.length for body in packing.bodies], kind="stable")
    placed = _Placed(len(discs.owner), room)
    first = np.searchsorted(discs.owner, np.arange(len(packing.bodies) + 1))
    margin = np.where(room.wraps, 0.0, 0.5 * room.gap)
    for n in order:
        own = slice(first[n], first[n + 1])
        local, r = discs.local[own], discs.radius[own]
        long = packing.bodies[n].length > 4.0 * packing.bodies[n].radius
        around = packing.bodies[n].length / 2.0 + 0.5 * room.gap + extra[n]
        for _ in range(20 * TRIES if long else TRIES):
            if deadline.passed:
                return
            centre = rng.random(2) * room.size
            if packing.turns[n]:
                packing.angle[n] = 2.0 * np.pi * rng.random()
            packing.centre[n] = centre
            at = curves.placed(local, centre, float(packing.angle[n]))
            inside = room.wraps | np.all(
                (at - r[:, None] >= room.low + margin) & (at + r[:, None] <= room.high - margin),
                axis=0,
            )
            if not inside.all():
                continue
            if placed.clear(at, r) if long else placed.clear(centre[None], np.array([around])):
                break
        placed.add(at, r)


def _near(discs: _Discs, place: FloatArray, room: Room, skin: float) -> IntArray:
    """Return the pairs (p, 2) of discs of different bodies that may touch soon."""
    from scipy.spatial import cKDTree

    inside, period = _wrapped(place, room)
    # By classes of size, so that few large discs do not make all small ones neighbours.
    found, top = [], float(discs.radius.max())
    while top > 0.0:
        upto = np.flatnonzero(discs.radius <= top)
        if not len(upto):
            break
        members = upto[discs.radius[upto] > top / 3.0]
        if len(members):
            tree = cKDTree(inside[upto], boxsize=period)
            near = tree.query_ball_point(inside[members], 2.0 * top + skin)
            i = np.repeat(members, [len(n) for n in near])
            j = upto[np.concatenate([np.asarray(n, dtype=np.intp) for n in near])]
            once = (discs.radius[j] <= top / 3.0) | (i < j)
            found.append(np.column_stack([i, j])[once & (discs.owner[i] != discs.owner[j])])
        top /= 3.0
    every = np.concatenate(found)
    i, j = every.T
    apart = _shortest(place[j] - place[i], room)
    close = np.linalg.norm(apart, axis=1) < discs.radius[i] + discs.radius[j] + skin
    every = np.sort(every[close], axis=1)
    return np.asarray(every[np.lexsort(every.T[::-1])])


def _wrapped(place: FloatArray, room: Room) -> tuple[FloatArray, FloatArray]:
    """Return places (n, 2) within one period, and the periods (2,), 0 for none [m]."""
    inside = np.where(room.wraps, place % np.where(room.wraps, room.size, 1.0), place)
    # Rounding may leave a coordinate at the period itself.
    inside = np.where(room.wraps & (inside >= room.size), 0.0, inside)
    return inside, np.where(room.wraps, room.size, 0.0)


def _shortest(apart: FloatArray, room: Room) -> FloatArray:
    period = np.where(room.wraps, room.size, np.inf)
    turns = np.where(room.wraps, np.round(apart / period), 0.0)
    return np.asarray(apart - turns * np.where(room.wraps, room.size, 0.0))


def _pushes(
    packing: Packing,
    discs: _Discs,
    pairs: IntArray,
    place: FloatArray,
    arms: FloatArray,
    room: Room,
) -> tuple[FloatArray, FloatArray, float, float]:
    """Return displacements (n, 2) [m], turns (n,) [rad], largest and total overlap [m]."""
    i, j = pairs.T
    apart = _shortest(place[j] - place[i], room)
    distance = np.maximum(np.linalg.norm(apart, axis=1), 1e-12 * room.size.max())
    overlap = discs.radius[i] + discs.radius[j] - distance
    hit = overlap > 0.0
    i, j, overlap = i[hit], j[hit], overlap[hit]
    towards = apart[hit] / distance[hit, None] * overlap[:, None]
    share = discs.weight[j] / (discs.weight[i] + discs.weight[j])
    disc = np.concatenate([i, j])
    step = np.concatenate([-towards * share[:, None], towards * (1.0 - share)[:, None]])
    wall_disc, wall_step = _walls(discs, place, room)
    disc, step = np.concatenate([disc, wall_disc]), np.concatenate([step, wall_step])
    into_walls = np.linalg.norm(wall_step, axis=1)
    worst = float(into_walls.max(initial=overlap.max(initial=0.0)))
    total = float(into_walls.sum() + overlap.sum())
    count = len(packing.bodies)
    owner, arm = discs.owner[disc], arms[disc]
    hits = np.maximum(np.bincount(owner, minlength=count), 1)
    # Several contacts of one body share the move, but two opposite ones must not cancel slowly.
    scale = _OVERRELAXATION / np.sqrt(hits)
    push = np.column_stack([np.bincount(owner, step[:, k], count) for k in (0, 1)])
    torque = arm[:, 0] * step[:, 1] - arm[:, 1] * step[:, 0]
    turn = np.bincount(owner, torque, count) / (discs.inertia + 1e-300)
    return push * scale[:, None], np.clip(0.5 * turn * scale, -0.3, 0.3), worst, total


def _walls(discs: _Discs, place: FloatArray, room: Room) -> tuple[IntArray, FloatArray]:
    """Return the discs that reach into walls and the steps (k, 2) [m] that take them out."""
    found, steps = [], []
    margin = discs.radius + 0.5 * room.gap
    for k in (0, 1):
        if room.wraps[k]:
            continue
        for depth, sign in (
            (room.low[k] + margin - place[:, k], 1.0),
            (place[:, k] + margin - room.high[k], -1.0),
        ):
            hit = np.flatnonzero(depth > 0)
            step = np.zeros((len(hit), 2))
            step[:, k] = sign * depth[hit]
            found.append(hit)
            steps.append(step)
    if not found:
        return np.empty(0, dtype=np.intp), np.empty((0, 2))
    return np.concatenate(found), np.concatenate(steps)


def _extents(packing: Packing, discs: _Discs) -> FloatArray:
    """Return how far each body reaches from its centre to left, bottom, right, top (n, 4) [m]."""
    cos, sin = np.cos(packing.angle[discs.rim_owner]), np.sin(packing.angle[discs.rim_owner])
    x, y, radius = discs.rim.T
    east, north = cos * x - sin * y, sin * x + cos * y
    ends = np.column_stack([radius - east, radius - north, radius + east, radius + north])
    return np.asarray(np.maximum.reduceat(ends, discs.rim_start, axis=0))


def _grazing(packing: Packing, discs: _Discs, room: Room) -> FloatArray:
    """Return displacements (n, 2) [m] of bodies that cross, or nearly cross, a side by too little.

    They concern directions that wrap; each body goes to the nearer of the two allowed places.
    """
    step = np.zeros((len(packing.bodies), 2))
    if not room.wraps.any() or room.graze <= 0.0:
        return step
    reach = _extents(packing, discs)
    for k in (0, 1):
        if not room.wraps[k]:
            continue
        for side, sign in ((k, -1.0), (k + 2, 1.0)):
            # Signed distance from the extreme point to the nearest copy of the side.
            tip = packing.centre[:, k] + sign * reach[:, side]
            off = tip - room.size[k] * np.round(tip / room.size[k])
            near = np.abs(off) < room.graze
            away = np.where(off >= 0, 1.0, -1.0) * (1.02 * room.graze) - off
            step[near, k] += away[near]
    return step
