"""Maps of fields: one field, and the overview of a solution."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import TriMesh
from matplotlib.figure import Figure, SubFigure
from matplotlib.tri import Triangulation

from pyscl.errors import InputError, unknown_name
from pyscl.mesh.places import triangulation
from pyscl.plot import panels
from pyscl.plot.layout import column_of, map_figure, row_of
from pyscl.plot.panels import Frame, Line, Window
from pyscl.plot.places import window_at
from pyscl.plot.scales import Component, FloatArray, Scale, scale_of, split_name
from pyscl.plot.streams import level_lines, stream_function
from pyscl.plot.style import Width, inches, styled
from pyscl.plot.vectors import draw_arrows, draw_lines, draw_stream, is_rest, name_arrows
from pyscl.solution import Solution

_LINES = 20  # of a current


@styled
def field_map(
    solution: Solution,
    name: str,
    *,
    ax: Axes | None = None,
    component: Component = "magnitude",
    window: Window | str | None = None,
    inset: Window | str | None = None,
    outlines: bool = True,
    arrows: bool | str = False,
    streamlines: bool | str = False,
    line: Line | None = None,
    width: Width | None = None,
    title: str | None = None,
) -> Figure:
    """Draw a field in colours over the geometry; jumps at interfaces stay sharp.

    Potentials have a linear scale, magnitudes of vectors a logarithmic one over five decades (of
    polarization and displacement a linear one from zero), charge density one that is symmetric
    about zero, and site fractions a logarithmic or logit one that shows both ends. Where the field
    does not exist the region is hatched. Vector fields, constant in triangles, are averaged by
    area on the nodes of each region. In equilibrium a current density is zero and what is drawn is
    rounding.

    Args:
        solution: the solution.
        name: a name in `solution.field_names`.
        ax: axes to draw in; default: a new figure.
        component: of a vector field: "magnitude", "x" or "y".
        window: (x first, x last, y first, y last) [m] to show, an interface "a|b", or "strongest"
            for the interface with the largest field; the scale fits what is seen.
        inset: a piece that is shown enlarged beside the map, with the same scale; see `window`.
        outlines: draw the interfaces.
        arrows: draw arrows along a vector field: this one, or another by name; True on the map of
            a scalar stands for the electric field.
        streamlines: draw lines along a vector field; see `arrows`. Between two lines of a steady
            current flow equal currents.
        line: ends ((x, y), (x, y)) [m] of a cut line to be marked.
        width: "single" or "double" column; default: single, with an inset double.
        title: text above the map.

    Raises:
        InputError: an unknown field, component, interface or width, arrows or lines along a
            scalar, an inset in given axes, or a window off the mesh.
    """
    layer = Layer.of(solution, name, component, window)
    if inset is not None and ax is not None:
        raise InputError("an inset needs a figure of its own; leave either ax or inset out")
    pieces = [layer]
    if inset is not None:
        pieces.append(layer.within(_window(solution, inset)))
    scale = scale_of(solution, name, [layer.seen], component)
    beside = width != "single" and not layer.frame.flat
    if ax is not None or inset is None:
        figure, first = figure_of(layer.frame, ax, width or "single")
        axes = [first]
    else:
        figure = map_figure(inches(width or "double"))
        axes = list(figure.subplots(*((1, 2) if beside else (2, 1))))
    for place, piece in zip(axes, pieces, strict=True):
        draw(figure, place, piece, scale, outlines=outlines, legend=place is axes[0])
        piece.frame.apply(place)
        follow(place, piece, arrows, streamlines)
    if line is not None:
        panels.mark_line(axes[0], line, layer.frame)
    if len(axes) == 1:
        panels.colour_bar(figure, axes[0], scale, layer.frame)
    else:
        panels.mark_piece(axes[0], axes[1], pieces[1].frame, layer.frame)
        height = 0.7 * inches(width or "double") * layer.frame.shape
        if beside:
            panels.shared_bar(figure, axes[1:], scale, 0.5 * height)
        else:
            panels.shared_bar(figure, axes, scale, 2.0 * height)
    if title is not None:
        axes[0].set_title(title, loc="left")
    return figure


@styled
def overview(
    solution: Solution,
    carrier: str | None = None,
    *,
    window: Window | str | None = None,
    arrows: bool = False,
    width: Width = "double",
) -> Figure:
    """Draw potential, electric field, site fraction and charge density in four panels.

    Args:
        solution: the solution.
        carrier: whose site fraction is shown; default: the first carrier of the model.
        window: the piece to show, see `field_map`; default: all.
        arrows: draw the electric field as arrows over the potential, and the current density of
            the carrier over its site fraction if there is current.
        width: of the figure: "double" for two by two panels, "single" for a column of four.

    Raises:
        InputError: there is no such carrier, interface or width, or a window off the mesh.
    """
    carriers = solution.model.carriers
    if carrier not in carriers and (carrier is not None or not carriers):
        raise unknown_name("carrier", carrier or "", carriers)
    carrier = carrier or carriers[0]
    names = ("potential", "electric_field", f"site_fraction_{carrier}", "charge_density")
    window = _window(solution, window)
    layers = [Layer.of(solution, name, window=window) for name in names]
    frame = layers[0].frame
    columns = 2 if width == "double" else 1
    figure, axes = grid_of(4, columns, width)
    for number, (ax, layer) in enumerate(zip(axes, layers, strict=True)):
        scale = scale_of(solution, layer.name, [layer.seen], "magnitude")
        draw(figure, ax, layer, scale)
        frame.apply(ax, labels=False)
        panels.colour_bar(figure, ax, scale, frame, title=f"({chr(ord('a') + number)})")
    label_outer(axes, frame)
    if arrows:
        follow(axes[0], layers[0], True, False)
        if solution.kind != "equilibrium":
            follow(axes[2], layers[2], f"current_density_{carrier}", False)
    return figure


def _window(solution: Solution, window: Window | str | None) -> Window | None:
    return window_at(solution, window) if isinstance(window, str) else window


@dataclass(frozen=True, eq=False)
class Layer:
    """A field as it is drawn.

    Attributes:
        solution: where it comes from.
        name: name of the field.
        frame: what is shown.
        values: on the sites [SI], (n_sites,), NaN where the field does not exist.
        seen: those of `values` inside the frame that exist, and the shares of their sites in the
            area or volume, (2, n_seen).
        vectors: the averaged vectors (n_sites, 2) [SI], None for a scalar field.
    """

    solution: Solution
    name: str
    frame: Frame
    values: FloatArray
    seen: FloatArray
    vectors: FloatArray | None

    @classmethod
    def of(
        cls,
        solution: Solution,
        name: str,
        component: Component = "magnitude",
        window: Window | str | None = None,
    ) -> "Layer":
        """Take a field of a solution; see `field_map` for the arguments and the errors."""
        if component not in ("magnitude", "x", "y"):
            raise unknown_name("component", component, ("magnitude", "x", "y"))
        field = solution[name]
        if component != "magnitude" and field.location != "triangle":
            raise InputError(
                f"'{name}' is a scalar and has no component '{component}'; leave the component "
                "out, or take a vector such as 'electric_field'"
            )
        model = solution.model
        window = _window(solution, window)
        frame = Frame(model.mesh, window, axisymmetric=model.coordinates == "axisymmetric")
        values, vectors = field.values, None
        if field.location == "triangle":
            vectors = vectors_of(solution, name)
            values = vectors[:, int(component == "y")]
            if component == "magnitude":
                values = np.hypot(*vectors.T)
        return cls(solution, name, frame, values, _seen(solution, frame, values), vectors)

    def within(self, window: Window | None) -> "Layer":
        """Return a piece of what is shown, as stretched as the whole."""
        model = self.solution.model
        axial = model.coordinates == "axisymmetric"
        frame = Frame(model.mesh, window, axisymmetric=axial, within=self.frame)
        return replace(self, frame=frame, seen=_seen(self.solution, frame, self.values))


def _seen(solution: Solution, frame: Frame, values: FloatArray) -> FloatArray:
    """Return the finite values at the sites in a frame, and the shares of these sites, (2, n)."""
    x0, x1, y0, y1 = frame.window
    x, y = solution.site_points.T
    inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1) & np.isfinite(values)
    return np.stack([values[inside], solution.site_volume[inside]])


def vectors_of(solution: Solution, name: str) -> FloatArray:
    """Return a vector field on the sites (n_sites, 2) [SI], NaN where its carrier is absent.

    Raises:
        InputError: an unknown field, or a scalar one.
    """
    field = solution[name]
    if field.location != "triangle":
        others = [n for n in solution.field_names if solution[n].location == "triangle"]
        raise InputError(
            f"arrows and lines follow a vector field, but '{name}' is a scalar; use one of "
            f"{', '.join(others)}"
        )
    vectors = on_sites(solution, field.values)
    carrier = split_name(name)[1]
    if carrier:
        model = solution.model
        living = [r in model.regions_with(carrier) for r in model.mesh.region_names]
        vectors[~np.array(living)[solution.site_region]] = np.nan
    return vectors


def on_sites(solution: Solution, values: FloatArray) -> FloatArray:
    """Return triangle values [as given] (m, 2) averaged by area on the sites, (n_sites, 2)."""
    sites, area = solution.site_triangles.ravel(), np.repeat(solution.model.mesh.areas, 3)
    n = len(solution.site_region)
    total = np.bincount(sites, area, n)
    sums = [np.bincount(sites, area * np.repeat(v, 3), n) for v in values.T]
    return np.column_stack(sums) / total[:, None]


def draw(
    figure: Figure,
    ax: Axes,
    layer: Layer,
    scale: Scale,
    *,
    outlines: bool = True,
    legend: bool = True,
) -> TriMesh | None:
    """Draw a field, its absence and the interfaces; return the colours, None if there are none."""
    solution, frame = layer.solution, layer.frame
    mesh = solution.model.mesh
    there = np.asarray(np.isfinite(layer.values)[solution.site_triangles].all(axis=1))
    x, y = solution.site_points.T / frame.metre
    colours = None
    if there.any():
        colours = ax.tripcolor(
            Triangulation(x, y, solution.site_triangles[there]),
            np.nan_to_num(layer.values) / scale.factor,
            shading="gouraud",
            norm=scale.norm,
            cmap=scale.colours,
            rasterized=True,
        )
    if not there.all():
        corners = solution.site_points[solution.site_triangles[~there]]
        x0, x1, y0, y1 = frame.window
        low, high = corners.min(axis=1), corners.max(axis=1)
        legend &= bool(((high > (x0, y0)) & (low < (x1, y1))).all(axis=1).any())
        patch = panels.absent(ax, mesh, ~there, frame)
        carrier = split_name(layer.name)[1]
        if legend:
            _name_absence(ax, patch, f"no {carrier}" if carrier else "no value", frame)
    if outlines:
        model = solution.model
        boundaries = [name for name in mesh.interfaces if model.is_material_boundary(name)]
        panels.outline(ax, mesh, boundaries, frame, panels.line_colour(scale))
    return colours


def _name_absence(ax: Axes, patch: Any, text: str, frame: Frame) -> None:
    ax.legend(
        [patch],
        [text],
        loc="upper right" if frame.flat else "lower right",
        bbox_to_anchor=(1.0, 0.0) if frame.flat else (1.0, 1.0),
        borderaxespad=2.6 if frame.flat else 0.2,  # below the labels of ticks, or above the map
        borderpad=0.0,
        handlelength=1.4,
        handletextpad=0.5,
    )


def follow(ax: Axes, layer: Layer, arrows: bool | str, streamlines: bool | str) -> None:
    """Draw arrows and lines along vector fields over a map; see `field_map`.

    Not along rounding, such as the current of rest.
    """
    for wanted, drawn in ((arrows, draw_arrows), (streamlines, draw_lines)):
        if wanted is False:
            continue
        name = wanted
        if name is True:
            name = layer.name if layer.vectors is not None else "electric_field"
        solution = layer.solution
        vectors = layer.vectors if name == layer.name else None
        if vectors is None:
            vectors = vectors_of(solution, name)
        corners = vectors[solution.site_triangles]
        if is_rest(name, corners):
            continue
        triangles = triangulation(solution.model.mesh)
        if drawn is draw_arrows:
            largest = draw_arrows(ax, layer.frame, corners, triangles)
            if largest:
                name_arrows(ax, name, solution[name].unit, largest)
        elif (lines := _stream_of(solution, name)) is not None:
            draw_stream(ax, layer.frame, lines, corners, triangles)
        else:
            draw_lines(ax, layer.frame, corners, triangles)


def _stream_of(solution: Solution, name: str) -> list[FloatArray] | None:
    """Return lines that carry equal shares of a current, None of what has sources."""
    if split_name(name)[0] != "current_density":
        return None
    psi = stream_function(solution, name)
    return None if psi is None else level_lines(psi, triangulation(solution.model.mesh), _LINES)


def figure_of(frame: Frame, ax: Axes | None, width: Width = "single") -> tuple[Figure, Axes]:
    """Return the figure of some axes and these, or new ones for a map of some width."""
    if ax is not None:
        figure = ax.figure
        while isinstance(figure, SubFigure):
            figure = figure.figure
        return figure, ax
    figure = map_figure(inches(width))
    return figure, figure.add_subplot()


def grid_of(count: int, columns: int, width: Width) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` maps on common axes, row by row."""
    figure = map_figure(inches(width))
    grid = figure.subplots(-(-count // columns), columns, sharex=True, sharey=True, squeeze=False)
    axes = list(grid.flat)
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def label_outer(axes: Sequence[Axes], frame: Frame) -> None:
    """Label the axes of maps below the lowest of every column and left of the first ones."""
    places = {(row_of(ax), column_of(ax)) for ax in axes}
    for ax in axes:
        row, column = row_of(ax), column_of(ax)
        lowest = not any(r > row and c == column for r, c in places)
        ax.tick_params(labelbottom=lowest, labelleft=column == 0)
        if lowest:
            ax.set_xlabel(frame.label(0))
        if column == 0:
            ax.set_ylabel(frame.label(1))


def letter(ax: Axes, number: int, label: str = "", *, beside: bool = False) -> None:
    """Write "(a) label" above a map, or beside one that has its colour bar above."""
    text = f"({chr(ord('a') + number)}) {label}".rstrip()
    if beside:
        ax.annotate(
            text,
            (0.0, 1.0),
            xycoords="axes fraction",
            xytext=(-8.0, 14.0),
            textcoords="offset points",
            ha="right",
        )
    else:
        ax.set_title(text, loc="left", pad=3.0)
