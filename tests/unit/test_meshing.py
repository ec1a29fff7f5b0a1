"""Meshes of partitions: layers where they fit, small triangles where they do not, names kept."""

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from partitions import NM, area, bilayer, box, cap, chain, circle, discs, island

from pyscl.errors import InputError, MeshError
from pyscl.geometry.partition import Partition
from pyscl.materials import Carrier, Material
from pyscl.mesh import check
from pyscl.mesh.quality import largest_angles
from pyscl.meshing import MeshSizes, mesh_partition
from pyscl.meshing.bands import _stepped

pytestmark = pytest.mark.skipif(find_spec("gmsh") is None, reason="needs gmsh")
LENGTH = 0.5 * NM


def sizes(partition, **others):
    resolve = {region: LENGTH for region in partition.regions}
    return MeshSizes(resolve, **{"per_length": 2.0, **others})


def meshed(partition, **others):
    return mesh_partition(partition, sizes(partition, **others), time_limit=60.0)


SHAPES = {
    "disc": lambda: discs(200, 200, [(100, 100, 50)]),
    "bilayer": bilayer,
    "tilted": lambda: bilayer(rise=5.0, periodic=False),
    "steep": lambda: bilayer(rise=18.0, width=20.0, periodic=False),
    "cap": lambda: cap(0.5),
    "half disc": lambda: cap(0.0),
    "deep cap": lambda: cap(0.9),
    "island": lambda: island(60.0),
    "flat island": lambda: island(20.0),
    "steep island": lambda: island(120.0),
    "square": lambda: Partition(
        (
            *box(200, 200, "e"),
            chain([(60, 60), (140, 60), (140, 140), (60, 140), (60, 60)], "p", "e"),
        )
    ),
    "gap of 10 nm": lambda: discs(200, 120, [(55, 60, 40), (145, 60, 40)]),
    "gap of 0.1 nm": lambda: discs(200, 120, [(59.95, 60, 40), (140.05, 60, 40)]),
    "nested": lambda: Partition(
        (
            *box(200, 200, "e"),
            circle(100, 100, 50, "core", "shell"),
            circle(100, 100, 55, "shell", "e"),
        )
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_mesh_has_the_regions_layers_and_sides_of_its_partition(name):
    partition = SHAPES[name]()
    mesh = meshed(partition)
    report = check(mesh, {region: LENGTH for region in partition.regions})
    assert not report.failed, report.problems
    assert set(mesh.region_names) == set(partition.regions)
    assert set(mesh.facet_names) == {"left", "right", "bottom", "top"}
    for row in report.regions:
        assert row.area == pytest.approx(area(partition, row.name), rel=2e-3)
        assert row.negative_edges <= 0.03 * row.triangles
    for side in report.interfaces:
        assert side.first_layer <= 1.01 * LENGTH / 2
        assert side.first_layer_max <= 1.1 * LENGTH
        assert side.charge_error < 0.07  # 0.04 flat, more in the tip of a flat lens
    for facets in (mesh.facets_of(side) for side in mesh.facet_names):
        ends = mesh.points[facets]
        assert np.ptp(ends[..., 0]) == 0.0 or np.ptp(ends[..., 1]) == 0.0
    assert largest_angles(mesh).max() < 172.0


def test_a_disc_is_resolved_with_layers_on_both_sides_and_no_negative_weight():
    partition = discs(2000, 2000, [(1000, 1000, 500)])
    mesh = meshed(partition)
    report = check(mesh, {region: LENGTH for region in partition.regions})
    assert mesh.n_points < 10_000
    assert [row.negative_edges for row in report.regions] == [0, 0]
    assert report.warnings == []
    radius = np.hypot(*(mesh.points.T - 1000 * NM)) / NM
    for height in (0.25, 0.55):  # tops of the first two layers
        for distance in (500 + height, 500 - height):
            on_top = np.count_nonzero(np.abs(radius - distance) < 1e-6)
            assert on_top == len(mesh.interfaces["electrolyte|particle"])


def test_the_first_layer_and_growth_are_those_asked_for():
    mesh = meshed(bilayer(), per_length=4.0, growth=1.1)
    y = np.unique(np.round(mesh.points[mesh.points[:, 0] == 0.0, 1] / NM, 9))
    steps = np.diff(y[y >= 20.0])[:6]
    assert steps[0] == pytest.approx(0.125, rel=1e-6)
    assert steps[1:] / steps[:-1] == pytest.approx(1.1, rel=1e-6)


def test_the_size_along_interfaces_is_at_most_the_one_asked_for():
    partition = discs(200, 200, [(100, 100, 50)])
    for along in (1.0, 3.0):
        mesh = meshed(partition, along=along * NM)
        ends = mesh.points[mesh.interfaces["electrolyte|particle"]]
        length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) / NM
        assert 0.8 * along < length.max() <= along * (1 + 1e-6)


def test_periodic_sides_have_equal_nodes():
    mesh = meshed(bilayer(periodic=True))
    left, right = (
        np.sort(mesh.points[np.unique(mesh.facets_of(side)), 1]) for side in ("left", "right")
    )
    assert np.array_equal(left, right)


def test_sides_with_contacts_get_layers():
    partition = bilayer()
    mesh = meshed(partition, sides=("bottom",))
    x, y = mesh.points.T
    column = np.unique(np.round(y[(y < 5 * NM) & (x > 40 * NM) & (x < 60 * NM)] / NM, 9))
    assert np.diff(column)[0] == pytest.approx(0.25, rel=1e-6)


def test_the_same_seed_gives_the_same_bytes():
    partition = discs(200, 200, [(100, 100, 50)])
    first, again = meshed(partition), meshed(partition)
    assert np.array_equal(first.points, again.points)
    assert np.array_equal(first.triangles, again.triangles)


def test_a_named_inner_curve_is_a_facet_group():
    partition = Partition((*box(100, 100, "e"), circle(50, 50, 20, "p", "e", name="surface")))
    mesh = meshed(partition)
    ends = mesh.points[mesh.facets_of("surface")]
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum()
    assert length == pytest.approx(2 * np.pi * 20 * NM, rel=2e-3)


def test_a_circle_in_two_halves_is_one_curve():
    whole = discs(200, 200, [(100, 100, 50)])
    line = whole.chains[-1].points
    from pyscl.geometry.partition import Chain

    halves = [
        Chain(line[:201], "particle", "electrolyte"),
        Chain(line[200:], "particle", "electrolyte"),
    ]
    split = Partition((*whole.chains[:-1], *halves))
    assert meshed(split).n_points == meshed(whole).n_points


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    places=st.lists(
        st.tuples(st.floats(20, 180), st.floats(20, 180), st.floats(2, 60)), min_size=1, max_size=4
    )
)
def test_random_discs_give_a_mesh_or_a_reason(places):
    partition = discs(200, 200, places)
    try:
        mesh = meshed(partition, per_length=1.0)
    except MeshError as error:
        reason = str(error)
        event(reason[:20])
    else:
        reason = ""
    assert reason.startswith(("curves cross", "the curves around", "the curve at")) or (
        not reason and not check(mesh).failed
    )


