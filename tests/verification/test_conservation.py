"""Charge and carriers are conserved by the discrete equations themselves, to rounding."""

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, conductor, slab_between_reservoirs, two_conductors
from random_composites import composite
from scipy.constants import Avogadro, elementary_charge, epsilon_0

from pyscl import (
    BlockingContact,
    Carrier,
    Conserved,
    Interface,
    Material,
    Model,
    PotentialContact,
    ReservoirContact,
)
from pyscl.mesh import graded, strip

both_coordinates = pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])


def currents(solution, carrier="Li"):
    return [solution.contact(side).currents[carrier] for side in ("left", "right")]


def measured_by(solution, weight, carrier="Li"):
    """Return the current towards falling `weight` (n_points,): -int J . grad(weight).

    The same for every weight that is 1 on one contact and 0 on the other: the current through any
    cut. It is read where the weight changes, so a weight that is constant in good conductors
    avoids their rounding.
    """
    model, mesh = solution.model, solution.model.mesh
    p = mesh.points[mesh.triangles]
    gradient = np.zeros((mesh.n_triangles, 2))
    for a in range(3):
        side = p[:, (a + 2) % 3] - p[:, (a + 1) % 3]
        normal = np.column_stack([-side[:, 1], side[:, 0]])
        gradient += weight[mesh.triangles[:, a], None] * normal / (2.0 * mesh.areas[:, None])
    measure = mesh.areas.copy()
    if model.coordinates == "axisymmetric":
        measure *= 2.0 * np.pi * p[:, :, 0].mean(axis=1)
    density = solution[f"current_density_{carrier}"].values
    return -float((measure[:, None] * density * gradient).sum())


# Currents.


@both_coordinates
@pytest.mark.parametrize("bias", [1.0, -12.0, 39.0])
def test_what_enters_at_one_contact_leaves_at_the_other(coordinates, bias):
    solution = two_conductors(coordinates=coordinates).steady({"left": bias * KT})
    left, right = currents(solution)
    assert left * bias > 0.0
    assert abs(left + right) < 1e-10 * abs(left)


@both_coordinates
@pytest.mark.parametrize("seed", [1, 4, 9])
def test_every_cut_through_a_composite_carries_the_same_current(coordinates, seed, rng):
    """Straight cuts at any place, wavy and random ones: flux left = flux right."""
    model, bias = composite(seed)
    model = Model(
        model.mesh,
        model.materials,
        contacts=model.contacts,
        temperature=T,
        coordinates=coordinates,
    )
    solution = model.steady(bias)
    x = model.mesh.points[:, 0] / model.mesh.points[:, 0].max()
    inside = (x > 0.0) & (x < 1.0)
    left, right = currents(solution)
    weights = [1.0 - x, (1.0 - x) ** 3, *((x < cut).astype(float) for cut in (0.01, 0.3, 0.77))]
    weights += [np.where(inside, rng.uniform(0.0, 1.0, len(x)), 1.0 - x) for _ in range(3)]
    for weight in weights:
        assert measured_by(solution, weight) == relative(left, 1e-9)
        assert measured_by(solution, weight) == relative(-right, 1e-9)


def test_a_tiny_current_is_read_where_it_is_not_rounding():
    """39 kT/e through a depleted layer: 4.0e-16 of the scale of the current (T5).

    At the neutral contact the fluxes of neighbouring edges cancel to 1e-14 of sigma kT / h, more
    than the current itself; at the depleted contact, and by a weight that changes there, it is
    exact.
    """
    solution = slab_between_reservoirs(potential=39 * KT).steady({"left": 39 * KT})
    left, right = currents(solution)
    x = solution.model.mesh.points[:, 0] / solution.model.mesh.points[:, 0].max()
    near_left = (x == 0.0).astype(float)
    assert measured_by(solution, near_left) == relative(left, 1e-12)
    # T5: 4.01648649e-16 c_max D kT per nm; D = sigma kT / (e^2 c_max y (1 - y)), width 1 nm.
    exact = 4.01648649e-16 * 1e-2 * KT / 0.25 / NM * 1 * NM
    assert left == relative(exact, 1e-2)
    assert abs(left + right) < 1e-13 * 1e-2 * KT / (0.05 * NM) * NM


