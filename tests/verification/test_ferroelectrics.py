"""Landau ferroelectrics against closed forms, in rest and in time."""

from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import NM, site_density
from scipy.constants import epsilon_0
from scipy.optimize import brentq

from pyscl import (
    Landau,
    LandauCoefficients,
    Material,
    Model,
    Periodic,
    PotentialContact,
    TransientOptions,
    _core,
    analytic,
)
from pyscl.analytic import IsingWall, LatticeGasLayer
from pyscl.mesh import strip
from pyscl.polar_states import (
    RandomPolarization,
    StripeDomains,
    UniformPolarization,
)
from pyscl.study import solver
from pyscl.study.solver import StateSolver
from pyscl.verification.norms import region_mean_field
from pyscl.verification.polarization_setups import (
    BELL,
    RADIUS,
    TEMPERATURE,
    WALL_LENGTH,
    disc_in_conductor,
    disc_of_uniform_field,
    domain_wall,
    ferroelectric_energy,
    polarization_on_sites,
    stack,
)
from pyscl.verification.setups import WIDTH, dielectric

LI = "BaTiO3-Li-Cross-Chen"
CODATA = 2e-9  # the tables have another eps0
THICKNESS = 10 * NM

# card -> E_c [V/m], P after switching, and (E / E_c, P) on the upper branch
BRANCHES = {
    BELL: (1.64788824074e7, 0.287119058849, [
        (-0.9, 0.221451623812), (-0.5, 0.247911059374), (0.0, 0.265230274731),
        (0.5, 0.277433918186), (1.0, 0.287119058849), (2.0, 0.302327327676),
        (5.0, 0.332931002823),
    ]),
    LI: (1.51960079191e7, 0.279334620967, [
        (-0.9, 0.219096921704), (-0.5, 0.244194369639), (0.0, 0.259994781684),
        (0.5, 0.270859300721), (1.0, 0.279334620967), (2.0, 0.292397960012),
        (5.0, 0.317863557265),
    ]),
}  # fmt: skip


def coefficients_of(law):
    """Return (a1, a11, a111, a1111) along axis 1, for `pyscl.analytic`."""
    return tuple(law.polynomial(TEMPERATURE).table[1:, 0])


STIFF = "1e-7 J*m^3/C^2"  # keeps P uniform: neither domains nor a slow rotation through axis 2


def film(card, field, *, law=None, mesh=None):
    """Return a film between electrodes at a mean field [V/m]; its P stays uniform."""
    material = Material(polarization=law or Landau(coefficients=card, gradient_energy=STIFF))
    if mesh is None:
        return stack([("film", material, THICKNESS)], field * THICKNESS)
    width = np.ptp(mesh.points[:, 0])
    return Model(
        mesh,
        {mesh.region_names[0]: material},
        contacts={
            "left": PotentialContact(potential=field * width),
            "right": PotentialContact(potential=0.0),
        },
        temperature=TEMPERATURE,
    )


def along_x(state):
    """Return the mean P along x of the ferroelectric sites, which shall all have the same."""
    p = polarization_on_sites(state)
    p = p[~np.isnan(p[:, 0])]
    assert np.ptp(p, axis=0).max() < 1e-9
    return p[:, 0].mean()


# --- homogeneous films ------------------------------------------------------------------------


@pytest.mark.parametrize("card", BRANCHES)
def test_upper_branch_of_a_film(card):
    """P of a film on the way down from five coercive fields shall be that of the table, 1e-8."""
    coercive, _, branch = BRANCHES[card]
    state = None
    for ratio, expected in reversed(branch):
        model = film(card, ratio * coercive)
        start = {} if state else {"polarization": UniformPolarization(share=1.2)}
        state = model.equilibrium(state, **start)
        assert along_x(state) == relative(expected, 1e-8)
        charge = expected + 10.0 * epsilon_0 * ratio * coercive
        assert state.contact("left").charge / WIDTH == relative(charge, 1e-8)
        assert state.history.relaxation_rate > 0.0


