r"""Activation energies of a bulk, of its space charge layer, and of what a cell shows of both.

Equation: equilibrium of one lattice-gas carrier with Poisson's equation at several temperatures T;
sigma T = A exp(-Ea/kT) in the bulk. At a potential drop V > 0 that empties it, the layer adds

    R_SCL = int (1/sigma - 1/sigma_bulk) dx ~ (lambda/sigma_bulk) sqrt(kT/(2 e V)) exp(e V/kT),

so that the slope of ln(T/R_SCL) over 1/T is that of the bulk plus e V less about kT; lambda Debye
length [m], which goes with sqrt(T).

Geometry: 0.1 or 1 um of electrolyte between two lithium reservoirs. The left one holds the
potential V at every temperature, the right one the bulk at 0 V.

What to see: a depleted layer does not need ions that move differently to have an activation energy
of its own: it is that of the bulk plus the drop, less 0.03 eV. The 0.2 eV between 0.315 eV (without
a layer) and 0.515 eV (with it), found by NMR at LixV2O5 | LAGP, ask for a drop of 0.234 V. The cell
as a whole shows neither of the two: its apparent activation energy lies in between, depends on
the thickness of the electrolyte, and its Arrhenius plot is bent.

Assumptions: the drop does not depend on temperature (a step of standard potentials with the entropy
of mixing would); Ea of the bulk is that of the experiment without a layer; permittivity, density of
mobile ions, conductivity (LiPON-like). The excess energy depends on none of these three. That a
number agrees is no proof: a reaction or an interphase has an activation energy, too.

Reference: exact integral `pyscl.analytic.LatticeGasLayer.excess_resistance`; experiment: Cheng et
al., Joule 4 (2020) 1311 (abstract).
"""

import sys

import numpy as np
from scipy.constants import Boltzmann, elementary_charge
from scipy.optimize import brentq

from pyscl import Carrier, Material, Model, ReservoirContact
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import graded, strip
from pyscl.study.arrhenius import ArrheniusResult, arrhenius

PERMITTIVITY, SITES, FRACTION = 16.6, 2e26, 0.5  # site density [1/m3]
CONDUCTIVITY, ENERGY = 2e-4, 0.315  # at 298.15 K [S/m]; [eV]
MEASURED = 0.515  # with a layer [eV]
COLD, HOT = 300.0, 363.0  # [K]
THICKNESSES = (1e-7, 1e-6)  # [m]
DROPS = (0.05, 0.1, 0.2, 0.3)  # [V]
WIDTH = 1e-9  # of the strip [m]


def main(drops: tuple[float, ...] = DROPS, steps: int = 20, plot: bool = False) -> float:
    """Print activation energies; return the drop at which the layer has the measured one [V].

    Args:
        drops: potential drops of the layer [V].
        steps: mesh steps per Debye length at the electrode.
        plot: draw the Arrhenius plot.
    """
    # 1. What a drop adds to the activation energy, between two temperatures.
    print(f"excess activation energy of the layer, {COLD:g} to {HOT:g} K [eV]")
    print(f"{'drop [V]':>8} {'computed':>9} {'exact':>9} {'error':>9}")
    for volts in drops:
        found, exact = excess_energy(volts, steps), exact_excess_energy(volts)
        print(f"{volts:8.3f} {found:9.5f} {exact:9.5f} {found - exact:+9.1e}")

    # 2. The drop that the measured energy asks for.
    wanted = MEASURED - ENERGY
    needed = brentq(lambda v: excess_energy(v, steps) - wanted, 0.2, 0.3, xtol=1e-6)
    exact_needed = brentq(lambda v: exact_excess_energy(v) - wanted, 0.2, 0.3, xtol=1e-9)

    # 3. The Arrhenius plot of a cell with this layer.
    temperatures = np.linspace(COLD, HOT, 8)
    cells = {
        thickness: arrhenius(
            cell(needed, steps, thickness), temperatures, places=["left"], contact="left"
        )
        for thickness in THICKNESSES
    }
    report(cells)
    thin = cells[THICKNESSES[0]]

    if plot:
        from pyscl.plot import arrhenius_plot, save

        kelvin = thin.temperatures
        bulk = {f"bulk of {d * 1e6:g} µm": d / thin.bulk("electrolyte", "Li").values for d in cells}
        cell_values = {f"cell of {d * 1e6:g} µm": total(result) for d, result in cells.items()}
        layer = {f"layer of {needed:.3f} V": thin.layer("left", "electrolyte", "Li").values}
        data = {name: (kelvin, r) for name, r in (layer | cell_values | bulk).items()}
        save(arrhenius_plot(data, unit="ohm*m^2"), "405_arrhenius.png")

    print(
        f"{MEASURED} eV ask for a drop of {needed:.5f} V, exact {exact_needed:.5f} V, "
        f"error {needed / exact_needed - 1:+.1e}"
    )
    return float(needed)


