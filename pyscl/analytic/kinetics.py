"""Butler-Volmer kinetics of one carrier at an interface, alone and in series with the bulk.

SI units; the overpotential is the jump of the electrochemical potential over the charge,
(mu_1 - mu_2)/(z e), the current that of the carrier from 1 to 2.
"""

import numpy as np
from numpy.typing import ArrayLike

from pyscl.analytic._common import ROOM_TEMPERATURE, Array, open_fraction, positive
from pyscl.analytic.diffuse_layers import thermal_voltage
from pyscl.analytic.transport import series_resistance


def butler_volmer_current(
    overpotential: ArrayLike,
    exchange_current: float,
    symmetry: float = 0.5,
    charge: int = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Current density [A/m^2] i0 [exp(a z e eta/kT) - exp(-(1-a) z e eta/kT)], with the sign of z.

    Args:
        overpotential: eta [V].
        exchange_current: i0 [A/m^2].
        symmetry: a, transfer coefficient of the direction 1 -> 2, in (0, 1).
        charge: charge number z.
        temperature: [K].
    """
    positive("exchange_current", exchange_current)
    open_fraction("symmetry", symmetry)
    affinity = charge * np.asarray(overpotential, dtype=float) / thermal_voltage(temperature)
    # exp(a A) - exp((a-1) A) without cancellation at small A
    rate = 2.0 * np.exp((symmetry - 0.5) * affinity) * np.sinh(0.5 * affinity)
    return np.sign(charge) * exchange_current * rate


def butler_volmer_overpotential(
    current: ArrayLike,
    exchange_current: float,
    symmetry: float = 0.5,
    charge: int = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Overpotential [V] at a current density [A/m^2]; 2 kT/(z e) asinh(i/2 i0) for symmetry 0.5.

    The inverse of `butler_volmer_current`, with the same arguments.
    """
    positive("exchange_current", exchange_current)
    open_fraction("symmetry", symmetry)
    rate = np.sign(charge) * np.asarray(current, dtype=float) / exchange_current
    forward = np.where(rate < 0.0, 1.0 - symmetry, symmetry)  # a negative current mirrors the law
    size = np.abs(rate)
    affinity = np.zeros_like(size)
    # Newton on a A = ln(i/i0 + exp(-(1-a) A)): the difference is concave, so it rises from A = 0
    for _ in range(40):
        back = np.expm1((forward - 1.0) * affinity)
        defect = forward * affinity - np.log1p(size + back)
        slope = forward + (1.0 - forward) * (1.0 + back) / (size + 1.0 + back)
        affinity = affinity - defect / slope
    return np.sign(rate) * affinity * thermal_voltage(temperature) / charge


def charge_transfer_resistance(
    exchange_current: ArrayLike, charge: int = 1, temperature: float = ROOM_TEMPERATURE
) -> Array:
    """Resistance kT/(|z| e i0) [Ohm m^2] of an interface close to equilibrium."""
    unit = thermal_voltage(temperature)
    return unit / (abs(charge) * np.asarray(exchange_current, dtype=float))


def tafel_slope(
    symmetry: float = 0.5, charge: int = 1, temperature: float = ROOM_TEMPERATURE
) -> float:
    """Overpotential per decade of current, ln(10) kT/(a |z| e) [V], far from equilibrium.

    Args:
        symmetry: a of the direction of the current: the transfer coefficient for 1 -> 2, one minus
            it for 2 -> 1.
        charge: charge number z.
        temperature: [K].
    """
    open_fraction("symmetry", symmetry)
    return float(np.log(10.0) * thermal_voltage(temperature) / (symmetry * abs(charge)))


def kinetic_cell_voltage(
    current: ArrayLike,
    thicknesses: ArrayLike,
    conductivities: ArrayLike,
    exchange_current: float,
    symmetry: float = 0.5,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:
    """Voltage [V] of layers in series, neutral and ohmic, with one activated interface between.

    i sum(L/sigma) + eta(i), z = 1: the layers stay neutral when both ends are reversible and the
    interface stores no charge, so this is exact at any current.

    Args:
        current: i [A/m^2].
        thicknesses: of the layers [m], (n,).
        conductivities: of the layers [S/m], (n,).
        exchange_current: i0 of the interface [A/m^2].
        symmetry: transfer coefficient of the direction of the current.
        temperature: [K].
    """
    ohmic = np.asarray(current, dtype=float) * series_resistance(thicknesses, conductivities)
    return ohmic + butler_volmer_overpotential(
        current, exchange_current, symmetry, temperature=temperature
    )
