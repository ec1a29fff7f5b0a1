"""Linear solvers from outside: the front in the core, what is fallen back on, what is refused."""

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import scipy.sparse as sp
from back_ends import Patched, SuperLU, Tiring
from models import KT, slab_between_reservoirs
from runs import write_run
from scipy.sparse.linalg import splu
from test_linear_solver import both_scalars, filled, grid, nested

import pyscl.linear.choice
import pyscl.threads
from pyscl import InputError, SolverOptions, SpectrumOptions, TransientOptions, _core
from pyscl.input import load_input
from pyscl.linear import available, choose, pardiso
from pyscl.runner import Approach, execute
from pyscl.study.impedance.linearized import LinearizedModel
from pyscl.study.newton import NewtonHistory
from pyscl.threads import available_threads

BACK_END, MULTIFRONTAL, FREE = (
    _core.SolvedBy.back_end,
    _core.SolvedBy.multifrontal,
    _core.SolvedBy.free_pivots,
)
KINDS = {"real": (_core.LinearSolver, float), "complex": (_core.ComplexLinearSolver, complex)}


def solver_of(matrix, back_end, order=None):
    """Return a solver for the pattern of a real or complex matrix."""
    make = KINDS["complex" if matrix.dtype == complex else "real"][0]
    order = np.arange(matrix.shape[0], dtype=np.int32) if order is None else order
    return make(matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32), order, back_end)


def check(solver, matrix):
    """Solve with a random right-hand side; the backward error is that of rounding."""
    b = np.random.default_rng(1).normal(size=matrix.shape[0]).astype(matrix.dtype)
    x = solver.solve(b)
    assert np.all(np.abs(matrix @ x - b) <= 1e-12 * (abs(matrix) @ np.abs(x) + np.abs(b)))


@both_scalars
def test_a_back_end_gets_the_pattern_once_and_every_matrix(scalar, rng):
    back_end = SuperLU()
    pattern = grid(9, 8, 2)
    matrices = [filled(pattern, rng, KINDS[scalar][1], diagonal=6.0) for _ in range(3)]
    solver = solver_of(matrices[0], back_end, nested(9, 8, 2))
    for matrix in matrices:
        assert solver.factorize(matrix.data)
        check(solver, matrix)
        assert solver.solved_by == BACK_END
        assert solver.fill >= matrix.nnz
    assert (back_end.analyses, back_end.factorisations) == (1, 3)


def test_a_back_end_gets_rows_and_columns_scaled_to_one(rng):
    seen = []
    matrix = filled(grid(6, 5), rng, diagonal=6.0)
    matrix.data *= 1e-200
    solver = solver_of(matrix, Patched(factorize=lambda values: bool(seen.append(values))))
    solver.factorize(matrix.data)
    assert np.abs(seen[0]).max() == pytest.approx(1.0)


@pytest.mark.parametrize("wrong", [1e-3, -1.0, np.nan, np.inf])
@both_scalars
def test_wrong_solutions_are_noticed_and_replaced(scalar, wrong, rng):
    """The residual decides, not the word of the back end."""
    matrix = filled(grid(9, 8, 2), rng, KINDS[scalar][1], diagonal=6.0)
    solver = solver_of(matrix, SuperLU(error=wrong), nested(9, 8, 2))
    assert solver.factorize(matrix.data)
    check(solver, matrix)
    assert solver.solved_by == MULTIFRONTAL
    check(solver, matrix)


def test_small_errors_are_refined_away(rng):
    matrix = filled(grid(9, 8, 2), rng, diagonal=6.0)
    solver = solver_of(matrix, SuperLU(error=1e-9))
    assert solver.factorize(matrix.data)
    check(solver, matrix)
    assert solver.solved_by == BACK_END


def test_what_a_back_end_calls_singular_is_tried_by_the_built_in_solver(rng):
    matrix = filled(grid(9, 8, 2), rng, diagonal=6.0)
    solver = solver_of(matrix, SuperLU(singular=True), nested(9, 8, 2))
    assert solver.factorize(matrix.data)
    check(solver, matrix)
    assert solver.solved_by == MULTIFRONTAL


