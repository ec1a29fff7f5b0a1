"""A solution in an HDF5 file."""

import json
from os import PathLike

import numpy as np

from pyscl.errors import InputError
from pyscl.solution import Solution
from pyscl.storage.atomic import hdf5
from pyscl.storage.header import SOLUTION, check_header, write_header
from pyscl.storage.models import read_model, write_model
from pyscl.study.newton import NewtonHistory


def save(solution: Solution, path: str | PathLike[str]) -> None:
    """Write a solution to an HDF5 file; an existing file is replaced only once all is written.

    The file holds the mesh (SI), the model as JSON, the state, the history, and every field with
    its unit and location as attributes, for readers other than pyscl.

    Raises:
        InputError: the file cannot be written; an existing one is left as it was.
    """
    with hdf5(path) as file:
        write_header(file, SOLUTION)
        file.attrs["kind"] = solution.kind
        file.attrs["bias"] = json.dumps(solution.bias)
        file.attrs["history"] = json.dumps(solution.history.to_dict())
        if solution.time is not None:
            file.attrs["time"] = solution.time
        write_model(file, solution.model)
        file["unknowns"] = solution.unknowns
        if solution.kind == "transient":
            file["rates"] = solution.rates
        sites = file.create_group("sites")
        sites["points"] = solution.site_points
        sites["triangles"] = solution.site_triangles
        sites["region"] = solution.site_region
        fields = file.create_group("fields")
        for name in solution.field_names:
            field = solution[name]
            fields[name] = field.values
            fields[name].attrs.update(unit=field.unit, location=field.location)


def load(path: str | PathLike[str]) -> Solution:
    """Read a solution written by `save`.

    Raises:
        InputError: the file does not exist, is not a pyscl solution, or is damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            check_header(file.attrs, SOLUTION)
            model = read_model(file)
            unknowns = file["unknowns"][()]
            if np.shape(unknowns) != (model.discretized.n_dofs,):
                raise InputError(
                    f"it is damaged: {np.size(unknowns)} unknowns for a model with "
                    f"{model.discretized.n_dofs}"
                )
            time = file.attrs.get("time")
            return Solution(
                model,
                unknowns,
                kind=file.attrs["kind"],
                bias=json.loads(file.attrs["bias"]),
                history=NewtonHistory.from_dict(json.loads(file.attrs["history"])),
                time=None if time is None else float(time),
                rates=file["rates"][()] if "rates" in file else None,
            )
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not a readable solution of pyscl: {error}") from error
