"""Fill faces between fixed nodes with gmsh; a program of its own that can be stopped.

Called as `python gmsh_worker.py in.npz out.npz`. It imports nothing of pyscl, so that it starts
fast and gmsh, which is GPL, never lives in the process of the caller.

in.npz: points (n, 2); loop_nodes, loop_start: node numbers of closed loops; face_start: first
loop of every face, the outline before the holes; face_bulk: largest size in every face; slope:
growth of the size with the distance; algorithm; seed.
out.npz: points (new, 2); triangles (m, 3), new nodes numbered after the given ones; face (m,).
"""

import sys
from itertools import pairwise

import numpy as np


def main(source: str, target: str) -> None:
    """Read the faces from `source`, mesh them and write the triangles to `target`."""
    import gmsh

    data = np.load(source)
    gmsh.initialize(interruptible=False)
    options = {
        "General.Terminal": 0,
        "General.NumThreads": 1,
        "Mesh.Algorithm": int(data["algorithm"]),
        "Mesh.RandomSeed": int(data["seed"]) + 1,
        "Mesh.Renumber": 0,
        "Mesh.MeshSizeFromPoints": 0,
        "Mesh.MeshSizeExtendFromBoundary": 0,
        "Geometry.Tolerance": 1e-14,
    }
    for name, value in options.items():
        gmsh.option.setNumber(name, value)
    points = data["points"]
    loops = np.split(data["loop_nodes"], data["loop_start"][1:])
    owner = [np.empty(0, dtype=np.int64)]
    curves = [_closed_curve(points, nodes, owner) for nodes in loops]
    first = np.append(data["face_start"], len(curves))
    surfaces = []
    for a, b in pairwise(first):
        outlines = [gmsh.model.geo.addCurveLoop([curve]) for curve in curves[a:b]]
        surfaces.append(gmsh.model.geo.addPlaneSurface(outlines))
    gmsh.model.geo.synchronize()
    _sizes(curves, surfaces, first, data["face_bulk"], float(data["slope"]))
    gmsh.model.mesh.generate(2)
    _save(target, len(points), np.concatenate(owner), surfaces)
    gmsh.finalize()


def _closed_curve(points: np.ndarray, nodes: np.ndarray, owner: list[np.ndarray]) -> int:
    """Add a closed curve of fixed nodes; gmsh counts its own copies of them."""
    import gmsh

    first = 1 + sum(len(part) for part in owner)
    tags = np.arange(first, first + len(nodes))
    owner.append(nodes)
    xyz = np.column_stack([points[nodes], np.zeros(len(nodes))])
    seam = gmsh.model.addDiscreteEntity(0)
    gmsh.model.setCoordinates(seam, *xyz[0])
    gmsh.model.mesh.addNodes(0, seam, tags[:1], xyz[0])
    curve = gmsh.model.addDiscreteEntity(1, -1, [seam, seam])
    gmsh.model.mesh.addNodes(1, curve, tags[1:], xyz[1:].ravel())
    lines = np.column_stack([tags, np.roll(tags, -1)])
    gmsh.model.mesh.addElementsByType(curve, 1, [], lines.ravel())
    return curve


def _sizes(
    curves: list[int], surfaces: list[int], first: np.ndarray, bulk: np.ndarray, slope: float
) -> None:
    """Let the sizes grow from those of the fixed edges, up to that of the bulk of each face."""
    import gmsh

    field = gmsh.model.mesh.field
    fields = []
    for size in np.unique(bulk):
        faces = np.flatnonzero(bulk == size)
        extend = field.add("Extend")
        borders = [curve for f in faces for curve in curves[first[f] : first[f + 1]]]
        field.setNumbers(extend, "CurvesList", borders)
        field.setNumbers(extend, "SurfacesList", [surfaces[f] for f in faces])
        field.setNumber(extend, "DistMax", size / slope)
        field.setNumber(extend, "SizeMax", size)
        fields.append(extend)
    smallest = field.add("Min")
    field.setNumbers(smallest, "FieldsList", fields)
    field.setAsBackgroundMesh(smallest)


def _save(target: str, n_points: int, owner: np.ndarray, surfaces: list[int]) -> None:
    """Write the new nodes and the triangles."""
    import gmsh

    tags, xyz, _ = gmsh.model.mesh.getNodes()
    order = np.argsort(tags)
    tags, xyz = tags[order].astype(np.int64), xyz.reshape(-1, 3)[order]
    new = tags > len(owner)
    number = np.full(int(tags.max()) + 1, -1)
    number[1 : len(owner) + 1] = owner
    number[tags[new]] = n_points + np.arange(np.count_nonzero(new))
    triangles, face = [], []
    for index, surface in enumerate(surfaces):
        _, nodes = gmsh.model.mesh.getElementsByType(2, surface)
        triangles.append(number[nodes.astype(np.int64)].reshape(-1, 3))
        face.append(np.full(len(triangles[-1]), index))
    np.savez(
        target,
        points=xyz[new, :2],
        triangles=np.concatenate(triangles),
        face=np.concatenate(face),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
