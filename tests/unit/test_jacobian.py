"""The Jacobian of the assembled equations is the derivative of their residual, for every law."""

import numpy as np
import pytest
from approx import relative
from scipy.sparse import csc_array
from tiny import (
    AXISYMMETRIC,
    LAW_MOBILITY,
    LAW_MOBILITY_IDS,
    LAWS,
    PLANAR,
    constrain,
    discretize,
    equilibrium_assembly,
    scrambled,
    steady_assembly,
)

from pyscl import _core

every_flux = pytest.mark.parametrize(("name", "mobility"), LAW_MOBILITY, ids=LAW_MOBILITY_IDS)
both_coordinates = pytest.mark.parametrize("coordinates", [PLANAR, AXISYMMETRIC])


def two_regions(rng, name, mobility, coordinates=PLANAR, blocked=False):
    """Return a discretisation: carrier 0 (the law under test, z = 1) in both regions with other
    parameters and a charged interface, carrier 1 (z = -2, Boltzmann) in the first only.
    """
    points, triangles, region = scrambled(rng, nx=4, ny=3)
    statistics = LAWS[name].statistics
    other = _core.CarrierLaw(1, -2.0, 0.1, 0.3, 2.0, _core.Mobility.dilute, _core.Boltzmann())
    laws = [
        _core.RegionLaw(
            0.5, [_core.CarrierLaw(0, 1.0, 1.0, 0.0, 1.0, mobility, statistics), other]
        ),
        _core.RegionLaw(7.0, [_core.CarrierLaw(0, 1.0, 0.4, 1.5, 0.2, mobility, statistics)]),
    ]
    wall = np.flatnonzero(points[:, 0] == 1.5).astype(np.int32)
    wall = wall[np.argsort(points[wall, 1])]
    facets = np.column_stack([wall[:-1], wall[1:]])
    d = discretize(
        points, triangles, region, laws, 2, coordinates, [(0, facets)] if blocked else []
    )
    d.set_fixed_charge(rng.normal(size=d.n_sites), rng.normal(size=d.n_nodes))
    return d, points


def open_problem(d, points):
    """Return no constraints at all: every row of the balance laws is a residual."""
    return {}


def closed_problem(d, points):
    """Electrodes; carrier 0 held by a reservoir on the left, carrier 1 by an inventory."""
    left, right = (np.flatnonzero(points[:, 0] == x) for x in (0.0, 3.0))
    fixed = dict.fromkeys(left, 0.3) | dict.fromkeys(right, -0.8)
    fixed |= dict.fromkeys(np.flatnonzero(np.isin(d.dof_node, left) & (d.dof_carrier == 0)), 0.1)
    second = np.flatnonzero(d.dof_carrier == 1).tolist()
    return {"fixed": fixed, "inventories": [_core.Inventory(1, second, 0.4)]}


def periodic_problem(d, points):
    """Bottom and top tied with a jump of the potentials; both carriers held by inventories."""
    ties, offsets = [], []
    for x in np.unique(points[points[:, 1] == 0.0, 0]):
        nodes = [np.flatnonzero((points == [x, y]).all(axis=1))[0] for y in (0.0, 2.0)]
        for carrier, charge in ((-1, 1.0), (0, 1.0), (1, -2.0)):
            pair = [np.flatnonzero((d.dof_node == n) & (d.dof_carrier == carrier)) for n in nodes]
            if len(pair[0]):
                ties.append(np.concatenate(pair))
                offsets.append(charge * 0.7)
    carriers = [np.flatnonzero(d.dof_carrier == k).tolist() for k in (0, 1)]
    inventories = [_core.Inventory(0, carriers[0], 0.9), _core.Inventory(1, carriers[1], 0.2)]
    return {"fixed": {0: 0.0}, "ties": ties, "offsets": offsets, "inventories": inventories}


class Problem:
    """Residual and Jacobian in the free unknowns z."""

    def __init__(self, assemble, d, inventories=(), **constraints):
        self.assembly = assemble(d, inventories=inventories, **constraints)
        self.constraints = constrain(d, **constraints)

    def residual(self, z):
        return self.assembly.residual(self.constraints.expand(z))

    def jacobian(self, z):
        """Return the Jacobian as a sparse matrix."""
        _, data, rows, starts = self.assembly.residual_and_jacobian(self.constraints.expand(z))
        return csc_array((data, rows, starts), shape=(len(z), len(z)))

    def difference(self, z, h):
        """Return the Jacobian by five-point central differences, (n, n)."""
        columns = []
        for k in range(len(z)):
            e = np.zeros(len(z))
            e[k] = h
            r = {s: self.residual(z + s * e) for s in (-2, -1, 1, 2)}
            columns.append((8.0 * (r[1] - r[-1]) - (r[2] - r[-2])) / (12.0 * h))
        return np.column_stack(columns)


