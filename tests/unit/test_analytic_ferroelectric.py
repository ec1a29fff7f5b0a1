"""Closed forms of ferroelectrics and non-linear dielectrics against tables and solvers."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad, solve_bvp, solve_ivp
from scipy.optimize import brentq

from pyscl import analytic
from pyscl.analytic.discs import screened_disc_factor
from pyscl.errors import InputError

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
LANDAU = REFERENCE["landau"]
EPS0 = constants.epsilon_0
EPS0_CODATA_2018 = 8.8541878128e-12  # [F/m], of the tables
DIGITS = 1e-11  # of the tables
ROOM = {r["set"]: r["coefficients"] for r in LANDAU["states"] if r["T"] == 298}
BELL_CROSS, EIGHTH = ROOM["Bell-Cross"], ROOM["Wang"]
FOURTH = (-3e7, 4e8)
GRADIENT = 1e-10  # [J m^3/C^2]


def rows(*keys):
    """Rows of a section of the reference file, one parameter set each."""
    table = REFERENCE
    for key in keys:
        table = table[key]
    return [pytest.param(row, id=f"row{i}") for i, row in enumerate(table)]


def close(value, rtol=DIGITS, atol=0.0):
    """Approximately `value`, by default to the digits of the tables."""
    return pytest.approx(value, rel=rtol, abs=atol)


# --- the homogeneous polynomial -------------------------------------------------------------


@pytest.mark.parametrize("row", rows("landau", "states"))
def test_spontaneous_state_and_spinodal_match_table(row):
    """Ps, its energy and susceptibility, and the end of the branch shall match the table."""
    a = row["coefficients"]
    ps = analytic.spontaneous_polarization(a)
    p, field = analytic.landau_spinodals(a)
    assert ps == close(row["P_s"])
    assert analytic.landau_energy(ps, a) == close(row["energy"])
    assert 1 / analytic.landau_stiffness(ps, a) / EPS0_CODATA_2018 == close(row["susceptibility"])
    assert p == close([row["P_spinodal"]])
    assert -field == close([row["E_c"]])
    states = analytic.landau_equilibria(a, 1.0000001 * row["E_c"])
    assert states.polarization == close([row["P_switched"]], 1e-7)  # just beyond the fold


@pytest.mark.parametrize("row", rows("landau", "branch"))
def test_upper_branch_of_the_loop_matches_table(row):
    """The largest root and its susceptibility shall follow the upper branch of the table."""
    a = ROOM[row["set"]]
    coercive = -analytic.landau_spinodals(a)[1][-1]
    states = analytic.landau_equilibria(a, row["E_over_Ec"] * coercive)
    p = states.metastable_polarization[-1]
    assert p == close(row["P"])
    assert 1 / analytic.landau_stiffness(p, a) / EPS0_CODATA_2018 == close(row["susceptibility"])


@pytest.mark.parametrize("a", [FOURTH, BELL_CROSS, EIGHTH, (2e7, -6e8, 8e9), (3e7,)])
@pytest.mark.parametrize("field", [0.0, 3e5, -8e6, 4e7])
def test_equilibria_are_all_roots_with_their_stability(a, field):
    """The states shall be all real roots of f'(P) + kP = E0, ascending, minima being stable."""
    k = 1e6
    states = analytic.landau_equilibria(a, field, k)
    odd = np.zeros(2 * len(a))
    odd[1::2] = np.array([2, 4, 6, 8])[: len(a)] * a
    odd[0] -= field
    odd[1] += k
    found = np.polynomial.polynomial.polyroots(odd)
    expected = np.sort(found[np.abs(found.imag) < 1e-9].real)
    np.testing.assert_allclose(states.polarization, expected, rtol=1e-9, atol=1e-15)
    # of a coercive polynomial minima and maxima alternate, beginning with a minimum
    np.testing.assert_array_equal(states.stable, np.arange(expected.size) % 2 == 0)
    np.testing.assert_allclose(states.field, field - k * expected, rtol=1e-9, atol=1e-3)
    p = states.polarization
    energy = sum(c * p ** (2 * n + 2) for n, c in enumerate(a)) + k * p**2 / 2 - field * p
    np.testing.assert_allclose(states.energy, energy, rtol=1e-12, atol=1e-9)
    assert states.ground_polarization == p[np.argmin(energy)]


