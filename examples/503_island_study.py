r"""Islands of BaTiO3 on LiCoO2 | Li6PS5Cl: geometry, permittivity or polarization?

Equations: Poisson's with mobile lithium ions (lattice gas) in both materials and
D = eps0 eps_r E + P in the islands; the equilibrium, then a steady current under a small bias.

Geometry: that of 205_island_interface.yaml, two lenses 12 nm wide and 4 nm high in a periodic cell.
For every coverage one mesh, on which only the law of the islands changes:

    bare          islands made of electrolyte: a plain contact
    control       no ions, permittivity of the electrolyte (30)
    linear 1000   the permittivity of the card BaTiO3
    linear eps_s  that of a crystal poled to P_s, from the Landau card: 203
    Johnson       1000 at zero field, less in high fields
    towards/away  P fixed, 0.03 C/m2 (assumption: 1/9 of P_s), to or from the electrode, with eps_s
    random        the same P, axes of both islands random: mean current of several seeds
    P_s towards   P fixed at the spontaneous 0.265 C/m2: what nothing allows to relax
    Landau        P free: Bell-Cross coefficients and gradient energy, started from P_s towards

(The picture shows all of P, fixed and induced; in 203 the field induces more than the 0.03 C/m2.)

Effective resistance of the interface: R = cell area bias/current - bulk of both materials [Ohm m2];
promotion 1 - R/R_bare. It splits in three, which add up:

    geometry      control - bare             room and current lines
    permittivity  linear - control           what any dielectric does
    polarization  fixed or Landau - linear   (linear eps_s, the same mesh and permittivity)

What to see (coverage one half, islands and gaps of 12 nm, layers of 2 nm):

  - geometry -27 points: half of the contact is covered, but an island without ions weakens the
    layer in the gaps beside it. With islands of 6 nm that wins: +17.
  - permittivity -43 (203), -60 (1000): it takes this back. The island hands the displacement on,
    the layers in the gaps are as deep as without islands. Johnson's law is no different, since the
    field in an island of 1000 is small. At a coverage of 75 %: -132 and -202.
  - polarization +53 towards the electrode, -58 away: bound charge at the edges draws lithium into
    the depleted gaps, or drives it out. Random axes: +49 in the mean of the four pairs of the table
    (+41 of the twenty of --full); see 505 for why not zero. P_s towards: +156. It is the only one
    to beat the bare contact, by 85 %, and no crystal would keep it: half a volt across 4 nm drives
    it back.
  - Landau, free to choose: -8. P turns along the island and closes on itself (picture); what
    remains acts like a permittivity of 330. Four starts, P_s towards, away, along the
    interface and noise, ended with the same resistance within 0.2 %.

So with these numbers BaTiO3 does harm, and what could do good is a polarization that the crystal
gives up. With the densities of the cards (layers of 0.3 nm; DENSITIES = (24.53e27, 2e27)) only
geometry is left: -149, -7 and less than 4 points of polarization.

Against Wang et al., Nat. Commun. 11, 5889 (2020), who saw lithium accumulated at this interface,
less of it with BaTiO3, and whose finite elements lowered the field away from BaTiO3 and raised it
beside (only the abstract was read, so this is about signs): here lithium accumulates in LiCoO2, as
the step was chosen. Its amount, minus the excess of the table, falls with the control (-7 %) and P
towards (-6 %), not with permittivity (+1 %). In the middle of a gap the field stays within 2 % up
to a coverage of one half, and falls by 12 % under a permittivity of 1000 at three quarters, where
the gaps are as wide as the layers of both edges. 1 nm beside an edge it rises for the control
(+13 %) and P towards (+18 %), and falls with permittivity (-22 % for 1000).

Point values at an edge depend on the mesh, which is why fields are means at 1 nm from it. With half
the mesh size they move by up to 2 %, resistances by up to 2 %, points by up to 3.

Assumptions: the densities of mobile ions and the conductivity of LiCoO2, as in 205; the step of
0.3 eV; P of 0.03 C/m2; Johnson's coefficient; islands as ridges, without their own charge. From
cards: permittivities, conductivity of Li6PS5Cl, Landau and gradient coefficients.
"""

import csv
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.constants import Avogadro

