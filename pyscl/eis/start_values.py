"""Where the fit of a circuit starts: every element where the spectrum has its frequency."""

import numpy as np

from pyscl.eis.circuits import Circuit, Parameter
from pyscl.eis.data import Data, FloatArray

SPAN = 1e8
"""factor by which a parameter may exceed what the data suggest"""


def _of_kind(kind: str, modulus: float, omega: float) -> float:
    """Return the number of an element that has |Z| = modulus at w = omega [rad/s]."""
    return {
        "Z": modulus,
        "C": 1.0 / (omega * modulus),
        "Q": 1.0 / (omega * modulus),
        "L": modulus / omega,
        "W": modulus * np.sqrt(omega),
        "s": 1.0 / omega,
        "exponent": 0.9,
    }.get(kind, 1.0)


def search_range(parameter: Parameter, data: Data) -> tuple[float, float]:
    """Return the bounds of a parameter in a fit [its unit]: of the data, widened by `SPAN`."""
    if parameter.kind == "exponent":
        return 0.05, 1.0
    modulus, omega = abs(data.impedance), data.angular_frequencies
    values = [
        _of_kind(parameter.kind, z, w)
        for z in (modulus.min(), modulus.max())
        for w in (omega[0], omega[-1])
    ]
    return min(values) / SPAN, max(values) * SPAN


def start_values(circuit: Circuit, data: Data, rng: np.random.Generator | None) -> FloatArray:
    """Return start values of all parameters (m,).

    Elements with the same number share a characteristic frequency; the higher the number, the
    lower the frequency.

    Args:
        circuit: the circuit.
        data: the spectrum.
        rng: draws the frequencies and scatters the values; None: evenly spaced, not scattered.
    """
    groups = sorted({_number(p.element) for p in circuit.parameters})
    low, high = np.log(data.frequencies[[0, -1]])
    share = np.linspace(1.0, 0.0, len(groups) + 2)[1:-1]
    if rng is not None:
        share = np.sort(rng.random(len(groups)))[::-1]
    log_f = dict(zip(groups, low + share * (high - low), strict=True))
    log_modulus = np.log(abs(data.impedance))
    values = []
    for parameter in circuit.parameters:
        at = log_f[_number(parameter.element)]
        modulus = np.exp(np.interp(at, np.log(data.frequencies), log_modulus))
        value = _of_kind(parameter.kind, float(modulus), 2.0 * np.pi * float(np.exp(at)))
        if rng is not None:
            exponent = parameter.kind == "exponent"
            value = rng.uniform(0.5, 1.0) if exponent else value * np.exp(rng.normal())
        values.append(value)
    return np.array(values)


def _number(element: str) -> int:
    return int(element.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
