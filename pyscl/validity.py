"""Screening lengths of a material, and whether its models hold for it."""

from dataclasses import dataclass

import numpy as np
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from pyscl.carriers import bulk_slope
from pyscl.materials import Landau, Material
from pyscl.model import Model

SHORTEST_SITE_LENGTH = 0.05e-9  # m


@dataclass(frozen=True)
class ScreeningLengths:
    """Lengths that tell how a region screens.

    Attributes:
        debye_length: sqrt(eps kT / (e^2 sum_k z_k^2 dn_k/deta_k)) of the neutral bulk [m]; for a
            lattice gas dn/deta = site density * y (1-y).
        site_length: sqrt(eps kT / (e^2 site density)) of the densest carrier [m].
        carrier_spacing: mean distance n^(-1/3) of the mobile defects that screen most [m]: n is
            the density of the carrier, or of its vacancies where these are fewer.
    """

    debye_length: float
    site_length: float
    carrier_spacing: float


def screening_lengths(material: Material, temperature: float) -> ScreeningLengths | None:
    """Return the screening lengths of a material, or None if it has no carriers."""
    if not material.carriers:
        return None
    screening = {
        c: c.charge**2 * c.site_density * bulk_slope(c, temperature) for c in material.carriers
    }
    stiffness = sum(screening.values())
    strongest = max(material.carriers, key=lambda c: screening[c])
    limited = strongest.statistics.site_limited
    y = strongest.site_fraction
    defects = strongest.site_density * (min(y, 1.0 - y) if limited else y)
    scale = (
        epsilon_0 * material.relative_permittivity * Boltzmann * temperature / elementary_charge**2
    )
    densest = max(c.site_density for c in material.carriers)
    return ScreeningLengths(
        debye_length=float(np.sqrt(scale / stiffness)),
        site_length=float(np.sqrt(scale / densest)),
        carrier_spacing=float(defects ** (-1.0 / 3.0)),
    )


def debye_lengths(model: Model) -> dict[str, float]:
    """Return the Debye length [m] of every region that has carriers."""
    lengths = {
        region: screening_lengths(material, model.temperature)
        for region, material in model.materials.items()
    }
    return {region: s.debye_length for region, s in lengths.items() if s is not None}


def validity_warnings(model: Model) -> list[str]:
    """Return a sentence for every region in which a model is outside its range.

    That is mean-field theory, and Landau coefficients at another temperature than they hold for.
    """
    found = []
    for region, material in model.materials.items():
        if isinstance(law := material.polarization, Landau):
            outside = law.coefficients.range_warning(model.temperature)
            found += [f"region '{region}': {outside}"] if outside else []
        lengths = screening_lengths(material, model.temperature)
        if lengths is None:
            continue
        if lengths.site_length < SHORTEST_SITE_LENGTH:
            found.append(
                f"region '{region}': site length {lengths.site_length * 1e9:.3g} nm is below "
                f"{SHORTEST_SITE_LENGTH * 1e9:g} nm; the site density is too high for a continuum "
                "of mobile defects, consider an effective one"
            )
        if lengths.carrier_spacing > lengths.debye_length:
            found.append(
                f"region '{region}': mean carrier spacing {lengths.carrier_spacing * 1e9:.3g} nm "
                f"exceeds the Debye length {lengths.debye_length * 1e9:.3g} nm; mean-field theory "
                "is formally outside its range"
            )
    return found
