"""Distribution of relaxation times (DRT) of a spectrum.

Z(w) = R + i w L + 1/(i w C) + integral of gamma(ln tau)/(1 + i w tau) d ln tau, gamma >= 0 and
piecewise linear, by Tikhonov regularisation of its curvature (Wan et al., Electrochim. Acta 184
(2015) 483) with non-negative least squares. The regularisation is the strongest one that predicts
left-out frequencies as well as the best one does, within a standard error.
"""

from dataclasses import dataclass

import numpy as np

from pyscl.eis.data import (
    ComplexArray,
    Data,
    FloatArray,
    SpectrumLike,
    checked,
    inverse_unit,
    neighbours_err_alike,
)
from pyscl.eis.peaks import Peak, peak_windows, window_sums
from pyscl.errors import InputError
from pyscl.text import table

STRENGTHS = np.logspace(-12.0, 1.0, 27)
"""regularisations that are tried"""
FOLDS = 5
MARGIN = 1.0
"""decades of time beyond the inverse frequencies"""


@dataclass(frozen=True, eq=False)
class RelaxationTimes:
    """A distribution of relaxation times.

    Attributes:
        times: (m,) tau [s], ascending, equally spaced in ln tau.
        distribution: (m,) gamma(ln tau) in `unit`; its integral over ln tau is a resistance.
        resistance: series resistance, in `unit`.
        inductance: series inductance [H, for a `unit` of Ohm]; None: not part of the model.
        capacitance: series capacitance [F, or F/m for a `unit` of Ohm m]; None: not part of the
            model, inf: the data need none.
        peaks: maxima with time, resistance and capacitance, by ascending time.
        regularization: strength of the regularisation [1].
        residual: (n,) complex [1], (fit - data)/|data|.
        systematic: the residual is no scatter (neighbouring points err alike, 3 sigma): relaxations
            of positive strength do not describe the data, and the peaks have no meaning.
        frequencies: (n,) [Hz], ascending.
        unit: unit of the impedance.
    """

    times: FloatArray
    distribution: FloatArray
    resistance: float
    inductance: float | None
    capacitance: float | None
    peaks: tuple[Peak, ...]
    regularization: float
    residual: ComplexArray
    systematic: bool
    frequencies: FloatArray
    unit: str

    @property
    def polarization_resistance(self) -> float:
        """Integral of the distribution, in `unit`."""
        step = np.log(self.times[1] / self.times[0])
        return float(self.distribution.sum() * step)

    @property
    def misfit(self) -> float:
        """Root of the mean square of the residual [1], of real and imaginary parts."""
        return _root_mean_square(self.residual)

    def __str__(self) -> str:
        rows = [
            [
                f"{p.time:.4g} ± {p.time_error:.2g}",
                f"{p.resistance:.4g} ± {p.resistance_error:.2g}",
                f"{p.capacitance:.4g}",
                "" if p.complete else "beyond the frequencies of the data",
            ]
            for p in self.peaks
        ]
        head = ["tau [s]", f"R [{self.unit}]", f"C [{inverse_unit('F', self.unit)}]", ""]
        lines = [f"{self._series}; relative misfit {self.misfit:.2g}"]
        if self.systematic:
            lines.append(
                "the residual is systematic: relaxations do not describe the data. An inductance, "
                "a series capacitance or less regularization may; see also kramers_kronig"
            )
        return "\n".join(lines + table(head, rows))

    @property
    def _series(self) -> str:
        text = f"in series {self.resistance:.4g} {self.unit}"
        if self.inductance is not None:
            text += f", L {self.inductance:.4g} {self.unit.replace('Ohm', 'H')}"
        if self.capacitance is not None:
            text += f", C {self.capacitance:.4g} {inverse_unit('F', self.unit)}"
        return text


