"""Impedance spectra: Nyquist and Bode plots, and what the parts of a model contribute."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullFormatter, NullLocator

from pyscl.errors import InputError, unknown_name
from pyscl.plot.curves import ComplexArray, Curve, Spectra, Styles, curves, scale
from pyscl.plot.decades import mark_decades
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import (
    COLUMN,
    INK,
    LINES,
    legend_columns,
    map_figure,
    styled,
    with_unit,
)
from pyscl.spectrum import Contribution, Spectrum

_TALLEST, _FLATTEST = 1.1, 0.3  # height of a Nyquist plot over its width
_MARGIN = 0.05  # of a Nyquist plot, of its width
_SAME_CHANGE = 1e-3  # below which spectra are equal [%]
_SMALLEST = 1e-3  # part of the impedance that is still drawn
_ZERO: dict[str, Any] = {"color": INK, "linewidth": 0.5, "linestyle": (0, (4, 3)), "zorder": 1}
_PARTS = (*LINES, "#7A5195", "#8C7B6B", "#5B7DB8", "#A9B665")


@styled
def nyquist_plot(
    spectra: Spectra,
    *,
    unit: str | None = None,
    frequencies: tuple[float, float] | None = None,
    style: Styles = None,
) -> Figure:
    """Draw -Im Z over Re Z with equal axes; dots mark the decades of the frequency.

    Names of decades have the colour of their curve, black where several curves share them.
    Where a spectrum rises far above its width (blocking contacts) the picture ends and says down
    to which frequency the spectrum goes on.

    Args:
        spectra: one spectrum, or several with their labels. Data are pairs (frequencies [Hz],
            impedance), or anything with `frequencies`, `impedance` and perhaps a `unit`.
        unit: "Ohm", "Ohm m", "Ohm m^2" or "Ohm cm^2" (impedance times area of the contact), of
            data without a unit; needed where they stand beside spectra of a model. Default: times
            area for spectra of a model, Ohm for data.
        frequencies: (lowest, highest) [Hz] to show.
        style: "line", "dashed" or "points", for all or by label. Default: points for pairs, lines
            for the others.

    Raises:
        InputError: spectra of different units, or that are no spectra; an unknown label or style.
    """
    drawn = curves(spectra, unit, frequencies, style)
    (left, right), (bottom, top) = _window(drawn)
    factor, shown = scale(drawn, right - left)
    figure = map_figure(COLUMN)
    ax = figure.add_subplot(aspect="equal", adjustable="box")
    ax.set_xlim(left / factor, right / factor)
    ax.set_ylim(bottom / factor, top / factor)
    for curve in drawn:
        z = curve.smooth().values / factor
        ax.plot(z.real, -z.imag, **curve.look)
    mark_decades(ax, drawn, factor, 0.8 * COLUMN * factor / (right - left))
    ax.axhline(0.0, **_ZERO)
    ax.set_xlabel(with_unit("Re Z", shown))
    ax.set_ylabel(with_unit("−Im Z", shown))
    ax.locator_params(nbins=6)
    _legend(ax, drawn, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


@styled
def bode_plot(
    spectra: Spectra,
    *,
    unit: str | None = None,
    frequencies: tuple[float, float] | None = None,
    style: Styles = None,
    reference: str | None = None,
) -> Figure:
    """Draw modulus and phase of impedances over the frequency.

    Args:
        spectra: one spectrum, or several with their labels; see `nyquist_plot`.
        unit: "Ohm", "Ohm m", "Ohm m^2" or "Ohm cm^2"; see `nyquist_plot`.
        frequencies: (lowest, highest) [Hz] to show.
        style: "line", "dashed" or "points", for all or by label; see `nyquist_plot`.
        reference: label of the spectrum against which the change of |Z| of the others is drawn,
            in per cent, below the phase; the reference is the line at zero.

    Raises:
        InputError: spectra of different units, or that are no spectra; an unknown label or style;
            a reference without others that share frequencies with it.
    """
    drawn = curves(spectra, unit, frequencies, style)
    middle = float(np.median(np.concatenate([np.abs(c.values) for c in drawn])))
    factor, shown = scale(drawn, middle)
    panels = 2 if reference is None else 3
    figure = Figure((COLUMN, 0.8 + 1.3 * panels), layout="constrained")
    upper, lower, *rest = axes = list(figure.subplots(panels, 1, sharex=True))
    for curve in drawn:
        line = curve.smooth()
        upper.plot(line.frequencies, np.abs(line.values) / factor, **curve.look)
        lower.semilogx(line.frequencies, np.degrees(np.angle(line.values)), **curve.look)
    upper.set_ylabel(with_unit("|Z|", shown))
    _modulus_axis(upper)
    low, high = lower.get_ylim()
    lower.set_ylim(np.floor(low / 15.0) * 15.0, np.ceil(high / 15.0) * 15.0)
    lower.yaxis.set_major_locator(MultipleLocator(30.0 if high - low > 50.0 else 15.0))
    lower.set_ylabel("Phase (°)")
    if reference is not None:
        _draw_changes(rest[0], drawn, reference)
    _frequency_axis(axes[-1], drawn)
    named = [
        replace(c, label=f"{c.label} (reference)") if c.label == reference else c for c in drawn
    ]
    _legend(figure, named)
    figure.align_ylabels(axes)
    return figure


@styled
def contribution_plot(
    spectrum: Spectrum, *, frequencies: tuple[float, float] | None = None
) -> Figure:
    """Draw what regions, layers and transfer add to the impedance of a model.

    Axes are logarithmic. Lines are dashed where a part is negative, such as that of a layer that
    conducts better than the bulk; what is below a thousandth of the impedance is left out.

    Args:
        spectrum: of a model, with contributions.
        frequencies: (lowest, highest) [Hz] to show.

    Raises:
        InputError: the spectrum has no contributions.
    """
    if not spectrum.contributions:
        raise InputError("the spectrum has no contributions; there is nothing to draw")
    parts = {"total": spectrum.impedance, **_parts(spectrum)}
    given = {name: (spectrum.frequencies, z * spectrum.area) for name, z in parts.items()}
    drawn = curves(given, "Ohm m^2", frequencies, "line", (INK, *_PARTS))
    figure = Figure((COLUMN, 4.4), layout="constrained")
    axes = list(figure.subplots(2, 1, sharex=True))
    seen = {
        curve.label
        for ax, word, axis in ((axes[0], "Re Z", 1.0), (axes[1], "−Im Z", 1j))
        for curve in _draw_parts(ax, word, drawn, axis)
    }
    _frequency_axis(axes[1], drawn)
    _legend(figure, [c for c in drawn if c.label in seen])
    figure.align_ylabels(axes)
    return figure


def _legend_name(label: str, reference: str | None) -> str:
    return f"{label} (reference)" if label and label == reference else label


def _draw_changes(ax: Axes, drawn: Sequence[Curve], reference: str) -> None:
    """Draw by how many per cent moduli differ from that of a reference, where both are known.

    Raises:
        InputError: there is no such reference, nothing beside it, or no common frequency.
    """
    others = [curve for curve in drawn if curve.label != reference]
    chosen = next((curve for curve in drawn if curve.label == reference), None)
    if chosen is None:
        raise unknown_name("spectrum", reference, [c.label for c in drawn if c.label])
    if not others:
        raise InputError(f"there is no spectrum beside the reference '{reference}' to compare")
    largest = 0.0
    for curve in others:
        # at points that are known, where one of the two is drawn as points
        places = (curve.smooth() if chosen.line or not curve.line else chosen).frequencies
        low = max(curve.frequencies[0], chosen.frequencies[0])
        high = min(curve.frequencies[-1], chosen.frequencies[-1])
        places = places[(places >= low) & (places <= high)]
        if not len(places) or (chosen.values == 0.0).any():
            raise InputError(
                f"'{curve.label}' and the reference '{reference}' have no frequency in common, or "
                "the reference is zero"
            )
        change = 100.0 * (np.abs(curve.at(places) / chosen.at(places)) - 1.0)
        largest = max(largest, float(np.abs(change).max()))
        look = curve.look if chosen.line else {**chosen.look, "color": curve.colour}
        ax.semilogx(places, change, **look)
    if largest < _SAME_CHANGE:  # rounding
        ax.set_ylim(-_SAME_CHANGE, _SAME_CHANGE)
    ax.axhline(0.0, color=chosen.colour, linewidth=0.8, zorder=1)
    ax.set_ylabel("Change of |Z| (%)")


def _parts(spectrum: Spectrum) -> dict[str, ComplexArray]:
    """Return the contributions by name; those that cannot be told apart share one line."""
    groups: list[list[Contribution]] = []
    for part in spectrum.contributions:
        for group in groups:
            apart = np.abs(part.values - group[0].values)
            if group[0].kind == part.kind and (apart <= 1e-3 * np.abs(part.values)).all():
                group.append(part)
                break
        else:
            groups.append([part])
    return {
        f"{group[0].kind} {', '.join(part.place for part in group)}"
        + (" (each)" if len(group) > 1 else ""): group[0].values
        for group in groups
    }


def _draw_parts(ax: Axes, word: str, drawn: Sequence[Curve], axis: complex) -> list[Curve]:
    """Draw Re(Z axis) of the total and its parts; return those that are large enough to be seen."""
    size = np.abs(drawn[0].smooth().values)
    factor, shown = scale(drawn, float(np.median(size)))
    seen, largest = [], 0.0
    for curve in drawn:
        line = curve.smooth()
        values = np.real(line.values * axis)
        if not (np.abs(values) > _SMALLEST * size).any():
            continue
        seen.append(curve)
        largest = max(largest, float(np.abs(values).max()))
        width = 2.2 if curve is drawn[0] else 1.2
        for sign, style in ((1.0, "-"), (-1.0, "--")):
            y = np.where(sign * values > 0.0, sign * values / factor, np.nan)
            ax.loglog(line.frequencies, y, style, color=curve.colour, linewidth=width)
    ax.set_ylim(_SMALLEST * size.min() / factor, 2.0 * largest / factor)
    ax.set_ylabel(with_unit(word, shown))
    return seen


def _window(drawn: Sequence[Curve]) -> FloatArray:
    """Return the limits of a Nyquist plot, [[left, right], [bottom, top]], in the unit of Z."""
    z = np.concatenate([c.smooth().values for c in drawn])
    x, y = z.real, -z.imag
    left, right = min(0.0, x.min()), max(0.0, x.max())
    if x.min() > 0.6 * x.max() > 0.0 and np.ptp(x) > 0.01 * x.max():  # far from the origin
        left = x.min()
    if right - left < 1e-11 * np.ptp(y):  # rounding
        left, right = -0.3 * np.ptp(y), 0.3 * np.ptp(y)
    if right == left:  # nothing but zero
        right = 1.0
    margin = _MARGIN * (right - left)
    width = right - left + 2.0 * margin
    bottom = min(0.0, y.min()) - margin
    top = max(y.max() + 2.0 * margin, bottom + _FLATTEST * width)
    top = min(top, max(0.0, bottom) + _TALLEST * width)
    return np.array([[left - margin, right + margin], [bottom, top]])


def _modulus_axis(ax: Axes) -> None:
    """Make an axis logarithmic whose values span enough for it, with numbers at its ticks."""
    low, high = ax.dataLim.y0, ax.dataLim.y1
    if high < 2.0 * low:
        return
    ax.set_yscale("log")
    if high < 100.0 * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_locator(NullLocator())


def _frequency_axis(ax: Axes, drawn: Sequence[Curve]) -> None:
    low = min(float(c.frequencies[0]) for c in drawn)
    high = max(float(c.frequencies[-1]) for c in drawn)
    if high > low:
        ax.set_xlim(low, high)
    ax.xaxis.set_major_locator(LogLocator(numticks=9))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("Frequency (Hz)")


def _legend(owner: Figure | Axes, drawn: Sequence[Curve], **place: Any) -> None:
    """Name the curves that have labels, above everything."""
    names = [c.label for c in drawn if c.label]
    if not names:
        return
    handles = [Line2D([], [], label=c.label, **c.look) for c in drawn if c.label]
    owner.legend(
        handles=handles,
        **(place or {"loc": "outside upper center"}),
        ncols=legend_columns(names, 0.9 * COLUMN),
        handlelength=1.4,
        columnspacing=1.4,
    )
