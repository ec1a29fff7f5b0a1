"""Steady states under a given current: the voltage that drives it, and currents with no way out."""

from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, conductor, slab_between_reservoirs, two_conductors

from pyscl import (
    BlockingContact,
    Carrier,
    Conserved,
    ConvergenceError,
    InputError,
    Interface,
    Material,
    Model,
    PotentialContact,
    ReservoirContact,
    SolverOptions,
)
from pyscl.boundaries import ButlerVolmer, ContactResistance
from pyscl.mesh import strip

LI = ReservoirContact(carrier="Li", potential="neutral")
ELECTRONS = ReservoirContact(carrier="e", potential="neutral")
WIDTH = 4 * NM  # of `two_conductors`


def bar(contacts, coordinates="planar", **material):
    """Return a conductor of 10 x 4 nm with given contacts."""
    mesh = strip(np.linspace(0.0, 10.0, 21) * NM, WIDTH, 4)
    return Model(
        mesh,
        {"electrolyte": conductor(**material)},
        contacts=contacts,
        coordinates=coordinates,
        temperature=T,
    )


def with_groups(model, groups):
    """Return the mesh of a model with outer facets x < limit (and so on) as further groups."""
    mesh = model.mesh
    facets, group, names = mesh.facets, mesh.facet_group, mesh.facet_names
    for name, inside in groups.items():
        outer = mesh.boundary
        own = outer[inside(*mesh.points[outer].mean(axis=1).T)]
        facets = np.concatenate([facets, own])
        group = np.append(group, np.full(len(own), len(names), np.int32))
        names = (*names, name)
    return replace(mesh, facets=facets, facet_group=group, facet_names=names)


# The voltage.


@pytest.mark.parametrize("density", [3e6, -3e6, "0.3 kA/cm^2"])
def test_an_ohmic_bar_takes_its_voltage(density):
    """V = j L / sigma, and both contacts carry the total, to 1e-9."""
    solution = bar({"left": LI, "right": LI}).steady(current={"left": density})
    number = 3e6 if isinstance(density, str) else density
    assert solution.bias["left"] == relative(number * 10 * NM / 1e-2, 1e-9)
    assert solution.contact("left").current == relative(number * WIDTH, 1e-9)
    assert solution.contact("right").current == relative(-number * WIDTH, 1e-9)
    assert solution.kind == "steady"


def test_the_density_is_a_mean_over_the_contact_in_the_round():
    """Along the axis of a cylinder of 10 nm: V = j L / sigma, I = j pi R^2."""
    model = bar({"bottom": LI, "top": LI}, "axisymmetric")
    solution = model.steady(current={"top": -2e6})
    assert solution.bias["top"] == relative(-2e6 * WIDTH / 1e-2, 1e-9)
    assert solution.contact("top").current == relative(-2e6 * np.pi * (10 * NM) ** 2, 1e-9)
    assert solution.contact("top").unit == "A"


@pytest.mark.parametrize("volts", [-10 * KT, 5 * KT, 10 * KT])
@pytest.mark.parametrize(
    "model",
    [
        {},
        {"interfaces": {"a|b": Interface(kinetics={"Li": ContactResistance(resistance=1e-6)})}},
        {
            "interfaces": {
                "a|b": Interface(
                    kinetics={"Li": ButlerVolmer(exchange_current=1e4, occupancy=True)},
                    compact_capacitance=0.1,
                )
            }
        },
    ],
    ids=["equilibrium", "resistance", "butler-volmer and compact layer"],
)
def test_the_current_of_a_voltage_asks_for_this_voltage(model, volts):
    """There and back: the same state, to the tolerance of Newton's method."""
    model = two_conductors(**model)
    held = model.steady({"left": volts})
    density = held.contact("left").current / WIDTH
    driven = model.steady(current={"left": density})
    assert driven.bias["left"] == relative(volts, 1e-8)
    assert driven.unknowns == pytest.approx(held.unknowns, abs=1e-7)
    assert driven.contact("left").current == relative(held.contact("left").current, 1e-9)
    assert driven.contact("right").current == relative(-held.contact("left").current, 1e-9)


