"""Closed forms of impedances against the tables, 60 digits and their limits."""

import json
from pathlib import Path

import numpy as np
import pytest
from approx import relative
from scipy import constants
from scipy.linalg import solve_banded

from pyscl import analytic
from pyscl.analytic import finite_diffusion
from pyscl.errors import InputError

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
TABLES = REFERENCE["impedance"]
PRINTED = 6e-12  # 12 printed digits
# the tables have eps0 of CODATA 2018
EPS0 = 8.8541878128e-12 / constants.epsilon_0
FREQUENCIES = np.geomspace(1e-8, 1e12, 241)


def same(z, re, im, tolerance):
    """Assert both parts, each relative to itself."""
    assert z.real == relative(re, tolerance)
    assert z.imag == relative(im, tolerance)


# --- blocking slabs --------------------------------------------------------------------------


@pytest.mark.parametrize("row", TABLES["one_carrier"]["rows"], ids=lambda r: f"{r['f']:g} Hz")
def test_slab_of_one_carrier_matches_table(row):
    """A4 a: both parts shall match to the digits of the table over ten decades."""
    case = TABLES["one_carrier"]
    length = analytic.debye_length_dilute(EPS0 * case["eps_r"], case["density"], 1, case["T"])
    assert length == relative(case["length"], PRINTED)
    z = analytic.blocking_slab_impedance(
        row["f"], case["thickness"], case["conductivity"], EPS0 * case["eps_r"], float(length)
    )
    same(z, row["re"], row["im"], PRINTED)


@pytest.mark.parametrize("row", TABLES["reduced"], ids=lambda r: f"M={r['M']:g} {r['Omega']:g}")
def test_reduced_slab_matches_table(row):
    """A4 a: Z sigma/L shall match the table for thin and thick slabs."""
    unit = constants.epsilon_0 * 10.0 / 1e-4  # tau [s] of eps_r 10 and 1e-4 S/m
    z = analytic.blocking_slab_impedance(
        row["Omega"] / (2.0 * np.pi * unit), 2e-9 * row["M"], 1e-4, 10.0, 1e-9
    )
    same(z * 1e-4 / (2e-9 * row["M"]), row["re"], row["im"], PRINTED)


@pytest.mark.parametrize("case", TABLES["salt"]["cases"], ids=lambda c: str(c["diffusivities"]))
def test_salt_matches_table(case):
    """A4 b: two carriers of equal and unequal diffusivity shall match the tables."""
    common = TABLES["salt"]
    f = np.array([row["f"] for row in case["rows"]])
    z = analytic.blocking_salt_impedance(
        f,
        common["thickness"],
        EPS0 * common["eps_r"],
        common["density"],
        tuple(case["diffusivities"]),
        common["T"],
    )
    np.testing.assert_allclose(z.real, [row["re"] for row in case["rows"]], rtol=PRINTED)
    np.testing.assert_allclose(z.imag, [row["im"] for row in case["rows"]], rtol=PRINTED)


@pytest.mark.parametrize("half_thickness", [1e-2, 1.0, 1.99, 2.01, 30.0, 1e4])
@pytest.mark.parametrize("omega", [1e-10, 1e-4, 0.3, 20.0, 1e6, 1e12])
def test_slab_keeps_both_parts_at_any_frequency_and_thickness(half_thickness, omega):
    """Both parts shall be those of 60 digits to 1e-13, each of itself."""
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(60):
        p = mpmath.mpc(0, omega)
        y = half_thickness * mpmath.sqrt(1 + p)
        exact = (1 + mpmath.tanh(y) / (p * y)) / (1 + p)
        re, im = float(exact.real), float(exact.imag)
    unit = 2.0 * np.pi * constants.epsilon_0
    z = analytic.blocking_slab_impedance(omega / unit, 2.0 * half_thickness, 1.0, 1.0, 1.0)
    same(z / (2.0 * half_thickness), re, im, 1e-13)


