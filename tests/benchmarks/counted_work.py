"""The work whose instructions are counted; `instructions.py` runs it under callgrind.

`python -m benchmarks.counted_work MARKS` where MARKS is the compiled `count_marks.c`. Prints what
the counts are divided by, as JSON.
"""

import ctypes
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pyscl import Model, _core
from pyscl.bench.solving import benchmark_model
from pyscl.study.newton import SolverOptions

NODES = 2000
BIAS = {"right": 0.1}


def main(marks: str) -> None:
    """Assemble, factorise and solve on a fixed small problem, at the states Newton starts from."""
    library = ctypes.CDLL(marks)
    model = benchmark_model(NODES)
    conditions = model.conditions
    control = SolverOptions().control()
    u = conditions.start_state()
    divisors = {}
    for name in ("equilibrium", "steady"):
        at_rest = name == "equilibrium"
        assembly = conditions.equilibrium() if at_rest else conditions.steady(BIAS)
        for work, function, arguments in work_of(model, assembly, u):
            library.start()
            function(*arguments)
            library.stop(f"{work}, {name}".encode())
            per_node = work.endswith("Newton step")
            number = model.mesh.n_points if per_node else model.mesh.n_triangles
            divisors[f"{work}, {name}"] = number
        newton = _core.NewtonIteration(model.discretized.node_rank)
        u = newton.solve(assembly, u, control, None).u
    print(json.dumps(divisors))


def work_of(
    model: Model, assembly: _core.Assembly, u: np.ndarray
) -> Iterator[tuple[str, Callable[..., Any], tuple[Any, ...]]]:
    """Yield name, function and arguments of what is counted, each in its turn."""
    yield from ((name, function, (u,)) for name, function in _assemblies(assembly, u))
    newton = _core.NewtonIteration(model.discretized.node_rank)
    once = SolverOptions(max_iterations=1).control()
    for name in ("first Newton step", "Newton step"):  # with and without the symbolic analysis
        yield name, newton.solve, (assembly, u, once, None)


def _assemblies(
    assembly: _core.Assembly, u: np.ndarray
) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in ("residual", "residual_and_jacobian"):
        function = getattr(assembly, name)
        function(u)  # what is set up on first use
        yield name.replace("_and_jacobian", " and Jacobian"), function


if __name__ == "__main__":
    main(sys.argv[1])
