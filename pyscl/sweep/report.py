"""A report of a study: one HTML file with tables and figures, nothing else is needed to read it."""

import base64
import html
import io
import json
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pyscl.errors import InputError
from pyscl.storage.atomic import replaced
from pyscl.sweep.analysis import Interval, effect_sizes, outputs_of, paired
from pyscl.sweep.axes import SAMPLE
from pyscl.sweep.dataset import load
from pyscl.sweep.sensitivity import sensitivity
from pyscl.text import time_text

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

NAME = "report.html"

_MOST_CASES = 50  # without a result that are listed
_MOST_PANELS = 12
_LEVELS = 8  # of an axis that are listed
_STYLE = """
body { font: 15px/1.45 sans-serif; color: #222; max-width: 62em; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em }
table { border-collapse: collapse; margin: .6em 0 } caption { text-align: left; color: #555 }
th, td { padding: .15em .9em .15em 0; text-align: left; vertical-align: top }
th { border-bottom: 1px solid #999 } td.n { text-align: right; font-variant-numeric: tabular-nums }
img { max-width: 100%; display: block; margin: .8em 0 } p.note { color: #555 }
code { font-size: .9em }
"""


def write_report(folder: str | PathLike[str], out: str | PathLike[str] | None = None) -> Path:
    """Write the report of a study and return its path.

    Args:
        folder: of the study, also while it runs.
        out: the file; default: report.html in the folder.

    Raises:
        InputError: no study in the folder, or the report cannot be written.
    """
    dataset = load(folder)
    target = Path(out) if out is not None else Path(folder) / NAME
    title = html.escape(dataset.attrs["title"] or Path(folder).name)
    body = "\n".join(_sections(dataset))
    text = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n{body}\n</body></html>\n"
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    with replaced(target) as partial:
        partial.write_text(text, encoding="utf-8")
    return target


def _sections(dataset: "xarray.Dataset") -> Iterator[str]:
    counts = json.loads(dataset.attrs["counts"])
    shown = ", ".join(f"{number} {status}" for status, number in counts.items())
    seconds = dataset["seconds"].values
    spent = float(np.nansum(seconds)) if np.isfinite(seconds).any() else 0.0
    memory = dataset["memory"].values
    needs = f", at most {np.nanmax(memory) / 1e6:.0f} MB" if np.isfinite(memory).any() else ""
    yield f"<p>{dataset.attrs['cases']} cases: {shown}; {time_text(spent)} in all{needs}.</p>"
    yield "<h2>Axes</h2>" + _table(("axis", "in the run file", "unit", "levels"), _axes(dataset))
    names = outputs_of(dataset)
    if names:
        head = ("output", "unit", "least", "median", "largest", "value")
        yield "<h2>Outputs</h2>" + _table(head, _outputs(dataset, names), numbers=(2, 3, 4))
    yield _without_result(dataset)
    for name in names:
        if not np.isfinite(dataset[name].values).any():
            continue
        yield f"<h2>{html.escape(str(dataset[name].attrs['long_name']))}</h2>"
        yield from _figures(dataset, name)
    yield "<h2>Provenance</h2>" + _table(("", ""), _provenance(dataset))


def _axes(dataset: "xarray.Dataset") -> list[list[str]]:
    rows = []
    for name, axis in dataset.coords.items():
        levels = axis.values
        if levels.dtype.kind in "fiu" and len(levels) > _LEVELS:
            text = f"{len(levels)} from {levels.min():.4g} to {levels.max():.4g}"
        else:
            words = [f"{v:.6g}" if levels.dtype.kind == "f" else str(v) for v in levels[:_LEVELS]]
            more = f", ... ({len(levels)})" if len(levels) > _LEVELS else ""
            text = ", ".join(words) + more
        unit = axis.attrs.get("units", "")
        rows.append([str(name), axis.attrs.get("path", ""), "" if unit == "1" else unit, text])
    return rows


def _outputs(dataset: "xarray.Dataset", names: Sequence[str]) -> list[list[str]]:
    rows = []
    for name in names:
        values = dataset[name].values[np.isfinite(dataset[name].values)]
        ends = np.quantile(values, [0.0, 0.5, 1.0]) if values.size else [np.nan] * 3
        about = dataset[name].attrs
        unit = "" if about["units"] == "1" else about["units"]
        rows.append([name, unit, *(f"{value:.5g}" for value in ends), about["value"]])
    return rows


def _without_result(dataset: "xarray.Dataset") -> str:
    """Return the table of the cases that have no result."""
    status = dataset["status"].values
    places = np.argwhere((status != "done") & (status != "missing"))
    if not len(places):
        return ""
    axes = [str(name) for name in dataset.coords]
    rows = []
    for place in places[:_MOST_CASES]:
        case = dataset.isel(dict(zip(dataset["status"].dims, map(int, place), strict=True)))
        values = [case[axis].values[()] for axis in axes]
        texts = [f"{v:.6g}" if isinstance(v, float) else str(v) for v in values]
        reason = str(case["reason"].values).partition("\n")[0]
        rows.append([f"{float(case['number']):.0f}", *texts, str(case["status"].values), reason])
    more = len(places) - _MOST_CASES
    note = f'<p class="note">and {more} more</p>' if more > 0 else ""
    return (
        "<h2>Cases without a result</h2>" + _table(["case", *axes, "status", "reason"], rows) + note
    )


