"""Transients under a given voltage: charging against exact values, order in time, invariants."""

import json
from pathlib import Path

import numpy as np
import pytest
from approx import relative
from scipy.constants import Avogadro, epsilon_0
from scipy.constants import Boltzmann as boltzmann
from scipy.special import logit

from pyscl import Model, PotentialContact
from pyscl.analytic import LatticeGasLayer, charging_charge
from pyscl.mesh import strip
from pyscl.protocol import Protocol, StepTo, Sweep, Wait
from pyscl.study.transient import TransientOptions
from pyscl.verification.meshes import layer_grid
from pyscl.verification.norms import observed_orders
from pyscl.verification.setups import VT, WIDTH, lattice_gas, reservoir
from pyscl.verification.transient_setups import (
    DIFFUSIVITY,
    charging_slab,
    relaxation_time,
    step_charge,
)

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
NONLINEAR = REFERENCE["nonlinear_charging"]


def unit_layer(theta=0.5):
    """A layer with 1e26 sites per m3."""
    return LatticeGasLayer(30.0, 1e26, theta)


UNIT = relaxation_time(unit_layer())  # lambda^2/D of the half-filled layer [s]


def fixed(scheme, step):
    return TransientOptions(scheme=scheme, fixed_step=step)


# --- charging --------------------------------------------------------------------------------


def small_step_errors(m, times, per_length, theta=0.5):
    """Relative errors of the charge after a step of 0.01 kT/e."""
    layer, v = unit_layer(theta), 0.01
    model = charging_slab(layer, m, per_length=per_length)
    charge = step_charge(model, layer, v, times, tolerance=2e-7)
    return charge * 2.0 * m / v / charging_charge(times, m) - 1.0


@pytest.mark.parametrize("m", [10.0, 50.0])
def test_small_step_charges_by_the_exact_modes(m):
    """A5: the charge shall tend to the exact mode sum, from 0.01 to 5 RC times.

    Errors of the mesh are 1e-3 and 2.5e-4 of the charge; extrapolated to h = 0 they are 1e-5. Of
    a step v the response is odd, so that v^2/12 = 1e-5 of it is not linear.
    """
    times = m * np.array(REFERENCE["charging"]["t_over_M"])
    coarse, fine = (small_step_errors(m, times, n) for n in (20, 40))
    assert np.abs(fine).max() < 3e-4
    assert np.abs((4.0 * fine - coarse) / 3.0).max() < 2e-5


def test_small_step_matches_the_inverse_laplace_table():
    """T11: 0.02 kT/e on 20 nm with lambda = 0.5 nm shall charge as the table, here to 3e-4."""
    case = REFERENCE["acceptance"]["rc_charge"]
    times = np.array(case["t"]) / case["debye_length_nm"] ** 2
    layer = unit_layer()
    model = charging_slab(layer, 20.0, per_length=40.0)
    charge = step_charge(model, layer, 0.02, times, tolerance=1e-6)
    # field in kT/(e lambda) over v, times eps/lambda of the table's units
    computed = charge / 0.02 * case["permittivity"] / case["debye_length_nm"]
    np.testing.assert_allclose(computed, case["charge_per_voltage"], rtol=3e-4)


@pytest.mark.parametrize("row", NONLINEAR["rows"], ids=lambda r: f"{r['theta0']:g} {r['mobility']}")
def test_large_step_charges_as_the_collocation_table(row):
    """A5: a step of 10 kT/e shall charge as the quasi-exact table for all mobilities and fillings.

    Errors of the mesh are 2.5e-3 and 6e-4; extrapolated to h = 0 they are below 4e-5.
    """
    layer = unit_layer(row["theta0"])
    coarse, fine = (
        step_charge(
            charging_slab(layer, NONLINEAR["M"], row["mobility"], per_length),
            layer,
            NONLINEAR["v"],
            NONLINEAR["t"],
            tolerance=1e-6,
        )
        / row["field_hat"]
        - 1.0
        for per_length in (10, 20)
    )
    assert np.abs(fine).max() < 1e-3
    assert np.abs((4.0 * fine - coarse) / 3.0).max() < 6e-5


