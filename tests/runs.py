"""Tiny run files on disk that the tests of the runner and the command line share."""

from dataclasses import replace

import numpy as np

from pyscl.mesh import graded, strip

NM = 1e-9

RUN = """\
title: Strip
mesh: {file: strip.msh, unit: nm}
regions:
  a:
    relative_permittivity: 10
    carriers: [{name: Li, charge: 1, site_density: 2e26 1/m^3, site_fraction: 0.5,
                conductivity: 1 mS/cm}]
  b:
    relative_permittivity: 30
    carriers: [{name: Li, charge: 1, site_density: 3e26 1/m^3, site_fraction: 0.3,
                standard_potential: 0.2 eV, conductivity: 0.1 mS/cm}]
contacts:
  left: {kind: reservoir, carrier: Li, potential: neutral}
  right: {kind: reservoir, carrier: Li, electrochemical_potential: 0 eV, potential: neutral}
studies:
  - equilibrium
  - steady: {bias: {right: 10 mV}}
output:
  figures: false
"""

VARIANTS = """\
variants:
  with coating: {}
  blank:
    b:
      relative_permittivity: 10
      carriers: [{name: Li, charge: 1, site_density: 2e26 1/m^3, site_fraction: 0.5,
                  conductivity: 1 mS/cm}]
studies:
"""


def strip_of_two(layers=2, width=2 * NM):
    """Return a strip of the regions a and b, 10 nm each, fine at their interface."""
    half = graded(10 * NM, 0.2 * NM, 1.3, 1 * NM)
    x = np.concatenate([10 * NM - half[::-1], 10 * NM + half[1:]])
    return strip(x, width, layers, [("a", 10 * NM), ("b", 20 * NM)])


def with_inverted_triangle():
    """Return the strip with the corners of one triangle in clockwise order."""
    mesh = strip_of_two()
    triangles = mesh.triangles.copy()
    triangles[3] = triangles[3][::-1]
    return replace(mesh, triangles=triangles)


def write_run(folder, *changes, variants=False):
    """Write strip.msh and run.yaml, changed by (old, new) pairs, and return the path of the run."""
    strip_of_two().write(folder / "strip.msh", unit="nm")
    text = RUN.replace("studies:\n", VARIANTS) if variants else RUN
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "run.yaml"
    path.write_text(text)
    return path
