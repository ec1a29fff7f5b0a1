"""Which public numbers of pyscl say neither their unit nor that they have none.

A number says it in brackets, "[V]", or by a word that leaves no unit (share, ratio, "over", ...). A
field whose type has the unit 1, or only bounds, is a pure number by its type; a name that ends in
seconds or megabytes has its unit in it; verification cases have theirs in the registry. What stands
before "Attributes:" may speak for all of them ("All per area [Ohm m2]").
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pyscl.units import UnitValue
from pyscl.verification import CASES

NUMBERS = re.compile(r"\b(float|complex|FloatArray|ComplexArray|Array|float64|complex128)\b")
BRACKETS = re.compile(r"\[[^\]\s][^\]]*\]")
PURE = re.compile(
    r"\b(share|shares|ratio|fraction|fractions|relative|over|number|numbers|count|counts|factor|"
    r"percent|part of|probability|weights?|exponent|unit|units|scaled|kT|dimensionless|degrees|"
    r"times|cosine|angle|direction|normal|grey|transfer coefficient|permittivity over|index|SI|"
    r"correlation|coefficient of determination|in radii|slope of|pure)\b|%|\|Z\||\d of ",
    re.IGNORECASE,
)
FOR_ALL = re.compile(r"\b(All|Energies|Ends|Temperatures|Values|Both|Lengths)\b[^.]*(\[|\bunit)")
IN_NAME = re.compile(r"(seconds|megabytes|_nm|degrees)$")


def says_unit(text: str) -> bool:
    """Return whether a text names a unit, or says that there is none."""
    return bool(BRACKETS.search(text) or PURE.search(text))


def attribute_texts(doc: str) -> dict[str, str]:
    """Return name -> text of the section "Attributes:" of a docstring."""
    _, _, section = doc.partition("Attributes:\n")
    texts: dict[str, str] = {}
    names: list[str] = []
    margin: int | None = None
    for line in section.splitlines():
        if not line.strip():
            break
        indent = len(line) - len(line.lstrip())
        margin = indent if margin is None else margin
        head = re.match(r"\s*(\w+(?:, \w+)*): ?(.*)", line)
        if head and indent == margin:
            names = head[1].split(", ")
            texts |= dict.fromkeys(names, head[2])
        else:
            texts |= {name: f"{texts[name]} {line.strip()}" for name in names}
    return texts


def pure_by_type(annotation: Any) -> bool:
    """Return whether a type says that its number has the unit 1, or is bounded and has none."""
    parts = get_args(annotation)
    if get_origin(annotation) is not None and hasattr(annotation, "__metadata__"):
        units = [m.unit for m in annotation.__metadata__ if isinstance(m, UnitValue)]
        bounded = any(type(m).__name__ == "FieldInfo" for m in annotation.__metadata__)
        if units:
            return set(units) == {"1"}
        return bounded or pure_by_type(parts[0])
    inner = [p for p in parts if NUMBERS.search(str(p))]
    return bool(inner) and all(pure_by_type(p) for p in inner)


def is_number(annotation: Any) -> bool:
    """Return whether an annotation holds physical numbers, crystal axes and callables apart."""
    text = str(annotation)
    return bool(NUMBERS.search(text)) and "Axes" not in text and "Callable" not in text


def unsaid(module: Any) -> Iterator[str]:
    """Yield the names of the numbers of a module that do not say their unit."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing):
            in_registry = any(case.compute is thing for case in CASES.values())
            returned = thing.__annotations__.get("return", "")
            if is_number(returned) and not in_registry and not says_unit(thing.__doc__ or ""):
                yield f"{module.__name__}.{name}"
        elif inspect.isclass(thing):
            yield from unsaid_of_class(thing)


def unsaid_of_class(thing: type) -> Iterator[str]:
    """Yield the attributes, properties and methods of a class that do not say their unit."""
    doc = inspect.cleandoc(thing.__doc__ or "")
    texts = attribute_texts(doc)
    before = doc.partition("Attributes:")[0]
    for name, annotation in vars(thing).get("__annotations__", {}).items():
        if name.startswith("_") or not is_number(annotation) or pure_by_type(annotation):
            continue
        own = texts.get(name, before)
        if not (says_unit(own) or FOR_ALL.search(before) or IN_NAME.search(name)):
            yield f"{thing.__module__}.{thing.__qualname__}.{name}"
    for name, value in vars(thing).items():
        inner = getattr(value, "fget", None) or getattr(value, "func", None)
        inner = inner or getattr(value, "__func__", None) or value
        if name.startswith("_") or not inspect.isfunction(inner):
            continue
        text = inner.__doc__ or ""
        if is_number(inner.__annotations__.get("return", "")) and not (
            says_unit(text) or FOR_ALL.search(before)
        ):
            yield f"{thing.__module__}.{thing.__qualname__}.{name}"
