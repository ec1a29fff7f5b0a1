"""Pairs of materials: cards, and standard potentials that close around every loop."""

import numpy as np
import pytest

from pyscl import Model, ReservoirContact
from pyscl.analytic import LatticeGasLayer, two_sided_contact
from pyscl.errors import InputError
from pyscl.input.loader import from_data, validated
from pyscl.materials import (
    Pair,
    apply_pairs,
    available,
    available_pairs,
    describe_pair,
    load,
    load_pair,
    pair_range,
    references,
    refused,
)
from pyscl.materials.pairs import read_pair
from pyscl.mesh import graded, strip
from pyscl.sweep.axes import expand_axes
from pyscl.sweep.cases import effective, key_of
from pyscl.sweep.definition import make_study
from pyscl.sweep.drive import plan
from pyscl.sweep.spreads import card_range
from pyscl.units import parse


def level(materials, region, carrier="Li"):
    return materials[region].carrier(carrier).standard_potential


# --- cards ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", available_pairs())
def test_every_pair_has_known_materials_sources_and_a_range_around_its_value(name):
    card, pair = read_pair(name), load_pair(name)
    if pair.step is not None:
        known = {*available(), *refused()}
        assert set(pair.materials) <= known
        assert -1.0 < pair.step < 1.0
        if card.step.range:
            low, high = (parse(end, "eV") for end in pair_range(name))
            assert low <= pair.step <= high
    else:
        assert pair.observed
    for p in pair.provenance:
        keys = p.source.split(", ") if p.source else []
        assert keys or p.assumption
        assert set(keys) <= set(references())
        assert p.note
    assert all(p.value in describe_pair(name) for p in pair.provenance)


def test_the_pairs_of_the_reviews_are_there():
    assert {"LiCoO2|Li6PS5Cl", "LiCoO2|LLZO", "Cu|LASGTP"} <= set(available_pairs())
    assert load_pair("Li6PS5Cl|LiCoO2") == load_pair("LiCoO2 | Li6PS5Cl")
    observed = load_pair("Cu|LASGTP").observed
    assert observed["drop"] == 1.3
    assert observed["width"] == pytest.approx(1e-8)


def test_an_unknown_pair_names_the_nearest():
    with pytest.raises(InputError, match=r"no pair 'LiCoO2\|LPSCl'.*Did you mean"):
        load_pair("LiCoO2|LPSCl")
    with pytest.raises(InputError, match="no range of its step"):
        pair_range("graphite|LLZO")


