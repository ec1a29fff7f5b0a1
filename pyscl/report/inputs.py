"""Inputs on the page: the run file, what differs between cases and runs, hashes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyscl.input import RunInput
from pyscl.mesh import Mesh
from pyscl.report.numbers import number
from pyscl.report.runs import Run
from pyscl.units import WRITE_UNITS

RUN_FILE = "run.yaml"
_SILENT = ("provenance", "title", "output")


@dataclass(frozen=True)
class InputText:
    """Inputs of a run as text.

    Attributes:
        name: of the file.
        text: its contents, YAML.
        what: one sentence that says what it is.
    """

    name: str
    text: str
    what: str


def input_texts(run: Run) -> list[InputText]:
    """Return the run file as it was written, where the folder has it, and as it was understood."""
    data, readable = _understood(run.summary["input"])
    text = yaml_text(data)
    what = "The inputs as they were understood, defaults included"
    what += ", as a run file." if readable else ", in SI units."
    found = [InputText("input.yaml", text, what)]
    path = run.folder.path / RUN_FILE
    if path.is_file():
        written = path.read_text(encoding="utf-8", errors="replace")
        found.insert(0, InputText(RUN_FILE, written, "The run file as it was written."))
    return found


def yaml_text(data: Any) -> str:
    """Return plain data as YAML in the order given."""
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=96))


def _understood(given: Mapping[str, Any]) -> tuple[Any, bool]:
    """Return the inputs with units, and whether that worked: it is then a run file again."""
    mesh = given["mesh"]
    kept = ("file", "unit", "parts") if mesh.get("file") else tuple(mesh)
    plain = {k: mesh[k] for k in kept if mesh.get(k) not in (None, [], {})}
    try:
        run = RunInput.model_validate({**given, "mesh": plain})
    except ValueError:  # a summary of another version
        return _tidy(given), False
    data = run.model_dump(mode="json", by_alias=True, context=WRITE_UNITS)
    data["mesh"] = {k: data["mesh"][k] for k in plain}
    return _tidy(data), True


def _tidy(data: Any, *, empty: bool = False) -> Any:
    """Leave out what is not set, and where values come from; a variant may be empty."""
    if isinstance(data, Mapping):
        return {
            key: _tidy(value, empty=key == "variants")
            for key, value in data.items()
            if key != "provenance" and value is not None and (empty or value not in ({}, []))
        }
    return [_tidy(value) for value in data] if isinstance(data, list | tuple) else data


def input_hash(run: Run) -> str:
    """Return SHA-256 of the inputs as they were understood, independent of their layout."""
    text = json.dumps(run.summary["input"], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def mesh_hash(mesh: Mesh) -> str:
    """Return SHA-256 of nodes [m], triangles and names of the regions of a mesh."""
    digest = hashlib.sha256(json.dumps(mesh.region_names).encode())
    for array in (mesh.points, mesh.triangles, mesh.region):
        digest.update(array.tobytes())
    return digest.hexdigest()


def case_differences(run: Run) -> dict[str, Any]:
    """Return in which properties of the materials the cases of a run differ."""
    return differences(
        {case: {"regions": entry.get("materials", {})} for case, entry in run.cases.items()}
    )


def run_differences(runs: Sequence[Run]) -> dict[str, Any]:
    """Return in which inputs several runs differ."""
    return differences({run.label: run.summary["input"] for run in runs})


def differences(trees: Mapping[str, Any]) -> dict[str, Any]:
    """Return the leaves in which nested data differ.

    Args:
        trees: name -> nested mappings and lists.

    Returns:
        columns: the names; rows: path, and its text in every tree ("–" where it has none).
    """
    flat = {name: _flat(tree) for name, tree in trees.items()}
    paths = list(dict.fromkeys(path for leaves in flat.values() for path in leaves))
    rows = [
        {"path": path, "cells": [_text(leaves.get(path)) for leaves in flat.values()]}
        for path in paths
        if len({repr(leaves.get(path)) for leaves in flat.values()}) > 1
    ]
    return {"columns": list(flat), "rows": rows}


def _flat(tree: Any, above: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    if isinstance(tree, Mapping):
        items = [(str(key), value) for key, value in tree.items() if key not in _SILENT]
    elif isinstance(tree, list | tuple) and any(isinstance(v, Mapping | list) for v in tree):
        items = [(_name(value, k), value) for k, value in enumerate(tree)]
    else:
        return {above: tree}
    for key, value in items:
        leaves |= _flat(value, f"{above}.{key}" if above else key)
    return leaves


def _name(value: Any, number: int) -> str:
    """Return the name of an element of a list, of those without one its number."""
    return str(value.get("name", number)) if isinstance(value, Mapping) else str(number)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return number(value, 6)
    return ", ".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)
