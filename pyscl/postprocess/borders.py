"""What ends the displacement of a region: the measures of its interfaces and electrodes."""

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from pyscl.facets import facet_measure
from pyscl.postprocess.zones import charged_sides, facets_beside

if TYPE_CHECKING:
    from pyscl.model import Model

Border = tuple[NDArray[np.intp], NDArray[np.float64]]

# They depend on the mesh and the names only, and every side of a region asks for them.
_borders: "WeakKeyDictionary[Model, dict[str, Border]]" = WeakKeyDictionary()


def border_measures(
    model: "Model", key: str, region: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the measure of an interface or side, and of all that end displacement of a region.

    Both are shares of the nodes (n_points,) [m] or [m2]; what they are for is told at
    `pyscl.postprocess.interfaces.share_of_nodes`.
    """
    of_interface, of_border = np.zeros(model.mesh.n_points), np.zeros(model.mesh.n_points)
    facets = facets_beside(model, key, region)
    np.add.at(of_interface, facets, facet_measure(model, facets))
    nodes, measure = _border(model, region)
    of_border[nodes] = measure
    return of_interface, of_border


def _border(model: "Model", region: str) -> Border:
    """Return the nodes on all that ends displacement of a region (k,), and their measures (k,)."""
    stored = _borders.setdefault(model, {})
    if region not in stored:
        mesh, total = model.mesh, np.zeros(model.mesh.n_points)
        names = [name for name in mesh.interfaces if region in name.split("|")]
        for name in [*names, *charged_sides(model)]:
            facets = facets_beside(model, name, region)
            np.add.at(total, facets, facet_measure(model, facets))
        nodes = np.flatnonzero(total)
        stored[region] = nodes, total[nodes]
    return stored[region]
