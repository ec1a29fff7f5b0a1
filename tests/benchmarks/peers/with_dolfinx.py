"""DOLFINx: linear elements, forms differentiated by UFL, PETSc with MUMPS (0.5 to 0.9)."""

import dolfinx
import numpy as np
import ufl
from dolfinx import fem
from dolfinx import mesh as meshes
from dolfinx.fem import petsc as forms
from mpi4py import MPI
from petsc4py import PETSc

from ..cases import INCLUSION_PERMITTIVITY
from . import driver

COMPILER = {"cffi_extra_compile_args": ["-O3", "-march=native"]}
OLD = not hasattr(fem, "functionspace")  # before 0.7


def solve(problem, task, begin, counts):
    """Solve a case; the compiled forms are in the cache after the first run."""
    domain = _domain(problem)
    begin()
    update, to_input = _update(problem, domain)
    state = driver.march(update, problem.start()[to_input], driver.step_lengths(task), counts)
    result = np.empty_like(state)
    result[to_input] = state
    return problem.charge(result)


def _domain(problem):
    if OLD:
        cell = ufl.Cell("triangle", geometric_dimension=2)
        element = ufl.Mesh(ufl.VectorElement("Lagrange", cell, 1))
    else:
        import basix.ufl

        element = ufl.Mesh(basix.ufl.element("Lagrange", "triangle", 1, shape=(2,)))
    return meshes.create_mesh(
        MPI.COMM_SELF,
        problem.triangles.astype(np.int64),
        np.ascontiguousarray(problem.points),
        element,
    )


def _space(domain, fields):
    if OLD:
        return fem.FunctionSpace(
            domain, ufl.VectorElement("Lagrange", domain.ufl_cell(), 1, fields)
        )
    return fem.functionspace(domain, ("Lagrange", 1, (fields,)))


def _update(problem, domain):
    case = problem.case
    cells = np.array(domain.topology.original_cell_index)
    tags = meshes.meshtags(
        domain, 2, np.arange(len(cells), dtype=np.int32), problem.region[cells].astype(np.int32)
    )
    fields = 1 + len(case.charges)
    space = _space(domain, fields)
    u, before = fem.Function(space), fem.Function(space)
    rate = fem.Constant(domain, PETSc.ScalarType(1.0))
    residual, jacobian = _forms(case, domain, tags, space, u, before, rate)

    geometry, dofmap = domain.geometry.dofmap, space.dofmap.list
    if OLD:
        geometry, dofmap = geometry.array.reshape(-1, 3), dofmap.array.reshape(-1, 3)
    to_input = np.empty(len(problem.points), np.int64)
    to_input[dofmap.ravel()] = np.array(domain.geometry.input_global_indices)[geometry.ravel()]
    held = np.zeros((len(problem.points), fields), bool)
    held[np.isin(to_input, problem.electrodes), 0] = True
    held[~problem.ionic[to_input], 1:] = True
    held = np.flatnonzero(held.ravel()).astype(np.int32)

    matrix, vector = forms.create_matrix(jacobian), forms.create_vector(residual)
    matrix.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)
    solver = _solver(matrix)
    change = matrix.createVecRight()

    def update(state, state_before, inverse_step):
        u.x.array[:], before.x.array[:] = state.ravel(), state_before.ravel()
        rate.value = inverse_step
        vector.set(0.0)
        forms.assemble_vector(vector, residual)
        vector.array_w[held] = 0.0
        matrix.zeroEntries()
        forms.assemble_matrix(matrix, jacobian)
        matrix.assemble()
        matrix.zeroRowsLocal(held, 1.0)
        nonlocal solver
        solver.solve(vector, change)
        if not np.isfinite(change.array_r).all():
            solver = _solver(matrix)  # MUMPS does not forget a failure
        return -change.array_r.reshape(-1, fields)

    return update, to_input


def _solver(matrix):
    solver = PETSc.KSP().create(MPI.COMM_SELF)
    solver.setType("preonly")
    solver.getPC().setType("lu")
    solver.getPC().setFactorSolverType("mumps")
    solver.setOperators(matrix)
    return solver


def _forms(case, domain, tags, space, u, before, rate):
    phi, *c = ufl.split(u)
    _, *c_before = ufl.split(before)
    v, *w = ufl.TestFunctions(space) if OLD else ufl.split(ufl.TestFunction(space))
    degree = {"quadrature_degree": 2}
    dx = ufl.Measure("dx", domain=domain, subdomain_data=tags, metadata=degree)
    grad, inner = ufl.grad, ufl.inner
    rho = 0.5 * (sum(z * ck for z, ck in zip(case.charges, c, strict=True)) + case.fixed)
    form = inner(grad(phi), grad(v)) * dx(1) - rho * v * dx(1)
    form += INCLUSION_PERMITTIVITY * inner(grad(phi), grad(v)) * dx(2)
    for z, ck, ck_before, wk in zip(case.charges, c, c_before, w, strict=True):
        flux = grad(ck) / (1 - case.gamma * ck) if case.gamma else grad(ck)
        form += (rate * (ck - ck_before) * wk + inner(flux + z * ck * grad(phi), grad(wk))) * dx(1)
    options = {"jit_params" if OLD and _takes("jit_params") else "jit_options": COMPILER}
    return fem.form(form, **options), fem.form(ufl.derivative(form, u), **options)


def _takes(name):
    import inspect

    return name in inspect.signature(fem.form).parameters


if __name__ == "__main__":
    driver.run(solve, f"{dolfinx.__version__}, MUMPS", "DOLFINx")
