"""Closed forms of charging, diffusion and kinetics against independent values and identities."""

import json
from pathlib import Path

import numpy as np
import pytest
from approx import relative
from scipy import constants

from pyscl import analytic
from pyscl.errors import InputError

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
CHARGING = REFERENCE["charging"]
VT = analytic.thermal_voltage()

every_slab = pytest.mark.parametrize("row", CHARGING["rows"], ids=lambda r: f"M={r['M']}")
every_shape = pytest.mark.parametrize(
    ("shape", "dimensions"), [("slab", 1), ("cylinder", 2), ("sphere", 3)]
)


# --- charging --------------------------------------------------------------------------------


@every_slab
def test_slow_mode_of_the_charging_matches_table(row):
    """Time constant and weight of the slowest mode shall match the table to its digits."""
    rates, residues = analytic.charging_modes(row["M"], 3)
    final = row["M"] / np.tanh(row["M"])
    assert final == relative(row["final"], 1e-11)
    assert analytic.charging_time(row["M"]) == relative(row["slow_time"], 1e-11)
    assert residues[0] / final == relative(row["slow_residue_over_final"], 1e-11)
    assert np.all(np.diff(rates) < 0.0)
    assert np.all(rates < 0.0)


@every_slab
def test_charging_matches_table(row):
    """The charge at seven times shall match the table: 12 printed digits, and 1e-12 of the sum."""
    time = row["M"] * np.array(CHARGING["t_over_M"])
    final = row["M"] / np.tanh(row["M"])
    charge = analytic.charging_charge(time, row["M"])
    np.testing.assert_allclose(charge / final, row["charge_over_final"], rtol=1e-11)


@pytest.mark.parametrize("m", [1.8, 4.0, 70.0])
def test_charging_starts_as_the_geometric_capacitor(m):
    """The charge shall start at 1 with the slope 1 of the bulk resistance, and end at M coth M.

    The slope changes once the layers have grown by diffusion, by 2/(M) sqrt(4 t/pi)...: 1e-6 here.
    """
    assert analytic.charging_charge(0.0, m) == relative(1.0, 1e-11)
    assert analytic.charging_charge(1e-8, m) - 1.0 == relative(1e-8, 1e-3)
    assert analytic.charging_charge(40.0 * m, m) == relative(m / np.tanh(m), 1e-14)


@pytest.mark.parametrize("m", [2.0, 20.0])
@pytest.mark.parametrize("time", [0.3, 8.0, 60.0])
def test_charging_is_the_inverse_transform_of_the_impedance(m, time):
    """The modes shall sum to the inverse Laplace transform of 1/(s^2 Z), by Talbot's contour."""
    mpmath = pytest.importorskip("mpmath")

    def charge(s):
        y = m * mpmath.sqrt(1 + s)
        impedance = (1 + mpmath.tanh(y) / (s * y)) / (1 + s)  # Z sigma/L
        return 1 / (s**2 * impedance)

    with mpmath.workdps(25):
        exact = float(mpmath.invertlaplace(charge, time, method="talbot"))
    assert analytic.charging_charge(time, m) == relative(exact, 2e-12)


def test_charging_matches_acceptance_table():
    """T11: charge per voltage of a slab of 20 nm with lambda 0.5 nm, seven digits."""
    case = REFERENCE["acceptance"]["rc_charge"]
    relaxation = case["debye_length_nm"] ** 2 / case["diffusivity"]
    geometric = case["permittivity"] / case["thickness_nm"]
    charge = analytic.charging_charge(
        np.array(case["t"]) / relaxation, 0.5 * case["thickness_nm"] / case["debye_length_nm"]
    )
    # half of the last printed digit of 0.0089354
    np.testing.assert_allclose(geometric * charge, case["charge_per_voltage"], rtol=6e-7)


def test_modes_satisfy_their_equation():
    """Every pole shall satisfy p y + tanh(y) = 0, and the residues shall sum to 1 - M coth M."""
    m, count = 6.0, 4000
    rates, residues = analytic.charging_modes(m, count)
    y = m * np.sqrt(1.0 + rates.astype(complex))
    defect = rates * y * np.cosh(y) + np.sinh(y)  # over its slope: as an error of the pole
    assert np.abs(defect / (rates * y * np.cosh(y.real))).max() < 1e-11
    left_out = 2.0 * m**2 / (3.0 * np.pi**4 * count**3)
    assert 1.0 - m / np.tanh(m) - residues.sum() == pytest.approx(-left_out, rel=1e-2)


@pytest.mark.parametrize("m", [1.7, 0.0, -3.0, np.nan])
def test_slab_without_layers_is_refused(m):
    """A slab thinner than two overlapping layers shall be refused."""
    with pytest.raises(InputError, match="half_thickness"):
        analytic.charging_time(m)


