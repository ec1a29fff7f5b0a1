"""The command `pyscl`: exit codes, what goes to which stream, and every subcommand."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runs import strip_of_two, with_inverted_triangle, write_run
from typer.testing import CliRunner

import pyscl
from pyscl import ConvergenceError, InputError, cli
from pyscl.verification import CaseResult

COMMAND = [sys.executable, "-c", "from pyscl.cli import main; main()"]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(Path(pyscl.__file__).parents[1]), *sys.path])
}


def command(*arguments, cwd=None):
    """Run pyscl as a process, away from a terminal."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=ENVIRONMENT,
        timeout=60,
    )


def invoke(*arguments):
    """Run pyscl inside this process; errors for the user come back as exceptions."""
    result = CliRunner().invoke(cli.app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


# As a process.


def test_a_run_exits_with_0_and_is_quiet_away_from_a_terminal(tmp_path):
    write_run(tmp_path)
    done = command("run", "run.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert re.search(r"^equilibrium: \d Newton iterations, 0\.\d\d s$", done.stdout, re.MULTILINE)
    assert done.stdout.endswith("results in runs/run\n")
    assert (tmp_path / "runs" / "run" / "summary.json").is_file()


def test_bad_input_exits_with_2_and_one_message(tmp_path):
    write_run(tmp_path, ("  figures: false", "  figurs: false"))
    done = command("run", "run.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: run.yaml:")
    assert "figurs: false" in done.stderr
    assert "figures" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_failed_solve_exits_with_1_and_says_where_to_look(tmp_path):
    write_run(tmp_path)
    done = command(
        "run", "run.yaml", "--out", "out", "--set", "studies.1.steady.bias.right=1e300 V",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: these solves failed:")
    assert "base, steady (see out/steady/failure.json)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "steady FAILED: " in done.stdout
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["status"] == "failed"


def test_an_interrupt_exits_with_130_without_a_traceback():
    many = [word for _ in range(2000) for word in ("--nodes", "900")]
    announced = "from pyscl.cli import main; print('ready', flush=True); main()"
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", announced, "bench", *many],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.7)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said


# Errors become a message and an exit code.


@pytest.mark.parametrize(
    ("error", "code"),
    [(InputError("bad"), 2), (ConvergenceError("bad"), 1), (KeyboardInterrupt(), 130)],
)
def test_main_turns_errors_into_exit_codes(monkeypatch, capsys, error, code):
    def app():
        raise error

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == ("interrupted\n" if code == 130 else "error: bad\n")


def test_other_errors_are_not_hidden(monkeypatch):
    def app():
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_no_arguments_print_the_help():
    result = CliRunner().invoke(cli.app, [])
    assert "materials" in result.output
    assert "verify" in result.output


def test_an_unknown_command_is_a_usage_error():
    assert CliRunner().invoke(cli.app, ["rum"]).exit_code == 2


# run


def test_run_takes_overrides_and_a_folder(tmp_path):
    path = write_run(tmp_path)
    result = invoke(
        "run", path, "--out", tmp_path / "o", "--set", "temperature=350 K", "--set", "title=Hot"
    )
    assert result.exit_code == 0
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert summary["title"] == "Hot"
    assert summary["input"]["temperature"] == 350.0


def test_run_writes_to_runs_by_default(tmp_path, monkeypatch):
    path = write_run(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    invoke("run", path)
    assert (tmp_path / "elsewhere" / "runs" / "run" / "summary.json").is_file()


@pytest.mark.parametrize("setting", ["temperature", "temperature=-3 K", "temprature=300 K"])
def test_run_refuses_bad_overrides(tmp_path, setting):
    path = write_run(tmp_path)
    with pytest.raises(InputError, match=r"--set temp"):
        invoke("run", path, "--out", tmp_path / "o", "--set", setting)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("contents", ["", "title: [", "- 1\n", "title: Strip\nmesh: {fi"])
def test_run_refuses_empty_and_truncated_files(tmp_path, contents):
    path = tmp_path / "run.yaml"
    path.write_text(contents)
    with pytest.raises(InputError, match=r"run\.yaml:\d+:\d+"):
        invoke("run", path)


def test_run_refuses_a_file_that_does_not_exist(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.yaml: cannot be read"):
        invoke("run", tmp_path / "nowhere.yaml")


# mesh check


@pytest.fixture
def mesh(tmp_path):
    path = tmp_path / "strip.msh"
    strip_of_two().write(path, unit="nm")
    return path


def test_mesh_check_prints_the_verdict(mesh):
    result = invoke("mesh", "check", mesh, "--unit", "nm")
    assert result.exit_code == 0
    assert f"mesh: {strip_of_two().n_points} nodes" in result.output
    assert "a|b" in result.output


def test_mesh_check_prints_json(mesh):
    result = invoke("mesh", "check", mesh, "--unit", "nm", "--json")
    report = json.loads(result.output)
    assert report["n_triangles"] == strip_of_two().n_triangles
    assert report["failed"] is False
    assert report["regions"][0]["area"] == pytest.approx(20e-18)


@pytest.mark.parametrize("as_json", [False, True])
def test_mesh_check_of_a_bad_mesh_exits_with_1(mesh, as_json):
    with_inverted_triangle().write(mesh, unit="nm")
    result = invoke("mesh", "check", mesh, *(["--json"] if as_json else []))
    assert result.exit_code == 1
    if as_json:
        assert json.loads(result.output)["failed"] is True
    else:
        assert "problem: " in result.output


@pytest.mark.parametrize(
    ("contents", "message"),
    [("", "is empty"), ("half", "Save it again"), ("$nonsense", "Save it again")],
)
def test_mesh_check_refuses_damaged_files(mesh, contents, message):
    text = mesh.read_text()
    mesh.write_text(text[: len(text) // 2] if contents == "half" else contents)
    with pytest.raises(InputError, match=message) as caught:
        invoke("mesh", "check", mesh)
    assert "strip.msh" in str(caught.value)


def test_mesh_check_refuses_missing_files_and_units(mesh):
    with pytest.raises(InputError, match="no mesh file"):
        invoke("mesh", "check", mesh.with_name("none.msh"))
    with pytest.raises(InputError, match=r"no length unit 'nmm'.*Did you mean"):
        invoke("mesh", "check", mesh, "--unit", "nmm")


# materials, schema, version


def test_materials_list_prints_one_card_per_line():
    names = invoke("materials", "list", "--names").output.split("\n")[:-1]
    assert {"LiCoO2", "NMC811", "Li6PS5Cl", "LLZO", "LiPON", "LATP"} <= set(names)
    assert {"LiNbO3", "BaTiO3", "SrTiO3", "carbon", "pore"} <= set(names)
    assert "landau/BaTiO3-Bell-Cross" in names


def test_materials_show_prints_values_and_sources():
    output = invoke("materials", "show", "Li6PS5Cl").output
    assert "conductivity" in output
    assert "assumption" in output
    assert "gradient_energy.G11" in invoke("materials", "show", "landau/PbTiO3").output


def test_materials_show_suggests_the_nearest_card():
    with pytest.raises(InputError, match="Did you mean 'BaTiO3'"):
        invoke("materials", "show", "BaTi03")


def test_schema_is_json_for_editors():
    schema = json.loads(invoke("schema").output)
    assert schema["$schema"].startswith("https://json-schema.org")
    assert {"mesh", "regions", "contacts", "studies"} <= set(schema["properties"])


def test_version_prints_build_details():
    output = invoke("--version").output
    assert output.startswith(f"pyscl: {pyscl.__version__}\n")
    for word in ("python: ", "core compiler: ", "core build_type: ", "core eigen: "):
        assert word in output


# verify and bench


def verdict(passed):
    return CaseResult(
        "slab", 1.001, 1.0, 1e-3, 1e-2 if passed else 1e-4, passed, 0.1, "V", "a slab"
    )


@pytest.mark.parametrize("passed", [True, False])
def test_verify_exits_with_the_verdict(monkeypatch, passed):
    monkeypatch.setattr("pyscl.verification.run_cases", lambda: [verdict(True), verdict(passed)])
    result = invoke("verify")
    assert result.exit_code == (0 if passed else 1)
    assert ("FAIL" in result.output) == (not passed)
    assert "1.001 V" in result.output
    rows = json.loads(invoke("verify", "--json").output)
    assert [row["passed"] for row in rows] == [True, passed]
    assert {"case", "computed", "exact", "error", "tolerance"} <= set(rows[0])


def test_verify_passes_on_this_installation():
    result = invoke("verify", "--json")
    assert result.exit_code == 0
    rows = json.loads(result.output)
    assert len(rows) >= 10
    assert all(row["error"] <= row["tolerance"] for row in rows)


def test_bench_prints_a_table_and_json():
    table = invoke("bench", "--nodes", 400).output.splitlines()
    assert table[0].startswith("nodes")
    assert table[1].split()[0] == "400"
    rows = json.loads(invoke("bench", "--nodes", 400, "--nodes", 900, "--json").output)
    assert [row["nodes"] for row in rows] == [400, 900]


def test_bench_refuses_sizes_without_its_particles():
    assert CliRunner().invoke(cli.app, ["bench", "--nodes", "-5"]).exit_code == 2
