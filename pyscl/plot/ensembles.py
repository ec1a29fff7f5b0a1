"""Figures of ensembles and samples: pairs, distributions, sensitivities, Pareto fronts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from pyscl.errors import InputError
from pyscl.plot.quantities import MARKERS, Levels, Quantity, add_legend
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import COLUMN, INK, LINES, legend_columns, raised, styled, with_unit
from pyscl.sweep.analysis import Pairs, axis_of, pareto, variable
from pyscl.sweep.sensitivity import Sensitivity

if TYPE_CHECKING:
    import xarray

_INDICES = {
    "sobol": ("first order", "total", "Share of the variance"),
    "sample": ("first order", "", "Share of the variance"),
    "morris": ("mean size", "deviation", "Elementary effect"),
}


@styled
def pair_plot(pairs: Mapping[str, Pairs], *, percent: bool | None = None) -> Figure:
    """Draw comparisons of paired cases: every pair, their mean and its confidence interval.

    Args:
        pairs: label -> comparison, all of one kind.
        percent: whether promotions are shown in percent; default: yes.

    Raises:
        InputError: nothing to draw, or comparisons of different kinds.
    """
    kinds = {(p.kind, p.unit) for p in pairs.values()}
    if len(kinds) != 1:
        raise InputError("give one comparison or several of one kind")
    ((kind, unit),) = kinds
    percent = kind == "promotion" if percent is None else percent
    figure = Figure((COLUMN, 0.75 + 0.48 * len(pairs)), layout="constrained")
    ax = figure.add_subplot()
    ax.axvline(1.0 if kind == "ratio" else 0.0, color=INK, linewidth=0.6, linestyle=(0, (4, 3)))
    for k, found in enumerate(pairs.values()):
        colour = LINES[k % len(LINES)]
        ax.plot(
            found.values, k + _beside(found.values), "o", color=colour, markersize=3.2, alpha=0.45,
            markeredgewidth=0.0,
        )  # fmt: skip
        mean = found.interval
        ax.plot([mean.low, mean.high], [k, k], color=INK, linewidth=2.2, zorder=4)
        ax.plot(mean.mean, k, "D", color="white", markeredgecolor=INK, markersize=4.5, zorder=5)
    ax.set_yticks(range(len(pairs)), list(pairs))
    ax.set_ylim(len(pairs) - 0.45, -0.55)
    ax.tick_params(axis="y", length=0.0)
    if percent:
        wide = np.ptp(np.concatenate([p.values for p in pairs.values()])) > 0.05
        ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if wide else None))
    words = {"promotion": "Promotion", "difference": "Difference", "ratio": "Ratio"}[kind]
    ax.set_xlabel(with_unit(words, "" if unit == "1" else raised(unit)))
    return figure


def _beside(values: FloatArray, bins: int = 40) -> FloatArray:
    """Return by how much points are moved aside so that equal ones do not hide each other."""
    span = float(np.ptp(values)) or 1.0
    place = np.round((values - values.min()) / span * bins).astype(int)
    shift = np.zeros(len(values))
    for one in np.unique(place):
        here = np.flatnonzero(place == one)
        order = np.arange(len(here)) - (len(here) - 1) / 2.0
        shift[here] = order * min(0.09, 0.6 / max(len(here), 1))
    return shift


@styled
def distribution_plot(
    dataset: "xarray.Dataset",
    name: str,
    *,
    by: str | None = None,
    scale: Literal["auto", "linear", "log"] = "auto",
    bins: int = 30,
) -> Figure:
    """Draw how often an output has which value, with its median and the middle nine tenths.

    Args:
        dataset: of the study.
        name: of the output.
        by: axis of which every level has a distribution of its own.
        scale: of the output.
        bins: of the histogram.

    Raises:
        InputError: unknown names, or no value.
    """
    values = variable(dataset, name)
    quantity = Quantity.of(values, scale)
    levels = Levels.of(axis_of(dataset, by)) if by else None
    figure = Figure((COLUMN, 2.4), layout="constrained")
    ax = figure.add_subplot()
    every = values.values[np.isfinite(values.values)] / quantity.factor
    low, high = float(every.min()), float(every.max())
    if low == high:
        low, high = low - 0.5 * abs(low or 1.0), high + 0.5 * abs(high or 1.0)
    edges = (
        list(np.geomspace(low, high, bins + 1))
        if quantity.logarithmic
        else list(np.linspace(low, high, bins + 1))
    )
    for k in range(len(levels.names) if levels else 1):
        one = (values.isel({by: k}) if by else values).values.ravel() / quantity.factor
        one = one[np.isfinite(one)]
        if not one.size:
            continue
        colour = LINES[k % len(LINES)]
        share = np.full(len(one), 1.0 / len(one))
        ax.hist(one, edges, weights=share, color=colour, alpha=0.35, linewidth=0.0)
        ax.hist(
            one, edges, weights=share, color=colour, histtype="step", linewidth=1.0,
            label=levels.names[k] if levels else None,
        )  # fmt: skip
        height = -0.045 - 0.05 * k
        lower, median, upper = np.quantile(one, [0.05, 0.5, 0.95])
        at = ax.get_xaxis_transform()
        ax.plot([lower, upper], [height, height], color=colour, transform=at, clip_on=False)
        ax.plot(median, height, "o", color=colour, markersize=3.5, transform=at, clip_on=False)
    quantity.apply(ax.xaxis)
    ax.tick_params(axis="x", pad=6.0 + 5.0 * (len(levels.names) if levels else 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_ylabel("Share of the cases")
    ax.set_ylim(bottom=0.0)
    if levels:
        add_legend(figure, levels)
    return figure


@styled
def sensitivity_plot(
    found: Sensitivity | Sequence[Sensitivity], labels: Mapping[str, str] | None = None
) -> Figure:
    """Draw the importance of every parameter as bars, with 95 % intervals (tornado).

    Args:
        found: of one output, or of several with the same method.
        labels: of parameters.

    Raises:
        InputError: sensitivities of different methods.
    """
    several = [found] if isinstance(found, Sensitivity) else list(found)
    if len({(s.method, s.unit) for s in several}) != 1:
        raise InputError("give one sensitivity or several of one method")
    first = several[0]
    names = list(first.names)
    kinds = [k for k in _INDICES[first.method][:2] if k]
    figure = Figure(
        (COLUMN, 0.85 + 0.2 * len(names) * max(1.0, 0.6 * len(several) * len(kinds))),
        layout="constrained",
    )
    ax = figure.add_subplot()
    height = 0.8 / (len(several) * len(kinds))
    for i, one in enumerate(several):
        place = np.array([one.names.index(name) for name in names])
        bars = [(one.first, one.first_error), (one.total, one.total_error)][: len(kinds)]
        for j, (kind, (size, error)) in enumerate(zip(kinds, bars, strict=True)):
            assert size is not None
            y = np.arange(len(names)) - 0.4 + height * (i * len(kinds) + j + 0.5)
            output = f"{one.output.replace('_', ' ')}, " if len(several) > 1 else ""
            ax.barh(
                y, size[place], 0.9 * height,
                xerr=None if error is None else error[place],
                color=LINES[i % len(LINES)], alpha=1.0 if j == 0 else 0.45,
                error_kw={"ecolor": INK, "elinewidth": 0.8, "capsize": 1.5},
                label=f"{output}{kind}",
            )  # fmt: skip
    ax.axvline(0.0, color=INK, linewidth=0.6)
    ax.set_yticks(range(len(names)), [(labels or {}).get(n, n.replace("_", " ")) for n in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0.0)
    if first.method != "morris":
        ax.set_xlim(left=min(0.0, ax.get_xlim()[0]), right=max(1.0, ax.get_xlim()[1]))
    ax.set_xlabel(
        with_unit(_INDICES[first.method][2], "" if first.unit == "1" else raised(first.unit))
    )
    shown = [str(text.get_label()) for text in ax.containers if hasattr(text, "patches")]
    if len(shown) > 1:
        figure.legend(loc="outside upper center", ncols=legend_columns(shown))
    return figure


@styled
def pareto_plot(
    dataset: "xarray.Dataset",
    x: str,
    y: str,
    *,
    goals: tuple[Literal["min", "max"], Literal["min", "max"]] = ("min", "min"),
    by: str | None = None,
) -> Figure:
    """Draw two outputs of all cases against each other, and the front that nothing beats.

    Args:
        dataset: of the study.
        x: output to the right.
        y: output upwards.
        goals: whether small or large is better, of x and of y.
        by: axis whose levels have colours.

    Raises:
        InputError: unknown names.
    """
    front = pareto(dataset, dict(zip((x, y), goals, strict=True))).values.ravel()
    across, up = (Quantity.of(variable(dataset, name)) for name in (x, y))
    first = variable(dataset, x)
    a = first.values.ravel() / across.factor
    b = variable(dataset, y).transpose(*first.dims).values.ravel() / up.factor
    figure = Figure((COLUMN, 2.8), layout="constrained")
    ax = figure.add_subplot()
    order = np.flatnonzero(front)[np.argsort(a[front])]
    step: Literal["pre", "post"] = "post" if goals[0] == "min" else "pre"
    ax.step(a[order], b[order], where=step, color=INK, linewidth=0.9, zorder=2)
    levels = Levels.of(axis_of(dataset, by)) if by else None
    which = np.zeros(len(a), dtype=int)
    if by and levels:
        position = first.dims.index(dataset[by].dims[0])
        which = np.indices(first.shape)[position].ravel()
    for k in range(len(levels.names) if levels else 1):
        colour, marker = LINES[k % len(LINES)], MARKERS[k % len(MARKERS)]
        others, best = (which == k) & ~front, (which == k) & front
        ax.plot(a[others], b[others], marker, color=colour, markersize=3.0, alpha=0.35,
                markeredgewidth=0.0)  # fmt: skip
        ax.plot(a[best], b[best], marker, color=colour, markeredgecolor=INK, markersize=5.0,
                markeredgewidth=0.7, zorder=4)  # fmt: skip
        ax.plot(
            [], [], marker, color=colour, markersize=4.0, label=levels.names[k] if levels else ""
        )
    across.apply(ax.xaxis)
    up.apply(ax.yaxis)
    if levels:
        add_legend(figure, levels)
    return figure
