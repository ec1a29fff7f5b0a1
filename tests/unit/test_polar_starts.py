"""Polarizations to start from and fixed ones: what may be given, and starts of other models."""

import numpy as np
import pytest
from films import COERCIVE, HELD, MILLER, SPONTANEOUS, THICKNESS, UNIAXIAL, T, film
from models import NM

from pyscl import InputError, Material, Model, UniformPolarization
from pyscl.mesh import strip
from pyscl.polar_states import start_polarization
from pyscl.study.poling import mean_polarization

MODEL = film(elements=2)
SITES = len(MODEL.discretized.site_node)


def started(given, model=MODEL):
    """Return P of the sites that a start makes [C/m2], (n_sites, 2)."""
    d = model.discretized
    u = start_polarization(model, np.zeros(d.n_dofs), given)
    return u[d.site_polar[:, None] + [0, 1]] * d.scaling.surface_charge


@pytest.mark.parametrize(
    "given",
    [
        (0.2, 0.01),
        np.array([0.2, 0.01]),
        ("20 uC/cm^2", "1 uC/cm^2"),
        {"film": (0.2, 0.01)},
        lambda x, y: (0.2, 0.01 + 0.0 * x),
        lambda x, y: np.array([0.2 + 0.0 * x, 0.01 + 0.0 * y]),
    ],
)
def test_vectors_and_functions_are_polarizations(given):
    np.testing.assert_allclose(started(given), np.tile([0.2, 0.01], (SITES, 1)), rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda x, y: x, f"must return two components.* it returned an array of shape .{SITES},"),
        (lambda x, y: (x, x, x), "must return two components.* it returned 3 of them"),
        (lambda x, y: 0.2, "must return two components.* it returned 0.2"),
        (lambda x, y: (x[:2], y), "must return two components"),
        (lambda x, y: (np.nan, 0.0), "returns values that are not finite"),
        (0.2, "cannot be 0.2; give a state"),
        ("uniform", r"cannot be 'uniform'; give a state \(UniformPolarization"),
        ({"film": np.zeros((SITES, 2))}, "give a state"),
        ({"film": None}, "give a state"),
        (UniformPolarization, "give a state"),
        ((0.2, 0.0, 0.0), "a vector"),
        ((0.2, np.nan), "not a finite number"),
        (("0.2", "0 uC/cm^2"), "'0.2' has no unit"),
    ],
)
def test_what_is_no_polarization_is_refused_with_its_region(given, message):
    with pytest.raises(InputError, match=f"(?s)polarization of region 'film'.*{message}"):
        MODEL.equilibrium(polarization=given)


def test_a_state_takes_no_more_values_than_it_has():
    with pytest.raises(InputError, match=r"has 2 values \(share, angle\), not 3; 3.0 is one too"):
        UniformPolarization(1.0, 90.0, 3.0)


def test_fixed_polarizations_are_texts_or_numbers():
    text = MODEL.with_(fixed_polarization={"film": ("1 uC/cm^2", "0 uC/cm^2")})
    np.testing.assert_allclose(text.fixed_polarization["film"], [[1e-2, 0.0]] * 4)
    for given, message in (
        (("1 uC/cm^2", "0 V"), "wrong unit 'V'"),
        ("1 uC/cm^2", "cannot be '1 uC/cm.2'; give two components"),
        (lambda x, y: x, "must return two components"),
        (lambda x, y: (x, y, x), "must return two components"),
        (lambda x, y: (x, np.inf), "not finite"),
    ):
        with pytest.raises(InputError, match=f"fixed_polarization of region 'film'.*{message}"):
            MODEL.with_(fixed_polarization={"film": given})


# --- starts of other models ----------------------------------------------------------------------

LINEAR = MODEL.with_(materials={"film": Material(relative_permittivity=10.0)})


def test_a_landau_model_starts_from_the_linear_solution():
    linear = LINEAR.steady({"left": 0.01})
    u = linear.unknowns_for(MODEL)
    d = MODEL.discretized
    np.testing.assert_array_equal(u[: d.n_nodes], linear.unknowns[: d.n_nodes])
    assert not u[d.site_polar[:, None] + [0, 1]].any()
    noisy, usual = MODEL.equilibrium(linear), MODEL.equilibrium()
    np.testing.assert_allclose(  # from the same noise
        mean_polarization(noisy, "film"), mean_polarization(usual, "film"), rtol=1e-8, atol=1e-9
    )
    assert abs(mean_polarization(noisy, "film")[0]) == pytest.approx(SPONTANEOUS, rel=1e-6)
    against = MODEL.equilibrium(linear, polarization=UniformPolarization(angle=180.0))
    assert mean_polarization(against, "film")[0] == pytest.approx(-SPONTANEOUS, rel=1e-6)
    state = MODEL.steady({"left": 0.1 * COERCIVE * THICKNESS}, linear)
    assert abs(mean_polarization(state, "film")[0]) > 0.9 * SPONTANEOUS


def test_memory_begins_at_zero_and_may_be_left():
    hysteretic = MODEL.with_(materials={"film": Material(polarization=MILLER)})
    start = LINEAR.steady({"left": 0.01})
    u = start.unknowns_for(hysteretic)
    assert len(u) == hysteretic.discretized.n_dofs
    assert not u[LINEAR.discretized.n_dofs :].any()
    back = hysteretic.steady({"left": 0.5}, start).unknowns_for(LINEAR)
    assert len(back) == LINEAR.discretized.n_dofs


def test_other_unknowns_of_the_polarization_are_named():
    hysteretic = MODEL.with_(materials={"film": Material(polarization=MILLER)})
    start = hysteretic.equilibrium()
    expected = "hysteresis with 1 cell in 'film', but landau in 'film' in the model"
    with pytest.raises(InputError, match=f"unknowns of the polarization.*{expected}"):
        MODEL.equilibrium(start)
    other = Model(
        strip(np.linspace(0.0, THICKNESS, 5), 4 * NM, 1, [("film", THICKNESS)]),
        {"film": Material(polarization=UNIAXIAL)},
        contacts={"left": HELD, "right": HELD},
        temperature=T,
    )
    with pytest.raises(InputError, match="the same mesh and the same carriers"):
        other.equilibrium(start)
