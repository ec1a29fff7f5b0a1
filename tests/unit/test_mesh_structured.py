"""Strips, graded lines, rectangles and Delaunay meshes."""

import numpy as np
import pytest

from pyscl.errors import MeshError
from pyscl.mesh import check, from_delaunay, graded, rectangle, strip


@pytest.mark.parametrize("fine", ["left", "right", "both"])
def test_graded_lines_fill_the_length_and_are_finest_where_asked(fine):
    x = graded(20e-9, first=0.1e-9, growth=1.3, max_step=2e-9, fine=fine)
    step = np.diff(x)
    assert x[0] == 0.0
    assert x[-1] == pytest.approx(20e-9, rel=1e-15)
    ends = {"left": step[:1], "right": step[-1:], "both": step[[0, -1]]}[fine]
    assert np.all(ends <= 0.1e-9 * (1 + 1e-12))
    assert np.all(ends > 0.05e-9)
    assert step.max() <= 2e-9 * (1 + 1e-12)
    assert np.max(step[1:] / step[:-1]) <= 1.3 * (1 + 1e-9)
    assert np.max(step[:-1] / step[1:]) <= 1.3 * (1 + 1e-9)


def test_graded_both_is_symmetric():
    x = graded(1.0, 0.01, 1.2, fine="both")
    np.testing.assert_allclose(x, 1.0 - x[::-1], atol=1e-15)


def test_uniform_steps_that_divide_the_length_are_kept():
    np.testing.assert_allclose(graded(1.0, 0.1, growth=1.0), np.linspace(0, 1, 11), atol=1e-15)


@pytest.mark.parametrize(
    "bad", [{"first": 0.0}, {"growth": 0.9}, {"max_step": -1.0}, {"fine": "top"}]
)
def test_graded_refuses_sizes_that_make_no_line(bad):
    with pytest.raises(MeshError):
        graded(**({"length": 1.0, "first": 0.1} | bad))


def test_a_strip_has_its_regions_and_sides():
    x = np.array([0.0, 1.0, 3.0, 4.0]) * 1e-9
    mesh = strip(x, 2e-9, 4, [("cathode", 3e-9), ("electrolyte", 4e-9)])
    assert not check(mesh).failed
    assert mesh.areas[mesh.regions_of("cathode")].sum() == pytest.approx(6e-18, rel=1e-14)
    assert np.all(mesh.points[mesh.facets_of("left"), 0] == 0.0)
    assert np.all(mesh.points[mesh.facets_of("right"), 0] == 4e-9)
    assert np.all(mesh.points[mesh.facets_of("bottom"), 1] == 0.0)
    assert np.all(mesh.points[mesh.facets_of("top"), 1] == 2e-9)
    sides = {tuple(sorted(f)) for f in mesh.facets.tolist()}
    assert sides == {tuple(sorted(f)) for f in mesh.boundary.tolist()}
    assert np.all(mesh.points[mesh.interfaces["cathode|electrolyte"], 0] == x[2])


def test_diagonals_of_neighbouring_cells_alternate():
    mesh = strip([0.0, 1.0, 2.0], 2.0, 2)
    degree = np.bincount(mesh.edges.keys // 9, minlength=9)
    degree += np.bincount(mesh.edges.keys % 9, minlength=9)
    assert degree[4] == 8


def test_the_same_region_may_come_twice():
    mesh = strip([0.0, 1.0, 2.0, 3.0], 1.0, 1, [("a", 1.0), ("b", 2.0), ("a", 3.0)])
    assert mesh.region_names == ("a", "b")
    assert mesh.regions_of("a").sum() == 4


@pytest.mark.parametrize(
    ("x", "regions", "words"),
    [
        ([0.0, 1.0, 2.0], [("a", 1.5), ("b", 2.0)], "not a node"),
        ([0.0, 1.0, 2.0], [("a", 1.0)], "last region ends"),
        ([0.0, 1.0, 2.0], [("a", 2.0), ("b", 1.0)], "not a node to the right"),
        ([0.0, 2.0, 1.0], [], "increasing"),
        ([0.0], [], "increasing"),
    ],
)
def test_a_strip_refuses_regions_that_do_not_fit_its_nodes(x, regions, words):
    with pytest.raises(MeshError, match=words):
        strip(x, regions=regions)


@pytest.mark.parametrize(("width", "layers"), [(0.0, 1), (1.0, 0)])
def test_a_strip_needs_a_width_and_a_layer(width, layers):
    with pytest.raises(MeshError, match="width"):
        strip([0.0, 1.0], width, layers)


def test_a_rectangle_has_two_triangles_per_cell():
    mesh = rectangle(3, 4, 6.0, 2.0, region="pore")
    assert mesh.n_triangles == 24
    np.testing.assert_allclose(mesh.areas, 0.5, rtol=1e-14)
    assert mesh.region_names == ("pore",)


def test_delaunay_of_random_points_fills_the_box_with_named_regions_and_sides():
    random = np.random.default_rng(3)
    edge = np.linspace(0, 1, 8)
    zero, one = np.zeros(8), np.ones(8)
    rim = np.concatenate(
        [np.column_stack(c) for c in ((edge, zero), (edge, one), (zero, edge), (one, edge))]
    )
    points = np.unique(np.concatenate([rim, random.uniform(0.03, 0.97, (80, 2))]), axis=0) * 1e-8
    mesh = from_delaunay(points, lambda c: np.where(c[:, 0] < 0.5e-8, "west", "east"))
    assert not check(mesh).failed
    assert mesh.areas.sum() == pytest.approx(1e-16, rel=1e-12)
    assert mesh.region_names == ("east", "west")
    centre = mesh.points[mesh.triangles].mean(axis=1)
    assert np.array_equal(mesh.regions_of("west"), centre[:, 0] < 0.5e-8)
    assert {name: len(mesh.facets_of(name)) for name in mesh.facet_names} == dict.fromkeys(
        ("left", "right", "bottom", "top"), 7
    )
    assert np.all(mesh.points[mesh.facets_of("top"), 1] == 1e-8)


def test_delaunay_of_a_side_that_is_straight_but_for_rounding_has_no_slivers():
    x = np.linspace(0, 1, 41)
    dented = np.where(np.arange(41) % 40 == 0, 0.0, 1e-15)
    points = np.concatenate([np.column_stack([x, dented]), [[0.0, 1.0], [1.0, 1.0]]])
    mesh = from_delaunay(points, lambda c: ["a"] * len(c))
    assert not check(mesh).failed
    assert len(mesh.facets_of("bottom")) == 40


def test_delaunay_refuses_points_on_a_line():
    with pytest.raises(MeshError, match="line"):
        from_delaunay([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], lambda c: ["a"] * len(c))


def test_delaunay_refuses_a_wrong_number_of_names():
    with pytest.raises(MeshError, match="1 names for 2 triangles"):
        from_delaunay([[0, 0], [1, 0], [1, 1.1], [0, 1]], lambda c: ["a"])
