"""Cards that lack something, cards that are no regions, ranges, and other temperatures."""

import warnings

import numpy as np
import pytest

from pyscl import Model, ReservoirContact
from pyscl.carriers import bulk_conductivity
from pyscl.errors import InputError
from pyscl.input.loader import from_data
from pyscl.materials import (
    available,
    card_range,
    catalog,
    describe,
    load,
    reference_electrode,
    reference_electrodes,
    refused,
)
from pyscl.materials.names import SHORT
from pyscl.materials.temperatures import constant_transport
from pyscl.mesh import strip
from pyscl.units import BOLTZMANN, ELEMENTARY_CHARGE, parse
from pyscl.validity import screening_lengths, validity_warnings


def two_regions(first, second):
    """A strip of two materials between lithium reservoirs."""
    plane = strip(np.linspace(0.0, 2e-9, 41), regions=[("a", 1e-9), ("b", 2e-9)])
    lithium = ReservoirContact(carrier="Li", potential="neutral")
    return Model(plane, {"a": first, "b": second}, contacts={"left": lithium, "right": lithium})


def region_of(material):
    """A run whose only region is of a material, as the run file names it."""
    geometry = {"kind": "stack", "height": "1 nm", "layers": [{"region": "r", "thickness": "1 nm"}]}
    data = {"mesh": {"geometry": geometry}, "regions": {"r": material}}
    return from_data(data, ".").regions["r"]


# --- what the library holds --------------------------------------------------------------------


def test_every_card_is_available_or_says_why_not():
    cards = {card.name: card for card in catalog()}
    assert sorted(refused()) == ["LFP", "Li", "Li-In"]
    assert [name for name, card in cards.items() if card.missing] == ["PEO"]
    assert set(available()) == set(cards) - set(refused()) - {"PEO"}
    for card in cards.values():
        assert card.kind != "other" or card.name == "pore"
        assert 10 < len(card.summary) < 140


def test_transport_of_a_card_has_a_temperature_wherever_it_is_activated():
    activated = 0
    for name in available():
        for carrier in load(name).carriers:
            if carrier.activation_energy is not None:
                activated += 1
                assert 290.0 < carrier.reference_temperature < 300.0
                assert 0.1 < carrier.activation_energy < 1.0
    assert activated >= 12


def test_temperatures_on_cards_are_those_of_a_room_or_a_battery():
    for name in available():
        for p in load(name).provenance:
            if p.temperature:
                assert 273.0 <= parse(p.temperature, "K") <= 373.0


@pytest.mark.parametrize("name", [card.name for card in catalog() if card.carriers])
def test_descriptions_print_the_debye_length_or_what_is_missing(name):
    text = " ".join(describe(name).split())
    if name == "PEO":
        assert "The user has to give: relative_permittivity" in text
        return
    debye = screening_lengths(load(name), 298.15).debye_length
    assert f"At 298.15 K: Debye length {1e9 * debye:.3g} nm" in text


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("LFP", "a lithium-rich and a lithium-poor phase coexist.*Take a material.*NMC811-mixed"),
        ("Li", "a contact and not a region.*electrochemical_potential: 0 eV"),
        ("Li-In", "electrode: Li-In"),
    ],
)
def test_a_material_that_is_no_region_is_refused_with_what_to_use(name, words):
    with pytest.raises(InputError, match=f"'{name}' cannot be the material of a region.*{words}"):
        load(name)
    with pytest.raises(InputError, match=words.partition(".*")[0]):
        region_of(name)
    assert "Cannot be the material of a region" in " ".join(describe(name).split())


def test_refused_electrodes_are_reference_electrodes():
    assert {"Li", "Li-In"} == set(reference_electrodes())
    assert f"{reference_electrode('Li-In').voltage:g} V" in describe("Li-In")
    assert f"{reference_electrode('Li-In').voltage:g} V" in refused()["Li-In"]


def test_facts_are_printed_with_their_sources():
    assert "26390 mol/m^3" in describe("LFP")
    assert "piezoelectric_coefficient" in describe("LiTaO3")
    assert "piezoelectric_coefficient" not in {p.property for p in load("LiTaO3").provenance}


# --- unknown ----------------------------------------------------------------------------------


def test_a_value_the_card_does_not_know_must_be_given():
    with pytest.raises(InputError) as caught:
        load("PEO")
    text = str(caught.value)
    assert "relative_permittivity: no value for PEO with salt was read" in text
    assert "load('PEO', **{'relative_permittivity': ...})" in text
    assert "{card: PEO, set: {'relative_permittivity': ...}}" in text
    with pytest.raises(InputError, match="relative_permittivity: no value for PEO"):
        region_of("PEO")


