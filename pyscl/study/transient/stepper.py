"""Time steps of one model: the formula of the core, its boundary values, and the step size."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pyscl import _core
from pyscl.discretize import FloatArray
from pyscl.errors import ConvergenceError
from pyscl.linear.choice import choose
from pyscl.polarization import has_polar_unknowns
from pyscl.postprocess.contacts import contact_dofs
from pyscl.solution import Solution
from pyscl.study.newton import (
    NewtonHistory,
    count_factors,
    progress_callback,
    read_iteration,
    unknown_name_of,
)
from pyscl.study.switching import longest_step
from pyscl.study.transient.options import TransientOptions
from pyscl.study.transient.restart import RestartPoint
from pyscl.study.transient.scales import bulk_minorities, potential_noise, relaxation_times
from pyscl.study.transient.trial import Trial
from pyscl.thin_interfaces import ELECTRIC

if TYPE_CHECKING:
    from pyscl.model import Model

Control = Literal["voltage", "current"]

_SAFETY = 0.9
_GROWTH = {1: 10.0, 2: 2.0}
_STABLE_GROWTH = 2.4  # variable-step BDF2 is stable below 1 + sqrt(2)
_SHRINK = 0.2
_AFTER_FAILURE = 0.25
_BDF2_ITERATIONS = 12  # a BDF2 step may have no solution in bounds; backward Euler then takes over
_LEAST_EXCURSION = 1e-3  # smaller signals are not followed more closely
_JUMP = 1e-5  # of the first step: time in which only the displacement follows a jump


class Stepper:
    """The state of a model in time, with one working contact under voltage or current control.

    Attributes:
        model: the model.
        options: accuracy and limits.
        control: what is given at the working contact.
        current: through the working contact in the last step [A/m] or [A], NaN before the first.
        next_step: proposal for the next step [s].
        counts: what was done: steps, rejected, iterations, factorisations, fallbacks, seconds.
        failed: number of rejected steps that did not converge.
    """

    def __init__(
        self,
        model: "Model",
        contact: str,
        reference: str | None,
        start: Solution,
        options: TransientOptions,
    ) -> None:
        """Prepare to go on from a state; `reference` None: voltages are absolute."""
        self._linear = choose(options.newton.linear_solver)
        self.model = model
        self.options = options
        self._d = model.discretized
        self._conditions = model.conditions
        self._contact, self._reference = contact, reference
        self._bias = dict(start.bias)
        self._terminals = {name: contact_dofs(model, name) for name in self._d.terminals}
        self._charge = start.charge_number
        self._rest = {
            name: self._conditions.contacts.electrode_voltage(name) for name in self._terminals
        }
        self._unit = self._d.scaling.time
        self._switches = has_polar_unknowns(model)
        self._electric = self._d.core.dof_carrier == ELECTRIC
        relaxation = max(relaxation_times(model), default=self._unit)
        self.first_step = options.first_step or options.fixed_step or 1e-3 * relaxation
        self._min_step = options.min_step or 1e-10 * self.first_step
        self._noise = potential_noise(model)
        self._integrators: dict[Control, _core.Transient] = {}
        self.control: Control = "voltage"
        # Time counts from the begin of a step of the protocol, in the core from the last sudden
        # change, so that short steps late keep their digits.
        self.begin_time = start.time or 0.0
        self._elapsed_before = 0.0
        self._latest: Trial | None = None
        self.current = np.nan
        self._excursion = 0.0  # how far the state has moved since the begin of the protocol step
        self._levels: tuple[list[float], list[FloatArray]] = ([0.0], [start.unknowns_for(model)])
        self.next_step = self.first_step
        self.history = start.history
        self.rates = start.rates if start.model is model else np.zeros(self._d.n_dofs)
        self.counts = dict.fromkeys(
            ("steps", "rejected", "iterations", "factorisations", "fallbacks"), 0
        ) | dict.fromkeys(("assembly_seconds", "factor_seconds", "solve_seconds"), 0.0)
        self.failed = 0
        self._use("voltage")
        self._load()

    # The present state.

    @property
    def time(self) -> float:
        """Time of the present state [s]."""
        return self.begin_time + self.elapsed

    @property
    def elapsed(self) -> float:
        """Time since the begin of the step of the protocol [s]."""
        return self._elapsed_before + self._unit * self._levels[0][-1]

    @property
    def unknowns(self) -> FloatArray:
        """Unknowns of the present state (n_dofs,) [scaled]."""
        return self._levels[1][-1]

    @property
    def solution(self) -> Solution:
        """The present state."""
        return Solution(
            self.model,
            self.unknowns,
            kind="transient",
            bias=self.bias(self.unknowns),
            history=self.history,
            time=self.time,
            rates=self.rates,
        )

    def bias(self, unknowns: FloatArray) -> dict[str, float]:
        """Return contact -> voltage added to its rest value [V]."""
        return {name: self._conditions.contacts.bias_of(name, unknowns) for name in self._terminals}

    def voltages(self, unknowns: FloatArray) -> dict[str, float]:
        """Return contact -> voltage against the reference [V]."""
        absolute = {n: self._rest[n] + volts for n, volts in self.bias(unknowns).items()}
        zero = absolute[self._reference] if self._reference else 0.0
        return {name: volts - zero for name, volts in absolute.items()}

    def currents(self, rates: FloatArray) -> dict[str, float]:
        """Return contact -> current into the model, displacement included [A/m] or [A]."""
        totals = {}
        for name, dofs in self._terminals.items():
            carried = sum(
                self._charge[k] * dofs.outflow(rates, k) for k in range(len(self.model.carriers))
            )
            totals[name] = float(dofs.charge(rates) + carried) * self._d.scaling.current
        return totals

    # Steps.

    def jump(self, voltage: float) -> Trial:
        """Change the voltage at once: phi follows, the carriers stay.

        Where Newton's method does not follow the whole jump it is made in parts.

        Returns:
            The short step in which it was done; its charge is `current * dt`.

        Raises:
            ConvergenceError: not even a thousandth of the jump could be made.
        """
        self._use("voltage")
        self.forget()
        elapsed, dt = self.elapsed, _JUMP * self.first_step
        reached = begin = self.voltages(self.unknowns)[self._contact]
        part, charge = voltage - begin, 0.0
        while True:
            target = voltage if abs(voltage - reached) <= 1.001 * abs(part) else reached + part
            trial = self._solve(dt, 1, target, displaced=True)
            if trial is None:
                part *= 0.5
                if abs(part) < 1e-3 * abs(voltage - begin):
                    raise self.failure(
                        f"the jump of the voltage to {voltage:.6g} V did not converge beyond "
                        f"{reached:.6g} V"
                    )
                continue
            self.accept(trial)
            reached, charge = target, charge + dt * trial.current
            self._elapsed_before = elapsed
            self._levels = ([0.0], [trial.unknowns])
            self.next_step = self.first_step
            self._load()
            if target == voltage:
                return replace(trial, current=charge / dt, error=0.0)

    def begin(self, *, continues: bool) -> None:
        """Note that a new step of the protocol begins.

        Errors count relative to what it moves, unless it only `continues` what the step before has
        begun.
        """
        self.begin_time, self._elapsed_before = self.time, 0.0
        self._levels = ([0.0], [self._levels[1][-1]])
        self.current = np.nan
        if not continues:
            self._excursion = 0.0

    def switch(self, control: Control) -> None:
        """Take over the control of the working contact; the past of the step size is forgotten."""
        self._use(control)
        self.forget()

    def forget(self) -> None:
        """Start anew after a sudden change: one past level, small steps."""
        self._elapsed_before = self.elapsed
        self._levels = ([0.0], [self._levels[1][-1]])
        self.next_step = self.first_step
        self._load()

    def trial(self, longest: float, value: Callable[[float], float]) -> Trial:
        """Solve for a step no longer than `longest` [s] that meets the tolerance.

        Args:
            longest: [s].
            value: function of the time since the begin of the step of the protocol [s]: voltage
                [V] or current [A/m or A] of the contact.

        Raises:
            ConvergenceError: the step would have to be too small; says where.
        """
        fixed = self.options.fixed_step
        dt = min(fixed or self.next_step, longest, self.options.max_step or np.inf)
        order = self._order(self.next_step)
        refused, failed = "", False
        resolution = 1e-13 * self._unit * self._levels[0][-1]
        while True:
            trial = self._solve(dt, order, value(self.elapsed + dt))
            if trial is not None and dt <= trial.longest and (trial.error <= 1.0 or fixed):
                return trial
            self.counts["rejected"] += 1
            if trial is None:
                # Targets of BDF2 may lie outside the bounds of the site fraction; those of
                # backward Euler never do.
                dt, order, failed = _AFTER_FAILURE * dt, 1, True
                self.failed += 1
                refused = "did not converge"
            elif dt > trial.longest:
                dt, failed = trial.longest, True
                refused = "passes over an instability of the polarization"
            else:
                dt *= self._factor(trial)
                refused = (
                    f"misses the tolerance of {self.options.tolerance:g}, most in "
                    f"{self._place(trial.worst_dof)},"
                )
            if dt < max(self._min_step, resolution) or (fixed and failed and dt < 1e-6 * fixed):
                raise self.failure(
                    f"a step at t = {self.time:.6g} s {refused} down to a length of {dt:.3g} s"
                )

    def prescribed(self, dt: float, value: float) -> Trial:
        """Solve for a step of given length [s], whatever its error.

        Where BDF2 does not converge backward Euler is tried.

        Raises:
            ConvergenceError: neither converges, or the polarization becomes unstable on the way.
        """
        refused = "did not converge"
        for order in range(self._order(dt), 0, -1):
            trial = self._solve(dt, order, value)
            if trial is not None and dt <= trial.longest:
                return trial
            if trial is not None:
                refused = "passes over an instability of the polarization"
            self.counts["rejected"] += 1
            self.failed += 1
        raise self.failure(
            f"the step of prescribed length {dt:.6g} s at t = {self.time:.6g} s {refused}"
        )

    def solve_step(self, dt: float, value: float, order: int) -> Trial | None:
        """Solve for a step of given length and order; None without convergence."""
        return self._solve(dt, min(order, len(self._levels[0])), value)

    def accept(self, trial: Trial) -> None:
        """Make a trial the present state."""
        if trial is not self._latest:  # the core holds another one
            again = self._solve(trial.dt, trial.order, trial.value)
            if again is None:
                raise self.failure(f"a step at t = {self.time:.6g} s did not converge")
            trial = again
        self._integrator.accept()
        self._levels = (list(self._integrator.times), list(self._integrator.states))
        self._excursion += trial.change
        self.current = trial.current
        self.rates = trial.rates
        if trial.newton is not None:
            self.history = self._history(trial.newton)
        self.counts["steps"] += 1
        self.next_step = trial.dt * self._factor(trial)

    def remaining_change(self, value: float) -> float | None:
        """Return the largest change still to come if the control stays as it is.

        Relative like the error; from one giant backward Euler step of a million times the elapsed
        time, which lands on the steady state of all that is faster, whatever the steps before
        were. None if it does not converge.
        """
        dt = 1e6 * max(self.elapsed, self._unit * 1e6, self.first_step)
        history = self.history
        trial = self._solve(dt, 1, value)
        self.history = history
        return None if trial is None else trial.change

    # Restart.

    def restart_point(self, scalars: Mapping[str, float]) -> RestartPoint:
        """Return what is needed to go on from here."""
        own = {
            "next_step": self.next_step,
            "current_control": float(self.control == "current"),
            "begin_time": self.begin_time,
            "elapsed_before": self._elapsed_before,
            "excursion": self._excursion,
            "current": self.current,
        } | {f"level_{k}": t for k, t in enumerate(self._levels[0])}
        return RestartPoint(
            np.array(self._levels[0]) * self._unit, np.array(self._levels[1]), {**scalars, **own}
        )

    def restore(self, point: RestartPoint) -> None:
        """Go on from a restart point."""
        self.begin_time = point.scalars["begin_time"]
        self._elapsed_before = point.scalars["elapsed_before"]
        # The scaled times to the last bit: the run then goes on exactly as it would have.
        times = [point.scalars[f"level_{k}"] for k in range(len(point.times))]
        self._levels = (times, list(point.unknowns))
        self._bias = self.bias(self.unknowns)
        self._integrators.clear()
        self._use("current" if point.scalars["current_control"] else "voltage")
        self._load()
        self.next_step = point.scalars["next_step"]
        self._excursion = point.scalars["excursion"]
        self.current = point.scalars["current"]

    # Inside.

    @property
    def _integrator(self) -> _core.Transient:
        return self._integrators[self.control]

    def _use(self, control: Control) -> None:
        self.control = control
        if control not in self._integrators:
            currents = {self._contact: 0.0} if control == "current" else {}
            self._integrators[control] = _core.Transient(
                self._conditions.transient(self._bias, self._contact, currents),
                self._d.node_rank,
                bulk_minorities(self.model),
                1.0 / self.options.potential_scale,
                self._noise,
                self._linear.back_end,
            )

    def _load(self) -> None:
        self._integrator.restore(self._levels[0], np.array(self._levels[1]))

    def _solve(
        self, dt: float, order: int, value: float, *, displaced: bool = False
    ) -> Trial | None:
        d, options = self._d, self.options
        newton_options = options.newton
        if order == 2:
            fewer = min(_BDF2_ITERATIONS, newton_options.max_iterations)
            newton_options = replace(newton_options, max_iterations=fewer)
        if self.control == "current":
            self._integrator.set_current(0, value / d.scaling.current)
        else:
            zero = 0.0
            if self._reference:
                zero = self._rest[self._reference] + self._bias.get(self._reference, 0.0)
            bias = value + zero - self._rest[self._contact]
            origin = self._conditions.contacts.origin(self._contact)
            terminal = d.terminal_dof(self._contact)
            self._integrator.set_fixed(terminal, origin + bias / d.scaling.potential)
        attempt = self._integrator.attempt(
            dt / self._unit,
            order,
            newton_options.control(phi_tolerance=self._noise),
            progress_callback(self.model, newton_options),
            displaced,
        )
        newton = attempt.newton
        self._count(newton)
        self._latest = None
        if not newton.converged:
            self.history = self._history(newton)
            return None
        rates = self._integrator.currents()
        moved = np.abs(newton.u - self.unknowns)[self._electric].max() / options.potential_scale
        change = max(attempt.rate * dt / self._unit, float(moved))
        size = min(max(self._excursion + change, _LEAST_EXCURSION), 1.0)
        self._latest = Trial(
            dt=dt,
            order=order,
            error=attempt.error / (options.tolerance * size),
            longest=longest_step(dt, attempt.switching, self._unit),
            change=change,
            rate=attempt.rate / self._unit,
            unknowns=newton.u,
            rates=rates,
            voltage=self.voltages(newton.u)[self._contact],
            current=value if self.control == "current" else self.currents(rates)[self._contact],
            value=value,
            worst_dof=attempt.worst_dof,
            newton=newton,
        )
        return self._latest

    def _order(self, next_step: float) -> int:
        """Return the order of the next step: 1 while the step grows faster than BDF2 allows."""
        times = self._levels[0]
        if self.options.order == 1 or len(times) < 3 or self._switches:
            return 1
        grows = next_step / self._unit > _STABLE_GROWTH * (times[-1] - times[-2])
        return 1 if grows and not self.options.fixed_step else 2

    def _factor(self, trial: Trial) -> float:
        """Return by how much the next step may differ from a trial."""
        wanted = _SAFETY * max(trial.error, 1e-12) ** (-1.0 / (trial.order + 1.0))
        return float(np.clip(wanted, _SHRINK, _GROWTH[trial.order]))

    def _count(self, newton: _core.NewtonResult) -> None:
        self.counts["iterations"] += len(newton.steps)
        self.counts["factorisations"] += sum(step.factorized for step in newton.steps)
        served = count_factors(
            (step.factorized, self._linear.served(step.solved_by)) for step in newton.steps
        )
        self.counts["fallbacks"] += served.total() - served[self._linear.name]
        for step in newton.steps:
            self.counts["assembly_seconds"] += step.assembly_seconds
            self.counts["factor_seconds"] += step.factor_seconds
            self.counts["solve_seconds"] += step.solve_seconds

    def _history(self, newton: _core.NewtonResult) -> NewtonHistory:
        return NewtonHistory(
            "transient",
            tuple(read_iteration(self.model, s, self._linear) for s in newton.steps),
            factor_entries=newton.factor_entries,
            converged=newton.converged,
            linear_solver=str(self._linear),
        )

    def _place(self, dof: int) -> str:
        """Return an unknown and where it is, in words."""
        name = unknown_name_of(self.model, dof)
        x, y = self.model.mesh.points[self._d.dof_node[dof]] * 1e9
        return f"'{name}' at ({x:.4g}, {y:.4g}) nm"

    def failure(self, what: str) -> ConvergenceError:
        """Return an error that says what failed and where Newton's method was."""
        where = ""
        if self.history.iterations:
            last = self.history.iterations[-1]
            x, y = last.worst_position
            where = (
                f"; the last Newton iteration changed '{last.worst_unknown}' by {last.update:.1e} "
                f"kT at ({x * 1e9:.4g}, {y * 1e9:.4g}) nm"
            )
        error = ConvergenceError(
            f"{what}{where}. The states before it are kept; loosen the current or the voltage "
            "step, or refine the mesh there",
            history=self.history,
        )
        error.last_good = self.solution
        return error
