"""Edge fluxes of every law and mobility, read from the assembled balance of tiny meshes."""

import numpy as np
import pytest
from approx import relative
from tiny import (
    AXISYMMETRIC,
    LAW_MOBILITY,
    LAW_MOBILITY_IDS,
    LAWS,
    PLANAR,
    control,
    discretize,
    line,
    mu_at,
    rank,
    scrambled,
    steady_assembly,
)

from pyscl import _core

VACANCY, DILUTE = _core.Mobility.vacancy, _core.Mobility.dilute
OHMIC = _core.Mobility.constant_conductivity
every_flux = pytest.mark.parametrize(("name", "mobility"), LAW_MOBILITY, ids=LAW_MOBILITY_IDS)
both_coordinates = pytest.mark.parametrize("coordinates", [PLANAR, AXISYMMETRIC])


def carrier_law(statistics, mobility, charge=1.0, standard=0.0, density=1.0, diffusivity=1.0):
    return _core.CarrierLaw(0, charge, density, standard, diffusivity, mobility, statistics)


def edge_fluxes(statistics, mobility, phi, mu, charge=1.0, standard=0.0):
    """Return the fluxes (k,) along k separate edges of unit length and width.

    phi and mu hold the values (k, 2) at the two ends.
    """
    phi, mu = np.reshape(phi, (-1, 2)), np.reshape(mu, (-1, 2))
    cell, triangles = line([0.0, 1.0])
    k = len(phi)
    points = np.concatenate([cell + np.array([2.0 * edge, 0.0]) for edge in range(k)])
    triangles = np.concatenate([triangles + np.int32(4 * edge) for edge in range(k)])
    law = _core.RegionLaw(1.0, [carrier_law(statistics, mobility, charge, standard)])
    d = discretize(points, triangles, np.zeros(2 * k, np.int32), [law])
    mu_of_node = np.repeat(mu.ravel(), 2)
    u = np.concatenate([np.repeat(phi.ravel(), 2), mu_of_node[d.dof_node[d.n_nodes :]]])
    rows = steady_assembly(d).rows(u)[d.n_nodes :]
    outflow = np.zeros(d.n_nodes)
    outflow[d.dof_node[d.n_nodes :]] = rows
    return outflow.reshape(k, 4)[:, :2].sum(axis=1)


def solved_flux(statistics, mobility, phi, ends, length=10.0):
    """Return the steady flux between reservoirs mu = ends through a given potential phi(x)."""
    x = np.linspace(0.0, length, len(phi))
    points, triangles = line(x)
    region = np.zeros(len(triangles), np.int32)
    law = _core.RegionLaw(1.0, [carrier_law(statistics, mobility)])
    d = discretize(points, triangles, region, [law])
    left, right = mu_at(d, [0, 1]), mu_at(d, [d.n_nodes - 2, d.n_nodes - 1])
    fixed = dict(enumerate(np.repeat(phi, 2)))
    fixed |= dict.fromkeys(left, ends[0]) | dict.fromkeys(right, ends[1])
    assembly = steady_assembly(d, fixed)
    mu = np.repeat(np.linspace(*ends, len(phi)), 2)
    start = np.concatenate([np.repeat(phi, 2), mu[d.dof_node[d.n_nodes :]]])
    result = _core.NewtonIteration(rank(d)).solve(assembly, start, control(), None)
    assert result.converged, result.reason
    # Read where the carriers are depleted: elsewhere the fluxes of neighbouring edges cancel.
    return -assembly.rows(result.u)[right].sum()


@every_flux
@both_coordinates
def test_flux_vanishes_to_the_last_bit_at_constant_mu(name, mobility, coordinates, rng):
    """T8: for any potential, any mesh, and steps of the standard potential at interfaces."""
    points, triangles, region = scrambled(rng)
    statistics = LAWS[name].statistics
    laws = [
        _core.RegionLaw(1.0, [carrier_law(statistics, mobility, 1.0, 0.0)]),
        _core.RegionLaw(9.0, [carrier_law(statistics, mobility, 1.0, 7.3, 0.3, 1e3)]),
    ]
    d = discretize(points, triangles, region, laws, coordinates=coordinates)
    u = np.full(d.n_dofs, 0.1234567)
    u[: d.n_nodes] = rng.uniform(-30.0, 30.0, d.n_nodes)
    assert (steady_assembly(d).rows(u)[d.n_nodes :] == 0.0).all()
    assert (d.flux_density(0, u) == 0.0).all()


