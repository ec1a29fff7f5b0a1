"""Study files: kinds of axes, cases, and what is refused before any work starts."""

import warnings

import numpy as np
import pytest
from runs import write_run
from studies import BIAS, TEMPERATURE, tiny_study

from pyscl import InputError
from pyscl.input import load_input
from pyscl.input.loader import validated
from pyscl.sweep.axes import expand_axes
from pyscl.sweep.cases import chains, effective, key_of
from pyscl.sweep.definition import load_study
from pyscl.sweep.drive import plan
from pyscl.sweep.keeping import is_kept

FRACTION = "regions.a.carriers.0.site_fraction"


def axis(folder, **given):
    """Return the only axis of a study."""
    (found,) = expand_axes(tiny_study(folder, axes={"x": {"path": FRACTION, **given}}))
    return found


def inputs(study):
    """Return the validated input of every case."""
    axes, cases = plan(study)
    return [validated(effective(study, case, axes)) for case in cases]


def refused(folder, text):
    """Return the message with which a study file is refused."""
    write_run(folder)
    path = folder / "study.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        plan(load_study(path))
    return str(caught.value)


# Axes.


def test_values_are_numbers_in_the_unit_of_the_first(tmp_path):
    found = axis(tmp_path, path=BIAS["path"], values=["10 mV", "0.02 V", "3e1 mV"])
    assert found.unit == "mV"
    assert [p.coordinate for p in found.points] == pytest.approx([10.0, 20.0, 30.0])
    assert [p.overrides for p in found.points] == [
        ((BIAS["path"], text),) for text in ("10 mV", "0.02 V", "3e1 mV")
    ]


def test_values_that_are_no_numbers_are_labels(tmp_path):
    found = axis(tmp_path, path="coordinates", values=["planar", "axisymmetric"])
    assert found.unit is None
    assert [p.coordinate for p in found.points] == ["planar", "axisymmetric"]


def test_named_values_may_be_anything(tmp_path):
    law = {"law": "booth", "low_field": 100}
    found = axis(tmp_path, path="regions.b.polarization", values={"linear": None, "booth": law})
    assert [p.coordinate for p in found.points] == ["linear", "booth"]
    assert found.points[1].overrides == (("regions.b.polarization", law),)


@pytest.mark.parametrize(
    ("kind", "expected"), [("linspace", [0.1, 0.25, 0.4]), ("logspace", [0.1, 0.2, 0.4])]
)
def test_grids_have_exact_ends(tmp_path, kind, expected):
    found = axis(tmp_path, **{kind: {"from": 0.1, "to": 0.4, "points": 3}})
    numbers = [p.coordinate for p in found.points]
    assert numbers == pytest.approx(expected, rel=1e-14)
    assert (numbers[0], numbers[-1]) == (0.1, 0.4)


def test_seeds_count_from_0(tmp_path):
    assert [p.coordinate for p in axis(tmp_path, seeds=3).points] == [0, 1, 2]


def test_one_value_may_go_to_several_places(tmp_path):
    paths = [FRACTION, "regions.b.carriers.0.site_fraction"]
    study = tiny_study(tmp_path, axes={"x": {"path": paths, "values": [0.1, 0.2]}})
    for run, value in zip(inputs(study), (0.1, 0.2), strict=True):
        assert [run.regions[r].carriers[0].site_fraction for r in "ab"] == [value] * 2


def test_the_path_is_the_name_unless_it_is_given(tmp_path):
    runs = inputs(tiny_study(tmp_path, axes={"temperature": TEMPERATURE}))
    assert [run.temperature for run in runs] == [300.0, 310.0]


def test_sets_change_several_values(tmp_path):
    sets = {
        "cold": {"temperature": "250 K", FRACTION: 0.1},
        "warm": {"temperature": "350 K", "regions.b.relative_permittivity": 7},
    }
    cold, warm = inputs(tiny_study(tmp_path, axes={"state": {"sets": sets}}))
    assert (cold.temperature, cold.regions["a"].carriers[0].site_fraction) == (250.0, 0.1)
    assert (warm.temperature, warm.regions["b"].relative_permittivity) == (350.0, 7.0)
    assert cold.regions["b"].relative_permittivity == 30.0


