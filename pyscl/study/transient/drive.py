"""What a step of a protocol means for the working contact: control, value in time, end."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from pyscl.protocol import Current, Follow, Hold, Rest, Step, StepTo, Sweep, Wait, format_limit
from pyscl.protocol.limits import Limit, Steady
from pyscl.study.transient.stepper import Control


@dataclass(frozen=True)
class Drive:
    """A step of a protocol on the clock of the transient.

    Attributes:
        control: what is given at the working contact.
        value: function of time [s]: voltage [V] or current into the model [A/m] or [A].
        end: time at which it is over [s]; None: a limit ends it.
        corners: times at which the value has a corner [s]; the integration starts anew there.
        limits: what else ends it, without `Steady`.
        until_steady: whether it ends when nothing changes any more.
        jump: voltage that is applied at once at the start [V], or None.
        lasts: False for a sudden change only.
        continues: whether it only goes on with what the drive before began.
    """

    control: Control
    value: Callable[[float], float]
    end: float | None = None
    corners: tuple[float, ...] = ()
    limits: tuple[Limit, ...] = ()
    until_steady: bool = False
    jump: float | None = None
    lasts: bool = True
    continues: bool = False

    @property
    def wanted(self) -> str:
        """The limits in words."""
        return " or ".join(format_limit(limit) for limit in self.limits)


def make_drive(
    step: Step, *, begin: float, voltage: float, held: "Drive", area: float, capacity: float | None
) -> Drive:
    """Return the drive of a protocol step.

    Args:
        step: the step.
        begin: time at which it begins [s].
        voltage: of the working contact at that time [V].
        held: the drive before, which a `Wait` keeps at its last value.
        area: measure of the working contact, [m] or [m2].
        capacity: per area, for C-rates [A s/m2].

    Raises:
        InputError: a C-rate without capacity.
    """
    match step:
        case Rest():
            return _lasting(step, begin, "current", 0.0)
        case Current():
            return _lasting(step, begin, "current", step.total(area, capacity))
        case Hold():
            wanted = voltage if step.voltage is None else step.voltage
            return _lasting(step, begin, "voltage", wanted, jump=step.voltage)
        case StepTo(voltage=wanted):
            return Drive("voltage", lambda t: wanted, begin, jump=wanted, lasts=False)
        case Sweep():
            first = voltage if step.start is None else step.start
            rate = step.rate if step.end > first else -step.rate
            return Drive(
                "voltage",
                lambda t: first + rate * (t - begin),
                begin + (step.end - first) / rate,
                jump=step.start,
            )
        case Wait():
            return replace(_lasting(step, begin, held.control, held.value(begin)), continues=True)
        case Follow():
            return _follow(step, begin, area)


def _lasting(
    step: Rest | Current | Hold | Wait,
    begin: float,
    control: Control,
    value: float,
    jump: float | None = None,
) -> Drive:
    return Drive(
        control,
        lambda t: value,
        None if step.duration is None else begin + step.duration,
        limits=tuple(limit for limit in step.until if not isinstance(limit, Steady)),
        until_steady=any(isinstance(limit, Steady) for limit in step.until),
        jump=jump,
    )


def _follow(step: Follow, begin: float, area: float) -> Drive:
    times = [begin + t for t in step.times]
    if step.voltage is not None:
        values: tuple[float, ...] = step.voltage
    else:
        assert step.current_density is not None
        values = tuple(area * density for density in step.current_density)

    def value(t: float) -> float:
        k = min(max(bisect_right(times, t), 1), len(times) - 1)
        share = (t - times[k - 1]) / (times[k] - times[k - 1])
        return values[k - 1] + share * (values[k] - values[k - 1])

    jump = values[0] if step.control == "voltage" else None
    return Drive(step.control, value, times[-1], tuple(times[1:-1]), jump=jump)
