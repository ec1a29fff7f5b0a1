"""Space charge layers at a plane electrode against their closed forms."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.constants import Avogadro, elementary_charge, epsilon_0

from pyscl import BlockingContact, Model, PotentialContact, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import strip
from pyscl.verification.meshes import layer_grid
from pyscl.verification.setups import (
    VT,
    WIDTH,
    lattice_gas,
    lattice_gas_wall,
    reservoir,
    salt,
    wall_model,
)

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
SALT_LENGTH = float(analytic.debye_length_salt(78.5, Avogadro))
WALLS = [(theta, u) for theta in (0.02, 0.1, 0.5, 0.9) for u in (-39, -20, -4, 4, 20, 39)]


def salt_wall(phi0, per_length):
    """A 1 mM salt before an electrode; the steps at the wall resolve its density there."""
    finest = SALT_LENGTH * np.exp(-abs(phi0) / (2.0 * VT))
    x = layer_grid(22.0 * SALT_LENGTH, finest, per_length, SALT_LENGTH)
    return wall_model(salt(78.5, Avogadro), phi0, strip(x, width=WIDTH))


def wall_charge(model):
    return model.equilibrium().contact("left").charge / WIDTH


def profile_error(model, exact):
    """Largest difference of phi from exact(x) on the nodes, over the wall's potential."""
    phi, x = model.equilibrium().potential, model.mesh.points[:, 0]
    return np.abs(phi - exact(x)).max() / np.abs(exact(0.0))


def capacitance(charge_at, phi0, step=1e-4):
    """Central difference; its own error is below step^2/(6 VT^2) = 3e-6 relative."""
    return (charge_at(phi0 + step) - charge_at(phi0 - step)) / (2.0 * step)


def unit_layer(theta, debye_nm=0.5):
    """Layer whose Debye length is `debye_nm`."""
    density = 1e27
    eps = (debye_nm * 1e-9) ** 2 * elementary_charge * density * theta * (1.0 - theta)
    return LatticeGasLayer(eps / (epsilon_0 * VT), density, theta)


# --- dilute layers ---------------------------------------------------------------------------


def test_weak_layer_decays_exponentially(second_order):
    """At 1 mV the potential shall be Debye and Hueckel's exponential, to second order."""
    layer = LatticeGasLayer(30.0, 1e27, 0.5)

    def error(level):
        model = lattice_gas_wall(layer, 1e-3, level)
        return profile_error(
            model, lambda x: analytic.debye_hueckel_potential(x, 1e-3, layer.debye_length)
        )

    # limit: u^2/24 of the half-filled lattice gas at u = 0.04 is 6e-5, its linear part is exact
    second_order(error, 0.0, finest=2e-4, limit=3e-5)


@pytest.mark.parametrize("row", REFERENCE["gouy_chapman"]["rows"], ids=lambda r: f"{r['phi0']} V")
def test_salt_layer_follows_gouy_chapman(row, second_order):
    """Charge, capacitance and profile of a 1 mM salt shall converge to Gouy and Chapman's."""
    phi0 = row["phi0"]
    second_order(lambda n: wall_charge(salt_wall(phi0, n)), row["surface_charge"], limit=1e-5)
    second_order(
        lambda n: capacitance(lambda phi: wall_charge(salt_wall(phi, n)), phi0),
        row["capacitance"],
        limit=2e-5,
    )
    second_order(
        lambda n: profile_error(
            salt_wall(phi0, n), lambda x: analytic.gouy_chapman_potential(x, phi0, SALT_LENGTH)
        ),
        0.0,
        window=(1.7, 2.3),  # the place of the largest error moves between nodes
    )


