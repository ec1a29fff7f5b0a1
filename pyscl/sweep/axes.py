"""The axes of a study as points: a coordinate, and what it puts into the run file."""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyscl.errors import InputError
from pyscl.materials.schema import no_such
from pyscl.sweep.definition import AxisInput, GridInput, Scale, Study
from pyscl.sweep.samples import draw
from pyscl.units import parse, plain

SAMPLE = "sample"
"""Dimension of all sampled axes."""

VARIANT = "variant"
"""Path that chooses one of the variants of the run file."""

_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
_NAMED = ("regions", "contacts", "interfaces", "variants")
"""Keys below which any name may stand in a run file; axes must name what is there."""
_NEW_NAMES = ("interfaces",)
"""Those of them that also hold what the file does not name."""

Coordinate = float | int | str
Overrides = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Point:
    """One value of an axis.

    Attributes:
        coordinate: number in the unit of the axis, or a label.
        overrides: (path, value) that it puts into the run file.
    """

    coordinate: Coordinate
    overrides: Overrides


@dataclass(frozen=True)
class Axis:
    """One axis with its points.

    Attributes:
        name: of the axis.
        paths: into the run file; none for sets.
        unit: of the coordinates; None for labels.
        dimension: of the array of results: the own name, "a+b" for zipped axes, or "sample".
        points: in order.
        label: for figures.
        bounds: ends of the range that is sampled [`unit`], or None.
        scale: of that range.
        group: of sampled axes that count as one.
    """

    name: str
    paths: tuple[str, ...]
    unit: str | None
    dimension: str
    points: tuple[Point, ...]
    label: str = ""
    bounds: tuple[float, float] | None = None
    scale: Scale = "linear"
    group: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the axis as plain data."""
        values = [point.coordinate for point in self.points]
        path = self.paths[0] if len(self.paths) == 1 else list(self.paths) or None
        common = {
            "name": self.name,
            "path": path,
            "unit": self.unit,
            "label": self.label,
            "dimension": self.dimension,
        }
        if self.bounds is None:
            return common | {"values": values}
        drawn = {"samples": values, "range": list(self.bounds), "scale": self.scale}
        return common | drawn | {"group": self.group}


def split(value: Any) -> tuple[float | int, str] | None:
    """Return number and unit of "10 mV" or 10; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return (value, "") if np.isfinite(value) else None
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return (float(match[1]), match[2]) if match else None


def expand_axes(study: Study) -> list[Axis]:
    """Return the axes of a study with their points, ranges sampled.

    Raises:
        InputError: units that do not fit, values that are no axis, values given twice, paths that
            are not in the run file; each with its place in the study file.
    """
    mistakes: list[str] = []
    axes: list[Axis] = []
    dimensions = {name: "+".join(group) for group in study.input.zip for name in group}
    ranges: dict[str, tuple[float, float, str, Scale]] = {}
    for name, given in study.input.axes.items():
        try:
            _check_paths(study, name, given)
            if given.sampled:
                ranges[name] = _bounds(study, name, given)
            else:
                points, unit = _points(name, given)
                if name not in dimensions:
                    _check_points(given, points)
                paths = () if given.kind == "sets" else given.paths(name)
                dimension = dimensions.get(name, name)
                axes.append(Axis(name, paths, unit, dimension, tuple(points), given.label))
        except _Mistake as mistake:
            place = ("axes", name, *mistake.location)
            mistakes.append(study.error(place, str(mistake), at_key=mistake.at_key))
    mistakes += _unequal(study, axes) + _overlapping(study)
    if mistakes:
        raise InputError("\n".join(mistakes))
    axes += _sampled(study, ranges)
    order = list(study.input.axes)
    return sorted(axes, key=lambda axis: order.index(axis.name))


class _Mistake(InputError):
    """A mistake at a place below an axis."""

    def __init__(self, message: str, *location: int | str, at_key: bool = False) -> None:
        super().__init__(message)
        self.location, self.at_key = location, at_key


