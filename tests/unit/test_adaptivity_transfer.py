"""Models and solutions on another mesh keep names, fields and jumps."""

from dataclasses import replace

import numpy as np
import pytest

from pyscl.adaptivity import (
    on_mesh,
    on_refined,
    prolonged,
    refine,
    refine_edges,
    refine_uniformly,
    transfer,
    transferred,
)
from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import ContactResistance, Interface, PotentialContact
from pyscl.errors import InputError
from pyscl.mesh import strip
from pyscl.model import Model
from pyscl.verification.meshes import disc_in_cell
from pyscl.verification.setups import VT, contact_model, dielectric, lattice_gas, reservoir

NM = 1e-9
LEFT, RIGHT = LatticeGasLayer(30.0, 1e26, 0.5), LatticeGasLayer(20.0, 3e26, 0.2)


def two_slabs(interface=None, steps=6, **more):
    """Two lattice gases between two reservoirs, regions a and b."""
    mesh = strip(
        np.linspace(0.0, 4.0, 2 * steps + 1) * NM,
        width=2 * NM,
        layers=2,
        regions=[("a", 2 * NM), ("b", 4 * NM)],
    )
    return Model(
        mesh,
        {"a": lattice_gas(LEFT), "b": lattice_gas(RIGHT)},
        contacts={"left": reservoir(), "right": reservoir(electrochemical_potential=0.0)},
        interfaces={"a|b": interface} if interface else {},
        **more,
    )


RESISTIVE = Interface(kinetics={"Li": ContactResistance(resistance=1e-6)})
COMPACT = Interface(compact_capacitance=0.2, surface_charge=0.01, blocking=("Li",))


@pytest.mark.parametrize("interface", [None, RESISTIVE, COMPACT], ids=["open", "kinetics", "Stern"])
@pytest.mark.parametrize("flip", [False, True])
def test_prolonged_solution_is_linear_in_every_region(interface, flip, rng):
    """New sites take the mean of the two old sites of their own region, also where it jumps."""
    model = two_slabs(interface)
    solution = model.equilibrium()
    refinement = refine_edges(
        model.mesh, rng.random(len(model.mesh.edges.keys)) < 0.3, stretch=8.0, flip=flip
    )
    fine = on_refined(model, refinement)

    def linear(model, jumps):
        d = model.discretized
        x, y = model.mesh.points[d.site_node].T / NM
        return 0.3 * x - 0.2 * y + jumps * d.site_region

    d, refined = model.discretized, fine.discretized
    phi_jumps, mu_jumps = interface is COMPACT, interface is not None
    solution.unknowns[d.site_phi] = linear(model, phi_jumps)
    solution.unknowns[d.site_dofs[:, 0]] = 5.0 + linear(model, mu_jumps)
    start = prolonged(solution, fine, refinement)
    phi, mu = start.unknowns[refined.site_phi], start.unknowns[refined.site_dofs[:, 0]]
    np.testing.assert_allclose(phi, linear(fine, phi_jumps), atol=1e-12)
    np.testing.assert_allclose(mu, 5.0 + linear(fine, mu_jumps), atol=1e-12)


def test_prolonged_solution_keeps_bias_and_terminals():
    model = two_slabs(RESISTIVE)
    solution = model.steady({"left": 0.05})
    refinement = refine_uniformly(model.mesh)
    fine = on_refined(model, refinement)
    start = prolonged(solution, fine, refinement)
    again = fine.steady({"left": 0.05}, start)
    assert start.bias == solution.bias
    old, new = model.discretized, fine.discretized
    assert (
        start.unknowns[new.first_terminal_dof :].tolist()
        == solution.unknowns[old.first_terminal_dof :].tolist()
    )
    assert len(again.history.iterations) <= 4
    assert again.contact("left").current == pytest.approx(
        solution.contact("left").current, rel=0.05
    )
    assert again.contact("left").current == pytest.approx(
        fine.steady({"left": 0.05}).contact("left").current, rel=1e-8
    )


