"""Bad input is refused before any work starts, with names, places and what is allowed."""

import inspect
import re
from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import KT, NM, conductor, slab_between_reservoirs, two_conductors

from pyscl import (
    BlockingContact,
    Carrier,
    Conserved,
    InputError,
    Interface,
    Material,
    MeshError,
    Model,
    Periodic,
    PotentialContact,
    ReservoirContact,
)
from pyscl.mesh import from_delaunay, rectangle, strip

LI = ReservoirContact(carrier="Li")
GROUND = PotentialContact(potential=0.0)
DIELECTRIC = Material(name="oxide", relative_permittivity=20.0)


def mesh():
    """Return a strip of regions a and b, 4 nm each, with the inner facet group 'middle'."""
    m = strip(np.arange(9) * NM, 2 * NM, 2, [("a", 4 * NM), ("b", 8 * NM)])
    inner = np.flatnonzero(m.points[:, 0] == 4 * NM)
    return replace(
        m,
        facets=np.concatenate([m.facets, np.column_stack([inner[:-1], inner[1:]])]),
        facet_group=np.concatenate([m.facet_group, [4, 4]]),
        facet_names=(*m.facet_names, "middle"),
    )


def model(**changes):
    """Return a good model of two conductors between two reservoirs, with changes."""
    parts = {
        "mesh": mesh(),
        "materials": {"a": conductor(), "b": conductor()},
        "contacts": {"left": LI, "right": LI},
    } | changes
    return Model(parts.pop("mesh"), parts.pop("materials"), **parts)


def refuses(words, work):
    """Check that an InputError is raised whose message contains every one of the words."""
    with pytest.raises(InputError) as caught:
        work()
    for word in words:
        assert word in str(caught.value), f"{word!r} is not in: {caught.value}"


def test_the_unchanged_model_is_accepted():
    assert model().equilibrium().history.converged
    assert model().steady({"left": 0.01}).history.converged


def holed():
    bad = np.zeros(27)
    bad[7] = np.nan
    return bad


def electron(charge=-1):
    return Carrier(
        name="e",
        charge=charge,
        statistics="boltzmann",
        mobility="dilute",
        site_density=1e25,
        site_fraction=0.1,
        conductivity=1.0,
    )


MIXED = Material(
    name="mixed", relative_permittivity=10.0, carriers=(*conductor().carriers, electron())
)
SINGLE = conductor()

CASES = {
    "unknown region": (
        {"materials": {"a": SINGLE, "b": SINGLE, "ab": SINGLE}},
        ["no region 'ab'", "in the mesh", "Allowed: a, b."],
    ),
    "missing material": (
        {"materials": {"a": SINGLE}},
        ["no material for region 'b'", "Material or the name of a card"],
    ),
    "unknown card": ({"materials": {"a": SINGLE, "b": "LiCo02"}}, ["LiCo02", "LiCoO2"]),
    "unknown contact": (
        {"contacts": {"lefft": LI}},
        ["no contact 'lefft'", "bottom, left, middle, right, top", "Did you mean 'left'?"],
    ),
    "contact inside": (
        {"contacts": {"middle": LI}},
        ["contact 'middle' has 2 facets inside the mesh", "(4e-09, ", "outer boundary"],
    ),
    "unknown interface": (
        {"interfaces": {"a|c": Interface()}},
        ["no interface 'a|c'", "Allowed: a|b.", "Did you mean 'a|b'?"],
    ),
    "interface twice": (
        {"interfaces": {"a|b": Interface(), "b | a": Interface()}},
        ["interface 'a|b' is given twice"],
    ),
    "unknown carrier at a contact": (
        {"contacts": {"left": ReservoirContact(carrier="Lii")}},
        ["no carrier 'Lii'", "at contact 'left' (regions: a)", "Did you mean 'Li'?"],
    ),
    "carrier absent at its contact": (
        {"materials": {"a": DIELECTRIC, "b": SINGLE}},
        ["no carrier 'Li'", "at contact 'left' (regions: a)", "There is no carrier at all."],
    ),
    "charge mismatch": (
        {
            "materials": {
                "a": MIXED,
                "b": MIXED.with_(carriers=(*conductor().carriers, electron(+2))),
            }
        },
        ["carrier 'e' has charge -1 in region 'a' but 2 in region 'b'", "two names"],
    ),
    "blocked carrier on one side only": (
        {
            "materials": {"a": MIXED, "b": SINGLE},
            "interfaces": {"a|b": Interface(blocking=("e",))},
        },
        ["no carrier 'e' on both sides of 'a|b'", "Allowed: Li."],
    ),
    "negative temperature": ({"temperature": -20.0}, ["temperature must be above 0 K, not -20"]),
    "zero temperature": ({"temperature": 0.0}, ["temperature must be above 0 K"]),
    "temperature with a wrong unit": ({"temperature": "20 V"}, ["wrong unit 'V'", "temperature"]),
    "unknown coordinates": (
        {"coordinates": "axisymetric"},
        ["no coordinates 'axisymetric'", "Did you mean 'axisymmetric'?"],
    ),
    "background of an unknown region": (
        {"background": {"c": 0.0}},
        ["no region 'c'", "Allowed: a, b."],
    ),
    "background with a hole": (
        {"background": {"a": holed()}},
        ["background charge of region 'a' is not finite at node 7", "(2e-09, 1e-09) m"],
    ),
    "conserved unknown carrier": (
        {"conserved": [Conserved(carrier="Na", regions=("a",))]},
        ["no carrier 'Na'", "Allowed: Li."],
    ),
    "conserved in an unknown region": (
        {"conserved": [Conserved(carrier="Li", regions=("c",))]},
        ["no region 'c'", "Allowed: a, b."],
    ),
    "conserved where it does not live": (
        {
            "materials": {"a": SINGLE, "b": DIELECTRIC},
            "contacts": {"left": LI},
            "conserved": [Conserved(carrier="Li", regions=("b",))],
        },
        ["carrier 'Li' cannot be conserved in region 'b'", "lives in: a"],
    ),
    "periodic side unknown": (
        {"periodic": [Periodic(sides=("bottom", "topp"))]},
        ["no periodic side 'topp'", "Did you mean 'top'?"],
    ),
    "periodic side inside": (
        {"periodic": [Periodic(sides=("middle", "right"))]},
        ["periodic side 'middle'", "inside the mesh"],
    ),
}


