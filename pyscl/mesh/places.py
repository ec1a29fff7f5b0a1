"""Which triangle a point lies in; the search structure of a mesh is built once."""

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from matplotlib.tri import Triangulation

    from pyscl.mesh.mesh import Mesh

_KNOWN: "WeakKeyDictionary[Mesh, Triangulation]" = WeakKeyDictionary()


def triangulation(mesh: "Mesh") -> "Triangulation":
    """Return a mesh as matplotlib's `Triangulation` in metres.

    Its `get_trifinder()` finds the triangles of points [m]: (x, y) -> numbers, -1 outside.
    """
    from matplotlib.tri import Triangulation

    if mesh not in _KNOWN:
        _KNOWN[mesh] = Triangulation(mesh.points[:, 0], mesh.points[:, 1], mesh.triangles)
    return _KNOWN[mesh]
