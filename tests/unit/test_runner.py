"""A run file from start to end: what is written, what is refused before, what a failure leaves."""

import json

import meshio
import numpy as np
import pytest
from runs import strip_of_two, with_inverted_triangle, write_run

from pyscl import ConvergenceError, InputError, MeshError, Model, Solution, plot
from pyscl.input import load_input
from pyscl.runner import Approach, build_model, execute
from pyscl.runner.names import slug
from pyscl.study.newton import SolverOptions

STEADY = "  - steady: {bias: {right: 10 mV}}\n"
TWICE = (STEADY, STEADY + STEADY.replace("10 mV", "30 mV"))
OUTPUT = "output:\n"


def strict(path):
    """Return the contents of a JSON file that may not hold NaN or Infinity."""

    def refuse(word):
        raise AssertionError(f"{word} in {path}")

    return json.loads(path.read_text(), parse_constant=refuse)


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    """Return the result and the report of a run with two variants and a repeated study."""
    folder = tmp_path_factory.mktemp("paired")
    path = write_run(folder, TWICE, (OUTPUT, OUTPUT + "  reference: blank\n"), variants=True)
    lines, iterations = [], []
    result = execute(
        load_input(path),
        folder / "out",
        report=lines.append,
        progress=lambda label, k, step: iterations.append((label, k, step.update)),
    )
    return result, "\n".join(lines), iterations


def test_every_case_and_study_gets_a_folder(paired):
    result, _, _ = paired
    found = {str(p.relative_to(result.folder)) for p in result.folder.rglob("*") if p.is_file()}
    assert found == {"summary.json", "certificate.json"} | {
        f"{case}/{study}/{file}"
        for case in ("with_coating", "blank")
        for study in ("equilibrium", "steady-1", "steady-2")
        for file in ("fields.vtu", "quantities.csv", "solution.h5")
    }
    assert not result.failed


def test_solutions_reload_to_identical_fields(paired):
    result, _, _ = paired
    for studies in result.outcomes.values():
        for outcome in studies:
            loaded = Solution.load(outcome.folder / "solution.h5")
            assert loaded.kind == outcome.name.split("-")[0]
            for name in outcome.solution.field_names:
                np.testing.assert_array_equal(loaded[name].values, outcome.solution[name].values)


def test_vtu_holds_all_fields_with_units_and_the_regions(paired):
    result, _, _ = paired
    outcome = result.outcomes["with coating"][1]
    solution = outcome.solution
    vtu = meshio.read(outcome.folder / "fields.vtu")
    np.testing.assert_array_equal(vtu.cell_data["region"][0], solution.model.mesh.region)
    np.testing.assert_array_equal(vtu.cells_dict["triangle"], solution.site_triangles)
    np.testing.assert_array_equal(vtu.points[:, :2], solution.site_points)
    at_points = {"potential [V]", "charge_density [C/m^3]", "site_fraction_Li"}
    at_points |= {"concentration_Li [mol/m^3]", "electrochemical_potential_Li [eV]"}
    assert set(vtu.point_data) == at_points
    assert set(vtu.cell_data) == {"region", "electric_field [V/m]", "current_density_Li [A/m^2]"}
    np.testing.assert_array_equal(vtu.point_data["potential [V]"], solution["potential"].values)
    np.testing.assert_array_equal(
        vtu.cell_data["electric_field [V/m]"][0][:, :2], solution["electric_field"].values
    )


def test_summary_is_strict_json_with_everything_needed_to_repeat_the_run(paired):
    result, _, _ = paired
    summary = strict(result.folder / "summary.json")
    assert summary == json.loads(json.dumps(result.summary))
    assert (summary["title"], summary["status"]) == ("Strip", "converged")
    assert summary["input"]["contacts"]["right"]["electrochemical_potential"] == 0.0
    assert summary["input"]["studies"][1] == {"kind": "steady", "bias": {"right": 0.01}}
    assert {"pyscl", "python", "numpy", "core compiler"} <= set(summary["versions"])
    assert summary["mesh"]["n_points"] == strip_of_two().n_points
    assert not summary["mesh"]["failed"]
    assert set(summary["cases"]) == {"with coating", "blank"}
    blank = summary["cases"]["blank"]
    assert blank["materials"]["b"]["relative_permittivity"] == 10.0
    assert set(blank["screening lengths [m]"]) == {"a", "b"}


