"""Where named quantities end: overlapping layers, no layer, sides without carriers, notes."""

from dataclasses import replace

import numpy as np
import pytest
from models import KT, NM, T, conductor, slab_between_reservoirs, two_conductors
from scipy.constants import Avogadro, elementary_charge, epsilon_0
from scipy.special import k0, k1

from pyscl import (
    BlockingContact,
    FloatingConductor,
    Johnson,
    Material,
    Model,
    PotentialContact,
    ReservoirContact,
    Solution,
)
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import graded, rectangle, strip
from pyscl.postprocess import zones
from pyscl.postprocess.borders import border_measures
from pyscl.verification.disc_setups import curved_wall
from pyscl.verification.setups import lattice_gas

LI = ReservoirContact(carrier="Li", potential="neutral")
FARADAY = Avogadro * elementary_charge


def film(thickness, left, right, step=0.02 * NM):
    """A film between two electrodes at potentials [V], Debye length 0.5 nm."""
    x = np.linspace(0.0, thickness, round(thickness / step) + 1)
    contacts = {
        name: ReservoirContact(carrier="Li", potential=volts)
        for name, volts in (("left", left), ("right", right))
    }
    mesh = strip(x, NM, 1, [("film", x[-1])])
    return Model(mesh, {"film": conductor()}, contacts=contacts, temperature=T)


def side_of(model, name="left"):
    (side,) = model.equilibrium().contact(name).sides
    return side


# Overlap.


def test_a_potential_that_changes_sign_has_not_decayed():
    """Between opposite layers phi is a sinh: at 1 Debye length from its zero nearly a line."""
    side = side_of(film(1.0 * NM, 2 * KT, -2 * KT))
    for width in (side.decay_width, side.one_percent_width):
        assert width.mean is None
        assert "changes sign" in width.reason


def test_opposite_layers_far_apart_have_their_widths():
    """The zero between them is at rounding; 3 lengths away it costs 1.4 % of the 1/e width."""
    weak = 0.01 * KT
    near, far = (side_of(film(d, weak, -weak)) for d in (3.0 * NM, 20.0 * NM))
    assert far.decay_width.share == far.one_percent_width.share == 1.0
    assert float(far.decay_width) == pytest.approx(0.5 * NM, rel=1e-3)
    exact = 3.0 - np.arcsinh(np.sinh(3.0) / np.e)
    assert float(near.decay_width) == pytest.approx(exact * 0.5 * NM, rel=1e-3)
    assert near.one_percent_width.mean is None
    assert far.overlap == near.overlap == ""


@pytest.mark.parametrize(("left", "right"), [(4 * KT, -4 * KT), (4 * KT, 4 * KT)])
def test_quantities_of_overlapping_layers_have_a_note(left, right):
    state = film(0.6 * NM, left, right).equilibrium()
    table = {q.name: q for q in state.quantities() if (q.place, q.side) == ("left", "film")}
    for name in ("planar capacitance", "centroid width"):
        assert table[name].value is not None
        assert "layers overlap" in table[name].note
    for name in ("1/e width", "1 % width"):
        assert table[name].value is None
        assert "layers overlap" in table[name].note
    assert table["layer charge"].note == table["potential drop"].note == ""


def test_a_potential_that_does_not_decay_is_enough_for_a_note():
    """Here the charge alone looks like that of a plane layer by itself, to 7 %."""
    side = side_of(film(0.6 * NM, 0.5 * KT, 0.2 * KT))
    assert abs(side._side.over_planar - 1.0) < 0.1
    assert "does not fall to 1/e" in side.overlap
    assert side._side.unfinished == 1.0


def test_the_charge_of_a_curved_layer_is_enough_for_a_note():
    """Around a disc of half a Debye length, K1/K0 times the charge of the plane; it decays."""
    layer = LatticeGasLayer(30.0, 1e27, 0.5)
    model = curved_wall(lattice_gas(layer), layer.debye_length, 0.5 * layer.debye_length, 1e-5, 20)
    side = side_of(model, "inner")
    assert side.decay_width.mean is not None
    assert side._side.over_planar == pytest.approx(k1(0.5) / k0(0.5), rel=5e-3)
    assert "1.79 times that of a plane layer by itself" in side.overlap


