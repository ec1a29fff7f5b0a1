"""Shared by all tests. Helper modules in tests/ (tiny, random_composites) are importable."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    """Return a random generator that is the same in every run."""
    return np.random.default_rng(20240607)
