"""The numbers at the top of a page."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from pyscl.report.course import series_of, steps
from pyscl.report.layers import Layer, strongest
from pyscl.report.numbers import number, percent, quantity, unit_text
from pyscl.report.runs import Column, Run
from pyscl.report.verdicts import ended_early, error_of, failed_checks
from pyscl.text import time_text

Tile = dict[str, str]
"""label, value, note, and status: "failed", "warned" or nothing"""

_MOST_PAIRS = 3
RESISTANCE = "effective resistance"


def headline(runs: Sequence[Run], columns: Sequence[Column]) -> list[Tile]:
    """Return the numbers people ask for first, those that cannot be trusted before all others.

    Of several runs only how their cases differ; `compared` has their numbers. What failed comes
    first, then what cases are compared by, what a study is made for, and the strongest space
    charge layer.
    """
    tiles = [_tile("Failed", c.label, "see the section of failures", "failed") for c in columns
             if c.failed]  # fmt: skip
    compared = _comparisons(runs, columns)
    if len(runs) > 1:  # the others stand in a table
        return tiles + [tile for tile in compared if " against " in tile["label"]]
    tiles += compared
    for column in columns:
        if not column.failed:
            tiles += [_checked(runs, column, tile) for tile in _of_study(column)]
    if not compared and not any(t["status"] != "failed" for t in tiles):
        for column in columns:
            tiles += [_checked(runs, column, tile) for tile in _resistance(runs, column)]
    tiles += _layer(runs, columns)
    return sorted(tiles, key=lambda tile: ("failed", "warned", "").index(tile["status"]))


def _tile(label: str, value: str, note: str = "", status: str = "") -> Tile:
    return {"label": label, "value": value, "note": note, "status": status}


def _checked(runs: Sequence[Run], column: Column, tile: Tile) -> Tile:
    """Return a tile, marked if the certificate of its study failed."""
    failed = failed_checks(runs, column)
    if not failed:
        return tile
    note = f"do not use this number, its certificate failed: {', '.join(failed)}"
    return {**tile, "status": "failed", "note": f"{tile['note']}; {note}"}


def _comparisons(runs: Sequence[Run], columns: Sequence[Column]) -> list[Tile]:
    """Return the resistances of the cases with their errors, and how they differ."""
    tiles = []
    for k, run in enumerate(runs):
        for study, row in run.summary["comparison"].items():
            of = {c.case: c for c in columns if (c.run, c.study) == (k, study)}
            reference, values = row.get("reference"), row["effective resistance"]
            good = [case for case in values if case in of and not failed_checks(runs, of[case])]
            for case, value in values.items():
                if case not in of:
                    continue
                notes = [of[case].label]
                change = row.get("promotion", {}).get(case)
                if change is not None and case != reference and {case, reference} <= set(good):
                    notes.append(
                        f"promotion of the whole resistance {percent(change)} against {reference}"
                    )
                error = error_of(runs, of[case], RESISTANCE)
                shown = _with_error(value, error, row["unit"])
                tile = _tile("Effective resistance", shown, "; ".join(notes))
                tiles.append(_checked(runs, of[case], tile))
            pairs = [p for p in combinations(good, 2) if reference not in p]
            pairs += [(case, reference) for case in good if reference in good and case != reference]
            for one, other in pairs[:_MOST_PAIRS]:
                found = _verdict(runs, of[one], of[other], values[one], values[other])
                where = f"{run.label}: " if len(runs) > 1 else ""
                tiles.append(_tile(f"{where}{one} against {other}", *found))
    return tiles


def _with_error(value: float, error: float | None, unit: str) -> str:
    if error is None:
        return f"{number(value)} {unit_text(unit)}"
    return f"{number(value)} ± {number(error, 2)} {unit_text(unit)}"


def _verdict(
    runs: Sequence[Run], one: Column, other: Column, value: float, base: float
) -> tuple[str, str, str]:
    """Return (difference, what it means beside the errors of discretisation, status)."""
    change = value / base - 1.0 if base else 0.0
    errors = [error_of(runs, c, RESISTANCE) for c in (one, other)]
    shown, where = _small_percent(change), f"effective resistance, {one.study}"
    if None in errors or not base:
        return shown, f"{where}; the error of discretisation is not estimated", ""
    largest = max(e for e in errors if e is not None) / abs(base)
    total = sum(e for e in errors if e is not None) / abs(base)
    size = f"{100.0 * largest:.2g} %"
    if value == base:
        return shown, f"{where}; the same number", ""
    if abs(change) < largest:
        words = f"below the error of discretisation ({size} each): no difference is resolved"
        return shown, f"{where}; {words}", "warned"
    if abs(change) < total:
        words = f"about the error of discretisation ({size} each): refine before relying on it"
        return shown, f"{where}; {words}", "warned"
    return shown, f"{where}; above the error of discretisation ({size} each)", ""


def _small_percent(change: float) -> str:
    """Return a share in percent with two digits, however small it is."""
    digits = next((d for d in (2, 3, 4, 5) if abs(100.0 * change) >= 10.0 ** (1 - d)), 5)
    return percent(change, digits)


def _of_study(column: Column) -> list[Tile]:
    """Return what transients, impedances and studies of the polarization are made for."""
    summary, tiles = column.summary, []
    if "time [s]" in summary:
        tiles += _transient(column)
    spectrum = summary.get("spectrum")
    if spectrum and "low frequency" in spectrum:
        low = spectrum["low frequency"]
        if "resistance [Ohm cm^2]" in low:
            value = f"{number(low['resistance [Ohm cm^2]'])} Ω cm²"
            note = f"{column.label}, at {quantity(low['frequency [Hz]'], 'Hz')}"
            tiles.append(_tile("Resistance at low frequency", value, note))
    loop = summary.get("loop")
    if loop:
        for key, words in (
            ("remanent polarizations [C/m^2]", "Remanent polarization"),
            ("coercive voltages [V]", "Coercive voltages"),
        ):
            values = [v for v in loop.get(key) or () if v is not None]
            if values:
                unit = key.partition(" [")[2].rstrip("]")
                text = " / ".join(quantity(v, unit, 3) for v in values)
                tiles.append(_tile(words, text, column.label))
    return tiles


def _transient(column: Column) -> list[Tile]:
    """Return how far a transient came, its capacities and its range of voltages."""
    tiles, early = [], ended_early(column)
    time = time_text(column.summary["time [s]"], 4)
    if early:
        tiles.append(_tile("Ended early", f"at {time}", f"{column.label}; {early}", "warned"))
    protocol = column.summary.get("protocol") or ()
    if not early:
        note = f"; {len(protocol)} steps" if protocol else ""
        tiles.append(_tile("Time", time, column.label + note))
    series = series_of(column)
    voltage = [v for v in (series.named("voltage") if series else ()) if v is not None]
    if voltage:
        shown = f"{number(min(voltage), 4)} … {number(max(voltage), 4)} V"
        end = f"{column.label}; {number(voltage[-1], 5)} V at the end"
        tiles.append(_tile("Range of the voltage", shown, end))
    charges = [row for entry in steps([column]) for row in entry["rows"] if row["charge"]]
    for row in [row for row in charges if row["charge"] != "0"][:4]:
        note = f"step {row['number']}, {row['text']}; over {row['lasted']}"
        tiles.append(_tile("Capacity of a step", f"{row['charge']} µAh/cm²", note))
    if not charges:
        for key, value in column.summary.items():
            if key.startswith("charge passed"):
                unit = key.partition(" [")[2].rstrip("]")
                note = f"{column.label}; net, after {time}"
                tiles.append(_tile("Charge passed", quantity(value, unit), note))
    return tiles


def _resistance(runs: Sequence[Run], column: Column) -> list[Tile]:
    error = error_of(runs, column, RESISTANCE)
    return [
        _tile(
            "Effective resistance",
            _with_error(value, error, key.partition(" [")[2].rstrip("]")),
            column.label,
        )
        for key, value in column.summary.items()
        if key.startswith("effective resistance [") and value is not None
    ]


def _layer(runs: Sequence[Run], columns: Sequence[Column]) -> list[Tile]:
    """Return drop, charge and widths of the strongest layer of the first study of each run."""
    tiles: list[Tile] = []
    for k in range(len(runs)):
        for column in columns:
            layer = strongest(column) if column.run == k else None
            if layer is not None:
                tiles += [_checked(runs, column, t) for t in _of_layer(runs, column, layer)]
                break
    return tiles


def _of_layer(runs: Sequence[Run], column: Column, layer: Layer) -> list[Tile]:
    note = f"{layer.name.replace('|', ' | ')}; {column.label}"
    if "time [s]" in column.summary:
        note += f"; after {time_text(column.summary['time [s]'], 4)}"
    tiles = []
    drops = [f"{quantity(s.drop, 'V')} in {s.region}" for s in layer.sides if s.drop is not None]
    if layer.drop is not None:
        between = f"between the bulks of both sides: {', '.join(drops)}; {note}"
        tiles.append(_tile("Potential drop", quantity(abs(layer.drop), "V"), between))
    elif drops:
        value, _, where = drops[0].partition(" in ")
        tiles.append(_tile("Potential drop", value, f"bulk of {where} minus interface; {note}"))
    side = layer.main
    error = error_of(runs, column, "layer charge", layer.name)
    relative = f" ± {100.0 * error / layer.charge:.2g} %" if error else ""
    charge = f"space charge per area in {side.region}{relative}; {note}"
    tiles.append(_tile("Charge of the layer", quantity(side.charge, "C/m^2"), charge))
    for name, words, meaning in (
        ("width", "1/e width of the layer", "where the potential has fallen to 1/e"),
        ("centroid", "Centroid of the layer", "centroid of the charge"),
    ):
        widths = [f"{quantity(getattr(s, name), 'm', 3)} in {s.region}" for s in layer.sides
                  if getattr(s, name) is not None]  # fmt: skip
        if widths:
            value, _, rest = widths[0].partition(" in ")
            more = f"in {rest}" + "".join(f", {width}" for width in widths[1:])
            tiles.append(_tile(words, value, f"{more}; {meaning}; {note}"))
            break
    return tiles


def compared(runs: Sequence[Run], columns: Sequence[Column]) -> dict[str, Any] | None:
    """Return the headline numbers of several runs as a table, a row per study; None of one run.

    All rows tell the same layer: the strongest one of the first run.
    """
    if len(runs) < 2:
        return None
    first = next((found for c in columns if c.run == 0 and (found := strongest(c))), None)
    rows = []
    for column in columns:
        failed = failed_checks(runs, column)
        layer = strongest(column, first.name) if first else None
        resistance = next(
            ((v, key.partition(" [")[2].rstrip("]")) for key, v in column.summary.items()
             if key.startswith("effective resistance [") and v is not None), None
        )  # fmt: skip
        shown = ""
        if resistance:
            shown = _with_error(resistance[0], error_of(runs, column, RESISTANCE), resistance[1])
        change = ""
        base = next((c for c in columns if c.run == 0 < column.run
                     and (c.case, c.study) == (column.case, column.study)), None)  # fmt: skip
        if resistance and base and not failed and not failed_checks(runs, base):
            before = base.summary.get(f"effective resistance [{resistance[1]}]")
            if before:
                verdict = _verdict(runs, column, base, resistance[0], before)
                change = f"{verdict[0]}{verdict[1].removeprefix(RESISTANCE + ', ' + column.study)}"
        sides = layer.sides if layer else ()
        status = "failed" if column.failed or failed else "warned" if ended_early(column) else ""
        why = "the solve failed" if column.failed else ended_early(column) or (
            f"certificate failed: {', '.join(failed)}" if failed else "")  # fmt: skip
        rows.append(
            {
                "label": column.label,
                "status": status,
                "why": why,
                "cells": [
                    shown,
                    change,
                    ", ".join(
                        f"{quantity(side.drop, 'V')} in {side.region}"
                        for side in sides
                        if side.drop is not None
                    ),
                    f"{quantity(layer.main.charge, 'C/m^2')} in {layer.main.region}"
                    if layer
                    else "",
                    ", ".join(f"{quantity(s.width, 'm', 3)} in {s.region}" for s in sides
                              if s.width is not None),
                ],
            }
        )  # fmt: skip
    return {
        "layer": first.name.replace("|", " | ") if first else "",
        "heads": [
            "Effective resistance",
            f"Against {runs[0].label}",
            "Potential drop",
            "Charge of the layer",
            "1/e width",
        ],
        "rows": rows,
    }
