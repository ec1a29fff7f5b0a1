"""Pairs of materials in models, in run files and in studies."""

import numpy as np
import pytest
from pair_cases import OWN, bulk, level, run

from pyscl import Model, ReservoirContact
from pyscl.analytic import LatticeGasLayer, two_sided_contact
from pyscl.errors import InputError
from pyscl.input.loader import from_data, validated
from pyscl.materials import (
    apply_pairs,
    load,
)
from pyscl.mesh import graded, strip
from pyscl.runner import execute
from pyscl.sweep.axes import expand_axes
from pyscl.sweep.cases import effective, key_of
from pyscl.sweep.definition import make_study
from pyscl.sweep.drive import plan
from pyscl.sweep.spreads import card_range


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


def drop_between_the_bulks(cathode, electrolyte, pair, temperature=298.15):
    """Solved potential of the cathode's bulk over the electrolyte's [V].

    The electrons of a mixed conductor are held where its composition stays as it is.
    """
    x = np.concatenate([-graded(6e-9, 2e-12, 1.15)[::-1], graded(6e-9, 2e-12, 1.15)[1:]])
    plane = strip(x - x[0], regions=[("a", 6e-9), ("b", 12e-9)])
    contacts = {"right": ReservoirContact(carrier="Li")}
    if cathode.endswith("-mixed"):
        made = apply_pairs({"a": cathode, "b": electrolyte}, [pair])
        electrons = bulk(made, "a", "e") + bulk(made, "a") - bulk(made, "b")
        contacts["left"] = ReservoirContact(carrier="e", electrochemical_potential=electrons)
    model = Model(
        plane,
        {"a": cathode, "b": electrolyte},
        contacts=contacts,
        pairs=[pair],
        temperature=temperature,
    )
    phi = model.equilibrium().potential
    return phi[np.argmin(plane.points[:, 0])] - phi[np.argmax(plane.points[:, 0])]


@pytest.mark.parametrize(
    ("cathode", "electrolyte", "pair", "volts"),
    [
        ("LiCoO2", "LATP", "LiCoO2|LATP", 0.1),  # filled to 0.5 and 0.3
        ("LiCoO2", "LLZO", "LLZO|LiCoO2", 0.1),
        ("LiCoO2-mixed", "Li6PS5Cl", "LiCoO2|Li6PS5Cl", 0.4),
    ],
)
def test_the_solved_drop_between_two_bulks_is_the_value_of_the_literature(
    cathode, electrolyte, pair, volts
):
    assert drop_between_the_bulks(cathode, electrolyte, pair) == pytest.approx(volts, abs=1e-6)


def test_fillings_add_their_entropy_to_the_drop_at_other_temperatures():
    y = load("LATP").carrier("Li").site_fraction
    warmer = 50.0 * 8.617333262e-5 * np.log(y / (1.0 - y))
    drop = drop_between_the_bulks("LiCoO2", "LATP", "LiCoO2|LATP", 348.15)
    assert drop == pytest.approx(0.1 + warmer, abs=1e-6)


def contact_model(**changes):
    plane = strip(np.linspace(0.0, 2e-9, 5), regions=[("a", 1e-9), ("b", 2e-9)])
    return Model(plane, {"a": "LiCoO2", "b": "Li6PS5Cl"}, pairs=["LiCoO2|Li6PS5Cl"], **changes)


def test_a_copy_of_a_model_keeps_its_pairs():
    model = contact_model()
    cards = {"a": load("LiCoO2"), "b": load("Li6PS5Cl")}
    assert level(model.with_(materials=cards).materials, "a") == pytest.approx(-0.4)
    assert level(model.with_temperature(330.0).materials, "a") == pytest.approx(-0.4)
    stronger = model.with_(pairs=[{"pair": "LiCoO2|Li6PS5Cl", "step": "-0.5 eV"}])
    assert level(stronger.materials, "a") == pytest.approx(-0.5)
    assert level(model.with_(pairs=[]).materials, "a") == 0.0
    emptier = model.materials["a"].with_(**{"carriers.Li.site_fraction": 0.3})
    moved = model.with_(materials={**model.materials, "a": emptier})
    assert bulk(moved.materials, "a") - bulk(moved.materials, "b") == pytest.approx(-0.4)
    with pytest.raises(InputError, match="no region consists of 'LiCoO2'"):
        model.with_(materials={"a": load("NMC811"), "b": load("Li6PS5Cl")})


