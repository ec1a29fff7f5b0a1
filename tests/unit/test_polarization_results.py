"""Named results of a polarized region: domains, bound charge, depolarization, screening."""

import numpy as np
import pytest
from scipy.constants import epsilon_0

from pyscl import (
    Anisotropic,
    Carrier,
    FloatingConductor,
    Hysteresis,
    Johnson,
    Landau,
    Langevin,
    Material,
    Model,
    Periodic,
    PotentialContact,
    Remanent,
    ReservoirContact,
)
from pyscl.errors import InputError
from pyscl.mesh import from_delaunay, rectangle, strip
from pyscl.polar_states import StripeDomains, UniformPolarization
from pyscl.postprocess.interfaces import interface_result

NM = 1e-9
T = 298.0
P = 0.1  # C/m2
GROUNDED = {n: PotentialContact(potential=0.0) for n in ("left", "right")}


def film(material, *, voltage=0.0, width=2 * NM, steps=10, **more):
    """10 nm between two electrodes, region fe."""
    mesh = strip(np.linspace(0.0, 10.0, steps + 1) * NM, width, 2, regions=[("fe", 10 * NM)])
    contacts = GROUNDED | {"left": PotentialContact(potential=voltage)}
    return Model(mesh, {"fe": material}, contacts=contacts, temperature=T, **more)


def stack(material, *, voltage=0.0, dead=20.0, **more):
    """A crystal fe of 8 nm and a dead layer of 2 nm between two electrodes."""
    mesh = strip(
        np.linspace(0.0, 10.0, 21) * NM, 2 * NM, 2, regions=[("fe", 8 * NM), ("gap", 10 * NM)]
    )
    materials = {"fe": material, "gap": Material(relative_permittivity=dead)}
    contacts = GROUNDED | {"left": PotentialContact(potential=voltage)}
    return Model(mesh, materials, contacts=contacts, temperature=T, **more)


def remanent(angle="0 deg", permittivity=1.0, polarization=P):
    return Material(
        polarization=Remanent(
            polarization=polarization, relative_permittivity=permittivity, axes=angle
        )
    )


def test_the_mean_vector_of_a_remanent_crystal():
    result = film(remanent("30 deg")).equilibrium().polarization_of("fe")
    direction = [np.cos(np.pi / 6), np.sin(np.pi / 6)]
    # the sides above and below are open, so that P tilts by the field of its own charge there
    wide = film(remanent("0 deg")).equilibrium().polarization_of("fe")
    np.testing.assert_allclose(wide.mean, [P, 0.0], atol=1e-12 * P)
    assert wide.magnitude == pytest.approx(P)
    assert wide.angle == pytest.approx(0.0, abs=1e-9)
    assert wide.spread == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(result.mean, np.multiply(P, direction), rtol=1e-9)
    assert result.angle == pytest.approx(30.0)
    assert result.along_axis == pytest.approx(P)
    assert result.unit == "C/m"


def test_linear_materials_have_a_polarization_too():
    """P = (eps_r - 1) eps0 E between plates."""
    solution = film(Material(relative_permittivity=21.0), voltage=1.0).equilibrium()
    result = solution.polarization_of("fe")
    expected = 20.0 * epsilon_0 * 1.0 / (10 * NM)
    np.testing.assert_allclose(result.mean, [expected, 0.0], rtol=1e-9, atol=1e-9 * expected)
    assert result.surface_charge("left").mean == pytest.approx(-expected, rel=1e-9)
    assert result.surface_charge("right").mean == pytest.approx(expected, rel=1e-9)


LAWS = {
    "anisotropic": Anisotropic(along=40.0, across=10.0, axes="20 deg"),
    "johnson": Johnson(relative_permittivity=100.0, coefficient=1e11),
    "langevin": Langevin(
        background_permittivity=5.0, saturation=0.02, zero_field_permittivity=100.0
    ),
    "hysteresis": Hysteresis(
        background_permittivity=10.0, saturation=0.2, remanence=0.1, coercive_field=5e7
    ),
    "landau": Landau(coefficients="BaTiO3-Bell-Cross"),
}


