"""Floating conductors: their charge is given, their potential follows (T17)."""

import numpy as np
import pytest
from approx import relative
from scipy.constants import epsilon_0

from pyscl import Model, PotentialContact, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import FloatingConductor
from pyscl.verification.meshes import disc_in_cell, layer_grid, sector
from pyscl.verification.setups import VT, dielectric, lattice_gas, reservoir

SIZE = 1e-8  # m


def charge_on(solution, region):
    """Return the charge of a region from the displacement that leaves it, C/m."""
    d = solution.model.discretized
    inside = d.site_region == solution.model.mesh.region_names.index(region)
    border = np.isin(d.site_node, d.site_node[inside]) & ~inside
    return float(solution.gauss_rows[border].sum())


def potential_of(solution, region):
    """Return the potential [V] of a region, which has to be one value to rounding."""
    d = solution.model.discretized
    inside = d.site_region == solution.model.mesh.region_names.index(region)
    phi = solution.potential[d.site_node[inside]]
    assert np.ptp(phi) <= 1e-15 * max(1.0, np.abs(phi).max())
    return float(phi[0])


def disc_between_plates(disc, charge=None):
    """A disc in a square of SIZE between plates at 0 and 1 V; `charge` None: it does not float."""
    floating = [] if charge is None else [FloatingConductor(region="disc", charge=charge)]
    return Model(
        disc_in_cell(0.2, 24, SIZE),
        {"disc": dielectric(disc), "matrix": dielectric(10.0)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=1.0),
        },
        floating=floating,
    ).equilibrium()


def ring(matrix, charge, level, radius, thickness, length, outer):
    """A quarter of a conducting cylinder in a matrix that ends at a concentric contact."""
    radii = radius + layer_grid(thickness, length, level)
    mesh = sector(
        np.concatenate([[0.0, 0.5 * radius], radii]),
        np.pi / 2.0,
        2 * level,
        [("disc", radius), ("matrix", radii[-1])],
    )
    return Model(
        mesh,
        {"disc": dielectric(1.0), "matrix": matrix},
        contacts={"outer": outer},
        floating=[FloatingConductor(region="disc", charge=0.25 * charge)],
    )


def test_uncharged_disc_takes_the_mean_of_the_field():
    """T17: without charge the disc shall be at the potential of the field there, to rounding.

    The cell is symmetric about the disc, so the mean of the undisturbed field is 0.5 V exactly.
    """
    solution = disc_between_plates(1.0, charge=0.0)
    assert potential_of(solution, "disc") == relative(0.5, 1e-12)
    plate = solution.contact("right").charge
    assert abs(charge_on(solution, "disc")) < 1e-12 * plate
    assert solution.contact("left").charge == relative(-plate, 1e-12)


def test_permittivity_of_a_conductor_does_not_matter():
    """The region's permittivity shall not enter, and an infinite one shall be the same body."""
    exact = disc_between_plates(1.0, charge=0.0).contact("right").charge
    assert disc_between_plates(500.0, charge=0.0).contact("right").charge == relative(exact, 1e-12)
    # a dielectric disc differs by some eps_matrix/eps_disc
    assert disc_between_plates(1e9).contact("right").charge == relative(exact, 1e-7)


@pytest.mark.parametrize("charge", [1e-12, -3e-9])
def test_given_charge_is_met(charge):
    """The charge shall be met to 1e-12 and end on the plates."""
    solution = disc_between_plates(1.0, charge)
    assert charge_on(solution, "disc") == relative(charge, 1e-12)
    plates = sum(solution.contact(side).charge for side in ("left", "right"))
    assert plates == relative(-charge, 1e-9 if charge > 0.0 else 1e-12)


def test_charged_cylinder_in_a_cable(second_order):
    """The potential of a cylinder in a grounded tube shall tend to Q ln(R/a)/(2 pi eps)."""
    charge, radius, gap = 2e-10, 5e-9, 20e-9
    ground = PotentialContact(potential=0.0)

    def potential(level):
        model = ring(dielectric(10.0), charge, level, radius, gap, 4e-9, ground)
        return potential_of(model.equilibrium(), "disc")

    exact = charge * np.log((radius + gap) / radius) / (2.0 * np.pi * 10.0 * epsilon_0)
    second_order(potential, exact)


def test_charged_cylinder_in_an_electrolyte(second_order):
    """A small charge on a cylinder in a lattice gas shall raise it by the Debye-Hueckel value."""
    layer = LatticeGasLayer(30.0, 1e26, 0.5)
    length = layer.debye_length
    radius, exact = 4.0 * length, 1e-3 * VT
    field = float(analytic.debye_hueckel_disc_field(4.0)) * exact / length
    charge = 2.0 * np.pi * radius * 30.0 * epsilon_0 * field

    def potential(level):
        model = ring(
            lattice_gas(layer),
            charge,
            level,
            radius,
            20.0 * length,
            length,
            reservoir(potential=0.0),
        )
        return potential_of(model.equilibrium(), "disc")

    second_order(potential, exact)
