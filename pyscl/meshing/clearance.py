"""Free space beside curves: radii of the largest empty discs that touch them.

A normal shorter than the radius of the disc cannot meet the normal of another point, so that
layers that are shorter never overlap. Shrinking-ball iteration: Ma, Bae and Choi,
Vis. Comput. 28 (2012) 7.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pyscl.meshing.curves import Curve

Array = NDArray[np.float64]

ITERATIONS = 40
NEIGHBOUR = 4.0  # steps along the curve within which a disc is limited by the curvature alone


class Clearance:
    """Lengths `s` at which curves are sampled, and the free radius on either side there.

    Attributes:
        s: by curve, (k,) lengths along it [m].
        radius: by curve, (k, 2) radius on the left and on the right [m], at most `largest`.
    """

    def __init__(
        self, curves: Sequence[Curve], measured: NDArray[np.bool_], largest: float, floor: Array
    ) -> None:
        """Sample the curves, finer where they are close, down to `floor`.

        Args:
            curves: the curves.
            measured: (n_curves,) which of them are in the way of others and are measured; the
                rest, outer sides without layers, are only sampled.
            largest: radius beyond which nothing matters [m].
            floor: (n_curves,) shortest useful distance of samples [m].
        """
        self.s = [_spread(curve, largest) for curve in curves]
        self.radius: list[Array] = []
        for _ in range(30):
            self.radius = _radii(curves, self.s, measured, largest)
            finer = [
                _halved(s, radius.min(axis=1), f) if m else s
                for s, radius, f, m in zip(self.s, self.radius, floor, measured, strict=True)
            ]
            if all(len(a) == len(b) for a, b in zip(self.s, finer, strict=True)):
                break
            self.s = finer
        else:
            self.radius = _radii(curves, self.s, measured, largest)


def _spread(curve: Curve, largest: float) -> Array:
    pieces = max(8, int(np.ceil(4.0 * curve.length / largest)))
    even = np.linspace(0.0, curve.length, pieces + 1)
    bends = curve.s[1:-1]
    if len(bends) > 8 * pieces:
        bends = bends[:: len(bends) // (8 * pieces)]
    s = np.union1d(even, bends)
    apart = np.append(True, np.diff(s) > 1e-6 * curve.length)
    apart[-1] = True
    return s[apart]


def _halved(s: Array, radius: Array, floor: float) -> Array:
    step = np.diff(s)
    allowed = np.maximum(0.5 * np.minimum(radius[:-1], radius[1:]), floor)
    where = step > allowed
    return np.sort(np.concatenate([s, 0.5 * (s[:-1] + s[1:])[where]]))


def _radii(
    curves: Sequence[Curve], samples: list[Array], measured: NDArray[np.bool_], largest: float
) -> list[Array]:
    points = [curve.at(s) for curve, s in zip(curves, samples, strict=True)]
    counts = np.array([len(p) for p in points])
    owner = np.repeat(np.arange(len(curves)), counts)
    every = np.concatenate(points)
    tangent = np.concatenate([c.tangent(s) for c, s in zip(curves, samples, strict=True)])
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    curved = np.concatenate([c.curvature_at(s) for c, s in zip(curves, samples, strict=True)])
    rank = np.concatenate([np.arange(n) for n in counts])
    use = measured[owner]
    radius = np.full((len(every), 2), largest)
    if use.any():
        tree = cKDTree(every[use])
        for column, side in enumerate((1.0, -1.0)):
            r, touched = _shrunk(every[use], side * normal[use], tree, largest)
            near = (owner[use][touched] == owner[use]) & (
                np.abs(rank[use][touched] - rank[use]) <= NEIGHBOUR
            )
            own = 0.9 / np.maximum(np.abs(curved[use]), 1.0 / largest)
            radius[use, column] = np.where(near, np.maximum(r, own), r)
    return np.split(np.minimum(radius, largest), np.cumsum(counts)[:-1])


def _shrunk(
    points: Array, normals: Array, tree: cKDTree, largest: float
) -> tuple[Array, NDArray[np.intp]]:
    """Return the radius of the largest empty disc at each point, and the sample it touches."""
    radius = np.full(len(points), largest)
    touched = np.arange(len(points))
    active = np.arange(len(points))
    for _ in range(ITERATIONS):
        centre = points[active] + radius[active, None] * normals[active]
        distance, nearest = tree.query(centre)
        inside = distance < radius[active] * (1.0 - 1e-6)
        active, nearest = active[inside], nearest[inside]
        if not len(active):
            break
        off = tree.data[nearest] - points[active]
        ahead = np.einsum("ij,ij->i", off, normals[active])
        smaller = np.einsum("ij,ij->i", off, off) / (2.0 * np.maximum(ahead, 1e-300))
        radius[active] = np.minimum(smaller, radius[active])
        touched[active] = nearest
    return radius, touched
