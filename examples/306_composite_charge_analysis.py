r"""Which particles react when, and what the space charge layers cost: analysis of run 305.

Equation: where Li+ leaves a particle it crosses the interface with the current density

    j = i0 P [exp(e eta/2kT) - exp(-e eta/2kT)],  P ~ sqrt(x_s (1-x_s) y_s (1-y_s)),

eta jump of the electrochemical potential of Li+ over e [V], i0 exchange current [A/m2] of the
neutral bulks at the start, x_s and y_s occupied fractions of the sites on the two sides of the
interface. A particle of radius r loses lithium at the rate dx/dt = -2 j/(F c r), c sites per
volume of the particle: what matters is j/r.

Geometry: that of examples/305_composite_charge.yaml, whose results this script reads: 20 particles
of LiCoO2 (one without contact to the others), inclusions and pores in a sulfide, 400 x 300 nm.

What to see: the electrolyte conducts so well on this scale that all surfaces have one overpotential
and at first one current density. Small particles, with more surface per lithium, so run ahead on
the flat part of U(x), until U(x) rises and they wait for the large ones; then the current density
is up to four times higher on the large ones, which catch up. At the end all of U(x) slopes, all
particles have nearly one x, and j is nearly proportional to r. Meanwhile the layers turn from
enriched to depleted. A layer that leaves a tenth of the sites in front of the particle filled takes
two fifths of the exchange current: at 4.1 V this costs 9 mV. Neither BaTiO3 nor the control changes
the voltage by more than the time steps do, some tens of microvolts: the inclusions do not touch the
particles, and the resistance of the electrolyte, which they raise, is worth some 10 microvolts in
all. The particle without contact keeps its electrons and so its lithium, and its layer does not
follow the others.

Assumptions: those of the run file, above all i0 and that the reaction feels the sites next to the
interface.

Reference: particles with one x each and no layers, as in a single-particle model, for the voltage
without layers; the law with the sites of the mean layer, for what the layers cost.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pyscl import Mesh, OpenCircuit, ReservoirContact, Solution, Trajectory
from pyscl.analytic import (
    butler_volmer_current,
    butler_volmer_overpotential,
    thermal_voltage,
)
from pyscl.input import load_input
from pyscl.postprocess.reaction import reaction_current
from pyscl.runner import execute

RUN_FILE = Path(__file__).with_name("305_composite_charge.yaml")
RESULTS = Path("runs/305_composite_charge")
CASES = {"blank": "blank", "control": "control", "with BaTiO3": "with_BaTiO3"}  # folder names
SURFACE = "active|electrolyte"


@dataclass(frozen=True)
class Particles:
    """The particles that are fed with electrons.

    Attributes:
        number: particle of each mesh node, -1 elsewhere.
        radius: of a disc of the same area [m].
        surface: length of the outline [m].
    """

    number: np.ndarray
    radius: np.ndarray
    surface: np.ndarray

    @classmethod
    def of(cls, mesh: Mesh) -> "Particles":
        """Find the connected parts of the region active."""
        inside = mesh.regions_of("active")
        a, b, c = mesh.triangles[inside].T
        ones, shape = np.ones(2 * len(a)), (mesh.n_points, mesh.n_points)
        graph = coo_array((ones, (np.r_[a, b], np.r_[b, c])), shape=shape)
        _, part = connected_components(graph, directed=False)
        used, of_triangle = np.unique(part[a], return_inverse=True)
        number = np.where(np.isin(part, used), np.searchsorted(used, part), -1)
        facets = mesh.interfaces[SURFACE]
        length = np.linalg.norm(mesh.points[facets[:, 1]] - mesh.points[facets[:, 0]], axis=1)
        return cls(
            number=number,
            radius=np.sqrt(np.bincount(of_triangle, mesh.areas[inside]) / np.pi),
            surface=np.bincount(number[facets[:, 0]], length),
        )

    def current_density(self, state: Solution) -> np.ndarray:
        """Return the mean reaction current density out of each particle [A/m2]."""
        found = reaction_current(state, SURFACE, "Li")
        return np.bincount(self.number[found.facets[:, 0]], found.density * found.measure) / (
            self.surface
        )

    def lithium(self, state: Solution) -> np.ndarray:
        """Return the mean x of each particle."""
        sites = state.site_region == state.model.mesh.region_names.index("active")
        particle = self.number[state.model.discretized.site_node[sites]]
        volume = state.site_volume[sites]
        filled = np.bincount(particle, state.site_fraction("Li")[sites] * volume)
        return filled / np.bincount(particle, volume)


def main(folder: Path = RESULTS, plot: bool = False) -> float:
    """Print the analysis; return what the layers cost over the estimate for it.

    Args:
        folder: results of run 305; computed there first if it does not exist (minutes).
        plot: draw reaction currents, depletion, voltage, and current against radius.
    """
    # 1. The results of the three runs.
    if not folder.is_dir():
        print(f"no results in {folder}; running {RUN_FILE.name} first")
        execute(load_input(RUN_FILE, overrides=["output.figures=false"]), folder, report=print)
    runs = {
        case: Trajectory.load(folder / name / "transient" / "solution.h5")
        for case, name in CASES.items()
    }
    blank, batio3 = runs["blank"], runs["with BaTiO3"]
    for case, run in runs.items():
        print(f"{case:12} {run.stops[-1].reason} at t = {run.stops[-1].time:.4f} s")

    # 2. Terminal voltages where all runs have a step, so that nothing is interpolated.
    times = blank.times[:-1]
    volts = {case: np.interp(times, run["time"], run["voltage"]) for case, run in runs.items()}
    print(f"\n{'t [s]':>6} {'blank [V]':>10} {'control - blank [uV]':>21} {'BaTiO3 - blank':>15}")
    for t, first, *others in zip(times, *volts.values(), strict=True):
        print(f"{t:6.2f} {first:10.5f}", *(f"{1e6 * (v - first):18.1f}" for v in others))

    # 3. Which particles react, and the sites next to them.
    particles = Particles.of(batio3.model.mesh)
    small, large = particles.radius.argmin(), particles.radius.argmax()
    radii = particles.radius[[small, large]] * 1e9
    print(f"\n{'':6} reaction current [A/m2] | x in the particle  | Li sites filled at surfaces")
    print(f"{'t [s]':>6} {radii[0]:8.1f} nm {radii[1]:8.1f} nm | same two           | least, most")
    for state in batio3.solutions:
        j, x = particles.current_density(state), particles.lithium(state)
        side = state.interface(SURFACE).sides[1]
        print(
            f"{state.time:6.2f} {j[small]:11.3f} {j[large]:11.3f} | {x[small]:8.4f} "
            f"{x[large]:8.4f}  | {side.least['Li']:.4f} {side.most['Li']:.4f}"
        )

    # 4. The particle without contact: its net charge is that of its own layer.
    first, last = batio3.solutions[0], batio3.final
    charge = [state.charge("isolated") for state in (first, last)]
    lithium = [state.amount("Li", "isolated") for state in (first, last)]
    others = batio3["amount_Li_active"]
    print(
        f"\nisolated particle: net charge {charge[0]:.4e} C/m, change {charge[1] - charge[0]:+.1e};"
        f"\n  lithium {lithium[0]:.4e} mol/m, change {lithium[1] / lithium[0] - 1.0:+.1e} of it "
        f"(in the others {others[-1] / others[0] - 1.0:+.2f})"
    )

    # 5. What the layers cost at the end.
    bare = voltage_without_layers(batio3, last, particles, 1.0)
    cost = batio3["voltage"][-1] - bare
    drop = batio3[f"potential_drop_{SURFACE}_electrolyte"][-1]
    estimate = voltage_without_layers(batio3, last, particles, slowed(drop)) - bare
    print(
        f"without layers the same particles would be at {bare:.4f} V; the mean drop of "
        f"{drop * 1e3:.1f} mV in the electrolyte\n  leaves {slowed(drop):.2f} of the exchange "
        f"current, which is worth {estimate * 1e3:.1f} mV"
    )

    if plot:
        _draw(runs, particles)

    print(
        f"the layers cost {cost * 1e3:.2f} mV of {batio3['voltage'][-1]:.2f} V, "
        f"{cost / estimate:.2f} times the estimate"
    )
    return float(cost / estimate)


def slowed(drop: float) -> float:
    """Return the share of the exchange current that is left by a drop in the electrolyte [V]."""
    sites = 1.0 / (1.0 + np.exp(drop / thermal_voltage()))  # filled, for 1/2 in the bulk
    return float(2.0 * np.sqrt(sites * (1.0 - sites)))


def voltage_without_layers(
    run: Trajectory, state: Solution, particles: Particles, share: float
) -> float:
    """Return the voltage [V] of particles with their present x, all at one overpotential.

    Args:
        run: the transient.
        state: one of its states.
        particles: the particles.
        share: of the exchange current that is left.
    """
    model = run.model
    carrier, law = model.materials["active"].carrier("Li"), model.interfaces[SURFACE].kinetics["Li"]
    metal = model.contacts["separator"]
    assert isinstance(carrier.statistics, OpenCircuit)
    assert isinstance(metal, ReservoirContact)
    assert metal.kinetics is not None
    x, start = particles.lithium(state), carrier.site_fraction
    open_circuit = carrier.statistics.voltage_at(x)
    rate = share * np.sqrt(x * (1.0 - x) / (start * (1.0 - start)))

    def surplus(voltage: float) -> float:
        j = rate * butler_volmer_current(voltage - open_circuit, law.exchange_current)
        return float((j * particles.surface).sum() - run["current_collector"][-1])

    at_metal = butler_volmer_overpotential(
        run["current_density"][-1] * _collector_over_separator(model.mesh),
        metal.kinetics.exchange_current,
    )
    return float(brentq(surplus, open_circuit.min(), open_circuit.max() + 0.5) + at_metal)


def _collector_over_separator(mesh: Mesh) -> float:
    """Return the ratio of the lengths of the two contacts."""
    lengths = []
    for side in ("collector", "separator"):
        ends = mesh.points[mesh.facets_of(side)]
        lengths.append(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum())
    return float(lengths[0] / lengths[1])


def _draw(runs: Mapping[str, Trajectory], particles: Particles) -> None:
    from matplotlib import colormaps, rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, save

    run = runs["with BaTiO3"]
    with rc_context(STYLE):
        figure = Figure((7.2, 4.6), layout="constrained")
        maps, curves = figure.subfigures(2, 1, height_ratios=(1.1, 1.0))
        reaction, sites = maps.subplots(1, 2, width_ratios=(1.2, 1.0))
        voltage, radius = curves.subplots(1, 2)
        uneven = max(run.solutions, key=lambda s: np.ptp(particles.current_density(s)))
        _draw_reaction(maps, reaction, uneven)
        _draw_sites(maps, sites, run.final)

        for (case, its), line in zip(runs.items(), ("C1-", "C2--", "C0:"), strict=True):
            voltage.plot(its["time"], its["voltage"], line, label=case)
        bare = [voltage_without_layers(run, s, particles, 1.0) for s in run.solutions[1:]]
        voltage.plot(run.times[1:], bare, "ko", markersize=3.5, label="particles without layers")
        voltage.set(xlabel="Time (s)", ylabel="Voltage (V)", xlim=(-0.3, None))
        voltage.legend()

        order = np.argsort(particles.radius)
        r = particles.radius[order] * 1e9
        shown = run.solutions[::2]
        colours = colormaps["viridis"](np.linspace(0.0, 0.9, len(shown)))
        for state, colour in zip(shown, colours, strict=True):
            j = particles.current_density(state)[order]
            label = f"{state.time * 1e3:g} ms" if state.time < 1.0 else f"{state.time:.3g} s"
            radius.plot(r, j, "o-", color=colour, markersize=3, label=label)
        proportional = r * run["current_collector"][-1] / (r * particles.surface[order]).sum()
        radius.plot(r, proportional, "k--", linewidth=0.8, label="same dx/dt")
        radius.set(xlabel="Particle radius (nm)", ylabel="Reaction current (A/m²)", ylim=(0, None))
        radius.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        titles = (f"(a) t = {uneven.time:.3g} s", f"(b) {run['voltage'][-1]:.2f} V", "(c)", "(d)")
        for ax, title in zip((reaction, sites, voltage, radius), titles, strict=True):
            ax.set_title(title, loc="left")
        save(figure, "306_composite_charge_analysis.png")


def _draw_reaction(figure: Any, ax: Any, state: Solution) -> None:
    """Draw x inside the particles, and the reaction current as a thick line around them."""
    from matplotlib.collections import LineCollection

    mesh = state.model.mesh
    _draw_regions(ax, mesh, ("inclusion", "pore"))
    inside = mesh.regions_of("active") | mesh.regions_of("isolated")
    lithium = np.nan_to_num(state.site_fraction("Li"))
    fill = ax.tripcolor(
        *state.site_points.T * 1e9,
        state.site_triangles[inside],
        lithium,
        shading="gouraud",
        cmap="GnBu",
        rasterized=True,
    )
    fed = lithium[state.site_triangles[mesh.regions_of("active")]]
    fill.set_clim(fed.min(), fed.max())
    current = reaction_current(state, SURFACE, "Li")
    lines = list(mesh.points[current.facets] * 1e9)
    ax.add_collection(LineCollection(lines, colors="#222222", linewidths=3.2, capstyle="round"))
    rims = LineCollection(lines, cmap="YlOrRd", linewidths=2.2, capstyle="round")
    rims.set_array(current.density)
    rims.set_clim(0.0, None)
    ax.add_collection(rims)
    figure.colorbar(fill, ax=ax, label="x in Li$_x$CoO$_2$", extend="max", pad=0.02, shrink=0.84)
    figure.colorbar(rims, ax=ax, label="Reaction current (A/m²)", pad=0.03, shrink=0.84)
    ax.text(204, 254, "isolated", ha="center", va="center", color="white", fontsize=6)
    ax.set(aspect="equal", xlabel="x (nm)", ylabel="y (nm)", xlim=(0, 400), ylim=(0, 300))


def _draw_sites(figure: Any, ax: Any, state: Solution) -> None:
    """Draw the filled sites of the electrolyte around the particle without contact."""
    mesh = state.model.mesh
    shown = ax.tripcolor(
        *state.site_points.T * 1e9,
        state.site_triangles[mesh.regions_of("electrolyte")],
        np.nan_to_num(state.site_fraction("Li")),
        shading="gouraud",
        cmap="PuOr",
        rasterized=True,
    )
    shown.set_clim(0.0, 1.0)
    _draw_regions(ax, mesh, ("active", "isolated", "inclusion", "pore"))
    figure.colorbar(shown, ax=ax, label="Site fraction of Li in Li$_6$PS$_5$Cl", shrink=0.72)
    ax.text(204, 254, "isolated", ha="center", va="center", fontsize=7)
    ax.set(aspect="equal", xlabel="x (nm)", ylabel="y (nm)", xlim=(140, 340), ylim=(140, 290))


def _draw_regions(ax: Any, mesh: Mesh, regions: tuple[str, ...]) -> None:
    """Fill regions with light colours."""
    from matplotlib.collections import PolyCollection

    colours = {"active": "#C3CFE2", "isolated": "#C3CFE2", "inclusion": "#D98A95"}
    for region in regions:
        corners = mesh.points[mesh.triangles[mesh.regions_of(region)]] * 1e9
        colour = colours.get(region, "#E4E6EA")
        ax.add_collection(
            PolyCollection(list(corners), color=colour, linewidth=0.3, rasterized=True)
        )


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - interfaces.active|electrolyte.kinetics.Li.exchange_current=1 mA/cm^2 in the run file: do small
#     particles still run ahead?
#   - occupancy: false: the reaction does not feel the layers. What is left of their cost?
#   - the site density of the electrolyte 0.0043 1/nm^3: layers that reach the inclusions.
