"""Paired runs: the same field of several solutions, and what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from pyscl.errors import InputError, unknown_name
from pyscl.plot import panels
from pyscl.plot.maps import Layer, draw, grid_of, label_outer, letter
from pyscl.plot.meshes import draw_regions
from pyscl.plot.panels import Window
from pyscl.plot.scales import Component, Scale, difference_scale, scale_of
from pyscl.plot.style import INK, Width, inches, region_colours, styled
from pyscl.solution import Solution

_COLUMNS = 3


@styled
def comparison(
    solutions: Mapping[str, Solution],
    name: str,
    *,
    component: Component = "magnitude",
    window: Window | str | None = None,
    reference: str | None = None,
    width: Width = "double",
) -> Figure:
    """Draw one field of several solutions on one colour scale, and the differences on another.

    Of three solutions the reference comes first, and below it the geometry is shown.

    Args:
        solutions: label -> solution; the same geometry, so that the axes are common too.
        name: a name in `field_names` of all of them.
        component: of a vector field: "magnitude", "x" or "y".
        window: (x first, x last, y first, y last) [m] to show, an interface "a|b", or "strongest"
            for that with the largest field in the first solution.
        reference: label of the solution that is subtracted from each of the others in a second
            row; None: no differences. Of vectors their magnitudes, or components, are subtracted.
        width: "single" or "double" column.

    Raises:
        InputError: no solutions, an unknown field, component, interface or label, a reference on
            another mesh, or a window off a mesh.
    """
    if not solutions:
        raise InputError("a comparison needs at least one solution: {'label': solution, ...}")
    if reference is not None and reference not in solutions:
        raise unknown_name("reference", reference, solutions, "to compare with")
    first = Layer.of(next(iter(solutions.values())), name, component, window)
    seen = first.frame.window if window is not None else None
    layers = {key: Layer.of(s, name, component, seen) for key, s in solutions.items()}
    scale = scale_of(first.solution, name, [layer.seen for layer in layers.values()], component)
    changes = {} if reference is None else _changes(layers, reference)
    frame = first.frame
    columns = 1 if frame.flat or width == "single" else min(_COLUMNS, len(layers))
    rows = ceil(len(layers) / columns)
    if columns > 1 and len(layers) + len(changes) == _COLUMNS:
        columns = _COLUMNS  # all in one row
    begin = len(layers) if columns >= len(layers) + len(changes) else rows * columns
    # One row of cases over one of changes: the reference first, and below it the geometry.
    aligned = bool(changes) and begin == len(layers) == columns > 2
    if reference is not None and aligned:
        layers = {reference: layers[reference], **layers}
        begin += 1
    figure, axes = grid_of(begin + len(changes), columns, width)
    for spare in [] if aligned else axes[len(layers) : begin]:
        spare.remove()
    upper, lower = axes[: len(layers)], axes[begin:]
    if aligned:
        _geometry(axes[len(layers)], first, len(layers))
    for number, (ax, (label, layer)) in enumerate(zip(upper, layers.items(), strict=True)):
        draw(figure, ax, layer, scale, legend=False)
        layer.frame.apply(ax, labels=False)
        letter(ax, number, label)
    _bar(figure, upper, columns, scale, frame.shape * inches(width) / columns)
    if changes:
        difference = difference_scale(
            first.solution, name, [layer.seen for layer in changes.values()], component
        )
        for number, (ax, (label, layer)) in enumerate(zip(lower, changes.items(), strict=True)):
            draw(figure, ax, layer, difference, legend=False)
            layer.frame.apply(ax, labels=False)
            letter(ax, len(layers) + number + aligned, label)
        _bar(figure, lower, columns, difference, frame.shape * inches(width) / columns)
    label_outer(axes if aligned else [*upper, *lower], frame)
    return figure


def _geometry(ax: Axes, layer: Layer, number: int) -> None:
    """Draw the regions of the mesh, named below."""
    mesh, frame = layer.solution.model.mesh, layer.frame
    draw_regions(ax, mesh, frame)
    frame.apply(ax, labels=False)
    letter(ax, number, "regions of the mesh")
    colours = region_colours(mesh.region_names)
    ax.legend(
        handles=[
            Patch(facecolor=colour, edgecolor=INK, linewidth=0.5, label=name)
            for name, colour in colours.items()
        ],
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        borderaxespad=0.0,
        bbox_transform=ax.transAxes + ScaledTranslation(0.0, -0.46, ax.figure.dpi_scale_trans),
        borderpad=0.0,
        ncols=2,
        handlelength=1.2,
        handleheight=0.9,
        columnspacing=1.2,
    )


def _bar(figure: Figure, axes: Sequence[Axes], columns: int, scale: Scale, height: float) -> None:
    """Draw a scale beside the last maps of all rows."""
    last = [ax for k, ax in enumerate(axes) if k % columns == columns - 1] or [axes[-1]]
    panels.shared_bar(figure, last, scale, 0.8 * height * len(last))


def _changes(layers: Mapping[str, Layer], reference: str) -> dict[str, Layer]:
    """Return what each solution has more than the reference."""
    base = layers[reference]
    changes = {}
    for label, layer in layers.items():
        if label == reference:
            continue
        if not np.array_equal(layer.solution.site_points, base.solution.site_points):
            raise InputError(
                f"'{label}' and the reference '{reference}' have different meshes; differences "
                "need one mesh, leave the reference out to draw them side by side"
            )
        more = replace(layer, values=layer.values - base.values, vectors=None)
        name = f"{label} − {reference}"
        changes[name] = more.within(layer.frame.window)
    return changes
