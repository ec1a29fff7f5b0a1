"""Sensitivities: indices of functions whose variance is known in closed form."""

import numpy as np
import pytest
from sweep_folders import axis, write_study

from pyscl.errors import InputError
from pyscl.sweep.dataset import load
from pyscl.sweep.definition import SamplesInput
from pyscl.sweep.samples import draw
from pyscl.sweep.sensitivity import sensitivity

RANGES = {"x1": (-np.pi, np.pi), "x2": (-np.pi, np.pi), "x3": (-np.pi, np.pi)}
A, B = 7.0, 0.1


def ishigami(x1, x2, x3):
    """Return the function of Ishigami and Homma (1990), whose Sobol indices are known."""
    return np.sin(x1) + A * np.sin(x2) ** 2 + B * x3**4 * np.sin(x1)


def ishigami_indices():
    """Return first-order and total indices by axis."""
    one = 0.5 * (1.0 + B * np.pi**4 / 5.0) ** 2
    two = A**2 / 8.0
    both = 8.0 * B**2 * np.pi**8 / 225.0
    total = one + two + both
    first = {"x1": one / total, "x2": two / total, "x3": 0.0}
    return first, {"x1": (one + both) / total, "x2": two / total, "x3": both / total}


def sampled(tmp_path, function, method, count, ranges=RANGES, scale="linear", groups=None, lost=()):
    """Return the dataset of a sampled study of a function, with merged cases as the engine does."""
    groups = groups or dict.fromkeys(ranges, "")
    cube = draw(SamplesInput(method=method, count=count, seed=1), list(ranges), groups)
    low, high = np.array(list(ranges.values())).T
    points = low * (high / low) ** cube if scale == "log" else low + cube * (high - low)
    axes = [
        axis(
            name,
            samples=points[:, k].tolist(),
            range=list(ranges[name]),
            scale=scale,
            group=groups[name],
        )
        for k, name in enumerate(ranges)
    ]
    rows = [tuple(row) for row in dict.fromkeys(map(tuple, points.tolist()))]
    lost_rows = {rows[k] for k in lost}

    def numbers(place):
        if tuple(place.values()) in lost_rows:
            return "failed", "on purpose"
        return {"y [V]": float(function(**place))}

    return load(write_study(tmp_path, axes, numbers, {"y": "y [V]"}, method=method))


def test_saltelli_samples_give_the_sobol_indices_of_ishigami(tmp_path):
    found = sensitivity(sampled(tmp_path, ishigami, "saltelli", 512), "y")
    first, total = ishigami_indices()
    assert (found.method, found.cases, found.unit) == ("sobol", 512 * 5, "1")
    for k, name in enumerate(found.names):
        assert found.first[k] == pytest.approx(first[name], abs=0.04)
        assert found.total[k] == pytest.approx(total[name], abs=0.04)
        assert abs(found.first[k] - first[name]) < 2.0 * found.first_error[k]
    assert found.names == ("x1", "x2", "x3")
    assert found["x3"] == pytest.approx(0.0, abs=0.04)


def test_lost_cases_cost_their_group_only(tmp_path):
    found = sensitivity(sampled(tmp_path, ishigami, "saltelli", 512, lost=(3, 4, 100)), "y")
    first, _ = ishigami_indices()
    assert found.lost == 2 * 5
    assert found["x2"] == pytest.approx(first["x2"], abs=0.05)


def test_any_sample_gives_the_first_order_indices_of_a_sum(tmp_path):
    ranges = {"a": (1.0, 100.0), "b": (1.0, 100.0), "c": (1.0, 100.0)}

    def logs(a, b, c):
        return 3.0 * np.log(a) + np.log(b) + 0.0 * c

    dataset = sampled(tmp_path, logs, "latin-hypercube", 400, ranges, "log")
    found = sensitivity(dataset, "y")
    assert found.method == "sample"
    assert found.names[:2] == ("a", "b")
    assert found.first == pytest.approx([0.9, 0.1, 0.0], abs=0.05)
    assert found.total is None
    only = sensitivity(dataset, "y", parameters=("b",))
    assert only["b"] == pytest.approx(found["b"], abs=0.02)


def test_effects_of_morris_are_those_of_a_plane_over_the_range(tmp_path):
    ranges = {"a": (1.0, 100.0), "b": (1.0, 10.0)}
    dataset = sampled(
        tmp_path, lambda a, b: 3.0 * np.log10(a) - np.log10(b), "morris", 8, ranges, "log"
    )
    keys = dataset["key"].values
    assert len(set(keys)) < len(keys) == 8 * 3  # points that repeat are one case
    found = sensitivity(dataset, "y")
    assert (found.method, found.unit, found.cases) == ("morris", "V", 24)
    assert found.first == pytest.approx([6.0, 1.0])
    assert found.total == pytest.approx([0.0, 0.0], abs=1e-9)
    assert found.total_error is None


def test_axes_of_a_group_count_as_one(tmp_path):
    groups = {"x1": "angles", "x2": "", "x3": "angles"}
    dataset = sampled(tmp_path, ishigami, "saltelli", 512, groups=groups)
    found = sensitivity(dataset, "y")
    first, _ = ishigami_indices()
    assert set(found.names) == {"angles", "x2"}
    assert found["angles"] == pytest.approx(1.0 - first["x2"], abs=0.05)


def test_what_is_no_sample_is_refused(tmp_path):
    axes = [axis("a", [1, 2]), axis("b", [1, 2])]
    product = load(write_study(tmp_path / "p", axes, lambda p: {"y": 1.0}, {"y": "y"}))
    with pytest.raises(InputError, match="it goes along a, b; effect_sizes is for products"):
        sensitivity(product, "y")
    few = sampled(tmp_path / "s", ishigami, "latin-hypercube", 20)
    with pytest.raises(InputError, match="20 cases are too few for indices; take 64"):
        sensitivity(few, "y")
    with pytest.raises(InputError, match="no sampled axis 'x4'"):
        sensitivity(few, "y", parameters=("x4",))
