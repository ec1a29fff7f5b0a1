"""The command `pyscl`."""

import sys
from typing import Annotated

import typer

from pyscl.cli.animate import animate
from pyscl.cli.bench import bench
from pyscl.cli.cite import cite
from pyscl.cli.exits import EXIT_BAD_INPUT, EXIT_FAILED, EXIT_INTERRUPTED
from pyscl.cli.materials import materials_app
from pyscl.cli.mesh import mesh_app
from pyscl.cli.plot import plot
from pyscl.cli.report import report
from pyscl.cli.run import run, schema
from pyscl.cli.study import study_app
from pyscl.cli.sweep import sweep
from pyscl.cli.verify import verify
from pyscl.errors import ConvergenceError, InputError

app = typer.Typer(
    name="pyscl",
    help="Space charge layers of all-solid-state batteries by finite elements.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (run, plot, report, animate, sweep, schema, verify, bench, cite):
    app.command()(command)
app.add_typer(mesh_app, name="mesh")
app.add_typer(materials_app, name="materials")
app.add_typer(study_app, name="study")


def main() -> None:
    """Run the command line; errors for the user become one message and an exit code.

    Exit codes: 0 success, 1 a solve or self-test failed, 2 bad input, 130 interrupted.
    """
    try:
        app()
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(EXIT_BAD_INPUT)
    except ConvergenceError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)


def _print_version(wanted: bool) -> None:
    if wanted:
        from pyscl.versions import versions

        for name, value in versions().items():
            typer.echo(f"{name}: {value}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Versions and build details."
        ),
    ] = False,
) -> None:
    """Space charge layers of all-solid-state batteries by finite elements."""
