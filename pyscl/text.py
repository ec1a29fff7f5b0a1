"""Plain text for people: tables, and mistakes shown where they are."""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table with left-aligned columns, two spaces apart."""
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]


def pointed(message: str, text: str, position: int) -> str:
    """Return "headline; advice" with the line of a text and a caret put in between.

    Args:
        message: the headline alone, or headline and advice with "; " between them.
        text: the text with the mistake, of one line or several.
        position: character of the text the caret points to, at most its length.
    """
    headline, _, advice = message.partition("; ")
    start = text.rfind("\n", 0, position) + 1
    line = text[start:].partition("\n")[0]
    if not line.strip():
        return message
    indent = len(line) - len(line.lstrip())
    caret = " " * max(position - start - indent, 0) + "^"
    shown = f"{headline}\n    {line.strip()}\n    {caret}"
    return f"{shown}\n  {advice}" if advice else shown


_TIMES = (
    (2.0 * 3600.0, 3600.0, "h"),
    (600.0, 60.0, "min"),
    (1.0, 1.0, "s"),
    (1e-3, 1e-3, "ms"),
    (1e-6, 1e-6, "µs"),
)
"""(smallest extent that gets it [s], seconds per unit, unit)"""


def time_unit(extent: float) -> tuple[float, str]:
    """Return (s per unit, unit) in which an extent [s] reads well."""
    for least, factor, unit in _TIMES:
        if extent >= least:
            return factor, unit
    return 1e-9, "ns"


def time_text(seconds: float, digits: int = 3) -> str:
    """Return a time in the unit in which it reads well, "45.7 µs"; zero is "0 s"."""
    if seconds == 0.0:
        return "0 s"
    factor, unit = time_unit(abs(seconds))
    return f"{seconds / factor:.{digits}g} {unit}"


def frequency_text(hertz: float, digits: int = 3) -> str:
    """Return a frequency with the prefix with which it reads well, "10 mHz", "2.5 GHz"."""
    rounded = float(f"{hertz:.{digits}g}")
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m")):
        if rounded >= factor:
            return f"{rounded / factor:.{digits}g} {prefix}Hz"
    return f"{rounded * 1e6:.{digits}g} µHz"
