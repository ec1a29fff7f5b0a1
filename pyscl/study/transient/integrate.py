"""Carrying out a protocol: steps, limits, saved states, checkpoints."""

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pyscl.errors import ConvergenceError, InputError
from pyscl.facets import facet_measure
from pyscl.protocol import Protocol, format_step
from pyscl.solution import Solution
from pyscl.study.transient.clock import Clock
from pyscl.study.transient.drive import Drive, make_drive
from pyscl.study.transient.exhaustion import exhausted
from pyscl.study.transient.interrupts import Interrupts
from pyscl.study.transient.limits import Threshold, thresholds
from pyscl.study.transient.options import TransientOptions
from pyscl.study.transient.recording import Recorder, StepRecord
from pyscl.study.transient.stepper import Control, Stepper
from pyscl.study.transient.trial import Trial
from pyscl.trajectory import Stop, Trajectory
from pyscl.units import write

if TYPE_CHECKING:
    from pyscl.model import Model

_SAME_VOLTAGE = 1e-6  # V; a smaller change is no jump
_STEADY_AFTER = 100.0  # first steps; between two looks the time grows fourfold
_LOOK_AGAIN = 4.0
_STILL = 1e-4  # of the change that counts as steady: a step that moves less moves nothing
_VAIN = 30  # such steps, whose longer ones did not converge, before the wait is given up


