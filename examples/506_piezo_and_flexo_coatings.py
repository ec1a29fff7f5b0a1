r"""Coatings that stress or its gradient polarizes: how much, and what lithium does about it.

Equations: Poisson's with mobile lithium ions (lattice gas), D = eps0 eps_r E + P in the coating
with

    P = d sigma               piezoelectric, stress sigma
    P = mu d(strain)/dx       flexoelectric, gradient of a strain that is given

Mechanics is not solved: stress and strain are input.

Geometry: LiCoO2 | 3 nm coating | Li6PS5Cl, one-dimensional, along x. No ions pass the coating, so
that this is about layers, not currents. Lithium prefers LiCoO2 by 0.3 eV.

    LiTaO3  d = 14.6 pC/N of a review (which component is not said), under the stress of a stack
            (12 MPa) and of a coherent interface (1 GPa); permittivity of the card
    film    a strain of 1 % that relaxes within 2 nm; mu of 1 nC/m is usual for ionic solids, 10
            nC/m and more for ferroelectrics (assumptions: no value was found for GClO4, the coating
            for which self-polarization by this effect was reported)

What to see: P counts by the step P t/(eps0 eps_r) that it adds to the contact voltage, so compare
that with 0.3 V. The stress of a stack gives 0.2 mC/m2 and 1 mV: nothing. 1 GPa gives 15 mC/m2 and
0.11 V, and moves a quarter of the lithium of the layers. Flexoelectricity needs nanometres: 1 %
over 2 nm is a gradient of 5e6 1/m, 2.6e6 in the mean; 1 nC/m makes 2.6 mC/m2 and 0.03 V of it, 10
nC/m 26 mC/m2, a tenth of P_s of BaTiO3, and 0.29 V, the whole step. The direction decides: a P
towards the electrode makes a field in the coating that drives lithium into the sulfide, whose
depleted layer fills, with 10 nC/m completely (site fraction 0.485 of 0.5); the opposite P empties
it to 0.02.

Assumptions: mu, strain and permittivity of the film, 30; densities of lithium and the step, as in
205.

Reference: `pyscl.analytic.polarised_layer_contact`, exact, also for a P that varies: without
charges in the coating D is constant, and only the mean of P counts.
"""

import sys
from collections.abc import Callable

import numpy as np
from scipy.constants import elementary_charge, epsilon_0

from pyscl import Material, Model, ReservoirContact, Solution
from pyscl.analytic import LatticeGasLayer, TwoSidedContact, polarised_layer_contact
from pyscl.materials import load
from pyscl.materials.polarization import Landau, Piezoelectric
from pyscl.mesh import graded, strip

TEMPERATURE = 298.15  # [K]
COATING, BULK = 3e-9, 30e-9  # thickness of the coating, and of both materials [m]
DENSITIES, STEP = (0.020e27, 0.043e27), 0.3  # of mobile ions [1/m3], [eV]; assumptions of 205
COEFFICIENT = 14.6e-12  # of LiTaO3 [C/N]
STRESSES = (12e6, 1e9)  # [Pa]; tension, P towards the electrolyte, if positive
FLEXO = (1e-9, 1e-8)  # mu [C/m]
STRAIN, DECAY = 0.01, 2e-9  # at the electrode; length over which it relaxes [m]
PERMITTIVITY = 30.0  # of the flexoelectric film


def main(
    stresses: tuple[float, ...] = STRESSES, flexo: tuple[float, ...] = FLEXO, plot: bool = False
) -> float:
    """Print computed and exact; return the largest error of a potential [V].

    Args:
        stresses: in the LiTaO3 coating, with both signs [Pa].
        flexo: flexoelectric coefficients of the film, with both signs [C/m].
        plot: draw potential and lithium.
    """
    # 1. The permittivity of LiTaO3 along its axis, and the coatings.
    crystal = Landau(coefficients="LiTaO3")
    polynomial = crystal.polynomial(TEMPERATURE)
    permittivity = crystal.linear_permittivity + float(
        polynomial.permittivity(polynomial.spontaneous_polarization())
    )
    cases: dict[str, tuple[Material, Callable | None]] = {}
    for stress in (0.0, *(sign * s for s in stresses for sign in (1.0, -1.0))):
        law = Piezoelectric(
            coefficient=COEFFICIENT, stress=stress, relative_permittivity=permittivity
        )
        cases[f"LiTaO3 {stress / 1e6:+.0f} MPa"] = Material(polarization=law), None
    film = Material(relative_permittivity=PERMITTIVITY)
    for mu in (0.0, *(sign * m for m in flexo for sign in (1.0, -1.0))):
        cases[f"film {mu * 1e9:+.0f} nC/m"] = film, relaxing_strain(mu)

    # 2. Each against the closed form with its mean P.
    print(
        f"{'':17}{'P [mC/m2]':>10} {'P t/eps [V]':>11} {'drops: LiCoO2, coating, sulfide [V]':>36} "
        f"{'closed form':>12} {'Li at sulfide':>13} {'missing [1/nm2]':>15}"
    )
    errors, states = [], {}
    for name, (coating, fixed) in cases.items():
        state = states[name] = solve(coating, fixed)
        mean = float(fixed_polarization(state) @ state.model.mesh.areas) / (COATING * 1e-9)
        eps = epsilon_0 * coating.relative_permittivity
        exact = closed_form(mean, eps)
        faces = [state.interface(n).potential for n in ("active|coating", "coating|electrolyte")]
        drops = (0.0 - faces[0], faces[0] - faces[1], faces[1] + STEP)
        errors += [abs(drops[0] + exact.left_potential), abs(drops[2] - exact.right_potential)]
        lithium = next(s for s in state.interface("coating|electrolyte").sides if s.least)
        missing = -lithium.charge / elementary_charge / 1e18
        text = ", ".join(f"{drop:+.4f}" for drop in drops)
        print(
            f"{name:17}{mean * 1e3:10.3f} {mean * COATING / eps:11.4f} {text:>36} "
            f"{exact.right_potential:12.4f} {lithium.least['Li']:13.3g} {missing:15.4f}"
        )
    print(f"largest error of a potential: {max(errors):.1e} V")
    if plot:
        _draw(states, "506_piezo_and_flexo_coatings.png")
    return max(errors)


