"""Samples of a line with both sides of every interface, and the electrodes at its ends."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.instruments.extent import barycentric, located
from pyscl.instruments.raster import FloatArray
from pyscl.postprocess.cut import locate

if TYPE_CHECKING:
    from pyscl.mesh import Mesh
    from pyscl.solution import Solution

_INSIDE = (1e-11, 1e-8, 1e-5)  # of a stretch: how far from its ends their triangles are sought
_LEAST = 9  # samples of a stretch
_TOUCHING = 1e-9  # of the extent of the mesh


def sample_line(
    solution: "Solution", start: tuple[float, float], end: tuple[float, float], points: int
) -> tuple[FloatArray, FloatArray, NDArray[np.str_], NDArray[np.intp], FloatArray]:
    """Return samples of a line with one on either side of each interface that it crosses.

    Returns:
        Distance [m] (n,), places [m] (n, 2), region "" outside (n,), triangle (n,), barycentric
        weights (n, 3). Every stretch of the line between two interfaces has samples at its ends
        and in its middle, however short it is.

    Raises:
        InputError: a line without length or off the mesh.
    """
    mesh = solution.model.mesh
    line, _ = locate(mesh, start, end, points)
    first, last = line[0], line[-1]
    cuts = np.concatenate([[0.0], _crossings(mesh, first, last), [1.0]])
    begin, length = cuts[:-1], np.diff(cuts)
    middle, _ = located(solution, first + (begin + 0.5 * length)[:, None] * (last - first))
    number = np.where(middle >= 0, mesh.region[middle], -1)  # of the region of every stretch

    regular = np.linspace(0.0, 1.0, points)
    stretch = np.clip(np.searchsorted(cuts, regular, side="right") - 1, 0, len(begin) - 1)
    share = (regular - begin[stretch]) / length[stretch]
    kept = (share > _INSIDE[-1]) & (share < 1.0 - _INSIDE[-1])
    stretch = np.concatenate([stretch[kept], np.repeat(np.arange(len(begin)), _LEAST)])
    share = np.concatenate([share[kept], np.tile(np.linspace(0.0, 1.0, _LEAST), len(begin))])
    order = np.lexsort([share, stretch])
    stretch, share = stretch[order], share[order]

    places = first + (begin[stretch] + share * length[stretch])[:, None] * (last - first)
    triangle = np.full(len(share), -1)
    missing = np.ones(len(share), dtype=bool)
    for inside in _INSIDE:  # rounding may put the end of a stretch into the next region
        t = begin[stretch] + np.clip(share, inside, 1.0 - inside) * length[stretch]
        triangle[missing], _ = located(solution, first + t[missing, None] * (last - first))
        missing = np.where(triangle >= 0, mesh.region[triangle], -1) != number[stretch]
    weight = np.clip(barycentric(solution, triangle, places), 0.0, 1.0)
    weight /= weight.sum(axis=1, keepdims=True)
    names = np.array([*mesh.region_names, ""])
    distance = (begin[stretch] + share * length[stretch]) * float(np.linalg.norm(last - first))
    return distance, places, names[number[stretch]], triangle, weight


def _crossings(mesh: "Mesh", first: FloatArray, last: FloatArray) -> FloatArray:
    """Return where a line crosses interfaces and outer sides, as shares of its length (k,)."""
    edges = mesh.edges
    one, other = (edges.pairs // 3).T
    between = edges.pairs[mesh.region[one] != mesh.region[other], 0]
    sides = edges.sides[np.concatenate([between, edges.outer_sides])]
    p, q = mesh.points[sides].transpose(1, 0, 2)
    along, across = last - first, q - p

    def cross(a: FloatArray, b: FloatArray) -> FloatArray:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]

    area = cross(along, across)
    with np.errstate(divide="ignore", invalid="ignore"):
        t, s = cross(p - first, across) / area, cross(p - first, along) / area
    meets = (np.abs(area) > 1e-12 * np.linalg.norm(along) * np.linalg.norm(across, axis=1)) & (
        (s > -1e-9) & (s < 1.0 + 1e-9) & (t > 1e-9) & (t < 1.0 - 1e-9)
    )
    found = np.sort(t[meets])
    return found[np.diff(found, prepend=-1.0) > 1e-9]


def electrode_potential(solution: "Solution", contact: str) -> float | None:
    """Return the potential [V] of an electrode behind a compact layer; None without a layer."""
    if getattr(solution.model.contacts[contact], "compact_capacitance", None) is None:
        return None
    d = solution.model.discretized
    return float(solution.unknowns[d.terminal_dof(contact)]) * d.scaling.potential


def electrode_at(solution: "Solution", place: FloatArray) -> float | None:
    """Return the potential [V] of the electrode whose compact layer is at a place (2,) [m]."""
    mesh = solution.model.mesh
    near = _TOUCHING * float(np.ptp(mesh.points, axis=0).max())
    for contact in solution.model.contacts:
        potential = electrode_potential(solution, contact)
        if potential is None:
            continue
        p, q = mesh.points[mesh.facets_of(contact)].transpose(1, 0, 2)
        along = q - p
        share = np.clip(((place - p) * along).sum(axis=1) / (along**2).sum(axis=1), 0.0, 1.0)
        if np.linalg.norm(p + share[:, None] * along - place, axis=1).min() <= near:
            return potential
    return None
