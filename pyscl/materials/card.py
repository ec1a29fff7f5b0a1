"""What stands in a material card.

A card is a YAML file in which every number has a unit and either the key of a source in
`pyscl/references.bib` or the reason why it was assumed. What no source could be found for is left
out and named under `unknown`; what cannot be a region at all is `refused`.
"""

import numbers
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pyscl.errors import InputError
from pyscl.materials.model import Material
from pyscl.materials.polarization.laws import units_of
from pyscl.materials.provenance import Property, Provenance, Sources, known_sources
from pyscl.materials.schema import InputModel, Location, failure, failures
from pyscl.units import Temperature

UNITS = {
    "relative_permittivity": "1",
    "background_charge": "C/m^3",
    "site_density": "1/m^3",
    "site_fraction": "1",
    "standard_potential": "eV",
    "diffusivity": "m^2/s",
    "conductivity": "S/m",
    "activation_energy": "eV",
    "share": "1",
    "reference": "V",
}
"""Properties that are numbers, and the unit their ranges are compared in."""

REQUIRED = ("relative_permittivity", "site_density")
"""Last parts of the paths a material cannot do without; others may stay unknown."""

Kind = Literal["electrode", "electrolyte", "coating", "dielectric", "conductor", "other"]
"""What a material is used for, to choose from the list of cards."""

_CHOICES = ("law", "coefficients", "axes", "boundary", "cells")
"""Keys of a law of polarization that are choices of a model, not values with a source."""


class CurveCard(InputModel):
    """The open-circuit curve of a card, see `OpenCircuit` for units, with its provenance.

    Attributes:
        formula: U [V] against lithium metal as a function of x; or
        site_fraction, voltage: the columns x [1] and U [V] of a table.
        reference: voltage at which eta = 0.
    """

    formula: str | None = None
    range: tuple[float, float] | None = None
    site_fraction: tuple[float, ...] = ()
    voltage: tuple[str, ...] = ()
    reference: Property
    temperature: Temperature | None = None
    source: Sources
    note: str = ""

    @field_validator("source")
    @classmethod
    def _known(cls, source: tuple[str, ...]) -> tuple[str, ...]:
        return known_sources(source)

    def statistics(self) -> dict[str, Any]:
        """Return the keys of the law that carriers share."""
        curve = self.model_dump(include={"formula", "range", "site_fraction", "voltage"})
        return {"law": "open-circuit", "reference": self.reference.value, **curve}

    def provenance(self) -> Provenance:
        """Return where the curve comes from; the formula stands in the note."""
        x = self.range or self.site_fraction
        kind = "formula" if self.formula else f"table of {len(x)} points"
        shown = f"U/V = {self.formula}. " if self.formula else ""
        return Provenance(
            property="open_circuit",
            value=f"{kind}, x = {x[0]:g} .. {x[-1]:g}" if x else kind,
            source=", ".join(self.source),
            temperature=f"{self.temperature:g} K" if self.temperature is not None else None,
            note=shown + self.note,
        )


class CarrierCard(InputModel):
    """The mobile species of a card; see `Carrier` for the meaning of the values.

    Attributes:
        share: share of the open-circuit voltage, with statistics "open-circuit" only.
        activation_energy: of the conductivity or diffusivity, whose temperature is the reference.
    """

    charge: int
    statistics: str = "lattice-gas"
    share: Property | None = None
    mobility: str = "vacancy"
    site_density: Property | None = None
    site_fraction: Property
    standard_potential: Property
    diffusivity: Property | None = None
    conductivity: Property | None = None
    activation_energy: Property | None = None

    @property
    def transport(self) -> Property | None:
        """The conductivity or diffusivity, None if neither is given."""
        return self.conductivity or self.diffusivity

    @model_validator(mode="after")
    def _activation_has_a_reference(self) -> "CarrierCard":
        given = self.transport
        if self.activation_energy is not None and (given is None or given.temperature is None):
            raise failure(
                "activation",
                "an activation energy needs the temperature of the conductivity or diffusivity; "
                "give 'temperature' there",
                ("activation_energy",),
            )
        return self


