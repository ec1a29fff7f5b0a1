"""The certificate: its form, its estimates, its files, and what the command line does with it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, blocking_cell, conductor, two_conductors
from runs import write_run
from typer.testing import CliRunner

import pyscl.linear.choice
from pyscl import InputError, Material, Model, PotentialContact, ReservoirContact, cli
from pyscl.carriers import core_statistics
from pyscl.certificate import Certificate, ErrorEstimate, certify
from pyscl.certificate.check import Check, at_least, at_most, not_applicable, worst
from pyscl.certificate.estimates import headline
from pyscl.certificate.evidence import Evidence, Geometry, bernoulli
from pyscl.certificate.numbers import newton_correction
from pyscl.certificate.occupation import defect, fraction
from pyscl.certificate.residuals import Residuals
from pyscl.input import load_input
from pyscl.materials import Carrier, FermiDiracHalf, NonIdeal
from pyscl.mesh import graded, strip
from pyscl.runner import execute
from pyscl.runner.certificates import failing

KEYS = {"name", "place", "value", "unit", "limit", "status", "meaning"}


@pytest.fixture(scope="module")
def steady():
    return two_conductors().steady({"left": 5 * KT})


# Checks.


@pytest.mark.parametrize(
    ("value", "status"),
    [(0.0, "passed"), (1.0, "passed"), (1.1, "failed"), (np.nan, "failed"), (np.inf, "failed")],
)
def test_a_value_up_to_the_limit_passes(value, status):
    assert at_most("x", value, 1.0, "").status == status
    json.dumps(at_most("x", value, 1.0, "").to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "status"), [(2.0, "passed"), (1.5, "warned"), (0.9, "failed"), (np.nan, "failed")]
)
def test_too_few_warn_before_they_fail(value, status):
    assert at_least("x", value, 2.0, "", fails_below=1.0).status == status


def test_the_newton_correction_needs_no_linear_solver_from_outside(steady, monkeypatch):
    """Several ranks whose PETSc has no MUMPS: what "auto" means there does not matter."""

    def missing(name, threads):
        raise InputError(f"linear_solver '{name}' needs a library")

    monkeypatch.setattr(pyscl.linear.choice, "_ranks", lambda: 2)
    monkeypatch.setattr(pyscl.linear.choice, "_loaded", missing)
    with pytest.raises(InputError, match="needs a library"):
        pyscl.linear.choose("auto")
    assert newton_correction(steady).status == "passed"


def test_the_worst_status_counts_and_nothing_to_look_at_does_not():
    assert worst(["passed", "not applicable", "warned"]) == "warned"
    assert worst(["warned", "failed", "passed"]) == "failed"
    assert worst(["not applicable"]) == "passed"
    assert Certificate((not_applicable("x", "nothing there"),)).status == "passed"


# Independent evaluation.


def test_volumes_and_gradients_are_those_of_the_triangle():
    """One triangle: gradients sum up to 0 and reproduce x and y; a full turn has Pappus' volume."""
    points = np.array([[1.0, 0.0], [3.0, 0.5], [1.5, 2.0]])
    corners = np.array([[0, 1, 2]], np.int32)
    plane, turned = (Geometry(points, corners, turn) for turn in (False, True))
    assert np.einsum("ai,ac->ic", points, plane.gradients[0]) == pytest.approx(np.eye(2), abs=1e-14)
    assert plane.corner_volume.sum() == relative(plane.volume[0], 1e-15)
    assert turned.volume[0] == relative(2 * np.pi * points[:, 0].mean() * plane.area[0], 1e-15)
    assert turned.corner_volume.sum() == relative(turned.volume[0], 1e-14)


def test_bernoulli_function():
    x = np.array([-800.0, -3.0, 0.0, 1e-12, 2.0, 800.0])
    assert bernoulli(x)[[0, 2, 3, 5]] == pytest.approx([800.0, 1.0, 1.0, 0.0], abs=1e-11)
    assert bernoulli(x)[4] == relative(2.0 / np.expm1(2.0), 1e-14)
    assert bernoulli(-x)[4] - bernoulli(x)[4] == relative(2.0, 1e-14)


