"""Dielectric discs (cylinders across the plane): fields, coated discs, arrays, corners.

Linear and dimensionless: the far field is 1 along x, permittivities are relative to each other,
`contrast` is k = eps_disc/eps_matrix (or a ratio of conductivities: k = 0 is a blocking disc).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pyscl.analytic._common import Array, positive
from pyscl.errors import ConvergenceError, InputError


def disc_polarizability(contrast: ArrayLike) -> Array:
    """Dipole strength beta = (k-1)/(k+1) [1] of a disc, also for k = inf."""
    return 1 - disc_inner_field(contrast)


def disc_inner_field(contrast: ArrayLike) -> Array:
    """Field 2/(1+k) inside a disc in a unit far field; uniform and along it."""
    return 2 / (1 + np.asarray(contrast, dtype=float))


def disc_potential(x: ArrayLike, y: ArrayLike, radius: float, contrast: float) -> Array:
    """Potential of a disc at the origin in a unit far field along x.

    Outside phi = -cos(t) (r - beta a^2/r), inside phi = -2/(1+k) x, beta = (k-1)/(k+1).

    Args:
        x: coordinate along the field, any shape, in the length unit of `radius`.
        y: coordinate across.
        radius: a.
        contrast: k = eps_disc/eps_matrix >= 0.
    """
    positive("radius", radius)
    x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    r2 = np.maximum(x**2 + y**2, radius**2)
    return -x * (1 - disc_polarizability(contrast) * radius**2 / r2)


def disc_field(x: ArrayLike, y: ArrayLike, radius: float, contrast: float) -> tuple[Array, Array]:
    """Field (Ex, Ey) [far field] of the disc of `disc_potential`; on the circle the outer side.

    At the pole the outer field is 1+beta, at the equator 1-beta.
    """
    positive("radius", radius)
    x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    r2 = x**2 + y**2
    outside = r2 >= radius**2 * (1 - 1e-12)
    strength = disc_polarizability(contrast) * radius**2 / np.where(outside, r2, 1.0) ** 2
    ex = np.where(outside, 1 + strength * (x**2 - y**2), disc_inner_field(contrast))
    return ex[()], np.where(outside, 2 * strength * x * y, 0.0)[()]


@dataclass(frozen=True)
class CoatedDisc:
    """A disc with a concentric shell in a matrix, in a unit far field along x.

    Potential -core_field x in the core, -cos(t) (A r + B/r) in the shell and
    -cos(t) (r - beta b^2/r) in the matrix; b is the outer radius.

    Attributes:
        core: relative permittivity of the core.
        shell: relative permittivity of the shell.
        matrix: relative permittivity of the matrix.
        area_ratio: f = a^2/b^2, core radius over outer radius squared, in [0, 1].
    """

    core: float
    shell: float
    matrix: float
    area_ratio: float

    def __post_init__(self) -> None:
        positive("shell", self.shell)
        positive("matrix", self.matrix)
        if not (self.core >= 0 and 0 <= self.area_ratio <= 1):
            raise InputError(
                f"core is {self.core} and area_ratio {self.area_ratio}; "
                "core must not be negative and area_ratio lie in [0, 1]."
            )

    @property
    def core_field(self) -> float:
        """Uniform field in the core, 4 eps_m eps_s over the sum and difference products."""
        c, s, m = self.core, self.shell, self.matrix
        return 4 * m * s / ((c + s) * (s + m) + self.area_ratio * (c - s) * (s - m))

    @property
    def equivalent_permittivity(self) -> float:
        """Relative permittivity of the solid disc of radius b with the same outer field."""
        total, part = self.core + self.shell, self.area_ratio * (self.core - self.shell)
        return self.shell * (total + part) / (total - part)

    @property
    def polarizability(self) -> float:
        """Dipole strength beta of the outer field [1]."""
        return float(disc_polarizability(self.equivalent_permittivity / self.matrix))

    @property
    def shell_uniform(self) -> float:
        """A: uniform part of the field in the shell."""
        return self.core_field * (self.core + self.shell) / (2 * self.shell)

    @property
    def shell_dipole(self) -> float:
        """B/b^2: dipole part of the potential in the shell."""
        part = self.core_field * (self.shell - self.core) / (2 * self.shell)
        return part * self.area_ratio

    def potential(self, x: ArrayLike, y: ArrayLike, outer_radius: float) -> Array:
        """Potential at the points (x, y) for the outer radius b; any length unit."""
        positive("outer_radius", outer_radius)
        x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        r2 = (x**2 + y**2) / outer_radius**2
        outside = 1 - self.polarizability / np.maximum(r2, 1.0)
        inner = np.maximum(r2, self.area_ratio) if self.area_ratio else np.maximum(r2, 1e-300)
        shell = self.shell_uniform + self.shell_dipole / inner
        factor = np.where(r2 >= 1, outside, np.where(r2 > self.area_ratio, shell, self.core_field))
        return -x * factor


def square_array_permittivity(area_fraction: float, contrast: float) -> float:
    """Effective permittivity (or conductivity) of a square array of discs over the matrix's.

    Rayleigh's multipoles (Perrins, McKenzie, McPhedran 1979), with as many as change the value by
    less than 1e-13. Keller: value(k) value(1/k) = 1.

    Args:
        area_fraction: f of the discs, 0 <= f < pi/4 (touching).
        contrast: k = disc over matrix, 0 <= k <= inf.

    Raises:
        InputError: discs that touch or a negative contrast.
        ConvergenceError: so close to touching that 512 multipoles do not suffice.
    """
    if not 0 <= area_fraction < np.pi / 4:
        raise InputError(
            f"area_fraction is {area_fraction}; discs of a square array need 0 <= f < pi/4."
        )
    if not contrast >= 0:
        raise InputError(f"contrast is {contrast}; it must be 0 or more (inf is allowed).")
    beta = float(disc_polarizability(contrast))
    if beta == 0 or area_fraction == 0:
        return 1.0
    previous = _rayleigh(area_fraction, beta, 8)
    for count in (16, 32, 64, 128, 256, 512):
        value = _rayleigh(area_fraction, beta, count)
        if abs(value - previous) < 1e-13 * abs(value):
            return value
        previous = value
    raise ConvergenceError(
        f"the multipoles of a square array with area_fraction {area_fraction} and contrast "
        f"{contrast} do not converge: the discs almost touch (pi/4 = 0.785398). Reduce either."
    )


def _rayleigh(area_fraction: float, beta: float, count: int) -> float:
    radius = np.sqrt(area_fraction / np.pi)
    n = np.arange(1, count + 1)
    order = n[:, None] + n[None, :] - 1  # half the order of the lattice sum
    log_binomial = special.gammaln(2 * order) - special.gammaln(2 * n)[:, None]
    log_binomial -= special.gammaln(2 * n - 1)[None, :]
    scale = np.sqrt((2 * n[None, :] - 1) / (2 * n[:, None] - 1))
    coupling = np.exp(log_binomial + 2 * order * np.log(radius)) * scale
    matrix = coupling * _lattice_sums(2 * count)[order] - np.eye(count) / beta
    source = np.zeros(count)
    source[0] = radius**2
    return float(1 - 2 * np.pi * np.linalg.solve(matrix, source)[0])


@cache
def _lattice_sums(count: int) -> Array:
    """Sums S_2m over the unit square lattice of (x+iy)^-2m, at index m = 1..count-1."""
    # coefficients of Weierstrass' function, c_m = (2m-1) S_2m, from its differential equation
    c = np.zeros(count + 1)
    c[2] = 3 * special.gamma(0.25) ** 8 / (960 * np.pi**2)
    for m in range(4, count + 1):
        c[m] = 3 * (c[2 : m - 1] @ c[m - 2 : 1 : -1]) / ((2 * m + 1) * (m - 3))
    sums = c / np.maximum(2 * np.arange(count + 1) - 1, 1)
    sums[1] = np.pi  # conditionally convergent: Rayleigh's order of summation
    return sums


def screened_disc_factor(radius: ArrayLike) -> Array:
    """Factor Lambda that replaces eps_m by eps_m Lambda in a Debye-Hueckel matrix.

    Lambda = a [K0(a) + K1(a)/a]/K1(a), a the radius in Debye lengths of the matrix, for the
    field inside a polarised disc; tends to 1 for a -> 0 and to a + 1/2 for a -> inf.
    """
    a = np.asarray(radius, dtype=float)
    return 1 + a * special.k0e(a) / special.k1e(a)


def polarised_disc_field(
    polarization: ArrayLike,
    background: ArrayLike,
    matrix: ArrayLike,
    far_field: ArrayLike = 0.0,
) -> Array:
    """Field (2 eps_m E0 - P)/(eps_m + eps_b) [V/m] inside a disc of frozen polarization.

    Args:
        polarization: P [C/m^2] along the far field.
        background: background permittivity eps_b of the disc, absolute [F/m].
        matrix: permittivity of the matrix [F/m]; times `screened_disc_factor` if it screens
            (then `far_field` has to be 0).
        far_field: E0 [V/m].
    """
    matrix = np.asarray(matrix, dtype=float)
    return (2 * matrix * far_field - np.asarray(polarization)) / (matrix + background)


def disc_over_plane_capacitance(height: ArrayLike) -> Array:
    """Capacitance per length over 2 pi eps of a conducting disc over a plane: 1/acosh(h/a).

    `height` is the distance of its centre from the plane over its radius, > 1.
    """
    h = np.asarray(height, dtype=float)
    if np.any(h <= 1):
        raise InputError(
            f"height is {height!r} radii; a disc clear of the plane needs more than 1."
        )
    return 1 / np.arccosh(h)


def triple_line_exponent(angle: float, contrast: float) -> float:
    """Exponent nu of phi ~ r^nu where electrode, particle and matrix meet.

    Smallest root of k cot(nu beta) + cot(nu (pi-beta)) = 0: the fields go with r^(nu-1), singular
    for nu < 1. For k = 0 the limit k -> 0.

    Args:
        angle: contact angle beta inside the particle [rad], in (0, pi).
        contrast: k = particle over matrix, of permittivities (field) or conductivities (current).
    """
    from scipy.optimize import brentq

    if not 0 < angle < np.pi or not contrast >= 0:
        raise InputError(
            f"angle is {angle} and contrast {contrast}; the angle must lie in (0, pi) rad and "
            "the contrast must not be negative."
        )
    other = np.pi - angle
    if contrast == 0:
        return min(np.pi / (2 * other), np.pi / angle)

    def flux_balance(nu: float) -> float:
        # the condition times sin sin: no poles; positive at 0+, negative at the first pole
        particle = contrast * np.cos(nu * angle) * np.sin(nu * other)
        return float(particle + np.cos(nu * other) * np.sin(nu * angle))

    return float(brentq(flux_balance, 1e-9, np.pi / max(angle, other), xtol=1e-15, rtol=1e-14))
