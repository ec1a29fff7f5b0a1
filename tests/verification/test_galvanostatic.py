"""Transients under a given current: the galvanostat's identities, and voltages in closed form."""

import numpy as np
import pytest
from approx import relative
from scipy.constants import Avogadro, elementary_charge, epsilon_0

from pyscl import Model, PotentialContact, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import strip
from pyscl.protocol import Current, CurrentLimit, Depletion, Hold, Rest, Sweep, VoltageLimit
from pyscl.study.transient import TransientOptions
from pyscl.verification.meshes import layer_grid
from pyscl.verification.norms import observed_orders
from pyscl.verification.setups import (
    VT,
    WIDTH,
    dielectric,
    lattice_gas,
    reservoir,
    salt_length,
)
from pyscl.verification.transient_setups import DIFFUSIVITY, charging_slab, relaxation_time
from pyscl.verification.transport_setups import binary_cell

LAYER = LatticeGasLayer(30.0, 1e26, 0.5)
UNIT = relaxation_time(LAYER)
LENGTH = 20e-9  # m
CONDUCTIVITY = DIFFUSIVITY * elementary_charge * LAYER.site_density * 0.25 / VT
OHMIC = CONDUCTIVITY * 0.1 / LENGTH  # current density that drops 0.1 V [A/m2]
SCALE = CONDUCTIVITY * VT / LAYER.debye_length  # one that drops kT/e in a Debye length [A/m2]


def ohmic_slab(layer=LAYER):
    """A neutral slab between reversible electrodes: a resistor parallel to a capacitor."""
    return Model(
        strip(np.linspace(0.0, LENGTH, 21), width=WIDTH),
        {"electrolyte": lattice_gas(layer, diffusivity=DIFFUSIVITY)},
        contacts={"left": reservoir(), "right": reservoir()},
    )


def half_cell(theta=0.3, lengths=10.0, surface_charge=True):
    """A lattice gas between a reservoir on the left and a blocking electrode on the right."""
    layer = LatticeGasLayer(30.0, 1e26, theta)
    grid = layer_grid(lengths * layer.debye_length, layer.debye_length, 10.0, layer.debye_length)
    return Model(
        strip(grid[-1] - grid[::-1], width=WIDTH),
        {"electrolyte": lattice_gas(layer, diffusivity=DIFFUSIVITY)},
        contacts={
            "left": reservoir(potential=0.0 if surface_charge else None),
            "right": PotentialContact(potential=0.0),
        },
    )


# --- identities ------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["bdf2", "backward-euler"])
@pytest.mark.parametrize("share", [0.3, -1.0])
def test_charge_on_the_electrode_is_current_times_time(scheme, share):
    """T12: under a constant current the charge of a blocking electrode shall be I t to 1e-8."""
    model, density = half_cell(), share * SCALE
    trajectory = model.transient(
        [Current(density=density, duration=8.0 * UNIT)],
        contact="right",
        options=TransientOptions(scheme=scheme),
    )
    assert trajectory.complete
    passed = density * WIDTH * trajectory["time"][1:]
    rise = trajectory["charge_right"] - trajectory["charge_right"][0]
    np.testing.assert_allclose(rise[1:], passed, rtol=1e-8)
    np.testing.assert_allclose(trajectory["charge_passed"][1:], passed, rtol=1e-8)
    assert np.ptp(trajectory["voltage"]) > 2.0 * VT


@pytest.mark.parametrize(
    ("model", "contact"),
    [(half_cell(), "right"), (ohmic_slab(), "left"), (charging_slab(LAYER, 8.0), "left")],
    ids=["half cell", "reversible", "blocking"],
)
def test_what_enters_at_one_contact_leaves_at_the_other(model, contact):
    """T12: both contact currents, displacement included, shall be opposite to 1e-12 of sigma VT.

    Over a Debye length. The displacement current is a difference of charges over dt, and charges
    are rounded to some 1e-13 of eps VT/lambda (0.5 V on a mesh of lambda/20).
    """
    trajectory = model.transient(
        [
            Current(density=SCALE, duration=3.0 * UNIT),
            Rest(duration=2.0 * UNIT),
            Current(density=-1.5 * SCALE, duration=3.0 * UNIT),
            Hold(voltage=0.05, duration=2.0 * UNIT),
        ],
        contact=contact,
    )
    assert trajectory.complete
    left, right = trajectory["current_left"][1:], trajectory["current_right"][1:]
    dt = trajectory["dt"][1:] / UNIT
    jump = np.array([event == "jump" for event in _events(trajectory)[1:]])
    allowed = (1e-12 + 3e-13 / dt) * SCALE * WIDTH
    assert np.all(np.abs(left + right)[~jump] < allowed[~jump])
    # a jump passes its charge in 1e-8 of a relaxation time
    assert np.abs((left + right)[jump] / left[jump]).max() < 1e-9


