"""Local current across an interface with a transfer law."""

import numpy as np
import pytest
from approx import relative
from models import two_conductors
from scipy.constants import Avogadro, elementary_charge

from pyscl import (
    ButlerVolmer,
    ContactResistance,
    InputError,
    Interface,
    Model,
    PotentialContact,
    TransientOptions,
)
from pyscl.postprocess.reaction import reaction_current

LAWS = {
    "butler-volmer": ButlerVolmer(exchange_current=50.0, symmetry=0.3),
    "butler-volmer with occupancy": ButlerVolmer(
        exchange_current=50.0, symmetry=0.3, occupancy=True
    ),
    "resistance": ContactResistance(resistance=1e-4),
}


def cell(law, **model):
    return two_conductors(interfaces={"a|b": Interface(kinetics={"Li": law})}, **model)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_the_steady_reaction_current_is_the_contact_current(law):
    """What passes the interface of a strip shall be what enters at the contact, everywhere."""
    steady = cell(law).steady({"left": 0.1})
    entering = steady.contact("left").current
    found = reaction_current(steady, "b | a", "Li")
    assert found.interface == "a|b"
    assert found.unit == "A/m"
    assert found.total == relative(entering, 1e-9)
    assert found.measure.sum() == relative(4e-9, 1e-12)
    assert found.density == pytest.approx(entering / 4e-9, rel=1e-8)
    assert found.mean == relative(entering / 4e-9, 1e-9)
    assert found.spread < 1e-8 * found.mean


def test_a_share_of_the_contact_carries_all_the_current_where_it_touches():
    """Facets that are not in contact shall carry nothing, the others more than the mean."""
    touches = np.array([1.0, 0.0, 0.5])
    law = LAWS["butler-volmer"]
    steady = cell(law, contact_share={"a|b": touches}).steady({"left": 0.1})
    found = reaction_current(steady, "a|b", "Li")
    assert found.total == relative(steady.contact("left").current, 1e-9)
    assert found.density[touches == 0.0] == 0.0
    assert found.spread > 0.3 * found.mean


def test_nothing_reacts_in_equilibrium():
    equilibrium = cell(LAWS["butler-volmer"]).equilibrium()
    assert abs(reaction_current(equilibrium, "a|b", "Li").density).max() < 1e-9


def test_the_reaction_is_what_the_amount_of_a_closed_region_changes_by():
    """In a transient the current shall be the change of the amount behind the interface."""
    model = cell(LAWS["butler-volmer"])
    closed = Model(
        model.mesh,
        model.materials,
        interfaces=model.interfaces,
        contacts={"left": model.contacts["left"], "right": PotentialContact(potential=0.0)},
    )
    steps = closed.transient(
        ["Step to 0.1 V", "Wait for 1 us"],
        contact="left",
        options=TransientOptions(scheme="backward-euler", save="all"),
    )
    amounts = [s.amount("Li", "b") for s in steps.solutions]
    entering = np.diff(amounts) / np.diff(steps.times) * Avogadro * elementary_charge
    found = [reaction_current(s, "a|b", "Li").total for s in steps.solutions[1:]]
    assert found[3:] == pytest.approx(entering[3:], rel=1e-6)


def test_axisymmetric_currents_are_those_of_the_whole_body():
    steady = cell(LAWS["resistance"], coordinates="axisymmetric").steady({"left": 0.1})
    found = reaction_current(steady, "a|b", "Li")
    assert found.unit == "A"
    assert found.measure.sum() == relative(2.0 * np.pi * 10e-9 * 4e-9, 1e-12)
    assert found.total == relative(steady.contact("left").current, 1e-9)


def test_a_current_that_does_not_follow_from_the_state_is_refused():
    solution = two_conductors().equilibrium()
    with pytest.raises(InputError, match=r"'Li' has no transfer law at 'a\|b'.*give the interface"):
        reaction_current(solution, "a|b", "Li")
    with pytest.raises(InputError, match=r"a\|c.*a\|b"):
        reaction_current(solution, "a|c", "Li")
    with pytest.raises(InputError, match="Na"):
        reaction_current(solution, "a|b", "Na")
