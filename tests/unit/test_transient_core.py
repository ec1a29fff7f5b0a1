"""Steps in time of the core: formula, error estimate, conservation, restart."""

from itertools import pairwise

import numpy as np
import pytest
from approx import relative
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from thin_cell import ELECTRIC, thin_cell
from tiny import LAWS, constrain, control, discretize, line, mu_at, rank, steady_assembly

from pyscl import _core

STEPS = (0.1, 0.17, 0.3, 0.2, 0.05, 0.1, 0.21)  # of unequal length, none more than twice the last
CONDUCTANCE = 0.8
TIGHT = control(tolerance=1e-13)


class Vessel:
    """One amount of a carrier behind a junction: c dy/dt = g (mu_outside - mu(y)).

    The cell has phi = 0 and one mu, volume and density are 1. With n levels of the past given.
    """

    def __init__(self, name="lattice-gas", outside=0.0):
        points, triangles = line([0.0, 1.0])
        self.statistics = LAWS[name].statistics
        carrier = _core.CarrierLaw(0, 1.0, 1.0, 0.0, 1.0, _core.Mobility.dilute, self.statistics)
        law = _core.RegionLaw(1.0, [carrier])
        d = discretize(points, triangles, np.zeros(2, np.int32), [law], terminals=[0])
        ends, measure = np.array([[-1, 0], [-1, 3]], np.int32), np.array([0.25, 0.75])
        d.add_junction(0, _core.ContactResistance(CONDUCTANCE), ends, measure)
        self.level = d.terminal_dof(0, 0)
        fixed = dict.fromkeys([0, 1, 2, 3, d.terminal_dof(0, ELECTRIC)], 0.0)
        fixed[self.level] = outside
        inside = mu_at(d, [0, 1, 2, 3])
        inside = inside[inside < d.terminal_dof(0, ELECTRIC)]
        self.inside = inside[0]
        ties = [(inside[0], dof) for dof in inside[1:]]
        constraints = constrain(d, fixed, ties, np.zeros(3))
        self.assembly = _core.Assembly(d, constraints, [], [], _core.Balance.transient)
        self.expand = constraints.expand
        self.outside = outside
        self.core = _core.Transient(self.assembly, rank(d), [0.01], 1.0)

    def start(self, times, mus):
        """Put levels of mu at times."""
        self.core.restore(list(times), np.array([self.expand(np.array([mu])) for mu in mus]))

    def step(self, dt, order):
        """Take a step; return the new mu and the attempt."""
        attempt = self.core.attempt(dt, order, TIGHT, None)
        assert attempt.newton.converged
        self.core.accept()
        return attempt.newton.u[self.inside], attempt

    def y(self, mu):
        """Return the amount, (n,)."""
        return _core.occupancy(self.statistics, np.atleast_1d(np.asarray(mu, float)))[0]

    def exact(self, times, y):
        """Return y at times from an ordinary differential equation, and its mu."""

        def rate(_, mu):
            return CONDUCTANCE * (self.outside - mu) / _core.occupancy(self.statistics, mu)[2]

        start = brentq(lambda mu: self.y(mu)[0] - y, -40.0, 40.0, xtol=1e-13)
        found = solve_ivp(rate, (0.0, times[-1]), [start], "DOP853", times, rtol=1e-12, atol=1e-12)
        return self.y(found.y[0]), found.y[0]


def derivative_weights(times):
    """Return the weights of the newest derivative of the polynomial through values at times."""
    t = np.asarray(times) - times[-1]
    return np.linalg.solve(np.vander(t, increasing=True).T, np.eye(len(t))[1])


def next_by_hand(vessel, times, mus, order):
    """Return mu at times[-1] by the formula of an order, from scalars alone."""
    w = derivative_weights(times[-order - 1 :])
    past = w[:-1] @ vessel.y(mus[-order:])

    def defect(mu):
        return w[-1] * vessel.y(mu)[0] + past - CONDUCTANCE * (vessel.outside - mu)

    return brentq(defect, -40.0, 40.0, xtol=1e-14, rtol=1e-14)


