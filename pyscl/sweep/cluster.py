"""Cases on a cluster of Dask: a scheduler that runs somewhere, or one that is started here."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from pyscl.errors import InputError
from pyscl.sweep.engines import GRACE, lost
from pyscl.sweep.samples import MISSING
from pyscl.sweep.worker import Task, prepare

LOCAL = "local"
"""Instead of an address: a cluster of processes of this machine."""

_CONNECT = 20.0  # s
_ALLOWED_FAILURES = 1  # workers that a case may take down, on a cluster of our own
_ANOTHER = "another"  # status of a case that came to a worker with another pyscl
_DIFFERENT = (
    "the Dask worker {worker} has {found}, this is {own}; install the same pyscl there and start "
    "its workers again"
)
_CRASHED = "its worker was lost: killed, out of memory, or a crash"


class DaskEngine:
    """Cases as tasks of Dask, which sees to the workers, wherever they are.

    As many cases are handed over as there are workers, so that every one begins at once and its
    time is that of its own. Every worker does one case at a time, however many threads it has.

    Args:
        address: of the scheduler, or "local".
        workers: processes of a local cluster; None: as many as there are cores.
        memory: that one of them may take [bytes], or None.
        connect: how long the scheduler may take to answer [s]; None: 20 s.

    Raises:
        InputError: the scheduler does not answer, a worker has another pyscl, or Dask is not
            installed.
    """

    def __init__(
        self,
        address: str,
        workers: int | None = None,
        memory: int | None = None,
        connect: float | None = None,
    ) -> None:
        try:
            import dask
            from distributed import Client, LocalCluster
        except ImportError:
            message = MISSING.format(what="a cluster", package="dask and distributed")
            raise InputError(message) from None
        self._cluster: Any = None
        self._running: dict[Any, tuple[str, float, float | None]] = {}
        if address == LOCAL:
            settings = {"distributed.scheduler.allowed-failures": _ALLOWED_FAILURES}
            with dask.config.set(settings):
                self._cluster = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    memory_limit=memory or "auto",
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                )
        try:
            self._client = Client(self._cluster or address, timeout=connect or _CONNECT)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"the Dask scheduler at {address} does not answer: {error}; start one with "
                "'dask scheduler', its workers with 'dask worker ADDRESS --nworkers 4 --nthreads 1'"
            ) from None
        own = _identity()()
        try:
            self._refuse(own)
            self._run = _runner(own)
            self._client.register_plugin(_setup(), name="pyscl")
        except BaseException:
            self.close()
            raise

    @property
    def free(self) -> int:
        """How many more cases can begin now."""
        return max(len(self._client.nthreads()) - len(self._running), 0)

    @property
    def running(self) -> int:
        """How many cases are being carried out."""
        return len(self._running)

    def submit(self, name: str, task: Task) -> None:
        """Begin with a case."""
        future = self._client.submit(self._run, dict(vars(task)), pure=False, retries=0)
        self._running[future] = name, time.monotonic(), task.time

    def wait(self, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        """Return what has ended, and give up what is over its time and does not end.

        Raises:
            InputError: a case came to a worker with another pyscl.
        """
        from distributed import wait

        if not self._running:
            time.sleep(min(seconds, 0.2))  # no workers yet
            return []
        with contextlib.suppress(TimeoutError):
            wait(list(self._running), timeout=seconds, return_when="FIRST_COMPLETED")
        found, refused = [], ""
        for future in [future for future in self._running if future.done()]:
            name, begin, _ = self._running[future]
            result = self._result(future, begin)
            if result["status"] == _ANOTHER:  # the others are stored before that ends the study
                refused = result["reason"]
                continue
            found.append((name, result))
            del self._running[future]
            future.release()
        if refused and not found:
            raise InputError(f"{refused}; the results so far are complete")
        return found or self._overdue()

    def close(self) -> None:
        """Give up what is running; end the workers if they are our own."""
        with contextlib.suppress(Exception):
            self._restart(list(self._running))
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)
        if self._cluster is not None:
            with contextlib.suppress(Exception):
                self._cluster.close(timeout=10)

    def _result(self, future: Any, begin: float) -> dict[str, Any]:
        from distributed import KilledWorker

        try:
            result: dict[str, Any] = future.result(timeout=60.0)
        except (KilledWorker, CancelledError) as error:
            return lost("crashed", f"{_CRASHED} ({error})", time.monotonic() - begin)
        return result

    def _refuse(self, own: str) -> None:
        """Refuse workers that have another pyscl."""
        others = {w: found for w, found in self._client.run(_identity()).items() if found != own}
        if others:
            worker, found = next(iter(others.items()))
            raise InputError(_DIFFERENT.format(worker=worker, found=found, own=own))

    def _overdue(self) -> list[tuple[str, dict[str, Any]]]:
        found = []
        for future, (name, begin, limit) in list(self._running.items()):
            taken = time.monotonic() - begin
            if limit and taken > limit + GRACE:
                del self._running[future]
                self._restart([future])
                reason = f"not done in {limit:g} s, and deaf to interrupts"
                found.append((name, lost("timeout", reason, taken)))
        return found

    def _restart(self, futures: list[Any]) -> None:
        """Cancel cases and restart the workers that are at them."""
        if not futures:
            return
        processing = self._client.processing()
        wanted = {future.key for future in futures}
        busy = [worker for worker, keys in processing.items() if wanted & set(map(str, keys))]
        self._client.cancel(futures, force=True)
        if busy:
            self._client.restart_workers(busy, timeout=30, raise_for_error=False)


def _identity() -> Callable[[], str]:
    """Return what says which pyscl there is; workers get it as code, whatever they have."""

    def identity() -> str:
        try:
            import pyscl
        except ImportError:
            return "no pyscl"
        try:
            from pyscl.sweep.cases import code_identity
        except ImportError:
            return f"pyscl {pyscl.__version__}, code unknown"
        return f"pyscl {pyscl.__version__}, code {code_identity()}"

    return identity


def _runner(own: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what carries out a case on a worker, if the worker has the pyscl it should have."""
    identity, status, message = _identity(), _ANOTHER, _DIFFERENT

    def run(task: dict[str, Any]) -> dict[str, Any]:
        found = identity()
        if found != own:
            import socket

            reason = message.format(worker=f"on {socket.gethostname()}", found=found, own=own)
            return {"status": status, "reason": reason}
        from pyscl.sweep.worker import Task, run_task

        return run_task(Task(**task))

    return run


def _setup() -> Any:
    """Return what makes processes of Dask our workers, also those that come later."""
    from distributed import WorkerPlugin

    class Prepare(WorkerPlugin):
        """Imports pyscl before the first case."""

        def setup(self, worker: Any) -> None:
            prepare(parent=False)

    return Prepare()
