"""How a run file names the material of a region: a card, a card with other values, or inline."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo

from pyscl.errors import InputError
from pyscl.materials import Material, Provenance, load
from pyscl.materials.library import missing_values
from pyscl.materials.schema import InputModel, Location, failure, failures


class CardChoice(InputModel):
    """A material card with some of its values replaced.

    Attributes:
        card: name of a card, or path of a card file (relative to the run file).
        set: new values by dotted path ("carriers.Li.site_fraction"), or nested mappings.
    """

    card: str
    set: dict[str, Any] = Field(default_factory=dict)


def _material(value: Any, info: ValidationInfo) -> Any:
    """Turn any of the three forms into a `Material`."""
    if isinstance(value, str):
        return _card(value, info)
    if isinstance(value, Mapping) and ("card" in value or "set" in value):
        choice = CardChoice.model_validate(value, context=info.context)
        material = _card(choice.card, info, ("card",), choice.set)
        return _overridden(material, choice.set, info)
    if isinstance(value, Mapping):
        given = [_by_user(path, v) for path, _, v in _flat(value) if path != "name"]
        return {**value, "provenance": given}
    return value


RegionMaterial = Annotated[
    Material, BeforeValidator(_material, json_schema_input_type=str | CardChoice | Material)
]
"""The material of a region, from any form a run file may use."""


def _card(
    name: str,
    info: ValidationInfo,
    location: Location = (),
    changes: Mapping[str, Any] | None = None,
) -> Material:
    """Return the material of a card; `changes` may hold what the card does not know."""
    directory = (info.context or {}).get("directory", Path())
    path = directory / name if name.endswith((".yaml", ".yml")) else name
    try:
        given = {key: value for key, _, value in _flat(changes or {})}
        return load(path, **{key: given[key] for key in missing_values(path) if key in given})
    except InputError as error:
        raise failure("card", str(error), location, name) from None


_WHOLE = ("statistics", "polarization", "axes", "coefficients")
"""Mappings that are given as a whole: laws, and what has kinds of its own."""


def _flat(tree: Mapping[str, Any], above: Location = ()) -> Iterator[tuple[str, Location, Any]]:
    """Yield (dotted path, keys on the way, value) of every value; laws stay in one piece."""
    for key, value in tree.items():
        location = (*above, key)
        if isinstance(value, Mapping) and str(key).split(".")[-1] not in _WHOLE:
            yield from _flat(value, location)
        else:
            yield ".".join(str(part) for part in location), location, value


def _by_user(path: str, value: Any) -> Provenance:
    return Provenance(property=path, value=str(value), source="user")


def _overridden(material: Material, changes: Mapping[str, Any], info: ValidationInfo) -> Material:
    """Return the material with the values of `set`; errors point at the entry to blame."""
    flat = list(_flat(changes))
    unknown = []
    for path, location, value in flat:
        try:
            material.override_data({path: value})
        except InputError as error:
            unknown.append(("card", str(error), ("set", *location), value))
    if unknown:
        raise failures(unknown)
    data = material.override_data({path: value for path, _, value in flat})
    try:
        return Material.model_validate(data, context=info.context)
    except ValidationError as error:
        items = []
        for item in error.errors(include_url=False):
            path = _dotted(item["loc"], data)
            blamed = [loc for p, loc, _ in flat if path == p or path.startswith(p + ".")]
            location = ("set", *blamed[0]) if blamed else ("set",)
            items.append((item["type"], item["msg"], location, item["input"]))
        raise failures(items) from None


def _dotted(location: Location, data: Mapping[str, Any]) -> str:
    """Return the dotted path of an error location, with carriers by name and no name of a law."""
    parts = list(location)
    if len(parts) > 1 and parts[0] == "polarization":
        del parts[1]
    if len(parts) > 1 and parts[0] == "carriers" and isinstance(parts[1], int):
        parts[1] = data["carriers"][parts[1]]["name"]
    return ".".join(str(part) for part in parts)
