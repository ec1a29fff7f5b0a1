"""Landau polynomials against independently computed tables, and their coefficients."""

import warnings

import numpy as np
import pytest
from approx import relative
from scipy.constants import epsilon_0
from scipy.optimize import approx_fprime

from pyscl import InputError, LandauCoefficients
from pyscl.materials import (
    GradientEnergy,
    LandauPolynomial,
    available_landau,
    describe,
    load_landau,
)
from pyscl.materials.library import LANDAU_PREFIX
from pyscl.materials.polarization.cards import LANDAU_CARDS
from pyscl.materials.provenance import references

CARDS = [
    "BaTiO3-Bell-Cross", "BaTiO3-Li-Cross-Chen", "BaTiO3-Wang", "LiNbO3", "LiTaO3", "PbTiO3",
    "SrTiO3",
]  # fmt: skip
BELL, LI, WANG = CARDS[:3]

# card, T: P_s, P at -E_c, E_c, permittivity at P_s, f(P_s), P just after switching
LOOPS = {
    (BELL, 298.0): (0.265230274731, 0.195902637431, 1.64788824074e7, 192.665472976,
                    -2368288.15757, 0.287119058849),
    (BELL, 298.15): (0.265206580999, 0.195888656057, 1.64524313313e7, 192.949119060,
                     -2364165.00905, 0.287092430767),
    (BELL, 300.0): (0.264909639790, 0.195713520383, 1.61262694414e7, 196.517586799,
                    -2313340.26953, 0.286758692550),
    (LI, 298.0): (0.259994781684, 0.193629408318, 1.51960079191e7, 187.846353583,
                  -2260884.31559, 0.279334620967),
    (LI, 298.15): (0.259941252305, 0.193595823870, 1.51720541659e7, 188.089516275,
                   -2256703.60816, 0.279275687832),
    (LI, 300.0): (0.259276218064, 0.193178982554, 1.48769675724e7, 191.142599918,
                  -2205283.64801, 0.278543424680),
    (WANG, 298.0): (0.260120312969, 0.198458263787, 2.05174695344e7, 132.276700037,
                    -2826216.41349, 0.278613058227),
    (WANG, 298.15): (0.260077986717, 0.198430444445, 2.04860856723e7, 132.448013035,
                     -2821293.23186, 0.278566355735),
    (WANG, 300.0): (0.259551147922, 0.198084253702, 2.00994061834e7, 134.598667582,
                    -2760700.46232, 0.277985057660),
}  # fmt: skip

# card at 298 K: E / E_c, P, permittivity
BRANCHES = {
    BELL: [
        (-0.9, 0.221451623812, 801.178226818), (-0.5, 0.247911059374, 301.992767435),
        (0.0, 0.265230274731, 192.665472976), (0.5, 0.277433918186, 146.866672066),
        (1.0, 0.287119058849, 120.688638701), (2.0, 0.302327327676, 91.0562970177),
        (5.0, 0.332931002823, 55.5429670912),
    ],
    LI: [
        (-0.9, 0.219096921704, 844.610676601), (-0.5, 0.244194369639, 303.239063802),
        (0.0, 0.259994781684, 187.846353583), (0.5, 0.270859300721, 140.416467188),
        (1.0, 0.279334620967, 113.684823529), (2.0, 0.292397960012, 83.8879975446),
        (5.0, 0.317863557265, 49.1237783600),
    ],
}  # fmt: skip

PRINTED = 3e-11  # the tables have 12 digits
CODATA = 1e-9  # eps0 of the tables is that of another CODATA set


def coefficients(**changes):
    values = {"a1": -3e7, "a11": -6e8, "a12": 3e8, "a111": 8e9, "a112": 4e9}
    return LandauCoefficients(**{"temperature_range": (200.0, 400.0), **values, **changes})


# --- the loop ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("card", "temperature"), LOOPS)
def test_the_loop_is_that_of_the_table(card, temperature):
    f = load_landau(card).at(temperature)
    spontaneous, at_coercive, coercive, permittivity, energy, after = LOOPS[card, temperature]
    assert f.spontaneous_polarization() == relative(spontaneous, PRINTED)
    assert f.spinodal() == relative((at_coercive, coercive), PRINTED)
    assert f.coercive_field() == relative(coercive, PRINTED)
    assert f.permittivity(spontaneous) == relative(permittivity, CODATA)
    assert f.energy(spontaneous) == relative(energy, PRINTED)
    assert f.after_switching() == relative(after, PRINTED)


