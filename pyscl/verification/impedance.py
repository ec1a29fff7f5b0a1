"""Cases at small alternating voltages: slabs, layers, diffusion, kinetics, time domain."""

import numpy as np
from scipy.constants import elementary_charge, epsilon_0

from pyscl import analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import ButlerVolmer, Interface
from pyscl.model import Model
from pyscl.study.impedance import impedance
from pyscl.study.impedance.step_response import step_impedance
from pyscl.verification.impedance_setups import (
    blocking_cell,
    dilute_conductor,
    insertion_cell,
    junction,
    reversible_cell,
)
from pyscl.verification.registry import case
from pyscl.verification.setups import VT, WIDTH, lattice_gas_wall, salt, salt_length
from pyscl.verification.transient_setups import charging_slab, relaxation_time
from pyscl.verification.transport_setups import driven_layer

_HALF = LatticeGasLayer(30.0, 1e26, 0.5)
_LENGTH, _SIGMA, _THICK = 5e-9, 1e-3, 2e-7  # m, S/m, m, of the blocking slab
_DENSITY = 16.6 * epsilon_0 * VT / (elementary_charge * _LENGTH**2)


def _at_rest(model: Model, frequency: float, contact: str = "left") -> complex:
    """Return the impedance about the equilibrium [Ohm m2]."""
    spectrum = impedance(model.equilibrium(), [frequency], contact=contact)
    return complex(spectrum.area_specific[0])


def _slab(per_length: float = 40.0, film: tuple[float, float] | None = None) -> Model:
    material = dilute_conductor(16.6, _DENSITY, _SIGMA)
    return blocking_cell(material, _THICK, _LENGTH, per_length, film=film)


@case(tolerance=1e-4, unit="Ohm m^2")
def slab_resistance() -> tuple[float, float]:
    """Low-frequency resistance of a slab between blocking electrodes, 7.5 % below L/sigma."""
    exact = analytic.blocking_slab_resistance(_THICK, _SIGMA, _LENGTH)
    return _at_rest(_slab(), 10.0).real, exact


@case(tolerance=1e-3, unit="Ohm m^2")
def slab_reactance() -> tuple[float, float]:
    """Imaginary part where the layers charge through the slab."""
    frequency = 1e4
    exact = analytic.blocking_slab_impedance(frequency, _THICK, _SIGMA, 16.6, _LENGTH)
    return _at_rest(_slab(), frequency).imag, float(exact.imag)


@case(tolerance=1e-3, unit="Ohm m^2")
def slab_between_films() -> tuple[float, float]:
    """Imaginary part with a dielectric film before both electrodes."""
    frequency = 1e3
    exact = analytic.blocking_slab_impedance(frequency, _THICK, _SIGMA, 16.6, _LENGTH)
    films = 2.0 * 3e-9 / (2j * np.pi * frequency * 200.0 * epsilon_0)
    return _at_rest(_slab(film=(3e-9, 200.0)), frequency).imag, float((exact + films).imag)


@case(tolerance=1e-3, unit="Ohm m^2")
def salt_impedance() -> tuple[float, float]:
    """Modulus for a blocked salt whose ions differ tenfold in mobility, before the slow one."""
    thickness, frequency = 40.0 * salt_length(10.0, 1e24), 1e3
    model = blocking_cell(salt(10.0, 1e24, 0.1), thickness, salt_length(10.0, 1e24), 40.0)
    exact = analytic.blocking_salt_impedance(frequency, thickness, 10.0, 1e24, (1e-10, 1e-11))
    return abs(_at_rest(model, frequency)), float(abs(exact))


@case(tolerance=1e-3, unit="Ohm m^2")
def salt_diffusion() -> tuple[float, float]:
    """Imaginary part of a salt between reversible electrodes, a Warburg element."""
    thickness, frequency = 200.0 * salt_length(78.5, 6e23), 20.0
    model = reversible_cell(6e23, 200.0, 2.0, 40.0)
    exact = analytic.reversible_salt_impedance(frequency, thickness, 78.5, 6e23, (1e-10, 2e-10))
    return _at_rest(model, frequency).imag, float(exact.imag)


