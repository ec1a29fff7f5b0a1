"""A run file from start to end."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pyscl.errors import ConvergenceError, InputError
from pyscl.input import EquilibriumStudy, MeshInput, RunInput, SteadyStudy
from pyscl.materials import Material
from pyscl.mesh import Mesh, check
from pyscl.model import Model
from pyscl.postprocess.cut import locate
from pyscl.runner.names import BASE, slug
from pyscl.runner.outcome import RunResult, StudyOutcome
from pyscl.runner.summary import list_assumptions, report_results, summarise
from pyscl.solution import Solution
from pyscl.study.constraints import BoundaryConditions
from pyscl.study.newton import Iteration, SolverOptions
from pyscl.study.steady import check_steady
from pyscl.validity import debye_lengths, validity_warnings

Report = Callable[[str], None]
"""Receives one line of text for the user."""

Progress = Callable[[str, int, Iteration], None]
"""Receives (case and study, iteration number, iteration)."""


def build_model(run: RunInput, mesh: Mesh, materials: Mapping[str, Material]) -> Model:
    """Return the model of a run file for one set of materials."""
    return Model(
        mesh,
        materials,
        contacts=run.contacts,
        interfaces=run.interfaces,
        conserved=run.conserved,
        periodic=run.periodic,
        temperature=run.temperature,
        coordinates=run.coordinates,
    )


def read_mesh(wanted: MeshInput) -> Mesh:
    """Return the mesh of a run file, with its parts named and its nodes renumbered."""
    mesh = Mesh.read(wanted.file, unit=wanted.unit)
    for name, point in wanted.parts.items():
        mesh = mesh.with_part(name, point)
    return mesh.renumbered()


def execute(
    run: RunInput,
    folder: Path,
    *,
    report: Report = lambda line: None,
    progress: Progress | None = None,
) -> RunResult:
    """Carry out a run file and write its results.

    Every case (variant) and study gets a folder with `fields.vtu`, `solution.h5` and pictures;
    `summary.json` collects inputs, versions, mesh verdict, histories, results and warnings. A
    failed solve leaves its last good state and history, skips the later studies of its case, and
    does not stop the other cases.

    Args:
        run: the contents of the run file.
        folder: output folder, created if needed.
        report: receives lines for the user.
        progress: receives the Newton iterations.

    Raises:
        InputError: bad input, or a folder that cannot be written; nothing has been solved then.
    """
    _make_writable(folder)
    _check_folder_names(run.variants)
    mesh = read_mesh(run.mesh)
    cases = {name: run.materials(name) for name in run.variants} or {BASE: run.materials()}
    models = {name: build_model(run, mesh, materials) for name, materials in cases.items()}
    for cut in run.output.cuts.values():
        locate(mesh, cut.start, cut.end, cut.points)
    for model in models.values():
        _check_studies(run, model)

    lengths: dict[str, float] = {}
    warnings: dict[str, None] = {}
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
    verdict = check(mesh, lengths)
    report(str(verdict))
    assumptions = list_assumptions(cases)
    for warning in warnings:
        report(f"warning: {warning}")
    if assumptions:
        report(f"{len(assumptions)} values without a source (reasons in summary.json):")
        for line in assumptions:
            report(f"  {line}")

    (folder / "summary.json").unlink(missing_ok=True)
    outcomes = {
        name: _run_case(run, name, model, folder, report, progress)
        for name, model in models.items()
    }
    summary = summarise(run, models, verdict, list(warnings), assumptions, outcomes)
    (folder / "summary.json").write_text(json.dumps(summary, indent=1, allow_nan=False))
    result = RunResult(folder, outcomes, summary)
    if run.output.figures:
        from pyscl.runner.pictures import draw_comparisons  # matplotlib, only where it is wanted

        draw_comparisons(result)
    report_results(summary, report)
    return result


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


def _check_studies(run: RunInput, model: Model) -> None:
    """Refuse what has no unique solution before anything is solved."""
    conditions = BoundaryConditions(model)
    for study in run.studies:
        if isinstance(study, EquilibriumStudy):
            conditions.equilibrium()
        else:
            check_steady(model, study.bias)
            conditions.steady(study.bias)


def _remove_results(folder: Path) -> None:
    """Remove what an earlier run left, so that a failure never stands next to old fields."""
    for name in ("fields.vtu", "solution.h5", "failure.json", "last_good.h5"):
        (folder / name).unlink(missing_ok=True)


def _run_case(
    run: RunInput,
    case: str,
    model: Model,
    folder: Path,
    report: Report,
    progress: Progress | None,
) -> list[StudyOutcome]:
    outcomes: list[StudyOutcome] = []
    previous: Solution | None = None
    for name, study in _named_studies(run):
        place = folder / name if case == BASE else folder / slug(case) / name
        label = name if case == BASE else f"{case}: {name}"
        listener = (lambda k, i, label=label: progress(label, k, i)) if progress else None
        options = SolverOptions(progress=listener)
        _remove_results(place)
        begin = time.perf_counter()
        try:
            solution = _solve(model, study, previous, options)
        except ConvergenceError as error:
            outcomes.append(
                StudyOutcome(
                    name,
                    error.last_good or previous,
                    str(error),
                    place,
                    time.perf_counter() - begin,
                    error.history.to_dict(),
                )
            )
            report(f"{label} FAILED: {error}")
            _write_failure(outcomes[-1])
            break
        outcome = StudyOutcome(
            name,
            solution,
            None,
            place,
            time.perf_counter() - begin,
            solution.history.to_dict(),
        )
        report(
            f"{label}: {len(solution.history.iterations)} Newton iterations, "
            f"{outcome.seconds:.2f} s"
        )
        _write(outcome, run)
        outcomes.append(outcome)
        previous = solution
    return outcomes


def _named_studies(run: RunInput) -> list[tuple[str, EquilibriumStudy | SteadyStudy]]:
    kinds = [study.kind for study in run.studies]
    return [
        (kind if kinds.count(kind) == 1 else f"{kind}-{kinds[: k + 1].count(kind)}", study)
        for k, (kind, study) in enumerate(zip(kinds, run.studies, strict=True))
    ]


def _solve(
    model: Model,
    study: EquilibriumStudy | SteadyStudy,
    previous: Solution | None,
    options: SolverOptions,
) -> Solution:
    if isinstance(study, EquilibriumStudy):
        return model.equilibrium(options=options)
    return model.steady(study.bias, start=previous, options=options)


def _write(outcome: StudyOutcome, run: RunInput) -> None:
    assert outcome.solution is not None
    outcome.folder.mkdir(parents=True, exist_ok=True)
    outcome.solution.write_vtu(outcome.folder / "fields.vtu")
    outcome.solution.save(outcome.folder / "solution.h5")
    for name, line in run.output.cuts.items():
        cut = outcome.solution.cut(line.start, line.end, line.points)
        cut.write_csv(outcome.folder / f"cut_{slug(name)}.csv")
    if run.output.figures:
        from pyscl.runner.pictures import draw_study

        draw_study(outcome, run)


def _write_failure(outcome: StudyOutcome) -> None:
    outcome.folder.mkdir(parents=True, exist_ok=True)
    record = {"error": outcome.error, "history": outcome.history}
    (outcome.folder / "failure.json").write_text(json.dumps(record, indent=1))
    if outcome.solution is not None:
        outcome.solution.save(outcome.folder / "last_good.h5")
