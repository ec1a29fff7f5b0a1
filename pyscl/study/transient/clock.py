"""Times that a transient must meet: ends and corners of its steps, and times to save."""

from itertools import accumulate

import numpy as np

from pyscl.study.transient.drive import Drive
from pyscl.study.transient.options import TransientOptions
from pyscl.study.transient.stepper import Stepper

_SAME_TIME = 1e-9  # relative


class Clock:
    """The times to be met, on the clock of the present step of the protocol."""

    def __init__(self, stepper: Stepper, options: TransientOptions) -> None:
        """Follow a stepper."""
        self._stepper = stepper
        self._save = options.save
        self._lengths = options.step_lengths

    def longest_step(self, drive: Drive) -> float:
        """Return the longest step that meets the next time and leaves no sliver before it [s]."""
        now = self._stepper.elapsed
        due = [*drive.corners, *(t - self._stepper.begin_time for t in self._save_times(now))]
        if drive.end is not None:
            due.append(drive.end)
        left = min((t for t in due if not self.passed(t)), default=np.inf) - now
        return float(0.5 * left if 0.5 * left < self._stepper.next_step < left else left)

    def prescribed_length(self) -> float | None:
        """Return the length that the next step must have [s], or None if none is prescribed."""
        if self._lengths is None:
            return None
        lengths, now = self._lengths, self._stepper.elapsed
        ends = accumulate(lengths)
        return next(dt for dt, end in zip(lengths, ends, strict=True) if end - now > 0.5 * dt)

    def passed(self, target: float) -> bool:
        """Whether the elapsed time has reached a target, up to rounding."""
        return self._stepper.elapsed >= target * (1.0 - _SAME_TIME)

    def meets(self, target: float) -> bool:
        """Whether the elapsed time is a target, up to rounding."""
        return abs(self._stepper.elapsed - target) <= _SAME_TIME * target

    def is_time_to_save(self, dt: float) -> bool:
        """Whether the step of length `dt` that has just ended met a time at which to save."""
        now = self._stepper.time
        times = self._save_times(max(self._stepper.elapsed - 0.5 * dt, 0.0))
        return any(abs(now - t) <= _SAME_TIME * t for t in times)

    def _save_times(self, elapsed: float) -> tuple[float, ...]:
        """Return the absolute times to save that may come next after an elapsed time."""
        match self._save:
            case str():
                return ()
            case tuple(times):
                return times
            case interval:
                absolute = self._stepper.begin_time + elapsed
                return ((int(np.floor(absolute / interval * (1.0 + 1e-12))) + 1) * interval,)
