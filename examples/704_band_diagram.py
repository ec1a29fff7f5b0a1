r"""Band diagram of a coated cathode before and in contact, and the potential through the stack.

Equations: lithium ions and electrons in equilibrium,

    mu_Li = mu0_Li + kT ln(y/(1-y)) + g + e phi,      mu_e = mu0_e + ... - e phi  (Fermi level),

with -(mu_Li + mu_e)/e the voltage against lithium metal, U(x) of the cathode; and Poisson's.

Geometry: LiCoO2 (a mixed conductor, 30 nm) | LiNbO3 (10 nm) | Li6PS5Cl (30 nm), a strip. Lithium at
the right end is level with lithium metal (0 eV), electrons leave at the left at open circuit.

What to see: before contact every material is neutral and has its own lithium level; the differences
are the voltages that contact has to build up. In contact the lithium level is flat through the
stack, the Fermi level of the cathode is its open-circuit voltage below that of lithium metal, and
the potential, with it the standard levels, bends within nanometres of every interface. The drops at
all places of the line add up to the built-in potential between the ends; a coating moves them but
does not change the sum. It changes its sign between the charged and the discharged cathode.

Assumptions: effective densities of mobile ions as in 301, also of the electrons with their lithium;
the level of the coating; that Li+ of the card LiCoO2-mixed is level with the electrolyte at 4 V
(what is measured is U(x), not how it divides between ions and electrons). Vacuum levels are not in
the model.

Reference: the built-in potential from the neutral materials, which the computed drops must add up
to. Band diagrams of cathodes at two states of charge: Swift and Qi, Phys. Rev. Lett. 122, 167701
(2019); Hikima et al. (Li2MnO3 | LASGTP) found bending that reverses with the state of charge.
"""

import sys

import numpy as np

from pyscl import Model, ReservoirContact, Solution
from pyscl.instruments import BandDiagram, StackPotential, band_diagram, stack_potential
from pyscl.materials import load
from pyscl.mesh import graded, strip

NM = 1e-9
WIDTHS = {"cathode": 30 * NM, "coating": 10 * NM, "electrolyte": 30 * NM}
COATING_LEVEL = -0.05  # standard potential of lithium in the coating [eV], 0 in the electrolyte
FINEST = 0.04 * NM  # step at an interface [m]
STATES = {"charged": 4.2, "discharged": 3.9}  # open-circuit voltage [V]


def main(states: dict[str, float] = STATES, plot: bool = False) -> float:
    """Print levels and drops; return the sum of the drops over the built-in potential.

    Args:
        states: name -> open-circuit voltage of the cathode [V].
        plot: draw the band diagram of the first state.
    """
    diagrams, stacks = {}, {}
    for name, voltage in states.items():
        state = solve(voltage)
        line = (0.0, 0.5 * NM), (sum(WIDTHS.values()), 0.5 * NM)
        diagram = diagrams[name] = band_diagram(state, *line, reference="electrolyte")
        stack = stacks[name] = stack_potential(state, *line)
        report(name, diagram, stack)

    if plot:
        from pyscl.plot import save
        from pyscl.plot.instruments import band_diagram_plot

        save(band_diagram_plot(next(iter(diagrams.values()))), "704_band_diagram.png")

    name = next(iter(states))
    exact = diagrams[name].built_in_potential("cathode", "electrolyte")
    found = stacks[name].total
    print(
        f"{name}: sum of the drops {found:.5f} V, built-in potential {exact:.5f} V, "
        f"error {found / exact - 1:+.1e}"
    )
    return found / exact


def report(name: str, diagram: BandDiagram, stack: StackPotential) -> None:
    """Print the levels of the materials apart, and where the potential drops."""
    print(f"{name} cathode")
    for region in WIDTHS:
        own = np.flatnonzero(diagram.region == region)[0]
        levels = ", ".join(
            f"{carrier} {apart[own]:+.3f}"
            for carrier, apart in diagram.apart.items()
            if np.isfinite(apart[own])
        )
        print(f"   apart: {region:12} {levels} eV")
    fermi = np.nanmean(diagram.levels["e"]) + diagram.shift * diagram.charge["e"]
    print(f"   in contact: Fermi level {fermi:.3f} eV, {np.nanmean(diagram.lithium_voltage):.3f} V "
          "against lithium metal")  # fmt: skip
    for place, before, after in zip(stack.place, stack.before, stack.after, strict=True):
        print(f"   {place:20} {1e3 * before:+8.1f} mV before, {1e3 * after:+8.1f} mV after it")


def solve(voltage: float) -> Solution:
    """Return the equilibrium of the stack at an open-circuit voltage [V]."""
    cathode = load("LiCoO2-mixed")
    effective = {f"carriers.{name}.site_density": "0.043 1/nm^3" for name in ("Li", "e")}
    x = cathode.open_circuit.site_fraction_at(voltage)
    mobile = {"carriers.Li.site_density": "0.043 1/nm^3"}
    level = {"carriers.Li.standard_potential": f"{COATING_LEVEL} eV"}
    ends = np.cumsum(list(WIDTHS.values()))
    pieces, start = [np.zeros(1)], 0.0
    for end in ends:
        pieces.append(start + graded(end - start, FINEST, 1.15, NM, fine="both")[1:])
        start = end
    model = Model(
        strip(np.concatenate(pieces), NM, 1, list(zip(WIDTHS, ends, strict=True))),
        {
            "cathode": cathode.with_(**effective).with_lithium(x),
            "coating": load("LiNbO3").with_(**mobile, **level),
            "electrolyte": load("Li6PS5Cl").with_(**mobile),
        },
        contacts={
            "left": ReservoirContact(carrier="e", electrochemical_potential="open-circuit"),
            "right": ReservoirContact(
                carrier="Li", electrochemical_potential="0 eV", potential="neutral"
            ),
        },
    )
    return model.equilibrium()


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - COATING_LEVEL = 0.2: a level that is not between those of the neighbours.
#   - states={"flat": 4.0}: the voltage at which nothing bends but the coating.
#   - WIDTHS["coating"] = 1e-9: the layers of both sides of the coating overlap.
