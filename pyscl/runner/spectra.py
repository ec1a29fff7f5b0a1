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
from pyscl.spectrum import Spectrum
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
                tolerance=study.tolerance,
                points_per_decade=study.points_per_decade,
                linear_solver=options.linear_solver,
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

    Values per area are per area of the driven contact, for interfaces and contacts also per area
    of their own.
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
                "capacitance [uF/cm^2]": _scaled(part.capacitance, 100.0),
                "at [Hz]": part.frequency,
                "resistance of its own area [Ohm cm^2]": _scaled(part.own_resistance, 1e4),
                "capacitance of its own area [uF/cm^2]": _scaled(part.own_capacitance, 100.0),
                "share there": part.share,
                "largest share": part.largest_share,
            }
            for part in (spectrum.parts if spectrum.contributions else ())
        },
        "warnings": list(spectrum.warnings),
    }


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def report_spectra(summary: dict[str, Any], report: Callable[[str], None]) -> None:
    """Report resistances and capacitances of the spectra of a summary as a table."""
    rows = list(spectrum_rows(summary))
    if rows:
        report("impedance per area of the driven contact, and of the interface itself:")
        head = ("case", "study", "part", "R [Ohm cm2]", "itself", "C [uF/cm2]", "itself", "at")
        for line in table(head, rows):
            report(f"  {line}")
    for case, entry in summary["cases"].items():
        for study, result in entry["studies"].items():
            for warning in result.get("spectrum", {}).get("warnings", ()):
                report(f"warning: {case}: {study}: {warning}")


def spectrum_rows(summary: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield (case, study, part, R, R of its own area, C, C of its own area, frequency).

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
                yield case, study, f"all, {name}", resistance, "", "", "", frequency
            for name, part in result["spectrum"]["contributions"].items():
                if part["largest share"] < _NOTABLE:
                    continue
                stores = (
                    part["capacitance [uF/cm^2]"] is not None and part["share there"] >= _NOTABLE
                )
                cells = [
                    _cell(part[f"{what}{whose} [{unit}]"], shown)
                    for what, unit, shown in (
                        ("resistance", "Ohm cm^2", True),
                        ("capacitance", "uF/cm^2", stores),
                    )
                    for whose in ("", " of its own area")
                ]
                yield case, study, name, *cells, frequency_text(part["at [Hz]"]) if stores else ""


def _cell(value: float | None, shown: bool) -> str:
    return f"{value:.4g}" if shown and value is not None else ""


def _listed(frequencies: tuple[float, ...] | None) -> NDArray[np.float64] | None:
    return None if frequencies is None else np.array(frequencies)
