"""The composite cathode of the examples under bias: steady state from a cold start (pyscl only).

`python -m benchmarks.composite MESH` prints one line of JSON; `composite_mesh` makes the mesh from
the one of the example, refined where the triangles are closest to an interface.
"""

import json
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np

import pyscl
from pyscl import Mesh
from pyscl.adaptivity import refine, refine_uniformly

from .meshes import cache_folder
from .peers.driver import memory

ROOT = Path(__file__).resolve().parent.parent.parent
RUN_FILE = ROOT / "examples" / "301_composite_cathode.yaml"
BIAS = {"collector": 0.1}
"""[V]; the example has 10 mV."""


def composite_mesh(nodes: int) -> Path:
    """Return the file of a mesh with at least so many nodes, or that of the example."""
    path = cache_folder() / f"composite_{nodes}_v1.npz"
    if not path.exists():
        mesh = Mesh.read(ROOT / "meshes" / "composite_cathode.msh", unit="nm")
        while mesh.n_points * 3.5 < nodes:
            mesh = refine_uniformly(mesh).mesh
        missing = nodes - mesh.n_points
        if missing > 0:
            nearest = np.argsort(_distance(mesh), kind="stable")
            mesh = refine(mesh, nearest[: round(missing / 1.7)]).mesh
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **{f.name: getattr(mesh, f.name) for f in fields(mesh)})
    return path


def _distance(mesh: Mesh) -> np.ndarray:
    from scipy.spatial import cKDTree

    facets = np.concatenate(list(mesh.interfaces.values()))
    tree = cKDTree(mesh.points[facets].mean(axis=1))
    return tree.query(mesh.points[mesh.triangles].mean(axis=1))[0]


def main(path: str) -> None:
    """Solve and print the measures."""
    from pyscl.input import load_input
    from pyscl.runner import build_model

    with np.load(path) as arrays:
        names = ("region_names", "facet_names")
        mesh = Mesh(**{k: tuple(v) if k in names else v for k, v in arrays.items()})
    example = load_input(RUN_FILE)
    begin = time.perf_counter(), time.process_time(), memory("VmRSS")
    model = build_model(example, mesh, example.materials("with BaTiO3"))
    solution = model.steady(BIAS)
    print(
        json.dumps(
            {
                "package": "pyscl",
                "version": pyscl.__version__,
                "case": "composite",
                "task": "steady",
                "nodes": mesh.n_points,
                "triangles": mesh.n_triangles,
                "wall": time.perf_counter() - begin[0],
                "cpu": time.process_time() - begin[1],
                "memory": memory("VmHWM") - begin[2],
                "peak": memory("VmHWM"),
                "charge": solution.contact("collector").current,
                "newton": len(solution.history.iterations),
                "factorisations": solution.history.factorisations,
                "steps": solution.history.bias_steps,
                "failed_steps": 0,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
