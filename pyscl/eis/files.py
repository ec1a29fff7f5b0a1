"""Tables of spectra that other programs write and read: impedance.py and pyimpspec.

Numbers are written in the unit of the spectrum: where other programs expect Ohm, divide planar
impedances by the depth of the cell first.
"""

import csv
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from pyscl.eis.data import Data, SpectrumLike, checked
from pyscl.eis.table_heads import PLAIN, read_head
from pyscl.errors import InputError


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


def read_csv(path: str | PathLike[str]) -> Data:
    """Read a table with frequency, real and imaginary part of the impedance.

    Separated by commas or spaces, or by semicolons or tabs (then with decimal points or commas).
    With a line of names, the columns are found by them ("frequency", "Re Z", "-Im Z", "|Z|",
    "phase", ...): real and imaginary part, or modulus and phase; a minus sign before a name turns
    the sign. A unit belongs to its name: "freq/Hz", "Re Z [kOhm]", "Z' (Ohm cm^2)"; without it a
    column is in Hz, Ohm or degrees. Without a line of names, the columns are the first three. Lines
    that begin with "#" are left out.

    Returns:
        The spectrum, with `frequencies` (n,) [Hz], ascending, `impedance` (n,) and its `unit`,
        "Ohm", "Ohm m" or "Ohm m^2".

    Raises:
        InputError: a line, a name or a unit that does not fit, or an unusable spectrum.
    """
    rows = _rows(Path(path))
    named = not _is_number(rows[0][1][0])
    columns, unit = read_head(rows.pop(0)[1], f"'{path}'") if named else (PLAIN, "Ohm")
    if not rows:
        raise InputError(f"'{path}' holds no numbers")
    needed = max(column.position for column in columns.values())
    values = np.array([_numbers(path, line, cells, needed) for line, cells in rows])
    found = {kind: column.factor * values[:, column.position] for kind, column in columns.items()}
    if "real" in found:
        impedance = found["real"] + 1j * found["imaginary"]
    else:
        impedance = found["modulus"] * np.exp(1j * np.deg2rad(found["phase"]))
    return replace(checked((found["frequency"], impedance), least=1), unit=unit)


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
