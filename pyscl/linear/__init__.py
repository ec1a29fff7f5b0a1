"""Linear solvers: the built-in one, and back ends from outside behind the same front."""

from pyscl.linear.back_end import BackEnd, Factors
from pyscl.linear.choice import LinearSolver, LinearSolverName, available, choose

__all__ = ["BackEnd", "Factors", "LinearSolver", "LinearSolverName", "available", "choose"]