@pytest.mark.parametrize(("changes", "words"), CASES.values(), ids=CASES.keys())
def test_construction_refuses(changes, words):
    refuses(words, lambda: model(**changes))


@pytest.mark.parametrize(
    "build",
    [
        lambda v: PotentialContact(potential=v),
        lambda v: Interface(surface_charge=v),
        lambda v: BlockingContact(surface_charge=v),
        lambda v: ReservoirContact(carrier="Li", electrochemical_potential=v),
        lambda v: ReservoirContact(carrier="Li", potential=v),
    ],
)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), "0.1 kg"])
def test_values_that_are_no_finite_number_of_the_right_kind_are_refused(build, value):
    with pytest.raises(InputError, match=r"finite|kg|number"):
        model(contacts={"left": LI, "right": LI}, interfaces={"a|b": build(value)})


def test_axisymmetric_meshes_lie_right_of_the_axis():
    m = mesh()
    shifted = replace(m, points=m.points - [1 * NM, 0.0])
    refuses(
        ["r = x >= 0", "x = -1e-09 m", "shift the mesh"],
        lambda: model(mesh=shifted, coordinates="axisymmetric"),
    )
    assert model(coordinates="axisymmetric").coordinates == "axisymmetric"


def test_a_mesh_with_an_inverted_triangle_is_refused():
    m = mesh()
    triangles = m.triangles.copy()
    triangles[3] = triangles[3, ::-1]
    with pytest.raises(MeshError, match="cannot be computed on"):
        model(mesh=replace(m, triangles=triangles))


# Ill-posed problems: refused when a study starts, before any solve.


def test_a_carrier_that_nothing_holds_names_its_region_and_the_remedies():
    floating = model(
        contacts={"left": LI, "right": GROUND}, interfaces={"a|b": Interface(blocking=("Li",))}
    )
    for study in (floating.equilibrium, floating.steady):
        refuses(
            ["carrier 'Li' in region b", "neither a reservoir nor a given amount", "conserved"],
            study,
        )
    remedy = model(
        contacts={"left": LI, "right": GROUND},
        interfaces={"a|b": Interface(blocking=("Li",))},
        conserved=[Conserved(carrier="Li", regions=("b",))],
    )
    assert remedy.equilibrium().history.converged


def test_an_electron_without_contact_is_named():
    mixed = model(materials={"a": MIXED, "b": SINGLE})
    refuses(["carrier 'e' in region a has neither a reservoir"], mixed.equilibrium)


def test_an_amount_next_to_a_reservoir_is_a_contradiction():
    both = model(conserved=[Conserved(carrier="Li", regions=("a", "b"), amount=1e-12)])
    refuses(
        ["'Li' in region a, b is both conserved and connected to a reservoir"], both.equilibrium
    )