def test_refined_model_is_the_same_model():
    """Fields of charge stay linear, the halves of a facet share its contact."""
    share = np.linspace(0.2, 0.9, 2)
    model = two_slabs(
        RESISTIVE, background={"a": lambda x, y: 1e5 * x / NM}, contact_share={"a|b": share}
    )
    fine = on_refined(model, refine_uniformly(model.mesh))
    inside = fine.mesh.points[:, 0] <= 2 * NM * (1 + 1e-9)
    np.testing.assert_allclose(
        fine.background["a"][inside], 1e5 * fine.mesh.points[inside, 0] / NM, rtol=1e-12
    )
    middles = fine.mesh.points[fine.mesh.interfaces["a|b"]].mean(axis=1)[:, 1]
    coarse = model.mesh.points[model.mesh.interfaces["a|b"]].mean(axis=1)[:, 1]
    nearest = np.abs(middles[:, None] - coarse).argmin(axis=1)
    np.testing.assert_array_equal(fine.contact_share["a|b"], share[nearest])
    assert fine.materials == model.materials
    assert fine.contacts == model.contacts
    assert fine.interfaces == model.interfaces


def test_halves_of_facets_keep_the_share_of_their_place():
    """Around a circle, where facets have no simple order."""

    def share(x, y):
        return 0.5 + 0.4 * np.arctan2(y, x) / np.pi

    model = Model(
        disc_in_cell(0.3, 6),
        {"disc": lattice_gas(LEFT), "matrix": lattice_gas(LEFT)},
        contacts={"left": reservoir()},
        interfaces={"disc|matrix": Interface(kinetics={"Li": ContactResistance(resistance=1e-6)})},
        contact_share={"disc|matrix": share},
    )
    at_interface = np.isin(model.mesh.triangles, model.mesh.interfaces["disc|matrix"])
    fine = on_refined(model, refine(model.mesh, at_interface.sum(axis=1) == 2))
    middles = fine.mesh.points[fine.mesh.interfaces["disc|matrix"]].mean(axis=1)
    assert len(middles) > len(model.contact_share["disc|matrix"])
    step = 0.4 * 2.0 / 24.0  # of the share from one coarse facet to the next
    away = np.abs(np.arctan2(middles[:, 1], middles[:, 0])) < 3.0
    error = np.abs(fine.contact_share["disc|matrix"] - share(*middles.T))
    assert error[away].max() < 0.5 * step


def test_equal_results_on_flipped_and_unflipped_models():
    """A refined model gives what a model built on the refined mesh gives."""
    model = two_slabs()
    mesh = refine(model.mesh, [3, 4, 5]).mesh
    by_hand = on_mesh(model, mesh).equilibrium()
    refined = on_refined(model, refine(model.mesh, [3, 4, 5])).equilibrium()
    np.testing.assert_array_equal(by_hand.unknowns, refined.unknowns)


def test_transfer_to_another_mesh_starts_near_the_solution():
    """Interpolation region by region: the jump of the site fraction is not smeared."""
    model = contact_model(LEFT, RIGHT, 8 * VT, per_length=8.0)
    other = contact_model(LEFT, RIGHT, 8 * VT, per_length=11.0)
    start = transferred(model.equilibrium(), other)
    solution = other.equilibrium(start)
    assert np.abs(start.potential - solution.potential).max() < 0.05 * 8 * VT
    assert len(solution.history.iterations) < len(other.equilibrium().history.iterations)


def test_transfer_keeps_jumps():
    """Every side of a resistive interface takes the values of its own region."""
    first, second = two_slabs(RESISTIVE).steady({"left": 0.1}), two_slabs(RESISTIVE, steps=9)
    start = transferred(first, second)
    for state in (first, start):
        at = np.abs(state.site_points[:, 0] - 2 * NM) < 1e-6 * NM
        mu = state["electrochemical_potential_Li"].values
        sides = [mu[at & (state.site_region == region)].mean() for region in range(2)]
        jump = sides[0] - sides[1]
        if state is first:
            expected = jump
    assert abs(expected) > 0.01
    assert jump == pytest.approx(expected, rel=1e-6)


