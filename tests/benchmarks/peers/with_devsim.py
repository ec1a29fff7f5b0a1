"""DEVSIM: Scharfetter-Gummel volumes, derivatives by its own symbolic algebra, UMFPACK 5.1.

Its Newton iterations and their end are its own (relative error 1e-8). Sites without limit only.
"""

import contextlib
import sys

import numpy as np

try:
    import devsim_openblas

    devsim_openblas.configure()
except ImportError:  # another library is given by DEVSIM_MATH_LIBS
    pass
import devsim as ds

from ..cases import INCLUSION_PERMITTIVITY, SIDE, TOLERANCE
from . import driver

DEVICE, BULK, ISLANDS = "device", "electrolyte", "inclusion"
PHI = "Potential"


def supports(name, task):
    """Return why a case is not done."""
    return "no driver for this variant" if name == "steric" else None


def solve(problem, task, begin, counts):
    """Solve a case."""
    case = problem.case
    with _quiet():
        _device(problem)
        begin()
        names = [f"c{k}" for k in range(len(case.charges))]
        _potential(case, names)
        _ions(case, names)
        _electrodes(case)
        place = {r: _nodes(problem, r) for r in (BULK, *([ISLANDS] if case.inclusions else []))}
        _start(problem, names, place)
        for dt in driver.step_lengths(task):
            _step(names, dt, counts)
        state = problem.start()
        for region, nodes in place.items():
            state[nodes, 0] = ds.get_node_model_values(device=DEVICE, region=region, name=PHI)
        volume = np.zeros(len(state))
        for k, name in enumerate(names, start=1):
            state[place[BULK], k] = ds.get_node_model_values(device=DEVICE, region=BULK, name=name)
        volume[place[BULK]] = ds.get_node_model_values(
            device=DEVICE, region=BULK, name="NodeVolume"
        )
    return problem.charge(state, volume)


@contextlib.contextmanager
def _quiet():
    """Send what the library prints on the standard output to the error output."""
    import os

    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _device(problem):
    names = [BULK, "left", "right"]
    rows = []

    def add(kind, number, nodes):
        head = np.tile([kind, number], (len(nodes), 1))
        rows.append(np.hstack([head, nodes]).ravel())

    add(2, 0, problem.triangles[problem.region == 1])
    add(1, 1, problem.left)
    add(1, 2, problem.right)
    if problem.case.inclusions:
        names += [ISLANDS, "surface"]
        add(2, 3, problem.triangles[problem.region == 2])
        add(1, 4, _between(problem))
    coordinates = np.c_[problem.points, np.zeros(len(problem.points))].ravel().tolist()
    ds.create_gmsh_mesh(
        mesh="m",
        coordinates=coordinates,
        physical_names=names,
        elements=np.concatenate(rows).astype(int).tolist(),
    )
    ds.add_gmsh_region(mesh="m", gmsh_name=BULK, region=BULK, material="x")
    if problem.case.inclusions:
        ds.add_gmsh_region(mesh="m", gmsh_name=ISLANDS, region=ISLANDS, material="y")
        ds.add_gmsh_interface(
            mesh="m", gmsh_name="surface", region0=BULK, region1=ISLANDS, name="surface"
        )
    for side in ("left", "right"):
        ds.add_gmsh_contact(mesh="m", gmsh_name=side, region=BULK, name=side, material="metal")
    ds.finalize_mesh(mesh="m")
    ds.create_device(mesh="m", device=DEVICE)


def _between(problem):
    """Return the edges between the two regions."""
    t = problem.triangles
    edges = np.sort(np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]]), axis=1)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    edges, region = edges[order], np.tile(problem.region, 3)[order]
    twice = (edges[1:] == edges[:-1]).all(axis=1) & (region[1:] != region[:-1])
    return edges[:-1][twice]


def _edge_model(region, name, equation, variables):
    ds.edge_model(device=DEVICE, region=region, name=name, equation=equation)
    for variable in variables:
        for end in ("@n0", "@n1"):
            derivative = f"simplify(diff({equation},{variable}{end}))"
            ds.edge_model(
                device=DEVICE, region=region, name=f"{name}:{variable}{end}", equation=derivative
            )


def _node_model(name, equation, variables):
    ds.node_model(device=DEVICE, region=BULK, name=name, equation=equation)
    for variable in variables:
        ds.node_model(
            device=DEVICE,
            region=BULK,
            name=f"{name}:{variable}",
            equation=f"simplify(diff({equation},{variable}))",
        )


