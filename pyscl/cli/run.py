"""The commands `pyscl run` and `pyscl schema`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pyscl.errors import ConvergenceError


def run(
    file: Annotated[Path, typer.Argument(help="The run file (YAML).")],
    out: Annotated[
        Path | None, typer.Option(help="Output folder; default: runs/<name of the run file>.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override a value of the run file: key=value (repeatable)."),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on from the checkpoints in the output folder."),
    ] = False,
) -> None:
    """Carry out a run file and write fields, pictures and a summary."""
    from pyscl.input import load_input
    from pyscl.progress import TerminalProgress
    from pyscl.runner import execute

    contents = load_input(file, set_ or [])
    folder = out or Path("runs") / file.stem
    with TerminalProgress() as progress:
        result = execute(
            contents,
            folder,
            report=progress.say,
            progress=progress.iteration,
            steps=progress.step,
            resume=resume,
        )
    typer.echo(f"results in {folder}")
    if result.failed:
        failures = [
            f"{case}, {study.name} (see {study.folder / 'failure.json'})"
            for case, studies in result.outcomes.items()
            for study in studies
            if study.error
        ]
        raise ConvergenceError("\n  ".join(["these solves failed:", *failures]))


def schema() -> None:
    """Print the JSON schema of run files, for editors."""
    from pyscl.input import json_schema

    typer.echo(json.dumps(json_schema(), indent=1))
