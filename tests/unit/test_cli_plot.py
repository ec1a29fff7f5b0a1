"""`pyscl plot`: pictures of a finished run, and what is refused."""

import json
import shutil

import numpy as np
import pytest
from runs import write_run
from test_cli import invoke

from pyscl import plot
from pyscl.errors import InputError
from pyscl.input import load_input
from pyscl.runner import execute
from pyscl.runner.folder import RunFolder

CUTS = (
    "  figures: false\n",
    "  figures: false\n  reference: blank\n"
    "  cuts: {middle: {from: [0 nm, 1 nm], to: [20 nm, 1 nm], points: 50}}\n",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("plots")
    path = write_run(where, CUTS, variants=True)
    execute(load_input(path, []), where / "run")
    return where / "run"


@pytest.fixture
def drawn(monkeypatch):
    """Collect the figures that are written, by file name."""
    figures = {}
    save = plot.save

    def remember(figure, path, **kwargs):
        figures[path.name] = figure
        save(figure, path, **kwargs)

    monkeypatch.setattr(plot, "save", remember)
    return figures


def test_without_wishes_the_usual_pictures_are_drawn_beside_the_solution(folder):
    text = invoke("plot", folder).stdout.replace("\n", "")
    place = folder / "with_coating" / "steady"
    for name in ("overview_Li", "layer_Li", "current_density_Li"):
        assert (place / f"{name}.png").is_file()
        assert str(place / f"{name}.png") in text
    assert "with coating, steady" in text


def test_the_list_names_all_that_can_be_drawn(folder, drawn):
    text = invoke("plot", folder, "--list").stdout
    for words in ("blank, equilibrium", "site_fraction_Li [1]", "electric_field [V/m, vector]"):
        assert words in text
    assert "  a|b" in text
    assert "  middle" in text
    assert not drawn


def test_a_field_of_a_case_and_a_study_is_that_of_its_solution(folder, drawn, tmp_path):
    out = tmp_path / "phi.pdf"
    invoke(
        "plot", folder, "--field", "potential", "--case", "blank", "--study", "steady", "--out", out
    )
    assert out.read_bytes().startswith(b"%PDF")
    run = RunFolder(folder)
    phi = run.solution(run.state("blank", "steady")).potential
    (colours,) = [c for c in drawn["phi.pdf"].axes[0].collections if hasattr(c, "norm") and c.norm]
    assert (colours.norm.vmin, colours.norm.vmax) == pytest.approx(
        (phi.min() * 1e3, phi.max() * 1e3)
    ) or (colours.norm.vmin, colours.norm.vmax) == pytest.approx((phi.min(), phi.max()))


def test_a_solution_file_can_be_drawn_too(folder, drawn, tmp_path):
    out = tmp_path / "x.png"
    file = folder / "blank" / "steady" / "solution.h5"
    invoke("plot", file, "--field", "electric_field", "--component", "x", "--out", out)
    assert out.is_file()
    with pytest.raises(InputError, match="is one solution; cases and studies"):
        invoke("plot", file, "--case", "blank")
    with pytest.raises(InputError, match="comparisons need the folder"):
        invoke("plot", file, "--compare", "all")


@pytest.mark.parametrize(
    ("cut", "length"),
    [
        ("2 nm,1 nm:0.018 um,1 nm", 16.0),
        ("middle", 20.0),
        ("a|b", None),
        ("strongest", None),
    ],
)
def test_cuts_are_given_by_points_by_name_or_by_an_interface(folder, drawn, tmp_path, cut, length):
    invoke("plot", folder, "--cut", cut, "--out", tmp_path / "cut.png")
    figure = drawn["cut.png"]
    low, high = figure.axes[-1].get_xlim()
    assert low == 0.0
    names = [text.get_text() for text in figure.axes[0].texts]
    assert names == ["a", "b"]
    if length is not None:
        assert high == pytest.approx(length)
    else:  # the layers of the interface at 10 nm
        assert 1.0 < high < 20.0


def test_a_cut_shows_the_fields_that_are_wished(folder, drawn, tmp_path):
    wishes = ["--field", "electric_field", "--field", "site_fraction_Li"]
    invoke("plot", folder, "--cut", "middle", *wishes, "--out", tmp_path / "cut.png")
    labels = [ax.get_ylabel().replace("\n", " ") for ax in drawn["cut.png"].axes]
    assert labels[0].startswith("Electric field (")
    assert labels[1:] == ["Li site fraction"]


def test_an_inset_enlarges_what_is_named(folder, drawn, tmp_path):
    where = "8 nm,0 nm:13 nm,2 nm"
    invoke("plot", folder, "--field", "potential", "--inset", where, "--out", tmp_path / "i.png")
    whole, piece = drawn["i.png"].axes[:2]
    assert whole.get_xlim() == pytest.approx((0.0, 20.0))
    assert piece.get_xlim() == pytest.approx((8.0, 13.0))


def test_cases_are_compared_with_the_reference(folder, drawn):
    text = invoke("plot", folder, "--compare", "all", "--reference", "blank").stdout
    assert str(folder / "comparison_steady_potential.png") in text
    titles = [ax.get_title(loc="left") for ax in drawn["comparison_steady_potential.png"].axes]
    assert [t for t in titles if t] == ["(a) with coating", "(b) blank", "(c) with coating − blank"]


def test_the_width_is_that_of_a_journal(folder, drawn, tmp_path):
    invoke("plot", folder, "--field", "potential", "--width", "double", "--out", tmp_path / "w.svg")
    assert drawn["w.svg"].get_figwidth() * 25.4 == pytest.approx(183.0, abs=1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--field", "potental"], "Did you mean 'potential'"),
        (["--case", "blnk"], "Did you mean 'blank'"),
        (["--study", "stedy"], "Did you mean 'steady'"),
        (["--field", "potential", "--component", "z"], "no component 'z'"),
        (["--cut", "10,1:20,1"], "'10' has no unit; expected a length"),
        (["--cut", "1 nm,1 nm"], r"e\.g\. '0 nm,5 nm:20 nm,5 nm', or one of: middle"),
        (["--cut", "midle"], "Did you mean 'middle'"),
        (["--cut", "1 V,1 nm:2 nm,1 nm"], "'1 V' in .* is no length"),
        (["--cut", "1 um,1 nm:2 um,1 nm"], r"x = 1000 \.\.\. 2000 nm.*misses the mesh.*20 nm"),
        (["--component", "x"], "--component x is of a map .*add a --field"),
        (["--cut", "middle", "--component", "x"], "a cut shows the components along and across"),
        (["--field", "potential", "--component", "x"], "'potential' is a scalar and has no comp"),
        (["--compare", "all", "--field", "potential", "--component", "y"], "is a scalar"),
        (["--cut", "a|c"], r"Did you mean 'a\|b'"),
        (["--cut", "middle", "--field", "potental"], "no field 'potental' along the cut"),
        (
            ["--field", "potential", "--window", "1 um,0 nm:2 um,2 nm"],
            r"x = 1000 \.\.\. 2000 nm, y = 0 \.\.\. 2 nm lies outside the",
        ),
        (["--field", "potential", "--arrows", "--follow", "potential"], "is a scalar; use one of"),
        (["--follow", "electric_field"], "add one of them"),
        (["--field", "potential", "--field", "electric_field"], "a map shows one field"),
        (["--inset", "a|b"], "need a --field"),
        (["--cut", "middle", "--inset", "a|b"], "--cut and --inset exclude each other"),
        (["--compare", "blank"], "needs two or more cases"),
        (["--compare", "blank", "--compare", "blanc"], "Did you mean 'blank'"),
        (["--reference", "blank"], "--reference belongs to --compare"),
        (["--out", "map.jpg"], r"no figure format '\.jpg'"),
        (["--width", "triple"], "no width 'triple'"),
    ],
)
def test_mistakes_are_told(folder, drawn, options, message):
    with pytest.raises(InputError, match=message):
        invoke("plot", folder, *options)
    assert not drawn


