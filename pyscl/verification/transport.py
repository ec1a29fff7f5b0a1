"""Cases of steady transport."""

import numpy as np
from scipy.constants import elementary_charge

from pyscl import analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.verification.registry import case
from pyscl.verification.setups import VT, WIDTH
from pyscl.verification.transport_setups import (
    binary_cell,
    binary_cell_current,
    driven_layer,
    goldman_model,
    junction_voltage,
    layer_flux,
    series_model,
)

_HALF = LatticeGasLayer(30.0, 1e26, 0.5)


@case(tolerance=1e-10, unit="A/m^2")
def ohmic_slab() -> tuple[float, float]:
    """Current between reversible electrodes at 0.1 V: Ohm's law, no space charge."""
    model = driven_layer(_HALF, 0.0, per_length=5.0)
    current = model.steady({"left": 0.1}).contact("left").current / WIDTH
    mobility = 1e-12 * elementary_charge * _HALF.site_density * 0.25 / VT
    return current, mobility * 0.1 / float(model.mesh.points[:, 0].max())


@case(tolerance=1e-10)
def goldman_flux() -> tuple[float, float]:
    """Flux of a dilute ion through a constant field of 5 kT/e (Goldman)."""
    solution = goldman_model(5.0 * VT, 0.1).steady()
    flux = solution.contact("left").current / (WIDTH * elementary_charge)
    return flux * 1e-8 / (1e-10 * 1e10), float(analytic.goldman_flux(5.0, 1.0, 0.1))


@case(tolerance=1e-3)
def depleted_layer_flux() -> tuple[float, float]:
    """Flux out of a depleted layer (12 kT) under a bias of 4 kT, self-consistent potential."""
    solution = driven_layer(_HALF, 12.0 * VT).steady({"left": 4.0 * VT})
    return layer_flux(solution, _HALF), analytic.lattice_gas_layer_flux(12.0, 4.0, 0.5, 40.0)


@case(tolerance=1e-3, unit="Ohm m^2")
def layer_resistance() -> tuple[float, float]:
    """Resistance that a depleted layer (10 kT) adds to the bulk, from a small bias."""
    model = driven_layer(_HALF, 10.0 * VT, lengths=22.0)
    conductivity = 1e-12 * elementary_charge * _HALF.site_density * 0.25 / VT
    bias = 1e-4 * VT
    density = model.steady({"left": bias}).contact("left").current / WIDTH
    bulk = float(model.mesh.points[:, 0].max()) / conductivity
    return bias / density - bulk, float(_HALF.excess_resistance(10.0 * VT, conductivity))


@case(tolerance=1e-9, unit="Ohm m^2")
def series_layers() -> tuple[float, float]:
    """Resistance of two constant conductors in series."""
    solution = series_model("constant-conductivity").steady({"left": 0.1})
    density = solution.contact("left").current / WIDTH
    return 0.1 / density, float(analytic.series_resistance([20e-9, 5e-9], [0.1, 0.01]))


@case(tolerance=1e-4, unit="V")
def junction_potential() -> tuple[float, float]:
    """Zero-current potential of a salt junction ten Debye lengths thick, densities 1:10."""
    computed = junction_voltage(10.0, 10.0, 0.5, cells=100)
    return computed, analytic.junction_potential(10.0, 10.0, 0.5) * VT


@case(tolerance=1e-3)
def limiting_current() -> tuple[float, float]:
    """Share of the limiting current at 4 kT/e in a cell whose anion is blocked: tanh(1)."""
    model = binary_cell(lengths=400.0)
    return binary_cell_current(model.steady({"left": 4.0 * VT})), float(np.tanh(1.0))
