"""Studies whose workers, parents and machines fail: nothing is lost, nothing else is disturbed."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from studies import BIAS, TEMPERATURE, assert_same_numbers, carried_out, results, tiny_study
from test_sweep_engine import COMMAND, ENVIRONMENT

from pyscl import InputError
from pyscl.sweep import cluster, local
from pyscl.sweep.worker import THREADS

pytestmark = pytest.mark.studies

ENDLESS = (
    "  - steady: {bias: {right: 10 mV}}\n",
    "  - transient:\n      contact: right\n      protocol: [Rest for 1 us, Rest for 1 us]\n"
    "      max_step: 1 fs\n",
)
"""Turns the steady study of the run file into one that takes years."""

HANG = {"path": "studies.1.transient.max_step", "values": ["1 ms", "1 fs", "2 ms"]}
HUNGRY = {"path": "output.cuts.long.points", "values": [10, 300000000, 20]}
CUT = (
    "  figures: false",
    "  figures: false\n  cuts: {long: {from: [1 nm, 1 nm], to: [19 nm, 1 nm]}}",
)


def workers_of(process):
    """Return the processes that a process has started to carry out cases."""
    return [p for p in psutil.Process(process).children() if "spawn_main" in " ".join(p.cmdline())]


def when(condition, seconds=60.0):
    """Wait until something is true and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


def started(folder, number=1):
    """Return the scratch folders if that many cases have begun to write."""
    found = list(folder.glob("scratch/*/*"))
    return found if len(found) >= number else None


def strike(folder, signal_number, times=1):
    """Send a signal to the first worker of this process that is at a case, in the background."""

    def act():
        for _ in range(times):
            when(lambda: started(folder))
            (process, *_) = when(
                lambda: [p for p in multiprocessing.active_children() if p.pid not in struck]
            )
            struck.append(process.pid)
            os.kill(process.pid, signal_number)
            when(lambda: not started(folder) or times == 1)

    struck = []
    thread = threading.Thread(target=act)
    thread.start()
    return struck, thread


def test_a_killed_worker_costs_nothing_but_its_attempt(tmp_path):
    study = tiny_study(tmp_path)
    struck, thread = strike(tmp_path / "out", signal.SIGKILL)
    counts, lines = carried_out(study, tmp_path / "out", workers=2)
    thread.join()
    assert len(struck) == 1
    assert counts.by_status == {"done": 6}
    assert sum("crashed, tried again: its worker process ended" in line for line in lines) == 1
    assert sorted(r["attempts"] for r in results(tmp_path / "out").values()) == [1] * 5 + [2]
    carried_out(study, tmp_path / "calm")
    assert_same_numbers(results(tmp_path / "out"), results(tmp_path / "calm"))


@pytest.mark.slow
def test_a_case_that_takes_its_worker_down_twice_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "GRACE", 1e9)
    axes = {"step": {**HANG, "values": ["1 fs"]}}
    study = tiny_study(tmp_path, axes=axes, changes=[ENDLESS])
    struck, thread = strike(tmp_path / "out", signal.SIGKILL, times=2)
    counts, _ = carried_out(study, tmp_path / "out")
    thread.join()
    assert len(struck) == 2
    assert counts.by_status == {"crashed": 1}
    (result,) = results(tmp_path / "out").values()
    assert "its worker process ended" in result["reason"]
    assert result["attempts"] == 2
    assert (tmp_path / "out" / "cases" / result["key"] / "run" / "equilibrium").is_dir()


def test_a_case_over_its_time_ends_and_keeps_its_last_state(tmp_path):
    axes = {"step": HANG}
    study = tiny_study(tmp_path, axes=axes, changes=[ENDLESS], limits={"time": "8 s"})
    counts, lines = carried_out(study, tmp_path / "out")
    assert counts.by_status == {"done": 2, "timeout": 1}
    assert any("timeout: not done in 8 s" in line for line in lines)
    (late,) = [r for r in results(tmp_path / "out").values() if r["status"] == "timeout"]
    assert 8.0 <= late["seconds"] < 8.0 + local.GRACE
    assert late["attempts"] == 1
    assert (tmp_path / "out/cases" / late["key"] / late["kept"] / late["last_good"]).is_file()


