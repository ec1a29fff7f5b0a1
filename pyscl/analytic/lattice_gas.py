"""The space charge layer of one mobile lattice-gas carrier before an immobile background.

The functions are dimensionless: u = z e phi/kT relative to the neutral bulk, x in Debye lengths
lambda = sqrt(eps kT/(z^2 e^2 n_max theta0 (1-theta0))), fields -du/dx, capacitances C lambda/eps.
`LatticeGasLayer` is the same layer in SI units.

With theta(u) = theta0 e^-u/(1-theta0+theta0 e^-u), Poisson's equation integrates once to
eps E^2/2 = n_max kT G(u), G(u) = ln(1-theta0+theta0 e^-u) + theta0 u.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from pyscl.analytic._common import ROOM_TEMPERATURE, Array, open_fraction, positive
from pyscl.analytic.diffuse_layers import debye_length, thermal_voltage
from pyscl.errors import InputError, unknown_name

MOBILITIES = ("vacancy", "dilute", "constant-conductivity")

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2  # on (0, 1)


def lattice_gas_site_fraction(potential: ArrayLike, site_fraction: float) -> Array:
    """Occupied fraction theta(u) of the sites where the potential is u = z e phi/kT.

    Args:
        potential: u relative to the neutral bulk.
        site_fraction: theta0 of the bulk, in (0, 1).
    """
    from scipy.special import expit, logit

    open_fraction("site_fraction", site_fraction)
    return expit(logit(site_fraction) - np.asarray(potential, dtype=float))


def lattice_gas_depletion(potential: ArrayLike, site_fraction: float) -> Array:
    """Missing fraction theta0 - theta(u) = dG/du, exact also where it is small."""
    open_fraction("site_fraction", site_fraction)
    u = np.asarray(potential, dtype=float)
    # numerator and denominator times e^u for u < 0, so that no exponential overflows
    decay = np.exp(-np.abs(u))
    signed = np.sign(u) * -np.expm1(-np.abs(u))
    there, free = np.where(u > 0, decay, 1.0), np.where(u > 0, 1.0, decay)
    theta, vacant = site_fraction, 1 - site_fraction
    return theta * vacant * signed / (vacant * free + theta * there)


def lattice_gas_energy(potential: ArrayLike, site_fraction: float) -> Array:
    """G(u) = ln(1-theta0+theta0 e^-u) + theta0 u >= 0, the field energy in units of n_max kT.

    Full relative precision from u -> 0, where G = theta0 (1-theta0) u^2/2, to |u| of several
    hundred.

    Args:
        potential: u relative to the neutral bulk.
        site_fraction: theta0 of the bulk, in (0, 1).
    """
    u = np.asarray(potential, dtype=float)
    # particle-hole symmetry: work with the minority fraction p <= 1/2
    p, w = (site_fraction, u) if site_fraction <= 0.5 else (1 - site_fraction, -u)
    small = np.clip(w, -1, 1)
    samples = lattice_gas_depletion(small[..., None] * _NODES, p)
    integral = small * (samples @ _WEIGHTS)  # int_0^w (p - theta) dw, no cancellation
    positive_w = np.log1p(p * np.expm1(-np.maximum(w, 0))) + p * w
    negative_w = np.log(p + (1 - p) * np.exp(np.minimum(w, 0))) - (1 - p) * w
    direct = np.where(w > 0, positive_w, np.where(w < -30, negative_w, _moderate(w, p)))
    return np.where(np.abs(w) < 1, integral, direct)[()]


def _moderate(w: Array, p: float) -> Array:
    """G for -30 <= w <= 0 and minority fraction p: exact also for p e^-w << 1."""
    bounded = np.clip(w, -30, 0)
    return np.log1p(p * np.expm1(-bounded)) + p * bounded


def lattice_gas_field(wall_potential: ArrayLike, site_fraction: float) -> Array:
    """Field -du/dx at the wall: sgn(u0) sqrt(2 G(u0)/(theta0 (1-theta0))), dimensionless.

    It is also the charge of the wall in units of eps kT/(z e lambda); the layer carries the
    opposite charge.
    """
    theta = site_fraction
    energy = lattice_gas_energy(wall_potential, theta)
    return np.sign(wall_potential) * np.sqrt(2 * energy / (theta * (1 - theta)))


def lattice_gas_capacitance(wall_potential: ArrayLike, site_fraction: float) -> Array:
    """Differential capacitance [eps/lambda] C = (theta0-theta(u0))/(theta0 (1-theta0) E(u0)).

    E is `lattice_gas_field`; the value at u0 = 0 is 1.
    """
    u = np.asarray(wall_potential, dtype=float)
    safe = np.where(u == 0, 1e-150, u)
    depletion = lattice_gas_depletion(safe, site_fraction)
    field = lattice_gas_field(np.where(np.abs(safe) < 1e-100, 1.0, safe), site_fraction)
    value = depletion / (site_fraction * (1 - site_fraction) * field)
    return np.where(np.abs(u) < 1e-100, 1.0, value)[()]


def mott_schottky_shift(site_fraction: ArrayLike) -> Array:
    """Shift s(theta0) = -ln(1-theta0)/theta0 of the Mott-Schottky line, in kT/(z e).

    Depletion, u0 >> 1, is Mott-Schottky up to e^-u0: E^2 = 2 (u0 - s)/(1-theta0). For
    theta0 -> 0 the shift is the familiar kT/e.
    """
    theta = np.asarray(site_fraction, dtype=float)
    return -np.log1p(-theta) / theta


def lattice_gas_depletion_width(wall_potential: ArrayLike, site_fraction: float) -> Array:
    """Width |Q|/(z e n0 lambda) [Debye lengths] of the equivalent layer without mobile carriers."""
    return np.abs(lattice_gas_field(wall_potential, site_fraction)) * (1 - site_fraction)


def lattice_gas_accumulation_width(wall_potential: ArrayLike, site_fraction: float) -> Array:
    """Width |Q|/(z e (n_max-n0) lambda) [Debye lengths] of the equivalent saturated layer."""
    return np.abs(lattice_gas_field(wall_potential, site_fraction)) * site_fraction


def lattice_gas_potential(x: ArrayLike, wall_potential: float, site_fraction: float) -> Array:
    """Potential u(x) of the layer at distance `x` >= 0 of the wall, exact to 1e-10 relative.

    Inverts x = int_u^u0 du/E(u) by Gauss quadrature in ln|u| and Newton's method.

    Args:
        x: distance from the wall in Debye lengths, any shape.
        wall_potential: u0.
        site_fraction: theta0 of the bulk, in (0, 1).
    """
    x = np.asarray(x, dtype=float)
    if np.any(x < 0):
        raise InputError(
            "x counts the distance from the wall into the layer; it has a negative value."
        )
    return _Profile(wall_potential, site_fraction).potential(x)[()]


def lattice_gas_depth(potential: ArrayLike, wall_potential: float, site_fraction: float) -> Array:
    """Distance x = int_u^u0 du/E(u) from the wall at which the potential is `potential`.

    Args:
        potential: u between 0 (excluded, infinitely far) and u0.
        wall_potential: u0, not zero.
        site_fraction: theta0 of the bulk, in (0, 1).

    Raises:
        InputError: a potential that the layer does not take.
    """
    ratio = np.asarray(potential, dtype=float) / wall_potential
    if np.any(ratio <= 0) or np.any(ratio > 1):
        raise InputError(
            f"potential must lie between 0 (excluded) and the wall's {wall_potential}; "
            f"given: {potential!r}."
        )
    return _Profile(wall_potential, site_fraction).depth(ratio * abs(wall_potential))[()]


def lattice_gas_width(wall_potential: float, site_fraction: float, remaining: float = 0.5) -> float:
    """Distance in Debye lengths where |theta - theta0| is `remaining` times its wall value.

    0.5 gives the half width, 0.01 the visible extent of the layer.
    """
    open_fraction("remaining", remaining)
    theta = site_fraction
    missing = remaining * lattice_gas_depletion(wall_potential, theta)
    u = np.log1p(missing / (1 - theta)) - np.log1p(-missing / theta)
    return float(lattice_gas_depth(u, wall_potential, theta))


def lattice_gas_excess_resistance(
    wall_potential: ArrayLike, site_fraction: float, mobility: str = "vacancy"
) -> Array:
    """Excess series resistance of the layer, int (sigma_bulk/sigma - 1) dx, dimensionless.

    Times lambda/sigma_bulk it is the resistance [Ohm m^2] the layer adds to the bulk. A layer
    that conducts better than the bulk has a negative one, down to minus its width.

    Args:
        wall_potential: u0, any shape.
        site_fraction: theta0 of the bulk, in (0, 1).
        mobility: "vacancy" (sigma ~ theta (1-theta)), "dilute" (sigma ~ theta) or
            "constant-conductivity" (no excess).
    """
    if mobility not in MOBILITIES:
        raise unknown_name("mobility", mobility, MOBILITIES)
    walls = np.asarray(wall_potential, dtype=float)
    values = np.zeros(walls.shape)
    if mobility != "constant-conductivity":
        for index in np.ndindex(walls.shape):
            if walls[index] != 0:
                values[index] = _Profile(float(walls[index]), site_fraction).excess(mobility)
    return values[()]


class _Profile:
    """Quadrature of the layer in w = ln|u|, where u/E is smooth down to the bulk."""

    def __init__(self, wall_potential: float, site_fraction: float) -> None:
        open_fraction("site_fraction", site_fraction)
        self.theta = site_fraction
        self.sign = np.sign(wall_potential)
        size = abs(float(wall_potential))
        if size == 0:
            return
        near = min(size, 1.0)
        steep = np.linspace(size, near, int(np.ceil((size - near) / 0.5)) + 1)[:-1]
        knots = np.concatenate([steep, near * np.exp(-np.linspace(0, 25, 101))])
        self.knots = np.log(knots)  # (n,) descending
        spans = self.knots[:-1] - self.knots[1:]
        parts = self._inverse_rate(self.knots[1:, None] + spans[:, None] * _NODES) @ _WEIGHTS
        self.depths = np.concatenate([[0.0], np.cumsum(parts * spans)])  # (n,)

    def _inverse_rate(self, w: Array) -> Array:
        u = self.sign * np.exp(w)
        return u / lattice_gas_field(u, self.theta)

    def depth(self, size: Array) -> Array:
        """Distance at which |u| is `size`."""
        return self._depth(np.log(size))

    def _depth(self, w: Array) -> Array:
        last = len(self.knots) - 1
        panel = np.clip(np.searchsorted(-self.knots, -w, side="right") - 1, 0, last)
        span = self.knots[panel] - w
        rate = self._inverse_rate(w[..., None] + span[..., None] * _NODES) @ _WEIGHTS
        return self.depths[panel] + span * rate

    def potential(self, x: Array) -> Array:
        """Signed potential at the distances `x`."""
        if self.sign == 0:
            return np.zeros_like(x)
        w = np.interp(x, self.depths, self.knots)
        for _ in range(6):
            w = np.minimum(w + (self._depth(w) - x) / self._inverse_rate(w), self.knots[0])
        tail = self.knots[-1] - (x - self.depths[-1])
        return self.sign * np.exp(np.where(x > self.depths[-1], tail, w))

    def excess(self, mobility: str) -> float:
        """Integral of sigma_bulk/sigma - 1 over the layer."""
        spans = self.knots[:-1] - self.knots[1:]
        w = self.knots[1:, None] + spans[:, None] * _NODES
        value = self._resistivity(w, mobility) * self._inverse_rate(w)
        # below the last knot the integrand is proportional to u
        return float((value @ _WEIGHTS) @ spans + self._resistivity(self.knots[-1], mobility))

    def _resistivity(self, w: Array, mobility: str) -> Array:
        u = self.sign * np.exp(w)
        if mobility == "dilute":
            return (1 - self.theta) * np.expm1(u)
        return (1 - 2 * self.theta) * np.expm1(u) + (2 * self.theta * np.sinh(u / 2)) ** 2


@dataclass(frozen=True)
class LatticeGasLayer:
    """Space charge layer of one mobile carrier before an immobile background, in SI units.

    Potentials are relative to the neutral bulk [V]; distances [m] count from the wall. Every
    method takes arrays where it takes a potential, except `potential` and `half_width`.

    Attributes:
        relative_permittivity: dielectric constant [1].
        site_density: density of sites n_max [1/m^3].
        site_fraction: occupied fraction theta0 in the bulk, in (0, 1).
        charge: charge number z of the carrier.
        temperature: [K].
    """

    relative_permittivity: float
    site_density: float
    site_fraction: float
    charge: int = 1
    temperature: float = ROOM_TEMPERATURE

    def __post_init__(self) -> None:
        positive("relative_permittivity", self.relative_permittivity)
        positive("site_density", self.site_density)
        positive("temperature", self.temperature)
        open_fraction("site_fraction", self.site_fraction)
        if self.charge == 0:
            raise InputError("charge is 0; a carrier of a space charge layer has a charge number.")

    @property
    def debye_length(self) -> float:
        """Lambda [m], `pyscl.analytic.debye_length`."""
        return float(
            debye_length(
                self.relative_permittivity,
                self.site_density,
                self.site_fraction,
                self.charge,
                self.temperature,
            )
        )

    @property
    def unit_potential(self) -> float:
        """Potential kT/(z e) [V], with the sign of the carrier."""
        return thermal_voltage(self.temperature) / self.charge

    @property
    def _capacitance_unit(self) -> float:
        return float(constants.epsilon_0 * self.relative_permittivity / self.debye_length)

    def _hat(self, potential: ArrayLike) -> Array:
        return np.asarray(potential, dtype=float) / self.unit_potential

    def site_fraction_at(self, potential: ArrayLike) -> Array:
        """Occupied fraction of the sites where phi is `potential` [V]."""
        return lattice_gas_site_fraction(self._hat(potential), self.site_fraction)

    def wall_charge(self, wall_potential: ArrayLike) -> Array:
        """Charge of the wall [C/m^2], the displacement into the layer; the layer has minus that."""
        field = lattice_gas_field(self._hat(wall_potential), self.site_fraction)
        return self._capacitance_unit * self.unit_potential * field

    def capacitance(self, wall_potential: ArrayLike) -> Array:
        """Differential capacitance [F/m^2]."""
        hat = lattice_gas_capacitance(self._hat(wall_potential), self.site_fraction)
        return self._capacitance_unit * hat

    def potential(self, x: ArrayLike, wall_potential: float) -> Array:
        """Potential phi(x) [V] at distance `x` [m] of a wall at `wall_potential` [V]."""
        x_hat = np.asarray(x, dtype=float) / self.debye_length
        wall = wall_potential / self.unit_potential
        return self.unit_potential * lattice_gas_potential(x_hat, wall, self.site_fraction)

    def half_width(self, wall_potential: float) -> float:
        """Distance [m] at which the change of site fraction is half of that at the wall."""
        wall = wall_potential / self.unit_potential
        return self.debye_length * lattice_gas_width(wall, self.site_fraction)

    def depletion_width(self, wall_potential: ArrayLike) -> Array:
        """Width |Q|/(|z| e n0) [m] of the equivalent fully depleted layer."""
        hat = lattice_gas_depletion_width(self._hat(wall_potential), self.site_fraction)
        return self.debye_length * hat

    def mott_schottky_line(self) -> tuple[float, float]:
        """Slope [m^4/(F^2 V)] and intercept [V] of 1/C^2 = slope (phi0 - intercept) in depletion.

        Slope 2/(eps z e n0), intercept kT/(z e) s(theta0) with `mott_schottky_shift`.
        """
        eps = constants.epsilon_0 * self.relative_permittivity
        density = self.site_density * self.site_fraction
        slope = 2 / (eps * self.charge * constants.e * density)
        return float(slope), float(self.unit_potential * mott_schottky_shift(self.site_fraction))

    def excess_resistance(
        self, wall_potential: ArrayLike, conductivity: float, mobility: str = "vacancy"
    ) -> Array:
        """Resistance [Ohm m^2] the layer adds to a bulk of `conductivity` [S/m].

        `mobility` as in `lattice_gas_excess_resistance`.
        """
        positive("conductivity", conductivity)
        hat = lattice_gas_excess_resistance(self._hat(wall_potential), self.site_fraction, mobility)
        return self.debye_length / conductivity * hat
