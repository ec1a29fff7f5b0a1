"""Screening lengths and the diffuse layers of dilute and steric binary electrolytes.

Lengths are in m, potentials in V, densities in particles per m^3, unless a function says that it
is dimensionless: then u = e phi/kT and x is in Debye lengths.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from pyscl.analytic._common import ROOM_TEMPERATURE, Array


def thermal_voltage(temperature: float = ROOM_TEMPERATURE) -> float:
    """Return kT/e [V] at `temperature` [K]."""
    return float(constants.k * temperature / constants.e)


def debye_length_dilute(
    relative_permittivity: ArrayLike,
    densities: ArrayLike,
    charges: ArrayLike = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Debye length [m] of dilute carriers: lambda^2 = eps kT / (e^2 sum_i z_i^2 n_i).

    Args:
        relative_permittivity: dielectric constant [1].
        densities: bulk densities of the mobile carriers [1/m^3], carriers along the last axis; a
            scalar is one carrier before an immobile background.
        charges: charge numbers, broadcast against `densities`.
        temperature: [K].
    """
    strength = np.atleast_1d(np.square(charges) * np.asarray(densities, dtype=float)).sum(axis=-1)
    eps = constants.epsilon_0 * np.asarray(relative_permittivity, dtype=float)
    return np.sqrt(eps * thermal_voltage(temperature) / (constants.e * strength))


