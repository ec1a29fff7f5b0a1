"""Polarization as the core sees it: scaled laws, axes, bound charge, surfaces of crystals."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl import _core
from pyscl.materials import Material
from pyscl.materials.polarization import Anisotropic, Hysteresis, Johnson, Landau, Langevin
from pyscl.scaling import Scaling

if TYPE_CHECKING:
    from pyscl.model import Model

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

POLAR, MEMORY = -2, -3
"""Stand for a component of P, and for the memory of a hysteresis, where the core asks for a
carrier."""

CoreLaw = (
    _core.AnisotropicPolarization
    | _core.JohnsonPolarization
    | _core.LangevinPolarization
    | _core.HystereticPolarization
    | _core.LandauPolarization
)


def core_polarization(material: Material, scaling: Scaling) -> CoreLaw | None:
    """Return the compiled form of what a material has beyond its linear permittivity.

    Fixed polarizations are not among them: they enter as their bound charge.
    """
    field, polarization = scaling.field, scaling.surface_charge
    match material.polarization:
        case Anisotropic(along=along, across=across):
            excess = 0.5 * (along - across) * scaling.permittivity
            return _core.AnisotropicPolarization([excess, -excess])
        case Johnson(relative_permittivity=eps, coefficient=b):
            return _core.JohnsonPolarization(
                eps * scaling.permittivity, b * polarization**3 / field
            )
        case Langevin() as law:
            chi = law.zero_field_permittivity - law.background_permittivity
            return _core.LangevinPolarization(
                law.saturation / polarization, chi * scaling.permittivity
            )
        case Hysteresis() as law:
            cells = law.play()
            return _core.HystereticPolarization(
                law.saturation / polarization,
                cells.width / field,
                list(cells.weight),
                list(cells.coercive_field / field),
            )
        case Landau() as law:
            polynomial = law.polynomial(scaling.temperature)
            order = 2 * np.add.outer(np.arange(5), np.arange(5))
            table = np.asarray(polynomial.table) * polarization ** (order - 1.0) / field
            gradient = np.array(law.gradient) * polarization / (scaling.length**2 * field)
            return _core.LandauPolarization(
                table.tolist(),
                gradient.tolist(),
                law.viscosity * polarization / (scaling.time * field),
                polynomial.scale() / polarization,
            )
    return None


def has_polar_unknowns(model: "Model") -> bool:
    """Whether the polarization of a region is an unknown of the model."""
    return any(isinstance(m.polarization, Landau) for m in model.materials.values())


def polarization(model: "Model", u: FloatArray) -> FloatArray:
    """Return the mean polarization beyond eps0 eps_r E of the triangles [C/m2], (n_triangles, 2).

    Args:
        model: the model.
        u: unknowns (n_dofs,).
    """
    d = model.discretized
    dynamic = _core.polarization_density(d.core, u) * d.scaling.surface_charge
    return np.asarray(dynamic + d.fixed_polarization)


def crystal_axes(model: "Model") -> FloatArray:
    """Return the first crystal axis of every triangle as a unit vector, (n_triangles, 2)."""
    mesh = model.mesh
    angle = np.zeros(mesh.n_triangles)
    for number, region in enumerate(mesh.region_names):
        axes = getattr(model.materials[region].polarization, "axes", None)
        if axes is not None:
            angle[mesh.region == number] = axes.angles(mesh, number)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def fixed_polarization(model: "Model", axes: FloatArray) -> FloatArray:
    """Return the polarization that does not depend on the field [C/m2], (n_triangles, 2).

    Args:
        model: the model.
        axes: first crystal axis of every triangle (n_triangles, 2).
    """
    mesh = model.mesh
    result = np.zeros((mesh.n_triangles, 2))
    for number, region in enumerate(mesh.region_names):
        here = mesh.region == number
        along = getattr(model.materials[region].polarization, "fixed_polarization", 0.0)
        result[here] = along * axes[here]
        if region in model.fixed_polarization:
            result[here] += model.fixed_polarization[region]
    return result


def bound_charge(
    model: "Model", polarization: FloatArray, triangle_sites: IntArray, n_sites: int
) -> FloatArray:
    """Return the bound charge of a polarization on the sites, (n_sites,) [C/m] or [C].

    The integral of P . grad N over the region of each site. On its boundary it holds the surface
    charge P . n; the sum over a region is 0.

    Args:
        model: the model.
        polarization: mean of every triangle [C/m2], (n_triangles, 2).
        triangle_sites: sites of the corners of the triangles, (n_triangles, 3).
        n_sites: number of sites.
    """
    charge = np.zeros(n_sites)
    volume = triangle_volume(model)
    for corner, gradient in enumerate(shape_gradients(model)):
        np.add.at(charge, triangle_sites[:, corner], volume * (polarization * gradient).sum(axis=1))
    return charge


def triangle_volume(model: "Model") -> FloatArray:
    """Return areas [m2] (planar) or volumes of revolution [m3] of the triangles."""
    mesh = model.mesh
    if model.coordinates == "planar":
        return mesh.areas
    radius = mesh.points[mesh.triangles, 0].mean(axis=1)
    return np.asarray(2.0 * np.pi * radius * mesh.areas)


def shape_gradients(model: "Model") -> FloatArray:
    """Return the gradients of the barycentric coordinates [1/m], (3, n_triangles, 2)."""
    mesh = model.mesh
    p = mesh.points[mesh.triangles]
    sides = [p[:, (a + 2) % 3] - p[:, (a + 1) % 3] for a in range(3)]
    turned = [np.column_stack([-side[:, 1], side[:, 0]]) for side in sides]
    return np.array(turned) / (2.0 * mesh.areas[:, None])


def region_surface(
    model: "Model", triangle_sites: IntArray, region: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the facets of the boundary of a region as pairs of sites and nodes, with measures.

    Args:
        model: the model.
        triangle_sites: sites of the corners of the triangles, (n_triangles, 3).
        region: number of the region.

    Returns:
        (k, 2) sites, (k, 2) nodes, and lengths [m] (planar) or areas [m2] (axisymmetric), (k,).
    """
    mesh = model.mesh
    inside = np.flatnonzero(mesh.region == region)
    ends = np.concatenate([triangle_sites[inside][:, [a, (a + 1) % 3]] for a in range(3)])
    nodes = np.concatenate([mesh.triangles[inside][:, [a, (a + 1) % 3]] for a in range(3)])
    _, first, count = np.unique(
        np.sort(ends, axis=1), axis=0, return_index=True, return_counts=True
    )
    outer = first[count == 1]
    points = mesh.points[nodes[outer]]
    measure = np.hypot(*(points[:, 1] - points[:, 0]).T)
    if model.coordinates == "axisymmetric":
        measure = measure * 2.0 * np.pi * points[:, :, 0].mean(axis=1)
    return ends[outer], nodes[outer], measure


