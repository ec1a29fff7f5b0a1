"""Where to look: the strongest layer, a window about an interface, a line across it."""

from dataclasses import dataclass

import numpy as np

from pyscl.errors import InputError, unknown_name
from pyscl.plot.panels import Frame, Window
from pyscl.plot.scales import FloatArray
from pyscl.solution import Solution
from pyscl.validity import debye_lengths

STRONGEST = "strongest"
"""Stands for the interface with the largest electric field."""

_LENGTHS, _FACETS = 16.0, 4.0  # Debye lengths and facets across a window, whatever is longer
_LARGEST = 1.0 / 3.0  # of the mesh
_SHAPES = (0.7, 1.4)  # height over width of a window
_POINTS = 800  # of a line


@dataclass(frozen=True)
class Spot:
    """A place on an interface.

    Attributes:
        interface: its name "a|b".
        point: (x, y) [m], on the interface.
        normal: unit vector (2,) from a to b.
        size: [m], over which the layers fade out on both sides together.
    """

    interface: str
    point: FloatArray
    normal: FloatArray
    size: float


def spot_of(solution: Solution, place: str = STRONGEST) -> Spot:
    """Return where the electric field is largest on an interface.

    Args:
        solution: the solution.
        place: "a|b" in any order, or "strongest" for all interfaces between different materials.

    Raises:
        InputError: there is no such interface, or none at all.
    """
    model, mesh = solution.model, solution.model.mesh
    if place == STRONGEST:
        names = [name for name in mesh.interfaces if model.is_material_boundary(name)]
        names = names or list(mesh.interfaces)
        if not names:
            raise InputError(
                "the mesh has no interface, so there is no layer to enlarge; give a window or the "
                "ends of a line"
            )
    else:
        names = ["|".join(sorted(part.strip() for part in place.split("|")))]
        if names[0] not in mesh.interfaces:
            raise unknown_name("interface", place, [STRONGEST, *mesh.interfaces])
    field = _nodal_field(solution)
    strength = {name: field[mesh.interfaces[name]].mean(axis=1) for name in names}
    best = max(names, key=lambda name: strength[name].max())
    facet = mesh.interfaces[best][int(strength[best].argmax())]
    ends = mesh.points[facet]
    side = np.linalg.norm(ends[1] - ends[0])
    normal = np.array([ends[1, 1] - ends[0, 1], ends[0, 0] - ends[1, 0]]) / side
    first, second = best.split("|")
    middle = ends.mean(axis=0)
    beside = np.flatnonzero(np.isin(mesh.triangles, facet).sum(axis=1) == 2)
    there = next(k for k in beside if mesh.region_names[mesh.region[k]] == second)
    normal *= np.sign((mesh.points[mesh.triangles[there]].mean(axis=0) - middle) @ normal)
    lengths = debye_lengths(model)
    layer = max((lengths[r] for r in (first, second) if r in lengths), default=0.0)
    sides = np.linalg.norm(np.diff(mesh.points[mesh.interfaces[best]], axis=1), axis=2)
    extent = np.ptp(mesh.points, axis=0)
    size = max(
        _LENGTHS * layer,
        _FACETS * float(np.median(sides)) if extent.min() > 0.2 * extent.max() else 0.0,
    )
    if not size > 0.0:
        size = float(extent.max()) / 12.0
    return Spot(best, middle, normal, float(min(size, _LARGEST * extent.max())))


def window_at(solution: Solution, place: str = STRONGEST) -> Window:
    """Return a window (x first, x last, y first, y last) [m] about an interface.

    It holds the layers of both sides, see `spot_of`; of a thin strip it keeps the whole width.
    """
    spot = spot_of(solution, place)
    mesh = solution.model.mesh
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    extent = high - low
    if Frame(mesh).stretched:
        size = np.where(extent < extent.max(), extent, spot.size)
    else:
        shape = float(np.clip(extent[1] / extent[0], *_SHAPES))
        size = spot.size * np.array([1.0, shape]) / min(1.0, shape)
        size = np.minimum(size, extent)
    centre = np.clip(spot.point, low + size / 2.0, high - size / 2.0)
    (x0, y0), (x1, y1) = centre - size / 2.0, centre + size / 2.0
    return (float(x0), float(x1), float(y0), float(y1))


def line_across(
    solution: Solution, place: str = STRONGEST
) -> tuple[tuple[float, float], tuple[float, float], int]:
    """Return (start, end, samples) of a line [m] straight across an interface, from a to b.

    It is as long as the layers of both sides need, and ends where the mesh does.
    """
    spot = spot_of(solution, place)
    mesh = solution.model.mesh
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    ends = []
    for sign in (-1.0, 1.0):
        step = 0.5 * sign * spot.size * spot.normal
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0.0, high - spot.point, low - spot.point) / step
        share = float(np.nanmin(np.where(np.abs(step) > 1e-12 * spot.size, room, np.inf)))
        x, y = spot.point + min(share, 1.0) * step
        ends.append((float(x), float(y)))
    return ends[0], ends[1], _POINTS


def _nodal_field(solution: Solution) -> FloatArray:
    """Return the mean |E| [V/m] of the triangles about every node, (n_points,)."""
    mesh = solution.model.mesh
    size = np.hypot(*solution["electric_field"].values.T)
    nodes = mesh.triangles.ravel()
    total = np.bincount(nodes, np.repeat(mesh.areas, 3), mesh.n_points)
    sums = np.bincount(nodes, np.repeat(size * mesh.areas, 3), mesh.n_points)
    return np.asarray(sums / np.maximum(total, 1e-300))
