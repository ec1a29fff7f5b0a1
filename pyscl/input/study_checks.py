"""Whether the studies of a run file fit its contacts and regions."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from pyscl.boundaries import BlockingContact, ContactLaw
from pyscl.input.mistakes import Mistakes
from pyscl.input.studies import (
    AnyStudy,
    EquilibriumStudy,
    ImpedanceStudy,
    PermittivityStudy,
    PolarizationLoopStudy,
    PolarStudy,
    PolingStudy,
    SteadyStudy,
    TransientStudy,
    with_kind,
)
from pyscl.materials.schema import Location, no_such
from pyscl.protocol import CurrentValue, Depletion, Step
from pyscl.protocol.protocol import Entry, entries
from pyscl.protocol.step_lengths import contradiction

Coordinates = Literal["planar", "axisymmetric"]


def check_studies(
    studies: Iterable[AnyStudy],
    given: Any,
    contacts: Mapping[str, ContactLaw],
    carriers: Mapping[str, set[str]] | None,
    coordinates: Coordinates,
    laws: Mapping[str, set[str]] | None = None,
) -> None:
    """Refuse studies that name what does not exist.

    Args:
        studies: the studies.
        given: what they were read from, to point at the sentences of protocols.
        contacts: contact laws by name.
        carriers: names of the carriers by region, or None if the regions are not known.
        coordinates: of the model.
        laws: names of the laws of polarization by region, in any variant, or None if the regions
            are not known.

    Raises:
        ValidationError: with locations below the list of studies.
    """
    mistakes = Mistakes()
    for i, study in enumerate(studies):
        if isinstance(study, SteadyStudy):
            _check_bias(study.bias, (i, "steady", "bias"), contacts, mistakes)
        elif isinstance(study, ImpedanceStudy):
            _check_impedance(study, i, contacts, mistakes)
        elif isinstance(study, TransientStudy):
            check = _TransientCheck(study, i, mistakes)
            check.contacts(contacts)
            check.steps(_protocol_of(study, given, i), carriers, coordinates)
        elif not isinstance(study, EquilibriumStudy):
            _check_polar_study(study, i, contacts, laws, mistakes)
        if laws is not None and isinstance(study, EquilibriumStudy | PolarStudy):
            _check_polar_states(study.polarization, (i, study.kind), laws, mistakes)
    mistakes.done()


def _check_polar_study(
    study: PolarStudy,
    i: int,
    contacts: Mapping[str, ContactLaw],
    laws: Mapping[str, set[str]] | None,
    mistakes: Mistakes,
) -> None:
    """Refuse contacts that are not there or hold no voltage, and models that cannot switch."""
    place = (i, study.kind)
    if not isinstance(study, PermittivityStudy):
        _check_start(study, i, mistakes)
    if isinstance(study, PolingStudy):
        _check_bias(study.voltages, (*place, "voltages"), contacts, mistakes)
    elif isinstance(contacts.get(study.contact), BlockingContact):
        message = f"contact '{study.contact}' is blocking; its voltage is not held"
        mistakes.fail((*place, "contact"), message, at_key=False)
    else:
        mistakes.name("contact", study.contact, contacts, (*place, "contact"))
    if laws is None:
        return
    if isinstance(study, PolarizationLoopStudy) and study.region is not None:
        mistakes.name("region", study.region, laws, (*place, "region"))
    if isinstance(study, PolingStudy) and not any(its & _SWITCHING for its in laws.values()):
        message = (
            "no region can be poled; give the material of one a polarization with the law landau "
            "or hysteresis"
        )
        mistakes.fail(place, message, at_key=False)


def _check_polar_states(
    states: Iterable[str], place: Location, laws: Mapping[str, set[str]], mistakes: Mistakes
) -> None:
    """Refuse states of regions that are no ferroelectrics in any variant."""
    polar = [region for region, its in laws.items() if "landau" in its]
    for region in states:
        where = (*place, "polarization", region)
        mistakes.name("ferroelectric region", region, polar, where, at_key=True)


_SWITCHING = {"landau", "hysteresis"}
"""Laws of polarization with a memory."""


def _check_bias(
    bias: Iterable[str],
    place: Location,
    contacts: Mapping[str, ContactLaw],
    mistakes: Mistakes,
) -> None:
    for name in bias:
        mistakes.name("contact", name, contacts, (*place, name), at_key=True)
        if isinstance(contacts.get(name), BlockingContact):
            message = f"contact '{name}' is blocking; a bias has no effect there"
            mistakes.fail((*place, name), message)


def _check_start(
    study: TransientStudy | ImpedanceStudy | PolarizationLoopStudy | PolingStudy,
    i: int,
    mistakes: Mistakes,
) -> None:
    if i == 0 and study.start == "previous":
        message = "there is no study before this one; start from 'equilibrium'"
        mistakes.fail((i, study.kind, "start"), message, at_key=False)


def _check_impedance(
    study: ImpedanceStudy, i: int, contacts: Mapping[str, ContactLaw], mistakes: Mistakes
) -> None:
    """Refuse contacts that are not there, hold no voltage, or leave no way for the current."""
    _check_start(study, i, mistakes)
    place = (i, study.kind)
    _check_bias(study.bias, (*place, "bias"), contacts, mistakes)
    holding = [n for n, law in contacts.items() if not isinstance(law, BlockingContact)]
    named = [
        (("contact",), study.contact),
        (("reference",), study.reference),
        *((("open", k), name) for k, name in enumerate(study.open_contacts)),
    ]
    for key, name in named:
        if name in contacts and name not in holding:
            message = f"contact '{name}' is blocking; its voltage is not held"
            mistakes.fail((*place, *key), message, at_key=False)
        elif name is not None:
            mistakes.name("contact", name, contacts, (*place, *key))
        if key != ("contact",) and name == study.contact:
            message = f"'{name}' is where the voltage is applied; name another contact"
            mistakes.fail((*place, *key), message, at_key=False)
    others = [name for name in holding if name != study.contact]
    if study.contact in holding and not set(others) - set(study.open_contacts):
        message = (
            "all other contacts are open, no alternating current can flow; take one of them out"
            if others
            else f"there is no contact to which a current from '{study.contact}' could flow; give "
            "a second contact a potential or a reservoir"
        )
        mistakes.fail((*place, "open" if others else "contact"), message, at_key=False)


def _protocol_of(study: TransientStudy, given: Any, i: int) -> Any:
    """Return the protocol of a study as the user wrote it."""
    raw = with_kind(given[i]) if isinstance(given, (list, tuple)) else study
    if isinstance(raw, Mapping):
        return raw.get("protocol", raw.get("steps"))
    return study.steps


class _TransientCheck:
    """Whether one transient study fits the contacts and regions of the run file."""

    def __init__(self, study: TransientStudy, index: int, mistakes: Mistakes) -> None:
        self._study = study
        self._place = (index, "transient")
        self._mistakes = mistakes
        _check_start(study, index, mistakes)

    def contacts(self, contacts: Mapping[str, ContactLaw]) -> None:
        """Check the working contact and the reference."""
        study = self._study
        holding = [n for n, law in contacts.items() if not isinstance(law, BlockingContact)]
        for key, name in (("contact", study.contact), ("reference", study.reference)):
            if name in contacts and name not in holding:
                message = f"contact '{name}' is blocking; its voltage is not held"
                self._mistakes.fail((*self._place, key), message, at_key=False)
            elif name is not None:
                self._mistakes.name("contact", name, contacts, (*self._place, key))
        others = [name for name in holding if name != study.contact]
        if study.reference == study.contact:
            message = f"'{study.contact}' is the working contact itself; name another contact"
            self._mistakes.fail((*self._place, "reference"), message, at_key=False)
        elif study.reference is None and study.contact in holding and len(others) != 1:
            message = (
                f"the reference of the voltage is not clear; give reference: {' or '.join(others)}"
                if others
                else f"there is no contact to measure the voltage of '{study.contact}' against; "
                "give a second contact a potential or a reservoir"
            )
            self._mistakes.fail((*self._place, "contact"), message, at_key=False)

    def steps(
        self, given: Any, carriers: Mapping[str, set[str]] | None, coordinates: Coordinates
    ) -> None:
        """Check the currents and names in the protocol."""
        for entry, step in zip(entries(given), self._study.steps, strict=True):
            values = [v for v in (step, *getattr(step, "until", ())) if isinstance(v, CurrentValue)]
            for name, _ in (value.given for value in values):
                if name == "rate" and self._study.capacity is None:
                    message = "a C-rate needs the capacity; give capacity, e.g. 1 mAh/cm^2"
                    self._mistake(entry, message)
                if name == _FOREIGN_CURRENT[coordinates]:
                    unit = "A/m" if coordinates == "planar" else "A"
                    message = f"{coordinates} coordinates; give the current in {unit} or A/m^2"
                    self._mistake(entry, f"this current does not fit {message}")
            lengths = self._study.step_lengths
            reason = contradiction(step, lengths) if lengths else None
            if reason is not None:
                self._mistake(entry, f"this step does not fit step_lengths: {reason}")
            if carriers is not None:
                for limit in _depletions(step):
                    self._depletion(entry, limit, carriers)

    def _depletion(self, entry: Entry, limit: Depletion, carriers: Mapping[str, set[str]]) -> None:
        regions = limit.interface.split("|")
        unknown = [name for name in regions if name not in carriers]
        for name in unknown:
            self._mistake(entry, no_such("region", name, list(carriers)), name)
        allowed = {name for region in regions for name in carriers.get(region, ())}
        if not unknown and limit.carrier not in allowed:
            message = no_such("carrier", limit.carrier, list(allowed))
            self._mistake(
                entry, message.replace(";", f" at '{limit.interface}';", 1), limit.carrier
            )

    def _mistake(self, entry: Entry, message: str, word: str = "") -> None:
        """Add a mistake in a step, if it is a sentence at one of its words."""
        found = None
        if word and isinstance(entry.given, str):
            found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", entry.given)
        position = found.start() if found else 0
        kind, text, location, value = entry.mistake("name", message, position)
        self._mistakes.add(kind, text, (*self._place, "protocol", *location), value)


_FOREIGN_CURRENT = {"planar": "current", "axisymmetric": "current_per_depth"}
"""The way to give a current that does not fit the coordinates."""


def _depletions(step: Step) -> Iterator[Depletion]:
    return (limit for limit in getattr(step, "until", ()) if isinstance(limit, Depletion))
