"""Tiny studies of a tiny run file that the tests of sweeps share."""

import json

import numpy as np
from runs import write_run

from pyscl.sweep.definition import make_study
from pyscl.sweep.drive import run_study

TEMPERATURE = {"values": ["300 K", "310 K"]}
BIAS = {
    "path": "studies.1.steady.bias.right",
    "linspace": {"from": "0 mV", "to": "20 mV", "points": 3},
}


def tiny_study(folder, *, name="study", axes=None, variants=False, changes=(), **more):
    """Write a run file and return a study of it, of temperature and bias unless axes are given."""
    write_run(folder, *changes, variants=variants)
    axes = {"temperature": TEMPERATURE, "bias": BIAS} if axes is None else axes
    return make_study(name, directory=folder, base="run.yaml", axes=axes, **more)


def results(folder):
    """Return the stored results of a study by coordinates."""
    found = {}
    for path in folder.glob("cases/*/result.json"):
        result = json.loads(path.read_text())
        found[tuple(result["coordinates"].values())] = result
    return found


def carried_out(study, folder, **options):
    """Compute a study with one worker and return (counts, lines of the report)."""
    lines = []
    options = {"workers": 1, **options}
    counts = run_study(study, folder, report=lines.append, **options)
    return counts, lines


def assert_same_numbers(first, second):
    """Both studies have the same cases with the same numbers, bit for bit."""
    assert first.keys() == second.keys()
    for place, result in first.items():
        other = second[place]
        assert result["status"] == other["status"]
        assert result["numbers"].keys() == other["numbers"].keys()
        mine = np.array(list(result["numbers"].values()))
        np.testing.assert_array_equal(mine, list(other["numbers"].values()))
