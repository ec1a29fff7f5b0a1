"""Two carriers that move together: ambipolar diffusion, particles, open-circuit voltage."""

import warnings

import numpy as np
import pytest
from approx import relative
from scipy.constants import elementary_charge

from pyscl import Carrier, Material, Model
from pyscl.analytic import ambipolar_diffusivity, constant_flux_rise, mixed_conductor_diffusivity
from pyscl.materials import OpenCircuit
from pyscl.mesh import strip
from pyscl.protocol import Current, Rest
from pyscl.study.transient import TransientOptions
from pyscl.verification.setups import reservoir, salt, salt_length
from pyscl.verification.transient_setups import particle

SALT = 6e23  # of each ion [1/m3]
CATION_D = 1e-10  # of `salt` [m2/s]
LENGTH = salt_length(78.5, SALT)  # Debye length [m]

# --- ambipolar diffusion ---------------------------------------------------------------------


def ambipolar_error(cells, cell_lengths):
    """Largest error of the density over its largest change after T13, and the trajectory."""
    thickness = cells * cell_lengths * LENGTH
    model = Model(
        strip(np.linspace(0.0, thickness, cells + 1), width=thickness / cells),
        {"electrolyte": salt(78.5, SALT, ratio=50.0)},
        contacts={
            "left": reservoir("cation", potential=None),
            "right": reservoir("anion", potential=None),
        },
    )
    # L = 100, c0 = 1e-3, I = 2e-6, t = 300 with D+ = 1
    flux = 0.2 * SALT * CATION_D / thickness
    end = 0.03 * thickness**2 / CATION_D
    trajectory = model.transient(
        [Current(density=flux * elementary_charge, duration=end)],
        contact="left",
        options=TransientOptions(tolerance=1e-5),
    )
    d = ambipolar_diffusivity((1.0, 50.0)) * CATION_D
    x = model.mesh.points[:, 0] / thickness
    # the cation takes 1/51 of the current in the bulk, so 50/51 of it gather on the left
    fourier = d * end / thickness**2
    rise = 50.0 * constant_flux_rise(1.0 - x, fourier) + constant_flux_rise(x, fourier)
    exact = flux * thickness / (d * SALT) * rise / 51.0
    computed = trajectory.final.site_fraction("cation") / 1e-3 - 1.0
    return np.abs(computed - exact).max() / exact.max(), trajectory


@pytest.mark.parametrize(("cells", "tolerance"), [(25, 2.5e-3), (100, 5e-4)])
@pytest.mark.parametrize("cell_lengths", [40.0, 400.0])
def test_ambipolar_diffusion(cells, tolerance, cell_lengths):
    """T13: D = (1, 50) shall diffuse as neutral pairs, on meshes far coarser than lambda."""
    error, _ = ambipolar_error(cells, cell_lengths)
    assert error < tolerance


def test_ambipolar_error_does_not_depend_on_the_debye_length():
    """T13: the error shall be that of neutral diffusion, the same for h/lambda = 40 to 4000."""
    errors, factorisations = [], []
    for cell_lengths in (40.0, 400.0, 4000.0):
        error, trajectory = ambipolar_error(25, cell_lengths)
        errors.append(error)
        factorisations.append(trajectory.counts["factorisations"] / trajectory.counts["steps"])
    assert errors == pytest.approx([errors[0]] * 3, rel=2e-2)
    assert max(factorisations) < 3.0


# --- particles at constant flux --------------------------------------------------------------

FOURIER = (0.01, 0.1, 0.3)


