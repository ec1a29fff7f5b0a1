"""Tables of spectra that other programs write and read: impedance.py and pyimpspec.

Numbers are written in the unit of the spectrum: where other programs expect Ohm, divide planar
impedances by the depth of the cell first.
"""

import csv
import re
from os import PathLike
from pathlib import Path

import numpy as np

from pyscl.eis.data import ComplexArray, Data, FloatArray, SpectrumLike, checked
from pyscl.errors import InputError

_COLUMNS = {
    "frequency": r"(frequency|freq|f)\b",
    "real": r"(re|real|zre|z_re|z')(?![a-z'\"])",
    "imaginary": r"(im|imag|imaginary|zim|z_im|z''|z\")(?![a-z])",
    "modulus": r"(\|z\||mod|modulus|mag|magnitude)",
    "phase": r"(phase|phz|phi)\b",
}


def write_impedance_py(spectrum: SpectrumLike, path: str | PathLike[str]) -> None:
    """Write a table that `impedance.preprocessing.readCSV` reads: f [Hz], Re Z, Im Z, no head.

    Raises:
        InputError: an unusable spectrum.
    """
    _write(path, None, checked(spectrum, least=1))


def write_pyimpspec(spectrum: SpectrumLike, path: str | PathLike[str]) -> None:
    """Write a table that `pyimpspec.parse_data` reads: the same with a line of names.

    Raises:
        InputError: an unusable spectrum.
    """
    data = checked(spectrum, least=1)
    unit = data.unit
    _write(path, ["frequency [Hz]", f"real [{unit}]", f"imaginary [{unit}]"], data)


def _write(path: str | PathLike[str], head: list[str] | None, data: Data) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        if head is not None:
            rows.writerow(head)
        for f, z in zip(data.frequencies, data.impedance, strict=True):
            rows.writerow([f"{value:.17g}" for value in (f, z.real, z.imag)])


def read_csv(path: str | PathLike[str]) -> tuple[FloatArray, ComplexArray]:
    """Read a table with frequency, real and imaginary part of the impedance.

    Separated by commas or spaces, or by semicolons or tabs (then with decimal points or commas).
    With a line of names, the columns are found by
    them ("frequency", "Re Z", "-Im Z", "|Z|", "phase", ...): real and imaginary part, or modulus
    and phase [degree]; a minus sign before a name turns the sign. Without, they are the first
    three. Lines that begin with "#" are left out.

    Returns:
        Frequencies (n,) [Hz], ascending, and impedance (n,).

    Raises:
        InputError: a line or a name that does not fit, or an unusable spectrum.
    """
    rows = _rows(Path(path))
    head = None if _is_number(rows[0][1][0]) else rows.pop(0)[1]
    where = {"frequency": (0, 1.0), "real": (1, 1.0), "imaginary": (2, 1.0)}
    if head is not None:
        where = _columns(head, path)
    if not rows:
        raise InputError(f"'{path}' holds no numbers")
    needed = max(k for k, _ in where.values())
    values = np.array([_numbers(path, line, cells, needed) for line, cells in rows])
    column = {name: sign * values[:, k] for name, (k, sign) in where.items()}
    if "real" in column:
        impedance = column["real"] + 1j * column["imaginary"]
    else:
        impedance = column["modulus"] * np.exp(1j * np.deg2rad(column["phase"]))
    data = checked((column["frequency"], impedance), least=1)
    return data.frequencies, data.impedance


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return (line number, cells) of every line that is neither empty nor a comment."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}") from error
    lines = [(k, line.strip()) for k, line in enumerate(text.splitlines(), start=1)]
    lines = [(k, line) for k, line in lines if line and not line.startswith("#")]
    if not lines:
        raise InputError(f"'{path}' is empty")
    last = lines[-1][1]  # numbers, in which no separator can be part of a name
    separator = next((s for s in (";", "\t", ",") if s in last), None)
    if separator is None:
        return [(k, line.split()) for k, line in lines]
    rows = [(k, next(csv.reader([line], delimiter=separator))) for k, line in lines]
    if separator != ",":
        rows = [(k, [cell.replace(",", ".") for cell in cells]) for k, cells in rows]
    return rows


def _columns(head: list[str], path: str | PathLike[str]) -> dict[str, tuple[int, float]]:
    """Return column and sign of what is named in the head; the first of a kind counts."""
    found: dict[str, tuple[int, float]] = {}
    for k, name in enumerate(head):
        plain = name.strip().lower()
        minus = plain[:1] in ("-", "\N{MINUS SIGN}")
        plain = plain[1:].lstrip() if minus else plain
        for kind, pattern in _COLUMNS.items():
            if re.match(pattern, plain):
                found.setdefault(kind, (k, -1.0 if minus else 1.0))
                break
    if "frequency" in found and {"real", "imaginary"} <= found.keys():
        return {kind: found[kind] for kind in ("frequency", "real", "imaginary")}
    if "frequency" in found and {"modulus", "phase"} <= found.keys():
        return {kind: found[kind] for kind in ("frequency", "modulus", "phase")}
    raise InputError(
        f"the columns of '{path}' are {', '.join(head)}; needed are frequency with real and "
        f"imaginary, or with modulus and phase"
    )


def _numbers(path: str | PathLike[str], line: int, cells: list[str], needed: int) -> list[float]:
    if len(cells) <= needed:
        raise InputError(
            f"line {line} of '{path}' has {len(cells)} columns; at least {needed + 1} are needed"
        )
    wrong = next((cell for cell in cells[: needed + 1] if not _is_number(cell)), None)
    if wrong is not None:
        raise InputError(f"line {line} of '{path}': '{wrong}' is no number")
    return [float(cell) for cell in cells[: needed + 1]]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
