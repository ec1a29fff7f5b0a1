"""Polarization beyond a linear isotropic permittivity: laws, crystal axes, Landau coefficients."""

from pyscl.materials.polarization.axes import (
    AlignedAxes,
    CrystalAxes,
    RadialAxes,
    RandomAxes,
    TexturedAxes,
    grains,
)
from pyscl.materials.polarization.cards import available_landau, load_landau
from pyscl.materials.polarization.coefficients import (
    Compliance,
    Electrostriction,
    GradientEnergy,
    LandauCoefficients,
)
from pyscl.materials.polarization.hysteresis import Hysteresis
from pyscl.materials.polarization.landau import LandauPolynomial
from pyscl.materials.polarization.laws import (
    Anisotropic,
    AnyPolarization,
    Flexoelectric,
    Johnson,
    Landau,
    Langevin,
    Piezoelectric,
    Polarization,
    Remanent,
)

__all__ = [
    "AlignedAxes",
    "Anisotropic",
    "AnyPolarization",
    "Compliance",
    "CrystalAxes",
    "Electrostriction",
    "Flexoelectric",
    "GradientEnergy",
    "Hysteresis",
    "Johnson",
    "Landau",
    "LandauCoefficients",
    "LandauPolynomial",
    "Langevin",
    "Piezoelectric",
    "Polarization",
    "RadialAxes",
    "RandomAxes",
    "Remanent",
    "TexturedAxes",
    "available_landau",
    "grains",
    "load_landau",
]
