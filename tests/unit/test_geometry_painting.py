"""Painted rectangles: chains between junctions, names, exact areas, refused shapes."""

import math

import numpy as np
import pytest
from approx import relative

from pyscl.errors import GeometryError
from pyscl.geometry import Geometry
from pyscl.geometry.curves import disc, ellipse, polygon, rectangle, stadium
from pyscl.geometry.measures import areas, lengths
from pyscl.geometry.shapes import area_of, offset

UM = 1e-6


def between(partition, a, b):
    """Return the chains between two regions."""
    return [c for c in partition.chains if {c.left, c.right} == {a, b}]


@pytest.mark.parametrize(
    ("outline", "area"),
    [
        (disc((3.0, -1.0), 2.0), math.pi * 4.0),
        (ellipse((0.0, 1.0), 3.0, 0.5, 0.7), math.pi * 1.5),
        (polygon((0.0, 0.0), 2.0, 5), math.pi * 4.0),
        (stadium((1.0, 1.0), 5.0, 1.0, 2.0), 4.0 + math.pi / 4.0),
        (rectangle(0.0, 0.0, 2.0, 3.0), 6.0),
    ],
)
def test_outlines_have_the_area_of_the_true_shape_counter_clockwise(outline, area):
    assert area_of(outline) == relative(area, 1e-12)


def test_a_disc_in_a_box_is_one_closed_curve_and_four_sides():
    partition = Geometry(2 * UM, UM, "electrolyte").paint("active", disc((UM, UM / 2), 3e-7))
    partition = partition.partition()
    (circle,) = between(partition, "active", "electrolyte")
    assert circle.closed
    assert circle.name is None
    assert len(circle.points) == 361
    sides = {c.name: c for c in partition.chains if c.name}
    assert set(sides) == {"left", "right", "bottom", "top"}
    assert all({c.left, c.right} == {None, "electrolyte"} for c in sides.values())
    np.testing.assert_array_equal(np.ptp(sides["right"].points, axis=0), [0.0, UM])
    assert sides["right"].points[0, 0] == 2 * UM
    assert partition.achieved["area fraction of active"] == relative(
        math.pi * 9e-14 / (2 * UM**2), 1e-10
    )
    assert partition.regions == ("active", "electrolyte")


def test_the_region_on_the_left_is_on_the_left():
    partition = Geometry(UM, UM, "out").paint("in", disc((UM / 2, UM / 2), 2e-7)).partition()
    (circle,) = between(partition, "in", "out")
    turned = area_of(circle.points[:-1])
    assert (circle.left == "in") == (turned > 0)


def test_a_later_shape_covers_an_earlier_one():
    ring = Geometry(UM, UM, "e").paint("coating", disc((5e-7, 5e-7), 3e-7))
    partition = ring.paint("active", disc((5e-7, 5e-7), 2e-7)).partition()
    found = areas(partition.chains)
    assert found["coating"] == relative(math.pi * (9e-14 - 4e-14), 1e-10)
    assert found["e"] == relative(UM**2 - math.pi * 9e-14, 1e-10)
    assert not between(partition, "active", "e")


def test_triple_points_cut_chains():
    half = Geometry(UM, UM, "a").paint("b", rectangle(5e-7, 0, UM, UM))
    partition = half.paint("c", disc((5e-7, 5e-7), 2e-7)).partition()
    assert len(between(partition, "a", "c")) == len(between(partition, "b", "c")) == 1
    upper, lower = between(partition, "a", "b")
    assert upper.length + lower.length == relative(6e-7, 1e-4)
    ends = {tuple(p) for c in partition.chains for p in c.points[[0, -1]]}
    assert len(ends) == 4 + 2 + 2  # corners, interface at the sides, triple points


def test_hidden_curves_leave_no_points_behind():
    hidden = Geometry(UM, UM, "a").paint("x", disc((5e-7, 5e-7), 3e-7))
    for k in range(7):
        hidden.paint("a", disc((5e-7, 3e-7 + 5e-8 * k), 3.1e-7))
    hidden.paint("b", rectangle(5e-7, 0, UM, UM)).paint("a", rectangle(0, 0, 5e-7, UM))
    plain = Geometry(UM, UM, "a").paint("b", rectangle(5e-7, 0, UM, UM)).partition()
    with pytest.raises(GeometryError, match="region 'x' has no area left"):
        hidden.partition()
    again = Geometry(UM, UM, "a").paint("b", disc((5e-7, 5e-7), 3e-7))
    again = again.paint("a", rectangle(0, 0, 5e-7, UM)).paint("b", rectangle(5e-7, 0, UM, UM))
    assert [c.points.tolist() for c in again.partition().chains] == [
        c.points.tolist() for c in plain.chains
    ]


