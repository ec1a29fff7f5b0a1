"""Run files: what is read, and how mistakes are reported (file, line, column, nearest name)."""

import contextlib
import json

import pytest

from pyscl.boundaries import FloatingConductor, Interface, PotentialContact, ReservoirContact
from pyscl.errors import InputError
from pyscl.input import EquilibriumStudy, SteadyStudy, TransientStudy, json_schema, load_input
from pyscl.protocol import Protocol

RUN = """\
title: Composite cathode
temperature: 25 degC
coordinates: planar
mesh: {file: composite.msh, unit: nm}
regions:
  electrolyte: Li6PS5Cl
  active: {card: LiCoO2, set: {carriers.Li.site_fraction: 0.4}}
  inclusion: {relative_permittivity: 1000}
interfaces:
  electrolyte|active: {surface_charge: 2 uC/cm^2, blocking: [Li]}
contacts:
  separator: {kind: reservoir, carrier: Li, potential: neutral}
  collector: {kind: potential, potential: 0.1 V}
conserved:
  - {carrier: Li, regions: [electrolyte], amount: 3e-9 mol/m}
periodic:
  - {sides: [left, right], potential_jump: 5 mV}
variants:
  with BaTiO3: {}
  control: {inclusion: {relative_permittivity: 30}}
  blank: {inclusion: Li6PS5Cl}
studies:
  - equilibrium
  - steady: {bias: {collector: 10 mV}}
output:
  cuts:
    across: {from: [0 nm, 0 nm], to: [10 nm, 5 nm], points: 300}
  figures: false
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that loads RUN, changed by (old, new) pairs, with overrides."""
    (tmp_path / "composite.msh").touch()

    def load(*changes, overrides=()):
        text = RUN
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "run.yaml"
        path.write_text(text)
        return load_input(path, overrides)

    return load


def message_of(call, *args, **kwargs):
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


# --- what is read -----------------------------------------------------------------------------


def test_a_full_file_is_read_in_si(run, tmp_path):
    job = run()
    assert job.temperature == pytest.approx(298.15)
    assert job.mesh.file == tmp_path / "composite.msh"
    assert job.mesh.scale == pytest.approx(1e-9)
    assert job.regions["active"].carrier("Li").site_fraction == 0.4
    assert job.regions["inclusion"].name == "inclusion"
    assert job.interfaces["active|electrolyte"].surface_charge == pytest.approx(0.02)
    assert job.contacts["separator"] == ReservoirContact(carrier="Li", potential="neutral")
    assert job.contacts["collector"] == PotentialContact(potential=0.1)
    assert job.conserved[0].amount == 3e-9
    assert job.periodic[0].potential_jump == pytest.approx(0.005)
    assert job.studies == (EquilibriumStudy(), SteadyStudy(bias={"collector": 0.01}))
    assert job.output.cuts["across"].end == pytest.approx((1e-8, 5e-9))
    assert job.output.figures is False


def test_variants_replace_materials_of_regions_only(run):
    job = run()
    assert job.materials()["inclusion"].relative_permittivity == 1000
    assert job.materials("with BaTiO3") == job.materials()
    assert job.materials("control")["inclusion"].relative_permittivity == 30
    assert job.materials("blank")["inclusion"].name == "Li6PS5Cl"
    assert job.materials("blank")["active"] == job.regions["active"]
    assert "Did you mean 'control'" in message_of(job.materials, "contrl")


def test_values_of_the_file_are_marked_as_the_users(run):
    job = run()
    origin = {p.property: p.origin for p in job.regions["active"].provenance}
    assert origin["carriers.Li.site_fraction"] == "user"
    assert origin["relative_permittivity"] == "sclcode"
    assert [p.origin for p in job.regions["inclusion"].provenance] == ["user"]


def test_nested_overrides_of_a_card_are_the_same_as_dotted_ones(run):
    nested = run(("{carriers.Li.site_fraction: 0.4}", "{carriers: {Li: {site_fraction: 0.4}}}"))
    assert nested.regions["active"] == run().regions["active"]


