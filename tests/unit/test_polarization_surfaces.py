"""Where a crystal ends: extrapolation lengths, and what makes no sense there."""

import numpy as np
import pytest
from films import film
from models import NM

from pyscl import InputError, Material, Model, Periodic, PotentialContact
from pyscl.materials.polarization import GradientEnergy, Landau, LandauCoefficients
from pyscl.mesh import strip
from pyscl.polar_states import UniformPolarization

ENERGY = GradientEnergy(G11=5e-11, G44=2e-11)
HELD = PotentialContact(potential=0.0)


def surface_length(angle, length=1 * NM):
    """Return P / |dP/dn| at the left end of a film whose P lies at an angle to the normal."""
    law = Landau(
        coefficients="BaTiO3-Bell-Cross",
        background_permittivity=1e8 if angle == 0 else 10.0,  # no depolarization in the way
        gradient_energy=ENERGY,
        extrapolation_length=length,
        axes=angle,
    )
    model = Model(
        strip(np.linspace(0.0, 20 * NM, 801), 0.025 * NM, 1, [("film", 20 * NM)]),
        {"film": Material(polarization=law)},
        contacts={"left": HELD, "right": HELD},
        periodic=[Periodic(sides=("bottom", "top"))],
        temperature=298.0,
    )
    state = model.equilibrium(polarization=UniformPolarization())
    d = model.discretized
    p = state.unknowns[d.site_polar + (angle == 90)]
    x, first = np.unique(state.site_points[:, 0], return_index=True)
    p = np.abs(p[first])
    slope = np.polyfit(x[:5] - x[0], p[:5], 2)[1]
    return p[0] / slope


@pytest.mark.parametrize("angle", [0, 90])
def test_extrapolation_length_is_that_of_both_components(angle):
    """P along the surface bends with G44 + G44', P across it with G11."""
    assert surface_length(angle) == pytest.approx(1 * NM, rel=0.02)


@pytest.mark.parametrize("law", [{"boundary": "zero"}, {"extrapolation_length": 1 * NM}])
def test_a_surface_needs_gradient_energy(law):
    crystal = LandauCoefficients(a1=-1e8, a11=1e9, a12=3e9, temperature_range=(200, 400))
    with pytest.raises(InputError, match=r"region 'film' has .* but no gradient energy"):
        film(Landau(coefficients=crystal, **law))
