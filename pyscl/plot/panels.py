"""The parts of which figures are made: axes in length units, regions, outlines, colour bars."""

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from pyscl.errors import InputError
from pyscl.mesh import Mesh
from pyscl.plot.colours import DIFFERENCE, SIGNED
from pyscl.plot.ends import label_ends
from pyscl.plot.layout import BarBeside, MapLayout
from pyscl.plot.scales import FloatArray, LogitNorm, Scale
from pyscl.plot.style import COLUMN, INK, halved, length_unit, text_width
from pyscl.postprocess.cut import span_text

Window = tuple[float, float, float, float]
Line = tuple[tuple[float, float], tuple[float, float]]
_MARK = "#C00030"
_GREY = "#969696"
STRETCH = 8.0  # a frame longer than this is drawn with unequal axes


class Frame:
    """The piece of the plane that a map shows.

    Attributes:
        window: (x first, x last, y first, y last) [m].
        metre: m per unit of the axes.
        unit: unit of the axes.
        names: of the coordinates.
        stretched: whether the axes have different scales, to make a thin strip visible.
        shape: height over width as drawn.
    """

    def __init__(
        self,
        mesh: Mesh,
        window: Window | None = None,
        *,
        axisymmetric: bool = False,
        within: "Frame | None" = None,
    ) -> None:
        """Frame a window [m], default: the whole mesh; drawn as stretched as `within`."""
        low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
        self.window: Window = window or (low[0], high[0], low[1], high[1])
        self.names = ("r", "z") if axisymmetric else ("x", "y")
        x0, x1, y0, y1 = self.window
        if not (np.isfinite(self.window).all() and x0 < x1 and y0 < y1):
            raise InputError(
                f"a window is (x first, x last, y first, y last) in metres with first < last, not "
                f"{tuple(map(float, self.window))}"
            )
        if x1 <= low[0] or x0 >= high[0] or y1 <= low[1] or y0 >= high[1]:
            raise InputError(
                f"the window x = {span_text(x0, x1)}, y = {span_text(y0, y1)} lies outside the "
                f"mesh, which covers x = {span_text(low[0], high[0])}, y = "
                f"{span_text(low[1], high[1])}"
            )
        self.metre, self.unit = length_unit(max(x1 - x0, y1 - y0))
        shape = (y1 - y0) / (x1 - x0)
        self.stretched = not 1.0 / STRETCH <= shape <= STRETCH
        self.shape = float(shape)
        if self.stretched:
            self.shape = 0.25 if shape < 1.0 else 4.0
        if within is not None and within.stretched:
            self.stretched, self.shape = True, within.shape

    @property
    def flat(self) -> bool:
        """Whether the map is so flat that a colour bar beside it would be too short."""
        return self.shape < 0.45

    def apply(self, ax: Axes, *, labels: bool = True) -> None:
        """Set limits, aspect and labels of the axes."""
        x0, x1, y0, y1 = (v / self.metre for v in self.window)
        ax.set_xlim(x0, x1)
        ax.set_ylim(y0, y1)
        ax.set_aspect(self.shape * (x1 - x0) / (y1 - y0) if self.stretched else 1.0)
        ax.locator_params(axis="both", nbins=5, steps=[1, 2, 5, 10])
        if self.flat:
            ax.locator_params(axis="y", nbins=3)
        if labels:
            ax.set_xlabel(self.label(0))
            ax.set_ylabel(self.label(1))

    def label(self, axis: int) -> str:
        """Return the label of the axis 0 or 1; that of the short side of a strip says so."""
        text = f"{self.names[axis]} ({self.unit})"
        return f"stretched\n{text}" if self.stretched and axis == int(self.shape < 1.0) else text


def fill(ax: Axes, mesh: Mesh, mask: NDArray[np.bool_], frame: Frame, **style: Any) -> PathPatch:
    """Fill the triangles of a mask (m,) as one shape, bounded by its border."""
    loops = [mesh.points[loop] / frame.metre for loop in _border(mesh.triangles[mask])]
    closed = [Path(np.concatenate([loop, loop[:1]]), closed=True) for loop in loops]
    patch = PathPatch(Path.make_compound_path(*closed), linewidth=0.0, **style)
    ax.add_patch(patch)
    return patch


def _border(triangles: NDArray[np.int32]) -> list[list[int]]:
    """Return the border as closed loops of nodes with the triangles on their left."""
    sides = triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2).astype(np.int64)
    code, reverse = (sides @ w for w in ([1 << 32, 1], [1, 1 << 32]))
    onwards: dict[int, list[int]] = {}
    for a, b in sides[~np.isin(code, reverse)].tolist():
        onwards.setdefault(a, []).append(b)
    loops = []
    while onwards:
        loop = [next(iter(onwards))]
        while loop[-1] in onwards:
            ahead = onwards[loop[-1]]
            node = ahead.pop()
            if not ahead:
                del onwards[loop[-1]]
            loop.append(node)
        loops.append(loop[:-1])
    return loops


def absent(ax: Axes, mesh: Mesh, mask: NDArray[np.bool_], frame: Frame) -> PathPatch:
    """Hatch the triangles where a field does not exist."""
    return fill(
        ax, mesh, mask, frame, facecolor="#DCDCDC", edgecolor="#8A8A8A", hatch="////////", zorder=1
    )