def salt_particle_errors(shape, cells):
    """Largest error of the density over its largest change at three times (3,)."""
    radius = 1000.0 * LENGTH
    model, surface = particle(salt(78.5, SALT), ("cation", "anion"), shape, radius, cells)
    flux = 0.3 * SALT * CATION_D / radius
    unit = radius**2 / CATION_D
    trajectory = model.transient(
        [Current(density=flux * elementary_charge, duration=FOURIER[-1] * unit)],
        contact=surface,
        options=TransientOptions(tolerance=1e-5, save=tuple(f * unit for f in FOURIER)),
    )
    r = model.mesh.points[:, 0] if shape != "sphere" else np.hypot(*model.mesh.points.T)
    exact = constant_flux_rise(np.minimum(r / radius, 1.0), FOURIER, shape)
    computed = [(s.site_fraction("cation") / 1e-3 - 1.0) / 0.3 for s in trajectory.solutions]
    return np.abs(np.transpose(computed) - exact).max(axis=0) / exact.max(axis=0)


@pytest.mark.parametrize("shape", ["slab", "cylinder", "sphere"])
def test_particle_at_constant_flux(shape):
    """Neutral pairs through the surface shall diffuse as the closed form, with second order.

    The first time has a front of a tenth of the radius, which twenty cells resolve to 2 %.
    """
    coarse, fine = (salt_particle_errors(shape, cells) for cells in (10, 20))
    assert np.all(fine < [2.5e-2, 3e-3, 2e-3])
    assert np.all(np.log2(coarse / fine) > 1.4)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["slab", "cylinder", "sphere"])
def test_particle_converges_with_second_order(shape):
    """The order shall be two between 20 and 40 cells, with errors of 6e-3, 1e-3 and 5e-4."""
    coarse, fine = (salt_particle_errors(shape, cells) for cells in (20, 40))
    assert np.all(fine < [6e-3, 1e-3, 5e-4])
    assert np.all(np.log2(coarse / fine) > 1.5)


# --- active material -------------------------------------------------------------------------

SITES, RADIUS, START = 2e28, 1e-6, 0.8  # 1/m3, m, lithium at the start
DIFFUSIVITY = 1e-14  # of lithium at the start [m2/s]
CURVE = OpenCircuit(formula="4.3 - 0.6*x - 0.15*x**2", range=(0.02, 0.98), reference=4.0)


def slope(x):
    return -0.6 - 0.3 * x


def active(share=0.5, electrons=10.0):
    """An active material whose electrons conduct with `electrons` S/m."""
    pair = (
        CURVE.model_copy(update={"share": share}),
        CURVE.model_copy(update={"share": 1.0 - share}),
    )
    return Material(
        relative_permittivity=10.0,
        carriers=(
            Carrier(
                name="Li",
                charge=1,
                statistics=pair[0],
                site_density=SITES,
                site_fraction=START,
                diffusivity=DIFFUSIVITY,
            ),
            Carrier(
                name="e",
                charge=-1,
                statistics=pair[1],
                site_density=SITES,
                site_fraction=START,
                standard_potential=-4.0,
                mobility="constant-conductivity",
                conductivity=electrons,
            ),
        ),
    )


def lithium_diffusivity(x):
    """D(x) for ions that hop to vacancies and fast electrons [m2/s]."""
    relative_conductivity = x * (1.0 - x) / (START * (1.0 - START))
    return DIFFUSIVITY * relative_conductivity * slope(x) / slope(START)


def active_model(shape, cells, **kwargs):
    """A particle between lithium metal and a collector; its charge when full, C/m or C."""
    model, metal = particle(active(**kwargs), ("Li", "e"), shape, RADIUS, cells)
    full = elementary_charge * SITES * float(model.equilibrium().site_volume.sum())
    return model, metal, full


