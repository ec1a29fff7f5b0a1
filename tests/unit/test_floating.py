"""Floating conductors: one potential, a given charge, in all studies and coordinates (T17)."""

from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, conductor
from scipy.constants import epsilon_0

from pyscl import (
    BlockingContact,
    Conserved,
    InputError,
    Interface,
    Material,
    Model,
    Periodic,
    PotentialContact,
    ReservoirContact,
)
from pyscl.boundaries import Coating, ContactResistance, FloatingConductor
from pyscl.mesh import from_delaunay, strip
from pyscl.study.transient import TransientOptions

WIDTH = 2 * NM
LI = ReservoirContact(carrier="Li", potential="neutral")
METAL = Material(relative_permittivity=1.0)


def dielectric(permittivity=10.0):
    return Material(relative_permittivity=permittivity)


def plates(left=0.0, right=1.0):
    return {"left": PotentialContact(potential=left), "right": PotentialContact(potential=right)}


def stack(charge, *, interfaces=None, order="amb", contacts=None, **model):
    """Return a metal slab of 2 nm between dielectrics of 3 and 5 nm, regions in some order."""
    mesh = strip(
        np.linspace(0.0, 10.0, 21) * NM, WIDTH, 2, [("a", 3 * NM), ("m", 5 * NM), ("b", 10 * NM)]
    )
    number = np.array([order.index(name) for name in "amb"])
    by_region = np.argsort(number[mesh.region], kind="stable")
    mesh = replace(
        mesh,
        triangles=mesh.triangles[by_region],
        region=number[mesh.region[by_region]].astype(np.int32),
        region_names=tuple(order),
    )
    return Model(
        mesh,
        {"a": dielectric(10.0), "m": METAL, "b": dielectric(40.0)},
        contacts=contacts or plates(),
        interfaces=interfaces,
        floating=[FloatingConductor(region="m", charge=charge)],
        **model,
    )


def potential_of(solution, region="m"):
    """Return the potential [V] of a conductor, which must be one value."""
    number = solution.model.mesh.region_names.index(region)
    phi = solution["potential"].values[solution.site_region == number]
    assert np.ptp(phi) <= 1e-15 * np.abs(phi).max()
    return float(phi[0])


def charge_of(solution, region="m"):
    """Return the displacement that leaves a conductor into its neighbours [C/m] or [C]."""
    d = solution.model.discretized
    inside = d.site_region == solution.model.mesh.region_names.index(region)
    dofs = np.unique(d.site_phi[inside])
    border = np.isin(d.site_phi, dofs) & ~inside
    return float(solution.gauss_rows[border].sum())


A, B = 10 * epsilon_0 / (3 * NM), 40 * epsilon_0 / (5 * NM)  # capacitances per area


@pytest.mark.parametrize("charge", [0.0, 3e-11, -2e-10])
@pytest.mark.parametrize("order", ["amb", "mab", "bma"])
def test_two_capacitors_and_a_charge(charge, order):
    """Phi = (C_b V + Q/A) / (C_a + C_b), and both plates take their share; to 1e-12."""
    solution = stack(charge, order=order).equilibrium()
    exact = (B * 1.0 + charge / WIDTH) / (A + B)
    assert potential_of(solution) == relative(exact, 1e-12)
    assert charge_of(solution) == pytest.approx(charge, rel=1e-12, abs=1e-12 * B * WIDTH)
    assert solution.contact("left").charge == relative(-A * exact * WIDTH, 1e-12)
    assert solution.contact("right").charge == relative(B * (1.0 - exact) * WIDTH, 1e-12)


@pytest.mark.parametrize("order", ["amb", "mab", "abm", "bma"])
def test_compact_layers_around_a_conductor(order):
    """Phi jumps at its surface; the charge stays on the metal, whatever the order of regions."""
    interfaces = {
        "a|m": Interface(compact_capacitance=0.02),
        "m|b": Interface(compact_capacitance=0.05),
    }
    solution = stack(3e-11, interfaces=interfaces, order=order).equilibrium()
    a, b = 1.0 / (1.0 / A + 1.0 / 0.02), 1.0 / (1.0 / B + 1.0 / 0.05)
    exact = (b + 3e-11 / WIDTH) / (a + b)
    assert potential_of(solution) == relative(exact, 1e-12)
    assert solution.contact("left").charge == relative(-a * exact * WIDTH, 1e-12)


def test_charge_of_a_surface_adds_to_that_of_the_conductor():
    """A charged interface of the metal is charge on the metal."""
    interfaces = {"a|m": Interface(surface_charge=0.01)}
    both = stack(1e-11, interfaces=interfaces).equilibrium()
    all_inside = stack(1e-11 + 0.01 * WIDTH).equilibrium()
    assert both.potential == relative(all_inside.potential, 1e-12)


