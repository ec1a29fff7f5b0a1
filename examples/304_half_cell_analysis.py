r"""At which state of charge does the space charge layer of a cathode vanish? Analysis of run 303.

Equation: Li+ is in equilibrium across the interface, so that with the bulks neutral

    mu0_a - share e (U(x) - U_ref) + e phi_a  =  mu0_e + kT ln(y_e/(1-y_e)) + e phi_e,

U(x) open-circuit curve [V] at the occupied fraction x of LiCoO2, share the part of it that is the
level of Li+, U_ref the voltage at which that level is mu0_a [eV]; mu0_e, y_e standard potential and
site fraction of Li+ in the electrolyte, phi potentials of the bulks [V]. The layer is gone (flat
bands) where phi_a = phi_e,

    U(x) = U_ref + (mu0_a - mu0_e - kT ln(y_e/(1-y_e))) / (share e).

Geometry: that of examples/303_half_cell.yaml, which this script loads: lithium metal | 100 nm of
Li6PS5Cl | 100 nm of LiCoO2.

What to see: discharged, the electrolyte is enriched in lithium next to LiCoO2, charged it is
depleted, from 86 % to 3 % of its sites. The drop is share (U(x) - U_ref), nearly all of it in the
electrolyte, because LiCoO2 screens like a metal. Charge and discharge agree: the layer is in
equilibrium all the time. Even where it is most depleted it adds less than 1e-3 Ohm cm2 (see
103_depleted_layer_resistance.py for when that changes).

Assumptions: those of the run file; above all share and U_ref, which set where the sign changes.

Reference: the condition above, and for the split of the drop `pyscl.analytic.LatticeGasLayer`. That
lithium is lost from the electrolyte as the voltage rises is what de Klerk and Wagemaker, ACS Appl.
Energy Mater. 1 (2018) 5609 calculate for LiCoO2 | LLZO; that the sign of the drop changes with the
state of charge is what Swift and Qi, arXiv 1902.11158 (2019) find for LiCoO2 | LiPON (abstracts).
"""

import sys
from pathlib import Path

import numpy as np
from scipy.special import logit

from pyscl import Material, Mesh, OpenCircuit, Trajectory, TransientOptions
from pyscl.analytic import LatticeGasLayer, thermal_voltage
from pyscl.input import TransientStudy, load_input
from pyscl.runner import build_model

RUN_FILE = Path(__file__).with_name("303_half_cell.yaml")
DROP = "potential_drop_active|electrolyte"  # bulk of the electrolyte against that of LiCoO2
CHARGE, DISCHARGE = 1, 3  # steps of the protocol


def main(overrides: tuple[str, ...] = (), plot: bool = False) -> float:
    """Print the layer along charge and discharge; return x at flat bands on charge.

    Args:
        overrides: "key=value" changes to the run file, as for `pyscl run --set`.
        plot: draw voltage, drops and profiles.
    """
    # 1. The run file, carried out here.
    run = load_input(RUN_FILE, overrides=overrides)
    mesh = Mesh.read(run.mesh.file, unit=run.mesh.unit).renumbered()
    study = run.studies[0]
    assert isinstance(study, TransientStudy)
    trajectory = build_model(run, mesh, run.materials()).transient(
        study.protocol,
        contact=study.contact,
        options=TransientOptions(
            tolerance=study.tolerance, max_step=study.max_step, capacity=study.capacity
        ),
    )
    for stop in trajectory.stops:
        print(f"{stop.text:30} {stop.reason:26} t = {stop.time / 3600.0:6.3f} h")

    # 2. The layer in steps of x.
    active, electrolyte = (run.regions[name] for name in ("active", "electrolyte"))
    levels = open_circuit(active)
    layer = LatticeGasLayer(
        electrolyte.relative_permittivity,
        electrolyte.carriers[0].site_density,
        electrolyte.carriers[0].site_fraction,
    )
    print(f"{'x':>6} {'U(x) [V]':>9} {'cell [V]':>9} | bulk against bulk [mV] | electrolyte:")
    print(f"{'':26} | {'charge':>10} {'discharge':>11} | drop [mV], Li at the interface")
    there, back = branch(trajectory, CHARGE), branch(trajectory, DISCHARGE)
    for x in (0.95, 0.9, 0.8, 0.7, 0.65, 0.6, 0.55, 0.53):
        voltage, drop, part, least, most = (
            np.interp(x, *there[name])
            for name in (
                "voltage",
                DROP,
                f"{DROP}_electrolyte",
                "least_Li_active|electrolyte_electrolyte",
                "most_Li_active|electrolyte_electrolyte",
            )
        )
        returned = np.interp(x, *back[DROP])
        print(
            f"{x:6.2f} {levels.voltage_at(x):9.4f} {voltage:9.4f} | {drop * 1e3:10.2f} "
            f"{returned * 1e3:11.2f} | {part * 1e3:9.2f} {0.5 * (least + most):8.4f}"
        )

    # 3. What the depleted layer costs: exact integral over the layer, for vacancies that move.
    worst = trajectory[f"{DROP}_electrolyte"].max()
    cost = layer.excess_resistance(worst, electrolyte.carriers[0].conductivity) * 1e4
    print(f"most depleted: {worst * 1e3:.1f} mV in the electrolyte, adds {cost:.1e} Ohm cm2")

    for stop in (CHARGE, DISCHARGE):
        state = trajectory.solutions[stop - 1]
        field = state["electric_field"].values[mesh.regions_of("electrolyte"), 0]
        strongest = field[np.abs(field).argmax()]
        print(
            f"field in the electrolyte at {stops_at(trajectory, stop)}: {strongest / 1e6:+.1f} MV/m"
        )

    # 4. Flat bands, computed and from the standard potentials.
    predicted = flat_band(active, electrolyte, run.temperature)
    found = [np.interp(0.0, *_sorted(drop, x)) for x, drop in (there[DROP], back[DROP])]
    print(f"flat bands on discharge at x = {found[1]:.5f}")

    if plot:
        _draw(trajectory, levels, predicted)

    print(
        f"flat bands on charge at x = {found[0]:.5f} and {levels.voltage_at(predicted):.4f} V; the "
        f"standard potentials say x = {predicted:.5f}, error {found[0] / predicted - 1:+.1e}"
    )
    return float(found[0])


