"""Run files carried out: models, studies, and everything that is written to disk."""

from pyscl.runner.cases import Approach
from pyscl.runner.execute import build_model, execute
from pyscl.runner.outcome import RunResult, StudyOutcome
from pyscl.runner.transients import find_trajectory

__all__ = [
    "Approach",
    "RunResult",
    "StudyOutcome",
    "build_model",
    "execute",
    "find_trajectory",
]
