r"""Field around a disc of high permittivity: why a dielectric inclusion bends the field.

Equation: Laplace's, div(eps grad phi) = 0, phi potential [V], eps permittivity. A free disc with k
times the permittivity around it has in a far field E0

    E = 2/(1+k) E0 inside (uniform),   E_r = (1 + beta a^2/r^2) cos(t) E0 outside,

beta = (k-1)/(k+1), a radius, (r, t) polar coordinates from the centre, t = 0 along the field.

Geometry: meshes/disc_in_box.msh, a disc of 10 nm radius in a box of 60 x 60 nm, voltage between
left and right. The sides act as mirrors, so the box is one cell of a square array of discs, an
area fraction f = 0.087 of them. Its field inside is known exactly from the effective permittivity
K of the array (over that of the matrix): <E_disc> = (K-1) / (f (k-1)) <E>, with <E> over the cell.

What to see: the disc excludes the field, and what it excludes gathers at its poles: nearly twice
the far field for any large k. From k = 30 on a higher permittivity changes next to nothing.

The mesh of the file (0.3 nm across and 1 nm along the surface) is good for 0.3 %.

Assumptions: no mobile charges (they would screen the field within a Debye length), linear
permittivities. 1000 : 30 stands for BaTiO3 in a sulfide.

Reference: `pyscl.analytic.disc_field`; Rayleigh's array, `square_array_permittivity`, after
Perrins, McKenzie, McPhedran, Proc. R. Soc. Lond. A 369 (1979) 207.
"""

import sys
from pathlib import Path

import numpy as np

from pyscl import Material, Mesh, Model, PotentialContact
from pyscl.analytic import disc_field, disc_inner_field, square_array_permittivity

MESH = Path(__file__).parent.parent / "meshes" / "disc_in_box.msh"
RADIUS, SIDE, MATRIX = 10e-9, 60e-9, 30.0  # [m], [m], permittivity
CONTRASTS = (1000.0 / 30.0, 3.0, 10.0, 1e3)
FIELD = 1e7  # mean field [V/m]


def main(contrasts: tuple[float, ...] = CONTRASTS, plot: bool = False) -> float:
    """Print the fields; return field in the disc over mean field of the first contrast.

    Args:
        contrasts: permittivities of the disc over that of the matrix.
        plot: draw the field of the first contrast.
    """
    mesh = Mesh.read(MESH, unit="nm")
    inside = mesh.regions_of("inclusion")
    centre = mesh.points[mesh.triangles].mean(axis=1)  # of the triangles, (m, 2)
    r = np.hypot(*centre.T)
    ring = ~inside & (r < 1.2 * RADIUS)
    # the triangle of that ring closest to the pole, and how far it is
    pole = np.flatnonzero(ring)[np.argmin(np.hypot(*(centre[ring] - (RADIUS, 0.0)).T))]
    fraction = np.pi * RADIUS**2 / SIDE**2

    print("        | in the disc / mean field         | beside the pole / far field")
    print("      k |  computed     exact     error    |  computed     exact error")
    values = []
    for k in contrasts:
        model = Model(
            mesh,
            {
                "electrolyte": Material(relative_permittivity=MATRIX),
                "inclusion": Material(relative_permittivity=k * MATRIX),
            },
            contacts={
                "left": PotentialContact(potential=FIELD * SIDE),
                "right": PotentialContact(potential=0.0),
            },
        )
        solution = model.equilibrium()
        field = solution["electric_field"].values
        mean = np.average(field[inside, 0], weights=mesh.areas[inside])
        exact = (square_array_permittivity(fraction, k) - 1) / (fraction * (k - 1))
        values.append(mean / FIELD)

        # The far field of this disc: the one that makes the same field inside a free disc.
        far = mean / float(disc_inner_field(k))
        at_pole, exact_at_pole = field[pole, 0] / far, disc_field(*centre[pole], RADIUS, k)[0]
        print(
            f"{k:7.2f} | {mean / FIELD:9.6f} {exact:9.6f} {mean / FIELD / exact - 1:+9.1e}    | "
            f"{at_pole:9.5f} {exact_at_pole:9.5f} {at_pole / exact_at_pole - 1:+.1e}"
        )
        if plot and k == contrasts[0]:
            from pyscl.plot import field_map, save

            picture = field_map(solution, "electric_field", streamlines=True)
            save(picture, "202_dielectric_disc.png")

    k = contrasts[0]
    exact = (square_array_permittivity(fraction, k) - 1) / (fraction * (k - 1))
    print(
        f"field in the disc, k = {k:.4g}: {values[0]:.6f} of the mean field, exact {exact:.6f}, "
        f"error {values[0] / exact - 1:+.1e}"
    )
    return float(values[0])


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - an electrolyte with carriers (card Li6PS5Cl) instead of MATRIX: what is left of the field?
#   - the field at the equator, (0, RADIUS): 1 - beta, nearly nothing.
#   - meshes/disc_in_box.py with a larger box: the field inside tends to 2/(1+k).