@pytest.mark.parametrize("half_thickness", [1e-2, 1.0, 3.0, 100.0])
def test_slab_limits(half_thickness):
    """At low frequency R and C in series, at high frequency the plate capacitor."""
    m, thickness, sigma, eps_r = half_thickness, 5e-7, 1e-3, 20.0
    length = 0.5 * thickness / m
    resistance = analytic.blocking_slab_resistance(thickness, sigma, length)
    capacitance = analytic.blocking_slab_capacitance(thickness, eps_r, length)
    f = np.array([1e-6, 1e-3])
    z = analytic.blocking_slab_impedance(f, thickness, sigma, eps_r, length)
    np.testing.assert_allclose(z.real, resistance, rtol=1e-10)
    np.testing.assert_allclose(-1.0 / (2.0 * np.pi * f * z.imag), capacitance, rtol=1e-10)
    if m >= 1.0:  # else the formula cancels
        formula = 1.0 - 1.5 * np.tanh(m) / m + 0.5 / np.cosh(m) ** 2
        assert resistance == relative(thickness / sigma * formula, 1e-13)
    plate = analytic.series_capacitance([thickness], [eps_r])
    fast = analytic.blocking_slab_impedance(1e15, thickness, sigma, eps_r, length)
    assert abs(fast * 2j * np.pi * 1e15 * plate - 1.0) < 1e-6


def test_salt_of_equal_diffusivities_is_one_carrier():
    """Two carriers of equal diffusivity shall be one of their common conductivity."""
    density, eps_r, d = 2e24, 30.0, 1e-11
    z = analytic.blocking_salt_impedance(FREQUENCIES, 3e-8, eps_r, density, (d, d))
    sigma = 2.0 * constants.e * density * d / analytic.thermal_voltage()
    length = float(analytic.debye_length_salt(eps_r, density))
    one = analytic.blocking_slab_impedance(FREQUENCIES, 3e-8, sigma, eps_r, length)
    np.testing.assert_allclose(z.real, one.real, rtol=1e-12)
    np.testing.assert_allclose(z.imag, one.imag, rtol=1e-12)


def test_salt_with_an_immobile_ion_is_one_carrier():
    """With an anion that does not move in time the salt shall be a cation before a background."""
    density, eps_r, d, f = 2e24, 30.0, 1e-11, np.geomspace(1.0, 1e9, 19)
    z = analytic.blocking_salt_impedance(f, 3e-8, eps_r, density, (d, 1e-30))
    sigma = constants.e * density * d / analytic.thermal_voltage()
    length = float(analytic.debye_length_dilute(eps_r, density))
    one = analytic.blocking_slab_impedance(f, 3e-8, sigma, eps_r, length)
    np.testing.assert_allclose(z, one, rtol=1e-9)


def salt_in_60_digits(mpmath, frequency, thickness, eps_r, density, diffusivities):
    """Both impedances of a salt from the boundary value problem itself, by eigenvectors.

    Odd (p, n) with v'' = A v; phi'' = -(b/n0) (p - n) in kT/e; v'(H) and phi'(H) from the ends.
    """
    unit = mpmath.mpf(constants.k) * mpmath.mpf("298.15") / constants.e
    eps = mpmath.mpf(constants.epsilon_0) * eps_r
    b = mpmath.mpf(constants.e) * density / (eps * unit)
    w, half = 2 * mpmath.pi * frequency, mpmath.mpf(thickness) / 2
    cation, anion = (mpmath.mpc(0, w / mpmath.mpf(d)) for d in diffusivities)
    matrix = mpmath.matrix([[cation + b, -b], [-b, anion + b]])
    values, vectors = mpmath.eig(matrix)
    rates = [mpmath.sqrt(value) for value in values]
    grown = vectors * mpmath.diag([mpmath.tanh(k * half) / k for k in rates]) * vectors**-1
    charge = mpmath.matrix([[1, -1]])

    def ends(gradient, field):
        v = grown * gradient
        linear = field + b / density * (charge * matrix**-1 * gradient)[0]
        return v, linear * half - b / density * (charge * matrix**-1 * v)[0]

    _, phi = ends(mpmath.matrix([-1, 1]), mpmath.mpf(1) / density)
    blocking = 2 * phi * density / (mpmath.mpc(0, w) * eps)
    v, phi = ends(mpmath.matrix([-1 / (constants.e * mpmath.mpf(diffusivities[0])), 0]), 0)
    reversible = -2 * (v[0] / density + phi) * unit
    return complex(blocking), complex(reversible)


