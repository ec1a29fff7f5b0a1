"""Laws of carriers, materials, and every card."""

import math

import numpy as np
import pytest

from pyscl.errors import InputError
from pyscl.materials import (
    Blakemore,
    Boltzmann,
    Carrier,
    FermiDiracHalf,
    LatticeGas,
    Material,
    NonIdeal,
    available,
    describe,
    load,
    references,
)
from pyscl.materials.card import UNITS, UNKNOWN
from pyscl.units import ELEMENTARY_CHARGE, parse

NAMES = [
    "Al2O3", "BaTiO3", "carbon", "Cu", "graphite", "LAGP", "LASGTP", "LATP", "LGPS", "Li2ZrO3",
    "Li3InCl6", "Li3PO4", "Li3PS4", "Li3YCl6", "Li6PS5Cl", "LiCoO2", "LiCoO2-mixed", "LiNbO3",
    "LiPON", "LiTaO3", "LLTO", "LLZO", "LNMO", "LNMO-mixed", "NMC622", "NMC622-mixed", "NMC811",
    "NMC811-mixed", "NMC90", "pore", "PVDF", "SrTiO3", "Ti",
]  # fmt: skip


def lithium(**changes):
    values = {"name": "Li", "charge": 1, "site_density": "10 1/nm^3", "site_fraction": 0.5}
    return Carrier(**(values | changes))


# --- laws -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("boltzmann", Boltzmann),
        ("lattice-gas", LatticeGas),
        ("blakemore", Blakemore),
        ("fermi-dirac-half", FermiDiracHalf),
    ],
)
def test_laws_are_accepted_by_bare_name(name, law):
    assert lithium(statistics=name, mobility="dilute").statistics == law()


def test_unknown_law_names_the_nearest():
    with pytest.raises(InputError, match=r"no choice 'bolzmann'.*Did you mean 'boltzmann'\?"):
        lithium(statistics="bolzmann")


@pytest.mark.parametrize("law", ["boltzmann", "blakemore", "fermi-dirac-half"])
def test_vacancy_mobility_needs_limited_sites(law):
    with pytest.raises(InputError, match=f"limited sites .*not '{law}'; set mobility to 'dilute'"):
        lithium(statistics=law)


def test_non_ideal_law_without_table_is_refused():
    with pytest.raises(InputError, match="missing key 'site_fraction'"):
        lithium(statistics="non-ideal")


def test_regular_solution_below_the_critical_point_is_accepted():
    """g = -Omega (2y - 1) has d(eta)/dy = 1/(y(1-y)) - 2 Omega, positive for Omega < 2."""
    y = np.linspace(0.0, 1.0, 21)
    law = NonIdeal(site_fraction=tuple(y), excess=tuple(-1.9 * (2 * y - 1)))
    assert law.slopes() == pytest.approx(np.full(21, -3.8), rel=1e-12)


def test_regular_solution_above_the_critical_point_is_refused_with_the_place():
    y = np.linspace(0.0, 1.0, 21)
    with pytest.raises(InputError, match=r"at y = 0.5.*two-phase materials are outside the model"):
        NonIdeal(site_fraction=tuple(y), excess=tuple(-2.1 * (2 * y - 1)))


def test_phase_separation_between_table_points_is_found():
    """PCHIP is steepest inside an interval: 1.5 times the chord, -6, against 1/(y(1-y)) ~ 4."""
    with pytest.raises(InputError, match="two phases"):
        NonIdeal(site_fraction=(0.0, 0.4, 0.6, 1.0), excess=(0.0, 0.0, -0.8, -0.8))
    NonIdeal(site_fraction=(0.0, 0.4, 0.6, 1.0), excess=(0.0, 0.0, -0.5, -0.5))


@pytest.mark.parametrize(
    ("y", "excess", "message"),
    [
        ((0.5,), (0.0,), "at least two points"),
        ((0.5, 0.4), (0.0, 1.0), "must increase"),
        ((-0.1, 0.4), (0.0, 1.0), r"in \[0, 1\]"),
        ((0.1, 0.4), (0.0, 1.0, 2.0), "3 values for 2 site fractions"),
        ((0.1, 0.4), (0.0, float("nan")), "finite"),
    ],
)
def test_bad_tables_are_refused(y, excess, message):
    with pytest.raises(InputError, match=message):
        NonIdeal(site_fraction=y, excess=excess)


