"""Models of steady transport that have a closed form."""

import numpy as np
from scipy.constants import elementary_charge

from pyscl.analytic import LatticeGasLayer, limiting_current_density
from pyscl.boundaries import Conserved
from pyscl.materials import Boltzmann, Carrier, Material
from pyscl.mesh import graded, strip
from pyscl.model import Model
from pyscl.solution import Solution
from pyscl.verification.meshes import layer_grid, share_side, two_sided
from pyscl.verification.setups import (
    VT,
    WIDTH,
    finest_length,
    lattice_gas,
    reservoir,
    salt,
    salt_length,
)


def driven_layer(
    layer: LatticeGasLayer,
    wall_potential: float,
    mobility: str = "vacancy",
    per_length: float = 20.0,
    lengths: float = 40.0,
) -> Model:
    """Return a layer between two reservoirs, to be driven by a bias on "left".

    Args:
        layer: the analytic layer.
        wall_potential: potential of the left reservoir relative to the neutral right one [V].
        mobility: of the carrier, with diffusivity 1e-12 m2/s.
        per_length: mesh steps per length.
        lengths: thickness in Debye lengths.
    """
    unit = layer.debye_length
    x = layer_grid(lengths * unit, finest_length(layer), per_length, unit)
    return Model(
        strip(x, width=WIDTH),
        {"electrolyte": lattice_gas(layer, mobility=mobility, diffusivity=1e-12)},
        contacts={"left": reservoir(potential=wall_potential), "right": reservoir()},
    )


def layer_flux(solution: Solution, layer: LatticeGasLayer) -> float:
    """Return the flux J lambda/(D n_max) [1] from left to right of a `driven_layer`."""
    current = solution.contact("left").currents["Li"] / (WIDTH * elementary_charge * layer.charge)
    return current * layer.debye_length / (1e-12 * layer.site_density)


def goldman_model(voltage: float, right_to_left: float) -> Model:
    """Return a slab so dilute that its field is constant, (L/lambda)^2 < 1e-12.

    Args:
        voltage: potential of the left end minus that of the right [V].
        right_to_left: density at the right end over that at the left.
    """
    carrier = Carrier(
        name="ion",
        charge=1,
        statistics=Boltzmann(),
        mobility="dilute",
        site_density=1e13,
        site_fraction=1e-3,
        diffusivity=1e-10,
    )
    material = Material(relative_permittivity=10.0, carriers=(carrier,), background_charge=0.0)
    return Model(
        strip(np.linspace(0.0, 1e-8, 5), width=WIDTH),
        {"electrolyte": material},
        contacts={
            "left": reservoir(
                "ion",
                potential=voltage,
                electrochemical_potential=VT * np.log(1e-3) + voltage,
            ),
            "right": reservoir(
                "ion",
                potential=0.0,
                electrochemical_potential=VT * np.log(1e-3 * right_to_left),
            ),
        },
    )


def junction_voltage(
    thickness: float, density_ratio: float, diffusivity_ratio: float, cells: int = 200
) -> float:
    """Return the potential phi_right - phi_left [V] at which a salt junction has no current.

    Args:
        thickness: L in Debye lengths of the left end.
        density_ratio: right over left density.
        diffusivity_ratio: D-/D+.
        cells: number of mesh steps, uniform.
    """
    material = salt(78.5, 6e23, diffusivity_ratio)
    length = thickness * salt_length(78.5, 6e23)
    mesh = strip(np.linspace(0.0, length, cells + 1), width=WIDTH)
    for side in ("left", "right"):
        mesh = share_side(mesh, side, f"{side} anion")
    level = VT * np.log(1e-3 * density_ratio)
    model = Model(
        mesh,
        {"electrolyte": material},
        contacts={
            "left": reservoir("cation", potential=0.0),
            "left anion": reservoir("anion", potential=None),
            "right": reservoir("cation", potential=0.0, electrochemical_potential=level),
            "right anion": reservoir("anion", potential=None, electrochemical_potential=level),
        },
    )

    def current(voltage: float) -> float:
        solution = model.steady({"right": voltage, "right anion": voltage})
        return solution.contact("left").current + solution.contact("left anion").current

    # The secant method; the current is nearly linear in the voltage.
    low, high = 0.0, -0.5 * VT
    at_low, at_high = current(low), current(high)
    for _ in range(12):
        low, high = high, high - at_high * (high - low) / (at_high - at_low)
        if abs(high - low) < 1e-11 * VT:
            break
        at_low, at_high = at_high, current(high)
    return high


def series_model(mobility: str, permittivities: tuple[float, float] = (30.0, 30.0)) -> Model:
    """Return 20 nm of 0.1 S/m (region a) on 5 nm of 0.01 S/m (b), both half filled.

    Ohmic with the constant conductivity, and with every mobility if the permittivities have the
    ratio of the conductivities: then no charge gathers at the interface.
    """
    x = np.concatenate([np.linspace(0.0, 20e-9, 21), np.linspace(20.5e-9, 25e-9, 10)])
    first, second = (
        lattice_gas(LatticeGasLayer(eps, 1e26, 0.5), conductivity=sigma, mobility=mobility)
        for eps, sigma in zip(permittivities, (0.1, 0.01), strict=True)
    )
    return Model(
        strip(x, width=WIDTH, regions=[("a", 20e-9), ("b", 25e-9)]),
        {"a": first, "b": second},
        contacts={"left": reservoir(), "right": reservoir()},
    )


def binary_cell(lengths: float, cells: int = 200) -> Model:
    """Return a 1:1 salt between two electrodes reversible to the cation; the anion is blocked.

    Args:
        lengths: thickness in Debye lengths.
        cells: number of mesh steps.
    """
    density = 6e23
    half = 0.5 * lengths * salt_length(78.5, density)
    part = graded(half, half / cells, 1.05, max_step=4.0 * half / cells)
    return Model(
        strip(two_sided(part[-1] - part[::-1], part[-1] - part[::-1]), width=WIDTH),
        {"electrolyte": salt(78.5, density)},
        contacts={
            "left": reservoir("cation", potential=None),
            "right": reservoir("cation", potential=None),
        },
        conserved=[Conserved(carrier="anion", regions=("electrolyte",))],
    )


def binary_cell_current(solution: Solution) -> float:
    """Return the current of a `binary_cell` over its limiting one."""
    thickness = float(np.ptp(solution.model.mesh.points[:, 0]))
    limit = limiting_current_density(1e-10, 6e23, thickness)
    return solution.contact("left").currents["cation"] / (WIDTH * float(limit))
