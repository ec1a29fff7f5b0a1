"""Models and solutions on another mesh of the same regions and sides."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.adaptivity.refine import Refinement
from pyscl.errors import InputError
from pyscl.materials.polarization import Hysteresis
from pyscl.thin_interfaces import ELECTRIC

if TYPE_CHECKING:
    from pyscl.mesh import Mesh
    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

_FIELDS = ("background", "contact_share", "fixed_polarization")
_ROUNDING = 1e-13  # how far off a triangle a point of it may seem, in units of the mesh


def on_mesh(model: "Model", mesh: "Mesh") -> "Model":
    """Return the same materials, interfaces and contacts on a mesh with the same names.

    Raises:
        InputError: the model has fields on its mesh (`background`, `contact_share`,
            `fixed_polarization`), which only `on_refined` can carry over.
    """
    fields = [name for name in _FIELDS if getattr(model, name)]
    if fields:
        raise InputError(
            f"the model has a field as {fields[0]}, which is known on its own mesh only; build "
            "the model on the new mesh, or refine the mesh of the model"
        )
    return model.with_(mesh=mesh, **{name: {} for name in _FIELDS})


def on_refined(model: "Model", refinement: Refinement) -> "Model":
    """Return the model on a refinement of its mesh.

    Fields of background charge are linear between the nodes of the old mesh, the two halves of a
    facet share its contact, and triangles take the fixed polarization from the one they lie in.
    """
    mesh, ends = refinement.mesh, refinement.ends
    background = {region: values[ends].mean(axis=1) for region, values in model.background.items()}
    share = {}
    for name, values in model.contact_share.items():
        low, high = _old_facets(refinement, mesh.interfaces[name])
        old = model.mesh.edges.find(model.mesh.interfaces[name])
        order = np.argsort(old)
        wanted = model.mesh.edges.find(np.column_stack([low, high]).astype(np.int32))
        share[name] = values[order[np.searchsorted(old[order], wanted)]]
    polarization = {}
    if model.fixed_polarization:
        parent = parents(refinement)
        for region, values in model.fixed_polarization.items():
            whole = np.zeros((refinement.coarse.n_triangles, 2))
            whole[refinement.coarse.regions_of(region)] = values
            polarization[region] = whole[parent[mesh.regions_of(region)]]
    return model.with_(
        mesh=mesh,
        background=background,
        contact_share=share,
        fixed_polarization=polarization,
    )


def parents(refinement: Refinement) -> IndexArray:
    """Return the coarse triangle in which the centroid of each new triangle lies, (m,)."""
    mesh = refinement.mesh
    if np.array_equal(refinement.pieces, mesh.triangles):
        return refinement.parent
    return _around_centroids(refinement.coarse, mesh)


def _around_centroids(old: "Mesh", new: "Mesh") -> IndexArray:
    """Return the old triangle of the same region around each new one's centroid, or the nearest."""
    found = np.zeros(new.n_triangles, dtype=np.intp)
    middle = new.points[new.triangles].mean(axis=1)
    for region in new.region_names:
        here = new.regions_of(region)
        found[here], _ = _locate(old, np.flatnonzero(old.regions_of(region)), middle[here])
    return found


def _old_facets(refinement: Refinement, facets: NDArray[np.int32]) -> tuple[IndexArray, IndexArray]:
    """Return both ends of the coarse facet of which each facet (k, 2) is a part."""
    ends = refinement.ends[facets].reshape(len(facets), 4)
    return ends.min(axis=1).astype(np.intp), ends.max(axis=1).astype(np.intp)


def site_ends(coarse: "Model", fine: "Model", refinement: Refinement) -> IndexArray:
    """Return the coarse sites (n_sites, 2) between which each site of the fine model lies.

    They are of the same region, so that what jumps at an interface is not mixed.
    """
    old, new = coarse.discretized, fine.discretized
    corners = refinement.coarse.triangles[refinement.parent]  # (m, 3)
    sites = old.triangle_sites[refinement.parent]
    of_corner = _sites_of_pieces(fine, refinement)
    found = np.empty((len(new.site_node), 2), dtype=np.intp)
    for k in range(3):
        ends = refinement.ends[refinement.pieces[:, k]]
        for side in range(2):
            at = np.argmax(corners == ends[:, side, None], axis=1)
            found[of_corner[:, k], side] = sites[np.arange(len(sites)), at]
    return found


