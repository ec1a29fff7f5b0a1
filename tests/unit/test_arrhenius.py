"""Transport with an activation energy, models at other temperatures, Arrhenius fits."""

import csv

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, conductor, slab_between_reservoirs, two_conductors
from scipy.constants import Boltzmann, elementary_charge

from pyscl import Carrier, InputError, Interface, Material, Model
from pyscl.carriers import bulk_conductivity, transport_coefficient
from pyscl.materials import load
from pyscl.mesh import strip
from pyscl.solution import Solution
from pyscl.study.arrhenius import arrhenius
from pyscl.verification.setups import WIDTH, reservoir

K = Boltzmann / elementary_charge  # eV/K
LI = {"name": "Li", "charge": 1, "site_density": 1e27, "site_fraction": 0.4}


# Carriers.


@pytest.mark.parametrize("mobility", ["vacancy", "dilute", "constant-conductivity"])
def test_conductivity_times_temperature_is_activated(mobility):
    carrier = Carrier(
        **LI, mobility=mobility, conductivity="1 mS/cm", activation_energy="0.3 eV",
        reference_temperature="20 degC",
    )  # fmt: skip
    assert carrier.reference_temperature == relative(293.15, 1e-12)
    assert bulk_conductivity(carrier, 293.15) == relative(0.1, 1e-12)
    for t in (250.0, 400.0):
        expected = 0.1 * 293.15 * np.exp(-0.3 / K * (1 / t - 1 / 293.15)) / t
        assert bulk_conductivity(carrier, t) == relative(expected, 1e-12)


@pytest.mark.parametrize("mobility", ["vacancy", "dilute", "constant-conductivity"])
def test_diffusivity_is_activated_without_a_power_of_the_temperature(mobility):
    free = Carrier(**LI, mobility=mobility, diffusivity=1e-12)
    carrier = free.model_copy(update={"activation_energy": 0.4})
    ratio = np.exp(-0.4 / K * (1 / 400 - 1 / 298.15))
    d, d_free = (transport_coefficient(c, 400.0) for c in (carrier, free))
    assert d / d_free == relative(ratio, 1e-12)


def test_diffusivity_and_conductivity_have_the_same_energy():
    """With a fixed composition sigma T ~ D, so both conventions make one material."""
    by_d = Carrier(**LI, diffusivity=1e-12, activation_energy=0.4)
    sigma = bulk_conductivity(by_d, 298.15)
    by_sigma = Carrier(**LI, conductivity=sigma, activation_energy=0.4)
    for t in (250.0, 298.15, 400.0):
        assert bulk_conductivity(by_d, t) == relative(bulk_conductivity(by_sigma, t), 1e-12)


def test_without_an_energy_the_given_value_holds_at_every_temperature():
    carrier = Carrier(**LI, conductivity=0.1)
    assert bulk_conductivity(carrier, 250.0) == relative(bulk_conductivity(carrier, 400.0), 1e-12)


def test_mixed_conductors_are_activated():
    material = load("LiCoO2-mixed")
    free = material.carrier("Li")
    activated = free.model_copy(update={"activation_energy": 0.3})
    ratio = transport_coefficient(activated, 350.0) / transport_coefficient(free, 350.0)
    assert ratio == relative(np.exp(-0.3 / K * (1 / 350 - 1 / 298.15)), 1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activation_energy": 0.3}, "belongs to a conductivity or diffusivity"),
        ({"conductivity": 0.1, "activation_energy": -0.1}, "must be at least 0"),
        ({"conductivity": 0.1, "activation_energy": "0.3 V"}, "wrong unit 'V'"),
        ({"conductivity": 0.1, "reference_temperature": 0.0}, "must be above 0"),
    ],
)
def test_bad_activation_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        Carrier(**LI, **changes)


def test_overrides_keep_the_other_values_of_the_activation():
    material = Material(
        relative_permittivity=10,
        carriers=(
            Carrier(**LI, conductivity=0.1, activation_energy=0.3, reference_temperature=300.0),
        ),
    )
    changed = material.with_(**{"carriers.Li.activation_energy": "20 kJ/mol"}).carrier("Li")
    assert changed.activation_energy == pytest.approx(0.2073, abs=1e-4)
    assert (changed.conductivity, changed.reference_temperature) == (0.1, 300.0)


def test_run_files_may_override_an_activated_material():
    """There every number needs its unit, also those that are not touched."""
    material = Material(
        relative_permittivity=10,
        carriers=(Carrier(**LI, conductivity=0.1, activation_energy=0.3),),
    )
    data = material.override_data({"relative_permittivity": 12})
    changed = Material.model_validate(data, context={"require_units": True})
    assert changed.carriers == material.carriers


# Cards.

