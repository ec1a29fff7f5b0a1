"""The time series of a transient: one row of numbers per accepted step."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.facets import FloatArray, facet_measure
from pyscl.study.transient.observables import Observables

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution

WHOLE = ("step", "cycle", "iterations")
"""Columns of whole numbers."""


@dataclass(frozen=True, eq=False)
class StepRecord:
    """An accepted time step.

    Attributes:
        time: at its end [s].
        dt: its length [s]; 0 for the state at the start.
        order: of the formula: 1 backward Euler, 2 BDF2 with the step before.
        iterations: Newton iterations.
        error: estimate of the error over what is allowed.
        protocol_step: number of the step of the protocol, from 1.
        protocol_cycle: number of the cycle, from 1.
        solution: the state.
        voltages: contact -> voltage against the reference contact [V].
        currents: contact -> electric current into the model, displacement current included [A/m]
            (planar) or [A] (axisymmetric).
        event: what ended a step of the protocol or otherwise happened, None for an ordinary step.
    """

    time: float
    dt: float
    order: int
    iterations: int
    error: float
    protocol_step: int
    protocol_cycle: int
    solution: "Solution"
    voltages: Mapping[str, float]
    currents: Mapping[str, float]
    event: str | None = None


@dataclass(frozen=True, eq=False)
class TimeSeries:
    """Columns of numbers against time.

    Attributes:
        columns: name -> values (n_rows,) [`units`]; those in `WHOLE` are integers.
        units: name -> SI unit, "1" for pure numbers.
        events: row -> what happened there.
    """

    columns: Mapping[str, NDArray[np.float64] | NDArray[np.int64]]
    units: Mapping[str, str]
    events: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["time"])

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return a column (n_rows,).

        Raises:
            InputError: there is no such column.
        """
        if name not in self.columns:
            raise unknown_name("column", name, self.columns, "in the time series")
        return self.columns[name]  # type: ignore[return-value]

    def table(self) -> FloatArray:
        """Return all columns side by side, (n_rows, n_columns) [`units`]."""
        return np.column_stack([np.asarray(c, dtype=float) for c in self.columns.values()])

    @classmethod
    def from_table(
        cls, units: Mapping[str, str], table: FloatArray, events: Mapping[int, str]
    ) -> "TimeSeries":
        """Build from columns side by side in the order of `units`, (n_rows, n_columns)."""
        columns = {
            name: values.astype(np.int64) if name in WHOLE else values.copy()
            for name, values in zip(units, table.T, strict=True)
        }
        return cls(columns, dict(units), dict(events))

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per step, units in the column heads, events in the last column.

        Raises:
            InputError: the file cannot be written.
        """
        from pyscl.storage.atomic import replaced

        head = [f"{name} [{self.units[name]}]" for name in self.columns] + ["event"]
        columns = [column.tolist() for column in self.columns.values()]
        columns.append([self.events.get(row, "") for row in range(len(self))])
        with replaced(path) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(head)
            rows.writerows(zip(*columns, strict=True))


class Recorder:
    """Turns accepted steps into rows of a `TimeSeries`.

    Columns: time, step, cycle, dt, iterations, error over what is allowed; voltage of the working
    contact against the reference, current density through it (mean over the contact, positive into
    the model) and the charge that passed it; voltage and current of every contact that has them,
    and the charge of all; per carrier and region the amount and the mean site fraction; and per
    interface between different materials its mean potential, the charge of the layer on both sides,
    potential drops and extreme site fractions.

    `charge_passed` is the integral of the current by the formula of the step, so that it agrees
    with what the amounts and the surface charges change by; `charge_<contact>` is the charge on
    the contact as in `Solution.contact`. `potential_drop_a|b_a` is the potential of the interface
    against the neutral bulk of a that has the same electrochemical potentials, zero at flat
    bands; `potential_drop_a|b` that of the bulk of b against the bulk of a.
    """

    def __init__(
        self,
        model: "Model",
        contact: str,
        reference: str | None = None,
        *,
        previous: TimeSeries | None = None,
    ) -> None:
        """Prepare for a model.

        Args:
            model: the model.
            contact: the working contact.
            reference: the contact that voltages are measured against, for checking its name.
            previous: the rows before a restart; new rows follow them.

        Raises:
            InputError: an unknown contact, or earlier rows with other columns.
        """
        for name in (contact, reference):
            if name is not None and name not in model.discretized.terminals:
                raise unknown_name("contact", name, model.discretized.terminals, "with a voltage")
        self.model = model
        self._contact = contact
        self._area = float(facet_measure(model, model.mesh.facets_of(contact)).sum())
        self._terminals = list(model.discretized.terminals)
        self._observables = Observables(model)
        self.units = _columns(model) | self._observables.columns
        self.events: dict[int, str] = {}
        self._rows = np.empty((64, len(self.units)))
        self._count = 0
        self._passed, self._last_passed, self._last_dt = 0.0, 0.0, 0.0
        if previous is not None:
            self._continue(previous)

    def record(self, step: StepRecord) -> None:
        """Append a row."""
        current = step.currents[self._contact]
        passed = self._charge_of_step(step.order, step.dt, current)
        row = np.concatenate(
            [
                [
                    step.time,
                    step.protocol_step,
                    step.protocol_cycle,
                    step.dt,
                    step.iterations,
                    step.error,
                    step.voltages[self._contact],
                    current / self._area,
                    self._passed + passed,
                ],
                [step.voltages[name] for name in self._terminals],
                [step.currents[name] for name in self._terminals],
                self._observables.measure(step.solution),
            ]
        )
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self._count] = row
        if step.event is not None:
            self.events[self._count] = step.event
        self._passed += passed
        self._last_passed, self._last_dt = passed, step.dt
        self._count += 1  # last, so that an interrupt leaves whole rows only

    @property
    def series(self) -> TimeSeries:
        """The rows so far."""
        return TimeSeries.from_table(self.units, self._rows[: self._count], self.events)

    def _charge_of_step(self, order: int, dt: float, current: float) -> float:
        """Return the charge that passes in a step, by the same formula as all other balances.

        BDF2 with the ratio w of this step to the last weighs the change q of anything:
        (1 + 2 w) / (1 + w) q - w^2 / (1 + w) q_last = dt * current.
        """
        if order == 1 or self._last_dt == 0.0:
            return dt * current
        w = dt / self._last_dt
        return ((1.0 + w) * dt * current + w**2 * self._last_passed) / (1.0 + 2.0 * w)

    def _continue(self, previous: TimeSeries) -> None:
        if list(previous.units) != list(self.units):
            raise InputError("the rows to continue have other columns than the model")
        table = previous.table()
        self._count = len(table)
        self._rows = np.concatenate([table, np.empty((max(64, len(table)), table.shape[1]))])
        self.events = dict(previous.events)
        if self._count:
            passed = previous["charge_passed"]
            self._passed, self._last_dt = float(passed[-1]), float(previous["dt"][-1])
            self._last_passed = float(passed[-1] - passed[-2]) if self._count > 1 else 0.0


def _columns(model: "Model") -> dict[str, str]:
    planar = model.coordinates == "planar"
    ampere, coulomb = ("A/m", "C/m") if planar else ("A", "C")
    columns = {
        "time": "s",
        "step": "1",
        "cycle": "1",
        "dt": "s",
        "iterations": "1",
        "error": "1",
        "voltage": "V",
        "current_density": "A/m^2",
        "charge_passed": coulomb,
    }
    terminals = model.discretized.terminals
    columns |= {f"voltage_{name}": "V" for name in terminals}
    return columns | {f"current_{name}": ampere for name in terminals}
