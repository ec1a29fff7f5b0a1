"""Impedance studies in run files: what is written, summarised, refused, and left by a failure."""

import csv
import json

import numpy as np
import pytest
from runs import write_run
from scipy.constants import epsilon_0
from typer.testing import CliRunner

from pyscl import InputError, Solution, cli
from pyscl.input import ImpedanceStudy, load_input
from pyscl.runner import execute
from pyscl.runner.spectra import carry_out, spectrum_rows, summarise_spectrum
from pyscl.spectrum import Contribution, Spectrum
from pyscl.study.newton import SolverOptions

STEADY = "  - steady: {bias: {right: 10 mV}}\n"
STUDIES = """\
  - impedance: {contact: left, frequencies: {from: 100 kHz, to: 10 GHz}}
  - impedance: {contact: left, reference: right, bias: {right: 20 mV}, frequencies: [1 GHz, 1 kHz]}
  - impedance: {contact: left, start: previous, frequencies: [1 kHz]}
"""
LISTED = "  - impedance: {contact: left, bias: {right: 10 mV}, frequencies: [1 MHz, 1 GHz]}\n"
DRAWN = ("figures: false", "figures: true"), ("  - equilibrium\n", "")
FILES = {"spectrum.csv", "solution.h5", "fields.vtu", "quantities.csv"}
PICTURES = {"nyquist.png", "bode.png", "contributions.png"}


def run(folder, studies, *changes, variants=False, out="out"):
    path = write_run(folder, (STEADY, studies), *changes, variants=variants)
    lines = []
    result = execute(load_input(path), folder / out, report=lines.append)
    return result, "\n".join(lines)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spectra")
    return run(folder, STUDIES, variants=True)


def spectra_of(result, case="with coating"):
    return [o.spectrum for o in result.outcomes[case] if o.spectrum is not None]


def test_every_spectrum_gets_its_files(done):
    result, _ = done
    for k in (1, 2, 3):
        place = result.folder / "with_coating" / f"impedance-{k}"
        assert {p.name for p in place.iterdir()} == FILES
    assert not result.failed


def test_pictures_are_drawn_of_every_case_and_of_all_together(tmp_path):
    result, _ = run(tmp_path, LISTED, *DRAWN, variants=True)
    for case in ("with_coating", "blank"):
        place = result.folder / case / "impedance"
        assert {p.name for p in place.iterdir()} == FILES | PICTURES
    names = {p.name for p in result.folder.iterdir() if p.name.startswith("comparison")}
    assert names == {"comparison_impedance_nyquist.png", "comparison_impedance_bode.png"}


