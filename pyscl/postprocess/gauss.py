"""Linear maps from a potential to what its gradient drives: displacement, ohmic current."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.constants import epsilon_0

from pyscl import _core
from pyscl.discretize import FloatArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from pyscl.model import Model


def site_stiffness(model: "Model") -> "csr_array":
    """Return the symmetric map (n_sites, n_sites) from potential [V] to displacement out of sites.

    Applied to the potential on the sites it gives the displacement that leaves each site through
    its region, C/m of depth (planar) or C (axisymmetric); less the charge of the site this is
    `Solution.gauss_rows`.
    """
    d = model.discretized
    relative = [model.materials[r].relative_permittivity for r in model.mesh.region_names]
    return stiffness(model, epsilon_0 * np.array(relative), d.triangle_sites, len(d.site_node))


def stiffness(model: "Model", coefficient: FloatArray, corners: IntArray, n: int) -> "csr_array":
    """Return the symmetric map (n, n) from a potential to what leaves the nodes by its gradient.

    Args:
        model: the model.
        coefficient: of each region (n_regions,): permittivity [F/m] or conductivity [S/m].
        corners: numbers of the corners of the triangles, (m, 3), below n.
        n: number of nodes or sites.

    Returns:
        In the unit of the coefficient (planar), or times m (axisymmetric).
    """
    from scipy.sparse import coo_array

    mesh, length = model.mesh, model.discretized.scaling.length
    weights, _ = _core.edge_weights(
        mesh.points / length,
        mesh.triangles,
        getattr(_core.Coordinates, model.coordinates),
    )
    rows, columns, values = [], [], []
    for e, (a, b) in enumerate(((1, 2), (2, 0), (0, 1))):
        i, j = corners[:, a], corners[:, b]
        k = weights[:, e] * coefficient[mesh.region]
        rows += [i, i, j, j]
        columns += [i, j, j, i]
        values += [k, -k, k, -k]
    triplets = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    scale = length if model.coordinates == "axisymmetric" else 1.0
    return coo_array(triplets, shape=(n, n)).tocsr() * scale


def background_density(model: "Model") -> FloatArray:
    """Return the fixed charge density on the sites [C/m3], (n_sites,)."""
    return model.discretized.background * model.discretized.scaling.charge_density
