"""States that change in time: integration, protocols, recording."""

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from pyscl.boundaries import BlockingContact
from pyscl.errors import InputError, unknown_name
from pyscl.study.transient.options import TransientOptions

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.protocol import Protocol
    from pyscl.solution import Solution
    from pyscl.trajectory import Trajectory

__all__ = ["TransientOptions", "transient"]


def transient(
    model: "Model",
    protocol: "Protocol | Sequence[Any] | str",
    *,
    contact: str,
    reference: str | None = None,
    start: "Solution | None" = None,
    options: TransientOptions | None = None,
    resume: "str | PathLike[str] | None" = None,
) -> "Trajectory":
    """Carry out a protocol at one contact; see `Model.transient`."""
    from pyscl.protocol import Protocol
    from pyscl.storage.atomic import check_writable
    from pyscl.study.steady import check_steady
    from pyscl.study.transient.integrate import Integration, settings
    from pyscl.trajectory import Trajectory

    options = options or TransientOptions()
    if not isinstance(protocol, Protocol):
        protocol = Protocol(steps=protocol)
    reference = check_contacts(model, contact, reference)
    check_steady(model, {})
    check_protocol(model, protocol, contact, options)
    if options.checkpoint is not None:
        check_writable(options.checkpoint)
    earlier = None
    if resume is not None:
        wanted = settings(protocol, contact, reference, options)
        earlier = Trajectory.load(resume, model, wanted)
        start = earlier.final if earlier.solutions else start
    if start is None:
        start = model.equilibrium()
    start.unknowns_for(model)  # refuses a start of another model before any work
    return Integration(model, protocol, contact, reference, start, options, earlier).run()


def check_contacts(model: "Model", contact: str, reference: str | None) -> str | None:
    """Return the reference contact: the given one, or the only other one with a voltage.

    Raises:
        InputError: a contact that does not exist or blocks, or several to choose from.
    """
    holders = [n for n, law in model.contacts.items() if not isinstance(law, BlockingContact)]
    for name in (contact, reference):
        if name is None:
            continue
        if name not in model.contacts:
            raise unknown_name("contact", name, model.contacts)
        if name not in holders:
            raise InputError(
                f"contact '{name}' is blocking and has no voltage; give it a potential or a "
                "reservoir"
            )
    if reference == contact:
        raise InputError(f"'{contact}' cannot be its own reference; name another contact")
    others = [name for name in holders if name != contact]
    if reference is None and len(others) > 1:
        raise InputError(
            f"voltages of '{contact}' are measured against which contact? Give reference: "
            f"{', '.join(others)}"
        )
    return reference or (others[0] if others else None)


def check_protocol(
    model: "Model", protocol: "Protocol", contact: str, options: TransientOptions
) -> None:
    """Refuse steps that mean nothing for a model, before anything is computed.

    Raises:
        InputError: names the step and what is wrong with it.
    """
    from pyscl.facets import facet_measure
    from pyscl.protocol import Current, CurrentLimit, Depletion, format_step
    from pyscl.protocol.step_lengths import contradiction
    from pyscl.study.transient.limits import depletion_threshold

    area = float(facet_measure(model, model.mesh.facets_of(contact)).sum())
    if area <= 0.0:
        raise InputError(
            f"contact '{contact}' lies on the axis of rotation and has no area, so that no current "
            "density flows through it; choose another working contact"
        )
    other = "current" if model.coordinates == "planar" else "current_per_depth"
    for number, step in enumerate(protocol.steps, start=1):
        limits = getattr(step, "until", ())
        values = [v for v in (step, *limits) if isinstance(v, Current | CurrentLimit)]
        try:
            for value in values:
                value.total(area, options.capacity)
                if value.given[0] == other:
                    unit = "A/m (per depth)" if model.coordinates == "planar" else "A"
                    raise InputError(
                        f"a current in {model.coordinates} coordinates is in {unit} or per area "
                        "in A/m^2"
                    )
            for limit in limits:
                if isinstance(limit, Depletion):
                    depletion_threshold(limit, model)
            if options.step_lengths is not None:
                reason = contradiction(step, options.step_lengths)
                if reason is not None:
                    raise InputError(f"it does not fit step_lengths: {reason}")
        except InputError as error:
            raise InputError(f"step {number} ('{format_step(step)}'): {error}") from None