def test_the_table_holds_the_spectrum_and_its_parts(done):
    result, _ = done
    spectrum = spectra_of(result)[0]
    path = result.folder / "with_coating" / "impedance-1" / "spectrum.csv"
    with open(path, newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head[:3] == ["frequency [Hz]", "Re Z [Ohm m]", "Im Z [Ohm m]"]
    assert "Re layer a|b [Ohm m]" in head
    table = np.array(rows, dtype=float)
    np.testing.assert_allclose(table[:, 0], spectrum.frequencies, rtol=1e-11)
    np.testing.assert_allclose(table[:, 1] + 1j * table[:, 2], spectrum.impedance, rtol=1e-9)
    parts = table[:, 3::2].sum(axis=1) + 1j * table[:, 4::2].sum(axis=1)
    np.testing.assert_allclose(parts, spectrum.impedance, rtol=1e-8)


def test_studies_differ_in_frequencies_and_state(done):
    result, _ = done
    first, second, third = spectra_of(result)
    assert (first.frequencies[0], first.frequencies[-1]) == pytest.approx((1e5, 1e10))
    np.testing.assert_array_equal(second.frequencies, [1e3, 1e9])
    assert second.reference == "right"
    assert (first.solution.kind, first.solution.bias) == ("equilibrium", {})
    assert (second.solution.kind, second.solution.bias) == ("steady", {"right": 0.02})
    assert third.solution is second.solution
    assert third.impedance[0] == pytest.approx(second.impedance[0], rel=1e-12)


def test_the_spectrum_is_that_of_the_solution(done):
    result, _ = done
    spectrum = spectra_of(result)[0]
    again = spectrum.solution.impedance(spectrum.frequencies, contact="left")
    np.testing.assert_allclose(again.impedance, spectrum.impedance, rtol=1e-12)


def test_summary_holds_limits_and_parts_with_units(done):
    result, _ = done
    study = json.loads((result.folder / "summary.json").read_text())
    study = study["cases"]["with coating"]["studies"]["impedance-1"]
    spectrum, kept = spectra_of(result)[0], study["spectrum"]
    assert study["status"] == "converged"
    assert (kept["contact"], kept["open contacts"]) == ("left", [])
    assert kept["area of the contact [m]"] == pytest.approx(2e-9)
    low, high = kept["low frequency"], kept["high frequency"]
    assert low["frequency [Hz]"] == pytest.approx(1e5)
    assert low["resistance [Ohm m]"] == spectrum.impedance[0].real
    assert low["reactance [Ohm m]"] == spectrum.impedance[0].imag
    assert low["resistance [Ohm cm^2]"] == pytest.approx(spectrum.area_specific[0].real * 1e4)
    assert high["capacitance [F/m]"] == spectrum.capacitance[-1]
    assert set(kept["contributions"]) == {c.name for c in spectrum.contributions}
    summed = sum(part["resistance [Ohm cm^2]"] for part in kept["contributions"].values())
    assert summed == pytest.approx(low["resistance [Ohm cm^2]"], rel=1e-8)


def test_a_bulk_has_its_conductivity_and_permittivity(done):
    """Region b of the case 'blank' is 10 nm of 1 mS/cm and eps_r = 10."""
    result, _ = done
    part = result.summary["cases"]["blank"]["studies"]["impedance-1"]["spectrum"]["contributions"]
    bulk = part["bulk b"]
    assert bulk["resistance [Ohm cm^2]"] == pytest.approx(1e-6 / 1e-3, rel=1e-6)
    assert bulk["capacitance [uF/cm^2]"] == pytest.approx(1e2 * 10.0 * epsilon_0 / 1e-8, rel=1e-6)


def test_the_dc_state_of_a_spectrum_is_not_compared(done):
    result, _ = done
    assert not [name for name in result.summary["comparison"] if name.startswith("impedance")]


def test_the_report_lists_the_parts_of_all_cases(done):
    _, report = done
    assert "with coating: impedance-1: " in report
    assert " frequencies, " in report
    table = report.partition("impedance per area of the driven contact")[2].splitlines()
    assert table[1].split("  ")[1] == "case"
    assert "R [Ohm cm2]" in table[1]
    assert "C [uF/cm2]" in table[1]
    rows = [line for line in table if "impedance-1" in line]
    assert [line for line in rows if "with coating" in line and "layer a|b" in line]
    assert [line for line in rows if "blank" in line and "all, low frequency" in line]


def test_all_options_of_the_study_reach_the_calculation(monkeypatch):
    asked = {}

    def stand_in(state, frequencies, **options):
        asked.update(options, state=state, frequencies=frequencies)

    monkeypatch.setattr("pyscl.runner.spectra.impedance", stand_in)
    study = ImpedanceStudy(
        contact="a",
        reference="b",
        open_contacts=("b", "c"),
        frequencies={"from": 1.0, "to": 2.0},
        tolerance=0.02,
        points_per_decade=7,
        start="previous",
    )
    carry_out(study, None, "state", SolverOptions())
    options = asked.pop("options")
    assert (options.tolerance, options.points_per_decade) == (0.02, 7)
    assert asked == {
        "state": "state",
        "frequencies": (1.0, 2.0),
        "contact": "a",
        "reference": "b",
        "open_contacts": ("b", "c"),
    }


# --- numbers of the summary -------------------------------------------------------------------


F = np.logspace(0.0, 6.0, 61)


def made_of(**parts):
    contributions = tuple(Contribution("bulk", name, z) for name, z in parts.items())
    total = sum(c.values for c in contributions)
    return Spectrum(None, "left", None, (), F, total, "Ohm", 2.0, contributions)


def test_resistance_and_capacitance_of_an_arc_come_out():
    arc = 100.0 / (1.0 + 2j * np.pi * F * 100.0 * 1e-5)
    blocking = 5.0 + 1.0 / (2j * np.pi * F * 1e-3)
    parts = summarise_spectrum(made_of(arc=arc, blocking=blocking))["contributions"]
    first = parts["bulk arc"]
    assert first["resistance [Ohm cm^2]"] == pytest.approx(2e6, rel=1e-4)  # 100 Ohm on 2 m2
    assert first["capacitance [uF/cm^2]"] == pytest.approx(5e-4, rel=1e-9)  # 10 uF on 2 m2
    assert first["at [Hz]"] == pytest.approx(159.0, rel=0.06)
    second = parts["bulk blocking"]
    assert second["capacitance [uF/cm^2]"] == pytest.approx(0.05, rel=2e-3)
    assert second["at [Hz]"] == F[0]


def test_parts_that_are_rounding_or_conduct_have_no_capacitance():
    arc = 100.0 / (1.0 + 2j * np.pi * F * 1e-3)
    spectrum = made_of(arc=arc, rounding=1e-12 * arc, excess=-1.0 / (1.0 + 2j * np.pi * F * 1e-3))
    parts = summarise_spectrum(spectrum)["contributions"]
    assert parts["bulk rounding"]["capacitance [uF/cm^2]"] is None
    assert parts["bulk excess"]["resistance [Ohm cm^2]"] < 0.0
    assert parts["bulk excess"]["capacitance [uF/cm^2]"] is None
    study = {"spectrum": summarise_spectrum(spectrum)}
    rows = list(spectrum_rows({"cases": {"base": {"studies": {"impedance": study}}}}))
    assert [row[2] for row in rows] == [
        "all, high frequency", "all, low frequency", "bulk arc", "bulk excess"
    ]  # fmt: skip
    assert study["spectrum"]["area of the contact [m^2]"] == 2.0


def test_a_part_without_weight_where_it_is_read_has_no_capacitance_in_the_table():
    size = np.where(F < 1e3, 100.0, 1e-3)  # of the whole
    tiny = 1e-3 - 1e-3j * np.exp(-(np.log(F) ** 2))  # -Im is largest at 1 Hz
    summary = summarise_spectrum(made_of(whole=size + 0j, tiny=tiny))
    part = summary["contributions"]["bulk tiny"]
    assert part["largest share"] > 0.1
    assert part["share there"] == pytest.approx(1.414e-5, rel=1e-3)
    assert part["capacitance [uF/cm^2]"] > 1e3

    def cells():
        studies = {"impedance": {"spectrum": summary}}
        rows = spectrum_rows({"cases": {"base": {"studies": studies}}})
        return next(row[3:] for row in rows if row[2] == "bulk tiny")

    assert cells() == ("20", "", "", "", "")
    part["share there"] = 1.1e-4
    assert cells()[2:] == (f"{part['capacitance [uF/cm^2]']:.4g}", "", "1 Hz")


def test_an_impedance_against_a_probe_has_a_summary_without_parts():
    bare = Spectrum(None, "left", "probe", ("probe",), F, 5.0 + 0j * F, "Ohm", 2.0)
    assert summarise_spectrum(bare)["contributions"] == {}


# --- after a transient, and what goes wrong ---------------------------------------------------


TRANSIENT = """\
  - transient:
      contact: right
      protocol: [Step to 50 mV, Wait for {}]
  - impedance: {{contact: left, start: previous, frequencies: {{from: 10 MHz, to: 1 GHz}}}}
"""


def test_a_rested_state_of_a_transient_has_a_spectrum(tmp_path):
    result, _ = run(tmp_path, TRANSIENT.format("1 ms"))
    assert not result.failed
    outcome = result.outcomes["base"][2]
    assert outcome.spectrum.solution.kind == "transient"
    assert (outcome.folder / "spectrum.csv").is_file()


def test_a_state_that_is_not_at_rest_fails_its_study_only(tmp_path):
    result, report = run(tmp_path, TRANSIENT.format("1 ns"))
    assert result.failed
    outcome = result.outcomes["base"][2]
    assert "the state is not steady" in outcome.error
    assert "impedance FAILED: the state is not steady" in report
    assert (outcome.folder / "failure.json").is_file()
    assert not (outcome.folder / "spectrum.csv").exists()
    assert result.summary["cases"]["base"]["studies"]["impedance"]["status"] == "failed"
    assert result.summary["cases"]["base"]["studies"]["transient"]["status"] == "converged"


def test_an_old_spectrum_never_stands_beside_a_failure(tmp_path):
    result, _ = run(tmp_path, LISTED, *DRAWN)
    place = result.folder / "impedance"
    assert {p.name for p in place.iterdir()} == FILES | PICTURES
    result, _ = run(tmp_path, LISTED.replace("10 mV", "1e300 V"), *DRAWN)
    assert result.failed
    assert {p.name for p in place.iterdir()} & (FILES | PICTURES) <= {"solution.h5"}


def test_a_study_without_a_unique_state_is_refused_before_anything_is_solved(tmp_path):
    studies = "  - impedance: {contact: left, frequencies: [1 MHz]}\n"
    other = ("electrochemical_potential: 0 eV", "electrochemical_potential: 1 eV")
    steady = ("studies:\n  - equilibrium\n", "studies:\n  - steady: {bias: {right: 1 mV}}\n")
    with pytest.raises(InputError, match="no equilibrium"):
        run(tmp_path, studies, other, steady)
    assert list((tmp_path / "out").iterdir()) == []
    result, _ = run(tmp_path, studies.replace("[1 MHz]", "[1 MHz], start: previous"), other, steady)
    assert not result.failed


def test_carriers_that_cannot_move_are_refused_before_anything_is_solved(tmp_path):
    path = write_run(tmp_path, (STEADY, "  - impedance: {contact: left}\n"))
    text = path.read_text().replace(",\n                conductivity: 1 mS/cm", "")
    path.write_text(text)
    with pytest.raises(InputError, match="carrier 'Li' in region 'a' has no mobility"):
        execute(load_input(path), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_saved_state_has_the_same_spectrum(done):
    result, _ = done
    state = Solution.load(result.folder / "with_coating" / "impedance-2" / "solution.h5")
    again = state.impedance([1e3, 1e9], contact="left")
    np.testing.assert_allclose(again.impedance, spectra_of(result)[1].impedance, rtol=1e-9)


# --- benchmark --------------------------------------------------------------------------------


def test_bench_times_an_impedance():
    def invoke(*words):
        return CliRunner().invoke(cli.app, ["bench", "--impedance", "--nodes", "400", *words])

    rows = json.loads(invoke("--json").output)
    assert len(rows) == 1
    row = rows[0]
    assert (row["nodes"], row["frequencies"]) == (400, 60)
    assert row["newton_steps"] == pytest.approx(row["frequency_seconds"] / row["newton_seconds"])
    assert all(value > 0 for value in row.values())
    head, line = invoke().output.splitlines()
    assert "Newton steps per frequency" in head
    assert line.split()[0] == "400"
    refused = invoke("--transient")
    assert isinstance(refused.exception, InputError)
