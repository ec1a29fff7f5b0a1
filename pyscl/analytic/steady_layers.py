"""Steady flux through layers that are not neutral: quasi-exact boundary value problems.

Dimensionless: potentials in kT/e, lengths in Debye lengths, diffusivity 1. Where the collocation
of `scipy.integrate.solve_bvp` does not reach its tolerance, the functions refuse.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit, logit

from pyscl.analytic._common import Array, open_fraction, positive
from pyscl.analytic.lattice_gas import (
    lattice_gas_excess_resistance,
    lattice_gas_field,
    lattice_gas_potential,
)
from pyscl.errors import ConvergenceError, unknown_name


def junction_potential(thickness: float, density_ratio: float, diffusivity_ratio: float) -> float:
    """Zero-current potential phi_right - phi_left [kT/e] of one 1:1 salt over a finite thickness.

    Poisson-Nernst-Planck between two neutral ends; Goldman's value for L << lambda, Planck's
    (`henderson_potential`) for L >> lambda.

    Args:
        thickness: L in Debye lengths of the left end.
        density_ratio: c_right/c_left > 0.
        diffusivity_ratio: D-/D+ > 0.

    Raises:
        ConvergenceError: the boundary value problem was not solved to 1e-9.
    """
    from scipy.integrate import solve_bvp

    positive("thickness", thickness)
    positive("density_ratio", density_ratio)
    positive("diffusivity_ratio", diffusivity_ratio)

    # x over L, fluxes and fields times L
    def rates(x: Array, state: Array, flux: Array) -> Array:
        cation, anion, _, slope = state
        return np.vstack(
            [
                -flux[0] - cation * slope,
                -flux[0] / diffusivity_ratio + anion * slope,
                slope,
                thickness**2 * (anion - cation) / 2,
            ]
        )

    def ends(left: Array, right: Array, _: Array) -> Array:
        densities = [left[0] - 1, left[1] - 1, right[0] - density_ratio, right[1] - density_ratio]
        return np.array([*densities, left[2]])

    x = np.linspace(0, 1, 201)
    density = 1 + (density_ratio - 1) * x
    asymmetry = (1 - diffusivity_ratio) / (1 + diffusivity_ratio)
    slope = -asymmetry * (density_ratio - 1) / density
    guess = np.vstack([density, density, -asymmetry * np.log(density), slope])
    flux = 2 * diffusivity_ratio / (1 + diffusivity_ratio) * (1 - density_ratio)
    found = solve_bvp(rates, ends, x, guess, p=[flux], tol=1e-9, max_nodes=100_000)
    if not found.success:
        raise ConvergenceError(
            f"junction of thickness {thickness}, density ratio {density_ratio}, diffusivity ratio "
            f"{diffusivity_ratio}: {found.message} Use henderson_potential for thick junctions."
        )
    return float(found.y[2, -1])


def lattice_gas_layer_flux(
    wall_potential: float,
    bias: float,
    site_fraction: float,
    thickness: float,
    mobility: str = "vacancy",
) -> float:
    """Steady flux J lambda/(D n_max) of one carrier through its layer, potential self-consistent.

    At the wall u = u0 + bias and v = logit(theta0) + bias, at x = L u = 0 and v = logit(theta0)
    (v the electrochemical potential over kT): the wall keeps its equilibrium site fraction.
    J = -m(theta) dv/dx, u'' = (theta0-theta)/(theta0 (1-theta0)), theta = 1/(1+e^(u-v)).
    For a small bias J = bias theta0 (1-theta0)/(L + R), R of `lattice_gas_excess_resistance`.

    Args:
        wall_potential: equilibrium u0 of the wall.
        bias: electrochemical potential of the wall minus that at x = L, over kT.
        site_fraction: theta0 of the bulk, in (0, 1).
        thickness: L in Debye lengths, several of them.
        mobility: "vacancy", m = theta (1-theta), or "dilute", m = theta.

    Raises:
        ConvergenceError: the flux was not found to 1e-6 relative; known for strong layers under
            a bias of some 10 kT.
    """
    open_fraction("site_fraction", site_fraction)
    positive("thickness", thickness)
    if mobility not in ("vacancy", "dilute"):
        raise unknown_name("mobility", mobility, ("vacancy", "dilute"))
    if bias == 0:
        return 0.0
    if mobility == "vacancy" and wall_potential < 0:  # particle-hole symmetry
        return -lattice_gas_layer_flux(-wall_potential, -bias, 1 - site_fraction, thickness)
    layer = _DrivenLayer(wall_potential, bias, site_fraction, thickness, mobility == "dilute")
    # theta is the smooth unknown where the wall takes carriers away, else its logarithm
    attempts = [layer.by_potential, layer.by_fraction]
    for attempt in attempts if wall_potential * bias >= 0 else reversed(attempts):
        flux = attempt()
        if flux is not None:
            return flux
    raise ConvergenceError(
        f"no steady flux for wall_potential {wall_potential}, bias {bias}, site_fraction "
        f"{site_fraction}, thickness {thickness}: the collocation did not reach its tolerance. "
        "Use a smaller bias or wall potential; the finite-element solver has no such limit."
    )


class _DrivenLayer:
    """The boundary value problem of `lattice_gas_layer_flux` in two choices of unknowns."""

    def __init__(
        self, wall: float, bias: float, site_fraction: float, thickness: float, dilute: bool
    ) -> None:
        self.wall, self.bias, self.theta = wall, bias, site_fraction
        self.thickness, self.dilute = thickness, dilute
        self.bulk = float(logit(site_fraction))
        # no intervals below 1e-3: collocation residuals there are rounding errors
        graded = np.geomspace(0.02, 1, 60) * min(thickness / 2, 20.0)
        self.x = np.unique(np.concatenate([np.linspace(0, thickness, 201), graded]))

    def by_potential(self) -> float | None:
        """Unknowns (u, -u', eta = v - u, ln|J|)."""
        sign = np.sign(self.bias)

        def rates(x: Array, state: Array, log_flux: Array) -> Array:
            _, field, eta = state
            log_mobility = -np.logaddexp(0, -eta) - (0 if self.dilute else np.logaddexp(0, eta))
            drift = sign * np.exp(np.minimum(log_flux[0] - log_mobility, 300))
            return np.vstack([-field, -self._charge(expit(eta)), field - drift])

        u, field = self._equilibrium(self.wall)
        start = np.vstack([u, field, self.bulk - u])
        log_flux = np.log(abs(self._linear_flux(self.wall)))
        found = self._solve(rates, start, (self.bulk - self.wall, self.bulk), log_flux, 1e-8)
        return None if found is None else float(sign * np.exp(found))

    def by_fraction(self) -> float | None:
        """Unknowns (u, -u', theta, J); accepted if two tolerances agree."""

        def rates(x: Array, state: Array, flux: Array) -> Array:
            _, field, theta = state
            vacant = 1 - theta
            gradient = theta * vacant * field - flux[0] * (vacant if self.dilute else 1.0)
            return np.vstack([-field, -self._charge(theta), gradient])

        wall = self.wall + self.bias
        u, field = self._equilibrium(wall)
        start = np.vstack([u, field, expit(self.bulk - u)])
        fractions = float(expit(self.bulk - self.wall)), self.theta
        flux = self._linear_flux(wall)
        coarse = self._solve(rates, start, fractions, flux, 1e-8)
        fine = None if coarse is None else self._solve(rates, start, fractions, flux, 1e-10)
        if coarse is None or fine is None or abs(coarse - fine) > 1e-6 * abs(fine):
            return None
        return fine

    def _charge(self, theta: Array) -> Array:
        return (self.theta - theta) / (self.theta * (1 - self.theta))

    def _equilibrium(self, wall: float) -> tuple[Array, Array]:
        u = lattice_gas_potential(self.x, wall, self.theta)
        return u, lattice_gas_field(u, self.theta)

    def _linear_flux(self, wall: float) -> float:
        mobility = "dilute" if self.dilute else "vacancy"
        excess = float(lattice_gas_excess_resistance(wall, self.theta, mobility))
        conductance = self.theta * (1.0 if self.dilute else 1 - self.theta)
        return self.bias * conductance / max(self.thickness + excess, 0.1 * self.thickness)

    def _solve(
        self,
        rates: Callable[[Array, Array, Array], Array],
        start: Array,
        ends: tuple[float, float],
        flux: float,
        tolerance: float,
    ) -> float | None:
        """Solve from `start` with the third unknown given at both ends; the flux, or None."""
        from scipy.integrate import solve_bvp

        def conditions(left: Array, right: Array, _: Array) -> Array:
            at_wall = [left[0] - self.wall - self.bias, left[2] - ends[0]]
            return np.array([*at_wall, right[0], right[2] - ends[1]])

        with np.errstate(all="ignore"):
            found = solve_bvp(
                rates, conditions, self.x, start, p=[flux], tol=tolerance, max_nodes=20_000
            )
        return float(found.p[0]) if found.success and found.p is not None else None
