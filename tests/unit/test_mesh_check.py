"""The mesh verdict: every fatal problem provoked, every warning and number checked."""

import json
import re
import time
from dataclasses import replace

import numpy as np
import pytest

from pyscl.errors import InputError, MeshError
from pyscl.mesh import Mesh, check, rectangle, strip

NM = 1e-9


def good():
    """Return a 4 x 2 nm strip of regions a and b with cells of 1 nm."""
    return strip(np.arange(5) * NM, 2 * NM, 2, [("a", 2 * NM), ("b", 4 * NM)])


def joined(first, second):
    """Return two meshes side by side in one, without merging their nodes."""
    n = first.n_points
    return Mesh(
        np.concatenate([first.points, second.points]),
        np.concatenate([first.triangles, second.triangles + n]),
        np.concatenate([first.region, second.region]),
        first.region_names,
        first.facets,
        first.facet_group,
        first.facet_names,
    )


def moved(mesh, x):
    return replace(mesh, points=mesh.points + np.array([x, 0.0]))


def only_problem(mesh):
    report = check(mesh)
    assert report.failed
    assert len(report.problems) == 1, report.problems
    return report.problems[0]


def test_a_good_mesh_has_no_problems_and_no_warnings():
    report = check(good())
    assert not report.failed
    assert report.problems == []
    assert report.warnings == []
    report.raise_if_failed()


def test_inverted_triangles_are_named_with_region_and_place():
    mesh = good()
    triangles = mesh.triangles.copy()
    triangles[5] = triangles[5, ::-1]
    text = only_problem(replace(mesh, triangles=triangles))
    x, y = mesh.points[mesh.triangles[5]].mean(axis=0) / NM
    assert "1 triangles are inverted" in text
    assert "triangle 5 of region 'a'" in text
    assert f"({x:.6g}, {y:.6g}) nm" in text


def test_triangles_without_area_are_found_at_any_scale():
    for scale in (1e-9, 1.0, 1e6):
        points = np.array([[0, 0], [1, 0], [2, 0], [1, 1.0]]) * scale
        mesh = Mesh(points, [[0, 1, 3], [1, 2, 3], [0, 1, 2]], [0, 0, 0], ("a",), [], [], ())
        assert any("1 triangles have no area" in p for p in check(mesh).problems)


def test_a_thin_triangle_is_not_one_without_area():
    mesh = strip(np.array([0.0, 1.0, 2.0]) * NM, 1e-3 * NM)
    assert not check(mesh).failed


def test_duplicated_triangles_are_found():
    mesh = good()
    twice = replace(
        mesh,
        triangles=np.concatenate([mesh.triangles, np.roll(mesh.triangles[3:4], 1, axis=1)]),
        region=np.append(mesh.region, mesh.region[3]),
    )
    problems = check(twice).problems
    assert any("given twice" in p and "repeats triangle 3" in p for p in problems)


def test_edges_with_three_triangles_are_found():
    mesh = good()
    inner_edge = mesh.edges.sides[mesh.edges.pairs[0, 0]]
    crowded = replace(
        mesh,
        points=np.concatenate([mesh.points, [[9 * NM, 9 * NM]]]),
        triangles=np.concatenate([mesh.triangles, [[*inner_edge, mesh.n_points]]]),
        region=np.append(mesh.region, 0),
    )
    assert any("1 edges have more than two triangles" in p for p in check(crowded).problems)


def test_unmerged_parts_are_found_by_their_coincident_nodes():
    mesh = joined(good(), moved(good(), 4 * NM))
    problems = check(mesh).problems
    assert any("3 pairs of nodes are at the same place" in p for p in problems)
    assert any("falls into 2 parts" in p for p in problems)


def test_parts_that_touch_between_nodes_are_found():
    finer = moved(strip(np.arange(3) * NM, 2 * NM, 3, [("a", 1 * NM), ("b", 2 * NM)]), 4 * NM)
    problems = check(joined(good(), finer)).problems
    assert any("lie inside an edge" in p and "(4, " in p for p in problems)


def test_parts_apart_from_each_other_are_found():
    text = only_problem(joined(good(), moved(good(), 10 * NM)))
    assert "falls into 2 parts" in text
    assert "16 triangles" in text


def test_coordinates_must_be_finite():
    mesh = good()
    for bad in (np.nan, np.inf):
        points = mesh.points.copy()
        points[3, 1] = bad
        assert "not finite numbers (first: 3)" in only_problem(replace(mesh, points=points))