def test_the_variant_is_an_axis(tmp_path):
    axes = {"variant": {"values": ["with coating", "blank"]}, "temperature": TEMPERATURE}
    study = tiny_study(tmp_path, axes=axes, variants=True)
    runs = inputs(study)
    assert [run.regions["b"].relative_permittivity for run in runs] == [30.0, 30.0, 10.0, 10.0]
    assert all(run.variants == {} for run in runs)
    assert [run.temperature for run in runs] == [300.0, 310.0] * 2


def test_axes_are_multiplied_and_zipped_ones_go_together(tmp_path):
    axes = {"temperature": TEMPERATURE, "bias": BIAS, "x": {"path": FRACTION, "values": [0.1, 0.2]}}
    study = tiny_study(tmp_path, axes=axes, zip=[["temperature", "x"]])
    found, cases = plan(study)
    assert [case.coordinates for case in cases] == [
        {"temperature": t, "bias": b, "x": x}
        for t, x in ((300.0, 0.1), (310.0, 0.2)) for b in (0.0, 10.0, 20.0)
    ]  # fmt: skip
    assert [a.dimension for a in found] == ["temperature+x", "bias", "temperature+x"]


@pytest.mark.parametrize(
    ("method", "count", "samples"),
    [("latin-hypercube", 7, 7), ("sobol", 8, 8), ("saltelli", 4, 16), ("morris", 3, 9)],
)
def test_samples_fill_their_ranges_and_follow_the_seed(tmp_path, method, count, samples):
    axes = {
        "x": {"path": FRACTION, "range": {"from": 0.1, "to": 0.5}},
        "c": {
            "path": "regions.b.carriers.0.conductivity",
            "range": {"from": "0.01 mS/cm", "to": "1 mS/cm", "scale": "log"},
        },
    }

    def drawn(seed):
        sampling = {"method": method, "count": count, "seed": seed}
        study = tiny_study(tmp_path, axes=axes, samples=sampling)
        return [np.array([p.coordinate for p in a.points]) for a in expand_axes(study)]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = drawn(1)
    assert [len(column) for column in first] == [samples] * 2
    for column, (low, high), middle in zip(first, ((0.1, 0.5), (0.01, 1.0)), (0.3, 0.1),
                                           strict=True):  # fmt: skip
        assert column.min() >= low
        assert column.max() <= high
        assert 0.2 <= np.mean(column < middle) <= 0.8
    np.testing.assert_array_equal(first, drawn(1))
    assert not np.array_equal(first, drawn(2))


def test_samples_are_multiplied_with_other_axes(tmp_path):
    axes = {"temperature": TEMPERATURE, "x": {"path": FRACTION, "range": {"from": 0.1, "to": 0.5}}}
    _, cases = plan(tiny_study(tmp_path, axes=axes, samples={"count": 5}))
    assert len(cases) == 10


def test_the_spread_is_that_of_the_material_card(tmp_path):
    path = "regions.b.set.carriers.Li.conductivity"
    (old,) = [line for line in (write_run(tmp_path).read_text()).split("  b:\n")[1:]]
    body = old.split("contacts:")[0]
    study = tiny_study(
        tmp_path, axes={"c": {"path": path, "spread": "log"}},
        samples={"count": 20}, changes=[("  b:\n" + body, "  b: Li6PS5Cl\n")],
    )  # fmt: skip
    (found,) = expand_axes(study)
    assert (found.bounds, found.unit) == ((1.0, 10.0), "mS/cm")
    assert sum(p.coordinate < 10**0.5 for p in found.points) == 10
    assert [run.regions["b"].carriers[0].conductivity for run in inputs(study)] == pytest.approx(
        [0.1 * p.coordinate for p in found.points]
    )


# Cases.


def test_the_input_of_a_case_is_that_of_a_run_with_set(tmp_path):
    study = tiny_study(tmp_path)
    texts = ["temperature=310 K", f"{BIAS['path']}=20.0 mV", "output.figures=false"]
    assert inputs(study)[-1] == load_input(tmp_path / "run.yaml", texts)


def test_the_base_stays_as_it_is(tmp_path):
    study = tiny_study(tmp_path)
    first = [case.key for case in plan(study)[1]]
    assert study.base.data["studies"][1] == {"steady": {"bias": {"right": "10 mV"}}}
    assert [case.key for case in plan(study)[1]] == first