@pytest.mark.parametrize(("margin", "kept"), [(0.01, True), (-0.01, False)])
def test_a_crystal_that_may_turn_switches_earlier(margin, kept):
    """Between electrodes and periodic sides P turns through axis 2 where d2f/dP2^2 = 0, at 0.87
    of the coercive field along axis 1: kept 1 % of this field before, not 1 % beyond.
    """
    law = Landau(coefficients=BELL, gradient_energy=STIFF)
    polynomial = law.polynomial(TEMPERATURE)
    turns = brentq(lambda p: float(polynomial.stiffness(p)[1, 1]), 0.196, 0.26, xtol=1e-14)
    field = float(polynomial.field(turns)[0])
    coercive = BRANCHES[BELL][0]
    assert -field / coercive == pytest.approx(0.8694, abs=1e-4)
    width = 8 * NM
    state = None
    for ratio in (0.0, 0.9, 1.0 - margin):
        model = Model(
            strip(np.linspace(0.0, width, 5), width, 2),
            {"electrolyte": Material(polarization=law)},
            contacts={
                "left": PotentialContact(potential=ratio * field * width),
                "right": PotentialContact(potential=0.0),
            },
            periodic=[Periodic(sides=("bottom", "top"))],
            temperature=TEMPERATURE,
        )
        start = {} if state else {"polarization": UniformPolarization()}
        state = model.equilibrium(state, **start)
    p = polarization_on_sites(state)
    if kept:
        assert along_x(state) == relative(polynomial.branch((1.0 - margin) * field), 1e-7)
        # the slowest mode is the uniform rotation
        softest = float(polynomial.stiffness(along_x(state))[1, 1])
        assert state.history.relaxation_rate == relative(softest, 1e-4)
    else:
        assert p[:, 0].max() < 0.1


def loop(card, step, peak=2.1, mesh=None):
    """Return field over E_c and P of a loop that starts and ends at the peak."""
    coercive = BRANCHES[card][0]
    count = round(2.0 * peak / step)
    down = np.linspace(peak, -peak, count + 1)
    fields = np.concatenate([down, down[-2::-1]])
    state, found = None, []
    for ratio in fields:
        model = film(card, ratio * coercive, mesh=mesh)
        start = {} if state else {"polarization": UniformPolarization(share=1.2)}
        state = model.equilibrium(state, **start)
        found.append(along_x(state))
    return fields, np.array(found)


@pytest.mark.parametrize("card", BRANCHES)
def test_film_switches_at_the_coercive_field(card):
    """Half a per mille before E_c the upper branch shall hold, half a per mille beyond not."""
    coercive, after, _ = BRANCHES[card]
    polynomial = Landau(coefficients=card).polynomial(TEMPERATURE)
    state = film(card, 0.0).equilibrium(polarization=UniformPolarization())
    for ratio in (-0.9, -0.9995):
        state = film(card, ratio * coercive).equilibrium(state)
    assert along_x(state) == relative(polynomial.branch(-0.9995 * coercive), 1e-7)
    assert along_x(state) > 0.19
    state = film(card, -1.0005 * coercive).equilibrium(state)
    assert along_x(state) == relative(-polynomial.branch(1.0005 * coercive), 1e-8)
    assert along_x(state) == relative(-after, 1e-4)
    back = film(card, 0.0).equilibrium(state)
    assert along_x(back) == relative(-polynomial.spontaneous_polarization(), 1e-8)


@pytest.mark.parametrize("beyond", [-1e-6, -1e-9, 1e-12, 1e-9, 1e-7, 1e-6])
def test_film_at_the_coercive_field_itself(beyond):
    """However close to the field at which the upper branch ends P shall find its rest. Where the
    forces are out of balance by less than about 1e-9 of the field it may stay at the end.
    """
    polynomial = Landau(coefficients=BELL).polynomial(TEMPERATURE)
    coercive = polynomial.coercive_field()
    state = film(BELL, -0.9 * coercive).equilibrium(polarization=UniformPolarization(share=0.85))
    found = film(BELL, -(1.0 + beyond) * coercive).equilibrium(state)
    if beyond < 0.0:
        expected = polynomial.branch(-(1.0 + beyond) * coercive)
        assert along_x(found) == relative(expected, 1e-6)
    elif beyond > 1e-8 or along_x(found) < 0.0:
        assert along_x(found) == relative(-polynomial.after_switching(), 1e-6)
    else:
        assert along_x(found) == relative(polynomial.spinodal()[0], 1e-4)


