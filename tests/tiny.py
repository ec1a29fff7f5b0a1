"""Tiny meshes and problems in the scaled units of the core, and the table of all its laws."""

from dataclasses import dataclass
from math import inf, log

import numpy as np

from pyscl import _core
from pyscl.materials import NonIdeal

_TABLE = NonIdeal(site_fraction=(0.02, 0.2, 0.5, 0.7, 0.97), excess=(1.5, 0.6, -0.4, -0.7, -1.5))
_REPULSIVE = NonIdeal(site_fraction=(0.05, 0.4, 0.9), excess=(-2.0, 0.5, 6.0))


def _tabulated(table):
    return _core.NonIdeal(list(table.site_fraction), list(table.excess), list(table.slopes()))


@dataclass(frozen=True)
class Law:
    """A statistics with what its identities need.

    Attributes:
        statistics: the law of the core.
        largest: supremum of y.
        dilute_excess: shift of eta in the dilute limit y -> exp(eta - dilute_excess).
        full_excess: the same where all sites fill, 1 - y -> exp(full_excess - eta).
        half_filling: eta at y = 1/2, None if it has no meaning for the law.
    """

    statistics: object
    largest: float = inf
    dilute_excess: float = 0.0
    full_excess: float = 0.0
    half_filling: float | None = None

    @property
    def site_limited(self):
        return self.largest == 1.0

    @property
    def mobilities(self):
        every = _core.Mobility
        free = (every.dilute, every.constant_conductivity)
        return (every.vacancy, *free) if self.site_limited else free


# A new law is one line here; all identities, fluxes and Jacobians are then tested with it.
LAWS = {
    "boltzmann": Law(_core.Boltzmann()),
    "lattice-gas": Law(_core.LatticeGas(), 1.0, half_filling=0.0),
    "blakemore": Law(_core.Blakemore(0.27), 1 / 0.27, half_filling=-log(2 - 0.27)),
    "fermi-dirac-half": Law(_core.FermiDiracHalf()),
    "non-ideal": Law(_tabulated(_TABLE), 1.0, 1.5, -1.5, half_filling=-0.4),
    "non-ideal-repulsive": Law(_tabulated(_REPULSIVE), 1.0, -2.0, 6.0),
}
LAW_MOBILITY = [(name, mobility) for name, law in LAWS.items() for mobility in law.mobilities]
LAW_MOBILITY_IDS = [f"{name}-{mobility.name}" for name, mobility in LAW_MOBILITY]
PLANAR, AXISYMMETRIC = _core.Coordinates.planar, _core.Coordinates.axisymmetric


def line(x, width=1.0):
    """Return points (2n, 2) and triangles of a one-cell-wide strip with right-angled triangles."""
    x = np.asarray(x, dtype=float)
    points = np.column_stack([np.repeat(x, 2), np.tile([0.0, width], len(x))])
    a = 2 * np.arange(len(x) - 1)
    lower = np.column_stack([a, a + 2, a + 3])
    upper = np.column_stack([a, a + 3, a + 1])
    return points, np.stack([lower, upper], axis=1).reshape(-1, 3).astype(np.int32)


def signed_areas(points, triangles):
    a, b, c = (points[triangles[:, k]] for k in range(3))
    u, v = b - a, c - a
    return 0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])


def scrambled(rng, nx=6, ny=5, lx=3.0, ly=2.0, rounds=6):
    """Return a mesh of [0, lx] x [0, ly] whose inner nodes are moved at random: obtuse, and far
    from Delaunay. Nodes on x = lx / 2 (nx even) stay on this line; the region of a triangle is
    0 to the left and 1 to the right of it.
    """
    i, j = (k.ravel() for k in np.mgrid[0 : nx + 1, 0 : ny + 1])
    points = np.column_stack([i * lx / nx, j * ly / ny])
    cell = (np.arange(nx)[:, None] * (ny + 1) + np.arange(ny)).ravel()
    sw, nw, se, ne = cell, cell + 1, cell + ny + 1, cell + ny + 2
    triangles = np.concatenate(
        [np.column_stack([sw, se, ne]), np.column_stack([sw, ne, nw])]
    ).astype(np.int32)
    region = (points[triangles, 0].mean(axis=1) > lx / 2).astype(np.int32)
    inner = np.flatnonzero((i > 0) & (i < nx) & (j > 0) & (j < ny))
    smallest = 0.03 * lx * ly / (nx * ny)
    for node in np.tile(inner, rounds):
        step = rng.uniform(-1.0, 1.0, 2) * [lx / nx, ly / ny]
        if 2 * i[node] == nx:
            step[0] = 0.0
        around = triangles[(triangles == node).any(axis=1)]
        moved = points.copy()
        moved[node] += step
        if signed_areas(moved, around).min() > smallest:
            points = moved
    return points, triangles, region


def discretize(
    points, triangles, region, laws, n_carriers=1, coordinates=PLANAR, blocked=(), terminals=()
):
    return _core.Discretization(
        points, triangles, region, coordinates, laws, n_carriers, list(blocked), list(terminals)
    )


def constrain(d, fixed=None, ties=(), offsets=(), factors=None):
    """Return constraints from a dict dof -> value and pairs of tied dofs."""
    fixed = fixed or {}
    factors = np.ones(len(offsets)) if factors is None else factors
    return _core.Constraints(
        d,
        np.array(list(fixed), dtype=np.int32),
        np.array(list(fixed.values()), dtype=float),
        np.array(ties, dtype=np.int32).reshape(-1, 2),
        np.array(factors, dtype=float),
        np.array(offsets, dtype=float),
    )


def steady_assembly(d, fixed=None, inventories=(), ties=(), offsets=()):
    constraints = constrain(d, fixed, ties, offsets)
    return _core.Assembly(d, constraints, list(inventories), [], _core.Balance.steady)


def equilibrium_assembly(d, fixed=None, inventories=(), ties=(), offsets=()):
    constraints = constrain(d, fixed, ties, offsets)
    return _core.Assembly(d, constraints, list(inventories), [], _core.Balance.equilibrium)


def rank(d):
    return np.arange(d.n_nodes, dtype=np.int32)


def control(tolerance=1e-10, max_iterations=100):
    return _core.NewtonControl(tolerance, max_iterations, 5.0)


def mu_at(d, nodes, carrier=0):
    """Return the dofs of a carrier's mu on some nodes."""
    return np.flatnonzero(np.isin(d.dof_node, nodes) & (d.dof_carrier == carrier))
