"""Mesh files: gmsh in every flavour, other formats, and files that must be refused."""

from dataclasses import replace

import gmsh
import meshio
import numpy as np
import pytest

from pyscl.errors import InputError, MeshError
from pyscl.mesh import Mesh, check, strip

ARRAYS = ("points", "triangles", "region", "facets", "facet_group")


@pytest.fixture
def model():
    """Start gmsh, quiet, with an empty model, and end it."""
    gmsh.initialize()
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.model.add("test")
    yield gmsh.model
    gmsh.finalize()


def two_squares(model):
    """Mesh two unit squares with overlapping curve groups; a curve shares its name with b."""
    occ = model.occ
    occ.fragment([(2, occ.addRectangle(0, 0, 0, 1, 1))], [(2, occ.addRectangle(1, 0, 0, 1, 1))])
    occ.synchronize()
    curve = {}
    for _, tag in model.getEntities(1):
        x, y, _ = occ.getCenterOfMass(1, tag)
        curve[round(x, 3), round(y, 3)] = tag
    model.addPhysicalGroup(2, [1], name="solid electrolyte")
    model.addPhysicalGroup(2, [2], name="b")
    model.addPhysicalGroup(1, [curve[0, 0.5]], name="left")
    model.addPhysicalGroup(1, [curve[0, 0.5], -curve[0.5, 1]], name="left and top")
    model.addPhysicalGroup(1, [curve[1, 0.5]], name="b")
    gmsh.option.setNumber("Mesh.MeshSizeMax", 0.26)
    model.mesh.generate(2)


def same(a, b):
    assert a.region_names == b.region_names
    assert a.facet_names == b.facet_names
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def sample():
    """Return a strip with an inner group, and an edge in two groups."""
    mesh = strip(np.array([0.0, 0.1, 0.3, 1 / 3, 2.0]), 0.7, 3, [("b", 0.3), ("a", 2.0)])
    inner, left = mesh.interfaces["a|b"], mesh.facets_of("left")
    return replace(
        mesh,
        facets=np.concatenate([mesh.facets, inner, left[:2], mesh.facets_of("top")[:1]]),
        facet_group=np.concatenate([mesh.facet_group, [4] * len(inner), [5] * 3]),
        facet_names=(*mesh.facet_names, "inner", "part of left"),
    )


@pytest.mark.parametrize(
    ("version", "binary", "save_all"),
    # gmsh itself writes no groups into version 2.2 with SaveAll.
    [(2.2, 0, 0), (2.2, 1, 0), (4.1, 0, 0), (4.1, 0, 1), (4.1, 1, 0), (4.1, 1, 1)],
)
def test_gmsh_files_of_all_flavours_keep_every_group(model, tmp_path, version, binary, save_all):
    two_squares(model)
    gmsh.option.setNumber("Mesh.MshFileVersion", version)
    gmsh.option.setNumber("Mesh.Binary", binary)
    gmsh.option.setNumber("Mesh.SaveAll", save_all)
    path = tmp_path / "two.msh"
    gmsh.write(str(path))
    mesh = Mesh.read(path, unit="nm")
    assert not check(mesh).failed
    assert set(mesh.region_names) == {"solid electrolyte", "b"}
    assert set(mesh.facet_names) == {"left", "left and top", "b"}
    assert mesh.areas[mesh.regions_of("b")].sum() == pytest.approx(1e-18, rel=1e-12)
    x, y = np.round(mesh.points.T / 1e-9, 9)
    left, both, inner = (mesh.facets_of(name) for name in ("left", "left and top", "b"))
    assert np.all(x[left] == 0)
    assert np.all((x[both] == 0) | (y[both] == 1))
    assert np.all(x[inner] == 1)
    for facets, length in ((left, 1.0), (both, 2.0), (inner, 1.0)):
        found = np.hypot(np.diff(x[facets]), np.diff(y[facets])).sum()
        assert found == pytest.approx(length, rel=1e-9)


