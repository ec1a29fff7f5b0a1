"""The command `pyscl sweep`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pyscl.cli.exits import EXIT_FAILED, EXIT_INTERRUPTED

if TYPE_CHECKING:
    from pyscl.sweep.cases import Case
    from pyscl.sweep.drive import Counts

_SHOWN = 5  # cases of a dry run


def sweep(
    file: Annotated[Path, typer.Argument(help="The study file (YAML).")],
    folder: Annotated[
        Path | None, typer.Option(help="Folder of the results; default: studies/<name>.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: as in the file, or all cores.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask scheduler to use, tcp://host:8786; 'local' starts one here."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Compute cases that ended without a result again.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the cases and show them; compute nothing.")
    ] = False,
) -> None:
    """Compute the cases of a study that are missing; exit code 1 if some have no result."""
    from pyscl.sweep.definition import load_study
    from pyscl.sweep.drive import plan, run_study
    from pyscl.sweep.progress import SweepProgress

    study = load_study(file)
    place = folder or Path("studies") / study.name
    if dry_run:
        axes, cases = plan(study)
        for note in study.notes:
            typer.echo(f"note: {note}")
        for axis in axes:
            typer.echo(f"axis {axis.name}: {len(axis.points)} values of {', '.join(axis.paths)}")
        typer.echo(f"{len(cases)} cases, all of them valid:")
        for case in cases[:_SHOWN]:
            typer.echo(f"  {case.text()}")
        if len(cases) > _SHOWN:
            typer.echo(f"  ... and {len(cases) - _SHOWN} more")
        typer.echo(f"{_stored(place, cases)} of them are stored in {place}")
        return
    progress = SweepProgress()
    try:
        with progress:
            counts = run_study(
                study,
                place,
                workers=workers,
                scheduler=scheduler,
                again=again,
                report=progress.say,
                progress=progress.show,
            )
    except KeyboardInterrupt:
        typer.echo(_interrupted(progress.counts, place), err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    typer.echo(f"{counts.total} cases ({counts.earlier} from before): {counts.text()}")
    typer.echo(f"results in {place}")
    if counts.without:
        raise typer.Exit(EXIT_FAILED)


def _stored(folder: Path, cases: "list[Case]") -> int:
    """Return how many cases have a result, also one that failed."""
    from pyscl.sweep.store import Store

    store = Store(folder)
    return sum(store.read(case)[0] is not None for case in cases)


def _interrupted(counts: "Counts | None", folder: Path) -> str:
    if counts is None:
        return "interrupted before the first case"
    return (
        f"interrupted: {counts.finished} of {counts.total} cases are stored in {folder}; the same "
        "command goes on with the others"
    )
