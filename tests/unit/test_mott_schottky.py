"""Capacitance against bias up to 1 V, and the Mott-Schottky line, against the exact lattice gas."""

import csv

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, pellet

from pyscl import (
    BlockingContact,
    Boltzmann,
    Carrier,
    Conserved,
    InputError,
    Model,
    PotentialContact,
)  # fmt: skip
from pyscl.analytic import LatticeGasLayer, mott_schottky_shift
from pyscl.materials import NonIdeal, load
from pyscl.mesh import strip
from pyscl.study.mott_schottky import capacitance_curve, depletion_shift, mott_schottky
from pyscl.verification.meshes import layer_grid
from pyscl.verification.setups import WIDTH, lattice_gas, reservoir, salt, salt_length, wall_model

SITES = 1e27


def layer(y=0.3, charge=1):
    return LatticeGasLayer(16.6, SITES, y, charge)


def model_of(exact, per_length=20.0, wall=0.0, **more):
    """Return the layer at a blocking electrode, with a neutral reservoir far away."""
    shortest = 0.5 * exact.debye_length
    x = layer_grid(40 * exact.debye_length, shortest, per_length, exact.debye_length)
    return wall_model(lattice_gas(exact), wall, strip(x, WIDTH), **more)


@pytest.mark.parametrize(("y", "charge"), [(0.1, 1), (0.5, 1), (0.3, -1), (0.3, 2)])
def test_capacitance_is_that_of_the_exact_layer_up_to_one_volt(y, charge):
    exact = layer(y, charge)
    biases = np.concatenate([np.linspace(-1, 1, 13), [-0.01, 0.01]])
    curve = capacitance_curve(model_of(exact), "left", biases)
    assert curve.biases.tolist() == sorted(biases)
    assert curve.capacitance == pytest.approx(exact.capacitance(curve.biases), rel=4e-3)
    charged = np.abs(curve.biases) > 1e-6
    expected = exact.wall_charge(curve.biases)
    assert curve.charge[charged] == pytest.approx(expected[charged], rel=4e-3)


def test_capacitance_converges_with_second_order():
    exact, biases = layer(), [-0.5, 0.1, 0.8]
    errors = [
        capacitance_curve(model_of(exact, n), "left", biases).capacitance
        / exact.capacitance(biases)
        - 1
        for n in (10, 20, 40)
    ]
    assert np.abs(errors[2]).max() < 3e-4
    orders = np.log2(np.abs(errors[1] / errors[2]))
    assert ((orders > 1.7) & (orders < 2.3)).all()


def test_capacitance_is_the_slope_of_the_charge():
    curve = capacitance_curve(model_of(layer()), "left", np.linspace(0.2, 0.3, 11))
    slope = np.gradient(curve.charge, curve.biases)[1:-1]
    assert curve.capacitance[1:-1] == pytest.approx(slope, rel=2e-3)


@pytest.mark.parametrize("charge", [1, -1, 2])
@pytest.mark.parametrize("side", ["carrier", "vacancies"])
def test_density_and_flat_band_come_out_of_the_line(charge, side):
    """Also where the layer is full of carriers, so that their vacancies are depleted."""
    exact = layer(0.3, charge)
    sign = (1 if side == "carrier" else -1) * np.sign(charge)
    biases = np.unique(sign * np.linspace(0.2, 1.0, 17))
    result = mott_schottky(model_of(exact, 40.0), "left", biases)
    assert result.depleted == side
    expected = SITES * (0.3 if side == "carrier" else 0.7)
    assert result.carrier_density == relative(expected, 2e-3)
    assert result.flat_band == pytest.approx(0.0, abs=1e-3)
    assert result.carrier_density_error < 1e-3 * expected
    assert 0 < result.flat_band_error < 1e-3
    assert result.deviation < 1e-3
    assert result.line == pytest.approx(result.curve.inverse_square, rel=5e-3)
    assert np.sign(result.slope) == sign


def test_the_flat_band_follows_the_potential_of_the_electrode():
    result = mott_schottky(model_of(layer(), wall=0.3), "left", np.linspace(0.0, 0.7, 15))
    assert result.flat_band == pytest.approx(-0.3, abs=1.5e-3)
    assert result.fit_range == (0.0, 0.7)


def test_only_the_range_of_the_fit_counts():
    biases = np.linspace(-1, 1, 41)
    result = mott_schottky(model_of(layer()), "left", biases, fit=("200 mV", 1.0))
    alone = mott_schottky(model_of(layer()), "left", biases[biases > 0.199])
    assert result.fit_range == pytest.approx((0.2, 1.0))
    assert result.carrier_density == relative(alone.carrier_density, 1e-6)
    assert len(result.curve.biases) == 41


