r"""What do islands of BaTiO3 do to a contact, and what their permittivity? Analysis of 601.

Equation: the resistance R of a contact with islands against that of the plain contact, R0, whose
layer is known in closed form. If only the gaps conducted, and all of them as the plain contact,
it would be

    R/R0 - 1 = c/(1-c),   c coverage.

Geometry: that of examples/601_island_sweep.yaml, whose results this script reads.

What to see: islands of any kind raise the resistance. High permittivity comes to nine tenths of
the limit of the gaps alone: it hands the displacement of the layer on, the gaps stay depleted up
to their edges. The control stays at half of it, as current squeezes through the weakened layers
at its edges. Of the variance four fifths are the coverage's, a tenth the permittivity's, a
fiftieth the size's. The law of the permittivity hardly counts: one that falls in high fields
cannot be told from the linear one, because fields in the islands stay too low; even a saturation
at 1 uC/cm2, a 26th of that of a crystal, takes back no more than a tenth.

Assumptions: those of the run file. Linear and non-linear islands have no spontaneous
polarisation; for ferroelectric ones see 503_island_study.py.

Reference: resistance of the plain contact by `pyscl.analytic`.
"""

import sys
from pathlib import Path

from pyscl import analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.sweep import load, load_study, run_study
from pyscl.sweep.analysis import effect_sizes

STUDY = Path(__file__).with_name("601_island_sweep.yaml")
RESULTS = Path("studies/601_island_sweep")
CATHODE, ELECTROLYTE = (LatticeGasLayer(12.9, 2e25, 0.5), LatticeGasLayer(30.0, 4.3e25, 0.5))
SIGMA = 0.01, 0.213  # of cathode and electrolyte [S/m]
DEPTH, STEP = 30e-9, 0.3  # of either side [m], of the standard potential [V]
REFERENCE = "electrolyte"


def plain_contact() -> float:
    """Return the exact resistance of the contact without islands [Ohm cm2]."""
    contact = analytic.two_sided_contact(CATHODE, ELECTROLYTE, STEP)
    sides = ((CATHODE, contact.left_potential), (ELECTROLYTE, contact.right_potential))
    total = sum(
        DEPTH / sigma + float(layer.excess_resistance(potential, sigma))
        for (layer, potential), sigma in zip(sides, SIGMA, strict=True)
    )
    return total * 1e4


def main(folder: Path = RESULTS, plot: bool = False) -> float:
    """Print the analysis; return the resistance of the plain contact [Ohm cm2].

    Args:
        folder: results of the study 601; computed there first if it does not exist.
        plot: draw map and curves.
    """
    # 1. The results, and what islands add.
    if not folder.is_dir():
        print(f"no results in {folder}; carrying out {STUDY.name} first")
        run_study(load_study(STUDY), folder, report=print)
    dataset = load(folder)
    plain = dataset["resistance"].sel(model=REFERENCE)
    added = dataset["resistance"] / plain - 1.0
    dataset["added"] = added.assign_attrs(long_name="added resistance R/R₀ − 1", units="1")
    islands = dataset.sel(model=dataset["model"] != REFERENCE)

    # 2. Against the limit of the gaps alone.
    largest = islands["added"].isel(size=-1)
    print(f"added resistance of islands of {float(largest['size']):g} nm, in parts of c/(1-c)")
    print(f"{'':18}", *(f"c = {c:.2f}" for c in largest["coverage"].values))
    for model in islands["model"].values:
        part = largest.sel(model=model) * (1.0 / largest["coverage"] - 1.0)
        print(f"{model:18}", *(f"{value:8.3f}" for value in part.values))

    # 3. What decides.
    print("\npart of the variance of the added resistance")
    shares = effect_sizes(islands, "added")
    for axis, share in shares.items():
        print(f"{axis:18} {share:8.3f}")
    print(f"{'interactions':18} {1.0 - sum(shares.values()):8.3f}")

    if plot:
        _draw(islands)

    found, exact = float(plain.mean()), plain_contact()
    print(f"\n{plain.size} meshes differ by {float(plain.std() / plain.mean()):.1e}")
    print(f"plain contact {found:.5f} Ohm cm2, exact {exact:.5f}, error {found / exact - 1.0:+.1e}")
    return found


def _draw(islands) -> None:
    from pyscl.plot import heat_map, main_effects_plot, response_plot, save

    figure = heat_map(islands, "added", "coverage", "size", panels="model", scale="linear")
    save(figure, "602_island_sweep_analysis.png")
    save(main_effects_plot(islands, "added", scale="linear"), "602_island_effects.png")
    middle = islands.isel(size=len(islands["size"]) // 2)
    save(response_plot(middle, "added", "coverage", by="model"), "602_island_coverage.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - the drop in the gaps, `gap_drop`, instead of the resistance: is it the layer or the area?
#   - a step of 0.2 V in 601: which part of the resistance is the layer's then?