@pytest.mark.parametrize(
    ("name", "coordinates"),
    [
        *((name, "planar") for name in LAWS),
        *((name, "axisymmetric") for name in LAWS if name != "landau"),
    ],
)
def test_charges_of_every_law_balance(name, coordinates):
    """All bound charge adds up to 0; the electrodes carry what the surface and the field leave."""
    model = stack(Material(polarization=LAWS[name]), voltage=1.0, coordinates=coordinates)
    start = UniformPolarization() if name == "landau" else None
    solution = model.equilibrium(polarization=start)
    result = solution.polarization_of("fe")
    surface = sum(result.surface_charge(place).total for place in result.places)
    scale = abs(result.surface_charge("fe|gap").total)
    assert scale > 0.0
    assert result.bound_charge == pytest.approx(-surface, abs=1e-12 * scale)
    assert sum(result.bound_charge_parts) == pytest.approx(result.bound_charge, abs=1e-12 * scale)
    assert result.bound_charge_parts[0] >= 0.0 >= result.bound_charge_parts[1]
    assert sum(result.domain_fraction.values()) == pytest.approx(1.0)
    for side in solution.interface("fe|gap").sides:
        of_side = solution.polarization_of(side.region).surface_charge("gap|fe")
        assert side.bound_charge == pytest.approx(of_side.mean, rel=1e-12)
        assert of_side.positive + of_side.negative == pytest.approx(of_side.mean)
    assert result.unit == ("C" if coordinates == "axisymmetric" else "C/m")


def test_depolarization_between_short_circuited_plates():
    """Short-circuited with a dead layer: E = -(P/eps0) d_gap / (eps d_gap + eps_gap d_fe)."""
    result = stack(remanent(permittivity=5.0)).equilibrium().polarization_of("fe")
    expected = -P / epsilon_0 * 2.0 / (5.0 * 2.0 + 20.0 * 8.0)
    assert result.depolarization_field == pytest.approx(expected, rel=1e-9)
    np.testing.assert_array_equal(result.applied_field, [0.0, 0.0])
    np.testing.assert_allclose(result.field, [expected, 0.0], rtol=1e-9, atol=1e-3)
    assert result.polarization_potential == pytest.approx(-expected * 8 * NM, rel=1e-9)


def test_the_applied_field_is_that_of_the_voltages():
    """Superposition: with V the depolarization field of a fixed P stays what it was without."""
    rest = stack(remanent(permittivity=5.0)).equilibrium().polarization_of("fe")
    model = stack(remanent(permittivity=5.0), voltage=0.7)
    result = model.equilibrium().polarization_of("fe")
    applied = 0.7 * 20.0 / (5.0 * 2 * NM + 20.0 * 8 * NM)
    np.testing.assert_allclose(result.applied_field, [applied, 0.0], rtol=1e-9, atol=1.0)
    total = model.equilibrium().polarization_of("fe")
    assert total.field[0] == pytest.approx(applied + rest.field[0], rel=1e-9)
    # P = P_r + 4 eps0 E, all along x
    assert result.depolarization_field == pytest.approx(rest.depolarization_field, rel=1e-9)
    by_bias = stack(remanent(permittivity=5.0)).steady({"left": 0.7}).polarization_of("fe")
    np.testing.assert_allclose(by_bias.applied_field, result.applied_field, rtol=1e-9)


def test_an_applied_field_passes_compact_layers():
    """The voltage falls over a compact layer at the contact too."""
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM, NM, regions=[("fe", 10 * NM)])
    capacitance = 8.0 * epsilon_0 / (10 * NM)
    model = Model(
        mesh,
        {"fe": Material(relative_permittivity=8.0)},
        contacts={
            "left": PotentialContact(potential=1.0, compact_capacitance=capacitance),
            "right": PotentialContact(potential=0.0),
        },
    )
    result = model.equilibrium().polarization_of("fe")
    np.testing.assert_allclose(result.applied_field, [0.5 / (10 * NM), 0.0], rtol=1e-9, atol=1.0)
    assert result.depolarization_field == pytest.approx(0.0, abs=1.0)


