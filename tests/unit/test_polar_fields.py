"""Fixed polarization of strain: the law with a strain, and fields of strain on a mesh."""

import numpy as np
import pytest
from approx import relative
from films import film
from models import NM

from pyscl import InputError, Material, Piezoelectric
from pyscl.mesh import rectangle
from pyscl.polar_fields import flexoelectric, piezoelectric
from pyscl.study.poling import with_polarization_amplitude

MESH = rectangle(5, 3, 20 * NM, 6 * NM, region="film")
CENTROIDS = MESH.points[MESH.triangles].mean(axis=1)


def test_a_strain_has_its_own_coefficient():
    law = Piezoelectric(stress_coefficient="-2 C/m^2", strain="0.5 %", relative_permittivity=50)
    assert law.fixed_polarization == relative(-1e-2, 1e-12)
    half = with_polarization_amplitude(film(law), 0.5)
    np.testing.assert_allclose(half.discretized.fixed_polarization[:, 0], -5e-3)
    assert Material.model_validate(Material(polarization=law).model_dump()).polarization == law


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "give coefficient .C/N. and stress, or stress_coefficient .* one of both pairs"),
        ({"coefficient": 1e-10}, "missing key 'stress'"),
        ({"strain": 1e-3}, "missing key 'stress_coefficient'"),
        ({"coefficient": 1e-10, "strain": 1e-3}, "one of both pairs"),
        ({"coefficient": 1e-10, "stress": 1e8, "stress_coefficient": 1.0, "strain": 1e-3},
         "one of both pairs"),
    ],
)  # fmt: skip
def test_one_pair_is_given(given, message):
    with pytest.raises(InputError, match=message):
        Piezoelectric(relative_permittivity=50, **given)


def test_flexoelectric_polarization_is_the_gradient_of_the_strain():
    p = flexoelectric(MESH, "film", lambda x, y: 1e5 * x - 2e5 * y, "10 nC/m")
    np.testing.assert_allclose(p, np.tile([1e-3, -2e-3], (MESH.n_triangles, 1)), rtol=1e-9)
    nodal = flexoelectric(MESH, "film", 1e5 * MESH.points[:, 0], 1e-8)
    np.testing.assert_allclose(nodal, np.tile([1e-3, 0.0], (MESH.n_triangles, 1)), atol=1e-15)


def test_piezoelectric_polarization_follows_strain_and_axes():
    p = piezoelectric(MESH, "film", lambda x, y: 1e5 * x, "2 C/m^2")
    np.testing.assert_allclose(p[:, 0], 2e5 * CENTROIDS[:, 0], rtol=1e-9)
    up = piezoelectric(MESH, "film", 1e-3, 2.0, "90 deg")
    np.testing.assert_allclose(up, np.tile([0.0, 2e-3], (MESH.n_triangles, 1)), atol=1e-15)


def test_fields_of_strain_are_fixed_polarizations_of_a_model():
    model = film(Piezoelectric(coefficient=0.0, stress=0.0, relative_permittivity=50))
    p = flexoelectric(model, "film", lambda x, y: 1e5 * x, 1e-8)
    state = model.with_(fixed_polarization={"film": p}).equilibrium()
    assert state.contact("left").charge / (4 * NM) == pytest.approx(1e-3)


@pytest.mark.parametrize("make", [flexoelectric, piezoelectric])
def test_strains_that_do_not_fit_are_refused(make):
    with pytest.raises(InputError, match=r"no region 'flim' in the mesh.*'film'"):
        make(MESH, "flim", 0.1, 1.0)
    for strain in (np.ones(3), "1 %", lambda x, y: (x, y)):
        with pytest.raises(InputError, match="strain of region 'film' must be one number for each"):
            make(MESH, "film", strain, 1.0)
    with pytest.raises(InputError, match="not finite"):
        make(MESH, "film", lambda x, y: x * np.nan, 1.0)
    with pytest.raises(InputError, match="wrong unit"):
        make(MESH, "film", 0.1, "1 V")
