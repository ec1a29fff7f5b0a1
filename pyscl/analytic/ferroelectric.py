"""Homogeneous ferroelectrics: Landau's polynomial with linear dielectrics, discs and relaxation.

SI units. `coefficients` are (a1, a11, a111, a1111) of the energy density
f(P) = a1 P^2 + a11 P^4 + a111 P^6 + a1111 P^8 [J/m^3], trailing ones may be left out and the last
one that is not zero has to be positive. P [C/m^2] is the polarization on top of a linear
background, D = eps_b E + P; E = f'(P) in equilibrium. Permittivities are absolute [F/m].
Whatever surrounds the ferroelectric linearly adds a depolarising field -k P, with k [m/F]:
f'(P) + k P = E of the sources.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike, NDArray

from pyscl.analytic._common import Array, all_positive, angular_frequency, positive
from pyscl.analytic.discs import screened_disc_factor
from pyscl.errors import InputError

_POWERS = np.array([2, 4, 6, 8])


def landau_energy(polarization: ArrayLike, coefficients: Sequence[float]) -> Array:
    """Energy density f(P) [J/m^3], any shape of P [C/m^2]; f(0) = 0."""
    return _energy(coefficients)(np.asarray(polarization, dtype=float))


def landau_field(polarization: ArrayLike, coefficients: Sequence[float]) -> Array:
    """Field E = f'(P) [V/m] in equilibrium with P [C/m^2], any shape."""
    return _energy(coefficients).deriv()(np.asarray(polarization, dtype=float))


def landau_stiffness(polarization: ArrayLike, coefficients: Sequence[float]) -> Array:
    """f''(P) [m/F], the inverse of the susceptibility dP/dE [F/m]; any shape of P [C/m^2]."""
    return _energy(coefficients).deriv(2)(np.asarray(polarization, dtype=float))


def spontaneous_polarization(coefficients: Sequence[float]) -> float:
    """Ps >= 0 [C/m^2] of the lowest energy f(P); 0 of a paraelectric."""
    at = np.array([0.0, *np.sqrt(_positive_roots(_energy_of_square(coefficients).deriv()))])
    return float(at[np.argmin(landau_energy(at, coefficients))])


def landau_spinodals(
    coefficients: Sequence[float], depolarization: float = 0.0
) -> tuple[Array, Array]:
    """Limits of (meta)stability f''(P) + k = 0.

    Args:
        coefficients: (a1, a11, ..) of f, see the module.
        depolarization: k [m/F].

    Returns:
        P > 0 [C/m^2], ascending, and f'(P) + k P [V/m] there, (n,); none if f is convex. The last
        is the end of the upper branch, minus its field the coercive field.
    """
    total = _loaded(coefficients, depolarization)
    curvature = Polynomial(total.deriv(2).coef[::2])  # in u = P^2
    p = np.sqrt(_positive_roots(curvature))
    return p, total.deriv()(p)


@dataclass(frozen=True)
class LandauEquilibria:
    """All states of equilibrium of a homogeneous ferroelectric, by ascending polarization.

    Attributes:
        polarization: P [C/m^2], (n,).
        field: field inside the ferroelectric E = f'(P) [V/m], (n,).
        energy: f(P) + k P^2/2 - E0 P, E0 the field of the sources [J/m^3], (n,).
        stable: whether the state is stable or metastable, f''(P) + k > 0, (n,).
    """

    polarization: Array
    field: Array
    energy: Array
    stable: NDArray[np.bool_]

    @property
    def metastable_polarization(self) -> Array:
        """P of the stable and metastable states [C/m^2], ascending."""
        return self.polarization[self.stable]

    @property
    def ground_polarization(self) -> float:
        """P of the state of lowest energy [C/m^2]; of two the lower."""
        return float(self.polarization[np.argmin(self.energy)])