def _potential(case, names):
    ds.set_parameter(device=DEVICE, name="rate", value=1.0)
    regions = [(BULK, 1.0)] + ([(ISLANDS, INCLUSION_PERMITTIVITY)] if case.inclusions else [])
    for region, permittivity in regions:
        ds.node_solution(device=DEVICE, region=region, name=PHI)
        ds.edge_from_node_model(device=DEVICE, region=region, node_model=PHI)
        flux = f"{permittivity}*({PHI}@n0-{PHI}@n1)*EdgeInverseLength"
        _edge_model(region, "Displacement", flux, [PHI])
    for name in names:
        for solution in (name, name + "_old"):
            ds.node_solution(device=DEVICE, region=BULK, name=solution)
        ds.edge_from_node_model(device=DEVICE, region=BULK, node_model=name)
    total = "+".join(f"({z})*{name}" for z, name in zip(case.charges, names, strict=True))
    _node_model("Charge", f"-0.5*({total}+({case.fixed}))", names)
    common = {"device": DEVICE, "name": "Gauss", "variable_name": PHI}
    ds.equation(region=BULK, node_model="Charge", edge_model="Displacement", **common)
    if case.inclusions:
        ds.equation(region=ISLANDS, edge_model="Displacement", **common)


def _ions(case, names):
    edge = {"device": DEVICE, "region": BULK}
    ds.edge_model(name="drop", equation=f"{PHI}@n0-{PHI}@n1", **edge)
    ds.edge_model(name="Bern", equation="B(drop)", **edge)
    for end, sign in (("@n0", 1), ("@n1", -1)):
        ds.edge_model(name=f"drop:{PHI}{end}", equation=f"{sign}", **edge)
        ds.edge_model(name=f"Bern:{PHI}{end}", equation=f"({sign})*dBdx(drop)", **edge)
    for z, name in zip(case.charges, names, strict=True):
        near, far = ("(Bern+drop)", "Bern") if z > 0 else ("Bern", "(Bern+drop)")
        flux = f"EdgeInverseLength*({name}@n0*{near}-{name}@n1*{far})"
        _edge_model(BULK, "Flux" + name, flux, [PHI, name])
        _node_model("Stored" + name, f"rate*({name}-{name}_old)", [name])
        ds.equation(
            name="Balance" + name,
            variable_name=name,
            node_model="Stored" + name,
            edge_model="Flux" + name,
            **edge,
        )


def _electrodes(case):
    for contact, value in (("left", -case.voltage / 2), ("right", case.voltage / 2)):
        given = {"device": DEVICE, "contact": contact}
        ds.contact_node_model(name=contact + "held", equation=f"{PHI}-({value})", **given)
        ds.contact_node_model(name=f"{contact}held:{PHI}", equation="1", **given)
        ds.contact_equation(name="Gauss", node_model=contact + "held", **given)
    if case.inclusions:
        given = {"device": DEVICE, "interface": "surface"}
        ds.interface_model(name="same", equation=f"{PHI}@r0-{PHI}@r1", **given)
        ds.interface_model(name=f"same:{PHI}@r0", equation="1", **given)
        ds.interface_model(name=f"same:{PHI}@r1", equation="-1", **given)
        ds.interface_equation(name="Gauss", interface_model="same", type="continuous", **given)


def _nodes(problem, region):
    """Return the number in the mesh of every node of a region, found by its place."""
    place = [
        ds.get_node_model_values(device=DEVICE, region=region, name=axis) for axis in ("x", "y")
    ]

    def keys(points):
        rounded = np.round(np.asarray(points) * 1e9 / SIDE).astype(np.int64)
        return rounded[:, 0] * 10**10 + rounded[:, 1]

    own = keys(problem.points)
    order = np.argsort(own)
    return order[np.searchsorted(own[order], keys(np.transpose(place)))]


def _start(problem, names, place):
    state = problem.start()
    for region, nodes in place.items():
        ds.set_node_values(device=DEVICE, region=region, name=PHI, values=state[nodes, 0].tolist())
    for k, name in enumerate(names, start=1):
        values = state[place[BULK], k].tolist()
        ds.set_node_values(device=DEVICE, region=BULK, name=name, values=values)


def _step(names, dt, counts):
    ds.set_parameter(device=DEVICE, name="rate", value=1.0 / dt)
    for name in names:
        values = ds.get_node_model_values(device=DEVICE, region=BULK, name=name)
        ds.set_node_values(device=DEVICE, region=BULK, name=name + "_old", values=values)
    try:
        info = ds.solve(
            type="dc",
            absolute_error=1e30,
            relative_error=TOLERANCE,
            maximum_iterations=driver.MOST_ITERATIONS,
            info=True,
        )
    except ds.error as error:
        raise driver.DidNotConverge(str(error)) from None
    counts.newton += len(info["iterations"])
    counts.factorisations += len(info["iterations"])
    counts.steps += 1


if __name__ == "__main__":
    driver.run(solve, f"{ds.__version__}, UMFPACK", "DEVSIM", supports)
