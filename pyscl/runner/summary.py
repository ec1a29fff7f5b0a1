"""The contents of `summary.json`, and the lines printed at the end of a run."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from pyscl.citations import cited_by_run
from pyscl.input import RunInput
from pyscl.linear import LinearSolver
from pyscl.materials import Landau, Material, Provenance
from pyscl.materials.polarization.laws import AnyPolarization
from pyscl.mesh import MeshReport
from pyscl.model import Model
from pyscl.postprocess.resistance import effective_resistance, promotion
from pyscl.runner.outcome import StudyOutcome
from pyscl.runner.polarization import report_polarization, summarise_result
from pyscl.runner.quantities import add_promotions, report_layers, summarise_quantities
from pyscl.runner.spectra import report_spectra, summarise_spectrum
from pyscl.study.newton import count_factors
from pyscl.text import table
from pyscl.trajectory import Trajectory
from pyscl.units import WRITE_UNITS
from pyscl.validity import screening_lengths
from pyscl.versions import versions


def list_assumptions(cases: Mapping[str, Mapping[str, Material]]) -> dict[str, str]:
    """Return every value without a source, over all cases: "region: property = value" -> reason.

    Parameters of a law that a user gave as a whole stand one by one. Landau coefficients of a card
    have the sources of the card.
    """
    found: dict[str, str] = {}
    for materials in cases.values():
        for region, material in materials.items():
            for entry in _origins(material):
                if entry.assumption or entry.source == "user":
                    line = f"{region}: {material.name} {entry.property} = {entry.value}"
                    note = " ".join(entry.note.split())
                    found[line] = note or ("set in the run file" if entry.source else "assumption")
    return found


def _origins(material: Material) -> Iterator[Provenance]:
    """Yield where the values of a material come from, those of its law of polarization too."""
    law = material.polarization
    for entry in material.provenance:
        if entry.property == "polarization" and law is not None:
            yield from _given_with(law)
        elif entry.property != "polarization.coefficients":
            yield entry
    if not isinstance(law, Landau):
        return
    unused = {"gradient_energy": law.gradient_energy is not None,
              "background_permittivity": law.background_permittivity is not None,
              "electrostriction": law.misfit_strain is None,
              "compliance": law.misfit_strain is None}  # fmt: skip
    for entry in law.coefficients.provenance:
        if not unused.get(entry.property.partition(".")[0]):
            path = f"polarization.coefficients.{entry.property}"
            yield entry.model_copy(update={"property": path})


def _given_with(law: AnyPolarization) -> Iterator[Provenance]:
    """Yield the parameters that a user gave with a law, without the card of its coefficients."""
    data = law.model_dump(context=WRITE_UNITS, exclude_unset=True)
    data.pop("law", None)
    if isinstance(law, Landau):
        if law.coefficients.provenance:
            del data["coefficients"]
        else:
            for name in ("name", "symmetry", "provenance"):
                data["coefficients"].pop(name, None)
    for path, value in _leaves(data, "polarization"):
        yield Provenance(property=path, value=value, source="user")


def _leaves(data: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    """Yield (dotted path, text) of all values in nested mappings."""
    for key, value in data.items():
        path = f"{above}.{key}"
        if isinstance(value, Mapping):
            yield from _leaves(value, path)
        elif value is not None:
            several = isinstance(value, list | tuple)
            yield path, ", ".join(map(str, value)) if several else str(value)


def summarise(
    run: RunInput,
    models: Mapping[str, Model],
    geometry: dict[str, Any] | None,
    verdict: MeshReport,
    warnings: list[str],
    assumptions: Mapping[str, str],
    outcomes: Mapping[str, list[StudyOutcome]],
    solver: LinearSolver,
) -> dict[str, Any]:
    """Return inputs, versions, mesh verdict, histories, results and warnings as plain data.

    Keys carry the unit in brackets.
    """
    cases = {
        case: {
            "materials": {
                region: material.model_dump(mode="json")
                for region, material in models[case].materials.items()
            },
            "screening lengths [m]": {
                region: asdict(lengths)
                for region, material in models[case].materials.items()
                if (lengths := screening_lengths(material, models[case].temperature))
            },
            "studies": {o.name: _study_summary(o) for o in studies},
        }
        for case, studies in outcomes.items()
    }
    comparison = _comparison(run, outcomes)
    add_promotions(cases, comparison)
    return {
        "title": run.title,
        "input": run.model_dump(mode="json", by_alias=True),
        "versions": versions(),
        "linear solver": {
            "name": solver.name,
            "version": solver.version,
            "fallbacks": sum(_fallbacks(o, solver) for s in outcomes.values() for o in s),
        },
        "geometry": geometry,
        "mesh": verdict.to_dict(),
        "warnings": warnings + verdict.warnings,
        "assumptions": dict(assumptions),
        "citations": cited_by_run(run),
        "cases": cases,
        "comparison": comparison,
        "status": "failed" if any(o.error for s in outcomes.values() for o in s) else "converged",
    }


def _fallbacks(outcome: StudyOutcome, solver: LinearSolver) -> int:
    """Return how many factorisations of a study another than the chosen solver had to do."""
    if outcome.trajectory is not None:
        return int(outcome.trajectory.counts.get("fallbacks", 0))
    steps = outcome.history.get("iterations", ())
    served = count_factors((step["factorised"], step["solved_by"]) for step in steps)
    return served.total() - served[solver.name]


def _study_summary(outcome: StudyOutcome) -> dict[str, Any]:
    base: dict[str, Any] = {
        "status": "failed" if outcome.error else "converged",
        "error": outcome.error,
        "seconds": outcome.seconds,
        "history": outcome.history,
    }
    solution = outcome.solution
    if outcome.error or solution is None:
        return base
    model = solution.model
    planar = model.coordinates == "planar"
    per = "/m" if planar else ""
    contacts = {}
    for name in model.contacts:
        result = solution.contact(name)
        contacts[name] = {
            f"current [{result.unit}]": result.current,
            f"charge [C{per}]": result.charge,
            f"currents by carrier [{result.unit}]": result.currents,
        }
    resistance = effective_resistance(solution)
    if outcome.trajectory is not None:
        base |= _course(outcome.trajectory)
    if outcome.spectrum is not None:
        base["spectrum"] = summarise_spectrum(outcome.spectrum)
    if outcome.polarization is not None:
        base |= summarise_result(outcome.polarization)
    if rows := summarise_quantities(outcome):
        base["quantities"] = rows
    return base | {
        "bias [V]": solution.bias,
        "contacts": contacts,
        "effective resistance [Ohm m]" if planar else "effective resistance [Ohm]": resistance,
        "interfaces": {
            name: solution.interface(name).to_dict()
            for name in model.mesh.interfaces
            if model.is_material_boundary(name)
        },
        f"charge [C{per}]": {r: solution.charge(r) for r in model.mesh.region_names},
        f"amount [mol{per}]": {
            carrier: {r: solution.amount(carrier, r) for r in model.regions_with(carrier)}
            for carrier in model.carriers
        },
    }


def _course(trajectory: Trajectory) -> dict[str, Any]:
    """Return how a transient went, as plain data."""
    series, unit = trajectory.series, trajectory.series.units["charge_passed"]
    steps, cycles = series["step"], series["cycle"]
    stops = []
    for stop in trajectory.stops:
        rows = np.flatnonzero((steps == stop.step) & (cycles == stop.cycle))
        stops.append(
            {
                "step": stop.step,
                "cycle": stop.cycle,
                "text": stop.text,
                "reason": stop.reason,
                "time [s]": stop.time,
                "voltage [V]": float(series["voltage"][rows[-1]]) if len(rows) else None,
            }
        )
    return {
        "status": "converged" if trajectory.complete else "ended early",
        "reason": trajectory.reason,
        "protocol": stops,
        "time [s]": float(series["time"][-1]),
        "voltages [V]": {
            name: float(series[f"voltage_{name}"][-1])
            for name in trajectory.model.discretized.terminals
        },
        f"charge passed [{unit}]": float(series["charge_passed"][-1]),
        "saved states": len(trajectory.solutions),
    }


def _comparison(run: RunInput, outcomes: Mapping[str, list[StudyOutcome]]) -> dict[str, Any]:
    reference = run.output.reference
    compared: dict[str, Any] = {}
    for study in {o.name: None for studies in outcomes.values() for o in studies}:
        resistance = {
            case: value
            for case, studies in outcomes.items()
            for o in studies
            if o.name == study
            and o.error is None
            and o.solution is not None
            and o.is_state
            and (value := effective_resistance(o.solution)) is not None
        }
        if not resistance:
            continue
        planar = run.coordinates == "planar"
        compared[study] = {
            "effective resistance": resistance,
            "unit": "Ohm m" if planar else "Ohm",
        }
        if reference in resistance:
            compared[study]["reference"] = reference
            compared[study]["promotion"] = {
                case: promotion(value, resistance[reference]) for case, value in resistance.items()
            }
    return compared


def report_results(summary: dict[str, Any], report: Callable[[str], None]) -> None:
    """Report layers, protocols, spectra, resistances and promotions of a summary as tables."""
    if fallbacks := summary["linear solver"]["fallbacks"]:
        report(
            f"linear solver: {fallbacks} matrices were too hard for "
            f"{summary['linear solver']['name']} and factorised by another, see summary.json"
        )
    report_layers(summary, report)
    steps = [
        (
            case,
            study,
            f"{stop['cycle']}.{stop['step']}",
            stop["text"],
            stop["reason"],
            f"{stop['time [s]']:.6g}",
            "" if stop["voltage [V]"] is None else f"{stop['voltage [V]']:.4f}",
        )
        for case, entry in summary["cases"].items()
        for study, result in entry["studies"].items()
        for stop in result.get("protocol", ())
    ]
    if steps:
        report("steps of the protocols:")
        titles = ("case", "study", "cycle.step", "step", "ended because", "time [s]", "voltage [V]")
        for line in table(titles, steps):
            report(f"  {line}")
    report_spectra(summary, report)
    report_polarization(summary, report)
    for study, row in summary["comparison"].items():
        for case, resistance in row["effective resistance"].items():
            line = f"{study}, {case}: effective resistance {resistance:.6g} {row['unit']}"
            if "promotion" in row:
                line += f", promotion against '{row['reference']}' {row['promotion'][case]:+.3%}"
            report(line)
