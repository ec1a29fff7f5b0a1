"""What the README shows works as it stands there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_python_example_of_the_readme_runs_and_balances(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    charge, current = re.search(
        r"(\S+) uC/cm2 on the cathode side, (\S+) A/m", capsys.readouterr().out
    ).groups()
    # The cathode takes up lithium; the current flows in where the bias is positive.
    assert float(charge) > 0.0
    assert float(current) > 0.0
    sides = names["layers"].sides
    assert sides[0].charge == pytest.approx(-sides[1].charge, rel=1e-9)


def test_every_path_in_the_readme_exists():
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    links += re.findall(r"(?:meshes|examples)/[\w./]+\.(?:msh|yaml|py)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_the_notation_of_the_readme_names_what_exists():
    from pyscl import Carrier, Material

    fields = set(Carrier.model_fields) | set(Material.model_fields)
    for name in (
        "standard_potential",
        "site_fraction",
        "site_density",
        "charge",
        "diffusivity",
        "conductivity",
        "relative_permittivity",
        "background_charge",
    ):
        assert f"`{name}`" in README
        assert name in fields
