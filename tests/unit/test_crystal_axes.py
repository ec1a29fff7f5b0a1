"""Crystal axes per grain: kinds, order of the grains, and independence of the numbering."""

from dataclasses import replace

import numpy as np
import pytest
from models import NM

from pyscl import (
    AlignedAxes,
    InputError,
    Johnson,
    Material,
    Model,
    Periodic,
    RadialAxes,
    RandomAxes,
    Remanent,
    TexturedAxes,
)
from pyscl.materials.polarization import CrystalAxes, grains
from pyscl.mesh import strip

N = 4  # rows and columns of grains


def mosaic():
    """Return a matrix of 17 x 17 nm with 4 x 4 square grains of 3 nm, all one region."""
    size = 17.0
    mesh = strip(np.linspace(0.0, size, 35) * NM, size * NM, 34)
    x, y = mesh.points[mesh.triangles].mean(axis=1).T / NM
    grain = ((x - 1) % 4 < 3) & ((y - 1) % 4 < 3) & (x > 1) & (y > 1)
    return replace(mesh, region=grain.astype(np.int32), region_names=("matrix", "grain"))


def shuffled(mesh, rng):
    """Return the mesh with other numbers of triangles and nodes, and the order of the triangles."""
    order = rng.permutation(mesh.n_triangles)
    number = rng.permutation(mesh.n_points)
    points = np.empty_like(mesh.points)
    points[number] = mesh.points
    turned = np.roll(number[mesh.triangles[order]], 1, axis=1)
    other = replace(
        mesh,
        points=points,
        triangles=turned.astype(np.int32),
        region=mesh.region[order],
        facets=number[mesh.facets].astype(np.int32),
    )
    return other, order


