"""Smooth curves and faces of partitions: what is a corner, what lies in what."""

import numpy as np
import pytest
from partitions import NM, box, chain, circle

from pyscl.errors import MeshError
from pyscl.meshing.curves import smooth_curves
from pyscl.meshing.faces import corners, find_faces

TOLERANCE = 1e-9 * 200 * NM


def curves_of(*chains):
    return smooth_curves(chains, TOLERANCE)[0]


def turned(steps):
    """Return the vertices of a line of steps (length [nm], turn before it [degrees])."""
    angle = np.cumsum([np.radians(turn) for _, turn in steps])
    length = np.array([length for length, _ in steps])
    move = np.column_stack([length * np.cos(angle), length * np.sin(angle)])
    return np.concatenate([[[0.0, 0.0]], np.cumsum(move, axis=0)])


def test_blunt_corners_between_long_segments_stay():
    """The boundaries of grains are polygons, however small their turns."""
    points = turned([(60, 0), (50, 12), (70, -25), (40, 8)])
    found = curves_of(chain(points, "a", "b"))
    assert len(found) == 4
    assert all(curve.straight for curve in found)


def test_finely_sampled_wiggles_are_smooth():
    x = np.linspace(0.0, 200.0, 200)
    points = np.column_stack([x, 2.0 * np.sin(x / 3.0) + 0.1 * np.sin(1.7 * x)])
    assert len(curves_of(chain(points, "a", "b"))) == 1


def test_a_coarse_circle_is_smooth():
    angle = np.linspace(0.0, 2.0 * np.pi, 51)
    points = 80.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    points[-1] = points[0]
    (found,) = curves_of(chain(points, "a", "b"))
    assert found.closed
    s = np.linspace(0.0, found.length, 500)
    assert np.hypot(*found.at(s).T) == pytest.approx(80.0 * NM, rel=1e-4)


def test_a_curve_may_end_in_the_direction_opposite_to_its_start():
    """The outline of a wire cut by a side: two equal straight parts and a round end."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 91)[1:-1]
    cap = np.column_stack([50 + 10 * np.cos(angle), 10 * np.sin(angle)])
    points = np.concatenate([[[0, -10], [50, -10]], cap, [[50, 10], [0, 10]]])
    (found,) = curves_of(chain(points, "a", "b"))
    at = found.at(np.linspace(0.0, found.length, 100))
    assert np.isfinite(at).all()
    assert found.tangent(np.array([0.0]))[0] == pytest.approx([1.0, 0.0])


def test_a_hole_must_lie_in_a_face_of_its_region():
    """Around the inner circle is a particle; it says that electrolyte is."""
    curves = curves_of(
        *box(200, 200, "e"), circle(100, 100, 40, "p", "e"), circle(100, 100, 20, "p", "e")
    )
    with pytest.raises(MeshError, match="lies in no face of region 'e'"):
        find_faces(curves, corners(curves))
