"""Charging of a slab between blocking electrodes by a small voltage step: the exact linear answer.

One mobile carrier before an immobile background, of any mobility law, or two of equal
diffusivity. Dimensionless: lengths in Debye lengths lambda, times in the dielectric relaxation
time lambda^2/D = eps/sigma (D the chemical diffusivity of the neutral bulk), charges in that of
the geometric capacitor, eps V/L. The slab has thickness L = 2 M lambda.
"""

import numpy as np
from numpy.typing import ArrayLike

from pyscl.analytic._common import Array
from pyscl.errors import InputError

_NEGLECTED = 1e-13  # [1] of the final charge, in the residues left out of the sum
_FADED = 40.0  # [1] exponent beyond which a mode has decayed below rounding


def charging_time(half_thickness: float) -> float:
    """Time constant of the slowest mode, M [1 - 1/(2M) + ...] for M >> 1 (Bazant et al. 2004).

    Args:
        half_thickness: M, half of the thickness in Debye lengths, above sqrt(3).
    """
    rates, _ = charging_modes(half_thickness, 1)
    return float(-1.0 / rates[0])


def charging_modes(half_thickness: float, count: int) -> tuple[Array, Array]:
    """Rates p_j < 0 and residues R_j < 0 of the charge q(t) = M/tanh(M) + sum_j R_j exp(p_j t).

    The poles of q(s) = (1+s) y/(s (s y + tanh y)), y = M sqrt(1+s), the transform of a step
    divided by the impedance of the slab: one real y, the layers that charge through the bulk, and
    y = i zeta with tan(zeta) = zeta (1 + zeta^2/M^2). R = 2 (1+p)/(p (3 - p^2 M^2)).

    Args:
        half_thickness: M, half of the thickness in Debye lengths, above sqrt(3).
        count: number of modes, slowest first.

    Returns:
        (rates, residues), each (count,).

    Raises:
        InputError: a slab too thin to have layers; below sqrt(3) no real y exists.
    """
    from scipy.optimize import brentq

    m = float(half_thickness)
    if not (np.isfinite(m) and m > 1.001 * np.sqrt(3.0)):
        raise InputError(
            f"half_thickness is {half_thickness} Debye lengths; it must be finite and above 1.74: "
            "layers of thinner slabs overlap so far that the slab is a plain resistor in parallel "
            "with a capacitor."
        )
    y = brentq(lambda y: np.tanh(y) - y * (1.0 - (y / m) ** 2), 1e-2, m, xtol=1e-15, rtol=1e-15)
    slow = (y / m) ** 2 - 1.0
    for _ in range(2):  # remove the cancellation of y/M -> 1
        y = m * np.sqrt(1.0 + slow)
        slow -= 2.0 * (slow + np.tanh(y) / y) / (3.0 - (slow * m) ** 2)
    middle = (np.arange(1, count) + 0.5) * np.pi
    zeta = middle
    for _ in range(30):
        zeta = middle - np.arctan(1.0 / (zeta * (1.0 + (zeta / m) ** 2)))
    rates = np.concatenate([[slow], -1.0 - (zeta / m) ** 2])
    excess = np.concatenate([[1.0 + slow], -((zeta / m) ** 2)])
    return rates, 2.0 * excess / (rates * (3.0 - (rates * m) ** 2))


def charging_charge(time: ArrayLike, half_thickness: float) -> Array:
    """Charge q of the electrodes after a small step: 1 at t = 0+, M/tanh(M) in the end.

    The sum over the modes, to 1e-12 of the final charge.

    Args:
        time: t >= 0 in lambda^2/D, any shape.
        half_thickness: M, half of the thickness in Debye lengths, above sqrt(3).

    Raises:
        InputError: a negative time, or a slab too thin for layers.
    """
    t = np.asarray(time, dtype=float)
    if not np.all(t >= 0.0):
        raise InputError(f"time is {time!r}; it must not be negative: the step is at 0.")
    # residues fall as 2 M^2/(j pi)^4, so those beyond n sum to 2 M^2/(3 pi^4 n^3)
    count = 2 + int(np.cbrt(2.0 * half_thickness / (3.0 * np.pi**4 * _NEGLECTED)))
    first = float(t.min(initial=np.inf))
    if first > 0.0:
        count = min(count, 2 + int(half_thickness * np.sqrt(_FADED / first) / np.pi))
    rates, residues = charging_modes(half_thickness, count)
    transient = np.exp(np.multiply.outer(t, rates)) @ residues
    return half_thickness / np.tanh(half_thickness) + transient