def test_inventories_are_per_depth_in_planar_and_whole_in_axisymmetric_coordinates(run):
    axisymmetric = ("coordinates: planar", "coordinates: axisymmetric")
    assert run(axisymmetric, ("3e-9 mol/m", "3e-9 mol")).conserved[0].amount == 3e-9
    assert "wrong unit 'mol/m'" in message_of(run, axisymmetric)
    assert "wrong unit 'mol' " in message_of(run, ("3e-9 mol/m", "3e-9 mol"))


def test_a_minimal_file_gets_the_defaults(tmp_path):
    (tmp_path / "m.msh").touch()
    path = tmp_path / "run.yaml"
    path.write_text("mesh: {file: m.msh}\nregions: {all: LLZO}\n")
    job = load_input(path)
    assert (job.temperature, job.coordinates, job.mesh.unit) == (298.15, "planar", "m")
    assert job.studies == (EquilibriumStudy(),)


def test_own_card_is_found_beside_the_run_file(run, tmp_path):
    card = "name: mine\ndescription: d\nrelative_permittivity: {value: 3, assumption: guess}\n"
    (tmp_path / "mine.yaml").write_text(card)
    job = run(("{relative_permittivity: 1000}", "mine.yaml"))
    assert job.regions["inclusion"].name == "mine"


def test_schema_is_json_and_names_the_keys():
    schema = json_schema()
    assert json.loads(json.dumps(schema))["required"] == ["mesh", "regions"]
    assert schema["$defs"]["CutLine"]["required"] == ["from", "to"]
    assert schema["properties"]["temperature"]["type"] == "string"


# --- mistakes: file, line, column, what is allowed, nearest name -----------------------------


@pytest.mark.parametrize(
    ("old", "new", "place", "parts"),
    [
        # unknown names
        ("title:", "titel:", "1:1", ["no key 'titel'", "Did you mean 'title'?"]),
        ("unit: nm", "units: nm", "4:29", ["no key 'units' in mesh", "Did you mean 'unit'?"]),
        ("Li6PS5Cl", "Li6PS5C", "6:16", ["no material card 'Li6PS5C'", "Did you mean 'Li6PS5Cl'?"]),
        ("card: LiCoO2", "card: LXO", "7:18", ["no material card 'LXO' for regions.active.card"]),
        (
            "{carriers.Li.site_fraction: 0.4}",
            "{carriers.Li.site_fracton: 0.4}",
            "7:58",
            ["no property of a carrier", "Did you mean 'site_fraction'?"],
        ),
        ("set: {carriers.Li.", "set: {carriers.Na.", "7:59", ["no carrier 'Na'", "Allowed: Li."]),
        ("electrolyte|active", "elektrolyte|active", "10:3", ["Did you mean 'electrolyte'?"]),
        ("electrolyte|active", "electrolyte-active", "10:3", ["write 'region|other region'"]),
        ("blocking: [Li]", "blocking: [Na]", "10:62", ["no shared carrier 'Na'", "Allowed: Li."]),
        ("kind: reservoir", "kind: reservor", "12:14", ["Did you mean 'reservoir'?"]),
        ("carrier: Li, potential", "carrier: Na, potential", "12:41", ["no carrier 'Na'"]),
        ("regions: [electrolyte]", "regions: [active2]", "15:29", ["Did you mean 'active'?"]),
        (
            "{carrier: Li, regions: [e",
            "{carrier: e, regions: [e",
            "15:15",
            ["no carrier 'e' in reg"],
        ),
        ("control: {inclusion", "control: {inclusions", "20:13", ["Did you mean 'inclusion'?"]),
        ("- equilibrium", "- equilibrum", "23:5", ["Did you mean 'equilibrium'?"]),
        ("bias: {collector", "bias: {colector", "24:21", ["Did you mean 'collector'?"]),
        ("coordinates: planar", "coordinates: polar", "3:14", ["Did you mean 'planar'?"]),
        # units and numbers
        ("25 degC", "25 V", "2:14", ["wrong unit 'V' for temperature", "e.g. '298.15 K'"]),
        ("25 degC", "298.15", "2:14", ["'298.15' has no unit"]),
        ("25 degC", "0 K", "2:14", ["'0 K' is too small for temperature", "above 0"]),
        ("25 degC", ".nan", "2:14", ["for temperature"]),
        ("unit: nm", "unit: mV", "4:35", ["wrong unit 'mV' for mesh.unit"]),
        ("0.1 V", "0.1 S/m", "13:43", ["wrong unit 'S/m' for contacts.collector.potential"]),
        ("permittivity: 1000", "permittivity: -1", "8:38", ["too small", "above 0"]),
        ("permittivity: 1000", "permittivity: .nan", "8:38", ["not a finite number"]),
        ("site_fraction: 0.4", "site_fraction: 1.4", "7:59", ["between 0 and 1"]),
        ("10 mV}}", "10}}", "24:32", ["'10' has no unit for studies.1.steady.bias.collector"]),
        ("points: 300", "points: 1", "27:61", ["greater than or equal to 2"]),
        ("potential: neutral", "potential: neutra", "12:56", ["does not start with a number"]),
        ("- steady: {bias: {collector: 10 mV}}", "- steady", "24:5", ["missing key 'bias'"]),
        # structure
        ("mesh: {file: composite.msh, unit: nm}\n", "", "1:1", ["missing key 'mesh'"]),
        ("composite.msh", "composit.msh", "4:14", ["there is no file"]),
        ("figures: false", "figures: 7", "28:12", ["expected true or false"]),
        (
            "[left, right]",
            "[left]",
            "17:13",
            ["entry 2 of the list is missing for periodic.0.sides"],
        ),
        (
            "{kind: potential, potential: 0.1 V}",
            "blocking",
            "24:21",
            ["'collector' is blocking", "no effect"],
        ),
        ("title:", "title: a\ntitle:", "2:1", ["'title' is given twice", "line 1"]),
        ("title: Composite", "no: Composite", "1:1", ["a key must be a text", "quotes: 'no'"]),
        ("  electrolyte: Li", "\telectrolyte: Li", "6:1", ["indent with spaces, not tabs"]),
        ("unit: nm}", "unit: nm", "5:8", ["is the file complete?"]),
    ],
)
def test_mistakes_are_shown_with_place_and_advice(run, tmp_path, old, new, place, parts):
    message = message_of(run, (old, new))
    first = message.splitlines()[0]
    for part in parts:
        assert part in message
    assert first.startswith(f"{tmp_path / 'run.yaml'}:{place}: "), message