def test_summary_holds_history_and_results_with_units(paired):
    result, _, _ = paired
    outcome = result.outcomes["with coating"][1]
    study = result.summary["cases"]["with coating"]["studies"]["steady-1"]
    assert study["status"] == "converged"
    assert study["error"] is None
    assert study["history"] == outcome.solution.history.to_dict()
    assert study["bias [V]"] == {"right": 0.01}
    assert set(study["contacts"]) == {"left", "right"}
    current = study["contacts"]["right"]["current [A/m]"]
    assert current == outcome.solution.contact("right").current
    assert study["effective resistance [Ohm m]"] == pytest.approx(0.01 / current)
    side = study["interfaces"]["a|b"]["sides"]["a"]
    assert side["charge [C/m^2]"] == outcome.solution.interface("a|b").sides[0].charge
    assert study["interfaces"]["a|b"]["measure [m]"] == pytest.approx(2e-9)
    assert study["charge [C/m]"]["a"] == outcome.solution.charge("a")
    assert study["amount [mol/m]"]["Li"]["b"] == outcome.solution.amount("Li", "b")


def test_interfaces_between_equal_materials_are_not_reported(tmp_path):
    same = """\
  b:
    relative_permittivity: 10
    carriers: [{name: Li, charge: 1, site_density: 2e26 1/m^3, site_fraction: 0.5,
                conductivity: 1 mS/cm}]
contacts:
"""
    path = write_run(tmp_path)
    text = path.read_text()
    path.write_text(text[: text.index("  b:")] + same + text.split("contacts:\n")[1])
    summary = execute(load_input(path), tmp_path / "out").summary
    assert summary["cases"]["base"]["studies"]["steady"]["interfaces"] == {}
    assert not [w for w in summary["warnings"] if "per Debye length" in w]


def test_cases_are_compared_study_by_study(paired):
    result, report, _ = paired
    assert set(result.summary["comparison"]) == {"steady-1", "steady-2"}
    for row in result.summary["comparison"].values():
        resistance = row["effective resistance"]
        assert row["unit"] == "Ohm m"
        assert row["reference"] == "blank"
        assert row["promotion"] == {
            "with coating": pytest.approx(1 - resistance["with coating"] / resistance["blank"]),
            "blank": 0.0,
        }
        # blank: an ohmic strip of 0.1 S/m, 20 nm long and 2 nm wide
        assert resistance["blank"] == pytest.approx(20e-9 / (0.1 * 2e-9))
    assert "promotion against 'blank'" in report


def test_report_names_warnings_assumptions_and_iterations(paired):
    result, report, iterations = paired
    assert "mesh: " in report
    assert "warning: region 'a': mean carrier spacing" in report
    assert any("mean carrier spacing" in w for w in result.summary["warnings"])
    assert any("relative_permittivity = 30" in line for line in result.summary["assumptions"])
    assert "relative_permittivity = 30" in report
    assert "space charge layers:" in report
    for name, studies in result.outcomes.items():
        for outcome in studies:
            label, steps = f"{name}: {outcome.name}", outcome.solution.history.iterations
            assert f"{label}: {len(steps)} Newton iterations" in report
            told = [(k, update) for where, k, update in iterations if where == label]
            done = [(k, step.update) for k, step in enumerate(steps, start=1)]
            assert told in (done, done[:-1])  # the last one may be told as the study's end only


