"""The command `pyscl`."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pyscl.cli_study import study_app
from pyscl.cli_sweep import sweep as sweep_command
from pyscl.errors import ConvergenceError, InputError

if TYPE_CHECKING:
    from pyscl.runner.meshes import PreparedMesh

app = typer.Typer(
    name="pyscl",
    help="Space charge layers of all-solid-state batteries by finite elements.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
mesh_app = typer.Typer(help="Meshes.", no_args_is_help=True)
materials_app = typer.Typer(help="Material cards.", no_args_is_help=True)
app.add_typer(mesh_app, name="mesh")
app.add_typer(materials_app, name="materials")
app.add_typer(study_app, name="study")
app.command("sweep")(sweep_command)

EXIT_BAD_INPUT = 2
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


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
        from pyscl.runner import versions

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


@app.command()
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


@app.command()
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


@app.command()
def schema() -> None:
    """Print the JSON schema of run files, for editors."""
    from pyscl.input import json_schema

    typer.echo(json.dumps(json_schema(), indent=1))


@app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Solve cases with known answers on this installation; exit code 1 if one is off."""
    from dataclasses import asdict

    from pyscl.verification import run_cases

    results = run_cases()
    if as_json:
        typer.echo(json.dumps([asdict(r) for r in results], indent=1))
    else:
        head = ("case", "computed", "exact", "error", "tolerance", "")
        rows = [
            (
                r.case,
                f"{r.computed:.10g} {r.unit}",
                f"{r.exact:.10g}",
                f"{r.error:.1e}",
                f"{r.tolerance:.0e}",
                "pass" if r.passed else "FAIL",
            )
            for r in results
        ]
        _print_table(head, rows)
    if not all(r.passed for r in results):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def bench(
    nodes: Annotated[
        list[int] | None,
        typer.Option(min=400, help="Mesh sizes (repeatable); default 10k, 50k, 200k."),
    ] = None,
    transient: Annotated[
        bool,
        typer.Option(
            "--transient", help="Time the charging of a blocking cell and of a composite instead."
        ),
    ] = False,
    impedance: Annotated[
        bool, typer.Option("--impedance", help="Time an impedance spectrum of a composite instead.")
    ] = False,
    meshing: Annotated[
        bool, typer.Option("--meshing", help="Time packings and their meshes with layers instead.")
    ] = False,
    polarization: Annotated[
        bool,
        typer.Option(
            "--polarization",
            help="Time a composite with ferroelectric inclusions and a polarization loop instead.",
        ),
    ] = False,
    particles: Annotated[
        list[int] | None,
        typer.Option(min=1, help="With --meshing: particles (repeatable); default 20, 100, 500."),
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Time studies of many tiny cases instead.")
    ] = False,
    cases: Annotated[
        int | None, typer.Option(min=20, help="With --sweep: number of cases; default 200.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Time assembly, factorisation and solution on this machine."""
    chosen = {
        "transient": transient,
        "impedance": impedance,
        "meshing": meshing,
        "polarization": polarization,
        "sweep": sweep,
    }
    kinds = [kind for kind, wanted in chosen.items() if wanted]
    if len(kinds) > 1:
        raise InputError(
            f"{' and '.join(f'--{kind}' for kind in kinds)} exclude each other; run them one by one"
        )
    if (nodes and (meshing or sweep)) or (particles and not meshing) or (cases and not sweep):
        raise InputError(
            "--particles is for --meshing, --cases for --sweep, --nodes for the other benchmarks"
        )
    if meshing:
        _bench_meshing(particles, as_json)
    elif sweep:
        _bench_sweep(cases, as_json)
    else:
        _bench_solving(kinds[0] if kinds else "steady", nodes, as_json)


def _bench_meshing(particles: Sequence[int] | None, as_json: bool) -> None:
    from pyscl import bench_meshing as bench

    results = []
    for number in particles or bench.PARTICLES:
        results.append(bench.run_meshing_benchmark(number))
        if sys.stderr.isatty():
            typer.echo(f"{number} particles done", err=True)
    _print_results(bench.HEAD, results, as_json)


def _bench_sweep(cases: int | None, as_json: bool) -> None:
    from pyscl import bench_sweep as bench

    results = bench.run_sweep_benchmark(cases or bench.CASES)
    _print_results(bench.HEAD, results, as_json)


def _bench_solving(kind: str, nodes: Sequence[int] | None, as_json: bool) -> None:
    from pyscl import bench, bench_polarization

    benchmarks: dict[str, tuple[Sequence[str], Sequence[int], Callable[[int], list[Any]]]] = {
        "steady": (bench.HEAD, bench.DEFAULT_SIZES, lambda n: [bench.run_benchmark(n)]),
        "transient": (
            bench.TRANSIENT_HEAD,
            bench.TRANSIENT_SIZES,
            lambda n: [
                bench.run_transient_benchmark(case, n) for case in ("blocking", "composite")
            ],
        ),
        "impedance": (
            bench.IMPEDANCE_HEAD,
            bench.IMPEDANCE_SIZES,
            lambda n: [bench.run_impedance_benchmark(n)],
        ),
        "polarization": (
            bench_polarization.HEAD,
            bench_polarization.SIZES,
            lambda n: [bench_polarization.run_polarization_benchmark(n)],
        ),
    }
    head, sizes, carry_out = benchmarks[kind]
    results: list[Any] = []
    for size in nodes or sizes:
        results += carry_out(size)
        if sys.stderr.isatty():
            typer.echo(f"{size} nodes done", err=True)
    _print_results(head, results, as_json)


def _print_results(head: Sequence[str], results: Sequence[Any], as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        typer.echo(json.dumps([asdict(r) for r in results], indent=1))
    else:
        _print_table(head, [r.row() for r in results])


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


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from pyscl.text import table

    for line in table(head, rows):
        typer.echo(line)
