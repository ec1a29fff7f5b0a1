r"""What do the cards say about contacts? Layers of all pairs of materials, over their ranges.

Equation: Poisson's equation with lithium ions (lattice gas) at rest on both sides of a contact,

    R = int (1/sigma - 1/sigma_bulk) dx   over the layer in the electrolyte,

where the built-in potential between the two bulks is that of the pair: `pairs=["LiCoO2|LLZO"]`.

Geometry: a strip across the contact, as long as its layers; the mesh follows the Debye lengths.

What is varied: the step of the chemical potential over the range of the pair, permittivity and
site density of the electrolyte over the ranges of its card; all corners. Where a range of the step
holds both signs, there may also be no layer at all.

What to see: a range of the literature is wide, and R grows almost like exp(e V/kT). The layer of
Li6PS5Cl beside LiCoO2 has 0.1 Ohm cm2 as on the cards, and anything from nothing to 10 Ohm cm2
within their ranges; with LLZO, whose step is known worst, it may be nothing or everything. The sign
hardly counts where sites are half filled, y (1 - y) falls on both sides of 1/2; where they are not,
a weak layer conducts better than the bulk, and R is negative. The whole interfaces with LiPON and
Li3PO4 were measured, 8.6 and 7.6 Ohm cm2, far above what a layer of 0.1 V has: something else
resists there, or the step is larger. Beside copper, LASGTP takes up 1.3 V within 13 nm, where 10 nm
were measured: the density of mobile ions that the review gives for oxides fits, that of all its
lithium would make the layer thirty times thinner.

Assumptions: sizes of whole classes of materials; signs as the pairs say; half-filled sites;
full-lattice densities where the card has them, with Debye lengths below the distance of ions, so
that those numbers are estimates.

Reference: every contact against the split of the step between two lattice gases and the exact
integral, `pyscl.analytic`. Sources: `pyscl materials show 'LiCoO2|LLZO'`.
"""

import itertools
import sys

import numpy as np
from scipy.constants import Boltzmann, elementary_charge

from pyscl import Material, Model, PotentialContact, ReservoirContact, Solution, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.carriers import bulk_conductivity
from pyscl.materials import (
    LatticeGas,
    available_pairs,
    card_range,
    load,
    load_pair,
    pair_range,
)
from pyscl.mesh import graded, strip
from pyscl.units import parse

TEMPERATURE = 298.15  # [K]
KT = Boltzmann * TEMPERATURE / elementary_charge  # [eV], and thermal voltage [V]
VARIED = {"relative_permittivity": "1", "carriers.Li.site_density": "1/m^3"}
LAST = "LiCoO2|Li6PS5Cl"
LEAST = 1e-8  # [Ohm cm2], shown for layers that conduct better than the bulk


def main(steps: int = 20, plot: bool = False) -> float:
    """Print all contacts; return how many decades the last one spans.

    Args:
        steps: mesh steps per Debye length at the contact.
        plot: draw the ranges.
    """
    # 1. Every pair that has a step: as on the cards, and at the corners of the ranges.
    print("layer in the electrolyte: drop, resistance as on the cards and over the ranges, error")
    print(f"{'pair':16} {'step':>8} {'drop':>9} {'Ohm cm2':>10}   {'from':>8} {'to':>9}  measured")
    bars: dict[str, list[float]] = {}
    for name in sorted(available_pairs(), key=lambda name: name == LAST):
        pair = load_pair(name)
        if pair.step is None:
            continue
        results = [solve(name, step, card, steps) for step, card in corners(name)]
        (drop, value, _), resistances = results[0], [r for _, r, _ in results]
        error = max(abs(r / exact - 1.0) for _, r, exact in results)
        bars[name] = [value, min(resistances), max(resistances)]
        seen = pair.observed.get("resistance")
        whole = "" if seen is None else f"{1e4 * seen:.1f} Ohm cm2"
        print(
            f"{name:16} {pair.step:+5.2f} eV {drop:+7.3f} V {value:10.2e}   "
            f"{min(resistances):8.1e} {max(resistances):9.1e}  {whole:12} {error:.0e}"
        )

    # 2. A metal is a contact: how far does the measured drop reach?
    copper = load_pair("Cu|LASGTP").observed
    width, exact = reach(load("LASGTP"), -copper["drop"], steps)
    print(
        f"\nLASGTP beside Cu: a drop of {copper['drop']} V, 99 % of it within {1e9 * width:.2f} nm "
        f"(exact {1e9 * exact:.2f}, measured {1e9 * copper['width']:.0f} nm)"
    )

    if plot:
        _draw(bars)

    spread = float(np.log10(bars[LAST][2] / bars[LAST][1]))
    print(f"the cards leave {spread:.3f} decades for the layer of {LAST}")
    return spread


def corners(name: str) -> list[tuple[float, Material]]:
    """Return (step [eV], electrolyte) as on the cards, then at all corners of the ranges."""
    pair = load_pair(name)
    assert pair.step is not None
    electrolyte = load(pair.materials[1])
    ranges: list[list[tuple[str, float]]] = []
    for path, unit in VARIED.items():
        known = {p.property for p in electrolyte.provenance if p.range}
        if path in known:
            ends = [parse(end, unit) for end in card_range(electrolyte.name, path)]
            ranges.append([(path, end) for end in ends])
    has_range = any(p.property == "step" and p.range for p in pair.provenance)
    levels = [parse(end, "eV") for end in pair_range(name)] if has_range else [pair.step]
    found = [(pair.step, electrolyte)]
    for step, *changes in itertools.product(levels, *ranges):
        if abs(step) > 1e-3:  # without a step there is no layer
            found.append((step, electrolyte.with_(**dict(changes))))
    return found


