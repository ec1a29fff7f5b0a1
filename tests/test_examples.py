"""Every example runs, and its number agrees with a closed form or a stated bound."""

import csv
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.constants import Avogadro, Boltzmann, elementary_charge, epsilon_0
from scipy.optimize import brentq

from pyscl import Mesh, Trajectory, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.input import load_input
from pyscl.materials import load
from pyscl.postprocess.resistance import effective_resistance
from pyscl.runner import RunResult, build_model, execute
from pyscl.runner.meshes import read_mesh
from pyscl.sweep.dataset import load as load_dataset
from pyscl.sweep.definition import load_study, make_study
from pyscl.sweep.drive import plan, run_study

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("[0-9]*.py")) + sorted(FOLDER.glob("[0-9]*.yaml"))


@dataclass(frozen=True)
class Script:
    """What `main(**reduced)` of a script returns, to a relative or absolute tolerance.

    `reads` is the run file whose results it gets as `folder`, `check` looks at the files it left.
    """

    exact: float
    tolerance: float
    reduced: dict[str, Any] = field(default_factory=dict)
    absolute: float = 0.0
    reads: str | None = None
    check: Callable[[Path], None] | None = None
    slow: bool = False


@dataclass(frozen=True)
class RunFile:
    """What a run file must give, besides converging and balanced currents."""

    check: Callable[[RunResult], None]
    slow: bool = False


def contact_drop() -> float:
    """Drop in the electrolyte of 102 at 0.5 V."""
    cathode, electrolyte = LatticeGasLayer(12.9, 2e25, 0.5), LatticeGasLayer(30.0, 4.3e25, 0.5)
    return analytic.two_sided_contact(cathode, electrolyte, 0.5).right_potential


@dataclass(frozen=True)
class StudyFile:
    """What a study file must give, with fewer levels of its axes."""

    check: Callable[[Any], None]
    levels: dict[str, list[Any]]
    cases: int  # of the whole file
    slow: bool = False


def potential_for_ten_ohm_cm2() -> float:
    """Depletion at which the sulfide of 103 has 10 Ohm cm2, by bisection of the exact integral."""
    layer = LatticeGasLayer(30.0, 2e27, 0.5, temperature=300.0)
    low, high = 0.3, 0.6
    for _ in range(50):
        middle = 0.5 * (low + high)
        too_low = float(layer.excess_resistance(middle, 0.1)) < 1e-3
        low, high = (middle, high) if too_low else (low, middle)
    return low


def array_inner_field() -> float:
    """Field in the disc of 202 over the mean field."""
    fraction, k = np.pi / 36.0, 1000.0 / 30.0
    return (analytic.square_array_permittivity(fraction, k) - 1.0) / (fraction * (k - 1.0))


def sphere_potential() -> float:
    """Surface potential of 203 by Debye and Hueckel."""
    length = float(analytic.debye_length(30.0, 1e25, 0.5))
    return 1e-4 * 1e-8 / (epsilon_0 * 30.0 * (1.0 + 1e-8 / length))


def drop_for_excess_energy() -> float:
    """Drop at which the layer of 405 has 0.2 eV more than its bulk, 300 to 363 K."""

    def excess(volts: float) -> float:
        cold, hot = (
            np.log(
                t / LatticeGasLayer(30.0, 1e26, 0.5, temperature=t).excess_resistance(volts, 1 / t)
            )
            for t in (300.0, 363.0)
        )
        return float((cold - hot) * Boltzmann / elementary_charge / (1.0 / 363.0 - 1.0 / 300.0))

    return float(brentq(lambda volts: excess(volts) - 0.2, 0.2, 0.3))


def composite(result: RunResult) -> None:
    """Blocking inclusions cost at most what Maxwell's dilute discs would; permittivity is minor."""
    resistance = result.summary["comparison"]["steady"]["effective resistance"]
    solution = result.outcomes["blank"][-1].solution
    assert solution is not None
    mesh = solution.model.mesh
    inclusions, electrolyte = (
        mesh.areas[mesh.regions_of(name)].sum() for name in ("inclusion", "electrolyte")
    )
    fraction = inclusions / (inclusions + electrolyte)
    loss = resistance["control"] / resistance["blank"]
    assert 1.0 + fraction < loss < (1.0 + fraction) / (1.0 - fraction)
    assert resistance["with BaTiO3"] == pytest.approx(resistance["control"], rel=2e-3)
    assert resistance["with BaTiO3"] != pytest.approx(resistance["control"], rel=1e-6)