def test_regions_need_usable_names():
    assert "has no name" in only_problem(good().with_regions({"a": " "}))
    assert "separates interface names" in only_problem(good().with_regions({"a": "a|c"}))


def test_facets_must_be_edges():
    mesh = good()
    facets = mesh.facets.copy()
    facets[0] = (0, mesh.n_points - 1)
    text = only_problem(replace(mesh, facets=facets))
    assert "1 facets are not edges" in text
    assert "'left'" in text


def test_named_groups_must_not_be_empty():
    mesh = good()
    empty = replace(
        mesh, region_names=(*mesh.region_names, "c"), facet_names=(*mesh.facet_names, "inlet")
    )
    assert check(empty).problems == ["region 'c' is empty.", "facet group 'inlet' is empty."]


def test_nodes_must_be_used():
    mesh = good()
    text = only_problem(replace(mesh, points=np.concatenate([mesh.points, [[9 * NM, 0.0]]])))
    assert "1 nodes belong to no triangle" in text


def test_a_mesh_needs_triangles():
    mesh = Mesh(np.zeros((0, 2)), [], [], (), [], [], ())
    assert only_problem(mesh) == "the mesh has no triangles."


def test_problems_are_raised_as_one_error_with_the_source():
    report = check(good().with_regions({"a": ""}))
    with pytest.raises(MeshError, match=r"box.msh cannot be computed on:\n  region number 0"):
        report.raise_if_failed("box.msh")


def test_small_angles_are_warned_of_with_region_and_place():
    mesh = strip(np.array([0.0, 0.1, 1.1]) * NM, 1 * NM, 1, [("a", 0.1 * NM), ("b", 1.1 * NM)])
    sheared = replace(mesh, points=mesh.points + np.outer(mesh.points[:, 1], [1.0, 0.0]))
    (text, *_) = check(sheared).warnings
    assert "2 triangles have an angle below 10 degrees" in text
    assert "2.7 degrees" in text
    assert "region 'a'" in text


def test_thin_triangles_with_a_right_angle_are_not_warned_of():
    mesh = strip(np.array([0.0, 0.1, 1.1]) * NM, 1 * NM, 1, [("a", 0.1 * NM), ("b", 1.1 * NM)])
    report = check(mesh)
    assert report.warnings == []
    smallest = {r.name: r.smallest_angle for r in report.regions}
    assert smallest["a"] == pytest.approx(np.degrees(np.arctan(0.1)), rel=1e-10)
    assert smallest["b"] == pytest.approx(45.0, rel=1e-10)


def kite(height):
    """Return two obtuse triangles over a common edge of 2 nm."""
    points = np.array([[0, 0], [2, 0], [1, height], [1, -height]]) * NM
    return Mesh(points, [[0, 1, 2], [1, 0, 3]], [0, 1], ("a", "b"), [], [], ())


def test_negative_edge_weights_are_counted_per_region():
    mesh = kite(0.9)
    assert [r.negative_edges for r in check(mesh).regions] == [1, 1]
    merged = check(mesh.with_regions({"b": "a"}))
    assert [r.negative_edges for r in merged.regions] == [1]
    assert any("1 edges of region 'a' have a negative weight" in w for w in merged.warnings)
    assert [r.negative_edges for r in check(kite(1.1)).regions] == [0, 0]


def test_the_first_layer_is_measured_normal_to_the_interface():
    x = np.array([0.0, 1.0, 1.5, 1.7, 3.0]) * NM
    mesh = strip(x, 2 * NM, 2, [("a", 1.5 * NM), ("b", 3 * NM)])
    report = check(mesh, {"a": 2 * NM})
    left, right = report.interfaces
    assert (left.interface, left.side, left.facets) == ("a|b", "a", 2)
    assert left.length == pytest.approx(2 * NM)
    assert left.first_layer == pytest.approx(0.5 * NM)
    assert right.first_layer == pytest.approx(0.2 * NM)
    assert left.per_debye_length == pytest.approx(4.0)
    assert right.per_debye_length is None


def test_too_few_elements_per_debye_length_are_warned_of():
    mesh = good()
    assert check(mesh, {"a": 2.01 * NM}).warnings == []
    text, _ = check(mesh, {"a": 1.2 * NM}).warnings
    assert "interface 'a|b', side 'a'" in text
    assert "are 1.2 per Debye length" in text
    assert "at most 0.6 nm" in text