def test_transfer_reproduces_linear_fields_and_reaches_outside():
    """Dielectrics in a uniform field: exact also for a region that grew beyond its old border."""

    def cell(fraction, cells):
        return Model(
            disc_in_cell(fraction, cells),
            {"disc": dielectric(10.0), "matrix": dielectric(10.0)},
            contacts={
                "left": PotentialContact(potential=0.0),
                "right": PotentialContact(potential=0.1),
            },
        )

    first, second = cell(0.3, 8), cell(0.3, 11)
    start = transferred(first.equilibrium(), second)
    exact = second.equilibrium().potential
    outside = np.abs(np.hypot(*second.mesh.points.T) - 1e-8 * np.sqrt(0.3 / np.pi)) < 1e-12
    assert outside.any()
    np.testing.assert_allclose(start.potential[~outside], exact[~outside], atol=1e-12)
    np.testing.assert_allclose(start.potential[outside], exact[outside], atol=0.1 * 0.02)


def band_cell(nodes, layers, shift):
    """Two lattice gases whose interface has bands of triangles 60 nm long and 0.1 nm high."""
    x = np.array([-100.0, *np.linspace(-8.0, 8.0, nodes), 100.0])
    x[1:-1] += shift * np.sin(np.pi * x[1:-1] / 8.0)
    mesh = strip(
        (x + 100.0) * NM,
        width=180.0 * NM,
        layers=layers,
        regions=[("a", 100 * NM), ("b", 200 * NM)],
    )
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    mesh = replace(mesh, points=mesh.points @ turn.T)
    return Model(
        mesh,
        {"a": lattice_gas(LEFT), "b": lattice_gas(RIGHT)},
        contacts={"left": reservoir(), "right": reservoir(electrochemical_potential=0.0)},
        interfaces={"a|b": COMPACT},
    )


def test_transfer_finds_the_triangle_in_a_band_mesh():
    """A linear field oblique to the bands, with a jump, is the same on the other mesh."""
    first, second = band_cell(161, 3, 0.0), band_cell(121, 4, 0.01)
    solution = first.equilibrium()

    def linear(model):
        d = model.discretized
        x, y = model.mesh.points[d.site_node].T / (100 * NM)
        return 0.3 * x - 0.7 * y + 5.0 * d.site_region

    d, new = first.discretized, second.discretized
    solution.unknowns[d.site_phi] = linear(first)
    solution.unknowns[d.site_dofs[:, 0]] = 2.0 - linear(first)
    start = transferred(solution, second)
    np.testing.assert_allclose(start.unknowns[new.site_phi], linear(second), rtol=0, atol=1e-12)
    mu = start.unknowns[new.site_dofs[:, 0]]
    np.testing.assert_allclose(mu, 2.0 - linear(second), rtol=0, atol=1e-12)


def test_points_outside_take_the_nearest_place_of_a_band():
    """Not the nearest corner or middle: triangles are long."""
    mesh = strip(np.array([0.0, 0.1, 0.2]) * NM, width=60 * NM, layers=1)
    outside = np.array([[-1.0, 13.0], [1.0, 47.0], [0.1, 70.0]]) * NM
    at, weight = transfer._locate(mesh, np.arange(len(mesh.triangles)), outside)
    places = (weight[:, :, None] * mesh.points[mesh.triangles[at]]).sum(axis=1) / NM
    np.testing.assert_allclose(places, [[0.0, 13.0], [0.2, 47.0], [0.1, 60.0]], atol=1e-9)


def test_fields_do_not_follow_to_an_unrelated_mesh():
    model = two_slabs(background={"a": lambda x, y: 1e5 * x / NM})
    with pytest.raises(InputError, match="known on its own mesh only"):
        on_mesh(model, two_slabs(steps=8).mesh)


def test_other_carriers_are_refused():
    solution = two_slabs().equilibrium()
    mesh = strip(np.linspace(0.0, 4.0, 9) * NM, width=NM, regions=[("a", 2 * NM), ("b", 4 * NM)])
    bare = Model(
        mesh,
        {"a": dielectric(3.0), "b": dielectric(3.0)},
        contacts={"left": PotentialContact(potential=0.0)},
    )
    with pytest.raises(InputError, match="both need the same"):
        transferred(solution, bare)
