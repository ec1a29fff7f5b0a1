"""The run folders of a page: checked, named, and their states."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from pyscl.errors import InputError
from pyscl.runner.cases import place_of
from pyscl.runner.folder import RunFolder
from pyscl.runner.names import BASE, slug
from pyscl.runner.transients import CHECKPOINT, RESULT
from pyscl.solution import Solution
from pyscl.storage.header import TRAJECTORY, kind_of
from pyscl.trajectory import Trajectory

LAST_GOOD = "last_good.h5"
_MOMENTS = 6  # saved states of a transient that are shown


@dataclass(frozen=True)
class Column:
    """A study of a case of a run: a column of the tables.

    Attributes:
        run: number of the run on the page.
        case: its case.
        study: its study.
        label: as it is printed, without what all columns have in common.
        folder: where its files are.
        summary: its part of `summary.json`.
    """

    run: int
    case: str
    study: str
    label: str
    folder: Path
    summary: dict[str, Any] = field(repr=False)

    @property
    def failed(self) -> bool:
        """Whether the solve failed."""
        return self.summary.get("status") == "failed"


@dataclass(frozen=True)
class Run:
    """A run folder that can be shown.

    Attributes:
        folder: the folder.
        label: its name on the page.
        cases: names of the cases.
    """

    folder: RunFolder
    label: str

    @property
    def summary(self) -> dict[str, Any]:
        """The contents of `summary.json`."""
        return self.folder.summary

    @property
    def cases(self) -> dict[str, Any]:
        """The cases in `summary.json`."""
        cases: dict[str, Any] = self.summary["cases"]
        return cases


def open_runs(paths: Sequence[str | PathLike[str]]) -> list[Run]:
    """Open run folders.

    Raises:
        InputError: none is given, one twice, one does not exist, has not finished or is damaged,
            or runs have nothing in common.
    """
    if not paths:
        raise InputError("name one output folder of `pyscl run`, or several to compare them")
    places = [Path(path) for path in paths]
    for number, place in enumerate(places):
        if place.resolve() in [other.resolve() for other in places[:number]]:
            raise InputError(f"{place} is given twice; a comparison needs different runs")
    folders = [_opened(place) for place in places]
    runs = [Run(f, label) for f, label in zip(folders, _labels(places), strict=True)]
    for other in runs[1:]:
        _check_comparable(runs[0], other)
    return runs


def columns_of(runs: Sequence[Run]) -> list[Column]:
    """Return all studies of all runs in order."""
    found = [
        (number, case, study, summary)
        for number, run in enumerate(runs)
        for case, entry in run.cases.items()
        for study, summary in entry["studies"].items()
    ]
    several_cases = any(case != BASE for _, case, _, _ in found)
    return [
        Column(
            number,
            case,
            study,
            " · ".join([runs[number].label] * (len(runs) > 1) + [case] * several_cases + [study]),
            place_of(runs[number].folder.path, case, study),
            summary,
        )
        for number, case, study, summary in found
    ]


def doubts(runs: Sequence[Run]) -> list[str]:
    """Return what stands against comparing runs: they have other regions, studies or titles."""
    found = []
    for other in runs[1:]:
        first = runs[0]
        for words, of in (("regions", _regions), ("contacts", _contacts), ("studies", _studies)):
            mine, its = of(first), of(other)
            if mine == its:
                continue
            only = [
                f"only {run.label} has {', '.join(sorted(names))}"
                for run, names in ((first, mine - its), (other, its - mine))
                if names
            ]
            found.append(
                f"{first.label} and {other.label} have different {words} ({'; '.join(only)}): "
                "what has the same name in both may mean different things"
            )
    return found


def states_of(column: Column) -> Iterator[tuple[str, Solution]]:
    """Yield (label, solution) of a study: its state, some of a transient, the last good one.

    Raises:
        InputError: a file is damaged; the message names it.
    """
    file = column.folder / RESULT
    if not file.is_file():
        file = column.folder / CHECKPOINT
    if not file.is_file():
        file = column.folder / LAST_GOOD
    if not file.is_file():
        return
    if kind_of(file) != TRAJECTORY:
        note = " (last good state)" if file.name == LAST_GOOD else ""
        yield column.label + note, Solution.load(file)
        return
    from pyscl.text import time_text

    solutions = Trajectory.load(file).solutions
    last = len(solutions) - 1
    shown = sorted({round(k * last / (_MOMENTS - 1)) for k in range(_MOMENTS)}) if last > 0 else [0]
    for number in reversed(shown[: len(solutions)]):
        state = solutions[number]
        yield f"{column.label}, t = {time_text(state.time or 0.0, 4)}", state


def _opened(place: Path) -> RunFolder:
    if place.is_dir() and not (place / "summary.json").is_file():
        names = (RESULT, CHECKPOINT, LAST_GOOD, "failure.json")
        begun = next((f for name in names for f in sorted(place.rglob(name))), None)
        if (place / "study.json").is_file():
            raise InputError(
                f"{place} holds a sweep; name the folders of its cases, {place / 'cases'}/*/run"
            )
        if begun is not None:
            raise InputError(
                f"the run in {place} has not finished: there is {begun.relative_to(place)}, but no "
                "summary.json, which is written at the end. Let `pyscl run` finish, or repeat it "
                "with --resume"
            )
    folder = RunFolder(place)
    summary = folder.summary
    if not isinstance(summary, dict) or not isinstance(summary.get("cases"), dict):
        raise InputError(f"{place / 'summary.json'} is not the summary of a run: it has no 'cases'")
    for name in ("input", "versions", "mesh", "warnings", "assumptions", "comparison", "status"):
        if name not in summary:
            raise InputError(
                f"{place / 'summary.json'} is not a whole summary: '{name}' is missing; repeat the "
                "run with this version of pyscl"
            )
    for case, entry in summary["cases"].items():
        if not isinstance(entry, dict) or not isinstance(entry.get("studies"), dict):
            raise InputError(
                f"{place / 'summary.json'} is damaged: case '{case}' has no 'studies'; "
                "repeat the run"
            )
    return folder


def _labels(places: Sequence[Path]) -> list[str]:
    """Return the shortest ends of the paths that are all different."""
    parts = [place.resolve().parts for place in places]
    for length in range(1, max(map(len, parts)) + 1):
        labels = ["/".join(part[-length:]) for part in parts]
        if len(set(labels)) == len(labels):
            break
    return labels


def _check_comparable(first: Run, other: Run) -> None:
    mine, its = _places(first), _places(other)
    if not mine & its:
        raise InputError(
            f"{first.folder.path} and {other.folder.path} have nothing in common: no region or "
            f"contact has the same name ({', '.join(sorted(mine))}; {', '.join(sorted(its))}). "
            "Make a report of each, or give their regions the same names"
        )


def _places(run: Run) -> set[str]:
    return {slug(name) for name in _regions(run)} | _contacts(run)


def _regions(run: Run) -> set[str]:
    return {name for entry in run.cases.values() for name in entry.get("materials", {})}


def _contacts(run: Run) -> set[str]:
    return {str(name) for name in run.summary["input"].get("contacts", {})}


def _studies(run: Run) -> set[str]:
    return {study for entry in run.cases.values() for study in entry["studies"]}
