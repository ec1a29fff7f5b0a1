"""The material cards that come with pyscl, and cards of the user's own.

What stands in a card: `pyscl.materials.card`.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pyscl.errors import InputError
from pyscl.materials.card import Card
from pyscl.materials.model import Material
from pyscl.materials.names import full_name
from pyscl.materials.pairs import describe_pair, read_pair
from pyscl.materials.polarization.cards import read_landau
from pyscl.materials.provenance import CARDS, RANGE_SEPARATOR, card_text
from pyscl.materials.schema import no_such
from pyscl.materials.yamlfile import YamlFile

LANDAU_PREFIX = "landau/"
"""What stands before the name of Landau coefficients where cards of all kinds are meant."""

_SHOWN_AT = 298.15  # K, of the screening lengths in a description


@dataclass(frozen=True)
class CardSummary:
    """One line of the list of cards.

    Attributes:
        name: name of the card.
        kind: "electrode", "electrolyte", "coating", "dielectric", "conductor" or "other".
        summary: what it is, in one sentence.
        carriers: names of its carriers.
        missing: paths of values that the user has to give.
        refused: why it cannot be a region, or "".
    """

    name: str
    kind: str
    summary: str
    carriers: tuple[str, ...]
    missing: tuple[str, ...]
    refused: str


def available() -> list[str]:
    """Return the names of the cards that a region can have as they are; `catalog` has all."""
    return [card.name for card in catalog() if not card.refused and not card.missing]


def refused() -> dict[str, str]:
    """Return the cards that cannot be a region: name -> the reason, and what to use instead."""
    return {card.name: card.refused for card in catalog() if card.refused}


def catalog() -> list[CardSummary]:
    """Return a summary of every card that comes with pyscl, sorted by name."""
    return [_summary(name) for name in _names()]


def _summary(name: str) -> CardSummary:
    card = _read_own(name)
    return CardSummary(
        name, card.kind, card.summary, tuple(card.carriers), tuple(card.missing), card.refused
    )


def load(name_or_path: str | Path, **given: Any) -> Material:
    """Return the material of a card, by name ("LiCoO2") or by path ("my/oxide.yaml").

    Args:
        name_or_path: the card.
        **given: values by dotted path, as in `Material.with_`: those the card does not know, and
            any others instead of its own, `load("PEO", relative_permittivity=8)`.

    Raises:
        InputError: no such card (with the nearest name), a mistake in the file, a material that
            cannot be a region (says what to use instead), or a value that the card does not know
            and that was not given.
    """
    card = read(name_or_path)
    own = {path: value for path, value in given.items() if path in card.missing}
    others = {path: value for path, value in given.items() if path not in card.missing}
    material = _complete(name_or_path, card, own)
    return material.with_(**others) if others else material


def missing_values(name_or_path: str | Path) -> list[str]:
    """Return the dotted paths of what a card does not know and a material cannot do without."""
    return read(name_or_path).missing


def card_range(name_or_path: str | Path, path: str) -> tuple[str, str]:
    """Return the ends of the range of the literature that a card gives for a value.

    Args:
        name_or_path: the card, as for `load`.
        path: dotted path of the value, "carriers.Li.conductivity".

    Returns:
        Both ends as texts with units, as `Material.with_` and run files take them.

    Raises:
        InputError: no such card, or no range for the value; lists the ranges there are.
    """
    card = read(name_or_path)
    record = card.record() if card.refused else card.properties_record()
    ranges = {p.property: p.range for p in record if p.range}
    if path not in ranges:
        raise InputError(no_such(f"range on the card {name_or_path} for", path, list(ranges)))
    low, _, high = str(ranges[path]).partition(RANGE_SEPARATOR)
    return low, high


def read(name_or_path: str | Path) -> Card:
    """Return a card as it stands in its file, also by a short name ("LPS"); errors as `load`."""
    text = full_name(str(name_or_path))
    if text.endswith((".yaml", ".yml")):
        return _read_file(Path(name_or_path))
    if text not in _names():
        hint = " Cards of your own are given by path, ending in .yaml."
        raise InputError(no_such("material card", text, _names()) + hint)
    return _read_own(text)


def describe(name_or_path: str | Path, width: int = 100) -> str:
    """Return a card as plain text: values, temperatures, ranges, sources, assumptions.

    Args:
        name_or_path: a material card as for `load`, "landau/NAME" for Landau coefficients, or a
            pair as for `load_pair`.
        width: characters per line of running text.
    """
    if is_pair(name_or_path):
        return describe_pair(name_or_path, width)
    name = str(name_or_path)
    if name.startswith(LANDAU_PREFIX):
        landau_card, landau = read_landau(name.removeprefix(LANDAU_PREFIX))
        return card_text(landau.name, landau_card.description, landau.provenance, width)
    card = read(name_or_path)
    description, record = card.description, card.record()
    if card.refused:
        description += f" Cannot be the material of a region: {card.refused}"
    elif card.missing:
        record = card.properties_record()
        description += f" The user has to give: {', '.join(card.missing)}."
    else:
        material = _complete(name_or_path, card, {})
        record = list(material.provenance) + record
        description += _screening(material)
    return card_text(card.name, " ".join(description.split()), record, width)


def sources_of(name_or_path: str | Path) -> list[str]:
    """Return the keys of the sources of a card or a pair, by name or path, each once."""
    name = str(name_or_path)
    if name.startswith(LANDAU_PREFIX):
        record = list(read_landau(name.removeprefix(LANDAU_PREFIX))[1].provenance)
    elif is_pair(name_or_path):
        record = read_pair(name_or_path).record()
    else:
        card = read(name_or_path)
        record = [*card.properties_record(), *card.record()]
    return list(dict.fromkeys(key for p in record if p.source for key in p.source.split(", ")))


def is_pair(name_or_path: str | Path) -> bool:
    """Whether a name is that of a pair "first|second", or a path that of a file with such a name.

    Raises:
        InputError: the file cannot be read.
    """
    name = str(name_or_path)
    if not name.endswith((".yaml", ".yml")):
        return "|" in name
    data = YamlFile.read(Path(name)).data
    return isinstance(data, dict) and "|" in str(data.get("name", ""))


def _screening(material: Material) -> str:
    from pyscl.validity import screening_lengths  # needs the core

    lengths = screening_lengths(material, _SHOWN_AT)
    if lengths is None:
        return ""
    debye, site, spacing = (
        1e9 * x for x in (lengths.debye_length, lengths.site_length, lengths.carrier_spacing)
    )
    return (
        f" At {_SHOWN_AT:g} K: Debye length {debye:.3g} nm, site length {site:.3g} nm, mean "
        f"distance of the mobile defects {spacing:.3g} nm."
    )


def _names() -> list[str]:
    return sorted((path.stem for path in CARDS.glob("*.yaml")), key=str.lower)


@functools.cache
def _read_own(name: str) -> Card:
    return _read_file(CARDS / f"{name}.yaml")


def _read_file(path: Path) -> Card:
    file = YamlFile.read(path)
    try:
        card = Card.model_validate(file.data, context={"require_units": True})
        if not card.refused and not card.missing:
            card.material()  # the laws find mistakes of their own
    except ValidationError as error:
        raise InputError(file.report(error)) from None
    return card


def _complete(name_or_path: str | Path, card: Card, given: dict[str, Any]) -> Material:
    """Return the material of a card with the values the user has to give."""
    if not given and not card.missing and full_name(str(name_or_path)) in _names():
        return _own_material(full_name(str(name_or_path)))
    try:
        return card.material(given)
    except ValidationError as error:
        raise InputError(_words(card.name, error.errors(include_url=False))) from None


def _words(name: str, errors: Iterable[Any]) -> str:
    return "\n".join(
        f"{name}.{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in errors
    )


@functools.cache
def _own_material(name: str) -> Material:
    return _read_own(name).material()
