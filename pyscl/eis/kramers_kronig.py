"""Kramers-Kronig test by a measurement model.

A causal, linear and stationary response is a sum of relaxations (Boukamp, J. Electrochem. Soc. 142
(1995) 1885). Relaxations with times fixed over the range of the data, of either sign, are fitted by
linear least squares; what they cannot describe violates the Kramers-Kronig relations. Their number
is that with the smallest Bayesian information criterion: the criterion of Schoenleber et al.,
Electrochim. Acta 131 (2014) 20, mu, stops too early where the spectrum has less than a decade per
arc; it is given for comparison.
"""

from dataclasses import dataclass
from typing import Literal

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
        mu: 1 - (sum of negative)/(sum of positive strengths); well below 0.85 the model is
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


def kramers_kronig(
    spectrum: SpectrumLike, *, variant: Variant | None = None, relaxations: int | None = None
) -> KramersKronig:
    """Test whether a spectrum can be that of a causal, linear and stationary system.

    Args:
        spectrum: anything with `frequencies` [Hz] and `impedance`, or a tuple of both.
        variant: what is described by relaxations: the "impedance", or the "admittance", which
            stays finite where the impedance of a blocking cell grows without bound. None: the
            admittance if the spectrum ends capacitively.
        relaxations: their number; None: by the Bayesian information criterion.

    Raises:
        InputError: an unusable spectrum, or an option that does not exist.
    """
    data = checked(spectrum, least=6)
    if variant is None:
        variant = "admittance" if data.blocking else "impedance"
    if variant not in ("impedance", "admittance"):
        raise unknown_name("variant", variant, ("impedance", "admittance"))
    decades = np.log10(data.frequencies[-1] / data.frequencies[0])
    most = max(3, min(len(data.frequencies), int(MOST_PER_DECADE * decades)))
    if relaxations is not None and not 1 <= relaxations <= len(data.frequencies):
        raise InputError(
            f"{relaxations} relaxations for {len(data.frequencies)} frequencies; allowed are 1 to "
            f"{len(data.frequencies)}"
        )
    numbers = range(1, most + 1) if relaxations is None else [relaxations]
    best, lowest = None, np.inf
    for number in numbers:
        residual, strengths, terms = _measurement_model(data, variant, number)
        mean_square = np.mean(abs(residual) ** 2) / 2.0
        points = 2 * len(residual)
        floored = max(float(mean_square), SMALLEST_ERROR**2)
        criterion = points * np.log(floored) + terms * np.log(points)
        if criterion < lowest:
            best, lowest = (residual, strengths, number), criterion
    assert best is not None
    residual, strengths, number = best
    negative, positive = -strengths[strengths < 0.0].sum(), strengths[strengths > 0.0].sum()
    return KramersKronig(
        frequencies=data.frequencies,
        real=residual.real,
        imag=residual.imag,
        variant=variant,
        relaxations=number,
        mu=float(1.0 - negative / positive) if positive > 0.0 else -np.inf,
    )


def _measurement_model(
    data: Data, variant: Variant, number: int
) -> tuple[ComplexArray, FloatArray, int]:
    """Return relative residual (n,), strengths of the relaxations (number,), number of terms.

    Z = R + i w L + sum R_k/(1 + i w tau_k), or
    Y = G + i w C + sum G_k i w tau_k/(1 + i w tau_k).
    """
    w = data.angular_frequencies
    tau = np.geomspace(1.0 / w[-1], 1.0 / w[0], number)
    relaxation = 1.0 / (1.0 + 1j * np.outer(w, tau))
    if variant == "admittance":
        relaxation = 1.0 - relaxation
    response = data.impedance if variant == "impedance" else 1.0 / data.impedance
    terms = np.column_stack([np.ones_like(w), 1j * w / w[-1], relaxation])
    weighted = terms / abs(response)[:, None]
    rows = np.vstack([weighted.real, weighted.imag])
    target = response / abs(response)
    size = np.linalg.norm(rows, axis=0)
    solution = np.linalg.lstsq(
        rows / size, np.concatenate([target.real, target.imag]), rcond=1e-12
    )[0]
    solution /= size
    return weighted @ solution - target, solution[2:], terms.shape[1]
