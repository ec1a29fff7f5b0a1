"""Every closed form of `pyscl.analytic` against independent values and identities."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import constants

from pyscl import analytic
from pyscl.analytic.steady_layers import _DrivenLayer
from pyscl.errors import ConvergenceError, InputError

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
EPS0_CODATA_2018 = 8.8541878128e-12  # [F/m], of the tables
DIGITS = 1e-9  # the tables have 11-12 digits and an eps0 that differs by 6.8e-10
PROFILE_DIGITS = 1e-10  # 11 printed digits, dimensionless: no constant enters


def rows(*keys):
    """Rows of a section of the reference file, one parameter set each."""
    table = REFERENCE
    for key in keys:
        table = table[key]
    return [pytest.param(row, id=f"row{i}") for i, row in enumerate(table)]


def close(value, rtol=DIGITS, atol=0.0):
    """Approximately `value`, by default to the digits of the tables."""
    return pytest.approx(value, rel=rtol, abs=atol)


def unit_layer(eps_r, sites, theta, charge=1):
    """Layer whose reduced displacement unit sqrt(eps0 kT n*) is that of n* = 1e25 1/m^3."""
    return analytic.LatticeGasLayer(eps_r, sites * 1e25, theta, charge)


def displacement_unit():
    """Unit sqrt(eps0 kT n*) of the reduced displacements [C/m^2]."""
    return np.sqrt(constants.epsilon_0 * constants.k * 298.15 * 1e25)


# --- lengths and dilute layers --------------------------------------------------------------


@pytest.mark.parametrize("row", rows("thermal_voltage"))
def test_thermal_voltage_matches_table(row):
    """The thermal voltage shall be kT/e with the exact constants."""
    assert analytic.thermal_voltage(row["T"]) == close(row["V"], 1e-11)


@pytest.mark.parametrize("row", rows("debye_length", "salt"))
def test_debye_length_of_a_salt_matches_table(row):
    """The Debye length of a 1:1 salt shall count both ions."""
    density = row["molar"] * 1e3 * constants.N_A
    assert analytic.debye_length_salt(row["eps_r"], density) == close(row["length"])


@pytest.mark.parametrize("row", rows("debye_length", "one_dilute_carrier"))
def test_debye_length_of_one_carrier_matches_table(row):
    """The dilute one-carrier length shall match the table and the site length of all sites."""
    length = analytic.debye_length_dilute(row["eps_r"], row["density"])
    assert length == close(row["length"])
    assert analytic.site_length(row["eps_r"], row["density"]) == length


def test_lattice_gas_debye_length_has_the_vacancy_factor():
    """The lattice-gas length shall be the dilute one over sqrt(1-theta0), symmetric in theta0."""
    theta = np.array([1e-9, 0.02, 0.3, 0.5])
    dilute = analytic.debye_length_dilute(10, 1e26 * theta[:, None], charges=2)
    lattice = analytic.debye_length(10, 1e26, theta, charge=2)
    np.testing.assert_allclose(lattice, dilute / np.sqrt(1 - theta), rtol=1e-14)
    np.testing.assert_allclose(lattice, analytic.debye_length(10, 1e26, 1 - theta, 2), rtol=1e-7)


def test_debye_lengths_broadcast():
    """The Debye lengths shall take arrays of permittivities and return that shape."""
    eps = np.array([10.0, 30.0, 90.0])
    for lengths in (
        analytic.debye_length_salt(eps, 1e24),
        analytic.debye_length_dilute(eps, [1e24, 1e24], [1, -1]),
    ):
        assert lengths.shape == (3,)
        assert lengths[2] / lengths[0] == close(3.0, 1e-14)


@pytest.mark.parametrize("row", rows("gouy_chapman", "rows"))
def test_gouy_chapman_matches_table(row):
    """Grahame's charge, the capacitance and the profile shall match the table."""
    case = REFERENCE["gouy_chapman"]
    density = case["salt_mol_per_m3"] * constants.N_A
    charge = analytic.gouy_chapman_surface_charge(row["phi0"], case["eps_r"], density)
    capacitance = analytic.gouy_chapman_capacitance(row["phi0"], case["eps_r"], density)
    x = np.array(case["x_over_length"])
    assert charge == close(row["surface_charge"])
    assert capacitance == close(row["capacitance"])
    np.testing.assert_allclose(
        analytic.gouy_chapman_potential(x, row["phi0"], 1.0), row["phi"], rtol=DIGITS
    )


@pytest.mark.parametrize("phi0", [1e-6, -0.05, 0.4, 3.0])
def test_gouy_chapman_profile_starts_at_the_wall_potential(phi0):
    """The profile shall start at phi0 exactly, also at a hundred thermal voltages."""
    assert analytic.gouy_chapman_potential(0.0, phi0, 1.0) == close(phi0, 1e-13)


def test_gouy_chapman_tends_to_debye_hueckel():
    """A small wall potential shall decay exponentially."""
    x = np.linspace(0, 20, 9)
    linear = analytic.debye_hueckel_potential(x, 1e-7, 1.0)
    np.testing.assert_allclose(analytic.gouy_chapman_potential(x, 1e-7, 1.0), linear, rtol=1e-11)


@pytest.mark.parametrize("row", rows("bikerman"))
def test_bikerman_layer_matches_table(row):
    """The steric layer shall match the table, with nu = 0 as Gouy-Chapman."""
    charge = analytic.bikerman_surface_charge(row["u"], row["nu"])
    assert charge == close(row["surface_charge"], 1e-11)
    assert analytic.bikerman_capacitance(row["u"], row["nu"]) == close(
        row["capacitance_hat"], 1e-11
    )


