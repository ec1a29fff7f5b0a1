"""The steady state under a bias."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyscl import _core
from pyscl.boundaries import BlockingContact
from pyscl.carriers import transport_coefficient
from pyscl.discretize import FloatArray
from pyscl.errors import InputError, unknown_name
from pyscl.study.constraints import BoundaryConditions
from pyscl.study.equilibrium import solve_frozen
from pyscl.study.newton import (
    Iteration,
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
    "The last good state is kept (error.last_good, last_good.h5 of a run); try a smaller bias and "
    "start from its solution, or check the mesh verdict (elements per Debye length)"
)
_FIRST_STEP, _GROWTH, _SHRINK = 0.25, 1.6, 1.0 / 3.0  # of the bias continuation


def steady(
    model: "Model",
    bias: Mapping[str, float],
    start: "Solution | None",
    *,
    options: SolverOptions | None = None,
) -> "Solution":
    """Solve for the steady state; see `Model.steady`.

    The full bias is tried in one step. If Newton's method fails, the bias is raised in steps that
    shrink on failure and grow on success.
    """
    from pyscl.solution import Solution

    options = options or SolverOptions()
    check_steady(model, bias)
    conditions = BoundaryConditions(model)
    if start is None:
        start = solve_frozen(model, conditions, conditions.frozen(), None, options)
    u = start.unknowns_for(model)
    iterations: list[Iteration] = []
    factor_entries = 0

    def between(share: float) -> dict[str, float]:
        """The bias on the way from that of the start to the wanted one."""
        return {
            name: (1.0 - share) * start.bias.get(name, 0.0) + share * bias.get(name, 0.0)
            for name in {*bias, *start.bias}
        }

    def attempt(share: float, state: FloatArray) -> _core.NewtonResult:
        nonlocal factor_entries
        applied = between(share)
        assembly = conditions.steady(applied)
        predictor = conditions.predictor(applied, state)
        if predictor is not None:
            guess = solve(predictor, state)
            state = guess.u if guess.converged else state
        result = solve(assembly, state)
        factor_entries = result.factor_entries
        return result

    def solve(assembly: _core.Assembly, state: FloatArray) -> _core.NewtonResult:
        newton = (
            _core.solve_equilibrium
            if assembly.balance == _core.Balance.equilibrium
            else _core.solve_steady
        )
        result = newton(
            assembly,
            state,
            model.discretized.node_rank,
            options.control(),
            progress_callback(model, options),
        )
        iterations.extend(read_iteration(model, s) for s in result.steps)
        return result

    def history(converged: bool) -> NewtonHistory:
        return NewtonHistory("steady", tuple(iterations), steps, factor_entries, converged)

    reached, step, steps = 0.0, 1.0, 0
    while reached < 1.0:
        target = min(1.0, reached + step)
        result = attempt(target, u)
        if result.converged:
            reached, u, steps = target, result.u, steps + 1
            step *= _GROWTH
            continue
        step = _FIRST_STEP if step >= 1.0 else step * _SHRINK
        if step < options.smallest_bias_step:
            error = failure(model, history(False), result.reason, options.tolerance, _ADVICE)
            error.last_good = (
                Solution(model, u, kind="steady", bias=between(reached), history=history(False))
                if steps
                else start
            )
            raise error
    return Solution(model, u, kind="steady", bias=dict(bias), history=history(True))


def check_steady(model: "Model", bias: Mapping[str, float]) -> None:
    """Refuse a bias on nothing, and carriers that cannot move.

    Raises:
        InputError: names the contact, or the carrier and its region.
    """
    for name in bias:
        if name not in model.contacts:
            raise unknown_name("contact", name, model.contacts, "for the bias")
        if isinstance(model.contacts[name], BlockingContact):
            raise InputError(f"contact '{name}' is blocking, a bias has no effect on it")
    for region, material in model.materials.items():
        for carrier in material.carriers:
            if transport_coefficient(carrier, model.temperature) <= 0.0:
                raise InputError(
                    f"carrier '{carrier.name}' in region '{region}' has no mobility; give its "
                    "material a conductivity or a diffusivity for a run out of equilibrium"
                )
