"""Where a carrier crosses an interface with a transfer law: the local reaction current."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from pyscl import _core
from pyscl.errors import InputError, unknown_name
from pyscl.facets import FloatArray, IntArray, facet_measure, facet_sites
from pyscl.thin_interfaces import core_transfer

if TYPE_CHECKING:
    from pyscl.solution import Solution


@dataclass(frozen=True, eq=False)
class ReactionCurrent:
    """Current of a carrier across the facets of an interface "a|b".

    Attributes:
        interface: "a|b", names sorted.
        carrier: the carrier.
        facets: nodes at both ends of each facet, (k, 2).
        measure: length [m] (planar) or area [m2] (axisymmetric) of each facet, (k,).
        density: electric current density from a into b [A/m2], mean of each facet, (k,).
        unit: "A/m" or "A", of the total.
    """

    interface: str
    carrier: str
    facets: IntArray
    measure: FloatArray
    density: FloatArray
    unit: str

    @property
    def total(self) -> float:
        """Current from a into b, in `unit`."""
        return float((self.density * self.measure).sum())

    @property
    def mean(self) -> float:
        """Mean current density from a into b [A/m2]."""
        return self.total / float(self.measure.sum())

    @property
    def spread(self) -> float:
        """Standard deviation of the current density along the interface [A/m2]."""
        square = (self.density - self.mean) ** 2
        return float(np.sqrt((square * self.measure).sum() / self.measure.sum()))


def reaction_current(solution: "Solution", interface: str, carrier: str) -> ReactionCurrent:
    """Evaluate the transfer law of a carrier along an interface.

    Args:
        solution: an equilibrium, steady state or state of a transient.
        interface: "a|b" in any order.
        carrier: the carrier.

    Raises:
        InputError: an unknown interface or carrier, or one without a transfer law: where a carrier
            is in equilibrium or blocked, its current does not follow from the state.
    """
    model = solution.model
    name = "|".join(sorted(part.strip() for part in interface.split("|")))
    if name not in model.mesh.interfaces:
        raise unknown_name("interface", interface, model.mesh.interfaces)
    if carrier not in model.carriers:
        raise unknown_name("carrier", carrier, model.carriers)
    kinetics = model.interfaces[name].kinetics if name in model.interfaces else {}
    if carrier not in kinetics:
        raise InputError(
            f"'{carrier}' has no transfer law at '{name}', so that its current there does not "
            "follow from the state; give the interface kinetics, or use the currents of contacts"
        )
    first, second = (model.materials[r].carrier(carrier) for r in name.split("|"))
    scaling = model.discretized.scaling
    law = core_transfer(kinetics[carrier], (first, second), scaling)
    facets = model.mesh.interfaces[name]
    ends = [
        facet_sites(model.mesh, solution.site_triangles, facets, region)
        for region in name.split("|")
    ]
    pairs, of_end = np.unique(
        np.column_stack([sites.ravel() for sites in ends]), axis=0, return_inverse=True
    )
    sides = [_side(solution, carrier, sites) for sites in pairs.T]
    flux = np.array(
        [_core.interface_flux(law, i, j)[0] for i, j in zip(*sides, strict=True)], dtype=float
    )
    share = facet_measure(model, facets)
    measure = share.sum(axis=1)
    per_end = flux[of_end.reshape(-1)].reshape(share.shape)
    density = (per_end * share).sum(axis=1) / measure * model.contact_shares(name)
    return ReactionCurrent(
        interface=name,
        carrier=carrier,
        facets=facets,
        measure=measure,
        density=density * (first.charge * elementary_charge * scaling.flux),
        unit="A" if scaling.axisymmetric else "A/m",
    )


def _side(solution: "Solution", carrier: str, sites: NDArray[np.integer]) -> list[list[float]]:
    """Return (mu in kT, occupied, empty share) of a carrier on sites, (k, 3)."""
    number = solution.model.carriers.index(carrier)
    mu = solution.unknowns[solution.model.discretized.site_dofs[sites, number]]
    share, vacancy = solution.site_fraction(carrier), solution.vacant_fraction(carrier)
    return np.column_stack([mu, share[sites], vacancy[sites]]).tolist()
