"""Checks of a spectrum: causality, passivity, its parts, and frequencies that are solved again."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pyscl.certificate.check import Check, at_most, failed, not_applicable
from pyscl.errors import InputError

if TYPE_CHECKING:
    from pyscl.spectrum import Spectrum

AGAIN = 1e-6  # of |Z|
CAUSAL = 0.01  # of |Z|
_NOT_CAUSAL = 0.1
_LEAST = 6  # frequencies of a Kramers-Kronig test


def of_spectrum(spectrum: "Spectrum") -> Iterator[Check]:
    """Check the frequencies, values and parts of a spectrum."""
    f = spectrum.frequencies
    wrong = np.count_nonzero(~(f > 0.0)) + np.count_nonzero(~(np.diff(f) > 0.0))
    yield at_most(
        "frequencies of the spectrum",
        float(wrong),
        0.0,
        "Number of frequencies that are not positive or do not ascend.",
    )
    values = spectrum.impedance
    bad = np.count_nonzero(~np.isfinite(values)) + np.count_nonzero(values == 0.0)
    yield at_most(
        "finite values of the spectrum",
        float(bad),
        0.0,
        "Number of values that are no numbers.",
    )
    if bad or wrong:
        return
    size = np.abs(values)
    if spectrum.reference is None or spectrum.reference not in spectrum.open_contacts:
        active = float((-values.real / size).max())
        yield at_most(
            "passive response",
            active,
            1e-9,
            "Largest -Re(Z)/|Z|: without a driving direct current, a model consumes power at every "
            "frequency.",
            warn_only=any(spectrum.solution.bias.values()),
        )
    if spectrum.contributions:
        total = sum(part.values for part in spectrum.contributions)
        yield at_most(
            "parts of the impedance",
            float((np.abs(total - values) / size).max()),
            1e-6,
            "Bulk, layers, transfer and diffusion add up to the impedance.",
        )
    else:
        yield not_applicable("parts of the impedance", "The impedance was not divided into parts.")
    yield _causality(spectrum)
    yield _solved_again(spectrum)


def _causality(spectrum: "Spectrum") -> Check:
    """Check the Kramers-Kronig relations, which know nothing of the model."""
    name = "Kramers-Kronig relations"
    if len(spectrum.frequencies) < _LEAST:
        return not_applicable(name, f"That takes at least {_LEAST} frequencies.")
    from pyscl.eis import kramers_kronig

    try:
        found = kramers_kronig((spectrum.frequencies, spectrum.impedance))
    except InputError as error:  # no spectrum of anything, such as one with the wrong sign
        return failed(name, f"It cannot be a spectrum: {error}")
    return at_most(
        name,
        found.largest,
        CAUSAL,
        "Largest part of the impedance that no sum of relaxations describes, over |Z|, at "
        f"{found.worst_frequency:.3g} Hz; above {_NOT_CAUSAL:.0%} it fails.",
        warn_only=found.largest <= _NOT_CAUSAL,
    )


def _solved_again(spectrum: "Spectrum") -> Check:
    """Check two frequencies against a new solve: the record, not the equations, is checked."""
    last = len(spectrum.frequencies) - 1
    chosen = sorted({last // 3, last})
    new = spectrum.solution.impedance(
        spectrum.frequencies[chosen],
        contact=spectrum.contact,
        reference=spectrum.reference,
        open_contacts=spectrum.open_contacts,
    )
    size = np.abs(new.impedance)
    missed = float((np.abs(spectrum.impedance[chosen] - new.impedance) / size).max())
    for part in spectrum.contributions:
        values = new.contribution(part.kind, part.place).values
        missed = max(missed, float((np.abs(part.values[chosen] - values) / size).max()))
    return at_most(
        "impedance solved again",
        missed,
        AGAIN,
        f"Largest difference, over |Z|, of the impedance and its parts at {len(chosen)} "
        "frequencies from those of a new solve around the state; it tells of values, units or "
        "names that were changed later.",
    )
