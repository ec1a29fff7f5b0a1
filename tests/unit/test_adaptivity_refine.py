"""Refined meshes conform, keep all names, and their shape."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscl.adaptivity import Circle, Polyline, refine, refine_edges, refine_uniformly, snapped
from pyscl.errors import InputError, MeshError
from pyscl.mesh import Mesh, check, flips, strip
from pyscl.mesh.flips import flipped
from pyscl.mesh.quality import edge_weights, smallest_angles, squared_lengths
from pyscl.mesh.structured import from_delaunay
from pyscl.verification.meshes import disc_in_cell, sector, share_side

NM = 1e-9
DISC = Circle((0.0, 0.0), 1e-8 * np.sqrt(0.3 / np.pi))


def lengths(mesh):
    """Return the length of every interface and side by name."""
    named = mesh.interfaces | {name: mesh.facets_of(name) for name in mesh.facet_names}
    return {
        name: np.linalg.norm(np.diff(mesh.points[f], axis=1), axis=2).sum()
        for name, f in named.items()
    }


def region_areas(mesh):
    return [mesh.areas[mesh.regions_of(name)].sum() for name in mesh.region_names]


def smallest_angle(mesh):
    return smallest_angles(mesh, squared_lengths(mesh)).min()


def assert_sound(mesh):
    """No node hangs, no triangle is turned over, every facet of a group is an edge."""
    report = check(mesh)
    assert not report.failed, str(report)
    assert (mesh.areas > 0.0).all()
    assert (mesh.edges.find(mesh.facets) >= 0).all()
    outer = np.sort(mesh.edges.keys[mesh.edges.count == 1])
    x, y = mesh.points.T
    box = x.min(), x.max(), y.min(), y.max()
    on_box = np.min([x - box[0], box[1] - x, y - box[2], box[3] - y], axis=0) < 1e-6 * np.ptp(x)
    ends = np.column_stack([outer // mesh.n_points, outer % mesh.n_points])
    assert on_box[ends].all()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    share=st.floats(0.02, 0.9),
    stretch=st.sampled_from([1.0, 4.0, 20.0]),
    flip=st.booleans(),
)
def test_random_refinement_conforms_and_keeps_everything(seed, share, stretch, flip):
    """Regions keep their areas, interfaces and sides their lengths, and no node hangs."""
    rng = np.random.default_rng(seed)
    mesh = share_side(disc_in_cell(0.3, 5), "left", "left again")
    before = mesh
    for _ in range(3):
        marks = rng.random(len(mesh.edges.keys)) < share
        refined = refine_edges(mesh, marks, stretch=stretch, flip=flip).mesh
        assert refined.n_points >= mesh.n_points + marks.sum()
        mesh = refined
    assert_sound(mesh)
    assert mesh.region_names == before.region_names
    assert mesh.facet_names == before.facet_names
    np.testing.assert_allclose(region_areas(mesh), region_areas(before), rtol=1e-12)
    after = lengths(mesh)
    for name, length in lengths(before).items():
        assert after[name] == pytest.approx(length, rel=1e-12)


def test_marked_triangles_are_cut_into_four_similar_ones():
    mesh = strip(np.linspace(0.0, 3.0, 4) * NM, width=2 * NM, layers=2)
    refinement = refine(mesh, [3], flip=False)
    pieces = refinement.mesh.areas[refinement.parent == 3]
    np.testing.assert_allclose(pieces, mesh.areas[3] / 4, rtol=1e-12)
    assert np.bincount(refinement.parent).min() >= 1


def test_uniform_refinement_keeps_angles_and_weights():
    mesh = disc_in_cell(0.4, 8)
    fine = refine_uniformly(mesh).mesh
    assert fine.n_triangles == 4 * mesh.n_triangles
    assert smallest_angle(fine) == pytest.approx(smallest_angle(mesh), rel=1e-9)
    layered = refine_uniformly(strip(np.array([0.0, 0.1, 1.0]) * NM, width=2 * NM)).mesh
    assert edge_weights(layered, squared_lengths(layered))[1].min() > -1e-12


def test_new_nodes_know_their_ends():
    mesh = disc_in_cell(0.3, 5)
    refinement = refine(mesh, [0, 7, 30])
    middle = mesh.points[refinement.ends].mean(axis=1)
    np.testing.assert_allclose(refinement.mesh.points, middle, atol=1e-22)
    np.testing.assert_array_equal(refinement.mesh.points[: mesh.n_points], mesh.points)


@pytest.mark.parametrize(("stretch", "bound"), [(1.0, 0.5), (4.0, 0.25)])
def test_angles_stay_bounded_in_deep_refinement(stretch, bound):
    """Forty rounds at one interface node make triangles 1e-6 as large, of bounded shape."""
    mesh = disc_in_cell(0.3, 5)
    first = smallest_angle(mesh)
    rng = np.random.default_rng(3)
    node = mesh.interfaces["disc|matrix"][0, 0]
    for _ in range(40):
        keys = mesh.edges.keys
        at_node = (keys // mesh.n_points == node) | (keys % mesh.n_points == node)
        marks = at_node & (rng.random(len(keys)) < 0.7)
        mesh = refine_edges(mesh, marks, stretch=stretch).mesh
    assert mesh.areas.min() < 1e-6 * mesh.areas.max()
    assert smallest_angle(mesh) > bound * first


def test_layers_become_no_flatter_than_allowed():
    """Only the edges straight across a layer are marked, six times in a row."""
    angles = []
    for stretch in (1.0, 4.0, 30.0):
        mesh = strip(np.linspace(0.0, 1.0, 5) * NM, width=NM, layers=4)
        for _ in range(6):
            ends = mesh.points[np.column_stack(np.divmod(mesh.edges.keys, mesh.n_points))]
            x, y = ends[:, :, 0], ends[:, :, 1]
            across = (x.min(axis=1) < 1e-6 * NM) & (np.ptp(x, axis=1) > 1e-6 * NM)
            across &= np.ptp(y, axis=1) < 1e-6 * NM
            mesh = refine_edges(mesh, across, stretch=stretch, flip=False).mesh
        angles.append(smallest_angle(mesh))
    assert angles[0] > 22.0
    assert 4.0 < angles[1] < 22.0
    assert 0.5 < angles[2] < 3.0


def test_same_marks_same_bytes():
    marks = np.arange(0, 200, 7)
    runs = [refine(disc_in_cell(0.3, 6), marks, curves={"disc|matrix": DISC}) for _ in range(2)]
    assert runs[0].mesh.points.tobytes() == runs[1].mesh.points.tobytes()
    assert runs[0].mesh.triangles.tobytes() == runs[1].mesh.triangles.tobytes()


def test_interface_nodes_are_put_on_the_circle():
    """The area of the polygon converges to that of the disc, though the mesh began coarse."""
    mesh = disc_in_cell(0.3, 3)
    for _ in range(3):
        mesh = refine_uniformly(mesh, curves={"disc|matrix": DISC}).mesh
    nodes = np.unique(mesh.interfaces["disc|matrix"])
    np.testing.assert_allclose(np.hypot(*mesh.points[nodes].T), DISC.radius, rtol=1e-12)
    sides = len(nodes)
    polygon = sides / 2 * np.sin(2 * np.pi / sides) * DISC.radius**2
    area = mesh.areas[mesh.regions_of("disc")].sum()
    assert area == pytest.approx(polygon, rel=2e-3)
    assert area > 0.998 * np.pi * DISC.radius**2
    assert_sound(mesh)


def test_thin_layers_follow_the_curve():
    """Layers a hundred times thinner than the move of the middle of their arcs keep their shape."""
    radius = 500 * NM
    radii = radius + np.concatenate([[0.0], np.cumsum(0.05 * NM * 1.3 ** np.arange(25))])
    mesh = sector(radii, np.pi / 2, 8)
    sagitta = radius * (1 - np.cos(np.pi / 32))
    assert sagitta > 20 * 0.05 * NM
    fine = refine_uniformly(mesh, curves={"inner": Circle((0.0, 0.0), radius)}).mesh
    nodes = np.unique(fine.facets_of("inner"))
    np.testing.assert_allclose(np.hypot(*fine.points[nodes].T), radius, rtol=1e-12)
    assert (fine.areas > 0.0).all()


def test_polyline_does_what_the_circle_does():
    angle = np.linspace(0.0, 2 * np.pi, 20_001)
    line = Polyline(DISC.radius * np.column_stack([np.cos(angle), np.sin(angle)]))
    mesh = disc_in_cell(0.3, 4)
    by_line, by_circle = (
        refine_uniformly(mesh, curves={"disc | matrix": curve}).mesh for curve in (line, DISC)
    )
    np.testing.assert_allclose(by_line.points, by_circle.points, atol=1e-5 * DISC.radius)


def test_polyline_of_few_long_and_many_short_segments(rng):
    """The nearest point is that of a search over all segments, also for a square and two pieces."""
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * NM
    wave = np.column_stack([np.linspace(0, 1, 3000), 2 + 0.1 * np.sin(np.linspace(0, 9, 3000))])
    points = rng.uniform(-0.5, 3.0, (300, 2)) * NM
    found = Polyline(square, wave * NM).nearest(points)
    distance = np.full(len(points), np.inf)
    for piece in (square, wave * NM):
        for a, b in pairwise(piece):
            share = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0.0, 1.0)
            foot = a + share[:, None] * (b - a)
            distance = np.minimum(distance, np.linalg.norm(points - foot, axis=1))
    np.testing.assert_allclose(np.linalg.norm(found - points, axis=1), distance, atol=1e-6 * NM)


def test_ends_of_curves_stay_in_place():
    """The corners of a sector belong to two sides and do not move."""
    mesh = sector(np.linspace(1.0, 2.0, 4) * NM, np.pi / 2, 4)
    fine = snapped(mesh, {"inner": Circle((0.0, 0.0), 1.05 * NM)})
    inner = np.unique(mesh.facets_of("inner"))
    moved = np.hypot(*(fine.points - mesh.points).T) > 1e-15
    assert moved[inner].sum() == len(inner) - 2


def test_periodic_sides_stay_copies():
    mesh = disc_in_cell(0.3, 6)
    rng = np.random.default_rng(1)
    for _ in range(3):
        marks = rng.random(mesh.n_triangles) < 0.1
        mesh = refine(mesh, marks, periodic=[("left", "right"), ("bottom", "top")]).mesh
    for pair, axis in ((("left", "right"), 1), (("bottom", "top"), 0)):
        first, second = (
            np.sort(mesh.points[np.unique(mesh.facets_of(side)), axis]) for side in pair
        )
        np.testing.assert_allclose(first, second, atol=1e-20)


def test_flips_leave_no_negative_weight_inside_a_region():
    """A fan of needles becomes the Delaunay triangulation; its interface stays."""
    rng = np.random.default_rng(5)
    points = rng.random((60, 2)) * NM
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * NM
    mesh = from_delaunay(np.concatenate([corners, points]), lambda c: ["a"] * len(c))
    skewed = mesh
    for seed in range(4):  # exchange diagonals of convex pairs at random
        skewed = _scrambled(skewed, seed)
    assert edge_weights(skewed, squared_lengths(skewed))[1].min() < -0.1
    restored = flipped(skewed)
    assert {frozenset(t) for t in restored.triangles.tolist()} == {
        frozenset(t) for t in mesh.triangles.tolist()
    }
    assert (flipped(restored).triangles == restored.triangles).all()


def _scrambled(mesh, seed):
    """Exchange diagonals of convex pairs at random."""
    rng = np.random.default_rng(seed)
    found = flips.diagonals(mesh.triangles, rng.permutation(mesh.edges.pairs))
    found = found[flips.apart(np.column_stack([found.one, found.other]), mesh.n_triangles)]
    for k in range(len(found.one)):
        triangles = mesh.triangles.copy()
        flips.exchange(triangles, found[np.array([k])])
        trial = replace(mesh, triangles=triangles)
        if trial.areas.min() > 0.05 * mesh.areas.min():
            mesh = trial
    return mesh


def test_flips_keep_named_facets():
    mesh = Mesh(
        points=np.array([[0, 0], [4, 0], [2, 0.5], [2, -0.5]]) * NM,
        triangles=np.array([[0, 1, 2], [0, 3, 1]]),
        region=np.zeros(2, dtype=np.int32),
        region_names=("a",),
        facets=np.array([[0, 1]]),
        facet_group=np.zeros(1, dtype=np.int32),
        facet_names=("line",),
    )
    assert (flipped(mesh).triangles == mesh.triangles).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: refine(m, [m.n_triangles]), "there are"),
        (lambda m: refine(m, [-1]), "from 0"),
        (lambda m: refine(m, [0.5]), "mask or the numbers"),
        (lambda m: refine(m, np.zeros(3, dtype=bool)), "marks have shape"),
        (lambda m: refine_edges(m, [0], stretch=0.5), "stretch must be at least 1"),
        (lambda m: refine(m, [0], curves={"disc|matrx": DISC}), "Did you mean 'disc|matrix'"),
        (lambda m: refine(m, [0], periodic=[("left", "rihgt")]), "Did you mean 'right'"),
        (lambda m: Circle((0.0, 0.0), 0.0), "radius > 0"),
        (lambda m: Polyline([[0.0, 0.0]]), "n >= 2"),
        (lambda m: Polyline(), "at least one piece"),
        (lambda m: Polyline(np.zeros((3, 2))), "not all the same"),
        (lambda m: refine(m, [0], curves={"disc|matrix": Circle((0.0, 0.0), 3e-8)}), "turning"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises((InputError, MeshError), match=message.replace("|", r"\|")):
        call(disc_in_cell(0.3, 5))


def test_no_marks_no_change():
    mesh = disc_in_cell(0.3, 5)
    assert refine(mesh, [], flip=False).mesh.n_triangles == mesh.n_triangles