def test_assumed_values_of_cards_are_listed_with_their_reason(tmp_path):
    path = write_run(tmp_path)
    text = path.read_text()
    path.write_text(
        text[: text.index("  b:")] + "  b: Li6PS5Cl\ncontacts:\n" + text.split("contacts:\n")[1]
    )
    changes = ["contacts.right.electrochemical_potential=neutral", "contacts.left=blocking"]
    summary = execute(load_input(path, changes), tmp_path / "out").summary
    reasons = {k: v for k, v in summary["assumptions"].items() if k.startswith("b: Li6PS5Cl")}
    assert reasons
    assert all(reasons.values())


def test_a_run_without_variants_has_no_case_folder(tmp_path):
    result = execute(load_input(write_run(tmp_path)), tmp_path / "deep" / "out")
    assert (result.folder / "equilibrium" / "solution.h5").is_file()
    assert (result.folder / "steady" / "fields.vtu").is_file()
    assert list(result.outcomes) == ["base"]


CUTS = "  cuts: {through: {from: [0 nm, 1 nm], to: [20 nm, 1 nm], points: 20}}\n"


def test_pictures_are_drawn_when_wanted(tmp_path):
    path = write_run(tmp_path, ("  figures: false\n", CUTS), (STEADY, ""))
    result = execute(load_input(path), tmp_path / "out")
    drawn = {p.name for p in (result.folder / "equilibrium").glob("*.png")}
    assert drawn == {"overview_Li.png", "layer_Li.png", "cut_through.png", "convergence.png"}
    assert (result.folder / "equilibrium" / "cut_through.png").read_bytes()[1:4] == b"PNG"


def test_cases_are_drawn_side_by_side(tmp_path, monkeypatch):
    compared = []
    figures = ("overview", "field_map", "cut_plot", "convergence_plot", "mesh_map")
    for name in figures:
        monkeypatch.setattr(plot, name, lambda *_, **__: None)
    monkeypatch.setattr(
        plot, "comparison", lambda cases, name, reference: compared.append((*cases, name))
    )
    monkeypatch.setattr(plot, "save", lambda figure, path: path.touch())
    path = write_run(tmp_path, ("  figures: false\n", CUTS), variants=True)
    result = execute(load_input(path), tmp_path / "out")
    assert compared == 2 * [
        ("with coating", "blank", "potential"),
        ("with coating", "blank", "electric_field"),
    ]
    drawn = {str(p.relative_to(result.folder)) for p in result.folder.rglob("*.png")}
    assert "comparison_steady_potential.png" in drawn
    assert "blank/steady/current_density_Li.png" in drawn
    assert "with_coating/equilibrium/overview_Li.png" in drawn
    assert "with_coating/equilibrium/current_density_Li.png" not in drawn


def test_axisymmetric_results_have_their_units(tmp_path):
    path = write_run(tmp_path, ("title: Strip", "coordinates: axisymmetric"))
    # the contact at r = 0 has no area: leave it out, and drive nothing
    changes = ["contacts.left=blocking", "studies=[equilibrium, {steady: {bias: {right: 1 mV}}}]"]
    summary = execute(load_input(path, changes), tmp_path / "out").summary
    study = summary["cases"]["base"]["studies"]["equilibrium"]
    assert {"charge [C]", "amount [mol]", "effective resistance [Ohm]"} <= set(study)
    assert "current [A]" in study["contacts"]["right"]
    area = study["interfaces"]["a|b"]["measure [m^2]"]
    assert area == pytest.approx(2 * np.pi * 10e-9 * 2e-9)


def test_names_of_folders_are_safe():
    assert slug("with BaTiO3 (10 %)") == "with_BaTiO3__10___"
    assert slug("..") == "_"
    assert slug("../a") == "_a"
    assert slug("v1.2-b") == "v1.2-b"


# Bad input is refused before the first solve.


@pytest.fixture
def never_solves(monkeypatch):
    """Make any solve an error of the test."""

    def solve(*_, **__):
        raise AssertionError("solved before the input was checked")

    monkeypatch.setattr(Model, "equilibrium", solve)
    monkeypatch.setattr(Model, "steady", solve)


