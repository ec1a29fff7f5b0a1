"""Ferroelectric films between electrodes that several tests share."""

import numpy as np
from models import NM

from pyscl import Hysteresis, Landau, LandauCoefficients, Material, Model, PotentialContact
from pyscl.mesh import strip

T = 298.0
THICKNESS = 20 * NM
# Barium titanate (Bell and Cross) along one axis, hard across it, so that P does not turn.
UNIAXIAL = Landau(
    coefficients=LandauCoefficients(
        symmetry="uniaxial",
        a1=(-3.34e5 * 381, 3.34e5),
        a2=1e9,
        a11=(-4.69e6 * 393 - 2.02e8, 4.69e6),
        a111=(5.52e7 * 393 + 2.76e9, -5.52e7),
        temperature_range=(280.0, 450.0),
        gradient_energy=5e-11,
    )
)
POLYNOMIAL = UNIAXIAL.polynomial(T)
COERCIVE = POLYNOMIAL.coercive_field()
SPONTANEOUS = POLYNOMIAL.spontaneous_polarization()
MILLER = Hysteresis(
    background_permittivity=10.0, saturation=0.26, remanence=0.2, coercive_field=2e7
)
HELD = PotentialContact(potential=0.0)


def film(law=UNIAXIAL, layer=0.0, elements=4, **model):
    """Return a film between electrodes, with a linear layer of permittivity 300 if it has one."""
    x = np.linspace(0.0, THICKNESS, elements + 1)
    regions = [("film", THICKNESS)]
    if layer:
        x = np.append(x, THICKNESS + layer * np.array([0.5, 1.0]))
        regions.append(("layer", THICKNESS + layer))
    materials = {"film": Material(polarization=law), "layer": Material(relative_permittivity=300.0)}
    model = {"contacts": {"left": HELD, "right": HELD}, "temperature": T} | model
    mesh = strip(x, 4 * NM, 1, regions)
    return Model(mesh, {name: materials[name] for name, _ in regions}, **model)
