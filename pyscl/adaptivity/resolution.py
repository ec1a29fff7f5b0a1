"""Which charges a mesh does not resolve: there no estimate of an error can be trusted yet.

A mesh sees ions at its nodes only. Where their density falls by more than a factor e or so from
one node to the next, the charge of the element is almost that of one node times half its height:
an arbitrary number, which a mesh twice as fine changes by two but, where ions are conserved or the
layer is thinner than both meshes, without any trace in the fields. So a difference between two such
meshes says nothing about the limit.

The potential is linear in an element, so the density of dilute ions is exponential along an edge.
Its mean is the logarithmic mean (a - b) / ln(a/b); the mesh takes (a + b) / 2. The difference,
weighted with the influence of the charge on the quantity, over the quantity, is what this module
calls unresolved. For a jump of j kT from node to node it is j^2/12 of the charge, so that it falls
with the square of the size; at one element per local Debye length it is about a tenth.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from pyscl.fields import site_density
from pyscl.polarization import triangle_volume

if TYPE_CHECKING:
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Resolution:
    """How well the elements resolve the charges that a quantity depends on.

    Attributes:
        share: what the unresolved charge may change in the quantity, over the quantity [1].
        edges: part of each edge (k,) [1]; their sum is the share.
    """

    share: float
    edges: FloatArray


def resolution(solution: "Solution", influence: FloatArray, amount: float) -> Resolution:
    """Return the charge that the elements do not resolve, by its influence.

    Args:
        solution: the state.
        influence: change of the amount per charge of a carrier at a site, (n_carriers, n_sites)
            [unit of the amount per C/m or C], without its sign.
        amount: of the quantity, see `Quantity.amount`.
    """
    model, mesh = solution.model, solution.model.mesh
    sites = solution.site_triangles
    density = site_density(model)
    part = np.zeros((mesh.n_triangles, 3))  # by side
    for number, carrier in enumerate(model.carriers):
        ions = np.nan_to_num(solution.site_fraction(carrier) * density[number])[sites]
        excess = mean_excess(ions, np.roll(ions, -1, axis=1))
        charge = elementary_charge * abs(solution.charge_number[number]) * excess
        weight = influence[number][sites]
        weight = np.maximum(weight, np.roll(weight, -1, axis=1))
        part += charge * weight * triangle_volume(model)[:, None] / 3.0
    edges = np.bincount(mesh.edges.of_side, part.ravel(), len(mesh.edges.keys)).astype(np.float64)
    edges = edges / abs(amount) if amount else np.zeros(len(edges))
    return Resolution(float(edges.sum()), edges)


def mean_excess(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the arithmetic minus the logarithmic mean of densities >= 0 [1/m3], elementwise."""
    large, small = np.maximum(a, b), np.minimum(a, b)
    tiny = np.finfo(float).tiny
    ratio = np.maximum(small, tiny) / np.maximum(large, tiny)
    jump = -np.log(ratio)
    near = jump < 1e-2
    logarithmic = (1.0 - ratio) / np.where(near, 1.0, jump)
    excess = np.where(near, np.sqrt(ratio) * jump**2 / 12.0, 0.5 * (1.0 + ratio) - logarithmic)
    return np.asarray(large * excess)
