"""When a step of a protocol ends: its limits, measured on trial steps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyscl.errors import InputError, unknown_name
from pyscl.protocol import CurrentLimit, Depletion, Limit, VoltageLimit
from pyscl.study.transient.trial import Trial
from pyscl.units import write

if TYPE_CHECKING:
    from pyscl.model import Model


@dataclass(frozen=True)
class Threshold:
    """A limit as a function that is negative before and positive after it is reached.

    Attributes:
        excess: measure of a trial.
        accuracy: size of `excess` that counts as met.
        reason: text for the user.
    """

    excess: Callable[[Trial], float]
    accuracy: float
    reason: str


def voltage_threshold(limit: VoltageLimit, start: float, direction: float) -> Threshold:
    """Return the threshold of a voltage limit.

    A charge ends when the voltage is at or above the limit, a discharge at or below it; without a
    current it ends where it crosses the limit, seen from the voltage at the start.

    Args:
        limit: the limit.
        start: voltage at the start of the step [V].
        direction: sign of the current, 0 for none.
    """
    rising = direction if direction != 0.0 else np.sign(limit.voltage - start) or 1.0

    def excess(trial: Trial) -> float:
        return float(rising * (trial.voltage - limit.voltage))

    return Threshold(excess, 1e-7, f"voltage reached {write(limit.voltage, 'V')}")


def current_threshold(limit: CurrentLimit, area: float, capacity: float | None) -> Threshold:
    """Return the threshold of a current limit: met when the magnitude is at or below it."""
    wanted = limit.total(area, capacity)

    def excess(trial: Trial) -> float:
        return wanted - abs(trial.current)

    density = write(wanted / area, "A/m^2")
    return Threshold(excess, 1e-6 * wanted, f"current fell to {density}")


def depletion_threshold(limit: Depletion, model: "Model") -> Threshold:
    """Return the threshold of a depletion: the least site fraction along an interface."""
    if limit.interface not in model.mesh.interfaces:
        raise unknown_name("interface", limit.interface, model.mesh.interfaces, "in the mesh")
    if limit.carrier not in model.carriers:
        raise unknown_name("carrier", limit.carrier, model.carriers)
    d = model.discretized
    regions = [model.mesh.region_names.index(r) for r in limit.interface.split("|")]
    nodes = np.unique(model.mesh.interfaces[limit.interface])
    number = model.carriers.index(limit.carrier)
    sites = np.flatnonzero(
        np.isin(d.site_region, regions)
        & np.isin(d.site_node, nodes)
        & (d.site_dofs[:, number] >= 0)
    )
    if not len(sites):
        raise InputError(
            f"carrier '{limit.carrier}' lives on no side of the interface '{limit.interface}'"
        )

    def excess(trial: Trial) -> float:
        y, _ = d.core.site_fractions(number, trial.unknowns)
        return float(limit.below - y[sites].min())

    reason = f"{limit.carrier} at {limit.interface} fell below {limit.below:g}"
    return Threshold(excess, 1e-6 * limit.below, reason)


def thresholds(
    limits: tuple[Limit, ...],
    model: "Model",
    *,
    start: float,
    direction: float,
    area: float,
    capacity: float | None,
) -> list[Threshold]:
    """Return the thresholds of all limits of a step; `Steady` is not one of them."""
    found = []
    for limit in limits:
        match limit:
            case VoltageLimit():
                found.append(voltage_threshold(limit, start, direction))
            case CurrentLimit():
                found.append(current_threshold(limit, area, capacity))
            case Depletion():
                found.append(depletion_threshold(limit, model))
    return found
