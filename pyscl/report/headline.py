"""The numbers at the top of a page."""

from collections.abc import Sequence

from pyscl.report.numbers import number, percent, quantity, unit_text
from pyscl.report.runs import Column, Run

_MOST = 8


def headline(runs: Sequence[Run], columns: Sequence[Column]) -> list[dict[str, str]]:
    """Return the numbers people ask for first: {"label", "value", "note"}.

    What several cases are compared by comes first, then what a study is made for, then the
    strongest space charge layer of the first study.
    """
    tiles = _comparisons(runs)
    for column in columns:
        tiles += _of_study(column)
    if not tiles:
        tiles += [t for column in columns for t in _resistance(column)]
    return (tiles + _layer(columns))[:_MOST]


def _tile(label: str, value: str, note: str = "") -> dict[str, str]:
    return {"label": label, "value": value, "note": note}


def _comparisons(runs: Sequence[Run]) -> list[dict[str, str]]:
    tiles = []
    first: dict[tuple[str, str], float] = {}
    for number_, run in enumerate(runs):
        for study, row in run.summary["comparison"].items():
            for case, value in row["effective resistance"].items():
                label = "Effective resistance"
                where = case if len(runs) == 1 else f"{run.label}, {case}"
                promoted = row.get("promotion", {}).get(case)
                note = f"{where}, {study}" if len(row["effective resistance"]) > 1 or len(
                    runs) > 1 else study  # fmt: skip
                if promoted is not None and case != row["reference"]:
                    note += f"; promotion {percent(promoted)} against {row['reference']}"
                before = first.setdefault((study, case), value)
                if number_ and before:
                    note += f"; {percent(value / before - 1.0)} against {runs[0].label}"
                tiles.append(_tile(label, f"{number(value)} {unit_text(row['unit'])}", note))
    return tiles


def _of_study(column: Column) -> list[dict[str, str]]:
    """Return what transients, impedances and studies of the polarization are made for."""
    summary, tiles = column.summary, []
    if column.failed:
        return [_tile("Failed", column.label, "see the section of failures")]
    if "time [s]" in summary:
        for key, value in summary.items():
            if key.startswith("charge passed"):
                unit = key.partition(" [")[2].rstrip("]")
                tiles.append(_tile("Charge passed", quantity(value, unit), column.label))
        if summary.get("reason") not in (None, "end of the protocol"):
            tiles.append(_tile("Ended early", summary["reason"], column.label))
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
                text = " / ".join(number(v, 3) for v in values)
                tiles.append(_tile(words, f"{text} {unit_text(unit)}", column.label))
    return tiles


def _resistance(column: Column) -> list[dict[str, str]]:
    return [
        _tile(
            "Effective resistance",
            f"{number(value)} {unit_text(key.partition(' [')[2].rstrip(']'))}",
            column.label,
        )
        for key, value in column.summary.items()
        if key.startswith("effective resistance [") and value is not None
    ]


def _layer(columns: Sequence[Column]) -> list[dict[str, str]]:
    """Return potential, charge and widths of the layer with the largest charge."""
    for column in columns:
        interfaces = column.summary.get("interfaces", {})
        charged = {
            name: max(abs(s["charge [C/m^2]"]) for s in entry["sides"].values())
            for name, entry in interfaces.items()
        }
        if not charged or max(charged.values()) == 0.0:
            continue
        name = max(charged, key=lambda key: charged[key])
        entry = interfaces[name]
        note = f"{name.replace('|', ' | ')}; {column.label}"
        widths = [
            f"{quantity(side['width [m]'], 'm', 3)} in {region}"
            for region, side in entry["sides"].items()
            if side["width [m]"] is not None
        ]
        tiles = [
            _tile("Potential at the interface", quantity(entry["potential [V]"], "V"), note),
            _tile("Charge of the layer", quantity(charged[name], "C/m^2"), note),
        ]
        if widths:
            value, _, rest = widths[0].partition(" in ")
            more = f"in {rest}" + "".join(f", {width}" for width in widths[1:])
            tiles.append(_tile("Width of the layer", value, f"{more}; {note}"))
        return tiles
    return []