def _sites_of_pieces(fine: "Model", refinement: Refinement) -> IndexArray:
    """Return the fine sites at the corners of the pieces, (m, 3).

    After flips they are found by node and region.
    """
    d = fine.discretized
    if np.array_equal(refinement.pieces, refinement.mesh.triangles):
        return d.triangle_sites.astype(np.intp)
    n_regions = len(fine.mesh.region_names)
    keys = d.site_node.astype(np.int64) * n_regions + d.site_region
    order = np.argsort(keys, kind="stable")
    region = refinement.coarse.region[refinement.parent]
    wanted = refinement.pieces.astype(np.int64) * n_regions + region[:, None]
    return np.asarray(order[np.searchsorted(keys[order], wanted)])


def prolonged(solution: "Solution", model: "Model", refinement: Refinement) -> "Solution":
    """Return a solution as a start on a refinement: linear in every old triangle.

    The memory of a hysteresis is that of the triangle around the centroid of each new one.

    Args:
        solution: on the coarse mesh.
        model: of the same names on the refined mesh, see `on_refined`.
        refinement: from the mesh of the solution to that of the model.
    """
    old = solution.model.discretized
    ends = site_ends(solution.model, model, refinement)
    phi = solution.unknowns[old.site_phi[ends]].mean(axis=1)
    mu = solution.unknowns[old.site_dofs[ends]].mean(axis=1)
    p = _site_polarization(solution)[ends].mean(axis=1)
    return _started(solution, model, phi, mu, p, lambda: parents(refinement))


def transferred(solution: "Solution", model: "Model") -> "Solution":
    """Return a solution as a start for a model of the same names on any other mesh.

    Every region takes its values from its own old triangles, also where they jump at interfaces;
    points outside them (curved interfaces) take those of the nearest place in one.

    Raises:
        InputError: a region that the old mesh lacks, or other carriers.
    """
    if model.carriers != solution.model.carriers:
        raise InputError(
            f"the solution has the carriers {', '.join(solution.model.carriers) or 'none'}, the "
            f"model {', '.join(model.carriers) or 'none'}; both need the same"
        )
    old, new = solution.model.discretized, model.discretized
    mesh, points = solution.model.mesh, model.mesh.points
    phi, mu = np.zeros(len(new.site_node)), np.zeros(new.site_dofs.shape)
    old_p, p = _site_polarization(solution), np.full((len(new.site_node), 2), np.nan)
    for number, region in enumerate(model.mesh.region_names):
        here = np.flatnonzero(new.site_region == number)
        triangles = np.flatnonzero(mesh.regions_of(region))
        at, weight = _locate(mesh, triangles, points[new.site_node[here]])
        sites = old.triangle_sites[at]
        phi[here] = (weight * solution.unknowns[old.site_phi[sites]]).sum(axis=1)
        for k in range(len(model.carriers)):
            dofs = old.site_dofs[sites, k]
            mu[here, k] = (weight * solution.unknowns[dofs]).sum(axis=1)
        p[here] = (weight[:, :, None] * old_p[sites]).sum(axis=1)
    return _started(solution, model, phi, mu, p, lambda: _around_centroids(mesh, model.mesh))


def _site_polarization(solution: "Solution") -> FloatArray:
    """Return the unknown polarization of the sites (n_sites, 2), scaled; NaN where it is none."""
    first = solution.model.discretized.site_polar
    values = solution.unknowns[np.maximum(first, 0)[:, None] + np.arange(2)]
    return np.where(first[:, None] >= 0, values, np.nan)


def _remembered(
    solution: "Solution", model: "Model", parent: "Callable[[], IndexArray]"
) -> tuple[IndexArray, FloatArray]:
    """Return the dofs of the memory of a model, and what the solution remembers there, scaled.

    Only regions with the same number of cells; a new crystal was never poled.
    """
    old, new = solution.model.discretized, model.discretized
    names, region = model.mesh.region_names, model.mesh.region
    cells = [_cells(its, names)[region] for its in (solution.model, model)]
    keep = np.flatnonzero((cells[1] > 0) & (cells[0] == cells[1]))
    if not len(keep):
        return np.empty(0, np.intp), np.empty(0)
    count = cells[1][keep]
    k = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    first = np.repeat(new.core.triangle_memory[keep], count)
    theirs = np.repeat(old.core.triangle_memory[parent()[keep]], count)
    return (first + k).astype(np.intp), solution.unknowns[theirs + k]


