"""The command: `python -m tests.benchmarks --nodes 10000 --repeat 3`."""

import argparse
import json
import sys
from pathlib import Path

from . import packages, table
from .cases import CASES, TASKS
from .meshes import mesh_file

DEFAULT_TASKS = ("steps", "rest", "adaptive")


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for, print the table, write JSON and Markdown."""
    args = _parser().parse_args(arguments)
    chosen = [p for p in packages.PACKAGES if not args.package or p.name in args.package]
    where, missing = packages.installed(chosen, packages.find_pythons(args.python))
    for name in missing:
        print(f"{name} is not installed in any of the Pythons, left out", file=sys.stderr)
    if not table.is_quiet():
        print("the machine is not quiet: seconds and ratios are rough", file=sys.stderr)
    about = table.describe_machine()
    present = [p for p in chosen if p.name in where]
    runs = list(_runs(args, present, where))
    rows = table.summarise(runs)
    report = table.markdown(rows, about, missing)
    print(report)
    if args.output:
        folder = Path(args.output)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "benchmarks.md").write_text(report)
        everything = {**about, "missing": missing, "rows": rows, "runs": runs}
        (folder / "benchmarks.json").write_text(json.dumps(everything, indent=1) + "\n")
    return 0


def _runs(args, present, where):
    cases = [name for name in args.case if name in CASES]
    for nodes in args.nodes:
        for case in cases:
            mesh = str(mesh_file(nodes, CASES[case].inclusions))
            for task in args.task:
                able = [p for p in present if task in p.tasks]
                for package in able:
                    if package.compiles:
                        small = str(mesh_file(3000, CASES[case].inclusions))
                        packages.run_once(
                            where[package.name],
                            package.driver,
                            [small, case, task],
                            args.core,
                            timeout=60.0,
                        )
                for turn in range(args.repeat):
                    for package in able:
                        run = packages.run_once(
                            where[package.name], package.driver, [mesh, case, task], args.core
                        )
                        run |= {
                            "package": package.name,
                            "case": case,
                            "task": task,
                            "wanted_nodes": nodes,
                        }
                        _tell(run, turn)
                        yield run
        if "composite" in args.case and "pyscl" in where:
            from .composite import composite_mesh

            mesh = str(composite_mesh(nodes))
            for turn in range(args.repeat):
                run = packages.run_once(where["pyscl"], "composite", [mesh], args.core)
                names = {"package": "pyscl", "case": "composite", "task": "steady"}
                run |= {**names, "wanted_nodes": nodes}
                _tell(run, turn)
                yield run


def _tell(run, turn):
    words = run.get("failed") or f"CPU {run['cpu']:.2f} s, charge {run['charge']:.6f}"
    name = f"{run['case']} {run['wanted_nodes']} {run['task']} {run['package']}"
    print(f"{name} ({turn + 1}): {words}", file=sys.stderr)


def _parser():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[10_000])
    parser.add_argument("--repeat", type=int, default=3)
    cases = [*CASES, "composite"]
    parser.add_argument("--case", nargs="+", choices=cases, default=cases)
    parser.add_argument("--task", nargs="+", choices=list(TASKS), default=list(DEFAULT_TASKS))
    names = [p.name for p in packages.PACKAGES]
    parser.add_argument("--package", nargs="+", choices=names, default=[])
    parser.add_argument(
        "--python", action="append", default=[], help="another Python to look for packages in"
    )
    parser.add_argument("--core", type=int, default=max(packages.cores()), help="core to run on")
    parser.add_argument("--output", default="", help="folder for benchmarks.json and .md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
