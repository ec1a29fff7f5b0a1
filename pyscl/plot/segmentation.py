"""Picture of a segmented image: what was given, what was made of it, and the grey levels."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pyscl.plot.meshes import region_legend
from pyscl.plot.style import (
    COLUMN,
    INK,
    PAGE,
    length_unit,
    map_figure,
    region_colours,
    styled,
)

if TYPE_CHECKING:
    from pyscl.geometry.partition import Partition
    from pyscl.geometry.segmented import Segmented


@styled
def segmentation_preview(segmented: "Segmented", partition: "Partition | None" = None) -> Figure:
    """Draw the image, its regions and interfaces, and the histogram of a grey image.

    Args:
        segmented: the image and the labels of its pixels.
        partition: its interfaces; without it the pixels are shown alone.
    """
    grey = bool(segmented.levels)
    if grey:
        figure = Figure((PAGE, 2.6), layout="constrained")
        given, made, histogram = figure.subplots(1, 3)
        _histogram(histogram, segmented)
    else:
        figure = map_figure(PAGE)
        given, made = figure.subplots(1, 2)
    rows, columns = segmented.labels.shape
    width, height = columns * segmented.pixel[0], rows * segmented.pixel[1]
    unit, name = length_unit(max(width, height))
    frame = (0.0, width / unit, 0.0, height / unit)
    given.imshow(
        _picture(segmented), cmap="gray", extent=frame, interpolation="nearest", aspect="equal"
    )
    colours = region_colours(segmented.names)
    made.imshow(
        segmented.labels,
        cmap=ListedColormap(list(colours.values())),
        vmin=-0.5,
        vmax=len(colours) - 0.5,
        extent=frame,
        interpolation="nearest",
        aspect="equal",
    )
    for ax in (given, made):
        _interfaces(ax, partition, unit)
        ax.set(xlim=frame[:2], ylim=frame[2:], xlabel=f"x ({name})")
    given.set_ylabel(f"y ({name})")
    region_legend(made, colours, 0.5 * COLUMN)
    return figure


def _picture(segmented: "Segmented") -> NDArray[np.generic]:
    """Return the image as it was given, grey or (rows, columns, 3)."""
    if not segmented.colours:
        return segmented.values
    codes = segmented.values.astype(np.int64)
    return np.stack([codes >> 16, (codes >> 8) & 255, codes & 255], axis=2).astype(np.uint8)


def _interfaces(ax: Axes, partition: "Partition | None", unit: float) -> None:
    if partition is None:
        return
    lines = [chain.points / unit for chain in partition.chains if chain.name is None]
    colour = "#D55E00" if ax.get_subplotspec().colspan.start == 0 else INK  # type: ignore[union-attr]
    ax.add_collection(LineCollection(lines, colors=colour, linewidths=0.4))


def _histogram(ax: Axes, segmented: "Segmented") -> None:
    """Draw how often each grey value occurs, and the levels."""
    values = segmented.values.ravel()
    ax.hist(values, bins=128, color="#88B8D8", linewidth=0)
    for level in segmented.levels:
        ax.axvline(level, color=INK, linewidth=0.8, linestyle="--")
    ax.set(xlabel="grey value", ylabel="pixels", box_aspect=1)
