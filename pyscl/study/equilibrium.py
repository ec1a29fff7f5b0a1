"""The state in which no carrier flows."""

from typing import TYPE_CHECKING

from pyscl import _core
from pyscl.polar_states import start_polarization, usual_start
from pyscl.study.constraints import BoundaryConditions
from pyscl.study.newton import SolverOptions, failure
from pyscl.study.solver import StateSolver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyscl.model import Model
    from pyscl.polar_states import PolarStart
    from pyscl.solution import Solution

_ADVICE = (
    "Check the mesh verdict (elements per Debye length) and the standard potentials, or start "
    "from a solution of a milder model"
)
_POLAR_ADVICE = (
    "The last state is kept (error.last_good) and can be the start of another attempt; allow more "
    "steps (SolverOptions.max_polarization_steps), give the crystal a gradient energy that the "
    "mesh resolves, or start nearer to a state of rest"
)


def equilibrium(
    model: "Model",
    start: "Solution | None",
    *,
    polarization: "Mapping[str, PolarStart] | PolarStart | None" = None,
    options: SolverOptions | None = None,
) -> "Solution":
    """Solve for the equilibrium; see `Model.equilibrium`."""
    conditions = model.conditions
    return solve_frozen(model, conditions, conditions.equilibrium(), start, options, polarization)


def solve_frozen(
    model: "Model",
    conditions: BoundaryConditions,
    assembly: _core.Assembly,
    start: "Solution | None",
    options: SolverOptions | None,
    polarization: "Mapping[str, PolarStart] | PolarStart | None" = None,
) -> "Solution":
    """Solve the convex problem with uniform mu in every connected part of a carrier."""
    from pyscl.solution import Solution

    options = options or SolverOptions()
    solver = StateSolver(model, options)
    u = conditions.start_state() if start is None else start.unknowns_for(model)
    u = start_polarization(model, u, usual_start(model, start, polarization))
    result = solver.solve(assembly, u)
    history = solver.history("equilibrium", converged=result.converged)
    if not result.converged:
        moving = history.polarization_steps > 0
        advice = _POLAR_ADVICE if moving else _ADVICE
        error = failure(model, history, result.reason, options.tolerance, advice)
        if moving:
            kept = Solution(model, result.u, kind="equilibrium", bias={}, history=history)
            error.last_good = kept
        raise error
    return Solution(model, result.u, kind="equilibrium", bias={}, history=history)