def test_equal_or_missing_voltages_apply_no_field():
    """Exactly: both contacts at 0.3 V, one contact alone, or a cell without any."""
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM, NM, 2, regions=[("fe", 10 * NM)])
    held = PotentialContact(potential=0.3)
    sides = Periodic(sides=("left", "right"))
    for given in (
        {"contacts": {"left": held, "right": held}},
        {"contacts": {"left": held}},
        {"periodic": [sides]},
    ):
        result = Model(mesh, {"fe": remanent("30 deg")}, **given).equilibrium()
        found = result.polarization_of("fe")
        np.testing.assert_array_equal(found.applied_field, [0.0, 0.0])
        assert found.depolarization_field <= 0.0
    jump = Periodic(sides=("left", "right"), potential_jump=0.2)
    model = Model(mesh, {"fe": remanent()}, periodic=[jump])
    applied = model.equilibrium().polarization_of("fe").applied_field
    np.testing.assert_allclose(applied, [-0.2 / (10 * NM), 0.0], rtol=1e-9, atol=1.0)


def test_a_floating_conductor_does_not_let_the_applied_field_in():
    """Three layers, the middle one a conductor: the voltage falls over the other two."""
    ends = [("fe", 4 * NM), ("metal", 6 * NM), ("gap", 10 * NM)]
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM, NM, 1, regions=ends)
    linear = Material(relative_permittivity=1.0)
    model = Model(
        mesh,
        {"fe": remanent(), "metal": linear, "gap": linear},
        contacts=GROUNDED | {"left": PotentialContact(potential=0.8)},
        floating=[FloatingConductor(region="metal")],
    )
    solution = model.equilibrium()
    for region, field in (("fe", 1e8), ("metal", 0.0), ("gap", 1e8)):
        applied = solution.polarization_of(region).applied_field
        np.testing.assert_allclose(applied, [field, 0.0], rtol=1e-9, atol=1.0)


def test_an_isolated_disc_has_the_depolarization_of_a_cylinder():
    """E = -P / (2 eps0) for a long cylinder of fixed P with the permittivity of vacuum."""
    n = 61
    x, y = (v.ravel() * NM for v in np.meshgrid(*[np.linspace(-30.0, 30.0, n)] * 2))
    turn = np.linspace(0.0, 2.0 * np.pi, 121)[:-1]
    radius = 3 * NM
    rings = [
        np.column_stack([r * np.cos(turn), r * np.sin(turn)]) * NM
        for r in (1.0, 2.0, 2.5, 2.75, 2.9, 3.0, 3.1, 3.3, 3.6, 4.0)
    ]
    outside = np.hypot(x, y) > 4.7 * NM
    points = np.concatenate([np.column_stack([x, y])[outside], [[0.0, 0.0]], *rings])

    def region_of(c):
        return np.where(np.hypot(*c.T) < radius * np.cos(np.pi / 120), "disc", "vacuum")

    mesh = from_delaunay(points, region_of)
    vacuum = Material(relative_permittivity=1.0)
    model = Model(
        mesh,
        {"disc": remanent("30 deg"), "vacuum": vacuum},
        contacts={n: PotentialContact(potential=0.0) for n in ("left", "right", "top", "bottom")},
    )
    result = model.equilibrium().polarization_of("disc")
    assert result.depolarization_field == pytest.approx(-P / (2 * epsilon_0), rel=0.02)
    charge = result.surface_charge("disc|vacuum")
    assert charge.positive == pytest.approx(P / np.pi, rel=0.02)
    assert charge.negative == pytest.approx(-P / np.pi, rel=0.02)
    assert charge.mean == pytest.approx(0.0, abs=1e-3 * P)
    assert result.screening_charge["vacuum"] == pytest.approx(0.0, abs=1e-3 * P * radius)


def test_a_conductor_screens_what_is_bound():
    """A salt with a short Debye length holds the charge -P on its side of the crystal."""
    carrier = Carrier(name="Li", charge=1, site_density=1e27, site_fraction=0.5, conductivity=1e-3)
    x = np.unique(np.concatenate([np.linspace(0, 8, 17), np.linspace(8, 12, 81)])) * NM
    mesh = strip(x, 2 * NM, 1, regions=[("fe", 8 * NM), ("se", 12 * NM)])
    model = Model(
        mesh,
        {
            "fe": remanent(permittivity=10.0, polarization=0.02),
            "se": Material(relative_permittivity=100.0, carriers=(carrier,)),
        },
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": ReservoirContact(carrier="Li", potential="neutral"),
        },
    )
    solution = model.equilibrium()
    result = solution.polarization_of("fe")
    held = result.screening_charge
    assert held["left"] == pytest.approx(solution.contact("left").charge, rel=1e-9)
    assert held["left"] == pytest.approx(-held["se"], rel=1e-6)
    side = solution.interface("fe|se").sides[1]
    assert held["se"] == pytest.approx(side.charge * 2 * NM, rel=1e-9)
    assert -1.0 < held["se"] / (0.02 * 2 * NM) < -0.8