def test_no_depletion_is_wider_than_its_region():
    """Opposite electrodes: the field of a capacitor needs more ions than a thin film has."""
    (side,) = film(0.4 * NM, 4 * KT, -4 * KT).equilibrium().contact("left").sides
    assert side.depletion_width.mean is None
    assert "wider than 'film' is thick" in side.depletion_width.reason
    emptied = side_of(film(0.6 * NM, 6 * KT, 6 * KT))
    assert float(emptied.depletion_width) < 0.3 * NM
    assert "layers overlap" in emptied.depletion_width.note


def test_an_excess_that_is_not_the_charge_has_a_note():
    shared = side_of(film(0.6 * NM, 4 * KT, -4 * KT))
    assert abs(FARADAY * shared.excess["Li"] / shared.charge - 1.0) > 0.1
    assert "times that of the layer" in shared.excess_note
    alone = side_of(film(10 * NM, 4 * KT, -4 * KT))
    assert pytest.approx(alone.charge, rel=1e-3) == FARADAY * alone.excess["Li"]
    assert alone.excess_note == ""


@pytest.mark.parametrize("drop", [1e-3 * KT, -3 * KT, 8 * KT])
def test_single_layers_have_no_notes(drop):
    """Weak, enriched and depleted: the charge is that of the first integral."""
    state = slab_between_reservoirs(potential=drop).equilibrium()
    (side,) = state.contact("left").sides
    assert side._side.over_planar == pytest.approx(1.0, abs=0.02)
    rows = [q for q in state.quantities() if (q.place, q.side) == ("left", "electrolyte")]
    assert not [q for q in rows if q.note and "nowhere depleted" not in q.note]


# No layer.


def test_there_is_no_depletion_without_a_layer():
    model = two_conductors(step=KT * np.log(7 / 3))
    for side in model.equilibrium().interface("a|b").sides:
        width = side.depletion_width
        assert width.mean is None
        assert width.share == 0.0
        assert "there is no layer" in width.reason


# Sides without carriers, and what is missing.


def test_a_floating_conductor_has_its_charge_in_the_table():
    x = np.linspace(0, 6, 25) * NM
    mesh = strip(x, NM, 1, [("ion", 4 * NM), ("metal", 6 * NM)])
    materials = {"ion": conductor(), "metal": Material(relative_permittivity=1.0)}
    model = Model(
        mesh, materials, contacts={"left": LI}, temperature=T,
        floating=[FloatingConductor(region="metal", charge=1e-11)],
    )  # fmt: skip
    table = {(q.side, q.name): q for q in model.equilibrium().quantities()}
    assert table["metal", "surface charge"].value == pytest.approx(0.01, rel=1e-9)
    assert ("metal", "displacement") not in table


def test_a_dielectric_side_has_its_displacement_in_the_table():
    x = np.linspace(0, 6, 25) * NM
    mesh = strip(x, NM, 1, [("ion", 4 * NM), ("oxide", 6 * NM)])
    materials = {"ion": conductor(), "oxide": Material(relative_permittivity=5.0)}
    contacts = {"left": LI, "right": PotentialContact(potential=-0.2)}
    state = Model(mesh, materials, contacts=contacts, temperature=T).equilibrium()
    table = {(q.place, q.side, q.name): q for q in state.quantities()}
    into = table["ion|oxide", "oxide", "displacement"].value
    assert into == pytest.approx(-table["ion|oxide", "ion", "layer charge"].value * -1.0, rel=1e-9)
    assert into > 0.0
    assert table["right", "oxide", "displacement"].value == pytest.approx(-into, rel=1e-9)
    field = table["ion|oxide", "oxide", "mean field"].value
    assert into == pytest.approx(5.0 * epsilon_0 * field, rel=1e-9)


def test_every_missing_value_says_why():
    law = Johnson(relative_permittivity=300.0, coefficient=1e9)
    x = np.linspace(0, 20, 201) * NM
    mesh = strip(x, NM, 1, [("a", 10 * NM), ("b", 20 * NM)])
    soft = Material(polarization=law, carriers=conductor(standard_potential=2 * KT).carriers)
    model = Model(mesh, {"a": conductor(), "b": soft}, contacts={"left": LI}, temperature=T)
    rows = model.equilibrium().quantities()
    missing = [q for q in rows if q.value is None]
    assert ("a|b", "", "planar capacitance") in {(q.place, q.side, q.name) for q in missing}
    assert not [q for q in missing if not q.note]