def test_a_given_value_completes_the_card_and_is_marked_as_the_users():
    for made in (
        load("PEO", relative_permittivity=8),
        region_of({"card": "PEO", "set": {"relative_permittivity": 8}}),
    ):
        assert made.relative_permittivity == 8.0
        (entry,) = (p for p in made.provenance if p.property == "relative_permittivity")
        assert entry.source == "user"
    assert load("LLZO", relative_permittivity=30).relative_permittivity == 30.0
    with pytest.raises(InputError, match="Did you mean 'relative_permittivity'"):
        load("LLZO", relative_permitivity=8)


def test_an_unknown_diffusivity_is_left_out_and_asked_for_when_current_flows():
    cathode = load("NMC90")
    assert cathode.carrier("Li").diffusivity is None
    unknown = [p for p in cathode.provenance if p.value == "unknown"]
    assert [p.property for p in unknown] == ["carriers.Li.diffusivity"]
    equilibrium = two_regions(cathode, load("Li6PS5Cl")).equilibrium()
    assert equilibrium.history.converged
    with pytest.raises(InputError, match=r"Li.*(mobility|conductivity|diffusivity)"):
        two_regions(cathode, load("Li6PS5Cl")).steady({"right": "1 mV"})
    given = load("NMC90", **{"carriers.Li.diffusivity": "1e-10 cm^2/s"})
    assert "unknown" not in {p.value for p in given.provenance}
    two_regions(given, load("Li6PS5Cl")).steady({"right": "1 mV"})


CARD = """\
name: mine
description: an oxide
carriers:
  Li:
    charge: 1
    site_fraction: {value: 0.2, assumption: guess}
    standard_potential: {value: 0 eV, assumption: model parameter}
    conductivity: {value: 1 mS/cm, temperature: 25 degC, assumption: guess}
unknown:
  relative_permittivity: nobody measured it
  carriers.Li.site_density: nobody counted
"""


def test_several_unknown_values_are_listed_and_take_plain_numbers_in_si(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(CARD)
    with pytest.raises(InputError, match=r"nobody measured it\n.*site_density: nobody counted"):
        load(path)
    made = load(path, **{"relative_permittivity": 9, "carriers.Li.site_density": 1e27})
    assert made.carrier("Li").density == pytest.approx(2e26)
    with pytest.raises(InputError, match=r"mine.*site_density.*above 0"):
        load(path, **{"relative_permittivity": 9, "carriers.Li.site_density": -1e27})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("nobody counted\n", "nobody counted\n  color: red\n", "'color' is no value of this card"),
        ("  carriers.Li.site_density: nobody counted\n", "", "name it in 'unknown'"),
        ("nobody counted", "nobody counted\n  carriers.Li.conductivity: none", "is known"),
        ("nobody measured it", "''", "at least 1 character"),
    ],
)
def test_unknown_values_must_make_sense(tmp_path, old, new, message):
    path = tmp_path / "mine.yaml"
    assert old in CARD
    path.write_text(CARD.replace(old, new))
    with pytest.raises(InputError, match=message):
        load(path)


# --- ranges -----------------------------------------------------------------------------------


def test_both_ends_of_every_range_make_a_material():
    tried = 0
    for name in available():
        base = load(name)
        for p in base.provenance:
            if p.range and p.property.split(".")[-1] != "reference":
                for end in card_range(name, p.property):
                    made = base.with_(**{p.property: end})
                    assert p.property in {q.property for q in made.provenance}
                    tried += 1
    assert tried > 60


def test_a_range_that_is_not_there_lists_those_that_are():
    assert card_range("LLZO", "relative_permittivity") == ("5.743", "60")
    with pytest.raises(InputError, match=r"no range on the card LLZO.*relative_permittivity"):
        card_range("LLZO", "carriers.Li.site_fraction")


# --- temperature ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["LGPS", "LAGP", "Li3YCl6", "LiPON", "LLZO"])
def test_conductivity_follows_arrhenius_from_the_temperature_of_the_card(name):
    """sigma T = sigma0 T0 exp(-Ea/k (1/T - 1/T0))."""
    carrier = load(name).carrier("Li")
    t0, t = carrier.reference_temperature, 333.15
    factor = np.exp(-carrier.activation_energy * ELEMENTARY_CHARGE / BOLTZMANN * (1 / t - 1 / t0))
    assert bulk_conductivity(carrier, t0) == pytest.approx(carrier.conductivity, rel=1e-12)
    expected = carrier.conductivity * t0 / t * factor
    assert bulk_conductivity(carrier, t) == pytest.approx(expected, rel=1e-12)
    assert 2.0 < expected / carrier.conductivity < 12.0


