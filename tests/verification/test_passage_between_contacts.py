"""What conducts between two contacts: driving forces, several carriers, other electrodes, ways."""

from dataclasses import replace

import numpy as np
import pytest
from models import three_contacts

from pyscl import (
    BlockingContact,
    Carrier,
    Conserved,
    InputError,
    Material,
    Model,
    Periodic,
    PotentialContact,
    ReservoirContact,
)
from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import ButlerVolmer, ContactResistance
from pyscl.mesh import rectangle
from pyscl.postprocess.resistance import effective_resistance
from pyscl.study.effective_conductivity import effective_conductivity
from pyscl.verification.setups import lattice_gas, reservoir

SIGMA = 0.1  # S/m
LENGTH, WIDTH = 40e-9, 8e-9
FREE = ReservoirContact(carrier="Li")
ENDS = {"left": FREE, "right": FREE}
LATTICE = LatticeGasLayer(10.0, 1e26, 0.5)


def ion(name="Li", charge=1, sigma=SIGMA, **carrier):
    """A carrier whose conductivity does not depend on the state."""
    return Carrier(
        name=name, charge=charge, conductivity=sigma,
        **{"site_density": 1e26, "site_fraction": 0.5, "mobility": "constant-conductivity"}
        | carrier,
    )  # fmt: skip


def bar(carriers=None, regions=None, cells=(20, 4), **model):
    """Return a bar of one material, or of several by a function of x/LENGTH and y/WIDTH."""
    mesh = rectangle(*cells, LENGTH, WIDTH)
    names = ("bar",)
    if regions is not None:
        x, y = (mesh.points[mesh.triangles].mean(axis=1) / [LENGTH, WIDTH]).T
        names, which = regions(x, y)
        mesh = replace(mesh, region=which.astype(np.int32), region_names=names)
    else:
        mesh = replace(mesh, region_names=names)
    one = Material(relative_permittivity=10.0, carriers=tuple(carriers or [ion()]))
    return Model(mesh, model.pop("materials", {name: one for name in names}), **model)


def rows(state, *words):
    return {(q.place, q.name): q for q in state.quantities() if any(w in q.name for w in words)}


# --- driving forces --------------------------------------------------------------------------


@pytest.mark.parametrize("volts", [1e-4, -1e-4])
def test_only_what_the_bias_adds_to_a_current_counts(volts):
    """Reservoirs at 0.01 and 0 eV drive a hundred times the current of the bias."""
    contacts = {
        "left": FREE.model_copy(update={"electrochemical_potential": 0.01}),
        "right": FREE.model_copy(update={"electrochemical_potential": 0.0}),
    }
    model = bar(contacts=contacts)
    state = model.steady({"left": volts})
    ohm = LENGTH / (SIGMA * WIDTH)
    assert abs(state.contact("left").current) > 90.0 * abs(volts / ohm)
    assert effective_resistance(state) == pytest.approx(ohm, rel=1e-6)
    found = rows(state, "effective", "tortuosity")
    assert found["run", "effective conductivity xx"].value == pytest.approx(SIGMA, rel=1e-6)
    assert found["bar", "tortuosity xx"].value == pytest.approx(1.0, rel=1e-6)
    result = effective_conductivity(model, voltage=volts)
    assert result.tensor[0, 0] == pytest.approx(SIGMA, rel=1e-6)


def test_a_bias_on_a_blocking_electrode_has_no_resistance():
    contacts = {**ENDS, "top": PotentialContact(potential=0.0)}
    state = bar(contacts=contacts).steady({"top": 0.01})
    assert effective_resistance(state) is None
    assert not rows(state, "effective", "tortuosity")


def test_a_single_exchanging_contact_has_no_resistance():
    contacts = {"left": FREE, "right": PotentialContact(potential=0.0)}
    assert effective_resistance(bar(contacts=contacts).steady({"left": 0.01})) is None


def test_a_large_bias_has_a_note():
    model = bar(contacts=ENDS)
    small, large = (
        rows(model.steady({"left": volts}), "effective conductivity") for volts in (0.02, 0.03)
    )
    key = ("run", "effective conductivity xx")
    assert small[key].note == ""
    assert "not that of a small voltage" in large[key].note


# --- several carriers ------------------------------------------------------------------------


def salt(share):
    """Cations with a share of the conductivity, and anions."""
    dilute = {"statistics": "boltzmann", "site_fraction": 1.0}
    return (
        ion(sigma=share * SIGMA, **dilute),
        ion("anion", -1, (1.0 - share) * SIGMA, **dilute),
    )


@pytest.mark.parametrize("share", [0.3, 1e-5])
def test_tortuosity_is_that_of_the_carrier_that_the_contacts_exchange(share):
    """A straight bar has 1, however well the blocked carrier conducts in the bulk."""
    conserved = [Conserved(carrier="anion", regions=("bar",))]
    model = bar(salt(share), contacts=ENDS, conserved=conserved)
    result = effective_conductivity(model)
    assert result.tensor[0, 0] == pytest.approx(share * SIGMA, rel=1e-5)
    assert result.tortuosity("bar")[0] == pytest.approx(1.0, rel=1e-5)
    assert "of Li" in result.quantities()[0].definition
    found = rows(model.steady({"left": 1e-4}), "tortuosity", "effective conductivity")
    assert found["bar", "tortuosity xx"].value == pytest.approx(1.0, rel=1e-5)
    assert "all other carriers are at rest" in (
        found["run", "effective conductivity xx"].definition
    )


