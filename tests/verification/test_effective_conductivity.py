"""Effective conductivity: laminates along any direction, arrays of discs, cells and contacts."""

from dataclasses import replace

import numpy as np
import pytest

from pyscl import Conserved, InputError, Interface, Model, Periodic, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import rectangle
from pyscl.study.effective_conductivity import effective_conductivity
from pyscl.verification.disc_setups import conducting_cell
from pyscl.verification.setups import dielectric, lattice_gas, reservoir

SIDE, CELLS = 10e-9, 8
LAYER = LatticeGasLayer(10.0, 1e27, 0.5)
A, B = 0.1, 0.7  # S/m
PARALLEL, SERIES = 0.5 * (A + B), 2.0 / (1.0 / A + 1.0 / B)
CELL_SIDES = (Periodic(sides=("left", "right")), Periodic(sides=("bottom", "top")))
ALONG_X, ALONG_Y = ("left", "right"), ("bottom", "top")


def laminate(direction, height=SIDE, **model):
    """Return a cell of two conductors in stripes, one behind the other along x or y, or oblique."""
    mesh = rectangle(CELLS, CELLS, SIDE, height)
    x, y = (mesh.points[mesh.triangles].mean(axis=1) / [SIDE, height]).T
    # The diagonals of the cells alternate: borders every four cells lie on them either way.
    place = {"x": x, "y": y, "rising": x - y, "falling": x + y}[direction]
    region = (np.mod(place, 1.0) >= 0.5).astype(np.int32)
    mesh = replace(mesh, region=region, region_names=("a", "b"))
    materials = {
        name: lattice_gas(LAYER, conductivity=sigma, mobility="constant-conductivity")
        for name, sigma in (("a", A), ("b", B))
    }
    return Model(mesh, materials, **model)


def cell(direction, height=SIDE):
    conserved = [Conserved(carrier="Li", regions=("a", "b"))]
    return laminate(direction, height, periodic=CELL_SIDES, conserved=conserved)


def test_laminates_conduct_in_series_and_in_parallel():
    for direction, exact in (("x", [SERIES, PARALLEL]), ("y", [PARALLEL, SERIES])):
        result = effective_conductivity(cell(direction, height=0.6 * SIDE))
        np.testing.assert_allclose(result.tensor, np.diag(exact), rtol=1e-6, atol=1e-8)
        assert result.periodic


@pytest.mark.parametrize(("direction", "slope"), [("rising", 1.0), ("falling", -1.0)])
def test_an_oblique_laminate_has_the_turned_tensor(direction, slope):
    """Stripes at 45 degrees: the principal values of the laminate, on the diagonals."""
    result = effective_conductivity(cell(direction))
    mean, off = 0.5 * (PARALLEL + SERIES), 0.5 * (PARALLEL - SERIES)
    exact = [[mean, slope * off], [slope * off, mean]]
    np.testing.assert_allclose(result.tensor, exact, rtol=1e-6)
    values, axes = result.principal
    np.testing.assert_allclose(values, [SERIES, PARALLEL], rtol=1e-6)
    np.testing.assert_allclose(np.abs(axes), np.sqrt(0.5), rtol=1e-6)


def test_pairs_of_contacts_give_the_diagonal():
    contacts = {side: reservoir(potential=None) for side in (*ALONG_X, *ALONG_Y)}
    model = laminate("x", contacts=contacts)
    result = effective_conductivity(model, [ALONG_X, ALONG_Y])
    np.testing.assert_allclose(np.diag(result.tensor), [SERIES, PARALLEL], rtol=1e-6)
    assert np.isnan(result.tensor[0, 1])
    assert not result.periodic
    one = effective_conductivity(model, [ALONG_Y])
    np.testing.assert_allclose(one.tensor[1, 1], PARALLEL, rtol=1e-6)
    assert np.isnan(one.tensor[0, 0])
    with pytest.raises(InputError, match="not complete"):
        _ = one.principal
    names = [q.name for q in result.quantities()]
    assert names == ["effective conductivity xx", "effective conductivity yy"]
    assert one.to_dict()["effective conductivity [S/m]"][0] == [None, None]


