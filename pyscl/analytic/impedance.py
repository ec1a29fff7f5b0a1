"""Impedance of slabs and junctions with their space charge, in closed form.

SI units, e^(+i w t): frequencies in Hz (any shape), impedances times area in Ohm m^2 with the shape
of `frequency`. All of them are small-signal answers about a neutral state without current.
Resistances keep their digits beside capacitances at any frequency, see `finite_diffusion`.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from pyscl.analytic._common import ROOM_TEMPERATURE, Array, all_positive, angular_frequency
from pyscl.analytic.diffuse_layers import debye_length_salt, thermal_voltage
from pyscl.analytic.finite_diffusion import SMALL, ComplexArray, diffused, screened

_SPLIT = 1e-10  # [1] least distance of two modes that counts, of their squared rates


def blocking_slab_impedance(
    frequency: ArrayLike,
    thickness: float,
    conductivity: float,
    relative_permittivity: float,
    debye_length: float,
) -> ComplexArray:
    """Impedance [Ohm m^2] of a slab of one mobile carrier between blocking electrodes.

    Z = L/(sigma s) [1 + tanh(y)/(i w tau y)], s = 1 + i w tau, tau = eps/sigma, y = M sqrt(s),
    M = L/(2 lambda) (Macdonald, J. Chem. Phys. 58, 4982 (1973)). Exact about the flat band for
    one carrier before an immobile background, of any statistics and mobility, and for two of
    equal diffusivity with their common conductivity.

    Args:
        frequency: f > 0 [Hz].
        thickness: L [m].
        conductivity: sigma of the neutral slab [S/m].
        relative_permittivity: dielectric constant.
        debye_length: lambda [m].

    Raises:
        InputError: a frequency or property that is not positive.
    """
    omega = angular_frequency(frequency)
    all_positive(
        thickness=thickness,
        conductivity=conductivity,
        relative_permittivity=relative_permittivity,
        debye_length=debye_length,
    )
    relaxation = constants.epsilon_0 * relative_permittivity / conductivity
    reduced = _slab(0.5 * thickness / debye_length, omega * relaxation)
    return np.asarray(thickness / conductivity * reduced)


def blocking_slab_resistance(thickness: float, conductivity: float, debye_length: float) -> float:
    """Low-frequency real part [Ohm m^2] of `blocking_slab_impedance`, below L/sigma.

    (L/sigma) [1 - (3/2) tanh(M)/M + sech^2(M)/2]; arguments as there.
    """
    all_positive(thickness=thickness, conductivity=conductivity, debye_length=debye_length)
    # the derivative of the charge by a complex step is free of the formula's cancellation
    reduced = _slab(0.5 * thickness / debye_length, np.array(1e-30)).real
    return float(thickness / conductivity * reduced)


def blocking_slab_capacitance(
    thickness: float, relative_permittivity: float, debye_length: float
) -> float:
    """Low-frequency capacitance [F/m^2] of `blocking_slab_impedance`: eps/(2 lambda) coth(M).

    Two diffuse layers in series; for M << 1 the plate capacitor. Arguments as there.
    """
    all_positive(
        thickness=thickness,
        relative_permittivity=relative_permittivity,
        debye_length=debye_length,
    )
    layers = 0.5 * constants.epsilon_0 * relative_permittivity / debye_length
    return float(layers / np.tanh(0.5 * thickness / debye_length))


def junction_impedance(
    frequency: ArrayLike,
    conductivities: tuple[float, float],
    relative_permittivities: tuple[float, float],
    debye_lengths: tuple[float, float],
) -> ComplexArray:
    """What the space charge between two thick layers adds to `series_impedance` [Ohm m^2].

    i w (tau_1 - tau_2)^2/((s_1 s_2)^2 [eps_1/(lambda_1 sqrt(s_1)) + eps_2/(lambda_2 sqrt(s_2))]),
    tau = eps/sigma, s = 1 + i w tau. Exact for one carrier that crosses freely, no built-in
    voltage, and layers many Debye lengths thick: both layers have the same mu and phi at the
    junction, and the charge between their bulk fields is spread over both Debye lengths.

    Args:
        frequency: f > 0 [Hz].
        conductivities: sigma of both layers [S/m].
        relative_permittivities: dielectric constants.
        debye_lengths: lambda [m].

    Raises:
        InputError: a frequency or property that is not positive.
    """
    omega = angular_frequency(frequency)
    for sigma, eps_r, length in zip(
        conductivities, relative_permittivities, debye_lengths, strict=True
    ):
        all_positive(conductivity=sigma, relative_permittivity=eps_r, debye_length=length)
    eps = constants.epsilon_0 * np.asarray(relative_permittivities, dtype=float)
    tau = eps / np.asarray(conductivities, dtype=float)
    s = 1.0 + 1j * np.multiply.outer(omega, tau)
    layers = np.sum(eps / np.asarray(debye_lengths, dtype=float) / np.sqrt(s), axis=-1)
    # in steps, since (s_1 s_2)^2 may exceed the largest number
    split = np.diff(tau)[0] / np.prod(s, axis=-1)
    return np.asarray(1j * omega * split * (split / layers))


def blocking_salt_impedance(
    frequency: ArrayLike,
    thickness: float,
    relative_permittivity: float,
    density: float,
    diffusivities: tuple[float, float],
    temperature: float = ROOM_TEMPERATURE,
) -> ComplexArray:
    """Impedance [Ohm m^2] of a dilute 1:1 salt between electrodes that block both ions.

    Two modes k1, k2 of the linear Poisson-Nernst-Planck equations,
    p'' = (i w/D+) p + (p-n)/(2 lambda^2), n'' = (i w/D-) n - (p-n)/(2 lambda^2), without flux at
    the ends. With the symmetric matrix A of the right-hand sides, r = (1, -1), H = L/2 and
    h(w) = (1 - tanh(sqrt(w))/sqrt(w))/w: Z = L/(i w eps) [1 - H^2/(2 lambda^2) r.h(H^2 A).r].

    Args:
        frequency: f > 0 [Hz].
        thickness: L [m].
        relative_permittivity: dielectric constant.
        density: of each ion [1/m^3].
        diffusivities: D of cation and anion [m^2/s].
        temperature: [K].

    Raises:
        InputError: a frequency or property that is not positive.
    """
    omega = angular_frequency(frequency)
    modes = _SaltModes(omega, thickness, relative_permittivity, density, diffusivities, temperature)
    stored = 2.0 * modes.coupling * modes.quadratic(screened)[0]
    vacuum = thickness / (1j * omega * constants.epsilon_0 * relative_permittivity)
    return np.asarray(vacuum * (1.0 - stored))


def reversible_salt_impedance(
    frequency: ArrayLike,
    thickness: float,
    relative_permittivity: float,
    density: float,
    diffusivities: tuple[float, float],
    temperature: float = ROOM_TEMPERATURE,
) -> ComplexArray:
    """Impedance [Ohm m^2] of a 1:1 salt between electrodes reversible to its cation.

    The anion is blocked and the electrodes carry no charge. With the matrix and functions of
    `blocking_salt_impedance`, T(w) = tanh(sqrt(w))/sqrt(w) and u = (1, 0):
    Z = kT L/(e^2 n0 D+) [u.T(H^2 A).u + H^2/(2 lambda^2) r.h(H^2 A).u]. For L >> lambda this is
    L/sigma and a transmitting Warburg element of (L/sigma) D-/D+ and the time L^2/(4 D),
    D = 2 D+ D-/(D+ + D-). Arguments as in `blocking_salt_impedance`.
    """
    omega = angular_frequency(frequency)
    modes = _SaltModes(omega, thickness, relative_permittivity, density, diffusivities, temperature)
    charge, cross, neutral = modes.quadratic(diffused)
    drift, mixed, _ = modes.quadratic(screened)
    reduced = 0.5 * (charge + neutral) + cross + modes.coupling * (drift + mixed)
    cation = constants.e * density * diffusivities[0] / thermal_voltage(temperature)
    return np.asarray(thickness / cation * reduced)


def _slab(half_thickness: float, omega: Array) -> ComplexArray:
    """Return Z sigma/L of a blocking slab of M Debye lengths at the reduced frequency w tau."""
    square = half_thickness**2
    w = square * (1.0 + 1j * omega)
    if square > SMALL:
        ratio = diffused(w)
        # the product with 1/s written out, so that no part of it is lost in the other
        over = 1.0 + ratio.imag / omega
        real, imag = over - ratio.real, -(ratio.real / omega + omega * over)
        return np.asarray((real + 1j * imag) / (1.0 + omega**2))
    return np.asarray((1.0 - square * screened(w)) / (1j * omega))


class _SaltModes:
    """Functions of the matrix H^2 A of a salt in the basis (1, -1)/sqrt(2), (1, 1)/sqrt(2).

    Attributes:
        coupling: H^2/(2 lambda^2), b.
    """

    def __init__(
        self,
        omega: Array,
        thickness: float,
        relative_permittivity: float,
        density: float,
        diffusivities: tuple[float, float],
        temperature: float,
    ) -> None:
        cation, anion = diffusivities
        all_positive(
            thickness=thickness,
            relative_permittivity=relative_permittivity,
            density=density,
            cation_diffusivity=cation,
            anion_diffusivity=anion,
            temperature=temperature,
        )
        length = debye_length_salt(relative_permittivity, density, temperature=temperature)
        half = 0.5 * thickness
        self.coupling = b = float(0.5 * (half / length) ** 2)
        fast, slow = half**2 * omega / cation, half**2 * omega / anion
        mean, self._difference = 0.5j * (fast + slow), 0.5j * (fast - slow)
        squared = -0.25 * (fast - slow) ** 2
        # where both modes meet, one of them is moved aside by less than it shows
        meeting = np.abs(b**2 + squared) < _SPLIT * b**2
        squared = np.where(meeting, -(1.0 - _SPLIT) * b**2, squared)
        self._root = np.sqrt(b**2 + squared + 0j)
        self._first = mean + b + self._root
        self._second = (2.0 * b * mean - fast * slow) / self._first
        self._second = np.where(meeting, mean + b - self._root, self._second)
        self._lag = squared / (self._root + b)  # root - b

    def quadratic(
        self, function: Callable[[ComplexArray], ComplexArray]
    ) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
        """Return the entries 11, 12 and 22 of a function of the matrix, shape of omega each."""
        f, g = function(self._first), function(self._second)
        lead, lag, twice = self._root + self.coupling, self._lag, 2.0 * self._root
        return (
            (f * lead + g * lag) / twice,
            self._difference * (f - g) / twice,
            (f * lag + g * lead) / twice,
        )
