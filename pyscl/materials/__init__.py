"""Materials: laws of carriers, and cards with sourced values.

`load("LiCoO2")` returns a `Material`; `Material(...)` and `Carrier(...)` make one by hand.
"""

from pyscl.materials.library import available, citation, describe, load, references
from pyscl.materials.model import (
    Blakemore,
    Boltzmann,
    Carrier,
    FermiDiracHalf,
    LatticeGas,
    Material,
    NonIdeal,
    Provenance,
)

__all__ = [
    "Blakemore",
    "Boltzmann",
    "Carrier",
    "FermiDiracHalf",
    "LatticeGas",
    "Material",
    "NonIdeal",
    "Provenance",
    "available",
    "citation",
    "describe",
    "load",
    "references",
]
