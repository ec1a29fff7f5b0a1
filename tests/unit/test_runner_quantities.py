"""The named quantities of a run: in its summary, beside its fields, on the screen."""

import csv
import json

import pytest
from runs import write_run

from pyscl.input import load_input
from pyscl.runner import execute
from pyscl.runner.cases import Approach
from pyscl.runner.folder import RunFolder
from pyscl.runner.quantities import report_layers
from pyscl.study.newton import SolverOptions


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quantities")
    lines = []
    wanted = ("output:\n", "output:\n  reference: blank\n")
    run = load_input(write_run(folder, wanted, variants=True))
    return execute(run, folder / "out", report=lines.append), "\n".join(lines)


def rows(summary, case, study):
    return summary["cases"][case]["studies"][study]["quantities"]


def test_every_study_has_its_table_in_the_summary_and_as_csv(paired):
    result, _ = paired
    for case, studies in result.outcomes.items():
        for outcome in studies:
            with open(outcome.folder / "quantities.csv", newline="", encoding="utf-8") as file:
                written = list(csv.DictReader(file))
            table = rows(result.summary, case, outcome.name)
            assert [row["name"] for row in written] == [row["name"] for row in table]
            own = [q.to_dict() for q in outcome.solution.quantities()]
            assert table[-len(own) :] == own
    read = RunFolder(result.folder).summary
    assert read["cases"] == json.loads(json.dumps(result.summary["cases"]))


def test_paired_runs_have_their_promotion_in_the_table(paired):
    result, _ = paired
    for study, row in result.summary["comparison"].items():
        for case, value in row["promotion"].items():
            (found,) = [q for q in rows(result.summary, case, study) if q["name"] == "promotion"]
            assert (found["place"], found["value"], found["unit"]) == ("run", value, "1")
            assert "blank" in found["definition"]
    names = {q["name"] for q in rows(result.summary, "blank", "equilibrium")}
    assert "promotion" not in names


def test_the_screen_shows_one_line_per_charged_layer(paired):
    result, report = paired
    _, _, block = report.partition("space charge layers:")
    head, *lines = [line for line in block.splitlines()[1:] if line.startswith("  ")]
    assert head.split()[:4] == ["case", "study", "place", "side"]
    assert "drop [mV]" in head
    coated = [line for line in lines if line.split("  ")[1] == "with coating"]
    assert len(coated) == 2 * len(result.outcomes["with coating"])  # sides of a|b
    assert not [line for line in lines if line.lstrip().startswith("blank")]  # no layers there
    (drop,) = [
        q["value"]
        for q in rows(result.summary, "with coating", "equilibrium")
        if (q["side"], q["name"]) == ("a", "potential drop")
    ]
    assert f"{drop * 1e3:+.2f}" in coated[0]


def test_many_layers_do_not_flood_the_screen(paired, monkeypatch):
    result, _ = paired
    monkeypatch.setattr("pyscl.runner.quantities._MOST", 3)
    lines = []
    report_layers(result.summary, lines.append)
    assert len(lines) == 1 + 1 + 3 + 1  # title, head, layers, the rest
    layers = 2 * len(result.outcomes["with coating"])
    assert lines[-1] == f"  ... and {layers - 3} more layers"


def test_an_old_table_does_not_outlive_a_failed_study(tmp_path):
    run = load_input(write_run(tmp_path))
    stale = tmp_path / "out" / "equilibrium"
    stale.mkdir(parents=True)
    (stale / "quantities.csv").write_text("old")
    approach = Approach(options=SolverOptions(max_iterations=1))
    result = execute(run, tmp_path / "out", approach=approach)
    assert result.failed
    assert not (stale / "quantities.csv").exists()
