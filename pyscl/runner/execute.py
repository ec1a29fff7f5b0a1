"""A run file from start to end."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from pyscl.errors import InputError
from pyscl.input import EquilibriumStudy, ImpedanceStudy, RunInput, TransientStudy
from pyscl.input.studies import PolarStudy
from pyscl.linear import BackEnd, LinearSolver, LinearSolverName, choose
from pyscl.materials import Material
from pyscl.mesh import Mesh, check
from pyscl.model import Model
from pyscl.model_checks import quiet
from pyscl.postprocess.cut import locate
from pyscl.runner.cases import (
    Approach,
    Listeners,
    Progress,
    Report,
    StepProgress,
    named_studies,
    place_of,
    run_case,
)
from pyscl.runner.certificates import run_certificate
from pyscl.runner.meshes import PreparedMesh, prepare_mesh
from pyscl.runner.names import BASE, slug
from pyscl.runner.origin import RUN_FILE, Origin
from pyscl.runner.outcome import RunResult
from pyscl.runner.polarization import check_polar_study, check_starts, range_warnings
from pyscl.runner.quantities import write_quantities
from pyscl.runner.spectra import check_impedance
from pyscl.runner.summary import list_assumptions, report_results, summarise
from pyscl.runner.transients import check_transient
from pyscl.study.newton import SolverOptions
from pyscl.study.steady import check_steady
from pyscl.validity import debye_lengths, validity_warnings


def build_model(run: RunInput, mesh: Mesh, materials: Mapping[str, Material]) -> Model:
    """Return the model of a run file for one set of materials."""
    return Model(
        mesh,
        materials,
        contacts=run.contacts,
        interfaces=run.interfaces,
        conserved=run.conserved,
        periodic=run.periodic,
        floating=run.floating,
        fixed_polarization=run.fixed_polarization,
        temperature=run.temperature,
        coordinates=run.coordinates,
    )


@quiet()  # validity warnings are lines of the report
def execute(
    run: RunInput,
    folder: Path,
    *,
    report: Report = lambda line: None,
    progress: Progress | None = None,
    steps: StepProgress | None = None,
    resume: bool = False,
    approach: Approach = Approach(),  # noqa: B008 (frozen)
    origin: Origin | None = None,
) -> RunResult:
    """Carry out a run file and write its results.

    Every case (variant) and study gets a folder with `fields.vtu`, `solution.h5` and pictures, a
    transient one with `fields.pvd` and `series.csv`, and `checkpoint.h5` while it runs, an
    impedance with `spectrum.csv`, a polarization loop with `loop.csv`, a permittivity with
    `permittivity.csv`, all with `quantities.csv`; `summary.json` collects inputs, versions, mesh
    verdict, histories, results and warnings. A failed solve leaves its last good state and
    history, skips the later studies of its case, and does not stop the other cases.

    Args:
        run: the contents of the run file.
        folder: output folder, created if needed.
        report: receives lines for the user.
        progress: receives the Newton iterations.
        steps: receives the time steps of transients.
        resume: whether transients go on from the checkpoints in the folder, and finished ones
            are read instead of repeated.
        approach: how solutions are looked for; a linear solver that the run file names comes
            before that of its options.
        origin: the run file as it was written, kept as `run.yaml`, and the command.

    Raises:
        InputError: bad input, a folder that cannot be written, or checkpoints of another
            calculation; nothing has been solved then.
        KeyboardInterrupt: interrupted; a transient has written its checkpoint.
    """
    _make_writable(folder)
    _check_folder_names(run.variants)
    cases = {name: run.materials(name) for name in run.variants} or {BASE: run.materials()}
    prepared = prepare_mesh(run.mesh, cases.values(), run.temperature, report)
    mesh = prepared.mesh
    models = {name: build_model(run, mesh, materials) for name, materials in cases.items()}
    for cut in run.output.cuts.values():
        locate(mesh, cut.start, cut.end, cut.points)
    for name, model in models.items():
        _check_studies(run, name, model, folder, resume=resume)
    options = approach.options or SolverOptions()
    if run.linear_solver is not None:
        options = replace(options, linear_solver=run.linear_solver)
    approach = replace(approach, options=options)
    solver = _check_solver(run, options.linear_solver)

    lengths: dict[str, float] = {}
    warnings: dict[str, None] = dict.fromkeys([*_open_sides(run, prepared), *run.lost_pairs()])
    for model in models.values():
        at_boundary = {
            region
            for interface in mesh.interfaces
            if model.is_material_boundary(interface)
            for region in interface.split("|")
        }
        for region, value in debye_lengths(model).items():
            if region in at_boundary:
                lengths[region] = min(value, lengths.get(region, value))
        warnings.update(dict.fromkeys(validity_warnings(model)))
        for study in run.studies:
            warnings.update(dict.fromkeys(range_warnings(study, model)))
    verdict = check(mesh, lengths)
    report(str(verdict))
    report(f"linear solver: {solver}")
    assumptions = list_assumptions(cases)
    for warning in warnings:
        report(f"warning: {warning}")
    if assumptions:
        report(f"{len(assumptions)} values without a source (reasons in summary.json):")
        for line in assumptions:
            report(f"  {line}")

    for name in ("summary.json", "certificate.json", RUN_FILE):
        (folder / name).unlink(missing_ok=True)
    if origin is not None:
        (folder / RUN_FILE).write_text(origin.text, encoding="utf-8")
    listeners = Listeners(report, progress, steps)
    outcomes = {
        name: run_case(run, name, model, folder, listeners, approach, resume=resume)
        for name, model in models.items()
    }
    geometry = prepared.to_dict()
    summary = summarise(
        run, models, geometry, verdict, list(warnings), assumptions, outcomes, solver
    )
    if origin is not None:
        summary["command"] = origin.command
    (folder / "summary.json").write_text(json.dumps(summary, indent=1, allow_nan=False))
    write_quantities(outcomes, summary)
    names = [name for name, _ in named_studies(run)]
    certificate = run_certificate(outcomes, names)
    (folder / "certificate.json").write_text(json.dumps(certificate, indent=1, allow_nan=False))
    result = RunResult(folder, outcomes, summary, certificate)
    if run.output.figures:
        from pyscl.runner import pictures  # matplotlib, only where it is wanted

        pictures.draw_mesh(mesh, folder, run.output.formats)
        pictures.draw_comparisons(result, run.output.reference, run.output.formats)
    report_results(summary, report)
    return result


def _open_sides(run: RunInput, prepared: PreparedMesh) -> list[str]:
    """Return a sentence for every pair of sides that match but are not joined."""
    joined = {frozenset(pair.sides) for pair in run.periodic}
    return [
        f"the sides '{a}' and '{b}' of the geometry are the same line, but the run file does not "
        f"join them: periodic: [{{sides: [{a}, {b}]}}]"
        for a, b in prepared.periodic
        if frozenset((a, b)) not in joined
    ]


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"cannot write to the output folder {folder}: {error}") from error


def _check_folder_names(cases: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for case in cases:
        other = seen.setdefault(slug(case), case)
        if other != case:
            raise InputError(
                f"variants '{other}' and '{case}' would share the folder '{slug(case)}'; names "
                "must differ in letters, digits or -_."
            )


def _check_solver(run: RunInput, wanted: LinearSolverName | BackEnd) -> LinearSolver:
    """Return the linear solver, after refusing one that is not there or cannot do a study."""
    if any(isinstance(study, ImpedanceStudy) for study in run.studies):
        choose(wanted, np.complex128)
    return choose(wanted)


def _check_studies(run: RunInput, case: str, model: Model, folder: Path, *, resume: bool) -> None:
    """Refuse what has no unique solution before anything is solved."""
    conditions = model.conditions
    for name, study in named_studies(run):
        if isinstance(study, TransientStudy):
            check_steady(model, {})
            check_transient(study, model, place_of(folder, case, name), resume=resume)
            if study.start == "equilibrium":
                conditions.equilibrium()
        elif isinstance(study, ImpedanceStudy):
            check_impedance(study, model)
        elif isinstance(study, PolarStudy):
            check_polar_study(study, model)
        elif isinstance(study, EquilibriumStudy):
            conditions.equilibrium()
            check_starts(model, study.polarization)
        else:
            check_steady(model, study.bias)
            conditions.steady(study.bias)