@pytest.mark.parametrize("factor", [1.0, 1.0005, 0.9995])
def test_elements_at_the_limit_are_not_warned_of(factor):
    assert check(good(), {"a": 2.0 * factor * NM}).warnings == []
    report = check(good(), {"a": 2.0 * 0.99 * NM})
    assert any("are 2 per Debye length" in text for text in report.warnings)


def test_one_coarse_place_at_a_fine_interface_is_warned_of():
    y = np.concatenate([np.linspace(0, 1, 11), [2.0]])
    mesh = strip(np.array([0.0, 0.2, 0.4]) * NM, 1 * NM, 11, [("a", 0.2 * NM), ("b", 0.4 * NM)])
    points = mesh.points.reshape(3, 12, 2).copy()
    points[:, :, 1] = y * NM
    points[0, -2:, 0] = -2 * NM
    report = check(replace(mesh, points=points.reshape(-1, 2)), {"a": 1 * NM})
    assert any("largest 2.2 nm" in text for text in report.warnings)


def test_debye_lengths_of_unknown_regions_are_refused():
    with pytest.raises(InputError, match="no region 'c' of the Debye lengths"):
        check(good(), {"c": NM})


@pytest.mark.parametrize("step", [0.25, 0.5, 1.0])
def test_the_expected_charge_error_of_even_layers_is_the_exact_one(step):
    """Lumped elements of height h give the charge of a weak layer times sqrt(1 + h^2/4)."""
    x = np.arange(0.0, 40.0 + step / 2, step) * NM
    mesh = strip(x, 2 * NM, 2, [("a", 20 * NM), ("b", 40 * NM)])
    exact = np.sqrt(1 + step**2 / 4) - 1
    first, second = check(mesh, {"a": NM, "b": 2 * NM}).interfaces
    assert first.charge_error == pytest.approx(exact, rel=1e-6)
    assert second.charge_error == pytest.approx(np.sqrt(1 + step**2 / 16) - 1, rel=1e-4)


def test_large_expected_charge_errors_are_warned_of_and_larger_ones_fail():
    """Elements of 1 nm on 20 nm; errors of 3.1, 7.7 and 11.8 %."""
    mesh = strip(np.arange(41) * NM, 2 * NM, 2, [("a", 20 * NM), ("b", 40 * NM)])
    assert not check(mesh).failed
    assert check(mesh, {"a": 2.0 * NM}).warnings == []
    inaccurate = check(mesh, {"a": 1.25 * NM})
    assert not inaccurate.failed
    (text,) = (t for t in inaccurate.warnings if "expected error" in t)
    assert "interface 'a|b', side 'a'" in text
    assert "7.7%; more than 5% is inaccurate" in text
    wrong = check(mesh, {"a": 1.0 * NM})
    assert wrong.failed
    (text,) = wrong.problems
    assert "11.8%; more than 10% is wrong" in text
    assert len(wrong.interfaces) == 2
    assert not any("expected error" in t for t in wrong.warnings)


def three_regions(y):
    """Return a | c below and a | b above, in the layer of even cells of 0.5 nm along x."""
    mesh = rectangle(40, len(y) - 1, 20 * NM, 1.0)
    points = mesh.points.copy()
    points[:, 1] = np.asarray(y)[np.rint(points[:, 1] * (len(y) - 1)).astype(int)] * NM
    mesh = replace(mesh, points=points)
    x, height = mesh.points[mesh.triangles].mean(axis=1).T / NM
    region = np.where(x < 10, 0, np.where(height < 40, 1, 2)).astype(np.int32)
    return replace(mesh, region=region, region_names=("a", "b", "c"))


@pytest.mark.parametrize("size", [40.0, 4.0, 1.0])
def test_the_charge_error_does_not_depend_on_the_length_of_the_interface(size):
    y = np.concatenate([np.linspace(0, 40, 41), 40 + size * np.arange(1, 3) / 2])
    rows = check(three_regions(y), {"a": NM}).interfaces
    errors = [row.charge_error for row in rows if row.side == "a"]
    assert errors == pytest.approx(2 * [np.sqrt(1 + 0.25 / 4) - 1], rel=1e-3)