def _points(name: str, given: AxisInput) -> tuple[list[Point], str | None]:
    """Return the points of an axis that is not sampled, and the unit of their coordinates."""
    paths = given.paths(name)
    if given.sets is not None:
        return [Point(label, tuple(put.items())) for label, put in given.sets.items()], None
    if isinstance(given.values, dict):
        return [_point(label, paths, value) for label, value in given.values.items()], None
    if given.values is not None:
        return _listed(paths, given.values)
    if given.seeds is not None:
        return [_point(seed, paths, seed) for seed in range(given.seeds)], ""
    grid = given.linspace or given.logspace
    assert grid is not None  # one of KINDS is given
    return _grid(paths, grid, given.kind)


def _point(coordinate: Coordinate, paths: Sequence[str], value: Any) -> Point:
    return Point(coordinate, tuple((path, value) for path in paths))


def _listed(paths: Sequence[str], values: Sequence[Any]) -> tuple[list[Point], str | None]:
    """Return points with numbers as coordinates if all values are quantities, else texts."""
    for k, value in enumerate(values):
        if not isinstance(value, (str, int, float, bool)):
            hint = "give values that are not plain a name: values: {name: ..., other name: ...}"
            raise _Mistake(f"'{value}' cannot be shown on an axis; {hint}", "values", k)
    parts = [split(value) for value in values]
    found = [part for part in parts if part is not None]
    if len(found) < len(values) or not found:
        return [_point(str(value), paths, value) for value in values], None
    unit = found[0][1]
    points = []
    for k, (value, (number, own)) in enumerate(zip(values, found, strict=True)):
        if own != unit:
            try:
                number = parse(value, unit or "1")
            except InputError as error:
                raise _Mistake(str(error), "values", k) from None
        points.append(_point(number, paths, value))
    return points, unit


def _grid(paths: Sequence[str], grid: GridInput, kind: str) -> tuple[list[Point], str]:
    low, high, unit = _ends(grid.start, grid.end, kind)
    if kind == "logspace":
        if not (low > 0 and high > 0):
            raise _Mistake("the ends of a logspace must be positive", kind)
        numbers = np.geomspace(low, high, grid.points)
    else:
        numbers = np.linspace(low, high, grid.points)
    return [_point(float(x), paths, _written(float(x), unit)) for x in numbers], unit


def _ends(first: Any, last: Any, kind: str) -> tuple[float, float, str]:
    """Return both ends in the unit of the first one, and the unit."""
    part, other = split(first), split(last)
    for key, value, found in (("from", first, part), ("to", last, other)):
        if found is None:
            raise _Mistake(f"'{value}' is not a number; e.g. 0.5 or '10 mV'", kind, key)
    assert part is not None
    assert other is not None
    low, unit = part
    try:
        high = other[0] if other[1] == unit else parse(last, unit or "1")
    except InputError as error:
        raise _Mistake(str(error), kind, "to") from None
    return float(low), float(high), unit


def _written(number: float, unit: str) -> Any:
    return f"{plain(number)} {unit}" if unit else number


def _check_points(given: AxisInput, points: Sequence[Point]) -> None:
    """Refuse the same value twice."""
    seen: dict[Coordinate, int] = {}
    for k, point in enumerate(points):
        first = seen.setdefault(point.coordinate, k)
        if first != k:
            message = f"the values {first + 1} and {k + 1} are both {point.coordinate}"
            place = (k,) if isinstance(given.values, list) else ()
            raise _Mistake(f"{message}; every value is computed once", given.kind, *place)


def _check_paths(study: Study, name: str, given: AxisInput) -> None:
    """Refuse paths to regions, contacts and variants that are not in the run file.

    Most other wrong paths show when the input of a case is read; these would be new entries.
    """
    data = study.base.data
    paths = (
        [(path, ("sets", label, path)) for label, put in given.sets.items() for path in put]
        if given.sets is not None
        else [(path, ("path",) if given.path else ()) for path in given.paths(name)]
    )
    for path, place in paths:
        at_key = place[:1] != ("path",)
        head, _, rest = path.partition(".")
        if path == VARIANT:
            if not data.get("variants"):
                raise _Mistake("the run file has no variants to choose from", *place, at_key=at_key)
            _check_variants(given, list(data["variants"]))
            continue
        names = data.get(head)
        if head not in _NAMED or head in _NEW_NAMES or not isinstance(names, Mapping):
            continue
        if rest and not any(rest == n or rest.startswith(f"{n}.") for n in names):
            kind = head.removesuffix("s")
            message = no_such(kind, _first(rest, names), [str(n) for n in names])
            raise _Mistake(message, *place, at_key=at_key)


