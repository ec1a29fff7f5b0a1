"""The tables of a page, as plain data for templates: certificate, materials."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyscl.report.numbers import number, unit_text
from pyscl.report.runs import Column, Run
from pyscl.report.verdicts import entry_of

MARKS = {"passed": "✓", "warned": "!", "failed": "✕", "not applicable": "–"}
_COUNTED = ("validity of the models",)  # their value is a number of warnings
_WORST = ("failed", "warned", "passed", "not applicable")


def certificate(runs: Sequence[Run], columns: Sequence[Column]) -> dict[str, Any] | None:
    """Return the checks as rows over the studies; None if no run has a certificate."""
    if all(run.folder.certificate is None for run in runs):
        return None
    entries = [entry_of(runs, column) for column in columns]
    numbered = [_numbered(entry.get("checks", ())) for entry in entries]
    keys: dict[tuple[str, str, int], dict[str, Any]] = {}
    for checks in numbered:
        for key, check in checks.items():
            keys.setdefault(key, check)
    rows = []
    for (name, place, again), first in keys.items():
        cells = [_cell(checks.get((name, place, again))) for checks in numbered]
        counted = name in _COUNTED
        rows.append(
            {
                "name": name,
                "place": place,
                "meaning": first.get("meaning", ""),
                "limit": "none"
                if counted
                else _with_unit(first.get("limit"), first.get("unit", "1"), 1),
                "cells": cells,
                "status": _worst([cell["status"] for cell in cells]),
            }
        )
    rows.sort(key=lambda row: _WORST.index(row["status"]))
    estimates = [
        {**estimate, "label": column.label}
        for column, entry in zip(columns, entries, strict=True)
        for estimate in entry.get("estimates", ())
    ]
    return {
        "status": _worst([(run.folder.certificate or {}).get("status", "warned") for run in runs]),
        "counts": {
            status: sum(cell["status"] == status for row in rows for cell in row["cells"])
            for status in _WORST
        },
        "columns": [column.label for column in columns],
        "rows": rows,
        "estimates": [_estimate(estimate) for estimate in estimates],
        "assumptions": _unique(entries, "assumptions"),
        "validity": _unique(entries, "validity"),
    }


def _numbered(checks: Sequence[dict[str, Any]]) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return (name, place, how often it came before) -> check; carriers share a region."""
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    for check in checks:
        name, place, again = check["name"], check.get("place", ""), 0
        while (name, place, again) in found:
            again += 1
        found[name, place, again] = check
    return found


def _cell(check: dict[str, Any] | None) -> dict[str, Any]:
    if check is None:
        return {"status": "not applicable", "mark": "", "text": "", "value": None, "meaning": ""}
    status = check.get("status", "not applicable")
    value = check.get("value")
    text = _with_unit(value, check.get("unit", "1"))
    if value is None and status in ("failed", "warned"):
        text = status
    if check["name"] in _COUNTED:
        text = f"{text or 0} {'warning' if value == 1 else 'warnings'}"
    return {
        "status": status,
        "mark": MARKS.get(status, "?"),
        "text": text,
        "value": value,
        "meaning": check.get("meaning", ""),
    }


def _with_unit(value: Any, unit: str, digits: int = 3) -> str:
    if value is None:
        return ""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    return f"{number(float(value), digits)} {unit_text(unit)}".strip()


def _estimate(estimate: Mapping[str, Any]) -> dict[str, Any]:
    relative = estimate.get("relative error")
    return {
        "label": estimate["label"],
        "quantity": estimate.get("quantity", ""),
        "place": estimate.get("place", ""),
        "value": _with_unit(estimate.get("value"), estimate.get("unit", "1")),
        "error": _with_unit(estimate.get("error"), estimate.get("unit", "1")),
        "relative": "" if relative is None else f"{100.0 * relative:.2g} %",
    }


def _worst(found: Sequence[str]) -> str:
    return next((status for status in _WORST if status in found), "not applicable")


def _unique(entries: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(str(line) for entry in entries for line in entry.get(name, ())))


def references(runs: Sequence[Run], columns: Sequence[Column]) -> dict[int, int]:
    """Return with which column each is compared: the reference case, or the first run."""
    found = {}
    for k, column in enumerate(columns):
        wanted = runs[column.run].summary["input"].get("output", {}).get("reference")
        for m, other in enumerate(columns):
            if other.study != column.study or m == k:
                continue
            if len(runs) > 1:
                same = (other.run, other.case) == (0, column.case) and column.run > 0
            else:
                same = wanted is not None and other.case == wanted != column.case
            if same:
                found[k] = m
    return found


def materials(run: Run) -> list[dict[str, Any]]:
    """Return every material of a run once, with its values, their sources and assumptions."""
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for case, entry in run.cases.items():
        for region, material in entry.get("materials", {}).items():
            key = (region, repr(material))
            if key in seen:
                seen[key]["cases"].append(case)
                continue
            seen[key] = {
                "region": region,
                "name": material.get("name", ""),
                "cases": [case],
                "rows": [_origin(origin) for origin in material.get("provenance", ())],
                "lengths": entry.get("screening lengths [m]", {}).get(region, {}),
            }
    return sorted(seen.values(), key=lambda entry: entry["region"])


def _origin(origin: Mapping[str, Any]) -> dict[str, Any]:
    source = origin.get("source") or ""
    if origin.get("assumption"):
        kind = "assumption"
    else:
        kind = "run file" if source == "user" else "source"
    return {
        "property": origin.get("property", ""),
        "value": origin.get("value", ""),
        "range": origin.get("range") or "",
        "temperature": origin.get("temperature") or "",
        "source": "" if source == "user" else source,
        "note": " ".join(str(origin.get("note") or "").split()),
        "kind": kind,
    }
