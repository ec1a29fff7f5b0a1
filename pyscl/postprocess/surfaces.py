"""Polarization for any law, and its bound charge on the sides of triangles."""

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.constants import epsilon_0

from pyscl.facets import facet_measure
from pyscl.fields import displacement

if TYPE_CHECKING:
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_polarizations: "WeakKeyDictionary[Solution, FloatArray]" = WeakKeyDictionary()


def total_polarization(solution: "Solution") -> FloatArray:
    """Return P = D - eps0 E [C/m2] for any law, (n_triangles, 2); computed once per state."""
    if solution not in _polarizations:
        field = solution["electric_field"].values
        _polarizations[solution] = np.asarray(displacement(solution) - epsilon_0 * field)
    return _polarizations[solution]


def surface_density(
    solution: "Solution", polarization: FloatArray, sides: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Return P . n out of triangles [C/m2], and the measures of their sides [m or m2], both (k,).

    Args:
        solution: the state.
        polarization: P of all triangles [C/m2], (n_triangles, 2).
        sides: side numbers, 3 times the triangle plus that of its side.
    """
    model = solution.model
    mesh = model.mesh
    ends = mesh.points[mesh.edges.sides[sides]]
    along = ends[:, 1] - ends[:, 0]
    normal = np.column_stack([along[:, 1], -along[:, 0]])
    normal /= np.hypot(*normal.T)[:, None]
    triangle = sides // 3
    outward = ends.mean(axis=1) - mesh.points[mesh.triangles[triangle]].mean(axis=1)
    normal *= np.sign((normal * outward).sum(axis=1))[:, None]
    density = (polarization[triangle] * normal).sum(axis=1)
    return density, facet_measure(model, mesh.edges.sides[sides]).sum(axis=1)
