"""The table of named quantities, overlap, depleted shares, polarised sides; what has no value."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from models import KT, NM, T, conductor, slab_between_reservoirs, two_conductors

from pyscl import (
    BlockingContact,
    FloatingConductor,
    InputError,
    Johnson,
    Material,
    Model,
    PotentialContact,
    ReservoirContact,
    Solution,
)
from pyscl.mesh import graded, rectangle, strip
from pyscl.postprocess.layers import Along
from pyscl.postprocess.quantities import Quantity, write_csv
from pyscl.postprocess.zones import distance_to, zone
from pyscl.units import parse
from pyscl.verification.meshes import two_sided

LI = ReservoirContact(carrier="Li", potential="neutral")
LEFT_RIGHT = ("left", "right")


def film(thickness, potential=4 * KT):
    """A film between two equal electrodes, Debye length 0.5 nm."""
    half = graded(thickness / 2, 0.02 * NM, 1.1, 0.2 * NM)
    x = two_sided(half[-1] - half[::-1], half[-1] - half[::-1])
    contacts = {side: ReservoirContact(carrier="Li", potential=potential) for side in LEFT_RIGHT}
    mesh = strip(x, NM, 1, [("film", x[-1])])
    return Model(mesh, {"film": conductor()}, contacts=contacts, temperature=T)


# The table.


def test_a_table_has_every_quantity_once_with_unit_and_definition():
    rows = two_conductors().steady({"left": 1e-3}).quantities()
    keys = [(q.place, q.side, q.name) for q in rows]
    assert len(set(keys)) == len(keys)
    for q in rows:
        assert q.definition.isascii()
        assert "\n" not in q.definition
        assert q.value is None or np.isfinite(q.value)
        assert q.value is not None or q.note
        if not q.unit.startswith("J"):
            unit = q.unit.replace("Ohm m", "ohm*m")
            parse(f"1 {unit}", unit)
    assert {q.place for q in rows} == {"run", "a", "b", "a|b", "left", "right"}
    side = {q.name for q in rows if (q.place, q.side) == ("a|b", "b")}
    assert side >= {
        "potential drop", "Debye length", "1/e width", "1 % width", "centroid width",
        "depletion width", "layer charge", "excess of Li", "mean field", "peak field",
        "planar capacitance", "layer resistance for Li", "least site fraction of Li",
        "most site fraction of Li", "depleted share for Li", "bound charge",
    }  # fmt: skip
    of_run = {q.name for q in rows if q.place == "run"}
    assert of_run >= {"effective resistance", "effective conductivity xx", "free energy"}
    assert not [q for q in rows if "tortuosity" in q.name]  # no region joins the contacts


def test_the_table_repeats_the_attributes():
    state = two_conductors().equilibrium()
    table = {(q.place, q.side, q.name): q.value for q in state.quantities()}
    result = state.interface("a|b")
    for side in result.sides:
        where = ("a|b", side.region)
        assert table[*where, "layer charge"] == side.charge
        assert table[*where, "centroid width"] == side.width
        assert table[*where, "1/e width"] == side.decay_width.mean
        assert table[*where, "1 % width"] == side.one_percent_width.mean
        assert table[*where, "depletion width"] == side.depletion_width.mean
        assert table[*where, "peak field"] == side.peak_field
        assert table[*where, "depleted share for Li"] == side.depleted_share("Li")
        resistance = state.layer_resistance("a|b").layer(side.region, "Li").resistance
        assert table[*where, "layer resistance for Li"] == resistance
    assert table["a|b", "", "potential drop"] == result.potential_drop.mean
    assert table["run", "", "free energy"] == state.energy().total
    assert table["a", "", "amount of Li"] == state.amount("Li", "a")
    assert table["a", "", "bound charge inside"] == state.polarization_of("a").bound_charge


def test_a_table_goes_to_pandas_csv_and_json(tmp_path):
    pandas = pytest.importorskip("pandas")
    rows = two_conductors().equilibrium().quantities()
    frame = pandas.DataFrame(rows)
    head = ["place", "side", "name", "value", "unit", "definition", "spread", "note"]
    assert list(frame.columns) == head
    assert len(frame) == len(rows)
    write_csv(rows, tmp_path / "quantities.csv")
    with open(tmp_path / "quantities.csv", newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert list(read[0]) == head
    assert [row["name"] for row in read] == [q.name for q in rows]
    assert float(read[0]["value"]) == rows[0].value
    assert json.loads(json.dumps([q.to_dict() for q in rows], allow_nan=False))[0] == (
        rows[0].to_dict()
    )


def test_regions_warn_where_mean_field_theory_ends():
    rows = slab_between_reservoirs().equilibrium().quantities()
    (row,) = [q for q in rows if q.name == "mean carrier spacing"]
    (length,) = [q for q in rows if q.name == "Debye length" and not q.side]
    assert row.value > length.value
    assert "exceeds the Debye length" in row.note


def test_electrodes_have_sides_and_neutral_contacts_have_none():
    state = slab_between_reservoirs(potential=5 * KT).equilibrium()
    (side,) = state.contact("left").sides
    assert side.region == "electrolyte"
    assert float(side.potential_drop) == pytest.approx(-5 * KT)
    assert side.charge == pytest.approx(-state.contact("left").charge / NM)
    assert state.contact("right").sides == ()
    assert state.contact("top").sides == ()
    names = {(q.place, q.name) for q in state.quantities()}
    assert ("left", "layer charge") in names
    assert ("right", "layer charge") not in names
    assert ("right", "current") in names


def test_a_charged_side_has_a_layer():
    mesh = strip(graded(20 * NM, 0.02 * NM, 1.1, 0.3 * NM), NM)
    contacts = {"left": BlockingContact(surface_charge=0.02), "right": LI}
    model = Model(mesh, {"electrolyte": conductor()}, contacts=contacts, temperature=T)
    (side,) = model.equilibrium().contact("left").sides
    assert side.charge == pytest.approx(-0.02, rel=1e-6)
    assert float(side.depletion_width) > 0.0


def test_an_electrode_across_two_regions_has_a_side_in_each():
    """Regions of one material, 3 and 7 nm wide: both have the layer of a plane electrode.

    Of the corner between them a part of the displacement counts for their interface.
    """
    height = graded(20 * NM, 0.02 * NM, 1.1, 0.4 * NM)
    plain = strip(height, 10 * NM, 20)
    mesh = replace(plain, points=plain.points[:, ::-1].copy())
    mesh = replace(mesh, triangles=mesh.triangles[:, ::-1].copy())
    region = (mesh.points[mesh.triangles].mean(axis=1)[:, 0] > 3 * NM).astype(np.int32)
    mesh = replace(mesh, region=region, region_names=("a", "b"))
    contacts = {"left": ReservoirContact(carrier="Li", potential=3 * KT), "right": LI}
    model = Model(mesh, {"a": conductor(), "b": conductor()}, contacts=contacts, temperature=T)
    state = model.equilibrium()
    a, b = state.contact("left").sides
    assert (a.region, b.region) == ("a", "b")
    mean = -state.contact("left").charge / (10 * NM)
    for side in (a, b):
        assert side.charge == pytest.approx(mean, rel=2e-2)
        assert float(side.potential_drop) == pytest.approx(-3 * KT, rel=1e-9)
        assert side.excess["Li"] * 96485.332 == pytest.approx(mean, rel=2e-3)


# Overlap and missing values.


def test_overlapping_layers_have_no_width_but_a_drop():
    (thick, _), (thin, _) = (
        [film(size).equilibrium().contact(name).sides[0] for name in LEFT_RIGHT]
        for size in (30 * NM, 0.6 * NM)
    )
    assert thick.one_percent_width.share == 1.0
    assert thin.decay_width.mean is None
    assert thin.decay_width.share == 0.0
    assert "another layer or the end of the region comes first" in thin.decay_width.reason
    assert float(thin.potential_drop) == pytest.approx(float(thick.potential_drop), rel=1e-9)
    with pytest.raises(InputError, match="another layer"):
        float(thin.decay_width)


def test_zones_of_a_film_cover_it_once():
    model = film(3 * NM)
    parts = [zone(model, side, "film") for side in LEFT_RIGHT]
    weight = np.zeros(len(model.discretized.site_node))
    for part in parts:
        weight[part.sites] += part.weight
    np.testing.assert_allclose(weight, 1.0, rtol=1e-12)


def test_regions_without_carriers_have_fields_only():
    x = np.linspace(0, 4, 9) * NM
    mesh = strip(x, NM, 1, [("oxide", 2 * NM), ("pore", 4 * NM)])
    contacts = {"left": PotentialContact(potential=0.0), "right": PotentialContact(potential=1.0)}
    materials = {
        "oxide": Material(relative_permittivity=4.0),
        "pore": Material(relative_permittivity=1.0),
    }
    side = Model(mesh, materials, contacts=contacts).equilibrium().interface("oxide|pore").sides[0]
    assert side.mean_field == pytest.approx(1.0 / (2 * NM) * 1 / 5, rel=1e-9)  # out of the oxide
    assert side.peak_field == pytest.approx(side.mean_field, rel=1e-9)
    assert side.debye_length is None
    assert side.excess == {}
    for name in ("potential_drop", "decay_width", "depletion_width", "planar_capacitance"):
        found = getattr(side, name)
        assert found.mean is None
        assert "no carriers" in found.reason
    with pytest.raises(InputError, match="no carrier 'Li' in region 'oxide'"):
        side.depleted_share("Li")


def test_a_neutral_interface_has_a_drop_of_zero_and_no_width():
    state = two_conductors(step=KT * np.log(7 / 3)).equilibrium()
    for side in state.interface("a|b").sides:
        assert abs(float(side.potential_drop)) < 1e-9 * KT
        assert "no layer" in side.decay_width.reason
        assert abs(side.excess["Li"]) < 1e-18
        material = state.model.materials[side.region]
        eps = 8.8541878188e-12 * material.relative_permittivity
        assert float(side.planar_capacitance) == pytest.approx(eps / side.debye_length, rel=1e-6)


def test_a_permittivity_that_depends_on_the_field_has_no_planar_capacitance():
    law = Johnson(relative_permittivity=300.0, coefficient=1e11)
    material = Material(polarization=law, carriers=conductor(0.3 * NM).carriers)
    mesh = strip(graded(20 * NM, 0.05 * NM, 1.1, 0.5 * NM), NM)
    contacts = {"left": ReservoirContact(carrier="Li", potential=4 * KT), "right": LI}
    state = Model(mesh, {"electrolyte": material}, contacts=contacts, temperature=T).equilibrium()
    (side,) = state.contact("left").sides
    assert "depends on the field" in side.planar_capacitance.reason
    # Johnson's D of the field at the wall; P is that of the first elements, 0.05 nm away
    linear = 8.8541878188e-12 * 300.0 * side.mean_field
    bent_down = linear + law.excess(side.mean_field)
    assert bent_down < 0.7 * linear
    assert -side.charge == pytest.approx(bent_down, rel=2e-2)


def test_a_floating_conductor_has_a_surface_and_no_field():
    x = np.linspace(0, 6, 25) * NM
    mesh = strip(x, NM, 1, [("ion", 4 * NM), ("metal", 6 * NM)])
    materials = {"ion": conductor(), "metal": Material(relative_permittivity=1.0)}
    model = Model(
        mesh, materials, contacts={"left": LI}, temperature=T,
        floating=[FloatingConductor(region="metal", charge=1e-11)],
    )  # fmt: skip
    ion, metal = model.equilibrium().interface("ion|metal").sides
    assert metal.charge == pytest.approx(1e-11 / NM, rel=1e-9)
    assert ion.charge == pytest.approx(-metal.charge, rel=1e-9)
    assert abs(metal.mean_field) < 1e-6 * abs(ion.mean_field)
    assert ion.mean_field > 0.0


# Depleted share.


def bent(slope):
    """A square whose left wall is bent from 0 at the bottom by slope kT/e at the top."""
    mesh = rectangle(8, 40, 4 * NM, 10 * NM)
    contacts = {"left": ReservoirContact(carrier="Li", potential=1.0), "right": LI}
    model = Model(mesh, {"electrolyte": conductor()}, contacts=contacts, temperature=T)
    start = model.conditions.start_state().copy()
    nodes = np.unique(mesh.facets_of("left"))
    start[: mesh.n_points] = 0.0
    start[nodes] = slope * mesh.points[nodes, 1] / (10 * NM)
    history = slab_between_reservoirs().equilibrium().history
    return Solution(model, start, kind="equilibrium", bias={}, history=history)


def test_depleted_share_is_where_the_site_fraction_is_below_a_part_of_the_bulk():
    (side,) = bent(4.0).contact("left").sides
    for below in (0.2, 0.5, 0.9):
        # y/y0 = 2/(1 + e^u) of the half-filled lattice
        height = np.log(2.0 / below - 1.0) / 4.0
        assert side.depleted_share("Li", below) == pytest.approx(1.0 - height, abs=1e-4)
    assert side.depleted_share("Li") == side.depleted_share("Li", 0.5)
    assert side.depleted_share("Li", 1e-3) == 0.0
    assert side.depleted_share("Li", 3.0) == 1.0
    with pytest.raises(InputError, match=r"below = 0.* is no part"):
        side.depleted_share("Li", 0.0)
    with pytest.raises(InputError, match="no carrier 'Na' in region 'electrolyte'"):
        side.depleted_share("Na")


def test_spread_is_the_standard_deviation_along_the_interface():
    (side,) = bent(4.0).contact("left").sides
    drop = side.potential_drop
    assert drop.mean == pytest.approx(-2.0 * KT, rel=1e-9)
    assert drop.spread == pytest.approx(4.0 * KT / np.sqrt(12.0), rel=1e-3)
    width = side.depletion_width
    assert 0.9 < width.share <= 1.0


def test_means_leave_out_what_does_not_exist():
    values, measure = np.array([1.0, np.nan, 4.0]), np.array([2.0, 3.0, 1.0])
    found = Along.of(values, measure, "because")
    assert (found.mean, found.share, found.reason) == (2.0, 0.5, "")
    assert found.spread == pytest.approx(np.sqrt(2.0))
    assert float(found) == 2.0
    none = Along.of(values, measure, "because", least=0.6)
    assert (none.mean, none.spread, none.share, none.reason) == (None, None, 0.5, "because")


# Geometry.


def test_distances_are_those_to_segments():
    points = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0]])
    facets = np.array([[0, 1], [1, 2]], dtype=np.int32)
    wanted = np.array([[1.0, 2.0], [-3.0, 4.0], [5.0, 1.5], [3.5, 1.0], [4.0, 0.0]])
    np.testing.assert_allclose(distance_to(points, facets, wanted), [2.0, 5.0, 1.0, 0.5, 0.0])


def test_two_solutions_of_a_model_share_its_zones():
    model = two_conductors()
    assert zone(model, "a|b", "a") is zone(model, "a|b", "a")
    assert zone(two_conductors(), "a|b", "a") is not zone(model, "a|b", "a")


def test_quantities_are_plain_and_frozen():
    quantity = Quantity("run", "", "x", 1.0, "1", "one")
    with pytest.raises(AttributeError):
        quantity.value = 2.0  # type: ignore[misc]
    assert quantity.to_dict()["definition"] == "one"
