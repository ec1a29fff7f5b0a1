"""Triangle meshes with named regions and facet groups: read, write, build, check."""

from pyscl.mesh.check import MeshReport, check
from pyscl.mesh.mesh import Mesh
from pyscl.mesh.structured import from_delaunay, graded, rectangle, strip

__all__ = ["Mesh", "MeshReport", "check", "from_delaunay", "graded", "rectangle", "strip"]
