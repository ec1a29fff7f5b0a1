"""Cases in time: charging, constant current, interface kinetics, diffusion into a particle."""

import numpy as np
from scipy.constants import Avogadro, elementary_charge, epsilon_0

from pyscl import analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import ButlerVolmer, Interface
from pyscl.mesh import strip
from pyscl.model import Model
from pyscl.protocol import Current, Rest
from pyscl.study.transient import TransientOptions
from pyscl.verification.registry import case
from pyscl.verification.setups import VT, WIDTH, lattice_gas, reservoir, salt, salt_length
from pyscl.verification.transient_setups import (
    DIFFUSIVITY,
    charging_slab,
    particle,
    relaxation_time,
    step_charge,
)

_HALF = LatticeGasLayer(30.0, 1e26, 0.5)
_CONDUCTIVITY = DIFFUSIVITY * elementary_charge * _HALF.site_density * 0.25 / VT
_THICK = 10e-9  # m


@case(tolerance=1.5e-3)
def slab_charging() -> tuple[float, float]:
    """Charge of a slab between blocking electrodes one RC time after a small step."""
    model = charging_slab(_HALF, 10.0)
    (charge,) = step_charge(model, _HALF, 0.01, [10.0], tolerance=1e-5)
    return charge * 2.0 * 10.0 / 0.01, float(analytic.charging_charge(10.0, 10.0))


@case(tolerance=2e-3)
def strong_charging() -> tuple[float, float]:
    """Field at an electrode of such a slab late after a step of 10 kT/e (collocation)."""
    (field,) = step_charge(charging_slab(_HALF, 10.0), _HALF, 10.0, [10.0], tolerance=1e-5)
    return field, 3.205865345531


@case(tolerance=1e-8, unit="C/m")
def galvanostat_charge() -> tuple[float, float]:
    """Charge on a blocking electrode under a constant current: current times time."""
    duration, density = 5.0 * relaxation_time(_HALF), _CONDUCTIVITY * VT / _HALF.debye_length
    trajectory = charging_slab(_HALF, 10.0).transient(
        [Current(density=density, duration=duration)], contact="left"
    )
    return trajectory.final.contact("left").charge, density * WIDTH * duration


@case(tolerance=1e-3, unit="V")
def reversible_slab_voltage() -> tuple[float, float]:
    """Voltage of a neutral slab one relaxation time after a current began: I R (1 - 1/e)."""
    model = _slabs(None)
    density = _CONDUCTIVITY * 0.1 / (2.0 * _THICK)
    trajectory = model.transient(
        [Current(density=density, duration=relaxation_time(_HALF))],
        contact="left",
        options=TransientOptions(tolerance=1e-5),
    )
    return float(trajectory["voltage"][-1]), -0.1 * float(np.expm1(-1.0))


@case(tolerance=1e-8, unit="A/m^2")
def activated_interface() -> tuple[float, float]:
    """Current through two neutral slabs and an interface with Butler-Volmer kinetics."""
    i0 = 0.1 * _CONDUCTIVITY * VT / _THICK
    current = 30.0 * i0
    eta = float(analytic.butler_volmer_overpotential(current, i0, 0.3))
    # the capacitance whose displacement is that of the field in the slabs, so that no layers form
    capacitance = 30.0 * epsilon_0 * current / (_CONDUCTIVITY * eta)
    interface = Interface(
        kinetics={"Li": ButlerVolmer(exchange_current=i0, symmetry=0.3)},
        compact_capacitance=capacitance,
    )
    voltage = float(
        analytic.kinetic_cell_voltage(current, [_THICK] * 2, [_CONDUCTIVITY] * 2, i0, 0.3)
    )
    computed = _slabs(interface).steady({"left": voltage}).contact("left").current / WIDTH
    return computed, current


@case(tolerance=5e-3)
def particle_diffusion() -> tuple[float, float]:
    """Rise at the surface of a cylinder into which neutral pairs flow, Fo = 0.1."""
    radius = 1000.0 * salt_length(78.5, Avogadro)
    model, surface = particle(salt(78.5, Avogadro), ("cation", "anion"), "cylinder", radius, 40)
    flux = 0.1 * Avogadro * 1e-10 / radius
    trajectory = model.transient(
        [Current(density=flux * elementary_charge, duration=0.1 * radius**2 / 1e-10)],
        contact=surface,
    )
    rise = (trajectory.final.site_fraction("cation").max() / 1e-3 - 1.0) / 0.1
    return float(rise), float(analytic.constant_flux_rise(1.0, 0.1, "cylinder"))


@case(tolerance=1e-12, unit="mol/m")
def kept_amount() -> tuple[float, float]:
    """Carriers in a slab after it was charged, discharged and left at rest: those of before."""
    unit = relaxation_time(_HALF)
    density = _CONDUCTIVITY * VT / _HALF.debye_length
    trajectory = charging_slab(_HALF, 10.0).transient(
        [
            Current(density=density, duration=5.0 * unit),
            Current(density=-2.0 * density, duration=5.0 * unit),
            Rest(duration=5.0 * unit),
        ],
        contact="left",
    )
    amounts = trajectory["amount_Li_electrolyte"]
    return float(amounts[-1]), float(amounts[0])


def _slabs(interface: Interface | None) -> Model:
    """Return two equal neutral slabs between reversible electrodes."""
    material = lattice_gas(_HALF, diffusivity=DIFFUSIVITY)
    x = np.linspace(0.0, 2.0 * _THICK, 41)
    return Model(
        strip(x, width=WIDTH, regions=[("a", _THICK), ("b", 2.0 * _THICK)]),
        {"a": material, "b": material},
        contacts={"left": reservoir(), "right": reservoir()},
        interfaces={"a|b": interface} if interface else {},
    )
