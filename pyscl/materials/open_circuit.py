"""Statistics of lithium and electrons in an active material, from its open-circuit voltage U(x).

With the law eta(y) = -share (U(y) - reference) e/kT for Li+ and for the electrons, whose shares add
up to one, and standard potentials that add up to -e reference, the neutral material at site
fraction x has mu(Li+) + mu(e-) = -e U(x): its voltage against lithium metal is U(x).
"""

import functools
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import field_validator, model_validator

from pyscl.errors import InputError
from pyscl.materials.formula import Formula
from pyscl.materials.schema import InputModel, Location, failure
from pyscl.units import BOLTZMANN, ELEMENTARY_CHARGE, Number, Potential, UnitValue

FloatArray = NDArray[np.float64]

LEAST_SLOPE = 1e-3
"""Smallest -dU/dx [V] that counts as one phase; a flatter curve is a plateau of two phases."""

_ACCURACY = 2e-5  # V, of the interpolated voltage
_STIFFNESS_ACCURACY = 0.02  # of the interpolated dU/dx, relative
_FIRST_INTERVALS = 256
_MOST_POINTS = 20_000
_CHECKED_SLOPES = 4096
_STEP = 1e-5  # of the range, for the derivative of a formula


class ExcessTable(NamedTuple):
    """An excess potential g(y) = eta - ln(y/(1-y)) as the core takes it.

    Attributes:
        site_fraction: y [1], increasing (n,).
        excess: g [kT] (n,).
        slope: dg/dy [kT] (n,).
    """

    site_fraction: FloatArray
    excess: FloatArray
    slope: FloatArray


