"""Elements per Debye length where the space charge is, with the local Debye length."""

from collections.abc import Iterator

import numpy as np

from pyscl.certificate.check import Check, at_least, not_applicable
from pyscl.certificate.evidence import Evidence, FloatArray

ENOUGH = 2.0  # elements per Debye length; 3 % error of the charge of a weak layer
TOO_FEW = 1.0  # 12 %
_LAYER = 1e-3  # kT, deviation from neutrality that counts as a layer


def resolution(evidence: Evidence) -> Iterator[Check]:
    """Check the elements of every region with carriers along the field of its layers."""
    model = evidence.model
    for region in model.mesh.region_names:
        if not evidence.carriers_in(region):
            continue
        here = model.mesh.regions_of(region)
        length, height, weight = layer_elements(evidence, here)
        if not weight.any():
            yield not_applicable(
                "elements per Debye length", "The region has no space charge layer.", place=region
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
        yield from _first_elements(evidence, region, here, (length, height, weight))


def _first_elements(
    evidence: Evidence,
    region: str,
    here: np.ndarray,
    elements: tuple[FloatArray, FloatArray, FloatArray],
) -> Iterator[Check]:
    """Check the elements of a region that have a facet on one of its interfaces."""
    mesh = evidence.model.mesh
    for name, facets in mesh.interfaces.items():
        if region not in name.split("|"):
            continue
        on_interface = np.zeros(mesh.n_points, dtype=bool)
        on_interface[facets] = True
        first = on_interface[mesh.triangles[here]].sum(axis=1) >= 2
        length, height, weight = (values[first] for values in elements)
        if weight.any():
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
