"""From steps to sentences, which `parse_step` reads back into equal steps."""

import re

from pyscl.protocol.limits import CurrentValue, Depletion, Limit, Steady, VoltageLimit
from pyscl.protocol.steps import Current, Follow, Hold, Rest, Step, StepTo, Sweep, Wait
from pyscl.protocol.words import FALLS, KEYWORDS
from pyscl.units import plain, write

_LARGEST_DIVISOR = 1000  # of C-rates written as C/10
_PLAIN_NAME = re.compile(r"[^\W\d][^\s\"]*")


def format_step(step: Step) -> str:
    """Return the sentence of a step; `parse_step` returns an equal step.

    Only a `Follow` has no sentence; it is described in words.
    """
    match step:
        case Rest():
            return f"Rest{_ending(step)}"
        case Current():
            sign = "Charge" if step.given[1] > 0.0 else "Discharge"
            return f"{sign} at {_current(step)}{_ending(step)}"
        case Hold():
            at = "" if step.voltage is None else f" at {write(step.voltage, 'V')}"
            return f"Hold{at}{_ending(step)}"
        case StepTo():
            return f"Step to {write(step.voltage, 'V')}"
        case Sweep():
            start = "" if step.start is None else f" from {write(step.start, 'V')}"
            return f"Sweep{start} to {write(step.end, 'V')} at {write(step.rate, 'V/s')}"
        case Wait():
            return f"Wait{_ending(step)}"
        case Follow():
            count, last = len(step.times), write(step.times[-1], "s")
            return f"Follow the {step.control} given at {count} times for {last}"


def format_limit(limit: Limit) -> str:
    """Return a limit as it stands after "until"."""
    match limit:
        case VoltageLimit():
            return write(limit.voltage, "V")
        case Steady():
            return "steady"
        case Depletion():
            carrier, interface = _name(limit.carrier), _name(limit.interface)
            return f"{carrier} at {interface} falls below {plain(limit.below)}"
        case _:
            return _current(limit)


def _ending(step: Rest | Current | Hold | Wait) -> str:
    """Return " for 1 h or until 3 V or steady"."""
    parts = [] if step.duration is None else [f"for {write(step.duration, 's')}"]
    if step.until:
        parts.append("until " + " or ".join(format_limit(limit) for limit in step.until))
    return " " + " or ".join(parts)


def _current(value: CurrentValue) -> str:
    """Return the magnitude of a current in the form in which it was given."""
    name, amount = value.given
    match name:
        case "density":
            return write(abs(amount), "A/m^2")
        case "current":
            return write(abs(amount), "A")
        case "current_per_depth":
            return write(abs(amount), "A/m")
        case _:
            return _rate(abs(amount))


def _rate(rate: float) -> str:
    hours = round(1.0 / rate) if rate > 1.0 / (_LARGEST_DIVISOR + 1) else 0
    return f"C/{hours}" if hours > 1 and 1.0 / hours == rate else f"{plain(rate)}C"


def _name(name: str) -> str:
    """Return a name, in quotes where the sentence would not be understood otherwise."""
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in (*KEYWORDS, *FALLS, "below", "steady"):
        return name
    quoted = name.replace('"', '""')
    return f'"{quoted}"'
