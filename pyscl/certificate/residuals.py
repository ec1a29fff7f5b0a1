"""Balances of charge and carriers at every unknown, assembled a second time in numpy."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import epsilon_0

from pyscl.boundaries import (
    BlockingContact,
    ButlerVolmer,
    ContactResistance,
    PotentialContact,
    ReservoirContact,
)
from pyscl.certificate.evidence import Evidence, FloatArray, fitted_current, occupation_of
from pyscl.facets import facet_measure, facet_regions, facet_sites
from pyscl.materials import Carrier, Material
from pyscl.study.contact_values import exchange_dofs
from pyscl.study.periodic import periodic_ties

if TYPE_CHECKING:
    from pyscl.boundaries import Coating, TransferLaw

Ends = tuple[NDArray[np.int32], NDArray[np.int32], FloatArray]

_ROUNDING = 8.0 * np.finfo(float).eps


class Residuals:
    """What the balances at the unknowns leave over.

    All arrays are (n_dofs,); entries of unknowns that are tied to each other are summed on the
    first of them.

    Attributes:
        evidence: the state.
        gauss: displacement that leaves less charge, at unknowns of phi [C/m] or [C].
        charge_scale: change of `gauss` by the potential of the unknown itself [C/(V m)] or [C/V].
        flow: electric current that leaves, at unknowns of mu [A/m] or [A].
        flow_scale: what one kT would drive there, in the same unit.
        entering: contact -> current through its transfer law [A/m] or [A].
        label: number of the first unknown of each group of tied ones.
    """

    def __init__(self, evidence: Evidence) -> None:
        """Assemble everything."""
        self.evidence = evidence
        self.model = evidence.model
        self._d = self.model.discretized
        n = self._d.n_dofs
        self.gauss, self.charge_scale = np.zeros(n), np.zeros(n)
        self.flow, self.flow_scale = np.zeros(n), np.zeros(n)
        self.entering: dict[str, float] = {}
        self.links: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
        self._inside()
        self._at_interfaces()
        self._at_contacts()
        for conductor in self.model.floating:
            first = self._d.site_phi[evidence.sites_in(conductor.region)[0]]
            self.gauss[first] -= conductor.charge
        self.label = self._labels()
        for values in (self.gauss, self.charge_scale, self.flow, self.flow_scale):
            values[:] = np.bincount(self.label, values, n)

    def _inside(self) -> None:
        e, d = self.evidence, self._d
        site_phi = d.site_phi[: e.n_sites]
        np.add.at(self.gauss, site_phi[e.sites], e.leaving)
        np.add.at(self.charge_scale, site_phi[e.sites], e.stiffness)
        np.add.at(self.gauss, site_phi, -e.site_charge)
        np.add.at(self.charge_scale, site_phi, e.volume * e.screening)
        if e.solution.kind == "equilibrium":
            return
        first, second = e.edge_ends()
        for carrier in self.model.carriers:
            current, scale = e.edge_currents(carrier)
            dofs = e.mu_dofs(carrier)
            there = dofs[first] >= 0
            i, j = dofs[first[there]], dofs[second[there]]
            self._pass(i, j, current[there], scale[there])

    def _pass(
        self, i: NDArray[np.int32], j: NDArray[np.int32], flow: FloatArray, size: FloatArray
    ) -> None:
        """Let currents flow from unknowns i to j."""
        n = len(self.flow)
        self.flow += np.bincount(i, flow, n) - np.bincount(j, flow, n)
        self.flow_scale += np.bincount(i, size, n) + np.bincount(j, size, n)

    def pairs(self, name: str) -> Ends:
        """Return the sites on both sides of an interface, and the measure [m, m2] of each pair."""
        mesh, facets = self.model.mesh, self.model.mesh.interfaces[name]
        first, second = (
            facet_sites(mesh, self.evidence.sites, facets, r).ravel() for r in name.split("|")
        )
        return first, second, facet_measure(self.model, facets).ravel()

    def _at_interfaces(self) -> None:
        e, site_phi = self.evidence, self._d.site_phi
        for name, law in self.model.interfaces.items():
            first, second, measure = self.pairs(name)
            np.add.at(self.gauss, site_phi[first], -law.surface_charge * measure)
            if law.compact_capacitance is not None:
                self._capacitor(first, second, law.compact_capacitance * measure)
            if law.coating is not None:
                material = law.coating.material
                assert isinstance(material, Material)
                per_area = epsilon_0 * material.relative_permittivity / law.coating.thickness
                self._capacitor(first, second, per_area * measure)
                self._coating(law.coating, material, first, second, measure)
            share = np.repeat(self.model.contact_shares(name), 2)
            for carrier, transfer in law.kinetics.items():
                sides = [self.model.materials[r].carrier(carrier) for r in name.split("|")]
                mu, dofs = e.mu(carrier), e.mu_dofs(carrier)
                y, v = e.occupied(carrier)
                states = [(sides[k], mu[s], y[s], v[s]) for k, s in enumerate((first, second))]
                density, size = transferred(transfer, states, e.kt)
                here = share > 0.0
                i, j = dofs[first][here], dofs[second][here]
                weight = (measure * share)[here]
                self._pass(i, j, density[here] * weight, size[here] * weight)
                self.links.append((i, j))

    def _capacitor(
        self, first: NDArray[np.int32], second: NDArray[np.int32], capacitance: FloatArray
    ) -> None:
        i, j = self._d.site_phi[first], self._d.site_phi[second]
        flux = capacitance * (self.evidence.volts[i] - self.evidence.volts[j])
        np.add.at(self.gauss, i, flux)
        np.add.at(self.gauss, j, -flux)
        np.add.at(self.charge_scale, i, capacitance)
        np.add.at(self.charge_scale, j, capacitance)

    def _coating(
        self,
        coating: "Coating",
        material: Material,
        first: NDArray[np.int32],
        second: NDArray[np.int32],
        measure: FloatArray,
    ) -> None:
        """Charge of a thin coating, half on either side, and what crosses it."""
        e = self.evidence
        sites, n = np.concatenate([first, second]), len(first)
        phi = e.phi[sites]
        half = 0.5 * coating.thickness * np.tile(measure, 2)
        mu = {c.name: e.mu(c.name)[sites] for c in material.carriers}
        charge = half * e.layer_charge(material, phi, mu)
        np.add.at(self.gauss, self._d.site_phi[sites], -charge)
        for its in material.carriers:
            eta = (mu[its.name] - its.standard_potential - its.charge * phi) / e.kt
            y, v = occupation_of(its, self.model.temperature, eta)
            dofs = e.mu_dofs(its.name)[sites]
            self.links.append((dofs[:n], dofs[n:]))
            if e.solution.kind == "equilibrium":
                continue
            ends = np.arange(n)
            flow, size = fitted_current(
                its, self.model.temperature, mu[its.name], y, v, ends, ends + n
            )
            weight = measure / coating.thickness
            self._pass(dofs[:n], dofs[n:], flow * weight, size * weight)

    def _at_contacts(self) -> None:
        e, d, mesh = self.evidence, self._d, self.model.mesh
        for name, law in self.model.contacts.items():
            facets = mesh.facets_of(name)
            measure = facet_measure(self.model, facets).ravel()
            sites = facet_sites(mesh, e.sites, facets).ravel()
            phi = d.site_phi[sites]
            if isinstance(law, BlockingContact):
                np.add.at(self.gauss, phi, -law.surface_charge * measure)
                continue
            if law.compact_capacitance is not None:
                plates = law.compact_capacitance * measure
                drop = e.volts[phi] - e.volts[d.terminal_dof(name)]
                np.add.at(self.gauss, phi, plates * drop)
                np.add.at(self.charge_scale, phi, plates)
            if isinstance(law, ReservoirContact) and law.kinetics is not None:
                self._transfer(name, law.carrier, law.kinetics, measure)

    def _transfer(self, name: str, carrier: str, law: "TransferLaw", measure: FloatArray) -> None:
        """Let a carrier enter from the electrode of a contact through its transfer law."""
        e, mesh = self.evidence, self.model.mesh
        facets = mesh.facets_of(name)
        region = np.repeat(facet_regions(mesh, facets), 2)
        sites = facet_sites(mesh, e.sites, facets).ravel()
        terminal = self._d.terminal_dof(name, self.model.carriers.index(carrier))
        total = 0.0
        for r in np.unique(region):
            material = self.model.materials[mesh.region_names[r]]
            if carrier not in {c.name for c in material.carriers}:
                continue
            here = sites[region == r]
            its = material.carrier(carrier)
            one = np.ones(len(here))
            y, v = (share[here] for share in e.occupied(carrier))
            states = [(None, e.volts[terminal] * one, one, one), (its, e.mu(carrier)[here], y, v)]
            density, size = transferred(law, states, e.kt)
            weight, dofs = measure[region == r], e.mu_dofs(carrier)[here]
            np.add.at(self.flow, dofs, -density * weight)
            np.add.at(self.flow_scale, dofs, size * weight)
            total += float((density * weight).sum())
        self.entering[name] = total

    def _labels(self) -> NDArray[np.int64]:
        """Return the first of the unknowns to which each one is tied, (n_dofs,)."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        n = self._d.n_dofs
        charges = [int(z) for z in self.evidence.solution.charge_number]
        pairs, _ = periodic_ties(self.model, charges)
        parts = [pairs]
        for conductor in self.model.floating:
            dofs = np.unique(self._d.site_phi[self.evidence.sites_in(conductor.region)])
            parts.append(np.column_stack([np.full(len(dofs), dofs[0]), dofs]).astype(np.int32))
        i, j = np.concatenate(parts).T
        if not len(i):
            return np.arange(n)
        graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n, n))
        _, part = connected_components(graph, directed=False)
        first = np.zeros(part.max() + 1, np.int64)
        first[part[::-1]] = np.arange(n)[::-1]
        return first[part]

    # What is held from outside has no balance of its own.

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """Whether a contact takes up what is left over at an unknown, (n_dofs,)."""
        mask = np.zeros(self._d.n_dofs, dtype=bool)
        for name, law in self.model.contacts.items():
            if isinstance(law, BlockingContact):
                continue
            if holds_potential(law):
                nodes = np.unique(self.model.mesh.facets_of(name))
                mask[self.label[self._d.phi_at(nodes.astype(np.int32))]] = True
            if isinstance(law, ReservoirContact) and law.kinetics is None:
                mask[self.label[exchange_dofs(self.model, name)]] = True
        return mask

    @cached_property
    def potential_defect(self) -> FloatArray:
        """By how much a potential alone would have to move for its balance [kT/e], (n_dofs,)."""
        return self._defect(self.gauss, self.charge_scale * self.evidence.kt)

    @cached_property
    def level_defect(self) -> FloatArray:
        """By how much a mu alone would have to move for its balance [kT], (n_dofs,)."""
        return self._defect(self.flow, self.flow_scale)

    def _defect(self, rest: FloatArray, scale: FloatArray) -> FloatArray:
        known = (scale > np.finfo(float).tiny) & ~self.held
        found = np.zeros(len(rest))
        found[known] = np.abs(rest[known]) / scale[known]
        return found

    def rounding(self, dofs: NDArray[np.int32]) -> float:
        """Return the current that rounding may leave over at some unknowns of mu [A/m] or [A]."""
        size = np.abs(self.evidence.volts[dofs]) / self.evidence.kt + 1.0
        return float(_ROUNDING * (size * self.flow_scale[self.label[dofs]]).sum())