@pytest.mark.parametrize("order", ["amb", "mab", "bma"])
@pytest.mark.parametrize("split", [False, True])
def test_both_faces_of_a_conductor_hold_its_charge(split, order):
    """Its charge and that of its surface; minus what ends on the dielectrics, face by face."""
    law = Interface(surface_charge=0.01, compact_capacitance=0.02 if split else None)
    solution = stack(3e-11, interfaces={"a|m": law}, order=order).equilibrium()
    total = 0.0
    for name, fixed in (("a|m", 0.01), ("b|m", 0.0)):
        sides = {side.region: side.charge for side in solution.interface(name).sides}
        assert sum(sides.values()) == pytest.approx(-fixed, rel=1e-9, abs=1e-12)
        total += sides["m"]
    assert total == relative(3e-11 / WIDTH, 1e-9)
    left = solution.contact("left").charge / WIDTH
    (faced,) = (s.charge for s in solution.interface("a|m").sides if s.region == "m")
    assert faced == relative(-left - 0.01, 1e-9)


def test_faces_of_two_conductors_with_a_layer_between_them():
    mesh = strip(
        np.linspace(0.0, 4.0, 9) * NM, WIDTH, 1, [(r, (k + 1) * NM) for k, r in enumerate("amnb")]
    )
    materials = {"a": dielectric(10.0), "m": METAL, "n": METAL, "b": dielectric(40.0)}
    layers = (
        Interface(compact_capacitance=0.1, surface_charge=0.01),
        Interface(
            coating=Coating(material=dielectric(10.0), thickness=0.2 * NM), surface_charge=0.01
        ),
    )
    for layer in layers:
        model = Model(
            mesh,
            materials,
            contacts=plates(),
            interfaces={"m|n": layer},
            floating=[
                FloatingConductor(region="m", charge=2e-11),
                FloatingConductor(region="n", charge=1e-11),
            ],
        )
        solution = model.equilibrium()
        charge = {
            (name, side.region): side.charge * WIDTH
            for name in ("a|m", "m|n", "b|n")
            for side in solution.interface(name).sides
        }
        # the charge of the layer lies beside m
        assert charge["m|n", "m"] + charge["m|n", "n"] == relative(-0.01 * WIDTH, 1e-9)
        assert charge["a|m", "m"] + charge["m|n", "m"] == relative(2e-11, 1e-8)
        assert charge["m|n", "n"] + charge["b|n", "n"] == relative(1e-11, 1e-8)


def test_cylinder_around_a_rod():
    """In the round: a charged rod on the axis of a grounded tube, in coulombs.

    Without field along the axis phi(r) is logarithmic; the mesh of 0.25 nm is off by 1e-3.
    """
    x = np.concatenate([[0.0, 1.0], 2.0 * 1.05 ** np.arange(34)]) * NM
    length = 3 * NM
    model = Model(
        strip(x, length, 2, [("m", 2 * NM), ("a", x[-1])]),
        {"m": METAL, "a": dielectric(10.0)},
        contacts={"right": PotentialContact(potential=0.0)},
        floating=[FloatingConductor(region="m", charge=1e-19)],
        coordinates="axisymmetric",
    )
    solution = model.equilibrium()
    exact = 1e-19 / (2 * np.pi * 10.0 * epsilon_0 * length) * np.log(x[-1] / (2 * NM))
    assert potential_of(solution) == relative(exact, 1e-3)
    assert solution.contact("right").charge == relative(-1e-19, 1e-12)
    assert solution.contact("right").unit == "A"


