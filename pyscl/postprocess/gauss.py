"""Gauss law of the regions as a linear map, for charges that are read from many states."""

from typing import TYPE_CHECKING

import numpy as np

from pyscl import _core
from pyscl.discretize import FloatArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from pyscl.model import Model


def site_stiffness(model: "Model") -> "csr_array":
    """Return the symmetric map (n_sites, n_sites) from potential [V] to displacement out of sites.

    Applied to the potential on the sites it gives the displacement that leaves each site through
    its region, C/m of depth (planar) or C (axisymmetric); less the charge of the site this is
    `Solution.gauss_rows`.
    """
    from scipy.sparse import coo_array

    d, mesh = model.discretized, model.mesh
    weights, _ = _core.edge_weights(
        mesh.points / d.scaling.length,
        mesh.triangles,
        getattr(_core.Coordinates, model.coordinates),
    )
    relative = np.array([model.materials[r].relative_permittivity for r in mesh.region_names])
    permittivity = relative[mesh.region] * d.scaling.permittivity
    rows, columns, values = [], [], []
    for e, (a, b) in enumerate(((1, 2), (2, 0), (0, 1))):
        i, j = d.triangle_sites[:, a], d.triangle_sites[:, b]
        k = weights[:, e] * permittivity
        rows += [i, i, j, j]
        columns += [i, j, j, i]
        values += [k, -k, k, -k]
    n = len(d.site_node)
    triplets = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return coo_array(triplets, shape=(n, n)).tocsr() * (d.scaling.charge / d.scaling.potential)


def background_density(model: "Model") -> FloatArray:
    """Return the fixed charge density on the sites [C/m3], (n_sites,)."""
    return model.discretized.background * model.discretized.scaling.charge_density
