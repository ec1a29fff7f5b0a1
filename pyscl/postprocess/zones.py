"""What every site of a model belongs to: the bulk of its region and the nearest layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from pyscl.boundaries import BlockingContact, PotentialContact, ReservoirContact
from pyscl.facets import facet_regions

if TYPE_CHECKING:
    from pyscl.model import Model

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
Nearest = tuple[tuple[str, ...], NDArray[np.intp], FloatArray]

_CANDIDATES = 3  # nodes of a line whose segments are tried for the nearest point of it
_TIE = 1e-9  # relative difference of distances that count as equal

# Distances depend on the mesh and the names only; a transient asks for them again and again.
_nearest: "WeakKeyDictionary[Model, Nearest]" = WeakKeyDictionary()
_zones: "WeakKeyDictionary[Model, dict[tuple[str, str], dict[str, Zone]]]" = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Zone:
    """The sites of a region that are nearer to one place than to any other.

    Attributes:
        sites: (k,) numbers of the sites.
        distance: (k,) from the place [m].
        weight: (k,) 1 over the number of places at that distance.
    """

    sites: NDArray[np.intp]
    distance: FloatArray
    weight: FloatArray


def layer_places(model: "Model") -> dict[str, NDArray[np.int32]]:
    """Return the places where layers form, interface "a|b" or contact -> facets (k, 2).

    Interfaces between unlike materials or with a law, contacts with a voltage, charged sides.
    """
    places = {name: model.mesh.interfaces[name] for name in layer_interfaces(model)}
    for name, law in model.contacts.items():
        if not isinstance(law, BlockingContact) or law.surface_charge != 0.0:
            places[name] = model.mesh.facets_of(name)
    return places


def layer_interfaces(model: "Model") -> list[str]:
    """Return the interfaces between unlike materials or with a law."""
    return [
        name
        for name in model.mesh.interfaces
        if name in model.interfaces or model.is_material_boundary(name)
    ]


def charged_sides(model: "Model") -> list[str]:
    """Return the outer sides with a layer of their own: electrodes and charged sides.

    A contact at the neutral potential holds no charge worth a layer.
    """
    return [
        name
        for name, law in model.contacts.items()
        if (isinstance(law, BlockingContact) and law.surface_charge != 0.0)
        or (
            isinstance(law, PotentialContact | ReservoirContact)
            and law.potential not in (None, "neutral")
        )
    ]


def facets_beside(model: "Model", place: str, region: str) -> IntArray:
    """Return the facets (k, 2) of an interface, contact or side that border on a region."""
    mesh = model.mesh
    if place in mesh.interfaces:
        return mesh.interfaces[place]
    facets = mesh.facets_of(place)
    return facets[facet_regions(mesh, facets) == mesh.region_names.index(region)]


def zone(model: "Model", place: str, region: str) -> Zone:
    """Return the sites of a region nearest to a place, among all places of the region with layers.

    These are interfaces between unlike materials or with a law, electrodes with a given potential,
    charged sides, and the place itself.
    """
    stored = _zones.setdefault(model, {})
    usual = [name for name in layer_interfaces(model) if region in name.split("|")]
    usual += [name for name in charged_sides(model) if len(facets_beside(model, name, region))]
    key = (region, "" if place in usual else place)
    if key not in stored:
        places = usual if place in usual else [*usual, place]
        stored[key] = _divide(
            model, region, {name: facets_beside(model, name, region) for name in places}
        )
    return stored[key][place]


def _divide(model: "Model", region: str, places: Mapping[str, IntArray]) -> dict[str, Zone]:
    """Divide the sites of a region among the places.

    The nearest node of all places limits the distance of a site, so that a place is measured only
    from the sites whose limit reaches the box around it.
    """
    from scipy.spatial import cKDTree

    d, mesh = model.discretized, model.mesh
    sites = np.flatnonzero(d.site_region == mesh.region_names.index(region))
    points = mesh.points[d.site_node[sites]]
    nodes = np.unique(np.concatenate([facets.ravel() for facets in places.values()]))
    limit, _ = cKDTree(mesh.points[nodes]).query(points)
    limit = limit * (1.0 + 2.0 * _TIE) + 2.0 * _TIE * np.finfo(float).tiny
    least = limit.copy()
    found: list[tuple[NDArray[np.intp], FloatArray]] = []
    for facets in places.values():
        ends = mesh.points[np.unique(facets)]
        outside = np.maximum(ends.min(axis=0) - points, points - ends.max(axis=0))
        near = np.flatnonzero((outside <= limit[:, None]).all(axis=1))
        distance = distance_to(mesh.points, facets, points[near])
        found.append((near, distance))
        least[near] = np.minimum(least[near], distance)
    reach = least * (1.0 + _TIE) + _TIE * np.finfo(float).tiny
    mine = [(near[away <= reach[near]], away[away <= reach[near]]) for near, away in found]
    count = np.bincount(np.concatenate([here for here, _ in mine]), minlength=len(sites))
    return {
        name: Zone(sites[here], away, 1.0 / count[here])
        for name, (here, away) in zip(places, mine, strict=True)
    }


def distance_to(points: FloatArray, facets: IntArray, wanted: FloatArray) -> FloatArray:
    """Return the distance of points from a line of facets, (q,).

    Args:
        points: mesh nodes (n, 2).
        facets: node numbers (k, 2).
        wanted: points (q, 2).
    """
    from scipy.spatial import cKDTree

    nodes, ends = np.unique(facets, return_inverse=True)
    ends = ends.reshape(facets.shape)
    at = ends.ravel()
    order = np.argsort(at, kind="stable")
    count = np.bincount(at)
    start = np.cumsum(count) - count
    facet_of = np.repeat(np.arange(len(facets)), 2)[order]
    slots = np.minimum(np.arange(count.max()), count[:, None] - 1)
    adjacent = facet_of[start[:, None] + slots]  # (nodes, most facets at a node)
    _, near = cKDTree(points[nodes]).query(wanted, k=min(_CANDIDATES, len(nodes)))
    tried = adjacent[near.reshape(len(wanted), -1)].reshape(len(wanted), -1)
    first, second = points[facets[:, 0]], points[facets[:, 1]]
    along = second - first
    square = (along**2).sum(axis=1)
    least = np.full(len(wanted), np.inf)
    for facet in tried.T:
        offset = wanted - first[facet]
        share = np.clip((offset * along[facet]).sum(axis=1) / square[facet], 0.0, 1.0)
        least = np.minimum(least, np.hypot(*(offset - share[:, None] * along[facet]).T))
    return least


def nearest_places(model: "Model") -> Nearest:
    """Return the nearest layer of every site of the mesh.

    Returns:
        The places; the number of the nearest that borders on the region of each site (n_sites,),
        -1 where there is none; and the distance to it [m] (n_sites,), infinite there.
    """
    from scipy.spatial import cKDTree

    if model in _nearest:
        return _nearest[model]
    places = layer_places(model)
    d, mesh = model.discretized, model.mesh
    nearest = np.full(len(d.site_node), -1)
    distance = np.full(len(d.site_node), np.inf)
    for number, (name, facets) in enumerate(places.items()):
        corners = mesh.points[np.unique(facets)]
        tree = cKDTree(np.concatenate([corners, mesh.points[facets].mean(axis=1)]))
        regions = name.split("|") if name in mesh.interfaces else model.exchanging_regions(name)
        here = np.isin(d.site_region, [mesh.region_names.index(r) for r in regions])
        away, _ = tree.query(mesh.points[d.site_node[here]])
        closer = away < distance[here]
        sites = np.flatnonzero(here)[closer]
        nearest[sites], distance[sites] = number, away[closer]
    for array in (nearest, distance):
        array.flags.writeable = False
    _nearest[model] = (tuple(places), nearest, distance)
    return _nearest[model]
