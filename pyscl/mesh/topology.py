"""Edges of a triangulation as arrays; the shared base of interfaces, checks and converters."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


def edge_keys(edges: NDArray[np.int32], n_points: int) -> NDArray[np.int64]:
    """Return one integer per edge that does not depend on its direction, shape (k,)."""
    low, high = np.minimum(edges[:, 0], edges[:, 1]), np.maximum(edges[:, 0], edges[:, 1])
    return low.astype(np.int64) * n_points + high


@dataclass(frozen=True, eq=False)
class Edges:
    """The 3m triangle sides of a mesh, grouped into unique edges.

    Side `3 t + j` runs from vertex j to vertex j+1 of triangle t.

    Attributes:
        sides: (3m, 2) int32, node numbers of every triangle side in triangle order.
        keys: (e,) int64, sorted keys of the unique edges (see `edge_keys`).
        of_side: (3m,) index of the unique edge of every side.
        count: (e,) number of triangles at each unique edge.
        n_points: number of mesh points, the base of the keys.
    """

    sides: NDArray[np.int32]
    keys: NDArray[np.int64]
    of_side: NDArray[np.intp]
    count: NDArray[np.intp]
    n_points: int

    @classmethod
    def of(cls, triangles: NDArray[np.int32], n_points: int) -> "Edges":
        """Build from triangles (m, 3)."""
        sides = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
        keys, of_side, count = np.unique(
            edge_keys(sides, n_points), return_inverse=True, return_counts=True
        )
        return cls(sides, keys, of_side.reshape(-1), count, n_points)

    @cached_property
    def pairs(self) -> NDArray[np.intp]:
        """Side numbers of every edge with exactly two triangles, (p, 2), in edge order."""
        by_edge = np.argsort(self.of_side, kind="stable")
        start = np.cumsum(self.count) - self.count
        first = start[self.count == 2]
        return np.column_stack([by_edge[first], by_edge[first + 1]])

    @property
    def outer_sides(self) -> NDArray[np.intp]:
        """Side numbers on the outer boundary (edges with a single triangle)."""
        return np.flatnonzero(self.count[self.of_side] == 1)

    def find(self, facets: NDArray[np.int32]) -> NDArray[np.intp]:
        """Return the unique-edge number of each facet (k, 2), -1 where it is no mesh edge."""
        if len(self.keys) == 0:
            return np.full(len(facets), -1)
        wanted = edge_keys(facets, self.n_points)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[at] == wanted, at, -1)
