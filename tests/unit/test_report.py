"""Reports of runs: what is in the page, bad input, numbers as people read them."""

import base64
import gzip
import json
import re
import shutil
from html import unescape

import numpy as np
import pytest
from reports import REFERENCE, page, run
from typer.testing import CliRunner

from pyscl import InputError, cli
from pyscl.input import load_input
from pyscl.report import headline, inputs, numbers, report, tables
from pyscl.report.blocks import Blocks
from pyscl.report.quantities import quantities
from pyscl.report.runs import columns_of, doubts, open_runs
from pyscl.runner import Approach
from pyscl.study.newton import SolverOptions


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    return run(tmp_path_factory.mktemp("paired"), REFERENCE, variants=True)


@pytest.fixture(scope="module")
def text(paired):
    return page(paired, out=paired / "report.html")


@pytest.fixture
def copy(paired, tmp_path):
    return shutil.copytree(paired, tmp_path / "copy")


def data_of(text):
    return json.loads(re.search(r'id="page">(.*?)</script>', text, re.DOTALL)[1])


def changed(folder, change):
    """Change summary.json in place and return the folder."""
    summary = json.loads((folder / "summary.json").read_text())
    change(summary)
    (folder / "summary.json").write_text(json.dumps(summary))
    return folder


def test_arrays_come_back_from_their_blocks_bit_by_bit():
    blocks = Blocks()
    for dtype in ("f4", "f8", "i4", "u2", "u1"):
        values = (np.arange(97) ** 2 % 251).astype(dtype) - (0.3 if dtype[0] == "f" else 0)
        entry = blocks.array(values, dtype)
        planes = np.frombuffer(
            gzip.decompress(base64.b64decode(blocks.texts[entry["block"]])), "u1"
        )
        back = planes.reshape(np.dtype(dtype).itemsize, -1).T.copy().view(dtype).ravel()
        np.testing.assert_array_equal(back, values.astype(dtype))
        assert entry["count"] == 97


def test_equal_arrays_and_equal_meshes_are_stored_once(text):
    blocks = Blocks()
    assert blocks.array([1.0, 2.0], "f4") == blocks.array(np.array([1.0, 2.0]), "f4")
    assert len(blocks.texts) == 1
    data = data_of(text)
    assert len(data["states"]) == 4
    assert len(data["meshes"]) == 1


def test_the_page_names_nothing_outside_of_itself(text):
    links = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "@import" not in text
    assert "url(" not in text


def test_the_page_of_the_same_run_is_the_same_file(paired, text, tmp_path):
    assert page(paired, out=tmp_path / "again.html") == text


def test_numbers_of_the_run_are_in_the_page(paired, text):
    summary = json.loads((paired / "summary.json").read_text())
    for value in summary["comparison"]["steady"]["effective resistance"].values():
        assert f"{numbers.number(value)} ± " in text
    promoted = summary["comparison"]["steady"]["promotion"]["with coating"]
    assert numbers.percent(promoted) in text
    for name in ("potential", "charge_density", "site_fraction_Li", "current_density_Li"):
        assert name in data_of(text)["fields"]
    assert [cut["name"] for cut in data_of(text)["cuts"]] == ["across"]


def test_inputs_can_be_downloaded_and_read_again(paired, text, tmp_path):
    link = re.search(r'download="(\w+\.yaml)" href="data:text/yaml;charset=utf-8,([^"]*)"', text)
    from urllib.parse import unquote

    file = tmp_path / link[1]
    file.write_text(unquote(unescape(link[2])), encoding="utf-8")
    summary = json.loads((paired / "summary.json").read_text())
    again = load_input(file).model_dump(mode="json", by_alias=True)
    compared = inputs.differences({"again": again, "run": summary["input"]})
    assert compared["rows"] == []  # all but where values come from, which is the file now


def test_the_run_file_is_shown_as_it_was_written_where_the_folder_has_it(copy, tmp_path):
    written = "# a comment & <b>\ntitle: Strip\n"
    (copy / "run.yaml").write_text(written)
    text = unescape(page(copy, out=tmp_path / "page.html"))
    assert written in text
    assert "as they were understood" in text
    assert 'download="run.yaml"' in text


def test_sources_of_models_are_cited_with_bibtex(text):
    assert 'download="sources.bib"' in text
    assert "scharfetter1969" in text
    assert "@article{" in unescape(text)


def test_texts_of_users_are_escaped(copy, tmp_path):
    changed(copy, lambda s: s.update(title="<script>alert(1)</script>", warnings=["<img src=x>"]))
    text = page(copy, out=tmp_path / "page.html")
    assert "<script>alert" not in text
    assert "<img src=x>" not in text


