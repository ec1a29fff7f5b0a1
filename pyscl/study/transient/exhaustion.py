"""Whether a phase has been emptied or filled, which ends a current."""

from typing import TYPE_CHECKING

import numpy as np

from pyscl.solution import Solution

if TYPE_CHECKING:
    from pyscl.model import Model

_EXHAUSTED = 1e-6  # share of the sites left


def exhausted(model: "Model", solution: Solution) -> str:
    """Return where a carrier has run out of ions or of empty sites, or "" if none has."""
    worst, text = _EXHAUSTED, ""
    for carrier in model.carriers:
        occupied = solution.site_fraction(carrier)
        vacant = solution.vacant_fraction(carrier)
        for region in model.regions_with(carrier):
            here = solution.site_region == model.mesh.region_names.index(region)
            reference = model.materials[region].carrier(carrier).site_fraction
            for share, bulk, what in (
                (occupied, reference, "ran out of"),
                (vacant, max(1.0 - reference, 0.0) or 1.0, "has no empty sites left for"),
            ):
                relative = np.where(here, share, np.inf) / bulk
                site = int(np.argmin(relative))
                if relative[site] < worst:
                    worst = float(relative[site])
                    x, y = solution.site_points[site] * 1e9
                    text = f"region '{region}' {what} {carrier} at ({x:.4g}, {y:.4g}) nm"
    return text
