"""Instruction counts of assembly and Newton steps against stored bounds, by valgrind's callgrind.

Counts do not depend on how busy a machine is. `cd tests && python -m benchmarks.instructions`
compares with `instruction_bounds.json` and fails if one is exceeded; `--write` stores new bounds,
which is a decision to be explained in the commit. The core must be built for any processor
(`pip install . -C cmake.define.PYSCL_NATIVE=OFF`): valgrind does not know the newest instructions.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .packages import TESTS, environment

BOUNDS = Path(__file__).with_name("instruction_bounds.json")
TOLERANCE = 0.10
"""More than this share above the stored count is a regression. Repeated runs differ by 1e-4, the
exponential of the C library on another processor by a few hundredths."""

UNITS = {"residual": "triangle", "residual and Jacobian": "triangle"}


class CannotCount(Exception):
    """Something that the count needs is missing; says what."""


@dataclass(frozen=True)
class Excess:
    """A count above its bound."""

    name: str
    count: float
    bound: float

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.count:.0f} instructions per {unit_of(self.name)}, "
            f"{self.count / self.bound - 1.0:+.1%} against the stored {self.bound:.0f}"
        )


def unit_of(name: str) -> str:
    """Return what a count is divided by."""
    return UNITS.get(name.split(",")[0], "node")


def count(python: str = sys.executable) -> dict[str, float]:
    """Return the instructions per triangle or node of every piece of work.

    Args:
        python: an interpreter that finds pyscl.

    Raises:
        CannotCount: valgrind, its headers or a compiler is missing, or valgrind does not know an
            instruction of the core.
    """
    for tool in ("valgrind", "cc"):
        if shutil.which(tool) is None:
            raise CannotCount(f"{tool} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        marks = Path(folder) / "marks.so"
        source = Path(__file__).with_name("count_marks.c")
        built = subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", str(marks), str(source)],
            capture_output=True,
            text=True,
        )
        if built.returncode != 0:
            raise CannotCount(f"count_marks.c: {built.stderr.strip().splitlines()[0]}")
        done = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", "--instr-atstart=no"),
                f"--callgrind-out-file={folder}/counts",
                *(python, "-m", "benchmarks.counted_work", str(marks)),
            ],
            cwd=TESTS,
            env=environment() | {"PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
        )
        if "Unrecognised instruction" in done.stderr or done.returncode in (-4, 132):
            raise CannotCount(
                "valgrind does not know an instruction of this core; install it with "
                "-C cmake.define.PYSCL_NATIVE=OFF"
            )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        divisors = json.loads(done.stdout.splitlines()[-1])
        totals = dict(read_counts(file) for file in Path(folder).glob("counts.*"))
    return {name: totals[name] / divisors[name] for name in divisors}


def read_counts(file: Path) -> tuple[str, int]:
    """Return the name that was given to a dump of callgrind, and its instructions."""
    text = file.read_text()
    name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
    total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
    return (name.group(1) if name else "", int(total.group(1)) if total else 0)


def excesses(counts: dict[str, float], bounds: dict[str, float]) -> list[Excess]:
    """Return what is above its bound by more than `TOLERANCE`.

    Raises:
        KeyError: a count without bound, or a bound without count.
    """
    if counts.keys() != bounds.keys():
        raise KeyError(f"counts and bounds differ: {sorted(counts.keys() ^ bounds.keys())}")
    return [
        Excess(name, counts[name], bounds[name])
        for name in bounds
        if counts[name] > bounds[name] * (1.0 + TOLERANCE)
    ]


def stored_bounds() -> dict[str, float]:
    """Return the stored counts."""
    return json.loads(BOUNDS.read_text())["instructions"]


def main() -> int:
    """Count, print and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="store the counts as new bounds")
    args = parser.parse_args()
    counts = count()
    bounds = stored_bounds() if BOUNDS.exists() else {}
    for name, value in counts.items():
        against = f" ({value / bounds[name] - 1.0:+.1%})" if name in bounds else ""
        print(f"{name:36} {value:12.0f} per {unit_of(name)}{against}")
    if args.write:
        from pyscl import _core

        stored = {
            "build": _core.build_information(),
            "tolerance": TOLERANCE,
            "instructions": {name: round(value, 1) for name, value in counts.items()},
        }
        BOUNDS.write_text(json.dumps(stored, indent=1) + "\n")
        return 0
    found = excesses(counts, bounds)
    for excess in found:
        print(excess, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
