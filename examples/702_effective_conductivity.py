r"""Effective conductivity and tortuosity of a composite, with and without space charge layers.

Equation: steady Nernst-Planck-Poisson in a periodic cell. Over the cell the potential jumps by V
along x and then along y, and every electrochemical potential by z V; mean current density over mean
field is the tensor sigma_ij. Of a region that conducts alone the tortuosity factor is

    T = area share * sigma_bulk / sigma_eff.

Geometry: a square cell of 100 nm with a particle of area fraction f in its middle that blocks the
ions; all sides periodic. The particle is a disc, then an ellipse that lies askew.

What to see: (1) Without charge on the disc T depends on f only: 1 + f. (2) A negative surface
charge gathers lithium ions in a layer around the disc. Its sheet conductance G (a named result of
the interface) makes the blocking disc a conductor of G/radius, and the composite conducts better,
the more the smaller the particle; T falls below 1, because it blames the shape for what the layers
do. A positive charge empties the layer, which makes the particle look larger. (3) An ellipse askew
has a tensor with off-diagonal elements; its principal axes are nearly those of the ellipse, the
neighbours in the square array turn them by a degree.

Assumptions: everything, above all the surface charge: an electrolyte of permittivity 10 with 1 % of
5e26 1/m3 sites filled (Debye length 1.7 nm), mobility in proportion to the filled sites.

Reference: (1) Rayleigh's multipoles, `pyscl.analytic.square_array_permittivity` for k = 0; (2) them
with k = G/(sigma_bulk radius), after O'Konski, J. Phys. Chem. 64 (1960) 605, for layers thin
against the disc.
"""

import sys

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Avogadro, elementary_charge

from pyscl import Carrier, Conserved, Interface, Material, Mesh, Model, Periodic
from pyscl.analytic import square_array_permittivity
from pyscl.mesh import from_delaunay
from pyscl.study.effective_conductivity import EffectiveConductivity, effective_conductivity

SIDE = 100e-9  # of the cell [m]
CONDUCTIVITY = 1e-2  # of the electrolyte [S/m]
FRACTION = 0.3
CHARGES = (0.0, -0.002, -0.005, -0.02, 0.002, 0.005)  # of the particle's surface [C/m2]
ASPECT, TILT = 2.0, np.pi / 6.0  # of the ellipse
THINNEST = 0.05e-9  # about the first element at the particle [m]


def main(
    charges: tuple[float, ...] = CHARGES, cells: int = 48, fraction: float = FRACTION,
    plot: bool = False,
) -> float:  # fmt: skip
    """Print the tables; return the tortuosity factor around discs without charge.

    Args:
        charges: of the surface of the disc [C/m2]; the first one should be 0.
        cells: mesh cells along each side of the cell.
        fraction: area of the particle over that of the cell.
        plot: draw the current around the last disc.
    """
    radius = SIDE * np.sqrt(fraction / np.pi)
    disc = cell_mesh(fraction, cells)
    print("surface charge  sheet conductance  conductivity over that of the electrolyte")
    print(f"{'[uC/cm2]':>14} {'[S]':>18} {'computed':>10} {'thin layer':>11}  tortuosity factor")
    factors = []
    for charge in charges:
        result = conductivity(disc, charge)
        sheet = 0.0
        if charge:
            layer = result.states[0].layer_resistance("electrolyte|particle")
            sheet = layer.sheet_conductance("Li")
        sigma = result.tensor[0, 0] / CONDUCTIVITY
        contrast = sheet / (CONDUCTIVITY * radius)
        thin = f"{square_array_permittivity(fraction, contrast):11.5f}" if contrast >= 0.0 else "-"
        factors.append(float(result.tortuosity("electrolyte")[0]))
        print(f"{charge * 100:14.2f} {sheet:18.3e} {sigma:10.5f} {thin:>11}  {factors[-1]:.5f}")

    askew = conductivity(cell_mesh(0.5 * fraction, cells, ASPECT, TILT), 0.0)
    values, axes = askew.principal
    tilt = np.degrees(np.arctan2(axes[1, 1], axes[0, 1])) % 180.0
    print(
        f"\nellipse {ASPECT:g} : 1 at {np.degrees(TILT):.1f} degrees, over that of the electrolyte"
    )
    for row in askew.tensor / CONDUCTIVITY:
        print(f"  {row[0]:9.5f} {row[1]:9.5f}")
    largest, smallest = values[1] / CONDUCTIVITY, values[0] / CONDUCTIVITY
    print(f"  principal values {largest:.5f} at {tilt:.1f} degrees, {smallest:.5f} across")

    if plot:
        from pyscl.plot import field_map, save

        picture = field_map(result.states[0], "current_density_Li", streamlines=True)
        save(picture, "702_effective_conductivity.png")
    exact = (1.0 - fraction) / square_array_permittivity(fraction, 0.0)
    print(
        f"\ntortuosity factor around discs without charge, f = {fraction}: {factors[0]:.5f}, exact "
        f"{exact:.5f}, error {factors[0] / exact - 1:+.1e}"
    )
    return factors[0]


