"""How long a step of the polarization may be.

Backward Euler is stable for any step, but a long one can end on the unstable balance between two
states of the polarization and stay there. While something switches a step must not be longer than
the time of the fastest instability on its way.
"""

import numpy as np

from pyscl import _core

SAFE = 0.8
"""Allowed step over the time of the fastest instability."""

SWITCHING = 0.05
"""Change of the polarization over its scale, from which on it switches."""

LARGEST = 0.3
"""Largest change of the polarization in a step, over its scale."""


def longest_step(step: float, moved: _core.Switching, unit: float = 1.0) -> float:
    """Return the longest step that may be made in place of one that has been tried.

    Args:
        step: length of the step that was tried.
        moved: what the polarization did in it.
        unit: of the step, in the time of the core.

    Returns:
        In the unit of the step; infinite if the one that was tried is good.
    """
    if moved.change > SWITCHING and moved.rate * step > SAFE * unit:
        return min(0.5 * step, SAFE * unit / moved.rate)
    if moved.change > LARGEST:
        return 0.5 * step
    return np.inf
