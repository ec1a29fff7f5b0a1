"""scikit-fem: linear elements, forms linearised by hand, SuperLU of scipy."""

import numpy as np
import scipy
import skfem
from scipy.sparse.linalg import splu
from skfem.helpers import dot

from . import driver


def solve(problem, task, begin, counts):
    """Solve a case."""
    mesh = skfem.MeshTri(
        np.ascontiguousarray(problem.points.T),
        np.ascontiguousarray(problem.triangles.T.astype(np.int64)),
    )
    begin()
    update = _update(problem, mesh)
    state = driver.march(update, problem.start(), driver.step_lengths(task), counts)
    return problem.charge(state)


def _update(problem, mesh):
    case, n, fields = problem.case, len(problem.points), 1 + len(problem.case.charges)
    element = skfem.ElementTriP1()
    for _ in case.charges:
        element = element * skfem.ElementTriP1()
    inside = skfem.Basis(mesh, element, intorder=2, elements=np.flatnonzero(problem.region == 1))
    dofs = inside.nodal_dofs  # (fields, n)
    jacobian, residual = _forms(case)
    outside = _inclusions(problem, mesh, dofs) if case.inclusions else None

    held = np.zeros((n, fields), bool)
    held[problem.electrodes, 0] = True
    held[~problem.ionic, 1:] = True
    free = dofs.T[~held]

    def fields_of(state):
        vector = np.empty(fields * n)
        vector[dofs.T] = state
        return vector, inside.interpolate(vector)

    def update(state, before, rate):
        vector, now = fields_of(state)
        _, past = fields_of(before)
        given = {f"u{k}": now[k] for k in range(fields)}
        given |= {f"old{k}": past[k] for k in range(1, fields)} | {"rate": rate}
        right = residual.assemble(inside, **given)
        matrix = jacobian.assemble(inside, **given)
        if outside is not None:
            right, matrix = right + outside @ vector, matrix + outside
        change = np.zeros(fields * n)
        change[free] = -splu(matrix[free][:, free].tocsc()).solve(right[free])
        return change[dofs.T]

    return update


def _forms(case):
    charges, gamma = case.charges, case.gamma

    def jacobian(*arguments):
        *trials_and_tests, w = arguments
        half = len(trials_and_tests) // 2
        (phi, *c), (v, *tests) = trials_and_tests[:half], trials_and_tests[half:]
        total = (
            dot(phi.grad, v.grad) - 0.5 * sum(z * ck for z, ck in zip(charges, c, strict=True)) * v
        )
        for k, (z, ck, wk) in enumerate(zip(charges, c, tests, strict=True), start=1):
            at = w[f"u{k}"]
            room = 1.0 - gamma * at
            flux = ck.grad / room + at.grad * (gamma * ck / room**2)
            flux = flux + z * (ck * w["u0"].grad + at * phi.grad)
            total = total + w["rate"] * ck * wk + dot(flux, wk.grad)
        return total

    def residual(*arguments):
        v, *tests, w = arguments
        rho = 0.5 * (sum(z * w[f"u{k}"] for k, z in enumerate(charges, start=1)) + case.fixed)
        total = dot(w["u0"].grad, v.grad) - rho * v
        for k, (z, wk) in enumerate(zip(charges, tests, strict=True), start=1):
            at = w[f"u{k}"]
            flux = at.grad / (1.0 - gamma * at) + z * at * w["u0"].grad
            total = total + w["rate"] * (at - w[f"old{k}"]) * wk + dot(flux, wk.grad)
        return total

    return skfem.BilinearForm(jacobian), skfem.LinearForm(residual)


def _inclusions(problem, mesh, dofs):
    """Return the stiffness of the potential in the inclusions, on all unknowns."""
    from scipy.sparse import csr_matrix

    from ..cases import INCLUSION_PERMITTIVITY

    basis = skfem.Basis(
        mesh, skfem.ElementTriP1(), intorder=2, elements=np.flatnonzero(problem.region == 2)
    )
    form = skfem.BilinearForm(lambda u, v, w: INCLUSION_PERMITTIVITY * dot(u.grad, v.grad))
    part = form.assemble(basis).tocoo()
    place = (dofs[0][part.row], dofs[0][part.col])
    return csr_matrix((part.data, place), shape=(dofs.size, dofs.size))


if __name__ == "__main__":
    driver.run(solve, f"{skfem.__version__}, SuperLU of scipy {scipy.__version__}", "scikit-fem")
