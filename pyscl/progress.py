"""The line at the bottom of the terminal that says how far a run is."""

import sys
from typing import TYPE_CHECKING, Any

from pyscl.text import time_text

if TYPE_CHECKING:
    from pyscl.input import TransientStudy
    from pyscl.protocol import Step
    from pyscl.study.newton import Iteration
    from pyscl.study.transient.recording import StepRecord


class TerminalProgress:
    """Shows iterations and time steps while they happen; silent unless on a terminal.

    A transient has a bar over the steps of its protocol (time counts within a step of given
    duration), with simulated time, time step, Newton iterations and voltage.
    """

    def __init__(self, console: Any = None) -> None:
        """Prepare; `console` is the rich console to write to, default: stderr."""
        from rich.console import Console

        self._console = console or Console(stderr=True)
        self._bars: Any = None
        self._task: Any = None
        self._label = ""
        self._begins: dict[tuple[int, int], float] = {}

    def __enter__(self) -> "TerminalProgress":
        if self._console.is_terminal:
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

            self._bars = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[state]}"),
                console=self._console,
                transient=True,
            )
            self._task = self._bars.add_task("reading", total=None, state="")
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def say(self, line: str) -> None:
        """Print a line of the report."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def iteration(self, label: str, number: int, iteration: "Iteration") -> None:
        """Show a Newton iteration."""
        state = f"iteration {number}, update {iteration.update:.1e} kT"
        self._show(label, state, None, None)

    def step(self, label: str, study: "TransientStudy", record: "StepRecord") -> None:
        """Show a time step."""
        if label != self._label:
            self._begins.clear()
        protocol = study.protocol
        place = (record.protocol_cycle, record.protocol_step)
        begin = self._begins.setdefault(place, record.time - record.dt)
        done = (place[0] - 1) * len(protocol.steps) + place[1] - 1
        duration = _duration(protocol.steps[place[1] - 1])
        within = min((record.time - begin) / duration, 1.0) if duration else 0.0
        state = (
            f"t = {time_text(record.time)}, dt = {time_text(record.dt)}, {record.iterations} "
            f"iterations, {record.voltages[study.contact]:.3f} V"
        )
        self._show(label, state, done + within, len(protocol.steps) * protocol.cycles)

    def _show(self, label: str, state: str, done: float | None, total: int | None) -> None:
        self._label = label
        if self._bars is not None:
            self._bars.update(
                self._task, description=label, state=state, completed=done or 0.0, total=total
            )


def _duration(step: "Step") -> float | None:
    """Return how long a step of a protocol lasts [s], None if that is not known beforehand."""
    from pyscl.protocol import Follow, Sweep

    match step:
        case Sweep(start=float(start)):
            return abs(step.end - start) / step.rate
        case Follow():
            return step.times[-1]
    return getattr(step, "duration", None)
