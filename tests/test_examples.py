"""Every example runs, and its number agrees with a closed form or a stated bound."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.constants import epsilon_0

from pyscl import analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.input import load_input
from pyscl.runner import RunResult, execute

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(p for p in FOLDER.iterdir() if p.suffix in (".py", ".yaml"))


@dataclass(frozen=True)
class Script:
    """What `main(**reduced)` of a script returns, to a relative tolerance."""

    exact: float
    tolerance: float
    reduced: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunFile:
    """What a run file must give, besides converging and balanced currents."""

    check: Callable[[RunResult], None]


def contact_drop() -> float:
    """Drop in the electrolyte of 102 at 0.5 V."""
    cathode, electrolyte = LatticeGasLayer(12.9, 2e25, 0.5), LatticeGasLayer(30.0, 4.3e25, 0.5)
    return analytic.two_sided_contact(cathode, electrolyte, 0.5).right_potential


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


EXPECTED: dict[str, Script | RunFile] = {
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
    "301_composite_cathode": RunFile(composite),
    # no closed form: most inclusions are three Debye lengths from any field
    "302_composite_analysis": Script(exact=1.0, tolerance=2e-3),
}


def test_every_example_has_an_expected_value_and_a_line_in_the_readme() -> None:
    assert {p.stem for p in EXAMPLES} == set(EXPECTED)
    readme = (FOLDER / "README.md").read_text()
    assert [p.name for p in EXAMPLES if f"`{p.name}`" not in readme] == []


@pytest.mark.parametrize("path", [p for p in EXAMPLES if p.suffix == ".py"], ids=lambda p: p.stem)
def test_script_gives_its_number(path, tmp_path, monkeypatch, capsys) -> None:
    expected = EXPECTED[path.stem]
    assert isinstance(expected, Script)
    monkeypatch.chdir(tmp_path)
    value = load_module(path).main(**expected.reduced, plot=True)
    assert value == pytest.approx(expected.exact, rel=expected.tolerance)
    assert capsys.readouterr().out.count("\n") >= 3
    assert (tmp_path / f"{path.stem}.png").stat().st_size > 5000


@pytest.mark.parametrize("path", [p for p in EXAMPLES if p.suffix == ".yaml"], ids=lambda p: p.stem)
def test_run_file_gives_its_results(path, tmp_path) -> None:
    expected = EXPECTED[path.stem]
    assert isinstance(expected, RunFile)
    result = execute(load_input(path, overrides=["output.figures=false"]), tmp_path)
    assert not result.failed
    for studies in result.outcomes.values():
        steady = studies[-1].solution
        assert steady is not None
        assert steady.kind == "steady"
        currents = [steady.contact(name).current for name in steady.model.contacts]
        assert abs(sum(currents)) < 1e-9 * max(map(abs, currents))
    expected.check(result)


def load_module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
