"""Conforming refinement of a mesh with all its names.

Triangles are cut into four similar ones, or bisected at marked edges. So that angles stay bounded,
the longest edge of a flat or obtuse triangle is always cut first: bisection of longest edges never
makes an angle below half of the smallest one (I. Rosenberg, F. Stenger, SIAM J. Numer. Anal. 12
(1975) 390). What counts as flat is up to the caller: elements may be stretched along layers, and
rows of long thin triangles stay rows, see `pyscl.adaptivity.layers`. The
closure over edges instead of triangles follows S. Funken, D. Praetorius, P. Wissgott, Comput.
Methods Appl. Math. 11 (2011) 460.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.adaptivity.curves import Curve, bent_edges, snapped
from pyscl.adaptivity.layers import quadrangles
from pyscl.errors import InputError
from pyscl.mesh import Mesh
from pyscl.mesh.flips import flipped
from pyscl.mesh.quality import squared_lengths

IntArray = NDArray[np.int32]

_OBTUSE = 1.1  # longest side squared over the sum of the other two squared; 1 for a right angle


@dataclass(frozen=True, eq=False)
class Refinement:
    """A refined mesh and where its parts come from.

    Attributes:
        coarse: the mesh that was refined; its nodes come first in the new one.
        mesh: the refined mesh.
        pieces: (m, 3) corners of the pieces of the coarse triangles: the new triangles unless
            edges were flipped.
        parent: (m,) coarse triangle of each piece.
        ends: (n, 2) coarse nodes between which each new node lies, twice the same for old nodes.
    """

    coarse: Mesh
    mesh: Mesh
    pieces: IntArray
    parent: NDArray[np.intp]
    ends: IntArray


def refine(
    mesh: Mesh,
    marked: ArrayLike,
    *,
    curves: Mapping[str, Curve] | None = None,
    periodic: Sequence[tuple[str, str]] = (),
    flip: bool = True,
) -> Refinement:
    """Cut marked triangles into four, and bisect others so that no node hangs.

    Args:
        mesh: the mesh.
        marked: (m,) mask, or numbers of the triangles to cut into four.
        curves: interface "a|b" or facet group -> the curve on which its nodes are put.
        periodic: pairs of facet groups that are translated copies and shall stay so.
        flip: whether edges are flipped where that makes better triangles, see `pyscl.mesh.flips`.

    Raises:
        InputError: marks that are no triangles, unknown names, or sides that are no copies.
        MeshError: the mesh cannot follow the curves.
    """
    chosen = _chosen(marked, mesh.n_triangles, "triangle")
    edges = np.unique(mesh.edges.of_side.reshape(-1, 3)[chosen])
    return refine_edges(mesh, edges, curves=curves, periodic=periodic, flip=flip)


def refine_edges(
    mesh: Mesh,
    marked: ArrayLike,
    *,
    stretch: float = 1.0,
    curves: Mapping[str, Curve] | None = None,
    periodic: Sequence[tuple[str, str]] = (),
    flip: bool = True,
) -> Refinement:
    """Cut marked edges in the middle, and what must follow; see `refine`.

    Args:
        mesh: the mesh.
        marked: mask or numbers of the edges in the order of `mesh.edges`.
        stretch: edges are cut alone in triangles without an obtuse angle whose longest edge is at
            most that many times their height; otherwise the longest edge is cut, too.
        curves: as in `refine`.
        periodic: as in `refine`.
        flip: as in `refine`.

    Raises:
        InputError: as in `refine`, or a stretch below 1.
        MeshError: the mesh cannot follow the curves.
    """
    if not stretch >= 1.0:
        raise InputError(f"stretch must be at least 1, not {stretch}")
    n_edges = len(mesh.edges.keys)
    cut = np.zeros(n_edges, dtype=bool)
    cut[_chosen(marked, n_edges, "edge")] = True
    cut[bent_edges(mesh, curves or {})] = True
    of_side = mesh.edges.of_side.reshape(-1, 3)
    squared = squared_lengths(mesh)
    layers = quadrangles(mesh, squared, stretch)
    longest = _longest_edges(mesh, squared)
    follows = _needs_longest(mesh, squared, stretch)
    follows[layers.triangles[layers.slim]] = False
    cut = layers.chosen(cut)
    twins = [_periodic_edges(mesh, pair) for pair in periodic]
    while True:
        before = int(cut.sum())
        for first, second in twins:
            cut[first] = cut[second] = cut[first] | cut[second]
        layers.close(cut)
        cut[longest[cut[of_side].any(axis=1) & follows]] = True
        if int(cut.sum()) == before:
            break
    refinement = _divide(mesh, cut, _longest_edges(mesh, np.where(cut[of_side], squared, 0.0)))
    if curves:
        refinement = replace(refinement, mesh=snapped(refinement.mesh, curves))
    if not flip:
        return refinement
    if not layers.slim.any():
        return replace(refinement, mesh=flipped(refinement.mesh))
    lines = np.zeros(n_edges, dtype=bool)
    lines[layers.long[layers.slim]] = True
    kept = _halves(refinement, lines)
    return replace(refinement, mesh=_flipped_between(refinement.mesh, kept))


def _halves(refinement: Refinement, marked: NDArray[np.bool_]) -> IntArray:
    """Return the edges (k, 2) of the refined mesh that are marked coarse ones (e,), or halves."""
    mesh, keys = refinement.coarse, refinement.mesh.edges.keys
    ends = np.column_stack(np.divmod(keys, refinement.mesh.n_points)).astype(np.int32)
    of_ends = refinement.ends[ends].reshape(-1, 4)
    low, high = of_ends.min(axis=1), of_ends.max(axis=1)
    on_one = ((of_ends == low[:, None]) | (of_ends == high[:, None])).all(axis=1)
    old = mesh.edges.find(np.column_stack([low, high]).astype(np.int32))
    return np.asarray(ends[on_one & (old >= 0) & marked[old]])


def _flipped_between(mesh: Mesh, lines: IntArray) -> Mesh:
    """Return the mesh with flips, see `flipped`, but not of the given edges (k, 2)."""
    number = len(mesh.facet_names)
    held = replace(
        mesh,
        facets=np.concatenate([mesh.facets, lines]),
        facet_group=np.concatenate([mesh.facet_group, np.full(len(lines), number, np.int32)]),
        facet_names=(*mesh.facet_names, "lines between rows"),
    )
    return replace(mesh, triangles=flipped(held).triangles)


def refine_uniformly(mesh: Mesh, *, curves: Mapping[str, Curve] | None = None) -> Refinement:
    """Cut every triangle into four similar ones, without flips; see `refine`."""
    return refine(mesh, np.ones(mesh.n_triangles, dtype=bool), curves=curves, flip=False)


def _chosen(marked: ArrayLike, count: int, what: str) -> NDArray[np.intp]:
    """Return the numbers of what is marked."""
    marks = np.asarray(marked)
    if marks.dtype == bool:
        if marks.shape != (count,):
            raise InputError(f"marks have shape {marks.shape}; the mesh has {count} {what}s")
        return np.flatnonzero(marks)
    if marks.size == 0:
        return np.empty(0, dtype=np.intp)
    if not np.issubdtype(marks.dtype, np.integer) or marks.min() < 0:
        raise InputError(f"marks must be a mask or the numbers of {what}s, from 0")
    if marks.max() >= count:
        raise InputError(f"{what} {marks.max()} is marked, but there are {count}")
    return np.unique(marks).astype(np.intp)


def _longest_edges(mesh: Mesh, squared: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the longest edge of each triangle (m,); equal ones by their number.

    Lengths are compared up to rounding, so that mirrored triangles are treated alike.

    Args:
        mesh: the mesh.
        squared: length of every side, squared (m, 3).
    """
    nearly = squared >= squared.max(axis=1, keepdims=True) * (1.0 - 1e-9)
    return np.where(nearly, mesh.edges.of_side.reshape(-1, 3), -1).max(axis=1)