def total_current(model, amps):
    """A step with a current in all (axisymmetric) or per metre of depth (planar)."""
    name = "current" if model.coordinates == "axisymmetric" else "current_per_depth"
    return {name: amps}


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_voltage_at_rest_is_the_open_circuit_curve(share):
    """Between charges the voltage against lithium shall be U(x), x counted by the charge.

    To 0.03 mV, the interpolation of the curve; the amount to 1e-10. Charging takes lithium out.
    The division of the voltage between ions and electrons shall not matter.
    """
    model, metal, full = active_model("slab", 10, share=share)
    step = [
        Current(**total_current(model, 0.1 * full / 100.0), duration=100.0),
        Rest(duration=3000.0),
    ]
    trajectory = model.transient(step * 7, contact="collector", reference=metal)
    assert trajectory.complete
    ends = [np.flatnonzero(trajectory["step"] == k)[-1] for k in range(2, 15, 2)]
    expected = START - 0.1 * np.arange(1, 8)
    np.testing.assert_allclose(trajectory["mean_Li_electrolyte"][ends], expected, rtol=1e-10)
    np.testing.assert_allclose(trajectory["voltage"][ends], CURVE.voltage_at(expected), atol=3e-5)
    assert trajectory["voltage"][0] == relative(CURVE.voltage_at(START), 1e-5)
    # neutral: one electron per lithium
    np.testing.assert_allclose(
        trajectory["amount_e_electrolyte"], trajectory["amount_Li_electrolyte"], rtol=1e-12
    )


def surface_site_fraction(shape, cells, seconds, taken, times):
    """Lithium at the surface of a particle, by scipy's BDF on finite volumes of equal shells.

    Args:
        shape: "slab", "cylinder" or "sphere".
        cells: number of shells.
        seconds: duration.
        taken: site fraction taken out in this time.
        times: output [s].
    """
    from scipy.integrate import solve_ivp
    from scipy.sparse import diags_array

    dimensions = {"slab": 1, "cylinder": 2, "sphere": 3}[shape]
    faces = np.linspace(0.0, RADIUS, cells + 1)
    area, volume = faces ** (dimensions - 1), np.diff(faces**dimensions) / dimensions
    h = RADIUS / cells
    out = taken * RADIUS / dimensions / seconds

    def rates(t, x):
        flux = np.zeros(cells + 1)
        middle = 0.5 * (x[1:] + x[:-1])
        flux[1:-1] = -lithium_diffusivity(middle) * np.diff(x) / h
        flux[-1] = out
        return -np.diff(area * flux) / volume

    found = solve_ivp(
        rates,
        (0.0, seconds),
        np.full(cells, START),
        "BDF",
        times,
        jac_sparsity=diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(cells, cells)),
        rtol=1e-9,
        atol=1e-11,
    )
    # parabola through the last two shells with the slope of the flux at the surface
    last, before = found.y[-1], found.y[-2]
    slope_out = -out / lithium_diffusivity(last)
    for _ in range(20):
        surface = last + 0.375 * h * slope_out + 0.125 * (last - before)
        slope_out = -out / lithium_diffusivity(surface)
    return surface


def charge_voltages(shape, taken, coarse, fine):
    """Voltages [V] of a charge at four times, extrapolated to h = 0 from two meshes (4,)."""
    found = []
    for cells in (coarse, fine):
        model, metal, full = active_model(shape, cells)
        trajectory = model.transient(
            [Current(**total_current(model, taken * full / SECONDS), duration=SECONDS)],
            contact="collector",
            reference=metal,
            options=TransientOptions(tolerance=1e-5, save=TIMES),
        )
        rows = [int(np.argmin(np.abs(trajectory["time"] - t))) for t in TIMES]
        found.append(trajectory["voltage"][rows])
    return (4.0 * found[1] - found[0]) / 3.0


SECONDS, TIMES = 20.0, (1.0, 5.0, 10.0, 20.0)  # a fifth of the time of diffusion


@pytest.mark.parametrize(("shape", "taken"), [("slab", 0.1), ("cylinder", 0.2), ("sphere", 0.3)])
def test_charge_of_a_particle_agrees_with_scipy(shape, taken):
    """The voltage of a charge shall be U at the surface found by an independent integration.

    To 0.2 mV of a change of 0.2 V, while the diffusivity changes threefold.
    """
    coarse, fine = (10, 20) if shape == "sphere" else (20, 40)
    exact = CURVE.voltage_at(surface_site_fraction(shape, 400, SECONDS, taken, np.array(TIMES)))
    assert exact[-1] - CURVE.voltage_at(START) > 0.15
    computed = charge_voltages(shape, taken, coarse, fine)
    np.testing.assert_allclose(computed, exact, rtol=0, atol=2e-4)


