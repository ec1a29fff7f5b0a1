"""Helpers of the verification tests: refinement studies and the reference values."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from pyscl.verification.norms import observed_orders


@pytest.fixture(scope="session")
def reference() -> dict:
    """The reference values of tests/data."""
    return json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())


@pytest.fixture
def second_order() -> Callable[..., list[float]]:
    """A check that a value converges to the exact one with second order."""

    def check(
        compute: Callable[[int], float],
        exact: float,
        levels: Sequence[int] = (20, 40, 80),
        finest: float = 1e-3,
        limit: float | None = None,
        window: tuple[float, float] = (1.85, 2.15),
    ) -> list[float]:
        """Compare `compute(level)` with `exact`; every level halves the mesh steps.

        Args:
            compute: level -> value.
            exact: the value for infinitely fine meshes; 0 for a norm of an error.
            levels: each twice the one before.
            finest: largest relative error on the finest mesh.
            limit: largest relative error of the value extrapolated from the last two meshes;
                default finest/10. It shows that the limit is the exact value, not one nearby.
            window: of the observed order between the last two meshes.
        """
        scale = exact or 1.0
        errors = [(compute(level) - exact) / scale for level in levels]
        order = observed_orders(errors)[-1]
        report = f"errors {errors}, orders {observed_orders(errors)}"
        assert abs(errors[-1]) <= finest, report
        assert window[0] <= order <= window[1], report
        extrapolated = (4.0 * errors[-1] - errors[-2]) / 3.0
        assert abs(extrapolated) <= (finest / 10.0 if limit is None else limit), report
        assert np.isfinite(errors).all()
        return errors

    return check
