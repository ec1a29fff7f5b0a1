"""Newton's method: convergence, history, failure, interruption, and the bias continuation."""

import signal
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from models import KT, NM, conductor, slab_between_reservoirs, two_conductors

from pyscl import (
    ConvergenceError,
    Mesh,
    Model,
    PotentialContact,
    ReservoirContact,
    SolverOptions,
    _core,
)
from pyscl.boundaries import ContactResistance
from pyscl.input import load_input
from pyscl.materials import Boltzmann
from pyscl.mesh import graded, rectangle, strip
from pyscl.runner import build_model
from pyscl.study.constraints import BoundaryConditions

ROOT = Path(__file__).resolve().parent.parent.parent


def composite_cathode():
    """Return the model of example 301."""
    example = load_input(ROOT / "examples" / "301_composite_cathode.yaml")
    mesh = Mesh.read(ROOT / "meshes" / "composite_cathode.msh", unit="nm")
    return build_model(example, mesh, example.materials("with BaTiO3"))


def assert_quadratic(iterations):
    """After new factors the next of the last updates is bounded by the square of the one before."""
    pairs = [
        (a.update, b.update)
        for a, b in pairwise(iterations)
        if a.factorised and a.update < 0.1 and b.update > 1e-13
    ]
    assert len(pairs) >= 1, iterations
    assert max(b / a**2 for a, b in pairs) < 2.0, pairs


def test_equilibrium_converges_quadratically():
    history = slab_between_reservoirs().equilibrium().history
    assert history.converged
    assert history.factorisations <= 10
    assert_quadratic(history.iterations)


@pytest.mark.parametrize(("y", "volts"), [(0.02, -1.0), (0.02, -3.0), (0.5, 3.0), (0.98, 1.0)])
def test_equilibrium_needs_its_line_search_where_sites_fill(y, volts):
    """Undamped Newton fails in some of these from the neutral guess."""
    history = slab_between_reservoirs(potential=volts, y=y).equilibrium().history
    assert history.factorisations <= 12
    assert_quadratic(history.iterations)


@pytest.mark.parametrize("bias", [10 * KT, -10 * KT, 39 * KT, -39 * KT])
def test_steady_state_converges_quadratically(bias):
    history = slab_between_reservoirs().steady({"left": bias}).history
    assert history.bias_steps == 1
    assert history.factorisations <= 30
    assert_quadratic(history.iterations)


def test_the_response_in_first_order_solves_a_neutral_conductor():
    """Ohm's law is linear: what is left for Newton's method is rounding."""
    model = slab_between_reservoirs(potential="neutral")
    first, *rest = model.steady({"left": 39 * KT}).history.iterations
    assert first.potential_update == pytest.approx(39, rel=0.1)
    assert max(i.update for i in rest) < 1e-7  # of the difference quotient


def test_the_response_in_first_order_reaches_contacts_with_kinetics():
    """Their mu is free while phi moves with the bias; 33 factorisations without the response."""
    contact = {"carrier": "Li", "kinetics": ContactResistance(resistance="1e-4 ohm*m^2")}
    model = Model(
        strip(graded(50 * NM, 0.05 * NM, 1.2, 2 * NM, fine="both"), 20 * NM, 4),
        {"electrolyte": conductor(y=0.05, statistics=Boltzmann(), mobility="dilute")},
        contacts={
            name: ReservoirContact(potential="neutral", **contact) for name in ("left", "right")
        },
    )
    history = model.steady({"left": 1.0}).history
    assert history.bias_steps == 1
    assert history.factorisations <= 12


def test_a_solver_goes_on_after_a_solve_that_ended_before_its_first_iteration():
    model = slab_between_reservoirs()
    rest = model.equilibrium().unknowns
    control, none = SolverOptions().control(), _core.NewtonControl(1e-9, 0, 5.0)
    biased, resting = model.conditions.steady({"left": 10 * KT}), model.conditions.frozen()
    newton = _core.NewtonIteration(model.discretized.node_rank)
    first = newton.solve(biased, rest, control)
    assert not newton.solve(resting, rest, none).converged
    again = newton.solve(biased, rest, control)
    np.testing.assert_array_equal(again.u, first.u)