from pyscl import Material, Mesh, Model, Periodic, ReservoirContact, Solution
from pyscl.analytic import LatticeGasLayer, two_sided_contact
from pyscl.carriers import bulk_conductivity
from pyscl.geometry import IslandInterface
from pyscl.materials import load
from pyscl.materials.polarization import Johnson, Landau, Remanent
from pyscl.meshing import MeshSizes, mesh_partition
from pyscl.polar_states import UniformPolarization
from pyscl.postprocess.resistance import effective_resistance, promotion

TEMPERATURE = 298.15  # [K]
if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import TriMesh

WIDTH, THICKNESS, SIZE = 40e-9, 4e-9, 12e-9  # of cell and lens [m]
DENSITIES = (0.020e27, 0.043e27)  # of mobile ions in LiCoO2 and Li6PS5Cl; assumption of 205 [1/m3]
STEP = 0.3  # of the standard potential [eV]; assumption
FIXED = 0.03  # [C/m2]; assumption
SATURATION = 1e10  # Johnson's b [V m5/C3]; assumption
COVERAGES = (0.0, 0.25, 0.5, 0.75, 1.0)
BIAS = 1e-5  # small: the layers rectify, 1 mV changes R by 1 % [V]
NEAR = 1e-9  # distance from an edge at which the field is quoted [m]
TOWARDS, AWAY = "180 deg", "0 deg"  # axes; the electrode lies at x < 0


@dataclass(frozen=True)
class Row:
    """What is reported of one law at one coverage; NaN where there is no such place."""

    coverage: float
    size: float  # [m]
    law: str
    least: float  # site fraction of Li in the electrolyte on the electrode
    excess: float  # of Li in the electrolyte per area of the cell [1/m2]
    edge: float  # mean |E| in the electrolyte 1 nm from an edge [V/m]
    gap: float  # in the middle of a gap, 1 nm from the electrode
    top: float  # above an island, 1 nm from it
    resistance: float  # [Ohm m2]
    promotion: float


HEAD = (
    "coverage", "size [nm]", "law", "least site fraction of Li", "excess of Li [1/nm2]",
    "field 1 nm from the edge [MV/m]", "field in the gap [MV/m]", "field over the island [MV/m]",
    "interface resistance [Ohm cm2]", "promotion",
)  # fmt: skip


def main(
    coverages: tuple[float, ...] = COVERAGES,
    sizes: tuple[float, ...] = (6e-9, 24e-9),
    landau: tuple[float, ...] = (0.5,),
    seeds: int = 4,
    plot: bool = False,
) -> float:
    """Print the tables; return R of the bare interface over its closed form.

    Args:
        coverages: of the electrode.
        sizes: of islands at a coverage of one half, besides 12 nm [m].
        landau: coverages at which the islands are ferroelectric, too.
        seeds: number of random sets of axes.
        plot: write the table and draw the states at the middle coverage.
    """
    # 1. Coverage at constant island size.
    rows, states = [], {}
    for coverage in coverages:
        found, states[coverage] = compare(coverage, SIZE, seeds, coverage in landau)
        rows += found
        show(found, f"coverage {coverage:.0%}, islands of {SIZE * 1e9:.0f} nm")

    # 2. Size and gap at constant coverage: no island can be random alone.
    for size in sizes:
        found, _ = compare(0.5, size, 0, False)
        rows += found
        show(found, f"coverage 50%, islands and gaps of {size * 1e9:.0f} nm")

    # 3. What is geometry, what permittivity, what polarization.
    print("\npromotion = geometry + permittivity + polarization, in points")
    for coverage in coverages:
        at = {row.law: row for row in rows if (row.coverage, row.size) == (coverage, SIZE)}
        if "control" in at and np.isfinite(at["control"].resistance):
            geometry, permittivity, _ = split(at, "towards")
            polar = {name: split(at, name)[2] for name in POLAR if name in at}
            print(
                f"coverage {coverage:4.0%}: {geometry:+5.0%} {permittivity:+6.0%}  "
                + ", ".join(f"{name} {value:+.0%}" for name, value in polar.items())
            )

    if plot:
        write(rows, "503_island_study.csv")
        _draw(rows, states[0.5], "503_island_study.png")

    # 4. The plain contact has a closed form.
    bare = next(row for row in rows if row.law == "bare")
    exact = contact_resistance()
    print(f"\nbare: {bare.resistance * 1e4:.4f} Ohm cm2, closed form {exact * 1e4:.4f}")
    return bare.resistance / exact


