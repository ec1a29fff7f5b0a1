"""Checks that names, mesh and discretisation agree with each other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pyscl.certificate.check import Check, at_most
from pyscl.certificate.evidence import Evidence

if TYPE_CHECKING:
    from pyscl.model import Model

GEOMETRY = 1e-9


def tags(evidence: Evidence) -> Iterator[Check]:
    """Check regions, interfaces and contacts of the mesh, found again from the triangles."""
    model = evidence.model
    yield at_most(
        "tags of the mesh",
        float(len(_mistakes(model))),
        0.0,
        "Number of interfaces, contacts and regions whose facets or triangles are not where their "
        f"names say{_listed(_mistakes(model))}.",
    )
    d, mesh = model.discretized, model.mesh
    wrong = np.count_nonzero(d.site_node[d.triangle_sites] != mesh.triangles)
    wrong += np.count_nonzero(d.site_region[d.triangle_sites] != mesh.region[:, None])
    yield at_most(
        "tags of the sites",
        float(wrong),
        0.0,
        "Number of corners of triangles whose unknowns belong to another node or region.",
    )
    missed = np.abs(d.site_volume * d.scaling.volume - evidence.volume)
    yield at_most(
        "volumes",
        float((missed / np.maximum(evidence.volume, np.finfo(float).tiny)).max()),
        GEOMETRY,
        "Largest relative deviation of the volume of a site from that of its triangles.",
    )


def _mistakes(model: "Model") -> list[str]:
    mesh = model.mesh
    n = mesh.n_points
    corners = mesh.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    sides = np.sort(corners, axis=1)
    keys = sides[:, 0] * n + sides[:, 1]
    order = np.argsort(keys, kind="stable")
    region = np.repeat(mesh.region, 3)[order]
    keys = keys[order]
    found = []
    for number, name in enumerate(mesh.region_names):
        if not (mesh.region == number).any():
            found.append(f"region '{name}' is empty")
    if (mesh.areas <= 0.0).any():
        found.append("triangles are clockwise")

    def around(facets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        ends = np.sort(facets.astype(np.int64), axis=1)
        wanted = ends[:, 0] * n + ends[:, 1]
        begin = np.searchsorted(keys, wanted, "left")
        end = np.searchsorted(keys, wanted, "right")
        last = len(keys) - 1
        return end - begin, region[np.minimum(begin, last)], region[np.maximum(end - 1, 0)]

    for name, facets in mesh.interfaces.items():
        count, first, second = around(facets)
        stated = sorted(mesh.region_names.index(r) for r in name.split("|"))
        pairs = np.sort(np.column_stack([first, second]), axis=1)
        if (count != 2).any() or (pairs != stated).any():
            found.append(f"interface '{name}' connects other regions")
    sides_of_cell = {side for pair in model.periodic for side in pair.sides}
    for name in {*model.contacts, *sides_of_cell}:
        count, _, _ = around(mesh.facets_of(name))
        if (count == 0).any():
            found.append(f"contact '{name}' has facets that are no edges")
        elif (count != 1).any():
            found.append(f"contact '{name}' has facets inside the model")
    for name in model.interfaces:
        if name not in mesh.interfaces:
            found.append(f"interface '{name}' does not exist")
    return found


def _listed(mistakes: list[str]) -> str:
    return f" ({'; '.join(mistakes[:3])})" if mistakes else ""
