"""The named quantities of a run: in `summary.json`, as CSV beside the fields, and on the screen."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from pyscl.postprocess.quantities import RUN, Quantity
from pyscl.runner.outcome import StudyOutcome
from pyscl.text import table

FILE = "quantities.csv"

_COLUMNS = (  # head of the printed table, name of the quantity, factor, format
    ("drop [mV]", "potential drop", 1e3, "+.2f"),
    ("charge [uC/cm2]", "layer charge", 1e2, "+.4g"),
    ("1/e width [nm]", "1/e width", 1e9, ".3g"),
    ("centroid [nm]", "centroid width", 1e9, ".3g"),
    ("peak field [MV/m]", "peak field", 1e-6, ".3g"),
)
_SMALLEST = 1e-6  # of the largest charge; smaller layers are not printed
_MOST = 24  # lines on the screen


def summarise_quantities(outcome: StudyOutcome) -> list[dict[str, Any]]:
    """Return the table of the state of a study as plain data, of several states the last."""
    if outcome.solution is None:
        return []
    return [quantity.to_dict() for quantity in outcome.solution.quantities()]


def add_promotions(cases: Mapping[str, Any], comparison: Mapping[str, Any]) -> None:
    """Add the promotion against the reference to the quantities of every case and study."""
    for study, row in comparison.items():
        for case, value in row.get("promotion", {}).items():
            rows = cases[case]["studies"][study].get("quantities")
            if rows is not None:
                how = f"1 - R/R_reference of the effective resistances, against {row['reference']}"
                rows.insert(0, Quantity(RUN, "", "promotion", value, "1", how).to_dict())


def write_quantities(
    outcomes: Mapping[str, list[StudyOutcome]], summary: Mapping[str, Any]
) -> None:
    """Write `quantities.csv` into the folder of every study that has quantities in the summary."""
    for case, studies in outcomes.items():
        for outcome in studies:
            file = outcome.folder / FILE
            rows = summary["cases"][case]["studies"][outcome.name].get("quantities")
            if not rows:
                file.unlink(missing_ok=True)
                continue
            with open(file, "w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, [f.name for f in fields(Quantity)])
                writer.writeheader()
                writer.writerows(rows)


def report_layers(summary: Mapping[str, Any], report: Callable[[str], None]) -> None:
    """Report the layers that hold charge, one line per side; the rest is in the files."""
    sides = list(_sides(summary))
    largest = max((abs(values["layer charge"] or 0.0) for *_, values in sides), default=0.0)
    rows = [
        (*names, *(_text(values.get(name), factor, form) for _, name, factor, form in _COLUMNS))
        for *names, values in sides
        if abs(values["layer charge"] or 0.0) > _SMALLEST * largest
    ]
    if not rows:
        return
    report(f"space charge layers: (all named quantities are in {FILE})")
    head = ("case", "study", "place", "side", *(title for title, *_ in _COLUMNS))
    for line in table(head, rows[:_MOST]):
        report(f"  {line}")
    if len(rows) > _MOST:
        report(f"  ... and {len(rows) - _MOST} more layers")


def _sides(summary: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    """Yield (case, study, place, side, name -> value) of every layer."""
    for case, entry in summary["cases"].items():
        for study, result in entry["studies"].items():
            found: dict[tuple[str, str], dict[str, Any]] = {}
            for row in result.get("quantities", ()):
                if row["side"]:
                    found.setdefault((row["place"], row["side"]), {})[row["name"]] = row["value"]
            for (place, side), values in found.items():
                if "layer charge" in values:
                    yield case, study, place, side, values


def _text(value: float | None, factor: float, form: str) -> str:
    return "-" if value is None else format(value * factor, form)
