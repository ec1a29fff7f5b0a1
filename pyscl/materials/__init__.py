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
from pyscl.materials.library import available, card_range, catalog, describe, load, refused
from pyscl.materials.model import Carrier, Material
from pyscl.materials.offsets import apply_pairs
from pyscl.materials.pairs import Pair, available_pairs, describe_pair, load_pair, pair_range
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
    "Pair",
    "Piezoelectric",
    "Provenance",
    "RadialAxes",
    "RandomAxes",
    "ReferenceElectrode",
    "Remanent",
    "TexturedAxes",
    "apply_pairs",
    "available",
    "available_landau",
    "available_pairs",
    "card_range",
    "catalog",
    "citation",
    "describe",
    "describe_pair",
    "load",
    "load_landau",
    "load_pair",
    "pair_range",
    "reference_electrode",
    "reference_electrodes",
    "references",
    "refused",
]
