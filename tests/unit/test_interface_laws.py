"""Transfer laws: thermodynamics and limits of every law, and their numbers in SI units."""

import numpy as np
import pytest
from approx import relative
from models import KT, NM, conductor, site_density

from pyscl import Carrier, Interface, Material, Model, ReservoirContact, _core
from pyscl.boundaries import ButlerVolmer, ContactResistance
from pyscl.facets import facet_measure, facet_sites
from pyscl.mesh import strip

# A new law is one line here; all identities and derivatives are then tested with it.
LAWS = {
    "resistance": _core.ContactResistance(0.7),
    "butler-volmer": _core.ButlerVolmer(0.3, 0.5, False),
    "asymmetric": _core.ButlerVolmer(0.3, 0.2, False),
    "occupancy": _core.ButlerVolmer(0.3, 0.5, True),
    "asymmetric occupancy": _core.ButlerVolmer(0.3, 0.8, True),
}
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def flux(law, drive, first=(0.5, 0.5), second=(0.5, 0.5)):
    """Return the flux for a drive mu_i - mu_j between ends with (share, vacancy)."""
    return _core.interface_flux(law, [drive, *first], [0.0, *second])[0]


def random_ends(rng):
    """Return (share, vacancy) of two ends, from nearly empty to nearly full."""
    y = 1.0 / (1.0 + np.exp(-rng.uniform(-20.0, 20.0, 2)))
    return [(share, 1.0 - share) for share in y]


# Thermodynamics.


@every_law
def test_nothing_crosses_in_equilibrium(law, rng):
    """The flux is exactly 0 where mu is the same on both sides, whatever the densities."""
    for mu in (0.0, -3.7, 251.0):
        first, second = random_ends(rng)
        assert _core.interface_flux(law, [mu, *first], [mu, *second])[0] == 0.0


@every_law
@pytest.mark.parametrize("size", [1e-300, 1e-16, 1e-3, 1.0, 40.0, 600.0])
def test_carriers_run_down_their_potential(law, size, rng):
    """The flux has the sign of mu_i - mu_j, so that it heats; it stays finite over 15 V."""
    first, second = random_ends(rng)
    forth, back = (flux(law, drive, first, second) for drive in (size, -size))
    assert 0.0 < forth < np.inf
    assert -np.inf < back < 0.0


@every_law
def test_a_small_drive_is_ohmic_to_the_last_digit(law, rng):
    """N = k P A without cancellation: N/A at A = 1e-13 is the slope at 0."""
    first, second = random_ends(rng)
    slope = _core.interface_flux(law, [0.0, *first], [0.0, *second])[1][0]
    for drive in (1e-13, -1e-13):
        assert flux(law, drive, first, second) / drive == relative(slope, 2e-13)


@every_law
def test_gradient_is_the_derivative(law, rng):
    """In all six variables, against five-point central differences, to 1e-8."""
    for _ in range(20):
        at = np.concatenate([rng.uniform(-3.0, 3.0, 1), rng.uniform(0.1, 0.9, 2)] * 2)
        _, gradient = _core.interface_flux(law, at[:3], at[3:])
        for k in range(6):
            h = 1e-3 * np.eye(6)[k]
            f = {s: _core.interface_flux(law, *np.split(at + s * h, 2))[0] for s in (-2, -1, 1, 2)}
            difference = (8.0 * (f[1] - f[-1]) - (f[2] - f[-2])) / (12.0 * 1e-3)
            assert gradient[k] == pytest.approx(difference, rel=1e-8, abs=1e-9)


@every_law
def test_derivative_is_finite_where_sites_run_out(law):
    """A depleted end beside a full one: both shares of a hop are 1e-200."""
    empty, full = (1e-200, 1.0), (1.0, 1e-200)
    for first, second in ((empty, full), (full, empty), (empty, empty), (full, full)):
        value, gradient = _core.interface_flux(law, [0.3, *first], [0.0, *second])
        assert np.isfinite([value, *gradient]).all()


@pytest.mark.parametrize("occupancy", [False, True])
@pytest.mark.parametrize("symmetry", [0.2, 0.5, 0.9])
def test_the_two_sides_may_be_swapped(symmetry, occupancy, rng):
    """N_ij with the symmetry a is -N_ji with 1 - a."""
    first, second = random_ends(rng)
    for drive in (-4.0, 0.3, 9.0):
        forth = flux(_core.ButlerVolmer(0.3, symmetry, occupancy), drive, first, second)
        back = flux(_core.ButlerVolmer(0.3, 1.0 - symmetry, occupancy), -drive, second, first)
        assert forth == relative(-back, 1e-13)


# Butler-Volmer.


