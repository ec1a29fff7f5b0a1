"""Images as geometry: a segmented or grey micrograph becomes regions with smooth outlines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator, model_validator

from pyscl.errors import GeometryError, InputError
from pyscl.geometry.generator import Generator, RegionName
from pyscl.geometry.image_files import labels_of, read_pixels
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.partition import Partition
from pyscl.geometry.segmentation import (
    otsu_levels,
    smooth_grey,
    without_islands,
    without_pinches,
    without_slivers,
)
from pyscl.geometry.segmented import Segmented
from pyscl.geometry.vectorise import partition_of_labels
from pyscl.materials.schema import InputModel
from pyscl.units import Extent, UnitValue

Reach = Annotated[float, UnitValue("m", minimum=0.0)]
InPixels = Annotated[float, UnitValue("1", minimum=0.0, maximum=3.0)]


class Thresholds(InputModel):
    """How grey values are divided into regions.

    Attributes:
        regions: names of the regions from dark to bright.
        levels: the grey values between them, rising; "otsu" finds them from the histogram.
    """

    regions: tuple[RegionName, ...] = Field(min_length=2)
    levels: tuple[float, ...] | Literal["otsu"] = "otsu"

    @model_validator(mode="after")
    def _one_level_between_two(self) -> Self:
        if self.levels != "otsu":
            if len(self.levels) != len(self.regions) - 1:
                raise ValueError(
                    f"{len(self.regions)} regions need {len(self.regions) - 1} level(s) between "
                    f"them, not {len(self.levels)}"
                )
            if list(self.levels) != sorted(set(self.levels)):
                raise ValueError("the levels must rise")
        return self


class ImageInput(Generator):
    """A micrograph: what its pixels stand for, and how large it is.

    Attributes:
        kind: "image".
        file: PNG or TIFF; relative paths start at the folder of the run file.
        width: width of the (cropped) image [m]; or give `pixel`.
        height: its height [m], if the pixels are not square.
        pixel: size of a pixel [m].
        regions: segmented image: grey value, palette index or colour "#rrggbb" -> region.
        thresholds: grey image: how it is divided; or give `regions`.
        crop: first column, first row, columns, rows of the part that is used [pixels], counted
            from the upper left corner.
        denoise: what is narrower belongs to what is beside it; grey values are replaced by their
            median over this width first. Thin coatings are noise by this measure.
        clean: islands smaller than a disc of this diameter [m] are given to their neighbour.
        smooth: how far interfaces may leave the pixel edges to become smooth [pixels].
        preview: picture of the image with the interfaces, written by `partition`.
    """

    kind: Literal["image"] = "image"
    file: Path
    width: Extent | None = None
    height: Extent | None = None
    pixel: Extent | None = None
    regions: dict[int | str, RegionName] | None = Field(default=None, min_length=1)
    thresholds: Thresholds | None = None
    crop: tuple[int, int, int, int] | None = None
    denoise: Reach = 0.0
    clean: Reach = 0.0
    smooth: InPixels = 0.7
    preview: Path | None = None

    @field_validator("file")
    @classmethod
    def _found(cls, file: Path, info: ValidationInfo) -> Path:
        file = (info.context or {}).get("directory", Path()) / file
        if not file.is_file():
            raise ValueError(f"there is no file '{file}'; paths are relative to the run file")
        return file

    @field_validator("preview")
    @classmethod
    def _beside(cls, preview: Path | None, info: ValidationInfo) -> Path | None:
        return preview and (info.context or {}).get("directory", Path()) / preview

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.width is None) == (self.pixel is None):
            raise ValueError(
                "the size of the image is needed: give either 'width', e.g. '10 um', or 'pixel', "
                "the size of a pixel, e.g. '10 nm'"
            )
        if self.height is not None and self.width is None:
            raise ValueError("'height' goes with 'width'; 'pixel' gives both")
        if (self.regions is None) == (self.thresholds is None):
            raise ValueError(
                "give either 'regions' (value -> region, segmented image) or 'thresholds' (grey "
                "image)"
            )
        return self

    def partition(self) -> Partition:
        """Read, segment and vectorise the image, and write the preview if one is wanted.

        Raises:
            InputError: the file is no suitable image, or has values without a region.
            GeometryError: a region is empty, or everything is smaller than `clean` or `denoise`.
        """
        segmented = self.segment()
        result = partition_of_labels(
            segmented.labels, segmented.names, segmented.pixel, smooth=self.smooth
        )
        result.achieved.update(segmented.achieved)
        if self.preview is not None:
            segmented.save_preview(self.preview, result)
        return result

    def segment(self) -> Segmented:
        """Return the labels of the pixels, cleaned; raises as `partition`."""
        values, colours = read_pixels(self.file)
        values = self._cropped(values)
        pixel = self._pixel_size(values.shape)
        across = min(pixel)
        achieved: dict[str, float] = {"pixel width [m]": pixel[0], "pixel height [m]": pixel[1]}
        levels: tuple[float, ...] = ()
        if self.thresholds is None:
            labels, names = labels_of(values, colours, self.regions or {}, f"'{self.file}'")
        else:
            if colours:
                raise InputError(
                    f"'{self.file}' has colours; thresholds are for grey images. Convert it to "
                    "grey, or map its colours with 'regions'."
                )
            names = tuple(dict.fromkeys(self.thresholds.regions))
            grey = smooth_grey(values, self.denoise / across)
            levels = _levels(self.thresholds, grey)
            achieved |= {f"level {k + 1}": level for k, level in enumerate(levels)}
            classes = np.array([names.index(name) for name in self.thresholds.regions])
            labels = classes[np.digitize(grey.astype(float), levels)]
        if self.denoise > 2 * across:
            labels = without_slivers(labels, self.denoise / across)
        labels, achieved["islands removed"] = without_islands(labels, self.clean / across)
        labels, achieved["pixels changed at pinched corners"] = without_pinches(labels)
        _check_present(labels, names, self)
        return Segmented(values, colours, labels, names, pixel, levels, achieved)

    def _cropped(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        if self.crop is None:
            return values
        column, row, columns, rows = self.crop
        if (
            min(column, row) < 0
            or min(columns, rows) < 1
            or column + columns > values.shape[1]
            or row + rows > values.shape[0]
        ):
            raise InputError(
                f"crop {list(self.crop)} (first column, first row, columns, rows) is not inside "
                f"the image of {values.shape[1]} columns and {values.shape[0]} rows."
            )
        return values[row : row + rows, column : column + columns]

    def _pixel_size(self, shape: tuple[int, ...]) -> tuple[float, float]:
        """Return width and height of a pixel [m]."""
        rows, columns = shape
        if min(rows, columns) < 2:
            raise InputError(f"an image of {columns} x {rows} pixels is too small; 2 x 2 at least.")
        width = self.pixel if self.width is None else self.width / columns
        assert width is not None  # one of the two is given
        return width, width if self.height is None else self.height / rows


def _levels(thresholds: Thresholds, grey: NDArray[np.generic]) -> tuple[float, ...]:
    """Return the levels; those given must lie within the grey values."""
    if thresholds.levels == "otsu":
        return otsu_levels(grey, len(thresholds.regions))
    assert isinstance(thresholds.levels, tuple)
    low, high = float(grey.min()), float(grey.max())
    for level in thresholds.levels:
        if not low < level <= high:
            raise InputError(
                f"level {level:g} leaves a region empty: the grey values are {low:g} to {high:g}."
            )
    return thresholds.levels


def _check_present(labels: NDArray[np.int64], names: Sequence[str], given: ImageInput) -> None:
    """Refuse regions that cleaning has removed."""
    present = set(np.unique(labels).tolist())
    for number, name in enumerate(names):
        if number not in present:
            raise GeometryError(
                f"region '{name}' is empty after segmentation and cleaning; 'denoise' "
                f"({in_nm(given.denoise)}) or 'clean' ({in_nm(given.clean)}) is too large, or a "
                "level does not fit."
            )