def _needs_longest(mesh: Mesh, squared: NDArray[np.float64], stretch: float) -> NDArray[np.bool_]:
    """Return the triangles (m,) that are only cut together with their longest edge."""
    longest = squared.max(axis=1)
    flat = longest > stretch * 2.0 * mesh.areas
    obtuse = longest > _OBTUSE * (squared.sum(axis=1) - longest)
    return np.asarray(flat | obtuse)


def _periodic_edges(mesh: Mesh, pair: tuple[str, str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the edges of two sides that are copies of each other, in the same order."""
    edges = [mesh.edges.find(mesh.facets_of(name)) for name in pair]
    middles = [mesh.points[mesh.facets_of(name)].mean(axis=1) for name in pair]
    if len(edges[0]) != len(edges[1]):
        raise InputError(
            f"periodic sides '{pair[0]}' and '{pair[1]}' have {len(edges[0])} and "
            f"{len(edges[1])} facets; mesh them as copies of each other"
        )
    along = int(np.argmax(np.ptp(middles[0], axis=0)))
    first, second = (e[np.argsort(m[:, along])] for e, m in zip(edges, middles, strict=True))
    return first, second


def _divide(mesh: Mesh, cut: NDArray[np.bool_], first: NDArray[np.intp]) -> Refinement:
    """Cut edges in the middle and put the pieces together.

    Args:
        mesh: the mesh.
        cut: mask of the edges.
        first: (m,) edge at which each triangle is bisected first.
    """
    n = mesh.n_points
    keys = mesh.edges.keys[cut]
    halves = np.column_stack([keys // n, keys % n]).astype(np.int32)
    middle = np.full(len(cut), -1, dtype=np.int32)
    middle[cut] = n + np.arange(len(halves), dtype=np.int32)
    triangles, parent = _children(mesh, middle, first)
    facets, group = _split_facets(mesh, middle)
    old = np.arange(n, dtype=np.int32)
    refined = Mesh(
        points=np.concatenate([mesh.points, mesh.points[halves].mean(axis=1)]),
        triangles=triangles,
        region=mesh.region[parent],
        region_names=mesh.region_names,
        facets=facets,
        facet_group=group,
        facet_names=mesh.facet_names,
    )
    ends = np.concatenate([np.column_stack([old, old]), halves])
    return Refinement(mesh, refined, triangles, parent, ends)


def _children(
    mesh: Mesh, middle: IntArray, bisected: NDArray[np.intp]
) -> tuple[IntArray, NDArray[np.intp]]:
    """Return the triangles after the cuts, and the triangle each comes from."""
    m = mesh.n_triangles
    of_side = mesh.edges.of_side.reshape(-1, 3)
    first = np.argmax(of_side == bisected[:, None], axis=1)
    turn = (first[:, None] + np.arange(3)) % 3
    rows = np.arange(m)[:, None]
    a, b, c = mesh.triangles[rows, turn].T
    ab, bc, ca = middle[of_side[rows, turn]].T  # ab is bisected first
    on_ab, on_bc, on_ca = ab >= 0, bc >= 0, ca >= 0
    all_three = on_bc & on_ca
    pieces: list[tuple[NDArray[np.bool_], tuple[IntArray, IntArray, IntArray]]] = [
        (~on_ab, (a, b, c)),
        # the half at a
        (on_ab & ~on_ca, (a, ab, c)),
        (on_ab & on_ca, (a, ab, ca)),
        (on_ca & ~on_bc, (ca, ab, c)),
        # the half at b
        (on_ab & ~on_bc, (ab, b, c)),
        (on_ab & on_bc, (ab, b, bc)),
        (on_bc & ~on_ca, (ab, bc, c)),
        # four similar triangles
        (all_three, (ca, bc, c)),
        (all_three, (ab, bc, ca)),
    ]
    triangles = np.concatenate([np.column_stack(corner)[mask] for mask, corner in pieces])
    parent = np.concatenate([np.flatnonzero(mask) for mask, _ in pieces])
    order = np.argsort(parent, kind="stable")
    return triangles[order].astype(np.int32), parent[order]


def _split_facets(mesh: Mesh, middle: IntArray) -> tuple[IntArray, IntArray]:
    """Return the facets of all groups after the cuts, and their groups."""
    at = mesh.edges.find(mesh.facets)
    half = np.where(at >= 0, middle[at], -1)
    kept, start, end = mesh.facets[half < 0], mesh.facets.copy(), mesh.facets.copy()
    start[:, 1] = end[:, 0] = half
    facets = np.concatenate([kept, start[half >= 0], end[half >= 0]])
    group = np.concatenate([mesh.facet_group[half < 0], *[mesh.facet_group[half >= 0]] * 2])
    return facets.astype(np.int32), group.astype(np.int32)
