"""Nodes on the curves, shared at junctions and equal on opposite periodic sides."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import MeshError
from pyscl.meshing.curves import Curve
from pyscl.meshing.sizes import MeshSizes
from pyscl.meshing.spacing import FIT, SLOPE, WIDE, Plan, Spacing, place

Array = NDArray[np.float64]
Ids = NDArray[np.int32]

END_GROWTH = 1.2  # of the size on an outer side after the last layer that ends there


class Nodes:
    """All nodes made so far; numbers never change."""

    def __init__(self, points: Array) -> None:
        self._parts = [points]
        self.count = len(points)

    def add(self, points: Array) -> Ids:
        """Add points (k, 2) [m] and return their numbers (k,)."""
        first = self.count
        self._parts.append(points)
        self.count += len(points)
        return np.arange(first, self.count, dtype=np.int32)

    @property
    def points(self) -> Array:
        """(n, 2) all points [m]."""
        return np.concatenate(self._parts)


def layer_tops(sizes: MeshSizes, region: str | None, thickest: float) -> tuple[Array, Array]:
    """Return thickness and top (n,) of the layers [m] in a region."""
    thickness = np.array([] if region is None else sizes.layers(region, thickest))
    return thickness, np.cumsum(thickness)


def find_twins(
    curves: Sequence[Curve], pairs: Sequence[tuple[str, str]], tolerance: float
) -> dict[int, tuple[int, bool]]:
    """Return curve on the second periodic side -> its twin on the first, and whether reversed.

    Raises:
        MeshError: the sides are not the same line.
    """
    twins: dict[int, tuple[int, bool]] = {}
    for first, second in pairs:
        a, b = ([i for i, c in enumerate(curves) if c.name == name] for name in (first, second))
        if not a or not b:
            raise MeshError(f"periodic sides '{first}' and '{second}': one of them has no curve.")
        low = [np.min([curves[i].points.min(axis=0) for i in side], axis=0) for side in (a, b)]
        shift = low[1] - low[0]
        for index in b:
            ends = curves[index].points[[0, -1]] - shift
            for other in a:
                theirs = curves[other].points[[0, -1]]
                for reverse in (False, True):
                    mine = ends[::-1] if reverse else ends
                    if np.abs(mine - theirs).max() <= 10 * tolerance:
                        twins[index] = (other, reverse)
            if index not in twins:
                x, y = curves[index].points[0] * 1e9
                raise MeshError(
                    f"the part of side '{second}' at ({x:.6g}, {y:.6g}) nm has no equal on its "
                    f"periodic side '{first}'; interfaces must meet both at the same height."
                )
    return twins


def place_nodes(
    curves: Sequence[Curve],
    nodes: Nodes,
    plan: Plan,
    spacing: Spacing,
    sizes: MeshSizes,
    twins: dict[int, tuple[int, bool]],
) -> list[Array]:
    """Give all curves their nodes, and return the lengths (k,) along them [m]."""
    fixed = _layer_ends(curves, plan, spacing, sizes)
    for second, (first, reverse) in twins.items():
        length = curves[first].length
        for at_start, tops in list(fixed[second].items()):
            _longer(fixed[first], at_start != reverse, tops)
        s = spacing.s[second]
        mirrored = (length - s)[::-1] if reverse else s
        size = spacing.size[second][::-1] if reverse else spacing.size[second]
        merged = np.union1d(spacing.s[first], mirrored)
        spacing.size[first] = np.minimum(
            np.interp(merged, spacing.s[first], spacing.size[first]),
            np.interp(merged, mirrored, size),
        )
        spacing.free[first] = np.column_stack(
            [np.interp(merged, spacing.s[first], spacing.free[first][:, k]) for k in (0, 1)]
        )
        spacing.s[first] = merged
    placed: list[Array] = []
    for index, curve in enumerate(curves):
        if index in twins:
            placed.append(np.empty(0))
            continue
        placed.append(_lengths(curve, spacing.s[index], spacing.size[index], fixed[index]))
    for index, (first, reverse) in twins.items():
        s = placed[first]
        placed[index] = (curves[first].length - s)[::-1] if reverse else s
    for curve, s in zip(curves, placed, strict=True):
        inner = nodes.add(curve.at(s[1:-1]))
        curve.nodes = np.concatenate(
            [[curve.start], inner, [curve.end]], dtype=np.int32, casting="same_kind"
        )
    return placed


def _longer(known: dict[bool, Array], at_start: bool, tops: Array) -> None:
    if at_start not in known or len(known[at_start]) < len(tops):
        known[at_start] = tops


def _layer_ends(
    curves: Sequence[Curve], plan: Plan, spacing: Spacing, sizes: MeshSizes
) -> dict[int, dict[bool, Array]]:
    """Tops [m] of the layers that end on an outer curve, by curve and by its end."""
    ends: dict[int, dict[bool, Array]] = defaultdict(dict)
    for (index, side, at_start), slide in plan.slides.items():
        end, column = (0 if at_start else -1), (0 if side > 0 else 1)
        size = float(spacing.size[index][end])
        _, tops = layer_tops(sizes, curves[index].region(side), WIDE * size)
        free = FIT * float(spacing.free[index][end, column])
        room = min(free, 0.45 * curves[slide.outer].length)
        _longer(ends[slide.outer], slide.from_start, tops[tops <= room])
    return ends


def _lengths(curve: Curve, s: Array, size: Array, fixed: dict[bool, Array]) -> Array:
    """Return the lengths of all nodes of a curve, those at the ends of layers among them."""
    least = 8 if curve.closed else (1 if curve.straight else 2)
    begin, end = fixed.get(True, np.empty(0)), curve.length - fixed.get(False, np.empty(0))[::-1]
    first = begin[-1] if len(begin) else 0.0
    last = end[0] if len(end) else curve.length
    for tops, away in ((begin, s - first), (fixed.get(False, np.empty(0)), last - s)):
        if len(tops):
            thickness = tops[-1] - (tops[-2] if len(tops) > 1 else 0.0)
            size = np.minimum(size, np.maximum(END_GROWTH * thickness + SLOPE * away, thickness))
    middle = place(s, size, first, last, least)
    before = np.append(0.0, begin[:-1]) if len(begin) else np.empty(0)
    after = np.append(end[1:], curve.length) if len(end) else np.empty(0)
    return np.concatenate([before, middle, after])
