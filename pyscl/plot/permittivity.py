"""Permittivity against temperature."""

from matplotlib.figure import Figure

from pyscl.plot.style import COLUMN, INK, LINES, styled
from pyscl.study.permittivity import PermittivitySweep


@styled
def permittivity_plot(sweep: PermittivitySweep) -> Figure:
    """Draw the relative permittivity and the polarization on heating and on cooling.

    Circles are computed, dashed lines are those of a single domain, see `PermittivityBranch.bulk`.
    """
    figure = Figure((COLUMN, 3.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    for k, (name, branch) in enumerate((("heating", sweep.heating), ("cooling", sweep.cooling))):
        if branch is None:
            continue
        look = {"color": LINES[k], "marker": "o", "markersize": 3.0, "markerfacecolor": "white"}
        t = branch.temperatures
        upper.semilogy(t, branch.permittivity, label=name, **look)
        upper.semilogy(t, branch.bulk, color=INK, linewidth=0.6, linestyle=(0, (4, 3)), zorder=1)
        lower.plot(t, 100.0 * branch.polarization, **look)
    upper.set_ylabel("Relative permittivity")
    lower.set_ylabel("Polarization (µC/cm²)")
    lower.set_xlabel("Temperature (K)")
    upper.legend(loc="upper left")
    return figure
