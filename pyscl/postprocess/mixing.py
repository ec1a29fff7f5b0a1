"""Free energy of carriers on their sites, the integral of the statistics."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl import materials
from pyscl.materials.laws import Law

FloatArray = NDArray[np.float64]

_PER_POLE = 6.0  # points of the quadrature per distance of its nearest pole


def mixing_energy(
    law: Law, temperature: float, eta: ArrayLike, occupied: ArrayLike, vacant: ArrayLike
) -> FloatArray:
    """Return the integral of eta over y from 0 to the site fraction [kT per site].

    Args:
        law: the statistics.
        temperature: [K].
        eta: reduced chemical potential (mu - mu0 - z e phi)/kT, any shape.
        occupied: the site fraction y there.
        vacant: 1 - y where the statistics have a limit, see `Solution.vacant_fraction`.
    """
    eta, y, v = (np.asarray(a, dtype=float) for a in (eta, occupied, vacant))
    match law:
        case materials.Boltzmann():
            return np.asarray(y * eta - y)
        case materials.LatticeGas():
            return _ideal(y, v)
        case materials.Blakemore(gamma=gamma):
            return np.asarray(y * eta - np.logaddexp(0.0, eta + np.log(gamma)) / gamma)
        case materials.FermiDiracHalf():
            return np.asarray(y * eta - fermi_dirac_three_halves(eta))
        case materials.NonIdeal():
            table = np.array([law.site_fraction, law.excess, law.slopes()])
        case materials.OpenCircuit():
            table = np.array(law.excess_table(temperature))
    return np.asarray(_ideal(y, v) + _excess(table, y))


def fermi_dirac_three_halves(eta: ArrayLike) -> FloatArray:
    """Return the normalised Fermi-Dirac integral of order 3/2 [1], whose derivative is that of 1/2.

    F(eta) = 4/sqrt(pi) int_0^inf s^2 ln(1 + exp(eta - s^2)) ds by the trapezoidal rule: the
    integrand is even and analytic up to s^2 = eta + i pi, so that the rule converges exponentially.
    """
    x = np.asarray(eta, dtype=float)
    highest = max(float(x.max(initial=0.0)), 0.0)
    step = np.sqrt(highest + 1j * np.pi).imag / _PER_POLE
    s = np.arange(1.0, np.sqrt(highest + 42.0) / step) * step
    square = s * s
    terms = (w * np.logaddexp(0.0, x - w) for w in square)  # one level at a time saves memory
    return np.asarray(4.0 / np.sqrt(np.pi) * step * sum(terms))


def _ideal(y: FloatArray, v: FloatArray) -> FloatArray:
    """Return y ln y + v ln v."""
    from scipy.special import xlogy  # 0.1 s to import

    return np.asarray(xlogy(y, y) + xlogy(v, v))


def _excess(table: FloatArray, y: FloatArray) -> FloatArray:
    """Return the integral of the excess from 0 to y.

    Args:
        table: site fraction, excess and its slope (3, n): a cubic between them, constant outside.
        y: any shape.
    """
    from scipy.interpolate import CubicHermiteSpline

    points, excess, _ = table
    inside = CubicHermiteSpline(*table).antiderivative()
    below, above = np.minimum(y, points[0]), np.maximum(y, points[-1]) - points[-1]
    middle = inside(np.clip(y, points[0], points[-1]))
    return np.asarray(excess[0] * below + middle + excess[-1] * above)
