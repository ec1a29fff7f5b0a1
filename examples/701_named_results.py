r"""How wide is a space charge layer? All named results of one contact, by every definition.

Equation: Poisson's with one electrochemical potential of the lithium ions on both sides of a
contact, as in 102. The layer of one side has the drop psi = phi_bulk - phi_interface and

    Debye length     lambda = sqrt(eps kT / (e^2 n theta0 (1-theta0)))   of the bulk
    1/e width        |phi - phi_bulk| = |psi|/e           (the 1 % width with 0.01 instead)
    centroid width   int x |rho| dx / int |rho| dx = eps |psi| / |Q|
    depletion width  |Q| / (e n theta0)                   where ions are missing
    excess           int (c - c_bulk) dx                  [mol/m2]
    capacitance      |dQ/dpsi|

Q charge per area, n sites, theta0 occupied fraction of the bulk.

Geometry: cathode | electrolyte, each 50 of its Debye lengths thick, a lithium reservoir in the
neutral electrolyte at the right end.

What to see: "the width of the layer" is a choice. At an offset of 0.5 eV one and the same layer of
the electrolyte is 2.0 nm (Debye), 2.2 nm (1/e), 2.5 nm (centroid), 3.3 nm (depletion) or 9.5 nm
(1 %) wide. In the cathode, whose sites run full, the Debye length of the bulk says even less. What
sees the potential (holography), the charge or the missing lithium will not report the same number.

Assumptions: both site densities (effective densities of mobile ions), the site fractions of 1/2 and
the offset, as in 102. Permittivities: cards LiCoO2 and Li6PS5Cl, with sources.

Reference: `pyscl.analytic.two_sided_contact` for the drops, `pyscl.analytic.LatticeGasLayer` and
`lattice_gas_depth` for each side.
"""

import sys

import numpy as np
from scipy.constants import Avogadro, elementary_charge, epsilon_0

from pyscl import Material, Model, ReservoirContact, Solution
from pyscl.analytic import (
    LatticeGasLayer,
    built_in_voltage,
    lattice_gas_depth,
    thermal_voltage,
    two_sided_contact,
)
from pyscl.materials import load
from pyscl.mesh import graded, strip
from pyscl.postprocess.interfaces import SideResult
from pyscl.postprocess.quantities import write_csv

WIDTH = 1e-9  # of the strip [m]
OFFSETS = (0.1, 0.2, 0.3, 0.4, 0.5)  # steps of the standard potential [eV]


def main(
    offsets: tuple[float, ...] = OFFSETS, steps: int = 20, plot: bool = False, table: str = ""
) -> float:
    """Print the results of both sides; return 1 % over 1/e width of the electrolyte's last layer.

    Args:
        offsets: standard potential in the electrolyte minus that in the cathode [eV].
        steps: mesh steps per Debye length at the interface.
        plot: draw the widths of the electrolyte's layer against the offset.
        table: file to which all named quantities of the last state go as CSV.
    """
    cathode = load("LiCoO2").with_(**{"carriers.Li.site_density": "0.020 1/nm^3"})
    electrolyte = load("Li6PS5Cl").with_(**{"carriers.Li.site_density": "0.043 1/nm^3"})
    layers = _layer(cathode), _layer(electrolyte)
    fractions = layers[0].site_fraction, layers[1].site_fraction
    curves: list[dict[str, float]] = []
    print("widths of the layer in the electrolyte [nm]")
    print(f"{'offset':>7} {'Debye':>7} {'1/e':>7} {'1 %':>7} {'centroid':>9} {'depletion':>10}")
    for offset in offsets:
        state = contact(cathode, electrolyte, layers, offset, steps)
        sides = state.interface("cathode|electrolyte").sides
        curves.append(_found(sides[1]))
        debye, decay, percent, centroid, depletion = (
            1e9 * v for v in list(curves[-1].values())[:5]
        )
        print(
            f"{offset:7.2f} {debye:7.3f} {decay:7.3f} {percent:7.3f} {centroid:9.3f} "
            f"{depletion:10.3f}"
        )

    exact = two_sided_contact(*layers, built_in_voltage((-offset, 0.0), fractions))
    walls = exact.left_potential, exact.right_potential
    for side, layer, wall in zip(sides, layers, walls, strict=True):
        found, closed = _found(side), _exact(layer, wall)
        print(f"\noffset {offset} eV, {side.region}: drop {float(side.potential_drop):+.4f} V")
        print(f"  {'':32} {'computed':>11} {'exact':>11} error")
        for name, value in found.items():
            error = value / closed[name] - 1
            print(f"  {name:32} {value:11.4e} {closed[name]:11.4e} {error:+.0e}")
    if table:
        write_csv(state.quantities(), table)
    if plot:
        _draw(offsets, curves)

    ratio, exact_ratio = (w["1 % width [m]"] / w["1/e width [m]"] for w in (found, closed))
    print(
        f"\nthe electrolyte's layer is {ratio:.4f} times wider by 1 % than by 1/e, exact "
        f"{exact_ratio:.4f}, error {ratio / exact_ratio - 1:+.1e}; a weak layer: ln(100) = 4.605"
    )
    return ratio