class OpenCircuit(InputModel):
    """Statistics from an open-circuit curve: eta(y) = -share (U(y) - reference) e/kT.

    U comes as a table (monotone cubic interpolation, PCHIP, in between) or as a formula in x.
    Outside the table or range the excess eta - ln(y/(1-y)) stays at its value at the end, so that
    the site fraction stays between 0 and 1. The core interpolates the excess by cubics through
    points that are added until the voltage is met within 0.02 mV; the table has 257 points or
    more.

    U must fall with x by more than `LEAST_SLOPE`: where it does not, two phases coexist, and
    their boundary needs another model.

    Attributes:
        formula: U [V] against lithium metal as a function of x, the site fraction.
        range: smallest and largest x the formula holds for, inside (0, 1).
        site_fraction: x at the points of the table, increasing, inside (0, 1).
        voltage: U at these points [V].
        reference: U at which eta = 0 [V]; the standard potentials of Li+ and electrons add up to
            -e times this voltage. Ions are level with those of a half-filled lattice gas of equal
            standard potential where U is the reference.
        share: part of the voltage this carrier takes; the shares of a material add up to 1. Only
            the sum can be measured, so how it is divided is an assumption.
    """

    site_limited: ClassVar[bool] = True

    law: Literal["open-circuit"] = "open-circuit"
    formula: str | None = None
    range: tuple[Number, Number] | None = None
    site_fraction: tuple[Number, ...] = ()
    voltage: tuple[Potential, ...] = ()
    reference: Potential = 0.0
    share: Annotated[float, UnitValue("1", above=0.0, maximum=1.0)] = 0.5

    @field_validator("formula")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        return None if text is None else Formula(text).text

    @field_validator("range", "site_fraction")
    @classmethod
    def _inside(cls, x: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if not x:
            return x
        if not all(a < b for a, b in pairwise(x)):
            raise ValueError("the site fractions must increase")
        if not (0.0 < x[0] and x[-1] < 1.0):
            raise ValueError(
                "the curve must begin above x = 0 and end below x = 1; leave out points at 0 and 1"
            )
        return x

    @model_validator(mode="after")
    def _one_phase(self) -> "OpenCircuit":
        self._check_form()
        place: Location = ("voltage",) if self.formula is None else ("formula",)
        try:
            x, slope = _curve(self).flattest()
        except InputError as error:
            raise failure("curve", str(error), place) from None
        if not slope < -LEAST_SLOPE:
            raise failure(
                "curve",
                f"dU/dx = {slope:.3g} V at x = {x:.4g}; the open-circuit voltage must fall by more "
                f"than {LEAST_SLOPE * 1e3:g} mV per unit of x. Plateaus, where two phases coexist, "
                "need another model: leave that part out, or give it a slope",
                place,
            )
        return self

    def _check_form(self) -> None:
        """Refuse anything but a formula with its range or a table of two columns."""
        has_table = bool(self.site_fraction or self.voltage)
        if (self.formula is None) != has_table:
            raise ValueError("give either formula and range, or site_fraction and voltage")
        if has_table and self.range is not None:
            raise ValueError("range belongs to a formula; a table holds between its ends")
        if not has_table and self.range is None:
            raise ValueError("missing key 'range'; give the smallest and largest x of the formula")
        n, m = len(self.site_fraction), len(self.voltage)
        if has_table and (n != m or n < 2):
            raise ValueError(f"{n} site fractions and {m} voltages; give two or more of each")

    @property
    def ends(self) -> tuple[float, float]:
        """Smallest and largest site fraction of the curve."""
        return self.range or (self.site_fraction[0], self.site_fraction[-1])

    def voltage_at(self, x: ArrayLike) -> Any:
        """Return U(x) [V] for a site fraction or an array of them.

        Raises:
            InputError: outside the table or range.
        """
        x = np.asarray(x, dtype=float)
        low, high = self.ends
        if not np.all((low <= x) & (x <= high)):
            raise InputError(
                f"site fraction {_outside(x, low, high):g} is outside the open-circuit curve, "
                f"which holds from {low:g} to {high:g}"
            )
        return _curve(self).voltage(x)[()]

    def site_fraction_at(self, voltage: ArrayLike) -> Any:
        """Return the site fraction x with U(x) = voltage [V], the inverse of `voltage_at`.

        Raises:
            InputError: voltages the curve does not reach.
        """
        from scipy.optimize import brentq

        curve, wanted = _curve(self), np.asarray(voltage, dtype=float)
        low, high = self.ends
        least, most = curve.voltage(np.array([high, low]))
        if not np.all((least <= wanted) & (wanted <= most)):
            raise InputError(
                f"voltage {_outside(wanted, least, most):g} V is outside the open-circuit curve, "
                f"which reaches from {least:.4g} V (x = {high:g}) to {most:.4g} V (x = {low:g})"
            )

        def solve(u: float) -> float:
            def defect(x: float) -> float:
                return float(curve.voltage(np.array(x))) - u

            return float(brentq(defect, low, high, xtol=1e-15, rtol=1e-14))

        return np.reshape([solve(u) for u in wanted.ravel()], wanted.shape)[()]

    def excess_table(self, temperature: float) -> ExcessTable:
        """Return the excess potential at a temperature [K], dense enough for cubics between.

        Raises:
            InputError: the curve has a jump.
        """
        return _excess_table(self, temperature)


class _Curve:
    """U(x) and dU/dx inside the ends of an open-circuit law.

    Attributes:
        nodes: points at which higher derivatives may jump, ends included.
    """

    def __init__(self, law: OpenCircuit) -> None:
        """Prepare the formula, or the interpolation of the table."""
        self.ends = law.ends
        self.voltage: Callable[[FloatArray], FloatArray]
        self.slope: Callable[[FloatArray], FloatArray]
        if law.formula is not None:
            self.nodes = np.array(self.ends)
            self.voltage, self.slope = Formula(law.formula), self._difference
        else:
            self.nodes = np.array(law.site_fraction)
            self.voltage = _interpolant(self.nodes, np.array(law.voltage))
            self.slope = self.voltage.derivative()  # type: ignore[attr-defined]

    def _difference(self, x: FloatArray) -> FloatArray:
        """Derivative of the parabola through three close points inside the range."""
        low, high = self.ends
        h = _STEP * (high - low)
        middle = np.clip(x, low + h, high - h)
        below, here, above = (self.voltage(middle + k * h) for k in (-1.0, 0.0, 1.0))
        bend = (above - 2.0 * here + below) / h**2
        return (above - below) / (2.0 * h) + (x - middle) * bend

    def subdivided(self, intervals: int) -> FloatArray:
        """Return at least `intervals` + 1 points that include the nodes."""
        n = -(-intervals // (len(self.nodes) - 1)) + 1
        return np.unique([np.linspace(a, b, n) for a, b in pairwise(self.nodes)])

    def flattest(self) -> tuple[float, float]:
        """Return the x where U falls least, and dU/dx there [V].

        Raises:
            InputError: U is not a number somewhere.
        """
        x = self.subdivided(_CHECKED_SLOPES)
        voltage = self.voltage(x)
        if not np.isfinite(voltage).all():
            bad = x[~np.isfinite(voltage)][0]
            raise InputError(f"U is not a finite number at x = {bad:.4g}; choose another range")
        chord = np.diff(voltage) / np.diff(x)
        every = np.concatenate([self.slope(x), chord])
        worst = int(np.argmax(every))
        return float(np.concatenate([x, 0.5 * (x[1:] + x[:-1])])[worst]), float(every[worst])


def _interpolant(x: FloatArray, voltage: FloatArray) -> Any:
    """Return the monotone cubic through a table, never flat at its ends."""
    from scipy.interpolate import CubicHermiteSpline, PchipInterpolator  # 0.2 s to import

    slope = PchipInterpolator(x, voltage).derivative()(x)
    chord = np.diff(voltage) / np.diff(x)
    # PCHIP may choose 0 at an end; half the chord keeps the cubic monotone (Fritsch and Carlson).
    slope[0], slope[-1] = min(slope[0], 0.5 * chord[0]), min(slope[-1], 0.5 * chord[-1])
    return CubicHermiteSpline(x, voltage, slope)


@functools.lru_cache(maxsize=64)
def _curve(law: OpenCircuit) -> _Curve:
    return _Curve(law)


@functools.lru_cache(maxsize=64)
def _excess_table(law: OpenCircuit, temperature: float) -> ExcessTable:
    """Sample the excess until cubics between the points meet U and dU/dx."""
    from scipy.interpolate import CubicHermiteSpline

    curve = _curve(law)
    per_volt = law.share * ELEMENTARY_CHARGE / (BOLTZMANN * temperature)

    def sample(y: FloatArray) -> ExcessTable:
        eta = -per_volt * (curve.voltage(y) - law.reference)
        stiffness = -per_volt * curve.slope(y)
        ideal = np.log(y) - np.log1p(-y)
        return ExcessTable(y, eta - ideal, stiffness - 1.0 / (y * (1.0 - y)))

    y = curve.subdivided(_FIRST_INTERVALS)
    while len(y) < _MOST_POINTS:
        cubic = CubicHermiteSpline(*sample(y))
        coarse = np.zeros(len(y) - 1, dtype=bool)
        for t in (0.2, 0.5, 0.8):
            exact = sample(y[:-1] + t * np.diff(y))
            p = exact.site_fraction
            stiffness = exact.slope + 1.0 / (p * (1.0 - p))
            coarse |= np.abs(cubic(p) - exact.excess) > per_volt * _ACCURACY
            coarse |= np.abs(cubic(p, 1) - exact.slope) > _STIFFNESS_ACCURACY * stiffness
        if not coarse.any():
            return sample(_with_extrema(y, cubic))
        y = np.union1d(y, 0.5 * (y[:-1] + y[1:])[coarse])
    raise InputError("the open-circuit curve jumps or has a kink; give a smooth formula or a table")


def _with_extrema(y: FloatArray, cubic: Any) -> FloatArray:
    """Add the extrema of the excess, because the core brackets eta between values at points."""
    roots = cubic.derivative().roots(extrapolate=False)
    roots = roots[np.isfinite(roots)]
    above = np.clip(np.searchsorted(y, roots), 1, len(y) - 1)
    gap = np.minimum(roots - y[above - 1], y[above] - roots)
    return np.union1d(y, roots[gap > 1e-6 * (y[above] - y[above - 1])])


def _outside(values: FloatArray, low: float, high: float) -> float:
    return float(values[(values < low) | (values > high) | np.isnan(values)].ravel()[0])
