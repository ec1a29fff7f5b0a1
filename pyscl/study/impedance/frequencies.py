"""Which frequencies a spectrum needs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import epsilon_0

from pyscl.carriers import bulk_conductivity
from pyscl.errors import InputError
from pyscl.linear.back_end import BackEnd
from pyscl.linear.choice import BUILT_IN, LinearSolverName, check_name
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Evaluate = Callable[[Iterable[float]], None]
"""Computes the impedance at some frequencies [Hz]."""

_DECADES_ABOVE = 1.0  # beyond the dielectric relaxation
_LOWEST = (1e-6, 1e-9)  # Hz; lower ones cost digits of the real part
_HIGHEST = 1e30  # Hz
_ROUNDING = 1e-14  # of the real part of Z, relative to |Z|


@dataclass(frozen=True)
class SpectrumOptions:
    """How finely a spectrum is sampled, and with how much parallel work.

    Attributes:
        tolerance: largest relative error of an interpolation between the frequencies.
        points_per_decade: density of the first frequencies.
        max_points: most frequencies.
        workers: threads; each needs the memory of one factorisation. None: one per core, at most 4.
        linear_solver: which factorises, see `SolverOptions`; every worker by one thread.
    """

    tolerance: float = 1e-3
    points_per_decade: int = 3
    max_points: int = 200
    workers: int | None = None
    linear_solver: LinearSolverName | BackEnd = BUILT_IN

    def __post_init__(self) -> None:
        """Refuse values that make no sense."""
        check_name(self.linear_solver)
        if not 0.0 < self.tolerance < 1.0:
            raise InputError(f"tolerance {self.tolerance:g} must lie between 0 and 1")
        least = {"points_per_decade": 1, "max_points": 3, "workers": 1}
        for name, smallest in least.items():
            value = getattr(self, name)
            if value is None and name == "workers":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < smallest:
                raise InputError(
                    f"{name} of a spectrum must be a whole number from {smallest}, not {value}"
                )


def parse_frequencies(
    given: "ArrayLike | Sequence[str] | tuple[float | str, float | str]",
) -> FloatArray | tuple[float, float]:
    """Return an ascending array [Hz], or the (low, high) ends of a range given as a tuple of two.

    Raises:
        InputError: a frequency that is not a positive number, or is given twice.
    """
    values = np.array([parse(value, "Hz") for value in np.atleast_1d(np.asarray(given, object))])
    for value in values:
        if not 0.0 < value <= _HIGHEST:
            hint = (
                "; at 0 Hz the resistance is that of a steady state with a small bias "
                "(Model.steady), and blocking contacts pass nothing"
                if value == 0.0
                else ""
            )
            raise InputError(
                f"a frequency must be positive and at most {_HIGHEST:g} Hz, not {value:g} Hz{hint}"
            )
    if isinstance(given, tuple) and len(given) == 2:
        low, high = values
        if not low < high:
            raise InputError(f"the range of frequencies from {low:g} to {high:g} Hz is empty")
        return float(low), float(high)
    if not len(values):
        raise InputError("the list of frequencies is empty; leave it out for a suitable range")
    ascending = np.sort(values)
    if np.any(np.diff(ascending) == 0.0):
        twice = ascending[:-1][np.diff(ascending) == 0.0][0]
        raise InputError(f"the frequency {twice:g} Hz is given twice")
    return ascending


def highest_frequency(model: "Model") -> float:
    """Return a decade above the fastest dielectric relaxation sigma/(2 pi eps) [Hz].

    Raises:
        InputError: nothing in the model conducts.
    """
    rates = [
        sum(bulk_conductivity(c, model.temperature) for c in material.carriers)
        / (epsilon_0 * material.relative_permittivity)
        for material in model.materials.values()
    ]
    if not max(rates) > 0.0:
        raise InputError("nothing conducts in the model; give the frequencies of the spectrum")
    return float(10.0**_DECADES_ABOVE * max(rates) / (2.0 * np.pi))


def sample(
    evaluate: Evaluate,
    known: dict[float, complex],
    limits: tuple[float, float],
    options: SpectrumOptions,
) -> bool:
    """Compute the impedance between two frequencies until it is resolved.

    The range gets `points_per_decade` points; then every point that its neighbours do not predict
    within the tolerance gets new ones beside it.

    Returns:
        Whether it is resolved; otherwise `max_points` was reached.
    """
    low, high = limits
    count = max(3, int(np.ceil(options.points_per_decade * np.log10(high / low))) + 1)
    evaluate(np.geomspace(low, high, min(count, options.max_points)))
    while wanted := unresolved(known, options.tolerance):
        if len(known) >= options.max_points:
            return False
        evaluate(wanted[: options.max_points - len(known)])
    return True


def lowest_frequency(
    impedance: Callable[[float], complex], high: float, tolerance: float
) -> tuple[float, bool]:
    """Return a frequency [Hz] inside the limit of low frequencies, within a decade of its end.

    The limit is that of 1 uHz or, for slower processes, 1 nHz: Z = R + 1/(i w C) if no direct
    current can pass, else Z = R. Its end is found by bisection of the decades.

    Args:
        impedance: Z at a frequency [Hz].
        high: upper end of the range [Hz].
        tolerance: relative, of real and imaginary part.

    Returns:
        The frequency, and whether the limit holds there; it does not if some process takes longer
        than 1 nHz can show.
    """
    bottom, limit = 0.0, 0j

    def holds(frequency: float) -> bool:
        z = impedance(frequency)
        blocks = abs(limit.imag) > abs(limit.real)
        imaginary = limit.imag * bottom / frequency if blocks else 0.0
        size = abs(z.imag) if blocks else abs(z)
        return (
            abs(z.real - limit.real) <= tolerance * abs(z.real) + _ROUNDING * abs(limit)
            and abs(z.imag - imaginary) <= tolerance * size
        )

    for lowest in _LOWEST:
        bottom = min(lowest, 1e-3 * high)
        limit = impedance(bottom)
        if holds(10.0 * bottom):
            break
    else:
        return bottom, False
    inside, outside = 1, int(np.log10(high / bottom))
    while outside - inside > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if holds(bottom * 10.0**middle) else (inside, middle)
    return bottom * 10.0**inside, True


def unresolved(known: dict[float, complex], tolerance: float) -> list[float]:
    """Return frequencies between those at which ln Z is not known well enough.

    The value at each inner point is predicted by the cubic in ln f through its four neighbours. The
    intervals beside it are halved where the prediction, which is at twice the distance and thus
    2^4 times worse than an interpolation in between, misses by more than 6 times the tolerance.
    """
    f = np.array(sorted(known))
    x, z = np.log(f), np.array([known[value] for value in f])
    log_z = np.log(np.abs(z)) + 1j * np.unwrap(np.angle(z))
    halved = set()
    for k in range(1, len(f) - 1):
        around = sorted(sorted(range(len(f)), key=lambda j: abs(j - k))[1:5])
        predicted = _lagrange(x[around], x[k]) @ log_z[around]
        if abs(predicted - log_z[k]) > 6.0 * tolerance:
            halved |= {k - 1, k}
    return [float(np.sqrt(f[k] * f[k + 1])) for k in sorted(halved)]


def _lagrange(nodes: FloatArray, at: float) -> FloatArray:
    """Return the weights of values at the nodes in their polynomial at a point."""
    weights = np.ones(len(nodes))
    for i, node in enumerate(nodes):
        for j, other in enumerate(nodes):
            if j != i:
                weights[i] *= (at - other) / (node - other)
    return weights