def test_half_packed_bikerman_layer_is_the_half_filled_lattice_gas():
    """Half packing and half filling shall give the same field, sqrt(8 ln cosh(u/2))."""
    u = np.linspace(-60, 60, 13)
    np.testing.assert_allclose(
        analytic.bikerman_surface_charge(u, 0.5), analytic.lattice_gas_field(u, 0.5), rtol=1e-13
    )


# --- lattice gas ----------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("lattice_gas"))
def test_lattice_gas_wall_values_match_table(row):
    """Site fraction, energy, field and capacitance at the wall shall match the table."""
    at = row["u0"], row["theta0"]
    assert analytic.lattice_gas_site_fraction(*at) == close(row["theta_wall"], 1e-11)
    assert analytic.lattice_gas_energy(*at) == close(row["energy"], 1e-11)
    assert analytic.lattice_gas_field(*at) == close(row["field_hat"], 1e-11)
    assert analytic.lattice_gas_capacitance(*at) == close(row["capacitance_hat"], 1e-11)


@pytest.mark.parametrize("row", rows("acceptance", "wall_slope", "rows"))
def test_lattice_gas_wall_slope_matches_acceptance_table(row):
    """The slope at the wall in 1/nm shall be the reduced field over the Debye length."""
    length = REFERENCE["acceptance"]["wall_slope"]["debye_length_nm"]
    slope = analytic.lattice_gas_field(row["u0"], row["theta0"]) / length
    assert slope == close(row["slope_per_nm"], 1e-9)


@pytest.mark.parametrize("row", rows("acceptance", "capacitance", "rows"))
def test_lattice_gas_capacitance_matches_acceptance_table(row):
    """The derivative of the slope by the wall potential shall match the table's 7 digits."""
    case = REFERENCE["acceptance"]["capacitance"]
    capacitance = analytic.lattice_gas_capacitance(row["u0"], case["theta0"])
    assert capacitance / case["debye_length_nm"] == close(row["capacitance_per_nm"], 1e-7)


@pytest.mark.parametrize("theta", [1e-12, 1e-4, 0.3, 0.5, 0.8, 1 - 2**-20])
@pytest.mark.parametrize("u", [-120.0, -30.0, -1.0, -1e-9, 1e-4, 0.999, 1.0, 29.0, 120.0, 700.0])
def test_lattice_gas_energy_is_exact_everywhere(u, theta):
    """The energy shall have 12 digits from the linear range to |u| of hundreds."""
    from decimal import Decimal, localcontext

    with localcontext() as context:
        context.prec = 60
        fraction, potential = Decimal(theta), Decimal(u)
        filled = 1 - fraction + fraction * (-potential).exp()
        exact = float(filled.ln() + fraction * potential)
    assert analytic.lattice_gas_energy(u, theta) == close(exact, 1e-12)


def test_particle_hole_symmetry_of_the_layer():
    """theta0 -> 1-theta0 with u -> -u shall mirror field, capacitance, profile and resistance."""
    u, theta = 17.0, 0.125
    x = np.linspace(0, 12, 7)
    mirrored = 1 - theta
    field = analytic.lattice_gas_field(u, theta)
    assert analytic.lattice_gas_field(-u, mirrored) == close(-field, 1e-14)
    capacitance = analytic.lattice_gas_capacitance(u, theta)
    assert analytic.lattice_gas_capacitance(-u, mirrored) == close(capacitance, 1e-14)
    profile = analytic.lattice_gas_potential(x, u, theta)
    np.testing.assert_allclose(
        analytic.lattice_gas_potential(x, -u, mirrored), -profile, rtol=1e-12
    )
    resistance = analytic.lattice_gas_excess_resistance(u, theta)
    assert analytic.lattice_gas_excess_resistance(-u, mirrored) == close(resistance, 1e-11)


@pytest.mark.parametrize("row", rows("lattice_gas_profile", "rows"))
def test_lattice_gas_profile_matches_table(row):
    """Potential, site fraction and widths across the layer shall match the table."""
    x = REFERENCE["lattice_gas_profile"]["x_hat"]
    u0, theta = row["u0"], row["theta0"]
    u = analytic.lattice_gas_potential(x, u0, theta)
    np.testing.assert_allclose(u, row["u"], rtol=PROFILE_DIGITS)
    np.testing.assert_allclose(
        analytic.lattice_gas_site_fraction(u, theta), row["theta"], rtol=1e-9
    )
    assert analytic.lattice_gas_width(u0, theta) == close(row["half_width"], PROFILE_DIGITS)
    assert analytic.lattice_gas_width(u0, theta, 0.01) == close(
        row["one_percent_width"], PROFILE_DIGITS
    )
    assert analytic.lattice_gas_depletion_width(u0, theta) == close(
        row["depletion_width"], PROFILE_DIGITS
    )


@pytest.mark.parametrize(("u0", "theta"), [(0.1, 0.4), (-60.0, 1e-3), (120.0, 0.97)])
def test_depth_inverts_the_profile(u0, theta):
    """The distance at which u(x) is found shall be x, from the wall to the far tail."""
    x = np.array([0.0, 0.01, 0.7, 5.0, 30.0])
    u = analytic.lattice_gas_potential(x, u0, theta)
    assert u[0] == close(u0, 1e-14)
    np.testing.assert_allclose(analytic.lattice_gas_depth(u[1:4], u0, theta), x[1:4], rtol=1e-10)
    assert abs(u[4] / u[3]) <= np.exp(-20)
    tail = analytic.lattice_gas_potential([60.0, 61.0], u0, theta)
    assert tail[1] / tail[0] == close(np.exp(-1), 1e-10)


def test_flat_layer_is_flat():
    """A wall at the bulk potential shall have no layer and the Debye capacitance."""
    assert np.all(analytic.lattice_gas_potential([0.0, 1.0], 0.0, 0.3) == 0)
    assert analytic.lattice_gas_field(0.0, 0.3) == 0
    assert analytic.lattice_gas_capacitance(0.0, 0.3) == 1
    assert analytic.lattice_gas_excess_resistance(0.0, 0.3) == 0


