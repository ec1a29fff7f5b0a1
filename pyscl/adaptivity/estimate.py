"""What an estimate of the error says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Estimate:
    """A computed value, its estimated error, and where the error comes from.

    Attributes:
        name: of the quantity.
        unit: of value and error.
        value: on the mesh at hand.
        error: estimate of (exact value - value).
        indicator: part of the error of each triangle (m,), signed; refine where it is large.
        edges: part of each edge, in the order of `Mesh.edges`; None if only triangles are known.
    """

    name: str
    unit: str
    value: float
    error: float
    indicator: NDArray[np.float64]
    edges: NDArray[np.float64] | None = None

    @property
    def corrected(self) -> float:
        """The value plus its estimated error; usually much closer, but without a bound."""
        return self.value + self.error

    @property
    def relative(self) -> float:
        """|error / value|; infinite for the value 0."""
        return abs(self.error) / abs(self.value) if self.value else float("inf")