def coated_particle(result: RunResult) -> None:
    """Layers: as on a plane if bare, weaker under the control, stronger under BaTiO3."""
    cathode, electrolyte = LatticeGasLayer(12.9, 2e25, 0.5), LatticeGasLayer(30.0, 4.3e25, 0.5)
    plane = analytic.two_sided_contact(cathode, electrolyte, 0.3)
    under = {}
    for case, (equilibrium, _) in result.outcomes.items():
        assert equilibrium.solution is not None
        under[case] = equilibrium.solution.interface("active|inclusion")
    charge = {case: found.sides[0].charge for case, found in under.items()}
    # curvature: the layers are a tenth of the radius of 25 nm
    assert charge["bare"] == pytest.approx(plane.left_displacement, rel=0.1)
    assert under["bare"].potential == pytest.approx(plane.right_potential, rel=0.2)
    assert charge["control"] < 0.9 * charge["bare"] < charge["bare"] < charge["with BaTiO3"]
    resistance = result.summary["comparison"]["steady"]["effective resistance"]
    assert resistance["bare"] < resistance["control"] < resistance["with BaTiO3"]


def island_interface(result: RunResult) -> None:
    """Without islands a plain contact; with them at most the resistance of the gaps alone."""
    achieved = result.summary["geometry"]["achieved"]
    radius, width, height = (4.0**2 + 6.0**2) / 8.0, 12.0, 4.0
    lens = radius**2 * np.arccos(1.0 - height / radius) - (radius - height) * width / 2.0
    assert achieved["coverage"] == pytest.approx(0.5, rel=1e-12)
    assert achieved["area fraction of inclusion"] == pytest.approx(lens / (80.0 * 24.0), rel=1e-3)
    cathode, electrolyte = LatticeGasLayer(12.9, 2e25, 0.5), LatticeGasLayer(30.0, 4.3e25, 0.5)
    plane = analytic.two_sided_contact(cathode, electrolyte, 0.3)
    solutions = {case: studies[0].solution for case, studies in result.outcomes.items()}
    drop = {case: s.interface("active|electrolyte").potential for case, s in solutions.items()}
    for name in ("active|electrolyte", "active|inclusion"):
        found = solutions["bare"].interface(name)
        assert found.sides[0].charge == pytest.approx(plane.left_displacement, rel=4e-3)
        assert found.potential == pytest.approx(plane.right_potential - 0.3, rel=2e-3)
    assert drop["control"] - drop["bare"] > 6e-3 > 2e-3 > abs(drop["with BaTiO3"] - drop["bare"])
    resistance = result.summary["comparison"]["steady"]["effective resistance"]
    loss = {case: value / resistance["bare"] for case, value in resistance.items()}
    assert 1.2 < loss["control"] < 1.4 < 1.7 < loss["with BaTiO3"] < 2.0
    assert len({id(s.model.mesh) for s in solutions.values()}) == 1


def level_of_lithium(x: float) -> float:
    """Part of the open-circuit voltage of LiCoO2 over 4 V that moves the Li+ levels, in V."""
    curve = load("LiCoO2-mixed").carrier("Li").statistics
    return float(0.5 * (curve.voltage_at(x) - 4.0))


def half_cell(result: RunResult) -> None:
    """The layer follows U(x), with both signs, on charge as on discharge."""
    trajectory = trajectories(result)["base"]
    assert [stop.reason for stop in trajectory.stops[::2]] == [
        "voltage reached 4.2 V",
        "voltage reached 3.88 V",
    ]
    x, drop = trajectory["mean_e_active"], trajectory["potential_drop_active|electrolyte"]
    for step in (1, 3):
        rows = np.flatnonzero(trajectory["step"] == step)[5:]
        expected = [-level_of_lithium(value) for value in x[rows]]
        assert drop[rows] == pytest.approx(expected, abs=1e-4)
        assert min(expected) < -0.09 < 0.04 < max(expected)
    # most of it in the electrolyte, which LiCoO2 empties when it is charged
    least = trajectory["least_Li_active|electrolyte_electrolyte"]
    end = np.flatnonzero(trajectory["step"] == 1)[-1]
    assert least[end] < 0.05 < 0.8 < least[0]


