"""Limits of the charge of the left electrode for a mesh without end, by a code of its own.

Without inclusions the problem does not depend on y: finite volumes on a line, central in space
(second order), extrapolated from two grids. `python -m tests.benchmarks.reference` prints `LIMITS`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from .cases import CASES, SIDE, STEPS, TO_REST, Case

Array = NDArray[np.float64]

LIMITS: dict[str, dict[str, float]] = {
    "plain": {"steps": -563.0919, "rest": -1232.1456, "adaptive": -603.436},
    "steric": {"steps": -522.2053, "rest": -805.9069, "adaptive": -562.332},
    "incl": {"steps": -384.48, "rest": -884.74},
    "background": {"steps": -289.3967, "rest": -292.6608, "adaptive": -292.635},
}
"""Case -> task -> charge. "steps" is the limit in space alone, "adaptive" in space and time.

That with inclusions is extrapolated from two meshes (50k and 200k nodes, error ~ h^2): "steps" from
linear elements, "rest" from pyscl, so the last digit is uncertain.
"""


def limit(case: Case, task: str, points: int = 2000) -> float:
    """Return the charge of the left electrode, eps kT/e per metre of depth, for h -> 0."""
    coarse, fine = (_charge(case, task, n) for n in (points, 2 * points))
    return fine + (fine - coarse) / 3.0


def _charge(case: Case, task: str, points: int) -> float:
    if task != "adaptive":
        return _march(case, STEPS if task == "steps" else (*STEPS, *TO_REST), points)
    # Backward Euler with steps that grow like t^(3/4), extrapolated twice in their number.
    a, b, c = (_march(case, _graded_steps(n), points) for n in (100, 200, 400))
    once = (2.0 * b - a, 2.0 * c - b)
    return (4.0 * once[1] - once[0]) / 3.0


def _graded_steps(count: int) -> Array:
    return np.diff(sum(STEPS) * np.linspace(0.0, 1.0, count + 1) ** 4)


def _march(case: Case, steps: Sequence[float] | Array, points: int) -> float:
    """Return the charge per length of the electrode, times SIDE, after backward-Euler steps."""
    s = np.linspace(-1.0, 1.0, points)
    x = 0.5 * SIDE * (1.0 + np.sign(s) * (1.0 - _layer(1.0 - np.abs(s))))
    state = np.ones((points, 1 + len(case.charges)))
    state[:, 0] = 0.0
    state[0, 0], state[-1, 0] = -case.voltage / 2, case.voltage / 2
    for dt in steps:
        state = _step(case, x, state, dt)
    slope = (state[1, 0] - state[0, 0]) / (x[1] - x[0])
    rho = 0.5 * (state[0, 1:] @ np.array(case.charges, float) + case.fixed)
    return float(SIDE * (-slope - rho * 0.5 * (x[1] - x[0])))


def _layer(s: Array) -> Array:
    """Return 0...1 for 0...1, fine near 0."""
    return np.expm1(7.0 * s) / np.expm1(7.0)


def _step(case: Case, x: Array, before: Array, dt: float) -> Array:
    state = before.copy()
    for _ in range(60):
        residual, bands = _equations(case, x, state, before, dt)
        width = 2 * state.shape[1] - 1
        change = -solve_banded((width, width), bands, residual.ravel()).reshape(state.shape)
        c = state[:, 1:]
        # The unknown is ln(c/(1 - gamma c)), in steps of at most 2.
        room = 1.0 - case.gamma * c
        moved = change[:, 1:] / (c * room)
        ratio = c / room * np.exp(np.clip(moved, -2.0, 2.0))
        state[:, 1:] = ratio / (1.0 + case.gamma * ratio)
        state[:, 0] += change[:, 0]
        if max(np.abs(moved).max(), np.abs(change[:, 0]).max()) < 1e-9:
            return state
    raise RuntimeError("no convergence; take more points")


def _equations(case: Case, x: Array, state: Array, before: Array, dt: float) -> tuple[Array, Array]:
    """Return residuals (n, f) and their derivatives in the form of `solve_banded`."""
    n, f = state.shape
    h, volume = np.diff(x), np.gradient(x)
    volume[[0, -1]] = 0.5 * h[[0, -1]]
    slope = np.diff(state[:, 0]) / h
    z = np.array(case.charges, float)
    residual = np.zeros((n, f))
    blocks = np.zeros((3, n, f, f))  # d residual_i / d state_(i-1, i, i+1)

    def add_flux(k: int, flux: Array, left: Array, right: Array) -> None:
        """Add a flux of field k between neighbours, and its derivatives (n - 1, f) to both."""
        residual[:-1, k] += flux
        residual[1:, k] -= flux
        blocks[1, :-1, k] += left
        blocks[2, :-1, k] += right
        blocks[0, 1:, k] -= left
        blocks[1, 1:, k] -= right

    one = np.zeros((n - 1, f))
    one[:, 0] = 1.0 / h
    add_flux(0, -slope, one, -one)
    residual[:, 0] -= 0.5 * volume * (state[:, 1:] @ z + case.fixed)
    blocks[1, :, 0, 1:] -= 0.5 * volume[:, None] * z
    for k in range(1, f):
        mean, jump = 0.5 * (state[1:, k] + state[:-1, k]), np.diff(state[:, k]) / h
        room = 1.0 - case.gamma * mean
        left, right = np.zeros((n - 1, f)), np.zeros((n - 1, f))
        by_mean = -0.5 * (case.gamma * jump / room**2 + z[k - 1] * slope)
        left[:, k], right[:, k] = by_mean + 1.0 / (h * room), by_mean - 1.0 / (h * room)
        left[:, 0], right[:, 0] = z[k - 1] * mean / h, -z[k - 1] * mean / h
        add_flux(k, -(jump / room + z[k - 1] * mean * slope), left, right)
        residual[:, k] += volume * (state[:, k] - before[:, k]) / dt
        blocks[1, :, k, k] += volume / dt
    for i in (0, n - 1):  # the electrodes
        residual[i, 0] = 0.0
        blocks[:, i, 0] = 0.0
        blocks[1, i, 0, 0] = 1.0
    return residual, _bands(blocks)


def _bands(blocks: Array) -> Array:
    _, n, f, _ = blocks.shape
    width = 2 * f - 1
    bands = np.zeros((2 * width + 1, n * f))
    for side in range(3):
        for a in range(f):
            for b in range(f):
                row = np.arange(n) * f + a
                column = row - a + (side - 1) * f + b
                inside = (column >= 0) & (column < n * f)
                bands[width + row[inside] - column[inside], column[inside]] = blocks[
                    side, inside, a, b
                ]
    return bands


if __name__ == "__main__":
    for name, case in CASES.items():
        if not case.inclusions:
            for task in ("steps", "rest", "adaptive"):
                print(name, task, f"{limit(case, task):.6f}", flush=True)
