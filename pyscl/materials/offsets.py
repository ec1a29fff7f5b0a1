"""Applying pairs to regions: the standard potentials that make the steps between all of them.

The step of a pair is one of chemical potentials mu = mu0 + kT eta(y) of neutral bulks. The fillings
y of the two materials take their part, the standard potentials mu0 make the rest; statistics with
an open-circuit curve have their U(x) in eta. All this at `TEMPERATURE`: mu0 is a constant of a
model, so that at other temperatures the built-in potential follows from the same mu0.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pyscl.errors import InputError, unknown_name
from pyscl.materials.laws import OpenCircuit
from pyscl.materials.library import load
from pyscl.materials.model import Carrier, Material
from pyscl.materials.pairs import Pair, PairChoice, PairInput
from pyscl.materials.provenance import Provenance
from pyscl.materials.schema import describe

TEMPERATURE = 298.15
"""Temperature [K] at which the step of a pair holds."""

_SAME = 1e-6  # eV
_DIGITS = 12  # of a standard potential in eV


@dataclass(frozen=True)
class _Step:
    """One step between two regions: level of `first` = level of `second` + `step` [eV].

    The level is the chemical potential of the neutral bulk. `other` names the materials of the
    regions where they are not those of the pair.
    """

    first: str
    second: str
    step: float
    choice: PairChoice
    other: str = ""

    def text(self) -> str:
        return f"{self.first}|{self.second} {self.step:+g} eV ({self.choice.pair.name})"


def apply_pairs(
    materials: Mapping[str, Material | str],
    pairs: Sequence[PairChoice | Pair | str | Any],
    *,
    partial: bool = False,
) -> dict[str, Material]:
    """Return the materials of regions with the standard potentials that the pairs ask for.

    The built-in potential between the neutral bulks of two regions becomes -step / (z e) at 25
    degC, whatever their fillings are: the composition of the materials as they are given here. To
    change a state of charge at fixed standard potentials, change it in the materials returned.

    The second region of the first pair keeps the standard potential it has, and so does the second
    region of the first pair of every further group of regions that pairs connect; all others
    follow. The electrons of a mixed conductor move against its ions, so that its voltage stays
    U(x). Where the values come from is recorded in the provenance of the materials.

    Args:
        materials: material, or name of a card, by region.
        pairs: names of pairs ("LiCoO2|Li6PS5Cl"), pairs, or mappings as `PairChoice` takes them.
        partial: leave pairs aside whose materials are not there.

    Raises:
        InputError: an unknown pair or region, no region of a material, regions in the other order
            than the materials of the pair, a pair without a step, steps around a closed loop of
            regions that do not add up to 0 (names the loop), or a standard potential that was set
            by hand, or by another pair, as well.
    """
    found = {r: load(m) if isinstance(m, str) else m for r, m in materials.items()}
    choices = choose(pairs)
    if partial:
        choices = tuple(choice for choice in choices if is_between(choice, found))
    together = {_mark(choice.pair) for choice in choices}
    for carrier in dict.fromkeys(choice.pair.carrier for choice in choices):
        steps = [
            step
            for choice in choices
            if choice.pair.carrier == carrier
            for step in _steps(choice, found)
        ]
        levels, causes = _levels(steps, found, carrier)
        for region, step in causes.items():
            found[region] = _moved(region, found[region], levels[region], step, together)
    return found


def regions_left_out(
    choices: Sequence[PairChoice],
    cases: Mapping[str, Mapping[str, Material]],
) -> list[str]:
    """Return a sentence for every case in which a region has no step that it has in another.

    Args:
        choices: the pairs of all cases.
        cases: materials by region, by the name of the case.
    """
    touched = {name: _touched(choices, materials) for name, materials in cases.items()}
    everywhere = dict.fromkeys(key for found in touched.values() for key in found)
    lines = []
    for name, found in touched.items():
        for carrier, region in everywhere:
            if (carrier, region) not in found:
                pairs = dict.fromkeys(
                    p for t in touched.values() for p in t.get((carrier, region), ())
                )
                material = cases[name][region].name
                lines.append(
                    f"{name}: no pair holds for region '{region}' ({material}), where other cases "
                    f"have {', '.join(pairs)}; its level of {carrier} stays that of its card, so "
                    "the space charge layer differs for that reason too. Give a pair for it"
                )
    return lines


def _touched(
    choices: Sequence[PairChoice], materials: Mapping[str, Material]
) -> dict[tuple[str, str], list[str]]:
    """Return the pairs that hold for (carrier, region)."""
    found: dict[tuple[str, str], list[str]] = {}
    for choice in choices:
        if is_between(choice, materials):
            for step in _steps(choice, materials):
                for region in (step.first, step.second):
                    found.setdefault((choice.pair.carrier, region), []).append(choice.pair.name)
    return found


def choose(pairs: Iterable[Any]) -> tuple[PairChoice, ...]:
    """Return pairs in any form as `PairChoice`; InputError for a mistake."""
    if isinstance(pairs, str | Mapping | Pair | PairChoice):
        one = pairs if isinstance(pairs, str) else "LiCoO2|Li6PS5Cl"
        raise InputError(f"pairs is a list, also of one pair; write pairs=['{one}']")
    try:
        return tuple(
            pair if isinstance(pair, PairChoice) else _ADAPTER.validate_python(pair)
            for pair in pairs
        )
    except ValidationError as error:
        raise InputError(describe("pairs", error)) from None


_ADAPTER: TypeAdapter[PairChoice] = TypeAdapter(PairInput)


def is_between(choice: PairChoice, materials: Mapping[str, Material]) -> bool:
    """Return whether a pair names its regions, or there are regions for both its materials."""
    return choice.regions is not None or all(_sides(choice.pair, materials))


def _sides(pair: Pair, materials: Mapping[str, Material]) -> list[list[str]]:
    """Return the regions of the first and of the second material of a pair."""
    return [
        [region for region, m in materials.items() if _is_side(m.name, pair, side)]
        for side in (0, 1)
    ]


def _is_side(name: str, pair: Pair, side: int) -> bool:
    """Whether a material is the first (0) or second (1) of a pair; "-mixed" counts as the same."""
    wanted = pair.materials[side]
    bases = [other.removesuffix("-mixed") for other in pair.materials]
    exact = bases[0] == bases[1]
    return name == wanted if exact else name.removesuffix("-mixed") == bases[side]


def _given_sides(choice: PairChoice, materials: Mapping[str, Material]) -> tuple[str, str, str]:
    """Return the regions that a pair names, and their materials where they are not the pair's.

    Raises:
        InputError: an unknown region, or the materials stand the other way round.
    """
    pair = choice.pair
    first, second = str(choice.regions).split("|")
    for region in (first, second):
        if region not in materials:
            raise unknown_name("region", region, materials, f"for the pair {pair.name}")
    names = [materials[region].name for region in (first, second)]
    if all(_is_side(names[k], pair, k) for k in (0, 1)):
        return first, second, ""
    if _is_side(names[0], pair, 1) or _is_side(names[1], pair, 0):
        a, b = pair.materials
        raise InputError(
            f"the pair {pair.name} for the regions {first}|{second}, which consist of "
            f"{names[0]} and {names[1]}: the order is not the same. The step is that of the first "
            f"minus the second: write {{pair: {pair.name}, regions: {second}|{first}}}, or "
            f"{{pair: {b}|{a}, regions: {first}|{second}}} with a step of the other sign"
        )
    return first, second, "|".join(name or "no name" for name in names)


def _steps(choice: PairChoice, materials: Mapping[str, Material]) -> list[_Step]:
    """Return the steps of one pair between the regions it holds for."""
    name, step = choice.pair.name, choice.applied_step
    if step is None:
        raise InputError(
            f"the pair {name} has no step of the chemical potential; a metal is no region but a "
            "contact, e.g. {kind: potential, potential: ...} with the drop of the pair, or give "
            "'step'"
        )
    other = ""
    if choice.regions is not None:
        *between, other = _given_sides(choice, materials)
        sides = [(between[0], between[1])]
    else:
        at = _sides(choice.pair, materials)
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
    return [_Step(a, b, step, choice, other) for a, b in sides]


def _levels(
    steps: Sequence[_Step], materials: Mapping[str, Material], carrier: str
) -> tuple[dict[str, float], dict[str, _Step]]:
    """Return the chemical potential of every region that is connected, and what moves it."""
    levels: dict[str, float] = {}
    causes: dict[str, _Step] = {}
    for start in steps:
        if start.second in levels or start.first in levels:
            continue
        kept = materials[start.second].carrier(carrier)
        levels[start.second] = kept.standard_potential + _filling(kept)
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
        f"the steps of the chemical potential do not close around the regions "
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


def _filling(carrier: Carrier) -> float:
    """Return kT eta of the neutral bulk [eV]: what its filling adds to the standard potential."""
    from pyscl.carriers import bulk_potential  # needs the core

    return bulk_potential(carrier, TEMPERATURE) - carrier.standard_potential


def _moved(
    region: str, material: Material, level: float, step: _Step, together: Collection[str]
) -> Material:
    """Return a material whose chemical potential of the carrier of a step is `level` [eV].

    `together` are the marks of all pairs that are applied at once.
    """
    name = step.choice.pair.carrier
    own = material.carrier(name)
    standard = round(level - _filling(own), _DIGITS)
    change = standard - own.standard_potential
    _check_free(region, material, step, together, change)
    path = f"carriers.{name}.standard_potential"
    new = {path: f"{standard!r} eV"}
    if isinstance(own.statistics, OpenCircuit):
        for other in material.carriers:
            if other.name != name and isinstance(other.statistics, OpenCircuit):
                against = f"carriers.{other.name}.standard_potential"
                new[against] = f"{round(other.standard_potential - change, _DIGITS)!r} eV"
    data = material.override_data(new)
    kept = [p for p in data["provenance"] if p.property not in new]
    data["provenance"] = [*kept, *(_origin(key, value, step) for key, value in new.items())]
    return Material.model_validate(data)


def _mark(pair: Pair) -> str:
    """Return what the provenance of a standard potential says of the pair that set it."""
    return f"{'|'.join(sorted(pair.materials))} of {pair.carrier}"


def _check_free(
    region: str, material: Material, step: _Step, together: Collection[str], change: float
) -> None:
    """Refuse to move a level [eV] that a hand, the carrier it is tied to, or another pair set."""
    pair = step.choice.pair
    path = f"carriers.{pair.carrier}.standard_potential"
    given = next((p for p in material.provenance if p.property == path), None)
    if given is None or not given.pair:
        value = _by_hand(material, pair.carrier, given)
        if value:
            raise InputError(
                f"region '{region}' sets {path} to {value}, and so does the pair {pair.name}; "
                "keep one of them"
            )
        return
    if not given.pair.endswith(f" of {pair.carrier}"):
        raise InputError(
            f"region '{region}': the pair {given.pair} moves {path} too, against its own carrier, "
            f"so that the voltage stays U(x); the pair {pair.name} of {pair.carrier} would move it "
            "again. A material with an open-circuit curve has one level only: keep one of the pairs"
        )
    if given.pair not in together and abs(change) > _SAME:
        raise InputError(
            f"region '{region}': {path} was set by the pair {given.pair} before, and the pair "
            f"{pair.name} asks for a level {change:+.4g} eV away; apply both together"
        )


def _by_hand(material: Material, carrier: str, given: Provenance | None) -> str:
    """Return the standard potential that a user set, as a text; "" if it is that of a card.

    A value of 0 eV inside carriers that were given as a whole counts as not set.
    """
    if given is not None:
        return given.value if given.source == "user" else ""
    value = material.carrier(carrier).standard_potential
    return f"{value:g} eV" if value else ""


def _origin(path: str, value: str, step: _Step) -> Provenance:
    """Return where a standard potential that a pair sets comes from."""
    pair, choice = step.choice.pair, step.choice
    card = next((p for p in pair.provenance if p.property == "step"), None)
    said = f"step of {step.step:+g} eV of the pair {pair.name}, {step.first}|{step.second}"
    if step.other:
        said += f", used for {step.other}"
    if card is None or choice.step is not None or step.other:
        spread = f"; its card has {card.value}" if card else ""
        return Provenance(
            property=path, value=value, source="user", note=f"{said}{spread}.", pair=_mark(pair)
        )
    return Provenance(
        property=path,
        value=value,
        source=card.source,
        assumption=card.assumption,
        note=f"{said} (range {card.range or 'not known'}). {card.note}".strip(),
        pair=_mark(pair),
    )
