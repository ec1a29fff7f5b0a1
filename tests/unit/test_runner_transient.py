"""Transients in run files: what is written, going on after an interrupt, what is refused."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import meshio
import numpy as np
import pytest
from rich.console import Console
from runs import write_run
from typer.testing import CliRunner

import pyscl
from pyscl import ConvergenceError, InputError, Model, cli, plot
from pyscl.input import load_input
from pyscl.progress import TerminalProgress
from pyscl.runner import execute, find_trajectory
from pyscl.study.transient.stepper import Stepper
from pyscl.trajectory import Trajectory

STEADY = "  - steady: {bias: {right: 10 mV}}\n"
TRANSIENT = """\
  - transient:
      contact: right
      protocol: [Step to 50 mV, Wait for 20 ns, Rest for 10 ns, "Sweep from 0 V to 0.1 V at 1 V/us"]
      save_every: 20 ns
"""


def run_file(folder, *changes, transient=TRANSIENT):
    return write_run(folder, (STEADY, transient), *changes)


def run(path, out, *overrides, **options):
    lines = []
    result = execute(load_input(path, overrides), out, report=lines.append, **options)
    return result, "\n".join(lines)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("done")
    told = []
    result, report = run(
        run_file(folder), folder / "out", steps=lambda *arguments: told.append(arguments)
    )
    return result, report, told


def test_a_transient_of_a_run_file_is_made_in_the_prescribed_steps(tmp_path):
    held = "protocol: Hold at 50 mV for 20 ns\n      step_lengths: [5 ns, 5 ns, 10 ns]\n"
    transient = f"  - transient:\n      contact: right\n      {held}"
    result, _ = run(run_file(tmp_path, transient=transient), tmp_path / "out")
    done = Trajectory.load(result.folder / "transient" / "solution.h5")
    assert done["dt"][2:].tolist() == [5e-9, 5e-9, 1e-8]


def test_a_transient_writes_result_series_and_states(done):
    result, _, _ = done
    place = result.folder / "transient"
    names = {p.name for p in place.iterdir()}
    assert names == {"solution.h5", "series.csv", "fields.pvd", "fields", "quantities.csv"}
    outcome = result.outcomes["base"][1]
    trajectory = Trajectory.load(place / "solution.h5")
    assert trajectory.complete
    assert [s.reason for s in trajectory.stops][1:3] == ["20 ns passed", "10 ns passed"]
    np.testing.assert_array_equal(trajectory["voltage"], outcome.trajectory["voltage"])
    kept = trajectory.times[trajectory.times > 0.0]
    np.testing.assert_allclose(kept, 1e-9 * np.array([20, 40, 60, 80, 100, 120, 130]))


def test_series_and_states_are_those_of_the_trajectory(done):
    result, _, _ = done
    outcome = result.outcomes["base"][1]
    rows = np.genfromtxt(
        outcome.folder / "series.csv", delimiter=",", skip_header=1, usecols=(0, 6)
    )
    np.testing.assert_array_equal(rows[:, 0], outcome.trajectory["time"])
    np.testing.assert_array_equal(rows[:, 1], outcome.trajectory["voltage"])
    files = sorted((outcome.folder / "fields").iterdir())
    assert len(files) == len(outcome.trajectory.solutions)
    last = meshio.read(files[-1]).point_data["potential [V]"]
    np.testing.assert_array_equal(last, outcome.solution["potential"].values)


def test_summary_says_how_the_protocol_went(done):
    result, report, _ = done
    study = json.loads((result.folder / "summary.json").read_text())["cases"]["base"]["studies"][
        "transient"
    ]
    trajectory = result.outcomes["base"][1].trajectory
    assert study["status"] == "converged"
    assert study["reason"] == "end of the protocol"
    assert [stop["text"] for stop in study["protocol"]][1] == "Wait for 20 ns"
    assert study["protocol"][-1]["time [s]"] == trajectory["time"][-1]
    assert study["protocol"][-1]["voltage [V]"] == pytest.approx(0.1)
    assert study["voltages [V]"] == {"left": 0.0, "right": pytest.approx(0.1)}
    assert study["charge passed [C/m]"] == trajectory["charge_passed"][-1]
    assert study["history"]["steps"] == trajectory.counts["steps"]
    assert study["contacts"]["right"]["charge [C/m]"] == pytest.approx(
        trajectory["charge_right"][-1], rel=1e-9
    )
    assert f"transient: {trajectory.counts['steps']} time steps to 130 ns" in report
    assert "Wait for 20 ns" in report


def test_every_accepted_step_is_told(done):
    result, _, told = done
    trajectory = result.outcomes["base"][1].trajectory
    assert [record.time for _, _, record in told] == trajectory["time"].tolist()
    assert {label for label, _, _ in told} == {"transient"}


def test_steps_are_as_short_and_as_accurate_as_wanted(tmp_path):
    path = run_file(tmp_path)
    short, _ = run(path, tmp_path / "short", "studies.1.transient.max_step=0.5 ns")
    assert short.outcomes["base"][1].trajectory["dt"].max() <= 0.5e-9 * (1 + 1e-12)
    fine, _ = run(path, tmp_path / "fine", "studies.1.transient.tolerance=1e-6")
    rough, _ = run(path, tmp_path / "rough", "studies.1.transient.tolerance=0.01")
    rows = [len(r.outcomes["base"][1].trajectory.series) for r in (fine, rough)]
    assert rows[0] > 2 * rows[1]


def test_a_transient_starts_from_the_study_before_if_wanted(tmp_path):
    path = run_file(
        tmp_path,
        transient=STEADY
        + TRANSIENT.replace("contact: right", "contact: right\n      start: previous"),
    )
    result, _ = run(path, tmp_path / "out", "studies.2.transient.protocol=[Wait for 1 ns]")
    _, steady, transient = result.outcomes["base"]
    volts = transient.trajectory["voltage"]
    np.testing.assert_allclose(volts, volts[0], rtol=1e-12)
    change = transient.solution["potential"].values - steady.solution["potential"].values
    assert np.abs(change).max() < 1e-9
    assert transient.solution.bias["right"] == pytest.approx(0.01)


PICTURES = ("  figures: false\n", "  figures: true\n")


def test_pictures_of_a_transient(tmp_path, monkeypatch):
    drawn = []
    for name in ("overview", "field_map", "convergence_plot", "comparison"):
        monkeypatch.setattr(plot, name, lambda *_, name=name, **__: drawn.append(name))
    monkeypatch.setattr(plot, "save", lambda figure, path: path.touch())
    path = run_file(tmp_path, PICTURES)
    result, _ = run(path, tmp_path / "out")
    names = {p.name for p in (result.folder / "transient").glob("*.png")}
    assert names == {
        "overview_Li.png",
        "layer_Li.png",
        "current_density_Li.png",
        "series.png",
        "interface_a_b.png",
    }
    assert drawn.count("convergence_plot") == 1


# Ended early, and failed.


def test_a_protocol_that_ends_early_is_no_failure_but_is_said(tmp_path, monkeypatch):
    real = Model.transient

    def transient(self, *arguments, **options):
        trajectory = real(self, *arguments, **options)
        trajectory.complete, trajectory.reason = False, "active is full of Li"
        return trajectory

    monkeypatch.setattr(Model, "transient", transient)
    result, report = run(run_file(tmp_path), tmp_path / "out")
    assert not result.failed
    study = result.summary["cases"]["base"]["studies"]["transient"]
    assert (study["status"], study["reason"]) == ("ended early", "active is full of Li")
    assert "ended early (active is full of Li)" in report


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """Return the result of a run whose transient fails after 15 ns."""
    real = Stepper.trial

    def trial(self, longest, value):
        if self.time > 15e-9:
            raise self.failure("a step of the test did not converge")
        return real(self, longest, value)

    monkeypatch.setattr(Stepper, "trial", trial)
    return run(run_file(tmp_path), tmp_path / "out")


def test_a_failed_transient_keeps_what_was_reached(failing):
    result, report = failing
    assert result.failed
    place = result.folder / "transient"
    names = {p.name for p in place.iterdir()}
    assert names == {
        "failure.json", "solution.h5", "checkpoint.h5", "series.csv", "fields.pvd", "fields",
    }  # fmt: skip
    record = json.loads((place / "failure.json").read_text())
    assert "a step of the test did not converge" in record["error"]
    reached = Trajectory.load(place / "solution.h5")
    assert not reached.complete
    assert 15e-9 < reached["time"][-1] < 25e-9
    assert reached.final.time == reached["time"][-1]
    assert "a step of the test" in reached.reason
    assert "transient FAILED: a step of the test" in report


def test_a_failed_transient_goes_on_when_its_cause_is_gone(failing, monkeypatch, done):
    result, _ = failing
    monkeypatch.undo()
    again, _ = run(result.folder.parent / "run.yaml", result.folder, resume=True)
    assert not again.failed
    assert {p.name for p in (again.folder / "transient").iterdir()} == {
        "solution.h5", "series.csv", "fields.pvd", "fields", "quantities.csv",
    }  # fmt: skip
    assert_same(again, done[0])


def test_a_fresh_run_leaves_nothing_of_an_earlier_one(failing, monkeypatch):
    result, _ = failing
    monkeypatch.undo()
    path = result.folder.parent / "run.yaml"
    fewer = ["studies.1.transient.protocol=[Rest for 1 ns]"]
    again, _ = run(path, result.folder, *fewer)
    names = {p.name for p in (again.folder / "transient").iterdir()}
    assert names == {"solution.h5", "series.csv", "fields.pvd", "fields", "quantities.csv"}
    steady, _ = run(path, result.folder, "studies=[equilibrium, {steady: {bias: {right: 1 mV}}}]")
    assert (steady.folder / "steady" / "fields.vtu").is_file()


# Going on after an interrupt.


def assert_same(result, other):
    """Two runs have the same time series, up to the tolerance of the solver."""
    mine, theirs = (r.outcomes["base"][-1].trajectory for r in (result, other))
    assert len(mine.series) == len(theirs.series)
    for name, unit in mine.series.units.items():
        if name == "iterations":
            continue
        scale = np.abs(theirs[name]).max() or 1.0
        np.testing.assert_allclose(
            mine[name], theirs[name], rtol=1e-6, atol=1e-6 * scale, err_msg=f"{name} [{unit}]"
        )
    assert [s.reason for s in mine.stops] == [s.reason for s in theirs.stops]
    # a failure keeps its last state too
    assert set(np.round(theirs.times, 15)) <= set(np.round(mine.times, 15))


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """Return (path, folder) of a run that was interrupted after 15 ns."""
    real = Stepper.trial

    def trial(self, longest, value):
        if self.time > 15e-9:
            raise KeyboardInterrupt
        return real(self, longest, value)

    monkeypatch.setattr(Stepper, "trial", trial)
    path, lines = run_file(tmp_path), []
    with pytest.raises(KeyboardInterrupt):
        execute(load_input(path), tmp_path / "out", report=lines.append)
    monkeypatch.undo()
    (line,) = [line for line in lines if "interrupted" in line]
    assert "checkpoint.h5" in line
    assert "--resume" in line
    return path, tmp_path / "out"


def test_an_interrupted_run_goes_on_to_the_same_results(interrupted, done):
    path, folder = interrupted
    checkpoint = Trajectory.load(folder / "transient" / "checkpoint.h5")
    assert (checkpoint.complete, checkpoint.reason) == (False, "interrupted")
    times = []
    result, _ = run(path, folder, resume=True, steps=lambda _, __, r: times.append(r.time))
    assert min(times) > checkpoint["time"][-1]
    assert not (folder / "transient" / "checkpoint.h5").exists()
    assert_same(result, done[0])


def test_a_finished_transient_is_read_not_repeated(interrupted):
    path, folder = interrupted
    first, _ = run(path, folder, resume=True)
    times = []
    second, report = run(path, folder, resume=True, steps=lambda _, __, r: times.append(r.time))
    assert not times
    assert "transient: " in report
    a, b = (r.outcomes["base"][-1].trajectory for r in (first, second))
    np.testing.assert_array_equal(a.series.table(), b.series.table())


def test_with_nothing_to_go_on_from_a_run_starts_and_says_so(tmp_path, done):
    result, report = run(run_file(tmp_path), tmp_path / "out", resume=True)
    assert "transient: nothing to go on from; from the beginning" in report
    assert_same(result, done[0])


@pytest.mark.parametrize(
    ("override", "difference"),
    [
        ("temperature=310 K", "temperature: 298.15 in the file, 310.0 here"),
        (
            "regions.a.relative_permittivity=12",
            "materials.a.relative_permittivity: 10.0 in the file",
        ),
        ("studies.1.transient.tolerance=0.01", "tolerance: 0.001 in the file, 0.01 here"),
        ("studies.1.transient.protocol=[Rest for 1 s]", "protocol"),
        ("studies.1.transient.contact=left", "contact: 'right' in the file, 'left' here"),
    ],
)
def test_a_checkpoint_of_another_input_is_refused_before_any_solve(
    interrupted, monkeypatch, override, difference
):
    path, folder = interrupted
    checkpoint = folder / "transient" / "checkpoint.h5"
    before = checkpoint.read_bytes()

    def solve(*_, **__):
        raise AssertionError("solved before the input was checked")

    monkeypatch.setattr(Model, "equilibrium", solve)
    monkeypatch.setattr(Model, "transient", solve)
    with pytest.raises(InputError, match=r"checkpoint\.h5 .*another calculation") as caught:
        run(path, folder, override, resume=True)
    assert difference in str(caught.value)
    assert checkpoint.read_bytes() == before


def test_a_damaged_checkpoint_is_refused_by_name(interrupted):
    path, folder = interrupted
    checkpoint = folder / "transient" / "checkpoint.h5"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1000])
    with pytest.raises(InputError, match=r"checkpoint\.h5.*damaged"):
        run(path, folder, resume=True)


# As a process.

LONG = TRANSIENT.replace("Wait for 20 ns", "Wait for 2 us").replace(
    "save_every: 20 ns", "save_every: 1 us\n      max_step: 4 ns\n      checkpoint_every: 10 ms"
)


def start(path, *options):
    paths = os.pathsep.join([str(Path(pyscl.__file__).parents[1]), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-P", "-c", "from pyscl.cli import main; main()", "run", path.name,
         "--out", "out", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=path.parent,
        env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip


def after_checkpoint(path, process, number):
    """Stop a process with a signal once it has written a checkpoint and a little more."""
    checkpoint = path.parent / "out" / "transient" / "checkpoint.h5"
    deadline = time.monotonic() + 60
    while not checkpoint.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.1)
    assert process.poll() is None, process.communicate()
    process.send_signal(number)
    return process.communicate(timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_interrupted_and_killed_runs_go_on_to_the_same_results(tmp_path):
    path = run_file(tmp_path, transient=LONG)
    whole, _ = run(path, tmp_path / "whole")
    process = start(path)
    said, errors = after_checkpoint(path, process, signal.SIGINT)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "--resume goes on from there" in said
    process = start(path, "--resume")
    after_checkpoint(path, process, signal.SIGKILL)
    process = start(path, "--resume")
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    result, _ = run(path, tmp_path / "out", resume=True)
    assert_same(result, whole)


# What the terminal shows.


def test_the_bar_shows_time_step_iterations_and_voltage(tmp_path):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120)
    path = run_file(tmp_path)
    with TerminalProgress(console) as progress:
        run(path, tmp_path / "out", steps=progress.step, progress=progress.iteration)
        task = progress._bars.tasks[0]
        assert task.description == "transient"
        assert task.completed == task.total == 4
        assert "t = 130 ns, dt = " in task.fields["state"]
        assert "iterations, 0.100 V" in task.fields["state"]
    assert "transient" in out.getvalue()


def test_away_from_a_terminal_nothing_is_shown(tmp_path):
    out = io.StringIO()
    with TerminalProgress(Console(file=out)) as progress:
        run(run_file(tmp_path), tmp_path / "out", steps=progress.step)
    assert out.getvalue() == ""


# animate


def invoke(*arguments):
    result = CliRunner().invoke(cli.app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_animate_takes_the_folder_of_a_run(done, tmp_path):
    result, _, _ = done
    target = tmp_path / "y.gif"
    told = invoke("animate", result.folder, "--field", "site_fraction_Li", "--out", target)
    states = len(result.outcomes["base"][1].trajectory.solutions)
    assert f"{states} states in {target}" in told.output.replace("\n", "")
    assert target.read_bytes()[:6] == b"GIF89a"


def test_animate_wants_exactly_one_transient(done, tmp_path):
    result, _, _ = done
    with pytest.raises(InputError, match="there is no transient in"):
        find_trajectory(result.folder / "equilibrium")
    for case in ("a", "b"):
        (tmp_path / case).mkdir()
        (tmp_path / case / "solution.h5").write_bytes(
            (result.folder / "transient" / "solution.h5").read_bytes()
        )
    with pytest.raises(InputError, match="several transients") as caught:
        find_trajectory(tmp_path)
    assert str(tmp_path / "b" / "solution.h5") in str(caught.value)
    assert find_trajectory(tmp_path / "a") == tmp_path / "a" / "solution.h5"


def test_animate_refuses_a_solution_and_a_missing_file(done, tmp_path):
    result, _, _ = done
    with pytest.raises(InputError, match="it holds a solution"):
        invoke("animate", result.folder / "equilibrium" / "solution.h5", "--field", "potential")
    with pytest.raises(InputError, match=r"nothing\.h5"):
        invoke("animate", tmp_path / "nothing.h5", "--field", "potential")


def test_a_failed_start_has_no_trajectory(tmp_path, monkeypatch):
    def transient(self, *_, **__):
        history = self.equilibrium().history
        raise ConvergenceError("no equilibrium", history=history)

    path = run_file(tmp_path)
    run(path, tmp_path / "out")
    monkeypatch.setattr(Model, "transient", transient)
    result, _ = run(path, tmp_path / "out")
    assert result.failed
    left = {p.name for p in (result.folder / "transient").iterdir()}
    assert left == {"failure.json", "last_good.h5"}  # the state before, nothing of the old run
