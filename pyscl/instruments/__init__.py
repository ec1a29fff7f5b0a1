"""Virtual instruments: what experiments on space charge layers would see of a solution.

Each takes a `Solution` and returns arrays with units and `write_csv`. The formula, its source and
what it leaves out stand in the description of each.
"""

from pyscl.instruments.band_diagram import BandDiagram, band_diagram
from pyscl.instruments.contrast import ChargeMap, differential_phase_contrast
from pyscl.instruments.core_levels import CoreLevels, core_level_shift
from pyscl.instruments.holography import (
    PhaseMap,
    electron_holography,
    electron_wavelength,
    interaction_constant,
)
from pyscl.instruments.kelvin_probe import SurfacePotential, kelvin_probe
from pyscl.instruments.lithium import (
    CarrierProfile,
    ConcentrationMap,
    lithium_map,
    lithium_profile,
)
from pyscl.instruments.raster import Raster
from pyscl.instruments.stack import StackPotential, stack_potential

__all__ = [
    "BandDiagram",
    "CarrierProfile",
    "ChargeMap",
    "ConcentrationMap",
    "CoreLevels",
    "PhaseMap",
    "Raster",
    "StackPotential",
    "SurfacePotential",
    "band_diagram",
    "core_level_shift",
    "differential_phase_contrast",
    "electron_holography",
    "electron_wavelength",
    "interaction_constant",
    "kelvin_probe",
    "lithium_map",
    "lithium_profile",
    "stack_potential",
]