def holds_potential(law: PotentialContact | ReservoirContact) -> bool:
    """Whether a contact holds phi on its nodes; across a compact layer it does not."""
    return law.potential is not None and law.compact_capacitance is None


def transferred(
    law: "TransferLaw",
    sides: Sequence[tuple[Carrier | None, FloatArray, FloatArray, FloatArray]],
    kt: float,
) -> tuple[FloatArray, FloatArray]:
    """Return the electric current density of a transfer law, and what one kT would drive [A/m2].

    Args:
        law: from the first side to the second.
        sides: carrier (None in an electrode), mu [eV], occupied and vacant share of both, (n,).
        kt: [eV].
    """
    (first, mu_1, y_1, v_1), (second, mu_2, y_2, v_2) = sides
    assert second is not None
    z = second.charge
    drive = mu_1 - mu_2
    if isinstance(law, ContactResistance):
        return drive / (z * law.resistance), np.full(len(drive), kt / (abs(z) * law.resistance))
    assert isinstance(law, ButlerVolmer)
    a = law.symmetry
    with np.errstate(over="ignore"):
        forward, backward = np.exp(a * drive / kt), np.exp((a - 1.0) * drive / kt)
        net = np.where(
            drive >= 0.0, -forward * np.expm1(-drive / kt), backward * np.expm1(drive / kt)
        )
    rate = np.full(len(drive), law.exchange_current)
    if law.occupancy:
        hops = (y_1 * v_2) ** (1.0 - a) * (y_2 * v_1) ** a
        rate = rate * hops / _bulk_hops(first, second, a)
    sign = np.sign(z)
    return sign * rate * net, rate * (a * forward + (1.0 - a) * backward)


def _bulk_hops(first: Carrier | None, second: Carrier, symmetry: float) -> float:
    """Return the occupancy factor of a transfer law at the bulk composition of both sides."""
    shares = []
    for its in (first, second):
        if its is None:
            shares.append((1.0, 1.0))
        else:
            empty = 1.0 - its.site_fraction if its.statistics.site_limited else 1.0
            shares.append((its.site_fraction, empty))
    (y_1, v_1), (y_2, v_2) = shares
    return float((y_1 * v_2) ** (1.0 - symmetry) * (y_2 * v_1) ** symmetry)
