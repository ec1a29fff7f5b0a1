"""Studies carried out: the same numbers as single runs, stored at once, resumed, refused."""

import io
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from runs import write_run
from studies import BIAS, TEMPERATURE, assert_same_numbers, carried_out, results, tiny_study
from typer.testing import CliRunner

import pyscl
from pyscl import InputError, Solution, cli
from pyscl.input import load_input
from pyscl.runner import execute
from pyscl.sweep import progress, worker
from pyscl.sweep.drive import Counts
from pyscl.sweep.local import LocalEngine
from pyscl.sweep.store import Store
from pyscl.sweep.worker import Task, flatten, run_task

pytestmark = pytest.mark.studies

COMMAND = [sys.executable, "-P", "-c", "from pyscl.cli import main; main()"]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(Path(pyscl.__file__).parents[1]), *sys.path])
}


def without_times(summary):
    """Return a summary without what depends on the clock."""
    if isinstance(summary, dict):
        return {k: without_times(v) for k, v in summary.items() if not k.endswith("seconds")}
    return [without_times(v) for v in summary] if isinstance(summary, list) else summary


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Return a study of two axes that was carried out by two workers, and its folder."""
    folder = tmp_path_factory.mktemp("swept")
    study = tiny_study(folder, keep="all")
    counts, lines = carried_out(study, folder / "out", workers=2)
    assert counts.done == 6
    assert lines == []
    return study, folder


def test_a_sweep_is_a_loop_of_single_runs_bit_for_bit(swept):
    _, folder = swept
    found = results(folder / "out")
    assert sorted(found) == [(t, b) for t in (300, 310) for b in (0, 10, 20)]
    for (temperature, bias), result in found.items():
        texts = [f"temperature={temperature} K", f"studies.1.steady.bias.right={bias} mV"]
        single = execute(load_input(folder / "run.yaml", texts), folder / "single").summary
        assert result["numbers"] == flatten(single)
        kept = folder / "out" / "cases" / result["key"] / result["kept"] / "summary.json"
        assert without_times(json.loads(kept.read_text())) == without_times(
            json.loads(json.dumps(single))
        )
    path = "cases.base.studies.steady.contacts.right.current [A/m]"
    assert found[300, 20]["numbers"][path] != 0.0
    assert found[300, 20]["numbers"][path] != found[310, 20]["numbers"][path]


def test_results_say_where_they_come_from(swept):
    _, folder = swept
    result = results(folder / "out")[310.0, 20.0]
    assert result["number"] == 5
    assert result["coordinates"] == {"temperature": 310.0, "bias": 20.0}
    assert result["attempts"] == 1
    assert result["reason"] == ""
    assert result["versions"]["pyscl"] == pyscl.__version__
    assert 0 < result["seconds"] < 60
    assert 30e6 < result["memory"] < 2e9
    about = json.loads((folder / "out" / "study.json").read_text())
    assert about["cases"][result["key"]]["number"] == 5
    assert [axis["name"] for axis in about["axes"]] == ["temperature", "bias"]
    assert about["axes"][1] | {"label": ""} == {
        "name": "bias", "path": BIAS["path"], "unit": "mV", "label": "", "dimension": "bias",
        "values": [0.0, 10.0, 20.0],
    }  # fmt: skip
    assert about["base"]["title"] == "Strip"


def test_what_is_there_is_not_computed_again(swept, monkeypatch):
    study, folder = swept
    monkeypatch.setattr(LocalEngine, "submit", None)
    counts, _ = carried_out(study, folder / "out")
    assert (counts.total, counts.earlier, counts.done) == (6, 6, 6)


def test_more_values_add_only_what_is_missing(tmp_path):
    carried_out(tiny_study(tmp_path, axes={"temperature": TEMPERATURE}), tmp_path / "out")
    before = {path: path.read_text() for path in tmp_path.glob("out/cases/*/result.json")}
    more = {"values": ["300 K", "0.31e3 K", "320 K"]}
    counts, _ = carried_out(tiny_study(tmp_path, axes={"temperature": more}), tmp_path / "out")
    assert (counts.total, counts.earlier, counts.done) == (3, 2, 3)
    assert {path: path.read_text() for path in before} == before


def test_an_axis_more_keeps_the_cases_with_the_value_of_the_base(tmp_path):
    carried_out(tiny_study(tmp_path, axes={"temperature": TEMPERATURE}), tmp_path / "out")
    axes = {"temperature": TEMPERATURE, "bias": {**BIAS, "linspace": None, "values": [
        "10 mV", "5 mV"]}}  # fmt: skip
    axes["bias"].pop("linspace")
    counts, _ = carried_out(tiny_study(tmp_path, axes=axes), tmp_path / "out")
    assert (counts.total, counts.earlier, counts.done) == (4, 2, 4)


def test_an_unreadable_result_is_computed_again_and_reported(swept, tmp_path):
    study = tiny_study(tmp_path)
    carried_out(study, tmp_path / "out")
    whole = results(tmp_path / "out")
    damaged = [tmp_path / "out/cases" / whole[300.0, b]["key"] for b in (0.0, 10.0, 20.0)]
    text = (damaged[0] / "result.json").read_text()
    (damaged[0] / "result.json").write_text(text[: len(text) // 2])
    (damaged[1] / "result.json").unlink()
    damaged[1].rmdir()
    damaged[1].write_text("not a folder")
    (damaged[2] / "result.json").write_text(json.dumps(whole[300.0, 0.0]))
    counts, lines = carried_out(study, tmp_path / "out")
    assert (counts.earlier, counts.done) == (3, 6)
    assert sum("is computed again" in line and "result.json cannot be read" in line
               for line in lines) == 3  # fmt: skip
    assert_same_numbers(results(tmp_path / "out"), whole)
    assert_same_numbers(whole, results(swept[1] / "out"))


def test_a_changed_base_is_refused_with_the_difference(tmp_path):
    axes = {"temperature": TEMPERATURE}
    carried_out(tiny_study(tmp_path, axes=axes), tmp_path / "out")
    changed = tiny_study(tmp_path, axes=axes, changes=[("right: 10 mV", "right: 12 mV")])
    with pytest.raises(InputError, match="of another base input") as caught:
        carried_out(changed, tmp_path / "out")
    assert 'studies.1.steady.bias.right: "10 mV" then, "12 mV" now' in str(caught.value)
    write_run(tmp_path, ("title: Strip", "title: Other"))
    assert carried_out(tiny_study(tmp_path, axes=axes), tmp_path / "out")[0].earlier == 2


def test_what_sets_replace_may_change_in_the_base(tmp_path):
    axes = {"state": {"sets": {"cold": {BIAS["path"]: "1 mV"}, "warm": {BIAS["path"]: "2 mV"}}}}
    carried_out(tiny_study(tmp_path, axes=axes), tmp_path / "out")
    changed = tiny_study(tmp_path, axes=axes, changes=[("right: 10 mV", "right: 12 mV")])
    assert carried_out(changed, tmp_path / "out")[0].earlier == 2


def test_a_changed_mesh_is_refused(tmp_path):
    axes = {"temperature": TEMPERATURE}
    study = tiny_study(tmp_path, axes=axes)
    carried_out(study, tmp_path / "out")
    mesh = tmp_path / "strip.msh"
    mesh.write_text(mesh.read_text() + "\n")
    with pytest.raises(InputError, match=r"the contents of strip\.msh have changed"):
        carried_out(study, tmp_path / "out")


def test_results_without_a_readable_study_are_not_mixed(tmp_path):
    study = tiny_study(tmp_path, axes={"temperature": TEMPERATURE})
    carried_out(study, tmp_path / "out")
    (tmp_path / "out" / "study.json").write_text("{")
    with pytest.raises(InputError, match=r"study\.json cannot be read, but there are results"):
        carried_out(study, tmp_path / "out")


def test_a_folder_in_use_is_refused_by_name_of_its_user(tmp_path):
    tiny_study(tmp_path)
    (tmp_path / "study.yaml").write_text("base: run.yaml\naxes: {temperature: {values: [300 K]}}")
    with Store(tmp_path / "out"):
        done = subprocess.run(
            [*COMMAND, "sweep", "study.yaml", "--folder", "out"],
            cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"out is in use by process {os.getpid()} on " in done.stderr
    assert not (tmp_path / "out" / "study.json").exists()
    with Store(tmp_path / "out"):
        pass


def test_a_failed_case_is_tried_twice_and_does_not_stop_the_others(tmp_path):
    axes = {"bias": {"path": BIAS["path"], "values": ["10 mV", "1e300 V", "20 mV"]}}
    counts, lines = carried_out(tiny_study(tmp_path, axes=axes), tmp_path / "out")
    assert counts.by_status == {"done": 2, "failed": 1}
    (failed,) = [r for r in results(tmp_path / "out").values() if r["status"] == "failed"]
    assert failed["attempts"] == 2
    assert "steady stopped after" in failed["reason"]
    assert any("failed, tried again: " in line for line in lines)
    assert any(" failed: base: steady: steady stopped" in line for line in lines)
    place = tmp_path / "out" / "cases" / failed["key"] / failed["kept"]
    last_good = Solution.load(place / failed["last_good"])
    assert last_good.kind == "equilibrium"
    assert carried_out(tiny_study(tmp_path, axes=axes), tmp_path / "out")[0].earlier == 3
    again, _ = carried_out(tiny_study(tmp_path, axes=axes), tmp_path / "out", again=True)
    assert again.earlier == 2


def test_an_output_that_the_first_case_does_not_have_is_said_once(tmp_path):
    wrong = "cases.base.studies.steady.contacts.rigth.current [A/m]"
    study = tiny_study(tmp_path, axes={"temperature": TEMPERATURE}, outputs={"j": wrong})
    counts, lines = carried_out(study, tmp_path / "out")
    assert counts.done == 2
    (line,) = [line for line in lines if line.startswith("warning: ")]
    assert "output 'j': the first case that is done has no number" in line
    assert "contacts.right.current [A/m]" in line


def test_the_second_attempt_has_the_settings_of_retry(tmp_path):
    axes = {"bias": {"path": BIAS["path"], "values": ["10 mV", "1e300 V"]}}
    study = tiny_study(tmp_path, axes=axes, retry={"max_iterations": 7})
    counts, _ = carried_out(study, tmp_path / "out")
    assert counts.by_status == {"done": 1, "failed": 1}
    found = results(tmp_path / "out")
    assert (found[10.0,]["attempts"], found[10.0,]["settings"]) == (1, {})
    failed = found[1e303,]
    assert failed["attempts"] == 2
    assert failed["settings"]["max_iterations"] == 7
    (first,) = failed["earlier"]
    assert (first["status"], first["settings"]) == ("failed", {})
    assert failed["reason"].startswith(first["reason"])


def test_folders_of_chosen_cases_are_kept(tmp_path):
    axes = {"temperature": TEMPERATURE}
    counts, _ = carried_out(tiny_study(tmp_path, axes=axes), tmp_path / "out")
    assert not list(tmp_path.glob("out/cases/*/run"))
    chosen = tiny_study(tmp_path, axes=axes, keep=[{"temperature": 310}])
    counts, _ = carried_out(chosen, tmp_path / "out")
    assert (counts.earlier, counts.done) == (1, 2)
    (kept,) = tmp_path.glob("out/cases/*/run")
    assert json.loads((kept / "summary.json").read_text())["input"]["temperature"] == 310.0
    assert carried_out(chosen, tmp_path / "out")[0].earlier == 2
    assert not (tmp_path / "out" / "scratch").exists()


def test_continuation_starts_from_the_neighbour(tmp_path):
    bias = {**BIAS, "linspace": {"from": "100 mV", "to": "400 mV", "points": 4}}
    axes = {"temperature": TEMPERATURE, "bias": bias}
    cold = tiny_study(tmp_path, axes=axes)
    carried_out(cold, tmp_path / "cold")
    study = tiny_study(tmp_path, axes=axes, continuation="bias")
    carried_out(study, tmp_path / "warm", workers=2)
    first, second = results(tmp_path / "cold"), results(tmp_path / "warm")
    keys = {place: result["key"] for place, result in second.items()}
    assert second[310.0, 100.0]["start"] is None
    assert second[310.0, 200.0]["start"] == keys[310.0, 100.0]
    assert second[310.0, 400.0]["start"] == keys[310.0, 300.0]
    path = "cases.base.studies.{}.history.iterations"
    current = "cases.base.studies.steady.contacts.right.current [A/m]"
    for place in first:
        mine, other = first[place]["numbers"], second[place]["numbers"]
        assert other[current] == pytest.approx(mine[current], rel=1e-7)
        if place[1] > 100.0:
            assert other[path.format("equilibrium")] < mine[path.format("equilibrium")]
            assert other[path.format("steady")] <= mine[path.format("steady")]


def test_continuation_goes_on_after_an_interruption_with_the_same_numbers(tmp_path):
    axes = {"bias": {"path": BIAS["path"], "values": ["100 mV", "200 mV", "300 mV"]}}
    study = tiny_study(tmp_path, axes=axes, continuation="bias")
    carried_out(study, tmp_path / "whole")
    whole = results(tmp_path / "whole")
    carried_out(study, tmp_path / "part")
    for bias in (200.0, 300.0):
        (tmp_path / "part/cases" / whole[bias,]["key"] / "result.json").unlink()
    counts, _ = carried_out(study, tmp_path / "part")
    assert counts.earlier == 1
    assert results(tmp_path / "part")[200.0,]["start"] == whole[100.0,]["key"]
    assert_same_numbers(results(tmp_path / "part"), whole)


def test_a_chain_goes_on_behind_a_case_that_failed(tmp_path):
    axes = {"bias": {"path": BIAS["path"], "values": ["100 mV", "1e300 V", "200 mV"]}}
    study = tiny_study(tmp_path, axes=axes, continuation="bias")
    counts, _ = carried_out(study, tmp_path / "out")
    assert counts.by_status == {"done": 2, "failed": 1}
    found = results(tmp_path / "out")
    assert found[200.0,]["start"] == found[100.0,]["key"]


# A full disk.


# A worker, called as a function.


def task(folder, **more):
    """Return the task of computing the tiny run file."""
    data = yaml.safe_load(write_run(folder).read_text())
    return Task(data, str(folder), "", str(folder / "scratch"), str(folder), **more)


def test_a_worker_returns_plain_data(tmp_path):
    result = run_task(task(tmp_path))
    assert json.loads(json.dumps(result)) == result
    assert result["status"] == "done"
    assert not (tmp_path / "scratch").exists()


def test_a_worker_without_the_disk_of_the_study_uses_its_own(tmp_path):
    wanted = task(tmp_path)
    away = replace(wanted, study=str(tmp_path / "away"), scratch=str(tmp_path / "away" / "s"))
    assert run_task(away)["numbers"] == run_task(wanted)["numbers"]
    assert not (tmp_path / "away").exists()


def test_the_timer_of_the_main_thread_interrupts_whatever_runs():
    begin = time.monotonic()
    with pytest.raises(worker.CaseTimeout), worker._time_limit(0.2):
        time.sleep(30)
    assert time.monotonic() - begin < 10
    with worker._time_limit(0.2):
        pass
    time.sleep(0.4)  # the timer is off


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
def test_allocations_beyond_the_memory_of_a_case_fail():
    limit = worker._memory_limit(worker._status()["VmRSS"] + 100_000_000)
    with pytest.raises(MemoryError), limit:
        np.ones(100_000_000)
    assert len(np.ones(100_000_000)) == 100_000_000


def test_in_other_threads_the_time_is_looked_at(tmp_path):
    """Workers of a cluster do their cases beside their main thread."""
    found = []
    wanted = task(tmp_path, time=1e-3)
    thread = threading.Thread(target=lambda: found.append(run_task(wanted)))
    thread.start()
    thread.join()
    assert found[0]["status"] == "timeout"


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (OSError(28, "No space left on device"), "disk", "No space left"),
        (MemoryError(), "memory", "needs more than"),
        (worker.CaseTimeout(), "timeout", "not done in 5 s"),
        (ZeroDivisionError("odd"), "failed", "ZeroDivisionError: odd"),
        (InputError("no"), "failed", "no"),
    ],
)
def test_a_worker_tells_what_went_wrong(tmp_path, monkeypatch, error, status, reason):
    def execute(*_, **__):
        (tmp_path / "scratch").mkdir(exist_ok=True)
        raise error

    monkeypatch.setattr("pyscl.runner.execute", execute)
    result = run_task(task(tmp_path, time=5.0))
    assert result["status"] == status
    assert reason in result["reason"]
    assert result["numbers"] == {}


def test_numbers_of_a_summary_are_named_by_their_place():
    summary = {
        "title": "x", "input": {"a": 1}, "seconds": 2.0,
        "cases": {"base": {"R [Ohm]": 1.5, "none": None, "flag": True, "list": [1, 2]}},
        "solve_seconds": 3.0,
        "history": {"iterations": [{"x": 1}, {"x": 2}]},
    }  # fmt: skip
    assert flatten(summary) == {
        "cases.base.R [Ohm]": 1.5, "cases.base.list.0": 1, "cases.base.list.1": 2,
        "history.iterations": 2,
    }  # fmt: skip


# The command.


def invoke(*arguments):
    result = CliRunner().invoke(cli.app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_command_computes_a_study_file(tmp_path, monkeypatch):
    tiny_study(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("two.yaml").write_text(
        "base: run.yaml\naxes: {temperature: {values: [300 K, 310 K]}}\nworkers: 1\n"
    )
    dry = invoke("sweep", "two.yaml", "--dry-run")
    assert "2 cases, all of them valid" in dry.output
    assert "0 of them are stored in studies/two" in dry.output
    assert not Path("studies").exists()
    done = invoke("sweep", "two.yaml")
    assert done.exit_code == 0
    assert "2 cases (0 from before): 2 done" in done.output
    assert "2 of 2 cases: 2 done, 0 without result, 0 running" in done.output
    assert len(results(Path("studies/two"))) == 2
    assert "2 of them are stored in studies/two" in invoke("sweep", "two.yaml", "--dry-run").output


def test_an_interrupted_command_says_what_is_stored_and_how_to_go_on(tmp_path, monkeypatch):
    tiny_study(tmp_path)
    (tmp_path / "two.yaml").write_text("base: run.yaml\naxes: {temperature: {values: [300 K]}}\n")

    def interrupted(*_, progress, **__):
        progress(Counts(4, by_status={"done": 2, "failed": 1}))
        raise KeyboardInterrupt

    monkeypatch.setattr("pyscl.sweep.drive.run_study", interrupted)
    done = invoke("sweep", tmp_path / "two.yaml", "--folder", tmp_path / "out")
    assert done.exit_code == 130
    assert f"interrupted: 3 of 4 cases are stored in {tmp_path / 'out'}; the same" in done.output


def test_without_a_terminal_there_is_a_line_now_and_then(monkeypatch):
    from rich.console import Console

    now, written = [1000.0], io.StringIO()
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    counts = Counts(10, earlier=2, by_status={"done": 2})
    with progress.SweepProgress(Console(file=written, width=40)) as shown:
        for _ in range(300):
            shown.show(counts)
            now[0] += 0.5
            if counts.finished < 6:
                counts.add("done")
        assert written.getvalue().splitlines() == [
            "6 of 10 cases: 6 done, 0 without result, 0 running, about 60 s left",
            "6 of 10 cases: 6 done, 0 without result, 0 running, about 120 s left",
        ]
        counts.by_status = {"done": 9, "failed": 1}
    assert written.getvalue().splitlines()[2:] == [
        "10 of 10 cases: 9 done, 1 without result, 0 running"
    ]


def test_the_command_exits_with_1_if_a_case_failed(tmp_path):
    tiny_study(tmp_path)
    path = tmp_path / "one.yaml"
    path.write_text(
        "base: run.yaml\naxes: {b: {path: studies.1.steady.bias.right, values: [1e300 V]}}\n"
    )
    done = invoke("sweep", path, "--folder", tmp_path / "out", "--workers", "1")
    assert done.exit_code == 1
    assert "1 failed" in done.output