def test_charge_of_a_sphere_agrees_with_pybamm():
    """The voltage shall agree with PyBaMM's finite volumes to 0.2 mV, extrapolated to h = 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of another package are its own
        pybamm = pytest.importorskip("pybamm")
        reference = [_pybamm_voltage(pybamm, n, SECONDS, 0.3, np.array(TIMES)) for n in (100, 200)]
    exact = (4.0 * reference[1] - reference[0]) / 3.0
    computed = charge_voltages("sphere", 0.3, 10, 20)
    np.testing.assert_allclose(computed, exact, rtol=0, atol=2e-4)


def _pybamm_voltage(pybamm, points, seconds, taken, times):
    """U at the surface of a sphere at constant flux, [V] at `times` [s]."""
    x = pybamm.Variable("x", domain="particle")
    r = pybamm.SpatialVariable("r", domain="particle", coord_sys="spherical polar")
    surface = pybamm.surf(x)
    out = taken * RADIUS / 3.0 / seconds
    model = pybamm.BaseModel()
    model.rhs = {x: -pybamm.div(-lithium_diffusivity(x) * pybamm.grad(x))}
    model.boundary_conditions = {
        x: {
            "left": (pybamm.Scalar(0.0), "Neumann"),
            "right": (-out / lithium_diffusivity(surface), "Neumann"),
        }
    }
    model.initial_conditions = {x: pybamm.Scalar(START)}
    model.variables = {"voltage": 4.3 - 0.6 * surface - 0.15 * surface**2}
    geometry = {"particle": {r: {"min": pybamm.Scalar(0.0), "max": pybamm.Scalar(RADIUS)}}}
    mesh = pybamm.Mesh(geometry, {"particle": pybamm.Uniform1DSubMesh}, {r: points})
    pybamm.Discretisation(mesh, {"particle": pybamm.FiniteVolume()}).process_model(model)
    solver = pybamm.IDAKLUSolver(rtol=1e-9, atol=1e-11)
    return solver.solve(model, [0.0, times[-1]], t_interp=times)["voltage"](times)


def test_poor_electron_conduction_slows_the_ambipolar_diffusion():
    """With electrons no better than ions the slab shall diffuse with Wagner's diffusivity.

    A small current, so that the diffusivity is constant; ions enter on one side and electrons
    on the other, as the flux of each is in proportion to the other's conductivity.
    """
    ionic = DIFFUSIVITY * elementary_charge * SITES / -slope(START)
    material = active(electrons=0.5 * ionic)
    d = float(mixed_conductor_diffusivity(ionic, 0.5 * ionic, slope(START), SITES))
    assert d == relative(DIFFUSIVITY / 3.0, 1e-12)
    model = Model(
        strip(np.linspace(0.0, RADIUS, 41), width=RADIUS / 40.0),
        {"electrolyte": material},
        contacts={
            "left": reservoir("Li", potential=None, electrochemical_potential=0.0),
            "right": reservoir("e", potential=None, electrochemical_potential="open-circuit"),
        },
    )
    fourier, taken = 0.1, 1e-3
    end = fourier * RADIUS**2 / d
    density = taken * elementary_charge * SITES * RADIUS / end
    trajectory = model.transient(
        [Current(density=density, duration=end)],
        contact="right",
        reference="left",
        options=TransientOptions(tolerance=1e-7),
    )
    x = model.mesh.points[:, 0] / RADIUS
    # ions carry 2/3 of the current in the bulk: 1/3 of the flux leaves the pairs on the left
    rise = constant_flux_rise(1.0 - x, fourier) / 3.0 + 2.0 * constant_flux_rise(x, fourier) / 3.0
    exact = -taken / fourier * rise
    computed = trajectory.final.site_fraction("Li") - START
    np.testing.assert_allclose(computed, exact, rtol=0, atol=3e-3 * np.abs(exact).max())
    # the voltage: U of both ends and the ohmic drop of the uniform part
    assert trajectory["voltage"][-1] > CURVE.voltage_at(START)