def test_charge_before_the_step_is_refused():
    """A negative time shall be refused."""
    with pytest.raises(InputError, match="time"):
        analytic.charging_charge([1.0, -1e-3], 5.0)


# --- diffusion -------------------------------------------------------------------------------


@every_shape
def test_mean_rise_is_the_amount_that_entered(shape, dimensions):
    """The volume mean of the rise shall be d Fo at all times, by 200-point Gauss quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    r = 0.5 * (nodes + 1.0)
    measure = 0.5 * weights * dimensions * r ** (dimensions - 1)
    fourier = np.array([1e-3, 0.05, 0.7])
    rise = analytic.constant_flux_rise(r, fourier, shape)
    assert rise.shape == (200, 3)
    np.testing.assert_allclose(measure @ rise, dimensions * fourier, rtol=1e-12)


@every_shape
def test_rise_satisfies_the_diffusion_equation(shape, dimensions):
    """dc/dFo shall be the radial Laplacian, with the gradient 1 at the surface, 0 inside."""
    h, fourier = 1e-3, 0.08
    r = np.array([0.3, 0.8])
    at = [analytic.constant_flux_rise(r + s, fourier, shape) for s in (-h, 0.0, h)]
    laplacian = (at[2] - 2 * at[1] + at[0]) / h**2
    laplacian += (dimensions - 1) / r * (at[2] - at[0]) / (2 * h)
    rate = analytic.constant_flux_rise(r, [fourier - 1e-5, fourier + 1e-5], shape)
    np.testing.assert_allclose(np.diff(rate)[:, 0] / 2e-5, laplacian, rtol=1e-4)
    near = analytic.constant_flux_rise([1 - 2 * h, 1 - h, 1.0], fourier, shape)
    assert (3 * near[2] - 4 * near[1] + near[0]) / (2 * h) == relative(1.0, 1e-5)
    # symmetric about the centre
    centre = analytic.constant_flux_rise([0.0, h], fourier, shape)
    assert abs(np.diff(centre)[0]) < h**2 * laplacian.max()


@every_shape
def test_rise_starts_as_into_a_half_space(shape, dimensions):
    """At first the surface shall rise as 2 sqrt(Fo/pi), plus (d-1)/2 Fo for its curvature."""
    fourier = 1e-5
    rise = analytic.constant_flux_rise(1.0, fourier, shape)
    half_space = 2 * np.sqrt(fourier / np.pi) + 0.5 * (dimensions - 1) * fourier
    assert rise == relative(half_space, 1e-5)
    assert analytic.constant_flux_rise(0.2, fourier, shape) == pytest.approx(0.0, abs=1e-15)
    assert analytic.constant_flux_rise(1.0, 0.0, shape) == 0.0


def test_rise_matches_known_values():
    """The first roots of J1 and tan(a) = a shall show in the slowest decay of the rise."""
    for shape, root, steady in (
        ("slab", np.pi, 1 / 3),
        ("cylinder", 3.8317059702075123, 1 / 4),
        ("sphere", 4.493409457909064, 1 / 5),
    ):
        dimensions = {"slab": 1, "cylinder": 2, "sphere": 3}[shape]
        fourier = np.array([0.5, 0.6])
        missing = steady + dimensions * fourier - analytic.constant_flux_rise(1.0, fourier, shape)
        assert -np.log(missing[1] / missing[0]) / 0.1 == relative(root**2, 1e-6)
        assert missing[0] == relative(2 / root**2 * np.exp(-0.5 * root**2), 1e-6)


def test_impossible_diffusion_is_refused():
    """A position outside, a time too short for the series, an unknown shape shall be refused."""
    with pytest.raises(InputError, match="position"):
        analytic.constant_flux_rise(1.1, 0.1)
    with pytest.raises(InputError, match="fourier"):
        analytic.constant_flux_rise(0.5, 1e-9)
    with pytest.raises(InputError, match="Did you mean 'sphere'"):
        analytic.constant_flux_rise(0.5, 0.1, "spehre")


def test_ambipolar_diffusivity():
    """A 1:1 salt shall diffuse with the harmonic mean, a trace of one carrier with its own D."""
    assert analytic.ambipolar_diffusivity((1.0, 50.0)) == relative(100 / 51, 1e-15)
    assert analytic.ambipolar_diffusivity((3.0, 7.0), (1e-12, 1.0)) == relative(3.0, 1e-11)
    # a 2:1 salt: (z+ + |z-|) D+ D-/(z+ D+ + |z-| D-)
    assert analytic.ambipolar_diffusivity((2.0, 5.0), (1.0, 2.0), (2, -1)) == relative(
        3 * 2 * 5 / (2 * 2 + 5), 1e-15
    )


def test_mixed_conductor_diffuses_as_an_ambipolar_pair():
    """With dilute Li+ and electrons, U = -2 kT/e ln(x), Wagner's form shall be the ambipolar D."""
    x, sites, d = 0.01, 1e28, np.array([1e-14, 3e-13])
    ionic, electronic = d * constants.e * sites * x / VT
    wagner = analytic.mixed_conductor_diffusivity(ionic, electronic, -2 * VT / x, sites)
    assert wagner == relative(analytic.ambipolar_diffusivity(tuple(d)), 1e-14)


