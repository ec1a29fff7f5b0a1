"""What carries out the cases of a study: processes of this machine, or a cluster of Dask."""

from typing import Any, Protocol

from pyscl.sweep.worker import Task

GRACE = 10.0
"""How long after its time limit a case may go on before its worker is ended [s]."""

CURE = (
    "a script that carries out a study must be a file (not standard input), with the study below "
    "'if __name__ == \"__main__\":'"
)
"""What to do if worker processes cannot start: they import the script that started them."""


class Engine(Protocol):
    """Carries out cases side by side, and survives whatever they do."""

    @property
    def free(self) -> int:
        """How many more cases can begin now."""

    @property
    def running(self) -> int:
        """How many cases are being carried out."""

    def submit(self, name: str, task: Task) -> None:
        """Begin with a case under a name of the caller."""

    def wait(self, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        """Return what has ended, by name; after some time also nothing."""

    def close(self) -> None:
        """End all workers, whatever they do."""


def lost(status: str, reason: str, seconds: float, memory: int = 0) -> dict[str, Any]:
    """Return the result of a case whose worker did not come back."""
    return {
        "status": status,
        "reason": reason,
        "numbers": {},
        "versions": {},
        "seconds": seconds,
        "memory": memory,
    }
