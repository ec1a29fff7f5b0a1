"""Solutions in files: complete HDF5 that can be reloaded, VTU for ParaView."""

import contextlib
import json
import os
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from pyscl import boundaries
from pyscl.errors import InputError
from pyscl.materials import Material
from pyscl.mesh import Mesh
from pyscl.model import Model
from pyscl.solution import Solution
from pyscl.study.newton import NewtonHistory

FORMAT = "pyscl solution"
FORMAT_VERSION = 1
_MESH_ARRAYS = ("points", "triangles", "region", "facets", "facet_group")
_CONTACT_LAWS: dict[str, type[boundaries.ContactLaw]] = {
    "potential": boundaries.PotentialContact,
    "reservoir": boundaries.ReservoirContact,
    "blocking": boundaries.BlockingContact,
}


def save(solution: Solution, path: str | PathLike[str]) -> None:
    """Write a solution to an HDF5 file; an existing file is replaced only once all is written.

    The file holds the mesh (SI), the model as JSON, the state, the history, and every field with
    its unit and location as attributes, for readers other than pyscl.
    """
    import h5py

    import pyscl

    target = Path(path)
    partial = target.with_name(target.name + ".part")
    try:
        with h5py.File(partial, "w") as file:
            file.attrs["format"] = FORMAT
            file.attrs["format_version"] = FORMAT_VERSION
            file.attrs["pyscl_version"] = pyscl.__version__
            file.attrs["model"] = json.dumps(_model_data(solution.model))
            file.attrs["kind"] = solution.kind
            file.attrs["bias"] = json.dumps(solution.bias)
            file.attrs["history"] = json.dumps(solution.history.to_dict())
            mesh = file.create_group("mesh")
            for name in _MESH_ARRAYS:
                mesh[name] = getattr(solution.model.mesh, name)
            mesh.attrs["region_names"] = list(solution.model.mesh.region_names)
            mesh.attrs["facet_names"] = list(solution.model.mesh.facet_names)
            background = file.create_group("background")
            for region, charge in solution.model.background.items():
                number = solution.model.mesh.region_names.index(region)
                background[str(number)] = charge
            file["unknowns"] = solution.unknowns
            sites = file.create_group("sites")
            sites["points"] = solution.site_points
            sites["triangles"] = solution.site_triangles
            sites["region"] = solution.site_region
            fields = file.create_group("fields")
            for name in solution.field_names:
                field = solution[name]
                fields[name] = field.values
                fields[name].attrs.update(unit=field.unit, location=field.location)
        os.replace(partial, target)
    except OSError as error:
        raise InputError(f"cannot write {target}: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def load(path: str | PathLike[str]) -> Solution:
    """Read a solution written by `save`.

    Raises:
        InputError: the file does not exist, is not a pyscl solution, or is damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT:
                raise InputError("it is an HDF5 file of something else")
            if file.attrs["format_version"] != FORMAT_VERSION:
                raise InputError(
                    f"it has format version {file.attrs['format_version']}, this pyscl reads "
                    f"{FORMAT_VERSION}; it was written by pyscl {file.attrs['pyscl_version']}"
                )
            mesh = Mesh(
                **{name: file["mesh"][name][()] for name in _MESH_ARRAYS},
                region_names=tuple(map(str, file["mesh"].attrs["region_names"])),
                facet_names=tuple(map(str, file["mesh"].attrs["facet_names"])),
            )
            background = {
                mesh.region_names[int(number)]: values[()]
                for number, values in file["background"].items()
            }
            model = _read_model(mesh, background, json.loads(file.attrs["model"]))
            unknowns = file["unknowns"][()]
            if unknowns.shape != (model.discretized.n_dofs,):
                raise InputError(
                    f"it is damaged: {unknowns.size} unknowns for a model with "
                    f"{model.discretized.n_dofs}"
                )
            return Solution(
                model,
                unknowns,
                kind=file.attrs["kind"],
                bias=json.loads(file.attrs["bias"]),
                history=NewtonHistory.from_dict(json.loads(file.attrs["history"])),
            )
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not a readable solution of pyscl: {error}") from error


def write_vtu(solution: Solution, path: str | PathLike[str]) -> None:
    """Write all fields to a VTU file; cells carry the region number and the triangle fields."""
    import meshio

    points = np.column_stack([solution.site_points, np.zeros(len(solution.site_points))])
    point_data: dict[str, np.ndarray] = {}
    cell_data = {"region": [solution.model.mesh.region.astype(np.int32)]}
    for name in solution.field_names:
        field = solution[name]
        label = name if field.unit == "1" else f"{name} [{field.unit}]"
        if field.location == "site":
            point_data[label] = field.values
        else:
            vectors = np.column_stack([field.values, np.zeros(len(field.values))])
            cell_data[label] = [vectors]
    mesh = meshio.Mesh(
        points, [("triangle", solution.site_triangles)], point_data=point_data, cell_data=cell_data
    )
    try:
        mesh.write(path, file_format="vtu")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error}") from error


def _model_data(model: Model) -> dict[str, Any]:
    return {
        "temperature": model.temperature,
        "coordinates": model.coordinates,
        "materials": {r: m.model_dump(mode="json") for r, m in model.materials.items()},
        "contacts": {n: c.model_dump(mode="json") for n, c in model.contacts.items()},
        "interfaces": {n: i.model_dump(mode="json") for n, i in model.interfaces.items()},
        "conserved": [c.model_dump(mode="json") for c in model.conserved],
        "periodic": [p.model_dump(mode="json") for p in model.periodic],
    }


def _read_model(mesh: Mesh, background: dict[str, np.ndarray], data: dict[str, Any]) -> Model:
    return Model(
        mesh,
        {r: Material.model_validate(m) for r, m in data["materials"].items()},
        contacts={
            n: _CONTACT_LAWS[c["kind"]].model_validate(c) for n, c in data["contacts"].items()
        },
        interfaces={
            n: boundaries.Interface.model_validate(i) for n, i in data["interfaces"].items()
        },
        conserved=[boundaries.Conserved.model_validate(c) for c in data["conserved"]],
        periodic=[boundaries.Periodic.model_validate(p) for p in data["periodic"]],
        background=background,
        temperature=data["temperature"],
        coordinates=data["coordinates"],
    )
