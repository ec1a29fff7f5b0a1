"""Polarization of given strain fields, for `Model(fixed_polarization=...)`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import TypeAdapter, ValidationError

from pyscl.errors import InputError, unknown_name
from pyscl.materials.polarization.axes import Axes, CrystalAxes
from pyscl.materials.schema import describe
from pyscl.mesh import Mesh
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model

FloatArray = NDArray[np.float64]
StrainField = ArrayLike | Callable[[FloatArray, FloatArray], object]
"""Strain on the mesh nodes (n_points,), or as a function of their x and y [m]."""


def piezoelectric(
    mesh: "Mesh | Model",
    region: str,
    strain: StrainField,
    coefficient: float | str,
    axes: CrystalAxes | str | float | tuple[float, float] = 0.0,
) -> FloatArray:
    """Return P = e S along axis 1 of the grains of a region, a mean of every triangle.

    Args:
        mesh: the mesh, or a model on it.
        region: the region.
        strain: S on the mesh nodes, or a function of x and y [m].
        coefficient: e [C/m2, or text with a unit].
        axes: the crystal axes, or a short form as in a material; default: along x.

    Returns:
        [C/m2] (k, 2), for the triangles of the region.

    Raises:
        InputError: an unknown region, or a strain that does not fit the mesh.
    """
    grid, number = _region(mesh, region)
    joined = [] if isinstance(mesh, Mesh) else [pair.sides for pair in mesh.periodic]
    try:
        angle = _AXES.validate_python(axes).angles(grid, number, joined)
    except ValidationError as error:
        raise InputError(describe("axes", error)) from None
    nodal = _nodal(grid, region, strain)
    mean = nodal[grid.triangles[grid.region == number]].mean(axis=1)
    size = parse(coefficient, "C/m^2") * mean
    return np.column_stack([size * np.cos(angle), size * np.sin(angle)])


def flexoelectric(
    mesh: "Mesh | Model", region: str, strain: StrainField, coefficient: float | str
) -> FloatArray:
    """Return P = mu grad(S) in a region, S being linear in every triangle.

    Args:
        mesh: the mesh, or a model on it.
        region: the region.
        strain: S on the mesh nodes, or a function of x and y [m].
        coefficient: mu [C/m, or text with a unit].

    Returns:
        [C/m2] (k, 2), for the triangles of the region.

    Raises:
        InputError: an unknown region, or a strain that does not fit the mesh.
    """
    grid, number = _region(mesh, region)
    corners = grid.triangles[grid.region == number]
    s, p = _nodal(grid, region, strain)[corners], grid.points[corners]
    first, second = (p[:, k] - p[:, 0] for k in (1, 2))
    ds = (s[:, 1:] - s[:, :1]).T
    twice = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    x = (ds[0] * second[:, 1] - ds[1] * first[:, 1]) / twice
    y = (ds[1] * first[:, 0] - ds[0] * second[:, 0]) / twice
    return parse(coefficient, "C/m") * np.column_stack([x, y])


_AXES: TypeAdapter[CrystalAxes] = TypeAdapter(Axes)


def _region(mesh: "Mesh | Model", region: str) -> "tuple[Mesh, int]":
    grid = mesh if isinstance(mesh, Mesh) else mesh.mesh
    if region not in grid.region_names:
        raise unknown_name("region", region, grid.region_names, "in the mesh")
    return grid, grid.region_names.index(region)


def _nodal(mesh: Mesh, region: str, strain: StrainField) -> FloatArray:
    """Return the strain on all nodes (n_points,), finite on those of a region."""
    given = strain(*mesh.points.T) if callable(strain) else strain
    try:
        values = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.shape not in ((), (mesh.n_points,)):
        raise InputError(
            f"the strain of region '{region}' must be one number for each of the {mesh.n_points} "
            "nodes of the mesh, or a function of x and y that returns them"
        )
    values = np.broadcast_to(values, (mesh.n_points,))
    if not np.isfinite(values[np.unique(mesh.triangles[mesh.regions_of(region)])]).all():
        raise InputError(f"the strain of region '{region}' holds values that are not finite")
    return values