def test_a_study_that_failed_is_told_from_one_that_is_unknown(folder, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(folder, run)
    place = run / "blank" / "steady"
    (place / "solution.h5").rename(place / "last_good.h5")
    summary = json.loads((run / "summary.json").read_text())
    summary["cases"]["blank"]["studies"]["steady"]["status"] = "failed"
    (run / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(
        InputError, match=r"'blank, steady' has no solution \(failed\)(.|\n)*last_go"
    ):
        invoke("plot", run, "--case", "blank", "--study", "steady")
    invoke("plot", place / "last_good.h5", "--field", "potential", "--out", tmp_path / "x.png")
    assert (tmp_path / "x.png").is_file()


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"has no summary\.json"):
        invoke("plot", tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        invoke("plot", tmp_path / "nowhere")


def test_a_file_that_cannot_be_written_is_told(folder, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match=r"cannot write .*; choose another file with --out"):
        invoke("plot", folder, "--field", "potential", "--out", tmp_path / "taken" / "x.png")


@pytest.mark.parametrize(
    ("wish", "suffixes"),
    [("true", {".png"}), ("[pdf, svg]", {".pdf", ".svg"}), ("[]", set())],
)
def test_a_run_file_says_in_which_formats_pictures_are_drawn(tmp_path, wish, suffixes):
    path = write_run(
        tmp_path,
        ("figures: false", f"figures: {wish}"),
        ("  - steady: {bias: {right: 10 mV}}\n", ""),
    )
    execute(load_input(path, []), tmp_path / "run")
    files = {f for f in (tmp_path / "run").rglob("*") if f.suffix in (".png", ".pdf", ".svg")}
    assert {f.suffix for f in files} == suffixes
    if suffixes:
        names = {f.stem for f in files}
        assert names == {"mesh", "overview_Li", "layer_Li", "convergence"}
        assert all(np.fromfile(f, dtype=np.uint8).size > 1000 for f in files)


def test_one_format_needs_no_brackets(tmp_path):
    job = load_input(write_run(tmp_path, ("figures: false", "figures: svg")), [])
    assert job.output.formats == ("svg",)


def test_an_unknown_format_in_a_run_file_is_refused(tmp_path):
    path = write_run(tmp_path, ("figures: false", "figures: [png, pfd]"))
    with pytest.raises(InputError, match=r"no figure format 'pfd'(.|\n)*Did you mean 'pdf'"):
        load_input(path, [])
