"""The benchmark of ferroelectrics: what a Landau region costs, and how many steps a loop takes.

The composite of `bench.benchmark_model` is solved with linear inclusions and with Landau ones on
the same mesh; then a film goes through a polarization loop.
"""

import time
from dataclasses import dataclass

from pyscl.bench.solving import benchmark_model
from pyscl.boundaries import PotentialContact
from pyscl.materials import Landau, Material, load_landau
from pyscl.mesh import strip
from pyscl.mesh.structured import graded
from pyscl.model import Model
from pyscl.polar_states import UniformPolarization
from pyscl.solution import Solution

SIZES = (2_500, 10_000)
HEAD = (
    "nodes",
    "unknowns linear",
    "unknowns Landau",
    "us/node linear",
    "us/node Landau",
    "cost ratio",
    "its linear",
    "steps Landau",
    "its Landau",
    "loop nodes",
    "loop points",
    "loop steps",
    "loop its",
    "loop s",
)
_TEMPERATURE = 298.0  # K
_THICKNESS = 20e-9  # m, of the film
_AMPLITUDE = 1.3  # of the loop, over the coercive field


@dataclass(frozen=True)
class PolarizationResult:
    """Times of one mesh size.

    Attributes:
        nodes: mesh nodes of the composite.
        unknowns: with linear inclusions.
        polar_unknowns: with Landau inclusions.
        microseconds_per_node: of a Newton iteration (assembly, factors, solution), linear [us].
        polar_microseconds_per_node: the same with Landau inclusions [us].
        iterations: Newton iterations of the linear equilibrium.
        polar_steps: steps of pseudo-time of the Landau one.
        polar_iterations: its Newton iterations.
        loop_nodes: mesh nodes of the film.
        loop_points: voltages of its loop.
        loop_steps: steps of pseudo-time in it.
        loop_iterations: Newton iterations in it.
        loop_seconds: wall time of it [s].
    """

    nodes: int
    unknowns: int
    polar_unknowns: int
    microseconds_per_node: float
    polar_microseconds_per_node: float
    iterations: int
    polar_steps: int
    polar_iterations: int
    loop_nodes: int
    loop_points: int
    loop_steps: int
    loop_iterations: int
    loop_seconds: float

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table, in the order of `HEAD`."""
        return (
            str(self.nodes),
            str(self.unknowns),
            str(self.polar_unknowns),
            f"{self.microseconds_per_node:.2f}",
            f"{self.polar_microseconds_per_node:.2f}",
            f"{self.polar_microseconds_per_node / self.microseconds_per_node:.2f}",
            str(self.iterations),
            str(self.polar_steps),
            str(self.polar_iterations),
            str(self.loop_nodes),
            str(self.loop_points),
            str(self.loop_steps),
            str(self.loop_iterations),
            f"{self.loop_seconds:.1f}",
        )


def run_polarization_benchmark(nodes: int) -> PolarizationResult:
    """Solve the composite with both kinds of inclusions, and a loop of a film.

    Args:
        nodes: about as many mesh nodes, of the composite and of the film.
    """
    linear = benchmark_model(nodes)
    law = Landau(coefficients=load_landau("BaTiO3-Bell-Cross"))
    crystal = Material(name="BaTiO3", polarization=law)
    polar = linear.with_(
        materials={**linear.materials, "inclusion": crystal}, temperature=_TEMPERATURE
    )
    states = linear.equilibrium(), polar.equilibrium(polarization=UniformPolarization())
    film = ferroelectric_film(nodes)
    coercive = law.polynomial(_TEMPERATURE).coercive_field()
    begin = time.perf_counter()
    loop = film.polarization_loop(
        "left", _AMPLITUDE * coercive * _THICKNESS, polarization=UniformPolarization()
    )
    seconds = time.perf_counter() - begin
    return PolarizationResult(
        nodes=linear.mesh.n_points,
        unknowns=linear.discretized.n_dofs,
        polar_unknowns=polar.discretized.n_dofs,
        microseconds_per_node=_per_node(states[0]),
        polar_microseconds_per_node=_per_node(states[1]),
        iterations=len(states[0].history.iterations),
        polar_steps=states[1].history.polarization_steps,
        polar_iterations=len(states[1].history.iterations),
        loop_nodes=film.mesh.n_points,
        loop_points=len(loop.voltage),
        loop_steps=loop.steps,
        loop_iterations=loop.iterations,
        loop_seconds=seconds,
    )


def ferroelectric_film(nodes: int) -> Model:
    """Return a film of BaTiO3 between two electrodes, as long as it is thick."""
    layers = max(2, round(nodes**0.5) - 1)
    step = _THICKNESS / layers
    mesh = strip(graded(_THICKNESS, step, 1.0, step), _THICKNESS, layers).renumbered()
    region = mesh.region_names[0]
    law = Landau(coefficients=load_landau("BaTiO3-Bell-Cross"))
    return Model(
        mesh,
        {region: Material(name="BaTiO3", polarization=law)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=0.0),
        },
        temperature=_TEMPERATURE,
    )


def _per_node(state: Solution) -> float:
    """Return the time of a Newton iteration over the nodes of the mesh [us]."""
    iterations = state.history.iterations
    seconds = sum(i.assembly_seconds + i.factor_seconds + i.solve_seconds for i in iterations)
    return 1e6 * seconds / len(iterations) / state.model.mesh.n_points