def landau_equilibria(
    coefficients: Sequence[float], field: float = 0.0, depolarization: float = 0.0
) -> LandauEquilibria:
    """All homogeneous states f'(P) + k P = E0.

    Args:
        coefficients: (a1, a11, ..) of f, see the module.
        field: E0 of the sources [V/m].
        depolarization: k [m/F]; 0 is a ferroelectric between electrodes.
    """
    if not np.isfinite(field):
        raise InputError(f"field is {field}; it must be finite.")
    total = _loaded(coefficients, depolarization) - Polynomial([0.0, field])
    balance = total.deriv()
    reach = _bound(balance) or 1.0  # 0 if P = 0 is the only state
    p = np.array(_roots_between(balance, -reach, reach))
    return LandauEquilibria(
        polarization=p,
        field=landau_field(p, coefficients),
        energy=total(p),
        stable=total.deriv(2)(p) > 0,
    )


def ferroelectric_disc(
    coefficients: Sequence[float], background: float, matrix: float, far_field: float = 0.0
) -> LandauEquilibria:
    """Uniform states of a ferroelectric disc (cylinder across the plane) in a matrix.

    E_in = (2 eps_m E0 - P)/(eps_m + eps_b) = f'(P), as `polarised_disc_field`: the field inside is
    uniform, so this is exact for a linear isotropic matrix and P along the far field.

    Args:
        coefficients: (a1, a11, ..) of f, see the module.
        background: eps_b of the disc [F/m].
        matrix: eps_m [F/m]; times `screened_disc_factor` if it screens (then without far field).
        far_field: E0 [V/m].
    """
    all_positive(background=background, matrix=matrix)
    total = matrix + background
    return landau_equilibria(coefficients, 2 * matrix * far_field / total, 1 / total)


def ferroelectric_bilayer(
    coefficients: Sequence[float],
    background: float,
    dielectric: float,
    thicknesses: tuple[float, float],
    voltage: float = 0.0,
) -> LandauEquilibria:
    """States of a homogeneous ferroelectric in series with a linear dielectric.

    t_f E_f + t_d E_d = V and eps_b E_f + P = eps_d E_d give, with r = t_d/t_f,
    E_f = (eps_d V/t_f - r P)/(eps_d + eps_b r) = f'(P).

    Args:
        coefficients: (a1, a11, ..) of f, see the module.
        background: eps_b of the ferroelectric [F/m].
        dielectric: eps_d [F/m].
        thicknesses: (t_f, t_d) of ferroelectric and dielectric [m]; t_d may be 0.
        voltage: V between the electrodes, 0 if short-circuited [V].
    """
    ferroelectric, passive = thicknesses
    all_positive(background=background, dielectric=dielectric, thickness=ferroelectric)
    if not (np.isfinite(passive) and passive >= 0):
        raise InputError(f"the dielectric is {passive} m thick; it must not be negative.")
    ratio = passive / ferroelectric
    total = dielectric + background * ratio
    return landau_equilibria(
        coefficients, dielectric * voltage / ferroelectric / total, ratio / total
    )


@dataclass(frozen=True)
class PolarizationThreshold:
    """Smallest 1/k [F/m] with which a ferroelectric keeps a homogeneous polarization.

    1/k is eps_m + eps_b of a disc, and eps_m Lambda + eps_b in a matrix that screens. Infinite for
    a paraelectric.

    Attributes:
        metastable: eps over eps0; P differs from 0 in a local minimum of the energy beyond this.
        ground: eps over eps0; and in the lowest one beyond this.
    """

    metastable: float
    ground: float


def polarization_threshold(coefficients: Sequence[float]) -> PolarizationThreshold:
    """Depolarisation threshold of a homogeneous ferroelectric.

    -f'(P)/P = k has a solution up to the maximum of its left side over P, and f(P) + k P^2/2 is
    negative somewhere up to the maximum of -2 f(P)/P^2.
    """
    energy = _energy_of_square(coefficients)
    force = 2 * energy.deriv()  # f'(P)/P in u = P^2
    mean = Polynomial(2 * energy.coef[1:])  # 2 f(P)/P^2
    return PolarizationThreshold(
        metastable=_inverse(_largest(-force)), ground=_inverse(_largest(-mean))
    )


