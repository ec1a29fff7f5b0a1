"""Discs, cylinders and spheres against their closed forms, planar and axisymmetric."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.constants import Avogadro, epsilon_0

from pyscl import Interface, PotentialContact, analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.model import Model
from pyscl.verification.disc_setups import (
    FAR_FIELD,
    curved_wall,
    curved_wall_charge,
    cylinder_model,
    disc_in_field,
    sphere_model,
    switched_off,
)
from pyscl.verification.meshes import layer_grid, sector
from pyscl.verification.norms import field_error, l2_error, region_mean_field
from pyscl.verification.setups import VT, WIDTH, dielectric, lattice_gas, reservoir, salt

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "reference_values.json").read_text())
RADIUS = 5e-9
SALT_LENGTH = float(analytic.debye_length_salt(78.5, Avogadro))
HALF = LatticeGasLayer(30.0, 1e26, 0.5)


# --- dielectrics -----------------------------------------------------------------------------


@pytest.mark.parametrize("row", REFERENCE["disc"], ids=lambda r: f"k={r['contrast']}")
def test_field_inside_a_disc(row, second_order):
    """The field inside a disc shall be uniform and 2/(1+k) of the far field, to second order."""
    k = row["contrast"]

    def inner(level):
        solution = disc_in_field((10.0 * k, 10.0), (RADIUS,), level).equilibrium()
        field = solution["electric_field"].values[solution.model.mesh.regions_of("disc")]
        mean = region_mean_field(solution, "disc")
        # uniform but for the outermost elements, whose chords cut the circle
        assert np.median(np.abs(field[:, 1])) < 1e-2 * abs(mean[0])
        return mean[0] / FAR_FIELD

    # k = 1 is a plain field, whose only error is that of the charged ring
    window = (1.8, 2.2) if k != 1 else (1.7, 2.3)
    second_order(inner, row["inner_field"], levels=(16, 32, 64), finest=2e-3, window=window)


@pytest.mark.parametrize("contrast", [0.1, 10.0, 1000.0])
def test_potential_around_a_disc(contrast, second_order):
    """The potential shall converge in L2 with order two, the field with order one."""

    def exact(x, y, region):
        # the outer form continued into the strip between chords and circle
        r2 = np.maximum(x**2 + y**2, 0.25 * RADIUS**2)
        outside = -x * (1.0 - analytic.disc_polarizability(contrast) * RADIUS**2 / r2)
        inside = -x * analytic.disc_inner_field(contrast)
        chi = switched_off(np.hypot(x, y), RADIUS)
        return FAR_FIELD * np.where(region == 0, inside, chi * outside)

    def errors(level):
        solution = disc_in_field((10.0 * contrast, 10.0), (RADIUS,), level).equilibrium()
        return l2_error(solution.model.mesh, solution.potential, exact)

    second_order(errors, 0.0, levels=(16, 32, 64), finest=2e-3)

    def gradient(x, y, region):
        step = 1e-4 * RADIUS
        pairs = [
            (exact(x + step, y, region), exact(x - step, y, region)),
            (exact(x, y + step, region), exact(x, y - step, region)),
        ]
        return tuple(-(ahead - behind) / (2.0 * step) for ahead, behind in pairs)

    fields = []
    for level in (16, 32, 64):
        solution = disc_in_field((10.0 * contrast, 10.0), (RADIUS,), level).equilibrium()
        field = solution["electric_field"].values
        fields.append(field_error(solution.model.mesh, field, gradient))
    # 1 for piecewise constant fields; below because of the strip between circle and chord
    assert 0.9 < np.log2(fields[1] / fields[2]) < 1.1, fields


@pytest.mark.parametrize("row", REFERENCE["coated_disc"], ids=lambda r: f"{r['core']}/{r['shell']}")
def test_field_in_a_coated_disc(row):
    """The field in the core of a coated disc shall converge to the closed form.

    The shell is thin (a tenth to a half of the radius), so only the accuracy is asked, not an
    order.
    """
    radii = (RADIUS * np.sqrt(row["area_ratio"]), RADIUS)
    eps = (row["core"], row["shell"], row["matrix"])
    errors = []
    for level in (20, 40, 80):
        solution = disc_in_field(eps, radii, level).equilibrium()
        field = region_mean_field(solution, "disc")[0] / FAR_FIELD
        errors.append(abs(field / row["core_field"] - 1.0))
    assert errors[2] < 3e-4, errors
    assert errors[2] < errors[1] / 2.5 < errors[0] / 5.0, errors


def test_neutral_coating_hides_the_core(second_order):
    """A coating that makes the disc equivalent to the matrix shall leave the outside undisturbed.

    Here the closed form holds in a plain box between plate electrodes as well: core 2 in a shell
    of 20 with f = 0.5 is equivalent to 10.
    """
    core, shell, f = 2.0, 20.0, 0.5
    matrix = analytic.CoatedDisc(core, shell, 1.0, f).equivalent_permittivity

    def outside_error(level):
        solution = disc_in_field(
            (core, shell, matrix), (RADIUS * np.sqrt(f), RADIUS), level
        ).equilibrium()
        mesh = solution.model.mesh
        r = np.hypot(*mesh.points.T)
        there = (r > 1.01 * RADIUS) & (r < 2.0 * RADIUS)
        plain = -FAR_FIELD * mesh.points[there, 0]
        return np.abs(solution.potential[there] - plain).max() / (FAR_FIELD * RADIUS)

    second_order(outside_error, 0.0, levels=(16, 32, 64), finest=3e-3)


@pytest.mark.parametrize("contrast", [0.01, 10.0, 1000.0])
def test_field_inside_a_sphere(contrast, second_order):
    """In axisymmetric coordinates the field inside a sphere shall be 3/(k+2) of the far field."""

    def inner(level):
        solution = disc_in_field(
            (10.0 * contrast, 10.0), (RADIUS,), level, axisymmetric=True
        ).equilibrium()
        return region_mean_field(solution, "disc")[1] / FAR_FIELD

    second_order(inner, 3.0 / (contrast + 2.0), levels=(16, 32, 64), finest=3e-3)


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
def test_capacitor_of_two_shells(coordinates, second_order):
    """Two dielectrics between concentric cylinders or spheres shall be capacitors in series."""
    inner, middle, outer = 2e-9, 4e-9, 9e-9

    def charge(level):
        step = 2e-9 / level
        radii = np.concatenate(
            [np.arange(inner, middle - step / 2, step), np.arange(middle, outer + step / 2, step)]
        )
        mesh = sector(radii, np.pi / 2.0, level, [("a", middle), ("b", outer)])
        model = Model(
            mesh,
            {"a": dielectric(30.0), "b": dielectric(5.0)},
            contacts={
                "inner": PotentialContact(potential=1.0),
                "outer": PotentialContact(potential=0.0),
            },
            coordinates=coordinates,
        )
        return model.equilibrium().contact("inner").charge

    if coordinates == "planar":  # a quarter turn
        layers = [np.log(middle / inner) / 30.0, np.log(outer / middle) / 5.0]
        exact = epsilon_0 * np.pi / 2.0 / sum(layers)
    else:  # a hemisphere
        layers = [(1 / inner - 1 / middle) / 30.0, (1 / middle - 1 / outer) / 5.0]
        exact = epsilon_0 * 2.0 * np.pi / sum(layers)
    second_order(charge, exact, levels=(8, 16, 32))


# --- linear screening ------------------------------------------------------------------------


@pytest.mark.parametrize("row", REFERENCE["debye_hueckel_disc"], ids=lambda r: f"a={r['radius']}")
def test_screened_disc_charge(row, second_order):
    """The charge of a disc at 1 mV shall be K1/K0, from a tenth to a hundred Debye lengths."""
    length = HALF.debye_length
    radius = row["radius"] * length
    # 1 mV: the half-filled lattice gas is linear to u^2/24 = 6e-5
    unit = 30.0 * epsilon_0 * 1e-4 / length

    def charge(level):
        model = curved_wall(lattice_gas(HALF), length, radius, 1e-4, level)
        return curved_wall_charge(model.equilibrium(), level, radius)

    second_order(charge, unit * row["field_hat"], limit=3e-5)


@pytest.mark.parametrize("radius", [0.5, 5.0])
def test_screened_potential_around_disc_and_cylinder(radius, second_order):
    """The potential shall follow K0, in the plane and as a cylinder in (r, z)."""
    length = HALF.debye_length

    def planar(level):
        return curved_wall(lattice_gas(HALF), length, radius * length, 1e-4, level)

    def cylinder(level):
        finest = min(radius, 1.0) * length
        radii = radius * length + layer_grid(22.0 * length, finest, level, length)
        return cylinder_model(lattice_gas(HALF), radii, 1e-4)

    def error(model):
        points = model.mesh.points
        r = np.hypot(*points.T) if model.coordinates == "planar" else points[:, 0]
        # the ends of the range, where rounding may put r below the radius
        scaled = np.maximum(r / length, radius)
        exact = 1e-4 * analytic.debye_hueckel_disc_potential(scaled, radius)
        return np.abs(model.equilibrium().potential - exact).max() / 1e-4

    second_order(lambda n: error(planar(n)), 0.0, window=(1.75, 2.25))
    second_order(lambda n: error(cylinder(n)), 0.0, window=(1.75, 2.25))


def test_cylinder_has_the_charge_of_the_disc(second_order):
    """A cylinder in axisymmetric coordinates shall hold 2 pi a times the charge of the disc."""
    length = HALF.debye_length
    field = 1e-4 / length * float(analytic.debye_hueckel_disc_field(2.0))

    def charge(level):
        radii = 2.0 * length + layer_grid(22.0 * length, length, level)
        model = cylinder_model(lattice_gas(HALF), radii, 1e-4)
        return model.equilibrium().contact("left").charge

    second_order(charge, 30.0 * epsilon_0 * field * 2.0 * np.pi * 2.0 * length * WIDTH)


@pytest.mark.parametrize("radius", [0.5, 2.0])
def test_screened_sphere(radius, second_order):
    """A sphere shall have the potential exp(-(r-a)/lambda) a/r and the charge of its slope."""
    length = HALF.debye_length
    a = radius * length

    def solve(level):
        model = sphere_model(lattice_gas(HALF), a, min(a, length), 1e-4, level)
        return model.equilibrium()

    field = 1e-4 * (1.0 / a + 1.0 / length)
    far = 22.0 * min(radius, 1.0)  # the grounded sphere ends the domain
    exact = 2.0 * np.pi * a**2 * 30.0 * epsilon_0 * field
    exact *= 1.0 if far > 20.0 else _grounded_factor(radius, far)

    second_order(
        lambda n: solve(n).contact("inner").charge, exact, levels=(10, 20, 40), finest=3e-3
    )

    def potential(x, y, region):
        r = np.maximum(np.hypot(x, y), 0.5 * a)
        if far > 20.0:
            return 1e-4 * a / r * np.exp((a - r) / length)
        end = a + far * length
        return 1e-4 * a / r * np.sinh((end - r) / length) / np.sinh((end - a) / length)

    def integral_error(level):
        solution = solve(level)
        return l2_error(solution.model.mesh, solution.potential, potential, axisymmetric=True)

    def error_off_axis(level):
        solution = solve(level)
        x, y = solution.model.mesh.points.T
        away = np.arctan2(x, y) > 0.4
        return np.abs(solution.potential - potential(x, y, 0))[away].max() / 1e-4

    second_order(integral_error, 0.0, levels=(10, 20, 40), finest=3e-3)
    # On the axis itself linear elements converge as h^2 ln(1/h).
    second_order(error_off_axis, 0.0, levels=(10, 20, 40), finest=3e-3)


def _grounded_factor(radius, far):
    """Slope of sinh((R-r)/l)/r at the sphere over that of exp(-r/l)/r."""
    return (1.0 / radius + 1.0 / np.tanh(far)) / (1.0 / radius + 1.0)


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
def test_charged_disc_and_sphere_in_an_electrolyte(coordinates, second_order):
    """A charged interface of a disc or sphere shall raise it to sigma over its screening.

    Inside there is no field; outside sigma = eps phi K1/K0 / lambda for the disc and
    eps phi (1/a + 1/lambda) for the sphere. The layer outside holds minus the charge per area.
    """
    length = HALF.debye_length
    radius = 2.0 * length
    sigma = 1e-5
    if coordinates == "planar":
        field = float(analytic.debye_hueckel_disc_field(2.0)) / length
        area = np.pi / 2.0 * radius
    else:
        field = 1.0 / radius + 1.0 / length
        area = 2.0 * np.pi * radius**2
    exact = sigma / (30.0 * epsilon_0 * field)

    def solve(level):
        inside = np.linspace(0.0, radius, level // 2 + 1)
        outside = radius + layer_grid(22.0 * length, length, level)
        mesh = sector(
            np.concatenate([inside, outside[1:]]),
            np.pi / 2.0,
            level,
            [("disc", radius), ("electrolyte", outside[-1])],
        )
        return Model(
            mesh,
            {"disc": dielectric(5.0), "electrolyte": lattice_gas(HALF)},
            contacts={"outer": reservoir()},
            interfaces={"disc|electrolyte": Interface(surface_charge=sigma)},
            coordinates=coordinates,
        ).equilibrium()

    # u = 0.004 at the interface: linear to u^2/24 = 1e-6
    second_order(
        lambda n: solve(n).interface("disc|electrolyte").potential,
        exact,
        levels=(10, 20, 40),
        finest=3e-3,
    )
    solution = solve(40)
    result = solution.interface("disc|electrolyte")
    assert result.measure == pytest.approx(area, rel=1e-3)  # the polygon
    inner, outer = result.sides
    assert outer.charge == pytest.approx(-sigma, rel=1e-9)
    assert inner.charge == pytest.approx(0.0, abs=1e-9 * sigma)
    assert inner.width is None
    nodes = np.unique(solution.model.mesh.triangles[solution.model.mesh.regions_of("disc")])
    np.testing.assert_allclose(solution.potential[nodes], exact, rtol=5e-3)


# --- non-linear layers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "row", REFERENCE["gouy_chapman_disc"], ids=lambda r: f"a={r['radius']} u={r['u0']}"
)
def test_salt_layer_outside_a_disc(row, second_order):
    """The charge of a disc in a salt shall converge to the quasi-exact one, to 200 mV."""
    radius = row["radius"] * SALT_LENGTH
    finest = min(SALT_LENGTH * np.exp(-row["u0"] / 2.0), radius)
    unit = 78.5 * epsilon_0 * VT / SALT_LENGTH

    def charge(level):
        model = curved_wall(
            salt(78.5, Avogadro), SALT_LENGTH, radius, row["u0"] * VT, level, finest
        )
        return curved_wall_charge(model.equilibrium(), level, radius)

    second_order(charge, unit * row["field_hat"])


@pytest.mark.parametrize(
    "row",
    REFERENCE["lattice_gas_disc"],
    ids=lambda r: f"{r['theta0']} a={r['radius']} u={r['u0']}",
)
def test_lattice_gas_layer_outside_a_disc(row, second_order):
    """The charge of a disc in a lattice gas shall converge to the quasi-exact one."""
    layer = LatticeGasLayer(30.0, 1e26, row["theta0"])
    length = layer.debye_length
    radius = row["radius"] * length
    unit = 30.0 * epsilon_0 * VT / length

    def charge(level):
        finest = length * np.sqrt(row["theta0"])
        model = curved_wall(lattice_gas(layer), length, radius, row["u0"] * VT, level, finest)
        return curved_wall_charge(model.equilibrium(), level, radius)

    second_order(charge, unit * row["field_hat"])