@pytest.mark.parametrize("card", BRANCHES)
def test_the_upper_branch_is_that_of_the_table(card):
    f = load_landau(card).at(298.0)
    ratio, p, permittivity = np.transpose(BRANCHES[card])
    found = f.branch(ratio * f.coercive_field())
    np.testing.assert_allclose(found, p, rtol=PRINTED)
    np.testing.assert_allclose(f.permittivity(found), permittivity, rtol=CODATA)


@pytest.mark.parametrize("card", [BELL, LI, WANG, "PbTiO3", "LiNbO3"])
def test_states_are_states_to_rounding(card):
    """f' = 0 at P_s, f'' = 0 at the spinodal, E(branch(E)) = E."""
    f = load_landau(card).at(298.0)
    ps, (p, coercive) = f.spontaneous_polarization(), f.spinodal()
    assert abs(f.field(ps)[0]) < 1e-12 * coercive
    assert abs(f.stiffness(p)[0, 0]) < 1e-12 * f.stiffness(ps)[0, 0]
    fields = coercive * np.linspace(-0.999, 4.0, 50)
    np.testing.assert_allclose(f.field(f.branch(fields))[:, 0], fields, atol=1e-11 * coercive)
    assert f.branch(-coercive) == p


def test_states_of_coefficients_of_any_size_are_states_to_rounding(rng):
    """Roots of polynomials whose coefficients differ by many decades are polished."""
    found = 0
    for a1, a11, a111, a1111 in 10.0 ** rng.uniform(3, 12, (100, 4)):
        values = {"a1": -a1, "a11": a11 * rng.choice([-1, 1]), "a111": a111 * rng.choice([-1, 1])}
        f = coefficients(**values, a1111=a1111, a12=None, a112=None).at(300.0)
        ps = f.spontaneous_polarization()
        found += ps > 0.0
        assert abs(f.field(ps)[0]) <= 1e-14 * f.stiffness(ps)[0, 0] * ps
    assert found == 100


@pytest.mark.parametrize("card", [BELL, LI, WANG])
def test_the_loop_area_is_that_of_the_drawn_loop(card):
    """Twice the integral of the difference of the branches, P(E) + P(-E), from -Ec to Ec."""
    f = load_landau(card).at(298.0)
    coercive = f.coercive_field()
    # E = -Ec + 2 Ec s^2 takes the square root at the end of the branch away
    s, weight = np.polynomial.legendre.leggauss(60)
    s, weight = 0.5 * (s + 1.0), 0.5 * weight
    upper = f.branch(coercive * (2.0 * s**2 - 1.0))
    # the lower branch is -P(-E), so both contribute the same integral
    integral = 2.0 * coercive * float(weight @ (upper * 2.0 * s))
    assert f.loop_area() == relative(2.0 * integral, 1e-8)


def test_beyond_the_coercive_field_the_branch_has_ended():
    f = load_landau(BELL).at(298.0)
    with pytest.raises(InputError, match=r"upper branch ends at -1\.64789e\+07 V/m, -1\.7e\+07"):
        f.branch([0.0, -1.7e7])


def test_a_paraelectric_has_no_loop():
    f = load_landau("SrTiO3").at(298.0)
    assert (f.spontaneous_polarization(), f.spinodal(), f.loop_area()) == (0.0, (0.0, 0.0), 0.0)
    fields = np.array([-1e8, 0.0, 1e8])
    p = f.branch(fields)
    assert p[1] == 0.0
    assert p[0] == -p[2]
    np.testing.assert_allclose(f.field(p)[:, 0], fields, atol=1e-4)
    assert f.permittivity(p[2]) < f.permittivity(0.0) == relative(308.3, 1e-3)


def test_the_scale_of_a_paraelectric_is_that_in_a_strong_field():
    """1e8 V/m along the softer axis, whatever the terms of fourth order are."""
    f = load_landau("SrTiO3").at(298.0)
    assert f.scale() == relative(f.branch(1e8), 1e-12)
    assert LandauPolynomial(_table(a1=1e8, a2=2e8)).scale() == relative(0.5, 1e-12)
    assert LandauPolynomial(_table(a1=1e9, a2=1e8, a11=1.0)).scale() == relative(0.5, 1e-12)
    assert LandauPolynomial(_table(a1=1e9, a2=1e9, a11=1.0)).scale() == relative(0.05, 1e-9)


