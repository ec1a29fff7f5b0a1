"""The static response of a contact against central differences of steady states."""

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, blocking_cell, conductor, pellet, three_contacts, two_conductors

from pyscl import (
    ButlerVolmer,
    Conserved,
    InputError,
    Interface,
    Material,
    Model,
    PotentialContact,
    ReservoirContact,
)  # fmt: skip
from pyscl.mesh import graded, strip
from pyscl.study import static_response as study
from pyscl.study.static_response import passing_carriers, static_response
from pyscl.verification.impedance_setups import insertion_cell, reversible_cell


def difference(model, bias, value, start=None, step=1e-4, **more):
    """Return the central difference of value(state) with respect to the voltage of left."""
    below, above = (value(model.steady({"left": bias + d}, start, **more)) for d in (-step, step))
    return (above - below) / (2 * step)


# Charges.


@pytest.mark.parametrize("bias", [-0.5, 0.2, 0.8])
def test_a_pellet_of_a_millimetre_follows_completely(bias):
    """It takes a year: the ions pass the layer and the whole pellet."""
    model = pellet()
    state = model.steady({"left": bias})
    expected = difference(model, bias, lambda s: s.contact("left").charge, state, 1e-3)
    response = state.static_response("left")
    assert response.charges["left"] == relative(expected, 2e-4)
    assert response.capacitance == relative(expected, 2e-4)
    assert response.conductance == 0.0


@pytest.mark.parametrize("conductivity", [1e-2, 1e-9, 1e-15, 1e-30])
def test_a_static_charge_does_not_know_the_conductivity(conductivity):
    state = blocking_cell(conductivity=conductivity).steady({"left": -0.1})
    expected = difference(blocking_cell(), -0.1, lambda s: s.contact("left").charge)
    charges = static_response(state, "left").charges
    assert charges["left"] == relative(expected, 1e-6)
    assert charges["right"] == relative(-expected, 1e-6)


def test_a_slow_layer_in_a_fast_cell_is_waited_for():
    """A nanometre with 1e-12 of the conductivity, far behind the relaxation of the rest."""
    x = graded(20 * NM, 0.05 * NM, 1.2, 0.5 * NM, fine="both")
    mesh = strip(
        x,
        regions=[("slow", x[8]), ("fast", 20 * NM)],
    )

    def cell(conductivity):
        return Model(
            mesh,
            {"slow": conductor(conductivity=conductivity), "fast": conductor()},
            contacts={"left": PotentialContact(potential=0.0), "right": reservoir_contact()},
            temperature=T,
        )

    even = cell(1e-2).steady({"left": 0.1}).static_response("left").charges["left"]
    uneven = cell(1e-14).steady({"left": 0.1}).static_response("left").charges["left"]
    assert uneven == relative(even, 1e-6)


def reservoir_contact():
    return ReservoirContact(carrier="Li", potential="neutral")


def particle(exchange):
    """Return an insertion cell with an exchange current [A/m2]."""
    law = Interface(
        kinetics={"Li": ButlerVolmer(exchange_current=exchange)}, compact_capacitance=5e-3
    )
    return insertion_cell((1e-7, 1e-6), (1e-2, 1e-5, 10.0), law, 5.0)


def test_slow_kinetics_is_waited_for():
    """Each lithium that leaves the particle is an elementary charge through the contact."""
    response = particle(1e-5).equilibrium().static_response("left")
    stored = difference(particle(10.0), 0.0, lambda s: s.amount("Li")) * 96485.33212
    assert response.capacitance == relative(stored, 1e-5)
    assert response.conductances == {"Li": 0.0, "e": 0.0}


@pytest.mark.parametrize("exchange", [1e-10, 1e-15, 1e-20])
def test_kinetics_below_the_rounding_of_the_particle_is_refused(exchange):
    """The particle's level would drift by rounding rather than follow its contact."""
    with pytest.raises(InputError, match=r"contact 'left' is lost in rounding"):
        particle(exchange).equilibrium().static_response("left")


# Currents.


@pytest.mark.parametrize("bias", [0.0, 0.3])
def test_conductance_is_the_slope_of_the_current(bias):
    model = two_conductors()
    state = model.steady({"left": bias})
    response = state.static_response("left")
    slope = difference(model, bias, lambda s: s.contact("left").current, state)
    assert response.conductance == relative(slope, 1e-5)
    assert np.isnan(response.capacitance)
    for name in ("left", "right"):
        slope = difference(model, bias, lambda s, name=name: s.contact(name).charge, state)
        assert response.charges[name] == relative(slope, 1e-5)


