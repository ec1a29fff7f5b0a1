"""One state of a model: Newton's method, and the way of the polarization to rest.

Without ferroelectric regions a state is one solve. The polarization P of a ferroelectric has
several states of rest, and some balances of its forces are unstable. P therefore follows its own
dissipation in pseudo-time, viscosity dP/dt = -dF/dP, by backward Euler, everything else being
solved with it at once, with steps as long as `switching` allows. When the forces are in balance a
last step is infinite. Then the slowest mode of P around the state is computed; an unstable state
is left along that mode.
"""

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from pyscl import _core
from pyscl.linear.choice import choose
from pyscl.materials.polarization import Landau
from pyscl.polarization import POLAR
from pyscl.study.newton import Iteration, NewtonHistory, progress_callback, read_iteration
from pyscl.study.switching import SAFE, SWITCHING, longest_step

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.study.newton import SolverOptions

FloatArray = NDArray[np.float64]

_RESTING = 1e-3  # change of P from which on the step grows fast
_KICKS, _KICK = 8, 0.05
_SMALL = 16  # unknowns below which all modes are computed
_FEW = 12  # iterations to a state that is near
_MANY = 40  # iterations of a step; a shorter one needs less
_BALANCED = 1e-9  # forces on P, over what makes the fastest instability
_NEUTRAL = 1e-6  # rate of an instability, over the fastest, that does not count: a wall that is
# as good in one place as in another
_FROZEN = 1e9  # rate that holds P, over that of the fastest instability


class State(NamedTuple):
    """A solved state: unknowns (n_dofs,) [scaled], whether it converged, and why not."""

    u: FloatArray
    converged: bool
    reason: str


