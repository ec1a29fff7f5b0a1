"""The documentation without building it: pages are executed, complete, and lead somewhere.

The build itself, with every cell and with warnings as errors, is a stage of its own in `.ci/run`.
"""

import importlib
import importlib.util
import inspect
import re
import sys
from pathlib import Path

import pytest

import pyscl
from pyscl.bibliography import references
from pyscl.verification import CASES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
PAGES = [path for path in PAGES if "gallery" not in path.relative_to(DOCS).parts]
GUIDE = [path for path in PAGES if path.parent.name == "guide" and path.stem != "index"]
LISTS = {"index.md", "guide/index.md", "api/index.md", "sources.md"}  # pages that only lead on


def name_of(path):
    return path.relative_to(DOCS).as_posix()


def extension(name):
    """Import a file of `docs/_ext`; skip where Sphinx is not installed."""
    pytest.importorskip("sphinx")
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", [p for p in PAGES if name_of(p) not in LISTS], ids=name_of)
def test_a_page_has_an_executed_example(path):
    text = path.read_text()
    assert text.startswith("---\nfile_format: mystnb\n")
    assert re.search(r"^```\{code-cell\} ipython3$", text, re.MULTILINE)


@pytest.mark.parametrize("path", GUIDE, ids=name_of)
def test_a_guide_page_says_first_what_the_reader_can_do(path):
    """One title, then a sentence, not a list, a picture or code."""
    body = path.read_text().split("---\n", 2)[2]
    titles = re.findall(r"^# .+$", re.sub(r"```.*?```", "", body, flags=re.DOTALL), re.MULTILINE)
    assert len(titles) == 1
    first = body.partition(titles[0])[2].strip().split("\n\n")[0]
    assert first[0].isalpha()
    assert re.search(r"[.:](\s|$)|\.$", first)


def test_every_guide_page_is_in_the_list_of_the_guide():
    listed = (DOCS / "guide" / "index.md").read_text().partition("{toctree}")[2].split()
    assert {path.stem for path in GUIDE} <= set(listed)
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_to_pages_and_pictures_lead_somewhere(path):
    text = re.sub(r"```\{code-cell\}.*?```", "", path.read_text(), flags=re.DOTALL)
    stems = {p.stem for p in (ROOT / "examples").glob("[0-9]*")}
    for link in re.findall(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)", text):
        target = (path.parent / link).resolve()
        generated = "gallery" in Path(link).parts or "modules" in Path(link).parts
        if generated:
            assert Path(link).stem in stems | {"index", "geometries"}, link
        else:
            assert target.exists(), link


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_names_of_pyscl_exist(path):
    for target in re.findall(r"\{py:\w+\}`~?(pyscl[\w.]*)`", path.read_text()):
        assert found(target) is not None, target


def test_names_of_pyscl_in_the_source_exist():
    """Those with their whole path, in backticks."""
    for module in extension("api").modules():
        source = inspect.getsource(importlib.import_module(module))
        for target in re.findall(r"`(pyscl(?:\.\w+)+)`", source):
            assert target.endswith(".mplstyle") or found(target) is not None, (module, target)


def found(target):
    """Return what an import path leads to, None if it leads nowhere."""
    pieces = target.split(".")
    thing = pyscl
    for depth, piece in enumerate(pieces[1:], start=2):
        try:
            thing = importlib.import_module(".".join(pieces[:depth]))
        except ImportError:
            thing = getattr(thing, piece, None)
    return thing


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_sources_that_are_cited_exist(path):
    for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", path.read_text()):
        for key in keys.split(","):
            assert key.strip() in references(), key


def test_every_example_is_in_the_gallery():
    gallery = extension("gallery")
    rows, index = gallery.table(), gallery.index(gallery.table())
    for path in gallery.examples():
        assert path.name in rows, f"{path.name} has no row in examples/README.md"
        assert f"(./{path.stem}.md)" in index
        page = gallery.page(path, rows[path.name][2])
        title = gallery.text_of(path).split("\n\n")[0]
        assert " ".join(title.split()).rstrip(".") in page
        assert f"../../examples/{path.name}" in page
        assert gallery.command(path) in page
    assert {p.stem for p in gallery.examples()} <= set(re.findall(r"<(\w+)>", index))


def test_the_gallery_runs_what_is_quick_and_only_that():
    gallery = extension("gallery")
    rows = gallery.table()
    run = [p.stem for p in gallery.examples() if gallery.is_run_here(p, rows[p.name][2])]
    assert "101_debye_layer" in run
    assert "201_coated_particle" in run
    for slow in ("305_composite_charge", "306_composite_charge_analysis", "601_island_sweep"):
        assert slow not in run  # the second would compute what it analyses
    assert sum(rows[f"{name}.py"][2] for name in run if f"{name}.py" in rows) < 80.0


def test_every_page_of_the_gallery_has_an_executed_cell():
    gallery = extension("gallery")
    rows = gallery.table()
    for path in gallery.examples():
        page = gallery.page(path, rows[path.name][2])
        assert "```{code-cell} ipython3" in page, path.name


def test_every_picture_beside_an_example_is_on_its_page():
    gallery = extension("gallery")
    rows = gallery.table()
    shown = "".join(gallery.page(p, rows[p.name][2]) for p in gallery.examples())
    for picture in gallery.EXAMPLES.glob("[0-9]*.png"):
        assert f"```{{image}} ../../examples/{picture.name}" in shown