# The formula.


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("order", [1, 2])
def test_steps_follow_the_recursion(name, order):
    """Backward Euler and variable-step BDF2 as the derivative of the interpolating polynomial.

    BDF2 starts with a step of backward Euler.
    """
    vessel = Vessel(name, outside=1.5)
    times, mus = [0.0], [-2.0]
    vessel.start(times, mus)
    for k, dt in enumerate(STEPS):
        used = min(order, k + 1)
        times.append(times[-1] + dt)
        expected = next_by_hand(vessel, times, mus, used)
        found, _ = vessel.step(dt, used)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
        mus.append(expected)
        vessel.start(times[-2:], mus[-2:])
    assert abs(mus[-1] - mus[0]) > 1.0


@pytest.mark.parametrize("order", [1, 2])
def test_nearly_full_sites_keep_their_digits(order):
    """The vacancies, 1e-11 of the sites, obey the recursion to 1e-9 of themselves."""
    vessel = Vessel(outside=25.0)
    statistics = vessel.statistics
    times, mus = [0.0], [24.0]
    vessel.start(times, mus)

    def vacancy(mu):
        return float(_core.occupancy(statistics, np.array([mu]))[1][0])

    for k, dt in enumerate(2e-11 * np.array(STEPS)):
        used = min(order, k + 1)
        times.append(times[-1] + dt)
        w = derivative_weights(np.array(times[-used - 1 :]) * 1e11) * 1e11
        past = sum(wk * vacancy(mu) for wk, mu in zip(w[:-1], mus[-used:], strict=True))
        mus.append(
            brentq(
                lambda mu, w=w, past=past: w[-1] * vacancy(mu) + past + CONDUCTANCE * (25.0 - mu),
                20.0,
                30.0,
                xtol=1e-14,
            )
        )
        found, _ = vessel.step(dt, used)
        assert vacancy(found) == relative(vacancy(mus[-1]), 1e-9)
    assert vacancy(mus[-1]) < 0.9 * vacancy(mus[0])


@pytest.mark.parametrize("order", [1, 2])
def test_a_fixed_level_follows_the_drive(order):
    """With the outside moved in every step, as by a sweep."""
    vessel = Vessel()
    times, mus = [0.0], [0.0]
    vessel.start(times, mus)
    for k, dt in enumerate(STEPS):
        used = min(order, k + 1)
        times.append(times[-1] + dt)
        vessel.outside = 3.0 * np.sin(4.0 * times[-1])
        vessel.core.set_fixed(vessel.level, vessel.outside)
        mus.append(next_by_hand(vessel, times, mus, used))
        found, _ = vessel.step(dt, used)
        assert found == pytest.approx(mus[-1], abs=1e-11)


@pytest.mark.parametrize("order", [1, 2])
def test_a_capacitor_takes_the_charge_that_is_sent(order):
    """A dielectric behind a compact layer, under a current that changes in every step: the charge
    of the electrode obeys the recursion dQ/dt = I, and V = Q (1/C + d/eps).
    """
    points, triangles = line([0.0, 1.0, 2.0])
    law = _core.RegionLaw(3.0, [])
    d = discretize(points, triangles, np.zeros(4, np.int32), [law], 0, terminals=[0])
    ends, measure = np.array([[-1, 0], [-1, 1]], np.int32), np.array([0.5, 0.5])
    d.add_layer(_core.RegionLaw(4.0, []), ends, measure, 1.0)
    voltage = d.terminal_dof(0, ELECTRIC)
    constraints = constrain(d, dict.fromkeys(np.flatnonzero(points[:, 0] == 2.0), 0.0))
    terminals = [_core.DrivenTerminal(voltage, 0.0)]
    assembly = _core.Assembly(d, constraints, [], terminals, _core.Balance.transient)
    core = _core.Transient(assembly, rank(d), [], 1.0)
    core.restart(0.0, np.zeros(d.n_dofs))
    times, charges = [0.0], [0.0]
    for k, dt in enumerate(STEPS):
        used, current = min(order, k + 1), np.cos(3.0 * k)
        times.append(times[-1] + dt)
        w = derivative_weights(times[-used - 1 :])
        charges.append((current - w[:-1] @ charges[-used:]) / w[-1])
        core.set_current(0, current)
        u = core.attempt(dt, used, TIGHT, None).newton.u
        assert u[voltage] == pytest.approx(charges[-1] * (1.0 / 4.0 + 2.0 / 3.0), abs=1e-13)
        assert core.currents()[voltage] == relative(current, 1e-12)
        core.accept()


# The error estimate.


