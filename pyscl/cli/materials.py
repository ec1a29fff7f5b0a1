"""The commands `pyscl materials ...`."""

from pathlib import Path
from typing import Annotated

import typer

from pyscl.cli.cite import show_or_write
from pyscl.cli.tables import print_table

materials_app = typer.Typer(help="Material cards and pairs of materials.", no_args_is_help=True)


@materials_app.command("list")
def materials_list(
    kind: Annotated[
        str | None,
        typer.Option(help="Only electrode, electrolyte, coating, dielectric, conductor or other."),
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Names only, one per line.")] = False,
) -> None:
    """List the material cards, and the sets of Landau coefficients as landau/NAME."""
    from typing import get_args

    from pyscl.errors import unknown_name
    from pyscl.materials import available_landau, catalog
    from pyscl.materials.card import Kind
    from pyscl.materials.library import LANDAU_PREFIX

    if kind is not None and kind not in get_args(Kind):
        raise unknown_name("kind of material", kind, get_args(Kind))
    rows = []
    for card in catalog():
        if kind in (None, card.kind):
            state = "no region: " if card.refused else "needs values: " if card.missing else ""
            carriers = ", ".join(card.carriers) or "-"
            rows.append((card.name, card.kind, carriers, state + card.summary))
    if kind in (None, "dielectric"):
        rows += [
            (LANDAU_PREFIX + name, "dielectric", "-", "Landau coefficients of a crystal")
            for name in available_landau()
        ]
    if names:
        for row in rows:
            typer.echo(row[0])
        return
    print_table(("name", "kind", "carriers", "what it is"), rows)


@materials_app.command("show")
def materials_show(
    name: Annotated[
        str,
        typer.Argument(help="Name as listed, a pair 'first|second', or the path of either."),
    ],
) -> None:
    """Show the values of a card or a pair with their units, ranges and sources."""
    from pyscl.materials import describe

    typer.echo(describe(name))


@materials_app.command("pairs")
def materials_pairs(
    material: Annotated[
        str | None, typer.Argument(help="Only pairs with this material; default: all.")
    ] = None,
) -> None:
    """List the pairs: steps of the chemical potential, their ranges, and what was measured.

    The step is the chemical potential of lithium ions in the neutral bulk of the first material
    minus that in the second, before contact: minus the built-in potential of the first.
    """
    from pyscl.errors import unknown_name
    from pyscl.materials.pairs import available_pairs, read_pair

    cards = [read_pair(name) for name in available_pairs()]
    there = sorted({part for card in cards for part in card.name.split("|")})
    if material is not None and material not in there:
        raise unknown_name("material", material, there, "in the pairs")
    rows = []
    for card in cards:
        if material in (None, *card.name.split("|")):
            step = card.step.provenance("step") if card.step else None
            observed = ", ".join(f"{key} {p.value}" for key, p in card.observed.items())
            rows.append(
                (
                    card.name,
                    step.value if step else "-",
                    (step.range or "-") if step else "-",
                    step.origin if step else "-",
                    observed or "-",
                )
            )
    print_table(("pair", "step", "range", "source", "measured"), rows)


@materials_app.command("cite")
def materials_cite(
    name: Annotated[str, typer.Argument(help="Name or path of a card or a pair.")],
    out: Annotated[Path | None, typer.Option(help="Write a file instead of the screen.")] = None,
) -> None:
    """Print the BibTeX entries of the sources of a card; of a whole run: `pyscl cite RUN`."""
    from pyscl.citations import bibtex
    from pyscl.materials.library import sources_of

    found = sources_of(name)
    show_or_write(bibtex(found), len(found), out)
