"""Faces of a plane cut by curves: which curves surround each of them, in which order."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import MeshError
from pyscl.meshing.curves import Curve

Half = tuple[int, int]
"""A curve and its side: +1 walked along with its left side inside, -1 against, its right side."""


@dataclass(frozen=True)
class Corner:
    """The sector of a face between two sides of curves at a junction.

    Attributes:
        into: the side that ends at the junction, walking with the face on the left.
        out: the side that begins there.
        angle: of the face at the junction [rad], in (0, 2 pi].
    """

    into: Half
    out: Half
    angle: float


@dataclass
class Face:
    """A connected piece of a region: its outline counter-clockwise, its holes clockwise."""

    region: str
    outline: list[Half]
    holes: list[list[Half]] = field(default_factory=list)


def _ends(curve: Curve, side: int) -> tuple[int, int]:
    return (curve.start, curve.end) if side > 0 else (curve.end, curve.start)


def corners(curves: list[Curve]) -> list[Corner]:
    """Return the corners at all junctions; none at the seam of a smooth closed curve."""
    leaving: dict[int, list[tuple[float, Half]]] = defaultdict(list)
    for index, curve in enumerate(curves):
        for side in (1, -1):
            first, second = (0, 1) if side > 0 else (-1, -2)
            dx, dy = curve.points[second] - curve.points[first]
            leaving[_ends(curve, side)[0]].append((float(np.arctan2(dy, dx)), (index, side)))
    found = []
    for around in leaving.values():
        around.sort()
        for k, (angle, half) in enumerate(around):
            after, (index, side) = around[(k + 1) % len(around)]
            opening = (after - angle) % (2.0 * np.pi) or 2.0 * np.pi
            found.append(Corner((index, -side), half, opening))
    return found


def find_faces(curves: list[Curve], found: list[Corner]) -> list[Face]:
    """Return the faces inside the domain.

    Raises:
        MeshError: the regions around a face differ, or it is open.
    """
    follower = {corner.into: corner.out for corner in found}
    done: set[Half] = set()
    outlines, holes = [], []
    for start in follower:
        if start in done:
            continue
        loop, half = [], start
        while half not in done:
            done.add(half)
            loop.append(half)
            half = follower[half]
        region = _region(curves, loop)
        if region is None:
            continue
        points = loop_points(curves, loop)
        if signed_area(points) > 0.0:
            outlines.append((Face(region, loop), points))
        else:
            holes.append((region, loop, points))
    _put_holes(outlines, holes)
    return [face for face, _ in outlines]


def _region(curves: list[Curve], loop: list[Half]) -> str | None:
    names = {curves[index].region(side) for index, side in loop}
    if len(names) > 1:
        x, y = curves[loop[0][0]].points[0] * 1e9
        what = ", ".join(sorted(f"'{name}'" if name else "outside" for name in names))
        raise MeshError(
            f"the curves around the face at ({x:.6g}, {y:.6g}) nm disagree on its region: {what}. "
            "Curves of a partition must meet only at their ends and know what is on either side."
        )
    return names.pop()


def loop_points(curves: list[Curve], loop: list[Half]) -> NDArray[np.float64]:
    """Return the vertices (n, 2) [m] of a closed loop, the first not repeated."""
    return np.concatenate([curves[index].points[::side][:-1] for index, side in loop])


def _put_holes(
    outlines: list[tuple[Face, NDArray[np.float64]]],
    holes: list[tuple[str, list[Half], NDArray[np.float64]]],
) -> None:
    """Give every hole to the smallest face around it."""
    if not holes:
        return
    from shapely import STRtree, points, polygons
    from shapely.geometry import Polygon

    shapes = [Polygon(outline) for _, outline in outlines]
    areas = np.array([shape.area for shape in shapes])
    probes = points(np.array([hole[2][0] for hole in holes]))
    which, around = STRtree(polygons([s.exterior for s in shapes])).query(probes, "intersects")
    for number, (region, loop, outline) in enumerate(holes):
        inside = abs(signed_area(outline)) * (1.0 + 1e-9)  # of all faces within the hole
        larger = [k for k in around[which == number].tolist() if areas[k] > inside]
        face = min(larger, key=lambda k: areas[k], default=None)
        if face is None or outlines[face][0].region != region:
            x, y = outline[0] * 1e9
            raise MeshError(
                f"the curve at ({x:.6g}, {y:.6g}) nm lies in no face of region '{region}', which "
                "it says is around it."
            )
        outlines[face][0].holes.append(loop)


def signed_area(loop: NDArray[np.float64]) -> float:
    """Return the area of a closed loop [m2], positive if it is counter-clockwise."""
    x, y = (loop - loop[0]).T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
