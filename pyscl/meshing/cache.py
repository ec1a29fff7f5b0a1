"""Meshes kept by what they were made of, so that a sweep does not make the same mesh twice."""

import hashlib
import io
import json
import os
from dataclasses import asdict
from os import PathLike
from pathlib import Path

import numpy as np

from pyscl.errors import MeshError
from pyscl.geometry.partition import Partition
from pyscl.mesh import Mesh
from pyscl.meshing.mesher import TIME_LIMIT, mesh_partition
from pyscl.meshing.sizes import MeshSizes
from pyscl.storage.atomic import PARTIAL, replaced

MESHING_VERSION = 3
"""Raised with every change of the meshing that changes meshes; older files are not found again."""

DEFAULT_FOLDER = Path("~/.cache/pyscl/meshes")


def mesh_key(partition: Partition, sizes: MeshSizes, seed: int = 0) -> str:
    """Return the name of a mesh: a hash of all that decides on it.

    Args:
        partition: the curves and their regions; what it achieved does not count.
        sizes: what to resolve.
        seed: of the random numbers of gmsh.
    """
    digest = hashlib.sha256()
    settings = {
        "version": MESHING_VERSION,
        "gmsh": _gmsh_version(),
        "sizes": asdict(sizes),
        "seed": int(seed),
        "periodic": partition.periodic,
        "chains": [(c.left, c.right, c.name, len(c.points)) for c in partition.chains],
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for chain in partition.chains:
        digest.update(np.ascontiguousarray(chain.points, dtype="<f8").tobytes())
    return digest.hexdigest()[:32]


def _gmsh_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gmsh")
    except PackageNotFoundError:
        return ""


def cached_mesh(
    partition: Partition,
    sizes: MeshSizes,
    *,
    seed: int = 0,
    time_limit: float = TIME_LIMIT,
    folder: str | PathLike[str] | None = None,
) -> Mesh:
    """Return the mesh of a partition, from the cache if it was made before.

    A damaged file is made anew.

    Args:
        partition: the curves and their regions.
        sizes: what to resolve.
        seed: of the random numbers of gmsh.
        time_limit: of the meshing [s].
        folder: of the cache, made if missing; None: ~/.cache/pyscl/meshes.

    Raises:
        InputError: the sizes do not fit, or the folder cannot be written.
        MeshError: see `mesh_partition`.
    """
    place = Path(DEFAULT_FOLDER if folder is None else folder).expanduser()
    path = place / f"{mesh_key(partition, sizes, seed)}.npz"
    mesh = _read(path)
    if mesh is None:
        mesh = mesh_partition(partition, sizes, seed=seed, time_limit=time_limit)
        _write(mesh, path)
    return mesh


def _read(path: Path) -> Mesh | None:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as data:
            return Mesh(
                points=data["points"],
                triangles=data["triangles"],
                region=data["region"],
                region_names=tuple(data["region_names"].tolist()),
                facets=data["facets"],
                facet_group=data["facet_group"],
                facet_names=tuple(data["facet_names"].tolist()),
            )
    except Exception:  # a damaged file may fail anywhere in zip, zlib, numpy or the mesh
        return None


def _write(mesh: Mesh, path: Path) -> None:
    image = io.BytesIO()
    np.savez_compressed(
        image,
        points=mesh.points,
        triangles=mesh.triangles,
        region=mesh.region,
        region_names=np.array(mesh.region_names, dtype=str),
        facets=mesh.facets,
        facet_group=mesh.facet_group,
        facet_names=np.array(mesh.facet_names, dtype=str),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MeshError(
            f"cannot make the folder {path.parent} of the mesh cache: {error}"
        ) from error
    # several processes may make the same mesh at once
    with replaced(path, suffix=f".{os.getpid()}{PARTIAL}") as partial:
        partial.write_bytes(image.getvalue())
