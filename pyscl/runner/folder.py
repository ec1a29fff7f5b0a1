"""The output folder of a run, read again."""

import json
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from pyscl.errors import InputError, unknown_name
from pyscl.runner.cases import place_of
from pyscl.runner.names import BASE
from pyscl.runner.transients import RESULT
from pyscl.solution import Solution
from pyscl.storage.header import TRAJECTORY, kind_of
from pyscl.trajectory import Trajectory

LAST_GOOD = "last_good.h5"
"""The last converged state of a study that failed."""


@dataclass(frozen=True)
class State:
    """A study that left a solution.

    Attributes:
        case: name of the case; that of a run without variants is `pyscl.runner.names.BASE`.
        study: name of the study.
        folder: where its files are.
    """

    case: str
    study: str
    folder: Path


class RunFolder:
    """What `pyscl run` has written.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        """Open a folder.

        Raises:
            InputError: it does not exist, or holds no finished run.
        """
        self.path = Path(path)
        if not (self.path / "summary.json").is_file():
            what = "has no summary.json" if self.path.is_dir() else "does not exist"
            raise InputError(
                f"{self.path} {what}; name the output folder of a finished `pyscl run`, by default "
                "runs/<name of the run file>"
            )

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The contents of `summary.json`.

        Raises:
            InputError: the file is damaged.
        """
        return self._json("summary.json")

    @cached_property
    def certificate(self) -> dict[str, Any] | None:
        """The contents of `certificate.json`; None if the run has none.

        Raises:
            InputError: the file is damaged.
        """
        return (
            self._json("certificate.json") if (self.path / "certificate.json").is_file() else None
        )

    def states(self) -> list[State]:
        """Return the studies with a solution, in the order of the run."""
        found = (
            State(case, study, place_of(self.path, case, study))
            for case, entry in self.summary["cases"].items()
            for study in entry["studies"]
        )
        return [state for state in found if (state.folder / RESULT).is_file()]

    def state(self, case: str | None = None, study: str | None = None) -> State:
        """Return one of the states; by default that of the first case and its last study.

        Args:
            case: the case.
            study: the study.

        Raises:
            InputError: there is no such case or study with a solution.
        """
        states = self.states()
        if not states:
            raise InputError(f"no study in {self.path} has a solution")
        cases = list(dict.fromkeys(state.case for state in states))
        if case is None:
            case = cases[0]
        elif case not in cases:
            self._explain(case, study)
            raise unknown_name("case", case, cases)
        of_case = {state.study: state for state in states if state.case == case}
        if study is None:
            return list(of_case.values())[-1]
        if study not in of_case:
            self._explain(case, study)
            raise unknown_name("study", study, of_case)
        return of_case[study]

    def _explain(self, case: str, study: str | None) -> None:
        """Refuse a study of the run that has no solution, and say what there is instead.

        Raises:
            InputError: the study failed, or was not reached.
        """
        studies = self.summary["cases"].get(case, {}).get("studies", {})
        for name in studies if study is None else {study} & set(studies):
            label = name if case == BASE else f"{case}, {name}"
            file = place_of(self.path, case, name) / LAST_GOOD
            rest = f"`pyscl plot '{file}'` draws the last good state" if file.is_file() else ""
            status = studies[name].get("status", "failed")
            raise InputError(
                f"'{label}' has no solution ({status}); "
                + (rest or "draw another study: `pyscl plot RUN --list` names them")
            )

    def solution(self, state: State) -> Solution:
        """Read the solution of a state, of a transient the last one.

        Raises:
            InputError: the file is damaged.
        """
        file = state.folder / RESULT
        if kind_of(file) == TRAJECTORY:
            return Trajectory.load(file).final
        return Solution.load(file)

    def _json(self, name: str) -> dict[str, Any]:
        try:
            contents: dict[str, Any] = json.loads((self.path / name).read_text())
        except (ValueError, OSError) as error:
            raise InputError(f"{self.path / name} cannot be read: {error}") from error
        return contents
