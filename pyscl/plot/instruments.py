"""Pictures of virtual instruments: phase and charge maps, profiles, core levels, band diagrams."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from pyscl.instruments import (
    BandDiagram,
    CarrierProfile,
    ChargeMap,
    CoreLevels,
    PhaseMap,
    SurfacePotential,
)
from pyscl.instruments.results import Picture
from pyscl.plot import panels
from pyscl.plot.colours import POTENTIAL, SIGNED
from pyscl.plot.cuts import _bands, _shade
from pyscl.plot.maps import figure_of
from pyscl.plot.panels import Frame
from pyscl.plot.scales import FloatArray, Scale
from pyscl.plot.style import (
    COLUMN,
    INK,
    LINES,
    length_unit,
    prefixed,
    region_colours,
    styled,
    with_unit,
)
from pyscl.postprocess.cut import Cut
from pyscl.solution import Solution

_FREE: dict[str, Any] = {"linewidth": 0.9, "linestyle": (0, (4, 2))}
_CONTOURS = 12  # about, in a phase map


@styled
def phase_map(
    result: PhaseMap,
    solution: Solution,
    *,
    ax: Axes | None = None,
    contours: int = _CONTOURS,
    title: str | None = None,
) -> Figure:
    """Draw the phase map of electron holography with lines of equal phase.

    Args:
        result: from `pyscl.instruments.electron_holography`.
        solution: the solution it is of, for the outlines.
        ax: axes to draw in; default: a new figure one journal column wide.
        contours: number of lines, about; 0: none.
        title: text above the map.
    """
    low, high = float(np.nanmin(result.phase)), float(np.nanmax(result.phase))
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-300):
        low, high, contours = low - 0.5, high + 0.5, 0
    scale = Scale(Normalize(low, high), POTENTIAL, "Phase (rad)", 1.0)
    figure, ax, frame = _map(result, solution, result.phase, scale, ax, title)
    step = _round_step((high - low) / contours) if contours else 0.0
    levels = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step if step else low
    if np.size(levels) > 1:
        lines = ax.contour(
            result.x / frame.metre,
            result.y / frame.metre,
            result.phase,
            levels=levels,
            colors="white",
            linewidths=0.5,
            linestyles="solid",
            zorder=2.5,
        )
        lines.set(path_effects=[withStroke(linewidth=1.0, foreground="#00000070")])
        ax.annotate(
            f"lines: {step:g} rad apart",
            (1.0, 1.0),
            xycoords="axes fraction",
            xytext=(0.0, 2.0),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize="small",
        )
    return figure


@styled
def charge_map(
    result: ChargeMap,
    solution: Solution,
    *,
    free: bool = False,
    ax: Axes | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the charge map of differential phase contrast on a scale symmetric about zero.

    Args:
        result: from `pyscl.instruments.differential_phase_contrast`.
        solution: the solution it is of, for the outlines.
        free: draw the free charge instead of all charge, which is what the instrument sees.
        ax: axes to draw in; default: a new figure one journal column wide.
        title: text above the map.
    """
    values = result.free if free else result.charge
    size = np.abs(values[np.isfinite(values)])
    largest = float(np.quantile(size, 0.9995)) or float(size.max()) or 1.0
    factor, unit = prefixed(largest, "C/m^3")
    scale = Scale(
        Normalize(-largest / factor, largest / factor),
        SIGNED,
        with_unit("Free charge" if free else "Charge ε₀ div E", unit),
        factor,
        "both" if size.max() > 1.001 * largest else "neither",
    )
    return _map(result, solution, values / factor, scale, ax, title)[0]


@styled
def surface_potential_plot(result: SurfacePotential | dict[str, SurfacePotential]) -> Figure:
    """Draw what a Kelvin probe sees along a line over the potential as it is (dashed).

    Args:
        result: from `pyscl.instruments.kelvin_probe`, or several of one line with their labels.
    """
    several = result if isinstance(result, dict) else {"under the tip": result}
    first = next(iter(several.values()))
    figure = Figure((COLUMN, 2.4), layout="constrained")
    ax = figure.add_subplot()
    distance, length = _distance(first.distance)
    offset = first.measured - first.difference  # of the reference
    ax.plot(distance, first.potential - offset, color=INK, label="potential", **_FREE)
    for colour, (label, one) in zip(LINES * len(several), several.items(), strict=False):
        ax.plot(distance, one.difference, color=colour, label=label)
    ax.set_ylabel("Contact potential\ndifference (V)")
    ax.set_xlabel(f"Distance ({length})")
    ax.legend()
    _bands_under([ax], figure, distance, first.region)
    return figure


