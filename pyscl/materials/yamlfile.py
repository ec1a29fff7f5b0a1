"""YAML files whose mistakes are reported with file, line, column and the line itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pyscl.errors import InputError
from pyscl.materials.schema import IN_TEXT, Location

_MOST_ERRORS = 10
"""Mistakes printed in full; of the others only the number is said."""

_AT_KEY = ("extra_forbidden", "missing", "key")
"""Types of errors about a key, not about its value."""


@dataclass
class YamlFile:
    """A parsed YAML mapping that remembers where every value stands.

    Attributes:
        path: where it was read.
        data: the values as plain Python; overrides may change it.
        overridden: what changed a value from outside ("--set key=value"), by its location.
    """

    path: Path
    lines: list[str]
    root: yaml.Node
    data: dict[str, Any]
    overridden: dict[Location, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | Path) -> "YamlFile":
        """Read a file that holds one mapping; InputError for anything else."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not a text file in UTF-8 ({error.reason})") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
        return cls.parse(text, path)

    @classmethod
    def parse(cls, text: str, path: str | Path) -> "YamlFile":
        """Parse the text of a file; `path` is used in messages."""
        path, lines = Path(path), text.splitlines()
        loader = yaml.SafeLoader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                raise InputError(f"{path}:1:1: the file is empty")
            if not isinstance(root, yaml.MappingNode):
                raise InputError(
                    _pointed(
                        path,
                        lines,
                        root.start_mark,
                        "the file must hold a mapping",
                        "expected lines of the form 'key: value'",
                    )
                )
            _check_keys(root, path, lines)
            data = loader.construct_document(root)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            hint = (
                "indent with spaces, not tabs"
                if "\\t" in str(error.problem)
                else (f"{error.context or 'not valid YAML'} (is the file complete?)")
            )
            raise InputError(_pointed(path, lines, mark, str(error.problem), hint)) from None
        except yaml.YAMLError as error:
            raise InputError(f"{path}: not valid YAML: {error}") from None
        finally:
            loader.dispose()
        return cls(path, lines, root, data)

    def error(
        self,
        location: Location,
        message: str,
        *,
        at_key: bool = False,
        position: int | None = None,
    ) -> str:
        """Return the message for one mistake with its place, the line and a caret.

        Args:
            location: keys and indices from the top of the file down to the value. Parts that are
                not in the file (names of alternatives, missing keys) are skipped.
            message: "headline; what is expected".
            at_key: point at the key instead of its value.
            position: character of the value, a text, to point at.
        """
        headline, _, hint = message.partition("; ")
        parts = self._resolve(location)
        shown = [str(part) for part in (parts[:-1] if at_key else parts)]
        if shown:
            headline += f" {'in' if at_key else 'for'} {'.'.join(shown)}"
        for place, text in self.overridden.items():
            if tuple(parts[: len(place)]) == place:
                return _indented(f"{text}: {headline}", hint)
        mark = self._mark(self._node(parts, at_key), position)
        return _pointed(self.path, self.lines, mark, headline, hint)

    def place(self, location: Location) -> str:
        """Return "file:line:column" of a value, or of the deepest one on the way to it."""
        mark = self._node(self._resolve(location), False).start_mark
        return f"{self.path}:{mark.line + 1}:{mark.column + 1}"

    def report(self, error: ValidationError) -> str:
        """Return all mistakes pydantic found, in the order of the file, with their places."""
        found = []
        for item in _independent(error.errors(include_url=False)):
            location, at_key, position = tuple(item["loc"]), item["type"] in _AT_KEY, None
            if item["type"] == IN_TEXT:
                location, position = location[:-1], int(location[-1])
            node = self._node(self._resolve(location), at_key)
            message = self.error(location, item["msg"], at_key=at_key, position=position)
            found.append((node.start_mark.index, message))
        found.sort(key=lambda pair: pair[0])
        shown = [message for _, message in found[:_MOST_ERRORS]]
        if len(found) > _MOST_ERRORS:
            shown.append(f"... and {len(found) - _MOST_ERRORS} more")
        return "\n".join(shown)

    def _resolve(self, location: Location) -> list[int | str]:
        """Return `location` in terms of the file.

        Names of alternatives that pydantic puts in between are dropped, and positions in a mapping
        that was read as a list become its keys. A missing last key is kept.
        """
        here: Any = self.data
        parts: list[int | str] = []
        for depth, part in enumerate(location):
            if isinstance(here, dict) and isinstance(part, int) and part < len(here):
                part = list(here)[part]
            known = (isinstance(here, dict) and part in here) or (
                isinstance(here, list) and isinstance(part, int) and part < len(here)
            )
            if known:
                here = here[part]
            elif depth < len(location) - 1 or not isinstance(here, dict):
                continue
            parts.append(part)
        return parts

    def _node(self, parts: Sequence[int | str], at_key: bool) -> yaml.Node:
        """Return the deepest node of the file on the way along `parts`."""
        node = self.root
        for depth, part in enumerate(parts):
            if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                node = node.value[part] if part < len(node.value) else node
                continue
            pairs = node.value if isinstance(node, yaml.MappingNode) else []
            pair = next((pair for pair in pairs if pair[0].value == part), None)
            if pair is None:
                return node
            node = pair[0] if at_key and depth == len(parts) - 1 else pair[1]
        return node

    def _mark(self, node: yaml.Node, position: int | None) -> yaml.Mark:
        """Return where a character of a text stands, or the start of the node.

        Texts that the file does not hold word by word (escapes, folded lines) are marked at their
        start.
        """
        start = node.start_mark
        if position is None or not isinstance(node, yaml.ScalarNode):
            return start
        value = node.value
        before = value[:position].rpartition("\n")[2]
        whole = before + value[position:].partition("\n")[0]
        line = start.line + (1 + value.count("\n", 0, position) if node.style == "|" else 0)
        text = self.lines[line] if line < len(self.lines) else ""
        column = text.find(whole, start.column if line == start.line else 0)
        if column < 0:
            return start
        column += len(before)
        return yaml.Mark(start.name, start.index, line, column, start.buffer, start.pointer)


