"""The impedance of a state from small steps of the voltage in time: a check of the linearisation.

It shares neither the complex equations nor the derivatives in time with `Solution.impedance`, only
the mesh, so both agree but for the errors of the time steps and of the amplitude.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.analytic import thermal_voltage
from pyscl.errors import InputError
from pyscl.protocol import Hold, StepTo, Wait
from pyscl.study.transient import TransientOptions

if TYPE_CHECKING:
    from pyscl.solution import Solution
    from pyscl.spectrum import Spectrum

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

_PERIODS = 5.0  # of the lowest frequency that are followed
_FIRST = 1e-3  # end of the first wait, in periods of the highest frequency
_PER_DECADE = 20
_NOTHING = 1e-12  # s, in which a state at rest does not move


def _count(frequencies: FloatArray) -> int:
    """Return how many waits cover the times that matter at some frequencies."""
    decades = np.log10(_PERIODS / _FIRST * frequencies.max() / frequencies.min())
    return int(np.ceil(_PER_DECADE * decades)) + 1


def step_impedance(
    solution: "Solution",
    frequencies: ArrayLike,
    *,
    contact: str,
    reference: str | None = None,
    amplitude: float = 1e-3,
    tolerance: float = 1e-7,
) -> ComplexArray:
    """Return the impedance [Ohm m] (planar) or [Ohm] from two small steps, up and down.

    The charge q(t) that passes after a step v gives Y = (1/v) i w integral of dq e^(-i w t), with
    q linear between the time steps, and its last rate from then on. The mean of both directions
    is free of terms of even order in v.

    Args:
        solution: an equilibrium or steady state.
        frequencies: (n,) [Hz]; the highest should be below the dielectric relaxation, which the
            time steps resolve.
        contact: where the voltage steps.
        reference: the contact it is measured against; default: the only other one. It and all
            others are held.
        amplitude: of the step [kT/e].
        tolerance: of the time steps.

    Raises:
        InputError: a frequency or amplitude that is not positive, or an unknown contact.
        ConvergenceError: a time step failed.
    """
    f = np.atleast_1d(np.asarray(frequencies, dtype=float))
    for name, value in (("frequencies", f), ("amplitude", np.asarray(amplitude))):
        if not (value.size and np.all(np.isfinite(value) & (value > 0.0))):
            raise InputError(f"{name}: {value} must be positive and finite")
    model = solution.model
    rest = model.transient(
        [Hold(duration=_NOTHING)], contact=contact, reference=reference, start=solution
    )
    volts = amplitude * thermal_voltage(model.temperature)
    # Time steps that grow with the time since the step resolve e^(-i w t) at every frequency.
    ends = np.geomspace(_FIRST / f.max(), _PERIODS / f.min(), _count(f))
    waits = [Wait(duration=float(d)) for d in np.diff(ends, prepend=0.0)]
    admittance = np.zeros(f.shape, dtype=complex)
    for sign in (1.0, -1.0):
        step = sign * volts
        trajectory = model.transient(
            [StepTo(voltage=float(rest["voltage"][-1]) + step), *waits],
            contact=contact,
            reference=reference,
            start=solution,
            options=TransientOptions(tolerance=tolerance),
        )
        charge = charge_transform(trajectory["time"], trajectory["charge_passed"], f)
        admittance += 0.5 * charge / step
    return np.asarray(1.0 / admittance)


@dataclass(frozen=True, eq=False)
class TimeDomainCheck:
    """A spectrum against the transform of small steps in time.

    Attributes:
        frequencies: (n,) [Hz].
        impedance: (n,) from the steps, in the unit of the spectrum.
        deviations: (n,) |Z from the steps - Z| / |Z|.
    """

    frequencies: FloatArray
    impedance: ComplexArray
    deviations: FloatArray

    @property
    def largest(self) -> float:
        """Largest deviation [1]."""
        return float(self.deviations.max())

    def passes(self, tolerance: float = 0.01) -> bool:
        """Whether all deviations are within a tolerance."""
        return self.largest <= tolerance


def check_in_time(
    spectrum: "Spectrum", count: int = 5, *, amplitude: float = 1e-3, tolerance: float = 1e-7
) -> TimeDomainCheck:
    """Compare a spectrum with the response to small steps; see `Spectrum.check_in_time`."""
    if count < 1:
        raise InputError(f"count must be at least 1, not {count}")
    if spectrum.open_contacts:
        raise InputError(
            "in time every contact but the driven one is held; check a spectrum without "
            "open_contacts"
        )
    wanted = np.linspace(0, len(spectrum.frequencies) - 1, count).round().astype(int)
    chosen = np.unique(wanted)
    f, z = spectrum.frequencies[chosen], spectrum.impedance[chosen]
    stepped = step_impedance(
        spectrum.solution,
        f,
        contact=spectrum.contact,
        reference=spectrum.reference,
        amplitude=amplitude,
        tolerance=tolerance,
    )
    return TimeDomainCheck(f, stepped, np.abs(stepped - z) / np.abs(z))


def charge_transform(time: FloatArray, charge: FloatArray, frequencies: FloatArray) -> ComplexArray:
    """Return i w times the integral of e^(-i w t) over the charge, dq, that passes (n,).

    Args:
        time: (m,) [s], ascending from 0; equal times are a jump.
        charge: (m,) piecewise linear; its last slope goes on.
        frequencies: (n,) [Hz].
    """
    step, passed = np.diff(time), np.diff(charge)
    rate = np.divide(passed, step, out=np.zeros_like(step), where=step > 0.0)
    jump = np.where(step > 0.0, 0.0, passed)
    i_omega = 2j * np.pi * np.asarray(frequencies, dtype=float)
    wave = np.exp(-np.multiply.outer(i_omega, time))
    at_once = i_omega * (wave[..., :-1] @ jump)
    return np.asarray(at_once + (wave[..., :-1] - wave[..., 1:]) @ rate + wave[..., -1] * rate[-1])
