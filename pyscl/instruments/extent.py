"""Where a raster lies: windows, lengths, triangles of places, sides that repeat."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError
from pyscl.mesh.places import triangulation
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]
Window = tuple[float, float, float, float]


def located(solution: "Solution", places: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the triangle of places (n, 2) [m], -1 outside, and barycentric weights (n, 3)."""
    mesh = solution.model.mesh
    finder = triangulation(mesh).get_trifinder()
    triangle = np.asarray(finder(*places.T), dtype=np.intp)
    return triangle, barycentric(solution, triangle, places)


def barycentric(solution: "Solution", triangle: NDArray[np.intp], places: FloatArray) -> FloatArray:
    """Return the weights (n, 3) [1] of the corners of triangles (n,) at places (n, 2) [m]."""
    mesh = solution.model.mesh
    corner = mesh.points[mesh.triangles[triangle]]
    edges = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=2)
    local = np.linalg.solve(edges, (places - corner[:, 0])[:, :, None])[:, :, 0]
    return np.column_stack([1.0 - local.sum(axis=1), local])


def periodic_axes(model: "Model") -> tuple[bool, bool]:
    """Return whether the model repeats along x, and along y."""
    found = []
    for axis in (0, 1):
        along = model.mesh.points[:, axis]
        ends = {float(along.min()), float(along.max())}
        tolerance = 1e-9 * np.ptp(along)
        places = [
            [model.mesh.points[np.unique(model.mesh.facets_of(side)), axis] for side in pair.sides]
            for pair in model.periodic
        ]
        found.append(
            any(
                all(np.ptp(p) <= tolerance for p in pair)
                and all(min(abs(p.mean() - end) for p in pair) <= tolerance for end in ends)
                for pair in places
            )
        )
    return found[0], found[1]


def checked_window(window: Window | None, low: FloatArray, high: FloatArray) -> Window:
    """Return the part of a window [m] that is on the mesh from low to high, or all of it.

    Raises:
        InputError: it is not four increasing numbers, or off the mesh.
    """
    if window is None:
        return (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    if len(window) != 4 or not np.isfinite(window).all():
        raise InputError(f"a window is (x first, x last, y first, y last) in m, not {window}")
    x0, x1, y0, y1 = window
    if not (x0 < x1 and y0 < y1):
        raise InputError(f"a window needs x first < x last and y first < y last, not {window}")
    if x1 <= low[0] or x0 >= high[0] or y1 <= low[1] or y0 >= high[1]:
        raise InputError(
            f"the window {window} m is off the mesh, which spans x = {low[0]:.4g} ... "
            f"{high[0]:.4g} m, y = {low[1]:.4g} ... {high[1]:.4g} m"
        )
    return max(x0, low[0]), min(x1, high[0]), max(y0, low[1]), min(y1, high[1])


def length(name: str, value: float | str, *, zero: bool = False) -> float:
    """Return a positive length [m] from a number or a text with a unit.

    Raises:
        InputError: it is not one; the message calls it `name`.
    """
    metres = parse(value, "m")
    if not (np.isfinite(metres) and (metres > 0.0 or (zero and metres == 0.0))):
        allowed = "0 (none) or a positive length" if zero else "a positive length"
        raise InputError(f"{name} must be {allowed} in m or a text such as '1 nm', not {value!r}")
    return metres
