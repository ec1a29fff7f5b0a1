"""Reading a run file, with overrides from the command line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from pyscl.errors import InputError
from pyscl.input.mesh import MeshInput
from pyscl.input.model import RunInput
from pyscl.materials.schema import InputModel, Location, describe, no_such
from pyscl.materials.yamlfile import YamlFile

Kind = TypeVar("Kind", bound=InputModel)


def load_input(path: str | Path, overrides: Sequence[str] = ()) -> RunInput:
    """Read a run file.

    Args:
        path: the YAML file.
        overrides: texts "key=value"; key is a dotted path into the file ("temperature",
            "regions.active.set.carriers.Li.site_fraction", "studies.1.steady.bias.collector"),
            value is read as YAML.

    Returns:
        The validated contents, all values in SI.

    Raises:
        InputError: lists all mistakes, each with file, line, column, the line, what is allowed and
            the nearest name.
    """
    file = YamlFile.read(path)
    for text in overrides:
        _override(file, text)
    return validated(file)


def validated(file: YamlFile) -> RunInput:
    """Return the contents of a run file that was read, and perhaps changed by `assign`.

    Raises:
        InputError: as `load_input`.
    """
    return _validated(RunInput, file, ("mesh", "geometry"))


def load_mesh_input(path: str | Path) -> MeshInput | RunInput:
    """Read what is written under `mesh:` from a file of its own, or a whole run file.

    Args:
        path: the YAML file; with a key `mesh` it is a run file.

    Raises:
        InputError: as `load_input`.
    """
    file = YamlFile.read(path)
    if "mesh" in file.data:
        return validated(file)
    return _validated(MeshInput, file, ("geometry",))


def from_data(data: Mapping[str, Any], directory: str | Path, place: str = "") -> RunInput:
    """Return the contents of a run file from plain data.

    Args:
        data: as in the file.
        directory: where relative paths start.
        place: "file:line:column" of the geometry, for messages.

    Raises:
        InputError: lists all mistakes, with their dotted places.
    """
    try:
        return RunInput.model_validate(data, context=_context(data, Path(directory), place))
    except ValidationError as error:
        raise InputError(describe("run", error)) from None


def _validated(kind: type[Kind], file: YamlFile, geometry: Location) -> Kind:
    context = _context(file.data, file.path.parent, file.place(geometry))
    try:
        return kind.model_validate(file.data, context=context)
    except ValidationError as error:
        raise InputError(file.report(error)) from None


def _context(data: Mapping[str, Any], directory: Path, place: str) -> dict[str, Any]:
    return {
        "require_units": True,
        "directory": directory,
        "coordinates": data.get("coordinates"),
        "geometry_place": place,
    }


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a run file, for completion and checks in editors."""
    schema = RunInput.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _override(file: YamlFile, text: str) -> None:
    """Put one "key=value" into the data of the file and remember that it came from outside."""
    key, equals, value_text = text.partition("=")
    key = key.strip()
    if not equals or not key:
        raise InputError(f"--set {text}: expected key=value, e.g. 'temperature=323.15 K'")
    try:
        value = yaml.safe_load(value_text)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or error
        raise InputError(f"--set {text}: the value is not valid YAML: {problem}") from None
    assign(file, key, value, f"--set {text}")


def assign(file: YamlFile, path: str, value: Any, origin: str) -> None:
    """Put a value into the data of a run file; mistakes in it will be reported as of `origin`.

    Args:
        file: of which the data are changed.
        path: dotted, as `load_input` takes it.
        value: as plain data.
        origin: where the value comes from, the begin of a message.

    Raises:
        InputError: there is no such place.
    """
    try:
        place = _assign(file.data, path, value)
    except InputError as error:
        raise InputError(f"{origin}: {error}") from None
    file.overridden[place] = origin


def _assign(data: dict[str, Any], path: str, value: Any) -> Location:
    """Set a value by dotted path, making new mappings on the way; return where it went."""
    here: Any = data
    place: Location = ()
    rest = path
    while True:
        part, rest = _next_part(here, rest, place)
        place = (*place, part)
        if not rest:
            here[part] = value
            return place
        inner = here[part] if not isinstance(here, dict) or part in here else None
        if isinstance(inner, str) and place[:1] == ("regions",) and len(place) == 2:
            inner = {"card": inner}  # a card by name becomes a card with overrides
        if isinstance(inner, str) and place[:1] == ("pairs",) and len(place) == 2:
            inner = {"pair": inner}
        if inner is None:
            inner = {}
        if not isinstance(inner, (dict, list)):
            raise InputError(f"'{_text(place)}' is a single value, it has no '{rest}'")
        here[part] = inner
        here = inner


def _next_part(here: Any, path: str, place: Location) -> tuple[int | str, str]:
    """Split the next key or index off a dotted path; keys that exist may contain dots."""
    head, _, rest = path.partition(".")
    if isinstance(here, list):
        if not head.isdigit() or int(head) >= len(here):
            raise InputError(
                no_such(f"entry of '{_text(place)}'", head, [str(i) for i in range(len(here))])
            )
        return int(head), rest
    if place[-1:] == ("set",):
        return path, ""  # below "set" the whole rest is one key
    existing = [key for key in here if path == key or path.startswith(f"{key}.")]
    if existing:
        longest = max(existing, key=len)
        return longest, path[len(longest) + 1 :]
    return head, rest


def _text(place: Location) -> str:
    return ".".join(str(part) for part in place)
