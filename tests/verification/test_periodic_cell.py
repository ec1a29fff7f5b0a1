"""Effective properties of a periodic square array of discs."""

import json
from pathlib import Path

import numpy as np
import pytest

from pyscl import analytic
from pyscl.verification.disc_setups import (
    cell_conductivity,
    cell_permittivity,
    conducting_cell,
    dielectric_cell,
)

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
ROWS = [row for row in REFERENCE["square_array"] if row["area_fraction"] <= 0.5]
LEVELS = (16, 32, 64)
WINDOW = (1.8, 2.3)  # the number of rings is rounded to whole cells


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"f={r['area_fraction']}")
@pytest.mark.parametrize("contrast", ["10", "1000"])
def test_effective_permittivity(row, contrast, second_order):
    """The mean displacement under a periodic jump shall converge to Rayleigh's permittivity."""
    second_order(
        lambda n: cell_permittivity(
            dielectric_cell(row["area_fraction"], float(contrast), n).equilibrium()
        ),
        row[contrast],
        levels=LEVELS,
        window=WINDOW,
    )


@pytest.mark.parametrize("contrast", [10.0, 1000.0])
@pytest.mark.parametrize("area_fraction", [0.2, 0.5])
def test_keller_reciprocity(area_fraction, contrast, second_order):
    """The product of the effective values for k and 1/k shall converge to 1.

    Independent of any closed form of the array.
    """

    def product(level):
        values = [
            cell_permittivity(dielectric_cell(area_fraction, k, level).equilibrium())
            for k in (contrast, 1.0 / contrast)
        ]
        return values[0] * values[1]

    second_order(product, 1.0, levels=LEVELS, finest=2e-3, window=WINDOW)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"f={r['area_fraction']}")
def test_effective_conductivity_around_blocking_discs(row, second_order):
    """Discs that block the ions shall leave the conductivity of Rayleigh's k = 0."""
    second_order(
        lambda n: cell_conductivity(conducting_cell(row["area_fraction"], 0.0, n).steady()),
        row["0"],
        levels=LEVELS,
        window=WINDOW,
    )


@pytest.mark.parametrize("mobility", ["vacancy", "dilute", "constant-conductivity"])
def test_effective_conductivity_of_a_composite(mobility, second_order):
    """Discs that conduct ten times better shall have the same effective value as a dielectric.

    Both phases are neutral in equilibrium; the bias of 1e-3 kT/e over a cell of 10 nm moves a
    charge to the interface, whose effect on the current is of second order in the bias.
    """
    exact = analytic.square_array_permittivity(0.3, 10.0)
    second_order(
        lambda n: cell_conductivity(conducting_cell(0.3, 10.0, n, mobility).steady()),
        exact,
        levels=LEVELS,
        window=WINDOW,
    )


def test_cell_keeps_its_carriers_and_stays_periodic():
    """A driven cell shall keep its carriers, and potentials shall jump by the given voltage."""
    solution = conducting_cell(0.3, 0.0, 24).steady()
    model = solution.model
    amount = model.materials["matrix"].carrier("Li").density / 6.02214076e23
    area = model.mesh.areas[model.mesh.regions_of("matrix")].sum()
    assert solution.amount("Li") == pytest.approx(amount * area, rel=1e-12)
    points = model.mesh.points
    sides = {}
    for name in ("left", "right"):
        nodes = np.unique(model.mesh.facets_of(name))
        sides[name] = solution.potential[nodes[np.argsort(points[nodes, 1])]]
    jump = model.periodic[0].potential_jump
    np.testing.assert_allclose(sides["right"] - sides["left"], jump, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("contrast", ["10", "1000", "0"])
def test_extrapolated_cell_is_exact_to_1e_minus_5(contrast):
    """Extrapolated from 27 000 and 107 000 triangles the value shall be exact to 1e-5."""
    row = next(r for r in REFERENCE["square_array"] if r["area_fraction"] == 0.5)

    def value(level):
        if contrast == "0":
            return cell_conductivity(conducting_cell(0.5, 0.0, level).steady())
        return cell_permittivity(dielectric_cell(0.5, float(contrast), level).equilibrium())

    coarse, fine = value(64), value(128)
    assert (4.0 * fine - coarse) / 3.0 == pytest.approx(row[contrast], rel=1e-5)
