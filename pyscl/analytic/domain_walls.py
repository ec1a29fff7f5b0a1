"""Ising wall between two antiparallel domains (180 degrees), its profile and its energy."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from pyscl.analytic._common import Array, positive
from pyscl.analytic.ferroelectric import (
    _energy,
    _energy_of_square,
    _padded,
    spontaneous_polarization,
)
from pyscl.errors import ConvergenceError, InputError

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(128)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2  # of the interval from 0 to 1


@dataclass(frozen=True)
class IsingWall:
    """Wall between -Ps and +Ps with P along the wall, so without charge and depolarising field.

    G P'' = f'(P) with G/2 P'^2 = f(P) - f(Ps). With u = P^2 the right side is (Ps^2 - u)^2 q(u),
    exactly, and P = Ps tanh s gives ds/dx = Ps sqrt(2 q/G): smooth on the whole line. For f of the
    fourth order q is constant and P = Ps tanh(x/delta); of the sixth
    P = Ps sinh(x/delta)/sqrt(A + sinh^2(x/delta)), A = q(Ps^2)/q(0) (W. Cao, L. E. Cross, Phys.
    Rev. B 44, 5 (1991); P. Marton, I. Rychetsky, J. Hlinka, Phys. Rev. B 81, 144125 (2010));
    the eighth order is a quadrature. delta = 2 sqrt(G/f''(Ps)) in all three.

    Attributes:
        coefficients: (a1, a11, a111, a1111) of f [SI], see `pyscl.analytic.ferroelectric`; of a
            ferroelectric ground state.
        gradient: G of the energy density G/2 (dP/dx)^2 [J m^3/C^2].
    """

    coefficients: tuple[float, ...]
    gradient: float

    def __post_init__(self) -> None:
        positive("gradient", self.gradient)
        if self.spontaneous_polarization == 0:
            raise InputError(
                f"coefficients are {self.coefficients!r}: f is lowest at P = 0, so that there are "
                "no antiparallel domains."
            )

    @cached_property
    def spontaneous_polarization(self) -> float:
        """Ps [C/m^2] of the domains."""
        return spontaneous_polarization(self.coefficients)

    @property
    def decay_length(self) -> float:
        """Delta = 2 sqrt(G/f''(Ps)) [m]: far away Ps - |P| goes with exp(-2 |x|/delta)."""
        stiffness = float(_energy(self.coefficients).deriv(2)(self.spontaneous_polarization))
        return 2 * float(np.sqrt(self.gradient / stiffness))

    @property
    def width(self) -> float:
        """Width 2 Ps/P'(0) [m], where the tangent in the middle meets -Ps and Ps.

        2 delta sqrt(A) of the closed form, 2 delta of a tanh.
        """
        slope = self.spontaneous_polarization**2 * np.sqrt(2 * self._quotient(0.0) / self.gradient)
        return 2 * self.spontaneous_polarization / float(slope)

    @property
    def energy(self) -> float:
        """Energy per area [J/m^2], int sqrt(2 G (f(P) - f(Ps))) dP from -Ps to Ps."""
        ps = self.spontaneous_polarization
        root = np.sqrt(2 * self.gradient * self._quotient((ps * _NODES) ** 2))
        return 2 * ps**3 * float(_WEIGHTS @ ((1 - _NODES**2) * root))

    def polarization(self, x: ArrayLike) -> Array:
        """P(x) [C/m^2] at the distances `x` [m] from the middle, any shape; odd and rising."""
        x_hat = np.asarray(x, dtype=float) / self.decay_length
        if len(_padded(self.coefficients)) <= 3:
            t = np.tanh(x_hat)
            shape = self._quotient(self.spontaneous_polarization**2) / self._quotient(0.0)
            return (self.spontaneous_polarization * t / np.sqrt(shape * (1 - t**2) + t**2))[()]
        return (self.spontaneous_polarization * np.tanh(self._stretched(x_hat)))[()]

    def _quotient(self, u: ArrayLike) -> Array:
        """q(u) = (f - f(Ps))/(Ps^2 - u)^2 [J/m^3 per (C/m^2)^4], u = P^2."""
        ps2 = self.spontaneous_polarization**2
        return np.asarray(np.polynomial.polynomial.polyval(np.asarray(u) - ps2, self._taylor))

    @cached_property
    def _taylor(self) -> Array:
        """Coefficients of q in powers of u - Ps^2."""
        energy = _energy_of_square(self.coefficients)
        ps2 = self.spontaneous_polarization**2
        orders = range(2, energy.degree() + 1)
        return np.array([float(energy.deriv(n)(ps2)) / _factorial(n) for n in orders])

    def _distance(self, s: Array) -> Array:
        """x/delta where P = Ps tanh s.

        The integral of sqrt(q(Ps^2)/q) ds, with ds = dt/(1 - t^2) and its value for a constant q
        taken out: what remains is smooth in t = tanh s up to 1.
        """
        ps2 = self.spontaneous_polarization**2
        t = np.tanh(s)[..., None] * _NODES
        root, end = np.sqrt(self._quotient(ps2 * t**2)), np.sqrt(self._quotient(ps2))
        slope = np.polynomial.polynomial.polyval(ps2 * (t**2 - 1), self._taylor[1:])
        correction = ps2 * slope / (root * (root + end))
        return s + np.tanh(s) * (correction @ _WEIGHTS)

    def _stretched(self, x_hat: Array) -> Array:
        """Solve `_distance` for s, by Newton's method between bounds."""
        ps2 = self.spontaneous_polarization**2
        target = np.abs(x_hat)
        # ds/d(x/delta) = sqrt(q/q(Ps^2)), with q below the sum of the sizes of its terms
        largest = np.abs(self._taylor) @ ps2 ** np.arange(self._taylor.size)
        low, high = np.zeros_like(target), target * np.sqrt(largest / self._taylor[0])
        s = target
        for _ in range(200):
            excess = self._distance(s) - target
            low, high = np.where(excess < 0, s, low), np.where(excess > 0, s, high)
            rate = np.sqrt(self._quotient(ps2) / self._quotient(ps2 * np.tanh(s) ** 2))
            new = s - excess / rate
            new = np.where((new < low) | (new > high), (low + high) / 2, new)
            done = np.abs(new - s) <= 1e-14 * (1 + s)
            s = new
            if np.all(done):
                return np.copysign(s, x_hat)
        raise ConvergenceError("the profile of a domain wall does not converge.")


def _factorial(n: int) -> float:
    return float(np.prod(np.arange(1, n + 1)))
