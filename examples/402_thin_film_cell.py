r"""What the resistance of a thin-film cell is made of, at three states of charge.

Equation: the small-signal response (J + i w C) x = -dR/dV of Li+ and electrons with Poisson's
equation and Butler-Volmer kinetics. Parts of it in closed form, in series:

    Li metal         R_ct = kT/(e i0)          beside the capacitance eps/lambda of its layer
    electrolyte      R_el = L/sigma            beside eps/L
    space charge     R_SCL = int (1/sigma - 1/sigma_bulk) dx
    interface        R_ct = kT/(e i0'), i0' = i0 sqrt(y(1-y) y_a(1-y_a)) / (the same in the bulks)
    LiCoO2           Z_dif = Warburg element of finite depth, R_dif = Re Z_dif at low frequency,

y, y_a site fractions of Li+ at the interface in the electrolyte and in LiCoO2, i0 exchange current
densities [A/m2]; R_p = R_el + R_SCL + R_ct + R_dif, all per area [Ohm m2].

Geometry: lithium metal | 1 um of LiPON | 0.5 um of LiCoO2 | current collector.

What to see: the resistance of the interface is not monotone in the state of charge. It is least
near x = 0.66, where the space charge layer changes its sign, and three to four times as large when
the cell is discharged or charged. Hardly any of that is the resistance of the layer itself, R_SCL
below 0.3 Ohm cm2: the layer fills or empties the sites of the electrolyte from which and into which
Li+ reacts, and that makes R_ct large. R_dif follows the slope of U(x), up and down, and R_p is not
monotone either. With these exchange currents both interfaces have nearly the same time constant, so
that the spectrum shows one arc for the two of them. At x = 0.66 the constants differ by a percent:
no fit of measured data would divide the arc, while the fields do.

Assumptions: above all both exchange currents and the law i0 ~ sqrt(y(1-y)) on both sides, without
which R_ct would not see the layer; the density of mobile ions in LiPON, an effective one (Debye
length 0.9 nm); the levels of Li+ at which there is no layer (see 303_half_cell.yaml), which decide
where the minimum lies and whether the cell ever gets there; no film and no layer on lithium; LiCoO2
without grains. From sources (see the cards): conductivity of LiPON, permittivities, U(x), the
diffusivity in LiCoO2, which scatters over four decades, and R_dif with it. For the interface of
thin-film batteries 8.6 Ohm cm2 have been reported (Haruta et al. 2015, abstract); the exchange
currents here are no fit to that.

Reference: the closed forms above, `pyscl.analytic.randles_impedance`, `mixed_conductor_impedance`
and `LatticeGasLayer.excess_resistance`.
"""

import sys
from collections.abc import Iterable

import numpy as np
from scipy.constants import elementary_charge, epsilon_0

from pyscl import ButlerVolmer, Interface, Material, Model, ReservoirContact, Solution, Spectrum
from pyscl.analytic import (
    LatticeGasLayer,
    charge_transfer_resistance,
    mixed_conductor_impedance,
    randles_impedance,
    series_impedance,
)
from pyscl.carriers import bulk_conductivity
from pyscl.materials import load
from pyscl.mesh import graded, strip

TEMPERATURE = 298.15  # [K]
ELECTROLYTE, ACTIVE = 1e-6, 0.5e-6  # thicknesses [m]
MOBILE_SITES = 4.3e25  # of LiPON [1/m3]
METAL, REACTION = 10.0, 10.0  # exchange currents: lithium metal; LiCoO2 at x = 1/2 [A/m2]
STATES = (0.95, 0.66, 0.52)  # x in LixCoO2
SURFACE = "active|electrolyte"
RANGE = ("1 mHz", "10 MHz")  # below, storage in LiCoO2 would count as capacitance of the interface


