"""The one BibTeX file, and what a calculation cites."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import pyscl
from pyscl import Model, PotentialContact, ReservoirContact, citations
from pyscl.bibliography import BIBTEX, bibtex, citation, entry, references, unknown_facts
from pyscl.boundaries import ButlerVolmer, Interface
from pyscl.cli import app
from pyscl.errors import InputError
from pyscl.input import load_input
from pyscl.materials import load
from pyscl.mesh import strip

PACKAGE = Path(pyscl.__file__).parent
METHOD = "method"


def cell(**parts):
    plane = strip([0.0, 0.5e-9, 1e-9, 1.5e-9, 2e-9], regions=[("a", 1e-9), ("b", 2e-9)])
    contacts = {"left": PotentialContact(potential=0.0)}
    given = {"a": "LiCoO2", "b": "LLZO"} | parts.pop("materials", {})
    return Model(plane, given, **({"contacts": contacts} | parts))


# --- the file ---------------------------------------------------------------------------------


def test_a_real_parser_reads_what_pyscl_reads():
    database = pytest.importorskip("pybtex.database")
    parsed = database.parse_file(str(BIBTEX))
    assert set(parsed.entries) == set(references())
    for key, item in parsed.entries.items():
        mine = dict(references()[key])
        assert mine.pop("type") == item.type
        persons = {role: item.persons[role] for role in item.persons}
        assert set(mine) == {*item.fields, *persons}
        for name, value in item.fields.items():
            assert " ".join(value.split()) == mine[name]


def test_no_key_stands_twice():
    keys = re.findall(r"^@\w+\{([^,]+),", BIBTEX.read_text(), re.MULTILINE)
    assert sorted(keys) == sorted(set(keys))
    assert len(keys) == len(references()) > 70


@pytest.mark.parametrize("key", list(references()))
def test_every_entry_is_used_by_a_card_or_named_as_a_method(key):
    cards = [*PACKAGE.rglob("*.yaml")]
    used = any(re.search(rf"\b{re.escape(key)}\b", path.read_text()) for path in cards)
    assert used or entry(key).get("annotation", "").startswith(METHOD)
    assert entry(key)["title"]
    assert "paraphrased" not in BIBTEX.read_text()
    assert entry(key)["type"] in ("article", "book", "misc")


@pytest.mark.parametrize("key", list(references()))
def test_facts_of_an_entry_have_their_form(key):
    fields = entry(key)
    if "doi" in fields:
        assert re.fullmatch(r"10\.\d{4,5}/\S+", fields["doi"])
    if "year" in fields:
        assert re.fullmatch(r"(19|20)\d\d", fields["year"])
    if "url" in fields:
        assert fields["url"].startswith("http")
    assert fields["type"] != "article" or {"journal", "url"} & set(fields)
    assert "{" not in citation(key)
    assert "\\" not in citation(key)


def test_bibtex_gives_entries_once_in_the_order_asked_for():
    text = bibtex(["lai2026", "chen2020", "lai2026"])
    assert re.findall(r"@\w+\{([^,]+),", text) == ["lai2026", "chen2020"]
    assert text.count("\n}\n") == 2
    assert bibtex([]) == ""
    with pytest.raises(InputError, match=r"no source 'chn2020'.*Did you mean 'chen2020'"):
        bibtex(["chn2020"])


@pytest.mark.parametrize("key", list(references()))
def test_facts_that_are_not_known_are_named_and_none_is_missing_in_silence(key):
    fields, lacking = entry(key), unknown_facts(key)
    wanted = {"author", "year"} | ({"journal"} if fields["type"] == "article" else set())
    found_on_the_web = fields["type"] == "misc" and "url" in fields
    missing = {
        name
        for name in wanted - set(fields)
        if not (name == "journal" and "url" in fields) and not (name == "year" and found_on_the_web)
    }
    assert missing <= set(lacking)
    if "title" in lacking:
        assert fields["title"].startswith("[")  # a description
    assert not (set(lacking) - {"title"}) & set(fields)
    text, line = bibtex([key]), citation(key)
    assert ("not found" in line) == ("not found" in text) == bool(lacking)


@pytest.mark.parametrize("key", list(references()))
def test_what_was_read_is_told_with_a_card_and_not_in_the_bibliography_of_a_paper(key):
    text, remark = bibtex([key]), entry(key).get("annotation", "")
    assert "annotation" not in text
    assert "unknown =" not in text
    assert text.count("{") == text.count("}")
    assert re.search(r"\n\}\n$", text)
    assert entry(key).get("note") in (None, f"version {pyscl.__version__}")
    if remark:
        assert remark not in " ".join(text.split())
        assert remark[:20] not in citation(key)
        assert re.sub(r"[{}\\]", "", remark) in citation(key, annotated=True)


def test_a_real_parser_reads_what_users_get():
    database = pytest.importorskip("pybtex.database")
    parsed = database.parse_string(bibtex(references()), "bibtex")
    assert set(parsed.entries) == set(references())
    assert parsed.entries["kuwata2016"].fields["doi"] == "10.1016/j.ssi.2016.06.015"


# --- what is cited ----------------------------------------------------------------------------


def test_a_model_cites_its_cards_its_laws_and_its_methods_once():
    keys = citations.cited(cell())
    assert len(keys) == len(set(keys))
    assert {"sclcode", "ahmad2015", "laskowski2023", "scharfetter1969", "borukhov1997"} <= set(keys)
    assert {"pyscl", "eigen", "karypis1998", "deuflhard2004"} <= set(keys)
    assert keys.index("sclcode") < keys.index("borukhov1997") < keys.index("pyscl")
    assert not {"newman2004", "hairer1996", "johnson1962", "chen2020"} & set(keys)
    assert all(key in references() for key in keys)


def test_a_value_that_the_user_replaced_is_not_cited():
    base = load("NMC811")
    assert "chen2020" in citations.cited(cell(materials={"a": base}))
    changes = {"carriers.Li.site_density": "1 1/nm^3", "carriers.Li.diffusivity": "1e-12 m^2/s"}
    assert "chen2020" not in citations.cited(cell(materials={"a": base.with_(**changes)}))


def test_laws_bring_their_sources():
    kinetics = ButlerVolmer(exchange_current=1.0)
    assert "newman2004" in citations.cited(
        cell(interfaces={"a|b": Interface(kinetics={"Li": kinetics})})
    )
    reservoir = ReservoirContact(carrier="Li", potential="neutral", kinetics=kinetics)
    assert "newman2004" in citations.cited(cell(contacts={"left": reservoir}))
    assert "fritsch1980" in citations.cited(cell(materials={"a": "LiCoO2-mixed"}))
    pair = citations.cited(cell(pairs=["LiCoO2|LLZO"]))
    assert "deklerk2018" in pair
    assert "deklerk2018" not in citations.cited(cell())


def test_a_solution_cites_what_its_model_cites():
    solution = cell(
        contacts={"left": ReservoirContact(carrier="Li", potential="neutral")}
    ).equilibrium()
    assert citations.cited(solution) == citations.cited(solution.model)


RUN = """\
mesh:
  geometry: {kind: stack, height: 1 nm, layers: [{region: a, thickness: 1 nm}, {region: b, thickness: 1 nm}]}
  sizes: {resolve: {a: 0.2 nm, b: 0.2 nm}, along: 1 nm, bulk: 0.5 nm}
