"""The parts of which figures are made: axes in length units, regions, outlines, colour bars."""

from collections.abc import Iterable
from typing import Any

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
from pyscl.plot.scales import LogitNorm, Scale
from pyscl.plot.style import COLUMN, INK, halved, length_unit, text_width

Window = tuple[float, float, float, float]
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
                f"{self.window}"
            )
        if x1 <= low[0] or x0 >= high[0] or y1 <= low[1] or y0 >= high[1]:
            raise InputError(
                f"the window {self.window} m lies outside the mesh, which covers x = {low[0]:.4g} "
                f"... {high[0]:.4g} m, y = {low[1]:.4g} ... {high[1]:.4g} m"
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
            ax.set_xlabel(f"{self.names[0]} ({self.unit})")
            ax.set_ylabel(f"{self.names[1]} ({self.unit})")


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


def outline(
    ax: Axes, mesh: Mesh, interfaces: Iterable[str], frame: Frame, *, halo: bool = True
) -> None:
    """Draw interfaces "a|b" as dark lines, with a light edge that shows on dark colours."""
    facets = [mesh.interfaces[name] for name in interfaces]
    if not facets:
        return
    lines = list(mesh.points[np.concatenate(facets)] / frame.metre)
    strokes = ((1.1, "white", 0.55), (0.5, INK, 1.0)) if halo else ((0.6, INK, 1.0),)
    for width, colour, alpha in strokes:
        ax.add_collection(
            LineCollection(
                lines,
                linewidths=width,
                colors=colour,
                alpha=alpha,
                capstyle="round",
                zorder=3,
            ),
            autolim=False,
        )


def colour_bar(figure: Figure, ax: Axes, scale: Scale, frame: Frame) -> None:
    """Draw the scale beside the map, as long as the map; above it if the map is flat."""
    at = (0.0, 1.12, 1.0, 0.09 / frame.shape**0.5) if frame.flat else (1.03, 0.0, 0.04, 1.0)
    bar = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours),
        cax=ax.inset_axes(at),
        extend=scale.extend,
        extendfrac=0.03,
        orientation="horizontal" if frame.flat else "vertical",
    )
    _finish(bar, scale)
    if not frame.flat and text_width(scale.label, 8.0) > 0.66 * COLUMN * frame.shape:
        bar.set_label(halved(scale.label))
    if frame.flat:
        if isinstance(scale.norm, LogitNorm):  # wider than the colours between them
            bar.ax.xaxis.set_minor_formatter(NullFormatter())
        bar.ax.xaxis.set_ticks_position("top")
        bar.ax.xaxis.set_label_position("top")


def shared_bar(figure: Figure, axes: list[Axes], scale: Scale, frame: Frame) -> None:
    """Draw one scale below all maps."""
    bar = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours),
        ax=axes,
        extend=scale.extend,
        extendfrac=0.02,
        location="bottom",
        shrink=0.6,
        aspect=40,
        pad=0.015 / frame.shape,
    )
    _finish(bar, scale)


def _finish(bar: Colorbar, scale: Scale) -> None:
    bar.set_label(scale.label)
    bar.outline.set_linewidth(0.5)
    if scale.ticks is not None:
        bar.minorticks_off()
        bar.set_ticks(list(scale.ticks), labels=list(scale.ticks.values()))
