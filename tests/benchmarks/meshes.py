"""Meshes of the benchmarks: graded to both electrodes, made by gmsh, kept in a user folder.

The element size is h = min(h0 + slope d, h_max), d the distance to the nearer electrode, with
h0 = 0.05 k, slope = 0.2 k, h_max = min(1, 1.2 k) Debye lengths; k sets the number of nodes. With
inclusions h is at most 0.35 k + slope (distance to a circle) as well.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .cases import SIDE

Array = NDArray[np.float64]

# Values of k for which the tables of the documentation were made.
_KNOWN = {
    False: {10_000: 1.4751, 50_000: 0.5343, 200_000: 0.2580},
    True: {10_000: 1.7268, 50_000: 0.6720, 200_000: 0.3229},
}
_FORMAT = 1  # raised when the meshes change


def cache_folder() -> Path:
    """Return the folder of the meshes; PYSCL_BENCHMARK_MESHES overrides it."""
    return Path(os.environ.get("PYSCL_BENCHMARK_MESHES", "~/.cache/pyscl/benchmarks")).expanduser()


def mesh_file(nodes: int, inclusions: bool) -> Path:
    """Return the file of a mesh with about so many nodes (at least 3000), made if it is not there.

    It holds points (n, 2), triangles (m, 3), region (m,) with 1 for the electrolyte and 2 for the
    inclusions, left and right (k, 2), the edges at the electrodes.

    Raises:
        ModuleNotFoundError: it must be made, and gmsh is not installed.
    """
    kind = "incl" if inclusions else "plain"
    path = cache_folder() / f"{kind}_{nodes}_v{_FORMAT}.npz"
    if not path.exists():
        k = _KNOWN[inclusions].get(nodes) or refinement(nodes, inclusions)
        arrays = make_mesh(k, circles() if inclusions else [])
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(partial, **arrays)
        os.replace(partial, path)
    return path


def refinement(nodes: int, inclusions: bool) -> float:
    """Return k for about so many nodes, from the area of an equilateral triangle of size h."""
    x = np.linspace(0.0, SIDE / 2, 4001)

    def expected(k: float) -> float:
        per_area = 2.0 / (np.sqrt(3.0) * _size(k, x) ** 2)
        return float(2.0 * SIDE * np.trapezoid(per_area, x))

    low, high = 1e-2, 20.0
    share = 0.7 if inclusions else 0.95  # the rest is at the circles, and from the rounding of h
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if expected(middle) > share * nodes else (low, middle)
    return float(low)


def _size(k: float, distance: Array) -> Array:
    return np.minimum(k * (0.05 + 0.2 * distance), min(1.0, 1.2 * k))


def circles(count: int = 30, seed: int = 1) -> list[tuple[float, float, float]]:
    """Return x, y and radius of circles that keep apart, placed one after the other."""
    random = np.random.default_rng(seed)
    radii, found, tries = np.array([0.045, 0.085]) * SIDE, [], 0
    margin, gap = 0.06 * SIDE, 0.02 * SIDE
    while len(found) < count:
        tries += 1
        r = random.uniform(*radii)
        x = random.uniform(r + margin, SIDE - r - margin)
        y = random.uniform(r + gap, SIDE - r - gap)
        if all(np.hypot(x - a, y - b) > r + c + gap for a, b, c in found):
            found.append((float(x), float(y), float(r)))
        if tries % 20_000 == 0:
            radii *= 0.9
    return found


def make_mesh(k: float, holes: list[tuple[float, float, float]]) -> dict[str, NDArray]:
    """Return the arrays of a mesh; see `mesh_file`."""
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.model.add("charge")
        square = (2, gmsh.model.occ.addRectangle(0, 0, 0, SIDE, SIDE))
        discs = [(2, gmsh.model.occ.addDisk(x, y, 0, r, r)) for x, y, r in holes]
        if discs:
            gmsh.model.occ.fragment([square], discs)
        gmsh.model.occ.synchronize()
        surfaces = [tag for _, tag in gmsh.model.getEntities(2)]
        inside = [tag for tag in surfaces if _width(gmsh, tag) < 0.99 * SIDE]
        _set_sizes(gmsh, k, inside)
        gmsh.model.mesh.generate(2)
        return _read(gmsh, surfaces, inside)
    finally:
        gmsh.finalize()


def _width(gmsh, surface: int) -> float:
    box = gmsh.model.getBoundingBox(2, surface)
    return float(box[3] - box[0])


def _set_sizes(gmsh, k: float, inclusions: list[int]) -> None:
    field = gmsh.model.mesh.field
    h0, slope, largest = 0.05 * k, 0.2 * k, min(1.0, 1.2 * k)
    parts = [f"{h0}+{slope}*x", f"{h0}+{slope}*({SIDE}-x)", f"{largest}"]
    if inclusions:
        arcs = gmsh.model.getBoundary([(2, s) for s in inclusions], combined=False, oriented=False)
        distance = field.add("Distance")
        field.setNumbers(distance, "CurvesList", sorted({abs(tag) for _, tag in arcs}))
        field.setNumber(distance, "Sampling", 200)
        parts.append(f"{0.35 * k}+{slope}*F{distance}")
    sizes = []
    for part in parts:
        sizes.append(field.add("MathEval"))
        field.setString(sizes[-1], "F", part)
    smallest = field.add("Min")
    field.setNumbers(smallest, "FieldsList", sizes)
    field.setAsBackgroundMesh(smallest)
    for source in ("ExtendFromBoundary", "FromPoints", "FromCurvature"):
        gmsh.option.setNumber(f"Mesh.MeshSize{source}", 0)
    gmsh.option.setNumber("Mesh.Algorithm", 6)


def _read(gmsh, surfaces: list[int], inclusions: list[int]) -> dict[str, NDArray]:
    tags, flat, _ = gmsh.model.mesh.getNodes()
    place = np.zeros((int(tags.max()) + 1, 2))
    place[tags.astype(int)] = flat.reshape(-1, 3)[:, :2]
    blocks, region = [], []
    for surface in surfaces:
        _, nodes = gmsh.model.mesh.getElementsByType(2, surface)
        blocks.append(nodes.reshape(-1, 3).astype(np.int64))
        region.append(np.full(len(blocks[-1]), 2 if surface in inclusions else 1, np.int32))
    used, triangles = np.unique(np.concatenate(blocks), return_inverse=True)
    triangles, points = triangles.reshape(-1, 3), place[used]
    a, b, c = (points[triangles[:, j]] for j in range(3))
    clockwise = np.cross(np.c_[b - a, 0 * a[:, 0]], np.c_[c - a, 0 * a[:, 0]])[:, 2] < 0.0
    triangles[clockwise] = triangles[clockwise, ::-1]
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    x = points[edges, 0]
    near = 1e-9 * SIDE
    return {
        "points": points,
        "triangles": triangles.astype(np.int32),
        "region": np.concatenate(region),
        "left": edges[(np.abs(x) < near).all(axis=1)].astype(np.int32),
        "right": edges[(np.abs(x - SIDE) < near).all(axis=1)].astype(np.int32),
    }
