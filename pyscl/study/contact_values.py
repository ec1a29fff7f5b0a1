"""What the contacts hold: levels of mu and electric potentials, in scaled units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pyscl.boundaries import PotentialContact, ReservoirContact
from pyscl.carriers import bulk_eta, bulk_potential
from pyscl.discretize import FloatArray, IntArray
from pyscl.errors import InputError
from pyscl.materials.electrodes import reference_electrode
from pyscl.study.components import SAME_LEVEL

if TYPE_CHECKING:
    from pyscl.model import Model

Held = dict[str, tuple[IntArray, FloatArray]]
"""Contact -> (dofs, values [kT or kT/e])."""


@dataclass(frozen=True)
class Ties:
    """Dofs that follow others: u[second] = factor * u[first] + offset.

    Attributes:
        pairs: (k, 2) first and second dof.
        factor: (k,) [1].
        offset: (k,) [kT or kT/e].
    """

    pairs: IntArray
    factor: FloatArray
    offset: FloatArray

    @classmethod
    def to(cls, first: int, second: IntArray, factor: float, offset: ArrayLike) -> "Ties":
        """Tie many dofs to one."""
        pairs = np.column_stack([np.full(len(second), first, np.int32), second]).astype(np.int32)
        return cls(pairs, np.full(len(pairs), factor), np.broadcast_to(offset, len(pairs)) * 1.0)

    @classmethod
    def join(cls, parts: "Sequence[Ties]") -> "Ties":
        """Put several lists of ties into one."""
        return cls(
            np.concatenate([np.empty((0, 2), np.int32), *(t.pairs for t in parts)]),
            np.concatenate([np.empty(0), *(t.factor for t in parts)]),
            np.concatenate([np.empty(0), *(t.offset for t in parts)]),
        )


class ContactValues:
    """The values that contacts hold, for any bias.

    The unknowns at a contact follow its terminal. The voltage of a terminal is the electric
    potential of the electrode: that of the contact without bias (`origin`), plus the bias.
    """

    def __init__(self, model: "Model", charges: list[int]) -> None:
        """Collect the contacts of a model; `charges` are the charge numbers of its carriers."""
        self._model = model
        self._charges = charges
        self._d = model.discretized
        self._rest: dict[str, tuple[IntArray, FloatArray]] = {}
        self.nodes = {name: np.unique(model.mesh.facets_of(name)) for name in model.contacts}
        self.reservoirs = {
            name: law for name, law in model.contacts.items() if isinstance(law, ReservoirContact)
        }

    def level(self, name: str) -> float:
        """Return mu of a reservoir without bias [kT].

        Raises:
            InputError: "neutral" is ambiguous, because regions with different bulks touch it.
        """
        law, kt = self.reservoirs[name], self._d.scaling.potential
        if law.electrochemical_potential == "open-circuit":
            return self._open_circuit_level(name) / kt
        if law.electrochemical_potential != "neutral":
            return float(law.electrochemical_potential) / kt
        levels = {
            region: carrier.standard_potential / kt + bulk_eta(carrier, self._model.temperature)
            for region in self._model.exchanging_regions(name)
            for carrier in self._model.materials[region].carriers
            if carrier.name == law.carrier
        }
        if max(levels.values()) - min(levels.values()) > SAME_LEVEL:
            listing = ", ".join(f"{r}: {level * kt:.6g} eV" for r, level in levels.items())
            raise InputError(
                f"contact '{name}' touches regions with different neutral electrochemical "
                f"potentials of '{law.carrier}' ({listing}); give electrochemical_potential in eV"
            )
        return next(iter(levels.values()))

    def _open_circuit_level(self, name: str) -> float:
        """Return mu_e [eV] at which the adjacent mixed conductor is in equilibrium with lithium."""
        law = self.reservoirs[name]
        levels = {}
        for region in self._model.exchanging_regions(name):
            carriers = self._model.materials[region].carriers
            if law.carrier not in {c.name for c in carriers}:
                continue
            if sorted(c.charge for c in carriers) != [-1, 1]:
                raise InputError(
                    f"contact '{name}' asks for the open-circuit level, but region '{region}' is "
                    "no mixed conductor of Li+ and electrons; give electrochemical_potential in eV"
                )
            levels[region] = sum(bulk_potential(c, self._model.temperature) for c in carriers)
        if max(levels.values()) - min(levels.values()) > SAME_LEVEL:
            listing = ", ".join(f"{r}: {level:.6g} eV" for r, level in levels.items())
            raise InputError(
                f"contact '{name}' touches regions with different open-circuit levels ({listing}); "
                "give electrochemical_potential in eV"
            )
        return next(iter(levels.values()))

    def shift(self, bias: Mapping[str, float]) -> dict[str, float]:
        """Return by how much each reservoir's mu moves under a bias [V], in kT."""
        return {
            name: self._charges[self._number(name)]
            * bias.get(name, 0.0)
            / self._d.scaling.potential
            for name in self.reservoirs
        }

    def held_levels(self, bias: Mapping[str, float]) -> Held:
        """Return the mu dofs that reservoirs hold, and their values under a bias [V].

        A reservoir with kinetics holds none: its level acts through the transfer law.
        """
        shift = self.shift(bias)
        held = {}
        for name, law in self.reservoirs.items():
            if law.kinetics is None:
                dofs = exchange_dofs(self._model, name)
                held[name] = (dofs, np.full(len(dofs), self.level(name) + shift[name]))
        self._refuse_conflicts(held)
        return held

    def held_potentials(self, bias: Mapping[str, float]) -> Held:
        """Return the phi dofs that contacts hold, and their values under a bias [V]."""
        kt = self._d.scaling.potential
        held = {}
        for name in self._d.terminals:
            law = self._model.contacts[name]
            assert isinstance(law, PotentialContact | ReservoirContact)
            if law.potential is None or law.compact_capacitance is not None:
                continue
            nodes, value = self._rest_potential(name)
            held[name] = (nodes, value + bias.get(name, 0.0) / kt)
        self._refuse_conflicts(held)
        return held

    def origin(self, name: str) -> float:
        """Return the voltage of a terminal without bias [kT/e]; 0 if it holds no potential."""
        law = self._model.contacts[name]
        assert isinstance(law, PotentialContact | ReservoirContact)
        if law.potential is None:
            return 0.0
        _, value = self._rest_potential(name)
        if law.compact_capacitance is not None and np.ptp(value) > 1e-6:
            raise InputError(
                f"contact '{name}' has a compact layer and touches regions with different neutral "
                "potentials; give its potential in V"
            )
        return float(value[0])

    def voltages(self, bias: Mapping[str, float]) -> Held:
        """Return the dof of every terminal's voltage and its value under a bias [V].

        Raises:
            InputError: contacts that share a node would hold it at different values.
        """
        self.held_potentials(bias)
        self.held_levels(bias)
        kt = self._d.scaling.potential
        return {
            name: (
                np.array([self._d.terminal_dof(name)], np.int32),
                np.array([self.origin(name) + bias.get(name, 0.0) / kt]),
            )
            for name in self._d.terminals
        }

    def electrode_voltage(self, name: str) -> float:
        """Return the voltage E0 of an electrode without bias [V].

        mu/(z e) of the carrier that a reservoir exchanges: minus the Fermi level over e for
        electrons, and 0 for lithium metal where mu = 0 there, or the potential of another electrode
        against lithium above mu/e; else its potential.
        """
        if name in self.reservoirs:
            level = self.level(name) / self._charges[self._number(name)]
            above = reference_electrode(self.reservoirs[name].electrode).voltage
            return level * self._d.scaling.potential + above
        return self.origin(name) * self._d.scaling.potential

    def bias_of(self, name: str, u: FloatArray) -> float:
        """Return the voltage [V] added to a contact in a state u (n_dofs,)."""
        added = float(u[self._d.terminal_dof(name)]) - self.origin(name)
        return added * self._d.scaling.potential

    def ties(self, *, levels: bool) -> Ties:
        """Return what follows the terminals: phi and, with `levels`, mu of what contacts hold."""
        parts = []
        for name in self._d.terminals:
            voltage, origin = self._d.terminal_dof(name), self.origin(name)
            exchanged = self._number(name) if name in self.reservoirs else None
            for number, charge in enumerate(self._charges):
                level = self.level(name) if number == exchanged else 0.0
                own = np.array([self._d.terminal_dof(name, number)], np.int32)
                parts.append(Ties.to(voltage, own, charge, level - charge * origin))
        held = [(self.held_potentials({}), 1)]
        if levels:
            held += [
                ({name: its}, self._charges[self._number(name)])
                for name, its in self.held_levels({}).items()
            ]
        for group, charge in held:
            for name, (dofs, value) in group.items():
                offset = value - charge * self.origin(name)
                parts.append(Ties.to(self._d.terminal_dof(name), dofs, charge, offset))
        return Ties.join(parts)

    def _rest_potential(self, name: str) -> tuple[IntArray, FloatArray]:
        """Return the phi dofs at a contact and its potential there without bias [kT/e]."""
        if name not in self._rest:  # asked for in every time step
            law = self._model.contacts[name]
            assert isinstance(law, PotentialContact | ReservoirContact)
            dofs = self._d.phi_at(self.nodes[name])
            if law.potential == "neutral":
                value = self._neutral_potential(name)
            else:
                volts = float(law.potential or 0.0)
                value = np.full(len(dofs), volts / self._d.scaling.potential)
            self._rest[name] = (dofs, value)
        return self._rest[name]

    def _number(self, name: str) -> int:
        return self._model.carriers.index(self.reservoirs[name].carrier)

    def _neutral_potential(self, name: str) -> FloatArray:
        """Return phi on the dofs of a reservoir that makes the adjacent region neutral."""
        d, nodes = self._d, self.nodes[name]
        phi = d.phi_at(nodes)
        u = np.zeros(d.n_dofs)
        conducting = np.zeros(len(phi), dtype=bool)
        for number, carrier in enumerate(self._model.carriers):
            here = d.dofs_at(number, nodes)
            if not len(here):
                continue
            conducting |= np.isin(d.dof_node[phi], d.dof_node[here])
            source = next(
                (
                    other
                    for other, law in self.reservoirs.items()
                    if law.carrier == carrier and np.isin(nodes, self.nodes[other]).all()
                ),
                None,
            )
            if source is None:
                raise InputError(
                    f"contact '{name}' asks for a neutral potential, but nothing fixes carrier "
                    f"'{carrier}' there; leave its potential out (then no charge sits on it) or "
                    "give a number"
                )
            u[here] = self.level(source)
        value = d.core.neutral_potential(u)[phi]
        if np.isnan(value[conducting]).any():
            raise InputError(
                f"contact '{name}' asks for a neutral potential, but no potential makes its "
                "carriers neutralise the fixed charge there; give a number, or check "
                "background_charge"
            )
        spread = np.ptp(value[conducting])
        if spread > 1e-6 and len(self._model.regions_at(name)) > 1:
            kt = d.scaling.potential
            raise InputError(
                f"contact '{name}' touches regions whose neutral potentials differ by "
                f"{spread * kt:.4g} V; give one potential in V, or split the contact"
            )
        value[~conducting] = value[conducting].mean()
        return value

    def _refuse_conflicts(self, held: Held) -> None:
        """Two contacts that share a dof must hold it at the same value."""
        for (name, (mine, value)), (other, (theirs, their_value)) in combinations(held.items(), 2):
            shared, i, j = np.intersect1d(mine, theirs, return_indices=True)
            differ = np.flatnonzero(np.abs(value[i] - their_value[j]) > SAME_LEVEL)
            if len(differ):
                kt, k = self._d.scaling.potential, differ[0]
                x, y = self._model.mesh.points[self._d.dof_node[shared[k]]]
                raise InputError(
                    f"contacts '{name}' and '{other}' share the node ({x:.4g}, {y:.4g}) m but hold "
                    f"it at {value[i[k]] * kt:.6g} V and {their_value[j[k]] * kt:.6g} V; leave a "
                    "gap between them or give both the same potential"
                )


def exchange_dofs(model: "Model", contact: str) -> IntArray:
    """Return the mu dofs of the carrier that a reservoir exchanges, where it does so."""
    law, d = model.contacts[contact], model.discretized
    assert isinstance(law, ReservoirContact)
    number = model.carriers.index(law.carrier)
    if law.feeds:
        return d.dofs_in(number, [model.mesh.region_names.index(r) for r in law.feeds])
    return d.dofs_at(number, np.unique(model.mesh.facets_of(contact)))