def line_colour(scale: Scale) -> str:
    """Return the colour of outlines that shows on all colours of a scale."""
    return INK if scale.colours in (SIGNED, DIFFERENCE) else _GREY


def outline(
    ax: Axes, mesh: Mesh, interfaces: Iterable[str], frame: Frame, colour: str = INK
) -> None:
    """Draw interfaces "a|b" as single lines, which look like no layer of their own."""
    lines = [line / frame.metre for line in _interface_lines(mesh, tuple(interfaces))]
    if not lines:
        return
    ax.add_collection(
        LineCollection(
            lines, linewidths=0.6, colors=colour, capstyle="round", joinstyle="round", zorder=3
        ),
        autolim=False,
    )


_LINES: WeakKeyDictionary[Mesh, dict[tuple[str, ...], list[FloatArray]]] = WeakKeyDictionary()


def _interface_lines(mesh: Mesh, names: tuple[str, ...]) -> list[FloatArray]:
    """Return interfaces as long lines (n, 2) [m]; those of a mesh are found once."""
    known = _LINES.setdefault(mesh, {})
    if names not in known:
        facets = [mesh.interfaces[name] for name in names]
        known[names] = (
            [mesh.points[line] for line in _chains(np.concatenate(facets))] if facets else []
        )
    return known[names]


def _chains(facets: NDArray[np.int32]) -> list[list[int]]:
    """Return facets (k, 2) joined to long lines of nodes, each facet in one of them."""
    beside: dict[int, list[int]] = {}
    for a, b in facets.tolist():
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    ends = [node for node, others in beside.items() if len(others) != 2]
    lines = []
    for start in (*ends, *beside):
        while beside[start]:
            line = [start]
            while beside[line[-1]]:
                ahead = beside[line[-1]].pop()
                beside[ahead].remove(line[-1])
                line.append(ahead)
            lines.append(line)
    return lines


def mark_piece(whole: Axes, enlarged: Axes, piece: Frame, frame: Frame) -> None:
    """Frame the piece in the whole, and its enlargement in the same colour."""
    x0, x1, y0, y1 = (v / frame.metre for v in piece.window)
    whole.indicate_inset(
        (x0, y0, x1 - x0, y1 - y0), edgecolor=_MARK, alpha=1.0, linewidth=1.0, zorder=5
    )
    for spine in enlarged.spines.values():
        spine.set_edgecolor(_MARK)
        spine.set_linewidth(1.0)


def mark_line(ax: Axes, line: Line, frame: Frame) -> None:
    """Mark a cut line from ((x, y), (x, y)) [m], with a dot where its distance is zero."""
    (x0, y0), (x1, y1) = line
    ends = np.array([[x0, x1], [y0, y1]]) / frame.metre
    for width, colour in ((2.0, "white"), (1.0, _MARK)):
        ax.plot(*ends, color=colour, linewidth=width, zorder=4, solid_capstyle="round")
    ax.plot(
        *ends[:, :1], "o", color=_MARK, markersize=4.0, markeredgecolor="white", zorder=4, mew=0.6
    )


def colour_bar(
    figure: Figure, ax: Axes, scale: Scale, frame: Frame, *, title: str | None = None
) -> None:
    """Draw the scale beside the map, as long as the map; above it if the map is flat.

    With a title like "(a)" the label follows it above the map, where it can belong to no other.
    """
    inset = ax.inset_axes((1.03, 0.0, 0.04, 1.0))
    inset.set_axes_locator(BarBeside(ax, above=frame.flat))
    bar = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours),
        cax=inset,
        extend=scale.extend,
        extendfrac=0.03,
        orientation="horizontal" if frame.flat else "vertical",
    )
    _finish(bar, scale)
    if title is not None:
        bar.set_label("")
        above = bar.ax if frame.flat else ax
        above.set_title(f"{title} {scale.label}", loc="left", pad=6.0 if frame.flat else 3.0)
    elif not frame.flat:
        _shorten(bar, scale, 0.66 * COLUMN * frame.shape)
    if frame.flat:
        if isinstance(scale.norm, LogitNorm):  # wider than the colours between them
            bar.ax.xaxis.set_minor_formatter(NullFormatter())
        bar.ax.xaxis.set_ticks_position("top")
        bar.ax.xaxis.set_label_position("top")


def shared_bar(figure: Figure, axes: Sequence[Axes], scale: Scale, height: float) -> None:
    """Draw one scale to the right of several maps, which together are about `height` [inch] high.

    Args:
        figure: from `map_figure`.
        axes: of the maps.
        scale: theirs.
        height: [inch].
    """
    layout = figure.get_layout_engine()
    assert isinstance(layout, MapLayout)
    bar = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours),
        cax=layout.add_bar(figure, axes),
        extend=scale.extend,
        extendfrac=0.03,
    )
    _finish(bar, scale)
    _shorten(bar, scale, height)


def _shorten(bar: Colorbar, scale: Scale, height: float) -> None:
    """Break the label of a vertical bar that is too long for its height [inch]."""
    if text_width(scale.label, 8.0) > height:
        bar.set_label(halved(scale.label))


def _finish(bar: Colorbar, scale: Scale) -> None:
    bar.set_label(scale.label)
    bar.outline.set_linewidth(0.5)
    if scale.ticks is not None:
        bar.minorticks_off()
    label_ends(bar, scale)
