"""Structured layers beside curves: how many fit at every node, their nodes and triangles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import MeshError
from pyscl.meshing.curves import Curve
from pyscl.meshing.nodes import Array, Ids, Nodes, layer_tops
from pyscl.meshing.sizes import MeshSizes
from pyscl.meshing.spacing import FIT, WIDE, Plan, Slide, Spacing

BLEND = 3.0  # heights over which the direction turns to that of an outer side
BESIDE_JUNCTION = 0.7  # of the distance from a refined junction, the height of layers
THIN_CORNER = 0.02  # sine of the smallest angle between the sides of a cell


@dataclass
class Layers:
    """The layers on one side of a curve, before their nodes have numbers.

    Attributes:
        base: (m, 2) nodes of the curve [m]; of a closed curve the first is not repeated.
        direction: (m, 2) unit vectors in which the layers grow.
        tops: (levels,) distances of the tops of the layers from the curve [m].
        counts: (m,) number of layers at each node.
        side: +1 on the left of the curve, -1 on its right.
        closed: whether the last node is a neighbour of the first.
        numbers: (m,) node numbers of the curve.
        fixed: nodes of the outer side on which the layers end, from the curve on: at the start,
            at the end; empty without.
        fixed_points: their places [m].
    """

    base: Array
    direction: Array
    tops: Array
    counts: NDArray[np.intp]
    side: int
    closed: bool
    numbers: Ids
    fixed: tuple[Ids, Ids]
    fixed_points: tuple[Array, Array]

    @property
    def slides(self) -> tuple[int, int]:
        """Numbers of layers that end on an outer side: at the start, at the end."""
        first, last = (len(chain) > 0 for chain in self.fixed)
        return int(self.counts[0]) * first, int(self.counts[-1]) * last

    @property
    def front(self) -> Array:
        """(m, 2) border of the layers [m], in the direction of the curve."""
        height = np.append(0.0, self.tops)[self.counts]
        front = self.base + self.direction * height[:, None]
        for end, points in zip((0, -1), self.fixed_points, strict=True):
            if len(points):
                front[end] = points[self.counts[end]]
        return front

    def limit(self, counts: NDArray[np.intp]) -> None:
        """Lower the counts to those given, and where cells would be inverted or nearly so."""
        self.counts = _stepped(np.minimum(self.counts, counts), self.closed)
        self.counts = _valid_counts(
            self.base, self.direction, self.tops, self.counts, self.side, self.closed
        )

    def numbered(self, nodes: Nodes) -> tuple[Ids, Ids]:
        """Add the nodes; return those of the front (m,) and the triangles (k, 3)."""
        ids = _number(self, nodes)
        levels = np.append(0.0, self.tops)[: ids.shape[1]]
        grid = self.base[:, None] + self.direction[:, None] * levels[None, :, None]
        local = np.arange(ids.size, dtype=np.int32).reshape(ids.shape)
        corners = _triangles(local, self.counts, grid.reshape(-1, 2), self.side, self.closed)
        triangles = ids.ravel()[corners]
        return ids[np.arange(len(ids)), self.counts], triangles


def make_layers(
    curves: Sequence[Curve],
    index: int,
    side: int,
    s: Array,
    points: Array,
    plan: Plan,
    spacing: Spacing,
    sizes: MeshSizes,
) -> Layers:
    """Return the layers on the left (side +1) or right (-1) of a curve.

    Args:
        curves: all curves, with their nodes.
        index: number of the curve.
        side: +1 or -1.
        s: (k,) lengths of its nodes [m].
        points: (n, 2) the nodes on all curves [m].
        plan: how layers end.
        spacing: free radii.
        sizes: what to resolve.
    """
    curve = curves[index]
    column = 0 if side > 0 else 1
    m = len(s) - 1 if curve.closed else len(s)
    base = points[curve.nodes[:m]]
    normal = side * _left(curve.tangent(s[:m]))
    layered = bool(np.isfinite(plan.layered[index, column]))
    width = _widths(s, curve.closed)
    region = curve.region(side) if layered else None
    thickness, tops = layer_tops(sizes, region, WIDE * float(width.max()))
    free = np.interp(s, spacing.s[index], spacing.free[index][:, column])[:m]
    height = np.minimum(FIT * free, _below_junctions(curve, s[:m], plan))
    fitting = np.searchsorted(tops, height, side="right")
    counts = np.minimum(fitting, np.searchsorted(thickness, WIDE * width, side="right"))
    counts = np.maximum(counts, np.minimum(1, fitting))
    fixed = [np.empty(0, np.int32), np.empty(0, np.int32)]
    turn = np.zeros(m)
    for k, end in ((0, 0), (1, -1)):
        slide = None if curve.closed else plan.slides.get((index, side, k == 0))
        if slide is not None and layered:
            chain = curves[slide.outer].nodes
            fixed[k] = chain if slide.from_start else chain[::-1]
            counts[end] = min(counts[end], _ready(points[fixed[k]], tops, base[end]))
            away = s if k == 0 else curve.length - s
            top = tops[counts[end] - 1] if counts[end] else 0.0
            turn += _turn(normal[end], slide, away / max(BLEND * top, 1e-300))
        elif not curve.closed:
            counts[end] = 0
    direction = _rotated(normal, turn)
    layers = Layers(
        base,
        direction,
        tops,
        counts,
        side,
        curve.closed,
        curve.nodes[:m],
        (fixed[0], fixed[1]),
        (points[fixed[0]], points[fixed[1]]),
    )
    layers.limit(counts)
    return layers


def _below_junctions(curve: Curve, s: Array, plan: Plan) -> Array:
    """Return the heights (k,) [m] that layers may have beside refined junctions."""
    height = np.full(len(s), np.inf)
    for junction, away in ((curve.start, s), (curve.end, curve.length - s)):
        if not curve.closed and junction in plan.junction_size:
            height = np.minimum(height, BESIDE_JUNCTION * away)
    return height


def _widths(s: Array, closed: bool) -> Array:
    """Return the mean length of the two edges at every node [m]."""
    step = np.diff(s)
    if closed:
        return 0.5 * (step + np.roll(step, 1))
    return 0.5 * (np.append(step, step[-1]) + np.append(step[0], step))


def _left(tangent: Array) -> Array:
    return np.column_stack([-tangent[:, 1], tangent[:, 0]])


def _turn(normal: Array, slide: Slide, away: Array) -> Array:
    """Angle (k,) [rad] by which normals are turned towards an outer side, fading out at 1."""
    (nx, ny), (ax, ay) = normal, slide.along
    return np.clip(1.0 - away, 0.0, 1.0) * np.arctan2(nx * ay - ny * ax, nx * ax + ny * ay)


def _rotated(vectors: Array, angle: Array) -> Array:
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = vectors.T
    return np.column_stack([cos * x - sin * y, sin * x + cos * y])


def separate(layers: Sequence[Layers], others: Sequence[Array]) -> None:
    """Cut layers until no two of their fronts cross each other or a curve.

    Args:
        layers: all layers; changed in place.
        others: polylines (k, 2) [m] that fronts must not cross either.

    Raises:
        MeshError: curves cross.
    """
    for _ in range(200):
        fronts = [np.concatenate([k.front, k.front[:1]]) if k.closed else k.front for k in layers]
        counts = [len(line) - 1 for line in [*fronts, *others]]
        owner = np.repeat(np.arange(len(counts)), counts)
        position = np.concatenate([np.arange(n) for n in counts])
        first, second = crossings(fronts, others)
        bad = np.concatenate([first, second])
        if not len(bad):
            return
        changed = False
        for index in np.unique(owner[bad]).tolist():
            if index >= len(layers):
                continue
            k = layers[index]
            limit = np.full(len(k.counts), len(k.tops))
            here = position[bad[owner[bad] == index]]
            for node in (here, (here + 1) % len(k.counts)):
                limit[node] = np.maximum(k.counts[node] - 1, 0)
            changed |= bool((limit < k.counts).any())
            k.limit(limit)
        if not changed:
            break
    raise touching(np.concatenate([line[:-1] for line in [*fronts, *others]])[bad[0]])


def touching(point: Array) -> MeshError:
    """Return the error of curves that cross at a point (2,) [m]."""
    x, y = point * 1e9
    return MeshError(f"curves cross or touch between their ends at ({x:.6g}, {y:.6g}) nm.")


def crossings(
    fronts: Sequence[Array], others: Sequence[Array]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pairs of segments that meet other than at common ends."""
    from shapely import STRtree, linestrings

    lines = [*fronts, *others]
    start = np.concatenate([line[:-1] for line in lines])
    end = np.concatenate([line[1:] for line in lines])
    segments = linestrings(np.stack([start, end], axis=1))
    first, second = STRtree(segments).query(segments, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    joined = np.zeros(len(first), dtype=bool)
    for p in (start, end):
        for q in (start, end):
            joined |= np.all(p[first] == q[second], axis=1)
    return first[~joined], second[~joined]


def _ready(chain: Array, tops: Array, corner: Array) -> int:
    """Return how many tops of layers have a node on the outer side."""
    away = np.linalg.norm(chain[1 : len(tops) + 1] - corner, axis=1)
    same = np.isclose(away, tops[: len(away)], rtol=1e-6, atol=0.0)
    return int(np.argmin(same)) if not same.all() else len(same)


def _stepped(counts: NDArray[np.intp], closed: bool) -> NDArray[np.intp]:
    """Lower the counts so that neighbours differ by one layer at most."""
    n = len(counts)
    c = np.concatenate([counts] * 3) if closed else counts
    k = np.arange(len(c))
    c = np.minimum.accumulate(c - k) + k
    c = np.minimum.accumulate((c + k)[::-1])[::-1] - k
    return c[n : 2 * n] if closed else c


def _valid_counts(
    base: Array,
    direction: Array,
    tops: Array,
    counts: NDArray[np.intp],
    side: int,
    closed: bool,
) -> NDArray[np.intp]:
    """Cut layers whose cells would be inverted or nearly so."""
    levels = np.append(0.0, tops)
    counts = counts.copy()
    for _ in range(100 if len(tops) else 0):
        grid = base[:, None] + direction[:, None] * levels[None, :, None]
        after = np.roll(grid, -1, axis=0)
        a, b, c, d = grid[:, :-1], after[:, :-1], after[:, 1:], grid[:, 1:]
        good = np.ones(a.shape[:2], dtype=bool)
        for corner, first, last in ((a, b, d), (b, c, a), (c, d, b), (d, a, c)):
            u, v = first - corner, last - corner
            area = side * (u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])
            lengths = np.linalg.norm(u, axis=-1) * np.linalg.norm(v, axis=-1)
            good &= area > THIN_CORNER * lengths
        if not closed:
            good = good[:-1]
        index = np.arange(len(good))
        following = (index + 1) % len(counts)
        used = np.maximum(counts[index], counts[following])
        first_bad = np.where(good.all(axis=1), good.shape[1], np.argmin(good, axis=1))
        bad = first_bad < used
        if not bad.any():
            return counts
        for nodes in (index, following):
            np.minimum.at(counts, nodes[bad], first_bad[bad])
        counts = _stepped(counts, closed)
    return np.zeros_like(counts)