@pytest.mark.parametrize("diffusivities", [(1e-13, 1e-14), (1e-16, 1e-13), (2e-11, 2e-11)])
@pytest.mark.parametrize("thickness", [1e-9, 1e-7, 1e-5])
def test_salts_match_their_boundary_value_problem(diffusivities, thickness):
    """Salts between blocking and reversible electrodes shall match 60 digits of the equations."""
    mpmath = pytest.importorskip("mpmath")
    case = (thickness, 10.0, 1e24, diffusivities)
    f = np.geomspace(1e-3, 1e9, 13)
    with mpmath.workdps(60):
        exact = np.array([salt_in_60_digits(mpmath, value, *case) for value in f.tolist()])
    blocking = analytic.blocking_salt_impedance(f, *case)
    np.testing.assert_allclose(blocking.real, exact[:, 0].real, rtol=1e-11)
    np.testing.assert_allclose(blocking.imag, exact[:, 0].imag, rtol=1e-11)
    reversible = analytic.reversible_salt_impedance(f, *case)
    np.testing.assert_allclose(reversible, exact[:, 1], rtol=1e-12)


def test_salt_where_its_modes_meet():
    """The frequency at which both modes are one shall be an ordinary point of the spectrum."""
    mpmath = pytest.importorskip("mpmath")
    case = (1e-7, 10.0, 1e24, (1e-13, 1e-14))
    rate = float(constants.e * 1e24 / (constants.epsilon_0 * 10.0 * analytic.thermal_voltage()))
    meeting = 2.0 * rate / 9e13 / (2.0 * np.pi)
    for f in meeting * (1.0 + np.array([-1e-6, 0.0, 1e-15, 1e-9])):
        with mpmath.workdps(60):
            # beside the point: the matrix has one eigenvector there
            exact, _ = salt_in_60_digits(mpmath, mpmath.mpf(float(f)) * (1 + 1e-25), *case)
        assert abs(analytic.blocking_salt_impedance(f, *case) / exact - 1.0) < 1e-9


def test_thick_salt_cell_is_ohmic_with_a_warburg_element():
    """Between reversible electrodes, L >> lambda: L/sigma and a Warburg element of L/sigma D-/D+.

    The rest is of the order lambda/L, here 3e-4.
    """
    density, eps_r, cation, anion, thickness = 6e23, 78.5, 1e-10, 2e-10, 1e-4
    sigma = constants.e * density * (cation + anion) / analytic.thermal_voltage()
    ambipolar = analytic.ambipolar_diffusivity((cation, anion))
    f = np.geomspace(1e-5, 1e2, 29)
    warburg = analytic.finite_warburg_impedance(
        f, thickness / sigma * anion / cation, thickness**2 / (4.0 * ambipolar)
    )
    z = analytic.reversible_salt_impedance(f, thickness, eps_r, density, (cation, anion))
    np.testing.assert_allclose(z, thickness / sigma + warburg, rtol=1e-3)
    dc = analytic.reversible_salt_impedance(1e-12, thickness, eps_r, density, (cation, anion))
    assert dc.real * sigma / thickness == relative(1.0 + anion / cation, 1e-3)