def _cells(model: "Model", regions: Sequence[str]) -> IndexArray:
    """Return the number of cells of the hysteresis of regions, 0 without one."""
    laws = [model.materials[region].polarization for region in regions]
    return np.array([law.cells if isinstance(law, Hysteresis) else 0 for law in laws], np.intp)


def _locate(
    mesh: "Mesh", triangles: IndexArray, points: FloatArray
) -> tuple[IndexArray, FloatArray]:
    """Return the triangle (n,) of each point and its weights (n, 3).

    A point outside of all triangles has those of the nearest place in one of them.
    """
    import shapely

    unit = float(np.ptp(mesh.points, axis=0).max())
    origin = mesh.points.min(axis=0)
    corner = (mesh.points[mesh.triangles[triangles]] - origin) / unit
    places = (points - origin) / unit
    tree = shapely.STRtree(shapely.polygons(corner))
    near = shapely.points(places)
    point, found = tree.query(near, predicate="dwithin", distance=_ROUNDING)
    weight = _weights(corner[found], places[point])
    order = np.lexsort([weight.min(axis=1), point])  # that in which a point lies deepest is last
    last = order[np.diff(point[order], append=-1) != 0]
    at, shares = np.zeros(len(points), dtype=np.intp), np.zeros((len(points), 3))
    at[point[last]], shares[point[last]] = found[last], weight[last]
    outside = np.setdiff1d(np.arange(len(points)), point)
    if len(outside):
        at[outside] = tree.query_nearest(near[outside], all_matches=False)[1]
        shape = tree.geometries[at[outside]]
        touched = shapely.get_point(shapely.shortest_line(shape, near[outside]), 0)
        inner = _weights(corner[at[outside]], shapely.get_coordinates(touched)).clip(0.0)
        shares[outside] = inner / inner.sum(axis=1, keepdims=True)
    return triangles[at], shares


def _weights(corner: FloatArray, points: FloatArray) -> FloatArray:
    """Return the weights (n, 3) of the corners (n, 3, 2) of triangles at points (n, 2)."""
    edges = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=2)
    local = np.linalg.solve(edges, (points - corner[:, 0])[..., None])[..., 0]
    return np.concatenate([1.0 - local.sum(axis=1, keepdims=True), local], axis=1)


def _started(
    solution: "Solution",
    model: "Model",
    phi: FloatArray,
    mu: FloatArray,
    polarization: FloatArray,
    parent: "Callable[[], IndexArray]",
) -> "Solution":
    """Return the start with given values on the sites: phi (n_sites,), mu (n_sites, n_carriers).

    The unknowns of the terminals are taken over by name.

    Args:
        solution: the old state.
        model: the new model.
        phi: (n_sites,) scaled.
        mu: (n_sites, n_carriers) scaled.
        polarization: (n_sites, 2) scaled, NaN where it was no unknown.
        parent: makes the old triangle of each new one (m,); called where there is a memory.
    """
    from pyscl.solution import Solution
    from pyscl.study.newton import NewtonHistory

    old, new = solution.model.discretized, model.discretized
    factor = old.scaling.potential / new.scaling.potential
    u = model.conditions.start_state()
    u[new.site_phi] = phi * factor
    there = new.site_dofs >= 0
    u[new.site_dofs[there]] = mu[there] * factor
    polar = np.flatnonzero((new.site_polar >= 0) & np.isfinite(polarization).all(axis=1))
    change = old.scaling.surface_charge / new.scaling.surface_charge
    for component in range(2):
        u[new.site_polar[polar] + component] = polarization[polar, component] * change
    memory, field = _remembered(solution, model, parent)
    u[memory] = field * (old.scaling.field / new.scaling.field)
    for contact in new.terminals:
        if contact not in old.terminals:
            continue
        for k in (ELECTRIC, *range(len(model.carriers))):
            u[new.terminal_dof(contact, k)] = (
                solution.unknowns[old.terminal_dof(contact, k)] * factor
            )
    return Solution(
        model,
        u,
        kind=solution.kind,
        bias=solution.bias,
        history=NewtonHistory(solution.history.kind, (), converged=False),
    )
