"""Spectra as they are drawn: read from anything that holds one, smooth between its points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.eis.data import SpectrumLike
from pyscl.errors import InputError, unknown_name
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import LINES, prefixed
from pyscl.spectrum import Spectrum

ComplexArray = NDArray[np.complex128]

_PER_DECADE = 40  # points of a drawn line
_SHOWN = {"Ohm": (1.0, "Ω"), "Ohm m": (1.0, "Ω m"), "Ohm m^2": (1e-4, "Ω cm^2")}


Spectra = SpectrumLike | Mapping[str, SpectrumLike]
"""One spectrum, or several with their labels; pairs (frequencies [Hz], impedance) are data."""


@dataclass(frozen=True)
class Curve:
    """One spectrum as it is drawn.

    Attributes:
        label: its name in the legend, or "".
        frequencies: (n,) [Hz], ascending.
        values: impedance (n,) in `unit`.
        unit: "Ohm", "Ohm m" or "Ohm m^2".
        colour: of the line or the points.
        line: whether it is a line, not points.
    """

    label: str
    frequencies: FloatArray
    values: ComplexArray
    unit: str
    colour: str
    line: bool

    @property
    def look(self) -> dict[str, Any]:
        """How matplotlib is to draw it."""
        return {
            "linestyle": "-" if self.line else "none",
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

        x, places = np.log(self.frequencies), np.log(frequencies)
        if len(x) < 3 or (self.values == 0.0).any():
            return np.interp(places, x, self.values)
        angle = np.unwrap(np.angle(self.values))
        course = CubicSpline(x, np.column_stack([np.log(np.abs(self.values)), angle]))(places)
        return np.asarray(np.exp(course[:, 0] + 1j * course[:, 1]))

    def decades(self) -> FloatArray:
        """Return the powers of ten in the range [Hz]."""
        low, high = np.log10(self.frequencies[[0, -1]])
        return 10.0 ** np.arange(np.ceil(low - 1e-9), np.floor(high + 1e-9) + 1.0)


def curves(
    spectra: Spectra,
    unit: str | None,
    frequencies: tuple[float, float] | None,
    colours: Sequence[str] = LINES,
) -> list[Curve]:
    """Return spectra as curves of one unit.

    Args:
        spectra: what is to be drawn.
        unit: in which everything is drawn and data are given; None: times the area of the contact
            for spectra of a model, else the unit of the first spectrum.
        frequencies: (lowest, highest) [Hz], or None.
        colours: of the curves.

    Raises:
        InputError: no spectrum, data that are none, different units, or no point in the range.
    """
    several = spectra if isinstance(spectra, Mapping) else {"": spectra}
    if not several:
        raise InputError("there is no spectrum to draw")
    kinds = {isinstance(given, Spectrum) for given in several.values()}
    if unit is None and kinds == {False}:
        unit = str(getattr(next(iter(several.values())), "unit", "Ohm"))
    if unit is not None and unit not in _SHOWN:
        raise unknown_name("unit of an impedance", unit, _SHOWN)
    if unit is None and len(kinds) > 1:
        raise InputError(
            "spectra of a model and others are drawn together; say the unit of the others, e.g. "
            "unit='Ohm m^2' for impedance times area"
        )
    return [
        _within(_curve(label, given, unit or "Ohm m^2", colours[k % len(colours)]), frequencies)
        for k, (label, given) in enumerate(several.items())
    ]


def scale(drawn: Sequence[Curve], size: float) -> tuple[float, str]:
    """Return (unit of the curves per unit shown, unit shown) that suits values of some size."""
    factor, unit = _SHOWN[drawn[0].unit]
    prefix, shown = prefixed(size / factor, unit)
    return factor * prefix, shown


def _curve(label: str, given: SpectrumLike, unit: str, colour: str) -> Curve:
    line = not isinstance(given, tuple)
    own = unit if isinstance(given, tuple) else getattr(given, "unit", unit)
    if isinstance(given, Spectrum) and unit == "Ohm m^2":
        given, own = (given.frequencies, given.area_specific), unit
    if own != unit:
        raise InputError(f"{_named(label)} is in {own}, not in {unit}; choose one unit for all")
    try:
        f, z = given if isinstance(given, tuple) else (given.frequencies, given.impedance)
        f, z = np.asarray(f, dtype=float), np.asarray(z, dtype=complex)
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
    if line and (np.diff(f[order]) <= 0.0).any():
        raise InputError(f"{_named(label)} has a frequency twice")
    return Curve(label, f[order], z[order], unit, colour, line)


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
