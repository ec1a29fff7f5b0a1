"""The benchmarks of tests/benchmarks: the problem, the harness, the bounds, on tiny meshes."""

import json
import sys

import numpy as np
import pytest
from benchmarks import instructions, linear_solvers, table
from benchmarks.__main__ import main
from benchmarks.cases import CASES, SIDE, Case
from benchmarks.error_curves import Point, draw, layers, uniform
from benchmarks.meshes import mesh_file
from benchmarks.packages import PACKAGES, Package, find_pythons, installed, run_once
from benchmarks.peers import driver, with_pyscl, with_skfem
from benchmarks.reference import LIMITS, limit

from pyscl.mesh import graded, strip

MILD = Case("two ions, 6 kT/e", voltage=6.0)
STERIC = Case("limited sites", voltage=6.0, gamma=0.2)
ONE_ION = Case("one ion", charges=(1,), voltage=20.0, fixed=-1.0)


def line_problem(case, first=0.02, rows=1):
    """Return the problem on a strip of rows, resolved at the electrodes."""
    x = graded(SIDE, first, 1.1, 0.7, fine="both")
    mesh = strip(x, SIDE, rows)
    return driver.Problem(
        points=np.array(mesh.points),
        triangles=np.array(mesh.triangles),
        region=np.ones(mesh.n_triangles, np.int32),
        left=np.array(mesh.facets_of("left")),
        right=np.array(mesh.facets_of("right")),
        case=case,
    )


def charge_of_pyscl(problem, task):
    solution, counts = with_pyscl.calculate(with_pyscl.metres(problem), problem.case, task)
    return solution.contact("left").charge / with_pyscl.CHARGE, counts


@pytest.mark.parametrize("case", [MILD, STERIC, ONE_ION], ids=lambda case: case.title)
@pytest.mark.parametrize("task", ["steps", "rest"])
def test_pyscl_and_linear_elements_have_the_limit_of_the_reference(case, task):
    problem = line_problem(case)
    exact = limit(case, task, points=400)
    # the error of a mesh whose elements grow by 10 % from row to row
    charge, _ = charge_of_pyscl(problem, task)
    assert charge == pytest.approx(exact, rel=3e-3)
    if task == "steps":
        counts = driver.Counts()
        charge = with_skfem.solve(problem, task, lambda: None, counts)
        assert charge == pytest.approx(exact, rel=7e-3)
        assert counts.newton == counts.factorisations > counts.steps >= 5


def test_pyscl_takes_the_same_five_steps():
    _, counts = charge_of_pyscl(line_problem(MILD), "steps")
    assert (counts.steps, counts.failed_steps) == (6, 0)  # the jump is one of them


def test_error_control_in_time_finds_the_limit_in_space_and_time():
    charge, _ = charge_of_pyscl(line_problem(CASES["background"]), "adaptive")
    assert charge == pytest.approx(LIMITS["background"]["adaptive"], rel=1e-3)
    assert charge != pytest.approx(LIMITS["background"]["steps"], rel=5e-3)


def test_stored_limits_are_those_of_the_reference():
    stored = LIMITS["background"]
    for task in ("steps", "rest"):
        assert limit(CASES["background"], task, 1000) == pytest.approx(stored[task], rel=1e-5)


def test_the_charge_of_linear_fields_is_exact():
    case = Case("", charges=(1,), fixed=0.5)
    problem = line_problem(case)
    x = problem.points[:, 0]
    state = np.stack([3.0 * x, 2.0 + x], axis=1)
    # -3 L from the field, minus the integral of (2 + x + 1/2)/2 (1 - x/L)
    charge = -3.0 * SIDE - SIDE * (1.25 * SIDE / 2.0 + SIDE**2 / 12.0)
    assert problem.charge(state) == pytest.approx(charge, rel=1e-12)


def test_a_jump_that_fails_is_made_in_parts():
    def update(state, before, rate):  # every node goes to the electrode's phi, if that is near
        moved = state[0, 0] - state[1:, 0]
        change = np.zeros_like(state)
        change[1:, 0] = np.where(np.abs(moved) > 5.0, np.nan, moved)
        return change

    start = np.zeros((3, 1))
    start[0, 0] = 20.0
    counts = driver.Counts()
    state = driver.march(update, start, (1.0,), counts)
    assert np.all(state == 20.0)
    assert (counts.steps, counts.failed_steps) == (1, 0)
    assert counts.newton == 1 + 5 * 2  # five parts of 4


def test_failed_steps_are_halved_and_counted():
    def update(state, before, rate):
        return np.full_like(state, np.nan) if rate < 1.0 else before + 1.0 - state

    counts = driver.Counts()
    state = driver.march(update, np.zeros((3, 2)), (4.0,), counts)
    assert counts.steps == 4  # of length 1
    assert np.all(state == 4.0)
    assert counts.failed_steps > 1
    with pytest.raises(driver.DidNotConverge):
        driver.march(lambda *_: np.full((3, 2), np.inf), state, (4.0,), counts)


@pytest.mark.parametrize("inclusions", [False, True])
def test_meshes_are_made_once_with_about_the_wanted_nodes(inclusions, tmp_path, monkeypatch):
    pytest.importorskip("gmsh")
    monkeypatch.setenv("PYSCL_BENCHMARK_MESHES", str(tmp_path))
    path = mesh_file(3000, inclusions)
    made = path.stat().st_mtime_ns
    with np.load(path) as mesh:
        problem = driver.Problem(**mesh, case=CASES["plain"])
    assert len(problem.points) == pytest.approx(3000, rel=0.35)
    assert mesh_file(3000, inclusions).stat().st_mtime_ns == made
    a, b, c = (problem.points[problem.triangles[:, k]] for k in range(3))
    twice = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert twice.min() > 0.0
    assert twice.sum() / 2.0 == pytest.approx(SIDE**2, rel=1e-12)
    share = twice[problem.region == 2].sum() / twice.sum()
    assert share == pytest.approx(0.297 if inclusions else 0.0, abs=0.01)
    assert len(np.unique(problem.left)) == len(problem.left) + 1