@pytest.mark.parametrize("scheme", ["bdf2", "backward-euler"])
def test_amount_changes_by_the_charge_that_passed(scheme):
    """The lithium in the model shall change by the charge that passed, to rounding of the amount.

    The reservoir holds no surface charge here, so all charge that leaves through it is lithium.
    """
    model = half_cell(surface_charge=False)
    trajectory = model.transient(
        [
            Current(density=SCALE, duration=2.0 * UNIT),
            Rest(duration=2.0 * UNIT),
            Sweep(end=0.1, rate=0.1 / UNIT),
            Current(density=-0.5 * SCALE, duration=2.0 * UNIT),
        ],
        contact="right",
        options=TransientOptions(scheme=scheme),
    )
    assert trajectory.complete
    charge = trajectory["amount_Li_electrolyte"] * Avogadro * elementary_charge
    rounding = 1e-13 * charge[0]
    np.testing.assert_allclose(
        charge - charge[0], -trajectory["charge_passed"], rtol=0, atol=rounding
    )
    rise = trajectory["charge_right"] - trajectory["charge_right"][0]
    np.testing.assert_allclose(rise, trajectory["charge_passed"], rtol=0, atol=rounding)


def test_rest_keeps_the_charge():
    """At rest nothing shall pass: the charge of the electrode stays to 1e-12 while it relaxes."""
    model = half_cell()
    trajectory = model.transient(
        [Current(density=SCALE, duration=2.0 * UNIT), Rest(duration=100.0 * UNIT)], contact="right"
    )
    resting = trajectory["step"] == 2
    charge = trajectory["charge_right"][resting]
    assert charge[-1] == relative(SCALE * WIDTH * 2.0 * UNIT, 1e-8)
    assert np.ptp(charge) < 1e-12 * abs(charge[-1])
    voltage = trajectory["voltage"]
    assert abs(voltage[-1] - voltage[np.argmax(resting) - 1]) > 0.1 * VT  # the ohmic drop is gone


# --- closed forms ----------------------------------------------------------------------------


def slab_voltage(trajectory):
    return trajectory["voltage"] / 0.1


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_reversible_slab_charges_as_a_resistor_and_capacitor(sign):
    """V(t) shall be I L/sigma (1 - exp(-t/tau)), tau = eps/sigma, at every step; no space charge.

    A8, the null test in time: with every site fraction at its bulk value to 1e-10.
    """
    trajectory = ohmic_slab().transient(
        [Current(density=sign * OHMIC, duration=10.0 * UNIT)],
        contact="left",
        options=TransientOptions(tolerance=1e-6, save="all"),
    )
    time = trajectory["time"] / UNIT
    np.testing.assert_allclose(slab_voltage(trajectory), -sign * np.expm1(-time), atol=1e-4)
    for solution in trajectory.solutions:
        np.testing.assert_allclose(solution.site_fraction("Li"), 0.5, rtol=1e-10)
    final = trajectory.final.potential
    linear = final[0] + (final.min() - final.max()) * sign * (
        trajectory.model.mesh.points[:, 0] / LENGTH
    )
    np.testing.assert_allclose(final, linear, atol=1e-10)


@pytest.mark.parametrize("voltage", [0.1, -2.0])
def test_reversible_slab_is_ohmic_at_once(voltage):
    """A8: after a step of the voltage the current shall be sigma V/L at all times, to 1e-9."""
    trajectory = ohmic_slab().transient(
        [f"Step to {voltage} V", f"Wait for {5.0 * UNIT!r} s"], contact="left"
    )
    after = np.array([e != "jump" for e in _events(trajectory)])
    after[0] = False
    np.testing.assert_allclose(
        trajectory["current_density"][after], OHMIC * voltage / 0.1, rtol=1e-9
    )
    # the jump itself charges the geometric capacitor
    jump = list(_events(trajectory)).index("jump")
    capacitance = LAYER.relative_permittivity * epsilon_0 / LENGTH
    assert trajectory["charge_passed"][jump] == relative(capacitance * voltage * WIDTH, 1e-6)


