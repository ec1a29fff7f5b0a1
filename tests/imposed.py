"""Solutions with a potential that is given instead of computed, for instruments."""

import numpy as np

from pyscl import Material, Model, PotentialContact
from pyscl.mesh import strip
from pyscl.solution import Solution

NM = 1e-9


def plate(length=100 * NM, width=20 * NM, cells=(200, 8), split=None, **model):
    """Return a dielectric rectangle between contacts, of one region or two that meet at `split`."""
    ends = [("a", split), ("b", length)] if split else [("a", length)]
    mesh = strip(np.linspace(0.0, length, cells[0] + 1), width, cells[1], ends)
    sides = ("bottom", "top") if model.get("coordinates") == "axisymmetric" else ("left", "right")
    contacts = {side: PotentialContact(potential=0.0) for side in sides}
    return Model(
        mesh,
        {name: Material(relative_permittivity=10.0) for name, _ in ends},
        contacts=contacts,
        **model,
    )


def imposed(model, potential):
    """Return a solution of a model with the potential [V] given as a function of x and y [m]."""
    solution = model.equilibrium()
    unknowns = solution.unknowns.copy()
    nodes = model.discretized.n_nodes
    unknowns[:nodes] = potential(*model.mesh.points.T) / model.discretized.scaling.potential
    return Solution(model, unknowns, kind="steady", bias={}, history=solution.history)