def test_a_state_whose_bias_stays_is_not_linearised_first():
    model = slab_between_reservoirs()
    solution = model.steady({"left": 10 * KT})
    again = model.steady({"left": 10 * KT}, solution)
    assert len(again.history.iterations) == 1
    assert again.unknowns == pytest.approx(solution.unknowns, abs=1e-12)


def test_a_composite_under_bias_converges_from_its_equilibrium_in_few_iterations():
    """Newton's method alone fails here: linearised at the jump of the bias it overshoots."""
    history = composite_cathode().steady({"collector": 0.1}).history
    assert history.bias_steps == 1
    assert len(history.iterations) <= 10
    assert history.factorisations <= 4


def test_history_tells_what_every_iteration_did():
    model = slab_between_reservoirs()
    history = model.steady({"left": 10 * KT}).history
    assert history.kind == "steady"
    assert history.factor_entries > model.discretized.n_dofs
    x, y = model.mesh.points.T
    for i in history.iterations:
        assert i.worst_unknown in ("phi", "mu_Li")
        assert ((x == i.worst_position[0]) & (y == i.worst_position[1])).any()
        assert 0.0 <= i.damping <= 1.0
        assert min(i.assembly_seconds, i.solve_seconds) > 0.0
        assert (i.factor_seconds > 0.0) == i.factorised
        assert i.update == max(i.potential_update, i.chemical_update)
    assert min(i.damping for i in history.iterations[:2]) < 1.0  # a large bias is damped at first
    assert history.iterations[-1].update < 1e-9
    assert history.iterations[-1].residual < 1e-6 * history.iterations[0].residual
    assert len(str(history).splitlines()) == 1 + len(history.iterations)
    assert history.to_dict()["iterations"][0]["damping"] == history.iterations[0].damping


def test_too_few_iterations_end_in_an_error_with_place_and_advice():
    model = slab_between_reservoirs(potential=39 * KT)
    with pytest.raises(ConvergenceError) as caught:
        model.equilibrium(options=SolverOptions(max_iterations=3))
    message = str(caught.value)
    assert "equilibrium stopped after 3 Newton iterations" in message
    assert "no convergence within the allowed number of iterations" in message
    assert "tolerance 1e-09" in message
    assert "largest in 'phi' at (" in message
    assert "nm in region electrolyte" in message
    assert "Debye length" in message
    assert not caught.value.history.converged
    assert len(caught.value.history.iterations) == 3


def test_a_failed_steady_state_keeps_the_last_good_state():
    """With nothing reached, that is the equilibrium, and it can be used as a start."""
    model = slab_between_reservoirs()
    equilibrium = model.equilibrium()
    options = SolverOptions(max_iterations=1, smallest_bias_step=0.05)
    with pytest.raises(ConvergenceError, match=r"last_good.*smaller bias") as caught:
        model.steady({"left": 10 * KT}, equilibrium, options=options)
    good = caught.value.last_good
    assert good is equilibrium
    assert np.array_equal(good.unknowns, equilibrium.unknowns)
    # the response in first order and one step, for the shares 1, 1/4 and 1/12 of the bias
    assert len(caught.value.history.iterations) == 6
    assert model.steady({"left": 10 * KT}, good).history.converged


def test_continuation_takes_over_when_the_full_bias_fails():
    """With 20 iterations per solve 39 kT/e fail in one step, and succeed in several."""
    model = slab_between_reservoirs()
    direct = model.steady({"left": 39 * KT})
    allowed = direct.history.factorisations - 3
    stepwise = model.steady({"left": 39 * KT}, options=SolverOptions(max_iterations=allowed))
    assert direct.history.bias_steps == 1
    assert stepwise.history.bias_steps > 1
    assert stepwise.history.factorisations > allowed
    assert stepwise.unknowns == pytest.approx(direct.unknowns, abs=1e-7)


