"""The command: `python -m benchmarks.linear_solvers --nodes 10000 50000 --repeat 3`.

Every linear solver that is installed factorises a Jacobian of the time steps of CHARGE, each in a
process of its own with one thread on one core.
"""

import argparse
import contextlib
import json
import sys
import time
from dataclasses import replace

import numpy as np

from . import packages, table
from .cases import CASES, STEPS
from .meshes import cache_folder, mesh_file
from .peers import driver

_FEW = 6  # factorisations from the start to the matrix that is kept
_TURNS = 4  # factorisations, the first of which takes its memory
_HEAD = (
    "nodes | unknowns | entries | solver | analysis [s] | first [s] | factorise [s] | "
    "solve [s] | entries of the factors | memory [MB]"
)


def matrix_file(nodes: int):
    """Return the file with a Jacobian of CHARGE in its order of elimination, made if needed."""
    from pyscl import _core

    from .peers import with_pyscl

    path = cache_folder() / f"jacobian_{nodes}_v1.npz"
    if path.exists():
        return path
    recorder = _Recorder()
    with np.load(mesh_file(nodes, inclusions=False)) as arrays:
        problem = driver.Problem(**arrays, case=CASES["plain"])
    model = with_pyscl.make_model(with_pyscl.metres(problem), problem.case, at_rest=False)
    options = with_pyscl.fixed_steps()
    volts = problem.case.voltage * with_pyscl.KT
    with contextlib.suppress(_Enough):
        model.transient(
            [f"Step to {volts!r} V", f"Wait for {sum(STEPS) * with_pyscl.SECOND!r} s"],
            contact="right",
            options=replace(options, newton=replace(options.newton, linear_solver=recorder)),
        )
    assert _core.build_information()["build_type"] == "Release"
    np.savez(path, **recorder.kept)
    return path


class _Enough(Exception):
    """The matrix is there."""


class _Recorder:
    """A back end that keeps a matrix and leaves the work to the built-in solver."""

    name, version = "recorder", "1"
    seen = 0

    def supports(self, kind):
        return True

    def analyse(self, rows, column_begins, kind):
        self.kept = {"rows": rows, "begins": column_begins}
        return self

    def factorize(self, values):
        self.seen += 1
        if self.seen == _FEW:
            self.kept["values"] = values
            raise _Enough
        return False


def measure(name: str, path: str) -> dict:
    """Return the CPU seconds and the memory of a solver [MB]."""
    from pyscl import _core
    from pyscl.linear import choose

    solver = choose(name)
    data = np.load(path)
    rows, begins, values = (data[key] for key in ("rows", "begins", "values"))
    n = len(begins) - 1
    right = np.random.default_rng(0).normal(size=n)
    before = driver.memory("VmRSS")
    clock = time.process_time()
    order = np.arange(n, dtype=np.int32)
    factors = _core.LinearSolver(rows, begins, order, solver.back_end)
    analysis = time.process_time() - clock
    factorise, solve = [], []
    for _ in range(_TURNS):
        clock = time.process_time()
        assert factors.factorize(values)
        factorise.append(time.process_time() - clock)
        clock = time.process_time()
        factors.solve(right)
        solve.append(time.process_time() - clock)
    assert solver.served(factors.solved_by) == solver.name
    return {
        "solver": str(solver),
        "unknowns": n,
        "entries": len(values),
        "analysis": analysis,
        "first": factorise[0],
        "factorise": min(factorise),
        "solve": min(solve),
        "fill": factors.fill,
        "memory": driver.memory("VmHWM") - before,
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure every solver that a Python has, and print the table of the shortest times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[10_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--core", type=int)
    parser.add_argument("--python", nargs="*", default=[], help="others in which to look")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.measure:
        print(json.dumps(measure(*args.measure)))
        return 0
    if not table.is_quiet():
        print("the machine is not quiet: seconds are rough", file=sys.stderr)
    print(", ".join(table.describe_machine().values()))
    print(_HEAD)
    for nodes in args.nodes:
        path = str(matrix_file(nodes))
        best: dict[str, dict] = {}
        for _ in range(args.repeat):
            for name in ("built-in", "pardiso", "mumps"):
                for python in packages.find_pythons(args.python):
                    command = ["--measure", name, path]
                    run = packages.run_once(python, "linear_solvers", command, args.core)
                    if "failed" not in run:
                        old = best.get(name, run)
                        shorter = {k: min(old[k], v) for k, v in run.items() if k != "solver"}
                        best[name] = run | shorter
                        break
        for row in best.values():
            print(
                f"{nodes} | {row['unknowns']} | {row['entries']} | {row['solver']} | "
                f"{row['analysis']:.2f} | {row['first']:.2f} | {row['factorise']:.3f} | "
                f"{row['solve']:.3f} | {row['fill'] / 1e6:.1f}M | {row['memory']:.0f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
