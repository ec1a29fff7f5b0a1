"""Site fractions by formulas that do not pass through the compiled core.

With eta = (mu - mu0 - z e phi)/kT the closed forms are those of `pyscl.materials.laws`; laws
without one are checked by their inverse eta(y), tables, or a quadrature.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.materials import (
    Blakemore,
    Boltzmann,
    Carrier,
    FermiDiracHalf,
    LatticeGas,
    NonIdeal,
    OpenCircuit,
)

FloatArray = NDArray[np.float64]

_SAMPLES = 2000  # of states at which a quadrature is worth its time


def fraction(carrier: Carrier, eta: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """Return occupied and vacant share at eta (n,), None for a law without a closed form."""
    from scipy.special import expit

    with np.errstate(over="ignore"):
        match carrier.statistics:
            case LatticeGas():
                return expit(eta), expit(-eta)
            case Boltzmann():
                return np.exp(eta), np.ones_like(eta)
            case Blakemore(gamma=gamma):
                return 1.0 / (np.exp(-eta) + gamma), np.ones_like(eta)
    return None


def slope(
    carrier: Carrier, temperature: float, occupied: FloatArray, vacant: FloatArray
) -> FloatArray:
    """Return dy/deta [1] (n,) at a temperature [K]; with an excess g, 1/(1/(y (1 - y)) + g')."""
    law = carrier.statistics
    match law:
        case Boltzmann():
            return occupied
        case FermiDiracHalf():
            log_y, share = _fermi_slopes()
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(occupied * np.interp(np.log(occupied), log_y, share))
        case Blakemore(gamma=gamma):
            return occupied * (1.0 - gamma * occupied)
        case NonIdeal() | OpenCircuit():
            excess = _excess(law, temperature)
            steepness = excess.derivative()(np.clip(occupied, excess.x[0], excess.x[-1]))
            ideal = occupied * vacant
            return np.asarray(ideal / (1.0 + ideal * steepness))
    return occupied * vacant


def _excess(law: NonIdeal | OpenCircuit, temperature: float) -> Any:
    """Return the cubic spline of the excess potential g(y) [kT] at a temperature [K]."""
    from scipy.interpolate import CubicHermiteSpline

    if isinstance(law, NonIdeal):
        return CubicHermiteSpline(np.array(law.site_fraction), np.array(law.excess), law.slopes())
    return CubicHermiteSpline(*law.excess_table(temperature))


@cache
def _fermi_slopes() -> tuple[FloatArray, FloatArray]:
    """Return ln F_1/2 and d(ln F_1/2)/deta, ascending, from -20 to 200 kT, (n,)."""
    eta = np.linspace(-20.0, 200.0, 881)
    step = 1e-3
    value = np.log(_fermi_integral(eta))
    rise = np.log(_fermi_integral(eta + step)) - np.log(_fermi_integral(eta - step))
    return value, np.asarray(rise / (2.0 * step))


def defect(
    carrier: Carrier, temperature: float, eta: FloatArray, occupied: FloatArray, vacant: FloatArray
) -> float:
    """Return by how much site fractions (n,) miss their law, as the largest change of eta [kT].

    Args:
        carrier: the carrier.
        temperature: [K].
        eta: (mu - mu0 - z e phi)/kT, (n,).
        occupied: y as it was reported, (n,).
        vacant: 1 - y, or 1 for laws without a limit of the sites, (n,).
    """
    if not len(eta):
        return 0.0
    if not np.isfinite(occupied).all() or (occupied <= 0.0).any():
        return float("inf")
    law = carrier.statistics
    ideal = fraction(carrier, eta)
    if ideal is not None:
        y, empty = ideal
        # the rarer of particles and vacancies has the slope 1 in its logarithm
        rarer = np.where(y <= empty, np.abs(occupied / y - 1.0), np.abs(vacant / empty - 1.0))
        other = np.maximum(np.abs(occupied - y), np.abs(vacant - empty)) / np.maximum(y, 1.0)
        return float(np.maximum(np.where(y > 0.0, rarer, 0.0), other).max())
    if isinstance(law, FermiDiracHalf):
        step = max(1, len(eta) // _SAMPLES)
        wanted = _fermi_integral(eta[::step])
        return float(np.abs(occupied[::step] / wanted - 1.0).max())
    assert isinstance(law, NonIdeal | OpenCircuit)
    table = _excess(law, temperature)
    excess = table(np.clip(occupied, table.x[0], table.x[-1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(occupied) - np.log(vacant) + excess
    return float(np.abs(found - eta).max())


def _fermi_integral(eta: FloatArray) -> FloatArray:
    """Return F_1/2(eta) (n,), by the trapezoidal rule in the square root of the energy.

    The integrand is even and analytic, for which the rule converges exponentially.
    """
    end = np.sqrt(np.maximum(eta, 0.0) + 45.0)
    s = np.linspace(0.0, 1.0, 1201)[:, None] * end
    with np.errstate(over="ignore"):
        values = 2.0 * s**2 / (1.0 + np.exp(s**2 - eta))
    return np.asarray(2.0 / np.sqrt(np.pi) * values[:-1].sum(axis=0) * (end / 1200.0))