def _events(trajectory):
    return [trajectory.series.events.get(k) for k in range(len(trajectory.series))]


@pytest.mark.parametrize(("scheme", "order"), [("bdf2", 2.0), ("backward-euler", 1.0)])
def test_order_in_time_against_the_exact_voltage(scheme, order):
    """The voltage after two relaxation times shall converge to the exact one with the order."""
    errors = []
    for steps in (20, 40, 80, 160):
        trajectory = ohmic_slab().transient(
            [Current(density=OHMIC, duration=2.0 * UNIT)],
            contact="left",
            options=TransientOptions(scheme=scheme, fixed_step=2.0 * UNIT / steps),
        )
        assert trajectory["time"][-1] == relative(2.0 * UNIT, 1e-12)
        errors.append(slab_voltage(trajectory)[-1] + np.expm1(-2.0))
    # beginning with one step of backward Euler costs BDF2 some of the first orders
    assert observed_orders(errors)[-2:] == pytest.approx([order, order], abs=0.03)
    assert abs(errors[-1]) < (2e-5 if scheme == "bdf2" else 2e-3)


def test_voltage_limit_is_met_at_its_time():
    """A charge until half the final voltage shall end at t = tau ln 2, and stay until then."""
    trajectory = ohmic_slab().transient(
        [Current(density=OHMIC, until=(VoltageLimit(voltage=0.05),))],
        contact="left",
        options=TransientOptions(tolerance=1e-6),
    )
    assert trajectory.complete
    assert trajectory["voltage"][-1] == relative(0.05, 1e-5)
    assert trajectory["time"][-1] == relative(UNIT * np.log(2.0), 1e-4)
    assert trajectory["voltage"][:-1].max() < 0.05


def test_charging_time_of_a_blocking_slab():
    """A small current into a blocking slab shall give V = Q (1/C + ...) + I R_slab, at late times.

    The transform of the voltage, Z/s^2, has the poles of Z at s = 0 only beside decaying ones:
    Z = 1/(s C) + R with C = eps/(2 lambda tanh(M)) and R = (L/sigma)(1 - 1.5 tanh(M)/M
    + sech(M)^2/2).
    """
    m = 10.0
    capacitance = LAYER.relative_permittivity * epsilon_0 / (2.0 * LAYER.debye_length)
    resistance = 2.0 * m * LAYER.debye_length / CONDUCTIVITY * (1.0 - 1.5 / m)
    density = 1e-3 * VT * capacitance / UNIT
    errors = []
    for per_length in (20, 40):
        trajectory = charging_slab(LAYER, m, per_length=per_length).transient(
            [Current(density=density, duration=30.0 * UNIT)],
            contact="left",
            options=TransientOptions(tolerance=1e-5),
        )
        exact = density * (30.0 * UNIT / capacitance + resistance)
        errors.append(trajectory["voltage"][-1] / exact - 1.0)
    assert abs(errors[-1]) < 5e-4
    assert abs((4.0 * errors[1] - errors[0]) / 3.0) < 3e-5


# --- binary electrolyte ----------------------------------------------------------------------

SALT = 6e23  # ions of each kind per m3
SALT_D = 1e-10  # both ions [m2/s]
LENGTHS = 1600.0


def salt_cell():
    """Salt between electrodes reversible to the cation, anion blocked; thickness and time."""
    thickness = LENGTHS * salt_length(78.5, SALT)
    limit = float(analytic.limiting_current_density(SALT_D, SALT, thickness))
    return binary_cell(LENGTHS, cells=100), thickness, limit


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_salt_polarises_by_diffusion(share):
    """A8: below the limiting current the salt shall polarise as by a constant flux on each side.

    In the neutral salt the cation carries half the current by migration; the other half is a flux
    of salt with the ambipolar diffusivity. Densities are compared outside of the layers.
    """
    model, thickness, limit = salt_cell()
    unit = thickness**2 / SALT_D
    fourier = (0.005, 0.05, 2.0)
    trajectory = model.transient(
        [Current(density=share * limit, duration=fourier[-1] * unit)],
        contact="left",
        options=TransientOptions(save=tuple(f * unit for f in fourier), tolerance=1e-5),
    )
    assert trajectory.complete
    x = model.mesh.points[:, 0] / thickness
    inner = np.abs(x - 0.5) < 0.48
    for f, solution in zip(fourier, trajectory.solutions, strict=True):
        rise = analytic.constant_flux_rise(1.0 - x[inner], f) - analytic.constant_flux_rise(
            x[inner], f
        )
        # flux I/2e of salt over c0 D/L; the limiting current is 4 e D c0/L
        exact = 1.0 + 2.0 * share * rise
        density = solution.site_fraction("anion")[inner] / 1e-3
        np.testing.assert_allclose(density, exact, atol=1e-3 * share)
    steady = float(analytic.limiting_current_voltage(share)) * VT
    assert trajectory["voltage"][-1] == relative(steady, 1e-3)
    anion = trajectory["amount_anion_electrolyte"]
    assert np.abs(anion / anion[0] - 1.0).max() < 1e-13


