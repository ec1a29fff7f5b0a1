"""What a study reports of every case: numbers of its summary by path, and what follows from them.

An output is a path into the numbers of `summary.json` ("comparison.steady.promotion.with BaTiO3"),
in which * stands for any text and {axis} for the coordinate of the case, or an expression of other
outputs and numeric axes ("1 - r_with / r_without").
"""

import ast
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.units import QUANTITIES, parse

FloatArray = NDArray[np.float64]

RECORDS = ("status", "reason", "seconds", "memory", "attempts", "number", "key")
"""Variables that every dataset has besides the outputs."""

QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\d\s].*?)?\s*")
"""A number and its unit."""

_SECTIONS = ("cases", "comparison", "geometry", "mesh")  # of a summary that hold numbers
_ANY_SECTION = re.compile(r"[\w*{}]*[*{][\w*{}]*")
_UNIT = re.compile(r"\[([^\[\]]*)\]")
_FUNCTIONS = frozenset(
    "abs arccos arccosh arcsin arcsinh arctan arctan2 arctanh cos cosh exp expm1 log log10 log1p "
    "sin sinh sqrt tan tanh where".split()
)  # of numexpr
_NEAR = 3  # paths that are offered for one that does not exist


@dataclass(frozen=True)
class Output:
    """A number of every case.

    Attributes:
        name: of the variable in the dataset.
        value: path or expression.
        unit: of the number; None: as in the brackets of the path, without brackets "1"; that of
            an expression is then unknown and "" in the dataset.
        label: for axes of figures; None: the name.
    """

    name: str
    value: str
    unit: str | None = None
    label: str | None = None

    @classmethod
    def of(cls, name: str, given: Any) -> "Output":
        """Return the output for a text, or for a mapping with value, unit and label."""
        if isinstance(given, str):
            return cls(name, given)
        if isinstance(given, Mapping) and isinstance(given.get("value"), str):
            return cls(name, given["value"], given.get("unit"), given.get("label"))
        raise InputError(
            f"output '{name}': expected a path or an expression, or a mapping with value, unit and "
            f"label; got {given!r}"
        )

    @property
    def names(self) -> frozenset[str] | None:
        """Names in the expression; None if this is a path."""
        try:
            tree = ast.parse(self.value, mode="eval")
        except SyntaxError:
            return None
        allowed = (
            ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.Compare,
            ast.operator, ast.unaryop, ast.cmpop, ast.expr_context,
        )  # fmt: skip
        if not all(isinstance(node, allowed) for node in ast.walk(tree)):
            return None
        found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        return frozenset(found - _FUNCTIONS)


class Numbers:
    """The numbers of the cases of a study, to be asked for by path."""

    def __init__(
        self, cases: Sequence[Mapping[str, float]], coordinates: Sequence[Mapping[str, Any]]
    ) -> None:
        """Keep the numbers {path: value} (empty for a case without) and coordinates by case."""
        self.cases, self.coordinates = list(cases), list(coordinates)
        self.paths = list(dict.fromkeys(path for case in self.cases for path in case))

    def has(self, path: str) -> bool:
        """Return whether any case has a number of a path."""
        return bool(np.isfinite(self.values(path)[0]).any()) or path in self.paths

    def values(self, path: str) -> tuple[FloatArray, str | None]:
        """Return the number of every case (n,), NaN for those without, and the unit in its path.

        Raises:
            InputError: several numbers of one case match, or a name in braces is no axis.
        """
        found, unit = np.full(len(self.cases), np.nan), None
        for k, (case, place) in enumerate(zip(self.cases, self.coordinates, strict=True)):
            wanted = _filled(path, place)
            if wanted not in case:
                matches = _matches(wanted, case)
                if len(matches) > 1:
                    raise InputError(
                        f"'{path}' is not one number: it matches {', '.join(matches[:4])}. "
                        "Write the path out."
                    )
                if not matches:
                    continue
                wanted = matches[0]
            value = case[wanted]
            found[k] = np.nan if value is None else float(value)
            units = _UNIT.findall(wanted)
            unit = units[-1] if units else unit
        return found, unit

    def missing(self, output: Output, who: str = "no case has a") -> InputError:
        """Build the error for an output that no case has, with the nearest paths."""
        near = difflib.get_close_matches(output.value, self.paths, n=_NEAR, cutoff=0.5)
        hint = "".join(f"\n    {path}" for path in near)
        return InputError(
            f"output '{output.name}': {who} number '{output.value}'."
            + (f" The nearest are:{hint}" if near else "")
        )


def check_outputs(
    outputs: Sequence[Output], axes: Mapping[str, bool]
) -> list[tuple[tuple[str, ...], str]]:
    """Return what is wrong with outputs as far as it can be known without results.

    Args:
        outputs: of a study.
        axes: by name, whether their coordinates are numbers.

    Returns:
        (place, message) of every mistake; the place is the name of the output, or nothing.
    """
    found: list[tuple[tuple[str, ...], str]] = []
    place = dict.fromkeys(axes, "")
    numeric = [name for name, numbers in axes.items() if numbers]
    names = [*(output.name for output in outputs), *numeric]
    stand_in: dict[str, float] = {}
    for output in outputs:
        try:
            _check_name(output.name, axes)
            if output.names is None:
                _check_section(output)
                stand_in[_filled(output.value, place)] = 1.0
            for name in sorted((output.names or frozenset()).difference(names)):
                raise _unknown(name, output, names)
        except InputError as error:
            found.append(((output.name,), str(error)))
    if not found:
        try:
            evaluate(outputs, Numbers([stand_in], [place]), dict.fromkeys(numeric, np.ones(1)))
        except InputError as error:
            found.append(((), str(error)))
    return found


