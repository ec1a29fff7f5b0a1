"""The look of all figures: fonts, sizes, colours of regions, units of axes, files."""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from os import PathLike
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
from cycler import cycler
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.textpath import TextPath

from pyscl.errors import unknown_name

COLUMN, PAGE = 3.5, 7.2  # widths of one and two journal columns [inch]

_TALLEST = 7.0  # of all figures [inch]
_PAD = 0.08  # around everything [inch]

INK = "#222222"
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.labelsize": 8.0,
    "axes.titlesize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.8,
    "ytick.major.size": 2.8,
    "xtick.minor.size": 1.6,
    "ytick.minor.size": 1.6,
    "axes.formatter.useoffset": False,
    "axes.prop_cycle": cycler(color=LINES),
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.hashsalt": "pyscl",
}

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

# Metadata that would differ from run to run.
_FORMATS: dict[str, dict[str, Any]] = {
    ".png": {},
    ".pdf": {"CreationDate": None},
    ".svg": {"Date": None},
}

# (smallest value that gets it, factor, prefix); 0.1 to 1000 stays without.
_PREFIXES = (
    (1e9, 1e9, "G"),
    (1e6, 1e6, "M"),
    (1e3, 1e3, "k"),
    (0.1, 1.0, ""),
    (1e-4, 1e-3, "m"),
    (1e-7, 1e-6, "µ"),
)

P = ParamSpec("P")


def styled(function: Callable[P, Figure]) -> Callable[P, Figure]:
    """Run a plot function in the style; ticks and layout are fixed before the style ends."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(STYLE):
            figure = function(*args, **kwargs)
            if isinstance(figure.get_layout_engine(), _MapLayout):
                _fit(figure)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # laying out again while saving costs seconds
        return figure

    return run


class _MapLayout(ConstrainedLayoutEngine):
    """Layout of a figure of maps, whose size follows from the width and the shape of the maps."""

    def __init__(self) -> None:
        super().__init__(compress=True, w_pad=_PAD / 2.0, h_pad=_PAD / 2.0)


def map_figure(width: float) -> Figure:
    """Return a figure for maps, `width` inches wide; `styled` gives it its height."""
    return Figure((width, 2.5 * width), layout=_MapLayout())


def _fit(figure: Figure) -> None:
    """Cut the height to what the maps need, and the width if they were limited by the height."""
    engine = figure.get_layout_engine()
    assert engine is not None
    for _ in range(3):
        engine.execute(figure)
        box = figure.get_tightbbox()
        height = min(box.height + _PAD, _TALLEST)
        if abs(height - figure.get_figheight()) < 0.03:
            break
        if box.height + _PAD > _TALLEST:
            figure.set_figwidth(min(figure.get_figwidth(), box.width + _PAD))
        figure.set_figheight(height)


def save(figure: Figure, path: str | PathLike[str]) -> None:
    """Write a figure to a PNG (200 dpi), PDF or SVG file; folders on the way are made.

    The same figure gives the same file: no dates are written.

    Raises:
        InputError: the path has another suffix.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise unknown_name("figure format", path.suffix, _FORMATS, f"for '{path}'")
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        figure.savefig(path, dpi=200, metadata=_FORMATS[suffix])


def region_colours(names: Sequence[str]) -> dict[str, str]:
    """Return the colour of every region; well-known names keep theirs in all figures."""
    free = iter(_OTHERS * (len(names) // len(_OTHERS) + 1))
    return {name: _NAMED[name] if name in _NAMED else next(free) for name in names}


def length_unit(extent: float) -> tuple[float, str]:
    """Return (m per unit, unit) in which an extent [m] reads well."""
    if extent < 5e-6:
        return 1e-9, "nm"
    return (1e-6, "µm") if extent < 5e-3 else (1e-3, "mm")


def prefixed(largest: float, unit: str) -> tuple[float, str]:
    """Return (SI per unit, unit) with the prefix that suits the largest value.

    Units are printed with raised exponents; pure numbers have none and get no prefix.
    """
    text = raised(unit)
    if unit == "1" or not largest > 0.0:
        return 1.0, "" if unit == "1" else text
    for least, factor, prefix in _PREFIXES:
        if largest >= least:
            return factor, prefix + text
    return 1e-9, "n" + text


def raised(unit: str) -> str:
    """Return a unit as it is printed: "Ohm*cm^2" and "Ohm cm2" are "Ω cm²"."""
    text = re.sub("(?i)ohm", "Ω", unit).replace("*", " ")
    return re.sub(r"(?<=[A-Za-z])\^?([23])\b", lambda found: "²³"[int(found[1]) - 2], text)


def text_colour(colour: str) -> str:
    """Return the darker colour of a text that belongs to a line of some colour."""
    red, green, blue = to_rgb(colour)
    return to_hex((0.75 * red, 0.75 * green, 0.75 * blue))


def text_width(text: str, size: float = STYLE["xtick.labelsize"]) -> float:
    """Return the width of a text in the font of the style [inch]."""
    with mpl.rc_context(STYLE):
        return float(TextPath((0.0, 0.0), text, size=size).get_extents().width) / 72.0


def legend_columns(names: Sequence[str], width: float = 0.8 * COLUMN) -> int:
    """Return in how many columns a legend with patches fits in a width [inch]."""
    widths = [text_width(name) + 2.8 * STYLE["legend.fontsize"] / 72.0 for name in names]
    for columns in range(len(names), 1, -1):
        rows = -(-len(names) // columns)
        if sum(max(widths[k : k + rows]) for k in range(0, len(names), rows)) < width:
            return columns
    return 1


def halved(text: str) -> str:
    """Return a text in two lines, broken at the space nearest to its middle."""
    spaces = [k for k, letter in enumerate(text) if letter == " "]
    if not spaces:
        return text
    middle = min(spaces, key=lambda k: abs(2 * k - len(text)))
    return f"{text[:middle]}\n{text[middle + 1 :]}"


def with_unit(text: str, unit: str) -> str:
    """Return an axis label with its unit in parentheses, if there is one."""
    gap = "" if text.endswith("\n") else " "
    return f"{text}{gap}({unit})" if unit else text.rstrip()