def test_the_offending_line_is_shown_with_a_caret(tmp_path):
    (tmp_path / "m.msh").touch()
    path = tmp_path / "run.yaml"
    path.write_text(
        "mesh: {file: m.msh}\nregions:\n  electrolyte:\n    card: LLZO\n    set:\n"
        "      carriers:\n        Li:\n          conductivity: 0.3 mV\n"
    )
    assert message_of(load_input, path).splitlines() == [
        f"{path}:8:25: wrong unit 'mV' for regions.electrolyte.set.carriers.Li.conductivity",
        "    conductivity: 0.3 mV",
        "                  ^",
        "  expected a conductivity, e.g. '0.3 mS/cm'",
    ]


def test_all_mistakes_of_a_file_are_reported_at_once_in_its_order(run):
    message = message_of(run, ("25 degC", "25"), ("unit: nm", "unit: V"), ("0.1 V", "0.1 K"))
    assert [line.split(":")[1] for line in message.splitlines() if "run.yaml:" in line] == [
        "2", "4", "13",
    ]  # fmt: skip


def test_very_many_mistakes_are_counted(run):
    cuts = "".join(f"    c{i}: {{from: [0, 0], to: [1, 1]}}\n" for i in range(5))
    message = message_of(run, ("  figures", cuts + "  figures"))
    assert message.count("has no unit") == 10
    assert message.endswith("... and 10 more")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "run.yaml:1:1: the file is empty"),
        ("# nothing\n", "run.yaml:1:1: the file is empty"),
        ("- a\n- b\n", "run.yaml:1:1: the file must hold a mapping"),
        ("just words", "run.yaml:1:1: the file must hold a mapping"),
        ("a: [1, 2", "run.yaml:1:9: .*"),
        ("a: 1\n---\nb: 2\n", "run.yaml:2:1: .*another document"),
        ("a: *b\n", "run.yaml:1:4: .*undefined alias"),
        ("a: !!python/object:os.system 1\n", "run.yaml:1:4: .*constructor"),
    ],
)
def test_files_that_are_no_mapping_are_refused(tmp_path, text, message):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_input(path)