@every_flux
@both_coordinates
@pytest.mark.parametrize(
    ("build", "blocked"),
    [
        (open_problem, False),
        (open_problem, True),
        (closed_problem, True),
        (periodic_problem, False),
    ],
    ids=["open", "blocked interface", "reservoir and inventory", "periodic and inventories"],
)
def test_jacobian_is_the_derivative_of_the_residual(
    name, mobility, coordinates, build, blocked, rng
):
    """T20: to 1e-7 of each row, at a random state; the sparsity pattern misses nothing."""
    d, points = two_regions(rng, name, mobility, coordinates, blocked)
    problem = Problem(steady_assembly, d, **build(d, points))
    z = rng.uniform(-2.5, 2.5, problem.constraints.n_free)
    jacobian = problem.jacobian(z).toarray()
    error = np.abs(jacobian - problem.difference(z, 2e-4)).max(axis=1)
    assert (error < 1e-7 * np.abs(jacobian).max(axis=1)).all()


@every_flux
def test_linearisation_leaves_a_remainder_of_second_order(name, mobility, rng):
    """|F(z + h s) - F(z) - h J s| falls with h^2."""
    d, points = two_regions(rng, name, mobility)
    problem = Problem(steady_assembly, d, **closed_problem(d, points))
    z, s = rng.uniform(-2.5, 2.5, (2, problem.constraints.n_free))
    start, slope = problem.residual(z), problem.jacobian(z) @ s
    remainder = [
        np.abs(problem.residual(z + h * s) - start - h * slope).max() for h in (2e-4, 1e-4)
    ]
    assert np.log2(remainder[0] / remainder[1]) == pytest.approx(2.0, abs=0.05)


@every_flux
def test_residual_comes_out_the_same_with_and_without_derivatives(name, mobility, rng):
    d, points = two_regions(rng, name, mobility)
    problem = Problem(steady_assembly, d, **closed_problem(d, points))
    u = problem.constraints.expand(rng.uniform(-2.5, 2.5, problem.constraints.n_free))
    residual = problem.assembly.residual(u)
    assert problem.assembly.residual_and_jacobian(u)[0] == relative(residual, 1e-12)


@pytest.mark.parametrize("name", LAWS)
@both_coordinates
def test_equilibrium_jacobian_is_symmetric_positive_definite(name, coordinates, rng):
    """Also with carriers closed in by inventories, on an obtuse mesh."""
    d, points = two_regions(rng, name, LAWS[name].mobilities[0], coordinates)
    left = np.flatnonzero(points[:, 0] == 0.0)
    carriers = [np.flatnonzero(d.dof_carrier == k) for k in (0, 1)]
    problem = Problem(
        equilibrium_assembly,
        d,
        fixed=dict.fromkeys(left, 0.2),
        ties=[(c[0], k) for c in carriers for k in c[1:]],
        offsets=np.zeros(sum(len(c) - 1 for c in carriers)),
        inventories=[_core.Inventory(k, c.tolist(), 0.3) for k, c in enumerate(carriers)],
    )
    z = rng.uniform(-2.5, 2.5, problem.constraints.n_free)
    jacobian = problem.jacobian(z).toarray()
    assert np.abs(jacobian - jacobian.T).max() < 1e-15 * np.abs(jacobian).max()
    assert np.linalg.eigvalsh(jacobian).min() > 0.0
    error = np.abs(jacobian - problem.difference(z, 2e-4)).max(axis=1)
    assert (error < 1e-7 * np.abs(jacobian).max(axis=1)).all()


@pytest.mark.parametrize(
    ("inventory", "fixed", "words"),
    [
        ([], {}, "empty or held by a fixed"),
        ("all", "all", "empty or held by a fixed"),
    ],
)
def test_inventories_without_a_free_unknown_are_refused(inventory, fixed, words, rng):
    d, _ = two_regions(rng, "lattice-gas", _core.Mobility.vacancy)
    mu = np.flatnonzero(d.dof_carrier == 0).tolist()
    with pytest.raises(ValueError, match=words):
        steady_assembly(
            d,
            dict.fromkeys(mu, 0.0) if fixed else {},
            [_core.Inventory(0, mu if inventory else [], 1.0)],
        )


@pytest.mark.parametrize("dof", [-1, 10**6])
def test_inventories_of_dofs_that_do_not_exist_are_refused(dof, rng):
    d, _ = two_regions(rng, "lattice-gas", _core.Mobility.vacancy)
    with pytest.raises(ValueError, match=f"inventory 0 names dof {dof} of {d.n_dofs}"):
        steady_assembly(d, {}, [_core.Inventory(0, [dof], 1.0)])


def test_equilibrium_refuses_a_free_mu_without_inventory(rng):
    d, _ = two_regions(rng, "lattice-gas", _core.Mobility.vacancy)
    with pytest.raises(ValueError, match=f"dof {d.n_nodes} is not"):
        equilibrium_assembly(d, {0: 0.0})
