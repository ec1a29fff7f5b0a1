"""Solve, estimate, mark, refine: until a quantity is as accurate as asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.adaptivity.curves import Curve
from pyscl.adaptivity.estimate import RESOLVED, Estimate
from pyscl.adaptivity.goal import goal_estimate
from pyscl.adaptivity.quantities import Quantity
from pyscl.adaptivity.recovery import recovery_estimate
from pyscl.adaptivity.refine import Refinement, refine, refine_edges
from pyscl.adaptivity.transfer import on_refined, prolonged
from pyscl.errors import InputError

if TYPE_CHECKING:
    from pyscl.mesh import Mesh
    from pyscl.model import Model
    from pyscl.solution import Solution

_REACHED = "reached"
_LEAST_SHARE = 0.1  # of the error that is marked in a step
_COARSER = 1.5  # times fewer nodes make another mesh
_OF_CORRECTION = 0.2  # error of a correction that is trusted
_UNRESOLVED_SHARE = 0.7  # of the unresolved charge that is marked in a step
_EQUAL = 1e-3  # relative difference of parts that are marked together
_REDUCTION = 0.75  # of the error of a triangle by cutting it into four


@dataclass(frozen=True)
class AdaptiveStep:
    """One mesh of the loop.

    Attributes:
        nodes: of the mesh.
        triangles: of the mesh.
        value: of the quantity [its unit].
        error: estimated, exact value minus value [unit of the value].
        newton_iterations: of the solve, from the solution before.
        seconds: for solve and estimate.
        unresolved: charge that the mesh does not resolve over the value, see `Resolution` [1].
    """

    nodes: int
    triangles: int
    value: float
    error: float
    newton_iterations: int
    seconds: float
    unresolved: float = 0.0

    @property
    def corrected(self) -> float:
        """The value plus its estimated error [unit of the value]."""
        return self.value + self.error

    @property
    def trusted(self) -> bool:
        """Whether the mesh resolves the charges well enough for the error to mean something."""
        return self.unresolved <= RESOLVED


@dataclass(frozen=True, eq=False)
class AdaptiveResult:
    """The solution on the last mesh and the way to it; `str(result)` is a plain-text table.

    Attributes:
        solution: on the last mesh.
        estimate: the last estimate.
        history: one row per mesh.
        value: of the quantity [its unit]: corrected if that was asked for.
        tolerance: that was asked for, relative to the value.
        reason: why the loop ended.
    """

    solution: "Solution"
    estimate: Estimate
    history: tuple[AdaptiveStep, ...]
    value: float
    tolerance: float
    reason: str

    @property
    def reached(self) -> bool:
        """Whether the tolerance was met."""
        return self.reason == _REACHED

    def __str__(self) -> str:
        e = self.estimate
        lines = [f"{e.name} [{e.unit}], tolerance {self.tolerance:g}: {self.reason}"]
        lines.append(f"{'nodes':>8} {'value':>16} {'error':>11} {'relative':>9} {'s':>6}")
        for row in self.history:
            relative = abs(row.error / row.value) if row.value else np.inf
            lines.append(
                f"{row.nodes:8d} {row.value:16.8e} {row.error:11.2e} {relative:9.1e} "
                f"{row.seconds:6.2f}{'' if row.trusted else '  not resolved'}"
            )
        return "\n".join(lines)


def adapt(
    model: "Model",
    quantity: Quantity | None = None,
    *,
    solve: "Callable[[Model, Solution | None], Solution] | None" = None,
    tolerance: float = 1e-3,
    max_nodes: int = 50_000,
    max_steps: int = 40,
    share: float = 0.4,
    stretch: float = 4.0,
    correct: bool = False,
    curves: Mapping[str, Curve] | None = None,
    rebuild: "Callable[[Mesh], Model] | None" = None,
) -> AdaptiveResult:
    """Refine the mesh of a model until a quantity is accurate, or the nodes are used up.

    The result says which: `reached` is False if the tolerance was not met.

    Args:
        model: on a coarse mesh with all names.
        quantity: what is to be accurate; None: the fields as a whole, by gradient recovery.
        solve: computes the state from a start (None at first); default: the equilibrium. Currents
            that are given count as the voltages found for them.
        tolerance: relative error at which the loop ends: the estimated one and the change of the
            corrected value from a mesh with clearly fewer nodes together. Both meshes must resolve
            the charges (`Estimate.trusted`); what they do not resolve is refined first.
        max_nodes: largest mesh; estimates of a quantity need four times as many for a moment.
        max_steps: largest number of meshes.
        share: of the error that is refined in a step, 0 to 1; small: fewer nodes, more steps.
        stretch: how much longer than wide triangles may become along layers; 1: shapes are kept.
        correct: whether the tolerance is for the corrected value, the value plus its estimated
            error, which needs far fewer nodes. It counts as accurate when the correction is at most
            five tolerances and its change from a mesh with clearly fewer nodes at most a half.
        curves: interface "a|b" or side -> the curve on which its nodes are put. Without, a polygon
            in place of a curve stays one: its error is neither refined nor part of the estimate.
        rebuild: makes the model on a refined mesh; needed only where fields of background charge
            shall be exact there.

    Raises:
        InputError: a tolerance, share or limit that makes no sense, or an unknown name.
        ConvergenceError: a solve failed.
    """
    _check(tolerance, max_nodes, max_steps, share)
    solve = solve or (lambda on, start: on.equilibrium(start))
    curves = dict(curves or {})
    start: Solution | None = None
    history: list[AdaptiveStep] = []
    while True:
        began = perf_counter()
        solution = solve(model, start)
        estimate = (
            recovery_estimate(solution)
            if quantity is None
            else goal_estimate(solution, quantity, curves=curves, rebuild=rebuild)
        )
        history.append(
            AdaptiveStep(
                nodes=model.mesh.n_points,
                triangles=model.mesh.n_triangles,
                value=estimate.value,
                error=estimate.error,
                newton_iterations=len(solution.history.iterations),
                seconds=perf_counter() - began,
                unresolved=estimate.unresolved,
            )
        )
        reason = _end(estimate, tolerance, correct, history, max_steps)
        if not reason:
            wanted = share if correct else _share_to_mark(share, tolerance, estimate)
            refinement = _refined(model, estimate, wanted, stretch, curves)
            if refinement.mesh.n_points > max_nodes:
                reason = f"stopped before the mesh had more than {max_nodes} nodes"
        if reason:
            value = estimate.corrected if correct else estimate.value
            return AdaptiveResult(solution, estimate, tuple(history), value, tolerance, reason)
        model = rebuild(refinement.mesh) if rebuild else on_refined(model, refinement)
        start = prolonged(solution, model, refinement)


def _refined(
    model: "Model", estimate: Estimate, share: float, stretch: float, curves: dict[str, Curve]
) -> Refinement:
    """Refine where the error comes from, at edges if their parts are known."""
    periodic = [pair.sides for pair in model.periodic]
    if estimate.edges is None:
        marks = bulk_marks(estimate.indicator, share)
        return refine(model.mesh, marks, curves=curves, periodic=periodic)
    marks = bulk_marks(estimate.edges, share)
    if estimate.resolution and not estimate.trusted:
        marks |= bulk_marks(estimate.resolution.edges, _UNRESOLVED_SHARE)
    return refine_edges(model.mesh, marks, stretch=stretch, curves=curves, periodic=periodic)


def bulk_marks(indicator: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    """Return the fewest triangles or edges (m,) that hold a share of the sum of all |indicator|.

    Those that equal the last of them up to a thousandth are marked, too: a row of equal edges along
    a layer is not cut in the middle because of rounding.

    W. Doerfler, SIAM J. Numer. Anal. 33 (1996) 1106.
    """
    size = np.abs(indicator)
    order = np.argsort(-size, kind="stable")
    held = np.cumsum(size[order])
    count = int(np.searchsorted(held, share * held[-1])) + 1
    least = size[order[min(count, len(size)) - 1]]
    return np.asarray((size > 0.0) & (size >= (1.0 - _EQUAL) * least))


def _share_to_mark(share: float, tolerance: float, estimate: Estimate) -> float:
    """Return the share that brings the error just below the tolerance, at most `share`."""
    if estimate.relative <= tolerance:
        return share
    needed = (1.0 - 0.9 * tolerance / estimate.relative) / _REDUCTION
    return max(_LEAST_SHARE, min(share, needed))


def _end(
    estimate: Estimate, tolerance: float, correct: bool, history: list[AdaptiveStep], limit: int
) -> str:
    """Return why the loop ends here, or an empty text.

    On a mesh that is much too coarse the estimate may be small by chance, or because all ions
    stick to the nodes of a wall. It counts only when the mesh resolves the charges and the
    corrected value agrees with that of a mesh with clearly fewer nodes that resolves them, too.
    """
    bound = tolerance / _OF_CORRECTION if correct else tolerance
    nodes = history[-1].nodes
    before = [row for row in history if row.trusted and _COARSER * row.nodes <= nodes]
    if before and estimate.trusted and estimate.relative <= bound:
        change = abs(history[-1].corrected - before[-1].corrected) / abs(estimate.value)
        if (change <= 0.5 * tolerance) if correct else (estimate.relative + change <= tolerance):
            return _REACHED
    if not np.abs(estimate.indicator).max() > 0.0:
        return "stopped: no triangle shows an error"
    return f"stopped after {limit} meshes" if len(history) >= limit else ""


def _check(tolerance: float, max_nodes: int, max_steps: int, share: float) -> None:
    if not 0.0 < tolerance < np.inf:
        raise InputError(f"the tolerance must be positive, not {tolerance}")
    if not 0.0 < share <= 1.0:
        raise InputError(f"the share to refine must lie above 0 and not above 1, not {share}")
    if max_nodes < 1 or max_steps < 1:
        raise InputError(f"max_nodes and max_steps must be >= 1, not {max_nodes}, {max_steps}")
