"""Geometry and sizes under `mesh:` of a run file: what is read, and how mistakes are reported."""

import json
from pathlib import Path

import pytest

from pyscl.errors import GeometryError, InputError
from pyscl.geometry import IslandInterface, Stack, StackLayer
from pyscl.input import MeshInput, RunInput, SizesInput, json_schema, load_input, load_mesh_input
from pyscl.input.mesh import KINDS
from pyscl.materials import Carrier, Material

RUN = """\
mesh:
  geometry:
    kind: islands
    width: 80 nm
    coverage: 0.5
    size: 12 nm
    thickness: 4 nm
  sizes: {resolve: {inclusion: 1 nm}, along: {active: 2 nm}, bulk: 5 nm}
regions: {active: LiCoO2, electrolyte: Li6PS5Cl, inclusion: BaTiO3}
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that loads RUN, changed by (old, new) pairs, with overrides."""

    def load(*changes, overrides=()):
        text = RUN
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = tmp_path / "run.yaml"
        path.write_text(text)
        return load_input(path, overrides)

    return load


@pytest.fixture
def spec(tmp_path):
    """Return a function that loads a text as a specification of a mesh."""

    def load(text):
        path = tmp_path / "spec.yaml"
        path.write_text(text)
        return load_mesh_input(path)

    return load


def carrier(density):
    return Carrier(name="Li", charge=1, site_density=density, site_fraction=0.5, conductivity=1.0)


def conductor(density):
    return Material(relative_permittivity=30.0, carriers=(carrier(density),))


# What is read.


def test_geometry_and_sizes_are_read_in_si(run):
    mesh = run().mesh
    assert isinstance(mesh.geometry, IslandInterface)
    assert mesh.geometry.width == pytest.approx(80e-9)
    assert mesh.sizes.resolve == {"inclusion": 1e-9}
    assert mesh.sizes.along == {"active": 2e-9}
    assert mesh.sizes.bulk == 5e-9
    assert (mesh.file, mesh.cache, mesh.seed) == (None, None, 0)


def test_a_file_of_its_own_holds_what_stands_under_mesh(run, spec):
    text = "\n".join(line[2:] for line in RUN.splitlines() if line.startswith("  "))
    assert spec(text).geometry == run().mesh.geometry
    assert spec(text).sizes == run().mesh.sizes


def test_a_whole_run_file_is_taken_for_its_mesh(spec):
    assert isinstance(spec(RUN), RunInput)


def test_overrides_reach_into_the_geometry(run):
    mesh = run(overrides=["mesh.geometry.size=10 nm", "mesh.sizes.growth=1.1"]).mesh
    assert mesh.geometry.size == pytest.approx(10e-9)
    assert mesh.sizes.growth == 1.1


def test_paths_start_at_the_folder_of_the_file(spec, tmp_path):
    (tmp_path / "picture.png").touch()
    geometry = "{kind: image, file: picture.png, pixel: 5 nm, regions: {'0': a}}"
    mesh = spec(f"geometry: {geometry}\ncache: meshes\n")
    assert mesh.geometry.file == tmp_path / "picture.png"
    assert mesh.cache == tmp_path / "meshes"
    assert spec(f"geometry: {geometry}\ncache: /far/away\n").cache == Path("/far/away")


def test_the_schema_offers_every_kind():
    schema = json.loads(json.dumps(json_schema()))
    geometry = schema["$defs"]["MeshInput"]["properties"]["geometry"]["anyOf"][0]
    assert sorted(geometry["discriminator"]["mapping"]) == list(KINDS)
    assert {"islands", "image", "packing", "stack"} <= set(KINDS)
    assert schema["$defs"]["SizesInput"]["properties"]["resolve"]["additionalProperties"]


# Sizes.


def test_lengths_come_from_the_materials_the_shortest_of_all_variants():
    cases = [{"a": conductor(1e26), "b": Material(relative_permittivity=10.0)}]
    one = SizesInput().mesh_sizes(cases, 300.0, ("a", "b")).resolve
    assert set(one) == {"a"}
    cases.append({"a": conductor(4e26), "b": conductor(1e26)})
    two = SizesInput().mesh_sizes(cases, 300.0, ("a", "b")).resolve
    assert two["a"] == pytest.approx(one["a"] / 2.0)
    assert two["b"] == pytest.approx(one["a"])
    assert SizesInput().mesh_sizes(reversed(cases), 300.0, ("a", "b")).resolve == two
    site = SizesInput(length="site").mesh_sizes(cases, 300.0, ("a", "b")).resolve
    assert site["a"] == pytest.approx(two["a"] / 2.0)  # sqrt(y (1 - y)) at y = 1/2