def test_loop_area_and_steps():
    """The area of a loop shall be that of the polynomial, but for the step in which it switches;
    the branches shall be independent of the size of the steps and the loop be odd.
    """
    polynomial = Landau(coefficients=BELL).polynomial(TEMPERATURE)
    coercive, after, _ = BRANCHES[BELL]
    ideal = polynomial.loop_area()
    jump = 2.0 * coercive * (after + polynomial.spinodal()[0])  # area per E_c of late switching
    loops = {}
    for step in (0.42, 0.14):
        fields, p = loop(BELL, step)
        assert p[-1] == relative(p[0], 1e-9)
        half = len(p) // 2
        np.testing.assert_allclose(p[half:], -p[: half + 1], rtol=1e-8)
        area = np.sum(0.5 * (fields[1:] + fields[:-1]) * np.diff(p)) * coercive
        assert 0.0 < abs(area) / ideal - 1.0 < 1.2 * step * jump / ideal
        loops[step] = dict(zip(np.round(fields[: half + 1], 6).tolist(), p, strict=False))
    coarse, fine = loops.values()
    common = sorted(set(coarse) & set(fine))
    assert len(common) == len(coarse)
    for ratio in common:
        assert coarse[ratio] == relative(fine[ratio], 1e-9)
        exact = polynomial.branch(abs(ratio) * coercive if ratio < -1.0 else ratio * coercive)
        assert abs(coarse[ratio]) == relative(exact, 1e-8)


def test_the_mesh_of_a_homogeneous_film_does_not_matter():
    """Loops on three cells and on a graded mesh in two directions shall agree to 1e-8."""
    coarse = strip(np.array([0.0, 2.7, 5.3, 8.0]) * NM, 3 * NM, 1)
    fine = strip(np.array([0.0, 0.3, 1.0, 2.5, 3.0, 6.0, 8.0]) * NM, 3 * NM, 3)
    found = [loop(BELL, 0.6, mesh=mesh)[1] for mesh in (coarse, fine)]
    np.testing.assert_allclose(*found, rtol=1e-8)


@pytest.mark.parametrize(
    ("permittivity", "ratio", "remanent", "field"),
    [
        (30.0, 0.001, 0.263503758600, -991681.220424),
        (30.0, 0.01, 0.245236237406, -9201728.57724),
        (30.0, 0.02, 0.212076326406, -1.58623129813e7),
        (300.0, 0.05, 0.256074648725, -4812196.84183),
    ],
)
@pytest.mark.parametrize("voltage", [0.0, 0.2])
def test_ferroelectric_on_a_dielectric(permittivity, ratio, remanent, field, voltage):
    """P and the field of a bilayer shall be those of the scalar balance, to 1e-8."""
    law = Landau(coefficients=BELL, gradient_energy=STIFF)
    thickness = 50 * NM
    model = stack(
        [
            ("film", Material(polarization=law), thickness),
            ("oxide", dielectric(permittivity), ratio * thickness),
        ],
        voltage,
    )
    state = model.equilibrium(polarization=UniformPolarization())
    exact = analytic.ferroelectric_bilayer(
        coefficients_of(law), 10 * epsilon_0, permittivity * epsilon_0,
        (thickness, ratio * thickness), voltage,
    )  # fmt: skip
    highest = np.argmax(exact.metastable_polarization)
    p = exact.metastable_polarization[highest]
    assert along_x(state) == relative(p, 1e-8)
    inside = exact.field[exact.stable][highest]
    assert region_mean_field(state, "film")[0] == relative(inside, 1e-8)
    if voltage == 0.0:
        assert along_x(state) == relative(remanent, CODATA + 1e-8)
        assert region_mean_field(state, "film")[0] == relative(field, 1e-7)


