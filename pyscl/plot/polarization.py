"""Polarization: maps by direction and magnitude, and loops."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from pyscl.errors import InputError, unknown_name
from pyscl.plot import panels
from pyscl.plot.maps import figure_of, on_sites
from pyscl.plot.panels import Frame, Window
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import COLUMN, INK, LINES, STYLE, legend_columns, prefixed, styled, with_unit
from pyscl.plot.vectors import grid, sampled
from pyscl.postprocess.surfaces import total_polarization
from pyscl.solution import Solution

_HUES = ("#EFA020", "#9B1B4A", "#23459C", "#6FC7D6", "#EFA020")  # right, up, left, down, right
_PIXELS = 600  # along the longer side of a map
_ARROWS = 18
_LEAST_ARROW = 0.15  # of the largest |P|, below which none is drawn
_EMPTY = "#E6E6E6"
_WHEEL = 121
_LEGEND = 0.44  # width of the text below the wheel, over that of a map of one column


class Loop(Protocol):
    """What a loop plot reads: columns (n,) over the way of the voltage."""

    @property
    def voltage(self) -> Any:
        """[V]."""

    @property
    def field(self) -> Any:
        """[V/m]."""

    @property
    def polarization(self) -> Any:
        """[C/m2]."""


Loops = Loop | tuple[Any, Any] | Mapping[str, Loop | tuple[Any, Any]]
"""A loop, or several with their labels; pairs (field or voltage, polarization) are data."""


@styled
def polarization_map(
    solution: Solution,
    *,
    ax: Axes | None = None,
    window: Window | None = None,
    arrows: bool = True,
    largest: float | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the polarization D - eps0 E: the colour is its direction, pale where it is small.

    A colour wheel beside the map shows which direction a colour means. Regions with a law of
    polarization are drawn, the others are grey; all of them where none has one.

    Args:
        solution: the solution.
        ax: axes to draw in; default: a new figure one journal column wide.
        window: (x first, x last, y first, y last) [m] to show.
        arrows: draw arrows along P, as long as it is large.
        largest: |P| of the full colours [C/m2]; default: the largest that is drawn.
        title: text above the map.

    Raises:
        InputError: a window off the mesh, or a `largest` that is not positive.
    """
    if largest is not None and not largest > 0.0:
        raise InputError(f"the largest polarization must be above 0 C/m2, not {largest}")
    model, mesh = solution.model, solution.model.mesh
    frame = Frame(mesh, window, axisymmetric=model.coordinates == "axisymmetric")
    drawn = _drawn(solution)
    figure, ax = figure_of(frame, ax)
    if not drawn.all():
        panels.fill(ax, mesh, ~drawn, frame, facecolor=_EMPTY, zorder=1)
    smooth = on_sites(solution, total_polarization(solution))
    x0, x1, y0, y1 = frame.window
    places = Triangulation(mesh.points[:, 0], mesh.points[:, 1], mesh.triangles, mask=~drawn)
    corners = smooth[solution.site_triangles]
    seen = sampled(places, corners, *grid(frame, _PIXELS))
    full = largest or float(np.nanmax(np.hypot(*seen), initial=0.0)) or 1.0
    ax.imshow(
        colours_of(seen[0], seen[1], full),
        extent=(x0 / frame.metre, x1 / frame.metre, y0 / frame.metre, y1 / frame.metre),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        zorder=1.5,
    )
    if arrows:
        _arrows(ax, frame, places, corners, full)
    names = [name for name in mesh.interfaces if model.is_material_boundary(name)]
    panels.outline(ax, mesh, names, frame)
    frame.apply(ax)
    _wheel(ax, frame, full)
    if title is not None:
        ax.set_title(title, loc="left")
    return figure