def test_the_base_may_stand_in_the_study_file(tmp_path):
    run = write_run(tmp_path).read_text().replace("\n", "\n  ")
    (tmp_path / "s.yaml").write_text(f"axes: {{temperature: {{values: [300 K]}}}}\nbase:\n  {run}")
    assert inputs(load_study(tmp_path / "s.yaml"))[0].temperature == 300.0
    (tmp_path / "s.yaml").write_text(
        f"axes: {{temperature: {{values: [300 K]}}}}\nbase:\n  titel: x\n  {run}"
    )
    with pytest.raises(InputError, match=r"s\.yaml:3:3: no key 'titel'"):
        plan(load_study(tmp_path / "s.yaml"))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("title=other", True),
        ("output.figures=true", True),
        ("temperature=298.15 kelvin", True),
        ("temperature=299 K", False),
        ("studies.1.steady.bias.right=0.01 V", True),
        ("regions.a.relative_permittivity=10.000000000000002", False),
        ("interfaces.a|b.blocking=[Li]", False),
    ],
)
def test_the_key_of_a_case_is_that_of_what_has_an_effect(tmp_path, change, same):
    path = write_run(tmp_path)
    assert (key_of(load_input(path)) == key_of(load_input(path, [change]))) is same


def test_the_key_follows_the_contents_of_the_mesh_file(tmp_path):
    path = write_run(tmp_path)
    before = key_of(load_input(path))
    with open(tmp_path / "strip.msh", "a") as file:
        file.write("\n")
    assert key_of(load_input(path)) != before


def test_cases_with_the_same_input_are_one_and_said(tmp_path):
    sets = {"one": {"temperature": "300 K"}, "two": {"temperature": "310 K"},
            "three": {"temperature": "0.3 kK"}}  # fmt: skip
    study = tiny_study(tmp_path, axes={"state": {"sets": sets}})
    _, cases = plan(study)
    assert [case.coordinates["state"] for case in cases] == ["one", "two"]
    assert cases[0].also == [(2, {"state": "three"})]
    assert "1 of 3 cases have the input of another one" in study.notes[0]


def test_chains_follow_their_axis(tmp_path):
    _, cases = plan(tiny_study(tmp_path))
    found = [[case.number for case in chain] for chain in chains(cases, "temperature")]
    assert found == [[0, 3], [1, 4], [2, 5]]
    assert [len(chain) for chain in chains(cases, None)] == [1] * 6


def test_cases_are_kept_by_their_coordinates(tmp_path):
    study = tiny_study(tmp_path, keep=[{"temperature": 310, "bias": 10}, {"bias": 0}])
    axes, cases = plan(study)
    assert [is_kept(study, case, "done", axes) for case in cases] == [1, 0, 0, 1, 1, 0]
    assert all(is_kept(study, case, "failed", axes) for case in cases)


# What is refused, with its place.

