"""Dielectrics whose permittivity falls with the field, alone and in stacks of plane layers.

SI units; permittivities are absolute [F/m] and positive; D and E point along the normal of the
layers. All laws are odd: D(-E) = -D(E).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pyscl.analytic._common import Array, all_positive
from pyscl.errors import ConvergenceError, InputError


@dataclass(frozen=True)
class DielectricLayer(ABC):
    """A plane layer of one dielectric.

    Attributes:
        thickness: [m].
        permittivity: at zero field [F/m].
    """

    thickness: float
    permittivity: float

    def __post_init__(self) -> None:
        all_positive(thickness=self.thickness, permittivity=self.permittivity)

    @abstractmethod
    def displacement(self, field: ArrayLike) -> Array:
        """D [C/m^2] at the fields E [V/m], any shape."""

    @abstractmethod
    def field(self, displacement: ArrayLike) -> Array:
        """E [V/m] at the displacements D [C/m^2], any shape; the inverse of `displacement`."""

    @abstractmethod
    def differential_permittivity(self, field: ArrayLike) -> Array:
        """dD/dE [F/m] at the fields E [V/m], any shape."""


@dataclass(frozen=True)
class LinearLayer(DielectricLayer):
    """D = eps E."""

    def displacement(self, field: ArrayLike) -> Array:
        """D [C/m^2] at the fields E [V/m], any shape."""
        return self.permittivity * np.asarray(field, dtype=float)

    def field(self, displacement: ArrayLike) -> Array:
        """E [V/m] at the displacements D [C/m^2], any shape."""
        return np.asarray(displacement, dtype=float) / self.permittivity

    def differential_permittivity(self, field: ArrayLike) -> Array:
        """dD/dE [F/m] at the fields E [V/m], any shape."""
        return np.full(np.shape(field), self.permittivity)


@dataclass(frozen=True)
class JohnsonLayer(DielectricLayer):
    """D = eps(E) E with eps(E) = eps/(1 + 3 b eps^3 E^2)^(1/3), the chord D/E.

    Johnson (J. Appl. Phys. 33, 2826 (1962)); follows the chord of E = D/eps + b D^3 to first
    order in b eps^3 E^2.

    Attributes:
        thickness: [m].
        permittivity: eps at zero field [F/m].
        coefficient: b >= 0 [V m^5/C^3].
    """

    coefficient: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (np.isfinite(self.coefficient) and self.coefficient >= 0):
            raise InputError(
                f"coefficient is {self.coefficient}; it must be finite and not negative."
            )

    def displacement(self, field: ArrayLike) -> Array:
        """D [C/m^2] at the fields E [V/m], any shape."""
        e = np.asarray(field, dtype=float)
        return self.permittivity * e / np.cbrt(1 + self._strength(e))

    def field(self, displacement: ArrayLike) -> Array:
        """E [V/m] at the displacements D [C/m^2], any shape.

        E = y D/eps, y the positive root of y^3 = 1 + m y^2, m = 3 b eps D^2.
        """
        d = np.asarray(displacement, dtype=float)
        m = 3 * self.coefficient * self.permittivity * d**2
        # in z = 1/y: z^3 + m z = 1, convex, so that Newton falls from the right monotonously
        z = np.minimum(1.0, 1 / np.maximum(m, 1e-300))
        for _ in range(100):
            step = (z**3 + m * z - 1) / (3 * z**2 + m)
            z = z - step
            if np.all(np.abs(step) <= 1e-9 * z):  # quadratic: the next one would be rounding
                return (d / self.permittivity / z)[()]
        raise ConvergenceError(
            f"the field of Johnson's law does not converge at D = {displacement!r} C/m^2."
        )

    def differential_permittivity(self, field: ArrayLike) -> Array:
        """dD/dE [F/m] at the fields E [V/m], any shape."""
        x = self._strength(np.asarray(field, dtype=float))
        return self.permittivity * (1 + x / 3) / (1 + x) ** (4 / 3)

    def _strength(self, field: Array) -> Array:
        return 3 * self.coefficient * self.permittivity**3 * field**2


@dataclass(frozen=True)
class LangevinLayer(DielectricLayer):
    """D = eps_b E + Ps L(3 (eps - eps_b) E/Ps), L(y) = coth y - 1/y: free rotating dipoles.

    Attributes:
        thickness: [m].
        permittivity: eps at zero field [F/m].
        background: eps_b <= eps, what remains at high fields [F/m].
        saturation: Ps [C/m^2].
    """

    background: float
    saturation: float

    def __post_init__(self) -> None:
        super().__post_init__()
        all_positive(background=self.background, saturation=self.saturation)
        if self.background > self.permittivity:
            raise InputError(
                f"background is {self.background} F/m and permittivity {self.permittivity} F/m; "
                "the background must not be larger."
            )

    def displacement(self, field: ArrayLike) -> Array:
        """D [C/m^2] at the fields E [V/m], any shape."""
        e = np.asarray(field, dtype=float)
        return self.background * e + self.saturation * _langevin(self._argument(e))

    def field(self, displacement: ArrayLike) -> Array:
        """E [V/m] at the displacements D [C/m^2], any shape; by Newton's method."""
        d = np.abs(np.asarray(displacement, dtype=float))
        # D(E) is concave for E > 0 and both starts lie left of the root: E grows monotonously
        e = np.maximum(d / self.permittivity, (d - self.saturation) / self.background)
        for _ in range(100):
            missing = d - self.displacement(e)
            e = e + missing / self.differential_permittivity(e)
            if np.all(np.abs(missing) <= 1e-10 * d):  # quadratic: the rest is rounding
                return np.copysign(e, displacement)[()]
        raise ConvergenceError(
            f"the field of Langevin's law does not converge at D = {displacement!r} C/m^2."
        )

    def differential_permittivity(self, field: ArrayLike) -> Array:
        """dD/dE [F/m] at the fields E [V/m], any shape."""
        y = self._argument(np.asarray(field, dtype=float))
        return self.background + 3 * (self.permittivity - self.background) * _langevin_slope(y)

    def _argument(self, field: Array) -> Array:
        return 3 * (self.permittivity - self.background) * field / self.saturation


