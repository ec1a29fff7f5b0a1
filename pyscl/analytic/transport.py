"""Steady transport: constant field, liquid junctions, limiting current, layers in series.

Dimensionless where said so: v = e V/kT, fluxes J L/D in units of a reference density.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import constants, special

from pyscl.analytic._common import ROOM_TEMPERATURE, Array
from pyscl.analytic.diffuse_layers import thermal_voltage
from pyscl.errors import InputError


def goldman_flux(voltage: ArrayLike, left: ArrayLike, right: ArrayLike, charge: int = 1) -> Array:
    """Goldman-Hodgkin-Katz flux J L/D through a constant field, left to right, dimensionless.

    J L/D = w (c_l - c_r e^-w)/(1 - e^-w), w = z v; exact for thin layers, L << lambda.

    Args:
        voltage: v = e (phi_left - phi_right)/kT.
        left: density c_l at the left end, any unit.
        right: density c_r at the right end, the same unit.
        charge: charge number z.
    """
    w = charge * np.asarray(voltage, dtype=float)
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    return left / special.exprel(-w) - right / special.exprel(w)


def goldman_reversal_potential(
    permeabilities: ArrayLike,
    inside: ArrayLike,
    outside: ArrayLike,
    charges: ArrayLike,
    temperature: float = ROOM_TEMPERATURE,
) -> float:
    """Potential inside minus outside [V] at which the Goldman currents of +-1 ions cancel.

    V = kT/e ln[(sum_+ P c_out + sum_- P c_in)/(sum_+ P c_in + sum_- P c_out)].

    Args:
        permeabilities: relative permeabilities, (n,).
        inside: densities inside, (n,).
        outside: densities outside, (n,).
        charges: +1 or -1, (n,).
        temperature: [K].
    """
    charges = np.asarray(charges)
    if not np.all(np.abs(charges) == 1):
        raise InputError(f"charges are {charges.tolist()}; the closed form needs +1 or -1.")
    p = np.asarray(permeabilities, dtype=float)
    to_inside = np.where(charges > 0, outside, inside) @ p
    to_outside = np.where(charges > 0, inside, outside) @ p
    return float(thermal_voltage(temperature) * np.log(to_inside / to_outside))


def henderson_potential(
    diffusivities: ArrayLike,
    left: ArrayLike,
    right: ArrayLike,
    charges: ArrayLike,
    temperature: float = ROOM_TEMPERATURE,
) -> float:
    """Liquid junction potential phi_right - phi_left [V] by Henderson (linear mixing).

    -kT/e [sum z D dc / sum z^2 D dc] ln[sum z^2 D c_R / sum z^2 D c_L]. For one salt it is
    Planck's, exact for L >> lambda: -kT/e (D+ - D-)/(D+ + D-) ln(c_R/c_L).

    Args:
        diffusivities: D, (n,), any common unit.
        left: densities at the left end, (n,), any common unit.
        right: densities at the right end, (n,).
        charges: charge numbers z, (n,).
        temperature: [K].
    """
    z = np.asarray(charges, dtype=float)
    d = np.asarray(diffusivities, dtype=float)
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    start, end = (z**2 * d) @ left, (z**2 * d) @ right
    # ln(end/start)/(end-start), finite where both conduct equally
    step = (end - start) / start
    mean_log = 1.0 if step == 0 else np.log1p(step) / step
    return float(-thermal_voltage(temperature) * ((z * d) @ (right - left)) * mean_log / start)


def limiting_current_density(
    diffusivity: ArrayLike, density: ArrayLike, thickness: ArrayLike, charge: int = 1
) -> Array:
    """Limiting current 4 z e D+ c0/L [A/m^2] of a neutral z:z electrolyte, anion blocked.

    Args:
        diffusivity: D+ of the cation [m^2/s].
        density: mean density c0 of the cation [1/m^3].
        thickness: L between the electrodes [m].
        charge: charge number z.
    """
    carried = 4 * charge * constants.e * np.asarray(diffusivity, dtype=float)
    return carried * np.asarray(density, dtype=float) / thickness


def limiting_current_voltage(current: ArrayLike) -> Array:
    """Voltage v = 4 artanh(j) of the cell of `limiting_current_density`, j = I/I_lim < 1.

    In units of kT/(z e), without interfacial kinetics: half of it is the ohmic drop
    -ln[(1-j)/(1+j)], half the concentration overpotential; densities at the electrodes are
    (1 +- j) c0.

    Raises:
        InputError: a current that reaches the limit.
    """
    j = np.asarray(current, dtype=float)
    if np.any(np.abs(j) >= 1):
        raise InputError(f"current is {current!r} of the limiting one; it must be below 1.")
    return 4 * np.arctanh(j)


def series_resistance(thicknesses: ArrayLike, conductivities: ArrayLike) -> Array:
    """Resistance sum L/sigma [Ohm m^2] of layers in series; layers along the last axis."""
    thick = np.asarray(thicknesses, dtype=float)
    return np.sum(thick / np.asarray(conductivities, dtype=float), axis=-1)


def series_capacitance(thicknesses: ArrayLike, relative_permittivities: ArrayLike) -> Array:
    """Capacitance 1/sum(L/eps) [F/m^2] of dielectric layers in series; layers along last axis.

    A linear diffuse layer counts as a dielectric as thick as its Debye length.
    """
    eps = constants.epsilon_0 * np.asarray(relative_permittivities, dtype=float)
    return 1 / np.sum(np.asarray(thicknesses, dtype=float) / eps, axis=-1)


def series_impedance(
    frequency: ArrayLike,
    thicknesses: ArrayLike,
    conductivities: ArrayLike,
    relative_permittivities: ArrayLike,
) -> NDArray[np.complex128]:
    """Impedance sum L/(sigma + i omega eps) [Ohm m^2] of layers in series (Maxwell-Wagner).

    Args:
        frequency: f [Hz], any shape.
        thicknesses: L of each layer [m], (n,).
        conductivities: sigma of each layer [S/m], (n,).
        relative_permittivities: of each layer, (n,).

    Returns:
        Complex impedances with the shape of `frequency`.
    """
    omega = 2 * np.pi * np.asarray(frequency, dtype=float)[..., None]
    eps = constants.epsilon_0 * np.asarray(relative_permittivities, dtype=float)
    admittivity = np.asarray(conductivities, dtype=float) + 1j * omega * eps
    return np.sum(np.asarray(thicknesses, dtype=float) / admittivity, axis=-1)
