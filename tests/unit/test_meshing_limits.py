"""Limits of the meshing: polygons keep corners, close curves their gap, regions their area."""

from importlib.util import find_spec

import numpy as np
import pytest
from partitions import NM, arc, bilayer, box, chain, circle, discs

from pyscl.errors import InputError, MeshError
from pyscl.geometry import Grains, Particle, RegularPolygon
from pyscl.geometry.measures import areas
from pyscl.geometry.partition import Chain, Partition
from pyscl.mesh import check
from pyscl.meshing import MeshSizes, cached_mesh, mesh_partition
from pyscl.meshing.cache import mesh_key
from pyscl.meshing.curves import smooth_curves
from pyscl.meshing.fidelity import _crossed
from pyscl.meshing.mesher import Deadline, lay_out

needs_gmsh = pytest.mark.skipif(find_spec("gmsh") is None, reason="needs gmsh")


def laid_areas(partition, sizes=None):
    """Return region -> area [m2] between the nodes."""
    outlay = lay_out(partition, sizes or MeshSizes(), Deadline(60.0))
    points = outlay.nodes.points
    return areas(Chain(points[c.nodes], c.left, c.right) for c in outlay.curves)


def polygon(corners, radius, parts=1):
    """Return a regular polygon in a box of 200 nm, its sides cut into parts."""
    angle = np.linspace(0.0, 2.0 * np.pi, corners + 1) + 0.1
    corner = 100 + radius * np.column_stack([np.cos(angle), np.sin(angle)])
    corner[-1] = corner[0]
    part = np.linspace(0.0, 1.0, parts, endpoint=False)[:, None, None]
    line = (corner[:-1] + part * np.diff(corner, axis=0)).swapaxes(0, 1).reshape(-1, 2)
    line = np.concatenate([line, line[:1]])
    return Partition((*box(200, 200, "e"), chain(line, "p", "e")))


@pytest.mark.parametrize("corners", [11, 13, 24, 45])
@pytest.mark.parametrize("radius", [60.0, 4.0])
@pytest.mark.parametrize("parts", [1, 2])
def test_a_polygon_keeps_its_area(corners, radius, parts):
    partition = polygon(corners, radius, parts)
    found = laid_areas(partition)["p"]
    assert found == pytest.approx(areas(partition.chains)["p"], rel=1e-9)


@needs_gmsh
def test_a_meshed_polygon_keeps_its_area():
    shape = RegularPolygon(corners=13, radius=60 * NM)
    partition = Particle(width=200 * NM, height=200 * NM, shape=shape).partition()
    mesh = mesh_partition(partition, MeshSizes())
    for region, area in areas(partition.chains).items():
        assert mesh.areas[mesh.regions_of(region)].sum() == pytest.approx(area, rel=1e-9)


@pytest.mark.parametrize("points", [50, 120, 360])
def test_a_disc_is_smooth(points):
    curves, _ = smooth_curves([circle(100, 100, 60, "p", "e", points)], 1e-9 * 200 * NM)
    assert [curve.closed for curve in curves] == [True]


def test_the_tip_of_an_ellipse_is_smooth():
    angle = np.linspace(0.0, 2.0 * np.pi, 181)
    line = np.column_stack([100 + 60 * np.cos(angle), 100 + 6 * np.sin(angle)])
    line[-1] = line[0]
    curves, _ = smooth_curves([chain(line, "p", "e")], 1e-9 * 200 * NM)
    assert [curve.closed for curve in curves] == [True]


def test_a_disc_keeps_its_area_within_two_per_mille():
    found = laid_areas(discs(200, 200, [(100, 100, 60)]))["particle"]
    assert found == pytest.approx(np.pi * (60 * NM) ** 2, rel=2e-3)


def test_a_region_that_smooth_curves_change_is_refused(monkeypatch):
    monkeypatch.setattr("pyscl.meshing.curves.FINE", np.radians(29.0))
    with pytest.raises(MeshError, match=r"around region 'p' change its area by \+4 %"):
        laid_areas(polygon(13, 60.0))


def test_a_thin_shell_keeps_its_area_by_closer_nodes():
    """Chords of circles 0.5 nm apart would take more than 1 % of the shell."""
    chains = (*box(200, 200, "e"), circle(100, 100, 60, "c", "s"), circle(100, 100, 60.4, "s", "e"))
    partition = Partition(chains)
    found = laid_areas(partition)
    for region, area in areas(chains).items():
        assert found[region] == pytest.approx(area, rel=0.01)


def grains():
    return Grains(
        width=1e-6,
        height=7e-7,
        count=24,
        boundary_thickness=1.064e-8,
        evenness=0,
        periodic=("y",),
        seed=394,
    ).partition()


