"""What the contacts hold: levels of mu and electric potentials, in scaled units."""

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from pyscl.boundaries import PotentialContact, ReservoirContact
from pyscl.carriers import bulk_eta
from pyscl.discretize import FloatArray, IntArray
from pyscl.errors import InputError
from pyscl.study.components import SAME_LEVEL

if TYPE_CHECKING:
    from pyscl.model import Model

Held = dict[str, tuple[IntArray, FloatArray]]
"""Contact -> (dofs, values [kT or kT/e])."""


class ContactValues:
    """The values that contacts hold, for any bias."""

    def __init__(self, model: "Model", charges: list[int]) -> None:
        """Collect the contacts of a model; `charges` are the charge numbers of its carriers."""
        self._model = model
        self._charges = charges
        self._d = model.discretized
        self._neutral: dict[str, FloatArray] = {}
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
        if law.electrochemical_potential != "neutral":
            return float(law.electrochemical_potential) / kt
        levels = {
            region: carrier.standard_potential / kt + bulk_eta(carrier)
            for region in self._model.regions_at(name)
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

    def shift(self, bias: Mapping[str, float]) -> dict[str, float]:
        """Return by how much each reservoir's mu moves under a bias [V], in kT."""
        return {
            name: self._charges[self._number(name)]
            * bias.get(name, 0.0)
            / self._d.scaling.potential
            for name in self.reservoirs
        }

    def held_levels(self, bias: Mapping[str, float]) -> Held:
        """Return the mu dofs that reservoirs hold, and their values under a bias [V]."""
        shift = self.shift(bias)
        held = {}
        for name in self.reservoirs:
            dofs = self._d.dofs_at(self._number(name), self.nodes[name])
            held[name] = (dofs, np.full(len(dofs), self.level(name) + shift[name]))
        self._refuse_conflicts(held)
        return held

    def held_potentials(self, bias: Mapping[str, float]) -> Held:
        """Return the phi dofs that contacts hold, and their values under a bias [V]."""
        kt = self._d.scaling.potential
        held = {}
        for name, law in self._model.contacts.items():
            if not isinstance(law, PotentialContact | ReservoirContact) or law.potential is None:
                continue
            nodes = self.nodes[name].astype(np.int32)
            if law.potential == "neutral":
                if name not in self._neutral:
                    self._neutral[name] = self._neutral_potential(name)
                value = self._neutral[name]
            else:
                value = np.full(len(nodes), float(law.potential) / kt)
            held[name] = (nodes, value + bias.get(name, 0.0) / kt)
        self._refuse_conflicts(held)
        return held

    def _number(self, name: str) -> int:
        return self._model.carriers.index(self.reservoirs[name].carrier)

    def _neutral_potential(self, name: str) -> FloatArray:
        """Return phi on the nodes of a reservoir that makes the adjacent region neutral."""
        d, nodes = self._d, self.nodes[name]
        u = np.zeros(d.n_dofs)
        conducting = np.zeros(len(nodes), dtype=bool)
        for number, carrier in enumerate(self._model.carriers):
            here = d.dofs_at(number, nodes)
            if not len(here):
                continue
            conducting |= np.isin(nodes, d.dof_node[here])
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
        value = d.core.neutral_potential(u)[nodes]
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
