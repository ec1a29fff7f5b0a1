"""Options of a transient."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pyscl.errors import InputError
from pyscl.protocol.step_lengths import too_short
from pyscl.study.newton import SolverOptions

if TYPE_CHECKING:
    from pyscl.study.transient.recording import StepRecord

Scheme = Literal["bdf2", "backward-euler"]


@dataclass(frozen=True)
class TransientOptions:
    """Accuracy, output and limits of a transient.

    Attributes:
        tolerance: allowed local error per time step: of every site fraction relative to the larger
            of the local and the bulk minority fraction, and of the potential relative to
            `potential_scale`; both relative to how far the step of the protocol has moved the
            state in these measures, if that is less than 1 (and down to 1e-3), so that small
            signals are followed as well as large ones.
        potential_scale: [kT/e].
        scheme: "bdf2" (second order, backward Euler where it must) or "backward-euler".
        fixed_step: all steps have this length [s]; None: the error decides.
        step_lengths: lengths of the steps of every step of the protocol that takes time [s], which
            must last as long as all of them together, none less than 1e-8 of that; exactly these
            are made, whatever their error, which is in the time series. None: the error decides.
        first_step: first step after a sudden change [s]; None: a thousandth of the longest
            dielectric relaxation time of the regions.
        max_step: longest step [s], or None.
        min_step: shortest step before the integration gives up [s]; None: 1e-10 of the first.
        save: which states are kept: "steps" (the end of every step of the protocol), "all", an
            interval [s], or increasing times [s]. The last state always is, and the first unless
            times are given.
        steady: a state counts as steady when the change that is still to come is smaller than
            this, relative like the error.
        voltage_window: the protocol ends when the voltage leaves it [V]: a phase is exhausted.
        capacity: charge per area of the contact that a C-rate refers to [A s/m2], or None.
        checkpoint: file that is rewritten while the transient runs, or None.
        checkpoint_every: wall time between checkpoints [s].
        newton: tolerances of the Newton iterations.
        listener: called after every accepted step.
    """

    tolerance: float = 1e-3
    potential_scale: float = 20.0
    scheme: Scheme = "bdf2"
    fixed_step: float | None = None
    step_lengths: tuple[float, ...] | None = None
    first_step: float | None = None
    max_step: float | None = None
    min_step: float | None = None
    save: "Literal['steps', 'all'] | float | tuple[float, ...]" = "steps"
    steady: float = 1e-4
    voltage_window: tuple[float, float] = (-10.0, 10.0)
    capacity: float | None = None
    checkpoint: Path | None = None
    checkpoint_every: float = 60.0
    newton: SolverOptions = field(
        default_factory=lambda: SolverOptions(tolerance=1e-7, max_iterations=30)
    )
    listener: "Callable[[StepRecord], None] | None" = None

    def __post_init__(self) -> None:
        """Refuse values without meaning.

        Raises:
            InputError: names the option and what is allowed.
        """
        for name in ("tolerance", "potential_scale", "steady"):
            if not getattr(self, name) > 0.0:
                raise InputError(
                    f"{name} of a transient must be above 0, not {getattr(self, name)}"
                )
        for name in ("fixed_step", "first_step", "max_step", "min_step", "capacity"):
            value = getattr(self, name)
            if value is not None and not value > 0.0:
                raise InputError(f"{name} of a transient must be above 0, not {value}")
        if self.max_step is not None and self.max_step <= (self.min_step or 0.0):
            raise InputError(f"max_step {self.max_step} s must be above min_step {self.min_step} s")
        if isinstance(self.save, bool):
            raise InputError(f"save '{self.save}' is unknown; use 'steps', 'all', a time or times")
        if self.scheme not in ("bdf2", "backward-euler"):
            raise InputError(f"scheme '{self.scheme}' is unknown; use 'bdf2' or 'backward-euler'")
        if isinstance(self.save, tuple) and any(
            not later > earlier for earlier, later in zip(self.save, self.save[1:], strict=False)
        ):
            raise InputError("the times of `save` must increase")
        if isinstance(self.save, int | float) and not self.save > 0.0:
            raise InputError(f"the interval of `save` must be above 0, not {self.save}")
        if isinstance(self.save, str) and self.save not in ("steps", "all"):
            raise InputError(f"save '{self.save}' is unknown; use 'steps', 'all', a time or times")
        if not self.voltage_window[0] < self.voltage_window[1]:
            raise InputError("the voltage window needs its lower end first")
        if self.step_lengths is not None:
            self._check_step_lengths(self.step_lengths)

    def _check_step_lengths(self, lengths: tuple[float, ...]) -> None:
        if not lengths or not all(0.0 < length < math.inf for length in lengths):
            raise InputError(f"step_lengths of a transient must all be above 0, not {lengths}")
        reason = too_short(lengths)
        if reason is not None:
            raise InputError(reason)
        for name in ("fixed_step", "first_step", "max_step", "min_step"):
            if getattr(self, name) is not None:
                raise InputError(f"step_lengths and {name} exclude each other; keep one of them")
        if not isinstance(self.save, str):
            raise InputError(
                "states are saved at the ends of prescribed steps only; use save='steps' or 'all'"
            )

    @property
    def order(self) -> int:
        """Highest order of the formula."""
        return 2 if self.scheme == "bdf2" else 1
