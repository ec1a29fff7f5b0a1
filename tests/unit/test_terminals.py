"""Electrodes outside the mesh: affine ties with factors, given currents, and every thin law at once
in the equations of all three balances.
"""

import numpy as np
import pytest
from approx import relative
from scipy.sparse import csc_array
from thin_cell import CHARGES, ELECTRIC, law, thin_cell
from tiny import AXISYMMETRIC, PLANAR, constrain, control, discretize, line, rank, scrambled

from pyscl import _core

EMPTY = _core.RegionLaw(1.0, [])

both_coordinates = pytest.mark.parametrize("coordinates", [PLANAR, AXISYMMETRIC])


# Ties with factors.


@pytest.fixture
def strip():
    """Return a discretisation of 10 nodes without carriers: 10 dofs."""
    points, triangles = line(np.arange(5.0))
    return discretize(points, triangles, np.zeros(8, np.int32), [EMPTY], 0)


def test_chains_of_ties_multiply_their_factors(strip):
    """u3 = -u1 + 1, u5 = 2 u3 - 4, u9 = 0.5 u5 + 3, given in an order that is not the chain's."""
    c = constrain(
        strip, ties=[(5, 9), (1, 3), (3, 5)], offsets=[3.0, 1.0, -4.0], factors=[0.5, -1, 2]
    )
    assert c.n_free == 7
    u = c.expand(np.linspace(-2.0, 5.0, 7))
    assert u[3] == relative(-u[1] + 1.0, 1e-15)
    assert u[5] == relative(2.0 * u[3] - 4.0, 1e-15)
    assert u[9] == relative(0.5 * u[5] + 3.0, 1e-15)


def test_a_fixed_end_fixes_a_chain_with_factors(strip):
    """Backwards through u5 = -2 u3 + 1 and u9 = u5 - 4, with u9 = 7: u5 = 11, u3 = -5."""
    c = constrain(strip, {9: 7.0}, [(5, 9), (3, 5)], [-4.0, 1.0], [1.0, -2.0])
    assert c.expand(np.zeros(c.n_free))[[3, 5, 9]].tolist() == [-5.0, 11.0, 7.0]


@pytest.mark.parametrize("factors", [(-1.0, -1.0), (2.0, 0.5), (3.0, 1.0 / 3.0), (-2.0, -0.5)])
def test_loops_whose_factors_cancel_are_accepted(strip, factors):
    """u1 = f u0 + 1 and u0 = u1 / f - 1 / f."""
    offsets = [1.0, -1.0 / factors[0]]
    assert constrain(strip, ties=[(0, 1), (1, 0)], offsets=offsets, factors=factors).n_free == 9


@pytest.mark.parametrize(
    ("factors", "offset"), [((2.0, 0.5), 0.1), ((2.0, -0.5), 0.0), ((-1.0, 1.0), 0.0)]
)
def test_loops_that_contradict_themselves_are_refused(strip, factors, offset):
    with pytest.raises(ValueError, match="ties contradict each other at dof 0"):
        constrain(strip, ties=[(0, 1), (1, 0)], offsets=[0.0, offset], factors=factors)


def test_random_ties_with_factors_survive_the_round_trip(rng):
    """Restrict(expand(z)) = z, and expand meets every constraint, over random forests of ties."""
    points, triangles, region = scrambled(rng)
    d = discretize(points, triangles, region, [EMPTY] * 2, 0)
    for _ in range(50):
        level = rng.normal(size=d.n_dofs)  # any consistent set follows from levels
        ties = rng.integers(0, d.n_dofs, (20, 2))
        ties = ties[ties[:, 0] < ties[:, 1]]  # and from factors f(b)/f(a) of powers of two
        power = 2.0 ** rng.integers(-2, 3, d.n_dofs) * rng.choice([-1.0, 1.0], d.n_dofs)
        factors = power[ties[:, 1]] / power[ties[:, 0]]
        offsets = level[ties[:, 1]] - factors * level[ties[:, 0]]
        fixed = {int(k): level[k] for k in rng.integers(0, d.n_dofs, 3)}
        c = constrain(d, fixed, ties, offsets, factors)
        z = rng.normal(size=c.n_free)
        u = c.expand(z)
        assert np.array_equal(c.restrict_state(u), z)
        for (a, b), f, g in zip(ties, factors, offsets, strict=True):
            assert u[b] == pytest.approx(f * u[a] + g, abs=1e-12)
        for k, value in fixed.items():
            assert u[k] == pytest.approx(value, abs=1e-12)


