"""Figures of solutions, meshes and convergence for papers and reports.

Every function returns a `matplotlib.figure.Figure` that belongs to nobody: nothing is shown, no
pyplot state is touched, and it works without a display. `save` writes it to a file.
"""

from pyscl.plot.animation import animate
from pyscl.plot.characteristics import plot_arrhenius, plot_mott_schottky, plot_relaxation_times
from pyscl.plot.lines import convergence_plot, cut_plot
from pyscl.plot.maps import comparison, field_map, overview
from pyscl.plot.meshes import mesh_map, region_map
from pyscl.plot.series import interface_plot, series_plot
from pyscl.plot.spectra import plot_bode, plot_contributions, plot_nyquist
from pyscl.plot.style import STYLE, region_colours, save

__all__ = [
    "STYLE",
    "animate",
    "comparison",
    "convergence_plot",
    "cut_plot",
    "field_map",
    "interface_plot",
    "mesh_map",
    "overview",
    "plot_arrhenius",
    "plot_bode",
    "plot_contributions",
    "plot_mott_schottky",
    "plot_nyquist",
    "plot_relaxation_times",
    "region_colours",
    "region_map",
    "save",
    "series_plot",
]