def conductivity(mesh: Mesh, charge: float) -> EffectiveConductivity:
    """Return the effective conductivity for a surface charge of the particle [C/m2].

    The ions that screen the charge are part of the conserved amount: the cell is neutral.
    """
    lithium = Carrier(
        name="Li",
        charge=1,
        site_density=5e26,
        site_fraction=0.01,
        mobility="dilute",
        conductivity=CONDUCTIVITY,
    )
    area = mesh.areas[mesh.regions_of("electrolyte")].sum()
    surface = mesh.points[mesh.interfaces["electrolyte|particle"]]
    around = np.linalg.norm(surface[:, 1] - surface[:, 0], axis=1).sum()
    amount = (lithium.density * area - charge * around / elementary_charge) / Avogadro
    model = Model(
        mesh,
        {
            "electrolyte": Material(relative_permittivity=10.0, carriers=(lithium,)),
            "particle": Material(relative_permittivity=10.0),
        },
        interfaces={"electrolyte|particle": Interface(surface_charge=charge)},
        periodic=[Periodic(sides=("left", "right")), Periodic(sides=("bottom", "top"))],
        conserved=[Conserved(carrier="Li", regions=("electrolyte",), amount=amount)],
    )
    return effective_conductivity(model)


def cell_mesh(fraction: float, cells: int, aspect: float = 1.0, tilt: float = 0.0) -> Mesh:
    """Return the cell: rings in the particle, then rings that turn into the square, fine at first.

    Args:
        fraction: area of the particle over that of the cell.
        cells: nodes along each side.
        aspect: long over short axis.
        tilt: of the long axis [rad].
    """
    along, half = np.arange(cells) / cells - 0.5, np.full(cells, 0.5)
    square = np.concatenate(
        [
            np.column_stack(side)
            for side in ((along, -half), (half, along), (-along, half), (-half, -along))
        ]
    )
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    axes = np.sqrt(fraction / np.pi * np.array([aspect, 1.0 / aspect]))
    # Where the rays to the nodes of the sides leave the ellipse.
    ray = square / np.linalg.norm(square, axis=1)[:, None]
    ellipse = ray / np.linalg.norm(ray @ turn / axes, axis=1)[:, None]
    points = [np.zeros((1, 2))]
    for k in range(1, cells // 2):  # every second node in the inner half
        points.append(2 * k / cells * ellipse[:: 2 if 4 * k < cells else 1])
    points += [(1 - share) * ellipse + share * square for share in _shares(cells)]

    def region_of(centroids: NDArray[np.float64]) -> list[str]:
        across = np.linalg.norm(centroids / SIDE @ turn / axes, axis=1)
        inside = across < np.cos(np.pi / (8 * cells))
        return ["particle" if there else "electrolyte" for there in inside]

    return from_delaunay(SIDE * np.concatenate(points), region_of)


def _shares(cells: int) -> NDArray[np.float64]:
    """Return the places of the rings between particle (0) and side (1), fine at the particle."""
    step, shares = THINNEST / (0.2 * SIDE), [0.0]
    while shares[-1] < 1.0:
        shares.append(shares[-1] + step)
        step = min(1.25 * step, 3.0 / cells)
    return np.array(shares) / shares[-1]


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - SIDE = 400 nm and 50 nm: the same charge on larger and smaller particles.
#   - CHARGES -0.2: when do the sites of the layer run full, and what does "vacancy" mobility do?
#   - pairs of contacts instead of the periodic sides: effective_conductivity(model, [("left",
#     "right"), ("bottom", "top")]) gives the diagonal between walls.
