"""The dataset of a study: dimensions, units, outputs, and what became of every case."""

import json

import numpy as np
import pytest
from sweep_folders import axis, write_study

from pyscl import sweep
from pyscl.errors import InputError
from pyscl.sweep.analysis import ensemble
from pyscl.sweep.dataset import load, paths, save
from pyscl.sweep.definition import make_study
from pyscl.sweep.outputs import Numbers, Output, evaluate, missing_outputs

R = "comparison.steady.effective resistance.{}"
AXES = [axis("coverage", [0.3, 0.1, 0.5]), axis("size", ["12 nm", "6 nm"], "nm")]
OUTPUTS = {
    "with_it": {"value": R.format("with BaTiO3"), "unit": "Ohm m", "label": "Resistance"},
    "without": {"value": R.format("bare"), "unit": "Ohm m"},
    "promotion": "1 - with_it / without",
}


def resistances(place):
    if place["coverage"] == 0.5 and place["size"] == "6 nm":
        return "failed", "Newton stopped"
    size = float(place["size"].split()[0])
    return {R.format("with BaTiO3"): 100.0 * place["coverage"] + size, R.format("bare"): 200.0}


@pytest.fixture
def folder(tmp_path):
    return write_study(tmp_path / "study", AXES, resistances, OUTPUTS)


def test_a_product_has_its_axes_as_dimensions_in_the_order_given(folder):
    dataset = load(folder)
    assert dataset["with_it"].dims == ("coverage", "size")
    assert dataset["coverage"].values.tolist() == [0.3, 0.1, 0.5]
    assert dataset["size"].values.tolist() == [12.0, 6.0]
    assert dataset["size"].attrs == {"units": "nm", "long_name": "size", "path": "path.size"}
    assert dataset["coverage"].attrs["units"] == "1"
    assert float(dataset["with_it"].sel(coverage=0.1, size=6.0)) == pytest.approx(16.0)
    assert dataset["with_it"].attrs["units"] == "Ohm m"
    assert dataset["with_it"].attrs["long_name"] == "Resistance"


def test_expressions_follow_from_other_outputs_and_axes(folder):
    dataset = load(folder)
    assert float(dataset["promotion"].sel(coverage=0.3, size=12.0)) == pytest.approx(1 - 42 / 200)
    assert dataset["promotion"].attrs["units"] == ""  # it is not worked out
    outputs = {**OUTPUTS, "sum": {"value": "without + 2 * size", "unit": "Ohm m"}}
    more = load(folder, outputs)
    assert float(more["sum"].sel(coverage=0.1, size=6.0)) == 212.0


def test_a_failed_case_has_its_reason_and_no_number(folder):
    case = load(folder).sel(coverage=0.5, size=6.0)
    assert str(case["status"].values) == "failed"
    assert str(case["reason"].values) == "Newton stopped"
    assert np.isnan(case["with_it"])
    assert np.isnan(case["promotion"])
    assert int(case["attempts"]) == 2


