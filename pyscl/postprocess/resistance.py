"""Effective resistance of a biased state, and what a measure does to it."""

import numpy as np

from pyscl.solution import Solution

_ROUNDING = 1e-14  # of a current in scaled units per kT/e of bias


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

    Where the unbiased model is in equilibrium this is bias^2 / power, otherwise the current of
    the biased contact counts. None unless exactly one contact is biased and a current flows.
    """
    biased = {name: volts for name, volts in solution.bias.items() if volts != 0.0}
    if solution.kind != "steady" or len(biased) != 1:
        return None
    ((name, volts),) = biased.items()
    conditions = solution.model.conditions
    if all(component.has_one_level({}) for component in conditions.components):
        power = dissipated_power(solution)
        # Below the range of doubles the mobile densities themselves are rounded to zero.
        return volts**2 / power if power > np.finfo(float).tiny else None
    current = solution.contact(name).current
    scaling = solution.model.discretized.scaling
    noise = _ROUNDING * scaling.current * abs(volts) / scaling.potential
    return volts / current if abs(current) > noise else None


def promotion(resistance: float, reference: float) -> float:
    """Return 1 - R / R_reference: the share by which a measure lowers the resistance."""
    return 1.0 - resistance / reference