def test_derivatives_of_the_energy_are_field_and_stiffness():
    """f' and f'' shall be the derivatives of f, for arrays of any shape."""
    p = np.linspace(-0.3, 0.3, 12).reshape(3, 4)
    step = 1e-20j
    a = np.array(EIGHTH)

    def energy(q):
        return sum(c * q ** (2 * n + 2) for n, c in enumerate(a))

    def field(q):
        return sum((2 * n + 2) * c * q ** (2 * n + 1) for n, c in enumerate(a))

    np.testing.assert_allclose(analytic.landau_energy(p, a), energy(p), rtol=1e-12)
    np.testing.assert_allclose(
        analytic.landau_field(p, a), (energy(p + step) / step).real, rtol=1e-11
    )
    np.testing.assert_allclose(
        analytic.landau_stiffness(p, a), (field(p + step) / step).real, rtol=1e-11
    )


def test_metastable_ferroelectric_above_its_transition_is_paraelectric():
    """A first-order polynomial shall be paraelectric if its minimum lies above f(0)."""
    a111 = 8e9
    a11 = -6e8
    coexistence = a11**2 / (4 * a111)
    above, below = (1.001 * coexistence, a11, a111), (0.999 * coexistence, a11, a111)
    assert analytic.spontaneous_polarization(above) == 0
    assert len(analytic.landau_equilibria(above).metastable_polarization) == 3
    assert analytic.spontaneous_polarization(below) == close(np.sqrt(-a11 / (2 * a111)), 1e-2)


@pytest.mark.parametrize("bad", [(), (1, 2, 3, 4, 5), (0, 0), (1e7, -1e8), (1e7, np.nan)])
def test_coefficients_without_a_lower_bound_are_refused(bad):
    """Coefficients that are no bounded energy shall be an error that names them."""
    with pytest.raises(InputError, match="coefficients are"):
        analytic.landau_energy(0.1, bad)


# --- depolarisation -------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("landau", "disc"))
def test_ferroelectric_disc_matches_table(row):
    """A state of the disc shall be that of the table and obey the field of a polarised disc."""
    matrix, background = (row[key] * EPS0_CODATA_2018 for key in ("eps_m", "eps_b"))
    states = analytic.ferroelectric_disc(BELL_CROSS, background, matrix, row["E0"])
    inside = analytic.polarised_disc_field(states.polarization, background, matrix, row["E0"])
    np.testing.assert_allclose(states.field, inside, rtol=1e-9)
    assert states.ground_polarization == close(row["P"])
    assert states.field[np.argmin(states.energy)] == close(row["E_in"], 1e-10)


@pytest.mark.parametrize("row", rows("landau", "bilayer"))
def test_ferroelectric_bilayer_matches_table(row):
    """The remanent state of the short-circuited bilayer shall match the table."""
    background, dielectric = (row[key] * EPS0_CODATA_2018 for key in ("eps_b", "eps_d"))
    thicknesses = 5e-8, 5e-8 * row["td_over_tf"]
    states = analytic.ferroelectric_bilayer(BELL_CROSS, background, dielectric, thicknesses)
    assert states.metastable_polarization[-1] == close(row["P"])
    assert states.field[-1] == close(row["E_f"], 1e-10)


