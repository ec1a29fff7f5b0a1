"""Effective resistance of a biased state, and what a measure does to it."""

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from pyscl.errors import ConvergenceError
from pyscl.solution import Solution

if TYPE_CHECKING:
    from pyscl.model import Model

_ROUNDING = 1e-14  # of a current in scaled units per kT/e of bias
_SOLVED = 1e-9  # relative accuracy of a current

_unbiased: "WeakKeyDictionary[Model, dict[str, float]]" = WeakKeyDictionary()


def dissipated_power(solution: Solution) -> float:
    """Return the power turned into heat by all carriers, W/m (planar) or W (axisymmetric).

    The sum over the edges of flux times drop of mu; free of cancellation, so that it is accurate
    also where a layer lets almost no current through.
    """
    d = solution.model.discretized
    scaled = sum(
        d.core.dissipation(number, solution.unknowns)
        for number in range(len(solution.model.carriers))
    )
    return float(scaled * d.scaling.current * d.scaling.potential)


def effective_resistance(solution: Solution) -> float | None:
    """Return bias / current [Ohm m] (planar) or [Ohm] (axisymmetric) of a steady solution.

    Where the unbiased model is in equilibrium this is bias^2 / power. Otherwise a current flows
    without bias, and only what the bias adds to it counts: bias / (current with - without bias);
    the unbiased state is solved for. None unless exactly one contact is biased, that contact
    exchanges a carrier with another one, and a current flows.
    """
    biased = {name: volts for name, volts in solution.bias.items() if volts != 0.0}
    if solution.kind != "steady" or len(biased) != 1:
        return None
    ((name, volts),) = biased.items()
    components = solution.model.conditions.components
    if not any(name in part.reservoirs and len(part.reservoirs) > 1 for part in components):
        return None
    if all(component.has_one_level({}) for component in components):
        power = dissipated_power(solution)
        # Below the range of doubles the mobile densities themselves are rounded to zero.
        return volts**2 / power if power > np.finfo(float).tiny else None
    unbiased = _current_without_bias(solution, name)
    if unbiased is None:
        return None
    current = solution.contact(name).current
    scaling = solution.model.discretized.scaling
    noise = _ROUNDING * scaling.current * abs(volts) / scaling.potential
    noise += _SOLVED * max(abs(current), abs(unbiased))
    added = current - unbiased
    return volts / added if abs(added) > noise else None


def _current_without_bias(solution: Solution, name: str) -> float | None:
    """Return the current into a contact without bias [A/m] or [A]; None if there is no state.

    A sweep asks for several states of a model, and a summary several times for one.
    """
    model = solution.model
    if model not in _unbiased:
        try:
            state = model.steady({}, start=solution)
            _unbiased[model] = {each: state.contact(each).current for each in model.contacts}
        except ConvergenceError:
            _unbiased[model] = {}
    return _unbiased[model].get(name)


def promotion(resistance: float, reference: float) -> float:
    """Return 1 - R / R_reference: the share by which a measure lowers the resistance."""
    return 1.0 - resistance / reference
