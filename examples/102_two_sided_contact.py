r"""Contact of a cathode with a sulfide electrolyte: two space charge layers from one offset.

Equation: Poisson's in both, with one electrochemical potential of the lithium ions,

    mu0_a + kT ln(theta/(1-theta)) + e phi = the same on both sides of the interface,

mu0 standard potential [eV], theta occupied fraction of the sites, phi potential [V]. The step of
mu0 (the offset) makes the bulk of the cathode more positive than that of the electrolyte by

    V = (mu0_electrolyte - mu0_cathode)/e + kT/e [logit(theta0_e) - logit(theta0_c)].

Geometry: cathode | electrolyte, each 25 of its Debye lengths thick, a lithium reservoir in the
neutral electrolyte at the right end.

What to see: lithium moves into the cathode, whose side of the interface fills up while that of the
electrolyte depletes. Displacement is continuous, so both layers hold opposite charges, and the
offset splits between them. The more ions and the higher the permittivity, the smaller the share:
with these values the electrolyte takes less than a third. The reported width is the centroid of
the charge, eps |drop| / |charge|: the Debye length while the layer is weak (2 nm both), more when
its sites run full (cathode) or empty (electrolyte).

Assumptions: both site densities (effective densities of mobile ions, far below all lithium), the
site fractions of 1/2 and the offsets. Permittivities: cards LiCoO2 and Li6PS5Cl, with sources.

Reference: `pyscl.analytic.two_sided_contact`, a scalar equation between two closed forms.
"""

import sys

import numpy as np
from scipy.constants import epsilon_0

from pyscl import Carrier, Material, Model, ReservoirContact
from pyscl.analytic import LatticeGasLayer, built_in_voltage, two_sided_contact
from pyscl.materials import load
from pyscl.mesh import graded, strip

WIDTH = 1e-9  # of the strip [m]
OFFSETS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)  # steps of the standard potential [eV]


def main(offsets: tuple[float, ...] = OFFSETS, steps: int = 20, plot: bool = False) -> float:
    """Print the split of every offset; return the drop in the electrolyte at the last one [V].

    Args:
        offsets: standard potential in the electrolyte minus that in the cathode [eV].
        steps: mesh steps per Debye length at the interface.
        plot: draw the profile of the last offset.
    """
    # 1. Cards, with effective densities of the mobile ions.
    cathode = load("LiCoO2").with_(**{"carriers.Li.site_density": "0.020 1/nm^3"})
    electrolyte = load("Li6PS5Cl").with_(**{"carriers.Li.site_density": "0.043 1/nm^3"})
    layers = _layer(cathode), _layer(electrolyte)

    # 2. The mesh: fine at the interface, on both sides.
    parts = [
        graded(25 * layer.debye_length, layer.debye_length / steps, 1.05, layer.debye_length / 4)
        for layer in layers
    ]
    interface = parts[0][-1]
    x = np.concatenate([interface - parts[0][::-1], interface + parts[1][1:]])
    mesh = strip(x, width=WIDTH, regions=[("cathode", interface), ("electrolyte", x[-1])])

    # 3. The sweep.
    print("interface potential = drop in the electrolyte; charge of the cathode's layer")
    print(
        f"{'offset':>7} {'drop [mV]':>10} {'exact':>9} {'error':>9} | {'charge [uC/cm2]':>15} "
        f"{'exact':>9} {'error':>9} | {'widths [nm]':>13} {'exact':>13}"
    )
    fractions = layers[0].site_fraction, layers[1].site_fraction
    drop, solution = 0.0, None
    for offset in offsets:
        model = Model(
            mesh,
            {
                "cathode": cathode.with_(**{"carriers.Li.standard_potential": -offset}),
                "electrolyte": electrolyte,
            },
            contacts={"right": ReservoirContact(carrier="Li", potential="neutral")},
        )
        solution = model.equilibrium()
        found = solution.interface("cathode|electrolyte")
        drop = found.potential
        if offset == 0.0:
            print(f"{offset:7.2f} {drop * 1e3:10.3f}   no layers: both bulks are in equilibrium")
            continue
        voltage = built_in_voltage((-offset, 0.0), fractions)
        exact = two_sided_contact(*layers, voltage)
        charge = found.sides[0].charge
        widths = [side.width * 1e9 for side in found.sides if side.width]
        drops = exact.left_potential, exact.right_potential
        exact_widths = [
            epsilon_0 * layer.relative_permittivity * abs(part / exact.left_displacement) * 1e9
            for layer, part in zip(layers, drops, strict=True)
        ]
        print(
            f"{offset:7.2f} {drop * 1e3:10.3f} {drops[1] * 1e3:9.3f} {drop / drops[1] - 1:+9.1e} | "
            f"{charge * 100:15.5f} {exact.left_displacement * 100:9.5f} "
            f"{charge / exact.left_displacement - 1:+9.1e} | "
            f"{widths[0]:6.3f} {widths[1]:6.3f} {exact_widths[0]:6.3f} {exact_widths[1]:6.3f}"
        )

    if plot and solution is not None:
        from pyscl.plot import cut_plot, save

        reach = 14e-9
        cut = solution.cut((interface - reach, WIDTH / 2), (interface + reach, WIDTH / 2), 800)
        save(cut_plot(cut), "102_two_sided_contact.png")

    voltage = built_in_voltage((-offsets[-1], 0.0), fractions)
    right = two_sided_contact(*layers, voltage).right_potential
    print(
        f"drop in the electrolyte at {offsets[-1]} eV: {drop * 1e3:.3f} mV, exact "
        f"{right * 1e3:.3f} mV, error {drop / right - 1:+.1e}; its share is {drop / voltage:.2%}"
    )
    return drop


def _layer(material: Material) -> LatticeGasLayer:
    """Return the closed form of the layer of a material with one carrier."""
    carrier: Carrier = material.carriers[0]
    return LatticeGasLayer(
        material.relative_permittivity, carrier.site_density, carrier.site_fraction
    )


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - carriers.Li.site_fraction of the cathode 0.05 (charged) and 0.95 (discharged): the mixing
#     entropy adds to the offset, and a nearly full cathode cannot take up much charge.
#   - interfaces={"cathode|electrolyte": Interface(surface_charge=0.02)}: charge that belongs to
#     neither layer, for instance of adsorbed ions.
#   - the densities of the cards as they are: layers of a tenth of a nanometre.
