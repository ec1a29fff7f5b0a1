"""Warnings about polarization: domain walls between elements, and what cannot be screened."""

from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from films import MILLER, UNIAXIAL, T, film
from models import NM, conductor
from scipy.constants import elementary_charge, epsilon_0

from pyscl import (
    Boltzmann,
    Carrier,
    InputError,
    Landau,
    Material,
    Model,
    PotentialContact,
    Remanent,
    ReservoirContact,
)
from pyscl.analytic import IsingWall
from pyscl.mesh import strip
from pyscl.validity import range_warnings, validity_warnings, wall_width

PS = 0.26
CONTACTS = {"left": PotentialContact(potential=0.0)}


def about_walls(model):
    return [w for w in validity_warnings(model) if "domain walls" in w]


def test_the_width_of_a_wall_is_that_of_its_tail():
    wall = IsingWall(tuple(UNIAXIAL.polynomial(T).table[1:4, 0]), 5e-11)
    assert wall_width(UNIAXIAL, T) == relative(2.0 * wall.decay_length, 1e-10)
    assert wall_width(UNIAXIAL, 420.0) is None  # no domains above the transition
    none = UNIAXIAL.model_copy(
        update={"coefficients": UNIAXIAL.coefficients.model_copy(update={"gradient_energy": None})}
    )
    assert wall_width(none, T) is None


def test_elements_wider_than_a_wall_are_warned_of_with_the_size_they_need():
    (warning,) = about_walls(film())
    needed = wall_width(UNIAXIAL, T) / 3.0 * 1e9
    assert "region 'film': its elements of 6.4 nm" in warning
    assert f"make the elements there {needed:.3g} nm or smaller" in warning


def test_elements_below_the_size_they_need_are_not():
    size = 0.99 * wall_width(UNIAXIAL, T) / 3.0 / np.sqrt(2.0)  # the diagonal counts
    mesh = strip(np.linspace(0.0, 40.0, 41) * size, 4 * size, 4, [("film", 40 * size)])
    fine = Model(mesh, {"film": Material(polarization=UNIAXIAL)}, contacts=CONTACTS, temperature=T)
    assert not about_walls(fine)
    assert not about_walls(film(MILLER))
    coarser = replace(mesh, points=1.03 * mesh.points)
    coarse = Model(coarser, fine.materials, contacts=CONTACTS, temperature=T)
    assert len(about_walls(coarse)) == 1


def beside(density, permittivity, law=None, statistics=None, fixed=None):
    """Return a polarised grain beside an electrolyte with a density of carriers [1/m3]."""
    y = 0.1 if statistics is None else 1.0
    li = {"name": "Li", "charge": 1, "site_density": density / y, "site_fraction": y}
    if statistics is not None:
        li |= {"statistics": statistics, "mobility": "dilute"}
    law = law or Remanent(polarization=PS, relative_permittivity=10.0)
    materials = {
        "grain": Material(relative_permittivity=10.0) if fixed else Material(polarization=law),
        "se": Material(relative_permittivity=permittivity, carriers=(Carrier(**li),)),
    }
    mesh = strip(np.linspace(0, 4, 5) * NM, 1 * NM, 1, [("grain", 2 * NM), ("se", 4 * NM)])
    given = {"grain": fixed} if fixed else {}
    contacts = CONTACTS | {"right": ReservoirContact(carrier="Li", potential="neutral")}
    return Model(mesh, materials, contacts=contacts, temperature=T, fixed_polarization=given)


def unscreened(model):
    return [w for w in validity_warnings(model) if "cannot be screened" in w]


@pytest.mark.parametrize(
    ("density", "permittivity", "voltage"),
    [(1e27, 30.0, 0.79421178), (5.37e27, 15.0, 0.29579582), (25.65e27, 60.0, 0.015481711)],
)
def test_electrolytes_with_many_carriers_screen_barium_titanate(density, permittivity, voltage):
    expected = PS**2 / (2 * epsilon_0 * permittivity * elementary_charge * density)
    assert expected == relative(voltage, 1e-6)
    assert not unscreened(beside(density, permittivity))


@pytest.mark.parametrize("statistics", [None, Boltzmann()])
def test_a_dilute_oxide_cannot_and_the_numbers_are_said(statistics):
    (warning,) = unscreened(beside(1e25, 10.0, statistics=statistics))
    assert "'grain': its fixed polarization of 26 uC/cm2 cannot be screened by 'se'" in warning
    assert "a layer of 162 nm and 238 V" in warning
    assert "below 1.7 uC/cm2" in warning


