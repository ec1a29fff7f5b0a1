"""Figures of studies over axes: main effects, maps over two axes, curves with bands."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pyscl.errors import InputError, unknown_name
from pyscl.plot.quantities import MARKERS, Levels, Quantity, add_legend, plain_decades
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import (
    COLUMN,
    INK,
    LINES,
    PAGE,
    styled,
)
from pyscl.sweep.analysis import axis_of, ensemble, main_effects, variable

if TYPE_CHECKING:
    import xarray

_LOST = "#D9D9D9"


@styled
def main_effects_plot(
    dataset: "xarray.Dataset",
    name: str,
    *,
    axes: Sequence[str] | None = None,
    scale: Literal["auto", "linear", "log"] = "auto",
) -> Figure:
    """Draw the mean of an output over the levels of every axis, all others averaged.

    The band holds nine tenths of the cases. Panels share the axis of the output, so that their
    spans can be compared.

    Args:
        dataset: of a study that is a product of axes.
        name: of the output.
        axes: to be drawn, default: all with more than one level.
        scale: of the output.

    Raises:
        InputError: unknown names, or no axis with several levels.
    """
    effects = main_effects(dataset, name)
    for axis in axes or ():
        if axis not in effects:
            raise unknown_name("axis with several levels", axis, effects)
    wanted = list(axes or effects)
    quantity = Quantity.of(variable(dataset, name), scale)
    width = min(PAGE, 1.0 + 1.7 * len(wanted))
    figure = Figure((max(width, COLUMN), 2.3), layout="constrained")
    panels = figure.subplots(1, len(wanted), sharey=True, squeeze=False)[0]
    for ax, axis, colour in zip(panels, wanted, LINES * len(wanted), strict=False):
        levels, found = Levels.of(dataset[axis]), effects[axis]
        order = np.argsort(levels.places)
        x = levels.places[order]
        mean, lower, upper = (
            found[key].values[order] / quantity.factor for key in ("mean", "lower", "upper")
        )
        if levels.numeric:
            ax.fill_between(x, lower, upper, color=colour, alpha=0.18, linewidth=0.0)
            ax.plot(x, mean, "o-", color=colour, markersize=3.5)
        else:
            ax.vlines(x, lower, upper, color=colour, alpha=0.35, linewidth=4.0)
            ax.plot(x, mean, "o", color=colour, markersize=4.5)
        levels.apply(ax)
    quantity.apply(panels[0].yaxis)
    return figure


@styled
def response_plot(
    dataset: "xarray.Dataset",
    name: str,
    x: str,
    *,
    by: str | None = None,
    over: str | Sequence[str] | None = None,
    scale: Literal["auto", "linear", "log"] = "auto",
) -> Figure:
    """Draw an output over an axis, one curve for every level of another one.

    With `over` the curves are means of an ensemble, with the confidence interval of the mean
    (dark) and nine tenths of the members (light). Levels that were selected before do not count.

    Args:
        dataset: of the study.
        name: of the output.
        x: axis.
        by: axis whose levels are the curves.
        over: dimensions of an ensemble, such as "seed".
        scale: of the output.

    Raises:
        InputError: unknown names, or an axis that is neither drawn nor selected.
    """
    values, levels = variable(dataset, name), Levels.of(axis_of(dataset, x))
    members = [] if over is None else [over] if isinstance(over, str) else list(over)
    rest = [d for d in values.dims if d not in (x, by, *members) and values.sizes[d] > 1]
    if rest:
        raise InputError(
            f"'{name}' also depends on {', '.join(map(str, rest))}: select a level, "
            f"dataset.sel({rest[0]}=...), or give by or over"
        )
    values = values.squeeze([d for d in values.dims if values.sizes[d] == 1 and d not in (x, by)])
    stats = ensemble(dataset, name, members) if members else values.to_dataset(name="mean")
    quantity = Quantity.of(values, scale)
    order = np.argsort(levels.places)
    curves = Levels.of(axis_of(dataset, by)) if by else None
    figure = Figure((COLUMN, 2.7), layout="constrained")
    ax = figure.add_subplot()
    number = len(curves.names) if curves else 1
    for k in range(number):
        one = stats.isel({by: k}) if by else stats
        colour, marker = LINES[k % len(LINES)], MARKERS[k % len(MARKERS)]
        below = 1.0 - (k + 1) / number  # those below are larger, so that equal ones are seen
        columns = {
            str(key): one[key].squeeze().values[order] / quantity.factor for key in one.data_vars
        }
        label = curves.names[k] if curves else None
        look = "-" if levels.numeric else ""
        ax.plot(
            levels.places[order], columns["mean"], marker + look, color=colour,
            linewidth=1.1 + 1.3 * below, markersize=3.3 + 2.2 * below, label=label, zorder=3,
        )  # fmt: skip
        if members:
            for low, high, alpha in (("lower", "upper", 0.13), ("low", "high", 0.3)):
                ax.fill_between(
                    levels.places[order], columns[low], columns[high], color=colour, alpha=alpha,
                    linewidth=0.0,
                )  # fmt: skip
    levels.apply(ax)
    quantity.apply(ax.yaxis)
    if curves:
        add_legend(figure, curves)
    return figure


@styled
def heat_map(
    dataset: "xarray.Dataset",
    name: str,
    x: str,
    y: str,
    *,
    panels: str | None = None,
    scale: Literal["auto", "linear", "log"] = "auto",
    numbers: bool = False,
) -> Figure:
    """Draw an output over two axes as colours, with a map for every level of a third one.

    Values of both signs have a diverging scale about zero. Cases without a value are grey.

    Args:
        dataset: of the study.
        name: of the output.
        x: axis to the right.
        y: axis upwards.
        panels: axis of which every level has a map.
        scale: of the colours.
        numbers: whether the values are written into the cells.

    Raises:
        InputError: unknown names, or an axis that is neither drawn nor selected.
    """
    values = variable(dataset, name)
    for axis in (x, y, *([panels] if panels else [])):
        if axis not in values.dims:
            raise unknown_name("axis", axis, map(str, values.dims), f"of '{name}'")
    rest = [d for d in values.dims if d not in (x, y, panels)]
    if any(values.sizes[d] > 1 for d in rest):
        raise InputError(
            f"'{name}' also depends on {', '.join(map(str, rest))}: select a level, "
            f"dataset.sel({rest[0]}=...), or give panels"
        )
    values = values.squeeze(rest).transpose(y, x, *([panels] if panels else []))
    across, up = Levels.of(dataset[x]), Levels.of(dataset[y])
    right, top = np.argsort(across.places), np.argsort(up.places)
    quantity = Quantity.of(values, scale)
    data = values.values[np.ix_(top, right)] / quantity.factor
    data = data if panels else data[:, :, None]
    names = Levels.of(dataset[panels]).names if panels else ("",)
    norm, colours = _colours(data[np.isfinite(data)], quantity.logarithmic)

    count = len(names)
    columns = min(count, 4 if count % 3 else 3)
    rows = -(-count // columns)
    width = PAGE if columns > 2 else COLUMN if columns == 1 else 0.75 * PAGE
    side = (width - 1.2) / columns
    figure = Figure((width, rows * (0.85 * side + 0.25) + 0.55), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    mesh = None
    for k, ax in enumerate(grid.flat):
        if k >= count:
            ax.set_axis_off()
            continue
        ax.set_facecolor(_LOST)
        mesh = ax.pcolormesh(
            np.arange(len(right) + 1) - 0.5, np.arange(len(top) + 1) - 0.5, data[:, :, k],
            norm=norm, cmap=colours, edgecolors="white", linewidth=0.4,
        )  # fmt: skip
        ax.set_title(names[k], loc="left")
        ax.set_xticks(*_named(across, right))
        ax.set_yticks(*_named(up, top))
        ax.tick_params(length=0.0)
        if numbers:
            _write_numbers(ax, data[:, :, k], norm, mesh)
        below = k + columns >= count
        ax.tick_params(labelbottom=below)
        if below:
            ax.set_xlabel(across.label)
        if k % columns == 0:
            ax.set_ylabel(up.label)
    assert mesh is not None
    shown = [ax for k, ax in enumerate(grid.flat) if k < count]
    bar = figure.colorbar(mesh, ax=shown, label=quantity.label, pad=0.02, aspect=25)
    bar.outline.set_linewidth(0.4)
    if quantity.logarithmic:
        plain_decades(bar.ax.yaxis)
    if not np.isfinite(data).all():
        figure.legend(handles=[Patch(color=_LOST, label="no result")], loc="outside lower right")
    return figure


def _named(levels: Levels, order: Any) -> tuple[FloatArray, list[str]]:
    """Return places and names of the ticks of a map, not more than fit."""
    step = -(-len(order) // 8) if levels.numeric else 1
    places = np.arange(0, len(order), step)
    return places.astype(float), [levels.names[order[k]] for k in places]


def _colours(data: FloatArray, logarithmic: bool) -> tuple[Normalize, str]:
    low, high = float(data.min()), float(data.max())
    if low < 0.0 < high:
        largest = max(-low, high)
        if min(-low, high) < 0.1 * largest:  # both sides shall use their colours
            return TwoSlopeNorm(0.0, low, high), "RdBu_r"
        return Normalize(-largest, largest), "RdBu_r"
    if low == high:
        low, high = low - 0.5 * abs(low or 1.0), high + 0.5 * abs(high or 1.0)
        return Normalize(low, high), "viridis"
    return (LogNorm(low, high) if logarithmic else Normalize(low, high)), "viridis"


def _write_numbers(ax: Axes, data: FloatArray, norm: Normalize, mesh: Any) -> None:
    from matplotlib.colors import to_rgb

    for (row, column), value in np.ndenumerate(data):
        if np.isfinite(value):
            red, green, blue = to_rgb(mesh.cmap(norm(value)))
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            ax.text(
                column, row, f"{value:.3g}", ha="center", va="center", fontsize=5.5,
                color="white" if dark else INK,
            )  # fmt: skip
