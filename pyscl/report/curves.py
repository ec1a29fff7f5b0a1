"""Curves of a page as figures of plotly.js: convergence, time series, spectra, loops."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyscl.errors import InputError
from pyscl.report.numbers import prefix, unit_text
from pyscl.report.runs import Column
from pyscl.text import time_unit

DASHES = ("solid", "dash", "dot", "dashdot")
_SERIES = (
    ("voltage", "Voltage"),
    ("current", "Current"),
    ("charge_passed", "Charge passed"),
    ("mean_", "Mean site fraction"),
    ("potential_", "Potential at interfaces"),
    ("layer_charge_", "Charge of the layers"),
    ("iterations", "Newton iterations"),
    ("dt", "Time step"),
)
_FEW = 12  # curves of a figure, more are not told apart

Figure = dict[str, Any]


def figures(columns: Sequence[Column]) -> list[Figure]:
    """Return all figures: {"title", "text", "alt", "data", "layout", "group"}.

    Raises:
        InputError: a table of a study is damaged.
    """
    found: list[Figure] = []
    for column in columns:
        found += _course(column)
    found += _spectra(columns) + _loops(columns) + _sweeps(columns)
    return found + _convergence(columns)


def read_table(path: Path) -> dict[str, list[Any]]:
    """Return the columns of a CSV file: head -> numbers, or texts where they are none.

    Raises:
        InputError: the file cannot be read, or its rows have different lengths.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file)
        if any(len(row) != len(head) for row in rows):
            raise ValueError("its rows have different numbers of columns")
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}; repeat the run") from error
    return {name: [_value(row[k]) for row in rows] for k, name in enumerate(head)}


