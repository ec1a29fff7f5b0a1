"""Convergence of a solve."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pyscl.plot.style import COLUMN, INK, LINES, styled
from pyscl.study.newton import NewtonHistory


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