CARD = """\
name: mine
description: an oxide
relative_permittivity: {value: 10, assumption: class value}
carriers:
  Li:
    charge: 1
    site_density: {value: 5 1/nm^3, source: ahmad2015}
    site_fraction: {value: 0.2, assumption: guess}
    standard_potential: {value: 0 eV, assumption: model parameter}
    conductivity: {value: 1 mS/cm, temperature: 40 degC, assumption: guess}
    activation_energy: {value: 0.35 eV, range: [0.3 eV, 0.4 eV], assumption: guess}
"""


def test_cards_take_the_reference_temperature_from_the_conductivity(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(CARD)
    carrier = load(path).carrier("Li")
    assert carrier.activation_energy == 0.35
    assert carrier.reference_temperature == relative(313.15, 1e-12)
    assert "carriers.Li.activation_energy" in {p.property for p in load(path).provenance}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("temperature: 40 degC, ", "", "mine.yaml:11:.*needs the temperature of the conductivity"),
        ("[0.3 eV, 0.4 eV]", "[0.3 eV, 0.32 eV]", "outside its range"),
        ("0.35 eV", "0.35", "'0.35' has no unit"),
    ],
)
def test_mistakes_in_the_activation_of_a_card_are_found(tmp_path, old, new, message):
    path = tmp_path / "mine.yaml"
    assert old in CARD
    path.write_text(CARD.replace(old, new))
    with pytest.raises(InputError, match=message):
        load(path)


# Models.


def activated(**model):
    """Return two conductors with 0.3 and 0.5 eV."""
    base = two_conductors(step=8 * KT, **model)
    materials = {
        region: base.materials[region].with_(**{"carriers.Li.activation_energy": ea})
        for region, ea in (("a", 0.3), ("b", 0.5))
    }
    return Model(
        base.mesh, materials, contacts=base.contacts, interfaces=base.interfaces, temperature=T,
        background=base.background, contact_share=base.contact_share,
    )  # fmt: skip


def test_a_copy_at_another_temperature_is_the_model_built_there():
    fixed = two_conductors().materials["a"].fixed_charge
    background = {"a": lambda x, y: fixed * (1 + 0.1 * x / (10 * NM))}
    share = {"a|b": lambda x, y: (y > 2 * NM).astype(float)}
    base = two_conductors(
        interfaces={"a|b": Interface(surface_charge=0.01)},
        background=background,
        contact_share=share,
    )
    copy = base.with_temperature("50 degC")
    direct = Model(
        base.mesh, base.materials, contacts=base.contacts, interfaces=base.interfaces,
        background=background, contact_share=share, temperature=323.15,
    )  # fmt: skip
    assert (base.temperature, copy.temperature) == (T, pytest.approx(323.15))
    np.testing.assert_array_equal(copy.equilibrium().unknowns, direct.equilibrium().unknowns)


def test_every_argument_of_a_model_survives_a_change_of_temperature():
    """A model is its stored data; only the temperature of it may change."""
    from pyscl.storage.models import fingerprint

    base = slab_between_reservoirs()
    there_and_back = base.with_temperature(350.0).with_temperature(T)
    assert fingerprint(there_and_back, {}) == fingerprint(base, {})
    assert fingerprint(base.with_temperature(350.0), {}) != fingerprint(base, {})


def test_impossible_temperatures_are_refused():
    with pytest.raises(InputError, match="temperature"):
        slab_between_reservoirs().with_temperature(-5.0)


def test_the_activation_survives_storage(tmp_path):
    state = activated().equilibrium()
    state.save(tmp_path / "state.h5")
    carrier = Solution.load(tmp_path / "state.h5").model.materials["b"].carrier("Li")
    assert carrier.activation_energy == 0.5


def test_the_steady_current_follows_the_activated_conductivity():
    model = Model(
        strip(np.linspace(0, 20 * NM, 21), WIDTH),
        {"electrolyte": conductor(conductivity=0.1, activation_energy=0.3)},
        contacts={"left": reservoir(), "right": reservoir()},
        temperature=T,
    )
    for t in (298.15, 360.0):
        current = model.with_temperature(t).steady({"left": 1e-3}).contact("left").current
        sigma = 0.1 * 298.15 / t * np.exp(-0.3 / K * (1 / t - 1 / 298.15))
        assert current == relative(sigma * 1e-3 * WIDTH / (20 * NM), 1e-6)


# Fits.


TEMPERATURES = [280.0, 300.0, 320.0, 340.0]


def test_bulk_energies_are_recovered_exactly():
    result = activated().arrhenius(TEMPERATURES)
    for region, ea, sigma in (("a", 0.3, 1e-2), ("b", 0.5, 1e-3)):
        series = result.bulk(region, "Li")
        assert series.activation_energy == relative(ea, 1e-10)
        assert series.standard_error < 1e-12
        prefactor = sigma * 298.15 * np.exp(ea / (K * 298.15))
        assert series.prefactor == relative(prefactor, 1e-8)
        assert series.unit == "S/m"


