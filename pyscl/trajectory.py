"""`Trajectory`: what a transient did, as time series and saved states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution
    from pyscl.study.transient.recording import TimeSeries
    from pyscl.study.transient.restart import RestartPoint


@dataclass(frozen=True)
class Stop:
    """How a step of the protocol ended.

    Attributes:
        step: number of the step of the protocol, from 1.
        cycle: number of the cycle, from 1.
        text: the step as a sentence.
        reason: why it ended ("voltage reached 4.3 V", "1 h passed").
        time: when [s].
    """

    step: int
    cycle: int
    text: str
    reason: str
    time: float


@dataclass(eq=False)
class Trajectory:
    """The result of a transient; a checkpoint is a trajectory that is not complete.

    `trajectory["voltage"]` is a column of the series.

    Attributes:
        model: the model.
        series: a row of numbers per accepted step.
        solutions: the saved states, each with its `.time`, in order.
        stops: how each step of the protocol ended.
        complete: whether the protocol was carried out to its end.
        reason: why the integration ended ("end of the protocol", "interrupted", ...).
        restart: from where it can go on, None if it cannot.
        counts: numbers of "steps", "rejected", "iterations", "factorisations", "fallbacks" (those
            of them that another than the chosen linear solver had to do), and seconds spent:
            "assembly_seconds", "factor_seconds", "solve_seconds", "output_seconds".
        settings: protocol, contacts and options as plain data; a checkpoint is refused where
            they are others.
    """

    model: "Model"
    series: "TimeSeries"
    solutions: Sequence["Solution"]
    stops: Sequence[Stop] = ()
    complete: bool = True
    reason: str = "end of the protocol"
    restart: "RestartPoint | None" = None
    counts: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        end = f"to t = {self.series['time'][-1]:.6g} s" if len(self.series) else "empty"
        state = "complete" if self.complete else f"not complete ({self.reason})"
        return (
            f"Trajectory({len(self.series)} rows {end}, {len(self.solutions)} saved states, "
            f"{state})"
        )

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return a column of the series (n_rows,).

        Raises:
            InputError: there is no such column.
        """
        return self.series[name]

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the saved states [s], (n,)."""
        return np.array([s.time for s in self.solutions], dtype=float)

    @property
    def final(self) -> "Solution":
        """The last saved state.

        Raises:
            InputError: no state was saved.
        """
        if not self.solutions:
            raise InputError("the trajectory holds no saved state")
        return self.solutions[-1]

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write the series as CSV: one row per step, units in the heads; see `TimeSeries`."""
        self.series.write_csv(path)

    def write_pvd(self, path: str | PathLike[str]) -> None:
        """Write the saved states for ParaView: a PVD file, and a folder of VTU files beside it."""
        from pyscl.storage import write_pvd

        write_pvd(self.solutions, path)

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to an HDF5 file; an existing file is replaced once all is on disk.

        Raises:
            InputError: the file cannot be written; an earlier one is left as it was.
        """
        from pyscl.storage import save_trajectory

        save_trajectory(self, path)

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        model: "Model | None" = None,
        settings: Mapping[str, Any] | None = None,
    ) -> "Trajectory":
        """Read a trajectory or checkpoint.

        Args:
            path: the file.
            model: the model it must belong to; default: the model in the file.
            settings: the settings it must have; default: any.

        Raises:
            InputError: the file is not a trajectory of pyscl, is damaged, or belongs to another
                mesh, model or protocol (the message names what differs).
        """
        from pyscl.storage import load_trajectory

        return load_trajectory(path, model, settings)