@pytest.mark.slow
@pytest.mark.parametrize("row", NONLINEAR["rows"], ids=lambda r: f"{r['theta0']:g} {r['mobility']}")
def test_charging_converges_with_second_order(row):
    """The charge shall converge with second order in h at every time of the table.

    The growth of the steps is that of a grading function at every refinement only nearly, which
    moves the observed order by 0.2.
    """
    layer = unit_layer(row["theta0"])
    errors = [
        step_charge(
            charging_slab(layer, 10.0, row["mobility"], n), layer, 10.0, NONLINEAR["t"], 1e-7
        )
        / row["field_hat"]
        - 1.0
        for n in (20, 40, 80)
    ]
    orders = observed_orders(np.abs(errors))[-1]
    assert orders.min() > 1.8
    assert orders.max() < 2.2
    assert np.abs((4.0 * errors[2] - errors[1]) / 3.0).max() < 1e-5


def test_particles_and_vacancies_charge_alike():
    """With the vacancy mobility theta0 -> 1-theta0, v -> -v shall mirror the transient."""
    charges = []
    for theta, v in ((0.1, 12.0), (0.9, -12.0)):
        unit = relaxation_time(unit_layer(theta))
        trajectory = charging_slab(unit_layer(theta), 6.0).transient(
            [StepTo(voltage=v * VT), Wait(duration=8.0 * unit)],
            contact="left",
            options=fixed("bdf2", 0.1 * unit),
        )
        charges.append(trajectory["charge_left"])
    assert np.ptp(charges[0]) > 0.0
    np.testing.assert_allclose(charges[0][1:], -charges[1][1:], rtol=1e-9)


def test_default_tolerance_is_accurate():
    """With the default tolerance the time steps shall cost 2e-3 of the charge at most.

    Against the same mesh with the tolerance 1e-7; some 60 steps.
    """
    layer = unit_layer()
    model = charging_slab(layer, 10.0)
    exact = step_charge(model, layer, 10.0, NONLINEAR["t"], 1e-7)
    default = step_charge(model, layer, 10.0, NONLINEAR["t"])
    np.testing.assert_allclose(default, exact, rtol=2e-3)


# --- order in time ---------------------------------------------------------------------------


def charge_after(scheme, steps, voltage=5.0 * VT):
    model = charging_slab(unit_layer(), 10.0, per_length=10.0)
    end = 5.0 * UNIT
    trajectory = model.transient(
        [StepTo(voltage=voltage), Wait(duration=end)],
        contact="left",
        options=fixed(scheme, end / steps),
    )
    assert trajectory["time"][-1] == relative(end, 1e-12)
    return trajectory.final.contact("left").charge


@pytest.mark.parametrize(("scheme", "order"), [("bdf2", 2.0), ("backward-euler", 1.0)])
def test_order_in_time_of_the_charging(scheme, order):
    """With halved steps the charge after a jump shall converge with the order of the formula."""
    charges = [charge_after(scheme, steps) for steps in (25, 50, 100, 200)]
    assert observed_orders(np.diff(charges)) == pytest.approx([order, order], abs=0.03)


@pytest.mark.slow
def test_both_schemes_have_one_limit():
    """BDF2 and backward Euler shall converge to the same charge."""
    limits = []
    for scheme, order in (("bdf2", 2), ("backward-euler", 1)):
        coarse, fine = (charge_after(scheme, steps) for steps in (400, 800))
        limits.append(fine + (fine - coarse) / (2**order - 1))
    assert limits[0] == relative(limits[1], 1e-6)


