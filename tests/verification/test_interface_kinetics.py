"""Interfaces that are not in equilibrium: transfer laws, compact layers, thin coatings."""

import numpy as np
import pytest
from approx import relative
from scipy.constants import elementary_charge, epsilon_0
from scipy.special import logit

from pyscl import Carrier, Material, Model, PotentialContact, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import ButlerVolmer, Coating, ContactResistance, Interface
from pyscl.mesh import strip
from pyscl.protocol import Current, StepTo, Wait
from pyscl.study.transient import TransientOptions
from pyscl.verification.meshes import layer_grid, two_sided
from pyscl.verification.norms import observed_orders
from pyscl.verification.setups import (
    VT,
    WIDTH,
    lattice_gas,
    reservoir,
    wall_model,
)
from pyscl.verification.transient_setups import DIFFUSIVITY, relaxation_time

THICK = 10e-9  # of each slab [m]
# half filled, lambda = 0.5 nm: sites so that eps kT/(e^2 n/4) = lambda^2
LAYER = LatticeGasLayer(30.0, 30.0 * epsilon_0 * VT / (elementary_charge * (0.5e-9) ** 2) * 4, 0.5)
UNIT_CURRENT = elementary_charge * LAYER.site_density * DIFFUSIVITY / 1e-9  # e c0 D0/nm [A/m2]
CONDUCTIVITY = 0.25 * UNIT_CURRENT * 1e-9 / VT
NO_CAPACITANCE = 1e-15  # [F/m2], of an interface that stores no charge


def two_slabs(law, capacitance=None, layer=LAYER, cells=40, share=1.0):
    """Two equal slabs of 10 nm between reversible electrodes, with a law for their interface."""
    material = lattice_gas(layer, diffusivity=DIFFUSIVITY)
    interface = Interface(
        kinetics={"Li": law}, compact_capacitance=capacitance, contact_share=share
    )
    return Model(
        strip(
            np.linspace(0.0, 2.0 * THICK, 2 * cells + 1),
            width=WIDTH,
            regions=[("a", THICK), ("b", 2.0 * THICK)],
        ),
        {"a": material, "b": material},
        contacts={"left": reservoir(), "right": reservoir()},
        interfaces={"a|b": interface},
    )


def current_density(solution, contact="left"):
    return solution.contact(contact).current / WIDTH


def cell_voltage(density, i0, symmetry=0.5):
    """Voltage of two neutral slabs and the activated interface [kT/e]."""
    return (
        analytic.kinetic_cell_voltage(density, [THICK] * 2, [CONDUCTIVITY] * 2, i0, symmetry) / VT
    )


def matched(density, i0, symmetry=0.5):
    """Capacitance [F/m2] that keeps both slabs neutral at a current density.

    Its displacement C eta is then that of the field i/sigma in the slabs.
    """
    eta = analytic.butler_volmer_overpotential(density, i0, symmetry)
    return LAYER.relative_permittivity * epsilon_0 * density / (CONDUCTIVITY * float(eta))


# --- Butler-Volmer ---------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1e-6, 1e-3, 1.0, 1e3, 1e8])
@pytest.mark.parametrize(("voltage", "tolerance"), [(2.0, 2e-5), (20.0, 2e-3), (40.0, 7e-3)])
def test_two_slabs_with_kinetics(rate, voltage, tolerance):
    """T9: V = 2 I L/0.25 + 2 asinh(I/2k0), all rates, h = 0.25 nm, without interfacial charge.

    The current ends the field at an interface without capacitance, so thin layers form there: the
    tolerances are their share of the voltage.
    """
    i0 = rate * UNIT_CURRENT
    solution = two_slabs(ButlerVolmer(exchange_current=i0), NO_CAPACITANCE).steady(
        {"left": voltage * VT}
    )
    assert len(solution.history.iterations) <= 30
    assert solution.history.bias_steps == 1
    assert cell_voltage(current_density(solution), i0) == relative(voltage, tolerance)


