r"""What holography, XPS, EELS, DPC and a Kelvin probe would see of a space charge layer.

Equations: Poisson's with lithium ions in equilibrium (lattice gas), then the formulas of the
instruments (`pyscl.instruments`, with their sources):

    electron holography    phase = C_E t (phi - phi_reference), Gaussian resolution
    (HA)XPS core level     shift = mean of -e phi with the weight exp(-d / lambda)
    EELS                   lithium, blurred, none lost
    DPC-STEM               eps0 div E, blurred, no charge lost
    Kelvin probe           phi on a section under a Gaussian tip

Geometry: (1) Cu | LASGTP, a strip of 5 and 60 nm; the copper at zero, the bulk 1.3 V above it.
(2) A LiCoO2 particle in Li6PS5Cl with islands of BaTiO3, 100 x 100 nm, as in 201.

What to see: (1) Nomura et al. found a drop of 1.3 V over 10 nm by holography with a resolution of
1 nm, lithium enriched at the copper by EELS, and by XPS core levels of germanium 0.4 eV lower. The
two numbers do not contradict each other. Before the electrode all sites are full, the charge is
constant and the potential a parabola; XPS counts from the Fermi level of the copper and sees the
first nanometres of it only: a third of the drop with an escape depth of 2 nm. It would take hard
X-rays (17 nm) to see most of it. A resolution of 1 nm costs the holography nothing, 99 % of the
drop lie within 11 nm, and EELS no more than a sharp edge.
(2) Phase contours crowd in the layers of 2 nm around the particle. The charge that DPC shows is all
charge, also that bound in dielectrics: the free charge divided by the permittivity, and beside it
the charges on the surfaces of the islands. A Kelvin probe with 5 nm sees all of the 300 mV between
the phases, one with 30 nm three quarters, and no layer.

Assumptions: the permittivity of LASGTP (15, that of the card LATP) and half-filled sites; the
density of mobile lithium follows from 1.3 V, 10 nm and the permittivity. The escape depth of 2 nm
(laboratory X-rays) and the resolution of 1 nm for EELS. In (2) those of 201, the thickness of
60 nm and all resolutions.

Reference: for the core levels the closed profile of the layer, `pyscl.analytic.LatticeGasLayer`,
integrated with the same weight. Nomura et al., Angew. Chem. Int. Ed. 58, 5292 (2019)
(10.1002/anie.201814669; abstract and a review of it read); maps of this kind: Wang L. et al., Nat.
Commun. 11, 5889 (2020).
"""

import sys
from pathlib import Path

import numpy as np
from scipy.constants import elementary_charge, epsilon_0
from scipy.integrate import quad

from pyscl import Carrier, Material, Mesh, Model, PotentialContact, ReservoirContact, Solution
from pyscl.analytic import LatticeGasLayer
from pyscl.instruments import (
    core_level_shift,
    differential_phase_contrast,
    electron_holography,
    kelvin_probe,
    lithium_profile,
)
from pyscl.materials import load
from pyscl.mesh import graded, strip

NM = 1e-9
DROP, REACH = 1.3, 10 * NM  # of the layer, as observed [V], [m]
PERMITTIVITY, FILLED = 15.0, 0.5
RESOLUTION = 1 * NM  # of holography and EELS
THICKNESS = 60 * NM  # of the specimens [m]
ESCAPE = 2 * NM  # of the photoelectrons [m]
METAL, LENGTH = 5 * NM, 60 * NM  # of the strip [m]
# Charge that makes a parabola of this height and width, and the sites that hold it beside half.
CHARGED = 2.0 * PERMITTIVITY * epsilon_0 * DROP / (elementary_charge * REACH**2)  # [1/m3]
LAYER = LatticeGasLayer(PERMITTIVITY, CHARGED / (1.0 - FILLED), FILLED)