def test_the_scrambled_mesh_is_far_from_delaunay(rng):
    """The mesh of the tests above has obtuse angles and edges of negative weight."""
    points, triangles, _ = scrambled(rng)
    weights, _ = _core.edge_weights(points, triangles, PLANAR)
    angles = np.degrees(np.arctan2(1.0, 2.0 * weights))
    assert angles.max() > 150.0
    edges = np.sort(triangles[:, [[1, 2], [2, 0], [0, 1]]], axis=2).reshape(-1, 2)
    _, edge = np.unique(edges, axis=0, return_inverse=True)
    assert np.sum(np.bincount(edge, weights.ravel()) < -0.1) > 5


@every_flux
@pytest.mark.parametrize("charge", [1.0, -1.0, 2.0])
def test_flux_runs_down_the_electrochemical_potential(name, mobility, charge, rng):
    """Every edge dissipates, whatever the electric potential does."""
    phi, mu = rng.uniform(-15.0, 15.0, (2, 200, 2))
    flux = edge_fluxes(LAWS[name].statistics, mobility, phi, mu, charge)
    assert (np.sign(flux) == -np.sign(np.diff(mu)[:, 0])).all()


@every_flux
def test_small_driving_force_gives_ohm_with_the_local_mobility(name, mobility):
    """N = -m(y) dmu for a uniform state; m = y (1 - y), y or 1."""
    eta = np.array([-12.0, -3.0, 0.0, 2.5, 9.0])
    y, vacancy, _ = _core.occupancy(LAWS[name].statistics, eta)
    expected = {VACANCY: y * vacancy, DILUTE: y, OHMIC: np.ones(5)}[mobility]
    step = 2.0**-20
    mu = eta[:, None] + [-step / 2, step / 2]
    flux = edge_fluxes(LAWS[name].statistics, mobility, np.zeros((5, 2)), mu)
    assert flux == relative(-expected * step, 1e-9)


def test_goldman_flux_is_exact_on_four_elements():
    """T6: constant field of 20 kT, Boltzmann: N = (e^-3 - e^-5) / int_0^10 e^phi dx."""
    exact = (np.exp(-3.0) - np.exp(-5.0)) * 2.0 / np.expm1(20.0)
    phi = np.linspace(0.0, 20.0, 5)
    flux = solved_flux(_core.Boltzmann(), DILUTE, phi, (-3.0, -5.0))
    assert flux == relative(exact, 1e-12)
    assert flux == relative(1.774617e-10, 1e-6)


@pytest.mark.parametrize(
    ("phi", "ends", "exact", "n", "tolerance"),
    [
        (lambda x: 1.2 * x, (3.0, 1.0), 1.273865e-4, 32, 1e-4),
        (lambda x: 20.0 * (x / 5.0 - 1.0) ** 2, (3.0, -3.0), 1.608181e-7, 64, 5e-3),
        (lambda x: 15.0 * np.tanh((x - 5.0) / 1.5), (2.0, -2.0), 1.277524e-7, 64, 2e-3),
    ],
    ids=["constant field", "double barrier", "saturation meets depletion"],
)
def test_lattice_gas_flux_through_a_given_potential(phi, ends, exact, n, tolerance):
    """T7, and second order: half the step, a quarter of the error."""
    error = [
        solved_flux(_core.LatticeGas(), VACANCY, phi(np.linspace(0.0, 10.0, m + 1)), ends) / exact
        - 1.0
        for m in (n, 2 * n)
    ]
    assert abs(error[0]) < tolerance
    assert error[0] / error[1] == relative(4.0, 0.15)


@pytest.mark.parametrize("name", [name for name, law in LAWS.items() if law.site_limited])
def test_dilute_carriers_hop_like_independent_ones(name, rng):
    """Vacancy and dilute mobility become Boltzmann's Scharfetter-Gummel flux as y -> 0."""
    law = LAWS[name]
    phi, mu = rng.uniform(-3.0, 3.0, (30, 2)), rng.uniform(-33.0, -29.0, (30, 2))
    ideal = edge_fluxes(_core.Boltzmann(), DILUTE, phi, mu)
    for mobility in (VACANCY, DILUTE):
        flux = edge_fluxes(law.statistics, mobility, phi, mu) * np.exp(law.dilute_excess)
        assert flux == relative(ideal, 1e-10)


