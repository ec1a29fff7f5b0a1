"""Steps of a protocol that are made in time steps of prescribed lengths."""

from collections.abc import Sequence
from itertools import accumulate

from pyscl.protocol.steps import Follow, Step, StepTo, Sweep

_SAME_TIME = 1e-10  # relative to the whole
_SHORTEST = 1e-8  # relative to the whole; ten times what counts as the same time in a transient
_SAME_CORNER = 1e-6  # relative to the shorter of the time steps that meet there


def too_short(lengths: Sequence[float]) -> str | None:
    """Return which of the lengths [s] of time steps is lost beside all of them, or None.

    A time is reached, and a step is over, up to 1e-9 of the time since the step began.
    """
    whole = sum(lengths)
    for number, length in enumerate(lengths, 1):
        if length < _SHORTEST * whole:
            return (
                f"length {number} of step_lengths, {length:.9g} s, is less than {_SHORTEST:g} of "
                f"all of them together, {whole:.9g} s; remove it or make it longer"
            )
    return None


def contradiction(step: Step, lengths: Sequence[float]) -> str | None:
    """Return why a step cannot be made in time steps of given lengths [s], or None if it can.

    A sudden change takes no time steps; all else must last as long as all of them together.
    """
    whole = sum(lengths)
    match step:
        case StepTo():
            return None
        case Sweep():
            if step.start is None:
                return "its duration is not clear; say from which voltage the sweep starts"
            duration = abs(step.end - step.start) / step.rate
        case Follow():
            ends = (0.0, *accumulate(lengths))
            for time in step.times:
                nearest = min(range(len(ends)), key=lambda k: abs(time - ends[k]))
                shorter = min(lengths[max(nearest - 1, 0) : nearest + 1])
                if abs(time - ends[nearest]) > _SAME_CORNER * shorter:
                    return f"{time:.9g} s is not the end of a time step"
            duration = step.times[-1]
        case _:
            if step.until or step.duration is None:
                return "it may end at a limit before the time steps do; give a duration only"
            duration = step.duration
    if abs(duration - whole) > _SAME_TIME * whole:
        return f"it lasts {duration:.9g} s, the time steps together {whole:.9g} s"
    return None