def test_a_comparison_tells_what_differs_and_by_how_much(paired, tmp_path):
    other = run(
        tmp_path / "other", REFERENCE, ("relative_permittivity: 30", "relative_permittivity: 80"),
        variants=True,
    )  # fmt: skip
    text = page(paired, other, out=tmp_path / "page.html")
    runs = open_runs([paired, other])
    rows = {row["path"]: row["cells"] for row in inputs.run_differences(runs)["rows"]}
    assert rows["regions.b.relative_permittivity"] == ["30", "80"]
    assert not any("a.relative" in path for path in rows)
    columns = columns_of(runs)
    reference = tables.references(runs, columns)
    assert {columns[k].run for k in reference} == {1}
    assert all(
        columns[m].run == 0 and columns[m].case == columns[k].case for k, m in reference.items()
    )
    found = quantities(columns, reference)
    assert any(
        cell["change"] not in (None, "0 %") for row in found["rows"] for cell in row["cells"]
    )
    assert "Inputs compared" in text
    assert len(data_of(text)["states"]) == 8


def test_cases_are_compared_with_the_reference_of_the_run(paired):
    runs = open_runs([paired])
    columns = columns_of(runs)
    pairs = {
        (columns[k].case, columns[m].case) for k, m in tables.references(runs, columns).items()
    }
    assert pairs == {("with coating", "blank")}


def test_a_change_within_rounding_is_not_told(paired):
    columns = columns_of(open_runs([paired]))
    for column in columns:
        column.summary["quantities"] = [
            {"place": "a", "name": "charge", "value": 1.0, "unit": "C"},
            {
                "place": "b",
                "name": "charge",
                "unit": "C",
                "value": 1e-17 if column.case == "blank" else 2e-17,
            },
        ]
    found = quantities(columns, {0: 2})
    cells = {row["place"]: row["cells"][0] for row in found["rows"]}
    assert {place: cell["change"] for place, cell in cells.items()} == {"a": "0 %", "b": None}
    assert cells["b"]["text"] == "0 (rounding)"


def test_sums_over_other_zones_are_not_compared(paired):
    columns = columns_of(open_runs([paired]))
    for column in columns:
        blank = column.case == "blank"
        column.summary["interfaces"] = {"a|b": {}} | ({} if blank else {"b|c": {}})
        column.summary["quantities"] = [
            {"place": "a|b", "side": "a", "name": name, "unit": unit, "value": 1.0 + 0.1 * blank}
            for name, unit in (("excess of Li", "mol/m^2"), ("potential drop", "V"))
        ]
    found = quantities(columns, {0: 2})
    changes = {row["name"]: row["cells"][0]["change"] for row in found["rows"]}
    assert changes == {"excess of Li": "other zone", "potential drop": "−9.09 %"}
    assert found["other zones"]


def certified(folder, status, error=1.0):
    """Write a certificate in which the steady states have a verdict and a resistance +- error."""
    estimate = {"quantity": "effective resistance", "place": "", "value": 1.0, "unit": "Ohm m",
                "error": error}  # fmt: skip
    entry = {"status": status, "estimates": [estimate], "checks": [
        {"name": "bounds", "place": "", "value": 1.0, "unit": "1", "limit": 0.0, "status": status,
         "meaning": ""}]}  # fmt: skip
    cases = {case: {"steady": entry} for case in ("with coating", "blank")}
    (folder / "certificate.json").write_text(json.dumps({"status": status, "cases": cases}))
    runs = open_runs([folder])
    return headline.headline(runs, columns_of(runs))


def test_a_number_whose_certificate_failed_is_marked_and_not_compared(copy):
    tiles = certified(copy, "failed")
    resistances = [tile for tile in tiles if tile["label"] == "Effective resistance"]
    assert [tile["status"] for tile in resistances] == ["failed", "failed"]
    assert all("do not use" in tile["note"] for tile in resistances)
    assert not any("promotion" in t["note"] or "against" in t["label"] for t in tiles)
    assert tiles[0]["status"] == "failed"


@pytest.mark.parametrize(
    ("share", "words"), [(10.0, "no difference is resolved"), (0.7, "about"), (1e-3, "above")]
)
def test_a_difference_is_judged_by_the_error_of_discretisation(copy, share, words):
    summary = json.loads((copy / "summary.json").read_text())
    found = summary["comparison"]["steady"]["effective resistance"]
    difference = abs(found["with coating"] - found["blank"])
    tiles = certified(copy, "passed", share * difference)
    tile = next(t for t in tiles if t["label"] == "with coating against blank")
    assert words in tile["note"]
    assert (tile["status"] == "warned") == (share > 0.5)


