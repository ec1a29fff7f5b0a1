"""The base of every pydantic model that reads user input, and the wording of its errors.

pydantic finds what is wrong; this module says it in pyscl's words ("no key 'potentail'. Allowed:
... Did you mean 'potential'?"), for values given in Python and for values read from a file.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from pyscl.errors import InputError, suggestion
from pyscl.text import pointed

Location = tuple[int | str, ...]

IN_TEXT = "in_text"
"""Type of an error inside a text; the last part of its location is the character at fault."""

_PLAIN_WORDS = {
    "model_type": "expected a mapping of keys to values",
    "model_attributes_type": "expected a mapping of keys to values",
    "dict_type": "expected a mapping of names to values",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "string_type": "expected a text",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
}


def failure(kind: str, message: str, location: Location = (), given: Any = None) -> ValidationError:
    """Build a pydantic error with one message at one place below the current model.

    Args:
        kind: short type of the error ("unknown").
        message: the text for the user.
        location: keys and indices from the current model down to the offending value.
        given: the offending value.
    """
    return failures([(kind, message, location, given)])


def failures(items: Sequence[tuple[str, str, Location, Any]]) -> ValidationError:
    """Build a pydantic error with several messages, each (kind, message, location, given)."""
    details = [
        InitErrorDetails(
            type=PydanticCustomError(kind, "{message}", {"message": message}),
            loc=location,
            input=given,
        )
        for kind, message, location, given in items
    ]
    return ValidationError.from_exception_data("input", details)


def no_such(kind: str, name: object, allowed: Sequence[str]) -> str:
    """Return "no region 'x'. Allowed: a, b. Did you mean 'a'?"."""
    names = sorted(allowed)
    listing = f"Allowed: {', '.join(names)}." if names else f"There is no {kind} at all."
    return f"no {kind} '{name}'; {listing}{suggestion(str(name), names)}"


class InputModel(BaseModel):
    """A frozen pydantic model that refuses unknown keys and reports mistakes as `InputError`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    not_for_users: ClassVar[tuple[str, ...]] = ()
    """Fields that pyscl fills itself; they are not offered in messages."""

    def __init__(self, **data: Any) -> None:
        """Build the model from keywords; InputError lists every mistake."""
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise InputError(describe(type(self).__name__, error)) from None

    # Keeps pydantic from calling the __init__ above for nested models, which would lose the
    # validation context and the location of the error.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def keys(cls) -> list[str]:
        """Return the keys that may be given, in the order of declaration."""
        return [
            field.alias or name
            for name, field in cls.model_fields.items()
            if name not in cls.not_for_users
        ]

    @model_validator(mode="wrap")
    @classmethod
    def _say_it_in_our_words(cls, data: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        try:
            return handler(data)
        except ValidationError as error:
            items = [cls._item(e) for e in error.errors(include_url=False)]
        raise failures(items)

    @classmethod
    def _item(cls, error: ErrorDetails) -> tuple[str, str, Location, Any]:
        """Return (kind, message, location, given) of one error in pyscl's words."""
        location = tuple(error["loc"])
        if error["type"] == "missing" and location and isinstance(location[-1], int):
            message = f"entry {location[-1] + 1} of the list is missing"
            return "list_length", message, location[:-1], error["input"]
        return error["type"], cls._words(error), location, error["input"]

    @classmethod
    def _words(cls, error: ErrorDetails) -> str:
        """Return the message for one error of this model or of a model inside it."""
        kind, given, context = error["type"], error["input"], error.get("ctx", {})
        name = str(error["loc"][-1]) if error["loc"] else ""
        if kind == "extra_forbidden":
            return no_such("key", name, cls.keys()) if len(error["loc"]) == 1 else error["msg"]
        if kind == "missing":
            missing = (
                f"missing entry {int(name) + 1}" if name.isdigit() else f"missing key '{name}'"
            )
            return context.get("message") or missing
        if kind in ("union_tag_invalid", "literal_error") and "message" not in context:
            allowed = context.get("expected_tags") or context.get("expected") or ""
            names = [n for n in allowed.replace(" or ", ", ").replace("'", "").split(", ") if n]
            return no_such("choice", context.get("tag", given), names)
        if kind == "union_tag_not_found" and "message" not in context:
            return f"missing key {context['discriminator']}; it says which keys are allowed here"
        if kind == "value_error" and "error" in context:
            return str(context["error"])
        if kind in _PLAIN_WORDS and "message" not in context:
            return f"'{given}' is not valid here; {_PLAIN_WORDS[kind]}"
        return error["msg"]


def describe(title: str, error: ValidationError) -> str:
    """Return all errors as text, each with its place in dotted form."""
    lines = []
    for item in error.errors(include_url=False):
        location, message = tuple(item["loc"]), item["msg"].removeprefix("Value error, ")
        if item["type"] == IN_TEXT:
            *above, position = location
            location, message = tuple(above), pointed(message, item["input"], int(position))
        place = ".".join(str(part) for part in location)
        lines.append(f"{title}{'.' if place else ''}{place}: {message}")
    return "\n".join(lines)