@pytest.mark.parametrize("bad", [SuperLU(singular=True), SuperLU(error=1.0)])
def test_the_last_resort_are_free_pivots(bad):
    """A ring: the supernodes of the built-in solver have no pivot."""
    n = 40
    ring = grid(n, 1).tolil()
    ring[:, :] = 0.0
    for k in range(n):
        ring[k, (k + 1) % n], ring[k, k] = 1.0, 1e-300
    ring = ring.tocsc()
    solver = solver_of(ring, bad)
    assert solver.factorize(ring.data)
    check(solver, ring)
    assert solver.solved_by == FREE


def test_a_singular_matrix_stays_singular(rng):
    matrix = filled(grid(6, 5), rng, diagonal=6.0)
    matrix.data[matrix.indices == 7] = 0.0
    assert not solver_of(matrix, SuperLU(singular=True)).factorize(matrix.data)


def test_a_solution_that_nobody_finds_is_not_a_number():
    """The back end perturbs a singular matrix; the built-in factorisations refuse it."""
    matrix = sp.csc_matrix([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 1.0]])
    perturbed = splu(sp.csc_matrix(matrix + 1e-3 * np.eye(3)))
    solver = solver_of(matrix, Patched(factorize=lambda values: True, solve=perturbed.solve))
    assert solver.factorize(matrix.data)
    assert np.isnan(solver.solve(np.array([1.0, 1.0, 1.0]))).all()


def test_a_right_hand_side_of_zero_is_no_missed_residual(rng):
    matrix = filled(grid(6, 5), rng, diagonal=6.0)
    solver = solver_of(matrix, None)
    assert solver.factorize(matrix.data)
    assert not solver.solve(np.zeros(matrix.shape[0])).any()
    assert solver.solved_by == MULTIFRONTAL


def test_the_next_matrix_is_the_back_ends_again(rng):
    back_end = SuperLU(error=1.0)
    matrix = filled(grid(9, 8, 2), rng, diagonal=6.0)
    solver = solver_of(matrix, back_end)
    solver.factorize(matrix.data)
    check(solver, matrix)
    assert solver.solved_by == MULTIFRONTAL
    back_end.error = 0.0
    solver.factorize(matrix.data)
    check(solver, matrix)
    assert solver.solved_by == BACK_END


class Broken(Exception):
    """Raised by a back end."""


def solve(solver, matrix):
    """Factorise and solve."""
    solver.factorize(matrix.data)
    return solver.solve(np.ones(matrix.shape[0]))


def fail(*_):
    raise Broken("no licence")


@pytest.mark.parametrize("where", ["factorize", "solve"])
def test_exceptions_of_a_back_end_arrive(where, rng):
    matrix = filled(grid(6, 5), rng, diagonal=6.0)
    solver = solver_of(matrix, Patched(**{where: fail}))
    with pytest.raises(Broken, match="no licence"):
        solve(solver, matrix)


@pytest.mark.parametrize(
    ("functions", "says"),
    [
        ({"factorize": lambda values: None}, "must return a bool"),
        ({"solve": lambda b: b[:-1]}, "30 values"),
        ({"solve": lambda b: b.astype(np.float32)}, "of the type of its argument"),
        ({"solve": lambda b: None}, "must return an array"),
    ],
)
def test_a_back_end_that_breaks_the_rules_is_told_so(functions, says, rng):
    matrix = filled(grid(6, 5), rng, diagonal=6.0)
    solver = solver_of(matrix, Patched(**functions))
    with pytest.raises(TypeError, match=says):
        solve(solver, matrix)


def model():
    return slab_between_reservoirs(5 * KT)


def states(options):
    """Return an equilibrium, a steady state and a transient, whose steps are given."""
    m = model()
    rest = m.equilibrium(options=options)
    biased = m.steady({"right": 10e-3}, rest, options=options)
    course = m.transient(
        ["Step to 20 mV", "Wait for 1 ns"],
        contact="right",
        start=rest,
        options=TransientOptions(newton=options, fixed_step=1e-10),
    )
    return rest, biased, course