@pytest.mark.parametrize("ordering", ["as made", "renumbered"])
def test_a_written_mesh_reads_back_identically(tmp_path, ordering):
    mesh = sample() if ordering == "as made" else sample().renumbered()
    mesh.write(tmp_path / "a.msh")
    back = Mesh.read(tmp_path / "a.msh")
    for name in ("points", "triangles", "region"):
        np.testing.assert_array_equal(getattr(back, name), getattr(mesh, name), err_msg=name)
    assert back.facet_names == mesh.facet_names
    for name in mesh.facet_names:
        assert sorted(back.facets_of(name).tolist()) == sorted(mesh.facets_of(name).tolist())
    back.write(tmp_path / "b.msh")
    same(Mesh.read(tmp_path / "b.msh"), back)


def test_units_are_converted_in_both_directions(tmp_path):
    mesh = sample().scaled(1e-9)
    mesh.write(tmp_path / "a.msh", unit="nm", digits=9)
    assert " 0.333333333 " in (tmp_path / "a.msh").read_text().replace("\n", " ")
    np.testing.assert_allclose(
        Mesh.read(tmp_path / "a.msh", unit="nm").points, mesh.points, rtol=5e-9
    )
    np.testing.assert_allclose(
        Mesh.read(tmp_path / "a.msh", unit="um").points, 1e3 * mesh.points, rtol=5e-9
    )
    with pytest.raises(InputError, match="no length unit 'inch'"):
        Mesh.read(tmp_path / "a.msh", unit="inch")


def test_gmsh_opens_a_written_mesh_with_all_groups(model, tmp_path):
    mesh = sample()
    mesh.write(tmp_path / "a.msh")
    gmsh.open(str(tmp_path / "a.msh"))
    groups = {
        (dimension, gmsh.model.getPhysicalName(dimension, tag)): (dimension, tag)
        for dimension, tag in gmsh.model.getPhysicalGroups()
    }
    assert set(groups) == {(2, n) for n in mesh.region_names} | {(1, n) for n in mesh.facet_names}
    for (dimension, name), key in groups.items():
        found = 0
        for entity in gmsh.model.getEntitiesForPhysicalGroup(*key):
            found += sum(len(tags) for tags in gmsh.model.mesh.getElements(dimension, entity)[1])
        own = mesh.regions_of(name).sum() if dimension == 2 else len(mesh.facets_of(name))
        assert found == own, name
    _, nodes, _ = gmsh.model.mesh.getNodes()
    assert len(nodes) == 3 * mesh.n_points


def test_gmsh_rewrites_a_written_mesh_without_loss(model, tmp_path):
    mesh = sample()
    mesh.write(tmp_path / "a.msh")
    gmsh.open(str(tmp_path / "a.msh"))
    gmsh.option.setNumber("Mesh.Binary", 1)
    gmsh.write(str(tmp_path / "b.msh"))
    back = Mesh.read(tmp_path / "b.msh")
    assert back.region_names == mesh.region_names
    assert back.facet_names == mesh.facet_names
    assert back.areas.sum() == pytest.approx(mesh.areas.sum(), rel=1e-14)
    assert np.array_equal(np.bincount(back.facet_group), np.bincount(mesh.facet_group))


@pytest.mark.parametrize("suffix", [".vtk", ""])
def test_only_msh_is_written(tmp_path, suffix):
    with pytest.raises(MeshError, match=r"must end in \.msh"):
        sample().write(tmp_path / f"a{suffix}")


def test_names_that_gmsh_cannot_hold_are_refused(tmp_path):
    with pytest.raises(MeshError, match="group name"):
        sample().with_regions({"a": 'the "best"'}).write(tmp_path / "a.msh")


