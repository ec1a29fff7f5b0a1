"""Runs whose mesh is made from a geometry: one mesh for all variants, the cache, what is said."""

import json

import numpy as np
import pytest

from pyscl.errors import GeometryError, InputError
from pyscl.input import load_input, load_mesh_input
from pyscl.meshing import cache, mesher
from pyscl.runner import execute
from pyscl.runner.meshes import achieved_text, prepare_mesh, read_mesh, resolved_lengths

MATERIAL = """{{relative_permittivity: {0}, carriers: [{{name: Li, charge: 1, site_fraction: 0.5,
    site_density: {1} 1/m^3, standard_potential: {2} eV, conductivity: 1 mS/cm}}]}}"""

RUN = f"""\
mesh:
  geometry:
    kind: stack
    height: 4 nm
    layers: [{{region: a, thickness: 12 nm}}, {{region: b, thickness: 12 nm}}]
    periodic: true
  sizes: {{growth: 1.1}}
  cache: meshes
regions:
  a: {MATERIAL.format(10, "2e26", 0)}
  b: {MATERIAL.format(30, "3e26", 0.1)}
contacts:
  left: {{kind: reservoir, carrier: Li, potential: neutral}}
  right: {{kind: reservoir, carrier: Li, electrochemical_potential: 0 eV, potential: neutral}}
periodic:
  - {{sides: [bottom, top]}}
variants:
  base: {{}}
  denser: {{b: {MATERIAL.format(30, "1.2e27", 0.1)}}}
studies:
  - equilibrium
output: {{figures: false}}
"""


def write(folder, *changes):
    text = RUN
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "run.yaml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Return the folder, the result and the report of a run."""
    folder, lines = tmp_path_factory.mktemp("stack"), []
    result = execute(load_input(write(folder)), folder / "out", report=lines.append)
    return folder, result, lines


def test_a_run_meshes_its_geometry_and_solves(done):
    _, result, _ = done
    assert not result.failed
    base = result.outcomes["base"][0].solution
    assert base.model.mesh.region_names == ("a", "b")
    areas = [base.model.mesh.areas[base.model.mesh.regions_of(r)].sum() for r in "ab"]
    assert areas == pytest.approx([48e-18, 48e-18], rel=1e-9)
    assert base.interface("a|b").sides[0].charge != 0.0


def test_variants_share_a_mesh_that_resolves_the_shortest_length(done):
    _, result, _ = done
    meshes = [studies[0].solution.model.mesh for studies in result.outcomes.values()]
    assert meshes[0] is meshes[1]
    resolved = result.summary["geometry"]["sizes"]["resolve"]
    lengths = [case["screening lengths [m]"] for case in result.summary["cases"].values()]
    assert resolved["b"] == pytest.approx(min(case["b"]["debye_length"] for case in lengths))
    assert resolved["b"] < 0.6 * lengths[0]["b"]["debye_length"]


def test_summary_and_report_say_what_was_achieved(done):
    _, result, lines = done
    summary = json.loads((result.folder / "summary.json").read_text())
    assert summary["geometry"]["kind"] == "stack"
    assert summary["geometry"]["achieved"]["area fraction of a"] == pytest.approx(0.5)
    assert summary["geometry"]["achieved"]["length of a|b [m]"] == pytest.approx(4e-9)
    assert summary["input"]["mesh"]["geometry"]["kind"] == "stack"
    text = "\n".join(lines)
    assert text.index("geometry 'stack':") < text.index("mesh: ")
    assert any(line.split() == ["length", "of", "a|b", "4", "nm"] for line in lines)
    assert not [line for line in lines if "same line" in line]


def test_the_cache_of_the_file_spares_a_second_meshing(done, monkeypatch):
    folder, result, _ = done
    assert len(list((folder / "meshes").glob("*.npz"))) == 1

    def refuse(*_args, **_others):
        raise AssertionError("meshed again")

    monkeypatch.setattr(mesher, "lay_out", refuse)
    run = load_input(folder / "run.yaml")
    cases = [run.materials(name) for name in run.variants]
    again = prepare_mesh(run.mesh, cases, run.temperature).mesh
    first = result.outcomes["base"][0].solution.model.mesh
    np.testing.assert_array_equal(again.points, first.points)
    np.testing.assert_array_equal(again.triangles, first.triangles)
    with pytest.raises(AssertionError, match="meshed again"):
        prepare_mesh(run.mesh, cases[:1], run.temperature)


