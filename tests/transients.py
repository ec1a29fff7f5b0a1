"""Transients that no integrator made: states and steps for tests of what is done with them."""

import numpy as np

from pyscl import Solution
from pyscl.study.newton import Iteration, NewtonHistory
from pyscl.study.transient.recording import Recorder, StepRecord
from pyscl.study.transient.restart import RestartPoint
from pyscl.trajectory import Stop, Trajectory

ITERATION = Iteration(0.1, 0.2, 0.3, 1.0, "phi", (0.0, 0.0), 0.01, 0.02, 0.03)
SETTINGS = {"protocol": ["Step to 0.1 V", "Rest for 1 s"], "options": {"tolerance": 1e-3}}


def states(model, times, *, strength=1.0):
    """Return a state of a model per time [s], smooth in time and in space, out of equilibrium."""
    equilibrium = model.equilibrium()
    x, y = (equilibrium.model.mesh.points / np.ptp(equilibrium.model.mesh.points, axis=0)).T
    n = model.discretized.n_nodes
    result = []
    for time in times:
        growth = strength * (1.0 - np.exp(-time / times[-1] * 3.0))
        u = equilibrium.unknowns.copy()
        u[:n] += growth * (3.0 * x + np.sin(4.0 * x + y) - 1.0)
        u[n:] += growth * np.cos(2.0 * x[model.discretized.dof_node[n:]])
        history = NewtonHistory("transient", (ITERATION,))
        bias = {name: 0.1 * growth for name in model.contacts}
        result.append(
            Solution(
                model,
                u,
                kind="transient",
                bias=bias,
                history=history,
                time=float(time),
                rates=1e-3 * time * np.arange(len(u), dtype=float),
            )
        )
    return result


def steps(model, times, *, order=1, current=2.0):
    """Yield a `StepRecord` per time, the first one of no length; the current enters at the last
    contact and leaves at the first one.
    """
    contacts = list(model.discretized.terminals)
    last = times[0]
    for k, (time, solution) in enumerate(zip(times, states(model, times), strict=True)):
        yield StepRecord(
            time=float(time),
            dt=float(time - last),
            order=order if k > 1 else 1,
            iterations=3,
            error=0.2,
            protocol_step=1 if 2 * k < len(times) else 2,
            protocol_cycle=1,
            solution=solution,
            voltages={name: 0.1 * i + 0.01 * k for i, name in enumerate(contacts)},
            currents=dict.fromkeys(contacts, 0.0)
            | {contacts[0]: -current, contacts[-1]: current if k else 0.0},
            event="0.1 V reached" if 2 * k == len(times) else None,
        )
        last = time


def trajectory(model, times=(0.0, 0.5, 1.0, 1.5, 2.0), *, complete=True, **changes):
    """Return a trajectory with a saved state per time."""
    contacts = list(model.discretized.terminals)
    recorder = Recorder(model, contacts[-1], contacts[0])
    records = list(steps(model, times))
    for record in records:
        recorder.record(record)
    saved = [record.solution for record in records]
    last = np.array(times[-2:], dtype=float)
    restart = RestartPoint(
        last, np.array([s.unknowns for s in saved[-2:]]), {"dt": 0.25, "step": 2.0}
    )
    values = {
        "model": model,
        "series": recorder.series,
        "solutions": saved,
        "stops": [
            Stop(1, 1, "Step to 0.1 V", "0.1 V reached", float(times[len(times) // 2])),
            Stop(2, 1, "Rest for 1 s", "1 s passed", float(times[-1])),
        ],
        "complete": complete,
        "reason": "end of the protocol" if complete else "interrupted",
        "restart": None if complete else restart,
        "counts": {"steps": len(times) - 1, "rejected": 1, "assembly_seconds": 0.125},
        "settings": SETTINGS,
    }
    return Trajectory(**(values | changes))