def test_the_scarcer_of_carriers_and_vacancies_counts():
    full = conductor(permittivity=10.0, y=0.999)
    model = beside(1e25, 10.0).with_(
        materials={"grain": beside(1e25, 10.0).materials["grain"], "se": full}
    )
    vacancies = full.carriers[0].site_density * 1e-3
    volts = PS**2 / (2 * epsilon_0 * 10.0 * elementary_charge * vacancies)
    assert f"and {volts:.3g} V" in unscreened(model)[0]


def test_given_polarizations_count_and_those_of_the_field_do_not():
    assert len(unscreened(beside(1e25, 10.0, fixed=(PS, 0.0)))) == 1
    assert not unscreened(beside(1e25, 10.0, fixed=(1e-4, 0.0)))
    assert not unscreened(beside(1e25, 10.0, law=MILLER))
    assert not unscreened(film())


def test_only_what_points_across_the_interface_counts():
    assert not unscreened(beside(1e25, 10.0, fixed=(0.0, PS)))
    along = Remanent(polarization=PS, relative_permittivity=10.0, axes="90 deg")
    assert not unscreened(beside(1e25, 10.0, law=along))
    oblique = Remanent(polarization=PS, relative_permittivity=10.0, axes="60 deg")
    (warning,) = unscreened(beside(1e25, 10.0, law=oblique))
    assert "fixed polarization of 13 uC/cm2" in warning


def test_a_model_warns_once_at_the_line_of_the_user():
    with pytest.warns(UserWarning, match="at 279 K they are extrapolated") as caught:
        model = film(temperature=279.0, elements=2)
    assert len(caught) == 1
    assert caught[0].filename.endswith("films.py")
    model.equilibrium()
    model.with_polarization_amplitude(0.5).equilibrium()  # warnings are errors here
    with pytest.warns(UserWarning, match="at 278 K") as caught:
        model.with_temperature(278.0)
    assert [w.filename for w in caught] == [__file__]


def test_large_misfits_are_warned_of_and_percents_refused():
    for strain in (3.0, -0.11):
        with pytest.raises(InputError, match=r"misfit_strain: .* at most 10 % .* in percent"):
            Landau(coefficients="BaTiO3-Bell-Cross", misfit_strain=strain)
    Landau(coefficients="BaTiO3-Bell-Cross", misfit_strain="-1 %")
    large = Landau(coefficients="BaTiO3-Bell-Cross", misfit_strain=-0.04)
    with pytest.warns(UserWarning, match="a misfit strain of -4 % is large"):
        model = film(large)
    assert any("misfit strain of -4 %" in w for w in validity_warnings(model))
    assert not [w for w in validity_warnings(film(large.model_copy(
        update={"misfit_strain": -0.03}))) if "misfit" in w]  # fmt: skip


def test_temperatures_outside_the_range_of_the_coefficients_are_named():
    low, high = range_warnings(film(), [200.0, 300.0, 500.0])
    assert low.startswith("region 'film': Landau coefficients")
    assert "at 200 K" in low
    assert "at 500 K" in high
    with pytest.warns(UserWarning, match="at 279 K they are extrapolated"):
        film(temperature=279.0).equilibrium()


@pytest.mark.parametrize(
    ("card", "temperature", "strain", "softest"),
    [
        ("BaTiO3-Wang", 298.0, -0.01, lambda g11, g12, g44, rotation: g44 + rotation),
        (
            "BaTiO3-Bell-Cross",
            200.0,
            None,
            lambda g11, g12, g44, rotation: (g11 - g12) / 2 + rotation,
        ),
    ],
)
def test_the_width_of_a_wall_is_that_between_the_deepest_states(card, temperature, strain, softest):
    """P along axis 2 of a film under compression, or along the diagonal of a cold crystal."""
    law = Landau(coefficients=card, misfit_strain=strain)
    f = law.polynomial(temperature)
    p = np.array(f.spontaneous_vector())
    n = p / np.hypot(*p)
    h = 1e-4 * np.hypot(*p)
    stiffness = float((f.field(*(p + h * n)) - f.field(*(p - h * n))) @ n / (2 * h))
    expected = 4.0 * np.sqrt(softest(*law.gradient) / stiffness)
    assert wall_width(law, temperature) == relative(expected, 1e-5)
