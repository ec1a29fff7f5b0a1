"""Checks of currents: what contacts report, what flows through the fields and any cross-section."""

from collections.abc import Iterator

import numpy as np

from pyscl.boundaries import BlockingContact, ReservoirContact
from pyscl.certificate.check import Check, at_most
from pyscl.certificate.residuals import Residuals
from pyscl.postprocess.contacts import ContactResult
from pyscl.study.contact_values import exchange_dofs

CURRENT = 1e-8
SECTIONS = 1e-6
IN_TIME = 1e-5  # of states in time, whose steps are solved to a tolerance of 1e-7 kT
CUTS = np.linspace(0.1, 0.9, 5)  # share of the extent along x and y

Contacts = dict[str, ContactResult]


def currents(r: Residuals, contacts: Contacts) -> Iterator[Check]:
    """Check the currents of a state, by carrier."""
    if not contacts and not r.model.periodic:
        return
    yield _sum_of_all(r, contacts)
    if r.evidence.solution.kind != "steady":
        return
    for number, carrier in enumerate(r.model.carriers):
        yield from _of_contacts(r, contacts, carrier, number)
        yield from _cross_sections(r, contacts, carrier)


def _sum_of_all(r: Residuals, contacts: Contacts) -> Check:
    """Check that what enters through some contacts leaves through the others."""
    totals = np.array([result.current for result in contacts.values()])
    in_time = r.evidence.solution.kind == "transient"
    limit = IN_TIME if in_time else CURRENT
    if in_time:  # solved to a tolerance of mu, and of phi, whose rate is not known here
        noise = IN_TIME * conductance(r)
    else:
        noise = sum(r.rounding(_held(r, name)) for name in contacts)
    size = max(float(np.abs(totals).max(initial=0.0)), noise / limit)
    return at_most(
        "equal currents at both ends",
        abs(float(totals.sum())) / size if size else 0.0,
        limit,
        "The currents reported for all contacts, displacement currents included, add up to zero; "
        "relative to the largest, or to what the precision of the solve leaves of it.",
        warn_only=in_time,
    )


def conductance(r: Residuals) -> float:
    """Return what one kT would drive from all reservoirs into the elements beside them [A/m]."""
    dofs = [r.label[_held(r, name)] for name in r.model.contacts]
    if not any(len(its) for its in dofs):  # closed: what the inside conducts
        inside = [r.evidence.mu_dofs(carrier) for carrier in r.model.carriers]
        dofs = [r.label[its[its >= 0]] for its in inside]
    return max((float(r.flow_scale[its].sum()) for its in dofs if len(its)), default=0.0)


def _held(r: Residuals, contact: str) -> np.ndarray:
    law = r.model.contacts.get(contact)
    if isinstance(law, ReservoirContact) and law.kinetics is None:
        return exchange_dofs(r.model, contact)
    return np.empty(0, np.int32)


def _of_contacts(r: Residuals, contacts: Contacts, carrier: str, number: int) -> Iterator[Check]:
    """Compare what a contact reports with what the fields carry away from it."""
    model = r.model
    owners = [_held(r, name) for name in model.contacts]
    shared, count = np.unique(np.concatenate([np.empty(0, int), *owners]), return_counts=True)
    for name, law in model.contacts.items():
        if not isinstance(law, ReservoirContact) or law.carrier != carrier:
            continue
        dofs = _held(r, name)
        if np.isin(dofs, shared[count > 1]).any():
            continue  # divided by facet length between contacts
        found = r.entering.get(name, 0.0) + float(r.flow[np.unique(r.label[dofs])].sum())
        reported = contacts[name].currents[carrier]
        noise = r.rounding(dofs) if len(dofs) else 1e-14 * abs(found)
        size = max(abs(found), abs(reported), noise / CURRENT)
        yield at_most(
            "current of the contact",
            abs(reported - found) / size if size else 0.0,
            CURRENT,
            f"Current of {carrier} that is reported against that which the fields carry away from "
            "the contact (transfer law, or fluxes assembled again in numpy).",
            place=name,
        )


def _cross_sections(r: Residuals, contacts: Contacts, carrier: str) -> Iterator[Check]:
    """Check that cuts across the model carry what the contacts on one side of them let in."""
    model, e, points = r.model, r.evidence, r.model.mesh.points
    current, scale = e.edge_currents(carrier)
    first, second = e.edge_ends()
    node = model.discretized.site_node
    dofs = e.mu_dofs(carrier)
    there = dofs[first] >= 0
    i, j = node[first[there]], node[second[there]]
    level = np.abs(e.mu(carrier)[first[there]]) / e.kt + 1.0
    flow, rounded = current[there], 8.0 * np.finfo(float).eps * level * scale[there]
    # what is left over at the nodes on one side adds up like a random walk
    noise = float(np.sqrt((rounded**2).sum()))
    worst, evaluated = 0.0, 0
    for axis in (0, 1):
        x = points[:, axis]
        periodic = _wraps(r, axis)
        across: list[float] = []
        largest = 0.0
        for share in CUTS:
            left = x < x.min() + share * np.ptp(x)
            supplied = _supplied(r, contacts, carrier, left)
            if supplied is None:
                continue
            out = left[i].astype(float) - left[j].astype(float)
            through = float((flow * out).sum())
            across.append(through - supplied)
            largest = max(largest, abs(through), abs(supplied))
        if not across:
            continue
        evaluated += len(across)
        rest = np.array(across)
        if periodic:
            rest = rest - rest[0]
        size = max(largest, _largest(contacts, carrier), noise / SECTIONS)
        worst = max(worst, float(np.abs(rest).max()) / size if size else 0.0)
    if evaluated:
        yield at_most(
            "same current through all cross-sections",
            worst,
            SECTIONS,
            f"Current of {carrier} through {evaluated} straight cuts across the model against what "
            "the contacts on one side of each let in.",
            place=carrier,
        )


def _largest(contacts: Contacts, carrier: str) -> float:
    return max((abs(c.currents.get(carrier, 0.0)) for c in contacts.values()), default=0.0)


def _wraps(r: Residuals, axis: int) -> bool:
    """Whether the model is periodic along an axis."""
    mesh = r.model.mesh
    for pair in r.model.periodic:
        a, b = (mesh.points[np.unique(mesh.facets_of(side)), axis].mean() for side in pair.sides)
        if abs(a - b) > 0.5 * np.ptp(mesh.points[:, axis]):
            return True
    return False


def _supplied(r: Residuals, contacts: Contacts, carrier: str, left: np.ndarray) -> float | None:
    """Return the current of the contacts on the left of a cut; None if it goes through one."""
    total = 0.0
    for name, law in r.model.contacts.items():
        if isinstance(law, BlockingContact) or not contacts[name].currents.get(carrier):
            continue
        dofs = _held(r, name)
        mesh = r.model.mesh
        nodes = r.model.discretized.dof_node[dofs] if len(dofs) else np.unique(mesh.facets_of(name))
        inside = left[nodes]
        if inside.all():
            total += contacts[name].currents[carrier]
        elif inside.any():
            return None
    return total