HEAD = "base: run.yaml\naxes:\n  "


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("axes: {}\nbase: run.yaml", ["study.yaml:1:7"]),
        ("base: run.yml\naxes: {temperature: {values: [1 K]}}",
         ["study.yaml:1:7: there is no file"]),
        (HEAD + "temprature: {values: [300 K, 310 K]}",
         ["study.yaml:3:15: axis temprature, temprature = 300 K: no key 'temprature'",
          "Did you mean 'temperature'?", "in case 0"]),
        (HEAD + "x: {path: regions.c.relative_permittivity, values: [2]}",
         ["study.yaml:3:13: no region 'c'", "Allowed: a, b."]),
        (HEAD + "x: {path: contacts.lefft.potential, values: [1 V]}",
         ["no contact 'lefft'", "Did you mean 'left'?"]),
        (HEAD + "x: {path: studies.7.steady.bias.right, values: [1 V]}",
         ["study.yaml:3:6: axis x", "no entry of 'studies' '7'"]),
        (HEAD + "x: {path: regions.a.relative_permitivity, values: [2]}",
         ["no key 'relative_permitivity' in regions.a", "Did you mean 'relative_permittivity'?"]),
        (HEAD + "x: {path: regions.a.carriers.0.charg, values: [2]}", ["Did you mean 'charge'?"]),
        (HEAD + "temperature: {values: [300 K, 20 mV]}",
         ["study.yaml:3:33: wrong unit 'mV'", "expected a temperature"]),
        (HEAD + "temperature: {values: [300 K, -310 K]}",
         ["axis temperature, temperature = -310 K", "in case 1 (temperature = -310)"]),
        (HEAD + "temperature: {values: [300 K, 310 K, 0.3 kK]}",
         ["study.yaml:3:40: the values 1 and 3 are both 300"]),
        (HEAD + "temperature: {values: [300 K], seeds: 3}",
         ["study.yaml:3:34: values and seeds exclude each other"]),
        (HEAD + "temperature: {label: x}", ["no values are given", "linspace"]),
        (HEAD + "temperature: {values: []}", ["values is empty"]),
        (HEAD + "temperature: {linspace: {from: 1, to: 2 K, points: 2}}",
         ["study.yaml:3:41", "wrong unit 'K'"]),
        (HEAD + "temperature: {logspace: {from: 0 K, to: 2 K, points: 2}}", ["must be positive"]),
        (HEAD + "temperature: {values: [{a: 1}]}", ["give values that are not plain a name"]),
        (HEAD + "variant: {values: [blank]}", ["the run file has no variants"]),
        (HEAD + "temperature: {values: [1 K]}\nzip: [[temperature, bais]]",
         ["study.yaml:4:21: no axis 'bais'"]),
        (HEAD + "temperature: {values: [1 K]}\n  title: {values: [a, b]}\n"
         "zip: [[temperature, title]]",
         ["study.yaml:5:7: zipped axes need as many values", "temperature has 1, title has 2"]),
        (HEAD + "temperature: {values: [1 K]}\ncontinuation: bias", ["no axis 'bias'"]),
        (HEAD + "temperature: {values: [1 K]}\nkeep: [{tmperature: 1}]", ["no axis 'tmperature'"]),
        (HEAD + "temperature: {values: [1 K]}\nlimits: {memory: 3 parsecs}",
         ["study.yaml:4:18: '3 parsecs' is no amount of memory"]),
        (HEAD + "temperature: {values: [1 K]}\nkeep: [{temperature: 2 K}]",
         ["study.yaml:4:8: there is no case with temperature = 2 K"]),
        (HEAD + "temperature: {values: [1 K]}\nkeep: [{temperature: 2 mV}]",
         ["study.yaml:4:8: wrong unit 'mV'"]),
        (HEAD + "temperature: {values: [1 K]}\nretry: {nope: 3}",
         ["study.yaml:4:9: no setting of the second attempt 'nope'", "max_iterations"]),
        (HEAD + "temperature: {values: [1 K]}\nretry: {studies.1.steady.bias.right: 1 mV}",
         ["study.yaml:4:9", "input of a case cannot change with its attempts"]),
        (HEAD + "temperature: {values: [1 K]}\nretry: {max_iterations: 0}", ["study.yaml:4:"]),
        (HEAD + "temperature: {values: [1 K, 2 K]}\n  t: {path: temperature, values: [3 K]}",
         ["study.yaml:4:3: axes 'temperature' and 't' both set 'temperature'"]),
        (HEAD + "x: {path: regions.a.carriers.0.site_fraction, values: [0.1, 0.2]}\n"
         "  y: {path: regions.a.carriers, values: {one: []}}",
         ["study.yaml:4:3: axes 'x' and 'y' both set 'regions.a.carriers.0.site_fraction' and "
          "'regions.a.carriers'"]),
        (HEAD + "x: {path: interfaces.a|b.blocking, values: {open: [], shut: [Li]}}\n"
         "  y: {sets: {one: {interfaces.b|a.blocking: []}}}",
         ["axes 'x' and 'y' both set"]),
        (HEAD + "title: {values: [one, two]}",
         ["study.yaml:3:3: axis 'title' changes nothing"]),
        (HEAD + "temperature: {values: [1 K, 2 K]}\n  title: {values: [one, two]}\n"
         "zip: [[temperature, title]]",
         ["study.yaml:4:3: axis 'title' changes nothing"]),
        (HEAD + "temperature: {values: [1 K]}\nworkers: 0", ["study.yaml:4:10"]),
        (HEAD + "temperature: {range: {from: 1 K, to: 2 K}}", ["missing key 'samples'"]),
        (HEAD + "temperature: {values: [1 K]}\nsamples: {count: 3}", ["nothing is sampled"]),
        (HEAD + "temperature: {range: {from: 2 K, to: 1 K}}\nsamples: {count: 3}",
         ["the range is empty"]),
        (HEAD + "temperature: {range: {from: 1 K, to: 2 K}}\n"
         "samples: {method: sobol, count: 12}",
         ["study.yaml:4:33: sobol needs a power of two", "take 8 or 16"]),
        (HEAD + "temperature: {spread: log}\nsamples: {count: 3}",
         ["study.yaml:3:25: the spread of 'temperature' is not known"]),
        (HEAD + "x: {path: regions.a.set.relative_permittivity, spread: log}\nsamples: {count: 3}",
         ["region 'a' has no material card"]),
    ],
)  # fmt: skip
def test_mistakes_are_shown_where_they_are(tmp_path, text, messages):
    said = refused(tmp_path, text)
    for message in messages:
        assert message in said