def test_a_thick_dielectric_takes_the_polarization_away():
    """Beyond the largest thickness with a metastable state the film shall become paraelectric."""
    law = Landau(coefficients=BELL, gradient_energy=STIFF)
    # r / (eps_d + eps_b r) = k: the largest k with a state is that of the threshold
    threshold = analytic.polarization_threshold(coefficients_of(law)).metastable / epsilon_0
    limit = 30.0 / (threshold - 10.0)
    for share, kept in ((0.995, True), (1.005, False)):
        model = stack(
            [
                ("film", Material(polarization=law), 50 * NM),
                ("oxide", dielectric(30.0), share * limit * 50 * NM),
            ],
            0.0,
        )
        p = polarization_on_sites(model.equilibrium(polarization=UniformPolarization(share=0.8)))
        size = np.nanmax(np.abs(p[:, 0]))
        assert (size > 0.1) == kept, (share, size)


# --- response in time -------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [-0.9, 0.0, 2.0])
def test_small_signal_permittivity(ratio):
    """The admittance shall be that of eps_b + 1/(f'' + i w tau), at all frequencies."""
    law = Landau(coefficients=BELL, viscosity=0.3, gradient_energy=STIFF)
    coercive, _, branch = BRANCHES[BELL]
    model = film(BELL, ratio * coercive, law=law)
    state = model.equilibrium(polarization=UniformPolarization(share=dict(branch)[ratio] / 0.2652))
    frequencies = np.array([1e3, 1e7, 1e8, 1e9, 1e11])
    p = dict(branch)[ratio]
    exact = 10 * epsilon_0 + analytic.landau_susceptibility(
        frequencies, p, coefficients_of(law), 0.3
    )
    admittance = 1.0 / state.impedance(frequencies, contact="left").impedance
    found = admittance * THICKNESS / WIDTH / (2j * np.pi * frequencies)
    np.testing.assert_allclose(found, exact, rtol=1e-6)


@pytest.mark.parametrize(
    ("ratio", "stop"), [(-1.5, 0.1), (-1.5, -0.2), (2.0, 0.295)], ids=["half", "through", "along"]
)
def test_relaxation_in_time(ratio, stop):
    """tau dP/dt = E - f'(P) of a film after a step of the voltage, extrapolated from backward
    Euler of first order.
    """
    viscosity = 0.3
    law = Landau(coefficients=BELL, viscosity=viscosity, gradient_energy=STIFF)
    start = film(BELL, 0.0, law=law).equilibrium(polarization=UniformPolarization())
    field = ratio * BRANCHES[BELL][0]
    end = analytic.landau_relaxation_time(
        along_x(start), stop, coefficients_of(law), viscosity, field
    )
    voltage = field * THICKNESS

    def reached(steps):
        trajectory = start.model.transient(
            [f"Step to {voltage} V", f"Hold at {voltage} V for {end} s"],
            contact="left", start=start, options=TransientOptions(fixed_step=end / steps),
        )  # fmt: skip
        return along_x(trajectory.final)

    p = np.array([reached(steps) for steps in (100, 200, 400)])
    first = 2.0 * p[1:] - p[:-1]
    assert abs(p[2] - stop) < 0.01
    assert (p[1] - p[0]) / (p[2] - p[1]) == pytest.approx(2.0, abs=0.15)
    assert (4.0 * first[1] - first[0]) / 3.0 == pytest.approx(stop, abs=3e-5)