def main(pixel: float = 0.25 * NM, plot: bool = False) -> float:
    """Print what the instruments see; return the core-level shift over the exact one.

    Args:
        pixel: of the maps [m].
        plot: draw maps, profiles and core levels.
    """
    # 1. Cu | LASGTP: zero is the Fermi level of copper.
    copper = at_copper()
    seen = electron_holography(copper, THICKNESS, resolution=RESOLUTION, reference="copper")
    distance, potential = seen.x - METAL, seen.potential[0]
    print(f"Cu | LASGTP with {CHARGED:.3g} mobile Li per m3, Debye length "
          f"{LAYER.debye_length / NM:.2f} nm")  # fmt: skip
    print(f"holography at {RESOLUTION / NM:g} nm: drop {np.ptp(potential):.3f} V of {DROP} V, "
          f"{np.ptp(seen.phase):.3f} rad at 300 kV")  # fmt: skip
    for share in (0.9, 0.99):
        reach = np.interp(share * DROP, potential, distance) / NM
        print(f"   {share:.0%} of it within {reach:.1f} nm (observed: 10 nm)")
    shifts = {}
    for depth in (1 * NM, ESCAPE, 3 * NM, 17 * NM):
        levels = core_level_shift(copper, "left", attenuation_length=depth)
        own = levels.regions.index("electrolyte")  # the copper above it only weakens it
        shifts[depth] = levels.shift[own]
        print(f"core levels, escape depth {depth / NM:4.0f} nm: {levels.shift[own]:+.3f} eV, "
              f"line wider by {levels.broadening[own]:.2f} eV")  # fmt: skip
    lithium = lithium_profile(copper, resolution=RESOLUTION, ends="continued")
    bulk = lithium.concentration[-1]
    print(f"EELS: lithium up to {lithium.concentration.max() / bulk:.2f} times the bulk")

    # 2. A particle with islands.
    particle = with_islands()
    window = (-36 * NM, 36 * NM, -36 * NM, 36 * NM)
    sharp = {"resolution": RESOLUTION, "pixel": pixel}
    phase = electron_holography(particle, THICKNESS, window=window, **sharp)
    charge = differential_phase_contrast(
        particle, window=window, resolution=2 * RESOLUTION, pixel=pixel
    )
    every = differential_phase_contrast(particle, **sharp).charge_of
    line = (0.0, 0.0), (50 * NM, 0.0)
    probe = {width: kelvin_probe(particle, *line, resolution=width) for width in (5 * NM, 30 * NM)}
    lost = every["electrolyte"] / particle.charge("electrolyte") - 1.0
    print(f"particle: phase spans {np.ptp(phase.phase):.2f} rad; the blur loses {lost:.0e} of the "
          "charge")  # fmt: skip
    for width, one in probe.items():
        print(f"Kelvin probe, {width / NM:2.0f} nm: {np.ptp(one.difference) * 1e3:.0f} mV of "
              f"{np.ptp(one.potential) * 1e3:.0f} mV")  # fmt: skip

    if plot:
        _draw(particle, phase, charge, copper, seen, lithium, "703_virtual_instruments.png")

    # 3. The exact shift: the closed profile with the weight of the escape depth.
    exact = exact_shift(ESCAPE)
    print(f"shift with {ESCAPE / NM:g} nm: {shifts[ESCAPE]:.5f} eV, exact {exact:.5f} eV, error "
          f"{shifts[ESCAPE] / exact - 1:+.1e} (observed: levels 0.4 eV lower)")  # fmt: skip
    return shifts[ESCAPE] / exact


def at_copper() -> Solution:
    """Return LASGTP on copper at 0 V, its neutral bulk at the observed drop."""
    layer = graded(LENGTH, first=0.02 * NM, growth=1.03, max_step=0.5 * NM)
    x = np.concatenate([np.linspace(0.0, METAL, 26)[:-1], METAL + layer])
    lithium = Carrier(name="Li", charge=1, site_density=LAYER.site_density, site_fraction=FILLED)
    bulk = ReservoirContact(
        carrier="Li", electrochemical_potential=f"{DROP} eV", potential="neutral"
    )
    model = Model(
        strip(x, width=NM, regions=[("copper", METAL), ("electrolyte", METAL + LENGTH)]),
        {
            "copper": Material(relative_permittivity=1e9),  # as a metal, no field in it
            "electrolyte": Material(relative_permittivity=PERMITTIVITY, carriers=(lithium,)),
        },
        contacts={"left": PotentialContact(potential=0.0), "right": bulk},
    )
    return model.equilibrium()


def exact_shift(depth: float) -> float:
    """Return the mean of -phi with the weight exp(-x/depth) from the closed profile [eV]."""

    def weighted(u: float) -> float:
        return float(LAYER.potential(np.array([u * depth]), -DROP)[0]) * np.exp(-u)

    return -(DROP + quad(weighted, 0.0, 25.0, epsabs=1e-9)[0])


