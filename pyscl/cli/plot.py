"""The command `pyscl plot`."""

from pathlib import Path
from typing import Annotated

import typer


def plot(
    source: Annotated[
        Path, typer.Argument(metavar="RUN", help="Output folder of a run, or a solution.h5.")
    ],
    case: Annotated[str | None, typer.Option(help="Case; default: the first.")] = None,
    study: Annotated[
        str | None, typer.Option(help="Study; default: the last with a solution.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(help="Name of a field, e.g. site_fraction_Li (repeatable with --cut)."),
    ] = None,
    component: Annotated[
        str, typer.Option(help="Of a vector field: magnitude, x or y.")
    ] = "magnitude",
    cut: Annotated[
        str | None,
        typer.Option(
            help="Curves along a line: 'x0,y0:x1,y1' with units, e.g. '0 nm,5 nm:20 nm,5 nm', the "
            "name of a cut of the run file, an interface 'a|b' to be crossed where the field is "
            "largest, or 'strongest'."
        ),
    ] = None,
    inset: Annotated[
        str | None,
        typer.Option(
            help="Enlarge a piece beside the map: an interface 'a|b', 'strongest', or "
            "'x0,y0:x1,y1' with units."
        ),
    ] = None,
    window: Annotated[str | None, typer.Option(help="Show this piece alone; see --inset.")] = None,
    arrows: Annotated[bool, typer.Option("--arrows", help="Arrows along a vector field.")] = False,
    lines: Annotated[bool, typer.Option("--lines", help="Lines along a vector field.")] = False,
    follow: Annotated[
        str | None,
        typer.Option(
            help="The field of --arrows and --lines; default: that of the map if it is a vector, "
            "else electric_field."
        ),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(help="Cases side by side with one scale (repeatable), or 'all'."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(help="With --compare: the case that is subtracted from the others."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A .png, .pdf or .svg; default: a .png beside the solution."),
    ] = None,
    width: Annotated[
        str | None, typer.Option(help="Of the picture: single (89 mm) or double (183 mm) column.")
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="Print what can be drawn, and draw nothing.")
    ] = False,
) -> None:
    """Draw fields, cuts and comparisons of a finished run."""
    from pyscl.runner.drawing import Wish, contents, draw, open_source

    opened = open_source(source)
    if list_:
        for line in contents(opened, case, study):
            typer.echo(line)
        return
    wish = Wish(
        case=case,
        study=study,
        fields=tuple(field or ()),
        component=component,
        cut=cut,
        inset=inset,
        window=window,
        arrows=arrows,
        lines=lines,
        follow=follow,
        compare=tuple(compare or ()),
        reference=reference,
        out=out,
        width=width,
    )
    for path, what in draw(opened, wish):
        typer.echo(f"{what}: {path}")
