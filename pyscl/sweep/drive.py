"""A study from start to end: what is missing is computed, what is finished is stored at once."""

import contextlib
import multiprocessing
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from pyscl.errors import InputError
from pyscl.sweep.axes import Axis, expand_axes
from pyscl.sweep.cases import Case, chains, code_identity, effective, expand_cases
from pyscl.sweep.definition import Study
from pyscl.sweep.engines import CURE, Engine
from pyscl.sweep.keeping import check_keep, is_kept
from pyscl.sweep.outputs import Output, missing_outputs
from pyscl.sweep.store import RUN, START, Store
from pyscl.sweep.worker import DISK, Task

Report = Callable[[str], None]
"""Receives one line of text for the user."""

Progress = Callable[["Counts"], None]
"""Receives how far the study is, after every case."""

ATTEMPTS = 2
_RETRIED = ("failed", "crashed")
_SHOWN = 10  # cases without a result
_WAIT = 1.0  # s, for cases to end, before Ctrl-C is looked for


@dataclass
class Counts:
    """How far a study is.

    Attributes:
        total: number of different cases.
        earlier: of them, those that were stored before.
        by_status: number of cases of every status, also of the earlier ones.
        running: cases that are being carried out.
    """

    total: int
    earlier: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    running: int = 0

    @property
    def done(self) -> int:
        """Cases with a result."""
        return self.by_status.get("done", 0)

    @property
    def without(self) -> int:
        """Cases that have ended without a result: failed, timeout, memory, crashed."""
        return self.finished - self.done

    @property
    def finished(self) -> int:
        """Cases that need not be computed any more."""
        return sum(self.by_status.values())

    def add(self, status: str) -> None:
        """Count a case."""
        self.by_status[status] = self.by_status.get(status, 0) + 1

    def text(self) -> str:
        """Return the numbers in words."""
        shown = [f"{n} {status}" for status, n in self.by_status.items()]
        missing = self.total - self.finished
        return ", ".join([*shown, *([f"{missing} missing"] if missing else [])]) or "nothing yet"


def plan(study: Study) -> tuple[list[Axis], list[Case]]:
    """Return the axes and the different cases of a study, all of them checked.

    Raises:
        InputError: lists what is wrong with the axes or with the input of cases.
    """
    axes = expand_axes(study)
    cases = expand_cases(study, axes)
    check_keep(study, axes, cases)
    return axes, cases


