"""Estimates are what a finer mesh shows; the loop ends when and where it should."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.constants import epsilon_0

from pyscl.adaptivity import (
    ContactCharge,
    ContactCurrent,
    InterfaceCharge,
    Resistance,
    adapt,
    bulk_marks,
    goal_estimate,
    on_refined,
    recovered,
    recovery_estimate,
    refine_uniformly,
)
from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import (
    BlockingContact,
    ButlerVolmer,
    Coating,
    Conserved,
    FloatingConductor,
    Interface,
    Periodic,
    PotentialContact,
)
from pyscl.errors import InputError
from pyscl.mesh import strip
from pyscl.model import Model
from pyscl.solution import Solution
from pyscl.verification.disc_setups import dielectric_cell
from pyscl.verification.meshes import disc_in_cell, moved
from pyscl.verification.setups import VT, dielectric, lattice_gas, reservoir, salt, wall_model

NM = 1e-9
LAYER = LatticeGasLayer(30.0, 1e26, 0.5)  # Debye length 0.4 nm
OTHER = LatticeGasLayer(20.0, 2e26, 0.2)


def wall(voltage=2 * VT, **more):
    mesh = strip(np.linspace(0.0, 4.0, 17) * NM, width=NM, layers=2)
    return wall_model(lattice_gas(LAYER), voltage, mesh, **more)


def slabs(interface=None, **more):
    mesh = strip(
        np.linspace(0.0, 4.0, 25) * NM,
        width=NM,
        layers=2,
        regions=[("a", 2 * NM), ("b", 4 * NM)],
    )
    return Model(
        mesh,
        {"a": lattice_gas(LAYER), "b": lattice_gas(OTHER, standard_potential=0.05)},
        contacts=more.pop(
            "contacts",
            {"left": reservoir(), "right": reservoir(electrochemical_potential=0.0)},
        ),
        interfaces={"a|b": interface} if interface else {},
        **more,
    )


def disc(**more):
    """A disc in a salt between a charged wall and a reservoir."""
    first = disc_in_cell(0.2, 10, size=4 * NM)
    contacts = {
        "left": PotentialContact(potential=VT),
        "right": reservoir("cation", potential=0.0),
    }
    material = salt(78.5, 1e26)
    anion = replace(
        first,
        facets=np.concatenate([first.facets, first.facets_of("right")]),
        facet_group=np.concatenate(
            [first.facet_group, np.full(len(first.facets_of("right")), 4, dtype=np.int32)]
        ),
        facet_names=(*first.facet_names, "right anion"),
    )
    contacts["right anion"] = reservoir("anion", potential=None)
    materials = {"matrix": material, "disc": dielectric(10.0)}
    return Model(anion, materials, contacts=contacts, **more)


def closed():
    mesh = strip(np.linspace(0.0, 4.0, 25) * NM, width=NM, layers=2)
    return Model(
        mesh,
        {"electrolyte": lattice_gas(LAYER)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=2 * VT),
        },
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )


def cylinder():
    mesh = moved(strip(np.linspace(0.0, 4.0, 25) * NM, width=NM, layers=2), NM)
    return wall_model(lattice_gas(LAYER), VT, mesh, coordinates="axisymmetric")


AT_REST, DRIVEN = {}, {"left": 0.02}
KINETICS = Interface(kinetics={"Li": ButlerVolmer(exchange_current=1e5)})
COATED = Interface(
    coating=Coating(material=lattice_gas(LAYER), thickness=0.3 * NM), surface_charge=0.003
)
CASES = {
    "wall": (wall, AT_REST, ContactCharge("left")),
    "cylinder": (cylinder, AT_REST, ContactCharge("left")),
    "closed slab": (closed, AT_REST, ContactCharge("left")),
    "interface": (slabs, AT_REST, InterfaceCharge("b|a", "b")),
    "charged interface": (
        lambda: slabs(Interface(surface_charge=0.01)),
        AT_REST,
        InterfaceCharge("a|b", "a"),
    ),
    "Stern layer": (
        lambda: slabs(Interface(compact_capacitance=0.3)),
        AT_REST,
        InterfaceCharge("a|b", "a"),
    ),
    "driven interface": (slabs, DRIVEN, InterfaceCharge("a|b", "a")),
    "current": (slabs, DRIVEN, ContactCurrent("right", "Li")),
    "kinetics": (lambda: slabs(KINETICS), DRIVEN, ContactCurrent("left")),
    "resistance": (lambda: slabs(KINETICS), DRIVEN, Resistance("left")),
    "coating": (lambda: slabs(COATED), DRIVEN, Resistance("left")),
    "disc": (disc, AT_REST, ContactCharge("left")),
    "floating disc": (
        lambda: disc(floating=[FloatingConductor(region="disc")]),
        AT_REST,
        ContactCharge("left"),
    ),
}


def solved(model, bias):
    return model.steady(bias) if bias else model.equilibrium()


@pytest.mark.parametrize("case", CASES)
def test_estimate_is_what_uniform_refinement_shows(case):
    """4/3 of the difference to the solution on the refined mesh, up to second order in it."""
    build, bias, quantity = CASES[case]
    solution = solved(build(), bias)
    estimate = goal_estimate(solution, quantity)
    fine = on_refined(solution.model, refine_uniformly(solution.model.mesh))
    difference = quantity.value(solved(fine, bias)) - quantity.value(solution)
    assert estimate.value == quantity.value(solution)
    assert estimate.error == pytest.approx(4.0 / 3.0 * difference, rel=0.1)
    assert abs(estimate.relative) < 0.2


@pytest.mark.parametrize("case", CASES)
def test_parts_add_up(case):
    """Without a thin layer the parts of the edges and triangles are the whole estimate."""
    build, bias, quantity = CASES[case]
    estimate = goal_estimate(solved(build(), bias), quantity)
    assert estimate.indicator.sum() == pytest.approx(estimate.edges.sum(), rel=1e-9)
    if case in ("floating disc", "coating", "Stern layer"):
        return  # sums, tied unknowns and layers are not balances of single sites
    rel = 1e-2 if case == "charged interface" else 1e-5  # its charge belongs to no site
    assert estimate.indicator.sum() == pytest.approx(estimate.error, rel=rel)


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_the_derivative(case, rng):
    build, bias, quantity = CASES[case]
    solution = solved(build(), bias)

    def amount(change):
        state = Solution(
            solution.model,
            solution.unknowns + change,
            kind=solution.kind,
            bias=solution.bias,
            history=solution.history,
        )
        return quantity.amount(state)

    gradient = quantity.gradient(solution)
    step = 1e-4 * rng.normal(size=len(gradient))
    difference = 0.5 * (amount(step) - amount(-step))
    assert gradient @ step == pytest.approx(difference, rel=1e-5)


def test_values_are_those_of_the_solution():
    solution = slabs(KINETICS).steady({"left": 0.02})
    current = solution.contact("left").current
    assert ContactCurrent("left").value(solution) == pytest.approx(current, rel=1e-12)
    assert ContactCurrent("left", "Li").value(solution) == pytest.approx(current, rel=1e-12)
    assert Resistance("left").value(solution) == pytest.approx(0.02 / current, rel=1e-12)
    charge = solution.contact("right").charge
    assert ContactCharge("right").value(solution) == pytest.approx(charge, rel=1e-12)
    for side in solution.interface("a|b").sides:
        value = InterfaceCharge("a|b", side.region).value(solution)
        assert value == pytest.approx(side.charge, rel=1e-10)


def test_edges_across_the_layer_carry_the_error():
    """At a plane wall nothing is gained by more nodes along it."""
    solution = wall().equilibrium()
    estimate = goal_estimate(solution, ContactCharge("left"))
    mesh = solution.model.mesh
    keys = mesh.edges.keys
    ends = mesh.points[np.column_stack(np.divmod(keys, mesh.n_points)), 0]
    along = np.isclose(*ends.T, rtol=0.0, atol=1e-6 * NM)
    assert np.abs(estimate.edges[along]).sum() < 0.01 * np.abs(estimate.edges).sum()


def test_recovery_is_exact_for_uniform_fields_and_does_not_cross_interfaces():
    """Two dielectrics in series: fields jump at the interface, and the recovery changes nothing."""
    mesh = strip(np.linspace(0.0, 4.0, 9) * NM, width=NM, regions=[("a", 2 * NM), ("b", 4 * NM)])
    model = Model(
        mesh,
        {"a": dielectric(5.0), "b": dielectric(20.0)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=0.1),
        },
    )
    solution = model.equilibrium()
    smooth = recovered(solution, "electric_field")
    for region, field in ((0, -0.8), (1, -0.2)):
        inside = smooth[solution.site_region == region]
        np.testing.assert_allclose(inside[:, 0], field * 0.1 / (2 * NM), rtol=1e-9)
    assert recovery_estimate(solution).error < 1e-15


def test_recovery_error_falls_with_the_square_of_the_size():
    solution = disc().equilibrium()
    errors = [recovery_estimate(solution).error]
    model = solution.model
    for _ in range(2):
        model = on_refined(model, refine_uniformly(model.mesh))
        errors.append(recovery_estimate(model.equilibrium()).error)
    assert 3.0 < errors[1] / errors[2] < 5.0


def test_recovery_error_is_a_share_of_the_field_energy():
    """Integrals of |D|^2/eps by the middles of the sides, exact for what recovery makes."""
    solution = dielectric_cell(0.4, 50.0, 6).equilibrium()
    mesh = solution.model.mesh
    eps = epsilon_0 * np.array([10.0, 500.0])[(mesh.regions_of("disc")).astype(int)]
    field = eps[:, None] * solution["electric_field"].values
    corners = recovered(solution, "displacement")[solution.site_triangles]
    middles = 0.5 * (corners + np.roll(corners, -1, axis=1))

    def energy(vectors):
        return (mesh.areas / eps * (vectors**2).sum(axis=2).mean(axis=1)).sum()

    expected = energy(middles - field[:, None]) / energy(middles)
    assert recovery_estimate(solution).error == pytest.approx(expected, rel=1e-9)


def test_recovery_sees_currents():
    """The estimate of a driven state holds the same for the field and more for the current."""
    solution = slabs(KINETICS).steady({"left": 0.1})
    smooth = recovered(solution, "current_density_Li")
    mean = solution.contact("left").current / NM
    np.testing.assert_allclose(smooth[:, 0], mean, rtol=0.2)
    assert recovery_estimate(solution).indicator.min() >= 0.0
    with pytest.raises(InputError, match="current_density_Li"):
        recovered(solution, "current_density_Lj")


def test_loop_reaches_its_tolerance_and_tells_its_way():
    result = adapt(wall(), ContactCharge("left"), tolerance=2e-3)
    assert result.reached
    assert result.reason == "reached"
    assert result.estimate.relative <= 2e-3
    assert result.value == result.solution.contact("left").charge
    nodes = [row.nodes for row in result.history]
    assert nodes == sorted(set(nodes))
    assert nodes[-1] == result.solution.model.mesh.n_points
    text = str(result)
    assert "charge of left [C/m]" in text
    assert len(text.splitlines()) == 2 + len(result.history)


def test_corrected_value_needs_fewer_nodes():
    plain = adapt(wall(), ContactCharge("left"), tolerance=1e-4)
    corrected = adapt(wall(), ContactCharge("left"), tolerance=1e-4, correct=True)
    best = adapt(wall(), ContactCharge("left"), tolerance=1e-5, correct=True).value
    assert plain.reached
    assert corrected.reached
    assert corrected.history[-1].nodes < 0.7 * plain.history[-1].nodes
    assert corrected.value == pytest.approx(best, rel=1e-4)


def test_loop_ends_at_the_budget_without_hiding_it():
    result = adapt(wall(20 * VT), ContactCharge("left"), tolerance=1e-9, max_nodes=300)
    assert not result.reached
    assert result.solution.model.mesh.n_points <= 300
    assert "more than 300 nodes" in str(result)
    result = adapt(wall(20 * VT), ContactCharge("left"), tolerance=1e-9, max_steps=2)
    assert not result.reached
    assert len(result.history) == 2


def test_loop_by_recovery_reduces_the_error():
    result = adapt(disc(), tolerance=0.02)
    assert result.reached
    assert result.estimate.error <= 0.02
    assert result.history[0].error > 2 * result.history[-1].error


def test_loop_keeps_names_and_periodic_sides():
    result = adapt(dielectric_cell(0.3, 100.0, 6), tolerance=3e-3, max_nodes=4000)
    assert len(result.history) > 2
    model = result.solution.model
    assert model.mesh.facet_names == dielectric_cell(0.3, 100.0, 6).mesh.facet_names
    assert isinstance(model.periodic[0], Periodic)


def test_loop_takes_a_bias_and_a_model_of_its_own():
    """The same steps come back with a factory instead of the model's own refinement."""
    quantity = Resistance("left")

    def drive(model, start):
        return model.steady({"left": 0.02}, start)

    model = slabs(KINETICS)
    own = adapt(model, quantity, solve=drive, tolerance=1e-4, max_nodes=500)

    def rebuild(mesh):
        return Model(mesh, model.materials, contacts=model.contacts, interfaces={"a|b": KINETICS})

    other = adapt(model, quantity, solve=drive, tolerance=1e-4, max_nodes=500, rebuild=rebuild)
    assert [r.value for r in own.history] == [r.value for r in other.history]


