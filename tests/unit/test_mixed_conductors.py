"""Lithium with its electrons: the pair, the cards of active materials, counter electrodes."""

import math
import subprocess
import sys

import numpy as np
import pytest
from open_circuits import ACTIVE, KT, MILLIVOLT, carriers, eta_of, line, mixed, site_fraction, table

from pyscl import InputError, Material
from pyscl.carriers import (
    bulk_conductivity,
    bulk_potential,
    bulk_slope,
    transport_coefficient,
)
from pyscl.materials import (
    available,
    describe,
    load,
    reference_electrode,
    reference_electrodes,
    references,
)
from pyscl.validity import screening_lengths


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_voltage_does_not_depend_on_how_it_is_shared(share):
    law, other = line(share=share), line(share=1.0 - share)
    material = mixed(law, other=other, x=0.3)
    assert material.open_circuit_voltage() == 3.7
    assert -sum(bulk_potential(c, 298.15) for c in material.carriers) == pytest.approx(3.7)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"other": line(share=0.4)}, "shares 0.5 of 'Li' and 0.4 of 'e' must add up to 1"),
        ({"other": line(reference=3.6)}, "the same open-circuit curve and reference"),
        ({"other": line(formula="4.1 - x")}, "the same open-circuit curve and reference"),
        ({"charge": 1}, "lithium .charge 1. and its electrons .charge -1."),
        ({"charge": -2}, "lithium .charge 1. and its electrons .charge -1."),
        ({"site_density": 2e28}, "the same site_density"),
        ({"standard_potential": 0.0}, r"carriers\.1\.standard_potential: .*give 'e' -3\.5 eV"),
        ({"site_fraction": 0.4}, r"site fraction 0.5 of 'Li' and 0.4 of 'e' differ.*with_lithium"),
    ],
)
def test_lithium_and_electrons_that_do_not_fit_are_refused(keywords, message):
    with pytest.raises(InputError, match=message):
        mixed(**keywords)


def test_a_third_carrier_with_the_curve_is_refused():
    lithium, electrons = carriers()
    third = electrons.model_copy(update={"name": "h"})
    with pytest.raises(InputError, match="belong to lithium"):
        Material(relative_permittivity=1, carriers=(lithium, electrons, third))


def test_doping_is_allowed_with_an_explicit_background():
    lithium, electrons = carriers()
    electrons = electrons.model_copy(update={"site_fraction": 0.4})
    material = Material(
        relative_permittivity=1, carriers=(lithium, electrons), background_charge=-4.8e8
    )
    assert material.fixed_charge == -4.8e8


def test_one_carrier_alone_may_take_the_whole_curve():
    lithium, _ = carriers(line(share=1.0))
    material = Material(relative_permittivity=1, carriers=(lithium,))
    assert -bulk_potential(material.carrier("Li"), 298.15) == pytest.approx(3.5 - 3.5, abs=1e-8)


def test_a_site_fraction_outside_the_curve_is_refused():
    with pytest.raises(InputError, match=r"site fraction 0\.95 is outside the open-circuit curve"):
        carriers(x=0.95)


def test_lithium_and_electrons_change_together():
    start = load("NMC811-mixed")
    charged = start.with_lithium(0.3)
    assert {c.name: c.site_fraction for c in charged.carriers} == {"Li": 0.3, "e": 0.3}
    assert charged.fixed_charge == 0.0
    assert charged.open_circuit_voltage() == start.open_circuit_voltage(0.3)
    origin = {p.property: p.origin for p in charged.provenance}
    assert origin["carriers.Li.site_fraction"] == origin["carriers.e.site_fraction"] == "user"
    at_4_volt = start.with_lithium(start.open_circuit.site_fraction_at(4.0))
    assert at_4_volt.open_circuit_voltage() == pytest.approx(4.0, abs=1e-12)
    with pytest.raises(InputError, match=r"site fraction 0\.99 is outside"):
        start.with_lithium(0.99)
    with pytest.raises(InputError, match="set both"):
        start.with_(**{"carriers.Li.site_fraction": 0.3})


