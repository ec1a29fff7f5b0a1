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
        value: on the mesh at hand [`unit`].
        error: estimate of (exact value - value) [`unit`].
        indicator: part of the error of each triangle (m,), signed; refine where it is large.
        edges: part of each edge (k,), as in `Mesh.edges`; None if only triangles are known.
    """

    name: str
    unit: str
    value: float
    error: float
    indicator: NDArray[np.float64]
    edges: NDArray[np.float64] | None = None

    @property
    def corrected(self) -> float:
        """The value plus its estimated error [`unit`]; usually much closer, but without a bound."""
        return self.value + self.error

    @property
    def relative(self) -> float:
        """|error / value| [1]; infinite for the value 0."""
        return abs(self.error) / abs(self.value) if self.value else float("inf")
