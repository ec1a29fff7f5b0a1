"""Distributions of relaxation times of circuits whose distribution is known."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from pyscl import InputError
from pyscl.eis import relaxation_times

FREQUENCIES = np.logspace(-2, 7, 64)
S = 2j * np.pi * FREQUENCIES


def scattered(z, rng, error):
    noise = rng.standard_normal((2, len(z)))
    return z * (1.0 + error * (noise[0] + 1j * noise[1]))


@pytest.mark.parametrize(("slow", "tolerance"), [(1e-2, 0.001), (1e-3, 0.01), (4e-4, 0.02)])
def test_two_arcs_without_noise(slow, tolerance):
    z = 10 + 100 / (1 + S * 1e-4) + 50 / (1 + S * slow)
    drt = relaxation_times((FREQUENCIES, z))
    assert len(drt.peaks) == 2
    assert [p.time for p in drt.peaks] == pytest.approx([1e-4, slow], rel=2 * tolerance)
    assert [p.resistance for p in drt.peaks] == pytest.approx([100, 50], rel=tolerance)
    assert drt.peaks[0].capacitance == pytest.approx(1e-6, rel=0.02)
    assert drt.resistance == pytest.approx(10, rel=1e-3)
    assert drt.polarization_resistance == pytest.approx(150, rel=1e-3)
    assert (drt.distribution >= 0.0).all()
    assert all(p.complete for p in drt.peaks)
    assert drt.capacitance is None
    assert drt.inductance is None
    assert abs(drt.residual).max() < 2e-3


def test_two_arcs_with_noise_lie_within_three_standard_errors(rng):
    z = scattered(10 + 100 / (1 + S * 1e-4) + 50 / (1 + S * 1e-2), rng, 0.003)
    drt = relaxation_times((FREQUENCIES, z))
    within = [peak for peak in drt.peaks if peak.complete]
    for peak, time, resistance in zip(within, (1e-4, 1e-2), (100, 50), strict=True):
        assert peak.time == pytest.approx(time, rel=0.02)
        assert peak.resistance == pytest.approx(resistance, rel=0.02)
        assert abs(peak.time - time) < 3 * peak.time_error
        assert abs(peak.resistance - resistance) < 3 * peak.resistance_error
        assert peak.resistance_error < 0.05 * resistance


def test_depressed_arc_has_its_known_distribution():
    """ZARC: gamma = R/(2 pi) sin((1 - a) pi)/(cosh(a ln(tau/tau_0)) - cos((1 - a) pi))."""
    drt = relaxation_times((FREQUENCIES, 10 + 100 / (1 + (S * 1e-3) ** 0.8)))
    x = np.log(drt.times / 1e-3)
    angle = 0.2 * np.pi
    exact = 100 / (2 * np.pi) * np.sin(angle) / (np.cosh(0.8 * x) - np.cos(angle))
    inside = abs(x) < 5.0
    assert drt.distribution[inside] == pytest.approx(exact[inside], abs=1e-2 * exact.max())
    (peak,) = drt.peaks
    assert peak.time == pytest.approx(1e-3, rel=0.01)
    assert peak.resistance == pytest.approx(100, rel=0.01)


def test_blocking_cell_has_a_series_capacitance():
    z = 100 / (1 + S * 1e-6) + 40 / (1 + S * 1e-3) + 1 / (S * 1e-4)
    drt = relaxation_times((FREQUENCIES, z))
    assert drt.capacitance == pytest.approx(1e-4, rel=1e-3)
    assert [p.time for p in drt.peaks] == pytest.approx([1e-6, 1e-3], rel=0.01)
    assert [p.resistance for p in drt.peaks] == pytest.approx([100, 40], rel=0.01)
    assert drt.resistance == pytest.approx(0.0, abs=0.01)
    assert all(p.resistance_error < 0.02 * p.resistance for p in drt.peaks)
    # Longer times could not be told from the capacitance.
    assert drt.times[-1] == pytest.approx(1.0 / (2.0 * np.pi * FREQUENCIES[0]))


def test_error_of_a_peak_does_not_count_what_lies_far_from_it():
    """The fit of a capacitance 1e9 times the arc leaves spurious maxima at long times."""
    drt = relaxation_times((FREQUENCIES, 100 / (1 + S * 1e-6) + 1 / (S * 1e-6)))
    (peak,) = drt.peaks
    assert peak.resistance == pytest.approx(100, rel=1e-3)
    assert peak.resistance_error < 1.0


def test_blocking_slab_shows_its_bulk():
    """Low-frequency resistance (L/sigma)(1 - 3/(2M)), M = L/(2 lambda_D) = 100, tanh M = 1."""
    s = S * 1e-4
    m = 100.0 * np.sqrt(1.0 + s)
    drt = relaxation_times((FREQUENCIES, (1.0 + np.tanh(m) / (s * m)) / (1.0 + s)))
    assert drt.polarization_resistance + drt.resistance == pytest.approx(0.985, rel=5e-3)
    largest = max(drt.peaks, key=lambda peak: peak.resistance)
    assert largest.time == pytest.approx(1e-4, rel=0.05)
    assert drt.capacitance == pytest.approx(1e-4 * 100.0, rel=1e-3)


def test_small_fast_arc_beside_a_large_slow_one_is_a_peak():
    """It counts against |Z| where it acts, not against the whole resistance."""
    z = 40 + 100 / (1 + S * 1e-7) + 1e5 / (1 + S * 1e-1)
    drt = relaxation_times((FREQUENCIES, z))
    assert [p.time for p in drt.peaks] == pytest.approx([1e-7, 1e-1], rel=0.01)
    assert [p.resistance for p in drt.peaks] == pytest.approx([100, 1e5], rel=0.02)


def test_inductance_is_separated():
    drt = relaxation_times((FREQUENCIES, 10 + 1e-6 * S + 100 / (1 + S * 1e-4)), inductance=True)
    assert drt.inductance == pytest.approx(1e-6, rel=1e-3)
    assert drt.peaks[0].resistance == pytest.approx(100, rel=0.01)


def test_peak_beyond_the_frequencies_is_marked():
    drt = relaxation_times((FREQUENCIES, 10 + 100 / (1 + S * 1e-4) + 50 / (1 + S * 40.0)))
    assert [p.complete for p in drt.peaks] == [True, False]


def test_stronger_regularization_is_smoother():
    spectrum = FREQUENCIES, 10 + 100 / (1 + S * 1e-4) + 50 / (1 + S * 1e-2)
    tops = [
        relaxation_times(spectrum, regularization=s, samples=0).distribution.max()
        for s in (1e-8, 1e-4, 1e-1)
    ]
    assert tops[0] > 2 * tops[1] > 4 * tops[2]


def test_cross_validation_smooths_noise_away(rng):
    """Scatter of 1 % calls for more regularisation, and leaves one main peak of a broad arc.

    The strongest regularisation within a standard error is 1e-4 here, the one with the best
    prediction depends on the scatter: 3e-7 to 1e-5.
    """
    clean = 10 + 100 / (1 + (S * 1e-3) ** 0.8)
    exact = relaxation_times((FREQUENCIES, clean))
    noisy = relaxation_times((FREQUENCIES, scattered(clean, rng, 0.01)))
    assert exact.regularization < 1e-10
    assert 3e-5 < noisy.regularization < 1e-3
    largest = max(noisy.peaks, key=lambda peak: peak.resistance)
    assert largest.resistance > 85.0
    assert largest.time == pytest.approx(1e-3, rel=0.1)


def test_result_scales_with_the_unit_of_impedance():
    z = 10 + 100 / (1 + S * 1e-4) + 50 / (1 + S * 1e-2)
    small, large = (relaxation_times((FREQUENCIES, k * z), samples=0) for k in (1e-9, 1e9))
    assert small.regularization == large.regularization
    assert small.distribution * 1e18 == pytest.approx(large.distribution, rel=1e-4, abs=1e3)


def test_everything_fitted_is_printed():
    z = 10 + 1e-6 * S + 100 / (1 + S * 1e-4) + 1 / (S * 1e-2)
    spectrum = SimpleNamespace(frequencies=FREQUENCIES, impedance=z, unit="Ohm cm^2")
    drt = relaxation_times(spectrum, inductance=True, capacitance=True, samples=5)
    text = str(drt)
    assert re.match(r"in series \S+ Ohm cm\^2, L 1\S* H cm\^2, C 0\.01 F/cm\^2; relative", text)
    assert f"relative misfit {drt.misfit:.2g}\n" in text
    assert "C [F/cm^2]" in text
    assert "systematic" not in text


DESCRIBED = {
    "two arcs": 10 + 100 / (1 + S * 1e-4) + 50 / (1 + S * 1e-2),
    "depressed arc": 10 + 100 / (1 + (S * 1e-3) ** 0.8),
    "blocking cell": 100 / (1 + S * 1e-6) + 1 / (S * 1e-6),
    "Warburg": 10 + 50 / np.sqrt(S),
}


@pytest.mark.parametrize("name", DESCRIBED)
@pytest.mark.parametrize("error", [0.0, 0.01])
def test_scatter_is_no_systematic_misfit(name, error, rng):
    drt = relaxation_times((FREQUENCIES, scattered(DESCRIBED[name], rng, error)), samples=0)
    assert not drt.systematic
    assert drt.misfit == pytest.approx(error, rel=0.2, abs=4e-4)


NOT_DESCRIBED = {
    "negative arc": 10 + 100 / (1 + S * 1e-3) - 30 / (1 + S),
    "small negative arc": 10 + 100 / (1 + S * 1e-3) - 5 / (1 + S * 0.1),
    "coil": 10 + 1e-5 * S + 100 / (1 + S * 1e-3),
    "manipulated": 1.05 * DESCRIBED["two arcs"].real + 1j * DESCRIBED["two arcs"].imag,
    "cell at -38 degrees": 1000 + 100 / (1 + S * 1e-3) + 850 * S[0].imag / S,
}


@pytest.mark.parametrize("name", NOT_DESCRIBED)
def test_data_that_relaxations_do_not_describe_are_called_so(name, rng):
    drt = relaxation_times((FREQUENCIES, scattered(NOT_DESCRIBED[name], rng, 0.003)), samples=0)
    assert drt.systematic
    assert drt.misfit > 5e-3
    assert "relaxations do not describe the data" in str(drt)


@pytest.mark.parametrize(
    ("name", "option"), [("coil", "inductance"), ("cell at -38 degrees", "capacitance")]
)
def test_an_element_in_series_cures_the_misfit(name, option):
    drt = relaxation_times((FREQUENCIES, NOT_DESCRIBED[name]), samples=0, **{option: True})
    assert not drt.systematic
    assert drt.peaks[0].resistance == pytest.approx(100, rel=0.01)


def test_wrong_sign_gives_no_peaks():
    with pytest.raises(InputError, match="wrong sign"):
        relaxation_times((FREQUENCIES, DESCRIBED["two arcs"].conj()))


def test_the_accuracy_is_what_does_not_count():
    spectrum = FREQUENCIES, NOT_DESCRIBED["small negative arc"]
    assert not relaxation_times(spectrum, samples=0, accuracy=0.02).systematic


@pytest.mark.parametrize(
    "options",
    [
        {"regularization": 0.0},
        {"points_per_decade": 2},
        {"samples": -1},
        {"smallest_peak": 1.0},
        {"points_per_decade": 4.5},
        {"samples": 2.5},
        {"accuracy": 0.0},
    ],
)
def test_bad_options_are_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        relaxation_times((FREQUENCIES, 10 + 100 / (1 + S * 1e-4)), **options)
