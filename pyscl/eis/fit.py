"""Fit of equivalent circuits, with the uncertainty of every parameter.

Complex least squares over the logarithms of the parameters, from several starts taken from the
data (scipy's trust-region reflective method). The covariance is s^2 (J^T J)^-1 with the Jacobian of
the weighted residuals. A parameter that the data do not determine is never given as a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from pyscl.eis.circuits import Circuit, find_circuit
from pyscl.eis.data import (
    ComplexArray,
    Data,
    FloatArray,
    SpectrumLike,
    checked,
    neighbours_err_alike,
)
from pyscl.eis.start_values import search_range, start_values
from pyscl.errors import InputError, unknown_name
from pyscl.text import table

Weighting = Literal["modulus", "uniform"]

ENOUGH_STARTS = 3
"""starts that have to end at the best fit"""
AT_BOUND = 1e-6
"""distance to a bound of the search [in ln of the value, or in the exponent]"""
STRONG_CORRELATION = 0.99


@dataclass(frozen=True, eq=False)
class CircuitFit:
    """Parameters of an equivalent circuit.

    Attributes:
        circuit: the circuit.
        units: unit of every parameter (m,).
        values: (m,) [units of the circuit], nan where the data do not determine the parameter.
        best_fit: (m,) all numbers of the best fit, the undetermined ones too: for its curve alone.
        standard_errors: (m,) [as the values] from the scatter; inf where not determined, 0 where
            the parameter was held.
        correlation: (m, m) [1] of the estimates (of logarithms; exponents as they are).
        chi: [1] root of the mean square of the weighted residual per degree of freedom.
        residual: (n,) complex, (fit - data)/|data| [1].
        problems: name of every undetermined parameter -> why.
        systematic: the residual is no scatter (neighbouring points err alike, 3 sigma): the
            circuit does not describe the data, and the standard errors are too small.
        frequencies: (n,) [Hz], ascending.
    """

    circuit: Circuit
    units: tuple[str, ...]
    values: FloatArray
    best_fit: FloatArray
    standard_errors: FloatArray
    correlation: FloatArray
    chi: float
    residual: ComplexArray
    problems: dict[str, str]
    systematic: bool
    frequencies: FloatArray = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return self.circuit.names

    @property
    def identifiable(self) -> np.ndarray:
        """Whether the data determine the parameter (m,), bool."""
        return np.array([name not in self.problems for name in self.names])

    def value(self, name: str) -> float:
        """Return a parameter, in its unit.

        Raises:
            InputError: there is none of that name, or the data do not determine it.
        """
        return float(self.values[self._index(name)])

    def standard_error(self, name: str) -> float:
        """Return the standard error of a parameter, in its unit.

        Raises:
            InputError: there is none of that name, or the data do not determine it.
        """
        return float(self.standard_errors[self._index(name)])

    def impedance(self, frequencies: FloatArray | None = None) -> ComplexArray:
        """Return the curve of the fit (n,) at frequencies [Hz], by default those of the data."""
        f = self.frequencies if frequencies is None else frequencies
        return self.circuit.impedance(f, self.best_fit)

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise unknown_name("parameter", name, self.names, f"in {self.circuit.string}")
        if name in self.problems:
            raise InputError(
                f"the data do not determine {name} of {self.circuit.string}: "
                f"{self.problems[name]}. Use a smaller circuit, hold a parameter "
                f"(fixed={{...}}) or widen the range of frequencies."
            )
        return self.names.index(name)

    def __str__(self) -> str:
        rows = []
        for name, unit, value, error in zip(
            self.names, self.units, self.values, self.standard_errors, strict=True
        ):
            if name in self.problems:
                rows.append([name, "not determined", "", self.problems[name]])
            else:
                rows.append([name, f"{value:.6g}", f"{error:.2g}", unit])
        lines = [f"{self.circuit.string}, relative misfit {self.chi:.2g}"]
        if self.systematic:
            lines.append("the residual is systematic: the circuit does not describe the data")
        return "\n".join(lines + table(["parameter", "value", "standard error", "unit"], rows))


def fit_circuit(
    spectrum: SpectrumLike,
    circuit: str | Circuit,
    *,
    guess: Mapping[str, float] | Sequence[float] | None = None,
    fixed: Mapping[str, float] | None = None,
    weighting: Weighting = "modulus",
    accuracy: float = 1e-6,
    starts: int = 20,
) -> CircuitFit:
    """Fit an equivalent circuit.

    Args:
        spectrum: anything with `frequencies` [Hz] and `impedance`, or a tuple of both.
        circuit: a name in `pyscl.eis.CIRCUITS`, or a string such as "R0-p(R1,CPE1)".
        guess: start values by name, not necessarily of all parameters; by default from the data.
        fixed: parameters that are held, by name.
        weighting: "modulus": every point counts by its relative error; "uniform": by its absolute.
        accuracy: relative error of the data that is assumed at least when it is judged whether a
            parameter is determined. A fit of data without noise is judged by it alone.
        starts: largest number of start values that are tried.

    Raises:
        InputError: an unusable spectrum, circuit or option, or impedance.py is not installed.
            Parameters that are not determined raise it when they are asked for.
    """
    found = find_circuit(circuit)
    data = checked(spectrum)
    problem = _Problem(data, found, fixed or {}, weighting)
    if 2 * len(data.frequencies) <= len(problem.free):
        raise InputError(
            f"{len(data.frequencies)} complex points for the {len(problem.free)} free parameters "
            f"of {found.string}; more points are needed"
        )
    if not accuracy > 0.0 or starts < 1:
        raise InputError("accuracy must be positive and starts at least 1")
    given = np.array(found.listed(guess if guess is not None else {}, complete=False))
    best = problem.best_fit(given, starts)
    if found.ordered is not None and not fixed:
        best = problem.to_scale(found.ordered(problem.values(best)))
    return _judged(problem, best, accuracy)


class _Problem:
    """Weighted residuals as a function of the free parameters on their scales."""

    def __init__(
        self, data: Data, circuit: Circuit, fixed: Mapping[str, float], weighting: Weighting
    ) -> None:
        self.data, self.circuit = data, circuit
        held = np.array(circuit.listed(fixed, complete=False))
        self.held = held
        self.free = np.flatnonzero(np.isnan(held))
        if not len(self.free):
            raise InputError(
                f"all parameters of {circuit.string} are fixed; nothing is to be fitted"
            )
        modulus = abs(data.impedance)
        if weighting not in ("modulus", "uniform"):
            raise unknown_name("weighting", weighting, ("modulus", "uniform"))
        uniform = np.full_like(modulus, np.sqrt(np.mean(modulus**2)))
        self.weight = modulus if weighting == "modulus" else uniform
        parameters = [circuit.parameters[k] for k in self.free]
        self.linear = np.array([p.kind == "exponent" for p in parameters])
        ranges = np.array([search_range(p, data) for p in parameters])
        self.low, self.high = self.to_scale(ranges[:, 0]), self.to_scale(ranges[:, 1])

    def to_scale(self, values: FloatArray) -> FloatArray:
        return np.where(self.linear, values, np.log(values))

    def values(self, x: FloatArray) -> FloatArray:
        """Return all parameters (m,) for the free ones on their scales."""
        values = self.held.copy()
        values[self.free] = np.where(self.linear, x, np.exp(x))
        return values

    def residual(self, x: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            z = self.circuit.evaluate(self.data.frequencies, self.values(x).tolist())
            r = (z - self.data.impedance) / self.weight
        return np.nan_to_num(np.concatenate([r.real, r.imag]), nan=1e6, posinf=1e6, neginf=-1e6)

    def jacobian(self, x: FloatArray, step: float = 1e-5) -> FloatArray:
        shifts = step * np.eye(len(x))
        columns = [(self.residual(x + d) - self.residual(x - d)) / (2.0 * step) for d in shifts]
        return np.column_stack(columns)

    def best_fit(self, given: FloatArray, starts: int) -> FloatArray:
        """Return the free parameters of the best of several fits."""
        from scipy.optimize import least_squares

        rng = np.random.default_rng(0)
        best, lowest, times = None, np.inf, 0
        rounding = len(self.data.frequencies) * 1e-24
        for attempt in range(starts):
            values = start_values(self.circuit, self.data, rng if attempt else None)
            values = np.where(np.isnan(given), values, given)[self.free]
            inside = 1e-3 * (self.high - self.low)
            start = np.clip(self.to_scale(values), self.low + inside, self.high - inside)
            with np.errstate(all="ignore"):
                fit = least_squares(
                    self.residual,
                    start,
                    jac=self.jacobian,
                    bounds=(self.low, self.high),
                    ftol=1e-15,
                    xtol=1e-15,
                    gtol=1e-15,
                    max_nfev=300,
                )
            times = times + 1 if fit.cost < lowest * (1.0 + 1e-6) else times
            if fit.cost < lowest * (1.0 - 1e-6):
                best, lowest, times = fit.x, fit.cost, 1
            if lowest < rounding or times >= ENOUGH_STARTS:
                break
        assert best is not None
        return np.asarray(best)


def _judged(problem: _Problem, x: FloatArray, accuracy: float) -> CircuitFit:
    """Return the fit, with everything that the data do not determine named."""
    circuit, data = problem.circuit, problem.data
    r = problem.residual(x)
    chi = float(np.sqrt(r @ r / (len(r) - len(x))))
    covariance = _inverse_information(problem.jacobian(x))
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    best = problem.values(x)
    free_names = [circuit.names[k] for k in problem.free]
    loose = spread * max(chi, accuracy) > np.where(problem.linear, x, 1.0)
    problems = {}
    for k, name in enumerate(free_names):
        reason = _bound_reason(problem, x, k)
        if not reason and loose[k]:
            reason = _spread_reason(free_names, correlation, loose, k)
        if reason:
            problems[name] = reason
    values, errors = best.copy(), np.zeros(len(best))
    errors[problem.free] = chi * spread * np.where(problem.linear, 1.0, best[problem.free])
    lost = np.array([name in problems for name in circuit.names])
    values[lost], errors[lost] = np.nan, np.inf
    full = np.eye(len(best))
    full[np.ix_(problem.free, problem.free)] = correlation
    difference = circuit.impedance(data.frequencies, best) - data.impedance
    return CircuitFit(
        circuit=circuit,
        units=tuple(p.unit(data.unit) for p in circuit.parameters),
        values=values,
        best_fit=best,
        standard_errors=errors,
        correlation=full,
        chi=chi,
        residual=difference / abs(data.impedance),
        problems=problems,
        systematic=chi > accuracy and neighbours_err_alike(difference / problem.weight),
        frequencies=data.frequencies,
    )


def _inverse_information(jacobian: FloatArray) -> FloatArray:
    """Return (J^T J)^-1 with singular values kept above rounding, so that it is finite."""
    size = np.linalg.norm(jacobian, axis=0)
    size = np.maximum(size, 1e-15 * max(size.max(), 1e-300))
    _, s, vt = np.linalg.svd(jacobian / size, full_matrices=False)
    half = (vt.T / np.maximum(s, 1e-15 * s[0])) / size[:, None]
    return np.asarray(half @ half.T)


def _bound_reason(problem: _Problem, x: FloatArray, k: int) -> str:
    lower, upper = x[k] - problem.low[k] < AT_BOUND, problem.high[k] - x[k] < AT_BOUND
    if problem.linear[k] and upper:
        return "at its bound 1, where the element is an ideal one; use a capacitor instead"
    if lower or upper:
        return f"the fit drives it to {'zero' if lower else 'infinity'}"
    return ""


def _spread_reason(names: list[str], correlation: FloatArray, loose: np.ndarray, k: int) -> str:
    tied = loose & (abs(correlation[:, k]) > STRONG_CORRELATION)
    partners = [names[j] for j in np.flatnonzero(tied) if j != k]
    if partners:
        return f"determined only together with {', '.join(partners)}"
    return "the data hardly depend on it (its standard error is larger than the value)"