@pytest.fixture(scope="module")
def usual():
    return states(SolverOptions())


@pytest.mark.parametrize(
    ("back_end", "by"),
    [
        (SuperLU(), "superlu"),
        (SuperLU(error=-1.0), "built-in"),
        (SuperLU(singular=True), "built-in"),
    ],
)
def test_studies_give_the_same_whoever_solves_and_say_who_did(back_end, by, usual):
    found = states(SolverOptions(linear_solver=back_end))
    for solution, other in zip(found[:2], usual[:2], strict=True):
        assert solution.unknowns == pytest.approx(other.unknowns, rel=1e-9, abs=1e-9)
        assert solution.history.linear_solver == "superlu (SciPy)"
        assert solution.history.solved_by == {by: solution.history.factorisations}
        assert NewtonHistory.from_dict(solution.history.to_dict()) == solution.history
    course, counts = found[2], found[2].counts
    assert course.final.unknowns == pytest.approx(usual[2].final.unknowns, abs=1e-7)
    assert course.final.history.linear_solver == "superlu (SciPy)"
    assert counts["fallbacks"] == (0 if by == "superlu" else counts["factorisations"])


def test_a_fallback_with_old_factors_is_counted(tmp_path):
    """A Jacobian served first by the back end, then by the built-in solver counts for both."""
    options = SolverOptions(linear_solver=Tiring())
    history = model().equilibrium(options=options).history
    pairs = list(zip(history.iterations, history.iterations[1:], strict=False))
    late = [b for a, b in pairs if not b.factorised and a.solved_by != b.solved_by]
    assert late
    assert history.solved_by == {"superlu": history.factorisations, "built-in": len(late)}
    course = model().transient(
        ["Step to 20 mV", "Wait for 1 ns"],
        contact="right",
        options=TransientOptions(newton=options, fixed_step=1e-10),
    )
    assert course.counts["fallbacks"] > 0
    contents = load_input(write_run(tmp_path))
    result = execute(contents, tmp_path / "out", approach=Approach(options))
    counted = result.summary["linear solver"]
    assert counted["name"] == "superlu"
    assert counted["fallbacks"] > 0


def test_the_built_in_solver_is_the_default(usual):
    for solution in usual[:2]:
        assert solution.history.linear_solver.startswith("built-in (pyscl ")
        assert set(solution.history.solved_by) == {"built-in"}
    assert usual[2].counts["fallbacks"] == 0


@pytest.mark.parametrize("study", ["equilibrium", "steady", "transient"])
def test_exceptions_of_a_back_end_leave_a_study(study):
    m, rest = model(), model().equilibrium()
    options = SolverOptions(linear_solver=Patched(solve=fail))
    studies = {
        "equilibrium": lambda: m.equilibrium(options=options),
        "steady": lambda: m.steady({"right": 10e-3}, options=options),
        "transient": lambda: m.transient(
            ["Wait for 1 ns"],
            contact="right",
            start=rest,
            options=TransientOptions(newton=options),
        ),
    }
    with pytest.raises(Broken):
        studies[study]()


def test_impedances_are_solved_by_back_ends_on_several_threads():
    rest = model().equilibrium()
    frequencies = np.logspace(3, 9, 12)
    usual = rest.impedance(frequencies, contact="right")
    threads = set()
    good = SuperLU()
    analyse = good.analyse
    good.analyse = lambda *pattern: threads.add(threading.get_ident()) or analyse(*pattern)
    found = rest.impedance(
        frequencies, contact="right", options=SpectrumOptions(workers=2, linear_solver=good)
    )
    assert found.impedance == pytest.approx(usual.impedance, rel=1e-9)
    assert good.factorisations >= len(frequencies)
    assert not found.warnings
    bad = SpectrumOptions(linear_solver=SuperLU(error=-1.0))
    found = rest.impedance(frequencies, contact="right", options=bad)
    assert found.impedance == pytest.approx(usual.impedance, rel=1e-9)
    assert "12 of 12 matrices were too hard for the linear solver superlu" in found.warnings[0]