@pytest.mark.parametrize("sigma", [-0.002, 0.01, 0.05])
def test_charged_side_follows_grahame(sigma, second_order):
    """An outer side with a fixed charge shall take Grahame's potential."""
    eps = epsilon_0 * 78.5
    exact = 2.0 * VT * np.arcsinh(sigma * SALT_LENGTH / (2.0 * eps * VT))

    def potential(level):
        model = salt_wall(exact, level)
        charged = Model(
            model.mesh,
            model.materials,
            contacts=model.contacts | {"left": BlockingContact(surface_charge=sigma)},
        )
        phi = charged.equilibrium().potential
        return phi[model.mesh.points[:, 0] == 0.0].mean()

    second_order(potential, exact)


# --- the lattice gas -------------------------------------------------------------------------


@pytest.mark.parametrize(("theta", "u0"), WALLS)
def test_lattice_gas_charge_converges_to_the_first_integral(theta, u0, second_order):
    """The wall charge shall converge to the exact field, in accumulation and depletion to 1 V."""
    layer = LatticeGasLayer(30.0, 1e27, theta)
    second_order(
        lambda n: wall_charge(lattice_gas_wall(layer, u0 * VT, n)),
        float(layer.wall_charge(u0 * VT)),
        finest=3e-4,
        limit=5e-6,
    )


@pytest.mark.parametrize(("theta", "u0"), WALLS)
def test_lattice_gas_capacitance_converges(theta, u0, second_order):
    """The difference quotient of the charge shall converge to the exact capacitance."""
    layer = LatticeGasLayer(30.0, 1e27, theta)
    second_order(
        lambda n: capacitance(lambda phi: wall_charge(lattice_gas_wall(layer, phi, n)), u0 * VT),
        float(layer.capacitance(u0 * VT)),
        levels=(40, 80, 160),
        # strong accumulation of a nearly empty lattice: the saturated layer ends inside a step
        window=(1.7, 2.3),
        limit=3e-5,
    )


@pytest.mark.parametrize(("theta", "u0"), WALLS)
def test_lattice_gas_profile_converges(theta, u0, second_order):
    """Potential and site fractions shall follow the exact profile at all nodes."""
    layer = LatticeGasLayer(30.0, 1e27, theta)
    second_order(
        lambda n: profile_error(
            lattice_gas_wall(layer, u0 * VT, n), lambda x: layer.potential(x, u0 * VT)
        ),
        0.0,
        window=(1.7, 2.3),  # the place of the largest error moves between nodes
    )


@pytest.mark.parametrize("charge", [-1, 2, -3])
def test_layer_of_other_charge_numbers(charge, second_order):
    """Charge numbers shall enter the charge and the Boltzmann factor, with their sign."""
    layer = LatticeGasLayer(30.0, 1e26, 0.3, charge)
    second_order(
        lambda n: wall_charge(lattice_gas_wall(layer, 0.2, n)), float(layer.wall_charge(0.2))
    )


@pytest.mark.parametrize("temperature", [250.0, 400.0])
def test_layer_at_other_temperatures(temperature, second_order):
    """The temperature of the model shall be that of the layer."""
    layer = LatticeGasLayer(30.0, 1e26, 0.3, temperature=temperature)

    def charge(level):
        mesh = lattice_gas_wall(layer, 0.2, level).mesh
        contacts = {"left": PotentialContact(potential=0.2), "right": reservoir()}
        materials = {"electrolyte": lattice_gas(layer)}
        return wall_charge(Model(mesh, materials, contacts=contacts, temperature=temperature))

    second_order(charge, float(layer.wall_charge(0.2)))