@styled
def carrier_profile_plot(
    result: CarrierProfile, *, carrier: str = "Li", marks: dict[str, float] | None = None
) -> Figure:
    """Draw the concentration of a carrier as an instrument sees it and as it is (dashed).

    Args:
        result: from `pyscl.instruments.lithium_profile`.
        carrier: its name for the label.
        marks: label -> position [m] of vertical lines, such as interfaces.
    """
    figure = Figure((COLUMN, 2.2), layout="constrained")
    ax = figure.add_subplot()
    position, length = _distance(result.position)
    factor, unit = prefixed(float(np.nanmax(result.true_concentration)), "mol/m^3")
    ax.plot(position, result.true_concentration / factor, color=INK, label="as it is", **_FREE)
    ax.plot(position, result.concentration / factor, color=LINES[0], label="as seen")
    for label, place in (marks or {}).items():
        at = place * position[-1] / result.position[-1]
        ax.axvline(at, color=INK, linewidth=0.5, linestyle=(0, (1, 2)))
        ax.annotate(label, (at, 1.0), (2.0, -8.0), ("data", "axes fraction"), "offset points")
    ax.set_ylabel(with_unit(f"{carrier} concentration\n", unit))
    ax.set_xlabel(f"Position ({length})")
    ax.set_xlim(position[0], position[-1])
    ax.set_ylim(bottom=0.0)
    ax.legend()
    return figure


@styled
def core_level_plot(result: CoreLevels | dict[str, CoreLevels]) -> Figure:
    """Draw the lines of core levels over the shift of the binding energy.

    Args:
        result: from `pyscl.instruments.core_level_shift` (lines of its regions and their sum), or
            several states with their labels (the sums).
    """
    figure = Figure((COLUMN, 2.3), layout="constrained")
    ax = figure.add_subplot()
    if isinstance(result, CoreLevels):
        lines = dict(zip(result.regions, result.spectrum, strict=True))
        if len(lines) > 1:
            ax.plot(result.energy, result.spectrum.sum(axis=0), color=INK, label="all")
        for colour, (name, line) in zip(LINES * len(lines), lines.items(), strict=False):
            ax.plot(result.energy, line, color=colour, label=name)
            ax.fill_between(result.energy, line, color=colour, alpha=0.15, linewidth=0.0)
    else:
        for colour, (label, one) in zip(LINES * len(result), result.items(), strict=False):
            ax.plot(one.energy, one.spectrum.sum(axis=0), color=colour, label=label)
    ax.axvline(0.0, color=INK, linewidth=0.5, linestyle=(0, (4, 3)), zorder=1)
    ax.invert_xaxis()
    ax.set_xlabel("Binding energy against the reference (eV)")
    ax.set_ylabel("Intensity (1/eV)")
    ax.set_ylim(bottom=0.0)
    ax.legend()
    return figure


