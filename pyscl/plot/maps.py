"""Maps of fields: one field, the overview of a solution, paired runs side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import TriMesh
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import withStroke
from matplotlib.tri import Triangulation

from pyscl.errors import InputError, unknown_name
from pyscl.plot import panels
from pyscl.plot.panels import Frame, Window
from pyscl.plot.scales import Component, FloatArray, Scale, quantity_of, scale_of
from pyscl.plot.style import COLUMN, PAGE, map_figure, styled
from pyscl.solution import Solution


@styled
def field_map(
    solution: Solution,
    name: str,
    *,
    ax: Axes | None = None,
    component: Component = "magnitude",
    window: Window | None = None,
    outlines: bool = True,
    streamlines: bool = False,
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
        ax: axes to draw in; default: a new figure one journal column wide.
        component: of a vector field: "magnitude", "x" or "y".
        window: (x first, x last, y first, y last) [m] to show, the scale fits what is seen.
        outlines: draw the interfaces.
        streamlines: draw lines along a vector field.
        title: text above the map.

    Raises:
        InputError: an unknown field or component, streamlines of a scalar field, or a window off
            the mesh.
    """
    layer = Layer.of(solution, name, component, window)
    if streamlines and layer.vectors is None:
        raise InputError(
            f"streamlines follow a vector field, but '{name}' is a scalar; use electric_field or "
            "a current density"
        )
    scale = scale_of(solution, name, [layer.seen], component)
    figure, ax = figure_of(layer.frame, ax)
    draw(figure, ax, layer, scale, outlines=outlines)
    if streamlines:
        _streamlines(ax, layer)
    layer.frame.apply(ax)
    panels.colour_bar(figure, ax, scale, layer.frame)
    if title is not None:
        ax.set_title(title, loc="left")
    return figure


@styled
def overview(solution: Solution, carrier: str | None = None) -> Figure:
    """Draw potential, electric field, site fraction and charge density in four panels.

    Args:
        solution: the solution.
        carrier: whose site fraction is shown; default: the first carrier of the model.

    Raises:
        InputError: there is no such carrier.
    """
    carriers = solution.model.carriers
    if carrier not in carriers and (carrier is not None or not carriers):
        raise unknown_name("carrier", carrier or "", carriers)
    names = (
        "potential",
        "electric_field",
        f"site_fraction_{carrier or carriers[0]}",
        "charge_density",
    )
    layers = [Layer.of(solution, name) for name in names]
    frame = layers[0].frame
    figure, axes = _grid(4, 2)
    for number, (ax, layer) in enumerate(zip(axes, layers, strict=True)):
        scale = scale_of(solution, layer.name, [layer.seen], "magnitude")
        draw(figure, ax, layer, scale)
        frame.apply(ax, labels=False)
        panels.colour_bar(figure, ax, scale, frame)
        _letter(ax, number, beside=frame.flat)
    _label_outer(axes, frame, 2)
    return figure


@styled
def comparison(
    solutions: Mapping[str, Solution],
    name: str,
    *,
    component: Component = "magnitude",
    window: Window | None = None,
) -> Figure:
    """Draw one field of several solutions side by side on one common colour scale.

    Args:
        solutions: label -> solution; the same geometry, so that the axes are common too.
        name: a name in `field_names` of all of them.
        component: of a vector field: "magnitude", "x" or "y".
        window: (x first, x last, y first, y last) [m] to show.

    Raises:
        InputError: no solutions, an unknown field or component, or a window off a mesh.
    """
    if not solutions:
        raise InputError("a comparison needs at least one solution: {'label': solution, ...}")
    layers = {key: Layer.of(s, name, component, window) for key, s in solutions.items()}
    scale = scale_of(
        next(iter(solutions.values())), name, [layer.seen for layer in layers.values()], component
    )
    columns = min(3, len(layers))
    frame = next(iter(layers.values())).frame
    figure, axes = _grid(len(layers), columns)
    for number, (ax, (label, layer)) in enumerate(zip(axes, layers.items(), strict=True)):
        draw(figure, ax, layer, scale)
        layer.frame.apply(ax, labels=False)
        _letter(ax, number, label)
    _label_outer(axes, frame, columns)
    panels.shared_bar(figure, axes, scale, frame)
    return figure


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
        window: Window | None = None,
    ) -> "Layer":
        """Take a field of a solution; see `field_map` for the arguments and the errors."""
        if component not in ("magnitude", "x", "y"):
            raise unknown_name("component", component, ("magnitude", "x", "y"))
        field = solution[name]
        model = solution.model
        frame = Frame(model.mesh, window, axisymmetric=model.coordinates == "axisymmetric")
        values, vectors = field.values, None
        if field.location == "triangle":
            vectors = on_sites(solution, field.values)
            carrier = quantity_of(solution, name)[1]
            if carrier:
                living = [r in model.regions_with(carrier) for r in model.mesh.region_names]
                vectors[~np.array(living)[solution.site_region]] = np.nan
            values = vectors[:, int(component == "y")]
            if component == "magnitude":
                values = np.hypot(*vectors.T)
        x0, x1, y0, y1 = frame.window
        x, y = solution.site_points.T
        inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1) & np.isfinite(values)
        seen = np.stack([values[inside], solution.site_volume[inside]])
        return cls(solution, name, frame, values, seen, vectors)


