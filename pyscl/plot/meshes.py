"""Pictures of the geometry: regions and triangles."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pyscl.errors import unknown_name
from pyscl.mesh import Mesh, check
from pyscl.plot import panels
from pyscl.plot.panels import Frame, Window
from pyscl.plot.style import COLUMN, INK, PAGE, legend_columns, map_figure, region_colours, styled

_FACETS_SHOWN, _LAYERS_SHOWN = 3, 60  # at least so many of one, in an enlarged piece


@styled
def region_map(mesh: Mesh) -> Figure:
    """Draw the regions in their colours, with a legend."""
    frame = Frame(mesh)
    figure = map_figure(COLUMN)
    ax = figure.add_subplot()
    draw_regions(ax, mesh, frame)
    frame.apply(ax)
    region_legend(ax, region_colours(mesh.region_names))
    return figure


@styled
def mesh_map(
    mesh: Mesh, window: Window | str | None = None, *, only_enlarged: bool = False
) -> Figure:
    """Draw the triangles, and beside them an enlarged piece.

    Args:
        mesh: the mesh.
        window: the piece: (x first, x last, y first, y last) [m], or the name "a|b" of an
            interface, of which the middle is shown; None for the whole mesh alone.
        only_enlarged: whether the triangles are drawn in the enlarged piece alone.

    Raises:
        InputError: there is no such interface, or the window lies off the mesh.
    """
    frame = Frame(mesh)
    piece = _at(mesh, window, frame.stretched) if isinstance(window, str) else window
    pieces = [frame] if piece is None else [frame, Frame(mesh, piece, within=frame)]
    figure = map_figure(COLUMN if piece is None else PAGE)
    axes = list(figure.subplots(1, len(pieces), squeeze=False).flat)
    for ax, part in zip(axes, pieces, strict=True):
        draw_regions(ax, mesh, part)
        if part is not frame or piece is None or not only_enlarged:
            _triangles(ax, mesh, part, 0.06 if part is frame else 0.35)
        part.apply(ax)
    if len(axes) == 2:
        panels.mark_piece(axes[0], axes[1], pieces[1], frame)
        for ax, text in zip(axes, ("(a)", "(b)"), strict=True):
            ax.annotate(
                text,
                (0.0, 1.0),
                xycoords="axes fraction",
                xytext=(-6.0, 6.0),
                textcoords="offset points",
                ha="right",
            )
    region_legend(axes[0], region_colours(mesh.region_names))
    return figure


def draw_regions(ax: Axes, mesh: Mesh, frame: Frame) -> None:
    """Draw the regions in their colours, and their borders."""
    for name, colour in region_colours(mesh.region_names).items():
        panels.fill(ax, mesh, mesh.regions_of(name), frame, facecolor=colour, zorder=1)
    panels.outline(ax, mesh, mesh.interfaces, frame)


def _triangles(ax: Axes, mesh: Mesh, frame: Frame, width: float) -> None:
    x0, x1, y0, y1 = frame.window
    corner = mesh.points[mesh.triangles]
    low, high = corner.min(axis=1), corner.max(axis=1)
    seen = (high > (x0, y0)).all(axis=1) & (low < (x1, y1)).all(axis=1)
    ax.add_collection(
        PolyCollection(
            corner[seen] / frame.metre,
            facecolors="none",
            edgecolors=INK,
            linewidths=width,
            zorder=2,
            rasterized=bool(seen.sum() > 5000),
        ),
        autolim=False,
    )


def region_legend(ax: Axes, colours: dict[str, str], width: float = 0.8 * COLUMN) -> None:
    """Name the regions above a picture, in as many columns as fit a width [inch]."""
    ax.legend(
        handles=[
            Patch(facecolor=colour, edgecolor=INK, linewidth=0.5, label=name)
            for name, colour in colours.items()
        ],
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.3,
        borderpad=0.0,
        ncols=legend_columns(list(colours), width),
        handlelength=1.2,
        handleheight=0.9,
        columnspacing=1.4,
    )


def _at(mesh: Mesh, name: str, stretched: bool) -> Window:
    """Return a window about the facet of an interface that is nearest to the mesh centre."""
    key = "|".join(sorted(part.strip() for part in name.split("|")))
    if key not in mesh.interfaces:
        raise unknown_name("interface", name, mesh.interfaces, "in the mesh")
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    ends = mesh.points[mesh.interfaces[key]]
    middle = ends.mean(axis=1)
    size = np.where(stretched & (high - low < (high - low).max()), high - low, (high - low) / 12.0)
    nearest = np.argmin(np.hypot(*(middle - (low + high) / 2.0).T))
    if not stretched:
        facet = np.median(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1))
        layers = [row.first_layer for row in check(mesh).interfaces if row.interface == key]
        shown = max(_LAYERS_SHOWN * min(layers, default=np.inf), _FACETS_SHOWN * facet)
        size = np.minimum(size, shown)
    centre = middle[nearest]
    centre = np.clip(centre, low + size / 2.0, high - size / 2.0)
    (x0, y0), (x1, y1) = centre - size / 2.0, centre + size / 2.0
    return (float(x0), float(x1), float(y0), float(y1))
