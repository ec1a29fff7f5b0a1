"""The command `pyscl bench`."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from pyscl.cli.tables import print_table
from pyscl.errors import InputError


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
    from pyscl.bench import meshing as bench

    results = []
    for number in particles or bench.PARTICLES:
        results.append(bench.run_meshing_benchmark(number))
        if sys.stderr.isatty():
            typer.echo(f"{number} particles done", err=True)
    _print_results(bench.HEAD, results, as_json)


def _bench_sweep(cases: int | None, as_json: bool) -> None:
    from pyscl.bench import sweep as bench

    results = bench.run_sweep_benchmark(cases or bench.CASES)
    _print_results(bench.HEAD, results, as_json)


def _bench_solving(kind: str, nodes: Sequence[int] | None, as_json: bool) -> None:
    from pyscl.bench import polarization as polar
    from pyscl.bench import solving

    benchmarks: dict[str, tuple[Sequence[str], Sequence[int], Callable[[int], list[Any]]]] = {
        "steady": (solving.HEAD, solving.DEFAULT_SIZES, lambda n: [solving.run_benchmark(n)]),
        "transient": (
            solving.TRANSIENT_HEAD,
            solving.TRANSIENT_SIZES,
            lambda n: [
                solving.run_transient_benchmark(case, n) for case in ("blocking", "composite")
            ],
        ),
        "impedance": (
            solving.IMPEDANCE_HEAD,
            solving.IMPEDANCE_SIZES,
            lambda n: [solving.run_impedance_benchmark(n)],
        ),
        "polarization": (
            polar.HEAD,
            polar.SIZES,
            lambda n: [polar.run_polarization_benchmark(n)],
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
        print_table(head, [r.row() for r in results])
