"""What an estimate of the error says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyscl.adaptivity.resolution import Resolution

RESOLVED = 0.1
"""Largest unresolved share of a value with an estimate that can be trusted, see `Resolution`."""


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
        resolution: of the charges that the value depends on; None if that is not known.
    """

    name: str
    unit: str
    value: float
    error: float
    indicator: NDArray[np.float64]
    edges: NDArray[np.float64] | None = None
    resolution: Resolution | None = None

    @property
    def corrected(self) -> float:
        """The value plus its estimated error [`unit`]; usually much closer, but without a bound."""
        return self.value + self.error

    @property
    def relative(self) -> float:
        """|error / value| [1]; infinite for the value 0."""
        return abs(self.error) / abs(self.value) if self.value else float("inf")

    @property
    def unresolved(self) -> float:
        """The unresolved charge over the value [1], see `Resolution`; 0 if not known."""
        return self.resolution.share if self.resolution else 0.0

    @property
    def trusted(self) -> bool:
        """Whether the mesh resolves the charges well enough for the error to mean something."""
        return self.unresolved <= RESOLVED