@pytest.mark.parametrize("name", ["lattice-gas", "boltzmann"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("dt", "band"), [(0.01, 1.06), (0.08, 2.0)])
@pytest.mark.parametrize("growth", [0.6, 1.0, 1.8])
def test_error_estimate_is_the_true_error_of_a_step(name, order, dt, band, growth):
    """From exact past levels, within a factor of 2, and to 6 % in small steps."""
    vessel = Vessel(name, outside=2.0)
    past = dt / growth
    times = np.array([0.0, past, 2.0 * past][: order + 1]) + 0.3
    times = np.append(times, times[-1] + dt)
    y, mu = vessel.exact(times, 0.25)
    vessel.start(times[:-1], mu[:-1])
    found, attempt = vessel.step(dt, order)
    minority = min(vessel.y(found)[0], 1.0 - vessel.y(found)[0])
    if not LAWS[name].site_limited:
        minority = vessel.y(found)[0]
    true = abs(vessel.y(found)[0] - y[-1]) / minority
    assert true / band < attempt.error < band * true


@pytest.mark.parametrize(("order", "levels"), [(1, 1), (2, 2)])
def test_error_estimate_with_a_short_past_is_on_the_safe_side(order, levels):
    """Without enough levels for the predictor the true error is smaller."""
    vessel = Vessel(outside=2.0)
    times = np.array([0.3, 0.35, 0.4][-levels - 1 :])
    y, mu = vessel.exact(times, 0.25)
    vessel.start(times[:-1], mu[:-1])
    found, attempt = vessel.step(times[-1] - times[-2], order)
    minority = min(vessel.y(found)[0], 1.0 - vessel.y(found)[0])
    assert attempt.error > abs(vessel.y(found)[0] - y[-1]) / minority


@pytest.mark.parametrize(
    ("order", "levels", "degree", "share"),
    [
        (1, 1, 0, lambda dt, past: 0.5),
        (1, 2, 1, lambda dt, past: dt / (2.0 * dt + past)),
        (1, 3, 1, lambda dt, past: dt / (2.0 * dt + past)),
        (2, 2, 1, lambda dt, past: 1.0),
        (2, 3, 2, None),
    ],
)
def test_predictor_and_estimate_follow_the_past(order, levels, degree, share):
    """The guess is the polynomial through the newest levels; the estimate is a share of the
    difference to it, relative to the larger of the minority and the bulk minority fraction 0.01.
    """
    vessel = Vessel(outside=1.0)
    times = [0.0, 0.2, 0.3, 0.45][3 - levels :]
    mus = [-2.0, -1.4, -1.2][3 - levels :]
    vessel.start(times[:-1], mus)

    def predict(values):
        newest = slice(len(values) - degree - 1, None)
        return np.polyval(np.polyfit(times[:-1][newest], values[newest], degree), times[-1])

    guess = vessel.core.attempt(0.15, order, control(max_iterations=0), None).newton
    assert not guess.converged
    assert guess.u[vessel.inside] == relative(predict(np.array(mus)), 1e-12)

    found, attempt = vessel.step(0.15, order)
    y = vessel.y(found)[0]
    difference = abs(y - predict(vessel.y(mus))) / min(y, 1.0 - y)
    if share is None:  # BDF2: leading errors h^2 (h + k) / 6 * (h + k)/(2h + k), and predictor's
        h, k1, k2 = 0.15, 0.1, 0.2
        method = h * h * (h + k1) ** 2 / (2.0 * h + k1) / 6.0
        predictor = h * (h + k1) * (h + k1 + k2) / 6.0
        expected = method / (method + predictor)
    else:
        expected = share(0.15, 0.1)
    assert attempt.error == relative(expected * difference, 1e-9)
    assert attempt.worst_dof == vessel.inside
    change = abs(y - vessel.y(mus[-1])[0])
    assert attempt.rate == relative(change / min(y, 1.0 - y) / 0.15, 1e-9)


def test_rare_carriers_are_measured_by_the_bulk():
    """A minority below that of the bulk, here 0.01, does not make the error larger."""
    vessel = Vessel("boltzmann", outside=-10.0)
    vessel.start([0.0], [-9.0])
    _, attempt = vessel.step(1e-6, 1)
    y, before = (vessel.y(mu)[0] for mu in (vessel.core.states[-1][vessel.inside], -9.0))
    assert attempt.error == relative(0.5 * abs(y - before) / 0.01, 1e-6)


@pytest.mark.parametrize(("weight", "noise"), [(1.0, 0.0), (7.0, 0.0), (7.0, 0.05), (7.0, 1.0)])
def test_error_of_phi_counts_beyond_its_noise(weight, noise):
    """A capacitor charged by a current that jumps: the predictor misses by the jump, 1 kT/e.

    dt / (t - t_(n-1)) = 1/3, so a quarter of that is the error of the method.
    """
    points, triangles = line([0.0, 1.0])
    law = _core.RegionLaw(1.0, [])
    d = discretize(points, triangles, np.zeros(2, np.int32), [law], 0, terminals=[0])
    voltage = d.terminal_dof(0, ELECTRIC)
    constraints = constrain(d, {2: 0.0, 3: 0.0}, [(voltage, 0), (voltage, 1)], [0.0, 0.0])
    terminals = [_core.DrivenTerminal(voltage, 2.0)]
    assembly = _core.Assembly(d, constraints, [], terminals, _core.Balance.transient)
    core = _core.Transient(assembly, rank(d), [], weight, noise)
    core.restore([-1.0, 0.0], np.zeros((2, d.n_dofs)))
    attempt = core.attempt(0.5, 1, TIGHT, None)
    assert attempt.newton.u[voltage] == relative(1.0, 1e-13)  # 2 * 0.5 over a unit capacitor
    assert attempt.error == relative(weight * max(0.25 - noise, 0.0), 1e-12)


def test_a_jump_starts_from_the_displaced_potential(rng):
    """After a jump of both voltages the guess has the carriers of before, and meets Gauss's law."""
    cell = thin_cell(rng)
    d = cell.d
    constraints = closed(cell, 0.2, -0.3)
    assembly = _core.Assembly(d, constraints, [], [], _core.Balance.transient)
    core = _core.Transient(assembly, rank(d), [0.1] * 8, 1.0)
    core.restart(0.0, constraints.expand(rng.uniform(-1.0, 1.0, constraints.n_free)))
    core.attempt(0.05, 1, control(), None)
    core.accept()
    before = core.states[-1]
    for t, value in ((0, 2.2), (1, -1.7)):
        core.set_fixed(d.terminal_dof(t, ELECTRIC), value)
    displaced = core.attempt(1e-6, 1, control(max_iterations=0), None, displaced=True).newton.u
    for k in range(3):
        y, guess = (d.site_fractions(k, u)[0] for u in (before, displaced))
        moving = np.isin(d.site_dofs[:, k], np.flatnonzero(constraints.free_of_dof >= 0))
        assert guess[moving] == relative(y[moving], 1e-9)
    rows = core.assembly.rows(displaced)
    inner = (d.dof_carrier == ELECTRIC) & (constraints.free_of_dof >= 0)
    assert np.abs(rows[inner]).max() < 1e-9
    assert np.abs(displaced - before)[inner].max() > 1.0
    assert displaced[cell.left] == relative(2.2, 1e-12)
    with_guess = core.attempt(1e-6, 1, control(), None, displaced=True).newton
    without = core.attempt(1e-6, 1, control(), None).newton
    assert with_guess.u == pytest.approx(without.u, abs=1e-8)
    assert len(with_guess.steps) <= len(without.steps)


@pytest.mark.parametrize(("order", "expected"), [(1, 1.0), (2, 2.0)])
def test_order_of_convergence(order, expected):
    """Global error at t = 1 from steps of ratios 1 and 2 in turn, against an independent solver.

    The first level of BDF2 is exact.
    """
    errors = []
    for n in (20, 40, 80, 160):
        vessel = Vessel(outside=2.0)
        steps = np.tile([1.0, 2.0], n // 2)
        times = np.concatenate([[0.0], np.cumsum(steps) / steps.sum()])
        y, mu = vessel.exact(times, 0.25)
        vessel.start(times[:order], mu[:order])
        for a, b in pairwise(times[order - 1 :]):
            found, _ = vessel.step(b - a, order)
        errors.append(abs(vessel.y(found)[0] - y[-1]))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders[-1] == pytest.approx(expected, abs=0.06)


# Conservation.


def closed(cell, first, second):
    """Return constraints that hold both voltages, and no carrier that is linked to the mesh."""
    d = cell.d
    fixed = {d.terminal_dof(0, ELECTRIC): first, d.terminal_dof(1, ELECTRIC): second}
    fixed |= {d.terminal_dof(0, k): 0.0 for k in range(3)} | {d.terminal_dof(1, 2): 0.0}
    ties = [(d.terminal_dof(0, ELECTRIC), node) for node in cell.left]
    return constrain(d, fixed, ties, np.zeros(len(ties)))


def test_amounts_are_kept_over_random_steps(rng):
    """200 steps of random length and order under random voltages, with every thin law: the amount
    of each carrier, in the mesh and in the layers, stays to 1e-13. Li and electrons in the second
    terminal have no place to stay.
    """
    cell = thin_cell(rng)
    d = cell.d
    constraints = closed(cell, 0.0, 0.0)
    assembly = _core.Assembly(d, constraints, [], [], _core.Balance.transient)
    core = _core.Transient(assembly, rank(d), [0.1] * 8, 1.0)
    u = constraints.expand(rng.uniform(-1.0, 1.0, constraints.n_free))
    core.restart(0.0, u)
    start = [cell.amount(k, u) for k in range(3)]
    last, orders, moved = 1e-3, [], 0.0
    for _ in range(200):
        for t in (0, 1):
            core.set_fixed(d.terminal_dof(t, ELECTRIC), rng.uniform(-4.0, 4.0))
        dt = last * 10.0 ** rng.uniform(-0.9, 0.9)
        order = 2 if dt < 2.0 * last and len(core.times) > 1 and rng.uniform() < 0.8 else 1
        attempt = core.attempt(dt, order, control(), None)
        if not attempt.newton.converged:  # a jump that BDF2 cannot follow
            order = 1
            attempt = core.attempt(dt, order, control(), None)
            assert attempt.newton.converged
        core.accept()
        orders.append(order)
        last = np.clip(dt, 1e-3, 10.0)
        moved = max(moved, np.abs(attempt.newton.u - u).max())
        for k in range(3):
            assert cell.amount(k, attempt.newton.u) == relative(start[k], 1e-13)
    assert 40 < sum(order == 2 for order in orders) < 160
    assert moved > 3.0


def test_vacancies_are_kept_where_sites_are_nearly_full(rng):
    """A slab with 1e-6 of its sites empty, under random voltages: the vacancies stay to 1e-13."""
    points, triangles = line(np.linspace(0.0, 1.0, 21))
    eta = np.log(1e6)
    carrier = _core.CarrierLaw(0, 1.0, 1e6, 0.0, 1.0, _core.Mobility.vacancy, _core.LatticeGas())
    d = discretize(
        points, triangles, np.zeros(len(triangles), np.int32), [_core.RegionLaw(1.0, [carrier])]
    )
    empty = _core.occupancy(_core.LatticeGas(), np.array([eta]))[1][0]
    d.set_fixed_charge(np.full(d.n_sites, -1e6 * (1.0 - empty)), np.zeros(d.n_nodes))
    ends = [np.flatnonzero(points[:, 0] == x) for x in (0.0, 1.0)]
    constraints = constrain(d, {int(node): 0.0 for end in ends for node in end})
    assembly = _core.Assembly(d, constraints, [], [], _core.Balance.transient)
    core = _core.Transient(assembly, rank(d), [1e-6], 1.0)
    u = np.where(d.dof_carrier == 0, eta, 0.0)
    core.restart(0.0, u)
    start = d.site_volume @ d.site_fractions(0, u)[1]
    for k in range(60):
        for node in ends[1]:
            core.set_fixed(int(node), 3.0 * np.sin(k))
        order = 1 + (k % 3 > 0)
        dt = 0.02 * (1.0 + 0.5 * np.cos(k))
        attempt = core.attempt(dt, order, control(1e-8), None)
        if not attempt.newton.converged:  # a jump that BDF2 cannot follow
            attempt = core.attempt(dt, 1, control(1e-8), None)
            assert attempt.newton.converged
        core.accept()
        vacant = d.site_fractions(0, attempt.newton.u)[1]
        assert d.site_volume @ vacant == relative(start, 1e-13)
    assert vacant.max() / vacant.min() > 2.0


# Levels.


def test_going_on_from_levels_changes_no_bit(rng):
    """Times and states of a run, put into a new integrator, give the same bits as going on."""
    cell = thin_cell(rng)
    constraints = closed(cell, 0.5, -0.5)
    assembly = _core.Assembly(cell.d, constraints, [], [], _core.Balance.transient)

    def fresh():
        return _core.Transient(assembly, rank(cell.d), [0.1] * 8, 1.0)

    def go_on(core, steps):
        for dt in steps:
            order = min(2, len(core.times))
            attempt = core.attempt(dt, order, control(), None)
            assert attempt.newton.converged
            core.accept()
        return attempt

    whole = fresh()
    whole.restart(0.0, constraints.expand(rng.uniform(-1.0, 1.0, constraints.n_free)))
    go_on(whole, 1e-2 * np.array(STEPS[:4]))
    second = fresh()
    second.restore(whole.times, np.array(whole.states))
    expected, found = (go_on(core, 1e-2 * np.array(STEPS[4:])) for core in (whole, second))
    assert np.array_equal(found.newton.u, expected.newton.u)
    assert (found.error, found.rate) == (expected.error, expected.rate)
    assert np.array_equal(second.currents(), whole.currents())
    assert second.times == whole.times


def test_three_levels_are_kept():
    vessel = Vessel(outside=1.0)
    vessel.start([2.0], [0.0])
    for k, dt in enumerate([0.5, 0.25, 1.0, 0.125]):
        vessel.step(dt, 1)
        assert len(vessel.core.times) == len(vessel.core.states) == min(3, k + 2)
    assert vessel.core.times == [2.75, 3.75, 3.875]
    assert vessel.core.time == 3.875
    vessel.core.restart(7.0, vessel.core.states[-1])
    assert vessel.core.times == [7.0]


def test_an_attempt_alone_changes_nothing():
    vessel = Vessel(outside=1.0)
    vessel.start([0.0, 0.1], [0.0, 0.1])
    first = vessel.core.attempt(0.2, 2, TIGHT, None).newton.u
    vessel.core.attempt(0.01, 1, TIGHT, None)
    assert vessel.core.times == [0.0, 0.1]
    assert np.array_equal(vessel.core.attempt(0.2, 2, TIGHT, None).newton.u, first)


def test_the_callback_can_interrupt_a_step():
    vessel = Vessel(outside=1.0)
    vessel.start([0.0], [0.0])

    def stop(step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vessel.core.attempt(0.1, 1, TIGHT, stop)
    assert vessel.step(0.1, 1)[1].newton.converged


@pytest.mark.parametrize(
    ("dt", "order"), [(0.0, 1), (-0.1, 1), (np.nan, 1), (0.1, 0), (0.1, 3), (0.1, 2)]
)
def test_steps_without_length_order_or_past_are_refused(dt, order):
    vessel = Vessel()
    vessel.start([0.0], [0.0])
    with pytest.raises(ValueError, match="a step needs dt > 0, order 1 or 2"):
        vessel.core.attempt(dt, order, TIGHT, None)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([], "one to three past levels"),
        ([0.0, 1.0, 2.0, 3.0], "one to three past levels"),
        ([0.0, 2.0, 1.0], "in the order of time"),
        ([0.0, 0.0], "in the order of time"),
    ],
)
def test_levels_out_of_order_are_refused(times, words):
    vessel = Vessel()
    states = np.zeros((len(times), len(vessel.expand(np.zeros(1)))))
    with pytest.raises(ValueError, match=words):
        vessel.core.restore(times, states)


def test_states_that_do_not_fit_are_refused():
    vessel = Vessel()
    n = len(vessel.expand(np.zeros(1)))
    for times, shape in (([0.0], (2, n)), ([0.0], (1, n - 1)), ([0.0], (n,))):
        with pytest.raises(ValueError, match="one state of all dofs per time"):
            vessel.core.restore(times, np.zeros(shape))
    with pytest.raises(ValueError, match=f"{n - 1} values, expected {n}"):
        vessel.core.restart(0.0, np.zeros(n - 1))
    with pytest.raises(ValueError, match="a step needs"):
        vessel.core.attempt(0.1, 1, TIGHT, None)  # nothing to start from


def test_time_needs_a_transient_balance():
    points, triangles = line([0.0, 1.0])
    d = discretize(points, triangles, np.zeros(2, np.int32), [_core.RegionLaw(1.0, [])], 0)
    with pytest.raises(ValueError, match="needs a transient balance"):
        _core.Transient(steady_assembly(d), rank(d), [], 1.0)
