"""The state in which no carrier flows."""

from typing import TYPE_CHECKING

from pyscl import _core
from pyscl.study.constraints import BoundaryConditions
from pyscl.study.newton import (
    NewtonHistory,
    SolverOptions,
    failure,
    progress_callback,
    read_iteration,
)

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution

_ADVICE = (
    "Check the mesh verdict (elements per Debye length) and the standard potentials, or start "
    "from a solution of a milder model"
)


def equilibrium(
    model: "Model", start: "Solution | None", *, options: SolverOptions | None = None
) -> "Solution":
    """Solve for the equilibrium; see `Model.equilibrium`."""
    conditions = model.conditions
    return solve_frozen(model, conditions, conditions.equilibrium(), start, options)


def solve_frozen(
    model: "Model",
    conditions: BoundaryConditions,
    assembly: _core.Assembly,
    start: "Solution | None",
    options: SolverOptions | None,
) -> "Solution":
    """Solve the convex problem with uniform mu in every connected part of a carrier."""
    from pyscl.solution import Solution

    options = options or SolverOptions()
    u = conditions.start_state() if start is None else start.unknowns_for(model)
    result = _core.solve_equilibrium(
        assembly,
        u,
        model.discretized.node_rank,
        options.control(),
        progress_callback(model, options),
    )
    history = NewtonHistory(
        kind="equilibrium",
        iterations=tuple(read_iteration(model, s) for s in result.steps),
        factor_entries=result.factor_entries,
        converged=result.converged,
    )
    if not result.converged:
        raise failure(model, history, result.reason, options.tolerance, _ADVICE)
    return Solution(model, result.u, kind="equilibrium", bias={}, history=history)
