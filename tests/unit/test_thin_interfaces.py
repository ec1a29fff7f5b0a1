"""Coatings and compact layers: against the same meshed, and closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, conductor
from scipy.constants import epsilon_0

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
)
from pyscl.boundaries import Coating, ContactResistance
from pyscl.facets import facet_measure, facet_sites
from pyscl.mesh import strip
from pyscl.study.transient import TransientOptions
from pyscl.study.transient.observables import Observables

WIDTH = 2 * NM
THICKNESS = 0.7 * NM
LI = ReservoirContact(carrier="Li", potential="neutral")
PLATES = {"left": PotentialContact(potential=0.0), "right": PotentialContact(potential=0.0)}


def dielectric(permittivity=10.0):
    return Material(relative_permittivity=permittivity)


def shuffled(mesh, rng):
    """Return the mesh with its triangles in random order."""
    order = rng.permutation(mesh.n_triangles)
    return replace(mesh, triangles=mesh.triangles[order], region=mesh.region[order])


# Coatings.

ELECTRON = Carrier(
    name="e", charge=-1, site_density=2e25, site_fraction=0.4, conductivity=2e-3, mobility="dilute"
)


def coated(thin, **model):
    """Return two conductors of Li with a film of 0.7 nm between them, in one dimension: thin, or
    meshed as one row of elements. Electrons live in the conductors but not in the film.
    """
    first = conductor()
    second = conductor(1 * NM, 30.0, 0.3, standard_potential=5 * KT, conductivity=1e-3)
    first, second = (
        m.model_copy(update={"carriers": (*m.carriers, ELECTRON)}) for m in (first, second)
    )
    film = conductor(
        0.8 * NM, 15.0, 0.2, standard_potential=-3 * KT, conductivity=1e-4, mobility="dilute"
    ).model_copy(update={"background_charge": 3e6})
    left, right = np.linspace(0.0, 5.0, 21) * NM, np.linspace(5.0, 10.0, 21) * NM
    if thin:
        x, regions = [*left, *right[1:]], [("a", 5 * NM), ("b", 10 * NM)]
        materials = {"a": first, "b": second}
        name, law = "a|b", {"coating": Coating(material=film, thickness=THICKNESS)}
    else:
        x = [*left, *(right + THICKNESS)]
        regions = [("a", 5 * NM), ("film", 5 * NM + THICKNESS), ("b", 10 * NM + THICKNESS)]
        materials = {"a": first, "film": film, "b": second}
        name, law = "a|film", {}
    conserved = [
        Conserved(carrier=c, regions=tuple(materials) if c == "Li" else (r,))
        for c, r in model.pop("closed", [("e", "a"), ("e", "b")])
    ]
    return Model(
        strip(x, WIDTH, regions=regions),
        materials,
        interfaces={name: Interface(surface_charge=0.01, **law)},
        periodic=[Periodic(sides=("bottom", "top"))],
        conserved=conserved,
        temperature=T,
        **model,
    )


OPEN = {
    "left": LI,
    "right": ReservoirContact(carrier="Li", electrochemical_potential=0.0, potential="neutral"),
}


def assert_same(thin, meshed, tolerance=1e-10):
    """Potentials in both conductors, and currents and charges of the contacts, are the same."""
    for region in "ab":
        sides = [
            s["potential"].values[s.site_region == s.model.mesh.region_names.index(region)]
            for s in (thin, meshed)
        ]
        assert sides[0] == pytest.approx(sides[1], abs=tolerance * np.ptp(sides[1]))
    for contact in ("left", "right"):
        its, other = (s.contact(contact) for s in (thin, meshed))
        assert its.charge == relative(other.charge, 10 * tolerance)
        assert its.current == pytest.approx(other.current, rel=tolerance, abs=1e-15)


def neutral_left(contacts):
    """Return contacts whose left one touches two carriers and so needs a number for its phi."""
    return {name: law.model_copy(update={"potential": 0.05}) for name, law in contacts.items()}


@pytest.mark.parametrize("volts", [0.0, 0.2, -0.3])
def test_a_coating_is_one_row_of_elements(volts):
    """Equilibrium and steady state: series resistance, capacitance, levels and charges; what the
    film lacks is blocked.
    """
    contacts = neutral_left({"left": LI, "right": LI})
    solutions = []
    for thin in (True, False):
        model = coated(
            thin, contacts=contacts | {"right": OPEN["right"].model_copy(update={"potential": 0.0})}
        )
        solutions.append(model.steady({"left": volts}) if volts else model.steady())
    assert_same(*solutions)
    assert (abs(solutions[0].contact("left").current) > 1e-6) == (volts != 0.0)
    assert solutions[0].amount("e", "a") == relative(solutions[1].amount("e", "a"), 1e-12)


def test_a_coating_holds_its_share_of_a_closed_amount():
    """The neutral amount and a given one count the carriers in the film, meshed or not."""
    for amount in (None, 0.9):
        solutions = []
        for thin in (True, False):
            closed = [("Li", None), ("e", "a"), ("e", "b")]
            contacts = PLATES | {"left": PotentialContact(potential=0.3)}
            model = coated(thin, contacts=contacts, closed=closed)
            if amount:
                full = coated(False, contacts=contacts, closed=closed).equilibrium().amount("Li")
                entries = [
                    c.model_copy(update={"amount": amount * full}) if c.carrier == "Li" else c
                    for c in model.conserved
                ]
                model = Model(
                    model.mesh,
                    model.materials,
                    contacts=model.contacts,
                    interfaces=model.interfaces,
                    periodic=model.periodic,
                    conserved=entries,
                    temperature=T,
                )
            solutions.append(model.equilibrium())
        assert_same(*solutions)
        in_film = solutions[1].amount("Li", "film")
        assert solutions[0].amount("Li") == relative(solutions[1].amount("Li") - in_film, 1e-10)


def test_a_coating_is_one_row_of_elements_in_time():
    """A step of the voltage, in fixed steps: the same charge and current at every time."""
    found = []
    for thin in (True, False):
        model = coated(thin, contacts=neutral_left({"left": LI, "right": LI}))
        start = model.steady()
        found.append(
            model.transient(
                ["Step to 0.1 V for 5 ns", "Discharge at 0.1 A/cm2 for 5 ns"],
                contact="left",
                start=start,
                options=TransientOptions(fixed_step=1e-9),
            )
        )
    thin, meshed = found
    for column in ("time", "voltage", "charge_left", "current_left", "current_right"):
        scale = np.abs(meshed[column]).max()
        assert thin[column] == pytest.approx(meshed[column], abs=1e-9 * scale)
    assert_same(thin.final, meshed.final, 1e-8)


def test_a_coating_in_a_periodic_cell_counts_in_its_neutrality():
    """Nothing but the amounts balances the fixed charge of film and conductors."""
    film = conductor(0.8 * NM, 15.0, 0.2)
    law = Interface(coating=Coating(material=film, thickness=THICKNESS))
    regions = [("a", 2 * NM), ("b", 6 * NM), ("a", 8 * NM)]
    mesh = strip(np.linspace(0.0, 8.0, 33) * NM, regions=regions)

    def cell(law):
        return Model(
            mesh,
            {"a": conductor(), "b": conductor(y=0.3)},
            interfaces={"a|b": law},
            periodic=[Periodic(sides=("left", "right"))],
            conserved=[Conserved(carrier="Li", regions=("a", "b"))],
        )

    solution = cell(law).equilibrium()
    assert np.ptp(solution.potential) > 1e-3
    charged = film.model_copy(update={"background_charge": 0.0})
    with pytest.raises(InputError, match="holds a net charge"):
        cell(
            law.model_copy(update={"coating": Coating(material=charged, thickness=THICKNESS)})
        ).equilibrium()
    for its in (law, Interface(), Interface(compact_capacitance=0.1)):
        with pytest.raises(InputError, match=r"holds a net charge of 2e-11 C/m"):
            cell(its.model_copy(update={"surface_charge": 0.01})).equilibrium()  # on 2 x 1 nm


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
def test_resistance_of_a_coating_on_its_area(coordinates):
    """A film of the same conductor makes a slab longer: I = sigma V A / (L + d)."""
    x = np.linspace(0.0, 3.0, 7) * NM
    mesh = strip(x, 4 * NM, 8)
    upper = mesh.points[mesh.triangles, 1].mean(axis=1) > 2 * NM
    mesh = replace(mesh, region=upper.astype(np.int32), region_names=("a", "b"))
    coating = Coating(material=conductor(), thickness=THICKNESS)
    model = Model(
        mesh,
        {"a": conductor(), "b": conductor()},
        contacts={"bottom": LI, "top": LI},
        interfaces={"a|b": Interface(coating=coating)},
        coordinates=coordinates,
        temperature=T,
    )
    area = np.pi * (3 * NM) ** 2 if coordinates == "axisymmetric" else 3 * NM
    current = model.steady({"top": 0.1}).contact("top").current
    assert current == relative(1e-2 * 0.1 * area / (4 * NM + THICKNESS), 1e-9)


# Compact layers.


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
def test_compact_layers_and_dielectrics_are_capacitors_in_series(coordinates):
    """A / C = 1/C_top + 1/C_inside + 1/C_bottom + d_a/eps_a + d_b/eps_b, to 1e-12."""
    mesh = strip(np.linspace(0.0, 3.0, 7) * NM, 4 * NM, 8)
    upper = mesh.points[mesh.triangles, 1].mean(axis=1) > 1.5 * NM
    mesh = replace(mesh, region=upper.astype(np.int32), region_names=("a", "b"))
    model = Model(
        mesh,
        {"a": dielectric(10.0), "b": dielectric(40.0)},
        contacts={
            "bottom": PotentialContact(potential=0.0, compact_capacitance="20 uF/cm^2"),
            "top": PotentialContact(potential=0.5, compact_capacitance=0.05),
        },
        interfaces={"a|b": Interface(compact_capacitance=0.1)},
        coordinates=coordinates,
    )
    solution = model.equilibrium()
    area = np.pi * (3 * NM) ** 2 if coordinates == "axisymmetric" else 3 * NM
    inverse = (
        1 / 0.2 + 1 / 0.05 + 1 / 0.1 + 1.5 * NM / (10 * epsilon_0) + 2.5 * NM / (40 * epsilon_0)
    )
    charge = 0.5 * area / inverse
    assert solution.contact("top").charge == relative(charge, 1e-12)
    assert solution.contact("bottom").charge == relative(-charge, 1e-12)
    # the steps are in the fields
    phi = solution["potential"].values
    sites = [facet_sites(mesh, solution.site_triangles, mesh.interfaces["a|b"], r) for r in "ab"]
    assert phi[sites[1]] - phi[sites[0]] == relative(charge / area / 0.1, 1e-9)
    assert phi.max() == relative(0.5 - charge / area / 0.05, 1e-9)


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("coating", [False, True])
def test_charge_of_an_interface_sits_on_its_first_side(order, coating, rng):
    """Where phi jumps the charge is on the side of a, however mesh and triangles are ordered:
    it splits like (1/C_b : 1/C_a), where the layer belongs to b.
    """
    capacitance, thickness = 0.05, 1 * NM
    film = dielectric(capacitance * thickness / epsilon_0)
    layer = {"coating": Coating(material=film, thickness=thickness)}
    law = layer if coating else {"compact_capacitance": capacitance}
    mesh = strip(np.linspace(0.0, 4.0, 9) * NM, WIDTH, 2, [("a", 2 * NM), ("b", 4 * NM)])
    if order == "ba":
        mesh = replace(mesh, region=1 - mesh.region, region_names=("b", "a"))
    mesh = shuffled(mesh, rng)
    model = Model(
        mesh,
        {"a": dielectric(10.0), "b": dielectric(20.0)},
        contacts=PLATES,
        interfaces={"b|a": Interface(surface_charge=0.03, **law)},
    )
    solution = model.equilibrium()
    a = 2 * NM / (10.0 * epsilon_0)
    b = 2 * NM / (20.0 * epsilon_0) + 1 / capacitance
    total = -0.03 * WIDTH
    assert solution.contact("left").charge == relative(total * b / (a + b), 1e-12)
    assert solution.contact("right").charge == relative(total * a / (a + b), 1e-12)
    # `Solution.potential` is that of the first region of the mesh, on all nodes of the interface
    phi = solution.potential[np.unique(mesh.interfaces["a|b"])]
    side = 0.03 * a * b / (a + b)
    assert phi == relative(side if order == "ab" else side * (1.0 - 1 / capacitance / b), 1e-10)


def test_a_compact_layer_lies_in_series_with_the_space_charge():
    """A reservoir across a compact layer: mu is continuous, phi drops by charge / capacitance."""
    contacts = {
        "left": ReservoirContact(carrier="Li", potential=0.3, compact_capacitance=0.2),
        "right": LI,
    }
    model = Model(
        strip(np.linspace(0.0, 10.0, 101) * NM), {"electrolyte": conductor()}, contacts=contacts
    )
    solution = model.equilibrium()
    surface = solution.potential[:2].mean()
    assert 0.05 < surface < 0.25
    assert solution.contact("left").charge == relative(0.2 * (0.3 - surface) * NM, 1e-10)
    assert solution.contact("left").charge == relative(
        -solution.charge() - solution.contact("right").charge, 1e-10
    )


def test_compact_layer_of_a_region_that_ends_inside():
    """Where a third region takes over, phi is whole again: nothing is lost at the triple point."""
    mesh = strip(np.linspace(0.0, 4.0, 9) * NM, 4 * NM, 8)
    x, y = mesh.points[mesh.triangles].mean(axis=1).T
    region = np.where(y < 2 * NM, 0, np.where(x < 2 * NM, 1, 2)).astype(np.int32)
    mesh = replace(mesh, region=region, region_names=("a", "b", "c"))
    materials = {"a": dielectric(10.0), "b": dielectric(20.0), "c": dielectric(20.0)}
    charges = []
    for capacitance in (0.05, 1e6, None):
        interfaces = {"a|b": Interface(compact_capacitance=capacitance)}
        contacts = {
            "bottom": PotentialContact(potential=0.0),
            "top": PotentialContact(potential=1.0),
        }
        solution = Model(mesh, materials, contacts=contacts, interfaces=interfaces).equilibrium()
        top, bottom = (solution.contact(n).charge for n in ("top", "bottom"))
        assert top == relative(-bottom, 1e-12)
        charges.append(top)
    assert charges[1] == relative(charges[2], 1e-6)
    assert charges[0] < 0.9 * charges[2]


def test_contacts_that_share_a_corner_keep_their_own():
    """A contact across a compact layer, with kinetics, beside one that holds phi and mu in the
    corner: the first has what its own law says, and all of them together nothing.
    """
    law = ContactResistance(resistance=1e-8)
    side = ReservoirContact(carrier="Li", potential=0.2, kinetics=law, compact_capacitance=0.3)
    floor = ReservoirContact(carrier="Li", electrochemical_potential=0.0, potential=0.1)
    mesh = strip(np.linspace(0.0, 6.0, 13) * NM, 4 * NM, 8)
    contacts = {"left": side, "bottom": floor}
    model = Model(mesh, {"electrolyte": conductor()}, contacts=contacts, temperature=T)
    solution = model.steady({"left": 0.05})
    facets = mesh.facets_of("left")
    sites = facet_sites(mesh, model.discretized.triangle_sites, facets)
    area = facet_measure(model, facets)
    mu = solution["electrochemical_potential_Li"].values[sites]
    left, bottom = (solution.contact(name) for name in contacts)
    assert left.current == relative((area * (0.05 - mu) / 1e-8).sum(), 1e-9)
    assert bottom.current == relative(-left.current, 1e-9)
    phi = solution["potential"].values[sites]
    assert left.charge == relative((area * 0.3 * (0.25 - phi)).sum(), 1e-9)
    assert left.charge + bottom.charge == relative(-solution.charge(), 1e-9)


@pytest.mark.parametrize("law", [{}, {"compact_capacitance": 0.1}])
def test_series_and_solutions_agree_where_charges_meet_contacts(law):
    """The charge of a contact that a charged interface ends on, from the state and in time."""
    mesh = strip(np.linspace(0.0, 8.0, 17) * NM, 4 * NM, 6, [("a", 4 * NM), ("b", 8 * NM)])
    contacts = {
        "bottom": ReservoirContact(carrier="Li", electrochemical_potential=0.0, potential=0.1),
        "right": PotentialContact(potential=0.1),
        "top": PotentialContact(potential=0.1, compact_capacitance=0.2),
    }
    model = Model(
        mesh,
        {"a": conductor(), "b": conductor(y=0.3)},
        contacts=contacts,
        interfaces={"a|b": Interface(surface_charge=0.01, **law)},
        temperature=T,
    )
    solution = model.equilibrium()
    observed = Observables(model)
    values = dict(zip(observed.columns, observed.measure(solution), strict=True))
    charges = [solution.contact(name).charge for name in contacts]
    assert [values[f"charge_{name}"] for name in contacts] == relative(charges, 1e-11)
    fixed = 0.01 * 4 * NM
    assert sum(charges) == relative(-solution.charge() - fixed, 1e-11)


def test_both_sides_of_a_jump_are_periodic():
    """A compact layer that crosses the periodic sides leaves a planar state planar."""
    mesh = strip(np.linspace(0.0, 4.0, 9) * NM, WIDTH, 3, [("a", 2 * NM), ("b", 4 * NM)])
    model = Model(
        mesh,
        {"a": conductor(), "b": conductor(y=0.3)},
        contacts={"left": LI, "right": OPEN["right"]},
        interfaces={"a|b": Interface(compact_capacitance=0.1)},
        periodic=[Periodic(sides=("bottom", "top"))],
    )
    solution = model.equilibrium()
    phi = solution["potential"].values
    for region in (0, 1):
        ends = [
            np.sort(
                phi[
                    (solution.site_region == region)
                    & np.isclose(solution.site_points[:, 1], y, atol=0.1 * NM, rtol=0)
                ]
            )
            for y in (0.0, WIDTH)
        ]
        assert ends[0] == pytest.approx(ends[1], abs=1e-12)
