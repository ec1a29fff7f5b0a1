"""Thin laws as data: what contradicts itself or does not fit is refused, and what files keep."""

import numpy as np
import pytest
from models import NM, T, conductor, two_conductors

from pyscl import (
    Carrier,
    Conserved,
    InputError,
    Interface,
    Material,
    Model,
    Periodic,
    PotentialContact,
    ReservoirContact,
    Solution,
)
from pyscl.boundaries import ButlerVolmer, Coating, ContactResistance, FloatingConductor
from pyscl.mesh import strip

WIDTH = 2 * NM
LI = ReservoirContact(carrier="Li", potential="neutral")


def dielectric(permittivity=10.0):
    return Material(relative_permittivity=permittivity)


# Contradictions.

R = ContactResistance(resistance=1e-6)
SODIUM = Carrier(name="Na", charge=1, site_density=1e27, site_fraction=0.5, conductivity=1.0)


def film_of(**carrier):
    ions = SODIUM.model_copy(update={"name": "Li"} | carrier)
    return Coating(material=Material(relative_permittivity=5.0, carriers=(ions,)), thickness=NM)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ContactResistance(resistance=-1.0), "area resistance must be above 0"),
        (lambda: ContactResistance(resistance="0 ohm m^2"), "area resistance must be above 0"),
        (lambda: ButlerVolmer(exchange_current=0.0), "current density must be above 0"),
        (lambda: ButlerVolmer(exchange_current="1 V"), "expected a current density"),
        (lambda: ButlerVolmer(exchange_current=np.inf), "not a finite number"),
        (lambda: ButlerVolmer(exchange_current=1.0, symmetry=0.0), "symmetry: .* above 0"),
        (lambda: ButlerVolmer(exchange_current=1.0, symmetry=1.0), "symmetry: .* below 1"),
        (lambda: Interface(compact_capacitance=0.0), "capacitance per area must be above 0"),
        (lambda: PotentialContact(potential=0.0, compact_capacitance=-1.0), "must be above 0"),
        (lambda: Interface(contact_share=1.1), "at most 1"),
        (lambda: Interface(contact_share=-0.1), "at least 0"),
        (lambda: Coating(material=dielectric(), thickness=0.0), "length must be above 0"),
        (lambda: Interface(coating=film_of(), kinetics={"Li": R}), "remove kinetics"),
        (lambda: Interface(coating=film_of(), compact_capacitance=0.1), "already has a resistance"),
        (lambda: Interface(blocking=("Li",), kinetics={"Li": R}), "'Li' is blocking and has kin"),
        (
            lambda: Interface(kinetics={"Li": {"law": "tafel"}}),
            "Allowed: butler-volmer, resistance",
        ),
        (lambda: Interface(kinetics={"Li": {"law": "butler-volmer"}}), "missing key 'exchange_cu"),
        (lambda: ReservoirContact(carrier="Li", kinetics=R), "kinetics needs the potential"),
        (lambda: ReservoirContact(carrier="Li", compact_capacitance=0.1), "give potential"),
        (
            lambda: ReservoirContact(carrier="Li", potential=0.0, kinetics=R, feeds=("a",)),
            "feeds regions has no kinetics",
        ),
    ],
)
def test_laws_that_contradict_themselves_are_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            {"interfaces": {"a|b": Interface(kinetics={"Na": R})}},
            "no carrier 'Na' on both sides of",
        ),
        ({"interfaces": {"a|b": Interface(blocking=("li",))}}, "Did you mean 'Li'"),
        ({"interfaces": {"a|b": Interface(coating=film_of(name="Na"))}}, "no carrier 'Na' on both"),
        (
            {"interfaces": {"a|b": Interface(coating=film_of(charge=2))}},
            "'Li' has charge 2 in the coating of 'a|b' but 1 beside it",
        ),
        (
            {"interfaces": {"a|b": Interface(contact_share=0.5)}},
            "between 0 and 1, which needs a tr",
        ),
        ({"contact_share": {"a|b": [0.0, 0.5, 1.0]}}, "give kinetics of 'Li', or block it"),
        (
            {"interfaces": {"a|b": Interface(coating=film_of(), contact_share=0.5)}},
            "a coating and a contact_share below 1",
        ),
        ({"contact_share": {"a|c": 0.5}}, r"no interface 'a\|c' in the mesh. Allowed: a\|b"),
        ({"contact_share": {"a|b": 1.5}}, "must lie between 0 and 1"),
        ({"contact_share": {"a|b": np.nan}}, "must lie between 0 and 1"),
        ({"contact_share": {"a|b": [0.0, 1.0]}}, r"shape \(2,\); it needs one value for each of"),
        ({"interfaces": {"a|b": Interface(lost_contact=("voids",))}}, "no facet group 'voids'"),
    ],
)
def test_laws_that_do_not_fit_the_model_are_refused(model, words):
    with pytest.raises(InputError, match=words):
        two_conductors(**model)