@pytest.mark.parametrize("symmetry", [0.5, 0.2, 0.9])
@pytest.mark.parametrize("density", [1e-3, 0.3, -0.3])
@pytest.mark.parametrize("rate", [1e-5, 1e-2, 10.0])
def test_neutral_slabs_with_kinetics_are_exact(rate, density, symmetry):
    """With the capacitance that keeps the slabs neutral the voltage shall be exact to 1e-8.

    Currents far below the conductance of the slabs carry rounding errors of 1e-12 of it.
    """
    i0, density = rate * UNIT_CURRENT, density * UNIT_CURRENT
    voltage = float(cell_voltage(density, i0, symmetry))
    law = ButlerVolmer(exchange_current=i0, symmetry=symmetry)
    model = two_slabs(law, matched(density, i0, symmetry))
    solution = model.steady({"left": voltage * VT})
    assert current_density(solution) == relative(density, 1e-8)
    np.testing.assert_allclose(solution.site_fraction("Li"), 0.5, rtol=1e-6)


@pytest.mark.parametrize("symmetry", [0.5, 0.3])
def test_tafel_slopes(symmetry):
    """Far from equilibrium a decade of current shall take the Tafel slope, forward and back.

    The currents are 1e-9 of those the slabs could carry, so these keep one level each; their
    rounding errors are 1e-15 of the latter.
    """
    for sign, share in ((1.0, symmetry), (-1.0, 1.0 - symmetry)):
        i0 = 1e-9 * UNIT_CURRENT * np.exp(-20.0 * share)
        model = two_slabs(ButlerVolmer(exchange_current=i0, symmetry=symmetry), NO_CAPACITANCE)
        densities = [abs(current_density(model.steady({"left": sign * v * VT}))) for v in (20, 25)]
        slope = 5.0 * VT / np.log10(densities[1] / densities[0])
        assert slope == relative(analytic.tafel_slope(share), 5e-6)


def test_fast_kinetics_are_the_equilibrium_contact():
    """For a growing exchange current the cell shall tend to the one without interface, as 1/i0."""
    material = lattice_gas(LAYER, diffusivity=DIFFUSIVITY)
    plain = two_slabs(ButlerVolmer(exchange_current=1.0))
    bare = Model(plain.mesh, {"a": material, "b": material}, contacts=plain.contacts)
    limit = current_density(bare.steady({"left": 2.0 * VT}))
    missing = []
    for rate in (1e2, 1e3, 1e4):
        law = ButlerVolmer(exchange_current=rate * UNIT_CURRENT)
        missing.append(limit - current_density(two_slabs(law).steady({"left": 2.0 * VT})))
    assert np.array(missing[:-1]) / missing[1:] == pytest.approx([10.0, 10.0], rel=1e-2)
    # close to equilibrium the interface is the resistance kT/(e i0) in series
    resistance = 2.0 * THICK / CONDUCTIVITY
    added = analytic.charge_transfer_resistance(1e4 * UNIT_CURRENT)
    assert missing[-1] / limit == relative(float(added) / resistance, 2e-2)


def test_slow_kinetics_block():
    """For a vanishing exchange current the current shall vanish with it, sinh(V/2) each."""
    for rate in (1e-8, 1e-10):
        law = ButlerVolmer(exchange_current=rate * UNIT_CURRENT)
        density = current_density(two_slabs(law).steady({"left": 4.0 * VT}))
        assert density == relative(rate * UNIT_CURRENT * 2.0 * np.sinh(2.0), 1e-5)


def heterojunction(law, capacitance=None, per_length=40.0, voltage=3.0 * VT):
    """Two lattice gases with a built-in voltage and a transfer law; layers and grid."""
    left, right = LatticeGasLayer(30.0, 1e26, 0.3), LatticeGasLayer(15.0, 2e26, 0.6)
    offset = voltage - VT * float(logit(0.6) - logit(0.3))
    grids = [
        layer_grid(20.0 * k.debye_length, 0.5 * k.debye_length, per_length, k.debye_length)
        for k in (left, right)
    ]
    x = two_sided(*grids)
    model = Model(
        strip(x, width=WIDTH, regions=[("a", grids[0][-1]), ("b", x[-1])]),
        {
            "a": lattice_gas(left, diffusivity=DIFFUSIVITY),
            "b": lattice_gas(right, diffusivity=DIFFUSIVITY, standard_potential=offset),
        },
        contacts={
            "left": reservoir(),
            "right": reservoir(potential="neutral", electrochemical_potential=VT * logit(0.3)),
        },
        interfaces={"a|b": Interface(kinetics={"Li": law}, compact_capacitance=capacitance)},
    )
    return model, left, right, [g[-1] for g in grids]