def test_seed_and_time_limit_reach_the_mesher(done, monkeypatch):
    folder, _, _ = done
    seen = {}

    def note(*_args, **others):
        seen.update(others)
        raise InputError("enough")

    monkeypatch.setattr(cache, "mesh_partition", note)
    run = load_input(folder / "run.yaml", ["mesh.seed=7", "mesh.time_limit=1 min"])
    with pytest.raises(InputError, match="enough"):
        prepare_mesh(run.mesh)
    assert seen == {"seed": 7, "time_limit": 60.0}


def test_matching_sides_that_are_not_joined_are_pointed_out(tmp_path):
    path = write(tmp_path, ("periodic:\n  - {sides: [bottom, top]}\n", ""))
    result = execute(load_input(path), tmp_path / "out")
    assert any("periodic: [{sides: [bottom, top]}]" in w for w in result.summary["warnings"])


def test_a_geometry_that_cannot_be_made_writes_nothing(tmp_path):
    islands = (
        "kind: islands\n    width: 9 nm\n    coverage: 0.5\n    size: 9 nm\n    thickness: 9 nm"
    )
    text = RUN.partition("    kind: stack")
    rest = text[2][text[2].index("  sizes:") :]
    path = tmp_path / "run.yaml"
    path.write_text(f"{text[0]}    {islands}\n{rest}")
    with pytest.raises(GeometryError, match=r"run\.yaml:3:5: no geometry 'islands'"):
        execute(load_input(path), tmp_path / "out")
    assert not (tmp_path / "out" / "summary.json").exists()
    assert not (tmp_path / "meshes").exists()


def test_materials_for_regions_that_the_geometry_lacks_are_refused(tmp_path):
    path = write(tmp_path, ("variants:", "  c: LiCoO2\nvariants:"), ("  c: LiCoO2\n", ""))
    path.write_text(path.read_text().replace("regions:\n", "regions:\n  c: LiCoO2\n", 1))
    with pytest.raises(InputError, match="no region 'c'"):
        execute(load_input(path), tmp_path / "out")


def test_a_mesh_file_has_no_geometry_to_report(tmp_path, done):
    folder, _, _ = done
    mesh = read_mesh(load_mesh_input(folder / "run.yaml").mesh)
    mesh.write(tmp_path / "m.msh", unit="nm")
    (tmp_path / "spec.yaml").write_text("file: m.msh\nunit: nm\n")
    lines = []
    prepared = prepare_mesh(load_mesh_input(tmp_path / "spec.yaml"), report=lines.append)
    assert prepared.to_dict() is None
    assert lines == []
    assert resolved_lengths(prepared) == {}


def test_parts_of_a_made_mesh_get_their_names(tmp_path):
    (tmp_path / "spec.yaml").write_text(
        "geometry: {kind: stack, height: 4 nm, layers: [{region: a, thickness: 4 nm}, "
        "{region: b, thickness: 4 nm}, {region: a, thickness: 4 nm}]}\n"
        "sizes: {resolve: {a: 2 nm}}\ncache: meshes\nparts: {last: [11 nm, 2 nm]}\n"
    )
    prepared = prepare_mesh(load_mesh_input(tmp_path / "spec.yaml"))
    assert set(prepared.mesh.region_names) == {"a", "b", "last"}
    assert resolved_lengths(prepared) == {"a": 2e-9}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("coverage", 0.5, ("coverage", "0.5")),
        ("length of a|b [m]", 1.2e-8, ("length of a|b", "12 nm")),
        ("length of a|b [m]", 1e-6, ("length of a|b", "1 um")),
        ("length of a|b [m]", 2.5e-3, ("length of a|b", "2.5 mm")),
        ("gap [m]", 0.0, ("gap", "0 nm")),
    ],
)
def test_achieved_numbers_read_well(name, value, expected):
    assert achieved_text(name, value) == expected
