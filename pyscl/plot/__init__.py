"""Figures of solutions, meshes and convergence for papers and reports.

Every function returns a `matplotlib.figure.Figure` that belongs to nobody: nothing is shown, no
pyplot state is touched, and it works without a display. `save` writes it to a file.
"""

from pyscl.plot.animation import animate
from pyscl.plot.characteristics import arrhenius_plot, mott_schottky_plot, relaxation_time_plot
from pyscl.plot.comparisons import comparison
from pyscl.plot.cuts import cut_plot
from pyscl.plot.ensembles import distribution_plot, pair_plot, pareto_plot, sensitivity_plot
from pyscl.plot.instruments import (
    band_diagram_plot,
    carrier_profile_plot,
    charge_map,
    core_level_plot,
    phase_map,
    surface_potential_plot,
)
from pyscl.plot.lines import convergence_plot
from pyscl.plot.maps import field_map, overview
from pyscl.plot.meshes import mesh_map, region_map
from pyscl.plot.permittivity import permittivity_plot
from pyscl.plot.polarization import loop_plot, polarization_map
from pyscl.plot.series import interface_plot, series_plot
from pyscl.plot.spectra import bode_plot, contribution_plot, nyquist_plot
from pyscl.plot.style import STYLE, region_colours, save
from pyscl.plot.sweeps import heat_map, main_effects_plot, response_plot

__all__ = [
    "STYLE",
    "animate",
    "arrhenius_plot",
    "band_diagram_plot",
    "bode_plot",
    "carrier_profile_plot",
    "charge_map",
    "comparison",
    "contribution_plot",
    "convergence_plot",
    "core_level_plot",
    "cut_plot",
    "distribution_plot",
    "field_map",
    "heat_map",
    "interface_plot",
    "loop_plot",
    "main_effects_plot",
    "mesh_map",
    "mott_schottky_plot",
    "nyquist_plot",
    "overview",
    "pair_plot",
    "pareto_plot",
    "permittivity_plot",
    "phase_map",
    "polarization_map",
    "region_colours",
    "region_map",
    "relaxation_time_plot",
    "response_plot",
    "save",
    "sensitivity_plot",
    "series_plot",
    "surface_potential_plot",
]
