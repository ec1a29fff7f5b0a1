"""From a partition to a mesh: curves, nodes, layers, filling, repair."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pyscl.errors import MeshError
from pyscl.geometry.measures import areas
from pyscl.geometry.partition import Partition
from pyscl.mesh import Mesh, check
from pyscl.meshing.bands import make_layers, separate
from pyscl.meshing.clearance import Clearance
from pyscl.meshing.curves import Curve, smooth_curves
from pyscl.meshing.faces import Face, Half, corners, find_faces, signed_area
from pyscl.meshing.fidelity import place_faithfully
from pyscl.meshing.fill import ALGORITHMS, FillError, Filling, Outline, fill
from pyscl.meshing.nodes import Array, Ids, Nodes, find_twins
from pyscl.meshing.sizes import MeshSizes
from pyscl.meshing.spacing import SLOPE, Plan, Spacing, make_plan

TOLERANCE = 1e-9  # of the domain, below which places are the same
GOOD_ANGLE = 3.0  # degrees, of the filling; repair betters it
TIME_LIMIT = 600.0  # s
LARGEST_EMPTY = 4.0  # bulk sizes, beyond which curves do not see each other


class Deadline:
    """A limit to the time a mesh may take."""

    def __init__(self, seconds: float) -> None:
        if not seconds > 0.0:
            raise MeshError(f"time_limit must be > 0 s, not {seconds:g}.")
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self, doing: str) -> float:
        """Return the time left [s].

        Raises:
            MeshError: there are none.
        """
        left = self._end - time.monotonic()
        if left <= 0.0:
            raise MeshError(
                f"the mesh was not made in {self._seconds:g} s; the time ended while {doing}. "
                "Allow more time (time_limit), or coarser sizes."
            )
        return left


@dataclass
class Band:
    """Numbered layers: nodes of their front (n,), triangles (m, 3), layers that end outside."""

    front: Ids
    triangles: Ids
    slides: tuple[int, int]


@dataclass
class Outlay:
    """A partition with nodes on its curves.

    Attributes:
        curves: the curves, with nodes.
        faces: the faces.
        nodes: all nodes.
        placed: by curve, the lengths of its nodes [m].
        plan: how layers end.
        spacing: sizes and free radii along the curves.
        extent: longer side of the domain [m].
    """

    curves: list[Curve]
    faces: list[Face]
    nodes: Nodes
    placed: list[Array]
    plan: Plan
    spacing: Spacing
    extent: float


def mesh_partition(
    partition: Partition, sizes: MeshSizes, *, seed: int = 0, time_limit: float = TIME_LIMIT
) -> Mesh:
    """Return a mesh with structured layers along the interfaces.

    Every interface gets layers on both sides, as far as neighbouring curves leave room; around
    triple points and corners, and in gaps too narrow for layers, triangles become as small as the
    first layers instead. The rest is filled by gmsh, which works in a process of its own.

    Args:
        partition: the curves and their regions.
        sizes: what to resolve.
        seed: of the random numbers of gmsh.
        time_limit: [s]; 500 particles with layers, a million nodes, take one to three minutes.

    Returns:
        the mesh, with the regions, and a facet group for every name of a chain.

    Raises:
        InputError: sizes for a region or side that does not exist.
        MeshError: curves that cross or do not fit together, gmsh is missing or fails, or the
            time is over.
    """
    from pyscl.meshing.repair import repaired

    deadline = Deadline(time_limit)
    outer = [c.name for c in partition.chains if c.name and (c.left is None or c.right is None)]
    sizes.check_names(partition.regions, tuple(dict.fromkeys(outer)))
    outlay = lay_out(partition, sizes, deadline)
    mesh = _meshed(outlay, sizes, seed, deadline)
    periodic = [name for pair in partition.periodic for name in pair]
    mesh = repaired(mesh, periodic, lambda: deadline.left("repairing"))
    check(mesh).raise_if_failed("the mesh that was made")
    return mesh.renumbered()


def lay_out(partition: Partition, sizes: MeshSizes, deadline: Deadline) -> Outlay:
    """Return the curves of a partition with nodes.

    Raises:
        InputError: layers too thin for the domain.
        MeshError: the curves do not fit together, or the time is over.
    """
    if not partition.chains:
        raise MeshError("the partition has no curves.")
    every = np.concatenate([np.asarray(chain.points, float) for chain in partition.chains])
    extent = float(np.ptp(every, axis=0).max())
    tolerance = TOLERANCE * extent
    sizes.check_extent(tolerance)
    curves, junctions = smooth_curves(partition.chains, tolerance)
    found = corners(curves)
    faces = find_faces(curves, found)
    twins = find_twins(curves, partition.periodic, tolerance)
    plan = make_plan(curves, found, sizes, extent)
    deadline.left("finding faces")
    bulk = max(sizes.bulk_in(region, extent) for region in partition.regions)
    clearance = Clearance(curves, plan.measured, LARGEST_EMPTY * bulk, plan.floor)
    deadline.left("measuring gaps")
    spacing = Spacing(curves, plan, clearance, sizes, extent)
    wanted = areas(partition.chains)
    nodes, placed = place_faithfully(
        curves,
        junctions,
        plan,
        spacing,
        sizes,
        twins,
        wanted,
        lambda: deadline.left("placing nodes"),
    )
    return Outlay(curves, faces, nodes, placed, plan, spacing, extent)


def _meshed(outlay: Outlay, sizes: MeshSizes, seed: int, deadline: Deadline) -> Mesh:
    curves, plan, placed = outlay.curves, outlay.plan, outlay.nodes.points
    layers = {
        (index, side): make_layers(
            curves, index, side, outlay.placed[index], placed, plan, outlay.spacing, sizes
        )
        for index, curve in enumerate(curves)
        for side in (1, -1)
        if curve.region(side) is not None
    }
    deadline.left("making layers")
    grown = [k for k in layers.values() if k.counts.any()]
    separate(grown, [placed[curve.nodes] for curve in curves])
    deadline.left("separating layers")
    bands = {half: Band(*k.numbered(outlay.nodes), k.slides) for half, k in layers.items()}
    outlines = [
        Outline(
            tuple(_loop(curves, bands, plan, loop) for loop in (face.outline, *face.holes)),
            sizes.bulk_in(face.region, outlay.extent),
        )
        for face in outlay.faces
    ]
    points = outlay.nodes.points
    filling = _filled(points, outlines, seed, deadline)
    return _assembled(outlay, bands, points, filling)


def _loop(
    curves: Sequence[Curve], bands: dict[Half, Band], plan: Plan, loop: Sequence[Half]
) -> Ids:
    """Return the nodes around what is to be filled: the borders of the layers."""
    skip: dict[tuple[int, bool], int] = {}
    for index, side in loop:
        for start in (True, False):
            slide = plan.slides.get((index, side, start))
            if slide is not None:
                skip[slide.outer, slide.from_start] = bands[index, side].slides[0 if start else 1]
    parts = []
    for index, side in loop:
        front = bands[index, side].front
        front = front[skip.get((index, True), 0) : len(front) - skip.get((index, False), 0)]
        parts.append(front if side > 0 else front[::-1])
    nodes = np.concatenate(parts)
    return nodes[nodes != np.roll(nodes, 1)]


def _filled(points: Array, outlines: Sequence[Outline], seed: int, deadline: Deadline) -> Filling:
    """Fill with the first algorithm that gives good angles, else the best of all."""
    best: tuple[float, Filling] | None = None
    reasons: list[str] = []
    sharpest = min((_sharpest(points, loop) for f in outlines for loop in f.loops), default=90.0)
    for algorithm in ALGORITHMS:
        share = deadline.left("filling the faces") * (0.5 if best is None else 0.9)
        try:
            found = fill(points, outlines, SLOPE, algorithm, seed, share)
        except FillError as error:
            reasons.append(str(error))
            continue
        every = np.concatenate([points, found.points])
        if not _complete(every, outlines, found):
            reasons.append("gmsh left parts of faces empty")
            continue
        angle = _smallest_angle(every, found)
        if best is None or angle > best[0]:
            best = (angle, found)
        if angle >= min(GOOD_ANGLE, 0.3 * sharpest):
            break
    if best is None:
        raise MeshError(
            "the faces between the layers could not be filled: " + "; ".join(dict.fromkeys(reasons))
        )
    return best[1]


def _sharpest(points: Array, loop: Ids) -> float:
    """Return the smallest angle between neighbouring edges of a loop [degrees]."""
    back, ahead = (points[np.roll(loop, k)] - points[loop] for k in (1, -1))
    cross = back[:, 0] * ahead[:, 1] - back[:, 1] * ahead[:, 0]
    angle = np.abs(np.arctan2(cross, np.einsum("ij,ij->i", back, ahead)))
    return float(np.degrees(angle.min(initial=np.pi)))


def _complete(points: Array, outlines: Sequence[Outline], filling: Filling) -> bool:
    """Whether the triangles of every face add up to its area."""
    wanted = [sum(signed_area(points[loop]) for loop in face.loops) for face in outlines]
    corner = points[filling.triangles]
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    area = 0.5 * np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    found = np.bincount(filling.face, weights=area, minlength=len(outlines))
    return bool(np.allclose(found, np.abs(wanted), rtol=1e-6, atol=0.0))


def _smallest_angle(points: Array, filling: Filling) -> float:
    corner = points[filling.triangles]
    u, v = np.roll(corner, -1, axis=1) - corner, np.roll(corner, 1, axis=1) - corner
    cross = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    angles = np.arctan2(np.abs(cross), np.einsum("tjx,tjx->tj", u, v))
    return float(np.degrees(angles.min(initial=np.pi)))


def _assembled(outlay: Outlay, bands: dict[Half, Band], points: Array, filling: Filling) -> Mesh:
    curves = outlay.curves
    names = sorted({face.region for face in outlay.faces})
    number: dict[str | None, int] = {name: i for i, name in enumerate(names)}
    every = np.concatenate([points, filling.points])
    face_region = np.array([number[face.region] for face in outlay.faces], dtype=np.int32)
    triangles = [_counterclockwise(every, filling.triangles)]
    region = [face_region[filling.face]]
    for (index, side), band in bands.items():
        triangles.append(band.triangles)
        region.append(np.full(len(band.triangles), number[curves[index].region(side)], np.int32))
    named = [(c.name, c.nodes) for c in curves if c.name is not None]
    groups = list(dict.fromkeys(name for name, _ in named))
    facets = [np.column_stack([nodes[:-1], nodes[1:]]) for _, nodes in named]
    group = [groups.index(name) for name, _ in named]
    return Mesh(
        points=every,
        triangles=np.concatenate(triangles),
        region=np.concatenate(region),
        region_names=tuple(names),
        facets=np.concatenate([*facets, np.empty((0, 2), np.int32)]),
        facet_group=np.repeat(group, [len(f) for f in facets]).astype(np.int32),
        facet_names=tuple(groups),
    )


def _counterclockwise(points: Array, triangles: Ids) -> Ids:
    corner = points[triangles]
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    clockwise = u[:, 0] * v[:, 1] < u[:, 1] * v[:, 0]
    return np.where(clockwise[:, None], triangles[:, ::-1], triangles)