@pytest.mark.parametrize("bias", [0.5 * KT, 2 * KT])
def test_conductance_of_a_polarised_salt_is_the_slope_of_its_current(bias):
    model = reversible_cell(6e23, 50.0, 2.0, 20.0)
    response = model.steady({"left": bias}).static_response()
    slope = difference(model, bias, lambda s: s.contact("left").currents["cation"])
    assert response.conductances["cation"] == relative(slope, 1e-5)
    assert response.conductances["anion"] == 0.0


def test_open_contacts_carry_no_current_and_references_count():
    model = three_contacts()
    state = model.equilibrium()
    response = state.static_response("left", reference="right", open_contacts=["top"])
    slope = difference(model, 0.0, lambda s: s.contact("left").current, current={"top": 0.0})
    assert response.conductance == relative(slope, 1e-5)
    assert response.open_contacts == ("top",)
    # the same current, per voltage between left and the probe
    probe = difference(model, 0.0, lambda s: s.bias["top"], current={"top": 0.0})
    against = state.static_response("left", reference="top", open_contacts=["top"])
    assert against.conductance == relative(slope / (1 - probe), 1e-5)
    held = state.static_response("left")
    assert held.conductance > 1.5 * response.conductance


def test_a_resistive_layer_is_not_lost_in_the_flows_beside_it():
    """Drained by 1.5 V; the current of a steady state is good to 1e-14 of that of an element."""
    from pyscl.analytic import LatticeGasLayer
    from pyscl.postprocess.resistance import effective_resistance

    length = LatticeGasLayer(10.0, 2e26, 0.5).debye_length
    model = Model(
        strip(graded(50 * NM, length / 20, 1.05, 1 * NM)),
        {"electrolyte": conductor()},
        contacts={
            "left": ReservoirContact(carrier="Li", potential=1.5),
            "right": reservoir_contact(),
        },
        temperature=T,
    )
    conductance = model.equilibrium().static_response("left").conductance
    resistance = effective_resistance(model.steady({"left": 1e-4 * KT}))
    assert conductance == relative(1.0 / resistance, 1e-4)


def test_carriers_pass_between_two_contacts_that_exchange_them():
    model = three_contacts()
    assert passing_carriers(model, "left") == {"Li"}
    assert passing_carriers(model, "left", ["right", "top"]) == set()
    assert passing_carriers(blocking_cell(), "left") == set()


# States and models without a static response.


def test_a_state_that_still_changes_is_refused_and_one_at_rest_is_not():
    model = blocking_cell()
    charging = model.transient(["Step to 50 mV", "Hold at 50 mV for 0.1 ns"], contact="left").final
    with pytest.raises(InputError, match=r"not steady.*take one \(Model.steady\)"):
        charging.static_response("left")
    rested = model.transient(["Step to 50 mV", "Wait until steady"], contact="left").final
    expected = model.steady({"left": 0.05}).static_response("left").charges["left"]
    assert rested.static_response("left").charges["left"] == relative(expected, 1e-3)


def test_carriers_that_cannot_move_are_refused():
    base = blocking_cell()
    carrier = conductor().carriers[0].model_copy(update={"conductivity": None})
    model = Model(
        base.mesh,
        {"electrolyte": Material(relative_permittivity=10.0, carriers=(carrier,))},
        contacts=base.contacts,
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
        temperature=T,
    )
    with pytest.raises(InputError, match="has no mobility"):
        model.equilibrium().static_response("left")


def test_a_response_that_does_not_settle_is_refused(monkeypatch):
    monkeypatch.setattr(study, "_SETTLED", -1.0)
    with pytest.raises(InputError, match="contact 'left' is lost in rounding"):
        two_conductors().equilibrium().static_response("left")


def test_a_reference_that_follows_is_refused():
    """No direct current passes, so that an open contact takes the voltage of the driven one."""
    base = three_contacts()
    model = Model(
        base.mesh,
        base.materials,
        contacts=base.contacts | {"right": PotentialContact(potential=0.0)},
        temperature=T,
    )
    with pytest.raises(InputError, match="'left' has no voltage against 'top'"):
        model.equilibrium().static_response("left", reference="top", open_contacts=["top"])


def test_unknown_contacts_are_refused():
    with pytest.raises(InputError, match="Did you mean 'left'"):
        blocking_cell().equilibrium().static_response("lft")
