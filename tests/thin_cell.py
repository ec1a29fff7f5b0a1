"""A cell of the core, in scaled units, with every law that is more than a line or a triangle."""

from dataclasses import dataclass

import numpy as np
from tiny import LAWS, PLANAR, discretize, mu_at, scrambled

from pyscl import _core

CHARGES = (1, -1, 2)
ELECTRIC = -1
DENSITIES = np.array(
    [(1.0, 0.4, 0.0, 0.7, 0.0, 0.0), (0.6, 0.9, 0.0, 0.2, 0.0, 0.2), (0.3, 0.0, 0.0, 0.0, 0.0, 0.0)]
)
"""Site density of each carrier in both regions and the four layers."""


def law(number, place, potential, diffusivity, name, mobility):
    """Return the law of a carrier in a region or layer."""
    density = DENSITIES[number, place]
    return _core.CarrierLaw(
        number, CHARGES[number], density, potential, diffusivity, mobility, LAWS[name].statistics
    )


@dataclass
class Cell:
    """Two regions whose phi, Li and electrons are split along the wall between them.

    Over the wall: a compact layer, a coating with both carriers, Butler-Volmer kinetics of Li and
    a resistance of the electrons. Terminal 0 holds phi, electrons and divalent ions on the left;
    terminal 1 exchanges Li on the right by Butler-Volmer kinetics across a compact layer, and
    electrons through a coating.

    Attributes:
        d: the discretisation.
        left: nodes that terminal 0 holds.
    """

    d: object
    left: np.ndarray

    def mu(self, carrier, nodes=None):
        """Return the mu dofs of a carrier in the mesh, on some nodes or all."""
        dofs = mu_at(self.d, np.arange(self.d.n_nodes) if nodes is None else nodes, carrier)
        return dofs[dofs < self.d.terminal_dof(0, ELECTRIC)]

    def ties(self, levels=True):
        """Return ties, factors and offsets of what follows the voltages of both terminals."""
        found = []
        for t in (0, 1):
            voltage = self.d.terminal_dof(t, ELECTRIC)
            for k, z in enumerate(CHARGES if levels else ()):
                found.append((voltage, self.d.terminal_dof(t, k), z, 0.1 * k - t))
        voltage = self.d.terminal_dof(0, ELECTRIC)
        found += [(voltage, node, 1, 0.2) for node in self.left]
        for k in (1, 2) if levels else ():
            found += [(voltage, dof, CHARGES[k], 0.3) for dof in self.mu(k, self.left)]
        ties, factors, offsets = (
            [f[:2] for f in found],
            [f[2] for f in found],
            [f[3] for f in found],
        )
        return {"ties": ties, "factors": np.array(factors, float), "offsets": offsets}

    def amount(self, carrier, u):
        """Return how much of a carrier there is in the mesh and in the layers."""
        y = np.nan_to_num(self.d.site_fractions(carrier, u)[0])
        return (self.d.site_volume * DENSITIES[carrier, self.d.site_region] * y).sum()

    def closing_inventory(self):
        """Return an inventory of the divalent ions whose first unknown is not the terminal's."""
        dofs = self.mu(2)
        outside = np.isin(self.d.dof_node[dofs], self.left)
        return _core.Inventory(2, [*dofs[~outside].tolist(), *dofs[outside].tolist()], 0.4)


def thin_cell(rng, coordinates=PLANAR):
    """Return a cell with random areas and fixed charges."""
    points, triangles, region = scrambled(rng, nx=4, ny=3)
    every = _core.Mobility
    regions = [
        _core.RegionLaw(
            0.5,
            [
                law(0, 0, 0.0, 1.0, "lattice-gas", every.vacancy),
                law(1, 0, 0.4, 3.0, "boltzmann", every.dilute),
                law(2, 0, -0.5, 0.7, "non-ideal", every.dilute),
            ],
        ),
        _core.RegionLaw(
            7.0,
            [
                law(0, 1, 1.5, 0.2, "non-ideal", every.vacancy),
                law(1, 1, -0.7, 1.0, "blakemore", every.constant_conductivity),
            ],
        ),
    ]
    wall = np.flatnonzero(points[:, 0] == 1.5).astype(np.int32)
    wall = wall[np.argsort(points[wall, 1])]
    facets = np.column_stack([wall[:-1], wall[1:]])
    left, right = (np.flatnonzero(points[:, 0] == x) for x in (0.0, 3.0))
    d = discretize(
        points,
        triangles,
        region,
        regions,
        3,
        coordinates,
        [(number, facets) for number in (ELECTRIC, 0, 1)],
        [left[0], right[0]],
    )
    n_sites = d.n_sites  # of the mesh
    across = [
        [np.flatnonzero((d.site_node == n) & (d.site_region == r))[0] for r in (0, 1)] for n in wall
    ]
    across = np.array(across, np.int32)
    outside = np.array(
        [(-2, s) for s in range(n_sites) if d.site_node[s] in right and d.site_region[s] == 1],
        np.int32,
    )
    area, outer = rng.uniform(0.2, 1.0, len(across)), rng.uniform(0.2, 1.0, len(outside))
    d.add_layer(_core.RegionLaw(0.8, []), across[1:], area[1:], 1.0)
    coating = [
        law(0, 3, 0.3, 0.5, "lattice-gas", every.dilute),
        law(1, 3, 0.1, 0.9, "lattice-gas", every.vacancy),
    ]
    d.add_layer(_core.RegionLaw(2.0, coating), across, area, 0.3)
    d.add_junction(0, _core.ButlerVolmer(0.6, 0.3, True), across, area)
    d.add_junction(1, _core.ContactResistance(0.8), across[:-1], area[:-1])
    d.add_layer(_core.RegionLaw(1.2, []), outside, outer, 1.0)
    d.add_junction(0, _core.ButlerVolmer(0.9, 0.6, True), outside, outer)
    d.add_layer(_core.RegionLaw(0.4, [coating[1]]), outside, outer, 0.5)
    d.set_fixed_charge(rng.normal(size=d.n_sites), rng.normal(size=d.n_nodes))
    return Cell(d, left)