def test_the_last_good_bias_is_the_one_of_its_state():
    """Also when the failed run started from a biased solution."""
    model = slab_between_reservoirs()
    start = model.steady({"left": 5 * KT})
    options = SolverOptions(max_iterations=1, smallest_bias_step=0.2)
    with pytest.raises(ConvergenceError) as caught:
        model.steady({"left": 20 * KT}, start, options=options)
    assert caught.value.last_good.bias == pytest.approx({"left": 5 * KT})


def test_progress_is_called_in_order_with_what_the_history_records():
    calls = []
    options = SolverOptions(progress=lambda count, iteration: calls.append((count, iteration)))
    history = slab_between_reservoirs().equilibrium(options=options).history
    assert [count for count, _ in calls] == list(range(1, len(calls) + 1))
    assert [i.update for _, i in calls] == [i.update for i in history.iterations[: len(calls)]]
    # The converged iteration may be left to the caller.
    assert len(calls) >= len(history.iterations) - 1


@pytest.mark.parametrize("kind", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("study", ["equilibrium", "steady"])
def test_an_exception_in_the_callback_stops_the_solve_and_comes_out(kind, study):
    calls = []

    def interrupt(count, iteration):
        calls.append(count)
        if count == 2:
            raise kind("enough")

    model = slab_between_reservoirs()
    options = SolverOptions(progress=interrupt)
    start = model.equilibrium()
    solve = {
        "equilibrium": lambda: model.equilibrium(options=options),
        "steady": lambda: model.steady({"left": 10 * KT}, start, options=options),
    }
    with pytest.raises(kind, match="enough"):
        solve[study]()
    assert calls == [1, 2]


def test_a_signal_handler_runs_between_iterations():
    """Ctrl-C is seen although the solve runs in compiled code."""
    model = slab_between_reservoirs()
    start = model.equilibrium()

    def raise_signal(count, iteration):
        signal.raise_signal(signal.SIGINT)

    # Python ignores SIGINT when it starts in the background.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            model.steady({"left": 10 * KT}, start, options=SolverOptions(progress=raise_signal))
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_run_during_a_solve():
    """The interpreter lock is free while the core works on 50 000 nodes."""
    mesh = rectangle(250, 200, 100 * NM, 80 * NM)
    contacts = {"left": PotentialContact(potential=0.1), "right": ReservoirContact(carrier="Li")}
    model = Model(mesh, {"electrolyte": conductor()}, contacts=contacts)
    conditions = BoundaryConditions(model)
    assembly, u = conditions.equilibrium(), conditions.start_state()
    order = model.discretized.node_rank
    done, ticks = threading.Event(), []

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(1e-3)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        started = time.perf_counter()
        _core.NewtonIteration(order).solve(assembly, u, _core.NewtonControl(1e-9, 2, 5.0), None)
        ended = time.perf_counter()
    finally:
        done.set()
        thread.join()
    during = [t for t in ticks if started < t < ended]
    assert len(during) >= 10, f"{len(during)} ticks in {ended - started:.3f} s"


def test_a_singular_problem_is_reported_not_solved():
    """Nothing holds the potential: the core says so."""
    model = slab_between_reservoirs()
    d = model.discretized
    empty = np.empty((0, 2), np.int32)
    constraints = _core.Constraints(
        d.core, np.empty(0, np.int32), np.empty(0), empty, np.empty(0), np.empty(0)
    )
    assembly = _core.Assembly(d.core, constraints, [], [], _core.Balance.steady)
    u = np.full(d.n_dofs, np.nan)
    result = _core.NewtonIteration(d.node_rank).solve(
        assembly, u, _core.NewtonControl(1e-9, 5, 5.0), None
    )
    assert not result.converged
    assert "singular or not finite" in result.reason


def test_a_start_near_the_solution_saves_iterations():
    model = two_conductors()
    first = model.steady({"left": 10 * KT})
    again = model.steady({"left": 10.1 * KT}, first)
    assert again.history.factorisations < first.history.factorisations
    same = model.steady({"left": 10 * KT}, first)
    assert len(same.history.iterations) == 1
    assert same.unknowns == pytest.approx(first.unknowns, abs=1e-9)
