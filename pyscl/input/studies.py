"""The studies of a run file, and whether they fit its contacts and regions."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pyscl.boundaries import BlockingContact, ContactLaw
from pyscl.input.mistakes import Mistakes
from pyscl.materials.schema import InputModel, failure, no_such
from pyscl.protocol import CurrentValue, Depletion, Protocol, Step, Steps
from pyscl.protocol.protocol import Entry, entries
from pyscl.units import AreaCapacity, Duration, Fraction, Potential, Time

Coordinates = Literal["planar", "axisymmetric"]


class EquilibriumStudy(InputModel):
    """Thermodynamic equilibrium: electrochemical potentials constant, no current."""

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["equilibrium"] = "equilibrium"


class SteadyStudy(InputModel):
    """Steady state under biases [V] added to the potentials of the named contacts."""

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["steady"] = "steady"
    bias: dict[str, Potential]


class TransientStudy(InputModel):
    """What happens in time while a protocol drives one contact.

    Attributes:
        contact: the working contact; charging drives a positive current into the model there.
        reference: the contact its voltage is measured against; None: the only other one that
            is not blocking.
        steps: the protocol; key "protocol" in the file.
        cycles: how often the protocol is carried out.
        start: "equilibrium", or "previous" for the last state of the study before.
        tolerance: error of a time step in the site fractions.
        first_step: first time step after a sudden change [s]; a longer one skips the charging of
            double layers and of the dielectric; None: a thousandth of the dielectric relaxation.
        max_step: longest time step [s], or None.
        capacity: charge per area of the working contact [A s/m2], for C-rates.
        save: "steps": states are kept at the end of every step of the protocol.
        save_times: times at which states are kept instead [s], ascending.
        save_every: interval at which states are kept instead [s].
        checkpoint_every: wall time between checkpoints [s].
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Literal["transient"] = "transient"
    contact: str
    reference: str | None = None
    steps: Annotated[Steps, Field(alias="protocol")]
    cycles: Annotated[int, Field(ge=1)] = 1
    start: Literal["equilibrium", "previous"] = "equilibrium"
    tolerance: Fraction = 1e-3
    first_step: Duration | None = None
    max_step: Duration | None = None
    capacity: AreaCapacity | None = None
    save: Literal["steps"] | None = None
    save_times: tuple[Time, ...] | None = None
    save_every: Duration | None = None
    checkpoint_every: Duration = 60.0

    @field_validator("save_times")
    @classmethod
    def _ascending(cls, times: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if times is not None and not times:
            raise ValueError("the list of times is empty; remove the key to save after every step")
        for k, (before, after) in enumerate(pairwise(times or ())):
            if not after > before:
                message = f"time {k + 2} ({after:g} s) does not come after {before:g} s"
                raise failure("times", f"{message}; times must ascend", (k + 1,))
        return times

    @model_validator(mode="after")
    def _saved_in_one_way(self) -> "TransientStudy":
        keys = ("save", "save_times", "save_every")
        given = [key for key in keys if getattr(self, key) is not None]
        if len(given) > 1:
            message = f"{' and '.join(given)} exclude each other; keep one of them"
            raise failure("key", message, (given[-1],))
        return self

    @property
    def protocol(self) -> Protocol:
        """The steps and how often they are carried out."""
        return Protocol(self.steps, cycles=self.cycles)

    @property
    def saving(self) -> Literal["steps"] | tuple[float, ...] | float:
        """When states are kept: after every step, at times [s], or at an interval [s]."""
        return self.save_times or self.save_every or "steps"


AnyStudy = EquilibriumStudy | SteadyStudy | TransientStudy
"""The closed family of studies."""


def _study(value: Any) -> Any:
    """Accept "equilibrium" and {"steady": {...}}."""
    if isinstance(value, str):
        return {"kind": value}
    if isinstance(value, Mapping) and len(value) == 1 and "kind" not in value:
        kind, body = next(iter(value.items()))
        if body is None or isinstance(body, Mapping):
            return {"kind": kind, **(body or {})}
    return value


StudyInput = Annotated[
    Annotated[AnyStudy, Field(discriminator="kind")],
    BeforeValidator(
        _study,
        json_schema_input_type=Literal["equilibrium"]
        | dict[Literal["steady"], SteadyStudy]
        | dict[Literal["transient"], TransientStudy],
    ),
]
"""A study as a run file writes it."""


def check_studies(
    studies: Iterable[AnyStudy],
    given: Any,
    contacts: Mapping[str, ContactLaw],
    carriers: Mapping[str, set[str]] | None,
    coordinates: Coordinates,
) -> None:
    """Refuse studies that name what does not exist.

    Args:
        studies: the studies.
        given: what they were read from, to point at the sentences of protocols.
        contacts: contact laws by name.
        carriers: names of the carriers by region, or None if the regions are not known.
        coordinates: of the model.

    Raises:
        ValidationError: with locations below the list of studies.
    """
    mistakes = Mistakes()
    for i, study in enumerate(studies):
        if isinstance(study, SteadyStudy):
            for name in study.bias:
                place = (i, "steady", "bias", name)
                mistakes.name("contact", name, contacts, place, at_key=True)
                if isinstance(contacts.get(name), BlockingContact):
                    message = f"contact '{name}' is blocking; a bias has no effect there"
                    mistakes.fail(place, message)
        elif isinstance(study, TransientStudy):
            check = _TransientCheck(study, i, mistakes)
            check.contacts(contacts)
            check.steps(_protocol_of(study, given, i), carriers, coordinates)
    mistakes.done()


def _protocol_of(study: TransientStudy, given: Any, i: int) -> Any:
    """Return the protocol of a study as the user wrote it."""
    raw = _study(given[i]) if isinstance(given, (list, tuple)) else study
    if isinstance(raw, Mapping):
        return raw.get("protocol", raw.get("steps"))
    return study.steps


class _TransientCheck:
    """Whether one transient study fits the contacts and regions of the run file."""

    def __init__(self, study: TransientStudy, index: int, mistakes: Mistakes) -> None:
        self._study = study
        self._place = (index, "transient")
        self._mistakes = mistakes
        if index == 0 and study.start == "previous":
            message = "there is no study before this one; start from 'equilibrium'"
            mistakes.fail((*self._place, "start"), message, at_key=False)

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