def test_only_singular_equations_are_a_matter_of_the_frequency():
    rest = model().equilibrium()

    def break_down(_):
        raise RuntimeError("no licence")

    broken = SpectrumOptions(linear_solver=Patched(factorize=break_down))
    with pytest.raises(RuntimeError, match=r"^no licence$"):
        rest.impedance([1e3], contact="right", options=broken)
    linearized = LinearizedModel(rest)
    linearized.core = _core.SmallSignal(
        rest.model.conditions.small_signal(),
        np.full_like(rest.unknowns, np.nan),
        rest.model.discretized.node_rank,
    )
    with pytest.raises(InputError, match=r"singular.* at 1000 Hz; leave this frequency out"):
        linearized.solve(2000j * np.pi)


def test_solvers_that_are_unknown_or_not_there_are_refused_before_work(monkeypatch):
    with pytest.raises(InputError, match=r"no linear solver 'pardisso'.*Did you mean 'pardiso'"):
        SolverOptions(linear_solver="pardisso")
    with pytest.raises(InputError, match="needs 'version'"):
        SpectrumOptions(linear_solver=type("Half", (), {"name": "half"})())
    real = SpectrumOptions(linear_solver=SuperLU(kinds=(float,)))
    with pytest.raises(
        InputError, match=r"does not compute with complex.*Available here: built-in"
    ):
        model().equilibrium().impedance([1e3], contact="right", options=real)

    def missing(name, threads):
        raise InputError(f"linear_solver '{name}' needs a library: pip install it")

    monkeypatch.setattr(pyscl.linear.choice, "_loaded", missing)
    with pytest.raises(InputError, match=r"needs a library: pip install it. Available here: built"):
        model().equilibrium(options=SolverOptions(linear_solver="pardiso"))
    assert set(available()) == {"built-in"}
    assert choose("auto").name == "built-in"


def test_a_run_names_its_linear_solver(tmp_path):
    lines = []
    contents = load_input(write_run(tmp_path), ["linear_solver=auto"])
    result = execute(contents, tmp_path / "out", report=lines.append)
    assert [line for line in lines if line.startswith("linear solver: built-in (pyscl ")]
    summary = json.loads((result.folder / "summary.json").read_text())
    assert summary["linear solver"]["name"] == "built-in"
    assert summary["linear solver"]["fallbacks"] == 0


@pytest.mark.parametrize(("named", "serves"), [(None, "superlu"), ("built-in", "built-in")])
def test_a_run_takes_the_linear_solver_of_its_file_or_else_of_the_caller(named, serves, tmp_path):
    asked = [f"linear_solver={named}"] if named else []
    contents = load_input(write_run(tmp_path), asked)
    assert contents.linear_solver == named
    approach = Approach(SolverOptions(linear_solver=SuperLU()))
    result = execute(contents, tmp_path / "out", approach=approach)
    assert result.summary["linear solver"]["name"] == serves


def test_a_run_is_refused_if_its_linear_solver_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="built-in"):
        load_input(write_run(tmp_path), ["linear_solver=umfpack"])

    def missing(name, threads):
        raise InputError(f"linear_solver '{name}' needs a library")

    monkeypatch.setattr(pyscl.linear.choice, "_loaded", missing)
    contents = load_input(write_run(tmp_path), ["linear_solver=mumps"])
    with pytest.raises(InputError, match=r"needs a library. Available here"):
        execute(contents, tmp_path / "out")
    assert not (tmp_path / "out" / "summary.json").exists()


NEEDS = {
    "pardiso": "needs the extra mkl: pip install 'pyscl[mkl]'",
    "mumps": "needs petsc4py with MUMPS (Debian: python3-petsc4py)",
}


@pytest.fixture(params=NEEDS)
def installed(request):
    """Return the name of a back end; skips those that are not installed."""
    if request.param not in available():
        pytest.skip(NEEDS[request.param])
    return request.param


