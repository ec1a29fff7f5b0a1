"""Run files: YAML in, a validated `RunInput` out, mistakes reported with file, line and column."""

from pyscl.input.loader import json_schema, load_input, load_mesh_input
from pyscl.input.mesh import MeshInput, SizesInput
from pyscl.input.model import CutLine, OutputInput, RunInput
from pyscl.input.studies import (
    EquilibriumStudy,
    FrequencyRange,
    ImpedanceStudy,
    PermittivityStudy,
    PolarizationLoopStudy,
    PolingStudy,
    SteadyStudy,
    TemperatureRange,
    TransientStudy,
)

__all__ = [
    "CutLine",
    "EquilibriumStudy",
    "FrequencyRange",
    "ImpedanceStudy",
    "MeshInput",
    "OutputInput",
    "PermittivityStudy",
    "PolarizationLoopStudy",
    "PolingStudy",
    "RunInput",
    "SizesInput",
    "SteadyStudy",
    "TemperatureRange",
    "TransientStudy",
    "json_schema",
    "load_input",
    "load_mesh_input",
]