def test_materials_without_a_curve_say_so():
    with pytest.raises(InputError, match=r"'LiCoO2' has no open-circuit curve.*LiCoO2-mixed"):
        load("LiCoO2").open_circuit_voltage()
    with pytest.raises(InputError, match="no open-circuit curve"):
        load("LiCoO2").with_lithium(0.5)


def test_overrides_reach_into_the_law_where_units_are_required():
    for law in (line(), table((0.1, 0.9), (3.9, 3.1), reference=3.5)):
        material = mixed(law)
        data = material.override_data(
            {"carriers.Li.statistics.share": 0.7, "carriers.e.statistics.share": 0.3}
        )
        changed = Material.model_validate(data, context={"require_units": True})
        assert [c.statistics.share for c in changed.carriers] == [0.7, 0.3]
        assert changed.open_circuit_voltage(0.3) == pytest.approx(
            material.open_circuit_voltage(0.3)
        )


def test_laws_survive_json():
    material = mixed()
    text = material.model_dump_json()
    assert Material.model_validate_json(text) == material


@pytest.mark.parametrize("mobility", ["vacancy", "constant-conductivity", "dilute"])
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_diffusivity_is_the_chemical_one_of_lithium_with_fast_electrons(mobility, share):
    """J = -N D m(y0) d(mu_Li + mu_e)/dx /kT grad x = -N diffusivity grad x, with dU/dx = -1 V."""
    lithium, _ = carriers(line(share=share), x=0.3)
    lithium = lithium.model_copy(update={"mobility": mobility})
    mobile = {"vacancy": 0.21, "dilute": 0.3, "constant-conductivity": 1.0}[mobility]
    coefficient = transport_coefficient(lithium, 298.15)
    assert coefficient * mobile * 1.0 / KT / 1e-14 == pytest.approx(1.0, rel=1e-6)


# --- cards ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVE)
def test_lithium_and_electrons_of_a_card_add_up_to_its_voltage(name):
    """mu(Li+) + mu(e-) = -e U(x) for the core, at 0.1 mV, over the whole curve."""
    card = load(name)
    low, high = card.open_circuit.ends
    for x in np.linspace(low, high, 25):
        material = card.with_lithium(float(np.clip(x, low, high)))
        total = sum(bulk_potential(c, 298.15) for c in material.carriers)
        assert -total == pytest.approx(material.open_circuit_voltage(), abs=0.1 * MILLIVOLT)
        assert material.fixed_charge == 0.0


@pytest.mark.parametrize("name", ACTIVE)
@pytest.mark.parametrize("temperature", [260.0, 298.15, 360.0])
def test_the_core_meets_the_curve_of_a_card(name, temperature):
    law = load(name).open_circuit
    x = np.linspace(*law.ends, 4001)
    y = site_fraction(law, eta_of(law, x, temperature), temperature)
    back = law.voltage_at(np.clip(y, *law.ends))
    assert back == pytest.approx(law.voltage_at(x), abs=0.05 * MILLIVOLT)
    assert law.site_fraction_at(law.voltage_at(x[::50])) == pytest.approx(x[::50], abs=1e-9)


def by_hand(name, x):
    """The fits as published, written again."""
    t = np.tanh
    if name == "LiCoO2-mixed":
        return (
            2.16216 + 0.07645 * t(30.834 - 54.4806 * x) + 2.1581 * t(52.294 - 50.294 * x)
            - 0.14169 * t(11.0923 - 19.8543 * x) + 0.2051 * t(1.4684 - 5.4888 * x)
            + 0.2531 * t((-x + 0.56478) / 0.1316) - 0.02167 * t((x - 0.525) / 0.006)
        )  # fmt: skip
    if name == "NMC811-mixed":
        return (
            -0.8090 * x + 4.4875 - 0.0428 * t(18.5138 * (x - 0.5542))
            - 17.7326 * t(15.7890 * (x - 0.3117)) + 17.5842 * t(15.9308 * (x - 0.3120))
        )  # fmt: skip
    return (
        1.9793 * np.exp(-39.3631 * x) + 0.2482 - 0.0909 * t(29.8538 * (x - 0.1234))
        - 0.04478 * t(14.9159 * (x - 0.2769)) - 0.0205 * t(30.4444 * (x - 0.6103))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("LiCoO2-mixed", 1e-12), ("NMC811-mixed", 1e-12), ("graphite", 5 * MILLIVOLT)],
)
def test_cards_hold_the_published_fits(name, tolerance):
    """Graphite is tilted by 10 mV over the whole range, see its card."""
    law = load(name).open_circuit
    x = np.linspace(*law.ends, 997)
    assert law.voltage_at(x) == pytest.approx(by_hand(name, x), abs=tolerance)


