"""Polarization, its memory and its sources on refined and on other meshes."""

import numpy as np
import pytest

from pyscl import (
    Anisotropic,
    Carrier,
    Hysteresis,
    Johnson,
    Landau,
    Langevin,
    Material,
    Model,
    PotentialContact,
    Remanent,
    ReservoirContact,
)
from pyscl.adaptivity import (
    ContactCharge,
    InterfaceCharge,
    adapt,
    goal_estimate,
    on_mesh,
    on_refined,
    prolonged,
    recovery_estimate,
    refine_edges,
    refine_uniformly,
    transferred,
)
from pyscl.errors import InputError
from pyscl.mesh import strip
from pyscl.polar_states import StripeDomains, UniformPolarization
from pyscl.polarization import MEMORY, POLAR
from pyscl.solution import Solution

NM = 1e-9
LAWS = {
    "linear": None,
    "landau": Landau(coefficients="BaTiO3-Bell-Cross", axes="20 deg"),
    "zero boundary": Landau(coefficients="BaTiO3-Bell-Cross", boundary="zero"),
    "hysteresis": Hysteresis(
        background_permittivity=20.0,
        saturation=0.1,
        remanence=0.05,
        coercive_field=3e6,
        cells=3,
        spread=0.2,
        axes="20 deg",
    ),
    "johnson": Johnson(relative_permittivity=300.0, coefficient=1e10),
    "langevin": Langevin(
        background_permittivity=10.0, saturation=0.05, zero_field_permittivity=300.0
    ),
    "anisotropic": Anisotropic(along=100.0, across=20.0, axes="30 deg"),
    "remanent": Remanent(polarization=0.05, relative_permittivity=30.0, axes="10 deg"),
}


def cell(law, voltage=0.3, steps=16, layers=3, **more):
    """A crystal fe beside a salt se."""
    mesh = strip(
        np.linspace(0.0, 8.0, steps + 1) * NM,
        3 * NM,
        layers,
        regions=[("fe", 4 * NM), ("se", 8 * NM)],
    )
    ions = Carrier(name="Li", charge=1, site_density=1e27, site_fraction=0.3, conductivity=1e-3)
    fe = Material(polarization=law) if law else Material(relative_permittivity=30.0)
    return Model(
        mesh,
        {"fe": fe, "se": Material(relative_permittivity=12.0, carriers=(ions,))},
        contacts={
            "left": PotentialContact(potential=voltage),
            "right": ReservoirContact(carrier="Li"),
        },
        temperature=298.0,
        **more,
    )


def rest(model, start=None):
    polar = (model.discretized.core.dof_carrier == POLAR).any() and start is None
    return model.equilibrium(start, polarization=UniformPolarization() if polar else None)


def linear(model):
    """A P [scaled] that is linear in space."""
    d = model.discretized
    polar = np.flatnonzero(d.site_polar >= 0)
    x, y = model.mesh.points[d.site_node[polar]].T / NM
    return d.site_polar[polar], np.column_stack([0.3 * x - 0.2 * y, 0.1 * x + 0.7 * y - 1.0])


@pytest.mark.parametrize("flip", [False, True])
def test_polarization_is_linear_between_old_sites(flip, rng):
    model = cell(LAWS["landau"])
    solution = rest(model)
    first, values = linear(model)
    for k in range(2):
        solution.unknowns[first + k] = values[:, k]
    marks = rng.random(len(model.mesh.edges.keys)) < 0.3
    refinement = refine_edges(model.mesh, marks, stretch=8.0, flip=flip)
    fine = on_refined(model, refinement)
    for start in (prolonged(solution, fine, refinement), transferred(solution, fine)):
        first, values = linear(fine)
        for k in range(2):
            np.testing.assert_allclose(start.unknowns[first + k], values[:, k], atol=1e-12)


@pytest.mark.parametrize("flip", [False, True])
def test_triangles_remember_what_the_one_around_them_does(flip, rng):
    """The memory of every cell, and a fixed polarization, follow the coarse triangle."""
    model = cell(LAWS["hysteresis"], fixed_polarization={"fe": lambda x, y: (x / NM, y / NM)})
    solution = model.equilibrium()
    first = model.discretized.core.triangle_memory
    here = np.flatnonzero(first >= 0)
    for k in range(3):
        solution.unknowns[first[here] + k] = here + 0.1 * k
    marks = rng.random(len(model.mesh.edges.keys)) < 0.3
    refinement = refine_edges(model.mesh, marks, stretch=8.0, flip=flip)
    assert flip != np.array_equal(refinement.pieces, refinement.mesh.triangles)
    fine = on_refined(model, refinement)
    around, clear = around_centroids(model.mesh, fine.mesh)
    given = np.zeros((model.mesh.n_triangles, 2))
    given[model.mesh.regions_of("fe")] = model.fixed_polarization["fe"]
    inside = fine.mesh.regions_of("fe")
    np.testing.assert_array_equal(
        fine.fixed_polarization["fe"][clear[inside]], given[around[inside & clear]]
    )
    other = fine.with_(fixed_polarization={})
    for start in (prolonged(solution, fine, refinement), transferred(solution, other)):
        first = start.model.discretized.core.triangle_memory
        new = np.flatnonzero((first >= 0) & clear)
        assert len(new) > len(here)
        for k in range(3):
            np.testing.assert_allclose(start.unknowns[first[new] + k], around[new] + 0.1 * k)