def test_ferroelectric_bilayer_at_a_voltage_shares_voltage_and_displacement():
    """The drops shall add up to the voltage and D be the same in both layers."""
    background, dielectric, voltage = 10 * EPS0, 300 * EPS0, -0.1
    thicknesses = 4e-8, 3e-9
    states = analytic.ferroelectric_bilayer(
        BELL_CROSS, background, dielectric, thicknesses, voltage
    )
    assert states.polarization.size >= 3
    displacement = background * states.field + states.polarization
    drops = thicknesses[0] * states.field + thicknesses[1] * displacement / dielectric
    np.testing.assert_allclose(drops, voltage, rtol=1e-10)
    alone = analytic.ferroelectric_bilayer(BELL_CROSS, background, dielectric, (4e-8, 0.0), 0.2)
    np.testing.assert_allclose(alone.field, 5e6, rtol=1e-9)


@pytest.mark.parametrize("row", rows("landau", "disc_threshold"))
def test_depolarisation_threshold_matches_table_and_the_states(row):
    """Polarised states shall appear and become lowest exactly at the thresholds of the table."""
    a = ROOM[row["set"]]
    threshold = analytic.polarization_threshold(a)
    assert threshold.metastable / EPS0_CODATA_2018 == close(row["metastable"])
    assert threshold.ground / EPS0_CODATA_2018 == close(row["ground"])
    for total, count in ((threshold.metastable, (1, 3)), (threshold.ground, (3, 3))):
        below, above = (
            analytic.ferroelectric_disc(a, 0.1 * total, f * total) for f in (0.9 - 1e-6, 0.9 + 1e-6)
        )
        assert (below.stable.sum(), above.stable.sum()) == count
    assert below.ground_polarization == 0
    assert above.ground_polarization != 0


def test_threshold_of_a_second_order_ferroelectric_is_its_curie_constant():
    """With a11 > 0 both thresholds shall be -1/(2 a1), and infinite for a paraelectric."""
    for second_order in (FOURTH, (-3e7, 4e8, -2.5e9, 5e9)):  # the other has lower maxima at P > 0
        threshold = analytic.polarization_threshold(second_order)
        assert threshold.metastable == threshold.ground == close(1 / 6e7, 1e-14)
    for paraelectric in ((3e7,), (3e7, 4e8), (3e8, -6e8, 8e9)):
        never = analytic.polarization_threshold(paraelectric)
        assert never.metastable == never.ground == np.inf


def test_screening_keeps_a_disc_polarised_beyond_a_radius():
    """At the radius found, eps_m Lambda + eps_b shall be the threshold."""
    background, matrix = 10 * EPS0, 30 * EPS0
    threshold = analytic.polarization_threshold(BELL_CROSS).metastable
    radius = analytic.polarised_disc_screening(threshold, background, matrix)
    assert matrix * screened_disc_factor(radius) + background == close(threshold, 1e-12)
    assert radius == pytest.approx((1249.76 - 10) / 30 - 0.5, rel=1e-3)
    for factor, count in ((0.999, 1), (1.001, 3)):
        screened = matrix * screened_disc_factor(factor * radius)
        states = analytic.ferroelectric_disc(BELL_CROSS, background, screened)
        assert states.polarization.size == {1: 1, 3: 5}[count]
    assert analytic.polarised_disc_screening(30 * EPS0, background, matrix) == 0
    assert analytic.polarised_disc_screening(np.inf, background, matrix) == np.inf
    slightly = analytic.polarised_disc_screening(
        matrix * (1 + 1e-7) + background, background, matrix
    )
    assert 0 < slightly < 1e-3


# --- domain walls ---------------------------------------------------------------------------

WALLS = [FOURTH, BELL_CROSS, EIGHTH, ROOM["Li-Cross-Chen"], (4e6, -6e8, 8e9), (9e6, -6e8, 8e9, 5e9)]


