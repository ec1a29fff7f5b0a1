"""The registry of self-test cases: what a case is, and running them."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from pyscl.errors import ConvergenceError, unknown_name

Compute = Callable[[], tuple[float, float]]


@dataclass(frozen=True)
class Case:
    """One comparison of the solver with a closed form.

    Attributes:
        name: e.g. "goldman-flux".
        description: one sentence.
        unit: unit of the compared value, "1" for pure numbers.
        tolerance: largest relative error that passes.
        compute: returns (computed, exact).
    """

    name: str
    description: str
    unit: str
    tolerance: float
    compute: Compute


@dataclass(frozen=True)
class CaseResult:
    """The outcome of a case.

    Attributes:
        case: name of the case.
        computed: value of the solver, in `unit`; NaN if the solver failed.
        exact: value of the closed form [`unit`].
        error: |computed - exact| / |exact| [1].
        tolerance: largest relative error that passes.
        passed: whether it did.
        seconds: time it took.
        unit: unit of both values, "1" for pure numbers.
        description: what was compared, or why the solver failed.
    """

    case: str
    computed: float
    exact: float
    error: float
    tolerance: float
    passed: bool
    seconds: float
    unit: str
    description: str


CASES: dict[str, Case] = {}


def case(tolerance: float, unit: str = "1") -> Callable[[Compute], Compute]:
    """Register a function returning (computed, exact) as a case.

    The case is called like the function with dashes, its description is the first line of the
    docstring.

    Args:
        tolerance: largest relative error that passes.
        unit: unit of the values.
    """

    def register(compute: Compute) -> Compute:
        name = compute.__name__.replace("_", "-")
        summary = (compute.__doc__ or "").strip().splitlines()[0]
        CASES[name] = Case(name, summary, unit, tolerance, compute)
        return compute

    return register


def run_case(entry: Case) -> CaseResult:
    """Run one case; a solver that does not converge is a failed case."""
    start = time.perf_counter()
    description = entry.description
    try:
        computed, exact = (float(value) for value in entry.compute())
    except ConvergenceError as error:
        computed = exact = float("nan")
        description = str(error)
    error_size = abs(computed - exact) / abs(exact)
    return CaseResult(
        case=entry.name,
        computed=computed,
        exact=exact,
        error=error_size,
        tolerance=entry.tolerance,
        passed=bool(np.isfinite(error_size) and error_size <= entry.tolerance),
        seconds=time.perf_counter() - start,
        unit=entry.unit,
        description=description,
    )


def run_cases(names: Iterable[str] | None = None) -> list[CaseResult]:
    """Run cases by name, default all, and return their results in order.

    Raises:
        InputError: there is no such case (with the nearest name).
    """
    chosen = list(CASES) if names is None else list(names)
    for name in chosen:
        if name not in CASES:
            raise unknown_name("verification case", name, CASES)
    return [run_case(CASES[name]) for name in chosen]
