"""Report, table and optimiser of a study: complete, readable alone, and nothing computed twice."""

import csv
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from sweep_folders import axis, write_study
from typer.testing import CliRunner

from pyscl.cli import app
from pyscl.errors import InputError
from pyscl.sweep.optimise import Objective, Parameter
from pyscl.sweep.report import write_report


class Page(HTMLParser):
    """Texts of the cells, headings, and names of the pictures of a page."""

    def __init__(self, text):
        super().__init__()
        self.pictures, self.cells, self.headings, self._open = [], [], [], []
        self.feed(text)
        assert not [tag for tag in self._open if tag not in ("meta", "img", "br")]

    def handle_starttag(self, tag, attrs):
        self._open.append(tag)
        if tag == "img":
            self.pictures.append(dict(attrs)["alt"])
            assert dict(attrs)["src"].startswith("data:image/png;base64,iVBOR")

    def handle_endtag(self, tag):
        while self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if self._open and self._open[-1] in ("td", "th"):
            self.cells.append(data)
        if self._open and self._open[-1] in ("h1", "h2"):
            self.headings.append(data)


AXES = [
    axis("coverage", [0.1, 0.2, 0.3, 0.4]),
    axis("size", [4.0, 8.0, 16.0], "nm"),
    axis("kind", ["bare", "<hot>"]),
]
OUTPUTS = {
    "raw": {"value": "R [Ohm m]"},
    "resistance": {"value": "1e4 * raw", "unit": "Ohm cm2", "label": "resistance & more"},
}


def resistance(place):
    if place["coverage"] == 0.4 and place["size"] == 16.0:
        return "timeout", "not done in 5 s\nat all"
    return {"R [Ohm m]": place["coverage"] * place["size"] + (place["kind"] == "bare")}


def test_the_report_of_a_product_has_tables_effects_and_a_map(tmp_path):
    folder = write_study(tmp_path / "s", AXES, resistance, OUTPUTS, skip=(0,))
    path = write_report(folder)
    assert path == folder / "report.html"
    page = Page(path.read_text())
    assert page.headings[0] == "a study"
    assert "resistance & more" in page.headings
    assert page.pictures == [
        "raw: main effects", "raw: map",
        "resistance & more: main effects", "resistance & more: map",
    ]  # fmt: skip
    text = path.read_text()
    assert "24 cases: 1 missing, 21 done, 2 timeout;" in text
    assert page.cells.count("not done in 5 s") == 2
    assert "<hot>" in page.cells
    assert 'src="http' not in text


def test_the_report_of_a_sample_has_its_distribution_and_sensitivity(tmp_path):
    rng = np.random.default_rng(1)
    a, b = rng.random((2, 80))
    axes = [axis(n, samples=v.tolist(), range=[0, 1], scale="linear", group="") for n, v in
            (("a", a), ("b", b))]  # fmt: skip
    folder = write_study(tmp_path / "s", axes, lambda p: {"y": 1 + p["a"]}, {"y": "y"})
    page = Page(write_report(folder, tmp_path / "out/r.html").read_text())
    assert page.pictures == ["y: distribution", "y: sensitivity"]
    few = [axis("a", samples=[0.1, 0.2], range=[0, 1], scale="linear", group="")]
    folder = write_study(tmp_path / "t", few, lambda p: {"y": 1 + p["a"]}, {"y": "y"})
    assert "No sensitivities: 2 cases are too few" in write_report(folder).read_text()


def test_the_report_of_an_ensemble_has_its_pairs(tmp_path):
    axes = [axis("seed", range(4)) | {"path": "mesh.geometry.seed"}, axis("kind", ["bare", "hot"])]

    def numbers(place):
        return {"y": (0.9 if place["kind"] == "hot" else 1.0) * (1.0 + place["seed"])}

    folder = write_study(tmp_path / "s", axes, numbers, {"y": "y"})
    page = Page(write_report(folder).read_text())
    assert page.pictures == ["y: pairs of kind", "y, mean over seed: main effects"]
    assert page.cells[page.cells.index("hot against bare") :][:4] == [
        "hot against bare", "+10.00%", "+10.00% to +10.00%", "4",
    ]  # fmt: skip


def test_a_study_that_has_not_begun_has_a_report(tmp_path):
    folder = write_study(tmp_path / "s", AXES, resistance, OUTPUTS, skip=range(24))
    page = Page(write_report(folder).read_text())
    assert page.pictures == []
    assert "24 missing" in (folder / "report.html").read_text()


