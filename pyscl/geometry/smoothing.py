"""Smooth curves through pixel edges: as smooth as the pixels allow, with the area of every part.

A pixel image says where an interface is to within half a pixel, so that among the curves that stay
in a tube of that width about the pixel edges the smoothest is wanted, not the staircase. The points
p of all chains together minimise

    sum h |p - m|^2 + sum h (cutoff / 2 pi)^4 |p''|^2

(m middles of the pixel edges, h spacing, p'' divided second difference along the chain). This is
Whittaker's smoother (Proc. Edinburgh Math. Soc. 41, 63, 1922; Eilers, Anal. Chem. 75, 3631, 2003):
it halves waves as long as the cutoff, leaves longer ones alone and shrinks a circle of radius R by
the factor 1 / (1 + (cutoff / 2 pi R)^4) only. The cutoff starts long and is shortened where the
curve leaves the tube, until it fits. At last it is limited by the radius of curvature: the longest
step of a staircase round a circle is 2 sqrt(2 R), twice that removes it and shrinks the circle by
0.7 / R. Junctions are points like others, which the chains that meet there share.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyscl.geometry.pixel_edges import FloatArray, IntArray, PixelNetwork

LONGEST = 120.0
"""First cutoff [pixels]; steps of a straight line of slope below 1/120 remain as slight waves."""

SHORTEST = 1.5
"""Cutoff below which there is no smoothing [pixels]."""

_SHORTEN = 0.62  # factor of the cutoff where the curve leaves the tube
_ROUNDS = 9  # 120 pixels * 0.62^9 = 1.6 pixels
_STEPS = 4 * 2**0.5  # cutoff over the root of the radius of curvature [pixels^(1/2)]
_THIN = 0.4  # half-width of the tube beside a wall of one pixel [pixels]
_AVERAGING = 24  # passes with (1, 2, 1) / 4: a Gaussian of 3.5 points
_HELD = 1e6  # weight of a coordinate that is held


@dataclass(eq=False)
class Smoother:
    """The points of a pixel network and the cutoff at each of them.

    Attributes:
        network: the pixel edges.
        tube: (n,) how far each point may be from its pixel edge, along the normal [pixels].
        cutoff: (n,) wavelength that is smoothed away [pixels].
        raw: numbers of the chains that are left as they are.
    """

    network: PixelNetwork
    tube: FloatArray
    cutoff: FloatArray
    raw: set[int]

    def __init__(self, network: PixelNetwork, tube: float) -> None:
        """Start with long cutoffs; `tube` is in pixels."""
        self.network = network
        self.tube = np.full(len(network.points), tube)
        self.cutoff = np.full(len(network.points), LONGEST)
        self.raw = set()
        for chain in network.chains:
            self.tube[chain.vertices[chain.thin]] = min(tube, _THIN)
            if chain.closed:
                radius = _perimeter(network.points[chain.vertices]) / (2 * np.pi)
                inner = chain.vertices
                self.cutoff[inner] = min(LONGEST, _STEPS * radius**0.5)
        self._stencils = _Stencils(network)

    def fit(self) -> FloatArray:
        """Return the points (n, 2) of the smoothest curves in the tube [pixels]."""
        stencils = self._stencils
        points = self.solve(stencils.spacings(self.network.points))
        for _ in range(_ROUNDS):
            outside = stencils.distance(points, self.network.points) > self.tube
            outside &= self.cutoff > SHORTEST
            if not outside.any():
                break
            reach = stencils.spread(outside, self.cutoff / 4)
            self.cutoff[reach] *= _SHORTEN
            points = self.solve(stencils.spacings(points))
        radius = 1 / np.maximum(stencils.curvature(points), 1e-9)
        wanted = np.minimum(self.cutoff, _STEPS * np.sqrt(radius))
        self.cutoff = stencils.eased(np.maximum(wanted, SHORTEST))
        return self.solve(stencils.spacings(points))

    def shorten(self, crossed: IntArray, reach: float) -> None:
        """Smooth less within `reach` [pixels] of points (n,) where curves cross."""
        marked = np.zeros(len(self.cutoff), bool)
        marked[crossed] = True
        near = self._stencils.spread(marked, np.full(len(marked), reach))
        self.cutoff[near] *= 0.4

    def leave(self, crossed: IntArray) -> None:
        """Leave the chains through these points (n,) as they are."""
        for number, chain in enumerate(self.network.chains):
            if np.isin(chain.vertices, crossed).any():
                self.raw.add(number)

    def resolve(self, points: FloatArray) -> FloatArray:
        """Return the points (n, 2) [as given] for cutoffs that were changed since `fit`."""
        return self.solve(self._stencils.spacings(points))

    def solve(self, spacings: FloatArray) -> FloatArray:
        """Return the points for the present cutoffs; spacings (n_stencils, 2) [pixels]."""
        from scipy.sparse import csc_array, diags_array
        from scipy.sparse.linalg import splu

        at = self._stencils.triples
        n = len(self.network.points)
        before, after = spacings.T
        mean = (before + after) / 2
        cutoff = np.where(self.cutoff > SHORTEST, self.cutoff, 0.0)
        stiffness = np.sqrt(mean * (cutoff[at[:, 1]] / (2 * np.pi)) ** 4)
        entries = np.stack([1 / before, -1 / before - 1 / after, 1 / after], axis=1) / mean[:, None]
        rows = np.repeat(np.arange(len(at)), 3)
        bending = csc_array(
            ((stiffness[:, None] * entries).ravel(), (rows, at.ravel())), shape=(len(at), n)
        )
        square = (bending.T @ bending).tocsc()
        result = np.empty((n, 2))
        for axis in range(2):
            weight = np.where(self._held(axis), _HELD, 1.0)
            factors = splu(
                csc_array(square + diags_array(weight)),
                permc_spec="MMD_AT_PLUS_A",
                options={"SymmetricMode": True},
                diag_pivot_thresh=0.0,
            )
            result[:, axis] = factors.solve(weight * self.network.points[:, axis])
            held = self._held(axis)
            result[held, axis] = self.network.points[held, axis]
        return result

    def _held(self, axis: int) -> NDArray[np.bool_]:
        """Tell which points keep this coordinate: ends on the sides, chains left as they are."""
        rows, columns = self.network.shape
        end = (columns, rows)[axis]
        held = np.zeros(len(self.network.points), bool)
        n = self.network.n_junctions
        at = self.network.points[:n, axis]
        held[:n] = (at == 0) | (at == end)
        for number in self.raw:
            held[self.network.chains[number].vertices] = True
        return held


class _Stencils:
    """Neighbours along the chains, and what is computed from them."""

    def __init__(self, network: PixelNetwork) -> None:
        self.n = len(network.points)
        self._n_junctions = network.n_junctions
        triples = []
        for chain in network.chains:
            v = chain.vertices
            if chain.closed and v[0] >= network.n_junctions:
                v = np.concatenate([v, v[1:2]])
            triples.append(np.stack([v[:-2], v[1:-1], v[2:]], axis=1))
        self.triples: IntArray = np.concatenate([np.empty((0, 3), np.int64), *triples])

    def spacings(self, points: FloatArray) -> FloatArray:
        """Return the distances (n_stencils, 2) to the point before and after."""
        p = points[self.triples]
        return np.maximum(np.linalg.norm(np.diff(p, axis=1), axis=2), 0.1)

    def distance(self, points: FloatArray, pixels: FloatArray) -> FloatArray:
        """Return the distance (n,) from the pixel edges along the normal of the curve."""
        p = points[self.triples]
        along = p[:, 2] - p[:, 0]
        along /= np.maximum(np.linalg.norm(along, axis=1), 1e-12)[:, None]
        off = (points - pixels)[self.triples[:, 1]]
        result = np.zeros(self.n)
        result[self.triples[:, 1]] = np.abs(off[:, 0] * along[:, 1] - off[:, 1] * along[:, 0])
        n = self._n_junctions
        result[:n] = np.linalg.norm((points - pixels)[:n], axis=1) / np.sqrt(2)
        return result

    def curvature(self, points: FloatArray) -> FloatArray:
        """Return the curvature (n,) [1/pixel], averaged over some pixels; zero at junctions."""
        p = points[self.triples]
        one, two = p[:, 1] - p[:, 0], p[:, 2] - p[:, 1]
        turn = np.arctan2(
            one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0], np.einsum("ij,ij->i", one, two)
        )
        length = (np.linalg.norm(one, axis=1) + np.linalg.norm(two, axis=1)) / 2
        result = np.zeros(self.n)
        result[self.triples[:, 1]] = turn / np.maximum(length, 1e-9)
        for _ in range(_AVERAGING):
            mean = result[self.triples] @ np.array([0.25, 0.5, 0.25])
            result[self.triples[:, 1]] = mean
        return np.abs(result)

    def spread(self, marked: NDArray[np.bool_], reach: FloatArray) -> NDArray[np.bool_]:
        """Mark also the points within `reach` (n,) [pixels] along the chains of marked ones."""
        left = np.where(marked, np.maximum(reach, 2.0), 0.0)
        here = self.triples
        for _ in range(int(left.max())):
            give = left - 1.0
            for side in (0, 2):
                np.maximum.at(left, here[:, side], give[here[:, 1]])
                np.maximum.at(left, here[:, 1], give[here[:, side]])
        return left > 0

    def eased(self, cutoff: FloatArray) -> FloatArray:
        """Return cutoffs (n,) that grow by at most half the way along the chain."""
        result = cutoff.copy()
        here = self.triples
        for _ in range(40):
            before = result.copy()
            for side in (0, 2):
                np.minimum.at(result, here[:, side], before[here[:, 1]] + 0.5)
                np.minimum.at(result, here[:, 1], before[here[:, side]] + 0.5)
            if np.array_equal(before, result):
                break
        return result


def _perimeter(points: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