def test_error_follows_the_tolerance():
    """A tenth of the tolerance shall reduce the error of the charge at least threefold.

    The error of BDF2 goes with the power 2/3 of the tolerance per step, 4.6 for a tenth.
    """
    layer, times = unit_layer(), [1.0, 5.0, 20.0]
    model = charging_slab(layer, 10.0, per_length=10.0)
    exact = step_charge(model, layer, 8.0, times, 1e-7)
    errors = [
        np.abs(step_charge(model, layer, 8.0, times, tolerance) / exact - 1.0).max()
        for tolerance in (1e-3, 1e-4, 1e-5)
    ]
    assert errors[0] < 5e-3
    assert np.all(np.array(errors[1:]) * 3.0 < errors[:-1])


# --- invariants ------------------------------------------------------------------------------


def amounts(trajectory):
    return trajectory["amount_Li_electrolyte"]


def test_amount_is_kept_over_ten_cycles():
    """Ten cycles between +-1 V shall change the amount in a closed slab by 1e-13 at most."""
    model = charging_slab(unit_layer(0.1), 10.0)
    cycle = [f"Step to {v} V for {3.0 * UNIT!r} s" for v in (1.0, -1.0)]
    trajectory = model.transient(Protocol(cycle, cycles=10), contact="left")
    assert trajectory.complete
    assert len(trajectory.stops) >= 20
    assert np.ptp(trajectory["charge_left"]) > 0.0
    moved = amounts(trajectory) / amounts(trajectory)[0] - 1.0
    assert np.abs(moved).max() < 1e-13
    neutral = unit_layer(0.1).site_density * 0.1 / Avogadro * float(model.mesh.areas.sum())
    assert amounts(trajectory)[-1] == relative(neutral, 1e-13)


@pytest.mark.parametrize("theta", [0.5, 0.02])
@pytest.mark.parametrize("scheme", ["bdf2", "backward-euler"])
def test_bounds_are_strict_at_three_volts(theta, scheme):
    """T10: steps to 3 V and back shall keep 0 < y < 1 strictly, the amount, and finish."""
    layer = unit_layer(theta)
    model = charging_slab(layer, 10.0)
    unit = relaxation_time(layer)
    trajectory = model.transient(
        [f"Step to 3 V for {30.0 * unit!r} s", f"Step to -3 V for {30.0 * unit!r} s"],
        contact="left",
        options=TransientOptions(save="all", scheme=scheme, tolerance=1e-2),
    )
    for solution in trajectory.solutions:
        occupied, vacant = solution.site_fraction("Li"), solution.vacant_fraction("Li")
        assert occupied.min() > 0.0
        assert vacant.min() > 0.0
        np.testing.assert_allclose(occupied + vacant, 1.0, rtol=1e-14)
    depleted = min(s.site_fraction("Li").min() for s in trajectory.solutions)
    full = min(s.vacant_fraction("Li").min() for s in trajectory.solutions)
    assert depleted < 1e-20
    assert full < (1e-6 if theta == 0.5 else 0.2)  # 2 % of the sites run out before others fill
    assert np.abs(amounts(trajectory) / amounts(trajectory)[0] - 1.0).max() < 1e-13


@pytest.mark.parametrize("step", [1e-6, 1e-3, 1.0, 1e3])
def test_any_step_length_is_solved(step):
    """T10: one backward Euler step of any length after a jump to 1 V shall be solved, in bounds."""
    model = charging_slab(unit_layer(0.1), 20.0)
    trajectory = model.transient(
        [StepTo(voltage=1.0), Wait(duration=step * UNIT)],
        contact="left",
        options=fixed("backward-euler", step * UNIT),
    )
    assert trajectory.final.site_fraction("Li").min() > 0.0
    assert trajectory.final.vacant_fraction("Li").min() > 0.0
    assert np.abs(amounts(trajectory) / amounts(trajectory)[0] - 1.0).max() < 1e-13


def free_energy(solution):
    """Free energy [J/m] of a lattice gas between short-circuited electrodes.

    Mixing energy of the sites and energy of the field; no charge is lifted to a voltage.
    """
    model = solution.model
    layer_density = model.materials["electrolyte"].carriers[0].site_density
    y, c = solution.site_fraction("Li"), solution.vacant_fraction("Li")
    mixing = layer_density * boltzmann * model.temperature * (y * np.log(y) + c * np.log(c))
    field = solution["electric_field"].values
    eps = epsilon_0 * model.materials["electrolyte"].relative_permittivity
    electric = 0.5 * eps * (field**2).sum(axis=1) * model.mesh.areas
    return float((mixing * solution.site_volume).sum() + electric.sum())


