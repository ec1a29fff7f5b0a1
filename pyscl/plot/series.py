"""Curves of a transient: voltage, current and amounts against time, interfaces against anything."""

from collections.abc import Mapping
from math import floor, log10
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import ScalarFormatter

from pyscl.errors import InputError, unknown_name
from pyscl.facets import facet_measure
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import (
    COLUMN,
    INK,
    LINES,
    STYLE,
    legend_columns,
    prefixed,
    styled,
    text_width,
    with_unit,
)
from pyscl.text import time_unit
from pyscl.trajectory import Trajectory

_KINDS = ("-", "--", ":", "-.")  # of lines
_RANGE = 1e3  # a larger ratio of the largest to the usual current needs a logarithmic axis
_ROUNDING = 1e-9  # of mean site fractions
_NOTABLE = 0.01  # change of a mean site fraction that is drawn as it is, not as a change


@styled
def series_plot(trajectory: Trajectory, *, logarithmic: bool = False) -> Figure:
    """Draw voltage, current density, charge and mean site fractions against time.

    Thin lines mark where steps of the protocol end. Currents are those of the working contact,
    without the instants in which a jump of the voltage was applied; where they span decades their
    axis is logarithmic in both directions. Mean site fractions that hardly change are drawn as
    their change since the start, and not at all where they are constant up to rounding.

    Args:
        trajectory: the transient.
        logarithmic: a logarithmic time axis, which leaves the start out.

    Raises:
        InputError: the series has no rows.
    """
    _refuse_empty(trajectory)
    time, unit = (trajectory["time"], "s") if logarithmic else _time(trajectory)
    fractions = _mean_fractions(trajectory)
    rows = 4 if fractions else 3
    figure = Figure((COLUMN, 1.2 * rows + 0.75), layout="constrained")
    axes = list(figure.subplots(rows, 1, sharex=True))
    factor, label = prefixed(_largest(trajectory["voltage"]), "V")
    axes[0].plot(time, trajectory["voltage"] / factor, color=INK)
    axes[0].set_ylabel(with_unit("Voltage\n", label))
    _draw_current(axes[1], trajectory, time)
    charge, label = _charge(trajectory)
    axes[2].plot(time, charge, color=INK)
    axes[2].set_ylabel(with_unit("Charge passed\n", label))
    if fractions:
        _draw_fractions(axes[3], time, fractions)
    axes[-1].set_xlabel(f"Time ({unit})")
    _limits(axes[-1], time, logarithmic)
    _mark_steps(axes, trajectory, time)
    figure.align_ylabels(axes)
    return figure


@styled
def interface_plot(trajectory: Trajectory, interface: str, against: str = "time") -> Figure:
    """Draw potential drops, layer charges and site fractions of an interface on both sides.

    The potential of each side is that of the interface against the neutral bulk of the side, zero
    at flat bands; "between bulks" is the bulk of the second region against that of the first.

    Args:
        trajectory: the transient.
        interface: "a|b" in any order.
        against: "time", or a column of the series such as "mean_Li_active", the state of charge.

    Raises:
        InputError: an unknown interface or column, or a series without rows.
    """
    _refuse_empty(trajectory)
    name = "|".join(sorted(part.strip() for part in interface.split("|")))
    model = trajectory.model
    known = [n for n in model.mesh.interfaces if model.is_material_boundary(n)]
    if name not in known:
        raise unknown_name("interface", interface, known, "between different materials")
    if against == "time":
        x, unit = _time(trajectory)
        label = f"Time ({unit})"
    else:
        x, label = trajectory[against], _words(trajectory, against)
    figure = Figure((COLUMN, 4.8), layout="constrained")
    axes = list(figure.subplots(3, 1, sharex=True))
    _draw_drops(axes[0], trajectory, x, name)
    _draw_charges(axes[1], trajectory, x, name)
    _draw_extremes(axes[2], trajectory, x, name)
    axes[-1].set_xlabel(label)
    axes[-1].locator_params(axis="x", nbins=5)
    _name_sides(figure, axes[0], name)
    if against == "time":
        _limits(axes[-1], x, False)
        _mark_steps(axes, trajectory, x)
    figure.align_ylabels(axes)
    return figure


def _draw_current(ax: Axes, trajectory: Trajectory, time: FloatArray) -> None:
    moves = np.concatenate([[True], np.diff(trajectory["time"]) > 0.0])
    current = trajectory["current_density"][moves]
    factor, unit = prefixed(_largest(current), "A/m^2")
    ax.plot(time[moves], current / factor, color=INK)
    size = np.abs(current[current != 0.0]) / factor
    duration = trajectory["dt"][moves][current != 0.0]
    if size.size:
        order = np.argsort(size)
        half = np.searchsorted(np.cumsum(duration[order]), 0.5 * duration.sum())
        typical = size[order][min(half, len(order) - 1)]
        if size.max() > _RANGE * typical:
            top = floor(log10(size.max()))
            ax.set_yscale("symlog", linthresh=10.0 ** (top - 3), linscale=0.5)
            ticks = 10.0 ** np.array([top - 2, top])
            ax.set_yticks([*-ticks[::-1], 0.0, *ticks])
            ax.axhline(0.0, color=INK, linewidth=0.5, linestyle=(0, (4, 3)), zorder=1)
    ax.set_ylabel(with_unit("Current density\n", unit))


