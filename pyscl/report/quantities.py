"""The table of named quantities: values side by side, and by how much they differ."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyscl.report.numbers import number, percent, share, shared
from pyscl.report.runs import Column

Key = tuple[str, str, str, str]
"""(place, side, name, unit)"""

_ROUNDING = 1e-10  # of the largest value of the same kind; less is what sums leave of rounding
_OF_ZONES = ("excess", "centroid width", "sheet conductance", "layer resistance")
"""Quantities that are sums over what is nearest to an interface."""


def quantities(columns: Sequence[Column], reference: Mapping[int, int]) -> dict[str, Any]:
    """Return the named quantities as rows over the studies.

    Values that are rounding beside others of their kind are told as such. Quantities that sum
    over the surroundings of an interface are not compared between cases with different
    interfaces: what belongs to an interface changes with those next to it.

    Args:
        columns: the studies.
        reference: column -> the column it is compared with.
    """
    values = [{_key(entry): entry for entry in named(column)} for column in columns]
    shown = [k for k, found in enumerate(values) if found]
    keys: dict[Key, str] = {}
    for found in values:
        for key, entry in found.items():
            keys.setdefault(key, entry.get("definition", ""))
    scales = _scales(values)
    zones = [frozenset(column.summary.get("interfaces", ())) for column in columns]
    rows: list[dict[str, Any]] = []
    for key, definition in keys.items():
        place, side, name, unit = key
        entries = [found.get(key) for found in values]
        numbers = [_real(entry) for entry in entries]
        noise = _ROUNDING * scales[_kind(key)] if unit != "1" else 0.0
        real = [v for v in numbers if v is not None and abs(v) > noise]
        factor, shown_unit = shared(real, unit)
        cells: list[dict[str, Any]] = []
        for k in shown:
            text, why = _text(entries[k], factor, noise, unit)
            cell: dict[str, Any] = {"text": text, "why": why, "value": numbers[k], "change": None}
            if k in reference:
                change = _change(numbers[k], numbers[reference[k]], noise)
                other = bool(side) and zones[k] != zones[reference[k]]
                if change not in (None, "0 %") and other and name.startswith(_OF_ZONES):
                    change, cell["why"] = "other zone", OTHER_ZONE
                cell["change"] = change
            cells.append(cell)
        texts = {cell["text"] for cell in cells}
        rows.append(
            {
                "place": place.replace("|", " | "),
                "side": side,
                "name": name,
                "unit": shown_unit,
                "definition": definition,
                "differs": len(texts) > 1,
                "cells": cells,
            }
        )
    return {
        "columns": [columns[k].label for k in shown],
        "rows": rows,
        "compared": sorted({columns[k].label for k in reference.values()}),
        "other zones": any(c["change"] == "other zone" for row in rows for c in row["cells"]),
    }


OTHER_ZONE = (
    "not compared: the two cases have different interfaces, and the volume nearest to one of them "
    "is shared out differently; the difference would be that of the zones, not of the layer"
)


def _text(
    entry: Mapping[str, Any] | None, factor: float, noise: float, unit: str
) -> tuple[str, str]:
    """Return (what is printed, why) of a quantity."""
    value = _real(entry)
    note = str((entry or {}).get("note") or "")
    if entry is None:
        return "", "the study does not have it"
    if value is None:
        return "–", note or "it has no value here"
    if value and abs(value) <= noise:
        return "0 (rounding)", f"{value:.3g} {unit}, nothing beside the other values of its kind"
    return (share(value) if unit == "1" else number(value / factor)), note


def _change(value: float | None, base: float | None, noise: float) -> str | None:
    if value is None or base is None or base == 0.0 or max(abs(base), abs(value)) <= noise:
        return None
    if abs(base) <= noise:
        return None  # a share of nothing
    if value / base < 0.0:
        return "other sign"
    if value / base > 100.0:
        return f"{number(value / base, 3)}-fold"
    return percent(value / base - 1.0)


def _real(entry: Mapping[str, Any] | None) -> float | None:
    value = None if entry is None else entry["value"]
    return float(value) if isinstance(value, int | float) else None


def _key(entry: Mapping[str, Any]) -> Key:
    return entry["place"], entry["side"], entry["name"], entry["unit"]


def _kind(key: Key) -> tuple[str, str]:
    """Return what a value is measured by: energies by each other, else those of one name."""
    _, _, name, unit = key
    return ("", unit) if unit.startswith("J") else (name, unit)


def _scales(values: Sequence[Mapping[Key, Any]]) -> dict[tuple[str, str], float]:
    """Return the largest size of all values of each kind."""
    found: dict[tuple[str, str], float] = {}
    for entries in values:
        for key, entry in entries.items():
            size = abs(_real(entry) or 0.0)
            found[_kind(key)] = max(found.get(_kind(key), 0.0), size)
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
