"""From overlapping layers to curves that meet only at their ends.

All outlines are cut at their crossings on one fine grid (snap rounding, so that the result is
topologically sound), the faces between them take the topmost layer that covers them, and the edges
between different neighbours are joined to chains from junction to junction.

Works in the unit of the longer side of the rectangle; only `Plane` and the last step know metres.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import GeometryError
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.partition import Chain

if TYPE_CHECKING:
    from shapely import Polygon

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

GRID = 2.0**-36
"""Spacing of the grid all points are on, in units of the longer side: 3e-17 m in 2 um."""

THIN = 1e-7
"""Faces narrower than this, in units of the longer side, join their neighbour: 0.2 pm in 2 um."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Copies of a painted shape on the grid.

    Attributes:
        polygons: shapely polygons.
        region: what they are covered with; None for a hole or a name only.
        name: facet group of the rim, or of the interfaces inside.
    """

    polygons: tuple[Any, ...]
    region: str | None
    name: str | None


@dataclass(frozen=True, eq=False)
class Plane:
    """The rectangle on the grid.

    Attributes:
        unit: length of the longer side [m].
        metres: (2,) exact width and height [m].
        size: (2,) width and height [nm] on the grid.
    """

    unit: float
    metres: FloatArray
    size: FloatArray

    @classmethod
    def of(cls, width: float, height: float) -> "Plane":
        """Return the plane of a rectangle [m]."""
        unit, metres = max(width, height), np.array([width, height])
        return cls(unit, metres, _on_grid(metres / unit))

    def polygon(self, shape: Any, what: str) -> Any:
        """Return a valid shapely polygon on the grid for a shape [m]; `what` is for errors."""
        import shapely

        if isinstance(shape, np.ndarray):
            if shape.ndim != 2 or shape.shape[1] != 2 or len(shape) < 3:
                raise GeometryError(
                    f"the outline of '{what}' must be an (n, 2) array with n >= 3, "
                    f"not of shape {shape.shape}."
                )
            shape = shapely.Polygon(shape) if np.isfinite(shape).all() else shapely.Polygon()
        if not shape.is_valid:
            reason = shapely.is_valid_reason(shape)
            raise GeometryError(
                f"the outline of '{what}' is no proper outline: {reason} [m]. "
                "Give the corners in order around the shape, without crossing."
            )
        polygon = shapely.transform(shape, lambda points: points / self.unit)
        drawn, polygon = polygon.area, shapely.set_precision(polygon, GRID)
        if drawn > 0 and not polygon.area > 0:
            raise GeometryError(
                f"the outline of '{what}' is thinner than {in_nm(GRID * self.unit)}, the grid all "
                "points are on. Make it thicker, or the rectangle smaller."
            )
        if not polygon.area > 0:
            raise GeometryError(f"the outline of '{what}' has no area.")
        return polygon

    def layer(
        self, polygon: Any, shifts: Sequence[FloatArray], region: str | None, name: str | None
    ) -> Layer:
        """Return the copies of a polygon, moved by `shifts`, that reach into the rectangle."""
        import shapely

        frame = self.frame()
        moved = [shapely.transform(polygon, lambda points, by=by: points + by) for by in shifts]
        inside = [copy for copy in moved if shapely.intersection(copy, frame).area > 0]
        if not inside:
            low, high = np.array(polygon.bounds).reshape(2, 2) * self.unit
            raise GeometryError(
                f"a shape of '{region or name}' lies outside the rectangle of "
                f"{in_nm(*self.metres)}: it spans x = {low[0] * 1e9:.4g} to "
                f"{high[0] * 1e9:.4g} nm, y = {low[1] * 1e9:.4g} to {high[1] * 1e9:.4g} nm."
            )
        return Layer(
            tuple(part for copy in inside for part in shapely.get_parts(copy)), region, name
        )

    def frame(self) -> "Polygon":
        """Return the rectangle as a shapely polygon on the grid."""
        import shapely

        return shapely.box(0.0, 0.0, self.size[0], self.size[1])

    def to_metres(self, points: FloatArray) -> FloatArray:
        """Return points (n, 2) [m]; those on a side are exactly on it."""
        result = points * self.unit
        for k in (0, 1):
            result[points[:, k] == self.size[k], k] = self.metres[k]
        return result


def _on_grid(values: FloatArray) -> FloatArray:
    return np.round(values / GRID) * GRID


@dataclass(frozen=True, eq=False)
class _Edges:
    """Straight edges between faces: (m, 2) node numbers, face left and right (m,), -1 outside."""

    points: FloatArray
    nodes: IntArray
    left: IntArray
    right: IntArray

    def length(self) -> FloatArray:
        """Return the lengths (m,)."""
        return np.linalg.norm(self.points[self.nodes[:, 1]] - self.points[self.nodes[:, 0]], axis=1)

    def middle(self) -> FloatArray:
        """Return the midpoints (m, 2)."""
        return self.points[self.nodes].mean(axis=1)


def arrange(
    plane: Plane,
    base: str,
    layers: Sequence[Layer],
    named: Sequence[Layer],
    periodic: Sequence[str],
) -> list[Chain]:
    """Return the chains of a painted rectangle, in an order that depends on the shapes only.

    Args:
        plane: the rectangle.
        base: region below all layers.
        layers: from the lowest to the topmost.
        named: shapes inside which interfaces have a name; a later one counts.
        periodic: directions "x", "y" in which opposite sides are the same line.
    """
    faces = _faces(plane, [*layers, *named])
    covers = _topmost(layers, _inner_points(faces))
    edges = _edges(faces)
    covers = _without_slivers(faces, covers, edges)
    regions = sorted({base, *(layer.region for layer in layers if layer.region is not None)})
    number = {region: k for k, region in enumerate(regions)}
    # Entry -1, the last one, stands for both: below all layers, and outside the rectangle.
    region_of_layer = [-1 if layer.region is None else number[layer.region] for layer in layers]
    of_face = np.array([*region_of_layer, number[base]], dtype=np.intp)[covers]
    label = np.append(of_face, -1)
    left, right = label[edges.left], label[edges.right]
    names, group = _names_of_edges(plane, edges, layers, named, covers, (left, right))
    keep = left != right
    # Walk with the larger label on the left, so that all edges of a chain point the same way.
    turn = left < right
    nodes = np.where(turn[:, None], edges.nodes[:, ::-1], edges.nodes)[keep]
    kind = np.column_stack([np.maximum(left, right), np.minimum(left, right), group])[keep]
    points = edges.points
    corner = np.all((points == 0) | (points == plane.size), axis=1)
    junction = _junctions(nodes, kind, corner)
    points = _matched(plane, points, junction, periodic)
    chains = []
    for path in _paths(nodes, junction):
        a, b, g = kind[path[0]]
        line = _plain(points[np.append(nodes[path, 0], nodes[path[-1], 1])])
        chains.append(
            Chain(
                plane.to_metres(line),
                regions[a],
                None if b < 0 else regions[b],
                None if g < 0 else names[g],
            )
        )
    return sorted(chains, key=lambda c: (c.points[0].tolist(), c.points[1].tolist()))


def _faces(plane: Plane, layers: Sequence[Layer]) -> NDArray[Any]:
    """Return the faces inside the rectangle, oriented polygons (n,)."""
    import shapely

    lines = [plane.frame().boundary]
    lines += [polygon.boundary for layer in layers for polygon in layer.polygons]
    noded = shapely.unary_union(np.array(lines, dtype=object), grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    # Beside the rectangle there are faces of shapes that reach beyond it.
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    faces = faces[np.all((inner > 0) & (inner < plane.size), axis=1)]
    return np.asarray(shapely.orient_polygons(faces))


def _inner_points(faces: NDArray[Any]) -> NDArray[Any]:
    import shapely

    return np.asarray(shapely.point_on_surface(faces))


def _topmost(layers: Sequence[Layer], points: NDArray[Any]) -> IntArray:
    """Return the last layer that covers each point, -1 for none."""
    import shapely

    result = np.full(len(points), -1, dtype=np.intp)
    polygons = [polygon for layer in layers for polygon in layer.polygons]
    if polygons:
        owner = np.repeat(np.arange(len(layers)), [len(layer.polygons) for layer in layers])
        point, polygon = shapely.STRtree(polygons).query(points, predicate="intersects")
        np.maximum.at(result, point, owner[polygon])
    return result


def _edges(faces: NDArray[Any]) -> _Edges:
    """Return every straight edge of the faces once."""
    import shapely

    rings, face = shapely.get_rings(faces, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    unique, node = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
    step = ring[1:] == ring[:-1]
    start, end, owner = node[:-1][step], node[1:][step], face[ring[:-1][step]]
    forward = start < end
    low, high = np.minimum(start, end), np.maximum(start, end)
    key, edge = np.unique(low * len(unique) + high, return_inverse=True)
    left, right = np.full((2, len(key)), -1, dtype=np.intp)
    left[edge[forward]] = owner[forward]
    right[edge[~forward]] = owner[~forward]
    points = np.column_stack([unique.real, unique.imag])
    return _Edges(points, np.column_stack([key // len(unique), key % len(unique)]), left, right)


def _without_slivers(faces: NDArray[Any], covers: IntArray, edges: _Edges) -> IntArray:
    """Return the layers of the faces; a very thin face gets that of its longest neighbour."""
    import shapely

    thin = 2.0 * shapely.area(faces) < THIN * shapely.length(faces)
    result, length = covers.copy(), edges.length()
    for face in np.flatnonzero(thin):
        at = np.flatnonzero((edges.left == face) | (edges.right == face))
        other = np.where(edges.left[at] == face, edges.right[at], edges.left[at])
        solid = (other >= 0) & ~thin[other]
        if solid.any():
            result[face] = covers[other[solid][np.argmax(length[at][solid])]]
    return result


def _names_of_edges(
    plane: Plane,
    edges: _Edges,
    layers: Sequence[Layer],
    named: Sequence[Layer],
    covers: IntArray,
    labels: tuple[IntArray, IntArray],
) -> tuple[list[str], IntArray]:
    """Return the names of facet groups and the one of each edge (m,), -1 for none."""
    import shapely

    names = ["left", "right", "bottom", "top"]
    group = np.full(len(edges.nodes), -1, dtype=np.intp)
    middle = edges.middle()
    outer = (edges.left < 0) | (edges.right < 0)
    for k, (axis, end) in enumerate(((0, 0.0), (0, plane.size[0]), (1, 0.0), (1, plane.size[1]))):
        group[outer & (np.abs(middle[:, axis] - end) < GRID)] = k
    layer_of = np.append(covers, -1)
    for k, layer in enumerate(layers):
        if layer.region is None:
            rim = ~outer & ((layer_of[edges.left] == k) | (layer_of[edges.right] == k))
            group[rim] = _number(names, layer.name or "")
    inner = np.flatnonzero(~outer & (labels[0] >= 0) & (labels[1] >= 0) & (labels[0] != labels[1]))
    over = _topmost(named, shapely.points(middle[inner]))
    for k, layer in enumerate(named):
        if (over == k).any():
            group[inner[over == k]] = _number(names, layer.name or "")
    return names, group


def _number(names: list[str], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


def _matched(
    plane: Plane, points: FloatArray, junction: NDArray[np.bool_], periodic: Sequence[str]
) -> FloatArray:
    """Return the points with the junctions on periodic sides at exactly the same places."""
    result = points.copy()
    for axis, along in (("x", 1), ("y", 0)):
        if axis not in periodic:
            continue
        across = 1 - along
        first = np.flatnonzero(junction & (points[:, across] == 0))
        second = np.flatnonzero(junction & (points[:, across] == plane.size[across]))
        first = first[np.argsort(points[first, along], kind="stable")]
        second = second[np.argsort(points[second, along], kind="stable")]
        gap = np.inf
        if len(first) == len(second):
            gap = float(np.abs(points[first, along] - points[second, along]).max())
        if gap > 64 * GRID:
            raise GeometryError(
                f"the two sides across {axis} are not the same line: something is painted at one "
                "of them only. Paint shapes that repeat, or do not make this direction periodic."
            )
        result[second, along] = result[first, along]
    return result


def _junctions(nodes: IntArray, kind: IntArray, corner: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which nodes end chains: corners, and those where not two edges of a kind meet.

    Nodes without any edge are none.
    """
    count = len(corner)
    degree = np.bincount(nodes.ravel(), minlength=count)
    into, out = np.full((2, count), -1, dtype=np.intp)
    into[nodes[:, 1]] = np.arange(len(nodes))
    out[nodes[:, 0]] = np.arange(len(nodes))
    both = (degree == 2) & (into >= 0) & (out >= 0)
    same = both & np.all(kind[into] == kind[out], axis=1) & ~corner
    return np.asarray((degree > 0) & ~same)


