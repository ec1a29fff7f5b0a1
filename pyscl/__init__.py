"""pyscl: space charge layers of all-solid-state batteries by finite elements.

A `Model` joins a `Mesh` with a `Material` per region and laws for contacts and interfaces;
`Model.equilibrium()` and `Model.steady()` return a `Solution` with named fields in SI units,
`Model.transient()` a `Trajectory` of them with time series, `Solution.impedance()` a `Spectrum`.
"""

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyscl._core import __version__
    from pyscl.boundaries import (
        BlockingContact,
        ButlerVolmer,
        Coating,
        Conserved,
        ContactResistance,
        FloatingConductor,
        Interface,
        Periodic,
        PotentialContact,
        ReservoirContact,
    )
    from pyscl.errors import ConvergenceError, InputError, MeshError
    from pyscl.loops import PolarizationLoop
    from pyscl.materials import (
        AlignedAxes,
        Anisotropic,
        Blakemore,
        Boltzmann,
        Carrier,
        FermiDiracHalf,
        Flexoelectric,
        Hysteresis,
        Johnson,
        Landau,
        LandauCoefficients,
        Langevin,
        LatticeGas,
        Material,
        NonIdeal,
        OpenCircuit,
        Piezoelectric,
        RadialAxes,
        RandomAxes,
        Remanent,
        TexturedAxes,
    )
    from pyscl.mesh import Mesh
    from pyscl.model import Model
    from pyscl.polar_states import RandomPolarization, StripeDomains, UniformPolarization
    from pyscl.protocol import Protocol
    from pyscl.solution import Solution
    from pyscl.spectrum import Spectrum
    from pyscl.study.impedance import SpectrumOptions
    from pyscl.study.newton import SolverOptions
    from pyscl.study.permittivity import PermittivitySweep
    from pyscl.study.poling import Poling
    from pyscl.study.transient import TransientOptions
    from pyscl.trajectory import Trajectory

if importlib.util.find_spec("pyscl._core") is None:
    raise ImportError(
        "this pyscl folder has no compiled core: it is the source tree. Install with "
        "'pip install .' and start Python in another folder, or use 'pip install -e .'"
    )

# Public name -> module that defines it; imported on first use, so that `import pyscl` is quick.
_HOME = {
    "BlockingContact": "pyscl.boundaries",
    "ButlerVolmer": "pyscl.boundaries",
    "Coating": "pyscl.boundaries",
    "Conserved": "pyscl.boundaries",
    "ContactResistance": "pyscl.boundaries",
    "FloatingConductor": "pyscl.boundaries",
    "Interface": "pyscl.boundaries",
    "Periodic": "pyscl.boundaries",
    "PotentialContact": "pyscl.boundaries",
    "ReservoirContact": "pyscl.boundaries",
    "ConvergenceError": "pyscl.errors",
    "InputError": "pyscl.errors",
    "MeshError": "pyscl.errors",
    "AlignedAxes": "pyscl.materials",
    "Anisotropic": "pyscl.materials",
    "Blakemore": "pyscl.materials",
    "Boltzmann": "pyscl.materials",
    "Carrier": "pyscl.materials",
    "FermiDiracHalf": "pyscl.materials",
    "Flexoelectric": "pyscl.materials",
    "Hysteresis": "pyscl.materials",
    "Johnson": "pyscl.materials",
    "Landau": "pyscl.materials",
    "LandauCoefficients": "pyscl.materials",
    "Langevin": "pyscl.materials",
    "LatticeGas": "pyscl.materials",
    "Material": "pyscl.materials",
    "NonIdeal": "pyscl.materials",
    "OpenCircuit": "pyscl.materials",
    "Piezoelectric": "pyscl.materials",
    "RadialAxes": "pyscl.materials",
    "RandomAxes": "pyscl.materials",
    "Remanent": "pyscl.materials",
    "TexturedAxes": "pyscl.materials",
    "Mesh": "pyscl.mesh",
    "Model": "pyscl.model",
    "PermittivitySweep": "pyscl.study.permittivity",
    "PolarizationLoop": "pyscl.loops",
    "Poling": "pyscl.study.poling",
    "Protocol": "pyscl.protocol",
    "RandomPolarization": "pyscl.polar_states",
    "Solution": "pyscl.solution",
    "SolverOptions": "pyscl.study.newton",
    "Spectrum": "pyscl.spectrum",
    "SpectrumOptions": "pyscl.study.impedance",
    "StripeDomains": "pyscl.polar_states",
    "Trajectory": "pyscl.trajectory",
    "TransientOptions": "pyscl.study.transient",
    "UniformPolarization": "pyscl.polar_states",
}

__all__ = [
    "AlignedAxes",
    "Anisotropic",
    "Blakemore",
    "BlockingContact",
    "Boltzmann",
    "ButlerVolmer",
    "Carrier",
    "Coating",
    "Conserved",
    "ContactResistance",
    "ConvergenceError",
    "FermiDiracHalf",
    "Flexoelectric",
    "FloatingConductor",
    "Hysteresis",
    "InputError",
    "Interface",
    "Johnson",
    "Landau",
    "LandauCoefficients",
    "Langevin",
    "LatticeGas",
    "Material",
    "Mesh",
    "MeshError",
    "Model",
    "NonIdeal",
    "OpenCircuit",
    "Periodic",
    "PermittivitySweep",
    "Piezoelectric",
    "PolarizationLoop",
    "Poling",
    "PotentialContact",
    "Protocol",
    "RadialAxes",
    "RandomAxes",
    "RandomPolarization",
    "Remanent",
    "ReservoirContact",
    "Solution",
    "SolverOptions",
    "Spectrum",
    "SpectrumOptions",
    "StripeDomains",
    "TexturedAxes",
    "Trajectory",
    "TransientOptions",
    "UniformPolarization",
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