@pytest.mark.parametrize(
    "options",
    [
        TransientOptions(save="all", scheme="backward-euler"),
        TransientOptions(save="all"),
        TransientOptions(save="all", scheme="backward-euler", fixed_step=5.0 * UNIT),
    ],
    ids=["backward Euler", "bdf2", "backward Euler, long steps"],
)
@pytest.mark.parametrize("mobility", ["vacancy", "dilute"])
def test_free_energy_falls_in_a_relaxation(options, mobility):
    """A slab charged to 0.5 V and short-circuited shall relax with a free energy that never rises.

    By the second law for the exact solution; to 1e-12 of the energy released, for any step.
    """
    model = charging_slab(unit_layer(0.3), 10.0, mobility)
    trajectory = model.transient(
        [
            f"Step to 0.5 V for {40.0 * UNIT!r} s",
            f"Step to 0 V for {60.0 * UNIT!r} s",
        ],
        contact="left",
        options=options,
    )
    relaxing = [s for s in trajectory.solutions if s.time > 40.0001 * UNIT]
    energy = np.array([free_energy(s) for s in relaxing])
    released = energy[0] - free_energy(model.equilibrium())
    assert released > 0.0
    assert np.diff(energy).max() < 1e-12 * released
    assert energy[-1] - free_energy(model.equilibrium()) < 1e-3 * released


# --- ends ------------------------------------------------------------------------------------


def test_closed_cell_relaxes_to_its_equilibrium():
    """T10: the state after a long time shall be the equilibrium with the same amount.

    theta0 = 0.1 at 1 V, 38.9 kT/e, in one giant backward Euler step and by the error control.
    """
    layer = unit_layer(0.1)
    model = charging_slab(layer, 20.0)
    charged = Model(
        model.mesh,
        model.materials,
        contacts={
            "left": PotentialContact(potential=1.0),
            "right": PotentialContact(potential=0.0),
        },
        conserved=model.conserved,
    )
    exact = charged.equilibrium()
    for options in (fixed("backward-euler", 1e6 * UNIT), TransientOptions()):
        trajectory = model.transient(
            [StepTo(voltage=1.0), Wait(duration=1e6 * UNIT)], contact="left", options=options
        )
        final = trajectory.final
        # a step of 1e6 leaves 1e-5 of the change to the slow mode of time 20
        tolerance = 1e-4 if options.fixed_step else 1e-8
        assert final.contact("left").charge == relative(exact.contact("left").charge, tolerance)
        np.testing.assert_allclose(
            final.site_fraction("Li"), exact.site_fraction("Li"), rtol=10.0 * tolerance, atol=1e-6
        )


@pytest.mark.parametrize("voltage", [0.1, -0.4])
def test_waiting_until_steady_reaches_the_steady_state(voltage):
    """A depleted layer between reservoirs shall end in the state of `Model.steady`, to 1e-3.

    The layer holds back the current, so the state is not that of a resistor.
    """
    layer = unit_layer(0.3)
    x = layer_grid(15.0 * layer.debye_length, layer.debye_length, 10.0)
    model = Model(
        strip(x, width=WIDTH),
        {"electrolyte": lattice_gas(layer, diffusivity=DIFFUSIVITY)},
        contacts={"left": reservoir(potential=5.0 * VT), "right": reservoir()},
    )
    steady = model.steady({"left": voltage}).contact("left").current
    trajectory = model.transient([f"Hold at {voltage!r} V until steady"], contact="left")
    assert trajectory.complete
    assert trajectory.stops[-1].reason == "steady"
    assert trajectory["current_left"][-1] == relative(steady, 1e-6)
    assert trajectory["current_right"][-1] == relative(-steady, 1e-6)


