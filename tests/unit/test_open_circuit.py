"""Statistics from open-circuit curves: formulas, tables, and what the core makes of them."""

import math

import numpy as np
import pytest
from open_circuits import ACTIVE, KT, MILLIVOLT, eta_of, line, mixed, site_fraction, table
from scipy.interpolate import CubicHermiteSpline

from pyscl import InputError, OpenCircuit, _core
from pyscl.carriers import bulk_eta, bulk_potential, core_statistics
from pyscl.materials import load


def test_the_law_is_its_definition():
    law = line(share=0.3)
    x = np.linspace(0.1, 0.9, 33)
    assert law.voltage_at(x) == pytest.approx(4.0 - x, rel=1e-15)
    assert site_fraction(law, -0.3 * (4.0 - x - 3.5) / KT) == pytest.approx(x, abs=1e-8)


def test_the_reference_shifts_eta_and_nothing_else():
    low, high = line(reference=0.0), line(reference=3.5)
    eta = np.linspace(-20.0, 20.0, 41)
    y = site_fraction(high, eta)
    assert site_fraction(low, eta - 0.5 * 3.5 / KT) == pytest.approx(y, rel=1e-9)


@pytest.mark.parametrize("temperature", [250.0, 298.15, 400.0])
def test_the_voltage_does_not_depend_on_temperature_but_eta_does(temperature):
    material = mixed(x=0.3)
    total = sum(bulk_potential(c, temperature) for c in material.carriers)
    assert -total == pytest.approx(3.7, abs=1e-7)
    lithium = material.carrier("Li")
    assert bulk_eta(lithium, temperature) == pytest.approx(
        eta_of(lithium.statistics, 0.3, temperature), rel=1e-7
    )


def test_beyond_the_ends_the_law_is_a_lattice_gas():
    law = line()
    for end, outward in ((0.1, -1.0), (0.9, 1.0)):
        excess = eta_of(law, end) - math.log(end / (1.0 - end))
        ideal = math.log(end / (1.0 - end)) + outward * np.array([1.0, 5.0, 30.0])
        expected = 1.0 / (1.0 + np.exp(-ideal))
        assert site_fraction(law, excess + ideal) == pytest.approx(expected, rel=1e-10)


def test_a_table_is_met_at_its_points_and_monotone_between():
    x, voltage = (0.05, 0.3, 0.32, 0.7, 0.95), (4.3, 4.1, 3.9, 3.88, 3.0)
    law = table(x, voltage)
    assert law.voltage_at(x) == pytest.approx(voltage, rel=1e-14)
    fine = np.linspace(0.05, 0.95, 5001)
    assert (np.diff(law.voltage_at(fine)) < 0.0).all()
    assert site_fraction(law, eta_of(law, fine)) == pytest.approx(fine, abs=1e-4)


def test_two_points_make_a_straight_line():
    law = table((0.2, 0.8), ("4 V", "3900 mV"))
    assert law.voltage_at(0.5) == pytest.approx(3.95, rel=1e-14)


@pytest.mark.parametrize("voltage", [(4.0, 3.9, 2.0), (4.0, 2.0, 1.9)])
def test_a_table_is_not_flat_at_its_ends(voltage):
    """PCHIP would choose the slope 0 at one of them, where dy/deta is infinite."""
    law = table((0.1, 0.2, 0.3), voltage)
    just_inside = np.array([0.1 + 1e-9, 0.3 - 1e-9])
    _, _, slope = _core.occupancy(core_statistics(law, 298.15), eta_of(law, just_inside))
    chord = -np.diff(voltage) / 0.1
    assert (slope < 1.01 * KT / (0.5 * 0.5 * chord)).all()


SHARP = "4 - 0.1*x - 0.05*tanh((x - 0.4)/0.001)"


def test_the_core_meets_the_voltage_within_a_tenth_of_a_millivolt():
    """Also at a step of width 0.001 in x: points are added there."""
    law = OpenCircuit(formula=SHARP, range=(0.01, 0.99), reference=4.0)
    points = law.excess_table(298.15).site_fraction
    assert len(points) > 257
    near = np.abs(points - 0.4) < 0.005
    assert np.diff(points[near]).max() < 0.2 * np.diff(points).max()
    x = np.linspace(0.01, 0.99, 20001)
    y = site_fraction(law, eta_of(law, x))
    assert law.voltage_at(np.clip(y, 0.01, 0.99)) == pytest.approx(
        law.voltage_at(x), abs=0.05 * MILLIVOLT
    )


def test_the_core_meets_dy_deta():
    law = OpenCircuit(formula=SHARP, range=(0.01, 0.99), reference=4.0)
    x = np.linspace(0.011, 0.989, 997)
    _, _, slope = _core.occupancy(core_statistics(law, 298.15), eta_of(law, x))
    steep = 0.1 + 50.0 * (1.0 - np.tanh((x - 0.4) / 0.001) ** 2)
    assert slope == pytest.approx(KT / (0.5 * steep), rel=0.03)


@pytest.mark.parametrize("formula", ["4 - x", "4 - 2*x**3", "4 - x + 0.1*cos(9*x)"])
def test_slopes_of_formulas_are_exact_up_to_the_ends(formula):
    table = OpenCircuit(formula=formula, range=(0.1, 0.9), share=1.0).excess_table(298.15)
    x = table.site_fraction
    slope = {"4 - x": -1.0, "4 - 2*x**3": -6.0 * x**2}.get(formula, -1.0 - 0.9 * np.sin(9.0 * x))
    assert table.slope + 1.0 / (x * (1.0 - x)) == pytest.approx(-slope / KT, rel=1e-7)