def test_unknown_variants_are_refused(tmp_path):
    with pytest.raises(InputError, match="no variant 'blanc'") as caught:
        plan(tiny_study(tmp_path, axes={"variant": {"values": ["blanc"]}}, variants=True))
    assert "Did you mean 'blank'?" in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"path": "variant", "values": {"one": "blank", "two": "blnak"}},
        {"sets": {"one": {"variant": "blank"}, "two": {"variant": "blnak"}}},
    ],
)
def test_unknown_variants_are_refused_in_every_way_to_name_them(tmp_path, given):
    study = tiny_study(tmp_path, axes={"model": given}, variants=True)
    with pytest.raises(InputError, match=r"axis model, variant = two: no variant 'blnak'") as found:
        plan(study)
    assert "Did you mean 'blank'?" in str(found.value)


def test_an_axis_that_a_variant_replaces_changes_nothing(tmp_path):
    axes = {"e": {"path": "regions.b.relative_permittivity", "values": [30, 40]},
            "variant": {"values": ["blank"]}}  # fmt: skip
    with pytest.raises(InputError, match="axis 'e' changes nothing"):
        plan(tiny_study(tmp_path, axes=axes, variants=True))
    axes["variant"]["values"].append("with coating")
    assert len(plan(tiny_study(tmp_path, axes=axes, variants=True))[1]) == 3


def test_zipped_axes_may_repeat_values(tmp_path):
    axes = {"temperature": {"values": ["300 K", "300 K", "310 K"]},
            "x": {"path": FRACTION, "values": [0.1, 0.2, 0.2]}}  # fmt: skip
    _, cases = plan(tiny_study(tmp_path, axes=axes, zip=[["temperature", "x"]]))
    assert [tuple(case.coordinates.values()) for case in cases] == [
        (300.0, 0.1), (300.0, 0.2), (310.0, 0.2)
    ]  # fmt: skip


def test_cases_are_kept_by_quantities_in_any_unit(tmp_path):
    axes, cases = plan(study := tiny_study(tmp_path, keep=[{"temperature": "0.31 kK"}]))
    assert [is_kept(study, case, "done", axes) for case in cases] == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("name", ["preview", "title", "figures", "cache", "provenance"])
def test_names_of_the_user_are_never_without_effect(tmp_path, name):
    """Only the settings of these names have no effect, whatever the user calls a variant."""
    changes = [("  blank:\n", f"  {name}:\n")]
    axes = {"e": {"path": f"variants.{name}.b.relative_permittivity", "values": [10, 20]}}
    assert len(plan(tiny_study(tmp_path, axes=axes, variants=True, changes=changes))[1]) == 2


def test_an_unknown_name_is_reported_once_and_a_wrong_value_each_time(tmp_path):
    said = refused(tmp_path, HEAD + "temprature: {values: [300 K, 310 K]}")
    assert said.count("no key 'temprature'") == 1
    said = refused(tmp_path, HEAD + "temperature: {values: [-3 K, 310 K, -4 K]}")
    assert "-3 K" in said
    assert "-4 K" in said


def test_objects_are_refused_in_python(tmp_path):
    with pytest.raises(InputError, match="only plain numbers"):
        tiny_study(tmp_path, axes={"temperature": {"values": [object()]}})