def test_a_conductivity_that_the_user_gives_holds_at_every_temperature():
    given = load("LLZO", **{"carriers.Li.conductivity": "2 mS/cm"}).carrier("Li")
    assert given.activation_energy is None
    assert bulk_conductivity(given, 333.15) == pytest.approx(0.2, rel=1e-12)
    both = {"carriers.Li.conductivity": "2 mS/cm", "carriers.Li.activation_energy": "0.3 eV"}
    assert load("LLZO", **both).carrier("Li").activation_energy == 0.3
    record = {p.property for p in load("LLZO", **{"carriers.Li.conductivity": 0.2}).provenance}
    assert "carriers.Li.activation_energy" not in record


@pytest.mark.parametrize(
    ("card", "carrier", "key", "said"),
    [
        ("NMC811", "Li", "diffusivity", "4e-15 m^2/s at 298.15 K"),
        ("LiCoO2", "Li", "diffusivity", "2e-10 cm^2/s at a temperature that its source does not"),
        ("PVDF", "anion", "conductivity", "0.353 mS/cm at 298 K"),
    ],
)
def test_a_transport_value_that_stays_the_same_at_another_temperature_is_told(
    card, carrier, key, said
):
    material = load(card)
    warm = constant_transport({"r": material}, 333.15)
    (line,) = (line for line in warm if f"the {key} of {carrier} in {card}" in line)
    assert said in line
    assert "the same at 333.15 K" in line
    assert constant_transport({"r": material}, 300.0) == []
    path = f"carriers.{carrier}."
    own = material.with_(**{path + key: getattr(material.carrier(carrier), key)})
    assert len(constant_transport({"r": own}, 333.15)) == len(warm) - 1


def test_a_run_away_from_room_temperature_warns_of_constant_transport():
    model = two_regions(load("LiCoO2"), load("LLZO"))  # LLZO has an activation energy
    assert not [line for line in validity_warnings(model) if "activation" in line]
    (line,) = (w for w in validity_warnings(model.with_temperature(330.0)) if "activation" in w)
    assert line.startswith("region 'a': the diffusivity of Li in LiCoO2")


def test_a_sweep_of_temperatures_warns_once_of_each_constant_transport():
    plane = strip(np.linspace(0.0, 1e-9, 11))
    lithium = ReservoirContact(carrier="Li", potential="neutral")
    for card, expected in (("LiCoO2", 1), ("LLZO", 0)):
        model = Model(plane, {plane.region_names[0]: card}, contacts={"left": lithium})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.arrhenius([298.15, 320.0, 340.0])
        assert len([w for w in caught if "no activation energy" in str(w.message)]) == expected


def test_short_names_of_the_literature_load_their_cards():
    assert load("LPS") == load("Li3PS4")
    assert load("LCO").name == "LiCoO2"
    assert region_of("LPSCl").name == "Li6PS5Cl"
    assert card_range("LCO", "carriers.Li.diffusivity") == card_range(
        "LiCoO2", "carriers.Li.diffusivity"
    )
    assert set(SHORT.values()) <= set(available())
    assert not set(SHORT) & {card.name for card in catalog()}
    with pytest.raises(InputError, match="Did you mean 'LLZO'"):
        load("LLZTO")  # another material, doped with tantalum


@pytest.mark.parametrize(
    ("card", "path", "ends"),
    [
        ("LATP", "carriers.Li.conductivity", ("0.169 mS/cm", "6.2 mS/cm")),
        ("LLTO", "carriers.Li.site_density", ("7.5 1/nm^3", "21.5 1/nm^3")),
    ],
)
def test_ranges_hold_what_the_cited_tables_hold(card, path, ends):
    assert card_range(card, path) == ends


def test_numbers_of_other_phases_and_composites_are_no_ranges_or_are_flagged():
    with pytest.raises(InputError, match="no range"):
        card_range("Li3PS4", "carriers.Li.activation_energy")
    record = {p.property: p for p in load("PVDF").provenance}
    assert record["carriers.Li.conductivity"].assumption
    assert record["carriers.anion.conductivity"].assumption
    (sites,) = (p for p in load("Li3InCl6").provenance if p.property.endswith("Li.site_density"))
    assert "57.941" in sites.note


# --- what a model uses ------------------------------------------------------------------------


def test_a_model_tells_where_every_value_comes_from():
    model = two_regions(load("LiCoO2"), load("LLZO", relative_permittivity=20))
    record = {r: {p.property: p for p in entries} for r, entries in model.provenance.items()}
    assert set(record) == {"a", "b"}
    assert record["a"]["carriers.Li.diffusivity"].source == "sclcode, lcofilm2004"
    assert record["b"]["carriers.Li.conductivity"].range == "1e-3 mS/cm .. 1 mS/cm"
    assert record["b"]["relative_permittivity"].source == "user"