def split(rows: dict[str, Row], law: str) -> tuple[float, float, float]:
    """Return what geometry, permittivity and polarization add to the promotion of a law."""
    control, linear = rows["control"].promotion, rows["linear eps_s"].promotion
    return control, linear - control, rows[law].promotion - linear


def islands() -> dict[str, Material]:
    """Return the laws of the islands that are not random."""
    crystal = Landau(coefficients="BaTiO3-Bell-Cross", axes=TOWARDS)
    polynomial = crystal.polynomial(TEMPERATURE)
    spontaneous = polynomial.spontaneous_polarization()
    permittivity = crystal.linear_permittivity + polynomial.permittivity(spontaneous)
    high = load("BaTiO3").relative_permittivity

    def fixed(polarization: float, axes: str) -> Material:
        return Material(
            polarization=Remanent(
                polarization=polarization, relative_permittivity=permittivity, axes=axes
            )
        )

    return {
        "bare": electrolyte(),
        "control": Material(relative_permittivity=electrolyte().relative_permittivity),
        "linear 1000": Material(relative_permittivity=high),
        "linear eps_s": Material(relative_permittivity=permittivity),
        "Johnson": Material(
            polarization=Johnson(relative_permittivity=high, coefficient=SATURATION)
        ),
        "towards": fixed(FIXED, TOWARDS),
        "away": fixed(FIXED, AWAY),
        "P_s towards": fixed(spontaneous, TOWARDS),
        "Landau": Material(polarization=crystal),
    }


POLAR = ("towards", "away", "random", "P_s towards", "Landau")


def electrolyte() -> Material:
    """Return Li6PS5Cl with the effective density of mobile ions."""
    return load("Li6PS5Cl").with_(**{"carriers.Li.site_density": DENSITIES[1]})


def active() -> Material:
    """Return LiCoO2, which lithium prefers."""
    return load("LiCoO2").with_(
        **{
            "carriers.Li.site_density": DENSITIES[0],
            "carriers.Li.standard_potential": -STEP,
            "carriers.Li.conductivity": "0.1 mS/cm",  # assumption, as in 205
        }
    )


def cell(coverage: float, size: float, count: int) -> Mesh:
    """Return the mesh of a periodic cell with `count` lenses."""
    covered = 0.0 < coverage < 1.0
    shape = IslandInterface(
        width=WIDTH,
        left="active",
        right="electrolyte",
        island="inclusion",
        coverage=coverage,
        size=size if covered else None,
        height=None if covered else 4e-9,
        count=count if covered else 1,
        thickness=THICKNESS,
        form="lens",
        periodic=True,
    )
    partition = shape.partition()
    bulk = {"active": 3e-9, "electrolyte": 3e-9, "inclusion": 0.5e-9}
    sizes = MeshSizes.for_materials(
        {"active": active(), "electrolyte": electrolyte()},
        TEMPERATURE,
        per_length=8.0,
        growth=1.1,
        along=0.5e-9,
        bulk={region: bulk[region] for region in partition.regions},
    )
    return mesh_partition(partition, sizes)


def solve(
    mesh: Mesh, island: Material, polarization: UniformPolarization | None = None
) -> tuple[Solution, float]:
    """Return the equilibrium and the resistance of the interface [Ohm m2]."""
    materials = {"active": active(), "electrolyte": electrolyte(), "inclusion": island}
    level = -STEP  # of lithium, that of neutral LiCoO2 at 0 V
    model = Model(
        mesh,
        {region: materials[region] for region in mesh.region_names},
        contacts={
            side: ReservoirContact(
                carrier="Li", electrochemical_potential=level, potential="neutral"
            )
            for side in ("left", "right")
        },
        periodic=[Periodic(sides=("bottom", "top"))],
        temperature=TEMPERATURE,
    )
    state = model.equilibrium(polarization=polarization)
    if not (island.carriers or "active|electrolyte" in mesh.interfaces):
        return state, np.inf  # nothing crosses a closed layer
    total = effective_resistance(model.steady({"right": BIAS}, state)) * np.ptp(mesh.points[:, 1])
    return state, total - bulk_resistance()


def bulk_resistance() -> float:
    """Return the resistance of half a cell of each material [Ohm m2]."""
    return sum(
        0.5 * WIDTH / bulk_conductivity(material.carriers[0], TEMPERATURE)
        for material in (active(), electrolyte())
    )


