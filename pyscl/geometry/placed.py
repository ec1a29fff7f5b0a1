"""Outlines at their places: how close they come, and in which order they are painted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.geometry.geometry import Geometry
from pyscl.geometry.relaxation import Room

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Disk:
    """An outline (n, 2) [m] and how much it is grown on all sides by a coating [m]."""

    outline: FloatArray
    reach: float


@dataclass(eq=False)
class Painting:
    """What is painted on width x height [m], bottom to top; layers can still go below others."""

    width: float
    height: float
    matrix: str
    periodic: tuple[str, ...]
    wrap: tuple[str, ...]
    strokes: list[tuple[str, Any]] = field(default_factory=list)

    def add(self, region: str, shape: Any) -> None:
        """Paint a shape [m] above everything so far."""
        self.strokes.append((region, shape))

    def add_below(self, region: str, shape: Any) -> None:
        """Paint a shape [m] just above the matrix."""
        self.strokes.insert(0, (region, shape))

    def geometry(self) -> Geometry:
        """Return the painted geometry."""
        geometry = Geometry(self.width, self.height, self.matrix, self.periodic)
        for region, shape in self.strokes:
            geometry.paint(region, shape, self.wrap)
        return geometry


def copies(outline: FloatArray, room: Room) -> list[FloatArray]:
    """Return the outline [m] and its copies, in directions that wrap, near the rectangle."""
    shifts = [(0, -1, 1) if wraps else (0,) for wraps in room.wraps]
    low, high = outline.min(axis=0) - room.gap, outline.max(axis=0) + room.gap
    found = []
    for shift in product(*shifts):
        by = np.array(shift) * room.size
        if np.all(low + by < room.size) and np.all(high + by > 0.0):
            found.append(outline + by)
    return found


def apart(disks: Sequence[Disk], room: Room) -> IntArray:
    """Return the numbers of outlines nearer to another one, or to a wall, than the gap."""
    import shapely

    # Two outlines may meet across a side by copies of either, so all copies take part.
    every = [(n, line) for n, disk in enumerate(disks) for line in copies(disk.outline, room)]
    if not every:
        return np.arange(len(disks))
    owner = np.array([n for n, _ in every])
    polygons = shapely.polygons([shapely.LinearRing(line / room.size.max()) for _, line in every])
    reach = np.array([disk.reach for disk in disks])
    scale = room.size.max()
    tree = shapely.STRtree(polygons)
    far = (room.gap + 2.0 * reach.max(initial=0.0)) / scale
    i, j = tree.query(polygons, predicate="dwithin", distance=far)
    i, j = i[i < j], j[i < j]
    distance = shapely.distance(polygons[i], polygons[j]) * scale
    near = distance < 0.98 * room.gap + reach[owner[i]] + reach[owner[j]]
    bad = {*owner[i[near]].tolist(), *owner[j[near]].tolist()}
    for k in (0, 1):
        if not room.wraps[k]:
            for n, disk in enumerate(disks):
                edge = disk.reach + 0.98 * room.gap
                line = disk.outline[:, k]
                if line.min() - edge < room.low[k] or line.max() + edge > room.high[k]:
                    bad.add(n)
    return np.array(sorted(bad), dtype=np.intp)