def test_a_neutral_amount_is_ignored_where_a_reservoir_reaches():
    """So that one entry can serve all particles, one of which touches a contact."""
    both = model(conserved=[Conserved(carrier="Li", regions=("a", "b"))])
    np.testing.assert_array_equal(both.equilibrium().unknowns, model().equilibrium().unknowns)


def test_a_conserved_region_must_list_all_it_is_connected_to():
    contacts = {"left": GROUND, "right": PotentialContact(potential=0.1)}
    part = model(contacts=contacts, conserved=[Conserved(carrier="Li", regions=("a",))])
    refuses(["'Li' of region a is connected to region b", "block it"], part.equilibrium)


def closed(*amounts, **changes):
    contacts = {"left": GROUND, "right": PotentialContact(potential=0.1)}
    conserved = [Conserved(carrier="Li", regions=("a", "b"), amount=n) for n in amounts]
    return model(contacts=contacts, conserved=conserved, **changes)


def test_an_amount_outside_the_sites_says_what_is_possible():
    full = float(
        re.search(r"the ([\d.e+-]+) mol/m of its sites", refusal(closed(1.0).equilibrium)).group(1)
    )
    sites = conductor().carriers[0].site_density * 8 * NM * 2 * NM / 6.02214076e23
    assert full == relative(sites, 1e-3)
    for amount in (1.001 * full, 0.0, -full):
        refuses(["must lie between 0 and", "the neutral amount is"], closed(amount).equilibrium)
    assert closed(0.7 * full).equilibrium().amount("Li") == relative(0.7 * full, 1e-12)


def refusal(work):
    with pytest.raises(InputError) as caught:
        work()
    return str(caught.value)


def test_an_amount_given_twice_is_refused():
    refuses(["amount of 'Li' in region a, b is given twice"], closed("neutral", 1e-12).equilibrium)


def test_an_amount_for_two_separate_parts_is_refused():
    apart = closed(1e-15, interfaces={"a|b": Interface(blocking=("Li",))})
    refuses(["2 separate parts", "amount: neutral"], apart.equilibrium)
    neutral = closed("neutral", interfaces={"a|b": Interface(blocking=("Li",))})
    assert neutral.equilibrium().history.converged


def test_reservoirs_that_disagree_have_no_equilibrium():
    driven = model(
        contacts={
            "left": LI,
            "right": ReservoirContact(carrier="Li", electrochemical_potential="20 meV"),
        }
    )
    refuses(["no equilibrium", "'Li'", "left: ", "right: 0.02"], driven.equilibrium)
    assert driven.steady().history.converged


def test_a_model_without_reference_potential_is_refused():
    """A closed amount leaves the potential free by a constant."""
    loose = model(contacts={}, conserved=[Conserved(carrier="Li", regions=("a", "b"))])
    refuses(["no reference potential", "a, b", "add a contact"], loose.equilibrium)


def test_a_neutral_reservoir_between_different_materials_needs_a_number():
    other = conductor(y=0.2)
    across = model(
        materials={"a": conductor(), "b": other}, contacts={"bottom": LI, "right": GROUND}
    )
    refuses(
        ["contact 'bottom'", "a: ", "b: -0.0356", "electrochemical_potential"], across.equilibrium
    )


def test_bias_needs_a_contact_that_feels_it():
    refuses(
        ["no contact 'rigth'", "for the bias", "Did you mean 'right'?"],
        lambda: model().steady({"rigth": 0.1}),
    )
    walled = model(contacts={"left": LI, "right": BlockingContact()})
    refuses(["contact 'right' is blocking"], lambda: walled.steady({"right": 0.1}))
    refuses(["wrong unit 'A'", "potential"], lambda: model().steady({"right": "0.1 A"}))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_bias_must_be_finite(value):
    with pytest.raises(InputError, match="finite"):
        model().steady({"right": value})


def test_steady_state_needs_mobile_carriers():
    frozen = conductor(conductivity=None)
    still = model(materials={"a": conductor(), "b": frozen})
    assert still.equilibrium().history.converged
    refuses(
        ["carrier 'Li' in region 'b' has no mobility", "conductivity or a diffusivity"],
        still.steady,
    )