def test_installed_back_ends_solve_matrices_with_one_analysis(installed, rng):
    back_end = choose(installed).back_end
    for scalar in ("real", "complex"):
        kind = KINDS[scalar][1]
        if not back_end.supports(np.dtype(kind)):
            continue
        pattern = grid(23, 17, 3)
        matrices = [filled(pattern, rng, kind, diagonal=6.0) for _ in range(3)]
        solver = solver_of(matrices[0], back_end, nested(23, 17, 3))
        for matrix in matrices:
            assert solver.factorize(matrix.data)
            check(solver, matrix)
            assert solver.solved_by == BACK_END
            assert matrix.nnz < solver.fill < 100 * matrix.nnz


def test_installed_back_ends_survive_singular_matrices(installed, rng):
    back_end = choose(installed).back_end
    matrix = filled(grid(6, 5), rng, diagonal=6.0)
    good = matrix.data.copy()
    matrix.data[matrix.indices == 7] = 0.0
    solver = solver_of(matrix, back_end)
    assert not solver.factorize(matrix.data)
    matrix.data = good
    assert solver.factorize(matrix.data)
    check(solver, matrix)


@both_scalars
def test_installed_back_ends_leave_dependent_rows_to_the_built_in_solver(installed, scalar):
    """The third row is the sum of the others: all pivots but the last one are good."""
    make, kind = KINDS[scalar]
    back_end = choose(installed).back_end
    if not back_end.supports(np.dtype(kind)):
        pytest.skip(f"this {installed} does not compute with such numbers")
    rows, begins = np.tile(np.arange(3, dtype=np.int32), 3), np.arange(0, 10, 3, dtype=np.int32)
    dependent = np.array([[2, 1, 0], [1, 2, 1], [3, 3, 1]], kind)
    solver = make(rows, begins, np.arange(3, dtype=np.int32), back_end)
    assert not solver.factorize(dependent.T.ravel())
    dependent[2, 2] = 2.0
    assert solver.factorize(dependent.T.ravel())
    assert solver.solved_by == BACK_END
    assert dependent @ solver.solve(np.ones(3, kind)) == pytest.approx(1.0)


@pytest.mark.parametrize("layer", ["ILP64", "GNU,ILP64", "nonsense"])
def test_pardiso_reads_integers_of_32_bits_whatever_the_environment_says(layer):
    if "pardiso" not in available():
        pytest.skip(NEEDS["pardiso"])
    solve = (
        "from pyscl import SolverOptions\n"
        "from pyscl.bench.solving import benchmark_model\n"
        "options = SolverOptions(linear_solver='pardiso')\n"
        "print(benchmark_model(100).equilibrium(options=options).history.solved_by)\n"
    )
    paths = os.pathsep.join(sys.path)
    environment = {**os.environ, "MKL_INTERFACE_LAYER": layer, "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", solve], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("{'pardiso': "), done.stderr


def test_a_library_with_integers_of_64_bits_is_refused(monkeypatch):
    class Wide:
        def __init__(self, _):
            self.pardiso = type("Function", (), {})()

        def MKL_Set_Interface_Layer(self, wanted):
            return 1

    monkeypatch.setattr(pardiso.ctypes, "CDLL", Wide)
    with pytest.raises(InputError, match="set it to 64 bits"):
        pardiso._load.__wrapped__()


@pytest.mark.parametrize(
    ("given", "threads"),
    [("1", 1), (" 2", 2), ("2,1", 2), ("64", 3), ("9" * 99, 3)]
    + [(nonsense, 3) for nonsense in ("", "0", "-2", "all", "\u00b2", "\u0662")],
)
def test_libraries_get_as_many_threads_as_allowed_or_fewer(given, threads, monkeypatch):
    monkeypatch.setattr(pyscl.threads, "usable_cores", lambda: 3)
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert available_threads() == threads


def test_installed_back_ends_carry_out_studies(installed, usual):
    found = states(SolverOptions(linear_solver=installed))
    for solution, other in zip(found[:2], usual[:2], strict=True):
        assert solution.unknowns == pytest.approx(other.unknowns, rel=1e-9, abs=1e-9)
        assert solution.history.linear_solver.startswith(f"{installed} (")
        assert set(solution.history.solved_by) == {installed}
    assert found[2].final.unknowns == pytest.approx(usual[2].final.unknowns, abs=1e-7)
