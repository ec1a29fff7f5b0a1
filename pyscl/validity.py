"""Screening lengths of a material, and whether its models hold for it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from pyscl.carriers import bulk_slope
from pyscl.materials import Landau, Material
from pyscl.materials.temperatures import constant_transport
from pyscl.model import Model
from pyscl.model_checks import crystal_warnings
from pyscl.polarization import crystal_axes, fixed_polarization

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
    """Return a sentence for every Landau law whose range a temperature [K] or its misfit leaves."""
    return crystal_warnings(model, temperatures)


def validity_warnings(model: Model) -> list[str]:
    """Return a sentence for every region in which a model is outside its range.

    That is mean-field theory, Landau coefficients at another temperature or strain than they hold
    for, domain walls between elements, polarizations that their surroundings cannot screen, and
    transport values of cards that are kept at another temperature than theirs.
    """
    found = [
        *constant_transport(model.materials, model.temperature),
        *range_warnings(model, [model.temperature]),
        *_walls_between_elements(model),
        *_unscreened(model),
    ]
    for region, material in model.materials.items():
        lengths = screening_lengths(material, model.temperature)
        if lengths is None:
            continue
        found += mean_field_warnings(region, lengths)
    return found


def mean_field_warnings(region: str, lengths: ScreeningLengths) -> list[str]:
    """Return a sentence for every condition of mean-field theory that a region leaves."""
    found = []
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

    P goes like tanh(x/delta) with delta = 2 sqrt(G/f''(P_s)) far from the wall. P_s is that of
    least energy in the plane, f'' along it, and G the gradient coefficient of a wall parallel to
    it, which has no charge.
    """
    polynomial = law.polynomial(temperature)
    spontaneous = np.array(polynomial.spontaneous_vector())
    if not spontaneous.any():
        return None
    n1, n2 = along = spontaneous / np.hypot(*spontaneous)
    g11, g12, g44, g44_prime = law.gradient
    gradient = 2.0 * (g11 - g12) * (n1 * n2) ** 2 + g44 * (n1**2 - n2**2) ** 2 + g44_prime
    if not gradient > 0.0:
        return None
    stiffness = float(along @ polynomial.stiffness(*spontaneous) @ along)
    return 4.0 * float(np.sqrt(gradient / stiffness))


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

    The largest P.n on their interface is the surface charge P. It takes the mobile charges of a
    depth w = P/(e n) away, which costs the voltage w^2 e n/(2 eps) = P^2/(2 eps e n). Vacancies
    screen one of the ends, carriers the other one: the scarcer of both count.
    """
    fixed = fixed_polarization(model, crystal_axes(model))
    for region in model.mesh.region_names if fixed.any() else ():
        for interface in model.mesh.interfaces:
            sides = interface.split("|")
            if region not in sides:
                continue
            strongest = _across(model, region, interface, fixed)
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


def _across(model: Model, region: str, interface: str, polarization: NDArray[np.float64]) -> float:
    """Return the largest |P.n| of a region at an interface [C/m2].

    Args:
        model: the model.
        region: the region.
        interface: "a|b", with the region.
        polarization: of the triangles [C/m2], (n_triangles, 2).
    """
    mesh = model.mesh
    edges = mesh.edges
    inside = np.repeat(mesh.regions_of(region), 3)
    at = np.isin(edges.of_side, edges.find(mesh.interfaces[interface])) & inside
    begin, end = mesh.points[edges.sides[at]].transpose(1, 0, 2)
    along = (end - begin) / np.hypot(*(end - begin).T)[:, None]
    p = np.repeat(polarization, 3, axis=0)[at]
    return float(np.abs(along[:, 0] * p[:, 1] - along[:, 1] * p[:, 0]).max(initial=0.0))


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