def _figures(dataset: "xarray.Dataset", name: str) -> Iterator[str]:
    """Yield the figures that suit the axes of an output."""
    from pyscl.plot import ensembles, sweeps

    values = dataset[name]
    varied = [str(d) for d in values.dims if values.sizes[d] > 1 and d in dataset.coords]
    label = str(values.attrs["long_name"])
    if SAMPLE in values.dims:
        by = varied[0] if varied and values.sizes[varied[0]] <= 6 else None
        yield _image(ensembles.distribution_plot(dataset, name, by=by), f"{label}: distribution")
        if values.dims == (SAMPLE,):
            yield _sensitivity(dataset, name, label)
        return
    seeds = [d for d in varied if str(dataset[d].attrs.get("path", "")).endswith("seed")]
    if seeds:
        yield from _ensemble(dataset, name, label)
        mean = values.mean(seeds, keep_attrs=True)
        dataset, varied = dataset.assign({name: mean}), [d for d in varied if d not in seeds]
        values, label = mean, f"{label}, mean over {', '.join(seeds)}"
    if not varied:
        return
    yield _image(sweeps.main_effects_plot(dataset, name), f"{label}: main effects")
    shares = effect_sizes(dataset, name)
    rest = 1.0 - sum(shares.values())
    texts = [f"{axis} {share:.1%}" for axis, share in shares.items()]
    if len(varied) > 1:
        text = ", ".join([*texts, f"interactions {rest:.1%}"])
        yield f'<p class="note">Part of the variance: {html.escape(text)}.</p>'
    if 2 <= len(varied) <= 3:
        ordered = sorted(varied, key=lambda d: (dataset[d].dtype.kind in "fiu", values.sizes[d]))
        x, y = sorted(ordered[-2:], key=varied.index)
        panels = ordered[0] if len(varied) == 3 else None
        if panels is None or values.sizes[panels] <= _MOST_PANELS:
            yield _image(sweeps.heat_map(dataset, name, x, y, panels=panels), f"{label}: map")


def _ensemble(dataset: "xarray.Dataset", name: str, label: str) -> Iterator[str]:
    """Yield the comparisons of paired cases of an ensemble with the first level of an axis."""
    from pyscl.plot.ensembles import pair_plot

    for axis, levels in dataset.coords.items():
        if levels.dtype.kind in "fiu" or not 2 <= levels.size <= _LEVELS:
            continue
        first, *others = levels.values
        try:
            pairs = {
                f"{other} against {first}": paired(dataset, name, str(axis), other, first)
                for other in others
            }
        except InputError:  # too few pairs
            continue
        yield _image(pair_plot(pairs), f"{label}: pairs of {axis}")
        rows = [[text, *_percent(found.interval)] for text, found in pairs.items()]
        yield _table(("promotion", "mean", "interval of 95 %", "pairs"), rows)


def _percent(found: Interval) -> list[str]:
    return [f"{found.mean:+.2%}", f"{found.low:+.2%} to {found.high:+.2%}", str(found.count)]


def _sensitivity(dataset: "xarray.Dataset", name: str, label: str) -> str:
    from pyscl.plot.ensembles import sensitivity_plot

    try:
        found = sensitivity(dataset, name)
    except InputError as error:
        return f'<p class="note">No sensitivities: {html.escape(str(error))}.</p>'
    labels = {str(c): str(v.attrs.get("long_name", c)) for c, v in dataset.coords.items()}
    return _image(sensitivity_plot(found, labels), f"{label}: sensitivity")


def _provenance(dataset: "xarray.Dataset") -> list[list[str]]:
    rows = [["hash of the base", dataset.attrs["hash"]]]
    texts = dataset.attrs["versions"].splitlines()
    for text in texts:
        versions = json.loads(text)
        rows.append(["versions", ", ".join(f"{name} {value}" for name, value in versions.items())])
    rows.append(["base input", dataset.attrs["base"]])
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    top = "".join(f"<th>{html.escape(text)}</th>" for text in head)
    lines = [
        "".join(
            f'<td class="n">{html.escape(text)}</td>'
            if k in numbers
            else f"<td>{html.escape(text)}</td>"
            for k, text in enumerate(row)
        )
        for row in rows
    ]
    heading = f"<tr>{top}</tr>" if any(head) else ""
    return f"<table>{heading}" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _image(figure: "Figure", about: str) -> str:
    import matplotlib as mpl

    from pyscl.plot.style import STYLE

    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(buffer, format="png", dpi=160)
    data = base64.b64encode(buffer.getvalue()).decode()
    width = round(figure.get_figwidth() * 110)
    return f'<img alt="{html.escape(about)}" width="{width}" src="data:image/png;base64,{data}">'
