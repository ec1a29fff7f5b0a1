"""The shipped meshes are what meshes/README.md says."""

from pathlib import Path

import numpy as np
import pytest

from pyscl.mesh import Mesh, check

FOLDER = Path(__file__).parents[2] / "meshes"
FILES = {
    "graded_strip": ({"cathode", "electrolyte"}, {"left", "right", "bottom", "top"}),
    "half_cell": ({"active", "electrolyte"}, {"left", "right", "bottom", "top"}),
    "disc_in_box": ({"inclusion", "electrolyte"}, {"left", "right", "bottom", "top"}),
    "coated_particle": (
        {"active", "electrolyte", "inclusion"},
        {"left", "right", "bottom", "top"},
    ),
    "composite_cathode": (
        {"active", "electrolyte", "inclusion", "pore"},
        {"separator", "collector", "bottom", "top"},
    ),
}


def shipped(name):
    return Mesh.read(FOLDER / f"{name}.msh", unit="nm")


def parts(mesh, region):
    """Return the connected parts of a region as lists of triangle numbers."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    members = np.flatnonzero(mesh.regions_of(region))
    a, b, c = mesh.triangles[members].T
    shape = (mesh.n_points, mesh.n_points)
    graph = coo_array((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, c])), shape=shape)
    label = connected_components(graph, directed=False)[1][a]
    return [members[label == value] for value in np.unique(label)]


@pytest.mark.parametrize("name", FILES)
def test_a_shipped_mesh_is_sound_small_and_documented(name):
    mesh = shipped(name)
    report = check(mesh)
    assert not report.failed
    assert set(mesh.region_names) == FILES[name][0]
    assert set(mesh.facet_names) == FILES[name][1]
    least = {"graded_strip": 12, "half_cell": 11}.get(name, 14.9)
    assert min(r.smallest_angle for r in report.regions) > least
    assert (FOLDER / f"{name}.msh").stat().st_size < 2e6
    assert (
        f"`{name}.msh` | {mesh.n_points}, {mesh.n_triangles} |"
        in (FOLDER / "README.md").read_text()
    )


@pytest.mark.parametrize("name", FILES)
def test_the_named_sides_are_the_whole_outer_boundary(name):
    mesh = shipped(name)
    named = {frozenset(f) for f in mesh.facets.tolist()}
    assert named == {frozenset(f) for f in mesh.boundary.tolist()}


def test_the_composite_has_its_phases():
    mesh = shipped("composite_cathode")
    assert len(parts(mesh, "active")) >= 20
    assert len(parts(mesh, "inclusion")) >= 30
    assert len(parts(mesh, "pore")) >= 6
    assert set(mesh.interfaces) == {
        "active|electrolyte",
        "electrolyte|inclusion",
        "electrolyte|pore",
    }
    assert mesh.areas[mesh.regions_of("active")].sum() > 0.30 * 400 * 300 * 1e-18


def test_the_electrolyte_of_the_composite_joins_separator_and_collector():
    mesh = shipped("composite_cathode")
    (electrolyte,) = parts(mesh, "electrolyte")
    nodes = np.unique(mesh.triangles[electrolyte])
    for side in mesh.facet_names:
        assert np.isin(mesh.facets_of(side), nodes).all()


def test_the_composite_resolves_layers_of_2_nm_on_both_sides_of_the_particles():
    report = check(shipped("composite_cathode"), {"active": 2e-9, "electrolyte": 2e-9})
    rows = [r for r in report.interfaces if r.interface == "active|electrolyte"]
    assert len(rows) == 2
    assert all(r.debye_length / r.first_layer_max > 3.5 for r in rows)


def test_half_of_the_inclusions_of_the_composite_are_near_a_particle():
    from scipy.spatial import cKDTree

    mesh = shipped("composite_cathode")
    surface = cKDTree(mesh.points[np.unique(mesh.interfaces["active|electrolyte"])])
    gaps = [
        surface.query(mesh.points[np.unique(mesh.triangles[part])])[0].min()
        for part in parts(mesh, "inclusion")
    ]
    assert np.mean(np.array(gaps) < 7.5e-9) >= 0.5


def test_the_composite_runs_without_inclusions_by_renaming():
    mesh = shipped("composite_cathode").with_regions({"inclusion": "electrolyte"})
    assert not check(mesh).failed
    assert set(mesh.interfaces) == {"active|electrolyte", "electrolyte|pore"}


def test_islands_cover_half_of_the_coated_particle():
    mesh = shipped("coated_particle")
    assert len(parts(mesh, "inclusion")) == 6
    covered, bare = (
        np.linalg.norm(np.diff(mesh.points[mesh.interfaces[name]], axis=1), axis=2).sum()
        for name in ("active|inclusion", "active|electrolyte")
    )
    assert covered / (covered + bare) == pytest.approx(0.5, abs=1e-6)
