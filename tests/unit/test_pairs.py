"""Pairs of materials: cards, and standard potentials that close around every loop."""

import pytest
from pair_cases import OWN, bulk, level, run

from pyscl.errors import InputError
from pyscl.input.loader import from_data
from pyscl.materials import (
    Material,
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
from pyscl.sweep.spreads import card_range
from pyscl.units import parse

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
    assert load_pair("LiCoO2|Li6PS5Cl") == load_pair("LiCoO2 | Li6PS5Cl")
    assert load_pair("LCO|LPSCl") == load_pair("LiCoO2|Li6PS5Cl")
    observed = load_pair("Cu|LASGTP").observed
    assert observed["drop"] == 1.3
    assert observed["width"] == pytest.approx(1e-8)


def test_an_unknown_pair_names_the_nearest():
    with pytest.raises(InputError, match=r"no pair 'LiCoO2\|LPSC'.*Did you mean"):
        load_pair("LiCoO2|LPSC")


def test_a_pair_without_a_range_says_so(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace(" range: [-0.3 eV, 0 eV],", ""))
    assert load_pair(path).step == -0.2
    with pytest.raises(InputError, match="no range of its step"):
        pair_range(path)


@pytest.mark.parametrize("name", [n for n in available_pairs() if load_pair(n).step])
def test_sizes_of_a_class_and_signs_that_were_chosen_are_assumptions_with_a_range(name):
    """No pair has a number of its own: reviews give classes, and most signs were chosen here."""
    (entry,) = (p for p in load_pair(name).provenance if p.property == "step")
    assert entry.assumption
    assert entry.range
    if "sign was chosen here" in read_pair(name).description:
        low, high = (parse(end, "eV") for end in pair_range(name))
        assert low == -high


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
    both = {"left": "LiCoO2", "right": "Li6PS5Cl"}
    pair = {"pair": {"name": "one|other", "step": "0.05 eV"}, "regions": "left|right"}
    assert level(apply_pairs(both, [pair]), "left") == pytest.approx(0.05)
    assert level(apply_pairs(both, [pair | {"step": "-0.3 eV"}]), "left") == pytest.approx(-0.3)
    with pytest.raises(InputError, match=r"no region 'rigt'.*Did you mean 'right'"):
        apply_pairs(both, [pair | {"regions": "left|rigt"}])


def test_several_regions_of_one_material_get_one_level():
    made = apply_pairs({"p1": "LiCoO2", "p2": "LiCoO2", "se": "LLZO"}, ["LiCoO2|LLZO"])
    assert level(made, "p1") == level(made, "p2")
    assert bulk(made, "p1") - bulk(made, "se") == pytest.approx(-0.1)


def test_separate_groups_keep_one_region_each():
    made = apply_pairs(
        {"a": "LiCoO2", "b": load("LLZO", **{"carriers.Li.standard_potential": "0.2 eV"}),
         "c": "graphite", "d": "LGPS"},
        ["LiCoO2|LLZO", {"pair": Pair(name="graphite|LGPS", step=0.3)}],
    )  # fmt: skip
    assert level(made, "b") == 0.2
    assert bulk(made, "a") - bulk(made, "b") == pytest.approx(-0.1)
    assert bulk(made, "c") - bulk(made, "d") == pytest.approx(0.3)


def test_electrons_of_a_mixed_conductor_move_against_the_ions():
    before = load("LiCoO2-mixed")
    made = apply_pairs({"a": "LiCoO2-mixed", "b": "Li6PS5Cl"}, ["LiCoO2|Li6PS5Cl"])
    moved = level(made, "a")
    assert moved != 0.0
    assert level(made, "a", "e") == pytest.approx(level({"a": before}, "a", "e") - moved)
    assert made["a"].open_circuit_voltage(0.6) == before.open_circuit_voltage(0.6)


@pytest.mark.parametrize("name", [n for n in available_pairs() if load_pair(n).step])
def test_the_built_in_potential_of_two_bulks_is_that_of_the_pair_whatever_their_fillings(name):
    first, second = (load(m) for m in load_pair(name).materials)
    for y in (0.2, 0.7):
        filled = second.with_(**{"carriers.Li.site_fraction": y})
        made = apply_pairs({"a": first, "b": filled}, [name])
        assert bulk(made, "a") - bulk(made, "b") == pytest.approx(load_pair(name).step, abs=1e-10)


@pytest.mark.parametrize("x", [0.5, 0.66, 0.9])
def test_an_open_circuit_curve_has_its_part_in_the_step_at_every_composition(x):
    cathode = load("LiCoO2-mixed").with_lithium(x)
    made = apply_pairs({"a": cathode, "b": "Li6PS5Cl"}, ["LiCoO2|Li6PS5Cl"])
    assert bulk(made, "a") - bulk(made, "b") == pytest.approx(-0.4, abs=1e-9)
    assert made["a"].open_circuit_voltage(x) == cathode.open_circuit_voltage(x)


# --- order ------------------------------------------------------------------------------------


def test_a_step_follows_the_order_of_the_names_as_typed():
    regions = {"cathode": "LiCoO2", "se": "Li6PS5Cl"}
    assert load_pair("Li6PS5Cl|LiCoO2").step == 0.4
    assert pair_range("LiCoO2|Li3PS4") == ("-0.5 eV", "-0.3 eV")
    assert pair_range("Li3PS4|LiCoO2") == ("0.3 eV", "0.5 eV")
    assert "0.3 eV .. 0.5 eV" in describe_pair("Li3PS4|LiCoO2")
    for pair in (
        "Li6PS5Cl|LiCoO2",
        {"pair": "Li6PS5Cl|LiCoO2", "regions": "se|cathode"},
        {"pair": "Li6PS5Cl|LiCoO2", "step": "0.4 eV"},
        {"pair": "LiCoO2|Li6PS5Cl", "step": "-0.4 eV"},
        {"pair": {"name": "Li6PS5Cl|LiCoO2", "step": "0.4 eV"}},
    ):
        made = apply_pairs(regions, [pair])
        assert level(made, "cathode") - level(made, "se") == pytest.approx(-0.4)
    ends = card_range(run(pairs=["Li3PS4|LiCoO2"]), "pairs.0.step", ".")
    assert ends == ("0.3 eV", "0.5 eV")


def test_regions_in_the_other_order_than_their_materials_are_refused():
    regions = {"cathode": "LiCoO2", "se": "Li6PS5Cl", "coat": "LiNbO3"}
    for pair, between in (
        ("LiCoO2|Li6PS5Cl", "se|cathode"),
        ("Li6PS5Cl|LiCoO2", "cathode|se"),
        ("LiCoO2|Li6PS5Cl", "coat|cathode"),
        ("LiCoO2|Li6PS5Cl", "se|coat"),
    ):
        with pytest.raises(InputError, match=r"the order is not the same.*write {pair: "):
            apply_pairs(regions, [{"pair": pair, "regions": between}])


def test_a_pair_of_other_materials_is_recorded_as_a_choice_of_the_user():
    regions = {"cathode": "NMC811", "se": "LLZO"}
    made = apply_pairs(regions, [{"pair": "LiCoO2|Li6PS5Cl", "regions": "cathode|se"}])
    path = "carriers.Li.standard_potential"
    (entry,) = (p for p in made["cathode"].provenance if p.property == path)
    assert entry.source == "user"
    assert "of the pair LiCoO2|Li6PS5Cl, cathode|se, used for NMC811|LLZO" in entry.note


def test_one_pair_alone_is_told_to_be_a_list():
    with pytest.raises(InputError, match=r"write pairs=\['LiCoO2\|LLZO'\]"):
        apply_pairs({"a": "LiCoO2", "b": "LLZO"}, "LiCoO2|LLZO")


# --- loops and levels that are set twice ---------------------------------------------------------


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


SET_AS_A_WHOLE = {
    "name": "Li", "charge": 1, "site_density": 1e27, "site_fraction": 0.5,
    "standard_potential": -0.2,
}  # fmt: skip


def test_a_level_set_by_hand_inside_a_list_of_carriers_is_refused_too():
    given = load("LiCoO2").with_(carriers=[SET_AS_A_WHOLE])
    made = Material(name="LiCoO2", relative_permittivity=10, carriers=[SET_AS_A_WHOLE])
    units = {"site_density": "1 1/nm^3", "standard_potential": "-0.2 eV"}
    inline = {"name": "LiCoO2", "relative_permittivity": 9, "carriers": [SET_AS_A_WHOLE | units]}
    for material in (given, made):
        with pytest.raises(InputError, match=r"sets .* to -0.2 eV, and so does the pair"):
            apply_pairs({"a": material, "b": "LLZO"}, ["LiCoO2|LLZO"])
    with pytest.raises(InputError, match=r"sets .* to -0.2 eV, and so does the pair"):
        from_data(run(regions={"a": inline, "b": "Li6PS5Cl"}), ".")


def test_the_same_pairs_applied_again_change_nothing():
    pairs = [{"pair": "LiCoO2|Li6PS5Cl", "step": "-0.3 eV"}]
    for cathode in ("LiCoO2", "LiCoO2-mixed"):
        once = apply_pairs({"a": cathode, "b": "Li6PS5Cl"}, pairs)
        assert apply_pairs(once, pairs) == once
    stronger = apply_pairs(once, ["LiCoO2|Li6PS5Cl"])
    assert bulk(stronger, "a") - bulk(stronger, "b") == pytest.approx(-0.4)
    with pytest.raises(
        InputError, match=r"set by the pair Li6PS5Cl\|LiCoO2 of Li before.*together"
    ):
        apply_pairs(once | {"c": load("LLZO")}, ["LiCoO2|LLZO"])


def test_two_pairs_that_move_one_mixed_conductor_are_both_named():
    both = [
        {"pair": {"name": "LiCoO2|graphite", "step": "-0.1 eV"}},
        {"pair": {"name": "LiCoO2|graphite", "carrier": "e", "step": "-0.3 eV"}},
    ]
    with pytest.raises(InputError, match=r"pair LiCoO2\|graphite of Li moves .*\|graphite of e"):
        apply_pairs({"c": "LiCoO2-mixed", "a": "graphite"}, both)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("LiCoO2|LLZO", "no region consists of 'LLZO'; there are a .LiCoO2., b .LATP."),
        ("LixV2O5|LAGP", "has no step of the chemical potential; a metal is no region"),
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