@pytest.mark.parametrize(
    "row",
    REFERENCE["acceptance"]["wall_slope"]["rows"],
    ids=lambda r: f"{r['theta0']} {r['u0']}",
)
def test_uniform_coarse_mesh_is_accurate_without_accumulation(row):
    """Four uniform steps per Debye length shall give the wall field to 1.5e-3, second order.

    Acceptance test T1: depletion and the half-filled lattice; a strong accumulation of a nearly
    empty lattice is thinner than these steps and only has to stay inside its bounds.
    """
    layer, u0 = unit_layer(row["theta0"]), row["u0"]
    slopes = []
    for cells in (160, 320):
        mesh = strip(np.linspace(0.0, 20e-9, cells + 1), width=WIDTH)
        model = wall_model(lattice_gas(layer), u0 * VT, mesh)
        solution = model.equilibrium()
        charge = solution.contact("left").charge / WIDTH
        slopes.append(charge / (epsilon_0 * layer.relative_permittivity * VT) * 1e-9)
        assert solution.history.factorisations <= 10
        y, vacant = solution.site_fraction("Li"), solution.vacant_fraction("Li")
        assert np.all(y > 0.0)
        assert np.all(vacant > 0.0)
        np.testing.assert_allclose(y + vacant, 1.0, rtol=1e-14)
    coarse, fine = (abs(s) / row["slope_per_nm"] - 1.0 for s in np.abs(slopes))
    if row["theta0"] == 0.5 or u0 > 0:
        assert abs(coarse) < 1.5e-3
        assert 3.6 < coarse / fine < 4.4


@pytest.mark.parametrize(
    "row", REFERENCE["acceptance"]["capacitance"]["rows"], ids=lambda r: f"{r['u0']}"
)
def test_capacitance_matches_acceptance_table(row, second_order):
    """The capacitance per permittivity [1/nm] of T2 shall be reached."""
    layer = unit_layer(0.5)
    eps = epsilon_0 * layer.relative_permittivity

    def per_nm(level):
        value = capacitance(
            lambda phi: wall_charge(lattice_gas_wall(layer, phi, level)), row["u0"] * VT
        )
        return value / eps * 1e-9

    second_order(per_nm, row["capacitance_per_nm"], limit=3e-5)


@pytest.mark.parametrize("theta", [0.1, 0.5, 0.9])
def test_depletion_is_a_mott_schottky_line(theta):
    """1/C^2 from 0.5 to 1 V shall be the Mott-Schottky line with the shift s(theta0) kT/e.

    At 0.5 V the line is exact to exp(-19). The tolerances are those of the mesh, 1e-4 of C.
    """
    layer = LatticeGasLayer(30.0, 1e27, theta)
    phi = np.linspace(0.5, 1.0, 6)
    values = [
        capacitance(lambda p: wall_charge(lattice_gas_wall(layer, p, 160)), p, 1e-3) for p in phi
    ]
    slope, offset = np.polyfit(phi, np.power(values, -2.0), 1)
    exact_slope, intercept = layer.mott_schottky_line()
    assert slope == pytest.approx(exact_slope, rel=3e-4)
    assert -offset / slope == pytest.approx(intercept, abs=2e-4)


@pytest.mark.parametrize("theta", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("u0", [-20.0, -3.0, 7.0, 39.0])
def test_particles_and_holes_are_symmetric(theta, u0):
    """theta0 -> 1-theta0 with u -> -u shall mirror the solution on one mesh to 1e-10."""
    particles = LatticeGasLayer(30.0, 1e27, theta)
    holes = LatticeGasLayer(30.0, 1e27, 1.0 - theta)
    mesh = lattice_gas_wall(particles, u0 * VT).mesh
    first = wall_model(lattice_gas(particles), u0 * VT, mesh).equilibrium()
    second = wall_model(lattice_gas(holes), -u0 * VT, mesh).equilibrium()
    scale = abs(u0) * VT
    np.testing.assert_allclose(first.potential, -second.potential, atol=1e-10 * scale, rtol=0)
    np.testing.assert_allclose(
        first.site_fraction("Li"), second.vacant_fraction("Li"), rtol=1e-9, atol=1e-10
    )
    assert first.contact("left").charge == pytest.approx(-second.contact("left").charge, rel=1e-10)


def test_charge_of_electrode_and_layer_cancel():
    """The space charge shall be minus the charge of both contacts, to rounding."""
    layer = LatticeGasLayer(30.0, 1e27, 0.1)
    solution = lattice_gas_wall(layer, -0.5).equilibrium()
    electrodes = solution.contact("left").charge + solution.contact("right").charge
    assert solution.charge() == pytest.approx(-electrodes, rel=1e-11)
