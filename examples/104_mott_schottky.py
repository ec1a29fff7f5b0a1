r"""Mott-Schottky analysis: the density of mobile ions from the capacitance of a depleted layer.

Equation: a layer without mobile ions holds the charge Q = sqrt(2 eps e n0 (V - V0)), so that

    1/C^2 = 2 (V - V0) / (eps e n0),   V0 = kT/e s(theta0),  s = -ln(1-theta0)/theta0,

C = dQ/dV differential capacitance [F/m2], V potential of the electrode against the bulk [V], eps
permittivity [F/m], n0 = theta0 n_max density of the ions in the bulk [1/m3], theta0 its occupied
fraction of the sites. For a lattice gas this is exact up to exp(-e V/kT).

Geometry: a strip between an electrode that no ion crosses (left) and a lithium reservoir (right).

What to see: a straight line. Its slope counts the ions that left the layer, the mobile ones, and
not all lithium of the material; its intercept is the thermal voltage only for theta0 -> 0.

Assumptions: every value of ELECTROLYTE; n0 is a hundredth of what a sulfide has, so that the layer
is tens of nanometres wide.

Reference: `pyscl.analytic.LatticeGasLayer.mott_schottky_line`; for the method in dilute
semiconductors Sze, Physics of Semiconductor Devices.
"""

import sys

import numpy as np
from scipy.constants import elementary_charge, epsilon_0

from pyscl import Carrier, Material, Model, PotentialContact, ReservoirContact
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import graded, strip

ELECTROLYTE = LatticeGasLayer(relative_permittivity=30.0, site_density=1e26, site_fraction=0.1)
WIDTH, STEP = 1e-9, 5e-3  # of the strip [m]; of the potential for the derivative [V]


def main(points: int = 9, steps: int = 20, plot: bool = False) -> float:
    """Print the line; return the density of mobile ions it gives [1/m3].

    Args:
        points: number of potentials between 0.2 and 1 V.
        steps: mesh steps per Debye length.
        plot: draw the line.
    """
    # 1. Debye lengths beyond the widest layer; steps small all over the depleted part.
    length = ELECTROLYTE.debye_length
    depleted = float(ELECTROLYTE.depletion_width(1.0))
    x = graded(depleted + 20 * length, length / steps, growth=1.02, max_step=length / 5)
    lithium = Carrier(
        name="Li",
        charge=1,
        site_density=ELECTROLYTE.site_density,
        site_fraction=ELECTROLYTE.site_fraction,
    )
    material = Material(
        relative_permittivity=ELECTROLYTE.relative_permittivity, carriers=(lithium,)
    )
    mesh = strip(x, width=WIDTH)

    def charge(volts: float) -> float:
        model = Model(
            mesh,
            {"electrolyte": material},
            contacts={
                "left": PotentialContact(potential=volts),
                "right": ReservoirContact(carrier="Li", potential="neutral"),
            },
        )
        return model.equilibrium().contact("left").charge / WIDTH

    # 2. Capacitances by central differences.
    potentials = np.linspace(0.2, 1.0, points)
    capacitances = np.array(
        [(charge(v + STEP) - charge(v - STEP)) / (2 * STEP) for v in potentials]
    )
    print(f"{'V [V]':>6} {'C [uF/cm2]':>11} {'exact':>9} {'error':>9}")
    for volts, found in zip(potentials, capacitances, strict=True):
        exact = float(ELECTROLYTE.capacitance(volts))
        print(f"{volts:6.2f} {found * 100:11.5f} {exact * 100:9.5f} {found / exact - 1:+9.1e}")

    # 3. The line through 1/C^2.
    slope, offset = np.polyfit(potentials, capacitances**-2, 1)
    intercept = -offset / slope
    _, exact_intercept = ELECTROLYTE.mott_schottky_line()
    permittivity = epsilon_0 * ELECTROLYTE.relative_permittivity
    density = 2 / (permittivity * elementary_charge * slope)
    exact_density = ELECTROLYTE.site_density * ELECTROLYTE.site_fraction

    if plot:
        from matplotlib.figure import Figure

        from pyscl.plot import save

        figure = Figure((4.0, 3.0), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(potentials, capacitances**-2, "o", label="computed")
        line = np.array([exact_intercept, 1.0])
        axes.plot(line, ELECTROLYTE.mott_schottky_line()[0] * (line - line[0]), label="exact")
        axes.set(xlabel="Potential (V)", ylabel="1/C² (m⁴/F²)", xlim=(0, 1.05))
        axes.legend()
        save(figure, "104_mott_schottky.png")

    print(
        f"intercept: {intercept * 1e3:.2f} mV, exact {exact_intercept * 1e3:.2f} mV, "
        f"error {(intercept - exact_intercept) * 1e3:+.2f} mV"
    )
    print(
        f"density of mobile ions: {density:.5e} 1/m3, exact {exact_density:.5e} 1/m3, "
        f"error {density / exact_density - 1:+.1e}"
    )
    return float(density)


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - site_fraction=0.9: the same charge per site, another intercept; what does the slope count?
#   - potentials below 0.1 V: the line bends where the layer is not empty.
#   - a doping step through `Model(background=...)`: the slope then follows the profile of ions.