def test_default_steps_follow_the_switching():
    """With steps from the tolerance alone the time to switch shall be right within 5 %."""
    viscosity = 0.3
    law = Landau(coefficients=BELL, viscosity=viscosity, gradient_energy=STIFF)
    start = film(BELL, 0.0, law=law).equilibrium(polarization=UniformPolarization())
    field = -1.5 * BRANCHES[BELL][0]
    exact = analytic.landau_relaxation_time(
        along_x(start), -0.2, coefficients_of(law), viscosity, field
    )
    voltage = field * THICKNESS
    trajectory = start.model.transient(
        [f"Step to {voltage} V", f"Hold at {voltage} V for {2.0 * exact} s"],
        contact="left", start=start, options=TransientOptions(save="all"),
    )  # fmt: skip
    p = np.array([along_x(s) for s in trajectory.solutions])
    assert (np.diff(p) <= 1e-12).all()
    crossed = np.interp(0.2, -p, trajectory.times)
    assert crossed == relative(exact, 0.05)
    charge = trajectory.final.contact("left").charge / WIDTH
    assert charge == relative(p[-1] + 10 * epsilon_0 * field, 1e-9)


# --- energy -----------------------------------------------------------------------------------


def total_energy(model, u):
    """Return Landau, gradient and field energy [J/m] of a model whose electrodes are at 0 V."""
    d = model.discretized
    bulk, gradient, surface = _core.landau_energy(d.core, u)
    phi = u[d.core.site_phi][d.triangle_sites]
    p = model.mesh.points[model.mesh.triangles] / d.scaling.length
    sides = np.linalg.inv(p[:, 1:] - p[:, :1])
    slope = np.einsum("tij,tj->ti", sides, phi[:, 1:] - phi[:, :1])
    eps = np.array([model.materials[r].relative_permittivity for r in model.mesh.region_names])
    weight = model.mesh.areas / d.scaling.length**2 * eps[model.mesh.region]
    field = 0.5 * d.scaling.permittivity * weight @ (slope**2).sum(axis=1)
    unit = d.scaling.field * d.scaling.surface_charge * d.scaling.volume
    return (bulk.sum() + gradient.sum() + surface.sum() + field) * unit


def composite():
    """Return a crystal between layers of a dielectric and between short-circuited electrodes."""
    n, size = 8, 8 * NM
    mesh = strip(np.linspace(0.0, size, n + 1), size, n)
    middle = np.abs(mesh.points[mesh.triangles].mean(axis=1) - size / 2)
    law = Landau(coefficients=BELL, axes="20 deg", gradient_energy="2e-10 J*m^3/C^2", viscosity=0.3)
    return Model(
        replace(
            mesh,
            region=(middle[:, 1] > 0.3 * size).astype(np.int32),
            region_names=("crystal", "frame"),
        ),
        {"crystal": Material(polarization=law), "frame": dielectric(60.0)},
        contacts={side: PotentialContact(potential=0.0) for side in ("left", "right")},
        temperature=TEMPERATURE,
    )


@pytest.mark.parametrize(
    "start",
    [RandomPolarization(share=0.05, seed=4), UniformPolarization(share=1.2, angle=70.0),
     StripeDomains(period="3 nm", angle=45.0)],
    ids=["random", "uniform", "stripes"],
)  # fmt: skip
def test_energy_falls_in_pseudo_time(start, monkeypatch):
    """No step of pseudo-time, also of those that were repeated, shall raise the energy."""
    model = composite()
    steps = []
    solve = StateSolver._once

    def record(self, assembly, u, patience=None):
        state = solve(self, assembly, u, patience)
        if state.converged and patience != solver._FEW:  # no attempt to find a state of rest
            steps.append((u.copy(), state.u.copy()))
        return state

    monkeypatch.setattr(StateSolver, "_once", record)
    found = model.equilibrium(polarization=start)
    ends = [after for _, after in steps]
    balanced = [
        (total_energy(model, before), total_energy(model, after))
        for before, after in steps
        if any(before is end or np.array_equal(before, end) for end in ends)
    ]
    size = max(abs(e) for pair in balanced for e in pair)
    assert len(balanced) >= 5
    assert max(after - before for before, after in balanced) < 1e-9 * size
    assert total_energy(model, found.unknowns) < balanced[0][0] - 1e-3 * size
    assert total_energy(model, found.unknowns) < 0.0  # it is polarized


