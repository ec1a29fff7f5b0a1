"""Virtual instruments against closed forms: phases, blurred layers, charges, core levels."""

import numpy as np
import pytest
from approx import relative
from imposed import NM, imposed, plate
from scipy.constants import Avogadro, epsilon_0
from scipy.special import erf, erfc

from pyscl import Carrier, Conserved, Interface, Material, Model, PotentialContact, ReservoirContact
from pyscl.analytic import LatticeGasLayer
from pyscl.instruments import (
    band_diagram,
    core_level_shift,
    differential_phase_contrast,
    electron_holography,
    electron_wavelength,
    interaction_constant,
    kelvin_probe,
    lithium_map,
    lithium_profile,
    stack_potential,
)
from pyscl.mesh import graded, strip
from pyscl.verification.disc_setups import FAR_FIELD, disc_in_field

FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))


def blurred_decay(x, decay, sigma):
    """Return exp(-|x|/decay) behind a Gaussian."""
    s = sigma / decay
    near = np.exp(-x / decay) * erfc((s - x / sigma) / np.sqrt(2.0))
    far = np.exp(x / decay) * erfc((s + x / sigma) / np.sqrt(2.0))
    return 0.5 * np.exp(0.5 * s * s) * (near + far)


# --- electron holography ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voltage", "constant", "wavelength"),
    # C_E as tabulated in rad/(V m), wavelengths in m
    [("100 kV", 9.24e6, 3.701e-12), ("200 kV", 7.29e6, 2.508e-12), ("300 kV", 6.53e6, 1.969e-12)],
)
def test_electrons_have_the_tabulated_constants(voltage, constant, wavelength):
    assert interaction_constant(voltage) == relative(constant, 1e-3)
    assert electron_wavelength(voltage) == relative(wavelength, 5e-4)


def test_slow_electrons_have_the_classical_constant():
    """C_E shall tend to pi / (wavelength U) as 1 + e U / (2 m c^2)."""
    volts = 1e3
    classical = np.pi / (electron_wavelength(volts) * volts)
    excess = interaction_constant(volts) / classical - 1.0
    assert excess == relative(volts / (2.0 * 510_998.95), 2e-3)


def test_phase_of_a_parallel_plate_is_linear():
    drop, thickness = 1.3, 60 * NM
    state = imposed(plate(), lambda x, y: drop * x / (100 * NM))
    seen = electron_holography(state, thickness, resolution="2 nm", accelerating_voltage="200 kV")
    inner = (seen.x > 10 * NM) & (seen.x < 90 * NM)
    exact = interaction_constant(2e5) * thickness * drop * seen.x / (100 * NM)
    assert seen.phase[:, inner] == relative(np.tile(exact[inner], (len(seen.y), 1)), 1e-9)
    whole = np.ptp(seen.phase) / (interaction_constant(2e5) * thickness)
    assert whole == relative(drop, 2e-2)  # less one resolution


def test_step_of_the_inner_potential_is_an_error_function():
    """... to 0.25 % with the usual pixels, and to second order in their size."""
    state = imposed(plate(split=50 * NM), lambda x, y: 0.0 * x)
    for pixel, tolerance in ((None, 2.5e-3), ("0.2 nm", 3e-4)):
        seen = electron_holography(
            state, "60 nm", resolution="4 nm", inner_potential={"b": "15 V"}, pixel=pixel
        )
        exact = 7.5 * (1.0 + erf((seen.x - 50 * NM) / (np.sqrt(2.0) * 4 * NM / FWHM)))
        assert seen.potential[3] == pytest.approx(exact, abs=15.0 * tolerance)


def test_resolution_widens_a_debye_layer_as_its_closed_form():
    """The mirror image at the wall makes exp(-|x|/L) of the layer."""
    decay, width = 3 * NM, 2 * NM
    model = plate(length=60 * NM, cells=(1200, 2))
    state = imposed(model, lambda x, y: np.exp(-x / decay))
    seen = electron_holography(state, "60 nm", resolution=width)
    exact = blurred_decay(seen.x, decay, width / FWHM)
    near = seen.x < 40 * NM
    assert seen.potential[1, near] == pytest.approx(exact[near], abs=5e-5)
    assert exact[0] < 0.9  # something to see


