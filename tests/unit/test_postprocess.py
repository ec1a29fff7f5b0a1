"""Interface charges and widths, cut lines, effective resistance, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from models import KT, NM, T, conductor, site_density, slab_between_reservoirs, two_conductors
from scipy.constants import Avogadro, elementary_charge, epsilon_0

from pyscl import InputError, Interface, Material, Model, PotentialContact, ReservoirContact
from pyscl.analytic import LatticeGasLayer, built_in_voltage, two_sided_contact
from pyscl.materials.laws import Boltzmann, LatticeGas
from pyscl.mesh import graded, rectangle, strip
from pyscl.postprocess.resistance import effective_resistance, promotion

LI = ReservoirContact(carrier="Li", potential="neutral")


def layer(debye_length, permittivity, y):
    return LatticeGasLayer(
        site_density=site_density(debye_length, permittivity, y),
        site_fraction=y,
        relative_permittivity=permittivity,
        temperature=T,
    )


LEFT, RIGHT = layer(0.5 * NM, 10.0, 0.5), layer(1.0 * NM, 30.0, 0.3)  # of models.two_conductors


def wall_and_conductor(phi, y=0.5, debye_length=1 * NM, fine=0.02 * NM):
    """Return a charged dielectric wall | conductor, wall and bulk far apart, phi [V] in the wall.

    The wall is held at phi on its outer side; it is so thin and polarisable that the interface
    has the same potential.
    """
    x = np.concatenate([[-1e-3 * NM], graded(30 * NM, fine, 1.08, 0.5 * NM)])
    mesh = strip(x + 1e-3 * NM, 1 * NM, 1, [("wall", 1e-3 * NM), ("bulk", x[-1] + 1e-3 * NM)])
    materials = {
        "wall": Material(relative_permittivity=1e6),
        "bulk": conductor(debye_length, 10.0, y),
    }
    contacts = {"left": PotentialContact(potential=phi), "right": LI}
    return Model(mesh, materials, contacts=contacts, temperature=T).equilibrium()


# Interfaces.


@pytest.mark.parametrize("surface_charge", [0.0, 0.03])
@pytest.mark.parametrize("step", [-10 * KT, 10 * KT])
def test_charge_and_potential_of_a_contact_of_two_conductors(surface_charge, step):
    interfaces = {"b|a": Interface(surface_charge=surface_charge)}
    result = two_conductors(step, interfaces=interfaces).equilibrium().interface("a|b")
    voltage = built_in_voltage((0.0, step), (0.5, 0.3), temperature=T)
    exact = two_sided_contact(LEFT, RIGHT, voltage, surface_charge)
    a, b = result.sides
    assert (a.region, b.region) == ("a", "b")
    # second order on a mesh of 0.05 nm: 10 elements in the shorter Debye length
    error = 4e-3 * max(abs(a.charge), abs(b.charge))
    assert a.charge == pytest.approx(exact.left_displacement, abs=error)
    assert b.charge == pytest.approx(-exact.right_displacement, abs=error)
    assert result.potential == pytest.approx(exact.left_potential, abs=2e-3 * abs(voltage))
    for side, y in ((a, exact.left_site_fraction), (b, exact.right_site_fraction)):
        assert side.least["Li"] <= side.most["Li"]
        assert side.most["Li"] == pytest.approx(y, rel=3e-2)


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
@pytest.mark.parametrize("surface_charge", [0.0, -0.02, 0.03])
def test_the_sides_hold_minus_the_surface_charge(surface_charge, coordinates):
    model = two_conductors(
        interfaces={"a|b": Interface(surface_charge=surface_charge)}, coordinates=coordinates
    )
    if coordinates == "axisymmetric":  # the axis is no contact
        contacts = {"right": model.contacts["right"]}
        model = Model(
            model.mesh, model.materials, contacts=contacts, interfaces=model.interfaces,
            temperature=T, coordinates=coordinates,
        )  # fmt: skip
    result = model.equilibrium().interface("a|b")
    area = 4 * NM if coordinates == "planar" else 2 * np.pi * 10 * NM * 4 * NM
    assert result.measure == pytest.approx(area)
    assert result.unit == ("m" if coordinates == "planar" else "m^2")
    a, b = (side.charge for side in result.sides)
    assert a + b == pytest.approx(-surface_charge, abs=1e-9 * max(abs(a), abs(b)))


def test_layer_charge_is_the_space_charge_of_the_region():
    solution = two_conductors().equilibrium()
    for side in solution.interface("a|b").sides:
        total = solution.charge(side.region) / (4 * NM)
        assert side.charge == pytest.approx(total, rel=1e-3)  # the rest of the bulk is neutral


def test_width_of_a_weak_layer_is_the_debye_length():
    side = wall_and_conductor(0.01 * KT).interface("bulk|wall").sides[0]
    assert side.region == "bulk"
    assert side.width == pytest.approx(1 * NM, rel=2e-3)


def test_width_of_a_depleted_layer_is_half_the_depletion_width():
    volts = 400 * KT
    side = wall_and_conductor(volts).interface("bulk|wall").sides[0]
    density = site_density(1 * NM, 10.0) * 0.5
    depletion = np.sqrt(2 * epsilon_0 * 10.0 * volts / (elementary_charge * density))
    assert side.width == pytest.approx(depletion / 2, rel=0.02)
    assert side.charge == pytest.approx(-elementary_charge * density * depletion, rel=0.01)
    assert side.least["Li"] < 1e-100


@pytest.mark.parametrize("u", [-30.0, -3.0, 3.0, 30.0])
def test_charge_at_a_wall_is_that_of_the_lattice_gas(u):
    side = wall_and_conductor(u * KT, y=0.3).interface("bulk|wall").sides[0]
    exact = -float(layer(1 * NM, 10.0, 0.3).wall_charge(u * KT))
    assert side.charge == pytest.approx(exact, rel=2e-3)


def test_a_region_without_charge_has_no_width():
    wall = wall_and_conductor(3 * KT).interface("bulk|wall").sides[1]
    assert wall.width is None
    assert wall.least == wall.most == {}
    neutral = two_conductors(step=KT * np.log(7 / 3)).equilibrium().interface("a|b")
    assert [side.width for side in neutral.sides] == [None, None]


def island(material):
    """Return a square that touches the conductors left and right of it, which meet above it."""
    mesh = rectangle(16, 16, 8 * NM, 8 * NM)
    x, y = (mesh.points[mesh.triangles].mean(axis=1) / NM).T
    inside = (abs(x - 4) < 2) & (abs(y - 4) < 2)
    region = np.where(inside, 0, np.where(x < 4, 1, 2))
    mesh = replace(mesh, region=region, region_names=("island", "left", "right"))
    materials = {"island": material, "left": conductor(1 * NM), "right": conductor(1 * NM)}
    sides = ReservoirContact(carrier="Li", potential=3 * KT)
    contacts = {"left": sides, "right": sides}
    return Model(mesh, materials, contacts=contacts, temperature=T).equilibrium()


@pytest.mark.parametrize(
    "material",
    [Material(relative_permittivity=300.0), conductor(1 * NM, standard_potential=5 * KT)],
    ids=["dielectric", "conductor"],
)
def test_interfaces_that_meet_in_a_point_share_its_charge(material):
    solution = island(material)
    found = [solution.interface(name) for name in ("island|left", "island|right")]
    charges = [result.sides[0].charge * result.measure for result in found]
    largest = max(abs(result.sides[1].charge * result.measure) for result in found)
    assert largest > 0.0
    assert sum(charges) == pytest.approx(solution.charge("island"), abs=1e-10 * largest)
    assert charges[0] == pytest.approx(charges[1], abs=1e-10 * largest)  # mirror symmetry
    assert [result.measure for result in found] == pytest.approx([8 * NM, 8 * NM])


def test_the_charge_of_a_region_is_shared_by_its_interfaces():
    """A conductor between two others: both interfaces and nothing else end its field."""
    x = np.linspace(0, 12, 121) * NM
    regions = [("left", 4 * NM), ("middle", 8 * NM), ("right", 12 * NM)]
    materials = {
        "left": conductor(),
        "middle": conductor(standard_potential=4 * KT),
        "right": conductor(standard_potential=-3 * KT),
    }
    model = Model(strip(x, NM, 2, regions), materials, contacts={"left": LI}, temperature=T)
    solution = model.equilibrium()
    sides = [
        side
        for name in ("left|middle", "middle|right")
        for side in solution.interface(name).sides
        if side.region == "middle"
    ]
    assert sum(s.charge for s in sides) * NM == pytest.approx(solution.charge("middle"), rel=1e-9)
    assert sides[0].charge * sides[1].charge > 0
    assert all(0.3 * NM < side.width < 1 * NM for side in sides)


def test_interfaces_are_found_in_any_order_and_unknown_ones_refused():
    solution = two_conductors().equilibrium()
    assert solution.interface("b | a") == solution.interface("a|b")
    with pytest.raises(InputError, match=r"no interface 'a\|c'.*Did you mean 'a\|b'"):
        solution.interface("a|c")


def test_plain_numbers_of_an_interface_carry_units():
    result = two_conductors().equilibrium().interface("a|b")
    plain = result.to_dict()
    assert set(plain) == {"measure [m]", "potential [V]", "sides"}
    assert plain["sides"]["a"]["charge [C/m^2]"] == result.sides[0].charge
    assert plain["sides"]["b"]["width [m]"] == result.sides[1].width


# Cut lines.


@pytest.fixture(scope="module")
def contact():
    return two_conductors().steady({"right": 2 * KT})


def test_a_cut_through_nodes_gives_their_values(contact):
    mesh = contact.model.mesh
    bottom = np.unique(mesh.facets_of("bottom"))
    bottom = bottom[np.argsort(mesh.points[bottom, 0])]
    for i, j in ((3, 4), (0, len(bottom) - 1)):
        cut = contact.cut(tuple(mesh.points[bottom[i]]), tuple(mesh.points[bottom[j]]), 2)
        expected = contact.potential[bottom[[i, j]]]
        np.testing.assert_allclose(cut.fields["potential"], expected, rtol=1e-12, atol=1e-15)


def test_potentials_are_linear_and_triangle_fields_constant(contact):
    """Between two nodes on one edge the samples lie on a line."""
    mesh = contact.model.mesh
    corners = mesh.points[mesh.triangles[10]]
    inner = 0.98 * corners + 0.02 * corners.mean(axis=0)
    cut = contact.cut(tuple(inner[0]), tuple(inner[1]), 5)
    for name in contact.field_names:
        field, values = contact[name], cut.fields[name]
        assert cut.units[name] == field.unit
        if field.location == "triangle":
            np.testing.assert_array_equal(values, np.tile(field.values[10], (5, 1)))
        elif name.endswith("potential") or name.startswith("electrochemical_potential"):
            nodal = field.values[contact.site_triangles[10]]
            weights = 0.98 * np.eye(3)[:2] + 0.02 / 3
            np.testing.assert_allclose(values[[0, -1]], weights @ nodal, rtol=1e-9)
            np.testing.assert_allclose(np.diff(values, 2), 0.0, atol=1e-9 * np.abs(nodal).max())


@pytest.mark.parametrize("statistics", [LatticeGas(), Boltzmann()])
def test_densities_along_a_cut_follow_the_law_of_the_potentials(statistics):
    """log(y / (1 - y)), or log(y) of a dilute carrier, changes as mu - e phi within triangles."""
    solution = slab_between_reservoirs(
        2 * KT, statistics=statistics, mobility="dilute"
    ).equilibrium()
    cut = solution.cut((0.0, 0.01 * NM), (4.0 * NM, 0.02 * NM), 301)
    y = cut.fields["site_fraction_Li"]
    logarithm = np.log(y / (1.0 - y)) if statistics.site_limited else np.log(y)
    eta = (cut.fields["electrochemical_potential_Li"] - cut.fields["potential"]) / KT
    np.testing.assert_allclose(logarithm - eta, (logarithm - eta)[0], atol=1e-9)
    assert 1.0 < np.ptp(logarithm) < 3.0
    amount = cut.fields["concentration_Li"]
    np.testing.assert_allclose(amount / y, (amount / y)[0], rtol=1e-12)
    background = cut.fields["charge_density"] - elementary_charge * Avogadro * amount
    np.testing.assert_allclose(background, background[0], rtol=1e-9)


def test_densities_jump_at_the_interface_and_the_potential_does_not(contact):
    cut = contact.cut((9.98 * NM, 1 * NM), (10.02 * NM, 1 * NM), 401)
    a, b = cut.region == "a", cut.region == "b"
    assert (a | b).all()
    assert cut.distance[a].max() < cut.distance[b].min()
    edge = np.flatnonzero(b)[0]
    assert cut.distance[edge] == pytest.approx(0.02 * NM, abs=2e-4 * NM)
    y, phi = cut.fields["site_fraction_Li"], cut.fields["potential"]
    assert abs(y[edge] - y[edge - 1]) > 0.5
    assert abs(phi[edge] - phi[edge - 1]) < 1e-3 * np.ptp(contact.potential)


def test_a_cut_is_nan_outside_the_mesh(contact):
    cut = contact.cut((-5 * NM, 2 * NM), (25 * NM, 2 * NM), 301)
    x = cut.points[:, 0]
    outside = (x < -1e-6 * NM) | (x > (20 + 1e-6) * NM)
    assert outside.sum() == 100
    np.testing.assert_allclose(cut.distance, x + 5 * NM, atol=1e-6 * NM)
    assert (cut.region[outside] == "").all()
    assert set(cut.region[~outside]) == {"a", "b"}
    for values in cut.fields.values():
        assert np.isnan(values[outside]).all()
        assert np.isfinite(values[~outside]).all()


@pytest.mark.parametrize(
    ("start", "end"), [((3, 0), (20, 0)), ((0, 4), (20, 4)), ((20, 0.3), (20, 4)), ((7, 0), (7, 4))]
)
def test_a_cut_may_run_along_the_border_and_end_on_it(contact, start, end):
    cut = contact.cut(tuple(np.multiply(start, NM)), tuple(np.multiply(end, NM)), 97)
    assert np.isfinite(cut.fields["potential"]).all()
    length = np.hypot(*np.subtract(end, start)) * NM
    np.testing.assert_allclose(cut.distance, np.linspace(0, length, 97), atol=1e-6 * NM)


def test_a_cut_is_nan_where_a_field_does_not_exist():
    cut = wall_and_conductor(3 * KT).cut((1e-4 * NM, 0.5 * NM), (5 * NM, 0.5 * NM), 20)
    assert cut.region[0] == "wall"
    assert np.isnan(cut.fields["site_fraction_Li"][0])
    assert np.isfinite(cut.fields["site_fraction_Li"][1:]).all()
    assert np.isfinite(cut.fields["potential"]).all()


@pytest.mark.parametrize(
    ("start", "end", "points", "message"),
    [
        ((0.0, 9.0), (20.0, 9.0), 10, "misses the mesh, which covers x = 0 "),
        ((-1.0, 3.0), (1.0, 9.0), 10, "misses the mesh"),
        ((1.0, 1.0), (1.0, 1.0), 10, "two different points"),
        ((1.0, 1.0), (2.0, 1.0), 1, ">= 2 samples"),
        ((np.nan, 1.0), (2.0, 1.0), 10, "nan"),
    ],
)
def test_useless_cuts_are_refused(contact, start, end, points, message):
    with pytest.raises(InputError, match=message):
        contact.cut(tuple(np.multiply(start, NM)), tuple(np.multiply(end, NM)), points)


# Resistance.


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
def test_resistance_of_an_ohmic_strip(coordinates):
    """L/(sigma width) in planar coordinates, and radially ln(r2/r1)/(2 pi sigma height)."""
    inner, length, width, sigma = 5 * NM, 20 * NM, 3 * NM, 1e-2
    mesh = strip(inner + np.linspace(0, length, 81), width, 2)
    model = Model(
        mesh,
        {"electrolyte": conductor(conductivity=sigma)},
        contacts={"left": LI, "right": LI},
        coordinates=coordinates,
        temperature=T,
    )
    resistance = effective_resistance(model.steady({"left": 0.01}))
    if coordinates == "planar":
        # a neutral slab stays neutral to second order in the bias
        assert resistance == pytest.approx(length / (sigma * width), rel=1e-9)
    else:
        exact = np.log((inner + length) / inner) / (2 * np.pi * sigma * width)
        assert resistance == pytest.approx(exact, rel=2e-3)


def test_there_is_no_resistance_without_one_bias_and_a_current():
    model = slab_between_reservoirs(potential="neutral")
    assert effective_resistance(model.equilibrium()) is None
    assert effective_resistance(model.steady({})) is None
    assert effective_resistance(model.steady({"left": 0.0})) is None
    assert effective_resistance(model.steady({"left": 0.01, "right": -0.01})) is None
    one = effective_resistance(model.steady({"left": 0.01, "right": 0.0}))
    assert one == pytest.approx(effective_resistance(model.steady({"left": 0.01})))


def test_promotion_is_the_share_by_which_the_resistance_falls():
    assert promotion(8.0, 10.0) == pytest.approx(0.2)
    assert promotion(10.0, 10.0) == 0.0
    assert promotion(12.0, 10.0) == pytest.approx(-0.2)
