"""Colours of fields and regions, told apart with every kind of colour vision.

The maps of colours here are ColorBrewer's YlGnBu, RdBu and PuOr (C. Brewer, colorbrewer2.org),
resampled to equal steps in the uniform colour space CAM02-UCS; both arms of the diverging ones end
at the same lightness, so that values of opposite sign look equally large.
"""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

POTENTIAL, SIGNED, DIFFERENCE = "pyscl.potential", "pyscl.signed", "pyscl.difference"
"""Names of the maps of colours, known to matplotlib once `pyscl.plot` is imported."""

_ANCHORS = {
    POTENTIAL: (
        "081d58 0f2367 172976 1e2f86 253594 24409a 234a9e 2354a3 225da8 2166ac 2070b0 1f79b5 "
        "1e82b9 1e8bbd 2094c0 289cc1 30a4c2 38adc3 40b5c4 4ebbc2 5ec1c0 6cc6be 7acbbc 88d0ba "
        "95d6b9 a2dbb8 b0e0b6 bde5b5 ccebb4 daf1b2 eaf7b1 f3fbbf fbfdd0"
    ),
    SIGNED: (
        "08366a 0f437b 154f8c 1c5c9e 2369ad 2d76b4 3884bb 4291c2 559ec9 69abd0 7db8d7 91c5de "
        "a8d0e4 bedbeb d3e6f0 e7eff4 f7f6f6 f9ece4 fcdecd fbcdb5 f8bb9e f5a987 ee9677 e68469 "
        "de715a d55f4c cc4c43 c2373a b61f2e a31329 8e0d25 7a0622 67001f"
    ),
    DIFFERENCE: (
        "644395 6b4f9b 725ba1 7966a6 7f72ab 887cb2 9287ba 9c92c1 a69ec9 b0a9d1 bab5d7 c4c1de "
        "cdcde4 d7d9ea e2e4ef eeeef3 f7f7f6 f9f1e6 fbe9d0 fee0b7 fed49d fdc783 fdba67 f6ab50 "
        "ee9c3a e68c23 dc7e13 ce710e c1650a b45906 a45007 944707 853e08"
    ),
}
for _name, _anchors in _ANCHORS.items():
    _map = LinearSegmentedColormap.from_list(_name, [f"#{c}" for c in _anchors.split()], 512)
    mpl.colormaps.register(_map, force=True)

# Regions of the shipped meshes have a colour of their own, others take the next free one.
_NAMED = {
    "active": "#5B7DB8",
    "cathode": "#5B7DB8",
    "electrolyte": "#F2E3BC",
    "inclusion": "#CC5A6B",
    "coating": "#6FB8A0",
    "pore": "#E4E6EA",
    "carbon": "#55585F",
    "anode": "#9A86B5",
}
_OTHERS = ("#E0A458", "#88B8D8", "#A9B665", "#B07AA1", "#7A9E9F", "#D9A5B3", "#8C7B6B")


def region_colours(names: Sequence[str]) -> dict[str, str]:
    """Return the colour of every region; well-known names keep theirs in all figures."""
    free = iter(_OTHERS * (len(names) // len(_OTHERS) + 1))
    return {name: _NAMED[name] if name in _NAMED else next(free) for name in names}


def text_colour(colour: str) -> str:
    """Return the darker colour of a text that belongs to a line of some colour."""
    red, green, blue = to_rgb(colour)
    return to_hex((0.75 * red, 0.75 * green, 0.75 * blue))
