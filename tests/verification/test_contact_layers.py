"""Two-sided contacts, blocked slabs and charged interfaces against their closed forms."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.constants import Avogadro, elementary_charge, epsilon_0

from pyscl import Interface, Model, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import strip
from pyscl.verification.setups import (
    VT,
    WIDTH,
    contact_model,
    lattice_gas,
    reservoir,
    slab_model,
)

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
SITES = 1e26  # n* of the reduced cases [1/m3]
FIELD_UNIT = np.sqrt(epsilon_0 * elementary_charge * VT * SITES)  # of their displacements [C/m2]


def both_layers(row):
    """The two layers of a row of the table of contacts."""
    return [
        LatticeGasLayer(eps, SITES * sites, theta)
        for eps, sites, theta in zip(row["eps_r"], row["sites"], row["theta0"], strict=True)
    ]


def end_potentials(solution):
    """Potentials of the left and right ends of the strip [V]."""
    x, phi = solution.model.mesh.points[:, 0], solution.potential
    return phi[x == 0.0].mean(), phi[x == x.max()].mean()


@pytest.mark.parametrize("row", REFERENCE["two_sided"]["rows"], ids=lambda r: r["case"])
def test_contact_splits_the_built_in_voltage_exactly(row, second_order):
    """psi1, the displacement and the charges of cases A to E shall converge to the exact ones."""
    left, right = both_layers(row)

    def solve(level):
        return contact_model(left, right, row["v"] * VT, level).equilibrium()

    def interface_potential(level):
        solution = solve(level)
        return solution.interface("a|b").potential - end_potentials(solution)[0]

    exact = row["psi1"] * VT
    if row["case"] == "A":  # symmetric: exact on every mesh
        assert interface_potential(20) == pytest.approx(exact, rel=1e-10)
    else:
        second_order(interface_potential, exact, window=(1.75, 2.25))
    displacement = row["D_hat"] * FIELD_UNIT
    second_order(
        lambda n: solve(n).interface("a|b").sides[0].charge, displacement, window=(1.75, 2.25)
    )


@pytest.mark.parametrize("row", REFERENCE["two_sided"]["rows"], ids=lambda r: r["case"])
def test_contact_is_consistent(row):
    """Bulk step, opposite charges, site fractions and charge centroids shall fit the contact.

    The centroid of the charge of a layer is eps |psi|/|Q|, since the first moment of the charge
    is eps times the potential; on the mesh it holds to the truncation of the tails.
    """
    left, right = both_layers(row)
    solution = contact_model(left, right, row["v"] * VT, 40).equilibrium()
    phi_left, phi_right = end_potentials(solution)
    # 22 Debye lengths: exp(-22)
    assert phi_left - phi_right == pytest.approx(row["v"] * VT, abs=1e-8 * abs(row["v"]) * VT)

    result = solution.interface("a|b")
    first, second = result.sides
    assert (first.region, second.region) == ("a", "b")
    assert first.charge == pytest.approx(-second.charge, rel=1e-9)
    for side, layer, far, theta in (
        (first, left, phi_left, row["theta1"]),
        (second, right, phi_right, row["theta2"]),
    ):
        psi = result.potential - far
        eps = epsilon_0 * layer.relative_permittivity
        assert side.width == pytest.approx(eps * abs(psi / side.charge), rel=1e-5)
        extreme = side.most["Li"] if psi < 0.0 else side.least["Li"]
        # d(theta)/theta = d(psi) of the mesh, 1e-3 kT/e
        assert extreme == pytest.approx(theta, rel=2e-3)
    exact = analytic.two_sided_contact(left, right, row["v"] * VT)
    assert first.charge == pytest.approx(exact.left_displacement, rel=5e-4)


@pytest.mark.parametrize("row", REFERENCE["acceptance"]["two_sided"]["rows"])
def test_uniform_mesh_meets_the_acceptance_values(row):
    """T3: steps of 0.125 nm shall give psi_interface and D to 2e-3 (6e-3 for 4 kT)."""
    lam2 = REFERENCE["acceptance"]["two_sided"]["lam2_nm2"]
    density = 1e27
    left, right = (
        LatticeGasLayer(
            l2 * 1e-18 * elementary_charge * density / (epsilon_0 * VT), density * cm, theta
        )
        for l2, cm, theta in zip(
            lam2, REFERENCE["acceptance"]["two_sided"]["sites"], row["theta0"], strict=True
        )
    )
    v = row["v"]
    graded_model = contact_model(left, right, -v * VT)
    x = np.linspace(0.0, 40e-9, 321)
    mesh = strip(x, width=WIDTH, regions=[("a", 20e-9), ("b", 40e-9)])
    solution = Model(mesh, graded_model.materials, contacts={"left": reservoir()}).equilibrium()
    result = solution.interface("a|b")
    psi = (result.potential - end_potentials(solution)[0]) / VT
    displacement = result.sides[0].charge / (elementary_charge * density * 1e-9)
    tolerance = 6e-3 if v == 4 else 2e-3
    assert psi == pytest.approx(row["psi_interface"], rel=tolerance)
    assert -displacement == pytest.approx(row["D"], rel=tolerance)
    assert len(solution.history.iterations) <= 10


@pytest.mark.parametrize("sigma", [-0.1, 0.02, 0.3])
def test_charged_interface_takes_its_charge_from_the_layers(sigma, second_order):
    """A charged interface shall split its counter charge between the layers exactly."""
    left, right = LatticeGasLayer(13.0, 5e26, 0.3), LatticeGasLayer(30.0, 2e26, 0.5)
    voltage = 5.0 * VT
    exact = analytic.two_sided_contact(left, right, voltage, surface_charge=sigma)

    def solve(level):
        law = Interface(surface_charge=sigma)
        return contact_model(left, right, voltage, level, law).equilibrium()

    second_order(
        lambda n: solve(n).interface("a|b").potential, exact.left_potential, window=(1.75, 2.25)
    )
    first, second = solve(40).interface("a|b").sides
    assert first.charge + second.charge == pytest.approx(-sigma, rel=1e-9)
    assert first.charge == pytest.approx(exact.left_displacement, rel=1e-3)


@pytest.mark.parametrize("row", REFERENCE["blocking_slab"], ids=lambda r: f"{r['theta0']} {r['v']}")
def test_blocked_slab_splits_the_voltage_and_keeps_its_carriers(row, second_order):
    """The middle of a blocked slab shall take the exact level; its carriers stay, to 1e-12."""
    layer = LatticeGasLayer(30.0, 1e26, row["theta0"])
    voltage = row["v"] * VT

    def depletion(level):
        model = slab_model(layer, voltage, level)
        solution = model.equilibrium()
        neutral = layer.site_density * layer.site_fraction / Avogadro * model.mesh.areas.sum()
        assert solution.amount("Li") == pytest.approx(neutral, rel=1e-12)
        charge = solution.contact("left").charge
        assert charge == pytest.approx(-solution.contact("right").charge, rel=1e-9)
        x = model.mesh.points[:, 0]
        return voltage - solution.potential[np.argmin(np.abs(x - 0.5 * x.max()))]

    exact = row["u_depletion"] * VT
    if row["theta0"] == 0.5:  # symmetric: exact on every mesh
        assert depletion(20) == pytest.approx(exact, rel=1e-10)
    else:
        second_order(depletion, exact, window=(1.75, 2.25))
    charge = slab_model(layer, voltage, 40).equilibrium().contact("right").charge / WIDTH
    unit = epsilon_0 * layer.relative_permittivity * VT / layer.debye_length
    assert charge == pytest.approx(unit * row["field_hat"], rel=1e-3)


@pytest.mark.parametrize("shift", [0.3, -0.2])
def test_blocking_interface_separates_two_levels(shift, second_order):
    """Carriers that cannot cross shall keep both levels: a contact with the voltage between them.

    Both parts have their own reservoir; the materials are the same, so that the whole built-in
    voltage is the difference of the reservoirs.
    """
    layer = LatticeGasLayer(30.0, 1e26, 0.3)
    exact = analytic.two_sided_contact(layer, layer, -shift)

    def solve(level, blocking=("Li",)):
        base = contact_model(layer, layer, 0.0, level)
        # neutral level of the right reservoir, raised by `shift`
        model = Model(
            base.mesh,
            {region: lattice_gas(layer) for region in ("a", "b")},
            contacts={
                "left": reservoir(),
                "right": reservoir(
                    potential="neutral",
                    electrochemical_potential=VT * np.log(0.3 / 0.7) + shift,
                ),
            },
            interfaces={"a|b": Interface(blocking=blocking)},
        )
        return model

    def displacement(level):
        return solve(level).equilibrium().interface("a|b").sides[0].charge

    second_order(displacement, exact.left_displacement, window=(1.75, 2.25))
    solution = solve(20).steady()
    phi_left, phi_right = end_potentials(solution)
    assert phi_right - phi_left == pytest.approx(shift, rel=1e-6)  # exp(-22) of the bulk
    open_current = abs(solve(20, blocking=()).steady().contact("left").current)
    for contact in ("left", "right"):
        assert abs(solution.contact(contact).current) < 1e-13 * open_current
