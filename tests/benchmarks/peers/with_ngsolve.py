"""NGSolve: linear elements, forms linearised by hand (faster than differentiated ones), UMFPACK."""

import netgen.meshing
import ngsolve
import numpy as np
from ngsolve import dx, grad

from ..cases import INCLUSION_PERMITTIVITY
from . import driver


def solve(problem, task, begin, counts):
    """Solve a case."""
    ngsolve.SetNumThreads(1)
    mesh = _mesh(problem)
    begin()
    update, state = _update(problem, mesh)
    state = driver.march(update, state, driver.step_lengths(task), counts)
    return problem.charge(state)


def _mesh(problem):
    mesh = netgen.meshing.Mesh(dim=2)
    mesh.AddPoints(np.c_[problem.points, np.zeros(len(problem.points))])
    kinds = (1, 2) if problem.case.inclusions else (1,)
    for number in kinds:
        face = netgen.meshing.FaceDescriptor(surfnr=number, domin=number, domout=0, bc=number)
        mesh.Add(face)
        inside = problem.triangles[problem.region == number]
        mesh.AddElements(dim=2, index=number, data=np.ascontiguousarray(inside), base=0)
    for number, edges in enumerate((problem.left, problem.right), start=1):
        mesh.AddElements(dim=1, index=number, data=np.ascontiguousarray(edges), base=0)
        mesh.SetBCName(number - 1, "electrode")
    mesh.SetMaterial(1, "electrolyte")
    if problem.case.inclusions:
        mesh.SetMaterial(2, "inclusion")
    return ngsolve.Mesh(mesh)


def _update(problem, mesh):
    case = problem.case
    inside = mesh.Materials("electrolyte")
    electric = ngsolve.H1(mesh, order=1, dirichlet="electrode")
    ionic = ngsolve.Compress(ngsolve.H1(mesh, order=1, definedon=inside))
    space = electric * ionic
    for _ in case.charges[1:]:
        space = space * ionic
    (phi, *c), (v, *w) = space.TrialFunction(), space.TestFunction()
    now, before = ngsolve.GridFunction(space), ngsolve.GridFunction(space)
    rate = ngsolve.Parameter(1.0)
    u_phi, *u_c = now.components
    permittivity = mesh.MaterialCF(
        {"electrolyte": 1.0, "inclusion": INCLUSION_PERMITTIVITY}, default=1.0
    )
    matrix, residual = ngsolve.BilinearForm(space), ngsolve.LinearForm(space)
    matrix += permittivity * grad(phi) * grad(v) * dx
    residual += permittivity * grad(u_phi) * grad(v) * dx
    rho = sum(z * ck for z, ck in zip(case.charges, u_c, strict=True)) + case.fixed
    matrix += (
        -0.5 * sum(z * ck for z, ck in zip(case.charges, c, strict=True)) * v * dx("electrolyte")
    )
    residual += -0.5 * rho * v * dx("electrolyte")
    for z, ck, wk, at, old in zip(case.charges, c, w, u_c, before.components[1:], strict=True):
        room = 1.0 - case.gamma * at
        drift = z * (ck * grad(u_phi) + at * grad(phi))
        flux = grad(ck) / room + case.gamma * ck / room**2 * grad(at) + drift
        matrix += (rate * ck * wk + flux * grad(wk)) * dx("electrolyte")
        flux = grad(at) / room + z * at * grad(u_phi)
        residual += (rate * (at - old) * wk + flux * grad(wk)) * dx("electrolyte")

    ions = problem.ionic  # the compressed numbers follow those of the nodes

    def put(state, function):
        function.components[0].vec.FV().NumPy()[:] = state[:, 0]
        for k in range(len(case.charges)):
            function.components[1 + k].vec.FV().NumPy()[:] = state[ions, 1 + k]

    change, free = ngsolve.GridFunction(space), space.FreeDofs()
    factors = []

    def update(state, state_before, inverse_step):
        put(state, now)
        put(state_before, before)
        rate.Set(inverse_step)
        residual.Assemble()
        matrix.Assemble()
        if factors:
            factors[0].Update()
        else:
            factors.append(matrix.mat.Inverse(free, inverse="umfpack"))
        change.vec.data = factors[0] * residual.vec
        result = np.zeros_like(state)
        result[:, 0] = -change.components[0].vec.FV().NumPy()
        for k in range(len(case.charges)):
            result[ions, 1 + k] = -change.components[1 + k].vec.FV().NumPy()
        return result

    return update, problem.start()


if __name__ == "__main__":
    driver.run(solve, f"{ngsolve.__version__}, UMFPACK", "NGSolve")
