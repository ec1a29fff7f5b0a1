"""Repair of edge weights on any mesh: flips, moves, splits, and what must stay."""

from dataclasses import replace

import numpy as np
import pytest

from pyscl.mesh import Mesh, check, from_delaunay, strip
from pyscl.mesh.flips import flipped
from pyscl.meshing.repair import _moved, negative_edges, repaired
from pyscl.meshing.splits import split

NM = 1e-9


def spoilt(mesh):
    """Return the mesh with the diagonal of every second convex pair of triangles exchanged."""
    triangles = mesh.triangles.copy()
    used = set()
    for first, second in mesh.edges.pairs.tolist():
        t, u = first // 3, second // 3
        if {t, u} & used or mesh.region[t] != mesh.region[u]:
            continue
        a, b, c = (int(n) for n in np.roll(mesh.triangles[t], -(first % 3)))
        d = int(mesh.triangles[u, (second % 3 + 2) % 3])
        p = mesh.points
        areas = [
            np.linalg.det(np.stack([p[j] - p[i], p[k] - p[i]]))
            for i, j, k in ((c, d, b), (d, c, a))
        ]
        if min(areas) > 1e-3 * NM**2:
            triangles[t], triangles[u] = (c, d, b), (d, c, a)
            used |= {t, u}
    return replace(mesh, triangles=triangles)


def scattered():
    points = np.random.default_rng(3).uniform(0, 10 * NM, (300, 2))
    corners = np.array([(0, 0), (0, 10), (10, 0), (10, 10)]) * NM
    return from_delaunay(
        np.concatenate([corners, points]), lambda c: np.where(c[:, 0] < 5 * NM, "a", "b")
    )


def test_flips_restore_a_delaunay_mesh():
    mesh = strip(np.linspace(0, 10 * NM, 11), 3 * NM, 3)
    sheared = replace(mesh, points=mesh.points + np.outer(mesh.points[:, 1], [0.4, 0.0]))
    bad = spoilt(sheared)
    assert negative_edges(bad) > 5
    assert negative_edges(flipped(bad)) == 0
    assert not check(flipped(bad)).failed


def test_inner_edges_of_a_scattered_mesh_are_repaired():
    bad = spoilt(scattered())
    good = repaired(bad)
    assert not check(good).failed
    assert negative_edges(good) < 0.25 * negative_edges(bad)


def length(mesh, facets):
    ends = mesh.points[facets]
    return np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum()


def test_interfaces_sides_and_regions_stay():
    bad = spoilt(scattered())
    good = repaired(bad)
    assert not check(good).failed
    assert good.areas.sum() == pytest.approx(bad.areas.sum(), rel=1e-12)
    for name in bad.region_names:
        area = [m.areas[m.regions_of(name)].sum() for m in (good, bad)]
        assert area[0] == pytest.approx(area[1], rel=1e-12)
    fixed = [bad.boundary, *bad.interfaces.values()]
    for facets in fixed:
        assert np.array_equal(good.points[facets], bad.points[facets])
    for name, facets in bad.interfaces.items():
        assert length(good, good.interfaces[name]) == pytest.approx(length(bad, facets), rel=1e-12)
    for name in bad.facet_names:
        sides = [length(m, m.facets_of(name)) for m in (good, bad)]
        assert sides[0] == pytest.approx(sides[1], rel=1e-12)


def by_hand(points, triangles, region, sides):
    return Mesh(
        points=np.array(points, float) * NM,
        triangles=np.array(triangles),
        region=np.array(region),
        region_names=("a", "b"),
        facets=np.array([edge for edges in sides.values() for edge in edges]),
        facet_group=np.repeat(range(len(sides)), [len(edges) for edges in sides.values()]),
        facet_names=tuple(sides),
    )


def tents():
    """Return flat obtuse triangles at bottom and top and at an interface."""
    return by_hand(
        [(0, 0), (10, 0), (5, 2), (0, 8), (10, 8), (4, 10), (0, 12), (10, 12)],
        [(0, 1, 2), (0, 2, 3), (1, 4, 2), (2, 4, 3), (3, 4, 5), (3, 5, 6), (4, 7, 5), (5, 7, 6)],
        [0, 0, 0, 0, 1, 1, 1, 1],
        {"bottom": [(0, 1)], "right": [(1, 4), (4, 7)], "top": [(7, 6)], "left": [(6, 3), (3, 0)]},
    )