@pytest.mark.parametrize("occupancy", [False, True])
@pytest.mark.parametrize("symmetry", [0.5, 0.2])
def test_resistance_of_a_charged_interface(symmetry, occupancy):
    """Close to equilibrium bulk, both layers and the transfer shall add up, to 1e-5 on the mesh.

    With occupancy the exchange current follows the site fractions at the interface, which the
    layers change: i0 times (y1 v2)^(1-a) (y2 v1)^a over that of the bulk.
    """
    i0 = 100.0
    law = ButlerVolmer(exchange_current=i0, symmetry=symmetry, occupancy=occupancy)
    _, left, right, thick = heterojunction(law)
    contact = analytic.two_sided_contact(left, right, 3.0 * VT)

    def hops(y1, y2):
        forward, backward = y1 * (1.0 - y2), y2 * (1.0 - y1)
        return forward ** (1.0 - symmetry) * backward**symmetry

    ratio = hops(contact.left_site_fraction, contact.right_site_fraction) / hops(0.3, 0.6)
    transfer = analytic.charge_transfer_resistance(i0 * (ratio if occupancy else 1.0))
    sigma = [
        DIFFUSIVITY * elementary_charge * k.site_density * k.site_fraction * (1 - k.site_fraction)
        / VT
        for k in (left, right)
    ]  # fmt: skip
    exact = float(
        transfer
        + analytic.series_resistance(thick, sigma)
        + left.excess_resistance(contact.left_potential, sigma[0])
        + right.excess_resistance(contact.right_potential, sigma[1])
    )
    assert transfer > 0.2 * exact

    model = heterojunction(law, per_length=20.0)[0]
    start = model.equilibrium()
    bias = 1e-4 * VT
    flows = [current_density(model.steady({"left": s * bias}, start)) for s in (1.0, -1.0)]
    assert 2.0 * bias / (flows[0] - flows[1]) == relative(exact, 1e-5)


@pytest.mark.parametrize("occupancy", [False, True])
def test_kinetics_do_not_change_the_equilibrium(occupancy):
    """Detailed balance: at zero bias nothing shall flow and the layers be those of a contact."""
    law = ButlerVolmer(exchange_current=50.0, symmetry=0.3, occupancy=occupancy)
    model, left, right, _ = heterojunction(law)
    exact = analytic.two_sided_contact(left, right, 3.0 * VT)
    solution = model.steady({"left": 0.0})
    assert solution.interface("a|b").potential == relative(exact.left_potential, 1e-3)
    assert abs(current_density(solution)) < 1e-9
    # also in time: nothing happens
    trajectory = model.transient(["Rest for 1 us"], contact="left")
    assert np.abs(trajectory["voltage"]).max() < 1e-9 * VT
    charge = trajectory["layer_charge_a|b_a"]
    assert np.ptp(charge) < 1e-9 * abs(charge[0])


@pytest.mark.parametrize("voltage", [40.0, -40.0, 0.3])
@pytest.mark.parametrize("symmetry", [0.1, 0.9])
@pytest.mark.parametrize("occupancy", [False, True])
def test_transfer_heats(voltage, symmetry, occupancy):
    """The current shall have the sign of its driving force for any rate, filling and symmetry."""
    for i0 in (1e-3, 1e3, 1e9):
        law = ButlerVolmer(exchange_current=i0, symmetry=symmetry, occupancy=occupancy)
        model = heterojunction(law, per_length=10.0)[0]
        solution = model.steady({"left": voltage * VT})
        density = current_density(solution)
        assert density * voltage > 0.0
        assert current_density(solution, "right") == relative(-density, 1e-6)


