"""The tables (CSV) in the folders of studies."""

import csv
import math
from pathlib import Path
from typing import Any

from pyscl.errors import InputError


def read_table(path: Path) -> dict[str, list[Any]]:
    """Return the columns of a CSV file: head -> numbers, or texts where they are none.

    Raises:
        InputError: the file cannot be read, or its rows have different lengths.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file)
        if any(len(row) != len(head) for row in rows):
            raise ValueError("its rows have different numbers of columns")
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}; repeat the run") from error
    return {name: [_value(row[k]) for row in rows] for k, name in enumerate(head)}


def split(head: str) -> tuple[str, str]:
    """Return (name, unit) of the head "name [unit]"."""
    name, _, unit = head.rpartition(" [")
    return (name, unit.rstrip("]")) if name else (head, "1")


def need(path: Path, table: dict[str, list[Any]], *heads: str) -> None:
    """Refuse a table without some columns.

    Raises:
        InputError: a column is missing; the message names it and those there are.
    """
    for head in heads:
        if head not in table:
            raise InputError(f"{path} has no column '{head}'; it has {', '.join(table)}")


def _value(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else None
