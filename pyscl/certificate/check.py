"""One line of a certificate: what was looked at, what came out, and what is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Status = Literal["passed", "warned", "failed", "not applicable"]

_ORDER: tuple[Status, ...] = ("not applicable", "passed", "warned", "failed")


@dataclass(frozen=True)
class Check:
    """A check and its result.

    Attributes:
        name: what was checked.
        place: region, interface "a|b", contact or carrier; "" for the whole model.
        value: what was found, in `unit`; None if there is nothing to evaluate.
        unit: of value and limit, "1" for pure numbers.
        limit: [`unit`] up to which (or from which, see `meaning`) the check passes, or None.
        status: "passed", "warned", "failed" or "not applicable".
        meaning: one sentence: what the value is, and what a failure says.
    """

    name: str
    place: str
    value: float | None
    unit: str
    limit: float | None
    status: Status
    meaning: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; values that JSON cannot hold are None."""
        return {
            "name": self.name,
            "place": self.place,
            "value": plain(self.value),
            "unit": self.unit,
            "limit": self.limit,
            "status": self.status,
            "meaning": self.meaning,
        }

    def __str__(self) -> str:
        place = f" [{self.place}]" if self.place else ""
        value = "" if self.value is None else f": {_number(self.value, self.unit)}"
        limit = "" if self.limit is None else f" (limit {_number(self.limit, self.unit)})"
        return f"{self.status}: {self.name}{place}{value}{limit}. {self.meaning}"


def at_most(
    name: str,
    value: float,
    limit: float,
    meaning: str,
    *,
    place: str = "",
    unit: str = "1",
    warn_only: bool = False,
) -> Check:
    """Return a check that passes up to a limit; a value that is no number fails."""
    good = bool(np.isfinite(value)) and value <= limit
    status: Status = "passed" if good else "warned" if warn_only else "failed"
    return Check(name, place, float(value), unit, limit, status, meaning)


def at_least(
    name: str,
    value: float,
    limit: float,
    meaning: str,
    *,
    fails_below: float,
    place: str = "",
    unit: str = "1",
) -> Check:
    """Return a check that passes from a limit on, warns below it and fails below another one."""
    status: Status = "failed"
    if value >= limit:
        status = "passed"
    elif value >= fails_below:
        status = "warned"
    return Check(name, place, float(value), unit, limit, status, meaning)


def not_applicable(name: str, meaning: str, *, place: str = "") -> Check:
    """Return a check that has nothing to look at."""
    return Check(name, place, None, "1", None, "not applicable", meaning)


def failed(name: str, meaning: str, *, place: str = "") -> Check:
    """Return a check that failed without a number."""
    return Check(name, place, None, "1", None, "failed", meaning)


def worst(statuses: Iterable[str]) -> Status:
    """Return the worst of some statuses; "passed" for none and for nothing but "not applicable"."""
    found = {s for s in statuses if s != "not applicable"}
    return next((s for s in reversed(_ORDER) if s in found), "passed")


def plain(value: float | None) -> float | None:
    """Return a value for JSON: None for what is no finite number."""
    return None if value is None or not np.isfinite(value) else float(value)


def _number(value: float, unit: str) -> str:
    return f"{value:.3g}" if unit == "1" else f"{value:.3g} {unit}"
