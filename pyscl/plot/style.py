"""The look of all figures: the style sheet, sizes, units of axes, files."""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from os import PathLike
from pathlib import Path
from typing import Any, Literal, ParamSpec

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from pyscl.errors import unknown_name
from pyscl.plot.colours import region_colours as region_colours
from pyscl.plot.colours import text_colour as text_colour
from pyscl.plot.layout import MapLayout
from pyscl.plot.layout import map_figure as map_figure
from pyscl.plot.ticks import write_plainly

COLUMN, PAGE = 3.5, 7.2  # widths of one and two journal columns, 89 and 183 mm [inch]
Width = Literal["single", "double"]
"""One or two columns of a journal, 89 or 183 mm."""

STYLE: dict[Any, Any] = dict(
    mpl.rc_params_from_file(Path(__file__).with_name("pyscl.mplstyle"), use_default_template=False)
)
"""The style sheet `pyscl.mplstyle` as matplotlib's settings."""

INK = "#222222"
LINES: tuple[str, ...] = tuple(
    f"#{colour}".replace("##", "#") for colour in STYLE["axes.prop_cycle"].by_key()["color"]
)

_NO_LAYOUT = {"figure.autolayout": False, "figure.constrained_layout.use": False}
_DOTS = {".png": 200, ".pdf": 400, ".svg": 400}  # per inch, in vector files of coloured fields

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
    """Run a plot function in the style; ticks and layout are fixed before the style ends.

    A figure into whose axes (argument `ax`) only a part is drawn keeps its own layout.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(STYLE | _NO_LAYOUT):
            figure = function(*args, **kwargs)
            write_plainly(figure)
            if kwargs.get("ax") is not None:
                return figure
            layout = figure.get_layout_engine()
            if isinstance(layout, MapLayout):
                layout.fit(figure)
            else:
                figure.draw_without_rendering()
            figure.set_layout_engine(None)  # laying out again while saving costs seconds
        return figure

    return run


def save(figure: Figure, path: str | PathLike[str], *, dots: float | None = None) -> None:
    """Write a figure to a PNG, PDF or SVG file; folders on the way are made.

    The same figure gives the same file: no dates are written. In PDF and SVG everything but
    coloured fields is drawn as lines and text.

    Args:
        figure: the figure.
        path: a file with one of these suffixes.
        dots: per inch; default: 200 in PNG, 400 of coloured fields in PDF and SVG.

    Raises:
        InputError: the path has another suffix.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise unknown_name("figure format", path.suffix, _FORMATS, f"for '{path}'")
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        options: dict[str, Any] = {"dpi": dots or _DOTS[suffix], "metadata": _FORMATS[suffix]}
        if suffix == ".png":
            options["pil_kwargs"] = {"compress_level": 4}  # half the time, and hardly larger
        figure.savefig(path, **options)


def inches(width: Width) -> float:
    """Return the width of a figure [inch].

    Raises:
        InputError: the width is neither "single" nor "double".
    """
    widths = {"single": COLUMN, "double": PAGE}
    if width not in widths:
        raise unknown_name("width", width, widths, "of a figure")
    return widths[width]


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
