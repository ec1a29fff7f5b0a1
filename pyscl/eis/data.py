"""Spectra as the analysis takes them: anything with frequencies and impedance, or two arrays."""

import re
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

BLOCKING_PHASE = -45.0
"""phase at the lowest frequency [degree] below which a spectrum counts as blocking"""


WRONG_SIGN = 0.25
"""share of the slope that belongs to the phase, beyond which the opposite slope tells of a wrong
sign"""


def spelled(unit: str) -> str:
    """Return a unit of impedance as it is spelled here: "ohm*cm2" is "Ohm cm^2"."""
    text = re.sub("(?i)ohm|Ω", "Ohm", unit).replace("**", "^").replace("*", " ")
    return re.sub(r"(?<=m)\^?[2²]$", "^2", " ".join(text.split()))


def inverse_unit(inverse: str, impedance_unit: str) -> str:
    """Return the unit with `inverse` for 1/Ohm: "F" and "Ohm m" give "F/m"."""
    length = impedance_unit.removeprefix("Ohm").strip()
    return f"{inverse}/{length}" if length else inverse


class HasImpedance(Protocol):
    """A spectrum: `pyscl.spectrum.Spectrum` or anything with these two arrays.

    A text `unit` ("Ohm", "Ohm m", "Ohm cm^2") is taken along if there is one; without it the unit
    is "Ohm".
    """

    @property
    def frequencies(self) -> FloatArray:
        """Frequencies (n,) [Hz]."""

    @property
    def impedance(self) -> ComplexArray:
        """Impedance (n,) [Ohm, Ohm m or Ohm m2]."""


SpectrumLike = HasImpedance | tuple[Any, Any]


@dataclass(frozen=True, eq=False)
class Data:
    """A checked spectrum.

    Attributes:
        frequencies: (n,) [Hz], ascending.
        impedance: (n,) complex, in `unit`.
        unit: unit of the impedance.
    """

    frequencies: FloatArray
    impedance: ComplexArray
    unit: str = "Ohm"

    @property
    def angular_frequencies(self) -> FloatArray:
        """2 pi f (n,) [rad/s]."""
        return 2.0 * np.pi * self.frequencies

    @property
    def blocking(self) -> bool:
        """Whether the spectrum ends capacitively: its phase falls below -45 degrees."""
        return bool(np.angle(self.impedance[0], deg=True) < BLOCKING_PHASE)


def checked(spectrum: SpectrumLike, least: int = 3) -> Data:
    """Return the spectrum with ascending frequencies.

    Args:
        spectrum: anything with `frequencies` and `impedance`, or (frequencies [Hz], impedance).
        least: number of points that are needed.

    Raises:
        InputError: frequencies that are not positive, not finite, twice the same or out of order;
            impedance that is not complex, not finite, zero or of the wrong sign; lengths that
            differ; too few points.
    """
    if isinstance(spectrum, tuple):
        if len(spectrum) != 2:
            raise InputError(
                f"a spectrum is (frequencies, impedance), two arrays; got {len(spectrum)} values"
            )
        frequencies, impedance = spectrum
        unit = "Ohm"
    else:
        frequencies, impedance, unit = _parts(spectrum)
    f = _frequencies(frequencies)
    z = _impedance(impedance)
    if z.shape != f.shape:
        raise InputError(f"{len(f)} frequencies, but an impedance of shape {z.shape}")
    if len(f) < least:
        raise InputError(
            f"a spectrum of {len(f)} points; at least {least} are needed. Measure or compute more "
            f"frequencies."
        )
    _refuse_wrong_sign(f, z)
    return Data(f, z, unit) if f[0] <= f[-1] else Data(f[::-1].copy(), z[::-1].copy(), unit)


def neighbours_err_alike(residual: ComplexArray) -> bool:
    """Whether the correlation of neighbouring residuals exceeds three standard deviations."""
    pairs = np.sum(residual[1:] * residual[:-1].conj()).real
    return bool(pairs > 3.0 * np.sum(abs(residual) ** 2) / np.sqrt(2.0 * len(residual)))


def _refuse_wrong_sign(f: FloatArray, z: ComplexArray) -> None:
    """Refuse Im Z > 0 where |Z| falls: a causal phase has the sign of d ln|Z|/d ln w.

    On the average over the frequencies the phase is pi/2 times that slope (Bode), so that inductive
    spectra, of which |Z| rises, are not concerned.
    """
    positive = np.count_nonzero(z.imag > 0.0)
    if len(f) < 5 or positive < 0.9 * len(f):
        return
    slope = np.polyfit(np.log(f), np.log(abs(z)), 1)[0]
    if slope < -WRONG_SIGN * 2.0 / np.pi * np.angle(z).mean():
        raise InputError(
            f"Im Z > 0 at {positive} of {len(f)} frequencies, although |Z| falls with the "
            f"frequency; wrong sign? Im Z < 0 where the response is capacitive: give the complex "
            f"conjugate, or call the column '-Im Z' in the head of the table"
        )


def _parts(spectrum: Any) -> tuple[Any, Any, str]:
    try:
        unit = spelled(str(getattr(spectrum, "unit", "Ohm")))
        return spectrum.frequencies, spectrum.impedance, unit
    except AttributeError as error:
        raise InputError(
            f"a {type(spectrum).__name__} is no spectrum; give something with 'frequencies' and "
            f"'impedance', or a tuple of the two arrays"
        ) from error


def _frequencies(given: Any) -> FloatArray:
    values = np.asarray(given)
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise InputError(
            f"frequencies are a list of real numbers [Hz]; got {values.dtype} of shape "
            f"{values.shape}"
        )
    f = np.array(values, dtype=float)
    wrong = np.flatnonzero(~(np.isfinite(f) & (f > 0.0)))
    if len(wrong):
        raise InputError(
            f"frequency {f[wrong[0]]:g} Hz at position {wrong[0]}; frequencies are positive and "
            f"finite. Leave out dc points."
        )
    step = np.diff(f)
    if (step == 0.0).any():
        raise InputError(
            f"frequency {f[np.argmin(abs(step))]:.6g} Hz occurs twice; keep one of them"
        )
    if not ((step > 0.0).all() or (step < 0.0).all()):
        raise InputError(
            "the frequencies are out of order; sort them, with the impedance, from low to high or "
            "from high to low (several sweeps in one table are several spectra)"
        )
    return f


def _impedance(given: Any) -> ComplexArray:
    z = np.asarray(given)
    if z.dtype.kind != "c" or not np.any(z.imag):
        raise InputError(
            "the impedance is real; the analysis needs complex values, Re Z + 1j * Im Z with "
            "Im Z < 0 where the response is capacitive"
        )
    z = z.astype(np.complex128)
    wrong = np.flatnonzero(~np.isfinite(z) | (z == 0.0))
    if len(wrong):
        raise InputError(
            f"impedance {z.ravel()[wrong[0]]} at position {wrong[0]}; leave out points that are "
            f"not numbers or zero"
        )
    return z