def test_missing_and_binary_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load_input(tmp_path / "nowhere.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file in UTF-8"):
        load_input(tmp_path / "binary.yaml")


@pytest.mark.parametrize("length", range(0, len(RUN) - 20, 37))
def test_a_truncated_file_is_refused_or_read_but_never_crashes(tmp_path, length):
    (tmp_path / "composite.msh").touch()
    path = tmp_path / "run.yaml"
    path.write_text(RUN[:length])
    with contextlib.suppress(InputError):
        load_input(path)


# --- overrides --------------------------------------------------------------------------------


def test_overrides_change_existing_and_add_new_keys(run):
    job = run(
        overrides=[
            "temperature=50 degC",
            "regions.active.set.carriers.Li.site_fraction=0.3",
            "regions.active.set.relative_permittivity=20",
            "regions.electrolyte.set.carriers.Li.conductivity=5 mS/cm",
            "studies.1.steady.bias.collector=20 mV",
            "contacts.separator.electrochemical_potential=0.1 eV",
            "output.figures=true",
        ]
    )
    assert job.temperature == pytest.approx(323.15)
    assert job.regions["active"].carrier("Li").site_fraction == 0.3
    assert job.regions["active"].relative_permittivity == 20
    assert job.regions["electrolyte"].carrier("Li").conductivity == pytest.approx(0.5)
    assert job.studies[1].bias == {"collector": 0.02}
    assert job.contacts["separator"].electrochemical_potential == pytest.approx(0.1)
    assert job.output.figures is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("temperatur=3 K", "no key 'temperatur'\n.*Did you mean 'temperature'"),
        ("mesh.fil=x", "no key 'fil' in mesh\n.*Did you mean 'file'"),
        ("temperature=3", "'3' has no unit for temperature\n  expected a temperature"),
        ("regions.active.set.carriers.Li.conductivity=3 V", "wrong unit 'V' for regions.active"),
        ("studies.7=equilibrium", "no entry of 'studies' '7'; Allowed: 0, 1"),
        ("title.x=3", "'title' is a single value"),
        ("temperature", "expected key=value"),
        ("=3", "expected key=value"),
        ("title=[", "not valid YAML"),
    ],
)
def test_mistakes_in_overrides_name_the_override(run, text, message):
    with pytest.raises(InputError, match=message) as caught:
        run(overrides=[text])
    assert str(caught.value).startswith(f"--set {text}: ")


def test_overrides_find_region_names_with_dots(tmp_path):
    (tmp_path / "m.msh").touch()
    path = tmp_path / "run.yaml"
    path.write_text("mesh: {file: m.msh}\nregions: {a.b: LLZO, a: LLZO}\n")
    job = load_input(path, ["regions.a.b.set.relative_permittivity=20"])
    assert [m.relative_permittivity for m in job.regions.values()] == [20, 60]


# --- transient studies ------------------------------------------------------------------------

STEADY = "  - steady: {bias: {collector: 10 mV}}\n"
TRANSIENT = """\
  - transient:
      contact: collector
      reference: separator
      capacity: 1 mAh/cm^2
      protocol:
        - Rest for 10 ms
        - "Charge at 0.1 mA/cm2 until 4.3 V"
        - [Hold at 4.3 V until C/50, 'Step to 0.1 V']
        - |
          Wait until Li at active|electrolyte falls below 0.01

          Discharge at 1 uA/m until 3 V
        - follow: {times: [0 s, 1 s], voltage: [0 V, 10 mV]}
"""
CURRENT = "Discharge at 1 uA/m until 3 V"
OF_E = "until e at active|electrolyte falls below 0.01"
RESERVOIR = "{kind: reservoir, carrier: Li, potential: neutral}"


@pytest.fixture
def transient(run):
    """Return a function that loads RUN with a transient study, changed by (old, new) pairs."""

    def load(*changes, overrides=()):
        return run((STEADY, TRANSIENT), *changes, overrides=overrides)

    return load


