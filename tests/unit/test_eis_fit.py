"""Fits of circuits recover known parameters, with honest errors, and name what they cannot."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from pyscl import InputError
from pyscl.eis import CIRCUITS, fit_circuit, parse_circuit

FREQUENCIES = np.logspace(-2, 7, 64)
S = 2j * np.pi * FREQUENCIES
TRUTH = {
    "R-RC": [10, 100, 1e-6],
    "R-RC-RC": [10, 100, 1e-6, 50, 1e-4],
    "R-RCPE": [10, 100, 1e-5, 0.8],
    "Randles": [10, 100, 1e-6],
    "Randles-Warburg": [10, 100, 30, 1e-6],
    "Randles-Warburg reflecting": [10, 100, 40, 1.0, 1e-6],
    "Randles-Warburg transmitting": [10, 100, 40, 1.0, 1e-6],
    "blocking cell": [100, 1e-9, 1e-6],
    "blocking cell with CPE": [100, 1e-9, 1e-6, 0.9],
    "blocking cell with layer resistance": [100, 1e-9, 40, 1e-6, 1e-4, 0.9],
    "blocking cell with polarization": [100, 1e-9, 40, 1e-6, 1e4],
    "transmission line": [10, 100, 1e-3, 0.9],
    "transmission line with transfer": [10, 100, 1e-2, 0.5],
}
ARC = 10 + 100 / (1 + S * 1e-4)


def noisy(z, rng, error=0.01):
    """Scatter real and imaginary part by a share of the modulus."""
    return z + error * abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e7], ids=["Ohm", "uOhm", "10 MOhm"])
def test_parameters_without_noise_are_recovered(name, scale):
    truth = np.array(TRUTH[name], dtype=float)
    power = {"Z": 1, "W": 1, "C": -1, "Q": -1}
    truth *= [scale ** power.get(p.kind, 0) for p in CIRCUITS[name].parameters]
    fit = fit_circuit((FREQUENCIES, CIRCUITS[name].impedance(FREQUENCIES, truth)), name)
    assert fit.values == pytest.approx(truth, rel=1e-6, abs=0.0)
    assert fit.identifiable.all()
    assert not fit.problems
    assert fit.chi < 1e-9
    assert not fit.systematic


@pytest.mark.parametrize("name", CIRCUITS)
def test_parameters_with_noise_lie_within_three_standard_errors(name, rng):
    z = CIRCUITS[name].impedance(FREQUENCIES, TRUTH[name])
    fit = fit_circuit((FREQUENCIES, noisy(z, rng)), name)
    assert (abs(fit.values - TRUTH[name]) < 3.0 * fit.standard_errors).all()
    assert fit.chi == pytest.approx(0.01, rel=0.25)
    assert abs(fit.residual).max() < 0.05
    assert not fit.systematic


def test_standard_errors_and_correlation_are_those_of_repeated_measurements(rng):
    z = CIRCUITS["R-RCPE"].impedance(FREQUENCIES, TRUTH["R-RCPE"])
    fits = [fit_circuit((FREQUENCIES, noisy(z, rng)), "R-RCPE") for _ in range(200)]
    values = np.array([fit.values for fit in fits])
    # The spread of 200 samples is known to 5 %.
    assert fits[0].standard_errors == pytest.approx(values.std(axis=0, ddof=1), rel=0.2)
    values[:, :3] = np.log(values[:, :3])
    correlation = np.corrcoef(values.T)
    assert fits[0].correlation == pytest.approx(correlation, abs=0.2)
    assert abs(fits[0].correlation[2, 3]) > 0.8


def test_random_cells_are_recovered(rng):
    """Also where the arcs lie in the order opposite to the start values."""
    for name in ("R-RC-RC", "blocking cell with polarization"):
        for _ in range(10):
            truth = np.array(TRUTH[name]) * np.exp(rng.normal(size=len(TRUTH[name])))
            z = CIRCUITS[name].impedance(FREQUENCIES, truth)
            fit = fit_circuit((FREQUENCIES, z), name)
            assert fit.impedance() == pytest.approx(z, rel=1e-8)
            assert fit.values == pytest.approx(truth, rel=1e-6)


def test_several_starts_find_what_one_does_not():
    truth = [3.691565522663, 498.935933112964, 70.113977214195, 2.411943950651, 7.924442e-06]
    z = CIRCUITS["Randles-Warburg transmitting"].impedance(FREQUENCIES, truth)
    one = fit_circuit((FREQUENCIES, z), "Randles-Warburg transmitting", starts=1)
    assert one.systematic
    fit = fit_circuit((FREQUENCIES, z), "Randles-Warburg transmitting")
    assert fit.values == pytest.approx(truth, rel=1e-6)


def test_arcs_come_in_the_order_of_their_times():
    swapped = CIRCUITS["R-RC-RC"].impedance(FREQUENCIES, [10, 50, 1e-4, 100, 1e-6])
    fit = fit_circuit((FREQUENCIES, swapped), "R-RC-RC", guess=[10, 50, 1e-4, 100, 1e-6])
    assert fit.values == pytest.approx([10, 100, 1e-6, 50, 1e-4], rel=1e-6)
    slow_bulk = [1e4, 1e-4, 40, 1e-6, 100]
    z = CIRCUITS["blocking cell with polarization"].impedance(FREQUENCIES, slow_bulk)
    fit = fit_circuit((FREQUENCIES, z), "blocking cell with polarization", guess=slow_bulk)
    assert fit.impedance() == pytest.approx(z, rel=1e-9)
    assert fit.value("R_bulk") * fit.value("C_geo") < 1e-3


def test_units_and_order_of_the_data():
    spectrum = SimpleNamespace(
        frequencies=FREQUENCIES[::-1], impedance=ARC[::-1], unit="Ohm m"
    )  # from high to low frequencies, as instruments measure
    fit = fit_circuit(spectrum, "R-RC")
    assert fit.units == ("Ohm m", "Ohm m", "F/m")
    assert fit.value("C_1") == pytest.approx(1e-6, rel=1e-9)
    assert (np.diff(fit.frequencies) > 0.0).all()
    assert "C_1        1e-06" in str(fit)


@pytest.mark.parametrize(
    ("circuit", "lost", "reason"),
    [
        ("R0-R1-p(R2,C2)", [{"R0", "R1"}], "only together with R[01]"),
        ("R0-p(R1,R2,C1)", [{"R1", "R2"}], "only together with R[12]"),
        ("R0-L0-p(R1,C1)", [{"L0"}], "drives it to zero"),
        ("Randles-Warburg", [{"A_W"}], "drives it to zero"),
        ("R-RCPE", [{"a_1"}], "at its bound 1"),
        # Either arc may be the superfluous one, or both share it.
        (
            "R0-p(R1,C1)-p(R2,C2)",
            [{"R1", "C1"}, {"R2", "C2"}, {"R1", "C1", "R2", "C2"}],
            "to zero|hardly depend|only together",
        ),
    ],
)
def test_what_exact_data_do_not_determine_is_named(circuit, lost, reason):
    """No number is given for it, although the residual vanishes."""
    fit = fit_circuit((FREQUENCIES, ARC), circuit)
    assert fit.chi < 1e-8
    found = set(fit.problems)
    assert found in lost
    assert not fit.identifiable[[name in found for name in fit.names]].any()
    for name in found:
        k = fit.names.index(name)
        assert np.isnan(fit.values[k])
        assert np.isinf(fit.standard_errors[k])
        with pytest.raises(InputError, match=f"do not determine {name} of"):
            fit.value(name)
        with pytest.raises(InputError, match="hold a parameter"):
            fit.standard_error(name)
    assert any(re.search(reason, text) for text in fit.problems.values())
    assert "not determined" in str(fit)
    assert fit.impedance() == pytest.approx(ARC, rel=1e-7)


def test_parameter_beyond_the_frequencies_is_not_determined(rng):
    """A layer capacitance cannot be seen where only the bulk arc was measured."""
    f = np.logspace(5, 8, 40)
    z = CIRCUITS["blocking cell"].impedance(f, [100, 1e-9, 1.0])
    fit = fit_circuit((f, noisy(z, rng)), "blocking cell")
    assert set(fit.problems) == {"C_SCL"}
    assert fit.value("R_bulk") == pytest.approx(100, rel=0.02)


def test_a_held_parameter_makes_the_others_identifiable():
    fit = fit_circuit((FREQUENCIES, ARC), "R0-R1-p(R2,C2)", fixed={"R1": 4.0})
    assert not fit.problems
    assert fit.values == pytest.approx([6.0, 4.0, 100.0, 1e-6], rel=1e-9)
    assert fit.standard_errors[1] == 0.0
    assert fit.correlation[1] == pytest.approx([0.0, 1.0, 0.0, 0.0])


def test_a_circuit_that_does_not_describe_the_data_is_called_so(rng):
    z = noisy(CIRCUITS["R-RCPE"].impedance(FREQUENCIES, [10, 100, 1e-5, 0.8]), rng)
    fit = fit_circuit((FREQUENCIES, z), "R-RC")
    assert fit.systematic
    assert "does not describe" in str(fit)


def test_weighting_counts_relative_or_absolute_errors():
    z = ARC.copy()
    z[FREQUENCIES < 10.0] *= 1.05
    relative = fit_circuit((FREQUENCIES, z), "R-RC")
    uniform = fit_circuit((FREQUENCIES, z), "R-RC", weighting="uniform")
    assert abs(relative.value("R_0") - 10.0) < 0.2 * abs(uniform.value("R_0") - 10.0)


def test_start_values_can_be_given():
    fit = fit_circuit((FREQUENCIES, ARC), "R-RC", guess={"R_1": 90.0}, starts=1)
    assert fit.values == pytest.approx([10, 100, 1e-6], rel=1e-9)
    assert fit_circuit((FREQUENCIES, ARC), parse_circuit("R0-p(R1,C1)")).value("R1") == (
        pytest.approx(100.0)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"guess": {"R1": 1.0}}, "no parameter 'R1' in R0-p"),
        ({"guess": [1.0]}, "1 values for the 3 parameters"),
        ({"guess": {"R_1": -1.0}}, "R_1 = -1; it has to be positive"),
        ({"fixed": {"R_0": 1.0, "R_1": 1.0, "C_1": 1.0}}, "nothing is to be fitted"),
        ({"weighting": "modulos"}, "Did you mean 'modulus'"),
        ({"accuracy": 0.0}, "accuracy must be positive"),
        ({"starts": 0}, "starts at least 1"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        fit_circuit((FREQUENCIES, ARC), "R-RC", **options)


def test_fewer_points_than_parameters_are_refused():
    with pytest.raises(InputError, match="3 complex points for the 6 free parameters"):
        fit_circuit((FREQUENCIES[:3], ARC[:3]), "blocking cell with layer resistance")


def test_an_unknown_parameter_is_refused():
    with pytest.raises(InputError, match="Did you mean 'R_1'"):
        fit_circuit((FREQUENCIES, ARC), "R-RC").value("R_3")