def test_a_package_that_is_missing_is_named():
    nowhere = Package("Nowhere", "no_module_of_this_name", "peers.with_nothing")
    where, missing = installed([nowhere], find_pythons())
    assert (where, missing) == ({}, ["Nowhere"])


def test_a_driver_that_fails_says_why():
    run = run_once(sys.executable, "peers.with_nothing", ["mesh", "plain", "steps"], core=None)
    assert "No module named" in run["failed"]


def test_every_package_has_a_driver():
    for package in PACKAGES:
        name = package.driver.removeprefix("peers.")
        assert instructions.TESTS.joinpath("benchmarks", "peers", f"{name}.py").exists()


def test_the_command_measures_and_writes(tmp_path, monkeypatch, capsys):
    pytest.importorskip("gmsh")
    monkeypatch.setenv("PYSCL_BENCHMARK_MESHES", str(tmp_path))
    arguments = "--nodes 400 --repeat 1 --case background --task rest --package pyscl"
    assert main([*arguments.split(), "--output", str(tmp_path / "out")]) == 0
    written = json.loads((tmp_path / "out" / "benchmarks.json").read_text())
    rows = {row["package"]: row for row in written["rows"]}
    assert rows.keys() == {"pyscl"}
    for row in rows.values():
        assert row["charge"] == pytest.approx(LIMITS["background"]["rest"], rel=0.1)
        assert row["error"] == pytest.approx(abs(row["charge"] / LIMITS["background"]["rest"] - 1))
        assert min(row["cpu"], row["wall"], row["memory"], row["newton"]) > 0
    assert rows["pyscl"]["ratio"] == 1.0
    assert "| pyscl |" in capsys.readouterr().out
    assert (tmp_path / "out" / "benchmarks.md").read_text().count("| pyscl |") == 1


def run_of(package, cpu, **other):
    same = {"case": "plain", "task": "steps", "wanted_nodes": 10, "wall": cpu, "memory": 1.0}
    work = {"newton": 5, "factorisations": 5, "steps": 5, "failed_steps": 0, "nodes": 9}
    same |= work | {"peak": 2.0, "version": "1", "charge": LIMITS["plain"]["steps"] * 1.01}
    return same | {"package": package, "cpu": cpu} | other


def test_rows_are_medians_with_ratios_and_errors():
    runs = [run_of("pyscl", cpu) for cpu in (1.0, 9.0, 2.0)] + [run_of("Other", 6.0)]
    runs.append({k: runs[0][k] for k in ("case", "task", "wanted_nodes")})
    runs[-1] |= {"package": "Broken", "failed": "did not converge"}
    rows = {row["package"]: row for row in table.summarise(runs)}
    assert rows["pyscl"]["cpu"] == 2.0
    assert rows["Other"]["ratio"] == 3.0
    assert rows["Other"]["error"] == pytest.approx(0.01)
    about = {"machine": "m", "system": "s", "load": "0", "date": "d"}
    text = table.markdown(list(rows.values()), about, ["Gone"])
    assert "did not converge" in text
    assert "Not installed: Gone" in text
    assert "| Other | 1 | 6.00 | 6.00 | 3.00 |" in text


def test_rows_along_the_electrodes_beat_uniform_meshes():
    (fine,) = layers("plain", (0.04,))
    (coarse,) = uniform("plain", (1600,))
    assert fine.nodes < coarse.nodes
    assert fine.error < 0.2 * coarse.error


def test_curves_are_drawn(tmp_path):
    points = [Point(10, 0.1, 1e-2), Point(20, 0.2, 1e-3)]
    draw({"plain": {"graded": points, "adaptive": points}}, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000


def test_a_count_above_its_bound_is_an_excess():
    bounds = {"residual, steady": 100.0, "Newton step, steady": 1000.0}
    allowed = {name: bound * (1.0 + 0.9 * instructions.TOLERANCE) for name, bound in bounds.items()}
    assert instructions.excesses(allowed, bounds) == []
    slower = {**bounds, "residual, steady": 120.0}
    (excess,) = instructions.excesses(slower, bounds)
    assert str(excess) == (
        "residual, steady: 120 instructions per triangle, +20.0% against the stored 100"
    )
    with pytest.raises(KeyError, match="Newton step"):
        instructions.excesses({"residual, steady": 100.0}, bounds)


def test_the_name_and_the_total_of_a_dump_are_read(tmp_path):
    dump = tmp_path / "counts.1"
    dump.write_text("desc: Trigger: Client Request: residual, steady\nsummary: 1234\n")
    assert instructions.read_counts(dump) == ("residual, steady", 1234)


@pytest.mark.slow
def test_assembly_and_newton_steps_need_no_more_instructions_than_stored():
    try:
        counts = instructions.count()
    except instructions.CannotCount as reason:
        pytest.skip(str(reason))
    assert [str(e) for e in instructions.excesses(counts, instructions.stored_bounds())] == []


def test_linear_solvers_are_measured_on_a_matrix_of_charge(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYSCL_BENCHMARK_MESHES", str(tmp_path))
    mesh = mesh_file(3000, inclusions=False)
    assert linear_solvers.main(["--nodes", "3000", "--repeat", "1"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "built-in" in line)
    nodes, unknowns, entries = (int(cell) for cell in row.split(" | ")[:3])
    assert nodes == 3000
    assert 2.5 * nodes < unknowns < entries / 5
    assert mesh.parent == linear_solvers.matrix_file(3000).parent
