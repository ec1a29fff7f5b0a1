"""Manufactured solutions: the background charge makes a chosen potential exact.

The background of a region is a free source of Gauss's law. For a potential phi and a level mu of
the carrier, `rho = -div(eps grad phi) - z e n_max y(mu - z e phi)` makes both exact; carriers have
no source, so their mu is chosen free of divergence of its flux.
"""

import numpy as np
import pytest
from scipy.constants import elementary_charge, epsilon_0
from scipy.special import expit

from pyscl import Carrier, Material, Model, PotentialContact, ReservoirContact
from pyscl.mesh import Mesh, rectangle, strip
from pyscl.verification.meshes import moved, sector
from pyscl.verification.norms import field_error, l2_error
from pyscl.verification.setups import VT

SIZE = 10e-9  # side of the square [m]
SITES = 2e25  # [1/m3]; Debye lengths of some nm
LEVEL = 0.4  # mu of the carrier in equilibrium [kT]
EPS = (10.0, 40.0)  # left and right of the interface
TOP = 2.0  # potential on the interface [kT/e]
SLOPE = 60.0  # eps_r dphi/dx on the interface, continuous [kT/e per SIZE]
MOBILITIES = ("vacancy", "dilute", "constant-conductivity")


def ion(eps, mobility="vacancy", statistics="lattice-gas"):
    """Material with one carrier of 0.1 S/m; its own background is replaced by the model's."""
    carrier = Carrier(
        name="Li",
        charge=1,
        statistics=statistics,
        mobility=mobility,
        site_density=SITES,
        site_fraction=0.5,
        conductivity=0.1,
    )
    return Material(relative_permittivity=eps, carriers=(carrier,))


def distorted(mesh: Mesh, amount: float = 0.06) -> Mesh:
    """Move the inner nodes smoothly; x = 0, 1/2, 1 and y = 0, 1 (over SIZE) stay lines."""
    origin, span = mesh.points.min(axis=0), np.ptp(mesh.points, axis=0)
    x, y = ((mesh.points - origin) / span).T
    shift = amount * np.sin(2.0 * np.pi * x) * np.sin(2.0 * np.pi * y)
    points = origin + span * np.column_stack([x + shift, y + shift])
    return Mesh(
        points,
        mesh.triangles,
        mesh.region,
        mesh.region_names,
        mesh.facets,
        mesh.facet_group,
        mesh.facet_names,
    )


# --- equilibrium with a jump of the permittivity ---------------------------------------------