# --- carriers and materials -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"charge": 0}, "charge must not be 0"),
        ({"charge": 1.5}, "whole number"),
        ({"site_density": -1.0}, "above 0"),
        ({"site_density": "3 nm"}, "wrong unit 'nm'; expected a number density"),
        ({"site_fraction": 0.0}, "above 0"),
        ({"site_fraction": 1.0}, "between 0 and 1"),
        ({"site_fraction": 4.0, "statistics": Blakemore(gamma=0.5), "mobility": "dilute"}, "and 2"),
        ({"diffusivity": -1.0}, "at least 0"),
        ({"diffusivity": 1e-12, "conductivity": 1.0}, "not both"),
        ({"mobility": "vacancies"}, "Did you mean 'vacancy'"),
        ({"site_fracton": 0.5}, "Did you mean 'site_fraction'"),
    ],
)
def test_bad_carriers_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        lithium(**changes)


def test_reference_density_of_unlimited_laws_may_be_exceeded():
    electrons = lithium(
        charge=-1, statistics="fermi-dirac-half", mobility="dilute", site_fraction=3
    )
    assert electrons.density == pytest.approx(3e28)


def test_all_mistakes_are_reported_at_once():
    with pytest.raises(InputError) as caught:
        Material(relative_permittivity=-1, carriers={"Li": {"charge": 0}}, color="red")
    for part in ("relative_permittivity", "carriers.0.charge", "carriers.0.site_density", "color"):
        assert part in str(caught.value)


def test_background_neutralises_the_bulk_unless_given():
    anion = lithium(name="X", charge=-2, site_fraction=0.1)
    material = Material(relative_permittivity=10, carriers=(lithium(), anion))
    assert material.fixed_charge == pytest.approx(-ELEMENTARY_CHARGE * (5e27 - 2e27), rel=1e-12)
    assert material.with_(background_charge="1e5 C/m^3").fixed_charge == 1e5


def test_a_carrier_name_is_used_once():
    with pytest.raises(InputError, match="carrier 'Li' is given twice"):
        Material(relative_permittivity=10, carriers=(lithium(), lithium()))


def test_unknown_carrier_names_the_nearest():
    with pytest.raises(InputError, match="no carrier 'L'"):
        load("LLZO").carrier("L")


def test_overrides_change_values_and_are_marked_as_the_users():
    base = load("LiCoO2")
    changed = base.with_(**{"carriers.Li.site_fraction": 0.3, "relative_permittivity": "20"})
    assert changed.carrier("Li").site_fraction == 0.3
    assert changed.relative_permittivity == 20.0
    assert changed.carrier("Li").diffusivity == base.carrier("Li").diffusivity
    origin = {p.property: p.origin for p in changed.provenance}
    assert origin["carriers.Li.site_fraction"] == origin["relative_permittivity"] == "user"
    assert origin["carriers.Li.diffusivity"] == "sclcode, lcofilm2004"
    assert base.carrier("Li").site_fraction == 0.5


def test_overriding_one_transport_coefficient_drops_the_other():
    changed = load("LiCoO2").with_(**{"carriers.Li.conductivity": "1 mS/cm"})
    assert changed.carrier("Li").diffusivity is None
    assert "carriers.Li.diffusivity" not in {p.property for p in changed.provenance}
    with pytest.raises(InputError, match="not both"):
        load("LiCoO2").with_(**{"carriers.Li.conductivity": 1.0, "carriers.Li.diffusivity": 1.0})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("permittivity", "Did you mean 'relative_permittivity'"),
        ("carriers.Na.charge", "no carrier 'Na'"),
        ("carriers.Li.conductivty", "Did you mean 'conductivity'"),
        ("name.x", "'name' has no parts"),
        ("carriers.Li.charge.x", "'charge' has no parts"),
        ("provenance", "no property 'provenance'"),
    ],
)
def test_overrides_of_unknown_properties_are_refused(path, message):
    with pytest.raises(InputError, match=message):
        load("LLZO").with_(**{path: 1})


def test_materials_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load("pore").relative_permittivity = 2.0


# --- cards ------------------------------------------------------------------------------------


