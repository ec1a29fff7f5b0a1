r"""Band alignment: thickness x standard potential of coatings, single, stacked and graded.

Equation: steady Nernst-Planck-Poisson current of lithium ions (lattice gas) through a flat stack.
In equilibrium the standard potentials mu0 of neighbours differ by a step V, which is the voltage
of the two space charge layers between them; the resistance of a depleted layer grows almost like
exp(e V/kT).

Geometry: LiCoO2 | coating | Li6PS5Cl, 30 nm each beside the coating, which consists of four
sublayers:

    single    one level between those of cathode (-0.4 eV) and electrolyte (0): two steps
    stacked   two levels: three steps of 0.13 eV
    graded    four levels: five steps of 0.08 eV

Two studies, thickness x level of a single coating, and thickness x structure; a strip is enough.

What to see: one step of 0.4 V costs 14 Ohm cm2, a single coating leaves a seventieth of it, since
two small exponentials are less than a large one. The best level is nearer to the cathode than the
middle, because the cathode's side is filled, which costs less than the depletion on the other.
Each level needs the thickness of its own layers, about two Debye lengths of 2.5 nm: at 1 nm the
coating with one level is twice as good as the graded one, from 6 nm on it is the other way round.
Thicker ones pay for their own bulk. The optimum is flat: after the first level there is a tenth
to gain. A coating whose level is that of the cathode or of the electrolyte does harm.

Assumptions: effective densities of mobile ions as in 301, equal in all layers but the cathode;
the step of 0.4 eV; a coating that conducts 1e-5 S/cm; that a level can be chosen at all
(composition, doping).

Reference: for a thick coating the sum of the exact integrals over all four layers,
`pyscl.analytic.two_sided_contact` and `LatticeGasLayer.excess_resistance`. Coatings against space
charge: Takada et al., Adv. Mater. 18 (2006) 2226 (10.1002/adma.200502604).
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from pyscl.sweep import load, make_study, run_study

STEP = 0.4  # of the standard potential from electrolyte to cathode [eV]
SUBLAYERS = 4
THICKNESSES = (1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0, 20.0)  # of the coating [nm]
LEVELS = (-0.40, -0.36, -0.32, -0.28, -0.24, -0.20, -0.16, -0.12, -0.08, -0.04, 0.0)  # [eV]
MEDIUM = {"carriers.Li.site_density": "0.043 1/nm^3"}
COATINGS = [f"coating {k + 1}" for k in range(SUBLAYERS)]
RESISTANCE = {
    "length": {"value": "geometry.achieved.length of left [m]"},
    "effective": "cases.base.studies.steady.effective resistance",
    "resistance": {"value": "effective * length * 1e4", "unit": "Ohm cm2"},
}


def coating(level: float) -> dict[str, Any]:
    """Return the material of a sublayer with a standard potential [eV]."""
    own = {"carriers.Li.standard_potential": f"{level} eV", "carriers.Li.conductivity": "1e-5 S/cm"}
    return {"card": "LiNbO3", "set": MEDIUM | own}


def base() -> dict[str, Any]:
    """Return the run of which all cases are variations."""
    cathode = {
        "carriers.Li.site_density": "0.020 1/nm^3",
        "carriers.Li.standard_potential": f"{-STEP} eV",
        "carriers.Li.conductivity": "0.1 mS/cm",
    }
    layers = [{"region": "active", "thickness": "30 nm"}]
    layers += [{"region": name, "thickness": "1 nm"} for name in COATINGS]
    layers += [{"region": "electrolyte", "thickness": "30 nm"}]
    lithium = {"kind": "reservoir", "carrier": "Li", "potential": "neutral"}
    ends = dict.fromkeys(["active", "electrolyte", *COATINGS], "0.5 nm")
    return {
        "title": "LiCoO2 | coating | Li6PS5Cl",
        "mesh": {
            "geometry": {"kind": "stack", "height": "2 nm", "layers": layers},
            "sizes": {"resolve": ends, "along": "2 nm", "bulk": "2 nm", "growth": 1.15},
        },
        "regions": {
            "active": {"card": "LiCoO2", "set": cathode},
            **{name: coating(0.0) for name in COATINGS},
            "electrolyte": {"card": "Li6PS5Cl", "set": MEDIUM},
        },
        "contacts": {
            "left": lithium,
            "right": lithium | {"electrochemical_potential": f"{-STEP} eV"},
        },
        "studies": [{"steady": {"bias": {"right": "0.1 mV"}}}],
    }


def thickness_axis(thicknesses: tuple[float, ...]) -> dict[str, Any]:
    """Return the axis of the thickness, in equal sublayers [nm]."""
    paths = [f"mesh.geometry.layers.{k + 1}.thickness" for k in range(SUBLAYERS)]
    values = {f"{t:g}": f"{t / SUBLAYERS:.6g} nm" for t in thicknesses}
    return {"path": paths, "values": values, "label": "thickness of the coating (nm)"}


def level_axis(levels: tuple[float, ...]) -> dict[str, Any]:
    """Return the axis of the standard potential of a single coating."""
    paths = [f"regions.{name}.set.carriers.Li.standard_potential" for name in COATINGS]
    values = [f"{level} eV" for level in levels]
    return {"path": paths, "values": values, "label": "standard potential of the coating"}


def structure_axis() -> dict[str, Any]:
    """Return the axis of the structures: what each sublayer is made of."""
    none = {name: {"card": "Li6PS5Cl", "set": MEDIUM} for name in COATINGS}
    levels = {
        "single": np.full(SUBLAYERS, 1 / 2),
        "stacked": np.repeat([2 / 3, 1 / 3], SUBLAYERS // 2),
        "graded": 1.0 - np.arange(1, SUBLAYERS + 1) / (SUBLAYERS + 1),
    }
    structures = {"none": none} | {
        name: {c: coating(round(-STEP * part, 4)) for c, part in zip(COATINGS, parts, strict=True)}
        for name, parts in levels.items()
    }
    return {
        "sets": {
            name: {f"regions.{region}": material for region, material in layers.items()}
            for name, layers in structures.items()
        },
        "label": "coating",
    }


def main(
    folder: Path = Path("studies/603_coating_potential"),
    thicknesses: tuple[float, ...] = THICKNESSES,
    levels: tuple[float, ...] = LEVELS,
    workers: int | None = None,
    plot: bool = False,
) -> float:
    """Print the best coatings; return the resistance of the thickest single one [Ohm cm2].

    Args:
        folder: of the two studies; what is there is not computed again.
        thicknesses: of the coating [nm].
        levels: of its standard potential [eV].
        workers: processes.
        plot: draw the map and the curves.
    """
    # 1. Thickness x level, and thickness x structure.
    thickness = thickness_axis(thicknesses)
    found = {}
    for name, axis in (("level", level_axis(levels)), ("structure", structure_axis())):
        study = make_study(
            name, base=base(), axes={"thickness": thickness, name: axis}, outputs=RESISTANCE
        )
        counts = run_study(study, folder / name, workers=workers, report=print)
        print(f"thickness x {name}: {counts.text()}")
        found[name] = load(folder / name)
        # the labels of the thickness are numbers
        found[name]["thickness"] = (
            "thickness",
            found[name]["thickness"].values.astype(float),
            {"units": "nm", "long_name": "thickness of the coating"},
        )
    by_level, by_structure = (found[name]["resistance"] for name in ("level", "structure"))

    # 2. The best of each.
    uncoated = float(by_structure.sel(structure="none").mean())
    print(f"\nuncoated: {uncoated:.3f} Ohm cm2")
    print(f"{'coating':10} {'best [nm]':>9} {'level [eV]':>10} {'R [Ohm cm2]':>11}")
    best = by_level.isel(by_level.argmin(["thickness", "level"]))
    print(f"{'single':10} {float(best.thickness):9g} {float(best.level):10.2f} {float(best):11.4f}")
    for name in ("single", "stacked", "graded"):
        best = by_structure.sel(structure=name)
        best = best.isel(best.argmin(["thickness"]))
        middle = "middle" if name == "single" else ""
        print(f"{name:10} {float(best.thickness):9g} {middle:>10} {float(best):11.4f}")

    if plot:
        _draw(found)

    thickest = by_structure.sel(structure="single", thickness=max(thicknesses))
    print(
        f"single coating of {max(thicknesses):g} nm, in the middle: {float(thickest):.4f} Ohm cm2"
    )
    return float(thickest)


def _draw(found: dict[str, Any]) -> None:
    from pyscl.plot import heat_map, response_plot, save

    figure = heat_map(found["level"], "resistance", "level", "thickness", scale="log")
    save(figure, "603_coating_level.png")
    figure = response_plot(found["structure"], "resistance", "thickness", by="structure")
    save(figure, "603_coating_potential.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - a coating that conducts 1e-6 S/cm: where is the best thickness now?
#   - STEP = 0.3: is any coating worth it?
#   - a coating of 0.43 sites per nm3: shorter layers, so thinner coatings work.
