r"""When does a depleted layer matter? Its area-specific resistance against its potential.

Equation: steady Nernst-Planck current of one lattice-gas carrier, -div(sigma grad eta) = 0 with
Poisson's equation; eta electrochemical potential [V]. For a small bias the layer stays as in
equilibrium and adds to the bulk the resistance

    R = int (1/sigma - 1/sigma_bulk) dx,  sigma ~ theta (1-theta)  (vacancy: ions need a free site)
                                     or   sigma ~ theta            (dilute: ions do not see others)

theta occupied fraction of the sites, sigma conductivity [S/m].

Geometry: a strip 0 < x < 25 Debye lengths between two lithium reservoirs. The left one holds the
potential V > 0 that pushes the lithium ions out of its layer; 0.01 mV drive the current.

What to see: R grows almost like exp(e V/kT), some 40 times for every 0.1 V. In a concentrated
sulfide (Debye length 0.3 nm) it stays below 1 Ohm cm2 up to 0.35 V; in a poor conductor of the
LiPON kind 10 Ohm cm2 are reached near 0.2 V. Space charge matters above 0.2 to 0.4 V of depletion,
not below. The mobility law changes no more than a factor 1/(1-theta0), theta0 occupied fraction of
the bulk: where the sites are empty an ion has no others in its way.

Assumptions: all values of ELECTROLYTES, T = 300 K, no other barrier at the interface. The sulfide's
Debye length is shorter than the distance between ions, so the numbers are estimates.

Reference: exact integral over the layer in `pyscl.analytic.LatticeGasLayer.excess_resistance`;
the same conclusion in de Klerk and Wagemaker, ACS Appl. Energy Mater. 1 (2018) 5609 (abstract).
"""

import sys

from scipy.optimize import brentq

from pyscl import Carrier, Material, Model, ReservoirContact
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import graded, strip

TEMPERATURE = 300.0  # [K]
ELECTROLYTES = {  # layer, conductivity of the bulk [S/m]
    "sulfide": (LatticeGasLayer(30.0, 2e27, 0.5, temperature=TEMPERATURE), 0.1),
    "LiPON-like": (LatticeGasLayer(16.6, 1e27, 0.1, temperature=TEMPERATURE), 2e-4),
}
POTENTIALS = (0.1, 0.2, 0.3, 0.4, 0.5)  # depletion [V]
WIDTH, BIAS = 1e-9, 1e-5  # [m], [V]


def main(potentials: tuple[float, ...] = POTENTIALS, steps: int = 20, plot: bool = False) -> float:
    """Print the resistances; return the depletion of the sulfide for 10 Ohm cm2 [V].

    Args:
        potentials: of the layer [V].
        steps: mesh steps per Debye length at the electrode.
        plot: draw resistance against potential.
    """
    print("area-specific resistance of the layer [Ohm cm2]")
    print(f"{'electrolyte':12} {'mobility':9} {'V [V]':>6} {'computed':>11} {'exact':>11} error")
    curves: dict[str, list[float]] = {}
    for name, (layer, conductivity) in ELECTROLYTES.items():
        for mobility in ("vacancy", "dilute"):
            for volts in potentials:
                found = layer_resistance(name, mobility, volts, steps) * 1e4
                exact = float(layer.excess_resistance(volts, conductivity, mobility)) * 1e4
                print(
                    f"{name:12} {mobility:9} {volts:6.2f} {found:11.4e} {exact:11.4e} "
                    f"{found / exact - 1:+.1e}"
                )
                curves.setdefault(f"{name}, {mobility}", []).append(found)

    if plot:
        _draw(potentials, curves)

    # The potential from which on the layer costs as much as a good battery as a whole.
    needed = brentq(
        lambda volts: layer_resistance("sulfide", "vacancy", volts, steps) * 1e4 - 10.0,
        0.3,
        0.6,
        xtol=1e-6,
    )
    layer, conductivity = ELECTROLYTES["sulfide"]
    exact = brentq(lambda v: layer.excess_resistance(v, conductivity) * 1e4 - 10.0, 0.3, 0.6)
    print(
        f"the sulfide's layer reaches 10 Ohm cm2 at {needed:.5f} V of depletion, exact "
        f"{exact:.5f} V, error {needed / exact - 1:+.1e}"
    )
    return float(needed)


def layer_resistance(name: str, mobility: str, volts: float, steps: int) -> float:
    """Return the resistance [Ohm m2] that a layer at a potential [V] adds to the bulk."""
    layer, conductivity = ELECTROLYTES[name]
    length = layer.debye_length
    x = graded(25 * length, length / steps, growth=1.05, max_step=length / 4)
    lithium = Carrier(
        name="Li",
        charge=1,
        site_density=layer.site_density,
        site_fraction=layer.site_fraction,
        mobility=mobility,
        conductivity=conductivity,
    )
    material = Material(relative_permittivity=layer.relative_permittivity, carriers=(lithium,))
    model = Model(
        strip(x, width=WIDTH),
        {"electrolyte": material},
        contacts={
            "left": ReservoirContact(carrier="Li", potential=volts),
            "right": ReservoirContact(carrier="Li", potential="neutral"),
        },
        temperature=TEMPERATURE,
    )
    current = model.steady({"left": BIAS}).contact("left").current / WIDTH  # [A/m2]
    return BIAS / current - x[-1] / conductivity


def _draw(potentials: tuple[float, ...], curves: dict[str, list[float]]) -> None:
    from matplotlib.figure import Figure

    from pyscl.plot import save

    figure = Figure((4.0, 3.0), layout="constrained")
    axes = figure.add_subplot()
    for (label, values), style in zip(curves.items(), ("-o", "--o", "-s", "--s"), strict=True):
        axes.semilogy(potentials, values, style, label=label, markersize=4)
    axes.axhspan(1.0, 10.0, color="0.9")
    axes.set(xlabel="Depletion potential (V)", ylabel="Layer resistance (Ω cm²)")
    axes.legend(fontsize=8)
    save(figure, "103_depleted_layer_resistance.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - negative potentials: an accumulated layer. Why does the vacancy mobility make it resistive?
#   - a bias of 0.05 V instead of 0.01 mV, both signs: the layer rectifies.
#   - TEMPERATURE 363 K: the layer's extra activation energy is its potential minus about 0.03 eV.
