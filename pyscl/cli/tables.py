"""Tables on the terminal."""

from collections.abc import Sequence

import typer


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a head."""
    from pyscl.text import table

    for line in table(head, rows):
        typer.echo(line)
