"""Studies of the polarization in run files: what is read, and how mistakes are reported."""

import json

import pytest
from polar_runs import write_film

from pyscl import InputError, RandomPolarization, StripeDomains, UniformPolarization
from pyscl.input import (
    PermittivityStudy,
    PolarizationLoopStudy,
    PolingStudy,
    TemperatureRange,
    json_schema,
    load_input,
)

EQUILIBRIUM = (
    "  - equilibrium: {polarization: {film: {kind: uniform, share: 0.9, angle: 180 deg}}}\n"
)
LOOP = """\
  - polarization-loop:
      contact: left
      amplitude: 700 mV
      region: film
      direction: [0.6, 0.8]
      resolution: 10 mV
      points: 20
"""
POLING = "  - {kind: poling, voltages: {left: 0.6 V}, steps: 5, start: previous}\n"
PERMITTIVITY = (
    "  - permittivity: {contact: left, temperatures: {from: 20 degC, to: 130 degC, step: 20 K}}\n"
)
STUDIES = EQUILIBRIUM + LOOP + POLING + PERMITTIVITY


@pytest.fixture
def load(tmp_path):
    """Return a function that loads the run, changed by (old, new) pairs."""

    def read(*changes, studies=STUDIES, variants=False):
        return load_input(write_film(tmp_path, studies, *changes, variants=variants))

    return read


def refusal(load, *changes, **arguments):
    with pytest.raises(InputError) as caught:
        load(*changes, **arguments)
    return str(caught.value)


def test_studies_are_read_in_si(load):
    equilibrium, loop, poling, permittivity = load().studies
    assert equilibrium.polarization == {"film": UniformPolarization(share=0.9, angle=180.0)}
    assert isinstance(loop, PolarizationLoopStudy)
    assert (loop.amplitude, loop.resolution) == (pytest.approx(0.7), pytest.approx(0.01))
    assert (loop.points, loop.cycles, loop.direction) == (20, 1, (0.6, 0.8))
    assert isinstance(poling, PolingStudy)
    assert (poling.voltages, poling.steps, poling.start) == ({"left": 0.6}, 5, "previous")
    assert isinstance(permittivity, PermittivityStudy)
    assert permittivity.values == pytest.approx(
        [293.15, 313.15, 333.15, 353.15, 373.15, 393.15, 403.15]
    )


def test_temperatures_may_be_listed(load):
    listed = ("{from: 20 degC, to: 130 degC, step: 20 K}", "[300 K, 290 K]")
    assert load(listed).studies[3].values == (300.0, 290.0)
    grid = TemperatureRange(low=300.0, high=320.0, step=10.0)
    assert grid.values() == (300.0, 310.0, 320.0)


def test_defaults(load):
    short = "  - polarization-loop: {contact: left, amplitude: 1 V}\n"
    (loop,) = load(studies=short).studies
    assert loop == PolarizationLoopStudy(contact="left", amplitude=1.0)
    assert (loop.region, loop.direction, loop.resolution, loop.start) == (
        None, None, None, "equilibrium")  # fmt: skip
    assert loop.polarization == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{kind: random, seed: 3}", RandomPolarization(seed=3)),
        ("{kind: stripes, period: 4 nm, angle: 90 deg}", StripeDomains("4 nm", 90.0)),
        ("{kind: uniform}", UniformPolarization()),
    ],
)
def test_states_to_start_from(load, text, expected):
    study = load(("{kind: uniform, share: 0.9, angle: 180 deg}", text)).studies[0]
    assert study.polarization == {"film": expected}


def test_states_take_their_values_in_order():
    assert UniformPolarization(0.5, 90.0) == UniformPolarization(share=0.5, angle=90.0)
    assert StripeDomains(4e-9).period == 4e-9
    with pytest.raises(InputError, match=r"StripeDomains\.period: .*above 0"):
        StripeDomains("0 nm")
    with pytest.raises(InputError, match="seed"):
        RandomPolarization(seed=-1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("contact: left\n", "contact: lft\n"), "no contact 'lft'"),
        (("{kind: potential, potential: 0 V}", "{kind: blocking}"),
         "contact 'left' is blocking"),
        (("700 mV", "0 mV"), "the potential must be above 0"),
        (("700 mV", "7 m"), "expected a potential"),
        (("points: 20", "points: 2"), "greater than or equal to 4"),
        (("region: film", "region: flm"), "no region 'flm'"),
        (("[0.6, 0.8]", "[1, 1]"), "this is no unit vector, its length is 1.41421"),
        (("polarization: {film: {kind", "polarization: {fil: {kind"),
         "no ferroelectric region 'fil'"),
        (("share: 0.9", "sharre: 0.9"), "no key 'sharre'"),
        (("kind: uniform", "kind: unifrm"), "Did you mean 'uniform'"),
        (("angle: 180 deg", "angle: 180"), "'180' has no unit"),
        (("{left: 0.6 V}", "{lef: 0.6 V}"), "no contact 'lef'"),
        (("{left: 0.6 V}", "{left: 0 V}"), "all voltages are 0"),
        (("{left: 0.6 V}", "{}"), "at least 1 item"),
        (("to: 130 degC", "to: 10 degC"), "the range ends at 283.15 K, not above its start"),
        (("step: 20 K", "step: 0 K"), "the temperature must be above 0"),
        (("{from: 20 degC, to: 130 degC, step: 20 K}", "300 K"), "these are no temperatures"),
        (("{from: 20 degC, to: 130 degC, step: 20 K}", "[300 K, 300 K]"),
         "two different temperatures or more"),
    ],
)  # fmt: skip
def test_mistakes_are_reported_with_their_place(load, change, message):
    text = refusal(load, change)
    assert message in text
    assert "film.yaml:" in text


def test_the_first_study_has_none_before_it(load):
    assert "there is no study before this one" in refusal(load, studies=POLING)


def test_states_and_poling_need_a_ferroelectric_in_some_variant(load):
    linear = ("{polarization: {law: landau, coefficients: BaTiO3-Bell-Cross}}",
              "{relative_permittivity: 100}")  # fmt: skip
    assert "There is no ferroelectric region at all" in refusal(load, linear, studies=EQUILIBRIUM)
    text = refusal(load, linear, (", start: previous", ""), studies=POLING)
    assert "no region can be poled" in text
    run = load(linear, (", start: previous", ""), studies=POLING, variants=True)
    assert run.studies[0].kind == "poling"  # the variant miller can


def test_the_schema_knows_the_studies_and_states():
    text = json.dumps(json_schema()["properties"]["studies"])
    for name in ("PolarizationLoopStudy", "PolingStudy", "PermittivityStudy"):
        assert name in text
    assert {"UniformPolarization", "StripeDomains"} <= set(json_schema()["$defs"])


def test_a_study_survives_being_written(load):
    run = load()
    again = run.model_dump(mode="json", by_alias=True)
    assert again["studies"][0]["polarization"]["film"]["angle"] == 180.0
    assert again["studies"][3]["temperatures"]["from"] == pytest.approx(293.15)
