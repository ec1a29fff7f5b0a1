"""The benchmarks of an installation: a composite and a blocking cell at several mesh sizes."""

import os
import resource
import statistics
import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from pyscl.boundaries import (
    ButlerVolmer,
    Conserved,
    Interface,
    PotentialContact,
    ReservoirContact,
)
from pyscl.materials import Carrier, Material, load
from pyscl.mesh import Mesh, graded, rectangle, strip
from pyscl.model import Model

DEFAULT_SIZES = (10_000, 50_000, 200_000)
HEAD = (
    "nodes",
    "unknowns",
    "Newton (eq + steady)",
    "assembly [us/triangle]",
    "factor [s]",
    "solve [s]",
    "fill",
    "wall eq [s]",
    "wall steady [s]",
    "peak [MB]",
)
TRANSIENT_SIZES = (10_000, 50_000)
TRANSIENT_HEAD = (
    "case",
    "nodes",
    "unknowns",
    "steps (rejected)",
    "Newton",
    "factorisations",
    "wall [s]",
    "assembly",
    "factor",
    "solve",
    "output",
)
IMPEDANCE_SIZES = (5_400, 27_000, 108_000)  # nodes; twice as many unknowns
IMPEDANCE_HEAD = (
    "nodes",
    "unknowns",
    "Newton step [s]",
    "frequency [s]",
    "Newton steps per frequency",
    "frequencies",
    "workers",
    "wall [s]",
    "peak [MB]",
)
_FREQUENCIES = 60
_SIDE = 60e-9  # m
_DEBYE_LENGTH = 2e-9  # m


@dataclass(frozen=True)
class BenchmarkResult:
    """Times of one size; per-step times are medians over the coupled Newton steps.

    Attributes:
        nodes: mesh nodes.
        triangles: mesh triangles.
        unknowns: unknowns of the coupled problem before constraints.
        equilibrium_iterations: Newton iterations of the equilibrium.
        steady_iterations: Newton iterations of the biased steady state.
        assembly_per_triangle: Jacobian and residual, per step and triangle [s].
        factor_seconds: numerical factorisation per step [s].
        solve_seconds: solution per step [s].
        factor_entries: entries of the LU factors.
        equilibrium_seconds: wall time of the equilibrium, set-up included [s].
        steady_seconds: wall time of the steady state [s].
        peak_megabytes: peak memory of the process so far.
        balance: sum of the contact currents over their size.
    """

    nodes: int
    triangles: int
    unknowns: int
    equilibrium_iterations: int
    steady_iterations: int
    assembly_per_triangle: float
    factor_seconds: float
    solve_seconds: float
    factor_entries: int
    equilibrium_seconds: float
    steady_seconds: float
    peak_megabytes: float
    balance: float

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table, in the order of `HEAD`."""
        return (
            str(self.nodes),
            str(self.unknowns),
            f"{self.equilibrium_iterations} + {self.steady_iterations}",
            f"{self.assembly_per_triangle * 1e6:.3f}",
            f"{self.factor_seconds:.3f}",
            f"{self.solve_seconds:.3f}",
            f"{self.factor_entries / 1e6:.1f}M",
            f"{self.equilibrium_seconds:.2f}",
            f"{self.steady_seconds:.2f}",
            f"{self.peak_megabytes:.0f}",
        )


@dataclass(frozen=True)
class TransientResult:
    """Work and times of one transient; shares are of the wall time.

    Attributes:
        case: "blocking" or "composite".
        nodes: mesh nodes.
        unknowns: unknowns before constraints.
        steps: accepted time steps.
        rejected: rejected ones.
        iterations: Newton iterations of all of them.
        factorisations: numerical factorisations.
        wall_seconds: wall time without the equilibrium at the start [s].
        assembly_share: share of residuals and Jacobians.
        factor_share: share of the factorisations.
        solve_share: share of the solutions with the factors.
        output_share: share of recording and saving.
    """

    case: str
    nodes: int
    unknowns: int
    steps: int
    rejected: int
    iterations: int
    factorisations: int
    wall_seconds: float
    assembly_share: float
    factor_share: float
    solve_share: float
    output_share: float

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table, in the order of `TRANSIENT_HEAD`."""
        shares = (self.assembly_share, self.factor_share, self.solve_share, self.output_share)
        return (
            self.case,
            str(self.nodes),
            str(self.unknowns),
            f"{self.steps} ({self.rejected})",
            str(self.iterations),
            str(self.factorisations),
            f"{self.wall_seconds:.1f}",
            *(f"{share:.0%}" for share in shares),
        )