def test_given_lengths_replace_those_of_the_materials():
    cases = [{"a": conductor(1e26), "b": conductor(1e26), "part": conductor(1e26)}]
    sizes = SizesInput(resolve={"a": "3 nm", "b": "none"}).mesh_sizes(cases, 300.0, ("a", "b"))
    assert sizes.resolve == pytest.approx({"a": 3e-9})


def test_sizes_that_are_not_given_are_those_of_the_meshing():
    from pyscl.meshing import MeshSizes

    assert SizesInput().mesh_sizes([], 300.0, ()) == MeshSizes()
    given = {"per_length": 3, "growth": 1.1, "depth": 4, "bulk": 9e-9, "along": {"a": 1e-9}}
    given["sides"] = ("left",)
    assert SizesInput(**given).mesh_sizes([], 300.0, ("a",)) == MeshSizes(**given)


# Mistakes, with their places.


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (("width: 80 nm", "width: 80"), "4:12", "'80' has no unit for mesh.geometry.width"),
        (("width: 80 nm", "widht: 80 nm"), "4:5", "Did you mean 'width'"),
        (("kind: islands", "kind: island"), "3:5", "Did you mean 'islands'"),
        (("    kind: islands\n", ""), "3:5", "missing key 'kind' for mesh.geometry"),
        (("    kind: islands\n", ""), "3:5", "it is one of grains, image, islands"),
        (("coverage: 0.5", "coverage: 1.5"), "5:15", "at most 1"),
        (("size: 12 nm", "count: 3"), "3:5", "give two of height, coverage, size and gap"),
        (("{inclusion: 1 nm}", "{inclusoin: 1 nm}"), "8:21", "Did you mean 'inclusion'"),
        (("{inclusion: 1 nm}", "{inclusion: 0 nm}"), "8:32", "must be above 0"),
        (("{active: 2 nm}", "{activ: 2 nm}"), "8:47", "no region 'activ' in mesh.sizes.along"),
        (("{active: 2 nm}", "2"), "8:46", "'2' has no unit for mesh.sizes.along"),
        (("bulk: 5 nm", "bulk: {a: 1 nm}"), "8:69", "no region 'a' in mesh.sizes.bulk"),
        (("bulk: 5 nm", "growth: 1.4"), "8:70", "at most 1.3"),
        (("bulk: 5 nm", "length: sites"), "8:70", "Did you mean 'site'"),
        (("mesh:\n", "mesh:\n  unit: nm\n"), "2:3", "'unit' has no effect"),
        (("mesh:\n", "mesh:\n  file: run.yaml\n"), "2:3", "both file and geometry are given"),
        (("mesh:\n", "mesh:\n  time_limit: 0 s\n"), "2:15", "must be above 0"),
    ],
)
def test_mistakes_are_reported_with_file_line_and_column(run, tmp_path, change, place, message):
    with pytest.raises(InputError) as caught:
        run(change)
    assert f"{tmp_path / 'run.yaml'}:{place}: " in str(caught.value)
    assert message in str(caught.value)


def test_a_mesh_without_source_and_idle_keys_of_a_file_are_refused(spec, tmp_path):
    with pytest.raises(InputError, match=r"spec.yaml:1:1: neither file nor geometry"):
        spec("parts: {}\n")
    (tmp_path / "m.msh").touch()
    for line in ("sizes: {growth: 1.1}", "cache: a", "seed: 3", "time_limit: 3 s"):
        key = line.partition(":")[0]
        with pytest.raises(InputError, match=rf"spec.yaml:2:1: '{key}' has no effect"):
            spec(f"file: m.msh\n{line}\n")


def test_a_missing_image_is_refused_where_it_is_named(spec):
    with pytest.raises(InputError, match=r"spec.yaml:1:31: there is no file '.*none.png'"):
        spec("geometry: {kind: image, file: none.png, pixel: 5 nm, regions: {'0': a}}")


def test_a_geometry_that_cannot_be_made_says_where_it_was_asked_for(run, tmp_path):
    job = run(("thickness: 4 nm", "thickness: 41 nm"))
    with pytest.raises(GeometryError) as caught:
        job.mesh.partition()
    assert str(caught.value).startswith(f"{tmp_path / 'run.yaml'}:3:5: no geometry 'islands': ")
    assert "thicker than the gap" in str(caught.value)


def test_in_python_there_is_no_place_to_name():
    layers = (StackLayer(region="a", thickness=1e-9),)
    mesh = MeshInput(geometry=Stack(height=1e-9, layers=layers))
    assert mesh.partition().regions == ("a",)
    with pytest.raises(InputError, match="MeshInput: neither file nor geometry"):
        MeshInput()
    bad = {"kind": "islands", "width": 1e-8, "coverage": 0.5, "size": 1e-8, "thickness": 1e-8}
    with pytest.raises(GeometryError, match=r"^no geometry 'islands': islands of"):
        MeshInput(geometry=bad).partition()
