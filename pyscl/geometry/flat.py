"""What generators around one upright interface share: the two regions and arcs on the line."""

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from pyscl.errors import GeometryError
from pyscl.geometry.curves import rectangle
from pyscl.geometry.generator import Generator, RegionName, Seed, different
from pyscl.geometry.geometry import Geometry
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.surface import arc_between
from pyscl.units import Extent

Side = Literal["left", "right"]


class FlatInterface(Generator):
    """Two regions beside each other, to be changed at the interface between them.

    Attributes:
        width: of the rectangle [m].
        left: region left of the interface.
        right: region right of it.
        position: x of the interface [m]; the middle if not given.
        periodic: whether bottom and top are the same line.
        seed: of everything random.
    """

    width: Extent
    left: RegionName = "active"
    right: RegionName = "electrolyte"
    position: Extent | None = None
    periodic: bool = False
    seed: Seed = 0

    @model_validator(mode="after")
    def _inside(self) -> Any:
        if self.position is not None and self.position >= self.width:
            raise ValueError(
                f"the interface at {in_nm(self.position)} is not inside the width of "
                f"{in_nm(self.width)}"
            )
        different(self.left, self.right)
        return self

    @property
    def place(self) -> float:
        """Position of the interface [m]."""
        return self.width / 2.0 if self.position is None else self.position

    def room(self, side: Side) -> float:
        """Return the width of the region on a side [m]."""
        return self.place if side == "left" else self.width - self.place

    def painted(self, height: float) -> Geometry:
        """Return the two regions with an interface of length `height` [m]."""
        geometry = Geometry(self.width, height, self.left, ("y",) if self.periodic else ())
        return geometry.paint(self.right, rectangle(self.place, 0.0, self.width, height))

    def segment(
        self, a: float, b: float, half: float, side: Side, what: str
    ) -> NDArray[np.float64]:
        """Return a circular segment (n, 2) [m] on the interface from y = a to b.

        Args:
            a: lower end [m].
            b: upper end [m].
            half: angle between interface and arc [rad].
            side: on which it lies.
            what: its name, for errors.

        Raises:
            GeometryError: it is deeper than the region.
        """
        depth = (b - a) / 2.0 * math.tan(half / 2.0)
        if depth >= self.room(side):
            raise GeometryError(
                f"a {what} of {in_nm(b - a)} along the interface is {in_nm(depth)} deep and does "
                f"not fit into the {in_nm(self.room(side))} on the {side}. Use more and smaller "
                "ones, or a wider region."
            )
        low, high = np.array([self.place, a]), np.array([self.place, b])
        points = max(24, math.ceil(math.degrees(2.0 * half)))
        return (
            arc_between(low, high, half, points)
            if side == "right"
            else arc_between(high, low, half, points)
        )


def check_apart(shapes: list[NDArray[np.float64]], height: float, what: str) -> None:
    """Refuse shapes along an interface that touch each other or reach beyond bottom or top.

    Args:
        shapes: outlines (n, 2) from the lowest to the highest [m].
        height: of the rectangle [m].
        what: name of one, for the error.
    """
    ends = [(float(s[:, 1].min()), float(s[:, 1].max())) for s in shapes]
    tops, bottoms = [0.0, *(high for _, high in ends)], [*(low for low, _ in ends), height]
    if any(low <= high for high, low in zip(tops, bottoms, strict=True)):
        raise GeometryError(
            f"every {what} bulges beyond its gap and touches the next one or a side. Use a smaller "
            "contact angle, fewer of them, or larger gaps."
        )