OWN = """\
name: LiCoO2|LGPS
description: mine
step: {value: -0.2 eV, range: [-0.3 eV, 0 eV], assumption: guess}
observed:
  width: {value: 3 nm, assumption: guess}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-0.2 eV", "-0.4 eV", "outside its range"),
        ("-0.2 eV", "-0.2 nm", "wrong unit 'nm'"),
        ("width", "with", r"no observation 'with'[\s\S]*Did you mean 'width'"),
        ("3 nm", "3 V", "wrong unit 'V'"),
        (", assumption: guess}\nobserved", "}\nobserved", "no source"),
        ("LiCoO2|LGPS", "LiCoO2", "names no pair"),
    ],
)
def test_mistakes_in_the_card_of_a_pair_are_shown(tmp_path, old, new, message):
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    assert load_pair(path).step == -0.2
    assert old in OWN
    path.write_text(OWN.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        load_pair(path)


# --- applying ---------------------------------------------------------------------------------


def test_the_second_region_of_the_first_pair_is_kept_and_the_others_follow():
    made = apply_pairs(
        {"coat": "LiNbO3", "cathode": "LiCoO2", "se": "Li6PS5Cl"},
        ["LiNbO3|Li6PS5Cl", "LiCoO2|LiNbO3"],
    )
    assert [level(made, r) for r in ("se", "coat", "cathode")] == pytest.approx([0.0, -0.2, -0.4])


def test_a_step_can_be_replaced_and_a_pair_can_stand_between_named_regions():
    both = {"left": "LLZO", "right": "LATP"}
    pair = {"pair": {"name": "one|other", "step": "0.05 eV"}, "regions": "left|right"}
    assert level(apply_pairs(both, [pair]), "left") == pytest.approx(0.05)
    assert level(apply_pairs(both, [pair | {"step": "-0.3 eV"}]), "left") == pytest.approx(-0.3)
    with pytest.raises(InputError, match=r"no region 'rigt'.*Did you mean 'right'"):
        apply_pairs(both, [pair | {"regions": "left|rigt"}])


def test_several_regions_of_one_material_get_one_level():
    made = apply_pairs({"p1": "LiCoO2", "p2": "LiCoO2", "se": "LLZO"}, ["LiCoO2|LLZO"])
    assert level(made, "p1") == level(made, "p2") == pytest.approx(-0.1)


def test_separate_groups_keep_one_region_each():
    made = apply_pairs(
        {"a": "LiCoO2", "b": load("LLZO", **{"carriers.Li.standard_potential": "0.2 eV"}),
         "c": "graphite", "d": "LGPS"},
        ["LiCoO2|LLZO", {"pair": Pair(name="graphite|LGPS", step=0.3)}],
    )  # fmt: skip
    assert level(made, "a") == pytest.approx(0.1)
    assert level(made, "c") == pytest.approx(0.3)


def test_electrons_of_a_mixed_conductor_move_against_the_ions():
    before = load("LiCoO2-mixed")
    made = apply_pairs({"a": "LiCoO2-mixed", "b": "Li6PS5Cl"}, ["LiCoO2|Li6PS5Cl"])
    assert level(made, "a") == pytest.approx(-0.4)
    assert level(made, "a", "e") == pytest.approx(level({"a": before}, "a", "e") + 0.4)
    assert made["a"].open_circuit_voltage(0.6) == before.open_circuit_voltage(0.6)


def test_steps_around_a_loop_must_close_and_the_loop_is_named():
    regions = {"cathode": "LiCoO2", "coat": "LiNbO3", "se": "Li6PS5Cl", "other": "LLZO"}
    loop = ["LiCoO2|Li6PS5Cl", "LiCoO2|LiNbO3", "LiNbO3|Li6PS5Cl"]
    apply_pairs(regions, [*loop, "LiCoO2|LLZO"])
    with pytest.raises(InputError) as caught:
        apply_pairs(regions, ["LiCoO2|LLZO", *loop[:2], {"pair": loop[2], "step": "-0.35 eV"}])
    text = str(caught.value)
    around = text.partition("regions ")[2].partition(",")[0].split(" - ")
    assert around[0] == around[-1]
    assert sorted(around[:-1]) == ["cathode", "coat", "se"]
    assert "they miss by 0.15 eV" in text
    (advice,) = (part for part in text.split("{")[1:] if "step" in part)
    name, value = advice.partition("}")[0].removeprefix("pair: ").split(", step: ")
    steps = {p: {"pair": p} for p in loop} | {loop[2]: {"pair": loop[2], "step": "-0.35 eV"}}
    apply_pairs(regions, [*(steps | {name: {"pair": name, "step": value}}).values()])


def test_a_level_set_by_hand_and_by_a_pair_is_refused():
    by_hand = load("LiCoO2", **{"carriers.Li.standard_potential": "-0.3 eV"})
    with pytest.raises(InputError, match=r"region 'a' sets .* to -0.3 eV, and so does the pair"):
        apply_pairs({"a": by_hand, "b": "LLZO"}, ["LiCoO2|LLZO"])


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("LiCoO2|LLZO", "no region consists of 'LLZO'; there are a .LiCoO2., b .LATP."),
        ("LixV2O5|LAGP", "has no step of the standard potential; a metal is no region"),
        ({"pair": "LiCoO2|LATP", "stp": 1}, "Did you mean 'step'"),
        ({"pair": {"name": "LiCoO2|LATP", "carrier": "Na", "step": 0.1}}, "one of 'Na'"),
        ({"pair": "LiCoO2|LATP", "regions": "a"}, "names no pair"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(pair, message):
    with pytest.raises(InputError, match=message):
        apply_pairs({"a": "LiCoO2", "b": "LATP"}, [pair])


def test_the_pair_stands_in_the_provenance_with_its_range_and_source():
    made = apply_pairs({"a": "LiCoO2", "b": "LLZO"}, ["LiCoO2|LLZO"])
    path = "carriers.Li.standard_potential"
    (entry,) = (p for p in made["a"].provenance if p.property == path)
    assert entry.source == "lai2026, deklerk2018"
    assert "step of -0.1 eV of the pair LiCoO2|LLZO, a|b (range -0.71 eV .. -0.08 eV)" in entry.note
    assert parse(entry.value, "eV") == level(made, "a")
    (kept,) = (p for p in made["b"].provenance if p.property == path)
    assert kept.assumption
    changed = apply_pairs({"a": "LiCoO2", "b": "LLZO"}, [{"pair": "LiCoO2|LLZO", "step": -0.5}])
    (entry,) = (p for p in changed["a"].provenance if p.property == path)
    assert entry.source == "user"
    assert "its card has -0.1 eV" in entry.note


# --- in a model and in a run file -------------------------------------------------------------


def test_a_model_with_a_pair_has_the_layers_of_its_step():
    """Against the exact split of the step between two lattice gases."""
    x = np.concatenate([-graded(4e-9, 0.004e-9, 1.1)[::-1], graded(8e-9, 0.01e-9, 1.1)[1:]])
    x -= x[0]
    plane = strip(x, regions=[("a", 4e-9), ("b", 12e-9)])
    lithium = ReservoirContact(carrier="Li")
    cathode = load("LiCoO2", **{"carriers.Li.site_density": "2 1/nm^3"})
    model = Model(
        plane,
        {"a": cathode, "b": "Li6PS5Cl"},
        contacts={"right": lithium},
        pairs=["LiCoO2|Li6PS5Cl"],
    )
    solution = model.equilibrium()
    layers = LatticeGasLayer(12.9, 2e27, 0.5), LatticeGasLayer(30.0, 2e27, 0.5)
    exact = two_sided_contact(*layers, 0.4)
    phi = solution.potential
    ends = phi[np.argmin(plane.points[:, 0])], phi[np.argmax(plane.points[:, 0])]
    assert ends[0] - ends[1] == pytest.approx(0.4, abs=1e-4)
    middle = phi[np.argmin(np.abs(plane.points[:, 0] - 4e-9))]
    assert abs(middle - ends[1]) == pytest.approx(abs(exact.right_potential), rel=2e-3)


def run(**changes):
    layers = [{"region": r, "thickness": "5 nm"} for r in ("a", "b")]
    data = {
        "mesh": {"geometry": {"kind": "stack", "height": "1 nm", "layers": layers}},
        "regions": {"a": "LiCoO2", "b": "Li6PS5Cl"},
        "pairs": ["LiCoO2|Li6PS5Cl"],
        "contacts": {"left": {"kind": "reservoir", "carrier": "Li", "potential": "neutral"}},
    }
    return data | changes


def test_pairs_of_a_run_file_hold_in_every_variant_that_has_their_materials():
    given = run(variants={"blank": {}, "garnet": {"b": "LLZO"}})
    given["pairs"].append("LiCoO2|LLZO")
    loaded = from_data(given, ".")
    assert level(loaded.materials("blank"), "a") == pytest.approx(-0.4)
    assert level(loaded.materials("garnet"), "a") == pytest.approx(-0.1)
    again = from_data(run(pairs=[{"pair": "LiCoO2|Li6PS5Cl", "step": "-0.3 eV"}]), ".")
    assert level(again.materials(), "a") == pytest.approx(-0.3)


def test_mistakes_in_the_pairs_of_a_run_file_are_shown_with_their_place(tmp_path):
    with pytest.raises(InputError, match=r"pairs.1: .*no region consists of 'LLZO'"):
        from_data(run(pairs=["LiCoO2|Li6PS5Cl", "LiCoO2|LLZO"]), ".")
    with pytest.raises(InputError, match=r"pairs.0.*no pair 'LiCoO2\|LPS'"):
        from_data(run(pairs=["LiCoO2|LPS"]), ".")
    (tmp_path / "own.yaml").write_text(OWN)
    own = from_data(run(regions={"a": "LiCoO2", "b": "LGPS"}, pairs=["own.yaml"]), tmp_path)
    assert level(own.materials(), "a") == pytest.approx(-0.2)


def test_the_range_of_a_step_is_one_word_in_a_study(tmp_path):
    assert card_range(run(), "pairs.0.step", tmp_path) == ("-0.5 eV", "-0.3 eV")
    with pytest.raises(InputError, match="no entry of 'pairs' '3'"):
        card_range(run(), "pairs.3.step", tmp_path)
    with pytest.raises(InputError, match="no range of a pair for 'regions'"):
        card_range(run(), "pairs.0.regions", tmp_path)


def test_every_case_of_a_study_over_a_step_has_its_levels():
    axes = {"step": {"path": "pairs.0.step", "spread": "linear"}}
    study = make_study("steps", base=run(), axes=axes, samples={"count": 6})
    (axis,) = expand_axes(study)
    assert (axis.bounds, axis.unit) == ((-0.5, -0.3), "eV")
    found, cases = plan(study)
    runs = [validated(effective(study, case, found)) for case in cases]
    levels = [level(run.materials(), "a") for run in runs]
    assert levels == pytest.approx([point.coordinate for point in axis.points])
    assert len({key_of(run) for run in runs}) == 6
