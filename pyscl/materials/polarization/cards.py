"""Cards of Landau coefficients: YAML files with a source or an assumption for every number."""

import functools
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from pyscl.errors import InputError
from pyscl.materials.polarization.coefficients import LandauCoefficients
from pyscl.materials.provenance import CARDS, Property, Provenance, Sourced
from pyscl.materials.schema import InputModel, Location, failures, no_such
from pyscl.materials.yamlfile import YamlFile

LANDAU_CARDS = CARDS / "landau"
"""Folder of the cards of Landau coefficients."""


class SeriesProperty(Sourced):
    """A coefficient of a card: one value, or the terms c0, c1, ... of c0 + c1 T + ..."""

    value: str | tuple[str, ...]

    def provenance(self, path: str) -> Provenance:
        """Return the provenance of this value under a dotted path."""
        terms = (self.value,) if isinstance(self.value, str) else self.value
        powers = ("", " T", *(f" T^{k}" for k in range(2, len(terms))))
        text = " + ".join(f"({c}){p}" if len(terms) > 1 else c
                          for c, p in zip(terms, powers, strict=False))  # fmt: skip
        return self.record(path, text)


class RangeProperty(Sourced):
    """The lowest and the highest temperature of a card."""

    value: tuple[str, str]


class LandauCard(InputModel):
    """A card of Landau coefficients as it stands in its file; see `LandauCoefficients`.

    Attributes:
        name: name of the set.
        description: what the set describes, and what it does not.
        coefficients: by name, a1, a11, ...
        temperature_range: the lowest and the highest temperature.
        gradient_energy: G11, G12, G44, G44_prime.
        electrostriction: Q11, Q12.
        compliance: s11, s12.
    """

    name: str
    description: Annotated[str, Field(min_length=1)]
    symmetry: Literal["cubic", "uniaxial"] = "cubic"
    temperature_range: RangeProperty
    coefficients: dict[str, SeriesProperty]
    saturation_temperature: Property | None = None
    gradient_energy: dict[str, Property] | None = None
    electrostriction: dict[str, Property] | None = None
    compliance: dict[str, Property] | None = None
    background_permittivity: Property | None = None

    def landau(self) -> LandauCoefficients:
        """Return the coefficients with the provenance of every value.

        Raises:
            ValidationError: a value is not allowed; its location is that of the card.
        """
        data: dict[str, Any] = {"name": self.name, "symmetry": self.symmetry}
        low, high = self.temperature_range.value
        data["temperature_range"] = (low, high)
        record = [self.temperature_range.record("temperature_range", f"{low} .. {high}")]
        for name, item in self.coefficients.items():
            data[name] = item.value
            record.append(item.provenance(name))
        for key in LandauCard.keys():
            given = getattr(self, key)
            if isinstance(given, Property):
                data[key] = given.value
                record.append(given.provenance(key))
            elif isinstance(given, dict) and key != "coefficients":
                data[key] = {part: item.value for part, item in given.items()}
                record += [item.provenance(f"{key}.{part}") for part, item in given.items()]
        data["provenance"] = record
        try:
            return LandauCoefficients.model_validate(data, context={"require_units": True})
        except ValidationError as error:
            found = [self._item(e) for e in error.errors(include_url=False)]
        raise failures([(kind, text, self._place(loc), v) for kind, text, loc, v in found])

    def _place(self, location: Location) -> Location:
        """Return where the card has what the coefficients have at a location."""
        return (
            ("coefficients", *location)
            if location and location[0] in self.coefficients
            else location
        )


def available_landau() -> list[str]:
    """Return the names of the Landau cards that come with pyscl."""
    return sorted((path.stem for path in LANDAU_CARDS.glob("*.yaml")), key=str.lower)


def load_landau(name_or_path: str | Path) -> LandauCoefficients:
    """Return Landau coefficients by name ("BaTiO3-Bell-Cross") or by path ("my/set.yaml").

    Raises:
        InputError: no such card (with the nearest name), or a mistake in the file.
    """
    return read_landau(name_or_path)[1]


def read_landau(name_or_path: str | Path) -> tuple[LandauCard, LandauCoefficients]:
    """Return a card and its coefficients; errors as `load_landau`."""
    text = str(name_or_path)
    if text.endswith((".yaml", ".yml")):
        return _read_file(Path(name_or_path))
    if text not in available_landau():
        hint = " Cards of your own are given by path, ending in .yaml."
        raise InputError(no_such("card of Landau coefficients", text, available_landau()) + hint)
    return _read_own(text)


@functools.cache
def _read_own(name: str) -> tuple[LandauCard, LandauCoefficients]:
    return _read_file(LANDAU_CARDS / f"{name}.yaml")


def _read_file(path: Path) -> tuple[LandauCard, LandauCoefficients]:
    file = YamlFile.read(path)
    try:
        card = LandauCard.model_validate(file.data, context={"require_units": True})
        return card, card.landau()
    except ValidationError as error:
        raise InputError(file.report(error)) from None