def open_circuit(active: Material) -> OpenCircuit:
    """Return the open-circuit curve that the levels of Li+ follow."""
    law = active.carrier("Li").statistics
    assert isinstance(law, OpenCircuit)
    return law


def flat_band(active: Material, electrolyte: Material, temperature: float) -> float:
    """Return the x of the active material at which there is no space charge layer."""
    law, inside, outside = open_circuit(active), active.carrier("Li"), electrolyte.carrier("Li")
    mixing = thermal_voltage(temperature) * logit(outside.site_fraction)
    step = inside.standard_potential - outside.standard_potential - mixing
    return float(law.site_fraction_at(law.reference + step / law.share))


def branch(trajectory: Trajectory, step: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return column -> (x increasing, values) during a step of the protocol."""
    rows = trajectory["step"] == step
    x = trajectory["mean_e_active"][rows]
    return {name: _sorted(x, values[rows]) for name, values in trajectory.series.columns.items()}


def stops_at(trajectory: Trajectory, step: int) -> str:
    """Return voltage and x at the end of a step of the protocol."""
    last = np.flatnonzero(trajectory["step"] == step)[-1]
    x, voltage = trajectory["mean_e_active"][last], trajectory["voltage"][last]
    return f"x = {x:.3f}, {voltage:.2f} V"


def _sorted(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(x)
    return x[order], y[order]


def _draw(trajectory: Trajectory, levels: OpenCircuit, flat: float) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, save

    with rc_context(STYLE):
        figure = Figure((7.2, 4.4), layout="constrained")
        (cell, drops), (potential, lithium) = figure.subplots(2, 2)
        for step, style in ((CHARGE, "-"), (DISCHARGE, "--")):
            columns = branch(trajectory, step)
            cell.plot(*columns["voltage"], style, color="C0", label=trajectory.stops[step - 1].text)
            for name, colour in ((DROP, "#222222"), (f"{DROP}_electrolyte", "C1")):
                x, volts = columns[name]
                sign = -1.0 if name == DROP else 1.0
                drops.plot(x, sign * volts * 1e3, style, color=colour)
        x = np.linspace(0.53, 0.98, 23)
        cell.plot(x, levels.voltage_at(x), "o", color="#222222", markersize=2.5, label="U(x)")
        cell.set(ylabel="Voltage (V)", xlabel="x in Li$_x$CoO$_2$")
        cell.legend()
        drops.axhline(0.0, color="#222222", linewidth=0.5)
        drops.plot([flat], [0.0], "o", color="#222222", markerfacecolor="white", markersize=5)
        drops.annotate("flat bands\n(standard potentials)", (flat, 0.0), (0.71, 40.0),
                       arrowprops={"arrowstyle": "-", "linewidth": 0.5})  # fmt: skip
        drops.plot([], [], color="#222222", label="LiCoO$_2$ against electrolyte")
        drops.plot([], [], color="C1", label="of it in the electrolyte")
        drops.set(ylabel="Potential drop (mV)", xlabel="x in Li$_x$CoO$_2$")
        drops.legend(loc="upper right")

        for stop, colour in ((CHARGE, "C3"), (DISCHARGE, "C2")):
            state = trajectory.solutions[stop - 1]
            cut = state.cut((85e-9, 0.05e-9), (103e-9, 0.05e-9), 1801)
            distance = cut.distance * 1e9 - 15.0
            label = stops_at(trajectory, stop)
            potential.plot(distance, cut.fields["potential"] * 1e3, color=colour, label=label)
            for region in ("electrolyte", "active"):
                part = cut.region == region
                lithium.plot(
                    distance[part],
                    cut.fields["site_fraction_Li"][part],
                    color=colour,
                    label=label if region == "active" else None,
                )
        for ax in (potential, lithium):
            ax.axvspan(distance[0], 0.0, color="#F2E3BC", alpha=0.5, linewidth=0)
            ax.axvspan(0.0, distance[-1], color="#5B7DB8", alpha=0.35, linewidth=0)
            ax.set(xlabel="Distance from the interface (nm)", xlim=(distance[0], distance[-1]))
            ax.set_xticks([-15, -10, -5, 0])
            for place, name in ((0.5 * distance[0], "Li$_6$PS$_5$Cl"), (1.5, "LiCoO$_2$")):
                ax.text(place, 1.02, name, transform=ax.get_xaxis_transform(), ha="center")
        potential.set_ylabel("Potential (mV)")
        potential.legend(loc="center left")
        lithium.set(ylabel="Site fraction of Li", ylim=(0.0, 1.02))
        for ax, letter in zip((cell, drops, potential, lithium), "abcd", strict=True):
            ax.set_title(f"({letter})", loc="left")
        save(figure, "304_half_cell_analysis.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - main(("regions.electrolyte.set.carriers.Li.standard_potential=0.05 eV",)): flat bands at
#     another x. What standard potential keeps the electrolyte enriched up to 4.2 V?
#   - share 0.25 instead of 0.5 for Li (and 0.75 for e) in the card: half the drop. Nothing that the
#     cell shows tells them apart, only the layer does.
#   - protocol "Charge at 100C until 4.2 V": does the layer still depend on x alone?