# --- states in the plane ----------------------------------------------------------------------


@pytest.mark.parametrize("card", [BELL, LI, WANG, "PbTiO3", "SrTiO3"])
@pytest.mark.parametrize("temperature", [200.0, 298.0, 410.0])
@pytest.mark.parametrize("strain", [None, -0.01, 0.0, 0.004])
def test_the_deepest_minimum_is_below_every_other_state_of_the_plane(card, temperature, strain):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f = load_landau(card).at(temperature, strain)
    grid = np.linspace(0.0, 1.2, 601)
    lowest = f.energy(*np.meshgrid(grid, grid)).min()
    p = f.spontaneous_vector()
    assert f.energy(*p) <= lowest + 1e-9 * abs(lowest)
    np.testing.assert_allclose(f.minima[0], p, atol=1e-12)
    if any(p):
        assert f.scale() == relative(np.hypot(*p), 1e-14)
    for state in f.minima:
        size = np.abs(f.table[1:3, 0]).max()
        np.testing.assert_allclose(f.field(*state), 0.0, atol=1e-11 * size)
        assert np.linalg.eigvalsh(f.stiffness(*state)).min() > 0.0


def test_minima_are_all_stable_states():
    """Bell and Cross at 298 K: along both axes, and a metastable one on the diagonal."""
    f = load_landau(BELL).at(298.0)
    ps = f.spontaneous_polarization()
    along, across, diagonal = f.minima
    np.testing.assert_allclose(along, [ps, 0.0], rtol=1e-12)
    np.testing.assert_allclose(across, [0.0, ps], rtol=1e-12)
    assert diagonal[0] == relative(diagonal[1], 1e-12)
    assert f.spontaneous_vector() == (relative(ps, 1e-12), 0.0)
    with pytest.warns(UserWarning, match="extrapolated"):
        cold = load_landau(BELL).at(200.0)  # orthorhombic
    assert cold.spontaneous_vector()[0] == relative(cold.spontaneous_vector()[1], 1e-12)
    assert cold.scale() > 1.1 * cold.spontaneous_polarization()
    isotropic = LandauPolynomial(_table(a1=-1.0, a2=-1.0, a11=1.0, b11=1.0, a12=2.0))
    assert isotropic.spontaneous_vector() == (relative(np.sqrt(0.5), 1e-12), 0.0)


def test_the_scale_of_a_film_under_compression_is_that_along_its_normal():
    film = load_landau(WANG).at(298.0, -0.01)
    assert film.spontaneous_polarization() == 0.0
    turned = LandauPolynomial(film.table.T)
    assert film.scale() == relative(turned.spontaneous_polarization(), 1e-12)
    assert film.scale() == relative(0.298, 1e-3)
    assert film.spontaneous_vector()[0] == 0.0


def test_just_above_the_transition_only_the_paraelectric_state_counts():
    """First order: at 400 K the polar state of this set is still metastable, but not the least."""
    f = load_landau(BELL).at(400.0)
    states = [p for p in np.linspace(0.01, 0.3, 300) if abs(f.field(p)[0]) < 2e5]
    assert states
    assert f.spontaneous_polarization() == 0.0


def _table(**terms):
    table = np.zeros((5, 5))
    places = {"a1": (1, 0), "a2": (0, 1), "a11": (2, 0), "a12": (1, 1), "b11": (0, 2)}
    for name, value in terms.items():
        table[places[name]] = value
    return table


# --- derivatives ------------------------------------------------------------------------------


def test_field_and_stiffness_are_derivatives_of_the_energy(rng):
    f = load_landau(WANG).at(320.0)
    points = rng.uniform(-0.3, 0.3, (20, 2))
    for point in points:
        gradient = approx_fprime(point, lambda q: f.energy(*q), 1e-7)
        np.testing.assert_allclose(f.field(*point), gradient, rtol=1e-5, atol=50.0)
        hessian = approx_fprime(point, lambda q: f.field(*q), 1e-7)
        np.testing.assert_allclose(f.stiffness(*point), hessian, rtol=1e-5, atol=500.0)
    assert f.field(*points.T).shape == (20, 2)
    assert f.stiffness(*points.T).shape == (20, 2, 2)
    np.testing.assert_allclose(f.field(*points.T)[3], f.field(*points[3]), rtol=1e-14)


