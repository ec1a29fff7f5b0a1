"""A run file of a ferroelectric film that tests of the runner and of the input share."""

import numpy as np
from models import NM

from pyscl.mesh import strip

RUN = """\
title: Film
temperature: 298 K
mesh: {file: film.msh, unit: nm}
regions:
  film: {polarization: {law: landau, coefficients: BaTiO3-Bell-Cross}}
contacts:
  left: {kind: potential, potential: 0 V}
  right: {kind: potential, potential: 0 V}
studies:
STUDIESoutput: {figures: false}
"""
VARIANTS = """\
variants:
  landau: {}
  miller:
    film:
      polarization: {law: hysteresis, background_permittivity: 10, saturation: 26 uC/cm^2,
                     remanence: 20 uC/cm^2, coercive_field: 160 kV/cm}
  linear:
    film: {relative_permittivity: 100}
studies:
"""


def write_film(folder, studies, *changes, variants=False):
    """Write film.msh and film.yaml, changed by (old, new) pairs, and return the run's path."""
    mesh = strip(np.linspace(0.0, 20.0, 9) * NM, 2 * NM, 1, [("film", 20 * NM)])
    mesh.write(folder / "film.msh", unit="nm")
    text = RUN.replace("studies:\n", VARIANTS) if variants else RUN
    text = text.replace("STUDIES", studies)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "film.yaml"
    path.write_text(text)
    return path
