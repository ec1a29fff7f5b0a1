"""Materials: laws of carriers and of polarization, and cards with sourced values.

`load("LiCoO2")` returns a `Material`; `Material(...)` and `Carrier(...)` make one by hand.
"""

from pyscl.materials.electrodes import ReferenceElectrode, reference_electrode, reference_electrodes
from pyscl.materials.laws import (
    Blakemore,
    Boltzmann,
    FermiDiracHalf,
    LatticeGas,
    NonIdeal,
    OpenCircuit,
)
from pyscl.materials.library import available, describe, load
from pyscl.materials.model import Carrier, Material
from pyscl.materials.polarization import (
    AlignedAxes,
    Anisotropic,
    CrystalAxes,
    Flexoelectric,
    GradientEnergy,
    Hysteresis,
    Johnson,
    Landau,
    LandauCoefficients,
    LandauPolynomial,
    Langevin,
    Piezoelectric,
    RadialAxes,
    RandomAxes,
    Remanent,
    TexturedAxes,
    available_landau,
    load_landau,
)
from pyscl.materials.provenance import Provenance, citation, references

__all__ = [
    "AlignedAxes",
    "Anisotropic",
    "Blakemore",
    "Boltzmann",
    "Carrier",
    "CrystalAxes",
    "FermiDiracHalf",
    "Flexoelectric",
    "GradientEnergy",
    "Hysteresis",
    "Johnson",
    "Landau",
    "LandauCoefficients",
    "LandauPolynomial",
    "Langevin",
    "LatticeGas",
    "Material",
    "NonIdeal",
    "OpenCircuit",
    "Piezoelectric",
    "Provenance",
    "RadialAxes",
    "RandomAxes",
    "ReferenceElectrode",
    "Remanent",
    "TexturedAxes",
    "available",
    "available_landau",
    "citation",
    "describe",
    "load",
    "load_landau",
    "reference_electrode",
    "reference_electrodes",
    "references",
]
