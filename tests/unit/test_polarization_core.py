"""The polarization of the core: its laws, their derivatives, energies, charges and memories."""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from approx import relative
from models import NM, conductor
from scipy.constants import epsilon_0
from scipy.sparse import csc_array
from tiny import AXISYMMETRIC, PLANAR, constrain, control, line, scrambled

from pyscl import (
    Anisotropic,
    Hysteresis,
    Interface,
    Johnson,
    Landau,
    LandauCoefficients,
    Langevin,
    Material,
    Mesh,
    Model,
    Periodic,
    PotentialContact,
    Remanent,
    ReservoirContact,
    Solution,
    TransientOptions,
    _core,
)
from pyscl.mesh import strip
from pyscl.polar_states import (
    RandomPolarization,
    StripeDomains,
    UniformPolarization,
    start_polarization,
)
from pyscl.polarization import MEMORY, POLAR, crystal_surface
from pyscl.study.newton import SolverOptions
from pyscl.study.solver import StateSolver

mp.mp.dps = 40

EQUILIBRIUM, STEADY, TRANSIENT = (
    _core.Balance.equilibrium, _core.Balance.steady, _core.Balance.transient,
)  # fmt: skip
TABLE = [
    [0.0, -0.7, 0.5, 0.2, 0.11],
    [-0.9, 0.6, -0.3, 0.13, 0.0],
    [0.4, 0.35, 0.17, 0.0, 0.0],
    [0.25, -0.2, 0.0, 0.0, 0.0],
    [0.15, 0.0, 0.0, 0.0, 0.0],
]
STIFF = [0.9, 0.35, 0.5, 0.2]  # G11, G12, G44, G44'


def hysteretic():
    return _core.HystereticPolarization(0.7, 1.3, [0.2, 0.5, 0.3], [0.6, 1.0, 2.4])


def landau(gradient=(0.0, 0.0, 0.0, 0.0)):
    return _core.LandauPolarization(TABLE, list(gradient), 0.8, 1.1)


# A new law is one line here; its Jacobian is then tested in every balance.
LAWS = {
    "anisotropic": _core.AnisotropicPolarization([0.3, -0.2]),
    "johnson": _core.JohnsonPolarization(0.5, 0.7),
    "langevin": _core.LangevinPolarization(0.9, 0.4),
    "hysteresis": hysteretic(),
    "landau": landau(),
    "landau with gradients": landau(STIFF),
}
PINNED = "hysteresis"
UNKNOWN = [name for name in LAWS if "landau" in name]
BELL = "BaTiO3-Bell-Cross"


# --- the laws ---------------------------------------------------------------------------------


def johnson_exactly(x, y):
    eps, b = mp.mpf(0.5), mp.mpf(0.7)
    factor = eps / mp.cbrt(1 + 3 * b * eps**3 * (x**2 + y**2)) - eps
    return factor * x, factor * y


def langevin_exactly(x, y):
    saturation, chi = mp.mpf(0.9), mp.mpf(0.4)
    size = mp.sqrt(x**2 + y**2)
    turning = 3 * chi * size / saturation
    factor = saturation * (mp.coth(turning) - 1 / turning) / size - chi
    return factor * x, factor * y


MEMORIES = (-1.9, 0.3, 0.8)


def hysteresis_exactly(x, y):
    law = zip((0.2, 0.5, 0.3), (0.6, 1.0, 2.4), MEMORIES, strict=True)
    total = mp.mpf(0)
    for weight, pinning, memory in law:
        kept = min(max(mp.mpf(memory), x - mp.mpf(pinning)), x + mp.mpf(pinning))
        total += mp.mpf(weight) * mp.tanh(kept / mp.mpf(1.3))
    return mp.mpf(0.7) * total, mp.mpf(0)