# Every thin law at once.


def difference(residual, z, h=2e-4):
    """Return the Jacobian by five-point central differences, (n, n)."""
    columns = []
    for k in range(len(z)):
        r = {s: residual(z + s * h * np.eye(len(z))[k]) for s in (-2, -1, 1, 2)}
        columns.append((8.0 * (r[1] - r[-1]) - (r[2] - r[-2])) / (12.0 * h))
    return np.column_stack(columns)


def assert_jacobian(assembly, constraints, rng):
    """The Jacobian is the derivative, to 1e-7 of each row; returns it."""
    z = rng.uniform(-2.0, 2.0, constraints.n_free)
    residual, data, rows, starts = assembly.residual_and_jacobian(constraints.expand(z))
    jacobian = csc_array((data, rows, starts), shape=(len(z), len(z))).toarray()
    plain = assembly.residual(constraints.expand(z))
    assert residual == pytest.approx(plain, rel=1e-12, abs=1e-13)
    error = np.abs(jacobian - difference(lambda x: assembly.residual(constraints.expand(x)), z))
    assert (error.max(axis=1) < 1e-7 * np.abs(jacobian).max(axis=1)).all()
    return jacobian


@both_coordinates
@pytest.mark.parametrize("driven", [(), (0,), (1,)])
@pytest.mark.parametrize("with_inventory", [False, True])
def test_steady_jacobian_with_every_thin_law(coordinates, driven, with_inventory, rng):
    """T20: with junctions, layers and electrodes whose voltage is free."""
    cell = thin_cell(rng, coordinates)
    d = cell.d
    fixed = {d.terminal_dof(t, ELECTRIC): 0.3 for t in (0, 1) if t not in driven}
    constraints = constrain(d, fixed, **cell.ties())
    terminals = [_core.DrivenTerminal(d.terminal_dof(t, ELECTRIC), 0.7) for t in driven]
    inventories = [cell.closing_inventory()] if with_inventory else []
    assembly = _core.Assembly(d, constraints, inventories, terminals, _core.Balance.steady)
    assert_jacobian(assembly, constraints, rng)


@both_coordinates
@pytest.mark.parametrize("driven", [(), (0,), (1,)])
def test_equilibrium_jacobian_with_every_thin_law(coordinates, driven, rng):
    """T20, symmetric positive definite; the charge of an electrode is given if it is driven."""
    cell = thin_cell(rng, coordinates)
    d = cell.d
    fixed = {d.terminal_dof(t, ELECTRIC): 0.3 for t in (0, 1) if t not in driven}
    fixed |= {d.terminal_dof(t, k): rng.normal() for t in (0, 1) for k in range(3)}
    on_mesh = [cell.mu(k) for k in range(3)]
    fixed |= {int(dof): 0.4 for dof in on_mesh[0]}
    ties = cell.ties(levels=False)
    extra = [(dofs[0], dof) for dofs in on_mesh[1:] for dof in dofs[1:]]
    constraints = constrain(
        d,
        fixed,
        ties["ties"] + extra,
        ties["offsets"] + [0.0] * len(extra),
        np.append(ties["factors"], np.ones(len(extra))),
    )
    terminals = [_core.DrivenTerminal(d.terminal_dof(t, ELECTRIC), 0.7) for t in driven]
    inventories = [_core.Inventory(k, on_mesh[k].tolist(), 0.3) for k in (1, 2)]
    assembly = _core.Assembly(d, constraints, inventories, terminals, _core.Balance.equilibrium)
    jacobian = assert_jacobian(assembly, constraints, rng)
    assert np.abs(jacobian - jacobian.T).max() < 1e-14 * np.abs(jacobian).max()
    assert np.linalg.eigvalsh(jacobian).min() > 0.0


