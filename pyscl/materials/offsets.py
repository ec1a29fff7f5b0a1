"""Applying pairs to regions: the standard potentials that make the steps between all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pyscl.errors import InputError, unknown_name
from pyscl.materials.laws import OpenCircuit
from pyscl.materials.library import load
from pyscl.materials.model import Material
from pyscl.materials.pairs import Pair, PairChoice, PairInput
from pyscl.materials.provenance import Provenance
from pyscl.materials.schema import describe

_SAME = 1e-6  # eV


@dataclass(frozen=True)
class _Step:
    """One step between two regions: level of `first` = level of `second` + `step` [eV]."""

    first: str
    second: str
    step: float
    choice: PairChoice

    def text(self) -> str:
        return f"{self.first}|{self.second} {self.step:+g} eV ({self.choice.pair.name})"


def apply_pairs(
    materials: Mapping[str, Material | str],
    pairs: Sequence[PairChoice | Pair | str | Any],
    *,
    partial: bool = False,
) -> dict[str, Material]:
    """Return the materials of regions with the standard potentials that the pairs ask for.

    The second region of the first pair keeps the standard potential it has, and so does the second
    region of the first pair of every further group of regions that pairs connect; all others
    follow. The electrons of a mixed conductor move against its ions, so that its voltage stays
    U(x). Where the values come from is recorded in the provenance of the materials.

    Args:
        materials: material, or name of a card, by region.
        pairs: names of pairs ("LiCoO2|Li6PS5Cl"), pairs, or mappings as `PairChoice` takes them.
        partial: leave pairs aside whose materials are not there.

    Raises:
        InputError: an unknown pair or region, no region of a material, a pair without a step, steps
            around a closed loop of regions that do not add up to 0 (names the loop), or a standard
            potential that was set by hand as well.
    """
    found = {r: load(m) if isinstance(m, str) else m for r, m in materials.items()}
    choices = choose(pairs)
    if partial:
        choices = tuple(choice for choice in choices if is_between(choice, found))
    for carrier in dict.fromkeys(choice.pair.carrier for choice in choices):
        steps = [
            step
            for choice in choices
            if choice.pair.carrier == carrier
            for step in _steps(choice, found)
        ]
        levels, causes = _levels(steps, found, carrier)
        for region, step in causes.items():
            found[region] = _moved(region, found[region], carrier, levels[region], step)
    return found


def choose(pairs: Iterable[Any]) -> tuple[PairChoice, ...]:
    """Return pairs in any form as `PairChoice`; InputError for a mistake."""
    try:
        return tuple(
            pair if isinstance(pair, PairChoice) else _ADAPTER.validate_python(pair)
            for pair in pairs
        )
    except ValidationError as error:
        raise InputError(describe("pairs", error)) from None


_ADAPTER: TypeAdapter[PairChoice] = TypeAdapter(PairInput)


def is_between(choice: PairChoice, materials: Mapping[str, Material]) -> bool:
    """Return whether there are regions for both materials of a pair."""
    return choice.regions is not None or all(_sides(choice, materials))


def _sides(choice: PairChoice, materials: Mapping[str, Material]) -> list[list[str]]:
    """Return the regions of the first and of the second material of a pair."""
    return [
        [region for region, m in materials.items() if _base(m) == wanted.removesuffix("-mixed")]
        for wanted in choice.pair.materials
    ]


def _base(material: Material) -> str:
    return material.name.removesuffix("-mixed")


def _steps(choice: PairChoice, materials: Mapping[str, Material]) -> list[_Step]:
    """Return the steps of one pair between the regions it holds for."""
    name, step = choice.pair.name, choice.applied_step
    if step is None:
        raise InputError(
            f"the pair {name} has no step of the standard potential; a metal is no region but a "
            "contact, e.g. {kind: potential, potential: ...} with the drop of the pair, or give "
            "'step'"
        )
    if choice.regions is not None:
        first, second = choice.regions.split("|")
        for region in (first, second):
            if region not in materials:
                raise unknown_name("region", region, materials, f"for the pair {name}")
        sides = [(first, second)]
    else:
        at = _sides(choice, materials)
        for wanted, regions in zip(choice.pair.materials, at, strict=True):
            if not regions:
                there = ", ".join(f"{r} ({m.name or 'no name'})" for r, m in materials.items())
                raise InputError(
                    f"the pair {name}: no region consists of '{wanted}'; there are {there}. Say "
                    "which are meant: {pair: " + name + ', regions: "first|second"}'
                )
        sides = [(a, b) for b in at[1] for a in at[0]]
    for region in {r for side in sides for r in side}:
        if choice.pair.carrier not in [c.name for c in materials[region].carriers]:
            raise InputError(
                f"the pair {name} is one of '{choice.pair.carrier}', which region '{region}' does "
                "not have"
            )
    return [_Step(a, b, step, choice) for a, b in sides]


def _levels(
    steps: Sequence[_Step], materials: Mapping[str, Material], carrier: str
) -> tuple[dict[str, float], dict[str, _Step]]:
    """Return the standard potential of every region that is connected, and what moves it."""
    levels: dict[str, float] = {}
    causes: dict[str, _Step] = {}
    for start in steps:
        if start.second in levels or start.first in levels:
            continue
        levels[start.second] = materials[start.second].carrier(carrier).standard_potential
        reached = [start.second]
        for here in reached:
            for step in steps:
                if here not in (step.first, step.second):
                    continue
                there = step.second if step.first == here else step.first
                level = levels[here] + (step.step if there == step.first else -step.step)
                if there not in levels:
                    levels[there], causes[there] = level, step
                    reached.append(there)
                elif abs(levels[there] - level) > _SAME:
                    raise InputError(_loop(step, causes))
    return levels, causes


def _loop(closing: _Step, causes: Mapping[str, _Step]) -> str:
    """Return the message for a loop of regions whose steps do not add up to 0."""
    one, other = (_to_root(region, causes) for region in (closing.first, closing.second))
    while len(one) > 1 and len(other) > 1 and one[-2:] == other[-2:]:
        one, other = one[:-1], other[:-1]
    loop = [*one, *reversed(other[:-1])]
    steps = [causes[region] for region in (*one[:-1], *other[:-1])]
    closed = sum(_along(causes[region], region) for region in one[:-1])
    closed -= sum(_along(causes[region], region) for region in other[:-1])
    return (
        f"the steps of the standard potential do not close around the regions "
        f"{' - '.join([*loop, loop[0]])}, they miss by {abs(closed - closing.step):.4g} eV: "
        f"{', '.join(step.text() for step in (*steps, closing))}. Give one of them another step, "
        f"e.g. {{pair: {closing.choice.pair.name}, step: {closed:.4g} eV}}, or leave it out"
    )


def _to_root(region: str, causes: Mapping[str, _Step]) -> list[str]:
    """Return the regions from one back to that whose level was kept."""
    found = [region]
    while found[-1] in causes:
        step = causes[found[-1]]
        found.append(step.second if found[-1] == step.first else step.first)
    return found


def _along(step: _Step, region: str) -> float:
    """Return the level of a region above the other one of its step [eV]."""
    return step.step if region == step.first else -step.step


def _moved(region: str, material: Material, carrier: str, level: float, step: _Step) -> Material:
    """Return a material with another standard potential of a carrier."""
    path = f"carriers.{carrier}.standard_potential"
    given = next((p for p in material.provenance if p.property == path), None)
    if given is not None and given.source == "user":
        raise InputError(
            f"region '{region}' sets {path} to {given.value}, and so does the pair "
            f"{step.choice.pair.name}; keep one of them"
        )
    own = material.carrier(carrier)
    change = level - own.standard_potential
    new = {path: f"{level!r} eV"}
    if isinstance(own.statistics, OpenCircuit):
        for other in material.carriers:
            if other.name != carrier and isinstance(other.statistics, OpenCircuit):
                against = f"carriers.{other.name}.standard_potential"
                new[against] = f"{other.standard_potential - change!r} eV"
    data = material.override_data(new)
    kept = [p for p in data["provenance"] if p.property not in new]
    data["provenance"] = [*kept, *(_origin(key, value, step) for key, value in new.items())]
    return Material.model_validate(data)


def _origin(path: str, value: str, step: _Step) -> Provenance:
    """Return where a standard potential that a pair sets comes from."""
    pair, choice = step.choice.pair, step.choice
    card = next((p for p in pair.provenance if p.property == "step"), None)
    said = f"step of {step.step:+g} eV of the pair {pair.name}, {step.first}|{step.second}"
    if card is None or choice.step is not None:
        spread = f"; its card has {card.value}" if card else ""
        return Provenance(property=path, value=value, source="user", note=f"{said}{spread}.")
    return Provenance(
        property=path,
        value=value,
        source=card.source,
        assumption=card.assumption,
        note=f"{said} (range {card.range or 'not known'}). {card.note}".strip(),
    )