def composite_charge(result: RunResult) -> None:
    """The inclusions do not matter, the particle without contact keeps its lithium."""
    runs = trajectories(result)
    assert {run.stops[-1].reason for run in runs.values()} == {"voltage reached 4.1 V"}
    blank = runs["blank"]
    for run in runs.values():
        for time in (5.0, 10.0, 15.0):
            voltages = [np.interp(time, r["time"], r["voltage"]) for r in (run, blank)]
            assert voltages[0] == pytest.approx(voltages[1], abs=1e-4)
        assert np.ptp(run["amount_e_isolated"]) < 1e-12 * run["amount_e_isolated"][0]
        assert np.ptp(run["amount_Li_isolated"]) < 1e-6 * run["amount_Li_isolated"][0]
        # what passed the collector came out of the particles
        passed = run["charge_passed"][-1] / (elementary_charge * Avogadro)
        assert run["amount_e_active"][0] - run["amount_e_active"][-1] == pytest.approx(
            passed, rel=1e-6
        )
        depleted = run["least_Li_active|electrolyte_electrolyte"]
        assert depleted[-1] < 0.1 < 0.8 < depleted[0]


def mixture(mesh: Mesh, values: Mapping[str, float]) -> float:
    """Property of discs of the regions in the electrolyte, by Maxwell."""
    matrix, total = values["electrolyte"], mesh.areas.sum()
    s = sum(
        mesh.areas[mesh.regions_of(name)].sum() / total * (value - matrix) / (value + matrix)
        for name, value in values.items()
    )
    return matrix * (1.0 + s) / (1.0 - s)


def capacitance_ratio() -> float:
    """High-frequency capacitance of 403, BaTiO3 over control."""
    run = load_input(FOLDER / "403_composite_impedance.yaml")
    mesh = read_mesh(run.mesh)
    batio3, control = (
        mixture(mesh, {n: m.relative_permittivity for n, m in run.materials(case).items()})
        for case in ("with BaTiO3", "control")
    )
    return batio3 / control


def composite_impedance(result: RunResult) -> None:
    """The control raises all resistances, BaTiO3 none; it changes the arc of the bulk."""
    spectra = {case: studies[-1].spectrum for case, studies in result.outcomes.items()}
    blank, control, batio3 = (spectra[name] for name in ("blank", "control", "with BaTiO3"))
    for spectrum in spectra.values():
        assert (spectrum.impedance.real > 0.0).all()
        parts = sum(part.values for part in spectrum.contributions)
        assert np.abs(parts / spectrum.impedance - 1.0).max() < 1e-8
    # the lowest frequency is direct current
    steady = control.solution.model.steady({"collector": 1e-3}, control.solution)
    assert control.impedance[0].real == pytest.approx(effective_resistance(steady), rel=1e-5)

    mesh = control.solution.model.mesh
    blocked = dict.fromkeys(mesh.region_names, 0.0) | {"electrolyte": 1.0}
    geometry = mixture(mesh, blocked | {"inclusion": 1.0}) / mixture(mesh, blocked)
    resistance = {case: spectrum.resistances for case, spectrum in spectra.items()}
    assert control.impedance[0].real / blank.impedance[0].real == pytest.approx(geometry, rel=5e-3)
    for name in ("bulk", "layers"):
        before, after = (getattr(resistance[case], name) for case in ("blank", "control"))
        assert 1.05 < after / before < 1.1
        permittivity = getattr(resistance["with BaTiO3"], name) / after
        assert permittivity == pytest.approx(1.0, abs=2e-3)
    change = batio3.impedance[-1] / control.impedance[-1]
    assert change.real == pytest.approx(1.0 / capacitance_ratio(), rel=5e-3)
    around = [
        -s.contribution("layer", "electrolyte|inclusion").values.imag for s in (control, batio3)
    ]
    assert around[1].max() > 5.0 * around[0].max()


