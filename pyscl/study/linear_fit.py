"""A straight line through points, with standard errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearFit:
    """The line y = intercept + slope x of least squares.

    Attributes:
        slope: [y/x].
        intercept: y at x = 0.
        covariance: of (slope, intercept), (2, 2), from the scatter about the line; None through
            two points, which have no scatter.
    """

    slope: float
    intercept: float
    covariance: FloatArray | None

    @property
    def slope_error(self) -> float | None:
        """Standard error of the slope, None through two points."""
        return None if self.covariance is None else float(np.sqrt(self.covariance[0, 0]))

    @property
    def root(self) -> float:
        """Where the line crosses y = 0."""
        return -self.intercept / self.slope

    @property
    def root_error(self) -> float | None:
        """Standard error of the root (first order), None through two points."""
        if self.covariance is None:
            return None
        gradient = np.array([self.intercept / self.slope**2, -1.0 / self.slope])
        return float(np.sqrt(gradient @ self.covariance @ gradient))


def linear_fit(x: FloatArray, y: FloatArray) -> LinearFit:
    """Return the straight line of least squares through two or more points with different x."""
    middle, height = x.mean(), y.mean()
    spread = float(((x - middle) ** 2).sum())
    slope = float(((x - middle) * (y - height)).sum()) / spread
    intercept = float(height - slope * middle)
    covariance = None
    if len(x) > 2:
        variance = float(((y - height - slope * (x - middle)) ** 2).sum()) / (len(x) - 2)
        between = -middle / spread
        covariance = variance * np.array(
            [[1.0 / spread, between], [between, 1.0 / len(x) + middle**2 / spread]]
        )
    return LinearFit(slope, intercept, covariance)