class StateSolver:
    """Solves the assemblies of a model one after the other and keeps count.

    Attributes:
        iterations: of Newton's method, over all solves.
        factor_entries: entries of the last factors.
        polarization_steps: steps of pseudo-time of the polarization.
        relaxation_rate: rate of the slowest mode of the polarization around the last state
            [1/s], positive if it is stable; None without ferroelectric regions or result.
    """

    def __init__(self, model: "Model", options: "SolverOptions") -> None:
        """Prepare for a model.

        Raises:
            InputError: the linear solver of the options is not there.
        """
        self._linear = choose(options.linear_solver)
        self._model = model
        self._options = options
        self._core = model.discretized.core
        self._newton: dict[_core.Balance, _core.NewtonIteration] = {}
        self._progress = progress_callback(model, options)
        self._polar = np.flatnonzero(self._core.dof_carrier == POLAR)
        self._polar_scales = polar_scales(model)
        self._fastest = self._polar_scales.fastest
        self._mode: FloatArray | None = None
        self.iterations: list[Iteration] = []
        self.factor_entries = 0
        self.polarization_steps = 0
        self.relaxation_rate: float | None = None

    def history(self, kind: str, *, converged: bool, bias_steps: int = 1) -> NewtonHistory:
        """Return what all solves did."""
        return NewtonHistory(
            kind,
            tuple(self.iterations),
            bias_steps,
            self.factor_entries,
            converged,
            self.polarization_steps,
            self.relaxation_rate,
            str(self._linear),
        )

    def solve(self, assembly: _core.Assembly, u: FloatArray, patience: int | None = None) -> State:
        """Solve from a state, with the polarization at rest in the end.

        Gives up after `patience` factorised iterations where no polarization moves; None: those of
        the options.
        """
        if not len(self._polar):
            assembly.start_from(u)
            return self._once(assembly, u, patience)
        return self._relax(assembly, u)

    def follow(self, assembly: _core.Assembly, u: FloatArray) -> FloatArray:
        """Return the response of u (n_dofs,) [scaled] in first order to moved boundary values."""
        assembly.start_from(u, _FROZEN * max(self._fastest, 1.0))
        control = self._options.control()
        result = self._newton_of(assembly).follow(assembly, u, control, self._progress)
        self.iterations += [read_iteration(self._model, s, self._linear) for s in result.steps]
        result.u[self._kept] = u[self._kept]
        return result.u

    def solve_frozen(self, assembly: _core.Assembly, u: FloatArray) -> State:
        """Solve from a state whose polarization and memory stay."""
        assembly.start_from(u, _FROZEN * max(self._fastest, 1.0))
        state = self._once(assembly, u)
        state.u[self._kept] = u[self._kept]
        return state

    @property
    def _kept(self) -> NDArray[np.bool_]:
        return np.asarray(self._core.dof_carrier <= POLAR)

    def _once(self, assembly: _core.Assembly, u: FloatArray, patience: int | None = None) -> State:
        """Solve once, giving up after so many iterations; None: those of the options."""
        control = self._options.control(max_iterations=patience)
        result = self._newton_of(assembly).solve(assembly, u, control, self._progress)
        self.iterations += [read_iteration(self._model, s, self._linear) for s in result.steps]
        self.factor_entries = result.factor_entries
        return State(result.u, result.converged, result.reason)

    def _newton_of(self, assembly: _core.Assembly) -> _core.NewtonIteration:
        balance = assembly.balance
        if balance not in self._newton:
            self._newton[balance] = _core.NewtonIteration(
                self._model.discretized.node_rank, self._linear.back_end
            )
        return self._newton[balance]

    def _nearby(self, assembly: _core.Assembly, u: FloatArray) -> FloatArray | None:
        """Return the state of rest beside u, by an infinite step; None if there is none."""
        assembly.start_from(u, 0.0)
        state = self._once(assembly, u, _FEW)
        if not state.converged or _core.switching(self._core, u, state.u).change > SWITCHING:
            return None
        return state.u

    def _relax(self, assembly: _core.Assembly, u: FloatArray) -> State:
        nearby = self._nearby(assembly, u)  # the common case in a loop
        if nearby is not None:
            slowest = self._slowest_mode(assembly, nearby)
            if slowest is not None and slowest[0] > 0.0:
                self.polarization_steps += 1
                return State(nearby, True, "")
        safe = self._fastest / SAFE
        rate, kicks = safe, 0
        lowest, floor = 1e-6 * safe, 0.0
        patience = self._options.max_iterations
        steps = self._options.max_polarization_steps
        for _ in range(steps):
            assembly.start_from(u, rate)
            state = self._once(assembly, u, patience)
            if not state.converged:
                if rate > _FROZEN * max(safe, 1.0):
                    return state
                # back to the last step that was good, and longer again only little by little
                floor = rate = max(16.0 * rate, lowest)
                continue
            moved = _core.switching(self._core, u, state.u)
            longest = longest_step(1.0 / rate, moved)
            if np.isfinite(longest) and rate < 1e3 * safe:
                rate = max(1.0 / longest, lowest)
                continue
            u, floor, patience = state.u, 0.25 * floor, _MANY
            self.polarization_steps += 1
            if moved.change * rate <= _BALANCED * safe:
                nearby = self._nearby(assembly, u)
                u = u if nearby is None else nearby
                slowest = self._slowest_mode(assembly, u)
                if slowest is None or slowest[0] > -_NEUTRAL * safe:
                    return State(u, True, "")
                if kicks == _KICKS:
                    return State(u, False, "the polarization does not come to a stable rest")
                kicks += 1
                u = u + _KICK * slowest[1]
                rate = safe
            elif moved.change < _RESTING:
                rate = max(rate / 16.0, floor, lowest)
            elif moved.change < SWITCHING:
                rate = max(0.5 * rate, floor, lowest)
        return State(u, False, f"the polarization still moves after {steps} steps of pseudo-time")

    def _slowest_mode(
        self, assembly: _core.Assembly, u: FloatArray
    ) -> tuple[float, FloatArray] | None:
        """Return rate (scaled) and shape of the slowest mode of P, its largest part one scale.

        With K the electrostatics, the carriers following, and B the coupling, the modes are those
        of (F + B K^-1 B^T) x = rate M x, M = viscosity times volume. Under current the operator is
        not symmetric, and the real part of the rate counts. None where there is no result.
        """
        from scipy.sparse.linalg import ArpackError, LinearOperator, eigs, eigsh

        self.relaxation_rate = None
        d = self._model.discretized
        shift = 1.1 * self._fastest + 1e-3 * max(self._fastest, 1e-6)
        assembly.start_from(u, shift)
        _, values, rows, begins = assembly.residual_and_jacobian(u)
        order = _core.elimination_order(assembly, d.node_rank)
        solver = _core.LinearSolver(rows, begins, order, self._linear.back_end)
        if not solver.factorize(values):
            return None
        free = assembly.free_of_dof[self._polar]
        dofs = self._polar[free >= 0]
        # P on periodic sides is one unknown of two sites
        free, unknown = np.unique(free[free >= 0], return_inverse=True)
        root = np.sqrt(np.bincount(unknown, self._polar_scales.friction[dofs]))
        right = np.zeros(len(begins) - 1)

        def apply(y: FloatArray) -> FloatArray:
            right[free] = root * y.ravel()
            return root * solver.solve(right)[free]

        if not len(free):
            return None
        operator = LinearOperator((len(free),) * 2, matvec=apply, dtype=np.float64)
        start = self._mode  # that of the state before is near in a loop
        if start is None or len(start) != len(free):
            start = np.random.default_rng(0).standard_normal(len(free))
        symmetric = assembly.balance == _core.Balance.equilibrium
        find, which = (eigsh, "LA") if symmetric else (eigs, "LR")
        if len(free) <= _SMALL:
            values, vectors = np.linalg.eig(operator @ np.eye(len(free)))
            value, vector = values[[values.real.argmax()]], vectors[:, [values.real.argmax()]]
            tolerances: tuple[float, ...] = ()
        else:
            tolerances = (1e-4, 1e-9)
        try:
            for tolerance in tolerances:  # the second only where the first cannot tell the sign
                value, vector = find(operator, k=1, which=which, v0=start, tol=tolerance)
                self._mode = start = vector[:, 0].real
                if abs(float((1.0 / value[0]).real) - shift) > tolerance * shift:
                    break
        except ArpackError:  # stays without a result, as it may for rates that lie close together
            return None
        rate = float((1.0 / value[0]).real) - shift
        self.relaxation_rate = rate / d.scaling.time
        mode = np.zeros_like(u)
        mode[dofs] = (vector[:, 0].real / root)[unknown]
        mode /= np.abs(mode[dofs] / self._polar_scales.scale[dofs]).max()
        return rate, mode


