"""Peaks of a distribution of relaxation times."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pyscl.eis.data import FloatArray

FOOT = 1e-3
"""share of the maximum of a peak at which it ends"""


@dataclass(frozen=True)
class Peak:
    """A maximum of a distribution of relaxation times, between the minima beside it.

    Attributes:
        time: tau [s], mean of ln tau over the peak.
        resistance: area of the peak, in the unit of the impedance.
        time_error: standard error of `time` [s].
        resistance_error: standard error of `resistance` [its unit].
        complete: whether its maximum lies within the inverse angular frequencies of the data.
    """

    time: float
    resistance: float
    time_error: float
    resistance_error: float
    complete: bool

    @property
    def capacitance(self) -> float:
        """tau/R, in s per unit of the impedance (F, or F/m for Ohm m)."""
        return self.time / self.resistance


def peak_windows(gamma: FloatArray, least: FloatArray, margin: int) -> list[tuple[int, int]]:
    """Return (first, last + 1) node of every peak.

    A peak lies between the minima beside it, as far as it is above a thousandth of its maximum.

    Args:
        gamma: distribution (m,), non-negative.
        least: sum of gamma below which a maximum at the node is no peak (m,).
        margin: nodes that are added on both sides, up to the minima.
    """
    padded = np.concatenate([[0.0], gamma, [0.0]])
    tops = np.flatnonzero((gamma > padded[:-2]) & (gamma >= padded[2:]))
    valleys = [a + int(gamma[a:b].argmin()) for a, b in pairwise(tops.tolist())]
    edges = [0, *valleys, len(gamma)]
    windows = []
    for first, end in pairwise(edges):
        part = gamma[first:end]
        if part.sum() > least[first + int(part.argmax())]:
            high = first + np.flatnonzero(part > FOOT * part.max())
            windows.append((max(first, high[0] - margin), min(end, high[-1] + 1 + margin)))
    return [(int(first), int(end)) for first, end in windows]


def window_sums(
    gamma: FloatArray, log_times: FloatArray, windows: list[tuple[int, int]]
) -> FloatArray:
    """Return mean ln tau [s] and area of every window (k, 2); the mean is nan where gamma is 0."""
    step = log_times[1] - log_times[0]
    sums = np.full((len(windows), 2), np.nan)
    for k, (first, last) in enumerate(windows):
        part = gamma[first:last]
        area = part.sum()
        if area > 0.0:
            sums[k, 0] = part @ log_times[first:last] / area
        sums[k, 1] = area * step
    return sums
