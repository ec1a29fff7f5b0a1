"""Meshes made without a mesh generator: graded strips, rectangles, Delaunay of given points."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import MeshError
from pyscl.mesh.mesh import Mesh
from pyscl.mesh.topology import Edges

SIDES = ("left", "right", "bottom", "top")


def graded(
    length: float,
    first: float,
    growth: float = 1.2,
    max_step: float | None = None,
    fine: str = "left",
) -> NDArray[np.float64]:
    """Return coordinates from 0 to `length` [m], finest at one end or both, shape (n,).

    Steps grow as `first * growth**k` up to `max_step`, then all shrink by one common factor so
    that they fill the length; the first step is therefore at most `first`.

    Args:
        length: total length [m].
        first: size of the finest step [m].
        growth: ratio of neighbouring steps, >= 1.
        max_step: largest step [m]; None for no limit.
        fine: the fine end: "left", "right" or "both".

    Raises:
        MeshError: a size is not positive, growth < 1, or `fine` is something else.
    """
    limit = np.inf if max_step is None else max_step
    if not (length > 0 and first > 0 and limit > 0 and growth >= 1):
        raise MeshError("graded needs length, first, max_step > 0 and growth >= 1.")
    if fine not in ("left", "right", "both"):
        raise MeshError(f"fine must be 'left', 'right' or 'both', not '{fine}'.")
    span = length / 2 if fine == "both" else length
    steps: list[float] = []
    total = 0.0
    while total < span * (1 - 1e-9):
        steps.append(min(first * growth ** len(steps), limit))
        total += steps[-1]
    x = np.concatenate([[0.0], np.cumsum(steps)]) * (span / total)
    x[-1] = span
    if fine == "right":
        return length - x[::-1]
    if fine == "both":
        return np.concatenate([x, length - x[-2::-1]])
    return x


def strip(
    x: ArrayLike,
    width: float = 1e-9,
    layers: int = 1,
    regions: Sequence[tuple[str, float]] = (),
) -> Mesh:
    """Return a rectangle extruded from a line of x coordinates: a 1D problem as a 2D mesh.

    Facet groups left, right, bottom, top. The diagonals of the cells alternate.

    Args:
        x: (n,) increasing coordinates [m].
        width: extent in y [m].
        layers: number of cells in y.
        regions: (name, x where it ends [m]) from left to right; every end must be one of `x`
            and the last one its last. Default: one region "electrolyte".

    Raises:
        MeshError: x does not increase, or a region does not end at a node.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 1 or len(x) < 2 or not np.all(np.diff(x) > 0):
        raise MeshError("x must be a line of at least two increasing coordinates [m].")
    if not width > 0 or layers < 1:
        raise MeshError(f"width must be > 0 and layers >= 1, not {width:g} and {layers}.")
    names, cell_region = _regions_along(x, list(regions) or [("electrolyte", float(x[-1]))])
    node = np.arange(len(x) * (layers + 1)).reshape(len(x), layers + 1)
    i, j = (a.ravel() for a in np.mgrid[0 : len(x) - 1, 0:layers])
    sw, se, nw, ne = node[i, j], node[i + 1, j], node[i, j + 1], node[i + 1, j + 1]
    rising = ((i + j) % 2 == 0)[:, None]
    first = np.where(rising, np.stack([sw, se, ne], 1), np.stack([sw, se, nw], 1))
    second = np.where(rising, np.stack([sw, ne, nw], 1), np.stack([se, ne, nw], 1))
    y = np.linspace(0.0, width, layers + 1)
    lines = (node[0, ::-1], node[-1, :], node[:, 0], node[::-1, -1])
    return Mesh(
        points=np.column_stack([np.repeat(x, layers + 1), np.tile(y, len(x))]),
        triangles=np.stack([first, second], 1).reshape(-1, 3),
        region=np.repeat(cell_region[i], 2),
        region_names=names,
        facets=np.concatenate([np.column_stack([line[:-1], line[1:]]) for line in lines]),
        facet_group=np.repeat(np.arange(4), [len(line) - 1 for line in lines]),
        facet_names=SIDES,
    )


def rectangle(nx: int, ny: int, lx: float, ly: float, region: str = "electrolyte") -> Mesh:
    """Return a uniform mesh of nx x ny cells on [0, lx] x [0, ly] [m] with one region."""
    return strip(np.linspace(0.0, lx, nx + 1), width=ly, layers=ny, regions=[(region, lx)])


def from_delaunay(
    points: ArrayLike, region_of: Callable[[NDArray[np.float64]], Sequence[str]]
) -> Mesh:
    """Return the Delaunay triangulation of points, regions by the centroid of each triangle.

    Facet groups left, right, bottom, top hold the outer edges on those sides of the bounding box.

    Args:
        points: (n, 2) coordinates [m].
        region_of: centroids (m, 2) [m] -> m region names; called once.

    Raises:
        MeshError: the points do not span a plane, or `region_of` returns a wrong number.
    """
    from scipy.spatial import Delaunay, QhullError

    points = np.asarray(points, dtype=np.float64)
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    unit_points = (points - low) / size.max()
    try:
        triangles = Delaunay(unit_points).simplices
    except QhullError as error:
        raise MeshError("the points do not span a plane: all on one line, or too few.") from error
    corner = unit_points[triangles]
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    doubled = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    triangles = np.where((doubled < 0)[:, None], triangles[:, [0, 2, 1]], triangles)
    # Qhull adds slivers of no area along collinear points of the hull.
    triangles = triangles[np.abs(doubled) > 1e-12].astype(np.int32)
    names = [str(name) for name in region_of(points[triangles].mean(axis=1))]
    if len(names) != len(triangles):
        raise MeshError(f"region_of returned {len(names)} names for {len(triangles)} triangles.")
    region_names, region = np.unique(names, return_inverse=True)
    edges = Edges.of(triangles, len(points))
    outer = edges.sides[edges.outer_sides]
    on_side = [np.abs(points[:, a] - low[a] - s * size[a]) < 1e-9 * size.max()
               for a in (0, 1) for s in (0, 1)]  # fmt: skip
    groups = [outer[np.all(on[outer], axis=1)] for on in on_side]
    return Mesh(
        points=points,
        triangles=triangles,
        region=region.astype(np.int32),
        region_names=tuple(str(name) for name in region_names),
        facets=np.concatenate(groups),
        facet_group=np.repeat(np.arange(4), [len(g) for g in groups]),
        facet_names=SIDES,
    )


def _regions_along(
    x: NDArray[np.float64], regions: list[tuple[str, float]]
) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the region names and the region of each interval of x; a name may come twice."""
    names = tuple(dict.fromkeys(name for name, _ in regions))
    cells = np.empty(len(x) - 1, dtype=np.int32)
    start = 0
    for name, end in regions:
        stop = int(np.argmin(np.abs(x - end)))
        if abs(x[stop] - end) > 1e-6 * (x[-1] - x[0]) or stop <= start:
            raise MeshError(
                f"region '{name}' ends at x = {end:g} m, which is not a node to the right of "
                f"x = {x[start]:g} m. The nearest node is at {x[stop]:g} m."
            )
        cells[start:stop] = names.index(name)
        start = stop
    if start != len(x) - 1:
        raise MeshError(
            f"the last region ends at x = {x[start]:g} m, but the strip at {x[-1]:g} m."
        )
    return names, cells
