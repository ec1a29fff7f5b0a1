"""Error of the charge of CHARGE at rest against time, on meshes of five kinds.

uniform: squares cut in two. graded: equilateral triangles that grow with the distance from the
electrodes, those of the comparison. layers: rows along the electrodes, thin across and long along
them, as `pyscl.meshing` puts them at interfaces (only without inclusions). adaptive: refined by
`pyscl.adaptivity.adapt`, from the coarsest of the rows or, with inclusions, of the graded meshes.
corrected: with the estimated error added.

`cd tests && python -m benchmarks.error_curves --output FOLDER` writes error_curves.png and .json.
Times are CPU seconds of one process from the mesh to the charge, for adaptive meshes from the first
of them. Making a mesh with gmsh is not counted, refining one is.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pyscl import Mesh
from pyscl.adaptivity import Circle, ContactCharge, adapt
from pyscl.mesh import graded as graded_line
from pyscl.mesh import rectangle, strip

from .cases import CASES, SIDE
from .meshes import circles, mesh_file
from .peers.driver import Problem
from .peers.with_pyscl import CHARGE, LENGTH, make_model, metres
from .reference import LIMITS

GRADED = (3_000, 10_000, 30_000)
UNIFORM = (1_000, 4_000, 16_000, 64_000)
LAYERS = (0.08, 0.04, 0.02, 0.01, 0.005)
"""First steps at the electrodes [Debye lengths]."""
FIRST = 3_000
"""Nodes of the first adaptive mesh with inclusions."""


@dataclass(frozen=True)
class Point:
    """One mesh: nodes, CPU seconds until its charge was known, relative error of the charge."""

    nodes: int
    seconds: float
    error: float


def uniform(case: str, sizes: Sequence[int] = UNIFORM) -> list[Point]:
    """Return the errors on squares cut in two, all of one size; only without inclusions."""
    return [_solved(case, _squares(max(2, round(np.sqrt(nodes)) - 1))) for nodes in sizes]


def graded(case: str, sizes: Sequence[int] = GRADED) -> list[Point]:
    """Return the errors on the meshes of the comparison."""
    return [_solved(case, _mesh(case, nodes)) for nodes in sizes]


def layers(case: str, first_steps: Sequence[float] = LAYERS) -> list[Point]:
    """Return the errors on rows along the electrodes, twice as fine each; without inclusions."""
    return [_solved(case, _rows(first)) for first in first_steps]


def adaptive(case: str, tolerance: float, max_nodes: int = 12_000) -> dict[str, list[Point]]:
    """Return the errors on the meshes of one adaptive run, and those of the corrected values.

    Args:
        case: name.
        tolerance: relative, at which the run ends.
        max_nodes: of the last mesh.
    """
    begin, starts = time.process_time(), []

    def solve(model, start):
        starts.append(time.process_time() - begin)
        return model.equilibrium(start)

    inclusions = CASES[case].inclusions
    model = make_model(
        _mesh(case, FIRST) if inclusions else _rows(LAYERS[0]), CASES[case], at_rest=True
    )
    result = adapt(
        model,
        ContactCharge("left"),
        solve=solve,
        tolerance=tolerance,
        max_nodes=max_nodes,
        curves={"electrolyte|inclusion": _Circles()} if inclusions else None,
    )
    ends = [*starts[1:], time.process_time() - begin]
    lines: dict[str, list[Point]] = {"adaptive": [], "adaptive, corrected": []}
    for step, end in zip(result.history, ends, strict=True):
        for name, value in zip(lines, (step.value, step.corrected), strict=True):
            lines[name].append(Point(step.nodes, end, _error(case, value)))
    return lines


_REGION = "electrolyte"


class _Circles:
    """The outlines of all inclusions as one `pyscl.adaptivity.Curve`."""

    def __init__(self) -> None:
        self._circles = [Circle((x * LENGTH, y * LENGTH), r * LENGTH) for x, y, r in circles()]

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """Return the points of the outlines nearest to `points` (n, 2), [m]."""
        found = np.array([circle.nearest(points) for circle in self._circles])
        nearest = np.linalg.norm(found - points, axis=2).argmin(axis=0)
        return found[nearest, np.arange(len(points))]


def _rows(first: float) -> Mesh:
    """Return rows along the electrodes; those of half the first step cut them all in two."""
    growth = 1.5 ** (first / LAYERS[0])
    step, widest = first * LENGTH, 50.0 * first * LENGTH
    x = graded_line(SIDE * LENGTH, step, growth, widest, fine="both")
    rows = max(2, round(10 * LAYERS[1] / first))
    return strip(x, SIDE * LENGTH, rows, regions=[(_REGION, SIDE * LENGTH)])


def _squares(n: int) -> Mesh:
    return rectangle(n, n, SIDE * LENGTH, SIDE * LENGTH, _REGION)


def _mesh(case: str, nodes: int) -> Mesh:
    with np.load(mesh_file(nodes, CASES[case].inclusions)) as arrays:
        return metres(Problem(**arrays, case=CASES[case]))


def _solved(case: str, mesh: Mesh) -> Point:
    begin = time.process_time()
    solution = make_model(mesh, CASES[case], at_rest=True).equilibrium()
    charge = solution.contact("left").charge
    return Point(mesh.n_points, time.process_time() - begin, _error(case, charge))


def _error(case: str, charge: float) -> float:
    """Return the relative error of a charge [C/m]."""
    return abs(charge / CHARGE / LIMITS[case]["rest"] - 1.0)


def curves(case: str, tolerance: float = 2e-4) -> dict[str, list[Point]]:
    """Return all curves of a case by name."""
    _solved(case, _mesh(case, FIRST))  # what is loaded on first use
    lines = {"graded": graded(case)}
    if not CASES[case].inclusions:
        lines |= {"uniform": uniform(case), "layers": layers(case)}
    return lines | adaptive(case, tolerance)


def draw(results: dict[str, dict[str, list[Point]]], path: Path) -> None:
    """Draw error against CPU time, one panel for every case."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE

    marks = {
        "uniform": "s",
        "graded": "o",
        "layers": "D",
        "adaptive": "^",
        "adaptive, corrected": "v",
    }
    with rc_context(STYLE):
        figure = Figure((7.2, 2.9), layout="constrained")
        axes = figure.subplots(1, len(results), sharey=True, squeeze=False)[0]
        for ax, (case, lines), letter in zip(axes, results.items(), "ab", strict=False):
            for k, (name, mark) in enumerate(marks.items()):
                points = lines.get(name, [])
                seconds, errors = [p.seconds for p in points], [p.error for p in points]
                ax.loglog(seconds, errors, mark + "-", color=f"C{k}", markersize=3.5, label=name)
            ax.set_title(f"({letter}) {CASES[case].title}", loc="left")
            ax.set_xlabel("CPU time (s)")
            ax.grid(visible=True, which="major", alpha=0.3)
        axes[0].set_ylabel("Relative error of the charge")
        axes[0].legend()
        figure.savefig(path, dpi=200)


def main(arguments: list[str] | None = None) -> None:
    """Compute, write the picture and the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs="+", default=["plain", "incl"])
    parser.add_argument("--tolerance", type=float, default=2e-4)
    parser.add_argument("--output", default=".")
    args = parser.parse_args(arguments)
    folder = Path(args.output)
    folder.mkdir(parents=True, exist_ok=True)
    results = {case: curves(case, args.tolerance) for case in args.case}
    for case, lines in results.items():
        for name, points in lines.items():
            for p in points:
                print(f"{case:6} {name:20} {p.nodes:7d} {p.seconds:8.3f} s {p.error:.2e}")
    draw(results, folder / "error_curves.png")
    numbers = {c: {n: [asdict(p) for p in ps] for n, ps in ls.items()} for c, ls in results.items()}
    (folder / "error_curves.json").write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