def test_no_current_is_the_equilibrium():
    """At zero current the voltage is that of rest, though space charge fills the slab."""
    model = slab_between_reservoirs()
    driven = model.steady(current={"left": 0.0})
    assert driven.bias["left"] == pytest.approx(0.0, abs=1e-9)
    assert driven.unknowns == pytest.approx(model.equilibrium().unknowns, abs=1e-8)


def test_contact_with_kinetics_and_compact_layer():
    """The electrode's overpotential is in its voltage: V = j L/sigma + 2 asinh(j/2 i0) kT/e.

    The compact layer is thick, so that the potential steps with the level and the conductor stays
    neutral, to the square of the field over a Debye length, 0.02 kT/e.
    """
    contact = ReservoirContact(
        carrier="Li",
        potential="neutral",
        kinetics=ButlerVolmer(exchange_current=1e3),
        compact_capacitance=1e-9,
    )
    solution = bar({"left": contact, "right": LI}).steady(current={"left": 1e4})
    exact = 1e4 * 10 * NM / 1e-2 + 2.0 * KT * np.arcsinh(5.0)
    assert solution.bias["left"] == relative(exact, 1e-4)
    assert solution.contact("left").displacement == 0.0


def test_a_start_is_continued():
    """From a state at another current: the same result, and the bias of the start is left."""
    model = two_conductors()
    first = model.steady(current={"left": 1e6})
    from_start = model.steady(start=first, current={"left": 2e6})
    assert from_start.bias["left"] == relative(
        model.steady(current={"left": 2e6}).bias["left"], 1e-8
    )
    assert from_start.unknowns == pytest.approx(
        model.steady(current={"left": 2e6}).unknowns, abs=1e-7
    )


def test_continuation_raises_the_current_in_steps():
    """With few iterations per solve the current is reached in several steps."""
    model = slab_between_reservoirs()
    density = model.steady({"left": 39 * KT}).contact("left").current / NM
    direct = model.steady(current={"left": density})
    allowed = direct.history.factorisations - 2
    stepwise = model.steady(
        current={"left": density}, options=SolverOptions(max_iterations=allowed)
    )
    assert stepwise.history.bias_steps > direct.history.bias_steps == 1
    assert stepwise.bias["left"] == relative(39 * KT, 1e-7)
    assert stepwise.unknowns == pytest.approx(direct.unknowns, abs=1e-6)


def test_a_failure_keeps_the_last_good_state_and_its_voltage():
    model = slab_between_reservoirs()
    density = model.steady({"left": 39 * KT}).contact("left").current / NM
    start = model.steady(current={"left": 0.1 * density})
    options = SolverOptions(max_iterations=6, smallest_bias_step=0.3)
    with pytest.raises(ConvergenceError) as caught:
        model.steady(start=start, current={"left": 100.0 * density}, options=options)
    assert not caught.value.history.converged
    assert caught.value.last_good is start


# Several contacts.


def test_two_currents_add_up_in_the_third_contact():
    """Two parts of the left side driven, the right side held; their voltages differ."""
    plain = bar({})
    mesh = with_groups(
        plain,
        {
            "low": lambda x, y: (x == 0.0) & (y < 1 * NM),
            "high": lambda x, y: (x == 0.0) & (y > 3 * NM),
        },
    )
    contacts = {"low": LI, "high": LI, "right": LI}
    model = Model(mesh, plain.materials, contacts=contacts, temperature=T)
    solution = model.steady(current={"low": 2e6, "high": -1e6})
    through = {name: solution.contact(name).current for name in contacts}
    assert through["low"] == relative(2e6 * NM, 1e-9)
    assert through["high"] == relative(-1e6 * NM, 1e-9)
    assert through["right"] == relative(-1e6 * NM, 1e-9)
    assert solution.bias["low"] > 0.0
    again = model.steady({name: solution.bias[name] for name in ("low", "high")})
    assert again.contact("low").current == relative(through["low"], 1e-8)


