"""The studies of a run file."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from pyscl.materials.schema import InputModel, failure
from pyscl.protocol import Protocol, Steps
from pyscl.text import frequency_text
from pyscl.units import AreaCapacity, Duration, Fraction, Frequency, Potential, Time


class EquilibriumStudy(InputModel):
    """Thermodynamic equilibrium: electrochemical potentials constant, no current."""

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["equilibrium"] = "equilibrium"


class SteadyStudy(InputModel):
    """Steady state under biases [V] added to the potentials of the named contacts."""

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["steady"] = "steady"
    bias: dict[str, Potential]


class TransientStudy(InputModel):
    """What happens in time while a protocol drives one contact.

    Attributes:
        contact: the working contact; charging drives a positive current into the model there.
        reference: the contact its voltage is measured against; None: the only other one that
            is not blocking.
        steps: the protocol; key "protocol" in the file.
        cycles: how often the protocol is carried out.
        start: "equilibrium", or "previous" for the last state of the study before.
        tolerance: error of a time step in the site fractions.
        first_step: first time step after a sudden change [s]; a longer one skips the charging of
            double layers and of the dielectric; None: a thousandth of the dielectric relaxation.
        max_step: longest time step [s], or None.
        capacity: charge per area of the working contact [A s/m2], for C-rates.
        save: "steps": states are kept at the end of every step of the protocol.
        save_times: times at which states are kept instead [s], ascending.
        save_every: interval at which states are kept instead [s].
        checkpoint_every: wall time between checkpoints [s].
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["transient"] = "transient"
    contact: str
    reference: str | None = None
    steps: Annotated[Steps, Field(alias="protocol")]
    cycles: Annotated[int, Field(ge=1)] = 1
    start: Literal["equilibrium", "previous"] = "equilibrium"
    tolerance: Fraction = 1e-3
    first_step: Duration | None = None
    max_step: Duration | None = None
    capacity: AreaCapacity | None = None
    save: Literal["steps"] | None = None
    save_times: tuple[Time, ...] | None = None
    save_every: Duration | None = None
    checkpoint_every: Duration = 60.0

    @field_validator("save_times")
    @classmethod
    def _ascending(cls, times: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if times is not None and not times:
            raise ValueError("the list of times is empty; remove the key to save after every step")
        for k, (before, after) in enumerate(pairwise(times or ())):
            if not after > before:
                message = f"time {k + 2} ({after:g} s) does not come after {before:g} s"
                raise failure("times", f"{message}; times must ascend", (k + 1,))
        return times

    @model_validator(mode="after")
    def _saved_in_one_way(self) -> "TransientStudy":
        keys = ("save", "save_times", "save_every")
        given = [key for key in keys if getattr(self, key) is not None]
        if len(given) > 1:
            message = f"{' and '.join(given)} exclude each other; keep one of them"
            raise failure("key", message, (given[-1],))
        return self

    @property
    def protocol(self) -> Protocol:
        """The steps and how often they are carried out."""
        return Protocol(self.steps, cycles=self.cycles)

    @property
    def saving(self) -> Literal["steps"] | tuple[float, ...] | float:
        """When states are kept: after every step, at times [s], or at an interval [s]."""
        return self.save_times or self.save_every or "steps"


class FrequencyRange(InputModel):
    """Ends of a range of frequencies [Hz]; keys "from" and "to" in the file."""

    low: Annotated[Frequency, Field(alias="from")]
    high: Annotated[Frequency, Field(alias="to")]

    @model_validator(mode="after")
    def _rises(self) -> "FrequencyRange":
        if not self.low < self.high:
            low, high = frequency_text(self.low), frequency_text(self.high)
            message = f"the range ends at {high}, not above its start at {low}"
            raise failure("range", f"{message}; give the lower frequency first", ("to",))
        return self


def _way_of_frequencies(value: Any) -> str | None:
    """Return whether frequencies are given as a range or one by one."""
    if isinstance(value, (Mapping, FrequencyRange)):
        return "range"
    return "list" if isinstance(value, (list, tuple)) else None


Frequencies = Annotated[
    Annotated[FrequencyRange, Tag("range")] | Annotated[tuple[Frequency, ...], Tag("list")],
    Discriminator(
        _way_of_frequencies,
        custom_error_type="frequencies",
        custom_error_message="these are no frequencies; expected {from: 10 mHz, to: 1 GHz}, or a "
        "list such as [1 Hz, 10 Hz, 100 Hz]",
    ),
]
"""A range, in which the frequencies are chosen, or a list of them."""


class ImpedanceStudy(InputModel):
    """The response of a state to small alternating voltages of one contact.

    Attributes:
        contact: where the voltage is applied.
        reference: the contact it is measured against; None: all others.
        open_contacts: contacts that carry no alternating current; key "open" in the file.
        bias: dc voltage [V] by contact, for which the steady state is computed first.
        frequencies: a range, or the frequencies themselves [Hz]; None: a range that follows from
            the model.
        tolerance: relative error of the interpolated spectrum at which no more frequencies are
            put into the range.
        points_per_decade: least number of frequencies in a decade of the range.
        start: "equilibrium", or "previous" for the last state of the study before.
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["impedance"] = "impedance"
    contact: str
    reference: str | None = None
    open_contacts: Annotated[tuple[str, ...], Field(alias="open")] = ()
    bias: dict[str, Potential] = Field(default_factory=dict)
    frequencies: Frequencies | None = None
    tolerance: Fraction = 1e-3
    points_per_decade: Annotated[int, Field(ge=1)] = 3
    start: Literal["equilibrium", "previous"] = "equilibrium"

    @field_validator("frequencies")
    @classmethod
    def _different(
        cls, frequencies: FrequencyRange | tuple[float, ...] | None
    ) -> FrequencyRange | tuple[float, ...] | None:
        if not isinstance(frequencies, tuple):
            return frequencies
        if not frequencies:
            raise ValueError(
                "the list of frequencies is empty; remove the key for a choice of them"
            )
        for k, value in enumerate(frequencies):
            if value in frequencies[:k]:
                message = f"{frequency_text(value)} is given twice; remove one of them"
                raise failure("frequencies", message, (k,))
        return tuple(sorted(frequencies))

    @model_validator(mode="after")
    def _nothing_to_choose(self) -> "ImpedanceStudy":
        for key in ("tolerance", "points_per_decade"):
            if isinstance(self.frequencies, tuple) and key in self.model_fields_set:
                message = (
                    f"{key} has no effect on a list of frequencies; give a range, or remove it"
                )
                raise failure("key", message, (key,))
        return self


AnyStudy = EquilibriumStudy | SteadyStudy | TransientStudy | ImpedanceStudy
"""The closed family of studies."""


def with_kind(value: Any) -> Any:
    """Return {"kind": "steady", ...} for "steady" and for {"steady": {...}}."""
    if isinstance(value, str):
        return {"kind": value}
    if isinstance(value, Mapping) and len(value) == 1 and "kind" not in value:
        kind, body = next(iter(value.items()))
        if body is None or isinstance(body, Mapping):
            return {"kind": kind, **(body or {})}
    return value


StudyInput = Annotated[
    Annotated[AnyStudy, Field(discriminator="kind")],
    BeforeValidator(
        with_kind,
        json_schema_input_type=Literal["equilibrium"]
        | dict[Literal["steady"], SteadyStudy]
        | dict[Literal["transient"], TransientStudy]
        | dict[Literal["impedance"], ImpedanceStudy],
    ),
]
"""A study as a run file writes it."""
