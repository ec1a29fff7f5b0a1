r"""The best coating for a given loss of active material: thickness and coverage by an optimiser.

Equation: steady Nernst-Planck-Poisson current of lithium ions (lattice gas) through a contact
whose standard potentials differ by 0.4 V, part of it covered by a coating of a level in between
(see 603),

    minimise R(thickness, coverage)   subject to   loss <= 6 %,

loss of active material: the coating takes the place of active material on particles of 50 nm
radius, 2 coverage thickness / 50 nm of them.

Geometry: a flat contact with one piece of coating per 24 nm, repeated endlessly.

What to see: if current went straight, half a coating of 3 nm would be best, with 0.46 Ohm cm2. It
does not: beside bare contact the layers deplete each other, and gaps cost more than they lead.
There are two optima on the bound of the loss, a flat one at 2.4 nm on 64 % of the contact, and a
closed coating of 1.5 nm, which is 5 % better although that is less than its own layers need.
Which of them the optimiser finds (COBYQA of SciPy, a trust-region method without derivatives)
depends on where it starts, so it starts twice. It asks for some ten points each time; a point is
a case of a study, computed once, kept for the next start, and shown in the picture.

Assumptions: those of 603_coating_potential.py, with the best level of its map; the radius of 50
nm.

Reference: if current went straight, the conductances of both parts would add up, 1/R = c/R1(t) +
(1-c)/R0, with R1(t) of a full coating of thickness t, from the same objective, and R0 of the bare
contact in closed form.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import NonlinearConstraint, minimize

from pyscl import analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.sweep.optimise import Objective, Parameter

MOST_LOSS = 0.06
RADIUS, HEIGHT, WIDTH = 50.0, 24.0, 60.0  # of particles, unit cell and model [nm]
MEDIUM = {"carriers.Li.site_density": "0.043 1/nm^3"}
PARAMETERS = {
    "thickness": Parameter("mesh.geometry.thickness", 1.0, 8.0, "nm", steps=140),
    "coverage": Parameter("mesh.geometry.coverage", 0.05, 1.0, steps=190),
}
STARTS = ({"thickness": 2.0, "coverage": 0.5}, {"thickness": 1.4, "coverage": 0.95})
OUTPUTS = {
    "length": "geometry.achieved.length of left [m]",
    "width": "geometry.achieved.length of bottom [m]",
    "part": "geometry.achieved.area fraction of coating",
    "effective": "cases.base.studies.steady.effective resistance",
    "resistance": {"value": "1e4 * effective * length", "unit": "Ohm cm2"},
    "decades": "log10(resistance)",
    "loss": {"value": f"2 * part * width / {RADIUS}e-9", "label": "loss of active material"},
}


def base() -> dict[str, Any]:
    """Return the run of which all points are variations."""
    cathode = {
        "carriers.Li.site_density": "0.020 1/nm^3",
        "carriers.Li.standard_potential": "-0.4 eV",
        "carriers.Li.conductivity": "0.1 mS/cm",
    }
    own = {"carriers.Li.standard_potential": "-0.24 eV", "carriers.Li.conductivity": "1e-5 S/cm"}
    lithium = {"kind": "reservoir", "carrier": "Li", "potential": "neutral"}
    return {
        "title": "LiCoO2 | partial coating | Li6PS5Cl",
        "mesh": {
            "geometry": {
                "kind": "islands", "width": f"{WIDTH} nm", "height": f"{HEIGHT} nm",
                "island": "coating", "thickness": "3 nm", "coverage": 0.5, "periodic": True,
            },
            "sizes": {
                "resolve": {"active": "1 nm", "electrolyte": "1 nm", "coating": "1 nm"},
                "growth": 1.15, "along": "0.5 nm", "bulk": "2 nm",
            },
        },
        "regions": {
            "active": {"card": "LiCoO2", "set": cathode},
            "coating": {"card": "LiNbO3", "set": MEDIUM | own},
            "electrolyte": {"card": "Li6PS5Cl", "set": MEDIUM},
        },
        "contacts": {
            "left": lithium,
            "right": lithium | {"electrochemical_potential": "-0.4 eV"},
        },
        "periodic": [{"sides": ["bottom", "top"]}],
        "studies": [{"steady": {"bias": {"right": "0.1 mV"}}}],
    }  # fmt: skip


def bare_contact() -> float:
    """Return the exact resistance of the contact without coating [Ohm cm2]."""
    cathode, electrolyte = (LatticeGasLayer(12.9, 2e25, 0.5), LatticeGasLayer(30.0, 4.3e25, 0.5))
    contact = analytic.two_sided_contact(cathode, electrolyte, 0.4)
    sides = ((cathode, contact.left_potential, 0.01), (electrolyte, contact.right_potential, 0.213))
    total = sum(
        WIDTH / 2.0 * 1e-9 / sigma + float(layer.excess_resistance(potential, sigma))
        for layer, potential, sigma in sides
    )
    return total * 1e4


def main(
    folder: Path = Path("studies/606_optimise_coating"),
    evaluations: int = 25,
    workers: int | None = None,
    plot: bool = False,
) -> float:
    """Print the way to the optimum; return the loss of active material there.

    Args:
        folder: of the study.
        evaluations: most points of the optimiser for each start.
        workers: processes, for points that are asked for at once.
        plot: draw all points.
    """
    objective = Objective(base(), PARAMETERS, OUTPUTS, folder, workers=workers, report=print)

    # 1. Full coatings, side by side, for the estimate.
    thicknesses = np.array([1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0])
    full = [objective.positions({"thickness": t, "coverage": 1.0}) for t in thicknesses]
    covered = objective.evaluate(full, "resistance")
    bare = bare_contact()
    allowed = np.minimum(MOST_LOSS * RADIUS / 2.0 / thicknesses, 1.0)
    straight = 1.0 / (allowed / covered + (1.0 - allowed) / bare)
    print(f"{'full coating':>16} {'R':>8}   with a loss of {MOST_LOSS:.0%}, current straight")
    for t, r, c, estimate in zip(thicknesses, covered, allowed, straight, strict=True):
        print(f"{t:13.1f} nm {r:8.4f}   coverage {c:.2f}: {estimate:8.4f} Ohm cm2")

    # 2. The optimum, from two starts.
    print(f"\n{'start':>20}   {'optimum':>20}")
    optima = []
    for start in STARTS:
        result = minimize(
            lambda x: objective(x, "decades"),
            objective.positions(start),
            method="COBYQA",
            bounds=[(0.0, 1.0)] * len(PARAMETERS),
            constraints=NonlinearConstraint(lambda x: objective(x, "loss"), -np.inf, MOST_LOSS),
            options={"maxfev": evaluations, "initial_tr_radius": 0.15, "final_tr_radius": 5e-3},
        )
        found = objective.values(result.x)
        resistance, loss = (objective(result.x, name) for name in ("resistance", "loss"))
        optima.append((resistance, loss))
        places = [f"{at['thickness']:5.2f} nm on {at['coverage']:6.1%}" for at in (start, found)]
        print(f"{places[0]:>20}   {places[1]:>20}: {resistance:.4f} Ohm cm2, loss {loss:.4f}")
    _, loss = min(optima)
    print(f"{objective.count} points; the bare contact {bare:.3f} Ohm cm2")

    if plot:
        _draw(objective)

    print(f"loss of active material at the optimum: {loss:.4f}, the bound is {MOST_LOSS}")
    return loss


def _draw(objective: Objective) -> None:
    from pyscl.plot import pareto_plot, save

    figure = pareto_plot(objective.dataset(), "loss", "resistance")
    axes = figure.axes[0]
    axes.axvline(MOST_LOSS, color="0.4", linewidth=0.7, linestyle="--")
    save(figure, "606_optimise_coating.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - MOST_LOSS = 0.15: is a full coating the best then?
#   - the level of the coating as a third parameter.
#   - differential_evolution(..., vectorized=True) with objective.evaluate: all cores at once.
