"""Contacts, periodic sides and closed amounts as constraints on the unknowns of the core.

Ill-posed problems are found here, before any solve: carriers without reservoir or inventory,
reservoirs that contradict each other, and parts without a reference potential.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pyscl import _core
from pyscl.boundaries import PotentialContact, ReservoirContact
from pyscl.carriers import bulk_eta
from pyscl.discretize import FloatArray
from pyscl.errors import InputError
from pyscl.polarization import MEMORY, held_polarization
from pyscl.study.components import Component, find_components, level_for_amount
from pyscl.study.contact_values import ContactValues, Ties, exchange_dofs
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
        pairs, jumps = periodic_ties(model, charges)
        self._jumps = Ties(pairs, np.ones(len(pairs)), jumps)
        self._conductors = self._equipotentials()
        self.components = [
            component
            for number, carrier in enumerate(model.carriers)
            for component in find_components(
                model,
                number,
                pairs,
                {
                    name: (exchange_dofs(model, name), self.contacts.level(name))
                    for name, law in self.contacts.reservoirs.items()
                    if law.carrier == carrier
                },
            )
        ]
        self._pins_first_node = self._needs_pin()
        # What the equations of the core leave alone, and P at boundaries where it is 0.
        core = self._d.core
        self._held_polarization = np.concatenate(
            [np.flatnonzero(core.dof_carrier == MEMORY), held_polarization(model, core)]
        ).astype(np.int32)

    def start_state(self) -> FloatArray:
        """Return a first guess u (n_dofs,) [scaled]: mu of the reservoirs or the bulk, neutral phi.

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
                level = carrier.standard_potential / kt + bulk_eta(carrier, self._model.temperature)
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

    @cached_property
    def at_rest(self) -> _core.Assembly:
        """The equations of `frozen`, made once."""
        return self.frozen()

    def frozen(self) -> _core.Assembly:
        """Return equilibrium equations with every part at the level of its first reservoir."""
        driven = any(self._is_driven(component) for component in self.components)
        jumps = replace(self._jumps, offset=0.0 * self._jumps.offset) if driven else self._jumps
        return self._assembly({}, self.components, jumps, _core.Balance.equilibrium)

    def steady(
        self, bias: Mapping[str, float], currents: Mapping[str, float] | None = None
    ) -> _core.Assembly:
        """Return the equations of the steady state.

        A part whose reservoirs agree, or that has none, carries no current: its mu is uniform, and
        is held so exactly. Without any current the equations are those of an equilibrium.

        Args:
            bias: contact -> voltage added to it [V].
            currents: contact -> current into the model, A/m or A, instead of its voltage.

        Raises:
            InputError: a contact with a given current shares unknowns with another contact.
        """
        currents = currents or {}
        self._check_currents(currents)
        uniform = self._uniform(bias, currents)
        everything = len(uniform) == len(self.components) and not currents
        balance = _core.Balance.equilibrium if everything else _core.Balance.steady
        return self._assembly(bias, uniform, self._jumps, balance, currents)

    def steady_map(self, bias: Mapping[str, float]) -> _core.Constraints:
        """Return the map u = T z + g from the free unknowns of `steady` to all unknowns."""
        uniform = self._uniform(bias, {})
        balance = (
            _core.Balance.equilibrium
            if len(uniform) == len(self.components)
            else _core.Balance.steady
        )
        return self._constraints(bias, uniform, self._jumps, balance)[0]

    def predictor(
        self, bias: Mapping[str, float], u: FloatArray, currents: Mapping[str, float] | None = None
    ) -> _core.Assembly | None:
        """Return convex equations for a first guess under a bias, where one helps.

        Parts without current take their new level, the mu of the others stay as they are in u, and
        phi follows. None if all parts carry current, or if a jump between periodic sides or a
        given current drives.
        """
        uniform = self._uniform(bias, {})
        if not uniform or np.any(self._jumps.offset != 0.0) or currents:
            return None
        return self._assembly(bias, uniform, self._jumps, _core.Balance.equilibrium, still=u)

    def transient(
        self, bias: Mapping[str, float], contact: str, currents: Mapping[str, float]
    ) -> _core.Assembly:
        """Return the equations in time for a contact whose voltage or current changes.

        Args:
            bias: contact -> voltage added to it [V].
            contact: the contact that is driven.
            currents: contact -> current into the model [A/m] or [A], where the voltage is free.

        Raises:
            InputError: a driven contact shares unknowns with another contact, or none is left that
                fixes the potential.
        """
        self._check_own_nodes([contact])
        self._check_currents(currents)
        return self._assembly(bias, [], self._jumps, _core.Balance.transient, currents)

    def small_signal(self) -> _core.Assembly:
        """Return the equations in time with the voltages of all terminals free.

        Contacts that share unknowns are tied to each other. The amounts of closed parts are
        equations of their own: the sum of their balances, in which slow storage would drown in the
        rounding of fast flows.
        """
        currents = dict.fromkeys(self._d.terminals, 0.0)
        return self._assembly(
            {}, [], self._jumps, _core.Balance.transient, currents, inventories=True
        )

    def _check_own_nodes(self, contacts: Iterable[str]) -> None:
        """Refuse contacts that are driven but share unknowns with another contact."""
        held = [*self.contacts.held_levels({}).items(), *self.contacts.held_potentials({}).items()]
        for name in contacts:
            mine = np.concatenate([np.empty(0, np.int32), *(d for n, (d, _) in held if n == name)])
            for other, (dofs, _) in held:
                if other != name and np.isin(dofs, mine).any():
                    raise InputError(
                        f"contacts '{name}' and '{other}' share a node, so that neither voltage "
                        f"nor current can be given to '{name}' alone; leave a gap between them"
                    )

    def _check_currents(self, currents: Mapping[str, float]) -> None:
        self._check_own_nodes(currents)
        if currents and set(self._d.terminals) <= set(currents):
            raise InputError(
                "every contact has a given current, so nothing fixes the potential; hold the "
                "voltage of one contact"
            )

    def _uniform(self, bias: Mapping[str, float], currents: Mapping[str, float]) -> list[Component]:
        """The parts that carry no current under a bias."""
        shift = self.contacts.shift(bias)
        return [
            c
            for c in self.components
            if c.has_one_level(shift)
            and not self._is_driven(c)
            and not any(name in currents for name in c.reservoirs)
        ]

    def _assembly(
        self,
        bias: Mapping[str, float],
        uniform: list[Component],
        jumps: Ties,
        balance: _core.Balance,
        currents: Mapping[str, float] | None = None,
        still: FloatArray | None = None,
        *,
        inventories: bool = False,
    ) -> _core.Assembly:
        """Build the equations with the given parts at one level each, others as in `still`.

        Closed amounts are conserved by the balances in time themselves; `inventories` asks for
        them as equations there, too.
        """
        d, currents = self._d, currents or {}
        constraints, amounts = self._constraints(
            bias, uniform, jumps, balance, currents, still, inventories=inventories
        )
        terminals = [
            _core.DrivenTerminal(d.terminal_dof(name), current / d.scaling.current)
            for name, current in currents.items()
        ]
        return _core.Assembly(d.core, constraints, amounts, terminals, balance)

    def _constraints(
        self,
        bias: Mapping[str, float],
        uniform: list[Component],
        jumps: Ties,
        balance: _core.Balance,
        currents: Mapping[str, float] | None = None,
        still: FloatArray | None = None,
        *,
        inventories: bool = False,
    ) -> tuple[_core.Constraints, list[_core.Inventory]]:
        """Return what is held and tied in `_assembly`, and the closed amounts."""
        d, currents = self._d, currents or {}
        shift = self.contacts.shift(bias)
        moving = balance != _core.Balance.equilibrium
        ties = [jumps, self._conductors, self.contacts.ties(levels=moving)]
        held = [its for name, its in self.contacts.voltages(bias).items() if name not in currents]
        held.append((self._held_polarization, np.zeros(len(self._held_polarization))))
        amounts = []
        if self._pins_first_node:
            held.append((np.zeros(1, np.int32), np.zeros(1)))
        in_time = balance == _core.Balance.transient
        for component in self.components if inventories or not in_time else ():
            if component.amount is not None:
                amounts.append(
                    _core.Inventory(component.carrier, component.dofs.tolist(), component.amount)
                )
            if component not in uniform:
                if still is not None:
                    levels = list(self.contacts.held_levels(bias).values())
                    taken = np.concatenate([np.empty(0, np.int32), *(dofs for dofs, _ in levels)])
                    rest = np.setdiff1d(component.dofs, taken).astype(np.int32)
                    held += [*levels, (rest, still[rest])]
                continue
            if component.reservoirs:
                name, level = next(iter(component.reservoirs.items()))
                level += shift.get(name, 0.0)
                held.append((component.dofs, np.full(len(component.dofs), level)))
            else:
                ties.append(Ties.to(int(component.dofs[0]), component.dofs[1:], 1.0, 0.0))
        tied = Ties.join(ties)
        constraints = _core.Constraints(
            d.core,
            np.concatenate([np.empty(0, np.int32), *(dofs for dofs, _ in held)]).astype(np.int32),
            np.concatenate([np.empty(0), *(values for _, values in held)]),
            np.ascontiguousarray(tied.pairs),
            tied.factor,
            tied.offset,
        )
        return constraints, amounts

    def _equipotentials(self) -> Ties:
        """Tie the phi of every floating conductor together.

        Raises:
            InputError: a conductor touches a contact or another conductor.
        """
        d, parts = self._d, []
        taken: dict[int, str] = {
            int(dof): f"contact '{name}'"
            for name, (dofs, _) in self.contacts.held_potentials({}).items()
            for dof in dofs
        }
        for conductor in self._model.floating:
            number = self._model.mesh.region_names.index(conductor.region)
            dofs = np.unique(d.site_phi[d.site_region == number])
            for dof in dofs.tolist():
                if dof in taken:
                    raise InputError(
                        f"floating conductor '{conductor.region}' touches {taken[dof]}, so that "
                        "its potential is not its own; leave a gap, or do not let it float"
                    )
                taken[dof] = f"floating conductor '{conductor.region}'"
            parts.append(Ties.to(int(dofs[0]), dofs[1:], 1.0, 0.0))
        return Ties.join(parts)

    def _is_driven(self, component: Component) -> bool:
        """Whether a potential jump between periodic sides acts on a part."""
        mine = np.isin(self._jumps.pairs[:, 0], component.dofs)
        return bool(np.any(self._jumps.offset[mine] != 0.0))

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
            d.fixed_charge,
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
