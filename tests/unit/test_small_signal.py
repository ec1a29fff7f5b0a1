"""The linearised equations of the core: transient balance, symmetry, closed amounts, threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from approx import relative
from scipy.sparse import csc_matrix
from thin_cell import CHARGES, DENSITIES, ELECTRIC, thin_cell
from tiny import AXISYMMETRIC, LAWS, PLANAR, constrain, control, rank

from pyscl import _core

both_coordinates = pytest.mark.parametrize(
    "coordinates", [PLANAR, AXISYMMETRIC], ids=["planar", "axisymmetric"]
)


def open_terminals(cell):
    """Return the transient balance of a cell with both voltages free, and its constraints."""
    d = cell.d
    constraints = constrain(d, {}, **cell.ties())
    terminals = [_core.DrivenTerminal(d.terminal_dof(t, ELECTRIC), 0.0) for t in (0, 1)]
    return _core.Assembly(d, constraints, [], terminals, _core.Balance.transient), constraints


def jacobian_in_time(assembly, u, rate):
    """Return the dense Jacobian of a backward Euler step of length 1/rate around u."""
    transient = _core.Transient(assembly, np.arange(len(u), dtype=np.int32), [0.1] * 8, 1.0)
    transient.restore([0.0], u[None, :])
    transient.attempt(1.0 / rate, 1, control(max_iterations=1), None)
    _, values, rows, columns = transient.assembly.residual_and_jacobian(u)
    n = len(columns) - 1
    return csc_matrix((values, rows, columns), shape=(n, n)).toarray()


@pytest.fixture
def biased(rng):
    """A cell in a random state far from equilibrium: assembly, constraints, state, response."""
    cell = thin_cell(rng)
    assembly, constraints = open_terminals(cell)
    u = constraints.expand(rng.uniform(-1.0, 1.0, constraints.n_free))
    return cell, assembly, constraints, u, _core.SmallSignal(assembly, u, rank(cell.d))


@both_coordinates
@pytest.mark.parametrize("rate", [1.0, 0.7j, 300.0j, 1e-4j, 0.2 + 3j])
def test_response_solves_the_linearised_transient_balance(coordinates, rate, rng):
    """Its matrix is affine in the rate, J(s) = J(1) + (s - 1)(J(2) - J(1)), and the rows of the
    terminals are their currents."""
    cell = thin_cell(rng, coordinates)
    assembly, constraints = open_terminals(cell)
    u = constraints.expand(rng.uniform(-1.0, 1.0, constraints.n_free))
    one, two = (jacobian_in_time(assembly, u, s) for s in (1.0, 2.0))
    matrix = one + (rate - 1.0) * (two - one)
    small = _core.SmallSignal(assembly, u, rank(cell.d))
    unknowns, admittance = small.solve(rate)
    free = constraints.free_of_dof
    for group in (0, 1):
        z = np.zeros(constraints.n_free, complex)
        z[free[free >= 0]] = (unknowns[group] / factors_of(cell))[free >= 0]
        rows = matrix @ z
        expected = np.zeros_like(rows)
        for other in (0, 1):
            expected[free[cell.d.terminal_dof(other, ELECTRIC)]] = admittance[group, other]
        scale = np.abs(matrix) @ np.abs(z)
        assert np.all(np.abs(rows - expected) <= 1e-11 * scale)


def factors_of(cell):
    """Return the factor of every dof in its tie to a terminal, 1 where it is none."""
    factor = np.ones(cell.d.n_dofs)
    ties = cell.ties()
    for (_, dof), its in zip(ties["ties"], ties["factors"], strict=True):
        factor[dof] = its
    return factor


def test_driven_voltages_are_unit_steps(biased):
    """A group has the voltage 1 when it is driven, and 0 when the other one is."""
    cell, _, _, _, small = biased
    unknowns, _ = small.solve(2j)
    voltages = [cell.d.terminal_dof(t, ELECTRIC) for t in (0, 1)]
    assert unknowns[:, voltages] == relative(np.eye(2), 1e-14)


def test_no_current_flows_when_all_voltages_move_together(biased):
    """Moving both voltages shifts phi by V and mu by z V everywhere: no current flows."""
    cell, _, _, _, small = biased
    unknowns, admittance = small.solve(0.3j)
    total = unknowns.sum(axis=0)
    carrier = cell.d.dof_carrier
    shift = np.where(carrier < 0, 1.0, np.array([*CHARGES, 0])[carrier])
    size = np.abs(admittance).max()
    assert np.abs(total - shift).max() < 1e-10
    assert np.abs(admittance.sum(axis=0)).max() < 1e-10 * size


def test_currents_of_all_terminals_add_up_to_zero(biased):
    """Charge is conserved in every response."""
    *_, small = biased
    for rate in (1e-3j, 1j, 1e3j):
        _, admittance = small.solve(rate)
        assert np.abs(admittance.sum(axis=1)).max() < 1e-11 * np.abs(admittance).max()


@pytest.mark.parametrize("closed", [False, True], ids=["open", "with a closed amount"])
def test_admittance_is_symmetric_around_equilibrium(closed, rng):
    """Onsager; a closed amount does not spoil it, nor do small flows."""
    cell = thin_cell(rng)
    assembly, constraints = closed_cell(cell) if closed else open_terminals(cell)
    u = levelled(cell, constraints, rng)
    small = _core.SmallSignal(assembly, u, rank(cell.d))
    _, admittance = small.solve(0.8j)
    assert admittance == relative(admittance.T, 1e-12)
    tilted = u + 1e-9 * rng.uniform(-1.0, 1.0, len(u))
    general = _core.SmallSignal(assembly, tilted, rank(cell.d))
    assert general.solve(0.8j)[1] == relative(admittance, 1e-6)


def levelled(cell, constraints, rng):
    """Return a state with uniform mu of every carrier but random phi; not a solution of Gauss."""
    z = rng.uniform(-1.0, 1.0, constraints.n_free)
    u = constraints.expand(z)
    for carrier, level in enumerate((0.4, -0.2, 0.1)):
        u[cell.d.dof_carrier == carrier] = level
    return u


def test_closed_amount_stays_at_all_rates(rng):
    """What an inventory holds does not change, down to rates at which flows are 1e12 faster."""
    cell = thin_cell(rng)
    assembly, constraints = closed_cell(cell)
    biased = constraints.expand(rng.uniform(-1.0, 1.0, constraints.n_free))
    phi, mu, charge = sites_of_carriers(cell.d)
    ions = cell.d.dof_carrier[mu] == 2
    for state in (biased, levelled(cell, constraints, rng)):
        small = _core.SmallSignal(assembly, state, rank(cell.d))
        for rate in (1e-12j, 1j):
            change = small.solve(rate)[0][0]
            gains = (small.capacities * (change[mu] - charge * change[phi]))[ions]
            assert abs(gains.sum()) < 1e-10 * np.abs(gains).sum()


def closed_cell(cell):
    """Return the open terminals of a cell whose divalent ions are closed in, and constraints."""
    d, ions = cell.d, cell.mu(2).tolist()
    ties = cell.ties()
    kept = [k for k, (_, dof) in enumerate(ties["ties"]) if dof not in set(ions)]
    constraints = constrain(
        d,
        {},
        [ties["ties"][k] for k in kept],
        [ties["offsets"][k] for k in kept],
        ties["factors"][kept],
    )
    terminals = [_core.DrivenTerminal(d.terminal_dof(t, ELECTRIC), 0.0) for t in (0, 1)]
    inventories = [_core.Inventory(2, ions, 0.4)]
    return _core.Assembly(
        d, constraints, inventories, terminals, _core.Balance.transient
    ), constraints


def test_capacities_are_slopes_of_the_amounts(biased):
    """V c dy/deta, region by region, carrier by carrier, site by site."""
    cell, _, _, u, small = biased
    d, expected = cell.d, []
    names = {0: ["lattice-gas", "boltzmann", "non-ideal"], 1: ["non-ideal", "blakemore"]}
    potentials = {0: [0.0, 0.4, -0.5], 1: [1.5, -0.7]}
    for region in (0, 1):
        sites = np.flatnonzero(d.site_region == region)
        for k, name in enumerate(names[region]):
            mu, phi = u[d.site_dofs[sites, k]], u[d.site_phi[sites]]
            eta = mu - CHARGES[k] * phi - potentials[region][k]
            slope = _core.occupancy(LAWS[name].statistics, eta)[2]
            expected.append(d.site_volume[sites] * DENSITIES[k, region] * slope)
    expected = np.concatenate(expected)
    assert small.capacities[: len(expected)] == relative(expected, 1e-13)


def test_fluxes_follow_the_rows_of_the_steady_balance(biased):
    """Their derivatives along a direction are those of the outflow of every carrier dof."""
    cell, _, constraints, u, small = biased
    steady = _core.Assembly(cell.d, constraints, [], [], _core.Balance.steady)
    direction = np.random.default_rng(3).uniform(-1.0, 1.0, len(u))
    flux = (small.flux_gradients * direction[small.flux_dofs]).sum(axis=1)
    outflow = np.zeros(len(u))
    np.add.at(outflow, small.flux_dofs[:, 1], flux)
    np.subtract.at(outflow, small.flux_dofs[:, 3], flux)
    h = 1e-5
    difference = (steady.rows(u + h * direction) - steady.rows(u - h * direction)) / (2.0 * h)
    carriers = cell.d.dof_carrier >= 0
    assert np.abs(outflow - difference)[carriers].max() < 1e-8 * np.abs(difference).max()


def test_change_within_a_time_is_what_the_flows_bring(biased):
    """After a very short time every inner amount has gained what flows in, Gauss's law stays."""
    cell, _, constraints, u, small = biased
    d, free, time = cell.d, constraints.free_of_dof, 1e-7
    voltages = [d.terminal_dof(t, ELECTRIC) for t in (0, 1)]
    steady = _core.Assembly(d, constraints, [], [], _core.Balance.steady)
    inflow = -time * steady.rows(u)
    change = small.change_within(time)
    assert np.all(change[voltages] == 0.0)
    gain = np.zeros(d.n_dofs)
    phi, mu, charge = sites_of_carriers(d)
    np.add.at(gain, mu, small.capacities * (change[mu] - charge * change[phi]))
    inner = (d.dof_carrier >= 0) & (free >= 0) & ~np.isin(free, free[voltages])
    assert np.abs(gain - inflow)[inner].max() < 1e-4 * np.abs(inflow[inner]).max()


