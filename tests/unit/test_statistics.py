"""Identities of every carrier statistics, and the Bernoulli function, to working accuracy."""

import mpmath as mp
import numpy as np
import pytest
from approx import relative
from tiny import LAWS

from pyscl import _core

every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
limited_law = pytest.mark.parametrize(
    "law",
    [law for law in LAWS.values() if law.site_limited],
    ids=[name for name, law in LAWS.items() if law.site_limited],
)
SATURATING = [name for name, law in LAWS.items() if law.half_filling is not None]


def occupancy(law, eta):
    return _core.occupancy(law.statistics, np.atleast_1d(np.asarray(eta, dtype=float)))


@every_law
def test_site_fraction_lies_in_its_open_range(law):
    y, vacancy, _ = occupancy(law, np.linspace(-700.0, 700.0 if law.site_limited else 100.0, 2801))
    assert (y > 0.0).all()
    assert (y <= law.largest * (1.0 + 1e-15)).all()  # 1 - 1e-17 rounds to 1 ...
    assert (vacancy > 0.0).all()  # ... but the vacancies do not vanish
    assert (occupancy(law, [30.0])[0] < law.largest).all()


@every_law
def test_site_fraction_increases_strictly(law):
    eta = np.linspace(-60.0, 60.0, 4001)
    y, vacancy, slope = occupancy(law, eta)
    assert (slope > 0.0).all()
    dilute = eta < 25.0  # beyond, y of the bounded laws is within rounding of its limit
    assert (np.diff(y[dilute]) > 0.0).all()
    assert (np.diff(y) >= 0.0).all()
    if law.site_limited:
        assert (np.diff(vacancy)[eta[1:] > -25.0] < 0.0).all()


@every_law
def test_slope_is_the_derivative(law):
    """dy/deta by automatic differentiation equals the five-point difference."""
    eta, h = np.linspace(-30.0, 29.7, 1201) + 1e-3, 2e-4
    y = {k: occupancy(law, eta + k * h)[0] for k in (-2, -1, 1, 2)}
    difference = (8.0 * (y[1] - y[-1]) - (y[2] - y[-2])) / (12.0 * h)
    slope = occupancy(law, eta)[2]
    # The second term is the rounding of y in the difference.
    assert (np.abs(slope - difference) <= 1e-8 * slope + 2e-15 * y[1] / h).all()


@every_law
def test_dilute_limit_is_boltzmann(law):
    # The rounding of eta + g, 60 times 2e-16, is a relative error of its exponential.
    y, vacancy, slope = occupancy(law, [-60.0, -45.0])
    expected = np.exp(np.array([-60.0, -45.0]) - law.dilute_excess)
    assert y == relative(expected, 3e-14)
    assert slope == relative(expected, 3e-14)
    assert vacancy == pytest.approx(1.0, abs=1e-15)


@limited_law
def test_vacancies_obey_boltzmann_when_the_sites_fill(law):
    _, vacancy, slope = occupancy(law, [45.0, 60.0])
    expected = np.exp(law.full_excess - np.array([45.0, 60.0]))
    assert vacancy == relative(expected, 3e-14)
    assert slope == relative(expected, 3e-14)


@limited_law
def test_occupied_and_vacant_fractions_add_up_to_one(law):
    y, vacancy, _ = occupancy(law, np.linspace(-50.0, 50.0, 999))
    assert y + vacancy == pytest.approx(1.0, abs=2.3e-16)


@pytest.mark.parametrize("law", [law for law in LAWS.values() if not law.site_limited])
def test_laws_without_a_site_limit_report_room_everywhere(law):
    assert (occupancy(law, np.linspace(-50.0, 50.0, 99))[1] == 1.0).all()


@pytest.mark.parametrize("name", SATURATING)
def test_half_filling(name):
    assert occupancy(LAWS[name], LAWS[name].half_filling)[0] == relative(0.5, 1e-14)


def test_blakemore_saturates_at_one_over_gamma_and_is_boltzmann_without_gamma():
    assert occupancy(LAWS["blakemore"], 80.0)[0] == relative(1 / 0.27, 1e-14)
    eta = np.linspace(-20.0, 20.0, 41)
    exact = 1.0 / (np.exp(-eta) + 0.27)
    assert occupancy(LAWS["blakemore"], eta)[0] == relative(exact, 2e-14)
    y, _, slope = _core.occupancy(_core.Blakemore(0.0), eta)
    assert np.array_equal(y, np.exp(eta))
    assert np.array_equal(slope, np.exp(eta))


def test_fermi_dirac_half_agrees_with_the_polylogarithm():
    """F_1/2 = -Li_3/2(-exp eta), also across the seams of the internal table at -8 and 64."""
    seams = [s + d for s in (-8.0, -6.0, 0.0, 2.0, 62.0, 64.0) for d in (-1e-9, 0.0, 1e-9)]
    eta = np.array([*np.linspace(-60.0, 120.0, 91), *seams])
    y, _, slope = occupancy(LAWS["fermi-dirac-half"], eta)
    with mp.workdps(30):
        exact = [-mp.polylog(mp.mpf(3) / 2, -mp.exp(mp.mpf(e))).real for e in eta]
        exact_slope = [-mp.polylog(mp.mpf(1) / 2, -mp.exp(mp.mpf(e))).real for e in eta]
        error = max(abs(mp.mpf(a) / b - 1) for a, b in zip(y, exact, strict=True))
        slope_error = max(abs(mp.mpf(a) / b - 1) for a, b in zip(slope, exact_slope, strict=True))
    assert error < 1e-13
    # The slope is the derivative of the interpolant of ln F: a few digits fewer, only for Newton.
    assert slope_error < 1e-9