def test_energy_falls_in_time():
    """A crystal that was poled shall lose energy in every step after the short circuit."""
    poled = composite()
    poled = poled.with_(
        contacts={
            "left": PotentialContact(potential=8.0),
            "right": PotentialContact(potential=0.0),
        }
    ).equilibrium(polarization=UniformPolarization())
    model = composite()
    start = type(poled)(
        model, poled.unknowns_for(model), kind="equilibrium",
        bias={"left": 8.0, "right": 0.0}, history=poled.history,
    )  # fmt: skip
    trajectory = model.transient(
        ["Step to 0 V", "Hold at 0 V for 20 ns"],
        contact="left", start=start, options=TransientOptions(save="all", tolerance=1e-2),
    )  # fmt: skip
    energies = np.array([
        total_energy(model, s.unknowns) for s in trajectory.solutions if abs(s.bias["left"]) < 1e-12
    ])  # fmt: skip
    assert len(energies) > 5
    assert np.diff(energies).max() < 1e-9 * np.abs(energies).max()
    assert energies[-1] < energies[0] - 1e-2 * abs(energies[0])


# --- discs ------------------------------------------------------------------------------------


def disc_state(model, share):
    state = model.equilibrium(polarization=UniformPolarization(share=share))
    p = polarization_on_sites(state)
    weight = state.site_volume * ~np.isnan(p[:, 0])
    return state, weight @ np.nan_to_num(p) / weight.sum()


@pytest.mark.parametrize(
    ("matrix", "far_field", "p", "field"),
    [
        (30, 1e6, 5.41892262409e-4, -30045.0867608),
        (30, 1e7, 0.00541906996584, -300866.890363),
        (30, 1e8, 0.0543310699757, -3405007.67671),
        (30, 3e8, 0.164644969229, -1.48788028607e7),
        (3000, 1e6, 0.250108781957, -7391200.20505),
        (3000, 1e7, 0.279001425751, 9464892.35704),
        (3000, 1e8, 0.371205039331, 1.85407231320e8),
        (3000, 3e8, 0.444516054687, 5.81327559377e8),
    ],
)
def test_disc_in_a_far_field(matrix, far_field, p, field, second_order):
    """P and E_in of a ferroelectric disc shall be those of the table, to second order."""
    law = Landau(coefficients=BELL, gradient_energy=STIFF)

    def solve(cells):
        model = disc_of_uniform_field(Material(polarization=law), field, far_field, matrix, cells)
        state, mean = disc_state(model, p / 0.2652)
        assert abs(mean[1]) < 1e-6
        return mean[0], region_mean_field(state, "disc")[0]

    found = {cells: solve(cells) for cells in (8, 16, 32)}
    second_order(
        lambda cells: found[cells][0], p, levels=(8, 16, 32), finest=3e-3, window=(1.7, 2.3),
        limit=5e-4,
    )  # fmt: skip
    # the field is a difference of large ones
    size = abs(field) + p / epsilon_0 / (matrix + 10.0)
    second_order(
        lambda cells: (found[cells][1] - field) / size, 0.0, levels=(8, 16, 32),
        finest=1e-2, window=(1.7, 2.3), limit=2e-3,
    )  # fmt: skip


@pytest.mark.parametrize(("card", "total"), [(BELL, 1249.76169474), (LI, 1318.51251137)])
def test_disc_loses_its_polarization_at_the_threshold(card, total):
    """1 % above the smallest eps_m + eps_b a uniform P shall stay, 1 % below it go: a quarter with
    16 cells has 0.6 % less depolarization.
    """
    law = Landau(coefficients=card, gradient_energy=STIFF)
    threshold = analytic.polarization_threshold(coefficients_of(law)).metastable / epsilon_0
    assert threshold == relative(total, CODATA)
    for share, kept in ((1.01, True), (0.99, False)):
        exact = analytic.ferroelectric_disc(
            coefficients_of(law), 10 * epsilon_0, (share * total - 10.0) * epsilon_0
        )
        p = exact.metastable_polarization[-1]
        assert (p > 0.1) == kept
        # a grounded circle at four radii: eps_m (1 + 1/16)/(1 - 1/16) in place of eps_m
        matrix = (share * total - 10.0) * 15.0 / 17.0
        model = disc_of_uniform_field(Material(polarization=law), 0.0, 0.0, matrix, 16)
        _, mean = disc_state(model, 0.9)
        assert mean[0] == pytest.approx(p, abs=0.01 if kept else 1e-6)


