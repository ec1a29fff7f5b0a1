"""The gallery of geometries: an entry for every kind, and nothing in it is out of date."""

import importlib.util
import re
from pathlib import Path

import pytest
from PIL import Image

from pyscl.input import load_mesh_input
from pyscl.input.mesh import KINDS
from pyscl.mesh import check
from pyscl.runner.meshes import PreparedMesh

FOLDER = Path(__file__).parent.parent / "examples"
SPECIFICATIONS = sorted((FOLDER / "geometries").glob("*.yaml"))
QUICK = ("islands", "particle_lenses", "stack")


def load_gallery():
    spec = importlib.util.spec_from_file_location("gallery", FOLDER / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


gallery = load_gallery()
SECTIONS = gallery.sections()


def test_every_kind_of_geometry_has_an_entry():
    assert {load_mesh_input(path).geometry.kind for path in SPECIFICATIONS} == set(KINDS)
    assert list(SECTIONS) == [path.stem for path in SPECIFICATIONS]
    assert gallery.PAGE.read_text().startswith(gallery.HEAD)


@pytest.mark.parametrize("path", SPECIFICATIONS, ids=lambda path: path.stem)
def test_an_entry_shows_its_file_its_picture_and_what_is_achieved(path):
    section = SECTIONS[path.stem]
    headline, text = gallery.describe(path)
    assert headline in section
    assert f"```yaml\n{text}\n```" in section
    assert f"](gallery/{path.stem}.png)" in section
    wanted = load_mesh_input(path)
    made = PreparedMesh(None, wanted.geometry.kind, wanted.partition().achieved)
    assert numbers(gallery.achieved(made)) == pytest.approx(numbers(section), rel=1e-3)


def numbers(text):
    """Return the numbers in the line of what was achieved."""
    line = next(line for line in text.splitlines() if line.startswith("Achieved: "))
    return [float(number) for number in re.findall(r" (-?[\d.]+(?:e-?\d+)?)(?= [nu]m|[;.])", line)]


@pytest.mark.parametrize("path", SPECIFICATIONS, ids=lambda path: path.stem)
def test_a_verdict_has_no_problems(path):
    section = SECTIONS[path.stem]
    assert re.search(r"Mesh: \d+ nodes, \d+ triangles", section)
    assert "failed" not in section
    assert re.search(r"^\| .*% \|$", section, re.MULTILINE)


@pytest.mark.parametrize("name", QUICK)
def test_a_mesh_made_anew_is_the_one_of_the_entry(name):
    """Other releases of gmsh place other nodes; the numbers stay close."""
    _, report = gallery.make(FOLDER / "geometries" / f"{name}.yaml")
    shown = int(re.search(r"Mesh: (\d+) nodes", SECTIONS[name])[1])
    assert report.n_points == pytest.approx(shown, rel=0.1)
    assert not report.failed


@pytest.mark.parametrize("path", SPECIFICATIONS, ids=lambda path: path.stem)
def test_a_picture_is_there_and_small(path):
    picture = FOLDER / "gallery" / f"{path.stem}.png"
    assert picture.stat().st_size < 60_000
    with Image.open(picture) as image:
        assert image.width > 400
    assert len(list(picture.parent.iterdir())) == len(SPECIFICATIONS)


def test_a_new_entry_is_made_of_the_same_parts(tmp_path, monkeypatch):
    path = tmp_path / "thin.yaml"
    path.write_text(
        "# Two layers.\ngeometry:\n  kind: stack\n  height: 4 nm\n  layers: "
        "[{region: a, thickness: 9 nm}, {region: b, thickness: 9 nm}]\n"
        "sizes: {resolve: {a: 2 nm}}\n"
    )
    prepared, report = gallery.make(path)
    assert check(prepared.mesh).n_points == report.n_points
    entry = gallery.entry(path, prepared, report)
    assert entry.startswith("## thin\n\nTwo layers.\n\n![thin](gallery/thin.png)\n\n```yaml\n")
    assert "Achieved: area fraction of a 0.5; area fraction of b 0.5; length of a|b 4 nm." in entry
    assert "| a\\|b | a |" in entry
    assert "| a\\|b | b |" not in entry
    gallery.draw(prepared, tmp_path / "thin.png")
    assert (tmp_path / "thin.png").stat().st_size < 60_000
