"""A rectangle painted with regions: the common ground of all generators.

Painting is layered, a later shape covers what is below it, so that shapes need not share borders:
a coating is a larger shape below the particle. `partition()` turns the layers into curves.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import GeometryError
from pyscl.geometry.arrangement import THIN, Layer, Plane, arrange
from pyscl.geometry.measures import areas, lengths
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.partition import Partition

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon

SIDES = ("left", "right", "bottom", "top")
OPPOSITE = {"x": ("left", "right"), "y": ("bottom", "top")}


class Geometry:
    """A rectangle with its lower left corner at the origin, painted with named regions.

    Args:
        width: extent in x [m].
        height: extent in y [m].
        base: region that fills the rectangle before anything is painted.
        periodic: directions "x", "y" in which the rectangle repeats; shapes that leave through
            one side come back through the other.

    Raises:
        GeometryError: a size is not positive, or a name is no name.
    """

    def __init__(
        self, width: float, height: float, base: str, periodic: Sequence[str] = ()
    ) -> None:
        if not (0 < width < np.inf and 0 < height < np.inf):
            raise GeometryError(f"width and height must be > 0, not {width:g} and {height:g} m.")
        for axis in periodic:
            if axis not in OPPOSITE:
                raise GeometryError(f"no direction '{axis}' to repeat in. Allowed: x, y.")
        self.width, self.height, self.base = float(width), float(height), _name(base)
        self.periodic = tuple(axis for axis in OPPOSITE if axis in periodic)
        self._plane = Plane.of(self.width, self.height)
        self._layers: list[Layer] = []
        self._named: list[Layer] = []

    def paint(
        self,
        region: str,
        shape: "Polygon | MultiPolygon | NDArray[np.float64]",
        wrap: Sequence[str] = (),
    ) -> "Geometry":
        """Cover a shape with a region; return self.

        Args:
            region: its name; it may be painted more than once.
            shape: shapely polygons or an (n, 2) outline [m], open or closed.
            wrap: directions in which parts beyond one side re-enter through the opposite one,
                besides the periodic ones.

        Raises:
            GeometryError: the outline crosses itself, has no area, lies outside the rectangle, or
                is too large to be repeated.
        """
        return self._add(self._layers, _name(region), None, shape, wrap)

    def hole(self, name: str, shape: "Polygon | MultiPolygon | NDArray[np.float64]") -> "Geometry":
        """Take a shape out of the domain; its rim becomes the facet group `name`. Return self."""
        return self._add(self._layers, None, _group(name), shape, ())

    def name_interface(
        self, name: str, shape: "Polygon | MultiPolygon | NDArray[np.float64]"
    ) -> "Geometry":
        """Name every part of an interface between two regions inside a shape; return self."""
        return self._add(self._named, None, _group(name), shape, ())

    def partition(self, achieved: dict[str, float] | None = None) -> Partition:
        """Cut the rectangle into its regions.

        Args:
            achieved: numbers of the generator, reported before area fractions and lengths.

        Raises:
            GeometryError: a region has no area left.
        """
        chains = arrange(self._plane, self.base, self._layers, self._named, self.periodic)
        area, whole = areas(chains), self.width * self.height
        wanted = dict.fromkeys([self.base, *(layer.region for layer in self._layers)])
        for region in wanted:
            if region is not None and region not in area:
                raise self._gone(region)
        numbers = dict(achieved or {})
        numbers |= {f"area fraction of {name}": value / whole for name, value in area.items()}
        numbers |= {f"length of {name} [m]": value for name, value in lengths(chains).items()}
        pairs = tuple(OPPOSITE[axis] for axis in self.periodic)
        return Partition(tuple(chains), pairs, numbers)

    def _gone(self, region: str) -> GeometryError:
        """Return the error for a region without faces: covered, or too thin where it is not."""
        import shapely

        seen = self._plane.frame() if region == self.base else shapely.Polygon()
        for layer in self._layers:
            shape = shapely.union_all(layer.polygons)
            seen = seen.union(shape) if layer.region == region else seen.difference(shape)
        if seen.intersection(self._plane.frame()).area > 0.0:
            return GeometryError(
                f"region '{region}' has no area left: where it is not covered it is thinner than "
                f"{in_nm(THIN * self._plane.unit)}, {THIN:g} of the longer side of the rectangle. "
                "Make it thicker, or the rectangle smaller."
            )
        return GeometryError(
            f"region '{region}' has no area left: other regions cover all of it. "
            "Leave it out, or make room for it."
        )

    def _add(
        self,
        layers: list[Layer],
        region: str | None,
        name: str | None,
        shape: Any,
        wrap: Sequence[str],
    ) -> "Geometry":
        what = region or name or ""
        polygon = self._plane.polygon(shape, what)
        shifts = [np.zeros(2)]
        for k, axis in enumerate("xy"):
            if axis not in self.periodic and axis not in wrap:
                continue
            low, high = polygon.bounds[k], polygon.bounds[k + 2]
            if low >= 0.0 and high <= self._plane.size[k]:
                continue
            extent = high - low
            if extent >= self._plane.size[k]:
                raise GeometryError(
                    f"a shape of region '{what}' is {in_nm(extent * self._plane.unit)} wide in "
                    f"{axis}, more than fits into a cell of {in_nm((self.width, self.height)[k])}. "
                    "Make it smaller, or the cell larger."
                )
            step = self._plane.size[k] * np.eye(2)[k]
            shifts = [shift + n * step for shift in shifts for n in (0, -1, 1)]
        layers.append(self._plane.layer(polygon, shifts, region, name))
        return self


def _name(region: str) -> str:
    if not region or "|" in region or region != region.strip():
        raise GeometryError(
            f"'{region}' is not a name for a region: it must not be empty, contain '|', or begin "
            "or end with a space."
        )
    return region


def _group(name: str) -> str:
    if name in SIDES:
        raise GeometryError(f"the name '{name}' belongs to an outer side; choose another one.")
    return _name(name)
