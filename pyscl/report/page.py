"""A page about one run, or a comparison of several: everything in one HTML file."""

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from pyscl.errors import InputError
from pyscl.mesh import Mesh
from pyscl.report import inputs, tables
from pyscl.report.blocks import Blocks
from pyscl.report.course import steps
from pyscl.report.curves import figures
from pyscl.report.fields import FieldStore
from pyscl.report.headline import compared, headline
from pyscl.report.numbers import number, quantity, unit_text
from pyscl.report.pictures import pictures
from pyscl.report.quantities import OTHER_ZONE, quantities
from pyscl.report.runs import Column, Run, columns_of, doubts, open_runs, states_of
from pyscl.report.sources import sources
from pyscl.report.verdicts import ended_early
from pyscl.solution import Solution
from pyscl.storage.atomic import check_writable, replaced

SCRIPTS = (
    "blocks",
    "mesh",
    "scale",
    "painter",
    "map",
    "curves",
    "tables",
    "fields",
    "cut",
    "start",
)
MOST_FIELDS = 30_000_000
"""Bytes of fields in a page; the states after that are left out, and the page says so."""


def report(
    runs: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | PathLike[str] | None = None,
) -> Path:
    """Write a self-contained HTML page about a run, or a comparison of several.

    The page needs no network and no other file; it reads only the output folders.

    Args:
        runs: output folder of `pyscl run`, or several.
        out: the file to write; default: report.html in the folder of the run, of several
            comparison.html in the current folder.

    Returns:
        The file.

    Raises:
        InputError: jinja2 or plotly is not installed; a folder does not exist, has not finished
            or is damaged; runs that have nothing in common; the file cannot be written.
    """
    plotly = _library()
    opened = open_runs([runs] if isinstance(runs, str | PathLike) else list(runs))
    single = len(opened) == 1
    target = Path(out) if out else opened[0].folder.path / "report.html" if single else Path(
        "comparison.html")  # fmt: skip
    _check_target(target)
    page = _render(opened, plotly)
    with replaced(target) as partial:
        partial.write_text(page, encoding="utf-8")
    return target


def _library() -> str:
    """Return plotly.js, which draws the curves and the axes of the maps."""
    try:
        import jinja2  # noqa: F401
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise InputError(
            f'a report needs the package {error.name}: pip install "pyscl[report]"'
        ) from error
    return str(get_plotlyjs())


def _check_target(target: Path) -> None:
    """Refuse a file that cannot be written, before anything is read."""
    if target.is_dir():
        raise InputError(f"{target} is a folder; name a file, --out {target / 'report.html'}")
    if target.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"a report is an HTML page; '{target}' must end in .html")
    if not target.parent.exists():
        raise InputError(
            f"cannot write {target}: there is no folder {target.parent}; make it, or name a file "
            "in a folder that exists"
        )
    check_writable(target)


def _render(runs: Sequence[Run], plotly: str) -> str:
    columns = columns_of(runs)
    notes = doubts(runs)
    blocks = Blocks()
    store = FieldStore(blocks)
    states, cited = _states(runs, columns, store, notes)
    meshes = {number_: solution.model.mesh for (number_, _), solution in cited.items()}
    drawn = figures(columns)
    reference = tables.references(runs, columns)
    data = {
        "states": states,
        "meshes": store.meshes,
        "fields": store.names,
        "colours": store.colours(),
        "regions": _region_colours(store),
        "cuts": _cuts(runs),
        "figures": [{"data": f["data"], "layout": f["layout"]} for f in drawn],
        "start": _start(states, reference),
    }
    for state in states:
        del state["column"]
    texts = dict(blocks.texts)
    blocks.texts.clear()
    library = blocks.raw(plotly.encode())
    context = {
        "title": _title(runs),
        "runs": [_run_context(run, meshes.get(k)) for k, run in enumerate(runs)],
        "single": len(runs) == 1,
        "columns": columns,
        "failures": [_failure(column) for column in columns if column.failed],
        "tiles": headline(runs, columns),
        "compared": compared(runs, columns),
        "early": [(c.label, why) for c in columns if (why := ended_early(c))],
        "steps": steps(columns),
        "certificate": tables.certificate(runs, columns),
        "quantities": quantities(columns, reference),
        "groups": _grouped(drawn),
        "pictures": pictures(runs, columns, notes),
        "differences": inputs.run_differences(runs) if len(runs) > 1 else None,
        "sources": sources(runs, cited.values()),
        "notes": notes,
        "has_fields": bool(states),
        "other_zone": OTHER_ZONE,
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        "blocks": {**texts, "plotly": blocks.texts[library]},
        "plotly_version": _plotly_version(),
        "style": _asset("style.css"),
        "script": "\n".join(_asset(f"{name}.js") for name in SCRIPTS),
    }
    return str(_template().render(context))