def contact_resistance() -> float:
    """Return what both layers of the plain contact add to the bulk [Ohm m2]."""
    left, right = (
        LatticeGasLayer(m.relative_permittivity, density, 0.5, temperature=TEMPERATURE)
        for m, density in zip((active(), electrolyte()), DENSITIES, strict=True)
    )
    contact = two_sided_contact(left, right, STEP)
    drops = (contact.left_potential, contact.right_potential)
    return sum(
        float(layer.excess_resistance(drop, bulk_conductivity(m.carriers[0], TEMPERATURE)))
        for layer, drop, m in zip((left, right), drops, (active(), electrolyte()), strict=True)
    )


def compare(
    coverage: float, size: float, seeds: int, ferroelectric: bool
) -> tuple[list[Row], dict[str, Solution]]:
    """Return the rows and the states of all laws on one mesh."""
    mesh = cell(coverage, size, 2 if seeds else 1)
    laws = islands()
    if not ferroelectric:
        del laws["Landau"]
    if coverage == 0.0:
        laws = {"bare": laws["bare"]}
    found, states = {}, {}
    for name, island in laws.items():
        start = UniformPolarization() if name == "Landau" else None
        states[name], resistance = solve(mesh, island, start)
        found[name] = (*local(states[name]), resistance)

    # Axes of two islands say little; their mean over several sets does.
    if coverage > 0.0 and seeds:
        fixed = laws["towards"].polarization
        sets = []
        for seed in range(seeds):
            axes = {"kind": "random", "seed": seed}
            law = Remanent(**(fixed.model_dump() | {"axes": axes}))
            states["random"], resistance = solve(mesh, Material(polarization=law))
            sets.append((*local(states["random"]), 1.0 / resistance))
        *places, conductance = np.mean(sets, axis=0)
        found["random"] = (*places, 1.0 / conductance if conductance else np.inf)

    reference = found["bare"][-1]
    return [
        Row(coverage, size, name, *values, promotion(values[-1], reference))
        for name, values in found.items()
    ], states


def local(state: Solution) -> tuple[float, ...]:
    """Return site fraction, excess and the fields at three places, see `Row`."""
    mesh, materials = state.model.mesh, state.model.materials
    conducting = [r for r in mesh.region_names if r != "active" and materials[r].carriers]
    x, y = mesh.points[mesh.triangles].mean(axis=1).T
    size = np.hypot(*state["electric_field"].values.T)
    outside = np.isin(mesh.region, [mesh.region_names.index(region) for region in conducting])

    def around(points: np.ndarray) -> float:
        """Mean |E| in the electrolyte at about 1 nm from points."""
        if not len(points):
            return np.nan
        near = np.hypot(x[:, None] - points[:, 0], y[:, None] - points[:, 1]).min(axis=1)
        ring = outside & (np.abs(near - NEAR) < 0.25 * NEAR)
        return float(np.average(size[ring], weights=mesh.areas[ring]))

    edges, gaps, tops = places(mesh)
    site = materials["electrolyte"].carrier("Li")
    here = np.isin(state.site_region, [mesh.region_names.index(region) for region in conducting])
    concentration = state["concentration_Li"].values[here] * Avogadro
    shift = concentration - site.site_density * site.site_fraction
    excess = float(shift @ state.site_volume[here]) / np.ptp(mesh.points[:, 1])
    contact = [n for n in mesh.interfaces if n in ("active|electrolyte", f"active|{conducting[0]}")]
    least = [
        s.least["Li"] for n in contact for s in state.interface(n).sides if s.region != "active"
    ]
    return min(least, default=np.nan), excess, around(edges), around(gaps), around(tops)


