"""Scales of a model in time: relaxation times, weights of errors, rounding of the potential."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.constants import epsilon_0

from pyscl import _core
from pyscl.carriers import bulk_conductivity, bulk_eta, core_statistics
from pyscl.validity import debye_lengths

if TYPE_CHECKING:
    from pyscl.model import Model


def potential_noise(model: "Model") -> float:
    """Return the rounding of phi [kT/e].

    In a long neutral body phi follows from charges of the relative size (Debye length / length)^2,
    so that it is rounded to eps (length / Debye length)^2.
    """
    longest = 0.0
    for region, debye_length in debye_lengths(model).items():
        inside = model.mesh.points[model.mesh.triangles[model.mesh.regions_of(region)].ravel()]
        longest = max(longest, float(np.hypot(*np.ptp(inside, axis=0))) / debye_length)
    return float(min(100.0 * np.finfo(float).eps * longest**2, 1e-2))


def bulk_minorities(model: "Model") -> list[float]:
    """Return the minority fraction of the bulk for every carrier law of the core, in its order."""
    materials = [model.materials[region] for region in model.mesh.region_names]
    materials += [material for material in model.discretized.layers if material is not None]
    weights = []
    for material in materials:
        for carrier in sorted(material.carriers, key=lambda c: model.carriers.index(c.name)):
            law = core_statistics(carrier.statistics, model.temperature)
            eta = bulk_eta(carrier, model.temperature)
            share, vacancy, _ = _core.occupancy(law, np.array([eta]))
            limited = carrier.statistics.site_limited
            weights.append(float(min(share[0], vacancy[0]) if limited else share[0]))
    return weights


def relaxation_times(model: "Model") -> list[float]:
    """Return the dielectric relaxation times eps / sigma of the conducting regions [s]."""
    times = []
    for material in model.materials.values():
        sigma = sum(bulk_conductivity(c, model.temperature) for c in material.carriers)
        if sigma > 0.0:
            times.append(epsilon_0 * material.relative_permittivity / sigma)
    return times