def test_a_protocol_that_was_not_carried_out_is_no_success(copy, tmp_path):
    def stop(summary):
        study = summary["cases"]["blank"]["studies"]["steady"]
        study |= {"status": "ended early", "reason": "no empty sites left", "time [s]": 1.0}

    text = page(changed(copy, stop), out=tmp_path / "page.html")
    assert "protocol not carried out" in text
    assert "no empty sites left" in text
    assert "all solves converged" not in text


def test_runs_with_other_regions_are_compared_with_a_doubt(copy, paired):
    def rename(summary):
        for entry in summary["cases"].values():
            entry["materials"] = {k.replace("b", "c"): v for k, v in entry["materials"].items()}

    (note,) = doubts(open_runs([paired, changed(copy, rename)]))
    assert "different regions" in note
    assert doubts(open_runs([paired])) == []


def test_a_carrier_that_shares_its_region_keeps_its_check(copy):
    certified(copy, "passed")
    data = json.loads((copy / "certificate.json").read_text())
    checks = data["cases"]["blank"]["steady"]["checks"]
    checks.append(checks[0] | {"value": 2.0})
    (copy / "certificate.json").write_text(json.dumps(data))
    runs = open_runs([copy])
    assert [row["name"] for row in tables.certificate(runs, columns_of(runs))["rows"]] == [
        "bounds",
        "bounds",
    ]


def test_checks_stand_in_one_row_each_worst_first(copy, tmp_path):
    checks = [
        {"name": "balance", "place": "a", "value": 1e-13, "unit": "1", "limit": 1e-9,
         "status": "passed", "meaning": "Charges add up."},
        {"name": "bounds", "place": "", "value": 2.0, "unit": "1", "limit": 1.0,
         "status": "failed", "meaning": "Fractions stay between 0 and 1."},
    ]  # fmt: skip
    entry = {
        "status": "failed",
        "checks": checks,
        "estimates": [],
        "assumptions": ["x"],
        "validity": [],
    }
    cases = {
        case: {s: entry for s in ("equilibrium", "steady")} for case in ("with coating", "blank")
    }
    (copy / "certificate.json").write_text(json.dumps({"status": "failed", "cases": cases}))
    runs = open_runs([copy])
    found = tables.certificate(runs, columns_of(runs))
    assert [row["name"] for row in found["rows"]] == ["bounds", "balance"]
    assert found["counts"]["failed"] == 4
    text = page(copy, out=tmp_path / "page.html")
    assert "certificate failed" in text
    assert text.count("✕") >= 4


def test_a_run_without_certificate_or_quantities_has_a_page(copy, tmp_path):
    (copy / "certificate.json").unlink(missing_ok=True)

    def strip(summary):
        for entry in summary["cases"].values():
            for study in entry["studies"].values():
                study.pop("quantities", None)

    text = page(changed(copy, strip), out=tmp_path / "page.html")
    assert 'id="certificate"' not in text
    assert "layer" in text
    assert 'id="quantity-table"' in text


def test_a_failed_run_shows_where_and_why_and_what_is_there(tmp_path):
    hopeless = Approach(options=SolverOptions(max_iterations=1, smallest_bias_step=0.9))
    folder = run(tmp_path, approach=hopeless)
    assert json.loads((folder / "summary.json").read_text())["status"] == "failed"
    text = unescape(page(folder, out=tmp_path / "page.html"))
    error = json.loads(next(folder.rglob("failure.json")).read_text())["error"]
    assert error.splitlines()[0] in text
    assert "failure.json" in text
    assert 'id="failures"' in text


def test_a_damaged_picture_is_left_out_and_told(copy, tmp_path):
    (copy / "blank" / "steady" / "overview_Li.png").write_bytes(b"no picture")
    text = page(copy, out=tmp_path / "page.html")
    assert "overview_Li.png cannot be read" in text


BAD = {
    "no folder": (lambda f: [f / "nowhere"], "nowhere does not exist"),
    "no run": (lambda f: [f.parent], "has no summary.json|has not finished"),
    "none": (lambda f: [], "name one output folder"),
    "twice": (lambda f: [f, f / ".." / f.name], "given twice"),
}


@pytest.mark.parametrize("name", BAD)
def test_folders_that_are_no_runs_are_refused(copy, tmp_path, name):
    folders, message = BAD[name]
    with pytest.raises(InputError, match=message):
        report(folders(copy), tmp_path / "page.html")


