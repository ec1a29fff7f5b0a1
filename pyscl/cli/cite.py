"""The command `pyscl cite`."""

from pathlib import Path
from typing import Annotated

import typer


def cite(
    run: Annotated[Path, typer.Argument(help="Output folder of a run, or a run file.")],
    keys: Annotated[bool, typer.Option("--keys", help="One line per source instead.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write a file instead of the screen.")] = None,
) -> None:
    """Print the BibTeX entries of what a run uses: cards, pairs, laws and methods."""
    from pyscl import citations
    from pyscl.input import load_input
    from pyscl.runner.folder import RunFolder

    given = load_input(run) if run.is_file() else RunFolder(run).summary
    found = citations.cited_by_run(given)
    lines = "".join(f"{key}: {citations.citation(key)}\n" for key in found)
    text = lines if keys else citations.bibtex(found)
    show_or_write(text, len(found), out)


def show_or_write(text: str, sources: int, out: Path | None) -> None:
    """Print a text about sources, or write it to a file; InputError if that is not possible."""
    from pyscl.errors import InputError

    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}") from None
    typer.echo(f"{sources} sources in {out}")
