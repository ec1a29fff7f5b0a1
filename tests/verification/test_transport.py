"""Steady transport against closed forms and quasi-exact values."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.constants import elementary_charge

from pyscl import Carrier, Material, Model, ReservoirContact, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import rectangle, strip
from pyscl.verification.norms import observed_orders
from pyscl.verification.setups import VT, WIDTH, lattice_gas, reservoir
from pyscl.verification.transport_setups import (
    binary_cell,
    binary_cell_current,
    driven_layer,
    goldman_model,
    junction_voltage,
    layer_flux,
    series_model,
)

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
MOBILITIES = ("vacancy", "dilute", "constant-conductivity")


def unit_layer(theta):
    """A layer with 1e26 sites per m3."""
    return LatticeGasLayer(30.0, 1e26, theta)


# --- ohmic -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mobility", MOBILITIES)
@pytest.mark.parametrize("bias", [1e-3, -2.0])
def test_reversible_electrodes_are_ohmic(mobility, bias):
    """Between reversible electrodes the slab shall be ohmic and neutral to 1e-10, at any bias.

    The mesh is distorted: the linear potential has to be exact on every triangle.
    """
    mesh = rectangle(12, 8, 20e-9, 10e-9)
    inside = np.ones(mesh.n_points, bool)
    inside[np.unique(mesh.boundary)] = False
    shift = np.random.default_rng(1).uniform(-0.4, 0.4, mesh.points.shape) * 1e-9
    mesh = replace(mesh, points=mesh.points + shift * inside[:, None])
    model = Model(
        mesh,
        {"electrolyte": lattice_gas(unit_layer(0.3), mobility=mobility, conductivity=0.2)},
        contacts={"left": reservoir(), "right": reservoir()},
    )
    solution = model.steady({"left": bias})
    exact = 0.2 * bias / 20e-9 * 10e-9
    assert solution.contact("left").current == pytest.approx(exact, rel=1e-10)
    assert solution.contact("right").current == pytest.approx(-exact, rel=1e-10)
    linear = bias * (1.0 - mesh.points[:, 0] / 20e-9)
    np.testing.assert_allclose(solution.potential, linear, rtol=0, atol=1e-10 * abs(bias))
    np.testing.assert_allclose(solution.site_fraction("Li"), 0.3, rtol=1e-8)
    density = solution["current_density_Li"].values
    assert density[:, 0] == pytest.approx(0.2 * bias / 20e-9, rel=1e-8)
    assert np.abs(density[:, 1]).max() < 1e-8 * abs(0.2 * bias / 20e-9)


def test_layers_of_constant_conductivity_add_up():
    """Two constant conductors in series shall add their resistances, to rounding."""
    solution = series_model("constant-conductivity").steady({"left": 0.3})
    resistance = 0.3 / (solution.contact("left").current / WIDTH)
    exact = analytic.series_resistance([20e-9, 5e-9], [0.1, 0.01])
    assert resistance == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("mobility", MOBILITIES)
def test_layers_with_equal_relaxation_times_add_up(mobility):
    """With eps ratios as the conductivities the interface stays neutral: ohmic for every mobility.

    Equal displacement then needs no charge between the layers.
    """
    solution = series_model(mobility, permittivities=(50.0, 5.0)).steady({"left": 0.3})
    resistance = 0.3 / (solution.contact("left").current / WIDTH)
    exact = analytic.series_resistance([20e-9, 5e-9], [0.1, 0.01])
    assert resistance == pytest.approx(exact, rel=1e-10)
    np.testing.assert_allclose(solution.site_fraction("Li"), 0.5, rtol=1e-9)


# --- constant field --------------------------------------------------------------------------


@pytest.mark.parametrize("row", REFERENCE["goldman"]["rows"], ids=lambda r: f"v={r['v']}")
def test_goldman_flux_is_exact_on_four_elements(row):
    """The exponentially fitted flux shall be Goldman's to 1e-10 on any mesh.

    The reduced fluxes are differences of O(1) terms, at v = 0.001 and -2 below 1e-12 as well.
    """
    solution = goldman_model(row["v"] * VT, 0.1).steady()
    flux = solution.contact("left").current / (WIDTH * elementary_charge)
    assert flux * 1e-8 / (1e-10 * 1e10) == pytest.approx(row["flux"], rel=1e-10)


def dilute_field(statistics, mobility, level_left, level_right, voltage, cells):
    """Flux in D n_max/nm through 10 nm with a constant field; levels in kT, voltage in kT/e."""
    carrier = Carrier(
        name="ion",
        charge=1,
        statistics=statistics,
        mobility=mobility,
        site_density=1e10,
        site_fraction=0.5,
        diffusivity=1e-10,
    )
    material = Material(relative_permittivity=10.0, carriers=(carrier,), background_charge=0.0)

    def contact(level, potential):
        return ReservoirContact(
            carrier="ion", electrochemical_potential=level * VT, potential=potential * VT
        )

    model = Model(
        strip(np.linspace(0.0, 10e-9, cells + 1), width=WIDTH),
        {"electrolyte": material},
        contacts={"left": contact(level_left, 0.0), "right": contact(level_right, voltage)},
    )
    current = model.steady().contact("left").current
    return current / (WIDTH * elementary_charge) / (1e-10 * 1e10 / 1e-9)


def test_goldman_flux_against_a_field_of_20_kt():
    """T6: the flux up 20 kT in 10 nm shall be exact to 1e-11 on four elements."""
    flux = dilute_field("boltzmann", "dilute", -3.0, -5.0, 20.0, 4)
    exact = (np.exp(-3.0) - np.exp(-5.0)) * 2.0 / np.expm1(20.0)
    assert flux == pytest.approx(exact, rel=1e-11)


def test_lattice_gas_flux_in_a_constant_field():
    """T7: the flux with vacancies, potential 0 to 12 kT/e, level 3 to 1 kT, shall be 1.273865e-4.

    The reference value has seven digits.
    """
    assert dilute_field("lattice-gas", "vacancy", 3.0, 1.0, 12.0, 32) == pytest.approx(
        1.273865e-4, rel=1e-4
    )
    fine = dilute_field("lattice-gas", "vacancy", 3.0, 1.0, 12.0, 640)
    assert fine == pytest.approx(1.273865e-4, rel=1e-6)


# --- layers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    REFERENCE["acceptance"]["layer_flux"]["rows"],
    ids=lambda r: f"{r['theta0']} {r['u0']} {r['bias']}",
)
def test_flux_through_a_layer_under_bias(row):
    """T5: the flux through strong layers shall be exact to 1e-3, one jump of bias, <= 30 steps."""
    layer = unit_layer(row["theta0"])
    exact = row["flux_per_nm"] * REFERENCE["acceptance"]["layer_flux"]["debye_length_nm"]
    errors = []
    for per_length in (20, 40, 80):
        model = driven_layer(layer, row["u0"] * VT, per_length=per_length)
        solution = model.steady({"left": row["bias"] * VT})
        assert len(solution.history.iterations) <= 30
        assert solution.history.bias_steps == 1
        errors.append(layer_flux(solution, layer) / exact - 1.0)
        # Currents balance to 1e-10 of the bulk's conductance, which is not 1e-10 of a flux that
        # a layer has reduced to 1e-16 of it.
        scale = 0.25e-12 * elementary_charge * layer.site_density * VT / layer.debye_length
        balance = solution.contact("left").current + solution.contact("right").current
        assert abs(balance) < 1e-10 * scale * WIDTH * abs(row["bias"]) / VT
    assert np.abs(errors).max() < 1e-3
    # the reference values have 8 digits, the finest errors are 1e-6 to 5e-5
    assert abs(errors[-1]) < 1e-4


@pytest.mark.parametrize(("u0", "bias"), [(4.0, 1.0), (39.0, -39.0)])
def test_flux_through_a_layer_is_second_order(u0, bias, second_order):
    """The flux through a depleted layer shall converge with second order.

    The other rows of T5 are left out: their errors change sign between meshes.
    """
    layer = unit_layer(0.5)
    rows = REFERENCE["acceptance"]["layer_flux"]["rows"]
    row = next(r for r in rows if (r["theta0"], r["u0"], r["bias"]) == (0.5, u0, bias))

    def flux(level):
        solution = driven_layer(layer, u0 * VT, per_length=level).steady({"left": bias * VT})
        return layer_flux(solution, layer)

    second_order(flux, row["flux_per_nm"] * 0.5, limit=5e-6)


@pytest.mark.parametrize(("u0", "bias"), [(6.0, 3.0), (-5.0, 4.0)])
def test_flux_is_symmetric_in_particles_and_holes(u0, bias):
    """With vacancies, theta0 -> 1-theta0, u -> -u, bias -> -bias shall mirror the current."""
    particles, holes = unit_layer(0.2), unit_layer(0.8)
    first = driven_layer(particles, u0 * VT).steady({"left": bias * VT})
    second = driven_layer(holes, -u0 * VT).steady({"left": -bias * VT})
    assert layer_flux(first, particles) == pytest.approx(-layer_flux(second, holes), rel=1e-9)
    np.testing.assert_allclose(
        first.site_fraction("Li"), second.vacant_fraction("Li"), rtol=1e-8, atol=1e-12
    )


@pytest.mark.parametrize("mobility", ["vacancy", "dilute"])
@pytest.mark.parametrize(
    "row", REFERENCE["excess_resistance"], ids=lambda r: f"{r['theta0']} {r['u0']}"
)
def test_resistance_of_a_layer(row, mobility):
    """The resistance that a layer adds to the bulk shall converge to the exact integral.

    It is measured with a bias of +-1e-4 kT/e; the mean of both has no first-order term of it.
    """
    layer = unit_layer(row["theta0"])
    lengths = 22.0
    exact = row[mobility]
    conductance = row["theta0"] * ((1.0 - row["theta0"]) if mobility == "vacancy" else 1.0)

    def resistance(level):
        model = driven_layer(layer, row["u0"] * VT, mobility, level, lengths)
        start = model.equilibrium()
        fluxes = [
            layer_flux(model.steady({"left": sign * 1e-4 * VT}, start), layer)
            for sign in (1.0, -1.0)
        ]
        return 2e-4 * conductance / (fluxes[0] - fluxes[1]) - lengths

    # relative to lambda/sigma where the resistance is smaller than that
    scale = max(abs(exact), 1.0)
    errors = [(resistance(level) - exact) / scale for level in (20, 40, 80)]
    assert abs(errors[-1]) < 2e-4
    assert abs((4.0 * errors[-1] - errors[-2]) / 3.0) < 4e-5


def test_constant_conductivity_has_no_layer_resistance():
    """With a constant conductivity a layer shall not change the resistance."""
    layer = unit_layer(0.5)
    model = driven_layer(layer, 15.0 * VT, "constant-conductivity")
    solution = model.steady({"left": 1e-3})
    length = float(model.mesh.points[:, 0].max())
    # the given diffusivity is the chemical one: sigma = z^2 e^2 n D theta0 (1-theta0)/kT
    sigma = 1e-12 * elementary_charge * layer.site_density * 0.25 / VT
    assert solution.contact("left").current / WIDTH == pytest.approx(
        sigma * 1e-3 / length, rel=1e-10
    )


# --- two carriers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row", REFERENCE["finite_junction"], ids=lambda r: f"L={r['thickness']} lambda"
)
def test_salt_junction_potential(row, second_order):
    """The zero-current potential shall converge to the quasi-exact one, thin and thick."""
    second_order(
        lambda n: junction_voltage(row["thickness"], row["c_ratio"], row["D_ratio"], n),
        row["v"] * VT,
        levels=(100, 200, 400) if row["thickness"] > 5 else (20, 40, 80),
        finest=1e-5,
        limit=1e-6,
    )


@pytest.mark.parametrize("row", REFERENCE["limiting_current"], ids=lambda r: f"j={r['j']}")
def test_blocked_anion_limits_the_current(row):
    """Current and densities shall tend to those of a neutral electrolyte for L >> lambda.

    The neutral relation neglects (lambda/L)^2 over the third power of the density left at the
    depleted electrode; the thickness grows with j so that this is 2e-6, the rest is the mesh.
    """
    length = 400.0 / (1.0 - row["j"]) ** 1.5
    solution = binary_cell(length, cells=800).steady({"left": row["v"] * VT})
    assert binary_cell_current(solution) == pytest.approx(row["j"], rel=1e-4)
    anion = solution.site_fraction("anion") / 1e-3
    x = solution.model.mesh.points[:, 0]
    thickness = x.max()
    # the density of the anion away from the electrodes, where the electrolyte is neutral
    inner = np.abs(x / thickness - 0.5) < 0.4
    linear = 1.0 + row["j"] * (1.0 - 2.0 * x / thickness)
    np.testing.assert_allclose(anion[inner], linear[inner], rtol=3e-4)
    mole = solution.amount("anion")
    neutral = 6e23 / 6.02214076e23 * float(solution.model.mesh.areas.sum())
    assert mole == pytest.approx(neutral, rel=1e-12)
    for name in ("left", "right"):
        assert solution.contact(name).currents["anion"] == pytest.approx(
            0.0, abs=1e-12 * abs(solution.contact(name).currents["cation"])
        )


def test_neutral_relation_is_reached_with_the_square_of_the_thickness():
    """At half the limiting current the error shall fall as (lambda/L)^2."""
    errors = [
        binary_cell_current(
            binary_cell(length, cells=800).steady({"left": 4.0 * np.arctanh(0.5) * VT})
        )
        / 0.5
        - 1.0
        for length in (70.0, 140.0, 280.0)
    ]
    assert observed_orders(errors) == pytest.approx([2.0, 2.0], abs=0.1)


def test_only_differences_of_the_potential_matter():
    """Raising one end or lowering the other shall drive the same flux."""
    layer = unit_layer(0.5)
    model = driven_layer(layer, 4.0 * VT)
    left = layer_flux(model.steady({"left": VT}), layer)
    right = layer_flux(model.steady({"right": -VT}), layer)
    assert left == pytest.approx(right, rel=1e-10)