@case(tolerance=1e-3, unit="Ohm m^2")
def layers_in_series() -> tuple[float, float]:
    """Modulus of two conductors in series with the space charge between them."""
    layers = LatticeGasLayer(30.0, 1e27, 0.5), LatticeGasLayer(200.0, 5e27, 0.2)
    thicknesses, conductivities, permittivities = (2e-7, 5e-9), (1e-2, 1e-6), (30.0, 200.0)
    lengths = layers[0].debye_length, layers[1].debye_length
    frequency = 1e3
    exact = analytic.series_impedance(frequency, thicknesses, conductivities, permittivities)
    exact = exact + analytic.junction_impedance(frequency, conductivities, permittivities, lengths)
    model = junction(layers, thicknesses, conductivities, 40.0)
    return abs(_at_rest(model, frequency, "right")), float(abs(exact))


@case(tolerance=1e-3, unit="F/m^2")
def capacitance_at_one_volt() -> tuple[float, float]:
    """Low-frequency capacitance of an electrode that depletes a lattice gas by 1 V."""
    spectrum = impedance(lattice_gas_wall(_HALF, 1.0).equilibrium(), [1e-2])
    return float(spectrum.capacitance[0]) / WIDTH, float(_HALF.capacitance(1.0))


@case(tolerance=1e-5, unit="Ohm m")
def resistance_under_current() -> tuple[float, float]:
    """Low-frequency resistance of a depleted layer under current: slope of its steady curve."""
    model, bias, step = driven_layer(_HALF, 8.0 * VT, per_length=10.0), 4.0 * VT, 1e-3 * VT
    state = model.steady({"left": bias})
    less, more = (
        model.steady({"left": bias + dv}, state).contact("left").current for dv in (-step, step)
    )
    return float(impedance(state, [1e-5]).impedance[0].real), 2.0 * step / (more - less)


@case(tolerance=5e-3, unit="Ohm m^2")
def insertion_electrode() -> tuple[float, float]:
    """Modulus of kinetics, double layer and diffusion in a particle: Randles and Warburg."""
    exchange, compact, frequency = 10.0, 5e-3, 0.1
    interface = Interface(
        kinetics={"Li": ButlerVolmer(exchange_current=exchange)}, compact_capacitance=compact
    )
    model = insertion_cell((1e-7, 1e-6), (1e-2, 1e-5, 10.0), interface, 10.0)
    diffusion = analytic.mixed_conductor_impedance(frequency, 1e-6, 1e-5, 10.0, -0.75, 2e28)
    transfer = float(analytic.charge_transfer_resistance(exchange))
    exact = analytic.randles_impedance(frequency, 1e-5, transfer, compact, diffusion)
    return abs(_at_rest(model, frequency)), float(abs(exact))


@case(tolerance=1e-8)
def parts_of_the_impedance() -> tuple[float, float]:
    """Contributions of bulk, layers and kinetics over the impedance: 1."""
    interface = Interface(kinetics={"Li": ButlerVolmer(exchange_current=1.0)})
    layers = LatticeGasLayer(30.0, 1e27, 0.5), LatticeGasLayer(200.0, 5e27, 0.2)
    model = junction(layers, (2e-8, 2e-8), (1e-2, 1e-3), interface=interface)
    spectrum = impedance(model.equilibrium(), [1e5])
    total = sum(part.values[0] for part in spectrum.contributions)
    return float(abs(total / spectrum.impedance[0])), 1.0


@case(tolerance=2e-3, unit="Ohm m")
def step_in_time() -> tuple[float, float]:
    """Modulus from a small step of the voltage in time, against the linearisation."""
    state = charging_slab(_HALF, 10.0).equilibrium()
    frequency = 0.1 / (2.0 * np.pi * relaxation_time(_HALF))
    stepped = step_impedance(state, [frequency], contact="left")[0]
    return float(abs(stepped)), float(abs(impedance(state, [frequency]).impedance[0]))
