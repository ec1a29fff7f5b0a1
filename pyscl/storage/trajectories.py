"""A trajectory in an HDF5 file: the result of a transient, and its checkpoint."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from pyscl.errors import InputError
from pyscl.model import Model
from pyscl.solution import Solution
from pyscl.storage.atomic import check_seal, hdf5
from pyscl.storage.differences import data_differences, listing, model_differences
from pyscl.storage.header import TRAJECTORY, check_header, write_header
from pyscl.storage.models import fingerprint, read_model, write_model
from pyscl.study.newton import NewtonHistory
from pyscl.study.transient.recording import TimeSeries
from pyscl.study.transient.restart import RestartPoint
from pyscl.trajectory import Stop, Trajectory

if TYPE_CHECKING:
    import h5py


def save_trajectory(trajectory: Trajectory, path: str | PathLike[str]) -> None:
    """Write a trajectory; see `Trajectory.save`.

    Layout: the attributes `model`, `settings`, `stops`, `events` and `counts` are JSON; `mesh`
    holds the mesh (SI); `series` is one table with the attributes `columns` and `units`;
    `states/unknowns` (and `rates`) has one row per saved state; `restart` is there in checkpoints.
    """
    settings = _plain(trajectory.settings)
    with hdf5(path, sealed=True) as file:
        write_header(file, TRAJECTORY)
        file.attrs["fingerprint"] = fingerprint(trajectory.model, settings)
        file.attrs["settings"] = json.dumps(settings)
        file.attrs["complete"] = trajectory.complete
        file.attrs["reason"] = trajectory.reason
        file.attrs["stops"] = json.dumps([asdict(stop) for stop in trajectory.stops])
        file.attrs["counts"] = json.dumps(dict(trajectory.counts))
        write_model(file, trajectory.model)
        _write_series(file, trajectory.series)
        states = file.create_group("states")
        states["times"] = trajectory.times
        shape = (len(trajectory.solutions), trajectory.model.discretized.n_dofs)
        states["unknowns"] = np.reshape([s.unknowns for s in trajectory.solutions], shape)
        states["rates"] = np.reshape([s.rates for s in trajectory.solutions], shape)
        states.attrs["bias"] = json.dumps([s.bias for s in trajectory.solutions])
        states.attrs["history"] = json.dumps([s.history.to_dict() for s in trajectory.solutions])
        if trajectory.restart is not None:
            restart = file.create_group("restart")
            restart["times"] = trajectory.restart.times
            restart["unknowns"] = trajectory.restart.unknowns
            restart.attrs["scalars"] = json.dumps(dict(trajectory.restart.scalars))


def load_trajectory(
    path: str | PathLike[str],
    model: Model | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Trajectory:
    """Read a trajectory; see `Trajectory.load`."""
    import h5py

    try:
        sealed = check_seal(path)
        with h5py.File(path, "r") as file:
            check_header(file.attrs, TRAJECTORY)
            if not sealed:
                raise InputError("it is damaged: its checksum is missing")
            their_settings = json.loads(file.attrs["settings"])
            if model is None:
                model = read_model(file)
            else:
                _refuse_other(file, their_settings, model, settings)
            return _read(file, model, their_settings)
    except (OSError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} is not a trajectory that can be used here: {error}") from error


def _refuse_other(
    file: "h5py.File", theirs: Any, model: Model, settings: Mapping[str, Any] | None
) -> None:
    """Refuse a file of another model, or of other settings than `theirs` if these are given."""
    ours = theirs if settings is None else _plain(settings)
    if fingerprint(model, ours) == file.attrs["fingerprint"]:
        return
    differences = model_differences(read_model(file), model) + data_differences(theirs, ours)
    if differences:
        raise InputError(
            f"it belongs to another calculation:{listing(differences)}\nGo back to the input it "
            "was made with, or start from the beginning in another folder"
        )


def _read(file: "h5py.File", model: Model, settings: Mapping[str, Any]) -> Trajectory:
    states = file["states"]
    times, unknowns, rates = (states[name][()] for name in ("times", "unknowns", "rates"))
    n_dofs = model.discretized.n_dofs
    if not unknowns.shape == rates.shape == (len(times), n_dofs):
        raise InputError(f"it is damaged: states {unknowns.shape} for {n_dofs} unknowns")
    bias, history = json.loads(states.attrs["bias"]), json.loads(states.attrs["history"])
    solutions = [
        Solution(
            model,
            u,
            kind="transient",
            bias=volts,
            history=NewtonHistory.from_dict(record),
            time=float(time),
            rates=rate,
        )
        for u, rate, time, volts, record in zip(unknowns, rates, times, bias, history, strict=True)
    ]
    restart = None
    if "restart" in file:
        group = file["restart"]
        restart = RestartPoint(
            group["times"][()], group["unknowns"][()], json.loads(group.attrs["scalars"])
        )
        if restart.unknowns.shape[1] != n_dofs:
            raise InputError(f"it is damaged: restart of {restart.unknowns.shape[1]} unknowns")
    return Trajectory(
        model=model,
        series=_read_series(file),
        solutions=solutions,
        stops=[Stop(**stop) for stop in json.loads(file.attrs["stops"])],
        complete=bool(file.attrs["complete"]),
        reason=str(file.attrs["reason"]),
        restart=restart,
        counts=json.loads(file.attrs["counts"]),
        settings=settings,
    )


def _write_series(file: "h5py.File", series: TimeSeries) -> None:
    file["series"] = series.table()
    file["series"].attrs["columns"] = json.dumps(list(series.units))
    file["series"].attrs["units"] = json.dumps(list(series.units.values()))
    file["series"].attrs["events"] = json.dumps(list(series.events.items()))


def _read_series(file: "h5py.File") -> TimeSeries:
    table = file["series"]
    columns, units = json.loads(table.attrs["columns"]), json.loads(table.attrs["units"])
    events = {int(row): str(text) for row, text in json.loads(table.attrs["events"])}
    return TimeSeries.from_table(dict(zip(columns, units, strict=True)), table[()], events)


def _plain(settings: Mapping[str, Any]) -> Any:
    """Return settings as they come back from JSON."""
    return json.loads(json.dumps(dict(settings)))