def weak(scale=1e-4):
    """Return a stiff crystal whose P is smaller by `scale`, with the same permittivities."""
    table = Landau(coefficients=BELL).polynomial(TEMPERATURE).table
    return Landau(
        coefficients=LandauCoefficients(
            a1=table[1, 0], a11=table[2, 0] / scale**2, a12=table[1, 1] / scale**2,
            a111=table[3, 0] / scale**4, a112=table[2, 1] / scale**4,
            temperature_range=(200.0, 400.0),
        ),
        gradient_energy=STIFF,
    )  # fmt: skip


def test_ions_that_screen_keep_the_polarization():
    """In a Debye medium the threshold shall be that of eps_m Lambda + eps_b, 2 % of a/lambda around
    it; without ions the disc of the same matrix loses its P.
    """
    law, matrix = weak(), 100.0
    coefficients = coefficients_of(law)
    threshold = analytic.polarization_threshold(coefficients).metastable
    radius = analytic.polarised_disc_screening(threshold, 10 * epsilon_0, matrix * epsilon_0)
    for share, kept in ((1.02, True), (0.98, False)):
        length = RADIUS / (share * radius)
        layer = LatticeGasLayer(matrix, site_density(length, matrix), 0.5)
        state, mean = disc_state(disc_in_conductor(Material(polarization=law), layer, 24), 0.9)
        factor = float(analytic.screened_disc_factor(share * radius))
        exact = analytic.ferroelectric_disc(
            coefficients, 10 * epsilon_0, matrix * epsilon_0 * factor
        ).metastable_polarization[-1]
        assert (exact > 1e-5) == kept
        assert mean[0] == pytest.approx(exact, abs=2e-6 if kept else 1e-9)
        assert np.abs(state.potential).max() < 1e-4  # linear: far below kT/e
    bare = disc_of_uniform_field(Material(polarization=law), 0.0, 0.0, matrix, 8)
    assert abs(disc_state(bare, 0.9)[1][0]) < 1e-9


# --- domain walls -----------------------------------------------------------------------------


@pytest.mark.parametrize("card", [BELL, LI])
def test_domain_wall(card, second_order):
    """Energy, profile and width of a neutral 180 degree wall shall be those of the closed form (of
    sixth and eighth order), to second order.
    """
    law, found = Landau(coefficients=card), {}
    for cells in (40, 80, 160):
        state, exact = domain_wall(card, cells)
        assert exact == IsingWall(coefficients_of(law), 3e-10)
        p = polarization_on_sites(state)
        x = state.site_points[:, 0] - 0.5 * WALL_LENGTH
        ps = exact.spontaneous_polarization
        bulk = law.polynomial(TEMPERATURE).energy(ps) * WALL_LENGTH
        energy = ferroelectric_energy(state) / WIDTH - bulk
        order = np.argsort(x)
        x, py = x[order][::2], p[order][::2, 1]
        crossing = np.interp(0.0, py, x)
        near = np.abs(x - crossing) < 3.0 * exact.width
        error = np.abs(py - exact.polarization(x - crossing))[near].max() / ps
        assert np.abs(p[:, 0]).max() < 1e-9  # no charge, no field
        assert np.abs(state.potential).max() < 1e-8
        found[cells] = (energy, error)
    levels = (40, 80, 160)
    second_order(lambda n: found[n][0], exact.energy, levels=levels, finest=2e-3, limit=2e-4)
    second_order(lambda n: found[n][1], 0.0, levels=levels, finest=3e-3, window=(1.7, 2.3),
                 limit=1e-3)  # fmt: skip


