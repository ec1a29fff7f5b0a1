"""Analyses of studies: against closed forms of functions whose answer is known."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from sweep_folders import axis, write_study

from pyscl.errors import InputError
from pyscl.sweep.analysis import (
    confidence,
    effect_sizes,
    ensemble,
    main_effects,
    paired,
    pareto,
)
from pyscl.sweep.dataset import load


def study(tmp_path, axes, function, unit="1", **others):
    """Return the dataset of a study with one output y."""

    def numbers(place):
        value = function(**place)
        return {"y": value} if value is not None else ("failed", "on purpose")

    outputs = {"y": {"value": "y", "unit": unit}}
    return load(write_study(tmp_path / "s", axes, numbers, outputs, **others))


# --- confidence and pairs ---------------------------------------------------------------------


def test_the_interval_of_student_is_the_one_of_the_book():
    found = confidence([1.0, 2.0, 3.0, 4.0, np.nan], level=0.9)
    half = stats.t.ppf(0.95, 3) * np.std([1, 2, 3, 4], ddof=1) / 2.0
    assert (found.mean, found.count) == (2.5, 4)
    assert (found.low, found.high) == pytest.approx((2.5 - half, 2.5 + half))
    assert str(found) == "2.5 [0.9809, 4.019] (90%, n = 4)"


@pytest.mark.parametrize("method", ["t", "bootstrap"])
def test_an_interval_of_95_percent_holds_the_mean_in_95_percent(method):
    rng = np.random.default_rng(1)
    trials = 300 if method == "t" else 60
    hits = 0
    for k in range(trials):
        found = confidence(3.0 + rng.standard_normal(30), method=method, seed=k)
        hits += found.low <= 3.0 <= found.high
    assert stats.binomtest(hits, trials, 0.95).pvalue > 1e-3


def test_equal_values_have_an_interval_without_width():
    found = confidence([2.0, 2.0, 2.0], method="bootstrap")
    assert (found.low, found.high) == (2.0, 2.0)


def test_confidence_refuses_what_has_none():
    with pytest.raises(InputError, match="two values or more, there are 1"):
        confidence([1.0, np.nan])
    with pytest.raises(InputError, match="between 0 and 1, not 95"):
        confidence([1.0, 2.0], level=95.0)
    with pytest.raises(InputError, match="no method 'z'"):
        confidence([1.0, 2.0], method="z")


def two_variants(tmp_path, skip_seed=None):
    """Return resistances that scatter by a factor of 10 from seed to seed, ten percent apart."""
    axes = [axis("seed", range(12)), axis("variant", ["with BaTiO3", "bare"])]

    def resistance(seed, variant):
        if seed == skip_seed and variant == "bare":
            return None
        size = 10.0 ** ((seed * 7 % 12) / 11.0)
        return size * (0.9 + 0.001 * seed if variant == "with BaTiO3" else 1.0)

    return study(tmp_path, axes, resistance, "Ohm m")


def test_pairs_show_what_the_scatter_of_the_members_hides(tmp_path):
    dataset = two_variants(tmp_path)
    found = paired(dataset, "y", "variant", "with BaTiO3", "bare")
    assert found.values == pytest.approx(0.1 - 0.001 * np.arange(12))
    assert found.interval.mean == pytest.approx(0.0945)
    assert found.interval.low > 0.09 > 0.0
    means = ensemble(dataset, "y", "seed")
    assert float(means["low"].max()) < float(means["high"].min())  # unpaired they overlap


def test_pairs_of_which_one_failed_are_left_out_and_counted(tmp_path):
    found = paired(two_variants(tmp_path, skip_seed=3), "y", "variant", "with BaTiO3", "bare")
    assert (len(found.values), found.lost) == (11, 1)
    assert found.interval.mean == pytest.approx(np.delete(0.1 - 0.001 * np.arange(12), 3).mean())


def test_differences_have_the_unit_and_ratios_have_none(tmp_path):
    dataset = two_variants(tmp_path)
    difference = paired(dataset, "y", "variant", "bare", "with BaTiO3", kind="difference")
    ratio = paired(dataset, "y", "variant", "bare", "with BaTiO3", kind="ratio")
    assert (difference.unit, ratio.unit) == ("Ohm m", "1")
    assert ratio.values == pytest.approx(1.0 / (0.9 + 0.001 * np.arange(12)))
    assert (difference.values > 0.0).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("z", "variant", "bare", "bare"), "no output 'z'. Allowed: y"),
        (("y", "varient", "bare", "bare"), "Did you mean 'variant'"),
        (("y", "variant", "blank", "bare"), "no level of 'variant' 'blank'"),
    ],
)
def test_pairs_of_unknown_names_are_refused(tmp_path, arguments, words):
    with pytest.raises(InputError, match=words):
        paired(two_variants(tmp_path), *arguments)


# --- ensembles and effects --------------------------------------------------------------------


def test_an_ensemble_has_mean_band_and_count_per_level(tmp_path):
    axes = [axis("x", [0.0, 1.0], "V"), axis("seed", range(20))]
    dataset = study(tmp_path, axes, lambda x, seed: None if (x, seed) == (1.0, 0) else x + seed)
    found = ensemble(dataset, "y", "seed", quantiles=(0.25, 0.75))
    assert found["mean"].dims == ("x",)
    assert found["count"].values.tolist() == [20, 19]
    assert found["mean"].values == pytest.approx([9.5, 11.0])
    assert found["lower"].values == pytest.approx([4.75, 6.5])
    assert found["upper"].values == pytest.approx([14.25, 15.5])
    single = confidence(np.arange(20.0))
    assert float(found["low"][0]) == pytest.approx(single.low)
    assert float(found["high"][0]) == pytest.approx(single.high)
    with pytest.raises(InputError, match="no dimension 'sead' of 'y'"):
        ensemble(dataset, "y", "sead")


def test_effects_of_a_sum_are_its_terms_and_explain_all(tmp_path):
    axes = [axis("a", [0.0, 1.0, 2.0]), axis("b", [0.0, 3.0]), axis("c", [7.0])]
    dataset = study(tmp_path, axes, lambda a, b, c: a + b)
    effects = main_effects(dataset, "y")
    assert list(effects) == ["a", "b"]
    assert effects["a"]["mean"].values == pytest.approx([1.5, 2.5, 3.5])
    sizes = effect_sizes(dataset, "y")
    variances = {"a": 2.0 / 3.0, "b": 2.25}
    total = sum(variances.values())
    assert sizes == pytest.approx({name: v / total for name, v in variances.items()})


def test_a_product_about_zero_is_all_interaction(tmp_path):
    axes = [axis("a", [-1.0, 1.0]), axis("b", [-1.0, 1.0])]
    sizes = effect_sizes(study(tmp_path, axes, lambda a, b: a * b), "y")
    assert sizes == pytest.approx({"a": 0.0, "b": 0.0}, abs=1e-15)


# --- Pareto -----------------------------------------------------------------------------------


def test_the_front_is_what_nothing_beats():
    cost = np.array([1.0, 2.0, 2.0, 3.0, np.nan, 3.0])
    gain = np.array([1.0, 3.0, 2.0, 3.0, 9.0, 5.0])
    dataset = xr.Dataset({"cost": ("case", cost), "gain": ("case", gain)})
    front = pareto(dataset, {"cost": "min", "gain": "max"})
    assert front.values.tolist() == [True, True, False, False, False, True]


def test_equal_cases_are_both_on_the_front():
    dataset = xr.Dataset({"a": ("case", [1.0, 1.0]), "b": ("case", [2.0, 2.0])})
    assert pareto(dataset, {"a": "min", "b": "min"}).values.all()
    with pytest.raises(InputError, match="two goals"):
        pareto(dataset, {"a": "min"})
    with pytest.raises(InputError, match="no goal 'least'"):
        pareto(dataset, {"a": "least", "b": "min"})
