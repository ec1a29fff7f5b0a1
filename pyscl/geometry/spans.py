"""Pieces along a line: islands, voids and lost contacts with gaps between them."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Positions = Literal["even", "random"]

SMALLEST_GAP = 0.2
"""Least gap between pieces at random places, in units of the mean gap."""


MOST_PIECES = 5000
"""Most pieces along a line."""


def lengths_of(count: int, total: float, spread: float, rng: np.random.Generator) -> FloatArray:
    """Return lengths (count,) that sum up to a total, log-normal with the deviation `spread`."""
    sizes = np.exp(spread * rng.standard_normal(count)) if spread else np.ones(count)
    return np.asarray(sizes * (total / sizes.sum()))


def along(
    sizes: FloatArray, length: float, positions: Positions, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Return begin and end of each piece along a line that repeats, half a gap at either end.

    Args:
        sizes: (n,) of the pieces, together less than `length` [m].
        length: of the line [m].
        positions: equal gaps, or random ones (none smaller than `SMALLEST_GAP` of the mean).
        rng: source of random gaps.
    """
    n = len(sizes)
    gaps = np.ones(n)
    if positions == "random":
        gaps = SMALLEST_GAP + (1.0 - SMALLEST_GAP) * n * rng.dirichlet(np.ones(n))
    gaps *= (length - sizes.sum()) / gaps.sum()
    begin = gaps[-1] / 2.0 + np.concatenate([[0.0], np.cumsum(sizes + gaps)[:-1]])
    return [(float(a), float(a + size)) for a, size in zip(begin, sizes, strict=True)]


def shuffled(
    groups: Sequence[FloatArray], rng: np.random.Generator
) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return all sizes in random order and the group number of each."""
    sizes = np.concatenate(groups)
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    order = rng.permutation(len(sizes)) if len(groups) > 1 else np.arange(len(sizes))
    return sizes[order], owner[order]