def _charge(trajectory: Trajectory) -> tuple[FloatArray, str]:
    """Return the charge that passed, per area of the contact if it is known, and the unit."""
    charge = trajectory["charge_passed"]
    contact = trajectory.settings.get("contact")
    if contact is None:
        factor, unit = prefixed(_largest(charge), trajectory.series.units["charge_passed"])
        return charge / factor, unit
    model = trajectory.model
    area = facet_measure(model, model.mesh.facets_of(contact)).sum()
    density = charge / area * 1e-4  # C/cm2
    largest = _largest(density)
    for least, factor, unit in ((3.6, 3.6, "mAh/cm²"), (3.6e-3, 3.6e-3, "µAh/cm²")):
        if largest >= 0.1 * least:
            return density / factor, unit
    factor, unit = prefixed(largest, "C/cm^2")
    return density / factor, unit


def _draw_drops(ax: Axes, trajectory: Trajectory, x: FloatArray, name: str) -> None:
    first, second = name.split("|")
    curves = {
        f"potential_drop_{name}": (INK, "--"),
        f"potential_drop_{name}_{first}": (LINES[0], "-"),
        f"potential_drop_{name}_{second}": (LINES[1], "-"),
    }
    there = {column: look for column, look in curves.items() if column in trajectory.series}
    words = "Potential drop\n"
    if not there:  # two dielectrics
        there, words = {f"potential_{name}": (INK, "-")}, "Potential\n"
    factor, unit = prefixed(max(_largest(trajectory[column]) for column in there), "V")
    for column, (colour, style) in there.items():
        _curve(ax, x, trajectory[column] / factor, color=colour, linestyle=style)
    ax.axhline(0.0, color=INK, linewidth=0.5, linestyle=(0, (4, 3)), zorder=1)
    ax.set_ylabel(with_unit(words, unit))


def _draw_charges(ax: Axes, trajectory: Trajectory, x: FloatArray, name: str) -> None:
    columns = [trajectory[f"layer_charge_{name}_{region}"] * 1e-4 for region in name.split("|")]
    factor, unit = prefixed(max(map(_largest, columns)), "C/cm^2")
    for colour, charge in zip(LINES, columns, strict=False):
        _curve(ax, x, charge / factor, color=colour)
    ax.axhline(0.0, color=INK, linewidth=0.5, linestyle=(0, (4, 3)), zorder=1)
    ax.set_ylabel(with_unit("Layer charge\n", unit))


def _draw_extremes(ax: Axes, trajectory: Trajectory, x: FloatArray, name: str) -> None:
    """Draw the range of the site fractions along the interface; carriers by the kind of line."""
    seen: list[FloatArray] = []
    carriers: dict[str, str] = {}
    for colour, region in zip(LINES, name.split("|"), strict=False):
        for carrier in trajectory.model.carriers:
            least, most = (f"{end}_{carrier}_{name}_{region}" for end in ("least", "most"))
            if least not in trajectory.series:
                continue
            style = carriers.setdefault(carrier, _KINDS[len(carriers) % len(_KINDS)])
            if not _turns(x):
                ax.fill_between(
                    x, trajectory[least], trajectory[most], color=colour, alpha=0.25, linewidth=0.0
                )
            for column in (least, most):
                _curve(ax, x, trajectory[column], color=colour, linestyle=style, linewidth=0.9)
                seen.append(trajectory[column])
    if len(carriers) == 1:
        ax.set_ylabel(f"{next(iter(carriers))} site\nfraction")
    else:
        ax.set_ylabel("Site\nfraction")
        for carrier, style in carriers.items():
            ax.plot([], [], color=INK, linestyle=style, linewidth=0.9, label=carrier)
    if len(carriers) > 1:
        ax.legend()
    data = np.concatenate(seen) if seen else np.empty(0)
    if data.size and data.min() > 0.0 and data.max() > 10.0 * data.min():
        ax.set_yscale("logit" if 0.9 < data.max() < 1.0 else "log")


def _draw_fractions(
    ax: Axes, time: FloatArray, fractions: Mapping[tuple[str, str], FloatArray]
) -> None:
    """Draw mean site fractions, regions by colour and carriers by the kind of line."""
    notable = max(np.ptp(values) for values in fractions.values()) > _NOTABLE
    carriers = list(dict.fromkeys(carrier for carrier, _ in fractions))
    regions = list(dict.fromkeys(region for _, region in fractions))
    for (carrier, region), values in fractions.items():
        ax.plot(
            time,
            values if notable else values - values[0],
            color=LINES[regions.index(region) % len(LINES)],
            linestyle=_KINDS[carriers.index(carrier) % len(_KINDS)],
            label=f"{carrier} in {region}",
        )
    ax.set_ylabel("Mean site\nfraction" if notable else "Change of mean\nsite fraction")
    formatter = ScalarFormatter(useMathText=True)
    formatter.set_powerlimits((-3, 4))
    ax.yaxis.set_major_formatter(formatter)
    ax.legend(ncols=2 if len(fractions) > 2 else 1)


