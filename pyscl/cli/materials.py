"""The commands `pyscl materials ...`."""

from typing import Annotated

import typer

materials_app = typer.Typer(help="Material cards.", no_args_is_help=True)


@materials_app.command("list")
def materials_list() -> None:
    """List the material cards, and the sets of Landau coefficients as landau/NAME."""
    from pyscl.materials import available, available_landau
    from pyscl.materials.library import LANDAU_PREFIX

    for name in [*available(), *(LANDAU_PREFIX + name for name in available_landau())]:
        typer.echo(name)


@materials_app.command("show")
def materials_show(
    name: Annotated[str, typer.Argument(help="Name of a card as listed, or path of a card file.")],
) -> None:
    """Show the values of a card with their units, ranges and sources."""
    from pyscl.materials import describe

    typer.echo(describe(name))