def test_layers_and_total_resistance_are_those_of_single_runs():
    model = activated()
    result = arrhenius(model, TEMPERATURES, contact="left")
    assert result.temperatures.tolist() == TEMPERATURES
    from pyscl.postprocess.resistance import effective_resistance

    total = result["total resistance left"]
    for k, t in enumerate(TEMPERATURES):
        state = model.with_temperature(t).equilibrium()
        for layer in state.layer_resistance("a|b").layers:
            value = result.layer("a|b", layer.region, "Li").values[k]
            assert value == relative(layer.resistance, 1e-6)
        biased = model.with_temperature(t).steady({"left": 1e-4})
        assert total.values[k] == relative(effective_resistance(biased), 1e-3)
        conductance = state.static_response("left").conductance
        assert total.values[k] == relative(1.0 / conductance, 1e-9)
    assert total.unit == "ohm*m"
    depleted = "a" if result.layer("a|b", "a", "Li").values[0] > 0 else "b"
    layer = result.layer("a|b", depleted, "Li")
    (slope, offset), covariance = np.polyfit(
        1 / np.array(TEMPERATURES), np.log(TEMPERATURES / layer.values), 1, cov=True
    )
    assert layer.activation_energy == relative(-K * slope, 1e-8)
    assert layer.standard_error == relative(K * np.sqrt(covariance[0, 0]), 1e-6)
    assert layer.prefactor == relative(np.exp(offset), 1e-6)
    excess = result.layer_excess_energy("a|b", depleted, "Li")
    assert excess == relative(
        layer.activation_energy - result.bulk(depleted, "Li").activation_energy, 1e-12
    )


def test_a_layer_that_conducts_better_than_the_bulk_has_no_energy():
    model = slab_between_reservoirs(potential=-2 * KT, y=0.1)
    result = arrhenius(model, [300.0, 340.0], places=["left"])
    series = result.layer("left", "electrolyte", "Li")
    assert (series.values < 0).all()
    assert series.activation_energy is None is series.standard_error
    assert result.layer_excess_energy("left", "electrolyte", "Li") is None


def test_a_function_may_return_the_model_of_each_temperature():
    def held(t):
        return slab_between_reservoirs(potential=5 * K * t).with_temperature(t)

    result = arrhenius(held, ["20 degC", "80 degC"], places=["left"])
    assert result.layer("left", "electrolyte", "Li").standard_error is None
    with pytest.raises(InputError, match=r"returned a model at 298.15 K for 300 K"):
        arrhenius(lambda t: slab_between_reservoirs(), [300.0, 340.0])


def test_tables_hold_every_temperature(tmp_path):
    result = arrhenius(activated(), [340.0, 300.0, 300.0])
    assert result.temperatures.tolist() == [300.0, 340.0]
    result.write_csv(tmp_path / "arrhenius.csv")
    with open(tmp_path / "arrhenius.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["1000/temperature [1/K]"]) for row in rows] == pytest.approx(
        [1e3 / 300, 1e3 / 340], rel=1e-10
    )
    column = [float(row["bulk conductivity Li b [S/m]"]) for row in rows]
    assert column == pytest.approx(result.bulk("b", "Li").values, rel=1e-11)
    data = result.to_dict()
    assert data["layer resistance Li a|b (b)"]["activation energy [eV]"] == (
        result.layer("a|b", "b", "Li").activation_energy
    )


@pytest.mark.parametrize(
    ("temperatures", "more", "message"),
    [
        ([300.0], {}, "1 different temperatures"),
        ([300.0, 300.0], {}, "two or more"),
        ([0.0, 300.0], {}, "above 0 K"),
        (300.0, {}, "no list of temperatures"),
        (["300 K", "40 V"], {}, "wrong unit 'V'"),
        ([300.0, 340.0], {"contact": "lft"}, "Did you mean 'left'"),
        ([300.0, 340.0], {"places": ["a|c"]}, "no interface or contact"),
    ],
)
def test_bad_sweeps_are_refused(temperatures, more, message):
    with pytest.raises(InputError, match=message):
        arrhenius(activated(), temperatures, **more)


def test_a_cell_without_steady_current_has_no_total_resistance():
    from pyscl.verification.setups import wall_model

    model = wall_model(conductor(), 0.1, strip(np.linspace(0, 10 * NM, 41), WIDTH))
    with pytest.raises(InputError, match="no steady current flows through contact 'left'"):
        arrhenius(model, [300.0, 340.0], contact="left")


def test_unknown_series_names_the_nearest():
    result = arrhenius(activated(), [300.0, 340.0])
    with pytest.raises(InputError, match=r"no series.*Did you mean 'bulk conductivity Li"):
        result["bulk conductivity Li A"]
