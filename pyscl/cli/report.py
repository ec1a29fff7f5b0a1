"""The command `pyscl report`."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Output folder of a run, or of several runs to compare."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="The HTML file; default: report.html in the folder of the run, of several "
            "comparison.html here."
        ),
    ] = None,
) -> None:
    """Make one self-contained HTML page about a run, or a comparison of several."""
    from pyscl.report import report as make

    target = make(runs, out)
    typer.echo(f"report in {target} ({target.stat().st_size / 1e6:.1f} MB)")
