r"""A single-domain BaTiO3 particle in Li6PS5Cl: do the ions hold its polarization?

Equations: Poisson's with mobile lithium ions (lattice gas) in the electrolyte, D = eps0 eps_b E + P
in the particle, and there P where the Landau energy (Bell and Cross), the gradient energy and that
of the field are least.

Geometry: a disc of 5 nm radius (in depth a rod) in 40 x 40 nm of electrolyte with the density of
mobile ions of its card; it starts in one domain, P = P_s along x. Paired with a particle whose P
stays what it is, with the permittivity of a crystal poled to P_s.

What to see: a fixed P_s pulls lithium to one side and drives it from the other until the sites are
full and empty; 0.57 V lie across the particle, and its field takes back a third of P. No crystal
would keep it. A disc stays in one domain if eps_m Lambda + eps_b reaches the threshold of the
Landau polynomial, 1252 eps0; ions that screen linearly, which is more than these do, would allow
that from a radius of 41 Debye lengths, 12 nm, on. This one closes its polarization to a vortex:
|P| stays near P_s, the mean is gone, and 0.03 V are left for the ions, between eight poles at the
rim, where the easy directions and the surface disagree. The state is stable, small disturbances
decay; it need not be the only one.

Assumptions: the density of lithium of the card, an effective one; no surface charge and no defects
that pin domains; coefficients of bulk crystals at a size where real particles lose their P.

Reference: `pyscl.analytic.polarised_disc_field` for a fixed P that is small,
`polarization_threshold` and `polarised_disc_screening` for the threshold.
"""

import sys

import numpy as np
from scipy.constants import epsilon_0

from pyscl import Material, Mesh, Model, ReservoirContact, Solution, analytic
from pyscl.geometry import Particle
from pyscl.materials import load
from pyscl.materials.polarization import Landau, Remanent
from pyscl.meshing import MeshSizes, mesh_partition
from pyscl.polar_states import UniformPolarization

TEMPERATURE = 298.15  # [K]
RADIUS, BOX = 5e-9, 40e-9  # [m]
WEAK = 1e-3  # share of P_s at which screening is linear


def main(size: float = 0.45e-9, plot: bool = False) -> float:
    """Print what is left of P_s and what the ions do; return the mean P of the crystal over P_s.

    Args:
        size: of the mesh in the particle [m].
        plot: draw P and lithium of both.
    """
    # 1. One mesh, two particles, and the fixed one once more with a P that ions screen linearly.
    shape = Particle(width=BOX, height=BOX, radius=RADIUS, active="inclusion")
    lithium = load("Li6PS5Cl")
    length = analytic.debye_length(
        lithium.relative_permittivity,
        lithium.carrier("Li").site_density,
        lithium.carrier("Li").site_fraction,
        temperature=TEMPERATURE,
    )
    sizes = MeshSizes(
        resolve={"electrolyte": length},
        along=0.4e-9,
        bulk={"inclusion": size, "electrolyte": 4e-9},
    )
    mesh = mesh_partition(shape.partition(), sizes)
    crystal = Landau(coefficients="BaTiO3-Bell-Cross")
    polynomial = crystal.polynomial(TEMPERATURE)
    spontaneous = polynomial.spontaneous_polarization()
    permittivity = crystal.linear_permittivity + polynomial.permittivity(spontaneous)

    def fixed(polarization: float) -> Material:
        law = Remanent(polarization=polarization, relative_permittivity=permittivity)
        return Material(polarization=law)

    weak = solve(mesh, fixed(WEAK * spontaneous))
    states = {
        "P fixed": solve(mesh, fixed(spontaneous)),
        "Landau": solve(mesh, Material(polarization=crystal), UniformPolarization()),
    }

    # 2. What is left.
    print(
        f"{'':10}{'mean P/P_s':>11} {'mean |P|/P_s':>13} {'across [V]':>11} "
        f"{'site fraction of Li':>21}"
    )
    for name, state in states.items():
        found = state.polarization_of("inclusion")
        p = np.average(np.hypot(*found.polarization.T), weights=found.volume)
        potential, fraction = state.potential, state.site_fraction("Li")
        print(
            f"{name:10}{found.magnitude / spontaneous:11.4f} {p / spontaneous:13.3f} "
            f"{np.ptp(potential):11.3f} {np.nanmin(fraction):12.2g} to "
            f"{1.0 - np.nanmin(1.0 - fraction):.5f}"
        )
    last = states["Landau"].history
    print(
        f"Landau: {last.polarization_steps} steps to rest; small disturbances decay with "
        f"{last.relaxation_rate:.1e} 1/s"
    )

    # 3. Against closed forms: the weak dipole, and what one domain would need.
    screened = epsilon_0 * lithium.relative_permittivity
    factor = analytic.screened_disc_factor(RADIUS / length)
    inside = np.average(
        weak["electric_field"].values[mesh.regions_of("inclusion"), 0],
        weights=mesh.areas[mesh.regions_of("inclusion")],
    )
    exact = analytic.polarised_disc_field(
        WEAK * spontaneous, epsilon_0 * permittivity, screened * factor
    )
    print(f"fixed {WEAK:g} P_s: field {inside:.4e} V/m, closed form {exact:.4e} V/m")
    threshold = analytic.polarization_threshold(tuple(polynomial.table[1:, 0])).metastable
    background = epsilon_0 * crystal.linear_permittivity
    least = analytic.polarised_disc_screening(threshold, background, screened)
    print(
        f"one domain needs eps_m Lambda + eps_b of {threshold / epsilon_0:.0f}; here it is "
        f"{(screened * factor + background) / epsilon_0:.0f}. Linear ions would allow it from a "
        f"radius of {least:.0f} Debye lengths, {least * length * 1e9:.0f} nm"
    )

    if plot:
        _draw(states, "502_particle_domains.png")
    return states["Landau"].polarization_of("inclusion").magnitude / spontaneous


