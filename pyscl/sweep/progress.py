"""The line at the bottom of the terminal that says how far a study is."""

import sys
from typing import Any

from pyscl.sweep.drive import Counts


class SweepProgress:
    """Shows a bar with done and failed cases and the time left; silent unless on a terminal."""

    def __init__(self, console: Any = None) -> None:
        """Prepare; `console` is the rich console to write to, default: stderr."""
        from rich.console import Console

        self._console = console or Console(stderr=True)
        self._bar: Any = None
        self._task: Any = None

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

    def say(self, line: str) -> None:
        """Print a line of the report."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def show(self, counts: Counts) -> None:
        """Show how far the study is."""
        if self._bar is None:
            return
        said = f"{counts.done} done, {counts.without} without result, {counts.running} running"
        if self._task is None:  # what was there before says nothing about the speed
            self._task = self._bar.add_task(said, total=counts.total, completed=counts.finished)
        self._bar.update(self._task, description=said, completed=counts.finished)
