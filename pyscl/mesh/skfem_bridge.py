"""`Mesh` to and from scikit-fem's `MeshTri`."""

from typing import TYPE_CHECKING

import numpy as np

from pyscl.errors import MeshError
from pyscl.mesh.assemble import metres_per
from pyscl.mesh.mesh import Mesh

if TYPE_CHECKING:
    from skfem import MeshTri


def to_skfem(mesh: Mesh, unit: str) -> "MeshTri":
    """See `Mesh.to_skfem`."""
    from skfem import MeshTri

    edge = mesh.edges.find(mesh.facets)
    if np.any(edge < 0):
        lost = mesh.facets[edge < 0][0]
        raise MeshError(f"facet ({lost[0]}, {lost[1]}) is not an edge of the mesh.")
    bare = MeshTri((mesh.points / metres_per(unit)).T, mesh.triangles.T)
    # Sorted by its nodes, the facet table is in the order of the keys of `Edges`; scikit-fem keeps
    # it so today but does not promise it.
    by_key = np.lexsort((bare.facets[1], bare.facets[0])).astype(np.int32)
    subdomains = {name: np.flatnonzero(mesh.regions_of(name)) for name in mesh.region_names}
    boundaries = {
        name: by_key[edge[mesh.facet_group == index]] for index, name in enumerate(mesh.facet_names)
    }
    return MeshTri(
        bare.doflocs, bare.t, _subdomains=subdomains, _boundaries=boundaries, sort_t=False
    )


def from_skfem(mesh: "MeshTri", unit: str) -> Mesh:
    """See `Mesh.from_skfem`."""
    if mesh.t.shape[0] != 3 or mesh.p.shape[0] != 2:
        raise MeshError(
            f"a plane mesh of three-node triangles is needed, not {type(mesh).__name__}."
        )
    subdomains = mesh.subdomains or {}
    boundaries = mesh.boundaries or {}
    times = np.zeros(mesh.t.shape[1], dtype=np.int32)
    region = np.zeros(mesh.t.shape[1], dtype=np.int32)
    for index, members in enumerate(subdomains.values()):
        times[members] += 1
        region[members] = index
    if np.any(times != 1):
        raise MeshError(
            f"{np.count_nonzero(times == 0)} triangles are in no subdomain and "
            f"{np.count_nonzero(times > 1)} in several. Name each once: "
            "mesh.with_subdomains({'electrolyte': lambda x: x[0] < 1.0, ...})."
        )
    p = mesh.p.T * metres_per(unit)
    t = mesh.t.T
    corner = p[t]
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    clockwise = u[:, 0] * v[:, 1] < u[:, 1] * v[:, 0]
    groups = [np.asarray(members) for members in boundaries.values()]
    return Mesh(
        points=p,
        triangles=np.where(clockwise[:, None], t[:, [0, 2, 1]], t),
        region=region,
        region_names=tuple(subdomains),
        facets=mesh.facets.T[np.concatenate([np.empty(0, dtype=np.int32), *groups])],
        facet_group=np.repeat(np.arange(len(groups)), [len(g) for g in groups]),
        facet_names=tuple(boundaries),
    )
