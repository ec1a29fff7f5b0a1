"""What experiments draw straight lines through: relaxation times, Mott-Schottky, Arrhenius."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pyscl.eis.peaks import Peak
from pyscl.eis.relaxation_times import RelaxationTimes
from pyscl.errors import InputError, unknown_name
from pyscl.plot.labels import Room
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import COLUMN, INK, LINES, STYLE, legend_columns, prefixed, styled, with_unit
from pyscl.study.arrhenius import ArrheniusResult, ArrheniusSeries
from pyscl.study.mott_schottky import CapacitanceCurve, MottSchottky
from pyscl.units import BOLTZMANN, ELEMENTARY_CHARGE

_KINDS = ("-", (0, (2.5, 1.5)), (0, (1.0, 1.2)))  # of lines
_MARKERS = "osD^v"

# Unit of values -> (what is drawn per value times T or T per value, label of the axis).
_AXES = {
    "S/m": (1e-2, "σT (S K/cm)"),
    "ohm*m^2": (1e-4, "T/R (K/(Ω cm²))"),
    "ohm*m": (1.0, "T/R (K/(Ω m))"),
    "ohm": (1.0, "T/R (K/Ω)"),
}
_ICE = 273.15  # K
_DASHED: dict[str, Any] = {"color": INK, "linewidth": 0.6, "linestyle": (0, (4, 3)), "zorder": 1}


@styled
def relaxation_time_plot(
    times: RelaxationTimes | Mapping[str, RelaxationTimes],
) -> Figure:
    """Draw distributions of relaxation times, with dots at the tips of the peaks.

    The area under a curve over ln tau is a resistance; those of peaks are written beside those of
    a single distribution. Peaks whose maximum lies beyond the measured frequencies are open.
    Where several distributions are equal, the dashes and smaller dots of the later ones show it.

    Args:
        times: one distribution, or several with their labels.

    Raises:
        InputError: distributions of different units.
    """
    several = times if isinstance(times, Mapping) else {"": times}
    units = {result.unit for result in several.values()}
    if len(units) != 1:
        raise InputError(
            f"the distributions have the units {', '.join(sorted(units)) or '(there is none)'}; "
            "draw those of one unit"
        )
    largest = max(float(result.distribution.max()) for result in several.values())
    factor, unit = prefixed(largest, units.pop())
    figure = Figure((COLUMN, 2.5 if len(several) == 1 else 2.7), layout="constrained")
    ax = figure.add_subplot()
    for k, (label, result) in enumerate(several.items()):
        look = {"color": LINES[k % len(LINES)], "linestyle": _KINDS[k % len(_KINDS)]}
        gamma = result.distribution / factor
        ax.semilogx(result.times, gamma, label=label, **look)
        ax.fill_between(result.times, gamma, color=look["color"], alpha=0.15, linewidth=0.0)
        size = 4.0 + 2.2 * (len(several) - 1 - k)
        for peak in result.peaks:
            face = look["color"] if peak.complete else "white"
            tip = _tip(result, peak)
            ax.plot(
                result.times[tip],
                gamma[tip],
                "o",
                color=look["color"],
                markerfacecolor=face,
                markersize=size,
            )
    ax.set_xlabel("Relaxation time τ (s)")
    ax.set_ylabel(with_unit("γ(ln τ)", unit))
    first = min(float(result.times[0]) for result in several.values())
    ax.set_xlim(first, max(float(result.times[-1]) for result in several.values()))
    ax.set_ylim(0.0, 1.25 * largest / factor if largest > 0.0 else 1.0)
    _add_axis(ax, _inverse, _inverse, "Frequency 1/(2πτ) (Hz)")
    if len(several) > 1:
        figure.legend(loc="outside upper center", ncols=legend_columns(list(several)))
    else:
        _name_peaks(ax, next(iter(several.values())), factor)
    return figure


@styled
def mott_schottky_plot(
    result: MottSchottky | CapacitanceCurve | tuple[Any, Any],
) -> Figure:
    """Draw the capacitance of a contact and 1/C^2 against the bias, with the fitted line.

    The line goes on to 1/C^2 = 0; a dashed one marks the flat band potential.

    Args:
        result: a Mott-Schottky fit, a capacitance curve, or data as a pair (biases [V], capacitance
            [F/m2]).

    Raises:
        InputError: data of different lengths.
    """
    bias, capacitance = _capacitances(result)
    figure = Figure((COLUMN, 3.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    factor, unit = prefixed(float(np.abs(capacitance).max()) * 1e-4, "F/cm^2")
    upper.plot(
        bias, capacitance * 1e-4 / factor, "o-", color=LINES[0], markersize=3.0, linewidth=0.9
    )
    upper.set_ylabel(with_unit("Capacitance\n", unit))
    inverse = 1e-4 / capacitance**2  # m4/F2 -> cm4/uF2
    lower.plot(bias, inverse, "o", color=LINES[0], markersize=3.0, zorder=3)
    lower.set_ylabel("1/C² (cm⁴/µF²)")
    lower.set_xlabel("Bias (V)")
    lower.set_ylim(0.0, 1.08 * float(inverse.max()))
    if isinstance(result, MottSchottky):
        _draw_line(lower, result)
        for ax in (upper, lower):
            ax.axvline(result.flat_band, **_DASHED)
    figure.align_ylabels([upper, lower])
    return figure


@styled
def arrhenius_plot(
    result: ArrheniusResult | Mapping[str, tuple[Any, Any]],
    *,
    names: Sequence[str] | None = None,
    unit: str = "S/m",
) -> Figure:
    """Draw sigma T, or T/R of layers, over 1/T with the fitted activation energies.

    Conductivities and resistances have axes of their own. Series with values that are not positive
    (layers that conduct better than the bulk) are left out.

    Args:
        result: of `arrhenius`, or data: label -> (temperatures [K], values).
        names: names of the series to draw; default: all.
        unit: of the values of data: "S/m", "ohm*m^2", "ohm*m" or "ohm".

    Raises:
        InputError: an unknown name or unit, or no series that can be drawn.
    """
    lines = _lines(result, unit)
    for name in names or ():
        if name not in lines:
            raise unknown_name("series", name, lines)
    wanted = [lines[name] for name in names or lines]
    drawn = [line for line in wanted if (line.values > 0.0).all()]
    if not drawn:
        raise InputError("no series has only positive values; there is nothing to draw")
    units = list(dict.fromkeys(line.unit for line in drawn))
    columns = legend_columns([line.label for line in drawn], 0.95 * COLUMN)
    rows = -(-len(drawn) // columns)
    height = 0.8 + 1.8 * len(units) + 0.15 * rows
    figure = Figure((COLUMN, height), layout="constrained")
    axes = list(figure.subplots(len(units), 1, sharex=True, squeeze=False)[:, 0])
    handles = [
        line.draw(
            axes[units.index(line.unit)], LINES[k % len(LINES)], _MARKERS[k // len(LINES) % 5]
        )
        for k, line in enumerate(drawn)
    ]
    for ax, name in zip(axes, units, strict=True):
        ax.set_yscale("log")
        ax.set_ylabel(_AXES[name][1])
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=columns,
        handlelength=1.6,
        columnspacing=1.2,
    )
    axes[-1].set_xlabel("1000/T (1/K)")
    _add_axis(axes[0], _to_celsius, _from_celsius, "Temperature (°C)")
    figure.align_ylabels(axes)
    return figure


def _tip(result: RelaxationTimes, peak: Peak) -> int:
    """Return the index of the maximum of a peak, uphill from its mean time."""
    gamma = result.distribution
    k = int(np.abs(np.log(result.times / peak.time)).argmin())
    while True:
        first = max(k - 1, 0)
        top = first + int(gamma[first : k + 2].argmax())
        if gamma[top] <= gamma[k]:
            return k
        k = top


def _name_peaks(ax: Axes, result: RelaxationTimes, factor: float) -> None:
    """Write the resistances of the peaks beside them."""
    left, right = np.log(ax.get_xlim())
    top = ax.get_ylim()[1]
    per_inch = np.array([0.8 * COLUMN / (right - left), 1.5 / top])
    curve = np.column_stack([np.log(result.times), result.distribution / factor])
    room = Room([curve * per_inch], (left * per_inch[0], 0.0, right * per_inch[0], 1.5))
    for peak in sorted(result.peaks, key=lambda p: -p.resistance):
        place = curve[_tip(result, peak)]
        scale, unit = prefixed(peak.resistance, result.unit)
        text = f"{peak.resistance / scale:.3g} {unit}"
        middle = room.place(place * per_inch, text)
        if middle is not None:
            x, y = np.array(middle) / per_inch
            size = STYLE["xtick.labelsize"]
            ax.text(np.exp(x), y, text, ha="center", va="center_baseline", fontsize=size)


def _capacitances(result: Any) -> tuple[FloatArray, FloatArray]:
    """Return biases [V] and capacitances [F/m2]."""
    curve = result.curve if isinstance(result, MottSchottky) else result
    bias, capacitance = (
        (curve.biases, curve.capacitance) if isinstance(curve, CapacitanceCurve) else curve
    )
    bias, capacitance = np.asarray(bias, dtype=float), np.asarray(capacitance, dtype=float)
    if bias.shape != capacitance.shape or bias.ndim != 1 or not len(bias):
        raise InputError(
            f"biases of the shape {bias.shape} and capacitances of the shape {capacitance.shape}; "
            "both must be one-dimensional, of one length and not empty"
        )
    if not (np.isfinite(bias).all() and np.isfinite(capacitance).all() and capacitance.all()):
        raise InputError("biases and capacitances must be finite, and no capacitance zero")
    return bias, capacitance


def _draw_line(ax: Axes, fit: MottSchottky) -> None:
    """Draw the line of a fit from 1/C^2 = 0 on, solid where it was fitted."""
    ends = np.array([fit.intercept, *fit.fit_range])
    ax.plot(ends, 1e-4 * fit.slope * (ends - fit.intercept), color=LINES[1], linewidth=0.8)
    inside = np.array(fit.fit_range)
    ax.plot(inside, 1e-4 * fit.slope * (inside - fit.intercept), color=LINES[1], linewidth=1.6)
    exponent = int(np.floor(np.log10(fit.carrier_density)))
    density = fit.carrier_density / 10.0**exponent
    words = "vacancies of " if fit.depleted == "vacancies" else ""
    volts = f"{fit.flat_band * 1e3:.1f} mV".replace("-", "−")
    number = rf"{density:.3f} $\times$ 10$^{{{exponent}}}$ m$^{{-3}}$"
    ax.set_title(f"{words}{fit.carrier}: {number}, flat band {volts}", loc="left")


@dataclass(frozen=True)
class _Line:
    """One series of an Arrhenius plot."""

    title: str
    unit: str
    kelvin: FloatArray
    values: FloatArray
    activation_energy: float
    standard_error: float | None
    prefactor: float

    def draw(self, ax: Axes, colour: str, marker: str) -> Line2D:
        """Draw the points, and the line whose slope is the activation energy; return its name."""
        factor = _AXES[self.unit][0]
        points = self.values * self.kelvin if self.unit == "S/m" else self.kelvin / self.values
        look: dict[str, Any] = {"color": colour, "markersize": 3.6, "linewidth": 1.0}
        ax.plot(1e3 / self.kelvin, factor * points, marker, **look)
        ends = self.kelvin[[0, -1]]
        thermal = BOLTZMANN / ELEMENTARY_CHARGE * ends
        line = self.prefactor * np.exp(-self.activation_energy / thermal)
        ax.plot(1e3 / ends, factor * line, **look)
        return Line2D([], [], marker=marker, label=self.label, **look)

    @property
    def label(self) -> str:
        """Its name and activation energy."""
        error = self.standard_error or 0.0
        precise = f" ± {error:.3f}" if error >= 5e-4 else ""
        return f"{self.title}: {self.activation_energy:.3f}{precise} eV"


def _lines(result: ArrheniusResult | Mapping[str, tuple[Any, Any]], unit: str) -> dict[str, _Line]:
    """Return the series by name; fits of series that cannot be drawn are left at nan."""
    if isinstance(result, ArrheniusResult):
        return {s.name: _of_series(s, result.temperatures) for s in result.series}
    if unit not in _AXES:
        raise unknown_name("unit", unit, _AXES, "for an Arrhenius plot")
    return {name: _of_data(name, unit, *data) for name, data in result.items()}


def _of_series(series: ArrheniusSeries, kelvin: FloatArray) -> _Line:
    energy, prefactor = series.activation_energy, series.prefactor
    return _Line(
        _title(series),
        series.unit,
        kelvin,
        series.values,
        np.nan if energy is None else energy,
        series.standard_error,
        np.nan if prefactor is None else prefactor,
    )


def _title(series: ArrheniusSeries) -> str:
    """Return what a series is, e.g. "Layer at a|b in a, Li"."""
    words = {"bulk conductivity": "Bulk of", "layer resistance": "Layer at"}
    text = f"{words.get(series.quantity, 'Total from')} {series.place}"
    if series.region not in ("", series.place):
        text += f" in {series.region}"
    return f"{text}, {series.carrier}" if series.carrier else text


def _of_data(name: str, unit: str, temperatures: Any, given: Any) -> _Line:
    from scipy.stats import linregress

    kelvin, values = np.asarray(temperatures, dtype=float), np.asarray(given, dtype=float)
    if kelvin.shape != values.shape or kelvin.ndim != 1 or len(np.unique(kelvin)) < 2:
        raise InputError(
            f"'{name}' has temperatures of the shape {kelvin.shape} and values of the shape "
            f"{values.shape}; both must be one-dimensional, with two or more temperatures"
        )
    if not ((kelvin > 0.0).all() and (values > 0.0).all() and np.isfinite(values).all()):
        raise InputError(f"'{name}' has temperatures or values that are not positive and finite")
    order = np.argsort(kelvin)
    kelvin, values = kelvin[order], values[order]
    line = linregress(1.0 / kelvin, np.log(values * kelvin if unit == "S/m" else kelvin / values))
    per_kelvin = BOLTZMANN / ELEMENTARY_CHARGE
    error = line.stderr * per_kelvin if len(kelvin) > 2 else None  # two points have no scatter
    return _Line(
        name, unit, kelvin, values, -line.slope * per_kelvin, error, float(np.exp(line.intercept))
    )


def _add_axis(
    ax: Axes, forward: Callable[[Any], Any], inverse: Callable[[Any], Any], label: str
) -> None:
    """Put an axis above that shows something else than the one below."""
    above = ax.secondary_xaxis("top", functions=(forward, inverse))
    above.set_xlabel(label)


# matplotlib tries these at 0 as well.


def _inverse(time: Any) -> Any:
    return 1.0 / (2.0 * np.pi * np.maximum(time, 1e-300))


def _to_celsius(inverse: Any) -> Any:
    return 1e3 / np.maximum(inverse, 1e-3) - _ICE


def _from_celsius(celsius: Any) -> Any:
    return 1e3 / np.maximum(celsius + _ICE, 1e-3)