@pytest.mark.parametrize(
    "law",
    [
        "boltzmann",
        "lattice-gas",
        {"law": "blakemore", "gamma": 0.27},
        FermiDiracHalf(),
        NonIdeal(site_fraction=(0.02, 0.5, 0.97), excess=(1.5, -0.4, -1.5)),
    ],
    ids=str,
)
def test_the_second_formula_of_every_statistics_agrees_with_the_core(law):
    from pyscl import _core

    common = {"name": "Li", "charge": 1, "site_density": 1e27, "mobility": "dilute"}
    carrier = Carrier(**common, site_fraction=0.3, statistics=law)
    eta = np.linspace(-30.0, 12.0, 421)
    y, vacant, _ = _core.occupancy(core_statistics(carrier.statistics, T), eta)
    assert defect(carrier, T, eta, y, vacant) < 1e-9
    assert defect(carrier, T, eta + 1e-6, y, vacant) > 1e-8
    assert defect(carrier, T, eta, 1.0001 * y, vacant) > 1e-6
    if isinstance(carrier.statistics, FermiDiracHalf | NonIdeal):
        assert fraction(carrier, eta) is None


def test_balances_assembled_in_numpy_vanish_where_those_of_the_core_do(steady):
    r = Residuals(Evidence(steady))
    assert r.potential_defect.max() < 1e-12
    assert r.level_defect.max() < 1e-12
    assert np.abs(r.gauss[r.held]).max() > 0.0


# The certificate.


def test_the_certificate_as_data_keeps_to_its_form(steady):
    data = certify(steady).to_dict()
    json.dumps(data, allow_nan=False)
    assert set(data) == {"status", "checks", "estimates", "assumptions", "validity", "seconds"}
    assert all(set(check) == KEYS and check["meaning"].endswith(".") for check in data["checks"])
    assert {"quantity", "place", "value", "unit", "error", "relative error"} <= set(
        data["estimates"][0]
    )
    assert any("mean carrier spacing" in line for line in data["validity"])


def test_values_of_cards_without_a_source_are_told():
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM)
    sides = dict.fromkeys(("left", "right"), ReservoirContact(carrier="Li"))
    model = Model(mesh, {"electrolyte": "Li6PS5Cl"}, contacts=sides)
    assumptions = certify(model.equilibrium()).to_dict()["assumptions"]
    assert any(
        re.match(r"electrolyte: Li6PS5Cl carriers.Li.site_fraction = 0.5 \(", x)
        for x in assumptions
    )


def test_the_table_has_a_line_per_kind_of_check_and_one_per_estimate(steady):
    certificate = certify(steady)
    text = str(certificate)
    for check in certificate.checks:
        assert check.status == "not applicable" or text.count(f"  {check.name}  ") == 1
    assert text.startswith("certificate passed: ")  # validity is told, but no check
    assert "effective resistance [] " in text
    assert "validity: region 'a'" in text


def test_a_failed_check_says_where_and_what_it_means(steady):
    wrong = steady.model.with_(temperature=T + 1.0)
    certificate = certify(steady, wrong)
    assert certificate.status == "failed"
    assert not certificate.estimates  # errors of wrong numbers mean nothing
    (check,) = certificate.named("discretisation error")
    assert check.status == "not applicable"
    assert "residual of Gauss's law" in check.meaning
    lines = [str(check) for check in certificate.failed]
    assert any(
        re.match(r"failed: residual of Gauss's law: .* kT/e \(limit 1e-07", x) for x in lines
    )


def test_unknown_ways_of_estimating_are_refused(steady):
    with pytest.raises(
        InputError, match=r"no way to estimate errors 'refine'.*Did you mean 'refined'"
    ):
        certify(steady, estimate="refine")


def test_a_mistake_in_the_certificate_itself_never_ends_a_run(steady, monkeypatch):
    from pyscl.runner import certificates
    from pyscl.runner.outcome import StudyOutcome

    def broken(*_, **__):
        raise OSError("no luck")

    monkeypatch.setattr(certificates, "certify", broken)
    outcome = StudyOutcome("steady", steady, None, Path(), 0.0, {})
    made = certificates.certified(outcome, "local")
    assert made.status == "failed"
    assert "OSError: no luck" in made.checks[0].meaning


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_estimate_that_is_no_number_can_be_written(bad):
    estimate = ErrorEstimate("layer charge", "a|b, a", 1.0, "C/m^2", bad, "local")
    data = json.loads(json.dumps(estimate.to_dict(), allow_nan=False))
    assert data["error"] is data["relative error"] is None


@pytest.mark.parametrize(
    ("size", "status"), [(0.04, "passed"), (0.3, "warned"), (0.6, "failed"), (np.nan, "failed")]
)
def test_an_error_of_more_than_half_the_number_fails(size, status):
    from pyscl.certificate.estimates import _check

    estimate = ErrorEstimate("layer charge", "a|b, a", 1.0, "C/m^2", size, "local")
    check = _check([estimate], {"layer charge": 1.0})
    assert check.status == status
    assert "lower bound at corners" in check.meaning


