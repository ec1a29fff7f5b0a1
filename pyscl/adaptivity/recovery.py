"""Gradient recovery in every region of its own, and the error it shows.

O. C. Zienkiewicz, J. Z. Zhu, Int. J. Numer. Methods Eng. 24 (1987) 337: the field that is constant
in triangles is averaged onto the nodes; what the average changes is an estimate of the error. The
averages are taken over sites, never across interfaces, where fields jump.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import epsilon_0

from pyscl.adaptivity.estimate import Estimate
from pyscl.errors import unknown_name
from pyscl.fields import displacement

if TYPE_CHECKING:
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_GRAMIAN = (np.ones((3, 3)) + np.eye(3)) / 12.0  # of the linear functions of a triangle, over area


def recovered(solution: "Solution", name: str) -> FloatArray:
    """Return a field of the triangles averaged onto the sites, (n_sites, 2), in its unit.

    Args:
        solution: the state.
        name: "electric_field", "displacement" [C/m2] or "current_density_<carrier>".

    Raises:
        InputError: there is no such field of triangles.
    """
    return _averaged(solution, _vectors(solution, name))


def recovery_estimate(solution: "Solution") -> Estimate:
    """Return how much of the fields the recovery changes.

    The value is 1, the error the integral of |recovered - computed|^2 over that of |recovered|^2,
    summed over the displacement (weighted by 1/permittivity: the share of the field energy) and
    the current densities; fields that are zero everywhere are left out.
    """
    model, mesh = solution.model, solution.model.mesh
    weight = np.abs(mesh.areas)
    if model.coordinates == "axisymmetric":
        weight = weight * mesh.points[mesh.triangles, 0].mean(axis=1)
    relative = [model.materials[name].relative_permittivity for name in mesh.region_names]
    permittivity = epsilon_0 * np.array(relative)[mesh.region]
    indicator = np.zeros(mesh.n_triangles)
    for name in ("displacement", *(f"current_density_{c}" for c in model.carriers)):
        field = _vectors(solution, name)
        smooth = _averaged(solution, field)[solution.site_triangles]  # (m, 3, 2)
        norm = weight / permittivity if name == "displacement" else weight
        total = float((norm * _square(smooth)).sum())
        if total > 0.0:
            indicator += norm * _square(smooth - field[:, None]) / total
    return Estimate("field", "1", 1.0, float(indicator.sum()), indicator)


def _vectors(solution: "Solution", name: str) -> FloatArray:
    """Return a field of the triangles (m, 2); 0 where a carrier is absent."""
    if name == "displacement":
        return displacement(solution)
    allowed = ["displacement", *(n for n in solution.field_names if _is_vector(n))]
    if name not in allowed:
        raise unknown_name("field of triangles", name, allowed)
    return np.nan_to_num(solution[name].values)


def _is_vector(name: str) -> bool:
    return name == "electric_field" or name.startswith("current_density_")


def _averaged(solution: "Solution", field: FloatArray) -> FloatArray:
    """Return the mean of the triangles around each site by area, (n_sites, 2)."""
    sites, area = solution.site_triangles, np.abs(solution.model.mesh.areas)
    n = len(solution.site_region)
    whole = np.bincount(sites.ravel(), np.repeat(area, 3), n)
    parts = [np.bincount(sites.ravel(), np.repeat(area * f, 3), n) for f in field.T]
    return np.column_stack(parts) / whole[:, None]


def _square(corners: FloatArray) -> FloatArray:
    """Return the mean of |v|^2 over each triangle, v linear with values (m, 3, 2)."""
    return np.asarray(np.einsum("tix,ij,tjx->t", corners, _GRAMIAN, corners))
