"""Pairs of materials: by how much the level of lithium ions differs across a contact.

The step of a pair is the chemical potential of the ions in the neutral bulk of the first material
minus that in the second, before they touch. On contact it becomes the built-in potential

    phi_1 - phi_2 = -step / (z e)

between the two bulks, with its space charge layers; this is what the literature states. A pair is
a card of its own, with the range and the source of the step and with what was measured at the
contact; `pyscl.materials.offsets` finds the standard potentials that make it.
"""

import functools
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from pyscl.errors import InputError
from pyscl.materials.names import full_name
from pyscl.materials.provenance import CARDS, RANGE_SEPARATOR, Property, Provenance, card_text
from pyscl.materials.schema import InputModel, failure, no_such
from pyscl.materials.yamlfile import YamlFile
from pyscl.units import Energy, parse

PAIR_CARDS = CARDS / "pairs"
"""Folder of the pairs; "a|b" stands in the file a--b.yaml."""

_OBSERVED = {
    "drop": "V",
    "width": "m",
    "resistance": "ohm*m^2",
    "activation_energy": "eV",
    "core_level_shift": "eV",
}
"""What may have been measured at a contact, and its unit."""


class PairCard(InputModel):
    """The card of a pair as it stands in its file.

    Attributes:
        name: "first|second", the materials.
        description: what is known of the contact, and of the sign of the step.
        carrier: the carrier whose chemical potential differs.
        step: chemical potential of the carrier in the neutral bulk of the first material minus
            that in the second, at 25 degC and electric potential 0 [eV]; -z e times the built-in
            potential. Negative where the carrier moves from the second material into the first.
            None where one of them is a metal, or no step is known.
        observed: what was measured or computed at the contact: drop (its size) [V], width [m],
            resistance [Ohm m2], activation_energy [eV], core_level_shift [eV].
    """

    name: str
    description: Annotated[str, Field(min_length=1)]
    carrier: str = "Li"
    step: Property | None = None
    observed: dict[str, Property] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _two(cls, name: str) -> str:
        return "|".join(_materials(name))

    @model_validator(mode="after")
    def _units_and_ranges(self) -> "PairCard":
        for key in self.observed:
            if key not in _OBSERVED:
                message = no_such("observation", key, list(_OBSERVED))
                raise failure("key", message, ("observed", key))
        for place, item, unit in [
            *((("observed", key), item, _OBSERVED[key]) for key, item in self.observed.items()),
            *([(("step",), self.step, "eV")] if self.step else []),
        ]:
            try:
                parse(item.value, unit, require_units=True)
                item.check_range(unit)
            except InputError as error:
                raise failure("range", str(error), place, item.value) from None
        return self

    def reversed(self) -> "PairCard":
        """Return the same pair with the materials in the other order, so with the other sign."""
        first, second = _materials(self.name)
        turned = {"name": f"{second}|{first}"}
        if self.step is None:
            return self.model_copy(update=turned)
        ends = self.step.range and tuple(_negative(end) for end in self.step.range[::-1])
        step = self.step.model_copy(update={"value": _negative(self.step.value), "range": ends})
        return self.model_copy(update={**turned, "step": step})

    def record(self) -> list[Provenance]:
        """Return the provenance of every value."""
        found = [self.step.provenance("step")] if self.step else []
        return found + [p.provenance(f"observed.{key}") for key, p in self.observed.items()]


def _negative(value: str | float) -> str:
    """Return a value with a unit times -1, as a text."""
    text = str(value).strip()
    if text.startswith("-"):
        return text[1:].strip()
    return text if parse(text, "eV") == 0.0 else f"-{text.removeprefix('+')}"


def _materials(name: str) -> tuple[str, str]:
    parts = [full_name(part.strip()) for part in name.split("|")]
    if len(parts) != 2 or parts[0] == parts[1] or not all(parts):
        raise ValueError(f"'{name}' names no pair; write 'material|other material'")
    return parts[0], parts[1]


