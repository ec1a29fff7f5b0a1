r"""Where an impedance arises: the complex power of every part of a model.

With the small-signal response x to a unit voltage, (flow + i w storage) x = current, the complex
power x^H (flow + i w storage) x = V* I is a sum over edges, sites and junctions (Tellegen's
theorem). Each adds Z_k = P_k^* / |I|^2 to Z = V/I: along an edge the flux of a carrier times the
drop of its mu and the displacement current times that of phi, on a site the change of its amount
times that of mu - z phi, across a junction the flux times the drop of mu.

From what the edges of a region add, the part is split off that the same total current j would need
in the uniform bulk of conductivity sigma and permittivity eps, |j|^2 / (w (sigma + i w eps)) along
an edge of weight w. The bulk is that of the material or, with several carriers, whose composition
may have changed, the state at the site that is furthest from all interfaces and contacts.

In a region with several carriers diffusion is split off, too: what their currents j_k need beyond
their sum, sum |j_k|^2 / (w sigma_k) - |sum j_k|^2 / (w sigma), because they flow past each other;
and what they store as neutral pairs, sum |q_k|^2 / C_k - |sum q_k|^2 / sum C_k for the charges q_k
that they change on a site of capacities C_k. The rest is the layer at the nearest interface or
contact. What polarization laws displace beyond the permittivity counts as bulk of its region.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from pyscl import _core
from pyscl.carriers import bulk_conductivity, conductivity
from pyscl.materials import Carrier
from pyscl.polarization import shape_gradients, triangle_volume
from pyscl.postprocess.zones import nearest_places
from pyscl.spectrum import ContributionKind
from pyscl.study.impedance.carrier_sites import carrier_sites, carriers_in

if TYPE_CHECKING:
    from pyscl.study.impedance.linearized import Driven, LinearizedModel

ComplexArray = NDArray[np.complex128]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class _Fluxes:
    """The fluxes of a carrier along the edges of a region.

    Attributes:
        first: first row in the flux table.
        charge: charge number.
        conductivity: scaled, of the bulk; 0 in thin layers.
    """

    first: int
    charge: float
    conductivity: float


@dataclass(frozen=True, eq=False)
class _Edges:
    """The edges of one region or thin layer.

    Attributes:
        ends: (k, 2) sites.
        phi: (k, 2) dofs of phi there.
        weight: (k,) cross section over length.
        permittivity: scaled.
        fluxes: of every carrier.
        part: (k, 2) numbers of the parts to which the two halves belong, beyond the bulk.
        bulk: number of the part of the bulk, None for thin layers.
        diffusion: number of the part of the diffusion, None with less than two mobile carriers.
    """

    ends: NDArray[np.int32]
    phi: NDArray[np.int32]
    weight: FloatArray
    permittivity: float
    fluxes: tuple[_Fluxes, ...]
    part: NDArray[np.intp]
    bulk: int | None
    diffusion: int | None

    @property
    def conductivity(self) -> float:
        """Scaled conductivity of the bulk."""
        return sum(its.conductivity for its in self.fluxes)

    def needed(self, current: ComplexArray, admittivity: complex) -> ComplexArray:
        """Return |j|^2 / (w admittivity), what a current needs in a uniform medium; 0 for w = 0."""
        weighted = np.where(self.weight == 0.0, np.inf, self.weight * admittivity)
        return np.asarray(np.abs(current) ** 2 / weighted, dtype=complex)


@dataclass(frozen=True, eq=False)
class _Powers:
    """Conjugate complex powers of all parts at an angular frequency.

    With the fluxes, the currents along edges, and the change of the charge on every site.
    """

    omega: float
    flux: ComplexArray
    edges: list[ComplexArray]
    edge_currents: list[ComplexArray]
    stores: ComplexArray
    charges: ComplexArray
    junctions: ComplexArray
    polarization: ComplexArray


class LocalImpedance:
    """Splits the impedance of a linearised model into parts.

    Attributes:
        parts: (kind, place) of every part, see `pyscl.spectrum.Contribution`.
    """

    def __init__(self, linearized: "LinearizedModel") -> None:
        """Find the part to which every edge, site and junction belongs."""
        self._solution = linearized.solution
        self._model = self._solution.model
        self._d = self._model.discretized
        core = linearized.core
        self._flux_dofs, self._flux_gradients = core.flux_dofs, core.flux_gradients
        self._capacities = core.capacities
        self._numbers: dict[tuple[ContributionKind, str], int] = {}
        self._site_part = self._parts_of_sites()
        self._edges = list(self._collect_edges())
        self._stores = carrier_sites(self._model)
        its = self._stores
        self._site_capacity = self._per_site(its.charge**2 * self._capacities).real
        self._pair_part = self._parts_of_pairs()
        self._junction_part, self._junction_ends = self._collect_junctions()
        bulk = [self._number("bulk", region) for region in self._model.mesh.region_names]
        self._triangle_part = np.array(bulk)[self._model.mesh.region]
        self.parts = tuple(self._numbers)

    def __call__(self, driven: "Driven", frequency: float) -> ComplexArray:
        """Return the impedance of every part (n_parts,), in scaled units.

        Args:
            driven: the response at this frequency.
            frequency: [Hz].
        """
        power = self._powers(driven.unknowns, frequency)
        total = np.zeros(len(self.parts), dtype=complex)
        for edges, carried, current in zip(
            self._edges, power.edges, power.edge_currents, strict=True
        ):
            excess = carried
            if edges.bulk is not None:
                admittivity = edges.conductivity + 1j * power.omega * edges.permittivity
                uniform = edges.needed(current, admittivity)
                total[edges.bulk] += uniform.sum()
                excess = carried - uniform
            if edges.diffusion is not None:
                past = _counterflow(edges, power.flux)
                total[edges.diffusion] += past.sum()
                excess = excess - past
            for end in range(2):
                _collect(total, edges.part[:, end], 0.5 * excess)
        charged = self._stored_charge(power)
        _collect(total, self._site_part, charged)
        _collect(total, self._pair_part, self._per_site(power.stores) - charged)
        _collect(total, self._junction_part, power.junctions)
        _collect(total, self._triangle_part, power.polarization)
        return np.asarray(total / abs(driven.current) ** 2)

    def per_site(self, driven: "Driven", frequency: float) -> ComplexArray:
        """Return the impedance of every site of the mesh (n_sites,), in scaled units.

        Edges count half at either end; layers and junctions count on the sites they join.
        """
        power = self._powers(driven.unknowns, frequency)
        total = np.zeros(len(self._site_part), dtype=complex)
        for edges, carried in zip(self._edges, power.edges, strict=True):
            for end in range(2):
                _collect(total, edges.ends[:, end], 0.5 * carried)
        total += self._per_site(power.stores)
        for end in range(2):
            sites = self._junction_ends[:, end]
            inside, alone = sites >= 0, (self._junction_ends >= 0).sum(axis=1) == 1
            share = np.where(alone, 1.0, 0.5)
            _collect(total, sites[inside], (share * power.junctions)[inside])
        for corner in self._d.triangle_sites.T:
            _collect(total, corner, power.polarization / 3.0)
        return np.asarray(total / abs(driven.current) ** 2)

    def _powers(self, x: ComplexArray, frequency: float) -> "_Powers":
        omega = 2.0 * np.pi * frequency * self._d.scaling.time
        flux = (self._flux_gradients * x[self._flux_dofs]).sum(axis=1)
        carried = np.conj(flux) * (x[self._flux_dofs[:, 1]] - x[self._flux_dofs[:, 3]])
        powers, currents = [], []
        for edges in self._edges:
            drop = x[edges.phi[:, 0]] - x[edges.phi[:, 1]]
            current = 1j * omega * edges.permittivity * edges.weight * drop
            power = np.conj(current) * drop
            for carrier in edges.fluxes:
                rows = slice(carrier.first, carrier.first + len(drop))
                power = power + carried[rows]
                current = current + carrier.charge * flux[rows]
            powers.append(power)
            currents.append(current)
        its = self._stores
        change = x[its.mu] - its.charge * x[its.phi]
        return _Powers(
            omega,
            flux,
            powers,
            currents,
            -1j * omega * self._capacities * np.abs(change) ** 2,
            self._per_site(its.charge * self._capacities * change),
            carried[len(carried) - len(self._junction_part) :],
            self._polarization_power(x, omega),
        )

    def _polarization_power(self, x: ComplexArray, omega: float) -> ComplexArray:
        """Return what the displacement beyond the permittivity needs (n_triangles,)."""
        model, d = self._model, self._d
        if all(m.polarization is None for m in model.materials.values()):
            return np.zeros(model.mesh.n_triangles, dtype=complex)
        u = self._solution.unknowns
        parts = (np.ascontiguousarray(part) for part in (x.real, x.imag))
        real, imaginary = (_core.polarization_change(d.core, u, part) for part in parts)
        current = 1j * omega * (real + 1j * imaginary)
        field = -np.einsum(
            "atc,at->tc",
            shape_gradients(model) * d.scaling.length,
            x[d.site_phi[d.triangle_sites.T]],
        )
        volume = triangle_volume(model) / d.scaling.volume
        return np.asarray(volume * (np.conj(current) * field).sum(axis=1))

    def _per_site(self, values: NDArray[Any]) -> ComplexArray:
        """Return the sum of what carriers have on every site (n_sites,), thin layers included."""
        total = np.zeros(len(self._site_part), dtype=complex)
        _collect(total, self._stores.site, values)
        return total

    def _stored_charge(self, power: "_Powers") -> ComplexArray:
        """Return the part of the storage that the charge of every site needs (n_sites,)."""
        return np.divide(
            -1j * power.omega * np.abs(power.charges) ** 2,
            self._site_capacity,
            out=np.zeros(len(power.charges), dtype=complex),
            where=self._site_capacity > 0.0,
        )

    def _number(self, kind: ContributionKind, place: str) -> int:
        return self._numbers.setdefault((kind, place), len(self._numbers))

    def _parts_of_sites(self) -> NDArray[np.intp]:
        """Return the part beyond the bulk to which each site belongs, thin layers included."""
        model, d = self._model, self._d
        names = model.mesh.region_names
        places, nearest, distance = nearest_places(model)
        self._distance = distance
        site_region = d.core.site_region
        part = np.empty(len(site_region), dtype=np.intp)
        on_mesh = part[: len(nearest)]
        used: set[int] = set()
        for number, region in enumerate(names):
            here = d.site_region == number
            used.add(bulk := self._number("bulk", region))
            of_place = np.array([*(self._number("layer", place) for place in places), bulk])
            on_mesh[here] = of_place[nearest[here]]
            if self._diffuses(number):
                used.add(self._number("diffusion", region))
        for number, place in enumerate(d.thin_layer_places, start=len(names)):
            part[site_region == number] = self._number("transfer", place)
        return self._renumber(part, used | set(part.tolist()))

    def _parts_of_pairs(self) -> NDArray[np.intp]:
        """Return the part to which neutral pairs on each site belong (n_sites,)."""
        part = self._site_part.copy()
        site_region = self._d.core.site_region
        for number, region in enumerate(self._model.mesh.region_names):
            if self._diffuses(number):
                part[site_region == number] = self._number("diffusion", region)
        return part

    def _renumber(self, part: NDArray[np.intp], used: set[int]) -> NDArray[np.intp]:
        """Drop the parts that nothing belongs to."""
        kept = [key for key, number in self._numbers.items() if number in used]
        new = np.full(len(self._numbers), -1)
        new[[self._numbers[key] for key in kept]] = np.arange(len(kept))
        self._numbers = {key: number for number, key in enumerate(kept)}
        return new[part]

    def _collect_edges(self) -> Iterator[_Edges]:
        core, names = self._d.core, self._model.mesh.region_names
        site_phi, first = core.site_phi, 0
        for region in range(core.n_regions):
            ends, weight = core.edges(region)
            thin = region >= len(names)
            fluxes = []
            for carrier in carriers_in(self._model, region):
                sigma = 0.0 if thin else self._bulk_conductivity(region, carrier)
                fluxes.append(_Fluxes(first, float(carrier.charge), sigma))
                first += len(weight)
            diffuses = not thin and self._diffuses(region)
            yield _Edges(
                ends=ends,
                phi=site_phi[ends],
                weight=weight,
                permittivity=core.permittivity(region),
                fluxes=tuple(fluxes),
                part=self._site_part[ends],
                bulk=None if thin else self._number("bulk", names[region]),
                diffusion=self._number("diffusion", names[region]) if diffuses else None,
            )

    def _collect_junctions(self) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """Return the part and the ends (n, 2) of every link of the junctions."""
        core = self._d.core
        parts, ends = [np.empty(0, dtype=np.intp)], [np.empty((0, 2), dtype=np.int32)]
        for number, place in enumerate(self._d.junction_places):
            ends.append(core.junction_links(number)[1])
            parts.append(np.full(len(ends[-1]), self._number("transfer", place)))
        return np.concatenate(parts), np.concatenate(ends)

    def _diffuses(self, region: int) -> bool:
        """Whether several carriers of a region move."""
        carriers = carriers_in(self._model, region)
        return len(carriers) > 1 and all(self._bulk_conductivity(region, c) > 0.0 for c in carriers)

    def _bulk_conductivity(self, region: int, carrier: Carrier) -> float:
        """Return the scaled conductivity of a carrier in the bulk of a region."""
        scaling, temperature = self._d.scaling, self._model.temperature
        unit = elementary_charge * scaling.density * scaling.diffusivity / scaling.potential
        if len(carriers_in(self._model, region)) == 1:
            return bulk_conductivity(carrier, temperature) / unit
        inside = np.flatnonzero(self._d.site_region == region)
        distance = self._distance[inside]
        deepest = inside[np.argmax(np.where(np.isfinite(distance), distance, 0.0))]
        occupied = self._solution.site_fraction(carrier.name)[deepest]
        vacant = self._solution.vacant_fraction(carrier.name)[deepest]
        return float(conductivity(carrier, temperature, occupied, vacant)) / unit


def _counterflow(edges: _Edges, flux: ComplexArray) -> ComplexArray:
    """Return what the carriers need in the bulk beyond what their sum would (k,)."""
    own = [its.charge * flux[its.first : its.first + len(edges.weight)] for its in edges.fluxes]
    alone = [
        edges.needed(current, its.conductivity)
        for current, its in zip(own, edges.fluxes, strict=True)
    ]
    return np.asarray(np.sum(alone, axis=0) - edges.needed(np.sum(own, axis=0), edges.conductivity))


def _collect(total: ComplexArray, part: NDArray[Any], values: NDArray[Any]) -> None:
    """Add values to the parts they belong to."""
    n = len(total)
    total += np.bincount(part, weights=values.real, minlength=n)
    total += 1j * np.bincount(part, weights=values.imag, minlength=n)