def main(states: tuple[float, ...] = STATES, points: int = 44, plot: bool = False) -> float:
    """Print the resistances; return the largest deviation of Z or a part from the closed form.

    Args:
        states: x in LixCoO2.
        points: number of states between them that are looked at for extremes.
        plot: draw spectra and resistances.
    """
    # 1. What the spectrum says, from the fields, and the closed forms below.
    print("Ohm cm2 and uF/cm2; second lines: closed forms")
    print(
        f"{'x':>5} {'U [V]':>6} {'drop [mV]':>9} {'R_el':>7} {'R_SCL':>7} {'R_ct':>8} {'R_dif':>7} "
        f"{'C':>6} {'R_ct(Li)':>8} {'R_p':>8} {'Z':>8}"
    )
    deviations, apart, spectra = [], [], {}
    for x in states:
        state = thin_film(x).equilibrium()
        spectrum = spectra[x] = state.impedance(RANGE, contact="left")
        found, (exact, z) = parts(spectrum), closed_form(state, spectrum.frequencies)
        total = [abs(found[name] - value) for name, value in exact.items() if name != "C"]
        deviations.append(float(np.abs(z / spectrum.area_specific - 1.0).max()))
        apart.append(max(total) / exact["R_p"])
        active = state.model.materials["active"]
        print(
            f"{x:5.2f} {active.open_circuit_voltage():6.3f} {drop(state) * 1e3:9.1f} "
            f"{row(found)}\n{'':22} {row(exact)} {deviations[-1]:8.1e}"
        )

    # 2. Which of them are monotone?
    xs = np.linspace(max(states), min(states), points)
    sweep = [parts(thin_film(x).equilibrium().impedance(RANGE, contact="left")) for x in xs]
    for part in sweep:
        part["interface"] = part["R_SCL"] + part["R_ct"]
    for name in ("interface", "R_dif", "R_p"):
        values = np.array([part[name] for part in sweep])
        steps, lowest = np.sign(np.diff(values)), int(values.argmin())
        print(
            f"{name:9} {'monotone' if len(set(steps)) == 1 else 'not monotone'} from x = "
            f"{xs[0]:.2f} to {xs[-1]:.2f}: {values[0] * 1e4:.1f}, least {values[lowest] * 1e4:.1f} "
            f"at x = {xs[lowest]:.2f}, {values[-1] * 1e4:.1f} Ohm cm2"
        )
    no_layer = flat_band(load("LiCoO2-mixed"))
    print(f"no space charge layer at x = {no_layer:.3f}")

    if plot:
        _draw(spectra, xs, sweep, no_layer)

    print(f"largest deviation of a part from its closed form, over R_p: {max(apart):.1e}")
    print(f"largest deviation of a spectrum from the closed form: {max(deviations):.1e}")
    return max(*deviations, *apart)


def thin_film(x: float) -> Model:
    """Return the cell with x Li in LiCoO2."""
    lipon = load("LiPON").with_(**{"carriers.Li.site_density": MOBILE_SITES})
    active = load("LiCoO2-mixed").with_lithium(x)

    # The steps resolve the layers: 0.9 nm in LiPON, 0.1 nm in LiCoO2.
    left = graded(ELECTROLYTE, first=0.02e-9, growth=1.1, max_step=20e-9, fine="both")
    right = graded(ACTIVE, first=0.01e-9, growth=1.1, max_step=10e-9)
    mesh = strip(
        np.concatenate([left, ELECTROLYTE + right[1:]]),
        width=1e-9,
        regions=[("electrolyte", ELECTROLYTE), ("active", ELECTROLYTE + ACTIVE)],
    )

    # i0 of the bulks: of the interface without a layer.
    reaction = ButlerVolmer(
        exchange_current=REACTION * 2.0 * np.sqrt(x * (1.0 - x)), occupancy=True
    )
    return Model(
        mesh,
        {"electrolyte": lipon, "active": active},
        contacts={
            "left": ReservoirContact(
                carrier="Li",
                electrochemical_potential=0.0,  # lithium metal
                potential="neutral",
                kinetics=ButlerVolmer(exchange_current=METAL),
            ),
            "right": ReservoirContact(carrier="e", electrochemical_potential="open-circuit"),
        },
        interfaces={SURFACE: Interface(kinetics={"Li": reaction})},
        temperature=TEMPERATURE,
    )


def parts(spectrum: Spectrum) -> dict[str, float]:
    """Return resistances [Ohm m2] and the capacitance of the interface [F/m2] from the fields."""
    split, area = spectrum.resistances, spectrum.area
    at = {place.name: place for place in spectrum.places}
    metal = spectrum.contribution("transfer", "left").values[0].real * area
    assert at[SURFACE].capacitance is not None
    return {
        "R_el": split.bulk,
        "R_SCL": split.layers,
        "R_ct": spectrum.contribution("transfer", SURFACE).values[0].real * area,
        "R_dif": split.diffusion,
        "C": at[SURFACE].capacitance,
        "R_ct(Li)": metal,
        "R_p": split.total,
    }