@pytest.mark.parametrize(("name", "mobility"), [pair for pair in LAW_MOBILITY if pair[1] != OHMIC])
def test_scharfetter_gummel_in_its_textbook_form(name, mobility, rng):
    """N = B(X) y_i r_j - B(-X) y_j r_i with the room r = 1 - y (vacancy) or 1 (dilute).

    X is the step of the potential that is linear along the edge: mu - logit y or mu - ln y, that
    is z phi for the ideal laws.
    """
    phi, mu = rng.uniform(-4.0, 4.0, (50, 2)), rng.uniform(-2.0, 2.0, (50, 2))
    y, vacancy, _ = _core.occupancy(LAWS[name].statistics, (mu - phi).ravel())
    y, vacancy = y.reshape(50, 2), vacancy.reshape(50, 2)
    room = vacancy if mobility == VACANCY else np.ones((50, 2))
    drift = np.diff(mu - np.log(y / room))[:, 0]
    forward = _core.bernoulli(drift)[0] * y[:, 0] * room[:, 1]
    backward = _core.bernoulli(-drift)[0] * y[:, 1] * room[:, 0]
    flux = edge_fluxes(LAWS[name].statistics, mobility, phi, mu)
    assert (np.abs(flux - (forward - backward)) < 1e-12 * (forward + backward)).all()


def test_constant_conductivity_is_linear_and_blind_to_the_potential(rng):
    phi, mu = rng.uniform(-20.0, 20.0, (3, 12, 2))[:2], rng.uniform(-20.0, 20.0, (12, 2))
    for law in LAWS.values():
        flux = edge_fluxes(law.statistics, OHMIC, phi[0], mu)
        assert flux == relative(-np.diff(mu)[:, 0], 1e-15)
        assert np.array_equal(flux, edge_fluxes(law.statistics, OHMIC, phi[1], mu))


def test_vacancies_carry_the_flux_of_the_opposite_carrier(rng):
    """Particle-hole symmetry: (z, mu, mu0) -> (-z, -mu, -mu0) exchanges y and 1 - y, N -> -N."""
    phi, mu = rng.uniform(-10.0, 10.0, (2, 25, 2))
    carriers = edge_fluxes(_core.LatticeGas(), VACANCY, phi, mu, 1.0, 1.7)
    holes = edge_fluxes(_core.LatticeGas(), VACANCY, phi, -mu, -1.0, -1.7)
    assert holes == relative(-carriers, 1e-13)


@every_flux
def test_flux_reverses_with_the_edge(name, mobility, rng):
    phi, mu = rng.uniform(-10.0, 10.0, (2, 20, 2))
    forward = edge_fluxes(LAWS[name].statistics, mobility, phi, mu)
    backward = edge_fluxes(LAWS[name].statistics, mobility, phi[:, ::-1], mu[:, ::-1])
    assert backward == relative(-forward, 1e-13)


@every_flux
def test_flux_stays_finite_in_extreme_states(name, mobility):
    """Jumps of 200 kT in mu or in phi neither overflow nor lose the sign."""
    phi = np.array([[0.0, jump] for jump in (-200.0, 0.0, 200.0) for _ in range(4)])
    mu = np.array([[-200.0, 40.0], [40.0, -200.0], [-200.0, 0.0], [0.0, -200.0]] * 3)
    flux = edge_fluxes(LAWS[name].statistics, mobility, phi, mu)
    assert np.isfinite(flux).all()
    assert (np.sign(flux) == -np.sign(np.diff(mu)[:, 0])).all()


def test_flux_density_recovers_a_uniform_flux_on_any_mesh(rng):
    """Mu linear, constant conductivity: the flux density is -D c grad mu in every triangle."""
    points, triangles, _ = scrambled(rng)
    law = carrier_law(_core.LatticeGas(), OHMIC, density=0.5, diffusivity=3.0)
    region = np.zeros(len(triangles), np.int32)
    for coordinates in (PLANAR, AXISYMMETRIC):
        d = discretize(points, triangles, region, [_core.RegionLaw(1.0, [law])], 1, coordinates)
        u = np.concatenate([np.zeros(d.n_nodes), points[d.dof_node[d.n_nodes :]] @ [0.7, -0.4]])
        flux = d.flux_density(0, u)
        assert flux == relative(np.tile([-1.05, 0.6], (len(triangles), 1)), 1e-10)
