"""The Mesh: construction, naming, interfaces, renumbering."""

import numpy as np
import pytest

from pyscl.errors import InputError, MeshError
from pyscl.mesh import Mesh, check, rectangle, strip


def two_triangles(**changes):
    """Return a unit square of regions b (lower right) and a (upper left), sizes in m."""
    parts = {
        "points": np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
        "triangles": np.array([[0, 1, 2], [0, 2, 3]]),
        "region": np.array([0, 1]),
        "region_names": ("b", "a"),
        "facets": np.array([[0, 1], [0, 1], [2, 3]]),
        "facet_group": np.array([0, 1, 1]),
        "facet_names": ("bottom", "contact"),
    }
    return Mesh(**(parts | changes))


def test_arrays_have_the_dtypes_of_the_core():
    mesh = two_triangles()
    assert mesh.points.dtype == np.float64
    for array in (mesh.triangles, mesh.region, mesh.facets, mesh.facet_group):
        assert array.dtype == np.int32
        assert array.flags.c_contiguous


def test_a_mesh_cannot_be_changed_through_its_arrays_or_their_source():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    mesh = two_triangles(points=points)
    points[0] = 5.0
    assert mesh.points[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        mesh.points[0] = 1.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": np.zeros((4, 3))}, r"shape \(n, 2\)"),
        ({"triangles": np.array([[0, 1], [1, 2]])}, r"shape \(k, 3\)"),
        ({"triangles": np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 3.0]])}, "integers"),
        ({"triangles": np.array([[0, 1, 2], [0, 2, 4]])}, "entry 4 of points, which has 4"),
        ({"triangles": np.array([[0, 1, 2], [0, 2, -1]])}, "outside"),
        ({"region": np.array([0])}, "2 triangles but 1"),
        ({"region": np.array([0, 2])}, "entry 2 of region_names"),
        ({"region_names": ("a", "a")}, "unique.*: a"),
        ({"facet_group": np.array([0, 1, 2])}, "entry 2 of facet_names"),
        ({"facets": np.array([[0, 1]])}, "1 facets but 3"),
    ],
)
def test_construction_refuses_arrays_that_do_not_fit_together(change, words):
    with pytest.raises(MeshError, match=words):
        two_triangles(**change)


def test_a_mesh_without_facets_is_allowed():
    mesh = two_triangles(facets=[], facet_group=[], facet_names=())
    assert mesh.facets.shape == (0, 2)


def test_unknown_names_are_answered_with_the_nearest_one():
    mesh = strip([0.0, 1e-9, 2e-9], regions=[("cathode", 1e-9), ("electrolyte", 2e-9)])
    with pytest.raises(InputError, match="Did you mean 'electrolyte'"):
        mesh.regions_of("electrolyt")
    with pytest.raises(InputError, match="left, right"):
        mesh.facets_of("lft")
    with pytest.raises(InputError, match="Did you mean 'cathode'"):
        mesh.with_regions({"catode": "anode"})


def test_an_edge_in_two_groups_is_in_both():
    mesh = two_triangles()
    assert mesh.facets_of("bottom").tolist() == [[0, 1]]
    assert mesh.facets_of("contact").tolist() == [[0, 1], [2, 3]]


def test_interfaces_are_named_in_sorted_order_with_the_first_region_on_the_left():
    mesh = two_triangles()
    assert list(mesh.interfaces) == ["a|b"]
    ((start, end),) = mesh.interfaces["a|b"]
    along = mesh.points[end] - mesh.points[start]
    to_a = mesh.points[3] - mesh.points[start]
    assert along[0] * to_a[1] - along[1] * to_a[0] > 0


def test_interfaces_of_three_regions_cover_every_change_of_region_once():
    mesh = strip(
        [0.0, 1.0, 2.0, 3.0, 4.0], 3.0, 3, [("m", 1.0), ("z", 2.0), ("a", 3.0), ("z", 4.0)]
    )
    assert {name: len(facets) for name, facets in mesh.interfaces.items()} == {"m|z": 3, "a|z": 6}
    assert np.all(mesh.points[mesh.interfaces["m|z"], 0] == 1.0)


def test_boundary_surrounds_the_mesh_once_counter_clockwise():
    mesh = rectangle(4, 3, 2.0, 1.0)
    start, end = mesh.points[mesh.boundary[:, 0]], mesh.points[mesh.boundary[:, 1]]
    area = 0.5 * np.sum(start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0])
    assert len(mesh.boundary) == 14
    assert area == pytest.approx(2.0, rel=1e-14)


def test_renaming_two_regions_alike_merges_them():
    mesh = two_triangles().with_regions({"a": "electrolyte", "b": "electrolyte"})
    assert mesh.region_names == ("electrolyte",)
    assert mesh.regions_of("electrolyte").all()
    assert mesh.interfaces == {}


def test_regions_can_swap_names():
    mesh = two_triangles().with_regions({"a": "b", "b": "a"})
    assert mesh.regions_of("a").tolist() == [True, False]


def test_scaling_multiplies_areas_by_the_square():
    mesh = two_triangles()
    np.testing.assert_allclose(mesh.scaled(3.0).areas, 9.0 * mesh.areas, rtol=1e-15)
    with pytest.raises(MeshError, match="positive"):
        mesh.scaled(0.0)


def coordinates_by_group(mesh):
    """Return sorted corner coordinates of all triangles and facets with their names."""
    triangles = sorted(
        (mesh.region_names[r], *sorted(map(tuple, mesh.points[t].tolist())))
        for r, t in zip(mesh.region, mesh.triangles, strict=True)
    )
    facets = sorted(
        (mesh.facet_names[g], *sorted(map(tuple, mesh.points[f].tolist())))
        for g, f in zip(mesh.facet_group, mesh.facets, strict=True)
    )
    return triangles, facets


def test_renumbering_keeps_the_geometry_and_lowers_the_bandwidth():
    random = np.random.default_rng(1)
    tidy = strip(np.arange(30.0), 5.0, 5, [("a", 12.0), ("b", 29.0)])
    order = random.permutation(tidy.n_points)
    shuffled = Mesh(
        tidy.points[np.argsort(order)],
        order[tidy.triangles],
        tidy.region,
        tidy.region_names,
        order[tidy.facets],
        tidy.facet_group,
        tidy.facet_names,
    )
    mesh = shuffled.renumbered()
    assert coordinates_by_group(mesh) == coordinates_by_group(tidy)
    assert np.all(mesh.areas > 0)
    assert np.all(np.diff(mesh.triangles.min(axis=1)) >= 0)
    assert np.ptp(shuffled.triangles, axis=1).max() > 100
    assert np.ptp(mesh.triangles, axis=1).max() <= 12
    assert not check(mesh).failed


def test_the_repr_names_regions_and_facets():
    assert repr(two_triangles()) == (
        "Mesh(4 points, 2 triangles, regions: b, a; facets: bottom, contact)"
    )
