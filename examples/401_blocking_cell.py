r"""Impedance of an electrolyte between blocking electrodes: exact, and what a circuit fit finds.

Equation: the small-signal response of one carrier, (J + i w C) x = -dR/dV; without bias exactly

    Z = L/(sigma s) [1 + tanh(y)/(i w tau y)],  s = 1 + i w tau,  y = (L/2 lambda) sqrt(s),

tau = eps/sigma, L thickness [m], sigma conductivity [S/m], eps permittivity [F/m], lambda Debye
length [m], w = 2 pi f [rad/s]; Z per area [Ohm m^2]. The carrier's statistics and mobility do not
matter.

Geometry: 1 um of electrolyte between two electrodes, 195 Debye lengths; then the same electrolyte
between two lithium reservoirs.

What to see: one arc and a capacitive line. The circuit R_bulk || C_geo, then C_SCL, fits to a few
parts in ten thousand, no measurement would object, but
  - its R_bulk is 1.6 % below L/sigma: the layers take away 3 lambda of the thickness;
  - its C_SCL is that of both layers in series. Under 0.5 V the depleted layer on the left has an
    eighth of the capacitance of the other one; only the fields tell them apart;
  - it has no R_SCL. The depleted layer would resist a direct current 3600 times as much as the
    bulk, but no direct current passes: ions move up to its edge, displacement current goes on.
    A circuit with a second arc fits ten times better. That arc, 0.07 Ohm cm^2 with a standard error
    of 6 %, is no part of the cell: the error says that the number is certain, not that it means
    anything. Nor does the circuit know which arc is the bulk; here it is the slower one.
Where lithium passes the electrodes the same kind of layer is a second arc; the fit gives R_SCL and
C_SCL to a percent. It gives a series resistance, too, of 3.6 standard errors, though there is none:
the residual is systematic, so that the standard errors are too small, and the fit says so. Whether
a spectrum shows the resistance of a layer is decided by the electrodes, not by the fit.

Assumptions: every value of ELECTROLYTE (LiPON-like), T = 300 K, ideal electrodes.

Reference: `pyscl.analytic.blocking_slab_impedance` (Macdonald, J. Chem. Phys. 58, 4982 (1973)) and,
for the layers, `pyscl.analytic.LatticeGasLayer`.
"""

import sys
from types import SimpleNamespace

import numpy as np

from pyscl import (
    Carrier,
    Conserved,
    Material,
    Model,
    PotentialContact,
    ReservoirContact,
    Solution,
    Spectrum,
)
from pyscl.analytic import LatticeGasLayer, blocking_slab_impedance, two_sided_contact
from pyscl.eis import fit_circuit, kramers_kronig, relaxation_times
from pyscl.mesh import graded, strip

TEMPERATURE = 300.0  # [K]
ELECTROLYTE = LatticeGasLayer(16.6, 1e25, 0.1, temperature=TEMPERATURE)
CONDUCTIVITY, THICKNESS = 2.3e-4, 1e-6  # [S/m], [m]
BIAS, BUILT_IN = 0.5, 0.2  # of the blocking cell; of the left electrode that lithium passes [V]
WIDTH = 1e-9  # of the strip [m]


def main(steps: int = 40, plot: bool = False) -> float:
    """Print spectrum and fits; return the largest relative deviation from the exact impedance.

    Args:
        steps: mesh steps per Debye length at the electrodes.
        plot: draw spectra and relaxation times.
    """
    # 1. The spectrum without bias; the frequencies are chosen until it is resolved.
    spectrum = blocking_cell(steps).equilibrium().impedance(contact="left")
    f, z = spectrum.frequencies, spectrum.area_specific
    exact = blocking_slab_impedance(
        f,
        THICKNESS,
        CONDUCTIVITY,
        ELECTROLYTE.relative_permittivity,
        ELECTROLYTE.debye_length,
    )
    print(f"{'f [Hz]':>9} {'Z [Ohm cm^2]':>21} {'exact':>23} {'error':>8}")
    for k in range(0, len(f), 3):
        print(
            f"{f[k]:9.2e} {z[k] * 1e4:21.4f} {exact[k] * 1e4:23.4f} {abs(z[k] / exact[k] - 1):8.1e}"
        )
    bulk = THICKNESS / CONDUCTIVITY
    print(f"Re Z at low frequency is {z[0].real / bulk:.5f} of L/sigma\n")

    # 2. Is it a spectrum at all, and which relaxations does it have?
    test = kramers_kronig(spectrum)
    print(
        f"Kramers-Kronig test of the {test.variant}: largest residual {test.largest:.0e}, "
        f"{'passed' if test.passes(1e-3) else 'FAILED'}"
    )
    times = relaxation_times(per_cm2(spectrum))
    print(f"relaxation times: {times}\n")

    # 3. Circuits: one with meaning, one that only fits.
    for circuit in ("blocking cell", "blocking cell with layer resistance"):
        print(f"'{circuit}': {fit_circuit(per_cm2(spectrum), circuit)}\n")

    # 4. The same cell under a bias, and with the same kind of layer where lithium passes.
    biased = report_biased(blocking_cell(steps).steady({"left": BIAS}))
    passing = report_passing(passing_cell(steps).equilibrium())

    if plot:
        _draw(spectrum, exact, biased, passing)

    worst = float(np.abs(z / exact - 1.0).max())
    print(f"largest deviation from the exact impedance: {worst:.1e}")
    return worst


