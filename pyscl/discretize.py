"""From names and SI units to the scaled discretisation of the core."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl import _core
from pyscl.boundaries import BlockingContact, PotentialContact, ReservoirContact
from pyscl.carriers import core_laws, transport_coefficient
from pyscl.facets import facet_measure
from pyscl.materials import Material
from pyscl.ordering import nested_dissection_rank
from pyscl.polarization import (
    bound_charge,
    core_polarization,
    crystal_axes,
    fixed_polarization,
    surface_stiffness,
)
from pyscl.scaling import Scaling
from pyscl.thin_interfaces import ELECTRIC, attach, split_facets

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
        site_phi: (n_sites,) dof of phi at each site.
        site_dofs: (n_sites, n_carriers) dof of each carrier's mu, -1 where it is absent.
        background: (n_sites,) scaled density of the fixed charge.
        node_charge: (n_points,) scaled charge of interfaces and sides.
        fixed_charge: all scaled fixed charges (k,), place by place.
        layers: material of each layer, None for a compact layer; the core has them as regions
            after those of the mesh.
        thin_layer_places: interface "a|b" or contact of each layer.
        junction_places: interface or contact of each junction of the core.
        dof_node: (n_dofs,) mesh node of each dof; phi of the nodes comes first, dof = node (the
            first side where phi jumps).
        triangle_sites: (m, 3) sites at the corners of the triangles.
        axes: (m, 2) unit vectors of the first crystal axis of the triangles.
        fixed_polarization: (m, 2) polarization that does not depend on the field [C/m2].
        site_polar: (n_sites,) first of the two dofs of P at each site, -1 where P is no unknown.
        terminals: contact -> number of its terminal, for contacts with a voltage.
        passages: (carrier, (k, 2) mu dofs at both ends) of all layers and junctions.
    """

    core: _core.Discretization
    scaling: Scaling
    triangles: IntArray
    site_node: IntArray
    site_region: IntArray
    site_volume: FloatArray
    site_phi: IntArray
    site_dofs: IntArray
    dof_node: IntArray
    triangle_sites: IntArray
    axes: FloatArray
    fixed_polarization: FloatArray
    site_polar: IntArray
    background: FloatArray
    node_charge: FloatArray
    fixed_charge: FloatArray
    layers: tuple[Material | None, ...]
    thin_layer_places: tuple[str, ...]
    junction_places: tuple[str, ...]
    terminals: dict[str, int]
    passages: tuple[tuple[int, IntArray], ...]

    @property
    def n_nodes(self) -> int:
        """Number of mesh nodes, the number of potential dofs."""
        return self.core.n_nodes

    @property
    def n_dofs(self) -> int:
        """Number of unknowns before constraints."""
        return self.core.n_dofs

    @property
    def first_terminal_dof(self) -> int:
        """Number of unknowns on the mesh; those of the terminals follow."""
        return self.core.terminal_dof(0, ELECTRIC)

    @cached_property
    def node_rank(self) -> IntArray:
        """Order of elimination (n_nodes,), computed on first use."""
        return nested_dissection_rank(self.triangles, self.n_nodes)

    def dofs_at(self, carrier: int, nodes: IntArray) -> IntArray:
        """Return the dofs of a carrier's mu on some nodes (all sides), without repeats."""
        dofs = self.site_dofs[np.isin(self.site_node, nodes), carrier]
        return np.unique(dofs[dofs >= 0])

    def dofs_in(self, carrier: int, regions: Iterable[int]) -> IntArray:
        """Return the dofs of a carrier's mu in some regions, without repeats."""
        dofs = self.site_dofs[np.isin(self.site_region, list(regions)), carrier]
        return np.unique(dofs[dofs >= 0])

    def phi_at(self, nodes: IntArray) -> IntArray:
        """Return the dofs of phi on some nodes (all sides), without repeats."""
        return np.unique(self.site_phi[np.isin(self.site_node, nodes)])

    def terminal_dof(self, contact: str, carrier: int = ELECTRIC) -> int:
        """Return the dof of a contact's voltage, or of a carrier's mu in it."""
        return self.core.terminal_dof(self.terminals[contact], carrier)


