"""Curves of a page as figures of plotly.js: convergence, time series, spectra, loops."""

import math
from collections.abc import Sequence
from typing import Any

from pyscl.errors import InputError
from pyscl.report.numbers import unit_text
from pyscl.report.runs import Column
from pyscl.report.tablefile import need, read_table, split

DASHES = ("solid", "dash", "dot", "dashdot")
_MARKS = ("circle", "square", "diamond", "triangle-up", "pentagon", "triangle-down")
Figure = dict[str, Any]


def figures(columns: Sequence[Column]) -> list[Figure]:
    """Return all figures: {"title", "text", "alt", "data", "layout", "group"}.

    Raises:
        InputError: a table of a study is damaged.
    """
    from pyscl.report.course import courses

    found: list[Figure] = []
    for column in columns:
        found += courses(column)
    found += _spectra(columns) + _loops(columns) + _sweeps(columns)
    return found + _convergence(columns)


def _label(words: str, unit: str) -> str:
    shown = unit_text(unit)
    return f"{words} ({shown})" if shown else words


def line(x: Any, y: Any, name: str, number: int = 0, **more: Any) -> dict[str, Any]:
    """Return a curve as plotly.js takes it; `number` chooses the dashes."""
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
        shape = _MARKS[len(residuals) % len(_MARKS)]
        symbols = [shape + "-open" * (entry.get("factorised") is False) for entry in iterations]
        # later curves are drawn smaller, so that equal ones are seen
        size = max(11 - 1.2 * len(residuals), 5)
        marks = {"mode": "lines+markers", "marker": {"size": size, "symbol": symbols}}
        where = [
            f"{entry.get('worst_unknown', '')} at "
            f"({1e9 * entry['worst_position'][0]:.4g}, {1e9 * entry['worst_position'][1]:.4g}) nm"
            if entry.get("worst_position")
            else ""
            for entry in iterations
        ]
        where = [
            text + "<br>factors of an earlier matrix" * (entry.get("factorised") is False)
            for text, entry in zip(where, iterations, strict=True)
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
        residuals.append(line(steps, residual, column.label, len(residuals), **more))
        updates.append(line(steps, update, column.label, len(updates), **more))
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
            "text": "Largest change of an unknown in units of kT/e. Filled points: the matrix was "
            "factorised anew; open points: an earlier factorisation was used again, as is done "
            "close to the solution, where the updates then fall by a steady factor or faster "
            "instead of quadratically.",
            "data": updates,
            "layout": {"xaxis": axis, "yaxis": {"title": "Largest update (kT/e)"} | log},
        },
    ]


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0.0 else None


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
        unit = split(heads[1])[1]
        marks = {"mode": "lines+markers", "marker": {"size": 5}}
        number = len(nyquist)
        nyquist.append(
            line(real, [-z for z in imaginary], column.label, number, text=frequency,
                  hovertemplate="%{x:.5g} − %{y:.5g} i at %{text:.4g} Hz"
                  "<extra>%{fullData.name}</extra>", **marks)
        )  # fmt: skip
        modulus = [math.hypot(a, b) for a, b in zip(real, imaginary, strict=True)]
        angle = [-math.degrees(math.atan2(b, a)) for a, b in zip(real, imaginary, strict=True)]
        size.append(line(frequency, modulus, column.label, number, **marks))
        phase.append(line(frequency, angle, column.label, number, **marks))
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
            need(path, table, "voltage [V]", "polarization [C/m^2]")
            x, y = table["voltage [V]"], table["polarization [C/m^2]"]
            data.append(line(x, y, column.label, len(data)))
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
        x_title, y_title = _label(*split(swept[0])), _label(*split(answers[0]))
        title = "Relative permittivity"
        marks = {"mode": "lines+markers"}
        data.append(line(table[swept[0]], table[answers[0]], column.label, len(data), **marks))
    if not data:
        return []
    layout = {"xaxis": {"title": x_title.capitalize()}, "yaxis": {"title": y_title.capitalize()}}
    return [{"group": "Polarization", "title": title, "text": "", "data": data, "layout": layout}]
