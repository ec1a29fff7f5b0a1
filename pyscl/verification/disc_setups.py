"""Models of discs, cylinders, spheres and periodic cells that have a closed form."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import epsilon_0

from pyscl.analytic import CoatedDisc, LatticeGasLayer, disc_polarizability
from pyscl.boundaries import Conserved, Periodic, PotentialContact
from pyscl.materials import Material
from pyscl.mesh import strip
from pyscl.model import Model
from pyscl.solution import Solution
from pyscl.verification.meshes import disc_in_cell, layer_grid, moved, sector
from pyscl.verification.setups import VT, WIDTH, dielectric, lattice_gas, wall_model

FAR_FIELD = 1e7  # of the discs in a uniform field [V/m]


def disc_in_field(
    permittivities: tuple[float, ...],
    radii: tuple[float, ...],
    cells: int,
    axisymmetric: bool = False,
) -> Model:
    """Return a quarter of a disc or sphere, bare or coated, in a uniform field of 10 MV/m.

    The field is made by charges in an outer ring and ends at a grounded circle: the potential is
    `chi(r)` times that of the disc in an infinite matrix, where chi falls smoothly from 1 at twice
    to 0 at four times the outer radius, and the ring holds the charge that this needs.

    The field points along x in planar and along the axis in axisymmetric coordinates.

    Args:
        permittivities: of disc, shell (if any) and matrix.
        radii: of disc and shell [m].
        cells: number of cells around the quarter.
        axisymmetric: a sphere instead of a disc (without shell).
    """
    names = ("disc", "shell", "matrix")[-len(permittivities) :]
    names = ("disc", *names[1:])
    outer = radii[-1]
    ends = (*radii, 4.0 * outer)
    lines, start = [np.zeros(1)], 0.0
    for end in ends:
        steps = max(2, round(cells * (end - start) / outer / (1.0 if end <= outer else 1.5)))
        lines.append(np.linspace(start, end, steps + 1)[1:])
        start = end
    mesh = sector(np.concatenate(lines), np.pi / 2.0, cells, list(zip(names, ends, strict=True)))
    dipole = _dipole(permittivities, radii, axisymmetric)
    absolute = permittivities[-1] * epsilon_0

    def ring_charge(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        r = np.maximum(np.hypot(x, y), outer)
        cosine = (y if axisymmetric else x) / r
        _, slope, curvature = switch(r, outer)
        power = 2 if axisymmetric else 1
        u = r - dipole / r**power
        du = 1.0 + power * dipole / r ** (power + 1)
        return FAR_FIELD * absolute * cosine * (curvature * u + slope * (2.0 * du + power * u / r))

    grounded = "start" if axisymmetric else "end"
    return Model(
        mesh,
        {name: dielectric(eps) for name, eps in zip(names, permittivities, strict=True)},
        contacts={
            grounded: PotentialContact(potential=0.0),
            "outer": PotentialContact(potential=0.0),
        },
        background={"matrix": ring_charge},
        coordinates="axisymmetric" if axisymmetric else "planar",
    )


def switched_off(r: ArrayLike, outer: float) -> NDArray[np.float64]:
    """Return chi [1] of `disc_in_field` at the radii `r`; `outer` is the outer radius."""
    return switch(np.asarray(r, dtype=float), outer)[0]


def curved_wall(
    material: Material,
    length: float,
    radius: float,
    wall_potential: float,
    per_length: float = 20.0,
    shortest: float | None = None,
) -> Model:
    """Return the layer outside a disc: a thin sector of an annulus, with contacts on both arcs.

    Args:
        material: of the annulus.
        length: its Debye length [m].
        radius: of the disc [m].
        wall_potential: of the disc relative to the neutral bulk [V].
        per_length: mesh steps per length; the steps around shrink with it.
        shortest: length to resolve at the disc [m]; default: the smaller of length and radius.
    """
    finest = shortest or min(length, radius)
    radii = radius + layer_grid(22.0 * length, finest, per_length, length)
    return wall_model(
        material, wall_potential, sector(radii, 2.0 / per_length, 2), "inner", "outer"
    )


def cylinder_model(material: Material, radii: ArrayLike, wall_potential: float) -> Model:
    """Return the layer outside a cylinder in axisymmetric coordinates, mesh radii [m]."""
    radii = np.asarray(radii, dtype=float)
    mesh = moved(strip(radii - radii[0], width=WIDTH, layers=2), radii[0])
    return wall_model(material, wall_potential, mesh, coordinates="axisymmetric")


def sphere_model(
    material: Material, radius: float, length: float, wall_potential: float, per_length: float
) -> Model:
    """Return the layer outside a sphere: a quarter of the (r, z) plane, the upper hemisphere.

    Args:
        material: outside.
        radius: of the sphere [m].
        length: Debye length [m].
        wall_potential: [V].
        per_length: mesh steps per length; the steps around are as many as on that length.
    """
    radii = radius + layer_grid(22.0 * length, length, per_length)
    mesh = sector(radii, np.pi / 2.0, round(per_length))
    return wall_model(material, wall_potential, mesh, "inner", "outer", coordinates="axisymmetric")


def curved_wall_charge(solution: Solution, per_length: float, radius: float) -> float:
    """Return the charge of the disc of a `curved_wall` per area [C/m2]."""
    return solution.contact("inner").charge / (2.0 / per_length * radius)


def dielectric_cell(area_fraction: float, contrast: float, cells: int) -> Model:
    """Return a periodic square cell of a disc with eps = 10 contrast in a matrix of eps = 10."""
    return Model(
        disc_in_cell(area_fraction, cells),
        {"disc": dielectric(10.0 * contrast), "matrix": dielectric(10.0)},
        periodic=_cell_sides(0.01),
    )


def cell_permittivity(solution: Solution) -> float:
    """Return the effective over the matrix permittivity of a `dielectric_cell`."""
    model = solution.model
    mesh = model.mesh
    eps = np.array([model.materials[r].relative_permittivity for r in mesh.region_names])
    density = eps[mesh.region] * solution["electric_field"].values[:, 0]
    return _per_cell(model, density) / model.materials["matrix"].relative_permittivity


def conducting_cell(
    area_fraction: float, contrast: float, cells: int, mobility: str = "constant-conductivity"
) -> Model:
    """Return a periodic square cell of an ion conductor around a disc that conducts `contrast`.

    A contrast of 0 is a blocking disc (a dielectric).
    """
    matrix = LatticeGasLayer(10.0, 1e27, 0.5)
    disc = (
        lattice_gas(matrix, conductivity=0.1 * contrast, mobility=mobility)
        if contrast > 0.0
        else dielectric(10.0)
    )
    return Model(
        disc_in_cell(area_fraction, cells),
        {"disc": disc, "matrix": lattice_gas(matrix, mobility=mobility)},
        periodic=_cell_sides(1e-3 * VT),
        conserved=[
            Conserved(carrier="Li", regions=("matrix", "disc") if contrast > 0.0 else ("matrix",))
        ],
    )


def cell_conductivity(solution: Solution) -> float:
    """Return the effective over the matrix conductivity of a `conducting_cell`."""
    density = np.nan_to_num(solution["current_density_Li"].values[:, 0])
    return _per_cell(solution.model, density) / 0.1


def _per_cell(model: Model, density: NDArray[np.float64]) -> float:
    """Mean of a density over a periodic cell divided by the mean field."""
    mesh = model.mesh
    size = float(np.ptp(mesh.points[:, 0]))
    return float((mesh.areas * density).sum() / (-model.periodic[0].potential_jump * size))


def _cell_sides(jump: float) -> list[Periodic]:
    return [
        Periodic(sides=("left", "right"), potential_jump=jump),
        Periodic(sides=("bottom", "top")),
    ]


def _dipole(
    permittivities: tuple[float, ...], radii: tuple[float, ...], axisymmetric: bool
) -> float:
    """Strength of the outer dipole: beta b^2 in the plane, beta a^3 for the sphere."""
    if axisymmetric:
        contrast = permittivities[0] / permittivities[1]
        return (contrast - 1.0) / (contrast + 2.0) * radii[0] ** 3
    if len(permittivities) == 2:
        return float(disc_polarizability(permittivities[0] / permittivities[1])) * radii[0] ** 2
    core, shell, matrix = permittivities
    coated = CoatedDisc(core, shell, matrix, (radii[0] / radii[1]) ** 2)
    return coated.polarizability * radii[1] ** 2


def switch(
    r: NDArray[np.float64], outer: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return chi(r) [1] and its first two derivatives: a quintic step, twice differentiable."""
    width = 2.0 * outer
    s = np.clip((r - 2.0 * outer) / width, 0.0, 1.0)
    return (
        1.0 - s**3 * (10.0 - 15.0 * s + 6.0 * s**2),
        -30.0 * s**2 * (1.0 - s) ** 2 / width,
        -60.0 * s * (1.0 - s) * (1.0 - 2.0 * s) / width**2,
    )
