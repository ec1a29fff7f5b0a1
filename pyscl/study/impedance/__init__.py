"""The impedance of a state: exact linearisation, adaptive frequencies, contributions."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pyscl.errors import InputError
from pyscl.postprocess.local_impedance import LocalImpedance
from pyscl.spectrum import Contribution, Spectrum
from pyscl.study.impedance.drive import Drive, driven_area, find_drive
from pyscl.study.impedance.frequencies import (
    SpectrumOptions,
    highest_frequency,
    lowest_frequency,
    parse_frequencies,
    sample,
)
from pyscl.study.impedance.linearized import ComplexArray, LinearizedModel

if TYPE_CHECKING:
    from pyscl.solution import Solution

__all__ = ["Drive", "LinearizedModel", "SpectrumOptions", "impedance"]


def impedance(
    solution: "Solution",
    frequencies: "ArrayLike | Sequence[str] | None" = None,
    *,
    contact: str | None = None,
    reference: str | None = None,
    open_contacts: Sequence[str] | str = (),
    options: SpectrumOptions | None = None,
) -> Spectrum:
    """Compute the impedance spectrum of a state; see `Solution.impedance`."""
    options = options or SpectrumOptions()
    given = None if frequencies is None else parse_frequencies(frequencies)
    drive = find_drive(solution.model, contact, reference, open_contacts)
    linearized = LinearizedModel(solution, options.linear_solver)
    local = None if drive.reference in drive.open_contacts else LocalImpedance(linearized)
    scaling = solution.model.discretized.scaling
    ohm = scaling.potential / scaling.current
    known: dict[float, complex] = {}
    parts: dict[float, ComplexArray] = {}

    def at(frequency: float) -> tuple[complex, ComplexArray]:
        driven = linearized.drive(*linearized.solve(2j * np.pi * frequency, drive), drive)
        if driven.current == 0.0:
            raise InputError(
                f"no alternating current flows between contact '{drive.contact}' and the others: "
                "no carrier or displacement connects them; check contacts and open_contacts"
            )
        of_parts = local(driven, frequency) if local else np.empty(0, complex)
        return driven.voltage / driven.current * ohm, of_parts * ohm

    def evaluate(wanted: Iterable[float]) -> None:
        new = [float(f) for f in wanted if float(f) not in known]
        if not known or min(new) < min(known):
            linearized.check_at_rest(min(new))
        with ThreadPoolExecutor(options.workers or min(4, os.cpu_count() or 1)) as pool:
            for f, found in zip(new, pool.map(at, new), strict=True):
                known[f], parts[f] = found

    warnings = []
    if isinstance(given, np.ndarray):
        evaluate(given)
    else:
        if given is None:
            high = highest_frequency(solution.model)
            low, at_limit = lowest_frequency(lambda f: at(f)[0], high, options.tolerance)
            given = low, high
            if not at_limit:
                warnings.append(
                    f"at the lowest frequency, {low:g} Hz, some process is still on its way"
                )
        if not sample(evaluate, known, given, options):
            warnings.append(
                f"{options.max_points} frequencies do not resolve it to {options.tolerance:g}; "
                "raise max_points or tolerance"
            )
    warnings += _fallbacks(linearized)
    f = np.array(sorted(known))
    table = np.array([parts[value] for value in f])
    names = local.parts if local else ()
    return Spectrum(
        solution=solution,
        contact=drive.contact,
        reference=drive.reference,
        open_contacts=drive.open_contacts,
        frequencies=f,
        impedance=np.array([known[value] for value in f]),
        unit="Ohm" if scaling.axisymmetric else "Ohm m",
        area=driven_area(solution.model, drive.contact),
        contributions=tuple(
            Contribution(kind, place, table[:, k]) for k, (kind, place) in enumerate(names)
        ),
        warnings=tuple(warnings),
    )


def _fallbacks(linearized: LinearizedModel) -> list[str]:
    """Return a sentence if another than the chosen linear solver had to help."""
    chosen, counted = linearized.linear_solver, linearized.solved_by
    others = {name: n for name, n in counted.items() if name != chosen.name}
    if not others:
        return []
    done = ", ".join(f"{n} by {name}" for name, n in others.items())
    return [
        f"{sum(others.values())} of {sum(counted.values())} matrices were too hard for the linear "
        f"solver {chosen}: {done}"
    ]
