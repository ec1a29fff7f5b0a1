"""Studies of the polarization of a run: loops, poling, permittivity; their files and numbers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pyscl import validity
from pyscl.input import PermittivityStudy, PolarizationLoopStudy, PolingStudy
from pyscl.input.studies import PolarStudy
from pyscl.loops import PolarizationLoop
from pyscl.materials import Landau
from pyscl.model import Model
from pyscl.polar_states import AnyPolarState, start_polarization
from pyscl.solution import Solution
from pyscl.study.newton import SolverOptions
from pyscl.study.permittivity import PermittivitySweep, permittivity_sweep
from pyscl.study.permittivity import check_sweep as check_permittivity
from pyscl.study.polarization_loop import check_loop, polarization_loop, rest
from pyscl.study.poling import Poling, can_be_poled, pole
from pyscl.study.steady import check_steady
from pyscl.text import table

PolarResult = PolarizationLoop | Poling | PermittivitySweep
"""What a study of the polarization returns."""

_ROUNDING = 1e-9  # of the largest polarization, that counts as 0
_FILES = ("loop.csv", "loop.png", "permittivity.csv", "permittivity.png")


@dataclass(frozen=True)
class Reached:
    """What a study of the polarization did.

    Attributes:
        result: the loop, the poling or the sweep.
        final: its last state.
        effort: in words.
    """

    result: PolarResult
    final: Solution
    effort: str


def starts_in(
    model: Model, states: Mapping[str, AnyPolarState]
) -> Mapping[str, AnyPolarState] | None:
    """Return the polarizations to start from of the regions that are ferroelectric in a model.

    None if there are none: a region may be ferroelectric in one variant only.
    """
    polar = {r for r, m in model.materials.items() if isinstance(m.polarization, Landau)}
    return {region: state for region, state in states.items() if region in polar} or None


def check_starts(model: Model, states: Mapping[str, AnyPolarState]) -> None:
    """Refuse polarizations from which a model cannot start, such as domains without walls.

    Raises:
        InputError: names the region.
    """
    start_polarization(model, model.conditions.start_state(), starts_in(model, states))


def check_polar_study(study: PolarStudy, model: Model) -> None:
    """Refuse a study of the polarization that cannot be carried out, before anything is solved.

    Raises:
        InputError: contacts, regions or amplitudes that do not fit, or no unique state.
    """
    check_starts(model, study.polarization)
    if isinstance(study, PolarizationLoopStudy):
        check_loop(model, study.contact, study.region)
    elif isinstance(study, PolingStudy):
        check_steady(model, study.voltages)
    else:
        check_permittivity(model, study.contact, study.thickness, study.values)
        model.conditions.equilibrium()
    if not isinstance(study, PermittivityStudy) and study.start == "equilibrium":
        model.conditions.frozen()


def carry_out(
    study: PolarStudy, model: Model, previous: Solution | None, options: SolverOptions
) -> Reached:
    """Carry out a study of the polarization.

    Args:
        study: the study.
        model: its model.
        previous: the last state of the study before, or None.
        options: for the states.

    Raises:
        ConvergenceError: a state failed; `error.partial` is what there is.
    """
    states = starts_in(model, study.polarization)
    if isinstance(study, PermittivityStudy):
        sweep = permittivity_sweep(
            model,
            study.values,
            study.contact,
            thickness=study.thickness,
            cooling=study.cooling,
            polarization=states,
            options=options,
        )
        count = len(study.values) * (2 if study.cooling else 1)
        return Reached(sweep, sweep.final, f"{count} states")
    start = previous if study.start == "previous" else None
    if isinstance(study, PolarizationLoopStudy):
        loop = polarization_loop(
            model,
            study.contact,
            study.amplitude,
            points=study.points,
            cycles=study.cycles,
            region=study.region,
            direction=study.direction,
            resolution=study.resolution,
            start=start,
            polarization=states,
            options=options,
        )
        effort = f"{len(loop.voltage)} states, {loop.steps} steps of the polarization"
        return Reached(loop, loop.final, f"{effort}, {loop.iterations} Newton iterations")
    if can_be_poled(model):
        poling = pole(
            model,
            study.voltages,
            steps=study.steps,
            start=start,
            polarization=states,
            options=options,
        )
    else:  # a variant without a memory, such as a linear dielectric, is what it was
        state = rest(model, start, states, options)
        poling = Poling(state, state, state, 0, len(state.history.iterations))
    effort = f"{poling.steps} steps of the polarization, {poling.iterations} Newton iterations"
    return Reached(poling, poling.solution, effort)


def range_warnings(study: object, model: Model) -> list[str]:
    """Return a sentence for temperatures of a sweep outside the range of Landau coefficients."""
    if not isinstance(study, PermittivityStudy):
        return []
    return validity.range_warnings(model, sorted({min(study.values), max(study.values)}))


def write_result(result: PolarResult, place: Path) -> None:
    """Write the table of a loop or of a permittivity."""
    if isinstance(result, PolarizationLoop):
        result.write_csv(place / "loop.csv")
    elif isinstance(result, PermittivitySweep):
        result.write_csv(place / "permittivity.csv")


def remove_result(place: Path) -> None:
    """Remove what an earlier study of the polarization left in a folder."""
    for name in _FILES:
        (place / name).unlink(missing_ok=True)


def summarise_result(result: PolarResult) -> dict[str, Any]:
    """Return the numbers of a result under a key of its kind."""
    key = {PolarizationLoop: "loop", Poling: "poling", PermittivitySweep: "permittivity"}
    return {key[type(result)]: result.to_dict()}


def report_polarization(summary: dict[str, Any], report: Callable[[str], None]) -> None:
    """Report loops, poled regions and transitions of a summary as tables."""
    tables = (
        (
            "polarization loops:",
            (
                "case",
                "study",
                "region",
                "P_r [uC/cm2]",
                "V_c [V]",
                "E_c [kV/cm], ~ in a jump",
                "loop [J/cm3]",
            ),
            list(_loop_rows(summary)),
        ),
        (
            "poled regions:",
            ("case", "study", "region", "P poled [uC/cm2]", "P remanent [uC/cm2]"),
            list(_poling_rows(summary)),
        ),
        (
            "permittivity:",
            ("case", "study", "heating [K]", "cooling [K]", "largest", "at [K]"),
            list(_permittivity_rows(summary)),
        ),
    )
    for title, head, rows in tables:
        if rows:
            report(title)
            for line in table(head, rows):
                report(f"  {line}")


def _studies(summary: dict[str, Any], key: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for case, entry in summary["cases"].items():
        for study, result in entry["studies"].items():
            if key in result:
                yield case, study, result[key]


def _loop_rows(summary: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for case, study, loop in _studies(summary, "loop"):
        largest = loop["largest polarization [C/m^2]"]
        cells = (
            _pair(loop["remanent polarizations [C/m^2]"], 1e2, largest),
            _coercive(loop),
            _coercive_fields(loop),
            _pair([loop["energy of the loop [J/m^3]"]], 1e-6),
        )
        yield case, study, loop["region"], *cells


def _poling_rows(summary: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for case, study, poling in _studies(summary, "poling"):
        for region, its in poling["regions"].items():
            names = ("poled polarization [C/m^2]", "remanent polarization [C/m^2]")
            largest = max(abs(p) for name in names for p in its[name])
            yield case, study, region, *(_pair(its[name], 1e2, largest) for name in names)


def _permittivity_rows(summary: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for case, study, its in _studies(summary, "permittivity"):
        names = ("transition on heating [K]", "transition on cooling [K]",
                 "largest permittivity on heating", "at [K]")  # fmt: skip
        yield case, study, *(_pair([its[name]], 1.0) for name in names)


def _coercive(loop: dict[str, Any]) -> str:
    """Return both coercive voltages; a jump over 0 with the half of its step, "0.3 +- 0.02"."""
    voltages, jumps = loop["coercive voltages [V]"], loop["polarization jumps over 0 between [V]"]
    if voltages is None or jumps is None:
        return ""
    texts = []
    for value, jump in zip(voltages, jumps, strict=True):
        if jump is None:
            texts.append(f"{value:.4g}")
        else:
            texts.append(f"{sum(jump) / 2:.4g} +- {abs(jump[1] - jump[0]) / 2:.2g}")
    return " ".join(texts)


def _coercive_fields(loop: dict[str, Any]) -> str:
    """Return both coercive fields [kV/cm]; "~" where they are between two states of a jump."""
    fields, jumps = loop["coercive fields [V/m]"], loop["polarization jumps over 0 between [V]"]
    if fields is None or jumps is None:
        return ""
    return " ".join(
        f"{'~' if jump else ''}{1e-5 * field:.4g}"
        for field, jump in zip(fields, jumps, strict=True)
    )


def _pair(values: list[float | None] | None, factor: float, scale: float = 0.0) -> str:
    """Return numbers times a factor; 0 for the rounding of a scale."""
    if values is None or None in values:
        return ""
    numbers = np.array(values, dtype=float)
    numbers[np.abs(numbers) <= _ROUNDING * scale] = 0.0
    return " ".join(f"{value * factor:.4g}" for value in numbers)
