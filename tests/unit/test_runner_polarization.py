"""Studies of the polarization in a run: files, numbers, warnings, failures."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from films import THICKNESS
from polar_runs import write_film

from pyscl import ConvergenceError, InputError, Landau, Model, Solution
from pyscl.input import load_input
from pyscl.materials.polarization import load_landau
from pyscl.runner import execute
from pyscl.runner.pictures import draw_comparisons
from pyscl.study.poling import mean_polarization

POLYNOMIAL = Landau(coefficients="BaTiO3-Bell-Cross").polynomial(298.0)
AGAINST = "  - equilibrium: {polarization: {film: {kind: uniform, angle: 180 deg}}}\n"
POLING = "  - poling: {voltages: {left: 0.6 V}, start: previous, steps: 4}\n"
LOOP = "  - polarization-loop: {contact: left, amplitude: 0.7 V, points: 14, region: film}\n"
PERMITTIVITY = "  - permittivity: {contact: left, temperatures: [370 K, 385 K, 400 K]}\n"


def run(folder, studies, *changes, **arguments):
    lines = []
    path = write_film(folder, studies, *changes, **arguments)
    return execute(load_input(path), folder / "out", report=lines.append), "\n".join(lines)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    studies = AGAINST + POLING + LOOP + PERMITTIVITY
    return run(tmp_path_factory.mktemp("film"), studies, variants=True)


def test_studies_write_their_tables(done):
    result, _ = done
    place = result.folder / "landau"
    written = {p.name for p in (place / "polarization-loop").iterdir()}
    assert written == {"loop.csv", "solution.h5", "fields.vtu", "quantities.csv"}
    with open(place / "polarization-loop" / "loop.csv", newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    loop = result.outcomes["landau"][2].polarization
    table = np.array(rows, dtype=float)
    np.testing.assert_allclose(table[:, head.index("voltage [V]")], loop.voltage, atol=1e-12)
    assert (place / "permittivity" / "permittivity.csv").is_file()
    assert not result.failed


def test_a_study_starts_from_the_polarization_of_the_run_file(done, tmp_path):
    result, _ = done
    before, poled = (result.outcomes["landau"][k].solution for k in (0, 1))
    spontaneous = POLYNOMIAL.spontaneous_polarization()
    assert mean_polarization(before, "film")[0] == pytest.approx(-spontaneous, rel=1e-8)
    assert mean_polarization(poled, "film")[0] == pytest.approx(spontaneous, rel=1e-8)
    along = AGAINST.replace(", angle: 180 deg", "")
    result, _ = run(tmp_path, along)
    state = result.outcomes["base"][0].solution
    assert mean_polarization(state, "film")[0] == pytest.approx(spontaneous, rel=1e-8)


def test_a_poled_state_is_on_disk(done):
    result, _ = done
    poled = result.outcomes["landau"][1].solution
    saved = Solution.load(result.folder / "landau" / "poling" / "solution.h5")
    np.testing.assert_array_equal(saved.unknowns, poled.unknowns)


def test_the_summary_holds_the_numbers(done):
    result, _ = done
    summary = json.loads((result.folder / "summary.json").read_text())
    studies = summary["cases"]["landau"]["studies"]
    poling = studies["poling"]["poling"]["regions"]["film"]
    assert poling["before polarization [C/m^2]"][0] < -0.26
    assert poling["remanent polarization [C/m^2]"][0] > 0.26
    loop = studies["polarization-loop"]["loop"]
    assert loop["remanent polarizations [C/m^2]"][0] == pytest.approx(0.26523, rel=1e-4)
    assert loop["coercive voltages [V]"][1] < POLYNOMIAL.coercive_field() * THICKNESS + 0.1
    permittivity = studies["permittivity"]["permittivity"]
    assert permittivity["transition on heating [K]"] == 392.5
    assert permittivity["transition on cooling [K]"] == 377.5
    assert "equilibrium" in studies
    assert not set(summary["comparison"]) & {"polarization-loop", "permittivity"}


def test_the_report_has_a_row_for_every_case(done):
    _, text = done
    rows = [line.split() for line in text.splitlines() if " polarization-loop " in line]
    assert [row[0] for row in rows] == ["landau", "miller", "linear"]
    assert "states, " in text
    assert [line.split()[0] for line in text.splitlines() if "  poling " in line] == [
        "landau", "miller"]  # fmt: skip


def test_variants_without_memory_are_not_poled(done):
    result, _ = done
    poling = result.outcomes["linear"][1].polarization
    assert poling.steps == 0
    assert poling.solution.contact("left").charge == pytest.approx(0.0, abs=1e-20)


def test_pictures_are_drawn(tmp_path):
    result, _ = run(tmp_path, LOOP + PERMITTIVITY, ("figures: false", "figures: true"))
    assert (result.folder / "polarization-loop" / "loop.png").is_file()
    assert (result.folder / "permittivity" / "permittivity.png").is_file()
    assert (result.folder / "permittivity" / "polarization.png").is_file()


def test_loops_of_all_cases_are_drawn_together(done):
    result, _ = done
    loops = {case: outcomes[2:] for case, outcomes in result.outcomes.items()}
    draw_comparisons(replace(result, outcomes=loops))
    drawn = {p.name for p in result.folder.glob("comparison_*.png")}
    assert drawn == {"comparison_polarization-loop.png"}


def test_walls_between_elements_are_warned_of(done):
    _, text = done
    assert "do not resolve domain walls of 0.739 nm" in text
    assert "0.246 nm or smaller" in text


def test_temperatures_outside_the_card_are_warned_of(tmp_path):
    hot = PERMITTIVITY.replace("400 K", "441 K")
    result, text = run(tmp_path, hot)  # without Python's warnings, which would be errors here
    (line,) = [line for line in text.splitlines() if "at 441 K they are extrapolated" in line]
    assert line.startswith("warning: region 'film': Landau coefficients 'BaTiO3-Bell-Cross'")
    assert any("441 K" in warning for warning in result.summary["warnings"])
    _, text = run(tmp_path, "  - equilibrium\n", ("temperature: 298 K", "temperature: 441 K"))
    assert text.count("at 441 K they are extrapolated") == 1


def test_energies_without_bound_at_a_temperature_of_a_sweep_are_refused_first(tmp_path):
    hot = PERMITTIVITY.replace("400 K", "1500 K")
    with pytest.raises(InputError, match="no lower bound at 1500 K"):
        run(tmp_path, "  - equilibrium\n" + hot)
    assert not (tmp_path / "out" / "equilibrium").exists()


@pytest.mark.parametrize(
    "study",
    [AGAINST, LOOP.replace("}", ", polarization: {film: {kind: uniform, angle: 180 deg}}}")],
)
def test_domains_without_walls_are_refused_before_anything_is_solved(tmp_path, study):
    stripes = study.replace("{kind: uniform, angle: 180 deg}", "{kind: stripes, period: 4 nm}")
    none = ("Bell-Cross}", "Bell-Cross, gradient_energy: 0 J*m^3/C^2}")
    with pytest.raises(InputError, match="region 'film' has no gradient energy"):
        run(tmp_path, "  - equilibrium\n" + stripes, none)
    assert not list((tmp_path / "out").glob("equilibrium*"))


def test_unbounded_energies_are_refused_at_their_place(tmp_path):
    bad = ("coefficients: BaTiO3-Bell-Cross",
           "coefficients: {a1: -1e7 J*m/C^2, a11: -1e8 J*m^5/C^4, "
           "temperature_range: [200 K, 400 K]}")  # fmt: skip
    with pytest.raises(InputError, match=r"film\.yaml") as caught:
        run(tmp_path, "  - equilibrium\n", bad)
    assert "no lower bound" in str(caught.value)


def test_a_loop_that_fails_leaves_what_it_had(tmp_path, monkeypatch):
    steady, calls = Model.steady, []

    def failing(self, bias=None, start=None, **arguments):
        calls.append(bias)
        if len(calls) == 6:
            raise ConvergenceError("too far", history=start.history, last_good=start)
        return steady(self, bias, start, **arguments)

    monkeypatch.setattr(Model, "steady", failing)
    result, text = run(tmp_path, LOOP + PERMITTIVITY)
    place = result.folder / "polarization-loop"
    assert result.failed
    assert "polarization-loop FAILED: too far" in text
    assert len((place / "loop.csv").read_text().splitlines()) == 6  # the head and five states
    assert {p.name for p in place.iterdir()} == {"loop.csv", "failure.json", "last_good.h5"}
    assert not (result.folder / "permittivity").exists()


def test_old_tables_do_not_stay_beside_new_results(tmp_path):
    result, _ = run(tmp_path, PERMITTIVITY)
    stray = result.folder / "permittivity" / "loop.csv"
    stray.write_text("old")
    run(tmp_path, PERMITTIVITY)
    assert not stray.exists()


@pytest.mark.parametrize(
    ("study", "change", "message"),
    [
        (LOOP, ("film: {polarization: {law: landau, coefficients: BaTiO3-Bell-Cross}}",
                "film: {relative_permittivity: 10}"), None),
        (PERMITTIVITY, ("  right: {kind: potential, potential: 0 V}\n", ""), "contact"),
        (LOOP.replace(", region: film", ""),
         ("film: {polarization: {law: landau, coefficients: BaTiO3-Bell-Cross}}",
          "film: {relative_permittivity: 10}"), "all regions are linear"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_model_is_refused_first(tmp_path, study, change, message):
    if message is None:
        result, _ = run(tmp_path, study, change)
        assert result.summary["cases"]["base"]["studies"]["polarization-loop"]["loop"][
            "energy of the loop [J/m^3]"
        ] == pytest.approx(0.0, abs=1e-3)
        return
    with pytest.raises(InputError, match=message):
        run(tmp_path, study, change)
    assert not (tmp_path / "out" / "summary.json").exists()


def test_sources_of_a_landau_card_count_and_other_parameters_stand_one_by_one(done):
    result, text = done
    found = result.summary["assumptions"]
    assert not [line for line in found if "{" in line or "law" in line]
    card = {line for line in found if "polarization.coefficients." in line}
    record = load_landau("BaTiO3-Bell-Cross").provenance
    used = [p for p in record if p.assumption and p.property.startswith(("a", "g", "t"))]
    assert len(card) == len(used) == 1
    assert not any("coefficients.a1" in line for line in found)
    assert found["film: film polarization.saturation = 0.26 C/m^2"] == "set in the run file"
    assert "film: film polarization.coercive_field = 16000000.0 V/m" in found
    assert "polarization.saturation = 0.26 C/m^2" in text


def test_inline_coefficients_have_no_source(tmp_path):
    given = (
        "coefficients: {a1: [-1e8 J*m/C^2, 3e5 J*m/C^2/K], a11: 1e9 J*m^5/C^4, "
        "a12: 1e9 J*m^5/C^4, temperature_range: [200 K, 400 K]}"
    )
    own = ("coefficients: BaTiO3-Bell-Cross", given)
    result, _ = run(tmp_path, "  - equilibrium\n", own)
    found = result.summary["assumptions"]
    path = "film: film polarization.coefficients."
    assert f"{path}a1 = -100000000.0 J*m/C^2, 300000.0 J*m/C^2/K" in found
    assert f"{path}temperature_range = 200.0 K, 400.0 K" in found


def test_jumps_are_told_with_their_step_and_rounding_is_0(done):
    result, text = done
    rows = {line.split()[0]: line for line in text.splitlines() if " polarization-loop " in line}
    loop = result.outcomes["landau"][2].polarization
    (low, high), up = loop.coercive_brackets
    assert abs(high - low) == pytest.approx(0.1)
    assert low > loop.coercive_voltages[0] > high
    assert f"{(low + high) / 2:.4g} +- 0.05" in rows["landau"]
    assert f"{sum(up) / 2:.4g} +- 0.05" in rows["landau"]
    assert rows["landau"].count("~") == 2
    numbers = result.summary["cases"]["landau"]["studies"]["polarization-loop"]["loop"]
    assert numbers["polarization jumps over 0 between [V]"] == [(low, high), up]
    linear = result.summary["cases"]["linear"]["studies"]["polarization-loop"]["loop"]
    assert linear["coercive voltages [V]"] is linear["coercive fields [V/m]"] is None
    assert linear["polarization jumps over 0 between [V]"] is None
    poled = next(line for line in text.splitlines() if "miller " in line and " poling " in line)
    assert poled.split()[4] == poled.split()[6] == "0"  # across the field


PIEZO = (
    "polarization: {law: landau, coefficients: BaTiO3-Bell-Cross}",
    "relative_permittivity: 50",
)
FIXED = ("contacts:\n", "fixed_polarization: {film: [1 uC/cm^2, 0 uC/cm^2]}\ncontacts:\n")


def test_a_run_file_gives_fixed_polarizations(tmp_path):
    result, _ = run(tmp_path, "  - equilibrium\n", PIEZO, FIXED)
    state = result.outcomes["base"][0].solution
    np.testing.assert_allclose(state.model.discretized.fixed_polarization[:, 0], 1e-2)
    assert state.contact("left").charge / 2e-9 == pytest.approx(1e-2)
    with pytest.raises(InputError, match=r"(?s)no region 'flim' .*Did you mean 'film'"):
        run(tmp_path, "  - equilibrium\n", PIEZO, (FIXED[0], FIXED[1].replace("{film", "{flim")))
    with pytest.raises(InputError, match="'0' has no unit"):
        run(tmp_path, "  - equilibrium\n", PIEZO, (FIXED[0], FIXED[1].replace("0 uC/cm^2", "0")))


def test_an_equilibrium_that_fails_switches_fixed_polarizations_on(tmp_path, monkeypatch):
    equilibrium = Model.equilibrium

    def shy(self, start=None, **arguments):
        if start is None and self.fixed_polarization["film"].any():
            raise ConvergenceError("too far", history=equilibrium(self).history)
        return equilibrium(self, start, **arguments)

    monkeypatch.setattr(Model, "equilibrium", shy)
    result, text = run(tmp_path, "  - equilibrium\n", PIEZO, FIXED)
    assert not result.failed
    assert "equilibrium: not reached at once; the fixed polarization is switched on" in text
    charge = result.outcomes["base"][0].solution.contact("left").charge
    assert charge / 2e-9 == pytest.approx(1e-2)
