"""Naming one connected part of a region: `Mesh.with_part`, and `mesh: {parts: ...}` in a file."""

from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import NM, conductor

from pyscl import InputError, Interface, Material, Model, PotentialContact, ReservoirContact
from pyscl.boundaries import FloatingConductor
from pyscl.input import MeshInput
from pyscl.mesh import strip
from pyscl.runner.meshes import read_mesh

SIZE = 12.0


def islands():
    """Return an electrolyte of 12 x 12 nm with two squares of 3 nm and a triangle, all "grain".

    The triangle touches the first square in one node.
    """
    mesh = strip(np.linspace(0.0, SIZE, 25) * NM, SIZE * NM, 24)
    x, y = mesh.points[mesh.triangles].mean(axis=1).T / NM
    first = (x > 1) & (x < 4) & (y > 1) & (y < 4)
    second = (x > 7) & (x < 10) & (y > 7) & (y < 10)
    corner = (x > 4) & (x < 6) & (y > 4) & (y < 6)
    grain = first | second | corner
    return replace(mesh, region=grain.astype(np.int32), region_names=("electrolyte", "grain"))


FIRST, SECOND, CORNER = (2.2 * NM, 3.1 * NM), (8.5 * NM, 8.4 * NM), (5.2 * NM, 4.7 * NM)


def area(mesh, region):
    return mesh.areas[mesh.regions_of(region)].sum() / NM**2


def test_one_grain_gets_a_name():
    """Its triangles alone, with all interfaces; nothing else changes."""
    mesh = islands()
    named = mesh.with_part("particle", FIRST)
    assert named.region_names == ("electrolyte", "grain", "particle")
    assert area(named, "particle") == relative(9.0, 1e-12)
    assert area(named, "grain") == relative(9.0 + 4.0, 1e-12)
    assert area(named, "electrolyte") == relative(area(mesh, "electrolyte"), 1e-15)
    x, y = named.points[named.triangles[named.regions_of("particle")]].mean(axis=1).T / NM
    assert ((x > 1) & (x < 4) & (y > 1) & (y < 4)).all()
    for attribute in ("points", "triangles", "facets", "facet_group"):
        assert np.array_equal(getattr(named, attribute), getattr(mesh, attribute))
    assert named.facet_names == mesh.facet_names
    assert set(named.interfaces) == {"electrolyte|grain", "electrolyte|particle"}
    assert len(named.interfaces["electrolyte|particle"]) == 4 * 6
    assert mesh.region_names == ("electrolyte", "grain")  # the original stays


def test_parts_that_touch_in_a_node_are_two():
    """Carriers do not cross a point, so that it does not connect."""
    mesh = islands().with_part("particle", CORNER)
    assert area(mesh, "particle") == relative(4.0, 1e-12)


def test_every_part_by_its_name():
    """A region that is used up disappears; the numbers of the others close the gap."""
    mesh = islands()
    for name, point in (("one", FIRST), ("two", SECOND), ("three", CORNER)):
        mesh = mesh.with_part(name, point)
    assert mesh.region_names == ("electrolyte", "one", "two", "three")
    assert [area(mesh, r) for r in mesh.region_names] == relative([144 - 22, 9, 9, 4], 1e-12)
    assert np.unique(mesh.region).tolist() == [0, 1, 2, 3]
    assert mesh.region.dtype == np.int32


def test_a_connected_region_is_renamed():
    mesh = islands().with_part("matrix", (0.1 * NM, 0.1 * NM))
    assert mesh.region_names == ("grain", "matrix")
    assert area(mesh, "matrix") == relative(144 - 22, 1e-12)


@pytest.mark.parametrize(
    "point", [(2.5, 2.5), (2.0, 2.25), (2.1, 2.1)], ids=["node", "edge", "diagonal"]
)
def test_points_on_nodes_and_edges_count(point):
    mesh = islands().with_part("particle", (point[0] * NM, point[1] * NM))
    assert area(mesh, "particle") == relative(9.0, 1e-12)


