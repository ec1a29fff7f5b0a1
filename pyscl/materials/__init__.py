"""Materials: laws of carriers, and cards with sourced values.

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
from pyscl.materials.library import available, citation, describe, load, references
from pyscl.materials.model import Carrier, Material, Provenance

__all__ = [
    "Blakemore",
    "Boltzmann",
    "Carrier",
    "FermiDiracHalf",
    "LatticeGas",
    "Material",
    "NonIdeal",
    "OpenCircuit",
    "Provenance",
    "ReferenceElectrode",
    "available",
    "citation",
    "describe",
    "load",
    "reference_electrode",
    "reference_electrodes",
    "references",
]
