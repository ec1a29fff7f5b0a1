"""Space charge layers outside a disc: radial Poisson-Boltzmann in the plane.

Dimensionless: u = z e phi/kT, lengths in Debye lengths of the medium outside.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pyscl.analytic._common import Array, open_fraction, positive
from pyscl.analytic.lattice_gas import lattice_gas_depletion

_FAR = 1e-9  # fraction of min(|u0|, 1) from which outwards the layer is linear


def debye_hueckel_disc_potential(r: ArrayLike, radius: float) -> Array:
    """Potential K0(r)/K0(a) over that of the disc, linear screening.

    Args:
        r: distance from the centre in Debye lengths, >= a.
        radius: a in Debye lengths.
    """
    positive("radius", radius)
    r = np.asarray(r, dtype=float)
    return special.k0e(r) / special.k0e(radius) * np.exp(radius - r)


def debye_hueckel_disc_field(radius: ArrayLike) -> Array:
    """Surface field lambda E/phi0 = K1(a)/K0(a) [1] of a disc of `radius` a in Debye lengths."""
    a = np.asarray(radius, dtype=float)
    return special.k1e(a) / special.k0e(a)


class DiscLayer:
    """Non-linear layer outside a disc: u'' + u'/r = rho(u), u(a) = u0, u(inf) = 0.

    Made by `gouy_chapman_disc` and `lattice_gas_disc`; accurate to 1e-8 relative.

    Attributes:
        radius: a in Debye lengths.
        wall_potential: u0.
        field: surface field -u'(a), that is the charge of the disc over eps kT/(z e lambda).
    """

    def __init__(
        self, radius: float, wall_potential: float, charge: Callable[[Array], Array]
    ) -> None:
        positive("radius", radius)
        self.radius = radius
        self.wall_potential = wall_potential
        self._sign = np.sign(wall_potential)
        self._charge = charge
        if wall_potential == 0:
            self.field = 0.0
            return
        size = abs(wall_potential)
        self._span = (np.log(_FAR * min(size, 1.0)), np.log(size))
        self._start = self._matching_radius()
        self._solution = self._integrate(self._start, dense=True)
        slope = self._solution.y[1, -1]  # -r u'/u at the disc
        self.field = float(slope / radius * wall_potential)

    def _integrate(self, log_start: float, dense: bool = False) -> Any:
        """Follow (ln r, p = -r u'/u) from the linear tail inwards to u0, over w = ln|u|.

        Inwards the wanted solution is the growing one, and over w nothing blows up.
        """
        from scipy.integrate import solve_ivp

        def rates(w: float, state: Array) -> list[float]:
            log_r, p = state
            u = self._sign * np.exp(w)
            stiffness = np.exp(2 * log_r) * float(self._charge(u)) / u
            return [-1 / p, stiffness / p - p]

        start = np.exp(log_start)
        tail = start * special.k1e(start) / special.k0e(start)
        return solve_ivp(
            rates,
            self._span,
            [log_start, tail],
            method="DOP853",
            rtol=1e-11,
            atol=1e-12,
            dense_output=dense,
        )

    def _matching_radius(self) -> float:
        """Logarithm of the radius where the tail starts so that u0 is met at `radius`."""
        from scipy.optimize import brentq

        def miss(log_start: float) -> float:
            return float(self._integrate(log_start).y[0, -1]) - np.log(self.radius)

        low = np.log(self.radius)
        high = low + 1
        while miss(high) < 0:
            low, high = high, high + 1
        return float(brentq(miss, low, high, xtol=1e-13, rtol=1e-13))

    def potential(self, r: ArrayLike) -> Array:
        """Potential u [kT/e] at the distances `r` >= a from the centre, in Debye lengths."""
        from scipy.interpolate import CubicHermiteSpline

        r = np.asarray(r, dtype=float)
        if self._sign == 0:
            return np.zeros_like(r)
        w = np.linspace(*self._span, 4000)
        log_r, p = self._solution.sol(w)
        profile = CubicHermiteSpline(log_r[::-1], w[::-1], -p[::-1])
        start = np.exp(self._start)
        inside = profile(np.log(np.minimum(r, start)))
        tail = debye_hueckel_disc_potential(np.maximum(r, start), start)
        return (self._sign * np.exp(inside) * tail)[()]


def gouy_chapman_disc(wall_potential: float, radius: float) -> DiscLayer:
    """Layer of a symmetric salt outside a disc: rho(u) = sinh(u).

    Args:
        wall_potential: u0 = z e phi0/kT of the disc.
        radius: radius a of the disc in Debye lengths.
    """
    return DiscLayer(radius, wall_potential, np.sinh)


def lattice_gas_disc(wall_potential: float, radius: float, site_fraction: float) -> DiscLayer:
    """Layer of a lattice gas outside a disc: rho = (theta0-theta(u))/(theta0 (1-theta0)).

    Args:
        wall_potential: u0 = z e phi0/kT of the disc.
        radius: radius a of the disc in Debye lengths.
        site_fraction: theta0 of the bulk, in (0, 1).
    """
    open_fraction("site_fraction", site_fraction)
    scale = site_fraction * (1 - site_fraction)
    return DiscLayer(
        radius, wall_potential, lambda u: lattice_gas_depletion(u, site_fraction) / scale
    )
