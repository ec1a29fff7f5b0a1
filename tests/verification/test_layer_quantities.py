"""Named quantities of space charge layers against closed forms: planar, curved, two-sided."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.constants import Avogadro, elementary_charge, epsilon_0
from scipy.optimize import brentq

from pyscl import Model, analytic
from pyscl.analytic import LatticeGasLayer, lattice_gas_depth
from pyscl.mesh import from_delaunay, strip
from pyscl.verification.disc_setups import curved_wall, sphere_model
from pyscl.verification.meshes import layer_grid
from pyscl.verification.setups import (
    VT,
    WIDTH,
    contact_model,
    lattice_gas,
    lattice_gas_wall,
    reservoir,
    salt,
    wall_model,
)

FARADAY = Avogadro * elementary_charge
WALLS = [(theta, u) for theta in (0.1, 0.5, 0.9) for u in (-20.0, -4.0, 1e-3, 4.0, 20.0)]
LENGTHS = 44.0  # Debye lengths; half of it belongs to the wall
SALT_LENGTH = float(analytic.debye_length_salt(78.5, Avogadro))


def layer_of(theta, charge=1):
    return LatticeGasLayer(30.0, 1e27, theta, charge)


def wall_side(layer, u, per_length=20.0):
    """The layer at an electrode at u kT/(z e), electrode on the left."""
    model = lattice_gas_wall(layer, u * VT / layer.charge, per_length, LENGTHS)
    (side,) = model.equilibrium().contact("left").sides
    return side


# --- planar layers ---------------------------------------------------------------------------


@pytest.mark.parametrize(("theta", "u"), WALLS)
def test_decay_widths_converge_to_the_exact_depths(theta, u):
    """1/e and 1 % of the potential shall lie where the first integral puts them.

    The error falls with the square of the step; where a step ends shifts it, so that a bound of
    the order stands for the order itself: 1.2/n^2 for n steps per length is 1.9e-4 at n = 80.
    """
    layer = layer_of(theta)
    for n in (20, 40, 80):
        side = wall_side(layer, u, n)
        for width, share in ((side.decay_width, np.exp(-1.0)), (side.one_percent_width, 0.01)):
            exact = layer.debye_length * float(lattice_gas_depth(share * u, u, theta))
            assert abs(float(width) / exact - 1.0) < 1.2 / n**2
            assert width.share == 1.0
            assert width.spread < 1e-3 * exact  # two rows of triangles, cut differently


@pytest.mark.parametrize(("theta", "u"), WALLS)
def test_excess_field_and_centroid_converge(theta, u, second_order):
    """Moles per area, wall field and centroid shall follow from the charge of the wall.

    The centroid of a planar layer is eps |drop| / |Q|: integrate x rho = -eps x phi'' by parts.
    """
    layer = layer_of(theta)
    charge, eps = float(layer.wall_charge(u * VT)), epsilon_0 * 30.0
    sides = {n: wall_side(layer, u, n) for n in (20, 40, 80)}
    for read, exact in (
        (lambda s: s.excess["Li"], -charge / FARADAY),
        (lambda s: s.mean_field, charge / eps),
        (lambda s: s.charge, -charge),
        (lambda s: s.width, eps * u * VT / charge),
    ):
        second_order(lambda n, r=read: r(sides[n]), exact, finest=2e-4, limit=2e-5)


@pytest.mark.parametrize(("theta", "u"), WALLS)
def test_drop_and_planar_capacitance_are_exact(theta, u):
    """Both follow from the potential of the wall alone, on any mesh."""
    layer, side = layer_of(theta), wall_side(layer_of(theta), u)
    assert float(side.potential_drop) == pytest.approx(-u * VT, rel=1e-9)
    assert side.potential_drop.spread < 1e-9 * VT
    exact = float(layer.capacitance(u * VT))
    assert float(side.planar_capacitance) == pytest.approx(exact, rel=1e-9)
    assert side.debye_length == pytest.approx(layer.debye_length, rel=1e-9)


@pytest.mark.parametrize("u", [-3.0, 2e-7, 0.3, 5.0, 12.0])
def test_capacitance_of_a_salt_is_gouy_and_chapmans(u):
    mesh = strip(layer_grid(22.0 * SALT_LENGTH, SALT_LENGTH, 20), width=WIDTH)
    (side,) = wall_model(salt(78.5, Avogadro), u * VT, mesh).equilibrium().contact("left").sides
    exact = float(analytic.gouy_chapman_capacitance(u * VT, 78.5, Avogadro))
    assert float(side.planar_capacitance) == pytest.approx(exact, rel=1e-9)
    assert side.depletion_width.mean is None
    assert "carriers of both signs" in side.depletion_width.reason


@pytest.mark.parametrize("u", [-2.0, 1e-4, 4.0])
def test_the_bulk_follows_the_composition(u):
    """A salt whose reservoirs make it four times as dense has half the Debye length.

    Drop, excess and capacitance are those of the dense salt; the material as given plays no part.
    """
    grid = layer_grid(22.0 * SALT_LENGTH, 0.25 * SALT_LENGTH * np.exp(-abs(u) / 2), 20, SALT_LENGTH)
    model = wall_model(salt(78.5, Avogadro), u * VT, strip(grid, width=WIDTH))
    level = VT * np.log(4e-3)
    dense = {
        name: law if name == "left" else law.model_copy(update={"electrochemical_potential": level})
        for name, law in model.contacts.items()
    }
    state = model.with_(contacts=dense).equilibrium()
    (side,) = state.contact("left").sides
    assert side.debye_length == pytest.approx(0.5 * SALT_LENGTH, rel=1e-6)
    assert float(side.potential_drop) == pytest.approx(-u * VT, rel=1e-6)
    exact = float(analytic.gouy_chapman_capacitance(u * VT, 78.5, 4.0 * Avogadro))
    assert float(side.planar_capacitance) == pytest.approx(exact, rel=1e-6)
    # 2 n lambda (e^(-z u/2) - 1) of each ion
    for carrier, z in (("cation", 1), ("anion", -1)):
        ions = 4.0 * SALT_LENGTH * np.expm1(-z * u / 2.0)  # [mol/m2] of 4 mol/m3
        assert side.excess[carrier] == pytest.approx(ions, rel=3e-3)


@pytest.mark.parametrize(("theta", "u"), [(0.1, -4.0), (0.5, 3.0), (0.9, 10.0)])
def test_planar_capacitance_is_that_of_the_static_response(theta, u):
    """What an electrode takes up by linear response, dQ/dV, to the error of the mesh."""
    model = lattice_gas_wall(layer_of(theta), u * VT, 60.0, LENGTHS)
    state = model.equilibrium()
    response = state.static_response("left", reference="right").charges["left"] / WIDTH
    (side,) = state.contact("left").sides
    assert response == pytest.approx(float(side.planar_capacitance), rel=3e-4)


@pytest.mark.parametrize("theta", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("u", [1e-3, 2.0, 20.0])
def test_depletion_width_converges(theta, u, second_order):
    """|Q|/(e n) of the closed form, which is W of Mott and Schottky for a strong layer."""
    layer = layer_of(theta)
    exact = float(layer.depletion_width(u * VT))
    read = lambda n: float(wall_side(layer, u, n).depletion_width)  # noqa: E731
    second_order(read, exact, finest=2e-4, limit=2e-5)
    enriched = wall_side(layer, -u).depletion_width
    assert enriched.mean is None
    assert enriched.reason == "the carriers are nowhere depleted"


@pytest.mark.parametrize("charge", [1, -1, 2])
@pytest.mark.parametrize("volts", [-0.1, 0.1])
def test_signs(charge, volts):
    """A positive electrode: negative layer, field into it, potential that falls into the bulk."""
    model = lattice_gas_wall(layer_of(0.5, charge), volts, 20.0, LENGTHS)
    (side,) = model.equilibrium().contact("left").sides
    assert np.sign(float(side.potential_drop)) == -np.sign(volts)
    assert np.sign(side.charge) == -np.sign(volts)
    assert np.sign(side.mean_field) == np.sign(volts)
    assert np.sign(side.excess["Li"]) == -np.sign(volts * charge)
    assert (side.depletion_width.mean is not None) == (volts * charge > 0)
    assert charge * FARADAY * side.excess["Li"] == pytest.approx(side.charge, rel=1e-6)
    assert side.peak_field == pytest.approx(abs(side.mean_field), rel=3e-2)


@pytest.mark.parametrize("seed", [0, 1])
def test_widths_on_an_irregular_mesh(seed):
    """The normals find their way through triangles of any shape, none is lost."""
    layer, u = layer_of(0.5), 3.0
    length = layer.debye_length
    x = layer_grid(22.0 * length, length, 16, 0.5 * length)
    y = np.linspace(0.0, 2.0 * length, 25)
    points = np.array(np.meshgrid(x, y, indexing="ij")).reshape(2, -1).T
    step = np.minimum(np.diff(x, append=np.inf), np.diff(x, prepend=-np.inf))
    size = 0.3 * np.column_stack([np.repeat(step, len(y)), np.full(len(points), y[1])])
    inner = np.repeat((x > 0.0) & (x < x[-1]), len(y)) & np.tile((y > 0.0) & (y < y[-1]), len(x))
    points[inner] += (size * np.random.default_rng(seed).uniform(-1.0, 1.0, size.shape))[inner]
    mesh = from_delaunay(points, lambda centroids: ["electrolyte"] * len(centroids))
    model = wall_model(lattice_gas(layer), u * VT, mesh)
    (side,) = model.equilibrium().contact("left").sides
    for width, share in ((side.decay_width, np.exp(-1.0)), (side.one_percent_width, 0.01)):
        exact = length * float(lattice_gas_depth(share * u, u, 0.5))
        assert width.share == 1.0
        assert float(width) == pytest.approx(exact, rel=1e-2)
        assert width.spread < 2e-2 * exact
    assert side.charge == pytest.approx(-float(layer.wall_charge(u * VT)), rel=3e-3)


# --- curved layers ---------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [0.5, 2.0])
def test_a_weak_layer_around_a_disc_is_a_bessel_function(radius, second_order):
    """Field K1/K0 at the disc, and the depth at which K0 has fallen to 1/e and 1 %."""
    layer, u = layer_of(0.5), 1e-3
    length = layer.debye_length

    def side(n):
        model = curved_wall(lattice_gas(layer), length, radius * length, u * VT, n)
        (found,) = model.equilibrium().contact("inner").sides
        return found

    field = float(analytic.debye_hueckel_disc_field(radius)) * u * VT / length
    second_order(lambda n: side(n).mean_field, field, finest=3e-4, limit=3e-5)
    for share, name in ((np.exp(-1.0), "decay_width"), (0.01, "one_percent_width")):
        exact = brentq(
            lambda d, s=share: analytic.debye_hueckel_disc_potential(radius + d, radius) - s, 0, 9
        )
        found = float(getattr(side(40), name)) / length
        assert found == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("radius", [1.0, 3.0])
def test_a_weak_layer_around_a_sphere_in_axisymmetric_coordinates(radius):
    """phi ~ exp(-r/lambda)/r: field (1 + 1/a)/lambda, and the depth of 1/e and 1 %."""
    layer, u = layer_of(0.5), 1e-3
    length = layer.debye_length
    model = sphere_model(lattice_gas(layer), radius * length, length, u * VT, 24.0)
    (side,) = model.equilibrium().contact("inner").sides
    assert side.mean_field == pytest.approx(u * VT / length * (1.0 + 1.0 / radius), rel=3e-3)
    for share, width in ((np.exp(-1.0), side.decay_width), (0.01, side.one_percent_width)):
        exact = brentq(lambda d, s=share: np.exp(-d) / (1.0 + d / radius) - s, 0.0, 9.0)
        assert float(width) / length == pytest.approx(exact, rel=5e-3)
        assert width.spread < 5e-3 * float(width)
    # beyond 11 Debye lengths the points belong to the other electrode
    assert FARADAY * side.excess["Li"] == pytest.approx(side.charge, rel=3e-4)


def test_a_large_disc_has_the_layer_of_a_plane():
    layer, u = layer_of(0.5), 6.0
    length = layer.debye_length
    model = curved_wall(lattice_gas(layer), length, 2e3 * length, u * VT, 20.0)
    (disc,) = model.equilibrium().contact("inner").sides
    plane = wall_side(layer, u)
    for name in ("decay_width", "one_percent_width", "depletion_width", "planar_capacitance"):
        assert float(getattr(disc, name)) == pytest.approx(float(getattr(plane, name)), rel=3e-3)
    assert disc.charge == pytest.approx(plane.charge, rel=2e-3)
    assert disc.excess["Li"] == pytest.approx(plane.excess["Li"], rel=2e-3)


# --- contacts of two phases ------------------------------------------------------------------

LEFT, RIGHT = LatticeGasLayer(13.0, 5e26, 0.3), LatticeGasLayer(30.0, 2e26, 0.5)


def phases(voltage=8.0 * VT, per_length=30.0):
    return contact_model(LEFT, RIGHT, voltage, per_length)


@pytest.mark.parametrize("voltage", [-8.0 * VT, 8.0 * VT])
def test_drops_of_both_sides_add_up_to_the_built_in_voltage(voltage):
    result = phases(voltage).equilibrium().interface("a|b")
    exact = analytic.two_sided_contact(LEFT, RIGHT, voltage)
    a, b = result.sides
    assert float(result.potential_drop) == pytest.approx(-voltage, rel=1e-9)  # b minus a
    assert float(b.potential_drop) - float(a.potential_drop) == pytest.approx(-voltage, rel=1e-9)
    assert float(a.potential_drop) == pytest.approx(-exact.left_potential, rel=1e-3)
    assert float(b.potential_drop) == pytest.approx(-exact.right_potential, rel=1e-3)
    assert result.planar_capacitance == pytest.approx(exact.capacitance, rel=1e-3)
    assert a.excess["Li"] == pytest.approx(-b.excess["Li"], rel=1e-3)


def test_series_capacitance_is_the_difference_quotient_of_the_charge():
    """Of the built-in voltage, by changing the standard potential of one phase."""
    step = 1e-4
    low, high = (phases(8.0 * VT + s).equilibrium().interface("a|b") for s in (-step, step))
    quotient = (high.sides[0].charge - low.sides[0].charge) / (2.0 * step)
    middle = phases().equilibrium().interface("a|b")
    assert quotient == pytest.approx(middle.planar_capacitance, rel=2e-3)


def numbers(side):
    """All quantities of a side."""
    names = ("potential_drop", "decay_width", "one_percent_width", "planar_capacitance")
    values = [getattr(side, name).mean for name in (*names, "depletion_width")]
    values += [side.charge, side.width, side.excess["Li"], side.mean_field, side.peak_field]
    return np.array([np.nan if v is None else v for v in values])


def test_a_mirrored_mesh_gives_the_same_numbers():
    model = phases()
    mesh = model.mesh
    turned = np.array([mesh.points[:, 0].max(), mesh.points[:, 1].max()]) - mesh.points
    mirrored = model.with_(mesh=replace(mesh, points=turned))  # turned by half a turn
    for one, other in zip(
        model.equilibrium().interface("a|b").sides,
        mirrored.equilibrium().interface("a|b").sides,
        strict=True,
    ):
        np.testing.assert_allclose(numbers(one), numbers(other), rtol=1e-7)


def test_swapped_names_give_the_same_numbers():
    model = phases()
    mesh = replace(model.mesh, region_names=("b", "a"))
    materials = {"a": model.materials["b"], "b": model.materials["a"]}
    swapped = Model(mesh, materials, contacts={"left": reservoir()})
    one, other = (m.equilibrium().interface("a|b") for m in (model, swapped))
    for k in (0, 1):
        np.testing.assert_allclose(numbers(one.sides[k]), numbers(other.sides[1 - k]), rtol=1e-7)
    assert float(one.potential_drop) == pytest.approx(-float(other.potential_drop), rel=1e-9)


def test_a_tag_inside_a_material_changes_no_layer():
    """A region of the same material on the far side of the layer shall not take part of it."""
    model = phases()
    x = model.mesh.points[model.mesh.triangles].mean(axis=1)[:, 0]
    middle = model.mesh.points[np.unique(model.mesh.interfaces["a|b"]), 0].mean()
    far = x > middle + 10.0 * RIGHT.debye_length
    region = np.where(far, 2, model.mesh.region).astype(np.int32)
    mesh = replace(model.mesh, region=region, region_names=("a", "b", "c"))
    tagged = Model(
        mesh, {**model.materials, "c": model.materials["b"]}, contacts={"left": reservoir()}
    )
    one, other = (m.equilibrium().interface("a|b").sides[1] for m in (model, tagged))
    np.testing.assert_allclose(numbers(one), numbers(other), rtol=1e-3)
