"""Comparison by relative error alone: the default absolute tolerance of pytest.approx, 1e-12, is
larger than most quantities in SI units.
"""

import pytest


def relative(expected, tolerance):
    """Return an approximation that allows |value - expected| <= tolerance * |expected|."""
    return pytest.approx(expected, rel=tolerance, abs=0.0)
