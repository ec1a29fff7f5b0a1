"""The command `pyscl animate`."""

from pathlib import Path
from typing import Annotated

import typer


def animate(
    source: Annotated[
        Path, typer.Argument(help="Output folder of a run, or its solution.h5 or checkpoint.h5.")
    ],
    field: Annotated[str, typer.Option(help="Name of the field, e.g. site_fraction_Li.")],
    out: Annotated[
        Path | None, typer.Option(help="A .gif or .mp4; default: <field>.gif beside the states.")
    ] = None,
    component: Annotated[
        str, typer.Option(help="Of a vector field: magnitude, x or y.")
    ] = "magnitude",
    fps: Annotated[float, typer.Option(help="Saved states per second.")] = 10.0,
) -> None:
    """Show a field of a transient in motion, as a GIF or (with ffmpeg) as an MP4."""
    from pyscl.runner import find_trajectory
    from pyscl.trajectory import Trajectory

    path = find_trajectory(source)
    trajectory = Trajectory.load(path)
    target = out or path.parent / f"{field}.gif"
    from pyscl import plot

    plot.animate(trajectory, field, target, component=component, frames_per_second=fps)  # type: ignore[arg-type]
    typer.echo(f"{len(trajectory.solutions)} states in {target}")