def test_the_cubic_energy_does_not_change_when_axes_are_swapped(rng):
    f = load_landau(LI).at(290.0)
    p, q = rng.uniform(-0.3, 0.3, (2, 10))
    np.testing.assert_allclose(f.energy(p, q), f.energy(q, p), rtol=1e-12)
    np.testing.assert_allclose(f.energy(p, q), f.energy(-p, q), rtol=1e-12)


def test_every_term_stands_where_the_formula_has_it():
    """f of the docstring, evaluated term by term."""
    names = ("a1", "a11", "a12", "a111", "a112", "a1111", "a1112", "a1122")
    values = dict(zip(names, (1e7, 2e8, 3e8, 4e9, 5e9, 6e10, 7e10, 8e10), strict=True))
    f = LandauCoefficients(temperature_range=(200, 400), **values).at(300.0)
    x, y = 0.2**2, 0.15**2
    expected = (
        1e7 * (x + y) + 2e8 * (x**2 + y**2) + 3e8 * x * y + 4e9 * (x**3 + y**3)
        + 5e9 * (x**2 * y + x * y**2) + 6e10 * (x**4 + y**4) + 7e10 * (x**3 * y + x * y**3)
        + 8e10 * x**2 * y**2
    )  # fmt: skip
    assert f.energy(0.2, 0.15) == relative(expected, 1e-14)
    g = LandauCoefficients(
        symmetry="uniaxial", temperature_range=(200, 400), a1=-1e8, a11=1e9, a111=2e9, a1111=3e9,
        a2=5e8,
    ).at(300.0)  # fmt: skip
    expected = -1e8 * x + 1e9 * x**2 + 2e9 * x**3 + 3e9 * x**4 + 5e8 * y
    assert g.energy(0.2, 0.15) == relative(expected, 1e-14)


# --- bounds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "degree", "angle"),
    [
        ({"a111": -1e9}, 6, "0"),
        ({"a112": -3e10}, 6, "45"),
        ({"a111": 0.0, "a112": None}, 4, "0"),
        ({"a111": 0.0, "a112": None, "a11": 1e8, "a12": -3e8}, 4, "45"),
        ({"a1111": 1e10, "a1122": -5e10}, 8, "45"),
    ],
)
def test_an_energy_without_lower_bound_is_refused_with_its_terms(changes, degree, angle):
    with pytest.raises(InputError, match="no lower bound") as caught:
        coefficients(name="mine", **changes).at(300.0)
    text = str(caught.value)
    assert f"'mine' has no lower bound at 300 K: its terms of degree {degree} (" in text
    assert f"{angle} deg from axis 1" in text
    names = text.split("(")[1].split(")")[0].split(", ")
    assert names == [n for n in ("a11", "a12", "a111", "a112", "a1111", "a1112", "a1122")
                     if 2 * len(n) - 2 == degree and changes.get(n, _DEFAULT.get(n))]  # fmt: skip


_DEFAULT = {"a11": 1.0, "a12": 1.0, "a111": 1.0, "a112": 1.0}


def test_an_energy_bounded_by_lower_terms_in_one_direction_is_accepted():
    """Uniaxial: of sixth order along the axis, of second order across it."""
    f = LandauCoefficients(
        symmetry="uniaxial", temperature_range=(200, 400), a1=-1e8, a111=1e9, a2=1e8
    ).at(300.0)
    assert f.is_bounded
    assert not LandauPolynomial(_table(a1=-1e8, a11=1e9)).is_bounded  # nothing across
    assert not LandauPolynomial(_table(a1=1e8, a11=1e9, a2=1e8, a12=-5e9)).is_bounded
    # 4 a11 b11 > a12^2 keeps a negative mixed term harmless
    assert LandauPolynomial(_table(a1=1e8, a11=1e9, b11=1e9, a12=-1.9e9)).is_bounded
    assert not LandauPolynomial(_table(a1=1e8, a11=1e9, b11=1e9, a12=-2.1e9)).is_bounded


def test_tables_of_another_form_are_refused():
    with pytest.raises(InputError, match="5 x 5 finite numbers"):
        LandauPolynomial(np.zeros((4, 4)))
    table = np.zeros((5, 5))
    table[4, 1] = 1.0
    with pytest.raises(InputError, match="degree 8"):
        LandauPolynomial(table)


# --- temperature and strain -------------------------------------------------------------------


