"""A quantity along an interface or contact: mean, spread, and where it exists."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Along:
    """A quantity along an interface or contact: mean over its measure, and spread.

    Attributes:
        mean: mean [its unit] over the part of the place on which it exists; None if too little.
        spread: standard deviation along that part [as mean]; None with `mean`.
        share: the part of the place on which it exists, 0 to 1.
        reason: why there is no mean, or "".
        note: what to mind about a mean that exists, or "".
    """

    mean: float | None
    spread: float | None
    share: float
    reason: str = ""
    note: str = ""

    def noted(self, note: str) -> "Along":
        """Return a copy with a note, unless there is no mean."""
        return self if self.mean is None else replace(self, note=note)

    def __float__(self) -> float:
        """Return the mean.

        Raises:
            InputError: there is none; says why.
        """
        if self.mean is None:
            raise InputError(f"no mean: {self.reason}")
        return self.mean

    @classmethod
    def of(
        cls, values: FloatArray, measure: FloatArray, reason: str, least: float = 0.0
    ) -> "Along":
        """Average values (k,), NaN where they do not exist, over the measure (k,).

        Args:
            values: the values.
            measure: their shares in the place [m] or [m2].
            reason: what to say where the mean is missing.
            least: smallest share of the place on which they must exist.
        """
        there = np.isfinite(values)
        share = float(measure[there].sum() / measure.sum())
        if not there.any() or share < least:
            return cls(None, None, share, reason)
        mean = float(np.average(values[there], weights=measure[there]))
        square = float(np.average((values[there] - mean) ** 2, weights=measure[there]))
        return cls(mean, square**0.5, share)
