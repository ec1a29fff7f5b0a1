"""Islands on a flat interface: the unit cell of coatings with a given coverage, size and gap."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pyscl.errors import GeometryError
from pyscl.geometry.curves import rectangle
from pyscl.geometry.flat import FlatInterface, Side, check_apart
from pyscl.geometry.generator import RegionName, different
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.partition import Partition
from pyscl.geometry.spans import MOST_PIECES, Positions, along, lengths_of
from pyscl.units import ContactAngle, Extent, Share


class IslandInterface(FlatInterface):
    """A flat interface with equal islands of a third region on it.

    Two of height, coverage, size and gap fix the other two, for a given number of islands.

    Attributes:
        height: of the rectangle [m].
        coverage: part of the interface under islands; 1 is a continuous layer.
        size: length of an island along the interface [m].
        gap: between islands [m].
        count: number of islands.
        island: their region.
        side: where they lie.
        form: "conformal" islands have a flat top, "lens" ones are circular segments.
        thickness: of the islands, of a lens at its middle [m].
        contact_angle: between interface and island, inside the island [deg]. Conformal: 90 if not
            given. A lens has either this or a thickness.
        positions: "even" gaps, or "random" ones.
    """

    kind: Literal["islands"] = "islands"
    height: Extent | None = None
    coverage: Share | None = None
    size: Extent | None = None
    gap: Extent | None = None
    count: Annotated[int, Field(ge=1, le=MOST_PIECES)] = 1
    island: RegionName = "inclusion"
    side: Side = "right"
    form: Literal["conformal", "lens"] = "conformal"
    thickness: Extent | None = None
    contact_angle: ContactAngle | None = None
    positions: Positions = "even"

    @model_validator(mode="before")
    @classmethod
    def _two_of_four(cls, data: Any) -> Any:
        keys = ("height", "coverage", "size", "gap")
        if isinstance(data, dict):
            given = [key for key in keys if data.get(key) is not None]
            if len(given) != 2:
                raise ValueError(
                    "give two of height, coverage, size and gap, they fix the others; given: "
                    + (", ".join(given) or "none")
                )
        return data

    @model_validator(mode="after")
    def _whole(self) -> "IslandInterface":
        different(self.left, self.right, self.island)
        if self.coverage in (0.0, 1.0) and self.height is None:
            raise ValueError("a coverage of 0 or 1 needs the height; size and gap do not fix it")
        size, gap, height = self._lengths()
        if size < 0 or gap < 0:
            raise ValueError(
                f"{self.count} islands do not fit: the height of {in_nm(height)} leaves a size of "
                f"{in_nm(size)} and a gap of {in_nm(gap)}"
            )
        if size > 0:
            if (self.form == "conformal" or gap == 0) and self.thickness is None:
                raise ValueError("flat islands and continuous layers need a thickness")
            if self.form == "lens" and gap > 0:
                if (self.thickness is None) == (self.contact_angle is None):
                    raise ValueError("a lens needs either its thickness or its contact_angle")
        return self

    def _lengths(self) -> tuple[float, float, float]:
        """Return size, gap and height [m] from the two that were given."""
        n, height, coverage, size, gap = (
            self.count, self.height, self.coverage, self.size, self.gap,
        )  # fmt: skip
        if height is not None:
            if coverage is not None:
                size = coverage * height / n
            elif size is None:
                size = height / n - (gap or 0.0)
            return size, height / n - size, height
        if size is not None:
            gap = gap if gap is not None else size * (1.0 / (coverage or 1.0) - 1.0)
        else:
            share = coverage or 0.0
            size = (gap or 0.0) * share / (1.0 - share)
        return size, gap or 0.0, n * (size + (gap or 0.0))

    def partition(self) -> Partition:
        """Return the curves; achieved: "coverage", "island size [m]", "island gap [m]".

        Raises:
            GeometryError: islands are thicker than the region or touch each other.
        """
        size, gap, height = self._lengths()
        geometry = self.painted(height)
        numbers = {"coverage": self.count * size / height}
        if size == 0.0:
            return geometry.partition(numbers)
        if gap == 0.0:
            geometry.paint(self.island, self._layer(0.0, height, upright=True))
            return geometry.partition({"coverage": 1.0})
        rng = np.random.default_rng(self.seed)
        sizes = lengths_of(self.count, self.count * size, 0.0, rng)
        spans = along(sizes, height, self.positions, rng)
        shapes = [self._shape(a, b) for a, b in spans]
        check_apart(shapes, height, "island")
        for shape in shapes:
            geometry.paint(self.island, shape)
        numbers |= {"island size [m]": size, "island gap [m]": gap}
        return geometry.partition(numbers)

    def _shape(self, a: float, b: float) -> NDArray[np.float64]:
        """Return the outline of an island from y = a to b [m]."""
        if self.form == "conformal":
            return self._layer(a, b, upright=False)
        if self.contact_angle is not None:
            half = math.radians(self.contact_angle)
        else:
            half = 2.0 * math.atan(2.0 * (self.thickness or 0.0) / (b - a))
        return self.segment(a, b, half, self.side, "lens")

    def _layer(self, a: float, b: float, upright: bool) -> NDArray[np.float64]:
        """Return a flat island from y = a to b [m]."""
        thickness, room = self.thickness or 0.0, self.room(self.side)
        if thickness >= room:
            raise GeometryError(
                f"islands of {in_nm(thickness)} are thicker than the gap of {in_nm(room)} between "
                f"the interface and the side '{self.side}'."
            )
        lean = 0.0
        if not upright and self.contact_angle is not None and self.contact_angle != 90.0:
            lean = thickness / math.tan(math.radians(self.contact_angle))
        if 2.0 * lean >= b - a:
            raise GeometryError(
                f"islands of {in_nm(b - a)} with a contact angle of {self.contact_angle:g} deg "
                f"come to a point below their thickness of {in_nm(thickness)}. Make them thinner "
                "or lenses."
            )
        sign = 1.0 if self.side == "right" else -1.0
        outline = rectangle(0.0, a, sign * thickness, b)
        outline[1:3, 1] += np.array([lean, -lean])
        outline[:, 0] += self.place
        return outline if sign > 0 else outline[::-1].copy()
