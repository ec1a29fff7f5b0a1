"""Several processes of MPI for one calculation: the same result, and an end that leaves nobody."""

import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest
from back_ends import SuperLU
from runs import write_run

from pyscl import SolverOptions
from pyscl.bench.solving import benchmark_model
from pyscl.linear import choose, ranks

_HAS_RANKS = shutil.which("mpiexec") and find_spec("petsc4py") and find_spec("mpi4py")


def mpi(test):
    """Mark a test that starts ranks."""
    reason = "needs mpiexec, and petsc4py with MUMPS (Debian: python3-petsc4py)"
    return pytest.mark.studies(pytest.mark.skipif(not _HAS_RANKS, reason=reason)(test))


SOLVE = """
import sys
import numpy as np
from pyscl import SolverOptions
from pyscl.bench.solving import benchmark_model
options = SolverOptions(linear_solver="auto")
model = benchmark_model(2500)
rest = model.equilibrium(options=options)
biased = model.steady({"right": "10 mV"}, rest, options=options)
print(biased.history.linear_solver, biased.history.solved_by)
np.savez(sys.argv[1], rest=rest.unknowns, biased=biased.unknowns)
"""


def command(*arguments, n=2):
    """Return the command that runs arguments on ranks."""
    starter = ["mpiexec", "--oversubscribe", "-n", str(n)]
    return [*starter, sys.executable, "-m", "pyscl.linear.ranks", *map(str, arguments)]


def environment():
    """Return an environment in which the tested package is found, with one thread per rank."""
    root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return {**os.environ, **root, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}


def run(*arguments, n=2, limit=120):
    return subprocess.run(
        command(*arguments, n=n), env=environment(), capture_output=True, text=True, timeout=limit
    )


@mpi
@pytest.mark.parametrize("n", [1, 2, 3])
def test_ranks_give_the_result_of_the_built_in_solver(n, tmp_path):
    (tmp_path / "study.py").write_text(SOLVE)
    done = run(tmp_path / "study.py", tmp_path / "found.npz", n=n)
    assert done.returncode == 0, done.stderr
    names = ("built-in (", "{'built-in': ") if n == 1 else (f"{n} ranks)", "{'mumps': ")
    assert all(name in done.stdout for name in names)
    model = benchmark_model(2500)
    rest = model.equilibrium()
    biased = model.steady({"right": "10 mV"}, rest)
    found = np.load(tmp_path / "found.npz")
    assert found["rest"] == pytest.approx(rest.unknowns, rel=1e-12, abs=1e-12)
    assert found["biased"] == pytest.approx(biased.unknowns, rel=1e-12, abs=1e-12)


@mpi
def test_the_command_line_runs_on_ranks(tmp_path):
    done = run(
        "run", write_run(tmp_path), "--out", tmp_path / "out", "--set", "linear_solver=mumps"
    )
    assert done.returncode == 0, done.stderr
    assert "linear solver: mumps (MUMPS of PETSc" in done.stdout
    assert "2 ranks" in (tmp_path / "out" / "summary.json").read_text()


@mpi
def test_mistakes_in_the_input_end_all_ranks(tmp_path):
    done = run("run", tmp_path / "missing.yaml")
    assert done.returncode not in (0, None)
    assert "missing.yaml" in done.stderr + done.stdout


@mpi
@pytest.mark.parametrize("where", ["between", "within"])
def test_exceptions_of_the_first_rank_end_all_ranks(where, tmp_path):
    """Also where the others are in the middle of common work."""
    spoil = "raise ValueError('spoilt')"
    if where == "within":
        spoil = (
            "from pyscl.linear import mumps\n"
            "def scatter(*_): raise ValueError('spoilt')\n"
            "mumps.ranks.scatter = scatter\n"
        )
    begin = SOLVE.replace("model = ", f"{spoil}\nmodel = ")
    (tmp_path / "study.py").write_text(begin)
    done = run(tmp_path / "study.py", tmp_path / "found.npz")
    assert done.returncode != 0
    assert "spoilt" in done.stderr


@mpi
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_end_all_ranks(how, tmp_path):
    (tmp_path / "study.py").write_text(
        "import os, pathlib, sys\n"
        "from pyscl.linear import ranks\n"
        "pathlib.Path(sys.argv[1]).write_text('begun')\n"
        + SOLVE.replace("model = ", "while True:\n    model = ", 1).replace("\nrest", "\n    rest")
    )
    begun = tmp_path / "begun"
    process = subprocess.Popen(
        command(tmp_path / "study.py", begun),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60.0
        while not begun.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(2.0)
        assert process.poll() is None
        os.kill(process.pid, how)
        assert process.wait(timeout=30) != 0
    finally:
        if process.poll() is None:
            process.kill()
    time.sleep(0.5)
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(tmp_path / "study.py") not in listing.stdout


def test_a_process_alone_has_no_helpers():
    assert ranks.size() == 1
    assert choose("auto").name == "built-in"


def test_shares_are_as_large_as_each_other():
    from pyscl.linear.mumps import split

    begins = np.concatenate([[0], np.cumsum(np.random.default_rng(1).integers(1, 9, 1000))])
    for parts in (1, 2, 7):
        shares = split(begins, parts)
        assert (shares[0], shares[-1], len(shares)) == (0, 1000, parts + 1)
        entries = np.diff(begins[shares])
        assert entries.max() - entries.min() < 20


def test_the_solver_of_a_study_is_that_of_its_options_not_of_one_before():
    model = benchmark_model(100)
    first = model.equilibrium(options=SolverOptions(linear_solver=SuperLU()))
    second = model.equilibrium()
    assert first.history.linear_solver.startswith("superlu")
    assert second.history.linear_solver.startswith("built-in")