def _mean_fractions(trajectory: Trajectory) -> dict[tuple[str, str], FloatArray]:
    """Return (carrier, region) -> mean site fraction, or nothing if none of them changes."""
    model = trajectory.model
    found = {
        (carrier, region): trajectory[f"mean_{carrier}_{region}"]
        for carrier in model.carriers
        for region in model.regions_with(carrier)
    }
    return found if any(np.ptp(values) > _ROUNDING for values in found.values()) else {}


def _words(trajectory: Trajectory, column: str) -> str:
    """Return the axis label of a column."""
    model = trajectory.model
    for carrier in model.carriers:
        for region in model.regions_with(carrier):
            if column == f"mean_{carrier}_{region}":
                return f"Mean {carrier} site fraction in {region}"
    text = column.replace("_", " ")
    unit = trajectory.series.units[column].replace("^2", "²").replace("^3", "³")
    return with_unit(text[:1].upper() + text[1:], "" if unit == "1" else unit)


def _time(trajectory: Trajectory) -> tuple[FloatArray, str]:
    factor, unit = time_unit(float(trajectory["time"][-1]))
    return trajectory["time"] / factor, unit


def _limits(ax: Axes, time: FloatArray, logarithmic: bool) -> None:
    positive = time[time > 0.0]
    if logarithmic and len(positive) > 1:
        ax.set_xscale("log")
        ax.set_xlim(positive[0], positive[-1])
    elif time[-1] > time[0]:
        ax.set_xlim(time[0], time[-1])


def _mark_steps(axes: list[Axes], trajectory: Trajectory, time: FloatArray) -> None:
    """Mark the ends of the steps of the protocol, and number the steps that are wide enough."""
    per_unit = trajectory["time"][-1] / time[-1] if time[-1] > 0.0 else 1.0
    first, last = axes[0].get_xlim()
    begin = first
    for stop in trajectory.stops:
        end = stop.time / per_unit
        if first < end < last:
            for ax in axes:
                ax.axvline(end, color=INK, linewidth=0.4, alpha=0.5, zorder=1)
        width = _share(axes[0], begin, min(end, last)) * 0.75 * COLUMN
        words = next(
            (w for w in (f"step {stop.step}", str(stop.step)) if text_width(w) + 0.06 < width), ""
        )
        if len(trajectory.stops) > 1 and words:
            axes[0].text(
                _middle(axes[0], begin, min(end, last)),
                1.03,
                words,
                transform=axes[0].get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize=STYLE["xtick.labelsize"],
            )
        begin = max(begin, end)


def _share(ax: Axes, first: float, last: float) -> float:
    """Return which share of the width of the axes lies between two places."""
    a, b, low, high = _straight(ax, first, last, *ax.get_xlim())
    return (b - a) / (high - low)


def _middle(ax: Axes, first: float, last: float) -> float:
    if ax.get_xscale() == "log":
        return float(np.sqrt(first * last))
    return 0.5 * (first + last)


def _straight(ax: Axes, *values: float) -> list[float]:
    """Return places on the axis as numbers in which it is linear."""
    return [float(np.log(v)) if ax.get_xscale() == "log" else v for v in values]


def _curve(ax: Axes, x: FloatArray, y: FloatArray, **style: Any) -> None:
    """Draw a curve; where x does not only rise a circle marks its start."""
    ax.plot(x, y, **style)
    if _turns(x):
        ax.plot(x[:1], y[:1], "o", color=style["color"], markerfacecolor="white", markersize=3.5)


def _turns(x: FloatArray) -> bool:
    return bool((np.diff(x) < 0.0).any())


def _name_sides(figure: Figure, ax: Axes, name: str) -> None:
    """Name the sides of an interface, which have the same colours in all axes."""
    sides = zip(LINES, name.split("|"), strict=False)
    handles = [Line2D([], [], color=colour, label=region) for colour, region in sides]
    if any(line.get_linestyle() == "--" and line.get_color() == INK for line in ax.lines):
        handles.append(Line2D([], [], color=INK, linestyle="--", label="between bulks"))
    names = [str(handle.get_label()) for handle in handles]
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=legend_columns(names, 0.9 * COLUMN),
        handlelength=1.4,
        columnspacing=1.4,
    )


def _refuse_empty(trajectory: Trajectory) -> None:
    if not len(trajectory.series):
        raise InputError("the time series has no rows; there is nothing to draw")


def _largest(values: FloatArray) -> float:
    return float(np.nanmax(np.abs(values), initial=0.0))
