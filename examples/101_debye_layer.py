r"""Space charge layer of a lattice gas at an electrode, up to 1 V.

Equation: Poisson's with the lithium ions in equilibrium,

    -eps phi'' = e n_max (theta - theta0),   theta = 1 / (1 + (1-theta0)/theta0 exp(e phi / kT)),

phi potential against the neutral bulk [V], eps permittivity [F/m], n_max density of sites [1/m3],
theta occupied fraction of the sites, theta0 that of the bulk. Weak layers decay with the Debye
length lambda = sqrt(eps kT / (e^2 n_max theta0 (1-theta0))).

Geometry: a strip 0 < x < 25 lambda. At x = 0 an electrode at phi = V that no ion crosses, at the
right end a lithium reservoir in the neutral bulk.

What to see: with |V| << kT/e the potential falls by 1/e over lambda; at 1 V the sites before the
electrode are empty (V > 0) or full (V < 0), the potential is a parabola, and the charge grows like
the square root of V instead of exponentially. With theta0 = 1/2 both signs are mirror images.

Assumptions: every value of ELECTROLYTE (a sulfide with an effective density of mobile ions, see
301_composite_cathode.yaml).

Reference: the first integral eps E^2/2 = n_max kT [ln(1-theta0+theta0 exp(-u)) + theta0 u] with
u = e phi/kT, in `pyscl.analytic.LatticeGasLayer`; the steric layer of Bikerman (1942) and of
Kilic, Bazant, Ajdari, Phys. Rev. E 75, 021502 (2007), with one mobile ion.
"""

import sys

import numpy as np

from pyscl import Carrier, Material, Model, PotentialContact, ReservoirContact
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import graded, strip

ELECTROLYTE = LatticeGasLayer(relative_permittivity=30.0, site_density=4.3e25, site_fraction=0.5)
WIDTH = 1e-9  # of the strip [m]; nothing depends on it
POTENTIALS = (1e-3, 0.025, 0.1, 0.3, 1.0, -0.3, -1.0)  # of the electrode [V]


def main(potentials: tuple[float, ...] = POTENTIALS, steps: int = 20, plot: bool = False) -> float:
    """Print the layers; return the charge of the electrode at 1 V [C/m2].

    Args:
        potentials: of the electrode [V].
        steps: mesh steps per Debye length at the electrode.
        plot: draw the profile at the last potential.
    """
    # 1. The mesh: a line, fine at the electrode, made a strip of triangles.
    length = ELECTROLYTE.debye_length
    x = graded(25 * length, first=length / steps, growth=1.05, max_step=length / 4)
    mesh = strip(x, width=WIDTH)

    # 2. The material: one carrier before the background that makes its bulk neutral.
    lithium = Carrier(
        name="Li",
        charge=1,
        site_density=ELECTROLYTE.site_density,
        site_fraction=ELECTROLYTE.site_fraction,
    )
    material = Material(
        relative_permittivity=ELECTROLYTE.relative_permittivity, carriers=(lithium,)
    )

    # 3. One equilibrium for each potential of the electrode.
    print("charge of the electrode [uC/cm2], and the profile against the closed form")
    print(f"{'V [V]':>7} {'computed':>10} {'exact':>10} {'error':>9} {'profile error [mV]':>19}")
    charges, solutions = {}, {}
    for volts in dict.fromkeys((*potentials, 1e-3, 1.0)):
        model = Model(
            mesh,
            {"electrolyte": material},
            contacts={
                "left": PotentialContact(potential=volts),
                "right": ReservoirContact(carrier="Li", potential="neutral"),
            },
        )
        solution = solutions[volts] = model.equilibrium()
        charge = charges[volts] = solution.contact("left").charge / WIDTH
        exact = float(ELECTROLYTE.wall_charge(volts))
        profile = ELECTROLYTE.potential(mesh.points[:, 0], volts)
        missed = np.abs(solution.potential - profile).max()
        print(
            f"{volts:7.3f} {charge * 100:10.5f} {exact * 100:10.5f} {charge / exact - 1:+9.1e} "
            f"{missed * 1e3:19.4f}"
        )

    # 4. The Debye length from the decay of the weakest layer, between one and three lengths.
    phi = solutions[1e-3].potential[::2]  # lower row of nodes
    layer = x < 5 * length
    at_one, at_three = np.interp([length, 3 * length], x[layer], np.log(phi[layer]))
    decay = 2 * length / (at_one - at_three)
    print(
        f"Debye length: {decay * 1e9:.5f} nm, exact {length * 1e9:.5f} nm, "
        f"error {decay / length - 1:+.1e}"
    )

    if plot:
        from pyscl.plot import cut_plot, save

        cut = solutions[potentials[-1]].cut((0, WIDTH / 2), (10 * length, WIDTH / 2), 400)
        save(cut_plot(cut), "101_debye_layer.png")

    found, exact = charges[1.0], float(ELECTROLYTE.wall_charge(1.0))
    print(
        f"charge at 1 V: {found:.6f} C/m2, exact {exact:.6f} C/m2, error {found / exact - 1:+.1e}"
    )
    return found


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - site_fraction=0.1: now 1 V and -1 V are different layers. Which one is wider, and by what
#     factor? (Compare `ELECTROLYTE.half_width`.)
#   - steps=5, 10, 20, 40: the error of the charge falls with the square of the step.
#   - site_density=2e27, the card Li6PS5Cl: the Debye length is shorter than the distance between
#     the ions. What the continuum says then is a trend, not a profile.