REFUSED = [
    ([("  a:\n", "  aa:\n")], "no region 'aa' in the mesh", "Did you mean 'a'?"),
    ([("  left:", "  lefft:")], "no contact 'lefft' in the mesh", "Did you mean 'left'?"),
    (
        [("contacts:", "interfaces: {a|a2: {}}\ncontacts:")],
        "no region 'a2'",
        "Did you mean 'a'?",
    ),
    (
        [("contacts:", "periodic: [{sides: [bottom, topp]}]\ncontacts:")],
        "no periodic side 'topp'",
        "Did you mean 'top'?",
    ),
    (
        [(OUTPUT, OUTPUT + "  cuts: {across: {from: [0 nm, 3 nm], to: [20 nm, 3 nm]}}\n")],
        "misses the mesh",
        "y = 0 ... 2 nm",
    ),
    (
        # its bounding box overlaps the mesh, the line does not
        [(OUTPUT, OUTPUT + "  cuts: {across: {from: [-1 nm, 1.5 nm], to: [2 nm, 8 nm]}}\n")],
        "misses the mesh",
        "x = 0 ... 20 nm",
    ),
    (
        [(OUTPUT, OUTPUT + "  cuts: {across: {from: [1 nm, 1 nm], to: [1 nm, 1 nm]}}\n")],
        "two different points",
        "1e-09",
    ),
    (
        [("electrochemical_potential: 0 eV, ", "")],
        "no equilibrium: reservoirs of 'Li'",
        "right: 0.178231 eV",
    ),
    (
        [("                conductivity: 1 mS/cm}]", "                }]")],
        "carrier 'Li' in region 'a' has no mobility",
        "conductivity",
    ),
]


@pytest.mark.usefixtures("never_solves")
@pytest.mark.parametrize(("changes", "what", "help_"), REFUSED)
def test_bad_input_is_refused_before_the_first_solve(tmp_path, changes, what, help_):
    path = write_run(tmp_path, *changes)
    with pytest.raises(InputError) as caught:
        execute(load_input(path), tmp_path / "out")
    assert what in str(caught.value)
    assert help_ in str(caught.value)


@pytest.mark.usefixtures("never_solves")
def test_a_variant_that_cannot_be_solved_is_refused_before_the_others_run(tmp_path):
    immobile = "conductivity: 1 mS/cm}]\nstudies"
    path = write_run(tmp_path, (immobile, "}]\nstudies"), variants=True)
    with pytest.raises(InputError, match="region 'b' has no mobility"):
        execute(load_input(path), tmp_path / "out")


@pytest.mark.usefixtures("never_solves")
def test_variants_must_not_share_a_folder(tmp_path):
    path = write_run(tmp_path, ("  blank:", "  with_coating:"), variants=True)
    with pytest.raises(InputError, match="'with coating' and 'with_coating' would share"):
        execute(load_input(path), tmp_path / "out")


@pytest.mark.usefixtures("never_solves")
def test_a_mesh_with_problems_is_refused(tmp_path):
    path = write_run(tmp_path)
    with_inverted_triangle().write(tmp_path / "strip.msh", unit="nm")
    with pytest.raises(MeshError, match="cannot be computed on"):
        execute(load_input(path), tmp_path / "out")


@pytest.mark.usefixtures("never_solves")
@pytest.mark.parametrize("part", [0, 200])
def test_an_empty_or_truncated_mesh_file_is_refused(tmp_path, part):
    path = write_run(tmp_path)
    mesh = tmp_path / "strip.msh"
    mesh.write_bytes(mesh.read_bytes()[:part])
    with pytest.raises(MeshError, match=r"strip\.msh"):
        execute(load_input(path), tmp_path / "out")


@pytest.mark.usefixtures("never_solves")
def test_an_output_folder_below_a_file_is_refused(tmp_path):
    path = write_run(tmp_path)
    with pytest.raises(InputError, match=r"cannot write to the output folder .*strip\.msh"):
        execute(load_input(path), tmp_path / "strip.msh" / "out")


