"""Impedance of electrodes in closed form: diffusion of finite depth, Randles' cell, particles.

SI units, e^(+i w t): frequencies in Hz (any shape), impedances times area in Ohm m^2 with the shape
of `frequency`. Small-signal answers for neutral bodies.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from pyscl.analytic._common import all_positive, angular_frequency
from pyscl.analytic.diffusion import DIMENSIONS, Shape
from pyscl.analytic.finite_diffusion import ComplexArray, diffused, fraction
from pyscl.errors import InputError, unknown_name

Boundary = Literal["transmitting", "reflecting"]


def finite_warburg_impedance(
    frequency: ArrayLike,
    resistance: float,
    time_constant: float,
    boundary: Boundary = "transmitting",
) -> ComplexArray:
    """Impedance [Ohm m^2] of diffusion through, or into, a layer of finite thickness.

    R tanh(y)/y before a reservoir ("transmitting"), R coth(y)/y before a wall ("reflecting"),
    y = sqrt(i w T), T = L^2/D. At low frequency R, or R/3 in series with the capacitance T/R; at
    high frequency R/y, the semi-infinite Warburg impedance, for both.

    Args:
        frequency: f > 0 [Hz].
        resistance: R [Ohm m^2].
        time_constant: T [s].
        boundary: "transmitting" or "reflecting".

    Raises:
        InputError: a value that is not positive, an unknown boundary.
    """
    all_positive(resistance=resistance, time_constant=time_constant)
    w = 1j * angular_frequency(frequency) * time_constant
    if boundary == "transmitting":
        return np.asarray(resistance * diffused(w))
    if boundary == "reflecting":
        return np.asarray(resistance * (1.0 / w + fraction(w, 1)))
    raise unknown_name("boundary", boundary, ("transmitting", "reflecting"))


def randles_impedance(
    frequency: ArrayLike,
    series_resistance: float,
    transfer_resistance: float,
    capacitance: float,
    warburg: ArrayLike = 0.0,
) -> ComplexArray:
    """Impedance [Ohm m^2] of Randles' cell: R_s + 1/(i w C + 1/(R_ct + Z_W)).

    Args:
        frequency: f > 0 [Hz].
        series_resistance: R_s of the electrolyte [Ohm m^2].
        transfer_resistance: R_ct [Ohm m^2], see `charge_transfer_resistance`.
        capacitance: C of the double layer [F/m^2].
        warburg: Z_W at the same frequencies [Ohm m^2], for instance `finite_warburg_impedance`.

    Raises:
        InputError: a frequency that is not positive.
    """
    omega = angular_frequency(frequency)
    faradaic = transfer_resistance + np.asarray(warburg, dtype=complex)
    # 1/(i w C + 1/Z_F), finite also for Z_F = 0
    return np.asarray(series_resistance + faradaic / (1.0 + 1j * omega * capacitance * faradaic))


def particle_impedance(
    frequency: ArrayLike,
    radius: float,
    diffusivity: float,
    slope: float,
    site_density: float,
    shape: Shape = "slab",
) -> ComplexArray:
    """Impedance [Ohm m^2] of lithium diffusing in a particle of an insertion electrode.

    (-dU/dx) R/(e n_max D) g(y), y = R sqrt(i w/D): g = coth(y)/y in a slab, I0(y)/(y I1(y)) in a
    cylinder, tanh(y)/(y - tanh(y)) in a sphere (Ho, Raistrick, Huggins, J. Electrochem. Soc. 127,
    343 (1980), and its analogues). Per area of the surface; electrons follow freely.

    Args:
        frequency: f > 0 [Hz].
        radius: R, or thickness of a slab closed on the other side [m].
        diffusivity: chemical diffusivity D of lithium [m^2/s].
        slope: dU/dx of the open-circuit curve [V], negative.
        site_density: sites of lithium n_max [1/m^3].
        shape: "slab", "cylinder" or "sphere".

    Raises:
        InputError: a slope that is not negative, another value that is not positive, an unknown
            shape.
    """
    if shape not in DIMENSIONS:
        raise unknown_name("shape", shape, DIMENSIONS)
    _falling(slope)
    all_positive(radius=radius, diffusivity=diffusivity, site_density=site_density)
    w = 1j * angular_frequency(frequency) * radius**2 / diffusivity
    d = DIMENSIONS[shape]
    unit = -slope * radius / (constants.e * site_density * diffusivity)
    return np.asarray(unit * (d / w + fraction(w, d)))


def mixed_conductor_impedance(
    frequency: ArrayLike,
    thickness: float,
    ionic: float,
    electronic: float,
    slope: float,
    site_density: float,
) -> ComplexArray:
    """Impedance [Ohm m^2] of a neutral slab: ions enter on one side, electrons on the other.

    A line of two rails, 1/sigma_i and 1/sigma_e, with the chemical capacitance
    e n_max/(-dU/dx) per volume in between (Jamnik, Maier, Phys. Chem. Chem. Phys. 3, 1668 (2001)):
    L/(sigma_i + sigma_e) [1 + 2/(y sinh(y)) + (sigma_i/sigma_e + sigma_e/sigma_i) coth(y)/y],
    y = L sqrt(i w/D) with the chemical diffusivity of `mixed_conductor_diffusivity`. For
    sigma_e >> sigma_i that of `particle_impedance` for a slab.

    Args:
        frequency: f > 0 [Hz].
        thickness: L [m].
        ionic: sigma_i, conductivity of the lithium ions [S/m].
        electronic: sigma_e, conductivity of the electrons [S/m].
        slope: dU/dx of the open-circuit curve [V], negative.
        site_density: sites of lithium n_max [1/m^3].

    Raises:
        InputError: a slope that is not negative, another value that is not positive.
    """
    _falling(slope)
    all_positive(thickness=thickness, ionic=ionic, electronic=electronic, site_density=site_density)
    chemical = constants.e * site_density / -slope
    both = 1.0 / ionic + 1.0 / electronic
    w = 1j * angular_frequency(frequency) * thickness**2 * chemical * both
    tail = fraction(w, 1)
    # 1/(y sinh(y)) = 1/w + K_1(w/4)/2 - K_1(w)
    through = 1.0 + 2.0 / w + fraction(0.25 * w, 1) - 2.0 * tail
    into = (ionic / electronic + electronic / ionic) * (1.0 / w + tail)
    return np.asarray(thickness / (ionic + electronic) * (through + into))


def _falling(slope: float) -> None:
    if not (np.isfinite(slope) and slope < 0.0):
        raise InputError(
            f"slope is {slope} V; the open-circuit voltage must fall with x (one phase)."
        )