def relaxation_times(
    spectrum: SpectrumLike,
    *,
    capacitance: bool | None = None,
    inductance: bool = False,
    regularization: float | None = None,
    points_per_decade: int = 20,
    smallest_peak: float = 0.01,
    samples: int = 40,
    accuracy: float = 1e-3,
) -> RelaxationTimes:
    """Return the distribution of relaxation times.

    Args:
        spectrum: anything with `frequencies` [Hz] and `impedance`, or a tuple of both.
        capacitance: whether a series capacitance is part of the model, as a blocking cell needs;
            None: if the spectrum ends capacitively.
        inductance: whether a series inductance is.
        regularization: its strength; None: by cross-validation.
        points_per_decade: times per decade.
        smallest_peak: share of |Z| at w = 1/tau below which a maximum is no peak.
        samples: number of bootstrap samples for the standard errors of the peaks; they tell the
            scatter of the data, not the bias of the regularisation. 0: none, errors are nan.
        accuracy: relative misfit up to which the residual does not count as systematic; exact data
            are described to a few parts in 10^4.

    Raises:
        InputError: an unusable spectrum or option.
    """
    data = checked(spectrum, least=10)
    _check_options(regularization, points_per_decade, smallest_peak, samples, accuracy)
    blocking = data.blocking if capacitance is None else capacitance
    system = _System(data, points_per_decade, blocking, inductance)
    strength = system.cross_validated() if regularization is None else regularization
    solution = system.solve(strength)
    gamma = solution[system.series :]
    windows = peak_windows(
        gamma, smallest_peak * system.modulus() / system.step, points_per_decade // 4
    )
    errors = system.peak_errors(solution, strength, windows, samples)
    residual = (system.fitted(solution) - data.impedance) / abs(data.impedance)
    w = data.angular_frequencies
    elastance = solution[system.series - 1] * w[0] if blocking else 0.0
    return RelaxationTimes(
        times=np.exp(system.log_times),
        distribution=gamma,
        resistance=float(solution[0]),
        inductance=float(solution[1] / w[-1]) if inductance else None,
        capacitance=(float(1.0 / elastance) if elastance else np.inf) if blocking else None,
        peaks=_peaks(system, gamma, windows, errors),
        regularization=strength,
        residual=residual,
        systematic=_root_mean_square(residual) > accuracy and neighbours_err_alike(residual),
        frequencies=data.frequencies,
        unit=data.unit,
    )


def _check_options(
    regularization: float | None,
    points_per_decade: int,
    smallest_peak: float,
    samples: int,
    accuracy: float,
) -> None:
    if regularization is not None and not regularization > 0.0:
        raise InputError(f"the regularization is {regularization}; it has to be positive")
    whole = points_per_decade == int(points_per_decade) and samples == int(samples)
    if not whole or points_per_decade < 4 or samples < 0 or not 0.0 <= smallest_peak < 1.0:
        raise InputError(
            "points_per_decade is a whole number of at least 4, samples one of at least 0, "
            "smallest_peak in [0, 1)"
        )
    if not accuracy > 0.0:
        raise InputError(f"the accuracy is {accuracy}; it has to be positive")


def _root_mean_square(residual: ComplexArray) -> float:
    return float(np.sqrt(np.mean(abs(residual) ** 2) / 2.0))