@pytest.mark.parametrize("side", ["left", "right"])
def test_kinetics_at_a_contact(side):
    """A reservoir with kinetics shall add its overpotential, from the contact into the model.

    Matched as above, so exact; on the right the current leaves through the contact.
    """
    i0, symmetry, density = 0.1 * UNIT_CURRENT, 0.3, 0.5 * UNIT_CURRENT
    inward = density if side == "left" else -density
    eta = float(analytic.butler_volmer_overpotential(inward, i0, symmetry))
    capacitance = LAYER.relative_permittivity * epsilon_0 * inward / (CONDUCTIVITY * eta)
    voltage = density * THICK / CONDUCTIVITY + abs(eta)
    law = ButlerVolmer(exchange_current=i0, symmetry=symmetry)
    contacts = {"left": reservoir(), "right": reservoir()}
    contacts[side] = reservoir(kinetics=law, compact_capacitance=capacitance)
    model = Model(
        strip(np.linspace(0.0, THICK, 21), width=WIDTH),
        {"electrolyte": lattice_gas(LAYER, diffusivity=DIFFUSIVITY)},
        contacts=contacts,
    )
    solution = model.steady({"left": voltage})
    assert current_density(solution) == relative(density, 1e-9)
    np.testing.assert_allclose(solution.site_fraction("Li"), 0.5, rtol=1e-8)


# --- partial contact -------------------------------------------------------------------------


def test_share_of_the_contact_scales_the_exchange_current():
    """A contact share of 0.25 shall be a quarter of the exchange current, to rounding."""
    quarter = two_slabs(ButlerVolmer(exchange_current=1e3), NO_CAPACITANCE, share=0.25)
    whole = two_slabs(ButlerVolmer(exchange_current=250.0), NO_CAPACITANCE)
    currents = [current_density(m.steady({"left": 0.2})) for m in (quarter, whole)]
    assert currents[0] == relative(currents[1], 1e-10)


def test_blocked_part_of_an_interface_carries_nothing():
    """With slow kinetics on half of the facets half of the current shall flow, through them."""
    law, width, cells = ButlerVolmer(exchange_current=1e-4), 8e-9, 16
    material = lattice_gas(LAYER, diffusivity=DIFFUSIVITY)
    mesh = strip(
        np.linspace(0.0, 2.0 * THICK, 41),
        width=width,
        layers=cells,
        regions=[("a", THICK), ("b", 2.0 * THICK)],
    )

    def current(share):
        model = Model(
            mesh,
            {"a": material, "b": material},
            contacts={"left": reservoir(), "right": reservoir()},
            interfaces={"a|b": Interface(kinetics={"Li": law})},
            contact_share={"a|b": share},
        )
        return model.steady({"left": 0.1}).contact("left").current

    whole = current(lambda x, y: np.ones_like(y))
    half = current(lambda x, y: (y < 0.5 * width).astype(float))
    graded = current(lambda x, y: y / width)
    assert half == relative(0.5 * whole, 1e-6)
    assert graded == relative(0.5 * whole, 1e-6)


# --- linear resistance, compact layer --------------------------------------------------------


@pytest.mark.parametrize("resistance", [1e-9, 1e-6])
@pytest.mark.parametrize("voltage", [0.01, -1.0])
def test_contact_resistance_adds_up(resistance, voltage):
    """A contact resistance shall add to that of the slabs at any voltage, matched: to 1e-9."""
    total = 2.0 * THICK / CONDUCTIVITY + resistance
    capacitance = LAYER.relative_permittivity * epsilon_0 / (CONDUCTIVITY * resistance)
    model = two_slabs(ContactResistance(resistance=resistance), capacitance)
    density = current_density(model.steady({"left": voltage}))
    assert density == relative(voltage / total, 1e-9)


