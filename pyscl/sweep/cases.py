"""The cases of a study: what each puts into the run file, and the key that names its result."""

import copy
import functools
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyscl
from pyscl import _core
from pyscl.errors import InputError, unknown_name
from pyscl.input import RunInput
from pyscl.input.loader import assign, validated
from pyscl.materials.yamlfile import YamlFile
from pyscl.meshing.cache import MESHING_VERSION
from pyscl.sweep.axes import VARIANT, Axis, Coordinate
from pyscl.sweep.definition import Study

RESULTS_VERSION = 1
"""Raised with every change of pyscl that changes results; older ones are not found again."""

_LAWS = ("provenance", "polarization.coefficients.provenance")
WITHOUT_EFFECT = (
    "title",
    "output.figures",
    "mesh.cache",
    "mesh.time_limit",
    "mesh.geometry.preview",
    *(f"{names}.{law}" for names in ("regions.*", "variants.*.*") for law in _LAWS),
)
"""Places of a run file that do not change a number; * is any name."""

_NO_EFFECT = {tuple(path.split(".")) for path in WITHOUT_EFFECT}
_DEPTHS = {len(path) for path in _NO_EFFECT}

_MOST_MISTAKES = 5
_VALUE = re.compile(r"(?<= = )[^\n]*?(?=: no )")
"""The value of an axis in a message; unknown names are reported once, whatever the value."""


@dataclass
class Case:
    """One case of a study.

    Attributes:
        number: from 0, in the order of the axes, the last one first.
        coordinates: by axis [its unit].
        overrides: (path, value, axis) of what it puts into the run file, in order.
        key: hash of the effective input, the name of its result.
        also: (number, coordinates) of further cases with the same input.
    """

    number: int
    coordinates: dict[str, Coordinate]
    overrides: tuple[tuple[str, Any, str], ...]
    key: str = ""
    also: list[tuple[int, dict[str, Coordinate]]] = field(default_factory=list)

    def text(self) -> str:
        """Return number and coordinates for people."""
        shown = ", ".join(f"{name} = {_short(value)}" for name, value in self.coordinates.items())
        return f"case {self.number} ({shown})"

    def to_dict(self) -> dict[str, Any]:
        """Return number and coordinates as plain data."""
        also = [{"number": n, "coordinates": place} for n, place in self.also]
        return {"number": self.number, "coordinates": self.coordinates, "also": also}


def _short(value: Coordinate) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def expand_cases(study: Study, axes: Sequence[Axis]) -> list[Case]:
    """Return the different cases of a study, all of them checked.

    Cases with the same effective input are one case; the study gets a note of that.

    Raises:
        InputError: what a case puts into the run file is not valid there.
    """
    cases: dict[str, Case] = {}
    mistakes: dict[str, str] = {}
    total = 0
    study.notes.clear()
    for case in _product(axes):
        total += 1
        try:
            run = validated(effective(study, case, axes))
        except InputError as error:
            for mistake in _apart(str(error)):
                mistakes.setdefault(_VALUE.sub("", mistake), f"{mistake}\n  in {case.text()}")
            if len(mistakes) >= _MOST_MISTAKES:
                break
            continue
        case.key = key_of(run)
        first = cases.setdefault(case.key, case)
        if first is not case:
            first.also.append((case.number, case.coordinates))
    if mistakes:
        raise InputError("\n".join(list(mistakes.values())[:_MOST_MISTAKES]))
    _check_effects(study, axes)
    merged = [case for case in cases.values() if case.also]
    if merged:
        study.notes.append(
            f"{total - len(cases)} of {total} cases have the input of another one and are computed "
            f"once; e.g. {merged[0].text()} and {merged[0].also[0][1]}"
        )
    return list(cases.values())


def _check_effects(study: Study, axes: Sequence[Axis]) -> None:
    """Refuse axes none of whose values changes the input of any case."""
    mistakes = []
    for axis in axes:
        several = len({point.coordinate for point in axis.points}) > 1
        if several and not any(_matters(study, axes, axis, case) for case in _product(axes)):
            message = (
                f"axis '{axis.name}' changes nothing: whatever its value, the input of the cases "
                "is the same (a variant may replace what it sets, or it has no effect on results)"
            )
            mistakes.append(study.error(("axes", axis.name), message, at_key=True))
    if mistakes:
        raise InputError("\n".join(mistakes))


def _matters(study: Study, axes: Sequence[Axis], axis: Axis, case: Case) -> bool:
    """Whether another value of an axis changes the input of a case."""
    here = case.coordinates[axis.name]
    k = next(i for i, point in enumerate(axis.points) if point.coordinate == here)
    others = [*axis.points[k + 1 :], *axis.points[:k]]
    other = next(point for point in others if point.coordinate != here)
    puts: list[tuple[str, Any, str]] = []
    for each in axes:
        if each is axis:
            puts += [(*put, axis.name) for put in other.overrides]
        else:
            puts += [put for put in case.overrides if put[2] == each.name]
    moved = Case(case.number, case.coordinates | {axis.name: other.coordinate}, tuple(puts))
    try:
        keys = {key_of(validated(effective(study, c, axes))) for c in (case, moved)}
    except InputError:
        return True  # it matters so much that the combination is not valid
    return len(keys) > 1