class Pair(InputModel):
    """The step of the chemical potential of a carrier between two materials.

    Attributes:
        name: "first|second", the materials.
        carrier: the carrier.
        step: its chemical potential in the neutral bulk of the first material minus that in the
            second, at 25 degC before contact [eV], or None. The built-in potential of the first
            bulk over the second is -step / (z e).
        observed: what was measured at the contact, in SI: drop (its size) [V], width [m],
            resistance [Ohm m2], activation_energy [eV], core_level_shift [eV].
        provenance: where the values come from.
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("provenance",)

    name: str
    carrier: str = "Li"
    step: Energy | None = None
    observed: dict[str, float] = Field(default_factory=dict)
    provenance: tuple[Provenance, ...] = ()

    @field_validator("name")
    @classmethod
    def _two(cls, name: str) -> str:
        return "|".join(_materials(name))

    @property
    def materials(self) -> tuple[str, str]:
        """Names of the first and the second material."""
        return _materials(self.name)


def available_pairs() -> list[str]:
    """Return the names of the pairs that come with pyscl."""
    stems = (path.stem for path in PAIR_CARDS.glob("*.yaml"))
    return sorted((stem.replace("--", "|") for stem in stems), key=str.lower)


def load_pair(name_or_path: str | Path) -> Pair:
    """Return a pair by the names of its materials ("LiCoO2|Li6PS5Cl") or by path.

    The step follows the order as typed: "Li6PS5Cl|LiCoO2" is the same pair with the other sign.

    Raises:
        InputError: no such pair (with the nearest name), or a mistake in the file.
    """
    card = read_pair(name_or_path)
    return Pair(
        name=card.name,
        carrier=card.carrier,
        step=None if card.step is None else parse(card.step.value, "eV"),
        observed={key: parse(p.value, _OBSERVED[key]) for key, p in card.observed.items()},
        provenance=tuple(card.record()),
    )


def read_pair(name_or_path: str | Path) -> PairCard:
    """Return the card of a pair; errors as `load_pair`."""
    text = str(name_or_path)
    if text.endswith((".yaml", ".yml")):
        return _read_file(Path(name_or_path))
    typed = "|".join(full_name(part.strip()) for part in text.split("|"))
    turned = "|".join(typed.split("|")[::-1])
    if typed in available_pairs():
        return _read_own(typed)
    if turned in available_pairs():
        return _read_own(turned).reversed()
    hint = " Pairs of your own: a path ending in .yaml, or {name: ..., step: ...}."
    raise InputError(no_such("pair", text, available_pairs()) + hint)


@functools.cache
def _read_own(name: str) -> PairCard:
    return _read_file(PAIR_CARDS / f"{name.replace('|', '--')}.yaml")


def _read_file(path: Path) -> PairCard:
    file = YamlFile.read(path)
    try:
        return PairCard.model_validate(file.data, context={"require_units": True})
    except ValidationError as error:
        raise InputError(file.report(error)) from None


def pair_range(name_or_path: str | Path) -> tuple[str, str]:
    """Return the ends of the range of the step of a pair, as texts in eV.

    Raises:
        InputError: no such pair, or its step has no range.
    """
    card = read_pair(name_or_path)
    found = card.step.provenance("step").range if card.step else None
    if found is None:
        raise InputError(f"the pair {card.name} has no range of its step; give one")
    low, _, high = found.partition(RANGE_SEPARATOR)
    return low, high


def describe_pair(name_or_path: str | Path, width: int = 100) -> str:
    """Return a pair as plain text: step, observations, ranges, sources.

    Args:
        name_or_path: the pair, as for `load_pair`.
        width: characters per line of running text.
    """
    card = read_pair(name_or_path)
    first, second = _materials(card.name)
    said = " ".join(card.description.split())
    if card.step is not None:
        said += (
            f" The step is the chemical potential of {card.carrier} in the neutral bulk of {first} "
            f"minus that in {second}, at 25 degC before contact."
        )
    return card_text(card.name, said, card.record(), width)


def _by_name(value: Any, info: Any) -> Any:
    """Accept the name or path of a pair for the pair itself."""
    if not isinstance(value, str):
        return value
    directory = (info.context or {}).get("directory", Path())
    try:
        return load_pair(directory / value if value.endswith((".yaml", ".yml")) else value)
    except InputError as error:
        raise failure("card", str(error), (), value) from None


class PairChoice(InputModel):
    """A pair as a run file or a model names it; the bare name of a pair is enough.

    Attributes:
        pair: name or path of a pair, or {name: "first|second", step: ...} inline.
        regions: "first|second", the regions it holds between; None: all regions that consist of its
            materials (a card and its variant "-mixed" count as one material). The first region
            consists of the first material.
        step: another step than that of the pair [eV], e.g. from its range, for the materials in
            the order of the pair as it is named here.
    """

    pair: Annotated[Pair, BeforeValidator(_by_name, json_schema_input_type=str | Pair)]
    regions: str | None = None
    step: Energy | None = None

    @field_validator("regions")
    @classmethod
    def _two(cls, regions: str | None) -> str | None:
        return None if regions is None else "|".join(_materials(regions))

    @property
    def applied_step(self) -> float | None:
        """The step that is applied [eV], first material minus second; None if there is none."""
        return self.pair.step if self.step is None else self.step


def _choice(value: Any) -> Any:
    return {"pair": value} if isinstance(value, str | Pair) else value


PairInput = Annotated[PairChoice, BeforeValidator(_choice, json_schema_input_type=str | PairChoice)]
"""A pair in any form that a run file may use."""