@pytest.mark.parametrize("name", ACTIVE)
def test_the_excess_has_its_extrema_at_points_of_the_table(name):
    """The core looks for y between the least and the largest excess of the table."""
    y, excess, slope = load(name).open_circuit.excess_table(298.15)
    fine = np.interp(np.linspace(0.0, 1.0, 200_001), np.linspace(0.0, 1.0, len(y)), y)
    between = CubicHermiteSpline(y, excess, slope)(fine)
    assert between.max() <= excess.max() + 1e-10
    assert between.min() >= excess.min() - 1e-10


def test_a_jump_is_refused():
    law = OpenCircuit(formula="where(x < 0.5, 4 - x, 3 - x)", range=(0.1, 0.9))
    with pytest.raises(InputError, match="jumps or has a kink"):
        law.excess_table(298.15)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"formula": "4 + 0.1*x"}, r"formula: dU/dx = 0\.1 V at x = .*two phases coexist"),
        ({"formula": "4"}, r"dU/dx = 0 V at x"),
        ({"formula": "4 - 0.0005*x"}, r"dU/dx = -0\.0005 V .*more than 1 mV per unit of x"),
        ({"formula": "4 - x + 0.6*sin(6*x)"}, r"dU/dx = 1\.97 V at x = 0\.1"),
        ({"formula": "4 - x + log(x - 0.5)"}, "formula: U is not a finite number at x = 0.1"),
        ({"formula": "where(x < 0.45671, 3 - x, 4 - x)"}, r"V at x = 0\.456\d;"),
        ({"formula": "4 - y"}, "formula: unknown name 'y' at character 5"),
        ({"formula": None}, "either formula and range, or site_fraction and voltage"),
        ({"range": None}, "missing key 'range'"),
        ({"range": (0.9, 0.1)}, "range: the site fractions must increase"),
        ({"range": (0.0, 0.9)}, "range: the curve must begin above x = 0"),
        ({"range": (0.1, 1.0)}, "end below x = 1"),
        ({"range": (0.1,)}, "entry 2 of the list is missing"),
        ({"share": 0.0}, "above 0"),
        ({"share": 1.2}, "1"),
        ({"reference": "4 nm"}, "wrong unit 'nm'"),
        ({"site_fraction": (0.1, 0.9), "voltage": (4, 3)}, "give either formula"),
        ({"formul": "4 - x"}, "Did you mean 'formula'"),
    ],
)
def test_bad_formula_laws_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        line(**changes)


@pytest.mark.parametrize(
    ("x", "voltage", "message"),
    [
        ((0.1, 0.5, 0.9), (4.0, 4.1, 3.9), r"voltage: dU/dx = .* V at x = 0\.\d+; .*two phases"),
        ((0.1, 0.5, 0.9), (4.0, 4.0, 3.9), "dU/dx = .*0 V at x"),
        ((0.1, 0.5, 0.9), (4.0, 3.9999, 3.9), r"dU/dx = -0\.000\d+ V at x = 0\.[123]"),
        ((0.5, 0.1), (4.0, 3.9), "site_fraction: the site fractions must increase"),
        ((0.0, 0.5), (4.0, 3.9), "leave out points at 0 and 1"),
        ((0.1, 0.5), (4.0,), "2 site fractions and 1 voltages"),
        ((0.1,), (4.0,), "two or more"),
        ((0.1, 0.5), (4.0, float("nan")), "finite"),
    ],
)
def test_bad_tables_are_refused(x, voltage, message):
    with pytest.raises(InputError, match=message):
        table(x, voltage)


def test_a_plateau_like_that_of_lithium_iron_phosphate_is_refused_with_its_place():
    fit = "3.43 + 0.8*exp(-60*x) - 0.8*exp(-60*(1 - x))"
    with pytest.raises(
        InputError, match=r"at x = 0\.[45]\d*; .*Plateaus, where two phases coexist"
    ):
        OpenCircuit(formula=fit, range=(0.01, 0.99))


def test_the_range_of_a_law_with_a_table_is_not_given_twice():
    with pytest.raises(InputError, match="range belongs to a formula"):
        table((0.1, 0.9), (4.0, 3.0), range=(0.1, 0.9))


@pytest.mark.parametrize("law", [line(), table((0.1, 0.4, 0.9), (4.2, 3.9, 3.8))])
def test_site_fractions_follow_from_voltages_and_back(law):
    x = np.linspace(*law.ends, 41)
    assert law.site_fraction_at(law.voltage_at(x)) == pytest.approx(x, abs=1e-12)
    assert isinstance(law.site_fraction_at(law.voltage_at(0.5)), float)


def test_voltages_and_site_fractions_beyond_the_curve_are_refused():
    with pytest.raises(InputError, match=r"site fraction 0\.95 is outside .* 0\.1 to 0\.9"):
        line().voltage_at([0.5, 0.95])
    message = r"voltage 4\.5 V is outside .* from 3\.1 V \(x = 0\.9\) to 3\.9 V \(x = 0\.1\)"
    with pytest.raises(InputError, match=message):
        line().site_fraction_at(4.5)
    with pytest.raises(InputError, match="outside"):
        line().voltage_at(float("nan"))