def island_study(folder: Path) -> None:
    """Geometry costs, permittivity more, a fixed P counts with its sign, a free one hardly."""
    with (folder / "503_island_study.csv").open(newline="") as file:
        rows = {r["law"]: r for r in csv.DictReader(file) if r["coverage"] == "0.5"}
    gain, excess, edge = (
        {law: float(row[name]) for law, row in rows.items()}
        for name in ("promotion", "excess of Li [1/nm2]", "field 1 nm from the edge [MV/m]")
    )
    # half of the contact is covered: without its layer in the gaps, that would be -1
    assert -1.0 < gain["linear 1000"] < gain["linear eps_s"] < gain["control"] < gain["bare"] == 0.0
    assert gain["Johnson"] == pytest.approx(gain["linear 1000"], abs=5e-3)
    signs = [gain[law] - gain["linear eps_s"] for law in ("towards", "away", "P_s towards")]
    assert signs[0] > 0.4 > -0.4 > signs[1]
    assert signs[2] > 1.0
    assert abs(gain["Landau"] - gain["linear eps_s"]) < 0.15
    layer = LatticeGasLayer(30.0, 4.3e25, 0.5)
    contact = analytic.two_sided_contact(LatticeGasLayer(12.9, 2e25, 0.5), layer, 0.3)
    missing = abs(contact.right_displacement) / elementary_charge / 1e18
    assert excess["bare"] == pytest.approx(-missing, rel=5e-3)
    assert -missing < excess["control"] < excess["P_s towards"]
    assert edge["linear 1000"] < edge["bare"] < edge["control"] < edge["towards"]


def random_axes(result: RunResult) -> None:
    """Weak random dipoles hardly count; of strong ones the charges cancel, not the currents."""
    resistance = result.summary["comparison"]["steady"]["effective resistance"]
    change = {case: value / resistance["no dipoles"] - 1.0 for case, value in resistance.items()}
    charges = {
        case: studies[0].solution.interface("active|inclusion").sides[0].charge
        for case, studies in result.outcomes.items()
    }
    shift = {case: value / charges["no dipoles"] - 1.0 for case, value in charges.items()}
    sets = [f"random {seed}" for seed in (1, 2, 3)]
    assert change["away"] == pytest.approx(-change["towards"], rel=0.05)
    assert change["away"] > 0.03
    assert max(abs(change[name]) for name in sets) < 0.15 * change["away"]
    assert shift["strong away"] > 0.1
    for aligned, prefix in ((shift["away"], ""), (shift["strong away"], "strong ")):
        assert max(abs(shift[prefix + name]) for name in sets) < 0.1 * aligned
    assert max(change[f"strong {name}"] for name in sets) < -0.15


def trajectories(result: RunResult) -> dict[str, Trajectory]:
    """Return the transients of a run, by case."""
    return {case: studies[-1].trajectory for case, studies in result.outcomes.items()}


def island_sweep(dataset: Any) -> None:
    """Islands cost more the higher their permittivity, and never more than the gaps alone."""
    assert (dataset["status"] == "done").all()
    plain = dataset["resistance"].sel(model="electrolyte")
    assert plain.values == pytest.approx(float(plain[0, 0]), rel=3e-3)
    added = dataset["resistance"] / plain - 1.0
    part = added * (1.0 / dataset["coverage"] - 1.0)  # of the limit of the gaps
    control, linear, saturating = (
        part.sel(model=name).values for name in ("control", "linear 1000", "saturating")
    )
    assert (0.25 < control).all()
    assert (control < saturating).all()
    assert (saturating < linear).all()
    assert (linear < 1.0).all()


def plain_contact_resistance(step: float, depth: float) -> float:
    """Resistance of LiCoO2 | Li6PS5Cl of 30 nm each without anything between [Ohm cm2]."""
    return stack_resistance(
        [CATHODE_LAYER, SULFIDE_LAYER], [-step, 0.0], [0.01, 0.213], [depth] * 2
    )


def decades_of_a_layer() -> float:
    """What the ranges of 705 leave open for Li6PS5Cl beside LiCoO2: powers of ten of R."""
    cathode, found = LatticeGasLayer(12.9, 24.53e27, 0.5), []
    for permittivity in (7.218, 40.0):
        for sites in (2e27, 46.5e27):
            for step in (-0.5, 0.5):
                sulfide = LatticeGasLayer(permittivity, sites, 0.5)
                drop = analytic.two_sided_contact(cathode, sulfide, step).right_potential
                found.append(float(sulfide.excess_resistance(drop, 0.213)))
    return float(np.log10(max(found) / min(found)))


CATHODE_LAYER, SULFIDE_LAYER = LatticeGasLayer(12.9, 2e25, 0.5), LatticeGasLayer(30.0, 4.3e25, 0.5)


