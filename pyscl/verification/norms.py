"""Errors and observed orders."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.mesh import Mesh
from pyscl.solution import Solution


def region_mean_field(solution: Solution, region: str) -> NDArray[np.float64]:
    """Return the electric field [V/m] averaged over a region, (2,)."""
    model = solution.model
    weight = model.mesh.areas * model.mesh.regions_of(region)
    if model.coordinates == "axisymmetric":
        weight = weight * model.mesh.points[model.mesh.triangles, 0].mean(axis=1)
    return weight @ solution["electric_field"].values / weight.sum()


def l2_error(
    mesh: Mesh,
    values: NDArray[np.float64],
    exact: Callable[..., Any],
    axisymmetric: bool = False,
) -> float:
    """Return the L2 norm of (P1 function - exact) over the L2 norm of exact.

    Args:
        mesh: the mesh; the regions may each have their own exact function.
        values: nodal values (n_points,).
        exact: function of x, y and region number, vectorised.
        axisymmetric: integrate over the body, with the weight x.
    """
    return _relative_norm(
        mesh, lambda i, j: 0.5 * (values[i] + values[j])[:, None], exact, axisymmetric
    )


def field_error(
    mesh: Mesh,
    field: NDArray[np.float64],
    exact: Callable[..., tuple[Any, Any]],
    axisymmetric: bool = False,
) -> float:
    """Return the L2 norm of (field - exact) over that of exact; arguments as in `l2_error`.

    Args:
        mesh: the mesh.
        field: (n_triangles, 2).
        exact: function of x, y and region number that returns both components.
        axisymmetric: integrate over the body, with the weight x.
    """
    return _relative_norm(mesh, lambda i, j: field, exact, axisymmetric)


def _relative_norm(
    mesh: Mesh,
    computed: Callable[..., NDArray[np.float64]],
    exact: Callable[..., Any],
    axisymmetric: bool,
) -> float:
    """Integrate with the edge midpoints, exactly for quadratics."""
    missing, total = 0.0, 0.0
    for a, b in ((0, 1), (1, 2), (2, 0)):
        i, j = mesh.triangles[:, a], mesh.triangles[:, b]
        x, y = (0.5 * (mesh.points[i] + mesh.points[j])).T
        weight = (mesh.areas * x if axisymmetric else mesh.areas)[:, None]
        there = np.atleast_2d(np.asarray(exact(x, y, mesh.region)))
        missing += (weight * (computed(i, j) - there.T) ** 2).sum()
        total += (weight * there.T**2).sum()
    return float(np.sqrt(missing / total))


def observed_orders(errors: ArrayLike, ratio: float = 2.0) -> NDArray[np.float64]:
    """Return the order between neighbouring refinements by `ratio`, (n - 1,)."""
    logs = np.log(np.abs(np.asarray(errors, dtype=float)))
    return (logs[:-1] - logs[1:]) / np.log(ratio)
