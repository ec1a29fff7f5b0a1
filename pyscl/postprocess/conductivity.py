"""Effective conductivity between two opposite contacts, and tortuosity."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.boundaries import ReservoirContact
from pyscl.carriers import bulk_conductivity
from pyscl.errors import InputError, unknown_name
from pyscl.facets import facet_sites
from pyscl.postprocess.resistance import effective_resistance
from pyscl.postprocess.zones import facets_beside
from pyscl.study.periodic import periodic_ties

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


@dataclass(frozen=True)
class ApparentConductivity:
    """What a steady state between two opposite contacts conducts.

    Attributes:
        way: the way between the contacts.
        carrier: the carrier that both exchange; all others are at rest.
        value: length/(width R) [S/m], R `effective_resistance`; None with `reason`.
        reason: why there is none, or "".
    """

    way: Passage
    carrier: str
    value: float | None
    reason: str = ""


def apparent_conductivity(solution: "Solution") -> ApparentConductivity | None:
    """Return what a steady state conducts between its two contacts that exchange carriers.

    None unless two contacts exchange carriers, the same one, on opposite sides, and one of them is
    biased. Electrodes that block carriers may hold their potentials.
    """
    model = solution.model
    ends = exchanging_contacts(model)
    biased = {name for name, volts in solution.bias.items() if volts != 0.0}
    if len(ends) != 2 or model.coordinates != "planar" or not biased <= set(ends):
        return None
    try:
        way = passage(model, *ends)
    except InputError:
        return None
    resistance = effective_resistance(solution)
    carrier = common_carrier(model, way.sides)
    if resistance is None or carrier is None:
        return None
    if reason := transfer_at(model, way.sides):
        return ApparentConductivity(way, carrier, None, reason)
    value = way.length / (way.width * resistance)
    if not np.isfinite(value):
        return None
    return ApparentConductivity(way, carrier, value)


@dataclass(frozen=True, eq=False)
class CellConductivity:
    """What all carriers of a periodic cell conduct together under a jump of the potential.

    Attributes:
        axis: direction of the mean field, 0 along x, 1 along y.
        column: mean current density over mean field [S/m], (2,): along x and y.
    """

    axis: int
    column: FloatArray


def cell_conductivity(solution: "Solution") -> CellConductivity | None:
    """Return a column of the tensor of a periodic cell from a steady state.

    None unless the potential jumps between one pair of periodic sides, opposite edges of the
    rectangle around the mesh, and no contact exchanges carriers.
    """
    model, mesh = solution.model, solution.model.mesh
    driven = [pair for pair in model.periodic if pair.potential_jump != 0.0]
    if solution.kind != "steady" or len(driven) != 1 or model.coordinates != "planar":
        return None
    if exchanging_contacts(model):
        return None
    try:
        way = passage(model, *driven[0].sides)
    except InputError:
        return None
    density = np.zeros((mesh.n_triangles, 2))
    for carrier in model.carriers:
        density += np.nan_to_num(solution[f"current_density_{carrier}"].values)
    current = mesh.areas @ density / np.prod(np.ptp(mesh.points, axis=0))
    low = mesh.points[:, way.axis].min()
    first = mesh.points[mesh.facets_of(way.sides[0])][..., way.axis].mean()
    rising = 1.0 if first - low < 0.5 * way.length else -1.0
    field = -rising * driven[0].potential_jump / way.length
    return CellConductivity(way.axis, np.asarray(current / field))


def exchanging_contacts(model: "Model") -> list[str]:
    """Return the contacts that exchange a carrier."""
    return [name for name, law in model.contacts.items() if isinstance(law, ReservoirContact)]


def common_carrier(model: "Model", sides: tuple[str, str]) -> str | None:
    """Return the carrier that both contacts exchange, or None."""
    laws = [model.contacts[name] for name in sides]
    carriers = {law.carrier for law in laws if isinstance(law, ReservoirContact)}
    return carriers.pop() if len(carriers) == 1 else None


def transfer_at(model: "Model", sides: tuple[str, str]) -> str:
    """Return a sentence on contacts whose transfer would count as conductivity, or ""."""
    for name in sides:
        law = model.contacts[name]
        if isinstance(law, ReservoirContact) and law.kinetics is not None:
            return (
                f"contact '{name}' has kinetics, whose resistance is none of the composite; "
                "leave them out (kinetics=None)"
            )
        if isinstance(law, ReservoirContact) and law.feeds:
            return f"contact '{name}' feeds carriers into the inside, past the ways through it"
    return ""


def joins(model: "Model", region: str, carrier: str, sides: tuple[str, str]) -> bool:
    """Whether a carrier can go from one contact to the other one without leaving a region."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    d, mesh = model.discretized, model.mesh
    dof_of_site = d.site_dofs[:, model.carriers.index(carrier)]
    corners = dof_of_site[d.triangle_sites[mesh.region == mesh.region_names.index(region)]]
    if not len(corners) or (corners < 0).any():
        return False
    ties, _ = periodic_ties(model, [0] * len(model.carriers))
    ties = ties[np.isin(ties, corners).all(axis=1)]
    i, j = np.concatenate([corners[:, :2], corners[:, 1:], ties]).T
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(d.n_dofs, d.n_dofs))
    _, part = connected_components(graph, directed=False)
    touched: list[set[int]] = []
    for side in sides:
        facets = facets_beside(model, side, region)
        if not len(facets):
            return False
        ends = facet_sites(mesh, d.triangle_sites, facets, region)
        touched.append(set(part[dof_of_site[ends]].ravel().tolist()))
    return bool(touched[0] & touched[1])


def tortuosity(
    model: "Model", region: str, conductivity: float, carriers: Sequence[str] | None = None
) -> float:
    """Return share * sigma_bulk / sigma_eff [1], the tortuosity factor of a conducting region.

    1 for straight columns of the region; what fields know as tau^2 if tau is the length of the
    ways over the straight one. Space charge layers and other conductors are in sigma_eff: with
    them the number may be below 1.

    Args:
        model: the model.
        region: the region that conducts; sigma_bulk is that of its material as given, share its
            part of the rectangle around the mesh.
        conductivity: sigma_eff [S/m].
        carriers: those whose current sigma_eff is, and sigma_bulk; None: all.

    Raises:
        InputError: no such region, or one in which these carriers do not conduct.
    """
    mesh = model.mesh
    if region not in mesh.region_names:
        raise unknown_name("region", region, mesh.region_names)
    bulk = sum(
        bulk_conductivity(carrier, model.temperature)
        for carrier in model.materials[region].carriers
        if carriers is None or carrier.name in carriers
    )
    if not bulk > 0.0:
        of = "" if carriers is None else f" for {', '.join(carriers)}"
        raise InputError(f"region '{region}' has no conductivity{of}, so that it has no tortuosity")
    share = mesh.areas[mesh.regions_of(region)].sum() / np.prod(np.ptp(mesh.points, axis=0))
    return float(share * bulk / conductivity)