def test_a_hole_is_outside_and_its_rim_is_named():
    partition = Geometry(UM, UM, "e").hole("pore", disc((5e-7, 5e-7), 2e-7)).partition()
    (rim,) = (c for c in partition.chains if c.name == "pore")
    assert {rim.left, rim.right} == {"e", None}
    assert partition.achieved["area fraction of e"] == relative(1 - 0.04 * math.pi, 1e-10)


def test_part_of_an_interface_is_named():
    geometry = Geometry(UM, UM, "a").paint("b", rectangle(5e-7, 0, UM, UM))
    geometry.name_interface("lost", rectangle(4e-7, 2e-7, 6e-7, 5e-7))
    partition = geometry.partition()
    (lost,) = (c for c in partition.chains if c.name == "lost")
    assert {lost.left, lost.right} == {"a", "b"}
    assert lost.length == relative(3e-7, 1e-9)
    assert lengths(partition.chains)["a|b"] == relative(UM, 1e-9)


def test_shapes_repeat_across_periodic_sides_point_by_point():
    geometry = Geometry(2 * UM, UM, "e", periodic=("x", "y"))
    partition = geometry.paint("a", disc((1e-7, 2e-8), 3e-7)).partition()
    assert partition.periodic == (("left", "right"), ("bottom", "top"))
    assert areas(partition.chains)["a"] == relative(math.pi * 9e-14, 1e-9)
    for first, second, along in (("left", "right", 1), ("bottom", "top", 0)):
        ends = [
            sorted(
                {float(v) for c in partition.chains if c.name == side for v in c.points[:, along]}
            )
            for side in (first, second)
        ]
        assert ends[0] == ends[1]
        assert len(ends[0]) == 4


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (np.array([[0, 0], [1, 1], [1, 0], [0, 1.0]]) * 1e-7, "Self-intersection"),
        (np.array([[0, 0], [1, 1], [2, 2.0]]) * 1e-7, "no proper outline|no area"),
        (np.array([[0, 0], [1, np.nan], [1, 0.0]]), "no area"),
        (np.zeros((2, 2)), "n >= 3"),
        (disc((5 * UM, 0.0), 1e-7), "outside the rectangle"),
    ],
)
def test_bad_shapes_are_refused(shape, message):
    with pytest.raises(GeometryError, match=message):
        Geometry(UM, UM, "e").paint("a", shape)


@pytest.mark.parametrize("name", ["", " a", "a|b"])
def test_names_that_break_interfaces_are_refused(name):
    with pytest.raises(GeometryError, match="not a name"):
        Geometry(UM, UM, "e").paint(name, disc((5e-7, 5e-7), 1e-7))


def test_outer_sides_keep_their_names_and_sizes_are_positive():
    with pytest.raises(GeometryError, match="outer side"):
        Geometry(UM, UM, "e").hole("left", disc((5e-7, 5e-7), 1e-7))
    with pytest.raises(GeometryError, match="must be > 0"):
        Geometry(0.0, UM, "e")
    with pytest.raises(GeometryError, match="no direction"):
        Geometry(UM, UM, "e", periodic=("z",))
    with pytest.raises(GeometryError, match="more than fits"):
        Geometry(UM, UM, "e", periodic=("x",)).paint("a", disc((5e-7, 5e-7), 6e-7))


def test_offsets_inside_a_thin_outline_are_refused():
    line = ellipse((0.0, 0.0), 4.0, 1.0)
    assert area_of(offset(line, 0.5)) > area_of(line) > area_of(offset(line, -0.5))
    with pytest.raises(GeometryError, match="does not fit inside"):
        offset(line, -1.1)


def test_a_layer_thinner_than_the_limit_is_not_called_covered():
    geometry = Geometry(2 * UM, UM, "a").paint("thin", rectangle(UM / 2, 0.0, UM / 2 + 1e-13, UM))
    with pytest.raises(GeometryError, match=r"'thin' .* thinner than 0\.0002 nm"):
        geometry.partition()
    with pytest.raises(GeometryError, match=r"'thin' is thinner than 2\.9104e-08 nm"):
        Geometry(2 * UM, UM, "a").paint("thin", rectangle(UM / 2, 0.0, UM / 2 + 1e-18, UM))
    covered = Geometry(UM, UM, "a").paint("b", disc((UM / 2, UM / 2), 2e-7))
    covered.paint("c", disc((UM / 2, UM / 2), 3e-7))
    with pytest.raises(GeometryError, match=r"'b' .* other regions cover all of it"):
        covered.partition()
