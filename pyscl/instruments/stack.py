"""The potential through a whole stack: where along a line it drops; the drops add up."""

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError
from pyscl.instruments.line import electrode_at, sample_line
from pyscl.instruments.raster import FloatArray
from pyscl.instruments.results import Compact, write_columns

if TYPE_CHECKING:
    from pyscl.solution import Solution


@dataclass(frozen=True, eq=False, repr=False)
class StackPotential(Compact):
    """Steps of the potential along a line, see `stack_potential`.

    Attributes:
        place: "a|b" in the direction of the line, or "start" and "end" of it, (n,).
        position: of the steps along the line [m], (n,).
        before: change of the potential from the middle of the region before to the step [V], (n,).
        jump: at the step itself [V], of a compact layer or a thin coating; at the ends that of the
            compact layer of an electrode, (n,).
        after: from the step to the middle of the region after it [V], (n,).
        drop: their sum [V], (n,).
        total: from the start of the line to its end, compact layers of electrodes there included;
            the sum of all drops [V].
    """

    place: NDArray[np.str_]
    position: FloatArray
    before: FloatArray
    jump: FloatArray
    after: FloatArray
    drop: FloatArray
    total: float

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per step, units in the column heads."""
        write_columns(
            path,
            {
                "place": self.place,
                "position [m]": self.position,
                "before [V]": self.before,
                "jump [V]": self.jump,
                "after [V]": self.after,
                "drop [V]": self.drop,
            },
        )


def stack_potential(
    solution: "Solution",
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    points: int = 400,
) -> StackPotential:
    """Return how the potential along a line divides among interfaces and ends.

    Each region of the line is taken at its middle. The drop of an interface is the difference of
    the potential between the middles on both sides, with its layer on the one, a jump, and its
    layer on the other; from the start to the first middle and from the last to the end it is that
    of the ends. They add up to the whole.

    Args:
        solution: the state.
        start: first point of the line [m].
        end: last point [m].
        points: number of samples; every region on the line has some of its own besides.

    Raises:
        InputError: a line off the mesh, or one that leaves it on its way.
    """
    distance, places, region, triangle, weight = sample_line(solution, start, end, points)
    inside = region != ""
    first, last = np.flatnonzero(inside)[[0, -1]]
    if not inside[first : last + 1].all():
        raise InputError(
            f"the line from {start} to {end} m leaves the mesh and enters it again; the potential "
            "of a stack needs a line inside the mesh, e.g. through another height"
        )
    distance, region = distance[first : last + 1], region[first : last + 1]
    sites = solution.site_triangles[triangle[first : last + 1]]
    potential = (weight[first : last + 1] * solution["potential"].values[sites]).sum(axis=1)
    ends = np.flatnonzero(region[1:] != region[:-1])
    starts = np.concatenate([[0], ends + 1])
    stops = np.append(ends, len(region) - 1)
    middles = np.array(
        [
            np.interp(0.5 * (distance[a] + distance[b]), distance[a : b + 1], potential[a : b + 1])
            for a, b in zip(starts, stops, strict=True)
        ]
    )
    before = np.concatenate([[0.0], potential[ends] - middles[:-1], [potential[-1] - middles[-1]]])
    after = np.concatenate([[middles[0] - potential[0]], middles[1:] - potential[ends + 1], [0.0]])
    electrodes = [electrode_at(solution, places[k]) for k in (first, last)]
    jump = np.concatenate(
        [
            [0.0 if electrodes[0] is None else potential[0] - electrodes[0]],
            potential[ends + 1] - potential[ends],
            [0.0 if electrodes[1] is None else electrodes[1] - potential[-1]],
        ]
    )
    names = [f"{a}|{b}" for a, b in zip(region[ends], region[ends + 1], strict=True)]
    drop = before + jump + after
    return StackPotential(
        place=np.array(["start", *names, "end"]),
        position=np.concatenate([[distance[0]], distance[ends], [distance[-1]]]),
        before=before,
        jump=jump,
        after=after,
        drop=drop,
        total=float(drop.sum()),
    )