def relaxing_strain(mu: float) -> Callable[[np.ndarray, np.ndarray], tuple[object, object]]:
    """Return P = mu d(strain)/dx of a strain that decays from the electrode, as a function of x, y.

    A positive mu gives a P away from the electrode, as if the strain were compressive.
    """
    return lambda x, y: (mu * STRAIN / DECAY * np.exp(-(x - BULK) / DECAY), 0.0 * y)


def solve(coating: Material, fixed: Callable | None) -> Solution:
    """Return the equilibrium of the three layers."""
    materials = {
        "active": load("LiCoO2").with_(
            **{
                "carriers.Li.site_density": DENSITIES[0],
                "carriers.Li.standard_potential": -STEP,
            }
        ),
        "coating": coating,
        "electrolyte": load("Li6PS5Cl").with_(**{"carriers.Li.site_density": DENSITIES[1]}),
    }
    outer = graded(BULK, first=0.02e-9, growth=1.08, max_step=1e-9)
    inner = np.linspace(0.0, COATING, 61)
    x = np.concatenate([BULK - outer[::-1], BULK + inner[1:], BULK + COATING + outer[1:]])
    ends = (("active", BULK), ("coating", BULK + COATING), ("electrolyte", 2 * BULK + COATING))
    at = {name: float(x[np.abs(x - end).argmin()]) for name, end in ends}
    level = {"carrier": "Li", "electrochemical_potential": -STEP, "potential": "neutral"}
    return Model(
        strip(x, width=1e-9, regions=list(at.items())),
        materials,
        contacts={side: ReservoirContact(**level) for side in ("left", "right")},
        fixed_polarization={"coating": fixed} if fixed else {},
        temperature=TEMPERATURE,
    ).equilibrium()


def fixed_polarization(state: Solution) -> np.ndarray:
    """Return P beyond the linear part along x in every triangle [C/m2]."""
    mesh = state.model.mesh
    inside = mesh.regions_of("coating")
    chi = epsilon_0 * (state.model.materials["coating"].relative_permittivity - 1.0)
    fixed = state["polarization"].values[:, 0] - chi * state["electric_field"].values[:, 0]
    return np.where(inside, fixed, 0.0)


def closed_form(polarization: float, permittivity: float) -> TwoSidedContact:
    """Return the layers on both sides of a coating with a mean polarization."""
    left, right = (
        LatticeGasLayer(material.relative_permittivity, density, 0.5, temperature=TEMPERATURE)
        for material, density in zip((load("LiCoO2"), load("Li6PS5Cl")), DENSITIES, strict=True)
    )
    return polarised_layer_contact(left, right, polarization, COATING, permittivity, STEP)


def _draw(states: dict[str, Solution], path: str) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, save

    with rc_context(STYLE):
        figure = Figure((7.2, 2.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        strong = [name for name in states if not name.endswith(("12 MPa", "1 nC/m", "+0 nC/m"))]
        for name in strong:
            state = states[name]
            cut = state.cut((0.0, 5e-10), (2 * BULK + COATING, 5e-10), points=2000)
            x = 1e9 * (cut.distance - BULK - COATING)
            left.plot(x, cut.fields["potential"], label=name)
            right.plot(x, cut.fields["site_fraction_Li"])
        for ax, letter, label in ((left, "a", "Potential (V)"), (right, "b", "Li site fraction")):
            ax.axvspan(-1e9 * COATING, 0.0, color="0.9", linewidth=0.0)
            ax.set(xlim=(-12, 9), xlabel="Distance from the coating (nm)", ylabel=label)
            ax.set_title(f"({letter})", loc="left")
        left.legend(loc="upper right")
        save(figure, path)


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - COATING = 30e-9: ten times the step for LiTaO3; and for the film, whose strain relaxes?
#   - STRESSES = (200e6,): a cathode particle that swells against its coating.