def _langevin(y: Array) -> Array:
    """Return coth y - 1/y."""
    small = np.abs(y) < 0.3
    safe = np.where(small, 1.0, y)
    series = y * _even_series(y, _LANGEVIN_SERIES)
    return np.where(small, series, 1 / np.tanh(safe) - 1 / safe)


def _langevin_slope(y: Array) -> Array:
    """Return 1/y^2 - 1/sinh(y)^2, the derivative of `_langevin`."""
    small = np.abs(y) < 0.3
    safe = np.clip(np.where(small, 1.0, np.abs(y)), None, 300.0)
    series = _even_series(y, tuple((2 * k + 1) * c for k, c in enumerate(_LANGEVIN_SERIES)))
    wide = np.where(small, 1.0, y)
    return np.where(small, series, 1 / wide**2 - 1 / np.sinh(safe) ** 2)


# coth y - 1/y = sum over k of 2^(2k) B_2k/(2k)! y^(2k-1)
_LANGEVIN_SERIES = (
    1 / 3,
    -1 / 45,
    2 / 945,
    -1 / 4725,
    2 / 93555,
    -1382 / 638512875,
    4 / 18243225,
    -3617 / 162820783125,
    87734 / 38979295480125,
)


def _even_series(y: Array, terms: tuple[float, ...]) -> Array:
    square = np.where(np.abs(y) < 0.3, y, 0.0) ** 2
    return np.polynomial.polynomial.polyval(square, terms)


def dielectric_stack(layers: Sequence[DielectricLayer], voltage: float) -> tuple[float, Array]:
    """Displacement and fields of plane layers without free charge under a voltage.

    One D for all layers: sum of t_i E_i(D) = V, a monotone scalar equation.

    Args:
        layers: in the order of the stack.
        voltage: V, the sum of the drops t_i E_i [V].

    Returns:
        D [C/m^2] and the field of every layer [V/m], (n_layers,); to 1e-14 of D.
    """
    from scipy.optimize import brentq

    if not layers:
        raise InputError("layers is empty; a stack needs at least one layer.")
    if not np.isfinite(voltage):
        raise InputError(f"voltage is {voltage}; it must be finite.")
    size = abs(voltage)
    # the permittivities fall with the field: the linear stack holds the largest displacement
    linear = size / sum(layer.thickness / layer.permittivity for layer in layers)
    thicknesses = np.array([layer.thickness for layer in layers])

    def fields(displacement: float) -> Array:
        return np.array([float(layer.field(displacement)) for layer in layers])

    def excess(displacement: float) -> float:
        return float(thicknesses @ fields(displacement)) - size

    displacement = 0.0
    if size > 0:
        high = linear * (1 + 1e-12)  # rounding must not hide the root of a linear stack
        displacement = brentq(excess, 0.0, high, xtol=1e-300, rtol=1e-15)
    sign = float(np.sign(voltage))
    return sign * displacement, sign * fields(displacement)
