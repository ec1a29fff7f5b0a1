"""Passive circuits pass the Kramers-Kronig test, manipulated and drifting spectra fail."""

import numpy as np
import pytest

from pyscl import InputError
from pyscl.eis import CIRCUITS, kramers_kronig

FREQUENCIES = np.logspace(-2, 7, 64)
S = 2j * np.pi * FREQUENCIES
ROOT = np.sqrt(S)


def blocking_slab(half_thickness=100.0):
    """One mobile carrier between blocking contacts, in units of L/sigma and eps/sigma."""
    s = S * 1e-4
    m = half_thickness * np.sqrt(1.0 + s)
    return (1.0 + np.tanh(m) / (s * m)) / (1.0 + s)


PASSIVE = {
    "two arcs": 10 + 100 / (1 + S * 1e-4) + 50 / (1 + S * 1e-2),
    "depressed arc": 10 + 100 / (1 + (S * 1e-3) ** 0.8),
    "transmitting diffusion": 10 + 30 / (1 + S * 1e-4) + 40 * np.tanh(ROOT) / ROOT,
    "reflecting diffusion": 10 + 30 / (1 + S * 1e-4) + 40 / (ROOT * np.tanh(ROOT)),
    "inductance": 10 + 1e-7 * S + 100 / (1 + S * 1e-4),
    "inductive loop": 10 + 100 / (1 + S * 1e-4) - 20 / (1 + S * 1e-1),
    "blocking cell": 100 / (1 + S * 1e-6) + 1 / (S * 1e-6),
    "blocking slab": blocking_slab(),
}


@pytest.mark.parametrize("name", PASSIVE)
def test_passive_circuits_pass(name):
    test = kramers_kronig((FREQUENCIES, PASSIVE[name]))
    assert test.largest < 2e-6
    assert test.passes(1e-5)


def test_rough_blocking_contacts_pass():
    """A CPE has no largest time, which limits the description to 1e-4."""
    z = CIRCUITS["blocking cell with CPE"].impedance(FREQUENCIES, [100, 1e-8, 1e-6, 0.9])
    assert kramers_kronig((FREQUENCIES, z)).passes(5e-4)


FINITE_PHASE = {
    "Warburg": (10 + 50 / ROOT, 2e-3),
    "Randles-Warburg": (10 + 1 / (1 / (100 + 50 / ROOT) + 1e-6 * S), 2e-3),
    "capacitor at -38 degrees": (1e4 + 1 / (S * 2e-3), 1e-12),
    "cell at -38 degrees": (1000 + 100 / (1 + S * 1e-3) + 850 * S[0].imag / S, 1e-6),
    "flat CPE": (10 + 50 / S**0.2, 2e-3),
}


@pytest.mark.parametrize("name", FINITE_PHASE)
def test_spectra_that_grow_without_bound_pass_at_any_phase(name):
    """Im Z does not vanish at the lowest frequency, nor is the phase near -90 degrees."""
    z, tolerance = FINITE_PHASE[name]
    assert -45.0 < np.angle(z[0], deg=True) < -10.0 or name == "Warburg"
    assert kramers_kronig((FREQUENCIES, z)).passes(tolerance)


@pytest.mark.parametrize("variant", ["impedance", "admittance"])
def test_both_variants_describe_a_blocking_cell(variant):
    test = kramers_kronig((FREQUENCIES, PASSIVE["blocking cell"]), variant=variant)
    assert test.passes(1e-5)
    assert test.variant == variant


def test_the_variant_with_the_smaller_criterion_is_taken(rng):
    """One capacitor and one resistance are two terms of the impedance."""
    noise = rng.standard_normal((2, 64))
    z = (1e4 + 1 / (S * 2e-3)) * (1.0 + 1e-3 * (noise[0] + 1j * noise[1]))
    test = kramers_kronig((FREQUENCIES, z))
    assert test.variant == "impedance"
    assert test.relaxations == 1


def lin_kk(z, number, capacitor=True):
    """Return residual and mu of the linear Kramers-Kronig test of impedance.py.

    Its fit alone: what it evaluates the fit with does not run with numpy 2. It takes a negative
    capacitance, too; then the fit is done without.
    """
    from impedance.validation import fit_linKK, get_tc_distribution

    times = get_tc_distribution(FREQUENCIES, number)
    found, mu = fit_linKK(FREQUENCIES, times, number, z, fit_type="complex", add_cap=capacitor)
    fit = found[0] + (found[1 : number + 1] / (1.0 + np.outer(S, times))).sum(axis=1)
    fit += found[-1] * S  # inductance
    if capacitor:
        fit += found[-2] / S
    if capacitor and found[-2] < 0.0:
        return lin_kk(z, number, capacitor=False)
    return (fit - z) / abs(z), mu


