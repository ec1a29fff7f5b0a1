"""Options, history and failure report of Newton's method."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pyscl import _core
from pyscl.errors import ConvergenceError
from pyscl.linear.back_end import BackEnd
from pyscl.linear.choice import BUILT_IN, LinearSolver, LinearSolverName, check_name, choose
from pyscl.polarization import POLAR

if TYPE_CHECKING:
    from pyscl.model import Model


@dataclass(frozen=True)
class SolverOptions:
    """Tolerances and limits of a solve.

    Attributes:
        tolerance: on the largest change of potentials per iteration [kT/e].
        max_iterations: factorised Newton iterations before a solve counts as failed.
        outward_limit: largest change of a chemical potential away from half filling in one
            iteration [kT].
        smallest_bias_step: share of the bias below which the continuation gives up.
        max_polarization_steps: steps of pseudo-time in which the polarization of ferroelectric
            regions must come to rest.
        progress: called after every Newton iteration with (iteration, `Iteration`).
        linear_solver: which factorises: "built-in", "pardiso", "mumps", "auto", or a
            `pyscl.linear.BackEnd`; see `pyscl.linear.choose`.
    """

    tolerance: float = 1e-9
    max_iterations: int = 100
    outward_limit: float = 5.0
    smallest_bias_step: float = 1e-3
    max_polarization_steps: int = 2000
    progress: "Callable[[int, Iteration], None] | None" = None
    linear_solver: LinearSolverName | BackEnd = BUILT_IN

    def __post_init__(self) -> None:
        """Refuse a solver without a meaning.

        Raises:
            InputError: names the solvers.
        """
        check_name(self.linear_solver)

    def control(
        self, phi_tolerance: float = 0.0, max_iterations: int | None = None
    ) -> _core.NewtonControl:
        """Return the options of the core.

        Args:
            phi_tolerance: [kT/e], if phi is rounded that much.
            max_iterations: fewer iterations than the options allow.
        """
        most = min(self.max_iterations, max_iterations or self.max_iterations)
        return _core.NewtonControl(self.tolerance, most, self.outward_limit, phi_tolerance)


@dataclass(frozen=True)
class Iteration:
    """One Newton iteration.

    Attributes:
        potential_update: largest change of the electric potential [kT/e].
        chemical_update: largest change of mu - z e phi [kT], before damping.
        polarization_update: largest change of the polarization as an unknown, over its scale.
        residual: largest residual before the iteration, in scaled units.
        damping: accepted share of the step (equilibrium), or share of the carrier sites that were
            not damped (steady).
        worst_unknown: "phi", "mu_<carrier>" or "P", the unknown with the largest change.
        worst_position: its place (x, y) [m].
        assembly_seconds: time for residual and Jacobian.
        factor_seconds: time for the factorisation.
        solve_seconds: time for the solution.
        factorised: whether the Jacobian was factorised anew; close to the solution the factors of
            an earlier iteration serve.
        solved_by: whose factors served: the chosen linear solver, or one it fell back on because
            it found the matrix singular or missed the residual: "built-in", "built-in, free
            pivots".
    """

    potential_update: float
    chemical_update: float
    residual: float
    damping: float
    worst_unknown: str
    worst_position: tuple[float, float]
    assembly_seconds: float
    factor_seconds: float
    solve_seconds: float
    polarization_update: float = 0.0
    factorised: bool = True
    solved_by: str = BUILT_IN

    @property
    def update(self) -> float:
        """The largest of the updates [kT, or scale of the polarization]."""
        return max(self.potential_update, self.chemical_update, self.polarization_update)


@dataclass(frozen=True)
class NewtonHistory:
    """What a solve did, iteration by iteration.

    Attributes:
        kind: "equilibrium" or "steady".
        iterations: the Newton iterations, over all continuation steps.
        bias_steps: number of converged continuation steps (1: the full bias in one step).
        factor_entries: entries of the matrix factors.
        converged: whether the tolerance was met.
        polarization_steps: steps in which the polarization of ferroelectric regions came to rest.
        relaxation_rate: rate of the slowest mode of that polarization around the state [1/s],
            positive if the state is stable; None if it was not computed.
        linear_solver: name and version of the chosen linear solver.
    """

    kind: str
    iterations: tuple[Iteration, ...]
    bias_steps: int = 1
    factor_entries: int = 0
    converged: bool = True
    polarization_steps: int = 0
    relaxation_rate: float | None = None
    linear_solver: str = BUILT_IN

    @property
    def factorisations(self) -> int:
        """Number of factorised Jacobians."""
        return sum(i.factorised for i in self.iterations)

    @property
    def solved_by(self) -> dict[str, int]:
        """Number of factorised Jacobians by the solver whose factors served in the end.

        A Jacobian whose old factors serve no longer, so that another solver factorises it again,
        counts for both.
        """
        return dict(count_factors((i.factorised, i.solved_by) for i in self.iterations))

    def __str__(self) -> str:
        count = f"{len(self.iterations)} Newton iterations, {self.factorisations} factorised"
        lines = [f"{self.kind}: {count}"]
        lines += [
            f"  {k:3d}  |dphi| {i.potential_update:8.1e}  |deta| {i.chemical_update:8.1e}  "
            f"residual {i.residual:8.1e}  damping {i.damping:5.3f}  worst {i.worst_unknown}"
            for k, i in enumerate(self.iterations, start=1)
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and texts for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "NewtonHistory":
        """Build from what `to_dict` returned."""
        iterations = tuple(
            Iteration(**{**i, "worst_position": tuple(i["worst_position"])})
            for i in data["iterations"]
        )
        return cls(**{**data, "iterations": iterations})


def count_factors(steps: Iterable[tuple[bool, str]]) -> Counter[str]:
    """Return how many factors served, by solver.

    Args:
        steps: of every Newton iteration, whether the Jacobian was factorised, and whose factors
            served in the end. Where that changes without a new Jacobian, an earlier one was
            factorised again.
    """
    counted: Counter[str] = Counter()
    before = None
    for factorised, by in steps:
        counted[by] += factorised or by != before
        before = by
    return +counted


def read_iteration(model: "Model", step: _core.NewtonStep, solver: LinearSolver) -> Iteration:
    """Translate what the core recorded into names and SI units."""
    core = model.discretized.core
    x, y = model.mesh.points[core.dof_node[step.worst_dof]]
    return Iteration(
        potential_update=step.phi_update,
        chemical_update=step.eta_update,
        residual=step.residual,
        damping=step.damping,
        worst_unknown=unknown_name_of(model, step.worst_dof),
        worst_position=(float(x), float(y)),
        assembly_seconds=step.assembly_seconds,
        factor_seconds=step.factor_seconds,
        solve_seconds=step.solve_seconds,
        polarization_update=step.polar_update,
        factorised=step.factorized,
        solved_by=solver.served(step.solved_by),
    )


def unknown_name_of(model: "Model", dof: int) -> str:
    """Return "phi", "mu_<carrier>" or "P"."""
    number = int(model.discretized.core.dof_carrier[dof])
    return "P" if number == POLAR else "phi" if number < 0 else f"mu_{model.carriers[number]}"


def progress_callback(
    model: "Model", options: SolverOptions
) -> Callable[[_core.NewtonStep], None] | None:
    """Return the callback for the core, or None if nobody listens."""
    progress = options.progress
    if progress is None:
        return None
    count = 0
    solver = choose(options.linear_solver)

    def report(step: _core.NewtonStep) -> None:
        nonlocal count
        count += 1
        progress(count, read_iteration(model, step, solver))

    return report


def failure(
    model: "Model", history: NewtonHistory, reason: str, tolerance: float, advice: str
) -> ConvergenceError:
    """Build the error of a failed solve: what happened, where, and what to try."""
    where = ""
    if history.iterations:
        last = history.iterations[-1]
        x, y = last.worst_position
        node = int(np.argmin(np.hypot(*(model.mesh.points - [x, y]).T)))
        touching = np.unique(model.mesh.region[(model.mesh.triangles == node).any(axis=1)])
        regions = ", ".join(model.mesh.region_names[r] for r in touching)
        where = (
            f", last update {last.update:.1e} kT (tolerance {tolerance:.0e}), largest in "
            f"'{last.worst_unknown}' at ({x * 1e9:.4g}, {y * 1e9:.4g}) nm in region {regions}"
        )
    return ConvergenceError(
        f"{history.kind} stopped after {len(history.iterations)} Newton iterations: "
        f"{reason}{where}. {advice}",
        history=history,
    )
