"""Plane layer of given polarization between two half spaces that screen it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pyscl.analytic._common import Array, all_positive
from pyscl.analytic.contacts import TwoSidedContact
from pyscl.analytic.lattice_gas import LatticeGasLayer
from pyscl.errors import InputError


@dataclass(frozen=True)
class ScreenedLayer:
    """A layer of rigid polarization between two Debye half spaces, without charge at its faces.

    Linear (|z e phi| << kT): with the lengths t/eps_b of the layer and lambda/eps of the sides
    [m^2/F], D = (V + P t/eps_b)/(t/eps_b + lambda_l/eps_l + lambda_r/eps_r) is common to all. The
    layer is 0 <= x <= t, P and D point to +x. SI, permittivities absolute [F/m].

    Attributes:
        thickness: t [m].
        background: linear permittivity eps_b of the layer [F/m].
        left: (permittivity [F/m], Debye length [m]) of x < 0; length 0 is a metal.
        right: the same of x > t, relative numbers too.
    """

    thickness: float
    background: float
    left: tuple[float, float]
    right: tuple[float, float]

    def __post_init__(self) -> None:
        all_positive(thickness=self.thickness, background=self.background)
        for permittivity, length in (self.left, self.right):
            if not (permittivity > 0 and np.isfinite(length) and length >= 0):
                raise InputError(
                    f"a side has permittivity {permittivity} F/m and Debye length {length} m; the "
                    "permittivity must be positive and the length finite and not negative."
                )

    @property
    def depolarization(self) -> float:
        """Factor k [m/F] of the depolarising field -k P of the short-circuited layer."""
        return self._sides / (self.background * self._inverse_capacitance)

    @property
    def _sides(self) -> float:
        return sum(length / permittivity for permittivity, length in (self.left, self.right))

    @property
    def _inverse_capacitance(self) -> float:
        return self.thickness / self.background + self._sides

    def displacement(self, polarization: ArrayLike, voltage: ArrayLike = 0.0) -> Array:
        """D in the layer [C/m^2]: the charge of the left half space, minus that of the right.

        Args:
            polarization: P [C/m^2], any shape.
            voltage: phi_bulk,left - phi_bulk,right [V], broadcast.
        """
        source = np.asarray(polarization, dtype=float) * self.thickness / self.background
        return (source + np.asarray(voltage, dtype=float)) / self._inverse_capacitance

    def field(self, polarization: ArrayLike, voltage: ArrayLike = 0.0) -> Array:
        """E in the layer [V/m], (D - P)/eps_b; arguments of `displacement`."""
        excess = self.displacement(polarization, voltage) - np.asarray(polarization, dtype=float)
        return excess / self.background

    def potential(self, x: ArrayLike, polarization: float, voltage: float = 0.0) -> Array:
        """Potential [V] at `x` [m], any shape, 0 in the bulk of the right half space.

        Args:
            x: 0 at the left face of the layer [m].
            polarization: P [C/m^2].
            voltage: phi_bulk,left - phi_bulk,right [V].
        """
        x = np.asarray(x, dtype=float)
        d = float(self.displacement(polarization, voltage))
        inside = np.clip(x, 0.0, self.thickness)
        layer = float(self.field(polarization, voltage)) * (self.thickness - inside)
        # the drop of a side between the place and the layer, or the bulk and the place
        left = d * self.left[1] / self.left[0] * -np.expm1(_decay(-x, self.left[1]))
        right = (
            d * self.right[1] / self.right[0] * np.exp(_decay(x - self.thickness, self.right[1]))
        )
        return left + layer + right


def _decay(depth: Array, length: float) -> Array:
    """Return -depth/length outside the layer and 0 inside."""
    depth = np.maximum(depth, 0.0)
    return -depth / length if length > 0 else np.where(depth > 0, -np.inf, 0.0)


def polarised_layer_contact(
    left: LatticeGasLayer,
    right: LatticeGasLayer,
    polarization: float,
    thickness: float,
    background: float,
    voltage: float = 0.0,
) -> TwoSidedContact:
    """Equilibrium of a layer of rigid polarization between two lattice gases.

    D of the layer is the charge of the left half space and minus that of the right, and
    V = sum of the drops, with t (D - P)/eps_b in the layer: a monotone scalar equation for the
    potential of the left face, with the exact field of each half space.

    Args:
        left: half space left of the layer.
        right: half space right of it, at the temperature of `left`.
        polarization: P along x [C/m^2].
        thickness: t of the layer [m].
        background: linear permittivity eps_b of the layer [F/m].
        voltage: phi_bulk,left - phi_bulk,right [V].

    Returns:
        Potentials of the left and the right face, each relative to the bulk of its side; both
        displacements are D of the layer, and its capacitance is part of the capacitance.

    Raises:
        InputError: the half spaces have different temperatures.
    """
    from scipy.optimize import brentq

    all_positive(thickness=thickness, background=background)
    if left.temperature != right.temperature:
        raise InputError(
            f"the half spaces are at {left.temperature} K and {right.temperature} K; "
            "an equilibrium contact has one temperature."
        )

    def right_face(potential: float) -> float:
        charge = float(left.wall_charge(potential))
        return potential + voltage + thickness * (polarization + charge) / background

    def excess_charge(potential: float) -> float:
        there = left.wall_charge(potential) + right.wall_charge(right_face(potential))
        return float(there)

    low = high = 0.0
    reach = abs(left.unit_potential)
    while excess_charge(low) > 0:
        low, reach = low - reach, 2 * reach
    reach = abs(left.unit_potential)
    while excess_charge(high) < 0:
        high, reach = high + reach, 2 * reach
    at = low if low == high else brentq(excess_charge, low, high, xtol=1e-17, rtol=1e-15)
    other = right_face(at)
    capacitances = float(left.capacitance(at)), float(right.capacitance(other))
    return TwoSidedContact(
        left_potential=at,
        right_potential=other,
        left_displacement=-float(left.wall_charge(at)),
        right_displacement=float(right.wall_charge(other)),
        left_site_fraction=float(left.site_fraction_at(at)),
        right_site_fraction=float(right.site_fraction_at(other)),
        capacitance=1 / (1 / capacitances[0] + 1 / capacitances[1] + thickness / background),
    )
