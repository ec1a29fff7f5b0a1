r"""BaTiO3 nanowires in a polymer electrolyte: the potential under a bias, and lithium on the wires.

Equations: steady Nernst-Planck and Poisson's equation for Li+, and D = eps0 eps_r E + P in the
wires, which conduct no ions.

Geometry: 240 x 160 nm with six wires 12 nm thick and 72 nm long, roughly along x (in depth they are
ridges), 12 % of the area; 0.1 V between left and right. Six cases on one mesh:

    without wires     polymer everywhere
    control           no ions, permittivity of the polymer
    linear            permittivity 1000, of the card BaTiO3
    P weak            P of 0.003 C/m2 fixed along x, with the 203 of a poled crystal (see 503)
    P along           the same with 0.03 C/m2
    P random          the same with axes at random

What to see: in the map of the potential (picture) a permittivity of 1000 makes every wire an
equipotential, from which the lines are pushed away; the field in the polymer becomes less uniform,
not more, and direct current does not care: the conductivity is that of the control, 80 % of that
without wires, which is the room they take. With 1000, lithium is enriched at single tips up to 1.7
times, by the bias, and by 1.5 % in the mean. What brings lithium to the wires is a polarization:
0.003 C/m2 enrich it within 2 nm by 7 %, 0.03 C/m2 2.4 times, at the ends that bear negative bound
charge, until all sites are full. The other ends are empty, over more room, and full sites let
nothing pass: the conductivity falls to 55 % (aligned) and 59 % (random). So enrichment seen on
wires says something about their polarization, and nothing about conduction.

Assumptions: permittivity 10 of the polymer, of the 8 to 12 that a review reports for PVBL (Shi et
al., Nat. Nanotechnol. 18, 602 (2023)); anions that are tethered; the density of free lithium and
its site fraction, which set the Debye length of 4 nm; P, which a crystal would not keep (502);
wires that do not conduct. Those of the paper are joined to a lithium conductor, which may be what
conducts there. The conductivity cancels.

Reference: `ellipses`, Maxwell Garnett for insulating ellipses along the field (0.86; the wires here
lie askew and crowd).
"""

import sys
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from pyscl import Carrier, Material, Mesh, Model, ReservoirContact, Solution
from pyscl.geometry import Wires
from pyscl.materials import load
from pyscl.materials.polarization import Landau, Remanent, grains
from pyscl.meshing import MeshSizes, mesh_partition
from pyscl.postprocess.resistance import effective_resistance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TEMPERATURE = 298.15  # [K]
WIDTH, HEIGHT, FRACTION, ASPECT = 240e-9, 160e-9, 0.12, 6.0
BIAS = 0.1  # [V]
FREE_IONS, FILLED = 1e24, 0.1  # lithium [1/m3], site fraction
FIXED = 0.03  # [C/m2]
NEAR = 2e-9  # around the wires, in which lithium is counted [m]


def main(fixed: float = FIXED, plot: bool = False) -> float:
    """Print lithium and conductivity; return R(without)/R(control) over Maxwell's mixture of discs.

    Args:
        fixed: polarization of the polar wires [C/m2].
        plot: draw the potential with and without wires, and lithium.
    """
    # 1. One mesh.
    shape = Wires(
        width=WIDTH,
        height=HEIGHT,
        wire="inclusion",
        fraction=FRACTION,
        diameter=12e-9,
        aspect_ratio=ASPECT,
        direction=0.0,
        misalignment=12.0,
        gap=6e-9,
        seed=3,
    )
    sizes = MeshSizes(
        resolve={"electrolyte": "2.7 nm"}, along="1.5 nm",
        bulk={"electrolyte": "6 nm", "inclusion": "3 nm"},
    )  # fmt: skip
    mesh = mesh_partition(shape.partition(), sizes)
    share = mesh.areas[mesh.regions_of("inclusion")].sum() / mesh.areas.sum()

    # 2. Six cases.
    states, conductivity = {}, {}
    print(
        f"wires take {share:.1%}; near: less than {NEAR * 1e9:g} nm from a wire\n{'':14}"
        f"{'spread of E':>12} {'Li near, mean':>14} {'largest':>8} {'conductivity':>13}"
    )
    for name, wire in wires(fixed).items():
        states[name] = solve(mesh, wire)
        conductivity[name] = 1.0 / effective_resistance(states[name])
        spread, mean, largest = around(states[name])
        print(
            f"{name:14}{spread:12.1%} {mean:14.3f} {largest:8.3g} "
            f"{conductivity[name] / conductivity['without wires']:13.4f}"
        )

    # 3. An estimate of what the room of the wires costs, and what their permittivity adds.
    print(f"dilute ellipses along the field: {ellipses(share):.4f}")
    ratio = conductivity["linear"] / conductivity["control"]
    print(f"conductivity with a permittivity of 1000 over that of the control: {ratio:.4f}")

    if plot:
        _draw(states, "504_nanowires.png")
    return ratio


def ellipses(share: float) -> float:
    """Return the conductivity with insulating ellipses of the aspect ratio by Maxwell Garnett."""
    along = 1.0 / (1.0 + ASPECT)  # depolarisation
    strength = -1.0 / (1.0 - along)
    return 1.0 + share * strength / (1.0 - share * along * strength)


