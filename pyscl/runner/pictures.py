"""The pictures of a run."""

from pathlib import Path

import numpy as np

from pyscl import plot
from pyscl.input import RunInput
from pyscl.loops import PolarizationLoop
from pyscl.runner.names import slug
from pyscl.runner.outcome import RunResult, StudyOutcome
from pyscl.solution import Solution
from pyscl.spectrum import Spectrum
from pyscl.study.permittivity import PermittivitySweep
from pyscl.trajectory import Trajectory

_FILLS = 0.05  # change of a mean site fraction that is a change of the state of charge


def draw_study(outcome: StudyOutcome, run: RunInput) -> None:
    """Draw maps, cut lines and convergence of one solved study into its folder.

    Of a transient the maps and lines are those of the last state; convergence gives way to the
    time series and to the interfaces against time and, where a phase fills or empties, against
    its state of charge. Of an impedance the spectrum and its parts are drawn. A loop and a
    permittivity are drawn beside the last of their states.
    """
    solution = outcome.solution
    assert solution is not None
    if outcome.spectrum is not None:
        _draw_spectrum(outcome.spectrum, outcome.folder)
        return
    if isinstance(outcome.polarization, PolarizationLoop):
        figure = plot.loop_plot(outcome.polarization, against="voltage")
        plot.save(figure, outcome.folder / "loop.png")
    if isinstance(outcome.polarization, PermittivitySweep):
        plot.save(plot.permittivity_plot(outcome.polarization), outcome.folder / "permittivity.png")
    for carrier in solution.model.carriers:
        figure = plot.overview(solution, carrier)
        plot.save(figure, outcome.folder / f"overview_{slug(carrier)}.png")
        if solution.kind != "equilibrium":
            name = f"current_density_{carrier}"
            plot.save(plot.field_map(solution, name), outcome.folder / f"{slug(name)}.png")
    if not solution.model.carriers:
        plot.save(plot.field_map(solution, "potential"), outcome.folder / "potential.png")
    if "polarization" in solution.field_names:
        plot.save(plot.polarization_map(solution), outcome.folder / "polarization.png")
    for name, line in run.output.cuts.items():
        cut = solution.cut(line.start, line.end, line.points)
        plot.save(plot.cut_plot(cut), outcome.folder / f"cut_{slug(name)}.png")
    if outcome.trajectory is None:
        plot.save(plot.convergence_plot(solution.history), outcome.folder / "convergence.png")
    else:
        _draw_course(outcome.trajectory, outcome.folder)


def _draw_spectrum(spectrum: Spectrum, folder: Path) -> None:
    plot.save(plot.nyquist_plot(spectrum), folder / "nyquist.png")
    plot.save(plot.bode_plot(spectrum), folder / "bode.png")
    if spectrum.contributions:
        plot.save(plot.contribution_plot(spectrum), folder / "contributions.png")


def _draw_course(trajectory: Trajectory, folder: Path) -> None:
    plot.save(plot.series_plot(trajectory), folder / "series.png")
    model = trajectory.model
    for name in model.mesh.interfaces:
        if model.is_material_boundary(name):
            file = f"interface_{slug(name)}"
            plot.save(plot.interface_plot(trajectory, name), folder / f"{file}.png")
            charge = _state_of_charge(trajectory, name)
            if charge is not None:
                figure = plot.interface_plot(trajectory, name, charge)
                plot.save(figure, folder / f"{file}_state_of_charge.png")


def _state_of_charge(trajectory: Trajectory, interface: str) -> str | None:
    """Return the mean site fraction beside an interface that changes most, if it does so much.

    Cations come before electrons, which change as they do.
    """
    model = trajectory.model
    charges = {c.name: c.charge for m in model.materials.values() for c in m.carriers}
    changes = {
        column: float(np.ptp(trajectory[column]))
        for carrier in sorted(model.carriers, key=lambda c: -charges[c])
        for region in interface.split("|")
        if (column := f"mean_{carrier}_{region}") in trajectory.series
    }
    most = max(changes.values(), default=0.0)
    enough = (column for column, change in changes.items() if change >= 0.9 * most > _FILLS)
    return next(enough, None)


def draw_comparisons(result: RunResult, reference: str | None = None) -> None:
    """Draw potential and field of the cases side by side, study by study, with shared scales.

    Of an impedance the spectra of the cases are drawn together, of loops these.

    Args:
        result: of the run.
        reference: the case with which the spectra of the others are compared.
    """
    solved: dict[str, dict[str, Solution]] = {}
    spectra: dict[str, dict[str, Spectrum]] = {}
    loops: dict[str, dict[str, PolarizationLoop]] = {}
    for case, studies in result.outcomes.items():
        for outcome in studies:
            if outcome.spectrum is not None:
                spectra.setdefault(outcome.name, {})[case] = outcome.spectrum
            elif isinstance(outcome.polarization, PolarizationLoop):
                loops.setdefault(outcome.name, {})[case] = outcome.polarization
            elif outcome.error is None and outcome.solution is not None and outcome.is_state:
                solved.setdefault(outcome.name, {})[case] = outcome.solution
    for study, solutions in solved.items():
        if len(solutions) < 2:
            continue
        for name in ("potential", "electric_field"):
            figure = plot.comparison(solutions, name)
            plot.save(figure, result.folder / f"comparison_{study}_{name}.png")
    for study, several in spectra.items():
        if len(several) > 1:
            compared = reference if reference in several else None
            figures = {
                "nyquist": plot.nyquist_plot(several),
                "bode": plot.bode_plot(several, reference=compared),
            }
            for name, figure in figures.items():
                plot.save(figure, result.folder / f"comparison_{study}_{name}.png")
    for study, compared_loops in loops.items():
        if len(compared_loops) > 1:
            figure = plot.loop_plot(compared_loops, against="voltage")
            plot.save(figure, result.folder / f"comparison_{study}.png")