def test_clockwise_surfaces_are_turned(model, tmp_path):
    geo = model.geo
    p = [geo.addPoint(*xy, 0) for xy in ((0, 0), (0, 1), (1, 1), (1, 0))]
    loop = geo.addCurveLoop([geo.addLine(p[i], p[(i + 1) % 4]) for i in range(4)])
    model.geo.addPlaneSurface([loop], 1)
    geo.synchronize()
    model.addPhysicalGroup(2, [1], name="a")
    model.mesh.generate(2)
    gmsh.write(str(tmp_path / "a.msh"))
    raw = meshio.read(tmp_path / "a.msh")
    a, b, c = np.moveaxis(raw.points[raw.cells_dict["triangle"]], 1, 0)
    assert np.all(np.cross(b - a, c - a)[:, 2] < 0)
    assert np.all(Mesh.read(tmp_path / "a.msh").areas > 0)


def test_a_single_inverted_triangle_is_left_for_the_check(tmp_path):
    mesh = sample()
    triangles = mesh.triangles.copy()
    triangles[4] = triangles[4, ::-1]
    replace(mesh, triangles=triangles).write(tmp_path / "a.msh")
    report = check(Mesh.read(tmp_path / "a.msh"))
    assert any("1 triangles are inverted" in p for p in report.problems)


SQUARE = """$MeshFormat
4.1 0 8
$EndMeshFormat
$PhysicalNames
1
2 1 "a"
$EndPhysicalNames
$Entities
0 1 1 0
1 0 0 0 1 0 0 0 0
1 0 0 0 1 1 0 1 1 0
$EndEntities
$Nodes
1 6 1 7
2 1 0 6
1
2
3
4
6
7
0 0 0
1 0 0
1 1 0
0 1 0
5 5 0
9 9 9
$EndNodes
$Elements
2 3 1 4
1 1 1 1
1 1 2
2 1 2 2
3 1 2 3
4 1 3 4
$EndElements
"""
TRIANGLES = "2 1 2 2\n3 1 2 3\n4 1 3 4\n"


def written(tmp_path, text):
    path = tmp_path / "square.msh"
    path.write_text(text)
    return path


def test_lines_without_a_name_and_nodes_without_a_triangle_are_dropped(tmp_path):
    mesh = Mesh.read(written(tmp_path, SQUARE))
    assert mesh.n_points == 4
    assert mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh.facet_names == ()


def test_constant_z_is_dropped_and_varying_z_is_refused(tmp_path):
    lifted = SQUARE.replace("0 0 0\n1 0 0\n1 1 0\n0 1 0", "0 0 3\n1 0 3\n1 1 3\n0 1 3")
    assert Mesh.read(written(tmp_path, lifted)).points.tolist()[2] == [1.0, 1.0]
    with pytest.raises(MeshError, match="not plane: z runs from 0 to 2 nm"):
        Mesh.read(written(tmp_path, SQUARE.replace("1 1 0\n0 1 0", "1 1 2\n0 1 0")), "nm")


def test_groups_without_names_get_numbers_and_a_warning(tmp_path):
    names = SQUARE[SQUARE.index("$PhysicalNames") : SQUARE.index("$Entities")]
    text = SQUARE.replace(names, "").replace("1 0 0 0 1 0 0 0 0", "1 0 0 0 1 0 0 1 7 0")
    with pytest.warns(UserWarning, match="region_1, boundary_7"):
        mesh = Mesh.read(written(tmp_path, text))
    assert mesh.region_names == ("region_1",)
    assert mesh.facets_of("boundary_7").tolist() == [[0, 1]]


