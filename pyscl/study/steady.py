"""The steady state under a bias."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyscl import _core
from pyscl.boundaries import BlockingContact
from pyscl.carriers import transport_coefficient
from pyscl.discretize import FloatArray
from pyscl.errors import InputError, unknown_name
from pyscl.facets import facet_measure
from pyscl.polar_states import start_polarization, usual_start
from pyscl.study.constraints import BoundaryConditions
from pyscl.study.equilibrium import solve_frozen
from pyscl.study.newton import SolverOptions, failure
from pyscl.study.solver import State, StateSolver

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution

_ADVICE = (
    "The last good state is kept (error.last_good, last_good.h5 of a run); try a smaller bias and "
    "start from its solution, or check the mesh verdict (elements per Debye length)"
)
_FIRST_STEP, _GROWTH, _SHRINK = 0.25, 1.6, 1.0 / 3.0  # of the bias continuation
_PATIENCE = 40  # factorised iterations after which a smaller step is tried


def steady(
    model: "Model",
    bias: Mapping[str, float],
    start: "Solution | None",
    *,
    current: Mapping[str, float] | None = None,
    options: SolverOptions | None = None,
) -> "Solution":
    """Solve for the steady state; see `Model.steady`.

    The full bias and current are tried in one step, from the response to the bias in first order.
    If Newton's method fails, they are raised in steps that shrink on failure and grow on success.
    """
    from pyscl.solution import Solution

    options = options or SolverOptions()
    check_steady(model, bias)
    conditions = model.conditions
    currents = total_currents(model, current or {})
    check_currents(model, conditions, bias, currents)
    if start is None:
        start = solve_frozen(model, conditions, conditions.frozen(), None, options)
    u = start_polarization(model, start.unknowns_for(model), usual_start(model, start, None))
    solver = StateSolver(model, options)

    def between(share: float) -> dict[str, float]:
        """The bias on the way from that of the start to the wanted one."""
        return {
            name: (1.0 - share) * start.bias.get(name, 0.0) + share * bias.get(name, 0.0)
            for name in {*bias, *start.bias}
        }

    def attempt(share: float, state: FloatArray) -> State:
        applied = between(share)
        driven = {name: share * total for name, total in currents.items()}
        assembly = conditions.steady(applied, driven)
        if assembly.balance == _core.Balance.steady:
            state = solver.follow(assembly, state)
        predictor = conditions.predictor(applied, state, driven)
        if predictor is not None:
            guess = solver.solve_frozen(predictor, state)
            state = guess.u if guess.converged else state
        return solver.solve(assembly, state, _PATIENCE)

    def solution(u: FloatArray, applied: dict[str, float], converged: bool) -> "Solution":
        """Wrap a state; the voltages of contacts with a given current are results."""
        found = {name: conditions.contacts.bias_of(name, u) for name in currents}
        history = solver.history("steady", converged=converged, bias_steps=steps)
        return Solution(model, u, kind="steady", bias={**applied, **found}, history=history)

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
            history = solver.history("steady", converged=False, bias_steps=steps)
            error = failure(model, history, result.reason, options.tolerance, _ADVICE)
            error.last_good = solution(u, between(reached), False) if steps else start
            raise error
    return solution(u, dict(bias), True)


def total_currents(model: "Model", current: Mapping[str, float]) -> dict[str, float]:
    """Return contact -> current [A/m] or [A] for a mean density [A/m2].

    Raises:
        InputError: a contact that does not exist or blocks.
    """
    totals = {}
    for name, density in current.items():
        if name not in model.contacts:
            raise unknown_name("contact", name, model.contacts, "for the current")
        if isinstance(model.contacts[name], BlockingContact):
            raise InputError(f"contact '{name}' is blocking, no current can be given to it")
        totals[name] = density * float(facet_measure(model, model.mesh.facets_of(name)).sum())
    return totals


def check_currents(
    model: "Model",
    conditions: BoundaryConditions,
    bias: Mapping[str, float],
    currents: Mapping[str, float],
) -> None:
    """Refuse currents that no steady state can carry.

    Raises:
        InputError: a contact with bias and current, or whose carrier reaches no other contact.
    """
    for name in currents:
        if name in bias:
            raise InputError(f"contact '{name}' has a bias and a current; give one of them")
        parts = [c for c in conditions.components if name in c.reservoirs]
        if not any(set(part.reservoirs) - set(currents) for part in parts):
            raise InputError(
                f"no steady current flows through contact '{name}': what it exchanges reaches no "
                "contact whose voltage is held; compute a transient"
            )


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
    places = {f"region '{region}'": material for region, material in model.materials.items()} | {
        f"the coating of '{name}'": law.coating.material
        for name, law in model.interfaces.items()
        if law.coating is not None
    }
    for place, material in places.items():
        for carrier in material.carriers:
            if transport_coefficient(carrier, model.temperature) <= 0.0:
                raise InputError(
                    f"carrier '{carrier.name}' in {place} has no mobility; give its "
                    "material a conductivity or a diffusivity for a run out of equilibrium"
                )