def test_capacitance_is_the_slope_of_the_charge():
    """The capacitance shall be the derivative of the wall charge."""
    u, step = np.array([-20.0, -3.0, 1e-3, 2.0, 35.0]), 1e-4
    ends = analytic.lattice_gas_field(np.array([u - step, u + step]), 0.2)
    slope = (ends[1] - ends[0]) / (2 * step)
    # central difference: second order, step^2/6 times a curvature of order 1
    np.testing.assert_allclose(analytic.lattice_gas_capacitance(u, 0.2), slope, rtol=1e-8)


@pytest.mark.parametrize("row", rows("mott_schottky", "shift"))
def test_mott_schottky_shift_matches_table(row):
    """The intercept of the Mott-Schottky line shall be -ln(1-theta0)/theta0 in kT/e."""
    assert analytic.mott_schottky_shift(row["theta0"]) == close(row["shift"], 1e-11)


@pytest.mark.parametrize("row", rows("mott_schottky", "rows"))
def test_mott_schottky_line_is_the_depletion_limit(row):
    """The line shall match its table and differ from the exact field by e^-u only."""
    theta, u0 = row["theta0"], row["u0"]
    line = np.sqrt(2 * (u0 - analytic.mott_schottky_shift(theta)) / (1 - theta))
    exact = analytic.lattice_gas_field(u0, theta)
    assert line == close(row["line_field_hat"], 1e-11)
    assert exact == close(row["field_hat"], 1e-11)
    assert abs(exact / line - 1) < 4 * np.exp(-u0) / (1 - theta) + 1e-15


def test_mott_schottky_line_in_si_units():
    """1/C^2 in depletion shall lie on the line of slope 2/(eps z e n0), for either sign of z."""
    for charge in (1, -2):
        layer = analytic.LatticeGasLayer(15, 5e27, 0.1, charge)
        slope, intercept = layer.mott_schottky_line()
        phi = np.array([30.0, 80.0]) * layer.unit_potential
        line = slope * (phi - intercept)
        np.testing.assert_allclose(1 / layer.capacitance(phi) ** 2, line, rtol=1e-10)
        density = 5e27 * 0.1
        expected = 2 / (15 * constants.epsilon_0 * charge * constants.e * density)
        assert slope == close(expected, 1e-14)


@pytest.mark.parametrize("mobility", ["vacancy", "dilute"])
@pytest.mark.parametrize("row", rows("excess_resistance"))
def test_excess_resistance_matches_table(row, mobility):
    """The excess series resistance shall match the table for both mobilities."""
    value = analytic.lattice_gas_excess_resistance(row["u0"], row["theta0"], mobility)
    assert value == close(row[mobility], 1e-10)


def test_excess_resistance_vanishes_at_constant_conductivity():
    """A layer of constant conductivity shall add no resistance; unknown mobilities are refused."""
    values = analytic.lattice_gas_excess_resistance([-9, 9], 0.3, "constant-conductivity")
    np.testing.assert_array_equal(values, 0)
    with pytest.raises(InputError, match="Did you mean 'vacancy'"):
        analytic.lattice_gas_excess_resistance(1.0, 0.3, "vacancies")


def test_si_layer_is_the_reduced_layer_with_units():
    """The layer in SI units shall scale like its reduced form, with the sign of the carrier."""
    layer = analytic.LatticeGasLayer(30, 2e26, 0.1, charge=-1, temperature=350)
    unit, length = -analytic.thermal_voltage(350), layer.debye_length
    assert layer.unit_potential == close(unit, 1e-15)
    assert layer.potential(2 * length, 6 * unit) == close(
        unit * analytic.lattice_gas_potential(2.0, 6.0, 0.1), 1e-12
    )
    # depletion of a negative carrier: negative wall, positive layer
    assert layer.wall_charge(6 * unit) < 0
    held = constants.e * 2e26 * 0.1 * layer.depletion_width(6 * unit)
    assert abs(layer.wall_charge(6 * unit)) == close(held, 1e-13)
    assert layer.site_fraction_at(6 * unit) < 0.1
    assert layer.capacitance(0.0) == close(30 * constants.epsilon_0 / length, 1e-13)
    assert layer.half_width(6 * unit) == close(length * analytic.lattice_gas_width(6, 0.1), 1e-13)
    assert layer.excess_resistance(6 * unit, 0.01) == close(
        length / 0.01 * analytic.lattice_gas_excess_resistance(6, 0.1), 1e-12
    )


@pytest.mark.parametrize(
    "wrong", [(0, 1e26, 0.1), (10, -1, 0.1), (10, 1e26, 0.0), (10, 1e26, 1.0), (10, 1e26, 0.1, 0)]
)
def test_layer_refuses_impossible_materials(wrong):
    """A layer shall refuse zero permittivity, density or charge and full or empty sites."""
    with pytest.raises(InputError):
        analytic.LatticeGasLayer(*wrong)


@pytest.mark.parametrize("theta", [0.0, 1.0, -0.2, float("nan")])
def test_reduced_layer_refuses_impossible_site_fractions(theta):
    """Every reduced form shall refuse a site fraction outside (0, 1)."""
    for form in (
        analytic.lattice_gas_site_fraction,
        analytic.lattice_gas_field,
        analytic.lattice_gas_capacitance,
        analytic.lattice_gas_excess_resistance,
        analytic.lattice_gas_width,
    ):
        with pytest.raises(InputError, match="between 0 and 1"):
            form(3.0, theta)
    with pytest.raises(InputError, match="distance"):
        analytic.lattice_gas_potential([-1.0], 3.0, 0.5)


def test_depth_refuses_potentials_outside_the_layer():
    """A potential of the wrong sign or beyond the wall shall be refused."""
    for potential in (-1.0, 0.0, 5.1):
        with pytest.raises(InputError, match="between 0"):
            analytic.lattice_gas_depth(potential, 5.0, 0.3)


