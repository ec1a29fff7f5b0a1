"""The material cards that come with pyscl, and cards of the user's own.

A card is a YAML file in which every number has a unit and either the key of a source in
`references.bib` or the reason why it was assumed.
"""

import functools
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pyscl.errors import InputError
from pyscl.materials.model import Material
from pyscl.materials.polarization.cards import read_landau
from pyscl.materials.polarization.laws import units_of
from pyscl.materials.provenance import (
    CARDS,
    Property,
    Provenance,
    Sources,
    card_text,
    known_sources,
)
from pyscl.materials.schema import InputModel, Location, failure, failures, no_such
from pyscl.materials.yamlfile import YamlFile
from pyscl.units import Temperature

_UNITS = {
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

LANDAU_PREFIX = "landau/"
"""What stands before the name of Landau coefficients where cards of all kinds are meant."""

_CHOICES = ("law", "coefficients", "axes", "boundary", "cells")
"""Keys of a law of polarization that are choices of a model, not values with a source."""


class CurveCard(InputModel):
    """The open-circuit curve of a card, see `OpenCircuit`, with its provenance.

    Attributes:
        formula: U [V] against lithium metal as a function of x; or
        site_fraction, voltage: the columns of a table.
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
    site_density: Property
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
        description: what the material is here, and what the model leaves out.
        relative_permittivity: linear isotropic permittivity over eps0, of a linear material.
        polarization: the law of any other material.
        open_circuit: the curve of the carriers with statistics "open-circuit".
        carriers: mobile species by name.
    """

    name: str
    description: Annotated[str, Field(min_length=1)]
    relative_permittivity: Property | None = None
    polarization: dict[str, Any] | None = None
    open_circuit: CurveCard | None = None
    carriers: dict[str, CarrierCard] = Field(default_factory=dict)
    background_charge: Property | None = None

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

    def _unit(self, location: Location) -> str | None:
        """Return the unit of a value, None where there is no such value."""
        if location[0] != "polarization" or self.polarization is None:
            return _UNITS[str(location[-1])]
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

    def material(self) -> Material:
        """Return the material with the provenance of every value.

        Raises:
            ValidationError: a value is not allowed; its location is that of the card.
        """
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
        data["provenance"] = sorted(record, key=lambda p: p.property.count("."))
        return Material.model_validate(data, context={"require_units": True})

    @staticmethod
    def _put(data: dict[str, Any], location: Location, value: Any) -> None:
        """Set one value of the material; the curve is already in the laws of the carriers."""
        if location[0] == "open_circuit":
            return
        for part in location[:-1]:
            data = data[str(part)]
        data[str(location[-1])] = value


def _choice(path: str, value: Any) -> Provenance:
    return Provenance(property=path, value=str(value), assumption=True, note="choice of model")


def available() -> list[str]:
    """Return the names of the cards that come with pyscl."""
    return sorted((path.stem for path in CARDS.glob("*.yaml")), key=str.lower)


def load(name_or_path: str | Path) -> Material:
    """Return the material of a card, by name ("LiCoO2") or by path ("my/oxide.yaml").

    Raises:
        InputError: no such card (with the nearest name), or a mistake in the file.
    """
    return _read(name_or_path)[1]


def _read(name_or_path: str | Path) -> tuple[Card, Material]:
    text = str(name_or_path)
    if text.endswith((".yaml", ".yml")):
        return _read_file(Path(name_or_path))
    if text not in available():
        hint = " Cards of your own are given by path, ending in .yaml."
        raise InputError(no_such("material card", text, available()) + hint)
    return _read_own(text)


@functools.cache
def _read_own(name: str) -> tuple[Card, Material]:
    return _read_file(CARDS / f"{name}.yaml")


def _read_file(path: Path) -> tuple[Card, Material]:
    file = YamlFile.read(path)
    try:
        card = Card.model_validate(file.data, context={"require_units": True})
        return card, card.material()
    except ValidationError as error:
        raise InputError(file.report(error)) from None


def describe(name_or_path: str | Path, width: int = 100) -> str:
    """Return a card as plain text: values, temperatures, ranges, sources, assumptions.

    Args:
        name_or_path: a material card as for `load`, or "landau/NAME" for Landau coefficients.
        width: characters per line of running text.
    """
    name = str(name_or_path)
    if name.startswith(LANDAU_PREFIX):
        landau_card, landau = read_landau(name.removeprefix(LANDAU_PREFIX))
        return card_text(landau.name, landau_card.description, landau.provenance, width)
    card, material = _read(name_or_path)
    return card_text(material.name, card.description, material.provenance, width)