def places(mesh: Mesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the edges of islands, the middles of gaps and the tops of islands [m], (n, 2) each."""
    low, high = mesh.points[:, 1].min(), mesh.points[:, 1].max()
    middle, none = 0.5 * (low + high), np.empty((0, 2))
    nodes = {name: set(mesh.triangles[mesh.regions_of(name)].flat) for name in mesh.region_names}
    surface = mesh.points[list(nodes["active"]), 0].max()
    if "inclusion" not in nodes:
        return none, np.array([[surface, middle]]), none
    shared = mesh.points[list(nodes["active"] & nodes["electrolyte"] & nodes["inclusion"])]
    if not len(shared):
        return none, none, np.array([[surface + THICKNESS, middle]])
    ends = np.sort(shared[:, 1]).reshape(-1, 2)  # of the islands, which lie inside of the cell
    gaps = 0.5 * (ends[:-1, 1] + ends[1:, 0]) if len(ends) > 1 else np.array([low])
    tops = ends.mean(axis=1)
    return (
        shared,
        np.column_stack([np.full(len(gaps), surface), gaps]),
        np.column_stack([np.full(len(tops), surface + THICKNESS), tops]),
    )


def show(rows: Iterable[Row], title: str) -> None:
    """Print one table."""
    print(
        f"\n{title}; 1/nm2, MV/m, Ohm cm2\n{'law':14}{'least y':>8} {'excess':>8} {'E edge':>7} "
        f"{'E gap':>7} {'E top':>7} {'R':>9} {'promotion':>9}"
    )
    for row in rows:
        fields = " ".join(f"{value / 1e6:7.1f}" for value in (row.edge, row.gap, row.top))
        print(
            f"{row.law:14}{row.least:8.3f} {row.excess / 1e18:+8.4f} {fields} "
            f"{row.resistance * 1e4:9.4g} {row.promotion:+9.1%}"
        )


def write(rows: Iterable[Row], path: str) -> None:
    """Write the table in the units of `HEAD`."""
    with Path(path).open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEAD)
        for row in rows:
            numbers = (
                row.least, row.excess / 1e18, row.edge / 1e6, row.gap / 1e6, row.top / 1e6,
                row.resistance * 1e4, row.promotion,
            )  # fmt: skip
            texts = ["" if np.isnan(number) else f"{number:.4g}" for number in numbers]
            table.writerow([row.coverage, f"{row.size * 1e9:g}", row.law, *texts])


def _draw(rows: list[Row], states: dict[str, Solution], path: str) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, save

    half = {row.law: row for row in rows if (row.coverage, row.size) == (0.5, SIZE)}
    below = {"fontsize": 6.5, "handlelength": 1.2, "loc": "upper center", "columnspacing": 1.0}
    with rc_context(STYLE):
        figure = Figure((7.2, 6.2), layout="constrained")
        axes = figure.subplots(2, 3, height_ratios=(1.15, 1.0))
        for ax, letter, name in zip(axes[0], "abc", ("control", "towards", "Landau"), strict=True):
            colours = _map(ax, states[name])
            drawn = ", fixed + induced" if name == "towards" else ""  # with all of P
            ax.set_title(f"({letter}) {LABELS[name]}{drawn}", loc="left")
        axes[0, 0].set_ylabel("y (nm)")
        bar = figure.colorbar(colours, ax=axes[0], shrink=0.9, pad=0.01)
        bar.set_label("Li site fraction")

        ax, reference = axes[1, 0], half["bare"].resistance
        for number, name in enumerate(("control", "linear eps_s", *POLAR)):
            found = {
                100.0 * row.coverage: row.resistance / reference
                for row in rows
                if row.size == SIZE and row.law == name and np.isfinite(row.resistance)
            }
            style = {"color": f"C{number}"} if name != "Landau" else {"color": "k"}
            found = ({} if name == "Landau" else {0.0: 1.0}) | found
            ax.semilogy(
                found.keys(),
                found.values(),
                "D" if name == "Landau" else ".-",
                markersize=4,
                label=LABELS[name],
                **style,
            )
        ax.set_yticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
        ax.minorticks_off()
        ax.axvline(100.0, color="0.5", linewidth=0.8, linestyle=":")
        ax.annotate(
            "closed: no finite R",
            (99.0, 0.96),
            xycoords=("data", "axes fraction"),
            rotation=90,
            fontsize=6.5,
            ha="right",
            va="top",
        )
        ax.set(xlabel="Coverage (%)", ylabel="Resistance over bare")
        ax.set_title("(d) interface", loc="left")
        ax.legend(**below, bbox_to_anchor=(0.45, -0.22), ncols=2)

        ax, names = axes[1, 1], [name for name in POLAR if name in half]
        for k, name in enumerate(names):
            parts = split(half, name)
            for part, value in enumerate(parts):
                ax.barh(k + 0.27 * (part - 1), 100.0 * value, 0.25, color=f"C{part}")
            ax.plot([100.0 * sum(parts)] * 2, [k - 0.42, k + 0.42], color="k", linewidth=2.0)
        for part, label in enumerate(("geometry", "permittivity", "polarization")):
            ax.barh(0, 0, color=f"C{part}", label=label)
        ax.plot([], [], color="k", linewidth=2.0, label="sum")
        ax.axvline(0.0, color="0.5", linewidth=0.6)
        ax.set_yticks(range(len(names)), [LABELS[name] for name in names])
        ax.invert_yaxis()
        ax.set_xlabel("Promotion at 50 % (points)")
        ax.set_title("(e) split", loc="left")
        ax.legend(**below, bbox_to_anchor=(0.3, -0.22), ncols=2)

        ax, names = axes[1, 2], ["bare", "control", "linear eps_s", "towards", "away", "Landau"]
        names = [name for name in names if name in half]
        spots = {"edge": "1 nm from edge", "gap": "in the gap", "top": "over the island"}
        for number, (spot, label) in enumerate(spots.items()):
            values = [getattr(half[name], spot) / 1e6 for name in names]
            place = np.arange(len(names)) + 0.27 * (number - 1)
            ax.barh(place, values, 0.25, color=f"C{number + 3}", label=label)
        ax.set_yticks(range(len(names)), [LABELS[name] for name in names])
        ax.invert_yaxis()
        ax.set_xlabel("|E| in Li$_6$PS$_5$Cl (MV/m)")
        ax.set_title("(f) field at 50 %", loc="left")
        ax.legend(**below, bbox_to_anchor=(0.3, -0.22), ncols=2)
        save(figure, path)


LABELS = {
    "bare": "bare",
    "control": "control",
    "linear eps_s": "linear 203",
    "towards": "P towards",
    "away": "P away",
    "random": "P random",
    "P_s towards": "P$_s$ towards",
    "Landau": "Landau",
}


def _map(ax: "Axes", state: Solution) -> "TriMesh":
    """Draw the site fraction of lithium around one island, and its polarization."""
    from matplotlib.tri import Triangulation

    mesh, fraction = state.model.mesh, state.site_fraction("Li")
    surface = mesh.points[mesh.triangles[mesh.regions_of("active")], 0].max()
    x, y = 1e9 * (state.site_points - [surface, 0.0]).T
    inside = np.isfinite(fraction)[state.site_triangles].all(axis=1)
    colours = ax.tripcolor(
        Triangulation(x, y, state.site_triangles[inside]),
        np.nan_to_num(fraction),
        shading="gouraud",
        cmap="RdBu",
        vmin=0.0,
        vmax=1.0,
        rasterized=True,
    )
    if "polarization" in state.field_names:
        island = mesh.regions_of("inclusion")
        centre = 1e9 * (mesh.points[mesh.triangles[island]].mean(axis=1) - [surface, 0.0])
        p = state["polarization"].values[island]
        grid = np.stack(np.meshgrid(np.arange(0.4, 4, 0.8), np.arange(0.4, 24, 0.8)), -1)
        near = np.hypot(*(grid.reshape(-1, 1, 2) - centre).transpose(2, 0, 1))
        at = np.unique(near.argmin(axis=1)[near.min(axis=1) < 0.35])
        arrows = {"scale": 1.1 * np.hypot(*p.T).max(), "scale_units": "x", "angles": "xy"}
        ax.quiver(*centre[at].T, *p[at].T, color="k", width=0.008, pivot="mid", **arrows)
    ax.set(xlim=(-6, 9), ylim=(0, 24), xlabel="x (nm)", aspect="equal")
    return colours


if __name__ == "__main__":
    full = "--full" in sys.argv
    options = (
        {
            "coverages": (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0),
            "sizes": (3e-9, 6e-9, 24e-9, 48e-9),
            "landau": (0.25, 0.5, 0.75),
            "seeds": 20,
        }
        if full
        else {}
    )
    main(**options, plot="--plot" in sys.argv)

# Things to try:
#   - python examples/503_island_study.py --full --plot: three minutes, ferroelectric islands at
#     three coverages, twenty sets of axes, sizes from 3 to 48 nm.
#   - STEP = -0.3: the layer of the electrolyte is full, not empty. Which direction of P helps now?
#   - form="conformal" in `cell`: flat islands with right angles.