def solve(mesh: Mesh, particle: Material, start: UniformPolarization | None = None) -> Solution:
    """Return the equilibrium between two reservoirs of lithium."""
    reservoir = ReservoirContact(carrier="Li", potential="neutral")
    model = Model(
        mesh,
        {"electrolyte": "Li6PS5Cl", "inclusion": particle},
        contacts={"left": reservoir, "right": reservoir},
        temperature=TEMPERATURE,
    )
    return model.equilibrium(polarization=start)


def _draw(states: dict[str, Solution], path: str) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.tri import Triangulation

    from pyscl.plot import STYLE, save

    reach = 1e9 * RADIUS + 3.0
    with rc_context(STYLE):
        figure = Figure((7.2, 3.1), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for ax, (letter, (name, state)) in zip(
            panels, zip("ab", states.items(), strict=True), strict=True
        ):
            mesh, fraction = state.model.mesh, state.site_fraction("Li")
            middle = 0.5 * BOX
            x, y = 1e9 * (state.site_points - middle).T
            there = np.isfinite(fraction)[state.site_triangles].all(axis=1)
            lithium = ax.tripcolor(
                Triangulation(x, y, state.site_triangles[there]),
                np.nan_to_num(fraction),
                shading="gouraud",
                cmap="RdBu",
                vmin=0.0,
                vmax=1.0,
                rasterized=True,
            )
            inside = mesh.regions_of("inclusion")
            p = state["polarization"].values[inside]
            angle = np.degrees(np.arctan2(p[:, 1], p[:, 0]))
            x, y = 1e9 * (mesh.points - middle).T
            domains = ax.tripcolor(
                Triangulation(x, y, mesh.triangles[inside]),
                facecolors=angle,
                cmap="twilight",
                vmin=-180.0,
                vmax=180.0,
                rasterized=True,
            )
            centre = 1e9 * (mesh.points[mesh.triangles[inside]].mean(axis=1) - middle)
            grid = np.stack(np.meshgrid(*2 * [np.arange(-4.4, 5.0, 1.1)]), -1).reshape(-1, 1, 2)
            near = np.hypot(*(grid - centre).transpose(2, 0, 1))
            at = np.unique(near.argmin(axis=1)[near.min(axis=1) < 0.4])
            scale = {"scale": 0.3, "scale_units": "x", "angles": "xy"}
            ax.quiver(*centre[at].T, *p[at].T, color="w", width=0.007, pivot="mid", **scale)
            ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="x (nm)", aspect="equal")
            ax.set_title(f"({letter}) {name}", loc="left")
        panels[0].set_ylabel("y (nm)")
        bar = figure.colorbar(domains, ax=panels, shrink=0.85, ticks=(-180, -90, 0, 90, 180))
        bar.set_label("Direction of P (°)")
        figure.colorbar(lithium, ax=panels, shrink=0.85).set_label("Li site fraction")
        save(figure, path)


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - RandomPolarization() instead of UniformPolarization(): the same state, or another pattern?
#   - Landau(boundary="zero", ...): a dead surface layer. Which radius is then without any P?
#   - TEMPERATURE = 380.0: P_s is smaller, the threshold higher.