class _System:
    """Weighted linear equations of the series elements and the distribution, and its roughness."""

    def __init__(self, data: Data, per_decade: int, capacitance: bool, inductance: bool) -> None:
        w = data.angular_frequencies
        longest = 0.0 if capacitance else MARGIN  # longer times would act as the capacitance does
        low, high = -np.log10(w[-1]) - MARGIN, -np.log10(w[0]) + longest
        number = int(np.ceil((high - low) * per_decade)) + 1
        self.log_times = np.linspace(low, high, number) * np.log(10.0)
        self.step = self.log_times[1] - self.log_times[0]
        columns = [np.ones_like(w, dtype=complex)]
        columns += [1j * w / w[-1]] if inductance else []
        columns += [w[0] / (1j * w)] if capacitance else []
        self.series = len(columns)
        self.data, self.weight = data, abs(data.impedance)
        self.terms = np.column_stack([*columns, _relaxations(w, self.log_times)])
        self.matrix = self._rows(self.terms / self.weight[:, None])
        self.target = self._rows(data.impedance / self.weight)
        second = np.eye(number, k=1) - 2.0 * np.eye(number) + np.eye(number, k=-1)
        self.roughness = np.hstack([np.zeros((number, self.series)), second / self.step**1.5])
        # The strength of the regularisation refers to the polarization resistance.
        self.scale = float(np.median(self.weight))
        self.scale = max(float(self.solve(1e-12)[self.series :].sum() * self.step), 1e-300)

    @staticmethod
    def _rows(values: np.ndarray) -> FloatArray:
        return np.concatenate([values.real, values.imag]) / np.sqrt(2.0 * len(values))

    def solve(
        self, strength: float, rows: np.ndarray | None = None, target: FloatArray | None = None
    ) -> FloatArray:
        """Return series elements and distribution, all non-negative.

        Args:
            strength: of the regularisation.
            rows: which rows count, bool; None: all.
            target: right-hand side instead of the data.
        """
        from scipy.optimize import nnls

        keep = np.ones(len(self.target), dtype=bool) if rows is None else rows
        given = self.target if target is None else target
        smooth = np.sqrt(strength) / self.scale * self.roughness
        matrix = np.vstack([self.matrix[keep], smooth])
        size = np.linalg.norm(matrix, axis=0)
        right = np.concatenate([given[keep], np.zeros(len(smooth))])
        solution, _ = nnls(matrix / size, right, maxiter=100 * matrix.shape[1])
        return np.asarray(solution / size)

    def modulus(self) -> FloatArray:
        """Return |Z| at w = 1/tau (m,), beyond the data that at their ends."""
        log_w = np.log(self.data.angular_frequencies)
        return np.exp(np.interp(-self.log_times, log_w, np.log(self.weight)))

    def fitted(self, solution: FloatArray) -> ComplexArray:
        """Return the impedance (n,) of a solution."""
        return np.asarray(self.terms @ solution)

    def cross_validated(self) -> float:
        """Return the strongest regularisation within a standard error of the best prediction."""
        fold = np.arange(len(self.data.frequencies)) % FOLDS
        fold = np.concatenate([fold, fold])
        errors = np.array(
            [[self._prediction_error(s, fold == k) for k in range(FOLDS)] for s in STRENGTHS]
        )
        mean = errors.mean(axis=1)
        best = int(mean.argmin())
        limit = mean[best] + errors[best].std(ddof=1) / np.sqrt(FOLDS)
        return float(STRENGTHS[np.flatnonzero(mean <= limit).max()])

    def _prediction_error(self, strength: float, left_out: np.ndarray) -> float:
        solution = self.solve(strength, ~left_out)
        error = self.matrix[left_out] @ solution - self.target[left_out]
        return float(error @ error)

    def peak_errors(
        self,
        solution: FloatArray,
        strength: float,
        windows: list[tuple[int, int]],
        samples: int,
    ) -> FloatArray:
        """Return standard errors of (mean ln tau, resistance) of every window (k, 2).

        Parametric bootstrap: the fit with scatter of the size of the residual. Half the range
        between the 16th and 84th percentile is taken, as a few samples may split a peak.
        """
        if not samples or not windows:
            return np.full((len(windows), 2), np.nan)
        rng = np.random.default_rng(0)
        clean = self.matrix @ solution
        spread = np.sqrt(np.mean((clean - self.target) ** 2))
        results = []
        for _ in range(samples):
            noisy = clean + spread * rng.standard_normal(len(clean))
            gamma = self.solve(strength, target=noisy)[self.series :]
            results.append(window_sums(gamma, self.log_times, windows))
        low, high = np.nanpercentile(results, [15.87, 84.13], axis=0)
        return np.asarray((high - low) / 2.0)


def _relaxations(w: FloatArray, log_times: FloatArray) -> ComplexArray:
    """Return the integrals of hat functions over 1/(1 + i w tau) d ln tau (n, m)."""
    step = log_times[1] - log_times[0]
    points, weights = np.polynomial.legendre.leggauss(4)
    total = np.zeros((len(w), len(log_times)), dtype=complex)
    for u, weight in zip((points + 1.0) / 2.0, weights / 2.0, strict=True):
        for side in (-1.0, 1.0):
            tau = np.exp(log_times + side * u * step)
            total += weight * (1.0 - u) * step / (1.0 + 1j * np.outer(w, tau))
    return total


def _peaks(
    system: _System, gamma: FloatArray, windows: list[tuple[int, int]], errors: FloatArray
) -> tuple[Peak, ...]:
    w = system.data.angular_frequencies
    sums = window_sums(gamma, system.log_times, windows)
    peaks = []
    for (first, last), (log_time, resistance), error in zip(windows, sums, errors, strict=True):
        top = system.log_times[first + int(gamma[first:last].argmax())]
        peaks.append(
            Peak(
                time=float(np.exp(log_time)),
                resistance=float(resistance),
                time_error=float(np.exp(log_time) * error[0]),
                resistance_error=float(error[1]),
                complete=bool(-np.log(w[-1]) <= top <= -np.log(w[0])),
            )
        )
    return tuple(peaks)
