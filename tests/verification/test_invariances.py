"""What must not change the answer does not: gauge, mirror, cut of a cell, declared sides."""

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, conductor, slab_between_reservoirs, two_conductors

from pyscl import (
    BlockingContact,
    Carrier,
    Conserved,
    InputError,
    Interface,
    Material,
    Model,
    Periodic,
    PotentialContact,
    ReservoirContact,
)
from pyscl.mesh import graded, rectangle, strip
from pyscl.postprocess.resistance import dissipated_power, effective_resistance


def mixed_conductor(electron_fraction):
    """Return a lattice gas of Li+ with Boltzmann electrons of another magnitude."""
    return Material(
        name="mixed",
        relative_permittivity=10.0,
        carriers=(
            Carrier(name="Li", charge=1, site_density=1e27, site_fraction=0.5, conductivity=0.1),
            Carrier(
                name="e",
                charge=-1,
                statistics="boltzmann",
                mobility="dilute",
                site_density=1e26,
                site_fraction=electron_fraction,
                conductivity=1e-6,
            ),
        ),
    )


@pytest.mark.parametrize("bias", [0.1, 1.0])
@pytest.mark.parametrize("electron_fraction", [1e-8, 1e-3])
def test_a_carrier_without_current_has_one_level(bias, electron_fraction):
    """Electrons that nothing lets out are in equilibrium in the field of the moving Li+."""
    mesh = strip(graded(50 * NM, 0.05 * NM, 1.2, 1 * NM, fine="both"))
    model = Model(
        mesh,
        {"electrolyte": mixed_conductor(electron_fraction)},
        contacts={
            "left": ReservoirContact(carrier="Li", potential=-0.5),
            "right": ReservoirContact(carrier="Li", potential=0.0),
        },
        conserved=[Conserved(carrier="e", regions=("electrolyte",))],
        temperature=T,
    )
    solution = model.steady({"left": bias})
    level = solution["electrochemical_potential_e"].values
    assert np.ptp(level) < 1e-9 * KT
    neutral = model.equilibrium().amount("e")
    assert solution.amount("e") == relative(neutral, 1e-12)
    assert solution.contact("left").currents["e"] == 0.0


@pytest.mark.parametrize("volts", [2.0, -3.0])
def test_a_capacitor_is_its_own_steady_state_whatever_the_zero_of_the_potential(volts):
    mesh = strip(graded(20 * NM, 0.05 * NM, 1.2, 1 * NM, fine="both"))
    charges = []
    for zero in (0.0, volts):
        model = Model(
            mesh,
            {"electrolyte": conductor()},
            contacts={
                "left": PotentialContact(potential=zero),
                "right": PotentialContact(potential=zero - volts),
            },
            conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
            temperature=T,
        )
        charges.append(model.equilibrium().contact("left").charge)
        assert model.steady().contact("left").charge == relative(charges[0], 1e-9)
    assert charges[0] == relative(charges[1], 1e-9)


def superlattice(cut, **options):
    """Return a period of a|b, 5 nm each, cut at x = `cut` [nm] behind the start of a."""
    x = np.linspace(0.0, 10.0, 101) * NM
    if cut == 0.0:
        parts = [("a", 5 * NM), ("b", 10 * NM)]
        mesh = strip(x, NM, 2, parts)
    else:
        ends = [("b", (5 - cut) * NM), ("a", (10 - cut) * NM), ("last", 10 * NM)]
        mesh = strip(x, NM, 2, ends).with_regions({"last": "b"})
    materials = {
        "a": conductor(NM, standard_potential=2 * KT),
        "b": conductor(NM, conductivity=2e-3),
    }
    return Model(mesh, materials, conserved=[Conserved(carrier="Li", regions=("a", "b"))],
                 temperature=T, **options)  # fmt: skip


def test_the_current_of_a_periodic_cell_does_not_depend_on_where_it_is_cut():
    currents = [
        superlattice(cut, periodic=[Periodic(sides=("left", "right"), potential_jump=0.05)])
        .steady()
        .contact("left")
        .current
        for cut in (0.0, 2.0)
    ]
    assert abs(currents[0]) > 0.0
    assert currents[0] == relative(currents[1], 1e-8)