def sites_of_carriers(d):
    """Return dofs of phi and mu and the charge number of every carrier law and site."""
    carriers = {0: (0, 1, 2), 1: (0, 1), 3: (0, 1), 5: (1,)}  # by region or layer
    pairs = [(d.site_region == region, k) for region, its in carriers.items() for k in its]
    return (
        np.concatenate([d.site_phi[here] for here, _ in pairs]),
        np.concatenate([d.site_dofs[here, k] for here, k in pairs]),
        np.concatenate([np.full(here.sum(), float(CHARGES[k])) for here, k in pairs]),
    )


def test_terminals_tied_to_each_other_are_one_group(rng):
    """Two contacts on the same nodes have one voltage and one current."""
    cell = thin_cell(rng)
    d = cell.d
    ties = cell.ties()
    first, second = (d.terminal_dof(t, ELECTRIC) for t in (0, 1))
    constraints = constrain(
        d, {}, [*ties["ties"], (first, second)], [*ties["offsets"], 0.2], [*ties["factors"], 1.0]
    )
    terminals = [_core.DrivenTerminal(first, 0.0), _core.DrivenTerminal(second, 0.0)]
    assembly = _core.Assembly(d, constraints, [], terminals, _core.Balance.transient)
    u = constraints.expand(rng.uniform(-1.0, 1.0, constraints.n_free))
    small = _core.SmallSignal(assembly, u, rank(d))
    assert small.group.tolist() == [0, 0]
    _, admittance = small.solve(1j)
    assert admittance.shape == (1, 1)
    assert abs(admittance[0, 0]) < 1e-10  # nothing can flow back