@both_coordinates
def test_no_current_flows_in_equilibrium(coordinates):
    """To the last bit, in every triangle, although the fields are strong."""
    solution = two_conductors(coordinates=coordinates).equilibrium()
    assert (solution["current_density_Li"].values == 0.0).all()
    assert currents(solution) == [0.0, 0.0]
    assert np.abs(solution["electric_field"].values).max() > 1e7


@both_coordinates
def test_no_current_flows_through_a_blocking_interface(coordinates):
    model = two_conductors(coordinates=coordinates, interfaces={"a|b": Interface(blocking=("Li",))})
    solution = model.steady({"left": 5 * KT})
    scale = (
        1e-2 * 5 * KT / (20 * NM) * 4 * NM * (2 * np.pi * 20 * NM if coordinates[0] == "a" else 1)
    )
    assert np.abs(currents(solution)).max() < 1e-12 * scale
    mu = solution["electrochemical_potential_Li"].values
    assert mu[solution.site_region == 0] == pytest.approx(5 * KT, abs=1e-12)
    assert mu[solution.site_region == 1] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("charge", [-1, 2])
def test_bias_acts_on_a_carrier_by_its_charge(charge):
    """A voltage V moves mu by z e V, so the current follows Ohm's law with the conductivity."""
    ion = conductor(charge=charge, mobility="constant-conductivity", conductivity=2e-2)
    side = ReservoirContact(carrier="Li", potential="neutral")
    mesh = strip(np.linspace(0.0, 10 * NM, 21), 4 * NM)
    model = Model(mesh, {"electrolyte": ion}, contacts={"left": side, "right": side})
    solution = model.steady({"left": 0.01})
    assert currents(solution)[0] == relative(2e-2 * 0.01 / (10 * NM) * 4 * NM, 1e-9)
    mu = solution["electrochemical_potential_Li"].values
    assert mu[solution.site_points[:, 0] == 0.0] == relative(charge * 0.01, 1e-9)


# Charge.


def charged_model(coordinates):
    """Return two conductors between electrodes, with fixed charge on an interface and a side."""
    half = graded(10 * NM, 0.1 * NM, 1.3, 1 * NM)
    x = np.concatenate([10 * NM - half[::-1], 10 * NM + half[1:]])
    mesh = strip(x, 4 * NM, 4, [("a", 10 * NM), ("b", 20 * NM)])
    return Model(
        mesh,
        {"a": conductor(), "b": conductor(y=0.1, standard_potential=4 * KT)},
        contacts={
            "left": PotentialContact(potential=0.3),
            "right": ReservoirContact(carrier="Li", potential=-0.1),
            "top": BlockingContact(surface_charge=0.03),
        },
        interfaces={"a|b": Interface(surface_charge=-0.05)},
        temperature=T,
        coordinates=coordinates,
    )


@both_coordinates
@pytest.mark.parametrize("study", ["equilibrium", "steady"])
def test_all_charge_adds_up_to_zero(coordinates, study):
    """Electrodes + space charge + interface + charged side."""
    model = charged_model(coordinates)
    solution = model.equilibrium() if study == "equilibrium" else model.steady({"right": 0.05})
    depth = 2.0 * np.pi * 10 * NM if coordinates == "axisymmetric" else 1.0
    side = np.pi * (20 * NM) ** 2 if coordinates == "axisymmetric" else 20 * NM
    parts = [
        solution.contact("left").charge,
        solution.contact("right").charge,
        solution.charge("a"),
        solution.charge("b"),
        -0.05 * 4 * NM * depth,
        0.03 * side,
    ]
    assert min(np.abs(parts)) > 0.0
    assert abs(sum(parts)) < 1e-12 * max(np.abs(parts))