def test_a_charged_periodic_cell_is_refused():
    model = superlattice(
        0.0,
        periodic=[Periodic(sides=("left", "right"))],
        interfaces={"a|b": Interface(surface_charge=0.05)},
    )
    with pytest.raises(InputError, match="net charge of 5e-11 C/m"):
        model.equilibrium()


def test_a_blocking_interface_blocks_across_periodic_sides_too():
    model = superlattice(
        0.0,
        periodic=[Periodic(sides=("left", "right"), potential_jump=0.05)],
        interfaces={"a|b": Interface(blocking=("Li",))},
    )
    assert model.steady().contact("left").current == 0.0


def test_a_declared_symmetric_side_changes_nothing():
    parts = two_conductors()
    charges = []
    for extra in ({}, {"top": BlockingContact(), "bottom": BlockingContact()}):
        contacts = {"left": ReservoirContact(carrier="Li")} | extra
        model = Model(parts.mesh, parts.materials, contacts=contacts, temperature=T)
        charges.append([side.charge for side in model.equilibrium().interface("a|b").sides])
    assert charges[0] == charges[1]


def test_sides_without_a_reservoir_carry_nothing():
    """Corner nodes belong to the contact that holds them."""
    mesh = rectangle(20, 20, 20 * NM, 20 * NM)
    contacts = {
        "left": ReservoirContact(carrier="Li", potential=0.2),
        "right": ReservoirContact(carrier="Li", potential="neutral"),
        "top": PotentialContact(potential=0.2),
    }
    model = Model(mesh, {"electrolyte": conductor(2 * NM)}, contacts={
        "left": contacts["left"], "right": contacts["right"]}, temperature=T)  # fmt: skip
    solution = model.steady({"right": 0.05})
    assert solution.contact("top").current == solution.contact("top").charge == 0.0
    left, right = (solution.contact(side) for side in ("left", "right"))
    assert left.current == relative(-right.current, 1e-10)
    charge = left.charge + right.charge + solution.charge()
    assert abs(charge) < 1e-12 * abs(left.charge)


@pytest.mark.parametrize("depletion", [5.0, 20.0, 39.0, 60.0])
def test_power_gives_the_resistance_also_where_currents_are_below_rounding(depletion):
    """Bias on either contact gives one resistance; the contact currents of 60 kT are noise."""
    model = slab_between_reservoirs(potential=depletion * KT)
    solutions = [model.steady({side: 1e-3 * KT}) for side in ("left", "right")]
    resistances = [effective_resistance(s) for s in solutions]
    assert resistances[0] == relative(resistances[1], 2e-3)  # linear up to the bias / kT
    assert dissipated_power(solutions[0]) > 0.0
    if depletion < 10.0:
        current = solutions[0].contact("left").current
        assert resistances[0] == relative(1e-3 * KT / current, 1e-9)


@pytest.mark.parametrize("background", [0.0, 1e7])
def test_a_neutral_contact_needs_a_neutral_state(background):
    material = conductor().model_copy(update={"background_charge": background})
    model = Model(
        strip(np.linspace(0.0, 5 * NM, 11)),
        {"electrolyte": material},
        contacts={"left": ReservoirContact(carrier="Li", potential="neutral")},
    )
    with pytest.raises(InputError, match="no potential makes its carriers neutralise"):
        model.equilibrium()


def test_a_neutral_contact_with_an_open_carrier_is_refused():
    model = Model(
        strip(np.linspace(0.0, 5 * NM, 11)),
        {"electrolyte": mixed_conductor(1e-3)},
        contacts={"left": ReservoirContact(carrier="Li", potential="neutral")},
        conserved=[Conserved(carrier="e", regions=("electrolyte",))],
    )
    with pytest.raises(InputError, match=r"nothing fixes carrier 'e' there"):
        model.equilibrium()


def test_a_problem_without_free_unknowns_is_solved():
    model = Model(
        strip([0.0, NM]),
        {"electrolyte": Material(relative_permittivity=10.0)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=1.0),
        },
    )
    np.testing.assert_allclose(np.ptp(model.equilibrium().potential), 1.0, rtol=1e-12)