def test_the_order_of_the_periodic_sides_does_not_matter():
    model = cell("rising")
    turned = [Periodic(sides=pair.sides[::-1]) for pair in CELL_SIDES[::-1]]
    one = effective_conductivity(model, voltage="0.1 mV").tensor
    other = effective_conductivity(model.with_(periodic=turned)).tensor
    np.testing.assert_allclose(one, other, rtol=1e-7)


@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_tortuosity_around_blocking_discs_is_rayleighs(fraction, second_order):
    """Share * sigma_bulk / sigma_eff of a square array, exact by its multipoles."""
    exact = (1.0 - fraction) / analytic.square_array_permittivity(fraction, 0.0)

    def factor(n):
        result = effective_conductivity(conducting_cell(fraction, 0.0, n))
        x, y = result.tortuosity("matrix")
        assert x == pytest.approx(y, rel=1e-9)
        return x

    second_order(factor, exact, levels=(16, 32, 64), window=(1.8, 2.3), finest=3e-3)


def test_straight_columns_have_tortuosity_one():
    model = laminate(
        "y",
        contacts={side: reservoir(potential=None) for side in ALONG_X},
        interfaces={"a|b": Interface(blocking=("Li",))},
    )
    model = model.with_(materials={**model.materials, "a": dielectric(10.0)}, interfaces={})
    result = effective_conductivity(model)
    assert result.tortuosity("b")[0] == pytest.approx(1.0, rel=1e-6)
    assert np.isnan(result.tortuosity("b")[1])
    (row,) = [q for q in result.states[0].quantities() if q.name == "tortuosity xx"]
    assert row.place == "b"
    assert row.value == pytest.approx(1.0, rel=1e-6)


def test_layers_count_in_the_conductivity():
    """A step of the standard potential depletes one phase: in series it conducts less."""
    contacts = {side: reservoir(potential=None, electrochemical_potential=0.0) for side in ALONG_X}
    plain = laminate("x", contacts=contacts)
    dilute = {
        name: m.model_copy(
            update={"carriers": (m.carriers[0].model_copy(update={"mobility": "vacancy"}),)}
        )
        for name, m in plain.materials.items()
    }
    shifted = {
        **dilute,
        "b": lattice_gas(LAYER, conductivity=B, mobility="vacancy", standard_potential=-0.4),
    }
    before = effective_conductivity(plain.with_(materials=dilute)).tensor[0, 0]
    after = effective_conductivity(plain.with_(materials=shifted)).tensor[0, 0]
    assert after < 0.9 * before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pairs": [("left", "rigth")]}, "no contact 'rigth'.*Did you mean 'right'"),
        ({"pairs": [("left", "top")]}, "no opposite straight edges"),
        ({"pairs": [ALONG_X, ALONG_X[::-1]]}, "along the same direction"),
        ({"pairs": [ALONG_X], "voltage": 0.0}, "drives no current"),
        ({"pairs": [ALONG_X], "voltage": "1 V"}, "changes the layers.* up to 0.0051 V"),
        ({"pairs": [("left",)]}, "no pair of contacts; give two names"),
        ({"pairs": ["left"]}, "'left' is no pair of contacts"),
        ({"pairs": []}, "holds no pair of contacts"),
        ({"pairs": "left"}, "holds no pair of contacts"),
        ({}, "has 4 contacts that exchange carriers and no periodic sides"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    contacts = {side: reservoir(potential=None) for side in (*ALONG_X, *ALONG_Y)}
    model = laminate("x", contacts=contacts)
    with pytest.raises(InputError, match=message):
        effective_conductivity(model, **arguments)


def test_half_a_cell_and_cells_with_electrodes_are_refused():
    conserved = [Conserved(carrier="Li", regions=("a", "b"))]
    half = laminate("x", periodic=CELL_SIDES[:1], conserved=conserved)
    with pytest.raises(InputError, match="needs two pairs of periodic sides"):
        effective_conductivity(half)
    result = effective_conductivity(cell("x"))
    with pytest.raises(InputError, match="no region 'c'"):
        result.tortuosity("c")