def test_numbers_of_a_failed_case_are_shown_only_if_wanted(tmp_path):
    def numbers(place):
        return ("failed", "diverged", {"y": -99.0}) if place["a"] == 2 else {"y": 1.0 * place["a"]}

    outputs = {"y": "y", "double": "2 * y"}
    folder = write_study(tmp_path / "s", [axis("a", [1, 2, 3])], numbers, outputs)
    dataset = load(folder)
    np.testing.assert_array_equal(dataset["y"].values, [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(dataset["double"].values, [2.0, np.nan, 6.0])
    assert ensemble(dataset, "y", "a")["count"] == 2
    seen = load(folder, partial=True)
    assert seen["double"].values.tolist() == [2.0, -198.0, 6.0]
    save(dataset, tmp_path / "s.nc")
    with pytest.raises(InputError, match="load the folder"):
        load(tmp_path / "s.nc", partial=True)


def test_cases_not_run_or_unreadable_are_said_to_be_so(tmp_path):
    folder = write_study(tmp_path, AXES, resistances, OUTPUTS, skip=(1,))
    study = json.loads((folder / "study.json").read_text())
    key = next(k for k, case in study["cases"].items() if case["number"] == 2)
    (folder / "cases" / key / "result.json").write_text('{"key": "a')
    dataset = load(folder)
    assert dataset["status"].values.ravel().tolist() == [
        "done", "missing", "unreadable", "done", "done", "failed",
    ]  # fmt: skip
    assert "result.json" in str(dataset["reason"].values[1, 0])
    assert np.isfinite(dataset["with_it"].values).sum() == 3
    assert json.loads(dataset.attrs["counts"]) == {
        "done": 3, "missing": 1, "unreadable": 1, "failed": 1,
    }  # fmt: skip


def test_samples_are_cases_with_coordinates(tmp_path):
    rows = [[k / 8.0, 2.0 + k] for k in range(8)]
    a, b = map(list, zip(*rows, strict=True))
    axes = [
        axis("a", samples=a),
        axis("b", unit="V", samples=b),
    ]
    folder = write_study(tmp_path, axes, lambda p: {"y [V]": p["a"] * p["b"]}, {"y": "y [V]"})
    dataset = load(folder)
    assert dataset["y"].dims == dataset["a"].dims == dataset["b"].dims == ("sample",)
    assert dataset["y"].attrs["units"] == "V"
    frame = dataset.to_dataframe()
    assert list(frame["y"]) == pytest.approx([a * b for a, b in rows])


def test_samples_times_an_axis_keep_the_axis(tmp_path):
    axes = [axis("a", samples=[0.1, 0.7, 0.4]), axis("variant", ["bare", "with BaTiO3"])]
    folder = write_study(
        tmp_path, axes, lambda p: {f"cases.{p['variant']}.R [Ohm]": p["a"]},
        {"R": "cases.{variant}.R"},
    )  # fmt: skip
    dataset = load(folder)
    assert dict(dataset["R"].sizes) == {"sample": 3, "variant": 2}
    assert dataset["variant"].values.tolist() == ["bare", "with BaTiO3"]
    assert dataset["R"].values == pytest.approx(np.repeat([[0.1], [0.7], [0.4]], 2, axis=1))
    assert dataset["R"].attrs["units"] == "Ohm"


def test_zipped_axes_share_the_dimension_of_the_first(tmp_path):
    both = {"dimension": "thickness+step"}
    axes = [
        axis("thickness", [1, 2, 2], **both),
        axis("step", [0.1, 0.1, 0.3], **both),
        axis("seed", [1, 2]),
    ]
    folder = write_study(tmp_path, axes, lambda p: {"y": p["step"]}, {"y": "y"})
    dataset = load(folder)
    assert dict(dataset["y"].sizes) == {"thickness": 3, "seed": 2}
    assert dataset["step"].dims == ("thickness",)
    assert dataset["step"].values.tolist() == [0.1, 0.1, 0.3]
    assert dataset["y"].values == pytest.approx(np.repeat([[0.1], [0.1], [0.3]], 2, axis=1))


def test_cases_with_the_same_input_have_the_same_result(tmp_path):
    axes = [axis("a", samples=[0.5, 0.1, 0.5]), axis("c", [1, 2])]
    folder = write_study(tmp_path, axes, lambda p: {"y": p["a"] * p["c"]}, {"y": "y"})
    dataset = load(folder)
    assert len(list((folder / "cases").iterdir())) == 4
    assert dataset["y"].values.tolist() == [[0.5, 1.0], [0.1, 0.2], [0.5, 1.0]]
    assert dataset["number"].values.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_axes_of_texts_and_mappings_have_names(tmp_path):
    laws = [{"law": "johnson", "coefficient": "1 V*m^5/C^3"}, {"name": "linear"}, "pore"]
    lengths = ["500 nm", "1 um", "20 um"]
    folder = write_study(
        tmp_path, [axis("law", laws), axis("length", lengths)], lambda p: {"y": 1.0}, {"y": "y"}
    )
    dataset = load(folder)
    assert dataset["law"].values.tolist() == ["johnson", "linear", "pore"]
    assert "units" not in dataset["law"].attrs
    assert dataset["length"].values == pytest.approx([5e-7, 1e-6, 2e-5])
    assert dataset["length"].attrs["units"] == "m"


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_file_gives_the_same_dataset(folder, tmp_path, suffix):
    if suffix == ".zarr":
        pytest.importorskip("zarr")
    dataset = load(folder)
    save(dataset, tmp_path / f"made/study{suffix}")
    again = load(tmp_path / f"made/study{suffix}")
    assert again.identical(dataset)
    assert json.loads(again.attrs["base"]) == {"title": "a study"}
    with pytest.raises(InputError, match="load the folder"):
        load(tmp_path / f"made/study{suffix}", OUTPUTS)


def test_another_format_or_folder_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match=r"no format '.csv'"):
        save(load(folder), tmp_path / "study.csv")
    with pytest.raises(InputError, match=r"no study in .*nowhere"):
        load(tmp_path / "nowhere")


def test_an_output_that_no_case_has_is_refused_with_the_nearest(folder):
    with pytest.raises(InputError, match=r"nearest are:\n +comparison.steady.effective resist"):
        load(folder, {"r": "comparison.steady.effective resistence.bare"})
    assert sweep.paths is paths
    assert paths(folder) == [R.format("bare"), R.format("with BaTiO3")]


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"a": "1 - c", "b": "1"}, "no output or numeric axis 'c' in output 'a' = 1 - c"),
        ({"a": "1 - b", "b": "2 * a"}, "outputs in a circle: a -> b -> a"),
        ({"size": "1"}, "output 'size' needs another name: it is an axis"),
        ({"status": "1"}, "output 'status' needs another name"),
        ({"a": R.format("*")}, r"is not one number: it matches .*BaTiO3, .*bare"),
        ({"a": 3}, "output 'a': expected a path or an expression"),
        ({"a": "cases.{variant}.y"}, "no axis 'variant' in 'cases.{variant}.y'"),
        ({"a": "sqrt(1, 2, 3)"}, "output 'a' = sqrt"),
    ],
)
def test_wrong_outputs_are_refused(folder, outputs, words):
    with pytest.raises(InputError, match=words):
        load(folder, outputs)


