"""Currents and charges of the contacts of a solution."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyscl.boundaries import BlockingContact, ContactLaw, PotentialContact, ReservoirContact
from pyscl.discretize import FloatArray, facet_measure
from pyscl.errors import unknown_name

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution


@dataclass(frozen=True)
class ContactResult:
    """What flows into the model through a contact.

    Attributes:
        currents: carrier -> electric current into the model, A/m of depth in planar and A in
            axisymmetric coordinates.
        charge: charge on the contact, C/m or C: what the normal displacement ends on.
        unit: "A/m" or "A".
    """

    currents: dict[str, float]
    charge: float
    unit: str

    @property
    def current(self) -> float:
        """Total current into the model, in `unit`."""
        return sum(self.currents.values())


def contact_result(solution: "Solution", name: str) -> ContactResult:
    """Return currents and charge of a contact or a periodic side.

    They are rows of the discrete balance laws: a reservoir passes its carrier, a contact that
    holds a potential carries the charge on which the displacement ends, a blocking contact its
    surface charge, and a side without law nothing. Nodes that several contacts hold are shared
    by facet length. In a steady state the currents of all contacts add up to zero up to
    rounding, which at a contact that conducts well is about 1e-14 of the current that one kT/e
    would drive through an element; read smaller currents where the model conducts less.

    Raises:
        InputError: there is no such facet group.
    """
    d = solution.model.discretized
    model, scaling = solution.model, d.scaling
    if name not in model.mesh.facet_names:
        raise unknown_name("contact", name, model.mesh.facet_names)
    law = model.contacts.get(name)
    periodic = any(name in pair.sides for pair in model.periodic)
    currents = dict.fromkeys(model.carriers, 0.0)
    for number, carrier in enumerate(model.carriers):
        if periodic or (isinstance(law, ReservoirContact) and law.carrier == carrier):
            holders = [
                other
                for other, its in model.contacts.items()
                if isinstance(its, ReservoirContact) and its.carrier == carrier
            ]
            share = _shares(model, name, [name] if periodic else holders)
            nodes = d.dof_node
            mine = (d.core.dof_carrier == number) & (share[nodes] > 0.0)
            row = float((solution.rows[mine] * share[nodes[mine]]).sum())
            currents[carrier] = row * solution.charge_number[number] * scaling.current
    charge = 0.0
    if periodic or _holds_potential(law):
        holders = [n for n, its in model.contacts.items() if _holds_potential(its)]
        share = _shares(model, name, [name] if periodic else holders)
        charge = float((solution.rows[: d.n_nodes] * share).sum() * scaling.charge)
    elif isinstance(law, BlockingContact):
        measure = facet_measure(model, model.mesh.facets_of(name)).sum()
        charge = float(law.surface_charge * measure)
    return ContactResult(currents, charge, "A" if scaling.axisymmetric else "A/m")


def _shares(model: "Model", name: str, holders: list[str]) -> FloatArray:
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


def _holds_potential(law: ContactLaw | None) -> bool:
    return isinstance(law, PotentialContact | ReservoirContact) and law.potential is not None