@pytest.mark.parametrize("y", [0.01, 0.5, 0.9])
def test_shift_of_the_line_is_the_pressure_of_the_bulk(y):
    carrier = lattice_gas(layer(y)).carrier("Li")
    assert depletion_shift(carrier, T) == relative(mott_schottky_shift(y), 1e-8)
    assert depletion_shift(carrier, T, False) == relative(mott_schottky_shift(1 - y), 1e-8)


def test_shift_of_dilute_and_of_repelling_carriers():
    values = {"name": "Li", "charge": 1, "site_density": 1e27, "site_fraction": 0.3}
    dilute = Carrier(**values, statistics=Boltzmann(), mobility="dilute")
    assert depletion_shift(dilute, T) == relative(1.0, 1e-8)
    # g = c (2y - 1): int y deta = -ln(1-y) + int y 2c dy = -ln(1-y) + c y^2
    y = np.linspace(1e-4, 1 - 1e-4, 400)
    repelling = Carrier(
        **values, statistics=NonIdeal(site_fraction=tuple(y), excess=tuple(3.0 * (2 * y - 1)))
    )
    assert depletion_shift(repelling, T) == relative((-np.log(0.7) + 3 * 0.09) / 0.3, 1e-3)


def test_axisymmetric_contacts_count_per_area():
    exact = layer()
    x = layer_grid(40 * exact.debye_length, 0.5 * exact.debye_length, 20.0, exact.debye_length)
    mesh = strip(x, 5 * NM)
    from dataclasses import replace

    upright = replace(
        mesh,
        points=np.column_stack([5 * NM - mesh.points[:, 1], mesh.points[:, 0]]),
    )
    model = wall_model(lattice_gas(exact), 0.0, upright, coordinates="axisymmetric")
    curve = capacitance_curve(model, "left", [0.1, 0.4])
    assert curve.capacitance == pytest.approx(exact.capacitance([0.1, 0.4]), rel=4e-3)


def test_a_closed_slab_between_two_electrodes_has_both_layers_in_series():
    """Far apart, equal and opposite charge: at zero bias half the capacitance of one layer."""
    exact = layer(0.5)
    half = layer_grid(40 * exact.debye_length, exact.debye_length, 20.0, exact.debye_length)
    x = np.concatenate([half, 2 * half[-1] - half[-2::-1]])
    electrode = PotentialContact(potential=0.0)
    model = Model(
        strip(x, WIDTH),
        {"electrolyte": lattice_gas(exact)},
        contacts={"left": electrode, "right": electrode},
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )
    curve = capacitance_curve(model, "left", [0.0])
    assert curve.capacitance[0] == relative(0.5 * float(exact.capacitance(0.0)), 2e-3)


def test_results_go_to_tables(tmp_path):
    result = mott_schottky(model_of(layer()), "left", [0.2, 0.4, 0.6, 0.8])
    result.curve.write_csv(tmp_path / "curve.csv")
    with open(tmp_path / "curve.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["bias [V]"]) for row in rows] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert float(rows[1]["capacitance [uF/cm^2]"]) == relative(
        100 * result.curve.capacitance[1], 1e-11
    )
    assert float(rows[2]["1/C^2 [m^4/F^2]"]) == relative(result.curve.inverse_square[2], 1e-11)
    data = result.to_dict()
    assert data["carrier density [1/m^3]"] == result.carrier_density
    assert data["flat band [V]"] == result.flat_band


# Bad input.


@pytest.mark.parametrize(
    ("contact", "biases", "more", "message"),
    [
        ("lft", [0.1], {}, "Did you mean 'left'"),
        ("left", [0.2, 0.3], {}, "2 biases between 0.2 and 0.3 V"),
        ("left", [0.2, 0.3, 0.4], {"fit": (0.25, 0.4)}, "a line with errors needs three"),
        ("left", [0.2, 0.3, 0.4], {"fit": (0.4, 0.2)}, "fit is reversed: from 0.4 to 0.2 V"),
        ("left", [0.2, 0.3, 0.4], {"fit": 0.2}, "fit=0.2 is no range"),
        ("left", [0.2, 0.3, 0.4], {"fit": "0.2 V"}, "is no range"),
        ("left", 0.2, {}, "no list of biases"),
        ("left", ["0.2 V", "0.3 m"], {}, "wrong unit 'm'"),
        ("left", [0.2, 0.3, 0.4], {"carrier": "Na"}, "no carrier 'Na' at 'left'"),
    ],
)
def test_bad_plots_are_refused(contact, biases, more, message):
    with pytest.raises(InputError, match=message):
        mott_schottky(model_of(layer()), contact, biases, **more)


def test_no_bias_at_all_is_refused():
    with pytest.raises(InputError, match="no bias is given"):
        capacitance_curve(model_of(layer()), "left", [])