def with_islands() -> Solution:
    """Return the equilibrium of 201 with BaTiO3."""
    mesh = Mesh.read(Path(__file__).parents[1] / "meshes" / "coated_particle.msh", unit="nm")
    active = {"site_density": "0.020 1/nm^3", "standard_potential": "-0.3 eV"}
    reservoir = ReservoirContact(carrier="Li")
    model = Model(
        mesh,
        {
            "electrolyte": load("Li6PS5Cl").with_(**{"carriers.Li.site_density": "0.043 1/nm^3"}),
            "active": load("LiCoO2").with_(**{f"carriers.Li.{k}": v for k, v in active.items()}),
            "inclusion": load("BaTiO3"),
        },
        contacts={"left": reservoir, "right": reservoir},
    )
    return model.equilibrium()


def _draw(particle, phase, charge, copper, seen, lithium, path) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, save
    from pyscl.plot.instruments import charge_map, phase_map

    with rc_context(STYLE):
        figure = Figure((7.2, 5.4), layout="constrained")
        upper, lower = figure.subfigures(2, 1, height_ratios=(1.35, 1.0))
        left, right = upper.subplots(1, 2)
        phase_map(phase, particle, ax=left, title="(a) holography, 1 nm")
        charge_map(charge, particle, ax=right, title="(b) DPC, 2 nm")
        right.set_ylabel("")  # as in (a)
        axes = lower.subplots(1, 3)
        x, profile = (seen.x - METAL) / NM, seen.potential[0]
        true = copper.cut((0.0, NM / 2), (30 * NM, NM / 2), 600)
        axes[0].plot(
            (true.distance - METAL) / NM,
            true.fields["potential"],
            "k--",
            linewidth=0.9,
            label="as it is",
        )
        axes[0].plot(x, profile, label="as seen")
        axes[0].axvline(10.0, color="0.5", linewidth=0.5, linestyle=":")
        axes[0].axhline(DROP, color="0.5", linewidth=0.5, linestyle=":")
        axes[0].annotate("1.3 V, 10 nm\n(observed)", (10.0, DROP), (11.0, 0.75), va="top")
        axes[0].set(xlabel="Distance from Cu (nm)", ylabel="Potential (V)", xlim=(-5, 25))
        axes[0].legend(loc="lower right")
        axes[0].set_title("(c) holography, 1 nm", loc="left")
        at, bulk = (lithium.position - METAL) / NM, lithium.concentration[-1]
        axes[1].plot(at, lithium.true_concentration / bulk, "k--", linewidth=0.9, label="as it is")
        axes[1].plot(at, lithium.concentration / bulk, label="as seen")
        axes[1].set(xlabel="Distance from Cu (nm)", ylabel="Li over the bulk", xlim=(-5, 25))
        axes[1].legend(loc="lower right")
        axes[1].set_title("(d) EELS, 1 nm", loc="left")
        for depth in (1 * NM, 2 * NM, 3 * NM, 17 * NM):
            levels = core_level_shift(copper, "left", attenuation_length=depth)
            own = levels.regions.index("electrolyte")
            line = levels.spectrum[own] / levels.share[own]
            (curve,) = axes[2].plot(levels.energy, line, label=f"{depth / NM:g} nm")
            mean = levels.binding_energy_shift[own]
            axes[2].plot(mean, 0.03, "^", color=curve.get_color(), markersize=4, clip_on=False)
        axes[2].axvline(0.4, color="0.5", linewidth=0.5, linestyle=":")
        axes[2].annotate("observed mean", (0.4, 1.82), (0.5, 1.82), va="center", ha="right")
        axes[2].legend(title="escape depth", title_fontsize=7, loc="center left", borderaxespad=0.1)
        axes[2].set(xlabel="Binding energy shift (eV)", ylabel="Intensity (1/eV)")
        axes[2].set_xlim(3.3, -0.7)
        axes[2].set_ylim(0.0, 1.95)
        axes[2].set_title("(e) (HA)XPS", loc="left")
        save(figure, path)


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - DROP = -1.3 (and CHARGED with its size): depletion. What changes in the core levels?
#   - core_level_shift(..., emission_angle=60): half the depth from the same sample.
#   - RESOLUTION = 5e-9: from when on does the drop look smaller than it is?
