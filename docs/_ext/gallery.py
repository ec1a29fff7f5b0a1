"""The gallery: one page per example, written from the example itself before the build.

A page has what the docstring (or the first comment) says, the pictures that lie beside the example,
the command, its output where it is quick enough to be run here, and the file. Of the others
something quick is run: mesh and Debye lengths of their run, or the list of the cases of a study.
"""

import ast
import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
QUICK = 7.0  # examples that take longer by the table of the README are shown, not run [s]
HEADER = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n"
SECTIONS = {
    "1": "Layers in one dimension",
    "2": "Shapes in the plane and in space",
    "3": "Composite electrodes",
    "4": "Impedance",
    "5": "Dielectrics and ferroelectrics",
    "6": "Studies of many cases",
    "7": "Results to take away",
}
LOOK = """\
```{{code-cell}} ipython3
{reader}
from pyscl.plot import mesh_map
from pyscl.runner import build_model
from pyscl.runner.meshes import prepare_mesh
from pyscl.validity import debye_lengths

run = {run}
cases = [run.materials(name) for name in run.variants] or [run.materials()]
mesh = prepare_mesh(run.mesh, cases, run.temperature).mesh
print(mesh.n_points, "nodes; regions:", ", ".join(mesh.region_names))
for region, length in debye_lengths(build_model(run, mesh, cases[0])).items():
    print(f"Debye length of {{region}}: {{length * 1e9:.3g}} nm")
mesh_map(mesh)
```
"""


def examples() -> list[Path]:
    """Return the files of all numbered examples, in order."""
    return sorted(path for path in EXAMPLES.glob("[0-9]*") if path.suffix in (".py", ".yaml"))


def text_of(path: Path) -> str:
    """Return what an example says of itself: its docstring, or the comment it begins with."""
    source = path.read_text()
    if path.suffix == ".py":
        return str(ast.get_docstring(ast.parse(source)))
    lines = []
    for line in source.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(lines).strip()


def table() -> dict[str, tuple[str, str, float]]:
    """Return file -> (equation, what it shows, seconds) of the table in `examples/README.md`."""
    rows = re.findall(
        r"^\| `(\w+\.\w+)` \| (.*?) \| (.*?) \| ([\d.]+).*\|$",
        (EXAMPLES / "README.md").read_text(),
        re.MULTILINE,
    )
    return {name: (equation, shows, float(seconds)) for name, equation, shows, seconds in rows}


def is_study(path: Path) -> bool:
    """Return whether a YAML file is a study of many cases."""
    return path.suffix == ".yaml" and "\naxes:" in path.read_text()


def command(path: Path) -> str:
    """Return how an example is started from the folder of the project."""
    if path.suffix == ".py":
        return f"python examples/{path.name}"
    return f"pyscl {'sweep' if is_study(path) else 'run'} examples/{path.name}"


def reads_results(path: Path) -> bool:
    """Return whether an example reads the results of another one."""
    return path.suffix == ".py" and re.search(r"^RESULTS = ", path.read_text(), re.M) is not None


def is_run_here(path: Path, seconds: float) -> bool:
    """Return whether an example is run while its page is built."""
    return seconds <= QUICK and not reads_results(path) and not is_study(path)


def pictures(path: Path) -> list[Path]:
    """Return the pictures beside an example, the one with its name first."""
    found = sorted(EXAMPLES.glob(f"{path.stem[:3]}_*.png"))
    return sorted(found, key=lambda picture: picture.stem != path.stem)


def look(path: Path) -> str:
    """Return a cell that is quick, of an example that is not; "" if there is none."""
    source = path.read_text()
    named = re.search(r'with_name\("(\d\d\d_\w+\.yaml)"\)', source)
    file = path if path.suffix == ".yaml" else EXAMPLES / named[1] if named else None
    if path.with_suffix(".csv").exists():
        stored = f'pandas.read_csv("examples/{path.stem}.csv").head(8)'
        return f"```{{code-cell}} ipython3\nimport pandas\n\n{stored}\n```\n"
    if file is not None and is_study(file):
        return f"```{{code-cell}} ipython3\n%%bash\n{command(file)} --dry-run\n```\n"
    if file is not None:
        reader = "from pyscl.input import load_input"
        run = f'load_input("examples/{file.name}")'
    elif "\ndef base() -> " in source:
        reader = "import runpy\nfrom pyscl.input.loader import from_data"
        run = f'from_data(runpy.run_path("examples/{path.name}")["base"](), "examples")'
    else:
        return ""
    return LOOK.format(reader=reader, run=run)


