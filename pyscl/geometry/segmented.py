"""Labelled pixels together with the picture they come from."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError
from pyscl.geometry.partition import Partition

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Segmented:
    """Labelled pixels and the picture they come from.

    Attributes:
        values: (rows, columns) grey values, palette indices or colours 0xRRGGBB.
        colours: whether they are colours.
        labels: (rows, columns) index into `names`.
        names: names of the regions.
        pixel: width and height of a pixel [m].
        levels: grey values between the regions; empty for an image that was segmented before.
        achieved: numbers to report, name with unit -> value.
    """

    values: NDArray[np.generic]
    colours: bool
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    pixel: tuple[float, float]
    levels: tuple[float, ...]
    achieved: dict[str, float]

    def preview(self, partition: Partition | None = None) -> "Figure":
        """Draw the image beside its regions and interfaces, and the histogram of a grey image."""
        from pyscl.plot.segmentation import segmentation_preview

        return segmentation_preview(self, partition)

    def save_preview(self, path: str | Path, partition: Partition | None = None) -> None:
        """Write the preview to a PNG, PDF or SVG file.

        Raises:
            InputError: the file cannot be written, or is of another kind.
        """
        from pyscl.plot.style import save

        try:
            save(self.preview(partition), path)
        except OSError as error:
            raise InputError(f"cannot write the preview {path}: {error}") from error
