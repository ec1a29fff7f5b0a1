"""Inclusions on the surface of particles and where three regions meet."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import GeometryError
from pyscl.geometry import curves
from pyscl.geometry.deadline import Deadline
from pyscl.geometry.phases import Phase
from pyscl.geometry.placed import Disk, Painting, copies
from pyscl.geometry.relaxation import Room
from pyscl.geometry.surface import Surface

FloatArray = NDArray[np.float64]

TRIES = 400
"""Random places that are tried for one inclusion."""

_POINTS = 120  # around an inclusion
_REMEDY = "Use a smaller fraction, or larger inclusions."


def on_surfaces(
    phase: Phase,
    area: float,
    hosts: dict[str, list[Disk]],
    painting: Painting,
    room: Room,
    rng: np.random.Generator,
    deadline: Deadline,
) -> int:
    """Paint inclusions on the surface of particles, below them; return how many.

    Args:
        phase: of the inclusions.
        area: of the whole cell [m2].
        hosts: particles by region.
        painting: is added to.
        room: sides and gaps.
        rng: source of the places.
        deadline: of the whole geometry.

    Raises:
        GeometryError: there is no such particle, no room on their surface, or no time.
    """
    missing = [name for name in phase.hosts if name not in hosts]
    if missing:
        raise GeometryError(
            f"'{phase.region}' is to be on the surface of '{missing[0]}', but no particles of that "
            f"region are packed. Packed: {', '.join(sorted(hosts)) or 'none'}."
        )
    every = [disk for disks in hosts.values() for disk in disks]
    carriers = [disk for name in phase.hosts for disk in hosts[name]]
    surfaces = [Surface.of(disk.outline) for disk in carriers]
    weight = np.array([surface.length for surface in surfaces])
    radii = phase.draw(phase.fraction * area / _outside(phase.protrusion), rng)
    obstacles = _Obstacles(every, room)
    centres: list[FloatArray] = []
    for radius in radii:
        for _ in range(TRIES):
            deadline.check(_found(phase, len(centres), len(radii)), _REMEDY)
            k = int(rng.choice(len(surfaces), p=weight / weight.sum()))
            s = rng.random() * surfaces[k].length
            centre = surfaces[k].at(s) + phase.protrusion * radius * surfaces[k].normal(s)
            if obstacles.free(centre, float(radius), carriers[k]):
                obstacles.add(centre, float(radius))
                centres.append(centre)
                break
        else:
            raise _no_room(phase, len(centres), len(radii))
    _paint(phase, area, centres, radii, obstacles, painting, deadline)
    return len(centres)


def on_triple_lines(
    phase: Phase,
    area: float,
    painting: Painting,
    room: Room,
    rng: np.random.Generator,
    deadline: Deadline,
) -> int:
    """Paint inclusions in the matrix where three regions meet; return how many.

    Raises:
        GeometryError: too few such places, or no time.
    """
    partition = painting.geometry().partition()
    meeting: dict[tuple[float, float], set[str | None]] = {}
    for chain in partition.chains:
        if not chain.closed:
            for end in (chain.points[0], chain.points[-1]):
                meeting.setdefault((float(end[0]), float(end[1])), set()).update(
                    (chain.left, chain.right)
                )
    wanted = {painting.matrix, *phase.hosts}
    # A corner of a side is no triple line: three regions must meet inside.
    places = [
        np.array(point)
        for point, names in sorted(meeting.items())
        if len(names) >= 3 and None not in names and wanted <= names
    ]
    radii = phase.draw(phase.fraction * area / 0.5, rng)
    obstacles = _Obstacles([], room)
    centres: list[FloatArray] = []
    for k in rng.permutation(len(places)):
        deadline.check(_found(phase, len(centres), len(radii)), _REMEDY)
        if len(centres) == len(radii):
            break
        if obstacles.free(places[k], float(radii[len(centres)]), None):
            obstacles.add(places[k], float(radii[len(centres)]))
            centres.append(places[k])
    if len(centres) < len(radii):
        where = " and ".join(sorted(wanted))
        raise GeometryError(
            f"{len(radii)} inclusions '{phase.region}' are wanted at triple lines of {where}, but "
            f"there are {len(places)} such places, of which {len(centres)} are far enough apart. "
            "Use fewer or larger inclusions, or more particles that touch each other."
        )
    hosts = _everything_but(painting, painting.matrix)
    _paint(phase, area, centres, radii, obstacles, painting, deadline, hosts)
    return len(centres)


class _Obstacles:
    """What inclusions must keep away from."""

    def __init__(self, disks: Sequence[Disk], room: Room) -> None:
        import shapely

        self.room, self.scale = room, float(room.size.max())
        self.lines = [(disk, line) for disk in disks for line in copies(disk.outline, room)]
        self.polygons = [shapely.Polygon(line / self.scale) for _, line in self.lines]
        self.tree = shapely.STRtree(self.polygons)
        self.discs = np.empty((0, 3))

    def free(self, centre: FloatArray, radius: float, host: Disk | None) -> bool:
        """Whether a disc keeps the gap to all but its host, and does not graze a side."""
        import shapely

        room = self.room
        for k in (0, 1):
            ends = (centre[k] - radius, room.size[k] - centre[k] - radius)
            if room.wraps[k] and min(abs(end) for end in ends) < room.graze:
                return False
            if not room.wraps[k] and min(ends) < room.gap:
                return False
        apart = self.discs[:, :2] - centre
        apart -= np.where(room.wraps, room.size, 0.0) * np.round(apart / room.size)
        if np.any(np.hypot(*apart.T) < self.discs[:, 2] + radius + room.gap):
            return False
        point = shapely.Point(centre / self.scale)
        reach = (radius + room.gap) / self.scale
        near = self.tree.query(point, predicate="dwithin", distance=reach)
        return all(self.lines[n][0] is host for n in near)

    def add(self, centre: FloatArray, radius: float) -> None:
        """Remember a disc."""
        self.discs = np.vstack([self.discs, [*centre, radius]])

    def union(self) -> Any:
        """Return all that covers inclusions, in units of the longer side."""
        import shapely

        return shapely.union_all(self.polygons)


def _outside(protrusion: float) -> float:
    """Return the part of a disc above a straight line, its centre `protrusion` radii above it."""
    p = protrusion
    return 1.0 - (math.acos(p) - p * math.sqrt(1.0 - p * p)) / math.pi


def _everything_but(painting: Painting, matrix: str) -> Any:
    """Return the union of all regions but the matrix, in units of the longer side."""
    import shapely

    scale = max(painting.width, painting.height)
    chains = painting.geometry().partition().chains
    lines = [chain.points / scale for chain in chains]
    faces = shapely.get_parts(shapely.polygonize([shapely.LineString(line) for line in lines]))
    left = [line for line, chain in zip(lines, chains, strict=True) if chain.left == matrix]
    right = [line[::-1] for line, chain in zip(lines, chains, strict=True) if chain.right == matrix]
    inside = []
    for line in [*left, *right]:
        a, b = line[:2]
        normal = np.array([-(b - a)[1], (b - a)[0]])
        inside.append((a + b) / 2.0 + 1e-3 * normal)
    tree = shapely.STRtree(faces)
    of_matrix = np.unique(tree.query(shapely.points(np.array(inside)), predicate="within")[1])
    return shapely.union_all(np.delete(faces, of_matrix))


def _paint(
    phase: Phase,
    area: float,
    centres: list[FloatArray],
    radii: FloatArray,
    obstacles: _Obstacles,
    painting: Painting,
    deadline: Deadline,
    cover: Any = None,
) -> None:
    """Scale the inclusions so that what is seen of them has the right area, and paint them."""
    import shapely

    cover = obstacles.union() if cover is None else cover
    scale = obstacles.scale
    frame = shapely.box(0.0, 0.0, *(obstacles.room.size / scale))

    def lines(factor: float) -> list[FloatArray]:
        return [
            curves.disc(centre, factor * radius, _POINTS)
            for centre, radius in zip(centres, radii, strict=True)
        ]

    def seen(factor: float) -> float:
        shapes = [
            shapely.Polygon(copy / scale)
            for line in lines(factor)
            for copy in copies(line, obstacles.room)
        ]
        visible = shapely.difference(shapely.union_all(shapes), cover)
        return float(shapely.intersection(visible, frame).area) * scale**2

    low, high, target = 0.5, 1.5, phase.fraction * area
    if not seen(low) < target < seen(high):
        raise GeometryError(
            f"the inclusions '{phase.region}' cannot reach a fraction of {phase.fraction:g} at "
            "these places; change their radius or protrusion."
        )
    for _ in range(60):
        deadline.check(f"the inclusions '{phase.region}' have no size", _REMEDY)
        middle = 0.5 * (low + high)
        low, high = (middle, high) if seen(middle) < target else (low, middle)
        if high - low < 1e-13:
            break
    for line in lines(high):
        painting.add_below(phase.region, line)


def _found(phase: Phase, found: int, wanted: int) -> str:
    return (
        f"{found} of {wanted} inclusions '{phase.region}' (a fraction of "
        f"{phase.fraction * found / wanted:.3g}) have their places"
    )


def _no_room(phase: Phase, found: int, wanted: int) -> GeometryError:
    return GeometryError(
        f"only {found} of {wanted} inclusions '{phase.region}' found room on the surface of "
        f"{' and '.join(phase.hosts)} in {TRIES} tries each. Use a smaller fraction or gap, "
        "or larger inclusions."
    )
