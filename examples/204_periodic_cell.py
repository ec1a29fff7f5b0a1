r"""Effective permittivity and conductivity of a square array of discs from one periodic cell.

Equation: potentials and electrochemical potentials repeat from cell to cell but for one jump V
between the left and the right side. The mean displacement (or current density) over the mean field
V/L is the effective permittivity (conductivity) of the array,

    K = <eps E> / (eps_matrix V/L),   K = <j> / (sigma_matrix V/L).

Geometry: a square cell of side L with a disc of area fraction f in its middle; all sides periodic.

What to see: K depends on the contrast k = disc/matrix and on f only; discs of any permittivity
cannot raise K beyond the value of conductors, and blocking discs lower the conductivity by
geometry alone. Keller's theorem K(k) K(1/k) = 1 links both. Dilute discs follow Maxwell's
(1 + f beta)/(1 - f beta), beta = (k-1)/(k+1); at f = 0.5 neighbours matter.

Assumptions: none but linear, sharp phases: both tables are mathematics. For the conductivity the
ions have the law "constant-conductivity" and no step of their standard potential, so that no space
charge forms at the discs.

Reference: Rayleigh's multipoles in `pyscl.analytic.square_array_permittivity`, after Perrins,
McKenzie, McPhedran, Proc. R. Soc. Lond. A 369 (1979) 207; Keller, J. Math. Phys. 5 (1964) 548.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from pyscl import Carrier, Conserved, Material, Mesh, Model, Periodic, Solution
from pyscl.analytic import square_array_permittivity
from pyscl.mesh import from_delaunay

SIDE = 10e-9  # L [m]
PERMITTIVITY, CONDUCTIVITY = 10.0, 0.1  # of the matrix [1], [S/m]
FRACTIONS, CONTRASTS = (0.1, 0.3, 0.5), (0.0, 0.1, 10.0, 1000.0 / 30.0)
JUMP = 1e-5  # V [V]


def main(fractions: tuple[float, ...] = FRACTIONS, cells: int = 32, plot: bool = False) -> float:
    """Print the tables; return the conductivity with blocking discs at the largest fraction.

    Args:
        fractions: areas of the disc over that of the cell, below pi/4.
        cells: mesh cells along each side.
        plot: draw the current around the blocking disc.
    """
    print(f"{'f':>4} {'k':>6} | {'permittivity':>12} {'conductivity':>12} {'exact':>9} | errors")
    blocked = 1.0
    for fraction in fractions:
        mesh = square_cell(fraction, cells)
        for k in CONTRASTS:
            exact = square_array_permittivity(fraction, k)
            current = conducting(mesh, k)
            sigma = _mean(mesh, current["current_density_Li"].values) / CONDUCTIVITY
            if k == 0.0:
                blocked, permittivity, errors = sigma, f"{'-':>12}", f"{'-':>8}"
                if plot and fraction == fractions[-1]:
                    from pyscl.plot import field_map, save

                    picture = field_map(current, "current_density_Li", streamlines=True)
                    save(picture, "204_periodic_cell.png")
            else:
                eps = np.where(mesh.regions_of("disc"), k, 1.0)[:, None]
                kappa = _mean(mesh, eps * dielectric(mesh, k)["electric_field"].values)
                permittivity, errors = f"{kappa:12.6f}", f"{kappa / exact - 1:+8.1e}"
            print(
                f"{fraction:4.1f} {k:6.2f} | {permittivity} {sigma:12.6f} {exact:9.6f} | "
                f"{errors} {sigma / exact - 1:+8.1e}"
            )
    exact = square_array_permittivity(fractions[-1], 0.0)
    print(
        f"conductivity with blocking discs, f = {fractions[-1]}: {blocked:.6f} of the matrix, "
        f"exact {exact:.6f}, error {blocked / exact - 1:+.1e}"
    )
    return blocked


def dielectric(mesh: Mesh, contrast: float) -> Solution:
    """Return the solution for a disc of another permittivity, without mobile charge."""
    model = Model(
        mesh,
        {
            "disc": Material(relative_permittivity=PERMITTIVITY * contrast),
            "matrix": Material(relative_permittivity=PERMITTIVITY),
        },
        periodic=_sides(),
    )
    return model.equilibrium()


def conducting(mesh: Mesh, contrast: float) -> Solution:
    """Return the steady solution for a disc of another conductivity; 0: no ions in it."""
    regions = ("matrix",) if contrast == 0.0 else ("matrix", "disc")
    model = Model(
        mesh,
        {
            "disc": _conductor(contrast),
            "matrix": _conductor(1.0),
        },
        periodic=_sides(),
        conserved=[Conserved(carrier="Li", regions=regions)],
    )
    return model.steady()


def _conductor(relative_conductivity: float) -> Material:
    if relative_conductivity == 0.0:
        return Material(relative_permittivity=PERMITTIVITY)
    lithium = Carrier(
        name="Li",
        charge=1,
        site_density=1e27,
        site_fraction=0.5,
        mobility="constant-conductivity",
        conductivity=relative_conductivity * CONDUCTIVITY,
    )
    return Material(relative_permittivity=PERMITTIVITY, carriers=(lithium,))


def _sides() -> list[Periodic]:
    return [
        Periodic(sides=("left", "right"), potential_jump=JUMP),
        Periodic(sides=("bottom", "top")),
    ]


def _mean(mesh: Mesh, density: NDArray[np.float64]) -> float:
    """Return the mean of a density (n_triangles, 2) along x over the mean field."""
    mean = np.average(np.nan_to_num(density[:, 0]), weights=mesh.areas)
    return float(mean / (-JUMP / SIDE))


def square_cell(fraction: float, cells: int) -> Mesh:
    """Return the cell: rings in the disc, then rings that turn into the square.

    Opposite sides have equal nodes, which periodic sides need.
    """
    radius = np.sqrt(fraction / np.pi)  # in units of the side
    along, half = np.arange(cells) / cells - 0.5, np.full(cells, 0.5)
    square = np.concatenate(
        [
            np.column_stack(side)
            for side in ((along, -half), (half, along), (-along, half), (-half, -along))
        ]
    )
    circle = radius * square / np.linalg.norm(square, axis=1)[:, None]
    points = [np.zeros((1, 2))]
    for k in range(1, cells // 2):  # rings in the disc: every second node in its inner half
        points.append(2 * k / cells * circle[:: 2 if 4 * k < cells else 1])
    outer = max(2, round((1 - 2 * radius) * cells))
    for share in np.arange(outer + 1) / outer:
        points.append((1 - share) * circle + share * square)

    def region_of(centroids: NDArray[np.float64]) -> list[str]:
        inside = np.hypot(*centroids.T) < radius * SIDE * np.cos(np.pi / (8 * cells))
        return ["disc" if there else "matrix" for there in inside]

    return from_delaunay(SIDE * np.concatenate(points), region_of)


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - cells=16, 32, 64: the error falls with the square of the cell size.
#   - a step of standard_potential between disc and matrix and mobility="vacancy": now space charge
#     at the discs raises or lowers the conductivity, and the size SIDE begins to matter.
#   - f = 0.78, k = 1000: discs that almost touch. What does the mesh need there?
