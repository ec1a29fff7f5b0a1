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
    (text,) = check(mesh, {"a": 1.0 * NM}).warnings
    assert "interface 'a|b', side 'a'" in text
    assert "are 1 per Debye length" in text
    assert "at most 0.5 nm" in text


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


def test_the_printed_table_and_the_dictionary_hold_the_numbers():
    report = check(good(), {"a": 1.0 * NM})
    text = str(report)
    assert re.search(r"^  a +8 +4 +45\.0 deg +0$", text, re.MULTILINE)
    assert re.search(r"^  a\|b +b +2 +1 +1 +- +-$", text, re.MULTILINE)
    assert "warning: interface" in text
    numbers = json.loads(json.dumps(report.to_dict()))
    assert numbers["failed"] is False
    assert numbers["interfaces"][0]["per_debye_length"] == pytest.approx(1.0)
    assert "problem: " in str(check(good().with_regions({"a": ""})))


def test_200k_triangles_are_checked_quickly():
    mesh = rectangle(316, 316, 100 * NM, 100 * NM)
    start = time.process_time()
    check(mesh)
    assert time.process_time() - start < 2.0  # 0.3 s on an idle core