@dataclass(frozen=True)
class ImpedanceResult:
    """Times of a spectrum of the composite around its equilibrium.

    Attributes:
        nodes: mesh nodes.
        unknowns: unknowns before constraints.
        newton_seconds: assembly, factorisation and solution of a Newton step, median [s].
        frequency_seconds: factorisation and solution at a frequency by one thread, median [s].
        newton_steps: number of Newton steps that take as long as one frequency.
        frequencies: of the spectrum.
        workers: threads of the spectrum.
        spectrum_seconds: wall time of the spectrum, set-up and contributions included [s].
        peak_megabytes: peak memory of the process so far.
    """

    nodes: int
    unknowns: int
    newton_seconds: float
    frequency_seconds: float
    newton_steps: float
    frequencies: int
    workers: int
    spectrum_seconds: float
    peak_megabytes: float

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table, in the order of `IMPEDANCE_HEAD`."""
        return (
            str(self.nodes),
            str(self.unknowns),
            f"{self.newton_seconds:.3f}",
            f"{self.frequency_seconds:.3f}",
            f"{self.newton_steps:.2f}",
            str(self.frequencies),
            str(self.workers),
            f"{self.spectrum_seconds:.1f}",
            f"{self.peak_megabytes:.0f}",
        )


def benchmark_model(nodes: int) -> Model:
    """Return 16 particles of another lithium potential and 9 dielectric discs in an electrolyte.

    A square of 30 Debye lengths on a structured mesh with about `nodes` nodes; the discs follow
    the mesh in steps, which is irrelevant for timing.
    """
    return Model(
        _particles(nodes),
        {
            "electrolyte": _conductor("electrolyte", 0.0, 0.1),
            "active": _conductor("active", 0.3, 0.01),
            "inclusion": Material(name="inclusion", relative_permittivity=1000.0),
        },
        contacts={
            "left": ReservoirContact(carrier="Li", potential="neutral"),
            "right": ReservoirContact(carrier="Li", potential="neutral"),
        },
    )


def _particles(nodes: int) -> Mesh:
    cells = max(8, round(np.sqrt(nodes)) - 1)
    mesh = rectangle(cells, cells, _SIDE, _SIDE)
    centre = mesh.points[mesh.triangles].mean(axis=1) / _SIDE
    particle = np.hypot(*((centre * 4.0) % 1.0 - 0.5).T) < 0.35
    island = np.hypot(*((centre * 4.0 + 0.5) % 1.0 - 0.5).T) < 0.12
    region = np.where(particle, 1, np.where(island, 2, 0)).astype(np.int32)
    names = ("electrolyte", "active", "inclusion")
    return replace(mesh, region=region, region_names=names).renumbered()


def _conductor(name: str, potential: float, conductivity: float) -> Material:
    # Site density from the Debye length of the half-filled lattice gas, eps_r = 30, 298.15 K.
    density = 30.0 * epsilon_0 * Boltzmann * 298.15 / (elementary_charge * _DEBYE_LENGTH) ** 2
    lithium = Carrier(
        name="Li",
        charge=1,
        site_density=density / 0.25,
        site_fraction=0.5,
        standard_potential=potential,
        conductivity=conductivity,
    )
    return Material(name=name, relative_permittivity=30.0, carriers=(lithium,))


def blocking_cell(nodes: int) -> Model:
    """Return an electrolyte of 30 Debye lengths between two blocking electrodes, in 2D."""
    x = graded(_SIDE, 0.02 * _DEBYE_LENGTH, 1.1, 0.25 * _DEBYE_LENGTH, fine="both")
    layers = max(1, round(nodes / len(x)) - 1)
    mesh = strip(x, _SIDE, layers).renumbered()
    return Model(
        mesh,
        {"electrolyte": _conductor("electrolyte", 0.0, 0.1)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=0.0),
        },
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )


def charged_composite(nodes: int) -> Model:
    """Return the composite of `benchmark_model` with particles of LiCoO2 that get electrons."""
    composition = {"carriers.Li.site_fraction": 0.9, "carriers.e.site_fraction": 0.9}
    transfer = ButlerVolmer(exchange_current=10.0)
    return Model(
        _particles(nodes),
        {
            "electrolyte": _conductor("electrolyte", 0.0, 0.1),
            "active": load("LiCoO2-mixed").with_(**composition),
            "inclusion": Material(name="inclusion", relative_permittivity=1000.0),
        },
        contacts={
            "left": ReservoirContact(carrier="Li", electrochemical_potential=0.0),
            "right": ReservoirContact(
                carrier="e", electrochemical_potential="open-circuit", feeds=("active",)
            ),
        },
        interfaces={"active|electrolyte": Interface(kinetics={"Li": transfer})},
    )


def run_transient_benchmark(case: str, nodes: int) -> TransientResult:
    """Carry out the charging of a blocking cell or of a composite.

    Args:
        case: "blocking" (a step of 10 kT/e until steady) or "composite" (constant current until
            4.1 V).
        nodes: about as many mesh nodes.
    """
    if case == "blocking":
        model, protocol = blocking_cell(nodes), ["Step to 0.2569 V", "Wait until steady"]
    else:
        model, protocol = charged_composite(nodes), ["Charge at 10 A/m^2 until 4.1 V"]
    start = model.equilibrium()
    begin = time.perf_counter()
    counts = model.transient(protocol, contact="right", start=start).counts
    wall = time.perf_counter() - begin
    return TransientResult(
        case=case,
        nodes=model.mesh.n_points,
        unknowns=model.discretized.n_dofs,
        steps=int(counts["steps"]),
        rejected=int(counts["rejected"]),
        iterations=int(counts["iterations"]),
        factorisations=int(counts["factorisations"]),
        wall_seconds=wall,
        assembly_share=counts["assembly_seconds"] / wall,
        factor_share=counts["factor_seconds"] / wall,
        solve_share=counts["solve_seconds"] / wall,
        output_share=counts["output_seconds"] / wall,
    )


def run_impedance_benchmark(nodes: int, workers: int | None = None) -> ImpedanceResult:
    """Compute a spectrum of the composite with about `nodes` mesh nodes and return its times.

    Args:
        nodes: about as many mesh nodes.
        workers: threads of the spectrum; None: one per core, at most 4.
    """
    from pyscl.study.impedance import LinearizedModel, SpectrumOptions, impedance
    from pyscl.study.impedance.frequencies import highest_frequency

    workers = workers or min(4, os.cpu_count() or 1)
    model = benchmark_model(nodes)
    equilibrium = model.equilibrium()
    steps = model.steady({"right": 0.1}, start=equilibrium).history.iterations
    newton = statistics.median(
        s.assembly_seconds + s.factor_seconds + s.solve_seconds for s in steps
    )
    frequencies = highest_frequency(model) * np.logspace(-6.0, 0.0, _FREQUENCIES)
    linearized = LinearizedModel(equilibrium)
    times = []
    for frequency in frequencies[:: _FREQUENCIES // 4]:
        begin = time.perf_counter()
        linearized.admittance(frequency)
        times.append(time.perf_counter() - begin)
    once = statistics.median(times)
    begin = time.perf_counter()
    impedance(equilibrium, frequencies, contact="left", options=SpectrumOptions(workers=workers))
    return ImpedanceResult(
        nodes=model.mesh.n_points,
        unknowns=model.discretized.n_dofs,
        newton_seconds=newton,
        frequency_seconds=once,
        newton_steps=once / newton,
        frequencies=len(frequencies),
        workers=workers,
        spectrum_seconds=time.perf_counter() - begin,
        peak_megabytes=_peak_megabytes(),
    )


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def run_benchmark(nodes: int) -> BenchmarkResult:
    """Solve the benchmark with about `nodes` mesh nodes and return its times."""
    model = benchmark_model(nodes)
    begin = time.perf_counter()
    equilibrium = model.equilibrium()
    middle = time.perf_counter()
    steady = model.steady({"right": 0.1}, start=equilibrium)
    end = time.perf_counter()
    steps = steady.history.iterations
    left, right = steady.contact("left").current, steady.contact("right").current
    triangles = model.mesh.n_triangles
    return BenchmarkResult(
        nodes=model.mesh.n_points,
        triangles=triangles,
        unknowns=model.discretized.n_dofs,
        equilibrium_iterations=len(equilibrium.history.iterations),
        steady_iterations=len(steps),
        assembly_per_triangle=statistics.median(s.assembly_seconds for s in steps) / triangles,
        factor_seconds=statistics.median(s.factor_seconds for s in steps),
        solve_seconds=statistics.median(s.solve_seconds for s in steps),
        factor_entries=steady.history.factor_entries,
        equilibrium_seconds=middle - begin,
        steady_seconds=end - middle,
        peak_megabytes=_peak_megabytes(),
        balance=abs(left + right) / max(abs(left), abs(right)),
    )
