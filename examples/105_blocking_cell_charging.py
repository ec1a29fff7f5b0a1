r"""Charging of an electrolyte between two blocking electrodes, in time: two unequal layers.

Equation: the balance of one lattice-gas carrier with Poisson's equation,

    dc/dt = div(M grad mu),  mu = kT ln(theta/(1-theta)) + e phi,  -div(eps grad phi) = e (c - c0),

c = n_max theta density of the ions [1/m3], c0 = n_max theta0 that of the fixed background, phi
potential [V], M mobility ~ c (1-theta) (vacancy: an ion needs a free site) or ~ c (dilute).

Geometry: 0 < x < L = 20 Debye lengths lambda between two electrodes that no ion crosses. At t = 0
the left one is raised from 0 to V.

What to see: at once the cell is a plain capacitor of thickness L. Then ions move from left to right
through the resistance of the bulk and charge two layers in series: the time constant is not
lambda^2/D but lambda L/(2 D), ten times longer. After a small step both layers are alike. After ten
kT/e the left one is empty and wide, the right one filled and narrow: with theta0 = 0.1 there are
nine times as many sites to fill as ions to remove. The charges are equal and opposite, so that the
wide layer takes 73 % of the voltage, and the layers are charged sooner than after a small step,
because they hold less per volt. The mobility law hardly matters: the bulk, which has most of the
resistance, keeps its composition.

Assumptions: all values of ELECTROLYTE and DIFFUSIVITY (of ions in the neutral bulk); no reaction,
no compact layer at the electrodes.

Reference: for a small step the sum over the modes in `pyscl.analytic.charging_charge`, and Bazant,
Thornton, Ajdari, Phys. Rev. E 70, 021506 (2004) for the time constant; for ten kT/e EXACT, computed
by collocation, nine digits are certain; the layers at the end `pyscl.analytic.two_sided_contact`.
"""

import sys

import numpy as np
from scipy.constants import epsilon_0

from pyscl import (
    Carrier,
    Conserved,
    Material,
    Model,
    PotentialContact,
    Trajectory,
    TransientOptions,
)
from pyscl.analytic import LatticeGasLayer, charging_charge, thermal_voltage, two_sided_contact
from pyscl.mesh import graded, strip

ELECTROLYTE = LatticeGasLayer(relative_permittivity=30.0, site_density=1.2e26, site_fraction=0.1)
DIFFUSIVITY = 1e-14  # [m2/s]
HALF = 10.0  # half of the thickness in Debye lengths
SMALL, LARGE = 0.01, 10.0  # steps of the voltage in kT/e
WIDTH = 1e-9  # of the strip [m]; nothing depends on it

TIMES = (0.1, 1.0, 3.0, 10.0, 20.0, 40.0, 80.0)  # in lambda^2/D
EXACT = {  # field at the electrodes in kT/(e lambda) after the large step, at TIMES
    "vacancy": (0.548786432, 0.955593390, 1.715105717, 3.166711930, 3.644358287, 3.713356033,
                3.714386915),
    "dilute": (0.548786386, 0.955576260, 1.714866785, 3.165928945, 3.644152606, 3.713350854,
               3.714386913),
}  # fmt: skip


def main(steps: int = 40, tolerance: float = 1e-4, plot: bool = False) -> float:
    """Print charges and layers; return the largest relative deviation from the exact values.

    Args:
        steps: mesh steps per Debye length at the electrodes.
        tolerance: of the time steps.
        plot: draw charge against time, and profiles.
    """
    unit = ELECTROLYTE.debye_length**2 / DIFFUSIVITY
    print(f"lambda = {ELECTROLYTE.debye_length * 1e9:.3f} nm, lambda^2/D = {unit * 1e3:.3f} ms")
    print("charge of the electrodes over eps kT/(e lambda)")
    print(f"{'step':>10} {'mobility':9} {'t D/lambda^2':>12} {'computed':>10} {'exact':>10} error")
    deviations, trajectories = [], {}
    runs = (
        (SMALL, "vacancy", SMALL / (2.0 * HALF) * charging_charge(TIMES, HALF)),
        (LARGE, "dilute", np.array(EXACT["dilute"])),
        (LARGE, "vacancy", np.array(EXACT["vacancy"])),
    )
    for voltage, mobility, exact in runs:
        trajectory = trajectories[voltage] = charge(voltage, mobility, steps, tolerance)
        found = np.interp(np.array(TIMES) * unit, trajectory["time"], reduced_charge(trajectory))
        for t, q, q_exact in zip(TIMES, found, exact, strict=True):
            deviations.append(q / q_exact - 1.0)
            print(
                f"{voltage:5.2f} kT/e {mobility:9} {t:12.1f} {q:10.6f} {q_exact:10.6f} "
                f"{deviations[-1]:+.1e}"
            )

    # The layers at the end: two half-spaces in series.
    end = trajectories[LARGE].final
    volts = LARGE * thermal_voltage()
    contact = two_sided_contact(ELECTROLYTE, ELECTROLYTE, volts)
    phi, theta = end.potential, end.site_fraction("Li")
    middle = np.interp(HALF * ELECTROLYTE.debye_length, *_lower_row(end.model, phi))
    left = end.model.mesh.points[:, 0] == 0.0
    print(
        f"at the end the depleted layer takes {1.0 - middle / volts:.4%} of the voltage, exact "
        f"{max(map(abs, (contact.left_potential, contact.right_potential))) / volts:.4%};\n"
        f"sites filled at the electrodes: {theta[left].min():.2e} left, {theta.max():.4f} right"
    )

    if plot:
        _draw(trajectories)

    worst = float(np.abs(deviations).max())
    print(f"largest deviation from the exact charge: {worst:.1e}")
    return worst