def cell(volts: float, steps: int, thickness: float = 1e-6) -> Model:
    """Return the electrolyte with a layer of a drop [V] at the left contact."""
    length = LatticeGasLayer(PERMITTIVITY, SITES, FRACTION).debye_length
    x = graded(thickness, length / steps, growth=1.05, max_step=thickness / 50.0)
    lithium = Carrier(
        name="Li",
        charge=1,
        site_density=SITES,
        site_fraction=FRACTION,
        conductivity=CONDUCTIVITY,
        activation_energy=ENERGY,
    )
    return Model(
        strip(x, width=WIDTH),
        {"electrolyte": Material(relative_permittivity=PERMITTIVITY, carriers=(lithium,))},
        contacts={
            "left": ReservoirContact(carrier="Li", potential=volts),
            "right": ReservoirContact(carrier="Li", potential="neutral"),
        },
    )


def excess_energy(volts: float, steps: int) -> float:
    """Return the activation energy of the layer less that of the bulk [eV]."""
    result = arrhenius(cell(volts, steps), [COLD, HOT], places=["left"])
    excess = result.layer_excess_energy("left", "electrolyte", "Li")
    assert excess is not None
    return excess


def exact_excess_energy(volts: float) -> float:
    """Return the same from the exact integral."""
    levels = []
    for kelvin in (COLD, HOT):
        layer = LatticeGasLayer(PERMITTIVITY, SITES, FRACTION, temperature=kelvin)
        # sigma ~ 1/T leaves the activation energy of the bulk out
        levels.append(np.log(kelvin / layer.excess_resistance(volts, 1.0 / kelvin)))
    per_kelvin = Boltzmann / elementary_charge
    return float(per_kelvin * (levels[0] - levels[1]) / (1.0 / HOT - 1.0 / COLD))


def total(result: ArrheniusResult) -> np.ndarray:
    """Return the area-specific resistance of the cell [Ohm m2]."""
    return result["total resistance left"].values * WIDTH


def report(cells: dict[float, ArrheniusResult]) -> None:
    """Print resistances at every temperature, and all activation energies."""
    thin, thick = cells.values()
    layer = thin.layer("left", "electrolyte", "Li")
    bulk = thin.bulk("electrolyte", "Li")
    print(f"\n{'':8} {'bulk':>10} | area-specific resistance [Ohm cm2]")
    print(f"{'T [K]':>8} {'[S/m]':>10} | {'layer':>9} {'0.1 um':>9} {'1 um':>9}")
    for k, kelvin in enumerate(thin.temperatures):
        print(
            f"{kelvin:8.1f} {bulk.values[k]:10.3e} | {layer.values[k] * 1e4:9.2f} "
            f"{total(thin)[k] * 1e4:9.2f} {total(thick)[k] * 1e4:9.2f}"
        )
    print("activation energies, with the standard errors of the straight lines:")
    rows = {
        "bulk": bulk,
        "layer": layer,
        "cell, 0.1 um": thin["total resistance left"],
        "cell, 1 um": thick["total resistance left"],
    }
    for name, series in rows.items():
        print(f"  {name:13} {series.activation_energy:.4f} +- {series.standard_error:.0e} eV")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - FRACTION = 0.1: does the excess energy change? And mobility="dilute"?
#   - a negative drop: the layer is enriched. Does it have an activation energy (ArrheniusSeries)?
#   - temperatures from 200 to 500 K: how bent is the line of the 1 um cell?