def test_periodic_sides_must_be_copies():
    uneven = strip(np.arange(5) * NM, 2 * NM, 2)
    refuses(
        ["'left' and 'bottom' have 3 and 5 nodes"],
        Model(
            uneven, {"electrolyte": conductor()}, periodic=[Periodic(sides=("left", "bottom"))],
            conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
        ).equilibrium,
    )  # fmt: skip
    grid = np.array([[x, y] for x in range(4) for y in range(4)], dtype=float)
    grid[13, 1] += 0.3  # a node of the right side
    skewed = from_delaunay(grid * NM, lambda c: ["electrolyte"] * len(c))
    refuses(
        ["periodic side 'right' is not a translated copy of 'left'"],
        Model(
            skewed, {"electrolyte": conductor()}, periodic=[Periodic(sides=("left", "right"))],
            conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
        ).equilibrium,
    )  # fmt: skip


def test_a_driven_periodic_cell_has_no_equilibrium():
    cell = Model(
        rectangle(6, 4, 6 * NM, 4 * NM),
        {"electrolyte": conductor()},
        periodic=[Periodic(sides=("left", "right"), potential_jump="5 mV")],
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )
    refuses(
        ["no equilibrium", "potential jump between periodic sides", "steady()"], cell.equilibrium
    )
    assert cell.steady().history.converged


def test_a_start_from_another_mesh_is_refused():
    coarse = model(mesh=strip(np.arange(5) * 2 * NM, 2 * NM, 2, [("a", 4 * NM), ("b", 8 * NM)]))
    refuses(["start solution", "same mesh"], lambda: model().equilibrium(coarse.equilibrium()))


def test_a_start_from_another_temperature_or_material_is_accepted():
    cold = model(temperature="250 K").equilibrium()
    warm = model(temperature="350 K")
    assert warm.equilibrium(cold).unknowns == pytest.approx(warm.equilibrium().unknowns, abs=1e-9)


def test_contacts_that_disagree_in_a_shared_corner_are_refused():
    """The corner cannot have both potentials; the message names the contacts and the place."""
    half = PotentialContact(potential=0.5)
    crossed = model(contacts={"left": GROUND, "top": half, "right": LI})
    words = ["'left' and 'top'", "(0, 2e-09) m", "0 V and 0.5 V", "same potential"]
    refuses(words, crossed.equilibrium)
    agreeing = model(contacts={"left": half, "top": half, "right": LI})
    refuses(["'left' and 'top'"], lambda: agreeing.steady({"left": 0.1}))
    assert agreeing.steady({"left": 0.1, "top": 0.1}).history.converged

    reservoirs = model(contacts={"left": LI, "top": LI})
    refuses(["'left' and 'top'", "(0, 2e-09) m"], lambda: reservoirs.steady({"left": 0.1}))


def test_interfaces_may_be_named_in_any_order():
    charged = model(interfaces={"b | a": Interface(surface_charge=0.01)})
    assert charged.interfaces["a|b"].surface_charge == 0.01


def test_names_of_regions_at_a_contact_and_of_a_carrier():
    m = model(materials={"a": MIXED, "b": SINGLE})
    assert m.regions_at("left") == ["a"]
    assert m.regions_at("top") == ["a", "b"]
    assert m.regions_with("Li") == ["a", "b"]
    assert m.regions_with("e") == ["a"]
    assert m.carriers == ("Li", "e")


def test_background_may_be_a_function_or_values_on_the_nodes():
    m = mesh()
    by_function = model(background={"a": lambda x, y: -1e6 * x / NM})
    by_values = model(background={"a": -1e6 * m.points[:, 0] / NM})
    first = by_function.equilibrium()
    assert np.array_equal(first.unknowns, by_values.equilibrium().unknowns)
    assert not np.allclose(first.potential, model().equilibrium().potential)


def test_energies_enter_in_electronvolts_and_potentials_in_volts():
    """A step of mu0 by E between equal conductors makes the potential step by -E / e."""
    solution = two_conductors(step=6 * KT).equilibrium()
    x = solution.model.mesh.points[:, 0]
    logit = np.log(0.3 / 0.7)
    drop = solution.potential[x == x.max()].mean() - solution.potential[x == 0.0].mean()
    assert drop == relative(-(6.0 + logit) * KT, 1e-9)


def test_a_copy_differs_in_what_is_changed_only():
    """Every argument of the model is handed on; a wrong name is refused."""
    model = slab_between_reservoirs()
    warm = model.with_(temperature=350.0)
    assert warm.temperature == 350.0
    assert (warm.mesh, warm.materials) == (model.mesh, model.materials)
    assert warm.contacts == model.contacts
    names = set(inspect.signature(Model.__init__).parameters) - {"self"}
    assert all(hasattr(model.with_(**{name: getattr(model, name)}), name) for name in names)
    with pytest.raises(InputError, match="argument of Model 'temprature'"):
        model.with_(temprature=1.0)