def test_matched_resistance_charges_with_one_time_constant():
    """Under a constant current V(t) shall be I R (1 - exp(-t/tau)), R with the interface.

    All resistors have the capacitance eps/sigma over their resistance in parallel, so that no
    charge gathers anywhere and the law is exact at any current.
    """
    resistance, density = 4e-8, 2.0 * UNIT_CURRENT
    capacitance = LAYER.relative_permittivity * epsilon_0 / (CONDUCTIVITY * resistance)
    model = two_slabs(ContactResistance(resistance=resistance), capacitance)
    unit = relaxation_time(LAYER)
    trajectory = model.transient(
        [Current(density=density, duration=6.0 * unit)],
        contact="left",
        options=TransientOptions(tolerance=1e-7),
    )
    total = 2.0 * THICK / CONDUCTIVITY + resistance
    exact = -density * total * np.expm1(-trajectory["time"] / unit)
    assert density * total > 10.0 * VT
    np.testing.assert_allclose(trajectory["voltage"], exact, rtol=0, atol=1e-4 * exact[-1])
    np.testing.assert_allclose(trajectory.final.site_fraction("Li"), 0.5, rtol=1e-8)


@pytest.mark.parametrize("drop", [0.5, 12.0, -12.0])
def test_compact_layer_in_series_with_a_diffuse_layer(drop, second_order):
    """A compact layer shall take sigma/C of the voltage, the diffuse layer the rest (Stern)."""
    layer, capacitance = LatticeGasLayer(30.0, 1e26, 0.3), 0.05
    charge = float(layer.wall_charge(drop * VT))
    voltage = drop * VT + charge / capacitance

    def wall_charge(per_length):
        x = layer_grid(
            22.0 * layer.debye_length, 0.5 * layer.debye_length, per_length, layer.debye_length
        )
        model = wall_model(lattice_gas(layer), 0.0, strip(x, width=WIDTH))
        contacts = {
            **model.contacts,
            "left": PotentialContact(potential=voltage, compact_capacitance=capacitance),
        }
        model = Model(model.mesh, model.materials, contacts=contacts)
        return model.equilibrium().contact("left").charge / WIDTH

    second_order(wall_charge, charge, levels=(10, 20, 40), window=(1.8, 2.2))


def test_compact_layer_between_two_slabs():
    """A compact layer between two insulated lattice gases shall be a capacitor in the series."""
    capacitance, layer = 0.2, LatticeGasLayer(30.0, 1e26, 0.5)
    part = layer_grid(16.0 * layer.debye_length, layer.debye_length, 40.0, layer.debye_length)
    x = two_sided(part, part)
    material = lattice_gas(layer, diffusivity=DIFFUSIVITY)
    voltage = 1e-3 * VT
    model = Model(
        strip(x, width=WIDTH, regions=[("a", part[-1]), ("b", x[-1])]),
        {"a": material, "b": material},
        contacts={
            "left": reservoir(potential=voltage, electrochemical_potential=voltage),
            "right": reservoir(potential=0.0, electrochemical_potential=0.0),
        },
        interfaces={"a|b": Interface(blocking=("Li",), compact_capacitance=capacitance)},
    )
    solution = model.equilibrium()
    single = layer.relative_permittivity * epsilon_0 / layer.debye_length
    exact = voltage / (2.0 / single + 1.0 / capacitance)
    charge = solution.interface("a|b").sides[0].charge
    assert abs(charge) == relative(exact, 5e-4)


# --- thin coatings ---------------------------------------------------------------------------

COATING_RESISTANCE = 5e-5  # of every thickness, the bulk of both sides has 1.2e-4 [Ohm m2]