@pytest.mark.parametrize("a", WALLS)
def test_ising_wall_solves_the_equation_of_the_wall(a):
    """The profile shall be that of a boundary value solver for G P'' = f'(P)."""
    wall = analytic.IsingWall(tuple(a), GRADIENT)
    ps, unit = wall.spontaneous_polarization, wall.decay_length

    def equations(x, y):
        return np.array([y[1], analytic.landau_field(ps * y[0], a) * unit**2 / (GRADIENT * ps)])

    far = 12.0

    def ends(left, right):  # zero in the middle, decay with rate 2/delta at the end
        return np.array([left[0], right[1] - 2 * (1 - right[0])])

    x = np.linspace(0, far, 400)
    guess = np.array([np.tanh(x), 1 / np.cosh(x) ** 2])
    solution = solve_bvp(equations, ends, x, guess, tol=1e-9, max_nodes=100000)
    assert solution.success
    profile = wall.polarization(x * unit) / ps
    np.testing.assert_allclose(profile, solution.sol(x)[0], atol=2e-8)
    np.testing.assert_array_equal(wall.polarization(-x * unit), -wall.polarization(x * unit))
    assert wall.width == pytest.approx(2 * unit / solution.sol(0.0)[1], rel=1e-7)


@pytest.mark.parametrize("a", WALLS)
def test_energy_of_the_wall_is_the_integral_over_p_and_over_x(a):
    """The energy shall be int sqrt(2G(f-fs)) dP, and the excess energy of the profile."""
    wall = analytic.IsingWall(tuple(a), GRADIENT)
    ps, unit = wall.spontaneous_polarization, wall.decay_length
    bottom = analytic.landau_energy(ps, a)

    def over_polarization(p):
        return np.sqrt(2 * GRADIENT * max(analytic.landau_energy(p, a) - bottom, 0.0))

    expected, _ = quad(over_polarization, -ps, ps, epsrel=1e-10, limit=400)
    assert wall.energy == pytest.approx(expected, rel=1e-9)
    x, step = np.linspace(-25, 25, 20001, retstep=True)
    excess = analytic.landau_energy(wall.polarization(x * unit), a) - bottom
    # equal parts of gradient and polynomial; the sum over a smooth decaying function is exact
    assert 2 * excess.sum() * step * unit == pytest.approx(wall.energy, rel=1e-9)


def test_wall_of_the_fourth_order_is_a_tanh():
    """For a1 P^2 + a11 P^4 profile, width and energy shall be those of the tanh."""
    a1, a11 = FOURTH
    wall = analytic.IsingWall(FOURTH, GRADIENT)
    ps, length = np.sqrt(-a1 / (2 * a11)), np.sqrt(-GRADIENT / a1)
    x = np.linspace(-30, 30, 21) * length
    assert wall.spontaneous_polarization == close(ps, 1e-14)
    assert wall.decay_length == close(length, 1e-14)
    assert wall.width == close(2 * length, 1e-14)
    assert wall.energy == close(4 / 3 * ps**3 * np.sqrt(2 * GRADIENT * a11), 1e-14)
    np.testing.assert_allclose(wall.polarization(x), ps * np.tanh(x / length), rtol=1e-13)


@pytest.mark.parametrize("a", [BELL_CROSS, (1.12e7, -6e8, 8e9)])
def test_quadrature_of_the_profile_agrees_with_the_closed_form(a):
    """A vanishing eighth order shall give the closed form of the sixth, also near coexistence."""
    closed = analytic.IsingWall(tuple(a), GRADIENT)
    general = analytic.IsingWall((*a, 1e-3), GRADIENT)
    x = np.linspace(-8, 8, 33) * closed.width
    np.testing.assert_allclose(
        general.polarization(x), closed.polarization(x), atol=1e-14, rtol=1e-11
    )
    assert general.polarization(closed.width) == close(closed.polarization(closed.width))
    assert general.width == close(closed.width, 1e-12)


def test_far_away_the_wall_decays_with_its_length():
    """Ps - P shall fall by exp(2) per decay length."""
    for a in WALLS:
        wall = analytic.IsingWall(tuple(a), GRADIENT)
        ps = wall.spontaneous_polarization
        rest = ps - wall.polarization(np.array([7.0, 8.0]) * wall.decay_length)
        assert rest[0] / rest[1] == pytest.approx(np.exp(2), rel=1e-3)