def test_a_case_that_hears_nothing_is_ended_from_outside(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "GRACE", 1.0)
    axes = {"step": {**HANG, "values": ["1 fs", "1 ms"]}}
    study = tiny_study(tmp_path, axes=axes, changes=[ENDLESS], limits={"time": "6 s"})
    struck, thread = strike(tmp_path / "out", signal.SIGSTOP)
    counts, _ = carried_out(study, tmp_path / "out")
    thread.join()
    assert counts.by_status == {"done": 1, "timeout": 1}
    (late,) = [r for r in results(tmp_path / "out").values() if r["status"] == "timeout"]
    assert "deaf to interrupts" in late["reason"]
    assert not psutil.pid_exists(struck[0])


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
def test_a_case_over_its_memory_ends_alone(tmp_path):
    study = tiny_study(
        tmp_path, axes={"points": HUNGRY}, changes=[CUT], limits={"memory": "600 MB"}
    )
    counts, _ = carried_out(study, tmp_path / "out")
    assert counts.by_status == {"done": 2, "memory": 1}
    (large,) = [r for r in results(tmp_path / "out").values() if r["status"] == "memory"]
    assert large["reason"] == "needs more than 0.6 GB"
    assert large["memory"] < 900e6


def test_memory_is_watched_from_outside_where_allocations_do_not_fail(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "_MEMORY_GRACE", 0.1)
    axes = {"step": {**HANG, "values": ["1 fs"]}}
    study = tiny_study(tmp_path, axes=axes, changes=[ENDLESS], limits={"memory": "600 MB"})
    counts, _ = carried_out(study, tmp_path / "out")
    assert counts.by_status == {"memory": 1}


def test_cases_wait_until_there_is_memory_for_them(monkeypatch):
    engine = local.LocalEngine(3)
    monkeypatch.setattr(local, "_memory", lambda: (3_000_000_000, 10_000_000_000))
    assert engine.free == 3
    busy = engine._lanes[0]
    busy.name, busy.limit = "busy", 500_000_000
    monkeypatch.setattr(busy, "memory", lambda: 100_000_000)
    assert engine.free == 2
    busy.limit = 900_000_000
    assert engine.free == 1
    busy.limit = 1_500_000_000
    assert engine.free == 0


def test_workers_have_one_thread_each(tmp_path):
    study = tiny_study(tmp_path, axes={"step": {**HANG, "values": ["1 fs"]}}, changes=[ENDLESS],
                       limits={"time": "6 s"})  # fmt: skip
    found = {}

    def look():
        when(lambda: started(tmp_path / "out"))
        (worker,) = workers_of(os.getpid())
        found.update(worker.environ())

    thread = threading.Thread(target=look)
    thread.start()
    carried_out(study, tmp_path / "out")
    thread.join()
    assert [found.get(name) for name in THREADS] == ["1"] * len(THREADS)
    assert [os.environ.get(name) for name in THREADS] != ["1"] * len(THREADS)


