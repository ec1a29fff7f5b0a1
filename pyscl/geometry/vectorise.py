"""Labelled pixels to curves: the partition of an image."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import GeometryError
from pyscl.geometry.crossings import crossing_points
from pyscl.geometry.measures import areas, lengths
from pyscl.geometry.outlines import Outline, keep_areas, outlines, sides
from pyscl.geometry.partition import Chain, Partition
from pyscl.geometry.pixel_edges import IntArray, PixelNetwork, connected_parts, trace
from pyscl.geometry.segmentation import pinched_corners, without_pinches
from pyscl.geometry.smoothing import Smoother

MOST_PARTS = 20_000
"""Most connected parts of an image; a micrograph with more is noise."""

_ATTEMPTS = 12
_GENTLE = 5  # attempts with shorter cutoffs before whole chains are left as they are
_NEAR = 6.0  # length over which less is smoothed beside a crossing [pixels]


def partition_of_labels(
    labels: NDArray[np.integer],
    regions: Sequence[str],
    pixel: float | tuple[float, float],
    *,
    smooth: float = 0.7,
) -> Partition:
    """Turn labelled pixels into regions with smooth outlines.

    Every connected part keeps its area, junctions stay within a pixel and the sides are straight.
    Where a region touches itself at a corner only, pixels change before (`without_pinches`).

    Args:
        labels: (rows, columns) index into `regions` of each pixel, the first row on top.
        regions: names of the regions.
        pixel: width of a pixel, or its width and height [m].
        smooth: how far an interface may leave the pixel edges [pixels]; 0 keeps the staircase.

    Raises:
        GeometryError: a region has no pixel, a pixel has no region, the image is noise, a corner
            stays pinched, or the outlines cannot be parted from each other.
    """
    _check(connected_parts(labels)[1], regions)
    labels, changed = without_pinches(labels)
    _check_parted(labels)
    parts, part_labels = connected_parts(labels)
    _check(part_labels, regions)
    width, height = pixel if isinstance(pixel, tuple) else (pixel, pixel)
    network = trace(parts, part_labels)
    curves = _curves(network, smooth)
    names: list[str | None] = [regions[label] for label in network.part_labels]
    names.append(None)  # the outside, part -1
    scale = np.array([width, height])
    chains = tuple(
        Chain(curve.points * scale, names[curve.left], names[curve.right], curve.side or None)
        for curve in curves
    )
    rows, columns = labels.shape
    whole = rows * columns * width * height
    achieved = {f"area fraction of {name}": area / whole for name, area in areas(chains).items()}
    achieved |= {f"length of {name} [m]": value for name, value in lengths(chains).items()}
    achieved |= {"parts": len(part_labels), "junctions": network.n_junctions}
    achieved["pixels changed at pinched corners"] = changed
    achieved["outlines left as pixel edges"] = sum(c.fixed and not c.side for c in curves)
    return Partition(chains, achieved=achieved)


def _check(part_labels: IntArray, regions: Sequence[str]) -> None:
    """Refuse regions without pixels, pixels without a region, and noise."""
    present = set(part_labels.tolist())
    if extra := sorted(present - set(range(len(regions)))):
        raise GeometryError(
            f"label {extra[0]} has no region; labels are indices into the {len(regions)} region(s) "
            f"{', '.join(regions)}."
        )
    for number, name in enumerate(regions):
        if number not in present:
            raise GeometryError(f"region '{name}' is empty: no pixel of the image belongs to it.")
    if len(part_labels) > MOST_PARTS:
        raise GeometryError(
            f"the image falls into {len(part_labels)} parts, more than {MOST_PARTS}: this "
            "is noise. Give 'denoise' (a few pixels) or 'clean'."
        )


def _check_parted(labels: IntArray) -> None:
    """Refuse regions that touch themselves at a corner."""
    corners = pinched_corners(labels)
    if len(corners):
        row, column = corners[0]
        raise GeometryError(
            f"pixels of one region touch at a corner only, at pixel column {column}, row {row} and "
            f"{len(corners) - 1} other places, and no single pixel parts them. Clean the image "
            "there, or give 'denoise' (a few pixels) or 'clean'."
        )


def _curves(network: PixelNetwork, smooth: float) -> list[Outline]:
    """Smooth as much as possible without crossings; return outlines and sides in pixels."""
    smoother = Smoother(network, smooth)
    wanted = np.bincount(network.parts.ravel(), minlength=len(network.part_labels)).astype(float)
    points = smoother.fit() if smooth > 0 else network.points
    if smooth == 0:
        smoother.raw = set(range(len(network.chains)))
    for attempt in range(_ATTEMPTS):
        curves = outlines(network, points, smoother.raw) + sides(network, points)
        keep_areas(curves, wanted)
        crossed = crossing_points(curves, network.n_junctions)
        if not len(crossed):
            return curves
        if attempt < _GENTLE:
            smoother.shorten(crossed, _NEAR)
        else:
            smoother.leave(crossed)
        points = smoother.resolve(points)
    x, y = network.points[crossed[0]]
    raise GeometryError(
        f"the outlines near pixel column {x:.0f}, row {network.shape[0] - y:.0f} cross whatever "
        f"is tried. Clean the image there, or give a larger 'clean' or 'denoise'."
    )