@pytest.mark.parametrize("balance", ["steady", "equilibrium"])
def test_jacobian_with_potentials_tied_by_factors(balance, rng):
    """Also phi may follow phi with any factor, and an inventory counts what both hold."""
    cell = thin_cell(rng)
    d = cell.d
    n = d.n_nodes
    pairs = [(k, n - 1 - k) for k in range(0, n // 2, 2)]
    factors, offsets = rng.uniform(-2.0, 2.0, len(pairs)), rng.normal(size=len(pairs))
    levels = [] if balance == "steady" else [cell.mu(k) for k in range(3)]
    equal = [(dofs[0], dof) for dofs in levels for dof in dofs[1:]]
    constraints = constrain(
        d,
        {d.terminal_dof(t, k): 0.1 for t in (0, 1) for k in (ELECTRIC, 0, 1, 2)},
        pairs + equal,
        np.append(offsets, np.zeros(len(equal))),
        np.append(factors, np.ones(len(equal))),
    )
    inventories = [_core.Inventory(k, cell.mu(k).tolist(), 0.3) for k in range(3)]
    assembly = _core.Assembly(d, constraints, inventories, [], getattr(_core.Balance, balance))
    assert_jacobian(assembly, constraints, rng)


def transient_cell(cell, driven, rng, order=2):
    """Return a transient after an attempt of a step, and its constraints."""
    d = cell.d
    fixed = {d.terminal_dof(t, ELECTRIC): 0.3 for t in (0, 1) if t not in driven}
    constraints = constrain(d, fixed, **cell.ties())
    terminals = [_core.DrivenTerminal(d.terminal_dof(t, ELECTRIC), 0.7) for t in driven]
    assembly = _core.Assembly(d, constraints, [], terminals, _core.Balance.transient)
    transient = _core.Transient(assembly, rank(d), [0.1] * 8, 1.0)
    past = [constraints.expand(rng.uniform(-1.0, 1.0, constraints.n_free)) for _ in range(2)]
    transient.restore([0.0, 0.3], np.array(past))
    return transient, constraints


@both_coordinates
@pytest.mark.parametrize("driven", [(), (0,), (1,)])
@pytest.mark.parametrize("order", [1, 2])
def test_transient_jacobian_with_every_thin_law(coordinates, driven, order, rng):
    """T20, in time; with the charge of a driven electrode as part of its current."""
    transient, constraints = transient_cell(thin_cell(rng, coordinates), driven, rng)
    transient.attempt(0.2, order, control(max_iterations=1), None)
    assert_jacobian(transient.assembly, constraints, rng)


def test_a_transient_balance_without_a_step_is_refused(rng):
    cell = thin_cell(rng)
    assembly = _core.Assembly(cell.d, constrain(cell.d), [], [], _core.Balance.transient)
    for call in (assembly.rows, assembly.residual, assembly.residual_and_jacobian):
        with pytest.raises(ValueError, match="needs a step in time"):
            call(np.zeros(cell.d.n_dofs))


# What the rows mean.


@both_coordinates
def test_all_rows_of_a_carrier_add_up_to_nothing(coordinates, rng):
    """What leaves one dof enters others, through junctions, coatings and terminals."""
    cell = thin_cell(rng, coordinates)
    assembly = _core.Assembly(cell.d, constrain(cell.d), [], [], _core.Balance.steady)
    rows = assembly.rows(rng.uniform(-2.0, 2.0, cell.d.n_dofs))
    for k in range(3):
        own = rows[cell.d.dof_carrier == k]
        assert abs(own.sum()) < 1e-14 * np.abs(own).sum()


def test_all_rows_of_phi_add_up_to_the_charge(rng):
    """Displacement cancels: what is left is minus the charge of mesh, layers and nodes."""
    cell = thin_cell(rng)
    d = cell.d
    background, node_charge = rng.normal(size=d.n_sites), rng.normal(size=d.n_nodes)
    d.set_fixed_charge(background, node_charge)
    u = rng.uniform(-2.0, 2.0, d.n_dofs)
    charge = d.site_volume @ background + node_charge.sum()
    charge += sum(z * cell.amount(k, u) for k, z in enumerate(CHARGES))
    rows = _core.Assembly(d, constrain(d), [], [], _core.Balance.steady).rows(u)
    assert rows[d.dof_carrier == ELECTRIC].sum() == relative(-charge, 1e-12)


def tied_to(cell, terminal):
    """Return the dofs that follow the voltage of a terminal, itself included, and their factors."""
    voltage = cell.d.terminal_dof(terminal, ELECTRIC)
    ties = cell.ties()
    mine = [
        (dof, f) for (a, dof), f in zip(ties["ties"], ties["factors"], strict=True) if a == voltage
    ]
    return np.array([voltage, *(dof for dof, _ in mine)]), np.array([1.0, *(f for _, f in mine)])


@pytest.mark.parametrize("driven", [0, 1])
def test_steady_current_of_a_terminal_is_carried_by_carriers(driven, rng):
    """Its equation is sum z (rows of mu) = I; Gauss's law on its nodes does not count."""
    cell = thin_cell(rng)
    d = cell.d
    voltage = d.terminal_dof(driven, ELECTRIC)
    constraints = constrain(d, {d.terminal_dof(1 - driven, ELECTRIC): 0.3}, **cell.ties())
    terminals = [_core.DrivenTerminal(voltage, 0.7)]
    assembly = _core.Assembly(d, constraints, [], terminals, _core.Balance.steady)
    u = constraints.expand(rng.uniform(-2.0, 2.0, constraints.n_free))
    rows = assembly.rows(u)
    dofs, factors = tied_to(cell, driven)
    carried = (factors * rows[dofs])[d.dof_carrier[dofs] >= 0].sum()
    row = constraints.free_of_dof[voltage]
    assert assembly.residual(u)[row] == relative(carried - 0.7, 1e-12)


@pytest.mark.parametrize("driven", [0, 1])
@pytest.mark.parametrize("order", [1, 2])
def test_transient_current_of_a_terminal_has_a_displacement(driven, order, rng):
    """After a step d(charge)/dt + sum z (rows of mu) is the current given; the other terminal
    takes what is left of it, and nothing comes from anywhere else.
    """
    cell = thin_cell(rng)
    transient, constraints = transient_cell(cell, (driven,), rng)
    u = constraints.expand(np.zeros(constraints.n_free))
    transient.restart(0.0, u)
    for dt in (1e-3, 1.5e-3, 3e-3, 2e-3):
        attempt = transient.attempt(dt, min(order, len(transient.times)), control(), None)
        assert attempt.newton.converged
        enters = transient.currents()
        transient.accept()
    through = []
    for t in (0, 1):
        dofs, factors = tied_to(cell, t)
        through.append((factors * enters[dofs]).sum())
    scale = np.abs(enters).max()
    assert through[driven] == pytest.approx(0.7, abs=1e-11 * scale)
    assert through[1 - driven] == pytest.approx(-0.7, abs=1e-11 * scale)
    displacement = enters[cell.d.terminal_dof(1, ELECTRIC)]
    assert abs(displacement) > 1e-3


def test_a_driven_terminal_finds_its_voltage(rng):
    """In a steady state the voltage found for a current drives that current."""
    cell = thin_cell(rng)
    d = cell.d
    voltages = [d.terminal_dof(t, ELECTRIC) for t in (0, 1)]

    def solve(fixed, terminals):
        constraints = constrain(d, fixed, **cell.ties())
        assembly = _core.Assembly(d, constraints, [], terminals, _core.Balance.steady)
        start = constraints.expand(np.zeros(constraints.n_free))
        result = _core.NewtonIteration(rank(d)).solve(assembly, start, control(), None)
        assert result.converged
        return result.u, assembly.rows(result.u)

    driven, _ = solve({voltages[0]: 0.3}, [_core.DrivenTerminal(voltages[1], 0.05)])
    held, rows = solve({voltages[0]: 0.3, voltages[1]: driven[voltages[1]]}, [])
    assert held == pytest.approx(driven, abs=1e-10)
    dofs, factors = tied_to(cell, 1)
    mobile = d.dof_carrier[dofs] >= 0
    assert (factors * rows[dofs])[mobile].sum() == relative(0.05, 1e-9)


@pytest.mark.parametrize("charge", [1, -1, 2])
def test_what_follows_a_voltage_is_not_damped(charge):
    """Electrode and conductor move together: phi by 400 kT/e in one step, eta nowhere.

    A current of 1 through a junction of conductance 1/400 and a carrier of any charge.
    """
    points, triangles = line([0.0, 1.0])
    statistics, mobility = _core.LatticeGas(), _core.Mobility.vacancy
    ions = _core.CarrierLaw(0, charge, 1.0, 0.0, 1.0, mobility, statistics)
    host = _core.RegionLaw(1.0, [ions])
    d = discretize(points, triangles, np.zeros(2, np.int32), [host], terminals=[0, 0])
    d.add_junction(
        0, _core.ContactResistance(1.0 / 400.0), np.array([[-1, -2]], np.int32), np.ones(1)
    )
    driven, held = (d.terminal_dof(t, ELECTRIC) for t in (0, 1))
    mu = [*range(4, 8), d.terminal_dof(0, 0)]
    constraints = constrain(
        d,
        {held: 0.0, d.terminal_dof(1, 0): 0.0},
        [(driven, dof) for dof in [*range(4), *mu]],
        np.zeros(9),
        np.array([1.0] * 4 + [charge] * 5),
    )
    terminals = [_core.DrivenTerminal(driven, 1.0)]
    assembly = _core.Assembly(d, constraints, [], terminals, _core.Balance.steady)
    result = _core.NewtonIteration(rank(d)).solve(assembly, np.zeros(d.n_dofs), control(), None)
    assert result.converged
    assert len(result.steps) == 2
    assert result.steps[0].phi_update == relative(400.0 / charge**2, 1e-12)
    assert result.steps[0].eta_update < 1e-12
    assert result.u[driven] == relative(400.0 / charge**2, 1e-12)


def test_a_current_into_a_fixed_voltage_is_refused(rng):
    cell = thin_cell(rng)
    voltage = cell.d.terminal_dof(0, ELECTRIC)
    for balance in (_core.Balance.steady, _core.Balance.transient):
        with pytest.raises(ValueError, match="terminal with a given current is fixed"):
            _core.Assembly(
                cell.d,
                constrain(cell.d, {voltage: 0.0}),
                [],
                [_core.DrivenTerminal(voltage, 1.0)],
                balance,
            )


def test_only_fixed_values_can_be_moved(rng):
    """A transient moves fixed voltages, and all that is tied to them; others are refused."""
    cell = thin_cell(rng)
    transient, _ = transient_cell(cell, (1,), rng)
    held, free = (cell.d.terminal_dof(t, ELECTRIC) for t in (0, 1))
    transient.restart(0.0, transient.states[-1])
    transient.set_fixed(held, 0.9)
    u = transient.attempt(1e-3, 1, control(), None).newton.u
    assert u[held] == relative(0.9, 1e-15)
    assert u[cell.left] == relative(1.1, 1e-15)
    assert u[cell.mu(2, cell.left)] == relative(2.1, 1e-15)
    transient.set_fixed(int(cell.left[0]), 0.2)  # the voltage follows what is tied to it
    assert transient.attempt(1e-3, 1, control(), None).newton.u[held] == pytest.approx(
        0.0, abs=1e-15
    )
    for dof in (free, -1, cell.d.n_dofs):
        with pytest.raises(ValueError, match=f"dof {dof} is not fixed"):
            transient.set_fixed(dof, 0.0)


# Links that do not fit.


@pytest.mark.parametrize(
    ("ends", "measure", "words"),
    [
        ([[0, 10**6]], [1.0], "names site or terminal 1000000"),
        ([[-3, 0]], [1.0], "names site or terminal -3"),
        ([[0, 1]], [1.0, 1.0], "one measure per link"),
        ([[0, 1, 2]], [1.0], r"link ends must have shape \(n, 2\)"),
    ],
)
def test_links_to_nothing_are_refused(ends, measure, words, rng):
    d = thin_cell(rng).d
    ends, measure = np.array(ends, np.int32), np.array(measure)
    with pytest.raises(ValueError, match=words):
        d.add_layer(EMPTY, ends, measure, 1.0)
    with pytest.raises(ValueError, match=words):
        d.add_junction(0, _core.ContactResistance(1.0), ends, measure)


def test_layers_and_junctions_need_their_carrier_on_both_sides(rng):
    """The divalent ions live on the left only; a fourth carrier nowhere."""
    d = thin_cell(rng).d
    sides = [np.flatnonzero(d.site_region == r)[0] for r in (0, 1)]
    ends, measure = np.array([sides], np.int32), np.ones(1)
    divalent = law(2, 0, 0.0, 1.0, "lattice-gas", _core.Mobility.dilute)
    with pytest.raises(ValueError, match="layer has carrier 2 which a side of it lacks"):
        d.add_layer(_core.RegionLaw(1.0, [divalent]), ends, measure, 1.0)
    with pytest.raises(ValueError, match="junction of carrier 2 which a side of it lacks"):
        d.add_junction(2, _core.ContactResistance(1.0), ends, measure)
    for carrier in (-1, 3):
        with pytest.raises(ValueError, match="junction of an unknown carrier"):
            d.add_junction(carrier, _core.ContactResistance(1.0), ends, measure)


@pytest.mark.parametrize("node", [-1, 20])
def test_terminals_at_nodes_that_do_not_exist_are_refused(node):
    points, triangles = line(np.arange(5.0))
    with pytest.raises(ValueError, match=f"a terminal names node {node} of 10"):
        discretize(points, triangles, np.zeros(8, np.int32), [EMPTY], 0, terminals=[node])