def test_the_commands_write_report_and_tables(tmp_path):
    folder = write_study(tmp_path / "s", AXES, resistance, OUTPUTS)
    found = CliRunner().invoke(app, ["study", "report", str(folder)])
    assert found.exit_code == 0
    assert re.fullmatch(r"report in .*report.html\n", found.output)
    found = CliRunner().invoke(app, ["study", "table", str(folder), str(tmp_path / "d/t.csv")])
    assert found.output == f"24 cases in {tmp_path / 'd/t.csv'}\n"
    with (tmp_path / "d/t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert rows[0]["size [nm]"] == "4.0"
    assert float(rows[0]["resistance [Ohm cm2]"]) == pytest.approx(14000.0)
    assert rows[-1]["status"] == "timeout"
    found = CliRunner().invoke(app, ["study", "table", str(folder), str(tmp_path / "t.nc")])
    assert (tmp_path / "t.nc").stat().st_size > 1000
    found = CliRunner().invoke(app, ["study", "report", str(tmp_path / "nowhere")])
    assert isinstance(found.exception, InputError)


# --- optimiser --------------------------------------------------------------------------------


BASE = {
    "mesh": {
        "geometry": {
            "kind": "stack",
            "height": "2 nm",
            "layers": [{"region": "electrolyte", "thickness": "20 nm"}],
        },
        "sizes": {"resolve": {}, "along": "2 nm", "bulk": "2 nm"},
    },
    "regions": {"electrolyte": {"card": "Li6PS5Cl", "set": {}}},
    "contacts": {
        "left": {"kind": "reservoir", "carrier": "Li"},
        "right": {"kind": "reservoir", "carrier": "Li"},
    },
    "studies": [{"steady": {"bias": {"right": "1 mV"}}}],
}
PARAMETERS = {
    "sigma": Parameter(
        "regions.electrolyte.set.carriers.Li.conductivity", 1.0, 9.0, "mS/cm", steps=8
    ),
    "length": Parameter("mesh.geometry.layers.0.thickness", 10.0, 30.0, "nm", steps=20),
}
RESISTANCE = {
    "raw": "cases.base.studies.steady.effective resistance",
    "height": "geometry.achieved.length of left [m]",
    "resistance": {"value": "raw * height", "unit": "Ohm m2"},
}


def test_an_objective_is_the_resistance_of_its_point_and_computed_once(tmp_path):
    objective = Objective(BASE, PARAMETERS, RESISTANCE, tmp_path, workers=1)
    assert objective.values([0.26, 0.5]) == {"sigma": 3.0, "length": 20.0}
    assert objective.positions({"sigma": 3.0, "length": 20.0}) == pytest.approx([0.25, 0.5])
    found = objective([0.25, 0.5], "resistance")
    assert found == pytest.approx(20e-9 / 0.3, rel=1e-6)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "cases").glob("*/result.json")}
    assert objective([0.24, 0.51], "resistance") == found  # rounds to the same point
    both = Objective(BASE, PARAMETERS, RESISTANCE, tmp_path, workers=1)  # another process, later
    values = both.evaluate([[0.25, 0.5], [1.0, 0.0]], "resistance")
    assert values == pytest.approx([20e-9 / 0.3, 10e-9 / 0.9], rel=1e-6)
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    dataset = both.dataset()
    assert dataset["sigma"].values.tolist() == [3.0, 9.0]
    assert dataset["length"].attrs["units"] == "nm"
    both([0.0, 0.0], "resistance")
    assert (both.count, both.dataset().sizes["point"]) == (3, 3)


def test_a_point_that_failed_is_as_bad_as_can_be(tmp_path):
    outputs = {"r": "cases.base.studies.steady.effective resistance", "bad": "log(-r)"}
    objective = Objective(BASE, PARAMETERS, outputs, tmp_path, workers=1)
    assert objective([0.0, 0.0], "bad") == np.inf
    assert np.isfinite(objective([0.0, 0.0], "r"))


@pytest.mark.parametrize(
    ("point", "output", "words"),
    [
        ([0.1], "resistance", r"has 2 coordinates \(sigma, length\), not 1"),
        ([0.1, np.nan], "resistance", "is not finite"),
        ([0.1, 0.1], "resistanze", "no output 'resistanze'.*Did you mean 'resistance'"),
    ],
)
def test_points_that_are_none_are_refused(tmp_path, point, output, words):
    objective = Objective(BASE, PARAMETERS, RESISTANCE, tmp_path)
    with pytest.raises(InputError, match=words):
        objective(point, output)
