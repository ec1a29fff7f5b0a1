"""Electrons in the electrolyte: the leakage current of a cell at rest."""

from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import KT, NM, conductor
from scipy.constants import elementary_charge

from pyscl import Carrier, Model, ReservoirContact
from pyscl.mesh import graded, strip

LENGTH = 50 * NM
DENSITY = 1e22  # electrons at mu_e = 0 [1/m3], far too few to screen
DIFFUSIVITY = 1e-10  # m2/s
VOLTAGE = 0.2


def leaky_cell():
    """Return lithium on the left that exchanges ions and electrons, a metal on the right.

    A contact exchanges one carrier, so that the left side is two groups of the same facets.
    """
    electrons = Carrier(
        name="e",
        charge=-1,
        statistics="boltzmann",
        mobility="dilute",
        site_density=DENSITY,
        site_fraction=1e-6,
        diffusivity=DIFFUSIVITY,
    )
    material = conductor(1 * NM)
    material = material.model_copy(update={"carriers": (*material.carriers, electrons)})
    mesh = strip(graded(LENGTH, 0.2 * NM, 1.2, 2 * NM, fine="both"), NM)
    left = mesh.facets_of("left")
    number = len(mesh.facet_names)
    mesh = replace(
        mesh,
        facets=np.concatenate([mesh.facets, left]),
        facet_group=np.append(mesh.facet_group, np.full(len(left), number, np.int32)),
        facet_names=(*mesh.facet_names, "left_electrons"),
    )
    contacts = {
        "left": ReservoirContact(carrier="Li", potential="neutral"),
        "left_electrons": ReservoirContact(carrier="e", electrochemical_potential=0.0),
        "right": ReservoirContact(carrier="e", electrochemical_potential=-VOLTAGE),
    }
    return Model(mesh, {"electrolyte": material}, contacts=contacts)


def test_leakage_through_a_neutral_electrolyte_is_the_closed_form():
    """Ions at rest keep phi flat, so that n(x) is linear: i = e D (n_left - n_right) / L.

    Flat up to 1e-3 kT/e, by the few electrons, which is the tolerance.
    """
    solution = leaky_cell().steady()
    phi = solution.potential[[0, -1]] / KT
    n_left, n_right = DENSITY * np.exp(phi + np.array([0.0, -VOLTAGE / KT]))
    expected = elementary_charge * DIFFUSIVITY * (n_left - n_right) / LENGTH * NM
    assert solution.contact("right").currents["e"] == relative(expected, 1e-3)
    assert solution.contact("left_electrons").currents["e"] == relative(-expected, 1e-3)
    assert np.ptp(solution.potential) < 1e-3 * KT


def test_a_cell_at_rest_loses_the_leakage_current_in_time():
    cell = leaky_cell()
    steady = cell.steady()
    t = cell.transient("Hold for 1 s", contact="right", reference="left", start=steady)
    assert t["current_right"][-1] == relative(steady.contact("right").current, 1e-6)
    assert t["current_left"][-1] == pytest.approx(0.0, abs=1e-3 * abs(t["current_right"][-1]))
