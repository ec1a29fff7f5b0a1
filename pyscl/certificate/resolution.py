"""Elements per Debye length where the space charge is, with the local Debye length."""

from collections.abc import Iterator

import numpy as np

from pyscl.certificate.check import Check, at_least, not_applicable
from pyscl.certificate.evidence import Evidence, FloatArray

ENOUGH = 2.0  # elements per Debye length; 3 % error of the charge of a weak layer
TOO_FEW = 1.0  # 12 %
_LAYER = 1e-3  # kT, deviation from neutrality that counts as a layer
_NOTABLE = 0.01  # share of the energy of all layers that a place must hold to be judged


def resolution(evidence: Evidence) -> Iterator[Check]:
    """Check the elements of every region with carriers along the field of its layers."""
    mesh = evidence.model.mesh
    elements = {
        region: layer_elements(evidence, mesh.regions_of(region))
        for region in mesh.region_names
        if evidence.carriers_in(region)
    }
    notable = _NOTABLE * sum(float(weight.sum()) for *_, weight in elements.values())
    for region, (length, height, weight) in elements.items():
        if not weight.sum() > notable:
            yield not_applicable(
                "elements per Debye length",
                f"The region holds less than {_NOTABLE:.0%} of the space charge layers.",
                place=region,
            )
            continue
        yield at_least(
            "elements per Debye length",
            _mean_count(length, height, weight),
            ENOUGH,
            "Local Debye length over the size of the elements along the field, a mean over the "
            f"layers by their energy; warns below {ENOUGH:g}, fails below {TOO_FEW:g}.",
            fails_below=TOO_FEW,
            place=region,
        )
        yield from _first_elements(evidence, region, (length, height, weight), notable)


def _first_elements(
    evidence: Evidence,
    region: str,
    elements: tuple[FloatArray, FloatArray, FloatArray],
    notable: float,
) -> Iterator[Check]:
    """Check the elements of a region that have a facet on one of its interfaces.

    Interfaces that only the tail of another layer reaches are left out.
    """
    mesh = evidence.model.mesh
    here = mesh.regions_of(region)
    for name, facets in mesh.interfaces.items():
        if region not in name.split("|"):
            continue
        on_interface = np.zeros(mesh.n_points, dtype=bool)
        on_interface[facets] = True
        first = on_interface[mesh.triangles[here]].sum(axis=1) >= 2
        length, height, weight = (values[first] for values in elements)
        if weight.sum() > notable:
            yield at_least(
                "first elements per Debye length",
                _mean_count(length, height, weight),
                ENOUGH,
                "Local Debye length at the interface over the size of the first elements along "
                f"the field; warns below {ENOUGH:g}.",
                fails_below=0.0,
                place=f"{name}, {region}",
            )


def _mean_count(length: FloatArray, height: FloatArray, weight: FloatArray) -> float:
    square = float((weight * (height / length) ** 2).sum() / weight.sum())
    return float(1.0 / np.sqrt(square)) if square > 0.0 else float("inf")


def layer_elements(
    evidence: Evidence, here: np.ndarray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Debye length [m], size along the field [m] and weight of triangles.

    Args:
        evidence: the state.
        here: which triangles, (m,).

    Returns:
        (k,) each. The Debye length is the shortest of the three corners, infinite where nothing
        screens. The weight is space charge times field, which falls into a layer like its energy,
        and 0 outside of layers.
    """
    g, sites = evidence.geometry, evidence.sites[here]
    screening = evidence.screening[sites]
    with np.errstate(divide="ignore"):
        length = np.sqrt(evidence.permittivity[here] / screening.max(axis=1))
    field = evidence.field[here]
    size = np.hypot(*field.T)
    along = np.divide(field, size[:, None], out=np.zeros_like(field), where=size[:, None] > 0.0)
    corner = evidence.model.mesh.points[evidence.model.mesh.triangles[here]]
    height = np.ptp(np.einsum("tac,tc->ta", corner, along), axis=1)
    density = evidence.site_charge / evidence.volume
    charged = np.abs(density) > _LAYER * evidence.kt * evidence.screening
    net = np.abs(np.where(charged, evidence.site_charge / evidence.volume, 0.0))[sites]
    return length, height, (net * g.corner_volume[here]).sum(axis=1) * size