def debye_length_salt(
    relative_permittivity: ArrayLike,
    density: ArrayLike,
    charge: int = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Debye length [m] of a dilute z:z salt with `density` [1/m^3] of each ion."""
    return debye_length_dilute(
        relative_permittivity, 2 * np.asarray(density, dtype=float)[..., None], charge, temperature
    )[()]


def debye_length(
    relative_permittivity: ArrayLike,
    site_density: ArrayLike,
    site_fraction: ArrayLike,
    charge: int = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Debye length [m] of one mobile lattice-gas carrier before an immobile background.

    lambda^2 = eps kT / (z^2 e^2 n_max theta0 (1 - theta0)), which tends to the dilute one-carrier
    value for theta0 -> 0 and is symmetric under theta0 -> 1 - theta0.

    Args:
        relative_permittivity: dielectric constant [1].
        site_density: density of sites n_max [1/m^3].
        site_fraction: occupied fraction theta0 of the neutral bulk, in (0, 1).
        charge: charge number z.
        temperature: [K].
    """
    theta = np.asarray(site_fraction, dtype=float)
    length = site_length(relative_permittivity, site_density, charge, temperature)
    return length / np.sqrt(theta * (1 - theta))


def site_length(
    relative_permittivity: ArrayLike,
    site_density: ArrayLike,
    charge: int = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Site length L_r = sqrt(eps kT/(z^2 e^2 n_max)) [m]: the Debye length if every site moved.

    Below about 0.05 nm a continuum of point sites has no meaning.
    """
    density = np.asarray(site_density, dtype=float)[..., None]
    return debye_length_dilute(relative_permittivity, density, charge, temperature)[()]


def debye_hueckel_potential(x: ArrayLike, wall_potential: ArrayLike, length: float) -> Array:
    """Potential phi0 exp(-x/lambda) [V] at distance `x` [m] of a wall at `wall_potential` [V].

    The linear limit, |phi0| << kT/e, of every planar layer; `length` is its Debye length [m].
    """
    return np.asarray(wall_potential) * np.exp(-np.asarray(x, dtype=float) / length)


def gouy_chapman_potential(
    x: ArrayLike,
    wall_potential: ArrayLike,
    length: float,
    charge: int = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Potential [V] of a z:z salt before a plane wall: tanh(u/4) = tanh(u0/4) exp(-x/lambda).

    Args:
        x: distance from the wall [m].
        wall_potential: phi(0) relative to the bulk [V].
        length: Debye length of the salt [m].
        charge: charge number z of the ions, u = z e phi/kT.
        temperature: [K].
    """
    unit = thermal_voltage(temperature) / abs(charge)
    wall = np.asarray(wall_potential, dtype=float) / unit
    x_hat = np.asarray(x, dtype=float) / length
    half = np.abs(wall) / 2
    gamma = np.tanh(half / 2)
    ratio = gamma * np.exp(-x_hat)
    # 1 - ratio without cancellation: (1 - gamma) + gamma (1 - exp(-x))
    gap = 2 * np.exp(-half) / (1 + np.exp(-half)) - gamma * np.expm1(-x_hat)
    log_gap = np.where(ratio < 0.5, np.log1p(-np.minimum(ratio, 0.5)), np.log(gap))
    return unit * np.sign(wall) * 2 * (np.log1p(ratio) - log_gap)


def gouy_chapman_surface_charge(
    wall_potential: ArrayLike,
    relative_permittivity: float,
    density: float,
    charge: int = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Charge of the wall [C/m^2] by Grahame: sqrt(8 eps n0 kT) sinh(z e phi0/2kT).

    Args:
        wall_potential: phi0 relative to the bulk [V].
        relative_permittivity: dielectric constant [1].
        density: bulk density of each ion of the z:z salt [1/m^3].
        charge: charge number z.
        temperature: [K].
    """
    unit = thermal_voltage(temperature)
    eps = constants.epsilon_0 * relative_permittivity
    prefactor = np.sqrt(8 * eps * density * constants.e * unit)
    return prefactor * np.sinh(abs(charge) * np.asarray(wall_potential, dtype=float) / (2 * unit))


def gouy_chapman_capacitance(
    wall_potential: ArrayLike,
    relative_permittivity: float,
    density: float,
    charge: int = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Differential capacitance [F/m^2]: (eps/lambda) cosh(z e phi0/2kT).

    Arguments as in `gouy_chapman_surface_charge`, whose derivative this is.
    """
    length = debye_length_salt(relative_permittivity, density, charge, temperature)
    half = np.asarray(wall_potential, dtype=float) * charge / (2 * thermal_voltage(temperature))
    return constants.epsilon_0 * relative_permittivity / length * np.cosh(half)


def bikerman_surface_charge(wall_potential: ArrayLike, packing: ArrayLike) -> Array:
    """Wall charge sigma/(2 z e c0 lambda) of a steric 1:1 electrolyte, dimensionless.

    S = sgn(u) sqrt((2/nu) ln[1 + 2 nu sinh^2(u/2)]), nu = 2 a^3 c0 the bulk volume fraction of
    ions of size a (Kilic, Bazant, Ajdari 2007); nu = 0 is Gouy-Chapman, 2 sinh(u/2).

    Args:
        wall_potential: u = z e phi0/kT.
        packing: nu, 0 <= nu <= 1.
    """
    crowding, half = _crowding(wall_potential, packing)
    return 2 * np.sinh(half) * np.sqrt(_log1p_over(crowding))


def bikerman_capacitance(wall_potential: ArrayLike, packing: ArrayLike) -> Array:
    """Differential capacitance C lambda/eps of a steric 1:1 electrolyte, dimensionless.

    C = sinh(u) / ([1 + 2 nu sinh^2(u/2)] S), with S of `bikerman_surface_charge`.

    Args:
        wall_potential: u = z e phi0/kT.
        packing: nu, 0 <= nu <= 1.
    """
    crowding, half = _crowding(wall_potential, packing)
    return np.cosh(half) / ((1 + crowding) * np.sqrt(_log1p_over(crowding)))


def _crowding(wall_potential: ArrayLike, packing: ArrayLike) -> tuple[Array, Array]:
    half = np.asarray(wall_potential, dtype=float) / 2
    return 2 * np.asarray(packing, dtype=float) * np.sinh(half) ** 2, half


def _log1p_over(x: Array) -> Array:
    """Return ln(1+x)/x, 1 at x = 0."""
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.log1p(safe) / safe)