def test_a_floating_conductor_holds_what_it_screens():
    """A metal between a fixed P and a linear crystal as thick: P/2 on both faces."""
    ends = [("fe", 8 * NM), ("m", 12 * NM), ("b", 20 * NM)]
    model = Model(
        strip(np.linspace(0.0, 20.0, 21) * NM, 4 * NM, 2, ends),
        {
            "fe": remanent(permittivity=10.0, polarization=0.2),
            "m": Material(relative_permittivity=1.0),
            "b": Material(relative_permittivity=10.0),
        },
        contacts=GROUNDED,
        floating=[FloatingConductor(region="m")],
    )
    solution = model.equilibrium()
    held = solution.polarization_of("fe").screening_charge
    assert held["m"] == pytest.approx(-0.1 * 4 * NM, rel=1e-9)
    assert held["left"] == pytest.approx(0.1 * 4 * NM, rel=1e-9)
    for place, charge in (("fe|m", -0.1), ("b|m", 0.1)):
        (face,) = (s for s in solution.interface(place).sides if s.region == "m")
        assert face.charge == pytest.approx(charge, rel=1e-9)


# --- periodic sides and mirrors --------------------------------------------------------------


@pytest.mark.parametrize("axes", ["90 deg", "35 deg"])
def test_periodic_sides_hold_no_bound_charge(axes):
    """A fixed P across the seam goes on: its charge is on the contacts alone."""
    sides = Periodic(sides=("bottom", "top"))
    result = film(remanent(axes), periodic=[sides]).equilibrium().polarization_of("fe")
    assert set(result.places) == {"left", "right"}
    for part in (result.bound_charge, *result.bound_charge_parts):
        assert part == pytest.approx(0.0, abs=1e-12 * P * NM)
    assert set(result.to_dict()["surfaces"]) == {"left", "right"}


def test_a_cell_periodic_in_both_directions_has_no_bound_charge_in_its_corners():
    mesh = strip(np.linspace(0.0, 4.0, 9) * NM, 4 * NM, 8, regions=[("fe", 4 * NM)])
    pairs = [Periodic(sides=pair) for pair in (("left", "right"), ("bottom", "top"))]
    model = Model(mesh, {"fe": remanent("30 deg")}, periodic=pairs)
    result = model.equilibrium().polarization_of("fe")
    assert result.places == ()
    for part in result.bound_charge_parts:
        assert part == pytest.approx(0.0, abs=1e-12 * P * NM)


def test_a_step_of_p_across_a_mirror_is_inside():
    """P turned against the mirror images above and below: a charged wall, no surface."""
    result = film(remanent("30 deg", permittivity=1e6)).equilibrium().polarization_of("fe")
    assert set(result.places) == {"left", "right"}
    surface = sum(result.surface_charge(place).total for place in result.places)
    assert result.bound_charge == pytest.approx(-surface, abs=1e-9 * P * NM)
    assert result.bound_charge_parts[0] > 0.0


# --- domains ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("angle", "variant"),
    [(0.0, "+axis1"), (180.0, "-axis1"), (90.0, "+axis2"), (-90.0, "-axis2"), (40.0, "+axis1")],
)
@pytest.mark.parametrize("axis", ["0 deg", "70 deg"])
def test_domains_count_along_the_axes_of_the_grain(angle, variant, axis):
    law = Landau(coefficients="BaTiO3-Bell-Cross", axes=axis)
    model = film(Material(polarization=law))
    turned = np.radians(angle + float(axis.split()[0]))
    solution = state_with(model, (0.2 * np.cos(turned), 0.2 * np.sin(turned)))
    assert solution.polarization_of("fe").domain_fraction[variant] == pytest.approx(1.0)


def test_domains_of_a_film_under_compression():
    """P lies along crystal axis 2, the normal of the film; none would along axis 1."""
    law = Landau(coefficients="BaTiO3-Wang", misfit_strain=-0.01, axes=-90)
    model = film(Material(polarization=law))
    up, down = (
        model.equilibrium(polarization=UniformPolarization(angle=a)).polarization_of("fe")
        for a in (90.0, -90.0)
    )
    assert up.magnitude == pytest.approx(0.298, abs=1e-3)
    assert up.scale == pytest.approx(up.magnitude, rel=1e-3)
    assert up.domain_fraction["+axis2"] == pytest.approx(1.0)
    assert down.domain_fraction["-axis2"] == pytest.approx(1.0)
    assert down.switched_fraction(up.solution) == pytest.approx(1.0)