@pytest.mark.parametrize(
    "impedance",
    [
        lambda f: analytic.blocking_slab_impedance(f, 1e-3, 1e-4, 10.0, 1e-10),
        lambda f: analytic.blocking_slab_impedance(f, 1e-10, 1e-4, 10.0, 1e-9),
        lambda f: analytic.blocking_salt_impedance(f, 1e-3, 10.0, 1e27, (1e-10, 1e-14)),
        lambda f: analytic.reversible_salt_impedance(f, 1e-3, 10.0, 1e27, (1e-10, 1e-14)),
        lambda f: analytic.finite_warburg_impedance(f, 1.0, 1e3),
        lambda f: analytic.finite_warburg_impedance(f, 1.0, 1e3, "reflecting"),
        lambda f: analytic.particle_impedance(f, 1e-6, 1e-14, -0.5, 3e28, "slab"),
        lambda f: analytic.particle_impedance(f, 1e-6, 1e-14, -0.5, 3e28, "cylinder"),
        lambda f: analytic.particle_impedance(f, 1e-6, 1e-14, -0.5, 3e28, "sphere"),
        lambda f: analytic.mixed_conductor_impedance(f, 1e-6, 1e-3, 1e-1, -0.5, 3e28),
    ],
)
def test_every_impedance_is_passive_and_finite_over_forty_decades(impedance):
    """Re Z shall be positive and Im Z negative, without overflow or warning."""
    z = impedance(np.geomspace(1e-20, 1e20, 401))
    assert z.shape == (401,)
    assert np.isfinite(z).all()
    assert (z.real > 0.0).all()
    assert (z.imag < 0.0).all()


def junction_in_60_digits(mpmath, frequency, sigma, eps_r, length, thickness):
    """Impedance of two layers between reversible ends under the current 1, and that of the bulks.

    psi = mu - phi with psi'' = s psi/lambda^2, 0 at the ends; phi = -psi/s + a + b x.
    """
    w = 2 * mpmath.pi * frequency
    eps = [mpmath.mpf(constants.epsilon_0) * e for e in eps_r]
    s = [1 + mpmath.mpc(0, w) * e / mpmath.mpf(c) for e, c in zip(eps, sigma, strict=True)]
    rates = [mpmath.sqrt(v) / mpmath.mpf(d) for v, d in zip(s, length, strict=True)]
    slope = [k * mpmath.coth(k * d) for k, d in zip(rates, thickness, strict=True)]
    field = [1 / (c + mpmath.mpc(0, w) * e) for c, e in zip(sigma, eps, strict=True)]  # -b
    # D is continuous: eps (psi'/s + field) of both sides
    psi = (eps[1] * field[1] - eps[0] * field[0]) / (
        eps[0] * slope[0] / s[0] + eps[1] * slope[1] / s[1]
    )
    bulk = field[0] * mpmath.mpf(thickness[0]) + field[1] * mpmath.mpf(thickness[1])
    # psi and phi are continuous, so a jumps
    return complex(bulk + psi * (1 / s[0] - 1 / s[1])), complex(bulk)


@pytest.mark.parametrize("frequency", [1e-2, 1e3, 1e6, 1e9, 1e12])
def test_junction_matches_its_boundary_value_problem(frequency):
    """Two layers of 100 Debye lengths: the junction is what the sum of the layers lacks."""
    mpmath = pytest.importorskip("mpmath")
    case = ((1e-2, 3e-6), (30.0, 200.0), (3e-10, 1e-9))
    with mpmath.workdps(60):
        whole, layers = junction_in_60_digits(mpmath, frequency, *case, (3e-8, 1e-7))
    assert layers == relative(
        analytic.series_impedance(frequency, [3e-8, 1e-7], case[0], case[1]), 1e-12
    )
    junction = analytic.junction_impedance(frequency, *case)
    assert layers + junction == relative(whole, 1e-13)
    assert junction == relative(whole - layers, 1e-12 + 1e-15 * abs(whole / junction))


