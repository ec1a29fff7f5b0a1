"""Study folders without a calculation: study.json and the results of cases, as a sweep has them."""

import hashlib
import itertools
import json
from pathlib import Path


def write_study(folder, axes, numbers, outputs=None, *, base=None, skip=(), method=""):
    """Write a study and return its folder.

    Args:
        folder: is made.
        axes: as of `axis`; those of one dimension are zipped.
        numbers: of the coordinates of a case -> {path: number}, or (status, reason) of a failure,
            which may have {path: number} as a third.
        outputs: by name, as in study.json.
        base: contents of study.json's base.
        skip: numbers of the cases that were not run.
        method: with which samples were drawn.
    """
    folder = Path(folder)
    columns = {}
    for entry in axes:
        values = [(entry["name"], v) for v in entry.get("samples", entry.get("values"))]
        columns.setdefault(entry["dimension"], []).append(values)
    rows = itertools.product(*(zip(*column, strict=True) for column in columns.values()))
    cases = {}
    for number, row in enumerate(rows):
        given = dict(pair for part in row for pair in part)
        place = {entry["name"]: given[entry["name"]] for entry in axes}
        key = hashlib.sha256(json.dumps(place).encode()).hexdigest()[:16]
        if key in cases:
            cases[key]["also"].append({"number": number, "coordinates": place})
            continue
        cases[key] = {"number": number, "coordinates": place, "also": []}
        if number in skip:
            continue
        found = numbers(place)
        status, reason, *more = ("done", "", found) if isinstance(found, dict) else found
        result = {
            "key": key,
            "number": number,
            "coordinates": place,
            "status": status,
            "reason": reason,
            "numbers": more[0] if more else {},
            "seconds": 0.5 + number,
            "memory": 1000 * number,
            "attempts": 1 if status == "done" else 2,
            "versions": {"pyscl": "0.1.0", "python": "3.11"},
        }
        case = folder / "cases" / key
        case.mkdir(parents=True)
        (case / "result.json").write_text(json.dumps(result))
    study = {
        "base": base or {"title": "a study"},
        "axes": axes,
        "outputs": outputs or {},
        "hash": "abc",
        "sampling": {"method": method},
        "cases": cases,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.json").write_text(json.dumps(study))
    return folder


def axis(name, values=None, unit=None, *, dimension=None, **others):
    """Return the entry of an axis in study.json; without values it is a sampled one."""
    entry = {"name": name, "path": f"path.{name}", "unit": unit, "label": "", **others}
    if values is None:
        return entry | {"dimension": "sample"}
    return entry | {"dimension": dimension or name, "values": list(values)}