def colours_of(x: FloatArray, y: FloatArray, largest: float) -> FloatArray:
    """Return the colours (..., 4) of vectors: the hue is the direction, white is 0.

    Orange to the right, dark red up, dark blue to the left, light blue down: with a weakness for
    red and green the four differ in lightness, and between yellow and blue.

    Args:
        x: first component, any shape; NaN is transparent.
        y: second component, the same shape.
        largest: magnitude of the full colours, in the unit of the components.
    """
    size = np.clip(np.hypot(x, y) / largest, 0.0, 1.0)
    turn = 4.0 * (np.arctan2(y, x) / (2.0 * np.pi) % 1.0)
    colours = np.zeros((*np.shape(x), 4))
    there = np.isfinite(size)
    hues = np.array([to_rgb(colour) for colour in _HUES])
    hue = np.stack([np.interp(turn[there], range(5), column) for column in hues.T], axis=-1)
    share = size[there][..., None]
    colours[there, :3] = share * hue + (1.0 - share)
    colours[there, 3] = 1.0
    return colours


@styled
def loop_plot(loops: Loops, *, against: Literal["field", "voltage"] = "field") -> Figure:
    """Draw polarization over field or voltage, with dots at remanence and coercive field.

    The numbers of a single loop stand above it: half the distance of both dots on either axis.

    Args:
        loops: a `PolarizationLoop`, anything with arrays `field` or `voltage` and `polarization`, a
            pair of arrays, or several of these with their labels.
        against: "field" [V/m] or "voltage" [V]; pairs must hold what is asked for.

    Raises:
        InputError: an unknown axis, or arrays of different lengths.
    """
    if against not in ("field", "voltage"):
        raise unknown_name("axis", against, ("field", "voltage"))
    several = loops if isinstance(loops, Mapping) else {"": loops}
    columns = {label: _columns(loop, against) for label, loop in several.items()}
    if not columns:
        raise InputError("there is no loop to draw; give one, or {'label': loop, ...}")
    widest = max(float(np.abs(x).max()) for x, _ in columns.values())
    factor, unit = prefixed(widest, "V/m" if against == "field" else "V")
    # C/m2 is 100 uC/cm2, in which loops are known
    figure = Figure((COLUMN, 2.7 if len(several) > 1 else 2.5), layout="constrained")
    ax = figure.add_subplot()
    for line in (ax.axhline, ax.axvline):
        line(0.0, color=INK, linewidth=0.5, zorder=1)
    marks: tuple[FloatArray, FloatArray] = (np.empty(0), np.empty(0))
    for k, (label, (x, p)) in enumerate(columns.items()):
        colour = LINES[k % len(LINES)]
        ax.plot(x / factor, 100.0 * p, color=colour, label=label)
        marks = crossings(x, p)
        look: dict[str, Any] = {"color": colour, "markersize": 4.0, "zorder": 3}
        ax.plot(np.zeros(len(marks[0])), 100.0 * marks[0], "o", **look)
        ax.plot(marks[1] / factor, np.zeros(len(marks[1])), "s", markerfacecolor="white", **look)
    ax.set_xlabel(with_unit("Electric field" if against == "field" else "Voltage", unit))
    ax.set_ylabel("Polarization (µC/cm²)")
    if len(several) > 1:
        names = list(several)
        figure.legend(loc="outside upper center", ncols=legend_columns(names))
    elif all(len(np.unique(np.sign(values))) == 2 for values in marks):
        remanence, coercive = (0.5 * float(np.ptp(values)) for values in marks)
        symbol = "E" if against == "field" else "V"
        text = f"$P_r$ = {100.0 * remanence:.3g} µC/cm², ${symbol}_c$ = {coercive / factor:.3g}"
        ax.set_title(f"{text} {unit}", loc="left")
    return figure


