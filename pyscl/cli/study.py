"""The commands `pyscl study ...`: what a study has found."""

from pathlib import Path
from typing import Annotated

import typer

study_app = typer.Typer(help="Results of studies.", no_args_is_help=True)


@study_app.command("report")
def report(
    folder: Annotated[Path, typer.Argument(help="The folder of the study.")],
    out: Annotated[
        Path | None, typer.Option(help="The HTML file; default: report.html in the folder.")
    ] = None,
) -> None:
    """Write tables and figures of a study into one HTML file."""
    from pyscl.sweep.report import write_report

    typer.echo(f"report in {write_report(folder, out)}")


@study_app.command("table")
def table(
    folder: Annotated[Path, typer.Argument(help="The folder of the study.")],
    out: Annotated[
        Path, typer.Argument(help="The file: .csv for a table, .nc or .zarr for the dataset.")
    ],
) -> None:
    """Write coordinates, outputs and status of all cases into a file."""
    from pyscl.sweep.dataset import load, save, write_table

    dataset = load(folder)
    if out.suffix == ".csv":
        write_table(dataset, out)
    else:
        save(dataset, out)
    typer.echo(f"{dataset.attrs['cases']} cases in {out}")
