"""Several processes of MPI for one calculation: the first one runs pyscl, the others help it.

    mpiexec -n 4 python -m pyscl.linear.ranks run cell.yaml     # the command line of pyscl
    mpiexec -n 4 python -m pyscl.linear.ranks study.py ...      # a script

Whatever asks for the linear solver "mumps" or "auto" is then factorised by all ranks. They wait
for the first one without using their processors, and end with it, however it ends.
"""

import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pyscl.linear.back_end import Values

_NAP = (1e-4, 5e-3)  # s, shortest and longest sleep of a rank that waits
_COMMAND = 7  # tag of the messages


class Team:
    """The ranks that hold shares of the same factors."""

    def __init__(self, comm: Any) -> None:
        """Make a team of the ranks of a communicator of mpi4py."""
        self._comm = comm
        self._shares: dict[int, Any] = {}
        self._released: list[int] = []
        self._lock = threading.RLock()

    @property
    def size(self) -> int:
        """Number of ranks."""
        return int(self._comm.size)

    def call(self, work: Callable[[Any, Any], Any], number: int, data: Any) -> Any:
        """Do a piece of work on all ranks, of which this one is the first.

        Args:
            work: a function of the shares of the ranks (or of the communicator, if there is none
                of this number yet: its result is the share) and of the data, None on the others.
            number: of the shares.
            data: for the first rank.
        """
        with self._lock, _together(self._comm):
            while self._released:
                self._send((None, released := self._released.pop()))
                self._shares.pop(released).destroy()
            self._send((work, number))
            return self._work(work, number, data)

    def release(self, number: int) -> None:
        """Let shares go, with the next call: the ranks must do so at the same time."""
        self._released.append(number)

    def serve(self) -> None:
        """Help the first rank until it stops."""
        while True:
            work, number = self._receive()
            if number is None:
                break
            if work is None:
                self._shares.pop(number).destroy()
            else:
                self._work(work, number, None)
        self._clear()

    def stop(self) -> None:
        """Let the other ranks go."""
        with self._lock:
            self._send((None, None))
            self._clear()

    def _work(self, work: Callable[[Any, Any], Any], number: int, data: Any) -> Any:
        if number in self._shares:
            return work(self._shares[number], data)
        self._shares[number] = work(self._comm, data)
        return None

    def _clear(self) -> None:
        for number in sorted(self._shares):
            self._shares.pop(number).destroy()

    def _send(self, message: Any) -> None:
        for rank in range(1, self.size):
            self._comm.send(message, dest=rank, tag=_COMMAND)

    def _receive(self) -> Any:
        nap = _NAP[0]
        while not self._comm.iprobe(source=0, tag=_COMMAND):
            time.sleep(nap)
            nap = min(1.2 * nap, _NAP[1])
        return self._comm.recv(source=0, tag=_COMMAND)


_serving: Team | None = None


def team() -> Team:
    """Return the ranks that serve this process, or a team of this process alone."""
    if _serving is not None:
        return _serving
    from mpi4py import MPI

    return Team(MPI.COMM_SELF)


def size() -> int:
    """Return the number of ranks that serve this process, itself included."""
    return _serving.size if _serving is not None else 1


def scatter(comm: Any, values: Values | None, counts: Any, kind: "np.dtype[Any]") -> Values:
    """Return the own part of an array of the first rank, dealt out in order.

    Args:
        comm: of mpi4py.
        values: (sum of counts,) on the first rank.
        counts: numbers of values by rank (n_ranks,).
        kind: type of the values.
    """
    own = np.empty(counts[comm.rank], kind)
    comm.Scatterv(None if values is None else [np.asarray(values, kind), counts], own)
    return own


def gather(comm: Any, own: Values, counts: Any) -> Values | None:
    """Return all parts, one after the other, on the first rank; None on the others."""
    everything = np.empty(sum(counts), own.dtype) if comm.rank == 0 else None
    comm.Gatherv(own, None if everything is None else [everything, counts])
    return everything


@contextmanager
def _together(comm: Any) -> Iterator[None]:
    """Let interrupts wait until all ranks are done.

    An exception ends them all: the others do not know of it.
    """
    if comm.size == 1:
        yield
        return
    waiting: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if main else ()
    before = {int(s): signal.signal(s, lambda n, _: waiting.append(n)) for s in signals}
    try:
        yield
    except BaseException:
        _abort(comm)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number in dict.fromkeys(waiting):
        signal.raise_signal(number)


def _abort(comm: Any) -> None:
    traceback.print_exc()
    sys.stderr.flush()
    comm.Abort(1)


def main() -> None:
    """Run a script, or the command line of pyscl, on the first rank; the others serve it."""
    global _serving
    try:
        from mpi4py import MPI
        from petsc4py import PETSc  # noqa: F401 (begins on all ranks at once)
    except ImportError:
        sys.exit("pyscl.linear.ranks needs mpi4py and petsc4py (Debian: python3-petsc4py)")
    ranks = Team(MPI.COMM_WORLD)
    if MPI.COMM_WORLD.rank > 0:
        # The first rank decides what an interrupt means.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            ranks.serve()
        except BaseException:
            _abort(MPI.COMM_WORLD)
        return

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)  # what mpiexec makes of Ctrl-C
    _serving = ranks
    try:
        _run(sys.argv[1:])
    finally:
        ranks.stop()


def _run(arguments: list[str]) -> None:
    if arguments and arguments[0].endswith(".py"):
        import runpy

        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
        return
    from pyscl.cli import main as command_line

    sys.argv = ["pyscl", *arguments]
    command_line()


if __name__ == "__main__":
    from pyscl.linear import ranks  # the module that others import, not __main__

    ranks.main()