def test_an_unfinished_run_is_refused_with_advice(copy, tmp_path):
    (copy / "summary.json").unlink()
    with pytest.raises(InputError, match=r"has not finished.*--resume"):
        report(copy, tmp_path / "page.html")


@pytest.mark.parametrize("name", ["summary.json", "certificate.json", "blank/steady/solution.h5"])
def test_damaged_files_are_named(copy, tmp_path, name):
    (copy / name).write_bytes(b'{"half": ')
    with pytest.raises(InputError, match=name.rpartition("/")[2].replace(".", r"\.")):
        report(copy, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("lost", ["cases", "versions", "mesh"])
def test_a_summary_of_something_else_is_refused(copy, tmp_path, lost):
    with pytest.raises(InputError, match=lost):
        report(changed(copy, lambda s: s.pop(lost)), tmp_path / "page.html")


def test_a_damaged_table_is_named(copy, tmp_path):
    (copy / "blank" / "steady" / "spectrum.csv").write_text("frequency [Hz],Re Z [Ohm]\n1\n")
    with pytest.raises(InputError, match=r"spectrum\.csv"):
        report(copy, tmp_path / "page.html")


def test_runs_with_nothing_in_common_are_refused(copy, paired, tmp_path):
    def rename(summary):
        for entry in summary["cases"].values():
            entry["materials"] = {f"other {k}": v for k, v in entry["materials"].items()}
        contacts = summary["input"]["contacts"]
        summary["input"]["contacts"] = {f"other {k}": v for k, v in contacts.items()}

    with pytest.raises(InputError, match="nothing in common"):
        report([paired, changed(copy, rename)], tmp_path / "page.html")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere/page.html", "there is no folder"),
        ("page.pdf", "must end in .html"),
        ("", "is a folder"),
        ("file/page.html", "cannot write"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_any_work(
    paired, tmp_path, target, message
):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=message):
        report(paired, tmp_path / target)


@pytest.mark.parametrize("package", ["plotly", "jinja2"])
def test_a_missing_package_names_the_extra(paired, tmp_path, monkeypatch, package):
    import sys

    for name in [n for n in sys.modules if n.partition(".")[0] == package] + [package]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=r'pip install "pyscl\[report\]"'):
        report(paired, tmp_path / "page.html")


def test_the_command_writes_into_the_folder_of_the_run(copy, tmp_path, monkeypatch):
    done = CliRunner().invoke(cli.app, ["report", str(copy)])
    assert done.exit_code == 0, done.output
    assert (copy / "report.html").is_file()
    assert "MB" in done.output
    monkeypatch.chdir(tmp_path)
    other = shutil.copytree(copy, tmp_path / "second")
    done = CliRunner().invoke(cli.app, ["report", str(copy), str(other)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "comparison.html").is_file()


def test_units_side_by_side_have_no_power_of_ten_besides_a_prefix():
    assert numbers.shared([2e-9, 1e-9], "m") == (1e-9, "nm")
    assert numbers.shared([2e-3, 1e-12], "V") == (1.0, "V")


def test_shares_close_to_one_tell_what_is_missing():
    assert numbers.share(1.0 - 1.2e-4) == "1 − 1.2 × 10⁻⁴"
    assert numbers.share(0.5) == "0.5000"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0137, "0.0137"), (1.37e-7, "1.370 × 10⁻⁷"), (-2.5, "−2.500"), (0.0, "0"), (14.253, "14.25"),
     (52393, "52393"), (9.9999e-5, "1.000 × 10⁻⁴"), (100.0, "100"), (float("inf"), "∞"),
     (None, "")],
)  # fmt: skip
def test_numbers_read_well(value, shown):
    assert numbers.number(value, 3 if shown == "0.0137" else 4) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(0.0613, "V", "61.30 mV"), (2.06e-9, "m", "2.060 nm"), (3e-18, "m^2", "3.000 × 10⁻¹⁸ m²"),
     (14.25, "Ohm m", "14.25 Ω m"), (0.5, "1", "0.5000"), (7.9e-3, "C/m^2", "0.7900 µC/cm²"),
     (4e-6, "C/m^2", "0.4000 nC/cm²"),
     (3e-15, "V", "3.000 × 10⁻¹⁵ V")],
)  # fmt: skip
def test_units_take_prefixes_only_where_these_mean_a_factor(value, unit, shown):
    assert numbers.quantity(value, unit) == shown


def test_templates_and_scripts_are_shipped_with_the_package():
    from importlib.resources import files

    package = files("pyscl.report")
    assert {p.name for p in (package / "assets").iterdir()} >= {"style.css", "map.js", "painter.js"}
    assert (package / "templates" / "page.html").is_file()