def test_all_carriers_conduct_in_a_cell():
    cell = [Periodic(sides=("left", "right")), Periodic(sides=("bottom", "top"))]
    conserved = [Conserved(carrier=name, regions=("bar",)) for name in ("Li", "anion")]
    result = effective_conductivity(bar(salt(0.3), periodic=cell, conserved=conserved))
    np.testing.assert_allclose(result.tensor, SIGMA * np.eye(2), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.tortuosity("bar"), 1.0, rtol=1e-9)
    assert "all carriers" in result.quantities()[0].definition
    for axis, state in zip("xy", result.states, strict=True):  # each knows its column
        found = rows(state, "effective")
        assert set(found) == {("run", f"effective conductivity {i}{axis}") for i in "xy"}
        along = found["run", f"effective conductivity {axis}{axis}"]
        assert along.value == pytest.approx(SIGMA, rel=1e-9)
    assert not rows(result.model.steady(), "effective")


def test_contacts_of_different_carriers_conduct_nothing():
    contacts = {"left": FREE, "right": ReservoirContact(carrier="anion")}
    model = bar(salt(0.3), contacts=contacts)
    with pytest.raises(InputError, match="exchange different carriers"):
        effective_conductivity(model)
    assert not rows(model.steady({"left": 1e-4}), "effective", "tortuosity")


# --- other contacts --------------------------------------------------------------------------


def gated(**others):
    """A thin film whose conductivity follows the empty sites, under a gate."""
    level = {"electrochemical_potential": 0.0}
    ends = {side: FREE.model_copy(update=level) for side in ENDS}
    return bar((ion(mobility="vacancy"),), contacts={**ends, **others}, cells=(8, 8))


def test_electrodes_beside_the_way_keep_their_potential():
    """An electrode that blocks, or one of its own reservoir, fills the sites under it."""
    free = effective_conductivity(gated()).tensor[0, 0]
    state = gated(top=PotentialContact(potential=-0.3)).steady({"left": 1e-4})
    measured = state.contact("left").current * LENGTH / (1e-4 * WIDTH)
    assert measured < 0.9 * free
    exchanging = ReservoirContact(carrier="Li", potential=-0.3, electrochemical_potential=0.0)
    for gate in (PotentialContact(potential=-0.3), exchanging):
        result = effective_conductivity(gated(top=gate), [("left", "right")])
        assert result.tensor[0, 0] == pytest.approx(measured, rel=1e-4)
    (row,) = rows(state, "effective conductivity").values()
    assert row.value == pytest.approx(measured, rel=1e-4)


def test_charged_sides_keep_their_charge():
    charged = BlockingContact(surface_charge=-0.05)
    free, bound = (effective_conductivity(m).tensor[0, 0] for m in (gated(), gated(top=charged)))
    assert abs(bound / free - 1.0) > 0.05


@pytest.mark.parametrize(
    "law", [ButlerVolmer(exchange_current=10.0), ContactResistance(resistance=1e-4)]
)
def test_kinetics_of_a_contact_are_no_conductivity(law):
    slow = ReservoirContact(carrier="Li", potential="neutral", kinetics=law)
    model = bar(contacts={"left": slow, "right": FREE})
    with pytest.raises(InputError, match="contact 'left' has kinetics"):
        effective_conductivity(model)
    found = rows(model.steady({"right": 1e-4}), "effective", "tortuosity")
    row = found["run", "effective conductivity xx"]
    assert row.value is None
    assert "has kinetics" in row.note
    assert found["run", "effective resistance"].value > 1.1 * LENGTH / (SIGMA * WIDTH)
    assert ("bar", "tortuosity xx") not in found


# --- ways ------------------------------------------------------------------------------------


def blocks(gap):
    """Two ends of a good conductor with a poor one between them, over a part of the height."""

    def regions(x, y):
        return ("good", "poor"), (np.abs(x - 0.5) < 0.2) & (y < gap)

    def material(sigma):
        return Material(relative_permittivity=10.0, carriers=(ion(sigma=sigma),))

    materials = {"good": material(1.0), "poor": material(1e-3)}
    return bar(regions=regions, materials=materials, contacts=ENDS)


def test_a_region_that_does_not_join_the_contacts_has_no_tortuosity():
    apart, joined = blocks(1.1), blocks(0.5)
    for model, there in ((apart, False), (joined, True)):
        result = effective_conductivity(model)
        found = rows(result.states[0], "tortuosity")
        assert (("good", "tortuosity xx") in found) == there
        assert ("poor", "tortuosity xx") not in found
        assert np.isfinite(result.tortuosity("good")[0]) == there
        assert np.isnan(result.tortuosity("poor")[0])


def test_a_way_may_lead_through_periodic_sides():
    """Two halves that meet only where the top is the bottom."""
    materials = {
        name: lattice_gas(LATTICE, conductivity=sigma, mobility="constant-conductivity")
        for name, sigma in (("good", 1.0), ("poor", 1e-3))
    }
    ends = {side: reservoir(potential=None) for side in ENDS}
    around = [Periodic(sides=("bottom", "top"))]
    wrapped = bar(regions=steps, materials=materials, contacts=ends, periodic=around, cells=(20, 8))
    for model, there in ((wrapped, True), (wrapped.with_(periodic=[]), False)):
        result = effective_conductivity(model, [("left", "right")])
        assert np.isfinite(result.tortuosity("good")[0]) == there


def steps(x, y):
    """A low bar on the left and a high one on the right: they meet at top and bottom only."""
    good = ((x < 0.6) & (y < 0.3)) | ((x > 0.4) & (y > 0.7))
    return ("good", "poor"), ~good


def test_three_contacts_have_no_way_of_their_own():
    found = rows(three_contacts().steady({"left": 1e-4}), "effective")
    assert ("run", "effective resistance") in found
    assert ("run", "effective conductivity xx") not in found
