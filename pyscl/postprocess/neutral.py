"""The potential at which a place would be neutral: the reference for band bending."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl import _core
from pyscl.carriers import bulk_eta, core_statistics
from pyscl.discretize import FloatArray

if TYPE_CHECKING:
    from pyscl.materials import Carrier
    from pyscl.model import Model
    from pyscl.solution import Solution

_TOLERANCE = 1e-10  # kT/e
_ITERATIONS = 200
_WIDEST = 1e5  # kT/e


class NeutralPotential:
    """The electric potential that makes sites of one region neutral for their mu.

    The potential phi_n for which sum_k z_k c_k(mu_k - z_k e phi_n) + fixed charge = 0. Where the
    region is neutral, phi = phi_n; at an interface phi - phi_n is the potential against the bulk
    that has the same electrochemical potentials, positive where the bands bend downwards.
    """

    def __init__(self, model: "Model", region: str, sites: NDArray[np.integer]) -> None:
        """Prepare for sites (n,) of a region with carriers."""
        d = model.discretized
        carriers = model.materials[region].carriers
        numbers = [model.carriers.index(c.name) for c in carriers]
        self._kt = d.scaling.potential
        self._dofs = d.site_dofs[sites][:, numbers].T
        self._statistics = [core_statistics(c.statistics, model.temperature) for c in carriers]
        self._standard = np.array([c.standard_potential for c in carriers]) / self._kt
        self._charge = np.array([float(c.charge) for c in carriers])
        self._density = np.array([c.site_density for c in carriers]) / d.scaling.density
        self._bulk_eta = np.array([bulk_eta(c, model.temperature) for c in carriers])
        self._fixed = d.background[sites]

    def __call__(self, unknowns: FloatArray) -> FloatArray:
        """Return the neutral potential on the sites [V], (n,); NaN where there is none."""
        level = unknowns[self._dofs] - self._standard[:, None]  # mu - mu0 in kT
        each = (level - self._bulk_eta[:, None]) / self._charge[:, None]
        low, high = each.min(axis=0), each.max(axis=0)
        width = np.maximum(high - low, 1.0)
        for _ in range(20):  # a fixed charge other than that of the material moves the ends
            under = ~(self._imbalance(level, low)[0] >= 0.0)
            over = ~(self._imbalance(level, high)[0] <= 0.0)
            if not (under | over).any() or width.max() > _WIDEST:
                break
            low, high = np.where(under, low - width, low), np.where(over, high + width, high)
            width = np.where(under | over, 2.0 * width, width)
        found = self._root(level, low, high)
        return np.where(under | over, np.nan, found) * self._kt

    def _root(self, level: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return the zero between the ends by Newton's method, halving where it leaves them."""
        phi = 0.5 * (low + high)
        for _ in range(_ITERATIONS):
            value, slope = self._imbalance(level, phi)
            low, high = np.where(value >= 0.0, phi, low), np.where(value <= 0.0, phi, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                newton = phi - value / slope
            inside = (newton > low) & (newton < high)
            following = np.where(inside, newton, 0.5 * (low + high))
            step = np.abs(following - phi)
            phi = following
            if step.max(initial=0.0) <= _TOLERANCE:
                break
        return phi

    def _imbalance(self, level: FloatArray, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ln(positive charge / negative charge), which falls with phi, and its slope."""
        positive, negative = np.maximum(self._fixed, 0.0), np.maximum(-self._fixed, 0.0)
        d_positive, d_negative = np.zeros_like(phi), np.zeros_like(phi)
        for k, statistics in enumerate(self._statistics):
            z = self._charge[k]
            y, _, slope = _core.occupancy(statistics, level[k] - z * phi)
            charge, change = abs(z) * self._density[k] * y, z * self._density[k] * slope
            if z > 0.0:
                positive, d_positive = positive + charge, d_positive - z * change
            else:
                negative, d_negative = negative + charge, d_negative + z * change
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(positive) - np.log(negative)
            return value, d_positive / positive - d_negative / negative


@dataclass(frozen=True, eq=False)
class NeutralBulk:
    """Every site as it would be far from all layers: neutral, with its electrochemical potentials.

    Attributes:
        potential: electric potential there [V], (n_sites,); NaN in regions without carriers and
            where no potential is neutral.
        site_fraction: share of sites of every carrier (n_carriers, n_sites); NaN where absent.
    """

    potential: FloatArray
    site_fraction: FloatArray


def neutral_bulk(solution: "Solution") -> NeutralBulk:
    """Return the neutral counterpart of every site of a state."""
    model, d = solution.model, solution.model.discretized
    potential = np.full(len(d.site_node), np.nan)
    fraction = np.full((len(model.carriers), len(d.site_node)), np.nan)
    for number, region in enumerate(model.mesh.region_names):
        carriers = model.materials[region].carriers
        if not carriers:
            continue
        sites = np.flatnonzero(d.site_region == number)
        potential[sites] = NeutralPotential(model, region, sites)(solution.unknowns)
        for carrier in carriers:
            k = model.carriers.index(carrier.name)
            statistics = core_statistics(carrier.statistics, model.temperature)
            eta = reduced_potential(solution, carrier, sites, potential[sites])
            fraction[k, sites], _, _ = _core.occupancy(statistics, eta)
    return NeutralBulk(potential, fraction)


def reduced_potential(
    solution: "Solution", carrier: "Carrier", sites: NDArray[np.integer], potential: FloatArray
) -> FloatArray:
    """Return (mu - mu0 - z e phi)/kT of a carrier on sites for a given potential [V], (k,)."""
    d = solution.model.discretized
    kt = d.scaling.potential
    number = solution.model.carriers.index(carrier.name)
    mu = solution.unknowns[d.site_dofs[sites, number]]
    return np.asarray(mu - (carrier.standard_potential + carrier.charge * potential) / kt)
