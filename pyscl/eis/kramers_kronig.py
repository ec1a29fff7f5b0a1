"""Kramers-Kronig test by a measurement model.

A causal, linear and stationary response is a sum of relaxations (Boukamp, J. Electrochem. Soc. 142
(1995) 1885). Relaxations of either sign, with times fixed over the range of the data (longer ones
would follow a drift at the lowest frequencies), are fitted by linear least squares; what they
cannot describe violates the Kramers-Kronig relations. Their number is that with the smallest
Bayesian information criterion: the criterion of Schoenleber et al., Electrochim. Acta 131 (2014)
20, mu, stops too early where the spectrum has less than a decade per arc; it is given for
comparison. The same criterion decides whether the impedance or the admittance is described: both
obey the relations, and one of them may take fewer relaxations.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from pyscl.eis.data import ComplexArray, Data, FloatArray, SpectrumLike, checked
from pyscl.errors import InputError, unknown_name

Variant = Literal["impedance", "admittance"]

MOST_PER_DECADE = 10.0
SMALLEST_ERROR = 1e-8
"""relative residual below which more relaxations only follow rounding errors"""


@dataclass(frozen=True, eq=False)
class KramersKronig:
    """Result of a Kramers-Kronig test.

    Attributes:
        frequencies: (n,) [Hz], ascending.
        real: (n,) residual of the real part, relative to the modulus.
        imag: (n,) residual of the imaginary part, relative to the modulus.
        variant: "impedance" or "admittance": which of them was tested.
        relaxations: number of relaxations in the measurement model.
        mu: 1 - (sum of negative)/(sum of positive strengths) [1]; well below 0.85 the model is
            overfitted in the sense of Schoenleber et al.
    """

    frequencies: FloatArray
    real: FloatArray
    imag: FloatArray
    variant: Variant
    relaxations: int
    mu: float

    @property
    def largest(self) -> float:
        """Largest modulus of the relative residual."""
        return float(np.hypot(self.real, self.imag).max())

    @property
    def worst_frequency(self) -> float:
        """Frequency of the largest residual [Hz]."""
        return float(self.frequencies[np.hypot(self.real, self.imag).argmax()])

    def passes(self, tolerance: float = 0.01) -> bool:
        """Whether no residual exceeds a tolerance, relative to the modulus.

        Data with scatter need about four times their relative error.

        Raises:
            InputError: the tolerance is not positive.
        """
        if not tolerance > 0.0:
            raise InputError(f"the tolerance is {tolerance}; it has to be positive")
        return self.largest <= tolerance


@dataclass(frozen=True, eq=False)
class _Model:
    """A fitted measurement model: relative residual (n,), strengths of its relaxations (m,)."""

    variant: Variant
    residual: ComplexArray
    strengths: FloatArray
    terms: int

    @property
    def criterion(self) -> float:
        """Bayesian information criterion, with the residual kept above rounding."""
        points = 2 * len(self.residual)
        mean_square = float(np.sum(abs(self.residual) ** 2)) / points
        return points * np.log(max(mean_square, SMALLEST_ERROR**2)) + self.terms * np.log(points)


def kramers_kronig(
    spectrum: SpectrumLike, *, variant: Variant | None = None, relaxations: int | None = None
) -> KramersKronig:
    """Test whether a spectrum can be that of a causal, linear and stationary system.

    Args:
        spectrum: anything with `frequencies` [Hz] and `impedance`, or a tuple of both.
        variant: what is described by relaxations: the "impedance", or the "admittance"; None: the
            one that does it better.
        relaxations: their number; None: by the Bayesian information criterion.

    Raises:
        InputError: an unusable spectrum, or an option that does not exist.
    """
    data = checked(spectrum, least=6)
    if variant is not None and variant not in get_args(Variant):
        raise unknown_name("variant", variant, get_args(Variant))
    variants: tuple[Variant, ...] = get_args(Variant) if variant is None else (variant,)
    w = data.angular_frequencies
    numbers = _numbers(data) if relaxations is None else [_checked_number(relaxations, len(w))]
    models = (
        _measurement_model(data, v, np.geomspace(1.0 / w[-1], 1.0 / w[0], number))
        for v in variants
        for number in numbers
    )
    best = min(models, key=lambda model: model.criterion)
    strengths = best.strengths
    negative, positive = -strengths[strengths < 0.0].sum(), strengths[strengths > 0.0].sum()
    return KramersKronig(
        frequencies=data.frequencies,
        real=best.residual.real,
        imag=best.residual.imag,
        variant=best.variant,
        relaxations=len(strengths),
        mu=float(1.0 - negative / positive) if positive > 0.0 else -np.inf,
    )


def _numbers(data: Data) -> range:
    decades = np.log10(data.frequencies[-1] / data.frequencies[0])
    return range(1, max(3, min(len(data.frequencies), int(MOST_PER_DECADE * decades))) + 1)


def _checked_number(relaxations: int, points: int) -> int:
    whole = isinstance(relaxations, (int, np.integer)) and not isinstance(relaxations, bool)
    if not whole or not 1 <= relaxations <= points:
        raise InputError(
            f"{relaxations} relaxations for {points} frequencies; allowed are 1 to {points}"
        )
    return int(relaxations)


def _measurement_model(data: Data, variant: Variant, tau: FloatArray) -> _Model:
    """Fit relaxations of the times tau [s] (m,).

    Z = R + i w L + 1/(i w C) + sum R_k/(1 + i w tau_k), or
    Y = G + i w C + sum G_k i w tau_k/(1 + i w tau_k).

    C in series is positive; a negative one would follow a drift at the lowest frequencies.
    """
    w = data.angular_frequencies
    relaxation = 1.0 / (1.0 + 1j * np.outer(w, tau))
    series = [np.ones_like(w), 1j * w / w[-1]]
    if variant == "impedance":
        response = data.impedance
        terms = np.column_stack([relaxation, *series, w[0] / (1j * w)])
    else:
        response = 1.0 / data.impedance
        terms = np.column_stack([1.0 - relaxation, *series])
    residual, solution = _least_squares(terms, response)
    if variant == "impedance" and solution[-1] < 0.0:
        residual, solution = _least_squares(terms[:, :-1], response)
    return _Model(variant, residual, solution[: len(tau)], len(solution))


def _least_squares(terms: ComplexArray, response: ComplexArray) -> tuple[ComplexArray, FloatArray]:
    """Return the relative residual (n,) and the real strengths of the terms (m,)."""
    weighted = terms / abs(response)[:, None]
    target = response / abs(response)
    rows = np.vstack([weighted.real, weighted.imag])
    size = np.linalg.norm(rows, axis=0)
    right = np.concatenate([target.real, target.imag])
    solution = np.linalg.lstsq(rows / size, right, rcond=1e-12)[0] / size
    return weighted @ solution - target, solution
