"""Effective resistance of a biased state, and what a measure does to it."""

from pyscl.solution import Solution

_ROUNDING = 1e-14  # of a current in scaled units per kT/e of bias


def effective_resistance(solution: Solution) -> float | None:
    """Return bias / current [Ohm m] (planar) or [Ohm] (axisymmetric) of a steady solution.

    None unless exactly one contact is biased and the current stands out from rounding.
    """
    biased = {name: volts for name, volts in solution.bias.items() if volts != 0.0}
    if solution.kind != "steady" or len(biased) != 1:
        return None
    ((name, volts),) = biased.items()
    current = solution.contact(name).current
    scaling = solution.model.discretized.scaling
    noise = _ROUNDING * scaling.current * abs(volts) / scaling.potential
    return volts / current if abs(current) > noise else None


def promotion(resistance: float, reference: float) -> float:
    """Return 1 - R / R_reference: the share by which a measure lowers the resistance."""
    return 1.0 - resistance / reference
