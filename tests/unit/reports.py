"""Run folders that the tests of the report share, and a browser to look at its pages."""

import shutil
from contextlib import contextmanager

import pytest
from runs import write_run

from pyscl.input import load_input
from pyscl.report import report
from pyscl.runner import execute

STEADY = "  - steady: {bias: {right: 10 mV}}\n"
TRANSIENT = """\
  - impedance: {contact: left, frequencies: {from: 1 MHz, to: 10 GHz}}
  - transient:
      contact: right
      protocol: [Step to 50 mV, Wait for 20 ns]
      save_every: 10 ns
"""
REFERENCE = (
    "output:\n",
    "output:\n  reference: blank\n"
    "  cuts: {across: {from: [0 nm, 1 nm], to: [20 nm, 1 nm], points: 40}}\n",
)


def run(folder, *changes, variants=False, **options):
    """Carry out a tiny run in a folder and return its output folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = write_run(folder, *changes, variants=variants)
    return execute(load_input(path), folder / "out", **options).folder


def page(*folders, out):
    """Return the text of the page about runs."""
    return report(list(folders), out).read_text(encoding="utf-8")


@contextmanager
def browser():
    """Give headless Chromium, driven by playwright; skips without either."""
    api = pytest.importorskip("playwright.sync_api", reason="no playwright")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=flags)
        try:
            yield opened
        finally:
            opened.close()