def _states(
    runs: Sequence[Run], columns: Sequence[Column], store: FieldStore, notes: list[str]
) -> tuple[list[dict[str, Any]], dict[tuple[int, str], Solution]]:
    """Return the states of all studies with their fields, and a solution of every case."""
    states: list[dict[str, Any]] = []
    cited: dict[tuple[int, str], Solution] = {}
    left_out = []
    for number_, column in enumerate(columns):
        lengths = runs[column.run].cases[column.case].get("screening lengths [m]", {})
        debye = {region: entry["debye_length"] for region, entry in lengths.items()}
        for label, solution in _readable(column, notes):
            cited.setdefault((column.run, column.case), solution)
            if store.blocks.size > MOST_FIELDS:
                left_out.append(label)
                continue
            states.append({"label": label, "column": number_} | store.state(solution, debye))
    if left_out:
        notes.append(
            f"the fields of these states are left out, the page would be larger than "
            f"{MOST_FIELDS // 10**6} MB: {', '.join(left_out)}; make a report of fewer runs"
        )
    return states, cited


def _readable(column: Column, notes: list[str]) -> Iterator[tuple[str, Solution]]:
    """Yield the states of a study; of one that failed a damaged file is only a note."""
    try:
        yield from states_of(column)
    except InputError as error:
        if not column.failed:
            raise
        notes.append(str(error))


def _start(states: Sequence[dict[str, Any]], reference: dict[int, int]) -> dict[str, Any]:
    """Return which state stands beside the first one: that of the column it is compared with."""
    if not states:
        return {}
    other = reference.get(states[0]["column"])
    if other is None:
        other = next((k for k, m in reference.items() if m == states[0]["column"]), None)
    found = next((k for k, state in enumerate(states) if state["column"] == other), None)
    return {} if found is None else {"other": str(found)}


def _region_colours(store: FieldStore) -> dict[str, str]:
    from pyscl.plot.style import region_colours

    return region_colours(list(dict.fromkeys(n for mesh in store.meshes for n in mesh["regions"])))


def _cuts(runs: Sequence[Run]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        for name, cut in (run.summary["input"].get("output", {}).get("cuts") or {}).items():
            found.setdefault(name, {"name": name, "from": cut["from"], "to": cut["to"]})
    return list(found.values())


def _title(runs: Sequence[Run]) -> str:
    titles = [run.summary.get("title") or run.label for run in runs]
    if len(runs) == 1:
        return str(titles[0])
    return f"Comparison: {titles[0]}" if len(set(titles)) == 1 else " | ".join(map(str, titles))


def _run_context(run: Run, mesh: Mesh | None) -> dict[str, Any]:
    from datetime import UTC, datetime

    summary = run.summary
    written = datetime.fromtimestamp((run.folder.path / "summary.json").stat().st_mtime, UTC)
    texts = inputs.input_texts(run)
    return {
        "label": run.label,
        "title": summary.get("title") or run.label,
        "status": summary["status"],
        "date": f"{written:%Y-%m-%d %H:%M} UTC",
        "cases": list(run.cases),
        "warnings": summary["warnings"],
        "assumptions": summary["assumptions"],
        "mesh": summary["mesh"],
        "geometry": summary.get("geometry"),
        "versions": summary["versions"],
        "temperature": summary["input"].get("temperature"),
        "materials": tables.materials(run),
        "case_differences": inputs.case_differences(run) if len(run.cases) > 1 else None,
        "texts": texts,
        "command": summary.get("command") or f"pyscl run {texts[0].name}",
        "hash": inputs.input_hash(run),
        "mesh_hash": inputs.mesh_hash(mesh) if mesh else None,
    }


def _failure(column: Column) -> dict[str, Any]:
    iterations = column.summary.get("history", {}).get("iterations") or []
    last = iterations[-1] if isinstance(iterations, list) and iterations else {}
    return {
        "label": column.label,
        "error": column.summary.get("error") or "no message",
        "iterations": len(iterations) if isinstance(iterations, list) else 0,
        "unknown": last.get("worst_unknown"),
        "place": last.get("worst_position"),
        "left": sorted(p.name for p in column.folder.iterdir()) if column.folder.is_dir() else [],
    }


def _grouped(drawn: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for k, entry in enumerate(drawn):
        groups.setdefault(entry["group"], []).append({"number": k, **entry})
    return [{"label": label, "figures": several} for label, several in groups.items()]


def _plotly_version() -> str:
    from importlib.metadata import version

    return version("plotly")


def _asset(name: str) -> str:
    return (files("pyscl.report") / "assets" / name).read_text(encoding="utf-8")


def _template() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pyscl.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"number": number, "quantity": quantity, "unit": unit_text}
    return environment.get_template("page.html")
