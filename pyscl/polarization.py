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
            joined = [pair.sides for pair in model.periodic]
            angle[mesh.region == number] = axes.angles(mesh, number, joined)
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
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the facets where a crystal ends, lengths in scaled units, as `region_surface`.

    These are its interfaces and contacts: across periodic sides and the mirrors that other outer
    sides are a crystal goes on.
    """
    mesh = model.mesh
    ends, nodes, measure = region_surface(model, triangle_sites, region)
    edge = mesh.edges.find(nodes)
    outer = mesh.edges.count[edge] == 1
    touched = [np.empty((0, 2), np.int32), *(mesh.facets_of(name) for name in model.contacts)]
    ending = ~outer | np.isin(edge, mesh.edges.find(np.concatenate(touched)))
    return ends[ending], nodes[ending], measure[ending]


def surface_stiffness(
    model: "Model", scaling: Scaling, axes: FloatArray, triangle_sites: IntArray, n_sites: int
) -> FloatArray:
    """Return the stiffness (xx, xy, yy) of P on sites with an extrapolation length, scaled.

    A surface energy P.A(n).P / (2 delta) per area with A(n)_ik = G_ijkl n_j n_l, the gradient
    energy of a P that changes along the normal n only, makes dP/dn = -P/delta (R. Kretschmer,
    K. Binder, Phys. Rev. B 20, 1065 (1979)).

    Args:
        model: the model.
        scaling: of the result.
        axes: first crystal axis of every triangle (n_triangles, 2).
        triangle_sites: sites of the corners of the triangles, (n_triangles, 3).
        n_sites: number of sites.
    """
    stiffness = np.zeros((n_sites, 2, 2))
    for number, region in enumerate(model.mesh.region_names):
        law = model.materials[region].polarization
        if not isinstance(law, Landau) or law.extrapolation_length is None:
            continue
        ends, nodes, measure = crystal_surface(model, triangle_sites, number)
        along = np.diff(model.mesh.points[nodes], axis=1)[:, 0]
        normal = np.column_stack([along[:, 1], -along[:, 0]])
        normal /= np.hypot(*normal.T)[:, None]
        first = site_axes(model.mesh.region == number, axes, triangle_sites, n_sites)[ends]
        for end in range(2):
            turn = np.stack([first[:, end], np.column_stack([-first[:, end, 1], first[:, end, 0]])])
            n1, n2 = np.einsum("ikc,kc->ik", turn, normal)  # along the crystal axes
            per_length = _acoustic(law.gradient, n1, n2) / law.extrapolation_length
            in_plane = np.einsum("ikc,kij,jkd->kcd", turn, per_length, turn)
            np.add.at(stiffness, ends[:, end], 0.5 * measure[:, None, None] * in_plane)
    # V m2/C times an area; the core's rows are field times volume
    stiffness *= scaling.surface_charge / (scaling.field * scaling.volume)
    return np.ascontiguousarray(stiffness.reshape(-1, 4)[:, [0, 1, 3]])


def _acoustic(
    gradient: tuple[float, float, float, float], n1: FloatArray, n2: FloatArray
) -> FloatArray:
    """Return A(n) of a gradient energy for normals along the crystal axes, (k, 2, 2)."""
    g11, g12, g44, rotation = gradient
    shear = g44 + rotation
    mixed = (g12 + g44 - rotation) * n1 * n2
    return np.moveaxis(
        np.array([[g11 * n1**2 + shear * n2**2, mixed], [mixed, g11 * n2**2 + shear * n1**2]]),
        (0, 1),
        (-2, -1),
    )


def site_axes(
    inside: NDArray[np.bool_], axes: FloatArray, triangle_sites: IntArray, n_sites: int
) -> FloatArray:
    """Return the first crystal axis on the sites of some triangles, a mean where grains touch.

    Args:
        inside: which triangles (n_triangles,).
        axes: first crystal axis of every triangle (n_triangles, 2).
        triangle_sites: (n_triangles, 3).
        n_sites: number of sites.

    Returns:
        (n_sites, 2); 0 on other sites.
    """
    total = np.zeros((n_sites, 2))
    for corner in range(3):
        np.add.at(total, triangle_sites[inside, corner], axes[inside])
    length = np.hypot(*total.T)
    length[length == 0.0] = 1.0
    return total / length[:, None]


def held_polarization(model: "Model", core: _core.Discretization) -> IntArray:
    """Return the dofs of P that are 0 because the boundary of their crystal is."""
    sites = [np.empty(0, np.int32)]
    for number, region in enumerate(model.mesh.region_names):
        law = model.materials[region].polarization
        if isinstance(law, Landau) and law.boundary == "zero":
            ends, _, _ = crystal_surface(model, core.triangle_sites, number)
            sites.append(np.unique(ends))
    first = core.site_polar[np.concatenate(sites)]
    return np.concatenate([first, first + 1]).astype(np.int32)
