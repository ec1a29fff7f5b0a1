r"""A charged sphere in an electrolyte, in axisymmetric coordinates.

Equation: Poisson's with mobile lithium ions around a dielectric sphere with a surface charge
sigma. A weak layer is Debye and Hueckel's,

    phi(r) = phi_a (a/r) exp(-(r-a)/lambda),   phi_a = sigma a / (eps (1 + a/lambda)),

phi potential [V], r distance from the centre, a radius, lambda Debye length, eps permittivity.

Geometry: the (r, z) half plane of a body of revolution, here the quarter r >= 0, z >= 0 up to
a + 10 lambda; x of the mesh is the radius. The sphere has no carriers. Its equator (bottom) is a
mirror, the far sides (right, top) are lithium reservoirs in the neutral bulk.

What to see: the layer on a sphere decays faster than on a plane, exp(-d/lambda) a/r, and takes more
charge for its potential: the factor 1 + lambda/a. Results of an axisymmetric model are those of
the body: C and A instead of C/m and A/m.

Assumptions: every number; the charge is so small (phi_a below 1 mV) that the linear law is exact
to some 1e-4.

Reference: Debye, Hueckel, Phys. Z. 24 (1923) 185; any textbook of colloid science.
"""

import sys

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import epsilon_0

from pyscl import Carrier, Interface, Material, Mesh, Model, ReservoirContact
from pyscl.analytic import debye_length
from pyscl.mesh import from_delaunay, graded

RADIUS, CHARGE = 10e-9, 1e-4  # of the sphere [m], [C/m2]
PERMITTIVITY, SITE_DENSITY, SITE_FRACTION = 30.0, 1e25, 0.5


def main(steps: int = 20, plot: bool = False) -> float:
    """Print the profile; return the mean potential of the sphere's surface [V].

    Args:
        steps: mesh steps per Debye length at the sphere.
        plot: draw the potential.
    """
    length = float(debye_length(PERMITTIVITY, SITE_DENSITY, SITE_FRACTION))
    lithium = Carrier(name="Li", charge=1, site_density=SITE_DENSITY, site_fraction=SITE_FRACTION)
    bulk = ReservoirContact(carrier="Li", potential="neutral")
    model = Model(
        quarter_sphere(length, steps),
        {
            "particle": Material(relative_permittivity=PERMITTIVITY),
            "electrolyte": Material(relative_permittivity=PERMITTIVITY, carriers=(lithium,)),
        },
        interfaces={"electrolyte|particle": Interface(surface_charge=CHARGE)},
        contacts={"right": bulk, "top": bulk},
        coordinates="axisymmetric",
    )
    solution = model.equilibrium()

    # The profile, and the largest error of all nodes outside the sphere.
    surface = CHARGE * RADIUS / (epsilon_0 * PERMITTIVITY * (1 + RADIUS / length))

    def exact(r: ArrayLike) -> NDArray[np.float64]:
        r = np.asarray(r)
        return surface * RADIUS / r * np.exp(-(r - RADIUS) / length)

    diagonal = np.array([0.0, 1.0, 3.0]) * length + RADIUS
    start, end = diagonal[0] / np.sqrt(2), diagonal[-1] / np.sqrt(2)
    cut = solution.cut((start, start), (end, end), points=301)
    print(f"radius {RADIUS * 1e9:g} nm, Debye length {length * 1e9:.4f} nm")
    print(f"{'r - a [nm]':>10} {'phi [mV]':>9} {'exact':>9} {'error':>9}   (at 45 degrees)")
    for k in (0, 100, 200, 300):
        phi = cut.fields["potential"][k]
        there = float(exact(RADIUS + cut.distance[k]))
        print(
            f"{cut.distance[k] * 1e9:10.3f} {phi * 1e3:9.5f} {there * 1e3:9.5f} "
            f"{phi / there - 1:+9.1e}"
        )
    r = np.hypot(*model.mesh.points.T)
    outside = r > RADIUS * (1 - 1e-9)
    missed = np.abs(solution.potential[outside] - exact(r[outside])).max()
    print(f"largest error of all nodes: {missed / surface:.1e} of the surface potential")

    # What the layer holds: half of the sphere's charge, with the opposite sign.
    layer, half = solution.charge("electrolyte"), 2 * np.pi * RADIUS**2 * CHARGE
    print(
        f"charge of the layer: {layer:.5e} C, exact {-half:.5e} C, error {-layer / half - 1:+.1e}"
    )

    if plot:
        from pyscl.plot import field_map, save

        save(field_map(solution, "potential"), "203_axisymmetric_particle.png")

    found = solution.interface("electrolyte|particle").potential
    print(
        f"surface potential: {found * 1e3:.5f} mV, exact {surface * 1e3:.5f} mV, "
        f"error {found / surface - 1:+.1e}"
    )
    return found


def quarter_sphere(length: float, steps: int) -> Mesh:
    """Return the (r, z) quarter plane around a sphere: rings, blended into a square outside.

    Args:
        length: Debye length outside [m].
        steps: mesh steps per Debye length at the sphere.
    """
    cells = max(16, round(steps * RADIUS / length))  # around the quarter, at the sphere
    points = [np.zeros((1, 2))]
    for k in range(1, cells // 2 + 1):  # rings in the sphere, with fewer nodes inwards
        points.append(2 * k / cells * RADIUS * _quarter(2 * k))
    rays = _quarter(cells)
    box = RADIUS + 10 * length
    square = box * rays / rays.max(axis=1)[:, None]
    for d in graded(10 * length, length / steps, growth=1.03, max_step=length / 4)[1:]:
        share = d / (10 * length)
        circle = (RADIUS + d) * rays
        points.append((1 - share**3) * circle + share**3 * square)

    def region_of(centroids: NDArray[np.float64]) -> list[str]:
        within = np.hypot(*centroids.T) < RADIUS
        return ["particle" if there else "electrolyte" for there in within]

    return from_delaunay(np.concatenate(points), region_of)


def _quarter(cells: int) -> NDArray[np.float64]:
    """Return the unit vectors of the quarter circle, exact on both axes, (cells + 1, 2)."""
    angle = np.linspace(0, np.pi / 2, cells + 1)
    vectors = np.column_stack([np.cos(angle), np.sin(angle)])
    vectors[0], vectors[-1] = (1.0, 0.0), (0.0, 1.0)
    return vectors


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - CHARGE = 5e-3: far from linear. Compare the layer's charge, still exact, with its width.
#   - RADIUS = 1e-9 and 100e-9: from an ion's atmosphere to the plane layer, 1 + lambda/a.
#   - `dataclasses.replace(mesh, points=mesh.points * (1, 2))`: a spheroid, stretched along z.