def test_outputs_are_thrown_away_when_what_was_run_changes(tmp_path, monkeypatch):
    """Package, core, examples: any of them changes the key, and with it nothing is used again."""
    kernel = extension("kernel")
    monkeypatch.setattr(kernel.os, "environ", dict(kernel.os.environ))
    root, build, core = tmp_path / "root", tmp_path / "build", tmp_path / "_core.so"
    core.write_bytes(b"1")
    for folder in ("pyscl/study", "examples", "meshes", "cpp"):
        (root / folder).mkdir(parents=True)
        (root / folder / "a.py").write_text("1")
    places = core, root / "pyscl", root / "examples"
    keys = [kernel.fingerprint(places)]
    for changed in (core, root / "pyscl" / "study" / "a.py", root / "examples" / "a.py"):
        changed.write_text("2")
        keys.append(kernel.fingerprint(places))
    assert len(set(keys)) == 4
    assert kernel.fingerprint(places) == keys[-1]

    old = kernel.prepare(root, build, keys[0])
    assert keys[0] in old.parts
    left = (old / "output", build / "work" / "study")
    for path in left:
        path.mkdir(parents=True)
    assert kernel.prepare(root, build, keys[0]) == old
    assert all(path.exists() for path in left)
    assert kernel.prepare(root, build, keys[1]) != old
    assert not any(path.exists() for path in left)
    assert (root / "examples" / "a.py").exists()  # linked to from the folder that is thrown away


def test_the_key_of_the_outputs_holds_package_and_core():
    text = (DOCS / "conf.py").read_text()
    assert "PACKAGE = Path(_core.__file__)" in text
    assert "nb_execution_cache_path = str(CELLS)" in text


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_formulas_have_both_of_their_dollars(path):
    """A shell takes "$name" out of what it is given; what is left is an odd number of them."""
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    text = text.replace("\\$", "").replace("$$", "")
    for block in re.split(r"\n\s*\n", text):
        assert block.count("$") % 2 == 0, block
    assert not re.search(r"\$ (=|is|and)[^$]* \$?/\(", text)


def test_every_public_name_is_in_the_api_reference():
    api = extension("api")
    documented = {id(thing) for members in api.homes().values() for thing in members.values()}
    for name in pyscl.__all__:
        if name != "__version__":
            assert id(getattr(pyscl, name)) in documented, name
    pages = "".join(api.page(part, api.homes()) for part in api.parts())
    for module in api.modules():
        assert f".. automodule:: {module}\n" in pages
        for name in getattr(importlib.import_module(module), "__all__", ()):
            thing = getattr(importlib.import_module(module), name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                assert id(thing) in documented, f"{module}.{name}"


def test_a_thing_is_documented_once():
    homes = extension("api").homes()
    things = [id(thing) for members in homes.values() for thing in members.values()]
    assert len(things) == len(set(things)) > 300


def test_references_by_any_import_path_find_the_home():
    home_of = extension("api").home_of
    assert home_of("pyscl.Solution.interface") == "pyscl.solution.Solution.interface"
    assert home_of("pyscl.mesh.structured.strip") == "pyscl.mesh.strip"
    assert home_of("pyscl.postprocess.resistance") == "pyscl.postprocess.resistance"
    assert home_of("pyscl.nowhere") is None


def test_the_theory_page_runs_all_cases():
    text = (DOCS / "theory.md").read_text()
    assert "run_cases()" in text
    assert "raise SystemExit" in text  # a case that fails is an error of the build
    assert len(CASES) >= 49


def test_the_observables_of_the_reviews_can_be_searched():
    """Words of their figures and tables, section 3 of the notes on the five reviews."""
    text = (DOCS / "observables.md").read_text().lower()
    for word in (
        "electron holography", "phase map", "kpfm", "dpc", "haxpes",
        "core-level", "band diagram", "band bending", "fermi level", "cbm", "vbm", "eels",
        "grain boundary", "nyquist", "bode", "r_int", "promotion", "arrhenius", "activation energy",
        "drt", "relaxation times", "equivalent circuit", "mott-schottky", "transference",
        "hysteresis loop", "polarized potential", "bound charge", "nanowires", "batio3", "bto",
        "licoo2", "lipon", "lasgtp", "gclo4", "litao3", "job-sharing", "capacity", "nmr", "exsy",
        "debye length", "thickness", "depletion width", "li concentration", "state of charge",
        "galvanostatic", "gitt", "void phase diagrams", "stress maps", "constriction",
        "reaction-current", "p2d", "magneti", "raman", "muon", "tomography", "txm-xanes",
        "effective ionic conductivity", "coating", "islands", "flexoelectric", "phase-field",
        "coulomb interaction", "net charge density",
    ):  # fmt: skip
        assert word.lower() in text, word


def test_readme_and_contributing_are_included_not_copied():
    assert "{include} ../README.md" in (DOCS / "notation.md").read_text()
    assert "{include} ../CONTRIBUTING.md" in (DOCS / "developer.md").read_text()
    readme = (ROOT / "README.md").read_text()
    assert "## Notation" in readme
    assert "## Map" in readme.partition("## Notation")[2]