def test_a_transient_study_is_read_in_si(transient):
    keys = ("save_every: 2 s", "max_step: 1 ms", "first_step: 1 us", "cycles: 3", "start: previous")
    more = "\n      ".join(keys) + "\n"
    study = transient(("      contact: coll", f"      {more}      contact: coll")).studies[1]
    assert isinstance(study, TransientStudy)
    assert (study.contact, study.reference) == ("collector", "separator")
    assert study.capacity == pytest.approx(36e3)
    assert (study.max_step, study.tolerance, study.checkpoint_every) == (1e-3, 1e-3, 60.0)
    assert study.first_step == 1e-6
    assert study.start == "previous"
    assert study.saving == 2.0
    assert study.protocol.cycles == 3
    assert study.protocol.sentences == (
        "Rest for 10 ms",
        "Charge at 0.1 mA/cm^2 until 4.3 V",
        "Hold at 4.3 V until C/50",
        "Step to 0.1 V",
        "Wait until Li at active|electrolyte falls below 0.01",
        "Discharge at 1 uA/m until 3 V",
        "Follow the voltage given at 2 times for 1 s",
    )


def test_defaults_of_a_transient_study(transient):
    study = transient(("      reference: separator\n", "")).studies[1]
    assert (study.reference, study.start, study.saving) == (None, "equilibrium", "steps")
    assert study.protocol.cycles == 1


def test_a_transient_study_made_in_python_equals_the_one_of_a_file(transient):
    study = transient(("[0 s, 1 s]", "[0 s, 2 s]")).studies[1]
    same = TransientStudy(
        contact="collector",
        reference="separator",
        capacity="1 mAh/cm^2",
        protocol=[*study.protocol.sentences[:-1], study.steps[-1]],
    )
    assert same == study
    assert same.protocol == Protocol(study.steps)
    assert TransientStudy(contact="a", protocol="Rest for 1 s", save_times=[0, 2]).saving == (0, 2)


def test_a_transient_study_may_be_written_with_its_kind(run):
    text = "  - {kind: transient, contact: collector, protocol: Rest for 1 s}\n"
    assert run((STEADY, text)).studies[1].protocol.sentences == ("Rest for 1 s",)
    assert ":24:53: 'Rst' is" in message_of(run, (STEADY, text.replace("Rest", "Rst")))


