"""The material cards that come with pyscl, and cards of the user's own.

A card is a YAML file in which every number has a unit and either the key of a source in
`references.bib` or the reason why it was assumed.
"""

import functools
import re
import textwrap
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pyscl.errors import InputError
from pyscl.materials.model import Material, Provenance
from pyscl.materials.schema import InputModel, Location, failure, failures, no_such
from pyscl.materials.yamlfile import YamlFile
from pyscl.units import Temperature, parse

CARDS = Path(__file__).parent / "cards"
"""Folder of the cards and of `references.bib`."""

_ENTRY = re.compile(r"@(\w+)\{([^,\s]+),(.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"(\w+)\s*=\s*\{(.*?)\}\s*(?:,|$)", re.DOTALL)

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


Sources = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
"""Keys of references.bib; one key may stand alone."""


def _known_sources(source: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [key for key in source if key not in references()]
    if unknown:
        raise ValueError(no_such("source", unknown[0], list(references())))
    return source


class Property(InputModel):
    """One value of a card with its provenance.

    Attributes:
        value: the value, with its unit.
        temperature: temperature it holds at [K], or None.
        range: lowest and highest value found, in the unit of the value, or None.
        source: keys of references.bib, or none.
        assumption: why the value was chosen although nobody measured it; empty if sourced.
        note: a remark.
    """

    value: str | int | float
    temperature: Temperature | None = None
    range: tuple[str | int | float, str | int | float] | None = None
    source: Sources = ()
    assumption: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _sourced_or_assumed(self) -> "Property":
        if not self.source and not self.assumption:
            raise ValueError("no source; give a key of references.bib or 'assumption: reason'")
        _known_sources(self.source)
        return self

    def check_range(self, unit: str) -> None:
        """Raise InputError unless the value lies inside the range."""
        if self.range is None:
            return
        low, value, high = (parse(v, unit) for v in (self.range[0], self.value, self.range[1]))
        if not low <= value <= high:
            raise InputError(f"value {self.value} is outside its range {self.range}")

    def provenance(self, path: str) -> Provenance:
        """Return the provenance of this value under a dotted path."""
        return Provenance(
            property=path,
            value=str(self.value),
            source=", ".join(self.source) or None,
            assumption=bool(self.assumption),
            temperature=f"{self.temperature:g} K" if self.temperature is not None else None,
            range=" .. ".join(str(v) for v in self.range) if self.range else None,
            note=" ".join(part for part in (self.assumption, self.note) if part),
        )


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
        return _known_sources(source)

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
        relative_permittivity: linear isotropic permittivity over eps0.
        open_circuit: the curve of the carriers with statistics "open-circuit".
        carriers: mobile species by name.
    """

    name: str
    description: Annotated[str, Field(min_length=1)]
    relative_permittivity: Property
    open_circuit: CurveCard | None = None
    carriers: dict[str, CarrierCard] = Field(default_factory=dict)
    background_charge: Property | None = None

    @model_validator(mode="after")
    def _ranges_hold(self, info: ValidationInfo) -> "Card":
        items = []
        for location, item in self._properties():
            try:
                item.check_range(_UNITS[str(location[-1])])
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

    def _properties(self) -> list[tuple[Location, Property]]:
        found: list[tuple[Location, Property]] = []
        if self.open_circuit is not None:
            found.append((("open_circuit", "reference"), self.open_circuit.reference))
        for key in ("relative_permittivity", "background_charge"):
            if isinstance(item := getattr(self, key), Property):
                found.append(((key,), item))
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
        for name, carrier in self.carriers.items():
            choices = {"statistics": carrier.statistics, "mobility": carrier.mobility}
            data["carriers"][name] = {"charge": carrier.charge, **choices}
            if carrier.activation_energy is not None and carrier.transport is not None:
                reference = carrier.transport.temperature
                data["carriers"][name]["reference_temperature"] = f"{reference!r} K"
            if carrier.statistics == "open-circuit" and self.open_circuit:
                data["carriers"][name]["statistics"] = self.open_circuit.statistics()
            for key, value in choices.items():
                record.append(
                    Provenance(
                        property=f"carriers.{name}.{key}",
                        value=value,
                        assumption=True,
                        note="choice of model",
                    )
                )
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


@functools.cache
def references() -> dict[str, dict[str, str]]:
    """Return the entries of `references.bib` by key, each a dict of its fields."""
    text = (CARDS / "references.bib").read_text(encoding="utf-8")
    return {
        key: {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(body)}
        for _, key, body in _ENTRY.findall(text)
    }


def citation(key: str) -> str:
    """Return one reference as a line of text; InputError for an unknown key."""
    if key not in references():
        raise InputError(no_such("source", key, list(references())))
    entry = references()[key]
    parts = [entry.get(k, "") for k in ("author", "title", "journal", "volume", "pages", "year")]
    link = f"doi:{entry['doi']}" if "doi" in entry else entry.get("url", "")
    read = f"[{entry['note']}]" if "note" in entry else ""
    return ", ".join(part for part in (*parts, link) if part) + (f" {read}" if read else "")


def describe(name_or_path: str | Path, width: int = 100) -> str:
    """Return the card as plain text: values, temperatures, ranges, sources, assumptions."""
    card, material = _read(name_or_path)
    head = ("property", "value", "T", "range", "source")
    rows = [
        (p.property, p.value, p.temperature or "-", p.range or "-", p.origin)
        for p in material.provenance
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [material.name, *textwrap.wrap(card.description, width), ""]
    for row in (head, tuple("-" * w for w in widths), *rows):
        lines.append("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
    notes = [(p.property, p.note) for p in material.provenance if p.note]
    keys = {key for p in material.provenance if p.source for key in p.source.split(", ")}
    if notes:
        lines += ["", "Notes"]
        for path, note in notes:
            lines += textwrap.wrap(
                f"{path}: {note}", width, initial_indent="  ", subsequent_indent="    "
            )
    if keys:
        lines += ["", "Sources"]
        for key in sorted(keys):
            lines += textwrap.wrap(
                f"{key}: {citation(key)}",
                width,
                initial_indent="  ",
                subsequent_indent="    ",
                break_long_words=False,
            )
    return "\n".join(lines)
