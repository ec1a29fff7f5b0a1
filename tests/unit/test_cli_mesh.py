"""The commands that make and show meshes, and the benchmark of meshing."""

import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from pyscl import InputError, Mesh, MeshError, cli
from pyscl.bench.meshing import HEAD, packing, run_meshing_benchmark
from pyscl.geometry.measures import areas
from pyscl.meshing import fill

SPEC = """\
geometry:
  kind: particle
  width: 60 nm
  height: 60 nm
  radius: 20 nm
  coating: {coverage: 0.5, count: 3, thickness: 3 nm}
sizes: {resolve: {active: 2 nm, electrolyte: 2 nm}}
cache: meshes
"""


def invoke(*arguments):
    """Run pyscl inside this process; errors for the user come back as exceptions."""
    result = CliRunner().invoke(cli.app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


def test_make_writes_the_mesh_and_prints_numbers_and_verdict(spec, tmp_path):
    out = tmp_path / "new" / "particle.msh"
    result = invoke("mesh", "make", spec, out)
    assert result.exit_code == 0
    assert "geometry 'particle':" in result.output
    assert "coverage of active" in result.output
    row = next(
        line for line in result.output.splitlines() if line.startswith("  active|electrolyte")
    )
    assert row.endswith("%")  # the charge error, for the lengths of the file
    assert result.output.endswith(f"mesh in {out}\n")
    mesh = Mesh.read(out)
    assert set(mesh.region_names) == {"active", "coating", "electrolyte"}
    assert set(mesh.facet_names) == {"left", "right", "bottom", "top"}
    assert mesh.areas.sum() == pytest.approx(3600e-18, rel=1e-6)
    assert invoke("mesh", "check", out).exit_code == 0
    invoke("mesh", "make", spec, tmp_path / "nm.msh", "--unit", "nm")
    in_nm = Mesh.read(tmp_path / "nm.msh", unit="nm")
    assert in_nm.points == pytest.approx(mesh.points, rel=1e-12, abs=1e-20)


def test_make_exits_with_1_when_the_verdict_is_bad(spec, tmp_path, monkeypatch):
    import pyscl.mesh
    from pyscl.mesh import MeshReport

    monkeypatch.setattr(pyscl.mesh, "check", lambda *_: MeshReport(1, 1, ["it is bent"]))
    result = invoke("mesh", "make", spec, tmp_path / "o.msh")
    assert result.exit_code == 1
    assert "problem: it is bent" in result.output


def test_make_refuses_before_it_works(spec, tmp_path):
    with pytest.raises(InputError, match=r"must end in \.msh"):
        invoke("mesh", "make", spec, tmp_path / "o.vtu")
    with pytest.raises(InputError, match="no length unit 'nmm'"):
        invoke("mesh", "make", spec, tmp_path / "o.msh", "--unit", "nmm")
    assert not (tmp_path / "meshes").exists()
    spec.write_text(SPEC.replace("radius: 20 nm", "radius: 40 nm"))
    with pytest.raises(InputError, match=r"spec\.yaml:2:3: no geometry 'particle'"):
        invoke("mesh", "make", spec, tmp_path / "o.msh")
    with pytest.raises(InputError, match=r"none\.yaml: cannot be read"):
        invoke("mesh", "make", tmp_path / "none.yaml", tmp_path / "o.msh")


def test_a_missing_gmsh_gives_the_command_that_installs_it(spec, tmp_path, monkeypatch):
    monkeypatch.setattr(fill, "find_spec", lambda name: None)
    with pytest.raises(MeshError, match=r"\n  pip install 'pyscl\[mesh\]'"):
        invoke("mesh", "make", spec, tmp_path / "o.msh")


def test_show_draws_a_specification_and_a_file(spec, tmp_path):
    invoke("mesh", "make", spec, tmp_path / "o.msh")
    for source in (spec, tmp_path / "o.msh"):
        out = tmp_path / f"{source.stem}.png"
        assert f"picture in {out}" in invoke("mesh", "show", source, out).output
    for name in ("spec", "o"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert picture.width > 1000


def test_show_enlarges_the_interface_that_is_asked_for(spec, tmp_path):
    with pytest.raises(InputError, match=r"Did you mean 'active\|coating'"):
        invoke("mesh", "show", spec, tmp_path / "o.png", "--interface", "activ|coating")
    invoke("mesh", "show", spec, tmp_path / "o.png", "--interface", "coating|active")
    assert (tmp_path / "o.png").stat().st_size > 5000
    with pytest.raises(InputError, match="figure format"):
        invoke("mesh", "show", spec, tmp_path / "o.bmp")


def test_a_mesh_of_one_region_is_shown_whole(spec, tmp_path):
    layer = "{kind: stack, height: 4 nm, layers: [{region: a, thickness: 4 nm}]}"
    spec.write_text(f"geometry: {layer}\ncache: meshes\n")
    invoke("mesh", "show", spec, tmp_path / "o.png")
    assert (tmp_path / "o.png").is_file()


def test_the_benchmark_meshes_as_many_particles_as_asked_for():
    achieved = packing(7).partition()
    assert achieved.achieved["particles of active"] == 7
    found = areas(achieved.chains)
    assert found["active"] / sum(found.values()) == pytest.approx(0.5, rel=1e-3)
    result = run_meshing_benchmark(4)
    assert len(result.row()) == len(HEAD)
    assert result.nodes > 1000
    assert 0.0 < result.charge_error < 0.05


def test_bench_prints_meshing_as_a_table_and_json():
    table = invoke("bench", "--meshing", "--particles", 4).output.splitlines()
    assert table[0].startswith("particles  packing [s]  meshing [s]")
    assert table[1].split()[0] == "4"
    rows = json.loads(invoke("bench", "--meshing", "--particles", 4, "--json").output)
    assert rows[0]["particles"] == 4


@pytest.mark.parametrize(
    "options",
    [
        ("--meshing", "--transient"),
        ("--meshing", "--impedance"),
        ("--meshing", "--nodes", "500"),
        ("--particles", "5"),
    ],
)
def test_bench_refuses_options_that_exclude_each_other(options):
    with pytest.raises(InputError, match=r"exclude|is for --meshing"):
        invoke("bench", *options)
