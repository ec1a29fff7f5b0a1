"""Structured meshes of the verification cases: sectors, and a disc in a square cell."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.mesh import Mesh, graded, strip

_POLAR_SIDES = ("inner", "outer", "start", "end")


def two_sided(left: ArrayLike, right: ArrayLike) -> NDArray[np.float64]:
    """Join two lines of coordinates that start fine at an interface, the left one mirrored.

    Args:
        left: distances from the interface into the left part [m], from 0.
        right: distances into the right part [m], from 0.

    Returns:
        Coordinates from 0; the interface is at `left[-1]`.
    """
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    return np.concatenate([left[-1] - left[::-1], left[-1] + right[1:]])


def layer_grid(
    thickness: float, shortest: float, per_length: float, longest: float = 0.0
) -> NDArray[np.float64]:
    """Return coordinates [m] fine at 0: steps of a part of `shortest`, growing by 10 %.

    Args:
        thickness: total length [m].
        shortest: length to resolve at the wall [m].
        per_length: steps per `shortest` at the wall; halving all steps doubles it.
        longest: length to resolve far from the wall [m]; 0: `shortest`.
    """
    growth = 1.1 ** (20.0 / per_length)  # the same grading function at every refinement
    far = (longest or shortest) * 8.0 / per_length
    return graded(thickness, shortest / per_length, growth, max_step=far)


def moved(mesh: Mesh, dx: float, dy: float = 0.0) -> Mesh:
    """Return the mesh shifted by (dx, dy) [m]."""
    return replace(mesh, points=mesh.points + np.array([dx, dy]))


def share_side(mesh: Mesh, side: str, name: str) -> Mesh:
    """Return the mesh with the facets of `side` also in a group `name`.

    One contact fixes one carrier; a side that exchanges two carriers is two groups.
    """
    facets = mesh.facets_of(side)
    return replace(
        mesh,
        facets=np.concatenate([mesh.facets, facets]),
        facet_group=np.concatenate(
            [mesh.facet_group, np.full(len(facets), len(mesh.facet_names), dtype=np.int32)]
        ),
        facet_names=(*mesh.facet_names, name),
    )


def sector(
    radii: ArrayLike,
    angle: float,
    cells: int,
    regions: Sequence[tuple[str, float]] = (),
) -> Mesh:
    """Return a sector of a disc or annulus, structured in polar coordinates.

    Facet groups inner (unless the first radius is 0), outer, start (at angle 0) and end.

    Args:
        radii: increasing radii [m].
        angle: opening [rad], below 2 pi.
        cells: number of cells around.
        regions: (name, outer radius [m]) from the inside; default: one region "electrolyte".
    """
    grid = strip(radii, width=angle, layers=cells, regions=regions)
    r, phi = grid.points.T
    mesh = replace(
        grid,
        points=np.column_stack([r * np.cos(phi), r * np.sin(phi)]),
        facet_names=tuple(
            dict(zip(("left", "right", "bottom", "top"), _POLAR_SIDES, strict=True))[name]
            for name in grid.facet_names
        ),
    )
    return mesh if r[0] > 0.0 else _with_tip(mesh, cells)


def _with_tip(mesh: Mesh, cells: int) -> Mesh:
    """Merge the nodes at radius 0, which are the first ones, into one."""
    number = np.maximum(np.arange(mesh.n_points, dtype=np.int32) - cells, 0)
    triangles, facets = number[mesh.triangles], number[mesh.facets]
    whole = np.array([len(set(t)) == 3 for t in triangles.tolist()])
    kept = facets[:, 0] != facets[:, 1]
    return replace(
        mesh,
        points=mesh.points[cells:],
        triangles=triangles[whole],
        region=mesh.region[whole],
        facets=facets[kept],
        facet_group=mesh.facet_group[kept] - 1,
        facet_names=mesh.facet_names[1:],
    )


def disc_in_cell(area_fraction: float, cells: int, size: float = 1e-8) -> Mesh:
    """Return a square cell around a centred disc, structured along rays from the centre.

    Regions disc and matrix; facet groups left, right, bottom, top, with equal nodes on opposite
    sides.

    Args:
        area_fraction: of the disc, below pi/4.
        cells: number of cells along each side.
        size: side of the cell [m].
    """
    radius = np.sqrt(area_fraction / np.pi)
    along = np.arange(cells) / cells - 0.5
    half = np.full(cells, 0.5)
    square = np.concatenate(
        [
            np.column_stack([along, -half]),
            np.column_stack([half, along]),
            np.column_stack([-along, half]),
            np.column_stack([-half, -along]),
        ]
    )
    circle = radius * square / np.linalg.norm(square, axis=1)[:, None]
    n_disc, n_matrix = max(1, round(0.64 * cells)), max(1, round(0.4 * cells))
    inner = np.arange(1, n_disc + 1) / n_disc
    outer = np.arange(1, n_matrix + 1) / n_matrix
    rings = np.concatenate(
        [
            inner[:, None, None] * circle,
            (1.0 - outer)[:, None, None] * circle + outer[:, None, None] * square,
        ]
    )  # (n_rings, 4 cells, 2)
    n_rings, around = rings.shape[:2]
    node = 1 + np.arange(n_rings * around, dtype=np.int32).reshape(n_rings, around)
    following = np.roll(node, -1, axis=1)
    fan = np.column_stack([np.zeros(around, dtype=np.int32), node[0], following[0]])
    a, b, c, d = (n.ravel() for n in (node[:-1], node[1:], following[1:], following[:-1]))
    quads = np.stack([np.column_stack([a, b, c]), np.column_stack([a, c, d])], axis=1)
    region = np.repeat(np.arange(1, n_rings) >= n_disc, 2 * around)
    last = node[-1]
    sides = [np.append(last, last[0])[k * cells : (k + 1) * cells + 1] for k in range(4)]
    return Mesh(
        points=size * np.concatenate([np.zeros((1, 2)), rings.reshape(-1, 2)]),
        triangles=np.concatenate([fan, quads.reshape(-1, 3)]),
        region=np.concatenate([np.zeros(around, np.int32), region.astype(np.int32)]),
        region_names=("disc", "matrix"),
        facets=np.concatenate([np.column_stack([s[:-1], s[1:]]) for s in sides]),
        facet_group=np.repeat(np.arange(4), cells),
        facet_names=("bottom", "right", "top", "left"),
    )