def test_current_above_the_limit_depletes_the_salt():
    """Above the limiting current the salt shall deplete when the closed form says, then end.

    At x = 0.99 L, outside the layer of the electrode, c0 (1 - 2 j [rise(0.99) - rise(0.01)]) falls
    to 0.3 c0 at a Fourier number found from the series.
    """
    from scipy.optimize import brentq

    model, thickness, limit = salt_cell()
    share, below = 2.0, 0.3
    x = model.mesh.points[:, 0] / thickness
    node = int(np.argmin(np.abs(x - 0.99)))

    def density(fourier):
        ends = analytic.constant_flux_rise([1.0 - x[node], x[node]], fourier)
        return 1.0 - 2.0 * share * (ends[1] - ends[0])

    exact = brentq(lambda f: density(f) - below, 1e-6, 0.2)
    trajectory = model.transient(
        [Current(density=share * limit, duration=0.2 * thickness**2 / SALT_D)],
        contact="left",
        options=TransientOptions(save="all", tolerance=1e-4),
    )
    times = np.array([s.time for s in trajectory.solutions]) * SALT_D / thickness**2
    computed = [float(s.site_fraction("anion")[node]) / 1e-3 for s in trajectory.solutions]
    assert np.interp(-below, -np.array(computed), times) == relative(exact, 1e-3)
    # it cannot go on for ever: the salt runs out and the voltage leaves all bounds
    assert not trajectory.complete
    assert "cation" in trajectory.reason or "window" in trajectory.reason


def test_current_decays_to_its_limit():
    """A hold shall end when the current has fallen to the limit given, and at its time.

    The current of a blocking slab falls exponentially with the slow mode of A5.
    """
    m = 10.0
    model = charging_slab(LAYER, m, per_length=40.0)
    slow = analytic.charging_time(m)
    ends = []
    for density in (0.05, 0.005):
        trajectory = model.transient(
            [Hold(voltage=1e-3 * VT, until=(CurrentLimit(density=density),))],
            contact="left",
            options=TransientOptions(tolerance=1e-6),
        )
        assert trajectory.complete
        assert trajectory["current_density"][-1] == relative(density, 1e-4)
        ends.append(trajectory["time"][-1] / UNIT)
    assert ends[1] - ends[0] == relative(slow * np.log(10.0), 2e-3)


def test_depletion_limit_stops_the_charge():
    """A depletion limit shall end the step with the least site fraction at the given value."""
    theta = 0.3
    layer = LatticeGasLayer(30.0, 1e26, theta)
    x = np.concatenate(
        [
            np.linspace(0.0, 5e-9, 11)[:-1],
            5e-9 + layer_grid(15e-9, layer.debye_length, 10.0, layer.debye_length),
        ]
    )
    mesh = strip(x, width=WIDTH, regions=[("film", 5e-9), ("electrolyte", x[-1])])
    model = Model(
        mesh,
        {
            "film": dielectric(30.0),
            "electrolyte": lattice_gas(layer, diffusivity=DIFFUSIVITY),
        },
        contacts={"left": PotentialContact(potential=0.0), "right": reservoir(potential=0.0)},
    )
    trajectory = model.transient(
        [
            Current(
                density=1e4,
                until=(Depletion(carrier="Li", interface="electrolyte|film", below=0.01),),
            )
        ],
        contact="left",
    )
    assert trajectory.complete
    least = trajectory["least_Li_electrolyte|film_electrolyte"]
    assert least[-1] == relative(0.01, 1e-4)
    assert np.all(least[:-1] > 0.01)
    np.testing.assert_allclose(
        trajectory["charge_left"][1:], 1e4 * WIDTH * trajectory["time"][1:], rtol=1e-8
    )
