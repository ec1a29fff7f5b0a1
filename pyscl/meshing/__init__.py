"""Meshes of partitions: structured layers along interfaces, the rest filled by gmsh."""

from pyscl.meshing.cache import cached_mesh
from pyscl.meshing.mesher import mesh_partition
from pyscl.meshing.repair import repaired
from pyscl.meshing.sizes import MeshSizes

__all__ = ["MeshSizes", "cached_mesh", "mesh_partition", "repaired"]
