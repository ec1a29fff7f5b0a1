"""Repair of edge weights on any mesh: flips, moves, and what must stay."""

from dataclasses import replace

import numpy as np
import pytest

from pyscl.mesh import check, from_delaunay, strip
from pyscl.meshing.repair import _moved, flipped, negative_edges, repaired

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


def test_interfaces_sides_regions_and_nodes_stay():
    bad = spoilt(scattered())
    good = repaired(bad)
    assert good.n_points == bad.n_points
    assert np.array_equal(good.facets, bad.facets)
    assert good.areas.sum() == pytest.approx(bad.areas.sum(), rel=1e-12)
    for name in bad.region_names:
        area = [m.areas[m.regions_of(name)].sum() for m in (good, bad)]
        assert area[0] == pytest.approx(area[1], rel=1e-12)
    for name, facets in bad.interfaces.items():
        edges = {tuple(sorted(f)) for f in facets.tolist()}
        assert edges == {tuple(sorted(f)) for f in good.interfaces[name].tolist()}
        assert np.array_equal(good.points[facets], bad.points[facets])
    assert np.array_equal(good.points[good.boundary], bad.points[good.boundary])


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
