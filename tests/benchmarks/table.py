"""Medians, ratios and errors of the runs, as text for the terminal and the documentation."""

import datetime
import os
import platform
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from .cases import CASES, TASKS
from .reference import LIMITS

HEAD = (
    "package", "runs", "CPU [s]", "wall [s]", "CPU / pyscl", "memory [MB]", "Newton", "LU",
    "steps", "charge", "error", "error with time",
)  # fmt: skip

Run = dict[str, Any]


def describe_machine() -> dict[str, str]:
    """Return processor, system, load and date."""
    cpu, memory = platform.processor() or platform.machine(), ""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
        kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
        memory = f", {kilobytes / 2**20:.0f} GiB"
    except (OSError, StopIteration):
        pass
    return {
        "machine": f"{cpu}, {os.cpu_count()} cores{memory}",
        "system": f"{platform.system()} {platform.release()}",
        "load": f"{os.getloadavg()[0]:.1f}",
        "date": datetime.date.today().isoformat(),
    }


def is_quiet() -> bool:
    """Whether nothing else of weight runs, so that seconds mean something."""
    return os.getloadavg()[0] < 0.5


def summarise(runs: list[Run]) -> list[Run]:
    """Return one row for every case, size, task and package: medians over its runs."""
    groups: dict[tuple, list[Run]] = defaultdict(list)
    for run in runs:
        groups[run["case"], run["wanted_nodes"], run["task"], run["package"]].append(run)
    rows = []
    for (case, wanted, task, package), group in groups.items():
        done = [run for run in group if not run.get("failed")]
        row: Run = {"case": case, "wanted_nodes": wanted, "task": task, "package": package}
        row["runs"] = len(done)
        if not done:
            row["failed"] = group[0]["failed"]
            rows.append(row)
            continue
        for key in ("cpu", "wall", "memory", "peak"):
            row[key] = median(run[key] for run in done)
        row |= {k: v for k, v in done[0].items() if k not in row}
        limits = LIMITS.get(case, {})
        row["error"] = _relative(row["charge"], limits.get(task))
        with_time = limits.get("adaptive") if task == "steps" else None
        row["error_with_time"] = _relative(row["charge"], with_time)
        rows.append(row)
    for row in rows:
        own = [r for r in rows if r["package"] == "pyscl" and _same(r, row) and "cpu" in r]
        if own and "cpu" in row:
            row["ratio"] = row["cpu"] / own[0]["cpu"]
    return rows


def _same(a: Run, b: Run) -> bool:
    return all(a[key] == b[key] for key in ("case", "wanted_nodes", "task"))


def _relative(value: float, exact: float | None) -> float | None:
    return None if exact is None else abs(value / exact - 1.0)


def markdown(rows: list[Run], about: dict[str, str], missing: list[str]) -> str:
    """Return the whole report."""
    lines = [f"{about['machine']}; {about['system']}; load {about['load']}; {about['date']}."]
    lines.append("One thread on one core; medians. Versions: " + _versions(rows) + ".")
    if missing:
        lines.append(f"Not installed: {', '.join(missing)}.")
    sections = dict.fromkeys((r["case"], r["wanted_nodes"], r["task"]) for r in rows)
    for case, wanted, task in sections:
        section = [
            r for r in rows if (r["case"], r["wanted_nodes"], r["task"]) == (case, wanted, task)
        ]
        nodes = next((r["nodes"] for r in section if "nodes" in r), wanted)
        title = CASES[case].title if case in CASES else "composite cathode of example 301, 0.1 V"
        what = TASKS.get(task, "steady state from a cold start")
        lines += ["", f"### {title}: {what}, {nodes} nodes", ""]
        lines += ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
        order = sorted(section, key=lambda r: r.get("cpu", float("inf")))
        lines += ["| " + " | ".join(cells(row)) + " |" for row in order]
    return "\n".join(lines) + "\n"


def cells(row: Run) -> list[str]:
    """Return the cells of a row in the order of `HEAD`."""
    if row.get("failed"):
        return [row["package"], "0", row["failed"], *[""] * (len(HEAD) - 3)]
    failed = f" + {row['failed_steps']} failed" if row["failed_steps"] else ""
    return [
        row["package"],
        str(row["runs"]),
        f"{row['cpu']:.2f}",
        f"{row['wall']:.2f}",
        f"{row['ratio']:.2f}" if "ratio" in row else "",
        f"{row['memory']:.0f}",
        str(row["newton"]),
        str(row["factorisations"]),
        f"{row['steps']}{failed}",
        f"{row['charge']:.6g}",
        _percent(row["error"]),
        _percent(row["error_with_time"]),
    ]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _versions(rows: list[Run]) -> str:
    versions = {r["package"]: r["version"] for r in rows if "version" in r}
    return ", ".join(f"{name} {version}" for name, version in versions.items())