def solve(name: str, step: float, electrolyte: Material, steps: int) -> tuple[float, float, float]:
    """Return drop [V] and resistance of the electrolyte's layer, computed and exact [Ohm cm2]."""
    electrode = load(load_pair(name).materials[0])
    if electrode.name == "graphite":
        electrode = lithium_only(electrode)
    sides = layer_of(electrode), layer_of(electrolyte)
    contact = analytic.two_sided_contact(*sides, -step)
    lengths = [depth(layer, abs(step)) for layer in sides]
    firsts = [first_step(layer, abs(step)) / steps for layer in sides]
    left = lengths[0] - graded(lengths[0], firsts[0], 1.15)[::-1]
    right = lengths[0] + graded(lengths[1], firsts[1], 1.15)
    end = lengths[0] + lengths[1]
    model = Model(
        strip(
            np.concatenate([left, right[1:]]),
            regions=[("electrode", lengths[0]), ("electrolyte", end)],
        ),
        {"electrode": electrode, "electrolyte": electrolyte},
        pairs=[{"pair": name, "step": f"{step} eV", "regions": "electrode|electrolyte"}],
        contacts={"right": ReservoirContact(carrier="Li")},
        temperature=TEMPERATURE,
    )
    found = model.equilibrium().layer_resistance("electrode|electrolyte")
    sigma = bulk_conductivity(electrolyte.carrier("Li"), TEMPERATURE)
    mobility = electrolyte.carrier("Li").mobility
    exact = float(sides[1].excess_resistance(contact.right_potential, sigma, mobility))
    resistance = found.layer("electrolyte", "Li").resistance
    return contact.right_potential, 1e4 * resistance, 1e4 * exact


def layer_of(material: Material) -> LatticeGasLayer:
    """Return the closed form for a material with lithium ions alone."""
    carrier = material.carrier("Li")
    return LatticeGasLayer(
        material.relative_permittivity,
        carrier.site_density,
        carrier.site_fraction,
        temperature=TEMPERATURE,
    )


def lithium_only(material: Material) -> Material:
    """Return graphite as a lattice gas of lithium ions without electrons."""
    carrier = material.carrier("Li")
    ions = carrier.model_copy(update={"statistics": LatticeGas()})
    return material.model_copy(update={"carriers": (ions,)})


def depth(layer: LatticeGasLayer, volts: float) -> float:
    """Return a length that holds a layer [m]: emptied or filled sites, and its tail."""
    mobile = layer.site_density * min(layer.site_fraction, 1.0 - layer.site_fraction)
    emptied = layer.debye_length * np.sqrt(
        2.0 * volts / KT * layer.site_density * layer.site_fraction * (1 - layer.site_fraction)
        / mobile
    )  # fmt: skip
    return float(emptied + 25.0 * layer.debye_length)


def first_step(layer: LatticeGasLayer, volts: float) -> float:
    """Return the shortest length in a layer [m]: where sites are empty or full, kT/e over E."""
    return float(layer.debye_length / max(1.0, np.sqrt(2.0 * volts / KT)) * 2.0)


def reach(electrolyte: Material, volts: float, steps: int) -> tuple[float, float]:
    """Return the distance that holds 99 % of the drop at an electrode, computed and exact [m]."""
    layer = layer_of(electrolyte)
    length = depth(layer, abs(volts))
    model = Model(
        strip(graded(length, first_step(layer, abs(volts)) / steps, 1.1)),
        {"electrolyte": electrolyte},
        contacts={
            "left": PotentialContact(potential=volts),
            "right": ReservoirContact(carrier="Li", potential="neutral"),
        },
        temperature=TEMPERATURE,
    )
    x, phi = profile(model.equilibrium())
    x_exact = np.linspace(0.0, length, 2000)
    exact = layer.potential(x_exact, volts)
    return crossing(x, phi, 0.01 * volts), crossing(x_exact, np.asarray(exact), 0.01 * volts)


def profile(solution: Solution) -> tuple[np.ndarray, np.ndarray]:
    """Return x [m] and the potential [V] along the strip."""
    points = solution.model.mesh.points
    row = points[:, 1] == points[:, 1].min()
    order = np.argsort(points[row, 0])
    return points[row, 0][order], solution.potential[row][order]


def crossing(x: np.ndarray, phi: np.ndarray, level: float) -> float:
    """Return where a falling magnitude reaches a level."""
    return float(np.interp(-abs(level), -np.abs(phi), x))


def _draw(bars: dict[str, list[float]]) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, save

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 3.4), layout="constrained")
        axes = figure.subplots()
        measured = {
            row: 1e4 * seen
            for row, name in enumerate(bars)
            if (seen := load_pair(name).observed.get("resistance")) is not None
        }
        cards, low, high = np.array(list(bars.values())).T
        rows = np.arange(len(bars))
        axes.hlines(
            rows,
            np.maximum(low, LEAST),
            high,
            "#0072B2",
            linewidth=4,
            alpha=0.35,
            label="over the ranges",
        )
        axes.plot(cards, rows, "o", color="#0072B2", markersize=4, label="as on the cards")
        axes.plot(
            list(measured.values()), list(measured), "D", color="#D55E00", markersize=4,
            label="whole interface (measured, bound)",
        )  # fmt: skip
        figure.legend(loc="outside upper center", ncols=3)
        axes.set_yticks(range(len(bars)), [name.replace("|", " | ") for name in bars])
        axes.set_xscale("log")
        axes.set_xlabel("resistance of the layer in the electrolyte (Ω cm²)")
        save(figure, "705_card_pairs.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - pairs of your own: {"pair": {"name": "NMC622|Li3YCl6", "step": "-0.1 eV"}}.
#   - the other sign of a step: what does an accumulated layer cost?
#   - mobility: dilute on the card of the electrolyte.