def core_law(model: "Model", region: str) -> _core.LandauPolarization | None:
    """Return the compiled Landau law of a region, None if it has another one."""
    from pyscl.polarization import core_polarization

    law = core_polarization(model.materials[region], model.discretized.scaling)
    return law if isinstance(law, _core.LandauPolarization) else None


class PolarScales(NamedTuple):
    """What the way of the polarization to rest is measured in, scaled.

    Attributes:
        fastest: [scaled] rate of the fastest growing uniform change of P; where nothing grows, a
            thousandth of the rate at which P decays; 0 without ferroelectrics.
        friction: viscosity times volume of every dof of P, else 0 (n_dofs,).
        scale: of P at its dofs [scaled], else 1 (n_dofs,).
    """

    fastest: float
    friction: FloatArray
    scale: FloatArray


_SCALES: "WeakKeyDictionary[Model, PolarScales]" = WeakKeyDictionary()


def polar_scales(model: "Model") -> PolarScales:
    """Return the scales of a model, computed once for all solves of it."""
    if model not in _SCALES:
        d = model.discretized
        friction, scale, rates = np.zeros(d.n_dofs), np.ones(d.n_dofs), [0.0]
        for number, region in enumerate(model.mesh.region_names):
            law = core_law(model, region)
            if law is None:
                continue
            rates.append(_fastest_instability(model, region, law))
            sites = np.flatnonzero(d.site_region == number)
            for component in range(2):
                dofs = d.site_polar[sites] + component
                friction[dofs] = law.viscosity * d.site_volume[sites]
                scale[dofs] = law.scale
        _SCALES[model] = PolarScales(max(rates), friction, scale)
    return _SCALES[model]


def _fastest_instability(model: "Model", region: str, law: _core.LandauPolarization) -> float:
    scaling, material = model.discretized.scaling, model.materials[region]
    assert isinstance(material.polarization, Landau)
    polynomial = material.polarization.polynomial(model.temperature)
    p = np.linspace(0.0, 1.5, 61) * polynomial.scale()
    softest = float(np.linalg.eigvalsh(polynomial.stiffness(*np.meshgrid(p, p))).min())
    least = 1e-3 * float(np.abs(polynomial.stiffness(0.0, 0.0)).max())
    unit = scaling.surface_charge / (scaling.field * law.viscosity)
    return max(-softest, least) * unit
