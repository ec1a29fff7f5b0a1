"""The pictures of a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pyscl import plot
from pyscl.input import RunInput
from pyscl.loops import PolarizationLoop
from pyscl.mesh import Mesh
from pyscl.runner.names import slug
from pyscl.runner.outcome import RunResult, StudyOutcome
from pyscl.solution import Solution
from pyscl.spectrum import Spectrum
from pyscl.study.permittivity import PermittivitySweep
from pyscl.trajectory import Trajectory

_FILLS = 0.05  # change of a mean site fraction that is a change of the state of charge
_REST = 1e-9  # A/m2, below which a current is that of rest, and its picture would be rounding
PNG = ("png",)


class Album:
    """A folder into which pictures are written, each in several formats.

    Attributes:
        folder: the folder.
        written: the files so far.
    """

    def __init__(self, folder: Path, formats: Sequence[str] = PNG) -> None:
        """Write to a folder in some formats: "png", "pdf", "svg"."""
        self.folder = folder
        self.written: list[Path] = []
        self._formats = formats

    def add(self, name: str, figure: Figure) -> None:
        """Write a figure to files of some name."""
        for suffix in self._formats:
            self.written.append(self.folder / f"{name}.{suffix}")
            plot.save(figure, self.written[-1])


def draw_study(outcome: StudyOutcome, run: RunInput) -> None:
    """Draw maps, cut lines and convergence of one solved study into its folder.

    Of a transient the maps and lines are those of the last state; convergence gives way to the
    time series and to the interfaces against time and, where a phase fills or empties, against
    its state of charge. Of an impedance the spectrum and its parts are drawn. A loop and a
    permittivity are drawn beside the last of their states.
    """
    solution = outcome.solution
    assert solution is not None
    album = Album(outcome.folder, run.output.formats)
    if outcome.spectrum is not None:
        _draw_spectrum(outcome.spectrum, album)
        return
    if isinstance(outcome.polarization, PolarizationLoop):
        album.add("loop", plot.loop_plot(outcome.polarization, against="voltage"))
    if isinstance(outcome.polarization, PermittivitySweep):
        album.add("permittivity", plot.permittivity_plot(outcome.polarization))
    draw_state(solution, album)
    for name, line in run.output.cuts.items():
        cut = solution.cut(line.start, line.end, line.points)
        album.add(f"cut_{slug(name)}", plot.cut_plot(cut, solution))
    if outcome.trajectory is None:
        album.add("convergence", plot.convergence_plot(solution.history))
    else:
        _draw_course(outcome.trajectory, album)


def draw_state(solution: Solution, album: Album) -> None:
    """Draw the overview of every carrier, its strongest layer and its current, and polarization."""
    model = solution.model
    layers = any(model.is_material_boundary(name) for name in model.mesh.interfaces)
    for carrier in model.carriers:
        album.add(f"overview_{slug(carrier)}", plot.overview(solution, carrier))
        if layers:
            figure = plot.overview(solution, carrier, window="strongest", arrows=True)
            album.add(f"layer_{slug(carrier)}", figure)
        if solution.kind != "equilibrium":
            name = f"current_density_{carrier}"
            if np.nanmax(np.abs(solution[name].values), initial=0.0) > _REST:
                album.add(slug(name), plot.field_map(solution, name, streamlines=True))
    if not model.carriers:
        album.add("potential", plot.field_map(solution, "potential"))
    if "polarization" in solution.field_names:
        album.add("polarization", plot.polarization_map(solution))


def draw_mesh(mesh: Mesh, folder: Path, formats: Sequence[str] = PNG) -> None:
    """Draw the mesh, and enlarged the interface that has most facets."""
    largest = max(mesh.interfaces, key=lambda name: len(mesh.interfaces[name]), default=None)
    extent = np.ptp(mesh.points, axis=0)
    thin = largest is not None and float(extent.min()) < 0.1 * float(extent.max())
    Album(folder, formats).add("mesh", plot.mesh_map(mesh, largest, only_enlarged=thin))


def _draw_spectrum(spectrum: Spectrum, album: Album) -> None:
    album.add("nyquist", plot.nyquist_plot(spectrum))
    album.add("bode", plot.bode_plot(spectrum))
    if spectrum.contributions:
        album.add("contributions", plot.contribution_plot(spectrum))


def _draw_course(trajectory: Trajectory, album: Album) -> None:
    album.add("series", plot.series_plot(trajectory))
    model = trajectory.model
    for name in model.mesh.interfaces:
        if model.is_material_boundary(name):
            file = f"interface_{slug(name)}"
            album.add(file, plot.interface_plot(trajectory, name))
            charge = _state_of_charge(trajectory, name)
            if charge is not None:
                figure = plot.interface_plot(trajectory, name, charge)
                album.add(f"{file}_state_of_charge", figure)


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


def draw_comparisons(
    result: RunResult, reference: str | None = None, formats: Sequence[str] = PNG
) -> None:
    """Draw potential and field of the cases side by side, study by study, with shared scales.

    Of an impedance the spectra of the cases are drawn together, of loops these.

    Args:
        result: of the run.
        reference: the case with which the others are compared: whose fields are subtracted from
            theirs, and against which changes of spectra are drawn.
        formats: of the files.
    """
    album = Album(result.folder, formats)
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
        if len(solutions) > 1:
            compared = reference if reference in solutions else None
            for name in ("potential", "electric_field"):
                figure = plot.comparison(solutions, name, reference=compared)
                album.add(f"comparison_{study}_{name}", figure)
    for study, several in spectra.items():
        _compare_spectra(study, several, reference, album)
    for study, compared_loops in loops.items():
        if len(compared_loops) > 1:
            figure = plot.loop_plot(compared_loops, against="voltage")
            album.add(f"comparison_{study}", figure)


def _compare_spectra(
    study: str, spectra: Mapping[str, Spectrum], reference: str | None, album: Album
) -> None:
    if len(spectra) > 1:
        compared = reference if reference in spectra else None
        album.add(f"comparison_{study}_nyquist", plot.nyquist_plot(spectra))
        album.add(f"comparison_{study}_bode", plot.bode_plot(spectra, reference=compared))