# --- contacts -------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("two_sided", "rows"))
def test_two_sided_contact_matches_table(row):
    """Potentials, site fractions and displacement at the interface shall match the table."""
    left, right = map(unit_layer, row["eps_r"], row["sites"], row["theta0"])
    unit = analytic.thermal_voltage()
    found = analytic.two_sided_contact(left, right, row["v"] * unit)
    assert found.left_potential / unit == close(row["psi1"])
    assert found.right_potential / unit == close(row["psi2"])
    assert found.left_site_fraction == close(row["theta1"])
    assert found.right_site_fraction == close(row["theta2"])
    assert found.left_displacement / displacement_unit() == close(row["D_hat"])
    assert found.right_displacement == close(found.left_displacement)


@pytest.mark.parametrize("row", rows("two_sided_oxide_pairs", "rows"))
def test_contact_of_oxides_matches_table(row):
    """The contact of LiCoO2 with two oxides in SI units shall match the table."""
    case = REFERENCE["two_sided_oxide_pairs"]
    temperature = case["T"]
    left = analytic.LatticeGasLayer(
        case["left"]["eps_r"], case["left"]["sites"], row["theta_left"], 1, temperature
    )
    partner = case["right"][row["right"]]
    right = analytic.LatticeGasLayer(
        partner["eps_r"],
        partner["carriers"] / row["theta_right"],
        row["theta_right"],
        temperature=temperature,
    )
    found = analytic.two_sided_contact(left, right, row["voltage"])
    assert found.left_potential == close(row["phi_left"])
    assert found.right_potential == close(row["phi_right"])
    assert -found.right_displacement == close(row["charge_right"])
    assert found.capacitance == close(row["capacitance"])
    assert found.right_site_fraction == close(row["theta_right_interface"])
    width = right.depletion_width(found.right_potential) * 1e9
    assert width == close(row["depletion_width_nm"])


@pytest.mark.parametrize("row", rows("acceptance", "two_sided", "rows"))
def test_two_sided_contact_matches_acceptance_table(row):
    """The interface potential of two half spaces shall match the table of the prototype."""
    case = REFERENCE["acceptance"]["two_sided"]
    left, right = map(unit_layer, case["lam2_nm2"], case["sites"], row["theta0"])
    unit = analytic.thermal_voltage()
    found = analytic.two_sided_contact(left, right, -row["v"] * unit)
    assert found.left_potential / unit == close(row["psi_interface"], 1e-9)
    assert -found.left_displacement / displacement_unit() == close(row["D"], 2e-9)


def test_small_voltages_divide_by_the_debye_capacitances():
    """The linear contact shall be two capacitors in series."""
    left, right = unit_layer(10, 1, 0.2), unit_layer(40, 3, 0.6)
    capacitances = left.capacitance(0.0), right.capacitance(0.0)
    voltage = 1e-7
    found = analytic.two_sided_contact(left, right, voltage)
    share = capacitances[1] / sum(capacitances)
    assert found.left_potential == close(-voltage * share, 1e-5)
    series = capacitances[0] * capacitances[1] / sum(capacitances)
    assert found.capacitance == close(series, 1e-5)
    assert found.left_displacement == close(series * voltage, 1e-5)


def test_surface_charge_is_the_jump_of_displacement():
    """A charged interface shall jump in D by its charge, and repel cations without a voltage."""
    layer = unit_layer(10, 1, 0.3)
    for sheet in (0.02, -0.3):
        found = analytic.two_sided_contact(layer, layer, 0.0, sheet)
        assert found.right_displacement - found.left_displacement == close(sheet, 1e-12)
        assert np.sign(found.left_potential) == np.sign(sheet)
    assert analytic.two_sided_contact(layer, layer, 0.0).left_potential == 0


def test_contact_of_negative_carriers_mirrors_that_of_positive_ones():
    """Reversing z -> -z and the voltage shall reverse potentials and displacement."""
    cations = [unit_layer(10, 1, 0.3), unit_layer(30, 2, 0.6)]
    anions = [unit_layer(10, 1, 0.3, -1), unit_layer(30, 2, 0.6, -1)]
    one = analytic.two_sided_contact(*cations, 0.4)
    other = analytic.two_sided_contact(*anions, -0.4)
    assert other.left_potential == close(-one.left_potential, 1e-13)
    assert other.left_displacement == close(-one.left_displacement, 1e-13)
    assert other.left_site_fraction == close(one.left_site_fraction, 1e-12)


def test_contact_refuses_two_temperatures():
    """An equilibrium of layers at different temperatures shall be refused."""
    hot = analytic.LatticeGasLayer(10, 1e25, 0.3, temperature=400)
    with pytest.raises(InputError, match="400 K"):
        analytic.two_sided_contact(unit_layer(10, 1, 0.3), hot, 0.1)


def test_built_in_voltage_equalises_the_electrochemical_potential():
    """mu0 + kT logit(theta) + z e phi shall be equal on both sides of the contact."""
    unit = analytic.thermal_voltage(320)
    for charge in (1, -2):
        voltage = analytic.built_in_voltage((-3.9, -3.1), (0.5, 0.02), charge, 320)
        logits = np.log(np.array([0.5, 0.02]) / (1 - np.array([0.5, 0.02])))
        left = -3.9 + unit * logits[0] + charge * voltage
        assert left == close(-3.1 + unit * logits[1], 1e-14)


