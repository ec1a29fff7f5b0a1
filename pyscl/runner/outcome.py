"""What the studies of a run produced."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyscl.solution import Solution


@dataclass
class StudyOutcome:
    """One study of one case.

    Attributes:
        name: "equilibrium" or "steady", numbered if repeated.
        solution: the solution, or the last good state of a failed solve, or None.
        error: message of a failed solve, or None.
        folder: where its files are.
        seconds: time of the solve.
        history: plain numbers of the Newton history.
    """

    name: str
    solution: Solution | None
    error: str | None
    folder: Path
    seconds: float
    history: dict[str, Any] = field(default_factory=dict)


@dataclass
class RunResult:
    """All outcomes of a run.

    Attributes:
        folder: the output folder; `summary.json` lies there.
        outcomes: case -> studies in order.
        summary: the contents of `summary.json`.
    """

    folder: Path
    outcomes: dict[str, list[StudyOutcome]]
    summary: dict[str, Any]

    @property
    def failed(self) -> bool:
        """Whether any solve failed."""
        return any(o.error for studies in self.outcomes.values() for o in studies)