def test_junction_of_layers_with_one_relaxation_time_vanishes():
    """Layers of equal eps/sigma gather no charge; swapping the layers changes nothing."""
    assert analytic.junction_impedance(1.0, (1e-2, 1e-3), (50.0, 5.0), (1e-9, 2e-9)) == 0.0
    f = FREQUENCIES
    there = analytic.junction_impedance(f, (1e-2, 1e-3), (50.0, 50.0), (1e-9, 2e-9))
    back = analytic.junction_impedance(f, (1e-3, 1e-2), (50.0, 50.0), (2e-9, 1e-9))
    np.testing.assert_allclose(there, back, rtol=1e-14)
    # slowly: the charge I (tau_1 - tau_2) on the two diffuse layers in parallel
    eps = 50.0 * constants.epsilon_0
    charge = eps * (1e2 - 1e3)
    expected = 2j * np.pi * 1e-8 * charge**2 / (eps / 1e-9 + eps / 2e-9)
    assert there[0] == relative(expected, 1e-12)


# --- diffusion -------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_functions_of_finite_diffusion_match_60_digits(dimensions):
    """K_d shall keep both parts for small w, where 1/w is 1e9 times larger, and beyond."""
    mpmath = pytest.importorskip("mpmath")
    shapes = {
        1: lambda y: mpmath.coth(y) / y,
        2: lambda y: mpmath.besseli(0, y) / (y * mpmath.besseli(1, y)),
        3: lambda y: mpmath.tanh(y) / (y - mpmath.tanh(y)),
    }
    for w in (1e-9j, 0.3j, 3.9j, 4.1j, 70.0 + 300.0j, 4e5j, 0.9e6j, 1.1e6j):
        with mpmath.workdps(60):
            whole = shapes[dimensions](mpmath.sqrt(mpmath.mpmathify(w)))
            exact = complex(whole - dimensions / mpmath.mpmathify(w))
        same(complex(finite_diffusion.fraction(w, dimensions)), exact.real, exact.imag, 1e-12)


@pytest.mark.parametrize("boundary", ["transmitting", "reflecting"])
def test_finite_warburg_limits(boundary):
    """High frequencies shall see no boundary; at low ones R, or R/3 and the capacitance T/R."""
    resistance, time = 3.0, 20.0
    fast = analytic.finite_warburg_impedance(1e6, resistance, time, boundary)
    assert fast == relative(resistance / np.sqrt(2j * np.pi * 1e6 * time), 1e-12)
    assert -fast.imag == relative(fast.real, 1e-12)
    slow = analytic.finite_warburg_impedance(1e-9, resistance, time, boundary)
    if boundary == "transmitting":
        assert slow == relative(resistance, 1e-6)
        assert slow.imag == relative(-resistance * 2.0 * np.pi * 1e-9 * time / 3.0, 1e-6)
    else:
        assert slow.real == relative(resistance / 3.0, 1e-12)
        assert -1.0 / (2.0 * np.pi * 1e-9 * slow.imag) == relative(time / resistance, 1e-12)


def test_warburg_boundaries_are_dual():
    """The product of both boundary types shall be that of two semi-infinite elements."""
    each = [
        analytic.finite_warburg_impedance(FREQUENCIES, 2.0, 1e-3, b)
        for b in ("transmitting", "reflecting")
    ]
    half_infinite = 4.0 / (2j * np.pi * FREQUENCIES * 1e-3)
    np.testing.assert_allclose(each[0] * each[1], half_infinite, rtol=1e-13)


def test_randles_limits():
    """R_s at high frequency, R_s + R_ct at low, R_s + R_ct/2 (1 - i) at the top of the arc."""
    top = 1.0 / (2.0 * np.pi * 5.0 * 1e-2)
    z = analytic.randles_impedance(np.array([1e9, top, 1e-9]), 2.0, 5.0, 1e-2)
    np.testing.assert_allclose(z, [2.0, 4.5 - 2.5j, 7.0], rtol=1e-7)
    with_warburg = analytic.randles_impedance(
        1e-9, 2.0, 5.0, 1e-2, analytic.finite_warburg_impedance(1e-9, 3.0, 1.0)
    )
    assert with_warburg == relative(10.0, 1e-6)
    assert analytic.randles_impedance(1.0, 2.0, 0.0, 1e-2) == 2.0