def _check_keys(node: yaml.Node, path: Path, lines: list[str]) -> None:
    """Refuse duplicate keys and keys that are not texts, in the whole tree."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item, path, lines)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        if key.tag != "tag:yaml.org,2002:str":
            hint = f"write it in quotes: '{key.value}'"
            message = _pointed(path, lines, key.start_mark, "a key must be a text", hint)
            raise InputError(message)
        if key.value in seen:
            first = seen[key.value].start_mark.line + 1
            hint = f"the first one is in line {first}"
            message = f"the key '{key.value}' is given twice"
            raise InputError(_pointed(path, lines, key.start_mark, message, hint))
        seen[key.value] = key
        _check_keys(value, path, lines)


def _pointed(path: Path, lines: list[str], mark: Any, headline: str, hint: str = "") -> str:
    """Return "file:line:column: headline", the line with a caret below, and the hint."""
    if mark is None:
        return _indented(f"{path}: {headline}", hint)
    line = min(mark.line, max(len(lines) - 1, 0))
    text = lines[line] if lines else ""
    column = mark.column if line == mark.line else len(text)
    head = f"{path}:{line + 1}:{column + 1}: {headline}"
    shown, caret = text.strip(), column - (len(text) - len(text.lstrip()))
    return _indented(f"{head}\n    {shown}\n    {' ' * max(caret, 0)}^", hint)


def _indented(text: str, hint: str) -> str:
    return f"{text}\n  {hint}" if hint else text


def _independent(items: list[Any]) -> list[Any]:
    """Leave out lists that are too short only because their entries are wrong."""

    def follows(item: Any) -> bool:
        place = tuple(item["loc"])
        return item["type"] == "too_short" and any(
            len(other["loc"]) > len(place) and tuple(other["loc"])[: len(place)] == place
            for other in items
        )

    return [item for item in items if not follows(item)]
