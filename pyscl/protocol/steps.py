"""The steps of a protocol: what the working contact does, and until when."""

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pyscl.materials.schema import InputModel, failure
from pyscl.protocol.limits import CurrentLimit, CurrentValue, Limit, VoltageLimit
from pyscl.units import CurrentDensity, Duration, Potential, SweepRate, Time

Control = Literal["voltage", "current"]


def never_met(control: Control | None, limit: Limit) -> str | None:
    """Return why a limit never ends a step under a control, or None if it may."""
    if control == "voltage" and isinstance(limit, VoltageLimit):
        return "the voltage is given here; a limit of the voltage never ends the step"
    if control == "current" and isinstance(limit, CurrentLimit):
        return "the current is given here; a limit of the current never ends the step"
    return None


class _Ending(InputModel):
    """What steps that last have in common: they end after a time or at the first limit met.

    Attributes:
        duration: longest time [s], or None.
        until: limits; the first one met ends the step.
    """

    control: ClassVar[Control | None] = None

    duration: Duration | None = None
    until: tuple[Annotated[Limit, Field(discriminator="kind")], ...] = ()

    @field_validator("until")
    @classmethod
    def _reachable(cls, until: tuple[Limit, ...]) -> tuple[Limit, ...]:
        for k, limit in enumerate(until):
            if reason := never_met(cls.control, limit):
                raise failure("limit", reason, (k,))
        return until

    @model_validator(mode="after")
    def _comes_to_an_end(self) -> "_Ending":
        if self.duration is None and not self.until:
            raise failure("ending", "nothing ends the step; give a duration or a limit")
        return self


class Rest(_Ending):
    """No current through the working contact.

    Attributes:
        duration: longest time [s], or None.
        until: limits; the first one met ends the step.
    """

    control: ClassVar[Control | None] = "current"
    kind: Literal["rest"] = "rest"


class Current(CurrentValue, _Ending):
    """A constant current into the model through the working contact: > 0 charges, < 0 discharges.

    Attributes:
        density: per area of the contact [A/m2].
        rate: C-rate [1/h].
        current: in all [A], for axisymmetric coordinates.
        current_per_depth: per metre of depth [A/m], for planar coordinates.
        duration: longest time [s], or None.
        until: limits; the first one met ends the step.
    """

    control: ClassVar[Control | None] = "current"
    kind: Literal["current"] = "current"

    @model_validator(mode="after")
    def _flows(self) -> "Current":
        if self.given[1] == 0.0:
            raise failure("current", "the current is 0; a step without current is a rest")
        return self


class Hold(_Ending):
    """A constant voltage.

    Attributes:
        voltage: working contact against reference [V]; None: the one at the start of the step.
        duration: longest time [s], or None.
        until: limits; the first one met ends the step.
    """

    control: ClassVar[Control | None] = "voltage"
    kind: Literal["hold"] = "hold"
    voltage: Potential | None = None


class StepTo(InputModel):
    """A jump of the voltage, which takes no time; the next step goes on from there.

    Attributes:
        voltage: working contact against reference after the jump [V].
    """

    control: ClassVar[Control | None] = "voltage"
    kind: Literal["step"] = "step"
    voltage: Potential


class Sweep(InputModel):
    """A voltage that changes at a constant rate.

    Attributes:
        start: voltage at the start [V]; None: the one at the start of the step.
        end: voltage at the end [V].
        rate: magnitude of the rate [V/s]; the direction follows from the voltages.
    """

    control: ClassVar[Control | None] = "voltage"
    kind: Literal["sweep"] = "sweep"
    start: Potential | None = None
    end: Potential
    rate: SweepRate

    @field_validator("end")
    @classmethod
    def _goes_somewhere(cls, end: float, info: ValidationInfo) -> float:
        if end == info.data.get("start"):
            raise ValueError("the sweep ends where it starts; give two different voltages")
        return end


class Wait(_Ending):
    """Time passes under the control that is active: the voltage or current of the step before.

    Attributes:
        duration: longest time [s], or None.
        until: limits; the first one met ends the step.
    """

    kind: Literal["wait"] = "wait"


class Follow(InputModel):
    """A voltage or current density given at times, linear in between.

    Attributes:
        times: since the start of the step [s], ascending from 0.
        voltage: working contact against reference at these times [V], or None.
        current_density: into the model, per area of the contact, at these times [A/m2], or None.
    """

    kind: Literal["follow"] = "follow"
    times: tuple[Time, ...]
    voltage: tuple[Potential, ...] | None = None
    current_density: tuple[CurrentDensity, ...] | None = None

    @field_validator("times")
    @classmethod
    def _ascending_from_zero(cls, times: tuple[float, ...]) -> tuple[float, ...]:
        if len(times) < 2:
            raise ValueError("too few times; at least two are needed")
        if times[0] != 0.0:
            raise ValueError(f"the first time is {times[0]:g} s; times start at 0 s")
        for k, (before, after) in enumerate(pairwise(times)):
            if not after > before:
                message = f"time {k + 2} ({after:g} s) does not come after {before:g} s"
                raise failure("times", f"{message}; times must ascend", (k + 1,))
        return times

    @field_validator("voltage", "current_density")
    @classmethod
    def _one_value_per_time(
        cls, values: tuple[float, ...] | None, info: ValidationInfo
    ) -> tuple[float, ...] | None:
        times = info.data.get("times")
        if values is not None and times is not None and len(values) != len(times):
            raise ValueError(f"{len(values)} values for {len(times)} times; one each is needed")
        return values

    @model_validator(mode="after")
    def _one_of_two(self) -> "Follow":
        if (self.voltage is None) == (self.current_density is None):
            found = "nothing to follow" if self.voltage is None else "two things to follow"
            raise failure("follow", f"{found}; give either voltage or current_density")
        return self

    @property
    def control(self) -> Control:
        """What is given: the voltage or the current."""
        return "current" if self.voltage is None else "voltage"


Step = Rest | Current | Hold | StepTo | Sweep | Wait | Follow
"""The closed family of steps."""