def test_reversed_groups_of_version_2_keep_their_name(tmp_path):
    text = """$MeshFormat
2.2 0 8
$EndMeshFormat
$PhysicalNames
2
1 2 "rim"
2 1 "a"
$EndPhysicalNames
$Nodes
3
1 0 0 0
2 1 0 0
3 0 1 0
$EndNodes
$Elements
2
1 1 2 -2 5 1 2
2 2 2 1 1 1 2 3
$EndElements
"""
    assert Mesh.read(written(tmp_path, text)).facets_of("rim").tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "1 0 0 0 1 1 0 1 1 0",
            "1 0 0 0 1 1 0 0 0",
            "no triangle has a named region.*Physical Surface",
        ),
        (TRIANGLES, "2 1 9 1\n3 1 2 3 4 6 7\n", "Mesh.ElementOrder=1"),
        (TRIANGLES, "2 1 3 1\n3 1 2 3 4\n", "quadrangles"),
        (TRIANGLES, "", "ends too early"),
        ("2 3 1 4\n1 1 1 1\n1 1 2\n" + TRIANGLES, "1 1 1 1\n1 1 1 1\n1 1 2\n", "no triangles"),
        ("2 1 2 2\n", "2 1 99 2\n", "type 99"),
        ("4 1 3 4\n", "4 1 3 5\n", "refers to a node that does not exist"),
        ("4 1 3 4\n", "4 1 3 99\n", "refers to a node that does not exist"),
        ("4 1 3 4\n", "4 1 3 x\n", "is damaged"),
        ("4 1 3 4\n", "4 1 3\n", "ends too early"),
        ("\n6\n7\n", "\n6\n6\n", "same tag"),
        ("$EndElements", "", r"\$Elements is not closed"),
        (SQUARE[SQUARE.index("$Elements") :], "", r"no \$Elements"),
        ("4.1 0 8", "1.0 0 8", "gmsh format 1.0"),
        ("4.1 0 8", "4.1", "damaged .MeshFormat"),
        ("4.1 0 8", "4.1 1 8", "binary with a damaged header"),
        ("$MeshFormat", "$Mesh", "not a gmsh mesh"),
        ("$Entities", "$PartitionedEntities\n$EndPartitionedEntities\n$Entities", "partitioned"),
        ('2 1 "a"', '2 1 "a', "is damaged"),
    ],
)
def test_damaged_gmsh_files_are_refused_by_name_and_reason(tmp_path, old, new, words):
    assert old in SQUARE
    path = written(tmp_path, SQUARE.replace(old, new))
    with pytest.raises(MeshError, match=words) as error:
        Mesh.read(path)
    assert "square.msh" in str(error.value)


def test_a_surface_in_two_groups_is_refused(tmp_path):
    text = SQUARE.replace('1\n2 1 "a"', '2\n2 1 "a"\n2 2 "all"')
    text = text.replace("1 0 0 0 1 1 0 1 1 0", "1 0 0 0 1 1 0 2 1 2 0")
    with pytest.raises(MeshError, match="2 triangles are in two regions, 'a' and 'all'"):
        Mesh.read(written(tmp_path, text))


def test_a_surface_without_a_group_beside_named_ones_is_refused(tmp_path):
    text = SQUARE.replace("0 1 1 0\n1 0", "0 1 2 0\n1 0")
    text = text.replace("1 0 0 0 1 1 0 1 1 0", "1 0 0 0 1 1 0 1 1 0\n2 0 0 0 1 1 0 0 0")
    text = text.replace("2 3 1 4\n1 1", "3 3 1 4\n1 1")
    text = text.replace(TRIANGLES, "2 1 2 1\n3 1 2 3\n2 2 2 1\n4 1 3 4\n")
    with pytest.raises(MeshError, match="1 triangles are not in a named region"):
        Mesh.read(written(tmp_path, text))


def test_a_name_without_elements_is_kept_for_the_check(tmp_path):
    text = SQUARE.replace('1\n2 1 "a"', '2\n2 1 "a"\n1 5 "inlet"')
    assert check(Mesh.read(written(tmp_path, text))).problems == ["facet group 'inlet' is empty."]


@pytest.mark.parametrize("version", [2.2, 4.1])
@pytest.mark.parametrize("binary", [0, 1])
def test_truncated_gmsh_files_are_refused_wherever_they_end(model, tmp_path, version, binary):
    two_squares(model)
    gmsh.option.setNumber("Mesh.MshFileVersion", version)
    gmsh.option.setNumber("Mesh.Binary", binary)
    whole, part = tmp_path / "whole.msh", tmp_path / "part.msh"
    gmsh.write(str(whole))
    data = whole.read_bytes()
    end = data.rindex(b"$EndElements")
    for length in [*range(1, end, 37), end]:
        part.write_bytes(data[:length])
        with pytest.raises(MeshError, match=r"part\.msh"):
            Mesh.read(part)