@pytest.mark.parametrize("row", rows("blocking_slab"))
def test_blocking_slab_split_matches_table(row):
    """Wall potentials, charge and widths of the ion-conserving slab shall match the table."""
    theta = row["theta0"]
    filled, empty = analytic.blocking_slab_split(row["v"], theta)
    assert filled == close(row["u_accumulation"], 1e-11)
    assert empty == close(row["u_depletion"], 1e-11)
    assert analytic.lattice_gas_field(empty, theta) == close(row["field_hat"], 1e-11)
    assert analytic.lattice_gas_depletion_width(empty, theta) == close(
        row["depletion_width"], 1e-11
    )
    assert analytic.lattice_gas_accumulation_width(filled, theta) == close(
        row["accumulation_width"], 1e-11
    )


def test_blocking_slab_is_a_contact_of_equal_layers():
    """The split shall be that of two equal half spaces whose bulks differ by the voltage."""
    layer, unit = unit_layer(10, 1, 0.1), analytic.thermal_voltage()
    found = analytic.two_sided_contact(layer, layer, 25 * unit)
    filled, empty = analytic.blocking_slab_split(25.0, 0.1)
    assert found.left_potential / unit == close(filled, 1e-12)
    assert found.right_potential / unit == close(empty, 1e-12)
    assert analytic.blocking_slab_split(0.0, 0.1) == (0.0, 0.0)
    with pytest.raises(InputError, match="not negative"):
        analytic.blocking_slab_split(-1.0, 0.1)


# --- discs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("debye_hueckel_disc"))
def test_screened_disc_matches_table(row):
    """Field and decay outside a weakly charged disc shall match the table."""
    a = row["radius"]
    assert analytic.debye_hueckel_disc_field(a) == close(row["field_hat"], 1e-11)
    ratios = analytic.debye_hueckel_disc_potential([a, a + 1, a + 3], a)
    expected = [1, row["phi_at_a_plus_1"], row["phi_at_a_plus_3"]]
    np.testing.assert_allclose(ratios, expected, rtol=1e-11)


def test_large_disc_is_a_plane():
    """A disc of a million Debye lengths shall screen like a plane wall, to 1/(2a)."""
    a = 1e6
    assert analytic.debye_hueckel_disc_field(a) == close(1 + 1 / (2 * a), 1e-12)
    assert analytic.debye_hueckel_disc_potential(a + 2, a) == close(np.exp(-2), 2e-6)
    planar = analytic.lattice_gas_field(6.0, 0.2)
    assert analytic.lattice_gas_disc(6.0, a, 0.2).field == close(planar, 2e-6)
    assert analytic.gouy_chapman_disc(6.0, a).field == close(2 * np.sinh(3.0), 2e-6)


@pytest.mark.parametrize("row", rows("gouy_chapman_disc"))
def test_gouy_chapman_disc_matches_table(row):
    """The surface field of a disc in a salt shall match the table to 1e-9."""
    layer = analytic.gouy_chapman_disc(row["u0"], row["radius"])
    assert layer.field == close(row["field_hat"], 1e-9)


@pytest.mark.parametrize("row", rows("lattice_gas_disc"))
def test_lattice_gas_disc_matches_table(row):
    """The surface field of a disc in a lattice gas shall match the table to 1e-9."""
    layer = analytic.lattice_gas_disc(row["u0"], row["radius"], row["theta0"])
    assert layer.field == close(row["field_hat"], 1e-9)
    planar = analytic.lattice_gas_field(row["u0"], row["theta0"])
    assert planar == close(row["planar_field_hat"], 1e-9)


def test_disc_layer_profile_fulfils_its_equation():
    """The profile outside a disc shall start at u0 and satisfy u'' + u'/r = rho(u)."""
    layer = analytic.lattice_gas_disc(-8.0, 5.0, 0.3)
    assert layer.potential(5.0) == close(-8.0, 1e-10)
    r, step = np.array([5.5, 7.0, 10.0]), 1e-3
    below, here, above = (layer.potential(r + k * step) for k in (-1, 0, 1))
    laplacian = (above - 2 * here + below) / step**2 + (above - below) / (2 * step * r)
    charge = analytic.lattice_gas_depletion(here, 0.3) / (0.3 * 0.7)
    np.testing.assert_allclose(laplacian, charge, rtol=2e-5)  # differences of second order


def test_weak_disc_layer_is_linear():
    """A disc at u0 << 1 shall have the Bessel profile, near and far; one at 0 has none."""
    layer = analytic.gouy_chapman_disc(1e-5, 2.0)
    r = np.array([2.0, 3.0, 10.0, 60.0])
    linear = 1e-5 * analytic.debye_hueckel_disc_potential(r, 2.0)
    np.testing.assert_allclose(layer.potential(r), linear, rtol=1e-7)
    assert layer.field == close(1e-5 * analytic.debye_hueckel_disc_field(2.0), 1e-8)
    flat = analytic.gouy_chapman_disc(0.0, 2.0)
    assert flat.field == 0
    assert np.all(flat.potential(r) == 0)


@pytest.mark.parametrize("row", rows("disc"))
def test_dielectric_disc_matches_table(row):
    """Inner, pole and equator fields and the potential at 2a shall match the table."""
    k = row["contrast"]
    assert analytic.disc_inner_field(k) == close(row["inner_field"], 1e-11)
    assert analytic.disc_polarizability(k) == close(row["polarizability"], 1e-11, 1e-15)
    fields, across = analytic.disc_field([3.0, 0.0, 0.5], [0.0, 3.0, 0.5], 3.0, k)
    expected = [row["pole_field"], row["equator_field"], row["inner_field"]]
    np.testing.assert_allclose(fields, expected, rtol=1e-11)
    np.testing.assert_allclose(across, 0, atol=1e-15)
    # the table counts the potential at twice the radius
    assert analytic.disc_potential(6.0, 0.0, 3.0, k) / 3 == close(
        -2 + row["polarizability"] / 2, 1e-11
    )


