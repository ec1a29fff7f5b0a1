"""Run files: YAML in, a validated `RunInput` out, mistakes reported with file, line and column."""

from pyscl.input.loader import json_schema, load_input
from pyscl.input.model import (
    CutLine,
    MeshInput,
    OutputInput,
    RunInput,
)
from pyscl.input.studies import (
    EquilibriumStudy,
    FrequencyRange,
    ImpedanceStudy,
    SteadyStudy,
    TransientStudy,
)

__all__ = [
    "CutLine",
    "EquilibriumStudy",
    "FrequencyRange",
    "ImpedanceStudy",
    "MeshInput",
    "OutputInput",
    "RunInput",
    "SteadyStudy",
    "TransientStudy",
    "json_schema",
    "load_input",
]