def disc_off_centre(charge, radius=1.0):
    """Return a disc of some radius [nm] at (4, 5) nm in a box of 12 x 9 nm between plates."""
    x, y = (k.ravel() for k in np.meshgrid(np.linspace(0, 12, 33), np.linspace(0, 9, 25)))
    away = np.hypot(x - 4.0, y - 5.0) > 1.2 * radius
    angle = np.linspace(0.0, 2.0 * np.pi, 40, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    centre = [4.0, 5.0]
    rings = [centre + r * radius * circle for r in (0.5, 1.0)]
    points = np.concatenate([np.column_stack([x, y])[away], *rings, [centre]])

    def names(centroids):
        inside = np.hypot(*(centroids / NM - centre).T) < radius
        return np.where(inside, "m", "a")

    mesh = from_delaunay(points * NM, names)
    floating = [] if charge is None else [FloatingConductor(region="m", charge=charge)]
    materials = {"a": dielectric(10.0), "m": dielectric(10.0)}
    return Model(mesh, materials, contacts=plates(), floating=floating).equilibrium()


def test_disc_takes_the_mean_potential_of_the_field():
    """T17: that of the field without it at its centre, 4/12 V.

    The dipoles -a^2 E that the four walls mirror shift it: rows of them, 24 nm apart in x, 8 nm
    beside the disc, add up to pi/24 Re cot(pi (8 + i y)/24) each at y = 18 m and 18 m + 8 nm.
    """
    alone = disc_off_centre(None)
    centre = int(np.argmin(np.hypot(*(alone.model.mesh.points - [4 * NM, 5 * NM]).T)))
    assert alone.potential[centre] == relative(1.0 / 3.0, 1e-12)
    rows = np.concatenate([18.0 * np.arange(-9, 10), 18.0 * np.arange(-9, 10) + 8.0])
    mirrored = (np.pi / 24.0 / np.tan(np.pi * (8.0 + 1j * rows) / 24.0)).real.sum()
    for radius, tolerance in ((0.5, 7e-2), (1.0, 5e-2)):  # of the mesh, and of mirrored mirrors
        solution = disc_off_centre(0.0, radius)
        shift = potential_of(solution) - 1.0 / 3.0
        assert shift == relative(-(radius**2) / 12.0 * mirrored, tolerance)
        plate = solution.contact("right").charge
        assert abs(charge_of(solution)) < 1e-12 * plate
        assert solution.contact("left").charge == relative(-plate, 1e-12)


def test_reciprocity_of_charge_and_potential():
    """A charge on the disc raises it by Q/C, and brings to the right plate minus Q times the
    potential that the disc has per volt of this plate.
    """
    neutral, charged = disc_off_centre(0.0), disc_off_centre(1e-11)
    share = potential_of(neutral)  # left 0 V, right 1 V
    induced = charged.contact("right").charge - neutral.contact("right").charge
    assert induced == relative(-1e-11 * share, 1e-11)
    assert charge_of(charged) == relative(1e-11, 1e-12)


# With carriers.


def cell_with_metal(charge=2e-12, **model):
    """Return lithium reservoirs on both sides of a metal bar that leaves a gap above it."""
    x, y = np.linspace(0.0, 10.0, 21), np.linspace(0.0, 6.0, 13)
    mesh = strip(x * NM, 6 * NM, len(y) - 1)
    cx, cy = mesh.points[mesh.triangles].mean(axis=1).T / NM
    inside = (cx > 4) & (cx < 6) & (cy > 1) & (cy < 4)
    mesh = replace(mesh, region=inside.astype(np.int32), region_names=("a", "m"))
    return Model(
        mesh,
        {"a": conductor(1 * NM), "m": METAL},
        contacts={"left": LI, "right": LI},
        floating=[FloatingConductor(region="m", charge=charge)],
        temperature=T,
        **model,
    )


def test_metal_in_an_electrolyte_is_screened():
    """In equilibrium the space charge around it is minus its charge, to what the contacts take."""
    solution = cell_with_metal().equilibrium()
    contacts = sum(solution.contact(n).charge for n in ("left", "right"))
    assert solution.charge("a") + contacts == relative(-2e-12, 1e-11)
    assert abs(contacts) < 0.04 * 2e-12
    assert potential_of(solution) > 0.05 * KT


def test_metal_in_a_current_stays_at_its_charge():
    """In a steady state it is one equipotential, blocks, and keeps its charge."""
    solution = cell_with_metal().steady({"left": 0.1})
    phi = potential_of(solution)
    assert 0.02 < phi < 0.08
    assert charge_of(solution) == relative(2e-12, 1e-10)
    current = solution.contact("left").current
    assert solution.contact("right").current == relative(-current, 1e-10)
    without = 1e-2 * 0.1 * 6 * NM / (10 * NM)
    assert 0.5 * without < current < 0.95 * without


def test_metal_keeps_its_charge_in_time():
    """Through a step of the voltage and a current, at every saved state."""
    model = cell_with_metal()
    trajectory = model.transient(
        ["Step to 0.1 V for 1 ns", "Charge at 10 A/cm2 for 1 ns"],
        contact="left",
        options=TransientOptions(save="all", tolerance=1e-2),
    )
    assert trajectory.complete
    for solution in trajectory.solutions:
        assert charge_of(solution) == relative(2e-12, 1e-9)
    rest = potential_of(model.equilibrium())
    assert all(abs(potential_of(s) - rest) > 0.02 for s in trajectory.solutions)


def test_neutral_periodic_cell_counts_its_conductors():
    """The charge of a conductor must be balanced where no contact is."""
    model = cell_with_metal(0.0)
    size = model.mesh.areas[model.mesh.region == 0].sum()

    def periodic(charge, background):
        ions = conductor(1 * NM)
        free = ions.fixed_charge - background
        return Model(
            model.mesh,
            {"a": ions.model_copy(update={"background_charge": free}), "m": METAL},
            periodic=[Periodic(sides=("left", "right"))],
            conserved=[Conserved(carrier="Li", regions=("a",))],
            floating=[FloatingConductor(region="m", charge=charge)],
        )

    solution = periodic(2e-12, 2e-12 / size).equilibrium()
    assert charge_of(solution) == relative(2e-12, 1e-9)
    with pytest.raises(InputError, match=r"net charge of 2e-12 C/m"):
        periodic(2e-12, 0.0).equilibrium()


def test_two_conductors_float_apart():
    """Each at its own potential, in a series of capacitors."""
    x = np.linspace(0.0, 10.0, 21) * NM
    names = [("a", 2 * NM), ("m", 4 * NM), ("b", 6 * NM), ("n", 8 * NM), ("c", 10 * NM)]
    model = Model(
        strip(x, WIDTH, regions=names),
        {"m": METAL, "n": METAL} | {r: dielectric() for r in "abc"},
        contacts=plates(),
        floating=[FloatingConductor(region="m"), FloatingConductor(region="n", charge=1e-11)],
    )
    solution = model.equilibrium()
    step = 1e-11 / WIDTH / (10.0 * epsilon_0 / (2 * NM))  # Q over one capacitor
    assert potential_of(solution, "m") == relative((1.0 + step) / 3.0, 1e-12)
    assert potential_of(solution, "n") == relative(2.0 * (1.0 + step) / 3.0, 1e-12)


# Mistakes.


@pytest.mark.parametrize(
    ("floating", "words"),
    [
        ([{"region": "metal"}], "no region 'metal' in the mesh. Allowed: a, b, m"),
        ([{"region": "m"}, {"region": "m"}], "floating conductor 'm' is given twice"),
    ],
)
def test_conductors_that_do_not_exist_are_refused(floating, words):
    model = stack(0.0)
    with pytest.raises(InputError, match=words):
        Model(
            model.mesh,
            model.materials,
            floating=[FloatingConductor(**f) for f in floating],
        )


@pytest.mark.parametrize("charge", ["1 V", "1 C", np.nan, np.inf])
def test_charges_of_other_units_are_refused(charge):
    with pytest.raises(InputError, match="expected a quantity in C/m"):
        FloatingConductor(region="m", charge=charge)


def test_conductors_with_carriers_or_charges_are_refused():
    model = stack(0.0)
    words = "floating conductor 'm' must be a region without carriers and charges"
    floating = [FloatingConductor(region="m")]
    with pytest.raises(InputError, match=words):
        Model(model.mesh, model.materials | {"m": conductor()}, floating=floating)
    with pytest.raises(InputError, match=words):
        Model(model.mesh, model.materials, floating=floating, background={"m": 1e6})
    charged = METAL.model_copy(update={"background_charge": 1e6})
    with pytest.raises(InputError, match=words):
        Model(model.mesh, model.materials | {"m": charged}, floating=floating)


def test_conductors_that_touch_are_refused():
    """A held contact, or another conductor; a contact across a compact layer, or blocking, may."""
    model = stack(0.0)
    touching = plates(0.0, 0.0) | {"top": PotentialContact(potential=0.0)}
    with pytest.raises(InputError, match=r"'m' touches contact 'top'.*leave a gap"):
        stack(0.0, contacts=touching).equilibrium()
    behind = plates() | {"top": PotentialContact(potential=0.0, compact_capacitance=0.1)}
    assert stack(0.0, contacts=behind).equilibrium().history.converged
    blocking = plates() | {"top": BlockingContact()}
    assert stack(0.0, contacts=blocking).equilibrium().history.converged
    both = Model(
        model.mesh,
        model.materials,
        contacts=plates(),
        floating=[FloatingConductor(region=r) for r in ("a", "m")],
    )
    with pytest.raises(InputError, match="'a' touches contact 'left'"):
        both.equilibrium()
    inner = strip(
        np.linspace(0.0, 4.0, 9) * NM, regions=[(r, (k + 1) * NM) for k, r in enumerate("amnb")]
    )
    materials = {r: METAL for r in "amnb"}
    pair = [FloatingConductor(region=r) for r in "mn"]
    with pytest.raises(InputError, match="'n' touches floating conductor 'm'"):
        Model(inner, materials, contacts=plates(), floating=pair).equilibrium()


def test_kinetics_with_a_conductor_need_a_carrier_in_it():
    law = Interface(kinetics={"Li": ContactResistance(resistance=1.0)})
    with pytest.raises(InputError, match=r"no carrier 'Li' on both sides of 'a\|m'"):
        stack(0.0, interfaces={"a|m": law})