def polarised_disc_screening(threshold: float, background: float, matrix: float) -> float:
    """Radius, in Debye lengths of the matrix, beyond which a disc can stay polarised.

    Solves eps_m Lambda(a) + eps_b = threshold with `screened_disc_factor`, so for a matrix that
    screens linearly; 0 if the disc stays polarised without screening.

    Args:
        threshold: a value of `polarization_threshold` [F/m].
        background: eps_b of the disc [F/m].
        matrix: eps_m [F/m].
    """
    from scipy.optimize import brentq

    all_positive(background=background, matrix=matrix)
    factor = (threshold - background) / matrix
    if not factor > 1:
        return 0.0
    if np.isinf(factor):
        return np.inf

    def excess(radius: float) -> float:
        return float(screened_disc_factor(radius)) - factor

    return float(brentq(excess, 1e-150, factor, xtol=1e-300, rtol=1e-14, maxiter=1000))


def landau_decay_rate(
    polarization: ArrayLike,
    coefficients: Sequence[float],
    viscosity: float,
    depolarization: float = 0.0,
) -> Array:
    """Rate (f''(P) + k)/tau [1/s] of a small deviation from an equilibrium at P.

    Of Landau and Khalatnikov's tau dP/dt = E - f'(P) with E = E0 - k P, homogeneous; the deviation
    goes with exp(-rate t) and grows at an unstable P.

    Args:
        polarization: P [C/m^2], any shape.
        coefficients: (a1, a11, ..) of f, see the module.
        viscosity: tau [ohm m].
        depolarization: k [m/F].
    """
    positive("viscosity", viscosity)
    return (landau_stiffness(polarization, coefficients) + depolarization) / viscosity


def landau_susceptibility(
    frequency: ArrayLike,
    polarization: float,
    coefficients: Sequence[float],
    viscosity: float,
    depolarization: float = 0.0,
) -> NDArray[np.complex128]:
    """Small-signal susceptibility dP/dE0 = 1/(f''(P) + k + i w tau) [F/m].

    Of Landau and Khalatnikov's tau dP/dt = E - f'(P), for fields that go with exp(i w t). The
    permittivity of the ferroelectric is eps_b plus this at k = 0.

    Args:
        frequency: [Hz], any shape.
        polarization: P of the state [C/m^2].
        coefficients: (a1, a11, ..) of f, see the module.
        viscosity: tau [ohm m].
        depolarization: k [m/F].
    """
    positive("viscosity", viscosity)
    stiffness = landau_stiffness(polarization, coefficients) + depolarization
    return np.asarray(1 / (stiffness + 1j * angular_frequency(frequency) * viscosity), complex)


def landau_relaxation_time(
    start: float,
    stop: float,
    coefficients: Sequence[float],
    viscosity: float,
    field: float = 0.0,
    depolarization: float = 0.0,
) -> float:
    """Time [s] in which a homogeneous ferroelectric relaxes from one polarization to another.

    The integral of tau dP/(E0 - k P - f'(P)), to 1e-10.

    Args:
        start: P at the beginning [C/m^2].
        stop: P at the end [C/m^2], on the way to the next stable state.
        coefficients: (a1, a11, ..) of f, see the module.
        viscosity: tau [ohm m].
        field: E0 of the sources [V/m].
        depolarization: k [m/F].

    Raises:
        InputError: the relaxation does not lead from `start` to `stop`.
    """
    from scipy.integrate import quad

    positive("viscosity", viscosity)
    force = Polynomial([field]) - _loaded(coefficients, depolarization).deriv()
    if start == stop:
        return 0.0
    rests = _roots_between(force, min(start, stop), max(start, stop))
    if rests or not force(start) * (stop - start) > 0 or force(stop) == 0:
        raise InputError(
            f"P = {stop} C/m^2 is not on the way of the relaxation from {start} C/m^2; give a "
            "value before the next equilibrium (`landau_equilibria`)."
        )
    # the time is spent where the force is small: break the interval there
    slow = _roots_between(force.deriv(), min(start, stop), max(start, stop))
    time, _ = quad(
        lambda p: 1 / float(force(p)),
        start,
        stop,
        points=slow or None,
        epsabs=0.0,
        epsrel=1e-11,
        limit=500,
    )
    return viscosity * float(time)