@needs_gmsh
@pytest.mark.parametrize("length", [1.0, 10.0])
def test_thin_grain_boundaries_are_meshed(length):
    partition = grains()
    mesh = mesh_partition(partition, MeshSizes(dict.fromkeys(partition.regions, length * NM)))
    assert not check(mesh).failed
    assert mesh.areas.sum() == pytest.approx(7e-13, rel=1e-9)


def test_edges_of_curves_that_do_not_cross_do_not_cross(monkeypatch):
    """With eight nodes on each, the edges of the outer circle would cut those of the inner one."""
    monkeypatch.setattr("pyscl.meshing.spacing.CHORD", 3.0)
    monkeypatch.setattr("pyscl.meshing.spacing.GAP_FLOOR", 20.0)
    inner = arc(100, 100, 58, np.pi / 8, 2 * np.pi + np.pi / 8, 400)
    inner[-1] = inner[0]
    chains = (*box(200, 200, "e"), circle(100, 100, 60, "s", "e"), chain(inner, "c", "s"))
    crossed = []

    def seen(lines):
        crossed.append(len(found := _crossed(lines)))
        return found

    monkeypatch.setattr("pyscl.meshing.fidelity._crossed", seen)
    found = laid_areas(Partition(chains), MeshSizes(bulk=100 * NM))
    assert crossed[0] > 0
    assert crossed[-1] == 0
    assert found["s"] == pytest.approx(areas(chains)["s"], rel=0.01)


def test_curves_that_cross_are_still_refused():
    with pytest.raises(MeshError, match=r"curves cross or touch between their ends at \(.*\) nm"):
        laid_areas(discs(200, 120, [(60, 60, 40), (138, 60, 40)]))


# --- sizes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["per_length", "growth", "depth"])
@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_numbers_are_finite(name, value):
    with pytest.raises(InputError, match=rf"{name}: .* is not a finite number"):
        MeshSizes(**{name: value})


def test_layers_lost_in_rounding_are_refused():
    with pytest.raises(
        InputError, match=r"region 'a': the first layer of 2.5e-17 m .* above 1e-16"
    ):
        lay_out(bilayer(), MeshSizes({"a": 1e-16}), Deadline(60.0))


def test_too_many_layers_are_refused():
    sizes = MeshSizes({"a": NM}, growth=1.0000001, depth=1e6)
    with pytest.raises(InputError, match="region 'a' would get more than 1000 layers"):
        sizes.layers("a", 100 * NM)


def test_texts_with_units_are_lengths():
    sizes = MeshSizes({"a": "1 nm"}, along={"a": "2 nm"}, bulk="0.1 um", per_length="3")
    assert sizes == MeshSizes({"a": 1e-9}, along={"a": 2e-9}, bulk=1e-7, per_length=3.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resolve": {"a": "1"}}, r"resolve of region 'a': '1' has no unit.*'10 nm'"),
        ({"resolve": {"a": "1 K"}}, r"resolve of region 'a': .*expected a length"),
        ({"resolve": {"a": None}}, r"resolve of region 'a': 'None' is not a value with a unit"),
        ({"resolve": "1 nm"}, r"resolve must map regions to lengths"),
        ({"along": {"b": "thin"}}, r"along of region 'b': "),
        ({"bulk": "-1 nm"}, r"bulk must be a length > 0"),
        ({"depth": True}, r"depth: 'True' is not a value"),
        ({"sides": 3}, r"sides must be names of outer sides"),
        ({"sides": (3,)}, r"sides must be names of outer sides"),
    ],
)
def test_what_is_no_size_is_refused_with_its_place(change, message):
    with pytest.raises(InputError, match=message):
        MeshSizes(**change)


def test_one_side_may_be_a_name():
    assert MeshSizes(sides="left").sides == ("left",)


def test_numbers_of_numpy_have_the_key_of_floats():
    plain = MeshSizes({"a": 1.0}, per_length=2, bulk=3.0)
    exact = MeshSizes({"a": np.int64(1)}, per_length=np.int32(2), bulk=np.float32(3))
    assert mesh_key(bilayer(), exact, np.int64(1)) == mesh_key(bilayer(), plain, 1)


# --- cache ------------------------------------------------------------------------------------


@needs_gmsh
def test_a_file_damaged_anywhere_is_made_anew(tmp_path):
    sizes = MeshSizes({"a": NM})
    first = cached_mesh(bilayer(), sizes, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for share in (0.1, 0.5, 0.7):
        at = int(share * len(whole))
        file.write_bytes(
            whole[:at] + bytes(255 - b for b in whole[at : at + 40]) + whole[at + 40 :]
        )
        again = cached_mesh(bilayer(), sizes, folder=tmp_path)
        assert np.array_equal(again.points, first.points)
        assert file.read_bytes() == whole
