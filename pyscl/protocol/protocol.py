"""A whole protocol: sentences, steps and mappings in, a tuple of steps out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo

from pyscl.materials.schema import IN_TEXT, InputModel, Location, failure, failures
from pyscl.protocol.parser import parse_step
from pyscl.protocol.sentences import format_step
from pyscl.protocol.steps import Control, Step, Wait, never_met
from pyscl.protocol.words import SentenceError

Item = tuple[str, str, Location, Any]
"""One mistake: kind, message, location, what was given."""


@dataclass(frozen=True)
class Entry:
    """One step as the user gave it.

    Attributes:
        location: indices from the protocol down to it.
        given: a sentence, a mapping or a step.
        text: the text that holds the sentence, alone or as one of several lines.
        start: first character of the sentence in that text.
    """

    location: Location
    given: Any
    text: str = ""
    start: int = 0

    def mistake(self, kind: str, message: str, position: int | None = None) -> Item:
        """Return a mistake in this step, for sentences at one of their characters."""
        if isinstance(self.given, str):
            return IN_TEXT, message, (*self.location, self.start + (position or 0)), self.text
        return kind, message, self.location, self.given


def entries(value: Any, location: Location = ()) -> Iterator[Entry]:
    """Yield the steps of a protocol in order, with their places.

    Args:
        value: a sentence, several in lines, a step, a mapping, or a (nested) list of these.
        location: where the value stands.
    """
    if isinstance(value, str):
        start = 0
        for line in value.split("\n"):
            if line.strip():
                yield Entry(location, line, value, start)
            start += len(line) + 1
    elif isinstance(value, (list, tuple)):
        for k, part in enumerate(value):
            yield from entries(part, (*location, k))
    else:
        yield Entry(location, value)


class _OneStep(InputModel):
    step: Annotated[Step, Field(discriminator="kind")]


def _read_steps(value: Any, info: ValidationInfo) -> tuple[Step, ...]:
    """Return the steps of a protocol; all mistakes are raised together, each at its place."""
    if not isinstance(value, (str, list, tuple)):
        raise ValueError(f"'{value}' is no protocol; expected a list of sentences")
    mistakes: list[Item] = []
    steps: list[Step] = []
    active: Control | None = "voltage"  # a study starts with all contacts held
    for entry in entries(value):
        try:
            step = _read_step(entry.given, info)
        except SentenceError as error:
            mistakes.append(entry.mistake("", error.message, error.position))
        except ValidationError as error:
            mistakes += [
                (e["type"], e["msg"], (*entry.location, *e["loc"][1:]), e["input"])
                for e in error.errors(include_url=False)
            ]
        else:
            mistakes += _check_wait(entry, step, active)
            active = step.control or active
            steps.append(step)
    if mistakes:
        raise failures(mistakes)
    if not steps:
        raise ValueError("the protocol is empty; expected a list of sentences")
    return tuple(steps)


def _read_step(given: Any, info: ValidationInfo) -> Step:
    if isinstance(given, str):
        return parse_step(given)
    if isinstance(given, Mapping) and len(given) == 1 and "kind" not in given:
        kind, body = next(iter(given.items()))
        if body is None or isinstance(body, Mapping):
            given = {"kind": kind, **(body or {})}
    if not isinstance(given, (Mapping, InputModel)):
        raise failure(
            "step", f"'{given}' is no step; write a sentence, e.g. 'Rest for 10 ms'", ("",)
        )
    return _OneStep.model_validate({"step": given}, context=info.context).step


def _check_wait(entry: Entry, step: Step, active: Control | None) -> Iterator[Item]:
    """Yield the limits of a wait that the control of the step before rules out."""
    for limit in step.until if isinstance(step, Wait) else ():
        if reason := never_met(active, limit):
            message = reason.replace("here", "by the step before", 1)
            yield entry.mistake("limit", message)


Steps = Annotated[
    tuple[Step, ...],
    BeforeValidator(
        _read_steps, json_schema_input_type=str | list[str | dict[str, Any] | list[Any]]
    ),
]
"""The steps of a protocol, from any form a user may write."""


class Protocol(InputModel):
    """Steps that are carried out one after the other, several times over if wanted.

    Attributes:
        steps: sentences ("Rest for 10 ms"), steps, mappings, or nested lists of these.
        cycles: how often all steps are carried out.
    """

    steps: Steps
    cycles: Annotated[int, Field(ge=1)] = 1

    def __init__(self, steps: Any = (), **data: Any) -> None:
        """Read the steps; InputError lists every mistake with its place."""
        super().__init__(steps=steps, **data)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # as in InputModel

    @property
    def sentences(self) -> tuple[str, ...]:
        """The steps in words."""
        return tuple(format_step(step) for step in self.steps)
