"""What the README shows works as it stands there."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pyscl import cli
from pyscl.carriers import bulk_conductivity
from pyscl.materials.polarization import load_landau

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def run(monkeypatch):
    """Return a function that runs a Python example of the README and returns its names."""
    monkeypatch.chdir(ROOT)

    def execute(code):
        names: dict = {}
        exec(compile(code, "README.md", "exec"), names)
        return names

    return execute


def test_the_python_example_of_the_readme_runs_and_balances(run, capsys):
    names = run(CODE[0])
    charge, current = re.search(
        r"(\S+) uC/cm2 on the cathode side, (\S+) A/m", capsys.readouterr().out
    ).groups()
    # The cathode takes up lithium; the current flows in where the bias is positive.
    assert float(charge) > 0.0
    assert float(current) > 0.0
    sides = names["layers"].sides
    assert sides[0].charge == pytest.approx(-sides[1].charge, rel=1e-9)


def test_the_transient_of_the_readme_ends_without_a_layer(run, capsys):
    """Levels of LiCoO2 and the electrolyte agree at 4 V, by the card."""
    cell = run(CODE[1])["run"]
    start, first, time, last = re.fullmatch(
        r"(\S+) V: (\S+) mV; after (\S+) s (\S+) mV\n", capsys.readouterr().out
    ).groups()
    curve = cell.model.materials["active"].carrier("Li").statistics
    assert float(start) == pytest.approx(curve.voltage_at(0.5), abs=1e-3)
    # half of the voltage above 4 V, in a layer that depletes the electrolyte
    assert float(first) == pytest.approx(-500.0 * (float(start) - 4.0), abs=1.0)
    assert float(time) == pytest.approx(cell.stops[0].time, abs=1.0)
    assert abs(float(last)) < 1.0


def test_the_spectrum_of_the_readme_is_bulk_and_diffusion(run, capsys):
    """At 4 V there is no layer; the bulk is that of both regions."""
    cell = run(CODE[1] + CODE[3])["cell"]
    lines = capsys.readouterr().out.splitlines()[1:]
    ohm_cm2 = {name: float(value.split()[0]) for name, value in (x.split(": ") for x in lines)}
    thickness = {
        region: np.ptp(cell.mesh.points[cell.mesh.triangles[cell.mesh.regions_of(region)], 0])
        for region in cell.mesh.region_names
    }
    sigma = {
        region: sum(bulk_conductivity(c, 298.15) for c in cell.materials[region].carriers)
        for region in thickness
    }
    bulk = sum(length / sigma[region] for region, length in thickness.items()) * 1e4
    assert ohm_cm2["bulk"] == pytest.approx(bulk, rel=5e-3)
    assert ohm_cm2["space charge layers"] < 1e-3 * ohm_cm2["bulk"]
    assert ohm_cm2["transfer"] == 0.0
    assert ohm_cm2["diffusion"] > 1.0


def test_the_film_of_the_readme_has_the_loop_of_its_polynomial(run, capsys):
    """Up to the step of the voltage, a twentieth of its range."""
    loop = run(CODE[4])["loop"]
    remanent, coercive = re.fullmatch(r"(\S+) C/m2, (\S+) MV/m\n", capsys.readouterr().out).groups()
    polynomial = load_landau("BaTiO3-Bell-Cross").at(298.15)
    assert float(remanent) == pytest.approx(polynomial.spontaneous_polarization(), abs=1e-4)
    step = 0.012 / 5e-9 / 2.0
    assert 0.0 <= polynomial.coercive_field() - float(coercive) * 1e6 < step
    assert loop.energy > 0.0
    assert len(CODE) == 6


def test_the_layer_of_the_readme_is_named_seen_and_certified(run, capsys):
    """Both drops make the step of the standard potential; the phase is that of the potential."""
    names = run(CODE[0] + CODE[5])
    drop, width, phase, status = re.fullmatch(
        r"(\S+) mV over (\S+) nm\na phase of (\S+) rad; (\w+)\n",
        capsys.readouterr().out.split("\n", 1)[1],
    ).groups()
    cathode, electrolyte = names["solution"].interface("cathode|electrolyte").sides
    assert float(drop) == pytest.approx(electrolyte.potential_drop.mean * 1e3, abs=0.5)
    assert cathode.potential_drop.mean - electrolyte.potential_drop.mean == pytest.approx(
        0.2, rel=1e-6
    )
    assert float(width) == pytest.approx(electrolyte.debye_length * 1e9, rel=0.1)
    # C_E t V at 300 kV; blurring and the ends of the mesh take less than a hundredth
    assert float(phase) == pytest.approx(6.526e6 * 50e-9 * 0.2, rel=0.01)
    assert status == "passed"


def test_the_particle_of_the_readme_has_the_layer_of_the_plane(run, capsys):
    """A radius of a hundred Debye lengths is nearly plane."""
    run(CODE[0] + CODE[2])
    plane, particle = capsys.readouterr().out.splitlines()
    nodes, charge = re.fullmatch(r"(\d+) nodes: (\S+) uC/cm2 on the particle", particle).groups()
    assert int(nodes) < 10_000
    assert float(charge) == pytest.approx(float(plane.split()[0]), rel=0.02)


def test_the_readme_speaks_sentences_that_are_understood():
    from pyscl.protocol import parse_step

    section = README[README.index("## In time") : README.index("## What it computes")]
    said = re.findall(r"`((?:Rest|Charge|Discharge|Hold|Step|Sweep|Wait)\b[^`]*)`", section)
    assert len(said) == 7
    for sentence in said:
        parse_step(" ".join(sentence.split()))


def test_every_path_in_the_readme_exists():
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    links += re.findall(r"(?:meshes|examples)/[\w./]+\.(?:msh|yaml|py)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_the_notation_of_the_readme_names_what_exists():
    from pyscl import ButlerVolmer, Carrier, Material

    fields = {name for kind in (ButlerVolmer, Carrier, Material) for name in kind.model_fields}
    for name in (
        "standard_potential",
        "site_fraction",
        "site_density",
        "charge",
        "diffusivity",
        "conductivity",
        "relative_permittivity",
        "background_charge",
        "exchange_current",
        "symmetry",
    ):
        assert f"`{name}`" in README
        assert name in fields


def test_the_study_of_the_readme_is_planned(tmp_path):
    text = re.search(r"```yaml\n(base: examples.*?)```", README, re.DOTALL).group(1)
    path = tmp_path / "study.yaml"
    path.write_text(text.replace("base: ", f"base: {ROOT}/"))
    result = CliRunner().invoke(cli.app, ["sweep", str(path), "--dry-run"])
    assert result.exit_code == 0
    assert "6 cases" in result.output