def polymer() -> Material:
    """Return a polymer that conducts lithium, its anions tethered."""
    ions = {"site_density": FREE_IONS / FILLED, "site_fraction": FILLED}
    lithium = Carrier(name="Li", charge=1, conductivity="0.1 mS/cm", **ions)
    return Material(relative_permittivity=10.0, carriers=[lithium])


def wires(fixed: float) -> dict[str, Material]:
    """Return the wires of the cases."""
    crystal = Landau(coefficients="BaTiO3-Bell-Cross")
    poled = crystal.polynomial(TEMPERATURE)
    permittivity = crystal.linear_permittivity + poled.permittivity(
        poled.spontaneous_polarization()
    )
    weak, along, random = (
        Remanent(polarization=p, relative_permittivity=permittivity, axes=axes)
        for p, axes in (
            (0.1 * fixed, "0 deg"),
            (fixed, "0 deg"),
            (fixed, {"kind": "random", "seed": 1}),
        )
    )
    return {
        "without wires": polymer(),
        "control": Material(relative_permittivity=10.0),
        "linear": load("BaTiO3"),
        "P weak": Material(polarization=weak),
        "P along": Material(polarization=along),
        "P random": Material(polarization=random),
    }


def solve(mesh: Mesh, wire: Material) -> Solution:
    """Return the steady state under the bias."""
    reservoir = ReservoirContact(carrier="Li", potential="neutral")
    model = Model(
        mesh,
        {"electrolyte": polymer(), "inclusion": wire},
        contacts={"left": reservoir, "right": reservoir},
        temperature=TEMPERATURE,
    )
    return model.steady({"left": BIAS})


def around(state: Solution) -> tuple[float, float, float]:
    """Return the spread of |E| over its mean, and mean and largest Li at the wires over the bulk.

    All in the electrolyte; at the wires means nearer than `NEAR`.
    """
    mesh = state.model.mesh
    outside = mesh.regions_of("electrolyte")
    size, area = np.hypot(*state["electric_field"].values[outside].T), mesh.areas[outside]
    mean = np.average(size, weights=area)
    spread = np.sqrt(np.average((size - mean) ** 2, weights=area)) / mean

    wire = mesh.points[np.unique(mesh.triangles[mesh.regions_of("inclusion")])]
    near = cKDTree(wire).query(state.site_points)[0] < NEAR
    near &= state.site_region == mesh.region_names.index("electrolyte")
    lithium = state.site_fraction("Li")[near] / FILLED
    return spread, np.average(lithium, weights=state.site_volume[near]), lithium.max()


def _draw(states: dict[str, Solution], path: str) -> None:
    from matplotlib import rc_context
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure
    from matplotlib.tri import Triangulation

    from pyscl.plot import STYLE, save

    with rc_context(STYLE):
        figure = Figure((7.2, 3.7), layout="constrained")
        axes = figure.subplots(2, 3, sharex=True, sharey=True)
        for ax, letter, (name, state) in zip(axes.flat, "abcdef", states.items(), strict=True):
            mesh, potential = state.model.mesh, 1e3 * state["potential"].values
            lithium = state.site_fraction("Li") / FILLED
            there = np.isfinite(lithium)[state.site_triangles].all(axis=1)
            x, y = 1e9 * state.site_points.T
            if letter in "abc":
                steps = np.arange(-10.0, 111.0, 5.0)
                every = Triangulation(x, y, state.site_triangles)
                upper = ax.tricontourf(every, potential, steps, cmap="YlGnBu_r", extend="both")
                ax.tricontour(every, potential, steps, colors="k", linewidths=0.3)
            else:
                lower = ax.tripcolor(
                    Triangulation(x, y, state.site_triangles[there]),
                    np.nan_to_num(lithium, nan=1.0),
                    shading="gouraud",
                    cmap="RdBu",
                    norm=LogNorm(0.1, 10.0),
                    rasterized=True,
                )
                wire = mesh.regions_of("inclusion")
                grain = grains(mesh, mesh.region_names.index("inclusion"))
                middle = mesh.points[mesh.triangles[wire]].mean(axis=1)
                p = state["polarization"].values[wire]
                for number in range(grain.max() + 1):
                    own = grain == number
                    at, to = middle[own].mean(axis=0) * 1e9, p[own].mean(axis=0)
                    arrow = {"scale": 0.03 / 25.0, "scale_units": "x", "angles": "xy"}
                    ax.quiver(*at, *to, color="k", width=0.006, pivot="mid", **arrow)
            if name != "without wires":
                outline(ax, mesh)
            ax.set(aspect="equal")
            ax.set_title(f"({letter}) {name}", loc="left")
        for ax in axes[1]:
            ax.set_xlabel("x (nm)")
        for ax in axes[:, 0]:
            ax.set_ylabel("y (nm)")
        figure.colorbar(upper, ax=axes[0], ticks=[0, 50, 100]).set_label("Potential (mV)")
        figure.colorbar(lower, ax=axes[1]).set_label("Li over the bulk")
        save(figure, path)


def outline(ax: "Axes", mesh: Mesh) -> None:
    """Draw the surface of the wires."""
    from matplotlib.collections import LineCollection

    ends = mesh.points[mesh.interfaces["electrolyte|inclusion"]]
    ax.add_collection(LineCollection(list(1e9 * ends), colors="k", linewidths=0.6))


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - BIAS = 1e-3: what of "linear" is left? Compare "P along".
#   - direction=90.0 in the geometry: wires across the current.
#   - FREE_IONS = 1e25: shorter Debye length, less reach.