class Card(InputModel):
    """A material card as it stands in its file.

    Attributes:
        name: name of the material.
        kind: what it is used for.
        description: what the material is here, and what the model leaves out; the first sentence
            stands in the list of cards.
        relative_permittivity: linear isotropic permittivity over eps0, of a linear material.
        polarization: the law of any other material.
        open_circuit: the curve of the carriers with statistics "open-circuit".
        carriers: mobile species by name.
        background_charge: fixed charge.
        unknown: dotted path of a value that is left out -> what was looked for. What a material
            cannot do without has to be given by the user.
        refused: why the material cannot be a region, and what to use instead; empty if it can.
        facts: values that are worth knowing but have no place in the model, by their name.
    """

    name: str
    kind: Kind = "other"
    description: Annotated[str, Field(min_length=1)]
    relative_permittivity: Property | None = None
    polarization: dict[str, Any] | None = None
    open_circuit: CurveCard | None = None
    carriers: dict[str, CarrierCard] = Field(default_factory=dict)
    background_charge: Property | None = None
    unknown: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    refused: str = ""
    facts: dict[str, Property] = Field(default_factory=dict)

    @field_validator("polarization")
    @classmethod
    def _numbers_have_sources(
        cls, law: dict[str, Any] | None, info: ValidationInfo
    ) -> dict[str, Any] | None:
        """Read every parameter of the law but the choices as a `Property`."""
        if law is None:
            return None
        read, items = dict(law), []
        for key in law.keys() - set(_CHOICES):
            try:
                read[key] = Property.model_validate(law[key], context=info.context)
            except ValidationError as error:
                for kind, message, place, given in map(cls._item, error.errors()):
                    items.append((kind, message, (key, *place), given))
        if items:
            raise failures(items)
        return read

    @model_validator(mode="after")
    def _ranges_hold(self, info: ValidationInfo) -> "Card":
        items = []
        for location, item in self._properties():
            unit = self._unit(location)
            if unit is None:
                continue  # the law has no such parameter, and will say so
            try:
                item.check_range(unit)
            except InputError as error:
                items.append(("range", str(error), (*location, "range"), item.range))
        if items:
            raise failures(items)
        return self

    @model_validator(mode="after")
    def _curve_is_there(self) -> "Card":
        for name, carrier in self.carriers.items():
            place = ("carriers", name)
            if carrier.statistics == "open-circuit" and self.open_circuit is None:
                message = "missing key 'open_circuit'; these statistics need the curve U(x)"
                raise failure("curve", message, (*place, "statistics"))
            if (carrier.statistics == "open-circuit") != (carrier.share is not None):
                message = "share goes with statistics 'open-circuit'; give both or neither"
                raise failure("curve", message, place)
        return self

    @model_validator(mode="after")
    def _unknown_is_left_out(self) -> "Card":
        paths = [".".join(map(str, location)) for location, _ in self._properties()]
        items: list[tuple[str, str, Location]] = []
        for path in self.unknown:
            head, _, rest = path.partition(".")
            name, _, key = rest.partition(".")
            inner = head == "carriers" and name in self.carriers and key in CarrierCard.keys()
            if path != "relative_permittivity" and not (inner and key in UNITS):
                items.append(("unknown", f"'{path}' is no value of this card", ("unknown", path)))
            elif path in paths:
                items.append(("unknown", f"'{path}' is known, it stands above", ("unknown", path)))
        for name, carrier in self.carriers.items():
            path = f"carriers.{name}.site_density"
            if carrier.site_density is None and path not in self.unknown:
                message = "missing key 'site_density'; if no source has it, name it in 'unknown'"
                items.append(("missing", message, ("carriers", name, "site_density")))
        if items:
            raise failures([(*item, None) for item in items])
        return self

    @property
    def missing(self) -> list[str]:
        """Paths of the values that the user has to give."""
        return [path for path in self.unknown if path.split(".")[-1] in REQUIRED]

    @property
    def summary(self) -> str:
        """The first sentence of the description."""
        return " ".join(self.description.split()).partition(". ")[0].rstrip(".")

    def _unit(self, location: Location) -> str | None:
        """Return the unit of a value, None where there is no such value."""
        if location[0] != "polarization" or self.polarization is None:
            return UNITS[str(location[-1])]
        return units_of(str(self.polarization.get("law"))).get(str(location[-1]))

    def _properties(self) -> list[tuple[Location, Property]]:
        found: list[tuple[Location, Property]] = []
        if self.open_circuit is not None:
            found.append((("open_circuit", "reference"), self.open_circuit.reference))
        for key in ("relative_permittivity", "background_charge"):
            if isinstance(item := getattr(self, key), Property):
                found.append(((key,), item))
        for key, item in (self.polarization or {}).items():
            if isinstance(item, Property):
                found.append((("polarization", key), item))
        for name, carrier in self.carriers.items():
            for key in CarrierCard.keys():
                if isinstance(item := getattr(carrier, key), Property):
                    found.append((("carriers", name, key), item))
        return found

    def material(self, given: Mapping[str, Any] | None = None) -> Material:
        """Return the material with the provenance of every value.

        Args:
            given: values for the paths in `missing`.

        Raises:
            InputError: the material is refused, or a value that it needs is not known.
            ValidationError: a value is not allowed; its location is that of the card.
        """
        given = given or {}
        self._check_complete(given)
        data: dict[str, Any] = {"name": self.name, "carriers": {}}
        record = [self.open_circuit.provenance()] if self.open_circuit else []
        if self.polarization is not None:
            chosen = {k: v for k, v in self.polarization.items() if not isinstance(v, Property)}
            data["polarization"] = chosen
            record += [_choice(f"polarization.{key}", v) for key, v in chosen.items()]
        for name, carrier in self.carriers.items():
            choices = {"statistics": carrier.statistics, "mobility": carrier.mobility}
            data["carriers"][name] = {"charge": carrier.charge, **choices}
            if carrier.activation_energy is not None and carrier.transport is not None:
                reference = carrier.transport.temperature
                data["carriers"][name]["reference_temperature"] = f"{reference!r} K"
            if carrier.statistics == "open-circuit" and self.open_circuit:
                data["carriers"][name]["statistics"] = self.open_circuit.statistics()
            record += [_choice(f"carriers.{name}.{key}", v) for key, v in choices.items()]
        for location, item in self._properties():
            if location[-1] == "share":
                location = (*location[:2], "statistics", "share")
            self._put(data, location, item.value)
            record.append(item.provenance(".".join(str(part) for part in location)))
        for path, reason in self.unknown.items():
            if path in given:
                value, unit = given[path], UNITS[path.split(".")[-1]]
                bare = isinstance(value, numbers.Real) and unit != "1"
                self._put(data, tuple(path.split(".")), f"{value!r} {unit}" if bare else value)
                record.append(Provenance(property=path, value=str(value), source="user"))
            else:
                record.append(_unknown(path, reason))
        data["provenance"] = sorted(record, key=lambda p: p.property.count("."))
        return Material.model_validate(data, context={"require_units": True})

    def _check_complete(self, given: Mapping[str, Any]) -> None:
        """Refuse a card that is no region, or that lacks what the user has to give."""
        if self.refused:
            why = " ".join(self.refused.split())
            raise InputError(f"'{self.name}' cannot be the material of a region; {why}")
        lacking = [path for path in self.missing if path not in given]
        if lacking:
            reasons = {path: " ".join(self.unknown[path].split()) for path in lacking}
            what = "\n".join(f"  {path}: {reason}" for path, reason in reasons.items())
            example = ", ".join(f"'{path}': ..." for path in lacking)
            raise InputError(
                f"card '{self.name}' does not know everything it needs; it lacks\n{what}\n"
                f"  Give it: load('{self.name}', **{{{example}}}), in a run file "
                f"{{card: {self.name}, set: {{{example}}}}}"
            )

    def record(self) -> list[Provenance]:
        """Return the provenance of the facts, which have no place in the model."""
        return [item.provenance(name) for name, item in self.facts.items()]

    def properties_record(self) -> list[Provenance]:
        """Return the provenance of the values that stand on the card, and of what is unknown."""
        found = [self.open_circuit.provenance()] if self.open_circuit else []
        found += [item.provenance(".".join(map(str, at))) for at, item in self._properties()]
        return found + [_unknown(path, reason) for path, reason in self.unknown.items()]

    @staticmethod
    def _put(data: dict[str, Any], location: Location, value: Any) -> None:
        """Set one value of the material; the curve is already in the laws of the carriers."""
        if location[0] == "open_circuit":
            return
        for part in location[:-1]:
            data = data[str(part)]
        data[str(location[-1])] = value


UNKNOWN = "unknown"
"""Value in the provenance of what a card does not know."""


def _unknown(path: str, reason: str) -> Provenance:
    note = " ".join(reason.split())
    return Provenance(property=path, value=UNKNOWN, assumption=True, note=note)


def _choice(path: str, value: Any) -> Provenance:
    return Provenance(property=path, value=str(value), assumption=True, note="choice of model")
