"""Studies: many cases of one run file, their dataset and what it says."""

from pyscl.sweep.dataset import load, paths, save
from pyscl.sweep.definition import SweepInput, load_study, make_study
from pyscl.sweep.drive import Counts, run_study

__all__ = ["Counts", "SweepInput", "load", "load_study", "make_study", "paths", "run_study", "save"]