def coated(thickness, thin, contacts=None, offset=0.05):
    """Two lattice gases with a coating between them, as a thin layer or resolved by eight cells."""
    left, right = LatticeGasLayer(30.0, 1e26, 0.3), LatticeGasLayer(20.0, 1e26, 0.6)
    grid = layer_grid(8e-9, 1.2e-9, 60.0)
    coat = Material(
        relative_permittivity=10.0,
        carriers=(
            Carrier(
                name="Li",
                charge=1,
                site_density=1e26,
                site_fraction=0.3,
                conductivity=thickness / COATING_RESISTANCE,
                standard_potential=offset,
            ),
        ),
    )
    materials = {
        "a": lattice_gas(left, diffusivity=DIFFUSIVITY),
        "b": lattice_gas(right, diffusivity=DIFFUSIVITY, standard_potential=-0.05),
    }
    # one level, so that nothing flows without a bias
    right = reservoir(potential="neutral", electrochemical_potential=VT * logit(0.3))
    contacts = contacts or {"left": reservoir(), "right": right}
    if thin:
        x = two_sided(grid, grid)
        mesh = strip(x, width=WIDTH, regions=[("a", grid[-1]), ("b", x[-1])])
        law = Interface(coating=Coating(material=coat, thickness=thickness))
        return Model(mesh, materials, contacts=contacts, interfaces={"a|b": law})
    inside = grid[-1] + np.linspace(0.0, thickness, 9)[1:]
    x = np.concatenate([grid[-1] - grid[::-1], inside, inside[-1] + grid[1:]])
    regions = [("a", grid[-1]), ("coat", inside[-1]), ("b", x[-1])]
    mesh = strip(x, width=WIDTH, regions=regions)
    return Model(mesh, {**materials, "coat": coat}, contacts=contacts)


def thin_errors(measure, thicknesses):
    """Relative difference of the thin layer to the resolved coating for each thickness."""
    return np.array([measure(coated(t, True)) / measure(coated(t, False)) - 1 for t in thicknesses])


def test_thin_coating_tends_to_the_resolved_one():
    """At a small bias the thin layer shall agree with a resolved coating, with second order.

    The resistance of the coating is kept, so that it stays a third of all.
    """

    def current(model):
        return current_density(model.steady({"left": 0.01 * VT}))

    errors = thin_errors(current, (0.4e-9, 0.2e-9, 0.1e-9))
    assert abs(errors[-1]) < 2e-3
    assert observed_orders(errors).min() > 1.8


@pytest.mark.parametrize("bias", [0.3, -0.3])
def test_thin_coating_under_a_strong_bias(bias):
    """At 12 kT/e the thin layer shall tend to the resolved coating with first order.

    One element puts the charge of the coating half on each side, wherever it is.
    """

    def current(model):
        return current_density(model.steady({"left": bias}))

    errors = thin_errors(current, (0.025e-9, 0.0125e-9, 0.00625e-9))
    assert abs(errors[-1]) < 5e-3
    assert observed_orders(errors)[-1] == pytest.approx(1.0, abs=0.1)


def test_thin_coating_makes_the_layers_of_the_resolved_one():
    """In equilibrium the charges on both sides of the coating shall agree with second order."""
    for region in ("a", "b"):
        errors = thin_errors(
            lambda model, side=region: model.equilibrium().charge(side), (0.4e-9, 0.2e-9, 0.1e-9)
        )
        assert abs(errors[-1]) < 2e-3
        assert observed_orders(errors).min() > 1.7


def test_thin_coating_charges_in_time_like_the_resolved_one():
    """After a small step the charge shall agree with first order, while the layers form.

    The resistance is kept and what the coating stores, half on each side, shrinks with its
    thickness. With equal time steps, whose errors cancel.
    """
    contacts = {
        "left": PotentialContact(potential=0.0),
        "right": reservoir(potential=0.0),
    }
    times = (2e-7, 2e-6)

    def charges(thickness, thin):
        model = coated(thickness, thin, contacts)
        rest = model.equilibrium().contact("left").charge
        begin = float(model.transient(["Rest for 1 ps"], contact="left")["voltage"][0])
        trajectory = model.transient(
            [StepTo(voltage=begin + 0.1 * VT), Wait(duration=times[-1])],
            contact="left",
            options=TransientOptions(fixed_step=2e-8, save=times),
        )
        by_time = [s.contact("left").charge - rest for s in trajectory.solutions]
        return np.array(by_time[:2])

    errors = np.array(
        [charges(t, True) / charges(t, False) - 1.0 for t in (0.2e-9, 0.1e-9, 0.05e-9)]
    )
    assert np.abs(errors[-1]).max() < 5e-4
    for at_time in errors.T:
        assert observed_orders(at_time) == pytest.approx([1.0, 1.0], abs=0.1)