def test_contradictions_that_are_none():
    """A share on what is blocked, or on what has kinetics; a carrier blocked by its coating."""
    two_conductors(interfaces={"a|b": Interface(contact_share=0.5, blocking=("Li",))})
    two_conductors(interfaces={"a|b": Interface(kinetics={"Li": R}, contact_share=0.5)})
    insulator = Coating(material=dielectric(), thickness=NM)
    model = two_conductors(interfaces={"a|b": Interface(coating=insulator)})
    assert abs(model.steady({"left": 0.1}).contact("left").current) < 1e-18


def test_a_coating_without_mobility_is_refused_out_of_equilibrium():
    model = two_conductors(interfaces={"a|b": Interface(coating=film_of(conductivity=None))})
    assert model.equilibrium().history.converged
    with pytest.raises(InputError, match=r"'Li' in the coating of 'a\|b' has no mobility"):
        model.steady({"left": 0.1})


@pytest.mark.parametrize(
    "law",
    [
        Interface(compact_capacitance=0.1),
        Interface(coating=film_of()),
        Interface(kinetics={"Li": R}),
        Interface(contact_share=0.0),
    ],
    ids=["compact layer", "coating", "kinetics", "no contact"],
)
def test_thin_laws_on_the_seam_of_a_periodic_cell_are_refused(law):
    """Where b meets a again across the periodic sides there are no facets to carry the law."""
    mesh = strip(np.linspace(0.0, 8.0, 9) * NM, regions=[("a", 4 * NM), ("b", 8 * NM)])
    model = Model(
        mesh,
        {"a": conductor(), "b": conductor()},
        interfaces={"a|b": law},
        periodic=[Periodic(sides=("left", "right"))],
        conserved=[Conserved(carrier="Li", regions=("a", "b"))],
    )
    with pytest.raises(InputError, match="shift the cell, so that the interface lies inside"):
        model.equilibrium()


# Files.


def every_thin_law():
    """Return a model with every law that is more than a line, and a floating part."""
    mesh = strip(
        np.linspace(0.0, 8.0, 17) * NM,
        WIDTH,
        4,
        [(r, 2 * (k + 1) * NM) for k, r in enumerate("abcd")],
    )
    metal = Material(relative_permittivity=3.0)
    contacts = {
        "left": ReservoirContact(
            carrier="Li",
            potential=0.02,
            kinetics=ButlerVolmer(exchange_current=1e4, occupancy=True),
            compact_capacitance=0.3,
        ),
        "right": PotentialContact(potential=0.0, compact_capacitance=0.1),
    }
    interfaces = {
        "a|b": Interface(kinetics={"Li": R}, compact_capacitance=0.2, surface_charge=0.01),
        "b|c": Interface(coating=film_of(), surface_charge=-0.02),
    }
    return Model(
        mesh,
        {"a": conductor(), "b": conductor(y=0.4), "c": conductor(y=0.3), "d": metal},
        contacts=contacts,
        interfaces=interfaces,
        contact_share={"a|b": lambda x, y: y / WIDTH},
        floating=[FloatingConductor(region="d", charge=1e-12)],
        temperature=T,
    )


@pytest.mark.parametrize("study", ["equilibrium", "steady"])
def test_a_solution_with_every_thin_law_comes_back_as_it_was(tmp_path, study):
    """With currents, charges and fields; and a start for the same model."""
    model = every_thin_law()
    before = model.equilibrium() if study == "equilibrium" else model.steady({"left": 0.1})
    before.save(tmp_path / "s.h5")
    after = Solution.load(tmp_path / "s.h5")
    assert np.array_equal(after.unknowns, before.unknowns)
    assert after.model.interfaces == model.interfaces
    assert after.model.contacts == model.contacts
    assert np.array_equal(after.model.contact_share["a|b"], model.contact_share["a|b"])
    for name in ("left", "right"):
        assert after.contact(name) == before.contact(name)
    for name in before.field_names:
        np.testing.assert_array_equal(after[name].values, before[name].values)
    assert np.array_equal(
        after.model.steady({"left": 0.1}, after).unknowns,
        model.steady({"left": 0.1}, before).unknowns,
    )
