"""pyscl: the same problem in metres and volts, by its public interface."""

import numpy as np
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

import pyscl
from pyscl import Carrier, Conserved, Material, Mesh, Model, PotentialContact, TransientOptions
from pyscl.materials import Boltzmann as Dilute
from pyscl.materials import LatticeGas
from pyscl.mesh import rectangle
from pyscl.protocol import Hold
from pyscl.study.newton import SolverOptions

from ..cases import INCLUSION_PERMITTIVITY, STEPS, TOLERANCE
from . import driver

LENGTH = 1e-9  # Debye length [m]
DIFFUSIVITY = 1e-12  # [m2/s]
PERMITTIVITY = 10.0  # of the electrolyte
TEMPERATURE = 298.15  # [K]
KT = Boltzmann * TEMPERATURE / elementary_charge  # [V]
DENSITY = epsilon_0 * PERMITTIVITY * KT / (2.0 * elementary_charge * LENGTH**2)  # c0 [1/m3]
SECOND = LENGTH**2 / DIFFUSIVITY  # unit of time [s]
CHARGE = epsilon_0 * PERMITTIVITY * KT  # unit of the charge of an electrode [C/m]


def make_model(mesh, case, at_rest):
    """Return the model; `at_rest` puts the voltage on, a transient starts without it."""
    law = LatticeGas() if case.gamma else Dilute()
    carriers = tuple(
        Carrier(
            name="+-"[z < 0],
            charge=z,
            statistics=law,
            mobility="dilute",
            site_density=DENSITY / (case.gamma or 1.0),
            site_fraction=case.gamma or 1.0,
            standard_potential=KT * np.log1p(-case.gamma),
            diffusivity=DIFFUSIVITY,
        )
        for z in case.charges
    )
    materials = {
        "electrolyte": Material(
            relative_permittivity=PERMITTIVITY,
            carriers=carriers,
            background_charge=case.fixed * elementary_charge * DENSITY,
        )
    }
    if case.inclusions:
        permittivity = PERMITTIVITY * INCLUSION_PERMITTIVITY
        materials["inclusion"] = Material(relative_permittivity=permittivity)
    volts = case.voltage * KT if at_rest else 0.0
    return Model(
        mesh,
        materials,
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=volts),
        },
        conserved=[Conserved(carrier=c.name, regions=("electrolyte",)) for c in carriers],
        temperature=TEMPERATURE,
    )


def calculate(mesh, case, task):
    """Return the final solution and the work of a task."""
    if task == "rest":
        options = SolverOptions(tolerance=TOLERANCE)
        solution = make_model(mesh, case, at_rest=True).equilibrium(options=options)
        history = solution.history
        counts = driver.Counts(len(history.iterations), history.factorisations, steps=1)
        return solution, counts
    model = make_model(mesh, case, at_rest=False)
    options = fixed_steps() if task == "steps" else TransientOptions()
    hold = Hold(voltage=case.voltage * KT, duration=sum(STEPS) * SECOND)
    trajectory = model.transient([hold], contact="right", options=options)
    done = trajectory.counts
    counts = driver.Counts(
        newton=int(done["iterations"]),
        factorisations=int(done["factorisations"]),
        steps=int(done["steps"]),
        failed_steps=int(done["rejected"]),
    )
    return trajectory.final, counts


def fixed_steps():
    """Return options with which the steps are those of the other packages."""
    return TransientOptions(
        scheme="backward-euler",
        step_lengths=tuple(dt * SECOND for dt in STEPS),
        newton=SolverOptions(tolerance=TOLERANCE, max_iterations=30),
    )


def metres(problem):
    """Return the mesh of a problem as one of pyscl."""
    names = ("electrolyte", "inclusion") if problem.case.inclusions else ("electrolyte",)
    return Mesh(
        points=problem.points * LENGTH,
        triangles=problem.triangles,
        region=problem.region - 1,
        region_names=names,
        facets=np.concatenate([problem.left, problem.right]),
        facet_group=np.repeat([0, 1], [len(problem.left), len(problem.right)]),
        facet_names=("left", "right"),
    )


def solve(problem, task, begin, counts):
    """Solve a case; what is loaded on first use is loaded before the clock starts."""
    small = rectangle(4, 1, 4.0 * LENGTH, LENGTH, region="electrolyte")
    calculate(small, type(problem.case)("", voltage=1.0), task)
    mesh = metres(problem)
    begin()
    solution, done = calculate(mesh.renumbered(), problem.case, task)
    vars(counts).update(vars(done))
    return solution.contact("left").charge / CHARGE


if __name__ == "__main__":
    driver.run(solve, pyscl.__version__, "pyscl")
