"""The tables of a page, as plain data for templates: certificate, quantities, materials."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyscl.report.numbers import number, percent, prefix, unit_text
from pyscl.report.runs import Column, Run

MARKS = {"passed": "✓", "warned": "!", "failed": "✕", "not applicable": "–"}
_ROUNDING = 1e-9  # of the largest value in the same unit; changes of less mean nothing
_WORST = ("failed", "warned", "passed", "not applicable")


def certificate(runs: Sequence[Run], columns: Sequence[Column]) -> dict[str, Any] | None:
    """Return the checks as rows over the studies; None if no run has a certificate."""
    if all(run.folder.certificate is None for run in runs):
        return None
    entries = [_entry(runs, column) for column in columns]
    keys: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in entries:
        for check in entry.get("checks", ()):
            keys.setdefault((check["name"], check.get("place", "")), check)
    rows = []
    for (name, place), first in keys.items():
        cells = []
        for entry in entries:
            found = next(
                (
                    check
                    for check in entry.get("checks", ())
                    if (check["name"], check.get("place", "")) == (name, place)
                ),
                None,
            )
            cells.append(_cell(found))
        rows.append(
            {
                "name": name,
                "place": place,
                "meaning": first.get("meaning", ""),
                "limit": _with_unit(first.get("limit"), first.get("unit", "1"), 1),
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


def _entry(runs: Sequence[Run], column: Column) -> dict[str, Any]:
    cases = (runs[column.run].folder.certificate or {}).get("cases", {})
    entry: dict[str, Any] = cases.get(column.case, {}).get(column.study, {})
    return entry


def _cell(check: dict[str, Any] | None) -> dict[str, Any]:
    if check is None:
        return {"status": "not applicable", "mark": "", "text": "", "value": None}
    status = check.get("status", "not applicable")
    value = check.get("value")
    return {
        "status": status,
        "mark": MARKS.get(status, "?"),
        "text": _with_unit(value, check.get("unit", "1")),
        "value": value,
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


def quantities(columns: Sequence[Column], reference: Mapping[int, int]) -> dict[str, Any]:
    """Return the named quantities as rows over the studies.

    Args:
        columns: the studies.
        reference: column -> the column it is compared with.
    """
    shown = [column for column in columns if named(column)]
    place_of = {id(column): k for k, column in enumerate(columns)}
    keys: dict[tuple[str, str, str, str], str] = {}
    values = []
    for column in columns:
        found = {}
        for entry in named(column):
            key = (entry["place"], entry["side"], entry["name"], entry["unit"])
            note = entry.get("note") or ""
            keys.setdefault(key, "; ".join(t for t in (entry.get("definition", ""), note) if t))
            found[key] = entry["value"]
        values.append(found)
    rows = []
    largest = _largest(values)
    for key, definition in keys.items():
        place, side, name, unit = key
        numbers = [v.get(key) for v in values]
        sizes = [abs(v) for v in numbers if isinstance(v, int | float)]
        factor, shown_unit = prefix(max(sizes, default=0.0), unit)
        cells = []
        for column in shown:
            k = place_of[id(column)]
            value, base = numbers[k], numbers[reference[k]] if k in reference else None
            change = None
            if isinstance(value, int | float) and isinstance(base, int | float) and (
                abs(base) > _ROUNDING * largest[unit]):  # fmt: skip
                change = percent(value / base - 1.0)
            cells.append(
                {"text": number(value / factor) if isinstance(value, int | float) else "",
                 "value": value, "change": change}
            )  # fmt: skip
        rows.append(
            {
                "place": place.replace("|", " | "),
                "side": side,
                "name": name,
                "unit": shown_unit,
                "definition": definition,
                "cells": cells,
            }
        )
    return {"columns": [column.label for column in shown], "rows": rows,
            "compared": sorted({columns[k].label for k in reference.values()})}  # fmt: skip


def _largest(values: Sequence[Mapping[tuple[str, str, str, str], Any]]) -> dict[str, float]:
    """Return the largest size of all values in each unit; what is far below it is rounding."""
    found: dict[str, float] = {}
    for entries in values:
        for (*_, unit), value in entries.items():
            size = abs(value) if isinstance(value, int | float) else 0.0
            found[unit] = max(found.get(unit, 0.0), size)
    return found


def named(column: Column) -> list[dict[str, Any]]:
    """Return the named quantities of a study, of runs without them the results of interfaces."""
    summary = column.summary
    if "quantities" in summary:
        found: list[dict[str, Any]] = summary["quantities"]
        return [{"place": "", "side": "", "definition": ""} | entry for entry in found]
    rows = []
    for place, interface in summary.get("interfaces", {}).items():
        rows += _numbers(interface, place, "")
        for side, values in interface.get("sides", {}).items():
            rows += _numbers(values, place, side)
    for contact, values in summary.get("contacts", {}).items():
        rows += _numbers(values, contact, "")
    return rows + _numbers(summary, "", "", only="effective resistance")


def _numbers(
    values: Mapping[str, Any], place: str, side: str, only: str = ""
) -> list[dict[str, Any]]:
    rows = []
    for key, value in values.items():
        name, _, unit = key.partition(" [")
        if isinstance(value, int | float) and name.startswith(only):
            rows.append(
                {"place": place, "side": side, "name": name, "unit": unit.rstrip("]") or "1",
                 "value": value, "definition": ""}
            )  # fmt: skip
    return rows


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
