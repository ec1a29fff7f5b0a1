"""What a linear solver from outside must be able to do.

The core scales rows and columns to 1, puts the unknowns into an order of elimination with little
fill, refines solutions and checks their residuals. A back end factorises the result.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int32]
Values = NDArray[Any]
"""Float64 or complex128."""


class Factors(Protocol):
    """Factors of matrices with one pattern, one matrix at a time."""

    def factorize(self, values: Values) -> bool:
        """Factorise the matrix with these values (n_entries,); False if it is singular.

        What is raised here or by `solve` reaches the caller of the study. After False, and where
        the solutions miss the residual, the built-in solver factorises instead.
        """

    def solve(self, right_hand_side: Values) -> Values:
        """Return the solution (n,) for a right-hand side (n,), a new array of the same type."""

    @property
    def fill(self) -> int:
        """Entries of the factors."""


class BackEnd(Protocol):
    """Analyses patterns.

    Attributes:
        name: as in `SolverOptions.linear_solver`.
        version: of the library, for the records.
    """

    @property
    def name(self) -> str:
        """As in `SolverOptions.linear_solver`."""

    @property
    def version(self) -> str:
        """The library and its version, for the records."""

    def supports(self, kind: "np.dtype[Any]") -> bool:
        """Whether it computes with such numbers, float64 or complex128."""

    def analyse(self, rows: Indices, column_begins: Indices, kind: "np.dtype[Any]") -> Factors:
        """Analyse a pattern, whose columns stand in a good order of elimination.

        Args:
            rows: (n_entries,) row of every entry, column after column, ascending.
            column_begins: (n + 1,) where the columns begin.
            kind: type of the values, float64 or complex128.
        """