def test_a_current_beside_a_bias():
    """The bias moves the voltage against which the current is driven."""
    model = bar({"left": LI, "right": LI})
    solution = model.steady({"right": 0.2}, current={"left": 3e6})
    assert solution.bias["left"] == relative(0.2 + 3e6 * 10 * NM / 1e-2, 1e-9)
    assert solution.bias["right"] == 0.2


def test_electrons_carry_the_current_of_their_contact():
    """A mixed conductor between electron contacts, lithium closed in: I is that of electrons."""
    sites = 2e26
    mixed = Material(
        relative_permittivity=20.0,
        carriers=(
            Carrier(name="Li", charge=1, site_density=sites, site_fraction=0.5, conductivity=1e-3),
            Carrier(name="e", charge=-1, site_density=sites, site_fraction=0.5, conductivity=1e-2),
        ),
    )
    mesh = strip(np.linspace(0.0, 10.0, 21) * NM, WIDTH, 2)
    held = ReservoirContact(carrier="e", electrochemical_potential=0.0, potential=0.0)
    model = Model(
        mesh,
        {"electrolyte": mixed},
        contacts={"left": held, "right": held},
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
        temperature=T,
    )
    solution = model.steady(current={"left": 1e3})
    result = solution.contact("left")
    assert result.currents["e"] == relative(1e3 * WIDTH, 1e-9)
    assert result.currents["Li"] == 0.0
    assert solution.bias["left"] == relative(1e3 * 10 * NM / 1e-2, 1e-4)  # sigma of electrons
    assert solution.amount("Li") == relative(model.equilibrium().amount("Li"), 1e-10)


# Mistakes.


@pytest.mark.parametrize(
    ("bias", "current", "words"),
    [
        ({}, {"lft": 1.0}, "no contact 'lft' for the current. Allowed: left, right, top. Did you"),
        ({"left": 0.1}, {"left": 1.0}, "'left' has a bias and a current; give one of them"),
        ({}, {"top": 1.0}, "'top' is blocking, no current can be given"),
        ({}, {"left": "1 V"}, "expected a current density"),
        ({}, {"left": np.nan}, "not a finite number"),
        ({}, {"left": 1.0, "right": 1.0}, "no steady current flows through contact 'left'"),
    ],
)
def test_currents_that_contradict_are_refused(bias, current, words):
    model = bar({"left": LI, "right": LI, "top": BlockingContact()})
    with pytest.raises(InputError, match=words):
        model.steady(bias, current=current)


def test_currents_without_a_way_out_are_refused():
    """Into an electrode that blocks, a part that no other contact reaches, or the last contact."""
    blocked = bar({"left": PotentialContact(potential=0.0), "right": LI})
    with pytest.raises(InputError, match=r"contact 'left': .* reaches no contact .*transient"):
        blocked.steady(current={"left": 1.0})
    split = two_conductors(interfaces={"a|b": Interface(blocking=("Li",))})
    with pytest.raises(InputError, match="no steady current flows through contact 'right'"):
        split.steady(current={"right": 1.0})


@pytest.mark.parametrize("neighbour", [LI, PotentialContact(potential=0.0)], ids=["Li", "plate"])
def test_contacts_that_share_a_node_are_refused(neighbour):
    """A driven contact and its neighbour would hold the corner at two voltages."""
    model = bar({"left": LI, "bottom": neighbour, "right": LI})
    with pytest.raises(InputError, match=r"'left' and 'bottom' share a node.*leave a gap"):
        model.steady(current={"left": 1.0})


def test_carriers_without_mobility_are_refused():
    model = bar({"left": LI, "right": LI}, conductivity=None)
    with pytest.raises(InputError, match="'Li' in region 'electrolyte' has no mobility"):
        model.steady(current={"left": 1.0})