def run_study(
    study: Study,
    folder: str | PathLike[str],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    again: bool = False,
    report: Report = lambda line: None,
    progress: Progress = lambda counts: None,
) -> Counts:
    """Compute the cases of a study that are missing in its folder.

    Args:
        study: from `load_study` or `make_study`.
        folder: of the results, made if needed.
        workers: processes of this machine; None: what the study says, or all cores.
        scheduler: address of a Dask scheduler that is used instead, "tcp://host:8786"; "local"
            starts a cluster of Dask on this machine.
        again: whether cases that ended without a result, or were computed by other code of
            pyscl, are computed again.
        report: receives lines for the user.
        progress: receives how far the study is.

    Raises:
        InputError: bad input, a folder that is in use, results of another base input, or a disk
            that is full; what is finished is stored.
        KeyboardInterrupt: interrupted; what is finished is stored.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise InputError(f"a worker came to the study that started it; {CURE}")
    axes, cases = plan(study)
    for note in study.notes:
        report(f"note: {note}")
    with Store(Path(folder)) as store:
        for note in store.define(study, axes, cases):
            report(f"note: {note}")
        counts = Counts(len(cases))
        todo = _missing(study, axes, store, cases, counts, again, report)
        progress(counts)
        if todo:
            with _engine(study, workers, scheduler, len(todo)) as engine:
                _Drive(study, axes, store, engine, counts, report, progress).run(cases, todo)
    return counts


def _missing(
    study: Study,
    axes: list[Axis],
    store: Store,
    cases: list[Case],
    counts: Counts,
    again: bool,
    report: Report,
) -> set[str]:
    """Return the keys of the cases that are to be computed."""
    todo = set()
    others: list[dict[str, Any]] = []
    without: list[str] = []
    for case in cases:
        result, trouble = store.read(case)
        if trouble:
            report(f"{case.text()} is computed again: {trouble}")
        status = result["status"] if result else ""
        folder_missing = (
            status == "done"
            and is_kept(study, case, status, axes)
            and not (store.place(case) / RUN).is_dir()
        )
        other_code = result is not None and result["versions"].get("code") != code_identity()
        if not status or folder_missing or (again and (status != "done" or other_code)):
            todo.add(case.key)
            continue
        assert result is not None
        counts.add(status)
        if other_code:
            others.append(result)
        if status != "done":
            without.append(f"{case.text()} {status}: {result['reason']}")
    counts.earlier = counts.finished
    if others:
        shown = sorted({f"pyscl {r['versions'].get('pyscl', '?')}, {r['date']}" for r in others})
        more = f", and {len(shown) - 1} more kinds" if len(shown) > 1 else ""
        report(
            f"note: {_several(len(others), 'result was', 'results were')} made by other code "
            f"({shown[-1]}{more}); --again recomputes"
        )
    if without and not todo:
        for line in without[:_SHOWN]:
            report(line)
        number = _several(len(without), "case has", "cases have")
        report(f"{number} no result; --again computes such cases again")
    return todo


def _several(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


@contextlib.contextmanager
def _engine(
    study: Study, workers: int | None, scheduler: str | None, cases: int
) -> Iterator[Engine]:
    number = workers or study.input.workers
    engine: Engine
    if scheduler is not None:
        from pyscl.sweep.cluster import DaskEngine

        engine = DaskEngine(scheduler, number, study.input.limits.memory)
    else:
        from pyscl.sweep.local import LocalEngine

        engine = LocalEngine(number, cases)
    try:
        yield engine
    finally:
        engine.close()


class _Drive:
    """Hands cases to an engine and stores what comes back."""

    def __init__(
        self,
        study: Study,
        axes: list[Axis],
        store: Store,
        engine: Engine,
        counts: Counts,
        report: Report,
        progress: Progress,
    ) -> None:
        self.study, self.axes, self.store, self.engine = study, axes, store, engine
        self.counts, self.report, self.progress = counts, report, progress
        self.attempts: dict[str, int] = {}
        self.earlier: dict[str, list[dict[str, Any]]] = {}
        self.settings: dict[str, dict[str, float]] = {}
        self.code = code_identity()
        self.other_code = False
        self.followers: dict[str, list[Case]] = {}
        self.starts: dict[str, str | None] = {}
        self.ready: deque[Case] = deque()
        self.alone: deque[Case] = deque()
        self.lonely = False
        self.looked = False
        self.cases: dict[str, Case] = {}

    def run(self, cases: list[Case], todo: set[str]) -> None:
        """Compute the cases with the given keys."""
        self.cases = {case.key: case for case in cases}
        for chain in chains(cases, self.study.input.continuation):
            neighbour: str | None = None
            waiting: list[Case] = []
            for case in chain:
                if case.key in todo:
                    waiting.append(case)
                elif not waiting:
                    neighbour = case.key if (self.store.place(case) / START).is_dir() else neighbour
            self._go_on(waiting, neighbour)
        while self.ready or self.alone or self.engine.running:
            self._submit()
            ended = self.engine.wait(_WAIT)
            self._submit()  # before the results are written, which takes its time
            for key, result in ended:
                self._take(self.cases[key], result)
            self.counts.running = self.engine.running
            self.progress(self.counts)

    def _go_on(self, waiting: list[Case], neighbour: str | None) -> None:
        """Make the first case of a chain ready; the others follow it."""
        if waiting:
            first, *rest = waiting
            self.followers[first.key] = rest
            self.starts[first.key] = neighbour
            self.ready.append(first)

    def _submit(self) -> None:
        while self.ready and not self.lonely and self.engine.free > 0:
            self._begin(self.ready.popleft())
        if self.alone and not self.ready and self.engine.running == 0 and self.engine.free > 0:
            self.lonely = True
            self._begin(self.alone.popleft())

    def _begin(self, case: Case) -> None:
        attempt = self.attempts[case.key] = self.attempts.get(case.key, 0) + 1
        safer = self.earlier.get(case.key, [{}])[-1].get("status") == "failed"
        self.settings[case.key] = self.study.input.retry.model_dump() if safer else {}
        file = effective(self.study, case, self.axes)
        start = self.starts.get(case.key)
        limits = self.study.input.limits
        self.engine.submit(
            case.key,
            Task(
                data=file.data,
                directory=str(self.study.directory.resolve()),
                place=file.place(("mesh", "geometry")),
                scratch=str(self.store.scratch(case, attempt).resolve()),
                study=str(self.store.folder.resolve()),
                time=limits.time,
                memory=limits.memory,
                files=self.study.input.continuation is not None
                or is_kept(self.study, case, "done", self.axes),
                settings=self.settings[case.key],
                code=self.code,
                start=str((self.store.place(self.cases[start]) / START).resolve())
                if start and not safer
                else None,
            ),
        )

    def _take(self, case: Case, result: dict[str, Any]) -> None:
        """Store a result, or try again."""
        self.lonely = self.lonely and self.engine.running > 0
        status, attempt = result["status"], self.attempts[case.key]
        if status == DISK:
            raise InputError(
                f"{case.text()} could not write: {result['reason']}; the results so far are "
                "complete, run the study again to go on"
            )
        final = result.pop("final", False)
        about = {"status": status, "reason": result["reason"], "settings": self.settings[case.key]}
        if status in _RETRIED and attempt < ATTEMPTS and not final:
            self.earlier.setdefault(case.key, []).append(about)
            reason = result["reason"].partition("\n")[0]
            self.report(f"{case.text()} {status}, tried again: {reason}")
            shutil.rmtree(self.store.scratch(case, attempt), ignore_errors=True)
            (self.alone if status == "crashed" else self.ready).append(case)
            return
        along = self.study.input.continuation is not None
        earlier = self.earlier.get(case.key, [])
        if status != "done" and earlier and earlier[0]["reason"] != result["reason"]:
            result["reason"] = f"{earlier[0]['reason']}\nsecond attempt: {result['reason']}"
        stored = result | {
            "attempts": attempt,
            "earlier": earlier,
            "settings": self.settings[case.key],
            "start": self.starts.get(case.key) if not self.settings[case.key] else None,
        }
        self._look_at_code(result)
        self.store.write(
            case,
            stored,
            self.store.scratch(case, attempt),
            keep=is_kept(self.study, case, status, self.axes),
            start=along and status == "done",
        )
        self.counts.add(status)
        if status != "done":
            self.report(f"{case.text()} {status}: {result['reason']}")
        elif not self.looked:
            self.looked = True
            self._look(case, result["numbers"])
        neighbour = case.key if along and status == "done" else self.starts.get(case.key)
        self._go_on(self.followers.pop(case.key, []), neighbour)

    def _look_at_code(self, result: dict[str, Any]) -> None:
        """Say once that workers have other code than this process."""
        if result["versions"].get("code", self.code) != self.code and not self.other_code:
            self.other_code = True
            self.report(
                "note: pyscl has changed since this study was started; new results are of the new "
                "code, --again recomputes the others"
            )

    def _look(self, case: Case, numbers: dict[str, float]) -> None:
        """Warn of outputs that a case does not have."""
        outputs = [Output.of(n, o.model_dump()) for n, o in self.study.input.outputs.items()]
        for line in missing_outputs(outputs, numbers, case.coordinates):
            self.report(f"warning: {line}")