def _unknown(name: str, output: Output, names: Iterable[str]) -> InputError:
    where = f"in output '{output.name}' = {output.value}"
    return unknown_name("output or numeric axis", name, names, where)


def is_number(value: Any) -> bool:
    """Return whether a value of an axis is a number, or a text with a number and a unit."""
    if isinstance(value, str):
        return QUANTITY.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_name(name: str, axes: Iterable[str]) -> None:
    from pyscl.sweep.axes import SAMPLE

    taken = {**dict.fromkeys(RECORDS, "always there"), SAMPLE: "a dimension"}
    taken |= dict.fromkeys(axes, "an axis") | dict.fromkeys(_FUNCTIONS, "a function")
    if name in taken:
        raise InputError(f"output '{name}' needs another name: it is {taken[name]}")
    if not name.strip() or "/" in name:
        raise InputError(f"output '{name}' needs another name: not empty, and without '/'")


def _check_section(output: Output) -> None:
    """Refuse what can be neither an expression nor a path."""
    section, dot, _ = output.value.partition(".")
    if dot and (section in _SECTIONS or _ANY_SECTION.fullmatch(section)):
        return
    if dot and re.fullmatch(r"[^\W\d]\w*", section):
        raise unknown_name("section of a summary", section, _SECTIONS, f"in '{output.value}'")
    raise InputError(
        f"output '{output.name}' = {output.value}: neither a path, such as cases.base.studies..., "
        "nor an expression of other outputs and axes by their names"
    )


def missing_outputs(
    outputs: Iterable[Output], numbers: Mapping[str, float], coordinates: Mapping[str, Any]
) -> list[str]:
    """Return a line for every output whose path is not among the numbers of a case."""
    case, found = Numbers([numbers], [coordinates]), []
    for output in outputs:
        try:
            if output.names is None and not case.has(output.value):
                found.append(str(case.missing(output, "the first case that is done has no")))
        except InputError as error:
            found.append(f"output '{output.name}': {error}")
    return found


def evaluate(
    outputs: Sequence[Output], numbers: Numbers, axes: Mapping[str, FloatArray]
) -> dict[str, tuple[FloatArray, str]]:
    """Return the values (n cases,) and the unit of every output.

    Args:
        outputs: in any order.
        numbers: of the cases.
        axes: coordinates (n cases,) of the axes that are numbers, which expressions may use.

    Raises:
        InputError: a path that no case has, an unknown name, or expressions in a circle.
    """
    by_name = {output.name: output for output in outputs}
    done: dict[str, tuple[FloatArray, str]] = {}

    def value_of(name: str, asked: tuple[str, ...]) -> FloatArray:
        if name in done:
            return done[name][0]
        if name in asked:
            raise InputError(f"outputs in a circle: {' -> '.join([*asked, name])}")
        if name not in by_name:
            if name in axes:
                return axes[name]
            raise _unknown(name, by_name[asked[-1]], [*by_name, *axes])
        output = by_name[name]
        names = output.names
        if numbers.has(output.value) or names is None:
            values, unit = numbers.values(output.value)
            if numbers.paths and not numbers.has(output.value):
                raise numbers.missing(output)
            values, unit = _converted(values, unit, output)
        else:
            given = {other: value_of(other, (*asked, name)) for other in names}
            values = _computed(output, given, len(numbers.cases))
            unit = output.unit or ""
        done[name] = values, unit
        return values

    for name in by_name:
        value_of(name, ())
    return {name: done[name] for name in by_name}


def _computed(output: Output, given: Mapping[str, FloatArray], size: int) -> FloatArray:
    import numexpr

    try:
        with np.errstate(all="ignore"):
            found = numexpr.evaluate(output.value, local_dict=dict(given), global_dict={})
    except (TypeError, ValueError, KeyError, NotImplementedError) as error:
        raise InputError(f"output '{output.name}' = {output.value}: {error}") from None
    values = np.array(np.broadcast_to(found, size), dtype=float)
    values[~np.isfinite(values)] = np.nan
    return values


def _converted(values: FloatArray, unit: str | None, output: Output) -> tuple[FloatArray, str]:
    """Return values in the unit that is wanted, if that of the path is known."""
    if output.unit is None or unit is None or output.unit == unit:
        return values, output.unit or unit or "1"
    for known in QUANTITIES:
        try:
            factor = _factor(unit, known) / _factor(output.unit, known)
        except InputError:
            continue
        return values * factor, output.unit
    raise InputError(f"output '{output.name}': '{unit}' cannot be given in '{output.unit}'")


def _factor(unit: str, known: str) -> float:
    """Return what one of a unit is in a known unit."""
    return parse(f"1 {unit.replace('Ohm', 'ohm')}", known)


def _filled(path: str, place: Mapping[str, Any]) -> str:
    """Replace {axis} by the coordinate of a case."""

    def text(found: re.Match[str]) -> str:
        if found[1] not in place:
            raise unknown_name("axis", found[1], place, f"in '{path}'")
        return str(place[found[1]])

    return re.sub(r"\{([^{}]+)\}", text, path)


def _matches(path: str, case: Mapping[str, float]) -> list[str]:
    """Return the paths of a case that match; the unit in brackets at the end may be left out."""
    if "*" in path:
        pattern = re.compile(".*".join(map(re.escape, path.split("*"))))
        return [key for key in case if pattern.fullmatch(key)]
    return [key for key in case if key.startswith(path + " [") and key.endswith("]")]
