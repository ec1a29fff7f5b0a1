"""Colours are told apart with every kind of colour vision, and steps of colour are even."""

import matplotlib as mpl
import numpy as np
import pytest
from colorspacious import cspace_converter
from matplotlib.colors import to_rgb

from pyscl.plot.colours import DIFFERENCE, POTENTIAL, SIGNED
from pyscl.plot.polarization import colours_of
from pyscl.plot.scales import _MAPS
from pyscl.plot.style import LINES

KINDS = (None, "deuteranomaly", "protanomaly")
UNIFORM = cspace_converter("sRGB1", "CAM02-UCS")


def seen(rgb, kind):
    """Return colours (n, 3) as an eye of some kind sees them, in a uniform space (J, a, b)."""
    if kind is not None:
        space = {"name": "sRGB1+CVD", "cvd_type": kind, "severity": 100}
        rgb = np.clip(cspace_converter(space, "sRGB1")(rgb), 0.0, 1.0)
    return UNIFORM(rgb)


def colours(name, count=101):
    return mpl.colormaps[name](np.linspace(0.0, 1.0, count))[:, :3]


def apart(points):
    """Return the distances of all pairs, (n, n)."""
    return np.linalg.norm(points[:, None] - points[None], axis=2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted({POTENTIAL, "viridis", *_MAPS.values()}))
def test_larger_values_are_lighter_for_every_eye(name, kind):
    lightness = seen(colours(name), kind)[:, 0]
    assert (np.diff(lightness) > 0.0).all()
    assert np.ptp(lightness) > 60.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [SIGNED, DIFFERENCE])
def test_signs_are_told_apart_and_look_equally_large(name, kind):
    shown = seen(colours(name), kind)
    lightness = shown[:, 0]
    assert (np.diff(lightness[:51]) > 0.0).all()
    assert (np.diff(lightness[50:]) < 0.0).all()
    assert lightness[0] == pytest.approx(lightness[-1], abs=10.0)
    assert lightness[50] > 95.0
    for k in (0, 12, 25, 37):  # equal values of opposite sign, down to a quarter
        assert np.linalg.norm(shown[k] - shown[100 - k]) > 10.0, k


@pytest.mark.parametrize("name", [POTENTIAL, SIGNED, DIFFERENCE, "viridis", "inferno"])
def test_equal_steps_of_a_value_are_about_equal_steps_of_colour(name):
    steps = np.linalg.norm(np.diff(seen(colours(name), None), axis=0), axis=1)
    assert steps.min() > 0.7 * steps.mean()
    assert steps.max() < 1.45 * steps.mean()


@pytest.mark.parametrize("kind", KINDS)
def test_lines_are_told_apart_by_every_eye(kind):
    distances = apart(seen(np.array([to_rgb(c) for c in LINES]), kind))
    assert distances[~np.eye(len(LINES), dtype=bool)].min() > 9.0


@pytest.mark.parametrize("kind", KINDS)
def test_directions_of_polarization_are_told_apart_by_every_eye(kind):
    turn = np.radians(np.arange(0.0, 360.0, 90.0))
    shown = seen(colours_of(np.cos(turn), np.sin(turn), 1.0)[:, :3], kind)
    assert apart(shown)[~np.eye(4, dtype=bool)].min() > 20.0
    assert np.linalg.norm(shown - seen(np.ones((1, 3)), kind), axis=1).min() > 20.0