def test_periodic_cell_with_a_jump_keeps_its_ramp():
    from pyscl import Periodic

    model = plate(cells=(100, 4))
    wrapped = Model(
        model.mesh,
        model.materials,
        contacts={"top": PotentialContact(potential=0.0)},
        periodic=[Periodic(sides=("left", "right"), potential_jump=0.5)],
    )
    state = imposed(model, lambda x, y: 0.5 * x / (100 * NM) + 0.1 * np.sin(2 * np.pi * x / 1e-7))
    state.model = wrapped
    sigma, k = 10 * NM / FWHM, 2 * np.pi / 1e-7
    seen = electron_holography(state, "60 nm", resolution="10 nm")
    exact = 0.5 * seen.x / 1e-7 + 0.1 * np.exp(-0.5 * (k * sigma) ** 2) * np.sin(k * seen.x)
    assert seen.potential[2] == pytest.approx(exact, abs=1e-4)


def test_phase_of_a_rod_is_its_chord():
    model = plate(length=50 * NM, split=20 * NM, cells=(100, 4), coordinates="axisymmetric")
    state = imposed(model, lambda x, y: 0.0 * x)
    seen = electron_holography(state, resolution=0, pixel="0.1 nm", inner_potential={"a": "10 V"})
    chord = 2.0 * np.sqrt(np.maximum((20 * NM) ** 2 - seen.x**2, 0.0))
    exact = interaction_constant(3e5) * 10.0 * chord
    assert seen.phase[2] == pytest.approx(exact, abs=1e-6 * exact.max())
    assert (seen.x[0], seen.x[-1]) == relative((-50 * NM, 50 * NM), 2e-3)


def test_phase_of_a_parabola_is_abels_integral():
    radius = 50 * NM
    model = plate(length=radius, cells=(200, 2), coordinates="axisymmetric")
    state = imposed(model, lambda r, z: 1.0 - (r / radius) ** 2)
    seen = electron_holography(state, resolution=0, pixel="0.25 nm")
    exact = 4.0 / 3.0 * (radius**2 - seen.x**2) ** 1.5 / radius**2
    assert seen.projected[1] == pytest.approx(exact, abs=2e-4 * exact.max())


# --- differential phase contrast -------------------------------------------------------------


def test_line_charge_is_a_gaussian_of_its_amount():
    """A charged interface between equal dielectrics shall show charge / permittivity."""
    density = 1e-2
    model = plate(split=50 * NM, cells=(400, 20))
    model = Model(
        model.mesh,
        model.materials,
        contacts=model.contacts,
        interfaces={"a|b": Interface(surface_charge=density)},
    )
    seen = differential_phase_contrast(model.equilibrium(), resolution="4 nm")
    sigma = 4 * NM / FWHM
    line = np.exp(-0.5 * ((seen.x - 50 * NM) / sigma) ** 2) / (np.sqrt(2.0 * np.pi) * sigma)
    middle = np.abs(seen.x - 50 * NM) < 30 * NM  # away from the contacts
    assert seen.charge[2, middle] == pytest.approx(density / 10.0 * line[middle], rel=0, abs=2e3)
    assert seen.free[2, middle] == pytest.approx(density * line[middle], rel=0, abs=2e4)
    assert density / 10.0 * line.max() > 2e5
    field = density / (20.0 * epsilon_0) * erf((seen.x - 50 * NM) / (np.sqrt(2.0) * sigma))
    assert seen.field[2, middle, 0] == pytest.approx(field[middle], abs=1e-2 * field.max())
    assert np.abs(seen.field[..., 1]).max() < 1e-9 * field.max()


def test_disc_shows_its_bound_charge():
    """On a disc in a uniform field lies 2 eps0 E (k-1)/(k+1) cos(angle) of bound charge."""
    radius, k = 5e-9, 10.0
    state = disc_in_field((10.0 * k, 10.0), (radius,), 64).equilibrium()
    pixel = 0.05e-9
    seen = differential_phase_contrast(
        state, resolution=0, pixel=pixel, window=(0.0, 8e-9, 0.0, 8e-9)
    )
    x, y = np.meshgrid(seen.x, seen.y)
    r, angle = np.hypot(x, y), np.arctan2(y, x)
    here = (np.abs(r / radius - 1.0) < 0.1) & (angle < np.radians(75.0))
    found = seen.charge[here].sum() * (seen.x[1] - seen.x[0]) * (seen.y[1] - seen.y[0])
    density = 2.0 * epsilon_0 * FAR_FIELD * (k - 1.0) / (k + 1.0)
    assert found == relative(density * radius * np.sin(np.radians(75.0)), 1e-2)


def test_blur_keeps_the_charge_of_every_region():
    state = debye_layer().equilibrium()
    seen = differential_phase_contrast(state, resolution="2 nm")
    assert seen.charge_of["electrolyte"] == relative(state.charge("electrolyte"), 1e-12)
    area = (seen.x[1] - seen.x[0]) * (seen.y[1] - seen.y[0])
    assert seen.free.sum() * area == relative(state.charge(), 1e-12)


