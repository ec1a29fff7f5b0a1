"""Every carrier on every site, in the order of the core: by region, carrier and site."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.materials import Carrier

if TYPE_CHECKING:
    from pyscl.model import Model


@dataclass(frozen=True, eq=False)
class CarrierSites:
    """Pairs of a carrier and a site where it lives, those of thin layers included.

    Attributes:
        site: (n,) site.
        phi: (n,) dof of phi there.
        mu: (n,) dof of the carrier's mu.
        charge: (n,) charge number.
    """

    site: NDArray[np.intp]
    phi: NDArray[np.int32]
    mu: NDArray[np.int32]
    charge: NDArray[np.float64]


def carriers_in(model: "Model", region: int) -> list[Carrier]:
    """Return the carriers of a region or thin layer of the core, in its order."""
    names = model.mesh.region_names
    if region < len(names):
        material = model.materials[names[region]]
    else:
        layer = model.discretized.layers[region - len(names)]
        if layer is None:
            return []
        material = layer
    return sorted(material.carriers, key=lambda c: model.carriers.index(c.name))


def carrier_sites(model: "Model") -> CarrierSites:
    """Return every carrier on every site of a model."""
    core = model.discretized.core
    site_phi, site_dofs, site_region = core.site_phi, core.site_dofs, core.site_region
    site = [np.empty(0, dtype=np.intp)]
    mu = [np.empty(0, dtype=np.int32)]
    charge = [np.empty(0)]
    for region in range(core.n_regions):
        here = np.flatnonzero(site_region == region)
        for carrier in carriers_in(model, region):
            site.append(here)
            mu.append(site_dofs[here, model.carriers.index(carrier.name)])
            charge.append(np.full(len(here), float(carrier.charge)))
    sites = np.concatenate(site)
    return CarrierSites(sites, site_phi[sites], np.concatenate(mu), np.concatenate(charge))
