"""Cases of polarized, non-linear and ferroelectric dielectrics."""

from typing import cast

import numpy as np
from scipy.constants import epsilon_0

from pyscl import analytic
from pyscl.analytic import JohnsonLayer, LatticeGasLayer, LinearLayer
from pyscl.materials import Johnson, Landau, Material, Remanent
from pyscl.polar_states import UniformPolarization
from pyscl.verification.norms import region_mean_field
from pyscl.verification.polarization_setups import (
    BELL,
    RADIUS,
    TEMPERATURE,
    UNIFORM,
    WALL_LENGTH,
    crystal,
    disc_in_conductor,
    disc_of_uniform_field,
    domain_wall,
    ferroelectric_energy,
    polarization_on_sites,
    stack,
)
from pyscl.verification.registry import case
from pyscl.verification.setups import WIDTH, dielectric


@case(tolerance=1e-10, unit="C/m^2")
def johnson_stack() -> tuple[float, float]:
    """Displacement of 8 nm of a dielectric that saturates (Johnson) on 3 nm with eps 20 at 3 V."""
    law = Johnson(relative_permittivity=1000, coefficient=8e9)
    layers = [("film", Material(polarization=law), 8e-9), ("oxide", dielectric(20.0), 3e-9)]
    exact, _ = analytic.dielectric_stack(
        [JohnsonLayer(8e-9, 1000 * epsilon_0, 8e9), LinearLayer(3e-9, 20 * epsilon_0)], 3.0
    )
    return stack(layers, 3.0).equilibrium().contact("left").charge / WIDTH, exact


@case(tolerance=1e-8, unit="C/m^2")
def landau_loop() -> tuple[float, float]:
    """Polarization of BaTiO3 at 90 % of the coercive field against it, on the upper branch."""
    law = crystal(BELL, UNIFORM)
    polynomial = law.polynomial(TEMPERATURE)
    field = -0.9 * polynomial.coercive_field()
    model = stack([("film", Material(polarization=law), 1e-8)], field * 1e-8)
    state = model.equilibrium(polarization=UniformPolarization(share=0.9))
    return float(polarization_on_sites(state)[:, 0].mean()), float(polynomial.branch(field))


@case(tolerance=1e-8, unit="C/m^2")
def ferroelectric_bilayer() -> tuple[float, float]:
    """Remanence of 50 nm of BaTiO3 in series with 0.5 nm with eps 30, short-circuited."""
    law = crystal(BELL, UNIFORM)
    thicknesses = (50e-9, 0.5e-9)
    film, oxide = Material(polarization=law), dielectric(30.0)
    model = stack([("film", film, thicknesses[0]), ("oxide", oxide, thicknesses[1])], 0.0)
    state = model.equilibrium(polarization=UniformPolarization())
    exact = analytic.ferroelectric_bilayer(
        _along_axis(law), 10 * epsilon_0, 30 * epsilon_0, thicknesses
    )
    computed = float(np.nanmean(polarization_on_sites(state)[:, 0]))
    return computed, float(exact.metastable_polarization[-1])


@case(tolerance=3e-3, unit="C/m^2")
def ferroelectric_disc() -> tuple[float, float]:
    """Polarization of a disc of BaTiO3 in eps 3000, far field 10 MV/m."""
    law = crystal(BELL, UNIFORM)
    matrix, far_field = 3000.0, 1e7
    states = analytic.ferroelectric_disc(
        _along_axis(law), 10 * epsilon_0, matrix * epsilon_0, far_field
    )
    exact, field = float(states.polarization[-1]), float(states.field[-1])
    model = disc_of_uniform_field(Material(polarization=law), field, far_field, matrix, 16)
    state = model.equilibrium(polarization=UniformPolarization())
    p = np.nan_to_num(polarization_on_sites(state)[:, 0])
    volume = state.site_volume[state.site_region == model.mesh.region_names.index("disc")].sum()
    return float(state.site_volume @ p / volume), exact


@case(tolerance=2e-3, unit="J/m^2")
def domain_wall_energy() -> tuple[float, float]:
    """Energy of a neutral 180 degree domain wall of BaTiO3."""
    state, exact = domain_wall(BELL, cells=120)
    law = cast(Landau, state.model.materials["electrolyte"].polarization)
    uniform = float(law.polynomial(TEMPERATURE).energy(exact.spontaneous_polarization))
    return ferroelectric_energy(state) / WIDTH - uniform * WALL_LENGTH, exact.energy


@case(tolerance=5e-3, unit="V/m")
def polarized_disc_in_ions() -> tuple[float, float]:
    """Field in a polarized disc of five Debye lengths whose dipole mobile ions screen."""
    layer = LatticeGasLayer(30.0, 1e26, 0.5)
    law = Remanent(polarization=1e-5, relative_permittivity=10)
    model = disc_in_conductor(Material(polarization=law), layer, 24)
    factor = float(analytic.screened_disc_factor(RADIUS / layer.debye_length))
    exact = analytic.polarised_disc_field(1e-5, 10 * epsilon_0, 30 * epsilon_0 * factor)
    return float(region_mean_field(model.equilibrium(), "disc")[0]), float(exact)


def _along_axis(law: Landau) -> tuple[float, ...]:
    """Return (a1, a11, a111, a1111) of a law along axis 1."""
    return tuple(float(a) for a in law.polynomial(TEMPERATURE).table[1:, 0])