def paragraphs(text: str) -> str:
    """Return the text as Markdown: formulas and lists keep their lines, the rest flows."""
    blocks = []
    for block in text.split("\n\n"):
        indented = all(line.startswith("    ") for line in block.splitlines() if line)
        head, *items = re.split(r"\n\s*- ", "\n" + block)
        if indented:
            blocks.append(f"```text\n{block}\n```")
        elif items:
            points = [" ".join(item.split()) for item in items]
            lead = " ".join(head.split())
            blocks.append("\n\n".join([lead] * bool(lead) + ["\n".join(f"- {p}" for p in points)]))
        else:
            blocks.append(" ".join(block.split()))
    return "\n\n".join(blocks).replace("*", "\\*").replace("$", "\\$")


def page(path: Path, seconds: float) -> str:
    """Return the page of one example."""
    title, _, rest = text_of(path).partition("\n\n")
    title = " ".join(title.split()).rstrip(".")
    text = f"{HEADER}# {path.stem[:3]} {title}\n\n"
    for picture in pictures(path):
        text += f"```{{image}} ../../examples/{picture.name}\n:alt: {title}\n```\n\n"
    text += paragraphs(rest) + "\n\n"
    if is_run_here(path, seconds):
        line = command(path) + (" --set output.figures=false" if path.suffix == ".yaml" else "")
        text += f"## Result\n\n```{{code-cell}} ipython3\n%%bash\n{line}\n```\n\n"
    else:
        text += f"## Command\n\n```bash\n{command(path)}\n```\n\n"
        if cell := look(path):
            text += f"## A look inside\n\n{cell}\n"
    language = "python" if path.suffix == ".py" else "yaml"
    text += (
        f"## The file\n\n`examples/{path.name}`\n\n"
        f"```{{literalinclude}} ../../examples/{path.name}\n:language: {language}\n```\n"
    )
    return text


def index(rows: dict[str, tuple[str, str, float]]) -> str:
    """Return the page that lists all examples, by the first digit of their numbers."""
    text = (
        "# Gallery\n\nEvery example of the project, with what it computes and shows. Those that "
        f"take {QUICK:.0f} s or less are run for this site; the numbers of all are checked "
        "by the tests of the project.\n\n"
        "```{toctree}\n:hidden:\n\ngeometries\n```\n\n"
        "Geometries that a run file can name, each with its mesh: [](geometries.md).\n"
    )
    for digit, heading in SECTIONS.items():
        chosen = [path for path in examples() if path.name.startswith(digit)]
        if not chosen:
            continue
        stems = "\n".join(f"{path.stem.replace('_', ' ')} <{path.stem}>" for path in chosen)
        text += f"\n## {heading}\n\n```{{toctree}}\n:hidden:\n\n{stems}\n```\n\n"
        text += "::::{container} gallery\n\n"
        for path in chosen:
            shows = rows[path.name][1] if path.name in rows else text_of(path).splitlines()[0]
            text += ":::{container} card\n"
            for picture in pictures(path)[:1]:
                image = f"![{path.stem}](../../examples/{picture.name})"
                text += f"[{image}](./{path.stem}.md)\n\n"
            text += f"[](./{path.stem}.md)\n\n{shows}\n:::\n\n"
        text += "::::\n"
    return text


def geometries() -> str:
    """Return the page of all kinds of geometry, from `examples/gallery.md`."""
    text = (EXAMPLES / "gallery.md").read_text()
    return text.replace("](gallery/", "](../../examples/gallery/").replace(
        "`\ngallery.py`", "`gallery.py`"
    )


def write_pages(app: Sphinx) -> None:
    """Write `gallery/*.md`, leaving alone what did not change."""
    if app.config.root_doc != "index":
        return
    folder = Path(app.srcdir) / "gallery"
    folder.mkdir(exist_ok=True)
    rows = table()
    texts = {
        f"{path.stem}.md": page(path, rows.get(path.name, ("", "", QUICK + 1.0))[2])
        for path in examples()
    }
    texts |= {"index.md": index(rows), "geometries.md": geometries()}
    for stale in folder.glob("*.md"):
        if stale.name not in texts:
            stale.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_pages, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