def test_coefficients_are_polynomials_in_temperature():
    f = coefficients(a1=(-1.2e8, 3e5, 10.0)).at(250.0)
    assert f.table[1, 0] == f.table[0, 1] == relative(-1.2e8 + 3e5 * 250 + 10 * 250**2, 1e-15)


def test_a_saturation_temperature_freezes_the_coefficients_near_zero():
    """Ts coth(Ts/T) is T far above Ts and Ts at 0 K."""
    law = coefficients(a1=(0.0, 1e6), saturation_temperature=50.0, temperature_range=(0.1, 5e3))
    assert law.at(0.2).table[1, 0] == relative(50e6, 1e-14)
    assert law.at(4000.0).table[1, 0] == relative(4e9, 1e-4)
    assert law.at(100.0).table[1, 0] == relative(50e6 / np.tanh(0.5), 1e-14)


def test_another_temperature_than_that_of_the_card_is_warned_of():
    card = load_landau(BELL)
    with pytest.warns(UserWarning, match=r"'BaTiO3-Bell-Cross' hold from 250 K to 440 K; at 220 K"):
        card.at(220.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        card.at(250.0)
        card.at(440.0)


def _film(f, q, s, strain, p1, p2, normal):
    """Energy of a clamped film by minimisation over the two stresses in its plane.

    f - s/2 sigma^2 - Q P^2 sigma with S = um along the axes in the plane; G + S sigma.
    """
    squares = np.array([p1**2, p2**2, 0.0])
    plane = [k for k in range(3) if k != normal]
    free = q.Q11 * squares + q.Q12 * (squares.sum() - squares)
    matrix = np.array([[s.s11, s.s12], [s.s12, s.s11]])
    stress = np.linalg.solve(matrix, strain - free[plane])
    return f.energy(p1, p2) + 0.5 * stress @ matrix @ stress


@pytest.mark.parametrize("normal", ["1", "2"])
@pytest.mark.parametrize("card", [BELL, "PbTiO3", "SrTiO3"])
def test_a_misfit_strain_is_that_of_the_clamped_film(card, normal, rng):
    """Pertsev's coefficients against the elastic energy with the stresses solved for."""
    law, strain = load_landau(card), -0.004
    free, film = law.at(300.0), law.at(300.0, strain, normal=normal)
    points = rng.uniform(-0.4, 0.4, (10, 2))
    q, s = law.electrostriction, law.compliance
    exact = [_film(free, q, s, strain, *p, int(normal) - 1) for p in points]
    zero = _film(free, q, s, strain, 0.0, 0.0, int(normal) - 1)
    expected = np.array(exact) - zero
    np.testing.assert_allclose(film.energy(*points.T), expected, rtol=1e-9)


def test_compression_turns_the_polarization_out_of_the_film():
    film = load_landau(BELL).at(298.0, -0.01)
    assert film.table[0, 1] < film.table[1, 0]
    tension = load_landau(BELL).at(298.0, 0.01)
    assert tension.table[0, 1] > tension.table[1, 0]


def test_a_misfit_needs_elastic_constants():
    with pytest.raises(InputError, match="'LiNbO3' do not have; leave misfit_strain out"):
        load_landau("LiNbO3").at(300.0, 0.01)
    with pytest.raises(InputError, match="without a name do not have"):
        coefficients().at(300.0, 0.01)


# --- input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"a2": 1e8}, "a2 has no meaning for cubic crystals; leave it out"),
        ({"symmetry": "uniaxial"}, "a112 has no meaning for uniaxial|a12 has no meaning"),
        ({"symmetry": "uniaxial", "a12": None, "a112": None}, "missing key 'a2'"),
        ({"a1": "3e5 J*m/C^4"}, "a1: wrong unit"),
        ({"a1": ("3e5 J*m/C^2", "3e5 J*m/C^2")}, "wrong unit 'J.m/C.2'.*J.m/C.2/K"),
        ({"a1": ()}, "empty list"),
        ({"temperature_range": (400, 300)}, "must begin below its end"),
        ({"gradient_energy": {"G11": 1e-11, "G44": -1e-11}}, "gradient energy has no lower bound"),
        ({"gradient_energy": {"G11": 1e-11, "G12": -2e-11, "G44": 1e-11}}, "G11 >= |G12|"),
        ({"compliance": {"s11": 1e-12, "s12": 2e-12}}, "s12 must lie between"),
        ({"a1l": 3.0}, "no key 'a1l'.*Did you mean 'a1'"),
    ],
)
def test_bad_coefficients_are_refused(changes, message):
    with pytest.raises(InputError, match=message.replace("|G12|", r"\|G12\|")):
        coefficients(**changes)