def test_fermi_dirac_half_degenerate_limit():
    """Sommerfeld: F_1/2 = 4 eta^1.5 / (3 sqrt pi) (1 + pi^2 / (8 eta^2) + 7 pi^4 / (640 eta^4))."""
    eta = 1000.0
    series = 1 + np.pi**2 / (8 * eta**2) + 7 * np.pi**4 / (640 * eta**4)
    exact = 4.0 * eta**1.5 / (3.0 * np.sqrt(np.pi)) * series
    assert occupancy(LAWS["fermi-dirac-half"], eta)[0] == relative(exact, 1e-12)


def hermite(table, y):
    """Return the excess potential by scipy's Hermite spline, held constant outside."""
    from scipy.interpolate import CubicHermiteSpline

    return CubicHermiteSpline(*table)(np.clip(y, table[0][0], table[0][-1]))


@pytest.mark.parametrize(
    "table",
    [
        ([0.02, 0.2, 0.5, 0.97], [1.5, 0.6, -0.4, -3.0], [-8.0, -3.0, -2.0, 0.0]),
        ([0.1, 0.9], [0.0, 30.0], [0.0, 40.0]),  # steep
        ([0.1, 0.5, 0.9], [0.0, -1.9, -3.8], [-3.9, -3.9, -3.9]),  # nearly unstable
        ([0.3, 0.6], [7.0, 7.0], [0.0, 0.0]),  # constant
    ],
)
def test_non_ideal_solves_its_equation(table):
    """Logit(y) + g(y) = eta, to 1e-13 of the terms."""
    eta = np.linspace(-40.0, 70.0, 2203)
    y, vacancy, slope = _core.occupancy(_core.NonIdeal(*table), eta)
    logit = np.log(y) - np.log(vacancy)
    excess = hermite(table, y)
    assert np.abs(logit + excess - eta).max() < 1e-13 * (1.0 + np.abs(eta).max())
    assert (slope > 0.0).all()


def test_non_ideal_without_excess_is_the_lattice_gas():
    eta = np.linspace(-50.0, 50.0, 501)
    flat = _core.NonIdeal([0.1, 0.5, 0.9], [0.0] * 3, [0.0] * 3)
    for a, b in zip(
        _core.occupancy(flat, eta), _core.occupancy(_core.LatticeGas(), eta), strict=True
    ):
        assert a == relative(b, 1e-15)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (([0.1], [0.0], [0.0]), "three columns"),
        (([0.1, 0.9], [0.0], [0.0, 0.0]), "three columns"),
        (([0.1, 0.9], [0.0, 1.0], [0.0]), "three columns"),
        (([0.0, 0.9], [0.0, 1.0], [0.0, 0.0]), "ascend"),
        (([0.1, 1.0], [0.0, 1.0], [0.0, 0.0]), "ascend"),
        (([0.5, 0.5], [0.0, 1.0], [0.0, 0.0]), "ascend"),
        (([0.6, 0.4], [0.0, 1.0], [0.0, 0.0]), "ascend"),
    ],
)
def test_non_ideal_refuses_bad_tables(table, words):
    with pytest.raises(ValueError, match=words):
        _core.NonIdeal(*table)


def test_bernoulli_and_its_slope_are_accurate_to_the_last_digits():
    """B(x) = x / (exp x - 1) against 60 digits, on both sides of the switch at |x| = 0.25."""
    near = np.concatenate([10.0 ** np.arange(-300.0, -1.0, 13.0), np.linspace(0.01, 0.6, 60)])
    seam = np.nextafter(0.25, [0.0, 1.0])
    positive = np.concatenate([near, seam, [0.25], np.linspace(0.7, 40.0, 80), [100.0, 650.0]])
    x = np.concatenate([-positive, positive])
    value, slope = _core.bernoulli(x)
    with mp.workdps(60):
        for xk, b, db in zip(x, value, slope, strict=True):
            e = mp.mpf(xk)
            # Below 1e-20 the closed form of the slope cancels even in 60 digits.
            exact = e / mp.expm1(e)
            exact_slope = (
                -mp.mpf(1) / 2 + e / 6
                if abs(xk) < 1e-20
                else 1 / mp.expm1(e) - e * mp.exp(e) / mp.expm1(e) ** 2
            )
            assert abs(b / exact - 1) < 1e-15, xk
            assert abs(db / exact_slope - 1) < 4e-15, xk


def test_bernoulli_at_zero_and_at_large_arguments():
    value, slope = _core.bernoulli(np.array([0.0, -800.0, 800.0, 1e5, -1e5]))
    assert value.tolist() == [1.0, 800.0, 0.0, 0.0, 1e5]
    assert slope.tolist() == [-0.5, -1.0, 0.0, 0.0, -1.0]


def test_bernoulli_functions_of_both_signs_differ_by_the_argument():
    x = np.linspace(-30.0, 30.0, 601)
    assert _core.bernoulli(-x)[0] - _core.bernoulli(x)[0] == pytest.approx(x, rel=1e-14, abs=1e-15)


def test_arrays_of_another_type_are_refused():
    with pytest.raises(TypeError):
        _core.occupancy(_core.LatticeGas(), np.arange(3))
    with pytest.raises(TypeError):
        _core.bernoulli(np.arange(3, dtype=np.float32))
