"""FiPy: cell-centred volumes on the triangles, Newton by coupled sweeps, SuperLU of scipy.

Its unknowns are on the triangles, about twice as many as nodes. The coefficients of Newton's method
are put in as transient terms scaled with the step, because an implicit source of the "wrong" sign
is taken from the state before without a word. Sites without limit only.
"""

import os

os.environ.setdefault("FIPY_SOLVERS", "scipy")

import fipy
import numpy as np
from fipy import CellVariable, DiffusionTerm, FaceVariable, ImplicitSourceTerm, TransientTerm
from fipy.meshes.mesh2D import Mesh2D

from ..cases import SIDE
from . import driver


def supports(name, task):
    """Return why a case is not done."""
    if name in ("steric", "background"):
        return "no driver for this variant"
    if task != "steps":
        return "no driver for this task"
    return None


def solve(problem, task, begin, counts):
    """Solve a case."""
    t = problem.triangles.astype(np.int64)
    sides = np.sort(np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]]), axis=1)
    edges, number = np.unique(sides, axis=0, return_inverse=True)
    mesh = Mesh2D(problem.points.T.copy(), edges.T.copy(), number.reshape(3, len(t)))
    begin()
    cells = _Cells(problem, mesh)
    state = driver.march(cells.update, cells.start(), driver.step_lengths(task), counts)
    return cells.charge(state)


class _Cells:
    def __init__(self, problem, mesh):
        self.case, self.mesh = problem.case, mesh
        self.inside = (problem.region == 1).astype(float)
        self.permittivity = problem.permittivity
        neighbours = mesh.faceCellIDs
        outer = np.ma.getmaskarray(neighbours[1])
        self.first = np.asarray(neighbours[0].filled(0))
        self.second = np.where(outer, self.first, neighbours[1].filled(0))
        self.open = np.where(outer, 0.0, self.inside[self.first] * self.inside[self.second])
        ends = self.permittivity[self.first], self.permittivity[self.second]
        self.face_permittivity = 2.0 * ends[0] * ends[1] / (ends[0] + ends[1])
        self.distance = np.array(mesh._cellDistances)
        self.normal = np.array(mesh.faceNormals)
        self._build()

    def _build(self):
        mesh = self.mesh
        self.phi = CellVariable(mesh=mesh, value=0.0)
        self.c = [CellVariable(mesh=mesh, value=self.inside.copy(), hasOld=True) for _ in (1, -1)]
        half = self.case.voltage / 2
        self.phi.constrain(-half, where=mesh.facesLeft)
        self.phi.constrain(half, where=mesh.facesRight)
        self.step = fipy.Variable(1.0)
        self.field = FaceVariable(mesh=mesh, value=0.0, rank=1)
        self.source = CellVariable(mesh=mesh, value=0.0)
        inside = CellVariable(mesh=mesh, value=self.inside)
        dead = CellVariable(mesh=mesh, value=1.0 - self.inside)
        equation = DiffusionTerm(FaceVariable(mesh=mesh, value=self.face_permittivity), self.phi)
        for z, ck in zip(self.case.charges, self.c, strict=True):
            equation = equation + TransientTerm(0.5 * z * self.step * inside, var=ck)
        self.equations = equation + self.source == 0
        self.mobile, self.linearised = [], []
        diffusivity = FaceVariable(mesh=mesh, value=self.open)
        for z, ck in zip(self.case.charges, self.c, strict=True):
            mobile = FaceVariable(mesh=mesh, value=0.0)
            part = CellVariable(mesh=mesh, value=0.0)
            self.mobile.append(mobile)
            self.linearised.append(part)
            self.equations = self.equations & (
                TransientTerm(coeff=inside, var=ck) + ImplicitSourceTerm(coeff=dead, var=ck)
                == DiffusionTerm(coeff=diffusivity, var=ck)
                + z * DiffusionTerm(coeff=mobile, var=self.phi)
                + z * fipy.CentralDifferenceConvectionTerm(coeff=self.field, var=ck)
                - z * part
            )
        self.solver = fipy.LinearLUSolver(tolerance=1e-10, iterations=3)

    def start(self):
        return np.stack([np.zeros_like(self.inside), self.inside, self.inside], axis=1)

    def update(self, state, before, rate):
        """Return the Newton update of cell values (m, 3)."""
        self.step.setValue(1.0 / rate)
        charges = np.array(self.case.charges, float)
        for k, ck in enumerate(self.c):
            ck.setValue(before[:, 1 + k])
            ck.updateOld()
            ck.setValue(state[:, 1 + k])
        self.phi.setValue(state[:, 0])
        self.source.setValue(0.5 * self.inside * (before[:, 1:] @ charges))
        jump = state[self.second, 0] - state[self.first, 0]
        field = jump / self.distance * self.open * self.normal
        self.field.setValue(field)
        for k in range(len(charges)):
            mean = 0.5 * (state[self.first, 1 + k] + state[self.second, 1 + k])
            self.mobile[k].setValue(mean * self.open)
            flux = FaceVariable(mesh=self.mesh, value=mean * field, rank=1)
            self.linearised[k].setValue(flux.divergence.value)
        self.equations.sweep(dt=1.0 / rate, solver=self.solver)
        new = np.stack([self.phi.value, *(ck.value for ck in self.c)], axis=1)
        return new - state

    def charge(self, state):
        """Return the charge of the left electrode from the fields of the cells."""
        self.phi.setValue(state[:, 0])
        volume, x = self.mesh.cellVolumes, self.mesh.cellCenters.value[0]
        slope = np.array(self.phi.grad.value[0])
        rho = 0.5 * self.inside * (state[:, 1:] @ np.array(self.case.charges, float))
        displacement = (-self.permittivity * slope / SIDE * volume).sum()
        return float(displacement - (rho * (1.0 - x / SIDE) * volume).sum())


if __name__ == "__main__":
    driver.run(solve, f"{fipy.__version__}, SuperLU of scipy", "FiPy", supports)
