"""Contacts, periodic sides and closed amounts as constraints on the unknowns of the core.

Here ill-posed problems are found before any solve: carriers without reservoir or inventory,
reservoirs that contradict each other, and parts without a reference potential.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.constants import Avogadro
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pyscl import _core
from pyscl.boundaries import PotentialContact, ReservoirContact
from pyscl.carriers import bulk_eta
from pyscl.discretize import FloatArray, IntArray
from pyscl.errors import InputError
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model

_SAME_POTENTIAL = 1e-9  # kT; reservoirs closer than this are in equilibrium


@dataclass(frozen=True)
class Component:
    """A connected part of one carrier: all its mu are equal in equilibrium.

    Attributes:
        carrier: number of the carrier.
        dofs: its dofs of mu.
        regions: names of the regions it spans.
        reservoirs: contact -> level of mu it imposes [kT], without bias.
        amount: the prescribed amount in scaled units, or None.
    """

    carrier: int
    dofs: IntArray
    regions: tuple[str, ...]
    reservoirs: dict[str, float]
    amount: float | None


class BoundaryConditions:
    """The constraints of a model, ready for any bias.

    Attributes:
        components: the connected parts of all carriers.
        ties: (k, 2) dofs tied by periodic sides; u[second] = u[first] + offset.
        tie_offset: (k,) [kT].
    """

    def __init__(self, model: "Model") -> None:
        """Find the connected parts and refuse problems without a unique solution.

        Raises:
            InputError: names the carrier, the regions and the remedy.
        """
        self.model = model
        self.d = model.discretized
        self._contact_nodes = {
            name: np.unique(model.mesh.facets_of(name))
            for name, law in model.contacts.items()
            if isinstance(law, PotentialContact | ReservoirContact)
        }
        self.ties, self.tie_offset = self._periodic_ties()
        self.components = [
            component
            for carrier in range(len(model.carriers))
            for component in self._components(carrier)
        ]
        self._pins_first_node = False
        self._check_inventories()
        self._check_reference()

    # Values that the contacts impose.

    def reservoir_level(self, name: str, law: ReservoirContact) -> float:
        """Return mu of a reservoir without bias [kT]."""
        kt = self.d.scaling.potential
        if law.electrochemical_potential != "neutral":
            return float(law.electrochemical_potential) / kt
        levels = {
            region: carrier.standard_potential / kt + bulk_eta(carrier)
            for region in self.model.regions_at(name)
            for carrier in self.model.materials[region].carriers
            if carrier.name == law.carrier
        }
        if max(levels.values()) - min(levels.values()) > _SAME_POTENTIAL:
            listing = ", ".join(f"{r}: {level * kt:.6g} eV" for r, level in levels.items())
            raise InputError(
                f"contact '{name}' touches regions with different neutral electrochemical "
                f"potentials of '{law.carrier}' ({listing}); give electrochemical_potential in eV"
            )
        return next(iter(levels.values()))

    def start_state(self) -> FloatArray:
        """Return a first guess u (n_dofs,): mu of the reservoirs or the bulk, neutral phi."""
        d, kt = self.d, self.d.scaling.potential
        u = np.zeros(d.n_dofs)
        for component in self.components:
            if component.reservoirs:
                level = next(iter(component.reservoirs.values()))
            else:
                material = self.model.materials[component.regions[0]]
                carrier = material.carrier(self.model.carriers[component.carrier])
                level = carrier.standard_potential / kt + bulk_eta(carrier)
            u[component.dofs] = level
        return d.core.neutral_potential(u)

    def _fixed_potentials(
        self, bias: Mapping[str, float]
    ) -> tuple[list[IntArray], list[FloatArray]]:
        dofs: list[IntArray] = []
        values: list[FloatArray] = []
        if self._pins_first_node:
            dofs.append(np.zeros(1, np.int32))
            values.append(np.zeros(1))
        kt = self.d.scaling.potential
        names: list[str] = []
        for name, law in self.model.contacts.items():
            if not isinstance(law, PotentialContact | ReservoirContact) or law.potential is None:
                continue
            nodes = self._contact_nodes[name]
            if law.potential == "neutral":
                assert isinstance(law, ReservoirContact)
                u = self.start_state()
                mine = self.d.dofs_at(self.model.carriers.index(law.carrier), nodes)
                u[mine] = self.reservoir_level(name, law)
                value = self.d.core.neutral_potential(u)[nodes]
            else:
                value = np.full(len(nodes), float(law.potential) / kt)
            dofs.append(nodes.astype(np.int32))
            values.append(value + bias.get(name, 0.0) / kt)
            names.append(name)
        first = len(dofs) - len(names)
        self._refuse_conflicts(names, dofs[first:], values[first:])
        return dofs, values

    def _fixed_reservoirs(
        self, bias: Mapping[str, float]
    ) -> tuple[list[IntArray], list[FloatArray]]:
        dofs, values, names = [], [], []
        for name, law in self.model.contacts.items():
            if isinstance(law, ReservoirContact):
                number = self.model.carriers.index(law.carrier)
                mine = self.d.dofs_at(number, self._contact_nodes[name])
                shift = self.charge(number) * bias.get(name, 0.0) / self.d.scaling.potential
                dofs.append(mine)
                values.append(np.full(len(mine), self.reservoir_level(name, law) + shift))
                names.append(name)
        self._refuse_conflicts(names, dofs, values)
        return dofs, values

    def _refuse_conflicts(
        self, names: list[str], dofs: list[IntArray], values: list[FloatArray]
    ) -> None:
        """Two contacts that share a node must hold it at the same potential."""
        held = list(zip(names, dofs, values, strict=True))
        for (name, mine, value), (other, theirs, their_value) in combinations(held, 2):
            shared, i, j = np.intersect1d(mine, theirs, return_indices=True)
            differ = np.flatnonzero(np.abs(value[i] - their_value[j]) > _SAME_POTENTIAL)
            if len(differ):
                kt, k = self.d.scaling.potential, differ[0]
                x, y = self.model.mesh.points[self.d.dof_node[shared[k]]]
                raise InputError(
                    f"contacts '{name}' and '{other}' share the node ({x:.4g}, {y:.4g}) m but hold "
                    f"it at {value[i[k]] * kt:.6g} V and {their_value[j[k]] * kt:.6g} V; leave a "
                    "gap between them or give both the same potential"
                )

    def charge(self, carrier: int) -> int:
        """Return the charge number of a carrier."""
        name = self.model.carriers[carrier]
        region = self.model.regions_with(name)[0]
        return self.model.materials[region].carrier(name).charge

    # Assemblies of the core.

    def equilibrium(self) -> _core.Assembly:
        """Return the equations of the equilibrium; reservoirs of one part must agree.

        Raises:
            InputError: connected reservoirs have different electrochemical potentials.
        """
        for component in self.components:
            levels = component.reservoirs
            if levels and max(levels.values()) - min(levels.values()) > _SAME_POTENTIAL:
                kt = self.d.scaling.potential
                listing = ", ".join(f"{c}: {v * kt + 0.0:.6f} eV" for c, v in levels.items())
                raise InputError(
                    f"no equilibrium: reservoirs of '{self.model.carriers[component.carrier]}' "
                    f"that are connected have different electrochemical potentials ({listing}); "
                    "give them one electrochemical_potential (eV), or compute a steady state"
                )
        if self._has_driven_carriers():
            raise InputError(
                "no equilibrium: a potential jump between periodic sides drives carriers through "
                "the cell; use steady()"
            )
        return self.frozen()

    def frozen(self) -> _core.Assembly:
        """Return equilibrium equations with every part at the level of its first reservoir."""
        dofs, values = self._fixed_potentials({})
        ties = [self.ties]
        offsets = [0.0 * self.tie_offset if self._has_driven_carriers() else self.tie_offset]
        inventories = []
        for component in self.components:
            if component.reservoirs:
                level = next(iter(component.reservoirs.values()))
                dofs.append(component.dofs)
                values.append(np.full(len(component.dofs), level))
                continue
            first, rest = component.dofs[:1], component.dofs[1:]
            ties.append(np.column_stack([np.repeat(first, len(rest)), rest]).astype(np.int32))
            offsets.append(np.zeros(len(rest)))
            inventories.append(self._inventory(component))
        return self._assembly(dofs, values, ties, offsets, inventories, _core.Balance.equilibrium)

    def steady(self, bias: Mapping[str, float]) -> _core.Assembly:
        """Return the equations of the steady state; `bias` in volts by contact."""
        dofs, values = self._fixed_potentials(bias)
        more_dofs, more_values = self._fixed_reservoirs(bias)
        inventories = [self._inventory(c) for c in self.components if not c.reservoirs]
        return self._assembly(
            dofs + more_dofs,
            values + more_values,
            [self.ties],
            [self.tie_offset],
            inventories,
            _core.Balance.steady,
        )

    def _assembly(
        self,
        dofs: list[IntArray],
        values: list[FloatArray],
        ties: list[IntArray],
        offsets: list[FloatArray],
        inventories: list[_core.Inventory],
        balance: _core.Balance,
    ) -> _core.Assembly:
        fixed = np.concatenate([*dofs, np.empty(0)]).astype(np.int32)
        constraints = _core.Constraints(
            self.d.core,
            fixed,
            np.concatenate([*values, np.empty(0)]).astype(float),
            np.ascontiguousarray(np.concatenate(ties), dtype=np.int32),
            np.concatenate(offsets).astype(float),
        )
        return _core.Assembly(self.d.core, constraints, inventories, balance)

    def _has_driven_carriers(self) -> bool:
        """Whether a potential jump between periodic sides acts on carriers."""
        on_carriers = self.ties[:, 0] >= self.d.n_nodes
        return bool(np.any(self.tie_offset[on_carriers] != 0.0))

    def _inventory(self, component: Component) -> _core.Inventory:
        assert component.amount is not None
        return _core.Inventory(component.carrier, component.dofs.tolist(), component.amount)

    # Connected parts.

    def _components(self, carrier: int) -> list[Component]:
        d, model = self.d, self.model
        corners = d.site_dofs[d.triangle_sites, carrier]
        corners = corners[corners[:, 0] >= 0]
        if not len(corners):
            return []
        ties = self.ties[np.isin(self.ties[:, 0], corners)]
        i = np.concatenate([corners[:, 0], corners[:, 1], ties[:, 0]])
        j = np.concatenate([corners[:, 1], corners[:, 2], ties[:, 1]])
        graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(d.n_dofs, d.n_dofs))
        _, label = connected_components(graph, directed=False)
        dof_of_site = d.site_dofs[:, carrier]
        found = []
        for part in np.unique(label[corners[:, 0]]):
            dofs = np.flatnonzero(label == part).astype(np.int32)
            sites = np.flatnonzero(np.isin(dof_of_site, dofs)).astype(np.int32)
            regions = tuple(model.mesh.region_names[r] for r in np.unique(d.site_region[sites]))
            reservoirs = {
                name: self.reservoir_level(name, law)
                for name, law in model.contacts.items()
                if isinstance(law, ReservoirContact)
                and model.carriers.index(law.carrier) == carrier
                and np.isin(d.dofs_at(carrier, self._contact_nodes[name]), dofs).any()
            }
            amount = self._amount(carrier, regions, sites, bool(reservoirs))
            found.append(Component(carrier, dofs, regions, reservoirs, amount))
        return found

    def _amount(
        self, carrier: int, regions: tuple[str, ...], sites: IntArray, has_reservoir: bool
    ) -> float | None:
        name = self.model.carriers[carrier]
        entries = [
            c for c in self.model.conserved if c.carrier == name and set(c.regions) & set(regions)
        ]
        place = ", ".join(regions)
        if has_reservoir:
            if entries:
                raise InputError(
                    f"carrier '{name}' in region {place} is both conserved and connected to a "
                    "reservoir; keep one of the two"
                )
            return None
        if not entries:
            raise InputError(
                f"carrier '{name}' in region {place} has neither a reservoir nor a given amount, "
                "so its level is undetermined; add a reservoir contact, or "
                f"conserved: [{{carrier: {name}, regions: [{place}], amount: neutral}}]"
            )
        if len(entries) > 1:
            raise InputError(f"the amount of '{name}' in region {place} is given twice")
        return self._scaled_amount(entries[0].amount, carrier, sites)

    def _scaled_amount(self, amount: str | float, carrier: int, sites: IntArray) -> float:
        d, model = self.d, self.model
        name = model.carriers[carrier]
        bulk = np.array(
            [
                model.materials[r].carrier(name).density if r in model.regions_with(name) else 0.0
                for r in model.mesh.region_names
            ]
        )
        capacity = np.array(
            [
                model.materials[r].carrier(name).site_density
                if r in model.regions_with(name)
                else 0.0
                for r in model.mesh.region_names
            ]
        )
        volume = d.site_volume[sites]
        neutral = float((volume * bulk[d.site_region[sites]]).sum()) / d.scaling.density
        if amount == "neutral":
            return neutral
        unit = "mol" if d.scaling.axisymmetric else "mol/m"
        scaled = parse(amount, unit) * Avogadro / (d.scaling.density * d.scaling.volume)
        room = float((volume * capacity[d.site_region[sites]]).sum()) / d.scaling.density
        if not 0.0 < scaled < room:
            per_unit = d.scaling.density * d.scaling.volume / Avogadro
            raise InputError(
                f"amount {amount} of '{name}' must lie between 0 and the {room * per_unit:.4g} "
                f"{unit} of its sites (the neutral amount is {neutral * per_unit:.4g} {unit})"
            )
        return scaled

    # Checks.

    def _check_inventories(self) -> None:
        """An amount given as a number belongs to one connected part only."""
        for entry in self.model.conserved:
            parts = [
                c
                for c in self.components
                if self.model.carriers[c.carrier] == entry.carrier
                and set(c.regions) & set(entry.regions)
            ]
            if entry.amount != "neutral" and len(parts) > 1:
                raise InputError(
                    f"the amount {entry.amount} of '{entry.carrier}' is given for {len(parts)} "
                    "separate parts; use amount: neutral, or give them different region names"
                )

    def _check_reference(self) -> None:
        """Every connected part of the mesh needs something that fixes its electric potential."""
        if any(
            isinstance(law, PotentialContact | ReservoirContact) and law.potential is not None
            for law in self.model.contacts.values()
        ):
            return
        if any(component.reservoirs for component in self.components):
            return  # mu is given, and neutrality relates phi to it
        if self.model.periodic:
            self._pins_first_node = True  # only potential differences have a meaning
            return
        raise InputError(
            f"no reference potential: nothing fixes the electric potential of region "
            f"{', '.join(self.model.mesh.region_names)}; add a contact with a potential or a "
            "reservoir"
        )

    def _periodic_ties(self) -> tuple[IntArray, FloatArray]:
        pairs: list[IntArray] = []
        offsets: list[FloatArray] = []
        for pair in self.model.periodic:
            first, second = self._matched_nodes(pair.sides)
            jump = pair.potential_jump / self.d.scaling.potential
            pairs.append(np.column_stack([first, second]))
            offsets.append(np.full(len(first), jump))
            for carrier in range(len(self.model.carriers)):
                a, b = self._matched_sites(first, second, carrier, pair.sides)
                pairs.append(np.column_stack([a, b]))
                offsets.append(np.full(len(a), self.charge(carrier) * jump))
        if not pairs:
            return np.empty((0, 2), np.int32), np.empty(0)
        return np.concatenate(pairs).astype(np.int32), np.concatenate(offsets)

    def _matched_nodes(self, sides: tuple[str, str]) -> tuple[IntArray, IntArray]:
        """Return the nodes of two sides in pairs that differ by one translation."""
        points = self.model.mesh.points
        nodes = [np.unique(self.model.mesh.facets_of(side)) for side in sides]
        if len(nodes[0]) != len(nodes[1]):
            raise InputError(
                f"periodic sides '{sides[0]}' and '{sides[1]}' have {len(nodes[0])} and "
                f"{len(nodes[1])} nodes; mesh them as copies of each other"
            )
        span = np.ptp(points, axis=0)
        direction = 0 if np.ptp(points[nodes[0], 0]) < np.ptp(points[nodes[0], 1]) else 1
        along = 1 - direction
        ordered = [n[np.argsort(points[n, along])] for n in nodes]
        shift = points[ordered[1]] - points[ordered[0]]
        if np.abs(shift - shift.mean(axis=0)).max() > 1e-6 * span.max():
            raise InputError(
                f"periodic side '{sides[1]}' is not a translated copy of '{sides[0]}'; mesh them "
                "as copies of each other"
            )
        return ordered[0].astype(np.int32), ordered[1].astype(np.int32)

    def _matched_sites(
        self, first: IntArray, second: IntArray, carrier: int, sides: tuple[str, str]
    ) -> tuple[IntArray, IntArray]:
        """Return the dofs of mu on paired nodes, matched region by region."""
        d = self.d
        lookup = [
            {
                (int(node), int(region)): int(dof)
                for node, region, dof in zip(
                    d.site_node[here],
                    d.site_region[here],
                    d.site_dofs[here, carrier],
                    strict=True,
                )
                if dof >= 0
            }
            for here in (np.isin(d.site_node, first), np.isin(d.site_node, second))
        ]
        partner = dict(zip(first.tolist(), second.tolist(), strict=True))
        pairs = set()
        for (node, region), dof in lookup[0].items():
            other = lookup[1].get((partner[node], region))
            if other is not None:
                pairs.add((dof, other))
        table = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)
        return table[:, 0], table[:, 1]
