"""Impedance studies in run files: what is read, and how mistakes are reported."""

import json

import pytest
from runs import write_run

from pyscl.errors import InputError
from pyscl.input import FrequencyRange, ImpedanceStudy, json_schema, load_input

STEADY = "  - steady: {bias: {right: 10 mV}}\n"
IMPEDANCE = """\
  - impedance:
      contact: left
      reference: right
      bias: {right: 20 mV}
      frequencies: {from: 10 mHz, to: 1 GHz}
      tolerance: 1e-4
"""
RIGHT = "right: {kind: reservoir, carrier: Li, electrochemical_potential: 0 eV, potential: neutral}"
BLOCKED = "right: {kind: blocking}"
THIRD = f"{RIGHT}\n  third: {{kind: potential, potential: 0 V}}"


@pytest.fixture
def load(tmp_path):
    """Return a function that loads a run with an impedance study, changed by (old, new) pairs."""

    def read(*changes, overrides=()):
        path = write_run(tmp_path, (STEADY, IMPEDANCE), *changes)
        return load_input(path, overrides)

    return read


def message_of(call, *args, **kwargs):
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_an_impedance_study_is_read_in_si(load):
    study = load().studies[1]
    assert isinstance(study, ImpedanceStudy)
    assert (study.contact, study.reference, study.open_contacts) == ("left", "right", ())
    assert study.bias == {"right": pytest.approx(0.02)}
    assert study.frequencies == FrequencyRange(low=0.01, high=1e9)
    assert (study.tolerance, study.points_per_decade) == (1e-4, 3)
    assert study.start == "equilibrium"


def test_defaults_of_an_impedance_study(load):
    rest = IMPEDANCE.partition("      reference")[2].partition("\n")[2]
    study = load(("      reference: right\n", ""), (rest, "")).studies[1]
    assert study == ImpedanceStudy(contact="left")
    assert (study.reference, study.frequencies, study.bias) == (None, None, {})
    assert study.tolerance == 1e-3


def test_frequencies_may_be_listed_in_any_order(load):
    listed = ("{from: 10 mHz, to: 1 GHz}", "[1 kHz, 10 Hz, 0.1 1/s]")
    study = load(listed, ("      tolerance: 1e-4\n", "")).studies[1]
    assert study.frequencies == (0.1, 10.0, 1000.0)
    assert ImpedanceStudy(contact="a", frequencies=[3.0, 1.0]).frequencies == (1.0, 3.0)
    ends = {"from": 1.0, "to": "1 kHz"}
    assert ImpedanceStudy(contact="a", frequencies=ends).frequencies.high == 1000.0


def test_an_impedance_study_may_be_written_with_its_kind(load):
    short = "  - {kind: impedance, contact: left, open: [third], start: previous}\n"
    study = load((IMPEDANCE, short), (RIGHT, THIRD)).studies[1]
    assert (study.open_contacts, study.start) == (("third",), "previous")


def test_an_override_reaches_into_the_study(load):
    key = "studies.1.impedance.frequencies"
    study = load(overrides=[f"{key}.to=1 MHz"]).studies[1]
    assert study.frequencies == FrequencyRange(low=0.01, high=1e6)
    message = message_of(load, overrides=[f"{key}.to=1 mHz"])
    assert message.startswith(f"--set {key}.to=1 mHz: the range ends at 1 mHz")


FROM_TO = "{from: 10 mHz, to: 1 GHz}"
TOLERANCE = "      tolerance: 1e-4\n"


