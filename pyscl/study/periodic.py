"""Periodic sides: which unknowns are the same up to the jump of the potential."""

from typing import TYPE_CHECKING

import numpy as np

from pyscl.boundaries import Interface, Periodic
from pyscl.discretize import FloatArray, IntArray
from pyscl.errors import InputError
from pyscl.polarization import POLAR
from pyscl.thin_interfaces import ELECTRIC

if TYPE_CHECKING:
    from pyscl.model import Model


def periodic_ties(model: "Model", charges: list[int]) -> tuple[IntArray, FloatArray]:
    """Return the ties (k, 2) of all periodic sides and their offsets (k,) [kT].

    u[second] = u[first] + offset; phi jumps by the potential jump, mu by z e times it. mu is tied
    along every pair of facets behind which the carrier lives on both sides, also where different
    regions meet, unless their interface blocks it. P is tied where a ferroelectric region meets
    itself.

    Raises:
        InputError: sides that are no copies of each other, or different regions with a thin layer
            or kinetics between them.
    """
    d = model.discretized
    pairs: list[IntArray] = [np.empty((0, 2), np.int32)]
    offsets: list[FloatArray] = [np.empty(0)]
    for pair in model.periodic:
        jump = pair.potential_jump / d.scaling.potential
        partner = _matched_nodes(model, pair)
        for carrier, charge in [(ELECTRIC, 1), *enumerate(charges)]:
            tied = _tied_dofs(model, pair, partner, carrier)
            pairs.append(tied)
            offsets.append(np.full(len(tied), charge * jump))
        polar = _tied_dofs(model, pair, partner, POLAR)
        for component in range(2):
            pairs.append(polar + np.int32(component))
            offsets.append(np.zeros(len(polar)))
    return np.concatenate(pairs), np.concatenate(offsets)


def _matched_nodes(model: "Model", pair: Periodic) -> dict[int, int]:
    """Return node of the first side -> node of the second; they differ by one translation."""
    points = model.mesh.points
    first, second = pair.sides
    nodes = [np.unique(model.mesh.facets_of(side)) for side in pair.sides]
    if len(nodes[0]) != len(nodes[1]):
        raise InputError(
            f"periodic sides '{first}' and '{second}' have {len(nodes[0])} and {len(nodes[1])} "
            "nodes; mesh them as copies of each other"
        )
    span = np.ptp(points, axis=0)
    along = 1 if np.ptp(points[nodes[0], 0]) < np.ptp(points[nodes[0], 1]) else 0
    ordered = [n[np.argsort(points[n, along])] for n in nodes]
    shift = points[ordered[1]] - points[ordered[0]]
    if np.abs(shift - shift.mean(axis=0)).max() > 1e-6 * span.max():
        raise InputError(
            f"periodic side '{second}' is not a translated copy of '{first}'; mesh them as copies "
            "of each other"
        )
    if model.coordinates == "axisymmetric" and abs(shift[:, 0]).max() > 1e-6 * span.max():
        raise InputError(
            f"periodic sides '{first}' and '{second}' lie at different radii; in axisymmetric "
            "coordinates only sides at two heights z can be periodic"
        )
    return dict(zip(ordered[0].tolist(), ordered[1].tolist(), strict=True))


def _tied_dofs(model: "Model", pair: Periodic, partner: dict[int, int], carrier: int) -> IntArray:
    """Return pairs of dofs (k, 2) at the ends of facets that lie on each other.

    Of phi, of mu, or the first of both of P (`carrier` is POLAR).
    """
    corners = [_facet_corners(model, side, carrier) for side in pair.sides]
    tied = set()
    for ends, (region, dofs) in corners[0].items():
        image = frozenset(partner[node] for node in ends)
        if image not in corners[1]:
            raise InputError(
                f"periodic sides '{pair.sides[0]}' and '{pair.sides[1]}' have different facets; "
                "mesh them as copies of each other"
            )
        other_region, other_dofs = corners[1][image]
        if region != other_region and (
            carrier == POLAR or _is_blocked(model, pair, (region, other_region), carrier)
        ):
            continue
        for node, dof in dofs.items():
            other = other_dofs[partner[node]]
            if dof >= 0 and other >= 0:
                tied.add((dof, other))
    return np.array(sorted(tied), dtype=np.int32).reshape(-1, 2)


def _is_blocked(model: "Model", pair: Periodic, regions: tuple[str, str], carrier: int) -> bool:
    """Whether a carrier cannot cross between two regions that meet on periodic sides."""
    name = "|".join(sorted(regions))
    law = model.interfaces.get(name, Interface())
    if law.splits_potential or law.kinetics or law.contact_share < 1.0:
        raise InputError(
            f"interface '{name}' lies on the periodic sides '{pair.sides[0]}' and "
            f"'{pair.sides[1]}', where thin layers, kinetics and contact_share are not possible; "
            "shift the cell, so that the interface lies inside"
        )
    return carrier != ELECTRIC and model.carriers[carrier] in law.blocking


def _facet_corners(
    model: "Model", side: str, carrier: int
) -> dict[frozenset[int], tuple[str, dict[int, int]]]:
    """Return facet -> (region behind it, node -> dof as in `_tied_dofs`, -1 where absent)."""
    d, mesh = model.discretized, model.mesh
    wanted = {frozenset(f) for f in mesh.facets_of(side).tolist()}
    touching = np.isin(mesh.triangles, np.unique(mesh.facets_of(side))).sum(axis=1) >= 2
    special = {ELECTRIC: d.site_phi, POLAR: d.site_polar}
    of_site = special[carrier] if carrier in special else d.site_dofs[:, carrier]
    found = {}
    for t in np.flatnonzero(touching).tolist():
        nodes = mesh.triangles[t].tolist()
        dofs = of_site[d.triangle_sites[t]].tolist()
        for a, b in ((0, 1), (1, 2), (2, 0)):
            facet = frozenset((nodes[a], nodes[b]))
            if facet in wanted:
                region = mesh.region_names[mesh.region[t]]
                found[facet] = (region, {nodes[a]: dofs[a], nodes[b]: dofs[b]})
    return found
