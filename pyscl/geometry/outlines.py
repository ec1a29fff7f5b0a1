"""Fine polylines through the smoothed points of an image, with the area of every part kept.

A part whose outline has lost area has a pressure; an outline moves along its normal by the
difference of the pressures on its two sides. The areas then give a linear system for the pressures
(the Laplacian of the graph of neighbouring parts), so that every part of the image, not only every
region, has as much area as it has pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pyscl.geometry.pixel_edges import FloatArray, IntArray, PixelChain, PixelNetwork

SAGITTA = 0.002
"""Largest distance between a polyline and the spline it samples [pixels]."""

_LARGEST_STEP = 2.0  # between points of a polyline [pixels]
_SMALLEST_STEP = 0.15  # [pixels]
_LARGEST_MOVE = 0.7  # of an outline for the sake of the area [pixels]
_RAMP = 3.0  # length over which a move starts at a junction [pixels]
_AREA_ERROR = 1e-7  # of a part [pixels]


@dataclass(eq=False)
class Outline:
    """A polyline that stands for a chain of pixel edges or a piece of a side of the image.

    Attributes:
        points: (n, 2) [pixels].
        left: part on the left, -1 outside the image.
        right: part on the right, -1 outside the image.
        vertices: (n,) number of the point of the network that is nearest along the curve; a
            negative number for a corner of the image, which is no point of the network.
        side: name of the side it is a piece of, or "".
        loop: whether it is closed without a junction.
        fixed: whether it may not be moved.
    """

    points: FloatArray
    left: int
    right: int
    vertices: IntArray
    side: str = ""
    loop: bool = False
    fixed: bool = False

    @property
    def swept(self) -> float:
        """Area between the origin and the polyline, positive if it turns left [pixel^2]."""
        x, y = self.points.T
        return float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2


def outlines(network: PixelNetwork, points: FloatArray, raw: set[int]) -> list[Outline]:
    """Sample a spline through each chain, finely where it is curved.

    Args:
        network: the pixel edges.
        points: (n, 2) smoothed points of the network [pixels].
        raw: numbers of the chains that are left as they are.
    """
    return [
        _outline(chain, points, network.n_junctions, number in raw)
        for number, chain in enumerate(network.chains)
    ]


def _outline(chain: PixelChain, points: FloatArray, n_junctions: int, raw: bool) -> Outline:
    from scipy.interpolate import CubicSpline

    at = points[chain.vertices]
    loop = chain.closed and bool(chain.vertices[0] >= n_junctions)
    if raw:
        stairs, nearest = _staircase(at)
        return Outline(
            stairs, chain.left, chain.right, chain.vertices[nearest], loop=loop, fixed=True
        )
    steps = np.maximum(np.linalg.norm(np.diff(at, axis=0), axis=1), 1e-6)
    knots = np.concatenate([[0.0], np.cumsum(steps)])
    spline = CubicSpline(knots, at, bc_type="periodic" if loop else "natural")
    fine = np.linspace(0.0, knots[-1], 4 * len(at))
    first, second = spline(fine, 1), spline(fine, 2)
    speed = np.maximum(np.linalg.norm(first, axis=1), 1e-9)
    bend = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / speed**3
    density = np.sqrt(bend / (8 * SAGITTA)).clip(1 / _LARGEST_STEP, 1 / _SMALLEST_STEP) * speed
    count = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(fine))])
    n = max(int(np.ceil(count[-1])), 8 if loop else 2)
    t = np.interp(np.linspace(0.0, count[-1], n + 1), count, fine)
    result = spline(t)
    result[0], result[-1] = at[0], at[-1]
    nearest = np.clip(np.searchsorted(knots, t), 0, len(knots) - 1)
    return Outline(result, chain.left, chain.right, chain.vertices[nearest], loop=loop)


def _staircase(at: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the corners between middles of pixel edges, with both ends, and what is nearest."""
    number = np.arange(len(at))
    turns = np.flatnonzero((at[1:] != at[:-1]).all(axis=1))
    whole = at[turns] == np.round(at[turns])
    corners = np.where(whole, at[turns], at[turns + 1])
    nearest = np.concatenate([number[:1], turns, number[-1:]])
    return np.concatenate([at[:1], corners, at[-1:]]), nearest