def test_a_wall_needs_domains():
    """A paraelectric shall be refused."""
    with pytest.raises(InputError, match="no antiparallel domains"):
        analytic.IsingWall((1e7, -6e8, 8.1e9, 1e9)[:1], GRADIENT)
    with pytest.raises(InputError, match="gradient is 0"):
        analytic.IsingWall(FOURTH, 0.0)


# --- relaxation -----------------------------------------------------------------------------


def test_relaxation_time_is_that_of_the_differential_equation():
    """The quadrature shall agree with an integration of tau dP/dt in time."""
    viscosity, field, k = 0.05, -1.8e7, 1e5
    start, stop = 0.26, -0.27

    def rate(_, p):
        return (field - k * p - analytic.landau_field(p, BELL_CROSS)) / viscosity

    time = analytic.landau_relaxation_time(start, stop, BELL_CROSS, viscosity, field, k)
    path = solve_ivp(rate, (0, time), [start], method="DOP853", rtol=1e-12, atol=1e-14)
    assert path.y[0, -1] == pytest.approx(stop, rel=1e-9)
    assert analytic.landau_relaxation_time(0.2, 0.2, BELL_CROSS, viscosity) == 0


def test_small_deviation_decays_with_the_rate_of_the_stiffness():
    """Close to Ps the time per factor e shall be 1/rate; at P = 0 the rate is negative."""
    viscosity, k = 0.05, 2e6
    ps = analytic.landau_equilibria(BELL_CROSS, 0.0, k).polarization[-1]
    rate = analytic.landau_decay_rate(ps, BELL_CROSS, viscosity, k)
    small = 1e-6
    time = analytic.landau_relaxation_time(
        ps + small, ps + small / np.e, BELL_CROSS, viscosity, depolarization=k
    )
    assert time * rate == pytest.approx(1, rel=1e-4)
    rates = analytic.landau_decay_rate([0.0, ps], BELL_CROSS, viscosity, k)
    assert rates == close([(2 * BELL_CROSS[0] + k) / viscosity, rate], 1e-12)


@pytest.mark.parametrize(("start", "stop"), [(0.1, 0.27), (0.1, 0.05), (0.0, 0.1), (0.4, -0.1)])
def test_relaxation_to_where_it_does_not_lead_is_refused(start, stop):
    """A polarization behind an equilibrium, or uphill, shall be an error."""
    with pytest.raises(InputError, match="not on the way"):
        analytic.landau_relaxation_time(start, stop, BELL_CROSS, 0.05)


def test_susceptibility_is_the_response_to_a_small_sine():
    """1/(f'' + k + i w tau) shall be the response of the linearised law, static at low f."""
    viscosity, k, p = 0.05, 1e6, 0.26
    stiffness = analytic.landau_stiffness(p, BELL_CROSS) + k
    frequency = np.array([[1e3], [stiffness / viscosity / (2 * np.pi)]])
    chi = analytic.landau_susceptibility(frequency, p, BELL_CROSS, viscosity, k)
    assert chi.shape == (2, 1)
    assert chi[0, 0] * stiffness == pytest.approx(1, rel=1e-5)
    assert chi[1, 0] * stiffness == pytest.approx((1 - 1j) / 2, rel=1e-12)  # lags behind


# --- non-linear dielectrics -----------------------------------------------------------------

JOHNSON = analytic.JohnsonLayer(2e-8, 500 * EPS0, 1e10)
LANGEVIN = analytic.LangevinLayer(3e-8, 300 * EPS0, 10 * EPS0, 0.05)
LINEAR = analytic.LinearLayer(1e-9, 25 * EPS0)


