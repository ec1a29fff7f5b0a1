"""The unstructured part: faces between fixed nodes, meshed by gmsh in a process of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import MeshError

WORKER = Path(__file__).with_name("gmsh_worker.py")
ALGORITHMS = (6, 5)
"""Of gmsh, in the order they are tried: Frontal-Delaunay, Delaunay."""
MISSING = (
    "meshing needs gmsh, which is not installed here. Install it with\n  pip install 'pyscl[mesh]'"
)
MISSING_LIBRARY = (
    "gmsh is installed but cannot be loaded: {reason}. It needs system libraries for graphics, "
    "even without a screen. Install them with\n"
    "  sudo apt-get install libglu1-mesa libxcursor1 libxft2 libxinerama1"
)


class FillError(MeshError):
    """Faces that gmsh did not fill; another algorithm or other layers may."""


@dataclass(frozen=True)
class Outline:
    """A face to be filled.

    Attributes:
        loops: node numbers of the outline, then of the holes.
        bulk: largest size [m].
    """

    loops: tuple[NDArray[np.int32], ...]
    bulk: float


@dataclass(frozen=True)
class Filling:
    """Triangles that fill faces: new points (k, 2) [m], triangles (m, 3), their faces (m,)."""

    points: NDArray[np.float64]
    triangles: NDArray[np.int32]
    face: NDArray[np.int32]


def fill(
    points: NDArray[np.float64],
    faces: Sequence[Outline],
    slope: float,
    algorithm: int,
    seed: int,
    time_limit: float,
) -> Filling:
    """Fill faces with triangles whose size grows away from their fixed edges.

    Args:
        points: (n, 2) fixed nodes [m].
        faces: the faces.
        slope: growth of the size with the distance.
        algorithm: of gmsh.
        seed: of gmsh.
        time_limit: [s].

    Raises:
        FillError: gmsh fails, or needs more time.
        MeshError: gmsh is missing.
    """
    if not faces:
        return Filling(np.empty((0, 2)), np.empty((0, 3), np.int32), np.empty(0, np.int32))
    if find_spec("gmsh") is None:
        raise MeshError(MISSING)
    low = points.min(axis=0)
    scale = float(np.ptp(points, axis=0).max()) / 1000.0
    loops = [loop for face in faces for loop in face.loops]
    with tempfile.TemporaryDirectory(prefix="pyscl-mesh-") as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(
            source,
            points=(points - low) / scale,
            loop_nodes=np.concatenate(loops).astype(np.int64),
            loop_start=_starts([len(loop) for loop in loops]),
            face_start=_starts([len(face.loops) for face in faces]),
            face_bulk=np.array([face.bulk / scale for face in faces]),
            slope=slope,
            algorithm=algorithm,
            seed=seed,
        )
        _run([sys.executable, str(WORKER), str(source), str(target)], time_limit)
        with np.load(target) as data:
            return Filling(
                data["points"] * scale + low,
                data["triangles"].astype(np.int32),
                data["face"].astype(np.int32),
            )


def _starts(counts: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)


def _run(command: list[str], time_limit: float) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=max(time_limit, 1e-3),
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FillError(
            f"gmsh did not fill the faces in the {time_limit:.3g} s it had; allow more time "
            "(time_limit), or coarser sizes: the smallest gaps between curves and `along` decide "
            "on the number of nodes"
        ) from error
    if done.returncode == 0:
        return
    words = done.stderr.strip().splitlines()
    reason = words[-1] if words else f"it ended with code {done.returncode}"
    if "OSError" in reason and ".so" in reason:
        raise MeshError(MISSING_LIBRARY.format(reason=reason.split(":", 1)[-1].strip()))
    raise FillError(f"gmsh could not fill the faces: {reason}")