# --- refusals ---------------------------------------------------------------------------------


def test_crossing_curves_are_refused_with_their_place():
    with pytest.raises(MeshError, match=r"curves cross or touch .* at \(.*\) nm"):
        meshed(discs(200, 200, [(80, 100, 40), (120, 100, 40)]))


def test_curves_that_disagree_on_a_region_are_refused():
    partition = Partition((*box(100, 100, "e"), circle(50, 50, 20, "p", "other")))
    with pytest.raises(MeshError, match="lies in no face of region 'other'"):
        meshed(partition)


def test_an_open_curve_is_refused():
    partition = Partition((*box(100, 100, "e"), chain([(20, 20), (60, 60)], "p", "e")))
    with pytest.raises(MeshError, match="disagree on its region: 'e', 'p'"):
        meshed(partition)


def test_periodic_sides_must_be_the_same_line():
    partition = bilayer(rise=5.0, periodic=True)
    with pytest.raises(MeshError, match="has no equal on its periodic side 'left'"):
        meshed(partition)


def test_the_time_limit_holds():
    partition = discs(200, 200, [(100, 100, 50)])
    began = time.monotonic()
    with pytest.raises(MeshError, match=r"time"):
        mesh_partition(partition, sizes(partition, bulk=0.1 * NM), time_limit=1.0)
    assert time.monotonic() - began < 10.0


