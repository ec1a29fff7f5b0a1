"""Checks of a trajectory: what is conserved over time, in the series and in the saved states."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Avogadro, elementary_charge

from pyscl.boundaries import ReservoirContact
from pyscl.certificate import balances
from pyscl.certificate.check import Check, at_most, failed, not_applicable
from pyscl.certificate.currents import conductance
from pyscl.certificate.evidence import Evidence
from pyscl.certificate.residuals import Residuals
from pyscl.certificate.rows import rows, saved_states
from pyscl.materials import Material

if TYPE_CHECKING:
    from pyscl.trajectory import Trajectory

OVER_TIME = 1e-5
_TOLERANCE = 1e-7  # kT, of the Newton iterations of a step
_ROUNDING = 1e-13  # of all charge, in its change within a step
_STATES = 8  # saved states that are looked at
_NOISE = 1e-11  # of the amount of a carrier, in its balance


def course(trajectory: "Trajectory") -> Iterator[Check]:
    """Check the series of a trajectory and some of its saved states."""
    series = trajectory.series
    if not len(series):
        yield failed("time series", "The trajectory has no row.")
        return
    times = series["time"]
    columns = [
        values
        for name, values in series.columns.items()
        if not name.startswith("potential_drop")  # undefined where nothing can be neutral
    ]
    bad = float(sum(np.count_nonzero(~np.isfinite(values)) for values in columns))
    bad += float(np.count_nonzero(np.diff(times) < 0.0))
    if not trajectory.complete:
        yield Check(
            "protocol",
            "",
            None,
            "1",
            None,
            "warned",
            f"The protocol was not carried out to its end: {trajectory.reason}.",
        )
    yield at_most(
        "time series",
        bad,
        0.0,
        "Number of entries of the series that are no finite numbers, and of times that go back.",
    )
    if bad:
        return
    yield _sum_of_currents(trajectory)
    for carrier in trajectory.model.carriers:
        yield _carrier(trajectory, carrier)
    yield from rows(trajectory)
    states = trajectory.solutions
    chosen = sorted({*np.linspace(0, len(states) - 1, min(_STATES, len(states))).astype(int)})
    if chosen:
        yield from saved_states(trajectory, [int(number) for number in chosen])
    yield _charge(trajectory)


def _sum_of_currents(trajectory: "Trajectory") -> Check:
    series, names = trajectory.series, trajectory.model.discretized.terminals
    currents = np.array([series[f"current_{name}"] for name in names])
    largest = float(np.abs(currents).max(initial=0.0))
    rest = np.abs(currents.sum(axis=0))
    # A step is solved to a tolerance of the potentials, and the plates are charged within it.
    r = Residuals(Evidence(trajectory.final))
    plates = float(r.charge_scale[r.held].sum()) * r.evidence.kt
    stored = float(r.evidence.gross_charge.sum())
    dt = np.where(series["dt"] > 0.0, series["dt"], np.inf)
    noise = _TOLERANCE * (conductance(r) + plates / dt) + _ROUNDING * stored / dt
    size = np.maximum(largest, noise / OVER_TIME)
    return at_most(
        "equal currents over time",
        float(np.divide(rest, size, out=np.zeros_like(rest), where=size > 0.0).max(initial=0.0)),
        OVER_TIME,
        "Largest sum of the currents of all contacts, displacement currents included, over the "
        "largest current of all times, or what the tolerance of the steps leaves of it.",
    )


def _carrier(trajectory: "Trajectory", carrier: str) -> Check:
    """Check the amount of a carrier against what contacts have let in."""
    name = "conservation of the carrier over time"
    model, series = trajectory.model, trajectory.series
    for law in model.interfaces.values():
        material = law.coating.material if law.coating else None
        if isinstance(material, Material) and carrier in {c.name for c in material.carriers}:
            return not_applicable(
                name,
                "A thin coating holds some of it, which the series lacks.",
                place=carrier,
            )
    parts = [series[f"amount_{carrier}_{r}"] for r in model.regions_with(carrier)]
    amount = np.sum(parts, axis=0)
    z = model.materials[model.regions_with(carrier)[0]].carrier(carrier).charge
    charge = z * elementary_charge * Avogadro * (amount - amount[0])
    exchanging = [
        contact
        for contact, law in model.contacts.items()
        if isinstance(law, ReservoirContact) and law.carrier == carrier
    ]
    size = abs(z) * elementary_charge * Avogadro * float(np.abs(amount).max())
    entered = np.zeros(len(series))
    turned_over = 0.0
    if exchanging:
        passed = _passed(trajectory)
        if passed is None:
            return not_applicable(
                name,
                "The series tells what passed one of two contacts only.",
                place=carrier,
            )
        for contact in exchanging:
            plates = series[f"charge_{contact}"]
            entered = entered + passed[contact] - (plates - plates[0])
            turned_over = max(turned_over, float(np.abs(passed[contact]).max()))
    scale = max(turned_over, float(np.abs(charge).max()), _NOISE / OVER_TIME * size)
    return at_most(
        name,
        float(np.abs(charge - entered).max()) / scale if scale else 0.0,
        OVER_TIME,
        f"Change of the charge of all {carrier} against what the contacts have let in, at all "
        "times; relative to what passed.",
        place=carrier,
    )


def _passed(trajectory: "Trajectory") -> dict[str, NDArray[np.float64]] | None:
    """Return contact -> charge that passed it [C/m] or [C]; None for more than two contacts."""
    contact = trajectory.settings.get("contact")
    terminals = list(trajectory.model.discretized.terminals)
    if contact not in terminals or len(terminals) > 2:
        return None
    passed = trajectory.series["charge_passed"]
    return {name: passed if name == contact else -passed for name in terminals}


def _charge(trajectory: "Trajectory") -> Check:
    """Check the balance of charge in some of the saved states."""
    states = trajectory.solutions
    chosen = sorted({*np.linspace(0, len(states) - 1, min(_STATES, len(states))).astype(int)})
    values = []
    for number in chosen:
        state = states[int(number)]
        contacts = {name: state.contact(name) for name in state.model.contacts}
        check = balances.balance_of_charge(Residuals(Evidence(state)), contacts)
        values.append(np.inf if check.value is None else check.value)
    return at_most(
        "balance of charge over time",
        float(np.max(values, initial=0.0)),
        balances.BALANCE,
        f"Largest sum of all charges over that of their magnitudes in {len(chosen)} saved states.",
    )