def test_the_window_of_the_commercial_cell():
    """The source charges the cell to 4.2 V, at x = 0.27 and 0.9014."""
    full = load("NMC811-mixed").open_circuit_voltage(0.27)
    full -= load("graphite").open_circuit_voltage(0.9014)
    assert full == pytest.approx(4.2, abs=0.02)


@pytest.mark.parametrize("name", ACTIVE)
def test_built_in_potentials_change_sign_within_the_curve(name):
    """Li+ is level with a half-filled lattice gas of mu0 = 0 where U is the reference."""
    card = load(name)
    x = card.open_circuit.site_fraction_at(card.open_circuit.reference)
    assert 0.5 < x < 0.7
    levels = [
        bulk_potential(card.with_lithium(y).carrier("Li"), 298.15) for y in (x - 0.05, x, x + 0.05)
    ]
    assert levels[0] < -1e-4
    assert levels[1] == pytest.approx(0.0, abs=1e-5)
    assert levels[2] > 1e-4


@pytest.mark.parametrize("name", ACTIVE)
def test_electrons_are_faster_than_lithium(name):
    card = load(name)
    slow, fast = (bulk_conductivity(card.carrier(c), 298.15) for c in ("Li", "e"))
    assert fast > 1e3 * slow > 0.0
    assert card.carrier("Li").site_density == card.carrier("e").site_density


@pytest.mark.parametrize("name", ACTIVE)
def test_curves_of_cards_are_sourced_and_shown(name):
    (curve,) = (p for p in load(name).provenance if p.property == "open_circuit")
    assert curve.source
    assert set(curve.source.split(", ")) <= set(references())
    assert not curve.assumption
    assert curve.temperature in ("298.15 K", "293.15 K", None)
    text = describe(name)
    assert ("U/V = " in text) != ("table of" in text)
    assert "open_circuit.reference" in text
    assert max(len(row) for row in text.splitlines()) < 170


def test_screening_of_a_mixed_conductor_counts_ions_and_electrons():
    material = mixed()
    lengths = screening_lengths(material, 298.15)
    lithium, electrons = (bulk_slope(c, 298.15) for c in material.carriers)
    assert lithium == pytest.approx(KT / 0.5, rel=1e-3)
    assert electrons == pytest.approx(lithium, rel=1e-9)
    ratio = lengths.site_length / lengths.debye_length
    assert ratio == pytest.approx(math.sqrt(lithium + electrons), rel=1e-9)


def test_cards_with_lithium_ions_alone_are_as_before():
    for name in ("LiCoO2", "NMC811"):
        (lithium,) = load(name).carriers
        assert lithium.statistics.law == "lattice-gas"
    assert {*ACTIVE, "LiCoO2", "NMC811"} <= set(available())


CARD = """\
name: mine
description: an oxide
relative_permittivity: {value: 10, assumption: class value}
open_circuit:
  site_fraction: [0.1, 0.5, 0.9]
  voltage: [4.2 V, 4000 mV, 3.8 V]
  source: chen2020
  reference: {value: 4 V, assumption: middle}
carriers:
  Li: &li
    charge: 1
    statistics: open-circuit
    share: {value: 0.6, assumption: guess}
    site_density: {value: 30 1/nm^3, source: chen2020}
    site_fraction: {value: 0.5, assumption: guess}
    standard_potential: {value: 0 eV, assumption: model parameter}
    conductivity: {value: 1 mS/cm, assumption: guess}
  e:
    <<: *li
    charge: -1
    share: {value: 0.4, assumption: guess}
    standard_potential: {value: -4 eV, assumption: minus the reference}
"""


