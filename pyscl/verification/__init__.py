"""Self-test of an installed pyscl: quick problems against closed forms.

`run_cases()` solves every case and compares it with `pyscl.analytic`. The tolerances are those of
the second-order discretisation on the mesh of the case; where the discretisation is exact they
are those of rounding.
"""

from pyscl.verification import (
    impedance,
    layers,
    polarization,
    transients,
    transport,
    two_dimensions,
)
from pyscl.verification.registry import CASES, Case, CaseResult, run_case, run_cases

__all__ = [
    "CASES",
    "Case",
    "CaseResult",
    "impedance",
    "layers",
    "polarization",
    "run_case",
    "run_cases",
    "transients",
    "transport",
    "two_dimensions",
]
