"""Imperfect contact: a share of the area, fields of it, and facets without any."""

from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import NM, T, conductor, two_conductors

from pyscl import (
    InputError,
    Interface,
    Model,
    ReservoirContact,
)
from pyscl.boundaries import ButlerVolmer, ContactResistance
from pyscl.mesh import strip

WIDTH = 2 * NM
LI = ReservoirContact(carrier="Li", potential="neutral")
OPEN = {
    "left": LI,
    "right": ReservoirContact(carrier="Li", electrochemical_potential=0.0, potential="neutral"),
}


def kinetic(share=1.0, current=1e4, resistance=None, **model):
    law = (
        ContactResistance(resistance=resistance)
        if resistance
        else ButlerVolmer(exchange_current=current, symmetry=0.4, occupancy=True)
    )
    interfaces = {"a|b": Interface(kinetics={"Li": law}, contact_share=share)}
    return two_conductors(interfaces=interfaces, **model)


@pytest.mark.parametrize("share", [1e-3, 0.25])
def test_contact_share_scales_the_transfer(share):
    """A share s of the area is s times the exchange current, or 1/s times the resistance."""
    bias = {"left": 0.1}
    pairs = [
        (kinetic(share), kinetic(current=share * 1e4)),
        (kinetic(share, resistance=1e-6), kinetic(resistance=1e-6 / share)),
    ]
    for scaled, equal in pairs:
        its, other = scaled.steady(bias), equal.steady(bias)
        assert its.contact("left").current == relative(other.contact("left").current, 1e-10)
        assert its.unknowns == pytest.approx(other.unknowns, abs=1e-8)


def test_without_contact_nothing_flows():
    """A share of 0 blocks kinetics and equilibrium alike."""
    for model in (kinetic(0.0), two_conductors(interfaces={"a|b": Interface(contact_share=0.0)})):
        solution = model.steady({"left": 0.1})
        assert abs(solution.contact("left").current) < 1e-18
        one_reservoir = Model(
            model.mesh,
            model.materials,
            contacts={"left": LI},
            interfaces=model.interfaces,
        )
        with pytest.raises(InputError, match="'Li' in region b has neither a reservoir nor"):
            one_reservoir.equilibrium()


@pytest.mark.parametrize(
    "field",
    [0.25, np.full(3, 0.25), lambda x, y: 0.25 + 0.0 * x],
    ids=["number", "values", "function"],
)
def test_a_uniform_field_is_the_number(field):
    bias = {"left": 0.1}
    expected = kinetic(0.125).steady(bias).unknowns
    model = kinetic(0.5, contact_share={"b | a": field})
    assert list(model.contact_share) == ["a|b"]
    assert model.contact_shares("a|b") == relative([0.125] * 3, 1e-15)
    assert np.array_equal(model.steady(bias).unknowns, expected)


HEIGHT, ROWS = 4 * NM, 8


def half_open(kind, law):
    """Return a bilayer that is in contact below 2 nm: by a field, a facet group, or two regions."""
    half = np.array([3.0, 2.0, 1.0, 0.5, 0.0])
    x = np.concatenate([4.0 - half, 4.0 + half[-2::-1]]) * NM
    mesh = strip(x, HEIGHT, ROWS, [("a", 4 * NM), ("b", 7 * NM)])
    materials = {"a": conductor(), "b": conductor(1 * NM, 30.0, 0.3, conductivity=1e-3)}
    model = {"contacts": {"left": LI, "right": OPEN["right"]}, "temperature": T}
    if kind == "field":
        share = {"a|b": lambda x, y: (y < 2 * NM).astype(float)}
        return Model(mesh, materials, interfaces={"a|b": law}, contact_share=share, **model)
    if kind == "facet group":
        facets = mesh.interfaces["a|b"]
        above = facets[mesh.points[facets, 1].mean(axis=1) > 2 * NM]
        mesh = replace(
            mesh,
            facets=np.concatenate([mesh.facets, above[:, ::-1]]),
            facet_group=np.append(mesh.facet_group, np.full(len(above), 4, np.int32)),
            facet_names=(*mesh.facet_names, "void"),
        )
        lost = law.model_copy(update={"lost_contact": ("void",)})
        return Model(mesh, materials, interfaces={"a|b": lost}, **model)
    upper = (mesh.region == 1) & (mesh.points[mesh.triangles, 1].mean(axis=1) > 2 * NM)
    mesh = replace(mesh, region=np.where(upper, 2, mesh.region), region_names=("a", "b", "c"))
    blocked = law.model_copy(update={"kinetics": {}, "blocking": ("Li",)})
    interfaces = {"a|b": law, "a|c": blocked}
    return Model(mesh, materials | {"c": materials["b"]}, interfaces=interfaces, **model)


@pytest.mark.parametrize(
    "law",
    [
        Interface(),
        Interface(kinetics={"Li": ContactResistance(resistance=1e-7)}),
        Interface(kinetics={"Li": ButlerVolmer(exchange_current=1e5)}, compact_capacitance=0.2),
    ],
    ids=["equilibrium", "resistance", "butler-volmer and compact layer"],
)
def test_a_field_of_0_and_1_blocks_facets(law):
    """The same state from a field, from a group of facets, and from a blocked region of its own."""
    states = [
        half_open(kind, law).steady({"left": 0.1}) for kind in ("field", "facet group", "regions")
    ]
    currents = [s.contact("left").current for s in states]
    assert currents == relative([currents[0]] * 3, 1e-9)
    assert states[1].unknowns == pytest.approx(states[0].unknowns, abs=1e-10)
    assert states[2].potential == pytest.approx(states[0].potential, abs=1e-9)
    # it is less than all of it, and more than half: the current spreads
    facets = half_open("field", law).mesh.interfaces["a|b"]
    whole = half_open("field", law)
    whole.contact_share.clear()
    full = whole.steady({"left": 0.1}).contact("left").current
    assert 0.5 < currents[0] / full < 0.99
    assert len(facets) == ROWS