# --- kinetics --------------------------------------------------------------------------------


@pytest.mark.parametrize("charge", [1, -2])
@pytest.mark.parametrize("symmetry", [0.5, 0.2, 0.9])
def test_overpotential_inverts_the_current(symmetry, charge):
    """Overpotential and current shall be inverse to rounding, from 1e-9 V to 2 V."""
    eta = np.array([-2.0, -0.1, -1e-9, 0.0, 1e-6, 0.3, 2.0])
    current = analytic.butler_volmer_current(eta, 3.0, symmetry, charge)
    assert np.all(np.sign(current) == np.sign(eta))  # a current against eta would create energy
    back = analytic.butler_volmer_overpotential(current, 3.0, symmetry, charge)
    np.testing.assert_allclose(back, eta, rtol=1e-14)


def test_current_is_the_difference_of_the_partial_currents():
    """The current shall be that of both directions, each with its transfer coefficient."""
    eta, a = 0.07, 0.3
    forward, backward = np.exp(a * eta / VT), np.exp(-(1 - a) * eta / VT)
    current = analytic.butler_volmer_current(eta, 5.0, a)
    assert current == relative(5.0 * (forward - backward), 1e-13)
    mirrored = analytic.butler_volmer_current(-eta, 5.0, 1 - a)
    assert mirrored == relative(-current, 1e-13)


def test_symmetric_overpotential_is_the_inverse_hyperbolic_sine():
    """With symmetry 0.5 the overpotential shall be 2 kT/e asinh(i/2 i0)."""
    current = np.geomspace(1e-6, 1e8, 15)
    np.testing.assert_allclose(
        analytic.butler_volmer_overpotential(current, 0.7),
        2 * VT * np.arcsinh(current / 1.4),
        rtol=1e-14,
    )


@pytest.mark.parametrize("symmetry", [0.5, 0.25])
def test_limits_of_the_kinetics(symmetry):
    """Far from equilibrium the slope shall be Tafel's, close to it the transfer resistance."""
    decade = np.diff(analytic.butler_volmer_overpotential([1e12, 1e13], 1.0, symmetry))[0]
    assert decade == relative(analytic.tafel_slope(symmetry), 1e-12)
    back = -np.diff(analytic.butler_volmer_overpotential([-1e12, -1e13], 1.0, symmetry))[0]
    assert back == relative(analytic.tafel_slope(1 - symmetry), 1e-12)
    small = analytic.butler_volmer_overpotential(1e-6, 2.0, symmetry) / 1e-6
    assert small == relative(analytic.charge_transfer_resistance(2.0), 1e-6)
    assert analytic.tafel_slope() == relative(0.118318699, 1e-8)  # 118 mV per decade at 25 C


@pytest.mark.parametrize("current", [1e-3, 0.5, 40.0])
def test_two_slabs_with_an_activated_interface(current):
    """T9: V = 2 i L/0.25 + 2 asinh(i/2k0) in units of kT/e, L = 10, for two slabs half filled."""
    k0 = 0.3
    # the unit of conductivity is e D c/(kT/e): with L in 10 of its lengths sigma is 0.25 units
    voltage = analytic.kinetic_cell_voltage(
        current, thicknesses=[10.0, 10.0], conductivities=[0.25 / VT] * 2, exchange_current=k0
    )
    exact = 2 * current * 10 / 0.25 + 2 * np.arcsinh(current / (2 * k0))
    assert voltage / VT == relative(exact, 1e-13)


@pytest.mark.parametrize(("i0", "a"), [(0.0, 0.5), (-1.0, 0.5), (1.0, 0.0), (1.0, 1.0)])
def test_kinetics_without_a_rate_are_refused(i0, a):
    """A rate or a transfer coefficient outside its range shall be refused."""
    for function in (analytic.butler_volmer_current, analytic.butler_volmer_overpotential):
        with pytest.raises(InputError):
            function(0.1, i0, a)