class Integration:
    """One run through a protocol; `trajectory` is what it has so far."""

    def __init__(
        self,
        model: "Model",
        protocol: Protocol,
        contact: str,
        reference: str | None,
        start: Solution,
        options: TransientOptions,
        resume: Trajectory | None = None,
    ) -> None:
        """Prepare; `resume` is a checkpoint of the same calculation."""
        self._model, self._protocol, self._options = model, protocol, options
        self._contact, self._reference = contact, reference
        self._area = float(facet_measure(model, model.mesh.facets_of(contact)).sum())
        self._stepper = Stepper(model, contact, reference, start, options)
        self._clock = Clock(self._stepper, options)
        self._recorder = Recorder(
            model, contact, reference, previous=resume.series if resume else None
        )
        self._solutions: list[Solution] = list(resume.solutions) if resume else []
        self._stops: list[Stop] = list(resume.stops) if resume else []
        self._interrupts = Interrupts()
        self._reason = "running"
        self._complete = False
        self._output_seconds = 0.0
        self._last_checkpoint = time.monotonic()
        self._begin_voltage = self._voltage
        self._held: tuple[Control, float] = ("voltage", self._begin_voltage)
        self._cycle, self._number = 1, 1
        self._fresh = True  # at the begin of a step of the protocol
        self._over = False
        self._resumed = resume is not None
        if resume is not None:
            self._resume(resume)

    def run(self) -> Trajectory:
        """Carry out the protocol, or what is left of it.

        Raises:
            ConvergenceError: a step failed; `error.trajectory` is what there is.
            KeyboardInterrupt: interrupted; the checkpoint is written first.
        """
        try:
            with self._interrupts:
                if not self._resumed:
                    self._record(None, None)
                for cycle, number, step in self._remaining():
                    self._cycle, self._number = cycle, number
                    if self._fresh:
                        self._begin_voltage = self._voltage
                    drive = make_drive(
                        step,
                        voltage=self._begin_voltage,
                        held=self._held,
                        area=self._area,
                        capacity=self._options.capacity,
                    )
                    reason, goes_on = self._carry_out(drive)
                    self._held = (drive.control, drive.value(self._stepper.elapsed))
                    self._fresh = True
                    self._stops.append(
                        Stop(number, cycle, format_step(step), reason, self._stepper.time)
                    )
                    if self._options.save == "steps" or not goes_on:
                        self._save()
                    if not goes_on:
                        self._over = True
                        self._reason = f"{format_step(step)}: {reason}"
                        return self._finish()
                self._interrupts.check()
        except ConvergenceError as error:
            self._reason = str(error)
            error.trajectory = self._finish()
            raise
        except KeyboardInterrupt:
            self._reason = "interrupted"
            self._checkpoint()
            raise
        self._reason, self._complete, self._over = "end of the protocol", True, True
        return self._finish()

    @property
    def trajectory(self) -> Trajectory:
        """What there is so far."""
        counts = {**self._stepper.counts, "output_seconds": self._output_seconds}
        scalars = {
            "cycle": self._cycle,
            "step": self._number,
            "begin_voltage": self._begin_voltage,
            "fresh": float(self._fresh),
            "held_current": float(self._held[0] == "current"),
            "held": self._held[1],
        }
        return Trajectory(
            model=self._model,
            series=self._recorder.series,
            solutions=tuple(self._solutions),
            stops=tuple(self._stops),
            complete=self._complete,
            reason=self._reason,
            restart=None if self._over else self._stepper.restart_point(scalars),
            counts=counts,
            settings=settings(self._protocol, self._contact, self._reference, self._options),
        )

    # The protocol.

    def _remaining(self) -> Iterator[tuple[int, int, Any]]:
        for cycle in range(1, self._protocol.cycles + 1):
            for number, step in enumerate(self._protocol.steps, start=1):
                done = (cycle, number) < (self._cycle, self._number)
                finished = self._fresh and any(
                    (s.cycle, s.step) == (cycle, number) for s in self._stops
                )
                if not (done or finished):
                    yield cycle, number, step

    def _carry_out(self, drive: Drive) -> tuple[str, bool]:
        """Integrate one step of the protocol; return why it ended, and whether to go on."""
        stepper, clock = self._stepper, self._clock
        resumed = not self._fresh
        if self._fresh:
            self._apply(drive)
            self._fresh = False
        if not drive.lasts:
            return f"voltage is {write(float(f'{self._voltage:.9g}'), 'V')}", True
        watched = thresholds(
            drive.limits,
            self._model,
            start=self._begin_voltage,
            direction=float(np.sign(drive.value(0.0))) if drive.control == "current" else 0.0,
            area=self._area,
            capacity=self._options.capacity,
        )
        before = [t.excess(self._present()) for t in watched]
        for threshold, excess in zip(watched, before, strict=True):
            if resumed and excess >= -threshold.accuracy:
                return threshold.reason, True
            if excess > threshold.accuracy:
                return f"{threshold.reason} (already at the start)", True
        if resumed and drive.end is not None and clock.passed(drive.end):
            return _time_over(drive.end), True
        look = _STEADY_AFTER * stepper.first_step
        vain = 0
        while True:
            self._interrupts.check()
            failed = stepper.failed
            try:
                trial = self._next(drive)
            except ConvergenceError:
                reason = exhausted(self._model, stepper.solution)
                if drive.control == "current" and reason:
                    return reason, False
                raise
            met = None
            for k, threshold in enumerate(watched):
                if threshold.excess(trial) > threshold.accuracy:
                    trial = self._locate(threshold, trial, before[k], drive)
                if threshold.excess(trial) >= -threshold.accuracy:
                    met = threshold.reason
            before = [t.excess(trial) for t in watched]
            stepper.accept(trial)
            if met is None and drive.end is not None and clock.passed(drive.end):
                met = _time_over(drive.end)
            self._record(trial, met)
            low, high = self._options.voltage_window
            if not low < trial.voltage < high:
                reason = exhausted(self._model, stepper.solution)
                window = f"voltage {trial.voltage:.4g} V left the window {low:g} ... {high:g} V"
                return (f"{reason}; {window}" if reason else window), False
            if met is not None:
                return met, True
            if any(clock.meets(corner) for corner in drive.corners):
                stepper.forget()
            if trial.change > _STILL * self._options.steady:
                vain = 0
            elif drive.end is None and stepper.failed > failed:
                vain += 1
                if vain >= _VAIN:
                    raise stepper.failure(
                        f"the state at t = {stepper.time:.6g} s changes no more, but no longer "
                        f"step than {trial.dt:.3g} s converges, which would show that it is steady"
                    )
            if (drive.until_steady or drive.end is None) and stepper.elapsed >= look:
                look = _LOOK_AGAIN * stepper.elapsed
                left = self._change_left(trial, drive)
                if left is not None and left < self._options.steady:
                    if drive.until_steady:
                        return "steady", True
                    return f"steady before {drive.wanted}", False
            self._checkpoint_now_and_then()

    def _next(self, drive: Drive) -> Trial:
        """Solve for the next time step of a drive."""
        stepper, clock = self._stepper, self._clock
        length = clock.prescribed_length()
        if length is None:
            return stepper.trial(clock.longest_step(drive), drive.value)
        return stepper.prescribed(length, drive.value(stepper.elapsed + length))

    def _apply(self, drive: Drive) -> None:
        """Put the working contact under the control of a drive."""
        self._stepper.begin(continues=drive.continues)
        if drive.jump is not None and abs(drive.jump - self._voltage) > _SAME_VOLTAGE:
            self._record(self._stepper.jump(drive.jump), "jump")
        else:
            self._stepper.switch(drive.control)

    def _change_left(self, trial: Trial, drive: Drive) -> float | None:
        """Return the change still to come; None while it is not worth a look."""
        elapsed = self._stepper.elapsed
        if trial.rate * elapsed > 10.0 * self._options.steady:
            return None
        return self._stepper.remaining_change(drive.value(elapsed))

    def _locate(self, threshold: Threshold, beyond: Trial, before: float, drive: Drive) -> Trial:
        """Return the step that ends where a threshold is reached: false position (Illinois)."""
        now = self._stepper.elapsed
        a, fa = 0.0, before if np.isfinite(before) and before < 0.0 else -threshold.excess(beyond)
        b, fb, trial = beyond.dt, threshold.excess(beyond), beyond
        for _ in range(40):
            if abs(threshold.excess(trial)) <= threshold.accuracy or b - a <= 1e-13 * beyond.dt:
                break
            dt = (a * fb - b * fa) / (fb - fa)
            tried = self._stepper.solve_step(dt, drive.value(now + dt), beyond.order)
            if tried is None:
                break
            trial, f = tried, threshold.excess(tried)
            if f > 0.0:
                b, fb, fa = dt, f, 0.5 * fa
            else:
                a, fa, fb = dt, f, 0.5 * fb
        if threshold.excess(trial) < -threshold.accuracy or trial.dt > b:
            last = self._stepper.solve_step(b, drive.value(now + b), beyond.order)
            trial = last or beyond
        return trial

    # Output.

    @property
    def _voltage(self) -> float:
        return self._stepper.voltages(self._stepper.unknowns)[self._contact]

    def _present(self) -> Trial:
        """The present state in the form of a trial."""
        stepper = self._stepper
        return Trial(
            dt=0.0,
            order=1,
            error=0.0,
            longest=np.inf,
            change=0.0,
            rate=0.0,
            unknowns=stepper.unknowns,
            rates=stepper.rates,
            voltage=self._voltage,
            current=stepper.current,
            value=np.nan,
            worst_dof=0,
            newton=None,
        )

    def _record(self, trial: Trial | None, event: str | None) -> None:
        begin = time.perf_counter()
        stepper = self._stepper
        currents = stepper.currents(stepper.rates)
        if trial is not None:  # a given current without the rounding of the charges
            currents[self._contact] = trial.current
        record = StepRecord(
            time=stepper.time,
            dt=trial.dt if trial else 0.0,
            order=trial.order if trial else 1,
            iterations=len(trial.newton.steps) if trial and trial.newton else 0,
            error=trial.error if trial else 0.0,
            protocol_step=self._number,
            protocol_cycle=self._cycle,
            solution=stepper.solution,
            voltages=stepper.voltages(stepper.unknowns),
            currents=currents,
            event=event,
        )
        self._recorder.record(record)
        if self._is_to_save(trial):
            self._save()
        if self._options.listener is not None:
            self._options.listener(record)
        self._output_seconds += time.perf_counter() - begin

    def _is_to_save(self, trial: Trial | None) -> bool:
        wanted = self._options.save
        if trial is None:
            return not isinstance(wanted, tuple) or 0.0 in wanted
        return wanted == "all" or self._clock.is_time_to_save(trial.dt)

    def _save(self) -> None:
        if self._solutions and self._solutions[-1].time == self._stepper.time:
            self._solutions.pop()  # what a sudden change has replaced
        self._solutions.append(self._stepper.solution)

    def _checkpoint_now_and_then(self) -> None:
        if time.monotonic() - self._last_checkpoint >= self._options.checkpoint_every:
            begin = time.perf_counter()
            self._checkpoint()
            self._output_seconds += time.perf_counter() - begin

    def _checkpoint(self) -> None:
        if self._options.checkpoint:
            self.trajectory.save(self._options.checkpoint)
        self._last_checkpoint = time.monotonic()

    def _finish(self) -> Trajectory:
        self._save()
        if not self._complete:
            self._checkpoint()
        return self.trajectory

    def _resume(self, point: Trajectory) -> None:
        restart = point.restart
        if restart is None:
            raise InputError(f"it came to its end ({point.reason}); there is nothing to go on with")
        self._stepper.restore(restart)
        s = restart.scalars
        self._cycle, self._number = int(s["cycle"]), int(s["step"])
        self._begin_voltage, self._fresh = s["begin_voltage"], bool(s["fresh"])
        self._held = ("current" if s["held_current"] else "voltage", float(s["held"]))
        for name, value in point.counts.items():
            if name == "output_seconds":
                self._output_seconds = value
            else:
                self._stepper.counts[name] = value


def _time_over(duration: float) -> str:
    return f"{write(duration, 's')} passed"


def settings(
    protocol: Protocol, contact: str, reference: str | None, options: TransientOptions
) -> Mapping[str, Any]:
    """Return what two runs must share for one to go on from the other, as plain data."""
    return {
        "protocol": [step.model_dump(mode="json") for step in protocol.steps],
        "cycles": protocol.cycles,
        "contact": contact,
        "reference": reference,
        "tolerance": options.tolerance,
        "potential_scale": options.potential_scale,
        "scheme": options.scheme,
        "fixed_step": options.fixed_step,
        "step_lengths": options.step_lengths and list(options.step_lengths),
        "first_step": options.first_step,
        "max_step": options.max_step,
        "save": list(options.save) if isinstance(options.save, tuple) else options.save,
        "steady": options.steady,
        "capacity": options.capacity,
    }
