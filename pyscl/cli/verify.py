"""The command `pyscl verify`."""

import json
from typing import Annotated

import typer

from pyscl.cli.exits import EXIT_FAILED
from pyscl.cli.tables import print_table


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
        print_table(head, rows)
    if not all(r.passed for r in results):
        raise typer.Exit(EXIT_FAILED)
