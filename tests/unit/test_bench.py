"""The benchmark: what it measures, on a tiny mesh."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from typer.testing import CliRunner

from pyscl import InputError, cli
from pyscl.bench import polarization as bench_polarization
from pyscl.bench.solving import HEAD, benchmark_model, run_benchmark


@pytest.fixture(scope="module")
def result():
    return run_benchmark(400)


def test_sizes_are_those_of_the_model(result):
    model = benchmark_model(400)
    assert result.nodes == model.mesh.n_points == 400
    assert result.triangles == model.mesh.n_triangles
    assert result.unknowns == model.discretized.n_dofs
    assert set(model.mesh.region_names) == {"electrolyte", "active", "inclusion"}


@pytest.mark.parametrize("nodes", [1_000, 10_000])
def test_the_mesh_has_about_the_wanted_size(nodes):
    assert benchmark_model(nodes).mesh.n_points == pytest.approx(nodes, rel=0.05)


def test_all_measures_are_positive_numbers(result):
    values = {k: v for k, v in asdict(result).items() if k != "balance"}
    assert all(np.isfinite(v) and v > 0 for v in values.values()), values
    assert json.loads(json.dumps(asdict(result))) == asdict(result)


def test_currents_balance(result):
    assert result.balance < 1e-10


def test_a_row_has_a_cell_for_every_head(result):
    row = result.row()
    assert len(row) == len(HEAD)
    assert row[0] == "400"
    assert row[3] == f"{result.assembly_per_triangle * 1e6:.3f}"


def test_ferroelectrics_are_measured_on_the_same_mesh():
    result = bench_polarization.run_polarization_benchmark(400)
    linear = benchmark_model(400)
    inclusions = np.isin(linear.mesh.region, linear.mesh.region_names.index("inclusion"))
    crystal_nodes = len(np.unique(linear.mesh.triangles[inclusions]))
    assert result.polar_unknowns - result.unknowns == 2 * crystal_nodes
    assert result.loop_points > 40
    assert result.loop_steps >= result.loop_points  # a relaxation at every voltage
    assert all(value > 0 for value in asdict(result).values())
    assert len(result.row()) == len(bench_polarization.HEAD)


def test_kinds_of_benchmarks_exclude_each_other():
    result = CliRunner().invoke(cli.app, ["bench", "--impedance", "--polarization"])
    assert isinstance(result.exception, InputError)
    assert "--impedance and --polarization exclude each other" in str(result.exception)
