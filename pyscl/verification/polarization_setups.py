"""Models of polarized films, discs and domain walls that have a closed form."""

import numpy as np
from numpy.typing import NDArray
from scipy.constants import epsilon_0

from pyscl import _core
from pyscl.analytic import IsingWall, LatticeGasLayer
from pyscl.boundaries import Periodic, PotentialContact
from pyscl.errors import ConvergenceError
from pyscl.materials import AlignedAxes, GradientEnergy, Landau, Material, load_landau
from pyscl.mesh import strip
from pyscl.model import Model
from pyscl.polar_states import start_polarization
from pyscl.solution import Solution
from pyscl.study.newton import NewtonHistory, SolverOptions
from pyscl.verification.disc_setups import switch
from pyscl.verification.meshes import sector
from pyscl.verification.setups import WIDTH, dielectric, lattice_gas, reservoir

TEMPERATURE = 298.0  # of the tabulated coefficients [K]
BELL = "BaTiO3-Bell-Cross"
RADIUS = 5e-9  # of the discs [m]
UNIFORM = 1e-7  # G with which the P of a crystal stays uniform [J m3/C2]
WALL_LENGTH = 16e-9  # of the crystals with a domain wall [m]


def crystal(card: str, gradient: float, angle: float = 0.0) -> Landau:
    """Return a ferroelectric with the gradient energy G/2 |grad P|^2.

    Args:
        card: Landau coefficients.
        gradient: G [J m3/C2].
        angle: of crystal axis 1 [deg].
    """
    half = 0.5 * gradient
    return Landau(
        coefficients=load_landau(card),
        gradient_energy=GradientEnergy(G11=gradient, G44=half, G44_prime=half),
        axes=AlignedAxes(angle=angle),
    )


def stack(
    layers: list[tuple[str, Material, float]],
    voltage: float,
    cells: int = 4,
    temperature: float = TEMPERATURE,
) -> Model:
    """Return plane layers between electrodes, the left one at a voltage.

    Args:
        layers: (region, material, thickness [m]) from left to right.
        voltage: of the left electrode against the right one [V].
        cells: mesh cells per layer.
        temperature: [K].
    """
    x, regions = [0.0], []
    for region, _, thickness in layers:
        start = x[-1]
        x += [start + thickness * k / cells for k in range(1, cells + 1)]
        regions.append((region, x[-1]))
    return Model(
        strip(x, WIDTH, regions=regions),
        {region: material for region, material, _ in layers},
        contacts={
            "left": PotentialContact(potential=voltage),
            "right": PotentialContact(potential=0.0),
        },
        temperature=temperature,
    )