class Jump:
    """phi = g(x) cos(pi y) kT/e on the unit square, g = 0 at the contact(s), kinked at 1/2.

    Planar: g_k = TOP + SLOPE s/eps_k + q_k s^2 with s = x - 1/2, g(0) = g(1) = 0.
    Axisymmetric (x = r): on the left g = a + b r^2, regular on the axis; g(1) = 0.
    """

    def __init__(self, coordinates):
        self.axisymmetric = coordinates == "axisymmetric"
        left, right = EPS
        if self.axisymmetric:
            b = SLOPE / left
            self.left = np.polynomial.Polynomial([TOP - b / 4.0, 0.0, b])
        else:
            around = [TOP, SLOPE / left, 4.0 * (SLOPE / (2.0 * left) - TOP)]
            self.left = np.polynomial.Polynomial(around)(np.polynomial.Polynomial([-0.5, 1.0]))
        around = [TOP, SLOPE / right, -4.0 * (SLOPE / (2.0 * right) + TOP)]
        self.right = np.polynomial.Polynomial(around)(np.polynomial.Polynomial([-0.5, 1.0]))

    def _of(self, x, region, derivative=0):
        left, right = (g.deriv(derivative) if derivative else g for g in (self.left, self.right))
        return np.where(region == 0, left(x / SIZE), right(x / SIZE))

    def potential(self, x, y, region):
        """Exact potential [V]."""
        return VT * self._of(x, region) * np.cos(np.pi * y / SIZE)

    def field(self, x, y, region):
        """Exact field [V/m], (Ex, Ey)."""
        ex = -self._of(x, region, 1) * np.cos(np.pi * y / SIZE)
        ey = np.pi * self._of(x, region) * np.sin(np.pi * y / SIZE)
        return ex * VT / SIZE, ey * VT / SIZE

    def background(self, region):
        """The charge [C/m3] that makes the potential exact in equilibrium at mu = LEVEL kT."""

        def charge(x, y):
            curvature = self._of(x, region, 2) - np.pi**2 * self._of(x, region)
            if self.axisymmetric:
                slope = self._of(x, region, 1)
                # g'/r on the axis is g''
                over_r = np.divide(slope * SIZE, x, out=self._of(x, region, 2), where=x > 0.0)
                curvature = curvature + over_r
            eps = epsilon_0 * EPS[region]
            laplacian = curvature * np.cos(np.pi * y / SIZE) * VT / SIZE**2
            y_li = expit(LEVEL - self.potential(x, y, region) / VT)
            return -eps * laplacian - elementary_charge * SITES * y_li

        return charge

    def solve(self, cells):
        """Solve on a distorted mesh of cells x cells."""
        mesh = distorted(
            strip(
                np.linspace(0.0, SIZE, cells + 1),
                width=SIZE,
                layers=cells,
                regions=[("a", SIZE / 2.0), ("b", SIZE)],
            )
        )
        grounded = ReservoirContact(
            carrier="Li", electrochemical_potential=LEVEL * VT, potential=0.0
        )
        contacts = {"right": grounded}
        if not self.axisymmetric:
            contacts["left"] = PotentialContact(potential=0.0)
        return Model(
            mesh,
            {"a": ion(EPS[0]), "b": ion(EPS[1])},
            contacts=contacts,
            background={"a": self.background(0), "b": self.background(1)},
            coordinates="axisymmetric" if self.axisymmetric else "planar",
        ).equilibrium()


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
def test_potential_with_a_permittivity_jump_is_second_order(coordinates, second_order):
    """The potential shall converge with order 2 in L2, across a jump of the permittivity."""
    case = Jump(coordinates)

    def error(cells):
        solution = case.solve(cells)
        return l2_error(solution.model.mesh, solution.potential, case.potential, case.axisymmetric)

    second_order(error, 0.0, levels=(16, 32, 64), finest=2e-3)


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
def test_field_with_a_permittivity_jump_is_first_order(coordinates):
    """The field shall converge with order 1, in each of both materials."""
    case = Jump(coordinates)
    errors = []
    for cells in (16, 32, 64):
        solution = case.solve(cells)
        field = solution["electric_field"].values
        errors.append(field_error(solution.model.mesh, field, case.field, case.axisymmetric))
    assert errors[-1] < 0.03
    assert np.log2(errors[1] / errors[2]) == pytest.approx(1.0, abs=0.05), errors


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
def test_site_fraction_with_a_permittivity_jump_is_second_order(coordinates, second_order):
    """The site fraction shall converge with order 2, on both sides of the interface."""
    case = Jump(coordinates)

    def error(cells):
        solution = case.solve(cells)
        x, y = solution.site_points.T
        exact = expit(LEVEL - case.potential(x, y, solution.site_region) / VT)
        weight = solution.site_volume
        missing = solution.site_fraction("Li") - exact
        return np.sqrt((weight * missing**2).sum() / (weight * exact**2).sum())

    second_order(error, 0.0, levels=(16, 32, 64), finest=2e-3)


# --- transport with a chosen profile ---------------------------------------------------------