def test_long_thin_triangles_of_a_neighbouring_layer_are_not_heights():
    """A corner of a: fine towards b on the left, and fine and long towards c below."""
    steps = 0.25 * 1.3 ** np.arange(14)
    line = np.concatenate([[-4.0, 0.0], np.cumsum(steps)])
    mesh = rectangle(len(line) - 1, len(line) - 1, 1.0, 1.0)
    points = line[np.rint(mesh.points * (len(line) - 1)).astype(int)] * NM
    mesh = replace(mesh, points=points)
    x, y = mesh.points[mesh.triangles].mean(axis=1).T
    region = np.where(y < 0, 2, np.where(x < 0, 1, 0)).astype(np.int32)
    mesh = replace(mesh, region=region, region_names=("a", "b", "c"))
    report = check(mesh, {"a": NM})
    shifted = (line + 4.0) * NM
    one = strip(shifted, NM, 1, [("b", 4.0 * NM), ("a", shifted[-1])])
    (alone,) = [r.charge_error for r in check(one, {"a": NM}).interfaces if r.side == "a"]
    for row in report.interfaces:
        if row.side == "a":
            assert row.charge_error == pytest.approx(alone, rel=0.2)


def test_a_layer_of_one_triangle_between_two_interfaces_has_an_error():
    x = np.array([0.0, 1.0, 2.0, 4.0, 5.0]) * NM
    mesh = strip(x, 2 * NM, 2, [("b", 2 * NM), ("a", 4 * NM), ("b2", 5 * NM)])
    mesh = mesh.with_regions({"b2": "b"})
    error = check(mesh, {"a": NM}).interfaces[0].charge_error
    assert error == pytest.approx(np.sqrt(2.0) - 1, rel=1e-6)


def fan(turns, count=14):
    """Return triangles around a node that is on the outer boundary, over some turns."""
    angle = np.linspace(0, 2 * np.pi * turns, count)
    radius = 1 + 0.07 * angle
    rim = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    points = np.concatenate([[[0.0, 0.0]], rim]) * NM
    triangles = [[0, i, i + 1] for i in range(1, count)]
    return Mesh(points, triangles, [0] * (count - 1), ("a",), [], [], ())


def test_triangles_around_a_node_must_not_overlap():
    assert not check(fan(0.9)).failed
    problems = check(fan(1.45)).problems
    assert any("those around node 0 at (0, 0) nm make 522 degrees" in p for p in problems)


def test_inner_nodes_have_one_turn_of_triangles():
    angle = np.linspace(0, 4 * np.pi, 12, endpoint=False)
    rim = np.column_stack([np.cos(angle), np.sin(angle)]) * (1 + 0.05 * np.arange(12))[:, None]
    triangles = [[0, i, i % 12 + 1] for i in range(1, 13)]
    mesh = Mesh(np.concatenate([[[0.0, 0.0]], rim]), triangles, [0] * 12, ("a",), [], [], ())
    assert any("nodes overlap" in p for p in check(mesh).problems)


def test_the_outer_boundary_must_not_cross_itself():
    """A strip bent into a spiral that runs over its own beginning; every node is sound."""
    mesh = strip(np.linspace(0, 1, 41), 1.0, 2)
    angle, radius = 2.2 * np.pi * mesh.points[:, 0], 3.0 + 0.5 * mesh.points[:, 0]
    radius = radius - mesh.points[:, 1]
    bent = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) * NM
    (text,) = check(replace(mesh, points=bent)).problems
    assert "the outer boundary crosses itself" in text


def test_the_printed_table_and_the_dictionary_hold_the_numbers():
    report = check(good(), {"a": 1.25 * NM})
    text = str(report)
    assert re.search(r"^  a +8 +4 +45\.0 deg +0$", text, re.MULTILINE)
    assert re.search(r"^  a\|b +b +2 +1 +1 +- +-$", text, re.MULTILINE)
    assert "warning: interface" in text
    numbers = json.loads(json.dumps(report.to_dict()))
    assert numbers["failed"] is False
    assert numbers["interfaces"][0]["per_debye_length"] == pytest.approx(1.25)
    assert "problem: " in str(check(good().with_regions({"a": ""})))


def test_200k_triangles_are_checked_quickly():
    mesh = rectangle(316, 316, 100 * NM, 100 * NM)
    start = time.process_time()
    check(mesh)
    assert time.process_time() - start < 2.0  # 0.3 s on an idle core
