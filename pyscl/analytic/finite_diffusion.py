"""Functions of the frequency in the impedance of layers of finite thickness, exact in every part.

K_d(w) = 1/(d+2 + w/(d+4 + w/(d+6 + ...))), d = 1, 2, 3: with y^2 = w, coth(y)/y = 1/w + K_1,
tanh(y)/y = 1/(1 + w K_1), I_0(y)/(y I_1(y)) = 2/w + K_2, tanh(y)/(y - tanh(y)) = 3/w + K_3. So the
capacitive part 1/w is never subtracted from itself where w is small.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

ComplexArray = NDArray[np.complex128]

SMALL = 4.0  # [1] |w| up to which the continued fraction is summed
_LEVELS = 24  # of it: rounding at |w| = 4
_FAR = 1e3  # [1] |y| beyond which the ratio of Bessel functions is its asymptotic series


def diffused(w: ArrayLike) -> ComplexArray:
    """Return tanh(y)/y [1]."""
    w = np.asarray(w, dtype=complex)
    y = np.sqrt(np.where(np.abs(w) > SMALL, w, 1.0 + 0j))
    return np.where(np.abs(w) > SMALL, np.tanh(y) / y, 1.0 / (1.0 + w * _continued(w, 1)))


def screened(w: ArrayLike) -> ComplexArray:
    """Return (1 - tanh(y)/y)/w [1]."""
    w = np.asarray(w, dtype=complex)
    ratio = diffused(w)
    large = np.where(np.abs(w) > SMALL, w, 1.0)
    return np.where(np.abs(w) > SMALL, (1.0 - ratio) / large, _continued(w, 1) * ratio)


def fraction(w: ArrayLike, dimensions: int) -> ComplexArray:
    """Return K_d(w) [1]."""
    w = np.asarray(w, dtype=complex)
    large = np.where(np.abs(w) > SMALL, w, SMALL + 0j)
    y: ComplexArray = np.sqrt(large)
    whole: ComplexArray
    if dimensions == 2:
        whole = _bessel_ratio(y) / y
    else:
        ratio = np.tanh(y) / y
        whole = 1.0 / (large * ratio) if dimensions == 1 else ratio / (1.0 - ratio)
    return np.where(np.abs(w) > SMALL, whole - dimensions / large, _continued(w, dimensions))


def _continued(w: ComplexArray, dimensions: int) -> ComplexArray:
    """Return K_d(w) for small |w| by its continued fraction."""
    near = np.where(np.abs(w) > SMALL, 0j, w)
    value = np.zeros_like(near)
    for level in range(_LEVELS, 0, -1):
        value = 1.0 / (dimensions + 2.0 * level + near * value)
    return value


def _bessel_ratio(y: ComplexArray) -> ComplexArray:
    """Return I_0(y)/I_1(y) for |y| > 1, Re y > 0."""
    from scipy.special import ive

    near = np.where(np.abs(y) > _FAR, 1.0, y)
    # quotient of the asymptotic series of both (Abramowitz, Stegun 9.7.1)
    far = 1.0 + (0.5 + (0.375 + (0.375 + 0.4921875 / y) / y) / y) / y
    return np.where(np.abs(y) > _FAR, far, ive(0, near) / ive(1, near))
