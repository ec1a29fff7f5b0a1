"""Transient studies of a run: going on from a checkpoint, results on disk."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyscl.errors import ConvergenceError, InputError
from pyscl.input import TransientStudy
from pyscl.linear import BackEnd, LinearSolverName
from pyscl.linear.choice import BUILT_IN
from pyscl.model import Model
from pyscl.solution import Solution
from pyscl.storage.header import TRAJECTORY, kind_of
from pyscl.study.transient import TransientOptions, check_contacts, check_protocol
from pyscl.study.transient.integrate import settings
from pyscl.study.transient.recording import StepRecord
from pyscl.trajectory import Trajectory

CHECKPOINT, RESULT = "checkpoint.h5", "solution.h5"


def check_transient(study: TransientStudy, model: Model, place: Path, *, resume: bool) -> None:
    """Refuse a transient that cannot be carried out, before anything is solved.

    Args:
        study: the study.
        model: its model.
        place: its folder.
        resume: whether it goes on from what lies there.

    Raises:
        InputError: contacts or protocol do not fit the model, or the files in the folder belong
            to another calculation (the message names what differs).
    """
    options = _options(study, place, None)
    check_contacts(model, study.contact, study.reference)
    check_protocol(model, study.protocol, study.contact, options)
    earlier = earlier_file(place) if resume else None
    if earlier is not None:
        Trajectory.load(earlier, model, _settings(study, model, options))


def earlier_file(place: Path) -> Path | None:
    """Return the file from which a study goes on: its checkpoint, or its result if it is done."""
    for name in (CHECKPOINT, RESULT):
        if (place / name).is_file():
            return place / name
    return None


def find_trajectory(source: Path) -> Path:
    """Return the file of the only transient in an output folder, or the file itself.

    Raises:
        InputError: there is no such place, no transient in it, or there are several.
    """
    if not source.is_dir():
        return source
    of_folder: dict[Path, Path] = {}
    for name in (RESULT, CHECKPOINT):
        for file in sorted(source.rglob(name)):
            if kind_of(file) == TRAJECTORY:
                of_folder.setdefault(file.parent, file)
    found = sorted(of_folder.values())
    if not found:
        raise InputError(
            f"there is no transient in {source}; name the output folder of a run with a study of "
            "the kind transient"
        )
    if len(found) > 1:
        listing = "".join(f"\n  {file}" for file in found)
        raise InputError(f"there are several transients in {source}; name one of:{listing}")
    return found[0]


def carry_out(
    study: TransientStudy,
    model: Model,
    place: Path,
    previous: Solution | None,
    earlier: Path | None,
    listener: Callable[[StepRecord], None] | None,
    linear_solver: "LinearSolverName | BackEnd" = BUILT_IN,
) -> Trajectory:
    """Carry out a transient, or what is left of it.

    Args:
        study: the study.
        model: its model.
        place: its folder; the checkpoint goes there.
        previous: the last state of the study before, or None.
        earlier: from `earlier_file`, to go on from, or None.
        listener: called after every accepted step.
        linear_solver: see `SolverOptions`.

    Raises:
        ConvergenceError: a step failed; `error.trajectory` is what there is.
    """
    options = _options(study, place, listener)
    options = replace(options, newton=replace(options.newton, linear_solver=linear_solver))
    if earlier is not None and earlier.name == RESULT:
        return Trajectory.load(earlier, model, _settings(study, model, options))
    place.mkdir(parents=True, exist_ok=True)
    return model.transient(
        study.protocol,
        contact=study.contact,
        reference=study.reference,
        start=previous if study.start == "previous" else None,
        options=options,
        resume=earlier,
    )


def write_trajectory(trajectory: Trajectory, place: Path, *, done: bool) -> None:
    """Write the result, the time series as CSV, and the saved states for ParaView.

    The checkpoint is removed once the result of a transient that is `done` is on disk.
    """
    place.mkdir(parents=True, exist_ok=True)
    trajectory.save(place / RESULT)
    if done:
        (place / CHECKPOINT).unlink(missing_ok=True)
    trajectory.write_csv(place / "series.csv")
    trajectory.write_pvd(place / "fields.pvd")


def remove_trajectory(place: Path) -> None:
    """Remove what an earlier transient left in a folder."""
    for name in (CHECKPOINT, RESULT, "series.csv", "fields.pvd"):
        (place / name).unlink(missing_ok=True)
    if (place / "fields").is_dir():
        for state in (place / "fields").glob("[0-9]*.vtu"):
            state.unlink()
        if not any((place / "fields").iterdir()):
            shutil.rmtree(place / "fields")


def partial(error: ConvergenceError) -> Trajectory | None:
    """Return what a failed transient computed before it failed, if anything."""
    found = error.trajectory
    return found if isinstance(found, Trajectory) and len(found.series) else None


def _options(
    study: TransientStudy, place: Path, listener: Callable[[StepRecord], None] | None
) -> TransientOptions:
    return TransientOptions(
        tolerance=study.tolerance,
        step_lengths=study.step_lengths,
        first_step=study.first_step,
        max_step=study.max_step,
        save=study.saving,
        capacity=study.capacity,
        checkpoint=place / CHECKPOINT,
        checkpoint_every=study.checkpoint_every,
        listener=listener,
    )


def _settings(study: TransientStudy, model: Model, options: TransientOptions) -> Mapping[str, Any]:
    reference = check_contacts(model, study.contact, study.reference)
    return settings(study.protocol, study.contact, reference, options)
