"""Checks of the rows of a trajectory: against each other, the saved states and the protocol."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Avogadro

from pyscl.boundaries import BlockingContact
from pyscl.certificate.check import Check, at_most
from pyscl.certificate.currents import conductance
from pyscl.certificate.evidence import Evidence
from pyscl.certificate.residuals import Residuals

if TYPE_CHECKING:
    from pyscl.solution import Solution
    from pyscl.trajectory import Trajectory

ROWS = 1e-7  # of the largest value of a column
_ALWAYS = 1e-12  # of the amount of a carrier and of the charges that make up a plate
_TOLERANCE = 1e-7  # kT, of the Newton iterations of a step
_LEAST = 1e-300  # where everything is zero

FloatArray = NDArray[np.float64]


def rows(trajectory: "Trajectory") -> Iterator[Check]:
    """Check times and charge of the rows, and the voltage the protocol prescribes.

    Args:
        trajectory: with at least one row, all of finite numbers.
    """
    yield _steps_of_time(trajectory)
    passed = _charge_passed(trajectory)
    if passed is not None:
        yield passed
    yield from _protocol(trajectory)


def _steps_of_time(trajectory: "Trajectory") -> Check:
    series = trajectory.series
    times, dt = series["time"], series["dt"][1:]
    gone = np.diff(times)
    noise = 1e-12 * float(np.abs(times).max()) + 1e-9 * dt
    # where a voltage jumps at once, its short step takes no time
    missed = np.where(gone > 0.0, np.maximum(np.abs(gone - dt) - noise, 0.0), 0.0)
    worst = float(np.divide(missed, gone, out=np.zeros_like(gone), where=gone > 0.0).max(initial=0))
    return at_most(
        "times of the rows",
        worst,
        ROWS,
        "Largest difference between the time from a row to the next and the step of time that "
        "was taken; rows that are missing, or times in another unit, fail.",
    )


def _charge_passed(trajectory: "Trajectory") -> Check | None:
    """Check the charge that passed against currents times steps of time, by BDF1 or BDF2."""
    series, contact = trajectory.series, trajectory.settings.get("contact")
    if f"current_{contact}" not in series or len(series) < 2:
        return None
    dt, passed = series["dt"], series["charge_passed"]
    flow = (dt * series[f"current_{contact}"])[1:]
    step = np.diff(passed)
    before = np.concatenate([[0.0], step[:-1]])
    w = np.divide(dt[1:], dt[:-1], out=np.zeros(len(step)), where=dt[:-1] > 0.0)
    second = ((1.0 + w) * flow + w**2 * before) / (1.0 + 2.0 * w)
    missed = np.minimum(np.abs(step - flow), np.abs(step - second))
    size = float(np.abs(passed).max()) + float(np.abs(flow).sum())
    return at_most(
        "charge that passed",
        float(missed.max()) / size if size else 0.0,
        ROWS,
        "Largest difference, in one step of time, between the change of the charge that passed and "
        "the current of the contact times the step, by the formulas of backward differences.",
        place=str(contact),
    )


def _protocol(trajectory: "Trajectory") -> Iterator[Check]:
    """Check voltages that are held and contacts that rest."""
    series, settings = trajectory.series, trajectory.settings
    contact, steps = settings.get("contact"), settings.get("protocol")
    if f"current_{contact}" not in series or not isinstance(steps, list):
        return
    voltage = series["voltage"]
    missed = float(np.abs(voltage - series[f"voltage_{contact}"]).max())
    reference = settings.get("reference")
    if reference is not None:
        missed = max(missed, float(np.abs(series[f"voltage_{reference}"]).max()))
    moved = series["dt"] > 0.0
    for number, step in enumerate(steps, start=1):
        mine = moved & (series["step"] == number)
        if step.get("kind") == "hold" and step.get("voltage") is not None and mine.any():
            missed = max(missed, float(np.abs(voltage[mine] - float(step["voltage"])).max()))
    yield at_most(
        "voltage of the protocol",
        missed,
        1e-7,
        "Largest difference between the voltages of the rows and those the protocol holds.",
        place=str(contact),
        unit="V",
    )


def saved_states(trajectory: "Trajectory", chosen: list[int]) -> Iterator[Check]:
    """Check some saved states against the rows of their times.

    Args:
        trajectory: with at least one row and one saved state.
        chosen: numbers of the states.
    """
    series = trajectory.series
    times = np.array([np.nan if s.time is None else s.time for s in trajectory.solutions])
    bad = int(np.count_nonzero(~(np.diff(times) >= 0.0)))
    bad += int(np.count_nonzero(~np.isin(times, series["time"])))
    end = series["time"][-1]
    bad += int(trajectory.complete and times[-1] != end)
    yield at_most(
        "times of the saved states",
        float(bad),
        0.0,
        "Number of saved states that have no row at their time or go back in time, and of ends "
        "that were not saved.",
    )
    if bad:
        return
    sizes = {name: float(np.abs(column).max()) for name, column in series.columns.items()}
    worst, where = 0.0, ""
    rest: dict[str, list[float]] = {}
    for number in chosen:
        state = trajectory.solutions[number]
        found = read(state)
        here = np.flatnonzero(series["time"] == state.time)
        misses = []
        for row in here.tolist():  # before and after a jump of the voltage
            each = {
                name: abs(value - float(series[name][row])) / (ROWS * sizes[name] + noise)
                for name, (value, noise) in found.items()
                if name in series
            }
            name = max(each, key=lambda key: each[key])
            misses.append((each[name] * ROWS, name, row))
        miss, name, row = min(misses)
        if miss > worst:
            worst, where = miss, f" ({name} at {state.time:.4g} s)"
        for terminal, value in _against_reference(trajectory, state).items():
            rest.setdefault(terminal, []).append(float(series[f"voltage_{terminal}"][row]) - value)
    yield at_most(
        "saved states and rows",
        worst,
        ROWS,
        f"Largest difference of amounts, charges and currents between {len(chosen)} saved states "
        f"and the rows of their times, over the largest of the column{where}.",
    )
    yield at_most(
        "voltages of the saved states",
        max((float(np.ptp(values)) for values in rest.values()), default=0.0),
        1e-8,
        "Largest change of the difference between the voltages of the rows and the potentials of "
        "the contacts in the saved states.",
        unit="V",
    )


def read(state: "Solution") -> dict[str, tuple[float, float]]:
    """Return column -> (value of a state, what rounding leaves of zero), by formulas.

    Both in the unit of the column: amounts [mol/m] or [mol], charges [C/m] or [C], currents
    [A/m] or [A].
    """
    e, model = Evidence(state), state.model
    found = {}
    for carrier in model.carriers:
        occupied = e.occupied(carrier)[0]
        for region in model.regions_with(carrier):
            its = next(c for c in e.carriers_in(region) if c.name == carrier)
            here = e.sites_in(region)
            full = e.volume[here] * its.site_density / Avogadro
            amount = float((full * occupied[here]).sum())
            noise = _ALWAYS * float(full.sum()) + _LEAST
            found[f"amount_{carrier}_{region}"] = (amount, noise)
    gross = float(e.gross_charge.sum())
    polar = float(e.polar_scale.sum())
    r = Residuals(e)
    noise = _ALWAYS * (gross + polar) + _LEAST
    flow = _TOLERANCE * conductance(r) + _LEAST
    for name, law in model.contacts.items():
        result = state.contact(name)
        found[f"charge_{name}"] = (float(result.charge), noise)
        if not isinstance(law, BlockingContact) and state.time:
            found[f"current_{name}"] = (float(result.current), flow)
    return found


def _against_reference(trajectory: "Trajectory", state: "Solution") -> dict[str, float]:
    """Return contact -> potential of its terminal against the reference [V]."""
    d = state.model.discretized
    volts = {
        name: float(state.unknowns[d.terminal_dof(name)] * d.scaling.potential)
        for name in d.terminals
    }
    reference = trajectory.settings.get("reference")
    zero = volts.get(str(reference), 0.0) if reference is not None else 0.0
    return {name: value - zero for name, value in volts.items()}