def stack_resistance(
    layers: list[LatticeGasLayer], levels: list[float], sigma: list[float], depth: list[float]
) -> float:
    """Resistance of layers that are thick against their Debye lengths [Ohm cm2].

    Args:
        layers: from left to right.
        levels: standard potentials [eV].
        sigma: conductivities [S/m].
        depth: thicknesses [m].
    """
    total = sum(d / s for d, s in zip(depth, sigma, strict=True))
    for k in range(len(layers) - 1):
        contact = analytic.two_sided_contact(layers[k], layers[k + 1], levels[k + 1] - levels[k])
        total += layers[k].excess_resistance(contact.left_potential, sigma[k])
        total += layers[k + 1].excess_resistance(contact.right_potential, sigma[k + 1])
    return float(total) * 1e4


def coated_contact() -> float:
    """Resistance of 603 with a single coating of 30 nm of the middle level [Ohm cm2]."""
    coating = LatticeGasLayer(46.0, 4.3e25, 0.5)
    return stack_resistance(
        [CATHODE_LAYER, coating, SULFIDE_LAYER], [-0.4, -0.2, 0.0], [0.01, 1e-3, 0.213], [30e-9] * 3
    )


def width_ratio() -> float:
    """Ratio of the 1 % and the 1/e width of the electrolyte of 701 at 0.5 eV."""
    wall = contact_drop() / analytic.thermal_voltage()
    one_percent, decay = (
        analytic.lattice_gas_depth(share * wall, wall, 0.5) for share in (0.01, np.exp(-1.0))
    )
    return float(one_percent / decay)


