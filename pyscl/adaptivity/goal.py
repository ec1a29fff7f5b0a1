"""Error of a quantity by the adjoint solution on a uniformly refined mesh.

With the residual F of the refined equations at the prolonged solution u, their Jacobian J and the
derivative Q' of the quantity, the refined value is Q(u) - z F(u) with J^T z = Q' up to second order
(R. Becker, R. Rannacher, Acta Numerica 10 (2001) 1). It holds all there is: interpolation, lumping
of charges, upwinding, and the shape of interfaces that follow given curves. Values of second order
change four times less with the next refinement, so the error is 4/3 of the difference.

Its parts come from the balances: a quantity is a sum of balances with weights s, the solution has
zero balances elsewhere, so the error is the sum of (s - z) times what the refinement changes in
them. s - z is smooth in every region; only its curvature counts against the balances of new nodes.
Closed amounts are no balances of a site but sums over many: what the refinement changes in the ions
that belong to an edge counts with the adjoint value of the sum.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.adaptivity.curves import Curve
from pyscl.adaptivity.estimate import Estimate
from pyscl.adaptivity.quantities import Quantity
from pyscl.adaptivity.refine import Refinement, refine_uniformly
from pyscl.adaptivity.resolution import resolution
from pyscl.adaptivity.transfer import on_refined, prolonged, site_ends
from pyscl.errors import InputError
from pyscl.fields import site_density
from pyscl.materials.polarization import Hysteresis

if TYPE_CHECKING:
    from pyscl.mesh import Mesh
    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

_TO_LIMIT = 4.0 / 3.0  # from the difference between h and h/2 to that between h and 0


def goal_estimate(
    solution: "Solution",
    quantity: Quantity,
    *,
    curves: Mapping[str, Curve] | None = None,
    rebuild: "Callable[[Mesh], Model] | None" = None,
) -> Estimate:
    """Estimate the error of a quantity, and the part of every triangle.

    The equations are those with the bias of the solution.

    Args:
        solution: an equilibrium or a steady state.
        quantity: what is to be accurate.
        curves: interface or side -> the curve that it approximates.
        rebuild: makes the model on a refined mesh; default: `on_refined`.

    Raises:
        InputError: a state of a transient or with a hysteresis, an unknown name, or a quantity
            without meaning there.
        MeshError: the refined mesh cannot follow the curves.
    """
    from pyscl.solution import Solution

    if solution.kind == "transient":
        raise InputError(
            "a state of a transient depends on its past, whose error this estimate does not see; "
            "estimate the error of an equilibrium or a steady state"
        )

    model = solution.model
    for region, material in model.materials.items():
        if isinstance(material.polarization, Hysteresis):
            raise InputError(
                f"the hysteresis of region '{region}' depends on its past, whose error this "
                "estimate does not see; refine for the fields as a whole, or compare two meshes"
            )
    refinement = refine_uniformly(model.mesh, curves=curves)
    fine = rebuild(refinement.mesh) if rebuild else on_refined(model, refinement)
    start = prolonged(solution, fine, refinement)
    constraints = fine.conditions.steady_map(solution.bias)
    u = constraints.expand(constraints.restrict_state(start.unknowns))
    state = Solution(fine, u, kind=solution.kind, bias=solution.bias, history=start.history)
    change, adjoint, levels = _adjoint(state, quantity)
    amount = quantity.amount(solution)
    difference = quantity.amount(state) + change - amount
    value = quantity.convert(solution, amount)
    error = _TO_LIMIT * (quantity.convert(solution, amount + difference) - value)
    per_amount = error / difference if difference else _TO_LIMIT
    parts = _parts(solution, state, refinement, quantity, adjoint)
    for number, level in levels.items():
        parts -= level * _amount_parts(solution, state, refinement, number)
    edges = per_amount * parts
    influence = _influence(solution, state, refinement, quantity, adjoint)
    return Estimate(
        name=quantity.name,
        unit=quantity.unit(model),
        value=value,
        error=error,
        indicator=_by_triangle(model.mesh, edges),
        edges=edges,
        resolution=resolution(solution, influence, amount),
    )


def _by_triangle(mesh: "Mesh", edges: FloatArray) -> FloatArray:
    """Divide the parts of edges among their triangles, (m,)."""
    return np.asarray((edges / mesh.edges.count)[mesh.edges.of_side].reshape(-1, 3).sum(axis=1))


def _adjoint(state: "Solution", quantity: Quantity) -> tuple[float, FloatArray, dict[int, float]]:
    """Return the change of the amount by one Newton step, and the adjoint solution (n_dofs,).

    Also its values for the equations of closed amounts, by the number of the component.
    """
    from scipy.sparse import csc_array, diags_array
    from scipy.sparse.linalg import splu

    conditions = state.model.conditions
    constraints = conditions.steady_map(state.bias)
    n = constraints.n_free
    free = constraints.free_of_dof
    factor = constraints.expand(np.ones(n)) - constraints.expand(np.zeros(n))
    held = free < 0
    residual, *entries = conditions.steady(state.bias).residual_and_jacobian(state.unknowns)
    jacobian = csc_array(tuple(entries), shape=(n, n))
    slope = np.where(held, 0.0, factor * quantity.gradient(state))
    load = np.bincount(free[~held], slope[~held], minlength=n)
    rows = 1.0 / np.maximum(abs(jacobian).max(axis=1).toarray().ravel(), np.finfo(float).tiny)
    balanced = diags_array(rows) @ jacobian
    columns = 1.0 / np.maximum(abs(balanced).max(axis=0).toarray().ravel(), np.finfo(float).tiny)
    factors = splu(csc_array(balanced @ diags_array(columns)))
    z = rows * factors.solve(columns * load, trans="T")
    adjoint = np.where(held, 0.0, factor * z[free])
    levels = {}
    for number, component in enumerate(conditions.components):
        if component.amount is not None:  # this equation is a sum, not a balance
            levels[number] = float(z[free[component.dofs[0]]])
            adjoint[component.dofs] *= free[component.dofs] != free[component.dofs[0]]
    return -float(z @ residual), adjoint, levels


def _influence(
    solution: "Solution",
    state: "Solution",
    refinement: Refinement,
    quantity: Quantity,
    adjoint: FloatArray,
) -> FloatArray:
    """Return the change of the amount per charge of each carrier, (n_carriers, n_sites), >= 0.

    Ions of a closed part that are held in one layer are missing in all others. On a mesh that does
    not resolve the layers the adjoint solution does not see that: there they hold nearly all ions
    whatever happens elsewhere. So all ions of a closed part count like the most important charge.
    """
    old, new = solution.model.discretized, state.model.discretized
    weight = quantity.weights(state).sites - adjoint[new.site_phi]
    ends = site_ends(solution.model, state.model, refinement)
    kept = ends[:, 0] == ends[:, 1]
    influence = np.zeros((len(state.model.carriers), len(old.site_node)))
    influence[:, ends[kept, 0]] = np.abs(weight[kept]) / new.scaling.charge
    largest = influence.max(initial=0.0)
    for component in state.model.conditions.components:
        if component.amount is not None:
            mine = np.isin(new.site_dofs[:, component.carrier], component.dofs) & kept
            influence[component.carrier, ends[mine, 0]] = largest
    return influence


def _amount_parts(
    solution: "Solution", state: "Solution", refinement: Refinement, number: int
) -> FloatArray:
    """Return what each coarse edge adds to a closed amount by the refinement, (e,), scaled.

    The amount is the sum of volume times density over the sites. A new site takes its volume from
    both ends of its edge, so it adds its volume times what its density is above their mean.

    Args:
        solution: on the coarse mesh.
        state: the same on the fine mesh.
        refinement: from coarse to fine.
        number: of the component that has the amount.
    """
    component = state.model.conditions.components[number]
    old, new = solution.model.discretized, state.model.discretized
    mine = np.isin(new.site_dofs[:, component.carrier], component.dofs)
    ends = site_ends(solution.model, state.model, refinement)
    density = site_density(state.model)[component.carrier] / new.scaling.density
    fraction, _ = new.core.site_fractions(component.carrier, state.unknowns)
    ions = np.where(mine, fraction[: len(mine)] * np.nan_to_num(density), 0.0)
    of_coarse = np.zeros(len(old.site_node))
    kept = ends[:, 0] == ends[:, 1]
    of_coarse[ends[kept, 0]] = ions[kept]
    volume = new.core.site_volume[: len(mine)]
    added = np.where(kept, 0.0, volume * (ions - of_coarse[ends].mean(axis=1)))
    pairs = np.sort(old.site_node[ends[~kept]], axis=1).astype(np.int32)
    mesh = refinement.coarse
    parts = np.bincount(mesh.edges.find(pairs), added[~kept], len(mesh.edges.keys))
    return parts.astype(np.float64)


def _parts(
    solution: "Solution",
    state: "Solution",
    refinement: Refinement,
    quantity: Quantity,
    adjoint: FloatArray,
) -> FloatArray:
    """Return the part of each coarse edge in the difference of the refined value, (e,)."""
    old, new = solution.model.discretized, state.model.discretized
    weights = quantity.weights(state)
    ends = site_ends(solution.model, state.model, refinement)
    nodes: IndexArray = old.site_node[ends].astype(np.intp)
    scale = new.scaling.charge
    edges = _localised(
        weights.sites - adjoint[new.site_phi],
        state.gauss_rows / scale,
        solution.gauss_rows / scale,
        ends,
        nodes,
        refinement.coarse,
        lumped=(-state.site_volume / scale, state["charge_density"].values),
    )
    for number in range(len(state.model.carriers)):
        there = new.site_dofs[:, number] >= 0
        dofs, first = np.unique(new.site_dofs[there, number], return_index=True)
        edges += _localised(
            (weights.dofs - adjoint)[dofs],
            state.rows[dofs],
            solution.rows,
            old.site_dofs[ends[there], number][first],
            nodes[there][first],
            refinement.coarse,
        )
    polar = new.site_polar >= 0
    for component in range(2):
        dofs = new.site_polar[polar] + component
        edges += _localised(
            (weights.dofs - adjoint)[dofs],
            state.rows[dofs],
            solution.rows,
            (old.site_polar[ends[polar]] + component).astype(np.intp),
            nodes[polar],
            refinement.coarse,
        )
    return edges


def _localised(
    weight: FloatArray,
    fine_rows: FloatArray,
    coarse_rows: FloatArray,
    ends: IndexArray,
    nodes: IndexArray,
    mesh: "Mesh",
    lumped: tuple[FloatArray, FloatArray] | None = None,
) -> FloatArray:
    """Return sum(weight fine_rows) - sum(weight coarse_rows) by coarse edge, (e,).

    A new node counts with its balance times what is not linear in the weight along its edge. What
    the balances of old nodes change when they take half of those of their new neighbours belongs
    to edges exactly where it comes from volumes times densities (lumping): the volume of a new node
    comes in halves from the ends of its edge. The rest (upwinding) is divided among the edges of an
    old node in proportion to the parts of its new neighbours.

    Args:
        weight: of the balances of the fine sites or dofs, (n,).
        fine_rows: (n,).
        coarse_rows: (n_coarse,).
        ends: (n, 2) coarse sites or dofs between which each fine one lies.
        nodes: (n, 2) their mesh nodes.
        mesh: the coarse mesh.
        lumped: factor and density (n,), the product of which is a part of `fine_rows`.
    """
    kept = ends[:, 0] == ends[:, 1]
    of_coarse, gathered = np.zeros(len(coarse_rows)), np.zeros(len(coarse_rows))
    of_coarse[ends[kept, 0]] = weight[kept]
    for side in range(2):
        np.add.at(gathered, ends[:, side], 0.5 * fine_rows)
    change = gathered - coarse_rows
    new, pairs = np.flatnonzero(~kept), ends[~kept]
    exactly = np.zeros(len(new))
    if lumped:
        factor, density = lumped
        at_ends = np.zeros(len(coarse_rows))
        at_ends[ends[kept, 0]] = density[kept]
        halves = 0.5 * (factor[new] * (density[new] - at_ends[pairs].T)).T  # (k, 2)
        np.subtract.at(change, pairs, halves)
        exactly = (of_coarse[pairs] * halves).sum(axis=1)
    shift = of_coarse * change
    part = (weight[new] - of_coarse[pairs].mean(axis=1)) * fine_rows[new]
    size = np.abs(part) + 1e-9 * np.abs(part).max(initial=np.finfo(float).tiny)
    around = np.bincount(pairs.ravel(), np.repeat(size, 2), len(coarse_rows))
    part += size * (shift / np.maximum(around, np.finfo(float).tiny))[pairs].sum(axis=1)
    part += exactly
    edge = mesh.edges.find(nodes[new].astype(np.int32))
    return np.bincount(edge, part, len(mesh.edges.keys)).astype(np.float64)
