"""From where a transient goes on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pyscl.discretize import FloatArray
from pyscl.errors import InputError


@dataclass(frozen=True, eq=False)
class RestartPoint:
    """The last time levels of a transient and the state of its controller.

    Attributes:
        times: the last accepted times, rising [s], (k,).
        unknowns: their states, phi in kT/e and mu in kT, (k, n_dofs).
        scalars: numbers, all else that the integrator goes on with (next step, protocol step,
            voltages of contacts whose current is given, ...) by name.
    """

    times: FloatArray
    unknowns: FloatArray
    scalars: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse what cannot be gone on from.

        Raises:
            InputError: no level at all, shapes that do not match, numbers that are not finite, or
                times that do not rise.
        """
        times, unknowns = np.asarray(self.times), np.asarray(self.unknowns)
        if times.ndim != 1 or not len(times) or unknowns.ndim != 2:
            raise InputError("a restart point needs times (k,) and unknowns (k, n_dofs), k > 0")
        if len(unknowns) != len(times):
            raise InputError(
                f"a restart point needs one state per time, not {len(unknowns)} for {len(times)}"
            )
        if not (np.isfinite(times).all() and np.isfinite(unknowns).all()):
            raise InputError("a restart point holds numbers that are not finite")
        if (np.diff(times) <= 0.0).any():
            raise InputError("the times of a restart point must rise")