def test_plate_capacitor():
    """Q = eps eps0 V / d per area on both electrodes."""
    mesh = strip(np.linspace(0.0, 10 * NM, 4), 3 * NM)
    oxide = Material(name="oxide", relative_permittivity=8.0)
    contacts = {
        "left": PotentialContact(potential=1.0),
        "right": PotentialContact(potential=0.0),
    }
    solution = Model(mesh, {"electrolyte": oxide}, contacts=contacts).equilibrium()
    exact = 8.0 * epsilon_0 / (10 * NM) * 3 * NM
    assert solution.contact("left").charge == relative(exact, 1e-13)
    assert solution.contact("right").charge == relative(-exact, 1e-13)


@pytest.mark.parametrize(("coordinates", "charged"), [("planar", "right"), ("axisymmetric", "top")])
def test_a_uniformly_charged_side_makes_a_uniform_field(coordinates, charged):
    """E = sigma / (eps eps0) in every triangle; on a disc the nodes share the charge by radius."""
    mesh = strip(np.linspace(0.0, 5 * NM, 6) ** 1.5 / (5 * NM) ** 0.5, 4 * NM, 3)
    grounded = {"right": "left", "top": "bottom"}[charged]
    contacts = {
        grounded: PotentialContact(potential=0.0),
        charged: BlockingContact(surface_charge=0.02),
    }
    oxide = Material(name="oxide", relative_permittivity=8.0)
    model = Model(mesh, {"electrolyte": oxide}, contacts=contacts, coordinates=coordinates)
    field = model.equilibrium()["electric_field"].values
    exact = -0.02 / (8.0 * epsilon_0)
    direction = [1.0, 0.0] if charged == "right" else [0.0, 1.0]
    assert field == pytest.approx(np.tile(exact * np.array(direction), (len(field), 1)), abs=1.0)


@both_coordinates
def test_interface_charges_of_both_sides_are_opposite(coordinates):
    """In equilibrium without fixed charge the two layers mirror each other's displacement."""
    solution = two_conductors(coordinates=coordinates).equilibrium()
    first, second = solution.interface("a|b").sides
    assert first.charge == relative(-second.charge, 1e-9)
    measure = solution.interface("a|b").measure
    assert solution.charge("a") == relative(first.charge * measure, 1e-6)


# Amounts.


@both_coordinates
@pytest.mark.parametrize("study", ["equilibrium", "steady"])
def test_closed_amounts_are_met(coordinates, study):
    """Two carriers with opposite charge, closed in one region each, under a strong field."""
    anion = Carrier(
        name="A", charge=-1, statistics="boltzmann", mobility="dilute",
        site_density=2e26, site_fraction=0.4, diffusivity=1e-12,
    )  # fmt: skip
    li = conductor().carriers[0]
    salt = Material(name="salt", relative_permittivity=10.0, carriers=(li, anion))
    x = np.linspace(0.0, 12 * NM, 61)
    mesh = strip(x, 2 * NM, 2, [("a", 6 * NM), ("b", 12 * NM)])
    sites = li.site_density * 6 * NM * 2 * NM / Avogadro
    if coordinates == "axisymmetric":
        sites *= np.pi * 6 * NM
    model = Model(
        mesh,
        {"a": salt, "b": conductor()},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": ReservoirContact(carrier="Li", potential=0.3),
        },
        interfaces={"a|b": Interface(blocking=("Li",))},
        conserved=[
            Conserved(carrier="Li", regions=("a",), amount=0.3 * sites),
            Conserved(carrier="A", regions=("a",)),
        ],
        coordinates=coordinates,
        temperature=T,
    )
    solution = model.equilibrium() if study == "equilibrium" else model.steady({"right": 0.2})
    volume = solution.site_volume[solution.site_region == 0].sum()
    assert solution.amount("Li", "a") == relative(0.3 * sites, 1e-13)
    assert solution.amount("A") == relative(0.4 * 2e26 * volume / Avogadro, 1e-13)
    assert np.abs(currents(solution, "A")).max() == 0.0


def test_charge_is_what_the_amounts_say():
    solution = two_conductors().equilibrium()
    model = solution.model
    for region in ("a", "b"):
        area = 10 * NM * 4 * NM
        background = model.materials[region].fixed_charge * area
        carriers = solution.amount("Li", region) * Avogadro * elementary_charge
        assert solution.charge(region) == relative(carriers + background, 1e-9)
