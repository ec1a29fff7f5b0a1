"""Impedance studies of a run: the spectrum, its files and pictures, what the summary says."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import ConvergenceError, InputError
from pyscl.input import FrequencyRange, ImpedanceStudy
from pyscl.model import Model
from pyscl.solution import Solution
from pyscl.spectrum import PartImpedance, Spectrum
from pyscl.study.impedance import SpectrumOptions, impedance
from pyscl.study.impedance.drive import find_drive
from pyscl.study.impedance.frequencies import highest_frequency
from pyscl.study.newton import SolverOptions
from pyscl.study.steady import check_steady
from pyscl.text import frequency_text, table

_NOTABLE = 1e-4  # share of the impedance of a part that is reported

CSV, PICTURES = "spectrum.csv", ("nyquist.png", "bode.png", "contributions.png")


def check_impedance(study: ImpedanceStudy, model: Model) -> None:
    """Refuse an impedance that cannot be computed, before anything is solved.

    Raises:
        InputError: carriers that cannot move, a state that has no unique solution, or contacts
            between which there is no impedance.
    """
    find_drive(model, study.contact, study.reference, study.open_contacts)
    if study.frequencies is None:
        highest_frequency(model)
    check_steady(model, study.bias)
    if study.bias:
        model.conditions.steady(study.bias)
    elif study.start == "equilibrium":
        model.conditions.equilibrium()


def carry_out(
    study: ImpedanceStudy, model: Model, previous: Solution | None, options: SolverOptions
) -> Spectrum:
    """Compute the state of an impedance study and its response.

    Args:
        study: the study.
        model: its model.
        previous: the last state of the study before, or None.
        options: for the state.

    Raises:
        ConvergenceError: the state did not converge, or is not at rest.
    """
    state = previous if study.start == "previous" else None
    if study.bias:
        state = model.steady(study.bias, start=state, options=options)
    elif state is None:
        state = model.equilibrium(options=options)
    asked = study.frequencies
    try:
        return impedance(
            state,
            (asked.low, asked.high) if isinstance(asked, FrequencyRange) else _listed(asked),
            contact=study.contact,
            reference=study.reference,
            open_contacts=study.open_contacts,
            options=SpectrumOptions(
                tolerance=study.tolerance, points_per_decade=study.points_per_decade
            ),
        )
    except InputError as error:  # whether a state is at rest shows only when it is there
        raise ConvergenceError(str(error), history=state.history, last_good=state) from error


def write_spectrum(spectrum: Spectrum, place: Path) -> None:
    """Write the table of a spectrum."""
    spectrum.write_csv(place / CSV)


def remove_spectrum(place: Path) -> None:
    """Remove what an earlier impedance study left in a folder."""
    for name in (CSV, *PICTURES):
        (place / name).unlink(missing_ok=True)


def summarise_spectrum(spectrum: Spectrum) -> dict[str, Any]:
    """Return range, limits and parts of a spectrum as plain data.

    Values per area are per area of the driven contact, also those of interfaces.
    """
    planar = spectrum.unit == "Ohm m"
    ends = {"low frequency": 0, "high frequency": -1}
    return {
        "contact": spectrum.contact,
        "reference": spectrum.reference,
        "open contacts": list(spectrum.open_contacts),
        f"area of the contact [{'m' if planar else 'm^2'}]": spectrum.area,
        "frequencies": len(spectrum.frequencies),
        **{
            name: {
                "frequency [Hz]": float(spectrum.frequencies[k]),
                f"resistance [{spectrum.unit}]": float(spectrum.impedance[k].real),
                f"reactance [{spectrum.unit}]": float(spectrum.impedance[k].imag),
                f"capacitance [{'F/m' if planar else 'F'}]": float(spectrum.capacitance[k]),
                "resistance [Ohm cm^2]": float(spectrum.area_specific[k].real) * 1e4,
            }
            for name, k in ends.items()
        },
        "contributions": {
            part.name: {
                "resistance [Ohm cm^2]": part.resistance * 1e4,
                "capacitance [uF/cm^2]": None
                if part.capacitance is None
                else part.capacitance * 100.0,
                "at [Hz]": part.frequency,
                "largest share": part.largest_share,
                "share there": _share(spectrum, values, part.frequency),
            }
            for part, values in _parts(spectrum)
        },
    }


def _parts(spectrum: Spectrum) -> list[tuple[PartImpedance, NDArray[np.complex128]]]:
    """Return the parts of a spectrum with their impedance; none against a probe."""
    if not spectrum.contributions:
        return []
    return list(zip(spectrum.parts, (c.values for c in spectrum.contributions), strict=True))


def _share(spectrum: Spectrum, values: NDArray[np.complex128], frequency: float) -> float:
    """Return |Z| of a part over that of the whole at one of the frequencies [Hz]."""
    at = int(np.abs(spectrum.frequencies - frequency).argmin())
    return float(np.abs(values[at] / spectrum.impedance[at]))


def report_spectra(summary: dict[str, Any], report: Callable[[str], None]) -> None:
    """Report resistances and capacitances of the spectra of a summary as a table."""
    rows = list(spectrum_rows(summary))
    if rows:
        report("impedance times area of the contact:")
        head = ("case", "study", "part", "resistance [Ohm cm2]", "capacitance [uF/cm2]", "at")
        for line in table(head, rows):
            report(f"  {line}")


def spectrum_rows(summary: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield (case, study, part, resistance, capacitance, frequency) of the spectra of a run.

    Parts that never reach a ten-thousandth of the impedance are left out; those that do not where
    their capacitance would be read have none, as it would be huge and without an effect.
    """
    for case, entry in summary["cases"].items():
        for study, result in entry["studies"].items():
            if "spectrum" not in result:
                continue
            for name in ("high frequency", "low frequency"):
                end = result["spectrum"][name]
                frequency = frequency_text(end["frequency [Hz]"])
                resistance = f"{end['resistance [Ohm cm^2]']:.4g}"
                yield case, study, f"all, {name}", resistance, "", frequency
            for name, part in result["spectrum"]["contributions"].items():
                if part["largest share"] < _NOTABLE:
                    continue
                capacitance = part["capacitance [uF/cm^2]"]
                stores = capacitance is not None and part["share there"] >= _NOTABLE
                yield (
                    case,
                    study,
                    name,
                    f"{part['resistance [Ohm cm^2]']:.4g}",
                    f"{capacitance:.4g}" if stores else "",
                    frequency_text(part["at [Hz]"]) if stores else "",
                )


def _listed(frequencies: tuple[float, ...] | None) -> NDArray[np.float64] | None:
    return None if frequencies is None else np.array(frequencies)