@pytest.mark.usefixtures("never_solves")
def test_an_output_folder_that_is_read_only_is_refused(tmp_path, monkeypatch):
    run = load_input(write_run(tmp_path))

    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(tmp_path), "touch", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        execute(run, tmp_path / "out")


# A solve that fails.


@pytest.fixture
def failed(tmp_path, monkeypatch):
    """Return the result of a run whose first case fails in its first biased study."""
    path = write_run(tmp_path, TWICE, variants=True)
    real = Model.steady

    def steady(model, bias, start, *, options):
        if model.materials["b"].relative_permittivity == 30.0:
            options = SolverOptions(max_iterations=1, progress=options.progress)
        return real(model, bias, start, options=options)

    monkeypatch.setattr(Model, "steady", steady)
    return execute(load_input(path), tmp_path / "out")


def test_a_failed_solve_leaves_its_history_and_the_last_good_state(failed):
    assert failed.failed
    place = failed.folder / "with_coating" / "steady-1"
    assert {p.name for p in place.iterdir()} == {"failure.json", "last_good.h5"}
    record = strict(place / "failure.json")
    assert "Newton iterations" in record["error"]
    assert not record["history"]["converged"]
    assert record["history"]["iterations"]
    good = Solution.load(place / "last_good.h5")
    equilibrium = failed.outcomes["with coating"][0].solution
    np.testing.assert_array_equal(good.unknowns, equilibrium.unknowns)
    assert good.kind == "equilibrium"


def test_a_failed_solve_skips_the_rest_of_its_case_only(failed):
    assert [o.name for o in failed.outcomes["with coating"]] == ["equilibrium", "steady-1"]
    assert [o.name for o in failed.outcomes["blank"]] == ["equilibrium", "steady-1", "steady-2"]
    summary = strict(failed.folder / "summary.json")
    assert summary["status"] == "failed"
    studies = summary["cases"]["with coating"]["studies"]
    assert studies["equilibrium"]["status"] == "converged"
    assert studies["steady-1"]["status"] == "failed"
    assert "Newton iterations" in studies["steady-1"]["error"]
    assert set(summary["comparison"]["steady-1"]["effective resistance"]) == {"blank"}


def test_a_repaired_run_leaves_no_trace_of_the_failure(failed, monkeypatch):
    monkeypatch.undo()
    result = execute(load_input(failed.folder.parent / "run.yaml"), failed.folder)
    assert not result.failed
    assert not list(failed.folder.rglob("failure.json"))
    assert not list(failed.folder.rglob("last_good.h5"))


def test_a_failed_equilibrium_has_no_last_good_state(tmp_path):
    impatient = Approach(SolverOptions(max_iterations=1))
    result = execute(load_input(write_run(tmp_path)), tmp_path / "out", approach=impatient)
    assert result.failed
    assert {p.name for p in (result.folder / "equilibrium").iterdir()} == {"failure.json"}
    assert strict(result.folder / "summary.json")["status"] == "failed"


def test_an_absurd_bias_fails_with_strict_json_or_converges(tmp_path):
    run = load_input(write_run(tmp_path), ["studies.1.steady.bias.right=1e300 V"])
    result = execute(run, tmp_path / "out")
    assert result.failed
    strict(result.folder / "summary.json")
    strict(result.folder / "steady" / "failure.json")


def test_the_model_of_a_run_file_is_the_model_of_its_parts(tmp_path):
    run = load_input(write_run(tmp_path), ["temperature=350 K"])
    model = build_model(run, strip_of_two(), run.materials())
    assert model.temperature == 350.0
    assert set(model.contacts) == {"left", "right"}
    assert model.equilibrium().history.converged
    with pytest.raises(ConvergenceError):
        model.equilibrium(options=SolverOptions(max_iterations=1))