def _paths(nodes: IntArray, junction: NDArray[np.bool_]) -> list[list[int]]:
    """Join directed edges (m, 2) to paths from junction to junction, and to closed ones."""
    out = np.full(len(junction), -1, dtype=np.intp)
    out[nodes[:, 0]] = np.arange(len(nodes))
    starts = np.flatnonzero(junction[nodes[:, 0]])
    loops = np.argsort(nodes[:, 0], kind="stable")  # closed curves begin at their first node
    following, end, open_end = out.tolist(), nodes[:, 1].tolist(), junction.tolist()
    used = np.zeros(len(nodes), dtype=bool)
    paths = []
    for first in [*starts.tolist(), *loops.tolist()]:
        if used[first]:
            continue
        path, edge = [first], first
        while not open_end[end[edge]] and following[end[edge]] != first:
            edge = following[end[edge]]
            path.append(edge)
        used[path] = True
        paths.append(path)
    return paths


def _plain(points: FloatArray) -> FloatArray:
    """Return a polyline without points that only hidden curves have left on it."""
    import shapely

    line = shapely.simplify(shapely.LineString(points), 32 * GRID, preserve_topology=False)
    kept = shapely.get_coordinates(line)
    if len(kept) < 2 or (np.array_equal(kept[0], kept[-1]) and len(kept) < 4):
        return points
    return _without_stubs(kept)


def _without_stubs(points: FloatArray) -> FloatArray:
    """Drop a point so close to an end of an open line that it only spoils the direction there."""
    if np.array_equal(points[0], points[-1]):
        return points
    for _ in range(2):
        if len(points) > 4:
            first, second = points[1] - points[0], points[2] - points[1]
            short = np.linalg.norm(first) < 0.1 * np.linalg.norm(second)
            off = abs(first[0] * second[1] - first[1] * second[0]) / np.linalg.norm(second)
            if short and off < THIN and first @ second > 0.0:
                points = np.delete(points, 1, axis=0)
        points = points[::-1]
    return points
