"""What all instruments return: arrays with units, files, and profiles along lines."""

import csv
from dataclasses import dataclass
from os import PathLike
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError
from pyscl.postprocess.cut import Cut

FloatArray = NDArray[np.float64]


def write_columns(path: str | PathLike[str], columns: dict[str, ArrayLike]) -> None:
    """Write columns of equal length as CSV, their names with units in the first row."""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*(np.asarray(c).tolist() for c in columns.values()), strict=True))


@dataclass(frozen=True, eq=False)
class Picture:
    """Quantities on a raster.

    Attributes:
        x: centres of the columns [m], (n_columns,).
        y: centres of the rows [m], (n_rows,).
        region: region at the centres of the pixels, "" outside the mesh, (n_rows, n_columns).
        resolution: full width at half maximum of the probe [m]; 0: none.
    """

    x: FloatArray
    y: FloatArray
    region: NDArray[np.str_]
    resolution: float

    units: ClassVar[dict[str, str]] = {}
    """Attribute -> unit, of the quantities on the raster."""

    def profile(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        points: int = 200,
        width: float = 0.0,
    ) -> Cut:
        """Return all quantities along a line, interpolated between the pixels.

        Args:
            start: first point [m].
            end: last point [m].
            points: number of samples.
            width: of a band along the line over which they are averaged [m].

        Raises:
            InputError: no line, fewer than two samples, or a line off the raster.
        """
        first, last = np.asarray(start, float), np.asarray(end, float)
        span = float(np.linalg.norm(last - first))
        if points < 2 or not np.isfinite(span) or not span > 0.0 or width < 0.0:
            raise InputError(
                "a profile needs two different points, >= 2 samples and a width >= 0: "
                f"{start}, {end}"
            )
        across = np.array([first[1] - last[1], last[0] - first[0]]) / span
        finest = min((a[1] - a[0] for a in (self.x, self.y) if len(a) > 1), default=np.inf)
        beside = np.linspace(-0.5, 0.5, 1 + 2 * int(np.ceil(width / finest))) * width
        line = first + np.linspace(0.0, 1.0, points)[:, None] * (last - first)
        places = (line[:, None] + beside[:, None] * across).reshape(-1, 2)
        at = np.stack([_in_pixels(self.y, places[:, 1]), _in_pixels(self.x, places[:, 0])])
        outside = np.isnan(at).any(axis=0)
        if outside.all():
            raise InputError(
                f"the line from {start} to {end} m misses the raster, which spans x = "
                f"{self.x[0]:.4g} ... {self.x[-1]:.4g} m, y = {self.y[0]:.4g} ... "
                f"{self.y[-1]:.4g} m"
            )
        row, column = np.clip(
            np.rint(np.nan_to_num(at)), 0, np.array([[len(self.y)], [len(self.x)]]) - 1
        ).astype(int)
        region = np.where(outside, "", self.region[row, column])
        outside |= region == ""
        fields = {}
        for name in self.units:
            values = getattr(self, name)
            parts = [values] if values.ndim == 2 else [values[:, :, 0], values[:, :, 1]]
            found = np.stack([self._interpolated(part, np.nan_to_num(at)) for part in parts])
            found[:, outside] = np.nan
            means = found.reshape(len(parts), points, len(beside)).mean(axis=2)
            fields[name] = means[0] if len(parts) == 1 else means.T
        return Cut(
            distance=np.linspace(0.0, span, points),
            points=line,
            region=region.reshape(points, -1)[:, len(beside) // 2],
            fields=fields,
            units=dict(self.units),
        )

    def _interpolated(self, values: FloatArray, at: FloatArray) -> FloatArray:
        """Interpolate at pixel coordinates (2, n): by cubic splines what a probe made smooth."""
        from scipy import ndimage

        gap = np.isnan(values)
        if gap.any() and not gap.all():
            nearest = ndimage.distance_transform_edt(
                gap, return_distances=False, return_indices=True
            )
            values = values[tuple(nearest)]
        order = 3 if self.resolution > 0.0 else 1
        mean = float(np.nan_to_num(values).mean())  # splines of few pixels miss a constant by 1e-6
        found = ndimage.map_coordinates(values - mean, at, order=order, mode="reflect")
        return np.asarray(found + mean)

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per pixel: its place, its region and the quantities with their units."""
        x, y = np.meshgrid(self.x, self.y)
        columns: dict[str, ArrayLike] = {
            "x [m]": x.ravel(),
            "y [m]": y.ravel(),
            "region": self.region.ravel(),
        }
        for name, unit in self.units.items():
            values = getattr(self, name)
            parts = (
                {name: values}
                if values.ndim == 2
                else {f"{name}_{axis}": values[:, :, k] for k, axis in enumerate("xy")}
            )
            columns |= {f"{part} [{unit}]": value.ravel() for part, value in parts.items()}
        write_columns(path, columns)


def _in_pixels(centres: FloatArray, places: FloatArray) -> FloatArray:
    """Return places [m] in numbers of pixels, NaN beyond the outer edges of the first and last."""
    if len(centres) == 1:
        return np.zeros(len(places))
    at = (places - centres[0]) / (centres[1] - centres[0])
    slack = 0.5 + 1e-6
    return np.where(
        (at >= -slack) & (at <= len(centres) - 1 + slack),
        np.clip(at, -0.5, len(centres) - 0.5),
        np.nan,
    )