@styled
def band_diagram_plot(
    result: BandDiagram, *, carriers: Sequence[str] | None = None, before: bool = True
) -> Figure:
    """Draw levels before and in contact, and the potential, over the bands of the materials.

    Solid: electrochemical potentials (the Fermi level of electrons, the lithium level); dashed:
    standard levels, which bend with the potential.

    Args:
        result: from `pyscl.instruments.band_diagram`.
        carriers: what is drawn; default: all on the line.
        before: draw a panel with the levels of the materials apart.

    Raises:
        InputError: an unknown carrier.
    """
    from pyscl.errors import unknown_name

    shown = list(carriers or [c for c in result.levels if np.isfinite(result.levels[c]).any()])
    for carrier in shown:
        if carrier not in result.levels:
            raise unknown_name("carrier", carrier, result.levels)
    panels_of = [
        (c, stage)
        for stage in (("apart", "in contact") if before else ("in contact",))
        for c in shown
    ]
    columns = 2 if before else 1
    rows = len(shown) + 1
    figure = Figure((2 * COLUMN if before else COLUMN, 1.35 * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, squeeze=False)
    distance, length = _distance(result.distance)
    for carrier, stage in panels_of:
        row, column = shown.index(carrier), columns - 1 if stage == "in contact" else 0
        level, site = result.levels[carrier], result.standard_levels[carrier]
        if stage == "apart":
            level, site = result.apart[carrier], site - result.charge[carrier] * result.potential
        ax = axes[row, column]
        _levels(ax, distance, result.region, level, site, LINES[row % len(LINES)])
        if column == 0:
            ax.set_ylabel(f"{carrier} level (eV)" if carrier != "e" else "Electron level (eV)")
    for column in range(columns):
        ax = axes[-1, column]
        apart = before and column == 0
        potential = np.zeros_like(result.potential) if apart else result.potential
        ax.plot(distance, np.where(result.region == "", np.nan, potential), color=INK)
        if column == 0:
            ax.set_ylabel("Potential (V)")
        ax.set_xlabel(f"Distance ({length})")
    for row in range(rows):
        _same_limits(axes[row])
    axes[0, -1].plot([], [], color=INK, label="electrochemical potential")
    axes[0, -1].plot([], [], color=INK, label="standard level", **_FREE)
    axes[0, -1].legend(handlelength=2.6)
    for column in range(columns):
        bands = _bands(_as_cut(distance, result.region))
        names = list(dict.fromkeys(str(r) for r in result.region if r))
        _shade(figure, list(axes[:, column]), distance, bands, _colours(names))
        if before:
            axes[0, column].set_title("before contact" if column == 0 else "in contact", pad=14.0)
    for ax in axes.flat:
        ax.set_xlim(distance[0], distance[-1])
    figure.align_ylabels(list(axes[:, 0]))
    return figure


def _levels(
    ax: Axes,
    distance: FloatArray,
    region: np.ndarray,
    level: FloatArray,
    site: FloatArray,
    colour: str,
) -> None:
    """Draw a level and the standard level of a carrier, broken at interfaces."""
    for first, last, _ in _bands(_as_cut(distance, region)):
        part = slice(first, last)
        if np.isfinite(level[part]).any():
            ax.plot(distance[part], level[part], color=colour)
            ax.plot(distance[part], site[part], color=colour, **_FREE)


def _same_limits(axes: Sequence[Axes]) -> None:
    """Give axes the limits that show the contents of all, with room above."""
    limits = np.array([ax.get_ylim() for ax in axes])
    low, high = limits[:, 0].min(), limits[:, 1].max()
    for ax in axes:
        ax.set_ylim(low, high + 0.05 * (high - low))


def _map(
    result: Picture,
    solution: Solution,
    values: FloatArray,
    scale: Scale,
    ax: Axes | None,
    title: str | None,
) -> tuple[Figure, Axes, Frame]:
    """Draw values on the raster of a result, with outlines and a colour bar."""
    mesh = solution.model.mesh
    metre_x, metre_y = (
        0.5 * (a[1] - a[0]) if len(a) > 1 else 0.5 * float(np.ptp(mesh.points[:, k]))
        for k, a in enumerate((result.x, result.y))
    )
    window = (
        result.x[0] - metre_x,
        result.x[-1] + metre_x,
        result.y[0] - metre_y,
        result.y[-1] + metre_y,
    )
    frame = Frame(mesh, window)
    if solution.model.coordinates == "axisymmetric":
        frame.names = ("x", "z")
    figure, ax = figure_of(frame, ax)
    ax.set_facecolor("#DCDCDC")
    ax.imshow(
        np.ma.masked_invalid(values),
        origin="lower",
        extent=tuple(v / frame.metre for v in window),
        norm=scale.norm,
        cmap=scale.colours,
        interpolation="bilinear",
        aspect="auto",
    )
    boundaries = [n for n in mesh.interfaces if solution.model.is_material_boundary(n)]
    panels.outline(ax, mesh, boundaries, frame, panels.line_colour(scale))
    if solution.model.coordinates == "axisymmetric":
        facets = [mesh.points[mesh.interfaces[n]] * [-1.0, 1.0] / frame.metre for n in boundaries]
        if facets:
            lines = LineCollection(
                list(np.concatenate(facets)), colors=panels.line_colour(scale), linewidths=0.6
            )
            ax.add_collection(lines, autolim=False)
    frame.apply(ax)
    panels.colour_bar(figure, ax, scale, frame)
    if title is not None:
        ax.set_title(title, loc="left")
    return figure, ax, frame


def _round_step(step: float) -> float:
    """Return 1, 2 or 5 times a power of ten, near a step."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(power * (1.0, 2.0, 5.0, 10.0)[int(np.searchsorted([1.5, 3.5, 7.5], step / power))])


def _distance(metres: FloatArray) -> tuple[FloatArray, str]:
    """Return distances in a unit in which they read well, and the unit."""
    factor, unit = length_unit(float(np.abs(metres).max()))
    return metres / factor, unit


def _as_cut(distance: FloatArray, region: np.ndarray) -> Cut:
    """Return regions along a line as those of a cut."""
    return Cut(distance, np.zeros((len(distance), 2)), region, {}, {})


def _colours(names: Sequence[str]) -> dict[str, str]:
    return region_colours(list(names))


def _bands_under(
    axes: list[Axes], figure: Figure, distance: FloatArray, region: np.ndarray
) -> None:
    """Shade the materials under curves."""
    names = list(dict.fromkeys(str(r) for r in region if r))
    _shade(figure, axes, distance, _bands(_as_cut(distance, region)), _colours(names))
    for ax in axes:
        ax.set_xlim(distance[0], distance[-1])
