"""Layer resistances and their activation energies against tables of the exact lattice gas."""

import numpy as np
import pytest
from approx import relative

from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import strip
from pyscl.study.arrhenius import arrhenius
from pyscl.verification.meshes import layer_grid
from pyscl.verification.setups import WIDTH, lattice_gas, wall_model


def wall(layer, potential, grid=None, **carrier):
    """Return a layer before a blocking electrode at a potential [V] against the neutral bulk."""
    unit = layer.debye_length
    grid = layer_grid(25.0 * unit, unit, 20.0, unit) if grid is None else grid
    material = lattice_gas(layer, **carrier)
    return wall_model(material, potential, strip(grid, WIDTH)).with_temperature(layer.temperature)


# Permittivity, carriers per volume [1/m3], site fraction, conductivity [S/m]; potentials [V] at
# which the layer has 0.1, 1, 10, 100 and 1000 Ohm cm2 at 300 K, vacancy mobility.
CASES = {
    "sulfide": (
        30.0, 1e27, 0.5, 1e-1, (0.29222039, 0.35491785, 0.41695686, 0.47856823, 0.53987910)
    ),
    "LLZO": (
        60.0, 25.65e27, 0.5, 1e-2, (0.26393958, 0.32705789, 0.38935248, 0.45113447, 0.51256760)
    ),
    "LATP": (
        15.0, 5.37e27, 0.5, 3e-2, (0.29175452, 0.35445815, 0.41650098, 0.47811496, 0.53942773)
    ),
    "LiPON-like": (
        16.6, 1e26, 0.1, 2e-4, (0.054903415, 0.12375456, 0.19129100, 0.25592904, 0.31904768)
    ),
}  # fmt: skip


@pytest.mark.parametrize("power", range(5))
@pytest.mark.parametrize("name", CASES)
def test_potential_for_a_given_area_resistance(name, power):
    """The potential drops of the table make the resistances of the table, within 0.1 %."""
    permittivity, density, y, sigma, potentials = CASES[name]
    layer = LatticeGasLayer(permittivity, density / y, y, temperature=300.0)
    state = wall(layer, potentials[power], conductivity=sigma).equilibrium()
    resistance = state.layer_resistance("left").resistance("Li")
    assert 1e4 * resistance == relative(0.1 * 10.0**power, 1e-3)


@pytest.mark.parametrize("mobility", ["vacancy", "dilute"])
@pytest.mark.parametrize("potential", [-0.1, 0.2])
def test_resistance_converges_with_second_order(second_order, mobility, potential):
    layer = LatticeGasLayer(16.6, 1e27, 0.3, temperature=300.0)
    exact = float(layer.excess_resistance(potential, 0.1, mobility))

    def compute(level):
        grid = np.linspace(0.0, 40.0, 40 * level + 1) * layer.debye_length
        state = wall(layer, potential, grid, mobility=mobility).equilibrium()
        return state.layer_resistance("left").resistance("Li")

    second_order(compute, exact, levels=(10, 20, 40), finest=2e-3)


# Site fraction, potential [V], mobility, apparent energy of the layer less that of the bulk [eV]
# between 300 and 363 K at fixed potential.
SHIFTS = [
    (0.1, 0.05, "vacancy", 0.036118619),
    (0.1, 0.05, "dilute", 0.035980584),
    (0.1, 0.1, "vacancy", 0.070827094),
    (0.1, 0.1, "dilute", 0.070717613),
    (0.1, 0.2, "vacancy", 0.16560145),
    (0.1, 0.2, "dilute", 0.16558149),
    (0.1, 0.3, "vacancy", 0.26766806),
    (0.1, 0.3, "dilute", 0.26766636),
    (0.5, 0.05, "vacancy", 0.051694179),
    (0.5, 0.05, "dilute", 0.033268449),
    (0.5, 0.1, "vacancy", 0.077974977),
    (0.5, 0.1, "dilute", 0.067282346),
    (0.5, 0.2, "vacancy", 0.16555077),
    (0.5, 0.2, "dilute", 0.16377164),
    (0.5, 0.3, "vacancy", 0.26699061),
    (0.5, 0.3, "dilute", 0.26684040),
]


@pytest.mark.parametrize(("y", "potential", "mobility", "shift"), SHIFTS)
def test_excess_activation_energy_of_a_layer(y, potential, mobility, shift):
    """The layer is activated by about its potential drop less 0.03 eV, whatever the bulk."""
    layer = LatticeGasLayer(16.6, 1e27, y)
    model = wall(layer, potential, mobility=mobility, conductivity=0.1, activation_energy=0.315)
    result = arrhenius(model, [300.0, 363.0], places=["left"])
    assert result.bulk("electrolyte", "Li").activation_energy == relative(0.315, 1e-10)
    excess = result.layer_excess_energy("left", "electrolyte", "Li")
    assert excess == pytest.approx(shift, abs=1e-4)
