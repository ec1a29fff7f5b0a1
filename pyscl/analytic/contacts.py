"""Contact of two lattice gases and the slab between two blocking walls."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from pyscl.analytic._common import ROOM_TEMPERATURE, open_fraction
from pyscl.analytic.diffuse_layers import thermal_voltage
from pyscl.analytic.lattice_gas import LatticeGasLayer, lattice_gas_field
from pyscl.errors import InputError


@dataclass(frozen=True)
class TwoSidedContact:
    """Equilibrium of two space charge layers that share an interface.

    Attributes:
        left_potential: phi_interface - phi_bulk of the left layer [V].
        right_potential: phi_interface - phi_bulk of the right layer [V].
        left_displacement: eps E on the left side of the interface [C/m^2], left to right; the
            charge of the left layer.
        right_displacement: eps E on the right side [C/m^2]; minus the charge of the right layer.
        left_site_fraction: occupied fraction on the left side of the interface.
        right_site_fraction: occupied fraction on the right side of the interface.
        capacitance: differential capacitance of both layers in series [F/m^2].
    """

    left_potential: float
    right_potential: float
    left_displacement: float
    right_displacement: float
    left_site_fraction: float
    right_site_fraction: float
    capacitance: float


def built_in_voltage(
    standard_potentials: tuple[float, float],
    site_fractions: tuple[float, float],
    charge: int = 1,
    temperature: float = ROOM_TEMPERATURE,
) -> float:
    """Built-in voltage phi_bulk,left - phi_bulk,right [V] of two lattice gases in contact.

    z e (phi_1 - phi_2) = mu0_2 - mu0_1 + kT [logit(theta_2) - logit(theta_1)]: equal
    electrochemical potential of the shared carrier.

    Args:
        standard_potentials: (left, right) standard potentials mu0 [eV].
        site_fractions: (left, right) bulk site fractions, in (0, 1).
        charge: charge number z of the shared carrier.
        temperature: [K].
    """
    for theta in site_fractions:
        open_fraction("site_fraction", theta)
    standard = standard_potentials[1] - standard_potentials[0]
    mixing = logit(site_fractions[1]) - logit(site_fractions[0])
    return float((standard + thermal_voltage(temperature) * mixing) / charge)


def two_sided_contact(
    left: LatticeGasLayer,
    right: LatticeGasLayer,
    voltage: float,
    surface_charge: float = 0.0,
) -> TwoSidedContact:
    """Split a built-in voltage between two half spaces in equilibrium.

    Solves eps_1 E_1 + sigma_s = eps_2 E_2 for the potential of the interface, a monotone scalar
    equation, with the exact field of each layer.

    Args:
        left: layer at x < 0.
        right: layer at x > 0; its temperature is that of `left`.
        voltage: phi_bulk,left - phi_bulk,right [V], see `built_in_voltage`.
        surface_charge: sigma_s of the interface [C/m^2].

    Raises:
        InputError: the layers have different temperatures.
    """
    from scipy.optimize import brentq

    if left.temperature != right.temperature:
        raise InputError(
            f"the layers are at {left.temperature} K and {right.temperature} K; "
            "an equilibrium contact has one temperature."
        )

    def excess_charge(potential: float) -> float:
        there = left.wall_charge(potential) + right.wall_charge(potential + voltage)
        return float(there) - surface_charge

    unit = thermal_voltage(left.temperature)
    low, high = min(-voltage, 0.0), max(-voltage, 0.0)
    reach = unit
    while excess_charge(low) > 0:
        low, reach = low - reach, 2 * reach
    reach = unit
    while excess_charge(high) < 0:
        high, reach = high + reach, 2 * reach
    at = low if low == high else brentq(excess_charge, low, high, xtol=1e-17, rtol=1e-15)
    capacitances = float(left.capacitance(at)), float(right.capacitance(at + voltage))
    return TwoSidedContact(
        left_potential=at,
        right_potential=at + voltage,
        left_displacement=-float(left.wall_charge(at)),
        right_displacement=float(right.wall_charge(at + voltage)),
        left_site_fraction=float(left.site_fraction_at(at)),
        right_site_fraction=float(right.site_fraction_at(at + voltage)),
        capacitance=1 / (1 / capacitances[0] + 1 / capacitances[1]),
    )


def blocking_slab_split(voltage: float, site_fraction: float) -> tuple[float, float]:
    """Split of a voltage between the two walls of a slab that conserves its mobile ions.

    Both layers hold opposite charges, G(u_acc) = G(u_dep), u_dep - u_acc = v. Exact up to
    exp(-L/lambda) for a slab of thickness L.

    Args:
        voltage: v = |z| e V/kT >= 0.
        site_fraction: theta0 of the neutral slab, in (0, 1).

    Returns:
        (u_accumulation <= 0, u_depletion >= 0), relative to the middle of the slab.
    """
    from scipy.optimize import brentq

    open_fraction("site_fraction", site_fraction)
    if not (np.isfinite(voltage) and voltage >= 0):
        raise InputError(f"voltage is {voltage}; it must be finite and not negative.")
    if voltage == 0:
        return 0.0, 0.0

    def excess_charge(depletion: float) -> float:
        walls = np.array([depletion, depletion - voltage])
        return float(lattice_gas_field(walls, site_fraction).sum())

    depletion = brentq(excess_charge, 0.0, voltage, xtol=1e-15 * voltage, rtol=1e-15)
    return depletion - voltage, depletion