def _check_variants(given: AxisInput, variants: Sequence[str]) -> None:
    if not isinstance(given.values, list):
        return
    for k, value in enumerate(given.values):
        if value not in variants:
            raise _Mistake(no_such("variant", value, variants), "values", k)


def _first(rest: str, names: Iterable[str]) -> str:
    """Return the part of a path that should be a name; names may contain dots."""
    dots = max((str(name).count(".") for name in names), default=0)
    return ".".join(rest.split(".")[: dots + 1])


def _unequal(study: Study, axes: Sequence[Axis]) -> list[str]:
    """Return what is wrong with zipped axes of different lengths."""
    mistakes = []
    for i, group in enumerate(study.input.zip):
        numbers = {axis.name: len(axis.points) for axis in axes if axis.name in group}
        if len(set(numbers.values())) > 1:
            shown = ", ".join(f"{name} has {n}" for name, n in numbers.items())
            message = f"zipped axes need as many values each; {shown}"
            mistakes.append(study.error(("zip", i), message))
    return mistakes


def _overlapping(study: Study) -> list[str]:
    """Return which axes put values into the same place, so that only the last one counts."""
    paths = {
        name: [path for put in given.sets.values() for path in put]
        if given.sets is not None
        else list(given.paths(name))
        for name, given in study.input.axes.items()
    }
    mistakes = []
    for first, second in itertools.combinations(paths, 2):
        pairs = itertools.product(paths[first], paths[second])
        found = next((pair for pair in pairs if _nested(*map(_normal, pair))), None)
        if found is not None:
            shown = " and ".join(f"'{path}'" for path in dict.fromkeys(found))
            message = (
                f"axes '{first}' and '{second}' both set {shown}; one would replace what the "
                "other one puts there (one axis with sets: may hold the combinations)"
            )
            mistakes.append(study.error(("axes", second), message, at_key=True))
    return mistakes


def _nested(first: str, second: str) -> bool:
    return f"{first}.".startswith(f"{second}.") or f"{second}.".startswith(f"{first}.")


def _normal(path: str) -> str:
    """Return a path with the regions of an interface in order."""
    head, _, rest = path.partition(".")
    if head != "interfaces" or "|" not in rest:
        return path
    left, _, right = rest.partition("|")
    right, dot, below = right.partition(".")
    return f"{head}.{'|'.join(sorted((left.strip(), right.strip())))}{dot}{below}"


def _bounds(study: Study, name: str, given: AxisInput) -> tuple[float, float, str, Scale]:
    """Return (low, high, unit, scale) of a sampled axis."""
    if given.range is not None:
        low, high, unit = _ends(given.range.low, given.range.high, "range")
        scale, kind = given.range.scale, "range"
    else:
        from pyscl.sweep.spreads import card_range

        assert given.spread is not None
        scale, kind = given.spread, "spread"
        path = given.paths(name)[0]
        try:
            low, high, unit = _ends(*card_range(study.base.data, path, study.directory), "spread")
        except _Mistake:
            raise
        except InputError as error:
            raise _Mistake(str(error), "spread") from None
    if not low < high:
        raise _Mistake("the range is empty; give the lower end first", kind)
    if scale == "log" and low <= 0:
        raise _Mistake("a range on a logarithmic scale must be positive", kind)
    return low, high, unit, scale


def _sampled(study: Study, ranges: Mapping[str, tuple[float, float, str, Scale]]) -> list[Axis]:
    if not ranges or study.input.samples is None:
        return []
    groups = {name: study.input.axes[name].group for name in ranges}
    unit_cube = draw(study.input.samples, list(ranges), groups)
    axes = []
    for column, (name, (low, high, unit, scale)) in zip(unit_cube.T, ranges.items(), strict=True):
        if scale == "log":
            numbers = np.exp(np.log(low) + column * (np.log(high) - np.log(low)))
        else:
            numbers = low + column * (high - low)
        given = study.input.axes[name]
        paths = given.paths(name)
        numbers = np.clip(numbers, low, high)
        points = tuple(_point(float(x), paths, _written(float(x), unit)) for x in numbers)
        axes.append(
            Axis(name, paths, unit, SAMPLE, points, given.label, (low, high), scale, groups[name])
        )
    return axes
