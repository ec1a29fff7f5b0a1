"""Write gallery.md: a picture, the YAML, and the mesh verdict of every geometry.

    python examples/gallery.py               # all of them, half a minute
    python examples/gallery.py islands       # some

The specifications are in geometries/; the pictures go to gallery/.
"""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pyscl.input import load_mesh_input
from pyscl.mesh import MeshReport, check
from pyscl.runner.meshes import PreparedMesh, achieved_text, prepare_mesh, resolved_lengths

HERE = Path(__file__).parent
PAGE = HERE / "gallery.md"
DPI = 100
COLOURS = 128  # of a picture

HEAD = """\
# Geometries

One entry for every kind of geometry: what stands under `mesh:` in a run file (or in a file of its
own), what was achieved, and the verdict on the mesh. The picture shows the regions, and the
triangles of the piece in the red frame. Everything random has a seed; the same file gives the
same curves.

    pyscl mesh make examples/geometries/islands.yaml islands.msh
    pyscl mesh show examples/geometries/islands.yaml islands.png

In a run file `resolve` may be left out: the screening lengths of the materials are taken. The
charge error is that of a weak space charge layer on the mesh at hand; it falls with more layers
`per_length`, slower `growth`, and smaller `along` and `bulk`. This page is written by
`gallery.py`.
"""


def specifications() -> list[Path]:
    """Return the files of all entries, by name."""
    return sorted((HERE / "geometries").glob("*.yaml"))


def describe(path: Path) -> tuple[str, str]:
    """Return headline and text of a specification: its first line, a comment, and the rest."""
    first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    return first.removeprefix("# "), rest.strip()


def make(path: Path) -> tuple[PreparedMesh, MeshReport]:
    """Return the mesh of a specification, made anew, and its verdict."""
    wanted = load_mesh_input(path)
    with TemporaryDirectory() as folder:
        prepared = prepare_mesh(wanted.model_copy(update={"cache": Path(folder)}))
    return prepared, check(prepared.mesh, resolved_lengths(prepared))


def achieved(prepared: PreparedMesh) -> str:
    """Return what was achieved in one line; the lengths of the outer sides are left out."""
    sides = [f"length of {side} [m]" for side in ("left", "right", "bottom", "top")]
    rows = [achieved_text(*item) for item in prepared.achieved.items() if item[0] not in sides]
    return "Achieved: " + "; ".join(f"{name} {value}" for name, value in rows) + "."


def verdict(report: MeshReport) -> str:
    """Return the numbers of a verdict as Markdown."""
    angle = min(region.smallest_angle for region in report.regions)
    negative = sum(region.negative_edges for region in report.regions)
    judged = "failed" if report.failed else f"{len(report.warnings)} warnings"
    lines = [
        f"Mesh: {report.n_points} nodes, {report.n_triangles} triangles, smallest angle "
        f"{angle:.1f} degrees, {negative} edges with a negative weight; {judged}.",
        "",
    ]
    rows = [row for row in report.interfaces if row.debye_length is not None]
    if rows:
        lines += [
            "| interface | side | facets | first layer [nm] | per resolved length | charge error |",
            "|---|---|---|---|---|---|",
        ]
    for row in rows:
        name = row.interface.replace("|", "\\|")
        lines.append(
            f"| {name} | {row.side} | {row.facets} | {row.first_layer * 1e9:.3g} | "
            f"{row.per_debye_length:.1f} | {row.charge_error:.2%} |"
        )
    return "\n".join(lines)


def entry(path: Path, prepared: PreparedMesh, report: MeshReport) -> str:
    """Return the section of a specification."""
    headline, text = describe(path)
    parts = [
        f"## {path.stem}",
        headline,
        f"![{path.stem}](gallery/{path.stem}.png)",
        f"```yaml\n{text}\n```",
        achieved(prepared),
        verdict(report),
    ]
    return "\n\n".join(parts).rstrip() + "\n"


def draw(prepared: PreparedMesh, path: Path) -> None:
    """Write a small picture of the regions, and of the triangles at the longest interface."""
    from matplotlib.collections import LineCollection
    from PIL import Image

    from pyscl import plot

    mesh = prepared.mesh
    longest = max(mesh.interfaces, key=lambda name: len(mesh.interfaces[name]))
    figure = plot.mesh_map(mesh, longest, only_enlarged=True)
    for lines in figure.findobj(LineCollection):
        lines.set_snap(False)  # whole pixels would bend curves
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=DPI)
    path.parent.mkdir(exist_ok=True)
    Image.open(image).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def sections() -> dict[str, str]:
    """Return the sections of the page as it is, by name."""
    if not PAGE.is_file():
        return {}
    parts = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    return {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}


def main(names: Sequence[str] = ()) -> None:
    """Write the sections and pictures with the given names, or all of them."""
    old, page = sections(), [HEAD]
    for path in specifications():
        if names and path.stem not in names:
            page.append(old[path.stem])
            continue
        prepared, report = make(path)
        draw(prepared, HERE / "gallery" / f"{path.stem}.png")
        page.append(entry(path, prepared, report))
        print(f"{path.stem}: {report.n_points} nodes")
    PAGE.write_text("\n".join(page), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
