"""Spectra as they are drawn: read from anything that holds one, smooth between its points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pyscl.eis.data import SpectrumLike, spelled
from pyscl.errors import InputError, unknown_name
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import LINES, prefixed
from pyscl.spectrum import Spectrum

ComplexArray = NDArray[np.complex128]

_PER_DECADE = 40  # points of a drawn line
_NEAR = 0.05  # of a decade, within which a point stands for it [decades]
_SHOWN = {"Ohm": (1.0, "Ω"), "Ohm m": (1.0, "Ω m"), "Ohm m^2": (1e-4, "Ω cm²")}
_UNITS = {**{unit: (1.0, unit) for unit in _SHOWN}, "Ohm cm^2": (1e-4, "Ohm m^2")}


Spectra = SpectrumLike | Mapping[str, SpectrumLike]
"""One spectrum, or several with their labels; pairs (frequencies [Hz], impedance) are data."""
Style = Literal["line", "dashed", "points"]
Styles = Style | Mapping[str, Style] | None
"""How spectra are drawn, all in the same way or by label."""


@dataclass(frozen=True)
class Curve:
    """One spectrum as it is drawn.

    Attributes:
        label: its name in the legend, or "".
        frequencies: (n,) [Hz], ascending.
        values: impedance (n,) in `unit`.
        unit: "Ohm", "Ohm m" or "Ohm m^2".
        colour: of the line or the points.
        style: "line", "dashed" or "points".
    """

    label: str
    frequencies: FloatArray
    values: ComplexArray
    unit: str
    colour: str
    style: Style

    @property
    def line(self) -> bool:
        """Whether it is a line, not points."""
        return self.style != "points"

    @property
    def look(self) -> dict[str, Any]:
        """How matplotlib is to draw it."""
        return {
            "linestyle": {"line": "-", "dashed": (0, (3.5, 2.0)), "points": "none"}[self.style],
            "marker": None if self.line else "o",
            "color": self.colour,
            "markerfacecolor": "white",
            "markersize": 3.0,
            "markeredgewidth": 0.8,
        }

    def smooth(self) -> "Curve":
        """Return a line with so many points that it has no corners; points as they are."""
        if not self.line or len(self.frequencies) < 3:
            return self
        low, high = np.log10(self.frequencies[[0, -1]])
        between = 10.0 ** np.linspace(low, high, max(2, round((high - low) * _PER_DECADE)))
        places = np.unique(np.concatenate([between[1:-1], self.frequencies]))
        return replace(self, frequencies=places, values=self.at(places))

    def at(self, frequencies: FloatArray) -> ComplexArray:
        """Return values at other frequencies inside the range.

        The logarithm of the impedance is interpolated over that of the frequency, in which
        resistances, capacitances and Warburg elements are straight.
        """
        from scipy.interpolate import CubicSpline

        x, once = np.unique(np.log(self.frequencies), return_index=True)
        values, places = self.values[once], np.log(frequencies)
        if len(x) < 3 or (values == 0.0).any():
            return np.asarray(np.interp(places, x, values))
        angle = np.unwrap(np.angle(values))
        course = CubicSpline(x, np.column_stack([np.log(np.abs(values)), angle]))(places)
        return np.asarray(np.exp(course[:, 0] + 1j * course[:, 1]))

    def decades(self) -> "Curve":
        """Return the curve at the powers of ten in its range; of points, those nearest to them."""
        low, high = np.log10(self.frequencies[[0, -1]])
        if self.line:
            found = 10.0 ** np.arange(np.ceil(low - 1e-9), np.floor(high + 1e-9) + 1.0)
            return replace(self, frequencies=found, values=self.at(found))
        powers = np.arange(np.round(low), np.round(high) + 1.0)
        apart = np.abs(np.log10(self.frequencies)[:, None] - powers)
        near = np.unique(apart.argmin(axis=0)[apart.min(axis=0) < _NEAR])
        return replace(self, frequencies=self.frequencies[near], values=self.values[near])


def curves(
    spectra: Spectra,
    unit: str | None,
    frequencies: tuple[float, float] | None,
    style: Styles = None,
    colours: Sequence[str] = LINES,
) -> list[Curve]:
    """Return spectra as curves of one unit.

    Args:
        spectra: what is to be drawn.
        unit: in which everything is drawn and data are given; None: times the area of the contact
            for spectra of a model, else the unit of the first spectrum.
        frequencies: (lowest, highest) [Hz], or None.
        style: of all, or by label; others are points if they are pairs, else lines.
        colours: of the curves.

    Raises:
        InputError: no spectrum, data that are none, different units, an unknown label or style, or
            no point in the range.
    """
    several = spectra if isinstance(spectra, Mapping) else {"": spectra}
    if not several:
        raise InputError("there is no spectrum to draw")
    given_unit = _common_unit(several, unit)
    looks = _styles(several, style)
    drawn = [
        _curve(label, given, given_unit, colours[k % len(colours)], looks[label])
        for k, (label, given) in enumerate(several.items())
    ]
    return [_within(curve, frequencies) for curve in drawn]


def _common_unit(several: Mapping[str, SpectrumLike], unit: str | None) -> str:
    """Return the unit of those that have none of their own."""
    if unit is not None:
        return _known_unit(unit)
    if not any(isinstance(given, Spectrum) for given in several.values()):
        return _known_unit(getattr(next(iter(several.values())), "unit", "Ohm"))
    if any(not hasattr(given, "unit") for given in several.values()):
        raise InputError(
            "spectra of a model and others are drawn together; say the unit of the others, e.g. "
            "unit='Ohm m^2' for impedance times area"
        )
    return "Ohm m^2"


def _known_unit(unit: str) -> str:
    """Return the unit of an impedance as it is spelled here: "ohm*cm2" is "Ohm cm^2".

    Raises:
        InputError: there is no such unit.
    """
    text = spelled(str(unit))
    if text not in _UNITS:
        raise unknown_name("unit of an impedance", unit, _UNITS)
    return text


def _styles(several: Mapping[str, SpectrumLike], style: Styles) -> dict[str, Style]:
    """Return the style of every spectrum."""
    chosen = dict(style) if isinstance(style, Mapping) else {}
    if isinstance(style, str):
        chosen = dict.fromkeys(several, style)
    for label, name in chosen.items():
        if label not in several:
            raise unknown_name("spectrum", label, several)
        if name not in get_args(Style):
            raise unknown_name("style", name, get_args(Style), "for a spectrum")
    usual: dict[str, Style] = {
        label: "points" if isinstance(given, tuple) else "line" for label, given in several.items()
    }
    return usual | chosen


def scale(drawn: Sequence[Curve], size: float) -> tuple[float, str]:
    """Return (unit of the curves per unit shown, unit shown) that suits values of some size."""
    factor, unit = _SHOWN[drawn[0].unit]
    prefix, shown = prefixed(size / factor, unit)
    return factor * prefix, shown


def _curve(label: str, given: SpectrumLike, unit: str, colour: str, style: Style) -> Curve:
    own = unit if isinstance(given, tuple) else _known_unit(getattr(given, "unit", unit))
    if isinstance(given, Spectrum) and _UNITS[unit][1] == "Ohm m^2":
        given, own = (given.frequencies, given.area_specific), "Ohm m^2"
    factor, common = _UNITS[own]
    if common != _UNITS[unit][1]:
        raise InputError(f"{_named(label)} is in {own}, not in {unit}; choose one unit for all")
    try:
        f, z = given if isinstance(given, tuple) else (given.frequencies, given.impedance)
        f, z = np.asarray(f, dtype=float), np.asarray(z, dtype=np.complex128) * factor
    except (AttributeError, TypeError, ValueError):
        raise InputError(
            f"{_named(label)} is no spectrum; give a Spectrum, or a pair (frequencies, impedance)"
        ) from None
    if f.ndim != 1 or f.shape != z.shape or not len(f):
        raise InputError(
            f"{_named(label)} has frequencies of the shape {f.shape} and an impedance of the shape "
            f"{z.shape}; both must be one-dimensional, of one length and not empty"
        )
    if not (np.isfinite(z).all() and np.isfinite(f).all() and (f > 0.0).all()):
        raise InputError(f"{_named(label)} has values that are not finite, or frequencies <= 0")
    order = np.argsort(f)
    if style != "points" and (np.diff(f[order]) <= 0.0).any():
        raise InputError(f"{_named(label)} has a frequency twice; draw it as points")
    return Curve(label, f[order], z[order], common, colour, style)


def _within(curve: Curve, frequencies: tuple[float, float] | None) -> Curve:
    if frequencies is None:
        return curve
    low, high = frequencies
    inside = (curve.frequencies >= low) & (curve.frequencies <= high)
    if not inside.any():
        raise InputError(
            f"{_named(curve.label)} has no frequency from {low:g} to {high:g} Hz; it goes from "
            f"{curve.frequencies[0]:g} to {curve.frequencies[-1]:g} Hz"
        )
    return replace(curve, frequencies=curve.frequencies[inside], values=curve.values[inside])


def _named(label: str) -> str:
    return f"the spectrum '{label}'" if label else "the spectrum"
