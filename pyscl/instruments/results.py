"""What all instruments return: arrays with units, files, and profiles along lines."""

import csv
import re
from dataclasses import dataclass, fields
from os import PathLike
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError
from pyscl.postprocess.cut import Cut, span_text

FloatArray = NDArray[np.float64]


def write_columns(path: str | PathLike[str], columns: dict[str, ArrayLike]) -> None:
    """Write columns of equal length as CSV, their names with units in the first row."""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*(np.asarray(c).tolist() for c in columns.values()), strict=True))


class Compact:
    """A result that prints as the kinds of its attributes, not as thousands of numbers.

    For dataclasses with `repr=False`. Units are those in brackets in the class's own docstrings.
    """

    def __repr__(self) -> str:
        """Return "PhaseMap(x: (40,) m, phase: (40, 40) rad, resolution=1e-09 m)"."""
        words = "\n".join(cls.__doc__ or "" for cls in type(self).__mro__)
        # An attribute, its text to the next one, which begins at the same column, and [unit].
        entries = dict(re.findall(r"^ {8}(\w+): (.*(?:\n {9,}.*)*)", words, re.M))
        parts = []
        for field in fields(self):  # type: ignore[arg-type]
            unit = re.search(r"\[([^\]]+)\]", entries.get(field.name, ""))
            value = getattr(self, field.name)
            parts.append(_described(field.name, value, unit[1] if unit else ""))
        return f"{type(self).__name__}({', '.join(parts)})"


def _described(name: str, value: Any, unit: str = "") -> str:
    """Return "name: shape unit" of an array, the keys of a table, and "name=value" of others."""
    if isinstance(value, np.ndarray) and value.size > 1:
        return f"{name}: {value.shape} {unit}".rstrip()
    if isinstance(value, dict):
        return f"{name}: {{{', '.join(map(str, value))}}} {unit}".rstrip()
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return (
        f"{name}={text} {unit}".rstrip() if len(text) <= 60 else f"{name}: {type(value).__name__}"
    )


@dataclass(frozen=True, eq=False, repr=False)
class Picture(Compact):
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
                f"the line along x = {span_text(first[0], last[0])}, y = "
                f"{span_text(first[1], last[1])} misses the raster, which covers x = "
                f"{span_text(self.x[0], self.x[-1])}, y = {span_text(self.y[0], self.y[-1])}"
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
