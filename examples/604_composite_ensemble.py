r"""Do inclusions help a composite, on average over its random arrangements? Pairs and confidence.

Equation: steady Nernst-Planck-Poisson current of lithium ions (lattice gas) under 1 mV. The
promotion of a measure is 1 - R/R_reference. Its mean over n arrangements has the confidence
interval (Student)

    mean +- t(n-1) s/sqrt(n),   s standard deviation of the promotions of pairs.

Geometry: a cell of 160 x 120 nm, 35 % particles of 20 nm, 4 % inclusions of 4 nm on their
surfaces, at random for every seed. A pair is the same arrangement, even the same mesh, with other
inclusions.

What to see: resistances scatter by a tenth from seed to seed, so that two ensembles of 30 cannot
tell a change of 1 %. Pairs can: the scatter of the arrangement drops out. Inclusions that do not
conduct cost 22 %, more than discs in the matrix would (13 %, Maxwell), because they sit in the
bottlenecks between particles; their permittivity costs 1.8 % more, known to a seventh of that.

Assumptions: those of 301_composite_cathode.yaml; in two dimensions discs stand for cylinders.

Reference: Maxwell's mixture of dilute discs, R/R_m = (1+f)/(1-f), f their part of the
electrolyte.
"""

import sys
from pathlib import Path
from typing import Any

from pyscl.sweep import load, make_study, run_study
from pyscl.sweep.analysis import Pairs, confidence, paired

SEEDS = 30
INCLUSIONS, PARTICLES = 0.04, 0.35  # parts of the area
MEDIUM = {"carriers.Li.site_density": "0.043 1/nm^3"}
ELECTROLYTE = {"card": "Li6PS5Cl", "set": MEDIUM}
COMPARISONS = {
    "control against blank": ("control", "blank"),
    "BaTiO3 against blank": ("with BaTiO3", "blank"),
    "BaTiO3 against control": ("with BaTiO3", "control"),
}


def base() -> dict[str, Any]:
    """Return the run of which all cases are variations."""
    particles = {"region": "active", "fraction": PARTICLES, "radius": "20 nm", "spread": 0.15}
    inclusions = {
        "region": "inclusion", "fraction": INCLUSIONS, "radius": "4 nm",
        "where": "surface", "hosts": ["active"],
    }  # fmt: skip
    cathode = {
        "carriers.Li.site_density": "0.020 1/nm^3",
        "carriers.Li.standard_potential": "-0.3 eV",
        "carriers.Li.conductivity": "0.1 mS/cm",
    }
    return {
        "title": "Random composite",
        "mesh": {
            "geometry": {
                "kind": "packing", "width": "160 nm", "height": "120 nm", "gap": "3 nm",
                "at_bottom_top": "periodic", "phases": [particles, inclusions], "seed": 0,
            },
            # one mesh for all variants: the blank would resolve the layers of its inclusions
            "sizes": {
                "resolve": {"active": "1.9 nm", "electrolyte": "2 nm", "inclusion": "2 nm"},
                "growth": 1.25,
            },
        },
        "regions": {
            "active": {"card": "LiCoO2", "set": cathode},
            "electrolyte": ELECTROLYTE,
            "inclusion": "BaTiO3",
        },
        "contacts": {
            "left": {"kind": "reservoir", "carrier": "Li"},
            "right": {"kind": "reservoir", "carrier": "Li"},
        },
        "periodic": [{"sides": ["bottom", "top"]}],
        "variants": {
            "blank": {"inclusion": ELECTROLYTE},
            "control": {"inclusion": {"name": "control", "relative_permittivity": 30}},
            "with BaTiO3": {},
        },
        "studies": [{"steady": {"bias": {"right": "1 mV"}}}],
    }  # fmt: skip


def main(
    folder: Path = Path("studies/604_composite_ensemble"),
    seeds: int = SEEDS,
    workers: int | None = None,
    plot: bool = False,
) -> float:
    """Print promotions with their intervals; return that of BaTiO3 against the control.

    Args:
        folder: of the study; with more seeds only the new ones are computed.
        seeds: number of arrangements.
        workers: processes.
        plot: draw the pairs.
    """
    # 1. Every arrangement with every kind of inclusion.
    study = make_study(
        "composite_ensemble",
        base=base(),
        axes={
            "seed": {"path": "mesh.geometry.seed", "seeds": seeds},
            "inclusion": {"path": "variant", "values": ["blank", "control", "with BaTiO3"]},
        },
        outputs={
            "effective": "cases.base.studies.steady.effective resistance",
            "height": "geometry.achieved.length of left [m]",
            "width": "geometry.achieved.length of bottom [m]",
            "resistivity": {"value": "effective * height / width", "unit": "Ohm m"},
        },
    )
    counts = run_study(study, folder, workers=workers, report=print)
    dataset = load(folder)
    print(f"{counts.text()}\n")

    # 2. Ensembles: the scatter from arrangement to arrangement.
    print("resistivity [Ohm m], mean with its interval of 95 %")
    for name in dataset["inclusion"].values:
        print(f"  {name:12} {confidence(dataset['resistivity'].sel(inclusion=name))}")

    # 3. Pairs: the same arrangement with two kinds of inclusions.
    print("\npromotion, mean of pairs with its interval of 95 %, Student and bootstrap")
    found: dict[str, Pairs] = {}
    for label, (measure, reference) in COMPARISONS.items():
        pair = paired(dataset, "resistivity", "inclusion", measure, reference)
        again = paired(
            dataset, "resistivity", "inclusion", measure, reference, method="bootstrap"
        ).interval
        at = pair.interval
        print(
            f"  {label:24} {at.mean:+8.3%}  [{at.low:+.3%}, {at.high:+.3%}]  "
            f"[{again.low:+.3%}, {again.high:+.3%}]"
        )
        found[label] = pair

    if plot:
        from pyscl.plot import pair_plot, save

        save(pair_plot(found), "604_composite_ensemble.png")

    f = INCLUSIONS / (1.0 - PARTICLES)
    blocked = found["control against blank"].interval
    print(
        f"\nblocking inclusions in the matrix, Maxwell: {1.0 - (1.0 + f) / (1.0 - f):+.1%}; "
        f"here, on the surfaces: {blocked.mean:+.1%}"
    )
    of_permittivity = found["BaTiO3 against control"].interval
    print(f"permittivity alone: {of_permittivity.mean:+.2%} in {of_permittivity.count} pairs")
    return of_permittivity.mean


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - where: matrix for the inclusions: is Maxwell right then?
#   - carriers.Li.site_density: 0.0043 1/nm^3, layers of 6 nm: what does the permittivity cost?
#   - how many seeds does an interval of half the width take?
