"""The head of a table of impedances: which column is what, and in which unit."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from pyscl.errors import InputError
from pyscl.units import parse

_NAMES = {
    "frequency": r"(frequency|freq|f\b)(?![a-z])",
    "real": r"(re|real|zre|zreal|z_re|z_real|z')(?![a-z'\"])",
    "imaginary": r"(im|imag|imaginary|zim|zimag|z_im|z_imag|z''|z\")(?![a-z])",
    "modulus": r"(\|z\||mod|modulus|mag|magnitude|zmod)(?![a-z])",
    "phase": r"(phase|phz|phi|zphz)(?![a-z])",
}
_CHOICES = (("frequency", "real", "imaginary"), ("frequency", "modulus", "phase"))
_OF_IMPEDANCE = {"Ohm": "ohm", "Ohm m": "ohm*m", "Ohm m^2": "ohm*m^2"}
_TARGETS = {"frequency": {"Hz": "Hz"}, "phase": {"deg": "deg"}}
"""kind of column -> unit as it is called here -> as `pyscl.units` spells it"""
_IN_BRACKETS = re.compile(r"\[(.+)\]\s*$|\((.+)\)\s*$|/\s*(.+)$")

_FILLERS = re.compile(r"(?i)\b(part|component|impedance|angle|of|in|z)\b")
_EXAMPLE = "write Ohm, kOhm, Ohm m or Ohm cm^2 in brackets, or nothing for Ohm"
_EXAMPLES = {
    "frequency": "write Hz, kHz, ... in brackets, or nothing for Hz (f, not the angular 2 pi f)",
    "phase": "write deg or rad in brackets, or nothing for deg",
}


@dataclass(frozen=True)
class Column:
    """Where the numbers of a kind stand.

    Attributes:
        position: of the column, from 0.
        factor: what the numbers are multiplied by.
        unit: unit after that; None: the head names none.
    """

    position: int
    factor: float = 1.0
    unit: str | None = None


PLAIN = {"frequency": Column(0), "real": Column(1), "imaginary": Column(2)}
"""columns of a table without a head"""


def read_head(cells: list[str], where: str) -> tuple[dict[str, Column], str]:
    """Return the columns by what they hold, and the unit of the impedance.

    The columns are "frequency" [Hz] with "real" and "imaginary", or with "modulus" and "phase"
    [deg]. The first column of a kind counts.

    Args:
        cells: names of the columns.
        where: the table, in error messages.

    Raises:
        InputError: a column is missing, or a unit is unknown or does not fit.
    """
    positions: dict[str, tuple[int, float, str]] = {}
    for k, cell in enumerate(cells):
        name = cell.strip()
        minus = name[:1] in ("-", "\N{MINUS SIGN}")
        name = name[1:].lstrip() if minus else name
        for kind, pattern in _NAMES.items():
            match = re.match(pattern, name, re.IGNORECASE)
            if match:
                positions.setdefault(kind, (k, -1.0 if minus else 1.0, name[match.end() :]))
                break
    wanted = next((kinds for kinds in _CHOICES if positions.keys() >= set(kinds)), None)
    if wanted is None:
        raise InputError(
            f"the columns of {where} are {', '.join(cells)}; needed are frequency with real and "
            f"imaginary, or with modulus and phase"
        )
    columns = {}
    for kind in wanted:
        k, sign, rest = positions[kind]
        factor, unit = _unit_in(rest, kind, f"column '{cells[k].strip()}' of {where}")
        columns[kind] = Column(k, sign * factor, unit)
    return columns, _common_unit(columns, where)


def _common_unit(columns: Mapping[str, Column], where: str) -> str:
    units = {c.unit or "Ohm" for kind, c in columns.items() if kind not in _TARGETS}
    if len(units) > 1:
        raise InputError(
            f"real and imaginary part in {where} are in {' and '.join(sorted(units))}; they need "
            f"units of one kind"
        )
    return units.pop()


def _unit_in(rest: str, kind: str, where: str) -> tuple[float, str | None]:
    """Return factor and unit from what stands behind the name of a column."""
    rest = re.sub(r"(?i)^[\s_]*(\(z\)|z\b)", "", rest)
    match = _IN_BRACKETS.search(rest)
    text = next(filter(None, match.groups())) if match else rest.partition(",")[0].replace("_", " ")
    text = _FILLERS.sub("", text).strip()
    if not text or rest.strip() in ("(a)", "(b)"):  # names of ZView: Z'(a), Z''(b)
        return 1.0, None
    spelled = _spelled(text.lower() if kind == "phase" else text)
    for unit, target in _TARGETS.get(kind, _OF_IMPEDANCE).items():
        try:
            return parse(f"1 {spelled}", target, require_units=True), unit
        except InputError:
            continue
    raise InputError(f"{where}: '{text}' is no unit of it; {_EXAMPLES.get(kind, _EXAMPLE)}")


def _spelled(text: str) -> str:
    """Return a unit as `pyscl.units` reads it: "Ohm·cm²" is "ohm*cm2"."""
    text = unicodedata.normalize("NFKC", text.replace("º", "°")).strip(" .()")
    text = re.sub("(?i)ohms?|Ω", "ohm", text)
    text = re.sub(r"\s*[·⋅∙•]\s*|(?<=\w)\.(?=\w)", "*", text)
    return "Hz" if text.lower() == "hz" else text