def test_all_charge_is_the_free_charge_over_the_permittivity():
    state = debye_layer(volts=-0.1).equilibrium()
    seen = differential_phase_contrast(state, resolution="1 nm")
    inside = (seen.x > 5 * NM) & (seen.x < 12 * NM)  # away from the charge of the electrode
    ratio = seen.free[:, inside] / seen.charge[:, inside]
    assert ratio == relative(30.0, 1e-6)


def test_normal_field_vanishes_on_a_symmetric_side():
    """The mirror image changes its sign, so that waves are only damped, up to the border."""
    k, width = 2.0 * np.pi / (20 * NM), 3 * NM
    state = imposed(plate(length=20 * NM, cells=(8, 160)), lambda x, y: np.cos(k * y))
    seen = differential_phase_contrast(state, resolution=width)
    exact = k * np.exp(-0.5 * (k * width / FWHM) ** 2) * np.sin(k * seen.y)
    assert seen.field[:, 10, 1] == pytest.approx(exact, abs=3e-3 * exact.max())
    assert np.abs(exact[[0, -1]]).max() < 0.1 * exact.max()


# --- Kelvin probe ----------------------------------------------------------------------------


@pytest.mark.parametrize("tip", ["gaussian", "lorentzian"])
def test_tip_damps_waves_as_its_transfer_function(tip):
    k, width = 4.0 * np.pi / (100 * NM), 20 * NM
    state = imposed(plate(cells=(400, 2)), lambda x, y: np.cos(k * x))
    seen = kelvin_probe(state, (0.0, 10 * NM), (100 * NM, 10 * NM), resolution=width, tip=tip)
    damping = np.exp(-0.5 * (k * width / FWHM) ** 2 if tip == "gaussian" else -0.5 * k * width)
    inner = (seen.distance > 3 * NM) & (seen.distance < 97 * NM)
    exact = damping * np.cos(k * seen.distance)
    assert seen.measured[inner] == pytest.approx(exact[inner], abs=0.02 * damping)
    assert np.ptp(seen.measured[inner]) == relative(2.0 * damping, 5e-3)


def test_point_above_a_step_sees_an_arc_tangent():
    half_width, extent = 2 * NM, 4000 * NM
    model = plate(length=extent, split=2000 * NM, cells=(400, 1))
    state = imposed(model, lambda x, y: 0.0 * x)
    seen = kelvin_probe(
        state,
        (1980 * NM, 10 * NM),
        (2020 * NM, 10 * NM),
        resolution=2 * half_width,
        tip="lorentzian",
        surface_step={"b": "1 V"},
        reference=(1000 * NM, 10 * NM),
    )
    exact = 0.5 + np.arctan((seen.distance - 20 * NM) / half_width) / np.pi
    assert seen.measured == pytest.approx(exact, abs=4e-3)  # the mirrored step is 2 um away
    assert seen.difference[-1] == pytest.approx(exact[-1], abs=3e-3)


# --- core levels -----------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [0.0, 60.0])
def test_core_level_of_a_debye_layer(angle):
    """The shift below a wall at phi0 exp(-x/L) shall be -phi0 / (1 + lambda cos(angle) / L)."""
    top, decay, depth = 0.4, 3 * NM, 2 * NM
    state = imposed(plate(cells=(2000, 2)), lambda x, y: top * np.exp(-x / decay))
    seen = core_level_shift(state, "left", attenuation_length=depth, emission_angle=angle)
    exact = top / (1.0 + depth * np.cos(np.radians(angle)) / decay)
    assert seen.shift[0] == relative(-exact, 1e-4)
    squared = top**2 / (1.0 + 2.0 * depth * np.cos(np.radians(angle)) / decay)
    assert seen.broadening[0] == relative(np.sqrt(squared - exact**2), 1e-3)
    step = seen.energy[1] - seen.energy[0]
    assert seen.spectrum.sum() * step == pytest.approx(1.0, abs=1e-3)
    mean = (seen.spectrum[0] * seen.energy).sum() * step
    assert mean == pytest.approx(exact, abs=1e-3)


def test_share_of_a_buried_region_falls_with_the_film_above_it():
    state = imposed(plate(split=5 * NM), lambda x, y: 0.0 * x)
    seen = core_level_shift(state, "left", attenuation_length="2 nm")
    assert seen.regions == ("a", "b")
    assert seen.share[1] == relative(np.exp(-2.5), 1e-4)
    area = seen.spectrum.sum(axis=1) * (seen.energy[1] - seen.energy[0])
    assert area == relative(seen.share, 1e-3)