def test_disc_potential_and_displacement_are_continuous():
    """Potential and normal displacement shall be continuous across the circle."""
    angle, k = np.linspace(0, 2 * np.pi, 17), 40.0
    x, y = np.cos(angle), np.sin(angle)
    inner = analytic.disc_potential(x * (1 - 1e-9), y * (1 - 1e-9), 1.0, k)
    outer = analytic.disc_potential(x * (1 + 1e-9), y * (1 + 1e-9), 1.0, k)
    np.testing.assert_allclose(inner, outer, atol=1e-8)
    ex, ey = analytic.disc_field(x, y, 1.0, k)
    np.testing.assert_allclose(x * ex + y * ey, k * analytic.disc_inner_field(k) * x, atol=1e-12)


@pytest.mark.parametrize("row", rows("coated_disc"))
def test_coated_disc_matches_table(row):
    """Core field, equivalent permittivity and shell coefficients shall match the table."""
    disc = analytic.CoatedDisc(row["core"], row["shell"], row["matrix"], row["area_ratio"])
    for name in (
        "core_field",
        "equivalent_permittivity",
        "polarizability",
        "shell_uniform",
        "shell_dipole",
    ):
        assert getattr(disc, name) == close(row[name], 2e-11), name


def test_coated_disc_with_the_shell_of_its_core_is_a_plain_disc():
    """A shell of the core's permittivity shall change nothing, inside and outside."""
    disc = analytic.CoatedDisc(40.0, 40.0, 10.0, 0.5)
    x, y = np.meshgrid(np.linspace(-3, 3, 13), np.linspace(-3, 3, 13))
    assert disc.core_field == close(analytic.disc_inner_field(4.0), 1e-14)
    np.testing.assert_allclose(
        disc.potential(x, y, 1.3), analytic.disc_potential(x, y, 1.3, 4.0), rtol=1e-13, atol=1e-14
    )


def test_coated_disc_is_continuous_at_both_circles():
    """Potential and radial displacement shall be continuous at core, shell and matrix."""
    disc, step = analytic.CoatedDisc(1000.0, 10.0, 30.0, 0.64), 1e-6
    for r, inner, outer in ((0.8, 1000.0, 10.0), (1.0, 10.0, 30.0)):
        values = [float(disc.potential(r + k * step, 0.0, 1.0)) for k in (-2, -1, 1, 2)]
        assert values[1] == close(values[2], atol=1e-5)
        inside, outside = values[1] - values[0], values[3] - values[2]
        assert inner * inside == close(outer * outside, 1e-4)  # one-sided differences


@pytest.mark.parametrize("contrast", ["0", "10", "100", "1000", "inf"])
@pytest.mark.parametrize("row", rows("square_array"))
def test_square_array_matches_table(row, contrast):
    """The effective permittivity of a square array shall match the converged multipoles."""
    value = analytic.square_array_permittivity(row["area_fraction"], float(contrast))
    assert value == close(row[contrast], 1e-11)


@pytest.mark.parametrize("fraction", [0.01, 0.4, 0.75])
@pytest.mark.parametrize("contrast", [3.0, 1e4, float("inf")])
def test_keller_reciprocity(fraction, contrast):
    """Inverting the contrast shall invert the effective permittivity."""
    product = analytic.square_array_permittivity(fraction, contrast)
    product *= analytic.square_array_permittivity(fraction, 1 / contrast)
    assert product == close(1.0, 1e-11)


def test_dilute_square_array_is_maxwell_garnett():
    """Few discs shall follow (1+f beta)/(1-f beta), up to f^5."""
    f, beta = 1e-2, 9 / 11
    garnett = (1 + f * beta) / (1 - f * beta)
    assert analytic.square_array_permittivity(f, 10.0) == close(garnett, 1e-9)
    assert analytic.square_array_permittivity(0.5, 1.0) == 1
    assert analytic.square_array_permittivity(0.0, 7.0) == 1


def test_square_array_refuses_touching_discs():
    """Overlapping discs and negative contrasts shall be refused, near contact said to fail."""
    with pytest.raises(InputError, match="pi/4"):
        analytic.square_array_permittivity(np.pi / 4, 10.0)
    with pytest.raises(InputError, match="contrast"):
        analytic.square_array_permittivity(0.3, -1.0)
    with pytest.raises(ConvergenceError, match="almost touch"):
        analytic.square_array_permittivity(np.pi / 4 * (1 - 1e-9), float("inf"))


@pytest.mark.parametrize("row", rows("screened_disc", "factor"))
def test_screening_factor_matches_table(row):
    """The factor by which screening stiffens the matrix shall match the table."""
    assert analytic.screened_disc_factor(row["radius"]) == close(row["factor"], 1e-11)


@pytest.mark.parametrize("row", rows("screened_disc", "rows"))
def test_polarised_disc_matches_table(row):
    """The depolarising field with and without screening shall match the table."""
    background, matrix = (row[k] * EPS0_CODATA_2018 for k in ("eps_b", "eps_m"))
    stiff = matrix * analytic.screened_disc_factor(row["a"] / row["lam"])
    field = analytic.polarised_disc_field(row["P"], background, stiff)
    assert field == close(row["E_in"], 1e-11)
    assert -field * row["a"] == close(row["phi0_linear"], 1e-11)
    assert analytic.polarised_disc_field(row["P"], background, matrix) == close(
        row["E_in_unscreened"], 1e-11
    )


def test_unpolarised_disc_is_a_dielectric_disc():
    """A disc without polarization shall have the field of its background permittivity."""
    assert analytic.polarised_disc_field(0.0, 200.0, 10.0, 3.0) == close(
        3 * analytic.disc_inner_field(20.0), 1e-15
    )


@pytest.mark.parametrize("row", rows("disc_over_plane"))
def test_disc_over_plane_matches_table(row):
    """The capacitance of a conducting disc over a plane shall be 2 pi eps/acosh(h/a)."""
    value = analytic.disc_over_plane_capacitance(row["height"])
    assert value == close(row["capacitance_hat"], 1e-11)


