"""One case, carried out in a worker process: plain data in, plain data out, whatever happens.

Imports nothing heavy at first, so that `prepare` can still say how many threads the linear algebra
of a new process may use.
"""

import contextlib
import errno
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyscl.runner import Approach, RunResult

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Environment variables that are 1 in workers: the cases share the cores, not their loops."""

DISK = "disk"
"""Status of a case that could not write; it stops the study, as others could not write either."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_LEFT_OUT = ("input", "versions", "materials", "title")
_ONE_AT_A_TIME = threading.Lock()


class CaseTimeout(BaseException):
    """The time of a case is over; not an Exception, so that nothing takes it for its own."""


@dataclass(frozen=True)
class Task:
    """What a worker needs to know about a case.

    Attributes:
        data: the effective run file as plain data.
        directory: where its relative paths start.
        place: "file:line:column" of its geometry, for messages.
        scratch: folder for its files.
        study: folder of the study; without it here, files go to the disk of the worker.
        time: that it may take [s], or None.
        memory: that it may take [bytes], or None.
        files: whether the files of a case that is done are wanted.
        settings: numbers of the solver by name, besides the usual ones.
        start: folder with solutions of a neighbour, or None.
        code: `pyscl.sweep.cases.code_identity` of the process that hands it out, or "".
    """

    data: Mapping[str, Any]
    directory: str
    place: str
    scratch: str
    study: str
    time: float | None = None
    memory: int | None = None
    files: bool = False
    settings: Mapping[str, float] = field(default_factory=dict)
    start: str | None = None
    code: str = ""


def prepare(parent: bool = True) -> int:
    """Make this process a worker, and return its number.

    Args:
        parent: whether to end with the process that started this one.
    """
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers itself
    warnings.simplefilter("ignore")  # those of the runs are in their summaries
    if parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    import pyscl.runner
    import pyscl.storage  # noqa: F401
    from pyscl.sweep.cases import code_identity

    code_identity()
    return os.getpid()


def _end_with_parent() -> None:
    """Wait for the end of the parent, however it ends, and end with all children."""
    import multiprocessing
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    end_children(os.getpid())
    os._exit(1)


def end_children(process: int) -> None:
    """End the processes that a process has started (a mesh generator), if psutil is there."""
    with contextlib.suppress(Exception):
        import psutil

        for child in psutil.Process(process).children(recursive=True):
            child.kill()


def run_task(task: Task) -> dict[str, Any]:
    """Carry out a case; never raises.

    Returns:
        status, reason, numbers, seconds, memory, versions; see `pyscl.sweep.store`. "final" is
        there and true if another attempt cannot help.
    """
    with _ONE_AT_A_TIME:
        begin = time.perf_counter()
        _reset_peak()
        folder = Path(task.scratch)
        elsewhere = not Path(task.study).is_dir()
        if elsewhere:  # no disk that is shared with the study
            folder = Path(tempfile.mkdtemp(prefix="pyscl-case-"))
        try:
            result = _attempt(task, folder)
        finally:
            if elsewhere:
                shutil.rmtree(folder, ignore_errors=True)
        result["memory"] = _peak()
        if result["status"] == "done" and not task.files:
            shutil.rmtree(folder, ignore_errors=True)
        result["seconds"] = time.perf_counter() - begin
        return result


def _attempt(task: Task, folder: Path) -> dict[str, Any]:
    from pyscl.errors import InputError
    from pyscl.runner import execute
    from pyscl.sweep.cases import code_identity
    from pyscl.versions import versions

    result: dict[str, Any] = {
        "status": "failed",
        "reason": "",
        "numbers": {},
        "versions": versions() | {"code": code_identity()},
    }
    try:
        with _memory_limit(task.memory), _time_limit(task.time) as check:
            from pyscl.input.loader import from_data

            run = from_data(task.data, task.directory, task.place)
            done = execute(
                run,
                folder,
                progress=lambda *_: check(),
                steps=lambda *_: check(),
                approach=_approach(task),
            )
        result |= _outcome(done)
    except CaseTimeout:
        result |= {"status": "timeout", "reason": f"not done in {task.time:g} s"}
    except MemoryError:
        result |= {"status": "memory", "reason": f"needs more than {_size(task.memory)}"}
    except InputError as error:
        result["reason"] = str(error)
        if _no_space(error):
            result["status"] = DISK
        elif not _chained(error, OSError):  # bad input stays bad, files may come back
            result["final"] = True
    except Exception as error:
        result["reason"] = f"{type(error).__name__}: {error}"
        if _no_space(error):
            result["status"] = DISK
        elif _chained(error, MemoryError):
            result |= {"status": "memory", "reason": f"needs more than {_size(task.memory)}"}
        else:
            with contextlib.suppress(OSError):
                (folder / "traceback.txt").write_text(traceback.format_exc())
    return result