# --- lithium ---------------------------------------------------------------------------------


def debye_layer(volts=-0.005, length=40 * NM):
    """Return a weak layer of 2 nm before an electrode."""
    layer = LatticeGasLayer(30.0, 4.3e25, 0.5)
    mesh = strip(graded(length, 0.02 * NM, 1.03, 0.2 * NM), width=2 * NM, layers=2)
    lithium = Carrier(name="Li", charge=1, site_density=4.3e25, site_fraction=0.5)
    assert layer.debye_length > 0.0
    return Model(
        mesh,
        {"electrolyte": Material(relative_permittivity=30.0, carriers=(lithium,))},
        contacts={
            "left": PotentialContact(potential=volts),
            "right": ReservoirContact(carrier="Li", potential="neutral"),
        },
    )


def test_blurred_lithium_of_a_debye_layer():
    """c0 (1 + a exp(-x/L)) before an edge is seen with the edge and the layer both smeared."""
    model = debye_layer()
    state = model.equilibrium()
    layer, width = LatticeGasLayer(30.0, 4.3e25, 0.5), 1.5 * NM
    sigma, decay = width / FWHM, layer.debye_length
    seen = lithium_profile(state, "x", resolution=width, bin_width=0.1 * NM)
    x = seen.position
    bulk = 0.5 * 4.3e25 / Avogadro * 2 * NM
    excess = 0.5 * 0.005 / model.discretized.scaling.potential
    s = sigma / decay
    tail = 0.5 * np.exp(0.5 * s * s - x / decay) * erfc((s - x / sigma) / np.sqrt(2.0))
    edge = 0.5 * (1.0 + erf(x / (np.sqrt(2.0) * sigma)))
    near = x < 30 * NM
    exact = bulk * (edge + excess * tail)
    assert seen.amount[near] == pytest.approx(exact[near], abs=1e-3 * bulk * excess + 1e-4 * bulk)
    assert seen.total == relative(state.amount("Li"), 1e-12)
    assert seen.amount.sum() * (x[1] - x[0]) == relative(state.amount("Li"), 1e-12)


@pytest.mark.parametrize("ends", ["open", "continued"])
@pytest.mark.parametrize("direction", ["x", "y", (1.0, 0.3)])
def test_lithium_is_conserved_also_with_straggling(ends, direction):
    state = debye_layer(volts=-0.3).equilibrium()
    seen = lithium_profile(
        state,
        direction,
        resolution=lambda depth: np.sqrt((1.5 * NM) ** 2 + 2e-9 * depth),
        ends=ends,
    )
    assert seen.total == relative(state.amount("Li"), 1e-12)
    assert np.ptp(seen.resolution) > 0.0


def test_lithium_map_holds_all_lithium():
    state = debye_layer(volts=-0.3).equilibrium()
    seen = lithium_map(state, resolution="1 nm")
    area = (seen.x[1] - seen.x[0]) * (seen.y[1] - seen.y[0])
    assert seen.concentration.sum() * area == relative(state.amount("Li"), 1e-12)


# --- levels ----------------------------------------------------------------------------------


def two_phases(step=0.3):
    """Return a contact of two lithium conductors whose standard potentials differ by `step`."""
    half = graded(60 * NM, 0.05 * NM, 1.2, 1 * NM)
    x = np.concatenate([60 * NM - half[::-1], 60 * NM + half[1:]])
    lithium = {"name": "Li", "charge": 1, "site_density": 4e25}
    materials = {
        "a": Material(relative_permittivity=12.0, carriers=[Carrier(site_fraction=0.4, **lithium)]),
        "b": Material(
            relative_permittivity=30.0,
            carriers=[Carrier(site_fraction=0.5, standard_potential=step, **lithium)],
        ),
    }
    return Model(
        strip(x, 2 * NM, 2, [("a", 60 * NM), ("b", 120 * NM)]),
        materials,
        contacts={"right": ReservoirContact(carrier="Li", potential="neutral")},
    )


def test_drops_of_the_stack_are_the_built_in_potential():
    state = two_phases().equilibrium()
    line = (0.0, 1 * NM), (120 * NM, 1 * NM)
    diagram = band_diagram(state, *line, reference="b")
    built_in = diagram.built_in_potential("a", "b")
    kt = state.model.discretized.scaling.potential
    assert built_in == relative(-0.3 + kt * np.log(0.4 / 0.6), 1e-12)
    assert np.ptp(diagram.levels["Li"]) < 1e-9
    steps = stack_potential(state, *line)
    assert steps.total == relative(built_in, 1e-5)
    assert steps.drop.sum() == relative(steps.total, 1e-12)
    layers = state.interface("a|b")
    assert layers.sides[0].region == "a"
    surface = layers.potential
    assert steps.before[1] == pytest.approx(surface - state.potential[0], abs=1e-6)