def test_contacts_without_potential_are_refused():
    base = model_of(layer())
    for law in (BlockingContact(), reservoir(potential=None)):
        contacts = {"left": law, "right": base.contacts["right"]}
        model = Model(base.mesh, base.materials, contacts=contacts)
        with pytest.raises(InputError, match="contact 'left' holds no potential"):
            capacitance_curve(model, "left", [0.0])


def test_a_capacitance_without_a_line_is_refused():
    """Around the flat band of a half-filled lattice gas the plot is even, it has no slope."""
    model = model_of(layer(0.5))
    with pytest.raises(InputError, match=r"does not follow a line between -0.2 and 0.2 V"):
        mott_schottky(model, "left", np.linspace(-0.2, 0.2, 9))


def test_a_bent_curve_is_refused_and_its_straight_part_named():
    """Three quarters of these biases deplete the layer; the rest would falsify the density."""
    model, biases = model_of(layer()), np.linspace(-0.4, 0.8, 25)
    with pytest.raises(InputError, match=r"leaves the best one by \d\d %.*straight with fit=") as e:
        mott_schottky(model, "left", biases)
    low, high = (float(v) for v in str(e.value).split("fit=(")[1].rstrip(")").split(","))
    assert 0.1 <= low <= 0.2
    assert high == 0.8
    result = mott_schottky(model, "left", biases, fit=(low, high))
    assert result.carrier_density == relative(0.3 * SITES, 2e-2)
    assert result.deviation < 5e-3


def test_a_bend_within_a_few_thermal_voltages_has_no_straight_part():
    with pytest.raises(InputError, match="no part of it is straight"):
        mott_schottky(model_of(layer()), "left", np.linspace(0.0, 0.09, 11))


def test_a_thick_slow_pellet_gives_its_density():
    """A millimetre with 1e-9 S/m follows in years; frozen, n would be 16 % low."""
    model = pellet()
    result = model.mott_schottky("left", np.linspace(0.2, 0.8, 13))
    assert result.carrier_density == relative(
        model.materials["electrolyte"].carriers[0].density, 5e-3
    )
    assert result.flat_band == pytest.approx(0.0, abs=2e-3)
    slope = np.gradient(result.curve.charge, result.curve.biases)[1:-1]
    assert result.curve.capacitance[1:-1] == pytest.approx(slope, rel=1e-2)


def test_the_errors_of_the_line_are_those_of_many_repetitions(rng):
    from pyscl.study.mott_schottky import CapacitanceCurve, _fit

    carrier, volts = lattice_gas(layer()).carrier("Li"), np.linspace(0.2, 0.8, 12)
    results = []
    for _ in range(500):
        y = 3.0 * (volts - 0.03) + 5e-3 * rng.standard_normal(12)
        curve = CapacitanceCurve("left", volts, volts, y**-0.5)
        results.append(_fit(curve, np.ones(12, bool), carrier, 1e-10, T))
    for name in ("slope", "intercept"):
        spread = np.std([getattr(r, name) for r in results])
        errors = [getattr(r, f"{name}_error") for r in results]
        assert np.mean(errors) == relative(spread, 0.1)
    x, y = volts, results[0].curve.inverse_square
    (slope, offset), covariance = np.polyfit(x, y, 1, cov=True)
    gradient = np.array([offset / slope**2, -1 / slope])
    assert results[0].slope == relative(slope, 1e-10)
    assert results[0].slope_error == relative(np.sqrt(covariance[0, 0]), 1e-10)
    assert results[0].intercept_error == relative(np.sqrt(gradient @ covariance @ gradient), 1e-10)


def test_a_line_of_the_other_ion_is_refused():
    """A positive electrode gathers anions; the slope would be that of the cation's vacancies."""
    ions = salt(20.0, 1e24)
    unit = salt_length(20.0, 1e24)
    model = wall_model(ions, 0.0, strip(layer_grid(20 * unit, unit, 10.0, unit), WIDTH))
    with pytest.raises(InputError, match="filled with 'cation', which has no vacancies"):
        mott_schottky(model, "left", np.linspace(1 * KT, 2 * KT, 5), carrier="cation")


def test_several_carriers_need_a_name_and_none_has_no_line():
    mesh = strip(np.linspace(0, 10 * NM, 21), WIDTH)
    electrodes = {"left": PotentialContact(potential=0), "right": PotentialContact(potential=0)}
    empty = Model(mesh, {"electrolyte": load("pore")}, contacts=electrodes)
    with pytest.raises(InputError, match="meets no carrier in electrolyte"):
        mott_schottky(empty, "left", [0.1, 0.2, 0.3])
    closed = [Conserved(carrier=c, regions=("electrolyte",)) for c in ("Li", "e")]
    mixed = Model(
        mesh, {"electrolyte": load("LiCoO2-mixed")}, contacts=electrodes, conserved=closed
    )
    with pytest.raises(InputError, match=r"meets Li, e in .*name it with `carrier`"):
        mott_schottky(mixed, "left", [0.1, 0.2, 0.3])