def around_centroids(old, new):
    """Return the old triangle around each new one's centroid, and which are not on an edge."""
    corner = old.points[old.triangles]
    edges = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=2)
    found, depth = [], []
    for place in new.points[new.triangles].mean(axis=1):
        local = np.linalg.solve(edges, (place - corner[:, 0])[..., None])[..., 0]
        weight = np.column_stack([1.0 - local.sum(axis=1), local])
        found.append(int(np.argmax(weight.min(axis=1))))
        depth.append(weight.min(axis=1).max())
    return np.array(found), np.array(depth) > 1e-6


def test_a_start_without_polarization_leaves_a_crystal_unpoled():
    """Another law has other unknowns: nothing is taken over, and nothing fails."""
    plain = cell(LAWS["johnson"]).equilibrium()
    for name in ("landau", "hysteresis"):
        start = transferred(plain, cell(LAWS[name], steps=20))
        kind = start.model.discretized.core.dof_carrier
        assert np.all(start.unknowns[(kind == POLAR) | (kind == MEMORY)] == 0.0)
    back = transferred(rest(cell(LAWS["landau"])), cell(LAWS["johnson"]))
    assert np.isfinite(back.unknowns).all()


def test_fields_of_polarization_need_their_mesh():
    model = cell(LAWS["johnson"], fixed_polarization={"fe": (0.01, 0.0)})
    with pytest.raises(InputError, match="a field as fixed_polarization"):
        on_mesh(model, model.mesh)


@pytest.mark.parametrize("name", [n for n in LAWS if n != "linear"])
def test_gradient_of_an_interface_charge_is_its_derivative(name, rng):
    """With the bound charge that follows the field or the polarization."""
    solution = rest(cell(LAWS[name]))
    model = solution.model
    memory = model.discretized.core.dof_carrier == MEMORY
    solution.unknowns[memory] = -1e3  # far from the field, so that it moves with it
    for region in ("fe", "se"):
        quantity = InterfaceCharge("fe|se", region)

        def amount(u, quantity=quantity):
            state = Solution(model, u, kind="equilibrium", bias={}, history=solution.history)
            return quantity.amount(state)

        gradient = quantity.gradient(solution)
        step = 1e-4 * rng.normal(size=len(gradient))
        step[memory] = 0.0
        difference = 0.5 * (amount(solution.unknowns + step) - amount(solution.unknowns - step))
        assert gradient @ step == pytest.approx(difference, rel=1e-5)


@pytest.mark.parametrize("name", [n for n in LAWS if n != "hysteresis"])
def test_estimate_is_what_uniform_refinement_shows(name):
    """The estimate times 3/4 is the change by refinement to second order, and its parts add up."""
    model = cell(LAWS[name], voltage=0.1)
    solution = rest(model)
    refinement = refine_uniformly(model.mesh)
    fine = on_refined(model, refinement)
    refined = rest(fine, prolonged(solution, fine, refinement))
    for quantity in (ContactCharge("left"), InterfaceCharge("fe|se", "se")):
        estimate = goal_estimate(solution, quantity)
        change = quantity.amount(refined) - quantity.amount(solution)
        assert 0.75 * estimate.error == pytest.approx(change, rel=0.2)
        assert estimate.edges.sum() == pytest.approx(estimate.error, rel=1e-6)


def test_estimates_of_a_hysteresis_are_refused():
    solution = cell(LAWS["hysteresis"]).equilibrium()
    with pytest.raises(InputError, match="hysteresis of region 'fe' depends on its past"):
        goal_estimate(solution, ContactCharge("left"))
    assert recovery_estimate(solution).error > 0.0


@pytest.mark.parametrize("quantity", [None, ContactCharge("left")], ids=["field", "charge"])
def test_a_ferroelectric_region_is_adapted(quantity):
    """The loop shall reach its tolerance from the polarization of the mesh before."""
    coarse = cell(LAWS["landau"])
    result = adapt(coarse, quantity, solve=rest, tolerance=3e-3, max_nodes=3000)
    assert result.reached
    assert all(row.newton_iterations < 15 for row in result.history[1:])
    assert result.solution.history.relaxation_rate > 0.0
    first, last = (s.polarization_of("fe").along_axis for s in (rest(coarse), result.solution))
    assert last == pytest.approx(first, rel=0.1)


def test_domain_walls_are_refined():
    """Recovery sees walls, across which P jumps in a few triangles."""
    law = Landau(coefficients="BaTiO3-Bell-Cross", axes="90 deg")
    mesh = strip(np.linspace(0.0, 16.0, 33) * NM, 4 * NM, 8, regions=[("fe", 16 * NM)])
    model = Model(
        mesh,
        {"fe": Material(polarization=law)},
        contacts={n: PotentialContact(potential=0.0) for n in ("bottom", "top")},
        temperature=298.0,
    )
    solution = model.equilibrium(polarization=StripeDomains("16 nm", offset="4 nm"))
    assert solution.polarization_of("fe").spread > 0.2
    indicator = recovery_estimate(solution).indicator
    x = mesh.points[mesh.triangles, 0].mean(axis=1) / NM
    wall = np.min(np.abs(x[:, None] - [4.0, 12.0]), axis=1) < 1.5
    assert indicator[wall].sum() > 0.9 * indicator.sum()
