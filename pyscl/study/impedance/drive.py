"""Which contacts an impedance drives, and whether a model allows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyscl.errors import InputError, unknown_name
from pyscl.facets import facet_measure

if TYPE_CHECKING:
    from pyscl.model import Model


@dataclass(frozen=True)
class Drive:
    """Which contacts are driven, and what the others do.

    Attributes:
        contact: gets the voltage.
        reference: the contact its voltage is measured against; None: all others, held.
        open_contacts: carry no alternating current; the rest are held.
    """

    contact: str
    reference: str | None = None
    open_contacts: tuple[str, ...] = ()


def find_drive(
    model: "Model",
    contact: str | None = None,
    reference: str | None = None,
    open_contacts: Sequence[str] | str = (),
) -> Drive:
    """Return which contacts are driven; two contacts need no names.

    Raises:
        InputError: a contact that does not exist or has no voltage, several that are none of them
            named, contacts that share nodes, or none that could carry the current away.
    """
    contacts = _with_voltage(model)
    if contact is None:
        if len(contacts) > 2:
            raise InputError(
                f"name the contact where the voltage is applied: one of {', '.join(contacts)}"
            )
        contact = contacts[0]
    if reference is None and len(contacts) == 2 and contact in contacts:
        reference = next(name for name in contacts if name != contact)
    opened = (open_contacts,) if isinstance(open_contacts, str) else tuple(open_contacts)
    drive = Drive(contact, reference, opened)
    check_drive(model, drive)
    return drive


def check_drive(model: "Model", drive: Drive) -> None:
    """Refuse a drive that a model does not have.

    Raises:
        InputError: names the contact, and those there are.
    """
    contacts = _with_voltage(model)
    for name in (drive.contact, drive.reference, *drive.open_contacts):
        if name is None or name in contacts:
            continue
        if name in model.contacts:
            raise InputError(
                f"contact '{name}' is blocking without a potential, so no voltage can be applied "
                f"or measured there; contacts with a voltage: {', '.join(contacts)}"
            )
        raise unknown_name("contact", name, contacts, "for the impedance")
    if drive.contact in drive.open_contacts:
        raise InputError(f"contact '{drive.contact}' cannot be driven and open at once")
    if drive.contact == drive.reference:
        raise InputError(
            f"contact '{drive.contact}' cannot be its own reference; name another contact"
        )
    group = contact_groups(model)
    for other in (drive.reference, *drive.open_contacts):
        if other is not None and group[other] == group[drive.contact]:
            raise InputError(
                f"contacts '{drive.contact}' and '{other}' share nodes and have one voltage; leave "
                "a gap between them, or choose another contact"
            )
    held = set(group.values()) - {group[name] for name in drive.open_contacts}
    if held == {group[drive.contact]}:
        others = [c for c in contacts if group[c] != group[drive.contact]]
        remedy = f"hold one of {', '.join(others)}" if others else "the model needs another contact"
        raise InputError(
            f"no contact is left to carry the current of '{drive.contact}' away; {remedy}"
        )


def contact_groups(model: "Model") -> dict[str, int]:
    """Return contact -> number of its group; contacts that hold the same unknowns form one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    d = model.discretized
    pairs = model.conditions.contacts.ties(levels=True).pairs
    ones = np.ones(len(pairs))
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(d.n_dofs, d.n_dofs))
    _, label = connected_components(graph, directed=False)
    return {name: int(label[d.terminal_dof(name)]) for name in d.terminals}


def driven_area(model: "Model", contact: str) -> float:
    """Return the length [m] or area [m2] of a contact and those that share its voltage.

    Facets that belong to several of them count once.
    """
    group = contact_groups(model)
    facets = [model.mesh.facets_of(name) for name in group if group[name] == group[contact]]
    unique = np.unique(np.sort(np.concatenate(facets), axis=1), axis=0)
    return float(facet_measure(model, unique).sum())


def _with_voltage(model: "Model") -> tuple[str, ...]:
    """Return the contacts that have a voltage.

    Raises:
        InputError: there are none.
    """
    contacts = tuple(model.discretized.terminals)
    if not contacts:
        raise InputError(
            "no contact of the model has a voltage; give it a PotentialContact or a "
            "ReservoirContact"
        )
    return contacts