@pytest.mark.parametrize("row", rows("johnson"))
def test_johnson_permittivity_matches_table(row):
    """D/E over eps shall be the column of the table, and close to the cubic law's at small x."""
    eps, b = JOHNSON.permittivity, JOHNSON.coefficient
    field = np.sqrt(row["x"] / (b * eps**3))
    assert JOHNSON.displacement(field) / (eps * field) == close(row["johnson"])
    cubic = (1 / (2 * eps), b / 4)  # E = D/eps + b D^3
    (p,) = analytic.landau_equilibria(cubic, field).polarization
    assert p / (eps * field) == close(row["chord"])
    assert 1 / analytic.landau_stiffness(p, cubic) / eps == close(row["tangent"])
    assert abs(row["johnson"] - row["chord"]) <= row["x"] ** 2


def test_langevin_law_has_its_limits():
    """The law shall be eps E at small and Ps + eps_b E at large fields, odd and smooth."""
    eps, background, saturation = LANGEVIN.permittivity, LANGEVIN.background, LANGEVIN.saturation
    unit = saturation / (3 * (eps - background))
    small, large = 1e-9 * unit, 1e9 * unit
    assert LANGEVIN.displacement(small) == close(eps * small, 1e-14)
    assert LANGEVIN.displacement(large) == close(saturation + background * large, 1e-14)
    y = np.array([0.2999999, 0.3000001, 1.0, 5.0])
    expected = saturation * (1 / np.tanh(y) - 1 / y) + background * y * unit
    np.testing.assert_allclose(LANGEVIN.displacement(y * unit), expected, rtol=1e-13)


@pytest.mark.parametrize("layer", [JOHNSON, LANGEVIN, LINEAR, analytic.JohnsonLayer(1, 1e-10, 0)])
def test_field_and_slope_belong_to_the_displacement(layer):
    """The field shall invert D(E) over ten decades, and the slope be its derivative."""
    field = np.concatenate([-np.logspace(10, 1, 7), [0.0], np.logspace(1, 10, 12)])
    there = layer.displacement(field)
    np.testing.assert_allclose(layer.field(there), field, rtol=2e-13)
    step = 1e-5 * field
    slope = (layer.displacement(field + step) - layer.displacement(field - step))[field != 0]
    np.testing.assert_allclose(
        layer.differential_permittivity(field)[field != 0],
        slope / (2 * step[field != 0]),
        rtol=1e-8,
    )
    assert layer.differential_permittivity(0.0) == close(layer.permittivity, 1e-14)
    assert layer.field(there.reshape(4, 5)).shape == (4, 5)


@pytest.mark.parametrize("layers", [[JOHNSON, LINEAR], [LANGEVIN, LINEAR, JOHNSON], [LINEAR] * 2])
@pytest.mark.parametrize("voltage", [0.0, 1e-9, -0.3, 5.0, 1e3])
def test_stack_shares_displacement_and_voltage(layers, voltage):
    """Every layer shall carry the one D, and the drops add up to the voltage, to 1e-12."""
    displacement, fields = analytic.dielectric_stack(layers, voltage)
    for layer, field in zip(layers, fields, strict=True):
        assert layer.displacement(field) == close(displacement, 1e-12)
    drops = [layer.thickness * field for layer, field in zip(layers, fields, strict=True)]
    assert sum(drops) == close(voltage, 1e-12)


def test_linear_stack_is_capacitors_in_series():
    """Linear layers shall carry V over the sum of t/eps."""
    other = analytic.LinearLayer(4e-9, 80 * EPS0)
    displacement, _ = analytic.dielectric_stack([LINEAR, other], -2.0)
    capacitance = 1 / sum(layer.thickness / layer.permittivity for layer in (LINEAR, other))
    assert displacement == close(-2.0 * capacitance, 1e-13)
    for thicknesses in np.random.default_rng(1).uniform(1e-9, 1e-7, (50, 5)):
        layers = [analytic.LinearLayer(float(t), 7 * EPS0) for t in thicknesses]
        displacement, _ = analytic.dielectric_stack(layers, 0.37)
        assert displacement == close(0.37 * 7 * EPS0 / thicknesses.sum(), 1e-13)


