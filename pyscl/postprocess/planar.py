"""The closed relation between potential, charge and capacitance of a planar layer at rest."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from pyscl import _core
from pyscl.carriers import core_statistics
from pyscl.postprocess.mixing import mixing_energy
from pyscl.postprocess.neutral import reduced_potential

if TYPE_CHECKING:
    from pyscl.materials import Carrier
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_WEAKEST, _WEAK = 1e-6, 1.0  # kT/e: below, the linear layer; below, quadrature in the potential
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_NODES, _WEIGHTS = (_NODES + 1.0) / 2.0, _WEIGHTS / 2.0


@dataclass(frozen=True, eq=False)
class PlanarLayer:
    """Plane layers by themselves.

    Attributes:
        charge: magnitude of their charge [C/m2], (k,).
        capacitance: differential capacitance [F/m2], (k,).
    """

    charge: FloatArray
    capacitance: FloatArray


def planar_layer(
    solution: "Solution", region: str, sites: NDArray[np.integer], bulk: FloatArray
) -> PlanarLayer:
    """Return charge and capacitance of single planar layers with given wall potentials.

    Poisson's equation of a planar layer at rest integrates once, as in Gouy and Chapman's theory:
    eps E^2/2 = W = -int_0^psi rho dpsi, psi = phi - phi_bulk, so that the charge |Q| = eps |E| per
    area is sqrt(2 eps W) and changes with psi by C = |rho| sqrt(eps/(2 W)); eps/Debye length for
    psi -> 0. It holds for all carrier statistics and a permittivity that does not depend on the
    field.

    Args:
        solution: the state.
        region: region of the sites.
        sites: sites on the wall (k,).
        bulk: potential of the neutral bulk that belongs to each of them [V], (k,).
    """
    model = solution.model
    material, kt = model.materials[region], model.discretized.scaling.potential
    eps = epsilon_0 * material.relative_permittivity
    wall = solution["potential"].values[sites]
    size = np.abs(wall - bulk) / kt
    fixed = model.discretized.background[sites] * model.discretized.scaling.charge_density

    def density(share: float) -> FloatArray:
        """Charge density at a share of the way from the bulk to the wall [C/m3]."""
        total = fixed.copy()
        for carrier in material.carriers:
            eta = reduced_potential(solution, carrier, sites, bulk + share * (wall - bulk))
            y, _, _ = _core.occupancy(core_statistics(carrier.statistics, model.temperature), eta)
            total += elementary_charge * carrier.charge * carrier.site_density * y
        return total

    quadrature = sum(w * density(float(x)) for x, w in zip(_NODES, _WEIGHTS, strict=True))
    energy = -(wall - bulk) * quadrature
    closed = -fixed * (wall - bulk)
    for carrier in material.carriers:
        at_wall = _pressure(solution, carrier, sites, wall)
        in_bulk = _pressure(solution, carrier, sites, bulk)
        closed += Boltzmann * model.temperature * carrier.site_density * (at_wall - in_bulk)
    energy = np.where(size > _WEAK, closed, energy)
    weak = eps / local_debye_length(solution, region, sites, bulk)
    with np.errstate(divide="ignore", invalid="ignore"):
        charge = np.where(size > _WEAKEST, np.sqrt(2.0 * eps * energy), weak * np.abs(wall - bulk))
        capacitance = np.where(size > _WEAKEST, np.abs(density(1.0)) * eps / charge, weak)
    return PlanarLayer(charge, capacitance)


def local_debye_length(
    solution: "Solution", region: str, sites: NDArray[np.integer], bulk: FloatArray
) -> FloatArray:
    """Return sqrt(eps kT / (e^2 sum z^2 dn/deta)) of neutral bulks [m], (k,).

    Args:
        solution: the state.
        region: region of the sites, with carriers.
        sites: sites whose electrochemical potentials the bulks have (k,).
        bulk: their neutral potentials [V], (k,).
    """
    model = solution.model
    material, kt = model.materials[region], model.discretized.scaling.potential
    slope = np.zeros_like(bulk)
    for carrier in material.carriers:
        eta = reduced_potential(solution, carrier, sites, bulk)
        _, _, steep = _core.occupancy(core_statistics(carrier.statistics, model.temperature), eta)
        slope += elementary_charge / kt * carrier.charge**2 * carrier.site_density * steep
    return np.sqrt(epsilon_0 * material.relative_permittivity / slope)


def _pressure(
    solution: "Solution", carrier: "Carrier", sites: NDArray[np.integer], potential: FloatArray
) -> FloatArray:
    """Return the integral of y over eta, y eta - int eta dy, on sites at a potential [V], (k,)."""
    temperature = solution.model.temperature
    eta = reduced_potential(solution, carrier, sites, potential)
    y, vacant, _ = _core.occupancy(core_statistics(carrier.statistics, temperature), eta)
    return np.asarray(y * eta - mixing_energy(carrier.statistics, temperature, eta, y, vacant))