@pytest.mark.parametrize(
    "law", [FermiDiracHalf(), NonIdeal(site_fraction=(0.0, 0.3, 0.6, 1.0), excess=(0, 1, 4, 5))]
)
def test_the_slope_of_a_law_is_that_of_its_site_fraction(law):
    from pyscl.certificate import occupation

    if isinstance(law, FermiDiracHalf):
        eta = np.linspace(-8.0, 8.0, 9)
        y = occupation._fermi_integral(eta)
        more, less = (occupation._fermi_integral(eta + s) for s in (1e-4, -1e-4))
        wanted = (more - less) / 2e-4
    else:
        y, s = np.linspace(0.05, 0.95, 10), 1e-6

        def level(x):
            return np.log(x / (1.0 - x)) + occupation._excess(law, T)(x)

        wanted = 2.0 * s / (level(y + s) - level(y - s))
    carrier = Carrier.model_construct(statistics=law)
    assert occupation.slope(carrier, T, y, 1.0 - y) == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("error", [ValueError, TypeError, AttributeError, OSError])
def test_a_check_that_cannot_be_evaluated_has_failed(steady, monkeypatch, error):
    from pyscl.certificate import balances

    def broken(*_):
        raise error("no luck")

    monkeypatch.setattr(balances, "balance_of_charge", broken)
    (check,) = certify(steady, estimate="none").named("balance of charge")
    assert check.status == "failed"
    assert f"{error.__name__}: no luck" in check.meaning


def test_what_is_closed_has_no_currents_to_compare():
    names = {check.name for check in certify(blocking_cell().equilibrium()).checks}
    assert "amount of the carrier" in names
    assert "current of the contact" not in names


def test_a_trajectory_that_ended_early_warns_and_an_empty_one_fails():
    from transients import trajectory

    model = two_conductors()
    early = certify(trajectory(model, complete=False), estimate="none")
    (protocol,) = early.named("protocol")
    assert protocol.status == "warned"
    assert "interrupted" in protocol.meaning
    assert early.status == "failed"  # its states are made up
    empty = certify(trajectory(model, solutions=()), estimate="none")
    assert "final state" in {check.name for check in empty.failed}


# Estimated errors.


def cell(size, growth, step, bias=0.0):
    """Two conductors with a step [kT] and first elements of a size [nm]."""
    half = graded(12 * NM, size * NM, growth, 2 * NM)
    x = np.concatenate([12 * NM - half[::-1], 12 * NM + half[1:]])
    materials = {
        "a": conductor(),
        "b": conductor(1.0 * NM, 30.0, 0.3, standard_potential=step * KT, conductivity=1e-3),
    }
    neutral = ReservoirContact(carrier="Li", potential="neutral")
    level = ReservoirContact(carrier="Li", electrochemical_potential=0.0, potential="neutral")
    model = Model(
        strip(x, 2 * NM, 1, [("a", 12 * NM), ("b", 24 * NM)]),
        materials,
        contacts={"left": neutral, "right": level},
        temperature=T,
    )
    return model.steady({"left": bias * KT}) if bias else model.equilibrium()


@pytest.mark.parametrize(
    ("step", "bias"), [(0.1, 0), (4, 0), (12, 0), (-12, 0), (8, 1), (-8, -3), (12, 5)]
)
@pytest.mark.parametrize(("size", "growth"), [(0.1, 1.2), (0.25, 1.2), (0.25, 1.001), (0.4, 1.3)])
def test_estimated_errors_are_those_against_a_fine_mesh(step, bias, size, growth):
    """Effectivity, the estimate over the true error: 0.4 to 2.5 if local, 0.9 to 1.1 if refined."""
    exact = headline(cell(0.0125, 1.02, step, bias))
    coarse = cell(size, growth, step, bias)
    for method, low, high in (("local", 0.4, 2.5), ("refined", 0.9, 1.1)):
        estimates = certify(coarse, estimate=method).estimates
        assert len(estimates) == (5 if bias else 2)
        for e in estimates:
            true = abs(exact[e.quantity, e.place][0] - e.value)
            assert low < e.error / true < high, (e, true)
            assert e.relative == relative(e.error / abs(e.value), 1e-12)


def test_the_error_of_a_weak_layer_is_that_of_lumped_elements():
    """h^2 / (8 L^2) of the charge, L = 0.5 nm."""
    mesh = strip(np.linspace(0.0, 10.0, 101) * NM, regions=[("a", 8 * NM), ("b", 10 * NM)])
    model = Model(
        mesh,
        {"a": conductor(), "b": Material(relative_permittivity=5.0)},
        contacts={
            "left": ReservoirContact(carrier="Li", potential="neutral"),
            "right": PotentialContact(potential=0.01),
        },
        temperature=T,
    )
    (estimate,) = certify(model.equilibrium()).estimates
    assert (estimate.quantity, estimate.place) == ("layer charge", "a|b, a")
    assert estimate.relative == relative(0.1**2 / (8 * 0.5**2), 0.03)