def _number(layers: Layers, nodes: Nodes) -> Ids:
    """Return node numbers (m, levels) of the layers, -1 above the last."""
    counts = layers.counts
    levels = int(counts.max(initial=0))
    ids = np.full((len(counts), levels + 1), -1, dtype=np.int32)
    ids[:, 0] = layers.numbers
    new = np.arange(1, levels + 1)[None, :] <= counts[:, None]
    for end, chain in zip((0, -1), layers.fixed, strict=True):
        if len(chain):
            n = int(counts[end])
            ids[end, 1 : n + 1] = chain[1 : n + 1]
            new[end] = False
    at, level = np.nonzero(new)
    height = layers.tops[level, None]
    ids[at, level + 1] = nodes.add(layers.base[at] + layers.direction[at] * height)
    return ids


def _triangles(ids: Ids, counts: NDArray[np.intp], points: Array, side: int, closed: bool) -> Ids:
    """Cut the cells by the diagonal of the Delaunay criterion, alternating where it is a tie."""
    i = np.arange(len(ids) if closed else len(ids) - 1)
    j = (i + 1) % len(ids)
    low = np.minimum(counts[i], counts[j])
    cell, level = np.nonzero(np.arange(ids.shape[1] - 1)[None, :] < low[:, None])
    a, b = ids[i[cell], level], ids[j[cell], level]
    c, d = ids[j[cell], level + 1], ids[i[cell], level + 1]
    through_ac = _cotangent(points, b, c, a) + _cotangent(points, d, a, c)
    through_bd = _cotangent(points, a, b, d) + _cotangent(points, c, d, b)
    tie = np.abs(through_ac - through_bd) <= 1e-6
    take_ac = np.where(tie, (cell + level) % 2 == 0, through_ac > through_bd)[:, None]
    first = np.where(take_ac, np.stack([a, b, c], 1), np.stack([a, b, d], 1))
    second = np.where(take_ac, np.stack([a, c, d], 1), np.stack([b, c, d], 1))
    higher, lower = counts[i] > counts[j], counts[i] < counts[j]
    down = np.stack([ids[i, low], ids[j, low], ids[i, np.minimum(low + 1, ids.shape[1] - 1)]], 1)
    up = np.stack([ids[i, low], ids[j, low], ids[j, np.minimum(low + 1, ids.shape[1] - 1)]], 1)
    found = np.concatenate([first, second, down[higher], up[lower]])
    return found if side > 0 else found[:, ::-1]


def _cotangent(points: Array, corner: Ids, first: Ids, last: Ids) -> Array:
    u, v = points[first] - points[corner], points[last] - points[corner]
    cross = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    return np.einsum("ij,ij->i", u, v) / np.maximum(np.abs(cross), 1e-300)