def test_pairs_of_a_run_file_hold_in_every_variant_that_has_their_materials():
    given = run(variants={"blank": {}, "garnet": {"b": "LLZO"}})
    given["pairs"].append("LiCoO2|LLZO")
    loaded = from_data(given, ".")
    assert level(loaded.materials("blank"), "a") == pytest.approx(-0.4)
    garnet = loaded.materials("garnet")
    assert bulk(garnet, "a") - bulk(garnet, "b") == pytest.approx(-0.1)
    assert loaded.lost_pairs() == []
    again = from_data(run(pairs=[{"pair": "LiCoO2|Li6PS5Cl", "step": "-0.3 eV"}]), ".")
    assert level(again.materials(), "a") == pytest.approx(-0.3)


def test_a_variant_that_loses_the_step_of_its_pair_is_told(tmp_path):
    given = run(variants={"blank": {}, "nickel": {"a": "NMC811"}, "garnet": {"b": "LLZO"}})
    given["pairs"].append("NMC811|Li6PS5Cl")
    lines = from_data(given, ".").lost_pairs()
    assert len(lines) == 2
    for line, region, card in zip(lines, "ab", ("LiCoO2", "LLZO"), strict=True):
        assert line.startswith(f"variant 'garnet': no pair holds for region '{region}' ({card})")
    assert "LiCoO2|Li6PS5Cl" in lines[0]
    said = execute(from_data(given | {"output": {"figures": False}}, "."), tmp_path).summary[
        "warnings"
    ]
    assert set(lines) <= set(said)


def test_mistakes_in_the_pairs_of_a_run_file_are_shown_with_their_place(tmp_path):
    with pytest.raises(InputError, match=r"pairs.1: .*no region consists of 'LLZO'"):
        from_data(run(pairs=["LiCoO2|Li6PS5Cl", "LiCoO2|LLZO"]), ".")
    with pytest.raises(InputError, match=r"pairs.0.*no pair 'LiCoO2\|LPX'"):
        from_data(run(pairs=["LiCoO2|LPX"]), ".")
    (tmp_path / "own.yaml").write_text(OWN)
    own = from_data(run(regions={"a": "LiCoO2", "b": "LGPS"}, pairs=["own.yaml"]), tmp_path)
    made = own.materials()
    assert bulk(made, "a") - bulk(made, "b") == pytest.approx(-0.2)


def test_the_range_of_a_step_is_one_word_in_a_study(tmp_path):
    assert card_range(run(), "pairs.0.step", tmp_path) == ("-0.5 eV", "0.5 eV")
    with pytest.raises(InputError, match="no entry of 'pairs' '3'"):
        card_range(run(), "pairs.3.step", tmp_path)
    with pytest.raises(InputError, match="no range of a pair for 'regions'"):
        card_range(run(), "pairs.0.regions", tmp_path)


def test_every_case_of_a_study_over_a_step_has_its_levels():
    axes = {"step": {"path": "pairs.0.step", "spread": "linear"}}
    study = make_study("steps", base=run(), axes=axes, samples={"count": 6})
    (axis,) = expand_axes(study)
    assert (axis.bounds, axis.unit) == ((-0.5, 0.5), "eV")
    found, cases = plan(study)
    runs = [validated(effective(study, case, found)) for case in cases]
    levels = [level(run.materials(), "a") for run in runs]
    assert levels == pytest.approx([point.coordinate for point in axis.points])
    assert len({key_of(run) for run in runs}) == 6
