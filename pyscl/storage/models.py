"""A model in an HDF5 file: mesh, fields given on it, and everything else as JSON."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl import boundaries
from pyscl.materials import Material
from pyscl.mesh import Mesh
from pyscl.model import Model

if TYPE_CHECKING:
    import h5py

MESH_ARRAYS = ("points", "triangles", "region", "facets", "facet_group")
FIELDS = ("background", "contact_share", "fixed_polarization")
"""Attributes of a model that map names to arrays."""

_CONTACT_LAWS: dict[str, type[boundaries.ContactLaw]] = {
    "potential": boundaries.PotentialContact,
    "reservoir": boundaries.ReservoirContact,
    "blocking": boundaries.BlockingContact,
}


def write_model(file: "h5py.Group", model: Model) -> None:
    """Write a model into a file or group of a file."""
    file.attrs["model"] = json.dumps(model_data(model))
    mesh = file.create_group("mesh")
    for name in MESH_ARRAYS:
        mesh[name] = getattr(model.mesh, name)
    mesh.attrs["region_names"] = list(model.mesh.region_names)
    mesh.attrs["facet_names"] = list(model.mesh.facet_names)
    for name in FIELDS:
        group = file.create_group(name)
        for number, (place, values) in enumerate(getattr(model, name).items()):
            group[str(number)] = values
            group[str(number)].attrs["at"] = place


def read_model(file: "h5py.Group") -> Model:
    """Read the model that `write_model` wrote.

    Raises:
        InputError: what was written is not a valid model.
        LookupError, TypeError, ValueError: parts are missing or of another kind.
    """
    mesh = read_mesh(file)
    fields = {
        name: {str(values.attrs["at"]): values[()] for values in file.get(name, {}).values()}
        for name in FIELDS  # files of earlier versions lack some
    }
    return _read(mesh, fields, json.loads(file.attrs["model"]))


def read_mesh(file: "h5py.Group") -> Mesh:
    """Read the mesh that `write_model` wrote; errors as `read_model`."""
    return Mesh(
        **{name: file["mesh"][name][()] for name in MESH_ARRAYS},
        region_names=tuple(map(str, file["mesh"].attrs["region_names"])),
        facet_names=tuple(map(str, file["mesh"].attrs["facet_names"])),
    )


def fingerprint(model: Model, settings: Mapping[str, Any]) -> str:
    """Return a text that is the same only for the same mesh, physics and settings (SHA-256)."""
    digest = hashlib.sha256()
    for name in MESH_ARRAYS:
        _add(digest, getattr(model.mesh, name))
    for name in FIELDS:
        for place, values in sorted(getattr(model, name).items()):
            digest.update(place.encode())
            _add(digest, values)
    names = [model.mesh.region_names, model.mesh.facet_names]
    digest.update(json.dumps([names, physics(model), settings], sort_keys=True).encode())
    return digest.hexdigest()


def model_data(model: Model) -> dict[str, Any]:
    """Return everything but the arrays of a model as plain data."""
    return {
        "temperature": model.temperature,
        "coordinates": model.coordinates,
        "materials": {r: m.model_dump(mode="json") for r, m in model.materials.items()},
        "contacts": {n: c.model_dump(mode="json") for n, c in model.contacts.items()},
        "interfaces": {n: i.model_dump(mode="json") for n, i in model.interfaces.items()},
        "conserved": [c.model_dump(mode="json") for c in model.conserved],
        "periodic": [p.model_dump(mode="json") for p in model.periodic],
        "floating": [f.model_dump(mode="json") for f in model.floating],
    }


def physics(model: Model) -> dict[str, Any]:
    """Return what of `model_data` changes results: all but names and sources of the materials."""
    data: dict[str, Any] = _without_words(model_data(model))
    return data


def _without_words(data: Any) -> Any:
    """Leave names and sources of materials out, wherever they are."""
    if isinstance(data, dict):
        words = ("name", "provenance") if "provenance" in data else ()
        return {key: _without_words(value) for key, value in data.items() if key not in words}
    return [_without_words(value) for value in data] if isinstance(data, list) else data


def _read(
    mesh: Mesh, fields: dict[str, dict[str, NDArray[np.float64]]], data: dict[str, Any]
) -> Model:
    return Model(
        mesh,
        {r: Material.model_validate(m) for r, m in data["materials"].items()},
        contacts={
            n: _CONTACT_LAWS[c["kind"]].model_validate(c) for n, c in data["contacts"].items()
        },
        interfaces={n: _read_interface(i) for n, i in data["interfaces"].items()},
        conserved=[boundaries.Conserved.model_validate(c) for c in data["conserved"]],
        periodic=[boundaries.Periodic.model_validate(p) for p in data["periodic"]],
        floating=[boundaries.FloatingConductor.model_validate(f) for f in data["floating"]],
        background=fields["background"],
        contact_share=fields["contact_share"],
        fixed_polarization=fields["fixed_polarization"],
        temperature=data["temperature"],
        coordinates=data["coordinates"],
    )


def _read_interface(data: dict[str, Any]) -> boundaries.Interface:
    if data.get("coating"):
        # As a Material, so that its sources stay those that were written.
        material = Material.model_validate(data["coating"]["material"])
        data = {**data, "coating": {**data["coating"], "material": material}}
    return boundaries.Interface.model_validate(data)


def _add(digest: Any, values: NDArray[Any]) -> None:
    digest.update(f"{values.dtype.str} {values.shape}".encode())
    digest.update(np.ascontiguousarray(values).data)
