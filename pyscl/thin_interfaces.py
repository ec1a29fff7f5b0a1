"""Interfaces and contacts that are more than a line: what the core splits, and what joins it again.

Where a carrier or the potential jumps, the unknowns on both sides are separate ("split"). They are
joined by links, one per pair of sites that face each other, or per site and terminal: junctions
carry a transfer law of one carrier, layers the laws of a thin coating or a compact layer.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from pyscl import _core
from pyscl.boundaries import (
    ButlerVolmer,
    Coating,
    ContactResistance,
    Interface,
    PotentialContact,
    ReservoirContact,
    TransferLaw,
)
from pyscl.carriers import core_laws
from pyscl.facets import facet_measure, facet_regions, facet_sites
from pyscl.materials import Carrier, Material
from pyscl.scaling import Scaling

if TYPE_CHECKING:
    from pyscl.model import Model

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

ELECTRIC = -1
"""Stands for the electric potential where the core asks for a carrier."""

Sides = tuple[Carrier | None, Carrier]
"""A carrier on both sides of an interface; None stands for a terminal, which has no sites."""


@dataclass(frozen=True)
class Links:
    """Pairs of ends that face each other.

    Attributes:
        ends: (k, 2) sites, or terminal t as -1 - t.
        measure: (k,) scaled area (length in planar coordinates) of each pair.
    """

    ends: IntArray
    measure: FloatArray


def shared_carriers(model: "Model", interface: str) -> list[str]:
    """Return the names of the carriers that live on both sides of "a|b"."""
    first, second = ({c.name for c in model.materials[r].carriers} for r in interface.split("|"))
    return sorted(first & second)


def split_facets(model: "Model") -> list[tuple[int, IntArray]]:
    """Return (carrier or ELECTRIC, facets (k, 2)) with separate unknowns on both sides."""
    split = []
    for name, law in model.interfaces.items():
        facets = np.ascontiguousarray(model.mesh.interfaces[name])
        if law.splits_potential:
            split.append((ELECTRIC, facets))
        for carrier in shared_carriers(model, name):
            closed = facets[_closed(model, name, law, carrier)]
            if len(closed):
                split.append((model.carriers.index(carrier), closed))
    return split


def _closed(model: "Model", name: str, law: Interface, carrier: str) -> NDArray[np.bool_]:
    """Which facets of an interface a carrier does not cross in equilibrium."""
    share = model.contact_shares(name)
    if carrier in law.blocking or carrier in law.kinetics or law.coating is not None:
        return np.ones(len(share), dtype=bool)
    return share == 0.0


@dataclass(frozen=True)
class Attached:
    """What was added to the core.

    Attributes:
        background: (k,) scaled background charge density of the sites of the layers, in order.
        materials: material of each layer in the order of the core, None for a compact layer.
        thin_layer_places: interface "a|b" or contact of each layer.
        junction_places: interface or contact of each junction.
        passages: (carrier, (k, 2) mu dofs at both ends) of all layers and junctions.
    """

    background: FloatArray
    materials: tuple[Material | None, ...]
    thin_layer_places: tuple[str, ...]
    junction_places: tuple[str, ...]
    passages: tuple[tuple[int, IntArray], ...]


class _Builder:
    """Adds layers and junctions to the core and keeps account of them."""

    def __init__(
        self, model: "Model", core: _core.Discretization, scaling: Scaling, triangle_sites: IntArray
    ) -> None:
        self.model = model
        self.scaling = scaling
        self._core = core
        self._triangle_sites = triangle_sites
        self._site_dofs = core.site_dofs
        self._background: list[FloatArray] = [np.empty(0)]
        self._materials: list[Material | None] = []
        self._layer_places: list[str] = []
        self._junction_places: list[str] = []
        self._passages: list[tuple[int, IntArray]] = []

    @property
    def attached(self) -> Attached:
        return Attached(
            np.concatenate(self._background),
            tuple(self._materials),
            tuple(self._layer_places),
            tuple(self._junction_places),
            tuple(self._passages),
        )

    def between(self, name: str, share: FloatArray | None = None) -> Links:
        """Return the pairs of sites along "a|b"; `share` (k,) scales the measure of its facets."""
        facets = self.model.mesh.interfaces[name]
        first, second = (
            facet_sites(self.model.mesh, self._triangle_sites, facets, r) for r in name.split("|")
        )
        return self._merge(first, second, facets, share)

    def at_contact(self, name: str, terminal: int, region: str | None = None) -> Links:
        """Return the pairs of a terminal and the sites on its facets, or those in one region."""
        mesh = self.model.mesh
        facets = mesh.facets_of(name)
        if region is not None:
            facets = facets[facet_regions(mesh, facets) == mesh.region_names.index(region)]
        sites = facet_sites(mesh, self._triangle_sites, facets, region)
        return self._merge(np.full_like(sites, -1 - terminal), sites, facets, None)

    def compact(
        self, place: str, links: Links, capacitance: float, surface_charge: float = 0.0
    ) -> None:
        """Add a layer of unit thickness without carriers; the permittivity is its capacitance."""
        scaled = capacitance * self.scaling.potential / self.scaling.surface_charge
        self._core.add_layer(_core.RegionLaw(scaled, []), links.ends, links.measure, 1.0)
        self._note(place, None, links, surface_charge, 1.0)

    def coating(self, place: str, links: Links, coating: Coating, surface_charge: float) -> None:
        """Add a layer with the laws of a material."""
        material: Material = coating.material
        law = _core.RegionLaw(
            material.relative_permittivity * self.scaling.permittivity,
            core_laws(self.model.carriers, material, self.scaling),
        )
        thickness = coating.thickness / self.scaling.length
        self._core.add_layer(law, links.ends, links.measure, thickness)
        self._note(place, material, links, surface_charge, thickness)
        for carrier in material.carriers:
            self._record(self.model.carriers.index(carrier.name), links)

    def junction(self, place: str, links: Links, law: TransferLaw, sides: Sides) -> None:
        """Add the transfer law of a carrier from the first side to the second."""
        number = self.model.carriers.index(sides[1].name)
        compiled = core_transfer(law, sides, self.scaling)
        self._core.add_junction(number, compiled, links.ends, links.measure)
        self._junction_places.append(place)
        self._record(number, links)

    def _note(
        self,
        place: str,
        material: Material | None,
        links: Links,
        surface_charge: float,
        thickness: float,
    ) -> None:
        """Note a layer and its fixed charge; half of it belongs to the charged first side."""
        charge = material.fixed_charge / self.scaling.charge_density if material else 0.0
        background = np.full(2 * len(links.measure), charge)
        background[::2] += surface_charge / self.scaling.surface_charge / (0.5 * thickness)
        self._background.append(background)
        self._materials.append(material)
        self._layer_places.append(place)

    def _record(self, carrier: int, links: Links) -> None:
        dofs = np.where(
            links.ends >= 0,
            self._site_dofs[links.ends.clip(min=0), carrier],
            self._core.terminal_dof(0, carrier)
            + (-1 - links.ends) * (1 + len(self.model.carriers)),
        )
        self._passages.append((carrier, dofs.astype(np.int32)))

    def _merge(
        self, first: IntArray, second: IntArray, facets: IntArray, share: FloatArray | None
    ) -> Links:
        """Join the links of neighbouring facets that have the same ends; drop empty ones."""
        measure = facet_measure(self.model, facets) * (self.scaling.length / self.scaling.volume)
        if share is not None:
            measure = measure * share[:, None]
        pairs = np.column_stack([first.reshape(-1), second.reshape(-1)])
        ends, of_pair = np.unique(pairs, axis=0, return_inverse=True)
        total = np.bincount(of_pair.reshape(-1), weights=measure.reshape(-1), minlength=len(ends))
        kept = total > 0.0
        return Links(np.ascontiguousarray(ends[kept], dtype=np.int32), total[kept].astype(float))


def attach(
    model: "Model",
    core: _core.Discretization,
    scaling: Scaling,
    triangle_sites: IntArray,
    terminals: dict[str, int],
) -> Attached:
    """Add the layers and junctions of all interfaces and contacts to the core."""
    builder = _Builder(model, core, scaling, triangle_sites)
    for name, law in model.interfaces.items():
        if law.compact_capacitance is not None:
            builder.compact(
                name, builder.between(name), law.compact_capacitance, law.surface_charge
            )
        if law.coating is not None:
            builder.coating(name, builder.between(name), law.coating, law.surface_charge)
        for carrier, transfer in law.kinetics.items():
            first, second = (model.materials[r].carrier(carrier) for r in name.split("|"))
            links = builder.between(name, model.contact_shares(name))
            builder.junction(name, links, transfer, (first, second))
    for name, terminal in terminals.items():
        contact = model.contacts[name]
        assert isinstance(contact, PotentialContact | ReservoirContact)
        if contact.compact_capacitance is not None:
            links = builder.at_contact(name, terminal)
            builder.compact(name, links, contact.compact_capacitance)
        if isinstance(contact, ReservoirContact) and contact.kinetics is not None:
            for region in model.regions_at(name):
                inside = [c for c in model.materials[region].carriers if c.name == contact.carrier]
                if inside:
                    links = builder.at_contact(name, terminal, region)
                    builder.junction(name, links, contact.kinetics, (None, inside[0]))
    return builder.attached


def core_transfer(
    law: ButlerVolmer | ContactResistance, sides: Sides, scaling: Scaling
) -> _core.ButlerVolmer | _core.ContactResistance:
    """Return the scaled transfer law."""
    charge = abs(sides[1].charge)
    if isinstance(law, ContactResistance):
        current = scaling.potential / (charge * law.resistance)
        return _core.ContactResistance(current / (charge * elementary_charge * scaling.flux))
    rate = law.exchange_current / (charge * elementary_charge * scaling.flux)
    if law.occupancy:
        # The bulk composition defines the exchange current; see ButlerVolmer in interface.hpp.
        forward = backward = 1.0
        for carrier, at_start in zip(sides, (True, False), strict=True):
            if carrier is None:
                continue
            share = carrier.site_fraction
            vacancy = 1.0 - share if carrier.statistics.site_limited else 1.0
            forward *= share if at_start else vacancy
            backward *= vacancy if at_start else share
        rate /= forward ** (1.0 - law.symmetry) * backward**law.symmetry
    return _core.ButlerVolmer(rate, law.symmetry, law.occupancy)
