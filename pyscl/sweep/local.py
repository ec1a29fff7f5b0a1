"""Cases in processes of this machine: one pool of a single worker per core.

Pools of one worker are replaced one by one, so that a worker that dies takes only its own case
with it, and it is known which.
"""

import contextlib
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pyscl.errors import InputError
from pyscl.sweep.engines import CURE, GRACE, lost
from pyscl.sweep.worker import THREADS, Task, end_children, prepare, run_task
from pyscl.threads import usable_cores

CASES_PER_WORKER = 500
"""After which a worker is replaced, so that nothing can pile up in it."""

_LOOK_EVERY = 0.2  # s, at the memory and the time of cases
_MEMORY_GRACE = 1.2  # times the limit, at which a worker is ended from outside
_RESERVE = 0.1  # of the memory of the machine
_IMPORTS = 120.0  # s, that a new worker may take to answer
_CRASHED = "its worker process ended: killed, out of memory, or a crash"
_NO_START = (
    f"worker processes end while they start, before any case; what they said is above: {CURE}"
)


class LocalEngine:
    """Cases in worker processes that live as long as they can.

    Args:
        workers: number of processes; None: as many as there are cores.
        cases: number of cases; there are no more processes than that.
    """

    def __init__(self, workers: int | None = None, cases: int = 1 << 30) -> None:
        self._lanes = [_Lane() for _ in range(min(workers or usable_cores(), cases))]
        self._largest = 0

    @property
    def free(self) -> int:
        """How many more cases can begin now, as far as the memory allows."""
        idle = sum(lane.name is None for lane in self._lanes)
        needed = max([self._largest, *(lane.limit for lane in self._lanes)])
        if not self.running or not needed:
            return idle
        available, total = _memory()
        spare = available - _RESERVE * total
        for lane in self._lanes:  # what running cases may still take
            if lane.name is not None:
                spare -= max(needed - lane.memory(), 0)
        return min(idle, max(int(spare // needed), 0))

    @property
    def running(self) -> int:
        """How many cases are being carried out."""
        return sum(lane.name is not None for lane in self._lanes)

    def submit(self, name: str, task: Task) -> None:
        """Begin with a case; there must be a free worker."""
        next(lane for lane in self._lanes if lane.name is None).begin(name, task)

    def wait(self, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        """Return what has ended, and end what is over its limits."""
        end = time.monotonic() + seconds
        while True:
            busy = {lane.future: lane for lane in self._lanes if lane.future is not None}
            left = max(min(end - time.monotonic(), _LOOK_EVERY), 0.0)
            done, _ = wait(busy, timeout=left, return_when=FIRST_COMPLETED)
            found = []
            for future in done:
                lane = busy[future]
                name = lane.name
                assert name is not None
                result = lane.finish()
                self._largest = max(self._largest, result["memory"])
                found.append((name, result))
            if found or time.monotonic() >= end or not busy:
                return found
            for lane in self._lanes:
                lane.watch()

    def close(self) -> None:
        """End all workers, whatever they do."""
        for lane in self._lanes:
            lane.end()


class _Lane:
    """One worker process, replaced when it is gone."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.future: Future[dict[str, Any]] | None = None
        self.limit = 0
        self._pool: ProcessPoolExecutor | None = None
        self._hello: Future[int] | None = None
        self._process: Any = None
        self._cases = 0
        self._begin = 0.0
        self._time: float | None = None
        self._verdict: tuple[str, str] | None = None
        self._seen = 0

    def begin(self, name: str, task: Task) -> None:
        """Carry out a case; start the worker if there is none."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context)
            with _one_thread():
                self._hello = self._pool.submit(prepare)
            self._process, self._cases = None, 0
        self.name, self._verdict, self._seen = name, None, 0
        self.limit, self._time = task.memory or 0, task.time
        self._begin = time.monotonic()
        self.future = self._pool.submit(run_task, task)

    def memory(self) -> int:
        """Return the memory of the worker and what it started [bytes], 0 if it is not known."""
        import psutil

        worker = self._worker()
        try:
            family = [worker, *worker.children(recursive=True)] if worker else []
            return sum(process.memory_info().rss for process in family)
        except psutil.Error:
            return 0

    def watch(self) -> None:
        """End the worker if its case is over its limits and does not end by itself."""
        if self.future is None or self._verdict:
            return
        if self._worker() is None:
            self._begin = time.monotonic()  # still importing
        elif self._time and time.monotonic() > self._begin + self._time + GRACE:
            self._verdict = "timeout", f"not done in {self._time:g} s, and deaf to interrupts"
            self._kill()
        elif self.limit:
            self._seen = max(self._seen, self.memory())
            if self._seen > _MEMORY_GRACE * self.limit:
                self._verdict = "memory", f"needs more than {self.limit / 1e9:.3g} GB"
                self._kill()

    def finish(self) -> dict[str, Any]:
        """Return the result of the case that has ended."""
        assert self.future is not None
        future, self.future, self.name = self.future, None, None
        try:
            result = future.result()
        except (BrokenProcessPool, EOFError, OSError):
            if not self._verdict and not self._has_answered():
                self.end()
                raise InputError(_NO_START) from None
            status, reason = self._verdict or ("crashed", _CRASHED)
            result = lost(status, reason, time.monotonic() - self._begin, self._seen)
            self.end()
        self._cases += 1
        if self._cases >= CASES_PER_WORKER or result["status"] == "memory":
            self.end()
        return result

    def end(self) -> None:
        """End the worker."""
        if self._pool is None:
            return
        if self._hello is not None:
            with contextlib.suppress(Exception):
                self._hello.result(timeout=_IMPORTS)
        self._kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool, self._hello, self.future, self.name = None, None, None, None

    def _has_answered(self) -> bool:
        """Whether the worker had started before it ended."""
        if self._hello is None or not self._hello.done():
            return False
        return self._hello.exception() is None

    def _kill(self) -> None:
        """End the process, which psutil knows by more than a number that may be in use again."""
        import psutil

        worker = self._worker()
        if worker is not None:
            end_children(worker.pid)
            with contextlib.suppress(psutil.Error):
                worker.kill()

    def _worker(self) -> Any:
        """Return the process of the worker, None until it has answered."""
        if self._process is None and self._hello is not None and self._hello.done():
            import psutil

            with contextlib.suppress(psutil.Error, BrokenProcessPool):
                self._process = psutil.Process(self._hello.result())
        return self._process


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let new processes have one thread for linear algebra."""
    earlier = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in earlier.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _memory() -> tuple[int, int]:
    """Return available and total memory of the machine [bytes]."""
    from pyscl.sweep.samples import MISSING

    try:
        import psutil
    except ImportError:
        raise InputError(MISSING.format(what="a study", package="psutil")) from None
    about = psutil.virtual_memory()
    return about.available, about.total