@pytest.mark.parametrize(("shape", "dimensions"), [("slab", 1), ("cylinder", 2), ("sphere", 3)])
def test_particle_limits(shape, dimensions):
    """Slowly the capacitance of the filling and R_D/(d+2), fast the same Warburg law."""
    radius, diffusivity, slope, sites = 2e-6, 3e-15, -0.4, 2e28
    unit = -slope * radius / (constants.e * sites * diffusivity)

    def z(f):
        return analytic.particle_impedance(f, radius, diffusivity, slope, sites, shape)

    slow = z(1e-10)
    assert slow.real == relative(unit / (dimensions + 2), 1e-10)
    stored = constants.e * sites * radius / dimensions / -slope  # [F/m2]
    assert -1.0 / (2.0 * np.pi * 1e-10 * slow.imag) == relative(stored, 1e-10)
    assert z(1e7) == relative(unit / np.sqrt(2j * np.pi * 1e7 * radius**2 / diffusivity), 1e-4)


@pytest.mark.parametrize("shape", ["slab", "cylinder", "sphere"])
def test_particle_is_the_transform_of_its_step_response(shape):
    """1/s times the impedance shall invert to the rise of the voltage under constant flux."""
    mpmath = pytest.importorskip("mpmath")
    shapes = {
        "slab": lambda y: mpmath.coth(y) / y,
        "cylinder": lambda y: mpmath.besseli(0, y) / (y * mpmath.besseli(1, y)),
        "sphere": lambda y: mpmath.tanh(y) / (y - mpmath.tanh(y)),
    }
    f = 0.37
    reduced = analytic.particle_impedance(f, 1.0, 1.0, -1.0, 1.0 / constants.e, shape)
    exact = complex(shapes[shape](mpmath.sqrt(mpmath.mpc(0, 2 * mpmath.pi * f))))
    assert reduced == relative(exact, 1e-13)
    with mpmath.workdps(30):
        rise = mpmath.invertlaplace(
            lambda s: shapes[shape](mpmath.sqrt(s)) / s, 0.2, method="talbot"
        )
    assert float(rise) == relative(float(analytic.constant_flux_rise(1.0, 0.2, shape)), 1e-10)


def test_mixed_conductor_limits():
    """Fast 1/(sigma_i + sigma_e) in parallel; slow the chemical capacitance and a third of both.

    With free electrons it is the particle, and ions and electrons may be swapped.
    """
    thickness, ionic, electronic, slope, sites = 1e-6, 2e-3, 5e-3, -0.6, 1e28

    def z(f, first=ionic, second=electronic):
        return analytic.mixed_conductor_impedance(f, thickness, first, second, slope, sites)

    fast = z(1e12)
    assert fast == relative(thickness / (ionic + electronic), 1e-4)
    slow = z(1e-9)
    assert slow.real == relative(thickness * (1 / ionic + 1 / electronic) / 3.0, 1e-10)
    stored = constants.e * sites * thickness / -slope
    assert -1.0 / (2.0 * np.pi * 1e-9 * slow.imag) == relative(stored, 1e-10)
    np.testing.assert_allclose(z(FREQUENCIES), z(FREQUENCIES, electronic, ionic), rtol=1e-14)
    free = 1e9
    diffusivity = float(analytic.mixed_conductor_diffusivity(ionic, free, slope, sites))
    f = np.geomspace(1e-4, 1e4, 17)
    particle = analytic.particle_impedance(f, thickness, diffusivity, slope, sites)
    np.testing.assert_allclose(z(f, ionic, free), particle, rtol=1e-8)


