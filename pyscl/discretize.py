"""From names and SI units to the scaled discretisation of the core."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl import _core
from pyscl.boundaries import BlockingContact
from pyscl.carriers import core_law, transport_coefficient
from pyscl.ordering import nested_dissection_rank
from pyscl.scaling import Scaling

if TYPE_CHECKING:
    from pyscl.model import Model

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Discretized:
    """A model in the scaled form of the core.

    A *site* is a mesh node seen from one region: nodes on an interface have one site per region,
    because densities jump there. Quantities on sites are arrays of shape (n_sites,).

    Attributes:
        core: the discretisation of the core.
        scaling: units of its numbers.
        site_node: (n_sites,) mesh node of each site.
        site_region: (n_sites,) region of each site.
        site_volume: (n_sites,) scaled volume of each site.
        site_dofs: (n_sites, n_carriers) dof of each carrier's mu, -1 where it is absent.
        dof_node: (n_dofs,) mesh node of each dof; the potential comes first, dof = node.
        triangle_sites: (m, 3) sites at the corners of the triangles.
    """

    core: _core.Discretization
    scaling: Scaling
    triangles: IntArray
    site_node: IntArray
    site_region: IntArray
    site_volume: FloatArray
    site_dofs: IntArray
    dof_node: IntArray
    triangle_sites: IntArray
    background: FloatArray
    node_charge: FloatArray

    @property
    def n_nodes(self) -> int:
        """Number of mesh nodes, the number of potential dofs."""
        return self.core.n_nodes

    @property
    def n_dofs(self) -> int:
        """Number of unknowns before constraints."""
        return self.core.n_dofs

    @cached_property
    def node_rank(self) -> IntArray:
        """Order of elimination (n_nodes,), computed on first use."""
        return nested_dissection_rank(self.triangles, self.n_nodes)

    def dofs_at(self, carrier: int, nodes: IntArray) -> IntArray:
        """Return the dofs of a carrier's mu on some nodes (all sides), without repeats."""
        dofs = self.site_dofs[np.isin(self.site_node, nodes), carrier]
        return np.unique(dofs[dofs >= 0])


def make_scaling(model: "Model") -> Scaling:
    """Choose the reference density and diffusivity: the largest of the model."""
    carriers = [c for m in model.materials.values() for c in m.carriers]
    densities = [c.site_density for c in carriers]
    diffusivities = [transport_coefficient(c, model.temperature) for c in carriers]
    return Scaling(
        temperature=model.temperature,
        density=max(densities, default=1e27),
        diffusivity=max(diffusivities, default=0.0) or 1.0,
        axisymmetric=model.coordinates == "axisymmetric",
    )


def discretize(model: "Model") -> Discretized:
    """Build the discretisation of a model."""
    scaling = make_scaling(model)
    mesh = model.mesh
    laws = []
    for region in mesh.region_names:
        material = model.materials[region]
        carriers = sorted(material.carriers, key=lambda c: model.carriers.index(c.name))
        laws.append(
            _core.RegionLaw(
                material.relative_permittivity * scaling.permittivity,
                [core_law(c, model.carriers.index(c.name), scaling) for c in carriers],
            )
        )
    blocked = [
        (model.carriers.index(carrier), np.ascontiguousarray(mesh.interfaces[name]))
        for name, law in model.interfaces.items()
        for carrier in law.blocking
    ]
    core = _core.Discretization(
        mesh.points / scaling.length,
        mesh.triangles,
        mesh.region,
        getattr(_core.Coordinates, model.coordinates),
        laws,
        len(model.carriers),
        blocked,
    )
    site_node, site_region = core.site_node, core.site_region
    background = _background(model, site_node, site_region) / scaling.charge_density
    node_charge = _node_charge(model) / (scaling.surface_charge * scaling.length)
    if scaling.axisymmetric:
        node_charge /= scaling.length
    core.set_fixed_charge(background, node_charge)
    return Discretized(
        core=core,
        scaling=scaling,
        triangles=mesh.triangles,
        site_node=site_node,
        site_region=site_region,
        site_volume=core.site_volume,
        site_dofs=core.site_dofs,
        dof_node=core.dof_node,
        triangle_sites=core.triangle_sites,
        background=background,
        node_charge=node_charge,
    )


def _background(model: "Model", site_node: IntArray, site_region: IntArray) -> FloatArray:
    """Fixed charge density on the sites [C/m3]."""
    names = model.mesh.region_names
    constant = np.array([model.materials[r].fixed_charge for r in names])
    values = constant[site_region]
    for region, field in model.background.items():
        here = site_region == names.index(region)
        values[here] = field[site_node[here]]
    return values


def facet_measure(model: "Model", facets: IntArray) -> FloatArray:
    """Return the share (k, 2) of each facet's measure that belongs to either end.

    Lengths [m] in planar, areas over the full turn [m2] in axisymmetric coordinates.
    """
    ends = model.mesh.points[facets]
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    if model.coordinates == "planar":
        return np.repeat(0.5 * length[:, None], 2, axis=1)
    r = ends[:, :, 0]
    return 2.0 * np.pi * length[:, None] * (2.0 * r + r[:, ::-1]) / 6.0


def _node_charge(model: "Model") -> FloatArray:
    """Charge of charged interfaces and sides on the nodes [C/m], or [C] when axisymmetric."""
    charge = np.zeros(model.mesh.n_points)
    lines = [
        (model.mesh.interfaces[name], law.surface_charge) for name, law in model.interfaces.items()
    ] + [
        (model.mesh.facets_of(name), law.surface_charge)
        for name, law in model.contacts.items()
        if isinstance(law, BlockingContact)
    ]
    for facets, density in lines:
        if density != 0.0:
            np.add.at(charge, facets, density * facet_measure(model, facets))
    return charge
