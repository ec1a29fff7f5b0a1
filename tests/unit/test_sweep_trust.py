"""Results belong to their input and their code, and every case to its own attempt."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from studies import TEMPERATURE, carried_out, results, tiny_study
from test_sweep_engine import ENVIRONMENT

import pyscl
from pyscl import InputError
from pyscl.errors import GeometryError
from pyscl.sweep import cases, local, store
from pyscl.sweep.drive import plan
from pyscl.sweep.engines import lost
from pyscl.sweep.store import Store

pytestmark = pytest.mark.studies

ONE = {"temperature": {"values": ["300 K"]}}
ENDED = {"numbers": {}, "seconds": 1.0, "memory": 0, "versions": {}}


class Scripted:
    """An engine that answers with given results, one after the other."""

    def __init__(self, *answers):
        self.answers, self.tasks, self.waiting = list(answers), [], []

    free = property(lambda self: 1 - len(self.waiting))
    running = property(lambda self: len(self.waiting))

    def submit(self, name, task):
        self.tasks.append(task)
        self.waiting.append((name, ENDED | self.answers.pop(0)))

    def wait(self, seconds):
        found, self.waiting = self.waiting, []
        return found

    def close(self):
        pass


@pytest.fixture
def scripted(monkeypatch):
    """Return a function that lets studies be carried out by a `Scripted` engine."""

    def use(*answers):
        engine = Scripted(*answers)
        monkeypatch.setattr(local, "LocalEngine", lambda *_: engine)
        return engine

    return use


def answer(status, reason="", **more):
    return {"status": status, "reason": reason, **more}


# Attempts.


def test_a_case_that_failed_is_tried_again_with_other_settings_and_both_reasons_are_kept(
    tmp_path, scripted
):
    engine = scripted(answer("failed", "no convergence"), answer("failed", "too many steps"))
    carried_out(tiny_study(tmp_path, axes=ONE), tmp_path / "out")
    assert [bool(task.settings) for task in engine.tasks] == [False, True]
    assert engine.tasks[0].data == engine.tasks[1].data
    (found,) = results(tmp_path / "out").values()
    assert found["reason"] == "no convergence\nsecond attempt: too many steps"
    assert [e["reason"] for e in found["earlier"]] == ["no convergence"]
    assert found["settings"] == dict(engine.tasks[1].settings)


def test_a_case_whose_worker_was_lost_is_tried_again_unchanged(tmp_path, scripted):
    engine = scripted(lost("crashed", "gone", 1.0), answer("done"))
    carried_out(tiny_study(tmp_path, axes=ONE), tmp_path / "out")
    assert [task.settings for task in engine.tasks] == [{}, {}]
    (found,) = results(tmp_path / "out").values()
    assert (found["status"], found["reason"], found["settings"]) == ("done", "", {})
    assert [e["reason"] for e in found["earlier"]] == ["gone"]


@pytest.mark.parametrize(
    ("error", "final"),
    [(GeometryError("no room"), True), (InputError("bad"), True), (RuntimeError("odd"), False)],
)
def test_bad_input_is_not_tried_again(tmp_path, monkeypatch, scripted, error, final):
    from test_sweep_engine import task

    from pyscl.sweep.worker import run_task

    def execute(*_, **__):
        raise error

    monkeypatch.setattr("pyscl.runner.execute", execute)
    result = run_task(task(tmp_path))
    assert result.get("final", False) is final
    engine = scripted(result, answer("done"))
    carried_out(tiny_study(tmp_path, axes=ONE), tmp_path / "out")
    assert len(engine.tasks) == (1 if final else 2)
    assert all("final" not in r for r in results(tmp_path / "out").values())


def test_a_file_that_cannot_be_read_for_a_moment_is_tried_again(tmp_path, monkeypatch):
    from test_sweep_engine import task

    from pyscl.sweep.worker import run_task

    def execute(*_, **__):
        raise InputError("cannot read it") from OSError(5, "Input/output error")

    monkeypatch.setattr("pyscl.runner.execute", execute)
    assert "final" not in run_task(task(tmp_path))


def test_a_rerun_with_nothing_but_failures_says_why_and_what_to_do(tmp_path, scripted):
    study = tiny_study(tmp_path, axes=ONE)
    scripted(answer("failed", "no convergence"), answer("failed", "no convergence"))
    carried_out(study, tmp_path / "out")
    counts, lines = carried_out(study, tmp_path / "out")
    assert counts.by_status == {"failed": 1}
    assert lines == [
        "case 0 (temperature = 300) failed: no convergence",
        "1 case has no result; --again computes such cases again",
    ]


# Code.


def test_the_code_is_known_by_its_contents(tmp_path, monkeypatch):
    shutil.copytree(Path(pyscl.__file__).parent / "sweep", tmp_path / "pyscl" / "sweep")
    (tmp_path / "pyscl" / "__init__.py").touch()
    monkeypatch.setattr(pyscl, "__file__", str(tmp_path / "pyscl" / "__init__.py"))
    own = cases.code_identity()

    def identity():
        cases.code_identity.cache_clear()
        cases._hashed.cache_clear()
        return cases.code_identity()

    try:
        before = identity()
        assert before == identity() != own
        with open(tmp_path / "pyscl" / "sweep" / "axes.py", "a") as file:
            file.write("\n")
        assert identity() != before
    finally:
        monkeypatch.undo()
        assert identity() == own


def test_results_of_other_code_are_kept_and_reported(tmp_path, monkeypatch):
    axes = {"temperature": TEMPERATURE}
    study = tiny_study(tmp_path, axes=axes)
    carried_out(study, tmp_path / "out")
    own = cases.code_identity()
    about = json.loads((tmp_path / "out" / "study.json").read_text())
    assert about["versions"] == {"pyscl": pyscl.__version__, "code": own}
    assert {r["versions"]["code"] for r in results(tmp_path / "out").values()} == {own}
    (first, *_) = (tmp_path / "out").glob("cases/*/result.json")
    found = json.loads(first.read_text())
    found["versions"]["code"], found["date"] = "other", "2020-02-03"
    first.write_text(json.dumps(found))
    counts, lines = carried_out(study, tmp_path / "out")
    assert counts.earlier == 2
    assert lines == [
        f"note: 1 result was made by other code (pyscl {pyscl.__version__}, 2020-02-03); "
        "--again recomputes"
    ]
    counts, lines = carried_out(study, tmp_path / "out", again=True)
    assert (counts.earlier, counts.done, lines) == (1, 2, [])
    assert {r["versions"]["code"] for r in results(tmp_path / "out").values()} == {own}


def test_workers_of_other_code_are_reported(tmp_path, scripted):
    engine = scripted(answer("done", versions={"code": "other"}))
    _, lines = carried_out(tiny_study(tmp_path, axes=ONE), tmp_path / "out")
    assert engine.tasks[0].code == cases.code_identity()
    assert any("pyscl has changed since this study was started" in line for line in lines)


# Folders.


def test_every_session_has_scratch_folders_of_its_own(tmp_path):
    _, (case,) = plan(tiny_study(tmp_path, axes=ONE))
    with Store(tmp_path / "out") as first:
        place = first.scratch(case, 1)
    with Store(tmp_path / "out") as second:
        assert second.scratch(case, 1) != place
        assert second.scratch(case, 1) == second.scratch(case, 1)
        assert second.scratch(case, 1) != second.scratch(case, 2)


def test_only_what_dead_sessions_left_is_removed(tmp_path, monkeypatch):
    here, dead = store.socket.gethostname(), 2**22 + 1  # more than Linux gives
    names = {
        "dead": f"k-1-aaa-{dead}-{here}",
        "living": f"k-1-bbb-{os.getppid()}-{here}",
        "elsewhere": f"k-1-ccc-{dead}-other-host",
        "old": f"k-1-ddd-{dead}-other-host",
        "earlier": f"k-1-eee-{os.getpid()}-{here}",
    }
    places = {name: tmp_path / "out" / "scratch" / text for name, text in names.items()}
    for place in places.values():
        (place / "base").mkdir(parents=True)
    for path in (places["old"], places["old"] / "base", places["elsewhere"]):
        os.utime(path, (1e9, 1e9))
    with Store(tmp_path / "out"):
        left = {name for name, place in places.items() if place.exists()}
    assert left == {"living", "elsewhere"}


def test_a_result_that_is_a_folder_is_the_problem_of_its_case(tmp_path):
    study = tiny_study(tmp_path, axes={"temperature": TEMPERATURE})
    carried_out(study, tmp_path / "out")
    (first, *_) = (tmp_path / "out").glob("cases/*/result.json")
    first.unlink()
    (first / "inside").mkdir(parents=True)
    counts, lines = carried_out(study, tmp_path / "out")
    assert (counts.earlier, counts.done) == (1, 2)
    assert any("is computed again" in line for line in lines)
    assert first.is_file()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_folder_that_cannot_be_read_is_the_problem_of_its_case(tmp_path):
    study = tiny_study(tmp_path, axes={"temperature": TEMPERATURE})
    carried_out(study, tmp_path / "out")
    (first, *_) = (tmp_path / "out").glob("cases/*")
    first.chmod(0)
    counts, _ = carried_out(study, tmp_path / "out")
    assert (counts.earlier, counts.done) == (1, 2)


# Workers that cannot start.

SCRIPT = """
from pyscl.sweep import make_study, run_study
study = make_study("s", base="run.yaml", axes={"temperature": {"values": ["300 K"]}})
run_study(study, "out", workers=1, report=print)
"""


@pytest.mark.parametrize("place", ["file", "standard input"])
def test_a_script_without_a_guard_is_told_what_to_do(tmp_path, place):
    tiny_study(tmp_path, axes=ONE)
    (tmp_path / "script.py").write_text(SCRIPT)
    name, text = ("script.py", None) if place == "file" else ("-", SCRIPT)
    done = subprocess.run(
        [sys.executable, "-P", name], input=text, cwd=tmp_path, env=ENVIRONMENT,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "worker processes end while they start, before any case" in done.stderr
    assert "__name__" in done.stderr.splitlines()[-1]
    assert not results(tmp_path / "out")
