"""A plane divided into named regions by curves: what generators make and what is meshed.

All coordinates are in metres.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Chain:
    """A curve between two junctions, or a closed one, with one region on either side.

    Attributes:
        points: (n, 2) polyline [m], finer than any mesh; closed if the first point is the last.
        left: region on the left when walking along the points; None outside.
        right: region on the right; None outside.
        name: facet group of an outer or otherwise named curve, else None.
    """

    points: NDArray[np.float64]
    left: str | None
    right: str | None
    name: str | None = None

    @property
    def closed(self) -> bool:
        """Whether the curve ends where it begins."""
        return bool(np.array_equal(self.points[0], self.points[-1]))

    @property
    def length(self) -> float:
        """Length [m]."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


@dataclass(frozen=True, eq=False)
class Partition:
    """Curves that meet only at their ends and cut a domain into faces, each in one region.

    Attributes:
        chains: the curves.
        periodic: pairs of names of outer sides that are the same line, point by point.
        achieved: what the generator reached, name with unit -> value, e.g.
            "area fraction of active" -> 0.55, "coverage of active|electrolyte" -> 0.31.
    """

    chains: tuple[Chain, ...]
    periodic: tuple[tuple[str, str], ...] = ()
    achieved: dict[str, float] = field(default_factory=dict)

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, sorted."""
        sides = {side for chain in self.chains for side in (chain.left, chain.right)}
        return tuple(sorted(side for side in sides if side is not None))