def test_definitions_say_what_is_averaged_and_which_bulk():
    rows = two_conductors().equilibrium().quantities()
    text = {q.name: q.definition for q in rows if q.side == "b"}
    assert "nodes on the interface, not in the layer" in text["least site fraction of Li"]
    for name in ("layer resistance for Li", "sheet conductance for Li"):
        assert "sigma_bulk of the material as given" in text[name]
    assert "Solution.static_response" in text["planar capacitance"]


def test_an_interface_has_the_order_of_the_alphabet():
    state = two_conductors().equilibrium()
    one, other = state.interface("a|b"), state.interface("b|a")
    assert one.name == other.name == "a|b"
    assert [side.region for side in other.sides] == ["a", "b"]
    assert other.potential_drop == one.potential_drop


# Fields and shares.


def made_up(potential):
    """The side of a wall at x = 0 of a square, in a state with a potential of x and y [kT/e]."""
    mesh = rectangle(8, 40, 4 * NM, 10 * NM)
    contacts = {"left": ReservoirContact(carrier="Li", potential=1.0), "right": LI}
    model = Model(mesh, {"electrolyte": conductor()}, contacts=contacts, temperature=T)
    state = model.conditions.start_state().copy()
    state[: mesh.n_points] = potential(*mesh.points.T)
    history = slab_between_reservoirs().equilibrium().history
    made = Solution(model, state, kind="equilibrium", bias={}, history=history)
    return made.contact("left").sides[0]


def test_the_peak_field_has_its_tangential_part():
    """A potential that rises by 20 kT/e over 10 nm along the wall."""
    side = made_up(lambda x, y: 20.0 * y / (10 * NM))
    along = 20.0 * KT / (10 * NM)
    np.testing.assert_allclose(side._side.tangential_field, along, rtol=1e-9)
    normal = np.abs(side._side.normal_field)
    peak = float(np.sqrt(normal**2 + along**2).max())
    assert side.peak_field == pytest.approx(peak, rel=1e-12)
    assert side.peak_field >= along


def test_parts_of_a_place_without_layer_have_no_depletion():
    """The lower half of the wall lies at the bulk, up to less than counts as a layer."""
    side = made_up(lambda x, y: np.where(x > 0.0, 0.0, np.where(y < 5 * NM, 1e-9, 2.0)))
    assert side.depletion_width.share == pytest.approx(0.5, abs=0.03)


def test_layers_of_both_signs_on_a_place_do_not_cancel():
    """Charges that add up to zero are no sign of overlap."""
    side = made_up(lambda x, y: np.where(x > 0.0, 0.0, np.where(y < 5 * NM, -2.0, 2.0)))
    alone = made_up(lambda x, y: np.where(x > 0.0, 0.0, 2.0))
    assert abs(side.charge) < 0.05 * abs(alone.charge)
    assert side._side.over_planar == pytest.approx(alone._side.over_planar, rel=0.3)


def test_points_in_the_middle_count_half_for_each_layer():
    """Equal electrodes: the middle of the film belongs to both, and the excess is the charge."""
    model = film(0.6 * NM, 2 * KT, 2 * KT, step=0.1 * NM)
    left, right = (side_of(model, name) for name in ("left", "right"))
    here = zones.zone(model, "left", "film")
    assert sorted(set(here.weight)) == [0.5, 1.0]
    assert pytest.approx(left.charge, rel=1e-9) == FARADAY * left.excess["Li"]
    assert left.excess["Li"] == pytest.approx(right.excess["Li"], rel=1e-9)


def test_a_width_on_less_than_half_of_a_place_has_no_mean():
    """One electrode beside a thick and a thin part of a film, in which its layers overlap."""
    for share, there in ((0.7, True), (0.3, False)):
        side = side_of(stepped(share))
        assert side.decay_width.share == pytest.approx(share, abs=0.06)
        assert (side.decay_width.mean is not None) == there


