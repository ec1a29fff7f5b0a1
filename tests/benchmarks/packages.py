"""The packages that are compared: which are installed, and one run of one of them."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS", "VECLIB_MAXIMUM")


@dataclass(frozen=True)
class Package:
    """A package with a driver.

    Attributes:
        name: for the table.
        module: what is imported to see whether it is there.
        driver: module below `benchmarks`.
        compiles: whether it compiles on first use, which is not counted.
        tasks: that it has a driver for.
    """

    name: str
    module: str
    driver: str
    compiles: bool = False
    tasks: tuple[str, ...] = ("steps", "rest")


PACKAGES = (
    Package("pyscl", "pyscl", "peers.with_pyscl", tasks=("steps", "rest", "adaptive")),
    Package("DOLFINx", "dolfinx", "peers.with_dolfinx", compiles=True),
    Package("NGSolve", "ngsolve", "peers.with_ngsolve"),
    Package("DEVSIM", "devsim", "peers.with_devsim"),
    Package("scikit-fem", "skfem", "peers.with_skfem"),
    Package("FiPy", "fipy", "peers.with_fipy", tasks=("steps",)),
)


def find_pythons(given: Sequence[str] = ()) -> list[str]:
    """Return the Pythons to look for packages in.

    Args:
        given: by the user; before those of PYSCL_BENCHMARK_PYTHONS (separated like PATH), this
            one and that of the system.
    """
    named = os.environ.get("PYSCL_BENCHMARK_PYTHONS", "").split(os.pathsep)
    found = [*given, *filter(None, named), sys.executable, "/usr/bin/python3"]
    return [p for p in dict.fromkeys(found) if Path(p).exists()]


def installed(
    packages: Iterable[Package], pythons: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """Return the first Python that can import each package, and the names that none can."""
    where, missing = {}, []
    for package in packages:
        for python in [sys.executable] if package.name == "pyscl" else pythons:
            command = [python, "-c", f"import {package.module}"]
            done = subprocess.run(command, env=environment(), cwd="/", capture_output=True)
            if done.returncode == 0:
                where[package.name] = python
                break
        else:
            missing.append(package.name)
    return where, missing


def run_once(
    python: str, driver: str, arguments: Sequence[str], core: int | None, timeout: float = 7200.0
) -> dict[str, Any]:
    """Return what a driver measured in a process of its own, with one thread on one core.

    Args:
        python: the interpreter.
        driver: module below `benchmarks`.
        arguments: of the driver.
        core: number of the core, or None for any.
        timeout: [s]; a run that takes longer counts as failed.
    """

    def pin() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    command = [python, "-m", f"benchmarks.{driver}", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=TESTS,
            env=environment(),
            capture_output=True,
            text=True,
            preexec_fn=pin,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {timeout:g} s"}
    answers = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not answers:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return {"failed": f"ended with {done.returncode}: {last}"}
    return json.loads(answers[-1])


def environment() -> dict[str, str]:
    """Return the environment of a run: one thread, and the same pyscl as here."""
    spec = importlib.util.find_spec("pyscl")
    paths = [str(Path(spec.origin).parent.parent)] if spec and spec.origin else []
    threads = {f"{name}_NUM_THREADS": "1" for name in _THREADS}
    return os.environ | threads | {"PYTHONPATH": os.pathsep.join(paths)}


def cores() -> set[int]:
    """Return the cores this process may use."""
    return os.sched_getaffinity(0)
