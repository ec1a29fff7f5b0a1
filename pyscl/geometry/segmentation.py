"""From grey values to labels, and labels without islands, slivers and pinched corners."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import GeometryError, InputError
from pyscl.geometry.pixel_edges import IntArray, connected_parts

_BINS = 256
_PASSES = 10  # over corners that are pinched; parting one may pinch another


def otsu_levels(values: NDArray[np.generic], n_classes: int) -> tuple[float, ...]:
    """Return the levels between classes of grey values that differ most from each other.

    Otsu, IEEE Trans. Syst. Man Cybern. 9, 62 (1979): the levels maximise the variance between the
    classes; here exactly, by dynamic programming over a histogram of 256 bins.

    Args:
        values: grey values of any shape.
        n_classes: number of classes, at least 2.

    Raises:
        InputError: fewer different grey values than classes.
    """
    low, high = float(values.min()), float(values.max())
    if len(np.unique(values)) < n_classes:
        raise InputError(
            f"the image has fewer than {n_classes} different grey values; give 'levels' or fewer "
            "regions."
        )
    count, edges = np.histogram(values, _BINS, (low, high))
    middle = (edges[1:] + edges[:-1]) / 2
    mass = np.concatenate([[0.0], np.cumsum(count)])
    moment = np.concatenate([[0.0], np.cumsum(count * middle)])
    in_class = mass[None, :] - mass[:, None]  # bins i to j - 1
    gain = (moment[None, :] - moment[:, None]) ** 2 / np.where(in_class > 0, in_class, np.inf)
    gain = np.where(np.triu(np.ones_like(gain), 1) > 0, gain, -np.inf)
    best = gain[0]
    starts = []
    for _ in range(n_classes - 1):
        total = best[:, None] + gain
        starts.append(total.argmax(axis=0))
        best = total.max(axis=0)
    levels, end = [], _BINS
    for start in reversed(starts):
        end = int(start[end])
        levels.append(float(edges[end]))
    return tuple(reversed(levels))


def smooth_grey(values: NDArray[np.generic], width: float) -> NDArray[np.generic]:
    """Return the median over squares of an odd width [pixels]; unchanged below 2 pixels."""
    from scipy import ndimage

    size = 2 * round((width - 1) / 2) + 1
    return ndimage.median_filter(values, size, mode="nearest") if size > 1 else values


def without_slivers(labels: NDArray[np.integer], width: float) -> IntArray:
    """Give what is narrower than a width to the nearest region: noise, rims between two phases.

    Each region is opened by a disc (Serra, Image Analysis and Mathematical Morphology, 1982).

    Args:
        labels: (rows, columns) label of each pixel.
        width: diameter of the disc [pixels].

    Raises:
        GeometryError: nothing is that wide.
    """
    from scipy import ndimage

    kept = np.zeros(labels.shape, bool)
    for label in np.unique(labels):
        mask = labels == label
        if mask.all():
            return labels.astype(np.int64)
        core = ndimage.distance_transform_edt(mask) > width / 2
        if core.any():
            kept |= mask & (ndimage.distance_transform_edt(~core) <= width / 2)
    if not kept.any():
        raise GeometryError(f"no part of the image is {width:.3g} pixels wide; 'denoise' less.")
    at = ndimage.distance_transform_edt(~kept, return_distances=False, return_indices=True)
    return labels[tuple(at)].astype(np.int64)


def without_islands(labels: NDArray[np.integer], diameter: float) -> tuple[IntArray, int]:
    """Give islands to the neighbour with which they have the longest border.

    Args:
        labels: (rows, columns) label of each pixel.
        diameter: of the disc of the same area, below which a part is an island [pixels].

    Returns:
        The labels, and the number of islands that are gone.

    Raises:
        GeometryError: every part of the image is that small.
    """
    result = labels.astype(np.int64)
    gone = 0
    while True:
        parts, of_part = connected_parts(result)
        small = np.bincount(parts.ravel()) < np.pi / 4 * diameter**2
        if not small.any():
            return result, gone
        if small.all():
            raise GeometryError(
                f"every part of the image is smaller than a disc of {diameter:.3g} pixels across; "
                "'clean' less."
            )
        label = of_part.copy()
        one, two, length = _borders(parts)
        rim = small[one] & ~small[two]
        order = np.lexsort([-two[rim], length[rim]])  # the longest border is written last
        label[one[rim][order]] = of_part[two[rim][order]]
        gone += len(np.unique(one[rim]))
        result = label[parts]


def _borders(parts: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return all pairs of parts that meet, both ways round, and their borders [pixels]."""
    across = np.stack([parts[:, 1:].ravel(), parts[:, :-1].ravel()])
    down = np.stack([parts[1:].ravel(), parts[:-1].ravel()])
    pairs = np.concatenate([across, down], axis=1)
    pairs = pairs[:, pairs[0] != pairs[1]]
    key = np.concatenate([pairs[0], pairs[1]]) * (parts.max() + 1) + np.concatenate(
        [pairs[1], pairs[0]]
    )
    pair, length = np.unique(key, return_counts=True)
    return pair // (parts.max() + 1), pair % (parts.max() + 1), length


def without_pinches(labels: NDArray[np.integer]) -> tuple[IntArray, int]:
    """Change single pixels so that no region touches itself at a corner only.

    At such a corner the pixel changes that has the fewest of its kind around it. Where that leads
    in circles all four pixels become equal; a corner where this does not help either is left.

    Returns:
        The labels, and the number of pixels that were changed.
    """
    result = labels.astype(np.int64)
    padded = np.pad(result, 2, mode="edge")
    inner = padded[2:-2, 2:-2]
    changed = 0
    for n in range(_PASSES):
        at = pinched_corners(inner)
        if not len(at):
            break
        for i, j in at.tolist():
            changed += _part(padded, i + 2, j + 2, n >= _PASSES // 2)
    return inner.copy(), changed


def pinched_corners(labels: IntArray) -> IntArray:
    """Return the corners (n, 2), below and right of which pixels touch diagonally only."""
    a, b, c, d = labels[:-1, :-1], labels[:-1, 1:], labels[1:, :-1], labels[1:, 1:]
    one = (a == d) & (a != b) & (a != c)
    two = (b == c) & (b != a) & (b != d)
    return np.argwhere(one | two)


def _part(padded: IntArray, i: int, j: int, level: bool) -> int:
    """Change one of the four pixels (i, j) to (i + 1, j + 1), or make them equal to `level` them.

    Returns:
        How many changed; 0 if none needs it.
    """
    square: Sequence[tuple[int, int]] = ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j))
    values = [int(padded[at]) for at in square]
    if not (
        (values[0] == values[2] and values[1] != values[0] != values[3])
        or (values[1] == values[3] and values[0] != values[1] != values[2])
    ):
        return 0
    support = []
    for (row, column), value in zip(square, values, strict=True):
        around = padded[row - 2 : row + 3, column - 2 : column + 3]
        support.append(int((around == value).sum()))
    weakest = int(np.argmin(support))
    beside = (weakest + 1) % 4, (weakest + 3) % 4
    strongest = max(beside, key=lambda k: support[k])
    if level:
        padded[i : i + 2, j : j + 2] = values[strongest]
        return sum(value != values[strongest] for value in values)
    padded[square[weakest]] = values[strongest]
    return 1
