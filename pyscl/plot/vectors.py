"""Arrows and lines along a vector field, on top of a map."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import withStroke
from matplotlib.tri import Triangulation

from pyscl.plot.panels import Frame
from pyscl.plot.scales import DECADES, FloatArray

_ARROWS = 22  # along the longer side of a map
_SHORTEST = 0.35  # arrow, at the lower end of the decades, over the longest
_LINES = 200  # points of the grid of lines along the longer side
_DENSITY = 1.1
_LIGHT, _DARK = "white", "#00000090"


def sampled(
    triangles: Triangulation, values: FloatArray, x: FloatArray, y: FloatArray
) -> FloatArray:
    """Return a vector [as given] known at corners of triangles (m, 3, 2) at points of any shape.

    (2, ...), linear in triangles and NaN outside of them.
    """
    found = np.asarray(triangles.get_trifinder()(x, y))
    corner = triangles.triangles[found]
    px, py = triangles.x[corner], triangles.y[corner]
    area = _cross(px, py, 0, 1, 2)
    weight = [
        ((px[..., b] - x) * (py[..., c] - y) - (px[..., c] - x) * (py[..., b] - y)) / area
        for b, c in ((1, 2), (2, 0), (0, 1))
    ]
    at = values[found]
    result = np.stack([sum(w * at[..., a, c] for a, w in enumerate(weight)) for c in range(2)])
    result[:, found < 0] = np.nan
    return result


def grid(frame: Frame, count: int) -> tuple[FloatArray, FloatArray]:
    """Return the middles [m] of the cells of a grid over a frame, (ny, nx) each.

    As drawn the cells are squares, `count` along the longer side.
    """
    nx = max(int(count / max(1.0, frame.shape)), 2)
    ny = max(int(count * min(1.0, frame.shape)), 2)
    x0, x1, y0, y1 = frame.window
    x = x0 + (x1 - x0) * (np.arange(nx) + 0.5) / nx
    y = y0 + (y1 - y0) * (np.arange(ny) + 0.5) / ny
    grid_x, grid_y = np.meshgrid(x, y)
    return grid_x, grid_y


def draw_arrows(ax: Axes, frame: Frame, vectors: FloatArray, triangles: Triangulation) -> None:
    """Draw arrows along a field; their length tells its size, by decades.

    The longest is that of the largest vector in the frame; vectors smaller by more than five
    decades have none.

    Args:
        ax: axes of the map.
        frame: what is shown.
        vectors: at the corners of the triangles (m, 3, 2), NaN where the field does not exist.
        triangles: (m) of the mesh [m].
    """
    x, y = grid(frame, _ARROWS)
    u, v = sampled(triangles, vectors, x, y)
    size = np.hypot(u, v)
    largest = float(np.nanmax(size, initial=0.0))
    if not largest > 0.0:
        return
    there = np.nan_to_num(size) > largest * 10.0**-DECADES
    u, v, size = u[there], _upright(frame) * v[there], size[there]
    share = 1.0 + (1.0 - _SHORTEST) * np.log10(size / largest) / DECADES
    length = share / np.hypot(u, v)
    cell = min(1.0, 1.0 / frame.shape) / _ARROWS  # over the width as drawn
    arrows = ax.quiver(
        x[there] / frame.metre,
        y[there] / frame.metre,
        u * length,
        v * length,
        angles="uv",
        pivot="mid",
        units="width",
        scale=1.0 / (0.85 * cell),
        width=0.0035,
        headwidth=4.0,
        headlength=4.5,
        headaxislength=4.0,
        color="white",
        zorder=2.5,
    )
    arrows.set_path_effects([withStroke(linewidth=1.0, foreground="#000000B0")])


def draw_lines(ax: Axes, frame: Frame, vectors: FloatArray, triangles: Triangulation) -> None:
    """Draw lines along a field; they start and end where the field does.

    See `draw_arrows` for the arguments. Where the field is smaller than its largest value by more
    than five decades there are no lines.
    """
    x, y = grid(frame, _LINES)
    u, v = sampled(triangles, vectors, x, y)
    size = np.hypot(u, v)
    largest = float(np.nanmax(size, initial=0.0))
    if not largest > 0.0:
        return
    absent = ~(np.nan_to_num(size) > largest * 10.0**-DECADES)
    before = list(ax.patches)
    lines = ax.streamplot(
        x[0] / frame.metre,
        y[:, 0] / frame.metre,
        np.ma.masked_where(absent, u),
        np.ma.masked_where(absent, v),
        density=(_DENSITY * min(1.0, 1.0 / frame.shape), _DENSITY * min(1.0, frame.shape)),
        color=_LIGHT,
        linewidth=0.5,
        arrowsize=0.6,
        zorder=2.5,
    )
    heads: list[Any] = [p for p in ax.patches if isinstance(p, FancyArrowPatch) and p not in before]
    for artist in (lines.lines, *heads):
        artist.set_path_effects([withStroke(linewidth=1.1, foreground=_DARK)])


def _upright(frame: Frame) -> float:
    """Return how much longer than a metre of x a metre of y is drawn."""
    x0, x1, y0, y1 = frame.window
    return frame.shape * (x1 - x0) / (y1 - y0)


def _cross(x: FloatArray, y: FloatArray, a: int, b: int, c: int) -> FloatArray:
    """Return twice the area of triangles with corners x, y (..., 3)."""
    return np.asarray(
        (x[..., b] - x[..., a]) * (y[..., c] - y[..., a])
        - (x[..., c] - x[..., a]) * (y[..., b] - y[..., a])
    )
