"""Currents in the four ways people give them, and the limits that end a step."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pyscl.errors import InputError
from pyscl.materials.schema import InputModel, failure
from pyscl.units import CurrentDensity, CurrentPerDepth, Fraction, Potential, TotalCurrent, parse

_RATE = re.compile(
    r"([+-]?)(?:(?P<times>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)?\s*C"
    r"|C\s*/\s*(?P<hours>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))",
    re.IGNORECASE,
)

SECONDS_PER_HOUR = 3600.0
"""A C-rate of 1 passes the capacity in one hour."""


def read_rate(text: str) -> float | None:
    """Return the C-rate [1/h] of "C/10", "0.1C", "2 C" or "C"; None if the text is no C-rate.

    Raises:
        InputError: "C/0", or a number too large for a float.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None:
        return None
    hours = parse(match["hours"] or "1", "1")
    if hours == 0.0:
        raise InputError(f"'{text}' divides by zero; expected a C-rate, e.g. 'C/10'")
    rate = parse(match["times"] or "1", "1") / hours
    return -rate if match[1] == "-" else rate


def _rate(value: Any) -> Any:
    """Accept a C-rate as text; plain numbers are in 1/h."""
    if not isinstance(value, str):
        return parse(value, "1")
    rate = read_rate(value)
    if rate is None:
        raise InputError(f"'{value}' is not a C-rate; expected a C-rate, e.g. 'C/10'")
    return rate


CRate = Annotated[float, BeforeValidator(_rate, json_schema_input_type=float | str)]

AMOUNTS: Mapping[str, str] = {
    "density": "A/m^2",
    "rate": "1/h",
    "current": "A",
    "current_per_depth": "A/m",
}
"""The fields that give a current, with the unit of each."""


class CurrentValue(InputModel):
    """A current through a contact, given in exactly one of four ways.

    Attributes:
        density: per area of the contact [A/m2].
        rate: C-rate [1/h], multiples of the capacity per hour.
        current: in all [A], for axisymmetric coordinates.
        current_per_depth: per metre of depth [A/m], for planar coordinates.
    """

    density: CurrentDensity | None = None
    rate: CRate | None = None
    current: TotalCurrent | None = None
    current_per_depth: CurrentPerDepth | None = None

    @model_validator(mode="after")
    def _one_of_four(self) -> "CurrentValue":
        given = [name for name in AMOUNTS if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"{' and '.join(given)} are given" if given else "no current is given"
            raise failure("current", f"{found}; expected one of {', '.join(AMOUNTS)}")
        return self

    @property
    def given(self) -> tuple[str, float]:
        """Which of the four is given, and its value [SI]."""
        name = next(name for name in AMOUNTS if getattr(self, name) is not None)
        return name, getattr(self, name)

    def total(self, size: float, capacity: float | None = None) -> float:
        """Return the current through a whole contact.

        Args:
            size: length [m] (planar) or area [m2] (axisymmetric) of the contact.
            capacity: charge per area of the contact [A s/m2], needed for C-rates.

        Returns:
            The current per metre of depth [A/m] (planar) or in all [A] (axisymmetric).

        Raises:
            InputError: a C-rate without capacity.
        """
        name, value = self.given
        if name == "density":
            return value * size
        if name == "rate":
            if capacity is None:
                raise InputError("a C-rate needs the capacity per area, e.g. '1 mAh/cm^2'")
            return value * capacity / SECONDS_PER_HOUR * size
        return value


class VoltageLimit(InputModel):
    """Ends a step when the terminal voltage reaches a value.

    Attributes:
        voltage: working contact against reference [V].
    """

    kind: Literal["voltage"] = "voltage"
    voltage: Potential


class CurrentLimit(CurrentValue):
    """Ends a step when the magnitude of the current falls to a value, which is positive."""

    kind: Literal["current"] = "current"

    @model_validator(mode="after")
    def _magnitude(self) -> "CurrentLimit":
        if not self.given[1] > 0.0:
            message = "a limit of the current is a magnitude above 0; to wait for no change at "
            raise failure("limit", f"{message}all, end the step at 'steady'")
        return self


class Steady(InputModel):
    """Ends a step when nothing changes any more."""

    kind: Literal["steady"] = "steady"


Name = Annotated[str, Field(min_length=1)]


class Depletion(InputModel):
    """Ends a step when a carrier runs out somewhere along an interface.

    Attributes:
        carrier: name of the carrier.
        interface: "region|other region", stored with the names sorted.
        below: site fraction below which the step ends.
    """

    kind: Literal["depletion"] = "depletion"
    carrier: Name
    interface: str
    below: Fraction

    @field_validator("interface")
    @classmethod
    def _two_regions(cls, interface: str) -> str:
        names = sorted(part.strip() for part in interface.split("|"))
        if len(names) != 2 or names[0] == names[1] or not names[0]:
            raise ValueError(f"'{interface}' names no interface; write 'region|other region'")
        return "|".join(names)


Limit = VoltageLimit | CurrentLimit | Steady | Depletion
"""The closed family of limits."""
