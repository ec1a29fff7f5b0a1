"""What every site of a model belongs to: the bulk of its region and the nearest layer."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.boundaries import BlockingContact

if TYPE_CHECKING:
    from pyscl.model import Model


def layer_places(model: "Model") -> dict[str, NDArray[np.int32]]:
    """Return the places where layers form, interface "a|b" or contact -> facets (k, 2).

    Interfaces between unlike materials or with a law, contacts with a voltage, charged sides.
    """
    places = {
        name: facets
        for name, facets in model.mesh.interfaces.items()
        if name in model.interfaces or model.is_material_boundary(name)
    }
    for name, law in model.contacts.items():
        if not isinstance(law, BlockingContact) or law.surface_charge != 0.0:
            places[name] = model.mesh.facets_of(name)
    return places


def nearest_places(model: "Model") -> tuple[tuple[str, ...], NDArray[np.intp], NDArray[np.float64]]:
    """Return the nearest layer of every site of the mesh.

    Returns:
        The places; the number of the nearest that borders on the region of each site (n_sites,),
        -1 where there is none; and the distance to it [m] (n_sites,), infinite there.
    """
    from scipy.spatial import cKDTree

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
    return tuple(places), nearest, distance