def state_with(model, vector):
    """A state with this polarization [C/m2] everywhere, not at rest."""
    from pyscl.polar_states import start_polarization
    from pyscl.solution import Solution
    from pyscl.study.newton import NewtonHistory

    u = start_polarization(
        model, np.zeros(model.discretized.n_dofs), lambda x, y: (vector[0] + 0 * x, vector[1])
    )
    history = NewtonHistory(kind="equilibrium", iterations=())
    return Solution(model, u, kind="equilibrium", bias={}, history=history)


def test_weak_places_belong_to_no_domain():
    model = film(Material(polarization=LAWS["landau"]))
    scale = LAWS["landau"].scale(T)
    for share, weak in ((0.19, 1.0), (0.21, 0.0)):
        result = state_with(model, (share * scale, 0.0)).polarization_of("fe")
        assert result.domain_fraction["weak"] == pytest.approx(weak)
        assert result.scale == pytest.approx(scale)
    assert film(Material(relative_permittivity=2.0)).equilibrium().polarization_of(
        "fe"
    ).domain_fraction["weak"] == pytest.approx(1.0)


def test_stripes_are_half_and_half_and_switch():
    law = Landau(coefficients="BaTiO3-Bell-Cross", axes="90 deg")
    model = Model(
        rectangle(40, 10, 20 * NM, 5 * NM, "fe"),
        {"fe": Material(polarization=law)},
        contacts={n: PotentialContact(potential=0.0) for n in ("bottom", "top")},
        temperature=T,
    )
    up = model.equilibrium(polarization=UniformPolarization())
    down = model.equilibrium(polarization=UniformPolarization(angle=180.0))
    stripes = model.equilibrium(polarization=StripeDomains("20 nm"))
    shares = stripes.polarization_of("fe").domain_fraction
    assert shares["+axis1"] == pytest.approx(0.5, abs=0.06)
    assert shares["-axis1"] == pytest.approx(0.5, abs=0.06)
    assert down.polarization_of("fe").switched_fraction(up) == pytest.approx(1.0)
    assert up.polarization_of("fe").switched_fraction(up) == 0.0
    half = stripes.polarization_of("fe").switched_fraction(up)
    assert half == pytest.approx(shares["-axis1"], abs=1e-12)
    result = stripes.polarization_of("fe")
    assert result.magnitude < 0.05 * law.scale(T)
    assert result.spread == pytest.approx(law.scale(T), rel=0.1)
    top = result.surface_charge("top")
    assert top.positive == pytest.approx(0.5 * law.scale(T), rel=0.1)
    assert top.negative == pytest.approx(-0.5 * law.scale(T), rel=0.1)


def test_what_does_not_exist_is_refused():
    solution = stack(remanent()).equilibrium()
    with pytest.raises(InputError, match=r"no region 'fa'.*Did you mean 'fe'"):
        solution.polarization_of("fa")
    result = solution.polarization_of("fe")
    assert set(result.places) == {"fe|gap", "left"}  # the others are mirrors
    with pytest.raises(InputError, match="no place 'right' at region 'fe'"):
        result.surface_charge("right")
    with pytest.raises(InputError, match="another mesh"):
        result.switched_fraction(film(remanent()).equilibrium())
    with pytest.raises(InputError, match="no polarization in the reference"):
        result.switched_fraction(stack(Material(relative_permittivity=2.0)).equilibrium())


def test_results_are_plain_numbers():
    import json

    solution = stack(remanent("20 deg"), voltage=0.1).equilibrium()
    data = json.loads(json.dumps(solution.polarization_of("fe").to_dict()))
    assert data["domains"]["+axis1"] == pytest.approx(1.0)
    assert set(data["screening charge [C/m]"]) == {"gap", "left"}
    side = interface_result(solution, "fe|gap").to_dict()["sides"]["fe"]
    assert side["bound charge [C/m^2]"] == pytest.approx(
        data["surfaces"]["fe|gap"]["bound charge [C/m^2]"]
    )