def charge(voltage: float, mobility: str, steps: int, tolerance: float) -> Trajectory:
    """Return what follows a step of the left electrode by a voltage [kT/e]."""
    # 1. A line, fine at both electrodes, made a strip of triangles.
    length = ELECTROLYTE.debye_length
    half = graded(HALF * length, length / steps, growth=1.05, max_step=length / 5)
    x = np.concatenate([half, 2.0 * half[-1] - half[-2::-1]])

    # 2. The material. A dilute gas of diffusivity D spreads with D/(1 - theta0) in a lattice gas.
    share = ELECTROLYTE.site_fraction
    lithium = Carrier(
        name="Li",
        charge=1,
        site_density=ELECTROLYTE.site_density,
        site_fraction=share,
        mobility=mobility,
        diffusivity=DIFFUSIVITY * (1.0 - share if mobility == "dilute" else 1.0),
    )
    material = Material(
        relative_permittivity=ELECTROLYTE.relative_permittivity, carriers=(lithium,)
    )

    # 3. Two electrodes, and a closed amount of lithium between them.
    model = Model(
        strip(x, width=WIDTH),
        {"electrolyte": material},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=0.0),
        },
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )

    # 4. The step, and the time after it. All times of the table are met exactly.
    seconds = tuple(t * length**2 / DIFFUSIVITY for t in TIMES)
    return model.transient(
        [f"Step to {voltage * thermal_voltage()!r} V", f"Wait for {seconds[-1]!r} s"],
        contact="left",
        options=TransientOptions(save=seconds, tolerance=tolerance),
    )


def reduced_charge(trajectory: Trajectory) -> np.ndarray:
    """Return the charge of the left electrode over eps kT/(e lambda), one per time step."""
    field = thermal_voltage() / ELECTROLYTE.debye_length
    return trajectory["charge_left"] / (
        WIDTH * epsilon_0 * ELECTROLYTE.relative_permittivity * field
    )


def _lower_row(model: Model, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x [m] and the values of the nodes along y = 0."""
    row = model.mesh.points[:, 1] == 0.0
    return model.mesh.points[row, 0], values[row]


def _draw(trajectories: dict[float, Trajectory]) -> None:
    from matplotlib import colormaps, rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, save

    length = ELECTROLYTE.debye_length
    unit = length**2 / DIFFUSIVITY
    with rc_context(STYLE):
        figure = Figure((7.2, 2.5), layout="constrained")
        charges, fractions, potentials = figure.subplots(1, 3)
        t = np.geomspace(0.01, 80.0, 300)
        exact = {SMALL: charging_charge(t, HALF) / (2.0 * HALF), LARGE: None}
        for (voltage, trajectory), colour in zip(trajectories.items(), ("C0", "C1"), strict=True):
            time, q = trajectory["time"] / unit, reduced_charge(trajectory) / voltage
            later = time >= t[0]
            label = f"V = {voltage:g} kT/e"
            charges.semilogx(time[later], q[later], color=colour, label=label)
            if exact[voltage] is not None:
                charges.semilogx(t[::30], exact[voltage][::30], "o", color=colour, markersize=3.5)
        charges.semilogx(TIMES, np.array(EXACT["vacancy"]) / LARGE, "o", color="C1", markersize=3.5)
        charges.semilogx([], [], "ko", markersize=3.5, label="exact")
        charges.set(xlabel="t D/λ²", ylabel="Charge (ε V/λ)", xlim=(t[0], t[-1]), ylim=(0, None))
        charges.legend()

        states = trajectories[LARGE].solutions
        wanted = (0.1, 1.0, 3.0, 10.0, 80.0)
        colours = colormaps["viridis"](np.linspace(0.0, 0.85, len(wanted)))
        for t_wanted, colour in zip(wanted, colours, strict=True):
            state = states[TIMES.index(t_wanted)]
            x, phi = _lower_row(state.model, state.potential)
            _, theta = _lower_row(state.model, state.site_fraction("Li"))
            label = f"{t_wanted:g}"
            fractions.plot(x / length, theta, color=colour, label=label)
            potentials.plot(x / length, phi / thermal_voltage(), color=colour, label=label)
        fractions.set_yscale("logit")
        fractions.set(xlabel="x/λ", ylabel="Site fraction of Li")
        potentials.set(xlabel="x/λ", ylabel="Potential (kT/e)")
        potentials.legend(title="t D/λ²")
        for ax, letter in zip((charges, fractions, potentials), "abc", strict=True):
            ax.set_title(f"({letter})", loc="left")
        for ax in (fractions, potentials):
            ax.set_xlim(0.0, 2.0 * HALF)
        save(figure, "105_blocking_cell_charging.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - site_fraction=0.9 and LARGE = -10: the same cell seen by the vacancies. Which curves change?
#   - HALF = 50: the layers charge five times as slowly, although neither they nor D changed.
#   - "Sweep from 0 V to 0.5 V at 10 V/s" instead of step and wait: the current against the voltage
#     is the capacitance, of which the layers give two humps.
