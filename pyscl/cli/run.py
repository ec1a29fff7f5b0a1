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
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Fail (exit code 1) if a check of the certificate fails."),
    ] = False,
    estimate: Annotated[
        str,
        typer.Option(
            "--estimate",
            help="Discretisation errors in the certificate: local (cheap), refined (one solve "
            "on four times the elements), none.",
        ),
    ] = "local",
) -> None:
    """Carry out a run file and write fields, pictures, a summary and a certificate."""
    from pyscl.certificate import METHODS
    from pyscl.errors import unknown_name
    from pyscl.input import load_input
    from pyscl.progress import TerminalProgress
    from pyscl.runner import Approach, execute
    from pyscl.runner.certificates import failing
    from pyscl.runner.origin import Origin

    if estimate not in METHODS:
        raise unknown_name("way to estimate errors", estimate, METHODS, "of --estimate")
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
            approach=Approach(estimate=estimate),  # type: ignore[arg-type]  # checked above
            origin=Origin.of(file, set_ or []),
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
    doubts = failing(result.certificate)
    if doubts:
        text = "\n  ".join([f"checks failed (see {folder / 'certificate.json'}):", *doubts])
        if strict:
            raise ConvergenceError(text)
        typer.echo(f"warning: {text}", err=True)


def schema() -> None:
    """Print the JSON schema of run files, for editors."""
    from pyscl.input import json_schema

    typer.echo(json.dumps(json_schema(), indent=1))