def test_a_missing_gmsh_gives_the_command_to_install_it(monkeypatch):
    monkeypatch.setattr("pyscl.meshing.fill.find_spec", lambda name: None)
    with pytest.raises(MeshError, match=r"pip install 'pyscl\[mesh\]'"):
        meshed(bilayer())


def test_a_missing_system_library_gives_the_command_to_install_it(monkeypatch, tmp_path):
    worker = tmp_path / "worker.py"
    worker.write_text("raise OSError('libGLU.so.1: cannot open shared object file')\n")
    monkeypatch.setattr("pyscl.meshing.fill.WORKER", worker)
    with pytest.raises(MeshError, match=r"apt-get install libglu1-mesa"):
        meshed(bilayer())


def test_a_crash_of_gmsh_is_an_error_with_a_reason(monkeypatch, tmp_path):
    worker = tmp_path / "worker.py"
    worker.write_text("import os\nos.abort()\n")
    monkeypatch.setattr("pyscl.meshing.fill.WORKER", worker)
    with pytest.raises(MeshError, match=r"could not be filled: .* code -"):
        meshed(bilayer())


def test_gmsh_is_not_imported_into_this_process():
    program = (
        "from partitions import bilayer; import sys; "
        "from pyscl.meshing import MeshSizes, mesh_partition; "
        "mesh_partition(bilayer(), MeshSizes({'a': 1e-9})); assert 'gmsh' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resolve": {"a": 0.0}}, "resolve of region 'a' must be a length > 0"),
        ({"growth": 1.5}, "growth must be above 1 and at most 1.3"),
        ({"per_length": 0.0}, "per_length must be > 0"),
        ({"depth": 0.5}, "depth must be at least 1"),
        ({"along": -1.0}, "along must be a length"),
    ],
)
def test_sizes_are_checked(change, message):
    with pytest.raises(InputError, match=message):
        MeshSizes(**change)


def test_sizes_for_unknown_names_are_refused():
    for wrong in ({"resolve": {"c": NM}}, {"bulk": {"c": NM}}, {"sides": ("west",)}):
        with pytest.raises(InputError, match=r"no (region|outer side) '(c|west)'"):
            mesh_partition(bilayer(), MeshSizes(**wrong))


def test_neighbouring_nodes_differ_by_one_layer_at_most():
    counts = np.array([9, 9, 0, 9, 9, 9, 9, 2, 9])
    assert _stepped(counts, closed=False).tolist() == [2, 1, 0, 1, 2, 3, 3, 2, 3]
    assert _stepped(np.array([9, 9, 9, 9, 0]), closed=True).tolist() == [1, 2, 2, 1, 0]


def test_sizes_follow_the_screening_lengths_of_materials():
    material = Material(
        relative_permittivity=10.0,
        carriers=(
            Carrier(name="Li", charge=1, site_density=1e28, site_fraction=0.5, conductivity=0.1),
        ),
    )
    both = {"a": material, "pore": Material(relative_permittivity=1.0)}
    debye = MeshSizes.for_materials(both, 298.15, bulk=50 * NM)
    site = MeshSizes.for_materials(both, 298.15, length="site")
    assert set(debye.resolve) == {"a"}
    assert debye.bulk == 50 * NM
    assert site.resolve["a"] == pytest.approx(debye.resolve["a"] / 2)  # theta = 1/2
    with pytest.raises(InputError, match="no length to resolve 'bjerrum'"):
        MeshSizes.for_materials(both, 298.15, length="bjerrum")
