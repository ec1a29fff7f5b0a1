"""Refinement driven by the solution: recovery, goal-oriented estimates, transfer between meshes."""

from pyscl.adaptivity.curves import Circle, Curve, Polyline, snapped
from pyscl.adaptivity.estimate import Estimate
from pyscl.adaptivity.goal import goal_estimate
from pyscl.adaptivity.loop import AdaptiveResult, AdaptiveStep, adapt, bulk_marks
from pyscl.adaptivity.quantities import (
    ContactCharge,
    ContactCurrent,
    InterfaceCharge,
    Quantity,
    Resistance,
)
from pyscl.adaptivity.recovery import recovered, recovery_estimate
from pyscl.adaptivity.refine import Refinement, refine, refine_edges, refine_uniformly
from pyscl.adaptivity.resolution import Resolution
from pyscl.adaptivity.transfer import on_mesh, on_refined, prolonged, transferred

__all__ = [
    "AdaptiveResult",
    "AdaptiveStep",
    "Circle",
    "ContactCharge",
    "ContactCurrent",
    "Curve",
    "Estimate",
    "InterfaceCharge",
    "Polyline",
    "Quantity",
    "Refinement",
    "Resistance",
    "Resolution",
    "adapt",
    "bulk_marks",
    "goal_estimate",
    "on_mesh",
    "on_refined",
    "prolonged",
    "recovered",
    "recovery_estimate",
    "refine",
    "refine_edges",
    "refine_uniformly",
    "snapped",
    "transferred",
]
