"""The studies of a run file."""

import math
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
from pyscl.polar_states import AnyPolarState
from pyscl.protocol import Protocol, Steps
from pyscl.protocol.step_lengths import too_short
from pyscl.text import frequency_text
from pyscl.units import (
    AreaCapacity,
    Duration,
    Extent,
    Fraction,
    Frequency,
    Number,
    Potential,
    Temperature,
    Time,
    UnitValue,
)

PositivePotential = Annotated[float, UnitValue("V", above=0.0)]
_NOT_A_UNIT_VECTOR = 1e-6  # deviation of the length from 1 that is refused


PolarStates = dict[str, AnyPolarState]
"""Polarization of ferroelectric regions at the start of a study, by region."""


class EquilibriumStudy(InputModel):
    """Thermodynamic equilibrium: electrochemical potentials constant, no current.

    Attributes:
        polarization: of ferroelectric regions at the start, by region; others start from a noise.
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["equilibrium"] = "equilibrium"
    polarization: PolarStates = Field(default_factory=dict)


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
        step_lengths: lengths of the time steps of every step of the protocol that takes time [s],
            which must last as long as all of them together, none less than 1e-8 of that; exactly
            these are made, whatever their error. None: the error decides.
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
    step_lengths: tuple[Duration, ...] | None = None
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

    @model_validator(mode="after")
    def _steps_in_one_way(self) -> "TransientStudy":
        if self.step_lengths is None:
            return self
        if not self.step_lengths:
            message = "the list of lengths is empty; remove the key to let the error decide"
            raise failure("lengths", message, ("step_lengths",))
        reason = too_short(self.step_lengths)
        if reason is not None:
            raise failure("lengths", reason, ("step_lengths",))
        for key in ("first_step", "max_step", "save_times", "save_every"):
            if getattr(self, key) is not None:
                raise failure("key", f"step_lengths and {key} exclude each other", (key,))
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


class PolarizationLoopStudy(InputModel):
    """Polarization against the voltage of a contact, infinitely slow.

    Attributes:
        contact: the contact whose voltage goes to +amplitude, -amplitude and back.
        amplitude: largest voltage added to it [V].
        points: voltages on the way from +amplitude to -amplitude.
        cycles: number of closed loops.
        region: the region that is looked at; None: the only one that can switch.
        direction: unit vector (x, y) along which field and polarization are taken; None: that in
            which a positive voltage drives.
        resolution: up to which the voltages of jumps are found [V]; None: `points` decide.
        start: "equilibrium", or "previous" for the last state of the study before.
        polarization: of ferroelectric regions at the start, by region.
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["polarization-loop"] = "polarization-loop"
    contact: str
    amplitude: PositivePotential
    points: Annotated[int, Field(ge=4)] = 40
    cycles: Annotated[int, Field(ge=1)] = 1
    region: str | None = None
    direction: tuple[Number, Number] | None = None
    resolution: PositivePotential | None = None
    start: Literal["equilibrium", "previous"] = "equilibrium"
    polarization: PolarStates = Field(default_factory=dict)

    @field_validator("direction")
    @classmethod
    def _unit_vector(cls, direction: tuple[float, float] | None) -> tuple[float, float] | None:
        length = 1.0 if direction is None else math.hypot(*direction)
        if abs(length - 1.0) > _NOT_A_UNIT_VECTOR:
            advice = "divide by it" if length > 0.0 else "give a direction"
            raise ValueError(f"this is no unit vector, its length is {length:g}; {advice}")
        return direction


class PolingStudy(InputModel):
    """Voltages that come, align the polarization and go again, infinitely slowly.

    Attributes:
        voltages: added to the contacts [V].
        steps: number of steps in which they rise, and in which they fall.
        start: "equilibrium", or "previous" for the last state of the study before.
        polarization: of ferroelectric regions at the start, by region.
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["poling"] = "poling"
    voltages: Annotated[dict[str, Potential], Field(min_length=1)]
    steps: Annotated[int, Field(ge=1)] = 10
    start: Literal["equilibrium", "previous"] = "equilibrium"
    polarization: PolarStates = Field(default_factory=dict)

    @field_validator("voltages")
    @classmethod
    def _not_zero(cls, voltages: dict[str, float]) -> dict[str, float]:
        if not any(voltages.values()):
            raise ValueError("all voltages are 0; give one that aligns the polarization")
        return voltages


class TemperatureRange(InputModel):
    """Temperatures at equal distances [K]; keys "from" and "to" in the file.

    The last step is shorter where they do not fit.
    """

    low: Annotated[Temperature, Field(alias="from")]
    high: Annotated[Temperature, Field(alias="to")]
    step: Annotated[float, UnitValue("K", above=0.0)]

    @model_validator(mode="after")
    def _rises(self) -> "TemperatureRange":
        if not self.low < self.high:
            message = f"the range ends at {self.high:g} K, not above its start at {self.low:g} K"
            raise failure("range", f"{message}; give the lower temperature first", ("to",))
        return self

    def values(self) -> tuple[float, ...]:
        """Return the temperatures [K]."""
        count = int(round((self.high - self.low) / self.step, 9))
        inner = (self.low + self.step * k for k in range(count + 1))
        return (*(t for t in inner if t < self.high - 1e-9 * self.step), self.high)


def _way_of_temperatures(value: Any) -> str | None:
    """Return whether temperatures are given as a range or one by one."""
    if isinstance(value, (Mapping, TemperatureRange)):
        return "range"
    return "list" if isinstance(value, (list, tuple)) else None


Temperatures = Annotated[
    Annotated[TemperatureRange, Tag("range")] | Annotated[tuple[Temperature, ...], Tag("list")],
    Discriminator(
        _way_of_temperatures,
        custom_error_type="temperatures",
        custom_error_message="these are no temperatures; expected {from: 290 K, to: 420 K, "
        "step: 5 K}, or a list such as [20 degC, 60 degC]",
    ),
]
"""A range with its step, or a list of temperatures."""


class PermittivityStudy(InputModel):
    """Relative permittivity of a film or composite on heating and on cooling.

    Attributes:
        contact: the contact whose voltage changes a little; the others are held.
        temperatures: a range, or the temperatures themselves [K].
        thickness: between the contact and the others [m]; None: the distance of flat contacts.
        cooling: whether the temperatures are passed downwards again.
        polarization: of ferroelectric regions at the lowest temperature, by region.
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["permittivity"] = "permittivity"
    contact: str
    temperatures: Temperatures
    thickness: Extent | None = None
    cooling: bool = True
    polarization: PolarStates = Field(default_factory=dict)

    @field_validator("temperatures")
    @classmethod
    def _several(
        cls, temperatures: TemperatureRange | tuple[float, ...]
    ) -> TemperatureRange | tuple[float, ...]:
        if isinstance(temperatures, tuple) and len(set(temperatures)) < 2:
            raise ValueError("a sweep needs two different temperatures or more; add some")
        return temperatures

    @property
    def values(self) -> tuple[float, ...]:
        """The temperatures [K]."""
        given = self.temperatures
        return given.values() if isinstance(given, TemperatureRange) else given


PolarStudy = PolarizationLoopStudy | PolingStudy | PermittivityStudy
"""The studies that need a polarization."""

AnyStudy = EquilibriumStudy | SteadyStudy | TransientStudy | ImpedanceStudy | PolarStudy
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
        | dict[Literal["impedance"], ImpedanceStudy]
        | dict[Literal["polarization-loop"], PolarizationLoopStudy]
        | dict[Literal["poling"], PolingStudy]
        | dict[Literal["permittivity"], PermittivityStudy],
    ),
]
"""A study as a run file writes it."""
