"""Screening lengths against the closed forms, and the warnings of mean-field theory."""

import numpy as np
import pytest
from models import NM, T, conductor, two_conductors

from pyscl import Carrier, FermiDiracHalf, Material, NonIdeal, analytic
from pyscl.materials import available, load
from pyscl.validity import debye_lengths, screening_lengths, validity_warnings

SITES = 1e27


def ion(name="Li", charge=1, y=0.2, sites=SITES, statistics="lattice-gas", **more):
    mobility = "vacancy" if statistics == "lattice-gas" else "dilute"
    return Carrier(
        name=name,
        charge=charge,
        site_density=sites,
        site_fraction=y,
        statistics=statistics,
        mobility=mobility,
        **more,
    )


def material(*carriers):
    return Material(relative_permittivity=20.0, carriers=carriers)


def with_one_lattice_gas():
    cards = [load(name) for name in available()]
    return [c for c in cards if [k.statistics.law for k in c.carriers] == ["lattice-gas"]]


@pytest.mark.parametrize("card", with_one_lattice_gas(), ids=lambda card: card.name)
@pytest.mark.parametrize("temperature", [250.0, 350.0])
def test_lengths_of_the_cards(card, temperature):
    lengths = screening_lengths(card, temperature)
    (carrier,) = card.carriers
    arguments = card.relative_permittivity, carrier.site_density
    z = carrier.charge
    expected = analytic.debye_length(*arguments, carrier.site_fraction, z, temperature)
    assert lengths.debye_length == pytest.approx(expected, rel=1e-10)
    assert lengths.site_length == pytest.approx(
        analytic.site_length(*arguments, 1, temperature), rel=1e-12
    )
    y = carrier.site_fraction
    density = carrier.site_density * min(y, 1.0 - y)
    assert lengths.carrier_spacing == pytest.approx(density ** (-1 / 3))


def test_every_card_with_carriers_has_lengths():
    assert len(with_one_lattice_gas()) >= 4
    for name in available():
        card = load(name)
        lengths = screening_lengths(card, T)
        assert (lengths is None) == (not card.carriers)
        assert lengths is None or 0.0 < lengths.debye_length < 1e-6


@pytest.mark.parametrize("z", [1, 2])
def test_debye_length_of_a_salt(z):
    salt = material(
        ion("cation", z, 1e-3, statistics="boltzmann"),
        ion("anion", -z, 1e-3, statistics="boltzmann"),
    )
    expected = analytic.debye_length_salt(20.0, 1e-3 * SITES, z, T)
    assert screening_lengths(salt, T).debye_length == pytest.approx(expected, rel=1e-10)


def test_debye_length_of_several_carriers_adds_their_screening():
    both = material(ion(y=0.3), ion("V", -2, 0.1, 0.5 * SITES))
    first = analytic.debye_length(20.0, SITES, 0.3, 1, T)
    second = analytic.debye_length(20.0, 0.5 * SITES, 0.1, -2, T)
    expected = (first**-2.0 + second**-2.0) ** -0.5
    lengths = screening_lengths(both, T)
    assert lengths.debye_length == pytest.approx(expected, rel=1e-10)
    assert lengths.site_length == pytest.approx(analytic.site_length(20.0, SITES, 1, T))
    # Li+ screens most: 0.21 z^2 against 0.5 * 0.09 z^2.
    assert lengths.carrier_spacing == pytest.approx((0.3 * SITES) ** (-1 / 3))


def test_the_spacing_is_that_of_the_scarcer_of_carriers_and_vacancies():
    full, empty = (screening_lengths(material(ion(y=y)), T) for y in (0.99, 0.01))
    assert full.carrier_spacing == pytest.approx(empty.carrier_spacing, rel=1e-12)


def test_excess_potential_lengthens_the_debye_length():
    """1/(y (1-y)) + g'(y) takes the place of 1/(y (1-y)); g' = 5 at y = 0.5 here."""
    law = NonIdeal(site_fraction=(0.0, 0.5, 1.0), excess=(-2.5, 0.0, 2.5))
    repulsive = screening_lengths(material(ion(y=0.5, statistics=law)), T).debye_length
    ideal = screening_lengths(material(ion(y=0.5)), T).debye_length
    assert repulsive == pytest.approx(ideal * np.sqrt(9.0 / 4.0), rel=1e-9)


def test_degenerate_electrons_screen_less_than_dilute_ones():
    degenerate = material(ion("e", -1, 5.0, statistics=FermiDiracHalf()))
    dilute = material(ion("e", -1, 5.0, statistics="boltzmann"))
    lengths = [screening_lengths(m, T).debye_length for m in (degenerate, dilute)]
    assert lengths[0] > 1.3 * lengths[1]


def test_regions_without_carriers_have_no_debye_length():
    model = two_conductors()
    assert debye_lengths(model) == {
        "a": pytest.approx(0.5 * NM, rel=1e-9),
        "b": pytest.approx(1.0 * NM, rel=1e-9),
    }
    model.materials["b"] = Material(relative_permittivity=3.0)
    assert list(debye_lengths(model)) == ["a"]
    assert screening_lengths(model.materials["b"], T) is None


def warnings_for(**of_a):
    model = two_conductors()
    model.materials.update(a=conductor(**of_a), b=Material(relative_permittivity=3.0))
    return validity_warnings(model)


def test_a_layer_thinner_than_the_carrier_spacing_is_warned_about():
    (warning,) = warnings_for(debye_length=0.5 * NM, permittivity=10.0)
    assert warning.startswith("region 'a': mean carrier spacing ")
    assert "exceeds the Debye length 0.5 nm" in warning


def test_too_many_sites_are_warned_about():
    found = warnings_for(debye_length=0.08 * NM, permittivity=10.0)
    assert any("site length 0.04 nm is below 0.05 nm" in w for w in found)


def test_a_wide_layer_with_dense_carriers_is_fine():
    assert warnings_for(debye_length=2 * NM, permittivity=1000.0) == []