@pytest.mark.parametrize("driven", [[0], [1], [1, 0], []])
def test_only_the_driven_groups_are_solved_for(biased, driven):
    *_, small = biased
    unknowns, admittance = small.solve(0.7j)
    some, into = small.solve(0.7j, driven)
    np.testing.assert_array_equal(some, unknowns[driven])
    np.testing.assert_array_equal(into, admittance[driven])


def test_threads_do_not_disturb_each_other(biased):
    """Many threads get what one gets."""
    *_, small = biased
    rates = 1j * np.geomspace(1e-3, 1e3, 24)
    alone = [small.solve(rate)[1] for rate in rates]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda rate: small.solve(rate)[1], rates))
    assert np.array(together) == relative(np.array(alone), 1e-13)


def test_bad_input_is_refused(biased):
    """Rate 0, growth downwards, a fixed terminal, a balance without time."""
    cell, assembly, _, u, small = biased
    for rate in (0.0, -1.0, complex(np.nan, 1.0)):
        with pytest.raises(ValueError, match="rate must not be zero"):
            small.solve(rate)
    for group in (-1, 2):
        with pytest.raises(ValueError, match=f"no group {group} of terminals"):
            small.solve(1j, [group])
    with pytest.raises(ValueError, match="time must be positive"):
        small.change_within(0.0)
    with pytest.raises(ValueError, match="one entry per node"):
        _core.SmallSignal(assembly, u, np.zeros(3, np.int32))
    d = cell.d
    held = constrain(d, {d.terminal_dof(0, ELECTRIC): 0.0}, **cell.ties())
    fixed = _core.Assembly(d, held, [], [], _core.Balance.transient)
    with pytest.raises(ValueError, match="voltage of terminal 0 is fixed"):
        _core.SmallSignal(fixed, u, rank(d))
    free = constrain(d, {}, **cell.ties())
    steady = _core.Assembly(d, free, [], [], _core.Balance.steady)
    with pytest.raises(ValueError, match="transient balance"):
        _core.SmallSignal(steady, u, rank(d))
    terminals = [_core.DrivenTerminal(d.terminal_dof(t, ELECTRIC), 0.0) for t in (0, 1)]
    amount = [cell.closing_inventory()]  # of ions that terminal 0 holds
    held_amount = _core.Assembly(d, free, amount, terminals, _core.Balance.transient)
    with pytest.raises(ValueError, match="held by a terminal"):
        _core.SmallSignal(held_amount, u, rank(d))