def test_johnson_and_linear_stack_matches_a_root_in_the_field():
    """The stack at 7 times the saturation field shall match a root search in another unknown."""
    eps, b = JOHNSON.permittivity, JOHNSON.coefficient
    strong = 7 / np.sqrt(3 * b * eps**3)
    displacement = eps * strong / np.cbrt(1 + 49)
    voltage = JOHNSON.thickness * strong + LINEAR.thickness * displacement / LINEAR.permittivity

    def excess(field):
        d = eps * field / np.cbrt(1 + 3 * b * eps**3 * field**2)
        return JOHNSON.thickness * field + LINEAR.thickness * d / LINEAR.permittivity - voltage

    assert brentq(excess, 0, 2 * strong, rtol=1e-14) == close(strong, 1e-12)
    found, fields = analytic.dielectric_stack([JOHNSON, LINEAR], voltage)
    assert found == close(displacement, 1e-12)
    assert fields[0] == close(strong, 1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: analytic.LinearLayer(0.0, 1e-10), "thickness is 0"),
        (lambda: analytic.JohnsonLayer(1e-9, 1e-10, -1.0), "coefficient is -1"),
        (lambda: analytic.LangevinLayer(1e-9, 1e-10, 2e-10, 0.1), "must not be larger"),
        (lambda: analytic.dielectric_stack([], 1.0), "layers is empty"),
        (lambda: analytic.dielectric_stack([LINEAR], np.nan), "voltage is nan"),
    ],
)
def test_impossible_layers_are_refused(make, message):
    """What is no layer or no stack shall be an error that says why."""
    with pytest.raises(InputError, match=message):
        make()


# --- polarised layers -----------------------------------------------------------------------


@pytest.fixture
def layer():
    """Return a layer between two unlike Debye half spaces."""
    return analytic.ScreenedLayer(5e-9, 10 * EPS0, (30 * EPS0, 2e-9), (80 * EPS0, 6e-10))


@pytest.mark.parametrize("voltage", [0.0, 0.003])
def test_potential_of_a_screened_layer_solves_its_equations(layer, voltage):
    """The potential shall obey Poisson and Debye, with D continuous at both faces."""
    polarization = 1e-3
    d = layer.displacement(polarization, voltage)
    assert layer.background * layer.field(polarization, voltage) + polarization == close(d, 1e-12)

    def phi(x):
        return layer.potential(x, polarization, voltage)

    step = 1e-13
    for face, side, where in (
        (0.0, layer.left, -step),
        (layer.thickness, layer.right, layer.thickness + step),
    ):
        outside = -(phi(where + step / 2) - phi(where - step / 2)) / step * side[0]
        assert outside == close(d, 1e-3)
        assert phi(face) == pytest.approx(phi(where), rel=1e-3)
    inside = -(phi(3e-9) - phi(2e-9)) / 1e-9
    assert inside == close(layer.field(polarization, voltage), 1e-12)
    for x, (_, length), bulk in (
        (-1.7e-9, layer.left, voltage),
        (layer.thickness + 5e-10, layer.right, 0.0),
    ):
        h = 1e-12
        curvature = (phi(x + h) - 2 * phi(x) + phi(x - h)) / h**2
        assert curvature == pytest.approx((phi(x) - bulk) / length**2, rel=1e-4)
    np.testing.assert_allclose(phi(np.array([-1.0, 1.0])), [voltage, 0.0], atol=1e-15)


def test_charge_of_the_screening_layers_balances_the_displacement(layer):
    """The integral of the charge of each half space shall be plus and minus D."""
    polarization, voltage = 1e-3, 0.002
    d = layer.displacement(polarization, voltage)
    permittivity, length = layer.left
    charge, _ = quad(
        lambda x: -permittivity / length**2 * (layer.potential(x, polarization, voltage) - voltage),
        -40 * length,
        0,
        epsabs=0,
    )
    assert charge == close(d, 1e-10)
    permittivity, length = layer.right
    charge, _ = quad(
        lambda x: -permittivity / length**2 * layer.potential(x, polarization, voltage),
        layer.thickness,
        layer.thickness + 40 * length,
        epsabs=0,
    )
    assert charge == close(-d, 1e-10)


