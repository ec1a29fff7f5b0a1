"""Mesh files: gmsh directly, every other format through meshio."""

import contextlib
import io
import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import MeshError
from pyscl.mesh.assemble import HOW_TO_NAME, FileContent, assemble, metres_per
from pyscl.mesh.gmsh_numbers import GmshFormatError
from pyscl.mesh.gmsh_reader import read_gmsh
from pyscl.mesh.gmsh_writer import gmsh_text
from pyscl.mesh.mesh import Mesh

if TYPE_CHECKING:
    import meshio

# Names under which the formats of meshio keep region and boundary numbers, preferred first.
TAG_NAMES = ("region", "cell_tags", "medit:ref", "gmsh:physical", "material", "flac3d:group")


def read(path: str | PathLike[str], unit: str = "m") -> Mesh:
    """See `Mesh.read`."""
    path = Path(path)
    metres_per(unit)
    if not path.is_file():
        raise MeshError(f"no mesh file '{path}' (in {Path.cwd()}).")
    if path.stat().st_size == 0:
        raise MeshError(f"'{path}' is empty. Save the mesh again.")
    content = _read_gmsh(path) if path.suffix == ".msh" else _read_meshio(path)
    _warn_of_numbers(content, path)
    return assemble(content, unit, f"'{path}'")


def write(
    mesh: Mesh, path: str | PathLike[str], unit: str = "m", digits: int | None = None
) -> None:
    """See `Mesh.write`."""
    path = Path(path)
    if path.suffix != ".msh":
        raise MeshError(f"meshes are written as gmsh 4.1; '{path.name}' must end in .msh.")
    unwritable = [n for n in mesh.region_names + mesh.facet_names if not _plain(n)]
    if unwritable:
        raise MeshError(f"a group name must not be empty or hold quotes or lines: {unwritable}.")
    path.write_text(gmsh_text(mesh, metres_per(unit), digits), encoding="utf-8")


def _plain(name: str) -> bool:
    return name != "" and not set(name) & set('"\\\n\r$')


def _read_gmsh(path: Path) -> FileContent:
    try:
        return read_gmsh(path.read_bytes())
    except (ValueError, IndexError, OverflowError, MemoryError) as error:
        reason = str(error) if isinstance(error, GmshFormatError) else f"is damaged ({error})"
        raise MeshError(
            f"'{path}' {reason}. Save it again from gmsh (4.1 or 2.2, ASCII or binary)."
        ) from error


def _read_meshio(path: Path) -> FileContent:
    import meshio

    try:
        # meshio prints its complaints; they come back inside the error instead.
        with contextlib.redirect_stdout(io.StringIO()) as said, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mesh = meshio.read(path)
    except (Exception, SystemExit) as error:
        reason = str(error) or said.getvalue().strip() or type(error).__name__
        raise MeshError(
            f"'{path}' cannot be read: {reason}. pyscl reads gmsh (.msh) and the formats of "
            "meshio; is the file complete and its ending right?"
        ) from error
    wrong = {block.type for block in mesh.cells} - {"triangle", "line", "vertex"}
    if wrong:
        raise MeshError(
            f"'{path}' holds {', '.join(sorted(wrong))} elements; pyscl computes on three-node "
            "triangles in the plane (in gmsh: Mesh.ElementOrder=1, Mesh.RecombineAll=0)."
        )
    regions = _groups(mesh, "triangle", "region")
    triangles = _cells(mesh, "triangle")
    if len(triangles) and not regions:
        raise MeshError(
            f"'{path}' names no region: it has no cell sets and no integer cell data called "
            f"{', '.join(TAG_NAMES)}. {HOW_TO_NAME}"
        )
    return FileContent(
        points=np.asarray(mesh.points, dtype=np.float64),
        triangles=triangles,
        surface=np.zeros(len(triangles), dtype=np.int64),
        regions=regions,
        lines=_cells(mesh, "line"),
        groups=_groups(mesh, "line", "boundary"),
    )


def _cells(mesh: "meshio.Mesh", kind: str) -> NDArray[np.int64]:
    columns = {"triangle": 3, "line": 2}[kind]
    blocks = [block.data for block in mesh.cells if block.type == kind]
    return np.concatenate([np.empty((0, columns), dtype=np.int64), *blocks])


def _groups(mesh: "meshio.Mesh", kind: str, prefix: str) -> dict[str, NDArray[np.intp]]:
    """Return members by name: from cell sets, else from the first known integer cell data."""
    of_kind = [index for index, block in enumerate(mesh.cells) if block.type == kind]
    sizes = [len(mesh.cells[index].data) for index in of_kind]
    starts = np.cumsum(sizes, dtype=np.intp) - sizes
    groups: dict[str, NDArray[np.intp]] = {}
    for name, members in mesh.cell_sets.items():
        rows = [np.asarray(members[index], dtype=np.intp) + start
                for index, start in zip(of_kind, starts, strict=True)
                if members[index] is not None]  # fmt: skip
        found = np.concatenate([np.empty(0, dtype=np.intp), *rows])
        if len(found):
            groups[name] = found
    if groups or not of_kind:
        return groups
    tags = _tags(mesh, of_kind)
    if tags is None:
        return {}
    return {f"{prefix}_{tag}": np.flatnonzero(tags == tag) for tag in np.unique(tags)}


def _tags(mesh: "meshio.Mesh", blocks: list[int]) -> NDArray[Any] | None:
    for name in TAG_NAMES:
        if name in mesh.cell_data:
            tags = np.concatenate([np.asarray(mesh.cell_data[name][index]) for index in blocks])
            if tags.ndim == 1 and np.array_equal(tags, np.rint(tags)):
                return tags.astype(np.int64)
    return None


def _warn_of_numbers(content: FileContent, path: Path) -> None:
    numbered = [name for name in [*content.regions, *content.groups]
                if name.removeprefix("region_").removeprefix("boundary_").isdigit()]  # fmt: skip
    if numbered:
        warnings.warn(
            f"'{path}' has groups with numbers but without names; they are called "
            f"{', '.join(numbered)}.",
            stacklevel=4,
        )