def crossings(x: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the last p at x = 0 on the way down and up, and the last x at p = 0 of either kind.

    Between two points the curve is a line. The first point of the curve, from which a loop begins,
    does not count.

    Args:
        x: (n,) field or voltage.
        p: (n,) polarization.
    """
    return _last_zeros(x, p), _last_zeros(p, x)


def _last_zeros(zero: FloatArray, other: FloatArray) -> FloatArray:
    """Return the last values of `other` where `zero` falls through 0, and where it rises."""
    found = []
    for sign in (-1.0, 1.0):
        before, after = sign * zero[:-1], sign * zero[1:]
        at = np.flatnonzero((before <= 0.0) & (after > 0.0))
        at = at[(at > 0) | (before[at] < 0.0)]  # not where the curve begins
        if len(at):
            k = int(at[-1])
            share = -before[k] / (after[k] - before[k])
            found.append(float(other[k] + share * (other[k + 1] - other[k])))
    return np.array(found)


def _columns(loop: Any, against: str) -> tuple[FloatArray, FloatArray]:
    """Return field or voltage, and polarization of a loop, both (n,)."""
    pair = loop if isinstance(loop, tuple) else (getattr(loop, against), loop.polarization)
    x, p = (np.asarray(column, dtype=float) for column in pair)
    if x.shape != p.shape or x.ndim != 1 or not len(x):
        raise InputError(
            f"{against} of the shape {x.shape} and polarization of the shape {p.shape}; both must "
            "be one-dimensional, of one length and not empty"
        )
    return x, p


def _drawn(solution: Solution) -> np.ndarray:
    """Return the triangles (m,) of regions with a law of polarization, or all if there is none."""
    model = solution.model
    polar = [
        model.materials[name].polarization is not None or name in model.fixed_polarization
        for name in model.mesh.region_names
    ]
    return np.array(polar if any(polar) else [True] * len(polar))[model.mesh.region]


def _arrows(
    ax: Axes, frame: Frame, triangles: Triangulation, values: FloatArray, largest: float
) -> None:
    """Draw arrows on a coarse grid, the largest as long as a cell."""
    x, y = grid(frame, _ARROWS)
    u, v = sampled(triangles, values, x, y) / largest
    size = np.hypot(u, v)
    there = np.isfinite(size) & (np.nan_to_num(size) > _LEAST_ARROW)
    cell = min(1.0, frame.shape) / min(x.shape)
    ax.quiver(
        x[there] / frame.metre,
        y[there] / frame.metre,
        u[there],
        v[there],
        angles="uv",
        pivot="mid",
        units="width",
        scale=1.2 / max(cell, 1.0 / _ARROWS),
        width=0.0045,
        headwidth=4.0,
        headlength=4.5,
        headaxislength=4.0,
        color=INK,
        zorder=2.5,
    )


def _wheel(ax: Axes, frame: Frame, largest: float) -> None:
    """Draw the meaning of the colours beside the map: a disc whose rim is the largest |P|."""
    side = 0.26 if not frame.flat else 0.3
    height = side / frame.shape if not frame.flat else 1.0
    width = side if not frame.flat else frame.shape
    left = 1.04 + max(0.03, 0.5 * (_LEGEND - width))  # its text is centred below it
    wheel = ax.inset_axes((left, 0.5 - 0.5 * height, width, height))
    v = np.linspace(-1.0, 1.0, _WHEEL)
    x, y = np.meshgrid(v, v)
    inside = np.hypot(x, y) <= 1.0
    wheel.imshow(
        colours_of(np.where(inside, x, np.nan), np.where(inside, y, np.nan), 1.0),
        extent=(-1.0, 1.0, -1.0, 1.0),
        origin="lower",
    )
    turn = np.linspace(0.0, 2.0 * np.pi, 100)
    wheel.plot(np.cos(turn), np.sin(turn), color=INK, linewidth=0.6)
    wheel.set_xlim(-1.05, 1.05)
    wheel.set_ylim(-1.05, 1.05)
    wheel.set_aspect(1.0)
    wheel.set_axis_off()
    size = STYLE["xtick.labelsize"]
    factor, unit = prefixed(largest, "C/m^2")
    wheel.annotate(
        f"|P| ≤ {largest / factor:.3g} {unit}",
        (0.5, -0.08),
        xycoords="axes fraction",
        ha="center",
        va="top",
        fontsize=size,
    )
