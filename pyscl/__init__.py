"""pyscl: space charge layers of all-solid-state batteries by finite elements.

A `Model` joins a `Mesh` with a `Material` per region and laws for contacts and interfaces;
`Model.equilibrium()` and `Model.steady()` return a `Solution` with named fields in SI units.
"""

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyscl._core import __version__
    from pyscl.boundaries import (
        BlockingContact,
        Conserved,
        Interface,
        Periodic,
        PotentialContact,
        ReservoirContact,
    )
    from pyscl.errors import ConvergenceError, InputError, MeshError
    from pyscl.materials import (
        Blakemore,
        Boltzmann,
        Carrier,
        FermiDiracHalf,
        LatticeGas,
        Material,
        NonIdeal,
        OpenCircuit,
    )
    from pyscl.mesh import Mesh
    from pyscl.model import Model
    from pyscl.solution import Solution
    from pyscl.study.newton import SolverOptions

if importlib.util.find_spec("pyscl._core") is None:
    raise ImportError(
        "this pyscl folder has no compiled core: it is the source tree. Install with "
        "'pip install .' and start Python in another folder, or use 'pip install -e .'"
    )

# Public name -> module that defines it; imported on first use, so that `import pyscl` is quick.
_HOME = {
    "BlockingContact": "pyscl.boundaries",
    "Conserved": "pyscl.boundaries",
    "Interface": "pyscl.boundaries",
    "Periodic": "pyscl.boundaries",
    "PotentialContact": "pyscl.boundaries",
    "ReservoirContact": "pyscl.boundaries",
    "ConvergenceError": "pyscl.errors",
    "InputError": "pyscl.errors",
    "MeshError": "pyscl.errors",
    "Blakemore": "pyscl.materials",
    "Boltzmann": "pyscl.materials",
    "Carrier": "pyscl.materials",
    "FermiDiracHalf": "pyscl.materials",
    "LatticeGas": "pyscl.materials",
    "Material": "pyscl.materials",
    "NonIdeal": "pyscl.materials",
    "OpenCircuit": "pyscl.materials",
    "Mesh": "pyscl.mesh",
    "Model": "pyscl.model",
    "Solution": "pyscl.solution",
    "SolverOptions": "pyscl.study.newton",
}

__all__ = [
    "Blakemore",
    "BlockingContact",
    "Boltzmann",
    "Carrier",
    "Conserved",
    "ConvergenceError",
    "FermiDiracHalf",
    "InputError",
    "Interface",
    "LatticeGas",
    "Material",
    "Mesh",
    "MeshError",
    "Model",
    "NonIdeal",
    "OpenCircuit",
    "Periodic",
    "PotentialContact",
    "ReservoirContact",
    "Solution",
    "SolverOptions",
    "__version__",
]


if not TYPE_CHECKING:  # type checkers see the imports above

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            return importlib.import_module("pyscl._core").__version__
        if name in _HOME:
            return getattr(importlib.import_module(_HOME[name]), name)
        raise AttributeError(f"module 'pyscl' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
