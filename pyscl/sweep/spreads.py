"""The range of the literature that a card gives for a value at some place of a run file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyscl import materials
from pyscl.errors import InputError
from pyscl.materials.schema import no_such


def card_range(data: Mapping[str, Any], path: str, directory: Path) -> tuple[str, str]:
    """Return both ends of the range of a value, as the card has them.

    Args:
        data: of the run file.
        path: of the value in the run file, "regions.electrolyte.set.carriers.Li.conductivity", or
            "pairs.0.step".
        directory: where paths of cards start.

    Raises:
        InputError: the path is not that of a value of a card, or its card has no range.
    """
    section, _, rest = path.partition(".")
    pairs = data.get("pairs")
    if section == "pairs" and isinstance(pairs, list):
        return materials.pair_range(_located(_pair(pairs, path), directory))
    regions = data.get("regions")
    if section != "regions" or not isinstance(regions, Mapping):
        raise InputError(
            f"the spread of '{path}' is not known; cards have it for paths such as "
            "regions.electrolyte.set.carriers.Li.conductivity and pairs.0.step"
        )
    region = next((str(name) for name in regions if rest.startswith(f"{name}.")), None)
    if region is None:
        raise InputError(no_such("region", rest.partition(".")[0], [str(r) for r in regions]))
    choice = regions[region]
    card = choice.get("card") if isinstance(choice, Mapping) else choice
    if not isinstance(card, str):
        raise InputError(f"region '{region}' has no material card; give a range")
    wanted = rest[len(region) + 1 :].removeprefix("set.")
    return materials.card_range(_located(card, directory), wanted)


def _pair(pairs: list[Any], path: str) -> str:
    """Return the name of the pair whose step a path names."""
    number, _, key = path.removeprefix("pairs.").partition(".")
    if not number.isdigit() or int(number) >= len(pairs):
        raise InputError(no_such("entry of 'pairs'", number, [str(i) for i in range(len(pairs))]))
    if key != "step":
        raise InputError(no_such("range of a pair for", key, ["step"]))
    choice = pairs[int(number)]
    name = choice.get("pair") if isinstance(choice, Mapping) else choice
    if not isinstance(name, str):
        raise InputError(f"pair {number} stands in the run file itself; give a range")
    return name


def _located(name: str, directory: Path) -> str | Path:
    return directory / name if name.endswith((".yaml", ".yml")) else name