def closed_form(state: Solution, frequencies: np.ndarray) -> tuple[dict[str, float], np.ndarray]:
    """Return the parts by the closed forms, and the impedance of them in series [Ohm m2].

    The drop in the electrolyte and the site fractions at the interface are those of the state.
    """
    model = state.model
    lipon, active = model.materials["electrolyte"], model.materials["active"]
    sigma = bulk_conductivity(lipon.carriers[0], TEMPERATURE)
    layer = LatticeGasLayer(lipon.relative_permittivity, MOBILE_SITES, 0.5, temperature=TEMPERATURE)

    # Kinetics with the sites that are there.
    rate = 1.0
    for side in state.interface(SURFACE).sides:
        here = 0.5 * (side.least["Li"] + side.most["Li"])
        bulk = model.materials[side.region].carrier("Li").site_fraction
        rate *= np.sqrt(here * (1.0 - here) / (bulk * (1.0 - bulk)))
    law = model.interfaces[SURFACE].kinetics["Li"]
    transfer = float(
        charge_transfer_resistance(rate * law.exchange_current, temperature=TEMPERATURE)
    )
    metal = float(charge_transfer_resistance(METAL, temperature=TEMPERATURE))

    # Both sides of the double layer in series.
    lithium, electrons = active.carriers
    step = 1e-6
    ends = active.open_circuit_voltage(lithium.site_fraction + np.array([-step, step]))
    slope = float(np.diff(ends)[0] / (2.0 * step))
    density = elementary_charge * lithium.site_density
    permittivity = epsilon_0 * active.relative_permittivity
    inner = np.sqrt(4.0 * density * permittivity / -slope)  # eps/lambda of LiCoO2
    outer = float(layer.capacitance(drop(state)))
    capacitance = 1.0 / (1.0 / inner + 1.0 / outer)

    # Diffusion of neutral lithium.
    rails = [bulk_conductivity(carrier, TEMPERATURE) for carrier in (lithium, electrons)]
    diffusion = mixed_conductor_impedance(frequencies, ACTIVE, *rails, slope, lithium.site_density)
    excess = float(layer.excess_resistance(drop(state), sigma))
    z = (
        series_impedance(frequencies, [ELECTROLYTE], [sigma], [lipon.relative_permittivity])
        + randles_impedance(frequencies, 0.0, metal, float(layer.capacitance(0.0)))
        + randles_impedance(frequencies, 0.0, transfer + excess, capacitance, diffusion)
    )
    bulk = ELECTROLYTE / sigma + ACTIVE / sum(rails)
    return {
        "R_el": bulk,
        "R_SCL": excess,
        "R_ct": transfer,
        "R_dif": diffusion[0].real - ACTIVE / sum(rails),
        "C": capacitance,
        "R_ct(Li)": metal,
        "R_p": z[0].real,
    }, z


def drop(state: Solution) -> float:
    """Return the potential of the interface against the bulk of the electrolyte [V]."""
    return state.interface(SURFACE).potential  # the bulk is at 0 V, as lithium metal is


def flat_band(active: Material) -> float:
    """Return the x at which Li+ is level with the half-filled sites of the electrolyte."""
    law = active.open_circuit
    return float(law.site_fraction_at(law.reference))


def row(part: dict[str, float]) -> str:
    """Return a line of the table."""
    ohm = {name: f"{value * (100.0 if name == 'C' else 1e4):.3f}" for name, value in part.items()}
    widths = (7, 7, 8, 7, 6, 8, 8)
    return " ".join(f"{text:>{w}}" for text, w in zip(ohm.values(), widths, strict=True))


def _draw(
    spectra: dict[float, Spectrum], xs: np.ndarray, sweep: Iterable[dict], no_layer: float
) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, contribution_plot, nyquist_plot, save

    named = {f"x = {x}": spectrum for x, spectrum in spectra.items()}
    save(nyquist_plot(named, frequencies=(0.1, 1e8)), "402_thin_film_cell_nyquist.png")
    last = list(spectra.values())[-1]
    save(contribution_plot(last), "402_thin_film_cell_parts.png")
    with rc_context(STYLE):
        figure = Figure((3.4, 2.6), layout="constrained")
        axes = figure.add_subplot()
        names = {
            "R_p": "all, $R_p$",
            "R_ct": "interface, $R_{ct}$",
            "R_el": "LiPON, $R_{el}$",
            "R_ct(Li)": "lithium, $R_{ct}$",
            "R_dif": "LiCoO$_2$, $R_{dif}$",
            "R_SCL": "layer, $R_{SCL}$",
        }
        for name, label in names.items():
            axes.semilogy(xs, [part[name] * 1e4 for part in sweep], label=label)
        axes.axvline(no_layer, color="0.6", linewidth=0.8, linestyle="--", label="no layer")
        axes.set(xlabel="x in Li$_x$CoO$_2$", ylabel="Resistance (Ω cm²)", ylim=(0.01, None))
        axes.invert_xaxis()
        figure.legend(loc="outside right upper")
        save(figure, "402_thin_film_cell.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - occupancy=False: the reaction does not feel the layer. What is left of the minimum?
#   - METAL = 100.0: the arcs come apart. Does pyscl.eis.fit_circuit find both now?
#   - with_(**{"carriers.Li.standard_potential": 0.05}) on LiPON moves the minimum out of the range.