def on_sites(solution: Solution, values: FloatArray) -> FloatArray:
    """Return triangle values (m, 2) averaged by area on the sites, (n_sites, 2)."""
    sites, area = solution.site_triangles.ravel(), np.repeat(solution.model.mesh.areas, 3)
    n = len(solution.site_region)
    total = np.bincount(sites, area, n)
    sums = [np.bincount(sites, area * np.repeat(v, 3), n) for v in values.T]
    return np.column_stack(sums) / total[:, None]


def draw(
    figure: Figure, ax: Axes, layer: Layer, scale: Scale, *, outlines: bool = True
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
        patch = panels.absent(ax, mesh, ~there, frame)
        carrier = quantity_of(solution, layer.name)[1]
        ax.legend(
            [patch],
            [f"no {carrier}" if carrier else "no value"],
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            borderaxespad=0.2,
            borderpad=0.0,
            handlelength=1.4,
            handletextpad=0.5,
        )
    if outlines:
        model = solution.model
        boundaries = [name for name in mesh.interfaces if model.is_material_boundary(name)]
        panels.outline(ax, mesh, boundaries, frame)
    return colours


def _streamlines(ax: Axes, layer: Layer) -> None:
    """Draw lines along the field; they start and end where the field does."""
    assert layer.vectors is not None
    x0, x1, y0, y1 = layer.frame.window
    shape = layer.frame.shape
    nx, ny = int(160 / max(1.0, shape)), int(160 * min(1.0, shape))
    x, y = np.linspace(x0, x1, nx), np.linspace(y0, y1, max(ny, 20))
    mesh = layer.solution.model.mesh
    finder = Triangulation(mesh.points[:, 0], mesh.points[:, 1], mesh.triangles).get_trifinder()
    found = np.asarray(finder(*np.meshgrid(x, y)))
    u, v = layer.vectors[layer.solution.site_triangles[found]].mean(axis=2).transpose(2, 0, 1)
    size = np.where(found >= 0, np.hypot(u, v), np.nan)
    if not np.nanmax(size, initial=0.0) > 0.0:
        return
    metre = layer.frame.metre
    lines = ax.streamplot(
        x / metre,
        y / metre,
        np.ma.masked_where(~(size > 0.0), u),
        np.ma.masked_where(~(size > 0.0), v),
        density=1.1,
        color="white",
        linewidth=0.5,
        arrowsize=0.6,
        zorder=2.5,
    )
    for artist in (lines.lines, *(p for p in ax.patches if isinstance(p, FancyArrowPatch))):
        artist.set_path_effects([withStroke(linewidth=1.1, foreground="#00000080")])


def figure_of(frame: Frame, ax: Axes | None) -> tuple[Figure, Axes]:
    """Return the figure of some axes and these, or new ones for a map of one column."""
    if ax is not None:
        figure = ax.figure
        while isinstance(figure, SubFigure):
            figure = figure.figure
        return figure, ax
    figure = map_figure(COLUMN)
    return figure, figure.add_subplot()


def _grid(count: int, columns: int) -> tuple[Figure, list[Axes]]:
    """Return a page-wide figure with `count` maps on common axes, row by row."""
    figure = map_figure(PAGE)
    grid = figure.subplots(-(-count // columns), columns, sharex=True, sharey=True, squeeze=False)
    axes = list(grid.flat)
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def _label_outer(axes: Sequence[Axes], frame: Frame, columns: int) -> None:
    for number, ax in enumerate(axes):
        lowest = number + columns >= len(axes)
        ax.tick_params(labelbottom=lowest, labelleft=number % columns == 0)
        if lowest:
            ax.set_xlabel(f"{frame.names[0]} ({frame.unit})")
        if number % columns == 0:
            ax.set_ylabel(f"{frame.names[1]} ({frame.unit})")


def _letter(ax: Axes, number: int, label: str = "", *, beside: bool = False) -> None:
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