def write_card(folder, text):
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_own_cards_may_hold_a_table(tmp_path):
    material = load(write_card(tmp_path, CARD))
    assert material.open_circuit_voltage([0.1, 0.5]) == pytest.approx([4.2, 4.0])
    assert [c.statistics.share for c in material.carriers] == [0.6, 0.4]
    (curve,) = (p for p in material.provenance if p.property == "open_circuit")
    assert curve.value == "table of 3 points, x = 0.1 .. 0.9"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("4000 mV", "4300 mV", r"dU/dx = .*two phases"),
        ("4000 mV", "4.0", "'4.0' has no unit|expected a text"),
        ("value: -4 eV", "value: -3 eV", r"mine\.yaml:21.*must add up|give 'e' -4 eV"),
        ("  source: chen2020\n", "", "missing key 'source'"),
        ("source: chen2020\n  ref", "source: chen2019\n  ref", "Did you mean 'chen2020'"),
        ("    share: {value: 0.6, assumption: guess}\n", "", "share goes with"),
        ("share: {value: 0.4,", "share: {value: 0.3,", "must add up to 1"),
        ("statistics: open-circuit", "statistics: lattice-gas", "share goes with"),
        ("[0.1, 0.5, 0.9]", "[0.1, 0.5, 1.0]", "end below x = 1"),
    ],
)
def test_mistakes_in_the_curve_of_a_card_are_shown(tmp_path, old, new, message):
    assert old in CARD
    with pytest.raises(InputError, match=f"(?s){message}"):
        load(write_card(tmp_path, CARD.replace(old, new, 1)))


def test_statistics_of_a_card_need_its_curve(tmp_path):
    start, end = CARD.index("open_circuit:"), CARD.index("carriers:")
    with pytest.raises(InputError, match="missing key 'open_circuit'"):
        load(write_card(tmp_path, CARD[:start] + CARD[end:]))


def test_neither_numexpr_nor_splines_are_imported_before_it_is_needed():
    code = (
        "import sys, pyscl.materials as m; m.load('LiCoO2'); "
        "print([n for n in ('numexpr', 'scipy.interpolate') if n in sys.modules])"
    )
    command = [sys.executable, "-P", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


# --- electrodes -------------------------------------------------------------------------------


def test_lithium_is_the_zero_and_indium_lies_above():
    assert reference_electrodes() == ["Li", "Li-In"]
    assert reference_electrode("Li").voltage == 0.0
    indium = reference_electrode("Li-In")
    assert indium.voltage == 0.62
    assert set(indium.provenance.source.split(", ")) <= set(references())


def test_unknown_electrodes_name_the_nearest():
    with pytest.raises(InputError, match=r"no reference electrode 'LiIn'.*Did you mean 'Li-In'"):
        reference_electrode("LiIn")


# --- against PyBaMM ---------------------------------------------------------------------------

PYBAMM = [
    ("NMC811-mixed", "Chen2020", "Positive", 1.0, 1e-9),
    ("graphite", "Chen2020", "Negative", 1.0, 5 * MILLIVOLT),
    ("LiCoO2-mixed", "Marquis2019", "Positive", 1.062, 1e-9),
]


@pytest.mark.parametrize(("name", "parameters", "side", "stretch", "tolerance"), PYBAMM)
def test_cards_agree_with_pybamm(name, parameters, side, stretch, tolerance):
    """Marquis2019 puts 1.062 x for x."""
    pybamm = pytest.importorskip("pybamm")
    values = pybamm.ParameterValues(parameters)
    card = load(name)
    x = np.linspace(card.open_circuit.ends[0], min(card.open_circuit.ends[1], 0.9), 101)
    curve = values[f"{side} electrode OCP [V]"]
    theirs = [float(curve(pybamm.Scalar(y / stretch)).evaluate()) for y in x]
    assert card.open_circuit_voltage(x) == pytest.approx(theirs, abs=tolerance)
    sites = values[f"Maximum concentration in {side.lower()} electrode [mol.m-3]"]
    assert card.carrier("Li").site_density / 6.02214076e23 == pytest.approx(sites, rel=1e-5)
