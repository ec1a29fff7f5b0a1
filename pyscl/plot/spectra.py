"""Impedance spectra: Nyquist and Bode plots, and what the parts of a model contribute."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullFormatter, NullLocator

from pyscl.errors import InputError
from pyscl.plot.curves import ComplexArray, Curve, Spectra, curves, scale
from pyscl.plot.labels import Room, lonely_first
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import (
    COLUMN,
    INK,
    LINES,
    STYLE,
    legend_columns,
    map_figure,
    styled,
    with_unit,
)
from pyscl.spectrum import Contribution, Spectrum
from pyscl.text import frequency_text

_TALLEST, _FLATTEST = 1.1, 0.3  # height of a Nyquist plot over its width
_MARGIN = 0.05  # of a Nyquist plot, of its width
_SMALLEST = 1e-3  # part of the impedance that is still drawn
_ZERO: dict[str, Any] = {"color": INK, "linewidth": 0.5, "linestyle": (0, (4, 3)), "zorder": 1}
_PARTS = (*LINES, "#7A5195", "#8C7B6B", "#5B7DB8", "#A9B665")


@styled
def plot_nyquist(
    spectra: Spectra,
    *,
    unit: str | None = None,
    frequencies: tuple[float, float] | None = None,
) -> Figure:
    """Draw -Im Z over Re Z with equal axes; dots mark the decades of the frequency.

    Spectra are lines; pairs (frequencies [Hz], impedance) are data, drawn as points. Where a
    spectrum rises far above its width (blocking contacts) the picture ends and says down to which
    frequency the spectrum goes on.

    Args:
        spectra: one spectrum, or several with their labels.
        unit: "Ohm", "Ohm m" or "Ohm m^2" (impedance times area of the contact), for everything
            that is drawn; needed where data stand beside spectra of a model. Default: times area
            for spectra of a model, Ohm for data.
        frequencies: (lowest, highest) [Hz] to show.

    Raises:
        InputError: spectra of different units, or that are no spectra.
    """
    drawn = curves(spectra, unit, frequencies)
    (left, right), (bottom, top) = _window(drawn)
    factor, shown = scale(drawn, right - left)
    figure = map_figure(COLUMN)
    ax = figure.add_subplot(aspect="equal", adjustable="box")
    ax.set_xlim(left / factor, right / factor)
    ax.set_ylim(bottom / factor, top / factor)
    for curve in drawn:
        z = curve.smooth().values / factor
        ax.plot(z.real, -z.imag, **curve.look)
    _mark_decades(ax, drawn, factor, 0.8 * COLUMN * factor / (right - left))
    ax.axhline(0.0, **_ZERO)
    ax.set_xlabel(with_unit("Re Z", shown))
    ax.set_ylabel(with_unit("−Im Z", shown))
    ax.locator_params(nbins=6)
    _legend(ax, drawn, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


@styled
def plot_bode(
    spectra: Spectra,
    *,
    unit: str | None = None,
    frequencies: tuple[float, float] | None = None,
) -> Figure:
    """Draw modulus and phase of impedances over the frequency.

    Args:
        spectra: one spectrum, or several with their labels; see `plot_nyquist`.
        unit: "Ohm", "Ohm m" or "Ohm m^2" (impedance times area of the contact), for everything
            that is drawn; needed where data stand beside spectra of a model. Default: times area
            for spectra of a model, Ohm for data.
        frequencies: (lowest, highest) [Hz] to show.

    Raises:
        InputError: spectra of different units, or that are no spectra.
    """
    drawn = curves(spectra, unit, frequencies)
    middle = float(np.median(np.concatenate([np.abs(c.values) for c in drawn])))
    factor, shown = scale(drawn, middle)
    figure = Figure((COLUMN, 3.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
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
    _frequency_axis(lower, drawn)
    _legend(figure, drawn)
    figure.align_ylabels([upper, lower])
    return figure


@styled
def plot_contributions(
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
    read = curves(given, "Ohm m^2", frequencies, (INK, *_PARTS))
    drawn = [replace(curve, line=True) for curve in read]
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


def _mark_decades(ax: Axes, drawn: Sequence[Curve], factor: float, inches: float) -> None:
    """Mark the decades of the frequency and name those of the longest curve where there is room.

    Args:
        ax: the axes, with their limits.
        drawn: the curves.
        factor: their unit per unit shown.
        inches: per unit shown.
    """
    low, high = np.transpose([ax.get_xlim(), ax.get_ylim()])
    lines = [_plane(c.smooth().frequencies, c, factor) for c in drawn]
    axis = np.array([[low[0], 0.0], [high[0], 0.0]])
    frame = (*(low * inches), *(high * inches))
    room = Room([line * inches for line in (*lines, axis)], frame)
    longest = int(np.argmax([np.ptp(np.clip(line, low, high), axis=0).max() for line in lines]))

    def write(place: FloatArray, text: str) -> None:
        middle = room.place(place * inches, text)
        if middle is not None:
            size = STYLE["xtick.labelsize"]
            x, y = np.array(middle) / inches
            ax.text(x, y, text, ha="center", va="center_baseline", fontsize=size)

    for k, (curve, line) in enumerate(zip(drawn, lines, strict=True)):
        decades = curve.decades()
        places = _plane(decades, curve, factor)
        inside = ((places >= low) & (places <= high)).all(axis=1)
        if curve.line:
            ax.plot(*places[inside].T, "o", color=curve.colour, markersize=3.6)
        if k == longest:
            if line[0, 1] > high[1]:
                end = line[np.flatnonzero(line[:, 1] > high[1])[-1] + 1] - [0.0, 0.1 / inches]
                write(end, f"↑ to {frequency_text(curve.frequencies[0])}")
            for mark in lonely_first(places * inches):
                if inside[mark]:
                    write(places[mark], frequency_text(decades[mark]))


def _plane(frequencies: FloatArray, curve: Curve, factor: float) -> FloatArray:
    """Return Re Z and -Im Z at some frequencies in the range, (n, 2)."""
    z = curve.at(frequencies) / factor
    return np.column_stack([z.real, -z.imag])


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
