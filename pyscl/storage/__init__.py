"""Solutions and trajectories in files: HDF5 that can be reloaded, VTU and PVD for ParaView."""

from pyscl.storage.paraview import write_pvd, write_vtu
from pyscl.storage.solutions import load, save
from pyscl.storage.trajectories import load_trajectory, save_trajectory

__all__ = ["load", "load_trajectory", "save", "save_trajectory", "write_pvd", "write_vtu"]