def command(folder, *arguments, out="out"):
    """Start `pyscl sweep` on the study file in a folder."""
    return subprocess.Popen(
        [*COMMAND, "sweep", "many.yaml", "--folder", out, *arguments],
        cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def many_cases(folder, points=16):
    """Write a study file of many cases."""
    tiny_study(folder)
    grid = f"linspace: {{from: 1 mV, to: 20 mV, points: {points}}}"
    axes = f"axes: {{bias: {{path: {BIAS['path']}, {grid}}}}}"
    (folder / "many.yaml").write_text(f"base: run.yaml\n{axes}\n")


FULL_DISK = """
import os
from pathlib import Path

from pyscl import InputError
from pyscl.sweep import load_study, run_study


def main():
    replace, written = os.replace, []

    def full(source, target):
        if Path(target).name == "result.json":
            if len(written) == 2:
                raise OSError(28, "No space left on device")
            written.append(target)
        replace(source, target)

    os.replace = full
    try:
        run_study(load_study("many.yaml"), "out", workers=1)
    except InputError as error:
        print(error)


if __name__ == "__main__":
    main()
"""


def test_a_full_disk_stops_the_study_and_leaves_complete_results(tmp_path):
    many_cases(tmp_path, points=6)
    (tmp_path / "full.py").write_text(FULL_DISK)
    done = subprocess.run(
        [sys.executable, "full.py"], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert "No space left on device" in done.stdout, done.stderr
    assert len(results(tmp_path / "out")) == 2
    process = command(tmp_path)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert len(results(tmp_path / "out")) == 6


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_study_goes_on_where_it_stopped(tmp_path, number):
    many_cases(tmp_path)
    process = command(tmp_path, "--workers", "2")
    when(lambda: len(results(tmp_path / "out")) >= 3)
    workers = workers_of(process.pid)
    assert len(workers) == 2
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: to the workers, too
    else:
        process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in said
    psutil.wait_procs(workers, timeout=30)
    assert not [worker for worker in workers if worker.is_running()]
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("out/cases/*/result.json")}
    assert 3 <= len(before) < 16
    assert all(json.loads(path.read_text())["status"] == "done" for path in before)
    again = command(tmp_path)
    said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert f"16 cases ({len(before)} from before): 16 done" in said[0]
    assert {p: p.stat().st_mtime_ns for p in before} == before
    whole = command(tmp_path, out="whole")
    assert whole.wait(timeout=120) == 0
    whole.communicate()
    assert_same_numbers(results(tmp_path / "out"), results(tmp_path / "whole"))


# Dask.


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """Return the address of a scheduler with two worker processes on loopback."""
    folder = tmp_path_factory.mktemp("dask")
    options = {"env": ENVIRONMENT, "cwd": folder, "stdout": subprocess.DEVNULL,
               "stderr": subprocess.DEVNULL}  # fmt: skip
    python, file = [sys.executable, "-P", "-m"], folder / "scheduler.json"
    scheduler = subprocess.Popen(
        [*python, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
         "--no-dashboard", "--scheduler-file", str(file)], **options,
    )  # fmt: skip
    address = json.loads(when(lambda: file.is_file() and file.read_text()))["address"]
    worker = subprocess.Popen(
        [*python, "distributed.cli.dask_worker", address, "--nworkers", "2", "--nthreads", "1",
         "--no-dashboard", "--host", "127.0.0.1"], **options,
    )  # fmt: skip
    yield address
    for process in (worker, scheduler):
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.slow
def test_a_study_on_a_cluster_has_the_same_numbers(tmp_path, dask):
    study = tiny_study(tmp_path)
    counts, _ = carried_out(study, tmp_path / "out", scheduler=dask)
    assert counts.by_status == {"done": 6}
    carried_out(study, tmp_path / "local")
    assert_same_numbers(results(tmp_path / "out"), results(tmp_path / "local"))


@pytest.mark.slow
def test_faults_on_a_cluster_stay_with_their_cases(tmp_path, dask):
    axes = {"step": HANG, "bias": {"path": "contacts.right.electrochemical_potential",
                                   "values": ["0 eV", "1e300 eV"]}}  # fmt: skip
    study = tiny_study(tmp_path, axes=axes, changes=[ENDLESS], limits={"time": "8 s"})
    counts, _ = carried_out(study, tmp_path / "out", scheduler=dask)
    found = {k: r["status"] for k, r in results(tmp_path / "out").items()}
    assert found[1.0, 0.0] == found[2.0, 0.0] == "done"
    late = [r for r in results(tmp_path / "out").values() if r["status"] == "timeout"]
    assert late
    assert counts.total == 6


@pytest.mark.slow
def test_a_lost_worker_of_a_cluster_costs_nothing_but_time(tmp_path, dask):
    from distributed import Client

    study = tiny_study(tmp_path)
    with Client(dask, timeout=20) as client:
        pids = list(client.run(os.getpid).values())
    assert len(pids) == 2

    def act():
        when(lambda: started(tmp_path / "out"))
        os.kill(pids[0], signal.SIGKILL)

    thread = threading.Thread(target=act)
    thread.start()
    counts, _ = carried_out(study, tmp_path / "out", scheduler=dask)
    thread.join()
    assert counts.by_status == {"done": 6}


@pytest.mark.slow
def test_a_cluster_of_our_own(tmp_path):
    study = tiny_study(tmp_path, axes={"temperature": TEMPERATURE})
    counts, _ = carried_out(study, tmp_path / "out", workers=2, scheduler=cluster.LOCAL)
    assert counts.by_status == {"done": 2}


@pytest.mark.slow
def test_workers_with_another_pyscl_are_refused(tmp_path, dask, monkeypatch):
    study = tiny_study(tmp_path, axes={"temperature": TEMPERATURE})
    monkeypatch.setattr("pyscl.sweep.cases.code_identity", lambda: "other")
    with pytest.raises(InputError, match=r"Dask worker .* has pyscl .*, this is .*code other;"):
        carried_out(study, tmp_path / "out", scheduler=dask)
    monkeypatch.setattr(cluster.DaskEngine, "_refuse", lambda *_: None)  # they come later
    with pytest.raises(InputError, match=r"worker on .* has .*code other;.*so far are complete"):
        carried_out(study, tmp_path / "out", scheduler=dask)
    assert not results(tmp_path / "out")


def test_a_case_is_not_carried_out_by_another_pyscl():
    result = cluster._runner("pyscl 0.0, code none")({})
    assert "this is pyscl 0.0, code none" in result["reason"]


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT", 1.0)
    study = tiny_study(tmp_path, axes={"temperature": TEMPERATURE})
    with pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:9 does not answer"):
        carried_out(study, tmp_path / "out", scheduler="tcp://127.0.0.1:9")
