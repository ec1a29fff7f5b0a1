"""Diffusion of neutral pairs: constant flux into simple bodies, coupled diffusivities."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants, special

from pyscl.analytic._common import Array
from pyscl.errors import InputError, unknown_name

Shape = Literal["slab", "cylinder", "sphere"]
DIMENSIONS = {"slab": 1, "cylinder": 2, "sphere": 3}
_FADED = 40.0  # [1] exponent beyond which a term of the series is below rounding
_EARLIEST = 1e-7  # [1] Fourier number from which the series is short enough


def constant_flux_rise(position: ArrayLike, fourier: ArrayLike, shape: Shape = "slab") -> Array:
    """Rise of the concentration under a constant flux into a body, over flux R/D, dimensionless.

    d Fo + (r^2 - d/(d+2))/2 - sum_n a_n(r) exp(-alpha_n^2 Fo), d = 1, 2, 3 dimensions: the mean,
    the parabola that remains, and what decays. alpha_n solve sin = 0, J1 = 0, tan(alpha) = alpha
    (Carslaw and Jaeger, Conduction of Heat in Solids, 2nd ed., 3.8, 7.8, 9.7; Crank, The
    Mathematics of Diffusion, 2nd ed., chapters 4 to 6).

    Args:
        position: r/R in [0, 1]: from the closed side of a slab of thickness R, or the axis or
            centre; the flux enters at 1. Any shape.
        fourier: Fo = D t/R^2, 0 or at least 1e-7. Any shape.
        shape: "slab", "cylinder" or "sphere".

    Returns:
        (c - c0) D/(R flux), with the shape of `position` followed by that of `fourier`.

    Raises:
        InputError: a position outside the body, a time too short for the series, an unknown shape.
    """
    if shape not in DIMENSIONS:
        raise unknown_name("shape", shape, DIMENSIONS)
    r, fo = np.asarray(position, dtype=float), np.asarray(fourier, dtype=float)
    if not np.all((r >= 0.0) & (r <= 1.0)):
        raise InputError(f"position is {position!r}; it must lie between 0 and 1.")
    started = fo > 0.0
    if not np.all((fo >= _EARLIEST) | (fo == 0.0)):
        raise InputError(f"fourier is {fourier!r}; it must be 0 or at least {_EARLIEST:g}.")
    first = float(fo[started].min(initial=np.inf))
    terms = 2 + int(np.sqrt(_FADED / first) / np.pi)
    alpha, shapes = _decaying(r.ravel(), terms, shape)
    decay = shapes @ np.exp(-np.multiply.outer(alpha**2, fo.ravel()))
    d = DIMENSIONS[shape]
    parabola = (r.ravel() ** 2 - d / (d + 2.0)) / 2.0
    rise = np.where(started.ravel(), d * fo.ravel() + parabola[:, None] - decay, 0.0)
    return rise.reshape(r.shape + fo.shape)


def _decaying(r: Array, terms: int, shape: Shape) -> tuple[Array, Array]:
    """Return alpha_n, (terms,), and the amplitudes a_n(r), (len(r), terms)."""
    number = np.arange(1.0, terms + 1.0)
    alpha: Array = number * np.pi
    if shape == "slab":
        amplitude = 2.0 * np.where(number % 2, -1.0, 1.0) / alpha**2
        return alpha, amplitude * np.cos(np.multiply.outer(r, alpha))
    if shape == "cylinder":
        alpha = special.jn_zeros(1, terms)
        amplitude = 2.0 / (alpha**2 * special.j0(alpha))
        return alpha, amplitude * special.j0(np.multiply.outer(r, alpha))
    middle = (number + 0.5) * np.pi
    alpha = middle
    for _ in range(20):
        alpha = middle - np.arctan(1.0 / alpha)
    # sin(alpha r)/r is alpha sinc, finite at the centre
    wave = alpha * np.sinc(np.multiply.outer(r, alpha) / np.pi)
    return alpha, 2.0 * wave / (alpha**2 * np.sin(alpha))


def ambipolar_diffusivity(
    diffusivities: tuple[float, float],
    densities: tuple[float, float] = (1.0, 1.0),
    charges: tuple[int, int] = (1, -1),
) -> float:
    """Diffusivity of two dilute carriers that stay together, in the unit of those given.

    D1 D2 (z1^2 c1 + z2^2 c2)/(z1^2 c1 D1 + z2^2 c2 D2), van Roosbroeck; for a 1:1 salt the
    harmonic mean 2 D1 D2/(D1 + D2), constant.

    Args:
        diffusivities: D of both carriers, any common unit.
        densities: of both carriers, any common unit.
        charges: charge numbers z.
    """
    strength = np.square(charges) * np.asarray(densities, dtype=float)
    d = np.asarray(diffusivities, dtype=float)
    return float(np.prod(d) * strength.sum() / (strength @ d))


def mixed_conductor_diffusivity(
    ionic: ArrayLike, electronic: ArrayLike, slope: ArrayLike, site_density: ArrayLike
) -> Array:
    """Chemical diffusivity [m^2/s] of lithium in a mixed conductor (Wagner; Weppner and Huggins).

    sigma_i sigma_e/(sigma_i + sigma_e) (-dU/dx)/(e n_max).

    Args:
        ionic: conductivity of the lithium ions [S/m].
        electronic: conductivity of the electrons [S/m].
        slope: dU/dx of the open-circuit curve [V], negative.
        site_density: sites of lithium n_max [1/m^3].
    """
    ionic, electronic = np.asarray(ionic, dtype=float), np.asarray(electronic, dtype=float)
    together = ionic * electronic / (ionic + electronic)
    stiffness = -np.asarray(slope, dtype=float)
    return together * stiffness / (constants.e * np.asarray(site_density, dtype=float))
