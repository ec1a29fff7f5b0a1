"""Labels of ticks in plain text: "10⁻³" and "1−10⁻⁴" need no mathematical typesetting.

matplotlib typesets the powers of logarithmic axes as formulas, which takes most of the time of a
picture; the font has all signs that are needed.
"""

import re
from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, LogFormatter, LogitFormatter

_RAISED = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
_SMALL = {"10⁻¹": "0.1", "1−10⁻¹": "0.9"}


def plain(text: str) -> str:
    """Return a label that matplotlib writes as a formula with its signs in plain text."""
    if "$" not in text:
        return text
    text = text.replace("$", "").replace(r"\mathdefault", "")
    text = text.replace(r"\frac{1}{2}", "0.5").replace(r"\times", "×").replace(r"\cdot", "×")
    text = re.sub(r"\^\{([-−0-9]+)\}", lambda found: found[1].translate(_RAISED), text)
    text = re.sub(r"[{}\s]", "", text).replace("-", "−")
    return text


def power(exponent: int) -> str:
    """Return a power of ten, "10⁻³"."""
    return "10" + str(exponent).translate(_RAISED)


class PlainFormatter(Formatter):
    """Writes what another formatter writes, as plain text."""

    def __init__(self, inner: Formatter) -> None:
        self._inner = inner

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the label of one tick."""
        return self._short(plain(self._inner(x, pos)))

    def format_ticks(self, values: list[float]) -> list[str]:
        """Return the labels of all ticks."""
        return [self._short(plain(text)) for text in self._inner.format_ticks(values)]

    def _short(self, text: str) -> str:
        """Return 0.1 and 0.9 beside 0.5 on axes of shares."""
        return _SMALL.get(text, text) if isinstance(self._inner, LogitFormatter) else text

    def set_locs(self, locs: Any) -> None:
        """Receive the places of all ticks."""
        self._inner.set_locs(locs)

    def set_axis(self, axis: Any) -> None:
        """Receive the axis."""
        super().set_axis(axis)
        self._inner.set_axis(axis)


def write_plainly(figure: Figure) -> None:
    """Let the logarithmic axes and colour bars of a figure write plain text."""
    for ax in every_axes(figure.axes):
        for axis in (ax.xaxis, ax.yaxis):
            major, minor = axis.get_major_formatter(), axis.get_minor_formatter()
            if isinstance(major, LogFormatter | LogitFormatter):
                axis.set_major_formatter(PlainFormatter(major))
            if isinstance(minor, LogFormatter | LogitFormatter):
                axis.set_minor_formatter(PlainFormatter(minor))


def every_axes(axes: Iterable[Any]) -> list[Axes]:
    """Return axes and all axes inside of them."""
    return [a for ax in axes for a in (ax, *every_axes(ax.child_axes))]