# --- against an independent integrator -------------------------------------------------------


def swept_half_cell(cells, v_end, rate, theta, lengths):
    """Field at the right electrode of a half cell under a linear sweep, by scipy's BDF.

    Finite volumes with central fluxes for the site fraction itself, on equal cells; a reservoir at
    x = 0 keeps theta and u = 0, the electrode at x = L has u = rate t. In lambda and lambda^2/D.
    """
    from scipy.integrate import solve_ivp
    from scipy.linalg import solve_banded

    h = lengths / cells
    bands = np.ones((3, cells))
    bands[1] = -2.0
    bands[1, 0] = bands[1, -1] = -3.0

    def potential(y, wall):
        charge = (y - theta) / (theta * (1.0 - theta))
        source = -(h**2) * charge
        source[-1] -= 2.0 * wall
        return solve_banded((1, 1), bands, source)

    def rates(t, y):
        wall = rate * t
        u = potential(y, wall)
        mid = 0.5 * (y[1:] + y[:-1])
        flux = np.zeros((cells + 1, *y.shape[1:]))
        flux[1:-1] = -(np.diff(y, axis=0) + mid * (1.0 - mid) * np.diff(u, axis=0)) / h
        flux[0] = -2.0 * ((y[0] - theta) + theta * (1.0 - theta) * u[0]) / h
        return -np.diff(flux, axis=0) / h

    end = v_end / rate
    times = end * np.array([0.25, 0.5, 1.0])
    start = np.full(cells, theta)
    found = solve_ivp(
        rates, (0.0, end), start, "BDF", times, vectorized=True, rtol=1e-8, atol=1e-11
    )
    assert found.success
    walls = rate * times
    return np.array(
        [
            2.0 * (wall - potential(y, wall)[-1]) / h
            for wall, y in zip(walls, found.y.T, strict=True)
        ]
    )


@pytest.mark.parametrize("v_end", [8.0, -3.0])
def test_sweep_of_a_half_cell_agrees_with_scipy(v_end):
    """The charge under a sweep shall agree with an independent method of lines to 1e-4.

    A lattice gas of 0.3 between a reservoir and a blocking electrode, swept in three relaxation
    times, so that the layer lags behind. Both are extrapolated to h = 0.
    """
    theta, lengths, rate = 0.3, 10.0, v_end / 3.0
    coarse, fine = (swept_half_cell(n, v_end, rate, theta, lengths) for n in (100, 200))
    exact = (4.0 * fine - coarse) / 3.0
    layer = unit_layer(theta)
    unit = relaxation_time(layer)
    field = epsilon_0 * layer.relative_permittivity * VT / layer.debye_length * WIDTH

    def charges(per_length):
        grid = layer_grid(
            lengths * layer.debye_length, layer.debye_length, per_length, layer.debye_length
        )
        model = Model(
            strip(grid[-1] - grid[::-1], width=WIDTH),
            {"electrolyte": lattice_gas(layer, diffusivity=DIFFUSIVITY)},
            contacts={"left": reservoir(potential=0.0), "right": PotentialContact(potential=0.0)},
        )
        times = 3.0 * unit * np.array([0.25, 0.5, 1.0])
        rest = -VT * float(logit(theta))  # the reference electrode is that of the carrier
        trajectory = model.transient(
            [Sweep(end=rest + v_end * VT, rate=abs(rate) * VT / unit)],
            contact="right",
            options=TransientOptions(tolerance=1e-7, save=tuple(times)),
        )
        assert trajectory["voltage"][0] == relative(rest, 1e-12)
        assert trajectory["time"][-1] == relative(times[-1], 1e-9)
        by_time = [s.contact("right").charge / field for s in trajectory.solutions]
        return np.array([by_time[0], by_time[1], by_time[-1]])

    computed = [charges(n) for n in (20, 40)]
    np.testing.assert_allclose((4.0 * computed[1] - computed[0]) / 3.0, exact, rtol=1e-4)
