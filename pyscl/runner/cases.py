"""The studies of one case, one after the other, with what they write to disk."""

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pyscl.certificate import Method
from pyscl.errors import ConvergenceError, InputError
from pyscl.input import EquilibriumStudy, ImpedanceStudy, RunInput, SteadyStudy, TransientStudy
from pyscl.input.studies import PolarStudy
from pyscl.model import Model
from pyscl.runner.certificates import certified, key_lines, lines_of
from pyscl.runner.names import BASE, slug
from pyscl.runner.outcome import StudyOutcome
from pyscl.runner.polarization import PolarResult, remove_result, starts_in, write_result
from pyscl.runner.polarization import carry_out as carry_out_polarization
from pyscl.runner.spectra import carry_out as carry_out_impedance
from pyscl.runner.spectra import remove_spectrum, write_spectrum
from pyscl.runner.transients import (
    CHECKPOINT,
    RESULT,
    carry_out,
    earlier_file,
    partial,
    remove_trajectory,
    write_trajectory,
)
from pyscl.solution import Solution
from pyscl.study.newton import Iteration, SolverOptions
from pyscl.study.poling import switched_on
from pyscl.study.transient.recording import StepRecord
from pyscl.text import time_text

Study = EquilibriumStudy | SteadyStudy | TransientStudy | ImpedanceStudy | PolarStudy

Report = Callable[[str], None]
"""Receives one line of text for the user."""

Progress = Callable[[str, int, Iteration], None]
"""Receives (case and study, iteration number, iteration)."""

StepProgress = Callable[[str, TransientStudy, StepRecord], None]
"""Receives (case and study, the study itself, accepted time step)."""


StartOf = Callable[[str, str], Solution | None]
"""Gives the solution of a similar model to start from, by case and study, or None."""


@dataclass(frozen=True)
class Approach:
    """How solutions are looked for.

    Attributes:
        options: of every solve of an equilibrium, a steady state, or the state of an impedance;
            None: the usual ones.
        start: gives states from which equilibria and steady states start; where that leads
            nowhere, they start as without it. What is found is the same within the tolerance,
            but with a memory (hysteresis, ferroelectrics) the branch of the start is followed.
        estimate: how the certificate estimates discretisation errors, see `certify`.
    """

    options: SolverOptions | None = None
    start: StartOf | None = None
    estimate: Method = "local"


@dataclass(frozen=True)
class Listeners:
    """Who is told what happens.

    Attributes:
        report: receives lines for the user.
        iteration: receives the Newton iterations, or None.
        step: receives the time steps, or None.
    """

    report: Report
    iteration: Progress | None = None
    step: StepProgress | None = None


def named_studies(run: RunInput) -> list[tuple[str, Study]]:
    """Return the studies of a run with the names of their folders."""
    kinds = [study.kind for study in run.studies]
    return [
        (kind if kinds.count(kind) == 1 else f"{kind}-{kinds[: k + 1].count(kind)}", study)
        for k, (kind, study) in enumerate(zip(kinds, run.studies, strict=True))
    ]


def place_of(folder: Path, case: str, name: str) -> Path:
    """Return the folder of a study."""
    return folder / name if case == BASE else folder / slug(case) / name


def run_case(
    run: RunInput,
    case: str,
    model: Model,
    folder: Path,
    listeners: Listeners,
    approach: Approach,
    *,
    resume: bool,
) -> list[StudyOutcome]:
    """Carry out the studies of a case; a failed one skips those after it.

    Args:
        run: the contents of the run file.
        case: name of the case.
        model: its model.
        folder: output folder of the run.
        listeners: who is told.
        approach: how solutions are looked for.
        resume: whether transients go on from what lies in their folders.
    """
    outcomes: list[StudyOutcome] = []
    previous: Solution | None = None
    for name, study in named_studies(run):
        place = place_of(folder, case, name)
        label = name if case == BASE else f"{case}: {name}"
        earlier = None
        if resume and isinstance(study, TransientStudy):
            earlier = earlier_file(place)
            if earlier is None:
                listeners.report(f"{label}: nothing to go on from; from the beginning")
        if earlier is None:
            remove_trajectory(place)
        _remove_results(place)
        start = approach.start(case, name) if approach.start else None
        begin = time.perf_counter()
        try:
            outcome = _solve(
                name, model, study, previous, place, label, earlier, listeners, approach, start
            )
        except ConvergenceError as error:
            outcomes.append(_failed(name, place, error, previous, time.perf_counter() - begin))
            listeners.report(f"{label} FAILED: {error}")
            _write_failure(outcomes[-1])
            break
        except KeyboardInterrupt:
            if (place / CHECKPOINT).is_file():
                listeners.report(
                    f"{label}: interrupted; what was reached is in {place / CHECKPOINT}, the "
                    "option --resume goes on from there"
                )
            raise
        outcome.seconds = time.perf_counter() - begin
        listeners.report(f"{label}: {_effort(outcome)}, {outcome.seconds:.2f} s")
        _write(outcome, run)
        outcome.certificate = certified(outcome, approach.estimate)
        for line in lines_of(outcome.certificate, label):
            listeners.report(line)
        outcomes.append(outcome)
        previous = outcome.solution
    for line in key_lines(outcomes, "" if case == BASE else case):
        listeners.report(line)
    return outcomes