def test_one_gradient_coefficient_is_isotropic():
    """G/2 |grad P|^2 = G/2 (P1,1^2 + P2,2^2) + G/4 [(P1,2 + P2,1)^2 + (P1,2 - P2,1)^2]."""
    law = coefficients(gradient_energy="5e-11 J*m^3/C^2")
    assert law.gradient_energy == GradientEnergy(G11=5e-11, G44=2.5e-11, G44_prime=2.5e-11)
    assert law.gradient_energy.values() == (5e-11, 0.0, 2.5e-11, 2.5e-11)


# --- cards ------------------------------------------------------------------------------------


def test_the_promised_cards_are_there():
    assert available_landau() == CARDS


@pytest.mark.parametrize("name", CARDS)
def test_every_number_of_a_card_has_a_source_or_says_it_is_assumed(name):
    law = load_landau(name)
    recorded = {p.property for p in law.provenance}
    expected = set()
    for key in law.model_fields_set - {"name", "symmetry", "provenance"}:
        value = getattr(law, key)
        parts = getattr(type(value), "model_fields", None)
        expected |= {f"{key}.{part}" for part in value.model_fields_set} if parts else {key}
    assert recorded == expected
    for p in law.provenance:
        keys = p.source.split(", ") if p.source else []
        assert set(keys) <= set(references())
        assert keys or (p.assumption and p.note)


@pytest.mark.parametrize("name", CARDS)
def test_cards_are_stable_in_their_whole_range(name):
    law = load_landau(name)
    for temperature in np.linspace(*law.temperature_range, 60):
        assert law.at(float(temperature)).is_bounded


@pytest.mark.parametrize(
    ("name", "spontaneous", "along", "across"),
    [("LiNbO3", 0.70, 28.9, 84.3), ("LiTaO3", 0.552, 44.5, 51.5)],
)
def test_uniaxial_cards_give_back_what_they_were_made_from(name, spontaneous, along, across):
    law = load_landau(name)
    f = law.at(298.0)
    ps = f.spontaneous_polarization()
    assert ps == relative(spontaneous, 1e-6)
    assert law.background_permittivity + f.permittivity(ps) == relative(along, 1e-6)
    across_axis = 1.0 / (epsilon_0 * f.stiffness(ps)[1, 1])
    assert law.background_permittivity + across_axis == relative(across, 1e-6)


def test_lead_titanate_has_its_known_polarization():
    """0.75 C/m2 at room temperature, within what sets of coefficients differ."""
    assert load_landau("PbTiO3").at(298.15).spontaneous_polarization() == relative(0.757, 1e-3)


def test_strontium_titanate_has_its_measured_permittivity():
    law = load_landau("SrTiO3")
    assert 10.0 + law.at(298.0).permittivity(0.0) == relative(316.3, 0.01)


def test_an_unknown_card_names_the_nearest():
    with pytest.raises(InputError, match=r"'BaTiO3-BellCross'.*Did you mean 'BaTiO3-Bell-Cross'"):
        load_landau("BaTiO3-BellCross")


def test_a_card_is_described_with_its_sources():
    text = describe(LANDAU_PREFIX + BELL)
    assert "3.34e5 J*m/C^2/K) T" in text
    assert "bellcross1984: A. J. Bell and L. E. Cross" in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: ferret", "note: nothing", "no source for gradient_energy.G11"),
        ("1.7e9 J*m^5/C^4", "1.7e9 J*m/C^2", "wrong unit 'J.m/C.2' for coefficients.a11"),
        ("1.7e9 J*m^5/C^4", "1.7e9", "'1.7e9' has no unit"),
        ("  a11:", "  a13:", "no key 'a13'"),
    ],
)
def test_mistakes_in_a_card_are_shown_with_their_place(tmp_path, old, new, message):
    text = (LANDAU_CARDS / "SrTiO3.yaml").read_text()
    text += "gradient_energy: {G11: {value: 1e-11 J*m^3/C^2, source: ferret}, G44: "
    text += "{value: 1e-11 J*m^3/C^2, assumption: as G11}}\n"
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    load_landau(path)
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=rf"mine\.yaml:\d+:\d+: .*{message}"):
        load_landau(path)
