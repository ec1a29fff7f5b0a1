"""Back ends of the linear solver in Python, good ones and bad ones."""

from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu


class SuperLU:
    """A good back end. It notes what it was asked for, and its solutions are wrong by a share."""

    name = "superlu"
    version = "SciPy"

    def __init__(self, error=0.0, singular=False, kinds=(float, complex)):
        self.error, self.singular, self.kinds = error, singular, kinds
        self.analyses, self.factorisations = 0, 0

    def supports(self, kind):
        return kind in [np.dtype(k) for k in self.kinds]

    def analyse(self, rows, column_begins, kind):
        self.analyses += 1
        assert rows.dtype == column_begins.dtype == np.int32
        assert all((np.diff(rows[a:b]) > 0).all() for a, b in pairwise(column_begins))
        return _Factors(self, rows, column_begins, kind)


class _Factors:
    def __init__(self, owner, rows, begins, kind):
        self.owner, self.rows, self.begins, self.kind = owner, rows, begins, kind

    def factorize(self, values):
        self.owner.factorisations += 1
        assert values.dtype == self.kind
        if self.owner.singular:
            return False
        self.lu = splu(sp.csc_matrix((values, self.rows, self.begins)))
        return True

    def solve(self, right_hand_side):
        return self.lu.solve(right_hand_side) * (1.0 + self.owner.error)

    @property
    def fill(self):
        return self.lu.nnz


class Patched(SuperLU):
    """A back end one of whose functions is replaced."""

    def __init__(self, **functions):
        super().__init__()
        self.functions = functions

    def analyse(self, *pattern):
        factors = super().analyse(*pattern)
        for name, function in self.functions.items():
            setattr(factors, name, function)
        return factors


class Tiring(SuperLU):
    """A back end whose factors serve for one solution and its refinement, and are wrong then."""

    def __init__(self):
        super().__init__(error=1e-9)

    def analyse(self, *pattern):
        factors = super().analyse(*pattern)
        factorize, solve, served = factors.factorize, factors.solve, [0]

        def begin(values):
            served[0] = 0
            return factorize(values)

        def tire(right_hand_side):
            served[0] += 1
            return solve(right_hand_side) * (1.0 if served[0] <= 2 else -1.0)

        factors.factorize, factors.solve = begin, tire
        return factors