def test_mixed_conductor_matches_its_line_of_two_rails():
    """The closed form shall be the limit of a ladder of resistors and capacitors."""
    thickness, ionic, electronic, slope, sites, n = 1e-6, 2e-3, 5e-3, -0.6, 1e28, 2000
    f = np.array([1e-2, 1.0, 30.0, 1e3])
    cell = thickness / n
    exact = analytic.mixed_conductor_impedance(f, thickness, ionic, electronic, slope, sites)
    for frequency, wanted in zip(f, exact, strict=True):
        store = 2j * np.pi * frequency * constants.e * sites * cell / -slope
        # current in the ionic rail at the n + 1 faces: 1 at the left end, 0 at the right one
        diagonal = np.full(n - 1, 2.0 + store * cell * (1 / ionic + 1 / electronic))
        source = np.full(n - 1, store * cell / electronic, dtype=complex)
        source[0] += 1.0
        bands = np.array([np.full(n - 1, -1.0 + 0j), diagonal, np.full(n - 1, -1.0 + 0j)])
        current = np.concatenate([[1.0], solve_banded((1, 1), bands, source), [0.0]])
        # down the ionic rail, over the last capacitor, half a cell along the electronic rail
        drop = np.trapezoid(current, dx=cell) / ionic
        z = drop + current[-2] / store + 0.5 * cell / electronic
        assert z == relative(wanted, 1e-5)


# --- bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize("frequency", [0.0, -1.0, np.nan, np.inf, [1.0, 0.0]])
def test_frequencies_must_be_positive(frequency):
    """A frequency that is 0, negative or not finite shall be refused by every form."""
    for call in (
        lambda f: analytic.blocking_slab_impedance(f, 1e-6, 1e-4, 10.0, 1e-9),
        lambda f: analytic.blocking_salt_impedance(f, 1e-6, 10.0, 1e24, (1e-10, 1e-10)),
        lambda f: analytic.reversible_salt_impedance(f, 1e-6, 10.0, 1e24, (1e-10, 1e-10)),
        lambda f: analytic.junction_impedance(f, (1.0, 2.0), (10.0, 5.0), (1e-9, 1e-9)),
        lambda f: analytic.finite_warburg_impedance(f, 1.0, 1.0),
        lambda f: analytic.randles_impedance(f, 1.0, 1.0, 1.0),
        lambda f: analytic.particle_impedance(f, 1e-6, 1e-14, -1.0, 1e28),
        lambda f: analytic.mixed_conductor_impedance(f, 1e-6, 1.0, 1.0, -1.0, 1e28),
    ):
        with pytest.raises(InputError, match="frequency is"):
            call(frequency)


def test_bad_properties_are_refused():
    """Properties that are not positive, a rising voltage and unknown words shall be named."""
    with pytest.raises(InputError, match="thickness is -1"):
        analytic.blocking_slab_impedance(1.0, -1.0, 1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="debye_length is 0"):
        analytic.blocking_slab_resistance(1.0, 1.0, 0.0)
    with pytest.raises(InputError, match="relative_permittivity is nan"):
        analytic.blocking_slab_capacitance(1.0, np.nan, 1.0)
    with pytest.raises(InputError, match="anion_diffusivity is 0"):
        analytic.blocking_salt_impedance(1.0, 1e-6, 10.0, 1e24, (1e-10, 0.0))
    with pytest.raises(InputError, match="conductivity is -2"):
        analytic.junction_impedance(1.0, (1.0, -2.0), (1.0, 1.0), (1.0, 1.0))
    with pytest.raises(InputError, match="time_constant is inf"):
        analytic.finite_warburg_impedance(1.0, 1.0, np.inf)
    with pytest.raises(InputError, match="Did you mean 'reflecting'"):
        analytic.finite_warburg_impedance(1.0, 1.0, 1.0, "reflective")
    for slope in (0.0, 0.5, np.nan):
        with pytest.raises(InputError, match="must fall with x"):
            analytic.particle_impedance(1.0, 1e-6, 1e-14, slope, 1e28)
        with pytest.raises(InputError, match="must fall with x"):
            analytic.mixed_conductor_impedance(1.0, 1e-6, 1.0, 1.0, slope, 1e28)
    with pytest.raises(InputError, match="Did you mean 'sphere'"):
        analytic.particle_impedance(1.0, 1e-6, 1e-14, -1.0, 1e28, "spheres")
