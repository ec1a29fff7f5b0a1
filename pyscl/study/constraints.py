"""Contacts, periodic sides and closed amounts as constraints on the unknowns of the core.

Ill-posed problems are found here, before any solve: carriers without reservoir or inventory,
reservoirs that contradict each other, and parts without a reference potential.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pyscl import _core
from pyscl.boundaries import PotentialContact, ReservoirContact
from pyscl.carriers import bulk_eta
from pyscl.discretize import FloatArray, IntArray
from pyscl.errors import InputError
from pyscl.study.components import Component, find_components, level_for_amount
from pyscl.study.contact_values import ContactValues
from pyscl.study.periodic import periodic_ties

if TYPE_CHECKING:
    from pyscl.model import Model


class BoundaryConditions:
    """The constraints of a model, ready for any bias.

    Attributes:
        components: the connected parts of all carriers.
        contacts: what the contacts hold.
    """

    def __init__(self, model: "Model") -> None:
        """Find the connected parts and refuse problems without a unique solution.

        Raises:
            InputError: names the carrier, the regions and the remedy.
        """
        self._model = model
        self._d = model.discretized
        charges = [_charge(model, name) for name in model.carriers]
        self._charges = charges
        self.contacts = ContactValues(model, charges)
        self._ties, self._tie_offset = periodic_ties(model, charges)
        self.components = [
            component
            for number, carrier in enumerate(model.carriers)
            for component in find_components(
                model,
                number,
                self._ties,
                {
                    name: (
                        self._d.dofs_at(number, self.contacts.nodes[name]),
                        self.contacts.level(name),
                    )
                    for name, law in self.contacts.reservoirs.items()
                    if law.carrier == carrier
                },
            )
        ]
        self._pins_first_node = self._needs_pin()

    def start_state(self) -> FloatArray:
        """Return a first guess u (n_dofs,): mu of the reservoirs or the bulk, neutral phi.

        Closed parts get the level that gives them their amount, with the contacts' phi put in.
        """
        d, kt = self._d, self._d.scaling.potential
        u = np.zeros(d.n_dofs)
        for component in self.components:
            if component.reservoirs:
                level = next(iter(component.reservoirs.values()))
            else:
                material = self._model.materials[component.regions[0]]
                carrier = material.carrier(self._model.carriers[component.carrier])
                level = carrier.standard_potential / kt + bulk_eta(carrier)
            u[component.dofs] = level
        u = np.nan_to_num(d.core.neutral_potential(u))
        for nodes, value in self.contacts.held_potentials({}).values():
            u[nodes] = value
        for component in self.components:
            if not component.reservoirs:
                u[component.dofs] = level_for_amount(self._model, component, u)
        return u

    def equilibrium(self) -> _core.Assembly:
        """Return the equations of the equilibrium; reservoirs of one part must agree.

        Raises:
            InputError: connected reservoirs have different electrochemical potentials.
        """
        for component in self.components:
            if not component.has_one_level({}):
                kt = self._d.scaling.potential
                listing = ", ".join(
                    f"{c}: {v * kt + 0.0:.6f} eV" for c, v in component.reservoirs.items()
                )
                raise InputError(
                    f"no equilibrium: reservoirs of '{self._model.carriers[component.carrier]}' "
                    f"that are connected have different electrochemical potentials ({listing}); "
                    "give them one electrochemical_potential (eV), or compute a steady state"
                )
        if any(self._is_driven(component) for component in self.components):
            raise InputError(
                "no equilibrium: a potential jump between periodic sides drives carriers through "
                "the cell; use steady()"
            )
        return self.frozen()

    def frozen(self) -> _core.Assembly:
        """Return equilibrium equations with every part at the level of its first reservoir."""
        driven = any(self._is_driven(component) for component in self.components)
        offset = 0.0 * self._tie_offset if driven else self._tie_offset
        return self._assembly({}, self.components, offset, _core.Balance.equilibrium)

    def steady(self, bias: Mapping[str, float]) -> _core.Assembly:
        """Return the equations of the steady state; `bias` in volts by contact.

        A part whose reservoirs agree, or that has none, carries no current: its mu is uniform, and
        is held so exactly. Without any current the equations are those of an equilibrium.
        """
        uniform = self._uniform(bias)
        everything = len(uniform) == len(self.components)
        balance = _core.Balance.equilibrium if everything else _core.Balance.steady
        return self._assembly(bias, uniform, self._tie_offset, balance)

    def predictor(self, bias: Mapping[str, float], u: FloatArray) -> _core.Assembly | None:
        """Return convex equations for a first guess under a bias, where one helps.

        Parts without current take their new level, the mu of the others stay as they are in u, and
        phi follows. None if all parts carry current, or if a jump between periodic sides drives.
        """
        uniform = self._uniform(bias)
        if not uniform or np.any(self._tie_offset != 0.0):
            return None
        return self._assembly(bias, uniform, self._tie_offset, _core.Balance.equilibrium, still=u)

    def _uniform(self, bias: Mapping[str, float]) -> list[Component]:
        """The parts that carry no current under a bias."""
        shift = self.contacts.shift(bias)
        return [c for c in self.components if c.has_one_level(shift) and not self._is_driven(c)]

    def _assembly(
        self,
        bias: Mapping[str, float],
        uniform: list[Component],
        tie_offset: FloatArray,
        balance: _core.Balance,
        still: FloatArray | None = None,
    ) -> _core.Assembly:
        """Build the equations with the given parts at one level each, others as in `still`."""
        shift = self.contacts.shift(bias)
        dofs: list[IntArray] = [np.empty(0, np.int32)]
        values: list[FloatArray] = [np.empty(0)]
        ties, offsets, inventories = [self._ties], [tie_offset], []
        held = list(self.contacts.held_potentials(bias).values())
        levels = list(self.contacts.held_levels(bias).values())
        if balance == _core.Balance.steady:
            held += levels
        if self._pins_first_node:
            held.append((np.zeros(1, np.int32), np.zeros(1)))
        for component in self.components:
            if component.amount is not None:
                inventories.append(
                    _core.Inventory(component.carrier, component.dofs.tolist(), component.amount)
                )
            if component not in uniform:
                if still is not None:
                    taken = np.concatenate([dofs for dofs, _ in levels])
                    rest = np.setdiff1d(component.dofs, taken).astype(np.int32)
                    held += [*levels, (rest, still[rest])]
                continue
            if component.reservoirs:
                name, level = next(iter(component.reservoirs.items()))
                level += shift.get(name, 0.0)
                held.append((component.dofs, np.full(len(component.dofs), level)))
            else:
                first, rest = component.dofs[:1], component.dofs[1:]
                ties.append(np.column_stack([np.repeat(first, len(rest)), rest]))
                offsets.append(np.zeros(len(rest)))
        for some, value in held:
            dofs.append(some)
            values.append(value)
        constraints = _core.Constraints(
            self._d.core,
            np.concatenate(dofs).astype(np.int32),
            np.concatenate(values).astype(float),
            np.ascontiguousarray(np.concatenate(ties), dtype=np.int32),
            np.concatenate(offsets).astype(float),
        )
        return _core.Assembly(self._d.core, constraints, inventories, balance)

    def _is_driven(self, component: Component) -> bool:
        """Whether a potential jump between periodic sides acts on a part."""
        mine = np.isin(self._ties[:, 0], component.dofs)
        return bool(np.any(self._tie_offset[mine] != 0.0))

    def _needs_pin(self) -> bool:
        """Whether phi is free up to a constant, which is allowed in neutral periodic cells.

        Raises:
            InputError: nothing fixes the potential, or the closed cell is charged.
        """
        holds_potential = any(
            isinstance(law, PotentialContact | ReservoirContact) and law.potential is not None
            for law in self._model.contacts.values()
        )
        if holds_potential or any(component.reservoirs for component in self.components):
            return False  # given mu relates phi to it by neutrality
        if not self._model.periodic:
            raise InputError(
                f"no reference potential: nothing fixes the electric potential of region "
                f"{', '.join(self._model.mesh.region_names)}; add a contact with a potential or a "
                "reservoir"
            )
        d = self._d
        parts = [
            d.site_volume * d.background,
            d.node_charge,
            np.array([self._charges[c.carrier] * (c.amount or 0.0) for c in self.components]),
        ]
        total = sum(float(p.sum()) for p in parts)
        size = sum(float(np.abs(p).sum()) for p in parts)
        if abs(total) > 1e-9 * size:
            unit = "C" if d.scaling.axisymmetric else "C/m"
            raise InputError(
                f"the periodic cell holds a net charge of {total * d.scaling.charge:.4g} {unit}, "
                "and no contact can take it; make background, amounts and surface charges neutral"
            )
        return True


def _charge(model: "Model", carrier: str) -> int:
    return model.materials[model.regions_with(carrier)[0]].carrier(carrier).charge