def named_results(folder: Path) -> None:
    """The file of 701 holds the layers of both sides."""
    with open(folder / "quantities.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sides = {row["side"] for row in rows if row["name"] == "depletion width"}
    assert sides == {"cathode", "electrolyte"}


EXPECTED: dict[str, Script | RunFile | StudyFile] = {
    "101_debye_layer": Script(
        exact=float(LatticeGasLayer(30.0, 4.3e25, 0.5).wall_charge(1.0)),
        tolerance=1e-3,
        reduced={"potentials": (0.025, -1.0)},
    ),
    "102_two_sided_contact": Script(
        exact=contact_drop(), tolerance=1e-3, reduced={"offsets": (0.0, 0.5)}
    ),
    "103_depleted_layer_resistance": Script(
        exact=potential_for_ten_ohm_cm2(), tolerance=1e-4, reduced={"potentials": (0.1, 0.5)}
    ),
    "104_mott_schottky": Script(exact=1e25, tolerance=1e-3, reduced={"points": 3}),
    # deviation of the charge from exact values, nearly all of it of the mesh
    "105_blocking_cell_charging": Script(
        exact=0.0, tolerance=0.0, absolute=2e-3, reduced={"steps": 30}
    ),
    "201_coated_particle": RunFile(coated_particle),
    # the mesh of the file: 1 nm along the surface of a disc of 10 nm
    "202_dielectric_disc": Script(
        exact=array_inner_field(), tolerance=5e-3, reduced={"contrasts": (1000.0 / 30.0,)}
    ),
    "203_axisymmetric_particle": Script(
        exact=sphere_potential(), tolerance=8e-3, reduced={"steps": 10}
    ),
    "204_periodic_cell": Script(
        exact=analytic.square_array_permittivity(0.5, 0.0),
        tolerance=1e-2,
        reduced={"fractions": (0.5,), "cells": 16},
    ),
    "205_island_interface": RunFile(island_interface),
    "301_composite_cathode": RunFile(composite),
    # no closed form: most inclusions are three Debye lengths from any field
    "302_composite_analysis": Script(exact=1.0, tolerance=2e-3),
    "303_half_cell": RunFile(half_cell),
    # x at U(x) = 4 V, where the levels of the card agree with those of the electrolyte
    "304_half_cell_analysis": Script(
        exact=float(load("LiCoO2-mixed").carrier("Li").statistics.site_fraction_at(4.0)),
        tolerance=1e-4,  # of the straight line between two steps
        reduced={"overrides": ("studies.0.transient.max_step=5 min",)},
    ),
    "305_composite_charge": RunFile(composite_charge, slow=True),
    # voltage that the layers cost, over an estimate with the mean layer
    "306_composite_charge_analysis": Script(
        exact=1.0, tolerance=0.15, reads="305_composite_charge", slow=True
    ),
    # deviations from closed forms: of the mesh
    "401_blocking_cell": Script(exact=0.0, tolerance=0.0, absolute=2e-3, reduced={"steps": 20}),
    # double layers charge beside the diffusion, not across it
    "402_thin_film_cell": Script(
        exact=0.0, tolerance=0.0, absolute=5e-3, reduced={"states": (0.95, 0.52), "points": 5}
    ),
    "403_composite_impedance": RunFile(composite_impedance),
    # Maxwell's mixture is for dilute discs
    "404_composite_impedance_analysis": Script(
        exact=capacitance_ratio(), tolerance=3e-3, reads="403_composite_impedance"
    ),
    # the interpolated drop of the table in verification/test_activation_energy.py is 0.235 V
    "405_arrhenius": Script(
        exact=drop_for_excess_energy(), tolerance=2e-4, reduced={"drops": (0.2,), "steps": 10}
    ),
    # the slope in the middle, by a fit
    "501_domain_wall_and_loop": Script(exact=1.0, tolerance=5e-3, reduced={"points": 12}),
    # a closed vortex has no mean
    "502_particle_domains": Script(
        exact=0.0, tolerance=0.0, absolute=5e-3, reduced={"size": 6e-10}
    ),
    "503_island_study": Script(
        exact=1.0,
        tolerance=5e-3,  # of the mesh
        reduced={"coverages": (0.0, 0.5), "sizes": (), "seeds": 1},
        check=island_study,
    ),
    # direct current does not feel a permittivity, but for lithium at the tips
    "504_nanowires": Script(exact=1.0, tolerance=2e-3),
    "505_random_axes": RunFile(random_axes),
    # of the mesh [V]
    "506_piezo_and_flexo_coatings": Script(exact=0.0, tolerance=0.0, absolute=5e-5),
    "601_island_sweep": StudyFile(
        island_sweep,
        {
            "coverage": [0.2, 0.5],
            "size": ["6 nm", "13 nm"],
            "model": ["electrolyte", "control", "linear 1000", "saturating"],
        },
        cases=252,
    ),
    # finite elements of a depleted layer: the mesh costs 0.6 %
    "602_island_sweep_analysis": Script(
        exact=plain_contact_resistance(0.3, 30e-9), tolerance=1e-2, reads="601_island_sweep"
    ),
    "603_coating_potential": Script(
        exact=coated_contact(),
        tolerance=1e-2,
        reduced={"thicknesses": (4.0, 30.0), "levels": (-0.2, -0.1), "workers": 2},
    ),
    # an observation, not a closed form: some arrangements scatter around -1.8 %
    "604_composite_ensemble": Script(
        exact=-0.018, tolerance=0.0, absolute=0.01, reduced={"seeds": 3, "workers": 2}
    ),
    "605_card_spread": Script(exact=1.0, tolerance=2e-2, reduced={"samples": 8, "workers": 2}),
    # the bound is active
    "606_optimise_coating": Script(
        exact=0.06, tolerance=0.0, absolute=2e-3, reduced={"evaluations": 8}, slow=True
    ),
    "701_named_results": Script(
        exact=width_ratio(),
        tolerance=5e-3,
        reduced={"offsets": (0.5,), "table": "quantities.csv"},
        check=named_results,
    ),
    # Rayleigh's; 24 cells along each side
    "702_effective_conductivity": Script(
        exact=0.7 / analytic.square_array_permittivity(0.3, 0.0),
        tolerance=3e-3,
        reduced={"charges": (0.0, -0.005), "cells": 24},
    ),
    # depths are sliced by a sixtieth of the escape depth
    "703_virtual_instruments": Script(exact=1.0, tolerance=1e-4, reduced={"pixel": 0.33e-9}),
    # the cathode is ten Debye lengths wide
    "704_band_diagram": Script(exact=1.0, tolerance=1e-3, reduced={"states": {"charged": 4.2}}),
    "705_card_pairs": Script(exact=decades_of_a_layer(), tolerance=5e-3, reduced={"steps": 10}),
}


def cases(suffix: str) -> list[Any]:
    """Return the examples with a suffix, the long ones marked as slow."""
    return [
        pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if slow(p.stem) else [])
        for p in EXAMPLES
        if p.suffix == suffix
    ]


def slow(name: str) -> bool:
    """Whether an example takes minutes."""
    return name in EXPECTED and EXPECTED[name].slow


RUN_FILES = [p for p in cases(".yaml") if isinstance(EXPECTED.get(p.id), RunFile)]


