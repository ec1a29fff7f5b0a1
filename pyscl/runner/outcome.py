"""What the studies of a run produced."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyscl.certificate import Certificate
from pyscl.runner.polarization import PolarResult
from pyscl.solution import Solution
from pyscl.spectrum import Spectrum
from pyscl.study.poling import Poling
from pyscl.trajectory import Trajectory


@dataclass
class StudyOutcome:
    """One study of one case.

    Attributes:
        name: the kind of the study, numbered if repeated.
        solution: the solution, of a transient and of studies of the polarization the last state, of
            an impedance the state that responds; the last good state of a failed solve; or None.
        error: message of a failed solve, or None.
        folder: where its files are.
        seconds: time of the solve.
        history: plain numbers of the Newton history; of a transient its counts.
        trajectory: of a transient, also of a failed one; else None.
        spectrum: of an impedance; else None.
        polarization: loop, poling or permittivity of a study of the polarization, also of a failed
            one; else None.
        effort: what the study took, in words, or "" for one that its history tells.
        certificate: what was checked of it; None for a study that failed.
    """

    name: str
    solution: Solution | None
    error: str | None
    folder: Path
    seconds: float
    history: dict[str, Any] = field(default_factory=dict)
    trajectory: Trajectory | None = None
    spectrum: Spectrum | None = None
    polarization: PolarResult | None = None
    effort: str = ""
    certificate: Certificate | None = None

    @property
    def is_state(self) -> bool:
        """Whether the result is a state by itself, and no response, loop or sweep."""
        return self.spectrum is None and (
            self.polarization is None or isinstance(self.polarization, Poling)
        )


@dataclass
class RunResult:
    """All outcomes of a run.

    Attributes:
        folder: the output folder; `summary.json` lies there.
        outcomes: case -> studies in order.
        summary: the contents of `summary.json`.
        certificate: the contents of `certificate.json`.
    """

    folder: Path
    outcomes: dict[str, list[StudyOutcome]]
    summary: dict[str, Any]
    certificate: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether any solve failed."""
        return any(o.error for studies in self.outcomes.values() for o in studies)
