"""The commands `pyscl mesh ...`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pyscl.cli.exits import EXIT_FAILED
from pyscl.errors import InputError

if TYPE_CHECKING:
    from pyscl.runner.meshes import PreparedMesh

mesh_app = typer.Typer(help="Meshes.", no_args_is_help=True)


@mesh_app.command("check")
def mesh_check(
    file: Annotated[Path, typer.Argument(help="The mesh file.")],
    unit: Annotated[str, typer.Option(help="Length unit of its coordinates.")] = "m",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge a mesh; exit code 1 if it cannot be computed on."""
    from pyscl.mesh import Mesh, check

    report = check(Mesh.read(file, unit=unit))
    typer.echo(json.dumps(report.to_dict(), indent=1) if as_json else str(report))
    if report.failed:
        raise typer.Exit(EXIT_FAILED)


@mesh_app.command("make")
def mesh_make(
    spec: Annotated[
        Path, typer.Argument(help="What stands under mesh: (geometry, sizes), or a run file.")
    ],
    out: Annotated[Path, typer.Argument(help="The mesh file to write (.msh).")],
    unit: Annotated[str, typer.Option(help="Length unit of its coordinates.")] = "m",
) -> None:
    """Make a mesh of a geometry; prints what was achieved and the verdict, exit code as check."""
    from pyscl.mesh import check
    from pyscl.mesh.io import metres_per
    from pyscl.runner.meshes import resolved_lengths

    metres_per(unit)
    if out.suffix != ".msh":
        raise InputError(f"meshes are written as gmsh 4.1; '{out}' must end in .msh.")
    prepared = _prepared(spec)
    report = check(prepared.mesh, resolved_lengths(prepared))
    typer.echo(str(report))
    out.parent.mkdir(parents=True, exist_ok=True)
    prepared.mesh.write(out, unit=unit)
    typer.echo(f"mesh in {out}")
    if report.failed:
        raise typer.Exit(EXIT_FAILED)


@mesh_app.command("show")
def mesh_show(
    source: Annotated[Path, typer.Argument(help="A mesh file, or a file as for `mesh make`.")],
    out: Annotated[Path, typer.Argument(help="The picture to write (.png, .pdf, .svg).")],
    unit: Annotated[str, typer.Option(help="Length unit of a mesh file.")] = "m",
    interface: Annotated[
        str | None, typer.Option(help="Interface 'a|b' that is enlarged; default: the longest.")
    ] = None,
) -> None:
    """Draw the regions and the triangles of a mesh, and an interface enlarged."""
    from pyscl import plot
    from pyscl.mesh import Mesh

    if source.suffix in (".yaml", ".yml"):
        mesh = _prepared(source).mesh
    else:
        mesh = Mesh.read(source, unit=unit)
    found = mesh.interfaces
    longest = max(found, key=lambda name: len(found[name]), default=None)
    plot.save(plot.mesh_map(mesh, interface or longest), out)
    typer.echo(f"picture in {out}")


def _prepared(spec: Path) -> "PreparedMesh":
    """Return the mesh of a geometry in a file of its own or in a run file."""
    from pyscl.input import RunInput, load_mesh_input
    from pyscl.runner.meshes import prepare_mesh

    given = load_mesh_input(spec)
    if isinstance(given, RunInput):
        cases = [given.materials(name) for name in given.variants] or [given.materials()]
        return prepare_mesh(given.mesh, cases, given.temperature, typer.echo)
    return prepare_mesh(given, report=typer.echo)