def test_width_of_a_wall_is_that_of_its_tangent():
    state, exact = domain_wall(BELL, 320)
    p, x = polarization_on_sites(state)[:, 1], state.site_points[:, 0]
    order = np.argsort(x)
    slope = np.gradient(p[order][::2], x[order][::2]).max()
    assert 2.0 * exact.spontaneous_polarization / slope == relative(exact.width, 2e-3)


# --- domains ----------------------------------------------------------------------------------


def sheet(seed, share=0.01):
    """Return the state of a uniaxial sheet between dielectrics that forms domains."""
    law = Landau(
        coefficients=LandauCoefficients(
            symmetry="uniaxial", a1=-3e8, a2=1e9, a11=1.5e9, temperature_range=(200.0, 400.0),
        ),
        gradient_energy="2e-11 J*m^3/C^2",
    )  # fmt: skip
    mesh = strip(
        np.linspace(0.0, 10 * NM, 21), 8 * NM, 16,
        [("below", 2 * NM), ("crystal", 8 * NM), ("over", 10 * NM)],
    )  # fmt: skip
    model = Model(
        mesh,
        {
            "below": dielectric(10.0),
            "crystal": Material(polarization=law),
            "over": dielectric(10.0),
        },
        contacts={side: PotentialContact(potential=0.0) for side in ("left", "right")},
        temperature=TEMPERATURE,
    )
    return model.equilibrium(polarization=RandomPolarization(share=share, seed=seed))


def test_a_random_start_forms_domains_that_depend_on_its_seed_alone():
    """Depolarization splits a sheet into domains of both signs: equal for equal seeds."""
    one, same, other = sheet(1), sheet(1), sheet(2)
    assert np.array_equal(one.unknowns, same.unknowns)
    p = polarization_on_sites(one)[:, 0]
    p = p[~np.isnan(p)]
    assert p.max() > 0.15
    assert p.min() < -0.15
    assert abs(p.mean()) < 0.1
    assert one.history.relaxation_rate > 0.0
    difference = polarization_on_sites(one)[:, 0] - polarization_on_sites(other)[:, 0]
    assert np.nanmax(np.abs(difference)) > 0.1


@pytest.mark.parametrize("angle", [30.0, -75.0])
def test_turned_domains(angle):
    """Turning mesh, axes and start of a crystal in a dielectric, whose P forms closed loops, shall
    turn P and change neither energy nor potential: 1e-8.
    """

    n, size = 10, 16 * NM
    mesh = strip(np.linspace(0.0, size, n + 1), size, n)
    middle = np.abs(mesh.points[mesh.triangles].mean(axis=1) - size / 2)
    inside = (middle < 0.3 * size).all(axis=1)

    def solve(by):
        c, s = np.cos(np.radians(by)), np.sin(np.radians(by))
        law = Landau(coefficients=BELL, axes=f"{15.0 + by} deg", gradient_energy="2e-11 J*m^3/C^2")
        model = Model(
            replace(
                mesh,
                points=mesh.points @ np.array([[c, s], [-s, c]]),
                region=np.where(inside, 0, 1).astype(np.int32),
                region_names=("crystal", "frame"),
            ),
            {"crystal": Material(polarization=law), "frame": dielectric(60.0)},
            contacts={side: PotentialContact(potential=0.0) for side in ("left", "right")},
            temperature=TEMPERATURE,
        )
        stripes = StripeDomains(period=0.5 * size, angle=105.0 + by, offset=0.02 * size)
        return model.equilibrium(polarization=stripes)

    one, two = solve(0.0), solve(angle)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    p = polarization_on_sites(one)
    size = np.nanmax(np.abs(p))
    assert size > 0.2
    assert np.abs(np.nanmean(p, axis=0)).max() < 0.2 * size  # not uniform
    np.testing.assert_allclose(
        polarization_on_sites(two), p @ np.array([[c, s], [-s, c]]), atol=1e-8 * size
    )
    np.testing.assert_allclose(
        two.potential, one.potential, atol=1e-8 * np.abs(one.potential).max()
    )
    assert ferroelectric_energy(two) == relative(ferroelectric_energy(one), 1e-10)
    assert two.history.relaxation_rate == relative(one.history.relaxation_rate, 1e-5)
