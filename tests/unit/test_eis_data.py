"""What counts as a spectrum, and which ones are refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from pyscl import InputError
from pyscl.eis import fit_circuit, kramers_kronig, relaxation_times
from pyscl.eis.data import checked
from pyscl.spectrum import Spectrum

FREQUENCIES = np.logspace(-1, 5, 25)
S = 2j * np.pi * FREQUENCIES
ARC = 10 + 100 / (1 + S * 1e-2)


def changed(array, **at):
    """Return a copy with some values replaced: k3=... sets the one at position 3."""
    copy = array.copy()
    for position, value in at.items():
        copy[int(position[1:])] = value
    return copy


BAD = {
    "negative": (changed(FREQUENCIES, k0=-1.0), ARC, "frequency -1 Hz at position 0"),
    "zero": (changed(FREQUENCIES, k0=0.0), ARC, "Leave out dc points"),
    "nan frequency": (changed(FREQUENCIES, k2=np.nan), ARC, "frequency nan Hz at position 2"),
    "twice": (changed(FREQUENCIES, k1=FREQUENCIES[0]), ARC, "0.1 Hz occurs twice"),
    "out of order": (changed(FREQUENCIES, k1=5.0), ARC, "out of order; sort them"),
    "real": (FREQUENCIES, ARC.real, "the impedance is real"),
    "real as complex": (FREQUENCIES, ARC.real + 0j, "the impedance is real"),
    "nan": (FREQUENCIES, changed(ARC, k3=np.nan), "at position 3; leave out"),
    "infinite": (FREQUENCIES, changed(ARC, k3=np.inf), "at position 3; leave out"),
    "zero impedance": (FREQUENCIES, changed(ARC, k4=0.0), "at position 4; leave out"),
    "lengths": (FREQUENCIES[:-1], ARC, "24 frequencies, but an impedance of shape"),
    "complex frequencies": (FREQUENCIES + 0j, ARC, "frequencies are a list of real numbers"),
    "two-dimensional": (FREQUENCIES[None, :], ARC, "of shape \\(1, 25\\)"),
    "few": (FREQUENCIES[:2], ARC[:2], "a spectrum of 2 points; at least"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize(
    "analyse",
    [lambda s: fit_circuit(s, "R-RC"), kramers_kronig, relaxation_times],
    ids=["fit", "kramers_kronig", "relaxation_times"],
)
def test_unusable_spectra_are_refused(name, analyse):
    frequencies, impedance, message = BAD[name]
    with pytest.raises(InputError, match=message):
        analyse((frequencies, impedance))


@pytest.mark.parametrize("thing", [ARC, "data.csv", None, (FREQUENCIES,)])
def test_what_is_no_spectrum_is_refused(thing):
    with pytest.raises(InputError, match=r"is no spectrum|is \(frequencies, impedance\)"):
        checked(thing)


def test_a_computed_spectrum_is_taken_with_its_unit():
    spectrum = Spectrum(None, "left", None, (), FREQUENCIES, ARC, "Ohm m", 1.0)
    data = checked(spectrum)
    assert data.unit == "Ohm m"
    assert (data.impedance == ARC).all()
    assert checked((FREQUENCIES.tolist(), ARC.tolist())).unit == "Ohm"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ohm*cm2", "Ohm cm^2"),
        ("Ohm m2", "Ohm m^2"),
        ("Ω cm²", "Ohm cm^2"),
        ("ohm*m**2", "Ohm m^2"),
        ("Ohm m", "Ohm m"),
    ],
)
def test_units_have_one_spelling(given, expected):
    spectrum = SimpleNamespace(frequencies=FREQUENCIES, impedance=ARC, unit=given)
    assert checked(spectrum).unit == expected


WRONG_SIGN = {
    "arc": ARC,
    "blocking cell": ARC + 1 / (S * 1e-3),
    "Warburg": 10 + 100 / np.sqrt(S),
    "capacitor": 1 / (S * 1e-3),
}


@pytest.mark.parametrize("name", WRONG_SIGN)
@pytest.mark.parametrize("order", [1, -1])
def test_wrong_sign_is_named(name, order):
    checked((FREQUENCIES[::order], WRONG_SIGN[name][::order]))
    with pytest.raises(InputError, match=r"Im Z > 0 at 25 of 25 .*; wrong sign"):
        checked((FREQUENCIES[::order], WRONG_SIGN[name].conj()[::order]))


@pytest.mark.parametrize(
    "z",
    [
        10 + 1e-6 * S,
        10 + 1e-9 * S,
        10 - 5 / (1 + S),
        1e-3 * S / (1 + S * 1e-3),
        10 + 100 / (1 + S * 1e-6) + 1e-2 * S,
    ],
    ids=["cable", "resistor", "inductive loop", "coil", "coil and arc"],
)
def test_inductive_spectra_have_no_wrong_sign(z, rng):
    noise = rng.standard_normal(len(z)) + 1j * rng.standard_normal(len(z))
    assert checked((FREQUENCIES, z)).impedance == pytest.approx(z)
    checked((FREQUENCIES, z * (1.0 + 1e-3 * noise)))


def test_descending_frequencies_are_turned():
    data = checked(SimpleNamespace(frequencies=FREQUENCIES[::-1], impedance=ARC[::-1]))
    assert (data.frequencies == FREQUENCIES).all()
    assert (data.impedance == ARC).all()


@pytest.mark.parametrize(
    ("impedance", "blocking"),
    [
        (ARC, False),
        (10 + 1 / (S * 1e-3), True),
        (10 + 1 / (1e-3 * S**0.8), True),
        (10 + 100 / np.sqrt(S), False),
        (10 + 1e-6 * S, False),
        (ARC + 100 / (np.sqrt(S) * np.tanh(np.sqrt(S))), True),
        (ARC + 100 * np.tanh(np.sqrt(S)) / np.sqrt(S), False),
    ],
    ids=["arc", "capacitor", "CPE", "Warburg", "inductor", "reflecting", "transmitting"],
)
def test_blocking_spectra_are_told_from_others(impedance, blocking):
    assert checked((FREQUENCIES, impedance)).blocking is blocking
