"""The Landau polynomial in the plane: energy, fields, and the ideal loop along crystal axis 1.

f(P1, P2) = sum_mn c_mn P1^(2m) P2^(2n) with m + n <= 4, in crystal axes, P3 = 0. The field that
holds a homogeneous polarization is E = df/dP. The loop along axis 1 is that of a single domain: the
upper branch from large fields down to the coercive field, where it loses its stability. Measured
coercive fields are smaller by one or two orders, because domains nucleate.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.polynomial import polyder, polyval2d
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError

FloatArray = NDArray[np.float64]

ORDER = 5
"""Powers of P1^2 and of P2^2 in the table, 0 to 4."""

_NEWTON_STEPS = 2  # from a root of the companion matrix to rounding
_NOTHING = 1e-12  # of the largest coefficient of the same degree: counts as zero
_REAL = 1e-7  # imaginary part over modulus below which a root is real
_RAYS = 37  # directions from axis 1 to axis 2 along which minima are looked for
_MOST_STEPS = 30  # of Newton's method from a ray to the minimum beside it
_LONGEST_STEP = 0.2  # of it, over the largest polarization
_ROUNDING = 1e-15  # of a polarization
_AT_REST = 1e-9  # of the terms of df/dP, below which they balance
_SOFT = 1e-9  # of the larger stiffness: no minimum, f does not change in that direction
_SAME = 1e-6  # of the largest polarization, two minima
_STRONG_FIELD = 1e8  # V/m, about the strongest one that ceramics bear


@dataclass(frozen=True, eq=False)
class LandauPolynomial:
    """A Landau polynomial at one temperature and strain.

    Attributes:
        table: (5, 5), c_mn [J m^(4(m+n)-3) / C^(2(m+n))]; c_00 does not matter.
    """

    table: FloatArray

    def __post_init__(self) -> None:
        table = np.array(self.table, dtype=float)
        m, n = np.indices((ORDER, ORDER))
        if table.shape != (ORDER, ORDER) or not np.isfinite(table).all():
            raise InputError("a Landau polynomial needs a table of 5 x 5 finite numbers")
        if table[m + n >= ORDER].any():
            raise InputError("a Landau polynomial ends with the terms of degree 8, m + n = 4")
        table.setflags(write=False)
        object.__setattr__(self, "table", table)

    def energy(self, p1: ArrayLike, p2: ArrayLike = 0.0) -> Any:
        """Return f [J/m3] for polarizations [C/m2] along axes 1 and 2, arrays of one shape."""
        p1, p2 = np.broadcast_arrays(*map(np.asarray, (p1, p2)))
        return polyval2d(p1**2, p2**2, self.table)

    def field(self, p1: ArrayLike, p2: ArrayLike = 0.0) -> FloatArray:
        """Return df/dP [V/m], shape (..., 2), for polarizations [C/m2] of shape (...)."""
        p1, p2 = np.broadcast_arrays(*map(np.asarray, (p1, p2)))
        x, y = p1**2, p2**2
        along = 2.0 * p1 * polyval2d(x, y, polyder(self.table, axis=0))
        across = 2.0 * p2 * polyval2d(x, y, polyder(self.table, axis=1))
        return np.stack([along, across], axis=-1)

    def stiffness(self, p1: ArrayLike, p2: ArrayLike = 0.0) -> FloatArray:
        """Return the second derivatives of f [V m/C], shape (..., 2, 2)."""
        p1, p2 = np.broadcast_arrays(*map(np.asarray, (p1, p2)))
        x, y, c = p1**2, p2**2, self.table
        fx, fy = (polyval2d(x, y, polyder(c, axis=k)) for k in (0, 1))
        fxx, fyy = (polyval2d(x, y, polyder(c, 2, axis=k)) for k in (0, 1))
        fxy = polyval2d(x, y, polyder(polyder(c, axis=0), axis=1))
        mixed = 4.0 * p1 * p2 * fxy
        first = np.stack([2.0 * fx + 4.0 * x * fxx, mixed], axis=-1)
        second = np.stack([mixed, 2.0 * fy + 4.0 * y * fyy], axis=-1)
        return np.stack([first, second], axis=-2)

    # --- lower bound ---------------------------------------------------------------------------

    @property
    def is_bounded(self) -> bool:
        """Whether f grows in all directions of the plane, so that a stable state exists."""
        return self.unbounded_direction() is None

    def unbounded_direction(self) -> tuple[int, float] | None:
        """Return (degree in P, angle from axis 1 [rad]) of terms that let f fall without bound.

        In a direction P^2 = r (t, 1-t) f is a polynomial in r whose highest coefficient must be
        positive. Candidates for t are the ends, the minima and the zeros of these coefficients.
        """
        forms = [self._form(degree) for degree in range(1, ORDER)]
        sizes = [float(np.abs(np.diag(self.table[::-1], d - ORDER + 1)).max())
                 for d in range(1, ORDER)]  # fmt: skip
        candidates = {0.0, 1.0}
        for form in forms:
            roots = np.concatenate([form.deriv().roots(), form.roots()])
            candidates |= {float(z.real) for z in roots if 0.0 < z.real < 1.0 and _is_real(z)}
        failing = []
        for t in candidates:
            values = [float(form(t)) for form in forms]
            present = [k for k, v in enumerate(values) if abs(v) > _NOTHING * sizes[k]]
            if not present or values[present[-1]] < 0.0:
                k = present[-1] if present else 0
                failing.append((-k, values[k], t))
        if not failing:
            return None
        k, _, t = min(failing)  # of the highest degree, where it is the most negative
        return 2 * (1 - k), float(np.arctan2(np.sqrt(1.0 - t), np.sqrt(t)))

    def _form(self, degree: int) -> Polynomial:
        """Return sum over m + n = degree of c_mn t^m (1-t)^n as a polynomial in t."""
        t, rest = Polynomial([0.0, 1.0]), Polynomial([1.0, -1.0])
        terms = [self.table[m, degree - m] * t**m * rest ** (degree - m) for m in range(degree + 1)]
        return sum(terms, Polynomial([0.0])).trim()

    # --- along axis 1 --------------------------------------------------------------------------

    @property
    def _odd(self) -> Polynomial:
        """E(P, 0) as a polynomial in P."""
        coefficients = np.zeros(2 * ORDER - 2)
        coefficients[1::2] = 2.0 * np.arange(1, ORDER) * self.table[1:, 0]
        return Polynomial(coefficients)

    def spontaneous_polarization(self) -> float:
        """Return P >= 0 of least energy along axis 1 [C/m2]; 0 in a paraelectric state."""
        states = [0.0, *_positive_roots(self._odd)]
        return min(states, key=lambda p: float(self.energy(p)))

    def spinodal(self) -> tuple[float, float]:
        """Return where the upper branch ends: (P [C/m2], coercive field [V/m]).

        The branch reaches this P at minus the coercive field. (0, 0) in a paraelectric state.
        """
        spontaneous = self.spontaneous_polarization()
        turning = [p for p in _positive_roots(self._odd.deriv()) if p < spontaneous]
        if not turning:
            return 0.0, 0.0
        return turning[-1], -float(self._odd(turning[-1]))

    def coercive_field(self) -> float:
        """Return the field at which a single domain switches [V/m]; 0 if paraelectric."""
        return self.spinodal()[1]

    def after_switching(self) -> float:
        """Return P just after switching at the coercive field [C/m2]; 0 if paraelectric."""
        return float(self.branch(self.coercive_field()))

    def permittivity(self, p: ArrayLike) -> Any:
        """Return dP/dE / eps0 along axis 1 at P [C/m2], without the background."""
        from scipy.constants import epsilon_0  # 0.1 s to import

        return 1.0 / (epsilon_0 * self._odd.deriv()(np.asarray(p, dtype=float)))

    def branch(self, field: ArrayLike) -> Any:
        """Return P [C/m2] on the upper branch of the loop for fields [V/m] along axis 1.

        In a paraelectric state this is the state of largest |P|, odd in the field.

        Raises:
            InputError: a field beyond minus the coercive field, where the branch has ended.
        """
        low, coercive = self.spinodal()
        values = [self._state(float(e), low, coercive) for e in np.ravel(field)]
        return np.reshape(values, np.shape(field))[()]

    def _state(self, field: float, low: float, coercive: float) -> float:
        if low == 0.0:
            above = _positive_roots(self._odd - abs(field))
            return float(np.copysign(above[-1], field)) if above else 0.0
        if abs(field + coercive) <= 1e-14 * coercive:
            return low
        if field < -coercive:
            raise InputError(
                f"the upper branch ends at {-coercive:.6g} V/m, {field:.6g} V/m is beyond it"
            )
        return _positive_roots(self._odd - field)[-1]

    def loop_area(self) -> float:
        """Return the energy per volume that one ideal loop dissipates [J/m3]; 0 if paraelectric."""
        low, coercive = self.spinodal()
        high = self.after_switching()
        return 2.0 * float(self.energy(low) - self.energy(high) + coercive * (low + high))

    # --- in the plane ----------------------------------------------------------------------------

    @cached_property
    def minima(self) -> FloatArray:
        """Stable polarizations without field (k, 2) [C/m2], both components >= 0.

        The deepest minimum comes first, of equally deep ones that nearest to axis 1. Others follow
        by the signs of the components.
        """
        p = self._minima_of_rays
        size = float(np.abs(p).max())
        for _ in range(_MOST_STEPS):
            inverse = np.linalg.pinv(self.stiffness(*p.T), hermitian=True)
            step = np.einsum("kij,kj->ki", inverse, self.field(*p.T))
            p = p - step.clip(-_LONGEST_STEP * size, _LONGEST_STEP * size)
            if np.abs(step).max() <= _ROUNDING * size:
                break
        p = np.abs(p)
        terms = LandauPolynomial(np.abs(self.table)).field(*p.T)
        at_rest = (np.abs(self.field(*p.T)) <= _AT_REST * terms).all(axis=1)
        soft, hard = np.linalg.eigvalsh(self.stiffness(*p.T)).T
        p = p[at_rest & (soft > _SOFT * hard)]
        kept: list[FloatArray] = []
        for state in p:  # from axis 1 to axis 2
            if all(np.abs(state - other).max() > _SAME * size for other in kept):
                kept.append(state)
        found = np.reshape(kept, (-1, 2))
        return found[self._by_energy(found)]

    def spontaneous_vector(self) -> tuple[float, float]:
        """Return the polarization of least energy in the plane [C/m2], both components >= 0.

        Of several equal ones that nearest to axis 1; (0, 0) in a paraelectric state.
        """
        p = np.concatenate([self.minima, self._minima_of_rays])
        first, second = p[self._by_energy(p)[0]].tolist()
        return first, second

    def scale(self) -> float:
        """Return a polarization of the size that occurs [C/m2].

        The largest spontaneous one, in whichever direction of the plane it lies; in a paraelectric
        state that in a field of 1e8 V/m along the softer axis.
        """
        spontaneous = float(np.hypot(*self.spontaneous_vector()))
        if spontaneous > 0.0:
            return spontaneous
        turned = LandauPolynomial(self.table.T)
        in_field = [_positive_roots(f._odd - _STRONG_FIELD) for f in (self, turned)]
        return max(p for roots in in_field for p in roots)

    def _by_energy(self, p: FloatArray) -> NDArray[np.intp]:
        """Return the order of states (k, 2) by their energy; equal ones keep theirs."""
        energy = np.asarray(self.energy(*p.T), dtype=float)
        rounding = 1e-12 * float(np.abs(energy).max(initial=0.0)) or 1.0
        return np.argsort(np.round((energy - energy.min(initial=0.0)) / rounding), kind="stable")

    @cached_property
    def _minima_of_rays(self) -> FloatArray:
        """Minima of f along rays from axis 1 to axis 2, and P = 0, (k, 2)."""
        share = np.cos(np.linspace(0.0, 0.5 * np.pi, _RAYS)) ** 2
        share[-1] = 0.0
        degree = np.arange(ORDER - 1, 0, -1)
        forms = np.array([d * self._form(int(d))(share) for d in degree])
        found = [(0.0, 0.0)]
        for t, slope in zip(share.tolist(), forms.T, strict=True):  # by the square of |P|
            roots = np.roots(slope)
            square = roots.real[(np.abs(roots.imag) <= _REAL * np.abs(roots)) & (roots.real > 0.0)]
            for r in square[np.polyval(np.polyder(slope), square) > 0.0].tolist():
                found.append((float(np.sqrt(t * r)), float(np.sqrt((1.0 - t) * r))))
        return np.array(found)


def _is_real(root: complex) -> bool:
    return bool(abs(root.imag) <= _REAL * abs(root))


def _positive_roots(polynomial: Polynomial) -> list[float]:
    """Return the positive real roots in increasing order, accurate to rounding."""
    slope = polynomial.deriv()
    found = []
    for root in np.asarray(polynomial.trim().roots(), dtype=complex):
        if not (_is_real(root) and root.real > 0.0):
            continue
        p = float(root.real)
        for _ in range(_NEWTON_STEPS):
            if slope(p) != 0.0:
                p -= float(polynomial(p) / slope(p))
        found.append(p)
    return sorted(found)