def _apart(message: str) -> list[str]:
    """Return the mistakes of a message that lists several; all but the first line are indented."""
    found: list[str] = []
    for line in message.splitlines():
        if line.startswith(" ") and found:
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def _product(axes: Sequence[Axis]) -> Iterator[Case]:
    """Yield all combinations; axes of one dimension go together."""
    dimensions = list(dict.fromkeys(axis.dimension for axis in axes))
    lengths = {axis.dimension: len(axis.points) for axis in axes}
    for number, places in enumerate(itertools.product(*(range(lengths[d]) for d in dimensions))):
        index = dict(zip(dimensions, places, strict=True))
        points = {axis.name: axis.points[index[axis.dimension]] for axis in axes}
        yield Case(
            number,
            {name: point.coordinate for name, point in points.items()},
            tuple((*put, name) for name, point in points.items() for put in point.overrides),
        )


def effective(study: Study, case: Case, axes: Sequence[Axis] = ()) -> YamlFile:
    """Return the run file with what a case puts into it.

    Args:
        study: with the run file.
        case: of the study.
        axes: of the study, for the units in messages.

    Raises:
        InputError: there is no such place in the run file.
    """
    base = study.base
    file = YamlFile(base.path, base.lines, base.root, copy.deepcopy(base.data))
    units = {axis.name: axis.unit for axis in axes}
    chosen: tuple[str, str] | None = None
    for path, value, axis in case.overrides:
        coordinate = _short(case.coordinates[axis])
        shown = f"{coordinate} {units.get(axis) or ''}".rstrip()
        origin = f"{study.file.place(('axes', axis))}: axis {axis}, {path} = {shown}"
        if path == VARIANT:
            chosen = str(value), origin
            continue
        assign(file, path, copy.deepcopy(value), origin)
    if chosen is not None:
        _choose(file.data, *chosen)
    if not study.input.figures:
        output = file.data.get("output")
        if output is None or isinstance(output, dict):
            file.data["output"] = {**(output or {}), "figures": False}
    return file


def _choose(data: dict[str, Any], variant: str, origin: str) -> None:
    """Make the regions of a variant those of the run, which is left without variants."""
    variants = data.pop("variants", None) or {}
    if variant not in variants:
        raise InputError(f"{origin}: {unknown_name('variant', variant, variants)}")
    data["regions"] = {**data.get("regions", {}), **(variants[variant] or {})}
    if isinstance(data.get("output"), dict):
        data["output"].pop("reference", None)


def key_of(run: RunInput) -> str:
    """Return the hash of all that decides on the numbers of a run, files by their contents."""
    contents = {
        "results": RESULTS_VERSION,
        "pyscl": _core.__version__,
        "meshing": MESHING_VERSION if run.mesh.geometry is not None else 0,
        "run": _plain(run.model_dump(mode="python", by_alias=True)),
    }
    text = json.dumps(contents, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _plain(value: Any, place: tuple[str, ...] = ()) -> Any:
    """Return plain data without what has no effect, with files by their contents."""
    if isinstance(value, Mapping):
        below = ((str(k), v, (*place, str(k))) for k, v in value.items())
        return {key: _plain(item, here) for key, item, here in below if not _without_effect(here)}
    if isinstance(value, Path):
        return contents_of(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item, (*place, str(i))) for i, item in enumerate(value)]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return [str(type(value)), value.tolist() if hasattr(value, "tolist") else repr(value)]


def _without_effect(place: tuple[str, ...]) -> bool:
    return len(place) in _DEPTHS and any(
        len(pattern) == len(place)
        and all(wanted in ("*", name) for wanted, name in zip(pattern, place, strict=True))
        for pattern in _NO_EFFECT
    )


@functools.cache
def code_identity() -> str:
    """Return the hash of the code of pyscl as it is on disk, its compiled core included.

    Looked at once per process, as early as possible: what is imported is what was there then.
    """
    package = Path(pyscl.__file__).parent
    files = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    core = Path(_core.__file__)
    files[core.name] = core
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(f"{name} {_hashed(str(path), 0, 0)}\n".encode())
    return digest.hexdigest()[:16]


def contents_of(path: Path) -> str:
    """Return the hash of a file; the name is enough where there is none."""
    try:
        about = path.stat()
    except OSError:
        return str(path)
    return _hashed(str(path.resolve()), about.st_mtime_ns, about.st_size)


@functools.lru_cache(maxsize=1024)
def _hashed(path: str, _changed: int, _size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chains(cases: Iterable[Case], axis: str | None) -> list[list[Case]]:
    """Return the cases in chains along an axis, one after the other; alone without an axis.

    A chain holds the cases that differ in the coordinate of the axis only, in its order.
    """
    found: dict[str, list[Case]] = {}
    for case in cases:
        rest = {name: value for name, value in case.coordinates.items() if name != axis}
        name = json.dumps(rest) if axis is not None else str(case.number)
        found.setdefault(name, []).append(case)
    return list(found.values())