def _padded(coefficients: Sequence[float]) -> Array:
    """Return the coefficients up to the last that is not zero."""
    a = np.atleast_1d(np.asarray(coefficients, dtype=float))
    if a.ndim != 1 or not 1 <= a.size <= 4 or not np.all(np.isfinite(a)):
        raise InputError(
            f"coefficients are {coefficients!r}; they must be one to four finite numbers "
            "(a1, a11, a111, a1111)."
        )
    a = np.trim_zeros(a, "b")
    if not a.size or a[-1] <= 0:
        raise InputError(
            f"coefficients are {coefficients!r}; the last one that is not zero must be positive, "
            "or the energy has no lower bound."
        )
    return a


def _energy(coefficients: Sequence[float]) -> Polynomial:
    """Return f as a polynomial in P."""
    a = _padded(coefficients)
    full = np.zeros(2 * a.size + 1)
    full[_POWERS[: a.size]] = a
    return Polynomial(full)


def _energy_of_square(coefficients: Sequence[float]) -> Polynomial:
    """Return f as a polynomial in u = P^2."""
    return Polynomial([0.0, *_padded(coefficients)])


def _loaded(coefficients: Sequence[float], depolarization: float) -> Polynomial:
    if not (np.isfinite(depolarization) and depolarization >= 0):
        raise InputError(f"depolarization is {depolarization}; it must be finite and not negative.")
    return _energy(coefficients) + Polynomial([0.0, 0.0, depolarization / 2])


def _bound(polynomial: Polynomial) -> float:
    """Return Fujiwara's bound of the absolute roots of a polynomial."""
    c = polynomial.coef
    powers = len(c) - 1 - np.arange(len(c) - 1)
    return 2.0 * float(np.max(np.abs(c[:-1] / c[-1]) ** (1 / powers), initial=0.0))


def _positive_roots(polynomial: Polynomial) -> list[float]:
    trimmed = polynomial.trim()
    return [root for root in _roots_between(trimmed, 0.0, _bound(trimmed)) if root > 0]


def _roots_between(polynomial: Polynomial, low: float, high: float) -> list[float]:
    """Return the real roots in [low, high], ascending, split by those of the derivative."""
    from scipy.optimize import brentq

    if polynomial.degree() < 1 or not high > low:
        return []
    turns = [low, *_roots_between(polynomial.deriv(), low, high), high]
    signs = np.sign([float(polynomial(turn)) for turn in turns])
    roots = [turn for turn, sign in zip(turns, signs, strict=True) if sign == 0]
    for i in range(len(turns) - 1):
        if signs[i] * signs[i + 1] < 0:
            root = brentq(polynomial, turns[i], turns[i + 1], xtol=1e-300, rtol=1e-15, maxiter=5000)
            roots.append(float(root))
    return sorted(set(roots))


def _largest(polynomial: Polynomial) -> float:
    """Return the maximum over u >= 0 of a polynomial that falls at infinity."""
    at = [0.0, *_positive_roots(polynomial.deriv())] if polynomial.degree() else [0.0]
    return float(np.max(polynomial(np.array(at))))


def _inverse(stiffness: float) -> float:
    return 1 / stiffness if stiffness > 0 else np.inf