def disc_of_uniform_field(
    material: Material,
    inner_field: float,
    far_field: float,
    matrix: float,
    cells: int,
) -> Model:
    """Return a quarter of a disc whose field is uniform, in a matrix, with exact outer data.

    Whatever the law of the disc, its field along x is uniform and the potential outside is
    -(E0 r - A/r) cos(t), A = (E0 - E_in) a^2. As in `disc_in_field` a charged ring in the matrix
    ends it at a grounded circle. E_in enters this charge alone: where it is not the field of the
    disc, the disc does not have it.

    Args:
        material: of the disc.
        inner_field: E_in along x that is expected [V/m].
        far_field: E0 along x [V/m].
        matrix: relative permittivity of the matrix.
        cells: number of cells around the quarter.
    """
    inner = np.linspace(0.0, RADIUS, cells + 1)
    outer = np.linspace(RADIUS, 4.0 * RADIUS, 2 * cells + 1)
    mesh = sector(
        np.concatenate([inner, outer[1:]]),
        np.pi / 2.0,
        cells,
        [("disc", RADIUS), ("matrix", 4.0 * RADIUS)],
    )
    dipole = (far_field - inner_field) * RADIUS**2

    def ring_charge(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        r = np.maximum(np.hypot(x, y), RADIUS)
        _, slope, curvature = switch(r, RADIUS)
        u, du = far_field * r - dipole / r, far_field + dipole / r**2
        factor = curvature * u + slope * (2.0 * du + u / r)
        return matrix * epsilon_0 * x / r * factor

    return Model(
        mesh,
        {"disc": material, "matrix": dielectric(matrix)},
        contacts={
            "end": PotentialContact(potential=0.0),
            "outer": PotentialContact(potential=0.0),
        },
        background={"matrix": ring_charge},
        temperature=TEMPERATURE,
    )


def disc_in_conductor(material: Material, layer: LatticeGasLayer, cells: int) -> Model:
    """Return a quarter of a disc in a lattice gas that screens it; its P is along x.

    Args:
        material: of the disc.
        layer: the lattice gas, at a neutral reservoir 14 Debye lengths away.
        cells: number of cells around the quarter.
    """
    length = layer.debye_length
    steps = np.linspace(0.0, 1.0, 2 * cells + 1)[1:]
    # finest at the disc, where the potential decays over a Debye length
    outer = RADIUS + 14.0 * length * np.expm1(2.5 * steps) / np.expm1(2.5)
    mesh = sector(
        np.concatenate([np.linspace(0.0, RADIUS, cells + 1), outer]),
        np.pi / 2.0,
        cells,
        [("disc", RADIUS), ("conductor", float(outer[-1]))],
    )
    return Model(
        mesh,
        {"disc": material, "conductor": lattice_gas(layer)},
        contacts={"end": PotentialContact(potential=0.0), "outer": reservoir(potential=0.0)},
        temperature=layer.temperature,
    )


def domain_wall(
    card: str, cells: int, gradient: float = 3e-10, length: float = WALL_LENGTH
) -> tuple[Solution, IsingWall]:
    """Return a balance with a neutral wall in the middle of a crystal, and its closed form.

    P is along y and depends on x, electrodes are on both ends. The attraction of the wall by the
    ends is lost in rounding, but would count as an instability of a state of rest: the balance is
    therefore solved at once, from a start beside it.

    Args:
        card: Landau coefficients.
        cells: along x.
        gradient: G of G/2 |grad P|^2 [J m3/C2].
        length: of the crystal along x [m].
    """
    law = crystal(card, gradient, 90.0)
    model = Model(
        strip(np.linspace(0.0, length, cells + 1), WIDTH),
        {"electrolyte": Material(polarization=law)},
        contacts={side: PotentialContact(potential=0.0) for side in ("left", "right")},
        periodic=[Periodic(sides=("bottom", "top"))],
        temperature=TEMPERATURE,
    )
    table = law.polynomial(TEMPERATURE).table
    exact = IsingWall(tuple(float(a) for a in table[1:, 0]), gradient)

    def beside(x: NDArray[np.float64], y: NDArray[np.float64]) -> object:
        return 0.0 * x, 1.02 * exact.polarization(x - 0.5 * length)

    assembly = model.conditions.equilibrium()
    u = start_polarization(model, model.conditions.start_state(), beside)
    assembly.start_from(u)
    newton = _core.NewtonIteration(model.discretized.node_rank)
    result = newton.solve(assembly, u, SolverOptions().control())
    history = NewtonHistory("equilibrium", (), converged=result.converged)
    if not result.converged:
        raise ConvergenceError(f"a domain wall did not converge: {result.reason}", history=history)
    return Solution(model, result.u, kind="equilibrium", bias={}, history=history), exact


def polarization_on_sites(solution: Solution) -> NDArray[np.float64]:
    """Return P of ferroelectric sites [C/m2], NaN elsewhere, (n_sites, 2)."""
    d = solution.model.discretized
    values = np.full((len(d.site_polar), 2), np.nan)
    polar = d.site_polar >= 0
    for component in range(2):
        values[polar, component] = solution.unknowns[d.site_polar[polar] + component]
    return values * d.scaling.surface_charge


def ferroelectric_energy(solution: Solution) -> float:
    """Return Landau and gradient energy of P [J/m] (planar)."""
    d = solution.model.discretized
    bulk, gradient, surface = _core.landau_energy(d.core, solution.unknowns)
    unit = d.scaling.field * d.scaling.surface_charge * d.scaling.volume
    return float((bulk.sum() + gradient.sum() + surface.sum()) * unit)