def contact(
    cathode: Material,
    electrolyte: Material,
    layers: tuple[LatticeGasLayer, LatticeGasLayer],
    offset: float,
    steps: int,
) -> Solution:
    """Return the equilibrium of the two, cathode on the left."""
    parts = [
        graded(50 * layer.debye_length, layer.debye_length / steps, 1.05, layer.debye_length / 4)
        for layer in layers
    ]
    interface = parts[0][-1]
    x = np.concatenate([interface - parts[0][::-1], interface + parts[1][1:]])
    model = Model(
        strip(x, width=WIDTH, regions=[("cathode", interface), ("electrolyte", x[-1])]),
        {
            "cathode": cathode.with_(**{"carriers.Li.standard_potential": -offset}),
            "electrolyte": electrolyte,
        },
        contacts={"right": ReservoirContact(carrier="Li", potential="neutral")},
    )
    return model.equilibrium()


def _found(side: SideResult) -> dict[str, float]:
    """Return what the solution says, by name."""
    widths = {
        "Debye length [m]": side.debye_length or 0.0,
        "1/e width [m]": float(side.decay_width),
        "1 % width [m]": float(side.one_percent_width),
        "centroid width [m]": side.width or 0.0,
    }
    if side.depletion_width.mean is not None:
        widths["depletion width [m]"] = float(side.depletion_width)
    return widths | {
        "excess of Li [mol/m2]": side.excess["Li"],
        "field on the interface [V/m]": side.mean_field,
        "differential capacitance [F/m2]": float(side.planar_capacitance),
    }


def _exact(layer: LatticeGasLayer, wall: float) -> dict[str, float]:
    """Return the closed forms of a layer whose interface is at `wall` [V] against the bulk."""
    u, theta, length = wall / thermal_voltage(), layer.site_fraction, layer.debye_length
    charge, eps = float(layer.wall_charge(wall)), epsilon_0 * layer.relative_permittivity
    return {
        "Debye length [m]": length,
        "1/e width [m]": length * float(lattice_gas_depth(u * np.exp(-1.0), u, theta)),
        "1 % width [m]": length * float(lattice_gas_depth(u * 0.01, u, theta)),
        "centroid width [m]": eps * wall / charge,
        "depletion width [m]": float(layer.depletion_width(wall)),
        "excess of Li [mol/m2]": -charge / (Avogadro * elementary_charge),
        # both fields point away from the interface into the side where they are counted
        "field on the interface [V/m]": charge / eps,
        "differential capacitance [F/m2]": float(layer.capacitance(wall)),
    }


def _layer(material: Material) -> LatticeGasLayer:
    """Return the closed form of the layer of a material with one carrier."""
    carrier = material.carriers[0]
    return LatticeGasLayer(
        material.relative_permittivity, carrier.site_density, carrier.site_fraction
    )


def _draw(offsets: tuple[float, ...], curves: list[dict[str, float]]) -> None:
    from matplotlib.figure import Figure

    from pyscl.plot import save

    figure = Figure((4.0, 3.0), layout="constrained")
    axes = figure.add_subplot()
    names = [name for name in curves[-1] if name.endswith("[m]")]
    for name, style in zip(names, ("k--", "-o", "-s", "-^", "-D"), strict=True):
        widths = [1e9 * curve.get(name, np.nan) for curve in curves]
        axes.plot(offsets, widths, style, label=name.removesuffix(" [m]"), markersize=4)
    axes.set(xlabel="Step of the standard potential (eV)", ylabel="Width in the electrolyte (nm)")
    axes.set_ylim(bottom=0.0)
    axes.legend(fontsize=8)
    save(figure, "701_named_results.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv, table="quantities.csv" if "--table" in sys.argv else "")

# Things to try:
#   - carriers.Li.site_fraction of 0.1 and 0.9: which widths agree for nearly empty sites?
#   - a film thinner than the 1 % width: side.one_percent_width then has no mean, but a reason.
#   - pandas.DataFrame(state.quantities()): the same and more as one table.
