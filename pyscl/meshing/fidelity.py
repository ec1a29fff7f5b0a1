"""Nodes on curves whose edges meet no other edges, and keep the areas of the regions."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pyscl.errors import MeshError
from pyscl.geometry.measures import areas
from pyscl.geometry.partition import Chain
from pyscl.meshing.bands import crossings, touching
from pyscl.meshing.curves import Curve
from pyscl.meshing.nodes import Array, Nodes, place_nodes
from pyscl.meshing.sizes import MeshSizes
from pyscl.meshing.spacing import Plan, Spacing

AREA_ERROR = 0.01  # of the area of a region
CROSSING_ROUNDS = 16  # of halving
AREA_ROUNDS = 4


def place_faithfully(
    curves: Sequence[Curve],
    junctions: Array,
    plan: Plan,
    spacing: Spacing,
    sizes: MeshSizes,
    twins: dict[int, tuple[int, bool]],
    wanted: Mapping[str, float],
    look: Callable[[], object],
) -> tuple[Nodes, list[Array]]:
    """Give all curves their nodes, closer ones where edges would cross or areas be lost.

    Args:
        curves: the curves; they get their nodes.
        junctions: (k, 2) their ends [m].
        plan: how layers end.
        spacing: sizes along the curves; lowered where needed.
        sizes: what to resolve.
        twins: curves on periodic sides.
        wanted: region -> area [m2].
        look: called in every round, to look at the clock.

    Returns:
        the nodes, and by curve their lengths (k,) along it [m].

    Raises:
        MeshError: curves cross, or smooth curves do not keep the area of a region.
    """
    crossing_rounds = area_rounds = 0
    while True:
        look()
        nodes = Nodes(junctions)
        placed = place_nodes(curves, nodes, plan, spacing, sizes, twins)
        lines = [nodes.points[curve.nodes] for curve in curves]
        segments = _crossed(lines)
        if segments:
            if crossing_rounds == 0:
                _check_polylines(curves)
            if crossing_rounds == CROSSING_ROUNDS:
                index, segment = segments[0]
                raise touching(lines[index][segment])
            crossing_rounds += 1
            for index in {i for i, _ in segments}:
                here = np.array([k for i, k in segments if i == index])
                spacing.halve(index, placed[index][here], placed[index][here + 1])
            continue
        errors = _area_errors(curves, lines, wanted)
        bent = [
            i for i, c in enumerate(curves) if not c.straight and {c.left, c.right} & set(errors)
        ]
        if not errors:
            return nodes, placed
        if area_rounds == AREA_ROUNDS or not bent:
            raise _lost(errors)
        area_rounds += 1
        for index in bent:
            spacing.halve(index, placed[index][:-1], placed[index][1:])


def _crossed(lines: Sequence[Array]) -> list[tuple[int, int]]:
    """Return the numbers of line and segment of all segments that meet others."""
    owner = np.repeat(np.arange(len(lines)), [len(line) - 1 for line in lines])
    within = np.concatenate([np.arange(len(line) - 1) for line in lines])
    bad = np.unique(np.concatenate(crossings(lines, [])))
    return list(zip(owner[bad].tolist(), within[bad].tolist(), strict=True))


def _check_polylines(curves: Sequence[Curve]) -> None:
    """Refuse curves that cross by their own points, not only by the edges between nodes."""
    lines = [curve.points for curve in curves]
    for index, segment in _crossed(lines):
        raise touching(lines[index][segment])


def _area_errors(
    curves: Sequence[Curve], lines: Sequence[Array], wanted: Mapping[str, float]
) -> dict[str, float]:
    """Return region -> relative error of its area, where it is too large."""
    pairs = zip(curves, lines, strict=True)
    found = areas(Chain(line, curve.left, curve.right) for curve, line in pairs)
    errors = {name: found[name] / area - 1.0 for name, area in wanted.items() if area > 0.0}
    return {name: error for name, error in errors.items() if abs(error) > AREA_ERROR}


def _lost(errors: Mapping[str, float]) -> MeshError:
    name, error = max(errors.items(), key=lambda item: abs(item[1]))
    return MeshError(
        f"the smooth curves around region '{name}' change its area by {100.0 * error:+.2g} %, "
        f"more than {100.0 * AREA_ERROR:g} %. Give its outlines more points, or turns above 30 "
        "degrees where they have corners."
    )
