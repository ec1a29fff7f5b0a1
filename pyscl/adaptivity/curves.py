"""Smooth curves onto which refinement puts the nodes of interfaces and sides."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError, MeshError, unknown_name
from pyscl.mesh import Mesh
from pyscl.mesh.quality import squared_lengths

FloatArray = NDArray[np.float64]

_ROUNDING = 1e-14  # of the size of the mesh
_FLATNESS = 0.125
_SAMPLES = 4096  # along a curve, besides one per segment
_CANDIDATES = 6


class Curve(Protocol):
    """A smooth curve in the plane."""

    def nearest(self, points: FloatArray) -> FloatArray:
        """Return the points of the curve nearest to `points` (n, 2), [m]."""


@dataclass(frozen=True)
class Circle:
    """A circle, or an arc of it.

    Attributes:
        centre: (x, y) [m].
        radius: [m].
    """

    centre: tuple[float, float]
    radius: float

    def __post_init__(self) -> None:
        if not (self.radius > 0.0 and np.isfinite([*self.centre, self.radius]).all()):
            raise InputError(
                f"a circle needs a finite centre and a radius > 0, not {self.centre} and "
                f"{self.radius} m"
            )

    def nearest(self, points: FloatArray) -> FloatArray:
        """Return the points of the circle nearest to `points` (n, 2), [m]."""
        away = points - np.asarray(self.centre)
        distance = np.linalg.norm(away, axis=1, keepdims=True)
        if (distance == 0.0).any():
            raise InputError("a node lies in the centre of the circle it is to be put on")
        return np.asarray(self.centre) + self.radius * away / distance


class Polyline:
    """A finely sampled curve, such as a chain of a `Partition`; several pieces are allowed."""

    def __init__(self, *pieces: ArrayLike) -> None:
        """Store the pieces, each (n, 2) [m]; a piece is closed if its ends are the same.

        Raises:
            InputError: a piece is no line of at least two points.
        """
        arrays = [np.asarray(piece, dtype=np.float64) for piece in pieces]
        for piece in arrays:
            if piece.ndim != 2 or piece.shape[1] != 2 or len(piece) < 2:
                raise InputError(f"a curve needs points of shape (n >= 2, 2), not {piece.shape}")
        if not arrays:
            raise InputError("a curve needs at least one piece")
        self._start = np.concatenate([piece[:-1] for piece in arrays])
        self._step = np.concatenate([np.diff(piece, axis=0) for piece in arrays])
        length = np.linalg.norm(self._step, axis=1)
        if not (np.isfinite(self._start).all() and length.sum() > 0.0):
            raise InputError("a curve needs finite points that are not all the same")
        # Points along every segment find the few segments that can be nearest.
        count = 1 + np.floor(_SAMPLES * length / length.sum()).astype(int)
        self._segment = np.repeat(np.arange(len(count)), count)
        share = (np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + 0.5) / count[
            self._segment
        ]
        self._samples = self._start[self._segment] + share[:, None] * self._step[self._segment]

    def nearest(self, points: FloatArray) -> FloatArray:
        """Return the points of the curve nearest to `points` (n, 2), [m]."""
        from scipy.spatial import cKDTree

        _, near = cKDTree(self._samples).query(points, k=min(_CANDIDATES, len(self._samples)))
        segment = self._segment[near.reshape(len(points), -1)]
        start, step = self._start[segment], self._step[segment]
        squared = np.maximum((step**2).sum(axis=2), np.finfo(float).tiny)
        share = np.clip(((points[:, None] - start) * step).sum(axis=2) / squared, 0.0, 1.0)
        foot = start + share[..., None] * step
        best = np.argmin(((foot - points[:, None]) ** 2).sum(axis=2), axis=1)
        return np.asarray(foot[np.arange(len(points)), best])


def snapped(mesh: Mesh, curves: Mapping[str, Curve]) -> Mesh:
    """Return the mesh with the nodes of interfaces and sides moved onto their curves.

    The nodes around follow by a harmonic displacement, so that layers that are thinner than the
    move keep their thickness. A node in which a curve ends at another interface or side stays.

    Args:
        mesh: the mesh.
        curves: interface "a|b" or facet group -> its curve.

    Raises:
        InputError: there is no such interface or facet group.
        MeshError: the curves are so far away that triangles would be turned over.
    """
    displacement = np.zeros((mesh.n_points, 2))
    held = np.zeros(mesh.n_points, dtype=bool)
    for facets in [*mesh.interfaces.values(), mesh.facets, mesh.boundary]:
        held[facets] = True
    for name, curve in curves.items():
        facets = _facets(mesh, name)
        nodes = np.setdiff1d(facets, _nodes_of_others(mesh, facets))
        if len(nodes):
            displacement[nodes] = curve.nearest(mesh.points[nodes]) - mesh.points[nodes]
    moves = np.linalg.norm(displacement, axis=1)
    if moves.max(initial=0.0) <= _ROUNDING * np.ptp(mesh.points):
        return mesh
    _extend(mesh, displacement, held)
    moved = replace(mesh, points=mesh.points + displacement)
    if not (moved.areas > 0.0).all():
        worst = mesh.points[np.argmax(moves)]
        raise MeshError(
            f"nodes cannot be moved onto the curves of {', '.join(curves)} without turning "
            f"triangles over; the farthest, at ({worst[0]:.4g}, {worst[1]:.4g}) m, is "
            f"{moves.max():.3g} m away. Check the curves, or begin with a finer mesh"
        )
    return moved


def bent_edges(mesh: Mesh, curves: Mapping[str, Curve]) -> NDArray[np.intp]:
    """Return edges on curves whose middle is farther off than 1/8 of a triangle beside it is high.

    Elements must not become thinner than that before the curve is followed more closely.
    """
    height = 2.0 * mesh.areas[:, None] / np.sqrt(squared_lengths(mesh))  # over each side
    lowest = np.full(len(mesh.edges.keys), np.inf)
    np.minimum.at(lowest, mesh.edges.of_side, height.ravel())
    bent = [np.empty(0, dtype=np.intp)]
    for name, curve in curves.items():
        facets = _facets(mesh, name)
        edges, middle = mesh.edges.find(facets), mesh.points[facets].mean(axis=1)
        off = np.linalg.norm(curve.nearest(middle) - middle, axis=1)
        bent.append(edges[off > _FLATNESS * lowest[edges]])
    return np.concatenate(bent)


def _extend(mesh: Mesh, displacement: FloatArray, held: NDArray[np.bool_]) -> None:
    """Fill in the harmonic displacement of the nodes that are not held.

    Discrete Laplace equation with the edge weights of linear elements, over their areas: small
    elements are stiff, so that large ones take up the move; negative weights are left out.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import splu

    if held.all():
        return
    squared = squared_lengths(mesh)
    others = squared.sum(axis=1, keepdims=True) - 2.0 * squared
    stiffness = mesh.areas.max() / mesh.areas
    cotangent = (others / (4.0 * mesh.areas[:, None]) * stiffness[:, None]).ravel()
    keys = mesh.edges.keys
    weight = np.bincount(mesh.edges.of_side, 0.5 * cotangent, len(keys))
    weight = np.maximum(weight, 1e-3)  # every node stays connected
    i, j = keys // mesh.n_points, keys % mesh.n_points
    entries = np.concatenate([weight, weight, -weight, -weight])
    rows, columns = np.concatenate([i, j, i, j]), np.concatenate([i, j, j, i])
    matrix = coo_array((entries, (rows, columns)), shape=(mesh.n_points,) * 2).tocsr()
    inner = np.flatnonzero(~held)
    load = -matrix[inner][:, np.flatnonzero(held)] @ displacement[held]
    displacement[inner] = splu(matrix[inner][:, inner].tocsc()).solve(load)


def _facets(mesh: Mesh, name: str) -> NDArray[np.int32]:
    key = "|".join(sorted(part.strip() for part in name.split("|")))
    if key in mesh.interfaces:
        return mesh.interfaces[key]
    if name in mesh.facet_names:
        return mesh.facets_of(name)
    raise unknown_name("interface or facet group", name, [*mesh.interfaces, *mesh.facet_names])


def _nodes_of_others(mesh: Mesh, facets: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the nodes of all interfaces and outer sides but the given facets."""
    mine = mesh.edges.find(facets)
    others = np.concatenate([mesh.boundary, *mesh.interfaces.values()])
    return np.unique(others[~np.isin(mesh.edges.find(others), mine)])