def test_no_point_falls_between_two_triangles():
    """At an eighth of these sides of a turned mesh the point is rounded out of both triangles."""
    turn = np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]])
    mesh = islands()
    mesh = replace(mesh, points=mesh.points @ turn)
    for side in (13, 21, 158, 161):
        start, end = mesh.points[mesh.edges.sides[side]]
        named = mesh.with_part("matrix", tuple(0.875 * start + 0.125 * end))
        assert area(named, "matrix") == relative(144.0 - 22.0, 1e-9)


def test_corners_of_the_mesh_are_inside():
    for corner in ((0.0, 0.0), (SIZE * NM, SIZE * NM), (0.0, SIZE * NM)):
        assert "matrix" in islands().with_part("matrix", corner).region_names


@pytest.mark.parametrize("point", [(-1e-12, 0.0), (5 * NM, 13 * NM), (2.0, 2.0), (np.nan, 0.0)])
def test_points_outside_are_refused(point):
    """With the extent of the mesh, as for coordinates in nm that were taken for metres."""
    with pytest.raises(InputError, match=r"lies outside the mesh, which spans x 0 \.\.\. 1\.2e-08"):
        islands().with_part("particle", point)


@pytest.mark.parametrize("name", ["grain", "electrolyte"])
def test_names_that_exist_are_refused(name):
    with pytest.raises(InputError, match=f"already a region '{name}'; give the part another name"):
        islands().with_part(name, FIRST)


def test_a_hole_is_outside():
    """Where there are no triangles, there is no part."""
    mesh = islands()
    kept = mesh.region == 0
    hollow = replace(
        mesh,
        triangles=mesh.triangles[kept],
        region=np.zeros(int(kept.sum()), np.int32),
        region_names=("electrolyte",),
    )
    with pytest.raises(InputError, match="lies outside the mesh"):
        hollow.with_part("particle", SECOND)


def test_a_named_part_changes_no_result():
    """The same material under another name: the same state, to rounding."""
    li = ReservoirContact(carrier="Li", potential="neutral")
    states = []
    for mesh in (islands(), islands().with_part("particle", SECOND)):
        grain = conductor(1 * NM, 30.0, 0.3, conductivity=1e-3)
        materials = {r: grain for r in mesh.region_names} | {"electrolyte": conductor()}
        model = Model(mesh, materials, contacts={"left": li, "right": li})
        states.append(model.steady({"left": 0.1}))
    assert states[1].potential == pytest.approx(states[0].potential, abs=1e-10)
    current = states[0].contact("left").current
    assert states[1].contact("left").current == relative(current, 1e-10)


def test_one_particle_floats_and_is_charged():
    """What parts are for: a charge, a blocked interface or a name for one particle of many."""
    mesh = islands().with_part("particle", SECOND)
    insulator, metal = (Material(relative_permittivity=e) for e in (10.0, 1.0))
    model = Model(
        mesh,
        {"electrolyte": insulator, "grain": insulator, "particle": metal},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=0.0),
        },
        floating=[FloatingConductor(region="particle", charge=1e-11)],
        interfaces={"particle|electrolyte": Interface(surface_charge=0.0)},
    )
    solution = model.equilibrium()
    total = sum(solution.contact(side).charge for side in ("left", "right"))
    assert total == relative(-1e-11, 1e-12)
    assert solution.contact("right").charge < 2.0 * solution.contact("left").charge < 0.0


def test_a_run_file_names_parts(tmp_path):
    """Points with their unit; the nodes of the mesh are renumbered afterwards."""
    islands().scaled(1e9).write(tmp_path / "grains.msh")
    parts = {"one": ("2.2 nm", "3.1 nm"), "two": ("8.5 nm", "8.4 nm")}
    mesh = read_mesh(MeshInput(file=tmp_path / "grains.msh", unit="nm", parts=parts))
    assert set(mesh.region_names) == {"electrolyte", "grain", "one", "two"}
    assert [area(mesh, r) for r in ("one", "two", "grain")] == relative([9, 9, 4], 1e-9)
    missing = MeshInput(file=tmp_path / "grains.msh", unit="nm", parts={"x": ("1 um", "1 um")})
    with pytest.raises(InputError, match="lies outside the mesh"):
        read_mesh(missing)
