"""Rigid bodies to be packed: an outline, and discs inside it that feel contacts."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyscl.geometry import curves

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Body:
    """A shape around the origin, at angle 0.

    Attributes:
        phase: number of the phase it belongs to.
        outline: (n, 2), counter-clockwise [m].
        discs: (m, 3) x, y, radius of discs that stand for it [m].
        radius: of the disc of the same area [m].
        length: longest extent [m].
        round: whether the discs are the whole shape, as far as its extent goes.
    """

    phase: int
    outline: FloatArray
    discs: FloatArray
    radius: float
    length: float
    round: bool = False

    @property
    def rim(self) -> FloatArray:
        """Discs (m, 3) x, y, radius [m] that reach as far as the outline in every direction."""
        if self.round:
            return self.discs
        return np.column_stack([self.outline, np.zeros(len(self.outline))])

    def at(self, centre: FloatArray, angle: float) -> FloatArray:
        """Return the outline (n, 2) at a centre (2,) [m], turned by an angle [rad]."""
        return curves.placed(self.outline, centre, angle)


def disc(phase: int, radius: float, points: int) -> Body:
    """Return a disc [m]."""
    outline = curves.disc((0.0, 0.0), radius, points)
    return Body(phase, outline, np.array([[0.0, 0.0, radius]]), radius, 2.0 * radius, True)


def ellipse(phase: int, radius: float, aspect: float, points: int) -> Body:
    """Return an ellipse with the axes a/b = aspect and the area pi radius^2."""
    a, b = radius * math.sqrt(aspect), radius / math.sqrt(aspect)
    # Discs inscribed along the long axis: centre c, r = b sqrt(1 - c^2/(a^2 - b^2)).
    focal = (a * a - b * b) / a  # centre of curvature of the tips
    centre = focal * np.sin(np.linspace(-np.pi / 2, np.pi / 2, 2 * math.ceil(2 * aspect) + 1))
    shrink = centre**2 / (a * a - b * b) if aspect > 1.0 else np.zeros_like(centre)
    discs = np.column_stack([centre, np.zeros_like(centre), b * np.sqrt(1.0 - shrink)])
    outline = curves.ellipse((0.0, 0.0), a, b, 0.0, points)
    return Body(phase, outline, discs, radius, 2.0 * a)


def polygon(phase: int, radius: float, corners: int) -> Body:
    """Return a regular polygon with the area pi radius^2."""
    outline = curves.polygon((0.0, 0.0), radius, corners)
    around = float(np.linalg.norm(outline[0]))
    inner = around * math.cos(math.pi / corners)
    discs = [[0.0, 0.0, inner]]
    for share in (0.5, 0.25, 0.1):  # discs in the corners, tangent to both sides
        r = share * inner
        discs += [[*(p * (1.0 - r / inner)), r] for p in outline]
    return Body(phase, outline, np.array(discs), radius, 2.0 * around)


def wire(phase: int, length: float, width: float, points: int) -> Body:
    """Return a wire with round ends, from end to end `length` [m]."""
    outline = curves.stadium((0.0, 0.0), length, width, 0.0, points)
    reach = (length - width) / 2.0
    centre = np.linspace(-reach, reach, max(2, math.ceil(2.0 * (length - width) / width) + 1))
    discs = np.column_stack([centre, np.zeros_like(centre), np.full_like(centre, width / 2.0)])
    area = width * (length - width) + math.pi * width**2 / 4.0
    return Body(phase, outline, discs, math.sqrt(area / math.pi), length, True)
