"""What the drivers share: the mesh, Newton's method, time steps, the charge, the measures.

A driver solves one case in one process: `python -m benchmarks.peers.with_NAME MESH CASE TASK`. It
prints one line of JSON. numpy only: it runs in other Pythons than pyscl.
"""

import json
import sys
import time
from dataclasses import dataclass, field

import numpy as np

from ..cases import CASES, INCLUSION_PERMITTIVITY, SIDE, STEPS, TO_REST, TOLERANCE

MOST_ITERATIONS = 25
RAMPS = (5, 10, 20)
"""Numbers of parts in which the voltage is raised where it cannot be put on at once."""

MOST_FAILURES = 12  # halvings of a step before a code is said to fail


class DidNotConverge(Exception):
    """A step failed, and shorter ones as well."""


@dataclass
class Problem:
    """Mesh and case.

    Attributes:
        points, triangles, region, left, right: as in `meshes.mesh_file`.
        case: the case.
        ionic: (n,) whether ions live at a node.
        electrodes: numbers of the nodes at the electrodes.
    """

    points: np.ndarray
    triangles: np.ndarray
    region: np.ndarray
    left: np.ndarray
    right: np.ndarray
    case: object
    ionic: np.ndarray = field(init=False)
    electrodes: np.ndarray = field(init=False)

    def __post_init__(self):
        self.ionic = np.zeros(len(self.points), bool)
        self.ionic[self.triangles[self.region == 1].ravel()] = True
        self.electrodes = np.unique(np.concatenate([self.left.ravel(), self.right.ravel()]))

    @property
    def permittivity(self):
        """Of every triangle (m,)."""
        return np.where(self.region == 1, 1.0, INCLUSION_PERMITTIVITY)

    def start(self):
        """Return phi and all c_k at t = 0, (n, 1 + ions)."""
        state = np.zeros((len(self.points), 1 + len(self.case.charges)))
        state[self.ionic, 1:] = 1.0
        state[np.unique(self.left), 0] = -self.case.voltage / 2
        state[np.unique(self.right), 0] = self.case.voltage / 2
        return state

    def charge(self, state, volume=None):
        """Return the charge of the left electrode, int eps grad(phi).grad(w) - rho w, w = 1 - x/L.

        It is the sum of the residuals of Gauss's law at the electrode.

        Args:
            state: (n, 1 + ions).
            volume: of the ions at every node (n,), for codes that lump the charge; else the charge
                is that of linear concentrations.
        """
        t, case = self.triangles, self.case
        a, b, c = (self.points[t[:, j]] for j in range(3))
        twice = (b - a)[:, 0] * (c - a)[:, 1] - (c - a)[:, 0] * (b - a)[:, 1]
        slopes = np.stack([b[:, 1] - c[:, 1], c[:, 1] - a[:, 1], a[:, 1] - b[:, 1]], axis=1)
        slope = (slopes * state[t, 0]).sum(axis=1)  # d phi/dx times twice the area
        field_part = float((-self.permittivity * slope / (2.0 * SIDE)).sum())
        weight = 1.0 - self.points[:, 0] / SIDE
        rho = 0.5 * (state[:, 1:] @ np.array(case.charges, float) + case.fixed)
        if volume is not None:
            return field_part - float((volume * rho * weight).sum())
        inside = self.region == 1
        r, w = rho[t[inside]], weight[t[inside]]
        both = (r * w).sum(axis=1) + r.sum(axis=1) * w.sum(axis=1)  # exact for two linear functions
        return field_part - float((both * twice[inside]).sum() / 24.0)


@dataclass
class Counts:
    """Work that was done."""

    newton: int = 0
    factorisations: int = 0
    steps: int = 0
    failed_steps: int = 0


def march(update, state, times, counts):
    """Return the state after backward-Euler steps, by plain Newton iterations.

    Where they fail in the first step the voltage is raised little by little. Where that fails too,
    and later, the step is halved, and doubled again after a success.

    Args:
        update: function (state, state before, 1/dt) -> Newton update to be added, all (n, f).
        state: at the start.
        times: lengths of the steps.
        counts: is added to.

    Raises:
        DidNotConverge: halving does not help.
    """
    for length in times:
        left, dt, halvings = length, length, 0  # halvings since the last success
        while left > 1e-12 * length:
            dt = min(dt, left)
            new = _newton(update, state, state, 1.0 / dt, counts)
            if new is None and counts.steps == 0:
                new = _ramped(update, state, 1.0 / dt, counts)
            if new is None:
                counts.failed_steps += 1
                halvings += 1
                dt *= 0.5
                if halvings > MOST_FAILURES:
                    raise DidNotConverge(f"not with steps of {dt:.2g} either")
                continue
            state, left, halvings = new, left - dt, 0
            counts.steps += 1
            dt *= 2.0
    return state


def _ramped(update, before, rate, counts):
    """Return the state after the first step, by raising the voltage in equal parts, or None."""
    for parts in RAMPS:
        state = before * 1.0
        state[:, 0] = 0.0
        for k in range(1, parts + 1):
            at_electrodes = before[:, 0] != 0.0  # phi = 0 elsewhere at the start
            state[at_electrodes, 0] = before[at_electrodes, 0] * k / parts
            state = _newton(update, state, before, rate, counts)
            if state is None:
                break
        else:
            return state
    return None


def _newton(update, guess, before, rate, counts):
    state = guess.copy()
    for _ in range(MOST_ITERATIONS):
        change = update(state, before, rate)
        counts.newton += 1
        counts.factorisations += 1
        if not np.isfinite(change).all():
            return None
        state = state + change
        scale = np.maximum(1.0, np.abs(state).max(axis=0))
        scale[0] = 1.0
        if (np.abs(change).max(axis=0) / scale).max() < TOLERANCE:
            return state
    return None


def step_lengths(task):
    """Return the lengths of the backward-Euler steps of a task."""
    return STEPS if task == "steps" else STEPS + TO_REST


def run(solve, version, package, supports=lambda case, task: None):
    """Read the command line, solve, and print the measures as JSON.

    Args:
        solve: function (problem, task, begin, counts) -> charge; calls `begin()` when its mesh is
            in memory, and counts its work.
        version: of the package, with its linear solver.
        package: its name.
        supports: function (case name, task) -> why it is not done, or None.
    """
    mesh, name, task = sys.argv[1:4]
    reason = supports(name, task)
    result = {"package": package, "version": version, "case": name, "task": task}
    if reason:
        print(json.dumps({**result, "failed": reason}))
        return
    with np.load(mesh) as arrays:
        problem = Problem(**{key: arrays[key] for key in arrays.files}, case=CASES[name])
    started = {}

    def begin():
        started.update(wall=time.perf_counter(), cpu=time.process_time(), memory=memory("VmRSS"))

    charge, counts = None, Counts()
    try:
        charge = solve(problem, task, begin, counts)
    except DidNotConverge as error:
        result["failed"] = f"did not converge: {error}"
    result |= {
        "nodes": len(problem.points),
        "triangles": len(problem.triangles),
        "wall": time.perf_counter() - started["wall"],
        "cpu": time.process_time() - started["cpu"],
        "memory": memory("VmHWM") - started["memory"],
        "peak": memory("VmHWM"),
        "charge": charge,
        **vars(counts),
    }
    print(json.dumps(result))


def memory(kind):
    """Return resident memory or its peak [MB]; that of this program, not of what started it."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024.0
