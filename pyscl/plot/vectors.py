"""Arrows and lines along a vector field, on top of a map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import withStroke
from matplotlib.tri import Triangulation

from pyscl.plot.panels import Frame
from pyscl.plot.scales import DECADES, SYMBOLS, FloatArray, split_name
from pyscl.plot.style import prefixed

_ARROWS = 22  # along the longer side of a map
_SHORTEST = 0.15  # arrow, at the lower end of the decades, over the longest
_LINES = 400  # points of the grid of lines along the longer side
_DENSITY = 0.6
_LIGHT, _DARK = "white", "#00000090"
_NOISE = 0.05  # of a field along a thin strip, which is nearly one-dimensional: what is across

# What is smaller is rounding, wherever it is: a metre of 1 mV, and a current of rest.
_REST = {"electric_field": 1e-3, "current_density": 1e-9}  # [V/m], [A/m2]


def is_rest(name: str, vectors: FloatArray) -> bool:
    """Return whether a vector field [SI] (..., 2) is nothing but rounding everywhere."""
    size = np.hypot(vectors[..., 0], vectors[..., 1])
    largest = float(np.nanmax(size, initial=0.0))
    return not largest > _REST.get(split_name(name)[0], 0.0)


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


def draw_arrows(ax: Axes, frame: Frame, vectors: FloatArray, triangles: Triangulation) -> float:
    """Draw arrows along a field; their length tells its size, by decades.

    The longest is that of the largest vector in the frame; vectors smaller by more than five
    decades have none. On stretched axes too they have the true direction of the field, as on equal
    axes: what is small across a thin strip looks small.

    Args:
        ax: axes of the map.
        frame: what is shown.
        vectors: at the corners of the triangles (m, 3, 2), NaN where the field does not exist.
        triangles: (m) of the mesh [m].

    Returns:
        The size of the longest [as given], 0 if there are none.
    """
    x, y = grid(frame, _ARROWS)
    u, v = sampled(triangles, vectors, x, y)
    size = np.hypot(u, v)
    largest = float(np.nanmax(size, initial=0.0))
    if not largest > 0.0:
        return 0.0
    there = np.nan_to_num(size) > largest * 10.0**-DECADES
    u, v, size = u[there], v[there], size[there]
    share = 1.0 + (1.0 - _SHORTEST) * np.log10(size / largest) / DECADES
    length = share / size
    cell = min(1.0, 1.0 / frame.shape) / _ARROWS  # over the width as drawn
    arrows = ax.quiver(
        x[there] / frame.metre,
        y[there] / frame.metre,
        u * length,
        v * length,
        angles="uv",
        pivot="mid",
        units="width",
        scale=1.0 / (0.95 * cell),
        width=0.0035,
        headwidth=4.0,
        headlength=4.5,
        headaxislength=4.0,
        color="white",
        zorder=2.5,
    )
    arrows.set_path_effects([withStroke(linewidth=1.0, foreground="#000000B0")])
    return largest


def draw_lines(ax: Axes, frame: Frame, vectors: FloatArray, triangles: Triangulation) -> None:
    """Draw lines along a field; they start and end where the field does, or at the frame.

    See `draw_arrows` for the arguments. Where the field is smaller than its largest value by more
    than five decades there are no lines. On stretched axes lines are stretched too; there a field
    that is nearly along the strip everywhere is drawn as if it were.
    """
    x, y = grid(frame, _LINES)
    u, v = sampled(triangles, vectors, x, y)
    size = np.hypot(u, v)
    largest = float(np.nanmax(size, initial=0.0))
    if not largest > 0.0:
        return
    if frame.stretched:
        across = v if frame.shape < 1.0 else u
        if np.nanmax(np.abs(across)) < _NOISE * largest:
            across[:] = 0.0
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
        broken_streamlines=False,
        zorder=2.5,
    )
    heads: list[Any] = [p for p in ax.patches if isinstance(p, FancyArrowPatch) and p not in before]
    for artist in (lines.lines, *heads):
        artist.set_path_effects([withStroke(linewidth=1.1, foreground=_DARK)])


def draw_stream(
    ax: Axes, frame: Frame, lines: Sequence[FloatArray], vectors: FloatArray, of: Triangulation
) -> None:
    """Draw lines (k, 2) [m] that are known, each with an arrow about the middle of what is seen.

    See `draw_arrows` for the vectors, which tell the direction, and their triangles.
    """
    x0, x1, y0, y1 = frame.window
    shown = LineCollection(
        [line / frame.metre for line in lines], colors=_LIGHT, linewidths=0.5, zorder=2.5
    )
    shown.set_path_effects([withStroke(linewidth=1.1, foreground=_DARK)])
    ax.add_collection(shown, autolim=False)
    for number, line in enumerate(lines):
        inside = ((line > (x0, y0)) & (line < (x1, y1))).all(axis=1)
        seen = line[inside]
        if len(seen) < 3 or np.ptp(seen, axis=0).max() < 0.1 * max(x1 - x0, y1 - y0):
            continue
        along = np.cumsum(np.hypot(*np.diff(seen, axis=0).T))
        share = 0.3 + 0.4 * (0.618 * number % 1.0)  # heads side by side would read as a front
        middle = 1 + min(int(np.searchsorted(along, share * along[-1])), len(seen) - 2)
        here, step = seen[middle], seen[middle] - seen[middle - 1]
        vector = sampled(of, vectors, here[:1], here[1:])[:, 0]
        if np.isfinite(vector).all() and vector @ step < 0.0:
            step = -step
        size = 1e-3 * (x1 - x0) / max(float(np.hypot(*step)), 1e-300)
        head = FancyArrowPatch(
            (here - size * step) / frame.metre,
            (here + size * step) / frame.metre,
            arrowstyle="-|>",
            mutation_scale=5.0,
            color=_LIGHT,
            linewidth=0.5,
            shrinkA=0.0,
            shrinkB=0.0,
            zorder=2.6,
        )
        head.set_path_effects([withStroke(linewidth=1.1, foreground=_DARK)])
        ax.add_patch(head)


def name_arrows(ax: Axes, name: str, unit: str, largest: float) -> None:
    """Write below a map which field its arrows are of, and what their length tells.

    Args:
        ax: axes of the map.
        name: of the vector field.
        unit: its SI unit.
        largest: size of the longest [unit], from `draw_arrows`.
    """
    quantity, carrier = split_name(name)
    factor, unit = prefixed(largest, unit)
    what = f"{SYMBOLS[quantity]} of {carrier}" if carrier else SYMBOLS[quantity]
    below = 32.0 if ax.get_xlabel() else 8.0  # points: ticks, and the label of the axis
    percent = round(100.0 * (1.0 - _SHORTEST) / DECADES)
    ax.annotate(
        f"arrows: {what}, longest {largest / factor:.2g} {unit}, {percent} % shorter per decade",
        (1.0, 0.0),
        xycoords="axes fraction",
        xytext=(0.0, -below),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize="small",
        annotation_clip=False,
    )


def _cross(x: FloatArray, y: FloatArray, a: int, b: int, c: int) -> FloatArray:
    """Return twice the area of triangles with corners x, y (..., 3)."""
    return np.asarray(
        (x[..., b] - x[..., a]) * (y[..., c] - y[..., a])
        - (x[..., c] - x[..., a]) * (y[..., b] - y[..., a])
    )
