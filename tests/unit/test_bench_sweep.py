"""The benchmark of studies measures what it says."""

import pytest
from typer.testing import CliRunner

from pyscl import InputError, cli
from pyscl.bench.sweep import HEAD, run_sweep_benchmark

pytestmark = pytest.mark.studies


def test_a_study_is_timed_against_single_runs():
    (result,) = run_sweep_benchmark(20, workers=(1,))
    assert (result.workers, result.cases) == (1, 20)
    assert result.efficiency == 1.0
    assert result.rate > 0
    assert result.overhead_seconds == pytest.approx(1 / result.rate - result.single_seconds)
    assert 30e6 < result.memory < 2e9
    assert len(result.row()) == len(HEAD)


@pytest.mark.parametrize(
    "options", [["--sweep", "--nodes", "900"], ["--cases", "20"], ["--sweep", "--meshing"]]
)
def test_options_of_other_benchmarks_are_refused(options):
    result = CliRunner().invoke(cli.app, ["bench", *options])
    assert isinstance(result.exception, InputError)


@pytest.mark.slow
def test_memory_stays_flat_over_a_thousand_cases():
    """Workers are not replaced in between, so that nothing is hidden."""
    (result,) = run_sweep_benchmark(1000, workers=(2,))
    assert abs(result.growth) < 5e6