def _outcome(done: "RunResult") -> dict[str, Any]:
    """Return status, reason and numbers of a run that came to its end."""
    failures = [
        f"{case}: {study.name}: {study.error}"
        for case, studies in done.outcomes.items()
        for study in studies
        if study.error
    ]
    return {
        "status": "failed" if failures else "done",
        "reason": "\n".join(failures),
        "numbers": flatten(done.summary),
    }


def flatten(data: Any, path: str = "") -> dict[str, float]:
    """Return the numbers of a summary by dotted path, without input, versions and times."""
    if isinstance(data, Mapping):
        items = [
            (key, value)
            for key, value in data.items()
            if key not in _LEFT_OUT and not str(key).endswith("seconds")
        ]
    elif isinstance(data, (list, tuple)):
        items = list(enumerate(data))
    elif isinstance(data, (int, float)) and not isinstance(data, bool):
        return {path: data}
    else:
        return {}
    found: dict[str, float] = {}
    for key, value in items:
        if key == "iterations" and isinstance(value, (list, tuple)):
            value = len(value)
        found |= flatten(value, f"{path}.{key}" if path else str(key))
    return found


def _approach(task: Task) -> "Approach":
    """Return how a case is solved."""
    from pyscl.runner import Approach
    from pyscl.study.newton import SolverOptions

    settings: Mapping[str, Any] = task.settings
    options = SolverOptions(**settings) if settings else None
    if task.start is None:
        return Approach(options)
    from pyscl.runner.cases import place_of
    from pyscl.solution import Solution

    begin = Path(task.start)

    def start(case: str, study: str) -> Solution | None:
        path = place_of(begin, case, study) / "solution.h5"
        try:
            return Solution.load(path) if path.is_file() else None
        except Exception:  # whatever is wrong with it, the case can do without
            return None

    return Approach(options, start)


def last_good(folder: Path) -> str | None:
    """Return the newest state in a folder, relative to it."""
    names = ("last_good.h5", "checkpoint.h5", "solution.h5")
    files = [path for name in names for path in folder.rglob(name)]
    if not files:
        return None
    newest = max(files, key=lambda path: path.stat().st_mtime_ns)
    return newest.relative_to(folder).as_posix()


def _no_space(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def _chained(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


def _size(limit: int | None) -> str:
    return f"{limit / 1e9:.3g} GB" if limit else "the memory there is"


@contextlib.contextmanager
def _time_limit(seconds: float | None) -> Iterator[Any]:
    """Raise `CaseTimeout` after some time; yields a function that raises it if the time is over.

    In the main thread a timer interrupts whatever Python does; in others the function is all.
    """
    end = time.monotonic() + seconds if seconds else float("inf")

    def check() -> None:
        if time.monotonic() >= end:
            raise CaseTimeout

    timed = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if not seconds or not timed:
        yield check
        return

    def over(*_: object) -> None:
        raise CaseTimeout

    earlier = signal.signal(signal.SIGALRM, over)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield check
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, earlier)


@contextlib.contextmanager
def _memory_limit(size: int | None) -> Iterator[None]:
    """Let allocations fail beyond what this process has now and its case may have in all."""
    about = _status()
    if size is None or sys.platform != "linux" or not about:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = about["VmSize"] + max(size - about["VmRSS"], 0)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _status() -> dict[str, int]:
    """Return what Linux says of the memory of this process [bytes]; empty elsewhere."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            lines = [line.split() for line in file if line.startswith("Vm")]
    except OSError:
        return {}
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines}


def _reset_peak() -> None:
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def _peak() -> int:
    """Return the largest memory of this process since `_reset_peak` [bytes]."""
    about = _status()
    if "VmHWM" in about:
        return about["VmHWM"]
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