def test_bulk_marks_take_the_largest():
    marks = bulk_marks(np.array([1.0, -5.0, 0.0, 3.0, 1.0]), 0.75)
    assert marks.tolist() == [False, True, False, True, False]
    assert bulk_marks(np.array([1.0, 0.0]), 1.0).tolist() == [True, False]


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        (ContactCharge("lft"), "Did you mean 'left'"),
        (ContactCharge("right"), "blocking"),
        (ContactCurrent("left", "Na"), "no carrier 'Na'"),
        (Resistance("left"), "needs a bias"),
        (InterfaceCharge("a|c", "a"), "no interface"),
        (InterfaceCharge("a|b", "c"), "no region 'c'"),
    ],
)
def test_quantities_refuse_what_does_not_exist(quantity, message):
    model = slabs(contacts={"left": reservoir(), "right": BlockingContact()})
    with pytest.raises(InputError, match=message):
        goal_estimate(model.equilibrium(), quantity)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0.0}, "must be positive"),
        ({"tolerance": float("nan")}, "must be positive"),
        ({"share": 0.0}, "share to refine"),
        ({"share": 1.5}, "share to refine"),
        ({"max_nodes": 0}, "max_nodes"),
        ({"max_steps": 0}, "max_nodes and max_steps"),
        ({"stretch": 0.0}, "stretch"),
        ({"curves": {"nowhere": None}}, "nowhere"),
    ],
)
def test_loop_refuses_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        adapt(wall(), ContactCharge("left"), **{"tolerance": 1e-6, "max_nodes": 200} | options)
