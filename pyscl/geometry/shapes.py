"""Shapes of particles, as input: disc, ellipse, regular polygon, given outline."""

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from pyscl.errors import GeometryError
from pyscl.geometry import curves
from pyscl.geometry.nanometres import in_nm
from pyscl.materials.schema import InputModel
from pyscl.units import Angle, Extent, Length

if TYPE_CHECKING:
    from shapely import Polygon

FloatArray = NDArray[np.float64]


class Disc(InputModel):
    """A disc.

    Attributes:
        radius: [m].
    """

    shape: Literal["disc"] = "disc"
    radius: Extent

    def outline(self, centre: ArrayLike, grown: float = 0.0) -> FloatArray:
        """Return the outline (n, 2) [m], grown (or shrunk) by a distance [m] on all sides."""
        return curves.disc(centre, self.radius + grown)

    @property
    def inner_radius(self) -> float:
        """Largest distance from the outline inwards [m]."""
        return self.radius


class Ellipse(InputModel):
    """An ellipse.

    Attributes:
        a: half axis along `angle` [m].
        b: half axis across [m].
        angle: from the x axis to the axis a [deg].
    """

    shape: Literal["ellipse"] = "ellipse"
    a: Extent
    b: Extent
    angle: Angle = 0.0

    def outline(self, centre: ArrayLike, grown: float = 0.0) -> FloatArray:
        """Return the outline (n, 2) [m], grown (or shrunk) by a distance [m] on all sides."""
        line = curves.ellipse(centre, self.a, self.b, math.radians(self.angle))
        return offset(line, grown)

    @property
    def inner_radius(self) -> float:
        """Largest distance from the outline inwards [m]."""
        return min(self.a, self.b)


class RegularPolygon(InputModel):
    """A polygon with equal sides.

    Attributes:
        corners: number of corners.
        radius: of the disc of the same area [m].
        angle: of the first corner [deg].
    """

    shape: Literal["polygon"] = "polygon"
    corners: Annotated[int, Field(ge=3, le=100)]
    radius: Extent
    angle: Angle = 0.0

    def outline(self, centre: ArrayLike, grown: float = 0.0) -> FloatArray:
        """Return the outline (n, 2) [m], grown (or shrunk) by a distance [m] on all sides."""
        line = curves.polygon(centre, self.radius, self.corners, math.radians(self.angle))
        return offset(line, grown)

    @property
    def inner_radius(self) -> float:
        """Largest distance from the outline inwards [m]."""
        step = math.pi / self.corners
        return self.radius * math.sqrt(step / math.tan(step))


class Outline(InputModel):
    """A given outline.

    Attributes:
        points: corners (x, y) relative to the centre, in order around the shape [m].
    """

    shape: Literal["outline"] = "outline"
    points: Annotated[tuple[tuple[Length, Length], ...], Field(min_length=3)]

    def outline(self, centre: ArrayLike, grown: float = 0.0) -> FloatArray:
        """Return the outline (n, 2) [m], grown (or shrunk) by a distance [m] on all sides.

        Raises:
            GeometryError: the outline crosses itself or has no area.
        """
        import shapely

        line = np.array(self.points)
        size = float(np.ptp(line, axis=0).max())
        polygon = shapely.Polygon(line / (size or 1.0))
        if not polygon.is_valid or not polygon.area > 0:
            reason = shapely.is_valid_reason(polygon) if size else "all points are the same"
            if polygon.is_valid:
                reason = "it has no area"
            raise GeometryError(
                f"the points are no outline: {reason} (in units of its size, {in_nm(size)}). "
                "Give the corners in order around the shape, without crossing."
            )
        if not shapely.is_ccw(polygon.exterior):
            line = line[::-1]
        return offset(line + np.asarray(centre, dtype=np.float64), grown)

    @property
    def inner_radius(self) -> float:
        """Largest distance from the outline inwards [m]."""
        import shapely

        line = np.array(self.points)
        size = float(np.ptp(line, axis=0).max()) or 1.0
        circle = shapely.maximum_inscribed_circle(shapely.Polygon(line / size), tolerance=1e-4)
        return float(circle.length) * size


Shape = Annotated[Disc | Ellipse | RegularPolygon | Outline, Field(discriminator="shape")]


def offset(outline: FloatArray, distance: float) -> FloatArray:
    """Return the curve at a distance [m] outside (> 0) or inside (< 0) of an outline (n, 2) [m].

    Convex corners get arcs outside and stay corners inside.

    Raises:
        GeometryError: nothing is left inside, or it falls into pieces.
    """
    if distance == 0.0:
        return outline
    import shapely

    style: dict[str, Any] = {"quad_segs": curves.POINTS // 4}
    if distance < 0:
        style = {"join_style": "mitre", "mitre_limit": 20.0}
    size = float(np.ptp(outline, axis=0).max())
    grown = shapely.buffer(shapely.Polygon(outline / size), distance / size, **style)
    if grown.is_empty or not isinstance(grown, shapely.Polygon):
        raise GeometryError(
            f"a layer of {in_nm(-distance)} does not fit inside an outline of {in_nm(size)}; make "
            "it thinner."
        )
    return size * shapely.get_coordinates(shapely.orient_polygons(grown).exterior)[:-1]


def area_of(outline: FloatArray) -> float:
    """Return the area [m2] inside an outline (n, 2) [m], > 0 if counter-clockwise."""
    x, y = (outline - outline[0]).T
    return 0.5 * float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))


def as_polygon(outline: FloatArray) -> "Polygon":
    """Return an outline (n, 2) as a shapely polygon in the same unit."""
    import shapely

    return shapely.Polygon(outline)