def test_the_promised_cards_are_there():
    assert sorted(available()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_a_card_has_a_source_or_says_it_is_assumed(name):
    material = load(name)
    recorded = {p.property for p in material.provenance if p.value != UNKNOWN}
    expected = {"relative_permittivity"}
    for carrier in material.carriers:
        # the reference temperature stands with the value that it belongs to
        given = carrier.model_fields_set - {"name", "charge", "reference_temperature"}
        expected |= {f"carriers.{carrier.name}.{key}" for key in given}
        if carrier.statistics.law == "open-circuit":
            expected |= {"open_circuit", "open_circuit.reference"}
            expected.add(f"carriers.{carrier.name}.statistics.share")
    assert recorded == expected
    for p in material.provenance:
        keys = p.source.split(", ") if p.source else []
        assert set(keys) <= set(references())
        assert keys or p.assumption
        assert p.note or not p.assumption


def value_of(material, path):
    """The value at a dotted path, with carriers by name."""
    here = material
    for part in path.split("."):
        if part == "carriers":
            here = {c.name: c for c in material.carriers}
        else:
            here = here[part] if isinstance(here, dict) else getattr(here, part)
    return here


@pytest.mark.parametrize("name", NAMES)
def test_printed_values_and_ranges_of_a_card_agree_with_the_material(name):
    material = load(name)
    for p in material.provenance:
        unit = UNITS.get(p.property.split(".")[-1])
        if unit is None or p.value == UNKNOWN:
            continue
        value = value_of(material, p.property)
        assert parse(p.value, unit) == value
        if p.range:
            low, high = (parse(v, unit) for v in p.range.split(" .. "))
            assert low <= value <= high


@pytest.mark.parametrize("name", NAMES)
def test_standard_potentials_are_never_sold_as_data(name):
    for p in load(name).provenance:
        assert p.assumption or not p.property.endswith("standard_potential")


@pytest.mark.parametrize("name", NAMES)
def test_cards_are_physical_and_hold_lithium_at_most_like_a_metal(name):
    material = load(name)
    assert 1.0 <= material.relative_permittivity < 2e4
    for carrier in material.carriers:
        assert 9e24 < carrier.density < 4.7e28
        transport = {carrier.diffusivity, carrier.conductivity}
        unknown = {p.property for p in material.provenance if p.value == UNKNOWN}
        lacking = f"carriers.{carrier.name}.diffusivity" in unknown
        assert len(transport - {None}) == (0 if lacking else 1)


@pytest.mark.parametrize(("name", "density"), [("LLZO", 25.65e27), ("LATP", 5.37e27)])
def test_lattice_densities_are_those_of_the_source(name, density):
    assert load(name).carrier("Li").density == pytest.approx(density, rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_descriptions_show_every_value_with_its_origin(name):
    text = describe(name)
    for p in load(name).provenance:
        assert any(
            line.startswith(p.property) and p.value in line and p.origin in line
            for line in text.splitlines()
        )
    assert "\x1b" not in text


def test_unknown_card_names_the_nearest():
    with pytest.raises(InputError, match=r"no material card 'LiCO2'.*Did you mean 'LiCoO2'\?"):
        load("LiCO2")


CARD = """\
name: mine
description: an oxide
relative_permittivity: {value: 10, range: [8, 12], assumption: class value}
carriers:
  Li:
    charge: 1
    site_density: {value: 5 1/nm^3, source: ahmad2015}
    site_fraction: {value: 0.2, assumption: guess}
    standard_potential: {value: 0 eV, assumption: model parameter}
    conductivity: {value: 1 mS/cm, temperature: 25 degC, assumption: guess}
"""


def test_own_card_is_loaded_by_path(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(CARD)
    carrier = load(path).carrier("Li")
    assert math.isclose(carrier.conductivity, 0.1)
    assert {p.property: p.temperature for p in load(path).provenance}[
        "carriers.Li.conductivity"
    ] == "298.15 K"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[8, 12]", "[11, 12]", "mine.yaml:3:43: value 10 is outside its range"),
        (", source: ahmad2015", "", "no source for carriers.Li.site_density"),
        ("ahmad2015", "ahmed2015", "Did you mean 'ahmad2015'"),
        ("5 1/nm^3", "5 nm", "mine.yaml:7:.*wrong unit 'nm' for carriers.Li.site_density"),
        ("5 1/nm^3", "5", "'5' has no unit"),
        ("description: an oxide\n", "", "missing key 'description'"),
        ("charge: 1", "charge: 0", "charge must not be 0"),
        ("value: 10,", "value: -10,", "too small|outside its range"),
    ],
)
def test_mistakes_in_a_card_are_shown_with_their_place(tmp_path, old, new, message):
    path = tmp_path / "mine.yaml"
    assert old in CARD
    path.write_text(CARD.replace(old, new))
    with pytest.raises(InputError, match=message):
        load(path)