def _value(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else None


def _split(head: str) -> tuple[str, str]:
    """Return (name, unit) of the head "name [unit]"."""
    name, _, unit = head.rpartition(" [")
    return (name, unit.rstrip("]")) if name else (head, "1")


def _label(words: str, unit: str) -> str:
    shown = unit_text(unit)
    return f"{words} ({shown})" if shown else words


def _line(x: Any, y: Any, name: str, number: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "x": x,
        "y": y,
        "name": name,
        "mode": "lines",
        "line": {"width": 2, "dash": DASHES[number % len(DASHES)]},
    } | more


def _convergence(columns: Sequence[Column]) -> list[Figure]:
    """Return the norms of the residual and of the update, iteration by iteration."""
    residuals: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    for column in columns:
        iterations = column.summary.get("history", {}).get("iterations", [])
        if not isinstance(iterations, list) or not iterations:
            continue
        steps = list(range(1, len(iterations) + 1))
        marks = {"mode": "lines+markers", "marker": {"size": 6}}
        where = [
            f"{entry.get('worst_unknown', '')} at "
            f"({1e9 * entry['worst_position'][0]:.4g}, {1e9 * entry['worst_position'][1]:.4g}) nm"
            if entry.get("worst_position")
            else ""
            for entry in iterations
        ]
        hover = "%{y:.3g} in step %{x}<br>largest: %{text}<extra>%{fullData.name}</extra>"
        more = marks | {"text": where, "hovertemplate": hover}
        residual = [_positive(entry.get("residual")) for entry in iterations]
        update = [
            _positive(
                max(
                    entry.get(name) or 0.0
                    for name in ("potential_update", "chemical_update", "polarization_update")
                )
            )
            for entry in iterations
        ]
        residuals.append(_line(steps, residual, column.label, len(residuals), **more))
        updates.append(_line(steps, update, column.label, len(updates), **more))
    if not residuals:
        return []
    axis = {"title": "Newton iteration", "dtick": 1 if max(len(r["x"]) for r in residuals) < 25
            else None, "rangemode": "tozero"}  # fmt: skip
    log = {"type": "log", "dtick": None}
    return [
        {
            "group": "Convergence of the solver",
            "title": "Residual",
            "text": "Norm of the residual of the scaled equations before every Newton update; the "
            "label says where the largest update was.",
            "data": residuals,
            "layout": {"xaxis": axis, "yaxis": {"title": "Norm of the residual (scaled)"} | log},
        },
        {
            "group": "Convergence of the solver",
            "title": "Update",
            "text": "Largest change of an unknown in units of kT/e; the last ones fall "
            "quadratically where the Newton method converges as it should.",
            "data": updates,
            "layout": {"xaxis": axis, "yaxis": {"title": "Largest update (kT/e)"} | log},
        },
    ]


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0.0 else None


def _course(column: Column) -> list[Figure]:
    path = column.folder / "series.csv"
    if not path.is_file():
        return []
    table = read_table(path)
    heads = {_split(head): values for head, values in table.items()}
    time = heads.get(("time", "s"))
    if not time:
        return []
    factor, unit = time_unit(max((abs(t) for t in time if t is not None), default=1.0))
    x = [None if t is None else t / factor for t in time]
    events = [str(event) for event in table.get("event", [""] * len(time))]
    used: set[str] = set()
    found = []
    for start, words in _SERIES:
        curves: dict[str, list[tuple[str, list[Any]]]] = {}
        for (name, its_unit), values in heads.items():
            if name.startswith(start) and name not in used and name != "time":
                used.add(name)
                rest = name.removeprefix(start).strip("_").replace("_", " ")
                curves.setdefault(its_unit, []).append((rest or words, values))
        for its_unit, several in curves.items():
            sizes = [abs(v) for _, values in several for v in values if isinstance(v, float)]
            scale, shown = prefix(max(sizes, default=0.0), its_unit)
            data = [
                _line(x, _divided(values, scale), name, k, text=events,
                      hovertemplate=f"%{{y:.6g}} {shown}<br>%{{x:.6g}} {unit} %{{text}}"
                      "<extra>%{fullData.name}</extra>")
                for k, (name, values) in enumerate(several[:_FEW])
            ]  # fmt: skip
            found.append(
                {
                    "group": f"Course in time: {column.label}",
                    "title": words,
                    "text": "",
                    "data": data,
                    "layout": {
                        "xaxis": {"title": f"Time ({unit})"},
                        "yaxis": {"title": f"{words} ({shown})" if shown else words},
                        "showlegend": len(data) > 1,
                    },
                }
            )
    return found


def _divided(values: Sequence[Any], factor: float) -> list[Any]:
    return [v / factor if isinstance(v, float) else None for v in values]


def _spectra(columns: Sequence[Column]) -> list[Figure]:
    nyquist: list[dict[str, Any]] = []
    size: list[dict[str, Any]] = []
    phase: list[dict[str, Any]] = []
    unit = "Ohm"
    for column in columns:
        path = column.folder / "spectrum.csv"
        if not path.is_file():
            continue
        table = read_table(path)
        heads = list(table)
        if len(heads) < 3:
            raise InputError(f"{path} is no spectrum: it has no columns of an impedance")
        frequency, real, imaginary = (table[head] for head in heads[:3])
        unit = _split(heads[1])[1]
        marks = {"mode": "lines+markers", "marker": {"size": 5}}
        number = len(nyquist)
        nyquist.append(
            _line(real, [-z for z in imaginary], column.label, number, text=frequency,
                  hovertemplate="%{x:.5g} − %{y:.5g} i at %{text:.4g} Hz"
                  "<extra>%{fullData.name}</extra>", **marks)
        )  # fmt: skip
        modulus = [math.hypot(a, b) for a, b in zip(real, imaginary, strict=True)]
        angle = [-math.degrees(math.atan2(b, a)) for a, b in zip(real, imaginary, strict=True)]
        size.append(_line(frequency, modulus, column.label, number, **marks))
        phase.append(_line(frequency, angle, column.label, number, **marks))
    if not nyquist:
        return []
    hertz = {"title": "Frequency (Hz)", "type": "log"}
    group = "Impedance"
    return [
        {"group": group, "title": "Nyquist plot", "data": nyquist,
         "text": "Both axes have the same scale; the label of a point gives its frequency.",
         "layout": {"xaxis": {"title": _label("Re Z", unit), "rangemode": "tozero"},
                    "yaxis": {"title": _label("−Im Z", unit), "scaleanchor": "x"}}},
        {"group": group, "title": "Bode plot, modulus", "data": size, "text": "",
         "layout": {"xaxis": hertz, "yaxis": {"title": _label("|Z|", unit), "type": "log"}}},
        {"group": group, "title": "Bode plot, phase", "data": phase, "text": "",
         "layout": {"xaxis": hertz, "yaxis": {"title": "−Phase (°)"}}},
    ]  # fmt: skip


def _loops(columns: Sequence[Column]) -> list[Figure]:
    data: list[dict[str, Any]] = []
    for column in columns:
        path = column.folder / "loop.csv"
        if path.is_file():
            table = read_table(path)
            _need(path, table, "voltage [V]", "polarization [C/m^2]")
            x, y = table["voltage [V]"], table["polarization [C/m^2]"]
            data.append(_line(x, y, column.label, len(data)))
    if not data:
        return []
    layout = {"xaxis": {"title": "Voltage (V)"}, "yaxis": {"title": "Mean polarization (C/m²)"}}
    return [{"group": "Polarization", "title": "Hysteresis loop", "text": "", "data": data,
             "layout": layout}]  # fmt: skip


def _sweeps(columns: Sequence[Column]) -> list[Figure]:
    """Return the permittivity against what is varied, the first numeric column of its table."""
    data: list[dict[str, Any]] = []
    title, x_title, y_title = "", "", ""
    for column in columns:
        path = column.folder / "permittivity.csv"
        if not path.is_file():
            continue
        table = read_table(path)
        heads = [h for h, v in table.items() if any(isinstance(x, float) for x in v)]
        swept = [h for h in heads if h.startswith(("temperature", "voltage", "field", "bias"))]
        answers = [h for h in heads if "permittivity" in h]
        if not swept or not answers:
            continue
        x_title, y_title = _label(*_split(swept[0])), _label(*_split(answers[0]))
        title = "Relative permittivity"
        marks = {"mode": "lines+markers"}
        data.append(_line(table[swept[0]], table[answers[0]], column.label, len(data), **marks))
    if not data:
        return []
    layout = {"xaxis": {"title": x_title.capitalize()}, "yaxis": {"title": y_title.capitalize()}}
    return [{"group": "Polarization", "title": title, "text": "", "data": data, "layout": layout}]


def _need(path: Path, table: dict[str, list[Any]], *heads: str) -> None:
    for head in heads:
        if head not in table:
            raise InputError(f"{path} has no column '{head}'; it has {', '.join(table)}")
