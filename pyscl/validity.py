"""Screening lengths of a material, and whether its models hold for it."""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from pyscl.carriers import bulk_slope
from pyscl.materials import Landau, Material
from pyscl.materials.polarization import LandauPolynomial
from pyscl.model import Model

SHORTEST_SITE_LENGTH = 0.05e-9  # m
ELEMENTS_PER_WALL = 3.0
LARGEST_SCREENING_VOLTAGE = 1.0  # V


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


def range_warnings(model: Model, temperatures: Iterable[float]) -> list[str]:
    """Return a sentence for every temperature [K] outside the range of Landau coefficients."""
    return [
        f"region '{region}': {outside}"
        for region, material in model.materials.items()
        for temperature in temperatures
        if isinstance(law := material.polarization, Landau)
        and (outside := law.coefficients.range_warning(temperature))
    ]


def validity_warnings(model: Model) -> list[str]:
    """Return a sentence for every region in which a model is outside its range.

    That is mean-field theory, Landau coefficients at another temperature than they hold for, domain
    walls between elements, and polarizations that their surroundings cannot screen.
    """
    found = [
        *range_warnings(model, [model.temperature]),
        *_walls_between_elements(model),
        *_unscreened(model),
    ]
    for region, material in model.materials.items():
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


def wall_width(law: Landau, temperature: float) -> float | None:
    """Return 2 delta of a domain wall -P_s | P_s in a ferroelectric [m], None if there is none.

    P goes like tanh(x/delta) with delta = 2 sqrt(G/f''(P_s)) far from the wall, and G the softest
    gradient coefficient of walls between antiparallel domains.
    """
    _, _, g44, g44_prime = law.gradient
    gradient = g44 + g44_prime  # of P1,2 in a wall without charge
    polynomial = _polynomial(law, temperature)
    spontaneous = polynomial.spontaneous_polarization()
    if not spontaneous > 0.0 or not gradient > 0.0:
        return None
    stiffness = float(polynomial.stiffness(spontaneous, 0.0)[0, 0])
    return 4.0 * float(np.sqrt(gradient / stiffness))


def _polynomial(law: Landau, temperature: float) -> LandauPolynomial:
    """Return the polynomial without a warning about its range, which has one of its own here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return law.polynomial(temperature)


def _walls_between_elements(model: Model) -> Iterator[str]:
    """Yield a sentence for every ferroelectric region too coarse for its domain walls."""
    mesh = model.mesh
    for number, region in enumerate(mesh.region_names):
        law = model.materials[region].polarization
        if not isinstance(law, Landau):
            continue
        width = wall_width(law, model.temperature)
        if width is None:
            continue
        inside = mesh.triangles[mesh.region == number]
        ends = mesh.points[inside[:, [0, 1, 1, 2, 2, 0]]].reshape(-1, 3, 2, 2)
        longest = np.hypot(*np.moveaxis(ends[:, :, 1] - ends[:, :, 0], -1, 0)).max(axis=1)
        size, needed = float(np.median(longest)), width / ELEMENTS_PER_WALL
        if size > needed * (1.0 + 1e-9):
            yield (
                f"region '{region}': its elements of {_nm(size)} do not resolve domain walls of "
                f"{_nm(width)}, which stick to such a mesh; make the elements there "
                f"{_nm(needed)} or smaller, unless the region stays a single domain"
            )


def _unscreened(model: Model) -> Iterator[str]:
    """Yield a sentence for every fixed polarization that a conductor beside it cannot screen.

    A surface charge P takes the mobile charges of a depth w = P/(e n) away, which costs the voltage
    w^2 e n/(2 eps) = P^2/(2 eps e n). Vacancies screen one of the ends, carriers the other one: the
    scarcer of both count.
    """
    names = model.mesh.region_names
    for region in names:
        strongest = _fixed_polarization(model, region)
        for interface in model.mesh.interfaces if strongest > 0.0 else ():
            sides = interface.split("|")
            if region not in sides:
                continue
            other = sides[1 - sides.index(region)]
            material = model.materials[other]
            density = _screening_density(material)
            if density is None:
                continue
            eps = epsilon_0 * material.relative_permittivity
            depth = strongest / (elementary_charge * density)
            voltage = strongest * depth / (2.0 * eps)
            if voltage > LARGEST_SCREENING_VOLTAGE:
                yield (
                    f"region '{region}': its fixed polarization of {100.0 * strongest:.3g} uC/cm2 "
                    f"cannot be screened by '{other}': with {density:.3g} mobile charges per m3 "
                    f"that takes a layer of {_nm(depth)} and {voltage:.3g} V. Such a surface "
                    "charge is compensated otherwise in reality (adsorption, reactions, domains); "
                    f"below {_screened_by(eps, density):.2g} uC/cm2 it takes less than "
                    f"{LARGEST_SCREENING_VOLTAGE:g} V"
                )


def _fixed_polarization(model: Model, region: str) -> float:
    """Return the largest fixed polarization in a region [C/m2]."""
    number = model.mesh.region_names.index(region)
    inside = model.mesh.region == number
    values = np.abs(getattr(model.materials[region].polarization, "fixed_polarization", 0.0))
    given = np.zeros(1)
    if region in model.fixed_polarization:
        given = np.hypot(*np.broadcast_to(model.fixed_polarization[region], (inside.sum(), 2)).T)
    return float(values + given.max(initial=0.0))


def _screening_density(material: Material) -> float | None:
    """Return e^-1 times the charge per volume that can be taken away or put in [1/m3].

    The smaller of both, None without carriers; only carriers of limited sites fill up.
    """
    if not material.carriers:
        return None
    taken = sum(abs(c.charge) * c.site_density * c.site_fraction for c in material.carriers)
    added = sum(
        abs(c.charge) * c.site_density * (1.0 - c.site_fraction)
        for c in material.carriers
        if c.statistics.site_limited
    )
    unlimited = any(not c.statistics.site_limited for c in material.carriers)
    return float(taken if unlimited else min(taken, added))


def _screened_by(permittivity: float, density: float) -> float:
    """Return the polarization whose layer takes the largest voltage [uC/cm2]."""
    square = 2.0 * permittivity * elementary_charge * density * LARGEST_SCREENING_VOLTAGE
    return 100.0 * float(np.sqrt(square))


def _nm(length: float) -> str:
    return f"{length * 1e9:.3g} nm"
