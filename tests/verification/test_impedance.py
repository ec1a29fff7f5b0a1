"""Impedance: closed forms, second order, identities of passive reciprocal systems, time domain."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from approx import relative
from random_composites import composite
from scipy.constants import elementary_charge, epsilon_0

from pyscl import Model, PotentialContact, ReservoirContact, analytic, eis
from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import ButlerVolmer, ContactResistance, Interface
from pyscl.mesh import strip
from pyscl.study.impedance import LinearizedModel, impedance
from pyscl.study.impedance.step_response import charge_transform, step_impedance
from pyscl.verification.impedance_setups import (
    INSERTION,
    active_material,
    blocking_cell,
    dilute_conductor,
    insertion_cell,
    junction,
    reversible_cell,
)
from pyscl.verification.norms import observed_orders
from pyscl.verification.setups import (
    VT,
    WIDTH,
    dielectric,
    lattice_gas_wall,
    salt,
    salt_length,
)
from pyscl.verification.transient_setups import (
    DIFFUSIVITY,
    charging_slab,
    particle,
    relaxation_time,
)
from pyscl.verification.transport_setups import driven_layer

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
TABLES = REFERENCE["impedance"]
HALF = LatticeGasLayer(30.0, 1e26, 0.5)


def table(rows):
    """Frequencies [Hz] and impedances [Ohm m2] of a table."""
    return (
        np.array([row["f"] for row in rows]),
        np.array([complex(row["re"], row["im"]) for row in rows]),
    )


def area_specific(model, frequencies, **drive):
    """Impedance about the equilibrium [Ohm m2]."""
    return impedance(model.equilibrium(), frequencies, **drive).area_specific


def errors(compute, exact, levels):
    """Complex relative errors (n_levels, n)."""
    return np.array([compute(level) / exact - 1.0 for level in levels])


def check_second_order(found, finest, limit, window=(1.9, 2.1), visible=1e-6):
    """Check errors (n_levels, n) of meshes with halved steps.

    Args:
        found: complex relative errors.
        finest: largest on the finest mesh.
        limit: largest after extrapolation from the last two meshes.
        window: of the observed order, where the error is visible.
        visible: errors below are not all of the mesh.
    """
    size = np.abs(found)
    assert size[-1].max() < finest, size
    assert np.abs((4.0 * found[-1] - found[-2]) / 3.0).max() < limit, size
    seen = size[-1] > visible
    assert seen.any()
    orders = observed_orders(size[:, seen])[-1]
    assert window[0] < orders.min() <= orders.max() < window[1], orders


def sum_of(spectrum):
    return sum(part.values for part in spectrum.contributions)


# --- blocking slabs: tables A4 ---------------------------------------------------------------


def test_slab_of_one_carrier_tends_to_the_table_with_second_order():
    """A4 a: a dilute carrier at 300 K, 103 Debye lengths, 1 mHz to 10 MHz.

    The error is that of the layer capacitance; the resistance of 1.5 % below L/sigma is met ten
    times better.
    """
    case = TABLES["one_carrier"]
    f, exact = table(case["rows"])
    material = dilute_conductor(case["eps_r"], case["density"], case["conductivity"])

    def compute(per_length):
        model = blocking_cell(
            material, case["thickness"], case["length"], per_length, temperature=case["T"]
        )
        return area_specific(model, f)

    found = errors(compute, exact, (20, 40, 80))
    check_second_order(found, finest=9e-5, limit=1e-6)
    real = compute(40).real / exact.real - 1.0
    assert np.abs(real).max() < 1e-4
    assert np.abs(real[:5]).max() < 5e-6


@pytest.mark.parametrize("case", TABLES["salt"]["cases"], ids=lambda c: str(c["diffusivities"]))
def test_salts_tend_to_the_tables_with_second_order(case):
    """A4 b: two carriers of equal and unequal mobility (1:1, 10:1, 1000:1), 37 Debye lengths.

    D+ of the model is 1e3 times that of the table, which multiplies frequencies by 1e3 and divides
    impedances by it.
    """
    common = TABLES["salt"]
    f, exact = table(case["rows"])
    cation, anion = case["diffusivities"]
    material = salt(common["eps_r"], common["density"], anion / cation)

    def compute(per_length):
        model = blocking_cell(
            material, common["thickness"], common["length"], per_length, temperature=common["T"]
        )
        return 1e3 * area_specific(model, 1e3 * f)

    check_second_order(errors(compute, exact, (20, 40, 80)), finest=9e-5, limit=2e-6)


@pytest.mark.parametrize("mobility", ["vacancy", "dilute", "constant-conductivity"])
@pytest.mark.parametrize("theta", [0.05, 0.5, 0.9])
def test_at_flat_band_statistics_and_mobility_do_not_matter(theta, mobility):
    """A4: a lattice gas shall have the impedance of a dilute carrier of its lambda and sigma."""
    layer = LatticeGasLayer(30.0, 1e26, theta)
    stiffness = theta * (1.0 - theta) * layer.site_density
    sigma = DIFFUSIVITY * elementary_charge * stiffness / VT
    thickness = 16.0 * layer.debye_length
    tau = layer.relative_permittivity * epsilon_0 / sigma
    f = np.geomspace(1e-5, 10.0, 7) / (2.0 * np.pi * tau)
    exact = analytic.blocking_slab_impedance(f, thickness, sigma, 30.0, layer.debye_length)

    def compute(per_length):
        return area_specific(charging_slab(layer, 8.0, mobility, per_length), f)

    check_second_order(errors(compute, exact, (10, 20, 40)), 4e-4, 2e-5, (1.85, 2.15))


def test_a_coin_cell_has_the_impedance_of_its_area():
    """A slab rotated about its axis shall have Z = Z_area/(pi R^2), in Ohm.

    Its sites weigh with the radius, which shows in 3e-5, a hundredth of the error of the mesh.
    """
    flat = blocking_cell(dilute_conductor(10.0, 1e24, 1e-3), 4e-8, 3e-9, 10.0)
    radius = flat.mesh.points[:, 1].max()
    mesh = replace(
        flat.mesh, points=flat.mesh.points[:, ::-1], triangles=flat.mesh.triangles[:, ::-1]
    )
    coin = Model(
        mesh,
        flat.materials,
        contacts=flat.contacts,
        conserved=flat.conserved,
        coordinates="axisymmetric",
    )
    f = np.geomspace(1.0, 1e8, 5)
    spectrum = impedance(coin.equilibrium(), f)
    assert spectrum.unit == "Ohm"
    assert spectrum.area == relative(np.pi * radius**2, 1e-12)
    np.testing.assert_allclose(spectrum.area_specific, area_specific(flat, f), rtol=1e-4)


# --- layers in series: A9 --------------------------------------------------------------------


def test_dielectric_films_are_in_series_with_the_slab():
    """Films before both electrodes shall add 2 d/(i w eps) to the impedance of the slab."""
    permittivity, depth, thickness, length = 200.0, 3e-9, 4e-8, 2e-9
    density = 16.6 * epsilon_0 * VT / (elementary_charge * length**2)
    f = np.geomspace(10.0, 1e9, 9)
    exact = analytic.blocking_slab_impedance(f, thickness, 1e-3, 16.6, length)
    exact = exact + 2.0 * depth / (2j * np.pi * f * permittivity * epsilon_0)

    def compute(per_length):
        material = dilute_conductor(16.6, density, 1e-3)
        return area_specific(
            blocking_cell(material, thickness, length, per_length, film=(depth, permittivity)), f
        )

    check_second_order(errors(compute, exact, (20, 40, 80)), 1e-4, 1e-5)


def test_two_dielectrics_are_a_capacitor_at_any_frequency():
    """10 nm of eps 30 on 5 nm of eps 1000 without carriers: 1/(i w C), to rounding."""
    static = REFERENCE["series"]["static"]
    ends = np.cumsum(static["thickness"])
    model = Model(
        strip(
            np.linspace(0.0, ends[1], 16), WIDTH, regions=[("film", ends[0]), ("oxide", ends[1])]
        ),
        {"film": dielectric(30.0), "oxide": dielectric(1000.0)},
        contacts={side: PotentialContact(potential=0.0) for side in ("left", "right")},
    )
    f = np.array([1e-3, 1.0, 1e12])
    z = area_specific(model, f)
    np.testing.assert_allclose(z * 2j * np.pi * f * static["C"], 1.0, rtol=1e-9)


def two_layers():
    """The layers of the table A9 as lattice gases, their thicknesses and conductivities."""
    case = REFERENCE["series"]
    first, second = (
        LatticeGasLayer(eps_r, sites, theta)
        for eps_r, sites, theta in zip(case["eps_r"], (1e27, 2e28), (0.5, 0.3), strict=True)
    )
    return (first, second), tuple(case["thickness"]), tuple(case["conductivity"])


def test_two_conductors_have_the_bulk_of_the_table_and_the_charge_between_them():
    """A9: the bulk parts are sum L/(sigma + i w eps); the rest is the junction, second order.

    The junction is at most 1.5 times the sum: in the bad conductor its charge reaches
    lambda/sqrt(w tau) and is as good as blocked.
    """
    layers, thicknesses, conductivities = two_layers()
    f, sharp = table(REFERENCE["series"]["rows"])
    permittivities = tuple(k.relative_permittivity for k in layers)
    lengths = tuple(k.debye_length for k in layers)
    exact = sharp + analytic.junction_impedance(f, conductivities, permittivities, lengths)
    spectra = []
    for per_length in (10, 20, 40):
        model = junction(layers, thicknesses, conductivities, per_length, shortest=5e-12)
        spectra.append(impedance(model.equilibrium(), f, contact="right"))
    found = np.array([s.area_specific for s in spectra]) / exact - 1.0
    check_second_order(found, 4e-4, 4e-5, (1.8, 2.2))
    bulk = sum(spectra[0].contribution("bulk", region).values for region in ("a", "b"))
    np.testing.assert_allclose(bulk * spectra[0].area, sharp, rtol=1e-8)
    between = spectra[2].contribution("layer", "a|b").values * spectra[2].area
    assert np.abs(between - (exact - sharp)).max() < 1e-3 * np.abs(exact - sharp).max()


def test_an_interface_resistance_and_compact_layer_are_in_series():
    """R || C_s between two equal layers, without charge in them, shall add R/(1 + i w R C_s).

    The capacitance is the one whose displacement is that of the field in the layers.
    """
    resistance, sigma = 2e-6, 1e-2
    capacitance = 30.0 * epsilon_0 / (sigma * resistance)
    interface = Interface(
        kinetics={"Li": ContactResistance(resistance=resistance)}, compact_capacitance=capacitance
    )
    model = junction((HALF, HALF), (2e-8, 3e-8), (sigma, sigma), 5.0, interface)
    f = np.geomspace(1e2, 1e10, 9)
    exact = analytic.series_impedance(f, [5e-8], [sigma], [30.0])
    exact = exact + analytic.randles_impedance(f, 0.0, resistance, capacitance)
    spectrum = impedance(model.equilibrium(), f)
    np.testing.assert_allclose(spectrum.area_specific, exact, rtol=1e-8)
    transfer = spectrum.contribution("transfer", "a|b").values * spectrum.area
    np.testing.assert_allclose(
        transfer, analytic.randles_impedance(f, 0.0, resistance, capacitance), rtol=1e-7
    )


# --- capacitance under bias ------------------------------------------------------------------


@pytest.mark.parametrize("volts", [-1.0, -0.3, 0.0, 0.3, 1.0])
@pytest.mark.parametrize("theta", [0.1, 0.5])
def test_low_frequency_capacitance_is_that_of_the_layer_up_to_1_v(theta, volts):
    """Im(1/Z)/w at low frequency shall be dQ/dV: on the mesh to 1e-6, exactly in the limit."""
    layer = LatticeGasLayer(30.0, 1e27, theta)
    found, step = [], 2e-4
    for per_length in (20, 40):
        model = lattice_gas_wall(layer, volts, per_length)
        state = model.equilibrium()
        capacitance = float(impedance(state, [1e-2]).capacitance[0])
        found.append(capacitance / WIDTH / float(layer.capacitance(volts)) - 1.0)
        less, more = (
            model.steady({"left": dv}, state).contact("left").charge for dv in (-step, step)
        )
        assert capacitance == relative((more - less) / (2.0 * step), 2e-5)
    assert abs(found[1]) < 1e-3
    assert abs(4.0 * found[1] - found[0]) / 3.0 < 2e-5


@pytest.mark.parametrize("bias", [0.0, 4.0 * VT, -10.0 * VT])
def test_low_frequency_resistance_is_the_slope_of_the_steady_curve(bias):
    """With a direct current Z at low frequency shall be dV/dI of the steady states, to 1e-6."""
    model = driven_layer(HALF, 8.0 * VT, per_length=10.0)
    state = model.steady({"left": bias})
    step = 2e-4 * VT
    currents = [
        model.steady({"left": bias + dv}, state).contact("left").current for dv in (-step, step)
    ]
    z = complex(impedance(state, [1e-5]).impedance[0])
    assert z.real == relative(2.0 * step / (currents[1] - currents[0]), 1e-6)
    assert abs(z.imag) < 1e-6 * z.real


@pytest.mark.parametrize("overpotential", [-8.0, 0.0, 8.0])
def test_transfer_resistance_is_the_slope_of_the_kinetics_under_current(overpotential):
    """The part of an interface under current shall be d eta/d i of Butler-Volmer, to 1e-6."""
    i0, symmetry, sigma = 1.0, 0.3, 1e-2
    eta = overpotential * VT
    current = float(analytic.butler_volmer_current(eta, i0, symmetry))
    # no charge in the layers if the compact layer takes their displacement, here at any current
    capacitance = 30.0 * epsilon_0 * current / (sigma * eta) if eta else 1e-9
    interface = Interface(
        kinetics={"Li": ButlerVolmer(exchange_current=i0, symmetry=symmetry)},
        compact_capacitance=capacitance,
    )
    model = junction((HALF, HALF), (1e-8, 1e-8), (sigma, sigma), 5.0, interface)
    state = model.steady({"left": eta + current * 2e-8 / sigma})
    assert state.contact("left").current == relative(current * WIDTH, 1e-7) or not eta
    spectrum = impedance(state, [1e-3])
    rate = (
        i0
        / VT
        * (
            symmetry * np.exp(symmetry * overpotential)
            + (1.0 - symmetry) * np.exp((symmetry - 1.0) * overpotential)
        )
    )
    transfer = spectrum.contribution("transfer", "a|b").values[0] * spectrum.area
    assert transfer.real == relative(1.0 / rate, 1e-6)


# --- diffusion and kinetics ------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [0.5, 1.0, 5.0])
def test_salt_between_reversible_electrodes_tends_to_the_exact_form(ratio):
    """200 Debye lengths from the neutral diffusion to the dielectric relaxation, second order."""
    density = 6e23
    f = np.geomspace(10.0, 1e5, 9)
    thickness = 200.0 * salt_length(78.5, density)
    exact = analytic.reversible_salt_impedance(f, thickness, 78.5, density, (1e-10, 1e-10 * ratio))

    def compute(per_length):
        return area_specific(reversible_cell(density, 200.0, ratio, per_length), f)

    check_second_order(errors(compute, exact, (20, 40, 80)), 1e-3, 2e-5, (1.8, 2.2))


def test_thick_salt_has_a_transmitting_warburg_element():
    """1e4 Debye lengths between reversible electrodes: L/sigma and (L/sigma) D-/D+ tanh(y)/y."""
    density, ratio = 6e25, 2.0
    model = reversible_cell(density, 1e4, ratio, 10.0)
    thickness = 1e4 * salt_length(78.5, density)
    sigma = elementary_charge * density * 1e-10 * (1.0 + ratio) / VT
    time = thickness**2 / (4.0 * float(analytic.ambipolar_diffusivity((1e-10, 1e-10 * ratio))))
    f = np.geomspace(1e-2, 30.0, 8) / time
    warburg = analytic.finite_warburg_impedance(f, thickness / sigma * ratio, time)
    z = area_specific(model, f)
    np.testing.assert_allclose(z, thickness / sigma + warburg, rtol=3e-3)


@pytest.mark.parametrize("shape", ["slab", "cylinder", "sphere"])
def test_particles_have_the_reflecting_warburg_element_of_their_shape(shape):
    """Lithium in an active material shall store and diffuse as the closed form, second order."""
    radius, ionic, electronic, sites = 1e-6, 1e-5, 10.0, 2e28
    slope = float(np.diff(INSERTION.voltage_at([0.5 - 1e-4, 0.5 + 1e-4]))[0] / 2e-4)
    diffusivity = float(analytic.mixed_conductor_diffusivity(ionic, electronic, slope, sites))
    f = np.array([1e-5, 1e-4, 1e-3, 3e-3])
    exact = analytic.particle_impedance(f, radius, diffusivity, slope, sites, shape)

    def compute(cells):
        model, surface = particle(
            active_material(ionic, electronic), ("Li", "e"), shape, radius, cells
        )
        return area_specific(model, f, contact=surface)

    check_second_order(errors(compute, exact, (10, 20, 40)), 1e-2, 5e-4, (1.8, 2.2), 1e-5)


ELECTROLYTE, PARTICLE = 1e-7, 1e-6  # thicknesses [m]
SIGMA = (1e-2, 1e-5, 10.0)  # electrolyte, ions and electrons of the particle [S/m]
EXCHANGE, COMPACT = 10.0, 5e-3  # A/m2, F/m2


def insertion_spectrum(f, per_length=10.0):
    interface = Interface(
        kinetics={"Li": ButlerVolmer(exchange_current=EXCHANGE)}, compact_capacitance=COMPACT
    )
    model = insertion_cell((ELECTROLYTE, PARTICLE), SIGMA, interface, per_length)
    return impedance(model.equilibrium(), f, contact="left")


def test_insertion_cell_is_randles_cell_with_a_warburg_element():
    """Lithium | electrolyte | particle | collector: R_s, R_ct || C, and diffusion in the particle.

    C is the compact layer in series with both diffuse layers, eps/lambda. That the charge of these
    sits beside the kinetics, not across it, is worth up to C_s lambda/eps, here 1 %.
    """
    f = np.geomspace(1e-6, 1e6, 25)
    layer = LatticeGasLayer(30.0, 1e27, 0.5)
    screening = np.sqrt(10.0 * epsilon_0 * 0.75 / (elementary_charge * 2e28 * 4.0))
    capacitance = analytic.series_capacitance(
        [1.0 / COMPACT, layer.debye_length / (30.0 * epsilon_0), screening / (10.0 * epsilon_0)],
        np.full(3, 1.0 / epsilon_0),
    )
    transfer = float(analytic.charge_transfer_resistance(EXCHANGE))
    diffusion = analytic.mixed_conductor_impedance(f, PARTICLE, *SIGMA[1:], -0.75, 2e28)
    exact = analytic.randles_impedance(f, 0.0, transfer, float(capacitance), diffusion)
    exact = exact + analytic.series_impedance(f, [ELECTROLYTE], [SIGMA[0]], [30.0])
    spectrum = insertion_spectrum(f)
    z = spectrum.area_specific
    np.testing.assert_allclose(z, exact, rtol=5e-3)
    # limits: filling and a third of the diffusion; kinetics; the electrolyte
    slow, middle, fast = z[0], z[np.argmin(np.abs(f - 30.0))], z[-1]
    filling = elementary_charge * 2e28 * PARTICLE / 0.75
    assert -1.0 / (2.0 * np.pi * f[0] * slow.imag) == relative(filling, 1e-3)
    assert slow.real == relative(transfer + PARTICLE / SIGMA[1] / 3.0 + 1e-5, 1e-2)
    assert middle.real == relative(transfer, 0.1)
    assert fast.real == relative(ELECTROLYTE / SIGMA[0], 0.1)
    kinetics = spectrum.contribution("transfer", "electrolyte|particle").values * spectrum.area
    assert kinetics[9].real == relative(transfer, 1e-3)


# --- identities ------------------------------------------------------------------------------


def with_gate(model, law):
    """The model with a third contact in the middle of its upper side, away from the corners."""
    mesh = model.mesh
    upper = mesh.facets_of("top")
    x = mesh.points[upper, 0].mean(axis=1) / mesh.points[:, 0].max()
    gate = upper[(x > 0.3) & (x < 0.7)]
    number = np.full(len(gate), len(mesh.facet_names), dtype=np.int32)
    return Model(
        replace(
            mesh,
            facets=np.concatenate([mesh.facets, gate]),
            facet_group=np.concatenate([mesh.facet_group, number]),
            facet_names=(*mesh.facet_names, "gate"),
        ),
        model.materials,
        contacts={**model.contacts, "gate": law},
        temperature=model.temperature,
        coordinates=model.coordinates,
    )


GATES = {
    "electrode": PotentialContact(potential=0.3),
    "reservoir": ReservoirContact(carrier="Li", potential="neutral"),
}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("gate", GATES)
def test_admittance_of_random_composites_is_symmetric_passive_and_closed(seed, gate):
    """At equilibrium: Y = Y^T (Onsager), Re Y >= 0 as a matrix, currents and voltages add up."""
    model = with_gate(composite(seed)[0], GATES[gate])
    linearized = LinearizedModel(model.equilibrium())
    for f in 10.0 ** np.arange(-4.0, 11.0, 2.0):
        y = linearized.admittance(f)
        size = np.abs(y).max()
        assert np.abs(y - y.T).max() < 1e-12 * size
        assert np.abs(y.sum(axis=0)).max() < 1e-10 * size
        assert np.abs(y.sum(axis=1)).max() < 1e-10 * size
        assert np.linalg.eigvalsh(y.real).min() > -1e-10 * size


@pytest.mark.parametrize("seed", [0, 3])
def test_admittance_under_current_is_the_slope_of_the_steady_currents(seed):
    """Three reservoirs under a bias of 39 kT/e or more: dI_a/dV_b, which is not symmetric."""
    model, bias = composite(seed)
    model = with_gate(model, GATES["reservoir"])
    state = model.steady(bias)
    linearized = LinearizedModel(state)
    names = linearized.contacts
    y = linearized.admittance(1e-6).real
    step, slopes = 1e-5, np.empty((3, 3))
    for column, driven in enumerate(names):
        less, more = (
            model.steady({**bias, driven: bias.get(driven, 0.0) + dv}, state)
            for dv in (-step, step)
        )
        for row, name in enumerate(names):
            change = more.contact(name).current - less.contact(name).current
            slopes[row, column] = change / (2.0 * step)
    np.testing.assert_allclose(y, slopes, rtol=0.0, atol=1e-5 * np.abs(y).max())
    assert np.abs(y - y.T).max() > 1e-4 * np.abs(y).max()


@pytest.mark.parametrize("seed", [1, 4])
def test_swapped_roles_have_one_impedance(seed):
    """Z_ab = Z_ba, and with an open gate the same from both ends; Z adds up like a network."""
    model = with_gate(composite(seed)[0], GATES["reservoir"])
    state = model.equilibrium()
    f = np.array([1e-2, 1e3, 1e8])

    def z(contact, reference, open_contacts=()):
        spectrum = impedance(
            state, f, contact=contact, reference=reference, open_contacts=open_contacts
        )
        return spectrum.impedance

    opened = z("left", "right", ("gate",))
    np.testing.assert_allclose(opened, z("right", "left", ("gate",)), rtol=1e-9)
    # the three-pole: driving point impedances between pairs, third open
    pairs = opened, z("left", "gate", ("right",)), z("right", "gate", ("left",))
    linearized = LinearizedModel(state)
    for k, frequency in enumerate(f):
        y = linearized.admittance(frequency)
        grounded = np.linalg.inv(y[:2, :2])  # against the gate, contacts left and right
        assert linearized.contacts == ("left", "right", "gate")
        assert pairs[1][k] == relative(grounded[0, 0], 1e-8)
        assert pairs[2][k] == relative(grounded[1, 1], 1e-8)
        together = grounded[0, 0] + grounded[1, 1] - grounded[0, 1] - grounded[1, 0]
        assert pairs[0][k] == relative(together, 1e-8)


@pytest.mark.parametrize("seed", range(12))
def test_random_composites_are_passive_and_their_parts_add_up(seed):
    """Re Z > 0 at rest and under a strong current, and contributions sum to Z to 1e-8."""
    model, bias = composite(seed)
    rest = model.equilibrium()
    f = 10.0 ** np.arange(-4.0, 11.0, 2.0)
    for state in (rest, model.steady(bias, rest)):
        spectrum = impedance(state, f)
        assert (spectrum.impedance.real > 0.0).all()
        np.testing.assert_allclose(sum_of(spectrum), spectrum.impedance, rtol=1e-8)
    assert (impedance(rest, f).impedance.imag < 0.0).all()


@pytest.mark.parametrize("contact", ["left", "right"])
@pytest.mark.parametrize("per_length", [5.0, 20.0])
def test_parts_add_up_where_conductivities_differ_by_millions(contact, per_length):
    """Contributions shall sum to Z to 1e-8, and Z be one, from the good and the bad conductor."""
    layers, thicknesses, conductivities = two_layers()
    state = junction(layers, thicknesses, conductivities, per_length).equilibrium()
    f = np.array([1e-3, 1.0, 1e3, 1e6, 1e9])
    spectrum = impedance(state, f, contact=contact)
    np.testing.assert_allclose(sum_of(spectrum), spectrum.impedance, rtol=1e-8)
    other = impedance(state, f, contact="right" if contact == "left" else "left")
    np.testing.assert_allclose(other.impedance, spectrum.impedance, rtol=1e-8)


@pytest.mark.parametrize("volts", [-0.5, 0.0, 0.5])
def test_a_blocking_cell_has_one_resistance_from_both_ends(volts):
    """Re Z and Im Z shall be the same from the electrode and from the reservoir at 1 mHz.

    The resistance is 1e-9 of the modulus there, and the current 1e-12 of what single elements at
    the reservoir conduct.
    """
    state = lattice_gas_wall(HALF, volts).equilibrium()
    f = np.array([1e-3, 1.0, 1e3])
    left, right = (impedance(state, f, contact=side).impedance for side in ("left", "right"))
    np.testing.assert_allclose(right.real, left.real, rtol=1e-8)
    np.testing.assert_allclose(right.imag, left.imag, rtol=1e-8)


def test_parts_of_an_insertion_cell_add_up():
    """Contributions shall sum to Z to 1e-8, and the bulk be L/(sigma + i w eps)."""
    f = np.geomspace(1e-4, 1e8, 13)
    spectrum = insertion_spectrum(f)
    np.testing.assert_allclose(sum_of(spectrum), spectrum.impedance, rtol=1e-8)
    bulk = spectrum.contribution("bulk", "electrolyte").values * spectrum.area
    sharp = analytic.series_impedance(f, [ELECTROLYTE], [SIGMA[0]], [30.0])
    np.testing.assert_allclose(bulk, sharp, rtol=1e-6)


@pytest.mark.parametrize(
    "state",
    [
        lambda: charging_slab(HALF, 10.0).equilibrium(),
        lambda: lattice_gas_wall(HALF, 0.5).equilibrium(),
        lambda: driven_layer(HALF, 8.0 * VT, per_length=10.0).steady({"left": 4.0 * VT}),
        lambda: composite(1)[0].equilibrium(),
        lambda: reversible_cell(6e23, 100.0, 0.5).equilibrium(),
    ],
    ids=["blocking", "depleted", "current", "composite", "diffusion"],
)
def test_computed_spectra_are_causal(state):
    """Spectra with adaptive frequencies shall pass the Kramers-Kronig test to 1e-4."""
    spectrum = impedance(state())
    assert len(spectrum.frequencies) < 200
    assert eis.kramers_kronig(spectrum).passes(1e-4)


# --- time domain -----------------------------------------------------------------------------


def test_charge_transform_is_exact_for_a_relaxation():
    """A jump, an exponential and a final slope shall transform as in closed form."""
    time = np.concatenate([[0.0], np.geomspace(1e-6, 60.0, 20001)])
    charge = 1.0 + 2.0 * -np.expm1(-time) + 0.1 * time
    time, charge = np.concatenate([[0.0], time]), np.concatenate([[0.0], charge])
    f = np.array([1e-3, 0.1, 3.0])
    i_omega = 2j * np.pi * f
    exact = i_omega * 1.0 + 2.0 * i_omega / (1.0 + i_omega) + 0.1
    np.testing.assert_allclose(charge_transform(time, charge, f), exact, rtol=1e-5)


@pytest.mark.parametrize(
    ("state", "tolerance"),
    [
        (lambda: charging_slab(HALF, 10.0).equilibrium(), 2e-3),
        (lambda: lattice_gas_wall(HALF, 0.3, 10.0).equilibrium(), 2e-3),
        (lambda: driven_layer(HALF, 8.0 * VT, per_length=10.0).steady({"left": 4.0 * VT}), 2e-3),
    ],
    ids=["blocking", "depleted", "current"],
)
def test_a_small_step_in_time_has_the_transform_of_the_spectrum(state, tolerance):
    """Charge after a step of 1e-3 kT/e, transformed to frequency, against the linearisation."""
    state = state()
    f = np.geomspace(1e-3, 1.0, 7) / (2.0 * np.pi * relaxation_time(HALF))
    stepped = step_impedance(state, f, contact="left")
    np.testing.assert_allclose(
        stepped, impedance(state, f, contact="left").impedance, rtol=tolerance
    )
