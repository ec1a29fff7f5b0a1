r"""What of the effect of BaTiO3 is geometry, and what is permittivity? Analysis of run 301.

Equation: one resistance per run, R = bias / current [Ohm m] (per metre of depth), and what it
gains, the promotion 1 - R/R_blank. Three runs of the same geometry split the effect in two:

    R(BaTiO3)/R(blank) = R(control)/R(blank)  x  R(BaTiO3)/R(control)
                         geometry: less room     permittivity at the
                         for the ions            same geometry

Geometry: that of examples/301_composite_cathode.yaml, which this script loads: 20 LiCoO2 particles,
32 inclusions and 8 pores in a sulfide electrolyte, 400 x 300 nm; 10 mV between two lithium
reservoirs. Control: inclusions with the permittivity of the electrolyte and no ions. Blank:
inclusions made of electrolyte.

What to see: with these numbers the inclusions make the cathode worse, because they take room from
the electrolyte; their permittivity gives back a hundredth of a percent. They lie in neutral
electrolyte or at least three Debye lengths from a particle, where there is hardly a field to act
on. Whoever measures a gain with such particles sees something that is not in this model, or other
numbers, or inclusions that touch: only the control run can tell.

Assumptions: those of the run file (site densities, site fractions, standard potential, conductivity
of the particles, permittivity of BaTiO3 without ferroelectricity). The signs are a result of this
parameter set; see "Things to try" before believing in either.

Reference: a dilute set of blocking discs of area fraction f in the electrolyte raises its
resistance by Maxwell's (1+f)/(1-f), an estimate for the geometric factor.
"""

import sys
from pathlib import Path

from pyscl import Mesh
from pyscl.input import load_input
from pyscl.postprocess.resistance import effective_resistance, promotion
from pyscl.runner import build_model

RUN_FILE = Path(__file__).with_name("301_composite_cathode.yaml")


def main(overrides: tuple[str, ...] = (), plot: bool = False) -> float:
    """Print the three runs; return the permittivity factor R(BaTiO3)/R(control).

    Args:
        overrides: "key=value" changes to the run file, as for `pyscl run --set`.
        plot: draw the field of the runs side by side.
    """
    # 1. The run file, and one model per variant on one mesh.
    run = load_input(RUN_FILE, overrides=overrides)
    mesh = Mesh.read(run.mesh.file, unit=run.mesh.unit).renumbered()
    bias = {"collector": 0.01}
    resistances, solutions = {}, {}
    print(f"{'run':12} {'R [Ohm m]':>10} {'promotion':>10}  peak field [MV/m], interfacial charge")
    for name in ("blank", "control", "with BaTiO3"):
        model = build_model(run, mesh, run.materials(name))
        solution = solutions[name] = model.steady(bias)
        resistance = resistances[name] = effective_resistance(solution)

        # 2. The layers of the particles, which the promotion has to come from.
        layer = solution.interface("active|electrolyte")
        electrolyte = mesh.regions_of("electrolyte")
        peak = ((solution["electric_field"].values[electrolyte] ** 2).sum(axis=1) ** 0.5).max()
        print(
            f"{name:12} {resistance:10.5f} {promotion(resistance, resistances['blank']):+10.3%}  "
            f"{peak / 1e6:.2f}, {layer.sides[0].charge * 100:.5f} uC/cm2"
        )

    # 3. The split.
    blank, control, batio3 = (
        resistances["blank"],
        resistances["control"],
        resistances["with BaTiO3"],
    )
    areas = {region: mesh.areas[mesh.regions_of(region)].sum() for region in mesh.region_names}
    fraction = areas["inclusion"] / (areas["inclusion"] + areas["electrolyte"])
    print(f"inclusions take {fraction:.2%} of the electrolyte")
    print(
        f"geometry:     R(control)/R(blank)  = {control / blank:.5f}   "
        f"(Maxwell, dilute: {(1 + fraction) / (1 - fraction):.5f})"
    )
    print(f"permittivity: R(BaTiO3)/R(control) = {batio3 / control:.5f}")
    print(
        f"So the inclusions change the resistance by {batio3 / blank - 1:+.3%}: by the room they "
        f"take {control / blank - 1:+.3%},\nby their permittivity {batio3 / control - 1:+.3%}."
    )

    if plot:
        from pyscl.plot import comparison, save

        save(comparison(solutions, "electric_field"), "302_composite_analysis.png")

    return batio3 / control


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - a step of 0.5 eV at the surface of the particles,
#     main(("regions.active.set.carriers.Li.standard_potential=-0.5 eV",)): the layers in the
#     electrolyte cost more. Does the permittivity matter then?
#   - a site density of 0.0043 1/nm^3 in the electrolyte and in the blank inclusion: with a Debye
#     length of 6 nm the inclusions lie in the layers, and the permittivity gains 0.6 %.
#   - inclusions that touch the particles: 201_coated_particle.yaml.