def make_scaling(model: "Model") -> Scaling:
    """Choose the reference density and diffusivity: the largest of the model."""
    coatings = [i.coating.material for i in model.interfaces.values() if i.coating is not None]
    carriers = [c for m in [*model.materials.values(), *coatings] for c in m.carriers]
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
    laws = [
        _core.RegionLaw(
            model.materials[region].relative_permittivity * scaling.permittivity,
            core_laws(model.carriers, model.materials[region], scaling),
            core_polarization(model.materials[region], scaling),
        )
        for region in mesh.region_names
    ]
    holders = [
        name
        for name, law in model.contacts.items()
        if isinstance(law, PotentialContact | ReservoirContact)
    ]
    axes = crystal_axes(model)
    core = _core.Discretization(
        mesh.points / scaling.length,
        mesh.triangles,
        mesh.region,
        getattr(_core.Coordinates, model.coordinates),
        laws,
        len(model.carriers),
        split_facets(model),
        [int(mesh.facets_of(name)[0, 0]) for name in holders],
        axes,
    )
    # The sites of the mesh come first; those of layers are known to the core only.
    site_node, site_region, site_phi = core.site_node, core.site_region, core.site_phi
    site_volume, site_dofs, triangle_sites = core.site_volume, core.site_dofs, core.triangle_sites
    terminals = {name: number for number, name in enumerate(holders)}
    attached = attach(model, core, scaling, triangle_sites, terminals)
    background = _background(model, site_node, site_region) / scaling.charge_density
    line_charge = _line_charge(model, jumps=False) / scaling.charge
    floating = _floating_charge(model, site_region) / scaling.charge
    on_sites = np.concatenate([background + floating / site_volume, attached.background])
    core.set_fixed_charge(on_sites, line_charge)
    frozen = fixed_polarization(model, axes)
    core.set_polarization(
        bound_charge(model, frozen, triangle_sites, core.n_sites) / scaling.charge,
        surface_stiffness(model, scaling, axes, triangle_sites, core.n_sites),
    )
    node_charge = line_charge + _line_charge(model, jumps=True) / scaling.charge
    return Discretized(
        core=core,
        scaling=scaling,
        triangles=mesh.triangles,
        site_node=site_node,
        site_region=site_region,
        site_volume=site_volume,
        site_phi=site_phi,
        site_dofs=site_dofs,
        dof_node=core.dof_node,
        triangle_sites=triangle_sites,
        axes=axes,
        fixed_polarization=frozen,
        site_polar=core.site_polar[: len(site_node)],
        background=background,
        node_charge=node_charge,
        fixed_charge=np.concatenate([core.site_volume * on_sites, line_charge]),
        layers=attached.materials,
        thin_layer_places=attached.thin_layer_places,
        junction_places=attached.junction_places,
        terminals=terminals,
        passages=attached.passages,
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


def _line_charge(model: "Model", *, jumps: bool) -> FloatArray:
    """Charge of interfaces and sides on the nodes [C/m], or [C] when axisymmetric.

    Either on lines where phi jumps (it sits on one side of them, see `thin_interfaces`), or not.
    """
    charge = np.zeros(model.mesh.n_points)
    lines = [
        (model.mesh.interfaces[name], law.surface_charge)
        for name, law in model.interfaces.items()
        if law.splits_potential == jumps
    ]
    if not jumps:
        lines += [
            (model.mesh.facets_of(name), law.surface_charge)
            for name, law in model.contacts.items()
            if isinstance(law, BlockingContact)
        ]
    for facets, density in lines:
        if density != 0.0:
            np.add.at(charge, facets, density * facet_measure(model, facets))
    return charge


def _floating_charge(model: "Model", site_region: IntArray) -> FloatArray:
    """Charge of floating conductors on the sites [C/m], or [C] when axisymmetric."""
    charge = np.zeros(len(site_region))
    for conductor in model.floating:
        number = model.mesh.region_names.index(conductor.region)
        charge[np.argmax(site_region == number)] = conductor.charge  # the region is one unknown
    return charge
