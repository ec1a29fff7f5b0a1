"""Types and checks shared by the closed forms."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError

Array = NDArray[np.float64]

ROOM_TEMPERATURE = 298.15  # [K]


def positive(name: str, value: float) -> None:
    """Raise `InputError` unless `value` is finite and greater than zero."""
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} is {value}; it must be finite and greater than 0.")


def open_fraction(name: str, value: float) -> None:
    """Raise `InputError` unless `value` lies strictly between 0 and 1."""
    if not 0 < value < 1:
        raise InputError(f"{name} is {value}; it must lie strictly between 0 and 1.")


def all_positive(**values: float) -> None:
    """Raise `InputError` unless all values are finite and greater than zero."""
    for name, value in values.items():
        positive(name, value)


def angular_frequency(frequency: ArrayLike) -> Array:
    """Return 2 pi f [rad/s], of frequencies [Hz] that are finite and greater than zero.

    Raises:
        InputError: one is not.
    """
    f = np.asarray(frequency, dtype=float)
    if not np.all(np.isfinite(f) & (f > 0.0)):
        raise InputError(f"frequency is {frequency!r} Hz; it must be finite and greater than 0.")
    return 2.0 * np.pi * f