def test_edges_opposite_to_obtuse_angles_are_split():
    bad = tents()
    assert negative_edges(flipped(bad)) == negative_edges(bad) == 3
    good = repaired(bad)
    assert negative_edges(good) == 0
    assert not check(good).failed
    new = good.points[bad.n_points :] / NM
    assert {(5.0, 0.0), (4.0, 8.0)} <= {tuple(p) for p in np.round(new, 9).tolist()}
    assert len(good.facets_of("bottom")) == 2
    assert len(good.interfaces["a|b"]) == 2
    area = [m.areas[m.regions_of("a")].sum() for m in (good, bad)]
    assert area[0] == pytest.approx(area[1], rel=1e-12)


def test_sides_that_are_kept_are_not_split():
    good = repaired(tents(), keep=("bottom", "top"))
    assert len(good.facets_of("bottom")) == len(good.facets_of("top")) == 1
    assert len(good.interfaces["a|b"]) == 2


def test_the_number_of_splits_is_limited():
    bad = flipped(tents())
    assert split(bad, 0) is bad
    assert split(bad, 1).n_points == bad.n_points + 1


def test_edges_of_layers_are_not_split():
    """Obtuse triangles on four thin layers: nodes below them would spoil the layers."""
    layers = [(10 * column, 0.5 * row) for row in range(5) for column in range(4)]
    cells = [4 * row + column for row in range(4) for column in range(3)]
    grid = [t for k in cells for t in ((k, k + 1, k + 4), (k + 1, k + 5, k + 4))]
    tops = [(5, 4), (15, 4), (25, 4), (0, 12), (30, 12)]
    above = [(16, 17, 20), (17, 18, 21), (18, 19, 22), (17, 21, 20), (18, 22, 21)]
    above += [(16, 20, 23), (20, 21, 23), (21, 24, 23), (21, 22, 24), (22, 19, 24)]
    mesh = by_hand(
        [*layers, *tops],
        [*grid, *above],
        [0] * len(grid) + [1] * len(above),
        {"bottom": [(0, 1), (1, 2), (2, 3)]},
    )
    assert not check(mesh).failed
    assert negative_edges(mesh) >= 3
    assert len(repaired(mesh).interfaces["a|b"]) == 3


def test_the_edges_of_a_facet_group_inside_a_region_stay():
    mesh = strip(np.linspace(0, 10 * NM, 11), 3 * NM, 3)
    sheared = replace(mesh, points=mesh.points + np.outer(mesh.points[:, 1], [0.4, 0.0]))
    bad = spoilt(sheared)
    before = {tuple(sorted(e)) for e in bad.edges.sides.tolist()}
    after = {tuple(sorted(e)) for e in flipped(bad).edges.sides.tolist()}
    lost = sorted(before - after)[:1]
    named = replace(
        bad,
        facets=np.concatenate([bad.facets, lost]),
        facet_group=np.append(bad.facet_group, len(bad.facet_names)),
        facet_names=(*bad.facet_names, "inner"),
    )
    assert not check(named).failed
    assert not check(flipped(named)).failed


def test_nodes_of_thin_layers_are_not_moved():
    mesh = strip(np.linspace(0, 1 * NM, 11), 10 * NM, 10, [("a", 0.5 * NM), ("b", 1.0 * NM)])
    tilted = replace(mesh, points=mesh.points + np.outer(mesh.points[:, 0], [0.0, 0.1]))
    assert negative_edges(tilted) > 0
    assert np.array_equal(repaired(tilted).points, tilted.points)
    assert _moved(tilted) is None


def test_a_good_mesh_is_left_alone():
    mesh = strip(np.linspace(0, 10 * NM, 11), 3 * NM, 3)
    assert np.array_equal(repaired(mesh).triangles, mesh.triangles)