def blocking_cell(steps: int) -> Model:
    """Return the electrolyte between two electrodes that no ion crosses."""
    sides = {side: PotentialContact(potential=0.0) for side in ("left", "right")}
    return _cell(steps, sides, conserved=[Conserved(carrier="Li", regions=("electrolyte",))])


def passing_cell(steps: int) -> Model:
    """Return the electrolyte between two lithium reservoirs, the left one with a layer."""
    left = ReservoirContact(carrier="Li", potential=BUILT_IN)
    return _cell(
        steps, {"left": left, "right": ReservoirContact(carrier="Li", potential="neutral")}
    )


def _cell(steps: int, contacts: dict, **laws: list) -> Model:
    length = ELECTROLYTE.debye_length
    half = graded(0.5 * THICKNESS, length / steps, growth=1.05, max_step=2.0 * length)
    x = np.concatenate([half, 2.0 * half[-1] - half[-2::-1]])
    lithium = Carrier(
        name="Li",
        charge=1,
        site_density=ELECTROLYTE.site_density,
        site_fraction=ELECTROLYTE.site_fraction,
        conductivity=CONDUCTIVITY,
    )
    material = Material(
        relative_permittivity=ELECTROLYTE.relative_permittivity, carriers=(lithium,)
    )
    return Model(
        strip(x, width=WIDTH),
        {"electrolyte": material},
        contacts=contacts,
        temperature=TEMPERATURE,
        **laws,
    )


def per_cm2(spectrum: Spectrum) -> SimpleNamespace:
    """Return a spectrum in the units of the laboratory."""
    return SimpleNamespace(
        frequencies=spectrum.frequencies,
        impedance=spectrum.area_specific * 1e4,
        unit="Ohm cm^2",
    )


def report_biased(state: Solution) -> Spectrum:
    """Print what the fit of a biased blocking cell finds, and what its layers are."""
    spectrum = state.impedance(contact="left")
    fit = fit_circuit(per_cm2(spectrum), "blocking cell")
    layers = two_sided_contact(ELECTROLYTE, ELECTROLYTE, BIAS)
    print(f"under {BIAS} V: C_SCL of the fit {fit.value('C_SCL') * 1e6:.4f} uF/cm^2,")
    print(f"{'':12}exact, both layers {layers.capacitance * 100:.4f} uF/cm^2")
    places = {place.name: place for place in spectrum.places}
    for side, drop in (("left", layers.right_potential), ("right", layers.left_potential)):
        dc = state.layer_resistance(side).resistance("Li") * 1e4
        found, exact = places[side].capacitance, float(ELECTROLYTE.capacitance(drop))
        print(
            f"  {side:5} {drop * 1e3:+6.1f} mV: C of the fields {found * 100:.4f}, exact "
            f"{exact * 100:.4f} uF/cm^2; would add {dc:.3g} Ohm cm^2 to dc"
        )
    print(
        f"R_bulk of the fit {fit.value('R_bulk'):.3f} Ohm cm^2 against L/sigma = "
        f"{THICKNESS / CONDUCTIVITY * 1e4:.3f}: no trace of the depleted layer\n"
    )
    return spectrum


def report_passing(state: Solution) -> Spectrum:
    """Print what a fit finds where lithium passes the electrodes."""
    spectrum = state.impedance(contact="left")
    fit = fit_circuit(per_cm2(spectrum), "R-RC-RC")
    print(f"lithium passes, {BUILT_IN} V at the left electrode: {fit}")
    place = next(place for place in spectrum.places if place.name == "left")
    resistance = float(ELECTROLYTE.excess_resistance(BUILT_IN, CONDUCTIVITY))
    print(
        f"R_SCL: fit {fit.value('R_2'):.2f}, fields {place.resistance * 1e4:.2f}, exact "
        f"{resistance * 1e4:.2f} Ohm cm^2\nC_SCL: fit {fit.value('C_2') * 1e6:.4f}, fields "
        f"{place.capacitance * 100:.4f}, exact "
        f"{float(ELECTROLYTE.capacitance(BUILT_IN)) * 100:.4f} uF/cm^2"
    )
    return spectrum


def _draw(spectrum: Spectrum, exact: np.ndarray, biased: Spectrum, passing: Spectrum) -> None:
    from pyscl.plot import contribution_plot, nyquist_plot, relaxation_time_plot, save

    cells = {
        "blocking": spectrum,
        "exact": (spectrum.frequencies, exact),
        f"{BIAS} V": biased,
        "lithium passes": passing,
    }
    biased_style = {f"{BIAS} V": "dashed"}  # it lies on that without bias
    save(nyquist_plot(cells, unit="Ohm m^2", style=biased_style), "401_blocking_cell.png")
    times = {
        "blocking": relaxation_times(per_cm2(spectrum)),
        "lithium passes": relaxation_times(per_cm2(passing)),
    }
    save(relaxation_time_plot(times), "401_blocking_cell_times.png")
    save(contribution_plot(passing), "401_blocking_cell_parts.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - thickness 20e-9, four Debye lengths: how far is Re Z from L/sigma now?
#   - BUILT_IN = 0.1: the arc of the layer hides in that of the bulk. What is left of the fit?
#   - one per cent of noise on Z: which numbers of the fits survive?
