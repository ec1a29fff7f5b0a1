"""What is read from every state of a transient, fast: amounts, interfaces, charges of contacts.

All of it but the extremes, the neutral potentials and the bound charge of polarization laws is
linear in the potential and in the site fractions, so that one sparse product with a matrix made
beforehand gives it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Avogadro, elementary_charge

from pyscl.boundaries import BlockingContact, ContactLaw
from pyscl.facets import FloatArray, facet_measure, facet_sites
from pyscl.polarization import bound_charge, polarization
from pyscl.postprocess.contacts import holds_potential, shares
from pyscl.postprocess.gauss import background_density, site_stiffness
from pyscl.postprocess.interfaces import share_of_nodes
from pyscl.postprocess.neutral import NeutralPotential

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from pyscl.model import Model
    from pyscl.solution import Solution

Sites = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class _Side:
    """One region along an interface.

    Attributes:
        region: name of the region.
        sites: its sites on the interface, (n,).
        weight: share of the interface that belongs to each of them, adds up to 1, (n,).
        gauss: share of the displacement of each of them that enters through this interface, (n,).
        measure: length [m] (planar) or area [m2] of the interface.
        neutral: its neutral potential, None in a region without carriers.
    """

    region: str
    sites: Sites
    weight: FloatArray
    gauss: FloatArray
    measure: float
    neutral: NeutralPotential | None


@dataclass(frozen=True, eq=False)
class _Linear:
    """A quantity that is linear in the potential and in the displacement that leaves the sites.

    Attributes:
        unit: its unit.
        on_potential: weight of the potential [V] of each site, (n_sites,).
        on_displacement: weight of the displacement less the charge of each site, (n_sites,).
        constant: what is added.
        on_terminal: contact -> weight of the voltage [V] of its terminal.
    """

    unit: str
    on_potential: FloatArray
    on_displacement: FloatArray
    constant: float = 0.0
    on_terminal: Mapping[str, float] = field(default_factory=dict)


class Observables:
    """Everything that is read from a state; names and units of the columns come with it.

    Attributes:
        model: the model.
        columns: name -> unit, in the order of what `measure` returns.
    """

    def __init__(self, model: "Model") -> None:
        """Prepare the index arrays and the matrix for a model."""
        self.model = model
        self._d = model.discretized
        self._n_sites = len(self._d.site_node)
        self._sides = {
            name: [_side(model, name, region) for region in name.split("|")]
            for name in model.mesh.interfaces
            if model.is_material_boundary(name)
        }
        self._amounts = {
            (carrier, region): self._amount(carrier, region)
            for carrier in model.carriers
            for region in model.regions_with(carrier)
        }
        self._nothing = np.zeros(self._n_sites)
        self._terminal_dofs = [self._d.terminal_dof(name) for name in self._d.terminals]
        self._linear: dict[str, _Linear] = {}
        for name, sides in self._sides.items():
            self._linear |= self._of_interface(name, sides)
        for name, law in model.contacts.items():
            self._linear[f"charge_{name}"] = self._of_contact(name, law)
        self._offsets, self._matrix, self._leaving = self._assemble()
        laws = [material.polarization for material in model.materials.values()]
        self._polar = bool(model.fixed_polarization) or any(law is not None for law in laws)
        self.columns = self._name_columns()

    def measure(self, solution: "Solution") -> FloatArray:
        """Return all quantities of a state of the model in SI units, (len(columns),)."""
        potential = solution["potential"].values
        fractions = {c: solution.site_fraction(c) for c in self.model.carriers}
        terminals = solution.unknowns[self._terminal_dofs] * self._d.scaling.potential
        occupied = (np.nan_to_num(y) for y in fractions.values())
        state = np.concatenate([potential, *occupied, terminals])
        values = []
        for (carrier, _), (sites, moles, total) in self._amounts.items():
            amount = float((fractions[carrier][sites] * moles).sum())  # pairwise, unlike a product
            values += [amount, amount / total]
        linear = self._offsets + self._matrix @ state
        if self._polar:
            p = polarization(self.model, solution.unknowns)
            linear -= self._leaving @ bound_charge(
                self.model, p, self._d.triangle_sites, self._n_sites
            )
        values += linear.tolist()
        for sides in self._sides.values():
            values += self._drops(sides, potential, solution.unknowns)
            for side in sides:
                for carrier in self._carriers_of(side):
                    y = fractions[carrier][side.sites]
                    values += [y.min(), y.max()]
        return np.array(values)

    def _name_columns(self) -> dict[str, str]:
        per = "" if self._d.scaling.axisymmetric else "/m"
        columns: dict[str, str] = {}
        for carrier, region in self._amounts:
            columns |= {f"amount_{carrier}_{region}": f"mol{per}", f"mean_{carrier}_{region}": "1"}
        columns |= {name: functional.unit for name, functional in self._linear.items()}
        for name, sides in self._sides.items():
            with_bulk = [side for side in sides if side.neutral]
            if len(with_bulk) == 2:
                columns[f"potential_drop_{name}"] = "V"
            for side in with_bulk:
                columns[f"potential_drop_{name}_{side.region}"] = "V"
            for side in sides:
                for carrier in self._carriers_of(side):
                    columns[f"least_{carrier}_{name}_{side.region}"] = "1"
                    columns[f"most_{carrier}_{name}_{side.region}"] = "1"
        return columns

    def _carriers_of(self, side: _Side) -> list[str]:
        return [c for c in self.model.carriers if side.region in self.model.regions_with(c)]

    def _drops(self, sides: list[_Side], potential: FloatArray, u: FloatArray) -> list[float]:
        """Return the step of the neutral potential, and the potential against it on each side."""
        neutral, drop = [], []
        for side in sides:
            if side.neutral is not None:
                phi_n = float((side.weight * side.neutral(u)).sum())
                neutral.append(phi_n)
                drop.append(float((side.weight * potential[side.sites]).sum()) - phi_n)
        return [neutral[1] - neutral[0], *drop] if len(neutral) == 2 else drop

    def _amount(self, carrier: str, region: str) -> tuple[Sites, FloatArray, float]:
        """Return the sites of a region, what each holds when it is full [mol], and their sum."""
        (density,) = (
            c.site_density for c in self.model.materials[region].carriers if c.name == carrier
        )
        sites = np.flatnonzero(self._d.site_region == self.model.mesh.region_names.index(region))
        moles = self._volume[sites] * (density / Avogadro)
        return sites, moles, float(moles.sum())

    @cached_property
    def _volume(self) -> FloatArray:
        return self._d.site_volume * self._d.scaling.volume

    def _of_interface(self, name: str, sides: list[_Side]) -> dict[str, _Linear]:
        first, second = sides
        found = {
            f"potential_{name}": _Linear(
                "V", self._spread(first, 0.5) + self._spread(second, 0.5), self._nothing
            )
        }
        law = self.model.interfaces.get(name)
        if law and (law.compact_capacitance or law.coating):
            found[f"potential_jump_{name}"] = _Linear(
                "V", self._spread(second, 1.0) - self._spread(first, 1.0), self._nothing
            )
        floating = {conductor.region for conductor in self.model.floating}
        for side, other in ((first, second), (second, first)):
            entering, fixed = self._nothing.copy(), 0.0
            if side.region in floating:  # what leaves its surface enters the opposite region
                entering[other.sites] = other.gauss / other.measure
                fixed = -law.surface_charge if law else 0.0
            else:
                entering[side.sites] = -side.gauss / side.measure
            found[f"layer_charge_{name}_{side.region}"] = _Linear(
                "C/m^2", self._nothing, entering, fixed
            )
        return found

    def _of_contact(self, name: str, law: ContactLaw) -> _Linear:
        """Return the charge on a contact: what the displacement of its nodes ends on."""
        unit = "C" if self._d.scaling.axisymmetric else "C/m"
        if isinstance(law, BlockingContact):
            area = facet_measure(self.model, self.model.mesh.facets_of(name)).sum()
            charge = law.surface_charge * float(area)
            return _Linear(unit, self._nothing, self._nothing, charge)
        if law.compact_capacitance is not None:
            plates = self._plates(name, law.compact_capacitance)
            return _Linear(unit, -plates, self._nothing, 0.0, {name: plates.sum()})
        if not holds_potential(law):
            return _Linear(unit, self._nothing, self._nothing)
        holders = [n for n, its in self.model.contacts.items() if holds_potential(its)]
        share = shares(self.model, name, holders)
        fixed = float((share * self._d.node_charge).sum() * self._d.scaling.charge)
        share = share[self._d.site_node]
        # What a neighbour sends through its compact layer into a common node is not from here.
        through, on_terminal = self._nothing.copy(), {}
        for other, its in self.model.contacts.items():
            if not isinstance(its, BlockingContact) and its.compact_capacitance is not None:
                plates = share * self._plates(other, its.compact_capacitance)
                through += plates
                on_terminal[other] = -float(plates.sum())
        return _Linear(unit, through, share, -fixed, on_terminal)

    def _plates(self, name: str, capacitance: float) -> FloatArray:
        """Return the capacitance of a compact layer at each site, [F/m] or [F], (n_sites,)."""
        facets = self.model.mesh.facets_of(name)
        sites = facet_sites(self.model.mesh, self._d.triangle_sites, facets)
        measure = facet_measure(self.model, facets)
        total = np.bincount(sites.ravel(), measure.ravel(), self._n_sites).astype(float)
        return capacitance * total

    def _spread(self, side: _Side, factor: float) -> FloatArray:
        values = self._nothing.copy()
        values[side.sites] = factor * side.weight
        return values

    def _assemble(self) -> "tuple[FloatArray, csr_array, csr_array]":
        """Return offsets (n,), matrices of the state and of the displacement that leaves sites.

        The state (n_sites (1 + n_carriers) + n_terminals,) holds the linear displacement; that of
        polarization laws, minus their bound charge (n_sites,), comes on top.
        """
        from scipy.sparse import csr_array, hstack

        shape = (len(self._linear), self._n_sites)
        functionals = list(self._linear.values())
        on_potential = csr_array(np.reshape([f.on_potential for f in functionals], shape))
        leaving = csr_array(np.reshape([f.on_displacement for f in functionals], shape))
        volume = csr_array(leaving.multiply(self._volume))
        parts = [on_potential + leaving @ site_stiffness(self.model)]
        parts += [volume.multiply(-self._full_charge(carrier)) for carrier in self.model.carriers]
        on_terminal = [[f.on_terminal.get(n, 0.0) for n in self._d.terminals] for f in functionals]
        parts.append(csr_array(np.reshape(on_terminal, (shape[0], len(self._d.terminals)))))
        constant = np.array([f.constant for f in functionals])
        offsets = constant - volume @ background_density(self.model)
        return offsets, csr_array(hstack(parts)), leaving

    def _full_charge(self, carrier: str) -> FloatArray:
        """Return the charge density of a carrier on all its places [C/m3], (n_sites,)."""
        names = self.model.mesh.region_names
        full = np.zeros(len(names))
        for r, region in enumerate(names):
            for c in self.model.materials[region].carriers:
                if c.name == carrier:
                    full[r] = c.charge * elementary_charge * c.site_density
        return full[self._d.site_region]


def _side(model: "Model", name: str, region: str) -> _Side:
    d = model.discretized
    nodes, measure, fraction = share_of_nodes(model, name, region)
    facets = model.mesh.interfaces[name]
    weight = np.bincount(
        facets.ravel(), facet_measure(model, facets).ravel(), minlength=model.mesh.n_points
    )
    sites = np.flatnonzero(
        (d.site_region == model.mesh.region_names.index(region)) & np.isin(d.site_node, nodes)
    )
    node = d.site_node[sites]
    return _Side(
        region=region,
        sites=sites,
        weight=weight[node] / weight[node].sum(),
        gauss=fraction[np.searchsorted(nodes, node)],
        measure=measure,
        neutral=NeutralPotential(model, region, sites)
        if model.materials[region].carriers
        else None,
    )
