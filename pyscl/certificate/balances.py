"""Checks of what must balance: charge, displacement through every region, amounts and levels."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Avogadro, elementary_charge

from pyscl.boundaries import BlockingContact
from pyscl.certificate.check import Check, at_most, not_applicable
from pyscl.certificate.residuals import Residuals
from pyscl.facets import facet_measure
from pyscl.materials import Material
from pyscl.postprocess.contacts import ContactResult
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.boundaries import Conserved

BALANCE = 1e-9  # of a sum over the magnitudes in it
CLOSURE = 1e-7  # of the flux; tiny fields are known to the tolerance of the solver only
LOCAL = 1e-7  # kT, defect of a balance at one unknown
LEVELS = 1e-9  # kT
AMOUNT = 1e-9
_AT_REST = 1e-12  # of the scale of a polarization: what is left of one that is zero
_NOISE = 1e-13  # of the sum of the magnitudes of all charges, carriers and background apart


def balance_of_charge(r: Residuals, contacts: dict[str, ContactResult]) -> Check:
    """Check that space charge, fixed charges and the charge of all contacts add up to zero."""
    e, model = r.evidence, r.model
    parts = [float(e.site_charge[e.sites_in(region)].sum()) for region in model.mesh.region_names]
    parts += [conductor.charge for conductor in model.floating]
    gross = float(e.gross_charge.sum())
    for name, law in model.interfaces.items():
        measure = facet_measure(model, model.mesh.interfaces[name])
        parts.append(law.surface_charge * float(measure.sum()))
        if law.coating is not None:
            held, size = _in_coating(r, name)
            parts.append(held)
            gross += size
    for name, contact in model.contacts.items():
        if isinstance(contact, BlockingContact):
            measure = facet_measure(model, model.mesh.facets_of(name))
            parts.append(contact.surface_charge * float(measure.sum()))
        else:
            parts.append(contacts[name].charge)
    # a displacement that leaves through a contact is rounded like the potential times C
    electrodes = float((r.charge_scale[r.held] * (np.abs(e.volts[r.held]) + e.kt)).sum())
    polar = float(e.polar_scale[r.held[r.label[model.discretized.site_phi[e.sites]]]].sum())
    noise = _NOISE * (gross + electrodes) + _AT_REST * polar
    size = max(float(np.abs(parts).sum()), noise / BALANCE)
    return at_most(
        "balance of charge",
        abs(sum(parts)) / size if size else 0.0,
        BALANCE,
        "Space charge (from site fractions by formula), fixed charge and the charge reported for "
        "the contacts add up to zero; relative to the sum of their magnitudes.",
    )


def _in_coating(r: Residuals, name: str) -> tuple[float, float]:
    """Return charge of a thin coating and the sum of its magnitudes [C/m] or [C]."""
    e, model = r.evidence, r.model
    law = model.interfaces[name].coating
    assert law is not None
    material = law.material
    assert isinstance(material, Material)
    total = size = 0.0
    first, second, measure = r.pairs(name)
    for sites in (first, second):
        phi = e.phi[sites]
        mu = {c.name: e.mu(c.name)[sites] for c in material.carriers}
        half = 0.5 * law.thickness * measure
        total += float((half * e.layer_charge(material, phi, mu)).sum())
        per_volume = 2.0 * abs(material.fixed_charge) + sum(
            abs(c.charge) * elementary_charge * c.site_density for c in material.carriers
        )
        size += float(half.sum()) * per_volume
    return total, size


def gauss_closures(r: Residuals) -> Iterator[Check]:
    """Check Gauss's law in every region: flux of D through its rim against the charge inside.

    The rim are the elements along its border: minus the integral of D . grad w with w = 1 on the
    nodes inside and 0 on the border is the flux out of the nodes inside, exactly.
    """
    e, model, mesh = r.evidence, r.model, r.model.mesh
    site_node = model.discretized.site_node
    border = np.zeros(mesh.n_points, dtype=bool)
    for facets in mesh.interfaces.values():
        border[facets] = True
    for name in {*model.contacts, *(side for pair in model.periodic for side in pair.sides)}:
        border[mesh.facets_of(name)] = True
    floating = {conductor.region for conductor in model.floating}
    meaning = (
        "Flux of the displacement through the elements along the border of the region against the "
        "charge on the nodes inside, from site fractions by formula."
    )
    for region in mesh.region_names:
        if region in floating:
            continue
        here = mesh.regions_of(region)
        inside = ~border[site_node[e.sites[here]]]
        if not inside.any():
            yield not_applicable("Gauss closure", "The region has no node inside.", place=region)
            continue
        rim = inside.any(axis=1) & ~inside.all(axis=1)
        leaving, weight = e.leaving[here], inside.astype(float)
        flux = float((leaving * weight)[rim].sum())
        through = float(np.abs((leaving * weight)[rim]).sum())
        sites = np.unique(e.sites[here][inside])
        charge = float(e.site_charge[sites].sum())
        reach = (np.abs(e.phi[e.sites[here]]) + e.kt) * e.stiffness[here]
        noise = _NOISE * (float(e.gross_charge[sites].sum()) + float(reach[rim].sum()))
        noise += _AT_REST * float(e.polar_scale[here][rim].sum())
        size = max(through + abs(charge), noise / CLOSURE)
        value = abs(flux - charge) / size if size else 0.0
        yield at_most("Gauss closure", value, CLOSURE, meaning, place=region)


def local_balances(r: Residuals) -> Iterator[Check]:
    """Check the balances at all unknowns, assembled again without the compiled core."""
    model, e = r.model, r.evidence
    defect = r.potential_defect
    yield at_most(
        "residual of Gauss's law",
        float(defect.max(initial=0.0)),
        LOCAL,
        "Largest change of a single potential that would settle the balance of charge around its "
        f"node{_where(r, defect)}; assembled again in numpy.",
        unit="kT/e",
    )
    if e.solution.kind != "steady":
        return
    for carrier in model.carriers:
        dofs = e.mu_dofs(carrier)
        mine = np.zeros(len(defect), dtype=bool)
        mine[r.label[dofs[dofs >= 0]]] = True
        levels = np.where(mine, r.level_defect, 0.0)
        yield at_most(
            "residual of the carrier balance",
            float(levels.max(initial=0.0)),
            LOCAL,
            "Largest change of a single electrochemical potential that would settle the balance "
            f"of the carrier around its node{_where(r, levels)}; fluxes assembled again in numpy.",
            place=carrier,
            unit="kT",
        )


def _where(r: Residuals, defect: NDArray[np.float64]) -> str:
    if not defect.any():
        return ""
    x, y = r.model.mesh.points[r.model.discretized.dof_node[int(np.nanargmax(defect))]] * 1e9
    return f", at ({x:.4g}, {y:.4g}) nm"


def across_interfaces(r: Residuals) -> Iterator[Check]:
    """Check at every interface that potentials and fluxes on both sides obey its law."""
    e, model = r.evidence, r.model
    site_phi = model.discretized.site_phi
    for name in model.mesh.interfaces:
        law = model.interfaces.get(name)
        first, second, _ = r.pairs(name)
        phi = r.label[np.concatenate([site_phi[first], site_phi[second]])]
        worst = float(r.potential_defect[phi].max(initial=0.0))
        if law is None or not law.splits_potential:
            jump = np.abs(e.phi[first] - e.phi[second]).max(initial=0.0) / e.kt
            worst = max(worst, float(jump))
        shared = set.intersection(
            *({c.name for c in e.carriers_in(side)} for side in name.split("|"))
        )
        for carrier in sorted(shared):
            mu, dofs = e.mu(carrier), e.mu_dofs(carrier)
            if e.solution.kind == "steady":
                both = r.label[np.concatenate([dofs[first], dofs[second]])]
                worst = max(worst, float(r.level_defect[both].max(initial=0.0)))
            closed = law is not None and (
                carrier in law.blocking or carrier in law.kinetics or law.coating is not None
            )
            open_here = np.repeat(model.contact_shares(name), 2) > 0.0
            if not closed and open_here.any():
                step = np.abs(mu[first] - mu[second])[open_here].max() / e.kt
                worst = max(worst, float(step))
        yield at_most(
            "law of the interface",
            worst,
            LOCAL,
            "Potentials are continuous, or jump as the compact layer, coating or transfer law "
            "demands of the displacement and currents on both sides.",
            place=name,
            unit="kT",
        )


def amounts(r: Residuals) -> Iterator[Check]:
    """Check that closed parts hold what was prescribed, summed from site fractions by formula."""
    for entry in r.model.conserved:
        yield _amount(r, entry)


def _amount(r: Residuals, entry: "Conserved") -> Check:
    e, model = r.evidence, r.model
    found = wanted = 0.0
    for region in entry.regions:
        here = e.sites_in(region)
        its = next((c for c in e.carriers_in(region) if c.name == entry.carrier), None)
        if its is None:
            continue
        full = e.volume[here] * its.site_density
        found += float((full * e.occupied(entry.carrier)[0][here]).sum())
        wanted += float(full.sum()) * its.site_fraction
    for name, law in model.interfaces.items():
        inside = set(name.split("|")) <= set(entry.regions)
        if law.coating is not None and inside:
            held, neutral = _amount_in_coating(r, name, entry.carrier)
            found, wanted = found + held, wanted + neutral
    if entry.amount != "neutral":
        unit = "mol" if model.coordinates == "axisymmetric" else "mol/m"
        wanted = parse(entry.amount, unit) * Avogadro
    return at_most(
        "amount of the carrier",
        abs(found / wanted - 1.0),
        AMOUNT,
        f"Amount of {entry.carrier}, summed from site fractions by formula, against what the "
        "model prescribes for its closed parts.",
        place=f"{entry.carrier} in {', '.join(entry.regions)}",
    )


def _amount_in_coating(r: Residuals, name: str, carrier: str) -> tuple[float, float]:
    from pyscl.certificate.evidence import occupation_of

    e, coating = r.evidence, r.model.interfaces[name].coating
    assert coating is not None
    material = coating.material
    assert isinstance(material, Material)
    first, second, measure = r.pairs(name)
    held = neutral = 0.0
    for its in material.carriers:
        if its.name != carrier:
            continue
        for sites in (first, second):
            eta = e.eta(its, sites.astype(np.intp))
            y, _ = occupation_of(its, r.model.temperature, eta)
            full = 0.5 * coating.thickness * measure * its.site_density
            held += float((full * y).sum())
            neutral += float(full.sum()) * its.site_fraction
    return held, neutral


def levels(r: Residuals) -> Iterator[Check]:
    """Check that every electrochemical potential is uniform in each part that conducts it."""
    e = r.evidence
    if e.solution.kind != "equilibrium":
        return
    for carrier in r.model.carriers:
        spread = 0.0
        where: Sequence[str] = ()
        for dofs, regions in connected_parts(r, carrier):
            size = float(np.ptp(e.volts[dofs])) / e.kt
            if not where or size > spread:
                spread, where = size, regions
        yield at_most(
            "equilibrium of the carrier",
            spread,
            LEVELS,
            "Largest difference of the electrochemical potential within a connected conducting "
            f"part ({', '.join(where)}).",
            place=carrier,
            unit="kT",
        )


def connected_parts(r: Residuals, carrier: str) -> list[tuple[NDArray[np.int64], list[str]]]:
    """Return the unknowns of mu of every connected conducting part, and its regions."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    e, mesh = r.evidence, r.model.mesh
    dofs, n = e.mu_dofs(carrier), len(r.label)
    corners = dofs[e.sites]
    there = corners[:, 0] >= 0
    corners = corners[there]
    if not len(corners):
        return []
    own = np.unique(corners)
    links = [pair for pair in r.links if np.isin(pair[0], own).any()]
    tied = np.flatnonzero(r.label != np.arange(n))
    i = np.concatenate([corners[:, 0], corners[:, 1], tied, *(a for a, _ in links)])
    j = np.concatenate([corners[:, 1], corners[:, 2], r.label[tied], *(b for _, b in links)])
    _, part = connected_components(
        coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n, n)), directed=False
    )
    region = mesh.region[there]
    return [
        (
            own[part[own] == number],
            [mesh.region_names[k] for k in np.unique(region[part[corners[:, 0]] == number])],
        )
        for number in np.unique(part[own])
    ]
