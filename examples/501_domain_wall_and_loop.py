r"""A short-circuited film of BaTiO3: its loop, and how its polarization ends in a domain wall.

Equations: D = eps0 eps_b E + P, div D = 0, and P where the energy

    F = int f(P) + G44/2 (dP/dx)^2 + eps0 eps_b/2 E^2   (f: Landau polynomial of Bell and Cross)

is least. f'(P) = E is the loop of a film in one domain: it ends where f'' = 0, at the coercive
field of a perfect crystal. Towards a wall between +P_s and -P_s, where P is 0, G44 P'' = f'(P).

Geometry: a film 5 nm thick between two electrodes, P across it; they screen it completely, so that
nothing depolarises it. The wall is looked at in the middle of a thick film, where P along y does
not depend on y (bottom and top of the mesh are joined): P is held at 0 on both ends of a piece of
6 nm, as it is in the middle of a wall. Such ends hold a wall in place; a free one in a perfect
crystal has none, and slides.

What to see: P_s = 0.2652 C/m2, a coercive field of 16.5 MV/m and a wall 1.1 nm wide. The numbers of
the calculation are those of the polynomial to rounding, where the loop jumps to the voltage steps,
those of the wall to the mesh. Both say what the model is: measured coercive fields are one or two
orders lower because domains nucleate at defects, and a wall as thin as three unit cells is at the
end of a continuum.

Reference: `LandauPolynomial`; `pyscl.analytic.IsingWall` (closed form for the sixth order).
"""

import sys

import numpy as np

from pyscl import Material, Model, Periodic, PotentialContact
from pyscl.analytic import IsingWall
from pyscl.loops import PolarizationLoop
from pyscl.materials.polarization import Landau, LandauPolynomial
from pyscl.mesh import strip
from pyscl.polar_states import UniformPolarization

TEMPERATURE = 298.0  # [K]
THICKNESS, LENGTH = 5e-9, 6e-9  # of the film, and of the piece with half a wall at each end [m]


def main(step: float = 0.05e-9, points: int = 24, plot: bool = False) -> float:
    """Print computed, exact and error; return the width of the wall over the exact one.

    Args:
        step: of the mesh in the wall [m].
        points: voltages of the loop from one end to the other.
        plot: draw the loop and the wall.
    """
    law = Landau(coefficients="BaTiO3-Bell-Cross", axes="90 deg")  # crystal axis 1 along y
    polynomial = law.polynomial(TEMPERATURE)

    # 1. One domain between electrodes, and its loop.
    film = crystal(np.linspace(0.0, 3e-9, 4), THICKNESS, 3, law, ("bottom", "top"))
    state = film.equilibrium(polarization=UniformPolarization(0.5))
    spontaneous = state.polarization_of("film").magnitude
    loop = film.polarization_loop(
        "bottom",
        1.5 * polynomial.coercive_field() * THICKNESS,
        points=points,
        resolution=1e-4,
        polarization=UniformPolarization(),
    )

    # 2. Two halves of a wall, at x = 0 and at the other end.
    ends = Landau(coefficients="BaTiO3-Bell-Cross", axes="90 deg", boundary="zero")
    x = np.linspace(0.0, LENGTH, round(LENGTH / step) + 1)
    walled = crystal(x, step, 1, ends, ("left", "right")).equilibrium(
        polarization=UniformPolarization()
    )
    mesh = walled.model.mesh
    place = mesh.points[mesh.triangles].mean(axis=1)[:, 0]
    p = walled["polarization"].values[:, 1]
    wall = IsingWall(tuple(polynomial.table[1:, 0]), law.gradient[2] + law.gradient[3])
    half = np.argsort(place)[: len(place) // 2]
    place, p = place[half], p[half]
    near = p < 0.2 * spontaneous
    slope = np.linalg.lstsq(place[near, None] ** [1, 3], p[near], rcond=None)[0][0]  # P is odd
    width = 2.0 * spontaneous / slope

    print(f"{'':32} {'computed':>9} {'exact':>9} {'error':>8}")
    for name, value, exact, unit in (
        ("spontaneous polarization", spontaneous, polynomial.spontaneous_polarization(), "C/m2"),
        ("coercive field", loop.coercive_field / 1e6, polynomial.coercive_field() / 1e6, "MV/m"),
        ("P at zero field", loop.remanent_polarization, wall.spontaneous_polarization, "C/m2"),
        ("energy of the loop", loop.energy / 1e6, polynomial.loop_area() / 1e6, "MJ/m3"),
        ("width of the wall", width * 1e9, wall.width * 1e9, "nm"),
    ):
        print(f"{name + ' [' + unit + ']':32} {value:9.5f} {exact:9.5f} {value / exact - 1:+8.1e}")
    deviation = np.abs(p - wall.polarization(place)).max()
    print(f"largest deviation of the wall from its closed form: {deviation / spontaneous:.1e} P_s")
    slowest = [s.history.relaxation_rate for s in (state, walled)]
    print(f"both states are stable: disturbances decay with {slowest[0]:.1e}, {slowest[1]:.1e} 1/s")

    if plot:
        _draw(loop, polynomial, place, p, wall)
    return width / wall.width


def crystal(
    x: np.ndarray, width: float, layers: int, law: Landau, electrodes: tuple[str, str]
) -> Model:
    """Return a crystal between short-circuited electrodes; without those above, it is endless."""
    return Model(
        strip(x, width=width, layers=layers, regions=[("film", float(x[-1]))]),
        {"film": Material(polarization=law)},
        contacts={side: PotentialContact(potential=0.0) for side in electrodes},
        periodic=[] if "top" in electrodes else [Periodic(sides=("bottom", "top"))],
        temperature=TEMPERATURE,
    )


def _draw(
    loop: PolarizationLoop,
    polynomial: LandauPolynomial,
    x: np.ndarray,
    p: np.ndarray,
    wall: IsingWall,
) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, save

    with rc_context(STYLE):
        figure = Figure((7.2, 2.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        values = np.linspace(-0.32, 0.32, 400)
        field = polynomial.field(values)[..., 0] / 1e6
        left.plot(field, values, color="0.6", label="f'(P) = E")
        left.plot(loop.field / 1e6, loop.polarization, ".-", markersize=4, label="computed")
        left.set(xlabel="Field (MV/m)", ylabel="P (C/m²)", ylim=(-0.35, 0.5))
        left.set_title("(a) film in one domain", loc="left")
        left.set_xlim(1.05e-6 * loop.field.min(), 1.05e-6 * loop.field.max())
        left.legend(loc="upper left")
        fine = np.linspace(0.0, 2e-9, 400)
        right.plot(fine * 1e9, wall.polarization(fine), color="0.6", label="closed form")
        right.plot(x * 1e9, p, ".", markersize=3, label="computed")
        right.set(
            xlabel="Distance from the middle of the wall (nm)", ylabel="P (C/m²)", xlim=(0, 2)
        )
        right.set_title("(b) half a wall", loc="left")
        right.legend(loc="lower right")
        save(figure, "501_domain_wall_and_loop.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - coefficients "BaTiO3-Wang" or "PbTiO3": another P_s, coercive field, width.
#   - TEMPERATURE = 390.0: between the transition and the limit of the tetragonal phase. Which loop?
#   - `Landau(misfit_strain=-0.01, ...)`: the film on a substrate (axis 2 is then its normal).