@pytest.mark.parametrize(
    ("old", "new", "place", "parts"),
    [
        # the caret stands at the word in the file
        ("- Rest for", "- Rest foor", "29:16", ["'foor' is not understood for st", "'for'"]),
        ('"Charge', '"Chrage', "30:12", ["'Chrage'", "Did you mean 'charge'?"]),
        ("0.1 mA/cm2 until", "0.1 V until", "30:26", ["wrong unit 'V'", "'0.1 mA/cm^2'"]),
        ("[Hold at 4.3 V until", "[Hold at 4.3 V untl", "31:26", ["'untl'", "'until'"]),
        ("'Step to 0.1 V'", "'Step tp 0.1 V'", "31:44", ["'tp'"]),
        (CURRENT, "  Dischrge at 1 uA/m", "35:13", ["'Dischrge' is not", "'discharge'?"]),
        ("Wait until", "Wait for -1 s or until", "33:20", ["'-1 s' is no duration"]),
        # texts the file does not hold word by word are marked at their start
        ('"Charge at', '"Chrage\\x20at', "30:11", ["'Chrage'"]),
        ("- Rest for 10 ms", "- >\n          Rest foor\n          10 ms", "29:11", ["'foor'"]),
        # steps that are mappings
        ("- follow: {", "- folow: {", "36:11", ["no choice 'folow'", "Did you mean 'follow'?"]),
        ("[0 s, 1 s]", "[0 s, 0 s]", "36:33", ["time 2 (0 s) does not come after 0 s"]),
        ("[0 s, 1 s]", "[0, 1 s]", "36:28", ["'0' has no unit"]),
        ("[0 V, 10 mV]", "[0 V]", "36:48", ["1 values for 2 times"]),
        ("- Rest for 10 ms", "- 5", "29:11", ["'5' is no step"]),
        # what does not fit the model
        ("at active|elec", "at activ|elec", "33:28", ["no region 'activ'", "'active'?"]),
        (CURRENT, f"Charge at C for 1 s or {OF_E}", "35:40", ["no carrier 'e' at 'active|electro"]),
        ("until Li at act", "until Na at act", "33:22", ["no carrier 'Na' at 'active|elec"]),
        ("      capacity: 1 mAh/cm^2\n", "", "30:12", ["C-rate needs the capacity", "1 mAh/cm^2"]),
        (CURRENT, "Charge at 1 uA for 1 s", "35:11", ["does not fit planar coord", "A/m or A/m^2"]),
        ("contact: coll", "contact: col", "25:16", ["no contact 'colector'", "mean 'collector'?"]),
        ("reference: sep", "reference: sp", "26:18", ["no contact 'sparator'"]),
        ("reference: separator", "reference: collector", "26:18", ["working contact itself"]),
        (RESERVOIR, "blocking", "26:18", ["'separator' is blocking"]),
        ("{kind: potential, potential: 0.1 V}", "blocking", "25:16", ["'collector' is blocking"]),
        # keys of the study
        ("capacity: 1 mAh/cm^2", "capacity: 1 mAh", "27:17", ["wrong unit 'mAh'", "1 mAh/cm^2"]),
        ("capacity:", "capacty:", "27:7", ["no key 'capacty'", "Did you mean 'capacity'?"]),
        ("  capacity:", "  tolerance: 0\n      capacity:", "27:18", ["above 0"]),
        ("  capacity:", "  start: last\n      capacity:", "27:14", ["Allowed: equilibrium, prev"]),
        ("  capacity:", "  save_times: [1 s, 1 s]\n      capacity:", "27:25", ["not come after"]),
        ("  capacity:", "  save_times: []\n      capacity:", "27:19", ["list of times is empty"]),
        ("  capacity:", "  step_lengths: [10 ms]\n      capacity:", "31:12", ["end at a limit"]),
        ("  capacity:", "  step_lengths: []\n      capacity:", "27:21", ["of lengths is empty"]),
        (
            "  capacity:",
            "  save: steps\n      save_every: 1 s\n      capacity:",
            "28:7",
            ["save and save_every exclude each other"],
        ),
    ],
)  # fmt: skip
def test_mistakes_in_a_transient_study_are_shown_with_place_and_advice(
    transient, tmp_path, old, new, place, parts
):
    message = message_of(transient, (old, new))
    for part in parts:
        assert part in message
    assert message.startswith(f"{tmp_path / 'run.yaml'}:{place}: "), message


def test_the_line_of_a_sentence_is_shown_with_a_caret_at_the_word(transient, tmp_path):
    message = message_of(transient, (CURRENT, "Discharge at 1 uA/m untl 3 V"))
    assert message.splitlines() == [
        f"{tmp_path / 'run.yaml'}:35:31: 'untl' is not understood for "
        "studies.1.transient.protocol.3",
        "    Discharge at 1 uA/m untl 3 V",
        "                        ^",
        "  understood: 'Discharge at 1 uA/m'; allowed here: 'for <time>', 'until <limit>'. "
        "Did you mean 'until'?",
        "  e.g. 'Discharge at C/10 for 1 h or until 3 V'",
    ]  # fmt: skip


def test_all_mistakes_of_a_protocol_are_reported_at_once(transient):
    message = message_of(transient, ("Rest", "Rst"), ("Wait", "Wat"), ("Discharge", "Dscharge"))
    assert [line.split(":")[1] for line in message.splitlines() if "run.yaml:" in line] == [
        "29", "33", "35",
    ]  # fmt: skip


def test_equal_sentences_in_one_line_are_told_apart(run):
    text = "  - transient: {contact: collector, protocol: [Rst for 1 s, Rst for 1 s]}\n"
    message = message_of(run, (STEADY, text))
    assert "run.yaml:24:48: " in message
    assert "run.yaml:24:61: " in message


def test_overrides_of_a_protocol_name_the_override(transient):
    key = "studies.1.transient.protocol"
    assert (
        len(transient(overrides=[f"{key}=[Rest for 1 s, Wait until steady]"]).studies[1].steps) == 2
    )
    message = message_of(transient, overrides=[f"{key}=[Rest for 1 s, Wait]"])
    assert message.startswith(
        f"--set {key}=[Rest for 1 s, Wait]: nothing ends the step for {key}.1"
    )
    assert transient(overrides=["studies.1.transient.cycles=4"]).studies[1].cycles == 4