def in_grains(mesh):
    """Return (column, row) of the grain of the triangles of the region, by their place."""
    x, y = mesh.points[mesh.triangles[mesh.region == 1]].mean(axis=1).T / NM
    return ((x - 1) // 4).astype(int), ((y - 1) // 4).astype(int)


def test_grains_are_numbered_by_x_and_then_y():
    mesh = mosaic()
    column, row = in_grains(mesh)
    np.testing.assert_array_equal(grains(mesh, 1), N * column + row)
    np.testing.assert_array_equal(grains(mesh, 0), 0)


def test_parts_that_touch_in_a_node_are_two_grains():
    mesh = strip(np.linspace(0.0, 4.0, 5) * NM, 4 * NM, 4)
    x, y = mesh.points[mesh.triangles].mean(axis=1).T / NM
    checkered = ((x // 2 + y // 2) % 2).astype(np.int32)
    mesh = replace(mesh, region=checkered, region_names=("a", "b"))
    assert set(grains(mesh, 0)) == set(grains(mesh, 1)) == {0, 1}


@pytest.mark.parametrize(
    "axes",
    [RandomAxes(seed=3), TexturedAxes(angle=20, spread=10, seed=5), RadialAxes(), AlignedAxes()],
    ids=lambda axes: axes.kind,
)
def test_axes_do_not_depend_on_the_numbering(axes, rng):
    mesh = mosaic()
    before = np.full(mesh.n_triangles, np.nan)
    before[mesh.region == 1] = axes.angles(mesh, 1)
    for _ in range(5):
        other, order = shuffled(mesh, rng)
        after = np.full(mesh.n_triangles, np.nan)
        after[other.region == 1] = axes.angles(other, 1)
        np.testing.assert_allclose(after, before[order], rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", [RandomAxes, lambda seed: TexturedAxes(spread=10, seed=seed)])
def test_random_axes_are_those_of_the_seed_and_one_per_grain(kind):
    mesh = mosaic()
    grain = grains(mesh, 1)
    angle = kind(seed=3).angles(mesh, 1)
    np.testing.assert_array_equal(angle, kind(seed=3).angles(mesh, 1))
    assert len(np.unique(angle)) == N * N
    for k in range(N * N):
        assert len(np.unique(angle[grain == k])) == 1
    assert np.all(angle != kind(seed=4).angles(mesh, 1))


def cut_by_periodic_sides():
    """Return a cell of 12 x 12 nm whose second region consists of four grains.

    One lies across left and right, one across bottom and top, one in all corners, one inside.
    """
    mesh = strip(np.linspace(0.0, 12.0, 25) * NM, 12 * NM, 24)
    x, y = mesh.points[mesh.triangles].mean(axis=1).T / NM
    side_x, side_y = np.minimum(x, 12 - x), np.minimum(y, 12 - y)
    right = (x > 10) & (np.abs(y - 6) < 1.5)
    grain = right | ((x < 1) & (np.abs(y - 6) < 1.5))
    grain |= (side_y < 1) & (np.abs(x - 6) < 1)
    grain |= (side_x < 2) & (side_y < 2)
    grain |= (np.abs(x - 6) < 1) & (np.abs(y - 6) < 1)
    return replace(mesh, region=grain.astype(np.int32), region_names=("matrix", "grain"))


JOINED = (("left", "right"), ("bottom", "top"))


def test_a_grain_goes_on_across_periodic_sides(rng):
    mesh = cut_by_periodic_sides()
    assert grains(mesh, 1).max() + 1 == 2 + 2 + 4 + 1
    assert grains(mesh, 1, JOINED[:1]).max() + 1 == 1 + 2 + 2 + 1
    grain = grains(mesh, 1, JOINED)
    x, y = mesh.points[mesh.triangles[mesh.region == 1]].mean(axis=1).T / NM
    corners = grain[(np.minimum(x, 12 - x) < 2) & (np.minimum(y, 12 - y) < 2)]
    assert grain.max() + 1 == 4
    assert len(set(corners)) == 1
    assert len(set(grain[(np.abs(y - 6) < 1.5) & (np.abs(x - 6) > 3)])) == 1
    for axes in (RandomAxes(seed=3), RadialAxes()):
        before = np.full(mesh.n_triangles, np.nan)
        before[mesh.region == 1] = axes.angles(mesh, 1, JOINED)
        for _ in range(3):
            other, order = shuffled(mesh, rng)
            after = np.full(mesh.n_triangles, np.nan)
            after[other.region == 1] = axes.angles(other, 1, JOINED)
            turned = np.exp(1j * after) - np.exp(1j * before[order])
            np.testing.assert_allclose(turned[other.region[:] == 1], 0.0, atol=1e-6)


def test_radial_axes_of_a_cut_grain_have_its_own_centre():
    """The grain of 3 x 3 nm across left and right, put together, has its centre at x = -0.5 nm."""
    mesh = cut_by_periodic_sides()
    angle = RadialAxes().angles(mesh, 1, JOINED)
    x, y = mesh.points[mesh.triangles[mesh.region == 1]].mean(axis=1).T / NM
    here = (np.abs(y - 6) < 1.5) & (np.abs(x - 6) > 3)
    away = np.column_stack([(x + 6) % 12 - 6 + 0.5, y - 6])[here]
    np.testing.assert_allclose(np.cos(angle[here]), away[:, 0] / np.hypot(*away.T), atol=1e-9)
    np.testing.assert_allclose(np.sin(angle[here]), away[:, 1] / np.hypot(*away.T), atol=1e-9)


def test_a_model_has_one_axis_in_a_grain_across_its_periodic_sides():
    mesh = cut_by_periodic_sides()
    law = Remanent(polarization=0.1, relative_permittivity=10.0, axes="random")
    linear = Material(relative_permittivity=10.0)
    materials = {"matrix": linear, "grain": Material(polarization=law)}
    for joined, expected in ((JOINED, 4), (JOINED[:1], 6), ((), 9)):
        model = Model(mesh, materials, periodic=[Periodic(sides=pair) for pair in joined])
        axes = model.discretized.axes[mesh.region == 1]
        assert len(np.unique(axes[:, 0])) == expected


def test_grains_do_not_join_different_regions_or_meshes_that_do_not_match():
    mesh = strip(np.linspace(0.0, 4.0, 5) * NM, 4 * NM, 4, [("a", 2 * NM), ("b", 4 * NM)])
    assert set(grains(mesh, 0, JOINED)) == set(grains(mesh, 1, JOINED)) == {0}
    side = mesh.facet_names.index("left")
    kept = mesh.facet_group != side
    kept[np.flatnonzero(~kept)[0]] = True  # sides that do not match are refused elsewhere
    short = replace(mesh, facets=mesh.facets[kept], facet_group=mesh.facet_group[kept])
    assert set(grains(short, 0, JOINED)) == {0}


def test_random_axes_cover_all_directions_and_textured_ones_a_few():
    mesh = mosaic()
    angle = np.concatenate([RandomAxes(seed=s).angles(mesh, 1) for s in range(60)])
    counts, _ = np.histogram(angle, bins=8, range=(0.0, 2.0 * np.pi))
    assert counts.sum() == len(angle)
    assert counts.min() > 0.7 * len(angle) / 8
    near = [TexturedAxes(angle="30 deg", spread="5 deg", seed=s) for s in range(60)]
    spread = np.degrees(np.concatenate([axes.angles(mesh, 1) for axes in near]))
    assert spread.mean() == pytest.approx(30.0, abs=0.7)  # 5 deg / sqrt(960), four of them
    assert spread.std() == pytest.approx(5.0, abs=0.5)


def test_a_texture_without_spread_is_aligned():
    mesh = mosaic()
    texture = TexturedAxes(angle=30, spread=0)
    np.testing.assert_array_equal(texture.angles(mesh, 1), AlignedAxes(angle=30).angles(mesh, 1))


def test_aligned_axes_are_along_x_unless_said():
    mesh = mosaic()
    assert set(AlignedAxes().angles(mesh, 0)) == {0.0}
    assert AlignedAxes(angle="90 deg").angles(mesh, 1)[0] == pytest.approx(np.pi / 2, rel=1e-15)
    along = AlignedAxes(direction=(-0.6, 0.8)).angles(mesh, 1)
    assert along.shape == (int((mesh.region == 1).sum()),)
    np.testing.assert_allclose(np.cos(along), -0.6, rtol=1e-12)


def test_radial_axes_point_away_from_the_centre():
    mesh = mosaic()
    middle = mesh.points[mesh.triangles[mesh.region == 1]].mean(axis=1)
    away = middle - np.array([2e-9, 3e-9])
    angle = RadialAxes(center=("2 nm", "3 nm")).angles(mesh, 1)
    np.testing.assert_allclose(np.sin(angle), away[:, 1] / np.hypot(*away.T), atol=1e-12)
    own = RadialAxes().angles(mesh, 1)
    column, row = in_grains(mesh)
    away = middle / NM - np.column_stack([4 * column + 2.5, 4 * row + 2.5])
    np.testing.assert_allclose(np.cos(own), away[:, 0] / np.hypot(*away.T), atol=1e-9)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("random", RandomAxes()),
        ("radial", RadialAxes()),
        ("30 deg", AlignedAxes(angle=30.0)),
        (-45, AlignedAxes(angle=-45.0)),
        ((0.6, 0.8), AlignedAxes(direction=(0.6, 0.8))),
        ({"kind": "textured", "spread": "5 deg", "seed": 2}, TexturedAxes(spread=5, seed=2)),
    ],
)
def test_short_forms_of_axes(given, expected):
    law = Remanent(polarization=0.1, relative_permittivity=30, axes=given)
    assert law.axes == expected
    assert isinstance(law.axes, CrystalAxes)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ((3.0, 4.0), r"axis not a unit vector: \(3, 4\), its length is 5; divide by it"),
        ((1.0, 2e-3), "axis not a unit vector"),
        ((0.0, 0.0), "its length is 0; give a direction"),
        ({"kind": "aligned", "angle": 3, "direction": (0, 1)}, "angle or direction, not both"),
        ({"kind": "textured"}, "missing key 'spread'"),
        ({"kind": "textured", "spread": -1}, "at least 0"),
        ({"seed": 3}, "missing key 'kind'"),
        ("randm", "no choice 'randm'.*Did you mean 'random'"),
        ("3 nm", "wrong unit 'nm'; expected an angle"),
        ({"kind": "random", "seed": -1}, "greater than or equal to 0"),
    ],
)
def test_bad_axes_are_refused(axes, message):
    with pytest.raises(InputError, match=message):
        Remanent(polarization=0.1, relative_permittivity=30, axes=axes)


def test_an_axis_of_rounded_length_is_a_unit_vector():
    root = 0.70710678
    assert AlignedAxes(direction=(root, root)).mean_angle == pytest.approx(np.pi / 4, rel=1e-12)


def test_laws_without_a_direction_have_no_axes():
    with pytest.raises(InputError, match="no key 'axes'"):
        Johnson(relative_permittivity=30, coefficient=1e9, axes="random")