def test_a_state_in_time_has_no_refined_estimate():
    done = two_conductors().transient(
        ["Step to 0.01 V for 1 us"], contact="left", reference="right"
    )
    certificate = certify(done, estimate="refined")
    (check,) = certificate.named("discretisation error")
    assert check.status == "not applicable"
    assert "repeat the transient" in check.meaning
    assert certify(done).estimates


# Runs.


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certified")
    lines = []
    path = write_run(folder, variants=True)
    result = execute(load_input(path), folder / "out", report=lines.append)
    return result, lines


def test_every_run_writes_the_certificates_of_its_studies(run):
    result, _ = run
    text = (result.folder / "certificate.json").read_text()
    data = json.loads(text)
    assert data == result.certificate
    assert set(data) == {"status", "cases"}
    assert {case: list(studies) for case, studies in data["cases"].items()} == {
        "with coating": ["equilibrium", "steady"],
        "blank": ["equilibrium", "steady"],
    }
    assert data["status"] == worst(
        entry["status"] for studies in data["cases"].values() for entry in studies.values()
    )
    assert not failing(data)


def test_a_run_prints_a_line_per_certificate(run):
    _, lines = run
    found = [line for line in lines if "certificate" in line]
    assert len(found) == 4
    assert found[0].startswith("with coating: equilibrium: certificate ")
    assert "checks passed" in found[0]


def test_a_run_prints_the_key_checks_of_a_case_as_a_table(run):
    _, lines = run
    (head,) = (k for k, line in enumerate(lines) if line.startswith("checks of with coating"))
    assert lines[head].split()[-2:] == ["equilibrium:", "steady:"]
    rows = "\n".join(lines[head : head + 9])
    for name in ("balance of charge", "Gauss closure", "elements per Debye length",
                 "equal currents at both ends", "discretisation error"):  # fmt: skip
        assert name in rows


def test_a_failed_solve_and_what_it_prevents_are_failed(tmp_path, monkeypatch):
    from pyscl.errors import ConvergenceError
    from pyscl.study.newton import NewtonHistory

    def fails(self, *_, **__):
        raise ConvergenceError("no luck", history=NewtonHistory("equilibrium", ()))

    monkeypatch.setattr(Model, "equilibrium", fails)
    result = execute(load_input(write_run(tmp_path)), tmp_path / "out")
    (studies,) = result.certificate["cases"].values()
    assert result.certificate["status"] == "failed"
    meanings = [studies[name]["checks"][0]["meaning"] for name in ("equilibrium", "steady")]
    assert "no luck" in meanings[0]
    assert "not carried out" in meanings[1]


def coarse_run(folder):
    """A run whose layers have one element per Debye length."""
    path = write_run(folder)
    mesh = strip(np.linspace(0.0, 20.0, 9) * NM, 2 * NM, regions=[("a", 10 * NM), ("b", 20 * NM)])
    mesh.write(folder / "strip.msh", unit="nm")
    return path


def test_strict_makes_a_failed_check_an_exit_code_of_1(tmp_path):
    arguments = ["run", str(coarse_run(tmp_path)), "--out", str(tmp_path / "out")]
    told = CliRunner().invoke(cli.app, arguments)
    assert told.exit_code == 0
    assert "warning: checks failed" in told.output
    assert "elements per Debye length [a]" in told.output
    with pytest.raises(RuntimeError, match=r"checks failed.*\n.*elements per Debye length"):
        CliRunner().invoke(cli.app, [*arguments, "--strict"], catch_exceptions=False)


def test_strict_lets_good_runs_pass_and_takes_the_refined_estimate(tmp_path):
    arguments = ["run", str(write_run(tmp_path)), "--out", str(tmp_path / "out"), "--strict"]
    done = CliRunner().invoke(cli.app, [*arguments, "--estimate", "refined"])
    assert done.exit_code == 0
    data = json.loads((tmp_path / "out" / "certificate.json").read_text())
    ((_, entry),) = ((k, v) for k, v in data["cases"]["base"].items() if k == "steady")
    assert {e["method"] for e in entry["estimates"]} == {"refined"}
    with pytest.raises(InputError, match="no way to estimate errors 'fine' of --estimate"):
        CliRunner().invoke(cli.app, [*arguments, "--estimate", "fine"], catch_exceptions=False)


def test_a_check_reads_as_a_sentence():
    check = Check(
        "balance of charge", "a", 2e-3, "1", 1e-9, "failed", "All charge adds up to zero."
    )
    assert str(check) == (
        "failed: balance of charge [a]: 0.002 (limit 1e-09). All charge adds up to zero."
    )
