"""The benchmark of meshing: random packings of particles with layers around all of them."""

import time
from dataclasses import dataclass

import numpy as np

from pyscl.geometry import Packing, Phase

PARTICLES = (20, 100, 500)
HEAD = (
    "particles",
    "packing [s]",
    "meshing [s]",
    "nodes",
    "triangles",
    "nodes per particle",
    "min angle",
    "edges < 0",
    "charge error",
)
_RADIUS = 100e-9  # m
_FRACTION = 0.5
_GAP = 10e-9  # m
_RESOLVED = 2e-9  # m
_TIME_LIMIT = 1800.0  # s


@dataclass(frozen=True)
class MeshingResult:
    """Times and sizes for one number of particles.

    Attributes:
        particles: their number.
        packing_seconds: to place them and to find the curves [s].
        meshing_seconds: to mesh them [s].
        nodes: mesh nodes.
        triangles: mesh triangles.
        smallest_angle: of all triangles [degrees].
        negative_edges: edges with a negative weight.
        charge_error: largest expected relative error of the charge of a weak layer.
    """

    particles: int
    packing_seconds: float
    meshing_seconds: float
    nodes: int
    triangles: int
    smallest_angle: float
    negative_edges: int
    charge_error: float

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table, in the order of `HEAD`."""
        return (
            str(self.particles),
            f"{self.packing_seconds:.2f}",
            f"{self.meshing_seconds:.2f}",
            str(self.nodes),
            str(self.triangles),
            f"{self.nodes / self.particles:.0f}",
            f"{self.smallest_angle:.1f} deg",
            str(self.negative_edges),
            f"{self.charge_error:.2%}",
        )


def packing(particles: int, seed: int = 0) -> Packing:
    """Return discs with a spread of 30 % around 100 nm, half of the area of a square."""
    side = float(np.sqrt(particles * np.pi * _RADIUS**2 / _FRACTION))
    phase = Phase(region="active", fraction=_FRACTION, radius=_RADIUS, spread=0.3, count=particles)
    return Packing(width=side, height=side, gap=_GAP, phases=(phase,), seed=seed)


def run_meshing_benchmark(particles: int) -> MeshingResult:
    """Mesh a packing with layers for 2 nm on both sides of every interface.

    Args:
        particles: their number.

    Raises:
        InputError: the packing or the mesh cannot be made, or gmsh is missing.
    """
    from pyscl.mesh import check
    from pyscl.meshing import MeshSizes, mesh_partition

    resolve = {"active": _RESOLVED, "electrolyte": _RESOLVED}
    begin = time.perf_counter()
    partition = packing(particles).partition()
    middle = time.perf_counter()
    sizes = MeshSizes(resolve=resolve, bulk=0.5 * _RADIUS)
    mesh = mesh_partition(partition, sizes, time_limit=_TIME_LIMIT)
    end = time.perf_counter()
    report = check(mesh, resolve)
    return MeshingResult(
        particles=particles,
        packing_seconds=middle - begin,
        meshing_seconds=end - middle,
        nodes=report.n_points,
        triangles=report.n_triangles,
        smallest_angle=min(region.smallest_angle for region in report.regions),
        negative_edges=sum(region.negative_edges for region in report.regions),
        charge_error=max(row.charge_error or 0.0 for row in report.interfaces),
    )