def test_a_layer_thinner_than_the_samples_of_a_stack_keeps_its_drops():
    """Two steps of 0.1 V around 1 nm in 400 nm; with 20 samples as with 4000, and no jump."""
    half = graded(200 * NM, 0.05 * NM, 1.2, 10 * NM, fine="right")
    film = np.linspace(200.1 * NM, 201 * NM, 10)
    x = np.concatenate([half, film, 401 * NM - half[-2::-1]])
    lithium = dict(name="Li", charge=1, site_density=1e26, site_fraction=0.5, conductivity=1.0)
    materials = {
        region: Material(
            name=region,
            relative_permittivity=10,
            carriers=[Carrier(**lithium, standard_potential=level)],
        )
        for region, level in (("a", 0.0), ("film", -0.1), ("b", 0.0))
    }
    mesh = strip(x, 2 * NM, 2, [("a", 200 * NM), ("film", 201 * NM), ("b", 401 * NM)])
    reservoir = ReservoirContact(carrier="Li", potential="neutral")
    state = Model(mesh, materials, contacts={"left": reservoir}).equilibrium()
    line = (0.0, 1 * NM), (401 * NM, 1 * NM)
    few, many = (stack_potential(state, *line, points=points) for points in (20, 4000))
    assert few.place.tolist() == ["start", "a|film", "film|b", "end"]
    assert few.position[1:3] == relative([200 * NM, 201 * NM], 1e-9)
    assert np.abs(few.jump).max() < 1e-8
    assert few.drop[1] == pytest.approx(-few.drop[2], abs=1e-6)
    assert abs(few.drop[1]) > 0.02
    surfaces = [state.interface(name).potential for name in ("a|film", "b|film")]
    assert few.before[1] == pytest.approx(surfaces[0], abs=1e-4)
    assert few.drop[1:3] == pytest.approx(many.drop[1:3], abs=1e-6)


def test_compact_layers_of_contacts_belong_to_the_stack():
    """From electrode to electrode it is the voltage, whatever the compact layer takes of it."""
    lithium = Carrier(name="Li", charge=1, site_density=1e25, site_fraction=0.5, conductivity=1.0)
    model = Model(
        strip(graded(50 * NM, 0.1 * NM, 1.2, 2 * NM, fine="both"), 2 * NM, 2),
        {"electrolyte": Material(relative_permittivity=10, carriers=[lithium])},
        contacts={
            "left": PotentialContact(potential=1.0, compact_capacitance=0.1),
            "right": PotentialContact(potential=0.0),
        },
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )
    state = model.equilibrium()
    steps = stack_potential(state, (0.0, 1 * NM), (50 * NM, 1 * NM))
    assert steps.total == relative(-1.0, 1e-9)
    assert steps.drop.sum() == relative(-1.0, 1e-9)
    here = np.argmin(np.hypot(*(model.mesh.points - [0.0, 1 * NM]).T))
    at_wall = float(state.potential[here])
    assert steps.jump[0] == pytest.approx(at_wall - 1.0, abs=1e-8)
    assert abs(steps.jump[0]) > 0.05
    assert steps.jump[-1] == 0.0
    diagram = band_diagram(state, (0.0, 1 * NM), (50 * NM, 1 * NM), reference="left")
    assert diagram.shift == relative(1.0, 1e-12)


def test_site_level_and_fermi_level_are_apart_by_the_occupation():
    state = two_phases().equilibrium()
    diagram = band_diagram(state, (0.0, 1 * NM), (120 * NM, 1 * NM))
    cut = state.cut((0.0, 1 * NM), (120 * NM, 1 * NM), 400)
    kt = state.model.discretized.scaling.potential
    y = np.interp(diagram.distance, cut.distance, cut.fields["site_fraction_Li"])
    apart = diagram.levels["Li"] - diagram.standard_levels["Li"]
    far = np.abs(diagram.distance - 60 * NM) > 10 * NM
    assert apart[far] == pytest.approx(kt * np.log(y / (1.0 - y))[far], abs=1e-6)


def test_closed_cell_conserves():
    """A closed amount stays closed in what is seen."""
    model = debye_layer()
    closed = Model(
        model.mesh,
        model.materials,
        contacts={side: PotentialContact(potential=v) for side, v in (("left", 0.2), ("right", 0))},
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )
    state = closed.equilibrium()
    assert lithium_profile(state).total == relative(state.amount("Li"), 1e-12)
