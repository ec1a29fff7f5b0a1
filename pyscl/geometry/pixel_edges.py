"""The edges between pixels of different regions, strung into chains between junctions.

Coordinates are in pixels: x to the right, y upwards, the lower left corner of the image at (0, 0).
A chain runs through the middles of its pixel edges; its ends, unless it is closed, are junctions:
pixel corners where three or more regions meet, or where it ends on a side of the image.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PixelChain:
    """A row of pixel edges with the same connected part of a region on either side.

    Attributes:
        vertices: (n,) numbers of the points it runs through; closed if the first is the last.
        left: part on the left when walking along it.
        right: part on the right.
        thin: (n,) whether a wall of a single pixel is behind the vertex.
    """

    vertices: IntArray
    left: int
    right: int
    thin: NDArray[np.bool_]

    @property
    def closed(self) -> bool:
        """Whether the chain ends where it begins."""
        return bool(self.vertices[0] == self.vertices[-1])


@dataclass(frozen=True, eq=False)
class PixelNetwork:
    """All pixel edges between the parts of an image.

    Attributes:
        points: (n, 2) junctions, then the middles of the edges [pixels].
        n_junctions: number of junctions.
        chains: the chains.
        parts: (rows, columns) number of the connected part of each pixel.
        part_labels: (n_parts,) label of each part.
    """

    points: FloatArray
    n_junctions: int
    chains: tuple[PixelChain, ...]
    parts: IntArray
    part_labels: IntArray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        rows, columns = self.parts.shape
        return rows, columns


@dataclass(frozen=True, eq=False)
class _Edges:
    """Pixel edges between different parts: ends (n, 2) as corner numbers, and what is beside."""

    ends: IntArray
    middles: FloatArray
    left: IntArray
    right: IntArray
    thin: NDArray[np.bool_]


def connected_parts(labels: NDArray[np.integer]) -> tuple[IntArray, IntArray]:
    """Number the parts of equal label that are connected across pixel edges.

    Args:
        labels: (rows, columns) label of each pixel.

    Returns:
        Part of each pixel (rows, columns), and the label of each part (n_parts,).
    """
    from scipy import ndimage

    parts = np.empty(labels.shape, np.int64)
    of_part: list[IntArray] = []
    count = 0
    for label in np.unique(labels):
        mask = labels == label
        numbered, n = ndimage.label(mask)
        parts[mask] = numbered[mask] + (count - 1)
        of_part.append(np.full(n, label, np.int64))
        count += n
    return parts, np.concatenate(of_part)


def trace(parts: IntArray, part_labels: IntArray) -> PixelNetwork:
    """String the edges between pixels of different parts into chains between junctions.

    Args:
        parts: (rows, columns) connected part of each pixel, the first row on top.
        part_labels: (n_parts,) label of each part.
    """
    edges = _edges(parts)
    corners, ends = np.unique(edges.ends, return_inverse=True)
    ends = ends.reshape(-1, 2)
    degree = np.bincount(ends.ravel(), minlength=len(corners))
    is_junction = degree != 2
    junctions = corners[is_junction]
    number = np.where(is_junction, np.cumsum(is_junction) - 1, -1)
    rows, columns = parts.shape
    i, j = np.divmod(junctions, columns + 1)
    at = np.stack([j, rows - i], axis=1).astype(float)
    chains = [
        _chain(walk, edges, ends, number, len(junctions)) for walk in _walks(ends, is_junction)
    ]
    points = np.concatenate([at, edges.middles])
    return PixelNetwork(points, len(junctions), tuple(chains), parts, part_labels)


def _edges(parts: IntArray) -> _Edges:
    """Find the edges; each runs downwards or to the right."""
    rows, columns = parts.shape
    i, j = np.nonzero(parts[:, 1:] != parts[:, :-1])
    j = j + 1
    corner = i * (columns + 1) + j
    down_ends = np.stack([corner, corner + columns + 1], axis=1)
    down_middles = np.stack([j, rows - i - 0.5], axis=1)
    down_thin = _thin(parts, i, j)
    k, m = np.nonzero(parts[1:] != parts[:-1])
    k = k + 1
    corner = k * (columns + 1) + m
    across_ends = np.stack([corner, corner + 1], axis=1)
    across_middles = np.stack([m + 0.5, rows - k], axis=1)
    return _Edges(
        np.concatenate([down_ends, across_ends]),
        np.concatenate([down_middles, across_middles]),
        np.concatenate([parts[i, j], parts[k - 1, m]]),
        np.concatenate([parts[i, j - 1], parts[k, m]]),
        np.concatenate([down_thin, _thin(parts.T, m, k)]),
    )


def _thin(parts: IntArray, i: IntArray, j: IntArray) -> NDArray[np.bool_]:
    """Tell which of the edges between columns j - 1 and j have only one pixel on either side."""
    padded = np.pad(parts, ((0, 0), (1, 1)), mode="edge")  # column j is padded column j + 1
    after = padded[i, j + 2] != padded[i, j + 1]
    before = padded[i, j - 1] != padded[i, j]
    return after | before


def _walks(ends: IntArray, is_junction: NDArray[np.bool_]) -> list[list[tuple[int, bool]]]:
    """Walk along the edges from junction to junction, then round the closed chains.

    Returns:
        For each chain the edges in order, each with whether it is walked from its first end.
    """
    order = np.argsort(ends.ravel(), kind="stable")
    first = np.searchsorted(ends.ravel()[order], np.arange(len(is_junction))).tolist()
    incident = (order >> 1).tolist()  # the edges at each corner, corner after corner
    end_list, junction = ends.tolist(), is_junction.tolist()
    used = bytearray(len(ends))
    walks = []

    def walk(edge: int, start: int) -> list[tuple[int, bool]]:
        steps = []
        here = start
        while not used[edge]:
            used[edge] = 1
            forward = end_list[edge][0] == here
            steps.append((edge, forward))
            here = end_list[edge][1] if forward else end_list[edge][0]
            if junction[here]:
                break
            one, two = incident[first[here]], incident[first[here] + 1]
            edge = two if one == edge else one
        return steps

    at_junctions = np.flatnonzero(is_junction[ends.ravel()[order]])
    for k in at_junctions.tolist():
        if not used[incident[k]]:
            walks.append(walk(incident[k], int(ends.ravel()[order[k]])))
    for edge in range(len(ends)):
        if not used[edge]:
            walks.append(walk(edge, end_list[edge][0]))
    return walks


def _chain(
    steps: list[tuple[int, bool]],
    edges: _Edges,
    ends: IntArray,
    junction_number: IntArray,
    n_junctions: int,
) -> PixelChain:
    """Make a chain of a walk; all its edges have the same parts on either side."""
    numbers = np.array([edge for edge, _ in steps])
    edge, forward = steps[0]
    left, right = int(edges.left[edge]), int(edges.right[edge])
    if not forward:
        left, right = right, left
    start = ends[edge, 0 if forward else 1]
    last, forward = steps[-1]
    stop = ends[last, 1 if forward else 0]
    thin = edges.thin[numbers]
    vertices = numbers + n_junctions
    if junction_number[start] >= 0:
        vertices = np.concatenate(
            [[junction_number[start]], vertices, [junction_number[stop]]]
        ).astype(np.int64)
        thin = np.concatenate([[False], thin, [False]])
    else:
        vertices = np.append(vertices, vertices[0])
        thin = np.append(thin, thin[0])
    return PixelChain(vertices, left, right, thin)