@pytest.mark.parametrize("name", ["garbage.msh", "garbage.vtu", "garbage.vtk", "garbage.xyz"])
def test_garbage_is_refused_by_name(tmp_path, name, capsys):
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(0).integers(0, 256, 3000, dtype=np.uint8).tobytes())
    with pytest.raises(MeshError, match=name):
        Mesh.read(path)
    assert capsys.readouterr().out == ""


def test_a_damaged_binary_file_never_ends_in_another_error(model, tmp_path):
    two_squares(model)
    gmsh.option.setNumber("Mesh.Binary", 1)
    path = tmp_path / "a.msh"
    gmsh.write(str(path))
    data = path.read_bytes()
    random = np.random.default_rng(5)
    refused = 0
    for _ in range(200):
        bad = bytearray(data)
        for at in random.integers(0, len(data), 20):
            bad[at] = random.integers(0, 256)
        path.write_bytes(bytes(bad))
        try:
            refused += check(Mesh.read(path)).failed
        except MeshError:
            refused += 1
        except UserWarning:
            pass
    assert refused > 150


def test_empty_and_missing_files_are_refused(tmp_path):
    (tmp_path / "a.msh").touch()
    with pytest.raises(MeshError, match=r"a\.msh' is empty"):
        Mesh.read(tmp_path / "a.msh")
    with pytest.raises(MeshError, match=r"no mesh file '.*b\.msh'"):
        Mesh.read(tmp_path / "b.msh")
    with pytest.raises(MeshError, match="no mesh file"):
        Mesh.read(tmp_path)


def square_for_meshio(**more):
    points = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    cells = [("triangle", np.array([[0, 1, 2], [0, 2, 3]])), ("line", np.array([[0, 1]]))]
    return meshio.Mesh(points, cells, **more)


def test_other_formats_take_regions_from_integer_data(tmp_path):
    path = tmp_path / "a.vtu"
    square_for_meshio(cell_data={"region": [np.array([3, 5]), np.array([9])]}).write(path)
    with pytest.warns(UserWarning, match="region_3, region_5, boundary_9"):
        mesh = Mesh.read(path, "nm")
    assert mesh.regions_of("region_5").tolist() == [False, True]
    assert mesh.facets_of("boundary_9").tolist() == [[0, 1]]
    assert mesh.areas.sum() == pytest.approx(1e-18)


def test_other_formats_take_regions_from_cell_sets(tmp_path):
    path = tmp_path / "a.inp"
    path.write_text(
        "*NODE\n1, 0, 0, 0\n2, 1, 0, 0\n3, 1, 1, 0\n4, 0, 1, 0\n5, 0.5, 2, 0\n"
        "*ELEMENT, TYPE=CPS3\n1, 1, 2, 3\n2, 1, 3, 4\n*ELEMENT, TYPE=CPS3\n3, 4, 3, 5\n"
        "*ELSET, ELSET=solid\n1, 3\n*ELSET, ELSET=gap\n2\n"
    )
    mesh = Mesh.read(path)
    assert mesh.regions_of("gap").tolist() == [False, True, False]


def test_other_formats_without_regions_are_told_how_to_name_them(tmp_path):
    path = tmp_path / "a.vtu"
    square_for_meshio().write(path)
    with pytest.raises(MeshError, match=r"names no region.*Physical Surface"):
        Mesh.read(path)


def test_other_formats_with_other_elements_are_refused(tmp_path):
    path = tmp_path / "a.vtu"
    points = square_for_meshio().points
    meshio.Mesh(points, [("quad", np.array([[0, 1, 2, 3]]))]).write(path)
    with pytest.raises(MeshError, match="holds quad elements"):
        Mesh.read(path)