def sides(network: PixelNetwork, points: FloatArray) -> list[Outline]:
    """Return the sides of the image in pieces between junctions, the inside on their left."""
    rows, columns = network.shape
    on = network.points[: network.n_junctions]
    result = []
    for name, axis, level, direction, inside, corners in (
        ("bottom", 0, 0, 1, network.parts[-1], (-2, -3)),
        ("right", 1, columns, 1, network.parts[::-1, -1], (-3, -4)),
        ("top", 0, rows, -1, network.parts[0], (-5, -4)),
        ("left", 1, 0, -1, network.parts[::-1, 0], (-2, -5)),
    ):
        numbers = np.flatnonzero(on[:, 1 - axis] == level)
        numbers = numbers[np.argsort(on[numbers, axis])]
        length = (columns, rows)[axis]
        stops = np.concatenate([[0.0], points[numbers, axis], [length]])
        labels = np.concatenate([corners[:1], numbers, corners[1:]])
        pixels = np.concatenate([[0], on[numbers, axis]]).astype(int)
        for k, part in enumerate(inside[pixels]):
            piece = np.full((2, 2), float(level))
            piece[:, axis] = stops[k : k + 2]
            piece, vertices = piece[::direction], labels[k : k + 2][::direction]
            result.append(Outline(piece, int(part), -1, vertices, name, fixed=True))
    return result


def keep_areas(curves: Sequence[Outline], areas: FloatArray) -> float:
    """Move outlines along their normals until every part has its area.

    Args:
        curves: all outlines and sides; the points of those that are not fixed are changed.
        areas: (n_parts,) wanted area of each part [pixel^2].

    Returns:
        The largest difference that is left [pixel^2].
    """
    free = [curve for curve in curves if not curve.fixed and len(curve.points) > 2]
    error = _missing(curves, areas)
    for _ in range(8):
        if not free or np.abs(error).max() < _AREA_ERROR:
            break
        normals = [_normals(curve) for curve in free]
        moves = _moves(free, [weight for _, weight in normals], error)
        for curve, (normal, _), move in zip(free, normals, moves, strict=True):
            curve.points += move * normal
        error = _missing(curves, areas)
    return float(np.abs(error).max())


def _missing(curves: Sequence[Outline], areas: FloatArray) -> FloatArray:
    """Return the area that each part lacks (n_parts,) [pixel^2]."""
    has = np.zeros(len(areas) + 1)  # the last entry is the outside, part -1
    for curve in curves:
        swept = curve.swept
        has[curve.left] += swept
        has[curve.right] -= swept
    return areas - has[:-1]


def _normals(curve: Outline) -> tuple[FloatArray, float]:
    """Return the way of each point for a unit move to the right, and the area it sweeps."""
    points = curve.points
    tangent = np.gradient(points, axis=0)
    if curve.loop:
        tangent[0] = tangent[-1] = points[1] - points[-2]
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1), 1e-12)[:, None]
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    ramp = min(_RAMP, along[-1] / 3)
    share = np.minimum(1.0, np.minimum(along, along[-1] - along) / max(ramp, 1e-12))
    if curve.loop:
        share[:] = 1.0
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) * share[:, None]
    return normal, float(np.dot((share[1:] + share[:-1]) / 2, steps))


def _moves(free: Sequence[Outline], weights: Sequence[float], error: FloatArray) -> FloatArray:
    """Return how far each outline moves to its right (n_free,) [pixels]."""
    from scipy.sparse import coo_array, diags_array
    from scipy.sparse.linalg import spsolve

    left = np.array([curve.left for curve in free])
    right = np.array([curve.right for curve in free])
    weight = np.asarray(weights)
    n = len(error)
    graph = coo_array((np.tile(weight, 2), (np.r_[left, right], np.r_[right, left])), shape=(n, n))
    laplacian = diags_array(graph.sum(axis=1) + 1e-9) - graph
    pressure = np.atleast_1d(spsolve(laplacian.tocsc(), error))
    return (pressure[left] - pressure[right]).clip(-_LARGEST_MOVE, _LARGEST_MOVE)