def _solve(
    name: str,
    model: Model,
    study: Study,
    previous: Solution | None,
    place: Path,
    label: str,
    earlier: Path | None,
    listeners: Listeners,
    approach: Approach,
    start: Solution | None,
) -> StudyOutcome:
    chosen = approach.options or SolverOptions()
    if isinstance(study, TransientStudy):
        told = listeners.step
        listener = (lambda record: told(label, study, record)) if told else None
        trajectory = carry_out(
            study, model, place, previous, earlier, listener, chosen.linear_solver
        )
        counts = {
            **trajectory.counts,
            "linear_solver": trajectory.final.history.linear_solver,
        }
        return StudyOutcome(name, trajectory.final, None, place, 0.0, counts, trajectory)
    heard = listeners.iteration
    progress = (lambda k, i: heard(label, k, i)) if heard else None
    options = replace(chosen, progress=progress)
    if isinstance(study, ImpedanceStudy):
        spectrum = carry_out_impedance(study, model, previous, options)
        state = spectrum.solution
        return StudyOutcome(
            name, state, None, place, 0.0, state.history.to_dict(), spectrum=spectrum
        )
    if isinstance(study, PolarStudy):
        reached = carry_out_polarization(study, model, previous, options)
        return StudyOutcome(
            name,
            reached.final,
            None,
            place,
            0.0,
            reached.final.history.to_dict(),
            polarization=reached.result,
            effort=reached.effort,
        )
    solution = None
    if start is not None:
        with contextlib.suppress(ConvergenceError, InputError):  # another mesh, or too far away
            solution = _state(model, study, start, options)
    if solution is None:
        usual = previous if isinstance(study, SteadyStudy) else None
        solution = _state_or_switched_on(model, study, usual, options, label, listeners.report)
    return StudyOutcome(name, solution, None, place, 0.0, solution.history.to_dict())


def _state_or_switched_on(
    model: Model,
    study: EquilibriumStudy | SteadyStudy,
    start: Solution | None,
    options: SolverOptions,
    label: str,
    report: Report,
) -> Solution:
    """Return the state, of an equilibrium that fails by raising fixed polarizations from 0."""
    try:
        return _state(model, study, start, options)
    except ConvergenceError:
        fixed = model.discretized.fixed_polarization.any()
        if not (isinstance(study, EquilibriumStudy) and fixed):
            raise
        report(f"{label}: not reached at once; the fixed polarization is switched on step by step")
        states = starts_in(model, study.polarization)
        return switched_on(model, polarization=states, options=options)


def _state(
    model: Model,
    study: EquilibriumStudy | SteadyStudy,
    start: Solution | None,
    options: SolverOptions,
) -> Solution:
    if isinstance(study, EquilibriumStudy):
        states = starts_in(model, study.polarization)
        return model.equilibrium(start, polarization=states, options=options)
    return model.steady(study.bias, start=start, options=options)


def _failed(
    name: str, place: Path, error: ConvergenceError, previous: Solution | None, seconds: float
) -> StudyOutcome:
    trajectory = partial(error)
    reached = trajectory.final if trajectory else error.last_good or previous
    history = error.history.to_dict()
    return StudyOutcome(
        name,
        reached,
        str(error),
        place,
        seconds,
        history,
        trajectory,
        polarization=error.partial if isinstance(error.partial, PolarResult) else None,
    )


def _effort(outcome: StudyOutcome) -> str:
    """Return what a study took, in words."""
    assert outcome.solution is not None
    trajectory = outcome.trajectory
    if outcome.effort:
        return outcome.effort
    if outcome.spectrum is not None:
        return f"{len(outcome.spectrum.frequencies)} frequencies"
    if trajectory is None:
        return f"{len(outcome.solution.history.iterations)} Newton iterations"
    time = time_text(float(trajectory["time"][-1]), 6)
    early = "" if trajectory.complete else f", ended early ({trajectory.reason})"
    return f"{int(trajectory.counts.get('steps', 0))} time steps to {time}{early}"


def _remove_results(folder: Path) -> None:
    """Remove what an earlier run left, so that a failure never stands next to old fields."""
    for name in ("fields.vtu", "failure.json", "last_good.h5"):
        (folder / name).unlink(missing_ok=True)
    remove_spectrum(folder)
    remove_result(folder)


def _write(outcome: StudyOutcome, run: RunInput) -> None:
    assert outcome.solution is not None
    outcome.folder.mkdir(parents=True, exist_ok=True)
    if outcome.trajectory is None:
        outcome.solution.write_vtu(outcome.folder / "fields.vtu")
        outcome.solution.save(outcome.folder / RESULT)
    else:
        write_trajectory(outcome.trajectory, outcome.folder, done=True)
    if outcome.spectrum is not None:
        write_spectrum(outcome.spectrum, outcome.folder)
    if outcome.polarization is not None:
        write_result(outcome.polarization, outcome.folder)
    for name, line in run.output.cuts.items():
        cut = outcome.solution.cut(line.start, line.end, line.points)
        cut.write_csv(outcome.folder / f"cut_{slug(name)}.csv")
    if run.output.figures:
        from pyscl.runner.pictures import draw_study

        draw_study(outcome, run)


def _write_failure(outcome: StudyOutcome) -> None:
    outcome.folder.mkdir(parents=True, exist_ok=True)
    record = {"error": outcome.error, "history": outcome.history}
    (outcome.folder / "failure.json").write_text(json.dumps(record, indent=1))
    if outcome.polarization is not None:
        write_result(outcome.polarization, outcome.folder)
    if outcome.trajectory is not None:
        write_trajectory(outcome.trajectory, outcome.folder, done=False)
    elif outcome.solution is not None:
        outcome.solution.save(outcome.folder / "last_good.h5")