@pytest.mark.parametrize("name", ["two arcs", "depressed arc", "blocking cell"])
@pytest.mark.parametrize("share", [0.0, 0.05])
@pytest.mark.parametrize("number", [5, 12])
def test_residuals_are_those_of_impedance_py(name, share, number):
    z = PASSIVE[name] + share * PASSIVE[name].real
    residual, mu = lin_kk(z, number)
    test = kramers_kronig((FREQUENCIES, z), variant="impedance", relaxations=number)
    assert test.real + 1j * test.imag == pytest.approx(residual, abs=1e-6)
    assert test.mu == pytest.approx(mu, rel=1e-3)
    assert test.largest > 1e-3


@pytest.mark.parametrize("name", PASSIVE)
@pytest.mark.parametrize("share", [0.0, 0.05])
def test_verdict_is_that_of_impedance_py(name, share):
    """With three relaxations per decade; its own number stops too early for narrow arcs."""
    z = PASSIVE[name] + share * PASSIVE[name].real
    residual, _ = lin_kk(z, 27)
    assert kramers_kronig((FREQUENCIES, z)).passes() == (abs(residual).max() < 0.01) == (not share)


@pytest.mark.parametrize("name", PASSIVE)
def test_scatter_alone_is_told_from_a_violation(name, rng):
    """The residual is the scatter, not less (overfitting) and not more."""
    noise = rng.standard_normal((2, 64))
    z = PASSIVE[name] * (1.0 + 1e-3 * (noise[0] + 1j * noise[1]))
    test = kramers_kronig((FREQUENCIES, z))
    assert test.passes(5e-3)
    assert np.sqrt(np.mean(test.real**2 + test.imag**2)) > 0.8e-3
    assert test.relaxations < 40


@pytest.mark.parametrize("name", PASSIVE)
@pytest.mark.parametrize("share", [0.05, -0.05])
def test_manipulated_real_part_fails(name, share):
    z = PASSIVE[name] + share * PASSIVE[name].real
    test = kramers_kronig((FREQUENCIES, z))
    assert test.largest > 0.015
    assert not test.passes()


def test_single_outlier_is_found():
    z = PASSIVE["two arcs"].copy()
    z[30] *= 1.05
    test = kramers_kronig((FREQUENCIES, z))
    assert not test.passes()
    assert test.worst_frequency == FREQUENCIES[30]


def test_drifting_cell_fails():
    """A resistance that grows by 30 % while the low frequencies are measured."""
    time = np.cumsum((1.0 / FREQUENCIES)[::-1])[::-1]
    z = 10 + 100 / (1 + S * 1e-4) + 50 * (1 + 0.3 * time / time.max()) / (1 + S)
    assert not kramers_kronig((FREQUENCIES, z)).passes(0.02)


def test_sign_error_is_named():
    """e^(-i w t) instead of e^(+i w t)."""
    with pytest.raises(InputError, match=r"Im Z > 0 at 64 of 64 .* wrong sign"):
        kramers_kronig((FREQUENCIES, PASSIVE["two arcs"].conj()))


def test_residuals_are_relative_to_the_modulus():
    small = kramers_kronig((FREQUENCIES, 1e-9 * PASSIVE["two arcs"] * (1 + 0.05j)))
    large = kramers_kronig((FREQUENCIES, 1e9 * PASSIVE["two arcs"] * (1 + 0.05j)))
    assert small.real == pytest.approx(large.real, abs=1e-8)
    assert small.imag == pytest.approx(large.imag, abs=1e-8)


def test_too_few_relaxations_do_not_describe_the_data():
    test = kramers_kronig((FREQUENCIES, PASSIVE["depressed arc"]), relaxations=4)
    assert test.relaxations == 4
    assert not test.passes()


@pytest.mark.parametrize("variant", ["impedance", "admittance"])
def test_relaxations_of_a_passive_cell_are_positive(variant):
    """Then mu is 1."""
    z = {
        "impedance": PASSIVE["depressed arc"],
        "admittance": CIRCUITS["blocking cell with CPE"].impedance(
            FREQUENCIES, [100, 1e-8, 1e-6, 0.9]
        ),
    }
    test = kramers_kronig((FREQUENCIES, z[variant]), variant=variant, relaxations=20)
    assert 0.95 < test.mu <= 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variant": "immittance"}, "Did you mean"),
        ({"relaxations": 0}, "allowed are 1 to 64"),
        ({"relaxations": 65}, "allowed are 1 to 64"),
        ({"relaxations": 2.5}, "allowed are 1 to 64"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        kramers_kronig((FREQUENCIES, PASSIVE["two arcs"]), **options)


def test_tolerance_is_positive():
    with pytest.raises(InputError, match="the tolerance is 0"):
        kramers_kronig((FREQUENCIES, PASSIVE["two arcs"])).passes(0.0)