def test_a_star_and_a_missing_unit_find_the_one_number():
    numbers = Numbers([{"a.x.R [Ohm m]": 1.0, "a.x.Q [C]": 2.0}, {"a.y.R [Ohm m]": 3.0}], [{}, {}])
    values, unit = numbers.values("a.*.R [Ohm m]")
    assert (values.tolist(), unit) == ([1.0, 3.0], "Ohm m")
    values, unit = numbers.values("a.x.R")
    assert values[0] == 1.0
    assert np.isnan(values[1])
    found = evaluate([Output("r", "a.*.R*", "ohm*cm")], numbers, {})
    assert found["r"][0] == pytest.approx([100.0, 300.0])
    with pytest.raises(InputError, match="'Ohm m' cannot be given in 'V'"):
        evaluate([Output("r", "a.*.R*", "V")], numbers, {})


def test_what_is_not_finite_is_no_result():
    numbers = Numbers([{"a": 0.0, "b": 1.0}], [{}])
    outputs = [Output("a", "a"), Output("b", "b"), Output("c", "b / a"), Output("d", "log(a)")]
    found = evaluate(outputs, numbers, {})
    assert np.isnan(found["c"][0]).all()
    assert np.isnan(found["d"][0]).all()


STEADY = "cases.base.studies.steady.effective resistance [Ohm m]"
MODELS = {"path": "variant", "values": ["bare", "with it"]}


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"status": STEADY}, "output 'status' needs another name: it is always there"),
        ({"T": STEADY}, "output 'T' needs another name: it is an axis"),
        ({"log": STEADY}, "output 'log' needs another name: it is a function"),
        ({"a/b": STEADY}, "output 'a/b' needs another name"),
        ({"a": "1 - b *"}, "output 'a' = 1 - b \\*: neither a path"),
        ({"a": "b +* c"}, "output 'a' = b \\+\\* c: neither a path"),
        ({"a": STEADY.replace("cases", "case")}, "no section of a summary 'case'.*'cases'"),
        ({"r": STEADY, "a": "1 - rr"}, "no output or numeric axis 'rr' in output 'a'.*'r'"),
        ({"r": STEADY, "a": "r * model"}, "no output or numeric axis 'model'"),
        ({"r": STEADY, "a": "frac(r)"}, "no output or numeric axis 'frac'"),
        ({"r": STEADY, "a": "sqrt(r, 1, 2)"}, "output 'a' = sqrt"),
        ({"a": "b", "b": "a"}, "outputs in a circle: a -> b -> a"),
        ({"a": STEADY.replace("base", "{variant}")}, "no axis 'variant' in"),
        ({"a": {"value": STEADY, "unit": "V"}}, "'Ohm m' cannot be given in 'V'"),
    ],
)
def test_wrong_outputs_are_refused_before_the_work(outputs, words):
    axes = {"T": {"path": "temperature", "values": ["300 K", "310 K"]}, "model": MODELS}
    with pytest.raises(InputError, match=words) as caught:
        make_study(base={}, axes=axes, outputs=outputs)
    assert "study.yaml:" in str(caught.value)


def test_sensible_outputs_are_accepted_before_the_work():
    axes = {"T": {"path": "temperature", "values": ["300 K", "310 K"]}, "model": MODELS}
    outputs = {
        "r": {"value": STEADY, "unit": "ohm*cm"}, "any": "cases.*.studies.steady.R",
        "of": "comparison.steady.effective resistance.{model}", "star": "*.R",
        "both": "where(r > 1, r * T, exp(-any)) / of + star",
    }  # fmt: skip
    assert list(make_study(base={}, axes=axes, outputs=outputs).input.outputs) == list(outputs)


def test_outputs_the_first_case_does_not_have_are_named_with_the_nearest():
    numbers = {STEADY: 1.0, "cases.a.R": 1.0, "cases.b.R": 2.0}
    outputs = [
        Output("r", STEADY), Output("wrong", STEADY.replace("effective", "efective")),
        Output("both", "cases.*.R"), Output("expression", "r / wrong"),
    ]  # fmt: skip
    first, second = missing_outputs(outputs, numbers, {})
    assert "output 'wrong': the first case that is done has no number 'cases.base" in first
    assert f"nearest are:\n    {STEADY}" in first
    assert "'cases.*.R' is not one number" in second