class Driven:
    """A driven slab (planar) or hollow cylinder (axisymmetric) with a chosen profile of eta.

    With eta(x) = chemical potential over kT and a flux J/x^p (p = 0 planar, 1 axisymmetric),
    mu' = -J/(x^p m(y)) is integrated numerically and phi = mu - eta; the background makes this
    potential exact. J = -1 in units of the flux of D n_max/SIZE.
    """

    inner = 0.5  # radius of the hollow cylinder over SIZE

    def __init__(self, mobility, coordinates):
        self.mobility = mobility
        self.power = 1 if coordinates == "axisymmetric" else 0
        self.coordinates = coordinates
        x = np.linspace(0.0, 1.0, 20001)
        rate = self._mu_rate(x)
        middle = self._mu_rate(0.5 * (x[1:] + x[:-1]))
        steps = (rate[1:] + rate[:-1] + 4.0 * middle) / 6.0 * np.diff(x)  # Simpson
        self.table = x, np.concatenate([[0.0], np.cumsum(steps)])

    @staticmethod
    def eta(s):
        """Chosen chemical potential over kT at s = (x - x0)/SIZE, with two derivatives."""
        k = 1.5 * np.pi
        return 1.5 * np.cos(k * s), -1.5 * k * np.sin(k * s), -1.5 * k**2 * np.cos(k * s)

    def radius(self, s):
        """x over SIZE; 1 for the planar case."""
        return (self.inner + s) ** self.power

    def _mobility(self, s):
        """m(y) and its derivative in s."""
        eta, slope, _ = self.eta(s)
        y = expit(eta)
        dy = y * (1.0 - y) * slope
        return {
            "vacancy": (y * (1.0 - y), (1.0 - 2.0 * y) * dy),
            "dilute": (y, dy),
            "constant-conductivity": (np.full_like(y, 0.25), 0.0 * y),
        }[self.mobility]

    def _mu_rate(self, s):
        return 1.0 / (self.radius(s) * self._mobility(s)[0])

    def mu(self, x):
        """Exact mu [kT] at x [m] from the left end."""
        return np.interp(x / SIZE, *self.table)

    def potential(self, x):
        """Exact potential [kT/e]."""
        return self.mu(x) - self.eta(x / SIZE)[0]

    def background(self, x, _):
        """The charge [C/m3] that makes the potential exact."""
        start = self.inner * SIZE if self.power else 0.0
        s = (x - start) / SIZE
        m, dm = self._mobility(s)
        # mu' = 1/(r m), mu'' = -(r m)'/(r m)^2; then the Laplacian of phi = mu - eta
        r = self.radius(s)
        dr = float(self.power)
        eta, slope, curvature = self.eta(s)
        d_mu = 1.0 / (r * m)
        dd_mu = -(dr * m + r * dm) / (r * m) ** 2
        laplacian = dd_mu - curvature + (dr / r) * (d_mu - slope)
        charge = epsilon_0 * EPS[0] * laplacian * VT / SIZE**2
        return -charge - elementary_charge * SITES * expit(eta)

    def solve(self, cells):
        """Solve on a mesh distorted inside."""
        mesh = distorted(rectangle(cells, cells // 2, SIZE, SIZE / 2.0))
        if self.power:
            mesh = moved(mesh, self.inner * SIZE)
        ends = {
            name: ReservoirContact(
                carrier="Li",
                electrochemical_potential=float(self.mu(at)) * VT,
                potential=float(self.potential(at)) * VT,
            )
            for name, at in (("left", 0.0), ("right", SIZE))
        }
        # Conductivity 0.1 S/m at y = 1/2: D = 0.1 kT/(z^2 e^2 n_max m(1/2)).
        model = Model(
            mesh,
            {"electrolyte": ion(EPS[0], self.mobility)},
            contacts=ends,
            background={"electrolyte": self.background},
            coordinates=self.coordinates,
        )
        return model.steady()

    def current(self):
        """Exact current into the left contact: A/m planar, A axisymmetric."""
        neutral = {"vacancy": 0.25, "dilute": 0.5, "constant-conductivity": 0.25}[self.mobility]
        density = -0.1 * VT / (neutral * SIZE)
        width = SIZE / 2.0
        return density * width * (2.0 * np.pi * SIZE if self.power else 1.0)


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
@pytest.mark.parametrize("mobility", MOBILITIES)
def test_driven_profile_converges(mobility, coordinates, second_order):
    """Potential and electrochemical potential shall converge with order 2, the current faster.

    The current is superconvergent: exact for the constant conductivity in the plane.

    Potential and carrier are fully coupled: the site fraction swings between 0.18 and 0.82 over
    the slab, the potential is not linear, and the mesh is distorted.
    """
    case = Driven(mobility, coordinates)
    solutions = {cells: case.solve(cells) for cells in (16, 32, 64)}
    start = case.inner * SIZE if case.power else 0.0

    def level_error(cells):
        solution = solutions[cells]
        mu = solution["electrochemical_potential_Li"].values / VT
        exact = case.mu(solution.site_points[:, 0] - start)
        weight = solution.site_volume
        return np.sqrt((weight * (mu - exact) ** 2).sum() / (weight * exact**2).sum())

    def potential_error(cells):
        solution = solutions[cells]
        return l2_error(
            solution.model.mesh,
            solution.potential / VT,
            lambda x, y, region: case.potential(x - start),
            bool(case.power),
        )

    levels = {"levels": (16, 32, 64), "finest": 2e-2}
    if mobility == "constant-conductivity" and not case.power:
        assert level_error(16) < 1e-13  # mu is linear
    else:
        second_order(level_error, 0.0, **levels)
    second_order(potential_error, 0.0, **levels)
    assert solutions[64].contact("left").current == pytest.approx(case.current(), rel=2e-4)
    for solution in solutions.values():
        currents = [solution.contact(side).current for side in ("left", "right")]
        assert currents[0] == pytest.approx(-currents[1], rel=1e-10)


# --- harmonic electrochemical potentials -----------------------------------------------------


@pytest.mark.parametrize(
    ("contacts", "resistance"),
    [
        (("inner", "outer"), np.log(3.0) / (np.pi / 2.0)),
        (("start", "end"), (np.pi / 2.0) / np.log(3.0)),
    ],
    ids=["radial", "around"],
)
def test_constant_conductivity_is_laplace(contacts, resistance, second_order):
    """With a constant conductivity mu shall be harmonic, whatever the space charge.

    A quarter of an annulus, radii 1:3, driven along the radius (mu ~ ln r) and around (mu ~
    angle); the two resistances are each other's reciprocal.
    """

    def conductance(cells):
        mesh = sector(np.linspace(SIZE, 3.0 * SIZE, cells + 1), np.pi / 2.0, cells)
        model = Model(
            mesh,
            {"electrolyte": ion(EPS[0], "constant-conductivity")},
            contacts={
                contacts[0]: ReservoirContact(carrier="Li", potential=3.0 * VT),
                contacts[1]: ReservoirContact(carrier="Li", potential=0.0),
            },
        )
        solution = model.steady({contacts[0]: 0.05})
        assert np.ptp(solution.site_fraction("Li")) > 0.3
        return solution.contact(contacts[0]).current / 0.05

    second_order(conductance, 0.1 / resistance, levels=(8, 16, 32))
