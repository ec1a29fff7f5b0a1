"""Steps of a protocol that are made in time steps of prescribed lengths."""

from collections.abc import Sequence
from itertools import accumulate

from pyscl.protocol.steps import Follow, Step, StepTo, Sweep

_SAME_TIME = 1e-10  # relative


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
                if min(abs(time - end) for end in ends) > _SAME_TIME * whole:
                    return f"{time:.9g} s is not the end of a time step"
            duration = step.times[-1]
        case _:
            if step.until or step.duration is None:
                return "it may end at a limit before the time steps do; give a duration only"
            duration = step.duration
    if abs(duration - whole) > _SAME_TIME * whole:
        return f"it lasts {duration:.9g} s, the time steps together {whole:.9g} s"
    return None
