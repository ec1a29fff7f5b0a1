"""Cases in two dimensions and in axisymmetric coordinates: discs, spheres, periodic cells."""

import numpy as np
from scipy.constants import epsilon_0

from pyscl import analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.verification.disc_setups import (
    FAR_FIELD,
    cell_conductivity,
    cell_permittivity,
    conducting_cell,
    curved_wall,
    curved_wall_charge,
    cylinder_model,
    dielectric_cell,
    disc_in_field,
    sphere_model,
)
from pyscl.verification.meshes import layer_grid
from pyscl.verification.norms import region_mean_field
from pyscl.verification.registry import case
from pyscl.verification.setups import VT, WIDTH, lattice_gas

_HALF = LatticeGasLayer(30.0, 1e26, 0.5)


@case(tolerance=2e-3, unit="V/m")
def disc_inner_field() -> tuple[float, float]:
    """Field inside a disc of 100 times the permittivity of the matrix, far field 10 MV/m."""
    solution = disc_in_field((1000.0, 10.0), (5e-9,), cells=32).equilibrium()
    exact = FAR_FIELD * float(analytic.disc_inner_field(100.0))
    return region_mean_field(solution, "disc")[0], exact


@case(tolerance=2e-3, unit="V/m")
def coated_disc_field() -> tuple[float, float]:
    """Field in the core of a coated disc (30 in a shell of 1000 in 30), far field 10 MV/m."""
    solution = disc_in_field((30.0, 1000.0, 30.0), (4e-9, 5e-9), cells=32).equilibrium()
    exact = FAR_FIELD * analytic.CoatedDisc(30.0, 1000.0, 30.0, 0.64).core_field
    return region_mean_field(solution, "disc")[0], exact


@case(tolerance=2e-3, unit="V/m")
def sphere_inner_field() -> tuple[float, float]:
    """Field inside a sphere of 10 times the permittivity of the matrix: 3/(k+2)."""
    solution = disc_in_field((100.0, 10.0), (5e-9,), cells=32, axisymmetric=True).equilibrium()
    return region_mean_field(solution, "disc")[1], FAR_FIELD * 3.0 / 12.0


@case(tolerance=2e-3, unit="C/m^2")
def screened_disc() -> tuple[float, float]:
    """Charge of a disc of one Debye length at 1 mV: K1/K0."""
    length = _HALF.debye_length
    model = curved_wall(lattice_gas(_HALF), length, length, 1e-3, per_length=40.0)
    computed = curved_wall_charge(model.equilibrium(), 40.0, length)
    unit = 30.0 * epsilon_0 * 1e-3 / length
    return computed, unit * float(analytic.debye_hueckel_disc_field(1.0))


@case(tolerance=2e-3, unit="C/m^2")
def disc_layer_charge() -> tuple[float, float]:
    """Charge of a disc of five Debye lengths that depletes a lattice gas by 20 kT/e."""
    length = _HALF.debye_length
    model = curved_wall(lattice_gas(_HALF), length, 5.0 * length, 20.0 * VT, per_length=20.0)
    computed = curved_wall_charge(model.equilibrium(), 20.0, 5.0 * length)
    unit = 30.0 * epsilon_0 * VT / length
    return computed, unit * analytic.lattice_gas_disc(20.0, 5.0, 0.5).field


@case(tolerance=2e-3, unit="C")
def screened_cylinder() -> tuple[float, float]:
    """The screened disc as a cylinder in axisymmetric coordinates."""
    length = _HALF.debye_length
    x = length + layer_grid(22.0 * length, length, 40.0)
    computed = cylinder_model(lattice_gas(_HALF), x, 1e-3).equilibrium().contact("left").charge
    unit = 30.0 * epsilon_0 * 1e-3 / length * 2.0 * np.pi * length * WIDTH
    return computed, unit * float(analytic.debye_hueckel_disc_field(1.0))


@case(tolerance=3e-3, unit="C")
def screened_sphere() -> tuple[float, float]:
    """Charge of a hemisphere of two Debye lengths at 1 mV: eps phi (1/a + 1/lambda)."""
    length = _HALF.debye_length
    radius = 2.0 * length
    model = sphere_model(lattice_gas(_HALF), radius, length, 1e-3, per_length=20.0)
    computed = model.equilibrium().contact("inner").charge
    field = 1e-3 * (1.0 / radius + 1.0 / length)
    return computed, 2.0 * np.pi * radius**2 * 30.0 * epsilon_0 * field


@case(tolerance=2e-3)
def square_array_permittivity() -> tuple[float, float]:
    """Effective permittivity of a square array of discs, half of the area, contrast 10."""
    model = dielectric_cell(0.5, 10.0, cells=32)
    exact = analytic.square_array_permittivity(0.5, 10.0)
    return cell_permittivity(model.equilibrium()), exact


@case(tolerance=5e-3)
def square_array_conductivity() -> tuple[float, float]:
    """Effective conductivity of an ion conductor with a square array of blocking discs."""
    solution = conducting_cell(0.5, 0.0, cells=32).steady()
    return cell_conductivity(solution), analytic.square_array_permittivity(0.5, 0.0)