@pytest.mark.parametrize(
    ("changes", "place", "parts"),
    [
        # contacts
        ([("contact: left", "contact: lft")], "18:16", ["no contact 'lft'", "mean 'left'?"]),
        ([("reference: right", "reference: rght")], "19:18", ["no contact 'rght'", "'right'?"]),
        ([("reference: right", "reference: left")], "19:18", ["where the voltage is applied"]),
        ([("reference: right", "open: [third]")], "19:14", ["no contact 'third'"]),
        ([("reference: right", "open: [right]")], "19:13", ["all other contacts are open"]),
        ([("reference: right", "open: [left]")], "19:14", ["name another contact"]),
        ([("bias: {right", "bias: {rigt")], "20:14", ["no contact 'rigt'", "'right'?"]),
        # frequencies
        ([(FROM_TO, "{from: 1 Hz, to: 1 mHz}")], "21:37", ["ends at 1 mHz", "lower freq"]),
        ([(FROM_TO, "{from: 1 Hz, to: 1 Hz}")], "21:37", ["not above its start at 1 Hz"]),
        ([(FROM_TO, "{from: 1 Hz}")], "21:20", ["missing key 'to'"]),
        ([(FROM_TO, "{from: 1 Hz, to: 2 Hz, in: 3}")], "21:43", ["no key 'in'", "from, to"]),
        ([(FROM_TO, "{from: 0 Hz, to: 1 Hz}")], "21:27", ["'0 Hz' is too small", "above 0"]),
        ([(FROM_TO, "{from: 1 V, to: 1 Hz}")], "21:27", ["wrong unit 'V'", "'10 mHz'"]),
        ([(FROM_TO, "{from: 1 rad/s, to: 1 Hz}")], "21:27", ["an angular frequency, 2 pi f"]),
        ([(FROM_TO, "1 Hz")], "21:20", ["no frequencies", "{from: 10 mHz, to: 1 GHz}, or a list"]),
        ([(FROM_TO, "[]"), (TOLERANCE, "")], "21:20", ["list of frequencies is empty"]),
        ([(FROM_TO, "[1 Hz, -2 Hz]"), (TOLERANCE, "")], "21:27", ["'-2 Hz' is too small"]),
        ([(FROM_TO, "[1 Hz, 2]"), (TOLERANCE, "")], "21:27", ["'2' has no unit"]),
        ([(FROM_TO, "[1 Hz, 1 kHz, 1 Hz]"), (TOLERANCE, "")], "21:34", ["1 Hz is given twice"]),
        ([(FROM_TO, "[1 Hz, 2 Hz]")], "22:7", ["tolerance has no effect on a list"]),
        # the rest
        ([("1e-4", "0")], "22:18", ["above 0"]),
        ([("tolerance: 1e-4", "points_per_decade: 0")], "22:26", ["greater than or equal to 1"]),
        ([("tolerance: 1e-4", "points_per_decad: 5")], "22:7", ["mean 'points_per_decade'?"]),
        ([("tolerance: 1e-4", "start: last")], "22:14", ["Allowed: equilibrium, previous"]),
    ],
)  # fmt: skip
def test_mistakes_are_shown_with_place_and_advice(load, tmp_path, changes, place, parts):
    message = message_of(load, *changes)
    for part in parts:
        assert part in message
    assert message.startswith(f"{tmp_path / 'run.yaml'}:{place}: "), message
    assert message.count("run.yaml:") == 1


def test_contacts_without_a_voltage_are_refused(load):
    message = message_of(load, (RIGHT, BLOCKED))
    assert "run.yaml:18:16: there is no contact to which a current from 'left'" in message
    assert "run.yaml:19:18: contact 'right' is blocking" in message
    assert "its voltage is not held" in message
    assert "run.yaml:20:14: contact 'right' is blocking" in message
    third = THIRD.replace("potential, potential: 0 V", "blocking")
    message = message_of(load, (RIGHT, third), ("reference: right", "open: [third]"))
    assert "run.yaml:20:14: contact 'third' is blocking" in message


def test_the_first_study_has_nothing_to_start_from(load):
    changes = ("  - equilibrium\n", ""), ("tolerance: 1e-4", "start: previous")
    assert "run.yaml:21:14: there is no study before this one" in message_of(load, *changes)


def test_the_study_is_written_as_it_was_read(load):
    study = load().model_dump(mode="json", by_alias=True)["studies"][1]
    assert study["frequencies"] == {"from": 0.01, "to": 1e9}
    assert study["open"] == []
    again = ImpedanceStudy(**{k: v for k, v in study.items() if k != "kind"})
    assert again.frequencies == FrequencyRange(low=0.01, high=1e9)


def test_schema_offers_impedance_studies():
    schema = json_schema()
    keys = schema["$defs"]["ImpedanceStudy"]
    assert keys["required"] == ["contact"]
    assert schema["$defs"]["FrequencyRange"]["required"] == ["from", "to"]
    assert "ImpedanceStudy" in json.dumps(schema["properties"]["studies"])
