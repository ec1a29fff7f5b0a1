"""The line at the bottom of the terminal that says how far a study is."""

import sys
import time
from typing import Any

from pyscl.sweep.drive import Counts
from pyscl.text import time_text

EVERY = 60.0
"""Time between two lines where there is no terminal [s]."""


class SweepProgress:
    """Shows a bar with done and failed cases and the time left; without a terminal some lines.

    Attributes:
        counts: how far the study is; None before it has begun.
    """

    def __init__(self, console: Any = None) -> None:
        """Prepare; `console` is the rich console to write to, default: stderr."""
        from rich.console import Console

        self._console = console or Console(stderr=True)
        self._bar: Any = None
        self._task: Any = None
        self.counts: Counts | None = None
        self._begin, self._before = 0.0, 0
        self._said = ""
        self._last = 0.0

    def __enter__(self) -> "SweepProgress":
        if self._console.is_terminal:
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
                speed_estimate_period=600.0,
            )
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self.counts is not None:
            self._line(self.counts)

    def say(self, line: str) -> None:
        """Print a line of the report."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def show(self, counts: Counts) -> None:
        """Show how far the study is."""
        now = time.monotonic()
        if self.counts is None:
            self._begin = self._last = now
            self._before = counts.finished  # says nothing about the speed
        self.counts = counts
        if self._bar is not None:
            said = _said(counts)
            if self._task is None:
                self._task = self._bar.add_task(said, total=counts.total, completed=counts.finished)
            self._bar.update(self._task, description=said, completed=counts.finished)
        elif now >= self._last + EVERY:
            self._line(counts)

    def _line(self, counts: Counts) -> None:
        """Print how far the study is, once."""
        self._last = time.monotonic()
        line = f"{counts.finished} of {counts.total} cases: {_said(counts)}"
        computed, missing = counts.finished - self._before, counts.total - counts.finished
        if computed and missing:
            left = (self._last - self._begin) / computed * missing
            line += f", about {time_text(left)} left"
        if line != self._said:
            self._console.print(line, highlight=False, soft_wrap=True)
        self._said = line


def _said(counts: Counts) -> str:
    return f"{counts.done} done, {counts.without} without result, {counts.running} running"
