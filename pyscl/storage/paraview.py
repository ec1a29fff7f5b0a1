"""Files for ParaView: one state as VTU, a series of states as a PVD collection of VTU files.

PVD was chosen over XDMF because ParaView opens it without asking for one of three readers, and
every state is a complete file of its own, so that an interrupted run leaves a readable series.
"""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError
from pyscl.solution import Solution
from pyscl.storage.atomic import replaced


def write_vtu(solution: Solution, path: str | PathLike[str]) -> None:
    """Write all fields to a VTU file; cells carry the region number and the triangle fields.

    Raises:
        InputError: the file cannot be written.
    """
    import meshio

    points = np.column_stack([solution.site_points, np.zeros(len(solution.site_points))])
    point_data: dict[str, NDArray[np.float64]] = {}
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
    with replaced(path) as partial:
        mesh.write(partial, file_format="vtu")


def write_pvd(solutions: Sequence[Solution], path: str | PathLike[str]) -> None:
    """Write states of a transient as a PVD file that ParaView plays against time [s].

    The states become VTU files in a folder beside it: `fields.pvd` has `fields/0000.vtu`, ... .
    VTU files of an earlier series in this folder are removed.

    Raises:
        InputError: a state has no time, or a file cannot be written.
    """
    target = Path(path)
    folder = target.with_suffix("")
    if folder == target:
        raise InputError(f"'{target}' must end in .pvd; the states go to a folder without it")
    try:
        folder.mkdir(exist_ok=True)
        for old in folder.glob("[0-9]*.vtu"):
            old.unlink()
    except OSError as error:
        raise InputError(f"cannot write {target}: {error}") from error
    root = ElementTree.Element("VTKFile", type="Collection", version="0.1")
    collection = ElementTree.SubElement(root, "Collection")
    for number, solution in enumerate(solutions):
        if solution.time is None:
            raise InputError(f"a state of kind '{solution.kind}' has no time; use write_vtu for it")
        file = folder / f"{number:04d}.vtu"
        write_vtu(solution, file)
        ElementTree.SubElement(
            collection,
            "DataSet",
            timestep=repr(float(solution.time)),
            part="0",
            file=f"{folder.name}/{file.name}",
        )
    ElementTree.indent(root)
    with replaced(target) as partial:
        ElementTree.ElementTree(root).write(partial, encoding="utf-8", xml_declaration=True)