def crystal_surface(
    model: "Model", triangle_sites: IntArray, region: int
) -> tuple[IntArray, FloatArray]:
    """Return the facets where a crystal ends, as pairs of sites (k, 2), and their measures (k,).

    The boundary of its region without the periodic sides, across which it goes on.
    """
    mesh = model.mesh
    ends, nodes, measure = region_surface(model, triangle_sites, region)
    joined = [mesh.facets_of(side) for pair in model.periodic for side in pair.sides]
    if not joined:
        return ends, measure
    open_end = ~np.isin(mesh.edges.find(nodes), mesh.edges.find(np.concatenate(joined)))
    return ends[open_end], measure[open_end]


def surface_stiffness(
    model: "Model", scaling: Scaling, triangle_sites: IntArray, n_sites: int
) -> FloatArray:
    """Return the stiffness of P on the sites of surfaces with an extrapolation length, scaled.

    The surface energy G11 P^2 / (2 delta) per area makes dP/dn = -P/delta.
    """
    stiffness = np.zeros(n_sites)
    for number, region in enumerate(model.mesh.region_names):
        law = model.materials[region].polarization
        if not isinstance(law, Landau) or law.extrapolation_length is None:
            continue
        ends, measure = crystal_surface(model, triangle_sites, number)
        per_area = law.gradient[0] / law.extrapolation_length
        half = 0.5 * per_area * measure
        np.add.at(stiffness, ends[:, 0], half)
        np.add.at(stiffness, ends[:, 1], half)
    # per area V m^2/C times area; the core's rows are field times volume
    return stiffness * scaling.surface_charge / (scaling.field * scaling.volume)


def held_polarization(model: "Model", core: _core.Discretization) -> IntArray:
    """Return the dofs of P that are 0 because the boundary of their crystal is."""
    sites = [np.empty(0, np.int32)]
    for number, region in enumerate(model.mesh.region_names):
        law = model.materials[region].polarization
        if isinstance(law, Landau) and law.boundary == "zero":
            ends, _ = crystal_surface(model, core.triangle_sites, number)
            sites.append(np.unique(ends))
    first = core.site_polar[np.concatenate(sites)]
    return np.concatenate([first, first + 1]).astype(np.int32)
