"""Checks that contacts and periodic sides are at what the model and the bias prescribe."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pyscl.boundaries import BlockingContact, ReservoirContact
from pyscl.carriers import bulk_potential
from pyscl.certificate.check import Check, at_most
from pyscl.certificate.residuals import Residuals, holds_potential
from pyscl.study.contact_values import exchange_dofs
from pyscl.study.periodic import periodic_ties

if TYPE_CHECKING:
    from pyscl.model import Model

VOLTAGE = 1e-9  # V, and eV


def voltages(r: Residuals) -> Iterator[Check]:
    """Check the electric potential at every contact that holds one."""
    e, model, d = r.evidence, r.model, r.model.discretized
    bias = e.solution.bias
    at_rest = model.conditions.contacts.held_potentials({})
    for name, law in model.contacts.items():
        if isinstance(law, BlockingContact) or law.potential is None:
            continue
        if law.potential == "neutral":
            base = (
                at_rest[name][1] * e.kt
                if name in at_rest
                else np.array([model.conditions.contacts.origin(name) * e.kt])
            )
        else:
            base = np.array([float(law.potential)])
        nodes = np.unique(model.mesh.facets_of(name)).astype(np.int32)
        dofs = d.phi_at(nodes) if holds_potential(law) else np.array([d.terminal_dof(name)])
        missed = np.abs(e.volts[dofs] - base - bias.get(name, 0.0)).max()
        yield at_most(
            "voltage of the contact",
            float(missed),
            VOLTAGE,
            "Electric potential at the contact against that of the model plus the bias.",
            place=name,
            unit="V",
        )


def reservoirs(r: Residuals) -> Iterator[Check]:
    """Check the electrochemical potential at every reservoir."""
    e, model, d = r.evidence, r.model, r.model.discretized
    for name, law in model.contacts.items():
        if not isinstance(law, ReservoirContact):
            continue
        number = model.carriers.index(law.carrier)
        charge = float(e.solution.charge_number[number])
        wanted = level(model, name) + charge * e.solution.bias.get(name, 0.0)
        if law.kinetics is None:
            dofs = exchange_dofs(model, name)
        else:
            dofs = np.array([d.terminal_dof(name, number)], np.int32)
        yield at_most(
            "level of the reservoir",
            float(np.abs(e.volts[dofs] - wanted).max(initial=0.0)),
            VOLTAGE,
            f"Electrochemical potential of {law.carrier} at the contact against that of its "
            "reservoir plus z e times the bias.",
            place=name,
            unit="eV",
        )


def level(model: "Model", contact: str) -> float:
    """Return mu of a reservoir without bias [eV], from the materials."""
    law = model.contacts[contact]
    assert isinstance(law, ReservoirContact)
    given = law.electrochemical_potential
    if not isinstance(given, str):
        return float(given)
    for region in model.exchanging_regions(contact):
        carriers = model.materials[region].carriers
        if law.carrier in {c.name for c in carriers}:
            if given == "open-circuit":
                return sum(bulk_potential(c, model.temperature) for c in carriers)
            return bulk_potential(model.materials[region].carrier(law.carrier), model.temperature)
    return float("nan")


def periodic_sides(r: Residuals) -> Iterator[Check]:
    """Check that potentials on periodic sides differ by the prescribed jump."""
    if not r.model.periodic:
        return
    e = r.evidence
    pairs, offset = periodic_ties(r.model, [int(z) for z in e.solution.charge_number])
    potentials = r.model.discretized.core.dof_carrier[pairs[:, 0]] >= -1
    first, second = pairs[potentials].T
    missed = e.volts[second] - e.volts[first] - offset[potentials] * e.kt
    yield at_most(
        "periodic sides",
        float(np.abs(missed).max(initial=0.0)),
        VOLTAGE,
        "Potentials on both sides of the periodic cell differ by the prescribed jump.",
        place="; ".join("|".join(pair.sides) for pair in r.model.periodic),
        unit="V",
    )