@pytest.mark.parametrize("symmetry", [0.1, 0.5, 0.7])
def test_tafel_slopes(symmetry):
    """Far from equilibrium d ln|N|/dA is a or -(1 - a), and extrapolates to the rate at A = 0."""
    law = _core.ButlerVolmer(0.3, symmetry, False)
    for sign, slope in ((1.0, symmetry), (-1.0, 1.0 - symmetry)):
        near, far = (np.log(sign * flux(law, sign * size)) for size in (40.0, 100.0))
        assert (far - near) / 60.0 == relative(slope, 1e-14)
        assert far - 100.0 * slope == relative(np.log(0.3), 1e-13)


def test_halves_make_a_hyperbolic_sine():
    law = _core.ButlerVolmer(0.3, 0.5, False)
    for drive in (-7.0, -0.1, 1e-5, 3.0):
        assert flux(law, drive) == relative(0.6 * np.sinh(0.5 * drive), 1e-14)


@pytest.mark.parametrize("symmetry", [0.2, 0.5, 0.9])
def test_occupancy_gives_the_rates_of_single_hops(symmetry, rng):
    """Of ideal sites with a step d of mu0 the flux is that of hops in either direction,
    k (y_i v_j exp(a d) - y_j v_i exp(-(1-a) d)): the rates do not know the densities.
    """
    law = _core.ButlerVolmer(0.3, symmetry, True)
    for _ in range(20):
        first, second = random_ends(rng)
        d = rng.uniform(-3.0, 3.0)
        drive = d + np.log(first[0] / first[1]) - np.log(second[0] / second[1])
        forth = 0.3 * first[0] * second[1] * np.exp(symmetry * d)
        back = 0.3 * second[0] * first[1] * np.exp((symmetry - 1.0) * d)
        assert flux(law, drive, first, second) == pytest.approx(
            forth - back, rel=1e-11, abs=1e-14 * forth
        )


def test_a_terminal_has_no_sites():
    """With share and vacancy 1 on one side the rate follows the sites of the other alone."""
    law, y = _core.ButlerVolmer(0.3, 0.2, True), 0.9
    # carriers come from the terminal onto empty sites: P = (1 - y)^0.8 y^0.2
    prefactor = 0.1**0.8 * 0.9**0.2
    plain = flux(_core.ButlerVolmer(0.3, 0.2, False), 2.0)
    assert flux(law, 2.0, (1.0, 1.0), (y, 1.0 - y)) == relative(prefactor * plain, 1e-13)


# Numbers in SI units.

FIRST, SECOND = 0.3, 0.8  # site fractions of the bulk on both sides
CURRENT = 40.0  # A/m2
TRANSFER = {
    "resistance": ContactResistance(resistance="8 ohm cm^2"),
    "butler-volmer": ButlerVolmer(exchange_current="4 mA/cm^2", symmetry=0.3),
    "occupancy": ButlerVolmer(exchange_current="4 mA/cm^2", symmetry=0.3, occupancy=True),
}


def host(charge, y, statistics="lattice-gas"):
    """Return a conductor of one carrier, neutral at the site fraction y."""
    ions = Carrier(
        name="X",
        charge=charge,
        site_density=site_density(NM, 10.0, y) / charge**2,
        site_fraction=y,
        conductivity=1e-3,
        statistics={"law": statistics},
        mobility="dilute",
    )
    return Material(relative_permittivity=10.0, carriers=(ions,))


def density_by_hand(law, drive, charge, first, second):
    """Return the current density [A/m2] of the formulas in `pyscl.boundaries`.

    `first` and `second` are (share, vacancy, the same in the bulk) of either side.
    """
    if isinstance(law, ContactResistance):
        return drive * KT / (charge * law.resistance)
    a = law.symmetry
    net = np.exp(a * drive) - np.exp(-(1.0 - a) * drive)
    (y1, v1, b1, w1), (y2, v2, b2, w2) = first, second
    hops = ((y1 * v2) / (b1 * w2)) ** (1.0 - a) * ((y2 * v1) / (b2 * w1)) ** a
    sign = 1.0 if charge > 0 else -1.0  # the law gives i0/|z e| of carriers
    return sign * law.exchange_current * net * (hops if law.occupancy else 1.0)


def site_state(solution, sites, bulk):
    """Return (share, vacancy, share and vacancy of the bulk) on sites."""
    limited = solution.model.materials["a"].carriers[0].statistics.site_limited
    return (
        solution.site_fraction("X")[sites],
        solution.vacant_fraction("X")[sites],
        bulk,
        1.0 - bulk if limited else 1.0,
    )


