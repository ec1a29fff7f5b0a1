"""The range of the literature that a material card gives for one of its values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyscl.errors import InputError
from pyscl.materials import load
from pyscl.materials.schema import no_such

_SEPARATOR = " .. "


def card_range(data: Mapping[str, Any], path: str, directory: Path) -> tuple[str, str]:
    """Return both ends of the range of a value, as the card has them.

    Args:
        data: of the run file.
        path: of the value in the run file, "regions.electrolyte.set.carriers.Li.conductivity".
        directory: where paths of cards start.

    Raises:
        InputError: the path is not that of a value of a card, or its card has no range.
    """
    section, _, rest = path.partition(".")
    regions = data.get("regions")
    if section != "regions" or not isinstance(regions, Mapping):
        raise InputError(
            f"the spread of '{path}' is not known; material cards have it for paths such as "
            "regions.electrolyte.set.carriers.Li.conductivity"
        )
    region = next((str(name) for name in regions if rest.startswith(f"{name}.")), None)
    if region is None:
        raise InputError(no_such("region", rest.partition(".")[0], [str(r) for r in regions]))
    choice = regions[region]
    card = choice.get("card") if isinstance(choice, Mapping) else choice
    if not isinstance(card, str):
        raise InputError(f"region '{region}' has no material card; give a range")
    material = load(directory / card if card.endswith((".yaml", ".yml")) else card)
    wanted = rest[len(region) + 1 :].removeprefix("set.")
    ranges = {p.property: p.range for p in material.provenance if p.range}
    if wanted not in ranges:
        raise InputError(no_such(f"range on the card {card} for", wanted, list(ranges)))
    low, _, high = str(ranges[wanted]).partition(_SEPARATOR)
    return low, high
