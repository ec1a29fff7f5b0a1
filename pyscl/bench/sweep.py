"""The benchmark of studies: many tiny cases against the loop of single runs."""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

CASES = 200
HEAD = (
    "workers",
    "cases",
    "start [s]",
    "cases/s",
    "efficiency",
    "per case [ms]",
    "single run [ms]",
    "overhead [ms]",
    "memory [MB]",
    "growth [MB]",
)
_NM = 1e-9  # m
_SINGLE = 30  # runs that are timed
_WARM = 3  # runs that are not


@dataclass(frozen=True)
class SweepResult:
    """Times of one study.

    Attributes:
        workers: processes.
        cases: number of cases.
        start_seconds: until every worker has finished its first case [s].
        rate: cases after that [1/s].
        efficiency: rate over that of the same number of workers, each as fast as a single one.
        single_seconds: of a single run in a loop [s].
        memory: largest of a worker, in the last tenth of the cases [bytes].
        growth: median over the last tenth of the cases less that over the first one [bytes].
    """

    workers: int
    cases: int
    start_seconds: float
    rate: float
    efficiency: float
    single_seconds: float
    memory: int
    growth: int

    @property
    def overhead_seconds(self) -> float:
        """What a case takes in a worker beyond a single run [s]."""
        return self.workers / self.rate - self.single_seconds

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table, in the order of `HEAD`."""
        return (
            str(self.workers),
            str(self.cases),
            f"{self.start_seconds:.2f}",
            f"{self.rate:.1f}",
            f"{self.efficiency:.0%}",
            f"{1e3 * self.workers / self.rate:.1f}",
            f"{1e3 * self.single_seconds:.1f}",
            f"{1e3 * self.overhead_seconds:.1f}",
            f"{self.memory / 1e6:.0f}",
            f"{self.growth / 1e6:+.1f}",
        )


def run_sweep_benchmark(
    cases: int = CASES, workers: tuple[int, ...] | None = None
) -> list[SweepResult]:
    """Time studies of a tiny strip with one worker, and with as many as there are cores.

    Args:
        cases: of every study.
        workers: numbers of processes instead.

    Raises:
        InputError: a package of `pyscl[sweep]` is missing.
    """
    results: list[SweepResult] = []
    with tempfile.TemporaryDirectory(prefix="pyscl-bench-") as folder:
        place = Path(folder)
        _write_mesh(place / "strip.msh")
        single = _single(place)
        for number in workers or tuple(sorted({1, os.cpu_count() or 1})):
            results.append(_study(place, cases, number, single, results))
    return results


def _study(
    place: Path, cases: int, workers: int, single: float, earlier: list[SweepResult]
) -> SweepResult:
    from pyscl.sweep.definition import make_study
    from pyscl.sweep.drive import Counts, run_study

    seen: list[tuple[int, float]] = []

    def progress(counts: Counts) -> None:
        seen.append((counts.finished, time.perf_counter()))

    grid = {"from": "1 mV", "to": "10 mV", "points": cases}
    axes = {"bias": {"path": "studies.1.steady.bias.right", "linspace": grid}}
    study = make_study(f"bench-{workers}", directory=place, base=_run(), axes=axes)
    begin = time.perf_counter()
    run_study(study, place / study.name, workers=workers, progress=progress)
    first = next(k for k, (finished, _) in enumerate(seen) if finished >= workers)
    (done, start), (_, end) = seen[first], seen[-1]
    rate = (cases - done) / (end - start)
    alone = next((r.rate for r in earlier if r.workers == 1), rate if workers == 1 else np.nan)
    memory = _memory(place / study.name)
    tenth = max(cases // 10, 1)
    return SweepResult(
        workers=workers,
        cases=cases,
        start_seconds=start - begin,
        rate=rate,
        efficiency=float(rate / (workers * alone)),
        single_seconds=single,
        memory=int(max(memory[-tenth:])),
        growth=int(np.median(memory[-tenth:]) - np.median(memory[:tenth])),
    )


def _memory(folder: Path) -> list[int]:
    """Return the memory of the cases in the order in which they were stored."""
    import json

    files = sorted(folder.glob("cases/*/result.json"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(path.read_text())["memory"] for path in files]


def _single(place: Path) -> float:
    """Return the time of one run in a loop [s]."""
    from pyscl.input.loader import from_data
    from pyscl.runner import execute

    times = []
    for _ in range(_WARM + _SINGLE):
        begin = time.perf_counter()
        execute(from_data(_run(), place), place / "single")
        times.append(time.perf_counter() - begin)
    return float(np.mean(times[_WARM:]))


def _run() -> dict[str, Any]:
    carrier = {"name": "Li", "charge": 1, "site_density": "2e26 1/m^3", "site_fraction": 0.5}
    conducting = carrier | {"conductivity": "1 mS/cm"}
    return {
        "mesh": {"file": "strip.msh", "unit": "nm"},
        "regions": {
            "a": {"relative_permittivity": 10, "carriers": [conducting]},
            "b": {
                "relative_permittivity": 30,
                "carriers": [conducting | {"standard_potential": "0.2 eV"}],
            },
        },
        "contacts": {
            "left": {"kind": "reservoir", "carrier": "Li", "potential": "neutral"},
            "right": {
                "kind": "reservoir",
                "carrier": "Li",
                "electrochemical_potential": "0 eV",
                "potential": "neutral",
            },
        },
        "studies": ["equilibrium", {"steady": {"bias": {"right": "10 mV"}}}],
        "output": {"figures": False},
    }


def _write_mesh(path: Path) -> None:
    from pyscl.mesh import graded, strip

    half = graded(10 * _NM, 0.2 * _NM, 1.3, 1 * _NM)
    x = np.concatenate([10 * _NM - half[::-1], 10 * _NM + half[1:]])
    strip(x, 2 * _NM, 2, [("a", 10 * _NM), ("b", 20 * _NM)]).write(path, unit="nm")