def test_the_reference_must_be_clear_if_it_is_not_given(transient):
    without = ("      reference: separator\n", "")
    third = ("collector: {kind", "third: {kind: potential, potential: 0 V}\n  collector: {kind")
    message = message_of(transient, without, third)
    assert "run.yaml:26:16: the reference of the voltage is not clear" in message
    assert "give reference: separator or third" in message
    assert "no contact to measure" in message_of(transient, without, (RESERVOIR, "blocking"))


def test_a_current_in_axisymmetric_coordinates_is_not_per_depth(transient):
    axisymmetric = ("coordinates: planar", "coordinates: axisymmetric"), ("3e-9 mol/m", "3e-9 mol")
    assert "A or A/m^2" in message_of(transient, *axisymmetric)
    study = transient(*axisymmetric, (CURRENT, "Charge at 1 uA for 1 s")).studies[1]
    assert study.steps[5].current == 1e-6


def test_the_first_study_has_nothing_to_start_from(transient):
    change = (
        ("  - equilibrium\n", ""),
        ("      reference", "      start: previous\n      reference"),
    )
    assert "run.yaml:25:14: there is no study before this one" in message_of(transient, *change)


def test_carriers_of_a_variant_may_be_watched(transient):
    watched = "until Li at active|inclusion"
    transient(("until Li at active|electrolyte", watched))
    pore = ("  inclusion: {rel", "  pore: {relative_permittivity: 1}\n  inclusion: {rel")
    watched = "until Li at pore|inclusion"  # only in one variant with lithium
    transient(pore, ("until Li at active|electrolyte", watched))
    blank = ("  blank: {inclusion: Li6PS5Cl}\n", "")
    message = message_of(transient, pore, blank, ("until Li at active|electrolyte", watched))
    assert "no carrier 'Li' at 'inclusion|pore'" in message
    only = ("until Li at active|electrolyte", "until Li at inclusion|nothing")
    assert "no region 'nothing'" in message_of(transient, only)


# --- kinetics and floating conductors ---------------------------------------------------------


def test_kinetics_belong_to_shared_carriers(run):
    law = "{law: resistance, resistance: 10 ohm*cm^2}"
    change = ("blocking: [Li]", f"kinetics: {{Li: {law}}}")
    assert run(change).interfaces["active|electrolyte"].kinetics["Li"].resistance == 1e-3
    message = message_of(run, (change[0], change[1].replace("Li:", "Na:")))
    assert "run.yaml:10:62: no shared carrier 'Na'" in message


def test_contradictions_of_an_interface_are_said_in_plain_words():
    law = {"law": "resistance", "resistance": 1e-3}
    message = message_of(Interface, blocking=["Li"], kinetics={"Li": law})
    assert message.startswith("Interface: carrier 'Li' is blocking and has kinetics")


def test_floating_conductors_are_regions(run):
    text = "floating: [{{region: {}, charge: 1 nC/m}}]\ntitle:"
    assert run(("title:", text.format("inclusion"))).floating == (
        FloatingConductor(region="inclusion", charge=1e-9),
    )
    message = message_of(run, ("title:", text.format("inclusio")))
    assert "run.yaml:1:21: no region 'inclusio'" in message


def test_schema_offers_transient_studies():
    schema = json_schema()
    keys = schema["$defs"]["TransientStudy"]
    assert keys["required"] == ["contact", "protocol"]
    assert {"type": "string"} in keys["properties"]["protocol"]["anyOf"]
    assert "TransientStudy" in json.dumps(schema["properties"]["studies"])


def test_a_wrong_study_is_reported_once(transient):
    """The list of studies is not called too short because its only entry is wrong."""
    with pytest.raises(InputError) as error:
        transient(("  - equilibrium\n", ""), ("Rest for 10 ms", "Rest fro 10 ms"))
    assert "'fro' is not understood" in str(error.value)
    assert "at least 1 item" not in str(error.value)
