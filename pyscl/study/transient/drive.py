"""What a step of a protocol means for the working contact: control, value in time, end.

Times count from the begin of the step.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from pyscl.protocol import Current, Follow, Hold, Rest, Step, StepTo, Sweep, Wait, format_limit
from pyscl.protocol.limits import Limit, Steady
from pyscl.study.transient.stepper import Control


@dataclass(frozen=True)
class Drive:
    """A step of a protocol as a function of time.

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
    step: Step, *, voltage: float, held: tuple[Control, float], area: float, capacity: float | None
) -> Drive:
    """Return the drive of a protocol step.

    Args:
        step: the step.
        voltage: of the working contact at the begin [V].
        held: control before the begin and its last value, which a `Wait` keeps.
        area: measure of the working contact, [m] or [m2].
        capacity: per area, for C-rates [A s/m2].

    Raises:
        InputError: a C-rate without capacity.
    """
    match step:
        case Rest():
            return _lasting(step, "current", 0.0)
        case Current():
            return _lasting(step, "current", step.total(area, capacity))
        case Hold():
            wanted = voltage if step.voltage is None else step.voltage
            return _lasting(step, "voltage", wanted, jump=step.voltage)
        case StepTo(voltage=wanted):
            return Drive("voltage", lambda t: wanted, 0.0, jump=wanted, lasts=False)
        case Sweep():
            first = voltage if step.start is None else step.start
            rate = step.rate if step.end > first else -step.rate
            return Drive(
                "voltage",
                lambda t: first + rate * t,
                (step.end - first) / rate,
                jump=step.start,
                lasts=step.end != first,
            )
        case Wait():
            return replace(_lasting(step, *held), continues=True)
        case Follow():
            return _follow(step, area)


def _lasting(
    step: Rest | Current | Hold | Wait,
    control: Control,
    value: float,
    jump: float | None = None,
) -> Drive:
    return Drive(
        control,
        lambda t: value,
        step.duration,
        limits=tuple(limit for limit in step.until if not isinstance(limit, Steady)),
        until_steady=any(isinstance(limit, Steady) for limit in step.until),
        jump=jump,
    )


def _follow(step: Follow, area: float) -> Drive:
    times = step.times
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
