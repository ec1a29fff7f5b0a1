"""The certificate of a result: all checks, estimated errors, assumptions, validity."""

from dataclasses import asdict, dataclass, field
from typing import Any

from pyscl.certificate.check import Check, Status, plain, worst
from pyscl.text import table


@dataclass(frozen=True)
class ErrorEstimate:
    """A headline number with its estimated discretisation error.

    Attributes:
        quantity: what it is, "layer charge".
        place: where, "a|b, a".
        value: on the mesh at hand, in `unit`.
        unit: of value and error.
        error: estimate of |exact value - value| [`unit`].
        method: "local" or "refined".
    """

    quantity: str
    place: str
    value: float
    unit: str
    error: float
    method: str

    @property
    def relative(self) -> float | None:
        """|error / value| [1]; None for the value 0."""
        return abs(self.error / self.value) if self.value else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; values that JSON cannot hold are None."""
        numbers = {"value": self.value, "error": self.error, "relative error": self.relative}
        return asdict(self) | {name: plain(value) for name, value in numbers.items()}


@dataclass(frozen=True)
class Certificate:
    """What was checked of a result; `str(certificate)` is a short table.

    Attributes:
        checks: all checks.
        estimates: headline numbers with their discretisation errors.
        assumptions: values without a source, "region: property = value" -> reason.
        validity: sentences where a model is outside its range.
        seconds: time that the certificate took.
    """

    checks: tuple[Check, ...]
    estimates: tuple[ErrorEstimate, ...] = ()
    assumptions: dict[str, str] = field(default_factory=dict)
    validity: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def status(self) -> Status:
        """The worst status of all checks: "passed", "warned" or "failed"."""
        return worst(check.status for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status == "failed")

    def named(self, name: str) -> tuple[Check, ...]:
        """Return the checks of a name, one per place; none if there is no such check."""
        return tuple(check for check in self.checks if check.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "status": self.status,
            "checks": [check.to_dict() for check in self.checks],
            "estimates": [estimate.to_dict() for estimate in self.estimates],
            "assumptions": [f"{value} ({why})" for value, why in self.assumptions.items()],
            "validity": list(self.validity),
            "seconds": round(self.seconds, 4),
        }

    @property
    def headline(self) -> str:
        """One line: status, counts, and the largest estimated error."""
        count = [sum(check.status == s for check in self.checks) for s in ("passed", "warned")]
        text = f"{self.status}: {count[0]} checks passed"
        text += f", {count[1]} warned" if count[1] else ""
        text += f", {len(self.failed)} failed" if self.failed else ""
        for check in self.named("discretisation error"):
            if check.value is not None:
                least = any(estimate.method == "local" for estimate in self.estimates)
                text += f"; largest error {check.value:.2g} ({check.place})"
                text += ", more at corners and curves" if least else ""
        return text

    def __str__(self) -> str:
        shown = [check for check in self.checks if check.status != "not applicable"]
        rows = []
        for name in dict.fromkeys(check.name for check in shown):
            group = [check for check in shown if check.name == name]
            status = worst(check.status for check in group)
            telling = next(check for check in group if check.status == status)
            if telling.value is not None and telling.limit is not None:
                margin = [c for c in group if c.status == status and c.value is not None]
                telling = max(margin, key=_distance)
            rows.append(
                (
                    status,
                    name,
                    telling.place,
                    "" if telling.value is None else f"{telling.value:.2g}",
                    "" if telling.limit is None else f"{telling.limit:.2g}",
                    telling.unit if telling.unit != "1" else "",
                )
            )
        lines = [f"certificate {self.headline}"]
        lines += table(("status", "check", "worst at", "value", "limit", "unit"), rows)
        for estimate in self.estimates:
            relative = "" if estimate.relative is None else f" ({estimate.relative:.2%})"
            lines.append(
                f"{estimate.quantity} [{estimate.place}] {estimate.value:.5g} {estimate.unit}, "
                f"error about {estimate.error:.1g}{relative}, {estimate.method}"
            )
        lines += [f"validity: {sentence}" for sentence in self.validity]
        return "\n".join(lines)


def _distance(check: Check) -> float:
    """How near to its limit the value of a check is, for the choice of the telling one."""
    assert check.value is not None
    if "elements per" in check.name:
        return -check.value
    return check.value