def test_disc_in_contact_with_the_plane_is_refused():
    """A disc that touches the plane shall be refused: its capacitance is infinite."""
    with pytest.raises(InputError, match="more than 1"):
        analytic.disc_over_plane_capacitance(1.0)


@pytest.mark.parametrize("row", rows("triple_line"))
def test_triple_line_exponent_matches_table(row):
    """The corner exponent shall match the table, with k = 0 as the limit k -> 0."""
    angle, k = np.radians(row["angle_deg"]), row["contrast"]
    assert analytic.triple_line_exponent(angle, k) == close(row["exponent"], 1e-11)
    if k == 0:
        assert analytic.triple_line_exponent(angle, 1e-12) == close(row["exponent"], 2e-6)


def test_triple_line_refuses_impossible_angles():
    """Angles outside (0, pi) shall be refused."""
    with pytest.raises(InputError, match="angle"):
        analytic.triple_line_exponent(180.0, 1.0)


# --- transport ------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("goldman", "rows"))
def test_goldman_flux_matches_table(row):
    """The constant-field flux shall match the table."""
    case = REFERENCE["goldman"]
    flux = analytic.goldman_flux(row["v"], case["c_left"], case["c_right"])
    assert flux == close(row["flux"], 1e-11)


def test_goldman_flux_limits():
    """The flux shall be Fick's without field, drift in a strong one, zero at Nernst's voltage."""
    assert analytic.goldman_flux(0.0, 1.0, 0.1) == close(0.9, 1e-15)
    assert analytic.goldman_flux(300.0, 1.0, 0.1) == close(300.0, 1e-14)
    assert analytic.goldman_flux(-300.0, 1.0, 0.1) == close(-30.0, 1e-14)
    assert analytic.goldman_flux(np.log(0.1), 1.0, 0.1) == close(0.0, atol=1e-15)
    assert analytic.goldman_flux(2.0, 1.0, 0.1, charge=-1) == analytic.goldman_flux(-2.0, 1.0, 0.1)


def test_goldman_flux_through_twenty_thermal_voltages():
    """Over 10 nm with 20 kT/e, v from -3 to -5, the flux shall be (e^-3-e^-5) 2/(e^20-1) per nm."""
    flux = analytic.goldman_flux(-20.0, np.exp(-3), np.exp(-25)) / 10
    assert flux == close((np.exp(-3) - np.exp(-5)) * 2 / np.expm1(20), 1e-12)


def test_goldman_reversal_potential_matches_table():
    """The reversal potential of three ions shall match the table; other charges are refused."""
    case = REFERENCE["goldman"]["reversal"]
    args = [case[k] for k in ("permeabilities", "inside", "outside", "charges", "T")]
    assert analytic.goldman_reversal_potential(*args) == close(case["V"], 1e-11)
    with pytest.raises(InputError, match=r"\+1 or -1"):
        analytic.goldman_reversal_potential([1], [1], [2], [2])


@pytest.mark.parametrize("row", rows("liquid_junction"))
def test_henderson_potential_of_one_salt_matches_table(row):
    """For one salt Henderson's potential shall be Planck's, as tabulated."""
    ratio, other = row["c_ratio"], row["D_ratio"]
    value = analytic.henderson_potential([1, other], [1, 1], [ratio, ratio], [1, -1])
    assert value == close(row["V"], 1e-11)
    assert value / analytic.thermal_voltage() == close(row["v"], 1e-11)


def test_henderson_potential_of_equally_conducting_ends():
    """Ends of equal conductivity shall give the finite limit -kT/e sum z D dc / sum z^2 D c."""
    charges, diffusivities = [1, 1, -1], [2.0, 1.0, 1.0]
    left, right = np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.5, 1.5])
    value = analytic.henderson_potential(diffusivities, left, right, charges)
    assert value == close(analytic.thermal_voltage() * (2 - 1.5 + 0.5) / 3, 1e-14)
    nearby = analytic.henderson_potential(diffusivities, left, right * (1 + 1e-9), charges)
    assert nearby == close(value, 1e-8)


@pytest.mark.parametrize("row", rows("finite_junction"))
def test_junction_of_finite_thickness_matches_table(row):
    """The zero-current potential shall match the collocation values between both limits."""
    value = analytic.junction_potential(row["thickness"], row["c_ratio"], row["D_ratio"])
    assert value == close(row["v"], 1e-9)
    planck = analytic.henderson_potential(
        [1, row["D_ratio"]], [1, 1], [row["c_ratio"]] * 2, [1, -1]
    )
    assert planck / analytic.thermal_voltage() == close(row["planck_limit"], 1e-12)
    assert abs(row["goldman_limit"]) < abs(value) < abs(row["planck_limit"])


def test_thin_junction_is_goldman():
    """A junction much thinner than the Debye length shall have the constant-field potential."""
    thin = analytic.junction_potential(1e-3, 10.0, 0.5)
    unit = analytic.thermal_voltage()
    goldman = -analytic.goldman_reversal_potential([1, 0.5], [1, 1], [10, 10], [1, -1]) / unit
    assert thin == close(goldman, 1e-6)


@pytest.mark.parametrize("row", rows("limiting_current"))
def test_limiting_current_cell_matches_table(row):
    """The cell voltage shall be 4 artanh(j), half of it ohmic, with 1 +- j at the electrodes."""
    j = row["j"]
    assert analytic.limiting_current_voltage(j) == close(row["v"], 1e-11)
    assert row["v_bulk"] == close(np.log(row["c_right"] / row["c_left"]), 1e-11)
    assert -2 * row["v_bulk"] == close(row["v"], 1e-11)
    assert (row["c_left"], row["c_right"]) == (close(1 + j, 1e-11), close(1 - j, 1e-11))