@pytest.mark.parametrize("name", TRANSFER)
@pytest.mark.parametrize("charge", [1, -1, 2])
@pytest.mark.parametrize("statistics", ["lattice-gas", "boltzmann"])
@pytest.mark.parametrize("volts", [0.06, -0.06])
def test_current_across_an_interface_in_si(name, charge, statistics, volts):
    """The steady current is the formula with the potentials and densities on both sides.

    The names are in the order of the interface, against the order in the mesh.
    """
    law = TRANSFER[name]
    x = np.linspace(0.0, 10.0, 41) * NM
    mesh = strip(x, NM, regions=[("b", 5 * NM), ("a", 10 * NM)])
    contacts = {
        "left": ReservoirContact(carrier="X", potential="neutral"),
        "right": ReservoirContact(carrier="X", electrochemical_potential=0.0, potential="neutral"),
    }
    materials = {"a": host(charge, FIRST, statistics), "b": host(charge, SECOND, statistics)}
    interfaces = {"a|b": Interface(kinetics={"X": law}, compact_capacitance="0.1 F/m^2")}
    model = Model(mesh, materials, contacts=contacts, interfaces=interfaces)
    solution = model.steady({"left": volts})
    facets = mesh.interfaces["a|b"]
    a, b = (facet_sites(mesh, model.discretized.triangle_sites, facets, r) for r in "ab")
    mu = solution["electrochemical_potential_X"].values / KT
    expected = density_by_hand(
        law,
        mu[a] - mu[b],
        charge,
        site_state(solution, a, FIRST),
        site_state(solution, b, SECOND),
    )
    current = (expected * facet_measure(model, facets)).sum()
    assert solution.contact("left").current == relative(-current, 1e-9)
    assert np.abs(mu[a] - mu[b]).min() > 0.5


@pytest.mark.parametrize("name", TRANSFER)
@pytest.mark.parametrize("volts", [0.06, -0.06])
@pytest.mark.parametrize("charge", [1, -1])
@pytest.mark.parametrize("held", [{}, {"electrochemical_potential": 0.01, "potential": -0.04}])
def test_current_through_a_contact_in_si(name, volts, charge, held):
    """From the reservoir into the model, with the sites of the model only; in the round.

    At a neutral electrode, and at one of given levels.
    """
    law = TRANSFER[name]
    mesh = strip(np.linspace(0.0, 5.0, 11) * NM, 8 * NM, 20)
    contacts = {
        "bottom": ReservoirContact(carrier="X", potential="neutral"),
        "top": ReservoirContact(**{"carrier": "X", "potential": "neutral", "kinetics": law} | held),
    }
    model = Model(
        mesh, {"electrolyte": host(charge, FIRST)}, contacts=contacts, coordinates="axisymmetric"
    )
    solution = model.steady({"top": volts})
    facets = mesh.facets_of("top")
    sites = facet_sites(mesh, model.discretized.triangle_sites, facets)
    area = facet_measure(model, facets)
    assert area.sum() == relative(np.pi * (5.0 * NM) ** 2, 1e-13)
    rest = 0.01 / KT if held else np.log(FIRST / (1.0 - FIRST))  # given, or of the neutral bulk
    level = rest + charge * volts / KT
    mu = solution["electrochemical_potential_X"].values / KT
    expected = density_by_hand(
        law,
        level - mu[sites],
        charge,
        (1.0, 1.0, 1.0, 1.0),
        (
            solution.site_fraction("X")[sites],
            solution.vacant_fraction("X")[sites],
            FIRST,
            1.0 - FIRST,
        ),
    )
    assert solution.contact("top").current == relative((expected * area).sum(), 1e-9)
    assert np.abs(level - mu[sites]).max() > 0.5
    if held:
        assert solution.potential[facets] == relative(volts - 0.04, 1e-12)


def test_exchange_current_is_that_of_the_bulk():
    """With and without occupancy a small drive at the bulk composition passes the same current."""
    model = {}
    for occupancy in (False, True):
        law = ButlerVolmer(exchange_current=CURRENT, symmetry=0.2, occupancy=occupancy)
        mesh = strip(np.linspace(0.0, 1.0, 3) * NM)
        contacts = {
            "left": ReservoirContact(carrier="Li", potential="neutral", kinetics=law),
            "right": ReservoirContact(carrier="Li", potential="neutral"),
        }
        model[occupancy] = Model(mesh, {"electrolyte": conductor(y=0.9)}, contacts=contacts)
    plain, hops = (m.steady({"left": 1e-6}).contact("left").current for m in model.values())
    assert hops == relative(plain, 1e-4)
    # in series with a conductor of 1 nm and 10 mS/m, which is 1e-7 ohm m2
    assert plain / NM == relative(1e-6 / (KT / CURRENT + NM / 1e-2), 1e-4)
