"""Curves: fields along a cut, convergence of a solve."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pyscl.errors import InputError
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import (
    COLUMN,
    INK,
    LINES,
    STYLE,
    legend_columns,
    length_unit,
    prefixed,
    region_colours,
    styled,
    text_width,
    with_unit,
)
from pyscl.postprocess.cut import Cut
from pyscl.solution import Solution
from pyscl.study.newton import NewtonHistory


@styled
def cut_plot(cut: Cut, solution: Solution | None = None) -> Figure:
    """Draw potential, site fractions and charge density along a cut, one above the other.

    The regions are shaded and named at the top. Curves of what jumps end at the interfaces.

    Args:
        cut: from `Solution.cut`.
        solution: the solution of the cut, only so that its regions have the same colours as in
            the maps; regions with a well-known name have them anyway.

    Raises:
        InputError: the cut lies outside the mesh.
    """
    bands = _bands(cut)
    if not bands:
        raise InputError("the cut lies outside the mesh; there is nothing to draw")
    along, length = length_unit(float(cut.distance[-1]))
    distance = cut.distance / along
    carriers = [n for n in cut.fields if n.startswith("site_fraction_")]
    rows = 3 if carriers else 2
    figure = Figure((COLUMN, 1.25 * rows + 0.75), layout="constrained")
    axes = list(figure.subplots(rows, 1, sharex=True))

    factor, unit = prefixed(_largest(cut.fields["potential"]), cut.units["potential"])
    axes[0].plot(distance, cut.fields["potential"] / factor, color=INK)
    axes[0].set_ylabel(with_unit("Potential\n", unit))
    if carriers:
        _site_fractions(axes[1], cut, distance, carriers, bands)
    factor, unit = prefixed(_largest(cut.fields["charge_density"]), cut.units["charge_density"])
    for first, last, _ in bands:
        part = slice(first, last)
        axes[-1].plot(distance[part], cut.fields["charge_density"][part] / factor, color=INK)
    axes[-1].axhline(0.0, color=INK, linewidth=0.5, linestyle=(0, (4, 3)), zorder=1)
    axes[-1].set_ylabel(with_unit("Charge density\n", unit))
    axes[-1].set_xlabel(f"Distance ({length})")
    axes[-1].set_xlim(distance[0], distance[-1])
    names = cut.region[cut.region != ""] if solution is None else solution.model.mesh.region_names
    _shade(figure, axes, distance, bands, region_colours(list(dict.fromkeys(map(str, names)))))
    figure.align_ylabels(axes)
    return figure


@styled
def convergence_plot(history: NewtonHistory) -> Figure:
    """Draw the largest change of the potentials in every Newton iteration [kT/e].

    Damped iterations have open markers (below 1e-6 damping is rounding). Changes of exactly zero
    cannot be drawn.
    """
    figure = Figure((COLUMN, 2.4), layout="constrained")
    ax = figure.add_subplot()
    number = np.arange(1, len(history.iterations) + 1)
    damped = np.array([i.damping < 1.0 and i.update > 1e-6 for i in history.iterations], dtype=bool)
    curves = {
        "electric potential": ([i.potential_update for i in history.iterations], "o"),
        "electrochemical potentials": ([i.chemical_update for i in history.iterations], "s"),
    }
    for (label, (updates, marker)), colour in zip(curves.items(), LINES, strict=False):
        size = np.array(updates, dtype=float)
        size[~(size > 0.0)] = np.nan
        if np.isnan(size).all():
            continue
        ax.semilogy(number, size, color=colour, linewidth=1.0, label=label)
        for which, face in ((~damped, colour), (damped, "white")):
            ax.semilogy(
                number[which], size[which], marker, color=colour, markerfacecolor=face, markersize=4
            )
    ax.set_yscale("log")
    ax.set_xlabel("Newton iteration")
    ax.set_ylabel("Largest update (kT/e)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.set_xlim(0.5, max(len(number), 1) + 0.5)
    if damped.any():
        ax.plot([], [], "o", color=INK, markerfacecolor="white", markersize=4, label="damped")
    if ax.lines:
        ax.legend()
    state = "converged" if history.converged else "not converged"
    steps = f", {history.bias_steps} bias steps" if history.bias_steps > 1 else ""
    ax.set_title(f"{history.kind}, {state}{steps}", loc="left")
    return figure


Bands = list[tuple[int, int, str]]


def _bands(cut: Cut) -> Bands:
    """Return (first sample, one past the last, region) of every stretch inside the mesh."""
    starts = np.flatnonzero(np.concatenate([[True], cut.region[1:] != cut.region[:-1]]))
    ends = np.append(starts[1:], len(cut.region))
    return [
        (int(a), int(b), str(cut.region[a]))
        for a, b in zip(starts, ends, strict=True)
        if cut.region[a] != ""
    ]


def _site_fractions(
    ax: Axes, cut: Cut, distance: FloatArray, carriers: Sequence[str], bands: Bands
) -> None:
    values = [cut.fields[name] for name in carriers]
    for colour, name, y in zip(LINES * len(carriers), carriers, values, strict=False):
        label: str | None = name.removeprefix("site_fraction_")
        for first, last, _ in bands:
            part = slice(first, last)
            if np.isfinite(y[part]).any():
                ax.plot(distance[part], y[part], color=colour, label=label)
                label = None
    data = np.concatenate([y[np.isfinite(y)] for y in values])
    if data.size and data.min() > 0.0:
        ax.set_yscale("logit" if 0.9 < data.max() < 1.0 else "log")
    if len(carriers) > 1:
        ax.legend()
        ax.set_ylabel("Site\nfraction")
    else:
        ax.set_ylabel(f"{carriers[0].removeprefix('site_fraction_')} site\nfraction")


def _shade(
    figure: Figure,
    axes: Sequence[Axes],
    distance: FloatArray,
    bands: Bands,
    colours: dict[str, str],
) -> None:
    """Shade the regions and name them above the first axes, or in a legend if names collide."""
    span = distance[-1] - distance[0]
    inches = 0.78 * COLUMN / span

    def fits(width: float, name: str) -> bool:
        return width * inches > text_width(name) + 0.03

    edges = []
    labelled = set()
    for first, last, name in bands:
        x0 = distance[0] if first == 0 else 0.5 * (distance[first - 1] + distance[first])
        x1 = distance[-1] if last == len(distance) else 0.5 * (distance[last - 1] + distance[last])
        edges.append((x0, x1, name))
        if fits(x1 - x0, name):
            labelled.add(name)
    direct = all(name in labelled for _, _, name in edges)
    for x0, x1, name in edges:
        for ax in axes:
            ax.axvspan(x0, x1, facecolor=colours[name], alpha=0.35, linewidth=0.0, zorder=0)
        if direct and fits(x1 - x0, name):
            axes[0].text(
                0.5 * (x0 + x1),
                1.03,
                name,
                transform=axes[0].get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize=STYLE["xtick.labelsize"],
            )
    if not direct:
        seen = list(dict.fromkeys(name for _, _, name in edges))
        figure.legend(
            handles=[
                Patch(facecolor=to_rgba(colours[n], 0.35), edgecolor=INK, linewidth=0.4, label=n)
                for n in seen
            ],
            loc="outside upper center",
            ncols=legend_columns(seen),
            handlelength=1.2,
            columnspacing=1.4,
        )


def _largest(values: FloatArray) -> float:
    return float(np.nanmax(np.abs(values)))
