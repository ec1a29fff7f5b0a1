"""Sizes along curves, and the nodes placed by them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pyscl.meshing.clearance import Clearance
from pyscl.meshing.curves import Curve
from pyscl.meshing.faces import Corner, Half
from pyscl.meshing.sizes import MeshSizes

Array = NDArray[np.float64]

SLOPE = 0.3  # growth of sizes with the distance
CHORD = 0.1  # largest turn from node to node [rad]: 0.17 % of the area of a disc
WEIGHT_MARGIN = 0.9  # below the size along a curve at which edge weights become negative
UPRIGHT = np.radians(20.0)  # layers end on an outer side that is so near to normal
GAP_FLOOR = 0.125  # smallest size in a narrow gap, in sizes at a junction
NEAR_JUNCTION = 8.0  # sizes at a junction within which the sizes are not smaller than there
FIRST_ALONG = 2.0  # size along a curve at a junction, in first layers
FIT = 0.55  # part of the free radius that layers may fill
WIDE = 0.8  # layers end when they are so thick for their width


@dataclass(frozen=True)
class Slide:
    """The end of the layers beside a curve on an outer side.

    Attributes:
        outer: number of the outer curve.
        from_start: whether the outer curve starts there, else it ends there.
        along: unit vector along the outer side, away from the junction.
    """

    outer: int
    from_start: bool
    along: tuple[float, float]


@dataclass
class Plan:
    """What is known before nodes are placed.

    Attributes:
        layered: (n_curves, 2) thickness of the first layer on the left and right [m], inf without.
        measured: (n_curves,) which curves keep others away.
        slides: (curve, side, at its start) -> where its layers end on an outer side.
        junction_size: junction -> size at a junction where layers cannot run through [m].
        floor: (n_curves,) smallest size along a curve [m].
    """

    layered: Array
    measured: NDArray[np.bool_]
    slides: dict[tuple[int, int, bool], Slide] = field(default_factory=dict)
    junction_size: dict[int, float] = field(default_factory=dict)
    floor: Array = field(default_factory=lambda: np.empty(0))


def make_plan(
    curves: Sequence[Curve], corners: Sequence[Corner], sizes: MeshSizes, extent: float
) -> Plan:
    """Decide where layers are, how they end, and which junctions are refined."""
    layered = np.full((len(curves), 2), np.inf)
    for index, curve in enumerate(curves):
        if curve.outer and curve.name not in sizes.sides:
            continue
        for column, region in enumerate((curve.left, curve.right)):
            first = sizes.first_layer(region)
            layered[index, column] = np.inf if first is None else first
    bulk = np.array([_bulk(curve, sizes, extent) for curve in curves])
    first = layered.min(axis=1)
    floor = np.where(np.isfinite(first), FIRST_ALONG * first, bulk / 10.0)
    measured = np.array([not c.outer or c.name in sizes.sides for c in curves])
    plan = Plan(layered, measured, floor=np.minimum(floor, bulk))
    graded = set()
    for corner in corners:
        graded |= _end_layers(curves, corner, plan)
    for index, curve in enumerate(curves):
        for junction in {curve.start, curve.end} & graded:
            known = plan.junction_size.get(junction, np.inf)
            plan.junction_size[junction] = min(known, float(plan.floor[index]))
    return plan


def _bulk(curve: Curve, sizes: MeshSizes, extent: float) -> float:
    regions = [r for r in (curve.left, curve.right) if r is not None]
    return min(sizes.bulk_in(region, extent) for region in regions)


def _end_layers(curves: Sequence[Curve], corner: Corner, plan: Plan) -> set[int]:
    """Let layers end on an outer side, or return the junction as one to be refined."""

    def has_layers(half: Half) -> bool:
        return bool(np.isfinite(plan.layered[half[0], 0 if half[1] > 0 else 1]))

    halves = (corner.into, corner.out)
    with_layers = [half for half in halves if has_layers(half)]
    index, side = corner.out
    junction = curves[index].start if side > 0 else curves[index].end
    if not with_layers:
        return set()
    if curves[index].closed:
        return set()
    if len(with_layers) == 1:
        half = with_layers[0]
        other = halves[1 - halves.index(half)]
        outer = curves[other[0]]
        if abs(corner.angle - np.pi / 2.0) <= UPRIGHT and outer.outer and outer.straight:
            # `out` leaves the junction: at the start of its curve for side +1, else at the end
            starts = (half == corner.out) == (half[1] > 0)
            from_start = (other == corner.out) == (other[1] > 0)
            step = outer.points[-1] - outer.points[0]
            along = (1.0 if from_start else -1.0) * step / np.linalg.norm(step)
            plan.slides[half[0], half[1], starts] = Slide(
                other[0], from_start, (float(along[0]), float(along[1]))
            )
            return set()
    return {junction}


class Spacing:
    """Sizes along all curves at the samples of the clearance.

    Attributes:
        s: by curve, (k,) lengths along it [m].
        size: by curve, (k,) wanted size along it [m].
        free: by curve, (k, 2) free radius left and right, outer sides included [m].
    """

    def __init__(
        self,
        curves: Sequence[Curve],
        plan: Plan,
        clearance: Clearance,
        sizes: MeshSizes,
        extent: float,
    ) -> None:
        self.s: list[Array] = []
        self.size: list[Array] = []
        self.free: list[Array] = []
        self._closed = [curve.closed for curve in curves]
        walls = _walls(curves, plan.measured)
        samples = [c.at(s) for c, s in zip(curves, clearance.s, strict=True)]
        inner = [p for p, m in zip(samples, plan.measured, strict=True) if m]
        tree = cKDTree(np.concatenate(inner)) if inner else None
        for index, curve in enumerate(curves):
            s, radius = clearance.s[index], clearance.radius[index]
            if plan.measured[index]:
                free = np.minimum(radius, _distance_to_walls(curve, s, walls, extent))
                near = free.min(axis=1)
            else:
                free = radius
                near = 0.7 * tree.query(samples[index])[0] if tree else np.full(len(s), extent)
            floor = _floor(curve, s, plan, index)
            size = np.minimum(_bulk(curve, sizes, extent), np.maximum(near, floor))
            size = np.minimum(size, _bend_limit(curve, s, plan.layered[index], sizes))
            s, size, free = _refined_ends(curve, s, size, free, plan)
            self.s.append(s)
            self.size.append(_graded(s, size, curve.closed))
            self.free.append(free)

    def halve(self, index: int, first: Array, last: Array) -> None:
        """Halve the size along a curve between the lengths `first` and `last` (k,) [m]."""
        s = np.unique(np.concatenate([self.s[index], first, 0.5 * (first + last), last]))
        size = np.interp(s, self.s[index], self.size[index])
        old = self.free[index]
        self.free[index] = np.column_stack([np.interp(s, self.s[index], f) for f in old.T])
        for begin, end in zip(first.tolist(), last.tolist(), strict=True):
            within = slice(np.searchsorted(s, begin), np.searchsorted(s, end, side="right"))
            size[within] = np.minimum(size[within], 0.499 * (end - begin))
        self.s[index], self.size[index] = s, _graded(s, size, self._closed[index])


def _floor(curve: Curve, s: Array, plan: Plan, index: int) -> Array:
    """Smallest size (k,) [m]: smaller in gaps than at junctions, where all gaps close."""
    floor = np.full(len(s), GAP_FLOOR * plan.floor[index])
    for junction, away in ((curve.start, s), (curve.end, curve.length - s)):
        first = plan.junction_size.get(junction)
        if first is not None:
            floor[away < NEAR_JUNCTION * first] = first
    return floor


def _bend_limit(curve: Curve, s: Array, layered: Array, sizes: MeshSizes) -> Array:
    """Largest size by the curvature and by what the user asks for."""
    bend = curve.curvature_at(s)
    limit = CHORD / np.maximum(np.abs(bend), 1e-300)
    asked = [sizes.along_in(r) for r in (curve.left, curve.right) if r is not None]
    given = [size for size in asked if size is not None]
    if given and not curve.outer:
        return np.minimum(limit, min(given))
    inside = np.where(bend > 0.0, layered[0], layered[1])  # the side the curve bends to
    bent = np.abs(bend) > 1e-300
    with np.errstate(over="ignore"):
        chord = WEIGHT_MARGIN * np.sqrt(2.0 * inside / np.where(bent, np.abs(bend), 1e-300))
    return np.minimum(limit, chord)


def _walls(curves: Sequence[Curve], measured: NDArray[np.bool_]) -> Array:
    """Segments (k, 2, 2) [m] of the outer sides without layers."""
    parts = [np.empty((0, 2, 2))]
    for curve, m in zip(curves, measured, strict=True):
        if not m:
            p = curve.points[[0, -1]] if curve.straight else curve.points
            parts.append(np.stack([p[:-1], p[1:]], axis=1))
    return np.concatenate(parts)


def _distance_to_walls(curve: Curve, s: Array, walls: Array, extent: float) -> Array:
    """Distance (k, 2) along the normals to the left and right to an outer side [m]."""
    found = np.full((len(s), 2), extent)
    if not len(walls):
        return found
    point, tangent = curve.at(s), curve.tangent(s)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    step = walls[:, 1] - walls[:, 0]
    off = walls[None, :, 0] - point[:, None]
    across = normal[:, None, 0] * step[None, :, 1] - normal[:, None, 1] * step[None, :, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = (off[..., 0] * step[None, :, 1] - off[..., 1] * step[None, :, 0]) / across
        where = (off[..., 0] * normal[:, None, 1] - off[..., 1] * normal[:, None, 0]) / across
    hit = (where >= 0.0) & (where <= 1.0) & np.isfinite(ahead)
    for column, sign in enumerate((1.0, -1.0)):
        distance = np.where(hit & (sign * ahead > 0.0), np.abs(ahead), extent)
        found[:, column] = np.minimum(distance.min(axis=1), extent)
    found[[0, -1]] = np.minimum(found[[0, -1]], found[[1, -2]])  # an end may lie on a wall
    return found


def _refined_ends(
    curve: Curve, s: Array, size: Array, free: Array, plan: Plan
) -> tuple[Array, Array, Array]:
    """Limit the size by the distance from refined junctions, with samples dense enough for it."""
    if curve.closed:
        return s, size, free
    for junction, reverse in ((curve.start, False), (curve.end, True)):
        first = plan.junction_size.get(junction)
        if first is None:
            continue
        steps = [first]
        while steps[-1] < curve.length / 2.0:
            steps.append(steps[-1] * 1.2)
        extra = np.array(steps[:-1])
        more = np.union1d(s, curve.length - extra if reverse else extra)
        size = np.interp(more, s, size)
        free = np.column_stack([np.interp(more, s, free[:, j]) for j in (0, 1)])
        s = more
        away = curve.length - s if reverse else s
        size = np.minimum(size, first + SLOPE * away)
    return s, size, free


def _graded(s: Array, size: Array, closed: bool) -> Array:
    """Limit the growth of the size along the curve."""
    size = size.copy()
    if closed:
        size[0] = size[-1] = min(size[0], size[-1])
    for _ in range(2 if closed else 1):
        size = SLOPE * s + np.minimum.accumulate(size - SLOPE * s)
        size = np.minimum.accumulate((size + SLOPE * s)[::-1])[::-1] - SLOPE * s
        if closed:
            size[0] = size[-1] = min(size[0], size[-1])
    return size


def place(s: Array, size: Array, start: float, end: float, least: int) -> Array:
    """Return lengths from `start` to `end` [m], both included, spaced by the size [m].

    Args:
        s: (k,) samples [m].
        size: (k,) size at the samples [m].
        start: first length [m].
        end: last length [m].
        least: number of steps, at least.
    """
    within = np.concatenate([[start], s[(s > start) & (s < end)], [end]])
    part = np.linspace(0.0, 1.0, 8, endpoint=False)
    fine = (within[:-1, None] + part * np.diff(within)[:, None]).ravel()
    fine = np.append(fine, end)
    density = 1.0 / np.interp(fine, s, size)
    count = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(fine))])
    steps = max(least, int(np.ceil(count[-1] - 1e-6)))
    found = np.interp(np.linspace(0.0, count[-1], steps + 1), count, fine)
    found[0], found[-1] = start, end
    return found