EXACT = {
    "anisotropic": lambda x, y: (mp.mpf(0.3) * x, mp.mpf(-0.2) * y),
    "johnson": johnson_exactly,
    "langevin": langevin_exactly,
    "hysteresis": hysteresis_exactly,
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("size", [1e-9, 1e-3, 0.0749, 0.0751, 0.4, 3.0, 40.0, 1e4, 1e9])
@pytest.mark.parametrize("angle", [0.0, 0.7, 2.3, -1.1])
def test_laws_and_their_derivatives_are_those_of_exact_arithmetic(name, size, angle):
    """P and dP/dE shall be the formula to 1e-13 of a linear response, in fields of any size."""
    field = size * np.array([np.cos(angle), np.sin(angle)])
    memory = [MEMORIES] if name == PINNED else []
    found, slope = (np.array(a) for a in LAWS[name].at(field.tolist(), *memory))
    with mp.workdps(60):
        at = [mp.mpf(float(c)) for c in field]
        expected = np.array([float(c) for c in EXACT[name](*at)])
        step = mp.mpf(10) ** -20 * mp.mpf(size)
        columns = []
        for k in (0, 1):
            ahead, behind = (
                EXACT[name](*(c + s * step * (i == k) for i, c in enumerate(at))) for s in (1, -1)
            )
            columns.append(
                [float((a - b) / (2 * step)) for a, b in zip(ahead, behind, strict=True)]
            )
    limit = 1e-13 * (1.0 if name == PINNED else size)
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=limit)
    np.testing.assert_allclose(slope, np.array(columns).T, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", ["johnson", "langevin"])
def test_laws_are_smooth_through_zero_field(name):
    value, slope = LAWS[name].at([0.0, 0.0])
    assert value == [0.0, 0.0]
    assert slope == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("name", ["johnson", "langevin"])
@pytest.mark.parametrize("size", [0.1, 1.0, 10.0, 1e3])
def test_the_whole_permittivity_stays_positive(name, size):
    """d(eps E + P)/dE shall be positive along and across the field, and smaller along it."""
    _, slope = LAWS[name].at([size, 0.0])
    along, across = 0.5 + slope[0][0], 0.5 + slope[1][1]
    assert 0.0 < along < across < 0.5


def test_the_play_of_a_cell_is_that_of_the_law_in_python():
    """A random walk of the field shall give the P of `Hysteresis.follow` at every step."""
    law = Hysteresis(
        background_permittivity=80, saturation=0.2, remanence=0.15, coercive_field=5e6,
        cells=5, spread=0.2,
    )  # fmt: skip
    cells = law.play()
    core = _core.HystereticPolarization(
        0.2, cells.width, list(cells.weight), list(cells.coercive_field)
    )
    fields = np.cumsum(np.random.default_rng(3).normal(0.0, 4e6, 60))
    memory, found = np.zeros(5), []
    for field in fields:
        found.append(core.at([field, 7e6], memory.tolist())[0][0])
        memory = law.moved(memory, field)
    np.testing.assert_allclose(found, law.follow(fields), rtol=1e-13, atol=1e-15)


# --- Landau energy, field, stiffness ----------------------------------------------------------


def energy_exactly(x, y):
    return sum(
        mp.mpf(TABLE[m][n]) * x ** (2 * m) * y ** (2 * n) for m in range(5) for n in range(5)
    )


@pytest.mark.parametrize(
    "p", [(0.3, 0.7), (-1.2, 0.4), (0.0, 0.9), (1.1, 0.0), (0.0, 0.0), (1e-6, -2.0)]
)
def test_landau_field_and_stiffness_are_derivatives_of_the_energy(p):
    """Energy, dF/dP and the Hessian shall be those of the polynomial to rounding."""
    law = landau()
    at = tuple(mp.mpf(float(c)) for c in p)

    def derivative(*orders):
        return float(mp.diff(energy_exactly, at, orders))

    assert law.energy(p) == pytest.approx(float(energy_exactly(*at)), rel=1e-14, abs=1e-15)
    np.testing.assert_allclose(
        law.field(p), [derivative(1, 0), derivative(0, 1)], rtol=1e-13, atol=1e-14
    )
    np.testing.assert_allclose(
        law.stiffness(p),
        [derivative(2, 0), derivative(1, 1), derivative(0, 2)],
        rtol=1e-13, atol=1e-13,
    )  # fmt: skip


def test_landau_gradient_energy_is_its_quadratic_form():
    a, b, c, d = 0.7, -0.4, 1.3, 0.25  # P1,1 P1,2 P2,1 P2,2
    g11, g12, g44, g44_rotation = STIFF
    expected = (
        0.5 * g11 * (a * a + d * d)
        + g12 * a * d
        + 0.5 * g44 * (b + c) ** 2
        + 0.5 * g44_rotation * (b - c) ** 2
    )
    assert landau(STIFF).gradient_energy([[a, b], [c, d]]) == relative(expected, 1e-15)


# --- a small composite ------------------------------------------------------------------------


def composite(rng, name, coordinates=PLANAR):
    """Return a discretisation of two regions with random axes, surfaces and bound charges: the law
    under test and a carrier on the left, a linear region with the same carrier on the right.
    """
    points, triangles, region = scrambled(rng, nx=4, ny=3)
    carrier = [
        _core.CarrierLaw(0, z, 1.0, 0.1, 1.0, _core.Mobility.dilute, _core.LatticeGas())
        for z in (1.0, 1.0)
    ]
    laws = [
        _core.RegionLaw(0.5, carrier[:1], LAWS[name]),
        _core.RegionLaw(0.8, carrier[1:]),
    ]
    angle = rng.uniform(0.0, 2.0 * np.pi, len(triangles))
    axes = np.column_stack([np.cos(angle), np.sin(angle)])
    left = np.flatnonzero(points[:, 0] == 0.0).tolist()
    d = _core.Discretization(points, triangles, region, coordinates, laws, 1, [], left[:1], axes)
    bound = rng.normal(size=d.n_sites)
    stiffness = rng.uniform(0.0, 0.5, (d.n_sites, 3)) * [1.0, 0.3, 1.0]
    d.set_polarization(bound - bound.mean(), stiffness)
    return d, points, triangles, axes


def held(d, points, rng, *, free_mu):
    """Return the fixed dofs: two electrodes, the memory, and mu unless it moves."""
    fixed = {int(n): rng.normal() for n in np.flatnonzero(points[:, 0] == 3.0)}
    fixed |= {int(k): rng.normal() for k in np.flatnonzero(d.dof_carrier == MEMORY)}
    if not free_mu:
        fixed |= dict.fromkeys(np.flatnonzero(d.dof_carrier == 0).tolist(), 0.3)
    fixed |= {d.terminal_dof(0, k): 0.2 for k in (-1, 0)}
    return fixed


def jacobians(assembly, constraints, z, h=3e-4):
    """Return the Jacobian and five-point differences of the residual, (n, n) each."""
    _, data, rows, starts = assembly.residual_and_jacobian(constraints.expand(z))
    n = len(z)
    found = csc_array((data, rows, starts), shape=(n, n)).toarray()
    columns = []
    for k in range(n):
        e = np.zeros(n)
        e[k] = h
        r = {s: assembly.residual(constraints.expand(z + s * e)) for s in (-2, -1, 1, 2)}
        columns.append((8.0 * (r[1] - r[-1]) - (r[2] - r[-2])) / (12.0 * h))
    return found, np.column_stack(columns)


def in_unknowns(assembly, of_dofs):
    """Return values of dofs in the order of the free unknowns."""
    free = assembly.free_of_dof
    result = np.zeros(free.max() + 1, of_dofs.dtype)
    result[free[free >= 0]] = of_dofs[free >= 0]
    return result


def balanced(d, constraints, balance, rng, z):
    """Return the equations of a balance; in time those of a BDF2 step."""
    assembly = _core.Assembly(d, constraints, [], [], balance)
    if balance != TRANSIENT:
        return assembly
    time = _core.Transient(assembly, np.arange(d.n_nodes, dtype=np.int32), [0.1] * 2, 1.0)
    past = [constraints.expand(z + 0.3 * rng.normal(size=len(z))) for _ in range(2)]
    time.restore([0.0, 0.4], np.array(past))
    time.attempt(0.5, 2, control(max_iterations=1), None)
    return time.assembly


# crystals whose P is an unknown have no axis of revolution
@pytest.mark.parametrize(
    ("name", "coordinates"),
    [(name, PLANAR) for name in LAWS] + [(n, AXISYMMETRIC) for n in LAWS if n not in UNKNOWN],
    ids=lambda value: getattr(value, "name", value),
)
@pytest.mark.parametrize("balance", [EQUILIBRIUM, STEADY, TRANSIENT], ids=lambda b: b.name)
def test_jacobian_is_the_derivative_of_the_residual(name, balance, coordinates, rng):
    """To 1e-7 of each row at a random state, with turned axes and soft surfaces."""
    d, points, *_ = composite(rng, name, coordinates)
    constraints = constrain(d, held(d, points, rng, free_mu=balance != EQUILIBRIUM))
    z = rng.uniform(-1.5, 1.5, constraints.n_free)
    assembly = balanced(d, constraints, balance, rng, z)
    found, expected = jacobians(assembly, constraints, z)
    error = np.abs(found - expected).max(axis=1)
    assert (error < 1e-7 * np.abs(found).max(axis=1)).all()


@pytest.mark.parametrize("balance", [EQUILIBRIUM, STEADY], ids=lambda b: b.name)
def test_jacobian_holds_in_pseudo_time(balance, rng):
    """The friction of a rate shall add viscosity times volume to the diagonal of P, no more."""
    d, points, *_ = composite(rng, "landau with gradients")
    constraints = constrain(d, held(d, points, rng, free_mu=balance != EQUILIBRIUM))
    z, before = rng.uniform(-1.5, 1.5, (2, constraints.n_free))
    assembly = _core.Assembly(d, constraints, [], [], balance)
    rest, _ = jacobians(assembly, constraints, z)
    still = assembly.residual(constraints.expand(z))
    assembly.start_from(constraints.expand(before), 2.5)
    found, expected = jacobians(assembly, constraints, z)
    assert (np.abs(found - expected).max(axis=1) < 1e-7 * np.abs(found).max(axis=1)).all()
    friction = np.zeros(d.n_dofs)
    for site in np.flatnonzero(d.site_polar >= 0):
        friction[d.site_polar[site] + np.arange(2)] = 0.8 * d.site_volume[site]
    friction = in_unknowns(assembly, friction)
    np.testing.assert_allclose(found - rest, np.diag(2.5 * friction), atol=1e-13)
    pushed = assembly.residual(constraints.expand(z)) - still
    np.testing.assert_allclose(pushed, 2.5 * friction * (z - before), atol=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_equilibrium_jacobian_is_symmetric(name, rng):
    """Up to the sign of the rows of phi against those of P: a saddle of one energy."""
    d, points, *_ = composite(rng, name)
    constraints = constrain(d, held(d, points, rng, free_mu=False))
    z = rng.uniform(-1.5, 1.5, constraints.n_free)
    assembly = _core.Assembly(d, constraints, [], [], EQUILIBRIUM)
    found, _ = jacobians(assembly, constraints, z)
    polar = in_unknowns(assembly, d.dof_carrier == POLAR)
    flipped = np.where(polar[:, None], found, -found)
    assert np.abs(flipped - flipped.T).max() < 1e-14 * np.abs(found).max()


@pytest.mark.parametrize("name", UNKNOWN)
def test_rows_are_the_derivative_of_the_energy(name, rng):
    """The rows of P shall be the derivative of Landau, gradient and surface energy and of the
    energy -E.P in the field; those of phi minus that of the latter.
    """
    d, points, triangles, _ = composite(rng, name)
    assembly = _core.Assembly(d, constrain(d), [], [], STEADY)
    u = rng.uniform(-1.2, 1.2, d.n_dofs)
    corner = points[triangles]
    area = 0.5 * np.linalg.det(corner[:, 1:] - corner[:, :1])
    # gradient of phi: the exact solution of (side) . grad = difference, per triangle
    sides = np.linalg.inv(corner[:, 1:] - corner[:, :1])

    def energy(u):
        bulk, gradient, surface = _core.landau_energy(d, u)
        phi = u[triangles]
        slope = np.einsum("tij,tj->ti", sides, phi[:, 1:] - phi[:, :1])
        coupling = area @ (_core.polarization_density(d, u) * slope).sum(axis=1)
        return bulk.sum() + gradient.sum() + surface.sum() + coupling

    def difference(dof, h=1e-3):
        e = np.zeros(d.n_dofs)
        e[dof] = h
        w = {s: energy(u + s * e) for s in (-2, -1, 1, 2)}
        return (8.0 * (w[1] - w[-1]) - (w[2] - w[-2])) / (12.0 * h)

    rows = assembly.rows(u)
    unpolarized = assembly.rows(np.where(d.dof_carrier == POLAR, 0.0, u))
    polar = np.flatnonzero(d.dof_carrier == POLAR)
    expected = np.array([difference(k) for k in polar])
    np.testing.assert_allclose(rows[polar], expected, rtol=1e-8, atol=1e-9)
    potentials = np.arange(d.n_nodes)
    charge = (rows - unpolarized)[potentials]
    np.testing.assert_allclose(charge, [-difference(k) for k in potentials], atol=1e-10)
    assert np.abs(charge).max() > 0.1


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("coordinates", [PLANAR, AXISYMMETRIC], ids=lambda c: c.name)
def test_bound_charges_add_up_to_zero(name, coordinates, rng):
    """What P adds to Gauss's law shall have no sum over the region, whatever the state."""
    d, points, *_ = composite(rng, name, coordinates)
    u = rng.uniform(-1.5, 1.5, d.n_dofs)
    constraints = constrain(d, held(d, points, rng, free_mu=False))
    assembly = _core.Assembly(d, constraints, [], [], EQUILIBRIUM)
    change = rng.normal(size=d.n_dofs)
    added = assembly.displacement_change(u, change) - assembly.displacement(change)
    assert np.abs(added).max() > 1e-2
    assert abs(added.sum()) < 1e-13 * np.abs(added).sum()
    rows = assembly.rows(u)[: d.n_nodes]
    carriers = d.site_volume @ d.site_fractions(0, u)[0]
    assert rows.sum() + carriers == pytest.approx(0.0, abs=1e-13 * np.abs(rows).sum())


@pytest.mark.parametrize("name", LAWS)
def test_changes_of_p_and_d_are_derivatives(name, rng):
    """`polarization_change` and `displacement_change` shall be differences of states."""
    d, points, *_ = composite(rng, name)
    memory = d.dof_carrier == MEMORY
    u = rng.uniform(-1.5, 1.5, d.n_dofs)
    s = np.where(memory, 0.0, rng.normal(size=d.n_dofs))
    h = 1e-4
    p = [_core.polarization_density(d, u + k * h * s) for k in (-1, 1)]
    np.testing.assert_allclose(
        _core.polarization_change(d, u, s), (p[1] - p[0]) / (2 * h), atol=2e-6
    )
    # without carriers that respond, rows of phi are displacements
    assembly = _core.Assembly(
        d, constrain(d, held(d, points, rng, free_mu=False)), [], [], EQUILIBRIUM
    )
    follows = s.copy()
    follows[d.dof_carrier == 0] = s[d.dof_node[d.dof_carrier == 0]]  # mu with phi: eta is kept
    rows = [assembly.rows(u + k * h * follows) for k in (-1, 1)]
    n = d.n_nodes
    np.testing.assert_allclose(
        assembly.displacement_change(u, follows)[:n], ((rows[1] - rows[0]) / (2 * h))[:n],
        atol=2e-6,
    )  # fmt: skip


def test_switching_sees_what_has_moved_and_what_is_unstable(rng):
    """The change shall be the largest of any P over the scale of the law, and the rate that of the
    instability on its way.
    """
    d, *_ = composite(rng, "landau")
    first = int(d.site_polar.max())  # the last polar site
    before = np.zeros(d.n_dofs)
    after = before.copy()
    before[first] = 0.5
    after[first : first + 2] = [0.5, 0.11]
    moved = _core.switching(d, before, after)
    assert moved.change == relative(0.1, 1e-13)
    assert moved.dof == first
    # Hessian at (0.5, 0): stable along axis 1 or not, the softest of the way counts
    assert moved.rate > 0.0
    assert _core.switching(d, before, before).change == 0.0
    assert _core.switching(d, before, before).rate == 0.0
    slightly = before.copy()
    slightly[first + 1] = 0.005
    assert _core.switching(d, before, slightly).rate == 0.0  # it does not count as moving


def test_the_order_of_elimination_does_not_matter(rng):
    """Any rank of the nodes shall give the same state, to 1e-11."""
    d, points, *_ = composite(rng, "landau with gradients")
    constraints = constrain(d, held(d, points, rng, free_mu=False))
    assembly = _core.Assembly(d, constraints, [], [], EQUILIBRIUM)
    start = constraints.expand(rng.uniform(-0.5, 0.5, constraints.n_free))
    assembly.start_from(start, 5.0)
    found = []
    for _ in range(3):
        order = rng.permutation(d.n_nodes).astype(np.int32)
        result = _core.NewtonIteration(order).solve(assembly, start, control(1e-12))
        assert result.converged
        found.append(result.u)
    assert np.ptp(found, axis=0).max() < 1e-11


@pytest.mark.parametrize("name", UNKNOWN)
def test_newton_is_quadratic(name, rng):
    """After new factors the changes shall fall with the square of the one before."""
    d, points, *_ = composite(rng, name)
    constraints = constrain(d, held(d, points, rng, free_mu=False))
    assembly = _core.Assembly(d, constraints, [], [], EQUILIBRIUM)
    start = constraints.expand(np.full(constraints.n_free, 0.4))
    assembly.start_from(start, 3.0)
    steps = _core.NewtonIteration(np.arange(d.n_nodes, dtype=np.int32)).solve(
        assembly, start, control(1e-12)
    ).steps  # fmt: skip
    updates = np.array([max(s.phi_update, s.polar_update) for s in steps])
    fresh = np.array([s.factorized for s in steps[:-1]])
    quadratic = np.flatnonzero(fresh & (updates[:-1] < 0.2) & (updates[:-1] > 3e-6))
    assert len(quadratic)
    assert (updates[quadratic + 1] < 10.0 * updates[quadratic] ** 2).all()
    assert steps[-1].polar_update < 1e-12


# --- films ------------------------------------------------------------------------------------


def sides(potential=0.0):
    return {
        "left": PotentialContact(potential=potential),
        "right": PotentialContact(potential=0.0),
    }


def film(law, potential=0.0, nodes=6, length=10 * NM, **more):
    return Model(
        strip(np.linspace(0.0, length, nodes), 2 * NM, 2),
        {"electrolyte": Material(polarization=law)},
        contacts=sides(potential),
        temperature=298.0,
        **more,
    )


def scrambled_mesh(rng, scale=NM):
    """Return an obtuse mesh of 3 x 2 `scale`, regions a and b, whose bottom and top match."""
    points, triangles, region = scrambled(rng, nx=6, ny=4)
    place = {"left": (0, 0.0), "right": (0, 3.0), "bottom": (1, 0.0), "top": (1, 2.0)}
    facets, group = [], []
    for number, (axis, value) in enumerate(place.values()):
        on = np.flatnonzero(points[:, axis] == value)
        on = on[np.argsort(points[on, 1 - axis])]
        facets.append(np.column_stack([on[:-1], on[1:]]))
        group += [number] * (len(on) - 1)
    return Mesh(
        points=points * scale,
        triangles=triangles,
        region=region,
        region_names=("a", "b"),
        facets=np.concatenate(facets).astype(np.int32),
        facet_group=np.array(group, dtype=np.int32),
        facet_names=tuple(place),
    )


@pytest.mark.parametrize("angle", [0.0, 30.0, 135.0])
@pytest.mark.parametrize("gradient", [None, "0 J*m^3/C^2"])
def test_uniform_polarization_is_exact_on_any_mesh(angle, gradient, rng):
    """Patch test: between electrodes and periodic sides P shall be P_s along the axis, without
    field, to 1e-12 on an obtuse mesh.
    """
    extra = {} if gradient is None else {"gradient_energy": gradient}
    law = Landau(coefficients=BELL, axes=f"{angle} deg", **extra)
    mesh = scrambled_mesh(rng)
    mesh = replace(mesh, region=np.zeros_like(mesh.region), region_names=("a",))
    model = Model(
        mesh, {"a": Material(polarization=law)}, contacts=sides(), temperature=298.0,
        periodic=[Periodic(sides=("bottom", "top"))],
    )  # fmt: skip
    found = model.equilibrium(polarization=UniformPolarization(share=0.9))
    spontaneous = law.polynomial(298.0).spontaneous_polarization()
    assert spontaneous == relative(0.265230274731, 1e-11)
    turned = np.radians(angle)
    expected = spontaneous * np.array([np.cos(turned), np.sin(turned)])
    p = found["polarization"].values
    assert np.abs(p - expected).max() < 1e-12 * spontaneous
    assert np.abs(found.potential).max() < 1e-12
    assert found.contact("left").charge / (2 * NM) == pytest.approx(expected[0], rel=1e-12)
    # bound charge P . n against the axis, and nothing inside
    bound = found["bound_charge_density"].values
    assert np.nanmax(np.abs(bound)) < 1e-10 * spontaneous / NM


def test_bound_charge_of_every_region_is_zero(rng):
    """Two crystals with different laws and random domains: no region shall have a bound charge,
    and the field of the sum shall be that of Gauss's law.
    """
    from pyscl.polarization import bound_charge

    materials = {
        "a": Material(polarization=Landau(coefficients=BELL, axes="40 deg")),
        "b": Material(polarization=Johnson(relative_permittivity=500, coefficient=8e9)),
    }
    model = Model(
        scrambled_mesh(rng, 3 * NM), materials, contacts=sides(0.3), temperature=298.0,
        fixed_polarization={"b": lambda x, y: (0.03 * np.sin(3e8 * y), 0.1 + 0.0 * x)},
    )  # fmt: skip
    found = model.equilibrium(polarization=RandomPolarization(share=0.5, seed=1))
    d = model.discretized
    charge = bound_charge(model, found["polarization"].values, d.triangle_sites, len(d.site_node))
    for region in (0, 1):
        here = charge[d.site_region == region]
        assert abs(here.sum()) < 1e-13 * np.abs(here).sum()
    # no free charge: what leaves one electrode arrives at the other
    charges = [found.contact(side).charge for side in ("left", "right")]
    assert sum(charges) == pytest.approx(0.0, abs=1e-10 * abs(charges[0]))


# --- hysteresis -------------------------------------------------------------------------------

SOFT = Hysteresis(
    background_permittivity=80, saturation=0.2, remanence=0.15, coercive_field=5e7,
    cells=7, spread=0.2,
)  # fmt: skip
PATH = np.array([0.0, 1.5, 0.7, -0.2, -0.6, -1.5, 0.1, 0.8, -0.45, 0.0]) * 1e8  # [V/m]


def driven(law, fields, length=10 * NM):
    """Return the states of a film that goes through mean fields [V/m], each from the one before."""
    states, state = [], None
    for field in fields:
        model = film(law, field * length, length=length)
        state = model.equilibrium() if state is None else model.equilibrium(state)
        states.append(state)
    return states


def test_the_loop_of_a_film_is_that_of_the_law():
    """P of a film on a path of voltages with minor loops shall be `follow` of its field."""
    states = driven(SOFT, PATH)
    background = epsilon_0 * 79.0 * PATH
    found = np.array([s["polarization"].values[:, 0] for s in states]) - background[:, None]
    np.testing.assert_allclose(np.ptp(found, axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(found.mean(axis=1), SOFT.follow(PATH), rtol=1e-10, atol=1e-12)
    charge = np.array([s.contact("left").charge for s in states]) / (2 * NM)
    np.testing.assert_allclose(
        charge, SOFT.follow(PATH) + epsilon_0 * 80.0 * PATH, rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("count", [3, 5, 9])
def test_memory_survives_solving_and_saving(count, tmp_path):
    """Solving a state again, saving and loading it, and a steady solve shall leave its memory."""
    state = driven(SOFT, PATH[:count])[-1]
    again = state.model.equilibrium(state)
    np.testing.assert_allclose(again.unknowns, state.unknowns, rtol=1e-12, atol=1e-12)
    state.save(tmp_path / "state.h5")
    loaded = Solution.load(tmp_path / "state.h5")
    assert np.array_equal(loaded.unknowns, state.unknowns)
    once_more = loaded.model.equilibrium(loaded)
    np.testing.assert_allclose(once_more.unknowns, state.unknowns, rtol=1e-12, atol=1e-12)
    steady = state.model.steady(start=state)
    np.testing.assert_allclose(steady.unknowns, state.unknowns, rtol=1e-12, atol=1e-12)
    # the path goes on in the same way from the loaded state
    goes_on = film(SOFT, PATH[count] * 10 * NM)
    new = [goes_on.equilibrium(s)["polarization"].values for s in (state, loaded)]
    assert np.array_equal(*new)


def test_the_path_counts_and_the_steps_on_it_do_not():
    """Going in twice as many monotonous steps shall end in the same memory; turning back not."""
    coarse = driven(SOFT, PATH[:4])[-1]
    between = np.sort(np.concatenate([PATH[:2], [0.5e8]]))
    fine = driven(SOFT, [*between, *np.linspace(PATH[1], PATH[3], 8)[1:]])[-1]
    np.testing.assert_allclose(fine.unknowns, coarse.unknowns, rtol=1e-10, atol=1e-9)
    fresh = film(SOFT, PATH[3] * 10 * NM).equilibrium()
    difference = fresh["polarization"].values - coarse["polarization"].values
    assert np.abs(difference).max() > 0.05


def test_hysteresis_in_time_follows_the_law():
    """A cycle in time shall end with the P of the law at rest: the play has no rate."""
    model = film(SOFT)
    trajectory = model.transient(
        ["Sweep from 0 V to 1.5 V at 1e9 V/s", "Sweep from 1.5 V to -0.6 V at 1e9 V/s"],
        contact="left",
    )
    p = trajectory.final["polarization"].values[:, 0] + 0.6e8 * epsilon_0 * 79.0
    np.testing.assert_allclose(p, SOFT.follow([1.5e8, -0.6e8])[-1], rtol=1e-10)


# --- response ---------------------------------------------------------------------------------

NONLINEAR = {
    "johnson": Johnson(relative_permittivity=1000, coefficient=8e9),
    "langevin": Langevin(background_permittivity=10, saturation=0.1, zero_field_permittivity=300),
    "anisotropic": Anisotropic(along=300, across=50, axes="25 deg"),
    "landau": Landau(coefficients=BELL, viscosity=0.5),
}


@pytest.mark.parametrize("name", NONLINEAR)
def test_quasi_static_response_is_the_difference_of_states(name):
    """Low-frequency capacitance, static response and the difference of two states shall agree."""
    voltage, step = 0.4, 1e-5
    start = {"polarization": UniformPolarization()} if name == "landau" else {}
    state = film(NONLINEAR[name], voltage).equilibrium(**start)
    charges = [
        film(NONLINEAR[name], voltage + sign * step).equilibrium(
            state, options=SolverOptions(tolerance=1e-12)
        ).contact("left").charge
        for sign in (-1, 1)
    ]  # fmt: skip
    expected = (charges[1] - charges[0]) / (2.0 * step)
    frequency = 1e3
    spectrum = state.impedance([frequency], contact="left")
    admittance = 1.0 / spectrum.impedance[0]
    assert admittance.imag / (2.0 * np.pi * frequency) == relative(expected, 1e-6)
    response = state.static_response("left")
    assert response.capacitance == relative(expected, 1e-6)
    assert response.charges["left"] == relative(expected, 1e-6)
    assert response.charges["right"] == relative(-expected, 1e-6)


def test_small_signal_response_is_that_of_a_small_transient():
    """A small step of the voltage shall move D by the inverse Laplace transform of the admittance:
    P follows with one time constant, viscosity over f''.
    """
    law = NONLINEAR["landau"]
    model = film(law)
    start = model.equilibrium(polarization=UniformPolarization())
    polynomial = law.polynomial(298.0)
    stiffness = polynomial.stiffness(polynomial.spontaneous_polarization())[0, 0]
    relaxation = law.viscosity / stiffness
    step, length = 5e-3, 10 * NM
    end = 1.5 * relaxation

    def moved(steps):
        """Return half of the difference of D after steps of the voltage up and down."""
        options = TransientOptions(fixed_step=end / steps)
        ends = [
            model.transient(
                [f"Step to {voltage} V", f"Hold at {voltage} V for {end} s"],
                contact="left", start=start, options=options,
            ).final["displacement"].values[:, 0].mean()
            for voltage in (step, -step)
        ]  # fmt: skip
        return 0.5 * (ends[0] - ends[1])

    found = np.array([moved(steps) for steps in (50, 100, 200)])
    chi = -np.expm1(-end / relaxation) / stiffness
    errors = found / ((step / length) * (10.0 * epsilon_0 + chi)) - 1.0
    # P goes by backward Euler; the rest is the third order in the voltage
    assert np.diff(errors)[0] / np.diff(errors)[1] == pytest.approx(2.0, abs=0.1)
    assert abs(errors[2]) < 5e-3
    assert abs(2.0 * errors[2] - errors[1]) < 3e-4


def test_small_signals_see_the_reversible_branch_of_a_hysteresis():
    """At the end of a path the response shall be that of turning back: the background alone."""
    state = driven(SOFT, PATH[:2])[-1]
    step = 1e-3
    back = film(SOFT, PATH[1] * 10 * NM - step).equilibrium(state)
    expected = (state.contact("left").charge - back.contact("left").charge) / step
    assert expected == relative(80.0 * epsilon_0 * 2 / 10, 1e-9)
    admittance = 1.0 / state.impedance([1e3], contact="left").impedance[0]
    assert admittance.imag / (2e3 * np.pi) == relative(expected, 1e-8)
    assert state.static_response("left").capacitance == relative(expected, 1e-8)


def test_contributions_to_the_impedance_add_up():
    state = film(NONLINEAR["landau"]).equilibrium(polarization=UniformPolarization())
    spectrum = state.impedance([1e6, 3e8, 1e10], contact="left")
    total = sum(c.values for c in spectrum.contributions)
    np.testing.assert_allclose(total, spectrum.impedance, rtol=1e-10)


# --- fixed polarization -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coordinates", "angle"),
    [("planar", 0.0), ("planar", 180.0), ("axisymmetric", 90.0), ("axisymmetric", -90.0)],
)
def test_fixed_polarization_is_its_bound_charge(coordinates, angle):
    """A layer of uniform P shall give the potentials of the surface charges P . n at its ends,
    whether a law or the model fixes it; by its crystal axes it may point either way.
    """
    y = (0.0, 2 * NM, 5 * NM, 7 * NM)
    if coordinates == "axisymmetric":
        mesh, ends, normal = layered_cylinder(np.arange(4) * NM, y), ("bottom", "top"), (0.0, 1.0)
    else:
        regions = [("below", y[1]), ("film", y[2]), ("over", y[3])]
        mesh = strip(np.arange(8) * NM, 2 * NM, 2, regions)
        ends, normal = ("left", "right"), (1.0, 0.0)
    p = 0.013
    along = p * float(np.sin(np.radians(angle)) if normal[1] else np.cos(np.radians(angle)))

    def solve(film, charge=0.0, **more):
        return Model(
            mesh,
            {"below": conductor(), "film": film, "over": Material(relative_permittivity=5.0)},
            interfaces={
                "below|film": Interface(surface_charge=-charge),
                "film|over": Interface(surface_charge=charge),
            },
            contacts={
                ends[0]: ReservoirContact(carrier="Li", potential="neutral"),
                ends[1]: PotentialContact(potential=0.1),
            },
            coordinates=coordinates, **more,
        ).equilibrium()  # fmt: skip

    plain = Material(relative_permittivity=30.0)
    law = Remanent(polarization=p, relative_permittivity=30.0, axes=f"{angle} deg")
    expected = solve(plain, along)
    assert np.abs(expected.potential - solve(plain).potential).max() > 0.03
    for state in (
        solve(Material(polarization=law)),
        solve(plain, fixed_polarization={"film": along * np.array(normal)}),
    ):
        np.testing.assert_allclose(state.potential, expected.potential, rtol=1e-10, atol=1e-11)
        for end in ends:
            assert state.contact(end).charge == relative(expected.contact(end).charge, 1e-9)


def layered_cylinder(x, y):
    """Return a strip in x cut into three regions along y, for coordinates r and z."""
    regions = [("below", y[1]), ("film", y[2]), ("over", y[3])]
    mesh = strip(np.asarray(y), x[-1], len(x) - 1, regions)
    names = {"left": "bottom", "right": "top", "bottom": "left", "top": "right"}
    return replace(
        mesh,
        points=mesh.points[:, ::-1].copy(),
        triangles=mesh.triangles[:, ::-1].copy(),
        facet_names=tuple(names[n] for n in mesh.facet_names),
    )


# --- numbering, boundaries --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["uniform", "function"])
def test_starts_are_in_their_frames(name):
    """A polar state counts its angle from the crystal axis, a function is in the plane."""
    model = film(Landau(coefficients=BELL, axes="40 deg"))
    spontaneous = model.materials["electrolyte"].polarization.scale(298.0)
    turned = np.radians(70.0)
    expected = 0.5 * spontaneous * np.array([np.cos(turned), np.sin(turned)])
    start = UniformPolarization(share=0.5, angle=30.0)
    if name == "function":
        start = lambda x, y: (expected[0] + 0.0 * x, expected[1])  # noqa: E731
    d = model.discretized
    u = start_polarization(model, np.zeros(d.n_dofs), start)
    p = u[d.site_polar[:, None] + np.arange(2)] * d.scaling.surface_charge
    np.testing.assert_allclose(p, np.tile(expected, (len(p), 1)), rtol=1e-13)
    assert not u[d.core.dof_carrier != POLAR].any()


def test_numbering_of_the_mesh_does_not_matter(rng):
    """Renumbered nodes and triangles shall give the same domains and energies."""
    mesh = scrambled_mesh(rng, 3 * NM)
    order = rng.permutation(mesh.n_points)
    new = np.argsort(order).astype(np.int32)
    shuffle = rng.permutation(mesh.n_triangles)
    other = replace(
        mesh,
        points=mesh.points[order],
        triangles=new[mesh.triangles][shuffle],
        region=mesh.region[shuffle],
        facets=new[mesh.facets],
    )
    material = {
        "a": Material(polarization=Landau(coefficients=BELL, axes="random")),
        "b": Material(polarization=Landau(coefficients=BELL, axes={"kind": "random", "seed": 7})),
    }

    models = [Model(m, material, contacts=sides(), temperature=298.0) for m in (mesh, other)]
    random = RandomPolarization(share=0.3, seed=2)
    starts = []
    for model, back in zip(models, (order, np.arange(mesh.n_points)), strict=True):
        d = model.discretized
        u = start_polarization(model, np.zeros(d.n_dofs), random)
        p = np.zeros((2, mesh.n_points, 2))
        p[d.site_region, d.site_node] = u[d.site_polar[:, None] + np.arange(2)]
        starts.append(p[:, back])
    np.testing.assert_allclose(*starts, atol=1e-13)
    one, two = (model.equilibrium(polarization=random) for model in models)
    np.testing.assert_allclose(two.potential, one.potential[order], atol=1e-8)
    p = one["polarization"].values[shuffle]
    np.testing.assert_allclose(two["polarization"].values, p, atol=1e-8)
    # the iteration for the eigenvalue starts elsewhere and stops early
    assert one.history.relaxation_rate == relative(two.history.relaxation_rate, 1e-4)
    energies = [
        np.concatenate(_core.landau_energy(s.model.discretized.core, s.unknowns)[:2])
        for s in (one, two)
    ]
    np.testing.assert_allclose(*energies, rtol=1e-9)


@pytest.mark.parametrize("offset", [0.0, 1.0, 2.5])
def test_a_crystal_goes_on_across_periodic_sides(offset):
    """Stripes shall have the same energy and stability wherever their walls are, also where one
    is on the periodic line.
    """
    law = Landau(coefficients=BELL, axes="90 deg", gradient_energy="2e-11 J*m^3/C^2")

    def energy(shift):
        model = Model(
            strip(np.arange(17) * 0.5 * NM, NM, 1),
            {"electrolyte": Material(polarization=law)},
            contacts={side: PotentialContact(potential=0.0) for side in ("bottom", "top")},
            periodic=[Periodic(sides=("left", "right"))],
            temperature=298.0,
        )
        stripes = StripeDomains(period="8 nm", offset=(shift + 0.2) * NM)
        state = model.equilibrium(polarization=stripes)
        bulk, gradient, _ = _core.landau_energy(model.discretized.core, state.unknowns)
        p = state["polarization"].values[:, 1]
        assert p.max() > 0.25
        assert p.min() < -0.25
        return np.array([bulk[0], gradient[0]]), state.history.relaxation_rate

    found, expected = energy(offset), energy(1.5)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-8)
    assert found[1] == relative(expected[1], 1e-3)  # of the walls in the lattice of the mesh


@pytest.mark.parametrize("delta", [0.3, 1.0, 30.0])
def test_extrapolation_length_sets_the_slope_at_the_surface(delta):
    """dP/dn = -P/delta at the surface of a paraelectric film in a field along it, exactly
    cosh(x/l) / (cosh(h) + delta/l sinh(h)): to second order of the mesh.
    """
    stiffness, g = 2e9, 3e-10
    decay = np.sqrt(g / stiffness)
    length = 3.0 * decay
    coefficients = LandauCoefficients(
        a1=0.5 * stiffness, a11=stiffness, a12=0.0, temperature_range=(200.0, 400.0)
    )
    errors = []
    for n in (40, 80):
        law = Landau(
            coefficients=coefficients, extrapolation_length=delta * decay,
            gradient_energy={"G11": g, "G12": 0.0, "G44": 0.5 * g, "G44_prime": 0.5 * g},
        )  # fmt: skip
        # a layer across y, the field along x, so that P has no bound charge
        model = Model(
            strip(np.linspace(0.0, 2 * NM, 3), length, n),
            {"electrolyte": Material(polarization=law)},
            contacts=sides(0.002),
            temperature=298.0,
        )
        # surfaces with electrodes are taken out, so that the layer is infinite along x
        d = model.discretized
        points = model.mesh.points[d.site_node]
        free = np.abs(points[:, 1] / length - 0.5) > 0.499
        full = law.gradient[0] / law.extrapolation_length
        corner = np.abs(points[:, 0] / NM - 1.0) > 0.99
        measure = np.where(free, NM * np.where(corner, 0.5, 1.0), 0.0)
        scaling = d.scaling
        stiff = full * measure * scaling.surface_charge / (scaling.field * scaling.volume)
        d.core.set_polarization(np.zeros(d.core.n_sites), np.outer(stiff, [1.0, 0.0, 1.0]))
        p = model.equilibrium().unknowns[d.site_polar] * scaling.surface_charge
        y = (points[:, 1] - 0.5 * length) / decay
        half = 1.5
        bulk = 0.002 / (2 * NM) / stiffness
        exact = bulk * (1.0 - np.cosh(y) / (np.cosh(half) + delta * np.sinh(half)))
        errors.append(np.abs(p - exact).max() / bulk)
    assert errors[1] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(4.0, abs=0.3)


def test_surface_stiffness_is_that_of_the_electrodes():
    """Every node at them shall hold G11/delta times half of its facets; mirrors hold none."""
    law = Landau(coefficients=BELL, extrapolation_length=3 * NM)
    model = film(law)
    d = model.discretized
    u = np.zeros(d.n_dofs)
    u[d.site_polar] = 1.0
    surface = _core.landau_energy(d.core, u)[2].sum()
    scaling = d.scaling
    expected = 0.5 * law.gradient[0] / (3 * NM) * scaling.surface_charge**2 * 2 * 2 * NM
    energy = scaling.field * scaling.surface_charge * scaling.volume  # J/m
    assert surface * energy == relative(expected, 1e-12)


def test_surface_of_a_body_of_revolution():
    """The facets between layers shall have the area of discs; axis and rim are no surfaces."""
    mesh = layered_cylinder(np.arange(4) * NM, (0.0, 2 * NM, 5 * NM, 7 * NM))
    model = Model(
        mesh,
        {region: Material(relative_permittivity=5.0) for region in mesh.region_names},
        contacts={"bottom": PotentialContact(potential=0.0)},
        coordinates="axisymmetric",
    )
    region = mesh.region_names.index("film")
    _, _, measure = crystal_surface(model, model.discretized.triangle_sites, region)
    radius = 3 * NM
    assert measure.sum() == relative(2 * np.pi * radius**2, 1e-12)


@pytest.mark.parametrize("name", ["landau", "hysteresis"])
def test_a_start_for_another_scaling_keeps_polarization_and_memory(name):
    """P [C/m2] and memory [V/m] shall stay where temperature and site density are others."""
    polar = Material(polarization=NONLINEAR["landau"] if name == "landau" else SOFT)

    def model(temperature, debye_length):
        return Model(
            strip(np.linspace(0.0, 8.0, 9) * NM, NM, 1, [("a", 4 * NM), ("b", 8 * NM)]),
            {"a": polar, "b": conductor(debye_length)},
            contacts={
                "left": PotentialContact(potential=0.6),
                "right": ReservoirContact(carrier="Li", potential="neutral"),
            },
            temperature=temperature,
        )

    start = {"polarization": UniformPolarization()} if name == "landau" else {}
    state = model(298.0, 1.0 * NM).equilibrium(**start)
    other = model(320.0, 0.5 * NM)
    moved = Solution(
        other, state.unknowns_for(other), kind="equilibrium", bias={}, history=state.history
    )
    scalings = [m.discretized.scaling for m in (state.model, other)]
    assert scalings[1].surface_charge > 2.0 * scalings[0].surface_charge
    assert scalings[1].field > 1.05 * scalings[0].field
    kind, unit = (POLAR, "surface_charge") if name == "landau" else (MEMORY, "field")
    here = state.model.discretized.core.dof_carrier == kind
    values = [
        s.unknowns[here] * getattr(scaling, unit)
        for s, scaling in zip((state, moved), scalings, strict=True)
    ]
    assert np.abs(values[0]).max() > 1e-3
    np.testing.assert_allclose(values[1], values[0], rtol=1e-13)


def test_zero_boundary_holds_p_of_the_surface_and_no_other():
    law = Landau(coefficients=BELL, boundary="zero")
    state = film(law, nodes=41, length=20 * NM).equilibrium(polarization=UniformPolarization())
    d = state.model.discretized
    p = state.unknowns[d.site_polar] * d.scaling.surface_charge
    points = state.site_points
    outer = (points[:, 0] == 0.0) | (points[:, 0] == points[:, 0].max())
    assert np.array_equal(p[outer], np.zeros(outer.sum()))
    assert np.abs(p[~outer & (points[:, 1] == 0.0)]).max() > 1e-3  # a mirror is no surface


@pytest.mark.parametrize(
    "start",
    [
        UniformPolarization(share=0.0),
        RandomPolarization(share=0.01),
        StripeDomains(period="4 nm", angle=90.0),
    ],
)
def test_states_of_rest_are_stable(start):
    """Whatever the start, even on a balance that is none: a positive rate of relaxation, and the
    residual at rounding.
    """
    state = film(Landau(coefficients=BELL, axes="20 deg")).equilibrium(polarization=start)
    assert state.history.relaxation_rate > 0.0
    conditions = state.model.conditions
    assembly = conditions.equilibrium()
    assembly.start_from(state.unknowns)
    residual = assembly.residual(state.unknowns)
    assert np.abs(residual).max() < 1e-9


def test_relaxation_rate_is_the_smallest_eigenvalue(rng):
    """The rate of the slowest mode shall be that of the dense eigenvalue problem."""
    model = film(Landau(coefficients=BELL, axes="20 deg", viscosity=0.7), nodes=4)
    state = model.equilibrium(polarization=UniformPolarization())
    d = model.discretized
    assembly = model.conditions.equilibrium()
    assembly.start_from(state.unknowns)
    residual, values, rows, begins = assembly.residual_and_jacobian(state.unknowns)
    n = len(residual)
    jacobian = csc_array((values, rows, begins), shape=(n, n)).toarray()
    free = assembly.free_of_dof
    polar = np.unique(free[(d.core.dof_carrier == POLAR) & (free >= 0)])
    others = np.setdiff1d(np.arange(n), polar)
    schur = jacobian[np.ix_(polar, polar)] - jacobian[np.ix_(polar, others)] @ np.linalg.solve(
        jacobian[np.ix_(others, others)], jacobian[np.ix_(others, polar)]
    )
    scaling = d.scaling
    viscosity = 0.7 * scaling.surface_charge / (scaling.time * scaling.field)
    friction = np.zeros(n)
    for site in range(len(d.site_node)):
        friction[free[d.site_polar[site] + np.arange(2)]] = viscosity * d.site_volume[site]
    weight = np.sqrt(friction[polar])
    rates = np.linalg.eigvalsh(schur / weight[:, None] / weight)
    assert state.history.relaxation_rate == relative(rates[0] / scaling.time, 1e-5)


def test_frozen_polarization_stays(rng):
    """`solve_frozen` shall leave P and memories and solve for the rest."""
    model = film(Landau(coefficients=BELL), 0.3)
    state = model.equilibrium(polarization=UniformPolarization())
    u = state.unknowns.copy()
    polar = model.discretized.core.dof_carrier == POLAR
    u[polar] *= 0.4
    solver = StateSolver(model, SolverOptions())
    found = solver.solve_frozen(model.conditions.equilibrium(), u)
    assert found.converged
    assert np.array_equal(found.u[polar], u[polar])
    field = -np.gradient(found.u[: model.discretized.n_nodes][::3])
    assert np.ptp(field) < 1e-6 * abs(field).max()


def test_core_rejects_what_does_not_fit():
    with pytest.raises(ValueError, match="one weight and one pinning"):
        _core.HystereticPolarization(1.0, 1.0, [1.0], [])
    with pytest.raises(ValueError, match="one memory per cell"):
        hysteretic().at([0.0, 0.0], [0.0])
    points, triangles = line([0.0, 1.0])
    with pytest.raises(ValueError, match="ax"):
        _core.Discretization(
            points, triangles, np.zeros(2, np.int32), PLANAR, [_core.RegionLaw(1.0, [])], 0, [],
            [], np.ones((1, 2)),
        )  # fmt: skip