@pytest.fixture(scope="session")
def swept(tmp_path_factory):
    """Return a function that carries out a study file with fewer levels, once."""
    folders: dict[str, Path] = {}

    def sweep(name: str) -> Path:
        expected = EXPECTED[name]
        assert isinstance(expected, StudyFile)
        if name not in folders:
            folder = tmp_path_factory.mktemp(name)
            data = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
            for axis, values in expected.levels.items():
                data["axes"][axis]["values"] = values
            data["base"]["mesh"]["cache"] = str(folder / "meshes")  # made anew
            study = make_study(name, directory=FOLDER, **data)
            counts = run_study(study, folder / "study", workers=2)
            assert counts.done == counts.total
            folders[name] = folder / "study"
        return folders[name]

    return sweep


@pytest.fixture(scope="session")
def carried_out(tmp_path_factory):
    """Return a function that carries out a run file, without pictures, once."""
    results: dict[str, RunResult] = {}

    def carry_out(name: str) -> RunResult:
        if name not in results:
            path, folder = FOLDER / f"{name}.yaml", tmp_path_factory.mktemp(name)
            overrides = ["output.figures=false"]
            if "\n  geometry:" in path.read_text():
                overrides.append(f"mesh.cache={folder / 'meshes'}")  # made anew
            results[name] = execute(load_input(path, overrides), folder)
        return results[name]

    return carry_out


def test_every_example_has_an_expected_value_and_a_line_in_the_readme() -> None:
    assert {p.stem for p in EXAMPLES} == set(EXPECTED)
    readme = (FOLDER / "README.md").read_text()
    assert [p.name for p in EXAMPLES if f"`{p.name}`" not in readme] == []


@pytest.mark.parametrize("path", cases(".py"))
def test_script_gives_its_number(path, tmp_path, monkeypatch, capsys, carried_out, swept) -> None:
    expected = EXPECTED[path.stem]
    assert isinstance(expected, Script)
    found = {}
    if expected.reads:
        is_study = isinstance(EXPECTED[expected.reads], StudyFile)
        found["folder"] = swept(expected.reads) if is_study else carried_out(expected.reads).folder
    monkeypatch.chdir(tmp_path)
    value = load_module(path).main(**found, **expected.reduced, plot=True)
    assert value == pytest.approx(expected.exact, rel=expected.tolerance, abs=expected.absolute)
    assert capsys.readouterr().out.count("\n") >= 3
    assert (tmp_path / f"{path.stem}.png").stat().st_size > 5000
    if expected.check is not None:
        expected.check(tmp_path)


@pytest.mark.parametrize(
    "name", [name for name, expected in EXPECTED.items() if isinstance(expected, StudyFile)]
)
def test_study_file_gives_its_results(name, swept) -> None:
    expected = EXPECTED[name]
    assert isinstance(expected, StudyFile)
    _, planned = plan(load_study(FOLDER / f"{name}.yaml"))
    assert len(planned) == expected.cases
    expected.check(load_dataset(swept(name)))


@pytest.mark.parametrize("path", RUN_FILES)
def test_run_file_gives_its_results(path, carried_out) -> None:
    expected = EXPECTED[path.stem]
    assert isinstance(expected, RunFile)
    result = carried_out(path.stem)
    assert not result.failed
    for studies in result.outcomes.values():
        last = studies[-1]
        assert last.solution is not None
        if last.spectrum is not None:
            continue
        contacts = last.solution.model.contacts
        if last.trajectory is None:
            assert last.solution.kind == "steady"
            flows = [last.solution.contact(name).current for name in contacts]
            accuracy = 1e-9
        else:
            # Charges, because a small current through a good conductor is accurate to 1e-3 only.
            assert last.trajectory.complete
            dt = last.trajectory["dt"]
            flows = [(last.trajectory[f"current_{name}"] * dt).sum() for name in contacts]
            accuracy = 1e-3
        assert abs(sum(flows)) < accuracy * max(map(abs, flows))
    expected.check(result)


@pytest.mark.parametrize("path", [p for p in EXAMPLES if slow(p.stem)], ids=lambda p: p.stem)
def test_a_long_example_has_sound_input(path) -> None:
    """What the slow suite carries out shall be accepted in the everyday suite already."""
    if path.suffix == ".py":
        assert callable(load_module(path).main)
        return
    run = load_input(path)
    mesh = read_mesh(run.mesh)
    for name in run.variants:
        model = build_model(run, mesh, run.materials(name))
        model.conditions.equilibrium()


def load_module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