def test_depolarisation_of_a_screened_layer_has_its_limits(layer):
    """-kP shall be the field: none between metals, P/eps_b without screening."""
    p = np.array([0.1, -0.2])
    np.testing.assert_allclose(layer.field(p), -layer.depolarization * p, rtol=1e-13)
    metal = analytic.ScreenedLayer(5e-9, 10 * EPS0, (EPS0, 0.0), (EPS0, 0.0))
    assert metal.depolarization == 0
    np.testing.assert_allclose(metal.potential([-1e-9, 2e-9, 1e-8], 0.1), 0.0, atol=1e-12)
    assert metal.displacement(0.1) == close(0.1, 1e-14)
    bare = analytic.ScreenedLayer(5e-9, 10 * EPS0, (EPS0, 1.0), (EPS0, 1.0))
    assert bare.depolarization == pytest.approx(1 / bare.background, rel=1e-8)
    with pytest.raises(InputError, match="Debye length"):
        analytic.ScreenedLayer(5e-9, 10 * EPS0, (EPS0, -1.0), (EPS0, 0.0))


def test_rigid_layer_between_lattice_gases_is_linear_at_small_amplitude():
    """A weak polarization shall give the linear layer, its sides with their Debye lengths."""
    left = analytic.LatticeGasLayer(30, 1e28, 0.3)
    right = analytic.LatticeGasLayer(12, 2e27, 0.6, charge=-1)
    linear = analytic.ScreenedLayer(
        5e-9, 10 * EPS0, (30 * EPS0, left.debye_length), (12 * EPS0, right.debye_length)
    )
    weak = analytic.polarised_layer_contact(left, right, 1e-7, 5e-9, 10 * EPS0, 1e-6)
    d = linear.displacement(1e-7, 1e-6)
    assert weak.left_displacement == pytest.approx(d, rel=1e-4)
    assert weak.right_displacement == close(weak.left_displacement, 1e-9)
    assert weak.right_potential == pytest.approx(linear.potential(5e-9, 1e-7, 1e-6), rel=1e-4)
    assert weak.left_potential == pytest.approx(linear.potential(0.0, 1e-7, 1e-6) - 1e-6, rel=1e-4)


@pytest.mark.parametrize(("polarization", "voltage"), [(0.26, 0.0), (-0.26, 0.0), (0.02, -1.5)])
def test_rigid_layer_between_lattice_gases_adds_up(polarization, voltage):
    """The drops of sides and layer shall add up to the voltage with one displacement."""
    left = analytic.LatticeGasLayer(30, 1e28, 0.3)
    right = analytic.LatticeGasLayer(12, 2e27, 0.6, charge=-1)
    thickness, background = 5e-9, 10 * EPS0
    contact = analytic.polarised_layer_contact(
        left, right, polarization, thickness, background, voltage
    )
    d = contact.left_displacement
    assert contact.right_displacement == close(d, 1e-9)
    inside = thickness * (d - polarization) / background
    drops = -contact.left_potential + inside + contact.right_potential
    assert drops == pytest.approx(voltage, abs=1e-9)
    step = 1e-4
    after, before = (
        analytic.polarised_layer_contact(
            left, right, polarization, thickness, background, voltage + h
        )
        for h in (step, -step)
    )
    slope = (after.left_displacement - before.left_displacement) / (2 * step)
    assert contact.capacitance == pytest.approx(slope, rel=1e-5)


def test_half_spaces_of_a_rigid_layer_have_one_temperature():
    """Half spaces at different temperatures shall be an error."""
    sides = (analytic.LatticeGasLayer(30, 1e28, 0.3, temperature=t) for t in (300.0, 301.0))
    with pytest.raises(InputError, match="one temperature"):
        analytic.polarised_layer_contact(*sides, 0.1, 5e-9, 1e-10)
