"""Effective conductivity between two opposite contacts, and tortuosity."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.boundaries import BlockingContact
from pyscl.carriers import bulk_conductivity
from pyscl.errors import InputError, unknown_name
from pyscl.postprocess.resistance import effective_resistance

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_STRAIGHT = 1e-6  # of the extent of the mesh


@dataclass(frozen=True)
class Passage:
    """The way between two opposite straight sides of a model.

    Attributes:
        sides: names of the two sides.
        axis: 0 along x, 1 along y.
        length: distance of the sides [m].
        width: extent of the model along them [m].
    """

    sides: tuple[str, str]
    axis: int
    length: float
    width: float


def passage(model: "Model", first: str, second: str) -> Passage:
    """Return the way between two facet groups on opposite sides of a rectangular model.

    Raises:
        InputError: no such sides, sides that are no whole edges of the rectangle around the mesh,
            do not face each other, or axisymmetric coordinates.
    """
    mesh = model.mesh
    if model.coordinates != "planar":
        raise InputError(
            "an effective conductivity is that of a plane cell; in axisymmetric coordinates take "
            "the effective resistance"
        )
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    extent = high - low
    found: list[tuple[int, bool]] = []
    for name in (first, second):
        if name not in mesh.facet_names:
            raise unknown_name("side", name, mesh.facet_names)
        ends = mesh.points[mesh.facets_of(name)]
        for axis in (0, 1):
            for upper, border in ((False, low), (True, high)):
                straight = np.abs(ends[:, :, axis] - border[axis]).max() <= _STRAIGHT * extent[axis]
                along = np.abs(np.diff(ends[:, :, 1 - axis], axis=1)).sum()
                if straight and abs(along - extent[1 - axis]) <= _STRAIGHT * extent[1 - axis]:
                    found.append((axis, upper))
    if len(found) != 2 or found[0][0] != found[1][0] or found[0][1] == found[1][1]:
        raise InputError(
            f"sides '{first}' and '{second}' are no opposite straight edges over the whole of the "
            "rectangle around the mesh; an effective conductivity needs such"
        )
    axis = found[0][0]
    return Passage((first, second), axis, float(extent[axis]), float(extent[1 - axis]))


def apparent_conductivity(solution: "Solution") -> tuple[float, Passage] | None:
    """Return length/(width R) of a steady state [S/m] and its way, R `effective_resistance`.

    None unless exactly two contacts exchange carriers, on opposite sides, and one is biased.
    """
    model = solution.model
    ends = [name for name, law in model.contacts.items() if not isinstance(law, BlockingContact)]
    if len(ends) != 2 or model.coordinates != "planar":
        return None
    try:
        way = passage(model, *ends)
    except InputError:
        return None
    resistance = effective_resistance(solution)
    if resistance is None or not np.isfinite(resistance):
        return None
    return way.length / (way.width * resistance), way


def tortuosity(model: "Model", region: str, conductivity: float) -> float:
    """Return share * sigma_bulk / sigma_eff [1], the tortuosity factor of a conducting region.

    1 for straight columns of the region; what fields know as tau^2 if tau is the length of the
    ways over the straight one. Space charge layers and other conductors are in sigma_eff: with
    them the number may be below 1.

    Args:
        model: the model.
        region: the region that conducts; sigma_bulk is that of all its carriers, share its part of
            the rectangle around the mesh.
        conductivity: sigma_eff [S/m].

    Raises:
        InputError: no such region, or one that does not conduct.
    """
    mesh = model.mesh
    if region not in mesh.region_names:
        raise unknown_name("region", region, mesh.region_names)
    bulk = sum(bulk_conductivity(c, model.temperature) for c in model.materials[region].carriers)
    if not bulk > 0.0:
        raise InputError(f"region '{region}' has no conductivity, so that it has no tortuosity")
    share = mesh.areas[mesh.regions_of(region)].sum() / np.prod(np.ptp(mesh.points, axis=0))
    return float(share * bulk / conductivity)
