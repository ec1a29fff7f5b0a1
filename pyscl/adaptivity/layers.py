"""Rows of long thin triangles, and how they are cut without being lost.

A mesh of layers consists of quadrangles, thin across the layer and long along it, each cut into two
triangles by a diagonal, its longest edge. A node in the middle of one diagonal would lie between
two rows; flips to Delaunay triangles then connect it across them, so that single nodes at a wall
get elements many times as high as all others. Where ions are conserved, that alone raises the error
of a charge by orders of magnitude. So both short sides of such a quadrangle are cut together, or
both long ones, or all with the diagonal: rows are halved along their whole length, columns across
the whole layer, and flips make quadrangles of the halves again. The lines between rows are not
flipped, also not for the sake of nodes beside the layer.

Rectangles that are not slim are halved in the same way where that is what is marked, so that
layers form in a grid of squares; nothing else has to follow there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh import Mesh
from pyscl.mesh.topology import edge_keys

Numbers = NDArray[np.intp]
Mask = NDArray[np.bool_]

_THIN = 9.0  # longest edge over height of what is a layer from the beginning
_SLIM = 3.0  # longest edge over height
_SKEW = 0.05  # of a right angle, by the squares of the sides


@dataclass(frozen=True)
class Quadrangles:
    """Edges of quadrangles, as numbers in the order of `Mesh.edges`.

    Attributes:
        diagonal: (k,).
        short: two opposite sides (k, 2), those across the layer.
        long: the other two (k, 2).
        triangles: (k, 2).
        slim: which are clearly longer than wide (k,), so that the way across them is known.
        limited: which must not become thinner for their length (k,); some of the slim ones.
    """

    diagonal: Numbers
    short: Numbers
    long: Numbers
    triangles: Numbers
    slim: Mask
    limited: Mask

    def chosen(self, cut: Mask) -> Mask:
        """Return marks (e,) in which those of diagonals are left to sides.

        A slim quadrangle passes them on to its short sides, unless only long ones are marked:
        across a layer much changes. Others with a marked side besides are cut there and opposite.
        """
        whole = cut.copy()
        short, long = cut[self.short].any(axis=1), cut[self.long].any(axis=1)
        marked = cut[self.diagonal]
        whole[self.diagonal[self.slim | (short ^ long)]] = False
        whole[self.short[marked & ~long & (short | self.slim)]] = True
        whole[self.long[marked & long & ~short]] = True
        return whole

    def close(self, cut: Mask) -> None:
        """Mark what must be cut together, in place; not yet all that follows from it."""
        across, along = cut[self.short].any(axis=1), cut[self.long].any(axis=1)
        cut[self.short[self.slim & across]] = True
        cut[self.long[(self.slim & along) | (self.limited & across)]] = True
        cut[self.diagonal[across & along]] = True


def quadrangles(mesh: Mesh, squared: NDArray[np.float64], stretch: float) -> Quadrangles:
    """Return the thin quadrangles and the rectangles of a mesh.

    Args:
        mesh: the mesh.
        squared: length of every side, squared (m, 3).
        stretch: longest edge over height that refinement may bring about; thinner ones than it
            makes were so from the beginning, and remain free.
    """
    longest = squared.max(axis=1)
    ratio = longest / (2.0 * mesh.areas)
    right = np.abs(longest / (squared.sum(axis=1) - longest) - 1.0) < _SKEW
    pairs = mesh.edges.pairs
    side = np.argmax(squared, axis=1)
    one, other = (pairs // 3).T
    i, j = (pairs % 3).T
    found = (side[one] == i) & (side[other] == j) & (mesh.region[one] == mesh.region[other])
    found &= (right[one] & right[other]) | (np.minimum(ratio[one], ratio[other]) > _THIN)
    keys = mesh.edges.keys[mesh.edges.of_side[pairs[:, 0]]]
    found &= ~np.isin(keys, edge_keys(mesh.facets, mesh.n_points))
    one, other, i, j = one[found], other[found], i[found], j[found]
    of_side = mesh.edges.of_side.reshape(-1, 3)
    # Sides after the diagonal are opposite each other, and so are those before it.
    after, before = (
        np.column_stack([of_side[one, (i + k) % 3], of_side[other, (j + k) % 3]]) for k in (1, 2)
    )
    shorter = squared[one, (i + 1) % 3] <= squared[one, (i + 2) % 3]
    least = np.minimum(ratio[one], ratio[other])
    return Quadrangles(
        diagonal=of_side[one, i],
        short=np.where(shorter[:, None], after, before),
        long=np.where(shorter[:, None], before, after),
        triangles=np.column_stack([one, other]),
        slim=least > _SLIM,
        limited=(least > max(stretch, _SLIM)) & (least < max(_THIN, 2.0 * stretch + 1.0)),
    )