def test_current_beyond_the_limit_is_refused():
    """A steady current at the limit shall be refused, as it needs an infinite voltage."""
    with pytest.raises(InputError, match="below 1"):
        analytic.limiting_current_voltage([0.5, 1.0])


def test_limiting_current_is_twice_the_diffusion_current():
    """The limiting current shall be twice e D 2 c0/L, migration doubling diffusion."""
    diffusion = constants.e * 3e-10 * 2 * 6e26 / 1e-4
    assert analytic.limiting_current_density(3e-10, 6e26, 1e-4) == close(2 * diffusion, 1e-14)


def test_limiting_current_cell_is_ohmic_at_first():
    """At small current the bulk shall be Ohm's law with sigma_+ + sigma_- seen by the cation."""
    j = 1e-6
    assert analytic.limiting_current_voltage(j) == close(4 * j, 1e-11)


@pytest.mark.parametrize("row", rows("series", "rows"))
def test_series_impedance_matches_table(row):
    """The impedance of two layers in series shall match the table over twelve decades."""
    case = REFERENCE["series"]
    z = analytic.series_impedance(row["f"], case["thickness"], case["conductivity"], case["eps_r"])
    # eps0 of the table differs by 6.8e-10 and enters squared
    assert z.real == close(row["re"], 2e-9)
    assert z.imag == close(row["im"], 2e-9)


def test_series_limits_are_resistance_and_capacitance():
    """The impedance shall be the resistance at f -> 0 and the capacitance at f -> inf."""
    thick, sigma, eps = [1e-6, 5e-9], [1e-2, 1e-8], [30, 1000]
    z = analytic.series_impedance([0.0, 1e15], thick, sigma, eps)
    assert z.shape == (2,)
    assert z[0] == analytic.series_resistance(thick, sigma)
    capacitor = 1 / (2j * np.pi * 1e15 * analytic.series_capacitance(thick, eps))
    assert abs(z[1] / capacitor - 1) < 1e-6


def test_static_layers_match_table():
    """Capacitance and fields of two dielectrics at 1 V shall match the table."""
    case = REFERENCE["series"]["static"]
    capacitance = analytic.series_capacitance(case["thickness"], case["eps_r"])
    assert capacitance == close(case["C"])
    displacement = capacitance * case["voltage"]
    assert displacement == close(case["D"])
    for eps_r, field in zip(case["eps_r"], (case["E1"], case["E2"]), strict=True):
        assert displacement / (eps_r * constants.epsilon_0) == close(field)


@pytest.mark.parametrize("row", rows("acceptance", "layer_flux", "rows"))
def test_layer_flux_matches_acceptance_table(row):
    """The self-consistent steady flux shall match the table over 15 decades of flux."""
    case = REFERENCE["acceptance"]["layer_flux"]
    length, thickness = case["debye_length_nm"], case["thickness_nm"]
    flux = analytic.lattice_gas_layer_flux(
        row["u0"], row["bias"], row["theta0"], thickness / length
    )
    # 10 digits of a boundary value problem or 9 of extrapolated finite elements
    assert flux / length == close(row["flux_per_nm"], 3e-8)


@pytest.mark.parametrize("mobility", ["vacancy", "dilute"])
@pytest.mark.parametrize(("u0", "theta"), [(6.0, 0.3), (-4.0, 0.6), (-5.0, 0.1)])
def test_small_bias_sees_the_excess_resistance(u0, theta, mobility):
    """The flux at small bias shall be that of bulk and excess resistance in series."""
    bias, thickness = 1e-5, 40.0
    excess = analytic.lattice_gas_excess_resistance(u0, theta, mobility)
    conductance = theta * (1 if mobility == "dilute" else 1 - theta)
    expected = bias * conductance / (thickness + excess)
    flux = analytic.lattice_gas_layer_flux(u0, bias, theta, thickness, mobility)
    # exp(-L) of the half space, and second order in the bias
    assert flux == close(expected, 2 * bias)


@pytest.mark.parametrize("dilute", [False, True])
@pytest.mark.parametrize(("u0", "bias", "theta"), [(8.0, -5.0, 0.6), (5.0, 3.0, 0.3)])
def test_both_formulations_of_the_layer_flux_agree(u0, bias, theta, dilute):
    """Solving for the electrochemical potential or the site fraction shall give one flux."""
    layer = _DrivenLayer(u0, bias, theta, 30.0, dilute)
    assert layer.by_potential() == close(layer.by_fraction(), 1e-7)


def test_neutral_wall_is_ohmic():
    """Without a layer the flux shall be ohmic at any bias: no space charge forms."""
    flux = analytic.lattice_gas_layer_flux(0.0, 30.0, 0.3, 20.0)
    assert flux == close(30 * 0.3 * 0.7 / 20, 1e-10)
    assert analytic.lattice_gas_layer_flux(5.0, 0.0, 0.3, 20.0) == 0


def test_particle_hole_symmetry_of_the_flux():
    """theta0 -> 1-theta0 with potentials and bias reversed shall reverse the flux."""
    flux = analytic.lattice_gas_layer_flux(8.0, -3.0, 0.2, 30.0)
    mirrored = analytic.lattice_gas_layer_flux(-8.0, 3.0, 0.8, 30.0)
    assert mirrored == close(-flux, 1e-9)


def test_layer_flux_refuses_what_it_cannot_solve():
    """Where the collocation fails the flux shall be refused, not returned wrong."""
    with pytest.raises(ConvergenceError, match="smaller bias"):
        analytic.lattice_gas_layer_flux(20.0, -10.0, 0.1, 40.0, "dilute")
    with pytest.raises(InputError, match="mobility"):
        analytic.lattice_gas_layer_flux(1.0, 1.0, 0.1, 40.0, "constant-conductivity")


def test_every_public_name_is_documented():
    """Every name the package exports shall have a docstring."""
    assert [name for name in analytic.__all__ if not getattr(analytic, name).__doc__] == []