def stepped(share):
    """A film on an electrode: 8 nm thick on a share of its length, 0.4 nm under another one."""
    plain = strip(np.linspace(0.0, 20 * NM, 41), 8 * NM, 1)
    rise = graded(8 * NM, 0.05 * NM, 1.1, 0.4 * NM)
    points = np.array([(x, y) for y in rise for x in np.unique(plain.points[:, 0])])
    n = 41
    corner = [(i + n * j, i + 1 + n * j, i + n * (j + 1), i + 1 + n * (j + 1))
              for j in range(len(rise) - 1) for i in range(n - 1)]  # fmt: skip
    triangles = np.array([t for a, b, c, d in corner for t in ((a, b, d), (a, d, c))], np.int32)
    middle = points[triangles].mean(axis=1)
    thin = (middle[:, 0] > share * 20 * NM) & (middle[:, 1] > 0.4 * NM)
    region = thin.astype(np.int32)
    bottom = np.array([(i, i + 1) for i in range(n - 1)], np.int32)
    mesh = replace(
        plain, points=points, triangles=triangles, region=region, region_names=("film", "metal"),
        facets=bottom, facet_group=np.zeros(n - 1, np.int32), facet_names=("bottom",),
    )  # fmt: skip
    materials = {"film": conductor(), "metal": Material(relative_permittivity=1.0)}
    contacts = {"left": ReservoirContact(carrier="Li", potential=KT)}
    mesh = replace(mesh, facet_names=("left",))
    return Model(
        mesh, materials, contacts=contacts, temperature=T,
        floating=[FloatingConductor(region="metal", charge=0.0)],
    )  # fmt: skip


# Work.


def test_sites_are_divided_as_by_all_distances():
    """Only near sites are measured from a place; the division is that by all distances."""
    model = grid_of_particles(3)
    points = model.mesh.points[model.discretized.site_node]
    matrix = model.mesh.region_names.index("matrix")
    sites = np.flatnonzero(model.discretized.site_region == matrix)
    names = zones.layer_interfaces(model)
    away = np.array(
        [zones.distance_to(model.mesh.points, model.mesh.interfaces[n], points[sites])
         for n in names]
    )  # fmt: skip
    nearest = away <= away.min(axis=0) * (1.0 + 1e-9)
    for name, mine, distance in zip(names, nearest, away, strict=True):
        found = zones.zone(model, name, "matrix")
        np.testing.assert_array_equal(found.sites, sites[mine])
        np.testing.assert_allclose(found.distance, distance[mine], rtol=1e-12)
        np.testing.assert_allclose(found.weight, 1.0 / nearest.sum(axis=0)[mine])


def test_materials_are_compared_once_per_region(monkeypatch):
    """And borders are measured once per region, however many interfaces there are."""
    model = grid_of_particles(3)
    calls = {"dumps": 0, "borders": 0}
    dump, beside = Material.model_dump, zones.facets_beside

    def counted(self, **given):
        calls["dumps"] += 1
        return dump(self, **given)

    monkeypatch.setattr(Material, "model_dump", counted)
    names = zones.layer_interfaces(model)
    zones.layer_interfaces(model)
    assert len(names) == 9
    assert calls["dumps"] == len(model.materials)

    def measured(model, place, region):
        calls["borders"] += 1
        return beside(model, place, region)

    monkeypatch.setattr("pyscl.postprocess.borders.facets_beside", measured)
    for name in names:
        border_measures(model, name, "matrix")
    assert calls["borders"] == 2 * len(names)  # each for itself, and all of them once


def grid_of_particles(k):
    """Square particles of 4 nm in cells of 8 nm."""
    n = 8 * k
    mesh = rectangle(n, n, n * NM, n * NM)
    middle = mesh.points[mesh.triangles].mean(axis=1) / NM
    cell = (middle // 8).astype(int)
    inside = ((middle % 8 > 2) & (middle % 8 < 6)).all(axis=1)
    region = np.where(inside, 1 + cell[:, 0] * k + cell[:, 1], 0).astype(np.int32)
    names = ("matrix", *(f"p{i}" for i in range(k * k)))
    mesh = replace(mesh, region=region, region_names=names)
    particle = conductor(standard_potential=-KT)
    materials = {name: particle for name in names} | {"matrix": conductor()}
    return Model(mesh, materials, contacts={"right": LI}, temperature=T)


def test_charged_sides_have_zones_of_their_own():
    mesh = strip(np.linspace(0.0, 4 * NM, 41), NM)
    contacts = {"left": BlockingContact(surface_charge=0.01), "right": LI}
    model = Model(mesh, {"electrolyte": conductor()}, contacts=contacts, temperature=T)
    assert len(zones.zone(model, "left", "electrolyte").sites) == mesh.n_points
