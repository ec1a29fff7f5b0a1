"""Currents and charges of the contacts of a solution."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pyscl.boundaries import BlockingContact, ContactLaw, PotentialContact, ReservoirContact
from pyscl.discretize import FloatArray, IntArray
from pyscl.errors import unknown_name
from pyscl.facets import facet_measure
from pyscl.study.contact_values import exchange_dofs

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.postprocess.interfaces import SideResult
    from pyscl.solution import Solution


@dataclass(frozen=True)
class ContactResult:
    """What flows into the model through a contact.

    Attributes:
        currents: carrier -> electric current into the model, [A/m] of depth in planar and [A] in
            axisymmetric coordinates.
        displacement: current that charges the contact, in the same unit; 0 in a steady state.
        charge: charge on the contact, C/m or C: what the normal displacement ends on.
        unit: "A/m" or "A".
    """

    currents: dict[str, float]
    displacement: float
    charge: float
    unit: str
    _source: "tuple[Solution, str] | None" = field(default=None, repr=False, compare=False)

    @cached_property
    def sides(self) -> "tuple[SideResult, ...]":
        """The space charge layers at an electrode or charged side, one per region that it touches.

        None at a contact that holds no potential or the neutral one.
        """
        from pyscl.postprocess.interfaces import side_result
        from pyscl.postprocess.zones import charged_sides

        if self._source is None:
            return ()
        solution, name = self._source
        if name not in charged_sides(solution.model):
            return ()
        return tuple(side_result(solution, name, r) for r in solution.model.regions_at(name))

    @property
    def current(self) -> float:
        """Total current into the model, in `unit`."""
        return sum(self.currents.values()) + self.displacement


@dataclass(frozen=True, eq=False)
class ContactDofs:
    """The unknowns whose equations a contact replaces: their rows are what flows through it.

    Nodes that several contacts hold are shared by facet length.

    Attributes:
        phi: (k,) dofs of phi that it holds, and the voltage of its terminal.
        phi_share: (k,) its share in each of them.
        mu: carrier number -> dofs of mu that it holds, and mu in its terminal.
        mu_share: carrier number -> its share in each of them.
    """

    phi: IntArray
    phi_share: FloatArray
    mu: dict[int, IntArray]
    mu_share: dict[int, FloatArray]

    def charge(self, rows: FloatArray) -> float:
        """Return the sum of the phi rows, in scaled units."""
        return float((rows[self.phi] * self.phi_share).sum())

    def outflow(self, rows: FloatArray, carrier: int) -> float:
        """Return the sum of the rows of a carrier, in scaled units."""
        if carrier not in self.mu:
            return 0.0
        return float((rows[self.mu[carrier]] * self.mu_share[carrier]).sum())


def contact_dofs(model: "Model", name: str) -> ContactDofs:
    """Return the unknowns behind a contact or a periodic side.

    Raises:
        InputError: there is no such facet group.
    """
    if name not in model.mesh.facet_names:
        raise unknown_name("contact", name, model.mesh.facet_names)
    d, law = model.discretized, model.contacts.get(name)
    periodic = any(name in pair.sides for pair in model.periodic)
    nodes = np.unique(model.mesh.facets_of(name)).astype(np.int32)
    none: tuple[IntArray, FloatArray] = (np.empty(0, np.int32), np.empty(0))

    def held(
        dofs: IntArray, holders: list[str], terminal: int | None
    ) -> tuple[IntArray, FloatArray]:
        share = shares(model, name, holders)[d.dof_node[dofs]]
        if terminal is None:
            return dofs, share
        return np.append(dofs, np.int32(terminal)), np.append(share, 1.0)

    phi = none
    if periodic:
        phi = held(d.phi_at(nodes), [name], None)
    elif name in d.terminals:
        holders = [n for n, its in model.contacts.items() if holds_potential(its)]
        dofs = d.phi_at(nodes) if name in holders else none[0]
        phi = held(dofs, holders or [name], d.terminal_dof(name))
    mu: dict[int, IntArray] = {}
    mu_share: dict[int, FloatArray] = {}
    for number, carrier in enumerate(model.carriers):
        if periodic:
            mu[number], mu_share[number] = held(d.dofs_at(number, nodes), [name], None)
        elif isinstance(law, ReservoirContact) and law.carrier == carrier:
            terminal = d.terminal_dof(name, number)
            if law.feeds:
                dofs = np.append(exchange_dofs(model, name), np.int32(terminal))
                mu[number], mu_share[number] = dofs, np.ones(len(dofs))
                continue
            holders = [
                other
                for other, its in model.contacts.items()
                if isinstance(its, ReservoirContact)
                and its.carrier == carrier
                and its.kinetics is None
                and not its.feeds
            ]
            dofs = exchange_dofs(model, name) if name in holders else none[0]
            mu[number], mu_share[number] = held(dofs, holders or [name], terminal)
    return ContactDofs(*phi, mu, mu_share)


def contact_result(solution: "Solution", name: str) -> ContactResult:
    """Return currents and charge of a contact or a periodic side.

    They are rows of the discrete balance laws: a reservoir passes its carrier, a contact that
    holds a potential carries the charge on which the displacement ends, a blocking contact its
    surface charge, and a side without law nothing. Nodes that several contacts hold are shared
    by facet length. The currents of all contacts add up to zero up to rounding, which at a contact
    that conducts well is about 1e-14 of the current that one kT/e would drive through an element;
    read smaller currents where the model conducts less.

    Raises:
        InputError: there is no such facet group.
    """
    model = solution.model
    scaling = model.discretized.scaling
    dofs = contact_dofs(model, name)
    currents = {
        carrier: dofs.outflow(solution.rates, number)
        * solution.charge_number[number]
        * scaling.current
        for number, carrier in enumerate(model.carriers)
    }
    charge = dofs.charge(solution.rows) * scaling.charge
    law = model.contacts.get(name)
    if isinstance(law, BlockingContact):
        measure = facet_measure(model, model.mesh.facets_of(name)).sum()
        charge = float(law.surface_charge * measure)
    displacement = dofs.charge(solution.rates) * scaling.current
    unit = "A" if scaling.axisymmetric else "A/m"
    return ContactResult(currents, displacement, charge, unit, (solution, name))


def shares(model: "Model", name: str, holders: list[str]) -> FloatArray:
    """Return the share (n_points,) of a facet group in the nodes that `holders` hold."""
    mesh = model.mesh
    measure = {}
    for group in {name, *holders}:
        facets = mesh.facets_of(group)
        ends = mesh.points[facets]
        length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
        measure[group] = np.zeros(mesh.n_points)
        np.add.at(measure[group], facets, length[:, None])
    total = sum(measure[group] for group in holders)
    return np.divide(measure[name], total, out=np.zeros(mesh.n_points), where=total > 0.0)


def holds_potential(law: ContactLaw | None) -> bool:
    """Whether a contact holds phi on its nodes; across a compact layer it does not."""
    return (
        isinstance(law, PotentialContact | ReservoirContact)
        and law.potential is not None
        and law.compact_capacitance is None
    )
