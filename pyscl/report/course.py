"""The course of transients: figures of their time series, and the steps of their protocols."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyscl.report.curves import Figure, line
from pyscl.report.numbers import number, prefix
from pyscl.report.runs import Column
from pyscl.report.tablefile import read_table, split
from pyscl.text import time_text, time_unit

_SERIES = (
    ("voltage", "Voltage"),
    ("current_density", "Current density"),
    ("current", "Current"),
    ("charge_passed", "Charge passed"),
    ("mean_", "Mean site fraction"),
    ("potential_drop", "Potential drop across the layers"),
    ("potential_", "Potential at interfaces"),
    ("layer_charge_", "Charge of the layers"),
    ("iterations", "Newton iterations"),
    ("dt", "Time step"),
)
_SINGLE = ("voltage", "current_density")  # those of single contacts say the same or less
_HIDES = {"current_density": "current"}  # what is not drawn besides
_FEW = 12  # curves of a figure, more are not told apart
_AMPERE_HOUR = 3600.0  # C/(A h)


@dataclass(frozen=True)
class Series:
    """The time series of a transient.

    Attributes:
        heads: (name, unit) -> values, one per time.
        events: what happened at each time.
    """

    heads: dict[tuple[str, str], list[Any]]
    events: list[str]

    def named(self, name: str) -> list[Any]:
        """Return the values of a column, whatever its unit; empty if there is none."""
        return next((values for (its, _), values in self.heads.items() if its == name), [])

    @property
    def area(self) -> float | None:
        """Return contact area per depth [m], from current and current density; None unknown."""
        density = self.named("current_density")
        currents = [v for (name, unit), v in self.heads.items()
                    if name.startswith("current_") and unit == "A/m"]  # fmt: skip
        best = max(range(len(density)), key=lambda k: abs(density[k] or 0.0), default=None)
        if best is None or not density[best] or not currents:
            return None
        size = max(abs(values[best] or 0.0) for values in currents)
        return size / abs(density[best]) or None

    def areal_charge(self) -> list[float | None]:
        """Return the charge passed per contact area [uAh/cm^2]; empty if the area is unknown."""
        area = self.area
        if area is None or ("charge_passed", "C/m") not in self.heads:
            return []
        unit = _AMPERE_HOUR * 1e-6 / 1e-4  # C/m^2 per uAh/cm^2
        passed = self.heads["charge_passed", "C/m"]
        return [None if q is None else q / area / unit for q in passed]


def series_of(column: Column) -> Series | None:
    """Return the time series of a study; None if it has none.

    Raises:
        InputError: the table is damaged.
    """
    path = column.folder / "series.csv"
    if not path.is_file():
        return None
    table = read_table(path)
    heads = {split(head): values for head, values in table.items()}
    time = heads.get(("time", "s"))
    if not time:
        return None
    return Series(heads, [str(event) for event in table.get("event", [""] * len(time))])


def courses(column: Column) -> list[Figure]:
    """Return the figures of a transient; of other studies none."""
    series = series_of(column)
    if series is None:
        return []
    time = series.heads["time", "s"]
    factor, unit = time_unit(max((abs(t) for t in time if t is not None), default=1.0))
    x = [None if t is None else t / factor for t in time]
    used: set[str] = set()
    found = []
    names = {name for name, _ in series.heads}
    hidden = {hides for shown, hides in _HIDES.items() if shown in names}
    for start, words in _SERIES:
        curves: dict[str, list[tuple[str, list[Any]]]] = {}
        for (name, its_unit), values in series.heads.items():
            if not name.startswith(start) or name in used or name == "time":
                continue
            used.add(name)
            if start in hidden or (start in _SINGLE and start in names and name != start):
                continue
            rest = name.removeprefix(start).strip("_").replace("_", " ").replace("|", " | ")
            curves.setdefault(its_unit, []).append((rest or words, values))
        if start == "charge_passed" and series.areal_charge():
            curves = {"µAh/cm²": [(words, series.areal_charge())]}
        for its_unit, several in curves.items():
            found.append(_figure(column, words, its_unit, several, x, unit, series.events))
    return found


def _figure(
    column: Column, words: str, its_unit: str, several: list[tuple[str, list[Any]]],
    x: list[Any], unit: str, events: list[str],
) -> Figure:  # fmt: skip
    sizes = [abs(v) for _, values in several for v in values if isinstance(v, float)]
    scale, shown = prefix(max(sizes, default=0.0), its_unit)
    data = [
        line(x, [v / scale if isinstance(v, float) else None for v in values], name, k,
             text=events, hovertemplate=f"%{{y:.6g}} {shown}<br>%{{x:.6g}} {unit} %{{text}}"
             "<extra>%{fullData.name}</extra>")
        for k, (name, values) in enumerate(several[:_FEW])
    ]  # fmt: skip
    return {
        "group": f"Course in time: {column.label}",
        "title": words,
        "text": f"{len(several) - _FEW} more are in series.csv." if len(several) > _FEW else "",
        "data": data,
        "layout": {
            "xaxis": {"title": f"Time ({unit})"},
            "yaxis": {"title": f"{words} ({shown})" if shown else words},
            "showlegend": len(data) > 1,
        },
    }


def steps(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return the steps of the protocols of transients, as they are printed.

    Returns:
        label of the study; rows: number, text, reason, end, duration, voltage at the end and
        charge passed per contact area during the step, as texts; early: whether the protocol
        was not carried out to its end.
    """
    found = []
    for column in columns:
        protocol = column.summary.get("protocol")
        if not protocol:
            continue
        passed = _charge_of_steps(column)
        rows, before = [], 0.0
        for entry in protocol:
            at = (entry.get("cycle"), entry.get("step"))
            charge = passed.get(at)
            rows.append(
                {
                    "number": f"{at[0]}.{at[1]}",
                    "text": entry.get("text", ""),
                    "reason": entry.get("reason", ""),
                    "end": time_text(entry["time [s]"], 4),
                    "lasted": time_text(entry["time [s]"] - before, 4),
                    "voltage": number(entry.get("voltage [V]"), 5),
                    "charge": "" if charge is None else number(charge, 4),
                }
            )
            before = entry["time [s]"]
        early = column.summary.get("status") == "ended early"
        found.append({"label": column.label, "rows": rows, "early": early})
    return found


def _charge_of_steps(column: Column) -> dict[tuple[int, int], float]:
    """Return (cycle, step) -> charge passed during it per contact area [uAh/cm^2]."""
    series = series_of(column)
    charge = series.areal_charge() if series else []
    if series is None or not charge:
        return {}
    ends: dict[tuple[int, int], float] = {}
    for cycle, step, value in zip(
        series.named("cycle"), series.named("step"), charge, strict=False
    ):
        if value is not None and cycle is not None and step is not None:
            ends[int(cycle), int(step)] = value
    found, before = {}, charge[0] or 0.0
    for key, value in ends.items():
        change = value - before
        found[key] = 0.0 if math.isclose(value, before, rel_tol=1e-9) else change
        before = value
    return found