regions: {a: LiCoO2, b: Li6PS5Cl}
pairs: [LiCoO2|Li6PS5Cl]
contacts:
  left: {kind: reservoir, carrier: Li, potential: neutral, kinetics: {law: butler-volmer, exchange_current: 1 A/m^2}}
output: {figures: false}
"""  # noqa: E501


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run file and the folder of its results."""
    folder = tmp_path_factory.mktemp("cite")
    path = folder / "run.yaml"
    path.write_text(RUN)
    result = CliRunner().invoke(app, ["run", str(path), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return path, folder / "out"


def test_a_run_file_and_its_results_cite_the_same(finished):
    path, folder = finished
    summary = json.loads((folder / "summary.json").read_text())
    keys = citations.cited_by_run(summary)
    assert keys == citations.cited_by_run(load_input(path)) == summary["citations"]
    assert {"wang2020", "newman2004", "gmsh2009", "wang2025", "pyscl"} <= set(keys)
    assert "hairer1996" not in keys


def test_the_material_of_a_thin_coating_is_cited(finished):
    path, _ = finished
    coating = "interfaces.a|b={coating: {material: LiNbO3, thickness: 1 nm}}"
    assert "gim1999" not in citations.cited_by_run(load_input(path))
    assert "gim1999" in citations.cited_by_run(load_input(path, [coating]))


def test_the_command_prints_and_writes_bibtex(finished, tmp_path):
    path, folder = finished
    run = CliRunner()
    printed = run.invoke(app, ["cite", str(folder)]).output
    assert printed == run.invoke(app, ["cite", str(path)]).output
    assert "@misc{pyscl," in printed
    target = tmp_path / "sources.bib"
    said = run.invoke(app, ["cite", str(folder), "--out", str(target)]).output
    assert target.read_text() == printed
    assert said.startswith(f"{printed.count('@')} sources in ")
    lines = run.invoke(app, ["cite", str(folder), "--keys"]).output.splitlines()
    assert len(lines) == printed.count("\n@") + 1
    for command in (["cite", str(folder)], ["materials", "cite", "LLZO"]):
        caught = run.invoke(app, [*command, "--out", str(tmp_path / "no" / "where.bib")]).exception
        assert isinstance(caught, InputError)
        assert "cannot be written" in str(caught)
    caught = run.invoke(app, ["cite", str(tmp_path / "none")]).exception
    assert isinstance(caught, InputError)
    assert "does not exist" in str(caught)


def test_cards_and_pairs_are_listed_and_cited_on_the_command_line():
    run = CliRunner()
    table = run.invoke(app, ["materials", "list", "--kind", "electrolyte"]).output
    assert "LGPS" in table
    assert "LiCoO2" not in table
    assert "needs values" in next(line for line in table.splitlines() if line.startswith("PEO"))
    assert "no region" in run.invoke(app, ["materials", "list"]).output
    caught = run.invoke(app, ["materials", "list", "--kind", "elektrode"]).exception
    assert "Did you mean 'electrode'" in str(caught)
    pairs = run.invoke(app, ["materials", "pairs", "LASGTP"]).output.splitlines()
    assert len(pairs) == 2
    assert "1.3 V" in pairs[1]
    assert "observed.drop" in run.invoke(app, ["materials", "show", "Cu|LASGTP"]).output
    text = run.invoke(app, ["materials", "cite", "Cu|LASGTP"]).output
    assert re.findall(r"@\w+\{([^,]+),", text) == ["nomura2019", "liu2025"]
    assert run.invoke(app, ["materials", "show", "LPS"]).output.startswith("Li3PS4\n")
    assert "0.4 eV" in run.invoke(app, ["materials", "show", "LPSCl|LCO"]).output
    caught = run.invoke(app, ["materials", "pairs", "LASGT"]).exception
    assert "Did you mean 'LASGTP'" in str(caught)


def test_the_file_of_a_pair_is_shown_and_cited_like_a_pair_by_name(tmp_path):
    path = tmp_path / "step.yaml"
    path.write_text(
        "name: LiCoO2|glass\ndescription: mine\n"
        "step: {value: -0.25 eV, source: lai2026, note: read in a review}\n"
    )
    run = CliRunner()
    shown = run.invoke(app, ["materials", "show", str(path)])
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith("LiCoO2|glass\n")
    assert "-0.25 eV" in shown.output
    assert "@article{lai2026," in run.invoke(app, ["materials", "cite", str(path)]).output
